//! Spectral front end of the DTMF detector.
//!
//! # What it does
//! Every 5 ms it tells how strong each of the eight frequencies is over the last 10 ms, how much of the
//! signal the best pair explains, and how far the pair is from its nominal frequencies.
//!
//! # How
//! `bands.rs` parts the signal at 2 kHz and takes dial tone out of the lower half. Then a raised-cosine window, which is
//! symmetric, so sums and differences about its middle are correlated with eight cosines and sines side by side. A frequency's
//! offset is the turn of its phase from one window to the next, so it is exact to a hertz although the window is only
//! 100 Hz sharp. Successive windows overlap by half and sum to one, so the strengths add up to the tone's length.
//! Pieces too quiet to be part of a digit are taken for silence, and silence costs nothing once the filters have forgotten.
//!
//! # Limits
//! Offsets beyond 100 Hz fold over. What it tells is [`DELAY`] old.
//!
//! # Standard
//! ITU-T Q.24 clause 2.2 (frequency tolerance) and 2.6 (dial tone present).

use fearless_simd::{Level, Simd, SimdBase, dispatch, f32x8};

use super::bands::{Bands, HALF_HOP, HOP, LANES, PADDED, Parted};
use super::{HIGH_GROUP, LOW_GROUP};
use crate::level::{CAPPED_MAX, capped_energy};
use crate::vector::sums;
use crate::wave::sine_of_turn;

const WINDOW: usize = 2 * HALF_HOP;
/// Sum of the window, and of its square.
const WINDOW_SUM: f32 = 20.0;
const WINDOW_POWER: f32 = 15.0;
/// Mean square of a piece that is silence, as a share of the least that a window must have which is looked into: 12 dB less. Two such
/// pieces side by side have, however their sound lies in the window, at most a sixth of it.
const QUIET: f32 = 1.0 / 16.0;

/// Squares of the window's halves: what a piece's energy counts for in the window that it ends, and in the one that it begins.
static FALLING: [f32; PADDED] = squares(HALF_HOP);
static RISING: [f32; PADDED] = squares(0);
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

/// Energies of a piece in a window: what the high-pass left of it, from 2 kHz up, and below 2 kHz.
#[derive(Clone, Copy, Debug, Default)]
struct Energies {
    passed: f32,
    upper: f32,
    lower: f32,
}

/// The filters, the window and the correlators.
#[derive(Clone, Debug)]
pub(super) struct Analysis {
    level: Level,
    bands: Bands,
    /// What the high-pass left of the piece before, the latest first, and that piece's energies in this window.
    before: [f32; HALF_HOP],
    rising: Energies,
    last: Spectrum,
    current: Spectrum,
    /// Windows of less energy are not looked into.
    floor: f32,
    /// Sum of squares of a piece below which it is silence.
    quiet: u32,
    /// Nothing but silence has been heard for so long that nothing is left to be computed.
    rests: bool,
}

impl Analysis {
    /// An analysis at rest. Windows of less energy than `floor` are not looked into.
    pub(super) fn new(floor: f32) -> Self {
        let quiet = floor / WINDOW_POWER * QUIET * HOP as f32;
        Self {
            level: Level::new(),
            bands: Bands::new(),
            before: [0.0; HALF_HOP],
            rising: Energies::default(),
            last: Spectrum::default(),
            current: Spectrum::default(),
            floor,
            quiet: (quiet as u32).min(CAPPED_MAX),
            rests: true,
        }
    }

    /// Takes 5 ms in. What is quiet is silence where `may_be_silent`.
    pub(super) fn advance(&mut self, samples: &[i16; HOP], may_be_silent: bool) {
        let silent = may_be_silent && capped_energy(samples) < self.quiet;
        if silent && self.rests {
            return;
        }
        let level = self.level;
        let samples = if silent { &[0; HOP] } else { samples };
        dispatch!(level, simd => self.work(simd, samples, silent));
        self.rests = silent && self.is_at_rest();
    }

    #[cfg(test)]
    pub(super) fn take_nothing_for_silence(&mut self) {
        self.quiet = 0;
        self.rests = false;
    }

    #[cfg(test)]
    pub(super) fn rests(&self) -> bool {
        self.rests
    }

    fn is_at_rest(&self) -> bool {
        self.bands.is_at_rest()
            && self.before == [0.0; HALF_HOP]
            && [self.last, self.current].iter().all(|s| s.energy == 0.0 && s.below == 0.0)
    }

    #[inline(always)]
    fn work<S: Simd>(&mut self, simd: S, samples: &[i16; HOP], silent: bool) {
        let parted = self.bands.part(simd, samples, silent);
        let [falling, rising] = energies(simd, &parted);
        let upper = self.rising.upper + falling.upper;
        let passed = self.rising.passed + falling.passed;
        let below = (self.rising.lower + falling.lower - passed).max(0.0);
        self.last = self.current;
        self.current = Spectrum { energy: passed + upper, upper, below, ..Spectrum::default() };
        // Not-a-number fails the comparison and is left alone.
        if self.current.energy >= self.floor {
            self.current.bins = correlate(simd, &self.before, &parted.passed);
        }
        self.rising = rising;
        for (before, &passed) in self.before.iter_mut().zip(parted.passed[..HALF_HOP].iter().rev()) {
            *before = passed;
        }
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

/// A piece's energies in the window that it ends, and in the one that it begins.
#[inline(always)]
fn energies<S: Simd>(simd: S, parted: &Parted) -> [Energies; 2] {
    let zero = f32x8::splat(simd, 0.0);
    let mut all = [zero; 8];
    for at in (0..PADDED).step_by(LANES) {
        let falling = f32x8::from_slice(simd, &FALLING[at..][..LANES]);
        let rising = f32x8::from_slice(simd, &RISING[at..][..LANES]);
        for (n, band) in [&parted.passed, &parted.upper, &parted.lower].into_iter().enumerate() {
            let value = f32x8::from_slice(simd, &band[at..][..LANES]);
            let square = value * value;
            all[n] += square * falling;
            all[4 + n] += square * rising;
        }
    }
    let [passed, upper, lower, _, next_passed, next_upper, next_lower, _] = sums(simd, all);
    [
        Energies { passed, upper, lower },
        Energies { passed: next_passed, upper: next_upper, lower: next_lower },
    ]
}

/// Correlations of a window with the eight frequencies, given from its middle outward.
#[inline(always)]
fn correlate<S: Simd>(simd: S, before: &[f32; HALF_HOP], after: &[f32; PADDED]) -> [Complex; 8] {
    let (mut sums, mut gaps) = ([0.0; HALF_HOP], [0.0; HALF_HOP]);
    for n in 0..HALF_HOP {
        sums[n] = after[n] + before[n];
        gaps[n] = before[n] - after[n];
    }
    // Of each part two sums, so that one need not wait for the other.
    let zero = f32x8::splat(simd, 0.0);
    let (mut re, mut im) = ([zero; 2], [zero; 2]);
    for n in 0..HALF_HOP {
        re[n % 2] += f32x8::from_slice(simd, &COSINES[n]) * sums[n];
        im[n % 2] += f32x8::from_slice(simd, &SINES[n]) * gaps[n];
    }
    let (mut real, mut imaginary) = ([0.0; LANES], [0.0; LANES]);
    (re[0] + re[1]).store_slice(&mut real);
    (im[0] + im[1]).store_slice(&mut imaginary);
    let mut out = [Complex::default(); 8];
    for (out, (&re, &im)) in out.iter_mut().zip(real.iter().zip(&imaginary)) {
        *out = Complex { re, im };
    }
    out
}

const fn squares(from: usize) -> [f32; PADDED] {
    let (mut out, window, mut n) = ([0.0; PADDED], hann(), 0);
    while n < HALF_HOP {
        out[n] = window[from + n] * window[from + n];
        n += 1;
    }
    out
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
        let (mut analysis, mut sine) = (Analysis::new(1.0), Sine::new(Hz(hz), Dbm0(-10.0)));
        for _ in 0..20 {
            let mut half = [0; HOP];
            half.iter_mut().for_each(|s| *s = sine.step());
            analysis.advance(&half, true);
        }
        analysis
    }

    #[test]
    fn overlapping_windows_sum_to_one() {
        for n in 0..HALF_HOP {
            assert!((hann()[n] + hann()[n + HALF_HOP] - 1.0).abs() < 1e-6);
        }
        assert!((hann().iter().sum::<f32>() - WINDOW_SUM).abs() < 1e-3);
        assert!((hann().iter().map(|w| w * w).sum::<f32>() - WINDOW_POWER).abs() < 1e-3);
    }

    #[test]
    fn every_kind_of_vectors_gives_the_same_bits() {
        let mut entropy = tipring_units::Entropy::for_simulation(5);
        let (mut best, mut plain) = (Analysis::new(1.0), Analysis::new(1.0));
        plain.level = Level::baseline();
        for _ in 0..200 {
            let half: [i16; HOP] = core::array::from_fn(|_| entropy.u32() as i16 / 4);
            best.advance(&half, true);
            plain.advance(&half, true);
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
