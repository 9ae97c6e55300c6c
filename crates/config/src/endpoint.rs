//! Endpoint types: what a phone of a type has where nothing else is written.
//!
//! One table. A type stands behind the phone's own keys and its range's as if its values were written there, so the check, the
//! effective form (`# type hotel`) and the book's page (`endpoint-types.md`) all read it.

use core::fmt::Write;

use crate::kind::Raw;
use crate::schema::{self, Place};
use crate::source::{Entry, Section};
use crate::vocabulary::PhoneType;

/// A value as it would be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given {
    /// `true` or `false`.
    Flag(bool),
    /// Text in quotes.
    Text(&'static str),
}

/// A key that a type sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preset {
    /// The key of `[phone.N]`.
    pub key: &'static str,
    /// Its value.
    pub value: Given,
    /// What for.
    pub why: &'static str,
}

/// A type of endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndpointType {
    /// The word for it.
    pub kind: PhoneType,
    /// What the effective form says of its values.
    pub origin: &'static str,
    /// What is connected.
    pub about: &'static str,
    /// What it sets.
    pub presets: &'static [Preset],
}

const fn flag(key: &'static str, on: bool, why: &'static str) -> Preset {
    Preset { key, value: Given::Flag(on), why }
}

const fn text(key: &'static str, text: &'static str, why: &'static str) -> Preset {
    Preset { key, value: Given::Text(text), why }
}

const NO_CODES: Preset = flag("star_codes", false, "signs and digits go to the dial plan as they are");
const NO_TRANSFER: Preset =
    flag("transfer", false, "who hangs up on a held party is rung back, and puts nobody together");
const NO_FLASH: Preset =
    text("flash", "off", "no hold, no transfer, no conference: every break is a hang-up");
const NO_WAITING: Preset =
    flag("waiting", false, "a second caller hears busy, and no tone comes into a call");
const NO_LAMP: Preset = flag("lamp", false, "no message and no other dial tone tells of messages");
const DATA: Preset =
    flag("data", true, "G.711 from end to end: no canceller, no digit taken out, no silence left out");
const PRIORITY: Preset =
    flag("priority", true, "its calls have room when there is none, and nobody forwards or refuses them");
const AT_ONCE: Preset = flag("caller_id", false, "the device answers the first ring");

/// All types, in the order of the words.
pub const ENDPOINT_TYPES: &[EndpointType] = &[
    EndpointType {
        kind: PhoneType::Plain,
        origin: "type plain",
        about: "A telephone. What nothing else is said of.",
        presets: &[],
    },
    EndpointType {
        kind: PhoneType::Hotel,
        origin: "type hotel",
        about: "A guest room's telephone: message lamp, a key for the front desk, no calls from room to room.",
        presets: &[
            NO_CODES,
            NO_TRANSFER,
            NO_WAITING,
            flag("lamp", true, "lamp and stutter tell of messages"),
            flag("rooms", false, "calls to other phones with `rooms = false` are not allowed"),
            text("desk_key", "0", "first digit that calls `desk` at once, where that is written"),
        ],
    },
    EndpointType {
        kind: PhoneType::Fax,
        origin: "type fax",
        about: "A fax machine: nothing beeps into it, and its sound is left alone.",
        presets: &[DATA, NO_CODES, NO_FLASH, NO_TRANSFER, NO_WAITING, NO_LAMP],
    },
    EndpointType {
        kind: PhoneType::Modem,
        origin: "type modem",
        about: "A modem or a card terminal.",
        presets: &[DATA, NO_CODES, NO_FLASH, NO_TRANSFER, NO_WAITING, NO_LAMP],
    },
    EndpointType {
        kind: PhoneType::Lift,
        origin: "type lift",
        about: "An emergency telephone, as of a lift: lifted, it calls `dials` round and round until somebody answers.",
        presets: &[
            PRIORITY,
            flag("repeat", true, "behind the last of `dials` comes the first, for as long as it is off-hook"),
            text("dial_time", "30 s", "so long each of `dials` has to answer"),
            NO_CODES,
            NO_FLASH,
            NO_TRANSFER,
            NO_WAITING,
            NO_LAMP,
        ],
    },
    EndpointType {
        kind: PhoneType::Alarm,
        origin: "type alarm",
        about: "An alarm panel: tones of its protocol (Contact ID: 1400 and 2300 Hz, DTMF) go through in the sound, untouched.",
        presets: &[DATA, PRIORITY, NO_CODES, NO_FLASH, NO_TRANSFER, NO_WAITING, NO_LAMP],
    },
    EndpointType {
        kind: PhoneType::Door,
        origin: "type door",
        about: "A door station: its button calls `dials`, it answers calls itself, and who talks to it opens the door.",
        presets: &[
            text("call_limit", "120 s", "a call that nobody ends keeps the door no longer"),
            AT_ONCE,
            NO_CODES,
            NO_FLASH,
            NO_TRANSFER,
            NO_WAITING,
            NO_LAMP,
        ],
    },
    EndpointType {
        kind: PhoneType::Paging,
        origin: "type paging",
        about: "An amplifier with loudspeakers: who calls is heard there after a tone, one way.",
        presets: &[
            flag("one_way", true, "nothing is sent from the loudspeakers to the caller"),
            text("pre_tone", "800 ms", "what is heard before the announcement"),
            flag("override", true, "a call of `priority` takes the place of one without"),
            text("call_limit", "120 s", "a receiver left off the hook is not heard in the house for ever"),
            AT_ONCE,
            NO_CODES,
            NO_FLASH,
            NO_TRANSFER,
            NO_WAITING,
            NO_LAMP,
        ],
    },
    EndpointType {
        kind: PhoneType::Trunk,
        origin: "type trunk",
        about: "The trunk port of a private exchange. `disconnect` is the country's break, or 500 ms where it has none.",
        presets: &[
            flag("pulse", false, "an exchange dials by tones"),
            NO_FLASH,
            flag("reversal", true, "the answer is told by polarity"),
            NO_CODES,
            NO_TRANSFER,
            NO_WAITING,
            NO_LAMP,
        ],
    },
];

impl PhoneType {
    /// What a phone of this type has.
    pub fn endpoint(self) -> &'static EndpointType {
        // The order of the table is that of the words; a test holds it.
        ENDPOINT_TYPES.iter().find(|one| one.kind == self).unwrap_or(&ENDPOINT_TYPES[0])
    }
}

/// Each type as a table that stands behind those of the file.
pub(crate) fn sections() -> Vec<(PhoneType, Section)> {
    let entry = |preset: &Preset| Entry {
        key: preset.key.to_owned(),
        raw: match preset.value {
            Given::Flag(on) => Raw::Bool(on),
            Given::Text(text) => Raw::Text(text.to_owned()),
        },
        line: 1,
    };
    let section = |one: &EndpointType| Section {
        place: Place::Phone,
        name: one.kind.word().to_owned(),
        line: 1,
        entries: one.presets.iter().map(entry).collect(),
    };
    ENDPOINT_TYPES.iter().map(|one| (one.kind, section(one))).collect()
}

/// The types as Markdown, for the book: a table for each.
pub fn endpoint_reference() -> String {
    let mut all = String::new();
    for one in ENDPOINT_TYPES {
        // Writing to a String cannot fail.
        let _ = write!(all, "### `type = \"{}\"`\n\n{}\n\n", one.kind, one.about);
        if one.presets.is_empty() {
            continue;
        }
        all.push_str("| key | value | so that | the key itself |\n|---|---|---|---|\n");
        for preset in one.presets {
            let value = match preset.value {
                Given::Flag(on) => on.to_string(),
                Given::Text(text) => format!("\"{text}\""),
            };
            let help = schema::key(Place::Phone, preset.key).map_or("", |key| key.help);
            let _ = writeln!(all, "| `{}` | `{value}` | {} | {help} |", preset.key, preset.why);
        }
        all.push('\n');
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_type_in_the_same_order() {
        let words: Vec<&str> = ENDPOINT_TYPES.iter().map(|one| one.kind.word()).collect();
        assert_eq!(words, PhoneType::WORDS);
        for one in ENDPOINT_TYPES {
            assert_eq!(one.origin, format!("type {}", one.kind));
        }
    }

    #[test]
    fn every_value_is_one_that_its_key_takes() {
        for (kind, section) in sections() {
            for entry in &section.entries {
                let key =
                    schema::key(Place::Phone, &entry.key).unwrap_or_else(|| panic!("{kind} {}", entry.key));
                assert_eq!(key.kind.check(&entry.raw), Ok(()), "{kind} {}", entry.key);
            }
        }
    }
}
