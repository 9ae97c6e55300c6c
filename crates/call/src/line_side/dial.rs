//! Dialling on a line: dial tone, digits, and what they come to.

use tipring_port::{DigitSource, LineCommand, Tone};
use tipring_units::{CallId, Millis};

use super::code::Coded;
use super::{Behind, LineSide, Scene, State};
use crate::digits::{Reader, Verdict};
use crate::outbox::{CallInput, Sent, Wish};
use crate::{CallEvent, Cause, Number, Party};

impl LineSide {
    /// The dial plan changed under the digits.
    pub fn read_again(&mut self, scene: &mut Scene<'_>) {
        if let State::Dialling(reader, _) = &self.state {
            let reader = reader.again(scene.plan, scene.offline);
            self.judge(reader, scene);
        }
    }

    pub(super) fn digit(&mut self, digit: u8, source: DigitSource, length: Millis, scene: &mut Scene<'_>) {
        match &mut self.state {
            State::Dialling(reader, _) => {
                let mut reader = reader.clone();
                reader.push(scene.plan, digit);
                let shown = if self.hides_digits() { b'*' } else { digit };
                scene.out.event(CallEvent::Dialled { line: self.line, digit: shown, source });
                if self.walks(digit, scene) || self.calls_desk(digit, scene) {
                    return;
                }
                match self.code(digit, scene) {
                    Coded::Done => {}
                    Coded::More if matches!(reader.verdict(scene.plan), Verdict::Dead(_)) => {
                        self.await_code(reader, scene);
                    }
                    Coded::More | Coded::Not => self.judge(reader, scene),
                }
            }
            // A touch tone goes with the sound; dial pulses are heard by nobody else. Before the answer an exchange
            // may listen, which may not hear tones.
            State::Talking(call) | State::Waiting(call, _) => {
                let call = *call;
                if self.follow_behind(digit, call, scene) {
                    return;
                }
                let sounded = source == DigitSource::Dtmf;
                for call in [Some(call), self.third].into_iter().flatten() {
                    self.tell(call, CallInput::Digit(Sent { digit, length, sounded }), scene);
                }
            }
            State::Keying => {
                scene.out.event(CallEvent::Dialled { line: self.line, digit, source });
                self.keyed(Some(digit), scene);
            }
            State::Told => self.follow_told(digit, scene),
            // Nobody listens.
            State::Idle
            | State::Parked
            | State::Ringing(_)
            | State::Recalling(_)
            | State::Stopping(_)
            | State::Down => {}
        }
    }

    /// Gives dial tone, or calls at once where the telephone dials by itself.
    pub(super) fn dial(&mut self, scene: &mut Scene<'_>) {
        if self.held.is_empty() {
            scene.out.event(CallEvent::Seized(self.line));
            if self.waits_off_hook(scene) || self.calls_by_itself(scene) {
                return;
            }
        }
        self.forget_codes();
        self.begin_dialling(scene);
    }

    /// Messages wait for the telephone, and its dial tone tells so.
    fn has_mail(&self, scene: &Scene<'_>) -> bool {
        let phone = scene.setup.phones.iter().find(|phone| phone.line == self.line);
        phone.is_some_and(|phone| {
            phone.lamp && scene.memory.get(&phone.number).is_some_and(|memory| memory.mail)
        })
    }

    /// Dial tone, for a number or for the rest of a code.
    pub(super) fn begin_dialling(&mut self, scene: &mut Scene<'_>) {
        // A tone that is not there yet: what `judge` makes sound is a change.
        self.enter(State::Dialling(Reader::new(scene.plan, scene.offline), None));
        self.judge(Reader::new(scene.plan, scene.offline), scene);
    }

    /// No dial tone: what is dialled is known.
    pub(super) fn begin_quietly(&mut self, scene: &mut Scene<'_>) {
        self.enter(State::Dialling(Reader::new(scene.plan, scene.offline), None));
    }

    /// Acts on what the digits so far come to.
    fn judge(&mut self, reader: Reader, scene: &mut Scene<'_>) {
        let sounding = match &self.state {
            State::Dialling(_, tone) => *tone,
            State::Idle
            | State::Waiting(..)
            | State::Talking(_)
            | State::Keying
            | State::Told
            | State::Parked
            | State::Ringing(_)
            | State::Recalling(_)
            | State::Stopping(_)
            | State::Down => return,
        };
        match reader.verdict(scene.plan) {
            Verdict::More { why, after, outside_tone } => {
                let first = self.held.is_empty() && self.wants.is_none() && !self.has_mail(scene);
                let dial = if first { Tone::Dial } else { Tone::Stutter };
                let tone = match (outside_tone, reader.is_empty()) {
                    (true, _) => Some(Tone::Outside),
                    (false, true) => Some(dial),
                    (false, false) => None,
                };
                if tone != sounding {
                    self.command(tone.map_or(LineCommand::Quiet, LineCommand::Play), scene);
                }
                self.enter(State::Dialling(reader, tone));
                self.timer = Some((scene.now + after, why));
            }
            Verdict::Whole(selection) => self.complete(selection, scene),
            Verdict::Dead(cause) if self.wants.is_some() => self.refuse_code(cause, scene),
            Verdict::Dead(cause) => {
                self.call_out(Wish::Nothing { dialled: reader.dialled(), cause }, scene);
            }
        }
    }

    pub(super) fn call_out(&mut self, wish: Wish, scene: &mut Scene<'_>) {
        if matches!(self.state, State::Dialling(_, Some(_))) {
            self.command(LineCommand::Quiet, scene);
        }
        let call = scene.out.new_call();
        (self.offered, self.completes) = (None, None);
        self.calls = match wish {
            Wish::Selected { selection, .. } if !selection.is_emergency() => Some(selection.dialled),
            _ => None,
        };
        self.by_itself = matches!(wish, Wish::Lifted);
        self.enter(State::Waiting(call, None));
        if matches!(wish, Wish::Selected { selection, .. } if selection.is_emergency()) {
            self.calls_for_help(call, scene);
        }
        self.behind = match wish {
            Wish::Selected { selection, .. } if selection.is_access_code() => {
                Some(Behind { code: selection.dialled, digits: Number::EMPTY })
            }
            Wish::Selected { .. }
            | Wish::Nothing { .. }
            | Wish::Lifted
            | Wish::Desk { .. }
            | Wish::Incoming { .. }
            | Wish::Referred { .. }
            | Wish::Outside { .. }
            | Wish::Disa { .. } => None,
        };
        scene.out.begin(call, Party::Line(self.line), wish);
    }

    /// A digit on an exchange's dial tone. If it completes an emergency number whose first digit was taken for the access
    /// code, the exchange has only the rest of it: the call is made anew, and this gives true. Behind the access code the
    /// exchange has all of it: the call goes on, and the desk is told.
    fn follow_behind(&mut self, digit: u8, call: CallId, scene: &mut Scene<'_>) -> bool {
        let Some(Behind { code, digits }) = self.behind.take() else { return false };
        let digits = format!("{}{}", digits.as_str(), char::from(digit));
        let all = format!("{}{digits}", code.as_str());
        let is_emergency = |text: &str| scene.plan.emergency(text).is_some_and(|is| is.as_str() == text);
        if is_emergency(&all) {
            self.tell(call, CallInput::Gone(Cause::NORMAL), scene);
            self.call_emergency(&all, scene);
            return true;
        }
        if is_emergency(&digits) {
            self.calls_for_help(call, scene);
            let (caller, dialled) = (Party::Line(self.line), Number::new(&digits));
            scene.out.emergency_dialled(call, caller, dialled);
        } else if [&all, &digits].into_iter().any(|text| scene.plan.may_become_emergency(text)) {
            self.behind = Some(Behind { code, digits: Number::new(&digits) });
        }
        false
    }

    /// A digit while it hears why there is no call.
    fn follow_told(&mut self, digit: u8, scene: &mut Scene<'_>) {
        if !self.key_on_busy(digit, scene) {
            self.follow_refused(digit, scene);
        }
    }

    /// A digit behind an access code that got no line: an emergency number gets one all the same.
    fn follow_refused(&mut self, digit: u8, scene: &mut Scene<'_>) {
        let Some(Behind { code, digits }) = self.behind.take() else { return };
        let digits = format!("{}{}", digits.as_str(), char::from(digit));
        let all = format!("{}{digits}", code.as_str());
        let both = [all.as_str(), digits.as_str()];
        if let Some(number) = both.into_iter().find(|text| scene.plan.emergency(text).is_some()) {
            self.command(LineCommand::Quiet, scene);
            self.call_emergency(number, scene);
        } else if both.into_iter().any(|text| scene.plan.may_become_emergency(text)) {
            self.behind = Some(Behind { code, digits: Number::new(&digits) });
        }
    }

    pub(super) fn call_emergency(&mut self, dialled: &str, scene: &mut Scene<'_>) {
        let mut reader = Reader::new(scene.plan, scene.offline);
        for digit in dialled.bytes() {
            reader.push(scene.plan, digit);
        }
        match reader.verdict(scene.plan) {
            Verdict::Whole(selection) => {
                self.call_out(Wish::Selected { selection, shown: None, completes: None }, scene)
            }
            // Cannot be: it is one by the same plan.
            Verdict::More { .. } | Verdict::Dead(_) => {}
        }
    }

    /// Dialling took too long.
    pub(super) fn abandon_dialling(&mut self, scene: &mut Scene<'_>) {
        scene.out.event(CallEvent::Abandoned { line: self.line, dialled: self.dialled() });
        if self.held.is_empty() {
            self.enter(State::Parked);
            self.command(LineCommand::Park, scene);
        } else {
            self.enter(State::Told); // a flash goes back to the held party
            self.command(LineCommand::Play(Tone::Congestion), scene);
        }
    }

    /// A digit has begun: the tone stops at once.
    pub(super) fn hush(&mut self, scene: &mut Scene<'_>) {
        if let State::Dialling(_, tone @ Some(_)) = &mut self.state {
            *tone = None;
            self.command(LineCommand::Quiet, scene);
        }
    }
}
