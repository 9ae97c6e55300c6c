//! Configuration: typed tree, check, effective form, edits and apply classes.
//!
//! A text becomes sections (`source`), each key checked against the one list of keys (`schema`, `kind`);
//! sections become the [`Effective`] configuration (`build`): ranges expanded, defaults filled in, names
//! resolved. All mistakes are found at once. Nothing is read from a disk here: the files that a
//! configuration names are handed in ([`check_with`]).
#![forbid(unsafe_code)]

mod batch;
mod build;
mod csv;
mod diff;
mod duty;
mod edit;
mod effective;
mod endpoint;
mod files;
mod finding;
mod flat;
mod group;
mod habits;
mod imported;
mod kind;
mod masked;
mod outside;
mod own;
mod phone_tables;
mod port_view;
mod reference;
mod ring;
mod route;
mod schema;
mod show;
mod source;
mod syslog;
mod values;
mod vocabulary;
mod walk;
mod web;
mod words;

pub use batch::{
    NUMBER_COLUMN, PhoneEdit, RowError, blamed, phone_edits, phones_csv, put_phones, put_phones_in,
};
pub use csv::{CsvError, CsvRow, MAX_CSV, MAX_FIELDS, csv_field, csv_rows};
pub use diff::{Change, diff};
pub use duty::{DayTime, Duty};
pub use edit::{Edit, EditError, Edited, edit};
pub use effective::{Account, CodeRow, Effective, Emergency, Origin, Phone, Rule, Server, Service, SipPhone};
pub use endpoint::{ENDPOINT_TYPES, EndpointType, Given, Preset, endpoint_reference};
pub use files::{FileFound, FileWanted, Files, MAX_SECRET_FILE};
pub use finding::{Finding, Level, MAX_FINDINGS, Report};
pub use flat::fingerprint;
pub use group::{Group, MAX_MEMBERS, Overflow};
pub use habits::Habits;
pub use imported::imported;
pub use kind::{Kind, MAX_LIST, MAX_TEXT};
pub use masked::{MASK, masked, unmasked};
pub use outside::{Line, LineCallerId, NightHours};
pub use own::Own;
pub use reference::reference;
pub use ring::{RingCaller, RingFor, RingForError};
pub use route::{Numbers, Route};
pub use schema::{Apply, Key, Place, key, keys};
pub use source::{MAX_FILE, Part};
pub use syslog::Syslog;
pub use values::{
    Destination, JitterDepth, MAX_JITTER, MAX_NUMBER, MAX_RANGE, MediaPorts, Network, Number, PortName,
    SIP_PORT, Secret, ServerAddress, Target,
};
pub use vocabulary::{
    Agc, Answer, CallerIdWord, Codec, Connects, Dialling, Digest, Digits, Driver, DtmfColumn, Failure,
    ForwardsAt, FromUser, GroupHunt, Hunt, JitterMode, MayCall, PhoneType, PulseDigits, Recall, RingWord,
    StarCodes, Start, Transport,
};
pub use walk::{Room, put_rooms, room_tables};
pub use web::{Web, WebListen};

/// Checks the text of a configuration called `name`. The files that it names are taken as good.
pub fn check(text: &str, name: &str) -> Report {
    check_with(text, name, &Files::new())
}

/// What the program that is to run a configuration may lack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Abilities {
    /// It was built with Opus.
    pub opus: bool,
}

impl Abilities {
    /// It lacks nothing.
    pub const ALL: Self = Self { opus: true };
}

/// Checks the text of a configuration called `name` together with the files that it names.
pub fn check_with(text: &str, name: &str, files: &Files) -> Report {
    check_for(text, name, files, Abilities::ALL)
}

/// The same for a program that lacks something.
pub fn check_for(text: &str, name: &str, files: &Files, abilities: Abilities) -> Report {
    check_parts(&[Part { name, text }], files, abilities)
}

/// Checks a configuration of several files: its own one, and the drop-ins in their order.
pub fn check_parts(parts: &[Part<'_>], files: &Files, abilities: Abilities) -> Report {
    let mut findings = finding::Findings::new(parts.first().map_or("", |part| part.name));
    // Of a text that cannot be taken apart nothing more is known: nothing is called missing.
    let built = match source::sections_of(parts, &mut findings) {
        Some(sections) => build::build(&sections, files, abilities, &mut findings),
        None => build::Built::default(),
    };
    let (findings, unlisted) = findings.finish();
    Report {
        findings,
        unlisted,
        effective: built.effective,
        files: built.files,
        secrets_inline: built.secrets_inline,
    }
}
