//! The kinds of value that a key can have, and the check of one value against its kind.

use tipring_country::{DialPlan, Pattern, Rewrite, outside, quantity};
use tipring_port::{MAX_RING_STEPS, MeteringSpec, RingPattern};
use tipring_units::{Hz, Millis};

use crate::group::{Overflow, members};
use crate::ring::RingFor;
use crate::values::{
    Destination, MediaPorts, Network, Number, PortRange, ServerAddress, is_name, listen_address, time_of_day,
};
use crate::web::{WebListen, host_name};
use crate::words::{alternatives, nearest};

/// Characters of a text value, at the most.
pub const MAX_TEXT: usize = 256;
/// Elements of a list, at the most.
pub const MAX_LIST: usize = 64;

/// A value as written.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Raw {
    Text(String),
    Bool(bool),
    List(Vec<Raw>),
    Number(i64),
    /// A fraction, a date, a table: no key takes one.
    Other,
}

/// What a key takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    /// Any text without control characters.
    Text,
    /// A password.
    Secret,
    /// A file, by its path beside the configuration.
    File,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, best first.
    Words(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// `true`, `false` or one of these words.
    BoolOr(&'static [&'static str]),
    /// A whole number from..=to.
    Count(u8, u8),
    /// A length of time from..=to, in milliseconds.
    Time(u32, u32),
    /// Two lengths of time.
    TimeRange,
    /// `none`, `reversal` or `cpc 500 ms`.
    Disconnect,
    /// Two lengths of time, or `off`.
    TimeRangeOrOff,
    /// What tells that an exchange cleared: one sign or several.
    ClearSigns,
    /// When an exchange is dialled.
    DialWhen,
    /// A tone with its cadence.
    ToneText,
    /// Metering pulses: `16 kHz`, `12 kHz 200 ms every 30 s`.
    Metering,
    /// Two times of day: `18:00-08:00`.
    Hours,
    /// The number of an outside line.
    LineNumber,
    /// Decibels from..=to.
    Ratio(i8, i8),
    /// A level from..=to, in dBm0.
    Level(i8, i8),
    /// A voltage of a line, up to 60 V.
    Voltage,
    /// A relative level from..=to, in dBr.
    Relative(i8, i8),
    /// The cadence of a bell.
    Cadence,
    /// A frequency from..=to, in hertz.
    Frequency(u8, u8),
    /// A voltage of ringing, 40 to 100 V.
    RingVoltage,
    /// A line port or a range of them.
    Ports,
    /// Where calls go.
    Destination,
    /// Where calls go: one destination or several in order.
    Destinations,
    /// Names of groups.
    Names,
    /// Rules that rewrite numbers.
    Rewrites,
    /// How a phone rings by who calls.
    RingFor,
    /// Who is in a group: destinations and ranges of phones.
    Members,
    /// Where a group's calls go that it does not take: a destination, `busy` or `announcement`.
    Overflow,
    /// A server's address or several in order.
    Addresses,
    /// The own SIP address.
    Listen,
    /// UDP ports for voice.
    MediaPorts,
    /// Networks.
    Networks,
    /// Where the web page listens: one address or several, or `off`.
    WebListen,
    /// Names of hosts.
    HostNames,
    /// A telephone number.
    Digits,
    /// A time of day.
    TimeOfDay,
    /// The key itself is a dial pattern, the value its destinations.
    Pattern,
    /// The key itself is a star code, the value what it does.
    CodeAction,
}

impl Kind {
    /// True if the key is whatever is written.
    pub(crate) const fn is_of_any_name(self) -> bool {
        matches!(self, Self::Pattern | Self::CodeAction)
    }

    /// True if it takes several texts.
    pub(crate) const fn is_list(self) -> bool {
        matches!(
            self,
            Self::Words(_)
                | Self::ClearSigns
                | Self::Destinations
                | Self::Members
                | Self::Rewrites
                | Self::RingFor
                | Self::Names
                | Self::Addresses
                | Self::Networks
                | Self::Pattern
        )
    }

    /// What the kind is, for a reference of keys.
    pub fn describe(self) -> String {
        match self {
            Self::Word(words) => alternatives(words),
            Self::Words(words) => format!("list of {}", alternatives(words)),
            Self::Bool => "true or false".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Secret => "password".to_owned(),
            Self::File => "file".to_owned(),
            Self::Time(..) => "time".to_owned(),
            Self::BoolOr(words) => format!("true, false, {}", alternatives(words)),
            Self::Count(from, to) => format!("{from} to {to}"),
            Self::TimeRange => "two times".to_owned(),
            Self::TimeRangeOrOff => "two times or off".to_owned(),
            Self::ClearSigns => {
                "list of cpc with its least length, reversal, tones, howler and silence with its length, or none"
                    .to_owned()
            }
            Self::DialWhen => "dial tone, dial tone or a time, or pause with its length".to_owned(),
            Self::ToneText => "frequencies and cadence".to_owned(),
            Self::Metering => "12 or 16 kHz, length, every time".to_owned(),
            Self::Hours => "two times of day".to_owned(),
            Self::LineNumber => "outside line".to_owned(),
            Self::Destination => "destination".to_owned(),
            Self::Names => "list of names".to_owned(),
            Self::Rewrites => "list of rules".to_owned(),
            Self::RingFor => "list of callers with a ring".to_owned(),
            Self::Members => "list of destinations and ranges".to_owned(),
            Self::Overflow => "destination, busy or announcement".to_owned(),
            Self::Disconnect => "none, reversal or cpc with its length".to_owned(),
            Self::Ratio(..) => "decibels".to_owned(),
            Self::Level(..) => "level in dBm0".to_owned(),
            Self::Voltage | Self::RingVoltage => "voltage".to_owned(),
            Self::Relative(..) => "level in dBr".to_owned(),
            Self::Cadence => "bursts and pauses".to_owned(),
            Self::Frequency(..) => "frequency".to_owned(),
            Self::Ports => "line ports".to_owned(),
            Self::Destinations | Self::Pattern => "destination or list".to_owned(),
            Self::Addresses => "address or list".to_owned(),
            Self::Listen => "address".to_owned(),
            Self::MediaPorts => "UDP ports".to_owned(),
            Self::Networks => "network or list".to_owned(),
            Self::WebListen => "address, interface, list or `off`".to_owned(),
            Self::HostNames => "name or list".to_owned(),
            Self::Digits => "number".to_owned(),
            Self::TimeOfDay => "time of day".to_owned(),
            Self::CodeAction => "what it does".to_owned(),
        }
    }

    /// What is wrong with `raw`, if anything: the end of a sentence that began with key and value.
    pub(crate) fn check(self, raw: &Raw) -> Result<(), String> {
        match (self, raw) {
            (Self::Bool, Raw::Bool(_)) => Ok(()),
            (Self::Bool, _) => Err("expected true or false, without quotes".to_owned()),
            (Self::BoolOr(_), Raw::Bool(_)) => Ok(()),
            (Self::Count(from, to), Raw::Number(number))
                if (i64::from(from)..=i64::from(to)).contains(number) =>
            {
                Ok(())
            }
            (Self::ClearSigns, Raw::List(list)) => {
                let texts: Option<Vec<&str>> = list.iter().map(Raw::as_text).collect();
                match texts.and_then(outside::clear_signs) {
                    Some(_) => Ok(()),
                    None => Err(format!("expected {}", self.example())),
                }
            }
            (
                Self::Words(_)
                | Self::Destinations
                | Self::Members
                | Self::Rewrites
                | Self::RingFor
                | Self::Names
                | Self::Addresses
                | Self::Networks
                | Self::WebListen
                | Self::HostNames
                | Self::Pattern,
                Raw::List(list),
            ) => {
                if list.is_empty() || list.len() > MAX_LIST {
                    return Err(format!("expected 1 to {MAX_LIST} entries"));
                }
                list.iter().try_for_each(|raw| match raw {
                    Raw::Text(text) => self.text(text),
                    Raw::Bool(_) | Raw::List(_) | Raw::Number(_) | Raw::Other => {
                        Err(format!("expected {}", self.example()))
                    }
                })
            }
            (_, Raw::Text(text)) => self.text(text),
            (_, Raw::Bool(_) | Raw::List(_) | Raw::Number(_) | Raw::Other) => {
                Err(format!("expected {}", self.example()))
            }
        }
    }

    fn text(self, text: &str) -> Result<(), String> {
        if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
            return Err(format!("expected at most {MAX_TEXT} characters, none of them a control character"));
        }
        let right = match self {
            Self::Text => true,
            Self::Secret | Self::File => !text.is_empty(),
            Self::Word(words) | Self::Words(words) | Self::BoolOr(words) if words.contains(&text) => true,
            Self::Word(words) | Self::Words(words) | Self::BoolOr(words) => {
                let meant = nearest(text, words.iter().copied());
                let hint = meant.map_or(String::new(), |word| format!(". Did you mean \"{word}\"?"));
                let truths = if matches!(self, Self::BoolOr(_)) { "true, false, " } else { "" };
                return Err(format!("expected {truths}{}{hint}", alternatives(words)));
            }
            Self::Time(from, to) => {
                let time = quantity::time(text).map_err(|error| error.to_string())?;
                if !(from..=to).contains(&time.0) {
                    return Err(format!("expected {} to {}", shown_time(from), shown_time(to)));
                }
                true
            }
            Self::TimeRange => quantity::time_range(text).is_ok(),
            Self::TimeRangeOrOff => text == "off" || quantity::time_range(text).is_ok(),
            Self::ClearSigns => outside::clear_signs([text]).is_some(),
            Self::DialWhen => outside::dial_when(text).is_some(),
            Self::ToneText => outside::tone(text).is_some(),
            Self::Metering => metering(text).is_some(),
            Self::Hours => hours(text).is_some(),
            Self::LineNumber => Number::parse(text).is_some(),
            Self::Disconnect => disconnect(text).is_some(),
            Self::Ratio(from, to) => quantity::ratio(text).is_ok_and(|db| within(db.0, from, to)),
            Self::Level(from, to) => quantity::level(text).is_ok_and(|level| within(level.0, from, to)),
            Self::Voltage => quantity::voltage(text).is_ok_and(|volts| volts.0 <= 60.0),
            Self::Relative(from, to) => {
                quantity::relative_level(text).is_ok_and(|level| within(level.0, from, to))
            }
            Self::Cadence => cadence(text).is_some(),
            Self::Frequency(from, to) => quantity::frequency(text)
                .is_ok_and(|hertz| (f32::from(from)..=f32::from(to)).contains(&hertz.0)),
            Self::RingVoltage => quantity::voltage(text).is_ok_and(|volts| (40.0..=100.0).contains(&volts.0)),
            Self::Ports => PortRange::parse(text).is_some(),
            Self::Destination | Self::Destinations | Self::Pattern => Destination::parse(text).is_some(),
            Self::Names => is_name(text),
            Self::Rewrites => {
                return Rewrite::parse(text).map(|_| ()).map_err(|error| error.to_string());
            }
            Self::RingFor => return RingFor::parse(text).map(|_| ()).map_err(|error| error.to_string()),
            Self::Members => members(text).is_some(),
            Self::Overflow => Overflow::parse(text).is_some(),
            Self::Addresses => ServerAddress::parse(text).is_some(),
            Self::Listen => listen_address(text).is_some(),
            Self::MediaPorts => MediaPorts::parse(text).is_some(),
            Self::Networks => Network::parse(text).is_some(),
            Self::WebListen => WebListen::parse(text).is_some(),
            Self::HostNames => host_name(text).is_some(),
            Self::Digits => {
                (1..=32).contains(&text.len())
                    && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'#' | b'+'))
            }
            Self::TimeOfDay => time_of_day(text).is_some(),
            Self::CodeAction => {
                !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-' | b' '))
            }
            Self::Bool | Self::Count(..) => false,
        };
        if right { Ok(()) } else { Err(format!("expected {}", self.example())) }
    }

    fn example(self) -> String {
        match self {
            Self::Text => "text in quotes".to_owned(),
            Self::Secret => "a password in quotes".to_owned(),
            Self::File => "a file in quotes, as \"rooms.csv\"".to_owned(),
            Self::Word(words) => format!("{}, in quotes", alternatives(words)),
            Self::Words(words) => format!("a list of {}, each in quotes", alternatives(words)),
            Self::Bool => "true or false, without quotes".to_owned(),
            Self::Time(..) => "a time with its unit, as \"400 ms\" or \"60 s\"".to_owned(),
            Self::TimeRange => "two rising times with their unit, as \"300-1000 ms\"".to_owned(),
            Self::BoolOr(words) => format!("true, false, {}, words in quotes", alternatives(words)),
            Self::Count(from, to) => format!("{from} to {to}, without quotes"),
            Self::TimeRangeOrOff => {
                "two rising times with their unit, as \"300-1000 ms\", or \"off\"".to_owned()
            }
            Self::ClearSigns => {
                "\"none\", or some of \"cpc 200 ms\", \"reversal\", \"tones\", \"howler\" and \"silence 60 s\"".to_owned()
            }
            Self::DialWhen => {
                "\"dial tone\", \"dial tone or 3 s\" or \"pause 1 s\"".to_owned()
            }
            Self::ToneText => "a tone as `tipring line learn` writes it: \"500+620 300/300 ms\"".to_owned(),
            Self::Metering => {
                "\"12 kHz\" or \"16 kHz\", with a length and a distance if need be, as \"16 kHz 150 ms every 60 s\"".to_owned()
            }
            Self::Hours => "two times of day, as \"18:00-08:00\"".to_owned(),
            Self::LineNumber => "the number of an outside line, as \"1\"".to_owned(),
            Self::Disconnect => "\"none\", \"reversal\" or \"cpc 500 ms\"".to_owned(),
            Self::Ratio(from, to) => format!("{from} to {to} decibels, as \"{} dB\"", from.midpoint(to)),
            Self::Level(from, to) => format!("{from} to {to} dBm0, as \"{} dBm0\"", from.midpoint(to)),
            Self::Voltage => "0 to 60 volts, as \"20 V\"".to_owned(),
            Self::Relative(from, to) => format!("{from} to {to} dBr, as \"{} dBr\"", from.midpoint(to)),
            Self::Cadence => {
                format!("up to {} bursts and pauses, 1.5 to 8 s together, none below 100 ms, as \"2000/4000 ms\"", MAX_RING_STEPS)
            }
            Self::Frequency(from, to) => format!("{from} to {to} hertz, as \"25 Hz\""),
            Self::RingVoltage => "40 to 100 volts, as \"75 V\"".to_owned(),
            Self::Ports => "a line port, as \"sim/1\", or a rising range, as \"dahdi/1-8\"".to_owned(),
            Self::Destination | Self::Destinations | Self::Pattern => {
                "a number, a server, \"phones\", \"lines\", \"line.2\", \"route.NAME\" or \"server:number\"".to_owned()
            }
            Self::Names => "names that begin with a letter, as [\"floor-1\", \"sales\"]".to_owned(),
            Self::Rewrites => "rules in order, as [\"<00:+>x.\", \"<:+1>xxxxxxxxxx\"]".to_owned(),
            Self::RingFor => "rules in order, as [\"0044x. dr2\", \"private dr4\"]".to_owned(),
            Self::Members => {
                "phones, ranges of up to 32 of them, \"server:number\" or \"lines:number\", as [\"101-104\", \"201\"]".to_owned()
            }
            Self::Overflow => {
                "a number, \"server:number\", \"lines:number\", \"busy\" or \"announcement\"".to_owned()
            }
            Self::Addresses => "a host or an address, as \"sip.example.net\" or \"10.0.0.1:5060\"".to_owned(),
            Self::Listen => "an address of this machine, as \"0.0.0.0:5060\"".to_owned(),
            Self::MediaPorts => {
                "UDP ports from 1024, the first even and the last odd, as \"16384-17383\"".to_owned()
            }
            Self::Networks => "a network, as \"10.0.0.0/8\" (no bits beyond the prefix)".to_owned(),
            Self::WebListen => {
                "an address of this machine, as \"192.168.1.5:8443\", an interface, as \"eth1\", or \"off\"".to_owned()
            }
            Self::HostNames => "a host's name, as \"gateway.example.net\"".to_owned(),
            Self::Digits => "a telephone number in quotes, as \"15550100\"".to_owned(),
            Self::TimeOfDay => "a time of day, as \"03:30\"".to_owned(),
            Self::CodeAction => "what the code does, as \"forward-always\", or \"pass\" or \"none\"".to_owned(),
        }
    }
}

impl Raw {
    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bool(_) | Self::List(_) | Self::Number(_) | Self::Other => None,
        }
    }
}

/// `16 kHz [LENGTH] [every LENGTH]`: pulses of 150 ms, only the one at the answer, where nothing else is said.
pub(crate) fn metering(text: &str) -> Option<MeteringSpec> {
    let (frequency, rest) = match (text.strip_prefix("12 kHz"), text.strip_prefix("16 kHz")) {
        (Some(rest), _) => (Hz(12_000.0), rest),
        (None, Some(rest)) => (Hz(16_000.0), rest),
        (None, None) => return None,
    };
    let (length, every) = match rest.split_once(" every ") {
        Some((length, every)) => (length, quantity::time(every).ok()?),
        None => (rest, Millis::ZERO),
    };
    let length =
        if length.is_empty() { Millis(150) } else { quantity::time(length.strip_prefix(' ')?).ok()? };
    let is_right = (Millis(50)..=Millis(1000)).contains(&length)
        && (every == Millis::ZERO || (length + length..=Millis::from_secs(3600)).contains(&every));
    is_right.then_some(MeteringSpec { frequency, length, every })
}

/// Two times of day, in minutes.
pub(crate) fn hours(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let minutes = |text| time_of_day(text).map(|(hour, minute)| u16::from(hour) * 60 + u16::from(minute));
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from != to).then_some((from, to))
}

/// Bursts and pauses of a bell.
pub(crate) fn cadence(text: &str) -> Option<RingPattern> {
    let steps = quantity::cadence(text).ok()?;
    let sum = steps.iter().fold(Millis::ZERO, |sum, step| sum + *step);
    let is_right = steps.len() <= MAX_RING_STEPS
        && steps.iter().all(|step| *step >= Millis(100))
        && (Millis(1500)..=Millis(8000)).contains(&sum);
    is_right.then(|| RingPattern::new(&steps))
}

/// `none`, `reversal` or `cpc LENGTH`.
pub(crate) fn disconnect(text: &str) -> Option<tipring_port::Disconnect> {
    use tipring_port::Disconnect;
    match text {
        "none" => Some(Disconnect::None),
        "reversal" => Some(Disconnect::Reversal),
        _ => {
            let length = quantity::time(text.strip_prefix("cpc ")?).ok()?;
            (200..=1500).contains(&length.0).then_some(Disconnect::Cpc(length))
        }
    }
}

fn within(value: f32, from: i8, to: i8) -> bool {
    (f32::from(from)..=f32::from(to)).contains(&value)
}

/// What is wrong with a dial pattern, or with a whole dial plan of another gateway.
pub(crate) fn pattern_error(text: &str) -> Option<String> {
    if DialPlan::syntax_of(text).is_some() {
        return DialPlan::parse(text).err().map(|error| error.to_string());
    }
    if text.len() > MAX_TEXT {
        return Some(format!("expected at most {MAX_TEXT} characters"));
    }
    Pattern::parse(text).err().map(|error| error.to_string())
}

/// `400 ms`, `60 s`, `2 min`: a time in its largest whole unit.
pub(crate) fn shown_time(millis: u32) -> String {
    match millis {
        0 => "0".to_owned(),
        _ if millis.is_multiple_of(3_600_000) => format!("{} h", millis / 3_600_000),
        _ if millis.is_multiple_of(60_000) && millis >= 300_000 => format!("{} min", millis / 60_000),
        _ if millis.is_multiple_of(1000) => format!("{} s", millis / 1000),
        _ => format!("{millis} ms"),
    }
}
