//! The mouth of symbols.

use tipring_port::{Sound, Symbol, Symbols};

use super::{KeypadSpec, Part, Speaker, Talk, symbol_of};

/// Names what is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct SymbolSpeaker;

impl Speaker<Symbols> for SymbolSpeaker {
    fn utter(
        &mut self,
        parts: &[(Part, u8)],
        talk: Option<&Talk>,
        played: &mut usize,
        keypad: &KeypadSpec,
    ) -> Symbol {
        let spoken: u8 = parts.iter().filter(|(part, _)| *part == Part::Talk).map(|(_, n)| n).sum();
        if talk.is_some() {
            *played += usize::from(spoken);
        }
        match parts.iter().max_by_key(|(_, length)| *length) {
            Some((Part::Digit(digit), _)) => Symbol::of(Sound::Dtmf(*digit), keypad.level),
            Some((Part::Talk, _)) => talk.map_or(Symbol::SILENCE, |talk| {
                let (sound, level) = symbol_of(talk);
                Symbol::of(sound, level)
            }),
            Some((Part::Pause, _)) | None => Symbol::SILENCE,
        }
    }
}
