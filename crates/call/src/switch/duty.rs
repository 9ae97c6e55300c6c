//! What the switch does for ports of a special kind: rooms apart, the desk's key, and the daily call that shows that a line can.

use tipring_units::{CallId, Instant, LineId, Millis};

use super::Switch;
use crate::call::Beginning;
use crate::route::{Attempt, Target};
use crate::timers::Owner;
use crate::{Cause, MAX_CALLS, Number, Party, Phone, Priority, RESERVED, Why};

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;
/// The clock is looked at so often: it may be set.
const LOOK_AGAIN: Millis = Millis::from_secs(60);
/// A daily call has to be answered in this time.
const TEST_TIME: Millis = Millis::from_secs(60);

impl Switch {
    /// The telephone on the line that calls.
    pub(super) fn phone_of(&self, caller: Party) -> Option<&Phone> {
        self.setup.phones.iter().find(|phone| Party::Line(phone.line) == caller)
    }

    /// How urgent a call of this party is.
    pub(super) fn urgency(&self, caller: Party) -> Priority {
        match self.phone_of(caller) {
            Some(phone) if phone.duty.priority => Priority::High,
            Some(_) | None => Priority::Normal,
        }
    }

    /// The ways without those that lead from room to room; while no server is up rooms may help themselves.
    pub(super) fn rooms_apart(&self, mut ways: Vec<Attempt>, caller: Party) -> Result<Vec<Attempt>, Cause> {
        if self.is_offline() || !self.phone_of(caller).is_some_and(|phone| phone.duty.closed) {
            return Ok(ways);
        }
        let is_room = |target: &Target| match target {
            Target::Line(line) => self.phone_of(Party::Line(*line)).is_some_and(|phone| phone.duty.closed),
            Target::User(_) | Target::Server { .. } | Target::Outside { .. } | Target::Back(_) => false,
        };
        for way in &mut ways {
            way.targets.retain(|target| !is_room(target));
        }
        ways.retain(|way| !way.targets.is_empty());
        if ways.is_empty() { Err(Cause::Barred) } else { Ok(ways) }
    }

    /// Whom the key for the desk calls.
    pub(super) fn desk_ways(&self, caller: Party, own: Option<LineId>) -> Result<Vec<Attempt>, Cause> {
        let desk = self.phone_of(caller).and_then(|phone| phone.duty.desk).ok_or(Cause::NoWay)?;
        self.map(own).way(desk.to, Number::EMPTY)
    }

    /// Sets the timer of the next daily call.
    pub(super) fn plan_self_test(&mut self) {
        let due = self.next_self_test();
        self.timers.set(Owner::SelfTest, due.map(|at| (at, Why::SelfTest)));
    }

    /// It is time: the telephones of this minute are called for in the order of the configuration, once in it.
    pub(super) fn self_tests(&mut self) {
        let minute = self.minute();
        if self.tested != Some(minute) {
            let due = |phone: &&Phone| phone.duty.self_test.is_some_and(|test| test.minute == minute);
            let lines: Vec<LineId> = self.setup.phones.iter().filter(due).map(|phone| phone.line).collect();
            if !lines.is_empty() {
                self.tested = Some(minute);
            }
            for line in lines {
                self.self_test(line);
            }
        }
        self.plan_self_test();
    }

    fn self_test(&mut self, line: LineId) {
        let caller = Party::Line(line);
        let Some(phone) = self.phone_of(caller).cloned() else { return };
        let Some(test) = phone.duty.self_test else { return };
        let call: CallId = self.out.new_call();
        let ways = if self.calls.len() >= MAX_CALLS - RESERVED {
            Err(Cause::NoRoom)
        } else if self.stopping {
            Err(Cause::Stopping)
        } else {
            self.map(None).way(test.to, Number::EMPTY)
        };
        let timed = |ways: Vec<Attempt>| {
            let patience = crate::route::Patience::For(TEST_TIME);
            ways.into_iter().map(|way| Attempt { patience, ..way }).collect()
        };
        let (from, _) = self.line_identity(caller);
        let beginning = Beginning {
            call,
            caller,
            from,
            came_by: None,
            dialled: Number::EMPTY,
            priority: Priority::Normal,
            data: false,
            two_stage: false,
            outside: false,
            notice: false,
            follows: None,
            ring: None,
            completes: None,
            test: Some(line),
        };
        self.start(beginning, ways.map(timed));
    }

    /// When the next minute begins in which a telephone has its daily call.
    fn next_self_test(&self) -> Option<Instant> {
        let tests = self.setup.phones.iter().filter_map(|phone| phone.duty.self_test);
        self.next_of(tests.map(|test| test.minute), self.tested)
    }

    /// When the next of these minutes of the day begins; the one that goes on counts unless it is `done`. The clock is looked at
    /// in between.
    pub(super) fn next_of(&self, minutes: impl Iterator<Item = u16>, done: Option<u16>) -> Option<Instant> {
        let civil = self.clock.wall.civil(self.setup.offset_minutes);
        let seconds = (u64::from(civil.hour) * 60 + u64::from(civil.minute)) * 60 + u64::from(civil.second);
        let now = seconds * 1000;
        let minute = self.minute();
        let until = |own: u16| match (u64::from(own) * 60_000).checked_sub(now) {
            Some(left) if left > 0 => left,
            Some(_) | None if own == minute && done != Some(own) => 0,
            Some(_) | None => DAY,
        };
        let left = minutes.map(until).min()?;
        let left = Millis(u32::try_from(left).unwrap_or(u32::MAX)).min(LOOK_AGAIN);
        Some(self.clock.now + left)
    }
}
