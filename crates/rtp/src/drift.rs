//! How far the sender's clock runs from the one that plays.
//!
//! # What
//! Estimates the difference of the two clocks in parts in a million, so that sound can be read at the sender's speed
//! and the buffer's depth stays where it is without steps.
//!
//! # How
//! The fastest packet of each second shows the clocks and hardly the network. A straight line is laid through the
//! last [`SECONDS`] of these by least squares; its slope is the drift, its residual tells how far to trust it. Times
//! are taken by the ticks that play, so that a tick clock that is itself wrong is part of the drift, as it must be.
//!
//! # Limits
//! Nothing is said before [`ENOUGH`] seconds, nor of drift within [`SURE`] standard errors of the slope, nor beyond
//! [`MOST`]: that is a new route, not a clock.
//!
//! # Standard
//! None; RFC 3550 clause 6.4.1 defines the transit time.

/// Seconds that the line is laid through.
const SECONDS: usize = 64;
/// Seconds before anything is said.
const ENOUGH: usize = 12;
/// The greatest drift that is believed, in parts in a million: two clocks of 200 each, and some.
const MOST: f64 = 450.0;
/// Standard errors of the slope from which drift is believed.
const SURE: f64 = 3.0;
/// Ticks of 10 ms in a second.
const TICKS: i64 = 100;

/// Follows one stream.
#[derive(Clone, Debug)]
pub(crate) struct Drift {
    /// Least transit of each second in nanoseconds, the oldest first.
    least: [i64; SECONDS],
    len: usize,
    current: Option<i64>,
    ticks: i64,
    ppm: f32,
}

impl Drift {
    /// Nothing is known.
    pub(crate) const fn new() -> Self {
        Self { least: [0; SECONDS], len: 0, current: None, ticks: 0, ppm: 0.0 }
    }

    /// The timeline starts anew; what is known of the clocks stays until more is.
    pub(crate) fn rebase(&mut self) {
        self.len = 0;
        self.current = None;
    }

    /// Ticks of 10 ms that have been played.
    pub(crate) const fn ticks(&self) -> i64 {
        self.ticks
    }

    /// Takes the transit time of a packet in nanoseconds, its arrival taken by the ticks.
    pub(crate) fn note(&mut self, transit: i64) {
        self.current = Some(self.current.map_or(transit, |least| least.min(transit)));
    }

    /// A tick passed.
    pub(crate) fn tick(&mut self) {
        self.ticks += 1;
        if self.ticks % TICKS == 0
            && let Some(least) = self.current.take()
        {
            if self.len == SECONDS {
                self.least.rotate_left(1);
                self.len -= 1;
            }
            if let Some(place) = self.least.get_mut(self.len) {
                *place = least;
            }
            self.len += 1;
            if self.len >= ENOUGH {
                self.ppm = self.slope();
            }
        }
    }

    /// Parts in a million by which the sender is fast; zero where nothing sure is known.
    pub(crate) const fn ppm(&self) -> f32 {
        self.ppm
    }

    fn slope(&self) -> f32 {
        let points = self.least.get(..self.len).unwrap_or_default();
        let count = points.len() as f64;
        let first = points.first().copied().unwrap_or(0);
        let x_mean = (count - 1.0) / 2.0;
        let y = |least: i64| (least - first) as f64;
        let y_mean = points.iter().map(|&least| y(least)).sum::<f64>() / count;
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (n, &least) in points.iter().enumerate() {
            let (dx, dy) = (n as f64 - x_mean, y(least) - y_mean);
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }
        let slope = xy / xx;
        let residual = (yy - slope * xy).max(0.0) / (count - 2.0);
        // One nanosecond in a second is a thousandth of a part in a million.
        let (ppm, error) = (-slope / 1000.0, libm::sqrt(residual / xx) / 1000.0);
        let believed = ppm.abs() <= MOST && ppm.abs() >= SURE * error;
        if believed { ppm as f32 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_units::Entropy;

    /// What is estimated after `seconds` of a sender that is fast by `ppm`, over a network with this much jitter.
    fn estimate(ppm: f64, seconds: i64, jitter_us: u32) -> f32 {
        let mut entropy = Entropy::for_simulation(7);
        let mut drift = Drift::new();
        for tick in 0..seconds * TICKS {
            if tick % 2 == 0 {
                let late = i64::from(entropy.below(jitter_us.max(1))) * 1000;
                drift.note(30_000_000 + late - (tick as f64 * 10_000_000.0 * ppm * 1e-6) as i64);
            }
            drift.tick();
        }
        drift.ppm()
    }

    #[test]
    fn drift_is_found_within_seconds_on_a_calm_network() {
        for ppm in [-200.0, -20.0, 20.0, 100.0, 200.0] {
            let found = estimate(ppm, 20, 500);
            assert!((f64::from(found) - ppm).abs() < 4.0, "{ppm}: {found}");
        }
    }

    #[test]
    fn jitter_delays_the_finding_but_does_not_invent_drift() {
        let found = estimate(200.0, 64, 60_000);
        assert!((120.0..=230.0).contains(&found), "{found}");
        for seconds in 12..64 {
            let found = estimate(0.0, seconds, 60_000);
            assert!(found.abs() < 60.0, "{seconds} s: {found}");
        }
    }

    #[test]
    fn a_new_route_is_no_drift() {
        let mut drift = Drift::new();
        for tick in 0..60 * TICKS {
            drift.note(if tick < 30 * TICKS { 30_000_000 } else { 110_000_000 });
            drift.tick();
            assert!(drift.ppm().abs() < 1.0 || drift.ppm().abs() > MOST as f32 || tick > 30 * TICKS);
        }
        assert_eq!(drift.ppm(), 0.0);
    }
}
