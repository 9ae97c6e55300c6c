//! The journal in words for people.
//!
//! One function turns an entry into a line; the demo's screen, `tipring log` and ladders all show what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tipring_call::{
    Action, Alarm, CallEvent, Cause, Clearer, Given, Identity, Party, Presentation, Priority, ReferEnd, Side,
    Turn, Via,
};
use tipring_port::{DigitSource, LineEvent};
use tipring_units::{CallId, Instant, LineId, WallTime};

use super::line_words::{balance_words, display_words, fault_words, line_words, media_words};
use super::moved_words::moved_words;
use super::test_words::{end_reason, failed_words, tested_words};
use super::{Entry, What};
use crate::site::{LineKind, LineSite};

/// Calls whose parties are remembered, at the most; beyond it the oldest is told by its number alone.
pub const MAX_TOLD: usize = 4096;

/// How much somebody wants to read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Depth {
    /// What a person at the telephone would notice, and what needs one.
    Plain,
    /// Also digits, SIP messages and media.
    Detail,
}

/// How a line is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineName {
    /// What is at its other end.
    pub kind: LineKind,
    /// The telephone's number, or what the configuration calls the outside line.
    pub number: String,
}

impl From<&LineSite> for LineName {
    fn from(line: &LineSite) -> Self {
        Self { kind: line.kind, number: line.number.clone() }
    }
}

impl LineName {
    /// A line of which nothing is known.
    pub fn unknown(line: LineId) -> Self {
        Self { kind: LineKind::Phone, number: line.to_string() }
    }
}

impl core::fmt::Display for LineName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.kind {
            LineKind::Phone => f.write_str(&self.number),
            LineKind::Outside => write!(f, "line {}", self.number),
        }
    }
}

/// An entry in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Words {
    /// The line, with its time of day in front.
    pub text: String,
    /// Who wants to read it.
    pub depth: Depth,
    /// The telephones that it is about.
    pub lines: Vec<LineId>,
    /// The numbers at far ends that it is about.
    pub numbers: Vec<String>,
}

/// Tells entries in order. It remembers who is in a call, so that every line can be read by itself.
#[derive(Clone, Debug, Default)]
pub struct Teller {
    calls: BTreeMap<CallId, Told>,
    users: BTreeMap<String, core::net::SocketAddr>,
    /// Who calls in on an outside line, until that call is told.
    callers: BTreeMap<LineId, String>,
    /// Outside lines that another telephone uses.
    in_use: BTreeSet<LineId>,
}

#[derive(Clone, Debug, Default)]
struct Told {
    from: String,
    to: String,
    lines: Vec<LineId>,
    answered: Option<Instant>,
    /// When it was sent somewhere last: what is sent in one moment rings at once.
    routed: Option<Instant>,
    /// It rings the desk because of an emergency call, which is told.
    notice: bool,
}

impl Teller {
    /// The entry in words, `offset_minutes` east of UTC, with `name` for each line; `None` for what another entry
    /// tells better.
    pub fn tell(
        &mut self,
        entry: &Entry,
        offset_minutes: i32,
        line_name: impl Fn(LineId) -> LineName,
    ) -> Option<Words> {
        let name = |line: LineId| line_name(line).to_string();
        let (depth, text) = match &entry.what {
            What::Line(event) => {
                let line = entry.line?;
                self.outside_words(line, event, &name).or_else(|| line_words(event, &line_name(line)))?
            }
            What::Media(event) => (Depth::Detail, media_words(event)?),
            What::Call(event) => self.call_words(event, entry.at, &line_name)?,
            What::Sip(line) => (Depth::Detail, format!("SIP {line}")),
            What::Registration { account, state, .. } => (Depth::Plain, format!("{account}: {state}")),
            What::Server { name, address: Some(address), heard: true }
            | What::ServerAnswers { name, address } => (Depth::Plain, format!("{name} answers at {address}")),
            What::Server { name, address: Some(address), heard: false } => {
                (Depth::Plain, format!("{name} resolved to {address}, not heard from yet"))
            }
            What::Server { name, address: None, .. } => (Depth::Plain, format!("{name} does not answer")),
            What::User { user, contact, here } => self.user_words(user, *contact, *here),
            What::Refused { source, why, count: 1 } => {
                (Depth::Plain, format!("a SIP request from {source} was refused: {why}"))
            }
            What::Refused { source, why, count } => {
                (Depth::Plain, format!("{count} SIP requests were refused, the last from {source}: {why}"))
            }
            What::Alarm(alarm) => (Depth::Plain, alarm_words(alarm, &name)),
            What::ShardStopped(shard) => (
                Depth::Plain,
                format!("{shard} has stopped by a defect in the program; its telephones are out of service"),
            ),
            What::Configured(revision) => (Depth::Plain, format!("configuration {revision} in force")),
            What::ConfigurationRefused(revision) => (
                Depth::Plain,
                format!("the edited configuration is not accepted; configuration {revision} stays in force"),
            ),
            What::Summary(summary) => {
                let line = entry.line.map(&name).unwrap_or_default();
                let hook = if summary.off_hook { "off-hook" } else { "on-hook" };
                (Depth::Detail, format!("{line} is {hook}"))
            }
            What::Profiled(revision) => {
                let line = entry.line.map(&name).unwrap_or_default();
                (Depth::Detail, format!("{line} takes configuration {revision}"))
            }
            What::Balance(event) => balance_words(event, &entry.line.map(&name).unwrap_or_default()),
            What::Learned(learned) => {
                let line = entry.line.map(&name).unwrap_or_default();
                let what = if *learned { "has recorded a hang-up" } else { "has recorded no hang-up" };
                (Depth::Plain, format!("{line} {what}"))
            }
        };
        let (mut lines, mut numbers) = (Vec::from_iter(entry.line), Vec::new());
        if let Some(call) = entry.call.and_then(|call| self.calls.get(&call)) {
            lines.extend(call.lines.iter().filter(|line| Some(**line) != entry.line));
            numbers.extend([call.from.clone(), call.to.clone()]);
        }
        match &entry.what {
            What::User { user, .. } => numbers.push(user.clone()),
            What::Registration { account, .. } => {
                numbers.extend(account.split_once('@').map(|(user, _)| user.to_owned()));
            }
            What::Call(CallEvent::Cleared { call, .. }) => {
                self.calls.remove(call);
            }
            // What these are about is in the entry itself.
            What::Line(_)
            | What::Media(_)
            | What::Call(
                CallEvent::Seized(_)
                | CallEvent::Dialled { .. }
                | CallEvent::Abandoned { .. }
                | CallEvent::Created { .. }
                | CallEvent::Routed { .. }
                | CallEvent::Forwarded { .. }
                | CallEvent::SentOn { .. }
                | CallEvent::Moved { .. }
                | CallEvent::Overflow { .. }
                | CallEvent::Parked { .. }
                | CallEvent::PickedUp { .. }
                | CallEvent::Feature { .. }
                | CallEvent::Traced { .. }
                | CallEvent::Waits { .. }
                | CallEvent::Conference { .. }
                | CallEvent::Opened(_)
                | CallEvent::Walked { .. }
                | CallEvent::SelfTest { .. }
                | CallEvent::LineTested { .. }
                | CallEvent::Alerting(_)
                | CallEvent::EarlyMedia(_)
                | CallEvent::Answered(_)
                | CallEvent::Held { .. }
                | CallEvent::PassedThrough { .. }
                | CallEvent::Resumed { .. }
                | CallEvent::Recalled { .. }
                | CallEvent::Joined { .. }
                | CallEvent::Transfers { .. }
                | CallEvent::Referred { .. }
                | CallEvent::TransferEnded { .. }
                | CallEvent::EmergencyNotice { .. }
                | CallEvent::Line { .. },
            )
            | What::Summary(_)
            | What::Sip(_)
            | What::Server { .. }
            | What::ServerAnswers { .. }
            | What::Refused { .. }
            | What::Alarm(_)
            | What::ShardStopped(_)
            | What::Configured(_)
            | What::ConfigurationRefused(_)
            | What::Profiled(_)
            | What::Balance(_)
            | What::Learned(_) => {}
        }
        Some(Words {
            text: format!("{} {text}", time_of_day(entry.wall, offset_minutes)),
            depth,
            lines,
            numbers,
        })
    }

    fn call_words(
        &mut self,
        event: &CallEvent,
        at: Instant,
        line_name: &impl Fn(LineId) -> LineName,
    ) -> Option<(Depth, String)> {
        let plain = |text: String| Some((Depth::Plain, text));
        let name = |line: LineId| line_name(line).to_string();
        match *event {
            CallEvent::Seized(line) => plain(format!("{} off-hook, dial tone", name(line))),
            CallEvent::Dialled { line, digit, source } => {
                let how = match source {
                    DigitSource::Dtmf => "key",
                    DigitSource::Pulse => "dial",
                };
                Some((Depth::Detail, format!("{} {how} {}", name(line), char::from(digit))))
            }
            CallEvent::Abandoned { line, dialled } if dialled.is_empty() => {
                plain(format!("{} dialled nothing", name(line)))
            }
            CallEvent::Abandoned { line, dialled } => {
                plain(format!("{} gave up after {dialled}", name(line)))
            }
            CallEvent::Feature { line, given, done } => {
                plain(format!("{} {}", name(line), given_words(&given, done)))
            }
            CallEvent::Traced { line, caller: who } => {
                let number = if who.number.is_empty() { "an unknown number" } else { who.number.as_str() };
                plain(format!("{} marks the last call as malicious: it came from {number}", name(line)))
            }
            CallEvent::Walked { line, number, other: None } => {
                plain(format!("{}: room {number} was dialled on it", name(line)))
            }
            CallEvent::Walked { line, number, other: Some(other) } => plain(format!(
                "{}: room {number} was dialled on it and refused: {} has it",
                name(line),
                name(other)
            )),
            CallEvent::Opened(line) => plain(format!("{}: the door was opened", name(line))),
            CallEvent::LineTested { line, outcome } => tested_words(&outcome, &name(line)),
            CallEvent::SelfTest { line, cause: None } => {
                plain(format!("{}: its daily call was answered", name(line)))
            }
            CallEvent::SelfTest { line, cause: Some(cause) } => {
                plain(format!("{}: nobody answered its daily call: {cause}", name(line)))
            }
            CallEvent::Forwarded { call, by, when, to } => {
                plain(format!("{call}: {by} forwards to {to}, {}", when.word()))
            }
            CallEvent::SentOn { call, to } => {
                plain(format!("{call}: the server is told to call {to} itself"))
            }
            CallEvent::Moved { call, to, at, stays } => {
                plain(format!("{call}: {}", moved_words(to, at, stays)))
            }
            CallEvent::Parked { call, slot } => plain(format!("{call}: parked at {slot}")),
            CallEvent::PickedUp { call, party, .. } => {
                let who = match party {
                    Party::Line(line) => name(line),
                    Party::Far(leg) => leg.to_string(),
                };
                plain(format!("{call}: picked up by {who}"))
            }
            CallEvent::Overflow { call, group, when } => {
                plain(format!("{call}: nobody of group {group} takes it: {}", when.word()))
            }
            CallEvent::Created { call, from, shown, dialled, priority } => {
                if self.calls.get(&call).is_some_and(|told| told.notice) {
                    return None; // the notice is told
                }
                let urgent = match priority {
                    Priority::Normal => "",
                    Priority::High => ", of priority",
                    Priority::Emergency => ", emergency",
                };
                let line = match from {
                    Party::Line(line) => Some((line, line_name(line))),
                    Party::Far(_) => None,
                };
                let (who, text) = match &line {
                    Some((_, LineName { kind: LineKind::Outside, number })) if number == dialled.as_str() => {
                        let who = caller(&shown);
                        let text = format!("{call}: {who} calls in by line {number}");
                        (who, text)
                    }
                    Some((_, name @ LineName { kind: LineKind::Outside, .. })) => {
                        let who = caller(&shown);
                        let text = format!("{call}: {who}, by {name}, dialled {dialled}{urgent}");
                        (who, text)
                    }
                    Some((_, name)) if dialled.is_empty() => {
                        (name.to_string(), format!("{name} is lifted and calls by itself"))
                    }
                    Some((_, name)) => (name.to_string(), format!("{name} dialled {dialled}{urgent}")),
                    None => {
                        let who = caller(&shown);
                        let text = format!("{call}: {who} calls {dialled}{urgent}");
                        (who, text)
                    }
                };
                if self.calls.len() >= MAX_TOLD {
                    self.calls.pop_first();
                }
                let lines = line.iter().map(|(line, _)| *line).collect();
                let told = Told { from: who, to: dialled.as_str().to_owned(), lines, ..Told::default() };
                self.calls.insert(call, told);
                plain(text)
            }
            CallEvent::Routed { call, to, via, sent } => {
                let told = self.calls.entry(call).or_default();
                let too = told.routed.replace(at) == Some(at);
                let mut goes_to = |name: String| {
                    if too {
                        told.to = format!("{}, {name}", told.to);
                    } else {
                        told.to = name;
                    }
                };
                match (to, via) {
                    (Party::Line(line), _) => {
                        let name = line_name(line);
                        told.lines.push(line);
                        match name.kind {
                            LineKind::Phone => {
                                goes_to(name.number);
                                None // the ringing is told
                            }
                            LineKind::Outside if sent.is_empty() => {
                                goes_to(name.to_string());
                                plain(format!("{call}: {} -> {name}, without a number", told.from))
                            }
                            LineKind::Outside => {
                                goes_to(sent.as_str().to_owned());
                                plain(format!("{call}: {} -> {sent} by {name}", told.from))
                            }
                        }
                    }
                    (Party::Far(_), Some(Via::User(user))) => {
                        goes_to(user.as_str().to_owned());
                        Some((Depth::Detail, format!("{call}: {} -> {}", told.from, told.to)))
                    }
                    (Party::Far(_), Some(Via::Server(server))) => {
                        goes_to(sent.as_str().to_owned());
                        plain(format!("{call}: {} -> {sent} via {server}", told.from))
                    }
                    (Party::Far(_), None) => None,
                }
            }
            CallEvent::Waits { call, line } => {
                plain(format!("{call}: {} talks and is told that {} waits", name(line), self.caller_of(call)))
            }
            CallEvent::Conference { line, calls } => plain(format!(
                "{}: {} talks in a conference with {}",
                calls[1],
                name(line),
                calls.map(|call| self.other_than(call, &name(line))).join(" and ")
            )),
            CallEvent::Alerting(call) => plain(format!("{call}: {} ringing", self.ends(call))),
            CallEvent::EarlyMedia(call) => {
                plain(format!("{call}: {} hears the far end before the answer", self.ends(call)))
            }
            CallEvent::Answered(call) => {
                self.calls.entry(call).or_default().answered = Some(at);
                plain(format!("{call} answered"))
            }
            CallEvent::Held { call, by } => plain(format!("{call} held by {}", side_word(by))),
            CallEvent::Resumed { call, by } => plain(format!("{call} taken back by {}", side_word(by))),
            CallEvent::PassedThrough { call, by: Some((side, signal)) } => plain(format!(
                "{call} is a fax or modem call: pass-through, by {} from the {}",
                signal.word(),
                side_word(side)
            )),
            CallEvent::PassedThrough { call, by: None } => {
                plain(format!("{call} is a fax or modem call: pass-through, as configured"))
            }
            CallEvent::Recalled { call, line } => {
                plain(format!("{call}: {} is rung back for the held party", name(line)))
            }
            CallEvent::Joined { call, with } => {
                plain(format!("{call} and {with} joined: the two others talk to each other"))
            }
            CallEvent::Transfers { call, party, to, with: None } => {
                plain(format!("{call}: the {} is sent to {to}", side_word(party)))
            }
            CallEvent::Transfers { call, party, to, with: Some(with) } => {
                plain(format!("{call}: the {} is sent to {to}, in place of {with}", side_word(party)))
            }
            CallEvent::Referred { call, by, to, with } => plain(format!(
                "{call}: the {} sends the {} to {to}, by {with}",
                side_word(by),
                side_word(by.other())
            )),
            CallEvent::TransferEnded { call, end } => plain(format!("{call}: {}", refer_words(end))),
            CallEvent::EmergencyNotice { call, notice, shown } => {
                let from = shown.name.as_str().to_owned();
                self.calls.insert(notice, Told { from, notice: true, ..Told::default() });
                plain(format!("{call}: the desk is told: {} {}", shown.name, shown.number))
            }
            CallEvent::Cleared { call, cause, by } => {
                let answered = self.calls.get(&call).and_then(|told| told.answered);
                plain(format!(
                    "{call} ended: {}",
                    end_words(cause, by, answered.map(|then| (at - then).as_secs()))
                ))
            }
            CallEvent::Line { .. } => None, // what it does now follows from what happened
        }
    }

    /// What of an outside line is told together with what came before.
    fn outside_words(
        &mut self,
        line: LineId,
        event: &LineEvent,
        name: &impl Fn(LineId) -> String,
    ) -> Option<(Depth, String)> {
        match event {
            LineEvent::Caller(Ok(caller)) => {
                let who = display_words(caller);
                let text = format!("{} is called {who}", name(line));
                self.callers.insert(line, who);
                Some((Depth::Detail, text))
            }
            LineEvent::Incoming => Some((Depth::Detail, format!("{} is rung by the exchange", name(line)))),
            LineEvent::Offered => {
                let who = self.callers.remove(&line).map_or_else(String::new, |who| format!(", {who}"));
                Some((Depth::Plain, format!("{} is rung by the exchange{who}", name(line))))
            }
            LineEvent::GaveUp | LineEvent::Released => {
                self.callers.remove(&line);
                None
            }
            LineEvent::InUse(true) => {
                self.in_use.insert(line);
                None
            }
            // At the start it is said of every line.
            LineEvent::InUse(false) if self.in_use.remove(&line) => {
                Some((Depth::Plain, format!("{} is free again", name(line))))
            }
            LineEvent::Seized
            | LineEvent::Answered
            | LineEvent::Flash(_)
            | LineEvent::DigitBegan(_)
            | LineEvent::Digit { .. }
            | LineEvent::Ringing
            | LineEvent::CallerIdSent(_)
            | LineEvent::CallerIdOmitted { .. }
            | LineEvent::RingStopped
            | LineEvent::Refused(_)
            | LineEvent::Roh(_)
            | LineEvent::SupervisionDone
            | LineEvent::Announced
            | LineEvent::Fault(_)
            | LineEvent::FaultCleared(_)
            | LineEvent::InService(_)
            | LineEvent::Caller(Err(_))
            | LineEvent::ExchangeReady(_)
            | LineEvent::Dialled
            | LineEvent::Exchange(_)
            | LineEvent::FarAnswered(_)
            | LineEvent::FarCleared(_)
            | LineEvent::Metered(_)
            | LineEvent::InUse(false)
            | LineEvent::Waiting(_)
            | LineEvent::WaitingShown(_)
            | LineEvent::LampShown(_)
            | LineEvent::Tested(_)
            | LineEvent::Lifeline(_) => None,
        }
    }

    fn ends(&self, call: CallId) -> String {
        self.calls.get(&call).map_or_else(String::new, |told| format!("{} -> {}", told.from, told.to))
    }

    /// Who calls in a call.
    fn caller_of(&self, call: CallId) -> String {
        self.calls.get(&call).map_or_else(|| "somebody".to_owned(), |told| told.from.clone())
    }

    /// Who else than that one is in a call.
    fn other_than(&self, call: CallId, one: &str) -> String {
        self.calls.get(&call).map_or_else(
            || "somebody".to_owned(),
            |told| if told.from == one { told.to.clone() } else { told.from.clone() },
        )
    }

    fn user_words(&mut self, user: &str, contact: core::net::SocketAddr, here: bool) -> (Depth, String) {
        if !here {
            self.users.remove(user);
            return (Depth::Plain, format!("{user} is no longer registered at {contact}"));
        }
        let before = self.users.insert(user.to_owned(), contact);
        let depth = if before == Some(contact) { Depth::Detail } else { Depth::Plain };
        (depth, format!("{user} registered at {contact}"))
    }
}

/// `normal clearing (16), by caller, 00:14`; without a length if the call was not answered.
pub fn end_words(cause: Cause, by: Clearer, seconds: Option<u64>) -> String {
    let who = match by {
        Clearer::Side(side) => side_word(side),
        Clearer::Gateway => "gateway",
    };
    let mut text = format!("{cause}, by {who}");
    if let Some(seconds) = seconds {
        // Writing into a string cannot fail.
        let _ = write!(text, ", {}", length(seconds));
    }
    text
}

/// A length of time as people read it: `03:12`, `1:02:03`.
pub fn length(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

/// `10:42:01`, `offset_minutes` east of UTC.
pub fn time_of_day(wall: WallTime, offset_minutes: i32) -> String {
    let civil = wall.civil(offset_minutes);
    format!("{:02}:{:02}:{:02}", civil.hour, civil.minute, civil.second)
}

/// A star code and what came of it.
fn given_words(given: &Given, done: bool) -> String {
    let what = given.action.word();
    let number = given.number.map(|number| format!(" {number}")).unwrap_or_default();
    let is_asked = matches!(given.action, Action::Forward(_, Turn::Ask) | Action::Flag(_, Turn::Ask));
    let result = match (is_asked, done) {
        (true, true) => ": it is on",
        (true, false) => ": it is off",
        (false, true) => "",
        (false, false) => ": refused",
    };
    format!("star code: {what}{number}{result}")
}

fn caller(shown: &Identity) -> String {
    match shown.presentation {
        Presentation::Allowed if !shown.number.is_empty() => shown.number.as_str().to_owned(),
        Presentation::Allowed | Presentation::Unavailable => "unknown".to_owned(),
        Presentation::Private => "private".to_owned(),
    }
}

fn refer_words(end: ReferEnd) -> String {
    match end {
        ReferEnd::Done => "the transfer is done".to_owned(),
        ReferEnd::Failed(cause) => format!("the transfer failed: {cause}"),
        ReferEnd::Refused(cause) => format!("the transfer was refused: {cause}"),
        ReferEnd::Unknown => "nothing was told of the transfer".to_owned(),
    }
}

const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Caller => "caller",
        Side::Called => "called",
    }
}

fn alarm_words(alarm: &Alarm, name: &impl Fn(LineId) -> String) -> String {
    match alarm {
        Alarm::LineFault(line, fault) => format!("ALARM {}: {}", name(*line), fault_words(*fault)),
        Alarm::LineFaultCleared(line, fault) => format!("{}: no more: {}", name(*line), fault_words(*fault)),
        Alarm::LineAbandoned(line) => {
            format!("ALARM {}: a defect in the program ended its calls; it works again", name(*line))
        }
        Alarm::CallAbandoned(call) => format!("ALARM {call}: a defect in the program ended it"),
        Alarm::LegAbandoned(leg) => format!("ALARM {leg}: a defect in the program ended it"),
        Alarm::EmergencyFailed { call, cause } => {
            format!("ALARM {call}: an emergency call found no way out: {cause}")
        }
        Alarm::DeskNotTold { shown, cause, .. } => {
            format!("ALARM the desk was not told of {} {}: {cause}", shown.name, shown.number)
        }
        Alarm::DisaLocked(line) => format!("ALARM {}: too many wrong PINs, nobody may dial in", name(*line)),
        Alarm::DisaUnlocked(line) => format!("{}: the PIN may be dialled again", name(*line)),
        Alarm::SelfTestFailed(line, cause) => {
            format!("ALARM {}: nobody answered its daily call: {cause}", name(*line))
        }
        Alarm::SelfTestPassed(line) => format!("{}: its daily call is good", name(*line)),
        Alarm::LineTestFailed(line, test) => failed_words(test, &name(*line)),
        Alarm::LineTestMissed(line, end) => {
            format!("{}: its daily line test was not made: {}", name(*line), end_reason(*end))
        }
        Alarm::LineTestPassed(line) => format!("{}: its line is good again", name(*line)),
        Alarm::LineTestOver(line) => format!("{}: its line is not tested any more", name(*line)),
        Alarm::Full => "ALARM a call was refused: all sockets or calls are in use".to_owned(),
    }
}

#[cfg(test)]
mod tests;
