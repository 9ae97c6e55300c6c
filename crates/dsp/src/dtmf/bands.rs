//! Three bands of a line's sound.
//!
//! # What it does
//! Parts 5 ms into what lies above 2 kHz, what lies below, and of that what lies above dial tone.
//!
//! # How
//! A half-band filter parts the signal at 2 kHz: the upper half is only weighed, the lower goes on at 4 kHz. There a sixth-order
//! elliptic high-pass takes dial tone out (52 dB down to 480 Hz, 0.2 dB from 640 Hz). A recursive filter waits for each of its
//! samples before it makes the next, so it is not run: 5 ms of it are one product of a matrix, made at compile time of its
//! answers to single impulses, with the samples and the eight values that it remembers.
//!
//! # Limits
//! What comes out is [`DELAY`] old. What is remembered is forgotten in silence once it is below [`FORGOTTEN`].
//!
//! # Standard
//! None.

use fearless_simd::{Simd, SimdBase, f32x8};

/// Samples of a piece: 5 ms.
pub(super) const HOP: usize = 40;
/// The same in samples of the lower half.
pub(super) const HALF_HOP: usize = HOP / 2;
/// Samples that the half-band filter holds back.
pub(super) const DELAY: usize = 19;
/// Values of a vector, and of the vectors that hold the samples of a half.
pub(super) const LANES: usize = 8;
pub(super) const PADDED: usize = 3 * LANES;

/// Half-band filter: the taps beside the middle one, which is 1/2; the ones between are zero. Kaiser window, 48 dB from 2310 Hz.
const TAPS: usize = 10;
const HALF_BAND: [f32; TAPS] = [
    0.316_864_3,
    -0.100_982_45,
    0.055_316_91,
    -0.034_357_96,
    0.022_034_52,
    -0.013_997_216,
    0.008_560_989,
    -0.004_897_369,
    0.002_510_266,
    -0.001_052_003,
];

/// Numerators and denominators (without the leading 1) of the high-pass: elliptic, order 6, ripple 0.2 dB, stop band 52 dB,
/// edge 640 Hz at 4 kHz; designed by the bilinear transform.
const SECTIONS: [([f64; 3], [f64; 2]); 3] = [
    ([0.159_694_7, -0.309_103_3, 0.159_694_7], [-0.034_102_76, 0.129_639_4]),
    ([1.0, -1.628_794_6, 1.0], [-0.708_171_1, 0.621_519_1]),
    ([1.0, -1.441_176, 1.0], [-1.056_631_1, 0.905_570_5]),
];

/// Values that the high-pass remembers: the last two before, between and after its sections.
const STATES: usize = 2 * (SECTIONS.len() + 1);
/// What each sample, and then each value remembered, does to the samples that come out, and after these to the last two values
/// between the sections, the latest first.
static ANSWERS: [[f32; PADDED]; HALF_HOP + STATES] = answers();
/// Of a step of a sample less than this nobody hears anything.
const FORGOTTEN: f32 = 0.01;

/// Samples of even place that are kept, with as many zeros as vectors read beyond.
const EVEN: usize = HALF_HOP + 2 * TAPS + LANES;
const ODD: usize = HALF_HOP + TAPS;

/// A piece in three bands. Beyond [`HALF_HOP`] the values mean nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parted {
    /// Below 2 kHz, and of that what lies above dial tone.
    pub(super) lower: [f32; PADDED],
    pub(super) passed: [f32; PADDED],
    /// Above 2 kHz.
    pub(super) upper: [f32; PADDED],
}

/// Both filters.
#[derive(Clone, Debug)]
pub(super) struct Bands {
    /// Samples of even and odd place that the half-band filter still needs.
    even: [f32; EVEN],
    odd: [f32; ODD],
    /// The last two values before the high-pass, between its sections and after it, the latest first.
    remembered: [f32; STATES],
}

impl Bands {
    pub(super) const fn new() -> Self {
        Self { even: [0.0; EVEN], odd: [0.0; ODD], remembered: [0.0; STATES] }
    }

    /// True if silence would change nothing.
    pub(super) fn is_at_rest(&self) -> bool {
        self.remembered == [0.0; STATES] && self.even == [0.0; EVEN] && self.odd == [0.0; ODD]
    }

    /// Parts 5 ms.
    ///
    /// Where it is `silent` the samples are zeros, and the filters forget.
    #[inline(always)]
    pub(super) fn part<S: Simd>(&mut self, simd: S, samples: &[i16; HOP], silent: bool) -> Parted {
        if silent && self.remembered.iter().all(|value| value.abs() < FORGOTTEN) {
            self.remembered = [0.0; STATES];
        }
        self.even.copy_within(HALF_HOP..HALF_HOP + 2 * TAPS, 0);
        self.odd.copy_within(HALF_HOP.., 0);
        let mut wide = [0.0; 2 * PADDED];
        for (wide, &sample) in wide.iter_mut().zip(samples) {
            *wide = f32::from(sample);
        }
        let (mut even, mut odd) = ([0.0; PADDED], [0.0; PADDED]);
        for at in (0..PADDED).step_by(LANES) {
            let a = f32x8::from_slice(simd, &wide[2 * at..][..LANES]);
            let b = f32x8::from_slice(simd, &wide[2 * at + LANES..][..LANES]);
            simd.unzip_low_f32x8(a, b).store_slice(&mut even[at..][..LANES]);
            simd.unzip_high_f32x8(a, b).store_slice(&mut odd[at..][..LANES]);
        }
        self.even[2 * TAPS..][..HALF_HOP].copy_from_slice(&even[..HALF_HOP]);
        self.odd[TAPS..][..HALF_HOP].copy_from_slice(&odd[..HALF_HOP]);
        let mut out = Parted { lower: [0.0; PADDED], passed: [0.0; PADDED], upper: [0.0; PADDED] };
        for at in (0..PADDED).step_by(LANES) {
            let mut beside = f32x8::splat(simd, 0.0);
            for (k, &tap) in HALF_BAND.iter().enumerate() {
                let before = f32x8::from_slice(simd, &self.even[TAPS - k + at..][..LANES]);
                let after = f32x8::from_slice(simd, &self.even[TAPS + 1 + k + at..][..LANES]);
                beside += (before + after) * tap;
            }
            let middle = f32x8::from_slice(simd, &self.odd[at..][..LANES]) * 0.5;
            (middle + beside).store_slice(&mut out.lower[at..][..LANES]);
            (middle - beside).store_slice(&mut out.upper[at..][..LANES]);
        }
        self.pass(simd, &mut out);
        out
    }

    /// The high-pass.
    #[inline(always)]
    fn pass<S: Simd>(&mut self, simd: S, out: &mut Parted) {
        let mut values = [0.0; HALF_HOP + STATES];
        values[..HALF_HOP].copy_from_slice(&out.lower[..HALF_HOP]);
        values[HALF_HOP..].copy_from_slice(&self.remembered);
        // A sample does nothing to those before it.
        block::<0, LANES, S>(simd, &values).store_slice(&mut out.passed[..LANES]);
        block::<LANES, { 2 * LANES }, S>(simd, &values).store_slice(&mut out.passed[LANES..][..LANES]);
        block::<{ 2 * LANES }, HALF_HOP, S>(simd, &values).store_slice(&mut out.passed[2 * LANES..]);
        let (last, between) = out.passed.split_at(HALF_HOP);
        self.remembered = [
            out.lower[HALF_HOP - 1],
            out.lower[HALF_HOP - 2],
            between[0],
            between[1],
            between[2],
            between[3],
            last[HALF_HOP - 1],
            last[HALF_HOP - 2],
        ];
    }
}

/// One vector of the product, from the value at `AT`, which the first `SAMPLES` and all that is remembered count for.
#[inline(always)]
fn block<const AT: usize, const SAMPLES: usize, S: Simd>(
    simd: S,
    values: &[f32; HALF_HOP + STATES],
) -> f32x8<S> {
    const { assert!(SAMPLES.is_multiple_of(2) && HALF_HOP.is_multiple_of(2)) };
    // Two sums, so that one need not wait for the other.
    let (mut a, mut b) = (f32x8::splat(simd, 0.0), f32x8::splat(simd, 0.0));
    let mut n = 0;
    while n < HALF_HOP + STATES {
        a += f32x8::from_slice(simd, &ANSWERS[n][AT..][..LANES]) * values[n];
        b += f32x8::from_slice(simd, &ANSWERS[n + 1][AT..][..LANES]) * values[n + 1];
        n = if n + 2 == SAMPLES { HALF_HOP } else { n + 2 };
    }
    a + b
}

/// The answers to an impulse at each place, and to each value remembered.
const fn answers() -> [[f32; PADDED]; HALF_HOP + STATES] {
    let mut out = [[0.0; PADDED]; HALF_HOP + STATES];
    let mut cause = 0;
    while cause < HALF_HOP + STATES {
        let mut passed = [[0.0_f64; 2]; SECTIONS.len() + 1];
        if cause >= HALF_HOP {
            passed[(cause - HALF_HOP) / 2][(cause - HALF_HOP) % 2] = 1.0;
        }
        let mut n = 0;
        while n < HALF_HOP {
            let mut x = if n == cause { 1.0 } else { 0.0 };
            let mut section = 0;
            while section < SECTIONS.len() {
                let (b, a) = SECTIONS[section];
                let ([x1, x2], [y1, y2]) = (passed[section], passed[section + 1]);
                let y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2;
                passed[section] = [x, x1];
                x = y;
                section += 1;
            }
            passed[SECTIONS.len()] = [x, passed[SECTIONS.len()][0]];
            out[cause][n] = x as f32;
            n += 1;
        }
        let mut n = 0;
        while n < PADDED - HALF_HOP {
            out[cause][HALF_HOP + n] = passed[1 + n / 2][n % 2] as f32;
            n += 1;
        }
        cause += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::{Level, dispatch};
    use tipring_units::Entropy;

    #[test]
    fn the_matrix_is_the_recursion() {
        let mut entropy = Entropy::for_simulation(3);
        let (mut bands, mut passed) = (Bands::new(), [[0.0_f64; 2]; SECTIONS.len() + 1]);
        for _ in 0..500 {
            let hop: [i16; HOP] = core::array::from_fn(|_| entropy.u32() as i16 / 2);
            let parted = dispatch!(Level::new(), simd => bands.part(simd, &hop, false));
            for (&sample, &got) in parted.lower[..HALF_HOP].iter().zip(&parted.passed) {
                let mut x = f64::from(sample);
                for (section, (b, a)) in SECTIONS.iter().enumerate() {
                    let ([x1, x2], [y1, y2]) = (passed[section], passed[section + 1]);
                    let y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2;
                    passed[section] = [x, x1];
                    x = y;
                }
                passed[SECTIONS.len()] = [x, passed[SECTIONS.len()][0]];
                assert!((f64::from(got) - x).abs() < 0.05, "{got} for {x}");
            }
        }
    }

    #[test]
    fn both_halves_together_are_the_sound_and_silence_brings_rest() {
        let mut entropy = Entropy::for_simulation(4);
        let mut bands = Bands::new();
        let mut odd_before = [0.0; TAPS];
        for _ in 0..50 {
            let hop: [i16; HOP] = core::array::from_fn(|_| entropy.u32() as i16 / 2);
            let parted = dispatch!(Level::new(), simd => bands.part(simd, &hop, false));
            let odd: Vec<f32> =
                odd_before.into_iter().chain(hop.chunks(2).map(|pair| f32::from(pair[1]))).collect();
            for ((lower, upper), odd) in parted.lower.iter().zip(&parted.upper).zip(&odd[..HALF_HOP]) {
                assert!((lower + upper - odd).abs() < 0.01);
            }
            odd_before.copy_from_slice(&odd[HALF_HOP..]);
        }
        let hops = (0..200)
            .position(|_| {
                let _ = dispatch!(Level::new(), simd => bands.part(simd, &[0; HOP], true));
                bands.is_at_rest()
            })
            .expect("rest");
        assert!(hops < 30, "at rest after {hops} hops");
    }
}
