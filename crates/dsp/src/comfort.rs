//! Comfort noise.
//!
//! # What it does
//! Fills the places where real background noise was taken away: silence suppressed by the far end, and
//! the echo canceller's suppressor.
//!
//! # How
//! A 32-bit linear-feedback register (the xorshift form, 13, 17, 5) gives white bits; four uniform
//! values are summed to a bell-shaped amplitude and a one-pole low-pass tilts the spectrum like that of a room. The
//! register is linear, so any number of its steps is one product with a matrix of bits: eight parts of a frame are made side by side, each
//! from where the register will be, and frames that nobody hears are left out.
//!
//! # Limits
//! The spectrum is fixed; [`crate::ShapedNoise`] has that of a description.
//!
//! # Standard
//! RFC 3389 clause 3 gives the noise level in -dBov; G.711 Appendix II the use.

use crate::level::{Frame, power_of_level, to_sample};
use tipring_units::{Dbm0, TICK_SAMPLES};

/// A bit source with no state but 32 bits, of period 2^32 - 1.
#[derive(Clone, Debug)]
pub(crate) struct Lfsr(u32);

impl Lfsr {
    pub(crate) fn new(seed: u32) -> Self {
        // All zero is the one state that a register never leaves.
        Self(if seed == 0 { 0xACE1_5EED } else { seed })
    }

    /// A frame of values from -1 to 1 with a bell-shaped distribution and a variance of 1/12 (four uniforms of
    /// eight bits, halved).
    pub(crate) fn bells(&mut self) -> [f32; TICK_SAMPLES] {
        const PART: usize = TICK_SAMPLES / LANES;
        let mut registers = [self.0; LANES];
        for (register, jump) in registers[1..].iter_mut().zip(&JUMPS) {
            *register = (0..8).fold(0, |sum, digit| sum ^ jump[digit][(self.0 >> (4 * digit)) as usize & 15]);
        }
        let mut parts = [[0.0; LANES]; PART];
        for part in &mut parts {
            let mut words = [0_u32; LANES];
            for _ in 0..STEPS {
                for lane in 0..LANES {
                    registers[lane] = step(registers[lane]);
                    words[lane] += registers[lane] >> 24;
                }
            }
            // Through a signed number, for which every machine has vectors.
            *part = words.map(|word| (word as i32 as f32 - 510.0) / 512.0);
        }
        self.0 = registers[LANES - 1];
        core::array::from_fn(|n| parts[n % PART][n / PART])
    }

    /// Goes on by so many frames without their values.
    fn skip(&mut self, frames: u32) {
        for (bit, power) in FRAMES.iter().enumerate() {
            if frames >> bit & 1 == 1 {
                self.0 = times(power, self.0);
            }
        }
    }
}

/// Steps of the register for a value.
const STEPS: usize = 4;
/// Parts of a frame that are made side by side.
const LANES: usize = 8;

/// A step of the register.
const fn step(mut x: u32) -> u32 {
    x ^= x << 13;
    x ^= x >> 17;
    x ^ x << 5
}

/// A matrix of bits, by columns.
type Bits = [u32; 32];

/// Most frames that are skipped at once, as a power of two.
const SKIP_BITS: usize = 16;
/// The steps of one to seven parts of a frame, as what each value of each hexadecimal digit comes to.
static JUMPS: [[[u32; 16]; 8]; LANES - 1] = jumps();
/// The steps of 1, 2, 4... frames.
static FRAMES: [Bits; SKIP_BITS] = frames();

const fn times(matrix: &Bits, x: u32) -> u32 {
    let (mut sum, mut n) = (0, 0);
    while n < 32 {
        if x >> n & 1 == 1 {
            sum ^= matrix[n];
        }
        n += 1;
    }
    sum
}

const fn product(a: &Bits, b: &Bits) -> Bits {
    let (mut out, mut n) = ([0; 32], 0);
    while n < 32 {
        out[n] = times(a, b[n]);
        n += 1;
    }
    out
}

/// So many steps of the register.
const fn steps(count: usize) -> Bits {
    let (mut out, mut n) = ([0; 32], 0);
    while n < 32 {
        let (mut x, mut k) = (1 << n, 0);
        while k < count {
            x = step(x);
            k += 1;
        }
        out[n] = x;
        n += 1;
    }
    out
}

const fn jumps() -> [[[u32; 16]; 8]; LANES - 1] {
    let part = steps(STEPS * TICK_SAMPLES / LANES);
    let (mut out, mut power, mut lane) = ([[[0; 16]; 8]; LANES - 1], part, 0);
    while lane < LANES - 1 {
        let mut digit = 0;
        while digit < 8 {
            let mut value = 0;
            while value < 16 {
                out[lane][digit][value] = times(&power, (value as u32) << (4 * digit));
                value += 1;
            }
            digit += 1;
        }
        power = product(&part, &power);
        lane += 1;
    }
    out
}

const fn frames() -> [Bits; SKIP_BITS] {
    let (mut out, mut power, mut n) = ([[0; 32]; SKIP_BITS], steps(STEPS * TICK_SAMPLES), 0);
    while n < SKIP_BITS {
        out[n] = power;
        power = product(&power, &power);
        n += 1;
    }
    out
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
        for (sample, value) in frame.iter_mut().zip(self.frame()) {
            *sample = to_sample(value);
        }
    }

    /// A frame of noise.
    pub(crate) fn frame(&mut self) -> [f32; TICK_SAMPLES] {
        let mut values = self.bits.bells();
        for value in &mut values {
            self.tilt = TILT * self.tilt + *value;
            *value = self.tilt;
        }
        values.map(|value| value * self.amplitude)
    }

    /// Goes on by so many frames, at most [`SKIP_MAX`], which nobody hears.
    pub(crate) fn skip(&mut self, frames: u32) {
        if let Some(unseen) = frames.checked_sub(1) {
            self.bits.skip(unseen);
            // The low-pass has forgotten after a frame what it did before.
            self.frame();
        }
    }
}

/// Most frames that may be skipped at once.
pub(crate) const SKIP_MAX: u32 = (1 << SKIP_BITS) - 1;
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
    fn frames_that_are_skipped_leave_the_noise_as_if_they_had_been_heard() {
        for skipped in [1, 2, 3, 100, 1000] {
            let (mut heard, mut unheard) =
                (ComfortNoise::new(7, Dbm0(-40.0)), ComfortNoise::new(7, Dbm0(-40.0)));
            for _ in 0..skipped {
                heard.frame();
            }
            unheard.skip(skipped);
            for _ in 0..10 {
                assert_eq!(heard.frame().map(f32::to_bits), unheard.frame().map(f32::to_bits), "{skipped}");
            }
        }
    }

    #[test]
    fn a_frame_is_the_register_step_by_step() {
        let mut bits = Lfsr::new(0x7199_1268);
        let mut register = 0x7199_1268_u32;
        for _ in 0..20 {
            for value in bits.bells() {
                let mut word = 0;
                for _ in 0..4 {
                    register ^= register << 13;
                    register ^= register >> 17;
                    register ^= register << 5;
                    word += register >> 24;
                }
                assert_eq!(value, (word as f32 - 510.0) / 512.0);
            }
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
