//! Quantities and identities.
//!
//! Every number that crosses a public boundary has its unit in its type, so that a level cannot be
//! passed for a length of time. Time is three things that do not mix: [`Instant`] (the host's
//! monotonic clock), [`SampleTime`] (the samples of one clock domain) and [`WallTime`] (what a
//! calendar shows).
#![forbid(unsafe_code)]

mod electric;
mod entropy;
mod id;
mod level;
mod time;

pub use electric::{Farads, Milliamps, Ohms, Ren, Volts};
pub use entropy::Entropy;
pub use id::{BridgeId, CallId, Epoch, LegId, LineId, MediaSlot, ShardId};
pub use level::{Db, Dbm0, Dbr, Hz};
pub use time::{Civil, Instant, Millis, SAMPLE_RATE, SampleTime, Samples, TICK, TICK_SAMPLES, WallTime};
