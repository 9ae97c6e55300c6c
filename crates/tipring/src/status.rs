//! Status in words: first what needs a person, then servers, telephones and calls.

use tipring_gateway::{AlarmStatus, CallStatus, LineStatus, ServerStatus, Status, length};

/// Columns of the picture of a call before its figures.
const CALL_WIDTH: usize = 36;

/// The whole picture.
pub fn whole(status: &Status) -> Vec<String> {
    let mut lines = needs(&status.alarms);
    lines.push(format!("{}  up {}  {}", status.name, up(status.up_seconds), configuration(status)));
    lines.extend(status.next_start.iter().map(|change| format!("  at the next start: {change}")));
    if !status.servers.is_empty() {
        lines.push(status.servers.iter().map(server).collect::<Vec<_>>().join("      "));
    }
    lines.push(counts(status));
    lines.extend(status.calls.iter().map(|one| call(one, status)));
    lines
}

/// One telephone with its alarms and calls; `None` if there is none of this number.
pub fn one(status: &Status, number: &str) -> Option<(Vec<String>, bool)> {
    let line = status.lines.iter().find(|line| line.number == number || line.port == number);
    let user = status.users.iter().find(|user| user.number == number);
    let alarms: Vec<AlarmStatus> = status
        .alarms
        .iter()
        .filter(|alarm| line.is_some_and(|line| alarm.subject == subject(line)))
        .cloned()
        .collect();
    let mut lines = needs(&alarms);
    match (line, user) {
        (Some(line), _) => {
            let fault = if line.fault { ", fault" } else { "" };
            let since = up(line.for_seconds);
            lines.push(format!("{}: {} for {since}{fault}", subject(line), line.state));
        }
        (None, Some(user)) => lines.push(match user.contact {
            Some(contact) => format!("{number} (SIP phone): registered at {contact}"),
            None => format!("{number} (SIP phone): not registered"),
        }),
        (None, None) => return None,
    }
    let number = line.map_or(number, |line| &line.number);
    let has = |call: &&CallStatus| call.from == number || call.to == number;
    lines.extend(status.calls.iter().filter(has).map(|one| call(one, status)));
    Some((lines, !alarms.is_empty()))
}

/// `config 17, applied`, or for what it still waits.
fn configuration(status: &Status) -> String {
    let mut text = format!("config {}", status.revision);
    if status.waiting.is_empty() && status.next_start.is_empty() {
        text.push_str(", applied");
    }
    if !status.waiting.is_empty() {
        text.push_str(&format!(", when idle: {}", status.waiting.join(", ")));
    }
    match status.next_start.len() {
        0 => {}
        1 => text.push_str(", 1 change at the next start"),
        count => text.push_str(&format!(", {count} changes at the next start")),
    }
    text
}

/// `219 Room 219 (dahdi/19)`
fn subject(line: &LineStatus) -> String {
    let name = if line.name.is_empty() { String::new() } else { format!(" {}", line.name) };
    format!("{}{name} ({})", line.number, line.port)
}

fn needs(alarms: &[AlarmStatus]) -> Vec<String> {
    let mut lines = Vec::new();
    let head = match alarms.len() {
        1 => "1 NEEDS YOU".to_owned(),
        count => format!("{count} NEED YOU"),
    };
    let margin = " ".repeat(head.len());
    for (place, alarm) in alarms.iter().enumerate() {
        let start = if place == 0 { &head } else { &margin };
        lines.push(format!("{start}  {}: {}, {}.", alarm.subject, alarm.text, up(alarm.for_seconds)));
        lines.push(format!("{margin}  Next: {}", alarm.next));
    }
    lines
}

fn server(server: &ServerStatus) -> String {
    let reach = match server.address {
        Some(address) => address.to_string(),
        None => "no answer".to_owned(),
    };
    let registered = match server.accounts {
        0 => String::new(),
        accounts => format!("  {}/{accounts} registered", server.registered),
    };
    format!("{}  {reach}{registered}", server.name)
}

fn counts(status: &Status) -> String {
    let mut states: Vec<(&str, usize)> = Vec::new();
    for line in &status.lines {
        let state = if line.fault { "fault" } else { line.state };
        match states.iter_mut().find(|(known, _)| *known == state) {
            Some((_, count)) => *count += 1,
            None => states.push((state, 1)),
        }
    }
    // What is usual first, what is wrong last.
    states.sort_by_key(|(state, _)| (*state != "idle", *state == "fault"));
    let states: Vec<String> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    let mut text = format!("phones {}: {}", status.lines.len(), states.join(", "));
    if status.lines.is_empty() {
        text = "phones 0".to_owned();
    }
    if !status.users.is_empty() {
        let here = status.users.iter().filter(|user| user.contact.is_some()).count();
        text.push_str(&format!("     SIP phones {}: {here} registered", status.users.len()));
    }
    text
}

fn call(call: &CallStatus, status: &Status) -> String {
    let line = |number: &str| status.lines.iter().find(|line| line.number == number);
    let named = |line: &LineStatus| format!("{} {}", line.number, line.name).trim().to_owned();
    let via = if call.via.is_empty() { String::new() } else { format!(" via {}", call.via) };
    let long = length(call.for_seconds);
    let state = if call.state == "talking" { String::new() } else { format!("  {}", call.state) };
    let parties = match (line(&call.from), line(&call.to)) {
        (Some(from), _) => format!("{}  {long} to {}{via}", named(from), call.to),
        (None, Some(to)) => format!("{}  {long} from {}", named(to), call.from),
        (None, None) => format!("{}  {long} to {}{via}", call.from, call.to),
    };
    let Some(loss) = call.loss else { return format!("{parties}{state}") };
    let loss = format!("{}.{}", loss / 100, loss % 100 / 10);
    let codec = if call.codec.is_empty() { String::new() } else { format!("{}  ", call.codec) };
    format!("{parties:<CALL_WIDTH$} {codec}loss {loss} %  {}{state}", call.quality)
}

/// `12d 04h`, `4h 07m`, `46 min`, `12 s`.
fn up(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours}h {minutes:02}m"),
        (_, _, _) => format!("{days}d {hours:02}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: &str, state: &'static str) -> LineStatus {
        LineStatus {
            number: number.into(),
            name: format!("Room {number}"),
            port: format!("sim/{number}"),
            state,
            for_seconds: 5,
            fault: false,
        }
    }

    fn call_of(from: &str, to: &str) -> CallStatus {
        CallStatus {
            call: 1,
            from: from.into(),
            to: to.into(),
            via: String::new(),
            state: "talking",
            for_seconds: 192,
            codec: "",
            loss: None,
            quality: "",
        }
    }

    fn status() -> Status {
        Status {
            name: "tower-a".into(),
            up_seconds: 12 * 86_400 + 4 * 3600,
            revision: 17,
            waiting: Vec::new(),
            next_start: Vec::new(),
            alarms: Vec::new(),
            servers: Vec::new(),
            lines: vec![line("204", "talking"), line("205", "idle"), line("219", "idle")],
            users: Vec::new(),
            calls: Vec::new(),
            refused_requests: 0,
        }
    }

    #[test]
    fn what_needs_a_person_comes_first() {
        let alarm = AlarmStatus {
            for_seconds: 2760,
            subject: "219 Room 219 (sim/219)".into(),
            text: "the loop draws current".into(),
            next: "check the pair".into(),
        };
        let mut status = Status { alarms: vec![alarm.clone()], ..status() };
        status.lines[2].fault = true;
        assert_eq!(
            whole(&status)[..4],
            [
                "1 NEEDS YOU  219 Room 219 (sim/219): the loop draws current, 46 min.",
                "             Next: check the pair",
                "tower-a  up 12d 04h  config 17, applied",
                "phones 3: 1 idle, 1 talking, 1 fault",
            ]
        );
        let (lines, attention) = one(&status, "219").unwrap();
        assert!(attention && lines[0].starts_with("1 NEEDS YOU"), "{lines:?}");
        assert!(!one(&status, "204").unwrap().1);
        status.alarms.push(alarm);
        assert!(whole(&status)[0].starts_with("2 NEED YOU  219"));
        assert!(whole(&status)[2].starts_with("            219"));
    }

    #[test]
    fn what_an_edit_still_waits_for_is_told() {
        let waiting = vec!["204 Room 204 (sim/204)".to_owned()];
        let status = Status { waiting: waiting.clone(), ..status() };
        assert_eq!(whole(&status)[0], "tower-a  up 12d 04h  config 17, when idle: 204 Room 204 (sim/204)");
        let next_start = vec!["listen: \"a\" -> \"b\"".to_owned()];
        let told = whole(&Status { next_start, ..status });
        assert!(
            told[0].ends_with("when idle: 204 Room 204 (sim/204), 1 change at the next start"),
            "{told:?}"
        );
        assert_eq!(told[1], "  at the next start: listen: \"a\" -> \"b\"");
    }

    #[test]
    fn calls_are_told_from_the_telephones_side() {
        let mut out = call_of("204", "0");
        out.via = "pbx1".into();
        out.codec = "G.711u";
        out.loss = Some(10);
        out.quality = "good";
        assert_eq!(call(&out, &status()), "204 Room 204  03:12 to 0 via pbx1    G.711u  loss 0.1 %  good");
        assert_eq!(call(&call_of("15550177", "205"), &status()), "205 Room 205  03:12 from 15550177");
        let ringing = CallStatus { state: "ringing", ..call_of("204", "205") };
        assert_eq!(call(&ringing, &status()), "204 Room 204  03:12 to 205  ringing");
    }

    #[test]
    fn an_unknown_number_is_none() {
        assert_eq!(one(&status(), "999"), None);
        assert_eq!(one(&status(), "sim/205").unwrap().0, ["205 Room 205 (sim/205): idle for 5 s"]);
    }
}
