//! What a hook flash does.
//!
//! # How
//! In a call it holds the other party and gives dial tone. With a second call, held or waiting, it does what the telephone's
//! [`Recall`] says: goes back and forth, joins all three, or waits for a digit. In a conference made by flash it takes the
//! one who came last out, and lets him go after [`SWAP_TIME`]; flashed again by then, he is back and the first one goes. A call for help is never held: there a flash
//! does nothing, except that it brings a held party in where the telephone makes conferences by flash.
//!
//! # Limits
//! Three in a conference, its maker included. It ends for all when the maker hangs up.
//!
//! # Standard
//! GR-577-CORE (three-way calling); ETSI EN 300 659 and EN 301 001 do not number the digits behind a flash: those here are the
//! ones that networks of the ETSI countries use.

use tipring_port::{LineCommand, Tone};
use tipring_units::{CallId, Millis};

use super::{LineSide, MAX_CALLS_PER_LINE, Scene, State};
use crate::outbox::CallInput;
use crate::{CallEvent, Cause, Recall, Why};

/// So long is waited for the digit behind a flash.
const KEY_TIME: Millis = Millis::from_secs(6);
/// A second flash within this, from the end of one to the end of the other, means the other party: two of the longest
/// that a telephone's key makes, with a rest.
pub(super) const SWAP_TIME: Millis = Millis(1500);

impl LineSide {
    /// The hook was flashed.
    pub(super) fn flash(&mut self, scene: &mut Scene<'_>) {
        match self.state {
            State::Talking(call) => self.flash_in_call(call, scene),
            State::Keying => self.keyed(None, scene),
            State::Dialling(..) | State::Told => {
                if let Some(back) = self.held.pop() {
                    self.back_to(back, scene);
                    self.tell_of_waiting(scene);
                } else {
                    self.answer_waiting(scene);
                }
            }
            // An emergency call is not given up so easily.
            State::Waiting(call, _) if self.emergency == Some(call) => {}
            State::Waiting(call, _) => {
                if let Some(back) = self.held.pop() {
                    self.tell(call, CallInput::Gone(Cause::NORMAL), scene);
                    self.back_to(back, scene);
                }
            }
            // No call to hold or to go back to; on-hook there is no flash.
            State::Idle
            | State::Parked
            | State::Ringing(_)
            | State::Recalling(_)
            | State::Stopping(_)
            | State::Down => {}
        }
    }

    /// Holds the call that the line is in, if it is in one, and gives dial tone; nothing if one more call has no room.
    pub fn consult(&mut self, scene: &mut Scene<'_>) {
        self.lets_leaver_go(scene);
        if let State::Talking(call) = self.state
            && self.third.is_none()
            && self.emergency != Some(call)
            && self.held.len() + 1 < MAX_CALLS_PER_LINE
        {
            self.answered_waiting = false; // the next one is called
            self.hold(call, scene);
            self.dial(scene);
        }
    }

    /// What becomes of two calls, by the digit behind a flash; none came in time, or the hook was flashed again.
    pub(super) fn keyed(&mut self, digit: Option<u8>, scene: &mut Scene<'_>) {
        self.timer = None;
        let (Some(latest), longest) = (self.held.last().copied(), self.held.first().copied()) else {
            // Both have gone meanwhile.
            if !self.answer_waiting(scene) {
                self.nobody_left(scene);
            }
            return;
        };
        let other = longest.filter(|longest| *longest != latest);
        match digit {
            Some(b'0') => {
                if !self.let_wait_no_more(Cause::BUSY, scene)
                    && let Some(other) = other
                {
                    self.let_go(other, scene);
                }
            }
            Some(b'1') => {
                self.let_go(latest, scene);
                if self.answer_waiting(scene) {
                    return;
                }
            }
            Some(b'2') => {
                if self.answer_waiting(scene) {
                    return;
                }
                if let Some(other) = other {
                    self.held.retain(|held| *held != other);
                    return self.back_to(other, scene);
                }
            }
            Some(b'3') => {
                if let Some(other) = other.filter(|_| self.waiting.is_none()) {
                    self.held.pop();
                    self.back_to(latest, scene);
                    return self.confer(latest, other, scene);
                }
            }
            Some(b'4') => {
                if let Some(other) = other.filter(|_| self.waiting.is_none()) {
                    self.held.pop();
                    self.back_to(latest, scene);
                    return self.puts_together(latest, other, scene);
                }
            }
            Some(_) | None => {}
        }
        match self.held.pop() {
            Some(back) => {
                self.back_to(back, scene);
                self.tell_of_waiting(scene);
            }
            None => self.nobody_left(scene),
        }
    }

    /// A call of a conference is over: the other one goes on. False if it is none of them.
    pub(super) fn leaves_conference(&mut self, call: CallId, scene: &mut Scene<'_>) -> bool {
        let State::Talking(talking) = self.state else { return false };
        let Some(third) = self.third else { return false };
        let left = match call {
            _ if call == talking => third,
            _ if call == third => talking,
            _ => return false,
        };
        self.enter(State::Talking(left));
        self.tell(left, CallInput::Confer(false), scene);
        true
    }

    pub(super) fn back_to(&mut self, call: CallId, scene: &mut Scene<'_>) {
        self.enter(State::Talking(call));
        self.command(LineCommand::Quiet, scene);
        self.tell(call, CallInput::Retrieve, scene);
    }

    fn flash_in_call(&mut self, call: CallId, scene: &mut Scene<'_>) {
        let phone = scene.setup.phones.iter().find(|phone| phone.line == self.line);
        let recall = phone.map(|phone| phone.recall).unwrap_or_default();
        let is_second = !self.held.is_empty() || self.waiting.is_some();
        let helps = self.emergency == Some(call);
        match recall {
            // The one that was called last leaves,
            Recall::Conference if let Some(third) = self.third => {
                if !helps {
                    self.enter(State::Talking(third));
                    self.tell(third, CallInput::Confer(false), scene);
                    self.hold(call, scene);
                    self.leaver = Some(call);
                    self.timer = Some((scene.now + SWAP_TIME, Why::SecondFlash));
                }
            }
            // or the first one in his place.
            Recall::Conference if let Some(leaver) = self.leaver => {
                self.held.retain(|held| *held != leaver);
                self.let_go(call, scene);
                self.back_to(leaver, scene);
            }
            Recall::Swap if self.third.is_some() => {}
            Recall::Keys if let Some(third) = self.third => {
                if self.emergency.is_none() {
                    self.hold(third, scene);
                    self.hold(call, scene);
                    self.await_key(scene);
                }
            }
            Recall::Conference
                if self.waiting.is_none() && !self.answered_waiting && !self.held.is_empty() =>
            {
                let longest = self.held.remove(0);
                self.confer(call, longest, scene);
            }
            Recall::Conference | Recall::Swap | Recall::Keys if helps => {}
            Recall::Conference | Recall::Swap | Recall::Keys if !is_second => self.consult(scene),
            Recall::Keys => {
                self.hold(call, scene);
                self.await_key(scene);
            }
            Recall::Conference | Recall::Swap if self.waiting.is_some() => {
                self.hold(call, scene);
                self.answer_waiting(scene);
            }
            Recall::Conference | Recall::Swap => {
                let longest = self.held.remove(0);
                self.hold(call, scene);
                self.back_to(longest, scene);
            }
        }
    }

    /// No second flash came, or it is too late for one: who was taken out of the conference is let go.
    pub(super) fn lets_leaver_go(&mut self, scene: &mut Scene<'_>) -> bool {
        let Some(leaver) = self.leaver.take() else { return false };
        self.timer = None;
        self.let_go(leaver, scene);
        true
    }

    fn await_key(&mut self, scene: &mut Scene<'_>) {
        self.enter(State::Keying);
        self.timer = Some((scene.now + KEY_TIME, Why::Key));
        self.command(LineCommand::Play(Tone::Stutter), scene);
    }

    /// All three talk together; `talking` is in the call already.
    fn confer(&mut self, talking: CallId, other: CallId, scene: &mut Scene<'_>) {
        self.held.retain(|held| *held != other);
        self.enter(State::Talking(talking));
        self.third = Some(other);
        for call in [talking, other] {
            self.tell(call, CallInput::Confer(true), scene);
        }
        scene.out.event(CallEvent::Conference { line: self.line, calls: [other, talking] });
    }

    fn hold(&mut self, call: CallId, scene: &mut Scene<'_>) {
        self.tell(call, CallInput::Hold, scene);
        self.held.push(call);
    }

    fn let_go(&mut self, call: CallId, scene: &mut Scene<'_>) {
        self.held.retain(|held| *held != call);
        self.tell(call, CallInput::Gone(Cause::NORMAL), scene);
    }
}
