//! The words of the jitter buffer: how it behaves, what it gives, what it counts.

use crate::PayloadType;
use tipring_units::Millis;

/// How a buffer behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JitterConfig {
    /// Never shallower.
    pub min: Millis,
    /// Never deeper; at most [`MAX_DEPTH`].
    pub max: Millis,
    /// Depth before anything is known; in a fixed buffer the depth.
    pub start: Millis,
    /// Whether the depth follows the network.
    pub mode: JitterMode,
}

impl Default for JitterConfig {
    fn default() -> Self {
        Self { min: Millis(20), max: Millis(200), start: Millis(40), mode: JitterMode::Adaptive }
    }
}

/// Whether the depth follows the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum JitterMode {
    /// As shallow as the network allows: for voices.
    #[default]
    Adaptive,
    /// As deep as it started, whatever comes: for modems and faxes, to which every step is an error. Steps are taken in
    /// silence; where none comes for minutes and the clocks differ, the speed is changed, by parts in a million.
    Fixed,
}

/// How a tick is to be played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// As it is.
    Steady,
    /// The buffer is too shallow: what waits is to be made longer.
    Longer {
        /// Even where it will be heard.
        force: bool,
    },
    /// It is too deep: what waits is to be made shorter.
    Shorter {
        /// Even where it will be heard.
        force: bool,
    },
}

/// What is to be played for 10 ms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Playout<'a> {
    /// A unit of sound, to be decoded.
    Frame {
        /// By this format.
        payload_type: PayloadType,
        /// As it came; shorter than a unit where the sender's last one was.
        payload: &'a [u8],
    },
    /// A packet that cannot be cut: to be decoded whole, of which this unit is to be played and others may follow.
    Packet {
        /// By this format.
        payload_type: PayloadType,
        /// As it came.
        payload: &'a [u8],
        /// Which unit of it, from 0.
        unit: u32,
    },
    /// A packet is missing and the next one repeats it: to be decoded as a repetition, of which the first unit is to be
    /// played.
    Repeated {
        /// By this format.
        payload_type: PayloadType,
        /// The next packet, which comes itself when it is due.
        next: &'a [u8],
        /// Units that are missing.
        units: u32,
    },
    /// Another unit of the packet or repetition that came last.
    Rest {
        /// Which one, from 0.
        unit: u32,
    },
    /// Comfort noise of this description begins.
    ComfortNoise(&'a [u8]),
    /// A telephone event of this number covers the moment.
    Event(u8),
    /// Something is missing: conceal it.
    Conceal,
    /// Nothing is sent: silence, or the comfort noise that was described.
    Silence,
}

/// What is counted of a buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JitterStatistics {
    /// Units played, events and comfort noise included.
    pub played: u32,
    /// Units concealed, those of growth included.
    pub concealed: u32,
    /// Units that were missing and played from what the next packet repeats.
    pub repeated: u32,
    /// Units of silence.
    pub silent: u32,
    /// Packets of which nothing came in time.
    pub late: u32,
    /// Units that were there already.
    pub duplicates: u32,
    /// Packets that did not fit: too far ahead, or a unit too large.
    pub overflow: u32,
    /// Steps deeper that were asked for.
    pub grown: u32,
    /// Steps shallower, asked for or taken where nothing was.
    pub shrunk: u32,
    /// New timelines after the first.
    pub restarts: u32,
    /// Depth now.
    pub depth: Millis,
    /// Depth that is wanted.
    pub target: Millis,
    /// Parts in a million by which the far clock is taken to be fast.
    pub drift_ppm: i16,
}
