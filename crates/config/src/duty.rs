//! What a port is for: what its endpoint type sets and a phone may set by itself.

use serde::{Serialize, Serializer};
use tipring_units::Millis;

use crate::effective::own_time;
use crate::values::Destination;
use crate::vocabulary::Connects;

/// What a phone does beyond calling and ringing; `None` where neither the phone nor its type says anything.
#[derive(Clone, PartialEq, Serialize, Debug, Default)]
pub struct Duty {
    /// It carries data in the sound: G.711, and nothing is done to it.
    pub data: Option<bool>,
    /// Its calls go before others.
    pub priority: Option<bool>,
    /// Waiting messages are shown to it.
    pub lamp: Option<bool>,
    /// It may call others that have this `false`.
    pub rooms: Option<bool>,
    /// Called by `desk_key`.
    pub desk: Option<Destination>,
    /// The first digit that calls `desk` at once.
    pub desk_key: Option<String>,
    /// So long after it was lifted `dials` are called, where no digit comes.
    #[serde(serialize_with = "own_time")]
    pub dial_after: Option<Millis>,
    /// So long each of `dials` has to answer.
    #[serde(serialize_with = "own_time")]
    pub dial_time: Option<Millis>,
    /// Behind the last of `dials` comes the first again.
    pub repeat: Option<bool>,
    /// A call lasts no longer.
    #[serde(serialize_with = "own_time")]
    pub call_limit: Option<Millis>,
    /// What is dialled by who talks to it, to open.
    pub release: Option<String>,
    /// What it is sent for that.
    pub opens: Option<String>,
    /// How it takes a call.
    pub connects: Option<Connects>,
    /// Who calls is heard there, and nobody there.
    pub one_way: Option<bool>,
    /// A tone before that.
    #[serde(serialize_with = "own_time")]
    pub pre_tone: Option<Millis>,
    /// A call of priority takes the place of another one.
    #[serde(rename = "override")]
    pub overrides: Option<bool>,
    /// When it makes a call to show that it can.
    pub self_test: Option<DayTime>,
    /// To whom.
    pub self_test_to: Option<Destination>,
}

/// A time of day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DayTime {
    /// Minutes since midnight.
    pub minute: u16,
}

impl core::fmt::Display for DayTime {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

impl Serialize for DayTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
