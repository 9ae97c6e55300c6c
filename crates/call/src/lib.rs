//! Calls on a line: dial plan, routes, digits, features, call records.
//!
//! [`Switch`] is the whole of it: events of lines and far legs go in, commands to lines, far legs and the media
//! plane come out, and a [`CallRecord`] for every call. It has no clock, no randomness and no sockets of its
//! own, and does not know how a far leg is signalled.
#![forbid(unsafe_code)]

mod alert;
mod api;
mod call;
mod cause;
mod digits;
mod divert;
mod duty;
mod event;
mod explain;
mod features;
mod identity;
mod leg;
mod line_side;
mod lint;
mod outbox;
mod outside;
mod plan;
mod record;
mod route;
mod routes;
mod setup;
mod station;
mod switch;
mod timers;
mod view;

pub use alert::{RingCaller, RingFor, RingKind};
pub use api::{
    Clearer, Completion, FarAction, FarEvent, FarId, Input, MAX_NUMBER, MAX_SERVER_NAME, MediaAction, Number,
    Output, Party, Priority, ReferEnd, ReferStep, ReferTo, ServerName, Side, Via, Way,
};
pub use cause::{Cause, CauseTones};
pub use digits::{Ended, MAX_DIALLED, MAX_PLACES, Reader, Verdict};
pub use divert::{Diverter, Diverters, MAX_DIVERTERS, MAX_MOVES, Move, MovedTo, Moves, StayWhy};
pub use duty::{Desk, Door, Duty, Hotline, Page, SelfTest};
pub use event::{Alarm, CallEvent, LineDoing, Why};
pub use explain::{ExplainedDigit, ExplainedTimer, Explanation};
pub use features::{
    Action, Code, CodeError, CodeFinding, CodeRow, CodeSet, Features, Flag, Forward, ForwardWhen, Given,
    Judged, MAX_CODES, MAX_SPEED, Turn, code_plan_findings, code_reference, code_table, code_word,
    code_word_reference, code_words, judge,
};
pub use identity::{Identity, Presentation};
pub use line_side::MAX_CALLS_PER_LINE;
pub use lint::{Fault, MAX_MOMENTS, MAX_STATES, PlanFinding, Row};
pub use outbox::{MAX_MESSAGES, MAX_OUTPUTS};
pub use plan::{MAX_EMERGENCY, MAX_RULES, Plan, Selection};
pub use record::CallRecord;
pub use routes::{AllRewrites, Failure, Failures, Rewrites, Route, changed};
pub use setup::{
    Destination, DialRow, Disa, Emergency, ForwardsAt, Group, GroupHunt, Hunt, Night, NightClass,
    OutsideLine, Overflow, Permission, Phone, Recall, Server, Setup, Timers, User,
};
pub use switch::{MAX_LINES, MAX_SERVERS, Machine, Switch};
pub use view::{CallView, LineView, Progress};

/// Calls at once, at the most; the last [`RESERVED`] are for emergency calls.
pub const MAX_CALLS: usize = 4096;
/// Far legs at once, at the most; the last [`RESERVED`] are for emergency calls.
pub const MAX_LEGS: usize = 4096;
/// Places that only an emergency call may take.
pub const RESERVED: usize = 32;
