//! Is the loop closed?
//!
//! # What it does
//! Turns readings of loop current (one a millisecond) into edges, closed or open, that contact bounce does not
//! multiply. An edge carries the moment at which the new state began, not the later one at which it was believed.
//!
//! # How
//! The magnitude of the current is compared with a threshold that has hysteresis, so polarity does not matter.
//! While the loop is closed the threshold also follows the current of this loop at two thirds of its value: ringers in
//! parallel keep drawing charging current after the contact opened (five of them for some 60 ms), and a fixed
//! threshold would hide a dial pulse in that. An opening has to last [`Settings::open_confirm`], a closing only
//! [`CLOSE_CONFIRM`], because the makes of a fast dial (20 pulses a second, 75 % break) last 12 ms of which
//! bounce takes up to 5.
//!
//! # Limits
//! Under ringing the magnitude says nothing: see [`crate::RingTrip`].
//!
//! # Standard
//! Loop thresholds and debounce are national; the figures are the profile's.

use tipring_port::LoopReading;
use tipring_units::{Milliamps, Millis, SampleTime, Samples};

use crate::Settings;

/// A closing that lasts this long is believed (unless the profile's bounce is shorter still).
pub const CLOSE_CONFIRM: Millis = Millis(4);

/// Samples that one reading covers.
pub(crate) const READING: Samples = Samples(8);

/// A closed loop opens below this part of its threshold.
const HYSTERESIS: f32 = 0.8;
/// ... or below this part of the current that it drew until now.
const OPENS_BELOW: f32 = 0.65;
/// ... and closes again above this part.
const CLOSES_ABOVE: f32 = 0.72;
/// Readings over which the remembered current rises (a time constant of 20 ms).
const ATTACK: f32 = 1.0 / 20.0;
/// Readings over which it falls (a time constant of 200 ms: longer than a dial pulse).
const DECAY: f32 = 1.0 / 200.0;

/// A change of the loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// The first sample of the new state.
    pub at: SampleTime,
    /// Closed, else open.
    pub closed: bool,
}

/// The detector of one line.
#[derive(Clone, Debug)]
pub struct Detector {
    threshold: f32,
    limit: f32,
    open_confirm: Samples,
    close_confirm: Samples,
    /// The comparator's output.
    level: bool,
    /// The state that was last believed.
    stable: bool,
    /// Since when the comparator differs from it.
    differs_since: Option<SampleTime>,
    /// The current that this loop draws when closed.
    usual: f32,
}

impl Detector {
    /// A detector of an open loop.
    pub fn new(settings: &Settings) -> Self {
        let threshold = if settings.threshold.0 > 0.0 { settings.threshold.0 } else { f32::MIN_POSITIVE };
        Self {
            threshold,
            limit: settings.loop_current.0.max(threshold),
            open_confirm: settings.open_confirm().samples(),
            close_confirm: settings.hook.bounce.min(CLOSE_CONFIRM).samples(),
            level: false,
            stable: false,
            differs_since: None,
            usual: 0.0,
        }
    }

    /// Takes new settings and keeps the state of the loop.
    pub fn apply(&mut self, settings: &Settings) {
        *self = Self {
            level: self.level,
            stable: self.stable,
            differs_since: self.differs_since,
            usual: self.usual,
            ..Self::new(settings)
        };
    }

    /// Forgets everything: the loop counts as open or closed until readings say otherwise.
    pub fn reset(&mut self, closed: bool) {
        (self.level, self.stable, self.differs_since, self.usual) = (closed, closed, None, 0.0);
    }

    /// The reading of the millisecond that starts at `at`.
    pub fn read(&mut self, at: SampleTime, reading: &LoopReading) -> Option<Edge> {
        let current = magnitude(reading.current);
        let (base, share) = if self.level {
            (self.threshold * HYSTERESIS, OPENS_BELOW)
        } else {
            (self.threshold, CLOSES_ABOVE)
        };
        self.level = current > base.max(self.usual * share);
        let rate = if current > self.usual { ATTACK } else { DECAY };
        self.usual += (current.min(self.limit) - self.usual) * rate;

        if self.level == self.stable {
            self.differs_since = None;
            return None;
        }
        let since = *self.differs_since.get_or_insert(at);
        let confirm = if self.level { self.close_confirm } else { self.open_confirm };
        ((at + READING).since(since) >= confirm).then(|| {
            self.stable = self.level;
            self.differs_since = None;
            Edge { at: since, closed: self.stable }
        })
    }

    /// The state that is believed.
    pub fn closed(&self) -> bool {
        self.stable
    }

    /// True if the loop is closed or may just be closing: ringing must not start.
    pub fn may_be_closed(&self) -> bool {
        self.stable || self.level
    }

    /// True if no change is being judged.
    pub fn is_settled(&self) -> bool {
        self.differs_since.is_none()
    }
}

/// What is not a number counts as no current.
fn magnitude(current: Milliamps) -> f32 {
    let magnitude = current.0.abs();
    if magnitude.is_finite() { magnitude } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(detector: &mut Detector, readings: &[(u32, f32)]) -> Vec<(u64, bool)> {
        let mut edges = Vec::new();
        let mut at = SampleTime(0);
        for &(millis, current) in readings {
            for _ in 0..millis {
                let reading = LoopReading { current: Milliamps(current), ..LoopReading::default() };
                edges.extend(detector.read(at, &reading).map(|edge| (edge.at.0 / 8, edge.closed)));
                at = at + READING;
            }
        }
        edges
    }

    fn detector() -> Detector {
        Detector::new(&Settings::for_tests())
    }

    #[test]
    fn edges_carry_the_moment_of_the_change_in_either_polarity() {
        for sign in [1.0, -1.0] {
            let edges = feed(&mut detector(), &[(20, 0.0), (50, sign * 22.0), (40, 0.0)]);
            assert_eq!(edges, [(20, true), (70, false)]);
        }
    }

    #[test]
    fn bounce_makes_one_edge() {
        let bouncing =
            [(10, 0.0), (2, 22.0), (1, 0.0), (1, 22.0), (2, 0.0), (60, 22.0), (5, 0.0), (30, 22.0)];
        assert_eq!(feed(&mut detector(), &bouncing), [(16, true)]);
    }

    #[test]
    fn current_between_the_thresholds_changes_nothing() {
        let edges = feed(&mut detector(), &[(50, 9.0), (50, 12.0), (300, 9.0), (50, 7.9)]);
        assert_eq!(edges, [(50, true), (400, false)]);
    }

    #[test]
    fn charging_ringers_do_not_hide_a_dial_pulse() {
        let mut detector = detector();
        let _ = feed(&mut detector, &[(300, 25.0)]);
        let tail: Vec<_> = (0..61).map(|ms| (1, 27.0 * libm_exp(-(ms as f32) / 56.0))).collect();
        let edges = feed(&mut detector, &tail);
        assert_eq!(edges.len(), 1);
        assert!(!edges[0].1 && edges[0].0 < 45, "{edges:?}");
    }

    #[test]
    fn a_loop_that_draws_less_from_now_on_stays_closed() {
        let edges = feed(&mut detector(), &[(300, 25.0), (400, 18.0), (1000, 13.0)]);
        assert_eq!(edges, [(0, true)]);
    }

    #[test]
    fn what_is_not_a_number_is_no_current() {
        let readings = [(100, f32::NAN), (100, f32::INFINITY), (100, f32::NEG_INFINITY), (20, 20.0)];
        assert_eq!(feed(&mut detector(), &readings), [(300, true)]);
    }

    fn libm_exp(x: f32) -> f32 {
        // e^x by its definition: accurate enough for a decaying current.
        let mut power = 1.0 + x / 1024.0;
        for _ in 0..10 {
            power *= power;
        }
        power
    }
}
