//! A filter with the response that was asked for.
//!
//! # What it does
//! Finds the taps whose response comes nearest to a given one within the voice band.
//!
//! # How
//! Least squares over a grid of 25 Hz; the response is delayed, so that what rings before its middle finds room. The
//! normal equations are of Toeplitz form, so Levinson's recursion solves them in the square of the number of taps.
//!
//! # Limits
//! Outside of 150 to 3500 Hz the response is whatever costs the least. Within, it is 60 dB below the largest of the
//! responses of hybrids, measured by the tests.
//!
//! # Standard
//! None.

use libm::{cos, sin};
use tipring_units::Hz;

use super::impedance::Complex;

/// Taps of a filter.
pub const TAPS: usize = 96;
/// The grid, and the points of a turn on it: 8000 / 25.
const GRID: f32 = 25.0;
const TURN: usize = 320;
/// What is asked for with full weight.
const BAND: core::ops::RangeInclusive<f32> = 150.0..=3500.0;
/// Weight of the rest: enough to hold it down.
const ELSEWHERE: f64 = 1e-4;

/// Taps whose response is `wanted`, delayed by `delay` samples.
pub fn design(wanted: impl Fn(Hz) -> Complex, delay: usize) -> [f32; TAPS] {
    let wave: [(f64, f64); TURN] = core::array::from_fn(|n| {
        let angle = core::f64::consts::TAU * n as f64 / TURN as f64;
        (cos(angle), sin(angle))
    });
    let (mut correlation, mut target) = ([0.0; TAPS], [0.0; TAPS]);
    for step in 1..TURN / 2 {
        let frequency = GRID * step as f32;
        let weight = if BAND.contains(&frequency) { 1.0 } else { ELSEWHERE };
        let wish = wanted(Hz(frequency));
        for tap in 0..TAPS {
            correlation[tap] += weight * wave[step * tap % TURN].0;
            let (c, s) = wave[(step * (tap + TURN - delay % TURN)) % TURN];
            target[tap] += weight * (wish.re * c - wish.im * s);
        }
    }
    // So that the equations have one solution whatever the grid leaves open.
    correlation[0] *= 1.0 + 1e-9;
    levinson(&correlation, &target).map(|tap| tap as f32)
}

/// Solves the symmetric Toeplitz system of `correlation` for `target`.
fn levinson(correlation: &[f64; TAPS], target: &[f64; TAPS]) -> [f64; TAPS] {
    let (mut forward, mut solution) = ([0.0; TAPS], [0.0; TAPS]);
    let mut error = correlation[0];
    forward[0] = 1.0;
    solution[0] = target[0] / error;
    for order in 1..TAPS {
        let sum = |of: &[f64; TAPS]| -> f64 { (0..order).map(|n| of[n] * correlation[order - n]).sum() };
        let reflection = -sum(&forward) / error;
        let last = forward;
        for n in 0..=order {
            forward[n] = last[n] + reflection * last[order - n];
        }
        error *= 1.0 - reflection * reflection;
        let step = (target[order] - sum(&solution)) / error;
        for n in 0..=order {
            solution[n] += step * forward[order - n];
        }
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_with_a_delay_is_one_tap_in_the_band() {
        let taps = design(|_| Complex::real(0.5), 12);
        for hertz in (300..=3400).step_by(100) {
            let (mut re, mut im) = (0.0, 0.0);
            for (tap, value) in taps.iter().enumerate() {
                let angle = core::f64::consts::TAU * f64::from(hertz) * (tap as f64 - 12.0) / 8000.0;
                (re, im) = (re + f64::from(*value) * cos(angle), im - f64::from(*value) * sin(angle));
            }
            assert!((re - 0.5).abs() < 1e-3 && im.abs() < 1e-3, "{hertz}: {re} {im}");
        }
    }
}
