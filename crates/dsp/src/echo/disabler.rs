//! Detector of the tone that disables echo cancellers.
//!
//! # What it does
//! Tells when a 2100 Hz tone with phase reversals (ANS with reversals, ANSam) is heard, and when it and the data
//! signals after it have ended.
//!
//! # How
//! 10 ms hold 21 periods of the tone: each half tick's correlation with it gives power and phase. The tone counts
//! where it is most of the power. A phase that jumps by half a turn within two half ticks, apart from the even turning
//! that an off-tune tone has, is a reversal; two of them at the right distance disable.
//!
//! # Limits
//! The tone must be alone on its side of the line.
//!
//! # Standard
//! ITU-T G.168 clause 7 (2100 ±21 Hz, -31 to 0 dBm0, reversals of 180 ±25 degrees every 450 ±25 ms, no response to
//! shifts below 110; release when nothing above -36 dBm0 is heard for 250 ±150 ms), G.165 clause 4, V.25, V.8.

use super::linear::Block;
use crate::level::power_of_level;
use tipring_units::{Dbm0, TICK_SAMPLES};

use core::f64::consts::TAU;
use std::sync::LazyLock;

use super::linear::power;

/// Half a tick holds 10.5 periods: enough to tell the phase.
const HALF: usize = TICK_SAMPLES / 2;
/// Weakest tone, with a margin below the Recommendation's -31 dBm0.
const TONE_MIN: Dbm0 = Dbm0(-33.0);
/// Share of the power that must be the tone's; the amplitude modulation of ANSam takes 2 %.
const PURITY: f32 = 0.75;
/// Half ticks from a reversal to the next: 450 ms, with tolerance.
const APART: core::ops::RangeInclusive<u32> = 83..=97;
/// Half ticks in which a jump is still the same reversal.
const SAME: u32 = 8;
/// Cosine of the smallest jump that is a reversal: about 145 degrees.
const JUMP: f32 = -0.82;
/// Half ticks without tone after which it has ended.
const LOST: u32 = 4;
/// Rate at which the even turning is followed.
const TURNING: f32 = 0.1;
/// Weakest signal that keeps the canceller off, and the silent ticks that end that.
const HOLD_MIN: Dbm0 = Dbm0(-36.0);
const RELEASE_TICKS: u32 = 25;

/// The same as mean squares.
static TONE_POWER: LazyLock<f32> = LazyLock::new(|| power_of_level(TONE_MIN));
static HOLD_POWER: LazyLock<f32> = LazyLock::new(|| power_of_level(HOLD_MIN));

/// cos and sin of the tone over a tick.
static TONE: LazyLock<[[f32; TICK_SAMPLES]; 2]> = LazyLock::new(|| {
    let angle = |n: usize| TAU * (21 * n % TICK_SAMPLES) as f64 / TICK_SAMPLES as f64;
    [
        core::array::from_fn(|n| libm::cos(angle(n)) as f32),
        core::array::from_fn(|n| libm::sin(angle(n)) as f32),
    ]
});

/// A phase, as a point.
#[derive(Clone, Copy, Default, Debug)]
struct Point {
    re: f32,
    im: f32,
}

impl Point {
    fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// By how far this is turned from another, as a point of unit length; none where either has no phase.
    fn turned_from(self, other: Self) -> Option<Self> {
        let size = libm::sqrtf(self.power() * other.power());
        (size > 0.0).then(|| Self {
            re: (self.re * other.re + self.im * other.im) / size,
            im: (self.im * other.re - self.re * other.im) / size,
        })
    }
}

/// Listens to one direction.
#[derive(Clone, Default, Debug)]
struct Listener {
    /// Phases of the last two half ticks, the newer first.
    past: [Point; 2],
    /// Even turning per half tick.
    turning: Point,
    lost: u32,
    /// Half ticks since the last reversal, if there was one.
    since: Option<u32>,
}

impl Listener {
    /// True when the second of two reversals at the right distance was heard.
    fn hears(&mut self, block: &Block) -> bool {
        let [cos, sin] = &*TONE;
        let mut heard = false;
        for half in 0..2 {
            let at = half * HALF..(half + 1) * HALF;
            let total = power(&block[at.clone()]);
            // What is too soft is no tone, whatever its phase.
            if total <= *TONE_POWER * HALF as f32 {
                heard |= self.follow(None);
                continue;
            }
            let point = correlate(&block[at.clone()], &cos[at.clone()], &sin[at]);
            let is_tone = point.power() > PURITY * 0.5 * HALF as f32 * total;
            heard |= self.follow(is_tone.then_some(point));
        }
        heard
    }

    /// One half tick; none where there is no tone.
    fn follow(&mut self, point: Option<Point>) -> bool {
        let mut heard = false;
        self.since = self.since.map(|since| since.saturating_add(1));
        match point {
            Some(point) => {
                self.lost = 0;
                let even = Point {
                    re: self.turning.re * self.turning.re - self.turning.im * self.turning.im,
                    im: 2.0 * self.turning.re * self.turning.im,
                };
                let jump = point.turned_from(self.past[1]).and_then(|turned| turned.turned_from(even));
                if jump.is_some_and(|jump| jump.re < JUMP) {
                    if self.since.is_none_or(|since| since > SAME) {
                        heard = self.since.is_some_and(|since| APART.contains(&since));
                        self.since = Some(0);
                    }
                } else if let Some(turned) = point.turned_from(self.past[0]) {
                    self.turning.re += (turned.re - self.turning.re) * TURNING;
                    self.turning.im += (turned.im - self.turning.im) * TURNING;
                }
                self.past = [point, self.past[0]];
            }
            None => {
                self.lost += 1;
                if self.lost > LOST {
                    *self = Self { lost: self.lost, ..Self::default() };
                }
            }
        }
        heard
    }
}

/// Sums in eight lanes, which are added in one order.
fn correlate(block: &[f32], cos: &[f32], sin: &[f32]) -> Point {
    let (mut re, mut im) = ([0.0_f32; 8], [0.0_f32; 8]);
    let chunks = block.as_chunks::<8>().0.iter().zip(cos.as_chunks::<8>().0).zip(sin.as_chunks::<8>().0);
    for ((x, c), s) in chunks {
        for lane in 0..8 {
            re[lane] += x[lane] * c[lane];
            im[lane] -= x[lane] * s[lane];
        }
    }
    Point { re: re.iter().sum(), im: im.iter().sum() }
}

/// Listens to both directions and says whether the canceller is off.
#[derive(Clone, Default, Debug)]
pub(super) struct Disabler {
    listeners: [Listener; 2],
    is_off: bool,
    silent: u32,
}

impl Disabler {
    /// One tick of both directions; true while the canceller is to be off.
    pub(super) fn process(&mut self, line: &Block, reference: &Block) -> bool {
        let blocks = [line, reference];
        let loudest = power(line).max(power(reference)) / TICK_SAMPLES as f32;
        for (listener, block) in self.listeners.iter_mut().zip(blocks) {
            if listener.hears(block) {
                self.is_off = true;
            }
        }
        self.silent = if loudest > *HOLD_POWER { 0 } else { self.silent.saturating_add(1) };
        if self.silent >= RELEASE_TICKS {
            self.is_off = false;
        }
        self.is_off
    }

    /// Whether the canceller is off.
    pub(super) fn is_off(&self) -> bool {
        self.is_off
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;
    use tipring_units::Entropy;

    /// Ticks of a tone whose phase jumps by `degrees` every `period` samples; when it is first off, in ticks.
    fn off_after(hz: f64, level: f32, degrees: f64, period: usize, modulated: bool) -> Option<usize> {
        let mut disabler = Disabler::default();
        let mut entropy = Entropy::for_simulation(1);
        let peak = f64::from(crate::level::sine_peak(Dbm0(level)));
        (0..300).find(|tick| {
            let line: Block = core::array::from_fn(|k| {
                let n = tick * TICK_SAMPLES + k;
                let phase = TAU * hz * n as f64 / 8000.0 + (n / period) as f64 * degrees.to_radians();
                let swell = if modulated { 1.0 + 0.2 * (TAU * 15.0 * n as f64 / 8000.0).sin() } else { 1.0 };
                (peak * swell * phase.sin() + noise(&mut entropy, Dbm0(-60.0))) as f32
            });
            disabler.process(&line, &[0.0; TICK_SAMPLES])
        })
    }

    #[test]
    fn the_tone_with_reversals_disables_within_a_second() {
        for hz in [2079.0, 2100.0, 2121.0] {
            for level in [-31.0, -12.0, 0.0] {
                for degrees in [155.0, 180.0, 205.0] {
                    let got = off_after(hz, level, degrees, 3600, false);
                    assert!(got.is_some_and(|ticks| ticks < 100), "{hz} Hz {level} {degrees}: {got:?}");
                }
            }
        }
        assert!(off_after(2100.0, -12.0, 180.0, 3600, true).is_some(), "ANSam with reversals");
        for period in [3400, 3800] {
            assert!(off_after(2100.0, -12.0, 180.0, period, false).is_some(), "{period} samples");
        }
    }

    #[test]
    fn what_is_not_the_tone_does_not() {
        assert_eq!(off_after(2100.0, -12.0, 0.0, 3600, false), None, "no reversals");
        assert_eq!(off_after(2100.0, -12.0, 110.0, 3600, false), None, "smaller jumps");
        assert_eq!(off_after(2100.0, -40.0, 180.0, 3600, false), None, "too soft");
        assert_eq!(off_after(2100.0, -12.0, 180.0, 2000, false), None, "too often");
        assert_eq!(off_after(1700.0, -12.0, 180.0, 3600, false), None, "another tone");
    }

    #[test]
    fn silence_ends_it_and_data_do_not() {
        let mut disabler = Disabler { is_off: true, ..Disabler::default() };
        let mut entropy = Entropy::for_simulation(2);
        for _ in 0..200 {
            let data: Block = core::array::from_fn(|_| noise(&mut entropy, Dbm0(-20.0)) as f32);
            assert!(disabler.process(&data, &[0.0; TICK_SAMPLES]));
        }
        for tick in 0..60 {
            let off = disabler.process(&[0.0; TICK_SAMPLES], &[0.0; TICK_SAMPLES]);
            assert_eq!(off, tick + 1 < RELEASE_TICKS as usize, "after {tick} ticks");
        }
    }
}
