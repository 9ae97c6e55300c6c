//! Signals and lines for the trials of the canceller.
//!
//! # What it does
//! Makes composite source signals, voices and tones from a seed, and sends them over models of echo paths.
//!
//! # How
//! Everything is computed in double precision and rounded to samples at the end, as a converter does.
//!
//! # Limits
//! The voice is a caricature: pulses through resonances.
//!
//! # Standard
//! ITU-T G.168 Annex C (signals) and Annex D (paths).

use super::paths;
use tipring_units::{Dbm0, Entropy, Hz};

/// RMS of a signal at 0 dBm0 (see the level module).
const MILLIWATT: f64 = 16_141.0;

/// Amplitude ratio of so many decibels.
pub(super) fn ratio(db: f64) -> f64 {
    libm::pow(10.0, db / 20.0)
}

/// Rounds and saturates.
pub fn sample(value: f64) -> i16 {
    libm::round(value) as i16
}

/// Gaussian noise at a level (twelve uniforms).
pub fn noise(entropy: &mut Entropy, level: Dbm0) -> f64 {
    let sum: f32 = (0..12).map(|_| entropy.unit()).sum();
    f64::from(sum - 6.0) * MILLIWATT * ratio(f64::from(level.0))
}

/// Noise with the slope of a room's (Hoth): a first-order low pass.
pub fn hoth(entropy: &mut Entropy, seconds: f64, level: Dbm0) -> Vec<i16> {
    const KEPT: f64 = 0.625;
    // What the low pass leaves of white noise.
    let gain = (1.0 - KEPT) / libm::sqrt(1.0 - KEPT * KEPT);
    let mut value = 0.0;
    (0..(seconds * 8000.0) as usize)
        .map(|_| {
            value = KEPT * value + (1.0 - KEPT) * noise(entropy, level);
            sample(value / gain)
        })
        .collect()
}

/// A composite source signal: voiced, noise, pause, and again with the sign turned. `level` is that of the sounding
/// part.
pub fn composite(entropy: &mut Entropy, seconds: f64, level: Dbm0) -> Vec<i16> {
    sequence(entropy, seconds, level, &paths::VOICED, [389, 1600, 811])
}

/// The composite source signal of a near end that talks meanwhile.
pub fn composite_near(entropy: &mut Entropy, seconds: f64, level: Dbm0) -> Vec<i16> {
    sequence(entropy, seconds, level, &paths::VOICED_NEAR, [583, 1600, 1017])
}

fn sequence(
    entropy: &mut Entropy,
    seconds: f64,
    level: Dbm0,
    burst: &[i32],
    [voiced, hiss, pause]: [usize; 3],
) -> Vec<i16> {
    let length = (seconds * 8000.0) as usize;
    let energy: f64 = burst.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    let scale = MILLIWATT * ratio(f64::from(level.0)) / libm::sqrt(energy / burst.len() as f64);
    let mut out = Vec::with_capacity(length + voiced + hiss + pause);
    let mut sign = 1.0;
    while out.len() < length {
        out.extend((0..voiced).map(|n| sample(sign * scale * f64::from(burst[n % burst.len()]))));
        out.extend((0..hiss).map(|_| sample(noise(entropy, level))));
        out.extend(core::iter::repeat_n(0, pause));
        sign = -sign;
    }
    out.truncate(length);
    out
}

/// Something like a voice: pulses of a wandering pitch through three resonances, syllables, pauses.
pub fn voice(entropy: &mut Entropy, seconds: f64, level: Dbm0) -> Vec<i16> {
    let mut raw = Vec::new();
    let mut resonances = [[0.0_f64; 2]; 3];
    let (mut countdown, mut pitch) = (0.0, 70.0);
    let mut formants = [500.0, 1500.0, 2500.0];
    for n in 0..(seconds * 8000.0) as usize {
        if n % 1600 == 0 {
            pitch = 45.0 + 40.0 * f64::from(entropy.unit());
            formants = [
                300.0 + 500.0 * f64::from(entropy.unit()),
                900.0 + 1300.0 * f64::from(entropy.unit()),
                2300.0 + 600.0 * f64::from(entropy.unit()),
            ];
        }
        let syllable = libm::fabs(libm::sin(n as f64 * core::f64::consts::PI / 1600.0));
        let loud = if n / 1600 % 6 == 5 { 0.0 } else { syllable };
        countdown -= 1.0;
        let mut x = f64::from(entropy.unit() - 0.5) * 0.1 * loud;
        if countdown <= 0.0 {
            countdown += pitch;
            x += loud;
        }
        for (state, hz) in resonances.iter_mut().zip(formants) {
            let r: f64 = 0.97;
            let turn = libm::cos(hz * core::f64::consts::TAU / 8000.0);
            let y = x + 2.0 * r * turn * state[0] - r * r * state[1];
            *state = [y, state[0]];
            x = y * 0.3;
        }
        raw.push(x);
    }
    let power = raw.iter().map(|x| x * x).sum::<f64>() / raw.len() as f64;
    let scale = MILLIWATT * ratio(f64::from(level.0)) / libm::sqrt(power);
    raw.iter().map(|x| sample(x * scale)).collect()
}

/// The sum of sines, each at `level`.
pub fn tones(frequencies: &[Hz], seconds: f64, level: Dbm0) -> Vec<i16> {
    let peak = core::f64::consts::SQRT_2 * MILLIWATT * ratio(f64::from(level.0));
    let value = |n: usize| -> f64 {
        let turn = core::f64::consts::TAU * n as f64 / 8000.0;
        frequencies.iter().map(|hz| peak * libm::sin(turn * f64::from(hz.0))).sum()
    };
    (0..(seconds * 8000.0) as usize).map(|n| sample(value(n))).collect()
}

/// An echo path.
#[derive(Clone, Debug)]
pub struct EchoPath {
    /// What it is called.
    pub name: String,
    response: Vec<f64>,
}

impl EchoPath {
    /// The models of Annex D, after a delay of samples, scaled to an echo return loss.
    pub fn models(delay: usize, loss: f64) -> Vec<Self> {
        let tables: [(&str, &[i32]); 8] = [
            ("D.2", &paths::D2),
            ("D.3", &paths::D3),
            ("D.4", &paths::D4),
            ("D.5", &paths::D5),
            ("D.6", &paths::D6),
            ("D.7", &paths::D7),
            ("D.8", &paths::D8),
            ("D.9", &paths::D9),
        ];
        let path = |(name, table): (&str, &[i32])| {
            let taps = table.iter().map(|&v| f64::from(v));
            Self::new(name, core::iter::repeat_n(0.0, delay).chain(taps).collect(), loss)
        };
        tables.into_iter().map(path).collect()
    }

    /// Two reflections of equal strength, so many samples apart: models D.2 and D.4.
    pub fn two_reflections(apart: usize, loss: f64) -> Self {
        let mut taps = vec![0.0; apart + paths::D4.len()];
        let norm = |table: &[i32]| libm::sqrt(table.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>());
        for (at, table) in [(0, &paths::D2[..]), (apart, &paths::D4[..])] {
            let scale = 1.0 / norm(table);
            for (tap, &value) in taps[at..].iter_mut().zip(table) {
                *tap += f64::from(value) * scale;
            }
        }
        Self::new("two reflections", taps, loss)
    }

    /// A response of random signs that decays by `decay` decibels over its whole length.
    pub fn decaying(entropy: &mut Entropy, length: usize, decay: f64, loss: f64) -> Self {
        let taps = (0..length).map(|n| noise(entropy, Dbm0(0.0)) * ratio(-decay * n as f64 / length as f64));
        Self::new("decaying", taps.collect(), loss)
    }

    /// No echo.
    pub fn open() -> Self {
        Self { name: "none".to_owned(), response: Vec::new() }
    }

    fn new(name: &str, taps: Vec<f64>, loss: f64) -> Self {
        let energy: f64 = taps.iter().map(|v| v * v).sum();
        let scale = ratio(-loss) / libm::sqrt(energy);
        Self { name: name.to_owned(), response: taps.into_iter().map(|v| v * scale).collect() }
    }

    /// The echo of a signal.
    pub fn echo(&self, far: &[i16]) -> Vec<f64> {
        let mut out = vec![0.0; far.len()];
        for (delay, tap) in self.response.iter().enumerate().filter(|(_, tap)| **tap != 0.0) {
            for (sum, &x) in out.iter_mut().skip(delay).zip(far) {
                *sum += tap * f64::from(x);
            }
        }
        out
    }

    /// One sample of the echo; `memory` holds what went before, newest first, as long as the response.
    pub fn step(&self, memory: &mut Vec<f64>, x: f64) -> f64 {
        memory.resize(self.response.len(), 0.0);
        memory.rotate_right(1);
        if let Some(first) = memory.first_mut() {
            *first = x;
        }
        memory.iter().zip(&self.response).map(|(m, h)| m * h).sum()
    }
}

/// What mu-law (G.711) makes of a sample.
pub fn companded(value: f64) -> f64 {
    const BIAS: f64 = 132.0;
    let size = libm::fabs(value).min(32_635.0) + BIAS;
    // Eight segments, each of 16 steps; the first is 8 wide.
    let segment = (libm::floor(libm::log2(size)) - 7.0).clamp(0.0, 7.0);
    let step = libm::exp2(segment + 3.0);
    let coded = libm::floor(size / step) * step + step / 2.0 - BIAS;
    libm::copysign(coded, value)
}
