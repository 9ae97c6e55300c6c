//! Who is called is to be found elsewhere, or the caller's server is told so.
//!
//! # How
//! A far end that was called and names other places ends its leg by that; the switch, which knows who may call what, says which
//! of them the call goes on to. They are tried in the order of preference, each whatever became of the one before.
//!
//! # Limits
//! [`MAX_MOVED`] such answers in one call; no place is gone to twice.

use super::{Branch, Call, Clock, Phase};
use crate::outbox::{Order, Outbox};
use crate::route::{Attempt, Forwarded, Target};
use crate::{CallEvent, Cause, Clearer, Moves, Number, Party, ServerName, Side, Timers, Via};

/// Answers of one call that name other places, at the most.
const MAX_MOVED: usize = 5;

/// Where a call was sent so far.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Moved {
    /// How often.
    count: usize,
    /// Where to.
    seen: Vec<(ServerName, Number)>,
}

/// What is known of one who is called and is to be found elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MovedFrom {
    /// By what he was called.
    pub via: Option<Via>,
    /// Under this number.
    pub sent: Number,
    /// The telephone that had forwarded the call to him.
    pub forwarded: Option<Number>,
}

impl Call {
    /// The party is to be found elsewhere: the switch is asked.
    pub(super) fn is_moved(
        &mut self,
        side: Side,
        from: Party,
        to: Moves,
        clock: Clock,
        timers: Timers,
        out: &mut Outbox,
    ) {
        match (self.phase, side) {
            (Phase::Trying | Phase::Alerting | Phase::Early, Side::Called) if self.called.len() == 1 => {
                self.disconnect(out);
                out.moved(self.beginning.call, from, to);
            }
            // Of several who are called at once the others ring on.
            (Phase::Trying | Phase::Alerting | Phase::Early | Phase::Talking | Phase::Over, _) => {
                self.failed(side, from, Cause::REDIRECTED, clock, timers, out);
            }
        }
    }

    /// What is known of the party that is to be found elsewhere; none where it is not called any more.
    pub fn moved_from(&self, party: Party) -> Option<MovedFrom> {
        let Branch { via, sent, .. } = *self.called.iter().find(|branch| branch.party == party)?;
        let forwarded = self.trying.as_ref().and_then(|trying| trying.forwarded).map(|own| own.by);
        Some(MovedFrom { via, sent, forwarded })
    }

    /// True if it was sent elsewhere as often as it may be, or has been at that number already.
    pub fn has_been(&self, name: ServerName, number: Number) -> bool {
        self.moved.count >= MAX_MOVED || self.moved.seen.contains(&(name, number))
    }

    /// The called is elsewhere: the call goes there, or where it goes when a way comes to nothing.
    pub fn goes_on(
        &mut self,
        ways: Result<Vec<Attempt>, Cause>,
        clock: Clock,
        timers: Timers,
        out: &mut Outbox,
    ) {
        self.moved.count += 1;
        let left = self.called.first().copied();
        self.called.clear();
        if let Some(Branch { via: Some(Via::Server(name)), sent, .. }) = left {
            self.moved.seen.push((name, sent));
        }
        let ways = match ways {
            Ok(ways) if !ways.is_empty() => ways,
            Ok(_) => return self.gave_up(Cause::REDIRECTED, Clearer::Gateway, clock, timers, out),
            Err(cause) => return self.gave_up(cause, Clearer::Gateway, clock, timers, out),
        };
        let targets = ways.iter().flat_map(|way| &way.targets);
        self.moved.seen.extend(targets.filter_map(|target| match *target {
            Target::Server { name, number } => Some((name, number)),
            Target::Line(_) | Target::User(_) | Target::Outside { .. } | Target::Back(_) => None,
        }));
        self.turn_is_over(Cause::REDIRECTED);
        let mut before = self.trying.clone().unwrap_or(Attempt::at_once());
        // What was to follow follows the last of them.
        for (place, way) in ways.into_iter().rev().enumerate() {
            let forwards = core::mem::take(&mut before.forwards);
            self.ways.push_front(Attempt {
                patience: before.patience,
                always: place > 0 || before.always,
                forwards: if way.forwards.is_empty() { forwards } else { way.forwards },
                forwarded: way.forwarded.or(before.forwarded),
                turn: before.turn,
                routed: before.routed,
                ..way
            });
        }
        self.next_way(Cause::REDIRECTED, Clearer::Gateway, clock, timers, out);
    }

    /// The caller's server is told where the call goes on, and this one is over.
    pub(super) fn send_on(
        &mut self,
        to: Number,
        forwarded: Option<Forwarded>,
        clock: Clock,
        out: &mut Outbox,
    ) {
        self.called.clear();
        let Some(diverted) = forwarded.as_ref().map(Forwarded::diverter) else {
            return self.end(Cause::NoWay, Clearer::Gateway, clock, out); // only a telephone's forwarding comes here
        };
        self.sent_on = Some(to);
        let call = self.beginning.call;
        out.event(CallEvent::SentOn { call, to });
        self.tell(Side::Caller, Order::SendOn { to, diverted }, out);
        self.end(Cause::Forwarded, Clearer::Gateway, clock, out);
    }
}
