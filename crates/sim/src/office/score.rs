//! What an exchange sounds: tones, keys, data, one after the other.
//!
//! # What it does
//! Holds a sound that takes longer than a tick and gives the part of it that falls into the next one.
//!
//! # How
//! A score is a row of notes with lengths in samples; it ends, or goes on at a note of its own.
//!
//! # Limits
//! [`MAX_PARTS`] notes fall into one tick; what is beyond them is silent.
//!
//! # Standard
//! None; the tones are those of the laboratory's own table.

use tipring_port::Tone;
use tipring_units::{Dbm0, Hz, Millis, TICK_SAMPLES};

use super::burst::Burst;
use super::sounder::Sounder;
use crate::ear::{Land, Plan};
use crate::plant::Fidelity;

/// Notes in one tick, at the most.
pub const MAX_PARTS: usize = 8;
/// Level of each frequency of a tone, dial tone's and the howler's apart.
const TONE_LEVEL: Dbm0 = Dbm0(-17.0);
const DIAL_LEVEL: Dbm0 = Dbm0(-13.0);
const HOWLER_LEVEL: Dbm0 = Dbm0(-12.0);

/// One sound.
#[derive(Clone, PartialEq, Debug)]
pub enum Note {
    /// Nothing.
    Pause,
    /// Sines at once; the name of the tone that they belong to, if it has one.
    Chord(Vec<(Hz, Dbm0)>, Option<Tone>),
    /// A key, each of its tones at this level.
    Key(u8, Dbm0),
    /// Data.
    Data(Burst),
}

/// The part of a note that falls into a tick.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The note.
    pub note: &'a Note,
    /// Samples of it that have sounded.
    pub from: u64,
    /// Samples of it that sound now.
    pub length: usize,
}

/// A row of notes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Score {
    notes: Vec<(Note, Option<u64>)>,
    repeat_from: Option<usize>,
    at: usize,
    from: u64,
}

impl Score {
    /// A tone of a country, without end. Silent where the table does not have it.
    pub fn tone(land: Land, tone: Tone) -> Self {
        let plan = Plan::of(land);
        let Some(pattern) = plan.pattern(tone) else { return Self::default() };
        let level = match tone {
            Tone::Dial | Tone::Stutter | Tone::Outside => DIAL_LEVEL,
            Tone::Howler => HOWLER_LEVEL,
            _ => TONE_LEVEL,
        };
        let note = |step: &crate::ear::Step| {
            let parts = step.chord.and_then(|chord| plan.chords.get(usize::from(chord)));
            let note = parts.map_or(Note::Pause, |parts| {
                Note::Chord(parts.iter().map(|hertz| (*hertz, level)).collect(), Some(tone))
            });
            (note, step.length.map(|length| length.samples().0))
        };
        let notes = pattern.steps.iter().map(note).collect();
        Self { notes, repeat_from: pattern.repeat_from, at: 0, from: 0 }
    }

    /// A tone that no country has, without end: these frequencies on and off in turn.
    pub fn strange(parts: &[Hz], cadence: &[Millis]) -> Self {
        let chord = || Note::Chord(parts.iter().map(|hertz| (*hertz, TONE_LEVEL)).collect(), None);
        if cadence.is_empty() {
            return Self { notes: vec![(chord(), None)], ..Self::default() };
        }
        let note = |(place, length): (usize, &Millis)| {
            (if place % 2 == 0 { chord() } else { Note::Pause }, Some(length.samples().0))
        };
        let notes = cadence.iter().enumerate().map(note).collect();
        Self { notes, repeat_from: Some(0), at: 0, from: 0 }
    }

    /// Notes once.
    pub fn once(notes: Vec<(Note, Millis)>) -> Self {
        let notes = notes.into_iter().map(|(note, length)| (note, Some(length.samples().0))).collect();
        Self { notes, ..Self::default() }
    }

    /// A burst of data once.
    pub fn data(burst: Burst) -> Self {
        let length = burst.length();
        Self { notes: vec![(Note::Data(burst), Some(length))], ..Self::default() }
    }

    /// True if nothing of it is left.
    pub fn is_over(&self) -> bool {
        self.at >= self.notes.len()
    }

    /// Samples from its beginning to its end; `None` if it has none.
    pub fn length(&self) -> Option<u64> {
        if self.repeat_from.is_some() {
            return None;
        }
        self.notes.iter().map(|(_, length)| *length).sum()
    }

    /// The next tick of it.
    pub fn next<A: Fidelity>(&mut self, sounder: &mut Sounder) -> A::Frame {
        let mut parts: Vec<(usize, u64, usize)> = Vec::with_capacity(MAX_PARTS);
        let mut room = TICK_SAMPLES;
        while room > 0 && parts.len() < MAX_PARTS {
            let Some((_, length)) = self.notes.get(self.at) else { break };
            let left = length.map_or(u64::MAX, |length| length.saturating_sub(self.from));
            let taken = usize::try_from(left).unwrap_or(room).min(room);
            if taken > 0 {
                parts.push((self.at, self.from, taken));
            }
            room -= taken;
            self.from += taken as u64;
            if length.is_some_and(|length| self.from >= length) {
                self.from = 0;
                self.at += 1;
                if self.at >= self.notes.len() {
                    self.at = self.repeat_from.unwrap_or(usize::MAX);
                }
            }
        }
        let parts: Vec<Part<'_>> = parts
            .iter()
            .filter_map(|(note, from, length)| {
                self.notes.get(*note).map(|(note, _)| Part { note, from: *from, length: *length })
            })
            .collect();
        A::sound(&parts, sounder)
    }
}
