//! A line that trials are run over.
//!
//! # What it does
//! Gives what comes back of what is sent: its echo, what the near end says, and noise.
//!
//! # How
//! An [`EchoPath`] is one; so may be any other model of a line.
//!
//! # Limits
//! A line does not change; trials that need a change take another one from then on.
//!
//! # Standard
//! None.

use super::signal::{EchoPath, noise, sample};
use tipring_units::{Dbm0, Entropy};

/// A line.
pub trait Plant {
    /// What it is called.
    fn name(&self) -> &str;

    /// What comes back: the echo of `far`, `talk` from its start on (silence after its end), and noise.
    fn back(&self, entropy: &mut Entropy, far: &[i16], talk: &[i16], noise: Dbm0) -> Vec<i16>;
}

impl Plant for EchoPath {
    fn name(&self) -> &str {
        &self.name
    }

    fn back(&self, entropy: &mut Entropy, far: &[i16], talk: &[i16], level: Dbm0) -> Vec<i16> {
        let talk = talk.iter().copied().chain(core::iter::repeat(0));
        let echo = self.echo(far);
        echo.iter().zip(talk).map(|(e, t)| sample(e + f64::from(t) + noise(entropy, level))).collect()
    }
}
