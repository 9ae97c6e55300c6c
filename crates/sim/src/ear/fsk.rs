//! The caller-ID receiver for true samples.
//!
//! # What it does
//! Turns frequency-shift keying at 1200 bit/s into bytes.
//!
//! # How
//! Two correlators, one bit long, measure mark and space; their difference, summed over the middle half of each
//! bit, decides it. A byte begins with the change from mark to space and is timed from there. Bytes count only after
//! a run of mark, so that the channel seizure before it gives none.
//!
//! # Limits
//! The signal must lie above -46 dBm0.
//!
//! # Standard
//! Bell 202 (Telcordia GR-30) and ITU-T V.23 at 1200 bit/s; bytes of eight bits with one start and one stop bit,
//! lowest first.

use libm::{cosf, sinf, sqrtf};
use tipring_port::Frame;
use tipring_units::SAMPLE_RATE;

use super::percept::{Datum, MAX_DATA};
use crate::mouth::RMS_AT_0_DBM0;

const BAUD: f32 = 1200.0;
/// Samples that a correlator spans; the oldest counts for the fraction only: 6 2/3 samples are a bit.
const SPAN: usize = 7;
const OLDEST: f32 = 2.0 / 3.0;
/// Bits of mark that precede a message.
const ARMING_BITS: f32 = 12.0;
/// Bits of mark after which a message has ended (GR-30 allows ten between bytes).
const ENDING_BITS: f32 = 20.0;
/// RMS of the quietest signal, as a part of that at 0 dBm0: -46 dBm0.
const QUIETEST: f32 = 0.005;

/// Receives one line's data.
#[derive(Clone, Debug)]
pub struct Demodulator {
    mark: Correlator,
    space: Correlator,
    last: f32,
    /// Bits of unbroken mark.
    marking: f32,
    /// Smoothed amplitude of what is received.
    amplitude: f32,
    state: State,
    talking: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Waits for a run of mark.
    Idle,
    /// Waits for a start bit.
    Armed,
    /// In a byte: bits since its beginning, the bits so far, the sum over the middle of this bit.
    Byte { phase: f32, bits: u16, sum: f32 },
}

#[derive(Clone, Debug)]
struct Correlator {
    turn: (f32, f32),
    phase: (f32, f32),
    products: [(f32, f32); SPAN],
    place: usize,
}

impl Demodulator {
    /// Mark 1200 Hz, space 2200 Hz.
    pub fn bell_202() -> Self {
        Self::new(1200.0, 2200.0)
    }

    /// Mark 1300 Hz, space 2100 Hz.
    pub fn v23() -> Self {
        Self::new(1300.0, 2100.0)
    }

    fn new(mark: f32, space: f32) -> Self {
        Self {
            mark: Correlator::new(mark),
            space: Correlator::new(space),
            last: 0.0,
            marking: 0.0,
            amplitude: 0.0,
            state: State::Idle,
            talking: false,
        }
    }

    /// The data that end in `frame`.
    pub fn receive(&mut self, frame: &Frame) -> [Option<Datum>; MAX_DATA] {
        let mut data = [None; MAX_DATA];
        let mut count = 0;
        if self.state == State::Idle && frame.iter().all(|x| *x == 0) {
            return data;
        }
        for sample in frame {
            if let Some(datum) = self.sample(f32::from(*sample)) {
                if let Some(place) = data.get_mut(count) {
                    *place = Some(datum);
                }
                count += 1;
            }
        }
        data
    }

    fn sample(&mut self, x: f32) -> Option<Datum> {
        let (mark, space) = (self.mark.next(x), self.space.next(x));
        let difference = mark - space;
        let last = core::mem::replace(&mut self.last, difference);
        self.amplitude += (mark.max(space) - self.amplitude) / 32.0;
        // a sine of amplitude A gives A/2 a sample
        let quietest = QUIETEST * RMS_AT_0_DBM0 * core::f32::consts::SQRT_2 / 2.0;
        if self.amplitude < quietest * (SPAN as f32 - 1.0 + OLDEST) {
            self.marking = 0.0;
            self.state = State::Idle;
            return self.end();
        }
        let bit = BAUD / SAMPLE_RATE as f32;
        self.marking = if difference > 0.0 { self.marking + bit } else { 0.0 };
        match self.state {
            State::Idle => {
                if self.marking >= ARMING_BITS {
                    self.state = State::Armed;
                }
                None
            }
            State::Armed => {
                if last > 0.0 && difference <= 0.0 {
                    let since = -difference / (last - difference).max(1e-6);
                    self.state = State::Byte { phase: since * bit, bits: 0, sum: 0.0 };
                }
                if self.marking > ENDING_BITS { self.end() } else { None }
            }
            State::Byte { phase, bits, sum } => self.bit(phase + bit, bits, sum, difference),
        }
    }

    fn bit(&mut self, phase: f32, bits: u16, sum: f32, difference: f32) -> Option<Datum> {
        let within = phase - (phase as u32) as f32;
        let sum = if (0.25..=0.75).contains(&within) { sum + difference } else { sum };
        let position = phase as u32;
        let before = (phase - BAUD / SAMPLE_RATE as f32) as u32;
        // the stop bit is decided at its three quarters, so that the next start bit is not missed
        let at_stop = position == 9 && within > 0.75;
        if position == before && !at_stop {
            self.state = State::Byte { phase, bits, sum };
            return None;
        }
        let is_mark = sum > 0.0;
        let decided = if at_stop { 9 } else { before };
        match (decided, is_mark) {
            (0, true) => {
                self.state = State::Armed;
                None
            }
            (9, true) => {
                self.state = State::Armed;
                self.talking = true;
                Some(Datum::Byte((bits >> 1) as u8))
            }
            (9, false) => {
                self.state = State::Idle;
                self.marking = 0.0;
                self.end()
            }
            (n, is_mark) => {
                let bits = if is_mark { bits | 1 << n } else { bits };
                self.state = State::Byte { phase, bits, sum: 0.0 };
                None
            }
        }
    }

    fn end(&mut self) -> Option<Datum> {
        core::mem::take(&mut self.talking).then_some(Datum::Idle)
    }
}

impl Correlator {
    fn new(hertz: f32) -> Self {
        let angle = core::f32::consts::TAU * hertz / SAMPLE_RATE as f32;
        Self { turn: (cosf(angle), -sinf(angle)), phase: (1.0, 0.0), products: [(0.0, 0.0); SPAN], place: 0 }
    }

    fn next(&mut self, x: f32) -> f32 {
        let (re, im) = self.phase;
        let fix = 1.5 - 0.5 * (re * re + im * im);
        self.phase =
            ((re * self.turn.0 - im * self.turn.1) * fix, (re * self.turn.1 + im * self.turn.0) * fix);
        self.products[self.place] = (x * re, x * im);
        self.place = (self.place + 1) % SPAN;
        let oldest = self.products[self.place];
        let mut sum = (oldest.0 * (OLDEST - 1.0), oldest.1 * (OLDEST - 1.0));
        for (re, im) in &self.products {
            sum.0 += re;
            sum.1 += im;
        }
        sqrtf(sum.0 * sum.0 + sum.1 * sum.1)
    }
}
