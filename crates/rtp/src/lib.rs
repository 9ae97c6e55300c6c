//! RTP and RTCP packets and sessions, jitter buffer, telephone events.
//!
//! The media plane owns one [`RtpStream`] for each far end; it binds a [`Session`], a [`RemoteLatch`], a
//! [`JitterBuffer`] and the telephone events together, which can also be used one by one. Nothing here knows a
//! codec, opens a socket or reads a clock, and nothing allocates once it is made.
#![forbid(unsafe_code)]

mod bursts;
mod delay;
mod demux;
mod drift;
mod emodel;
mod event;
mod event_receiver;
mod event_sender;
mod jitter;
mod latch;
mod opus;
mod packet;
mod packetizer;
mod playout;
mod profile;
mod rtcp;
mod session;
mod source;
mod stats;
mod stream;
mod unit_store;
mod voip;

pub use bursts::{BurstFigures, Bursts, GAP_MIN};
pub use demux::{Datagram, classify};
pub use emodel::{Impairment, PathFigures, Rating};
pub use event::{EVENT_BYTES, EventPayload, MAX_SEGMENT, TelephoneEvent};
pub use event_receiver::{EVENT_TIMEOUT, EventReceiver, EventReport, MAX_REPORTS, STALE};
pub use event_sender::{
    DEFAULT_GAP, END_PACKETS, EventPacket, EventSender, Full, MAX_EVENT, MAX_WAITING, MIN_EVENT,
};
pub use jitter::{CONCEAL_LIMIT, GROW_PATIENCE, JitterBuffer, MAX_DEPTH, MAX_PACKET_UNITS, SHRINK_PATIENCE};
pub use latch::{Admission, CANDIDATE_PACKETS, LEARNING, LatchMode, RemoteLatch, SILENCE};
pub use opus::{MAX_OPUS_UNITS, OPUS_SILENCE_BYTES, OpusShape};
pub use packet::{HEADER_BYTES, Header, MAX_DATAGRAM, Packet, PacketError, Part};
pub use packetizer::{MAX_PACKET_BYTES, MAX_PTIME};
pub use playout::{JitterConfig, JitterMode, JitterStatistics, Pace, Playout};
pub use profile::{
    ClockRate, Format, MAX_FORMATS, PayloadMap, PayloadType, Ssrc, Ticks, Timestamp, UnitSize,
};
pub use rtcp::{
    Block, Blocks, Compound, Leavers, MAX_BLOCKS, MAX_CNAME_BYTES, Piece, Report, RtcpError, SenderInfo,
};
pub use session::{
    Cname, MAX_OWN_CNAME_BYTES, Outgoing, REPORT_INTERVAL, RtcpNews, Session, SessionConfig, Verdict,
};
pub use source::{MAX_DROPOUT, MAX_MISORDER, MIN_SEQUENTIAL, Order, Source};
pub use stats::{FarReport, Hearing, Statistics};
pub use stream::{Arrival, Departure, Gate, MAX_NOISE_BYTES, RtpStream, Sending, StreamConfig, VoiceLevels};
pub use voip::{Metrics, RECEIVER_ADAPTIVE, RECEIVER_FIXED, VOIP_BYTES, VoipMetrics};
