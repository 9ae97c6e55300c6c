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

use crate::level::{Frame, to_sample};

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
#[derive(Clone, Debug, Default)]
pub struct DcBlock {
    last_in: f32,
    last_out: f32,
}

impl DcBlock {
    /// Pole radius for -3 dB at 20 Hz: 1 - 2 pi 20 / 8000.
    const POLE: f32 = 0.984_3;

    /// A DC block at rest.
    pub fn new() -> Self {
        Self::default()
    }

    /// Filters a frame in place.
    pub fn process(&mut self, frame: &mut Frame) {
        for sample in frame {
            let x = f32::from(*sample);
            self.last_out = x - self.last_in + Self::POLE * self.last_out;
            self.last_in = x;
            *sample = to_sample(self.last_out);
        }
        if self.last_out.abs() < 1e-20 {
            self.last_out = 0.0;
        }
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
    fn dc_block_survives_full_scale_square_waves() {
        let mut block = DcBlock::new();
        for n in 0..200 {
            let mut frame = [if n % 7 < 3 { i16::MAX } else { i16::MIN }; 80];
            block.process(&mut frame);
            assert!(block.last_out.is_finite());
        }
    }
}
