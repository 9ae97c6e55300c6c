//! Gain.
//!
//! # What it does
//! Amplifies or attenuates a line signal, or mutes it.
//!
//! # How
//! A change is spread over one frame in 80 equal steps, so that it makes no click; results saturate.
//!
//! # Limits
//! Gains are held within -60 dB (below is mute) and +30 dB.
//!
//! # Standard
//! Relative levels of ITU-T Q.552 clause 2.2.4 are set with it; the range is ours.

use fearless_simd::{Level, Simd, SimdBase, dispatch, f32x8};

use crate::level::{Frame, ratio};
use crate::vector::store_samples;
use tipring_units::{Db, TICK_SAMPLES};

/// The highest gain.
pub const GAIN_MAX: Db = Db(30.0);
/// The lowest gain that is not mute.
pub const GAIN_MIN: Db = Db(-60.0);

/// A gain that follows its setting without clicks.
#[derive(Clone, Debug)]
pub struct Gain {
    level: Level,
    target: f32,
    current: f32,
}

impl Gain {
    /// A gain that starts at its setting.
    pub fn new(gain: Db) -> Self {
        let target = linear(gain);
        Self { level: Level::new(), target, current: target }
    }

    /// Changes the setting; the next frame glides to it.
    pub fn set(&mut self, gain: Db) {
        self.target = linear(gain);
    }

    /// Glides to silence in the next frame.
    pub fn mute(&mut self) {
        self.target = 0.0;
    }

    /// Applies the gain to a frame in place.
    pub fn process(&mut self, frame: &mut Frame) {
        let (level, from, to) = (self.level, self.current, self.target);
        if from == to && to == 1.0 {
            return;
        }
        dispatch!(level, simd => amplify(simd, frame, from, to));
        self.current = self.target;
    }
}

/// Samples of a vector.
const LANES: usize = 8;
static STEPS: [f32; LANES] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];

/// Amplifies by what goes from one gain, which is that of the frame before, to another, which is that of the last sample.
#[inline(always)]
fn amplify<S: Simd>(simd: S, frame: &mut Frame, from: f32, to: f32) {
    const { assert!(TICK_SAMPLES.is_multiple_of(LANES)) };
    let step = (to - from) / TICK_SAMPLES as f32;
    let mut wide = [0.0; TICK_SAMPLES];
    for (wide, &sample) in wide.iter_mut().zip(frame.iter()) {
        *wide = f32::from(sample);
    }
    for at in (0..TICK_SAMPLES).step_by(LANES) {
        let gain = (f32x8::from_slice(simd, &STEPS) + at as f32) * step + from;
        store_samples(simd, f32x8::from_slice(simd, &wide[at..][..LANES]) * gain, &mut frame[at..][..LANES]);
    }
}

fn linear(gain: Db) -> f32 {
    if gain.0 < GAIN_MIN.0 { 0.0 } else { ratio(Db(gain.0.min(GAIN_MAX.0))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_decibels_double_and_saturate() {
        let mut gain = Gain::new(Db(6.0206));
        let mut frame = [1000; TICK_SAMPLES];
        frame[0] = 20_000;
        frame[1] = -20_000;
        gain.process(&mut frame);
        assert_eq!((frame[0], frame[1], frame[2]), (i16::MAX, i16::MIN, 2000));
    }

    #[test]
    fn a_change_glides_and_mute_ends_in_silence() {
        let mut gain = Gain::new(Db(0.0));
        gain.mute();
        let mut frame = [8000; TICK_SAMPLES];
        gain.process(&mut frame);
        assert!(frame.windows(2).all(|w| w[0] >= w[1] && w[0] - w[1] <= 101));
        frame = [8000; TICK_SAMPLES];
        gain.process(&mut frame);
        assert_eq!(frame, [0; TICK_SAMPLES]);
    }

    #[test]
    fn absurd_settings_are_harmless() {
        for db in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
            let mut gain = Gain::new(Db(db));
            let mut frame = [i16::MIN; TICK_SAMPLES];
            gain.process(&mut frame);
            assert!(gain.current.is_finite());
        }
    }
}
