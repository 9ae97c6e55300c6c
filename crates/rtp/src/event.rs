//! Telephone events and their four bytes.
//!
//! # What
//! Digits and the hook flash as they go in RTP.
//!
//! # How
//! An event, its end bit, its level and how long it has lasted so far.
//!
//! # Limits
//! Events 0 to 16: digits, `*`, `#`, A to D and flash. Others are read and ignored.
//!
//! # Standard
//! RFC 4733 clause 2.3 and table 3.

use crate::Ticks;
use core::fmt;
use tipring_units::Dbm0;

/// Bytes of an event's payload.
pub const EVENT_BYTES: usize = 4;
/// The longest duration that one packet can state.
pub const MAX_SEGMENT: Ticks = Ticks(0xffff);

/// A telephone event, 0 to 16.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TelephoneEvent(u8);

impl TelephoneEvent {
    /// Hook flash.
    pub const FLASH: Self = Self(16);
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

    /// The event of this number, if it is one that we know.
    pub const fn new(number: u8) -> Option<Self> {
        if number <= 16 { Some(Self(number)) } else { None }
    }

    /// The event of a DTMF digit; letters in any case.
    pub fn from_digit(digit: char) -> Option<Self> {
        let digit = digit.to_ascii_uppercase();
        Self::DIGITS.iter().position(|known| *known == digit).map(|number| Self(number as u8))
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Its digit; none for flash.
    pub fn digit(self) -> Option<char> {
        Self::DIGITS.get(usize::from(self.0)).copied()
    }
}

impl fmt::Display for TelephoneEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.digit() {
            Some(digit) => write!(f, "{digit}"),
            None => f.write_str("flash"),
        }
    }
}

/// The payload of an event packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventPayload {
    /// Number of the event, known or not.
    pub number: u8,
    /// The event is over.
    pub end: bool,
    /// Level in -dBm0, 0 to 63.
    pub attenuation: u8,
    /// How long it has lasted since the packet's timestamp.
    pub duration: Ticks,
}

impl EventPayload {
    /// Reads a payload; `None` if it is too short. Bytes after the first event are left alone.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [number, flags, d0, d1] = *payload.first_chunk::<EVENT_BYTES>()?;
        let duration = Ticks(u32::from(u16::from_be_bytes([d0, d1])));
        Some(Self { number, end: flags & 0x80 != 0, attenuation: flags & 0x3f, duration })
    }

    /// The four bytes.
    pub fn to_bytes(self) -> [u8; EVENT_BYTES] {
        let [.., d0, d1] = self.duration.0.min(MAX_SEGMENT.0).to_be_bytes();
        [self.number, (u8::from(self.end) << 7) | (self.attenuation & 0x3f), d0, d1]
    }

    /// Its level as a field value: what is louder than 0 dBm0 or softer than -63 is stated at the limit.
    pub fn attenuation_of(level: Dbm0) -> u8 {
        (-level.0).clamp(0.0, 63.0) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_have_the_numbers_of_table_3() {
        for (digit, number) in [('0', 0), ('9', 9), ('*', 10), ('#', 11), ('a', 12), ('D', 15)] {
            let event = TelephoneEvent::from_digit(digit).unwrap();
            assert_eq!((event.number(), event.digit()), (number, Some(digit.to_ascii_uppercase())));
        }
        assert_eq!(TelephoneEvent::from_digit('x'), None);
        assert_eq!(TelephoneEvent::FLASH.to_string(), "flash");
        assert_eq!(TelephoneEvent::new(17), None);
    }

    #[test]
    fn the_payload_has_the_layout_of_clause_2_3() {
        let payload = EventPayload { number: 11, end: true, attenuation: 10, duration: Ticks(0x0640) };
        assert_eq!(payload.to_bytes(), [11, 0x8a, 0x06, 0x40]);
        assert_eq!(EventPayload::parse(&[11, 0x8a, 0x06, 0x40, 0xff]), Some(payload));
        assert_eq!(EventPayload::parse(&[11, 0x8a, 0x06]), None);
        assert_eq!(EventPayload::attenuation_of(Dbm0(-8.5)), 8);
        assert_eq!(EventPayload::attenuation_of(Dbm0(3.0)), 0);
    }
}
