//! A hook switch whose contacts bounce.
//!
//! # What it does
//! Gives the state of the contact at every sample for openings and closings that were planned.
//!
//! # How
//! Each planned change brings a few short changes before it stays; their number and places come from the seed.
//!
//! # Limits
//! [`MAX_EDGES`] edges ahead.
//!
//! # Standard
//! None.

use std::collections::VecDeque;

use tipring_units::{Entropy, SampleTime, Samples, TICK_SAMPLES};

/// Edges that are planned ahead, at the most: ten pulses with their bounce and more.
pub const MAX_EDGES: usize = 256;
/// Extra openings of one change, at the most.
const MAX_BOUNCES: u32 = 3;

/// One hook switch.
#[derive(Clone, Debug)]
pub struct Hook {
    closed: bool,
    edges: VecDeque<(u64, bool)>,
    entropy: Entropy,
}

impl Hook {
    /// An open switch.
    pub fn new(entropy: Entropy) -> Self {
        Self { closed: false, edges: VecDeque::new(), entropy }
    }

    /// Plans that the contact closes or opens at `at` and has settled `bounce` later at the latest. Changes must be
    /// planned in the order of their times. False if there is no room.
    pub fn plan(&mut self, at: SampleTime, closed: bool, bounce: Samples) -> bool {
        if self.edges.len() + 2 * MAX_BOUNCES as usize + 1 > MAX_EDGES {
            return false;
        }
        let mut at = at.0.max(self.edges.back().map_or(0, |(last, _)| last + 1));
        self.edges.push_back((at, closed));
        let end = at + bounce.0;
        for _ in 0..self.entropy.below(MAX_BOUNCES + 1) {
            let opens = at + 1 + u64::from(self.entropy.below(8));
            let closes = opens + 1 + u64::from(self.entropy.below(6));
            if closes > end {
                break;
            }
            self.edges.push_back((opens, !closed));
            self.edges.push_back((closes, closed));
            at = closes;
        }
        true
    }

    /// The samples of the tick at `now` in which the contact is closed: bit n for sample n.
    pub fn tick(&mut self, now: SampleTime) -> u128 {
        let mut closed_samples = 0;
        let mut from = 0;
        let end = now.0 + TICK_SAMPLES as u64;
        while let Some(&(at, closed)) = self.edges.front().filter(|(at, _)| *at < end) {
            let offset = at.saturating_sub(now.0) as usize;
            if self.closed {
                closed_samples |= bits(from, offset);
            }
            (from, self.closed) = (offset, closed);
            self.edges.pop_front();
        }
        if self.closed {
            closed_samples |= bits(from, TICK_SAMPLES);
        }
        closed_samples
    }

    /// True if the contact is closed.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// True if no change is planned.
    pub fn is_resting(&self) -> bool {
        self.edges.is_empty()
    }

    /// When the last planned change is made.
    pub fn rests_at(&self) -> Option<SampleTime> {
        self.edges.back().map(|(at, _)| SampleTime(*at))
    }
}

/// Bits `from` to `to`, the latter excluded.
fn bits(from: usize, to: usize) -> u128 {
    let below = |n: usize| (1_u128 << n) - 1;
    below(to) & !below(from.min(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_bounce_and_then_stay() {
        let mut bounced = 0;
        for seed in 0..50 {
            let mut hook = Hook::new(Entropy::for_simulation(seed));
            assert!(hook.plan(SampleTime(10), true, Samples(40)));
            let tick = hook.tick(SampleTime(0));
            assert_eq!(tick & bits(0, 10), 0);
            assert_eq!(tick & bits(50, 80), bits(50, 80), "still bouncing after 40 samples");
            bounced += u32::from(tick != bits(10, 80));
            assert_eq!(hook.tick(SampleTime(80)), bits(0, 80));
        }
        assert!(bounced > 20, "{bounced} of 50 bounced");
    }

    #[test]
    fn without_bounce_a_change_is_clean() {
        let mut hook = Hook::new(Entropy::for_simulation(1));
        hook.plan(SampleTime(100), true, Samples(0));
        assert_eq!(hook.tick(SampleTime(0)), 0);
        assert_eq!(hook.tick(SampleTime(80)), bits(20, 80));
    }
}
