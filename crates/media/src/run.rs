//! The digits of a caller's number, sent one after another.
//!
//! # What it does
//! Tells, tick by tick, which digit of a [`CallerIdBurst::Digits`] sounds.
//!
//! # Limits
//! Lengths are whole ticks.
//!
//! # Standard
//! ETSI EN 300 659-1 annex B.

use tipring_dsp::{CallerIdBurst, CallerIdDigits};
use tipring_units::TICK;

use crate::keys::Strike;

const ON: usize = (CallerIdBurst::DIGIT_ON.0 / TICK.0) as usize;
const OFF: usize = (CallerIdBurst::DIGIT_OFF.0 / TICK.0) as usize;

/// A run of digits with the place where it is.
#[derive(Clone, Debug)]
pub struct Run {
    digits: CallerIdDigits,
    tick: usize,
}

impl Run {
    /// The run from its beginning.
    pub const fn new(digits: CallerIdDigits) -> Self {
        Self { digits, tick: 0 }
    }

    /// What sounds in the next tick.
    pub fn next_tick(&mut self) -> Strike {
        let (index, into) = (self.tick / (ON + OFF), self.tick % (ON + OFF));
        let Some(digit) = self.digits.as_bytes().get(index) else { return Strike::Nothing };
        self.tick += 1;
        match into {
            0 => Strike::Begin(*digit),
            into if into < ON => Strike::Hold(*digit),
            _ => Strike::Pause,
        }
    }
}
