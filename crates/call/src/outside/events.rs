//! What an outside line tells: its exchange rings, is ready, answers, clears, or is not there.

use tipring_port::{
    AnswerSign, CallerId, CallerIdFault, ClearSign, LineCommand, LineEvent, LineFault, Refusal, Tone,
};
use tipring_units::Epoch;

use super::{GUARD_RETRY, Outgoing, OutsideSide, State};
use crate::line_side::Scene;
use crate::outbox::{CallInput, Wish};
use crate::{Alarm, Cause, Identity, Party, Why};

impl OutsideSide {
    /// The line says something.
    pub fn on_event(&mut self, epoch: Epoch, event: LineEvent, scene: &mut Scene<'_>) {
        if !self.catch_up(epoch, scene) {
            return;
        }
        match event {
            LineEvent::Incoming => self.rings(scene),
            LineEvent::Caller(caller) => self.caller(caller),
            LineEvent::Offered => self.offer_in(scene),
            LineEvent::GaveUp | LineEvent::Released => {
                self.epoch = Some(self.epoch().next());
                self.ended(scene);
            }
            LineEvent::ExchangeReady(_) => self.ready(scene),
            LineEvent::Dialled => {
                self.ready(scene);
                if let State::Dialling(out) = self.state {
                    self.enter(State::Waiting(out), scene.now);
                }
            }
            LineEvent::Exchange(tone) => self.exchange(tone, scene),
            LineEvent::FarAnswered(sign) => self.far_answered(sign, scene),
            LineEvent::FarCleared(sign) => self.far_cleared(sign, scene),
            LineEvent::Refused(refusal) => self.refused(refusal, scene),
            LineEvent::Fault(fault) => self.fault(fault, scene),
            LineEvent::FaultCleared(fault) => {
                scene.out.alarm(Alarm::LineFaultCleared(self.line, fault));
                self.faults.remove(&fault);
                if fault == LineFault::NoDialTone {
                    self.doubtful = false;
                }
                if fault == LineFault::CardSilent {
                    self.silent = false;
                }
            }
            LineEvent::InService(on) => {
                // Else the echo of an older order than the last.
                if self.ordered.is_none_or(|ordered| ordered == on) {
                    self.in_service(on, scene);
                }
            }
            LineEvent::InUse(on) => self.in_use(on, scene),
            LineEvent::DigitBegan(_) => self.hush(scene),
            LineEvent::Digit { digit, source, length: _ } => self.digit(digit, source, scene),
            // Nothing of a call hangs on these.
            LineEvent::Metered(_)
            | LineEvent::Waiting(_)
            // News of telephones.
            | LineEvent::Lifeline(_)
            | LineEvent::WaitingShown(_)
            | LineEvent::LampShown(_)
            // The switch has it.
            | LineEvent::Tested(_)
            | LineEvent::Seized
            | LineEvent::Answered
            | LineEvent::Flash(_)
            | LineEvent::Ringing
            | LineEvent::RingStopped
            | LineEvent::CallerIdSent(_)
            | LineEvent::CallerIdOmitted { .. }
            | LineEvent::Roh(_)
            | LineEvent::SupervisionDone
            // What follows was ordered with it.
            | LineEvent::Announced => {}
        }
    }

    fn rings(&mut self, scene: &mut Scene<'_>) {
        match self.state {
            State::Idle | State::Releasing(None) => {
                self.doubtful = false;
                self.enter(State::Incoming, scene.now);
            }
            // Glare: the call goes another way; the refusal of the seizure is on its way.
            State::Seizing(out) if !out.is_emergency() => {
                self.tell(out.call, CallInput::Failed(Cause::NO_CIRCUIT), scene);
                self.enter(State::Incoming, scene.now);
            }
            // An emergency call hears of it by the refusal of its seizure.
            State::Seizing(_) => {}
            State::Releasing(Some(next)) if next.is_emergency() => self.steal(next, scene),
            // Who waited for the line goes another way, as with glare.
            State::Releasing(Some(next)) => {
                self.tell(next.call, CallInput::Failed(Cause::NO_CIRCUIT), scene);
                self.enter(State::Incoming, scene.now);
            }
            State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_) => {} // known, or of the past
        }
    }

    fn caller(&mut self, caller: Result<CallerId, CallerIdFault>) {
        match self.state {
            State::Idle | State::Incoming | State::Seizing(_) | State::Releasing(_) => {
                // A message that was not understood is no number, and no reason to forget one that was.
                match caller {
                    Ok(caller) => self.caller = Some(Identity::of_exchange(&caller)),
                    Err(CallerIdFault::Checksum | CallerIdFault::Broken | CallerIdFault::Unknown) => {}
                }
            }
            // Too late to be shown, or of a call that waits on the line.
            State::Offered(_)
            | State::Vain
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_) => {}
        }
    }

    /// The call that comes in is to be shown now.
    fn offer_in(&mut self, scene: &mut Scene<'_>) {
        self.rings(scene);
        match self.state {
            State::Incoming => {}
            State::Idle
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
            | State::Releasing(_) => return, // known, or of the past
        }
        let Some(own) = self.config(scene) else { return self.ring_in_vain(scene) };
        let from = self.caller.unwrap_or_else(Identity::unknown);
        if own.disa.is_some() && self.locked_until.is_none() {
            self.answer_and_listen(from, scene);
        } else if own.rings.is_empty() && own.night.is_none() && own.fallback.is_none() {
            self.ring_in_vain(scene);
        } else {
            let call = scene.out.new_call();
            self.enter(State::Offered(call), scene.now);
            scene.out.begin(call, Party::Line(self.line), Wish::Outside { from });
        }
    }

    /// The exchange takes digits, or the caller's.
    fn ready(&mut self, scene: &mut Scene<'_>) {
        self.doubtful = false;
        if let State::Seizing(out) = self.state {
            self.enter(State::Dialling(out), scene.now);
            if out.is_emergency() {
                self.command(LineCommand::IgnoreSilence, scene);
            }
            self.tell(out.call, CallInput::Early { both: out.dials() }, scene);
        }
    }

    fn exchange(&mut self, tone: Tone, scene: &mut Scene<'_>) {
        let out = match self.state {
            State::Seizing(out) | State::Dialling(out) | State::Waiting(out) => out,
            // The answer may have been assumed. Busy and congestion end the call on the line.
            State::Talking(call, ..) if tone == Tone::SpecialInformation => {
                return self.tell(call, CallInput::Hopeless(Cause::UNALLOCATED), scene);
            }
            State::Idle
            | State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_)
            | State::Releasing(_) => return, // nobody waits for the answer of the exchange
        };
        let refusal = match tone {
            Tone::Ringback => return self.tell(out.call, CallInput::Alerting, scene),
            Tone::Busy => Cause::BUSY,
            Tone::Congestion => Cause::NO_CIRCUIT,
            Tone::SpecialInformation => Cause::UNALLOCATED,
            Tone::Dial
            | Tone::Stutter
            | Tone::Outside
            | Tone::CallWaiting
            | Tone::Confirmation
            | Tone::Howler => return,
        };
        self.heard = Some(refusal);
        self.tell(out.call, CallInput::Hopeless(refusal), scene);
    }

    fn far_answered(&mut self, sign: AnswerSign, scene: &mut Scene<'_>) {
        match self.state {
            State::Seizing(out) | State::Dialling(out) | State::Waiting(out) => {
                self.enter(State::Talking(out.call, out.offer.priority, scene.now), scene.now);
                self.tell(out.call, CallInput::Answered { told: sign != AnswerSign::AtOnce }, scene);
            }
            State::Idle
            | State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_)
            | State::Releasing(_) => {} // known, or of the past
        }
    }

    /// The line goes on-hook by itself.
    fn far_cleared(&mut self, sign: ClearSign, scene: &mut Scene<'_>) {
        let cause = match self.state {
            // Before the answer it is the exchange that says why there is none.
            State::Seizing(_) | State::Dialling(_) | State::Waiting(_) => {
                let told = match sign {
                    ClearSign::Tone(Tone::Busy) => Some(Cause::BUSY),
                    ClearSign::Tone(Tone::Congestion) => Some(Cause::NO_CIRCUIT),
                    ClearSign::Tone(Tone::SpecialInformation) => Some(Cause::UNALLOCATED),
                    ClearSign::NoBattery => Some(Cause::OUT_OF_ORDER),
                    ClearSign::Tone(_)
                    | ClearSign::LoopBreak(_)
                    | ClearSign::Reversal
                    | ClearSign::Learned
                    | ClearSign::Silence(_) => None,
                };
                self.heard.or(told).unwrap_or(Cause::NORMAL)
            }
            State::Offered(_) | State::Talking(..) | State::Inward(..) => Cause::NORMAL,
            State::Incoming | State::Vain | State::Answering(_) | State::Told => Cause::NORMAL,
            State::Idle | State::Stealing(_) | State::Releasing(_) => return, // it is on its way already
        };
        self.give_up(cause, scene);
        self.release(None, scene.now);
    }

    fn refused(&mut self, refusal: Refusal, scene: &mut Scene<'_>) {
        match self.state {
            State::Seizing(out) if out.is_emergency() => self.emergency_refused(out, refusal, scene),
            State::Seizing(_) => {
                let cause = match refusal {
                    Refusal::Incoming | Refusal::InUse | Refusal::Guard | Refusal::OffHook => {
                        Cause::NO_CIRCUIT
                    }
                    Refusal::OutOfService => Cause::OUT_OF_ORDER,
                    Refusal::Stale => Cause::TEMPORARY,
                };
                self.give_up(cause, scene);
                self.after_refusal(refusal, scene);
            }
            // There was nothing to hang up.
            State::Releasing(None) => self.enter(State::Idle, scene.now),
            // Of a seizure before it was answered to be released.
            State::Stealing(_) => {}
            State::Releasing(Some(next)) => match refusal {
                Refusal::Guard => self.retry_soon(next, scene),
                Refusal::Incoming
                | Refusal::InUse
                | Refusal::OffHook
                | Refusal::OutOfService
                | Refusal::Stale => {
                    self.seize(next, scene);
                }
            },
            // Other commands are refused only where the line's own news of it is on the way.
            State::Idle
            | State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told => {}
        }
    }

    fn emergency_refused(&mut self, next: Outgoing, refusal: Refusal, scene: &mut Scene<'_>) {
        match refusal {
            Refusal::Guard => self.retry_soon(next, scene),
            // It may be no more than a bell tap; if it is a call, the line says so, and is taken from its caller.
            Refusal::Incoming if next.offer.preempt => self.retry_soon(next, scene),
            Refusal::Incoming | Refusal::InUse | Refusal::OffHook => {
                self.give_up(Cause::NO_CIRCUIT, scene);
                self.after_refusal(refusal, scene);
            }
            Refusal::OutOfService => self.give_up(Cause::OUT_OF_ORDER, scene),
            Refusal::Stale => {
                self.give_up(Cause::TEMPORARY, scene);
                self.after_refusal(refusal, scene);
            }
        }
    }

    fn after_refusal(&self, refusal: Refusal, scene: &mut Scene<'_>) {
        match refusal {
            Refusal::Stale => self.command(LineCommand::Report, scene), // the end of our epoch was lost
            // By another telephone; or by us, for a call that nobody here knows of.
            Refusal::InUse => self.command(LineCommand::HangUp, scene),
            Refusal::Incoming | Refusal::Guard | Refusal::OffHook | Refusal::OutOfService => {}
        }
    }

    fn retry_soon(&mut self, next: Outgoing, scene: &mut Scene<'_>) {
        self.enter(State::Releasing(Some(next)), scene.now);
        self.timer = Some((scene.now + GUARD_RETRY, Why::Guard));
    }

    fn fault(&mut self, fault: LineFault, scene: &mut Scene<'_>) {
        scene.out.alarm(Alarm::LineFault(self.line, fault));
        match fault {
            LineFault::CardSilent => {
                self.silent = true;
                self.give_up(Cause::LineLost, scene);
            }
            LineFault::Panicked => self.give_up(Cause::Fault, scene), // the line begins anew
            LineFault::Leakage => {}
            LineFault::NoBattery | LineFault::NoDialTone | LineFault::ForeignVoltage => {
                self.faults.insert(fault);
                match self.state {
                    State::Seizing(_) | State::Dialling(_) | State::Waiting(_) => {
                        self.doubtful = true;
                        self.give_up(Cause::OUT_OF_ORDER, scene);
                        self.hang_up(None, scene);
                    }
                    // What becomes of these the line says itself.
                    State::Idle
                    | State::Incoming
                    | State::Offered(_)
                    | State::Vain
                    | State::Talking(..)
                    | State::Answering(_)
                    | State::Inward(..)
                    | State::Told
                    | State::Stealing(_)
                    | State::Releasing(_) => {}
                }
            }
        }
    }

    /// Another telephone on the line is lifted: it has the call that comes in.
    fn in_use(&mut self, on: bool, scene: &mut Scene<'_>) {
        self.in_use = on;
        match (&self.state, on) {
            (State::Offered(call), true) => {
                self.tell(*call, CallInput::Gone(Cause::NORMAL), scene);
                self.enter(State::Vain, scene.now);
            }
            (State::Incoming, true) => self.enter(State::Vain, scene.now),
            (
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
                | State::Releasing(_),
                _,
            ) => {}
        }
    }
}
