//! The INVITE server transaction, RFC 3261 §17.2.1 with RFC 6026 §7.1.

use tipring_units::Instant;

use super::timing::{Schedule, earlier};
use super::{Action, Class, Timer, Timing};

/// What can happen to the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The same request arrived again.
    Repeat,
    /// An ACK that matches this transaction arrived.
    Ack,
    /// The user of the transaction answers.
    Answer(Class),
    /// A timer ran out.
    Timer(Timer),
    /// The transport failed to send.
    TransportError,
}

/// Where the transaction stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Waiting for the user; `answered` once a provisional answer was sent.
    Proceeding {
        /// A provisional answer is there to be repeated.
        answered: bool,
    },
    /// A 2xx was sent (timer L); the session repeats it.
    Accepted {
        /// Timer L.
        until: Instant,
    },
    /// A refusal was sent and waits for its ACK.
    Completed {
        /// Timer G.
        repeat: Option<Schedule>,
        /// Timer H.
        give_up: Instant,
    },
    /// The refusal is acknowledged; further ACKs are absorbed.
    Confirmed {
        /// Timer I.
        until: Instant,
    },
    /// Over.
    Terminated,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct InviteServer {
    timing: Timing,
    reliable: bool,
    state: State,
}

impl InviteServer {
    /// A transaction for an INVITE that has just arrived. Its user sends 100 at once.
    pub const fn start(timing: Timing, reliable: bool) -> Self {
        Self { timing, reliable, state: State::Proceeding { answered: false } }
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The next timer.
    pub fn deadline(&self) -> Option<(Instant, Timer)> {
        match self.state {
            State::Proceeding { .. } | State::Terminated => None,
            State::Accepted { until } => Some((until, Timer::L)),
            State::Completed { repeat, give_up } => {
                earlier(repeat.map(|r| (r.at, Timer::G)), Some((give_up, Timer::H)))
            }
            State::Confirmed { until } => Some((until, Timer::I)),
        }
    }

    /// Takes one event.
    pub fn on(&mut self, now: Instant, event: Event, out: &mut Vec<Action>) {
        match (self.state, event) {
            (State::Proceeding { answered: true }, Event::Repeat) => out.push(Action::Send),
            (State::Proceeding { .. }, Event::Answer(Class::Provisional)) => {
                out.push(Action::Send);
                self.enter(State::Proceeding { answered: true }, out);
            }
            (State::Proceeding { .. }, Event::Answer(Class::Success)) => {
                out.push(Action::Send);
                self.enter(State::Accepted { until: now + self.timing.life() }, out);
            }
            (State::Proceeding { .. }, Event::Answer(Class::Refusal)) => {
                out.push(Action::Send);
                let repeat = (!self.reliable).then(|| Schedule::start(now, self.timing.t1));
                self.enter(State::Completed { repeat, give_up: now + self.timing.life() }, out);
            }
            // The session repeats its 2xx through here until the ACK comes.
            (State::Accepted { .. }, Event::Answer(Class::Success)) => out.push(Action::Send),
            (State::Accepted { .. }, Event::Ack) => out.push(Action::Deliver),
            (State::Completed { .. }, Event::Repeat) => out.push(Action::Send),
            (State::Completed { .. }, Event::Ack) => {
                if self.reliable {
                    self.enter(State::Terminated, out);
                } else {
                    self.enter(State::Confirmed { until: now + self.timing.t4 }, out);
                }
            }
            (State::Completed { repeat: Some(last), give_up }, Event::Timer(Timer::G)) => {
                out.push(Action::Send);
                let repeat = Some(Schedule::start(now, self.timing.doubled(last.interval)));
                self.state = State::Completed { repeat, give_up };
            }
            (State::Completed { .. }, Event::Timer(Timer::H)) => {
                out.push(Action::TimedOut);
                self.enter(State::Terminated, out);
            }
            (State::Accepted { .. }, Event::Timer(Timer::L))
            | (State::Confirmed { .. }, Event::Timer(Timer::I)) => self.enter(State::Terminated, out),
            (State::Proceeding { .. } | State::Completed { .. }, Event::TransportError) => {
                out.push(Action::TransportFailed);
                self.enter(State::Terminated, out);
            }
            // A 2xx may still get through at its next repeat; the session gives up by itself.
            (State::Accepted { .. }, Event::TransportError)
            // Nothing to repeat yet; the session repeats 2xx by its own timer.
            | (State::Proceeding { answered: false } | State::Accepted { .. }, Event::Repeat)
            // An ACK before any final answer is a peer's mistake.
            | (State::Proceeding { .. }, Event::Ack)
            // Repeats after the ACK.
            | (State::Confirmed { .. }, Event::Repeat | Event::Ack | Event::TransportError)
            // One final answer only: later ones of the user are dropped.
            | (State::Accepted { .. }, Event::Answer(Class::Provisional | Class::Refusal))
            | (State::Completed { .. } | State::Confirmed { .. }, Event::Answer(_))
            // A timer that raced with what stopped it.
            | (
                State::Proceeding { .. }
                | State::Accepted { .. }
                | State::Completed { .. }
                | State::Confirmed { .. },
                Event::Timer(_),
            )
            | (
                State::Terminated,
                Event::Repeat | Event::Ack | Event::Answer(_) | Event::Timer(_) | Event::TransportError,
            ) => {}
        }
    }

    fn enter(&mut self, state: State, out: &mut Vec<Action>) {
        if state == State::Terminated {
            out.push(Action::Ended);
        }
        self.state = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_repeated_until_its_ack() {
        let mut out = Vec::new();
        let mut machine = InviteServer::start(Timing::STANDARD, false);
        machine.on(Instant::ZERO, Event::Answer(Class::Refusal), &mut out);
        for _ in 0..3 {
            let (at, timer) = machine.deadline().expect("timer G runs");
            machine.on(at, Event::Timer(timer), &mut out);
        }
        assert_eq!(out, [Action::Send; 4]);
        machine.on(Instant::from_millis(4000), Event::Ack, &mut out);
        assert_eq!(machine.deadline(), Some((Instant::from_millis(9000), Timer::I)));
        machine.on(Instant::from_millis(4100), Event::Ack, &mut out);
        assert_eq!(out.len(), 4);
    }

    #[test]
    fn a_refusal_without_ack_is_given_up_after_32_s() {
        let mut out = Vec::new();
        let mut machine = InviteServer::start(Timing::STANDARD, false);
        machine.on(Instant::ZERO, Event::Answer(Class::Refusal), &mut out);
        while let Some((at, timer)) = machine.deadline() {
            machine.on(at, Event::Timer(timer), &mut out);
        }
        assert!(out.ends_with(&[Action::TimedOut, Action::Ended]));
    }

    #[test]
    fn a_second_final_answer_is_dropped() {
        let mut out = Vec::new();
        let mut machine = InviteServer::start(Timing::STANDARD, false);
        machine.on(Instant::ZERO, Event::Answer(Class::Success), &mut out);
        machine.on(Instant::ZERO, Event::Answer(Class::Refusal), &mut out);
        assert_eq!(out, [Action::Send]);
        assert!(matches!(machine.state(), State::Accepted { .. }));
    }

    #[test]
    fn a_repeated_invite_gets_the_last_provisional_answer_but_not_the_2xx() {
        let mut out = Vec::new();
        let mut machine = InviteServer::start(Timing::STANDARD, false);
        machine.on(Instant::ZERO, Event::Repeat, &mut out);
        assert!(out.is_empty());
        machine.on(Instant::ZERO, Event::Answer(Class::Provisional), &mut out);
        machine.on(Instant::ZERO, Event::Repeat, &mut out);
        assert_eq!(out, [Action::Send; 2]);
        machine.on(Instant::ZERO, Event::Answer(Class::Success), &mut out);
        machine.on(Instant::ZERO, Event::Repeat, &mut out);
        assert_eq!(out, [Action::Send; 3]);
    }
}
