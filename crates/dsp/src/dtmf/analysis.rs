//! Spectral front end of the DTMF detector.
//!
//! # What it does
//! Every 5 ms it tells how strong each of the eight frequencies is over the last 10 ms, how much of the
//! signal the best pair explains, and how far the pair is from its nominal frequencies.
//!
//! # How
//! A half-band filter parts the signal at 2 kHz: the upper half is only weighed, the lower goes on at 4 kHz. There a sixth-order
//! elliptic high-pass takes dial tone out (52 dB down to 480 Hz, 0.2 dB from 640 Hz). Then a raised-cosine window, which is
//! symmetric, so sums and differences about its middle are correlated with eight cosines and sines side by side. A frequency's
//! offset is the turn of its phase from one window to the next, so it is exact to a hertz although the window is only
//! 100 Hz sharp. Successive windows overlap by half and sum to one, so the strengths add up to the tone's length.
//!
//! # Limits
//! Offsets beyond 100 Hz fold over. What it tells is [`DELAY`] old.
//!
//! # Standard
//! ITU-T Q.24 clause 2.2 (frequency tolerance) and 2.6 (dial tone present).

use fearless_simd::{Level, Simd, dispatch};

use super::{HIGH_GROUP, LOW_GROUP};
use crate::wave::sine_of_turn;

/// Samples from one window to the next.
pub(super) const HOP: usize = 40;
/// Samples that the half-band filter holds back.
pub(super) const DELAY: usize = 19;
/// The same in samples of the lower half.
const HALF_HOP: usize = HOP / 2;
const WINDOW: usize = 2 * HALF_HOP;
/// Sum of the window, and of its square.
const WINDOW_SUM: f32 = 20.0;
const WINDOW_POWER: f32 = 15.0;

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
const SECTIONS: [([f32; 3], [f32; 2]); 3] = [
    ([0.159_694_7, -0.309_103_3, 0.159_694_7], [-0.034_102_76, 0.129_639_4]),
    ([1.0, -1.628_794_6, 1.0], [-0.708_171_1, 0.621_519_1]),
    ([1.0, -1.441_176, 1.0], [-1.056_631_1, 0.905_570_5]),
];

static HANN: [f32; WINDOW] = hann();
/// Window times cosine and sine of each frequency, from the middle of the window outward.
static COSINES: [[f32; 8]; HALF_HOP] = correlators(true);
static SINES: [[f32; 8]; HALF_HOP] = correlators(false);
/// Turn of the nominal phase in one hop.
static HOP_COSINES: [f32; 8] = per_frequency(true, HOP);
static HOP_SINES: [f32; 8] = per_frequency(false, HOP);

/// What the squares and what the product of a pair's correlations count for in the energy of the pair.
static OVERLAP: [[[f32; 2]; 4]; 4] = overlap();

/// A complex number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Complex {
    pub(super) re: f32,
    pub(super) im: f32,
}

impl Complex {
    pub(super) fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    fn direction(self) -> Self {
        let length = libm::sqrtf(self.power()).max(1e-9);
        Self { re: self.re / length, im: self.im / length }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

/// What one window shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spectrum {
    bins: [Complex; 8],
    /// Energy of the window in all but what the high-pass takes out.
    pub(super) energy: f32,
    /// The part of it from 2 kHz up.
    pub(super) upper: f32,
    /// Energy that the high-pass takes out: dial tone, hum, and the fundamental of a voice.
    pub(super) below: f32,
}

/// One frequency of a window, compared with the window before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    /// Place in its group.
    pub(super) place: usize,
    /// Peak of the sine, linear.
    pub(super) peak: f32,
    /// The correlation itself, its phase that of the window's middle.
    bin: Complex,
    /// Turn against the nominal frequency, weighted by power.
    pub(super) turn: Complex,
}

/// The filters, the window and the correlators.
#[derive(Clone, Debug)]
pub(super) struct Analysis {
    level: Level,
    /// Samples of even and odd place that the half-band filter still needs.
    even: [f32; HALF_HOP + 2 * TAPS],
    odd: [f32; HALF_HOP + TAPS],
    /// The last two values before, between and after the sections of the high-pass.
    passed: [[f32; 2]; SECTIONS.len() + 1],
    window: [f32; WINDOW],
    upper: [f32; WINDOW],
    unfiltered: [f32; WINDOW],
    last: Spectrum,
    current: Spectrum,
}

impl Analysis {
    pub(super) fn new() -> Self {
        Self {
            level: Level::new(),
            even: [0.0; HALF_HOP + 2 * TAPS],
            odd: [0.0; HALF_HOP + TAPS],
            passed: [[0.0; 2]; SECTIONS.len() + 1],
            window: [0.0; WINDOW],
            upper: [0.0; WINDOW],
            unfiltered: [0.0; WINDOW],
            last: Spectrum::default(),
            current: Spectrum::default(),
        }
    }

    /// Takes 5 ms in. Windows of less energy than `floor` are not looked into.
    pub(super) fn advance(&mut self, samples: &[i16], floor: f32) {
        let level = self.level;
        dispatch!(level, simd => self.work(simd, samples, floor));
    }

    #[inline(always)]
    fn work<S: Simd>(&mut self, _: S, samples: &[i16], floor: f32) {
        self.window.copy_within(HALF_HOP.., 0);
        self.upper.copy_within(HALF_HOP.., 0);
        self.unfiltered.copy_within(HALF_HOP.., 0);
        let lower = self.part(samples);
        self.unfiltered[HALF_HOP..].copy_from_slice(&lower);
        self.high_pass(&lower);
        self.last = self.current;
        self.current = spectrum(&self.window, &self.upper, &self.unfiltered, floor);
    }

    /// The high-pass in direct form I, written so that a sample waits for one product and one difference of the one before.
    #[inline(always)]
    fn high_pass(&mut self, lower: &[f32; HALF_HOP]) {
        // Taken out of the structure, the values stay in registers.
        let mut passed = self.passed;
        for (slot, &sample) in self.window[HALF_HOP..].iter_mut().zip(lower) {
            let mut x = sample;
            for (n, (b, a)) in SECTIONS.iter().enumerate() {
                let [x1, x2] = passed[n];
                let [y1, y2] = passed[n + 1];
                let y = (((b[0] * x + b[1] * x1) + b[2] * x2) - a[1] * y2) - a[0] * y1;
                passed[n] = [x, x1];
                x = y;
            }
            passed[SECTIONS.len()] = [x, passed[SECTIONS.len()][0]];
            *slot = x;
        }
        // What is too small to matter would cost denormal arithmetic.
        self.passed = passed.map(|pair| pair.map(|v| if v.abs() < 1e-15 { 0.0 } else { v }));
    }

    /// Parts 5 ms at 2 kHz: the lower half comes back, the upper goes into its window.
    #[inline(always)]
    fn part(&mut self, samples: &[i16]) -> [f32; HALF_HOP] {
        self.even.copy_within(HALF_HOP.., 0);
        self.odd.copy_within(HALF_HOP.., 0);
        for (n, pair) in samples.chunks_exact(2).take(HALF_HOP).enumerate() {
            self.even[2 * TAPS + n] = f32::from(pair[0]);
            self.odd[TAPS + n] = f32::from(pair[1]);
        }
        let mut beside = [0.0_f32; HALF_HOP];
        for (k, &tap) in HALF_BAND.iter().enumerate() {
            let (before, after) =
                (&self.even[TAPS - k..][..HALF_HOP], &self.even[TAPS + 1 + k..][..HALF_HOP]);
            for n in 0..HALF_HOP {
                beside[n] += tap * (before[n] + after[n]);
            }
        }
        let mut lower = [0.0; HALF_HOP];
        for n in 0..HALF_HOP {
            let middle = 0.5 * self.odd[n];
            lower[n] = middle + beside[n];
            self.upper[HALF_HOP + n] = middle - beside[n];
        }
        lower
    }

    pub(super) fn energy(&self) -> f32 {
        self.current.energy
    }

    /// The part of the energy that lies from 2 kHz up.
    pub(super) fn upper(&self) -> f32 {
        self.current.upper
    }

    /// Energy of the window that the high-pass took out.
    pub(super) fn below(&self) -> f32 {
        self.current.below
    }

    /// The strongest line of the low group (`false`) or high group (`true`), moved to the nominal
    /// frequency that its own frequency is nearest to.
    pub(super) fn strongest(&self, high: bool) -> Line {
        let best = self.best(high);
        let line = self.line(high, best);
        let group = if high { &HIGH_GROUP } else { &LOW_GROUP };
        // Half way to the neighbour decides.
        if best < 3 && line.turn.im > 0.0 && !is_within(line.turn, (group[best + 1] - group[best]) / 2.0) {
            self.line(high, best + 1)
        } else if best > 0
            && line.turn.im < 0.0
            && !is_within(line.turn, (group[best] - group[best - 1]) / 2.0)
        {
            self.line(high, best - 1)
        } else {
            line
        }
    }

    fn best(&self, high: bool) -> usize {
        let base = if high { 4 } else { 0 };
        let mut best = 0;
        for place in 1..4 {
            if self.current.bins[base + place].power() > self.current.bins[base + best].power() {
                best = place;
            }
        }
        best
    }

    /// The most that any pair can explain of the window's energy.
    pub(super) fn explicable(&self) -> f32 {
        let power =
            self.current.bins[self.best(false)].power() + self.current.bins[4 + self.best(true)].power();
        power * (4.0 / (WINDOW_SUM * WINDOW_SUM)) * (WINDOW_POWER / 2.0)
    }

    /// The line at one place of a group.
    pub(super) fn line(&self, high: bool, place: usize) -> Line {
        let place = place & 3;
        let bin = place + if high { 4 } else { 0 };
        let (now, before) = (self.current.bins[bin], self.last.bins[bin]);
        let turn = Complex {
            re: now.re * before.re + now.im * before.im,
            im: now.im * before.re - now.re * before.im,
        };
        let (c, s) = (HOP_COSINES[bin], HOP_SINES[bin]);
        let turn = Complex { re: turn.re * c + turn.im * s, im: turn.im * c - turn.re * s };
        Line { place, peak: libm::sqrtf(now.power()) * (2.0 / WINDOW_SUM), bin: now, turn }
    }

    /// Peak of a line in the window before.
    pub(super) fn peak_before(&self, high: bool, place: usize) -> f32 {
        let bin = (place & 3) + if high { 4 } else { 0 };
        libm::sqrtf(self.last.bins[bin].power()) * (2.0 / WINDOW_SUM)
    }
}

/// Window energy of the two sines that a line of each group shows. In 10 ms they are not quite orthogonal: where they are near each
/// other, in `*` above all, the energy of their sum beats by a tenth and either correlation holds some of the other sine.
pub(super) fn energy_of(low: &Line, high: &Line) -> f32 {
    let [apart, together] = OVERLAP[low.place & 3][high.place & 3];
    let (a, b) = (low.bin, high.bin);
    (apart * (a.power() + b.power()) + 2.0 * together * (a.re * b.re + a.im * b.im))
        * (4.0 / (WINDOW_SUM * WINDOW_SUM) * (WINDOW_POWER / 2.0))
}

/// Window energy of two sines with these peaks.
pub(super) fn pair_energy(low: f32, high: f32) -> f32 {
    (low * low + high * high) * (WINDOW_POWER / 2.0)
}

const HZ_PER_RADIAN: f32 = 8000.0 / (HOP as f32 * core::f32::consts::TAU);

/// Offset in hertz that a turn stands for.
#[cfg(test)]
pub(super) fn offset_of(turn: Complex) -> f32 {
    libm::atan2f(turn.im, turn.re) * HZ_PER_RADIAN
}

/// True if two turns stand for frequencies that lie at most this far apart, in hertz.
pub(super) fn agree(a: Complex, b: Complex, hertz: f32) -> bool {
    // Both are fourth powers of samples already: their product has no place in a float.
    let (a, b) = (a.direction(), b.direction());
    is_within(Complex { re: a.re * b.re + a.im * b.im, im: a.im * b.re - a.re * b.im }, hertz)
}

/// True if a turn stands for at most this offset, either way.
pub(super) fn is_within(turn: Complex, hertz: f32) -> bool {
    turn.re >= libm::sqrtf(turn.power()) * cosine_of(hertz)
}

/// Cosine of the turn of an offset, by its series: offsets beyond 100 Hz are as good as 100.
fn cosine_of(hertz: f32) -> f32 {
    let x = (hertz / HZ_PER_RADIAN).min(core::f32::consts::PI);
    let q = x * x;
    1.0 + q * (-0.5 + q * (1.0 / 24.0 + q * (-1.0 / 720.0 + q * (1.0 / 40_320.0 - q / 3_628_800.0))))
}

#[inline(always)]
fn spectrum(
    window: &[f32; WINDOW],
    upper: &[f32; WINDOW],
    unfiltered: &[f32; WINDOW],
    floor: f32,
) -> Spectrum {
    let (mut lanes, mut upper_lanes, mut whole) = ([0.0_f32; 8], [0.0_f32; 8], [0.0_f32; 8]);
    for n in (0..WINDOW).step_by(8) {
        for lane in 0..8 {
            let weight = HANN[n + lane];
            let (a, b, c) =
                (window[n + lane] * weight, upper[n + lane] * weight, unfiltered[n + lane] * weight);
            lanes[lane] += a * a;
            upper_lanes[lane] += b * b;
            whole[lane] += c * c - a * a;
        }
    }
    let upper = upper_lanes.iter().sum::<f32>();
    let energy = lanes.iter().sum::<f32>() + upper;
    let below = whole.iter().sum::<f32>().max(0.0);
    // Not-a-number fails the comparison too and is left alone.
    if energy.is_nan() || energy < floor {
        return Spectrum { energy, upper, below, ..Spectrum::default() };
    }
    let (mut re, mut im) = ([0.0_f32; 8], [0.0_f32; 8]);
    for n in 0..HALF_HOP {
        let (after, before) = (window[HALF_HOP + n], window[HALF_HOP - 1 - n]);
        let (sum, gap) = (after + before, after - before);
        for lane in 0..8 {
            re[lane] += sum * COSINES[n][lane];
            im[lane] -= gap * SINES[n][lane];
        }
    }
    Spectrum {
        bins: core::array::from_fn(|lane| Complex { re: re[lane], im: im[lane] }),
        energy,
        upper,
        below,
    }
}

const fn hann() -> [f32; WINDOW] {
    let mut out = [0.0; WINDOW];
    let mut n = 0;
    while n < WINDOW {
        // Half a step of shift makes it symmetric: (1 - cos) / 2.
        out[n] = (0.5 - 0.5 * sine_of_turn(2 * n + 1 + WINDOW / 2, 2 * WINDOW)) as f32;
        n += 1;
    }
    out
}

/// The right half of the window, times each frequency's cosine or sine.
const fn correlators(cosine: bool) -> [[f32; 8]; HALF_HOP] {
    let mut out = [[0.0; 8]; HALF_HOP];
    let mut n = 0;
    while n < HALF_HOP {
        let mut lane = 0;
        while lane < 8 {
            let hertz = if lane < 4 { LOW_GROUP[lane] } else { HIGH_GROUP[lane - 4] };
            // Half a sample of 4 kHz is one of 8 kHz.
            let turns = hertz as usize * (2 * n + 1);
            let wave = sine_of_turn(if cosine { turns + 2000 } else { turns }, 8000);
            out[n][lane] = (hann()[HALF_HOP + n] as f64 * wave) as f32;
            lane += 1;
        }
        n += 1;
    }
    out
}

/// Of sum and difference of the two correlations each has an energy of its own: both sines' share of the window and of its square.
const fn overlap() -> [[[f32; 2]; 4]; 4] {
    let mut out = [[[0.0; 2]; 4]; 4];
    let mut place = 0;
    while place < 16 {
        let apart = (HIGH_GROUP[place % 4] - LOW_GROUP[place / 4]) as usize;
        let (mut window, mut square, mut n) = (0.0, 0.0, 0);
        while n < HALF_HOP {
            let (weight, wave) =
                (hann()[HALF_HOP + n] as f64, sine_of_turn(apart * (2 * n + 1) + 2000, 8000));
            window += 2.0 * weight * wave / WINDOW_SUM as f64;
            square += 2.0 * weight * weight * wave / WINDOW_POWER as f64;
            n += 1;
        }
        let sum = (1.0 + square) / ((1.0 + window) * (1.0 + window));
        let gap = (1.0 - square) / ((1.0 - window) * (1.0 - window));
        out[place / 4][place % 4] = [((sum + gap) / 2.0) as f32, ((sum - gap) / 2.0) as f32];
        place += 1;
    }
    out
}

/// Cosine or sine of the phase that each frequency turns in `samples`; frequencies are whole hertz.
const fn per_frequency(cosine: bool, samples: usize) -> [f32; 8] {
    let mut out = [0.0; 8];
    let mut n = 0;
    while n < 8 {
        let hertz = if n < 4 { LOW_GROUP[n] } else { HIGH_GROUP[n - 4] };
        let turns = hertz as usize * samples;
        out[n] = sine_of_turn(if cosine { turns + 2000 } else { turns }, 8000) as f32;
        n += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Sine;
    use tipring_units::{Dbm0, Hz};

    fn analysed(hz: f32) -> Analysis {
        let (mut analysis, mut sine) = (Analysis::new(), Sine::new(Hz(hz), Dbm0(-10.0)));
        for _ in 0..20 {
            let mut half = [0; HOP];
            half.iter_mut().for_each(|s| *s = sine.step());
            analysis.advance(&half, 1.0);
        }
        analysis
    }

    #[test]
    fn overlapping_windows_sum_to_one() {
        for n in 0..HALF_HOP {
            assert!((HANN[n] + HANN[n + HALF_HOP] - 1.0).abs() < 1e-6);
        }
        assert!((HANN.iter().sum::<f32>() - WINDOW_SUM).abs() < 1e-3);
        assert!((HANN.iter().map(|w| w * w).sum::<f32>() - WINDOW_POWER).abs() < 1e-3);
    }

    #[test]
    fn every_kind_of_vectors_gives_the_same_bits() {
        let mut entropy = tipring_units::Entropy::for_simulation(5);
        let (mut best, mut plain) = (Analysis::new(), Analysis::new());
        plain.level = Level::baseline();
        for _ in 0..200 {
            let half: [i16; HOP] = core::array::from_fn(|_| entropy.u32() as i16 / 4);
            best.advance(&half, 1.0);
            plain.advance(&half, 1.0);
            let bits = |analysis: &Analysis| {
                let bins = analysis.current.bins.map(|bin| [bin.re.to_bits(), bin.im.to_bits()]);
                (bins, analysis.current.energy.to_bits(), analysis.current.below.to_bits())
            };
            assert_eq!(bits(&best), bits(&plain));
        }
    }

    #[test]
    fn offsets_are_exact_to_a_hertz() {
        for (high, group) in [(false, LOW_GROUP), (true, HIGH_GROUP)] {
            for (place, nominal) in group.into_iter().enumerate() {
                for offset in [-30.0_f32, -17.0, -3.0, 0.0, 9.0, 25.0, 30.0] {
                    let line = analysed(nominal + offset).strongest(high);
                    assert_eq!(line.place, place, "{nominal} {offset}");
                    assert!((offset_of(line.turn) - offset).abs() < 1.0, "{nominal} {offset}");
                }
            }
        }
    }

    #[test]
    fn dial_tone_is_taken_out() {
        for hz in [330.0, 350.0, 400.0, 425.0, 440.0, 450.0, 480.0] {
            let peak = libm::sqrtf(analysed(hz).energy() * 2.0 / WINDOW_POWER);
            let sent = 32768.0 * libm::powf(10.0, -13.14 / 20.0);
            assert!(20.0 * libm::log10f(peak / sent) < -50.0, "{hz}");
        }
    }
}
