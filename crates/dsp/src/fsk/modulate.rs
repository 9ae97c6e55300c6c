//! FSK modulator.
//!
//! # What it does
//! Sends a burst: channel seizure, mark, bytes, mark.
//!
//! # How
//! One oscillator whose step changes at bit edges, so the phase is continuous. The bit clock counts thirds
//! of samples; in a sample that holds an edge the phase moves by each frequency's exact share.
//!
//! # Limits
//! [`FskBurst::BYTES_MAX`] bytes.
//!
//! # Standard
//! Telcordia GR-30-CORE clause 2.2.2: 300 bits of seizure that begin with a space, 180 bits of mark;
//! ETSI EN 300 659-1 clause 6.2 likewise, 80 bits of mark off-hook.

use super::{BIT_DENOMINATOR, BIT_NUMERATOR, FskStandard};
use crate::level::{Frame, sine_peak, to_sample};
use crate::wave::{sine, step_of};
use tipring_units::{Dbm0, Samples};

/// A burst to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FskBurst {
    bytes: [u8; Self::BYTES_MAX],
    len: u16,
    /// Alternating bits before all else, zero first.
    pub seizure_bits: u16,
    /// Ones before the first byte.
    pub mark_bits: u16,
    /// Ones after the last byte.
    pub trailing_bits: u16,
}

impl FskBurst {
    /// Bytes of a burst, at most: type, length, 255 bytes and a checksum.
    pub const BYTES_MAX: usize = 258;

    /// A burst with the lead-in of on-hook caller ID. `None` if there are too many bytes.
    pub fn on_hook(bytes: &[u8]) -> Option<Self> {
        Self::new(bytes, 300, 180)
    }

    /// A burst with the lead-in of caller ID in a call: no seizure, 80 bits of mark.
    pub fn off_hook(bytes: &[u8]) -> Option<Self> {
        Self::new(bytes, 0, 80)
    }

    /// A burst with a lead-in of its own. `None` if there are too many bytes.
    pub fn new(bytes: &[u8], seizure_bits: u16, mark_bits: u16) -> Option<Self> {
        let mut burst =
            Self { bytes: [0; Self::BYTES_MAX], len: 0, seizure_bits, mark_bits, trailing_bits: 10 };
        burst.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        burst.len = bytes.len() as u16;
        Some(burst)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// How long the burst is.
    pub fn duration(&self) -> Samples {
        Samples(u64::from((self.bits() * BIT_NUMERATOR).div_ceil(BIT_DENOMINATOR)))
    }

    /// When the stop bit of byte `index` ends, from the start of the burst.
    pub fn end_of_byte(&self, index: usize) -> Samples {
        let bits = self.lead_in() + (index as u32 + 1) * 10;
        Samples(u64::from((bits * BIT_NUMERATOR).div_ceil(BIT_DENOMINATOR)))
    }

    fn lead_in(&self) -> u32 {
        u32::from(self.seizure_bits) + u32::from(self.mark_bits)
    }

    fn bits(&self) -> u32 {
        self.lead_in() + u32::from(self.len) * 10 + u32::from(self.trailing_bits)
    }

    /// The bit at a place of the burst; `None` after its end.
    fn bit(&self, index: u32) -> Option<bool> {
        let seizure = u32::from(self.seizure_bits);
        if index < seizure {
            return Some(index % 2 == 1);
        }
        let Some(index) = index.checked_sub(self.lead_in()) else { return Some(true) };
        match self.bytes().get((index / 10) as usize) {
            Some(byte) => Some(match index % 10 {
                0 => false,
                9 => true,
                n => byte >> (n - 1) & 1 == 1,
            }),
            None => {
                let after = index - u32::from(self.len) * 10;
                (after < u32::from(self.trailing_bits)).then_some(true)
            }
        }
    }
}

/// Sends FSK bursts.
#[derive(Clone, Debug)]
pub struct FskModulator {
    mark: u32,
    space: u32,
    peak: f32,
    burst: Option<FskBurst>,
    index: u32,
    bit: bool,
    /// Thirds of samples that the bit has lasted.
    clock: u32,
    phase: u32,
}

impl FskModulator {
    /// A modulator at rest.
    pub fn new(standard: FskStandard, level: Dbm0) -> Self {
        Self {
            mark: step_of(standard.mark()),
            space: step_of(standard.space()),
            peak: sine_peak(level).min(32_768.0),
            burst: None,
            index: 0,
            bit: true,
            clock: 0,
            phase: 0,
        }
    }

    /// Starts a burst in place of the one under way.
    pub fn start(&mut self, burst: &FskBurst) {
        self.index = 0;
        self.clock = 0;
        match burst.bit(0) {
            Some(bit) => {
                self.bit = bit;
                self.burst = Some(*burst);
            }
            None => self.burst = None,
        }
    }

    /// Ends the burst at once.
    pub fn stop(&mut self) {
        self.burst = None;
    }

    /// True while a burst is being sent.
    pub fn is_sending(&self) -> bool {
        self.burst.is_some()
    }

    /// Writes a frame, silence where nothing is sent; returns whether the burst goes on.
    pub fn process(&mut self, frame: &mut Frame) -> bool {
        for sample in frame.iter_mut() {
            let Some(burst) = &self.burst else {
                *sample = 0;
                continue;
            };
            *sample = to_sample(self.peak * sine(self.phase));
            let step = self.step();
            self.clock += BIT_DENOMINATOR;
            if self.clock < BIT_NUMERATOR {
                self.phase = self.phase.wrapping_add(step);
                continue;
            }
            // The bit ended within this sample: `late` thirds of it belong to the next bit.
            let late = self.clock - BIT_NUMERATOR;
            self.index += 1;
            let next = burst.bit(self.index);
            self.bit = next.unwrap_or(true);
            let shares = u64::from(step) * u64::from(BIT_DENOMINATOR - late)
                + u64::from(self.step()) * u64::from(late);
            self.phase = self.phase.wrapping_add((shares / u64::from(BIT_DENOMINATOR)) as u32);
            self.clock = late;
            if next.is_none() {
                self.burst = None;
            }
        }
        self.is_sending()
    }

    fn step(&self) -> u32 {
        if self.bit { self.mark } else { self.space }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{FULL_SCALE_SINE, level_of};

    fn render(standard: FskStandard, burst: &FskBurst) -> Vec<i16> {
        let mut modulator = FskModulator::new(standard, Dbm0(-13.5));
        modulator.start(burst);
        let mut out = Vec::new();
        loop {
            let mut frame = [0; 80];
            let more = modulator.process(&mut frame);
            out.extend(frame);
            if !more {
                return out;
            }
        }
    }

    #[test]
    fn a_burst_has_its_length_and_level() {
        let burst = FskBurst::on_hook(b"hello").unwrap();
        assert_eq!(burst.duration(), Samples(3600)); // 540 bits
        assert_eq!(burst.end_of_byte(4), Samples(3534)); // 530 bits
        let out = render(FskStandard::Bell202, &burst);
        assert!(out[3600..].iter().all(|&s| s == 0));
        assert!(out[3597..3600].iter().any(|&s| s != 0));
        assert!((level_of(&out[..3600]).0 + 13.5).abs() < 0.05);
    }

    #[test]
    fn the_phase_never_jumps() {
        let out = render(FskStandard::Bell202, &FskBurst::on_hook(&[0x55, 0x00, 0xFF, 0x13]).unwrap());
        let peak = 32768.0 * libm::powf(10.0, (-13.5 - FULL_SCALE_SINE.0) / 20.0);
        // The steepest step of a 2200 Hz sine in one sample: 2 sin(pi f / 8000).
        let steepest = 2.0 * libm::sinf(core::f32::consts::PI * 2200.0 / 8000.0) * peak;
        for pair in out.windows(2) {
            assert!(f32::from((pair[1] - pair[0]).abs()) <= steepest + 2.0);
        }
    }

    #[test]
    fn a_burst_too_long_is_refused_and_an_empty_one_is_only_marks() {
        assert!(FskBurst::on_hook(&[0; 259]).is_none());
        let burst = FskBurst { mark_bits: 0, trailing_bits: 0, ..FskBurst::off_hook(&[]).unwrap() };
        let mut modulator = FskModulator::new(FskStandard::V23, Dbm0(-10.0));
        modulator.start(&burst);
        assert!(!modulator.is_sending());
    }
}
