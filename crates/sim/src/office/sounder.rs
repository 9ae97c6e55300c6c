//! The sounds of an exchange at both fidelities.
//!
//! # What it does
//! Makes true samples of notes, or names them.
//!
//! # How
//! Sines by their sample's number, so that a note sounds the same wherever ticks cut it; data by one phase that turns
//! by mark or space.
//!
//! # Limits
//! At symbol fidelity the longest part of a tick gives the frame its name, except for data, whose bytes are all named.
//!
//! # Standard
//! Keys: ITU-T Q.23.

use libm::{powf, sin};
use tipring_port::{Frame, SAMPLE_SILENCE, Sound, Symbol};
use tipring_units::{Dbm0, Hz, SAMPLE_RATE};

use super::score::{Note, Part};
use crate::mouth::{RMS_AT_0_DBM0, frequencies};

/// Level that data have as a symbol.
const DATA_LEVEL: Dbm0 = Dbm0(-14.0);

/// Makes sounds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sounder {
    /// Of the data, in turns.
    phase: f64,
}

impl Sounder {
    /// True samples.
    pub fn samples(&mut self, parts: &[Part<'_>]) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        let mut start = 0;
        for part in parts {
            let end = (start + part.length).min(frame.len());
            for (n, sample) in frame[start..end].iter_mut().enumerate() {
                let at = part.from + n as u64;
                let value = match part.note {
                    Note::Pause => 0.0,
                    Note::Chord(sines, _) => {
                        sines.iter().map(|(hertz, level)| sine(*hertz, *level, at)).sum()
                    }
                    Note::Key(key, level) => frequencies(*key)
                        .map_or(0.0, |(low, high)| sine(Hz(low), *level, at) + sine(Hz(high), *level, at)),
                    Note::Data(burst) => {
                        let (hertz, level) = burst.line_at(at);
                        self.phase += f64::from(hertz.0) / f64::from(SAMPLE_RATE);
                        self.phase -= f64::from(self.phase >= 1.0);
                        amplitude(level) * sin(core::f64::consts::TAU * self.phase) as f32
                    }
                };
                *sample = (value + 0.5_f32.copysign(value)) as i16; // a cast saturates
            }
            start = end;
        }
        frame
    }

    /// Their name.
    pub fn symbol(parts: &[Part<'_>]) -> Symbol {
        let data = parts.iter().find_map(|part| match part.note {
            Note::Data(burst) => Some((burst, part)),
            Note::Pause | Note::Chord(..) | Note::Key(..) => None,
        });
        if let Some((burst, part)) = data {
            let (bytes, count) = burst.bytes_in(part.from, part.from + part.length as u64);
            return Symbol::of(Sound::Fsk(bytes, count), DATA_LEVEL);
        }
        match parts.iter().max_by_key(|part| part.length).map(|part| part.note) {
            None | Some(Note::Pause | Note::Data(_)) => Symbol::SILENCE,
            Some(Note::Key(key, level)) => Symbol::of(Sound::Dtmf(*key), *level),
            Some(Note::Chord(sines, Some(tone))) => {
                let level = sines.iter().map(|(_, level)| level.0).fold(f32::MIN, f32::max);
                Symbol::of(Sound::Tone(*tone), Dbm0(level))
            }
            Some(Note::Chord(sines, None)) => {
                let mut symbol = Symbol::SILENCE;
                for (hertz, level) in sines {
                    symbol.add(Sound::Sine((hertz.0 + 0.5) as u16), *level);
                }
                symbol
            }
        }
    }
}

fn amplitude(level: Dbm0) -> f32 {
    RMS_AT_0_DBM0 * core::f32::consts::SQRT_2 * powf(10.0, level.0 / 20.0)
}

fn sine(hertz: Hz, level: Dbm0, at: u64) -> f32 {
    // the turns so far, without what is whole of them
    let turns = f64::from(hertz.0) * at as f64 / f64::from(SAMPLE_RATE);
    amplitude(level) * sin(core::f64::consts::TAU * (turns - libm::floor(turns))) as f32
}
