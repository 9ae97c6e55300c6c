//! Calls on a line: dial plan, routes, digits, features, call records.
#![forbid(unsafe_code)]

mod api;
mod cause;
mod identity;
mod record;
mod setup;

pub use api::{
    Alarm, CallEvent, Clearer, FarAction, FarEvent, FarId, Input, LineDoing, MAX_NUMBER, MAX_SERVER_NAME,
    MediaAction, Number, Output, Party, Priority, ServerName, Side, Via, Way, Why,
};
pub use cause::{Cause, CauseTones};
pub use identity::{Identity, Presentation};
pub use record::CallRecord;
pub use setup::{
    Destination, DialRow, Emergency, NumberingRow, Permission, Phone, Reach, Server, Setup, Timers, User,
};

/// Calls at once, at the most; the last [`RESERVED`] are for emergency calls.
pub const MAX_CALLS: usize = 4096;
/// Far legs at once, at the most; the last [`RESERVED`] are for emergency calls.
pub const MAX_LEGS: usize = 4096;
/// Places that only an emergency call may take.
pub const RESERVED: usize = 32;
