//! Is the loop closed under ringing?
//!
//! # What it does
//! Finds the telephone that was lifted while it rings (ring trip), in the bursts and in the pauses, so soon that
//! ringing falls silent within 200 ms. Ringers up to 5 REN, ring start and cadence edges do not trip it.
//!
//! # How
//! A ringer's capacitor passes the alternating current and blocks battery; a lifted telephone draws direct current
//! as well. Over whole cycles of the ring frequency the alternating current has no mean, so in a burst the mean of
//! the readings over as many whole cycles as fit into 67 ms is compared with the loop threshold. Cycles are not
//! whole milliseconds: the oldest reading counts by the part of it that lies in the window. In a pause the readings
//! are compared directly.
//!
//! When ringing starts or ends, a ringer's capacitor is charged to another value, a direct current that dies away
//! with R·C (60 to 130 ms at 5 REN) and at 15 Hz starts near the threshold. So the window starts anew with each
//! burst, and the excess has to last [`HOLD`]. It may last across the edges of the cadence: what was found
//! before a burst still holds when its first window is full.
//!
//! In the worst case (15 Hz, lifted in a burst) that is 67 ms for a clean window, 60 ms of hold, and two ticks until
//! the order reaches the card.
//!
//! # Limits
//! A ring frequency far from the profile's leaves a remainder of the alternating current in the mean: some 3 % of
//! its amplitude for each percent.
//!
//! # Standard
//! Ring trip within 200 ms: GR-909 asks for it as TIA/EIA-464 does (from memory, unverified).

use tipring_units::{Hz, Milliamps, Millis};

use crate::Phase;

/// Direct current has to last this long.
pub const HOLD: Millis = Millis(60);
/// In a pause it has to last this long, where a ringer that loses its charge starts above the threshold.
pub const HOLD_IN_PAUSE: Millis = Millis(60);

/// The window is at most one cycle of the lowest ring frequency, 15 Hz: 66 whole readings and a part.
const MAX_WINDOW: usize = 68;
/// Length of the longest window, in milliseconds.
const LONGEST: f32 = 67.0;
/// Ring frequencies of the profile are 15 to 70 Hz.
const FREQUENCIES: (f32, f32) = (15.0, 70.0);
/// Parts into which a reading is divided at the edge of the window.
const PARTS: i64 = 256;
/// Readings are held in microamps, at most 1 A, so that sums are exact.
const MAX_MICROAMPS: f32 = 1_000_000.0;

/// How a trip was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trip {
    /// By the mean over whole ring cycles. Battery alone should confirm it.
    InBurst,
    /// On battery: certain.
    InPause,
}

/// The detector of one ringing line.
#[derive(Clone, Debug)]
pub struct RingTrip {
    readings: [i32; MAX_WINDOW],
    /// Where the next reading goes.
    next: usize,
    /// Readings since the window started anew.
    filled: usize,
    /// Whole readings in the window.
    whole: usize,
    /// The part of one more, in [`PARTS`].
    part: i64,
    /// Sum of the last `whole` readings.
    sum: i64,
    threshold: i64,
    phase: Phase,
    /// Readings in a row that showed a closed loop.
    held: u32,
}

impl RingTrip {
    /// A detector for ringing at `frequency` on a line with this loop threshold.
    pub fn new(frequency: Hz, threshold: Milliamps) -> Self {
        let frequency = if frequency.0.is_finite() { frequency.0 } else { FREQUENCIES.0 };
        let period = 1000.0 / frequency.clamp(FREQUENCIES.0, FREQUENCIES.1);
        let cycles = (LONGEST / period) as u32;
        let parts = (period * cycles.max(1) as f32 * PARTS as f32) as i64;
        Self {
            readings: [0; MAX_WINDOW],
            next: 0,
            filled: 0,
            whole: (parts / PARTS) as usize,
            part: parts % PARTS,
            sum: 0,
            threshold: i64::from(microamps(threshold)),
            phase: Phase::Pause,
            held: 0,
        }
    }

    /// A step of the cadence begins with the next reading.
    pub fn begin(&mut self, phase: Phase) {
        self.phase = phase;
        (self.filled, self.sum) = (0, 0);
    }

    /// The next reading.
    pub fn read(&mut self, current: Milliamps) -> Option<Trip> {
        let current = microamps(current);
        let (closed, hold, trip) = match self.phase {
            Phase::Pause => (i64::from(current).abs() > self.threshold, HOLD_IN_PAUSE, Trip::InPause),
            Phase::Burst => {
                let excess = self.mean_exceeds(current)?;
                (excess, HOLD, Trip::InBurst)
            }
        };
        self.held = if closed { self.held + 1 } else { 0 };
        (self.held >= hold.0).then(|| {
            self.held = 0;
            trip
        })
    }

    /// Puts a reading into the window; `None` until it is full.
    fn mean_exceeds(&mut self, current: i32) -> Option<bool> {
        let back = |by: usize| (self.next + MAX_WINDOW - by) % MAX_WINDOW;
        // The reading that now leaves the whole part is the one that counts in part.
        let leaving = self.readings.get(back(self.whole)).copied().map_or(0, i64::from);
        if let Some(place) = self.readings.get_mut(self.next) {
            *place = current;
        }
        self.next = (self.next + 1) % MAX_WINDOW;
        self.sum += i64::from(current);
        if self.filled >= self.whole {
            self.sum -= leaving;
        } else {
            self.filled += 1;
            return None;
        }
        let sum = self.sum * PARTS + leaving * self.part;
        Some(sum.abs() > self.threshold * (self.whole as i64 * PARTS + self.part))
    }
}

/// What is not a number counts as no current.
fn microamps(current: Milliamps) -> i32 {
    (current.0 * 1000.0).clamp(-MAX_MICROAMPS, MAX_MICROAMPS) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(turns: f64) -> f32 {
        // Bhaskara's approximation, odd and half-wave symmetric: no mean over a cycle.
        let x = turns.rem_euclid(1.0);
        let half = if x < 0.5 { x } else { x - 0.5 };
        let p = half * 2.0 * (1.0 - half * 2.0);
        let value = 16.0 * p / (5.0 - 4.0 * p);
        (if x < 0.5 { value } else { -value }) as f32
    }

    fn millis_to_trip(frequency: f32, dc: f32, ac: f32) -> Option<u32> {
        let mut trip = RingTrip::new(Hz(frequency), Milliamps(10.0));
        trip.begin(Phase::Burst);
        (0..2000).find(|&ms| {
            let phase = f64::from(frequency) * (f64::from(ms) + 0.5) / 1000.0;
            trip.read(Milliamps(dc + ac * sine(phase))).is_some()
        })
    }

    #[test]
    fn direct_current_under_ringing_trips_at_every_frequency() {
        for frequency in 15..=70 {
            let after = millis_to_trip(frequency as f32, 16.0, 70.0).expect("trip");
            assert!(after <= 130, "{frequency} Hz: {after} ms");
        }
    }

    #[test]
    fn alternating_current_alone_does_not() {
        for frequency in [15.0, 16.0, 16.67, 17.0, 20.0, 23.4, 25.0, 30.0, 33.3, 42.0, 50.0, 60.0, 66.7, 70.0]
        {
            assert_eq!(millis_to_trip(frequency, 0.0, 120.0), None, "{frequency} Hz");
            assert_eq!(millis_to_trip(frequency, 9.5, 60.0), None, "{frequency} Hz with leakage");
        }
    }

    #[test]
    fn nonsense_readings_do_not_trip_or_panic() {
        let mut trip = RingTrip::new(Hz(f32::NAN), Milliamps(f32::NAN));
        trip.begin(Phase::Burst);
        for _ in 0..500 {
            let _ = trip.read(Milliamps(f32::INFINITY));
            let _ = trip.read(Milliamps(f32::NAN));
        }
    }
}
