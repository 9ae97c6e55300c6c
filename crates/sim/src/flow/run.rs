//! Running a flow.

use core::fmt;

use tipring_media::Processing;
use tipring_port::{Samples, Symbols, Tone};
use tipring_units::{Instant, Millis};

use super::action::Action;
use super::expect::{Expectation, Mode};
use super::ladder::{Ladder, Rung, TOLERANCE};
use super::site::{peer_address, world_of};
use super::subject::Subject;
use super::text::FlowError;
use super::watch::{Guard, State, Watch};
use super::{Deed, Flow, Statement};
use crate::lab::Place;
use crate::plant;
use crate::world::{Fact, GATEWAY, Rank, World};

/// From the moment at which a statement has come true to the next one.
pub const PACE: Millis = Millis(100);
/// The same where a telephone was to hear a tone: so long one listens to know it by its cadence.
pub const LISTENING: Millis = Millis(2600);
/// The same for a steady tone.
const STEADY: Millis = Millis(2000);
/// Virtual time of a flow, at the most.
pub const MAX_RUN: Millis = Millis::from_secs(48 * 3600);
/// From power-on to the first statement: lines settle, accounts register.
const PROLOGUE: Millis = Millis(1000);
/// What is run on after the last statement.
const EPILOGUE: Millis = Millis(500);
/// A statement's telephones are waited for this long.
const BUSY: Millis = Millis::from_secs(120);
/// Rungs of the ladder that a failure shows.
const SHOWN: usize = 12;

/// What is simulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fidelity {
    /// Names of sounds; idle time is skipped.
    Signal,
    /// True samples.
    Audio,
}

/// An expectation that did not come true.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The line of the flow.
    pub line: usize,
    /// What was expected.
    pub expected: String,
    /// What was seen instead: the last rungs.
    pub seen: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected: {}\n   seen:\n{}", self.line, self.expected, self.seen)
    }
}

/// What came of a flow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlowReport {
    /// The ladder.
    pub ladder: Ladder,
    /// What did not come true; the run ends with the first.
    pub failures: Vec<Failure>,
    /// Virtual time that went by.
    pub length: Instant,
}

/// When each statement began, and the end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Schedule {
    starts: Vec<Instant>,
    end: Instant,
}

/// Runs a flow. `seed` takes the place of the flow's own.
pub fn run_flow(text: &str, fidelity: Fidelity, seed: Option<u64>) -> Result<FlowReport, FlowError> {
    let flow = Flow::parse(text)?;
    let (report, schedule) = run::<Symbols>(&flow, seed, None)?;
    if fidelity == Fidelity::Signal || !report.failures.is_empty() {
        return Ok(report);
    }
    Ok(run::<Samples>(&flow, seed, Some(&schedule))?.0)
}

fn run<A: Processing + plant::Fidelity>(
    flow: &Flow,
    seed: Option<u64>,
    given: Option<&Schedule>,
) -> Result<(FlowReport, Schedule), FlowError> {
    let spec = world_of(&flow.head, seed.unwrap_or(flow.head.seed)).map_err(|what| FlowError {
        line: 1,
        column: 1,
        what: format!("the head makes no gateway: {what}"),
        remedy: "Change the head.".to_owned(),
    })?;
    let mut world: World<A> = World::new(&spec);
    for (place, server) in flow.head.servers.iter().enumerate() {
        if server.asks {
            // a far end that has just been made takes every order
            let _ = world.order(place, crate::peer::Order::Asks(true));
        }
    }
    let mut runner = Runner {
        world,
        watches: Vec::new(),
        guards: flow.always.iter().cloned().map(Guard::new).collect(),
        failures: Vec::new(),
        statements: Vec::new(),
        schedule: Schedule::default(),
        leeway: if given.is_some() { TOLERANCE } else { Millis::ZERO },
        looked: 0,
        last_deed: (Instant::ZERO, 0),
    };
    runner.play(flow, given);
    Ok(runner.finish())
}

struct Runner<A: Processing + plant::Fidelity> {
    world: World<A>,
    watches: Vec<Watch>,
    guards: Vec<Guard>,
    failures: Vec<Failure>,
    statements: Vec<(Instant, String)>,
    schedule: Schedule,
    leeway: Millis,
    looked: usize,
    /// When the last statement with a deed began, and how many facts there were.
    last_deed: (Instant, usize),
}

impl<A: Processing + plant::Fidelity> Runner<A> {
    fn play(&mut self, flow: &Flow, given: Option<&Schedule>) {
        let mut next = Instant::ZERO + PROLOGUE;
        for (place, statement) in flow.statements.iter().enumerate() {
            let last = self.schedule.starts.last().copied();
            let start = match (given.and_then(|given| given.starts.get(place)), statement.together, last) {
                (Some(start), _, _) => *start,
                (None, true, Some(last)) => last,
                (None, _, _) => next,
            };
            if !self.run_to(start) {
                return;
            }
            self.schedule.starts.push(start);
            self.begin(statement, start);
            if given.is_none() && self.failures.is_empty() {
                next = self.complete(statement, flow.statements.get(place + 1));
            }
            if !self.failures.is_empty() {
                return;
            }
        }
        let end = given.map_or(self.world.now() + EPILOGUE, |given| given.end);
        if !self.run_to(end) {
            return;
        }
        self.schedule.end = end;
        // what is still waited for has its time
        while self.failures.is_empty() && self.watches.iter().any(|watch| !watch.is_decided()) {
            self.step(Instant::from_nanos(u64::MAX));
        }
        self.check_records();
    }

    /// Each call that is over has one record.
    fn check_records(&mut self) {
        let is_end = |fact: &&Fact| fact.who.starts_with("call ") && fact.words.starts_with("cleared ");
        let over = self.world.facts().all().iter().filter(is_end).count();
        let records = self.world.records().len();
        if self.failures.is_empty() && over != records {
            self.fail(0, format!("a record for each of {over} calls, not {records}"));
        }
    }

    fn begin(&mut self, statement: &Statement, start: Instant) {
        let text = if statement.text.is_empty() { "...".to_owned() } else { statement.text.clone() };
        self.statements.push((start, text));
        let Deed::Do(actions) = &statement.deed else { return };
        if !actions.is_empty() {
            self.last_deed = (start, self.world.facts().all().len());
        }
        // what only expects goes on where the last deed left off
        let (since, first) = self.last_deed;
        for expectation in &statement.expects {
            let (since, first) = match expectation.mode {
                Mode::Never(_) => (start, self.world.facts().all().len()),
                Mode::Comes(..) | Mode::Still(_) | Mode::Idle(_) => (since, first),
            };
            let mut watch = Watch::new(expectation.clone(), since, start, first, self.leeway);
            watch.phones = phones_of(statement);
            self.watches.push(watch);
        }
        for action in actions {
            if let Err(why) = self.act(action) {
                let expected = format!("{} can be done, but {why}", statement.text);
                self.fail(statement.line, expected);
                return;
            }
        }
    }

    fn act(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Phone(place, action) => {
                self.world.act(*place, action.clone()).map_err(|why| why.to_string())
            }
            Action::Peer(place, order) => {
                self.world.order(*place, order.clone()).map_err(|why| why.to_string())
            }
            Action::Exchange(line, order) => {
                self.world.office(*line, order.clone()).map_err(|why| why.to_string())
            }
            Action::Subscriber(place, deed) => {
                self.world.subscriber(*place, deed.clone()).map_err(|why| why.to_string())
            }
            Action::Fault(fault) => {
                self.world.fault(*fault);
                Ok(())
            }
            Action::Drop(word, to, count) => {
                let host = to.map(|to| match to {
                    Subject::Peer(place) => peer_address(place).ip(),
                    _ => GATEWAY.ip(),
                });
                if self.world.network().drop_next(word, host, *count) {
                    Ok(())
                } else {
                    Err("too much is dropped already".to_owned())
                }
            }
        }
    }

    /// Waits for a statement to come true; when the next one may begin.
    fn complete(&mut self, statement: &Statement, next: Option<&Statement>) -> Instant {
        let start = self.world.now();
        if next.is_some_and(|next| next.together) {
            return start;
        }
        if let Deed::Wait(length) = statement.deed {
            let until = start + length;
            while self.failures.is_empty() && (self.world.now() < until || !self.all_decided()) {
                self.step(until.max(self.world.now() + Millis(10)));
            }
            return self.world.now();
        }
        let busy_until = start + BUSY;
        let phones = phones_of(statement);
        loop {
            let is_busy = phones.iter().any(|place| self.world.is_phone_busy(*place));
            let waits = is_busy && self.world.now() < busy_until;
            if !self.failures.is_empty() || (self.all_decided() && !waits) {
                break;
            }
            let limit = if waits { self.world.now() + Millis(10) } else { Instant::from_nanos(u64::MAX) };
            self.step(limit);
        }
        let waits = next.is_some_and(|next| matches!(next.deed, Deed::Wait(_)));
        let pace = statement.expects.iter().map(pace_after).max().unwrap_or(PACE);
        if waits { self.world.now() } else { self.world.now() + pace }
    }

    fn all_decided(&self) -> bool {
        self.watches.iter().all(Watch::is_decided)
    }

    fn run_to(&mut self, until: Instant) -> bool {
        while self.world.now() < until && self.failures.is_empty() {
            self.step(until);
        }
        self.failures.is_empty()
    }

    /// One step of the world, and a look at everything that is watched.
    fn step(&mut self, limit: Instant) {
        let waits = self.watches.iter().filter(|watch| !watch.is_decided());
        let deadline = waits.map(Watch::deadline).min().map(|at| at + Millis(1));
        let now = self.world.now();
        let limit = deadline.map_or(limit, |deadline| deadline.min(limit)).max(now);
        let limit = limit.min(now + Millis::from_secs(3600));
        self.world.advance(limit);
        for place in 0..self.watches.len() {
            let watch = &mut self.watches[place];
            watch.look(&self.world);
            if watch.state == State::Failed {
                let (line, expected) = (watch.expectation.line, watch.expectation.to_string());
                self.fail(line, expected);
            }
        }
        self.watches.retain(|watch| !watch.is_decided());
        let changed = self.world.facts().all().len() != self.looked;
        self.looked = self.world.facts().all().len();
        let mut broken = Vec::new();
        for guard in &mut self.guards {
            if changed || matches!(guard.rule, super::Always::NoRingOffHook { .. }) {
                broken.extend(guard.look(&mut self.world));
            }
        }
        for (line, expected) in broken {
            self.fail(line, expected);
        }
        if self.world.now() > Instant::ZERO + MAX_RUN {
            self.fail(0, format!("the flow ends within {MAX_RUN}"));
        }
    }

    fn fail(&mut self, line: usize, expected: String) {
        let ladder = self.ladder(true);
        let first = ladder.rungs.len().saturating_sub(SHOWN);
        let seen = Ladder { rungs: ladder.rungs[first..].to_vec() }.to_text();
        self.failures.push(Failure { line, expected, seen });
    }

    fn ladder(&self, with_asides: bool) -> Ladder {
        let mut rungs: Vec<(Instant, usize, Rung)> = Vec::new();
        for (at, text) in &self.statements {
            rungs.push((*at, 0, Rung { at: *at, who: String::new(), words: text.clone() }));
        }
        for (place, fact) in self.world.facts().all().iter().enumerate() {
            if fact.rank == Rank::Ladder || with_asides {
                let rung = Rung { at: fact.at, who: fact.who.clone(), words: fact.words.clone() };
                rungs.push((fact.at, place + 1, rung));
            }
        }
        // what an ear tells is dated back to where it began
        rungs.sort_by_key(|(at, place, _)| (at.as_millis(), *place));
        Ladder { rungs: rungs.into_iter().map(|(_, _, rung)| rung).collect() }
    }

    fn finish(self) -> (FlowReport, Schedule) {
        let ladder = self.ladder(false);
        (FlowReport { ladder, failures: self.failures, length: self.world.now() }, self.schedule)
    }
}

/// How long one listens before one goes on.
fn pace_after(expectation: &Expectation) -> Millis {
    let Some(word) = expectation.words.get(1).filter(|_| expectation.words[0] == "hears") else {
        return PACE;
    };
    match Tone::ALL.into_iter().find(|tone| tone.word() == word) {
        // a steady tone is known by having no pause
        Some(Tone::Dial) => STEADY,
        Some(_) => LISTENING,
        None => PACE,
    }
}

fn phones_of(statement: &Statement) -> Vec<Place> {
    let Deed::Do(actions) = &statement.deed else { return Vec::new() };
    let mut phones = Vec::new();
    for action in actions {
        if let Action::Phone(place, _) = action
            && !phones.contains(place)
        {
            phones.push(*place);
        }
    }
    phones
}
