//! DTMF: the sixteen digits, their detector and generator.
//!
//! # What it does
//! Names the digits and their frequencies; [`DtmfDetector`] hears them, [`DtmfGenerator`] sends them.
//!
//! # How
//! A digit is its place in the keypad: row (low group) and column (high group).
//!
//! # Limits
//! None.
//!
//! # Standard
//! ITU-T Q.23 for the frequencies, Q.24 for reception, RFC 4733 clause 3.2 for the event codes.

mod analysis;
mod bands;
mod candidate;
mod detect;
mod generate;
#[cfg(test)]
mod reception;
#[cfg(test)]
mod skipping;

pub use detect::{DtmfDetector, DtmfEvent, DtmfEvents};
pub use generate::{DIGITS_QUEUED_MAX, DtmfGenerator, DtmfSending};
pub use tipring_port::DtmfProfile;

/// Low group, ITU-T Q.23 clause 1, in hertz.
pub(crate) const LOW_GROUP: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// High group, ITU-T Q.23 clause 1, in hertz.
pub(crate) const HIGH_GROUP: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

const KEYPAD: [[u8; 4]; 4] = [*b"123A", *b"456B", *b"789C", *b"*0#D"];
const EVENT_CODES: [u8; 16] = *b"0123456789*#ABCD";

/// One of the sixteen digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Digit {
    row: u8,
    column: u8,
}

impl Digit {
    /// The digit of an ASCII character: `0`-`9`, `*`, `#`, `A`-`D` in either case.
    pub fn from_ascii(character: u8) -> Option<Self> {
        let wanted = character.to_ascii_uppercase();
        (0..16).map(|n| Self { row: n / 4, column: n % 4 }).find(|digit| digit.ascii() == wanted)
    }

    /// The digit of an RFC 4733 event code, 0 to 15.
    pub fn from_event(code: u8) -> Option<Self> {
        EVENT_CODES.get(usize::from(code)).and_then(|&c| Self::from_ascii(c))
    }

    /// Its ASCII character.
    pub fn ascii(self) -> u8 {
        KEYPAD[usize::from(self.row & 3)][usize::from(self.column & 3)]
    }

    /// Its RFC 4733 event code.
    pub fn event(self) -> u8 {
        EVENT_CODES.iter().position(|&c| c == self.ascii()).unwrap_or(0) as u8
    }

    pub(crate) fn from_place(row: usize, column: usize) -> Self {
        Self { row: (row & 3) as u8, column: (column & 3) as u8 }
    }

    pub(crate) fn row(self) -> usize {
        usize::from(self.row & 3)
    }

    pub(crate) fn column(self) -> usize {
        usize::from(self.column & 3)
    }
}

impl core::fmt::Display for Digit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Write::write_char(f, char::from(self.ascii()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_and_event_codes_name_the_same_digits() {
        for (code, character) in (0..16).zip(*b"0123456789*#ABCD") {
            let digit = Digit::from_ascii(character).unwrap();
            assert_eq!(digit.ascii(), character);
            assert_eq!(digit.event(), code);
            assert_eq!(Digit::from_event(code), Some(digit));
        }
        assert_eq!(Digit::from_ascii(b'd'), Digit::from_ascii(b'D'));
        assert_eq!(Digit::from_ascii(b'E'), None);
        assert_eq!(Digit::from_event(16), None);
    }
}
