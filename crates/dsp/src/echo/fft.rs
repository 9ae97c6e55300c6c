//! Fourier transforms of the canceller's two blocks: 160 real samples, 81 bins.
//!
//! # What it does
//! [`forward`] and [`inverse`] transform one signal (`f32`) or eight side by side (a vector of eight lanes).
//!
//! # How
//! The even and odd samples are the two parts of 80 complex values; these go through Stockham's self-sorting form in
//! radices 4, 4 and 5, and one pass untangles the two halves.
//!
//! # Limits
//! One length. Every sum has one order, whatever the lanes: the same bits on every machine.
//!
//! # Standard
//! None; the transform as in C. Van Loan, Computational Frameworks for the Fast Fourier Transform, sections 1.7 and 4.3.

use core::ops::{Add, Mul, Sub};
use std::sync::LazyLock;

use tipring_units::TICK_SAMPLES;

/// Samples of a transform: two ticks.
pub(super) const LENGTH: usize = 2 * TICK_SAMPLES;
/// Complex values that are transformed.
const HALF: usize = LENGTH / 2;
/// Bins of a real signal's spectrum, both ends included.
pub(super) const BINS: usize = HALF + 1;

/// A number, or several side by side.
pub(super) trait Value:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f32, Output = Self>
{
}
impl<T: Copy + Add<Output = T> + Sub<Output = T> + Mul<f32, Output = T>> Value for T {}

/// Roots of unity, computed once.
#[derive(Debug)]
pub(super) struct Roots {
    /// exp(-2 pi i k / 80).
    half: [(f32, f32); HALF],
    /// exp(-2 pi i k / 160).
    whole: [(f32, f32); BINS],
}

static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let root = |k: usize, n: usize| {
        let angle = -core::f64::consts::TAU * k as f64 / n as f64;
        (libm::cos(angle) as f32, libm::sin(angle) as f32)
    };
    Roots { half: core::array::from_fn(|k| root(k, HALF)), whole: core::array::from_fn(|k| root(k, LENGTH)) }
});

/// The roots; the first call computes them.
pub(super) fn roots() -> &'static Roots {
    &ROOTS
}

/// Real and imaginary parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Complex<T> {
    pub(super) re: T,
    pub(super) im: T,
}

impl<T: Value> Complex<T> {
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }

    #[inline(always)]
    fn scale(self, factor: f32) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    #[inline(always)]
    fn turn(self, (c, s): (f32, f32)) -> Self {
        Self { re: self.re * c - self.im * s, im: self.re * s + self.im * c }
    }

    /// `self - i other`.
    #[inline(always)]
    fn sub_i(self, other: Self) -> Self {
        Self { re: self.re + other.im, im: self.im - other.re }
    }

    /// `self + i other`.
    #[inline(always)]
    fn add_i(self, other: Self) -> Self {
        Self { re: self.re - other.im, im: self.im + other.re }
    }
}

type Buffer<T> = [Complex<T>; HALF];

/// One stage in radix 4: `left` values are still to be sorted apart in `stride` interleaved places.
#[inline(always)]
fn radix4<T: Value>(roots: &Roots, from: &Buffer<T>, to: &mut Buffer<T>, left: usize, stride: usize) {
    let quarter = left / 4;
    for p in 0..quarter {
        let step = p * HALF / left;
        let [w1, w2, w3] = [1, 2, 3].map(|j| roots.half[step * j]);
        for q in 0..stride {
            let [a, b, c, d] = [0, 1, 2, 3].map(|k| from[q + stride * (p + quarter * k)]);
            let (s, t) = (a.add(c), b.add(d));
            let (u, v) = (a.sub(c), b.sub(d));
            let place = q + stride * 4 * p;
            to[place] = s.add(t);
            to[place + stride] = u.sub_i(v).turn(w1);
            to[place + 2 * stride] = s.sub(t).turn(w2);
            to[place + 3 * stride] = u.add_i(v).turn(w3);
        }
    }
}

/// The last stage, in radix 5.
#[inline(always)]
fn radix5<T: Value>(from: &Buffer<T>, to: &mut Buffer<T>) {
    const STRIDE: usize = HALF / 5;
    // cos and sin of 72 and 144 degrees.
    const C1: f32 = 0.309_017;
    const C2: f32 = -0.809_017;
    const S1: f32 = 0.951_056_54;
    const S2: f32 = 0.587_785_24;
    for q in 0..STRIDE {
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|k| from[q + STRIDE * k]);
        let (s, t) = (b.add(e), c.add(d));
        let (u, v) = (b.sub(e), c.sub(d));
        let (near, far) = (a.add(s.scale(C1)).add(t.scale(C2)), a.add(s.scale(C2)).add(t.scale(C1)));
        let (x, y) = (u.scale(S1).add(v.scale(S2)), u.scale(S2).sub(v.scale(S1)));
        to[q] = a.add(s).add(t);
        to[q + STRIDE] = near.sub_i(x);
        to[q + 2 * STRIDE] = far.sub_i(y);
        to[q + 3 * STRIDE] = far.add_i(y);
        to[q + 4 * STRIDE] = near.add_i(x);
    }
}

/// Transforms 80 complex values in place.
#[inline(always)]
fn transform<T: Value>(roots: &Roots, values: &mut Buffer<T>) {
    let mut other = *values;
    radix4(roots, values, &mut other, 80, 1);
    radix4(roots, &other, values, 20, 4);
    radix5(values, &mut other);
    *values = other;
}

/// The spectrum of 160 samples.
#[inline(always)]
pub(super) fn forward<T: Value>(roots: &Roots, samples: &[T; LENGTH]) -> [Complex<T>; BINS] {
    let mut packed: Buffer<T> =
        core::array::from_fn(|n| Complex { re: samples[2 * n], im: samples[2 * n + 1] });
    transform(roots, &mut packed);
    core::array::from_fn(|k| {
        let (a, b) = (packed[k % HALF], packed[(HALF - k) % HALF]);
        let even = Complex { re: a.re + b.re, im: a.im - b.im };
        let odd = Complex { re: a.re - b.re, im: a.im + b.im }.turn(roots.whole[k]);
        even.sub_i(odd).scale(0.5)
    })
}

/// The 160 samples of a spectrum; the inverse of [`forward`]. The imaginary parts of the ends are not looked at.
#[inline(always)]
pub(super) fn inverse<T: Value>(roots: &Roots, bins: &[Complex<T>; BINS]) -> [T; LENGTH] {
    const SCALE: f32 = 1.0 / LENGTH as f32;
    // Real and imaginary parts change places, which turns the forward transform into the inverse.
    let mut packed: Buffer<T> = core::array::from_fn(|k| {
        let (a, b) = (bins[k], bins[HALF - k]);
        let even = Complex { re: a.re + b.re, im: a.im - b.im };
        let (c, s) = roots.whole[k];
        let odd = Complex { re: a.re - b.re, im: a.im + b.im }.turn((c, -s));
        let value = even.add_i(odd).scale(SCALE);
        Complex { re: value.im, im: value.re }
    });
    transform(roots, &mut packed);
    core::array::from_fn(|n| if n % 2 == 0 { packed[n / 2].im } else { packed[n / 2].re })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_units::Entropy;

    #[test]
    fn the_spectrum_is_that_of_the_definition_and_the_inverse_brings_the_samples_back() {
        let mut entropy = Entropy::for_simulation(1);
        let samples: [f32; LENGTH] = core::array::from_fn(|_| entropy.unit() * 2.0 - 1.0);
        let spectrum = forward(roots(), &samples);
        for (k, bin) in spectrum.iter().enumerate() {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, &x) in samples.iter().enumerate() {
                let angle = core::f64::consts::TAU * (k * n % LENGTH) as f64 / LENGTH as f64;
                re += f64::from(x) * angle.cos();
                im -= f64::from(x) * angle.sin();
            }
            assert!((f64::from(bin.re) - re).abs() < 1e-4 && (f64::from(bin.im) - im).abs() < 1e-4, "{k}");
        }
        for (a, b) in samples.iter().zip(inverse(roots(), &spectrum)) {
            assert!((a - b).abs() < 1e-6);
        }
    }
}
