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

/// Eight sums that do not wait for each other.
type Lanes = [f32; 8];

/// Sum of products in eight lanes.
#[inline]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a8, a_rest), (b8, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (x, y) in a8.iter().zip(b8) {
        multiply_add(&mut lanes, x, y);
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    fold(&lanes) + rest
}

#[inline(always)]
fn multiply_add(lanes: &mut Lanes, x: &Lanes, y: &Lanes) {
    for lane in 0..8 {
        lanes[lane] += x[lane] * y[lane];
    }
}

/// Adds the lanes up by halves, always in this order. Not inlined: seen together with the loop before it, the
/// compiler trades the loop's plain vectors for shuffled ones (four times the instructions).
#[inline(never)]
fn fold(lanes: &Lanes) -> f32 {
    let mut four = [0.0; 4];
    for lane in 0..4 {
        four[lane] = lanes[lane] + lanes[lane + 4];
    }
    (four[0] + four[2]) + (four[1] + four[3])
}

/// The sums of products of `a` with `b` at four successive places: each the bits of [`dot`], but the
/// additions of the four need not wait for each other.
#[inline]
fn dot4(a: &[f32], b: &[f32]) -> [f32; 4] {
    let (a8, _) = a.as_chunks::<8>();
    let [b0, b1, b2, b3] = [0, 1, 2, 3].map(|shift| b[shift..shift + a.len()].as_chunks::<8>().0);
    let (mut s0, mut s1, mut s2, mut s3) = ([0.0; 8], [0.0; 8], [0.0; 8], [0.0; 8]);
    for ((((x, y0), y1), y2), y3) in a8.iter().zip(b0).zip(b1).zip(b2).zip(b3) {
        multiply_add(&mut s0, x, y0);
        multiply_add(&mut s1, x, y1);
        multiply_add(&mut s2, x, y2);
        multiply_add(&mut s3, x, y3);
    }
    [fold(&s0), fold(&s1), fold(&s2), fold(&s3)]
}

/// Adds `factor` times `b` to `a` and returns the sum of products of the new `a` with `c`.
#[inline]
fn accumulate_dot(a: &mut [f32], b: &[f32], factor: f32, c: &[f32]) -> f32 {
    let (a8, _) = a.as_chunks_mut::<8>();
    let ((b8, _), (c8, _)) = (b.as_chunks::<8>(), c.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for ((x, y), z) in a8.iter_mut().zip(b8).zip(c8) {
        let mut moved = *x;
        for lane in 0..8 {
            moved[lane] += y[lane] * factor;
        }
        *x = moved;
        multiply_add(&mut lanes, &moved, z);
    }
    fold(&lanes)
}

/// Adds `factor` times `b` to `a`.
#[inline]
fn accumulate(a: &mut [f32], b: &[f32], factor: f32) {
    for (x, y) in a.iter_mut().zip(b) {
        *x += y * factor;
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
