//! A burst of data: frequency-shift keying at 1200 bit/s.
//!
//! # What it does
//! Gives the frequency and level of every sample of a burst, and which bytes end in a stretch of it.
//!
//! # How
//! Seizure (space and mark in turn), mark, then bytes of one start bit, eight bits lowest first and one stop bit; a few
//! bits of mark end it. What is wrong on purpose (rate, frequencies, twist) is part of it.
//!
//! # Limits
//! None.
//!
//! # Standard
//! Telcordia GR-30 (Bell 202), ETSI EN 300 659-2 (V.23), NTT's modem signal (V.23, even parity in the bytes).

use tipring_port::FskStandard;
use tipring_units::{Db, Dbm0, Hz, SAMPLE_RATE};

/// Bits a second.
const BAUD: f64 = 1200.0;
/// Bits of a byte with its start and stop.
const BYTE_BITS: u64 = 10;
/// Bits of mark after the last byte.
const TRAILER: u64 = 4;

/// How an exchange's modem is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Modem {
    /// Level of mark.
    pub level: Dbm0,
    /// Space lies this much above it.
    pub twist: Db,
    /// Its frequencies are this much too high, in parts of a thousand.
    pub high: f32,
    /// Its bits are this much too fast, in parts of a thousand.
    pub fast: f32,
}

impl Default for Modem {
    fn default() -> Self {
        Self { level: Dbm0(-13.5), twist: Db(0.0), high: 0.0, fast: 0.0 }
    }
}

/// One burst.
#[derive(Clone, PartialEq, Debug)]
pub struct Burst {
    standard: FskStandard,
    modem: Modem,
    seizure: u64,
    mark: u64,
    bytes: Vec<u8>,
}

impl Burst {
    /// A burst of `bytes` behind so many bits of seizure and of mark.
    pub const fn new(standard: FskStandard, modem: Modem, seizure: u16, mark: u16, bytes: Vec<u8>) -> Self {
        Self { standard, modem, seizure: seizure as u64, mark: mark as u64, bytes }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Samples from its beginning to its end.
    pub fn length(&self) -> u64 {
        let bits = self.seizure + self.mark + BYTE_BITS * self.bytes.len() as u64 + TRAILER;
        libm::ceil(bits as f64 * self.samples_of_bit()) as u64
    }

    /// What is on the line at a sample.
    pub fn line_at(&self, sample: u64) -> (Hz, Dbm0) {
        let bit = (sample as f64 / self.samples_of_bit()) as u64;
        let is_mark = if bit < self.seizure {
            bit % 2 == 1
        } else if bit < self.seizure + self.mark {
            true
        } else {
            let (byte, bit) =
                ((bit - self.seizure - self.mark) / BYTE_BITS, (bit - self.seizure - self.mark) % BYTE_BITS);
            match (usize::try_from(byte).ok().and_then(|byte| self.bytes.get(byte)), bit) {
                (None, _) => true,
                (Some(_), 0) => false,
                (Some(byte), 1..=8) => byte >> (bit - 1) & 1 == 1,
                (Some(_), _) => true,
            }
        };
        let (mark, space) = match self.standard {
            FskStandard::Bell202 => (1200.0, 2200.0),
            FskStandard::V23 => (1300.0, 2100.0),
        };
        let hertz = if is_mark { mark } else { space } * (1.0 + self.modem.high / 1000.0);
        let level = if is_mark { self.modem.level.0 } else { self.modem.level.0 + self.modem.twist.0 };
        (Hz(hertz), Dbm0(level))
    }

    /// The bytes that end after sample `from` and not after `to`, two at the most.
    pub fn bytes_in(&self, from: u64, to: u64) -> ([u8; 2], u8) {
        let end = |byte: usize| {
            let bits = self.seizure + self.mark + BYTE_BITS * (byte as u64 + 1);
            libm::ceil(bits as f64 * self.samples_of_bit()) as u64
        };
        let (mut found, mut count) = ([0; 2], 0);
        for (place, byte) in self.bytes.iter().enumerate() {
            if end(place) > from && end(place) <= to && usize::from(count) < found.len() {
                found[usize::from(count)] = *byte;
                count += 1;
            }
        }
        (found, count)
    }

    fn samples_of_bit(&self) -> f64 {
        f64::from(SAMPLE_RATE) / (BAUD * (1.0 + f64::from(self.modem.fast) / 1000.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_ends_in_one_tick_and_in_order() {
        let bytes: Vec<u8> = (0..60).collect();
        let burst = Burst::new(FskStandard::Bell202, Modem::default(), 300, 180, bytes.clone());
        let mut found = Vec::new();
        let mut at = 0;
        while at < burst.length() {
            let (all, count) = burst.bytes_in(at, at + 80);
            found.extend_from_slice(&all[..usize::from(count)]);
            at += 80;
        }
        assert_eq!(found, bytes);
    }

    #[test]
    fn the_laboratorys_own_ear_reads_a_burst() {
        use crate::ear::{Datum, Demodulator};
        let bytes = b"\x04\x0b09271708606\x00".to_vec();
        let burst = Burst::new(FskStandard::Bell202, Modem::default(), 300, 180, bytes.clone());
        let mut score = super::super::score::Score::data(burst);
        let (mut sounder, mut ear) = (super::super::Sounder::default(), Demodulator::bell_202());
        let mut read = Vec::new();
        for _ in 0..100 {
            let frame = score.next::<tipring_port::Samples>(&mut sounder);
            for datum in ear.receive(&frame).into_iter().flatten() {
                if let Datum::Byte(byte) = datum {
                    read.push(byte);
                }
            }
        }
        assert_eq!(read, bytes);
    }
}
