//! A telephone hands its held party on: by hanging up in a second call, by the digit 4 behind a flash, or by star code and
//! number.
//!
//! # How
//! By code the held call is asked first: where its party is at the server that the number goes to, the server does it. Else
//! the number is called as from dial tone, and as soon as it rings the two are joined. The telephone hears the
//! confirmation tone then; what fails before is told by its tone, and a flash goes back to the held party.

use tipring_port::{LineCommand, Tone};
use tipring_units::CallId;

use super::ask::InVain;
use super::{LineSide, Scene, State};
use crate::outbox::{CallInput, Wish};
use crate::plan::Selection;
use crate::{Cause, Number, Why};

/// A held party that is sent to a number.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Sending {
    /// None.
    #[default]
    Nobody,
    /// Its call was asked whether the server does it.
    Asked(CallId, Selection),
    /// The server does it, for the party of this call, which goes to this number.
    Goes(CallId, Number),
    /// The number is called from here; the party of this call is joined to it as soon as it rings.
    Calls(CallId),
    /// It rings, and the party of this call is being joined to it.
    Joins(CallId),
}

impl LineSide {
    /// True if a telephone that hangs up hands its held call on.
    pub(super) fn hands_on(&self, scene: &Scene<'_>) -> bool {
        scene.setup.phones.iter().any(|phone| phone.line == self.line && phone.transfer)
    }

    /// The number for the party that is held last.
    pub(super) fn send_held(&mut self, selection: Selection, scene: &mut Scene<'_>) {
        let Some(held) = self.held.last().copied() else {
            return self.refuse_code(Cause::REJECTED, scene);
        };
        self.forget_codes();
        if matches!(self.state, State::Dialling(_, Some(_))) {
            self.command(LineCommand::Quiet, scene);
        }
        self.enter(State::Told);
        self.sending = Sending::Asked(held, selection);
        self.tell(held, CallInput::Transfer(selection), scene);
    }

    /// The server does it.
    pub(super) fn sent(&mut self, call: CallId, scene: &mut Scene<'_>) {
        if let Sending::Asked(held, selection) = self.sending
            && held == call
        {
            self.sending = Sending::Goes(call, selection.dialled);
            self.command(LineCommand::Play(Tone::Confirmation), scene);
        }
    }

    /// The server does not: called from here.
    pub(super) fn not_sent(&mut self, call: CallId, scene: &mut Scene<'_>) {
        if let Sending::Asked(held, selection) = self.sending
            && held == call
        {
            self.call_out(Wish::Selected { selection, shown: None, completes: None }, scene);
            self.sending = Sending::Calls(held);
        }
    }

    /// It was to do it, and the party is still here.
    pub(super) fn came_back(&mut self, call: CallId, cause: Cause, scene: &mut Scene<'_>) {
        if let Sending::Goes(held, number) = self.sending
            && held == call
        {
            self.sending = Sending::Nobody;
            self.busy = Some(InVain { number, far: None }).filter(|_| cause == Cause::BUSY);
            self.command(cause.told(scene.setup.tones), scene);
        }
    }

    /// The one that this line waits for rings or answers: true if that was for the held party, which is joined to it.
    pub(super) fn passes_on(&mut self, call: CallId, scene: &mut Scene<'_>) -> bool {
        let Sending::Calls(held) = self.sending else { return false };
        if !matches!(self.state, State::Waiting(waiting, _) if waiting == call) {
            return false;
        }
        self.enter(State::Told);
        self.sending = Sending::Joins(held);
        self.tell(call, CallInput::Join { held, keeps: false }, scene);
        true
    }

    /// By key: the party of `call`, with which it talks, and the one of `held` are joined, and it leaves. Where that cannot
    /// be it talks on.
    pub(super) fn puts_together(&mut self, call: CallId, held: CallId, scene: &mut Scene<'_>) {
        if self.hands_on(scene) {
            self.sending = Sending::Joins(held);
            self.tell(call, CallInput::Join { held, keeps: true }, scene);
        }
    }

    /// The held party is gone: nobody is sent any more.
    pub(super) fn sends_no_more(&mut self, call: CallId) {
        let sent = match self.sending {
            Sending::Nobody => None,
            Sending::Asked(held, _)
            | Sending::Goes(held, _)
            | Sending::Calls(held)
            | Sending::Joins(held) => Some(held),
        };
        if sent == Some(call) {
            self.sending = Sending::Nobody;
        }
    }

    /// The held party is joined, or is not: true if it was this line's code that wanted it.
    pub(super) fn passed_on(&mut self, call: CallId, joined: bool, scene: &mut Scene<'_>) -> bool {
        if !matches!(self.sending, Sending::Joins(held) if held == call) {
            return false;
        }
        if let State::Talking(_) = self.state {
            if !joined {
                self.sending = Sending::Nobody; // by key: it goes on with whom it talks to
                return true;
            }
            self.enter(State::Told);
        }
        self.sending = Sending::Nobody;
        if joined {
            self.held.retain(|held| *held != call);
            if self.held.is_empty() {
                self.timer = Some((scene.now + scene.setup.timers.tone, Why::ToneLimit));
            }
        }
        let tone = if joined { Tone::Confirmation } else { Tone::Congestion };
        self.command(LineCommand::Play(tone), scene);
        true
    }
}
