//! The kinds of value that a key can have, and the check of one value against its kind.

use tipring_country::{Pattern, quantity};

use crate::values::{
    Destination, MediaPorts, Network, PortRange, ServerAddress, listen_address, time_of_day,
};
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
    /// A number, a date, a table: no key takes one.
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
    /// A length of time from..=to, in milliseconds.
    Time(u32, u32),
    /// Two lengths of time.
    TimeRange,
    /// `none`, `reversal` or `cpc 500 ms`.
    Disconnect,
    /// Decibels from..=to.
    Ratio(i8, i8),
    /// A level from..=to, in dBm0.
    Level(i8, i8),
    /// A line port or a range of them.
    Ports,
    /// Where calls go: one destination or several in order.
    Destinations,
    /// A server's address or several in order.
    Addresses,
    /// The own SIP address.
    Listen,
    /// UDP ports for voice.
    MediaPorts,
    /// Networks.
    Networks,
    /// A telephone number.
    Digits,
    /// A time of day.
    TimeOfDay,
    /// The key itself is a dial pattern, the value its destinations.
    Pattern,
}

impl Kind {
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
            Self::TimeRange => "two times".to_owned(),
            Self::Disconnect => "none, reversal or cpc with its length".to_owned(),
            Self::Ratio(..) => "decibels".to_owned(),
            Self::Level(..) => "level in dBm0".to_owned(),
            Self::Ports => "line ports".to_owned(),
            Self::Destinations | Self::Pattern => "destination or list".to_owned(),
            Self::Addresses => "address or list".to_owned(),
            Self::Listen => "address".to_owned(),
            Self::MediaPorts => "UDP ports".to_owned(),
            Self::Networks => "network or list".to_owned(),
            Self::Digits => "number".to_owned(),
            Self::TimeOfDay => "time of day".to_owned(),
        }
    }

    /// What is wrong with `raw`, if anything: the end of a sentence that began with key and value.
    pub(crate) fn check(self, raw: &Raw) -> Result<(), String> {
        match (self, raw) {
            (Self::Bool, Raw::Bool(_)) => Ok(()),
            (Self::Bool, _) => Err("expected true or false, without quotes".to_owned()),
            (
                Self::Words(_) | Self::Destinations | Self::Addresses | Self::Networks | Self::Pattern,
                Raw::List(list),
            ) => {
                if list.is_empty() || list.len() > MAX_LIST {
                    return Err(format!("expected 1 to {MAX_LIST} entries"));
                }
                list.iter().try_for_each(|raw| match raw {
                    Raw::Text(text) => self.text(text),
                    Raw::Bool(_) | Raw::List(_) | Raw::Other => Err(format!("expected {}", self.example())),
                })
            }
            (_, Raw::Text(text)) => self.text(text),
            (_, Raw::Bool(_) | Raw::List(_) | Raw::Other) => Err(format!("expected {}", self.example())),
        }
    }

    fn text(self, text: &str) -> Result<(), String> {
        if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
            return Err(format!("expected at most {MAX_TEXT} characters, none of them a control character"));
        }
        let right = match self {
            Self::Text => true,
            Self::Secret | Self::File => !text.is_empty(),
            Self::Word(words) | Self::Words(words) if words.contains(&text) => true,
            Self::Word(words) | Self::Words(words) => {
                let meant = nearest(text, words.iter().copied());
                let hint = meant.map_or(String::new(), |word| format!(". Did you mean \"{word}\"?"));
                return Err(format!("expected {}{hint}", alternatives(words)));
            }
            Self::Time(from, to) => {
                let time = quantity::time(text).map_err(|error| error.to_string())?;
                if !(from..=to).contains(&time.0) {
                    return Err(format!("expected {} to {}", shown_time(from), shown_time(to)));
                }
                true
            }
            Self::TimeRange => quantity::time_range(text).is_ok(),
            Self::Disconnect => disconnect(text).is_some(),
            Self::Ratio(from, to) => quantity::ratio(text).is_ok_and(|db| within(db.0, from, to)),
            Self::Level(from, to) => quantity::level(text).is_ok_and(|level| within(level.0, from, to)),
            Self::Ports => PortRange::parse(text).is_some(),
            Self::Destinations | Self::Pattern => Destination::parse(text).is_some(),
            Self::Addresses => ServerAddress::parse(text).is_some(),
            Self::Listen => listen_address(text).is_some(),
            Self::MediaPorts => MediaPorts::parse(text).is_some(),
            Self::Networks => Network::parse(text).is_some(),
            Self::Digits => {
                (1..=32).contains(&text.len())
                    && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'#' | b'+'))
            }
            Self::TimeOfDay => time_of_day(text).is_some(),
            Self::Bool => false,
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
            Self::Disconnect => "\"none\", \"reversal\" or \"cpc 500 ms\"".to_owned(),
            Self::Ratio(from, to) => format!("{from} to {to} decibels, as \"{} dB\"", from.midpoint(to)),
            Self::Level(from, to) => format!("{from} to {to} dBm0, as \"{} dBm0\"", from.midpoint(to)),
            Self::Ports => "a line port, as \"sim/1\", or a rising range, as \"dahdi/1-8\"".to_owned(),
            Self::Destinations | Self::Pattern => {
                "a number, a server, \"phones\", \"lines\", \"line.2\" or \"server:number\"".to_owned()
            }
            Self::Addresses => "a host or an address, as \"sip.example.net\" or \"10.0.0.1:5060\"".to_owned(),
            Self::Listen => "an address of this machine, as \"0.0.0.0:5060\"".to_owned(),
            Self::MediaPorts => {
                "UDP ports from 1024, the first even and the last odd, as \"16384-17383\"".to_owned()
            }
            Self::Networks => "a network, as \"10.0.0.0/8\" (no bits beyond the prefix)".to_owned(),
            Self::Digits => "a telephone number in quotes, as \"15550100\"".to_owned(),
            Self::TimeOfDay => "a time of day, as \"03:30\"".to_owned(),
        }
    }
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

/// What is wrong with a dial pattern.
pub(crate) fn pattern_error(text: &str) -> Option<String> {
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
