//! Trials of the echo canceller.
mod paths;
pub mod signal;
