//! What an on-hook FXO port knows of its line: battery, another telephone on it, foreign voltage.
//!
//! # What it does
//! Gives a verdict of the line's direct voltage and changes it only when the voltage has stayed.
//!
//! # How
//! | voltage (magnitude) | verdict | believed after |
//! |---|---|---|
//! | below `dead_below` | dead | [`DEAD_AFTER`] |
//! | up to `in_use_below` | another telephone is off-hook | [`IN_USE_AFTER`] |
//! | above [`HIGHEST`] | foreign voltage | [`FOREIGN_AFTER`] |
//! | else | free | [`FREE_AFTER`] |
//!
//! # Limits
//! A line of ground start has no battery between its wires while it is idle: only a foreign voltage is told there.
//!
//! # Standard
//! GR-909 clause 13.1: hazardous potentials; the other figures are a choice: longer than a dial pulse, a flash and a CPC.

use tipring_port::{FxoProfile, LoopStart};
use tipring_units::{Millis, SampleTime};

use crate::detector::READING;

/// No exchange feeds more between tip and ring.
const HIGHEST: f32 = 75.0;
const DEAD_AFTER: Millis = Millis(3000);
const IN_USE_AFTER: Millis = Millis(250);
const FREE_AFTER: Millis = Millis(300);
const FOREIGN_AFTER: Millis = Millis(1000);

/// How the line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdleLine {
    /// Battery, and nobody uses it.
    Free,
    /// Another telephone is off-hook.
    InUse,
    /// No battery.
    Dead,
    /// More than any exchange feeds.
    Foreign,
}

/// The watch of one line.
#[derive(Clone, Debug)]
pub struct IdleWatch {
    dead_below: f32,
    in_use_below: f32,
    start: LoopStart,
    verdict: IdleLine,
    /// It was found, not only taken to be so.
    known: bool,
    /// What the readings say, and since when.
    seems: Option<(IdleLine, SampleTime)>,
}

impl IdleWatch {
    /// A watch of a line that is taken to be free.
    pub fn new(profile: &FxoProfile, start: LoopStart) -> Self {
        Self {
            dead_below: profile.dead_below.0,
            in_use_below: profile.in_use_below.0,
            start,
            verdict: IdleLine::Free,
            known: false,
            seems: None,
        }
    }

    /// How the line is.
    pub fn verdict(&self) -> IdleLine {
        self.verdict
    }

    /// The port was off-hook or the line rang: what was seen before counts no more.
    pub fn interrupt(&mut self) {
        self.seems = None;
    }

    /// Nobody watched the line for a while: its next verdict is told, whatever it is.
    pub fn forget(&mut self) {
        (self.seems, self.known) = (None, false);
    }

    /// True if no change is being judged.
    pub fn is_settled(&self) -> bool {
        self.known && self.seems.is_none()
    }

    /// The reading of the millisecond that starts at `at`: the new verdict, if it changed or is the first.
    pub fn read(&mut self, at: SampleTime, volts: f32) -> Option<IdleLine> {
        let seems = self.look(volts.abs());
        if seems == self.verdict && self.known {
            self.seems = None;
            return None;
        }
        let since = match self.seems {
            Some((same, since)) if same == seems => since,
            Some(_) | None => at,
        };
        self.seems = Some((seems, since));
        let after = match seems {
            IdleLine::Free => FREE_AFTER,
            IdleLine::InUse => IN_USE_AFTER,
            IdleLine::Dead => DEAD_AFTER,
            IdleLine::Foreign => FOREIGN_AFTER,
        };
        ((at + READING).since(since) >= after.samples()).then(|| {
            (self.verdict, self.seems, self.known) = (seems, None, true);
            seems
        })
    }

    fn look(&self, volts: f32) -> IdleLine {
        if volts > HIGHEST {
            return IdleLine::Foreign;
        }
        match self.start {
            LoopStart::Ground => IdleLine::Free,
            LoopStart::Loop if volts < self.dead_below => IdleLine::Dead,
            LoopStart::Loop if volts < self.in_use_below => IdleLine::InUse,
            LoopStart::Loop => IdleLine::Free,
        }
    }
}
