//! A simulated line card.
//!
//! # What it does
//! Answers the gateway as a card does: a frame and a report for each line and tick.
//!
//! # How
//! One [`Line`] for each line port.
//!
//! # Limits
//! A card that was stopped gives silence and its last readings; whoever drives it must treat it as silent. A lifeline relay
//! joins two telephones at the most, and lines on one clock.
//!
//! # Standard
//! None; the contract is `tipring_port`'s card.

use tipring_port::{CardOrder, CardReport};
use tipring_units::{Entropy, LineId};

use crate::phone::Phone;
use crate::plant::{Fidelity, Line, LineSpec};

/// A card with its lines.
#[derive(Debug)]
pub struct SimCard<A: Fidelity> {
    lines: Vec<Line<A>>,
    stopped: bool,
    /// The last orders of each line while it was stopped: its driver gives them as soon as it runs.
    waiting: Vec<Waiting>,
    /// The outside line to which each line's relay joins its telephones.
    relays: Vec<Option<usize>>,
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
        let outside = |place: &usize| specs.get(*place).is_some_and(|spec| spec.office.is_some());
        let relays =
            specs.iter().map(|spec| spec.lifeline.map(usize::from).filter(outside)).collect::<Vec<_>>();
        let mut card = Self { lines, stopped: false, waiting, relays };
        // before anybody serves the card its relays are at rest, which joins
        card.join_all();
        card
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
        if let Some(CardOrder::Lifeline(joined)) = order {
            self.relay(usize::from(line.0), joined);
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
    ///
    /// A card that is not served lets its relays fall, and its ports let go of the lines that these join to telephones.
    pub fn stop(&mut self, stopped: bool) {
        if stopped && !self.stopped {
            self.join_all();
            for outside in self.relays.clone().into_iter().flatten() {
                if let Some(line) = self.lines.get_mut(outside) {
                    line.let_go();
                }
            }
        }
        self.stopped = stopped;
    }

    /// The telephone at a place, wherever its line's relay has it.
    pub fn phone(&self, line: LineId, phone: usize) -> Option<&Phone<A>> {
        let home = self.line(line)?;
        match self.host_of(usize::from(line.0)) {
            Some(host) => self.lines.get(host)?.guests().get(phone),
            None => home.phones().get(phone),
        }
    }

    /// The same, to act on it.
    pub fn phone_mut(&mut self, line: LineId, phone: usize) -> Option<&mut Phone<A>> {
        match self.host_of(usize::from(line.0)) {
            Some(host) => self.lines.get_mut(host)?.guest(phone),
            None => self.line_mut(line)?.phone(phone),
        }
    }

    /// The outside line on which a line's telephones hang by its relay.
    pub fn host_of(&self, line: usize) -> Option<usize> {
        let joined = self.lines.get(line)?.lifeline() == Some(true);
        self.relays.get(line).copied().flatten().filter(|_| joined)
    }

    fn join_all(&mut self) {
        (0..self.lines.len()).for_each(|line| self.relay(line, true));
    }

    /// A relay falls or is drawn.
    fn relay(&mut self, line: usize, joined: bool) {
        let Some(host) = self.relays.get(line).copied().flatten() else { return };
        let is_joined = self.host_of(line).is_some();
        if joined == is_joined {
            return;
        }
        if joined {
            let is_taken = self.lines.get(host).is_none_or(|host| !host.guests().is_empty());
            if is_taken {
                return; // another relay has the line
            }
            let phones = self.lines.get_mut(line).map_or_else(Vec::new, Line::lend);
            if let Some(host) = self.lines.get_mut(host) {
                host.host(phones);
            }
        } else {
            let phones = self.lines.get_mut(host).map_or_else(Vec::new, Line::unhost);
            if let Some(home) = self.lines.get_mut(line) {
                home.take_back(phones);
            }
        }
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
