//! Fourier transform of one window.
//!
//! # What it does
//! Turns 512 real samples into the complex amplitudes of 256 bins, 15.625 Hz apart.
//!
//! # How
//! The samples are taken as 256 complex numbers; four radix-4 passes (Stockham, so that nothing is reordered) and one
//! pass that takes the two halves apart. Real and imaginary parts lie in arrays of their own, so that the inner
//! loops become vector instructions without any being written.
//!
//! # Limits
//! One length. The order of sums is fixed: the same bits on every machine.
//!
//! # Standard
//! None.

use crate::wave::sine_of_turn;

/// Samples of a window.
pub(super) const WINDOW: usize = 512;
const HALF: usize = WINDOW / 2;
/// Bins that come out.
pub(super) const BINS: usize = HALF;

static COSINES: [f32; WINDOW] = turns(WINDOW / 4);
static SINES: [f32; WINDOW] = turns(0);

/// Complex amplitudes, real and imaginary parts apart.
#[derive(Clone, Debug)]
pub(super) struct Bins {
    pub(super) re: [f32; BINS],
    pub(super) im: [f32; BINS],
}

impl Bins {
    pub(super) const ZERO: Self = Self { re: [0.0; BINS], im: [0.0; BINS] };
}

/// Transforms a window.
#[inline(always)]
pub(super) fn transform(window: &[f32; WINDOW], out: &mut Bins) {
    let (mut a, mut b) = (Bins::ZERO, Bins::ZERO);
    for (n, pair) in window.chunks_exact(2).enumerate() {
        (a.re[n], a.im[n]) = (pair[0], pair[1]);
    }
    first_pass(&a, &mut b);
    pass::<4>(&b, &mut a);
    pass::<16>(&a, &mut b);
    pass::<64>(&b, &mut a);
    (out.re[0], out.im[0]) = (a.re[0] + a.im[0], 0.0);
    for k in 1..BINS {
        let m = HALF - k;
        let (even_re, even_im) = ((a.re[k] + a.re[m]) * 0.5, (a.im[k] - a.im[m]) * 0.5);
        let (odd_re, odd_im) = ((a.im[k] + a.im[m]) * 0.5, (a.re[m] - a.re[k]) * 0.5);
        let (c, s) = (COSINES[k], SINES[k]);
        out.re[k] = even_re + (odd_re * c + odd_im * s);
        out.im[k] = even_im + (odd_im * c - odd_re * s);
    }
}

/// Turns of the first pass, by output and place.
static FIRST_COSINES: [[f32; QUARTER]; 3] = first_turns(WINDOW / 4);
static FIRST_SINES: [[f32; QUARTER]; 3] = first_turns(0);
const QUARTER: usize = HALF / 4;

/// The first radix-4 pass. Its outputs lie side by side; sums apart from interleaving can be done by vectors.
#[inline(always)]
fn first_pass(x: &Bins, y: &mut Bins) {
    let mut sorted = Bins::ZERO;
    let part = |values: &[f32; BINS], n: usize| -> [f32; QUARTER] {
        core::array::from_fn(|p| values[n * QUARTER + p])
    };
    let re: [[f32; QUARTER]; 4] = core::array::from_fn(|n| part(&x.re, n));
    let im: [[f32; QUARTER]; 4] = core::array::from_fn(|n| part(&x.im, n));
    for p in 0..QUARTER {
        let out = butterfly(core::array::from_fn(|n| (re[n][p], im[n][p])));
        (sorted.re[p], sorted.im[p]) = out[0];
        for n in 1..4 {
            let value = times(out[n], (FIRST_COSINES[n - 1][p], -FIRST_SINES[n - 1][p]));
            (sorted.re[n * QUARTER + p], sorted.im[n * QUARTER + p]) = value;
        }
    }
    for p in 0..QUARTER {
        for n in 0..4 {
            y.re[4 * p + n] = sorted.re[n * QUARTER + p];
            y.im[4 * p + n] = sorted.im[n * QUARTER + p];
        }
    }
}

/// Four values' sums, of which the last three are still to be turned.
#[inline(always)]
fn butterfly(x: [(f32, f32); 4]) -> [(f32, f32); 4] {
    let (sum, gap) = ((x[0].0 + x[2].0, x[0].1 + x[2].1), (x[0].0 - x[2].0, x[0].1 - x[2].1));
    let also = (x[1].0 + x[3].0, x[1].1 + x[3].1);
    // j times the difference.
    let turn = (x[3].1 - x[1].1, x[1].0 - x[3].0);
    [
        (sum.0 + also.0, sum.1 + also.1),
        (gap.0 - turn.0, gap.1 - turn.1),
        (sum.0 - also.0, sum.1 - also.1),
        (gap.0 + turn.0, gap.1 + turn.1),
    ]
}

#[inline(always)]
fn times((re, im): (f32, f32), w: (f32, f32)) -> (f32, f32) {
    (re * w.0 - im * w.1, re * w.1 + im * w.0)
}

const fn first_turns(shift: usize) -> [[f32; QUARTER]; 3] {
    let mut out = [[0.0; QUARTER]; 3];
    let mut n = 0;
    while n < 3 {
        let mut p = 0;
        while p < QUARTER {
            out[n][p] = sine_of_turn((n + 1) * 2 * p + shift, WINDOW) as f32;
            p += 1;
        }
        n += 1;
    }
    out
}

/// One radix-4 pass over `STRIDE` interleaved transforms.
#[inline(always)]
fn pass<const STRIDE: usize>(x: &Bins, y: &mut Bins) {
    let quarter = HALF / (4 * STRIDE);
    for p in 0..quarter {
        // The turn of this pass is HALF / STRIDE steps long; the table's is WINDOW.
        let step = p * 2 * STRIDE;
        let twiddle = |n: usize| (COSINES[n * step], -SINES[n * step]);
        let (w1, w2, w3) = (twiddle(1), twiddle(2), twiddle(3));
        let part = |values: &[f32; BINS], n: usize| -> [f32; STRIDE] {
            let at = STRIDE * (p + n * quarter);
            core::array::from_fn(|q| values[at + q])
        };
        let re: [[f32; STRIDE]; 4] = core::array::from_fn(|n| part(&x.re, n));
        let im: [[f32; STRIDE]; 4] = core::array::from_fn(|n| part(&x.im, n));
        let base = STRIDE * 4 * p;
        for q in 0..STRIDE {
            let out = butterfly(core::array::from_fn(|n| (re[n][q], im[n][q])));
            (y.re[base + q], y.im[base + q]) = out[0];
            for (n, w) in [w1, w2, w3].into_iter().enumerate() {
                let value = times(out[n + 1], w);
                let at = base + (n + 1) * STRIDE + q;
                (y.re[at], y.im[at]) = value;
            }
        }
    }
}

const fn turns(shift: usize) -> [f32; WINDOW] {
    let mut out = [0.0; WINDOW];
    let mut n = 0;
    while n < WINDOW {
        out[n] = sine_of_turn(n + shift, WINDOW) as f32;
        n += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_units::Entropy;

    #[test]
    fn the_transform_agrees_with_its_definition() {
        let mut entropy = Entropy::for_simulation(1);
        let window: [f32; WINDOW] = core::array::from_fn(|_| entropy.unit() - 0.5);
        let mut bins = Bins::ZERO;
        transform(&window, &mut bins);
        for k in 0..BINS {
            let (mut re, mut im) = (0.0_f64, 0.0_f64);
            for (n, &x) in window.iter().enumerate() {
                let angle = core::f64::consts::TAU * (n * k) as f64 / WINDOW as f64;
                re += f64::from(x) * libm::cos(angle);
                im -= f64::from(x) * libm::sin(angle);
            }
            let error = (f64::from(bins.re[k]) - re).abs() + (f64::from(bins.im[k]) - im).abs();
            assert!(error < 1e-4, "bin {k}: {error}");
        }
    }
}
