//! A line's part of the media plane: voice path, player, and what was sent last.

use tipring_port::{Audio, LineProfile, TonePlan};
use tipring_units::Samples;

use crate::processing::{Heard, LineVoice, Player, Processing};

/// A line's voice path with the player of its tones.
pub struct LineLeg<A: Processing> {
    /// Canceller, detector, gains.
    pub voice: A::Voice,
    /// Tones, digits and caller-ID bursts.
    pub player: A::Player,
    tones: TonePlan,
    sent: A::Frame,
    sounds: bool,
}

impl<A: Processing> LineLeg<A> {
    /// The leg of a line with this profile.
    pub fn new(profile: &LineProfile) -> Self {
        Self {
            voice: A::Voice::new(profile),
            player: A::Player::new(),
            tones: profile.tones,
            sent: A::SILENCE,
            sounds: false,
        }
    }

    /// The line's tones.
    pub fn tones(&self) -> &TonePlan {
        &self.tones
    }

    /// A frame from the line.
    pub fn hear(&mut self, frame: &A::Frame, bulk_delay: Samples) -> Heard<A> {
        self.voice.hear(frame, &self.sent, bulk_delay)
    }

    /// The frame for the line: the player's, else what the leg `hears`, else silence.
    pub fn out(&mut self, hears: Option<A::Frame>) -> A::Frame {
        let played = self.player.next_frame();
        self.sounds = played.is_some();
        let frame = match played.or(hears) {
            Some(frame) => self.voice.speak(&frame),
            None => <A as Audio>::SILENCE,
        };
        self.sent = frame;
        frame
    }

    /// True if the player played in the last tick.
    pub fn sounds(&self) -> bool {
        self.sounds
    }
}
