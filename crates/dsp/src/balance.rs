//! Echo return loss of a line, measured.
//!
//! # What it does
//! Makes a test signal for a line, takes in what comes back of it, and tells how much that is: over the band as a person
//! hears it, and at the worst frequency.
//!
//! # How
//! [`TONES`] sines 100 Hz apart, none of them at a harmonic of the mains, with phases that keep the peaks low. The signal
//! repeats after 40 ms, so in the steady state what comes back does too, whatever the delay: periods are added up, and
//! each sine is found in their mean by Goertzel's filter. What differs from period to period is noise; it tells whether
//! the result can be trusted.
//!
//! # Limits
//! The line has to be in its steady state when [`BalanceMeter::hear`] is called first. The sum must be heard by nobody's
//! canceller. A loss beyond [`LOSS_MAX`] is told as that.
//!
//! # Standard
//! ITU-T G.122 Annex B: echo loss as the mean of the power over the logarithm of the frequency, by the trapezoidal rule
//! (its 3.24 dB are the width of 300 to 3400 Hz; here the width of the sines' own band).

use libm::{cos, log, log10, sin, sqrt};
use tipring_units::{Db, Dbm0, Hz, TICK_SAMPLES};

use crate::level::{Frame, power_of_level, to_sample};

/// Sines of the test signal.
pub const TONES: usize = 31;
/// Level of all of them together.
pub const TEST_LEVEL: Dbm0 = Dbm0(-13.0);
/// Frames that are heard for a result: eight periods.
pub const MEASURE_FRAMES: u32 = 32;
/// The highest loss that is told.
pub const LOSS_MAX: Db = Db(60.0);
/// Samples of a period, and its inverse: the grid of frequencies.
const PERIOD: usize = 320;
const GRID_HERTZ: f32 = 25.0;
/// The first sine is at 325 Hz, the others follow by 100 Hz.
const FIRST: usize = 13;
const STEP: usize = 4;
/// Noise in the result above this share makes it doubtful.
const DOUBT: f64 = 0.2;

/// What was measured.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BalanceFigures {
    /// Echo return loss over the band.
    pub loss: Db,
    /// The frequency at which the most comes back.
    pub worst_at: Hz,
    /// The loss there.
    pub worst: Db,
    /// Somebody talked, or the line is noisy: the figures are of that, too.
    pub disturbed: bool,
}

/// Measures the echo return loss of a line.
#[derive(Clone, Debug)]
pub struct BalanceMeter {
    signal: [i16; PERIOD],
    /// Power of one sine.
    power: f64,
    place: usize,
    heard: u32,
    sums: [i32; PERIOD],
    total: u64,
}

impl BalanceMeter {
    /// A meter that has heard nothing.
    pub fn new() -> Self {
        let power = f64::from(power_of_level(TEST_LEVEL)) / TONES as f64;
        let peak = sqrt(2.0 * power);
        let wave: [f64; PERIOD] =
            core::array::from_fn(|n| peak * sin(core::f64::consts::TAU * n as f64 / PERIOD as f64));
        let signal = core::array::from_fn(|n| {
            let sum: f64 = (0..TONES).map(|tone| wave[(bin(tone) * n + start(tone)) % PERIOD]).sum();
            to_sample(sum as f32)
        });
        Self { signal, power, place: 0, heard: 0, sums: [0; PERIOD], total: 0 }
    }

    /// Forgets what was heard; the signal goes on.
    pub fn restart(&mut self) {
        (self.heard, self.sums, self.total) = (0, [0; PERIOD], 0);
    }

    /// The next frame of the test signal.
    pub fn frame(&mut self) -> Frame {
        let at = self.place;
        self.place = (at + TICK_SAMPLES) % PERIOD;
        core::array::from_fn(|n| self.signal[at + n])
    }

    /// Takes in a frame from the line; true when there is a result.
    pub fn hear(&mut self, frame: &Frame) -> bool {
        if self.heard < MEASURE_FRAMES {
            let at = self.heard as usize * TICK_SAMPLES % PERIOD;
            for (sum, sample) in self.sums[at..at + TICK_SAMPLES].iter_mut().zip(frame) {
                *sum += i32::from(*sample);
                self.total += u64::from(sample.unsigned_abs()).pow(2);
            }
            self.heard += 1;
        }
        self.heard == MEASURE_FRAMES
    }

    /// The result, once enough was heard.
    pub fn figures(&self) -> Option<BalanceFigures> {
        if self.heard < MEASURE_FRAMES {
            return None;
        }
        let periods = f64::from(MEASURE_FRAMES) * TICK_SAMPLES as f64 / PERIOD as f64;
        let mean: [f64; PERIOD] = core::array::from_fn(|n| f64::from(self.sums[n]) / periods);
        let shares: [f64; TONES] = core::array::from_fn(|tone| tone_power(&mean, bin(tone)) / self.power);
        let hertz = |tone: usize| f64::from(GRID_HERTZ) * bin(tone) as f64;
        let area: f64 = (1..TONES)
            .map(|tone| (shares[tone] + shares[tone - 1]) / 2.0 * log(hertz(tone) / hertz(tone - 1)))
            .sum();
        let over_band = area / log(hertz(TONES - 1) / hertz(0));
        let worst = (0..TONES).fold(0, |worst, tone| if shares[tone] > shares[worst] { tone } else { worst });
        let steady = mean.iter().map(|sample| sample * sample).sum::<f64>() / PERIOD as f64;
        let heard = self.total as f64 / (periods * PERIOD as f64);
        // Of the noise the mean of the periods has kept its share, spread over the grid.
        let noise = (heard - steady).max(0.0) * periods / (periods - 1.0);
        let per_tone = noise / periods / (PERIOD as f64 / 2.0) / self.power;
        Some(BalanceFigures {
            loss: loss(over_band),
            worst_at: Hz(hertz(worst) as f32),
            worst: loss(shares[worst]),
            disturbed: per_tone > DOUBT * over_band && loss(per_tone).0 < LOSS_MAX.0 - 15.0,
        })
    }
}

impl Default for BalanceMeter {
    fn default() -> Self {
        Self::new()
    }
}

/// The place of a sine on the grid.
const fn bin(tone: usize) -> usize {
    FIRST + STEP * tone
}

/// Where a sine starts: phases that grow with the square keep the sum of sines flat (Newman).
const fn start(tone: usize) -> usize {
    tone * tone * PERIOD / (2 * TONES) % PERIOD
}

/// Power of one sine in a period.
fn tone_power(period: &[f64; PERIOD], bin: usize) -> f64 {
    let twice = 2.0 * cos(core::f64::consts::TAU * bin as f64 / PERIOD as f64);
    let (mut last, mut before) = (0.0, 0.0);
    for sample in period {
        (last, before) = (sample + twice * last - before, last);
    }
    let squared = last * last + before * before - twice * last * before;
    squared.max(0.0) * 2.0 / (PERIOD * PERIOD) as f64
}

fn loss(share: f64) -> Db {
    if share > 0.0 { Db((-10.0 * log10(share)).min(f64::from(LOSS_MAX.0)) as f32) } else { LOSS_MAX }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::level_of;
    use crate::testing::{noise, sample};
    use tipring_units::Entropy;

    /// What a line gives that returns by `path`, after so many settling frames.
    fn measure(settle: u32, mut path: impl FnMut(f64) -> f64) -> BalanceFigures {
        let mut meter = BalanceMeter::new();
        let mut echo = |meter: &mut BalanceMeter| meter.frame().map(|s| sample(path(f64::from(s))));
        for _ in 0..settle {
            echo(&mut meter);
        }
        while {
            let frame = echo(&mut meter);
            !meter.hear(&frame)
        } {
            assert_eq!(meter.figures(), None);
        }
        meter.figures().unwrap()
    }

    #[test]
    fn the_signal_has_its_level_and_low_peaks_and_repeats() {
        let mut meter = BalanceMeter::new();
        let period: Vec<i16> = (0..4).flat_map(|_| meter.frame()).collect();
        assert!((level_of(&period).0 - TEST_LEVEL.0).abs() < 0.05, "{:?}", level_of(&period));
        let peak = period.iter().map(|s| f64::from(s.unsigned_abs())).fold(0.0, f64::max);
        let rms = f64::from(power_of_level(TEST_LEVEL)).sqrt();
        assert!(peak / rms < 2.2, "crest factor {}", peak / rms);
        assert_eq!(period, (0..4).flat_map(|_| meter.frame()).collect::<Vec<i16>>());
    }

    #[test]
    fn a_flat_loss_is_measured_as_it_is_whatever_the_delay() {
        for (share, expected) in [(0.5, 6.02), (0.1, 20.0), (0.01, 40.0)] {
            for delay in [0, 7, 333] {
                let mut line = std::collections::VecDeque::from(vec![0.0; delay]);
                let figures = measure(10, |sent| {
                    line.push_back(sent * share);
                    line.pop_front().unwrap()
                });
                assert!((f64::from(figures.loss.0) - expected).abs() < 0.15, "{share} {delay}: {figures:?}");
                assert!(!figures.disturbed, "{figures:?}");
            }
        }
    }

    #[test]
    fn the_mean_over_the_logarithm_of_frequency_and_the_worst_frequency_are_those_of_a_known_filter() {
        // y[n] = 0.3 (x[n] - x[n-1]): |H|^2 = 0.36 sin^2(w / 2), the most at the top.
        let mut last = 0.0;
        let figures = measure(5, |sent| 0.3 * (sent - core::mem::replace(&mut last, sent)));
        let power = |hertz: f64| 0.36 * (core::f64::consts::PI * hertz / 8000.0).sin().powi(2);
        let steps = 20_000;
        let mean: f64 = (0..steps)
            .map(|n| power(325.0 * (3325.0_f64 / 325.0).powf((f64::from(n) + 0.5) / f64::from(steps))))
            .sum::<f64>()
            / f64::from(steps);
        let expected = -10.0 * mean.log10();
        assert!((f64::from(figures.loss.0) - expected).abs() < 0.1, "{figures:?} for {expected}");
        assert_eq!(figures.worst_at, Hz(3325.0));
        assert!((f64::from(figures.worst.0) + 10.0 * power(3325.0).log10()).abs() < 0.05, "{figures:?}");
    }

    #[test]
    fn hum_and_soft_noise_do_not_count_and_a_voice_makes_it_doubtful() {
        let mut entropy = Entropy::for_simulation(4);
        let mut n = 0.0_f64;
        let quiet = measure(5, |sent| {
            n += 1.0;
            let hum: f64 = [50.0, 150.0, 250.0, 350.0, 450.0, 550.0]
                .iter()
                .map(|hertz| 60.0 * (core::f64::consts::TAU * hertz * n / 8000.0).sin())
                .sum();
            0.1 * sent + hum + noise(&mut entropy, Dbm0(-60.0))
        });
        assert!((quiet.loss.0 - 20.0).abs() < 0.3 && !quiet.disturbed, "{quiet:?}");
        let loud = measure(5, |sent| 0.05 * sent + noise(&mut entropy, Dbm0(-20.0)));
        assert!(loud.disturbed, "{loud:?}");
    }

    #[test]
    fn silence_is_the_highest_loss_and_full_scale_none() {
        let silent = measure(0, |_| 0.0);
        assert_eq!((silent.loss, silent.worst, silent.disturbed), (LOSS_MAX, LOSS_MAX, false));
        let mut meter = BalanceMeter::new();
        while !meter.hear(&[i16::MIN; TICK_SAMPLES]) {}
        let figures = meter.figures().unwrap();
        assert!(figures.loss.0.is_finite() && figures.worst.0.is_finite());
        meter.restart();
        assert_eq!(meter.figures(), None);
    }
}
