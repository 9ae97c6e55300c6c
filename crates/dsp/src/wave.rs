//! A sine from a table.
//!
//! # What it does
//! Gives the sine and cosine of a 32-bit phase, for every generator of this crate.
//!
//! # How
//! 1024 steps a turn, built at compile time from a Taylor series in double precision, joined by
//! straight lines: the error is below 5e-6, that is -106 dB.
//!
//! # Limits
//! Frequencies are held within 0 to 4000 Hz and are exact to 1 microhertz.
//!
//! # Standard
//! None; the table makes the bits the same on every machine.

use tipring_units::{Hz, SAMPLE_RATE};

const STEPS: usize = 1024;
const FRACTION_BITS: u32 = 22;

static SINE: [f32; STEPS + 1] = table();

/// Sine of `phase`, a turn being 2^32.
#[inline]
pub(crate) fn sine(phase: u32) -> f32 {
    let index = (phase >> FRACTION_BITS) as usize;
    let fraction = (phase & ((1 << FRACTION_BITS) - 1)) as f32 / (1_u32 << FRACTION_BITS) as f32;
    SINE[index] + (SINE[index + 1] - SINE[index]) * fraction
}

/// Cosine of `phase`, a turn being 2^32.
#[inline]
pub(crate) fn cosine(phase: u32) -> f32 {
    sine(phase.wrapping_add(1 << 30))
}

/// Phase step of one sample at `frequency`.
pub(crate) fn step_of(frequency: Hz) -> u32 {
    // The cast makes zero of a NaN.
    (f64::from(frequency.0).clamp(0.0, f64::from(SAMPLE_RATE) / 2.0) * 4_294_967_296.0
        / f64::from(SAMPLE_RATE)
        + 0.5) as u32
}

const fn table() -> [f32; STEPS + 1] {
    let mut out = [0.0; STEPS + 1];
    let mut n = 0;
    while n <= STEPS {
        out[n] = sine_of_turn(n, STEPS) as f32;
        n += 1;
    }
    out
}

/// Sine of `n` steps of which a turn has `steps` (a multiple of four), for tables made at compile time.
pub(crate) const fn sine_of_turn(n: usize, steps: usize) -> f64 {
    let place = n % steps;
    let (sign, half) = if place >= steps / 2 { (-1.0, place - steps / 2) } else { (1.0, place) };
    let quarter = if half > steps / 4 { steps / 2 - half } else { half };
    let x = quarter as f64 * core::f64::consts::TAU / steps as f64;
    let (mut term, mut sum, mut k) = (x, x, 1);
    while k < 12 {
        term *= -x * x / ((2 * k) as f64 * (2 * k + 1) as f64);
        sum += term;
        k += 1;
    }
    sign * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_agrees_with_the_library() {
        for n in 0..100_000_u32 {
            let phase = n.wrapping_mul(42_949_673);
            let angle = f64::from(phase) / 4_294_967_296.0 * core::f64::consts::TAU;
            assert!((f64::from(sine(phase)) - libm::sin(angle)).abs() < 6e-6, "{phase}");
            assert!((f64::from(cosine(phase)) - libm::cos(angle)).abs() < 6e-6, "{phase}");
        }
    }

    #[test]
    fn absurd_frequencies_are_held_in_the_band() {
        assert_eq!(step_of(Hz(f32::NAN)), 0);
        assert_eq!(step_of(Hz(-5.0)), 0);
        assert_eq!(step_of(Hz(f32::INFINITY)), 1 << 31);
        assert_eq!(step_of(Hz(1000.0)), 1 << 29);
    }
}
