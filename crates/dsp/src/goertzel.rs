//! Level of one frequency.
//!
//! # What it does
//! Measures how much of one frequency is in a block of samples.
//!
//! # How
//! Goertzel's recursion: one multiplication a sample, the phase kept for whoever wants it.
//!
//! # Limits
//! A rectangular window: over n samples the first null lies 8000/n Hz away.
//!
//! # Standard
//! G. Goertzel, American Mathematical Monthly 65 (1958), 34-35.

use crate::level::{Frame, level_of_power};
use tipring_units::{Dbm0, Hz, Samples};

/// A measurement of one frequency.
#[derive(Clone, Debug)]
pub struct Goertzel {
    coefficient: f32,
    state: [f32; 2],
    count: u32,
}

impl Goertzel {
    /// A measurement of `frequency` that begins with the next sample.
    pub fn new(frequency: Hz) -> Self {
        let angle = frequency.0.clamp(0.0, 4000.0) * core::f32::consts::TAU / 8000.0;
        Self { coefficient: 2.0 * libm::cosf(angle), state: [0.0; 2], count: 0 }
    }

    /// Takes a frame in.
    pub fn process(&mut self, frame: &Frame) {
        for &sample in frame {
            let next = f32::from(sample) + self.coefficient * self.state[0] - self.state[1];
            self.state = [next, self.state[0]];
        }
        self.count = self.count.saturating_add(frame.len() as u32);
    }

    /// Samples taken in since the start.
    pub fn samples(&self) -> Samples {
        Samples(u64::from(self.count))
    }

    /// Level of a sine at the frequency over all samples since the start; begins anew.
    pub fn take_level(&mut self) -> Dbm0 {
        let [a, b] = self.state;
        let n = self.count.max(1) as f32;
        let power = 2.0 * (a * a + b * b - self.coefficient * a * b).max(0.0) / (n * n);
        self.state = [0.0; 2];
        self.count = 0;
        level_of_power(power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Sine;

    fn measure(at: f32, sent: f32) -> Dbm0 {
        let (mut meter, mut sine) = (Goertzel::new(Hz(at)), Sine::new(Hz(sent), Dbm0(-10.0)));
        for _ in 0..10 {
            let mut frame = [0; 80];
            frame.iter_mut().for_each(|s| *s = sine.step());
            meter.process(&frame);
        }
        assert_eq!(meter.samples(), Samples(800));
        meter.take_level()
    }

    #[test]
    fn a_tone_is_measured_and_its_neighbour_is_not() {
        assert!((measure(1000.0, 1000.0).0 + 10.0).abs() < 0.05);
        assert!(measure(1000.0, 1050.0).0 < -40.0);
    }
}
