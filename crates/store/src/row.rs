//! A call record as it is kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A call that is over. Fields that a later version adds have defaults, so that old records load forever.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CallRow {
    /// The number of the call in its run of the gateway.
    pub call: u64,
    /// The caller's number, empty where it is unknown.
    pub from: String,
    /// The caller's name, may be empty.
    pub from_name: String,
    /// The line port of the caller, if it is one of ours.
    pub from_port: String,
    /// The caller asked to stay unknown.
    pub withheld: bool,
    /// By which server or user a call from outside came, may be empty.
    pub came_by: String,
    /// The number as dialled, or as it came.
    pub dialled: String,
    /// The number as sent, empty if it was sent to nobody.
    pub sent: String,
    /// The line port of the called party, if it is one of ours.
    pub to_port: String,
    /// By which server or user it went out, may be empty.
    pub went_by: String,
    /// When the number was whole: microseconds since 1970.
    pub started: u64,
    /// When it was answered.
    pub answered: Option<u64>,
    /// When it ended.
    pub ended: u64,
    /// Milliseconds of talk, by the clock that nobody sets.
    pub talked_ms: u64,
    /// Q.850 cause.
    pub cause: u8,
    /// The cause in words; a local one has its own.
    pub cause_word: String,
    /// Who ended it: `caller`, `called` or `gateway`.
    pub by: String,
    /// It was a call to an emergency number.
    pub emergency: bool,
    /// It carried a fax or a modem, passed through.
    pub fax: bool,
    /// How our side heard, as last known before the end.
    pub here: Option<HearingRow>,
    /// How the far side heard, by its reports.
    pub there: Option<HearingRow>,
}

/// How one side of a call heard the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct HearingRow {
    /// Packets lost or too late, in hundredths of a percent.
    pub loss: u16,
    /// Interarrival jitter.
    pub jitter_ms: u32,
    /// R of the E-model (ITU-T G.107), 0 to 100.
    pub rating: u8,
    /// Mean opinion score in tenths.
    pub score: u8,
}
