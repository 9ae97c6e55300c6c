//! What a voice says, ready to be played.

use std::sync::{Arc, OnceLock};

use tipring_port::{Frame, Phrase, SAMPLE_SILENCE};
use tipring_units::{Dbm0, TICK_SAMPLES};

use crate::load::Voice;
use crate::synth::speak;
use crate::timing::{STEP_MS, steps};

/// Level of the active parts of an announcement at the line's digital side.
pub const SPEECH_LEVEL: Dbm0 = Dbm0(-18.0);
/// Samples of one phrase, at the most: 20 s.
pub const MAX_PHRASE: usize = 160_000;
/// Samples of a step of the synthesiser.
const STEP_SAMPLES: usize = STEP_MS as usize * TICK_SAMPLES / 10;

/// The phrases of a voice. How long each one lasts is known at once; its samples are made by [`PhraseBank::spoken`], or when they
/// are asked for first.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PhraseBank {
    phrases: Vec<Entry>,
}

#[derive(Clone, PartialEq, Debug)]
struct Entry {
    phrase: Phrase,
    voice: Arc<Voice>,
    ticks: usize,
    samples: OnceLock<Vec<i16>>,
}

impl PhraseBank {
    /// All phrases of `voice`, their samples to be made when they are asked for: for simulations, of which few ask.
    pub fn new(voice: Voice) -> Self {
        let voice = Arc::new(voice);
        let entry = |phrase| Entry {
            phrase,
            ticks: (steps(&voice, phrase) * STEP_SAMPLES).div_ceil(TICK_SAMPLES),
            voice: Arc::clone(&voice),
            samples: OnceLock::new(),
        };
        Self { phrases: Phrase::ALL.into_iter().map(entry).collect() }
    }

    /// All phrases of `voice` with their samples, so that no tick has to make them. It takes some tens of milliseconds.
    pub fn spoken(voice: Voice) -> Self {
        let bank = Self::new(voice);
        bank.phrases.iter().for_each(|entry| {
            entry.samples();
        });
        bank
    }

    /// Puts a recording in a phrase's place; what is beyond [`MAX_PHRASE`] is cut.
    pub fn replace(&mut self, phrase: Phrase, mut samples: Vec<i16>) {
        samples.truncate(MAX_PHRASE);
        if let Some(entry) = self.phrases.get_mut(phrase.index()) {
            entry.ticks = samples.len().div_ceil(TICK_SAMPLES);
            entry.samples = OnceLock::from(samples);
        }
    }

    /// How many ticks a phrase lasts; none where the bank does not have it.
    pub fn ticks(&self, phrase: Phrase) -> usize {
        self.phrases.get(phrase.index()).map_or(0, |entry| entry.ticks)
    }

    /// The samples of a phrase.
    pub fn samples(&self, phrase: Phrase) -> &[i16] {
        self.phrases.get(phrase.index()).map_or(&[], Entry::samples)
    }

    /// The sound of one tick of a phrase, silence where there is none.
    pub fn frame(&self, phrase: Phrase, tick: usize) -> Frame {
        let from = tick.saturating_mul(TICK_SAMPLES);
        let mut frame = SAMPLE_SILENCE;
        if let Some(left) = self.samples(phrase).get(from..) {
            for (sample, said) in frame.iter_mut().zip(left) {
                *sample = *said;
            }
        }
        frame
    }
}

impl Entry {
    fn samples(&self) -> &[i16] {
        self.samples.get_or_init(|| speak(&self.voice, self.phrase, SPEECH_LEVEL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(samples: &[i16]) -> f32 {
        let power: f32 =
            samples.iter().map(|x| f32::from(*x) * f32::from(*x)).sum::<f32>() / samples.len() as f32;
        // A sine of 3.14 dBm0 has the peak 32768 (G.711).
        10.0 * libm::log10f(power / (32_768.0 * 32_768.0 / 2.0)) + 314.0 / 100.0
    }

    #[test]
    fn every_phrase_is_as_long_as_was_said_and_as_loud_and_begins_and_ends_softly() {
        let bank = PhraseBank::spoken(Voice::of("en").unwrap());
        for phrase in Phrase::ALL {
            let samples = bank.samples(phrase);
            assert_eq!(samples.len().div_ceil(TICK_SAMPLES), bank.ticks(phrase), "{phrase:?}");
            let seconds = samples.len() as f32 / 8000.0;
            let range = if phrase.is_character() { 0.3..0.75 } else { 0.6..4.0 };
            assert!(range.contains(&seconds), "{phrase:?} lasts {seconds} s");
            // Over all, with its pauses.
            assert!((level(samples) - SPEECH_LEVEL.0 + 1.5).abs() < 2.0, "{phrase:?} {}", level(samples));
            let peak = samples.iter().map(|x| x.unsigned_abs()).max().unwrap();
            assert!((4000..32_000).contains(&peak), "{phrase:?} {peak}");
            for edge in [samples.first(), samples.last()] {
                assert!(edge.is_some_and(|x| x.abs() < 400), "{phrase:?} begins or ends with {edge:?}");
            }
        }
    }

    #[test]
    fn a_recording_takes_the_place_of_a_phrase() {
        let mut bank = PhraseBank::new(Voice::of("en").unwrap());
        bank.replace(Phrase::Dot, vec![7; 100]);
        assert_eq!(bank.ticks(Phrase::Dot), 2);
        assert_eq!(bank.frame(Phrase::Dot, 1)[..21], [[7; 20].as_slice(), &[0]].concat());
        assert_eq!(bank.frame(Phrase::Dot, 2), SAMPLE_SILENCE);
        assert_eq!(PhraseBank::default().ticks(Phrase::Dot), 0);
    }
}
