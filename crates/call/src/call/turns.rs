//! How a call goes through a group: whose turn it is, another round, and where it overflows.

use super::Call;
use crate::outbox::Outbox;
use crate::route::Turn;
use crate::{CallEvent, Cause, Destination, ForwardWhen, Number};

impl Call {
    /// The group by which the call goes or went, and its member where one rings at a time.
    pub fn group(&self) -> Option<(Number, Option<Destination>)> {
        match self.trying.as_ref()?.turn? {
            Turn::Member { group, member } => Some((group, member)),
            Turn::Round | Turn::End { .. } => None,
        }
    }

    /// What is tried comes to nothing: whether a member of a group had rung.
    pub(super) fn turn_is_over(&mut self, cause: Cause) {
        if self.group().is_some() {
            self.group_rang |= self.rang || cause == Cause::NO_ANSWER;
        }
    }

    /// Goes past the ends of rounds and of groups that come next. What the last way came to, as the caller is to be told.
    pub(super) fn pass_turns(&mut self, mut last: Cause, out: &mut Outbox) -> Cause {
        loop {
            match self.ways.front().and_then(|way| way.turn) {
                None | Some(Turn::Member { .. }) => return last,
                Some(Turn::Round) => {
                    self.ways.pop_front();
                    // Those who were busy in one round are so in the next, which comes in the same moment.
                    while !self.group_rang && self.ways.front().is_some_and(|way| !way.ends_group()) {
                        self.ways.pop_front();
                    }
                }
                Some(Turn::End { group, busy, no_answer }) => {
                    let rang = core::mem::take(&mut self.group_rang);
                    let when = if rang { ForwardWhen::NoAnswer } else { ForwardWhen::Busy };
                    last = if rang { no_answer } else { busy };
                    let end = self.ways.pop_front();
                    let forwards = end.into_iter().flat_map(|end| end.forwards);
                    let ways = forwards.filter(|(own, _)| *own == when).flat_map(|(_, ways)| ways);
                    let ways: Vec<_> = ways.collect();
                    if !ways.is_empty() {
                        out.event(CallEvent::Overflow { call: self.beginning.call, group, when });
                    }
                    for way in ways.into_iter().rev() {
                        self.ways.push_front(way);
                    }
                }
            }
        }
    }
}
