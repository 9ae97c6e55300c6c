//! The caller-ID receiver for true samples.
//!
//! # What it does
//! Turns frequency-shift keying at 1200 bit/s into bytes.
//!
//! # How
//! Two correlators, one bit long, measure mark and space; their difference about the middle of a bit decides it. A
//! byte begins with the change from mark to space; since that moment is blurred, the byte is read at several places
//! around it and the clearest reading counts. Bytes count only after a run of mark, so that the channel seizure
//! before it gives none.
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
/// Samples of one bit.
const BIT: f32 = SAMPLE_RATE as f32 / BAUD;
/// Samples of the difference that are kept: more than a byte.
const MEMORY: usize = 80;
/// A byte is read this many bits after its beginning, before the next can begin.
const READ_AT: f32 = 9.75;
/// It is read at so many places before and after its beginning, half a sample apart.
const PLACES: i32 = 4;
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
    recent: [f32; MEMORY],
    newest: usize,
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
    /// In a byte that began so many samples ago.
    Byte(f32),
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
            recent: [0.0; MEMORY],
            newest: 0,
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
        self.newest = (self.newest + 1) % MEMORY;
        self.recent[self.newest] = difference;
        self.amplitude += (mark.max(space) - self.amplitude) / 32.0;
        // a sine of amplitude A gives A/2 a sample
        let quietest = QUIETEST * RMS_AT_0_DBM0 * core::f32::consts::SQRT_2 / 2.0;
        if self.amplitude < quietest * (SPAN as f32 - 1.0 + OLDEST) {
            self.marking = 0.0;
            self.state = State::Idle;
            return self.end();
        }
        self.marking = if difference > 0.0 { self.marking + 1.0 / BIT } else { 0.0 };
        match self.state {
            State::Idle => {
                if self.marking >= ARMING_BITS {
                    self.state = State::Armed;
                }
                None
            }
            State::Armed => {
                if last > 0.0 && difference <= 0.0 {
                    self.state = State::Byte(-difference / (last - difference).max(1e-6));
                }
                if self.marking > ENDING_BITS { self.end() } else { None }
            }
            State::Byte(age) => self.byte(age + 1.0),
        }
    }

    fn byte(&mut self, age: f32) -> Option<Datum> {
        self.state = State::Byte(age);
        let start_is_over = (0.75 * BIT..0.75 * BIT + 1.0).contains(&age);
        if start_is_over && self.before(age - 0.5 * BIT) > 0.0 {
            self.state = State::Armed; // noise
        }
        if age < READ_AT * BIT {
            return None;
        }
        let readings = (-PLACES..=PLACES).filter_map(|place| self.read(age, 0.5 * place as f32));
        match readings.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((_, byte)) => {
                // the next byte may have begun while the stop bit of this one was awaited
                let began = (0..5_u8).map(f32::from).find(|&ago| self.before(ago + 1.0) > 0.0);
                self.state = match began {
                    Some(ago) if self.before(ago) <= 0.0 => State::Byte(ago),
                    Some(_) | None => State::Armed,
                };
                self.talking = true;
                Some(Datum::Byte(byte))
            }
            None => {
                self.state = State::Idle;
                self.marking = 0.0;
                self.end()
            }
        }
    }

    /// The byte whose beginning is `later` than thought, and how clear it is; `None` without start or stop bit.
    fn read(&self, age: f32, later: f32) -> Option<(f32, u8)> {
        let mut byte = 0;
        let mut clearness = 0.0;
        for bit in 0..10_u8 {
            let ago = age - later - (f32::from(bit) + 0.5) * BIT;
            if ago < 1.0 {
                return None;
            }
            let value = self.before(ago - 1.0) + 2.0 * self.before(ago) + self.before(ago + 1.0);
            clearness += value.abs();
            match (bit, value > 0.0) {
                (0, true) | (9, false) => return None,
                (0, false) | (9, true) => {}
                (_, mark) => byte |= u8::from(mark) << (bit - 1),
            }
        }
        Some((clearness, byte))
    }

    /// The difference `ago` samples ago.
    fn before(&self, ago: f32) -> f32 {
        let whole = ago as usize;
        let part = ago - whole as f32;
        let at = |n: usize| self.recent[(self.newest + 2 * MEMORY - n.min(MEMORY - 1)) % MEMORY];
        at(whole) * (1.0 - part) + at(whole + 1) * part
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
