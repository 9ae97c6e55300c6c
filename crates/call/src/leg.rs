//! One far leg, as a call sees it.

use tipring_port::Tone;
use tipring_units::CallId;

use crate::outbox::{CallInput, Order, Outbox, Sent};
use crate::{Cause, FarAction, FarEvent, FarId, MediaAction, Party, ReferEnd, Via};

/// Where a far leg is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// It calls us and was not answered.
    Calling,
    /// We call it and it did not answer.
    Called,
    /// It is in a call.
    Talking,
    /// We hold it.
    Held,
    /// It hears ringback while the one who held it is rung back.
    Recalling,
    /// It ended; the switch drops it.
    Gone,
}

/// A far leg.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    id: FarId,
    call: CallId,
    via: Via,
    state: State,
}

impl Leg {
    /// A leg that calls us.
    pub fn calling(id: FarId, call: CallId, via: Via) -> Self {
        Self { id, call, via, state: State::Calling }
    }

    /// A leg that we call.
    pub fn called(id: FarId, call: CallId, via: Via) -> Self {
        Self { id, call, via, state: State::Called }
    }

    pub fn is_gone(&self) -> bool {
        self.state == State::Gone
    }

    pub fn call(&self) -> CallId {
        self.call
    }

    pub fn via(&self) -> Via {
        self.via
    }

    /// The far end says something.
    pub fn on_event(&mut self, event: FarEvent, out: &mut Outbox) {
        match event {
            FarEvent::Incoming { .. } => {} // a number used twice by the owner: the first leg stays
            FarEvent::Proceeding => match self.state {
                State::Called => self.tell(CallInput::Proceeding, out),
                State::Calling | State::Talking | State::Held | State::Recalling | State::Gone => {} // as below
            },
            FarEvent::Ringing => match self.state {
                State::Called => self.tell(CallInput::Alerting, out),
                // A caller does not ring; behind the answer it is a late duplicate.
                State::Calling | State::Talking | State::Held | State::Recalling | State::Gone => {}
            },
            FarEvent::EarlyMedia => match self.state {
                State::Called => self.tell(CallInput::Early { both: false }, out),
                State::Calling | State::Talking | State::Held | State::Recalling | State::Gone => {} // as above
            },
            FarEvent::Answered => match self.state {
                State::Called => {
                    self.enter(State::Talking);
                    self.tell(CallInput::Answered { told: true }, out);
                }
                State::Calling | State::Talking | State::Held | State::Recalling | State::Gone => {} // as above
            },
            FarEvent::Failed { cause } | FarEvent::Ended { cause } => match self.state {
                State::Called => {
                    self.enter(State::Gone);
                    self.tell(CallInput::Failed(cause), out);
                }
                State::Calling | State::Talking | State::Held | State::Recalling => {
                    self.enter(State::Gone);
                    self.tell(CallInput::Gone(cause), out);
                }
                State::Gone => {} // raced with our own clearing
            },
            FarEvent::Moved { to } => match self.state {
                State::Called => {
                    self.enter(State::Gone);
                    self.tell(CallInput::Moved(to), out);
                }
                State::Calling | State::Talking | State::Held | State::Recalling => {
                    self.enter(State::Gone);
                    self.tell(CallInput::Gone(Cause::REDIRECTED), out); // only who is called can be elsewhere
                }
                State::Gone => {} // raced with our own clearing
            },
            FarEvent::Referred { to, place } => match self.state {
                State::Talking | State::Held | State::Recalling => {
                    self.tell(CallInput::Referred { to, place }, out);
                }
                State::Calling | State::Called | State::Gone => {
                    out.far(self.id, FarAction::AnswerRefer(Err(Cause::REJECTED)));
                }
            },
            FarEvent::Completable => match self.state {
                State::Called => self.tell(CallInput::Completable, out),
                State::Calling | State::Talking | State::Held | State::Recalling | State::Gone => {} // late
            },
            FarEvent::ReferGoes => match self.state {
                State::Talking | State::Held | State::Recalling => self.tell(CallInput::ReferGoes, out),
                State::Calling | State::Called | State::Gone => {} // it was sent nowhere
            },
            FarEvent::ReferEnded { end } => match self.state {
                State::Talking | State::Held | State::Recalling => self.tell(CallInput::ReferEnded(end), out),
                State::Calling | State::Called | State::Gone => {} // as above
            },
            FarEvent::Held => self.far_hold(true, out),
            FarEvent::Resumed => self.far_hold(false, out),
            FarEvent::Digit { digit, length } => match self.state {
                // A caller dials on an exchange's dial tone before the answer; the call knows whether it does.
                // It is sounded where the media plane has it from, an event or INFO.
                State::Talking | State::Calling => {
                    self.tell(CallInput::Digit(Sent { digit, length, sounded: true }), out)
                }
                // Nobody listens yet, or no longer.
                State::Called | State::Held | State::Recalling | State::Gone => {}
            },
        }
    }

    /// The call says something.
    pub fn on_order(&mut self, call: CallId, order: Order, out: &mut Outbox) {
        if call != self.call {
            return; // a leg has one call for life
        }
        match order {
            Order::Offer(offer) => match self.state {
                State::Called => out.far(
                    self.id,
                    FarAction::Place {
                        via: self.via,
                        number: offer.number,
                        from: offer.from,
                        priority: offer.priority,
                        data: offer.data,
                        referred: offer.referred,
                        diverted: offer.diverted,
                        completes: offer.completes,
                    },
                ),
                State::Calling | State::Talking | State::Held | State::Recalling | State::Gone => {} // offered once
            },
            Order::Emergency => {} // it has no way to go ahead of others any more
            // Only a line is rung back, holds two, or sends anybody elsewhere.
            Order::RingBack(_)
            | Order::Joined
            | Order::NotJoined
            | Order::TakeOver { .. }
            | Order::Completable(_)
            | Order::Transferring
            | Order::NotTransferring
            | Order::TransferFailed(_) => {}
            Order::Refer(to) => match self.state {
                State::Talking | State::Held | State::Recalling => out.far(self.id, FarAction::Refer(to)),
                State::Calling | State::Called => {
                    let end = ReferEnd::Refused(Cause::TEMPORARY);
                    self.tell(CallInput::ReferEnded(end), out);
                }
                State::Gone => {} // the call hears of its end
            },
            Order::Alerting => self.when_calling(FarAction::Alert, out),
            Order::Early => self.when_calling(FarAction::Progress, out),
            Order::Connected => match self.state {
                State::Calling => {
                    self.enter(State::Talking);
                    out.far(self.id, FarAction::Accept);
                }
                State::Called | State::Talking | State::Held | State::Recalling | State::Gone => {} // raced with its end
            },
            Order::Held => match self.state {
                State::Talking => {
                    self.enter(State::Held);
                    out.far(self.id, FarAction::Hold);
                }
                State::Recalling => {
                    self.enter(State::Held);
                    self.tone(None, out);
                    out.far(self.id, FarAction::Hold);
                }
                State::Calling | State::Called | State::Held | State::Gone => {} // not in a call, or held already
            },
            Order::Retrieved => match self.state {
                State::Held => {
                    self.enter(State::Talking);
                    out.far(self.id, FarAction::Resume);
                }
                State::Recalling => {
                    self.enter(State::Talking);
                    self.tone(None, out);
                }
                State::Calling | State::Called | State::Talking | State::Gone => {} // was not held
            },
            Order::Recalling => match self.state {
                State::Held => {
                    self.enter(State::Recalling);
                    out.far(self.id, FarAction::Resume); // held, it would not hear the ringback
                    self.tone(Some(Tone::Ringback), out);
                }
                State::Calling | State::Called | State::Talking | State::Recalling | State::Gone => {} // was not held
            },
            Order::Data => match self.state {
                State::Calling | State::Called | State::Talking | State::Held | State::Recalling => {
                    out.far(self.id, FarAction::Data);
                }
                State::Gone => {} // it ended in the same moment
            },
            Order::Digit(Sent { sounded: true, .. }) => {}
            Order::Digit(Sent { digit, length, sounded: false }) => {
                out.media(MediaAction::Digit { to: Party::Far(self.id), digit, length });
            }
            Order::Notice => self.tone(Some(Tone::Confirmation), out),
            Order::SendOn { to, diverted } => match self.state {
                State::Calling => {
                    out.far(self.id, FarAction::SendOn { via: self.via, to, diverted });
                    self.enter(State::Gone);
                }
                // It has its answer; the end of the call follows.
                State::Called | State::Talking | State::Held | State::Recalling | State::Gone => {}
            },
            Order::Over(cause) => self.over(cause, out),
        }
    }

    fn over(&mut self, cause: Cause, out: &mut Outbox) {
        match self.state {
            State::Calling => out.far(self.id, FarAction::Reject(cause)),
            State::Recalling => {
                self.tone(None, out);
                out.far(self.id, FarAction::End(cause));
            }
            State::Called | State::Talking | State::Held => out.far(self.id, FarAction::End(cause)),
            State::Gone => {} // it ended by itself in the same moment
        }
        self.enter(State::Gone);
    }

    fn when_calling(&self, action: FarAction, out: &mut Outbox) {
        match self.state {
            State::Calling => out.far(self.id, action),
            // Only one who waits for an answer is told of ringing.
            State::Called | State::Talking | State::Held | State::Recalling | State::Gone => {}
        }
    }

    fn far_hold(&self, on: bool, out: &mut Outbox) {
        match self.state {
            State::Talking | State::Held | State::Recalling => self.tell(CallInput::FarHold(on), out),
            State::Calling | State::Called | State::Gone => {} // nothing to hold before the answer
        }
    }

    fn tone(&self, tone: Option<Tone>, out: &mut Outbox) {
        out.media(MediaAction::Tone { leg: self.id, tone });
    }

    fn tell(&self, input: CallInput, out: &mut Outbox) {
        out.tell_call(self.call, Party::Far(self.id), input);
    }

    fn enter(&mut self, state: State) {
        self.state = state;
    }
}
