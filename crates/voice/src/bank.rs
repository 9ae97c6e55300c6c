//! What a voice says, ready to be played.

use tipring_port::{Frame, Phrase, SAMPLE_SILENCE};
use tipring_units::{Dbm0, TICK_SAMPLES};

use crate::load::Voice;
use crate::synth::speak;
use crate::timing::{STEP_MS, steps};

/// Level of the active parts of an announcement at the line's digital side.
pub const SPEECH_LEVEL: Dbm0 = Dbm0(-18.0);
/// Samples of one phrase, at the most: 20 s.
pub const MAX_PHRASE: usize = 160_000;

/// The phrases of a voice as samples, or only their lengths.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PhraseBank {
    phrases: Vec<Entry>,
}

#[derive(Clone, PartialEq, Debug, Default)]
struct Entry {
    ticks: usize,
    samples: Vec<i16>,
}

impl PhraseBank {
    /// All phrases of `voice` as samples. It takes some tens of milliseconds: not within a tick.
    pub fn spoken(voice: &Voice) -> Self {
        Self::made(|phrase| {
            let samples = speak(voice, phrase, SPEECH_LEVEL);
            Entry { ticks: samples.len().div_ceil(TICK_SAMPLES), samples }
        })
    }

    /// How long the phrases of `voice` are, without their sound.
    pub fn unspoken(voice: &Voice) -> Self {
        Self::made(|phrase| {
            let samples = steps(voice, phrase) * (STEP_MS as usize * TICK_SAMPLES / 10);
            Entry { ticks: samples.div_ceil(TICK_SAMPLES), samples: Vec::new() }
        })
    }

    fn made(entry: impl Fn(Phrase) -> Entry) -> Self {
        Self { phrases: Phrase::ALL.into_iter().map(entry).collect() }
    }

    /// Puts a recording in a phrase's place; what is beyond [`MAX_PHRASE`] is cut.
    pub fn replace(&mut self, phrase: Phrase, mut samples: Vec<i16>) {
        samples.truncate(MAX_PHRASE);
        if let Some(entry) = self.phrases.get_mut(phrase.index()) {
            *entry = Entry { ticks: samples.len().div_ceil(TICK_SAMPLES), samples };
        }
    }

    /// True if there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// How many ticks a phrase lasts; none where the bank does not have it.
    pub fn ticks(&self, phrase: Phrase) -> usize {
        self.phrases.get(phrase.index()).map_or(0, |entry| entry.ticks)
    }

    /// The samples of a phrase.
    pub fn samples(&self, phrase: Phrase) -> &[i16] {
        self.phrases.get(phrase.index()).map_or(&[], |entry| &entry.samples)
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
