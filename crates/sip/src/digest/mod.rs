//! Digest authentication, both sides.
//!
//! # What it does
//! Reads challenges and answers them; issues challenges and checks the answers.
//!
//! # How
//! A client answers the strongest challenge that it can, and counts its uses of the nonce. A server's nonce
//! carries its own time under a MAC, so that it stores only which counts of which nonce were used.
//!
//! # Limits
//! No `userhash`, no `Authentication-Info`. A server takes only answers with `qop`. Quoted strings are hashed
//! without their escapes. [`MAX_CHALLENGES`], [`MAX_NONCES`].
//!
//! # Standard
//! RFC 7616, RFC 8760, RFC 3261 §22; RFC 2617 and 2069 answers for old servers.

mod algorithm;
mod authorization;
mod challenge;
mod client;
mod secret;
mod server;

pub use algorithm::{Algorithm, Qop, ResponseInput, compute_response};
pub use authorization::Authorization;
pub use challenge::{Challenge, MAX_CHALLENGES, choose};
pub use client::ClientAuth;
pub use secret::Secret;
pub use server::{MAX_NONCES, Refusal, ServerAuth};
