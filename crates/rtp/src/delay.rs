//! How long packets take, and how deep a buffer has to be for it.
//!
//! # What
//! Learns the spread of transit times and gives the depth that lets all but one packet in 200 arrive in time.
//!
//! # How
//! A transit time is the arrival less the media time; only differences of it mean anything. The *base* is the
//! least one of the last [`WINDOWS`] seconds, so that it follows a drifting clock and a new route. Over it stands
//! a histogram in steps of [`BIN`], forgotten at the pace of the last [`MEMORY`] packets; where the base moves,
//! the histogram moves against it. Packets that come together after a hold-up count once, by the slowest. A packet that came too late raises the depth at once: by up to [`FIRST_STEP`]
//! the first time, to all that was missing if it happens again within [`AGAIN`]; the raise fades later.
//!
//! # Limits
//! [`BINS`] steps; whatever is slower counts as the slowest.

use tipring_units::{Instant, Millis};

const MILLI: i64 = 1_000_000;
/// Width of a step of the histogram.
const BIN: i64 = 5 * MILLI;
/// Steps of the histogram: 480 ms.
const BINS: usize = 96;
/// Packets that the histogram remembers.
const MEMORY: u32 = 500;
/// Weight of all steps together.
const TOTAL: u32 = 1 << 30;
/// Weight of the packets that may come too late.
const TAIL: u32 = TOTAL / 200;
/// Seconds over which the least transit time is kept.
const WINDOWS: usize = 10;
const WINDOW: i64 = 1000 * MILLI;
/// Added to what the histogram says: half of the 10 ms in which a unit waits for its tick.
const MARGIN: i64 = 5 * MILLI;
/// Packets closer than this came together.
const TOGETHER: i64 = 2 * MILLI;
/// Lateness of packets within this time is one event.
const SAME: Millis = Millis(100);
/// Two such events within this time show that it was no accident.
const AGAIN: Millis = Millis::from_secs(5);
/// The most that a first late packet adds.
const FIRST_STEP: i64 = 20 * MILLI;
/// How long a raise holds in full.
const HOLD: Millis = Millis::from_secs(2);
/// A raise fades by one in this many: 10 ms in a second.
const FADE: i64 = 100;

#[derive(Clone, Debug)]
pub(crate) struct DelayModel {
    least: [Option<i64>; WINDOWS],
    window_ends: i64,
    base: Option<i64>,
    /// Transit time of the histogram's first step.
    origin: i64,
    weights: [u32; BINS],
    count: u32,
    noted: i64,
    raise: i64,
    late_at: Option<Instant>,
    event_at: Option<Instant>,
    repeated: bool,
}

impl DelayModel {
    /// A model that believes in `depth` until it learns better.
    pub(crate) fn new(depth: Millis) -> Self {
        let mut weights = [0; BINS];
        let bin = ((i64::from(depth.0) * MILLI - MARGIN) / BIN - 1).clamp(0, BINS as i64 - 1);
        if let Some(first) = weights.get_mut(bin as usize) {
            *first = TOTAL;
        }
        Self {
            least: [None; WINDOWS],
            window_ends: 0,
            base: None,
            origin: 0,
            weights,
            count: 2,
            noted: i64::MIN,
            raise: 0,
            late_at: None,
            event_at: None,
            repeated: false,
        }
    }

    /// The timeline starts anew: transit times have another zero, their spread is the same.
    pub(crate) fn rebase(&mut self, transit: i64) {
        self.least = [None; WINDOWS];
        self.base = Some(transit);
        self.origin = transit;
    }

    /// The least transit time.
    pub(crate) fn base(&self) -> Option<i64> {
        self.base
    }

    /// Takes the transit time of a packet.
    pub(crate) fn note(&mut self, now: Instant, transit: i64) {
        let time = now.as_nanos() as i64;
        if time >= self.window_ends {
            let elapsed = (time - self.window_ends) / WINDOW + 1;
            for _ in 0..elapsed.min(WINDOWS as i64) {
                self.least.rotate_right(1);
                self.least[0] = None;
            }
            self.window_ends = time - time.rem_euclid(WINDOW) + WINDOW;
        }
        self.least[0] = Some(self.least[0].map_or(transit, |least| least.min(transit)));
        let base = self.least.iter().flatten().min().copied().unwrap_or(transit);
        if self.base.is_none() {
            self.origin = base;
        }
        self.base = Some(base);
        self.shift((base - self.origin).div_euclid(BIN));
        let together = time.saturating_sub(self.noted) < TOGETHER;
        self.noted = time;
        if together {
            return; // behind a slower one, which told how long the hold-up was
        }
        let bin = ((transit - self.origin) / BIN).clamp(0, BINS as i64 - 1) as usize;
        let (mut freed, count) = (0, Divisor::new(self.count));
        for weight in &mut self.weights {
            let share = count.divide(*weight);
            *weight -= share;
            freed += share;
        }
        if let Some(weight) = self.weights.get_mut(bin) {
            *weight += freed;
        }
        self.count = (self.count + 1).min(MEMORY);
    }

    /// Takes note that a packet came too late, by its transit time and what the depth was.
    pub(crate) fn note_late(&mut self, now: Instant, transit: i64, depth: i64) {
        let Some(base) = self.base else { return };
        let same = self.late_at.is_some_and(|at| now < at + SAME);
        if !same {
            self.repeated = self.event_at.is_some_and(|at| now < at + AGAIN);
            self.event_at = Some(now);
        }
        let needed = transit - base + MARGIN;
        let step = if self.repeated { needed } else { needed.min(depth + FIRST_STEP) };
        self.raise = self.faded(now).max(step);
        self.late_at = Some(now);
    }

    /// True if a packet came too late within the last second.
    pub(crate) fn is_urgent(&self, now: Instant) -> bool {
        self.late_at.is_some_and(|at| now < at + Millis::from_secs(1))
    }

    /// The depth over the base that is wanted.
    pub(crate) fn target(&self, now: Instant) -> i64 {
        let mut rest = TAIL;
        let mut top = BINS as i64;
        for weight in self.weights.iter().rev() {
            match rest.checked_sub(*weight) {
                Some(left) => rest = left,
                None => break,
            }
            top -= 1;
        }
        let learned = self.origin + top * BIN + MARGIN - self.base.unwrap_or(self.origin);
        learned.max(self.faded(now))
    }

    fn faded(&self, now: Instant) -> i64 {
        let over = self.late_at.map_or(0, |at| now.since(at + HOLD).as_nanos() as i64);
        self.raise - over / FADE
    }

    /// Moves the histogram's first step by `bins`, so that every weight keeps its transit time.
    fn shift(&mut self, bins: i64) {
        if bins == 0 {
            return;
        }
        let mut moved = [0; BINS];
        for (index, weight) in self.weights.iter().enumerate() {
            let to = (index as i64 - bins).clamp(0, BINS as i64 - 1) as usize;
            if let Some(place) = moved.get_mut(to) {
                *place += weight;
            }
        }
        self.weights = moved;
        self.origin += bins * BIN;
    }
}

/// A number by which many are divided: a division each would be most of what a packet costs.
///
/// The product with `2^shift / divisor`, rounded up, is too great by less than a part in [`TOTAL`], which is too little to lead from
/// one whole number to the next.
#[derive(Clone, Copy)]
struct Divisor {
    factor: u64,
    shift: u32,
}

impl Divisor {
    /// A divisor from 1 to [`MEMORY`].
    fn new(divisor: u32) -> Self {
        let divisor = divisor.max(1);
        let shift = 31 + (u32::BITS - (divisor - 1).leading_zeros());
        Self { factor: (1 << shift) / u64::from(divisor) + 1, shift }
    }

    /// The whole part of a number of at most [`TOTAL`] over it.
    fn divide(self, number: u32) -> u32 {
        ((u64::from(number) * self.factor) >> self.shift) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_divisor_divides() {
        let mut numbers: Vec<u32> = (0..2000).map(|n| n * 536_870).collect();
        numbers.extend([1, 2, 3, TOTAL - 1, TOTAL]);
        for divisor in 1..=MEMORY {
            let count = Divisor::new(divisor);
            let multiples = (1..200).map(|n| TOTAL / 200 * n / divisor * divisor);
            for number in
                numbers.iter().copied().chain(multiples.flat_map(|m| [m.saturating_sub(1), m, m + 1]))
            {
                assert_eq!(count.divide(number), number / divisor, "{number} / {divisor}");
            }
        }
    }

    fn learn(model: &mut DelayModel, from_s: u64, seconds: u64, transit: impl Fn(u64) -> i64) {
        for packet in from_s * 50..(from_s + seconds) * 50 {
            model.note(Instant::from_millis(packet * 20), transit(packet) * MILLI);
        }
    }

    fn target(model: &DelayModel, at_s: u64) -> i64 {
        model.target(Instant::from_millis(at_s * 1000)) / MILLI
    }

    #[test]
    fn the_depth_covers_the_spread_that_was_seen() {
        let mut model = DelayModel::new(Millis(40));
        assert_eq!(target(&model, 0), 40);
        learn(&mut model, 0, 30, |packet| 500 + (packet as i64 * 7) % 60);
        assert!((60..=70).contains(&target(&model, 30)), "{}", target(&model, 30));
        learn(&mut model, 30, 60, |_| 500);
        assert!(target(&model, 90) <= 15, "{}", target(&model, 90));
    }

    #[test]
    fn a_lone_spike_does_not_deepen_it() {
        let mut model = DelayModel::new(Millis(40));
        learn(&mut model, 0, 30, |_| 500);
        model.note(Instant::from_millis(30_000), 800 * MILLI);
        assert!(target(&model, 30) <= 15);
    }

    #[test]
    fn the_base_follows_a_new_route_both_ways() {
        let mut model = DelayModel::new(Millis(40));
        learn(&mut model, 0, 30, |_| 500);
        learn(&mut model, 30, 1, |_| 450);
        assert_eq!(model.base(), Some(450 * MILLI));
        learn(&mut model, 31, 11, |_| 600);
        assert_eq!(model.base(), Some(600 * MILLI));
        learn(&mut model, 42, 20, |_| 600);
        assert!(target(&model, 62) <= 15, "the old route is no jitter: {}", target(&model, 62));
    }

    #[test]
    fn late_packets_deepen_at_once_and_more_when_repeated() {
        let mut model = DelayModel::new(Millis(20));
        learn(&mut model, 0, 30, |_| 0);
        let at = Instant::from_millis;
        model.note_late(at(30_000), 120 * MILLI, 20 * MILLI);
        assert_eq!(target(&model, 30), 40);
        model.note_late(at(31_000), 120 * MILLI, 40 * MILLI);
        assert_eq!(target(&model, 31), 125);
        assert_eq!(target(&model, 33), 125);
        assert_eq!(target(&model, 38), 75, "fades by 10 ms in a second");
    }
}
