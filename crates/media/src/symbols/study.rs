//! Learning a tone from symbols.

use tipring_port::{LearnedStep, LearnedTone, MAX_LEARNED_STEPS, Sound, Symbol, Tone};
use tipring_units::{Hz, Millis, TICK};

/// What of a tone has been heard.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Study {
    what: Option<Heard>,
    on: Millis,
    off: Millis,
    /// The last burst and the last pause that were over.
    last: [Millis; 2],
    bursts: u32,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Heard {
    Sine(u16),
    Tone(Tone),
}

impl Study {
    /// A tick of the line.
    pub(super) fn feed(&mut self, symbol: &Symbol) {
        let heard = symbol.sounds().find_map(|(sound, _)| match sound {
            Sound::Sine(hertz) => Some(Heard::Sine(hertz)),
            Sound::Tone(tone) => Some(Heard::Tone(tone)),
            Sound::Dtmf(_) | Sound::Fsk(..) | Sound::Voice(_) | Sound::Phrase(_) => None,
        });
        match heard {
            Some(heard) if self.what != Some(heard) => {
                *self = Self { what: Some(heard), on: TICK, ..Self::default() };
            }
            Some(_) => {
                if self.off > Millis::ZERO {
                    self.last = [self.on, self.off];
                    (self.on, self.off) = (Millis::ZERO, Millis::ZERO);
                    self.bursts += 1;
                }
                self.on = self.on + TICK;
            }
            None if self.what.is_some() => self.off = self.off + TICK,
            None => {}
        }
    }

    /// What was learned; forgets it.
    pub(super) fn result(&mut self) -> Option<LearnedTone> {
        let study = core::mem::take(self);
        let (hertz, known) = match study.what? {
            Heard::Sine(hertz) => (f32::from(hertz), None),
            // Its name is all that a symbol tells.
            Heard::Tone(tone) => (0.0, Some(tone)),
        };
        if study.bursts < 2 {
            return None;
        }
        let mut steps = [LearnedStep::default(); MAX_LEARNED_STEPS];
        steps[0] = LearnedStep { frequencies: [Hz(hertz), Hz(0.0)], length: study.last[0] };
        steps[1] = LearnedStep { frequencies: [Hz(0.0); 2], length: study.last[1] };
        Some(LearnedTone { steps, len: 2, bursts: study.bursts, confidence: 1.0, known })
    }
}
