//! Reading of caller-ID messages.

use super::*;
use tipring_port::{Absence, CallerId, DateTime, MAX_CALLER_NUMBER, Text};

/// What a message says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallerIdMessage {
    /// Who calls. In a message without number it is unavailable.
    pub caller: CallerId,
    /// What the message-waiting lamp shall show, where the message says so.
    pub waiting: Option<bool>,
    /// The call type of EN 300 659-3 (1 is a voice call), where the message has one.
    pub call_type: Option<u8>,
    /// The number to dial back (GR-30) or the number called (EN 300 659-3), where the message has one.
    pub dialable: Option<Text<MAX_CALLER_NUMBER>>,
    /// The number that the call was sent on from, where the message has one.
    pub redirecting: Option<Text<MAX_CALLER_NUMBER>>,
    /// How many messages wait, where the message says so.
    pub messages: Option<u8>,
}

/// Why a message cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    /// It ends too early.
    #[error("message ends at byte {at} where {wanted} more bytes were announced")]
    Truncated {
        /// Where it ends.
        at: usize,
        /// What is missing.
        wanted: usize,
    },
    /// Its sum is wrong.
    #[error("checksum is {found:#04x} where {expected:#04x} was expected")]
    Checksum {
        /// The one received.
        found: u8,
        /// The one that belongs to the bytes received.
        expected: u8,
    },
    /// A message type that is not caller ID.
    #[error("message type {found:#04x} where 0x04, 0x06, 0x80 or 0x82 was expected")]
    Type {
        /// The type received.
        found: u8,
    },
    /// A date that is none.
    #[error("bytes at {at} are no date and time (MMDDHHMM)")]
    Date {
        /// Where it begins.
        at: usize,
    },
}

impl CallerIdMessage {
    pub(super) const EMPTY: Self = Self {
        caller: CallerId { date: None, number: Err(Absence::Unavailable), name: None },
        waiting: None,
        call_type: None,
        dialable: None,
        redirecting: None,
        messages: None,
    };

    /// Reads a message from its type to its checksum; what follows is ignored. Parameters that are not
    /// known are passed over, as GR-30-CORE asks.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let truncated =
            |wanted: usize| ParseError::Truncated { at: bytes.len(), wanted: wanted - bytes.len() };
        let [kind, length, ..] = *bytes else { return Err(truncated(2)) };
        let end = 2 + usize::from(length);
        let (Some(covered), Some(&found)) = (bytes.get(..end), bytes.get(end)) else {
            return Err(truncated(end + 1));
        };
        let expected = checksum(covered);
        if found != expected {
            return Err(ParseError::Checksum { found, expected });
        }
        let mut message = Self::EMPTY;
        let body = covered.get(2..).unwrap_or_default();
        match kind {
            SINGLE => message.single(body)?,
            SINGLE_WAITING => message.waiting = Some(body.first() == Some(&SINGLE_ON)),
            MULTIPLE | MULTIPLE_WAITING => message.multiple(body)?,
            found => return Err(ParseError::Type { found }),
        }
        Ok(message)
    }

    fn single(&mut self, body: &[u8]) -> Result<(), ParseError> {
        let (when, number) = body.split_at_checked(8).ok_or(ParseError::Date { at: 2 })?;
        self.caller.date = date(when);
        self.caller.number = match number {
            b"P" => Err(Absence::Private),
            b"O" | b"" => Err(Absence::Unavailable),
            digits => Ok(text(digits)),
        };
        Ok(())
    }

    fn multiple(&mut self, body: &[u8]) -> Result<(), ParseError> {
        let mut at = 2;
        let mut rest = body;
        while let [kind, length, tail @ ..] = rest {
            at += 2;
            let Some((value, next)) = tail.split_at_checked(usize::from(*length)) else {
                let wanted = usize::from(*length) - tail.len();
                return Err(ParseError::Truncated { at: at + tail.len(), wanted });
            };
            match *kind {
                // An exchange whose clock is wrong still knows the number.
                DATE => self.caller.date = date(value),
                NUMBER => self.caller.number = Ok(text(value)),
                NUMBER_ABSENT => self.caller.number = Err(absence(value)),
                NAME => self.caller.name = Some(Ok(text(value))),
                NAME_ABSENT => self.caller.name = Some(Err(absence(value))),
                INDICATOR => self.waiting = Some(value.first().is_some_and(|&v| v != INDICATOR_OFF)),
                CALL_TYPE => self.call_type = value.first().copied(),
                DIALABLE => self.dialable = Some(text(value)),
                REDIRECTING => self.redirecting = Some(text(value)),
                MESSAGES => self.messages = value.first().copied(),
                0x00 | 0x05..=0x06 | 0x09..=0x0A | 0x0C..=0x10 | 0x12 | 0x14..=0x19 | 0x1B..=0xFF => {} // passed over
            }
            at += value.len();
            rest = next;
        }
        Ok(())
    }
}

pub(super) fn absence(value: &[u8]) -> Absence {
    if value.first() == Some(&b'P') { Absence::Private } else { Absence::Unavailable }
}

fn date(digits: &[u8]) -> Option<DateTime> {
    let &[a, b, c, d, e, f, g, h] = digits else { return None };
    let pair = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
    };
    let date = DateTime { month: pair(a, b)?, day: pair(c, d)?, hour: pair(e, f)?, minute: pair(g, h)? };
    let plausible =
        (1..=12).contains(&date.month) && (1..=31).contains(&date.day) && date.hour < 24 && date.minute < 60;
    plausible.then_some(date)
}

/// A value as text; bytes that are no printable ASCII become `?`.
pub(super) fn text<const N: usize>(value: &[u8]) -> Text<N> {
    let mut out = [b'?'; N];
    let count = value.len().min(N);
    for (slot, &byte) in out.iter_mut().zip(value) {
        if matches!(byte, b' '..=b'~') {
            *slot = byte;
        }
    }
    core::str::from_utf8(&out[..count]).map_or(Text::EMPTY, Text::new)
}
