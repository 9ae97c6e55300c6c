//! Spectral front end of the bank.
//!
//! # What it does
//! Every 20 ms it tells which steady frequencies the last 64 ms hold, how strong each is and how much of the signal
//! they explain.
//!
//! # How
//! A raised-cosine window, one transform, and the local maxima of the power; a maximum's true frequency follows from the
//! ratio to its larger neighbour, which is exact for a raised cosine and one sine.
//!
//! # Limits
//! Frequencies less than 35 Hz apart are one. Below 180 Hz nothing is looked at (hum).
//!
//! # Standard
//! None.

use fearless_simd::{Level, Simd, SimdBase, SimdFloat, SimdMask, dispatch, f32x8};

use super::fft::{BINS, FIRST_BIN, Packed, WINDOW};
use crate::level::{CAPPED_MAX, Frame};
use crate::vector::sums;
use crate::wave::sine_of_turn;
use tipring_units::TICK_SAMPLES;

/// Samples from one window to the next: two frames.
pub(crate) const HOP: usize = 160;
/// Hertz of a bin.
pub(crate) const BIN: f32 = 8000.0 / WINDOW as f32;
/// Maxima kept.
pub(crate) const PEAKS_MAX: usize = 6;
/// From power of bins to mean square of samples: a sine of peak A makes (A N / 4)^2 in its bin and half of that beside it.
const SCALE: f32 = 8.0 / (1.5 * (WINDOW * WINDOW) as f32);
/// The first and last bin looked at.
const FIRST: usize = 12;
const LAST: usize = 232;
/// Bins below this are the band of call-progress tones: 656 Hz.
const LOW_END: usize = 42;
/// Maxima this far below the strongest are not kept: -20 dB.
const PEAK_SHARE: f32 = 0.01;

/// The answer tone's bin: 2094 Hz.
const ANSWER: usize = 134;
/// Windows' powers kept beside those of the latest.
pub(crate) const HISTORY: usize = 3;
/// Values of a vector.
const LANES: usize = 8;

static HANN: [f32; WINDOW] = hann();
/// 1 for the bins looked at, and for those of the call-progress band, else 0.
static LOOKED_AT: [f32; BINS] = ones(FIRST, LAST);
static LOW: [f32; BINS] = ones(FIRST, LOW_END);
static NOTHING: [f32; BINS] = [0.0; BINS];

/// One steady frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Peak {
    pub(crate) hertz: f32,
    /// Mean square of its samples.
    pub(crate) power: f32,
    pub(crate) bin: usize,
}

/// What one window shows, beside the powers of its bins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spectrum {
    pub(crate) peaks: [Peak; PEAKS_MAX],
    pub(crate) count: usize,
    /// Mean square of all that is looked at, and of the call-progress band alone.
    pub(crate) total: f32,
    pub(crate) low: f32,
    /// Complex amplitude in the answer tone's bin, and mean square of what is about there.
    pub(crate) answer: [f32; 2],
    pub(crate) answer_power: f32,
}

impl Spectrum {
    pub(crate) const SILENT: Self = Self {
        peaks: [Peak { hertz: 0.0, power: 0.0, bin: 0 }; PEAKS_MAX],
        count: 0,
        total: 0.0,
        low: 0.0,
        answer: [0.0; 2],
        answer_power: 0.0,
    };

    /// The maxima, the strongest first.
    pub(crate) fn peaks(&self) -> &[Peak] {
        &self.peaks[..self.count]
    }
}

/// Mean square of what is within a bin or so of a frequency.
pub(crate) fn power_at(power: &[f32; BINS], hertz: f32) -> f32 {
    let bin = (hertz / BIN + 0.5) as usize;
    let bin = bin.clamp(1, BINS - 2);
    power[bin - 1] + power[bin] + power[bin + 1]
}

/// Powers of the bins of the latest window and of those before it. Of silence nothing is written.
#[derive(Clone, Debug)]
pub(crate) struct Powers {
    windows: [[f32; BINS]; HISTORY + 1],
    sounding: [bool; HISTORY + 1],
    latest: usize,
}

impl Powers {
    const SILENT: Self =
        Self { windows: [[0.0; BINS]; HISTORY + 1], sounding: [false; HISTORY + 1], latest: 0 };

    /// The window that is so many before the latest.
    pub(crate) fn before(&self, count: usize) -> &[f32; BINS] {
        let at = (self.latest + HISTORY + 1 - count.min(HISTORY)) % (HISTORY + 1);
        if self.sounding[at] { &self.windows[at] } else { &NOTHING }
    }

    /// The latest.
    pub(crate) fn latest(&self) -> &[f32; BINS] {
        self.before(0)
    }

    /// Makes room for another window, which is silence until it is told to sound.
    fn turn(&mut self) {
        self.latest = (self.latest + 1) % (HISTORY + 1);
        self.sounding[self.latest] = false;
    }

    fn sound(&mut self) -> &mut [f32; BINS] {
        self.sounding[self.latest] = true;
        &mut self.windows[self.latest]
    }
}

/// Samples that are kept: whole frames.
const KEPT: usize = WINDOW.next_multiple_of(TICK_SAMPLES);

/// Frames that are kept.
const FRAMES: usize = KEPT / TICK_SAMPLES;

/// The window's memory: a ring of samples as they came.
#[derive(Clone, Debug)]
pub(crate) struct FrontEnd {
    level: Level,
    samples: [i16; KEPT],
    /// Sum of the squares of each frame, and where the next goes.
    energies: [u32; FRAMES],
    next: usize,
    half: bool,
    /// Sum of squares, weighted by the square of the window, of a window that is silent.
    floor: f32,
    /// Sum of squares, not weighted, of kept frames that are silent for certain.
    silent: u32,
    pub(crate) powers: Powers,
}

impl FrontEnd {
    /// A front end for which windows of less mean square than `floor` are silent.
    pub(crate) fn new(floor: f32) -> Self {
        // The window's mean square weight is 3/8.
        let floor = floor * (WINDOW as f32 * 0.375);
        Self {
            level: Level::new(),
            samples: [0; KEPT],
            energies: [0; FRAMES],
            next: 0,
            half: false,
            floor,
            // No weight is greater than 1, and what is lost by rounding is far less than a hundredth.
            silent: ((floor * 0.99) as u32).min(CAPPED_MAX),
            powers: Powers::SILENT,
        }
    }

    /// Takes a frame in, which has this [`capped_energy`](crate::level::capped_energy); every second one brings what the window
    /// shows.
    pub(crate) fn advance(&mut self, frame: &Frame, energy: u32) -> Option<Spectrum> {
        self.samples[self.next * TICK_SAMPLES..][..TICK_SAMPLES].copy_from_slice(frame);
        self.energies[self.next] = energy;
        self.next = (self.next + 1) % FRAMES;
        self.half = !self.half;
        if self.half {
            return None;
        }
        self.powers.turn();
        let mut out = Spectrum::SILENT;
        if self.may_sound() {
            let level = self.level;
            dispatch!(level, simd => self.analyse(simd, &mut out));
        }
        Some(out)
    }

    /// False if the window is silent for certain.
    fn may_sound(&self) -> bool {
        let energy: u32 = self.energies.iter().fold(0, |sum, &energy| sum.saturating_add(energy));
        energy >= self.silent
    }

    #[cfg(test)]
    pub(crate) fn look_at_everything(&mut self) {
        self.silent = 0;
    }

    /// True if the latest window is not looked at.
    #[cfg(test)]
    pub(crate) fn is_silent(&self) -> bool {
        !self.may_sound()
    }

    /// Analyses the latest samples.
    #[inline(always)]
    fn analyse<S: Simd>(&mut self, simd: S, out: &mut Spectrum) {
        let mut weighted = [0.0; WINDOW];
        // The samples in order: those from the oldest to the end of the ring, without what the window does not reach, then the rest.
        let first = (self.next * TICK_SAMPLES + KEPT - WINDOW) % KEPT;
        let (begin, rest) = (&self.samples[first..], &self.samples[..first]);
        let begin = &begin[..begin.len().min(WINDOW)];
        for (part, from) in [(0, begin), (begin.len(), rest)] {
            for ((to, &from), weight) in weighted[part..].iter_mut().zip(from).zip(&HANN[part..]) {
                *to = f32::from(from) * weight;
            }
        }
        let zero = f32x8::splat(simd, 0.0);
        let mut energy = [zero; 8];
        for chunk in weighted.as_chunks::<{ 8 * LANES }>().0 {
            for (n, energy) in energy.iter_mut().enumerate() {
                let value = f32x8::from_slice(simd, &chunk[n * LANES..][..LANES]);
                *energy += value * value;
            }
        }
        let [a, b, c, d, e, f, g, h] = energy;
        let all = ((a + b) + (c + d)) + ((e + f) + (g + h));
        let energy = sums(simd, [all, zero, zero, zero, zero, zero, zero, zero])[0];
        // Not-a-number is silence too.
        if energy.is_nan() || energy < self.floor {
            return;
        }
        let mut packed = Packed::ZERO;
        packed.transform(simd, &weighted);
        let power = self.powers.sound();
        packed.powers(simd, SCALE, power);
        out.answer = packed.bin(ANSWER);
        out.answer_power = power[ANSWER - 1] + power[ANSWER] + power[ANSWER + 1];
        find_peaks(simd, power, out);
    }
}

/// Finds the maxima, and sums up the bands.
#[inline(always)]
fn find_peaks<S: Simd>(simd: S, power: &[f32; BINS], out: &mut Spectrum) {
    const { assert!(FIRST >= FIRST_BIN && LAST <= BINS - FIRST_BIN && FIRST_BIN.is_multiple_of(LANES)) };
    // Two sums of each kind, so that one need not wait for the other.
    let zero = f32x8::splat(simd, 0.0);
    let (mut total, mut low, mut most) = ([zero; 2], [zero; 2], [zero; 2]);
    for (n, k) in (FIRST_BIN..BINS - FIRST_BIN).step_by(LANES).enumerate() {
        let here = f32x8::from_slice(simd, &power[k..][..LANES]);
        let looked_at = here * f32x8::from_slice(simd, &LOOKED_AT[k..][..LANES]);
        total[n % 2] += looked_at;
        most[n % 2] = most[n % 2].max(looked_at);
        if k < LOW_END {
            low[n % 2] += here * f32x8::from_slice(simd, &LOW[k..][..LANES]);
        }
    }
    let both = [total[0] + total[1], low[0] + low[1], zero, zero, zero, zero, zero, zero];
    [out.total, out.low, ..] = sums(simd, both);
    let mut lanes = [0.0; LANES];
    most[0].max(most[1]).store_slice(&mut lanes);
    let strongest = lanes.into_iter().fold(0.0, f32::max);
    let least = (strongest * PEAK_SHARE).max(1e-6);
    let mut best = [0; PEAKS_MAX];
    for k in (FIRST..LAST).step_by(LANES) {
        let before = f32x8::from_slice(simd, &power[k - 1..][..LANES]);
        let here = f32x8::from_slice(simd, &power[k..][..LANES]);
        let after = f32x8::from_slice(simd, &power[k + 1..][..LANES]);
        let maxima = here.simd_ge(least) & here.simd_gt(before) & here.simd_ge(after);
        let mut maxima = maxima.to_bitmask();
        if k + LANES > LAST {
            maxima &= (1 << (LAST - k)) - 1;
        }
        while maxima != 0 {
            let bin = k + maxima.trailing_zeros() as usize;
            maxima &= maxima - 1;
            keep(&mut best, power[bin - 1] + power[bin] + power[bin + 1], bin);
        }
    }
    // What a maximum is against its larger neighbour, of all at once.
    let (mut sides, mut heres, mut signs) = ([0.0; LANES], [1.0; LANES], [0.0; LANES]);
    for (n, (peak, &key)) in out.peaks.iter_mut().zip(best.iter().take_while(|&&key| key != 0)).enumerate() {
        let bin = BINS - 1 - (key as usize) % BINS;
        let (before, here, after) = (power[bin - 1], power[bin], power[bin + 1]);
        heres[n] = here;
        (sides[n], signs[n]) = if after > before { (after, 1.0) } else { (before, -1.0) };
        *peak = Peak { hertz: 0.0, power: before + here + after, bin };
        out.count += 1;
    }
    let ratio = (f32x8::from_slice(simd, &sides) / f32x8::from_slice(simd, &heres)).sqrt();
    let shift = ((ratio * 2.0 - 1.0) / (ratio + 1.0)).max(0.0).min(0.5) * f32x8::from_slice(simd, &signs);
    let mut shifts = [0.0; LANES];
    shift.store_slice(&mut shifts);
    for (peak, shift) in out.peaks[..out.count].iter_mut().zip(shifts) {
        peak.hertz = (peak.bin as f32 + shift) * BIN;
    }
}

/// Keeps the strongest, sorted, of two as strong the one of less frequency first. Bits of positive numbers are ordered as these are, and
/// so both are one number.
#[inline(always)]
fn keep(best: &mut [u64; PEAKS_MAX], power: f32, bin: usize) {
    let mut key = u64::from(power.to_bits()) << 32 | (BINS - 1 - bin) as u64;
    if key <= best[PEAKS_MAX - 1] {
        return;
    }
    for place in best {
        let more = (*place).max(key);
        key = key.min(*place);
        *place = more;
    }
}

const fn ones(from: usize, to: usize) -> [f32; BINS] {
    let (mut out, mut n) = ([0.0; BINS], from);
    while n < to {
        out[n] = 1.0;
        n += 1;
    }
    out
}

const fn hann() -> [f32; WINDOW] {
    let mut out = [0.0; WINDOW];
    let mut n = 0;
    while n < WINDOW {
        out[n] = (0.5 - 0.5 * sine_of_turn(n + WINDOW / 4, WINDOW)) as f32;
        n += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{capped_energy, level_of_power};
    use crate::testing::Sine;
    use tipring_units::{Dbm0, Hz};

    fn spectrum_of(tones: &[(f32, f32)]) -> Spectrum {
        let mut sines: Vec<_> = tones.iter().map(|&(hz, level)| Sine::new(Hz(hz), Dbm0(level))).collect();
        let (mut front, mut out) = (FrontEnd::new(1.0), Spectrum::SILENT);
        for _ in 0..10 {
            let frame = core::array::from_fn(|_| sines.iter_mut().map(Sine::value).sum::<f64>() as i16);
            if let Some(spectrum) = front.advance(&frame, capped_energy(&frame)) {
                out = spectrum;
            }
        }
        out
    }

    #[test]
    fn a_sine_has_its_frequency_and_level() {
        for tenths in (2000..34_000).step_by(337) {
            let hertz = tenths as f32 / 10.0;
            let spectrum = spectrum_of(&[(hertz, -20.0)]);
            let peak = spectrum.peaks()[0];
            assert!((peak.hertz - hertz).abs() < 0.3, "{hertz}: {}", peak.hertz);
            assert!((level_of_power(peak.power).0 + 20.0).abs() < 0.2, "{hertz}");
            assert!((level_of_power(spectrum.total).0 + 20.0).abs() < 0.1, "{hertz}");
        }
    }

    #[test]
    fn pairs_of_call_progress_are_two() {
        for (low, high) in [(350.0, 440.0), (400.0, 450.0), (440.0, 480.0), (480.0, 620.0), (2130.0, 2750.0)]
        {
            let spectrum = spectrum_of(&[(low, -16.0), (high, -16.0)]);
            let mut found: Vec<f32> = spectrum.peaks().iter().take(2).map(|p| p.hertz).collect();
            found.sort_by(f32::total_cmp);
            assert!((found[0] - low).abs() < 6.0 && (found[1] - high).abs() < 6.0, "{found:?}");
        }
    }

    #[test]
    fn every_kind_of_vectors_gives_the_same_bits() {
        let mut entropy = tipring_units::Entropy::for_simulation(5);
        let (mut best, mut plain) = (FrontEnd::new(1.0), FrontEnd::new(1.0));
        plain.level = Level::baseline();
        let mut windows = 0;
        for _ in 0..100 {
            let frame = core::array::from_fn(|_| entropy.u32() as i16 / 4);
            let (Some(a), Some(b)) =
                (best.advance(&frame, capped_energy(&frame)), plain.advance(&frame, capped_energy(&frame)))
            else {
                continue;
            };
            windows += 1;
            let powers = |front: &FrontEnd| front.powers.latest().map(f32::to_bits);
            assert_eq!(powers(&best), powers(&plain));
            assert_eq!(a.answer.map(f32::to_bits), b.answer.map(f32::to_bits));
            assert_eq!(
                (a.peaks, a.total.to_bits(), a.low.to_bits()),
                (b.peaks, b.total.to_bits(), b.low.to_bits())
            );
        }
        assert_eq!(windows, 50);
    }

    #[test]
    fn silence_has_no_peaks() {
        assert_eq!(spectrum_of(&[]).peaks(), []);
    }
}
