//! Is there ringing on the line?
//!
//! # What it does
//! Tells from the voltage of an on-hook line (one reading a millisecond) when a burst of ringing begins, when it has
//! lasted long enough to be that of a call, and when it ended; and whether an alternating voltage is there that is none.
//!
//! # How
//! The slow mean is taken off; what is left is cut into periods at its rises through zero. A period counts if its length
//! is that of a ringing frequency, its voltage is high enough, and the line left the range between zero and its battery in
//! it: pulse dialling of another telephone on the line is as regular as ringing and as fast, but only ever lowers the
//! battery. A single spike (bell tap, a hook switch, a reversal) makes no two such periods.
//!
//! # Limits
//! Frequencies are known to one reading in a period: 50 to 52.6 ms are all 19.5 Hz.
//!
//! # Standard
//! Thresholds of `tipring_port::RingDetection`; 256 ms and 15 V are what line chips validate ringing by.

use tipring_port::RingDetection;
use tipring_units::{Millis, SampleTime, Samples, Volts};

use crate::detector::READING;

/// Readings over which the mean follows.
const MEAN: f32 = 64.0;
/// ... and the battery of a line without ringing.
const BATTERY: f32 = 32.0;
/// Part of the least ringing's RMS within which the voltage counts as zero.
const DEAD_ZONE: f32 = 0.4;
/// How far the voltage has to leave the range of the battery.
const BEYOND: f32 = 4.0;
/// Readings that a period may be off: it is measured in whole ones.
const SLACK: u32 = 1;
/// The mean is the reading if they are this close.
const SETTLED: f32 = 0.02;
/// Ringing that lasts longer is a foreign voltage: no country rings for more than 3 s at a time.
const LONGEST_BURST: Millis = Millis::from_secs(6);
/// An alternating voltage of this height that is no ringing, for [`FOREIGN_AFTER`], is foreign (GR-909: 10 V).
const FOREIGN: f32 = 10.0;
const FOREIGN_AFTER: Millis = Millis::from_secs(2);

/// What the detector tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ringing {
    /// A burst began, at this moment; it may still be too short.
    Began(SampleTime),
    /// The burst that began then has lasted long enough to be that of a call.
    Valid(SampleTime),
    /// The burst that began then is over.
    Ended {
        /// When it began.
        began: SampleTime,
        /// When it ended.
        at: SampleTime,
        /// It was long enough.
        valid: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Burst {
    began: SampleTime,
    last: SampleTime,
    valid: bool,
}

/// The detector of one line.
#[derive(Clone, Debug)]
pub struct RingDetector {
    spec: RingDetection,
    validate: Millis,
    /// A line of less voltage is in use: its battery is another.
    in_use_below: f32,
    mean: f32,
    battery: f32,
    primed: bool,
    above: bool,
    /// Readings since the last rise through zero.
    period: u32,
    energy: f32,
    beyond: bool,
    burst: Option<Burst>,
    /// The first good period of what is not yet a burst.
    candidate: Option<SampleTime>,
    /// Since when an alternating voltage that is no ringing is there.
    foreign_since: Option<SampleTime>,
    foreign_last: SampleTime,
    /// When the voltage last left the range of the battery.
    stirred: Option<SampleTime>,
}

impl RingDetector {
    /// A detector on a quiet line.
    pub fn new(spec: &RingDetection, in_use_below: Volts) -> Self {
        Self {
            spec: *spec,
            in_use_below: in_use_below.0,
            validate: spec.validate,
            mean: 0.0,
            battery: 0.0,
            primed: false,
            above: false,
            period: 0,
            energy: 0.0,
            beyond: false,
            burst: None,
            candidate: None,
            foreign_since: None,
            foreign_last: SampleTime(0),
            stirred: None,
        }
    }

    /// A burst has to last this long, if longer than the profile's own: short ones are alerts before caller identity.
    pub fn alerts_last(&mut self, length: Millis) {
        self.validate = self.spec.validate.max(length);
    }

    /// Forgets everything: the line was off-hook.
    pub fn reset(&mut self) {
        let validate = self.validate;
        *self = Self { validate, ..Self::new(&self.spec, Volts(self.in_use_below)) };
    }

    /// True if a burst is on the line now, of whatever length.
    pub fn is_ringing(&self) -> bool {
        self.burst.is_some()
    }

    /// True if ringing may just be beginning at `now`: the line must not be seized.
    pub fn is_stirring(&self, now: SampleTime) -> bool {
        let recent = Millis(100).samples();
        self.burst.is_some() || self.stirred.is_some_and(|at| now.since(at) < recent)
    }

    /// True if more of the same reading would tell nothing.
    pub fn is_settled(&self, volts: f32) -> bool {
        self.burst.is_none()
            && self.primed
            && self.foreign_since.is_none()
            && (volts - self.mean).abs() < SETTLED
    }

    /// An alternating voltage that is no ringing has been there for too long.
    pub fn is_foreign(&self, now: SampleTime) -> bool {
        let endless = self.burst.is_some_and(|burst| now.since(burst.began) > LONGEST_BURST.samples());
        endless || self.foreign_since.is_some_and(|since| now.since(since) > FOREIGN_AFTER.samples())
    }

    /// The reading of the millisecond that starts at `at`.
    pub fn read(&mut self, at: SampleTime, volts: f32) -> Option<Ringing> {
        if !self.primed {
            (self.mean, self.battery, self.primed) = (volts, volts, true);
        }
        let alternating = volts - self.mean;
        self.mean += alternating / MEAN;
        if alternating.abs() < SETTLED {
            self.mean = volts;
        }
        self.look_beyond(at, volts);
        let zone = self.spec.least.0 * DEAD_ZONE;
        self.period = self.period.saturating_add(1);
        self.energy += alternating * alternating;
        let rises = !self.above && alternating > zone;
        if alternating.abs() > zone {
            self.above = alternating > 0.0;
        }
        let end = at + READING;
        let news = if rises { self.judge(at) } else { None };
        news.or_else(|| self.perhaps_over(end))
    }

    /// The voltage has left what battery and telephones on it can make of it.
    fn look_beyond(&mut self, at: SampleTime, volts: f32) {
        let (low, high) = if self.battery < 0.0 { (self.battery, 0.0) } else { (0.0, self.battery) };
        if volts > high + BEYOND || volts < low - BEYOND {
            self.beyond = true;
            // A reversal leaves it once and stays; ringing comes back.
            self.stirred = Some(at);
        }
        let is_calm = (volts - self.mean).abs() < self.spec.least.0 * DEAD_ZONE;
        if self.burst.is_none()
            && self.candidate.is_none()
            && is_calm
            && self.period > 80
            && volts.abs() > self.in_use_below
        {
            self.battery += (volts - self.battery) / BATTERY;
        }
    }

    /// A period is over: the voltage rose through zero at `at`.
    fn judge(&mut self, at: SampleTime) -> Option<Ringing> {
        let (length, energy) = (self.period, self.energy);
        let beyond = core::mem::take(&mut self.beyond);
        (self.period, self.energy) = (0, 0.0);
        let square = energy / length.max(1) as f32;
        let shortest = (1000.0 / self.spec.highest.0.max(1.0)) as u32;
        let longest = (1000.0 / self.spec.lowest.0.max(1.0)) as u32;
        let in_range = (shortest.saturating_sub(SLACK)..=longest + SLACK).contains(&length);
        let begun = SampleTime(at.0.saturating_sub(u64::from(length) * READING.0));
        if !(in_range && beyond && square >= self.spec.least.0 * self.spec.least.0) {
            self.candidate = None;
            if beyond {
                self.watch_foreign(begun, at, length, square);
            }
            return None;
        }
        self.foreign_since = None;
        let Some(burst) = &mut self.burst else {
            // One period may be a spike's; two are ringing.
            let Some(began) = self.candidate.take() else {
                self.candidate = Some(begun);
                return None;
            };
            self.burst = Some(Burst { began, last: at, valid: false });
            return Some(Ringing::Began(began));
        };
        burst.last = at;
        if !burst.valid && at.since(burst.began) >= self.validate.samples() {
            burst.valid = true;
            return Some(Ringing::Valid(burst.began));
        }
        None
    }

    fn watch_foreign(&mut self, begun: SampleTime, at: SampleTime, length: u32, square: f32) {
        // Mains and traction: 16.7 to 60 Hz, or any other steady alternation that is not ringing's.
        if square >= FOREIGN * FOREIGN && (5..=100).contains(&length) {
            self.foreign_since.get_or_insert(begun);
            self.foreign_last = at;
        }
    }

    /// Nothing regular has come for more than a period.
    fn perhaps_over(&mut self, now: SampleTime) -> Option<Ringing> {
        let longest = Samples((1500.0 / self.spec.lowest.0.max(1.0)) as u64 * READING.0);
        if self.foreign_since.is_some() && now.since(self.foreign_last) > longest {
            self.foreign_since = None;
        }
        if self.candidate.is_some() && u64::from(self.period) * READING.0 > longest.0 {
            self.candidate = None;
        }
        let burst = self.burst.filter(|burst| now.since(burst.last) > longest)?;
        self.burst = None;
        Some(Ringing::Ended { began: burst.began, at: burst.last, valid: burst.valid })
    }
}
