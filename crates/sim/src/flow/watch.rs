//! Watching for what a statement expects.

use core::fmt;
use core::time::Duration;

use tipring_media::Processing;
use tipring_units::{Instant, Millis};

use super::expect::{Always, Expectation, Mode, fits};
use crate::lab::Place;
use crate::plant;
use crate::world::World;

/// An ear dates a sound back to where it began; that the bell has stopped is known when the longest pause is over.
const LAG: Millis = Millis(8000);
/// A fact may be dated this long before the statement that it belongs to.
const SLACK: Millis = Millis(50);
/// Ringing on a closed loop for this long breaks the rule.
const TRIP: Millis = Millis(200);

/// What has become of an expectation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It is waited for.
    Pending,
    /// It has come, and has to last until then.
    Lasting(Instant),
    /// It is true.
    Met,
    /// It is not.
    Failed,
}

/// An expectation that is watched.
#[derive(Clone, Debug)]
pub struct Watch {
    /// What is expected.
    pub expectation: Expectation,
    /// Facts from here on count.
    pub started: Instant,
    /// Times count from here: when its statement's telephones had done what they were told.
    pub since: Instant,
    /// Telephones that have something to do in its statement.
    pub phones: Vec<Place>,
    /// What has become of it.
    pub state: State,
    /// The next fact to look at.
    next: usize,
    leeway: Millis,
}

impl Watch {
    /// Watches from now on; facts before `next` do not count.
    pub fn new(
        expectation: Expectation,
        started: Instant,
        since: Instant,
        next: usize,
        leeway: Millis,
    ) -> Self {
        Self { expectation, started, since, phones: Vec::new(), state: State::Pending, next, leeway }
    }

    /// True if it is decided.
    pub fn is_decided(&self) -> bool {
        matches!(self.state, State::Met | State::Failed)
    }

    /// When it has to be looked at again although nothing happens.
    pub fn deadline(&self) -> Instant {
        match (&self.state, &self.expectation.mode) {
            (State::Lasting(until), _) => *until + LAG,
            (_, Mode::Comes(within, _)) => self.since + *within + self.leeway + LAG,
            (_, Mode::Never(time) | Mode::Still(time)) => self.since + *time,
            (_, Mode::Idle(within)) => self.since + *within + self.leeway,
        }
    }

    /// Looks at what has happened since the last time.
    pub fn look<A: Processing + plant::Fidelity>(&mut self, world: &World<A>) {
        if self.is_decided() {
            return;
        }
        let now = world.now();
        self.phones.retain(|place| world.is_phone_busy(*place));
        if !self.phones.is_empty() {
            self.since = now;
        }
        match self.expectation.mode.clone() {
            Mode::Idle(_) => {
                if world.is_idle() {
                    self.state = State::Met;
                }
            }
            Mode::Still(time) => {
                let words = self.expectation.words.join(" ");
                let is_heard = world.hearing().contains(&(self.expectation.who.clone(), words));
                if !is_heard {
                    self.state = State::Failed;
                } else if now >= self.since + time {
                    self.state = State::Met;
                }
            }
            Mode::Never(time) => {
                self.scan(world, |watch, at| {
                    if at <= watch.since + time {
                        watch.state = State::Failed;
                    }
                });
                if self.state == State::Pending && now >= self.since + time {
                    self.state = State::Met;
                }
            }
            Mode::Comes(within, lasts) => self.look_for(world, within, lasts),
        }
        if !self.is_decided() && now > self.deadline() {
            self.state = State::Failed;
        }
    }

    fn look_for<A: Processing + plant::Fidelity>(
        &mut self,
        world: &World<A>,
        within: Millis,
        lasts: Option<Millis>,
    ) {
        let now = world.now();
        self.scan(world, |watch, at| {
            if watch.state == State::Pending && at <= watch.since + within + watch.leeway {
                watch.state = lasts.map_or(State::Met, |lasts| State::Lasting(at + lasts));
            }
        });
        let State::Lasting(until) = self.state else { return };
        // whatever else its subject hears in the meantime ends it
        let verb = self.expectation.words.first().cloned().unwrap_or_default();
        let began = until.since(Instant::ZERO).saturating_sub(lasts.unwrap_or_default().into());
        let others = world.facts().all().iter().filter(|fact| {
            fact.who == self.expectation.who
                && fact.words.split(' ').next() == Some(verb.as_str())
                && !fits(&self.expectation.words, &fact.words)
                && fact.at.since(Instant::ZERO) > began + Duration::from_millis(u64::from(self.leeway.0))
                && fact.at < until
        });
        if others.count() > 0 {
            self.state = State::Failed;
        } else if now >= until {
            self.state = State::Met;
        }
    }

    fn scan<A: Processing + plant::Fidelity>(
        &mut self,
        world: &World<A>,
        mut found: impl FnMut(&mut Self, Instant),
    ) {
        let facts = world.facts().all();
        while let Some(fact) = facts.get(self.next) {
            self.next += 1;
            if fact.who == self.expectation.who
                && fact.at + SLACK >= self.started
                && fits(&self.expectation.words, &fact.words)
            {
                found(self, fact.at);
                if self.is_decided() {
                    return;
                }
            }
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.words.join(" ");
        match &self.mode {
            Mode::Comes(within, None) => write!(f, "{} {words} within {within}", self.who),
            Mode::Comes(within, Some(lasts)) => write!(f, "{} {words} within {within} for {lasts}", self.who),
            Mode::Never(time) => write!(f, "{} never {words} for {time}", self.who),
            Mode::Still(time) => write!(f, "{} still {words} for {time}", self.who),
            Mode::Idle(within) => write!(f, "{} is idle within {within}", self.who),
        }
    }
}

/// A rule that holds throughout.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The rule.
    pub rule: Always,
    next: usize,
    closed_since: Option<Instant>,
}

impl Guard {
    /// Watches a rule.
    pub const fn new(rule: Always) -> Self {
        Self { rule, next: 0, closed_since: None }
    }

    /// The line of the flow and what was broken, if it was.
    pub fn look<A: Processing + plant::Fidelity>(&mut self, world: &mut World<A>) -> Option<(usize, String)> {
        match &self.rule {
            Always::Never { line, who, words } => {
                let facts = world.facts().all();
                while let Some(fact) = facts.get(self.next) {
                    self.next += 1;
                    if fact.who == *who && fits(words, &fact.words) {
                        return Some((*line, format!("{who} never {}, always", words.join(" "))));
                    }
                }
                None
            }
            Always::NoRingOffHook { line, of } => {
                let now = world.now();
                let is_rung = world.is_rung(*of);
                let lifted = (0..plant::MAX_PHONES as u8).any(|phone| {
                    let place = Place { line: *of, phone };
                    world.lab().phone(place).is_some_and(|phone| phone.is_lifted() && phone.is_plugged())
                });
                if !(lifted && is_rung) {
                    self.closed_since = None;
                    return None;
                }
                let since = *self.closed_since.get_or_insert(now);
                (now.since(since) > TRIP.into())
                    .then(|| (*line, format!("line {} never rings while off-hook, always", of.0 + 1)))
            }
        }
    }
}
