//! Search for slips.
//!
//! # What it does
//! Finds out whether the line signal is what the filter expects, but some samples earlier or later: a card or a driver
//! that lost or repeated samples, an elastic store that slipped by a frame.
//!
//! # How
//! The last 30 ms of the line signal are compared with the expected echo at all lags in reach, some lags a tick. A lag
//! that explains nearly all of the signal, where no lag does not, is a slip.
//!
//! # Limits
//! Slips up to [`REACH`]. Found in about eight ticks from when the residual is seen to be unusual.
//!
//! # Standard
//! None.

use fearless_simd::{Level, Simd, SimdBase, dispatch, f32x8};

use super::history::History;
use super::linear::{Block, power};
use tipring_units::TICK_SAMPLES;

/// Largest slip that is looked for: 40 ms.
pub(super) const REACH: usize = 320;
/// Samples that are compared.
const COMPARED: usize = 240;
/// Lags that are tried in a tick.
const LAGS_A_TICK: usize = 128;
/// Lags in all: earlier, none, later.
const LAGS: usize = 2 * REACH + 1;
/// A slip leaves at most this share of the signal, and of what it is without one.
const LEFT_MAX: f32 = 0.1;
const BETTER: f32 = 0.2;
/// Quieter signals tell nothing: mean square of about -45 dBm0.
const POWER_MIN: f32 = 8000.0;

/// Surprising ticks before a search: the samples that are compared should all lie after the slip.
const FILL_TICKS: u32 = 3;
/// Ticks between searches.
const PAUSE_TICKS: u32 = 16;

/// What the search is at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Nothing to be found; no search for so many ticks.
    Idle(u32),
    /// Surprised for so many ticks.
    Filling(u32),
    /// This is the next lag to be tried.
    Trying(usize),
}

/// The best lag of a search.
#[derive(Clone, Copy, Debug)]
struct Best {
    lag: isize,
    left: f32,
}

/// Compares the line signal with the expected echo.
#[derive(Clone, Debug)]
pub(super) struct SlipSearch {
    level: Level,
    line: History,
    expected: History,
    stage: Stage,
    best: Best,
}

impl SlipSearch {
    pub(super) fn new() -> Self {
        let kept = COMPARED + REACH + TICK_SAMPLES;
        Self {
            level: Level::new(),
            line: History::new(kept),
            expected: History::new(kept),
            stage: Stage::Idle(0),
            best: Best { lag: 0, left: 1.0 },
        }
    }

    pub(super) fn clear(&mut self) {
        self.line.clear();
        self.expected.clear();
        self.stage = Stage::Idle(PAUSE_TICKS);
    }

    /// Follows the signals; `surprised` while the residual is larger than usual. Some when the signal turns out to
    /// come so many samples later than expected (earlier, if negative).
    pub(super) fn follow(&mut self, line: &Block, expected: &Block, surprised: bool) -> Option<isize> {
        self.line.push(line);
        self.expected.push(expected);
        if power(line) < POWER_MIN * TICK_SAMPLES as f32 {
            return None;
        }
        let start = match self.stage {
            Stage::Idle(0) if surprised => return self.go_on(Stage::Filling(1)),
            Stage::Idle(pause) => return self.go_on(Stage::Idle(pause.saturating_sub(1))),
            Stage::Filling(ticks) if ticks < FILL_TICKS => return self.go_on(Stage::Filling(ticks + 1)),
            Stage::Filling(_) => {
                self.best = Best { lag: 0, left: 1.0 };
                0
            }
            Stage::Trying(start) => start,
        };
        let end = (start + LAGS_A_TICK).min(LAGS);
        for index in start..end {
            // The later ones first: for the earlier ones, samples are still to come.
            let index = index as isize;
            self.try_lag(if index <= REACH as isize { index } else { REACH as isize - index });
        }
        if end < LAGS {
            return self.go_on(Stage::Trying(end));
        }
        self.stage = Stage::Idle(PAUSE_TICKS);
        let Best { lag, left } = self.refined();
        (lag != 0 && left < LEFT_MAX && left < BETTER * self.left_at(0)).then_some(lag)
    }

    /// Whether a search is going on.
    pub(super) fn is_searching(&self) -> bool {
        !matches!(self.stage, Stage::Idle(_))
    }

    fn go_on(&mut self, stage: Stage) -> Option<isize> {
        self.stage = stage;
        None
    }

    fn try_lag(&mut self, lag: isize) {
        let left = self.left_at(lag);
        if left < self.best.left {
            self.best = Best { lag, left };
        }
    }

    /// The best of the lags around the best one, all on the same samples: while the search went on, the signal did.
    fn refined(&self) -> Best {
        let mut best = Best { lag: self.best.lag, left: self.left_at(self.best.lag) };
        for lag in self.best.lag - 3..=self.best.lag + 3 {
            let left = self.left_at(lag.clamp(-(REACH as isize), REACH as isize));
            if left < best.left {
                best = Best { lag, left };
            }
        }
        best
    }

    /// Share of the line signal that the expected echo leaves at a lag; all of it where there is little signal.
    fn left_at(&self, lag: isize) -> f32 {
        // A signal that comes early is compared with what was expected afterwards.
        let line = self.line.latest(COMPARED, (-lag).max(0) as usize);
        let expected = self.expected.latest(COMPARED, lag.max(0) as usize);
        let level = self.level;
        let (power, left) = dispatch!(level, simd => compare(simd, line, expected));
        if power < POWER_MIN * COMPARED as f32 { 1.0 } else { left / power }
    }
}

/// Energies of a signal and of its difference from another.
#[inline(always)]
fn compare<S: Simd>(simd: S, line: &[f32], expected: &[f32]) -> (f32, f32) {
    let (mut power, mut left) = (f32x8::splat(simd, 0.0), f32x8::splat(simd, 0.0));
    for (line, expected) in line.as_chunks::<8>().0.iter().zip(expected.as_chunks::<8>().0) {
        let line = f32x8::from_slice(simd, line);
        let rest = line - f32x8::from_slice(simd, expected);
        power += line * line;
        left += rest * rest;
    }
    (super::filter::fold(power), super::filter::fold(left))
}
