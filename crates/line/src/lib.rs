//! FXS signalling: loop detection, ring and ring trip, caller identity, supervision.
//!
//! [`Fxs`] is the machine of one line port towards a telephone. Each tick it takes what the card measured
//! ([`tipring_port::CardReport`]), and between ticks the commands of the control plane; it answers in [`FxsOut`]
//! with at most one order to the card, line events, and what the telephone has to hear.
//!
//! It is built of small parts, each usable alone: [`Detector`] (is the loop closed?), [`RingTrip`] (is it closed
//! under ringing?), [`HookTracker`] (what does the subscriber mean by it?) and [`Cadence`] (where is the ring
//! program now?).
#![forbid(unsafe_code)]

mod cadence;
mod detector;
mod fxo;
mod fxs;
mod hook;
mod idle_watch;
mod leakage;
mod loop_watch;
mod machine;
mod out;
mod ring_detector;
mod settings;
mod slot;
mod trip;

pub use cadence::{Cadence, DEFAULT_BURST, DEFAULT_PAUSE, Phase};
pub use detector::{Detector, Edge};
pub use fxo::Fxo;
pub use fxs::Fxs;
pub use hook::{HookTracker, Verdict};
pub use idle_watch::{IdleLine, IdleWatch};
pub use loop_watch::{LoopNews, LoopWatch};
pub use machine::Machine;
pub use out::{FxsOut, MAX_LINE_EVENTS, Playing, Said};
pub use ring_detector::{RingDetector, Ringing};
pub use settings::Settings;
pub use slot::frame_length;
pub use trip::{RingTrip, Trip};
