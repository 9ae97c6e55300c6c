//! The journal in words for people.
//!
//! One function turns an entry into a line; the demo's screen, `tipring log` and ladders all show what it says.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tipring_call::{Alarm, CallEvent, Cause, Clearer, Identity, Party, Presentation, Priority, Side, Via};
use tipring_port::{
    Absence, BalanceEnd, BalanceEvent, CallerId, CallerIdShown, DigitSource, LineEvent, LineFault,
    MediaEvent, Refusal, RohStage,
};
use tipring_units::{CallId, Instant, LineId, WallTime};

use super::{Entry, What};

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
}

#[derive(Clone, Debug, Default)]
struct Told {
    from: String,
    to: String,
    lines: Vec<LineId>,
    answered: Option<Instant>,
}

impl Teller {
    /// The entry in words, `offset_minutes` east of UTC, with `name` for each line; `None` for what another entry
    /// tells better.
    pub fn tell(
        &mut self,
        entry: &Entry,
        offset_minutes: i32,
        name: impl Fn(LineId) -> String,
    ) -> Option<Words> {
        let (depth, text) = match &entry.what {
            What::Line(event) => line_words(event, &entry.line.map(&name).unwrap_or_default())?,
            What::Media(event) => (Depth::Detail, media_words(event)?),
            What::Call(event) => self.call_words(event, entry.at, &name)?,
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
                | CallEvent::Alerting(_)
                | CallEvent::EarlyMedia(_)
                | CallEvent::Answered(_)
                | CallEvent::Held { .. }
                | CallEvent::PassedThrough { .. }
                | CallEvent::Resumed { .. }
                | CallEvent::Recalled { .. }
                | CallEvent::Joined { .. }
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
            | What::Balance(_) => {}
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
        name: &impl Fn(LineId) -> String,
    ) -> Option<(Depth, String)> {
        let plain = |text: String| Some((Depth::Plain, text));
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
            CallEvent::Created { call, from, shown, dialled, priority } => {
                let (who, lines) = match from {
                    Party::Line(line) => (name(line), vec![line]),
                    Party::Far(_) => (caller(&shown), Vec::new()),
                };
                let urgent = match priority {
                    Priority::Normal => "",
                    Priority::Emergency => ", emergency",
                };
                let text = match from {
                    Party::Line(_) => format!("{who} dialled {dialled}{urgent}"),
                    Party::Far(_) => format!("{call}: {who} calls {dialled}{urgent}"),
                };
                if self.calls.len() >= MAX_TOLD {
                    self.calls.pop_first();
                }
                let told = Told { from: who, to: dialled.as_str().to_owned(), lines, answered: None };
                self.calls.insert(call, told);
                plain(text)
            }
            CallEvent::Routed { call, to, via, sent } => {
                let told = self.calls.entry(call).or_default();
                match (to, via) {
                    (Party::Line(line), _) => {
                        told.lines.push(line);
                        told.to = name(line);
                        None // the ringing is told
                    }
                    (Party::Far(_), Some(Via::User(user))) => {
                        told.to = user.as_str().to_owned();
                        Some((Depth::Detail, format!("{call}: {} -> {}", told.from, told.to)))
                    }
                    (Party::Far(_), Some(Via::Server(server))) => {
                        told.to = sent.as_str().to_owned();
                        plain(format!("{call}: {} -> {sent} via {server}", told.from))
                    }
                    (Party::Far(_), None) => None,
                }
            }
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
            CallEvent::EmergencyNotice { call, shown, .. } => {
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

    fn ends(&self, call: CallId) -> String {
        self.calls.get(&call).map_or_else(String::new, |told| format!("{} -> {}", told.from, told.to))
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

/// What is wrong with a line, in words.
pub const fn fault_words(fault: LineFault) -> &'static str {
    match fault {
        LineFault::CardSilent => "its card does not answer",
        LineFault::Panicked => "a defect in the program stopped it; it was started again",
        LineFault::Leakage => {
            "the loop draws current while on-hook: a wet pair, or a device off-hook in part"
        }
        LineFault::NoBattery => "no battery on the line: unplugged, or the exchange is down",
        LineFault::NoDialTone => "no dial tone came when the line was seized",
        LineFault::ForeignVoltage => "a voltage on the line that no exchange feeds",
    }
}

/// `from 5550177 "Mary"`.
fn display_words(caller: &CallerId) -> String {
    let absent = |why| match why {
        Absence::Private => "by somebody private",
        Absence::Unavailable => "by somebody unknown",
    };
    let number = caller.number.map_or_else(|why| absent(why).to_owned(), |number| format!("from {number}"));
    match caller.name {
        Some(Ok(name)) => format!("{number} \"{name}\""),
        Some(Err(_)) | None => number,
    }
}

fn caller(shown: &Identity) -> String {
    match shown.presentation {
        Presentation::Allowed if !shown.number.is_empty() => shown.number.as_str().to_owned(),
        Presentation::Allowed | Presentation::Unavailable => "unknown".to_owned(),
        Presentation::Private => "private".to_owned(),
    }
}

const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Caller => "caller",
        Side::Called => "called",
    }
}

fn balance_words(event: &BalanceEvent, name: &str) -> (Depth, String) {
    match event {
        BalanceEvent::Measured(echo) => (
            Depth::Detail,
            format!("{name} returns {:.1} dB less than it gets under {}", echo.loss.0, echo.network),
        ),
        BalanceEvent::Ended(BalanceEnd::Done) => (Depth::Plain, format!("{name}: its balance was measured")),
        BalanceEvent::Ended(
            BalanceEnd::OnHook
            | BalanceEnd::InCall
            | BalanceEnd::Interrupted
            | BalanceEnd::Occupied
            | BalanceEnd::OneNetwork
            | BalanceEnd::NoSound,
        ) => (Depth::Plain, format!("{name}: its balance could not be measured")),
    }
}

fn line_words(event: &LineEvent, name: &str) -> Option<(Depth, String)> {
    let plain = |text: String| Some((Depth::Plain, text));
    let detail = |text: String| Some((Depth::Detail, text));
    match event {
        // The switch tells these better: it knows whether there is dial tone, and the number.
        LineEvent::Seized | LineEvent::DigitBegan(_) | LineEvent::Fault(_) | LineEvent::FaultCleared(_) => {
            None
        }
        LineEvent::Answered => plain(format!("{name} off-hook, answers")),
        LineEvent::Released => plain(format!("{name} on-hook")),
        LineEvent::Flash(length) => plain(format!("{name} flash, {length}")),
        LineEvent::Digit { digit, source: DigitSource::Dtmf, length } => {
            detail(format!("{name} heard {} for {length}", char::from(*digit)))
        }
        LineEvent::Digit { digit, source: DigitSource::Pulse, .. } => {
            detail(format!("{name} counted pulses for {}", char::from(*digit)))
        }
        LineEvent::Ringing => plain(format!("{name} rings")),
        LineEvent::CallerIdSent(CallerIdShown::Whole) => detail(format!("{name} got the caller ID")),
        LineEvent::CallerIdSent(CallerIdShown::WithoutName) => {
            plain(format!("{name} got the caller ID without the name: the pause is too short for both"))
        }
        LineEvent::CallerIdSent(CallerIdShown::NumberOnly) => {
            plain(format!("{name} got the caller's number alone: the pause is too short for more"))
        }
        LineEvent::CallerIdOmitted { needs, pause } => {
            plain(format!("{name}: caller ID not sent: needs {needs}, the pause has {pause}"))
        }
        LineEvent::RingStopped => plain(format!("{name} rings no more")),
        LineEvent::Refused(Refusal::OffHook) => detail(format!("{name} was lifted as it was to ring")),
        LineEvent::Refused(Refusal::Stale) => {
            detail(format!("{name} refused an order for a call that is over"))
        }
        LineEvent::Refused(Refusal::OutOfService) => detail(format!("{name} is out of service")),
        LineEvent::Roh(RohStage::Supervision) => detail(format!("{name} is told that the far end hung up")),
        LineEvent::Roh(RohStage::Reorder) => plain(format!("{name} still off-hook: reorder tone")),
        LineEvent::Roh(RohStage::Howler) => plain(format!("{name} still off-hook: howler")),
        LineEvent::Roh(RohStage::Quiet) => plain(format!("{name} still off-hook: quiet until it hangs up")),
        LineEvent::SupervisionDone => detail(format!("{name} was told by the line")),
        LineEvent::Refused(Refusal::Incoming) => {
            plain(format!("{name} was called in the moment in which it was to be seized"))
        }
        LineEvent::Refused(Refusal::InUse) => plain(format!("{name} is in use by another telephone on it")),
        LineEvent::Refused(Refusal::Guard) => detail(format!("{name} has not been on-hook long enough")),
        LineEvent::Incoming => plain(format!("{name} is rung by the exchange")),
        LineEvent::Caller(Ok(caller)) => plain(format!("{name} is called {}", display_words(caller))),
        LineEvent::Caller(Err(fault)) => plain(format!("{name}: caller ID not understood: {}", fault.word())),
        LineEvent::Offered => detail(format!("{name}: the call is put through")),
        LineEvent::GaveUp => plain(format!("{name}: the caller gave up")),
        LineEvent::ExchangeReady(true) => detail(format!("{name} has the exchange's dial tone")),
        LineEvent::ExchangeReady(false) => detail(format!("{name} dials without dial tone")),
        LineEvent::Dialled => detail(format!("{name} has dialled")),
        LineEvent::Exchange(tone) => detail(format!("{name} hears {} from the exchange", tone.word())),
        LineEvent::FarAnswered(sign) => plain(format!("{name} answered, by {}", sign.word())),
        LineEvent::FarCleared(sign) => plain(format!("{name} cleared by the exchange: {}", sign.word())),
        LineEvent::Metered(count) => detail(format!("{name} metered {count}")),
        LineEvent::InUse(true) => plain(format!("{name} is in use by another telephone on it")),
        LineEvent::InUse(false) => plain(format!("{name} is free again")),
        LineEvent::Waiting(true) => plain(format!("{name}: messages wait at the exchange")),
        LineEvent::Waiting(false) => plain(format!("{name}: no messages wait at the exchange")),
        LineEvent::Lifeline(true) => plain(format!("{name} is joined to its outside line")),
        LineEvent::Lifeline(false) => plain(format!("{name} is served by the gateway again")),
        LineEvent::InService(true) => plain(format!("{name} in service")),
        LineEvent::InService(false) => plain(format!("{name} out of service")),
    }
}

fn media_words(event: &MediaEvent) -> Option<String> {
    match event {
        MediaEvent::Flowing(leg) => Some(format!("{leg}: first packet")),
        MediaEvent::Starved(leg, length) => Some(format!("{leg}: nothing received for {length}")),
        MediaEvent::Digit(leg, digit, length) => {
            Some(format!("{leg}: event {} of {length}", char::from(*digit)))
        }
        MediaEvent::DigitToSignal(leg, digit, _) => {
            Some(format!("{leg}: {} goes by INFO", char::from(*digit)))
        }
        MediaEvent::Stats(leg, stats, true) => Some(format!(
            "{leg}: sent {}, received {}, lost {}, late {}, jitter {}{}",
            stats.sent,
            stats.received,
            stats.lost,
            stats.late,
            stats.jitter,
            stats.quality.here.map_or_else(String::new, |heard| format!(
                ", R {}, MOS {}.{}",
                heard.rating,
                heard.score / 10,
                heard.score % 10
            ))
        )),
        MediaEvent::Signal(leg, signal) => Some(format!("{leg}: hears {}", signal.word())),
        MediaEvent::Failed(leg) => Some(format!("{leg} failed")),
        MediaEvent::Stats(_, _, false) | MediaEvent::Level(..) => None, // for those who watch, not for readers
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
        Alarm::Full => "ALARM a call was refused: all sockets or calls are in use".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use core::net::SocketAddr;

    use tipring_call::{FarId, Number};

    use super::*;
    use crate::journal::Journal;

    struct Desk {
        journal: Journal,
        teller: Teller,
        now: Instant,
    }

    impl Desk {
        fn new() -> Self {
            Self { journal: Journal::default(), teller: Teller::default(), now: Instant::ZERO }
        }

        fn words(&mut self, what: What) -> Option<Words> {
            let wall = WallTime(38_521_000_000 + self.now.as_millis() * 1000);
            let entry = self.journal.entry(self.now, wall, what);
            self.teller.tell(&entry, 0, |line| (101 + line.0).to_string())
        }

        fn call(&mut self, event: CallEvent) -> String {
            self.words(What::Call(event)).map(|words| words.text).unwrap_or_default()
        }
    }

    #[test]
    fn a_server_is_said_to_answer_only_where_it_did() {
        let mut desk = Desk::new();
        let at: SocketAddr = "192.0.2.1:5060".parse().unwrap();
        let name = || "pbx".to_owned();
        let mut says = |what| desk.words(what).unwrap().text.split_once(' ').unwrap().1.to_owned();
        let server = |address, heard| What::Server { name: name(), address, heard };
        assert_eq!(says(server(Some(at), false)), "pbx resolved to 192.0.2.1:5060, not heard from yet");
        assert_eq!(says(What::ServerAnswers { name: name(), address: at }), "pbx answers at 192.0.2.1:5060");
        assert_eq!(says(server(Some(at), true)), "pbx answers at 192.0.2.1:5060");
        assert_eq!(says(server(None, false)), "pbx does not answer");
    }

    #[test]
    fn a_call_between_telephones_reads_as_a_story() {
        let mut desk = Desk::new();
        let (call, from) = (CallId(1), Party::Line(LineId(0)));
        let dialled = Number::new("102");
        assert_eq!(desk.call(CallEvent::Seized(LineId(0))), "10:42:01 101 off-hook, dial tone");
        let shown = Identity::new("101", "");
        let created = CallEvent::Created { call, from, shown, dialled, priority: Priority::Normal };
        assert_eq!(desk.call(created), "10:42:01 101 dialled 102");
        desk.call(CallEvent::Routed { call, to: Party::Line(LineId(1)), via: None, sent: dialled });
        assert_eq!(desk.call(CallEvent::Alerting(call)), "10:42:01 call 1: 101 -> 102 ringing");
        assert_eq!(desk.call(CallEvent::Answered(call)), "10:42:01 call 1 answered");
        desk.now = Instant::from_millis(14_200);
        let cleared = CallEvent::Cleared { call, cause: Cause::NORMAL, by: Clearer::Side(Side::Caller) };
        let words = desk.words(What::Call(cleared)).unwrap();
        assert_eq!(words.text, "10:42:15 call 1 ended: normal clearing (16), by caller, 00:14");
        assert_eq!(words.lines, [LineId(0), LineId(1)]);
    }

    #[test]
    fn a_call_from_outside_names_its_caller() {
        let mut desk = Desk::new();
        let call = CallId(7);
        let created = |shown| CallEvent::Created {
            call,
            from: Party::Far(FarId::In(1)),
            shown,
            dialled: Number::new("103"),
            priority: Priority::Normal,
        };
        assert_eq!(desk.call(created(Identity::new("201", "Desk"))), "10:42:01 call 7: 201 calls 103");
        let private = Identity { presentation: Presentation::Private, ..Identity::new("5550100", "") };
        assert_eq!(desk.call(created(private)), "10:42:01 call 7: private calls 103");
        let cleared = CallEvent::Cleared { call, cause: Cause::BUSY, by: Clearer::Gateway };
        assert_eq!(desk.call(cleared), "10:42:01 call 7 ended: busy (17), by gateway");
    }

    #[test]
    fn a_refreshed_registration_is_no_news() {
        let mut desk = Desk::new();
        let contact = SocketAddr::from(([127, 0, 0, 1], 5070));
        let mut user = |here| desk.words(What::User { user: "201".into(), contact, here }).unwrap();
        assert_eq!(user(true).text, "10:42:01 201 registered at 127.0.0.1:5070");
        assert_eq!(user(true).depth, Depth::Detail);
        assert_eq!(user(false).text, "10:42:01 201 is no longer registered at 127.0.0.1:5070");
        assert_eq!(user(true).depth, Depth::Plain);
    }

    #[test]
    fn lengths_of_hours_show_the_hours() {
        assert_eq!((length(192), length(3723)), ("03:12".to_owned(), "1:02:03".to_owned()));
    }
}
