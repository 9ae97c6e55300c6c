//! What people do with telephones on lines.

use tipring_media::Processing;
use tipring_units::{LineId, Millis};

use super::agenda::Deed;
use super::run::Explorer;
use crate::lab::Place;
use crate::mouth::Talk;
use crate::phone::{Action, Dialling};
use crate::plant::Fidelity;

impl<A: Processing + Fidelity> Explorer<A> {
    /// The user of a line thinks of something to do.
    pub(super) fn user(&mut self, line: LineId) {
        let pause = self.some(2_000, 60_000);
        self.later(pause, Deed::User(line));
        let place = self.telephone(line);
        let phone = self.world.lab().phone(place);
        if phone.is_none_or(|phone| phone.is_lifted() || phone.is_busy()) {
            return;
        }
        let is_rotary = self.house.rotary.get(usize::from(line.0)).copied().unwrap_or(false);
        let how = if is_rotary || self.entropy.chance(4.0) { Dialling::Pulse } else { Dialling::Dtmf };
        self.phone(place, Action::OffHook);
        let hesitates = self.some(50, 2500);
        self.phone(place, Action::Wait(hesitates));
        match self.entropy.below(100) {
            // nothing at all, for a moment or until the howler has given up
            0..6 => {}
            // gives up half way
            6..12 => {
                let number = self.number();
                let digits = 1 + self.entropy.below(number.len() as u32) as usize;
                self.phone(place, Action::Dial(number[..digits.min(number.len())].to_owned(), how));
            }
            // nobody has this number
            12..16 => self.phone(place, Action::Dial("777".to_owned(), how)),
            16..19 => self.phone(place, Action::Dial(self.house.emergency.to_owned(), how)),
            19..31 => {
                let code = self.star_code();
                self.phone(place, Action::Dial(code, how));
            }
            _ => {
                let number = self.number();
                self.phone(place, Action::Dial(number, how));
            }
        }
        self.say(place);
        let lasts = self.length_of_talk(place, how);
        self.later(hesitates + lasts, Deed::HangUp(place));
    }

    /// A telephone rings.
    pub(super) fn rings(&mut self, line: LineId) {
        let place = self.telephone(line);
        let patience = match self.entropy.below(100) {
            0..12 => Millis::ZERO,
            12..30 => self.some(10, 2_500),
            30..75 => self.some(500, 9_000),
            _ => return,
        };
        self.later(patience, Deed::Phone(place, Action::OffHook));
        self.later(patience + Millis(10), Deed::Phone(place, Action::Say(self.voice_of(line))));
        let lasts = self.length_of_talk(place, Dialling::Dtmf);
        self.later(patience + lasts, Deed::HangUp(place));
    }

    /// A telephone hears a tone that says that there is no call.
    pub(super) fn is_told(&mut self, place: Place) {
        if self.entropy.chance(60.0) {
            let soon = self.some(300, 6_000);
            self.later(soon, Deed::HangUp(place));
        }
    }

    /// A number to dial.
    pub(super) fn number(&mut self) -> String {
        if self.house.outside > 0 && self.entropy.chance(25.0) {
            return match self.entropy.below(10) {
                0 => "95559999".to_owned(), // nobody has that one
                n => format!("9555{}", if n < 6 { "0177" } else { "0188" }),
            };
        }
        match self.entropy.below(100) {
            0..45 => format!("{}", 101 + self.entropy.below(self.house.lines() as u32)),
            45..70 => format!("4{:03}", self.entropy.below(1000)),
            70..82 => format!("5{:02}", self.entropy.below(100)),
            82..87 => format!("30{}", self.entropy.below(2)),
            87..94 => self.house.users[self.entropy.below(self.house.users.len() as u32) as usize].to_owned(),
            94..97 => "199".to_owned(),
            _ => format!("6{:03}", self.entropy.below(1000)),
        }
    }

    /// How long somebody talks, with what he does meanwhile.
    fn length_of_talk(&mut self, place: Place, how: Dialling) -> Millis {
        if self.entropy.chance(15.0) {
            self.bring_together(place, how);
            return self.some(45_000, 90_000);
        }
        let lasts = self.length_of_call();
        self.perhaps_flash(place, lasts, how);
        lasts
    }

    fn length_of_call(&mut self) -> Millis {
        match self.entropy.below(100) {
            0..10 => self.some(10, 900),
            10..35 => self.some(500, 6_000),
            35..90 => self.some(4_000, 45_000),
            90..97 => self.some(30_000, 120_000),
            _ => self.some(200_000, 500_000),
        }
    }

    /// A telephone of a line: most often the first.
    fn telephone(&mut self, line: LineId) -> Place {
        let second = Place { line, phone: 1 };
        let has_second = self.world.lab().phone(second).is_some();
        let phone = u8::from(has_second && self.entropy.chance(30.0));
        Place { line, phone }
    }

    fn voice_of(&self, line: LineId) -> Talk {
        Talk::Voice(line.0 + 1)
    }

    fn say(&mut self, place: Place) {
        self.phone(place, Action::Say(self.voice_of(place.line)));
    }

    fn phone(&mut self, place: Place, action: Action) {
        // a telephone with too much to do is left alone
        let _ = self.world.act(place, action);
    }
}
