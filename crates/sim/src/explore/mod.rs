//! Random calls and faults in virtual time, with the checkers watching.
//!
//! # What it does
//! Builds a gateway from a seed, with telephones, outside lines and their exchange, servers and SIP telephones around it; lets their users do what people
//! do, and worse; lets networks, servers, clocks, cards and the program itself fail; and from time to time stops all
//! that, lets everybody hang up, and sees whether everything falls idle. [`crate::check`] watches throughout.
//!
//! # How
//! An agenda of deeds in the order of their times. What people do next depends on what they hear and on the seed. The
//! same seed, length and fidelity give the same run: [`ExploreReport::hash`] stands for its ladder.
//!
//! # Limits
//! [`MAX_DEEDS`] deeds wait.
//!
//! # Standard
//! None.

mod agenda;
mod far;
mod features;
mod house;
mod lines;
mod outside;
mod run;
mod shrink;
mod trouble;

use core::fmt;
use core::time::Duration;

use tipring_port::{Samples, Symbols};

use crate::check::{Used, Violation};
pub use crate::flow::Fidelity;
pub use agenda::MAX_DEEDS;
pub use house::{House, head_of};
use run::Explorer;
pub use shrink::{MAX_TRIES, shrink};

/// What came of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct ExploreReport {
    /// Its seed.
    pub seed: u64,
    /// What was simulated.
    pub fidelity: Fidelity,
    /// Calls that began.
    pub calls: u64,
    /// Calls that were answered.
    pub answered: u64,
    /// How often features were used.
    pub used: Used,
    /// Entries of the journal.
    pub events: u64,
    /// Faults that were let happen.
    pub faults: u64,
    /// Panics that were injected and met.
    pub panics: u64,
    /// How often everybody hung up and everything fell idle.
    pub rests: u64,
    /// Virtual time.
    pub virtual_time: Duration,
    /// What must never be true, and was.
    pub violations: Vec<Violation>,
    /// Stands for the whole ladder.
    pub hash: u64,
}

impl ExploreReport {
    /// True if nothing was found.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }
}

impl fmt::Display for ExploreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}: {} calls, {} answered, {} forwarded, {} waited, {} conferences, {} handed on, {} codes, {} events, {} faults, {} injected panics, {} rests in {} s; ladder {:016x}; {}",
            self.seed,
            self.calls,
            self.answered,
            self.used.forwarded,
            self.used.waited,
            self.used.conferences,
            self.used.handed_on,
            self.used.codes,
            self.events,
            self.faults,
            self.panics,
            self.rests,
            self.virtual_time.as_secs(),
            self.hash,
            if self.is_clean() {
                "clean".to_owned()
            } else {
                format!("{} violations", self.violations.len())
            }
        )
    }
}

/// Which run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Scope {
    /// Its seed.
    pub seed: u64,
    /// Virtual hours.
    pub hours: f64,
    /// What is simulated.
    pub fidelity: Fidelity,
    /// Only the users of the first so many lines do something.
    pub lines: Option<u16>,
    /// Only the first so many faults happen.
    pub faults: Option<u64>,
}

impl Scope {
    /// All lines, all faults.
    pub const fn whole(seed: u64, hours: f64, fidelity: Fidelity) -> Self {
        Self { seed, hours, fidelity, lines: None, faults: None }
    }
}

/// What to type to see the run again.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tipring explore --seed {} --hours {}", self.seed, self.hours)?;
        if let Some(lines) = self.lines {
            write!(f, " --lines {lines}")?;
        }
        if let Some(faults) = self.faults {
            write!(f, " --faults {faults}")?;
        }
        match self.fidelity {
            Fidelity::Signal => Ok(()),
            Fidelity::Audio => write!(f, " --audio"),
        }
    }
}

/// Explores for `hours` of virtual time.
pub fn explore(seed: u64, hours: f64, fidelity: Fidelity) -> ExploreReport {
    explore_within(Scope::whole(seed, hours, fidelity))
}

/// The same, with fewer lines or faults.
pub fn explore_within(scope: Scope) -> ExploreReport {
    match scope.fidelity {
        Fidelity::Signal => Explorer::<Symbols>::new(scope).run(),
        Fidelity::Audio => Explorer::<Samples>::new(scope).run(),
    }
}
