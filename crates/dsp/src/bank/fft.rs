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
pub(super) fn transform(window: &[f32; WINDOW], out: &mut Bins) {
    let (mut a, mut b) = (Bins::ZERO, Bins::ZERO);
    for (n, pair) in window.chunks_exact(2).enumerate() {
        (a.re[n], a.im[n]) = (pair[0], pair[1]);
    }
    pass::<1>(&a, &mut b);
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

/// One radix-4 pass over `STRIDE` interleaved transforms.
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
            let (sum_re, sum_im) = (re[0][q] + re[2][q], im[0][q] + im[2][q]);
            let (gap_re, gap_im) = (re[0][q] - re[2][q], im[0][q] - im[2][q]);
            let (also_re, also_im) = (re[1][q] + re[3][q], im[1][q] + im[3][q]);
            // j times the difference.
            let (turn_re, turn_im) = (im[3][q] - im[1][q], re[1][q] - re[3][q]);
            y.re[base + q] = sum_re + also_re;
            y.im[base + q] = sum_im + also_im;
            let times = |re: f32, im: f32, w: (f32, f32)| (re * w.0 - im * w.1, re * w.1 + im * w.0);
            let (r, i) = times(gap_re - turn_re, gap_im - turn_im, w1);
            (y.re[base + STRIDE + q], y.im[base + STRIDE + q]) = (r, i);
            let (r, i) = times(sum_re - also_re, sum_im - also_im, w2);
            (y.re[base + 2 * STRIDE + q], y.im[base + 2 * STRIDE + q]) = (r, i);
            let (r, i) = times(gap_re + turn_re, gap_im + turn_im, w3);
            (y.re[base + 3 * STRIDE + q], y.im[base + 3 * STRIDE + q]) = (r, i);
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
