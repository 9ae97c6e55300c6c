//! What happened in a world, in words.

use tipring_units::Instant;

/// Facts that are kept, at the most; later ones are counted only.
pub const MAX_FACTS: usize = 200_000;
/// Facts that stay when older ones are forgotten.
pub const KEPT: usize = 1000;

/// Facts that are looked through for an earlier one.
const MAX_LOOK_BACK: usize = 400;

/// How much a fact matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rank {
    /// It stands in the ladder.
    Ladder,
    /// It can be waited for, but the ladder shows the same in another way.
    Aside,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// When.
    pub at: Instant,
    /// When it became known: later than `at` for what an ear had to listen to first.
    pub known: Instant,
    /// To whom: `phone 1`, `line 2`, `call 1`, `pbx`, `sip`, `gateway`.
    pub who: String,
    /// What: words that depend on nothing random.
    pub words: String,
    /// Whether the ladder shows it.
    pub rank: Rank,
}

/// All that happened, in the order in which it became known.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    all: Vec<Fact>,
    lost: u64,
    /// Facts that were there and were forgotten.
    forgotten: u64,
}

impl Facts {
    /// Adds a fact.
    pub fn push(&mut self, fact: Fact) {
        if self.all.len() < MAX_FACTS {
            self.all.push(fact);
        } else {
            self.lost += 1;
        }
    }

    /// Leaves the latest fact of these words out of the ladder, if it is not older than `since`; false if there is
    /// none.
    pub fn demote(&mut self, who: &str, words: &str, since: Instant) -> bool {
        let mut recent = self.all.iter_mut().rev().take(MAX_LOOK_BACK);
        let found = recent.find(|fact| fact.who == who && fact.words == words);
        found.filter(|fact| fact.at >= since).is_some_and(|fact| {
            fact.rank = Rank::Aside;
            true
        })
    }

    /// What the ladder shows of this ear as the last thing that it heard.
    pub fn last_heard(&self, who: &str) -> Option<&str> {
        let mut recent = self.all.iter().rev().take(MAX_LOOK_BACK);
        let fits =
            |fact: &&Fact| fact.who == who && fact.rank == Rank::Ladder && fact.words.starts_with("hears ");
        recent.find(fits).map(|fact| fact.words.as_str())
    }

    /// The latest fact of these words.
    pub fn latest(&self, who: &str, words: &str) -> Option<&Fact> {
        let mut recent = self.all.iter().rev().take(MAX_LOOK_BACK);
        recent.find(|fact| fact.who == who && fact.words == words)
    }

    /// The facts.
    pub fn all(&self) -> &[Fact] {
        &self.all
    }

    /// Facts so far, with those that were forgotten.
    pub const fn count(&self) -> u64 {
        self.forgotten + self.all.len() as u64
    }

    /// The facts from the `index`-th on, as far as they are not forgotten.
    pub fn since(&self, index: u64) -> &[Fact] {
        let place = usize::try_from(index.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        self.all.get(place..).unwrap_or(&[])
    }

    /// Forgets all but the latest [`KEPT`] facts.
    pub fn trim(&mut self) {
        let old = self.all.len().saturating_sub(KEPT);
        self.all.drain(..old);
        self.forgotten += old as u64;
    }

    /// Facts that found no room.
    pub const fn lost(&self) -> u64 {
        self.lost
    }
}
