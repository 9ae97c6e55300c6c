//! One channel, heard by the gateway's detectors.

use serde_json::{Map, Value, json};
use tipring_dsp::{
    Bank, BankEvent, CallerIdMessage, CallerIdReceiver, DtmfDetector, DtmfEvent, FskStandard, JapanReceiver,
    ReceiveError, Segment, Signal, caller_id_fields, caller_id_of_digits,
};
use tipring_port::{Absence, TonePlan};
use tipring_units::Samples;

use super::naming::{Countries, Stretch};
use super::{Heard, carrier, naming, speech};

/// Silence after the recording, so that what sounds at its end is over.
const TAIL_FRAMES: usize = 60;
/// Digits nearer than this belong to one caller-ID message, in milliseconds.
const DIGITS_TOGETHER: f64 = 400.0;
/// Speech of less than this is not told.
const SPEECH_MIN: f64 = 200.0;

/// A stretch of time in milliseconds.
type Span = (f64, f64);

#[derive(Default)]
struct Findings {
    heard: Vec<Heard>,
    digits: Vec<(f64, f64, char)>,
    stretches: Vec<Stretch>,
    /// Where something else than a tone or speech was: FSK bursts, fax and modem signals.
    taken: Vec<Span>,
    speech: Vec<Span>,
}

/// Everything in a channel.
pub fn listen(samples: &[i16], channel: usize, countries: &Countries) -> Vec<Heard> {
    let mut out = run(samples, channel);
    let end = samples.len() as f64 / 8.0;
    digits(&mut out, channel);
    let carriers = carrier::find(samples, channel);
    out.taken.extend(carriers.iter().map(|c| (c.at, c.at + c.length.unwrap_or(0.0))));
    let bursts = burst_spans(&out.heard);
    out.heard.extend(carriers.into_iter().filter(|c| !overlaps(&bursts, span(c), 0.3)));
    let digit_spans: Vec<Span> = out.digits.iter().map(|d| (d.0 - 30.0, d.0 + d.1 + 60.0)).collect();
    let stretches: Vec<Stretch> = out
        .stretches
        .iter()
        .filter(|s| !overlaps(&out.taken, (s.start, s.end()), 0.5))
        .filter(|s| !s.is_of_digits() || !overlaps(&digit_spans, (s.start, s.end()), 0.5))
        .cloned()
        .collect();
    let tones = naming::tones(&stretches, channel, countries, end);
    let mut busy: Vec<Span> = out.taken.clone();
    busy.extend(digit_spans);
    busy.extend(tones.iter().map(span));
    busy.extend(stretches.iter().filter(|s| s.length > 150.0).map(|s| (s.start - 20.0, s.end() + 40.0)));
    out.heard.extend(tones);
    out.heard.extend(spoken(&out.speech, &busy, channel));
    out.heard.retain(|one| one.at <= end);
    out.heard
}

fn span(one: &Heard) -> Span {
    (one.at, one.at + one.length.unwrap_or(0.0))
}

fn burst_spans(heard: &[Heard]) -> Vec<Span> {
    heard.iter().filter(|h| h.kind == "caller-id" || h.kind == "fax").map(span).collect()
}

/// True if others cover at least this share of a span.
fn overlaps(others: &[Span], own: Span, share: f64) -> bool {
    let covered: f64 = others.iter().map(|o| (o.1.min(own.1) - o.0.max(own.0)).max(0.0)).sum();
    covered > share * (own.1 - own.0)
}

fn run(samples: &[i16], channel: usize) -> Findings {
    let mut out = Findings::default();
    let mut dtmf = DtmfDetector::default();
    let mut bank = Bank::new(&TonePlan::SILENT);
    let mut bell = CallerIdReceiver::new(FskStandard::Bell202);
    let mut v23 = CallerIdReceiver::new(FskStandard::V23);
    let mut japan = JapanReceiver::new();
    let mut began = 0.0;
    let mut carriers = [None::<f64>; 2];
    let frames = samples.len().div_ceil(80) + TAIL_FRAMES;
    for n in 0..frames {
        let mut frame = [0; 80];
        let chunk = samples.get(n * 80..).unwrap_or_default();
        let count = chunk.len().min(80);
        frame[..count].copy_from_slice(&chunk[..count]);
        let now = (n + 1) as f64 * 10.0;
        for event in dtmf.process(&frame) {
            match event {
                DtmfEvent::Begin { since: Samples(since), .. } => began = now - since as f64 / 8.0,
                DtmfEvent::End { digit, duration: Samples(length) } => {
                    out.digits.push((began, length as f64 / 8.0, char::from(digit.ascii())));
                }
            }
        }
        for event in bank.process(&frame) {
            on_bank(event, channel, &mut out);
        }
        let results = [bell.process(&frame), v23.process(&frame)];
        let receivers = [(&bell, "bell-202"), (&v23, "v.23")];
        for (n, (result, (receiver, standard))) in results.into_iter().zip(receivers).enumerate() {
            match (receiver.has_carrier(), carriers[n]) {
                (true, None) => carriers[n] = Some(now - 30.0),
                (false, Some(_)) if result.is_none() => carriers[n] = None,
                (true, Some(_)) | (false, _) => {}
            }
            if let Some(result) = result {
                let start = carriers[n].unwrap_or(now);
                fsk(result, receiver.bytes(), standard, (start, now), channel, &mut out);
            }
        }
        if let Some(result) = japan.process(&frame) {
            let start = carriers[1].unwrap_or(now - 500.0);
            japanese(result, japan.frame(), (start, now), channel, &mut out);
        }
    }
    out.speech = speech::find(samples);
    // Either demodulator reads the other's bursts; the mark tells which it was.
    let mut kept: Vec<Heard> = Vec::new();
    for one in out.heard.drain(..) {
        let again = one.kind == "caller-id"
            && kept.iter().any(|k| k.kind == "caller-id" && hex_of(k) == hex_of(&one) && hex_of(k).is_some());
        if !again {
            kept.push(one);
        }
    }
    out.heard = kept;
    for one in out.heard.iter_mut().filter(|h| h.kind == "caller-id") {
        let standard = if is_bell(samples, span(one)) { "bell-202" } else { "v.23" };
        for (key, value) in &mut one.more {
            if *key == "standard" && value != "jclip" {
                *value = standard.into();
            }
        }
    }
    // A burst that one standard reads well, the other reads badly.
    let good: Vec<Span> =
        out.heard.iter().filter(|h| h.kind == "caller-id" && !is_bad(h)).map(span).collect();
    out.heard.retain(|h| !(is_bad(h) && overlaps(&good, span(h), 0.2)));
    // Fax and modem signals look like the start of a burst now and then.
    let modems: Vec<Span> =
        out.heard.iter().filter(|h| matches!(h.kind, "fax" | "modem")).map(span).collect();
    out.heard.retain(|h| !(is_bad(h) && overlaps(&modems, span(h), 0.3)));
    // One that both read badly is told once.
    let mut told: Vec<Span> = Vec::new();
    out.heard.retain(|h| {
        let again = is_bad(h) && overlaps(&told, span(h), 0.2);
        if is_bad(h) {
            told.push(span(h));
        }
        !again
    });
    out.taken.extend(burst_spans(&out.heard).into_iter().map(|s| (s.0 - 400.0, s.1 + 60.0)));
    out
}

fn hex_of(one: &Heard) -> Option<&Value> {
    one.more.iter().find(|(key, _)| *key == "hex").map(|(_, value)| value)
}

/// True if the mark of a burst is 1200 Hz, false if it is 1300 Hz.
fn is_bell(samples: &[i16], span: Span) -> bool {
    let (from, to) = ((span.0.max(0.0) * 8.0) as usize, (span.1 * 8.0) as usize);
    let burst = samples.get(from..to.min(samples.len())).unwrap_or_default();
    let power = |window: &[i16], hertz: f64| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &sample) in window.iter().enumerate() {
            let (sin, cos) = (core::f64::consts::TAU * hertz * n as f64 / 8000.0).sin_cos();
            (re, im) = (re + f64::from(sample) * cos, im + f64::from(sample) * sin);
        }
        re * re + im * im
    };
    let votes = burst.chunks_exact(200).filter_map(|window| {
        let (bell, v23) = (power(window, 1200.0), power(window, 1300.0));
        // Only windows of pure mark tell.
        let all = window.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() * 100.0;
        (bell.max(v23) > 0.5 * all).then_some(bell > v23)
    });
    let (yes, all) = votes.fold((0, 0), |(yes, all), vote| (yes + usize::from(vote), all + 1));
    2 * yes > all
}

fn is_bad(one: &Heard) -> bool {
    one.kind == "caller-id" && one.more.iter().any(|(key, _)| *key == "error")
}

fn on_bank(event: BankEvent, channel: usize, out: &mut Findings) {
    match event {
        BankEvent::Begin { .. } => {}
        BankEvent::Steady(segment) => out.stretches.push(stretch(&segment)),
        BankEvent::End { signal, start, length, level } => {
            let (at, long) = (start.0 as f64 / 8.0, length.0 as f64 / 8.0);
            let kind = kind_of(signal);
            let one = Heard::new(at, kind, signal.word(), channel)
                .lasting(long)
                .with("name", naming::words(signal))
                .with("level_dbm0", tenth(level.0));
            out.taken.push((at - 40.0, at + long + 40.0));
            out.heard.push(one);
        }
    }
}

fn kind_of(signal: Signal) -> &'static str {
    match signal {
        Signal::Cng | Signal::Ced | Signal::Preamble => "fax",
        Signal::CallingTone
        | Signal::AnsReversals
        | Signal::Ansam
        | Signal::AnsamReversals
        | Signal::V21Data
        | Signal::BellAnswer
        | Signal::V22Answer
        | Signal::V21Answer
        | Signal::V21Calling
        | Signal::V8bisInitiating
        | Signal::V8bisResponding => "modem",
        Signal::Progress(_) | Signal::SpecialInformation | Signal::Alert => "tone",
    }
}

fn stretch(segment: &Segment) -> Stretch {
    Stretch {
        start: segment.start.0 as f64 / 8.0,
        length: segment.length.0 as f64 / 8.0,
        hertz: segment.frequencies().iter().map(|f| f64::from(f.0)).collect(),
        level: f64::from(segment.level.0),
    }
}

fn tenth(value: f32) -> Value {
    json!((f64::from(value) * 10.0).round() / 10.0)
}

fn digits(out: &mut Findings, channel: usize) {
    for &(at, length, digit) in &out.digits {
        out.heard.push(Heard::new(at, "dtmf", digit.to_string(), channel).lasting(length));
    }
    let mut run: Vec<(f64, f64, char)> = Vec::new();
    let mut runs = Vec::new();
    for &digit in &out.digits {
        if run.last().is_some_and(|last| digit.0 - (last.0 + last.1) > DIGITS_TOGETHER) {
            runs.push(core::mem::take(&mut run));
        }
        run.push(digit);
    }
    runs.push(run);
    for run in runs {
        let text: String = run.iter().map(|d| d.2).collect();
        let Some(message) = caller_id_of_digits(text.as_bytes()) else { continue };
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let one = told(&message, (first.0, last.0 + last.1), channel)
            .with("standard", "dtmf")
            .with("hex", hex(text.as_bytes()));
        out.heard.push(one);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn fsk(
    result: Result<CallerIdMessage, ReceiveError>,
    bytes: &[u8],
    standard: &'static str,
    span: Span,
    channel: usize,
    out: &mut Findings,
) {
    let kind = bytes.first().copied().unwrap_or(0);
    let format = match kind {
        0x04 | 0x06 => "sdmf",
        0x80..=0x8F => "mdmf",
        _ => "unknown",
    };
    match result {
        Ok(_) if bytes.len() <= 3 => {} // an empty message: noise has made its checksum right
        Ok(message) => {
            // The checksum is not part of what others show.
            let (covered, body) =
                (&bytes[..bytes.len().saturating_sub(1)], bytes.get(2..bytes.len().saturating_sub(1)));
            let body = body.unwrap_or_default();
            let mut one = told(&message, span, channel)
                .with("standard", standard)
                .with("format", format)
                .with("type", format!("0x{kind:02X}"));
            if kind >= 0x80 {
                one = one.with("fields", fields(caller_id_fields(body)));
            }
            out.heard.push(one.with("checksum", "good").with("hex", hex(covered)));
        }
        Err(error) => {
            // Noise makes a byte or two; a burst begins with a type that is known.
            if bytes.len() < 4 || !matches!(bytes[0], 0x04 | 0x06 | 0x80..=0x8F) {
                return;
            }
            let word = match &error {
                ReceiveError::Parse(tipring_dsp::ParseError::Checksum { .. }) | ReceiveError::Crc { .. } => {
                    "bad-checksum"
                }
                ReceiveError::Parse(_) | ReceiveError::Framing { .. } | ReceiveError::Lost { .. } => "broken",
            };
            let one = Heard::new(span.0, "caller-id", word, channel)
                .lasting(span.1 - span.0)
                .with("standard", standard)
                .with("error", error.to_string());
            out.heard.push(one);
        }
    }
}

fn japanese(
    result: Result<CallerIdMessage, ReceiveError>,
    frame: &[u8],
    span: Span,
    channel: usize,
    out: &mut Findings,
) {
    let one = match result {
        Ok(message) => {
            let start =
                frame.windows(2).position(|pair| pair == [0x10, 0x02]).map_or(frame.len(), |at| at + 4);
            let body = frame.get(start..frame.len().saturating_sub(2)).unwrap_or_default();
            told(&message, span, channel)
                .with("standard", "jclip")
                .with("type", "0x40")
                .with("fields", fields(caller_id_fields(body)))
                .with("checksum", "good")
                .with("hex", hex(frame))
        }
        Err(error @ ReceiveError::Crc { .. }) => Heard::new(span.0, "caller-id", "bad-checksum", channel)
            .lasting(span.1 - span.0)
            .with("standard", "jclip")
            .with("error", error.to_string()),
        Err(error) => Heard::new(span.0, "caller-id", "broken", channel)
            .lasting(span.1 - span.0)
            .with("standard", "jclip")
            .with("error", error.to_string()),
    };
    out.heard.push(one);
}

fn fields<'a>(list: impl Iterator<Item = (u8, &'a [u8])>) -> Value {
    let mut map = Map::new();
    for (kind, value) in list {
        let text: String = value
            .iter()
            .map(
                |&b| if matches!(b, b' '..=b'~') { char::from(b).to_string() } else { format!("\\x{b:02X}") },
            )
            .collect();
        map.insert(format!("0x{kind:02X}"), text.into());
    }
    Value::Object(map)
}

/// What a message says.
fn told(message: &CallerIdMessage, span: Span, channel: usize) -> Heard {
    let why = |absence: Absence| match absence {
        Absence::Private => "private",
        Absence::Unavailable => "unavailable",
    };
    let caller = &message.caller;
    let value = match (message.waiting, &caller.number) {
        (Some(true), Err(_)) => "message-waiting",
        (Some(false), Err(_)) => "no-message-waiting",
        (_, Ok(number)) => number.as_str(),
        (None, Err(absence)) => why(*absence),
    };
    let mut one = Heard::new(span.0, "caller-id", value, channel).lasting(span.1 - span.0);
    match &caller.number {
        Ok(number) => one = one.with("number", number.as_str()),
        Err(absence) if message.waiting.is_none() => one = one.with("number_absent", why(*absence)),
        Err(_) => {}
    }
    match &caller.name {
        Some(Ok(name)) => one = one.with("name", name.as_str()),
        Some(Err(absence)) => one = one.with("name_absent", why(*absence)),
        None => {}
    }
    if let Some(date) = caller.date {
        let text = format!("{:02}-{:02} {:02}:{:02}", date.month, date.day, date.hour, date.minute);
        one = one.with("date", text);
    }
    if let Some(number) = &message.dialable {
        one = one.with("called_or_dialable", number.as_str());
    }
    if let Some(number) = &message.redirecting {
        one = one.with("redirecting", number.as_str());
    }
    if let Some(call_type) = message.call_type {
        one = one.with("call_type", call_type);
    }
    if let Some(on) = message.waiting {
        one = one.with("message_waiting", on);
    }
    if let Some(count) = message.messages {
        one = one.with("messages", count);
    }
    one
}

/// Speech where nothing else was.
fn spoken(spans: &[Span], busy: &[Span], channel: usize) -> Vec<Heard> {
    let mut out = Vec::new();
    let mut cuts: Vec<Span> = busy.to_vec();
    cuts.sort_by(|a, b| a.0.total_cmp(&b.0));
    for &(start, end) in spans {
        let mut at = start;
        for &(from, to) in cuts.iter().chain([&(end, end)]) {
            if from.min(end) - at >= SPEECH_MIN {
                out.push(Heard::new(at, "speech", "speech", channel).lasting(from.min(end) - at));
            }
            at = at.max(to.min(end.max(at)));
        }
    }
    out
}
