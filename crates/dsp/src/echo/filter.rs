//! The partitioned filters of the canceller.
//!
//! # What it does
//! [`estimate`] makes the echo that two filters expect; [`Filter::adapt`] moves one towards the line.
//!
//! # How
//! A filter is cut in partitions of one tick, each a spectrum of two ticks (overlap-save). Each bin of each partition
//! has a weight and the variance that the weight's error is thought to have; the gain of the adaptation is the
//! Kalman gain of that model, so that each weight moves as fast as its own doubt allows and the near end slows all.
//! Eight partitions of a bin lie side by side. After each step the weights are brought back to filters of one tick
//! (the gradient constraint), eight partitions at a time.
//!
//! # Limits
//! The errors of different bins and partitions are taken to be independent.
//!
//! # Standard
//! None; the method is that of G. Enzner and P. Vary, Frequency-domain adaptive Kalman filter for acoustic echo
//! control in hands-free telephones, Signal Processing 86 (2006).

use fearless_simd::{Level, Simd, SimdBase, SimdSplit, dispatch, f32x8};

use super::PARTITIONS_MAX;
use super::fft::{BINS, LANES, LENGTH, Lanes, Roots, Spectrum, forward, inverse, shorten};
use super::reference::Reference;
use tipring_units::TICK_SAMPLES;

/// Eight partitions.
#[derive(Clone, Copy, Debug)]
struct Group {
    re: [Lanes; BINS],
    im: [Lanes; BINS],
    /// Variance of the weights' error.
    doubt: [Lanes; BINS],
}

const EMPTY: Group =
    Group { re: [[0.0; LANES]; BINS], im: [[0.0; LANES]; BINS], doubt: [[0.0; LANES]; BINS] };

/// A filter of so many partitions.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    groups: Vec<Group>,
    partitions: usize,
}

/// How a step of the adaptation goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Share of the Kalman gain that is taken.
    pub(super) size: f32,
    /// Share of the doubt that the step is thought to remove.
    pub(super) sure: f32,
    /// Growth of the doubt per step, as a share of the weight's own power.
    pub(super) wander: f32,
}

impl Filter {
    /// Has room for [`PARTITIONS_MAX`].
    pub(super) fn new(partitions: usize) -> Self {
        let mut new = Self { groups: Vec::with_capacity(PARTITIONS_MAX.div_ceil(LANES)), partitions: 0 };
        new.set_partitions(partitions);
        new
    }

    /// An empty filter of another length, in the same memory.
    pub(super) fn set_partitions(&mut self, partitions: usize) {
        self.partitions = partitions;
        self.groups.clear();
        self.groups.resize(partitions.div_ceil(LANES), EMPTY);
    }

    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    pub(super) fn clear(&mut self) {
        self.groups.fill(EMPTY);
    }

    pub(super) fn copy_from(&mut self, other: &Self) {
        self.groups.copy_from_slice(&other.groups);
    }

    /// Raises the doubt of each weight to at least `least`.
    pub(super) fn doubt(&mut self, least: f32) {
        for (g, group) in self.groups.iter_mut().enumerate() {
            // Places behind the last partition have no doubt, so their weights stay zero.
            let used = self.partitions.saturating_sub(g * LANES).min(LANES);
            for doubt in &mut group.doubt {
                for doubt in &mut doubt[..used] {
                    *doubt = doubt.max(least);
                }
            }
        }
    }

    /// Power of the residual echo that the doubt makes expect, per bin of a block of two ticks; none where the
    /// reference has nothing of its own.
    #[inline(always)]
    pub(super) fn expect<S: Simd>(&self, simd: S, reference: &Reference, age: usize, out: &mut [f32; BINS]) {
        for (bin, (re, im)) in reference.rows(age, self.groups.len()).enumerate() {
            let mut sum = f32x8::splat(simd, 0.0);
            for (g, group) in self.groups.iter().enumerate() {
                let (x, y) = load(simd, re, im, g);
                sum += (x * x + y * y) * f32x8::from_slice(simd, &group.doubt[bin]);
            }
            out[bin] = fold(sum) * reference.gates()[bin];
        }
    }

    /// Moves towards the filter that explains `error`, the spectrum of an empty tick and the error of the block that
    /// came `age` ticks ago. `expected` is the power that the doubt expects, `others` what else is in the error.
    /// Bins in which the reference has nothing of its own stay as they are.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the terms of one equation")]
    pub(super) fn adapt<S: Simd>(
        &mut self,
        simd: S,
        reference: &Reference,
        age: usize,
        error: &Spectrum,
        expected: &[f32; BINS],
        others: &[f32; BINS],
        step: Step,
    ) {
        let groups = self.groups.len();
        let (mut gains, mut errors) = ([0.0; BINS], Spectrum::EMPTY);
        for bin in 0..BINS {
            let inverse = reference.gates()[bin] / (expected[bin] + 2.0 * others[bin] + 1.0);
            errors.re[bin] = error.re[bin] * inverse * step.size;
            errors.im[bin] = error.im[bin] * inverse * step.size;
            gains[bin] = inverse * step.sure;
        }
        for (bin, (re, im)) in reference.rows(age, groups).enumerate() {
            let (er, ei) = (errors.re[bin], errors.im[bin]);
            for (g, group) in self.groups.iter_mut().enumerate() {
                let (x, y) = load(simd, re, im, g);
                let doubt = f32x8::from_slice(simd, &group.doubt[bin]);
                let wr = f32x8::from_slice(simd, &group.re[bin]) + doubt * (x * er + y * ei);
                let wi = f32x8::from_slice(simd, &group.im[bin]) + doubt * (x * ei - y * er);
                let removed = (x * x + y * y) * doubt * doubt * gains[bin];
                let doubt = doubt - removed + (wr * wr + wi * wi) * step.wander;
                wr.store_slice(&mut group.re[bin]);
                wi.store_slice(&mut group.im[bin]);
                doubt.store_slice(&mut group.doubt[bin]);
            }
        }
    }

    /// Brings each partition back to a filter of one tick.
    #[inline(always)]
    pub(super) fn constrain<S: Simd>(&mut self, simd: S, roots: &Roots) {
        for group in &mut self.groups {
            shorten(simd, roots, &mut group.re, &mut group.im);
        }
    }

    /// The impulse response; `out` has 80 samples for each partition.
    pub(super) fn response(&self, roots: &Roots, out: &mut [f32]) {
        for (p, out) in out.chunks_exact_mut(TICK_SAMPLES).take(self.partitions).enumerate() {
            let (group, lane) = (&self.groups[p / LANES], p % LANES);
            let mut bins = Spectrum::EMPTY;
            for bin in 0..BINS {
                (bins.re[bin], bins.im[bin]) = (group.re[bin][lane], group.im[bin][lane]);
            }
            let samples = dispatch!(Level::baseline(), simd => inverse(simd, roots, &bins));
            out.copy_from_slice(&samples[..TICK_SAMPLES]);
        }
    }

    /// Takes an impulse response over.
    pub(super) fn set_response(&mut self, roots: &Roots, taps: &[f32]) {
        for (p, taps) in taps.chunks_exact(TICK_SAMPLES).take(self.partitions).enumerate() {
            let (group, lane) = (&mut self.groups[p / LANES], p % LANES);
            let mut block = [0.0; LENGTH];
            block[..TICK_SAMPLES].copy_from_slice(taps);
            let mut bins = Spectrum::EMPTY;
            dispatch!(Level::baseline(), simd => forward(simd, roots, &block, &mut bins));
            for bin in 0..BINS {
                (group.re[bin][lane], group.im[bin][lane]) = (bins.re[bin], bins.im[bin]);
            }
        }
    }
}

/// Spreads the expected power over the bins as half a block's window does. What is expected in one bin of an error that
/// fills half of its block is found in the bins at odd distances, too: a voice's strong harmonics between weak ones.
#[inline(always)]
pub(super) fn spread<S: Simd>(simd: S, power: &mut [f32; BINS]) {
    // The spectrum of a real signal goes on mirrored at both ends.
    const WIDE: usize = BINS + 2 * REACH + LANES;
    let mut wide = [0.0; WIDE];
    wide[REACH..REACH + BINS].copy_from_slice(power);
    for k in 1..=REACH {
        wide[REACH - k] = power[k];
        wide[REACH + BINS - 1 + k] = power[BINS - 1 - k];
    }
    let mut out = [0.0; BINS + LANES];
    for at in (0..BINS).step_by(LANES) {
        let mut sum = f32x8::from_slice(simd, &wide[REACH + at..REACH + at + LANES]) * 0.5;
        for (index, share) in SPREAD.iter().enumerate() {
            let distance = 2 * index + 1;
            let (below, above) = (REACH + at - distance, REACH + at + distance);
            let both = f32x8::from_slice(simd, &wide[below..below + LANES])
                + f32x8::from_slice(simd, &wide[above..above + LANES]);
            sum += both * *share;
        }
        sum.store_slice(&mut out[at..at + LANES]);
    }
    power.copy_from_slice(&out[..BINS]);
}

/// Odd distances that [`spread`] looks at, and how far that reaches.
const SPREADS: usize = 20;
const REACH: usize = 2 * SPREADS;

/// Twice the squared spectrum of the half block's window at the distances 1, 3, 5...: 2 / (160 sin(pi m / 160))^2.
const SPREAD: [f32; SPREADS] = [
    2.026684e-01,
    2.254188e-02,
    8.131787e-03,
    4.161699e-03,
    2.527963e-03,
    1.701017e-03,
    1.225452e-03,
    9.271325e-04,
    7.278171e-04,
    5.881191e-04,
    4.864582e-04,
    4.102061e-04,
    3.515741e-04,
    3.055465e-04,
    2.687755e-04,
    2.389571e-04,
    2.144643e-04,
    1.941212e-04,
    1.770613e-04,
    1.626_35e-4,
];

/// The echo that a filter expects in the tick that came `age` ticks ago.
#[inline(always)]
pub(super) fn estimate<S: Simd>(
    simd: S,
    roots: &Roots,
    reference: &Reference,
    age: usize,
    filter: &Filter,
) -> [f32; TICK_SAMPLES] {
    let mut bins = Spectrum::EMPTY;
    for (bin, (re, im)) in reference.rows(age, filter.groups.len()).enumerate() {
        let mut sum = [f32x8::splat(simd, 0.0); 2];
        for (g, group) in filter.groups.iter().enumerate() {
            let (x, y) = load(simd, re, im, g);
            let (wr, wi) = (f32x8::from_slice(simd, &group.re[bin]), f32x8::from_slice(simd, &group.im[bin]));
            sum[0] += x * wr - y * wi;
            sum[1] += x * wi + y * wr;
        }
        (bins.re[bin], bins.im[bin]) = (fold(sum[0]), fold(sum[1]));
    }
    let mut out = [0.0; TICK_SAMPLES];
    out.copy_from_slice(&inverse(simd, roots, &bins)[TICK_SAMPLES..]);
    out
}

#[inline(always)]
fn load<S: Simd>(simd: S, re: &[f32], im: &[f32], group: usize) -> (f32x8<S>, f32x8<S>) {
    let at = group * LANES;
    (f32x8::from_slice(simd, &re[at..at + LANES]), f32x8::from_slice(simd, &im[at..at + LANES]))
}

/// Sum of the lanes by halves, always in this order: of 0 and 4, 2 and 6; of 1 and 5, 3 and 7; of both.
#[inline(always)]
pub(super) fn fold<S: Simd>(lanes: f32x8<S>) -> f32 {
    let (low, high) = SimdSplit::split(lanes);
    let four = low + high;
    let two = four.zip_low(four) + four.zip_high(four);
    two.as_slice()[0] + two.as_slice()[2]
}
