//! Comfort noise.
//!
//! # What it does
//! Fills the places where real background noise was taken away: silence suppressed by the far end, and
//! the echo canceller's suppressor.
//!
//! # How
//! A 32-bit linear-feedback register (the xorshift form, 13, 17, 5) gives white bits; four uniform
//! values are summed to a bell-shaped amplitude and a one-pole low-pass tilts the spectrum like that of a room.
//!
//! # Limits
//! The spectrum is fixed; [`crate::ShapedNoise`] has that of a description.
//!
//! # Standard
//! RFC 3389 clause 3 gives the noise level in -dBov; G.711 Appendix II the use.

use crate::level::{Frame, power_of_level, to_sample};
use tipring_units::Dbm0;

/// A bit source with no state but 32 bits, of period 2^32 - 1.
#[derive(Clone, Debug)]
pub(crate) struct Lfsr(u32);

impl Lfsr {
    pub(crate) fn new(seed: u32) -> Self {
        // All zero is the one state that a register never leaves.
        Self(if seed == 0 { 0xACE1_5EED } else { seed })
    }

    /// A value from -1 to 1 with a bell-shaped distribution and a variance of 1/12 (four uniforms of
    /// eight bits, halved).
    pub(crate) fn bell(&mut self) -> f32 {
        let mut word = 0_u32;
        for _ in 0..4 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 17;
            self.0 ^= self.0 << 5;
            word = word.wrapping_add(self.0 >> 24);
        }
        (word as f32 - 510.0) / 512.0
    }
}

/// A steady source of background noise.
#[derive(Clone, Debug)]
pub struct ComfortNoise {
    bits: Lfsr,
    amplitude: f32,
    tilt: f32,
}

impl ComfortNoise {
    /// Noise at `level`; two sources with different seeds are independent.
    pub fn new(seed: u32, level: Dbm0) -> Self {
        let mut noise = Self { bits: Lfsr::new(seed), amplitude: 0.0, tilt: 0.0 };
        noise.set_level(level);
        noise
    }

    /// Changes the level.
    pub fn set_level(&mut self, level: Dbm0) {
        self.set_power(power_of_level(Dbm0(level.0.min(-10.0))));
    }

    /// Changes the level to a mean square.
    pub(crate) fn set_power(&mut self, power: f32) {
        self.amplitude = libm::sqrtf(power.clamp(0.0, 1e8)) * UNIT;
    }

    /// Writes a frame of noise.
    pub fn process(&mut self, frame: &mut Frame) {
        frame.iter_mut().for_each(|s| *s = to_sample(self.step()));
    }

    /// One sample of noise.
    pub(crate) fn step(&mut self) -> f32 {
        self.tilt = TILT * self.tilt + self.bits.bell();
        self.tilt * self.amplitude
    }
}

/// Pole of the low-pass that tilts the spectrum.
const TILT: f32 = 0.5;
/// Scales the tilted source to unit power: sqrt((1 - TILT^2) / variance), variance 4 * 65535/12 / 512^2.
const UNIT: f32 = 3.000_02;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::level_of;

    #[test]
    fn noise_has_the_level_asked_for() {
        for level in [-65.0, -50.0, -30.0] {
            let mut noise = ComfortNoise::new(7, Dbm0(level));
            let mut all = Vec::new();
            for _ in 0..200 {
                let mut frame = [0; 80];
                noise.process(&mut frame);
                all.extend(frame);
            }
            assert!((level_of(&all).0 - level).abs() < 0.5, "{level} {:?}", level_of(&all));
        }
    }

    #[test]
    fn noise_is_the_same_from_the_same_seed_and_never_stuck() {
        let (mut a, mut b, mut c) = (
            ComfortNoise::new(0, Dbm0(-40.0)),
            ComfortNoise::new(0, Dbm0(-40.0)),
            ComfortNoise::new(9, Dbm0(-40.0)),
        );
        let (mut x, mut y, mut z) = ([0; 80], [0; 80], [0; 80]);
        a.process(&mut x);
        b.process(&mut y);
        c.process(&mut z);
        assert_eq!(x, y);
        assert_ne!(x, z);
        assert!(x.iter().any(|&s| s != x[0]));
    }
}
