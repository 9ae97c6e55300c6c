//! Noise and hum on a line.
//!
//! # What it does
//! Adds Gaussian noise and mains hum to the sound of a line.
//!
//! # How
//! Gaussian numbers are drawn from a table made by the Box-Muller method; the hum is three rotating phasors.
//!
//! # Limits
//! The table has 4,096 numbers, so peaks end near 3.7 sigma.
//!
//! # Standard
//! None.

use libm::{cos, cosf, log, powf, sin, sinf, sqrt};
use tipring_units::{Dbm0, Entropy, Hz, SAMPLE_RATE};

use crate::mouth::RMS_AT_0_DBM0;

const TABLE: usize = 4096;
/// Harmonics of the hum and their share of its amplitude.
const HARMONICS: [(f32, f32); 3] = [(1.0, 0.8), (3.0, 0.5), (5.0, 0.33)];

/// What disturbs a line.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Disturbance {
    /// White noise over the whole band.
    pub noise: Option<Dbm0>,
    /// Mains hum with its third and fifth harmonic.
    pub hum: Option<(Hz, Dbm0)>,
}

/// The source of a line's disturbance.
#[derive(Clone, Debug)]
pub struct Noise {
    table: Vec<f32>,
    state: u32,
    rms: f32,
    hum: Vec<Phasor>,
}

#[derive(Clone, Debug)]
struct Phasor {
    re: f32,
    im: f32,
    turn: (f32, f32),
    gain: f32,
}

impl Noise {
    /// A source of `disturbance`.
    pub fn new(disturbance: Disturbance, entropy: &mut Entropy) -> Self {
        let rms = |level: Dbm0| RMS_AT_0_DBM0 * powf(10.0, level.0 / 20.0);
        let state = entropy.u32() | 1;
        let table = if disturbance.noise.is_some() { gaussian(entropy) } else { Vec::new() };
        let hum = disturbance.hum.map_or_else(Vec::new, |(mains, level)| {
            let phasor = |(times, share): &(f32, f32)| {
                let angle = core::f32::consts::TAU * mains.0 * times / SAMPLE_RATE as f32;
                let gain = rms(level) * core::f32::consts::SQRT_2 * share;
                Phasor { re: 1.0, im: 0.0, turn: (cosf(angle), sinf(angle)), gain }
            };
            HARMONICS.iter().map(phasor).collect()
        });
        Self { table, state, rms: disturbance.noise.map_or(0.0, rms), hum }
    }

    /// True if it adds nothing.
    pub fn is_silent(&self) -> bool {
        self.table.is_empty() && self.hum.is_empty()
    }

    /// The next sample.
    pub fn sample(&mut self) -> f32 {
        let mut sum = 0.0;
        if !self.table.is_empty() {
            // xorshift32 of Marsaglia with his shifts 13, 17, 5
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            sum = self.table[(self.state >> 20) as usize % TABLE] * self.rms;
        }
        for phasor in &mut self.hum {
            sum += phasor.im * phasor.gain;
            let (re, im) = (phasor.re, phasor.im);
            phasor.re = re * phasor.turn.0 - im * phasor.turn.1;
            phasor.im = re * phasor.turn.1 + im * phasor.turn.0;
            // one Newton step keeps the length at 1
            let fix = 1.5 - 0.5 * (phasor.re * phasor.re + phasor.im * phasor.im);
            phasor.re *= fix;
            phasor.im *= fix;
        }
        sum
    }
}

/// Numbers of mean 0 and variance 1.
fn gaussian(entropy: &mut Entropy) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(TABLE);
    while numbers.len() < TABLE {
        let (u, v) = (f64::from(entropy.unit()).max(1e-7), f64::from(entropy.unit()));
        let (radius, angle) = (sqrt(-2.0 * log(u)), core::f64::consts::TAU * v);
        numbers.push(radius * cos(angle));
        numbers.push(radius * sin(angle));
    }
    let count = TABLE as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let variance = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    numbers.iter().map(|x| ((x - mean) / sqrt(variance)) as f32).collect()
}

#[cfg(test)]
mod tests {
    use libm::log10f;

    use super::*;

    fn level(noise: &mut Noise) -> f32 {
        let power = (0..80_000).map(|_| noise.sample()).map(|x| f64::from(x * x)).sum::<f64>() / 80_000.0;
        10.0 * log10f(power as f32) - 20.0 * log10f(RMS_AT_0_DBM0)
    }

    #[test]
    fn noise_has_the_level_asked_for() {
        for asked in [-70.0, -55.0, -40.0] {
            let disturbance = Disturbance { noise: Some(Dbm0(asked)), hum: None };
            let measured = level(&mut Noise::new(disturbance, &mut Entropy::for_simulation(3)));
            assert!((measured - asked).abs() < 0.2, "{asked}: {measured}");
        }
    }

    #[test]
    fn hum_has_the_level_asked_for() {
        let disturbance = Disturbance { noise: None, hum: Some((Hz(50.0), Dbm0(-45.0))) };
        let measured = level(&mut Noise::new(disturbance, &mut Entropy::for_simulation(3)));
        assert!((measured + 45.0).abs() < 0.3, "{measured}");
    }
}
