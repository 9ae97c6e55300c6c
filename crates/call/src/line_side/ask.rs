//! What a telephone asks of the house by star code: pick-up, park, a call back when somebody is free.
//!
//! The line does not see the others: it asks the switch and hears in the same moment what became of it, or, where a server has
//! to be asked, as soon as that has answered.

use tipring_port::{Announcement, LineCommand, Phrase, RingPattern, RingRequest, Tone};
use tipring_units::{CallId, Millis};

use super::{LineSide, RING_STOP, Scene, State};
use crate::features::{Action, Given};
use crate::outbox::{Ask, CallInput};
use crate::{CallEvent, Cause, FarAction, FarId, Identity, Number, Why};

/// Three short bursts: the one who was busy is free now.
const CALL_BACK: [Millis; 6] =
    [Millis(400), Millis(200), Millis(400), Millis(200), Millis(800), Millis(4000)];

/// Whom a telephone called in vain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct InVain {
    /// What it dialled.
    pub number: Number,
    /// By this leg he can be asked when he can be reached; none: only a telephone of the house.
    pub far: Option<FarId>,
}

impl LineSide {
    /// Asks what a code wants; the answer comes by [`Self::answered_by_house`] or by a call.
    pub(super) fn ask_house(&mut self, given: Given, scene: &mut Scene<'_>) {
        let ask = match (given.action, given.number) {
            (Action::PickUp, Some(number)) => Some(Ask::PickUp(Some(number))),
            (Action::PickUpGroup, _) => Some(Ask::PickUp(None)),
            (Action::Park, _) => self.held.last().map(|call| Ask::Park(*call)),
            (Action::Unpark, Some(number)) => Some(Ask::Unpark(number)),
            (Action::CallBack | Action::CallBackNow, _) => {
                self.busy.map(|InVain { number, far }| Ask::CallBack(number, far))
            }
            (Action::CallBackOff, _) => Some(Ask::CallBackOff),
            _ => None,
        };
        self.wants = None;
        match ask {
            Some(ask) => scene.out.ask(self.line, given, ask),
            None => self.answered_by_house(given, false, scene),
        }
    }

    /// A server is asked: nothing sounds until it has answered.
    pub fn awaits_house(&mut self, given: Given, scene: &mut Scene<'_>) {
        self.answer_with(LineCommand::Quiet, scene);
        self.asks = Some(given);
    }

    /// It has.
    pub fn answered_later(&mut self, done: bool, scene: &mut Scene<'_>) {
        if let Some(given) = self.asks.take() {
            self.answered_by_house(given, done, scene);
        }
    }

    /// Whom it calls, and in vain.
    pub(super) fn in_vain(&mut self) -> Option<InVain> {
        let far = self.offered.take();
        self.calls.take().map(|number| InVain { number, far })
    }

    /// It hangs up. Whom it was calling it may ask to be told of, where that is offered.
    pub(super) fn may_ask_later(&mut self) {
        if self.offered.is_some() && matches!(self.state, State::Waiting(..)) {
            self.busy = self.in_vain();
        }
    }

    /// What became of it.
    pub fn answered_by_house(&mut self, given: Given, done: bool, scene: &mut Scene<'_>) {
        if let (Action::Park, true) = (given.action, done) {
            self.held.pop();
        }
        scene.out.event(CallEvent::Feature { line: self.line, given: Given { pin: None, ..given }, done });
        let tone = if done { Tone::Confirmation } else { Tone::Congestion };
        match self.words_of_house(given.action, done, scene) {
            Some(words) => self.answer_with(LineCommand::Announce { words, then: Some(tone) }, scene),
            None => self.answer_code(tone, scene),
        }
    }

    /// What is said of it, where codes are answered in words: a parked call is told with the number under which it is found.
    fn words_of_house(&self, action: Action, done: bool, scene: &Scene<'_>) -> Option<Announcement> {
        if !scene.setup.says_features || !done {
            return None;
        }
        match action {
            Action::Park => Some(Announcement::of_number(self.phone(scene)?.number.as_str())),
            Action::CallBack | Action::CallBackNow => Some(Announcement::of(Phrase::FeatureOn)),
            Action::CallBackOff => Some(Announcement::of(Phrase::FeatureOff)),
            _ => None,
        }
    }

    /// It is in this call now, which rang elsewhere or was parked.
    pub(super) fn takes_over(&mut self, call: CallId, answers: bool, scene: &mut Scene<'_>) {
        match self.state {
            State::Dialling(..) => {
                self.forget_codes();
                self.enter(State::Talking(call));
                self.command(LineCommand::Quiet, scene);
                let input = if answers { CallInput::Answered { told: true } } else { CallInput::Retrieve };
                self.tell(call, input, scene);
            }
            // Its own state was lost in the same moment.
            State::Idle
            | State::Waiting(..)
            | State::Talking(_)
            | State::Keying
            | State::Told
            | State::Parked
            | State::Ringing(_)
            | State::Recalling(_)
            | State::Stopping(_)
            | State::Down => self.tell(call, CallInput::Gone(Cause::NORMAL), scene),
        }
    }

    /// Rung because `whom` it called in vain is free now: lifted, it calls there.
    pub fn ring_for(&mut self, whom: InVain, of: Identity, scene: &mut Scene<'_>) {
        if !matches!(self.state, State::Idle) {
            return;
        }
        // No call is begun before it is lifted: none has this number.
        self.enter(State::Recalling(CallId(0)));
        self.calls_back = Some(whom);
        self.timer = Some((scene.now + scene.setup.timers.recall, Why::Recall));
        let caller = Some(of.for_display(scene.wall, scene.setup.offset_minutes));
        let pattern = RingPattern::new(&CALL_BACK);
        self.command(LineCommand::Ring(RingRequest { pattern, caller }), scene);
    }

    /// Lifted while it is rung so: true, and it calls.
    pub(super) fn calls_back(&mut self, scene: &mut Scene<'_>) -> bool {
        let Some(InVain { number, far }) = self.calls_back.take() else { return false };
        self.forget_codes();
        self.begin_quietly(scene);
        self.completes = far;
        self.dial_for(number, scene);
        // The dial plan has changed meanwhile.
        if let Some(far) = self.completes.take() {
            scene.out.far(far, FarAction::CompleteNot);
        }
        true
    }

    /// Nobody lifted, or the line went: true, and it is over.
    pub(super) fn calls_back_no_more(&mut self, stop: bool, scene: &mut Scene<'_>) -> bool {
        let Some(InVain { far, .. }) = self.calls_back.take() else { return false };
        if let Some(far) = far {
            scene.out.far(far, FarAction::CompleteNot);
        }
        if stop {
            self.enter(State::Stopping(None));
            self.timer = Some((scene.now + RING_STOP, Why::RingStop));
            self.command(LineCommand::StopRing, scene);
        }
        true
    }

    /// True if it is on-hook and nothing is going on.
    pub fn is_free(&self) -> bool {
        matches!(self.state, State::Idle) && self.held.is_empty()
    }
}
