//! What a code is answered in words: the line's own number, the gateway's address, and, where the house wants it, what a code did.

use tipring_port::{Announcement, LineCommand, Phrase, Tone};

use super::{LineSide, Scene};
use crate::features::{Action, Forward, Given, Memory, Turn};
use crate::{Number, Phone};

impl LineSide {
    /// Says what the code asks for.
    pub(super) fn says(&mut self, action: Action, phone: &Phone, scene: &mut Scene<'_>) {
        let words = if action == Action::SayAddress {
            match scene.setup.address {
                Some(address) => Announcement::of_address(address),
                None => Announcement::of(Phrase::Address).then(Phrase::Unknown),
            }
        } else {
            Announcement::of_number(phone.number.as_str())
        };
        self.answer_with(LineCommand::Announce { words, then: Some(Tone::Confirmation) }, scene);
    }
}

/// What is said of a code, where it is said in words and not by the tone alone; `None`: the tone says all.
pub(super) fn words_of(given: &Given, done: bool, phone: &Phone, memory: &Memory) -> Option<Announcement> {
    let on = Announcement::of(Phrase::FeatureOn);
    let off = Announcement::of(Phrase::FeatureOff);
    let to = |number: Number| Announcement::told(Phrase::ForwardedTo, number.as_str());
    match given.action {
        Action::Forward(when, Turn::Ask) => Some(memory.forward(when, &phone.features).map_or(off, to)),
        Action::Flag(_, Turn::Ask) => Some(if done { on } else { off }),
        _ if !done => Some(Announcement::of(Phrase::NotAllowed)),
        Action::Forward(when, Turn::On) => match memory.set.forward(when) {
            Some(Forward::To(number)) => Some(on.then(Phrase::ForwardedTo).spelling(number.as_str())),
            Some(Forward::Off) | None => Some(on),
        },
        Action::Flag(_, Turn::On) | Action::SetSpeed => Some(on),
        Action::Forward(_, Turn::Off) | Action::ForwardNone | Action::Flag(_, Turn::Off) => Some(off),
        _ => None,
    }
}
