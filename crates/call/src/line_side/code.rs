//! Star codes on a line: what they do.

use tipring_port::{LineCommand, Tone};

use super::say::words_of;
use super::{LineSide, Scene, State};
use crate::digits::{Reader, Verdict};
use crate::features::{Action, Code, Flag, Forward, ForwardWhen, Given, Judged, Memory, Turn, judge};
use crate::outbox::Wish;
use crate::plan::Selection;
use crate::{CallEvent, Cause, Number, Phone, Presentation, Why};

/// What codes said of the next call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Next {
    /// With or without the own number.
    pub shown: Option<bool>,
}

/// What a digit was to the star codes.
pub(super) enum Coded {
    /// Nothing.
    Not,
    /// The beginning of a code.
    More,
    /// It ended one, which is done.
    Done,
}

impl LineSide {
    /// Dial tone has begun: nothing was dialled.
    pub(super) fn forget_codes(&mut self) {
        self.typed.clear();
        (self.wants, self.secret) = (None, false);
        self.next = Next::default();
    }

    /// True if what is dialled next is a PIN.
    pub fn hides_digits(&self) -> bool {
        self.secret && matches!(self.state, State::Dialling(..))
    }

    /// A digit was dialled: is it of a star code?
    pub(super) fn code(&mut self, digit: u8, scene: &mut Scene<'_>) -> Coded {
        let Some(phone) = self.phone(scene) else { return Coded::Not };
        if !phone.codes || self.wants.is_some() {
            return Coded::Not;
        }
        if self.typed.len() < crate::MAX_NUMBER {
            self.typed.push(char::from(digit));
        }
        let judged = judge(&scene.setup.codes, &self.typed);
        self.secret = matches!(judged, Judged::More { secret: true });
        match judged {
            Judged::Not => Coded::Not,
            Judged::More { .. } => Coded::More,
            Judged::NumberFollows(given) if given.action == Action::Transfer && self.held.is_empty() => {
                self.refuse_code(Cause::REJECTED, scene);
                Coded::Done
            }
            Judged::NumberFollows(given) => {
                self.wants = Some(given);
                self.typed.clear();
                self.begin_dialling(scene);
                Coded::Done
            }
            Judged::Whole(given) => {
                self.typed.clear();
                self.obey(given, scene);
                Coded::Done
            }
        }
    }

    /// More of a code is waited for, where no number can come of it.
    pub(super) fn await_code(&mut self, reader: Reader, scene: &mut Scene<'_>) {
        if matches!(self.state, State::Dialling(_, Some(_))) {
            self.command(LineCommand::Quiet, scene);
        }
        self.enter(State::Dialling(reader, None));
        self.timer = Some((scene.now + scene.setup.timers.long, Why::MoreDigits));
    }

    /// A number is whole: it is called, or a code waited for it.
    pub(super) fn complete(&mut self, selection: Selection, scene: &mut Scene<'_>) {
        if matches!(self.wants, Some(Given { action: Action::Transfer, .. })) && !selection.is_emergency() {
            self.wants = None;
            let barred = self.phone(scene).is_none_or(|phone| selection.is_barred_for(phone.may_call));
            return if barred {
                self.refuse_code(Cause::Barred, scene)
            } else {
                self.send_held(selection, scene)
            };
        }
        let Some(given) = self.wants.take().filter(|_| !selection.is_emergency()) else {
            if let Some(phone) = self.phone(scene)
                && !selection.is_emergency()
            {
                scene.memory.entry(phone.number).or_default().dialled = Some(selection.dialled);
            }
            let completes = self.completes;
            return self.call_out(Wish::Selected { selection, shown: self.next.shown, completes }, scene);
        };
        let barred = self.phone(scene).is_none_or(|phone| selection.is_barred_for(phone.may_call));
        if barred {
            return self.refuse_code(Cause::Barred, scene);
        }
        self.obey(Given { number: Some(selection.dialled), ..given }, scene);
    }

    /// A code cannot be done.
    pub(super) fn refuse_code(&mut self, cause: Cause, scene: &mut Scene<'_>) {
        self.wants = None;
        self.answer_code(cause.tone(scene.setup.tones), scene);
    }

    fn obey(&mut self, given: Given, scene: &mut Scene<'_>) {
        let Some(phone) = self.phone(scene) else { return self.refuse_code(Cause::Barred, scene) };
        let done = match given.action {
            Action::HideNext | Action::ShowNext => {
                self.next.shown = Some(given.action == Action::ShowNext);
                return self.begin_dialling(scene);
            }
            Action::NoWaiting => {
                self.calm = true;
                return self.begin_dialling(scene);
            }
            Action::CallBack if self.busy.is_none() => {
                return self.obey(Given { action: Action::Redial, ..given }, scene);
            }
            Action::PickUp
            | Action::PickUpGroup
            | Action::Park
            | Action::Unpark
            | Action::CallBack
            | Action::CallBackNow
            | Action::CallBackOff => return self.ask_house(given, scene),
            Action::Redial | Action::Return | Action::Speed => {
                let memory = scene.memory.entry(phone.number).or_default();
                let number = match given.action {
                    Action::Redial => memory.dialled,
                    // Who hides the number is not called back: the call would show it.
                    Action::Return => memory
                        .caller
                        .filter(|caller| caller.presentation == Presentation::Allowed)
                        .map(|caller| caller.number)
                        .filter(|number| !number.is_empty()),
                    _ => given.key.and_then(|key| memory.speed(key, &phone.features)),
                };
                return match number {
                    Some(number) => self.dial_for(number, scene),
                    None => self.refuse_code(Cause::UNALLOCATED, scene),
                };
            }
            Action::Transfer => {
                self.wants = Some(given);
                return match given.number {
                    Some(number) => self.dial_for(number, scene),
                    None => self.refuse_code(Cause::INCOMPLETE, scene),
                };
            }
            Action::SayNumber | Action::SayAddress => return self.says(given.action, &phone, scene),
            Action::Trace => {
                let caller = scene.memory.entry(phone.number).or_default().caller;
                if let Some(caller) = caller {
                    scene.out.event(CallEvent::Traced { line: self.line, caller });
                }
                caller.is_some()
            }
            Action::Forward(..)
            | Action::ForwardNone
            | Action::Flag(..)
            | Action::SetSpeed
            | Action::Pass => {
                let memory = scene.memory.entry(phone.number).or_default();
                let before = memory.set.clone();
                let calls_for_help = matches!(given.action, Action::Forward(_, Turn::On))
                    && given.number.is_some_and(|number| scene.plan.emergency(number.as_str()).is_some());
                let done = !calls_for_help && set(&given, &phone, memory);
                if memory.set != before {
                    let features = Box::new(memory.set.clone());
                    scene.out.output(crate::Output::Features { number: phone.number, features });
                }
                done
            }
        };
        scene.out.event(CallEvent::Feature { line: self.line, given: Given { pin: None, ..given }, done });
        let asked = matches!(given.action, Action::Forward(_, Turn::Ask) | Action::Flag(_, Turn::Ask));
        let tone = match (done, asked) {
            (true, _) => Tone::Confirmation,
            (false, true) => Tone::Busy,
            (false, false) => Tone::Congestion,
        };
        let words = scene.setup.says_features.then(|| {
            let memory = scene.memory.entry(phone.number).or_default();
            words_of(&given, done, &phone, memory)
        });
        match words.flatten() {
            Some(words) => self.answer_with(LineCommand::Announce { words, then: Some(tone) }, scene),
            None => self.answer_code(tone, scene),
        }
    }

    pub(super) fn answer_code(&mut self, tone: Tone, scene: &mut Scene<'_>) {
        self.answer_with(LineCommand::Play(tone), scene);
    }

    /// A key on busy tone that asks to be called back: true, and it is done.
    pub(super) fn key_on_busy(&mut self, digit: u8, scene: &mut Scene<'_>) -> bool {
        let key = char::from(digit).to_string();
        let is_it = |code: &Code| code.action() == Action::CallBackNow && code.as_str() == key;
        let codes = self.phone(scene).is_some_and(|phone| phone.codes);
        if !codes || self.busy.is_none() || self.asks.is_some() || !scene.setup.codes.iter().any(is_it) {
            return false;
        }
        self.ask_house(Given { action: Action::CallBackNow, number: None, key: None, pin: None }, scene);
        true
    }

    /// The line hears what became of its code; a flash goes back to a held call.
    pub(super) fn answer_with(&mut self, command: LineCommand, scene: &mut Scene<'_>) {
        self.forget_codes();
        self.enter(State::Told);
        if self.held.is_empty() {
            self.timer = Some((scene.now + scene.setup.timers.tone, Why::ToneLimit));
        }
        self.command(command, scene);
    }

    /// Dials a number for the subscriber.
    pub(super) fn dial_for(&mut self, number: Number, scene: &mut Scene<'_>) {
        let mut reader = Reader::new(scene.plan, scene.offline);
        for digit in number.as_str().bytes() {
            reader.push(scene.plan, digit);
        }
        match reader.timeout(scene.plan) {
            Verdict::Whole(selection) => self.complete(selection, scene),
            Verdict::Dead(cause) => {
                let dialled = reader.dialled();
                self.call_out(Wish::Nothing { dialled, cause }, scene);
            }
            Verdict::More { .. } => self.refuse_code(Cause::INCOMPLETE, scene),
        }
    }

    pub(super) fn phone(&self, scene: &Scene<'_>) -> Option<Phone> {
        scene.setup.phones.iter().find(|phone| phone.line == self.line).cloned()
    }
}

/// Sets what a code asks for; what it asks about: whether it is on. False: it cannot be.
fn set(given: &Given, phone: &Phone, memory: &mut Memory) -> bool {
    match given.action {
        Action::Forward(when, Turn::Ask) => memory.forward(when, &phone.features).is_some(),
        Action::Forward(when, Turn::Off) => {
            memory.set.set_forward(when, Forward::Off);
            true
        }
        Action::Forward(when, Turn::On) => match given.number.filter(|number| *number != phone.number) {
            Some(number) => {
                memory.set.set_forward(when, Forward::To(number));
                true
            }
            None => false,
        },
        Action::ForwardNone => {
            for when in ForwardWhen::ALL {
                memory.set.set_forward(when, Forward::Off);
            }
            true
        }
        Action::Flag(flag, Turn::Ask) => memory.is(flag, &phone.features),
        Action::Flag(Flag::Lock, _) if phone.pin.is_none() || given.pin != phone.pin => false,
        Action::Flag(flag, turn) => {
            memory.set.set_flag(flag, turn == Turn::On);
            true
        }
        Action::SetSpeed => match (given.key, given.number) {
            (Some(key), Some(number)) => {
                memory.set.set_speed(key, number);
                true
            }
            (_, None) | (None, _) => false,
        },
        Action::HideNext
        | Action::ShowNext
        | Action::NoWaiting
        | Action::Redial
        | Action::Return
        | Action::Speed
        | Action::Trace
        | Action::SayNumber
        | Action::SayAddress
        | Action::Transfer
        | Action::PickUp
        | Action::PickUpGroup
        | Action::Park
        | Action::Unpark
        | Action::CallBack
        | Action::CallBackNow
        | Action::CallBackOff
        | Action::Pass => false,
    }
}
