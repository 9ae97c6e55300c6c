//! The user agent that ties everything together.
//!
//! **What it does.** Makes and takes calls, registers at servers, is a registrar for phones, and keeps
//! strangers out. It sees datagrams, bytes of streams and answers of DNS, never a socket.
//!
//! **How.** [`Agent`] holds the tables; each kind of work has a file: `inbound` sorts what arrives, `calls`
//! carries the gateway's orders to sessions, `transfer` has what is said of transfers, `identity` who calls and who sent a call on, `jobs` finds addresses and sends requests, `late` ends what
//! answers to given-up INVITEs make, `accounts` keeps servers and registrations, `mail` the message summaries, `completion` the calls that are waited for, `wires` the connections.
//!
//! **Limits.** Every table has a named maximum; what does not fit is answered 503. One local address.
//!
//! **Standard.** RFC 3261, 3262, 3263, 3264, 3311, 3323, 3325, 3326, 3398, 3515, 3581, 3842, 3891, 3892, 4028, 5806, 6026, 6910, 7044, 7462.

mod accounts;
#[allow(clippy::module_inception, reason = "the agent itself, beside its parts")]
mod agent;
mod api;
mod calls;
mod cause;
mod completion;
mod config;
mod guard;
mod identity;
mod inbound;
mod jobs;
mod late;
mod locate;
mod mail;
mod rate;
mod reach;
mod servers;
mod transfer;
mod wires;

pub use accounts::{MAX_ACCOUNTS, MAX_SERVERS};
pub use agent::{Agent, Why};
pub use api::{
    Answer, By, Command, ConnId, DEFAULT_MAX_FORWARDS, Destination, Event, ForkId, Identity, Incoming, Input,
    Invite, Output, Privacy, QueryId, Question, RefusedWhy, SessionId, Transport, TrustedAs,
};
pub use cause::Cause;
pub use completion::{CompletionNews, MAX_COMPLETIONS, WatchCompletion};
pub use config::{
    AccountConfig, AccountId, AgentConfig, HostPort, Network, Refusal, Reoffers, ServerConfig, ServerId,
    Trust,
};
pub use identity::{CallDetails, Diverted, Redirect, RedirectAt, RedirectTo, VouchBy};
pub use inbound::capabilities;
pub use locate::SrvRecord;
pub use mail::ALLOW_EVENTS;
pub use reach::{AddressView, Reach};
pub use transfer::{ReferOutcome, ReferTarget, Referred};
