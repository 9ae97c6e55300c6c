//! Registering at a server.
//!
//! **What it does.** Keeps one address of record bound to our Contact: refreshes before the end, answers
//! digest, backs off after failures, follows a change of our public address, removes the binding.
//!
//! **How.** [`Registration`] is a machine that leaves [`Action`]s; the agent sends its requests.
//!
//! **Limits.** One Contact for each registration. No Path or GRUU.
//!
//! **Standard.** RFC 3261 §10.2, RFC 3581, RFC 5626 §4.5 for the waits.

pub mod backoff;
mod machine;
mod state;

pub use machine::{Action, Registration, Wait};
pub use state::{RegistrationState, WhyUnregistered};
