//! Spectral front end of the DTMF detector.
//!
//! # What it does
//! Every 5 ms it tells how strong each of the eight frequencies is over the last 10 ms, how much of the
//! signal the best pair explains, and how far the pair is from its nominal frequencies.
//!
//! # How
//! A sixth-order elliptic high-pass takes dial tone out: 52 dB down to 480 Hz, 0.2 dB from 640 Hz. Then a
//! raised-cosine window and eight Goertzel recursions side by side. A frequency's offset is the turn of
//! its phase from one window to the next, so it is exact to a hertz although the window is only 100 Hz
//! sharp. Successive windows overlap by half and sum to one, so the strengths add up to the tone's length.
//!
//! # Limits
//! Offsets beyond 100 Hz fold over.
//!
//! # Standard
//! ITU-T Q.24 clause 2.2 (frequency tolerance) and 2.6 (dial tone present).

use super::{HIGH_GROUP, LOW_GROUP};
use crate::filter::Biquad;
use crate::wave::sine_of_turn;

/// Samples from one window to the next.
pub(super) const HOP: usize = 40;
const WINDOW: usize = 2 * HOP;
/// Sum of the window, and of its square.
const WINDOW_SUM: f32 = 40.0;
const WINDOW_POWER: f32 = 30.0;

static HANN: [f32; WINDOW] = hann();
static COSINES: [f32; 8] = per_frequency(true, 1);
static SINES: [f32; 8] = per_frequency(false, 1);
/// Turn of the nominal phase in one hop.
static HOP_COSINES: [f32; 8] = per_frequency(true, HOP);
static HOP_SINES: [f32; 8] = per_frequency(false, HOP);

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

    pub(super) fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

/// What one window shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spectrum {
    bins: [Complex; 8],
    /// Energy of the window in all.
    pub(super) energy: f32,
}

/// One frequency of a window, compared with the window before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    /// Place in its group.
    pub(super) place: usize,
    /// Peak of the sine, linear.
    pub(super) peak: f32,
    /// Turn against the nominal frequency, weighted by power.
    pub(super) turn: Complex,
}

/// The filter, the window and the recursions.
#[derive(Clone, Debug)]
pub(super) struct Analysis {
    filter: [Biquad; 3],
    window: [f32; WINDOW],
    last: Spectrum,
    current: Spectrum,
}

impl Analysis {
    pub(super) fn new() -> Self {
        // Elliptic, order 6, ripple 0.2 dB, stop band 52 dB, edge 640 Hz at 8 kHz; designed by the
        // bilinear transform.
        let filter = [
            Biquad::new([0.403_456_4, -0.801_172_1, 0.403_456_4], [-0.834_755_1, 0.266_157_7]),
            Biquad::new([1.0, -1.912_696_3, 1.0], [-1.478_236_3, 0.754_701_2]),
            Biquad::new([1.0, -1.863_159_3, 1.0], [-1.716_555_7, 0.945_478_5]),
        ];
        Self { filter, window: [0.0; WINDOW], last: Spectrum::default(), current: Spectrum::default() }
    }

    /// Takes 5 ms in. Windows of less energy than `floor` are not looked into.
    pub(super) fn advance(&mut self, samples: &[i16], floor: f32) {
        self.window.copy_within(HOP.., 0);
        for (slot, &sample) in self.window[HOP..].iter_mut().zip(samples) {
            let mut x = f32::from(sample);
            for section in &mut self.filter {
                x = section.step(x);
            }
            *slot = x;
        }
        self.filter.iter_mut().for_each(Biquad::settle);
        self.last = self.current;
        self.current = spectrum(&self.window, floor);
    }

    pub(super) fn energy(&self) -> f32 {
        self.current.energy
    }

    /// The strongest line of the low group (`false`) or high group (`true`), moved to the nominal
    /// frequency that its own frequency is nearest to.
    pub(super) fn strongest(&self, high: bool) -> Line {
        let base = if high { 4 } else { 0 };
        let mut best = 0;
        for place in 1..4 {
            if self.current.bins[base + place].power() > self.current.bins[base + best].power() {
                best = place;
            }
        }
        let line = self.line(high, best);
        let offset = offset_of(line.turn);
        let group = if high { &HIGH_GROUP } else { &LOW_GROUP };
        // Half way to the neighbour decides.
        if best < 3 && offset > (group[best + 1] - group[best]) / 2.0 {
            self.line(high, best + 1)
        } else if best > 0 && offset < (group[best - 1] - group[best]) / 2.0 {
            self.line(high, best - 1)
        } else {
            line
        }
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
        Line { place, peak: libm::sqrtf(now.power()) * (2.0 / WINDOW_SUM), turn }
    }

    /// Peak of a line in the window before.
    pub(super) fn peak_before(&self, high: bool, place: usize) -> f32 {
        let bin = (place & 3) + if high { 4 } else { 0 };
        libm::sqrtf(self.last.bins[bin].power()) * (2.0 / WINDOW_SUM)
    }
}

/// Window energy of two sines with these peaks.
pub(super) fn pair_energy(low: f32, high: f32) -> f32 {
    (low * low + high * high) * (WINDOW_POWER / 2.0)
}

/// Offset in hertz that a turn stands for.
pub(super) fn offset_of(turn: Complex) -> f32 {
    const HZ_PER_RADIAN: f32 = 8000.0 / (HOP as f32 * core::f32::consts::TAU);
    libm::atan2f(turn.im, turn.re) * HZ_PER_RADIAN
}

fn spectrum(window: &[f32; WINDOW], floor: f32) -> Spectrum {
    let mut weighted = [0.0; WINDOW];
    let mut lanes = [0.0_f32; 8];
    for ((out, chunk), weights) in
        weighted.chunks_exact_mut(8).zip(window.chunks_exact(8)).zip(HANN.chunks_exact(8))
    {
        for lane in 0..8 {
            out[lane] = chunk[lane] * weights[lane];
            lanes[lane] += out[lane] * out[lane];
        }
    }
    let energy = lanes.iter().sum::<f32>();
    // Not-a-number fails the comparison too and is left alone.
    if energy.is_nan() || energy < floor {
        return Spectrum { energy, ..Spectrum::default() };
    }
    let (mut newer, mut older) = ([0.0_f32; 8], [0.0_f32; 8]);
    for x in weighted {
        for lane in 0..8 {
            let next = x + 2.0 * COSINES[lane] * newer[lane] - older[lane];
            older[lane] = newer[lane];
            newer[lane] = next;
        }
    }
    let mut bins = [Complex::default(); 8];
    for lane in 0..8 {
        bins[lane] = Complex { re: newer[lane] - older[lane] * COSINES[lane], im: older[lane] * SINES[lane] };
    }
    Spectrum { bins, energy }
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
        for n in 0..HOP {
            assert!((HANN[n] + HANN[n + HOP] - 1.0).abs() < 1e-6);
        }
        assert!((HANN.iter().sum::<f32>() - WINDOW_SUM).abs() < 1e-3);
        assert!((HANN.iter().map(|w| w * w).sum::<f32>() - WINDOW_POWER).abs() < 1e-3);
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
