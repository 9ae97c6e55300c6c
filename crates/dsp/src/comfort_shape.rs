//! Background noise described, and made again from the description.
//!
//! # What it does
//! While nobody talks it measures level and spectrum of the noise ([`NoiseAnalyser`]), decides when the far end should be
//! told ([`SilenceSender`]), and at the other side makes noise that is like it ([`ShapedNoise`]).
//!
//! # How
//! Autocorrelations of the frames without speech are averaged over some 100 ms and turned into reflection coefficients
//! by the recursion of Levinson and Durbin. White noise through the all-pole lattice of these coefficients has the same
//! spectrum; its level is set by the prediction gain. A description is sent when speech ends, when the noise has
//! changed, and every two seconds.
//!
//! # Limits
//! Ten coefficients, each kept within 0.97, so that no description makes a filter that rings.
//!
//! # Standard
//! ITU-T G.711 Appendix II clauses II.3 to II.5; RFC 3389 clauses 3 and 4. The sign is theirs: A(z) = 1 + sum of a(i) z^-i,
//! whose first coefficient is below zero for noise that falls with frequency.

use crate::activity::Activity;
use crate::comfort::Lfsr;
use crate::level::{Frame, SILENCE, level_of_power, power_of_level, to_sample};
use tipring_units::{Db, Dbm0, TICK_SAMPLES};

/// Reflection coefficients of a description.
pub const NOISE_ORDER: usize = 10;
/// No coefficient is larger.
const REFLECTION_MAX: f32 = 0.97;
/// Share of a new frame in the averages.
const NEWEST: f64 = 0.1;
/// A change of level that is worth telling.
const LEVEL_STEP: Db = Db(3.0);
/// A change of the spectrum that is worth telling: the sum of squared differences of coefficients.
const SHAPE_STEP: f32 = 0.15;
/// Frames between two descriptions at the least.
const APART: u32 = 10;
/// Frames between two descriptions at the most: one may be lost, and translators forget who is silent for long.
const APART_MAX: u32 = 200;
/// Decibels from dBm0 to dBov: a full-scale sine is 3.14 dBm0 and -3.01 dBov (RFC 3389 clause 3).
const OVERLOAD: Db = Db(6.15);
/// White noise of the bit source has this variance: 4 * 65535/12 / 512^2.
const BELL_VARIANCE: f32 = 0.083_33;

/// What background noise is like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NoiseShape {
    /// Its level.
    pub level: Dbm0,
    /// Its reflection coefficients, each between -1 and 1; zeros for white noise.
    pub reflections: [f32; NOISE_ORDER],
}

/// Measures background noise.
#[derive(Clone, Debug)]
pub struct NoiseAnalyser {
    before: [i16; NOISE_ORDER],
    correlations: [f64; NOISE_ORDER + 1],
    frames: u32,
}

/// What is to be sent for a frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum SilenceSending {
    /// Speech: the frame itself.
    Speech,
    /// A description of the noise.
    Describe(NoiseShape),
    /// Nothing.
    Nothing,
}

/// Decides what is sent of a line that is silent at times.
#[derive(Clone, Debug)]
pub struct SilenceSender {
    activity: Activity,
    analyser: NoiseAnalyser,
    told: Option<NoiseShape>,
    since: u32,
}

/// A source of noise that is like a description.
#[derive(Clone, Debug)]
pub struct ShapedNoise {
    bits: Lfsr,
    reflections: [f32; NOISE_ORDER],
    backward: [f32; NOISE_ORDER],
    gain: f32,
    wanted: f32,
}

impl NoiseShape {
    /// White noise.
    pub const fn white(level: Dbm0) -> Self {
        Self { level, reflections: [0.0; NOISE_ORDER] }
    }

    /// A description as it came in a packet: the level in -dBov, 0 to 127, and any number of coefficients.
    pub fn from_overload(level: u8, reflections: impl Iterator<Item = f32>) -> Self {
        let mut shape = Self::white(Dbm0(OVERLOAD.0 - f32::from(level.min(127))));
        for (slot, reflection) in shape.reflections.iter_mut().zip(reflections) {
            *slot = sound(reflection);
        }
        shape
    }

    /// The level as a packet has it: -dBov, 0 to 127.
    pub fn overload_level(&self) -> u8 {
        (OVERLOAD.0 - self.level.0 + 0.5).clamp(0.0, 127.0) as u8
    }

    /// How unlike the spectra are: the sum of squared differences.
    fn distance(&self, other: &Self) -> f32 {
        self.reflections.iter().zip(&other.reflections).map(|(a, b)| (a - b) * (a - b)).sum()
    }
}

impl NoiseAnalyser {
    /// An analyser that has heard nothing.
    pub fn new() -> Self {
        Self { before: [0; NOISE_ORDER], correlations: [0.0; NOISE_ORDER + 1], frames: 0 }
    }

    /// Takes in a frame of noise.
    pub fn process(&mut self, frame: &Frame) {
        let mut line = [0; NOISE_ORDER + TICK_SAMPLES];
        line[..NOISE_ORDER].copy_from_slice(&self.before);
        line[NOISE_ORDER..].copy_from_slice(frame);
        // The first frames count as much as their number allows, so that a start from nothing is soon forgotten.
        self.frames = self.frames.saturating_add(1);
        let share = NEWEST.max(1.0 / f64::from(self.frames));
        for (lag, slot) in self.correlations.iter_mut().enumerate() {
            let delayed = &line[NOISE_ORDER - lag..];
            let sum: i64 =
                frame.iter().zip(delayed).map(|(a, b)| i64::from(i32::from(*a) * i32::from(*b))).sum();
            *slot += (sum as f64 - *slot) * share;
        }
        self.skip(frame);
    }

    /// Passes over a frame of speech.
    pub fn skip(&mut self, frame: &Frame) {
        self.before.copy_from_slice(&frame[TICK_SAMPLES - NOISE_ORDER..]);
    }

    /// What the noise is like.
    pub fn shape(&self) -> NoiseShape {
        let power = self.correlations[0] / TICK_SAMPLES as f64;
        let level = if power < 0.5 { SILENCE } else { level_of_power(power as f32) };
        let mut shape = NoiseShape::white(level);
        // A little white noise keeps the recursion sound where a tone is all there is.
        let mut error = self.correlations[0] * 1.0001 + 1.0;
        let mut predictor = [0.0_f64; NOISE_ORDER + 1];
        for order in 1..=NOISE_ORDER {
            let reached: f64 = (1..order).map(|n| predictor[n] * self.correlations[order - n]).sum();
            let reflection = sound((-(self.correlations[order] + reached) / error) as f32);
            let k = f64::from(reflection);
            let earlier = predictor;
            for n in 1..order {
                predictor[n] = earlier[n] + k * earlier[order - n];
            }
            predictor[order] = k;
            error *= 1.0 - k * k;
            shape.reflections[order - 1] = reflection;
        }
        shape
    }
}

impl Default for NoiseAnalyser {
    fn default() -> Self {
        Self::new()
    }
}

impl SilenceSender {
    /// A sender that has heard nothing.
    pub fn new() -> Self {
        Self { activity: Activity::new(), analyser: NoiseAnalyser::new(), told: None, since: 0 }
    }

    /// Takes a frame in; tells what is to be sent for it.
    pub fn process(&mut self, frame: &Frame) -> SilenceSending {
        if self.activity.process(frame) {
            self.analyser.skip(frame);
            self.told = None;
            return SilenceSending::Speech;
        }
        self.analyser.process(frame);
        self.since = self.since.saturating_add(1);
        let shape = self.analyser.shape();
        let news = match &self.told {
            None => true,
            Some(told) => {
                let level = (shape.level.0 - told.level.0).abs() >= LEVEL_STEP.0;
                let changed = level || shape.distance(told) >= SHAPE_STEP;
                (self.since >= APART && changed) || self.since >= APART_MAX
            }
        };
        if !news {
            return SilenceSending::Nothing;
        }
        (self.told, self.since) = (Some(shape), 0);
        SilenceSending::Describe(shape)
    }
}

impl Default for SilenceSender {
    fn default() -> Self {
        Self::new()
    }
}

impl ShapedNoise {
    /// Noise like `shape`; two sources with different seeds are independent.
    pub fn new(seed: u32, shape: &NoiseShape) -> Self {
        let mut noise = Self {
            bits: Lfsr::new(seed),
            reflections: [0.0; NOISE_ORDER],
            backward: [0.0; NOISE_ORDER],
            gain: 0.0,
            wanted: 0.0,
        };
        noise.set(shape);
        noise.gain = noise.wanted;
        noise
    }

    /// Changes the noise; its level goes there within some 10 ms.
    pub fn set(&mut self, shape: &NoiseShape) {
        let level = sane_level(shape.level);
        let mut power = if level > SILENCE.0 { power_of_level(Dbm0(level)) } else { 0.0 };
        for (slot, reflection) in self.reflections.iter_mut().zip(shape.reflections) {
            *slot = sound(reflection);
            power *= 1.0 - *slot * *slot;
        }
        self.wanted = libm::sqrtf(power / BELL_VARIANCE);
    }

    /// Writes a frame of noise.
    pub fn process(&mut self, frame: &mut Frame) {
        for (sample, bell) in frame.iter_mut().zip(self.bits.bells()) {
            self.gain += (self.wanted - self.gain) * 0.02;
            let mut forward = bell * self.gain;
            for n in (0..NOISE_ORDER).rev() {
                forward -= self.reflections[n] * self.backward[n];
                let next = self.backward[n] + self.reflections[n] * forward;
                if let Some(slot) = self.backward.get_mut(n + 1) {
                    *slot = next;
                }
            }
            self.backward[0] = forward;
            *sample = to_sample(forward);
        }
    }
}

/// A coefficient within its bounds; zero for what is no number.
fn sound(reflection: f32) -> f32 {
    if reflection.is_nan() { 0.0 } else { reflection.clamp(-REFLECTION_MAX, REFLECTION_MAX) }
}

/// A level at which noise can be made: no louder than -10 dBm0, and silence for what is no number.
fn sane_level(level: Dbm0) -> f32 {
    if level.0.is_nan() { SILENCE.0 } else { level.0.clamp(SILENCE.0, -10.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::level_of;
    use crate::testing::{noise, sample};
    use tipring_units::Entropy;

    /// Frames of noise that falls with frequency, at about a level.
    fn coloured(entropy: &mut Entropy, level: f32, frames: usize, pole: f32) -> Vec<Frame> {
        let mut last = 0.0;
        let mut next = || {
            last =
                pole * last + f32::from(sample(noise(entropy, Dbm0(level)))) * libm::sqrtf(1.0 - pole * pole);
            to_sample(last)
        };
        (0..frames).map(|_| core::array::from_fn(|_| next())).collect()
    }

    fn shape_of(frames: &[Frame]) -> NoiseShape {
        let mut analyser = NoiseAnalyser::new();
        frames.iter().for_each(|frame| analyser.process(frame));
        analyser.shape()
    }

    #[test]
    fn noise_made_from_a_description_has_its_level_and_spectrum() {
        let mut entropy = Entropy::for_simulation(4);
        for (level, pole) in [(-40.0, 0.8), (-30.0, -0.6), (-45.0, 0.0), (-35.0, 0.95)] {
            let shape = shape_of(&coloured(&mut entropy, level, 100, pole));
            assert!((shape.level.0 - level).abs() < 2.0, "{level} {:?}", shape.level);
            assert!((shape.reflections[0] + pole).abs() < 0.1, "{pole} {:?}", shape.reflections);
            let mut source = ShapedNoise::new(9, &shape);
            let made: Vec<Frame> = (0..300)
                .map(|_| {
                    let mut frame = [0; TICK_SAMPLES];
                    source.process(&mut frame);
                    frame
                })
                .collect();
            let all: Vec<i16> = made.concat();
            assert!((level_of(&all).0 - shape.level.0).abs() < 1.5, "{level} {:?}", level_of(&all));
            let again = shape_of(&made);
            assert!(shape.distance(&again) < 0.1, "{:?} {:?}", shape.reflections, again.reflections);
        }
    }

    #[test]
    fn levels_go_into_packets_and_back() {
        for level in [-30.0, -45.5, -70.0] {
            let shape = NoiseShape::white(Dbm0(level));
            let back = NoiseShape::from_overload(shape.overload_level(), [0.5, f32::NAN].into_iter());
            assert!((back.level.0 - level).abs() <= 0.51, "{level} {:?}", back.level);
            assert_eq!(back.reflections[..3], [0.5, 0.0, 0.0]);
        }
        assert_eq!(NoiseShape::white(SILENCE).overload_level(), 105);
        assert_eq!(NoiseShape::white(Dbm0(f32::INFINITY)).overload_level(), 0);
    }

    #[test]
    fn silence_is_described_when_speech_ends_and_when_the_noise_changes() {
        let mut entropy = Entropy::for_simulation(8);
        let mut sender = SilenceSender::new();
        let mut run =
            |frames: &[Frame]| -> Vec<SilenceSending> { frames.iter().map(|f| sender.process(f)).collect() };
        let described = |sent: &[SilenceSending]| {
            sent.iter().filter(|sent| matches!(sent, SilenceSending::Describe(_))).count()
        };
        run(&coloured(&mut entropy, -58.0, 300, 0.5));
        let quiet = run(&coloured(&mut entropy, -58.0, 100, 0.5));
        assert!(described(&quiet) <= 2 && !quiet.contains(&SilenceSending::Speech), "{}", described(&quiet));
        let speech = run(&coloured(&mut entropy, -20.0, 50, 0.8));
        assert!(speech.iter().all(|sent| *sent == SilenceSending::Speech));
        let after = run(&coloured(&mut entropy, -58.0, 60, 0.5));
        let first = after.iter().position(|sent| *sent != SilenceSending::Speech).unwrap();
        assert!(matches!(after[first], SilenceSending::Describe(_)), "{first}");
        let changed = run(&coloured(&mut entropy, -54.0, 100, -0.7));
        assert!((1..=10).contains(&described(&changed)), "{}", described(&changed));
        let long = run(&coloured(&mut entropy, -54.0, 1000, -0.7));
        assert!((5..=12).contains(&described(&long)), "told again: {}", described(&long));
    }

    #[test]
    fn no_description_makes_a_howl_or_a_number_that_is_none() {
        let mut entropy = Entropy::for_simulation(6);
        let wild = [f32::NAN, f32::INFINITY, -f32::INFINITY, 1.0, -1.0, 0.97, -0.97, 5.0];
        let mut source = ShapedNoise::new(0, &NoiseShape::white(SILENCE));
        for _ in 0..400 {
            let reflections = core::array::from_fn(|_| wild[entropy.u32() as usize % wild.len()]);
            let level = Dbm0(if entropy.u32().is_multiple_of(9) { f32::NAN } else { -40.0 });
            source.set(&NoiseShape { level, reflections });
            for _ in 0..3 {
                source.process(&mut [0; TICK_SAMPLES]);
            }
            assert!(source.backward.iter().all(|b| b.is_finite()));
        }
        source.set(&NoiseShape::white(SILENCE));
        let mut frame = [0; TICK_SAMPLES];
        (0..500).for_each(|_| source.process(&mut frame));
        assert_eq!(frame, [0; TICK_SAMPLES], "it dies away");
    }
}
