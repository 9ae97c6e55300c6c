//! The four transaction machines and the tables that hold them.
//!
//! **What it does.** Turns unreliable datagrams into requests that are answered once: it repeats
//! requests and final answers, absorbs repeats, acknowledges refused INVITEs, and gives up in time.
//!
//! **How.** One machine a file ([`invite_client`], [`non_invite_client`], [`invite_server`],
//! [`non_invite_server`]); a machine takes an event and leaves [`Action`]s. [`client`] and [`server`]
//! hold the machines with the bytes that they repeat, matched by [`key`].
//!
//! **Limits.** A 2xx to INVITE is repeated by the session, not here (RFC 3261 §13.3.1.4). The tables
//! are bounded; what does not fit is refused by the caller with 503.
//!
//! **Standard.** RFC 3261 §17 with the Accepted states of RFC 6026.

pub mod client;
pub mod invite_client;
pub mod invite_server;
pub mod key;
pub mod non_invite_client;
pub mod non_invite_server;
pub mod server;
mod target;
mod timing;

pub use client::{ClientId, ClientReport, Clients};
pub use key::{ClientKey, ServerKey, branch_of};
pub use server::{Arrival, ServerId, ServerReport, Servers};
pub use target::{ConnId, Target, Transport};
pub use timing::{Alarms, Schedule, Timer, Timing};

/// What a machine wants done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Send the request, or the last answer, (again).
    Send,
    /// Acknowledge the refusing final answer to an INVITE.
    Ack,
    /// Hand the message to the user of the transaction.
    Deliver,
    /// No answer, or no ACK, came in time.
    TimedOut,
    /// The transport could not carry the message.
    TransportFailed,
    /// The machine has ended; forget it.
    Ended,
}

/// The class of a response, which is all that a machine cares about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// 100 to 199.
    Provisional,
    /// 200 to 299.
    Success,
    /// 300 to 699.
    Refusal,
}

impl Class {
    /// The class of `status`. Anything below 100 counts as provisional, anything above 699 as refusal.
    pub const fn of(status: u16) -> Self {
        match status {
            0..=199 => Self::Provisional,
            200..=299 => Self::Success,
            _ => Self::Refusal,
        }
    }
}
