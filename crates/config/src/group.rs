//! Groups: numbers that reach several.

use core::fmt;

use serde::{Serialize, Serializer};
use tipring_units::Millis;

use crate::effective::time;
use crate::values::{Destination, NumberRange};
use crate::vocabulary::GroupHunt;

/// Members of a group, at the most.
pub const MAX_MEMBERS: usize = 32;

/// A group.
#[derive(Clone, PartialEq, Serialize, Debug)]
pub struct Group {
    /// Its name.
    pub name: Option<String>,
    /// Who rings, in order; ranges are written out.
    pub members: Vec<Destination>,
    /// In which order.
    pub hunt: GroupHunt,
    /// How long each of them rings.
    #[serde(serialize_with = "time")]
    pub ring_time: Millis,
    /// Where a call goes that finds nobody free.
    pub busy: Overflow,
    /// Where a call goes that nobody answers; without it members ring again.
    pub no_answer: Option<Overflow>,
}

/// What becomes of a call that a group does not take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Overflow {
    /// The caller hears busy.
    Busy,
    /// The caller is told in words.
    Announcement,
    /// It goes there.
    To(Destination),
}

impl Overflow {
    /// Reads `busy`, `announcement` or a destination.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "busy" => Some(Self::Busy),
            "announcement" => Some(Self::Announcement),
            _ => Destination::parse(text).map(Self::To),
        }
    }
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("busy"),
            Self::Announcement => f.write_str("announcement"),
            Self::To(to) => to.fmt(f),
        }
    }
}

impl Serialize for Overflow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The members that a text names: a range of numbers, or a destination.
pub(crate) fn members(text: &str) -> Option<Vec<Destination>> {
    if let (true, Ok(range)) = (text.contains('-'), NumberRange::parse(text)) {
        if range.count > MAX_MEMBERS as u64 {
            return None;
        }
        return range.numbers().map(|number| Destination::parse(number.as_str())).collect();
    }
    Some(vec![Destination::parse(text)?])
}
