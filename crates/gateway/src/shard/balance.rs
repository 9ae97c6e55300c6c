//! The measurement of a line's balance.
//!
//! # What it does
//! Has the card of a line present each network in turn, sends a test signal and measures what comes back.
//!
//! # How
//! For each network: it is ordered, the card's report says that it is in place, the line settles, the meter listens. While
//! this goes on the line hears the signal in place of its tones, and nothing is taken for a digit. Whoever owns the line
//! says when it has to end; the line's own network is ordered again then.
//!
//! # Limits
//! One line of a shard at a time. A card that does not say within [`PATIENCE`] that the network is in place has but one.
//!
//! # Standard
//! None; see the meter.

use tipring_media::{Meter, Processing};
use tipring_port::{BalanceEnd, BalanceEvent, CardOrder, Event, Impedance};
use tipring_units::{LineId, TICK_SAMPLES};

use super::{LineIn, Shard, push};

/// Ticks that a card may take to present a network.
const PATIENCE: u32 = 100;
/// Ticks until a line has settled under a network, beside the card's own delay.
const SETTLE: u32 = 12;

/// The measurement that a shard is at.
pub(super) struct Balance<A: Processing> {
    meter: A::Meter,
    run: Option<Run>,
}

struct Run {
    /// The line.
    place: usize,
    /// The network, in the order of all of them.
    network: usize,
    phase: Phase,
}

enum Phase {
    /// The card is to present the network; this many ticks are left to it.
    Present { ordered: bool, left: u32 },
    /// The line settles.
    Settle { left: u32 },
    /// The meter listens.
    Measure,
}

impl Phase {
    const FIRST: Self = Self::Present { ordered: false, left: PATIENCE };
}

impl<A: Processing> Balance<A> {
    pub(super) fn new() -> Self {
        Self { meter: A::Meter::new(), run: None }
    }

    /// Begins with the line at `place`.
    pub(super) fn start(&mut self, place: usize) -> Result<(), BalanceEnd> {
        if !A::Meter::can_measure() {
            return Err(BalanceEnd::NoSound);
        }
        if self.run.is_some() {
            return Err(BalanceEnd::Occupied);
        }
        self.run = Some(Run { place, network: 0, phase: Phase::FIRST });
        Ok(())
    }

    /// The line that is measured.
    pub(super) fn place(&self) -> Option<usize> {
        self.run.as_ref().map(|run| run.place)
    }

    /// Gives it up.
    pub(super) fn stop(&mut self) {
        self.run = None;
    }

    /// A tick of the line that is measured: what there is to tell. After an end the line needs its own network.
    pub(super) fn hear(&mut self, input: &LineIn<A>) -> Option<BalanceEvent> {
        let run = self.run.as_mut()?;
        let Some(network) = Impedance::ALL.get(run.network).copied() else {
            self.run = None;
            return Some(BalanceEvent::Ended(BalanceEnd::Done));
        };
        match &mut run.phase {
            Phase::Present { .. } if input.report.presents == Some(network) => {
                let delay = input.report.bulk_delay.0.div_ceil(TICK_SAMPLES as u64);
                let left = SETTLE + u32::try_from(delay).unwrap_or(PATIENCE).min(PATIENCE);
                run.phase = Phase::Settle { left };
            }
            Phase::Present { left: 0, .. } => {
                self.run = None;
                return Some(BalanceEvent::Ended(BalanceEnd::OneNetwork));
            }
            Phase::Settle { left: 0 } => {
                self.meter.restart();
                run.phase = Phase::Measure;
            }
            Phase::Present { left, .. } | Phase::Settle { left } => *left -= 1,
            Phase::Measure => {
                if let Some(loss) = self.meter.hear(&input.frame, network) {
                    run.network += 1;
                    run.phase = Phase::FIRST;
                    return Some(BalanceEvent::Measured(loss));
                }
            }
        }
        None
    }

    /// What the card of the line at `place` has to present, once.
    pub(super) fn order(&mut self, place: usize) -> Option<CardOrder> {
        let run = self.run.as_mut().filter(|run| run.place == place)?;
        match &mut run.phase {
            Phase::Present { ordered, .. } if !*ordered => {
                *ordered = true;
                Impedance::ALL.get(run.network).copied().map(CardOrder::Present)
            }
            Phase::Present { .. } | Phase::Settle { .. } | Phase::Measure => None,
        }
    }

    /// The test signal for the line at `place`.
    pub(super) fn frame(&mut self, place: usize) -> Option<A::Frame> {
        (self.place()? == place).then(|| self.meter.frame())
    }
}

impl<A: Processing> Shard<A> {
    /// Begins to measure a line, or tells why not.
    pub(super) fn start_balance(&mut self, line: LineId) {
        let Some(place) = self.place(line) else {
            self.refused += 1;
            return;
        };
        let unit = &self.units[place];
        let begun = if !unit.machine.summary().off_hook {
            Err(BalanceEnd::OnHook)
        } else if unit.bridged {
            Err(BalanceEnd::InCall)
        } else {
            self.balance.start(place)
        };
        if let Err(end) = begun {
            self.tell_balance(line, BalanceEvent::Ended(end));
        }
    }

    /// A tick of the line that is measured.
    pub(super) fn measure(&mut self, place: usize, input: &LineIn<A>) {
        let unit = &self.units[place];
        if unit.bridged {
            return self.end_balance(place, BalanceEnd::InCall);
        }
        if !unit.machine.summary().off_hook {
            return self.end_balance(place, BalanceEnd::Interrupted);
        }
        match self.balance.hear(input) {
            Some(BalanceEvent::Ended(end)) => self.end_balance(place, end),
            Some(told @ BalanceEvent::Measured(_)) => self.tell_balance(self.line_at(place), told),
            None => {}
        }
    }

    /// The measurement is over: the line gets its own network again.
    pub(super) fn end_balance(&mut self, place: usize, end: BalanceEnd) {
        self.balance.stop();
        self.units[place].network_due = true;
        self.tell_balance(self.line_at(place), BalanceEvent::Ended(end));
    }

    fn tell_balance(&mut self, line: LineId, event: BalanceEvent) {
        self.dropped += u64::from(!push(&mut self.events, Event::Balance(line, event)));
    }
}
