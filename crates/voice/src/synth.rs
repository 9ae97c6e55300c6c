//! A formant synthesiser.
//!
//! # What it does
//! Makes samples of a phrase: a voice, breath and noise, shaped by the resonances of a mouth.
//!
//! # How
//! The glottal flow of each period is a cubic whose derivative excites a cascade of four resonators; breath is noise in the same
//! place, the noise of fricatives and bursts goes through a resonator of its own. Formants move between the aims of the segments;
//! where two meet the one of higher rank says most. The pitch falls along the phrase and rises at stressed vowels. At the end the
//! phrase is brought to its level and its peaks are bent.
//!
//! # Limits
//! 8 kHz, one voice. The same bits on every machine: arithmetic in a fixed order, transcendentals by `libm`.
//!
//! # Standard
//! None. The structure is that of D. H. Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67 (1980).

use core::f32::consts::TAU;

use tipring_port::Phrase;
use tipring_units::{Dbm0, SAMPLE_RATE};

use crate::load::Voice;
use crate::timing::{STEP_MS, Segment, Sources, segments};

const RATE: f32 = SAMPLE_RATE as f32;
/// Samples of a step.
const STEP: usize = (STEP_MS * RATE / 1000.0) as usize;
/// The fourth formant and its width.
const FOURTH: (f32, f32) = (3350.0, 250.0);
/// Of a period the glottis is open for this part.
const OPEN: f32 = 0.6;
/// A pitch accent, as a part of the pitch.
const ACCENT: f32 = 0.14;
/// Root of the mean square of full scale at 0 dBm0 (ITU-T G.711: a sine of 3.14 dBm0 fills it).
const RMS_0_DBM0: f32 = 32_768.0 * core::f32::consts::FRAC_1_SQRT_2 * 0.696_627;
/// What is softer than this below the loudest step counts as pause for the level.
const PAUSE_DB: f32 = 24.0;

/// The samples of a phrase, its active parts at `level`.
pub fn speak(voice: &Voice, phrase: Phrase, level: Dbm0) -> Vec<i16> {
    let segments = segments(voice, phrase);
    let tracks = Tracks::new(voice, &segments);
    let mut mouth = Mouth::default();
    let mut sound = Vec::with_capacity(tracks.steps.len() * STEP);
    for pair in 0..tracks.steps.len() {
        let Some(now) = tracks.steps.get(pair) else { break };
        let next = tracks.steps.get(pair + 1).unwrap_or(now);
        mouth.step(now, next, &mut sound);
    }
    finish(&sound, level)
}

/// What the mouth does at one moment.
#[derive(Clone, Copy, Debug)]
struct Shape {
    formants: [f32; 3],
    widths: [f32; 3],
    noise_band: [f32; 2],
    sources: Sources,
    pitch: f32,
}

struct Tracks {
    steps: Vec<Shape>,
}

impl Tracks {
    fn new(voice: &Voice, segments: &[Segment]) -> Self {
        let total: usize = segments.iter().map(|segment| segment.steps).sum();
        let mut steps = Vec::with_capacity(total);
        let mut accents = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| segments.get(before));
            let after = segments.get(index + 1);
            if segment.stressed && segment.sources.voice >= 1.0 {
                accents.push(steps.len() + segment.steps / 3);
            }
            for step in 0..segment.steps {
                let mut formants = [0.0; 3];
                for (n, formant) in formants.iter_mut().enumerate() {
                    *formant = track(segment, before, after, step, n);
                }
                steps.push(Shape {
                    formants,
                    widths: segment.widths,
                    noise_band: segment.noise_band,
                    sources: segment.sources,
                    pitch: 0.0,
                });
            }
        }
        for (step, shape) in steps.iter_mut().enumerate() {
            let way = step as f32 / total.max(1) as f32;
            let mut pitch = voice.pitch * (1.0 - (1.0 - voice.fall) * way);
            for accent in &accents {
                let distance = (step as f32 - *accent as f32) / 14.0;
                pitch += voice.pitch * ACCENT * libm::expf(-distance * distance);
            }
            shape.pitch = pitch;
        }
        smooth(&mut steps);
        Self { steps }
    }
}

/// Formant `n` at `step` of a segment between its neighbours.
fn track(segment: &Segment, before: Option<&Segment>, after: Option<&Segment>, step: usize, n: usize) -> f32 {
    let (from, to) = (segment.from[n], segment.to[n]);
    let way = (step as f32 + 0.5) / segment.steps.max(1) as f32;
    // diphthongs stay a while where they begin and where they end
    let bend = ((way - 0.35) / 0.5).clamp(0.0, 1.0);
    let own = from + (to - from) * bend;
    let half = segment.steps as f32 / 2.0;
    let mut value = own;
    if let Some(before) = before.filter(|before| before.rank > 0 && segment.rank > 0) {
        let (met, length) = meet(before, segment, before.to[n], from, true);
        let length = (length as f32).min(half);
        let at = step as f32 + 0.5;
        if at < length {
            value += (met - from) * ease(1.0 - at / length);
        }
    }
    if let Some(after) = after.filter(|after| after.rank > 0 && segment.rank > 0) {
        let (met, length) = meet(segment, after, to, after.from[n], false);
        let length = (length as f32).min(half);
        let left = segment.steps as f32 - step as f32 - 0.5;
        if left < length {
            value += (met - to) * ease(1.0 - left / length);
        }
    }
    value
}

/// Where two segments meet, and how long the way there is in the second of them (`into_second`) or the first.
fn meet(first: &Segment, second: &Segment, end: f32, begin: f32, into_second: bool) -> (f32, usize) {
    if first.rank == second.rank {
        return ((end + begin) / 2.0, 8);
    }
    let first_rules = first.rank > second.rank;
    let (ruler, ruled) = if first_rules { (end, begin) } else { (begin, end) };
    let length = match (first_rules, into_second) {
        (true, true) => first.outer,
        (true, false) => first.inner,
        (false, true) => second.inner,
        (false, false) => second.outer,
    };
    (ruler * 0.6 + ruled * 0.4, length)
}

fn ease(x: f32) -> f32 {
    x * x * (3.0 - 2.0 * x)
}

/// Amplitudes and widths change over three steps; a burst comes at once.
fn smooth(steps: &mut [Shape]) {
    let old: Vec<Shape> = steps.to_vec();
    for (index, shape) in steps.iter_mut().enumerate() {
        let at = |offset: isize| {
            let place = index.saturating_add_signed(offset).min(old.len().saturating_sub(1));
            old.get(place).copied()
        };
        let (Some(before), Some(after)) = (at(-1), at(1)) else { continue };
        let mean = |x: f32, y: f32, z: f32| (x + 2.0 * y + z) / 4.0;
        let (b, s, a) = (before.sources, shape.sources, after.sources);
        shape.sources = Sources {
            voice: mean(b.voice, s.voice, a.voice),
            breath: mean(b.breath, s.breath, a.breath),
            noise: if s.noise > 2.0 * b.noise { s.noise } else { mean(b.noise, s.noise, a.noise) },
            nose: mean(b.nose, s.nose, a.nose),
        };
        for n in 0..3 {
            shape.widths[n] = mean(before.widths[n], shape.widths[n], after.widths[n]);
        }
    }
}

/// A resonator of two poles, or with `zeros` the opposite.
#[derive(Clone, Copy, Debug, Default)]
struct Resonator {
    y: [f32; 2],
}

impl Resonator {
    fn poles(&mut self, x: f32, [a, b, c]: [f32; 3]) -> f32 {
        let y = a * x + b * self.y[0] + c * self.y[1];
        self.y = [y, self.y[0]];
        y
    }

    fn zeros(&mut self, x: f32, [a, b, c]: [f32; 3]) -> f32 {
        let y = (x - b * self.y[0] - c * self.y[1]) / a;
        self.y = [x, self.y[0]];
        y
    }
}

/// Coefficients of a resonance, of gain 1 at 0 Hz.
fn resonance(hertz: f32, width: f32) -> [f32; 3] {
    let radius = libm::expf(-core::f32::consts::PI * width / RATE);
    let c = -radius * radius;
    let b = 2.0 * radius * libm::cosf(TAU * hertz / RATE);
    [1.0 - b - c, b, c]
}

/// Coefficients of a resonance, of gain 1 at its middle.
fn band(hertz: f32, width: f32) -> [f32; 3] {
    let [_, b, c] = resonance(hertz, width);
    // The gain at the middle of two poles of radius r at angle t is 1/((1-r)|1-r e^{-2jt}|).
    let radius = libm::sqrtf(-c);
    let angle = 2.0 * TAU * hertz / RATE;
    let other = libm::sqrtf(1.0 - 2.0 * radius * libm::cosf(angle) + radius * radius);
    // Noise of any width is to have the same power.
    [(1.0 - radius) * other * libm::sqrtf(RATE / (2.0 * width)), b, c]
}

#[derive(Debug)]
struct Mouth {
    cascade: [Resonator; 4],
    nose: Resonator,
    nose_zero: Resonator,
    noise: Resonator,
    /// Part of the period that has passed.
    phase: f32,
    seed: u32,
    last_noise: f32,
    tilt: f32,
}

impl Default for Mouth {
    fn default() -> Self {
        Self {
            cascade: [Resonator::default(); 4],
            nose: Resonator::default(),
            nose_zero: Resonator::default(),
            noise: Resonator::default(),
            phase: 0.0,
            seed: 0x1234_5678,
            last_noise: 0.0,
            tilt: 0.0,
        }
    }
}

impl Mouth {
    /// One step of sound, on the way from `now` to `next`.
    fn step(&mut self, now: &Shape, next: &Shape, out: &mut Vec<f32>) {
        let coefficients: [[f32; 3]; 3] = core::array::from_fn(|n| resonance(now.formants[n], now.widths[n]));
        let fourth = resonance(FOURTH.0, FOURTH.1);
        let nose_pole = resonance(270.0, 100.0);
        let nose_zero = resonance(270.0 + 180.0 * now.sources.nose, 100.0);
        let band = band(now.noise_band[0], now.noise_band[1]);
        for n in 0..STEP {
            let way = n as f32 / STEP as f32;
            let mix = |a: f32, b: f32| a + (b - a) * way;
            let glottis = self.glottis(now.pitch);
            let white = self.white();
            let voice = mix(now.sources.voice, next.sources.voice);
            let breath = mix(now.sources.breath, next.sources.breath);
            // breath is modulated by the glottis while the voice sounds
            let gate = if voice > 0.05 && self.phase > OPEN { 0.5 } else { 1.0 };
            let mut x = glottis * voice + white * breath * gate * 0.5;
            x = self.nose.poles(x, nose_pole);
            x = self.nose_zero.zeros(x, nose_zero);
            x = self.cascade[3].poles(x, fourth);
            for (place, coefficients) in self.cascade.iter_mut().zip(coefficients).take(3) {
                x = place.poles(x, coefficients);
            }
            let amplitude = if now.sources.noise > next.sources.noise * 2.0
                || next.sources.noise > now.sources.noise * 2.0
            {
                now.sources.noise
            } else {
                mix(now.sources.noise, next.sources.noise)
            };
            // voiced noise comes in puffs
            let puff = if voice > 0.05 && self.phase > OPEN { 0.6 } else { 1.0 };
            let rough = self.noise.poles(white, band) * amplitude * puff;
            out.push(x + rough * NOISE_GAIN);
        }
    }

    /// The derivative of the glottal flow.
    fn glottis(&mut self, pitch: f32) -> f32 {
        self.phase += pitch / RATE;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
        }
        let x = self.phase / OPEN;
        let raw = if x < 1.0 { 2.0 * x - 3.0 * x * x } else { 0.0 };
        // the corner at the closure is a little round
        self.tilt += 0.75 * (raw - self.tilt);
        self.tilt
    }

    fn white(&mut self) -> f32 {
        // xorshift32
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 17;
        self.seed ^= self.seed << 5;
        let white = (self.seed >> 8) as f32 / 8_388_608.0 - 1.0;
        self.last_noise = white;
        white
    }
}

/// Noise at 0 dB is as strong as the voice of an open vowel.
const NOISE_GAIN: f32 = 4.0;

/// Brings the active parts to `level`, without clipping.
fn finish(sound: &[f32], level: Dbm0) -> Vec<i16> {
    // what is below the band of a telephone costs level and is not heard
    let mut slow = 0.0;
    let sound: Vec<f32> = sound
        .iter()
        .map(|x| {
            slow += 0.08 * (x - slow);
            x - slow
        })
        .collect();
    let powers: Vec<f32> = sound
        .chunks(4 * STEP)
        .map(|step| step.iter().map(|x| x * x).sum::<f32>() / step.len() as f32)
        .collect();
    let loudest = powers.iter().copied().fold(0.0_f32, f32::max);
    let least = loudest * libm::powf(10.0, -PAUSE_DB / 10.0);
    let (sum, count) =
        powers.iter().filter(|power| **power > least).fold((0.0, 0.0), |(s, c), p| (s + p, c + 1.0));
    if sum <= 0.0 {
        return vec![0; sound.len()];
    }
    let wanted = RMS_0_DBM0 * libm::powf(10.0, level.0 / 20.0);
    let gain = wanted / libm::sqrtf(sum / count);
    let bend = |x: f32| {
        let x = x / 32_767.0;
        // linear up to half of full scale, then bent
        let knee = 0.4;
        let over = x.abs() - knee;
        let bent =
            if over <= 0.0 { x.abs() } else { knee + (0.95 - knee) * libm::tanhf(over / (0.95 - knee)) };
        bent.copysign(x) * 32_767.0
    };
    sound.iter().map(|x| libm::roundf(bend(x * gain)) as i16).collect()
}
