//! Status in words: first what needs a person, then servers, telephones and calls.

use tipring_gateway::{
    AddressStatus, AlarmStatus, CallStatus, HearingStatus, LineStatus, MediaStatus, ReachStatus,
    ServerStatus, Status, length,
};

/// Columns of the picture of a call before its figures.
const CALL_WIDTH: usize = 36;
/// Between two servers.
const BETWEEN: &str = "      ";

/// Adds how the threads of the media plane keep their time; one that has not for a minute needs a person.
pub fn with_media(status: &mut Status, media: Vec<MediaStatus>) {
    for shard in &media {
        let Some(seconds) = shard.troubled_seconds else { continue };
        let late = shard.late_full_minute;
        status.alarms.push(AlarmStatus {
            for_seconds: seconds,
            subject: shard.shard.clone(),
            text: format!("calls click, {late} ticks of a minute began late"),
            detail: String::new(),
            cause: "This machine is too slow for its calls, or too busy with something else".to_owned(),
            next: "`top` tells what else runs here; `tipring bench` what this machine can serve".to_owned(),
        });
    }
    status.alarms.sort_by_key(|alarm| core::cmp::Reverse(alarm.for_seconds));
    status.media = media;
}

/// The whole picture.
pub fn whole(status: &Status) -> Vec<String> {
    let mut lines = needs(&status.alarms);
    lines.push(format!("{}  up {}  {}", status.name, up(status.up_seconds), configuration(status)));
    lines.extend(status.next_start.iter().map(|change| format!("  at the next start: {change}")));
    if !status.servers.is_empty() {
        lines.push(status.servers.iter().map(server).collect::<Vec<_>>().join(BETWEEN));
    }
    lines.push(counts(status));
    lines.extend(status.media.iter().filter_map(media));
    lines.extend(status.calls.iter().map(|one| call(one, status)));
    lines
}

/// One telephone with its alarms and calls; `None` if there is none of this number.
pub fn one(status: &Status, number: &str) -> Option<(Vec<String>, bool)> {
    let line = find(status, number);
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
            let fault = match (line.fault, line.messages) {
                (true, _) => ", fault",
                (false, true) => ", messages wait",
                (false, false) => "",
            };
            let since = up(line.for_seconds);
            lines.push(format!("{}: {} for {since}{fault}", subject(line), state(line)));
        }
        (None, Some(user)) => lines.push(match user.contact {
            Some(contact) => format!("{number} (SIP phone): registered at {contact}"),
            None => format!("{number} (SIP phone): not registered"),
        }),
        (None, None) => return None,
    }
    let label = line.map_or_else(|| number.to_owned(), label);
    let has = |call: &&CallStatus| call.from == label || call.to == label || call.by == label;
    for one in status.calls.iter().filter(has) {
        lines.push(call(one, status));
        lines.extend(one.here.map(|heard| format!("  heard here   {}", hearing(heard))));
        lines.extend(one.there.map(|heard| format!("  heard there  {}", hearing(heard))));
    }
    Some((lines, !alarms.is_empty()))
}

/// The line that a person means: by its port, a telephone's number, `line.1`, or an outside line's number that no telephone
/// has.
pub fn find<'a>(status: &'a Status, text: &str) -> Option<&'a LineStatus> {
    let of = |outside: bool, number: &str| {
        status.lines.iter().find(|line| line.outside == outside && line.number == number)
    };
    if let Some(number) = text.strip_prefix("line.").or_else(|| text.strip_prefix("line ")) {
        return of(true, number);
    }
    status.lines.iter().find(|line| line.port == text).or_else(|| of(false, text)).or_else(|| of(true, text))
}

/// Every line port with what is on it and what that does.
pub fn lines(status: &Status) -> Vec<String> {
    let width = |part: fn(&LineStatus) -> usize| status.lines.iter().map(part).max().unwrap_or(0);
    let (ports, names) = (width(|line| line.port.len()), width(|line| label(line).len()));
    let told = status.lines.iter().map(|line| {
        let kind = if line.outside { "FXO" } else { "FXS" };
        let fault = match (line.fault, line.messages) {
            (true, _) => ", fault",
            (false, true) => ", messages wait",
            (false, false) => "",
        };
        let text = format!(
            "{:<ports$}  {kind}  {:<names$}  {} for {}{fault}",
            line.port,
            label(line),
            state(line),
            up(line.for_seconds)
        );
        let text = text + &electric(line);
        if line.name.is_empty() { text } else { format!("{text}  {}", line.name) }
    });
    told.collect()
}

/// `  48 V`, `  -9 V 21 mA, reversed`.
fn electric(line: &LineStatus) -> String {
    let Some(volts) = line.volts else { return String::new() };
    let current = line.milliamps.filter(|current| *current != 0);
    let current = current.map_or_else(String::new, |current| format!(" {} mA", current.abs()));
    let reversed = if volts < 0 { ", reversed" } else { "" };
    format!("  {} V{current}{reversed}", volts.abs())
}

/// `219`, `line 1`.
fn label(line: &LineStatus) -> String {
    if line.outside { format!("line {}", line.number) } else { line.number.clone() }
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

/// What a line does, as who stands before its telephone would say it. Programs get the gateway's own word.
fn state(line: &LineStatus) -> &'static str {
    match line.state {
        // Nobody has answered yet.
        "waiting" => "calling",
        // Another telephone on it, which may be a fault or not.
        "in use" => "in use by another telephone",
        // Busy or reorder: why there is no call, or no longer.
        "told" => "hears a tone",
        // Nothing comes of it until it is hung up.
        "parked" => "left off-hook",
        word => word,
    }
}

/// `219 Room 219 (dahdi/19)`
fn subject(line: &LineStatus) -> String {
    let name = if line.name.is_empty() { String::new() } else { format!(" {}", line.name) };
    format!("{}{name} ({})", label(line), line.port)
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
        let (text, age) = (&alarm.text, up(alarm.for_seconds));
        let what = match alarm.detail.as_str() {
            "" => format!("{text}, {age}"),
            detail => format!("{text} {age}, {detail}"),
        };
        let cause = if alarm.cause.is_empty() { String::new() } else { format!("{}. ", alarm.cause) };
        lines.push(format!("{start}  {}: {what}.", alarm.subject));
        lines.push(format!("{margin}  {cause}Next: {}", alarm.next));
    }
    lines
}

/// `pbx1  UDP  38/38 registered  4 ms      pbx2  standby  5 ms`
fn server(server: &ServerStatus) -> String {
    let registered = match server.accounts {
        0 => String::new(),
        accounts => format!("  {}/{accounts} registered", server.registered),
    };
    let whole = |name: &str, reach: &str| format!("{name}  {}{registered}  {reach}", server.transport);
    if server.addresses.is_empty() {
        return whole(&server.name, "no address found");
    }
    // With none in use it is the first that is missed.
    let main = server.addresses.iter().position(|address| address.in_use).unwrap_or(0);
    let told = server.addresses.iter().enumerate().map(|(place, address)| match address.reach {
        _ if place == main => whole(&address.name, &reach(address)),
        ReachStatus::Untried | ReachStatus::Answers => {
            format!("{}  standby  {}", address.name, reach(address))
        }
        ReachStatus::Silent | ReachStatus::Recovering(_) => format!("{}  {}", address.name, reach(address)),
    });
    told.collect::<Vec<_>>().join(BETWEEN)
}

fn reach(address: &AddressStatus) -> String {
    match (address.reach, address.latency_micros.map(milliseconds)) {
        (ReachStatus::Untried, _) => "not asked yet".to_owned(),
        (ReachStatus::Answers, Some(latency)) => latency,
        (ReachStatus::Answers, None) => "answers".to_owned(),
        (ReachStatus::Silent, _) => "no answer".to_owned(),
        (ReachStatus::Recovering(seconds), Some(latency)) => format!("back for {}  {latency}", up(seconds)),
        (ReachStatus::Recovering(seconds), None) => format!("back for {}", up(seconds)),
    }
}

/// To the nearest, but not to nothing.
fn milliseconds(micros: u64) -> String {
    match micros {
        0..1000 => "<1 ms".to_owned(),
        micros => format!("{} ms", (micros + 500) / 1000),
    }
}

fn counts(status: &Status) -> String {
    let of = |outside: bool| status.lines.iter().filter(move |line| line.outside == outside);
    let mut text = count("phones", of(false));
    if of(true).next().is_some() {
        text = format!("{text}     {}", count("lines", of(true)));
    }
    if !status.users.is_empty() {
        let here = status.users.iter().filter(|user| user.contact.is_some()).count();
        text.push_str(&format!("     SIP phones {}: {here} registered", status.users.len()));
    }
    text
}

/// `phones 38: 35 idle, 2 talking, 1 fault`
fn count<'a>(what: &str, lines: impl Iterator<Item = &'a LineStatus>) -> String {
    let mut states: Vec<(&str, usize)> = Vec::new();
    let mut all = 0;
    for line in lines {
        all += 1;
        let state = if line.fault { "fault" } else { state(line) };
        match states.iter_mut().find(|(known, _)| *known == state) {
            Some((_, count)) => *count += 1,
            None => states.push((state, 1)),
        }
    }
    // What is usual first, what is wrong last.
    states.sort_by_key(|(state, _)| (*state != "idle", *state == "fault"));
    let states: Vec<String> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    if all == 0 { format!("{what} 0") } else { format!("{what} {all}: {}", states.join(", ")) }
}

/// A shard that keeps its time is not worth a line.
fn media(shard: &MediaStatus) -> Option<String> {
    if shard.late == 0 && shard.unsent == 0 {
        return None;
    }
    let MediaStatus { shard: name, ticks, late, late_last_minute, .. } = shard;
    let longest = milliseconds(shard.longest_micros);
    let unsent = match shard.unsent {
        0 => String::new(),
        unsent => format!(", {unsent} packets not sent"),
    };
    Some(format!(
        "{name}  {late} of {ticks} ticks late, {late_last_minute} in the last minute  longest {longest}{unsent}"
    ))
}

/// `loss 0.1 %  jitter 4 ms  R 91  MOS 4.4`
fn hearing(heard: HearingStatus) -> String {
    let HearingStatus { loss, jitter_ms, rating, score } = heard;
    let (loss, score) =
        (format!("{}.{}", loss / 100, loss % 100 / 10), format!("{}.{}", score / 10, score % 10));
    format!("loss {loss} %  jitter {jitter_ms} ms  R {rating}  MOS {score}")
}

fn call(call: &CallStatus, status: &Status) -> String {
    let line = |number: &str| status.lines.iter().find(|line| label(line) == number);
    let named = |line: &LineStatus| format!("{} {}", label(line), line.name).trim().to_owned();
    let via =
        |word: &str, name: &str| if name.is_empty() { String::new() } else { format!(" {word} {name}") };
    // The line itself may be all that is known of the caller.
    let by = if call.by == call.from { String::new() } else { via("by", &call.by) };
    let via = format!("{}{by}", via("via", &call.via));
    let long = length(call.for_seconds);
    let state = if call.state == "talking" { String::new() } else { format!("  {}", call.state) };
    let parties = match (line(&call.from).filter(|line| !line.outside), line(&call.to)) {
        (Some(from), _) => format!("{}  {long} to {}{via}", named(from), call.to),
        (None, Some(to)) => format!("{}  {long} from {}{by}", named(to), call.from),
        (None, None) if call.to.is_empty() => format!("{}  {long}{via}", call.from),
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
mod tests;
