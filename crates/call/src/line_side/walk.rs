//! A line while somebody walks through the house to find out which room is on which port.
//!
//! # How
//! Each telephone that is lifted gets dial tone, and what is dialled is the number of its room, which ends at `#` or when no digit
//! follows. It is said back. A number that was dialled on another port already is refused; dialled again on the same port, the last one holds.
//! `*#` on any telephone ends the walk. An emergency number is called as ever, and telephones that call by themselves still do.

use tipring_port::{Announcement, LineCommand, Phrase, Tone};
use tipring_units::LineId;

use std::collections::BTreeMap;

use super::{LineSide, Scene, State};
use crate::{CallEvent, Number, Why};

/// What was found so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Walk {
    /// Each number with its line.
    pub rooms: BTreeMap<Number, LineId>,
    /// Whoever walks said that it is over.
    pub over: bool,
}

impl LineSide {
    /// A digit of a room's number; false: nobody walks.
    pub(super) fn walks(&mut self, digit: u8, scene: &mut Scene<'_>) -> bool {
        if scene.walk.is_none() || !self.held.is_empty() {
            return false;
        }
        let ends = digit == b'#' && !self.typed.is_empty();
        if !ends && self.typed.len() < crate::MAX_NUMBER {
            self.typed.push(char::from(digit));
        }
        if scene.plan.emergency(&self.typed).is_some() {
            let typed = core::mem::take(&mut self.typed);
            self.call_emergency(&typed, scene);
            return true;
        }
        if ends {
            self.room_is_told(scene);
            return true;
        }
        if let State::Dialling(reader, tone) = &self.state {
            let (reader, sounds) = (reader.clone(), tone.is_some());
            if sounds {
                self.command(LineCommand::Quiet, scene);
            }
            self.enter(State::Dialling(reader, None));
            self.timer = Some((scene.now + scene.setup.timers.short, Why::NumberWhole));
        }
        true
    }

    /// No digit followed.
    pub(super) fn walk_timer(&mut self, scene: &mut Scene<'_>) -> bool {
        let dialled = matches!(self.state, State::Dialling(..)) && !self.typed.is_empty();
        if scene.walk.is_none() || !self.held.is_empty() || !dialled {
            return false;
        }
        self.room_is_told(scene);
        true
    }

    /// The number of the room is whole.
    fn room_is_told(&mut self, scene: &mut Scene<'_>) {
        let typed = core::mem::take(&mut self.typed);
        let Some(walk) = scene.walk.as_mut() else { return };
        if typed == "*" {
            walk.over = true;
            self.answer_with(LineCommand::Play(Tone::Confirmation), scene);
            return;
        }
        let number = Number::new(&typed);
        let line = self.line;
        let other = walk.rooms.get(&number).copied().filter(|other| *other != line);
        let is_number = typed.bytes().all(|digit| digit.is_ascii_digit());
        if is_number && other.is_none() {
            walk.rooms.retain(|_, own| *own != line);
            walk.rooms.insert(number, line);
        }
        if is_number {
            scene.out.event(CallEvent::Walked { line, number, other });
        }
        let (words, then) = if is_number && other.is_none() {
            (Announcement::of_number(&typed), Tone::Confirmation)
        } else {
            (Announcement::of(Phrase::NotAllowed), Tone::Congestion)
        };
        self.answer_with(LineCommand::Announce { words, then: Some(then) }, scene);
    }
}
