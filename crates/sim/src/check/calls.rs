//! Calls = records: one of each, and their times in order.

use std::collections::BTreeMap;

use tipring_call::{CallEvent, CallRecord};
use tipring_units::{CallId, Instant, Millis};

/// Calls that are remembered, at the most; a gateway has no more.
pub const MAX_KNOWN: usize = 8192;
/// Between the event and the record.
const RECORDED_WITHIN: Millis = Millis(1000);
/// By how much the length in a record may differ from what was seen.
const LEEWAY: Millis = Millis(20);

#[derive(Clone, Copy, Debug)]
struct Call {
    began: Instant,
    answered: Option<Instant>,
    cleared: Option<Instant>,
    /// Jumps of the calendar when it began.
    jumps: u32,
}

/// How often features were used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Star codes that were done.
    pub codes: u64,
    /// Calls that were forwarded, or that a group did not take.
    pub forwarded: u64,
    /// Calls that waited while their called talked.
    pub waited: u64,
    /// Conferences.
    pub conferences: u64,
    /// Calls that were handed on, joined here or sent elsewhere.
    pub handed_on: u64,
}

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    open: BTreeMap<CallId, Call>,
    last: Option<CallId>,
    jumps: u32,
    created: u64,
    answered: u64,
    used: Used,
}

impl Calls {
    /// Calls so far.
    pub const fn created(&self) -> u64 {
        self.created
    }

    /// Calls that were answered.
    pub const fn answered(&self) -> u64 {
        self.answered
    }

    /// How often features were used.
    pub const fn used(&self) -> Used {
        self.used
    }

    /// Calls without a record.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// The calendar was set: times in records of calls that go on need not be in order.
    pub const fn calendar_jumped(&mut self) {
        self.jumps += 1;
    }

    /// The journal tells of a call.
    pub fn event(&mut self, now: Instant, event: &CallEvent, wrong: &mut Vec<String>) {
        match *event {
            CallEvent::Created { call, .. } => {
                let fresh = Call { began: now, answered: None, cleared: None, jumps: self.jumps };
                if self.last.is_some_and(|last| last >= call) || self.open.insert(call, fresh).is_some() {
                    wrong.push(format!("call {} began twice", call.0));
                }
                self.last = Some(call);
                self.created += 1;
                if self.open.len() > MAX_KNOWN {
                    self.open.pop_first();
                    wrong.push(format!("more than {MAX_KNOWN} calls are open"));
                }
            }
            CallEvent::Answered(call) => match self.open.get_mut(&call) {
                Some(known) => {
                    self.answered += u64::from(known.answered.is_none());
                    known.answered.get_or_insert(now);
                }
                None => wrong.push(format!("call {} was answered and never began", call.0)),
            },
            CallEvent::Cleared { call, .. } => match self.open.get_mut(&call) {
                Some(known) if known.cleared.is_none() => known.cleared = Some(now),
                Some(_) => wrong.push(format!("call {} was cleared twice", call.0)),
                None => {} // its record came first
            },
            CallEvent::Forwarded { .. } | CallEvent::Overflow { .. } => self.used.forwarded += 1,
            CallEvent::Waits { .. } => self.used.waited += 1,
            CallEvent::Conference { .. } => self.used.conferences += 1,
            CallEvent::Joined { .. } | CallEvent::Transfers { with: None, .. } => self.used.handed_on += 1,
            CallEvent::Feature { done, .. } => self.used.codes += u64::from(done),
            CallEvent::Routed { .. }
            | CallEvent::SentOn { .. }
            | CallEvent::Moved { .. }
            | CallEvent::Parked { .. }
            | CallEvent::PickedUp { .. }
            | CallEvent::Traced { .. }
            | CallEvent::Opened(_)
            | CallEvent::Walked { .. }
            | CallEvent::SelfTest { .. }
            | CallEvent::LineTested { .. }
            | CallEvent::Alerting(_)
            | CallEvent::EarlyMedia(_)
            | CallEvent::Held { .. }
            | CallEvent::Resumed { .. }
            | CallEvent::Recalled { .. }
            | CallEvent::Transfers { with: Some(_), .. }
            | CallEvent::Referred { .. }
            | CallEvent::TransferEnded { .. }
            | CallEvent::EmergencyNotice { .. }
            | CallEvent::PassedThrough { .. }
            | CallEvent::Line { .. }
            | CallEvent::Seized(_)
            | CallEvent::Dialled { .. }
            | CallEvent::Abandoned { .. } => {}
        }
    }

    /// A record came out.
    pub fn record(&mut self, now: Instant, record: &CallRecord, wrong: &mut Vec<String>) {
        let number = record.call.0;
        let Some(known) = self.open.remove(&record.call) else {
            wrong.push(format!("a record of call {number}, which is not open"));
            return;
        };
        if known.jumps == self.jumps {
            let times = [Some(record.started), record.answered, Some(record.ended)];
            let times: Vec<_> = times.into_iter().flatten().collect();
            if times.windows(2).any(|pair| pair[0] > pair[1]) {
                wrong.push(format!("call {number}: the times in its record are not in order"));
            }
        }
        if record.answered.is_some() != known.answered.is_some() {
            wrong.push(format!("call {number}: answered or not, its record says the opposite"));
        }
        let talked = known.answered.map_or(0, |answered| now.since(answered).as_millis());
        let said = record.talked.as_millis();
        if said.abs_diff(talked) > u128::from(LEEWAY.0) {
            wrong.push(format!("call {number}: its record says {said} ms of talk, it was {talked} ms"));
        }
    }

    /// Looks for calls that were cleared and have no record.
    pub fn look(&mut self, now: Instant, wrong: &mut Vec<String>) {
        self.open.retain(|call, known| {
            let late = known.cleared.is_some_and(|at| now >= at + RECORDED_WITHIN);
            if late {
                wrong.push(format!("call {} was cleared and has no record", call.0));
            }
            !late
        });
    }

    /// All have hung up: no call may be open.
    pub fn quiesced(&mut self, now: Instant, wrong: &mut Vec<String>) {
        for (call, known) in core::mem::take(&mut self.open) {
            let since = now.since(known.began).as_secs();
            wrong.push(format!("call {} began {since} s ago and is not over", call.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use tipring_call::{Cause, Clearer, Identity, Party, Priority};
    use tipring_port::Text;
    use tipring_units::{LineId, WallTime};

    use super::*;

    fn created(call: u64) -> CallEvent {
        CallEvent::Created {
            call: CallId(call),
            from: Party::Line(LineId(0)),
            shown: Identity::new("101", ""),
            dialled: Text::new("102"),
            priority: Priority::Normal,
        }
    }

    fn record(call: u64, answered: Option<u64>, ended: u64, talked: u64) -> CallRecord {
        CallRecord {
            call: CallId(call),
            caller: Party::Line(LineId(0)),
            from: Identity::new("101", ""),
            came_by: None,
            dialled: Text::new("102"),
            sent: Text::EMPTY,
            called: None,
            went_by: None,
            started: WallTime(0),
            answered: answered.map(|millis| WallTime(millis * 1000)),
            ended: WallTime(ended * 1000),
            talked: Duration::from_millis(talked),
            cause: Cause::NORMAL,
            by: Clearer::Gateway,
            priority: Priority::Normal,
            data: false,
            quality: None,
        }
    }

    /// A call from 0 to 9 s, answered at 4 s, and this record of it.
    fn judged(record: &CallRecord) -> Vec<String> {
        let (mut calls, mut wrong) = (Calls::default(), Vec::new());
        calls.event(Instant::ZERO, &created(1), &mut wrong);
        calls.event(Instant::from_millis(4000), &CallEvent::Answered(CallId(1)), &mut wrong);
        let cleared = CallEvent::Cleared { call: CallId(1), cause: Cause::NORMAL, by: Clearer::Gateway };
        calls.event(Instant::from_millis(9000), &cleared, &mut wrong);
        calls.record(Instant::from_millis(9000), record, &mut wrong);
        calls.quiesced(Instant::from_millis(9000), &mut wrong);
        wrong
    }

    #[test]
    fn a_record_that_does_not_fit_its_call_is_seen() {
        assert!(judged(&record(1, Some(4000), 9000, 5000)).is_empty());
        assert_eq!(judged(&record(1, Some(4000), 3000, 5000)).len(), 1, "ended before the answer");
        assert_eq!(judged(&record(1, Some(4000), 9000, 4000)).len(), 1, "talked too little");
        assert_eq!(judged(&record(1, None, 9000, 5000)).len(), 1, "not answered");
        assert_eq!(judged(&record(2, Some(4000), 9000, 5000)).len(), 2, "of another call");
    }

    #[test]
    fn a_call_without_record_and_one_that_begins_twice_are_seen() {
        let (mut calls, mut wrong) = (Calls::default(), Vec::new());
        calls.event(Instant::ZERO, &created(1), &mut wrong);
        let cleared = CallEvent::Cleared { call: CallId(1), cause: Cause::NORMAL, by: Clearer::Gateway };
        calls.event(Instant::ZERO, &cleared, &mut wrong);
        calls.look(Instant::from_millis(2000), &mut wrong);
        assert_eq!(wrong.len(), 1);
        calls.event(Instant::ZERO, &created(1), &mut wrong);
        assert_eq!(wrong.len(), 2);
    }
}
