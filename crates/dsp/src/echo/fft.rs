//! Fourier transforms of the canceller's two blocks: 160 real samples, 81 bins.
//!
//! # What it does
//! [`forward`] and [`inverse`] transform one signal (`f32`) or eight side by side (a vector of eight lanes);
//! [`shorten`] makes filters of one block of eight spectra.
//!
//! # How
//! The even and odd samples are the two parts of 80 complex values; these go through Stockham's self-sorting form in
//! radices 4, 4 and 5, and one pass untangles the two halves. Real and imaginary parts lie apart, so that the
//! transform of a single signal is done by vectors, too.
//!
//! # Limits
//! One length. Every sum has one order, whatever the lanes: the same bits on every machine.
//!
//! # Standard
//! None; the transform as in C. Van Loan, Computational Frameworks for the Fast Fourier Transform, sections 1.7 and 4.3.

use core::ops::{Add, Mul, Sub};
use std::sync::LazyLock;

use fearless_simd::{Simd, SimdBase, f32x8};
use tipring_units::TICK_SAMPLES;

/// Samples of a transform: two ticks.
pub(super) const LENGTH: usize = 2 * TICK_SAMPLES;
/// Complex values that are transformed.
const HALF: usize = LENGTH / 2;
/// Bins of a real signal's spectrum, both ends included.
pub(super) const BINS: usize = HALF + 1;
/// Transforms side by side.
pub(super) const LANES: usize = 8;
/// One value of each of these.
pub(super) type Lanes = [f32; LANES];

/// A number, or several side by side, with the form that they have in memory.
pub(super) trait Value<S: Simd>:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f32, Output = Self>
{
    type Cell: Copy;
    fn zero(simd: S) -> Self;
    fn load(simd: S, cell: &Self::Cell) -> Self;
    fn store(self, cell: &mut Self::Cell);
}

impl<S: Simd> Value<S> for f32 {
    type Cell = Self;

    #[inline(always)]
    fn zero(_: S) -> Self {
        0.0
    }

    #[inline(always)]
    fn load(_: S, cell: &Self) -> Self {
        *cell
    }

    #[inline(always)]
    fn store(self, cell: &mut Self) {
        *cell = self;
    }
}

impl<S: Simd> Value<S> for f32x8<S> {
    type Cell = Lanes;

    #[inline(always)]
    fn zero(simd: S) -> Self {
        Self::splat(simd, 0.0)
    }

    #[inline(always)]
    fn load(simd: S, cell: &Lanes) -> Self {
        Self::from_slice(simd, cell)
    }

    #[inline(always)]
    fn store(self, cell: &mut Lanes) {
        self.store_slice(cell);
    }
}

/// Roots of unity, computed once.
#[derive(Debug)]
pub(super) struct Roots {
    /// cos and sin of -2 pi j p / 80 for the first stage, j from 1 to 3, p from 0 to 19.
    first: [[[f32; 20]; 2]; 3],
    /// The same over 20 for the second, p from 0 to 4.
    second: [[[f32; 5]; 2]; 3],
    /// cos and sin of -2 pi k / 160.
    whole: [[f32; HALF / 2 + 1]; 2],
}

static ROOTS: LazyLock<Roots> = LazyLock::new(|| {
    let root = |k: usize, n: usize| {
        let angle = -core::f64::consts::TAU * k as f64 / n as f64;
        [libm::cos(angle) as f32, libm::sin(angle) as f32]
    };
    Roots {
        first: [1, 2, 3].map(|j| [0, 1].map(|part| core::array::from_fn(|p| root(j * p, 80)[part]))),
        second: [1, 2, 3].map(|j| [0, 1].map(|part| core::array::from_fn(|p| root(j * p, 20)[part]))),
        whole: [0, 1].map(|part| core::array::from_fn(|k| root(k, LENGTH)[part])),
    }
});

/// The roots; the first call computes them.
pub(super) fn roots() -> &'static Roots {
    &ROOTS
}

/// 80 complex values to read.
#[derive(Clone, Copy)]
struct From<'a, C> {
    re: &'a [C; HALF],
    im: &'a [C; HALF],
}

/// 80 complex values to write.
struct To<'a, C> {
    re: &'a mut [C; HALF],
    im: &'a mut [C; HALF],
}

/// A spectrum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spectrum {
    pub(super) re: [f32; BINS],
    pub(super) im: [f32; BINS],
}

impl Spectrum {
    pub(super) const EMPTY: Self = Self { re: [0.0; BINS], im: [0.0; BINS] };
}

/// Real and imaginary part.
type Pair<T> = (T, T);

#[inline(always)]
fn turn<S: Simd, T: Value<S>>(_: S, (a, b): Pair<T>, c: f32, s: f32) -> Pair<T> {
    (a * c - b * s, a * s + b * c)
}

/// The four outputs of a butterfly, the last three to be turned.
#[inline(always)]
fn butterfly4<S: Simd, T: Value<S>>(_: S, [a, b, c, d]: [Pair<T>; 4]) -> [Pair<T>; 4] {
    let (s, t) = ((a.0 + c.0, a.1 + c.1), (b.0 + d.0, b.1 + d.1));
    let (u, v) = ((a.0 - c.0, a.1 - c.1), (b.0 - d.0, b.1 - d.1));
    [(s.0 + t.0, s.1 + t.1), (u.0 + v.1, u.1 - v.0), (s.0 - t.0, s.1 - t.1), (u.0 - v.1, u.1 + v.0)]
}

#[inline(always)]
fn load<S: Simd, T: Value<S>>(simd: S, from: From<'_, T::Cell>, at: usize) -> Pair<T> {
    (T::load(simd, &from.re[at]), T::load(simd, &from.im[at]))
}

#[inline(always)]
fn store<S: Simd, T: Value<S>>(_: S, value: Pair<T>, to: &mut To<'_, T::Cell>, at: usize) {
    value.0.store(&mut to.re[at]);
    value.1.store(&mut to.im[at]);
}

const QUARTER: usize = HALF / 4;

/// One place of the first stage: its four outputs. Where `half_empty`, the second half of the values is zero and not read.
#[inline(always)]
fn first_place<S: Simd, T: Value<S>>(
    simd: S,
    roots: &Roots,
    from: From<'_, T::Cell>,
    p: usize,
    half_empty: bool,
) -> [Pair<T>; 4] {
    let a = load::<S, T>(simd, from, p);
    let b = load::<S, T>(simd, from, p + QUARTER);
    let out = if half_empty {
        [(a.0 + b.0, a.1 + b.1), (a.0 + b.1, a.1 - b.0), (a.0 - b.0, a.1 - b.1), (a.0 - b.1, a.1 + b.0)]
    } else {
        let c = load::<S, T>(simd, from, p + 2 * QUARTER);
        let d = load::<S, T>(simd, from, p + 3 * QUARTER);
        butterfly4(simd, [a, b, c, d])
    };
    let [one, two, three] = &roots.first;
    [
        out[0],
        turn(simd, out[1], one[0][p], one[1][p]),
        turn(simd, out[2], two[0][p], two[1][p]),
        turn(simd, out[3], three[0][p], three[1][p]),
    ]
}

/// The first stage, in radix 4.
#[inline(always)]
fn first_stage<S: Simd, T: Value<S>>(
    simd: S,
    roots: &Roots,
    from: From<'_, T::Cell>,
    mut to: To<'_, T::Cell>,
    half_empty: bool,
) {
    for p in 0..QUARTER {
        let [a, b, c, d] = first_place::<S, T>(simd, roots, from, p, half_empty);
        store(simd, a, &mut to, 4 * p);
        store(simd, b, &mut to, 4 * p + 1);
        store(simd, c, &mut to, 4 * p + 2);
        store(simd, d, &mut to, 4 * p + 3);
    }
}

/// The same of single values: interleaving apart from the sums lets these be done by vectors.
#[inline(always)]
fn first_stage_single<S: Simd>(simd: S, roots: &Roots, from: From<'_, f32>, to: To<'_, f32>) {
    let (mut re, mut im) = ([[0.0; QUARTER]; 4], [[0.0; QUARTER]; 4]);
    for p in 0..QUARTER {
        let [a, b, c, d] = first_place::<S, f32>(simd, roots, from, p, false);
        (re[0][p], im[0][p]) = a;
        (re[1][p], im[1][p]) = b;
        (re[2][p], im[2][p]) = c;
        (re[3][p], im[3][p]) = d;
    }
    for (p, (re_out, im_out)) in
        to.re.as_chunks_mut::<4>().0.iter_mut().zip(to.im.as_chunks_mut::<4>().0).enumerate()
    {
        *re_out = [re[0][p], re[1][p], re[2][p], re[3][p]];
        *im_out = [im[0][p], im[1][p], im[2][p], im[3][p]];
    }
}

/// The second stage, in radix 4.
#[inline(always)]
fn second_stage<S: Simd, T: Value<S>>(
    simd: S,
    roots: &Roots,
    from: From<'_, T::Cell>,
    mut to: To<'_, T::Cell>,
) {
    const STRIDE: usize = 4;
    let [one, two, three] = &roots.second;
    for p in 0..5 {
        for q in 0..STRIDE {
            let at = q + STRIDE * p;
            let a = load::<S, T>(simd, from, at);
            let b = load::<S, T>(simd, from, at + STRIDE * 5);
            let c = load::<S, T>(simd, from, at + STRIDE * 10);
            let d = load::<S, T>(simd, from, at + STRIDE * 15);
            let out = butterfly4(simd, [a, b, c, d]);
            let at = q + STRIDE * 4 * p;
            store(simd, out[0], &mut to, at);
            store(simd, turn(simd, out[1], one[0][p], one[1][p]), &mut to, at + STRIDE);
            store(simd, turn(simd, out[2], two[0][p], two[1][p]), &mut to, at + STRIDE * 2);
            store(simd, turn(simd, out[3], three[0][p], three[1][p]), &mut to, at + STRIDE * 3);
        }
    }
}

/// The last stage, in radix 5.
#[inline(always)]
fn third_stage<S: Simd, T: Value<S>>(simd: S, from: From<'_, T::Cell>, mut to: To<'_, T::Cell>) {
    const STRIDE: usize = HALF / 5;
    // cos and sin of 72 and 144 degrees.
    const C1: f32 = 0.309_017;
    const C2: f32 = -0.809_017;
    const S1: f32 = 0.951_056_5;
    const S2: f32 = 0.587_785_24;
    for q in 0..STRIDE {
        let a = load::<S, T>(simd, from, q);
        let b = load::<S, T>(simd, from, q + STRIDE);
        let c = load::<S, T>(simd, from, q + STRIDE * 2);
        let d = load::<S, T>(simd, from, q + STRIDE * 3);
        let e = load::<S, T>(simd, from, q + STRIDE * 4);
        let (s, t) = ((b.0 + e.0, b.1 + e.1), (c.0 + d.0, c.1 + d.1));
        let (u, v) = ((b.0 - e.0, b.1 - e.1), (c.0 - d.0, c.1 - d.1));
        let near = (a.0 + s.0 * C1 + t.0 * C2, a.1 + s.1 * C1 + t.1 * C2);
        let far = (a.0 + s.0 * C2 + t.0 * C1, a.1 + s.1 * C2 + t.1 * C1);
        let x = (u.0 * S1 + v.0 * S2, u.1 * S1 + v.1 * S2);
        let y = (u.0 * S2 - v.0 * S1, u.1 * S2 - v.1 * S1);
        store(simd, (a.0 + s.0 + t.0, a.1 + s.1 + t.1), &mut to, q);
        store(simd, (near.0 + x.1, near.1 - x.0), &mut to, q + STRIDE);
        store(simd, (far.0 + y.1, far.1 - y.0), &mut to, q + 2 * STRIDE);
        store(simd, (far.0 - y.1, far.1 + y.0), &mut to, q + 3 * STRIDE);
        store(simd, (near.0 - x.1, near.1 + x.0), &mut to, q + 4 * STRIDE);
    }
}

/// Makes a real signal's spectrum of the packed one.
#[inline(always)]
fn untangle<S: Simd, T: Value<S>>(
    simd: S,
    roots: &Roots,
    from: From<'_, T::Cell>,
    re: &mut [T::Cell; BINS],
    im: &mut [T::Cell; BINS],
) {
    let (a, b) = load::<S, T>(simd, from, 0);
    (a + b).store(&mut re[0]);
    (a - b).store(&mut re[HALF]);
    let zero = T::zero(simd);
    zero.store(&mut im[0]);
    zero.store(&mut im[HALF]);
    for k in 1..=HALF / 2 {
        let (a, b) = (load::<S, T>(simd, from, k), load::<S, T>(simd, from, HALF - k));
        let even = ((a.0 + b.0) * 0.5, (a.1 - b.1) * 0.5);
        let odd = ((a.0 - b.0) * 0.5, (a.1 + b.1) * 0.5);
        let odd = turn(simd, odd, roots.whole[0][k], roots.whole[1][k]);
        (even.0 + odd.1).store(&mut re[k]);
        (even.1 - odd.0).store(&mut im[k]);
        (even.0 - odd.1).store(&mut re[HALF - k]);
        (zero - even.1 - odd.0).store(&mut im[HALF - k]);
    }
}

/// The reverse, with real and imaginary parts in each other's place, which turns the transform into its inverse.
#[inline(always)]
fn entangle<S: Simd, T: Value<S>>(
    simd: S,
    roots: &Roots,
    re: &[T::Cell; BINS],
    im: &[T::Cell; BINS],
    to: To<'_, T::Cell>,
) {
    const SCALE: f32 = 1.0 / LENGTH as f32;
    let (first, last) = (T::load(simd, &re[0]) * SCALE, T::load(simd, &re[HALF]) * SCALE);
    (first + last).store(&mut to.im[0]);
    (first - last).store(&mut to.re[0]);
    for k in 1..=HALF / 2 {
        let a = (T::load(simd, &re[k]) * SCALE, T::load(simd, &im[k]) * SCALE);
        let b = (T::load(simd, &re[HALF - k]) * SCALE, T::load(simd, &im[HALF - k]) * SCALE);
        let even = (a.0 + b.0, a.1 - b.1);
        let odd = turn(simd, (a.0 - b.0, a.1 + b.1), roots.whole[0][k], -roots.whole[1][k]);
        (even.0 - odd.1).store(&mut to.im[k]);
        (even.1 + odd.0).store(&mut to.re[k]);
        (even.0 + odd.1).store(&mut to.im[HALF - k]);
        (odd.0 - even.1).store(&mut to.re[HALF - k]);
    }
}

/// The spectrum of 160 samples.
#[inline(always)]
pub(super) fn forward<S: Simd>(simd: S, roots: &Roots, samples: &[f32; LENGTH], out: &mut Spectrum) {
    let (mut a, mut b, mut c, mut d) = ([0.0; HALF], [0.0; HALF], [0.0; HALF], [0.0; HALF]);
    for ((re, im), pair) in a.iter_mut().zip(&mut b).zip(samples.as_chunks::<2>().0) {
        (*re, *im) = (pair[0], pair[1]);
    }
    first_stage_single(simd, roots, From { re: &a, im: &b }, To { re: &mut c, im: &mut d });
    second_stage::<S, f32>(simd, roots, From { re: &c, im: &d }, To { re: &mut a, im: &mut b });
    third_stage::<S, f32>(simd, From { re: &a, im: &b }, To { re: &mut c, im: &mut d });
    untangle::<S, f32>(simd, roots, From { re: &c, im: &d }, &mut out.re, &mut out.im);
}

/// The 160 samples of a spectrum; the inverse of [`forward`]. The imaginary parts of the ends are not looked at.
#[inline(always)]
pub(super) fn inverse<S: Simd>(simd: S, roots: &Roots, bins: &Spectrum) -> [f32; LENGTH] {
    let (mut a, mut b, mut c, mut d) = ([0.0; HALF], [0.0; HALF], [0.0; HALF], [0.0; HALF]);
    entangle::<S, f32>(simd, roots, &bins.re, &bins.im, To { re: &mut a, im: &mut b });
    first_stage_single(simd, roots, From { re: &a, im: &b }, To { re: &mut c, im: &mut d });
    second_stage::<S, f32>(simd, roots, From { re: &c, im: &d }, To { re: &mut a, im: &mut b });
    third_stage::<S, f32>(simd, From { re: &a, im: &b }, To { re: &mut c, im: &mut d });
    let mut samples = [0.0; LENGTH];
    for (pair, (re, im)) in samples.as_chunks_mut::<2>().0.iter_mut().zip(c.iter().zip(&d)) {
        *pair = [*im, *re];
    }
    samples
}

/// Replaces eight spectra by those of the first 80 of their 160 samples.
#[inline(always)]
pub(super) fn shorten<S: Simd>(simd: S, roots: &Roots, re: &mut [Lanes; BINS], im: &mut [Lanes; BINS]) {
    let (mut a, mut b) = ([[0.0; LANES]; HALF], [[0.0; LANES]; HALF]);
    entangle::<S, f32x8<S>>(simd, roots, re, im, To { re: &mut a, im: &mut b });
    // The spectra have been read: their places serve as the other memory.
    if let (Some(c), Some(d)) = (re.first_chunk_mut::<HALF>(), im.first_chunk_mut::<HALF>()) {
        first_stage::<S, f32x8<S>>(simd, roots, From { re: &a, im: &b }, To { re: c, im: d }, false);
        second_stage::<S, f32x8<S>>(simd, roots, From { re: c, im: d }, To { re: &mut a, im: &mut b });
        third_stage::<S, f32x8<S>>(simd, From { re: &a, im: &b }, To { re: c, im: d });
        // Real and imaginary parts are in each other's place now.
        first_stage::<S, f32x8<S>>(simd, roots, From { re: d, im: c }, To { re: &mut a, im: &mut b }, true);
        second_stage::<S, f32x8<S>>(simd, roots, From { re: &a, im: &b }, To { re: c, im: d });
        third_stage::<S, f32x8<S>>(simd, From { re: c, im: d }, To { re: &mut a, im: &mut b });
    }
    untangle::<S, f32x8<S>>(simd, roots, From { re: &a, im: &b }, re, im);
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::{Level, dispatch};
    use tipring_units::Entropy;

    fn signal(seed: u64) -> [f32; LENGTH] {
        let mut entropy = Entropy::for_simulation(seed);
        core::array::from_fn(|_| entropy.unit() * 2.0 - 1.0)
    }

    fn spectrum(samples: &[f32; LENGTH]) -> Spectrum {
        let mut out = Spectrum::EMPTY;
        dispatch!(Level::new(), simd => forward(simd, roots(), samples, &mut out));
        out
    }

    #[test]
    fn the_spectrum_is_that_of_the_definition_and_the_inverse_brings_the_samples_back() {
        let samples = signal(1);
        let got = spectrum(&samples);
        for k in 0..BINS {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, &x) in samples.iter().enumerate() {
                let angle = core::f64::consts::TAU * (k * n % LENGTH) as f64 / LENGTH as f64;
                re += f64::from(x) * angle.cos();
                im -= f64::from(x) * angle.sin();
            }
            assert!(
                (f64::from(got.re[k]) - re).abs() < 1e-4 && (f64::from(got.im[k]) - im).abs() < 1e-4,
                "{k}"
            );
        }
        let back = dispatch!(Level::new(), simd => inverse(simd, roots(), &got));
        for (a, b) in samples.iter().zip(back) {
            assert!((a - b).abs() < 1e-6);
        }
    }

    #[test]
    fn shortened_spectra_are_those_of_the_first_half() {
        let (mut re, mut im) = ([[0.0; LANES]; BINS], [[0.0; LANES]; BINS]);
        for lane in 0..LANES {
            let got = spectrum(&signal(lane as u64));
            for k in 0..BINS {
                (re[k][lane], im[k][lane]) = (got.re[k], got.im[k]);
            }
        }
        dispatch!(Level::new(), simd => shorten(simd, roots(), &mut re, &mut im));
        for lane in 0..LANES {
            let mut samples = signal(lane as u64);
            samples[TICK_SAMPLES..].fill(0.0);
            let wanted = spectrum(&samples);
            for k in 0..BINS {
                assert!(
                    (re[k][lane] - wanted.re[k]).abs() < 1e-4 && (im[k][lane] - wanted.im[k]).abs() < 1e-4
                );
            }
        }
    }
}
