//! Who calls, as it is shown on a telephone's display.

use crate::Text;

/// Digits of a number that a display gets, at the most.
pub const MAX_CALLER_NUMBER: usize = 24;
/// Bytes of a name that a display gets, at the most (GR-1188: 15 are usual).
pub const MAX_CALLER_NAME: usize = 50;

/// Why a number or a name is not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absence {
    /// The caller asked for it (`P`).
    Private,
    /// The network does not know it (`O`).
    Unavailable,
}

/// Month, day, hour and minute of a call, local time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DateTime {
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// Caller identity of one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallerId {
    /// The date and time of the call.
    pub date: Option<DateTime>,
    /// The number, or why there is none.
    pub number: Result<Text<MAX_CALLER_NUMBER>, Absence>,
    /// The name, or why there is none; `None` where no name is delivered at all.
    pub name: Option<Result<Text<MAX_CALLER_NAME>, Absence>>,
}
