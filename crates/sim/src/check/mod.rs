//! Checkers that watch a world, whatever happens in it.
//!
//! # What it does
//! Holds what must always be true against what is seen on the network, on the loops and in the journal: ringing stops
//! at ring trip ([`Ring`]); every INVITE gets one final answer and every final answer an ACK ([`Answers`]); no RTP after
//! BYE ([`Farewell`]); calls = records ([`Calls`]); lines do what their hooks say, and a receiver left off-hook ends
//! in quiet ([`Lines`]); nobody hears a stranger ([`Voices`]); no outside line
//! is left seized ([`Seized`]); 80 samples each tick, bounded queues ([`Pace`]); no panic
//! but injected ones ([`panics`]).
//!
//! # How
//! [`Checks`] is told of everything as it happens; each checker is a small machine of its own that can be fed alone.
//!
//! # Limits
//! [`MAX_VIOLATIONS`] violations are kept.
//!
//! # Standard
//! None.

mod answers;
mod calls;
mod farewell;
mod lines;
mod pace;
pub mod panics;
mod reader;
mod ring;
mod seized;
mod voices;

use core::fmt;
use core::net::SocketAddr;
use std::collections::VecDeque;

use tipring_call::{Alarm, CallEvent, CallRecord};
use tipring_gateway::{Entry, What};
use tipring_port::{LineEvent, LineFault};
use tipring_units::{Instant, LineId};

pub use answers::Answers;
pub use calls::{Calls, Used};
pub use farewell::Farewell;
pub use lines::{Lines, Seen};
pub use pace::{Counts, Pace};
pub use reader::{Glance, Start};
pub use ring::Ring;
pub use seized::{Held, PATIENCE, Seized};
pub use voices::{Voices, Who};

/// Violations that are kept, at the most.
pub const MAX_VIOLATIONS: usize = 20;
/// Lines of the ladder that a violation shows.
pub const SHOWN: usize = 30;

/// Something that must never be true.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// When it was seen.
    pub at: Instant,
    /// The seed of the run.
    pub seed: u64,
    /// What was seen.
    pub what: String,
    /// The last lines of the ladder before it.
    pub ladder: Vec<String>,
    /// What to type to see it again.
    pub command: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "violation at {} (seed {}): {}", self.at, self.seed, self.what)?;
        for line in &self.ladder {
            writeln!(f, "  {line}")?;
        }
        write!(f, "again: {}", self.command)
    }
}

/// All checkers of a world.
#[derive(Debug)]
pub struct Checks {
    seed: u64,
    command: String,
    ring: Ring,
    answers: Answers,
    farewell: Farewell,
    calls: Calls,
    lines: Lines,
    voices: Voices,
    seized: Seized,
    pace: Pace,
    ladder: VecDeque<String>,
    hash: u64,
    events: u64,
    panicked: u64,
    wrong: Vec<String>,
    violations: Vec<Violation>,
}

impl Checks {
    /// Checkers for a run that `command` repeats.
    pub fn new(seed: u64, command: String) -> Self {
        Self {
            seed,
            command,
            ring: Ring::default(),
            answers: Answers::default(),
            farewell: Farewell::default(),
            calls: Calls::default(),
            lines: Lines::default(),
            voices: Voices::default(),
            seized: Seized::default(),
            pace: Pace::default(),
            ladder: VecDeque::with_capacity(SHOWN),
            hash: 0xcbf2_9ce4_8422_2325,
            events: 0,
            panicked: 0,
            wrong: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// What has been found.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The calls so far.
    pub const fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Journal entries so far.
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// Recoveries from panics that the journal told of.
    pub const fn recoveries(&self) -> u64 {
        self.panicked
    }

    /// A number that stands for the whole ladder.
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// Ears are over true samples: they take two voices at once for a third for a while.
    pub fn doubt_ears(&mut self) {
        self.voices.doubt_ears();
    }

    /// Calls from this number come from this far end.
    pub fn number(&mut self, number: &str, far: &str) {
        self.voices.number(number, far);
    }

    /// A line of the ladder.
    pub fn rung(&mut self, at: Instant, who: &str, words: &str) {
        let mut eat = |byte: u8| self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        at.as_nanos().to_be_bytes().into_iter().for_each(&mut eat);
        who.bytes().chain([0]).chain(words.bytes()).for_each(&mut eat);
        if self.ladder.len() == SHOWN {
            self.ladder.pop_front();
        }
        self.ladder.push_back(format!("{at} {who}: {words}"));
    }

    /// All rungs of this moment have been told of.
    pub fn rungs_told(&mut self) {
        for violation in self.violations.iter_mut().rev().take_while(|violation| violation.ladder.is_empty())
        {
            violation.ladder = self.ladder.iter().cloned().collect();
        }
    }

    /// The gateway got a SIP message.
    pub fn sip_received(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let Some(message) = Glance::of(bytes) else { return };
        self.answers.received(now, from, &message);
        self.farewell.received(&message);
    }

    /// The gateway was told that nobody listens at an address, or lost its connection with it.
    pub fn unreachable(&mut self, now: Instant, address: SocketAddr) {
        self.answers.unreachable(now, address);
    }

    /// The gateway wants a connection with an address.
    pub fn connecting(&mut self, address: SocketAddr) {
        self.answers.connecting(address);
    }

    /// It stands.
    pub fn connected(&mut self, now: Instant, address: SocketAddr) {
        self.answers.connected(now, address);
    }

    /// The gateway wanted a connection with an address and was refused.
    pub fn refused(&mut self, now: Instant, address: SocketAddr) {
        self.answers.refused(now, address);
    }

    /// The gateway sent a SIP message.
    pub fn sip_sent(&mut self, now: Instant, to: SocketAddr, bytes: &[u8]) {
        let Some(message) = Glance::of(bytes) else { return };
        self.answers.sent(now, to, &message, &mut self.wrong);
        self.farewell.sent(now, &message);
        self.settle(now);
    }

    /// The gateway sent a packet of sound.
    pub fn rtp_sent(&mut self, now: Instant, from: SocketAddr) {
        self.farewell.packet(now, from.port(), &mut self.wrong);
        self.settle(now);
    }

    /// The journal has a new entry.
    pub fn journal(&mut self, now: Instant, entry: &Entry) {
        self.events += 1;
        self.pace.journal(entry.sequence, &mut self.wrong);
        if let (What::Line(event), Some(line)) = (&entry.what, entry.line) {
            self.line_event(now, usize::from(line.0), event);
        } else if let What::Call(event) = &entry.what {
            self.calls.event(now, event, &mut self.wrong);
            self.voices.event(now, event);
            if let CallEvent::Line { line, doing } = event {
                self.lines.doing(now, usize::from(line.0), *doing);
            }
        } else if let What::Alarm(Alarm::LineAbandoned(line)) = &entry.what {
            self.panicked += 1;
            self.lines.abandoned(now, usize::from(line.0));
        } else if let What::Alarm(Alarm::CallAbandoned(_) | Alarm::LegAbandoned(_)) = &entry.what {
            self.panicked += 1;
        }
        self.settle(now);
    }

    fn line_event(&mut self, now: Instant, line: usize, event: &LineEvent) {
        self.lines.event(now, line, event);
        if matches!(event, LineEvent::Fault(_) | LineEvent::FaultCleared(_)) {
            self.ring.excuse(now, line);
        }
        if matches!(event, LineEvent::Lifeline(_)) {
            self.voices.moved(line);
        }
        self.panicked += u64::from(*event == LineEvent::Fault(LineFault::Panicked));
    }

    /// A call record came out.
    pub fn record(&mut self, now: Instant, record: &CallRecord) {
        self.calls.record(now, record, &mut self.wrong);
        self.settle(now);
    }

    /// The calendar was set.
    pub const fn calendar_jumped(&mut self) {
        self.calls.calendar_jumped();
    }

    /// An ear begins or ceases to hear the voice of somebody.
    pub fn heard(&mut self, now: Instant, ear: &str, mouth: &str, begins: bool) {
        self.voices.heard(now, who(ear), who(mouth), begins, &mut self.wrong);
        self.settle(now);
    }

    /// A tick of a line is over.
    pub fn tick(&mut self, now: Instant, line: LineId, ringing: bool, closed: bool, blind: bool) {
        let line = usize::from(line.0);
        if blind {
            self.ring.excuse(now, line);
        }
        self.ring.look(now, line, ringing, closed, &mut self.wrong);
        self.settle(now);
    }

    /// A closer look at a line, from time to time.
    pub fn line(&mut self, now: Instant, line: LineId, seen: Seen, counts: Counts) {
        let line = usize::from(line.0);
        self.lines.look(now, line, seen, &mut self.wrong);
        self.pace.look(line, counts, &mut self.wrong);
        self.settle(now);
    }

    /// A closer look at an outside line, from time to time.
    pub fn outside(&mut self, now: Instant, line: LineId, held: Held) {
        let line = usize::from(line.0);
        self.seized.look(now, line, held, &mut self.wrong);
        self.settle(now);
    }

    /// With whom the gateway says that this line is connected, or tries to be.
    pub fn partners(&self, line: LineId) -> Vec<Who> {
        self.voices.partners(usize::from(line.0))
    }

    /// A closer look at all the rest, from time to time.
    pub fn look(&mut self, now: Instant, flights: usize) {
        self.answers.look(now, &mut self.wrong);
        self.calls.look(now, &mut self.wrong);
        self.voices.look(now, &mut self.wrong);
        self.pace.flights(flights, &mut self.wrong);
        self.wrong.extend(panics::take());
        self.settle(now);
    }

    /// Faults have stopped, all have hung up, and `left` is what is not idle although it had its time.
    pub fn quiesced(&mut self, now: Instant, left: Vec<String>) {
        self.wrong.extend(left.into_iter().map(|what| format!("not idle when all is over: {what}")));
        self.answers.quiesced(now, &mut self.wrong);
        self.calls.quiesced(now, &mut self.wrong);
        self.lines.quiesced(&mut self.wrong);
        self.settle(now);
    }

    fn settle(&mut self, now: Instant) {
        if self.wrong.is_empty() {
            return;
        }
        for what in core::mem::take(&mut self.wrong) {
            if self.violations.len() < MAX_VIOLATIONS {
                let (seed, command) = (self.seed, self.command.clone());
                // the ladder follows when all that happens at this moment stands in it
                self.violations.push(Violation { at: now, seed, what, ladder: Vec::new(), command });
            }
        }
    }
}

/// Who has this name in ladders: `phone 3`, `phone 3b`, `pbx`, `pbx/2`, `user 201`.
fn who(name: &str) -> Who {
    let line = name.strip_prefix("phone ").and_then(|rest| {
        let digits = rest.trim_end_matches(|c: char| c.is_ascii_lowercase());
        digits.parse::<usize>().ok()?.checked_sub(1)
    });
    let far = || name.strip_prefix("user ").unwrap_or(name).split('/').next().unwrap_or(name);
    line.map_or_else(|| Who::Far(far().to_owned()), Who::Line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_says_when_what_how_it_came_and_how_to_see_it_again() {
        let mut checks = Checks::new(7, "tipring explore --seed 7 --hours 1".to_owned());
        for n in 0..40 {
            checks.rung(Instant::from_millis(n), "line 1", "digit 5");
        }
        checks.quiesced(Instant::from_millis(1000), vec!["1 call".to_owned()]);
        checks.rungs_told();
        let [violation] = checks.violations() else { panic!("{:?}", checks.violations()) };
        assert_eq!(
            (violation.seed, violation.at, violation.ladder.len()),
            (7, Instant::from_millis(1000), SHOWN)
        );
        let text = violation.to_string();
        assert!(text.contains("not idle") && text.ends_with("tipring explore --seed 7 --hours 1"), "{text}");
    }

    #[test]
    fn names_of_ladders_are_understood() {
        assert_eq!((who("phone 3"), who("phone 12b")), (Who::Line(2), Who::Line(11)));
        assert_eq!((who("pbx/2"), who("user 201")), (Who::Far("pbx".to_owned()), Who::Far("201".to_owned())));
    }
}
