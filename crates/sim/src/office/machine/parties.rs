//! The parties of a line: what subscribers are told to do, and what becomes of them.

use tipring_port::{CallerId, Feed};

use super::{MAX_EVENTS, Office, OfficeEvent, State};
use crate::office::alert::Alert;
use crate::office::order::{Cannot, Order, Trouble};
use crate::office::score::Score;
use crate::office::spec::Clearing;
use crate::office::subscriber::{Doing, Subscriber, SubscriberEvent};
use crate::plant::Fidelity;

impl<A: Fidelity> Office<A> {
    /// Carries an order out.
    #[allow(clippy::needless_pass_by_value)] // an order is used up
    pub fn order(&mut self, order: Order) -> Result<(), Cannot> {
        self.fresh = true;
        match order {
            Order::Call(by, caller) => self.call(by, caller.as_ref())?,
            Order::Answer(by) => self.answer(by)?,
            Order::HangUp(by) => self.hang_up(by)?,
            Order::Behave(by, manner) => self.subscriber(by)?.behave(manner),
            Order::Say(by, talk) => self.subscriber(by)?.say(talk),
            Order::Hush(by) => self.subscriber(by)?.hush(),
            Order::Press(by, keys) => self.subscriber(by)?.press(&keys),
            Order::Lamp(on) => {
                if self.state != State::Idle {
                    return Err(Cannot::InUse);
                }
                let lamp = Alert::lamp(&self.spec, on, self.now).ok_or(Cannot::NoMessages)?;
                self.face.rest(false);
                self.state = State::Lamp(lamp);
            }
            Order::Clear(clearing) => self.spec.clearing = clearing,
            Order::Supervise(answer) => self.spec.answer = answer,
            Order::Identify(timing) => self.spec.caller_id = timing,
            Order::Flaw(flaw) => self.spec.flaw = flaw,
            Order::Modem(modem) => self.spec.modem = modem,
            Order::DialTone(delay) => self.spec.dial_tone = delay,
            Order::Trouble(Trouble::Dead(dead)) => self.face.kill(dead),
            Order::Trouble(Trouble::Break(length)) => self.face.cut(self.now + length.samples().0),
            Order::Trouble(trouble) => {
                self.trouble.truncate(MAX_EVENTS);
                self.trouble.push_back(trouble);
            }
        }
        Ok(())
    }

    pub(super) fn call(&mut self, by: usize, caller: Option<&CallerId>) -> Result<(), Cannot> {
        if self.subscriber(by)?.is_engaged() {
            return Err(Cannot::Busy);
        }
        let is_free = match self.state {
            State::Idle => !self.hook.is_closed() && !self.grounded,
            State::Granted { .. }
            | State::Alerting { .. }
            | State::Lamp(_)
            | State::Collecting { .. }
            | State::Routing { .. }
            | State::Ringing { .. }
            | State::Talking { .. }
            | State::Refused { .. }
            | State::Cleared
            | State::Parked
            | State::Guard { .. } => false,
        };
        if !is_free {
            self.does(by, Doing::Busy);
            self.tell_of(by, SubscriberEvent::HearsBusy);
            return Ok(());
        }
        self.does(by, Doing::Calls);
        self.face.rest(false);
        self.state = State::Alerting { by, alert: Alert::new(&self.spec, caller, self.now) };
        Ok(())
    }

    pub(super) fn answer(&mut self, by: usize) -> Result<(), Cannot> {
        if !matches!(self.subscriber(by)?.doing(), Doing::Rung(_)) {
            return Err(Cannot::NotCalled);
        }
        self.tell_of(by, SubscriberEvent::Connected);
        self.does(by, Doing::Talks);
        if self.state == (State::Ringing { with: by }) {
            self.face.hush();
            self.supervise_answer(by);
        } else {
            // it was joined to another while it rang
            self.join_waiting(by);
        }
        Ok(())
    }

    pub(super) fn hang_up(&mut self, by: usize) -> Result<(), Cannot> {
        let doing = self.subscriber(by)?.doing();
        match doing {
            Doing::Idle | Doing::Rung(_) => return Err(Cannot::NoCall),
            Doing::Calls => {
                self.does(by, Doing::Idle);
                if matches!(&self.state, State::Alerting { by: caller, .. } if *caller == by) {
                    self.tell(OfficeEvent::StopsRinging);
                    self.face.rest(true);
                    self.state = State::Idle;
                }
            }
            Doing::Talks => {
                self.does(by, Doing::Idle);
                if self.held == Some(by) {
                    self.held = None;
                } else if matches!(self.state, State::Talking { with, .. } if with == by) {
                    self.clear();
                }
            }
            Doing::Joined(other) => {
                self.does(by, Doing::Idle);
                self.does(other, Doing::Left);
                self.tell_of(other, SubscriberEvent::Cleared);
            }
            Doing::Busy | Doing::Left => self.does(by, Doing::Idle),
        }
        Ok(())
    }

    /// The far end hung up: shows it as the line's service has it.
    pub(super) fn clear(&mut self) {
        self.state = State::Cleared;
        match self.spec.clearing.clone() {
            Clearing::Cpc(length) => self.face.pulse(self.now, Feed::Open, length),
            Clearing::Reversal => {
                let reversed = self.face.is_reversed();
                self.face.reverse(!reversed);
            }
            Clearing::Tone(tone) => self.play(tone),
            Clearing::Strange(parts, cadence) => self.face.play(Score::strange(&parts, &cadence)),
            Clearing::Silence => {}
        }
    }

    /// The line leaves a subscriber.
    pub(super) fn leave(&mut self, place: usize) {
        self.does(place, Doing::Left);
        self.tell_of(place, SubscriberEvent::Cleared);
    }

    /// Joins two subscribers; the first may still be rung.
    pub(super) fn join(&mut self, one: usize, other: usize) {
        let number = |office: &Self, place: usize| {
            office.subscribers.get(place).map_or_else(String::new, |one| one.spec().number.clone())
        };
        let (first, second) = (number(self, one), number(self, other));
        let is_rung = matches!(self.subscribers.get(one).map(Subscriber::doing), Some(Doing::Rung(_)));
        self.does(other, Doing::Joined(one));
        self.tell_of(other, SubscriberEvent::Joined(first));
        if !is_rung {
            self.does(one, Doing::Joined(other));
            self.tell_of(one, SubscriberEvent::Joined(second));
        }
    }

    /// A subscriber answered to whom another was joined while it rang.
    pub(super) fn join_waiting(&mut self, by: usize) {
        let waits = self.subscribers.iter().position(|one| one.doing() == Doing::Joined(by));
        match waits {
            Some(other) => {
                self.does(by, Doing::Joined(other));
                let number = self.subscribers.get(other).map(|one| one.spec().number.clone());
                self.tell_of(by, SubscriberEvent::Joined(number.unwrap_or_default()));
            }
            None => self.leave(by),
        }
    }
}
