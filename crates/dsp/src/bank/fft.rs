//! Fourier transform of one window.
//!
//! # What it does
//! Turns 512 real samples into the powers of 256 bins, 15.625 Hz apart, and gives the complex amplitude of any.
//!
//! # How
//! The samples are taken as 256 complex numbers, real and imaginary parts in arrays of their own; four radix-4 passes (Stockham,
//! so that nothing is reordered), and one that takes the two halves apart. Of a real signal the bins `k` and `256 - k` are made of
//! the same two values, and their powers of the same sums, so they are made together.
//!
//! # Limits
//! One length. Powers of the bins below [`FIRST_BIN`] and from [`BINS`] less that are not made. The order of sums is fixed: the
//! same bits on every machine.
//!
//! # Standard
//! None.

use fearless_simd::{Simd, SimdBase, SimdInterleaved, SimdSplit, f32x4, f32x8};

use crate::wave::sine_of_turn;

/// Samples of a window.
pub(crate) const WINDOW: usize = 512;
const HALF: usize = WINDOW / 2;
/// Bins that come out.
pub(crate) const BINS: usize = HALF;
/// The first bin whose power is made.
pub(crate) const FIRST_BIN: usize = LANES;
/// Values of a vector.
const LANES: usize = 8;
/// A quarter of the values, each of which a pass takes to a sum.
const QUARTER: usize = HALF / 4;

static COSINES: [f32; HALF] = turns(WINDOW / 4);
static SINES: [f32; HALF] = turns(0);
/// Turns of the first, second and third pass, by output after the first and by place: cosines and sines.
static FIRST: [Turns; 3] = pass_turns(1);
static SECOND: [Turns; 3] = pass_turns(4);
static THIRD: [Turns; 3] = pass_turns(16);

struct Turns {
    cosines: [f32; QUARTER],
    sines: [f32; QUARTER],
}

/// The transform of a window taken as complex numbers.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    re: [f32; HALF],
    im: [f32; HALF],
}

type Complex<S> = (f32x8<S>, f32x8<S>);

impl Packed {
    pub(crate) const ZERO: Self = Self { re: [0.0; HALF], im: [0.0; HALF] };

    /// Transforms a window.
    #[inline(always)]
    pub(crate) fn transform<S: Simd>(&mut self, simd: S, window: &[f32; WINDOW]) {
        let mut other = Self::ZERO;
        first_pass(simd, window, &mut other);
        second_pass(simd, &other, self);
        third_pass(simd, self, &mut other);
        last_pass(simd, &other, self);
    }

    /// The real signal's amplitude in a bin from 1 to 255.
    #[inline(always)]
    pub(crate) fn bin(&self, k: usize) -> [f32; 2] {
        let m = HALF - k;
        let (even_re, even_im) = ((self.re[k] + self.re[m]) * 0.5, (self.im[k] - self.im[m]) * 0.5);
        let (odd_re, odd_im) = ((self.im[k] + self.im[m]) * 0.5, (self.re[m] - self.re[k]) * 0.5);
        let (c, s) = (COSINES[k], SINES[k]);
        [even_re + (odd_re * c + odd_im * s), even_im + (odd_im * c - odd_re * s)]
    }

    /// Squares of the bins' amplitudes, times `scale`.
    #[inline(always)]
    pub(crate) fn powers<S: Simd>(&self, simd: S, scale: f32, out: &mut [f32; BINS]) {
        for k in (FIRST_BIN..=HALF / 2).step_by(LANES) {
            // The bins from k on, and those that go down from their counterpart.
            let m = HALF - k + 1 - LANES;
            let (re, im) = load(simd, self, k);
            let (other_re, other_im) = load(simd, self, m);
            let (other_re, other_im) = (other_re.reverse(), other_im.reverse());
            let (even_re, even_im) = ((re + other_re) * 0.5, (im - other_im) * 0.5);
            let (odd_re, odd_im) = ((im + other_im) * 0.5, (other_re - re) * 0.5);
            let c = f32x8::from_slice(simd, &COSINES[k..][..LANES]);
            let s = f32x8::from_slice(simd, &SINES[k..][..LANES]);
            let (turned_re, turned_im) = (odd_re * c + odd_im * s, odd_im * c - odd_re * s);
            let up = square(simd, (even_re + turned_re, even_im + turned_im)) * scale;
            let down = square(simd, (even_re - turned_re, even_im - turned_im)) * scale;
            down.reverse().store_slice(&mut out[m..][..LANES]);
            up.store_slice(&mut out[k..][..LANES]);
        }
    }
}

#[inline(always)]
fn square<S: Simd>(_: S, (re, im): Complex<S>) -> f32x8<S> {
    re * re + im * im
}

#[inline(always)]
fn load<S: Simd>(simd: S, from: &Packed, at: usize) -> Complex<S> {
    (f32x8::from_slice(simd, &from.re[at..][..LANES]), f32x8::from_slice(simd, &from.im[at..][..LANES]))
}

#[inline(always)]
fn store<S: Simd>(_: S, (re, im): Complex<S>, to: &mut Packed, at: usize) {
    re.store_slice(&mut to.re[at..][..LANES]);
    im.store_slice(&mut to.im[at..][..LANES]);
}

/// Four values' sums, of which the last three are still to be turned.
#[inline(always)]
fn butterfly<S: Simd>(_: S, x: [Complex<S>; 4]) -> [Complex<S>; 4] {
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

/// The sums of a pass at the places from `at`, turned.
#[inline(always)]
fn turned<S: Simd>(simd: S, x: [Complex<S>; 4], turns: &[Turns; 3], at: usize) -> [Complex<S>; 4] {
    let mut out = butterfly(simd, x);
    for n in 0..3 {
        let c = f32x8::from_slice(simd, &turns[n].cosines[at..][..LANES]);
        let s = f32x8::from_slice(simd, &turns[n].sines[at..][..LANES]);
        let (re, im) = out[n + 1];
        out[n + 1] = (re * c + im * s, im * c - re * s);
    }
    out
}

/// Four values of a pass, from its quarters.
#[inline(always)]
fn quarters<S: Simd>(simd: S, x: &Packed, at: usize) -> [Complex<S>; 4] {
    [
        load(simd, x, at),
        load(simd, x, at + QUARTER),
        load(simd, x, at + 2 * QUARTER),
        load(simd, x, at + 3 * QUARTER),
    ]
}

/// The first pass: it takes the samples apart, and its outputs lie side by side.
#[inline(always)]
fn first_pass<S: Simd>(simd: S, window: &[f32; WINDOW], y: &mut Packed) {
    for p in (0..QUARTER).step_by(LANES) {
        let zero = f32x8::splat(simd, 0.0);
        let mut x = [(zero, zero); 4];
        for (n, x) in x.iter_mut().enumerate() {
            let pairs = &window[2 * (n * QUARTER + p)..][..2 * LANES];
            let a = f32x8::from_slice(simd, &pairs[..LANES]);
            let b = f32x8::from_slice(simd, &pairs[LANES..]);
            *x = (simd.unzip_low_f32x8(a, b), simd.unzip_high_f32x8(a, b));
        }
        let [a, b, c, d] = turned(simd, x, &FIRST, p);
        interleave(simd, [a.0, b.0, c.0, d.0], &mut y.re[4 * p..][..4 * LANES]);
        interleave(simd, [a.1, b.1, c.1, d.1], &mut y.im[4 * p..][..4 * LANES]);
    }
}

#[inline(always)]
fn interleave<S: Simd>(_: S, [a, b, c, d]: [f32x8<S>; 4], to: &mut [f32]) {
    let ((a, a2), (b, b2), (c, c2), (d, d2)) = (a.split(), b.split(), c.split(), d.split());
    f32x4::store_four_interleaved([a, b, c, d], &mut to[..2 * LANES]);
    f32x4::store_four_interleaved([a2, b2, c2, d2], &mut to[2 * LANES..]);
}

/// The second, over four interleaved transforms: a vector holds two places.
#[inline(always)]
fn second_pass<S: Simd>(simd: S, x: &Packed, y: &mut Packed) {
    for at in (0..QUARTER).step_by(LANES) {
        let x = quarters(simd, x, at);
        for (n, (re, im)) in turned(simd, x, &SECOND, at).into_iter().enumerate() {
            let ((re, re2), (im, im2)) = (re.split(), im.split());
            let at = 4 * at + 4 * n;
            re.store_slice(&mut y.re[at..][..4]);
            im.store_slice(&mut y.im[at..][..4]);
            re2.store_slice(&mut y.re[at + 16..][..4]);
            im2.store_slice(&mut y.im[at + 16..][..4]);
        }
    }
}

/// The third, over sixteen.
#[inline(always)]
fn third_pass<S: Simd>(simd: S, x: &Packed, y: &mut Packed) {
    for at in (0..QUARTER).step_by(LANES) {
        let x = quarters(simd, x, at);
        let (p, q) = (at / 16, at % 16);
        for (n, value) in turned(simd, x, &THIRD, at).into_iter().enumerate() {
            store(simd, value, y, 64 * p + 16 * n + q);
        }
    }
}

/// The last, over 64: there is nothing to turn.
#[inline(always)]
fn last_pass<S: Simd>(simd: S, x: &Packed, y: &mut Packed) {
    for at in (0..QUARTER).step_by(LANES) {
        let x = quarters(simd, x, at);
        for (n, value) in butterfly(simd, x).into_iter().enumerate() {
            store(simd, value, y, at + n * QUARTER);
        }
    }
}

/// Turns of a pass over `stride` interleaved transforms, each place's as often as there are of them.
const fn pass_turns(stride: usize) -> [Turns; 3] {
    const NONE: Turns = Turns { cosines: [0.0; QUARTER], sines: [0.0; QUARTER] };
    let mut out = [NONE; 3];
    let mut n = 0;
    while n < 3 {
        let mut at = 0;
        while at < QUARTER {
            let turn = (n + 1) * (at / stride) * 2 * stride;
            out[n].cosines[at] = sine_of_turn(turn + WINDOW / 4, WINDOW) as f32;
            out[n].sines[at] = sine_of_turn(turn, WINDOW) as f32;
            at += 1;
        }
        n += 1;
    }
    out
}

const fn turns(shift: usize) -> [f32; HALF] {
    let mut out = [0.0; HALF];
    let mut n = 0;
    while n < HALF {
        out[n] = sine_of_turn(n + shift, WINDOW) as f32;
        n += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::{Level, dispatch};
    use tipring_units::Entropy;

    #[test]
    fn the_transform_agrees_with_its_definition() {
        let mut entropy = Entropy::for_simulation(1);
        let window: [f32; WINDOW] = core::array::from_fn(|_| entropy.unit() - 0.5);
        let (mut packed, mut powers) = (Packed::ZERO, [0.0; BINS]);
        dispatch!(Level::new(), simd => {
            packed.transform(simd, &window);
            packed.powers(simd, 2.0, &mut powers);
        });
        for (k, &got) in powers.iter().enumerate().skip(1) {
            let (mut re, mut im) = (0.0_f64, 0.0_f64);
            for (n, &x) in window.iter().enumerate() {
                let angle = core::f64::consts::TAU * (n * k) as f64 / WINDOW as f64;
                re += f64::from(x) * libm::cos(angle);
                im -= f64::from(x) * libm::sin(angle);
            }
            let bin = packed.bin(k);
            let error = (f64::from(bin[0]) - re).abs() + (f64::from(bin[1]) - im).abs();
            assert!(error < 1e-4, "bin {k}: {error}");
            if (FIRST_BIN..=BINS - FIRST_BIN).contains(&k) {
                let power = 2.0 * (re * re + im * im);
                assert!((f64::from(got) - power).abs() < 2e-4 * power.max(1.0), "power of bin {k}");
            }
        }
    }
}
