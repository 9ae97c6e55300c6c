//! The journal in the words of a ladder: nothing random, nothing that counts samples.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use tipring_call::{Alarm, CallEvent, Clearer, FarId, MovedTo, Party, Priority, ReferEnd, Side, Via};
use tipring_gateway::{Entry, What};
use tipring_port::{
    BalanceEnd, BalanceEvent, CallerIdShown, DigitSource, LineEvent, LineFault, LineTest, MediaEvent,
    Refusal, RohStage, TestEnd, Verdict,
};

/// Names of addresses.
pub type Names = BTreeMap<SocketAddr, String>;

/// What a journal entry means: to whom, and in which words. `None` for what no ladder shows.
pub fn of_entry(entry: &Entry, names: &Names) -> Option<(String, String)> {
    let line = || entry.line.map_or_else(|| "gateway".to_owned(), |line| line_name(line.0));
    Some(match &entry.what {
        What::Line(event) => (line(), line_words(event)?),
        What::Media(event) => ("media".to_owned(), media_words(event)?),
        What::Call(event) => call_words(event),
        What::Sip(message) => {
            let far = name_of(message.remote, names);
            let start = without_random(message.start.as_str(), names);
            let method = message.cseq.as_str().split_whitespace().nth(1).unwrap_or("");
            let is_answer = start.starts_with(|c: char| c.is_ascii_digit());
            let of = if is_answer { format!(" ({method})") } else { String::new() };
            let arrow = if message.sent { "->" } else { "<-" };
            ("sip".to_owned(), format!("{arrow} {far} {start}{of}"))
        }
        What::Registration { account, state, registered } => {
            let state = if *registered { "registered" } else { state.as_str() };
            ("gateway".to_owned(), format!("account {account} {}", without_numbers(state)))
        }
        What::Server { name, address, .. } => {
            let state = if address.is_some() { "reachable" } else { "unreachable" };
            ("gateway".to_owned(), format!("server {name} {state}"))
        }
        What::User { user, here, .. } => {
            ("gateway".to_owned(), format!("user {user} {}", if *here { "here" } else { "gone" }))
        }
        What::Refused { why, .. } => ("gateway".to_owned(), format!("refuses requests {why}")),
        What::Alarm(alarm) => ("gateway".to_owned(), format!("alarm {}", alarm_words(alarm))),
        What::ShardStopped(shard) => ("gateway".to_owned(), format!("{shard} stopped")),
        What::Balance(BalanceEvent::Ended(BalanceEnd::Done)) => (line(), "balance measured".to_owned()),
        What::Balance(BalanceEvent::Ended(_)) => (line(), "balance not measured".to_owned()),
        What::Summary(_)
        | What::Learned(_)
        | What::Balance(BalanceEvent::Measured(_))
        | What::ServerAnswers { .. }
        | What::Configured(_)
        | What::ConfigurationRefused(_)
        | What::Profiled(_) => return None,
    })
}

/// The name of a line in flows: lines count from 1.
pub fn line_name(line: u16) -> String {
    format!("line {}", line + 1)
}

/// The name of whoever has an address.
pub fn name_of(address: SocketAddr, names: &Names) -> String {
    names.get(&address).cloned().unwrap_or_else(|| address.ip().to_string())
}

/// A start line in which addresses have names and the random user of a contact is left out.
fn without_random(start: &str, names: &Names) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in start.split_whitespace() {
        let Some(uri) = word.strip_prefix("sip:") else {
            words.push(word.to_owned());
            continue;
        };
        let uri = uri.split(';').next().unwrap_or(uri);
        let (user, host) = uri.split_once('@').map_or(("", uri), |(user, host)| (user, host));
        let address: Option<SocketAddr> = host.parse().ok();
        let host = address.map_or_else(|| host.to_owned(), |address| name_of(address, names));
        let host = host.strip_suffix(":5060").map_or(host.clone(), str::to_owned);
        let is_random = user.len() > 12 && user.bytes().all(|byte| byte.is_ascii_hexdigit());
        words.push(match (user, is_random) {
            ("", _) | (_, true) => format!("sip:{host}"),
            (user, false) => format!("sip:{user}@{host}"),
        });
    }
    words.join(" ")
}

/// `; next try in 31 s`: the length is drawn by lot.
fn without_numbers(state: &str) -> &str {
    state.split("; next try").next().unwrap_or(state)
}

fn line_words(event: &LineEvent) -> Option<String> {
    Some(match event {
        LineEvent::Seized => "seized".to_owned(),
        LineEvent::Answered => "answered".to_owned(),
        LineEvent::Released => "released".to_owned(),
        LineEvent::Flash(_) => "flash".to_owned(),
        LineEvent::DigitBegan(_) => return None,
        LineEvent::Digit { digit, source, .. } => {
            let how = match source {
                DigitSource::Dtmf => "",
                DigitSource::Pulse => " by pulses",
            };
            format!("digit {}{how}", char::from(*digit))
        }
        LineEvent::Ringing => "rings".to_owned(),
        LineEvent::CallerIdSent(shown) => match shown {
            CallerIdShown::Whole => "caller ID sent",
            CallerIdShown::WithoutName => "caller ID sent without name",
            CallerIdShown::NumberOnly => "caller ID sent without name and date",
        }
        .to_owned(),
        LineEvent::CallerIdOmitted { needs, pause } => {
            format!("caller ID not sent: needs {needs}, the pause has {pause}")
        }
        LineEvent::RingStopped => "ring stopped".to_owned(),
        LineEvent::Refused(why) => format!(
            "refuses: {}",
            match why {
                Refusal::OffHook => "off-hook",
                Refusal::Stale => "stale",
                Refusal::OutOfService => "out of service",
                Refusal::Incoming => "incoming call",
                Refusal::InUse => "in use",
                Refusal::Guard => "guard time",
            }
        ),
        LineEvent::Roh(stage) => match stage {
            RohStage::Supervision => "supervision",
            RohStage::Reorder => "receiver off-hook",
            RohStage::Howler => "howler",
            RohStage::Quiet => "parked in silence",
        }
        .to_owned(),
        LineEvent::Announced => "announced".to_owned(),
        LineEvent::SupervisionDone => "supervision done".to_owned(),
        LineEvent::Fault(fault) => format!("fault {}", fault_words(*fault)),
        LineEvent::FaultCleared(fault) => format!("fault over {}", fault_words(*fault)),
        LineEvent::Incoming => "incoming".to_owned(),
        LineEvent::Caller(Ok(caller)) => crate::ear::What::Caller(*caller).to_string(),
        LineEvent::Caller(Err(fault)) => format!("caller not understood: {}", fault.word()),
        LineEvent::Offered => "offered".to_owned(),
        LineEvent::GaveUp => "caller gave up".to_owned(),
        LineEvent::ExchangeReady(true) => "has dial-tone".to_owned(),
        LineEvent::ExchangeReady(false) => "has no dial-tone".to_owned(),
        LineEvent::Dialled => "has dialled".to_owned(),
        LineEvent::Exchange(tone) => format!("overhears {}", tone.word()),
        LineEvent::FarAnswered(sign) => format!("far end answered by {}", sign.word()),
        LineEvent::FarCleared(sign) => format!("far end cleared by {}", sign.word()),
        LineEvent::Metered(count) => format!("metered {count}"),
        LineEvent::InUse(on) => if *on { "in use" } else { "free" }.to_owned(),
        LineEvent::Waiting(on) => if *on { "messages wait" } else { "no messages wait" }.to_owned(),
        LineEvent::WaitingShown(true) => "sent who waits".to_owned(),
        LineEvent::WaitingShown(false) => "no acknowledgement of who waits".to_owned(),
        // The switch tells it.
        LineEvent::Tested(_) => return None,
        LineEvent::LampShown(on) => if *on { "told of messages" } else { "told of no messages" }.to_owned(),
        LineEvent::Lifeline(on) => if *on { "lifeline on" } else { "lifeline off" }.to_owned(),
        LineEvent::InService(on) => if *on { "in service" } else { "out of service" }.to_owned(),
    })
}

const fn fault_words(fault: LineFault) -> &'static str {
    match fault {
        LineFault::CardSilent => "card silent",
        LineFault::Panicked => "panicked",
        LineFault::Leakage => "leakage",
        LineFault::NoBattery => "no battery",
        LineFault::NoDialTone => "no dial tone",
        LineFault::ForeignVoltage => "foreign voltage",
    }
}

fn media_words(event: &MediaEvent) -> Option<String> {
    Some(match event {
        MediaEvent::Flowing(_) => "stream flows".to_owned(),
        MediaEvent::Starved(..) => "stream starves".to_owned(),
        MediaEvent::Digit(_, digit, _) => format!("digit {} by event", char::from(*digit)),
        MediaEvent::DigitToSignal(_, digit, _) => format!("digit {} to signal", char::from(*digit)),
        MediaEvent::Signal(_, signal) => format!("hears {}", signal.word()),
        MediaEvent::Announced(_) => "leg announced".to_owned(),
        MediaEvent::Failed(_) => "leg failed".to_owned(),
        MediaEvent::Stats(..) | MediaEvent::Level(..) => return None,
    })
}

fn party(party: &Party) -> String {
    match party {
        Party::Line(line) => line_name(line.0),
        Party::Far(FarId::In(_)) => "far caller".to_owned(),
        Party::Far(FarId::Out(_)) => "far end".to_owned(),
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Caller => "caller",
        Side::Called => "called",
    }
}

fn call_words(event: &CallEvent) -> (String, String) {
    let call_name = |call: &tipring_units::CallId| format!("call {}", call.0);
    match event {
        CallEvent::Seized(line) => (line_name(line.0), "dial tone".to_owned()),
        CallEvent::Dialled { line, digit, .. } => {
            (line_name(line.0), format!("dialled {}", char::from(*digit)))
        }
        CallEvent::Abandoned { line, dialled } => {
            (line_name(line.0), format!("abandoned after \"{dialled}\""))
        }
        CallEvent::Created { call, from, dialled, priority, .. } => {
            let emergency = match priority {
                Priority::Normal => "",
                Priority::High => " priority",
                Priority::Emergency => " emergency",
            };
            (call_name(call), format!("from {} to {dialled}{emergency}", party(from)))
        }
        CallEvent::Routed { call, to, via, sent } => {
            let to = match (via, to) {
                (Some(Via::Server(name)), _) => format!("{name} {sent}"),
                (Some(Via::User(user)), _) => format!("user {user}"),
                (None, to) => party(to),
            };
            (call_name(call), format!("routed to {to}"))
        }
        CallEvent::Forwarded { call, by, when, to } => {
            (call_name(call), format!("forwarded by {by} to {to} {}", when.word()))
        }
        CallEvent::SentOn { call, to } => (call_name(call), format!("sent on to {to} by the server")),
        CallEvent::Moved { call, to, at, stays } => {
            let at = match at {
                MovedTo::House => "here".to_owned(),
                MovedTo::Server(name) => format!("at {name}"),
                MovedTo::Stranger => "elsewhere".to_owned(),
            };
            let stays = stays.map(|why| format!(" refused: {}", why.word())).unwrap_or_default();
            (call_name(call), format!("moved to {to} {at}{stays}"))
        }
        CallEvent::Parked { call, slot } => (call_name(call), format!("parked at {slot}")),
        CallEvent::PickedUp { call, party: who, .. } => {
            (call_name(call), format!("picked up by {}", party(who)))
        }
        CallEvent::Overflow { call, group, when } => {
            (call_name(call), format!("overflows from {group} {}", when.word()))
        }
        CallEvent::Feature { line, given, done } => {
            let number = given.number.map(|number| format!(" {number}")).unwrap_or_default();
            let result = if *done { "" } else { " refused" };
            (line_name(line.0), format!("code {}{number}{result}", given.action.word()))
        }
        CallEvent::Traced { line, caller } => (line_name(line.0), format!("traces {}", caller.number)),
        CallEvent::Walked { line, number, other: None } => (line_name(line.0), format!("room {number}")),
        CallEvent::Walked { line, number, other: Some(other) } => {
            (line_name(line.0), format!("room {number} refused: {} has it", line_name(other.0)))
        }
        CallEvent::Opened(line) => (line_name(line.0), "opens the door".to_owned()),
        CallEvent::LineTested { line, outcome } => (line_name(line.0), tested(outcome)),
        CallEvent::SelfTest { line, cause: None } => (line_name(line.0), "self-test passed".to_owned()),
        CallEvent::SelfTest { line, cause: Some(cause) } => {
            (line_name(line.0), format!("self-test failed: {cause}"))
        }
        CallEvent::Alerting(call) => (call_name(call), "alerting".to_owned()),
        CallEvent::EarlyMedia(call) => (call_name(call), "early media".to_owned()),
        CallEvent::Answered(call) => (call_name(call), "answered".to_owned()),
        CallEvent::Waits { call, line } => (call_name(call), format!("waits on {}", line_name(line.0))),
        CallEvent::Conference { line, calls: [first, last] } => {
            (line_name(line.0), format!("in conference of call {} and call {}", first.0, last.0))
        }
        CallEvent::Held { call, by } => (call_name(call), format!("held by {}", side(*by))),
        CallEvent::Resumed { call, by } => (call_name(call), format!("resumed by {}", side(*by))),
        CallEvent::PassedThrough { call, by: Some((who, signal)) } => {
            (call_name(call), format!("pass-through by {} of {}", signal.word(), side(*who)))
        }
        CallEvent::PassedThrough { call, by: None } => {
            (call_name(call), "pass-through as configured".to_owned())
        }
        CallEvent::Recalled { call, line } => (call_name(call), format!("recalls {}", line_name(line.0))),
        CallEvent::Joined { call, with } => (call_name(call), format!("joined to call {}", with.0)),
        CallEvent::Transfers { call, party: who, to, with } => {
            let with = with.map_or_else(String::new, |with| format!(" in call {}", with.0));
            (call_name(call), format!("transfers {} to {to}{with}", side(*who)))
        }
        CallEvent::Referred { call, by, to, with } => {
            (call_name(call), format!("referred by {} to {to} in call {}", side(*by), with.0))
        }
        CallEvent::TransferEnded { call, end } => {
            let words = match end {
                ReferEnd::Done => "transferred".to_owned(),
                ReferEnd::Failed(cause) => format!("transfer failed: {cause}"),
                ReferEnd::Refused(cause) => format!("transfer refused: {cause}"),
                ReferEnd::Unknown => "transfer unanswered".to_owned(),
            };
            (call_name(call), words)
        }
        CallEvent::EmergencyNotice { call, shown, .. } => {
            (call_name(call), format!("desk is told {} {}", shown.name, shown.number))
        }
        CallEvent::Cleared { call, cause, by } => {
            let by = match by {
                Clearer::Side(who) => side(*who),
                Clearer::Gateway => "gateway",
            };
            (call_name(call), format!("cleared by {by}: {cause}"))
        }
        CallEvent::Line { line, doing } => (line_name(line.0), format!("is {}", doing.word())),
    }
}

fn alarm_words(alarm: &Alarm) -> String {
    match alarm {
        Alarm::LineFault(line, fault) => format!("{} {}", line_name(line.0), fault_words(*fault)),
        Alarm::LineFaultCleared(line, fault) => {
            format!("over {} {}", line_name(line.0), fault_words(*fault))
        }
        Alarm::LineAbandoned(line) => format!("{} abandoned", line_name(line.0)),
        Alarm::CallAbandoned(call) => format!("call {} abandoned", call.0),
        Alarm::LegAbandoned(_) => "far leg abandoned".to_owned(),
        Alarm::EmergencyFailed { call, cause } => format!("emergency call {} failed: {cause}", call.0),
        Alarm::DeskNotTold { shown, cause, .. } => format!("desk not told of {}: {cause}", shown.number),
        Alarm::DisaLocked(line) => format!("{} disa locked", line_name(line.0)),
        Alarm::DisaUnlocked(line) => format!("{} disa unlocked", line_name(line.0)),
        Alarm::SelfTestFailed(line, cause) => format!("{} self-test failed: {cause}", line_name(line.0)),
        Alarm::SelfTestPassed(line) => format!("{} self-test passed", line_name(line.0)),
        Alarm::LineTestFailed(line, test) => format!("{} line test {}", line_name(line.0), wrong(test)),
        Alarm::LineTestMissed(line, end) => {
            format!("{} line test not made: {}", line_name(line.0), end.word())
        }
        Alarm::LineTestPassed(line) => format!("{} line test passed", line_name(line.0)),
        Alarm::LineTestOver(line) => format!("{} line test over", line_name(line.0)),
        Alarm::Full => "full".to_owned(),
    }
}

/// What the test of a line found.
fn tested(outcome: &Result<LineTest, TestEnd>) -> String {
    match outcome {
        Err(end) => format!("not tested: {}", end.word()),
        Ok(test) => match test.whole() {
            Verdict::Passed => "line test passed".to_owned(),
            Verdict::NotMeasured => "line test not measured".to_owned(),
            Verdict::Failed => format!("line test {}", wrong(test)),
        },
    }
}

fn wrong(test: &LineTest) -> String {
    let items: Vec<&str> = test.failed().map(tipring_port::TestItem::word).collect();
    format!("failed: {}", items.join(", "))
}
