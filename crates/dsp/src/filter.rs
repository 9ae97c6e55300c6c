//! Recursive filters: a second-order section and a DC block.
//!
//! # What it does
//! [`Biquad`] is one second-order section in transposed direct form II; [`DcBlock`] takes the offset
//! of a codec or card out of a line signal before anything measures it.
//!
//! # How
//! The DC block is one zero at DC and one pole beside it (-3 dB at 20 Hz), so that speech is untouched.
//!
//! # Limits
//! State below 1e-20 is flushed to zero, so a silent line costs no denormal arithmetic.
//!
//! # Standard
//! The pass band of DC block leaves ITU-T Q.552's 300 Hz edge within 0.05 dB.

use fearless_simd::{Level, Simd, SimdBase, dispatch, f32x8};

use crate::level::Frame;
use crate::vector::store_samples;
use tipring_units::TICK_SAMPLES;

/// One second-order section, `b0 + b1 z^-1 + b2 z^-2` over `1 + a1 z^-1 + a2 z^-2`.
#[derive(Clone, Copy, Debug)]
pub struct Biquad {
    b: [f32; 3],
    a: [f32; 2],
    state: [f32; 2],
}

impl Biquad {
    /// A section at rest from its numerator and the last two terms of its denominator.
    pub const fn new(b: [f32; 3], a: [f32; 2]) -> Self {
        Self { b, a, state: [0.0; 2] }
    }

    /// Filters one sample.
    #[inline]
    pub fn step(&mut self, x: f32) -> f32 {
        let y = self.b[0] * x + self.state[0];
        // In this order the next sample waits for one product and one sum only.
        self.state[0] = (self.b[1] * x + self.state[1]) - self.a[0] * y;
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }

    /// Flushes a state too small to matter; call once a frame.
    pub fn settle(&mut self) {
        for s in &mut self.state {
            if s.abs() < 1e-20 {
                *s = 0.0;
            }
        }
    }
}

/// Takes the DC out of a signal.
#[derive(Clone, Debug)]
pub struct DcBlock {
    level: Level,
    last_in: f32,
    last_out: f32,
}

/// Samples of a vector.
const LANES: usize = 8;

impl DcBlock {
    /// Pole radius for -3 dB at 20 Hz: 1 - 2 pi 20 / 8000.
    const POLE: f32 = 0.984_3;

    /// A DC block at rest.
    pub fn new() -> Self {
        Self { level: Level::new(), last_in: 0.0, last_out: 0.0 }
    }

    /// Filters a frame in place.
    pub fn process(&mut self, frame: &mut Frame) {
        let level = self.level;
        dispatch!(level, simd => self.work(simd, frame));
        if self.last_out.abs() < 1e-20 {
            self.last_out = 0.0;
        }
    }

    #[inline(always)]
    fn work<S: Simd>(&mut self, simd: S, frame: &mut Frame) {
        const { assert!(TICK_SAMPLES.is_multiple_of(LANES)) };
        // The samples after the last of before.
        let mut wide = [0.0; TICK_SAMPLES + 1];
        wide[0] = self.last_in;
        for (wide, &sample) in wide[1..].iter_mut().zip(frame.iter()) {
            *wide = f32::from(sample);
        }
        self.last_in = wide[TICK_SAMPLES];
        // Each value waits for the one before; the rest need not.
        let mut out = [0.0; TICK_SAMPLES];
        for (out, pair) in out.iter_mut().zip(wide.windows(2)) {
            *out = pair[1] - pair[0];
        }
        let mut last = self.last_out;
        for out in &mut out {
            last = *out + Self::POLE * last;
            *out = last;
        }
        self.last_out = last;
        for at in (0..TICK_SAMPLES).step_by(LANES) {
            let values = f32x8::from_slice(simd, &out[at..][..LANES]);
            store_samples(simd, values, &mut frame[at..][..LANES]);
        }
    }
}

impl Default for DcBlock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::level_of;
    use crate::testing::Sine;
    use tipring_units::{Dbm0, Hz};

    #[test]
    fn dc_block_removes_an_offset_and_passes_speech() {
        let mut sine = Sine::new(Hz(300.0), Dbm0(-10.0));
        let mut block = DcBlock::new();
        let mut out = Vec::new();
        for _ in 0..100 {
            let mut frame = [0; 80];
            frame.iter_mut().for_each(|s| *s = sine.step() + 3000);
            block.process(&mut frame);
            out.extend(frame);
        }
        let tail = &out[4000..];
        let mean = tail.iter().map(|&s| i64::from(s)).sum::<i64>() / tail.len() as i64;
        assert!(mean.abs() <= 2, "{mean}");
        assert!((level_of(tail).0 + 10.0).abs() < 0.1, "{:?}", level_of(tail));
    }

    #[test]
    fn dc_block_is_its_recursion_with_every_kind_of_vectors() {
        let mut entropy = tipring_units::Entropy::for_simulation(1);
        let (mut best, mut plain) = (DcBlock::new(), DcBlock::new());
        plain.level = Level::baseline();
        let (mut x1, mut y1) = (0.0_f32, 0.0_f32);
        for _ in 0..200 {
            let frame: Frame = core::array::from_fn(|_| entropy.u32() as i16 / 4 + 900);
            let (mut a, mut b) = (frame, frame);
            best.process(&mut a);
            plain.process(&mut b);
            assert_eq!((a, best.last_out.to_bits()), (b, plain.last_out.to_bits()));
            for (&x, got) in frame.iter().zip(a) {
                y1 = f32::from(x) - x1 + DcBlock::POLE * y1;
                x1 = f32::from(x);
                assert_eq!(got, crate::level::to_sample(y1));
            }
        }
    }

    #[test]
    fn dc_block_survives_full_scale_square_waves() {
        let mut block = DcBlock::new();
        for n in 0..200 {
            let mut frame = [if n % 7 < 3 { i16::MAX } else { i16::MIN }; 80];
            block.process(&mut frame);
            assert!(block.last_out.is_finite());
        }
    }
}
