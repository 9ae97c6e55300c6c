//! A simulated line card.
//!
//! # What it does
//! Answers the gateway as a card does: a frame and a report for each line and tick.
//!
//! # How
//! One [`Line`] for each line port.
//!
//! # Limits
//! A card that was stopped gives silence and its last readings; whoever drives it must treat it as silent.
//!
//! # Standard
//! None; the contract is `tipring_port`'s card.

use tipring_port::{CardOrder, CardReport};
use tipring_units::{Entropy, LineId};

use crate::plant::{Fidelity, Line, LineSpec};

/// A card with its lines.
#[derive(Debug)]
pub struct SimCard<A: Fidelity> {
    lines: Vec<Line<A>>,
    stopped: bool,
    /// The last orders of each line while it was stopped: its driver gives them as soon as it runs.
    waiting: Vec<Waiting>,
}

/// Orders that a card has not carried out.
#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    feed: Option<CardOrder>,
    network: Option<CardOrder>,
    lifeline: Option<CardOrder>,
}

impl Waiting {
    fn add(&mut self, order: Option<CardOrder>) {
        match order {
            Some(CardOrder::Present(_)) => self.network = order,
            Some(CardOrder::Lifeline(_)) => self.lifeline = order,
            Some(CardOrder::Feed(_) | CardOrder::Run(_)) => self.feed = order,
            None => {}
        }
    }

    /// One a tick, the feed first.
    fn take(&mut self) -> Option<CardOrder> {
        self.feed.take().or_else(|| self.network.take()).or_else(|| self.lifeline.take())
    }
}

impl<A: Fidelity> SimCard<A> {
    /// A card with a line for each of `specs`. The same `entropy` gives the same card.
    pub fn new(specs: &[LineSpec], entropy: &mut Entropy) -> Self {
        let lines = specs.iter().map(|spec| Line::new(spec, &mut entropy.fork())).collect();
        let waiting = vec![Waiting::default(); specs.len()];
        Self { lines, stopped: false, waiting }
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// True if it has no lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The line at `line`.
    pub fn line(&self, line: LineId) -> Option<&Line<A>> {
        self.lines.get(usize::from(line.0))
    }

    /// The line at `line`, to act on its telephones.
    pub fn line_mut(&mut self, line: LineId) -> Option<&mut Line<A>> {
        self.lines.get_mut(usize::from(line.0))
    }

    /// One tick of one line. A line that the card has not, is silent.
    pub fn exchange(
        &mut self,
        line: LineId,
        sent: A::Frame,
        order: Option<CardOrder>,
    ) -> (A::Frame, CardReport) {
        let is_stopped = self.stopped;
        let mut order = order;
        if let Some(waiting) = self.waiting.get_mut(usize::from(line.0)) {
            waiting.add(order.take());
            if !is_stopped {
                order = waiting.take();
            }
        }
        match self.line_mut(line) {
            Some(line) if is_stopped => {
                // time and telephones go on; the gateway's frames reach nobody
                line.exchange(&A::SILENCE, None);
                (A::SILENCE, CardReport::steady(line.reading()))
            }
            Some(line) => line.exchange(&sent, order),
            None => (A::SILENCE, CardReport::steady(tipring_port::LoopReading::default())),
        }
    }

    /// Stops the card's clock as seen from the gateway, or starts it again.
    pub fn stop(&mut self, stopped: bool) {
        self.stopped = stopped;
    }

    /// True while the card is stopped: its driver gets no interrupts.
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Inserts (positive) or drops (negative) samples of `line` towards the gateway; returns how many.
    pub fn slip(&mut self, line: LineId, samples: i16) -> i16 {
        self.line_mut(line).map_or(0, |line| line.slip(samples))
    }
}
