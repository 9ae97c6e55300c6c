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

use fearless_simd::{Level, Simd, dispatch};

use super::fft::{BINS, Bins, WINDOW, transform};
use crate::level::Frame;
use crate::wave::sine_of_turn;
use tipring_units::TICK_SAMPLES;

/// Samples from one window to the next: two frames.
pub(super) const HOP: usize = 160;
/// Hertz of a bin.
pub(super) const BIN: f32 = 8000.0 / WINDOW as f32;
/// Maxima kept.
pub(super) const PEAKS_MAX: usize = 6;
/// From power of bins to mean square of samples: a sine of peak A makes (A N / 4)^2 in its bin and half of that beside it.
const SCALE: f32 = 8.0 / (1.5 * (WINDOW * WINDOW) as f32);
/// The first and last bin looked at.
const FIRST: usize = 12;
const LAST: usize = 232;
/// Bins below this are the band of call-progress tones: 656 Hz.
const LOW_END: usize = 42;
/// Maxima this far below the strongest are not kept: -20 dB.
const PEAK_SHARE: f32 = 0.01;

static HANN: [f32; WINDOW] = hann();

/// One steady frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Peak {
    pub(super) hertz: f32,
    /// Mean square of its samples.
    pub(super) power: f32,
    pub(super) bin: usize,
}

/// What one window shows.
#[derive(Clone, Debug)]
pub(super) struct Spectrum {
    pub(super) power: [f32; BINS],
    pub(super) bins: Bins,
    pub(super) peaks: [Peak; PEAKS_MAX],
    pub(super) count: usize,
    /// Mean square of all that is looked at, and of the call-progress band alone.
    pub(super) total: f32,
    pub(super) low: f32,
}

impl Spectrum {
    pub(super) const SILENT: Self = Self {
        power: [0.0; BINS],
        bins: Bins::ZERO,
        peaks: [Peak { hertz: 0.0, power: 0.0, bin: 0 }; PEAKS_MAX],
        count: 0,
        total: 0.0,
        low: 0.0,
    };

    /// The maxima, the strongest first.
    pub(super) fn peaks(&self) -> &[Peak] {
        &self.peaks[..self.count]
    }

    /// Mean square of what is within a bin or so of a frequency.
    pub(super) fn power_at(&self, hertz: f32) -> f32 {
        power_at(&self.power, hertz)
    }
}

/// The same, of an array of powers.
pub(super) fn power_at(power: &[f32; BINS], hertz: f32) -> f32 {
    let bin = (hertz / BIN + 0.5) as usize;
    let bin = bin.clamp(1, BINS - 2);
    power[bin - 1] + power[bin] + power[bin + 1]
}

/// Samples that are kept: whole frames.
const KEPT: usize = WINDOW.next_multiple_of(TICK_SAMPLES);

/// The window's memory: a ring of samples as they came.
#[derive(Clone, Debug)]
pub(super) struct FrontEnd {
    level: Level,
    samples: [i16; KEPT],
    /// Where the next frame goes.
    next: usize,
    half: bool,
}

impl FrontEnd {
    pub(super) fn new() -> Self {
        Self { level: Level::new(), samples: [0; KEPT], next: 0, half: false }
    }

    /// Takes a frame in; every second one brings what the window shows. Windows of less mean square than `floor` are
    /// silent.
    pub(super) fn advance(&mut self, frame: &Frame, floor: f32) -> Option<Spectrum> {
        self.samples[self.next..self.next + TICK_SAMPLES].copy_from_slice(frame);
        self.next = (self.next + TICK_SAMPLES) % KEPT;
        self.half = !self.half;
        if self.half {
            return None;
        }
        let mut out = Spectrum::SILENT;
        let (level, samples, next) = (self.level, &self.samples, self.next);
        dispatch!(level, simd => analyse(simd, samples, next, floor, &mut out));
        Some(out)
    }
}

/// Analyses the latest samples of a ring whose oldest is at `oldest`.
#[inline(always)]
fn analyse<S: Simd>(_: S, ring: &[i16; KEPT], oldest: usize, floor: f32, out: &mut Spectrum) {
    let mut weighted = [0.0; WINDOW];
    // The samples in order: those from the oldest to the end of the ring, without what the window does not reach, then the rest.
    let first = (oldest + KEPT - WINDOW) % KEPT;
    let (begin, rest) = (&ring[first..], &ring[..first]);
    let begin = &begin[..begin.len().min(WINDOW)];
    for (part, from) in [(0, begin), (begin.len(), rest)] {
        for ((to, &from), weight) in weighted[part..].iter_mut().zip(from).zip(&HANN[part..]) {
            *to = f32::from(from) * weight;
        }
    }
    let mut lanes = [0.0_f32; 8];
    for chunk in weighted.as_chunks::<8>().0 {
        for lane in 0..8 {
            lanes[lane] += chunk[lane] * chunk[lane];
        }
    }
    let energy = lanes.iter().sum::<f32>();
    // Not-a-number is silence too. The window's mean square weight is 3/8.
    if energy.is_nan() || energy < floor * (WINDOW as f32 * 0.375) {
        return;
    }
    transform(&weighted, &mut out.bins);
    for ((power, &re), &im) in out.power.iter_mut().zip(&out.bins.re).zip(&out.bins.im) {
        *power = (re * re + im * im) * SCALE;
    }
    out.low = sum(&out.power[FIRST..LOW_END]);
    out.total = out.low + sum(&out.power[LOW_END..LAST]);
    find_peaks(out);
}

/// Sum in eight lanes, which are added in one order.
#[inline(always)]
fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for lane in 0..8 {
            lanes[lane] += chunk[lane];
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += value;
    }
    lanes.iter().sum()
}

/// The largest of values that are not negative.
#[inline(always)]
fn largest(values: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for lane in 0..8 {
            lanes[lane] = if chunk[lane] > lanes[lane] { chunk[lane] } else { lanes[lane] };
        }
    }
    lanes.iter().chain(rest).copied().fold(0.0, f32::max)
}

#[inline(always)]
fn find_peaks(out: &mut Spectrum) {
    let power = &out.power;
    let strongest = largest(&power[FIRST..LAST]);
    let least = (strongest * PEAK_SHARE).max(1e-6);
    for k in FIRST..LAST {
        let (before, here, after) = (power[k - 1], power[k], power[k + 1]);
        if here < least || here <= before || here < after {
            continue;
        }
        let power = before + here + after;
        insert(&mut out.peaks, &mut out.count, Peak { hertz: 0.0, power, bin: k });
    }
    for peak in &mut out.peaks[..out.count] {
        let (before, here, after) = (power[peak.bin - 1], power[peak.bin], power[peak.bin + 1]);
        let (side, sign) = if after > before { (after, 1.0) } else { (before, -1.0) };
        let ratio = libm::sqrtf(side / here);
        let shift = ((2.0 * ratio - 1.0) / (ratio + 1.0)).clamp(0.0, 0.5) * sign;
        peak.hertz = (peak.bin as f32 + shift) * BIN;
    }
}

/// Keeps the strongest, sorted.
fn insert(peaks: &mut [Peak], count: &mut usize, peak: Peak) {
    if *count == peaks.len() && peaks[*count - 1].power >= peak.power {
        return;
    }
    let place = peaks[..*count].iter().position(|p| p.power < peak.power).unwrap_or(*count);
    if place >= peaks.len() {
        return;
    }
    *count = (*count + 1).min(peaks.len());
    for n in (place + 1..*count).rev() {
        peaks[n] = peaks[n - 1];
    }
    peaks[place] = peak;
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
    use crate::level::level_of_power;
    use crate::testing::Sine;
    use tipring_units::{Dbm0, Hz};

    fn spectrum_of(tones: &[(f32, f32)]) -> Spectrum {
        let mut sines: Vec<_> = tones.iter().map(|&(hz, level)| Sine::new(Hz(hz), Dbm0(level))).collect();
        let (mut front, mut out) = (FrontEnd::new(), Spectrum::SILENT);
        for _ in 0..10 {
            let frame = core::array::from_fn(|_| sines.iter_mut().map(Sine::value).sum::<f64>() as i16);
            if let Some(spectrum) = front.advance(&frame, 1.0) {
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
        let (mut best, mut plain) = (FrontEnd::new(), FrontEnd::new());
        plain.level = Level::baseline();
        let mut windows = 0;
        for _ in 0..100 {
            let frame = core::array::from_fn(|_| entropy.u32() as i16 / 4);
            let (Some(a), Some(b)) = (best.advance(&frame, 1.0), plain.advance(&frame, 1.0)) else {
                continue;
            };
            windows += 1;
            assert_eq!(a.power.map(f32::to_bits), b.power.map(f32::to_bits));
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
