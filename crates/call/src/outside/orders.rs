//! What calls tell an outside line: take this call, the house answers, it is over.

use tipring_port::{LineCommand, Text, Tone};
use tipring_units::CallId;

use super::{Outgoing, OutsideSide, STOLEN_ANSWER, State, TOLD};
use crate::line_side::Scene;
use crate::outbox::{CallInput, Offer, Order, Sent};
use crate::{Cause, MediaAction, Party, Priority, Why};

impl OutsideSide {
    /// A call says something.
    pub fn on_order(&mut self, call: CallId, order: Order, scene: &mut Scene<'_>) {
        match order {
            Order::Offer(offer) => self.offered(call, offer, scene),
            Order::Alerting => self.hear(call, Some(Tone::Ringback), scene),
            Order::Early => self.hear(call, None, scene),
            Order::Connected => self.connected(call, scene),
            Order::Recalling if self.is_talking(call) => {
                self.command(LineCommand::Play(Tone::Ringback), scene);
            }
            Order::Retrieved if self.is_talking(call) => self.command(LineCommand::Quiet, scene),
            // Who is held hears nothing; only a telephone is rung back, or holds two.
            Order::Held
            | Order::Recalling
            | Order::Retrieved
            | Order::RingBack(_)
            | Order::Joined
            | Order::NotJoined
            | Order::TakeOver { .. }
            | Order::Completable(_)
            | Order::Refer(_)
            | Order::Transferring
            | Order::NotTransferring
            | Order::TransferFailed(_)
            | Order::SendOn { .. } => {}
            Order::Notice if self.is_talking(call) => {
                self.command(LineCommand::Play(Tone::Confirmation), scene);
            }
            // The media plane does what there is to do.
            Order::Data | Order::Notice => {}
            Order::Emergency => self.becomes_emergency(call, scene),
            Order::Digit(sent) => self.send_digit(call, sent, scene),
            Order::Over(cause) => self.over(call, cause, scene),
        }
    }

    fn offered(&mut self, call: CallId, offer: Offer, scene: &mut Scene<'_>) {
        let preempts = offer.preempt && offer.priority == Priority::Emergency;
        let next = Outgoing { call, offer };
        if self.is_free() {
            self.seize(next, scene);
            return;
        }
        if self.is_dead() {
            self.tell(call, CallInput::Failed(Cause::OUT_OF_ORDER), scene);
            return;
        }
        match &self.state {
            State::Releasing(None) if !self.in_use && !self.is_dead() => {
                let timer = self.timer;
                self.enter(State::Releasing(Some(next)), scene.now);
                self.timer = timer;
            }
            _ if !preempts || self.importance().is_none() => {
                self.tell(call, CallInput::Failed(Cause::NO_CIRCUIT), scene);
            }
            State::Idle => self.seize(next, scene),
            State::Releasing(None) => {
                let timer = self.timer;
                self.enter(State::Releasing(Some(next)), scene.now);
                self.timer = timer;
            }
            State::Incoming | State::Vain => self.steal(next, scene),
            State::Offered(own) => {
                self.tell(*own, CallInput::Gone(Cause::PREEMPTED), scene);
                self.steal(next, scene);
            }
            State::Seizing(_)
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told => {
                if let Some(own) = self.active() {
                    self.tell(own, CallInput::Gone(Cause::PREEMPTED), scene);
                }
                self.hang_up(Some(next), scene);
            }
            // Who waits for it gives way; another emergency call does not: see `importance`.
            State::Releasing(Some(own)) => {
                self.tell(own.call, CallInput::Failed(Cause::NO_CIRCUIT), scene);
                let timer = self.timer;
                self.enter(State::Releasing(Some(next)), scene.now);
                self.timer = timer;
            }
            State::Stealing(_) => self.tell(call, CallInput::Failed(Cause::NO_CIRCUIT), scene),
        }
    }

    /// Takes a line that rings for an emergency call: answered and released, the exchange rings no more.
    pub(super) fn steal(&mut self, next: Outgoing, scene: &mut Scene<'_>) {
        self.command(LineCommand::Answer, scene);
        self.enter(State::Stealing(next), scene.now);
        self.timer = Some((scene.now + STOLEN_ANSWER, Why::Guard));
    }

    /// Somebody of the house answered.
    fn connected(&mut self, call: CallId, scene: &mut Scene<'_>) {
        match self.state {
            State::Offered(own) if own == call => {
                self.enter(State::Talking(call, Priority::Normal, scene.now), scene.now);
                self.command(LineCommand::Answer, scene);
            }
            State::Inward(own, _) if own == call => {
                self.hear(call, None, scene);
                self.enter(State::Talking(call, Priority::Normal, scene.now), scene.now);
            }
            // Given up in the same moment.
            State::Idle
            | State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Seizing(_)
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_)
            | State::Releasing(_) => {}
        }
    }

    /// What who called in hears of ours while the one that he called does not answer.
    fn hear(&mut self, call: CallId, tone: Option<Tone>, scene: &mut Scene<'_>) {
        if let State::Inward(own, sounding) = &mut self.state
            && *own == call
            && *sounding != tone
        {
            *sounding = tone;
            self.command(tone.map_or(LineCommand::Quiet, LineCommand::Play), scene);
        }
    }

    /// What a caller dials on the dial tone of an exchange is dialled again by the line: as the exchange takes it, and not
    /// before the exchange is ready. All else is sound: behind the exchange nobody waits for dial tone or counts pulses.
    fn send_digit(&mut self, call: CallId, sent: Sent, scene: &mut Scene<'_>) {
        let Sent { digit, length, sounded } = sent;
        if self.active() != Some(call) {
            return; // of a call that is over
        }
        if self.dials {
            let digit = char::from(digit);
            self.command(LineCommand::Dial(Text::new(digit.encode_utf8(&mut [0; 4]))), scene);
        } else if !sounded {
            scene.out.media(MediaAction::Digit { to: Party::Line(self.line), digit, length });
        }
    }

    fn over(&mut self, call: CallId, cause: Cause, scene: &mut Scene<'_>) {
        if self.active() != Some(call) {
            return; // a call that it gave up before
        }
        match self.state {
            State::Offered(_) => self.ring_in_vain(scene),
            State::Seizing(_) | State::Dialling(_) | State::Waiting(_) | State::Talking(..) => {
                self.hang_up(None, scene);
            }
            State::Inward(..) => {
                self.enter(State::Told, scene.now);
                self.timer = Some((scene.now + TOLD, Why::ToneLimit));
                self.command(cause.told(scene.setup.tones), scene);
            }
            State::Stealing(_) => self.hang_up(None, scene),
            State::Releasing(_) => self.release(None, scene.now),
            // In no call.
            State::Idle | State::Incoming | State::Vain | State::Answering(_) | State::Told => {}
        }
    }

    /// Nothing takes the line from it now, and no silence ends it.
    fn becomes_emergency(&mut self, call: CallId, scene: &mut Scene<'_>) {
        if self.active() == Some(call) {
            self.command(LineCommand::IgnoreSilence, scene);
        }
        match &mut self.state {
            State::Seizing(out) | State::Dialling(out) | State::Waiting(out) if out.call == call => {
                out.offer.priority = Priority::Emergency;
            }
            State::Talking(own, priority, _) if *own == call => *priority = Priority::Emergency,
            State::Seizing(_)
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Idle
            | State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Answering(_)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_)
            | State::Releasing(_) => {} // not in that call
        }
    }

    fn is_talking(&self, call: CallId) -> bool {
        matches!(self.state, State::Talking(talking, ..) if talking == call)
    }
}
