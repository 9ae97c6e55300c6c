//! What a telephone says into the line: keys, voices, test tones, recordings.
//!
//! # What it does
//! Gives one frame of sound a tick: the keypad's tones while it dials, else what it was told to say.
//!
//! # How
//! Keys are a queue of tones and pauses counted in samples; while it is not empty, the voice is muted as a
//! telephone's keypad does.
//!
//! # Limits
//! At symbol fidelity the greater part of a tick decides what the frame names.
//!
//! # Standard
//! Levels and lengths of keys: ITU-T Q.23, Q.24.

mod keypad;
mod sample;
mod symbol;
mod voice;

use std::collections::VecDeque;

use tipring_port::Sound;
use tipring_units::{Dbm0, Entropy, Hz, Millis, SAMPLE_RATE, TICK_SAMPLES};

pub use keypad::{KeypadSpec, frequencies};
pub use sample::SampleSpeaker;
pub use symbol::SymbolSpeaker;
pub use voice::{MARKERS, VOICE_LEVEL, VOICES, markers, voice_of};

use crate::plant::Fidelity;

/// RMS in 16-bit units of a signal at 0 dBm0: a full-scale sine is +3.14 dBm0 (ITU-T G.711).
pub const RMS_AT_0_DBM0: f32 = 16_141.0;
/// The voice that a symbol names for a recording.
pub const RECORDING: u16 = u16::MAX;
/// Keys that wait to be dialled, at the most.
pub const MAX_KEYS: usize = 64;
/// Parts of one tick, at the most: keys cannot be shorter than [`KeypadSpec::SHORTEST`].
const MAX_PARTS: usize = 12;

/// What is said.
#[derive(Clone, PartialEq, Debug)]
pub enum Talk {
    /// Somebody's voice, without end.
    Voice(u16),
    /// A test tone, without end.
    Tone(Hz, Dbm0),
    /// A recording, once.
    Samples(Vec<i16>),
}

/// What sounds in a part of a tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// What the mouth was told to say.
    Talk,
    /// A key.
    Digit(u8),
    /// Nothing: between keys.
    Pause,
}

/// Makes the sound of a tick.
pub trait Speaker<A: Fidelity>: core::fmt::Debug + Send {
    /// Sounds `parts`, each so many samples long, one tick in all. `played` counts the samples of `talk` that have
    /// sounded.
    fn utter(
        &mut self,
        parts: &[(Part, u8)],
        talk: Option<&Talk>,
        played: &mut usize,
        keypad: &KeypadSpec,
    ) -> A::Frame;
}

#[derive(Clone, Copy, Debug)]
struct Key {
    digit: Option<u8>,
    left: u32,
}

/// The mouth of one telephone.
#[derive(Debug)]
pub struct Mouth<A: Fidelity> {
    talk: Option<Talk>,
    played: usize,
    keys: VecDeque<Key>,
    keypad: KeypadSpec,
    muted: bool,
    speaker: A::Speaker,
}

impl<A: Fidelity> Mouth<A> {
    /// A silent mouth.
    pub fn new(keypad: KeypadSpec, entropy: &mut Entropy) -> Self {
        Self {
            talk: None,
            played: 0,
            keys: VecDeque::new(),
            keypad,
            muted: false,
            speaker: A::speaker(entropy),
        }
    }

    /// Says `talk` from now on.
    pub fn say(&mut self, talk: Talk) {
        self.played = 0;
        self.talk = Some(talk);
    }

    /// Says nothing any more.
    pub fn hush(&mut self) {
        self.talk = None;
    }

    /// Dials a key for `on`, then pauses for `off`. False where too many keys wait or it is no key.
    pub fn key(&mut self, digit: u8, on: Millis, off: Millis) -> bool {
        if self.keys.len() + 2 > MAX_KEYS || frequencies(digit).is_none() {
            return false;
        }
        let samples = |length: Millis| length.0.max(KeypadSpec::SHORTEST.0) * (SAMPLE_RATE / 1000);
        self.keys.push_back(Key { digit: Some(digit), left: samples(on) });
        self.keys.push_back(Key { digit: None, left: samples(off) });
        true
    }

    /// Forgets the keys that wait.
    pub fn drop_keys(&mut self) {
        self.keys.clear();
    }

    /// True while keys sound or wait.
    pub fn is_dialling(&self) -> bool {
        !self.keys.is_empty()
    }

    /// True if the next frame is silent.
    pub fn is_silent(&self) -> bool {
        self.keys.is_empty() && self.talk.is_none()
    }

    /// Whether it says anything that was told to it.
    pub fn talk(&self) -> Option<&Talk> {
        self.talk.as_ref()
    }

    /// Lets nothing but keys out, or all again.
    pub fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// The keypad.
    pub const fn keypad(&self) -> &KeypadSpec {
        &self.keypad
    }

    /// The sound of the next tick.
    pub fn frame(&mut self) -> A::Frame {
        if self.is_silent() {
            return A::SILENCE;
        }
        let mut parts = [(Part::Talk, 0_u8); MAX_PARTS];
        let mut count = 0;
        let mut room = TICK_SAMPLES as u32;
        while room > 0 && count + 1 < MAX_PARTS {
            let Some(key) = self.keys.front_mut() else { break };
            let length = key.left.min(room);
            key.left -= length;
            room -= length;
            parts[count] = (key.digit.map_or(Part::Pause, Part::Digit), length as u8);
            count += 1;
            if key.left == 0 {
                self.keys.pop_front();
            }
        }
        if room > 0 {
            parts[count] = (Part::Talk, room as u8);
            count += 1;
        }
        let talk = self.talk.as_ref().filter(|_| !self.muted);
        let frame = self.speaker.utter(&parts[..count], talk, &mut self.played, &self.keypad);
        if matches!(&self.talk, Some(Talk::Samples(all)) if self.played >= all.len()) {
            self.talk = None;
        }
        frame
    }
}

/// The sound that stands for `talk` at symbol fidelity.
pub(crate) fn symbol_of(talk: &Talk) -> (Sound, Dbm0) {
    match talk {
        Talk::Voice(id) => (Sound::Voice(*id), VOICE_LEVEL),
        Talk::Tone(frequency, level) => (Sound::Sine((frequency.0 + 0.5) as u16), *level),
        Talk::Samples(_) => (Sound::Voice(RECORDING), VOICE_LEVEL),
    }
}
