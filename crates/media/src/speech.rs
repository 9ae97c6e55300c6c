//! An announcement, part after part.
//!
//! # What it does
//! Tells, tick by tick, which part of an announcement sounds and how far it has come.
//!
//! # How
//! The parts follow each other with pauses: after lifting the receiver to the ear, between digits, between sentences, and before
//! what comes behind it.
//!
//! # Limits
//! Lengths are whole ticks.
//!
//! # Standard
//! None.

use tipring_port::{Announcement, Phrase};
use tipring_voice::PhraseBank;

/// Ticks of silence before the first part, between characters, between other parts, and after the last.
const LEAD: u16 = 25;
const BETWEEN_CHARACTERS: u16 = 10;
const BETWEEN_PHRASES: u16 = 30;
const TAIL: u16 = 50;

/// What sounds in a tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Utterance {
    /// A pause.
    Pause,
    /// This tick of this phrase.
    Of(Phrase, usize),
}

/// An announcement with the place where it is.
#[derive(Clone, Copy, Debug)]
pub struct Speech {
    words: Announcement,
    part: usize,
    tick: usize,
    pause: u16,
}

impl Speech {
    /// The announcement from its beginning.
    pub const fn new(words: Announcement) -> Self {
        Self { words, part: 0, tick: 0, pause: LEAD }
    }

    /// What sounds in the next tick; `None` when all is said.
    pub fn next_tick(&mut self, bank: &PhraseBank) -> Option<Utterance> {
        loop {
            if self.pause > 0 {
                self.pause -= 1;
                return Some(Utterance::Pause);
            }
            let phrase = *self.words.parts().get(self.part)?;
            let tick = self.tick;
            if tick < bank.ticks(phrase) {
                self.tick += 1;
                return Some(Utterance::Of(phrase, tick));
            }
            self.part += 1;
            self.tick = 0;
            self.pause = match self.words.parts().get(self.part) {
                Some(next) if phrase.is_character() && next.is_character() => BETWEEN_CHARACTERS,
                Some(_) => BETWEEN_PHRASES,
                None => TAIL,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tipring_port::{SAMPLE_SILENCE, Samples, Sound, Symbols};
    use tipring_voice::Voice;

    use super::*;
    use crate::processing::{Player, Processing};

    /// Everything that a player plays of an announcement, and whether it told the end once.
    fn said<A: Processing>(bank: PhraseBank, words: Announcement) -> Vec<A::Frame> {
        let mut player = A::Player::new();
        player.set_bank(&Arc::new(bank));
        player.announce(&words);
        let mut frames = Vec::new();
        while let Some(frame) = player.next_frame() {
            assert!(!player.take_announced());
            frames.push(frame);
        }
        assert!(player.take_announced() && !player.take_announced());
        assert!(player.next_frame().is_none() && !player.take_announced());
        frames
    }

    #[test]
    fn both_kinds_of_sound_say_the_same_at_the_same_time() {
        let voice = Voice::of("en").unwrap();
        let words = Announcement::of_number("+40 0").then(Phrase::TryAgain);
        let samples = said::<Samples>(PhraseBank::spoken(voice.clone()), words);
        let symbols = said::<Symbols>(PhraseBank::new(voice), words);
        assert_eq!(samples.len(), symbols.len());
        for (tick, (frame, symbol)) in samples.iter().zip(&symbols).enumerate() {
            assert!(*frame == SAMPLE_SILENCE || !symbol.is_silent(), "sound in a pause at tick {tick}");
        }
        let mut named = Vec::new();
        for symbol in &symbols {
            let sound = symbol.sounds().next().map(|(sound, _)| sound);
            if named.last() != Some(&sound) {
                named.push(sound);
            }
        }
        let parts =
            [Phrase::YourNumber, Phrase::Plus, Phrase::Four, Phrase::Zero, Phrase::Zero, Phrase::TryAgain];
        let named: Vec<_> = named.into_iter().flatten().collect();
        assert_eq!(named, parts.map(Sound::Phrase));
    }

    #[test]
    fn another_order_ends_it_without_a_word() {
        let mut player = <Symbols as Processing>::Player::new();
        player.set_bank(&Arc::new(PhraseBank::new(Voice::of("en").unwrap())));
        player.announce(&Announcement::of(Phrase::Zero));
        assert!(player.next_frame().is_some());
        player.stop();
        assert!(player.next_frame().is_none() && !player.take_announced());
    }

    #[test]
    fn a_player_without_a_voice_is_at_the_end_soon() {
        let frames = said::<Samples>(PhraseBank::default(), Announcement::of_number("12345"));
        assert!(frames.len() < 200 && frames.iter().all(|frame| *frame == SAMPLE_SILENCE));
    }
}
