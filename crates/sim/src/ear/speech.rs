//! Which phrase an announcement says, by its sound.
//!
//! # What it does
//! Knows every phrase of the English voice and names the one that is heard.
//!
//! # How
//! Sound is taken as the shape of its spectrum in [`BANDS`] bands, frame by frame, from where it began after a pause. It is compared
//! with all phrases at the same time, each shifted by a few frames. When one has stayed near for [`LEAST`] frames and all others are
//! farther away, it is named, and is heard until it ends.
//!
//! # Limits
//! The phrases that the gateway makes; recordings are speech. A phrase has to begin after a pause.
//!
//! # Standard
//! None.

use std::sync::{Arc, OnceLock};

use libm::{cosf, log10f, sinf};
use tipring_port::Phrase;
use tipring_units::{SAMPLE_RATE, TICK_SAMPLES};
use tipring_voice::{PhraseBank, Voice};

/// Bands of the spectrum: their middles (Hz).
const CENTRES: [f32; BANDS] =
    [300.0, 450.0, 600.0, 800.0, 1000.0, 1250.0, 1500.0, 1800.0, 2100.0, 2450.0, 2800.0, 3150.0];
const BANDS: usize = 12;
/// What is softer than this below the loudest band counts for no more (dB).
const DEPTH: f32 = 25.0;
/// Frames that have to be near before a phrase is named.
const LEAST: usize = 22;
/// Mean distance of what is near (dB), and how much farther the next phrase has to be.
const NEAR: f32 = 6.0;
const FARTHER: f32 = 1.25;
/// Frames by which the beginning may be mistaken.
const SHIFT: usize = 3;
/// Quiet frames after which something begins anew.
const PAUSE: usize = 6;
/// The distance of sound to silence.
const MISSED: f32 = 12.0;
/// Below this a frame of a phrase counts as silent.
const QUIET: f32 = 60_000.0;

type Shape = Option<[f32; BANDS]>;

/// The phrases as shapes, made when they are needed first.
fn known() -> &'static [(Phrase, Vec<Shape>)] {
    static KNOWN: OnceLock<Vec<(Phrase, Vec<Shape>)>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let bank = Voice::of("en").map(PhraseBank::new).unwrap_or_default();
        let shapes = |phrase| {
            let mut last = [0.0; TICK_SAMPLES];
            let shapes: Vec<Shape> = (0..bank.ticks(phrase))
                .map(|tick| {
                    let frame = bank.frame(phrase, tick).map(f32::from);
                    let power = frame.iter().map(|x| x * x).sum::<f32>() / TICK_SAMPLES as f32;
                    let both = [last, frame];
                    last = frame;
                    (power > QUIET).then(|| shape(&both))
                })
                .skip_while(Option::is_none)
                .collect();
            (phrase, shapes)
        };
        Phrase::ALL.into_iter().map(shapes).collect()
    })
}

/// The bank of a simulated gateway: the one that this ear knows.
pub fn laboratory_bank() -> Arc<PhraseBank> {
    static BANK: OnceLock<Arc<PhraseBank>> = OnceLock::new();
    Arc::clone(BANK.get_or_init(|| Arc::new(Voice::of("en").map(PhraseBank::new).unwrap_or_default())))
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    sum: f32,
    count: usize,
}

/// Follows an announcement.
#[derive(Clone, Debug)]
pub(super) struct SpeechEar {
    last: [f32; TICK_SAMPLES],
    /// Frames since sound began after a pause.
    age: usize,
    quiet: usize,
    /// The last frames of sound or silence since then are compared by these.
    candidates: Vec<[Candidate; 2 * SHIFT + 1]>,
    named: Option<(Phrase, usize)>,
}

impl SpeechEar {
    pub fn new() -> Self {
        Self { last: [0.0; TICK_SAMPLES], age: 0, quiet: PAUSE, candidates: Vec::new(), named: None }
    }

    /// Takes a frame in; `sounds`: it is none of silence or a tone. Gives the phrase that is heard, and since how many frames.
    pub fn hear(&mut self, frame: &[f32; TICK_SAMPLES], sounds: bool) -> Option<(Phrase, u16)> {
        let both = [self.last, *frame];
        self.last = *frame;
        if sounds {
            if self.quiet >= PAUSE && self.named.is_none() {
                self.begin();
            }
            self.quiet = 0;
        } else {
            self.quiet += 1;
        }
        if let Some((phrase, left)) = self.named {
            self.age += 1;
            if left > 0 {
                self.named = Some((phrase, left - 1));
                return Some((phrase, self.age.min(usize::from(u16::MAX)) as u16));
            }
            self.named = None;
            self.candidates.clear();
            self.quiet = self.quiet.max(PAUSE);
            return None;
        }
        if self.candidates.is_empty() {
            return None;
        }
        let heard = sounds.then(|| shape(&both));
        for (candidates, (_, shapes)) in self.candidates.iter_mut().zip(known()) {
            for (shift, candidate) in candidates.iter_mut().enumerate() {
                let Some(at) = (self.age + shift).checked_sub(SHIFT) else { continue };
                let Some(shape) = shapes.get(at) else {
                    candidate.sum += if heard.is_some() { 2.0 * MISSED } else { 0.0 };
                    candidate.count += 1;
                    continue;
                };
                candidate.sum += match (shape, &heard) {
                    (Some(a), Some(b)) => {
                        a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f32>() / BANDS as f32
                    }
                    (None, None) => 0.0,
                    (Some(_), None) | (None, Some(_)) => MISSED,
                };
                candidate.count += 1;
            }
        }
        self.age += 1;
        if self.age >= LEAST && self.quiet < PAUSE {
            self.name();
        }
        if self.quiet > 40 {
            self.candidates.clear();
        }
        self.named.map(|(phrase, _)| (phrase, self.age.min(usize::from(u16::MAX)) as u16))
    }

    fn begin(&mut self) {
        if !self.candidates.is_empty() && self.quiet < 20 {
            return; // a pause within a phrase
        }
        self.age = 0;
        self.candidates.clear();
        self.candidates.resize(known().len(), [Candidate { sum: 0.0, count: 0 }; 2 * SHIFT + 1]);
    }

    fn name(&mut self) {
        let mut best: Option<(f32, usize, usize)> = None;
        let mut second = f32::INFINITY;
        for (place, candidates) in self.candidates.iter().enumerate() {
            let nearest = candidates
                .iter()
                .enumerate()
                .filter(|(_, candidate)| candidate.count > 0)
                .map(|(shift, candidate)| (candidate.sum / candidate.count as f32, shift))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((distance, shift)) = nearest else { continue };
            match best {
                Some((least, _, _)) if least <= distance => second = second.min(distance),
                Some((least, _, _)) => {
                    second = least;
                    best = Some((distance, place, shift));
                }
                None => best = Some((distance, place, shift)),
            }
        }
        let Some((distance, place, shift)) = best else { return };
        if distance < NEAR
            && second > FARTHER * distance + 0.3
            && let Some((phrase, shapes)) = known().get(place)
        {
            let left = (shapes.len() + SHIFT).saturating_sub(self.age + shift);
            if left > 0 {
                self.named = Some((*phrase, left));
            }
        }
    }
}

/// The bands' levels above the mean of all (dB), over two frames.
fn shape(frames: &[[f32; TICK_SAMPLES]; 2]) -> [f32; BANDS] {
    let samples = frames.as_flattened();
    let mut levels = [0.0_f32; BANDS];
    for (level, hertz) in levels.iter_mut().zip(CENTRES) {
        let angle = core::f32::consts::TAU * hertz / SAMPLE_RATE as f32;
        let (c, s) = (cosf(angle), sinf(angle));
        let (mut re, mut im) = (1.0_f32, 0.0_f32);
        let mut sum = (0.0_f32, 0.0_f32);
        for (n, x) in samples.iter().enumerate() {
            // a triangle is window enough: 100 Hz wide
            let half = TICK_SAMPLES as f32;
            let weight = 1.0 - (n as f32 - half).abs() / half;
            sum.0 += x * weight * re;
            sum.1 += x * weight * im;
            (re, im) = (re * c - im * s, re * s + im * c);
        }
        *level = 10.0 * log10f(sum.0 * sum.0 + sum.1 * sum.1 + 1.0);
    }
    let loudest = levels.iter().copied().fold(f32::MIN, f32::max);
    for level in &mut levels {
        *level = level.max(loudest - DEPTH);
    }
    let mean = levels.iter().sum::<f32>() / BANDS as f32;
    levels.map(|level| level - mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is named of a phrase that is played softer, over noise, and a part of a tick late.
    fn named(phrase: Phrase, gain: f32, noise: f32, late: usize) -> Vec<(Phrase, usize)> {
        let bank = laboratory_bank();
        let mut samples = vec![0.0; 800 + late];
        samples.extend(bank.samples(phrase).iter().map(|x| f32::from(*x) * gain));
        samples.extend([0.0; 2400]);
        let mut seed = 1_u32;
        for sample in &mut samples {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample += noise * ((seed >> 8) as f32 / 8_388_608.0 - 1.0);
        }
        let mut ear = SpeechEar::new();
        let mut found: Vec<(Phrase, usize)> = Vec::new();
        for (tick, frame) in samples.as_chunks::<TICK_SAMPLES>().0.iter().enumerate() {
            let power = frame.iter().map(|x| x * x).sum::<f32>() / TICK_SAMPLES as f32;
            let heard = ear.hear(frame, power > QUIET * gain * gain);
            if let Some((phrase, frames)) = heard
                && found.last().map(|(last, _)| *last) != Some(phrase)
            {
                found.push((phrase, tick + 1 - usize::from(frames)));
            }
        }
        found
    }

    #[test]
    fn every_phrase_is_named_softer_noisy_and_late() {
        for (gain, noise, late) in [(1.0, 0.0, 0), (0.3, 20.0, 37), (0.5, 60.0, 61)] {
            // A phrase may begin with a closure, of which nothing is heard.
            let wrong: Vec<_> = Phrase::ALL
                .into_iter()
                .map(|phrase| (phrase, named(phrase, gain, noise, late)))
                .filter(|(phrase, found)| !matches!(found[..], [(one, 9..=24)] if one == *phrase))
                .collect();
            assert!(wrong.is_empty(), "at {gain} with {noise}: {wrong:?}");
        }
    }

    #[test]
    fn noise_is_no_phrase() {
        let mut ear = SpeechEar::new();
        let mut seed = 7_u32;
        for tick in 0..3000 {
            let mut frame = [0.0; TICK_SAMPLES];
            for sample in &mut frame {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *sample = 3000.0 * ((seed >> 8) as f32 / 8_388_608.0 - 1.0);
            }
            assert_eq!(ear.hear(&frame, tick % 70 < 50), None);
        }
    }
}
