//! What the gateway costs and how long it takes: measured on the shard itself, in the laboratory.
//!
//! # What it does
//! Runs lines through their states and tells how long a tick of one line takes ([`tick`]), how long sound is under way
//! ([`path`]), and how long control takes from the last digit to the INVITE and from an INVITE to ringing ([`control`]).
//!
//! # How
//! Time is an argument: [`tick::Nanos`] is asked for by a closure. Everything else is virtual time.
//!
//! # Limits
//! One shard, one thread.
//!
//! # Standard
//! None.

pub mod control;
pub mod path;
pub mod speech;
pub mod tick;
