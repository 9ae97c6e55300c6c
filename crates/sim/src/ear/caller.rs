//! Caller-ID messages.
//!
//! # What it does
//! Puts the bytes of a burst together and reads what the display would show.
//!
//! # How
//! Type, length, contents, checksum; the contents are one date and number (single format) or a list of parameters.
//!
//! # Limits
//! Parameters other than date, number, name and message waiting are passed over.
//!
//! # Standard
//! Telcordia GR-30 (data link), GR-31 (number), GR-1188 (name): types 0x04, 0x80, 0x06, 0x82.

use thiserror::Error;
use tipring_port::{Absence, CallerId, DateTime, Text};

use super::percept::Datum;

/// Bytes of a message, at the most: type, length, 255 of contents, checksum.
const MAX_MESSAGE: usize = 258;

/// What a burst said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(clippy::large_enum_variant)] // made once a call
pub enum Message {
    /// Who calls.
    Caller(CallerId),
    /// The message lamp.
    Waiting(bool),
}

/// Why a burst was not understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Mistake {
    /// It ended early.
    #[error("ended after {0} bytes")]
    Short(usize),
    /// The checksum is wrong.
    #[error("checksum {got:#04x} instead of {expected:#04x}")]
    Checksum {
        /// What came.
        got: u8,
        /// What the contents give.
        expected: u8,
    },
    /// No such type.
    #[error("message type {0:#04x} is not known")]
    Kind(u8),
    /// A parameter reaches beyond the contents.
    #[error("parameter at byte {0} is cut off")]
    Parameter(usize),
}

/// Collects the bytes of one burst.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    bytes: Vec<u8>,
    done: bool,
}

impl Assembler {
    /// Takes `datum` in; gives the message when it is whole, or what is wrong with it.
    pub fn take(&mut self, datum: Datum) -> Option<Result<Message, Mistake>> {
        match datum {
            Datum::Idle => {
                let short = !self.done && !self.bytes.is_empty();
                let count = self.bytes.len();
                self.bytes.clear();
                self.done = false;
                short.then_some(Err(Mistake::Short(count)))
            }
            Datum::Byte(_) if self.done || self.bytes.len() >= MAX_MESSAGE => None,
            Datum::Byte(byte) => {
                self.bytes.push(byte);
                let length = usize::from(*self.bytes.get(1)?);
                if self.bytes.len() < length + 3 {
                    return None;
                }
                self.done = true;
                Some(parse(&self.bytes))
            }
        }
    }

    /// True if nothing was begun.
    pub fn is_idle(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Reads a whole message with its checksum.
pub fn parse(bytes: &[u8]) -> Result<Message, Mistake> {
    let (&got, rest) = bytes.split_last().ok_or(Mistake::Short(0))?;
    let expected = rest.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg();
    if got != expected {
        return Err(Mistake::Checksum { got, expected });
    }
    let (kind, contents) = match rest {
        [kind, length, contents @ ..] if contents.len() == usize::from(*length) => (*kind, contents),
        _ => return Err(Mistake::Short(bytes.len())),
    };
    match kind {
        0x04 => Ok(Message::Caller(single(contents))),
        0x06 => Ok(Message::Waiting(contents.contains(&0x42))),
        0x80 | 0x82 => multiple(kind, contents),
        _ => Err(Mistake::Kind(kind)),
    }
}

/// Date and number in one.
fn single(contents: &[u8]) -> CallerId {
    let (date, number) = contents.split_at(contents.len().min(8));
    let number = match number {
        [reason @ (b'P' | b'O')] => Err(absence(*reason)),
        digits => Ok(text(digits)),
    };
    CallerId { date: date_of(date), number, name: None }
}

fn multiple(kind: u8, contents: &[u8]) -> Result<Message, Mistake> {
    let mut caller = CallerId { date: None, number: Err(Absence::Unavailable), name: None };
    let mut waiting = None;
    let mut at = 0;
    while at < contents.len() {
        let cut = Mistake::Parameter(at + 2);
        let length = usize::from(*contents.get(at + 1).ok_or(cut)?);
        let value = contents.get(at + 2..at + 2 + length).ok_or(cut)?;
        let reason = absence(value.first().copied().unwrap_or(b'O'));
        match contents[at] {
            0x01 => caller.date = date_of(value),
            0x02 => caller.number = Ok(text(value)),
            0x04 => caller.number = Err(reason),
            0x07 => caller.name = Some(Ok(text(value))),
            0x08 => caller.name = Some(Err(reason)),
            0x0b => waiting = value.first().map(|lamp| *lamp != 0),
            _ => {}
        }
        at += 2 + length;
    }
    match (kind, waiting) {
        (0x82, Some(lamp)) => Ok(Message::Waiting(lamp)),
        _ => Ok(Message::Caller(caller)),
    }
}

fn absence(reason: u8) -> Absence {
    if reason == b'P' { Absence::Private } else { Absence::Unavailable }
}

fn text<const N: usize>(bytes: &[u8]) -> Text<N> {
    Text::new(&String::from_utf8_lossy(bytes))
}

fn date_of(digits: &[u8]) -> Option<DateTime> {
    let two = |at: usize| -> Option<u8> {
        let digit = |at: usize| digits.get(at).filter(|d| d.is_ascii_digit()).map(|d| d - b'0');
        Some(digit(at)? * 10 + digit(at + 1)?)
    };
    Some(DateTime { month: two(0)?, day: two(2)?, hour: two(4)?, minute: two(6)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(bytes: &[u8]) -> Vec<u8> {
        let mut all = bytes.to_vec();
        all.push(bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg());
        all
    }

    #[test]
    fn reasons_for_absence_are_told_apart() {
        let private = burst(b"\x80\x10\x01\x0809201922\x04\x01P\x08\x01O");
        let Ok(Message::Caller(caller)) = parse(&private) else { panic!("not a caller") };
        assert_eq!(caller.number, Err(Absence::Private));
        assert_eq!(caller.name, Some(Err(Absence::Unavailable)));
        assert_eq!(caller.date, Some(DateTime { month: 9, day: 20, hour: 19, minute: 22 }));
    }

    #[test]
    fn one_wrong_bit_is_a_wrong_checksum() {
        let good = burst(b"\x04\x0b09271708606");
        assert!(matches!(parse(&good), Ok(Message::Caller(_))));
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&bad).is_err());
        }
    }

    #[test]
    fn a_parameter_beyond_the_contents_is_a_mistake() {
        assert_eq!(parse(&burst(b"\x80\x03\x02\x05\x31")), Err(Mistake::Parameter(2)));
    }

    #[test]
    fn a_burst_that_breaks_off_is_reported_once() {
        let mut assembler = Assembler::default();
        for byte in *b"\x80\x10\x01" {
            assert_eq!(assembler.take(Datum::Byte(byte)), None);
        }
        assert_eq!(assembler.take(Datum::Idle), Some(Err(Mistake::Short(3))));
        assert_eq!(assembler.take(Datum::Idle), None);
    }
}
