//! What is counted of a session.

use crate::{Rating, VoipMetrics};
use core::time::Duration;

/// Statistics of one session since its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Packets sent.
    pub sent_packets: u32,
    /// Bytes of payload sent.
    pub sent_octets: u32,
    /// Packets accepted.
    pub received_packets: u32,
    /// Bytes of payload in them.
    pub received_octets: u32,
    /// Packets that did not arrive.
    pub lost: u32,
    /// Loss between the last two reports of ours in 256ths.
    pub fraction_lost: u8,
    /// Packets that arrived after a later one.
    pub out_of_order: u32,
    /// Packets that arrived twice.
    pub duplicates: u32,
    /// Datagrams that were malformed.
    pub malformed: u32,
    /// Packets from the wrong address, of the wrong source, of an unknown payload type, or far out of sequence.
    pub refused: u32,
    /// Changes of the far source, restarts included.
    pub restarts: u32,
    /// Interarrival jitter.
    pub jitter: Duration,
    /// Round trip by RTCP, once known.
    pub round_trip: Option<Duration>,
    /// What the far end reports of our stream, once it does.
    pub far: Option<FarReport>,
    /// What it thinks of it, if it says so.
    pub far_voip: Option<VoipMetrics>,
}

/// How one end hears the other.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Hearing {
    /// Share of packets lost or too late, 0 to 1.
    pub loss: f32,
    /// Interarrival jitter.
    pub jitter: Duration,
    /// Of the conversation.
    pub rating: Rating,
}

/// What the far end reports of our stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FarReport {
    /// Loss since its last report in 256ths.
    pub fraction_lost: u8,
    /// Loss since the start; negative where packets were duplicated on the way.
    pub lost: i32,
    /// Interarrival jitter there.
    pub jitter: Duration,
}
