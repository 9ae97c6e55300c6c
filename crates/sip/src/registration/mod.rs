//! Registering at a server, RFC 3261 §10.2.

pub mod backoff;
mod state;

pub use state::{RegistrationState, WhyUnregistered};
