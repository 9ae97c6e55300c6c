//! Time scaling: sound that waits to be played, made a little longer or shorter.
//!
//! # What it does
//! Holds decoded sound between the jitter buffer and the listener. What waits can lose or gain one pitch period, so
//! that a buffer changes its depth in the midst of a word; and it can be read a few parts in a million faster or
//! slower, so that a far clock that drifts needs no steps at all.
//!
//! # How
//! A period is found by normalised correlation, first at every second lag and every second sample, then around the
//! best one. To shorten, what comes now is faded over into what comes a period later. To lengthen, it is faded over
//! into what was played a period ago, which leads back to it. Reading at another speed interpolates by a windowed
//! sinc of [`TAPS`] samples, flat to 3.4 kHz, so that it serves a modem too. At exact speed samples pass bit by bit.
//!
//! # Limits
//! [`HELD_MAX`] samples wait at the most. Sound in which no period is found is left alone unless it is forced:
//! the caller asks again later.
//!
//! # Standard
//! None: the receiver's own affair. In the manner of waveform similarity overlap-add.

use crate::level::{Frame, to_sample};
use std::sync::OnceLock;
use tipring_units::{Samples, TICK_SAMPLES};

/// Samples that wait at the most: 70 ms.
pub const HELD_MAX: Samples = Samples(HELD as u64);
/// Samples that [`TimeScaler::shorten`] needs to wait: a frame, the longest period and the fade.
pub const SHORTEN_NEEDS: Samples = Samples((TICK_SAMPLES * 3) as u64);
/// The greatest change of speed, in parts in a million.
pub const SPEED_MAX: f32 = 500.0;

const HELD: usize = 560;
/// What was played and is remembered, to lengthen by.
const PAST: usize = 240;
/// Periods that are looked for: 66 to 400 Hz.
const PERIOD_MIN: usize = 20;
const PERIOD_MAX: usize = 120;
/// Samples that are compared, and that a change is faded over: 10 ms.
const COMPARED: usize = TICK_SAMPLES;
/// Correlation from which a period is one.
const ALIKE: f32 = 0.75;
/// Mean square below which 10 ms more or less are not noticed: about -50 dBm0.
const SOFT: f32 = 40.0 * 40.0;
/// Samples that go into one at another speed.
pub const TAPS: usize = 24;
/// Steps between two samples at which the sinc is tabled.
const STEPS: usize = 64;

/// Sound that waits.
#[derive(Clone, Debug)]
pub struct TimeScaler {
    /// The last [`PAST`] samples that were played, then those that wait.
    samples: [i16; PAST + HELD],
    held: usize,
    /// Place of the next sample after the first that waits, 0 to 1.
    phase: f32,
    speed: f32,
    sinc: &'static [[f32; TAPS]; STEPS + 1],
}

impl TimeScaler {
    /// Nothing waits.
    pub fn new() -> Self {
        Self { samples: [0; PAST + HELD], held: 0, phase: 0.0, speed: 0.0, sinc: sinc() }
    }

    /// Samples that wait.
    pub const fn held(&self) -> Samples {
        Samples(self.held as u64)
    }

    /// Sets the speed: `ppm` parts in a million faster (positive: the far clock is fast), within [`SPEED_MAX`].
    pub fn set_speed(&mut self, ppm: f32) {
        self.speed = if ppm.is_finite() { ppm.clamp(-SPEED_MAX, SPEED_MAX) * 1e-6 } else { 0.0 };
    }

    /// Adds a frame; what would be too much pushes the oldest out.
    pub fn push(&mut self, frame: &Frame) {
        if self.held + TICK_SAMPLES > HELD {
            self.advance(TICK_SAMPLES);
        }
        let at = PAST + self.held;
        self.samples[at..at + TICK_SAMPLES].copy_from_slice(frame);
        self.held += TICK_SAMPLES;
    }

    /// True if a frame can be taken.
    pub fn is_ready(&self) -> bool {
        self.held >= self.needed()
    }

    /// Takes a frame, if one is there.
    pub fn pull(&mut self) -> Option<Frame> {
        if !self.is_ready() {
            return None;
        }
        let mut frame = [0; TICK_SAMPLES];
        if self.is_exact() {
            frame.copy_from_slice(&self.samples[PAST..PAST + TICK_SAMPLES]);
            self.advance(TICK_SAMPLES);
            return Some(frame);
        }
        let mut at = PAST;
        for out in &mut frame {
            *out = self.between(at);
            self.phase += 1.0 + self.speed;
            while self.phase >= 1.0 {
                self.phase -= 1.0;
                at += 1;
            }
        }
        if self.speed == 0.0 && (self.phase < 1e-3 || self.phase > 1.0 - 1e-3) {
            self.phase = 0.0;
        }
        self.advance(at - PAST);
        Some(frame)
    }

    /// Leaves a period out of what waits; says how many samples, none where no period is found. `force` takes the
    /// likest there is. [`SHORTEN_NEEDS`] samples have to wait.
    pub fn shorten(&mut self, force: bool) -> Samples {
        if self.held < SHORTEN_NEEDS.0 as usize {
            return Samples(0);
        }
        let start = PAST;
        let after = |lag: usize| &self.samples[start + lag..start + lag + COMPARED];
        let Some(period) = period(after(0), after, force) else { return Samples(0) };
        for n in 0..COMPARED {
            let share = fade(n, COMPARED);
            let (now, later) = (self.samples[start + n], self.samples[start + n + period]);
            self.samples[start + n] = cross(now, later, share);
        }
        self.samples.copy_within(start + COMPARED + period..PAST + self.held, start + COMPARED);
        self.held -= period;
        Samples(period as u64)
    }

    /// Puts a period more into what waits; says how many samples, none where no period is found or no room is.
    /// `force` takes the likest there is. A frame has to wait.
    pub fn lengthen(&mut self, force: bool) -> Samples {
        if self.held < COMPARED || self.held + PERIOD_MAX > HELD {
            return Samples(0);
        }
        let (start, end) = (PAST, PAST + self.held);
        let before = |lag: usize| &self.samples[start - lag..start - lag + COMPARED];
        let Some(period) = period(before(0), before, force) else { return Samples(0) };
        // Makes room, then fills it with what fades from what waits into what was played a period ago.
        self.samples.copy_within(start..end, start + period);
        for n in 0..period {
            let share = fade(n, period.min(COMPARED));
            let (now, ago) = (self.samples[start + period + n], self.samples[start - period + n]);
            self.samples[start + n] = cross(now, ago, share);
        }
        self.held += period;
        Samples(period as u64)
    }

    /// Forgets all.
    pub fn reset(&mut self) {
        self.samples.fill(0);
        self.held = 0;
        self.phase = 0.0;
        self.speed = 0.0;
    }

    fn is_exact(&self) -> bool {
        self.speed == 0.0 && self.phase == 0.0
    }

    /// Samples that must wait for a frame: at another speed those that the sinc looks ahead at, too.
    fn needed(&self) -> usize {
        if self.is_exact() { TICK_SAMPLES } else { TICK_SAMPLES + TAPS / 2 + 1 }
    }

    /// The sound between the sample at `at` and the next, at `phase`.
    fn between(&self, at: usize) -> i16 {
        let place = self.phase * STEPS as f32;
        let step = (place as usize).min(STEPS - 1);
        let rest = place - step as f32;
        let first = at - (TAPS / 2 - 1);
        let mut sums = [0.0_f32; 2];
        let rows = (&self.sinc[step], &self.sinc[step + 1]);
        for ((&sample, &one), &two) in self.samples[first..first + TAPS].iter().zip(rows.0).zip(rows.1) {
            sums[0] += f32::from(sample) * one;
            sums[1] += f32::from(sample) * two;
        }
        to_sample(sums[0] + (sums[1] - sums[0]) * rest)
    }

    fn advance(&mut self, count: usize) {
        let count = count.min(self.held);
        self.samples.copy_within(count..PAST + self.held, 0);
        self.held -= count;
    }
}

impl Default for TimeScaler {
    fn default() -> Self {
        Self::new()
    }
}

/// The lag at which `other` is likest to `reference`, if it is like enough or `force` says to take it all the same.
fn period<'a>(reference: &[i16], other: impl Fn(usize) -> &'a [i16], force: bool) -> Option<usize> {
    if energy(reference) < SOFT {
        return Some(TICK_SAMPLES);
    }
    let likest = |lags: &mut dyn Iterator<Item = usize>, stride: usize| {
        lags.fold((PERIOD_MIN, -1.0), |best, lag| {
            let alike = likeness(reference, other(lag), stride);
            if alike > best.1 { (lag, alike) } else { best }
        })
    };
    let (near, _) = likest(&mut (PERIOD_MIN..=PERIOD_MAX).step_by(2), 2);
    let (lag, alike) = likest(&mut ((near - 1).max(PERIOD_MIN)..=(near + 1).min(PERIOD_MAX)), 1);
    (alike >= ALIKE || force).then_some(lag)
}

/// Normalised correlation over every `stride`th sample, -1 to 1.
fn likeness(first: &[i16], second: &[i16], stride: usize) -> f32 {
    let (mut sum, mut one, mut two) = (0.0, 0.0, 0.0);
    for (&a, &b) in first.iter().zip(second).step_by(stride) {
        let (a, b) = (f32::from(a), f32::from(b));
        sum += a * b;
        one += a * a;
        two += b * b;
    }
    sum / libm::sqrtf(one * two + 1.0)
}

fn energy(sound: &[i16]) -> f32 {
    let sum: f32 = sound.iter().map(|&sample| f32::from(sample) * f32::from(sample)).sum();
    sum / sound.len() as f32
}

/// Share of the second sound at `n` of `length`: a straight line, which keeps the level of what is alike.
fn fade(n: usize, length: usize) -> f32 {
    ((n + 1) as f32 / (length + 1) as f32).min(1.0)
}

fn cross(first: i16, second: i16, share: f32) -> i16 {
    let (first, second) = (f32::from(first), f32::from(second));
    to_sample(first + (second - first) * share)
}

/// The table of the windowed sinc: a row for each step between two samples, each of unity gain at 0 Hz.
fn sinc() -> &'static [[f32; TAPS]; STEPS + 1] {
    static TABLE: OnceLock<[[f32; TAPS]; STEPS + 1]> = OnceLock::new();
    TABLE.get_or_init(|| {
        core::array::from_fn(|step| {
            let phase = step as f64 / STEPS as f64;
            let mut row = core::array::from_fn(|tap| {
                let x = tap as f64 - (TAPS / 2 - 1) as f64 - phase;
                let angle = core::f64::consts::PI * x;
                let sinc = if x == 0.0 { 1.0 } else { libm::sin(angle) / angle };
                sinc * kaiser(x / (TAPS / 2) as f64)
            });
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|value: &mut f64| *value /= sum);
            row.map(|value| value as f32)
        })
    })
}

/// Kaiser's window (beta 6) at -1 to 1.
fn kaiser(x: f64) -> f64 {
    let bessel = |x: f64| {
        let (mut sum, mut term) = (1.0, 1.0);
        for k in 1..30 {
            term *= (x / 2.0 / f64::from(k)) * (x / 2.0 / f64::from(k));
            sum += term;
        }
        sum
    };
    const BETA: f64 = 6.0;
    if x.abs() >= 1.0 { 0.0 } else { bessel(BETA * libm::sqrt(1.0 - x * x)) / bessel(BETA) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hertz: f64, from: f64, count: usize) -> Vec<i16> {
        (0..count)
            .map(|n| {
                let angle = core::f64::consts::TAU * hertz * (from + n as f64) / 8000.0;
                (libm::sin(angle) * 8000.0) as i16
            })
            .collect()
    }

    fn frames(sound: &[i16]) -> Vec<Frame> {
        sound.chunks_exact(TICK_SAMPLES).map(|frame| frame.try_into().unwrap()).collect()
    }

    /// The largest sample of what remains of a tone when a recursive notch has taken it out: clicks.
    fn clicks(sound: &[i16], hertz: f64) -> f64 {
        let turn = libm::cos(core::f64::consts::TAU * hertz / 8000.0);
        let (mut x, mut y) = ([0.0; 2], [0.0; 2]);
        let radius = 0.97;
        let mut largest: f64 = 0.0;
        for (n, &sample) in sound.iter().enumerate() {
            let value = f64::from(sample);
            let out = value - 2.0 * turn * x[0] + x[1] + 2.0 * radius * turn * y[0] - radius * radius * y[1];
            x = [value, x[0]];
            y = [out, y[0]];
            if n > 600 {
                largest = largest.max(out.abs());
            }
        }
        largest
    }

    #[test]
    fn samples_pass_bit_by_bit_at_exact_speed() {
        let mut scaler = TimeScaler::new();
        for frame in frames(&sine(997.0, 0.0, 800)) {
            scaler.push(&frame);
            assert_eq!(scaler.pull(), Some(frame));
            assert_eq!(scaler.pull(), None);
        }
    }

    #[test]
    fn a_tone_is_shortened_and_lengthened_without_a_click() {
        for hertz in [120.0, 350.0, 697.0, 1004.0, 1633.0, 2100.0] {
            for longer in [false, true] {
                let (mut scaler, mut out, mut changed) = (TimeScaler::new(), Vec::new(), 0);
                for (n, frame) in frames(&sine(hertz, 0.0, 16_000)).iter().enumerate() {
                    scaler.push(frame);
                    if n < 5 {
                        continue;
                    }
                    if n % 20 == 0 {
                        let step = if longer { scaler.lengthen(false) } else { scaler.shorten(false) };
                        changed += step.0;
                    }
                    while scaler.held() > Samples(240)
                        && let Some(frame) = scaler.pull()
                    {
                        out.extend(frame);
                    }
                }
                assert!(changed >= 9 * PERIOD_MIN as u64, "{hertz} Hz, longer {longer}: {changed} samples");
                let click = clicks(&out, hertz);
                assert!(click < 800.0, "{hertz} Hz, longer {longer}: a click of {click:.0} of 8000");
            }
        }
    }

    #[test]
    fn noise_is_left_alone_unless_forced() {
        let mut entropy = tipring_units::Entropy::for_simulation(3);
        let noise: Vec<i16> = (0..480).map(|_| (entropy.u32() >> 19) as i16 - 4096).collect();
        let mut scaler = TimeScaler::new();
        frames(&noise).iter().for_each(|frame| scaler.push(frame));
        scaler.pull();
        assert_eq!(scaler.shorten(false), Samples(0));
        assert_eq!(scaler.lengthen(false), Samples(0));
        assert!(scaler.shorten(true).0 >= PERIOD_MIN as u64);
        assert!(scaler.lengthen(true).0 >= PERIOD_MIN as u64);
    }

    #[test]
    fn silence_gives_and_takes_ten_milliseconds() {
        let mut scaler = TimeScaler::new();
        (0..4).for_each(|_| scaler.push(&[3; TICK_SAMPLES]));
        assert_eq!(scaler.shorten(false), Samples(80));
        assert_eq!(scaler.lengthen(false), Samples(80));
        assert_eq!(scaler.held(), Samples(320));
    }

    #[test]
    fn another_speed_moves_the_pitch_and_adds_next_to_nothing() {
        for (hertz, ppm, floor) in [(1000.0, 200.0, -60.0), (3000.0, -200.0, -50.0), (3300.0, 200.0, -40.0)] {
            let (mut scaler, mut out) = (TimeScaler::new(), Vec::new());
            scaler.set_speed(ppm);
            for frame in frames(&sine(hertz, 0.0, 80_000)) {
                scaler.push(&frame);
                while let Some(frame) = scaler.pull() {
                    out.extend(frame);
                }
            }
            // What comes out is the tone at the speed's pitch; what is left of it when that is fitted is distortion.
            let heard = hertz * (1.0 + f64::from(ppm) * 1e-6);
            let part = &out[4000..12_000];
            let angle = |n: usize| core::f64::consts::TAU * heard * n as f64 / 8000.0;
            let (mut re, mut im) = (0.0, 0.0);
            for (n, &sample) in part.iter().enumerate() {
                re += f64::from(sample) * libm::cos(angle(n)) * 2.0 / part.len() as f64;
                im += f64::from(sample) * libm::sin(angle(n)) * 2.0 / part.len() as f64;
            }
            let rest = part.iter().enumerate().map(|(n, &sample)| {
                let rest = f64::from(sample) - re * libm::cos(angle(n)) - im * libm::sin(angle(n));
                rest * rest * 2.0 / part.len() as f64
            });
            let rest = 10.0 * libm::log10(rest.sum::<f64>() / (re * re + im * im));
            assert!(rest < floor, "{hertz} Hz at {ppm} ppm: {rest:.1} dB");
            let expected = out.len() as f64 * (1.0 + f64::from(ppm) * 1e-6);
            assert!((expected - 80_000.0).abs() < 200.0, "{} samples", out.len());
        }
    }

    #[test]
    fn nothing_is_held_beyond_its_room() {
        let mut scaler = TimeScaler::new();
        for _ in 0..100 {
            scaler.push(&[1; TICK_SAMPLES]);
            assert!(scaler.held() <= HELD_MAX);
            scaler.lengthen(true);
            assert!(scaler.held() <= HELD_MAX);
        }
    }
}
