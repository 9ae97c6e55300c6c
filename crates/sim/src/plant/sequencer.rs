//! What the card feeds into the loop, sample by sample.
//!
//! # What it does
//! Takes the gateway's orders and gives the feed of every sample: one feed until told otherwise, or a program.
//!
//! # How
//! A program is a countdown of samples in the step that runs. Ends that coincide are reported one a tick.
//!
//! # Limits
//! A step of no samples lasts one. One step start is reported a tick: the last.
//!
//! # Standard
//! None; the contract is `tipring_port`'s card.

use std::collections::VecDeque;

use tipring_port::{CardOrder, Feed, Program, ProgramEnd, ProgramId};
use tipring_units::TICK_SAMPLES;

/// Ends that wait to be reported, at the most.
const MAX_ENDS: usize = 4;

/// The feed of one line and the program that changes it.
#[derive(Clone, Debug)]
pub struct Sequencer {
    feed: Feed,
    running: Option<Running>,
    ends: VecDeque<ProgramEnd>,
    began: Option<(ProgramId, u8, u8)>,
    starts: u32,
}

#[derive(Clone, Debug)]
struct Running {
    program: Program,
    step: usize,
    left: u64,
}

impl Default for Sequencer {
    fn default() -> Self {
        Self { feed: Feed::Open, running: None, ends: VecDeque::new(), began: None, starts: 0 }
    }
}

impl Sequencer {
    /// Obeys `order` at the first sample of the tick.
    pub fn obey(&mut self, order: CardOrder) {
        if matches!(order, CardOrder::Present(_) | CardOrder::Lifeline(_)) {
            return; // no matter of the feed
        }
        if let Some(running) = self.running.take() {
            self.end(ProgramEnd::Cancelled(running.program.id));
        }
        match order {
            CardOrder::Feed(feed) => self.change(feed),
            CardOrder::Run(program) => self.enter(program, 0, 0),
            CardOrder::Present(_) | CardOrder::Lifeline(_) => {}
        }
    }

    /// The feed at sample `offset` of the tick, and for how many samples (at least one, to the end of the tick at
    /// most) it stays. Call it again with the offset after those.
    pub fn next(&mut self, offset: usize) -> (Feed, usize) {
        let room = TICK_SAMPLES.saturating_sub(offset).max(1);
        while let Some(running) = &self.running {
            if running.left > 0 {
                break;
            }
            let (program, after) = (running.program, running.step + 1);
            if after < program.steps().len() {
                self.enter(program, after, offset);
            } else if let Some(again) = program.repeat_from() {
                self.enter(program, again, offset);
            } else {
                self.running = None;
                self.end(ProgramEnd::Completed(program.id, offset as u8));
            }
        }
        let Some(running) = &mut self.running else { return (self.feed, room) };
        let length = usize::try_from(running.left).unwrap_or(room).min(room);
        running.left -= length as u64;
        (self.feed, length)
    }

    /// What is fed now.
    pub const fn feed(&self) -> Feed {
        self.feed
    }

    /// True while a program runs or its end has not been reported.
    pub fn is_running(&self) -> bool {
        self.running.is_some() || !self.ends.is_empty()
    }

    /// Counts up whenever another feed starts, so that the ringing source can start from zero.
    pub const fn starts(&self) -> u32 {
        self.starts
    }

    /// The end and the step to report for this tick.
    pub fn report(&mut self) -> (Option<ProgramEnd>, Option<(ProgramId, u8, u8)>) {
        (self.ends.pop_front(), self.began.take())
    }

    fn enter(&mut self, program: Program, step: usize, offset: usize) {
        let Some(at) = program.steps().get(step) else { return };
        self.change(at.feed);
        self.began = Some((program.id, step as u8, offset as u8));
        self.running = Some(Running { program, step, left: at.length.0.max(1) });
    }

    fn change(&mut self, feed: Feed) {
        if self.feed != feed {
            self.feed = feed;
            self.starts = self.starts.wrapping_add(1);
        }
    }

    fn end(&mut self, end: ProgramEnd) {
        if self.ends.len() == MAX_ENDS {
            self.ends.pop_front();
        }
        self.ends.push_back(end);
    }
}

#[cfg(test)]
mod tests {
    use tipring_port::ProgramStep;
    use tipring_units::{Hz, Samples, Volts};

    use super::*;

    /// The feed of each sample of a tick.
    fn tick(sequencer: &mut Sequencer) -> Vec<Feed> {
        let mut feeds = Vec::new();
        while feeds.len() < TICK_SAMPLES {
            let (feed, length) = sequencer.next(feeds.len());
            feeds.extend(std::iter::repeat_n(feed, length));
        }
        feeds
    }

    const RINGING: Feed = Feed::Ringing { frequency: Hz(20.0), level: Volts(70.0) };

    fn step(feed: Feed, samples: u64) -> ProgramStep {
        ProgramStep { feed, length: Samples(samples) }
    }

    #[test]
    fn a_program_changes_the_feed_at_the_very_sample() {
        let steps = [step(Feed::Open, 33), step(Feed::Reversed, 100), step(Feed::Normal, 1)];
        let program = Program::new(ProgramId(7), &steps, 99).unwrap();
        let mut sequencer = Sequencer::default();
        sequencer.obey(CardOrder::Run(program));
        let first = tick(&mut sequencer);
        assert!(first[..33].iter().all(|f| *f == Feed::Open));
        assert!(first[33..].iter().all(|f| *f == Feed::Reversed));
        assert_eq!(sequencer.report(), (None, Some((ProgramId(7), 1, 33))));
        let second = tick(&mut sequencer);
        assert!(second[..53].iter().all(|f| *f == Feed::Reversed));
        assert!(second[53..].iter().all(|f| *f == Feed::Normal));
        let (end, began) = sequencer.report();
        assert_eq!(end, Some(ProgramEnd::Completed(ProgramId(7), 54)));
        assert_eq!(began, Some((ProgramId(7), 2, 53)));
        assert!(!sequencer.is_running());
    }

    #[test]
    fn a_cadence_repeats_until_another_order_cancels_it() {
        let program = Program::new(ProgramId(1), &[step(RINGING, 200), step(Feed::Normal, 120)], 0).unwrap();
        let mut sequencer = Sequencer::default();
        sequencer.obey(CardOrder::Run(program));
        let feeds: Vec<Feed> = (0..8).flat_map(|_| tick(&mut sequencer)).collect();
        assert_eq!(feeds[..320], feeds[320..]);
        assert_eq!(feeds.iter().filter(|f| **f == RINGING).count(), 400);
        sequencer.obey(CardOrder::Feed(Feed::Normal));
        assert!(tick(&mut sequencer).iter().all(|f| *f == Feed::Normal));
        assert_eq!(sequencer.report().0, Some(ProgramEnd::Cancelled(ProgramId(1))));
    }

    #[test]
    fn a_program_that_ends_with_its_tick_completes_at_the_first_sample_of_the_next() {
        let program = Program::new(ProgramId(2), &[step(Feed::Open, 80)], 9).unwrap();
        let mut sequencer = Sequencer::default();
        sequencer.obey(CardOrder::Run(program));
        tick(&mut sequencer);
        assert_eq!(sequencer.report().0, None);
        tick(&mut sequencer);
        assert_eq!(sequencer.report().0, Some(ProgramEnd::Completed(ProgramId(2), 0)));
    }
}
