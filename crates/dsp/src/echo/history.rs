//! The latest samples of a signal.
//!
//! # What it does
//! Keeps so many ticks and gives any run of them in one piece.
//!
//! # How
//! A ring in which every sample is written twice.
//!
//! # Limits
//! Whole ticks are written.
//!
//! # Standard
//! None.

use tipring_units::TICK_SAMPLES;

/// A ring of samples.
#[derive(Clone, Debug)]
pub(super) struct History {
    samples: Box<[f32]>,
    width: usize,
    /// Where the next tick goes.
    next: usize,
}

impl History {
    /// Keeps at least `samples`.
    pub(super) fn new(samples: usize) -> Self {
        let width = samples.next_multiple_of(TICK_SAMPLES);
        Self { samples: vec![0.0; 2 * width].into(), width, next: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.samples.fill(0.0);
    }

    #[inline]
    pub(super) fn push(&mut self, tick: &[f32; TICK_SAMPLES]) {
        for start in [self.next, self.next + self.width] {
            self.samples[start..start + TICK_SAMPLES].copy_from_slice(tick);
        }
        self.next = (self.next + TICK_SAMPLES) % self.width;
    }

    /// The latest samples but for the `skip` newest, as many as `length`; fewer where there are not so many.
    #[inline]
    pub(super) fn latest(&self, length: usize, skip: usize) -> &[f32] {
        let end = self.next + self.width - skip.min(self.width);
        let length = length.min(self.width - skip.min(self.width));
        &self.samples[end - length..end]
    }
}
