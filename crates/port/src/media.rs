//! Legs, bridges, RTP streams; the envelopes in which commands go down and events go up.

use core::net::SocketAddr;

use tipring_units::{BridgeId, Db, Dbm0, Epoch, Hz, LegId, LineId, MediaSlot, Millis, ShardId};

use crate::{
    Announcement, Impedance, LearnEnd, LearnReport, LineCommand, LineEvent, LineProfile, Signal, Text, Tone,
    TonePlan,
};

/// Payload types that one stream receives, at the most.
pub const MAX_PAYLOAD_TYPES: usize = 8;
/// Payload types of telephone events in one stream: one for each clock.
pub const MAX_EVENT_TYPES: usize = 2;

/// The codecs that a leg can be told to use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CodecName {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// 16-bit linear, 8 kHz, network byte order.
    L16,
    /// G.722 at 64 kbit/s.
    G722,
    /// G.726 at a rate, its codes packed in an order.
    G726(G726Rate, G726Packing),
    /// G.729 with Annex A, and no silence sent (`annexb=no`).
    G729,
    /// Opus, which not every build has.
    Opus,
}

impl CodecName {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Pcmu,
        Self::Pcma,
        Self::L16,
        Self::G722,
        Self::G726(G726Rate::R16, G726Packing::Rfc3551),
        Self::G726(G726Rate::R24, G726Packing::Rfc3551),
        Self::G726(G726Rate::R32, G726Packing::Rfc3551),
        Self::G726(G726Rate::R40, G726Packing::Rfc3551),
        Self::G726(G726Rate::R16, G726Packing::Aal2),
        Self::G726(G726Rate::R24, G726Packing::Aal2),
        Self::G726(G726Rate::R32, G726Packing::Aal2),
        Self::G726(G726Rate::R40, G726Packing::Aal2),
        Self::G729,
        Self::Opus,
    ];

    /// The clock of its timestamps.
    pub const fn clock(self) -> RtpClock {
        match self {
            Self::Pcmu | Self::Pcma | Self::L16 | Self::G722 | Self::G726(..) | Self::G729 => RtpClock::K8,
            Self::Opus => RtpClock::K48,
        }
    }
}

/// The rate of timestamps, which need not be that of samples.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RtpClock {
    /// 8000 Hz: telephony, and G.722 by an old mistake (RFC 3551 clause 4.5.2).
    K8,
    /// 48,000 Hz: Opus (RFC 7587 clause 4.1).
    K48,
}

impl RtpClock {
    /// In hertz, exact.
    pub const fn hertz(self) -> u32 {
        match self {
            Self::K8 => 8000,
            Self::K48 => 48_000,
        }
    }
}

/// The rate of G.726.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum G726Rate {
    /// 16 kbit/s.
    R16,
    /// 24 kbit/s.
    R24,
    /// 32 kbit/s.
    R32,
    /// 40 kbit/s.
    R40,
}

/// The order in which G.726's codes fill a byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum G726Packing {
    /// The first code in the lowest bits (RFC 3551 clause 4.5.4): `G726-32`.
    Rfc3551,
    /// The first code in the highest bits (ITU-T I.366.2 Annex E): `AAL2-G726-32`.
    Aal2,
}

/// A payload type and what it means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PayloadType {
    /// 0 to 127.
    pub number: u8,
    /// What it carries.
    pub codec: CodecName,
}

/// A payload type of telephone events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventType {
    /// 0 to 127.
    pub number: u8,
    /// The clock of their lengths.
    pub clock: RtpClock,
}

/// What the far end has said of the Opus that it wants to hear (RFC 7587 clause 6.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpusWish {
    /// Each packet repeats what the one before it said (`useinbandfec`).
    pub repeats: bool,
    /// All packets have one size (`cbr`).
    pub constant: bool,
    /// Bits in a second, at the most (`maxaveragebitrate`).
    pub most_bits: u32,
}

impl Default for OpusWish {
    /// What holds where nothing is said.
    fn default() -> Self {
        Self { repeats: false, constant: false, most_bits: 510_000 }
    }
}

/// How digits travel on an RTP leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DtmfMode {
    /// Telephone events (RFC 4733) under this payload type; the in-band leak is muted.
    Events(u8),
    /// As sound.
    InBand,
    /// By the control plane (SIP INFO); the in-band leak is muted.
    Signalling,
}

/// Which way sound goes, seen from the gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Direction {
    /// We send.
    pub send: bool,
    /// We play what we receive.
    pub receive: bool,
}

impl Direction {
    /// Both ways.
    pub const BOTH: Self = Self { send: true, receive: true };
}

/// What is sent while a party is silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SilenceMode {
    /// The sound, like any other.
    Sent,
    /// Nothing but descriptions of the noise under this payload type (RFC 3389).
    Described(u8),
    /// What the codec makes of it: G.729 by its Annex B, Opus by its discontinuous transmission.
    ByCodec,
}

/// Limits of the jitter buffer's depth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JitterSpec {
    /// At least this deep.
    pub min: Millis,
    /// At most this deep, up to 400 ms.
    pub max: Millis,
    /// The depth stays at `min` whatever the network does.
    pub fixed: bool,
}

/// One RTP stream in both directions.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RtpSpec {
    /// The pair of sockets.
    pub slot: MediaSlot,
    /// Where RTP goes until a packet shows otherwise (symmetric RTP).
    pub remote_rtp: SocketAddr,
    /// Where RTCP goes.
    pub remote_rtcp: SocketAddr,
    /// What we send.
    pub send: PayloadType,
    /// What we accept.
    pub receive: [Option<PayloadType>; MAX_PAYLOAD_TYPES],
    /// Payload types under which telephone events arrive, one for each clock.
    pub receive_events: [Option<EventType>; MAX_EVENT_TYPES],
    /// The clock of the telephone events that we send, if we do ([`DtmfMode::Events`]).
    pub event_clock: RtpClock,
    /// Payload type under which comfort noise arrives (RFC 3389).
    pub receive_noise: Option<u8>,
    /// What is sent while the party that it carries is silent.
    pub silence: SilenceMode,
    /// Packet time that we send, 10 to 60 ms in steps of 10.
    pub ptime: Millis,
    /// What is wanted of Opus, if that is sent.
    pub opus: OpusWish,
    /// How digits go out.
    pub dtmf: DtmfMode,
    /// Hold and the like.
    pub direction: Direction,
    /// Depth of the jitter buffer.
    pub jitter: JitterSpec,
    /// The sender's name in RTCP (RFC 7022).
    pub cname: Text<32>,
}

/// One end of an audio path between two shards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CrossSpec {
    /// The shard at the other end.
    pub peer: ShardId,
    /// The leg at the other end.
    pub peer_leg: LegId,
}

/// What a leg is.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // copied through a ring of fixed slots; a box would allocate in the tick
pub enum LegSpec {
    /// A line of this shard.
    Line(LineId),
    /// An RTP stream.
    Rtp(RtpSpec),
    /// A path to another shard.
    Cross(CrossSpec),
}

/// Where a tap listens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TapPoint {
    /// From the line, before the canceller.
    LineIn,
    /// From the line, after the canceller.
    Cancelled,
    /// Towards the line.
    LineOut,
}

/// What the control plane orders of legs and bridges.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // copied through a ring of fixed slots; a box would allocate in the tick
pub enum MediaCommand {
    /// Makes a leg; it hears nothing until it is joined.
    Open(LegId, LegSpec),
    /// Changes an RTP leg at a tick boundary (hold, codec, remote address).
    Change(LegId, RtpSpec),
    /// Ends a leg; its last statistics come up.
    Close(LegId),
    /// Puts a leg on a bridge, taking it off the one that it was on. The first leg makes the bridge, the last ends it.
    Join(BridgeId, LegId),
    /// Takes a leg off its bridge.
    Leave(LegId),
    /// Plays a tone into an RTP leg in place of its bridge; `None` ends it.
    Tone(LegId, Option<Tone>),
    /// Says something into an RTP leg in place of its bridge, once; [`MediaEvent::Announced`] comes when it has been said.
    Announce(LegId, Announcement),
    /// Sends a digit on a leg in the leg's own way: telephone event, or sound.
    Digit(LegId, u8, Millis),
    /// A deaf leg hears silence whatever its bridge plays: sound before the answer goes one way.
    Deaf(LegId, bool),
    /// From now on, and until it closes, a leg carries data: its sound goes through untouched. No canceller, no digits, no
    /// silence left out, a jitter buffer of one depth; the gains stay.
    PassThrough(LegId),
    /// Opens or closes a tap on a line.
    Tap(LineId, TapPoint, bool),
}

/// How one party hears the other, by the E-model (ITU-T G.107).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hearing {
    /// Packets lost or too late to be played, in hundredths of a percent.
    pub loss: u16,
    /// Interarrival jitter.
    pub jitter: Millis,
    /// R, 0 to 100.
    pub rating: u8,
    /// Mean opinion score of the conversation in tenths, 10 to 45.
    pub score: u8,
}

/// Quality of a stream in both directions; `None` while nothing is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct VoiceQuality {
    /// What is heard at our side.
    pub here: Option<Hearing>,
    /// What is heard at the far side, by its reports.
    pub there: Option<Hearing>,
}

/// Statistics of an RTP stream.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct StreamStats {
    /// Packets sent.
    pub sent: u32,
    /// Packets received and accepted.
    pub received: u32,
    /// Packets lost on the way to us.
    pub lost: u32,
    /// Packets that came too late to be played.
    pub late: u32,
    /// Packets dropped as malformed or from the wrong source.
    pub refused: u32,
    /// Interarrival jitter, RFC 3550.
    pub jitter: Millis,
    /// Round-trip time by RTCP, zero where unknown.
    pub round_trip: Millis,
    /// Loss that the far end reports, in 256ths.
    pub far_loss: u8,
    /// Ticks concealed in place of sound.
    pub concealed: u32,
    /// Depth of the jitter buffer now.
    pub depth: Millis,
    /// How good it is.
    pub quality: VoiceQuality,
}

/// What legs tell the control plane.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum MediaEvent {
    /// The first packet of a stream was played.
    Flowing(LegId),
    /// No packet for this long although some are due.
    Starved(LegId, Millis),
    /// A digit arrived by telephone event.
    Digit(LegId, u8, Millis),
    /// A digit was heard on the bridge of this RTP leg and has to go out on it by signalling.
    DigitToSignal(LegId, u8, Millis),
    /// A machine's signal was heard in what this leg says; again where it turns out to be another after all.
    Signal(LegId, Signal),
    /// Statistics after 1 s, every 5 s and at the end (`true`).
    Stats(LegId, StreamStats, bool),
    /// A leg ended by its own fault.
    Failed(LegId),
    /// An announcement was said into this RTP leg to its end.
    Announced(LegId),
    /// Level of a line's sound towards the gateway, where somebody asked.
    Level(LegId, Dbm0),
}

/// What a line returns of sound while its card presents a network.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EchoLoss {
    /// The network.
    pub network: Impedance,
    /// Echo return loss over the band (ITU-T G.122).
    pub loss: Db,
    /// The frequency at which the most comes back.
    pub worst_at: Hz,
    /// The loss there.
    pub worst: Db,
    /// Somebody talked, or the line is noisy: the figures are of that, too.
    pub disturbed: bool,
}

/// How the measurement of a line's balance ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BalanceEnd {
    /// All networks were measured.
    Done,
    /// Nothing terminates the line: it is on-hook.
    OnHook,
    /// The line is in a call, or got one.
    InCall,
    /// The receiver was hung up, or the card fell silent.
    Interrupted,
    /// Another line of the shard is being measured.
    Occupied,
    /// The card did not take a network within a second: it has but one.
    OneNetwork,
    /// Frames of this kind have no echo (symbols of the laboratory).
    NoSound,
}

/// What the measurement of a line's balance tells.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum BalanceEvent {
    /// A network was measured.
    Measured(EchoLoss),
    /// It is over; the line's own network is in place again.
    Ended(BalanceEnd),
}

/// A command to a shard.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // moved through a ring of fixed slots; a box would be freed in the tick
pub enum Command {
    /// To a line, valid in one epoch only.
    Line(LineId, Epoch, LineCommand),
    /// To the media plane.
    Media(MediaCommand),
    /// A line's new profile, of this revision of the configuration. The line takes it when it is idle and says
    /// [`Event::Profiled`]; one of an older revision than it has been given is refused. In a box, since it is large and
    /// comes only with an edit.
    Profile(LineId, u64, Box<LineProfile>),
    /// Tones into RTP legs, for those that begin from now on.
    Tones(Box<TonePlan>),
    /// Measure what a line that is off-hook without a call returns under each network; [`Event::Balance`] tells.
    Balance(LineId),
    /// Answer the next call that comes in on an outside line and record how its far end clears; [`Event::Learned`] tells.
    Learn(LineId),
    /// Make a line's machine and voice path anew, in the next epoch, as at the start.
    Restart(LineId),
}

/// An event from a shard.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Event {
    /// From a line, in this epoch.
    Line(LineId, Epoch, LineEvent),
    /// From the media plane.
    Media(MediaEvent),
    /// What is true of this line: events were lost for lack of room, or control asked ([`crate::LineCommand::Report`]).
    Summary(LineId, Epoch, crate::LineSummary),
    /// The line has taken its profile of this revision.
    Profiled(LineId, u64),
    /// The measurement of a line's balance goes on, or is over.
    Balance(LineId, BalanceEvent),
    /// What was recorded of an outside line's clearing, or why nothing was.
    Learned(LineId, Result<LearnReport, LearnEnd>),
}
