//! The client transaction of all requests but INVITE and ACK, RFC 3261 §17.1.2.

use tipring_units::Instant;

use super::timing::{Schedule, earlier};
use super::{Action, Class, Timer, Timing};

pub use super::invite_client::Event;

/// Where the transaction stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Sent, nothing heard.
    Trying {
        /// Timer E.
        repeat: Option<Schedule>,
        /// Timer F.
        give_up: Instant,
    },
    /// A provisional answer came; still repeated, at T2.
    Proceeding {
        /// Timer E.
        repeat: Option<Schedule>,
        /// Timer F.
        give_up: Instant,
    },
    /// The final answer came; its repeats are absorbed.
    Completed {
        /// Timer K.
        until: Instant,
    },
    /// Over.
    Terminated,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct NonInviteClient {
    timing: Timing,
    reliable: bool,
    state: State,
}

impl NonInviteClient {
    /// Starts the transaction: the first `Send` is in `out`.
    pub fn start(now: Instant, timing: Timing, reliable: bool, out: &mut Vec<Action>) -> Self {
        out.push(Action::Send);
        let repeat = (!reliable).then(|| Schedule::start(now, timing.t1));
        Self { timing, reliable, state: State::Trying { repeat, give_up: now + timing.life() } }
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The next timer.
    pub fn deadline(&self) -> Option<(Instant, Timer)> {
        match self.state {
            State::Trying { repeat, give_up } | State::Proceeding { repeat, give_up } => {
                earlier(repeat.map(|r| (r.at, Timer::E)), Some((give_up, Timer::F)))
            }
            State::Completed { until } => Some((until, Timer::K)),
            State::Terminated => None,
        }
    }

    /// Takes one event.
    pub fn on(&mut self, now: Instant, event: Event, out: &mut Vec<Action>) {
        match (self.state, event) {
            (State::Trying { repeat: Some(last), give_up }, Event::Timer(Timer::E)) => {
                out.push(Action::Send);
                let repeat = Some(Schedule::start(now, self.timing.doubled(last.interval)));
                self.state = State::Trying { repeat, give_up };
            }
            (State::Proceeding { repeat: Some(_), give_up }, Event::Timer(Timer::E)) => {
                out.push(Action::Send);
                self.state =
                    State::Proceeding { repeat: Some(Schedule::start(now, self.timing.t2)), give_up };
            }
            (State::Trying { .. } | State::Proceeding { .. }, Event::Timer(Timer::F)) => {
                out.push(Action::TimedOut);
                self.enter(State::Terminated, out);
            }
            (
                State::Trying { repeat, give_up } | State::Proceeding { repeat, give_up },
                Event::Response(Class::Provisional),
            ) => {
                out.push(Action::Deliver);
                self.enter(State::Proceeding { repeat, give_up }, out);
            }
            (
                State::Trying { .. } | State::Proceeding { .. },
                Event::Response(Class::Success | Class::Refusal),
            ) => {
                out.push(Action::Deliver);
                if self.reliable {
                    self.enter(State::Terminated, out);
                } else {
                    self.enter(State::Completed { until: now + self.timing.t4 }, out);
                }
            }
            (State::Completed { .. }, Event::Timer(Timer::K)) => self.enter(State::Terminated, out),
            (State::Trying { .. } | State::Proceeding { .. }, Event::TransportError) => {
                out.push(Action::TransportFailed);
                self.enter(State::Terminated, out);
            }
            // Repeats of the final answer, and failures that no longer matter.
            (State::Completed { .. }, Event::Response(_) | Event::TransportError)
            // A timer that raced with the answer that stopped it.
            | (State::Trying { .. } | State::Proceeding { .. } | State::Completed { .. }, Event::Timer(_))
            | (State::Terminated, Event::Response(_) | Event::Timer(_) | Event::TransportError) => {}
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
    fn an_unanswered_request_is_sent_eleven_times_in_32_s() {
        let mut out = Vec::new();
        let mut machine = NonInviteClient::start(Instant::ZERO, Timing::STANDARD, false, &mut out);
        let mut last = Instant::ZERO;
        while let Some((at, timer)) = machine.deadline() {
            machine.on(at, Event::Timer(timer), &mut out);
            last = at;
        }
        // §17.1.2.2: 500 ms, 1 s, 2 s, then every 4 s.
        assert_eq!(out.iter().filter(|a| **a == Action::Send).count(), 11);
        assert_eq!(last, Instant::from_millis(32_000));
    }

    #[test]
    fn after_a_provisional_answer_it_repeats_every_4_s() {
        let mut out = Vec::new();
        let mut machine = NonInviteClient::start(Instant::ZERO, Timing::STANDARD, false, &mut out);
        machine.on(Instant::from_millis(100), Event::Response(Class::Provisional), &mut out);
        machine.on(Instant::from_millis(500), Event::Timer(Timer::E), &mut out);
        assert_eq!(machine.deadline(), Some((Instant::from_millis(4500), Timer::E)));
    }

    #[test]
    fn repeats_of_the_final_answer_are_absorbed_for_t4() {
        let mut out = Vec::new();
        let mut machine = NonInviteClient::start(Instant::ZERO, Timing::STANDARD, false, &mut out);
        out.clear();
        machine.on(Instant::from_millis(100), Event::Response(Class::Success), &mut out);
        machine.on(Instant::from_millis(600), Event::Response(Class::Success), &mut out);
        assert_eq!(out, [Action::Deliver]);
        assert_eq!(machine.deadline(), Some((Instant::from_millis(5100), Timer::K)));
    }
}
