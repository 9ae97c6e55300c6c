//! The server transaction of all requests but INVITE and ACK, RFC 3261 §17.2.2.

use tipring_units::Instant;

use super::{Action, Class, Timer, Timing};

pub use super::invite_server::Event;

/// Where the transaction stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Waiting for the user. Once the client's timer F has run out nobody waits for the answer any more.
    Trying {
        /// When the client has given up.
        until: Instant,
    },
    /// A provisional answer was sent.
    Proceeding {
        /// When the client has given up.
        until: Instant,
    },
    /// The final answer was sent (timer J).
    Completed {
        /// Timer J.
        until: Instant,
    },
    /// Over.
    Terminated,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct NonInviteServer {
    timing: Timing,
    reliable: bool,
    state: State,
}

impl NonInviteServer {
    /// A transaction for a request that has just arrived.
    pub fn start(now: Instant, timing: Timing, reliable: bool) -> Self {
        Self { timing, reliable, state: State::Trying { until: now + timing.life() } }
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The next timer.
    pub fn deadline(&self) -> Option<(Instant, Timer)> {
        match self.state {
            State::Trying { until } | State::Proceeding { until } | State::Completed { until } => {
                Some((until, Timer::J))
            }
            State::Terminated => None,
        }
    }

    /// Takes one event.
    pub fn on(&mut self, now: Instant, event: Event, out: &mut Vec<Action>) {
        match (self.state, event) {
            (State::Trying { until } | State::Proceeding { until }, Event::Answer(Class::Provisional)) => {
                out.push(Action::Send);
                self.enter(State::Proceeding { until }, out);
            }
            (State::Trying { .. } | State::Proceeding { .. }, Event::Answer(Class::Success | Class::Refusal)) => {
                out.push(Action::Send);
                if self.reliable {
                    self.enter(State::Terminated, out);
                } else {
                    self.enter(State::Completed { until: now + self.timing.life() }, out);
                }
            }
            (State::Proceeding { .. } | State::Completed { .. }, Event::Repeat) => out.push(Action::Send),
            (
                State::Trying { .. } | State::Proceeding { .. } | State::Completed { .. },
                Event::Timer(Timer::J),
            ) => self.enter(State::Terminated, out),
            (State::Trying { .. } | State::Proceeding { .. } | State::Completed { .. }, Event::TransportError) => {
                out.push(Action::TransportFailed);
                self.enter(State::Terminated, out);
            }
            // Nothing to repeat yet.
            (State::Trying { .. }, Event::Repeat)
            // ACK never belongs to these methods.
            | (State::Trying { .. } | State::Proceeding { .. } | State::Completed { .. }, Event::Ack)
            // One final answer only.
            | (State::Completed { .. }, Event::Answer(_))
            // No other timer runs here.
            | (State::Trying { .. } | State::Proceeding { .. } | State::Completed { .. }, Event::Timer(_))
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
    fn a_repeated_request_gets_the_same_answer_for_64_t1() {
        let mut out = Vec::new();
        let mut machine = NonInviteServer::start(Instant::ZERO, Timing::STANDARD, false);
        machine.on(Instant::ZERO, Event::Repeat, &mut out);
        assert!(out.is_empty());
        machine.on(Instant::ZERO, Event::Answer(Class::Success), &mut out);
        machine.on(Instant::from_millis(500), Event::Repeat, &mut out);
        assert_eq!(out, [Action::Send; 2]);
        assert_eq!(machine.deadline(), Some((Instant::from_millis(32_000), Timer::J)));
    }

    #[test]
    fn a_request_that_is_never_answered_is_forgotten_when_its_client_has_given_up() {
        let mut out = Vec::new();
        let mut machine = NonInviteServer::start(Instant::ZERO, Timing::STANDARD, false);
        let (at, timer) = machine.deadline().expect("a timer");
        assert_eq!(at, Instant::from_millis(32_000));
        machine.on(at, Event::Timer(timer), &mut out);
        assert_eq!(out, [Action::Ended]);
    }

    #[test]
    fn on_a_reliable_transport_it_ends_with_its_answer() {
        let mut out = Vec::new();
        let mut machine = NonInviteServer::start(Instant::ZERO, Timing::STANDARD, true);
        machine.on(Instant::ZERO, Event::Answer(Class::Refusal), &mut out);
        assert_eq!(out, [Action::Send, Action::Ended]);
    }
}
