//! One typed stream of everything that happens. Status, ladder, log and call records read it and nothing else.

mod line_words;
mod moved_words;
mod test_words;
mod words;

use core::fmt;
use core::net::SocketAddr;

use tipring_call::{Alarm, CallEvent};
use tipring_port::{BalanceEvent, Event, LineEvent, LineSummary, MediaEvent, Text};
use tipring_units::{CallId, Instant, LineId, ShardId, WallTime};

pub use line_words::{fault_words, silence_words};
pub use test_words::{TestRow, test_end_words, test_rows};
pub(crate) use test_words::{end_reason, first_failed};
pub use words::{Depth, LineName, MAX_TOLD, Teller, Words, end_words, length, time_of_day};

/// One entry of the journal.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Counted from 1 without gaps.
    pub sequence: u64,
    /// When, by the clock that nobody sets.
    pub at: Instant,
    /// When, by the calendar.
    pub wall: WallTime,
    /// The line that it concerns.
    pub line: Option<LineId>,
    /// The call that it concerns.
    pub call: Option<CallId>,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made and consumed one at a time
pub enum What {
    /// A line's event.
    Line(LineEvent),
    /// What is true of a line, since control may have lost sight of it.
    Summary(LineSummary),
    /// An event of the media plane.
    Media(MediaEvent),
    /// An event of a call, with Q.850 and local cause where it ends.
    Call(CallEvent),
    /// A SIP message.
    Sip(SipLine),
    /// A registration changed: account, and its state in words.
    Registration {
        /// `user@server`.
        account: String,
        /// In words.
        state: String,
        /// It is registered now.
        registered: bool,
    },
    /// Another address of a server is in use, or none.
    Server {
        /// Its name.
        name: String,
        /// The address in use; `None` if none answers.
        address: Option<SocketAddr>,
        /// It has answered; otherwise nothing was asked of it yet.
        heard: bool,
    },
    /// The address in use of a server answered for the first time.
    ServerAnswers {
        /// Its name.
        name: String,
        /// The address.
        address: SocketAddr,
    },
    /// A user of the built-in registrar is reachable at this address, or no longer.
    User {
        /// Its number.
        user: String,
        /// Where.
        contact: SocketAddr,
        /// It is reachable.
        here: bool,
    },
    /// SIP requests were refused.
    Refused {
        /// The latest source.
        source: SocketAddr,
        /// Why, in words.
        why: &'static str,
        /// How many.
        count: u32,
    },
    /// Something needs a person, or no longer does.
    Alarm(Alarm),
    /// A shard's thread has ended.
    ShardStopped(ShardId),
    /// A configuration came into force.
    Configured(u64),
    /// An edited configuration was refused, and this revision stays in force.
    ConfigurationRefused(u64),
    /// The line has taken what changed of it with this revision.
    Profiled(u64),
    /// The measurement of the line's balance goes on, or is over.
    Balance(BalanceEvent),
    /// An outside line learned how its exchange clears, or did not.
    Learned(bool),
}

/// A SIP message in a line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SipLine {
    /// We sent it.
    pub sent: bool,
    /// The far address.
    pub remote: SocketAddr,
    /// Method and request URI, or status and reason.
    pub start: Text<96>,
    /// Method and number of CSeq.
    pub cseq: Text<24>,
    /// Call-ID.
    pub call_id: Text<64>,
}

impl SipLine {
    /// The line of a message; `None` if it is not one.
    pub fn of(sent: bool, remote: SocketAddr, bytes: &[u8]) -> Option<Self> {
        let head = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let mut lines = head.take_while(|line| !line.is_empty());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let start = text(lines.next()?);
        let start = start.strip_prefix("SIP/2.0 ").or_else(|| start.strip_suffix(" SIP/2.0"))?.to_owned();
        let (mut cseq, mut call_id) = (Text::EMPTY, Text::EMPTY);
        for line in lines {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = (line[..colon].trim_ascii(), text(&line[colon + 1..]));
            if name.eq_ignore_ascii_case(b"cseq") {
                cseq = Text::new(&value);
            } else if name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i") {
                call_id = Text::new(&value);
            }
        }
        Some(Self { sent, remote, start: Text::new(&start), cseq, call_id })
    }
}

/// The journal's writer: numbers entries and knows what time it is.
#[derive(Debug, Default)]
pub struct Journal {
    sequence: u64,
}

impl Journal {
    /// An entry for what happened now.
    pub fn entry(&mut self, at: Instant, wall: WallTime, what: What) -> Entry {
        self.sequence += 1;
        let (line, call) = whose(&what);
        Entry { sequence: self.sequence, at, wall, line, call, what }
    }

    /// An entry for a shard's event.
    pub fn shard(&mut self, at: Instant, wall: WallTime, event: &Event) -> Entry {
        let (line, what) = match *event {
            Event::Line(line, _, event) => (Some(line), What::Line(event)),
            Event::Media(event) => (None, What::Media(event)),
            Event::Summary(line, _, summary) => (Some(line), What::Summary(summary)),
            Event::Profiled(line, revision) => (Some(line), What::Profiled(revision)),
            Event::Balance(line, event) => (Some(line), What::Balance(event)),
            Event::Learned(line, learned) => (Some(line), What::Learned(learned.is_ok())),
        };
        let mut entry = self.entry(at, wall, what);
        entry.line = line;
        entry
    }
}

fn whose(what: &What) -> (Option<LineId>, Option<CallId>) {
    match what {
        What::Call(event) => match *event {
            CallEvent::Seized(line) => (Some(line), None),
            CallEvent::Dialled { line, .. }
            | CallEvent::Abandoned { line, .. }
            | CallEvent::Feature { line, .. }
            | CallEvent::Traced { line, .. }
            | CallEvent::Opened(line)
            | CallEvent::Walked { line, .. }
            | CallEvent::SelfTest { line, .. }
            | CallEvent::LineTested { line, .. }
            | CallEvent::Line { line, .. } => (Some(line), None),
            CallEvent::Created { call, .. }
            | CallEvent::Routed { call, .. }
            | CallEvent::Forwarded { call, .. }
            | CallEvent::SentOn { call, .. }
            | CallEvent::Moved { call, .. }
            | CallEvent::Overflow { call, .. }
            | CallEvent::Parked { call, .. }
            | CallEvent::PickedUp { call, .. }
            | CallEvent::Alerting(call)
            | CallEvent::EarlyMedia(call)
            | CallEvent::Answered(call)
            | CallEvent::Held { call, .. }
            | CallEvent::PassedThrough { call, .. }
            | CallEvent::Resumed { call, .. }
            | CallEvent::Joined { call, .. }
            | CallEvent::Transfers { call, .. }
            | CallEvent::Referred { call, .. }
            | CallEvent::TransferEnded { call, .. }
            | CallEvent::EmergencyNotice { call, .. }
            | CallEvent::Cleared { call, .. } => (None, Some(call)),
            CallEvent::Recalled { call, line } | CallEvent::Waits { call, line } => (Some(line), Some(call)),
            CallEvent::Conference { line, calls: [_, call] } => (Some(line), Some(call)),
        },
        What::Alarm(alarm) => match *alarm {
            Alarm::LineFault(line, _)
            | Alarm::LineFaultCleared(line, _)
            | Alarm::LineAbandoned(line)
            | Alarm::DisaLocked(line)
            | Alarm::DisaUnlocked(line)
            | Alarm::SelfTestFailed(line, _)
            | Alarm::SelfTestPassed(line)
            | Alarm::LineTestFailed(line, _)
            | Alarm::LineTestMissed(line, _)
            | Alarm::LineTestPassed(line)
            | Alarm::LineTestOver(line) => (Some(line), None),
            Alarm::CallAbandoned(call)
            | Alarm::EmergencyFailed { call, .. }
            | Alarm::DeskNotTold { notice: call, .. } => (None, Some(call)),
            Alarm::LegAbandoned(_) | Alarm::Full => (None, None),
        },
        What::Line(_)
        | What::Summary(_)
        | What::Media(_)
        | What::Sip(_)
        | What::Registration { .. }
        | What::Server { .. }
        | What::ServerAnswers { .. }
        | What::User { .. }
        | What::Refused { .. }
        | What::ShardStopped(_)
        | What::Configured(_)
        | What::ConfigurationRefused(_)
        | What::Profiled(_)
        | What::Balance(_)
        | What::Learned(_) => (None, None),
    }
}

impl fmt::Display for SipLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = if self.sent { "->" } else { "<-" };
        write!(f, "{arrow} {} {}", self.remote, self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_told_in_a_line_without_its_secrets() {
        let bytes = b"INVITE sip:100@pbx SIP/2.0\r\nCSeq: 2 INVITE\r\nAuthorization: Digest response=\"s3cret\"\r\ni: abc@h\r\n\r\nv=0";
        let line = SipLine::of(true, SocketAddr::from(([127, 0, 0, 1], 5060)), bytes).unwrap();
        assert_eq!(line.to_string(), "-> 127.0.0.1:5060 INVITE sip:100@pbx");
        assert_eq!((line.cseq.as_str(), line.call_id.as_str()), ("2 INVITE", "abc@h"));
        assert!(!format!("{line:?}").contains("s3cret"));
        assert!(SipLine::of(false, line.remote, b"hello").is_none());
    }
}
