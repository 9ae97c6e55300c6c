//! Which timer of which machine runs out next.

use std::collections::{BTreeMap, BTreeSet};

use tipring_units::{CallId, Instant, LineId};

use crate::Why;

/// Whose timer it is. Each machine has one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Owner {
    Line(LineId),
    Call(CallId),
    /// The daily calls that show that lines can.
    SelfTest,
    /// The tests of lines.
    LineTest,
}

/// The timers that run: at most one for each line and each call.
#[derive(Clone, Default, Debug)]
pub(crate) struct Timers {
    running: BTreeMap<Owner, (Instant, Why)>,
    order: BTreeSet<(Instant, Owner)>,
}

impl Timers {
    /// The owner's timer is this now.
    pub fn set(&mut self, owner: Owner, timer: Option<(Instant, Why)>) {
        let before = match timer {
            Some(timer) => self.running.insert(owner, timer),
            None => self.running.remove(&owner),
        };
        if let Some((at, _)) = before {
            self.order.remove(&(at, owner));
        }
        if let Some((at, _)) = timer {
            self.order.insert((at, owner));
        }
    }

    /// The next one to run out.
    pub fn next(&self) -> Option<(Instant, Why)> {
        let (_, owner) = self.order.first()?;
        self.running.get(owner).copied()
    }

    /// Takes one that has run out by `now`.
    pub fn take_due(&mut self, now: Instant) -> Option<Owner> {
        let (at, owner) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.set(owner, None);
        Some(owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_timer_is_next_and_a_new_one_replaces_the_old() {
        let mut timers = Timers::default();
        let at = Instant::from_millis;
        timers.set(Owner::Line(LineId(1)), Some((at(500), Why::FirstDigit)));
        timers.set(Owner::Call(CallId(1)), Some((at(300), Why::NoAnswer)));
        assert_eq!(timers.next(), Some((at(300), Why::NoAnswer)));
        timers.set(Owner::Call(CallId(1)), Some((at(900), Why::NoReaction)));
        assert_eq!(timers.next(), Some((at(500), Why::FirstDigit)));
        assert_eq!(timers.take_due(at(499)), None);
        assert_eq!(timers.take_due(at(500)), Some(Owner::Line(LineId(1))));
        timers.set(Owner::Call(CallId(1)), None);
        assert_eq!(timers.next(), None);
    }
}
