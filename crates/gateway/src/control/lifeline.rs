//! Relays that join a telephone to its outside line while nobody serves it.
//!
//! # What it does
//! Takes a telephone back from its outside line when that line is free: a call through the relay goes on until it is
//! over, however long ago the gateway came back.
//!
//! # How
//! The telephone's line says that its relay joins it; the outside line says whether somebody on it is off-hook, once at the
//! start and at each change, and when it rings and no longer does. When the line is known to be neither in use nor called,
//! the relay is ordered back; not before the line has been watched for longer than a pause of ringing.
//!
//! # Limits
//! Who lifts the receiver in the moment in which the relay moves hears a click and then dial tone of the gateway.

use std::collections::{BTreeMap, BTreeSet};

use tipring_port::{Command, LineCommand, LineEvent, LineFault};
use tipring_units::{Epoch, Instant, LineId, Millis};

use super::Control;
use crate::api::Output;

/// What an outside line has told since it was last heard of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Known {
    /// Somebody on it is off-hook; nothing is known before that is told.
    in_use: Option<bool>,
    /// The exchange rings it, or the gateway has a call that it rang for.
    called: bool,
    /// Since when somebody watches it.
    watched: Option<Instant>,
    /// It was seen to ring, to be in use or to be dead: it is in no pause of a ringing that nobody saw begin.
    sure: bool,
}

impl Known {
    /// From when on the line is free if it stays as it is: while it has not been watched for `pause`, it may be in a pause
    /// of its ringing.
    fn free_from(self, pause: Millis) -> Option<Instant> {
        let since = self.watched.filter(|_| self.is_quiet())?;
        Some(if self.sure { since } else { since + pause })
    }

    const fn is_quiet(self) -> bool {
        matches!(self.in_use, Some(false)) && !self.called
    }
}

/// What is known of relays and of the lines behind them.
#[derive(Debug, Default)]
pub(super) struct Lifelines {
    /// Telephones that hang on their outside line.
    joined: BTreeSet<LineId>,
    outside: BTreeMap<LineId, Known>,
    /// When a relay may move if nothing happens until then.
    due: Option<Instant>,
}

impl Lifelines {
    /// What of a line's event bears on relays; true if a relay may have to move now.
    fn take(&mut self, now: Instant, line: LineId, event: &LineEvent) -> bool {
        let mut known = self.outside.get(&line).copied().unwrap_or_default();
        match event {
            LineEvent::Lifeline(joined) => {
                return if *joined {
                    self.joined.insert(line)
                } else {
                    self.joined.remove(&line);
                    false
                };
            }
            LineEvent::InUse(in_use) => {
                known.in_use = Some(*in_use);
                known.sure |= in_use;
                known.watched.get_or_insert(now);
            }
            LineEvent::Incoming => (known.called, known.sure) = (true, true),
            // Who answered by the relay has made the ringing end: whether the line is in use was told by itself.
            LineEvent::GaveUp | LineEvent::Released => known.called = false,
            // A line that is dead is of no use to the telephone.
            LineEvent::Fault(LineFault::NoBattery) => {
                (known.in_use, known.sure) = (Some(false), true);
                known.watched.get_or_insert(now);
            }
            LineEvent::FaultCleared(LineFault::NoBattery) => {
                (known.watched, known.sure) = (Some(now), false);
            }
            // What was known does not hold: the line tells it anew.
            LineEvent::Fault(LineFault::CardSilent | LineFault::Panicked)
            | LineEvent::FaultCleared(LineFault::CardSilent) => known = Known::default(),
            LineEvent::Seized
            | LineEvent::Answered
            | LineEvent::Flash(_)
            | LineEvent::DigitBegan(_)
            | LineEvent::Digit { .. }
            | LineEvent::Ringing
            | LineEvent::CallerIdSent(_)
            | LineEvent::CallerIdOmitted { .. }
            | LineEvent::RingStopped
            | LineEvent::Refused(_)
            | LineEvent::Roh(_)
            | LineEvent::SupervisionDone
            | LineEvent::Announced
            | LineEvent::Fault(_)
            | LineEvent::FaultCleared(_)
            | LineEvent::InService(_)
            | LineEvent::Caller(_)
            | LineEvent::Offered
            | LineEvent::ExchangeReady(_)
            | LineEvent::Dialled
            | LineEvent::Exchange(_)
            | LineEvent::FarAnswered(_)
            | LineEvent::FarCleared(_)
            | LineEvent::Metered(_)
            | LineEvent::WaitingShown(_)
            | LineEvent::LampShown(_)
            | LineEvent::Tested(_)
            | LineEvent::Waiting(_) => return false,
        }
        self.outside.insert(line, known);
        known.is_quiet()
    }

    fn free_from(&self, outside: LineId, pause: Millis) -> Option<Instant> {
        self.outside.get(&outside)?.free_from(pause)
    }
}

impl Control {
    /// A line's event: the relays that may move now are ordered to.
    pub(super) fn lifeline_event(&mut self, line: LineId, event: &LineEvent) {
        if self.lifelines.take(self.now, line, event) {
            self.move_relays();
        }
    }

    /// When a relay may move although nothing happens until then.
    pub(super) const fn lifeline_deadline(&self) -> Option<Instant> {
        self.lifelines.due
    }

    /// Time has passed.
    pub(super) fn lifeline_tick(&mut self) {
        if self.lifelines.due.is_some_and(|due| due <= self.now) {
            self.move_relays();
        }
    }

    /// Orders back the relays of the telephones whose outside line is free; the others wait.
    fn move_relays(&mut self) {
        self.lifelines.due = None;
        for telephone in self.lifelines.joined.clone() {
            let Some(site) = self.site.line(telephone) else { continue };
            // A telephone whose relay joins it to a line that is not configured is taken back at once.
            let free_from = match site.lifeline {
                Some(outside) => self.lifelines.free_from(outside, self.ring_pause(outside)),
                None => Some(self.now),
            };
            match free_from {
                Some(at) if at <= self.now => {
                    let order = Command::Line(telephone, Epoch::default(), LineCommand::Lifeline(false));
                    self.out.push_back(Output::Shard(site.shard, order));
                }
                Some(at) => self.lifelines.due = Some(self.lifelines.due.map_or(at, |due| due.min(at))),
                None => {}
            }
        }
    }

    /// Ringing of an outside line pauses for less than this.
    fn ring_pause(&self, outside: LineId) -> Millis {
        let profile = self.site.line(outside).and_then(|site| site.profile.fxo);
        profile.map_or(Millis::ZERO, |fxo| fxo.ringing.timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: LineId = LineId(2);

    const PAUSE: Millis = Millis(6500);

    fn free_from(events: &[LineEvent]) -> Option<Instant> {
        let mut lifelines = Lifelines::default();
        for (second, event) in (0..).zip(events) {
            lifelines.take(Instant::from_millis(second * 1000), LINE, event);
        }
        lifelines.free_from(LINE, PAUSE)
    }

    fn free_after(events: &[LineEvent]) -> bool {
        free_from(events).is_some()
    }

    #[test]
    fn a_line_that_nobody_watched_may_be_in_a_pause_of_its_ringing() {
        use LineEvent::{Fault, InUse};
        let at = |millis| Some(Instant::from_millis(millis));
        assert_eq!(free_from(&[InUse(false)]), at(6500));
        assert_eq!(free_from(&[InUse(true), InUse(false)]), at(0), "it did not ring");
        let silent = Fault(LineFault::CardSilent);
        assert_eq!(free_from(&[InUse(false), silent, InUse(false)]), at(8500));
        let back = LineEvent::FaultCleared(LineFault::CardSilent);
        assert_eq!(free_from(&[silent, InUse(true), back, InUse(false)]), at(9500));
        let dead = Fault(LineFault::NoBattery);
        assert_eq!(free_from(&[dead]), at(0), "a dead line does not ring");
        assert_eq!(free_from(&[dead, LineEvent::FaultCleared(LineFault::NoBattery)]), at(7500));
    }

    #[test]
    fn a_line_is_free_only_while_it_neither_rings_nor_is_in_use() {
        use LineEvent::{Fault, GaveUp, InUse, Incoming, Released};
        let silent = Fault(LineFault::CardSilent);
        let cases: &[(&[LineEvent], bool)] = &[
            (&[], false),
            (&[GaveUp], false),
            (&[InUse(false)], true),
            (&[InUse(false), Incoming], false),
            (&[InUse(false), Incoming, GaveUp], true),
            // answered by the relay
            (&[InUse(false), Incoming, InUse(true), GaveUp], false),
            (&[InUse(false), Incoming, InUse(true), GaveUp, InUse(false)], true),
            (&[InUse(false), Incoming, InUse(true), InUse(false)], false),
            // rung again just as it was put down
            (&[InUse(true), Incoming, GaveUp], false),
            (&[InUse(true), Incoming, InUse(false)], false),
            (&[InUse(true), Incoming, InUse(false), GaveUp], true),
            // a call of the gateway's
            (&[InUse(false), Incoming, Released], true),
            (&[InUse(true), Released], false),
            (&[InUse(false), silent], false),
            (&[InUse(true), silent, Released], false),
            (&[InUse(true), Fault(LineFault::NoBattery)], true),
            (&[InUse(true), Incoming, Fault(LineFault::NoBattery)], false),
        ];
        for (events, expected) in cases {
            assert_eq!(free_after(events), *expected, "{events:?}");
        }
    }
}
