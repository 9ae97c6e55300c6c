//! The INVITE client transaction, RFC 3261 §17.1.1 with RFC 6026 §7.2.

use tipring_units::Instant;

use super::timing::{Schedule, earlier};
use super::{Action, Class, Timer, Timing};

/// What can happen to the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A matching response arrived.
    Response(Class),
    /// A timer ran out.
    Timer(Timer),
    /// The transport failed to send.
    TransportError,
}

/// Where the transaction stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// INVITE sent, nothing heard. No repeats on a reliable transport.
    Calling {
        /// Timer A.
        repeat: Option<Schedule>,
        /// Timer B.
        give_up: Instant,
    },
    /// A provisional answer came.
    Proceeding,
    /// A 2xx came; more of them may follow from other forks (timer M).
    Accepted {
        /// Timer M.
        until: Instant,
    },
    /// A refusal came and was acknowledged (timer D).
    Completed {
        /// Timer D.
        until: Instant,
    },
    /// Its user waits no longer: it is not repeated, but what still comes is passed on, and a refusal acknowledged.
    Abandoned {
        /// When nothing is expected any more.
        until: Instant,
    },
    /// Over.
    Terminated,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct InviteClient {
    timing: Timing,
    reliable: bool,
    state: State,
}

impl InviteClient {
    /// Starts the transaction: the first `Send` is in `out`.
    pub fn start(now: Instant, timing: Timing, reliable: bool, out: &mut Vec<Action>) -> Self {
        out.push(Action::Send);
        let repeat = (!reliable).then(|| Schedule::start(now, timing.t1));
        Self { timing, reliable, state: State::Calling { repeat, give_up: now + timing.life() } }
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The next timer.
    pub fn deadline(&self) -> Option<(Instant, Timer)> {
        match self.state {
            State::Calling { repeat, give_up } => {
                earlier(repeat.map(|r| (r.at, Timer::A)), Some((give_up, Timer::B)))
            }
            State::Proceeding | State::Terminated => None,
            State::Accepted { until } => Some((until, Timer::M)),
            State::Completed { until } => Some((until, Timer::D)),
            State::Abandoned { until } => Some((until, Timer::B)),
        }
    }

    /// Its user goes elsewhere before an answer came. Late answers are taken for the life of a transaction.
    pub fn abandon(&mut self, now: Instant) {
        if let State::Calling { .. } = self.state {
            self.state = State::Abandoned { until: now + self.timing.life() };
        }
    }

    /// Takes one event.
    pub fn on(&mut self, now: Instant, event: Event, out: &mut Vec<Action>) {
        match (self.state, event) {
            (State::Calling { repeat, give_up }, Event::Timer(Timer::A)) => {
                if let Some(last) = repeat {
                    out.push(Action::Send);
                    // Timer A doubles without a ceiling (§17.1.1.2), unlike timer E.
                    let interval = tipring_units::Millis(last.interval.0.saturating_mul(2));
                    let repeat = Some(Schedule { at: now + interval, interval });
                    self.state = State::Calling { repeat, give_up };
                }
            }
            (State::Calling { .. }, Event::Timer(Timer::B)) => {
                out.push(Action::TimedOut);
                self.enter(State::Terminated, out);
            }
            (State::Calling { .. } | State::Proceeding, Event::Response(Class::Provisional)) => {
                out.push(Action::Deliver);
                self.enter(State::Proceeding, out);
            }
            (State::Calling { .. } | State::Proceeding, Event::Response(Class::Success)) => {
                out.push(Action::Deliver);
                self.enter(State::Accepted { until: now + self.timing.life() }, out);
            }
            (State::Calling { .. } | State::Proceeding, Event::Response(Class::Refusal)) => {
                out.push(Action::Ack);
                out.push(Action::Deliver);
                if self.reliable {
                    self.enter(State::Terminated, out);
                } else {
                    self.enter(State::Completed { until: now + self.timing.d }, out);
                }
            }
            // A further 2xx: a repeat or another fork. The session tells them apart by the To tag.
            (State::Accepted { .. }, Event::Response(Class::Success)) => out.push(Action::Deliver),
            // A proxy passes on a 2xx even after a refusal (§16.7 step 5): the session must end it.
            (State::Completed { .. }, Event::Response(Class::Success)) => out.push(Action::Deliver),
            (State::Completed { .. }, Event::Response(Class::Refusal)) => out.push(Action::Ack),
            (State::Abandoned { .. }, Event::Response(Class::Provisional | Class::Success)) => {
                out.push(Action::Deliver);
            }
            (State::Abandoned { .. }, Event::Response(Class::Refusal)) => out.push(Action::Ack),
            (State::Abandoned { .. }, Event::Timer(Timer::B) | Event::TransportError) => {
                self.enter(State::Terminated, out);
            }
            (State::Accepted { .. }, Event::Timer(Timer::M))
            | (State::Completed { .. }, Event::Timer(Timer::D)) => self.enter(State::Terminated, out),
            (State::Calling { .. } | State::Proceeding | State::Completed { .. }, Event::TransportError) => {
                out.push(Action::TransportFailed);
                self.enter(State::Terminated, out);
            }
            // Late: the final answer is already in.
            (State::Accepted { .. }, Event::Response(Class::Provisional | Class::Refusal) | Event::TransportError)
            | (State::Completed { .. }, Event::Response(Class::Provisional))
            // A timer that raced with the answer that stopped it.
            | (
                State::Calling { .. }
                | State::Proceeding
                | State::Accepted { .. }
                | State::Completed { .. }
                | State::Abandoned { .. },
                Event::Timer(_),
            )
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
    use tipring_units::Millis;

    fn run(reliable: bool) -> (InviteClient, Vec<Action>) {
        let mut out = Vec::new();
        let machine = InviteClient::start(Instant::ZERO, Timing::STANDARD, reliable, &mut out);
        (machine, out)
    }

    #[test]
    fn an_unanswered_invite_is_sent_seven_times_and_given_up_after_32_s() {
        let (mut machine, mut out) = run(false);
        let mut sends = vec![0];
        while let Some((at, timer)) = machine.deadline() {
            let before = out.len();
            machine.on(at, Event::Timer(timer), &mut out);
            if out[before..].contains(&Action::Send) {
                sends.push(at.as_millis());
            }
            if out.contains(&Action::Ended) {
                assert_eq!(at, Instant::from_millis(32_000));
            }
        }
        assert_eq!(sends, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
        assert!(out.ends_with(&[Action::TimedOut, Action::Ended]));
    }

    #[test]
    fn a_reliable_transport_sends_once() {
        let (machine, out) = run(true);
        assert_eq!(out, [Action::Send]);
        assert_eq!(machine.deadline(), Some((Instant::from_millis(32_000), Timer::B)));
    }

    #[test]
    fn a_repeated_refusal_is_acknowledged_again_but_delivered_once() {
        let (mut machine, mut out) = run(false);
        out.clear();
        machine.on(Instant::from_millis(10), Event::Response(Class::Refusal), &mut out);
        machine.on(Instant::from_millis(510), Event::Response(Class::Refusal), &mut out);
        assert_eq!(out, [Action::Ack, Action::Deliver, Action::Ack]);
        assert_eq!(machine.deadline(), Some((Instant::from_millis(10) + Millis(32_000), Timer::D)));
    }

    #[test]
    fn every_2xx_is_delivered_while_timer_m_runs() {
        let (mut machine, mut out) = run(false);
        out.clear();
        for at in [10, 510, 1510] {
            machine.on(Instant::from_millis(at), Event::Response(Class::Success), &mut out);
        }
        machine.on(Instant::from_millis(1600), Event::Response(Class::Provisional), &mut out);
        assert_eq!(out, [Action::Deliver; 3]);
        let (at, timer) = machine.deadline().expect("timer M runs");
        machine.on(at, Event::Timer(timer), &mut out);
        assert_eq!(machine.state(), State::Terminated);
    }

    #[test]
    fn a_provisional_answer_stops_the_repeats() {
        let (mut machine, mut out) = run(false);
        machine.on(Instant::from_millis(10), Event::Response(Class::Provisional), &mut out);
        assert_eq!(machine.deadline(), None);
    }
}
