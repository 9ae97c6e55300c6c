//! The filters of the canceller and the whitening of their input.
//!
//! # What it does
//! [`Filter`] subtracts an echo estimate and adapts; [`Whitener`] flattens the spectrum that adaptation sees.
//!
//! # How
//! Sums run in eight lanes that are added in one fixed order: fast as vectors, the same bits as scalars.
//! Each frame the whitener predicts the reference from its last 30 ms (Levinson-Durbin) and filters the
//! whole span with the predictor's error filter, so the span is consistent although the predictor moves.
//!
//! # Limits
//! Lengths are multiples of eight.
//!
//! # Standard
//! None; normalised LMS as in S. Haykin, Adaptive Filter Theory, chapter 7, with decorrelation by prediction.

use tipring_units::TICK_SAMPLES;

/// Order of the whitening predictor.
pub(super) const WHITENING_ORDER: usize = 8;
/// Samples that the predictor is measured on.
const MEASURED: usize = 240;
/// Added to the autocorrelation at lag 0 so that a pure tone stays solvable: -30 dB.
const WHITE_FLOOR: f32 = 1.001;
/// Power per tap that is added to the norm, against division by silence: a sample of 3.
const NORM_FLOOR: f32 = 10.0;

/// Sum of products in eight lanes.
#[inline]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    fold(lanes) + rest
}

/// Adds the lanes up, always in this order.
#[inline]
fn fold(lanes: [f32; 8]) -> f32 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// The sums of products of `a` with `b` at four successive places: each the bits of [`dot`], but the
/// additions of the four need not wait for each other.
#[inline]
fn dot4(a: &[f32], b: &[f32]) -> [f32; 4] {
    let mut lanes = [[0.0_f32; 8]; 4];
    let views = [0, 1, 2, 3].map(|shift| &b[shift..shift + a.len()]);
    for (n, x) in a.chunks_exact(8).enumerate() {
        for (sums, view) in lanes.iter_mut().zip(views) {
            let y = &view[n * 8..n * 8 + 8];
            for lane in 0..8 {
                sums[lane] += x[lane] * y[lane];
            }
        }
    }
    lanes.map(fold)
}

/// Adds `factor` times `b` to `a` and returns the sum of products of the new `a` with `c`.
#[inline]
fn accumulate_dot(a: &mut [f32], b: &[f32], factor: f32, c: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    for ((x, y), z) in a.chunks_exact_mut(8).zip(b.chunks_exact(8)).zip(c.chunks_exact(8)) {
        for lane in 0..8 {
            x[lane] += y[lane] * factor;
            lanes[lane] += x[lane] * z[lane];
        }
    }
    fold(lanes)
}

/// Adds `factor` times `b` to `a`.
#[inline]
fn accumulate(a: &mut [f32], b: &[f32], factor: f32) {
    for (x, y) in a.chunks_exact_mut(8).zip(b.chunks_exact(8)) {
        for lane in 0..8 {
            x[lane] += y[lane] * factor;
        }
    }
}

/// A transversal filter; the weight of the oldest sample first.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    weights: Box<[f32]>,
}

impl Filter {
    pub(super) fn new(taps: usize) -> Self {
        Self { weights: vec![0.0; taps].into() }
    }

    pub(super) fn clear(&mut self) {
        self.weights.fill(0.0);
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.weights.copy_from_slice(&other.weights);
    }

    /// Subtracts the estimate from `frame`; `span` ends with the frame's own reference.
    pub(super) fn cancel(&self, span: &[f32], frame: &mut [f32; TICK_SAMPLES]) {
        for (n, samples) in frame.chunks_exact_mut(4).enumerate() {
            let estimates = dot4(&self.weights, &span[n * 4..n * 4 + 3 + self.weights.len()]);
            for (sample, estimate) in samples.iter_mut().zip(estimates) {
                *sample -= estimate;
            }
        }
    }

    /// Adapts to a frame whose signals were both whitened: plain normalised LMS on them, which is stable for
    /// any input. The unwhitened error could not be filtered instead, because its past belongs to older
    /// weights.
    pub(super) fn adapt(&mut self, white: &Whitener, step: f32) {
        let taps = self.weights.len();
        let floor = NORM_FLOOR * taps as f32;
        let mut input = &white.span[..taps];
        let mut norm = dot(input, input);
        let mut estimate = dot(&self.weights, input);
        for (n, wanted) in white.frame.iter().enumerate() {
            let factor = step * (wanted - estimate) / (norm.max(0.0) + floor);
            let Some(next) = white.span.get(n + 1..n + 1 + taps) else {
                accumulate(&mut self.weights, input, factor);
                return;
            };
            // One pass over the weights corrects them and makes the next estimate.
            estimate = accumulate_dot(&mut self.weights, input, factor, next);
            let (newest, left) = (next[taps - 1], input[0]);
            norm += newest * newest - left * left;
            input = next;
        }
    }
}

/// Flattens the reference, and filters the near signal alike.
#[derive(Clone, Debug)]
pub(super) struct Whitener {
    /// Coefficients of the error filter after the leading one.
    predictor: [f32; WHITENING_ORDER],
    /// The near signal: what the filter needs from the frame before, then the frame.
    near: [f32; WHITENING_ORDER + TICK_SAMPLES],
    /// The whitened span of the reference.
    span: Box<[f32]>,
    /// The whitened frame of the near signal.
    frame: [f32; TICK_SAMPLES],
}

impl Whitener {
    pub(super) fn new(taps: usize) -> Self {
        Self {
            predictor: [0.0; WHITENING_ORDER],
            near: [0.0; WHITENING_ORDER + TICK_SAMPLES],
            span: vec![0.0; taps + TICK_SAMPLES - 1].into(),
            frame: [0.0; TICK_SAMPLES],
        }
    }

    /// Follows the near signal; every frame must come by here.
    pub(super) fn follow(&mut self, near: &[f32; TICK_SAMPLES]) {
        self.near.copy_within(TICK_SAMPLES.., 0);
        self.near[WHITENING_ORDER..].copy_from_slice(near);
    }

    /// Measures the reference and whitens its span, which begins [`WHITENING_ORDER`] samples early, and the
    /// near signal's frame.
    pub(super) fn update(&mut self, span: &[f32]) {
        let recent = &span[span.len().saturating_sub(MEASURED + WHITENING_ORDER)..];
        self.predictor = predict(recent);
        whiten(&self.predictor, span, &mut self.span);
        whiten(&self.predictor, &self.near, &mut self.frame);
    }
}

/// Filters `signal`, which begins [`WHITENING_ORDER`] samples before `out`, with the error filter.
fn whiten(predictor: &[f32; WHITENING_ORDER], signal: &[f32], out: &mut [f32]) {
    out.copy_from_slice(&signal[WHITENING_ORDER..WHITENING_ORDER + out.len()]);
    for (lag, a) in predictor.iter().enumerate() {
        let delayed = &signal[WHITENING_ORDER - 1 - lag..];
        for (sum, x) in out.iter_mut().zip(delayed) {
            *sum += a * x;
        }
    }
}

/// Coefficients of the prediction-error filter of a signal.
fn predict(signal: &[f32]) -> [f32; WHITENING_ORDER] {
    let mut correlation = [0.0; WHITENING_ORDER + 1];
    for (lag, r) in correlation.iter_mut().enumerate() {
        *r = dot(&signal[lag..], &signal[..signal.len() - lag]);
    }
    let mut a = [0.0; WHITENING_ORDER];
    let mut error = correlation[0] * WHITE_FLOOR;
    if error.is_nan() || error < 1.0 {
        return a;
    }
    for order in 0..WHITENING_ORDER {
        let mut sum = correlation[order + 1];
        for lag in 0..order {
            sum += a[lag] * correlation[order - lag];
        }
        let reflection = -sum / error;
        let before = a;
        a[order] = reflection;
        for lag in 0..order {
            a[lag] = before[lag] + reflection * before[order - 1 - lag];
        }
        error *= 1.0 - reflection * reflection;
        if error <= correlation[0] * 1e-6 {
            break; // as white as arithmetic allows
        }
    }
    a
}
