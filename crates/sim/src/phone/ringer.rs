//! A telephone's bell.
//!
//! # What it does
//! Tells when a burst of ringing begins and ends, its frequency and voltage, and the cadence of the bursts.
//!
//! # How
//! It feels the alternating part of the voltage at its terminals (over its capacitor). Enough of it, whose sign
//! changes as often as ringing does, moves the clapper; a feed that is switched does not.
//!
//! # Limits
//! 12 to 80 Hz. Bursts are dated to a half period.
//!
//! # Standard
//! None.

use std::collections::VecDeque;

use tipring_units::{Hz, Millis, SAMPLE_RATE, SampleTime, Samples, TICK_SAMPLES, Volts};

/// Bursts and pauses that are remembered.
pub const MAX_CADENCE: usize = 8;
/// Ticks over which the voltage is measured.
const WINDOW: usize = 6;
/// A bell that does not ring for this long has stopped; no cadence has a longer pause.
pub const LONGEST_PAUSE: Samples = Millis(6500).samples();
/// Half periods that count as ringing, in samples: 80 Hz to 12 Hz.
const HALF_PERIODS: core::ops::Range<u64> = 50..334;
/// Below this the sign is not looked at.
const DEAD_ZONE: f32 = 8.0;

/// The bell of one telephone.
#[derive(Clone, Debug)]
pub struct Ringer {
    needed: Volts,
    squares: [f32; WINDOW],
    place: usize,
    sign: i8,
    now: SampleTime,
    /// The last changes of sign, newest first.
    changes: [Option<SampleTime>; 3],
    bursting: Option<SampleTime>,
    stopped: Option<SampleTime>,
    ringing: Option<SampleTime>,
    cadence: VecDeque<Samples>,
    frequency: Hz,
}

/// What the bell did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bell {
    /// A burst began.
    BurstBegan(SampleTime),
    /// A burst ended.
    BurstEnded(SampleTime),
    /// Ringing began: the first burst.
    RingingBegan(SampleTime),
    /// Ringing stopped at the end of the last burst, or as the receiver was lifted.
    RingingEnded(SampleTime),
}

impl Ringer {
    /// A bell that needs this voltage (RMS).
    pub fn new(needed: Volts) -> Self {
        Self {
            needed,
            squares: [0.0; WINDOW],
            place: 0,
            sign: 0,
            now: SampleTime(0),
            changes: [None; 3],
            bursting: None,
            stopped: None,
            ringing: None,
            cadence: VecDeque::new(),
            frequency: Hz(0.0),
        }
    }

    /// True while the clapper moves.
    pub const fn is_bursting(&self) -> bool {
        self.bursting.is_some()
    }

    /// Since when the telephone rings, pauses included.
    pub const fn ringing(&self) -> Option<SampleTime> {
        self.ringing
    }

    /// Lengths of the bursts and pauses that have ended in this ringing, a burst first, the last
    /// [`MAX_CADENCE`] of them.
    pub fn cadence(&self) -> impl Iterator<Item = Samples> + '_ {
        self.cadence.iter().copied()
    }

    /// The frequency of the last burst.
    pub const fn frequency(&self) -> Hz {
        self.frequency
    }

    /// The alternating voltage now (RMS).
    pub fn voltage(&self) -> Volts {
        Volts((self.squares.iter().sum::<f32>() / (WINDOW * TICK_SAMPLES) as f32).sqrt())
    }

    /// True if there is nothing to wait for.
    pub const fn is_resting(&self) -> bool {
        self.ringing.is_none()
    }

    /// A tick begins.
    pub(crate) fn begin_tick(&mut self) {
        self.place = (self.place + 1) % WINDOW;
        self.squares[self.place] = 0.0;
    }

    /// The alternating voltage at sample `n` of the tick.
    pub(crate) fn feel(&mut self, volts: f32, n: usize) {
        self.squares[self.place] += volts * volts;
        let sign = if volts > DEAD_ZONE {
            1
        } else if volts < -DEAD_ZONE {
            -1
        } else {
            return;
        };
        if sign != self.sign {
            self.sign = sign;
            let at = self.now + Samples(n as u64);
            self.changes = [Some(at), self.changes[0], self.changes[1]];
        }
    }

    /// The tick that began at `now` is over, felt at the time until then as its own.
    pub(crate) fn judge(&mut self, now: SampleTime, lifted: bool, mut note: impl FnMut(Bell)) {
        self.now = now + Samples(TICK_SAMPLES as u64);
        let half = match self.changes {
            [Some(a), Some(b), _] => a.since(b).0,
            _ => 0,
        };
        let half_before = match self.changes {
            [_, Some(a), Some(b)] => a.since(b).0,
            _ => 0,
        };
        if self.squares[self.place] < DEAD_ZONE * DEAD_ZONE {
            self.sign = 0;
        }
        let is_regular = HALF_PERIODS.contains(&half)
            && HALF_PERIODS.contains(&half_before)
            && self.changes[0].is_some_and(|last| self.now.since(last).0 < half + half / 2 + 8);
        let is_loud = self.voltage().0 >= self.needed.0;
        match self.bursting {
            None if is_regular && is_loud && !lifted => {
                let begin = self.changes[2].unwrap_or(now);
                if let Some(stopped) = self.stopped.take() {
                    self.remember(begin.since(stopped));
                }
                self.bursting = Some(begin);
                self.frequency = Hz(SAMPLE_RATE as f32 / (2 * half) as f32);
                if self.ringing.is_none() {
                    self.ringing = Some(begin);
                    note(Bell::RingingBegan(begin));
                }
                note(Bell::BurstBegan(begin));
            }
            Some(begin) if !is_regular || lifted => {
                let end = self.changes[0].map_or(now, |last| last + Samples(half.min(200)));
                let end = end.min(self.now);
                self.remember(end.since(begin));
                (self.bursting, self.stopped) = (None, Some(end));
                self.changes = [None; 3];
                note(Bell::BurstEnded(end));
            }
            None | Some(_) => {}
        }
        let is_over = self.stopped.is_some_and(|stopped| self.now.since(stopped) > LONGEST_PAUSE);
        if self.bursting.is_none() && self.ringing.is_some() && (lifted || is_over) {
            self.ringing = None;
            note(Bell::RingingEnded(self.stopped.take().unwrap_or(now)));
            self.cadence.clear();
        }
    }

    /// Time passes without anything to feel.
    pub(crate) fn skip(&mut self, length: Samples) {
        self.now = self.now + length;
    }

    fn remember(&mut self, length: Samples) {
        if self.cadence.len() == MAX_CADENCE {
            // a burst and its pause, so that a burst stays the first
            self.cadence.drain(..2);
        }
        self.cadence.push_back(length);
    }
}
