//! The two planes bound together.
//!
//! [`Control`] is the control plane: calls, SIP and the media they need. [`Shard`] is one thread's share of the
//! media plane: lines with their signalling, legs and bridges. Neither has a socket, a thread or a clock; the host
//! and the simulator run the same code.
#![forbid(unsafe_code)]

mod api;
mod configured;
mod control;
mod journal;
mod shard;
mod site;

pub use api::{
    BalanceReport, Injury, Input, Output, Request, RequestId, Response, StoreId, WalkAct, WalkReport, Why,
};
pub use configured::{Wiring, code_findings};
pub use control::{
    AddressStatus, AlarmStatus, CallStatus, Control, HearingStatus, LineStatus, MAX_OUTPUTS, MAX_ROUNDS,
    MediaStatus, ReachStatus, ServerStatus, Status, UserStatus,
};
pub use journal::{
    Depth, Entry, Journal, LineName, MAX_TOLD, SipLine, Teller, TestRow, What, Words, end_words, fault_words,
    length, silence_words, test_end_words, test_rows, time_of_day,
};
pub use shard::{LineIn, LineOut, LineStage, MAX_EVENTS, Shard, ShardSetup};
pub use site::{
    AccountSite, LineKind, LineSite, MAX_LINES, MediaSite, Reload, ServerSite, SipSite, Site, Unused,
};
