//! Tests of telephones' lines: each day, and when somebody asks.
//!
//! # How
//! A line that is idle, or whose receiver was forgotten, is told to test itself; what it says is the answer. A daily test whose line
//! is in use, or that somebody's lifting ended, is tried again when the line is idle, for an hour; then it was not made. What a
//! daily test finds wrong stands until a test passes.

use std::collections::{BTreeMap, BTreeSet};

use tipring_port::{LineCommand, LineTest, TestEnd, Verdict};
use tipring_units::{Instant, LineId, Millis};

use super::Switch;
use crate::timers::Owner;
use crate::{Alarm, CallEvent, LineDoing, Phone, Why};

/// A daily test is tried again for so long.
const FOR: Millis = Millis::from_secs(3600);
/// And so often, beside each time that its line becomes idle.
const AGAIN: Millis = Millis::from_secs(60);
/// A test lasts some two seconds; a line that has not answered by then has forgotten it.
const PATIENCE: Millis = Millis::from_secs(15);

/// The tests.
#[derive(Clone, Default, Debug)]
pub(super) struct LineTests {
    /// Lines that are being tested, and when they must have answered.
    running: BTreeMap<LineId, Instant>,
    /// Daily tests that have to be made.
    due: BTreeMap<LineId, Due>,
    /// The minute whose daily tests were begun last.
    begun: Option<u16>,
    /// Lines whose last daily test found something, or was not made.
    wrong: BTreeSet<LineId>,
}

#[derive(Clone, Copy, Debug)]
struct Due {
    /// Not after this.
    until: Instant,
    /// Not before this, unless the line becomes idle.
    again: Instant,
    /// Why not yet.
    last: TestEnd,
}

impl LineTests {
    /// Its daily test waits for the line to be idle.
    pub fn waits_for(&self, line: LineId) -> bool {
        self.due.contains_key(&line)
    }
}

impl Switch {
    /// A new minute: another one's tests were begun.
    pub(super) fn line_test_minute(&mut self, minute: u16) {
        self.line_tests.begun = self.line_tests.begun.filter(|begun| *begun == minute);
        self.plan_line_tests();
    }

    /// Sets the timer of what is to be done next.
    pub(super) fn plan_line_tests(&mut self) {
        let daily = self.setup.phones.iter().filter_map(|phone| phone.duty.line_test);
        let daily = self.next_of(daily, self.line_tests.begun);
        let running = self.line_tests.running.values().copied().min();
        let is_free = |line: &LineId| !self.line_tests.running.contains_key(line);
        let due = self.line_tests.due.iter().filter(|(line, _)| is_free(line));
        let due = due.map(|(_, due)| due.again.min(due.until)).min();
        let at = [daily, running, due].into_iter().flatten().min();
        self.timers.set(Owner::LineTest, at.map(|at| (at, Why::LineTest)));
    }

    /// Lines of another configuration: what is no longer asked for is dropped.
    pub(super) fn line_tests_configured(&mut self) {
        let daily = |line: &LineId| {
            let phone = self.setup.phones.iter().find(|phone| phone.line == *line);
            phone.is_some_and(|phone| phone.duty.line_test.is_some())
        };
        self.line_tests.due.retain(|line, _| daily(line));
        let over: Vec<LineId> = self.line_tests.wrong.iter().copied().filter(|line| !daily(line)).collect();
        for line in over {
            self.line_tests.wrong.remove(&line);
            self.out.alarm(Alarm::LineTestOver(line));
        }
        self.plan_line_tests();
    }

    /// Something is due.
    pub(super) fn line_test_timer(&mut self) {
        let (now, minute) = (self.clock.now, self.minute());
        if self.line_tests.begun.replace(minute) != Some(minute) {
            let is_due = |phone: &&Phone| phone.duty.line_test == Some(minute);
            let due = Due { until: now + FOR, again: now, last: TestEnd::InUse };
            let lines = self.setup.phones.iter().filter(is_due).map(|phone| (phone.line, due));
            self.line_tests.due.extend(lines);
        }
        let silent = self.line_tests.running.iter().filter(|(_, until)| **until <= now);
        for line in silent.map(|(line, _)| *line).collect::<Vec<_>>() {
            self.line_tested(line, Err(TestEnd::Interrupted));
        }
        let due = self.line_tests.due.iter().filter(|(_, due)| due.again <= now || due.until <= now);
        for line in due.map(|(line, _)| *line).collect::<Vec<_>>() {
            self.daily_line_test(line);
        }
        self.plan_line_tests();
    }

    /// A line that a daily test waits for is idle.
    pub(super) fn line_test_freed(&mut self, line: LineId) {
        if self.line_tests.waits_for(line) {
            self.daily_line_test(line);
            self.plan_line_tests();
        }
    }

    /// Somebody wants a line tested.
    pub(super) fn test_line(&mut self, line: LineId) {
        if !self.line_tests.running.contains_key(&line)
            && let Err(end) = self.begin_line_test(line)
        {
            self.out.event(CallEvent::LineTested { line, outcome: Err(end) });
        }
        self.plan_line_tests();
    }

    /// A line has answered.
    pub(super) fn line_tested(&mut self, line: LineId, outcome: Result<LineTest, TestEnd>) {
        self.line_tests.running.remove(&line);
        self.out.event(CallEvent::LineTested { line, outcome });
        match outcome {
            Ok(test) => {
                let daily = self.line_tests.due.remove(&line).is_some();
                match test.whole() {
                    Verdict::Passed => {
                        if self.line_tests.wrong.remove(&line) {
                            self.out.alarm(Alarm::LineTestPassed(line));
                        }
                    }
                    Verdict::Failed if daily => {
                        self.line_tests.wrong.insert(line);
                        self.out.alarm(Alarm::LineTestFailed(line, test));
                    }
                    Verdict::Failed | Verdict::NotMeasured => {}
                }
            }
            Err(end) => {
                if let Some(due) = self.line_tests.due.get_mut(&line) {
                    (due.again, due.last) = (self.clock.now + AGAIN, end);
                }
            }
        }
        self.plan_line_tests();
    }

    fn daily_line_test(&mut self, line: LineId) {
        let Some(due) = self.line_tests.due.get(&line).copied() else { return };
        let now = self.clock.now;
        if self.line_tests.running.contains_key(&line) {
            return; // its answer will do
        }
        if due.until <= now {
            self.line_tests.due.remove(&line);
            self.line_tests.wrong.insert(line);
            self.out.alarm(Alarm::LineTestMissed(line, due.last));
        } else if let Err(last) = self.begin_line_test(line) {
            self.line_tests.due.insert(line, Due { again: now + AGAIN, last, ..due });
        }
    }

    fn begin_line_test(&mut self, line: LineId) -> Result<(), TestEnd> {
        let side = self.lines.get(&line).ok_or(TestEnd::OutOfService)?;
        if side.outside().is_some() {
            return Err(TestEnd::Outside);
        }
        if self.stopping {
            return Err(TestEnd::Interrupted);
        }
        match side.doing() {
            LineDoing::Idle | LineDoing::Parked => {}
            LineDoing::OutOfService => return Err(TestEnd::OutOfService),
            LineDoing::Ringing
            | LineDoing::Dialling
            | LineDoing::Waiting
            | LineDoing::Talking
            | LineDoing::Told
            | LineDoing::InUse
            | LineDoing::Releasing => return Err(TestEnd::InUse),
        }
        self.out.line(line, side.epoch(), LineCommand::Test);
        self.line_tests.running.insert(line, self.clock.now + PATIENCE);
        Ok(())
    }
}
