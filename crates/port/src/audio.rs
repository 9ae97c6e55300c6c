//! What a tick of sound is: true samples, or symbols that stand for them.
//!
//! The media plane is written once over [`Audio`]. With [`Samples`] it processes sound; with [`Symbols`] each
//! frame names what would be heard, so that a simulation of hours costs seconds while every timer, state and
//! packet stays the same.

use tipring_units::{Dbm0, TICK_SAMPLES};

use crate::{Phrase, Tone};

/// 10 ms of linear samples at 8 kHz, 16-bit full scale (see `tipring_dsp::level` for dBm0).
pub type Frame = [i16; TICK_SAMPLES];

/// A frame without sound.
pub const SAMPLE_SILENCE: Frame = [0; TICK_SAMPLES];

/// A kind of audio frame.
pub trait Audio: 'static {
    /// One tick (10 ms) of sound.
    type Frame: Copy + PartialEq + core::fmt::Debug + Send;

    /// No sound.
    const SILENCE: Self::Frame;
}

/// Frames of true samples.
#[derive(Clone, Copy, Debug)]
pub enum Samples {}

impl Audio for Samples {
    type Frame = Frame;
    const SILENCE: Frame = SAMPLE_SILENCE;
}

/// Frames of symbols.
#[derive(Clone, Copy, Debug)]
pub enum Symbols {}

impl Audio for Symbols {
    type Frame = Symbol;
    const SILENCE: Symbol = Symbol::SILENCE;
}

/// One sound that a symbol frame can name.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Sound {
    /// A supervisory tone, in the frames in which it sounds (its pauses are silence).
    Tone(Tone),
    /// A DTMF digit: `0`-`9`, `*`, `#`, `A`-`D`.
    Dtmf(u8),
    /// The bytes of a caller-ID burst that end within this frame, and how many; none during seizure and mark.
    Fsk([u8; 2], u8),
    /// Somebody's voice; the number tells whose.
    Voice(u16),
    /// A sine of this many hertz.
    Sine(u16),
    /// A part of an announcement.
    Phrase(Phrase),
}

/// Up to three sounds at once, with the level of each.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Symbol {
    sounds: [Option<(Sound, Dbm0)>; 3],
}

impl Symbol {
    /// No sound.
    pub const SILENCE: Self = Self { sounds: [None; 3] };

    /// One sound at `level`.
    pub const fn of(sound: Sound, level: Dbm0) -> Self {
        Self { sounds: [Some((sound, level)), None, None] }
    }

    /// What sounds, and how loud.
    pub fn sounds(&self) -> impl Iterator<Item = (Sound, Dbm0)> + '_ {
        self.sounds.iter().flatten().copied()
    }

    /// Adds a sound; the quietest is lost where more than three sound at once.
    pub fn add(&mut self, sound: Sound, level: Dbm0) {
        if let Some(place) = self.sounds.iter_mut().find(|place| place.is_none()) {
            *place = Some((sound, level));
            return;
        }
        let quietest = self.sounds.iter_mut().min_by(|a, b| {
            let level = |sound: &Option<(Sound, Dbm0)>| sound.map_or(f32::MIN, |(_, level)| level.0);
            level(a).total_cmp(&level(b))
        });
        if let Some(place) = quietest
            && place.is_none_or(|(_, quietest)| quietest.0 < level.0)
        {
            *place = Some((sound, level));
        }
    }

    /// Adds all sounds of `other`.
    pub fn mix(&mut self, other: &Self) {
        for (sound, level) in other.sounds() {
            self.add(sound, level);
        }
    }

    /// True if nothing sounds.
    pub fn is_silent(&self) -> bool {
        self.sounds.iter().all(Option::is_none)
    }
}

impl Default for Symbol {
    fn default() -> Self {
        Self::SILENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fourth_sound_displaces_the_quietest() {
        let mut symbol = Symbol::of(Sound::Voice(1), Dbm0(-20.0));
        symbol.add(Sound::Voice(2), Dbm0(-40.0));
        symbol.add(Sound::Voice(3), Dbm0(-10.0));
        symbol.add(Sound::Voice(4), Dbm0(-30.0));
        assert!(symbol.sounds().all(|(sound, _)| sound != Sound::Voice(2)));
        symbol.add(Sound::Voice(5), Dbm0(-90.0));
        assert!(symbol.sounds().all(|(sound, _)| sound != Sound::Voice(5)));
    }
}
