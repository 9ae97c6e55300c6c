//! An exchange's line circuit: what it feeds at every sample, and what it sounds.
//!
//! # What it does
//! Holds the polarity, plans changes of the feed exact to the sample, and plays one score at a time.
//!
//! # How
//! A queue of feeds with their samples; a fault lies over what the queue gives.
//!
//! # Limits
//! [`MAX_PLANNED`] changes ahead; one that finds no room is made at once.
//!
//! # Standard
//! None.

use std::collections::VecDeque;

use tipring_port::{Feed, LoopStart, RingSpec};
use tipring_units::{Hz, Millis};

use super::score::Score;
use super::sounder::Sounder;
use crate::plant::Fidelity;

/// Changes of the feed that are planned ahead, at the most.
pub const MAX_PLANNED: usize = 32;

/// One line circuit.
#[derive(Clone, Debug)]
pub struct Face {
    start: LoopStart,
    /// The line is not in use: with ground start its tip is open.
    resting: bool,
    reversed: bool,
    feed: Feed,
    planned: VecDeque<(u64, Feed)>,
    dead: bool,
    open_until: u64,
    score: Option<Score>,
    sounder: Sounder,
}

impl Face {
    /// A line at rest.
    pub fn new(start: LoopStart) -> Self {
        let mut face = Self {
            start,
            resting: true,
            reversed: false,
            feed: Feed::Open,
            planned: VecDeque::new(),
            dead: false,
            open_until: 0,
            score: None,
            sounder: Sounder::default(),
        };
        face.feed = face.base();
        face
    }

    /// What the line is fed while nothing special is.
    pub const fn base(&self) -> Feed {
        match (self.resting, self.start, self.reversed) {
            (true, LoopStart::Ground, _) => Feed::TipOpen,
            (_, _, false) => Feed::Normal,
            (_, _, true) => Feed::Reversed,
        }
    }

    /// The line comes into use or to rest; whatever was planned is forgotten.
    pub fn rest(&mut self, resting: bool) {
        self.resting = resting;
        if resting {
            self.reversed = false;
            self.score = None;
        }
        self.settle();
    }

    /// Feeds what the line is fed while nothing special is.
    pub fn settle(&mut self) {
        self.planned.clear();
        self.feed = self.base();
    }

    /// The polarity from now on.
    pub fn reverse(&mut self, reversed: bool) {
        self.reversed = reversed;
        self.settle();
    }

    /// True if the polarity is reversed.
    pub const fn is_reversed(&self) -> bool {
        self.reversed
    }

    /// Feeds something for a while from a sample on.
    pub fn pulse(&mut self, at: u64, feed: Feed, length: Millis) {
        self.plan(at, feed);
        self.plan(at + length.samples().0, self.base());
    }

    /// A burst of ringing from a sample on.
    pub fn burst(&mut self, at: u64, ringing: &RingSpec, length: Millis) {
        self.pulse(at, Feed::Ringing { frequency: ringing.frequency, level: ringing.level }, length);
    }

    /// A metering pulse.
    pub fn meter(&mut self, at: u64, frequency: Hz, length: Millis) {
        self.pulse(at, Feed::Metering { frequency, reversed: self.reversed }, length);
    }

    /// True while the line is dead.
    pub const fn is_dead(&self) -> bool {
        self.dead
    }

    /// The line is dead from now on, or alive again.
    pub fn kill(&mut self, dead: bool) {
        self.dead = dead;
    }

    /// The loop is broken until this sample, whatever the exchange does.
    pub fn cut(&mut self, until: u64) {
        self.open_until = until;
    }

    /// What is fed at a sample.
    pub fn feed(&mut self, at: u64) -> Feed {
        while let Some((_, feed)) = self.planned.front().filter(|(from, _)| *from <= at) {
            self.feed = *feed;
            self.planned.pop_front();
        }
        if self.dead || at < self.open_until { Feed::Open } else { self.feed }
    }

    /// True if nothing will change by itself.
    pub fn is_resting(&self, now: u64) -> bool {
        self.resting && self.planned.is_empty() && self.score.is_none() && now >= self.open_until
    }

    /// Plays a score from the next tick on.
    pub fn play(&mut self, score: Score) {
        self.score = Some(score);
    }

    /// Plays nothing any more.
    pub fn hush(&mut self) {
        self.score = None;
    }

    /// True while a score plays.
    pub const fn is_playing(&self) -> bool {
        self.score.is_some()
    }

    /// The next tick of the score.
    pub fn sound<A: Fidelity>(&mut self) -> Option<A::Frame> {
        let score = self.score.as_mut()?;
        let frame = score.next::<A>(&mut self.sounder);
        if score.is_over() {
            self.score = None;
        }
        Some(frame)
    }

    fn plan(&mut self, at: u64, feed: Feed) {
        if self.planned.len() == MAX_PLANNED {
            self.planned.clear();
            self.feed = feed;
            return;
        }
        self.planned.push_back((at, feed));
    }
}
