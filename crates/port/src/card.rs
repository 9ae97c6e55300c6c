//! What a line card measures, and what it is told to do.
//!
//! Each tick a card gives one [`CardReport`] and one audio frame per line and takes one audio frame and at most one
//! [`CardOrder`]. Timed signals (ring cadence, CPC, reversal) go down as a whole [`Program`] that the card
//! executes by itself, exact to the sample, and whose end it reports.

use tipring_units::{Hz, Milliamps, Millis, Samples, Volts};

use crate::Impedance;

/// Loop readings in a tick: one a millisecond.
pub const READINGS_PER_TICK: usize = 10;
/// Steps of a program, at the most.
pub const MAX_PROGRAM_STEPS: usize = 20;
/// Cooked events of a line in one tick, at the most.
pub const MAX_COOKED_EVENTS: usize = 4;

/// Tip-ring voltage and loop current, each the mean over one millisecond.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LoopReading {
    /// Tip minus ring; normal battery is positive.
    pub voltage: Volts,
    /// Out of tip and back into ring.
    pub current: Milliamps,
    /// From ring to ground beside that: a terminal grounds ring (ground start). Always zero at an FXO port.
    pub ground: Milliamps,
}

/// What a card that does its own hook detection reports (DAHDI).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CookedEvent {
    /// The loop closed; during ringing this is ring trip.
    OffHook,
    /// The loop opened for good.
    OnHook,
    /// A break of flash length.
    Flash,
    /// A pulse digit, already counted: breaks 1 to 10 as `1`..`9`, `0`.
    PulseDigit(u8),
    /// FXO: ringing voltage is on the line.
    RingBegan,
    /// FXO: the burst is over.
    RingEnded,
    /// FXO: battery is on the line (`true`) or gone.
    Battery(bool),
    /// FXO: the polarity is reversed (`true`) or normal.
    Reversed(bool),
    /// FXO: loop current broke and came back after this (CPC).
    LoopBreak(Millis),
}

/// Up to [`MAX_COOKED_EVENTS`] events with the sample of the tick at which each happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CookedEvents {
    events: [Option<(u8, CookedEvent)>; MAX_COOKED_EVENTS],
}

impl CookedEvents {
    /// Adds `event` at sample `offset` (0 to 79); false if there is no room.
    pub fn push(&mut self, offset: u8, event: CookedEvent) -> bool {
        match self.events.iter_mut().find(|place| place.is_none()) {
            Some(place) => {
                *place = Some((offset, event));
                true
            }
            None => false,
        }
    }

    /// The events in order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, CookedEvent)> + '_ {
        self.events.iter().flatten().copied()
    }
}

/// How a card sees the loop in one tick.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Sense {
    /// Raw readings, one a millisecond: the n-th covers samples 8n to 8n+7 of the tick.
    Raw([LoopReading; READINGS_PER_TICK]),
    /// All readings of the tick are this one, and so were those of the tick before.
    Steady(LoopReading),
    /// The card's own verdicts.
    Cooked(CookedEvents),
}

/// What a port does to its line: an FXS one feeds it, an FXO one closes its loop or not.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Feed {
    /// Nothing: the loop is open. An FXO port is on-hook.
    Open,
    /// Battery, tip positive.
    Normal,
    /// Battery, ring positive.
    Reversed,
    /// Ringing voltage on top of battery.
    Ringing {
        /// 15 to 70 Hz.
        frequency: Hz,
        /// Root mean square, before the source's own resistance.
        level: Volts,
    },
    /// FXS, ground start, idle: battery on ring, tip open.
    TipOpen,
    /// FXS: a metering pulse on top of battery.
    Metering {
        /// 12 or 16 kHz.
        frequency: Hz,
        /// The battery is reversed.
        reversed: bool,
    },
    /// FXS, on-hook: battery of this voltage, tip positive: high enough for the neon lamp of a telephone for which messages
    /// wait. A card that cannot feeds ordinary battery.
    Neon(Volts),
    /// FXO: the loop is closed (off-hook).
    Closed,
    /// FXO, ground start: ring is grounded to ask for service.
    RingGround,
}

/// The name of a program, so that its end can be told from another's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ProgramId(pub u32);

/// One feed for a length of time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ProgramStep {
    /// What to feed.
    pub feed: Feed,
    /// For how long; at least one sample.
    pub length: Samples,
}

/// Feeds in order. After the last the card goes on at step `repeat_from`, or ends and keeps the last feed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Program {
    /// Its name.
    pub id: ProgramId,
    steps: [ProgramStep; MAX_PROGRAM_STEPS],
    len: u8,
    repeat_from: u8,
}

impl Program {
    /// A program of 1 to [`MAX_PROGRAM_STEPS`] steps that goes on at `repeat_from` if that is a step; `None` for
    /// another number of steps.
    pub fn new(id: ProgramId, steps: &[ProgramStep], repeat_from: usize) -> Option<Self> {
        let first = *steps.first()?;
        let mut all = [first; MAX_PROGRAM_STEPS];
        all.get_mut(..steps.len())?.copy_from_slice(steps);
        Some(Self {
            id,
            steps: all,
            len: steps.len() as u8,
            repeat_from: repeat_from.min(MAX_PROGRAM_STEPS) as u8,
        })
    }

    /// The steps in order.
    pub fn steps(&self) -> &[ProgramStep] {
        &self.steps[..usize::from(self.len)]
    }

    /// The step that follows the last, `None` if the program ends there.
    pub fn repeat_from(&self) -> Option<usize> {
        (self.repeat_from < self.len).then_some(usize::from(self.repeat_from))
    }
}

/// An order to a card for one line. It takes effect at the first sample of the tick; one of feeds or programs replaces what went
/// before.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // copied within the tick; a box would allocate in it
pub enum CardOrder {
    /// Feed the line so until told otherwise; a running program is cancelled.
    Feed(Feed),
    /// Run a program; a running one is cancelled.
    Run(Program),
    /// Present this network to the line and balance against it. The feed and a running program go on. A card that has but
    /// one ignores it.
    Present(Impedance),
    /// FXS: the relay joins the telephone to its outside line (`true`), or to the port. A card without one ignores it. The
    /// relay joins by itself when the card is not served: at the start, on loss of power or of the process.
    Lifeline(bool),
}

/// How a program ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProgramEnd {
    /// It ran to its end, at this sample of the tick (0 to 79).
    Completed(ProgramId, u8),
    /// Another order took its place.
    Cancelled(ProgramId),
}

/// What a card reports of one line in one tick, beside the audio frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CardReport {
    /// The loop.
    pub sense: Sense,
    /// The end of a program, if one ended.
    pub ended: Option<ProgramEnd>,
    /// The step that began in this tick and its sample offset, while a program runs.
    pub step: Option<(ProgramId, u8, u8)>,
    /// Samples that the card inserted (positive) or dropped (negative) towards the gateway since the last report.
    pub slip: i16,
    /// Samples from a frame's hand-over to the wire and back: what the canceller's reference is shifted by.
    pub bulk_delay: Samples,
    /// The network that the card presents and balances against; `None` if it has but one, or cannot tell.
    pub presents: Option<Impedance>,
    /// FXO: metering pulses (12 or 16 kHz) that ended in this tick.
    pub metering: u8,
    /// FXS: the relay joins the telephone to its outside line; `None` where there is no relay.
    pub lifeline: Option<bool>,
}

impl CardReport {
    /// A report in which the loop is steady at `reading` and nothing happened.
    pub const fn steady(reading: LoopReading) -> Self {
        Self {
            sense: Sense::Steady(reading),
            ended: None,
            step: None,
            slip: 0,
            bulk_delay: Samples(0),
            presents: None,
            metering: 0,
            lifeline: None,
        }
    }
}
