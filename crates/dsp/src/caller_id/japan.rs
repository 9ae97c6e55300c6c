//! Caller ID of NTT, Japan.
//!
//! # What it does
//! Hears the burst that a terminal gets after it answered the short ring, and returns its message, once; builds the bytes of
//! such a burst.
//!
//! # How
//! V.23 bytes of seven bits and even parity: DLE SOH, header, DLE STX, message, DLE ETX, and a CRC of 16 bits over all from
//! the header on, parity bits included. A doubled DLE stands for one.
//!
//! # Limits
//! One message at a time, [`FRAME_MAX`] bytes.
//!
//! # Standard
//! NTT "Technical Reference: Telephone Service Interface", number display; the CRC is that of ITU-T V.41, bits reversed.

use super::{CallerIdMessage, FRAME_MAX, ParseError, ReceiveError};
use crate::fsk::{FskDemodulator, FskEvent, FskStandard};
use crate::level::Frame;
use tipring_port::{Absence, CallerId, MAX_CALLER_NUMBER};

const DLE: u8 = 0x10;
const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
/// The message that tells who calls, and its fields.
const CALLER: u8 = 0x40;
const NUMBER: u8 = 0x02;
const ABSENT: u8 = 0x04;
/// What the header says of a caller's message.
const HEADER: u8 = 0x07;
/// Bytes of a built frame, at the most: 24 digits, each field and the whole with their heads, any length doubled.
const BUILT_MAX: usize = 48;

/// Hears the bursts of NTT.
#[derive(Clone, Debug)]
pub struct JapanReceiver {
    demodulator: FskDemodulator,
    /// What came since DLE SOH, parity taken off, DLE not undone.
    bytes: [u8; FRAME_MAX],
    len: usize,
    state: State,
    crc: u16,
    parity_wrong: bool,
    last: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Waits for DLE.
    Hunt,
    /// Waits for SOH.
    Dle,
    /// Within the frame; true after a DLE that may be the end's.
    Body(bool),
    /// The CRC's first byte comes, then its second.
    Crc(Option<u8>),
}

impl JapanReceiver {
    /// A receiver that has heard nothing.
    pub fn new() -> Self {
        Self {
            demodulator: FskDemodulator::new(FskStandard::V23),
            bytes: [0; FRAME_MAX],
            len: 0,
            state: State::Hunt,
            crc: 0,
            parity_wrong: false,
            last: 0,
        }
    }

    /// The bytes of the frame heard last, from its DLE SOH to its DLE ETX, without parity.
    pub fn frame(&self) -> &[u8] {
        &self.bytes[..self.last]
    }

    /// True while a carrier is there.
    pub fn has_carrier(&self) -> bool {
        self.demodulator.has_carrier()
    }

    /// Takes a frame in; returns a message, or what became of one, when it is over.
    pub fn process(&mut self, frame: &Frame) -> Option<Result<CallerIdMessage, ReceiveError>> {
        let mut result = None;
        for event in self.demodulator.process(frame) {
            let outcome = match event {
                FskEvent::Byte { value, .. } => self.byte(value),
                FskEvent::Carrier => {
                    self.state = State::Hunt;
                    None
                }
                FskEvent::Framing => self.broken(|received| ReceiveError::Framing { received }),
                FskEvent::Lost => self.broken(|received| ReceiveError::Lost { received }),
            };
            result = outcome.or(result);
        }
        result
    }

    /// The carrier is gone.
    pub(super) fn lost(&mut self) -> Option<Result<CallerIdMessage, ReceiveError>> {
        self.broken(|received| ReceiveError::Lost { received })
    }

    fn broken(
        &mut self,
        error: impl FnOnce(usize) -> ReceiveError,
    ) -> Option<Result<CallerIdMessage, ReceiveError>> {
        let within = !matches!(self.state, State::Hunt | State::Dle);
        self.state = State::Hunt;
        within.then(|| Err(error(self.len)))
    }

    /// Takes a byte.
    pub(super) fn byte(&mut self, value: u8) -> Option<Result<CallerIdMessage, ReceiveError>> {
        let plain = value & 0x7F;
        match self.state {
            State::Hunt => {
                if plain == DLE {
                    self.state = State::Dle;
                }
                None
            }
            State::Dle => {
                self.state = State::Hunt;
                if plain == SOH {
                    self.state = State::Body(false);
                    (self.bytes[0], self.bytes[1], self.len) = (DLE, SOH, 2);
                    (self.crc, self.parity_wrong) = (0, false);
                }
                None
            }
            State::Body(after_dle) => {
                self.crc = crc_step(self.crc, value);
                self.parity_wrong |= value.count_ones() % 2 == 1;
                let Some(slot) = self.bytes.get_mut(self.len) else {
                    return self.broken(|received| ReceiveError::Lost { received });
                };
                *slot = plain;
                self.len += 1;
                self.state = match (after_dle, plain) {
                    (true, ETX) => State::Crc(None),
                    (false, DLE) => State::Body(true),
                    (true | false, _) => State::Body(false),
                };
                None
            }
            State::Crc(None) => {
                self.state = State::Crc(Some(value));
                None
            }
            State::Crc(Some(low)) => {
                self.state = State::Hunt;
                self.last = self.len;
                let found = u16::from_le_bytes([low, value]);
                if found != self.crc || self.parity_wrong {
                    return Some(Err(ReceiveError::Crc { found, expected: self.crc }));
                }
                Some(japan_message(&self.bytes[..self.len]).map_err(ReceiveError::from))
            }
        }
    }
}

impl Default for JapanReceiver {
    fn default() -> Self {
        Self::new()
    }
}

/// The message of a frame of NTT whose CRC is right, without parity: what is between DLE STX and DLE ETX.
pub fn japan_message(frame: &[u8]) -> Result<CallerIdMessage, ParseError> {
    let mut message = CallerIdMessage::EMPTY;
    message.caller = CallerId { date: None, number: Err(Absence::Unavailable), name: None };
    let start = frame.windows(2).position(|pair| pair == [DLE, STX]).unwrap_or(frame.len());
    let mut body = [0; FRAME_MAX];
    let mut len = 0;
    let mut rest = frame.get(start + 2..frame.len().saturating_sub(2)).unwrap_or_default();
    while let [byte, tail @ ..] = rest {
        rest = if *byte == DLE { tail.strip_prefix(&[DLE]).unwrap_or(tail) } else { tail };
        let Some(place) = body.get_mut(len) else { break };
        *place = *byte;
        len += 1;
    }
    let fields = match &body[..len] {
        [CALLER, _, fields @ ..] => fields,
        [found, ..] => return Err(ParseError::Type { found: *found }),
        [] => return Err(ParseError::Truncated { at: 0, wanted: 2 }),
    };
    for (kind, value) in super::fields(fields) {
        match kind {
            NUMBER => message.caller.number = Ok(super::parse::text(value)),
            ABSENT => message.caller.number = Err(super::parse::absence(value)),
            _ => {} // the called number and the kinds of number are not shown
        }
    }
    Ok(message)
}

/// The bytes that tell a caller's number or why there is none, from DLE SOH to the CRC, parity set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct JapanFrame {
    bytes: [u8; BUILT_MAX],
    len: usize,
}

impl JapanFrame {
    /// The frame for `caller`. Of a number only characters that a display has are sent.
    pub fn new(caller: &CallerId) -> Self {
        let mut frame = Self { bytes: [0; BUILT_MAX], len: 0 };
        let mut digits = [0; MAX_CALLER_NUMBER];
        let (kind, value): (u8, &[u8]) = match &caller.number {
            Ok(number) => {
                let mut count = 0;
                let plain = number.as_str().bytes().filter(|b| matches!(b, b'0'..=b'9' | b'*' | b'#'));
                for (place, digit) in digits.iter_mut().zip(plain) {
                    *place = digit;
                    count += 1;
                }
                match digits.get(..count) {
                    Some([]) | None => (ABSENT, b"O"),
                    Some(digits) => (NUMBER, digits),
                }
            }
            Err(Absence::Private) => (ABSENT, b"P"),
            Err(Absence::Unavailable) => (ABSENT, b"O"),
        };
        let length = value.len() as u8;
        for byte in [DLE, SOH, HEADER, DLE, STX] {
            frame.put(byte);
        }
        for byte in [CALLER, length + 2, kind, length].into_iter().chain(value.iter().copied()) {
            frame.put(byte);
            if byte == DLE {
                frame.put(byte);
            }
        }
        frame.put(DLE);
        frame.put(ETX);
        let crc = frame.bytes[2..frame.len].iter().fold(0, |crc, byte| crc_step(crc, *byte));
        for byte in crc.to_le_bytes() {
            frame.push(byte);
        }
        frame
    }

    /// The bytes as they are sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn put(&mut self, byte: u8) {
        self.push(byte | ((byte.count_ones() as u8 & 1) << 7));
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }
}

/// x^16 + x^12 + x^5 + 1, the low bit first.
fn crc_step(crc: u16, byte: u8) -> u16 {
    let mut crc = crc ^ u16::from(byte);
    for _ in 0..8 {
        crc = if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 };
    }
    crc
}
