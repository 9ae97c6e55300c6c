//! One end of a path to another shard.
//!
//! # What it does
//! Takes the frames of the other shard at this shard's pace and hears the digits in them; sounds into the path the
//! digits that came here without sound.
//!
//! # How
//! Digits cross as sound, whatever way they came and will leave by: the path carries nothing but frames.
//!
//! # Limits
//! A digit that crosses is told some 50 ms after it began.

use crate::processing::{Crossing, Heard, LineVoice, Player, Processing};
use tipring_units::{Millis, Samples};

/// One end of a path.
pub struct CrossLeg<A: Processing> {
    path: A::Crossing,
    voice: A::Voice,
    player: A::Player,
}

impl<A: Processing> CrossLeg<A> {
    /// An end at which nothing has come.
    pub fn new() -> Self {
        Self { path: A::Crossing::new(), voice: A::Voice::plain(), player: A::Player::new() }
    }

    /// Begins anew.
    pub fn open(&mut self) {
        self.path = A::Crossing::new();
        self.voice.reset();
        self.player.stop();
    }

    /// A frame of the other shard.
    pub fn push(&mut self, frame: &A::Frame) {
        self.path.push(frame);
    }

    /// The frame of this tick.
    pub fn play(&mut self) -> Heard<A> {
        self.voice.hear(&self.path.pop(), &A::SILENCE, Samples(0))
    }

    /// What goes to the other shard where the leg `hears` this.
    pub fn out(&mut self, hears: A::Frame) -> A::Frame {
        self.player.next_frame().unwrap_or(hears)
    }

    /// Looks for no digits any more.
    pub fn pass_through(&mut self) {
        self.voice.pass_through(true);
    }

    /// A digit without sound begins.
    pub fn digit_begins(&mut self, digit: u8) {
        self.player.digit(digit, None);
    }

    /// It ends after `total` in all.
    pub fn digit_ends(&mut self, total: Millis) {
        self.player.finish_digit(total);
    }
}

impl<A: Processing> Default for CrossLeg<A> {
    fn default() -> Self {
        Self::new()
    }
}
