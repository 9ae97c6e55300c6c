//! The user agent that ties everything together.

mod api;
mod cause;
mod config;
mod locate;
mod rate;
mod servers;

pub use api::{
    Answer, By, Command, ConnId, Destination, Event, ForkId, Identity, Incoming, Input, Invite, Output, Privacy,
    QueryId, Question, RefusedWhy, SessionId, Transport, TrustedAs,
};
pub use cause::Cause;
pub use config::{
    AccountConfig, AccountId, AgentConfig, HostPort, Network, Refusal, Reoffers, ServerConfig, ServerId, Trust,
};
pub use locate::SrvRecord;
