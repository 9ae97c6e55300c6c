//! What a telephone's line tells: lifted, hung up, a flash, refused, faulted.

use tipring_port::{LineEvent, LineFault, Refusal};
use tipring_units::Epoch;

use super::{LineSide, Scene, State};
use crate::outbox::CallInput;
use crate::{Alarm, Cause};

impl LineSide {
    /// The line says something.
    pub fn on_event(&mut self, epoch: Epoch, event: LineEvent, scene: &mut Scene<'_>) {
        if !self.catch_up(epoch, scene) {
            return;
        }
        match event {
            LineEvent::Seized => self.seized(scene),
            LineEvent::Answered => self.lifted(scene),
            LineEvent::Released => self.hung_up(scene),
            LineEvent::Flash(_) => self.flash(scene),
            LineEvent::DigitBegan(_) => self.hush(scene),
            LineEvent::Digit { digit, source, length } => self.digit(digit, source, length, scene),
            LineEvent::Ringing => match self.state {
                State::Ringing(call) => self.tell(call, CallInput::Alerting, scene),
                // A recall is not told to anybody; elsewhere it raced with the end of ringing.
                State::Recalling(_)
                | State::Idle
                | State::Dialling(..)
                | State::Waiting(..)
                | State::Talking(_)
                | State::Keying
                | State::Told
                | State::Parked
                | State::Stopping(_)
                | State::Down => {}
            },
            LineEvent::RingStopped => self.ring_stopped(scene),
            LineEvent::Refused(refusal) => self.refused(refusal, scene),
            LineEvent::Fault(fault) => self.fault(fault, scene),
            LineEvent::FaultCleared(fault) => {
                scene.out.alarm(Alarm::LineFaultCleared(self.line, fault));
                if fault == LineFault::CardSilent {
                    self.silent = false;
                    self.up_again();
                }
            }
            LineEvent::InService(on) => {
                // Else the echo of an older order than the last.
                if self.ordered.is_none_or(|ordered| ordered == on) {
                    self.in_service(on, scene);
                }
            }
            LineEvent::Lifeline(on) => self.lifeline(on, scene),
            // Its own state was lost as the receiver was lifted, and the line was told to park.
            LineEvent::Roh(_) if matches!(self.state, State::Idle) => self.enter(State::Parked),
            // Nothing of a call hangs on these.
            LineEvent::CallerIdSent(_)
            | LineEvent::CallerIdOmitted { .. }
            | LineEvent::WaitingShown(_)
            | LineEvent::LampShown(_)
            // The switch has it.
            | LineEvent::Tested(_)
            | LineEvent::Roh(_)
            | LineEvent::SupervisionDone
            | LineEvent::Announced
            // News of outside lines.
            | LineEvent::Incoming
            | LineEvent::Caller(_)
            | LineEvent::Offered
            | LineEvent::GaveUp
            | LineEvent::ExchangeReady(_)
            | LineEvent::Dialled
            | LineEvent::Exchange(_)
            | LineEvent::FarAnswered(_)
            | LineEvent::FarCleared(_)
            | LineEvent::Metered(_)
            | LineEvent::InUse(_)
            | LineEvent::Waiting(_) => {}
        }
    }

    fn refused(&mut self, refusal: Refusal, scene: &mut Scene<'_>) {
        let cause = match refusal {
            // It carries the epoch of the command. The end of that epoch came before it, so it was dropped as
            // old already, or that end was lost: with the line's state, or for lack of room, and then its summary
            // is on the way.
            Refusal::Stale => {
                if matches!(self.state, State::Parked) {
                    self.enter(State::Idle);
                }
                return;
            }
            Refusal::OffHook => Cause::Glare,
            Refusal::OutOfService | Refusal::Incoming | Refusal::InUse | Refusal::Guard => {
                Cause::OUT_OF_ORDER
            }
        };
        match (&self.state, refusal) {
            (State::Recalling(_), Refusal::OffHook) => {} // lifted as it was to ring back: that answers it
            (State::Ringing(_) | State::Recalling(_), _) => {
                self.give_up(cause, scene);
                if refusal == Refusal::OutOfService {
                    self.stop_ringing(scene); // another command may be what was refused
                }
            }
            (State::Stopping(_), _) => self.ring_over(scene),
            // Other commands are refused only where the line's own news of it is on the way.
            (
                State::Idle
                | State::Dialling(..)
                | State::Waiting(..)
                | State::Talking(_)
                | State::Keying
                | State::Told
                | State::Parked
                | State::Down,
                _,
            ) => {}
        }
    }

    fn fault(&mut self, fault: LineFault, scene: &mut Scene<'_>) {
        scene.out.alarm(Alarm::LineFault(self.line, fault));
        match fault {
            LineFault::CardSilent => {
                self.silent = true;
                self.give_up(Cause::LineLost, scene);
                self.enter(State::Down);
            }
            // The line begins anew; if it is off-hook, it says so.
            LineFault::Panicked => {
                let down = matches!(self.state, State::Down);
                self.give_up(Cause::Fault, scene);
                if down {
                    self.enter(State::Down);
                }
            }
            // Calls still work; or it is no telephone's.
            LineFault::Leakage | LineFault::NoBattery | LineFault::NoDialTone | LineFault::ForeignVoltage => {
            }
        }
    }

    /// The relay joins the telephone to its outside line, and the exchange serves it; or no longer does.
    fn lifeline(&mut self, on: bool, scene: &mut Scene<'_>) {
        self.lifeline = on;
        if on {
            self.give_up(Cause::LineLost, scene);
            self.enter(State::Down);
        } else {
            self.up_again();
        }
    }
}
