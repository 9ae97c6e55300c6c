//! A call that comes while the telephone is in another one: it waits.
//!
//! # How
//! Who talks hears the tone for it, and sees who it is where the telephone can; the caller hears ringback. A flash takes the
//! call, hanging up lets it ring. Nobody is told of it in a second call, a conference, an emergency call, or a call that
//! carries a fax or a modem, nor where others ring with him; there the caller hears busy.
//!
//! # Limits
//! One call waits.
//!
//! # Standard
//! GR-571-CORE (call waiting), ETSI EN 300 356-17.

use tipring_port::LineCommand;
use tipring_units::CallId;

use super::{LineSide, Scene, State};
use crate::features::Flag;
use crate::outbox::{CallInput, Offer};
use crate::{CallEvent, Cause};

impl LineSide {
    /// A call is offered in a call: it waits, or finds the line busy.
    pub(super) fn offered_in_call(&mut self, call: CallId, offer: Offer, scene: &mut Scene<'_>) {
        if !self.may_wait(&offer, scene) {
            return self.tell(call, CallInput::Failed(Cause::BUSY), scene);
        }
        self.waiting = Some((call, offer));
        scene.out.event(CallEvent::Waits { call, line: self.line });
        self.tell_of_waiting(scene);
        self.tell(call, CallInput::Alerting, scene);
    }

    /// Who talks hears that a call waits.
    pub(super) fn tell_of_waiting(&mut self, scene: &mut Scene<'_>) {
        if let Some((_, offer)) = self.waiting {
            let caller = offer.from.for_display(scene.wall, scene.setup.offset_minutes);
            self.command(LineCommand::Waiting(Some(caller)), scene);
        }
    }

    /// The call that waits is answered, if one does.
    pub(super) fn answer_waiting(&mut self, scene: &mut Scene<'_>) -> bool {
        let Some((call, _)) = self.waiting.take() else { return false };
        self.enter(State::Talking(call));
        self.answered_waiting = true;
        self.command(LineCommand::Quiet, scene);
        self.tell(call, CallInput::Answered { told: true }, scene);
        true
    }

    /// The call that waits is refused, if one does.
    pub(super) fn let_wait_no_more(&mut self, cause: Cause, scene: &mut Scene<'_>) -> bool {
        let Some((call, _)) = self.waiting.take() else { return false };
        if matches!(self.state, State::Talking(_)) {
            self.command(LineCommand::StopWaiting, scene);
        }
        self.tell(call, CallInput::Failed(cause), scene);
        true
    }

    /// The call carries a fax or a modem: no tone may sound in it.
    pub(super) fn carries_data(&mut self, call: CallId, scene: &mut Scene<'_>) {
        self.data = Some(call);
        if matches!(self.state, State::Talking(talking) if talking == call) {
            self.let_wait_no_more(Cause::BUSY, scene);
        }
    }

    /// The call is one for help: nothing may disturb it.
    pub(super) fn calls_for_help(&mut self, call: CallId, scene: &mut Scene<'_>) {
        self.emergency = Some(call);
        self.let_wait_no_more(Cause::BUSY, scene);
    }

    fn may_wait(&self, offer: &Offer, scene: &Scene<'_>) -> bool {
        let Some(phone) = scene.setup.phones.iter().find(|phone| phone.line == self.line) else {
            return false;
        };
        let State::Talking(call) = self.state else { return false };
        let is_on = scene.memory.get(&phone.number).map_or_else(
            || phone.features.flag(Flag::Waiting) == Some(true),
            |own| own.is(Flag::Waiting, &phone.features),
        );
        let is_free = self.held.is_empty() && self.third.is_none() && self.waiting.is_none();
        let may_be_disturbed = !self.calm && self.emergency != Some(call) && self.data != Some(call);
        is_on && is_free && may_be_disturbed && !phone.data && !offer.data && !offer.group
    }
}
