//! The level of a stretch of sound that comes in pieces.

use tipring_dsp::{Frame, level_of_power, mean_power};
use tipring_units::Dbm0;

/// Frames that the mean reaches back, about: two seconds.
const REACH: u32 = 200;

/// A mean of the power of frames: of all at first, of the latest later on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mean {
    power: f32,
    frames: u32,
}

impl Mean {
    /// Takes a frame in.
    pub fn note(&mut self, frame: &Frame) {
        self.frames = self.frames.saturating_add(1);
        self.power += (mean_power(frame) - self.power) / self.frames.min(REACH) as f32;
    }

    /// Frames that were taken in.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// Their level.
    pub fn level(&self) -> Dbm0 {
        level_of_power(self.power)
    }
}
