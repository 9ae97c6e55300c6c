//! Legs joined by bridges: lines, RTP streams and paths between shards.
//!
//! [`Plane`] holds the legs and bridges of one shard. It is written over [`Processing`], which true samples and
//! symbols implement, so that a simulation at signal fidelity runs the same legs, bridges, timers and packets.
#![forbid(unsafe_code)]

mod cross_leg;
#[cfg(test)]
mod ears;
mod impairment;
mod keys;
mod line_leg;
mod meter;
mod packets;
mod plane;
mod processing;
mod rtp_leg;
mod run;
mod samples;
mod speech;
mod symbols;
mod tap;

pub use cross_leg::CrossLeg;
pub use impairment::impairment;
pub use keys::{Keys, LONGEST, MAX_KEYS, MIN_DIGIT, PAUSE, Strike};
pub use line_leg::LineLeg;
pub use meter::SymbolMeter;
pub use packets::{Channel, MAX_PACKET, Packet, Packets};
pub use plane::{Crossed, MAX_MEMBERS, Plane, Stage};
pub use processing::{
    Bank, Coder, Crossing, Heard, LineEar, LineVoice, MAX_OVERHEARD, MAX_UNIT, MAX_WHOLE, Meter, Player,
    Processing, Sifted, Whole,
};
pub use rtp_leg::RtpLeg;
pub use samples::{SampleBank, SampleCoder, SampleCrossing, SampleLineEar, SamplePlayer, SampleVoice};
pub use symbols::{SymbolBank, SymbolCoder, SymbolCrossing, SymbolLineEar, SymbolPlayer, SymbolVoice};
pub use tap::{MAX_TAPS, TAP_FRAMES, Taps};
