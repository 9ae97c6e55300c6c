//! What we can do, what was offered and what was agreed.

use core::net::SocketAddr;

use tipring_units::Millis;

pub use crate::sdp::Direction;

/// An audio codec that sessions may use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Codec {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// Linear 16 bit at 8 kHz, one channel.
    L16,
    /// G.722 at 64 kbit/s. Its clock is said to be 8000, by an old mistake (RFC 3551 §4.5.2).
    G722,
    /// G.726 at this many kbit/s, packed as RFC 3551 has it.
    G726(Kbits),
    /// The same, packed as AAL2 has it (ITU-T I.366.2 Annex E).
    Aal2G726(Kbits),
    /// G.729; with Annex B where both sides want it.
    G729,
    /// Opus (RFC 7587), for speech in a narrow band.
    Opus,
}

/// The rate of G.726.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kbits {
    /// 16 kbit/s.
    K16,
    /// 24 kbit/s.
    K24,
    /// 32 kbit/s.
    K32,
    /// 40 kbit/s.
    K40,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Pcmu,
        Self::Pcma,
        Self::L16,
        Self::G722,
        Self::G726(Kbits::K16),
        Self::G726(Kbits::K24),
        Self::G726(Kbits::K32),
        Self::G726(Kbits::K40),
        Self::Aal2G726(Kbits::K16),
        Self::Aal2G726(Kbits::K24),
        Self::Aal2G726(Kbits::K32),
        Self::Aal2G726(Kbits::K40),
        Self::G729,
        Self::Opus,
    ];

    /// The encoding name of RFC 3551.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::L16 => "L16",
            Self::G722 => "G722",
            Self::G726(Kbits::K16) => "G726-16",
            Self::G726(Kbits::K24) => "G726-24",
            Self::G726(Kbits::K32) => "G726-32",
            Self::G726(Kbits::K40) => "G726-40",
            Self::Aal2G726(Kbits::K16) => "AAL2-G726-16",
            Self::Aal2G726(Kbits::K24) => "AAL2-G726-24",
            Self::Aal2G726(Kbits::K32) => "AAL2-G726-32",
            Self::Aal2G726(Kbits::K40) => "AAL2-G726-40",
            Self::G729 => "G729",
            Self::Opus => "opus",
        }
    }

    /// The channels of its rtpmap: Opus is always said to have two (RFC 7587 §7).
    pub const fn channels(self) -> u8 {
        self.clock_and_channels().1
    }

    /// The longest packets that it can make and that are no longer than these.
    pub const fn packets_up_to(self, ptime: Millis) -> Millis {
        match (self, ptime.0) {
            // A frame of Opus has 10, 20, 40 or 60 ms.
            (Self::Opus, 30) => Millis(20),
            (Self::Opus, 50) => Millis(40),
            (_, _) => ptime,
        }
    }

    /// The RTP clock in hertz.
    pub const fn clock_rate(self) -> u32 {
        self.clock_and_channels().0
    }

    const fn clock_and_channels(self) -> (u32, u8) {
        match self {
            Self::Pcmu
            | Self::Pcma
            | Self::L16
            | Self::G722
            | Self::G726(_)
            | Self::Aal2G726(_)
            | Self::G729 => (TELEPHONY_CLOCK, 1),
            Self::Opus => (OPUS_CLOCK, 2),
        }
    }

    /// The static payload type of RFC 3551 §6, if it has one.
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            Self::G729 => Some(18),
            // Types 10 and 11 are L16 at 44.1 kHz; 2 was G.726 at 32 kbit/s and was withdrawn.
            Self::L16 | Self::G726(_) | Self::Aal2G726(_) | Self::Opus => None,
        }
    }

    /// The payload type under which we offer it.
    pub const fn offered_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::L16 => 96,
            Self::G722 => 9,
            Self::G729 => 18,
            // 101 is left to telephone events, which most expect there.
            Self::G726(Kbits::K16) => 102,
            Self::G726(Kbits::K24) => 103,
            Self::G726(Kbits::K32) => 104,
            Self::G726(Kbits::K40) => 105,
            Self::Aal2G726(Kbits::K16) => 106,
            Self::Aal2G726(Kbits::K24) => 107,
            Self::Aal2G726(Kbits::K32) => 108,
            Self::Aal2G726(Kbits::K40) => 109,
            // 110 is left to telephone events beside it.
            Self::Opus => 111,
        }
    }

    /// What our `a=fmtp` line says of it, where silence may go unsent or not; nothing if it is empty. Without a word Annex B
    /// of G.729 is meant to be used (RFC 4856 §2.1.9), and where one side refuses it neither does. For Opus it is what we
    /// like to hear (RFC 7587 §6.1): a line has 4 kHz and one channel.
    pub const fn fmtp(self, silence: bool) -> &'static str {
        match self {
            Self::G729 if silence => "annexb=yes",
            Self::G729 => "annexb=no",
            Self::Opus if silence => {
                "maxplaybackrate=8000;sprop-maxcapturerate=8000;stereo=0;useinbandfec=1;usedtx=1"
            }
            Self::Opus => "maxplaybackrate=8000;sprop-maxcapturerate=8000;stereo=0;useinbandfec=1;usedtx=0",
            Self::Pcmu | Self::Pcma | Self::L16 | Self::G722 | Self::G726(_) | Self::Aal2G726(_) => "",
        }
    }

    /// Whether `parameters`, those of an `a=fmtp` line, let Annex B of G.729 be used.
    pub fn allows_annex_b(self, parameters: &str) -> bool {
        let said = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        let refused = |(name, value): (&str, &str)| {
            name.trim().eq_ignore_ascii_case("annexb") && value.trim().eq_ignore_ascii_case("no")
        };
        self == Self::G729 && !said.into_iter().any(refused)
    }

    /// The codec of an encoding name, clock rate and channels as rtpmap has them.
    pub fn from_encoding(name: &str, clock_rate: u32, channels: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| {
            codec.name().eq_ignore_ascii_case(name)
                && codec.clock_rate() == clock_rate
                && codec.channels() == channels
        })
    }
}

/// What the far end has said of the Opus that it wants to hear (RFC 7587 §6.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpusTerms {
    /// `useinbandfec`: each packet repeats what the one before it said.
    pub repeats: bool,
    /// `usedtx`: silence may go unsent.
    pub silent: bool,
    /// `cbr`: all packets have one size.
    pub constant: bool,
    /// `maxaveragebitrate`, in bits per second.
    pub most_bits: u32,
}

impl OpusTerms {
    /// The terms of an `a=fmtp` line; what it does not say is as the standard has it.
    pub fn parse(parameters: &str) -> Self {
        let mut terms = Self { repeats: false, silent: false, constant: false, most_bits: MAX_OPUS_BITS };
        for (name, value) in parameters.split(';').filter_map(|parameter| parameter.split_once('=')) {
            let (name, value) = (name.trim(), value.trim());
            let flag = || value == "1";
            if name.eq_ignore_ascii_case("useinbandfec") {
                terms.repeats = flag();
            } else if name.eq_ignore_ascii_case("usedtx") {
                terms.silent = flag();
            } else if name.eq_ignore_ascii_case("cbr") {
                terms.constant = flag();
            } else if name.eq_ignore_ascii_case("maxaveragebitrate") {
                let bits = value.parse().unwrap_or(MAX_OPUS_BITS);
                terms.most_bits = bits.clamp(MIN_OPUS_BITS, MAX_OPUS_BITS);
            }
        }
        terms
    }
}

/// Bits per second of Opus, at the least and the most (RFC 7587 §6.1).
const MIN_OPUS_BITS: u32 = 6000;
const MAX_OPUS_BITS: u32 = 510_000;
/// The clock of telephony, and of comfort noise.
pub(super) const TELEPHONY_CLOCK: u32 = 8000;
/// The clock of Opus (RFC 7587 §4.1).
pub(super) const OPUS_CLOCK: u32 = 48_000;
/// The clocks that telephone events can have: those of the sound beside them.
pub(super) const EVENT_CLOCKS: [u32; 2] = [TELEPHONY_CLOCK, OPUS_CLOCK];

/// The payload type under which we offer telephone events (RFC 4733).
pub const TELEPHONE_EVENT_TYPE: u8 = 101;
/// The same on the clock of Opus.
pub const OPUS_EVENT_TYPE: u8 = 110;
/// The payload type of comfort noise (RFC 3389 §4).
pub const COMFORT_NOISE_TYPE: u8 = 13;
/// Codecs kept of one media description.
pub const MAX_CODECS: usize = 16;
/// Media descriptions kept of one session.
pub const MAX_STREAMS: usize = 8;
/// Packet time where nothing says otherwise, RFC 3551 §4.2.
pub const DEFAULT_PTIME: Millis = Millis(20);
/// Longest packet time that we agree to.
pub const MAX_PTIME: Millis = Millis(60);

/// What both directions allow, seen from the same side.
pub(super) fn both(a: Direction, b: Direction) -> Direction {
    Direction::of(a.sends() && b.sends(), a.receives() && b.receives())
}

/// Our side of a session: where we receive and what we can do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalMedia {
    /// Where we receive RTP.
    pub rtp: SocketAddr,
    /// Where we receive RTCP if it is not the next UDP port (RFC 3605).
    pub rtcp: Option<SocketAddr>,
    /// The codecs in order of preference.
    pub codecs: Vec<Codec>,
    /// Our order decides also where the far end offers; else its own does, as RFC 3264 §6.1 recommends.
    pub own_order: bool,
    /// Whether we send and receive telephone events.
    pub telephone_events: bool,
    /// Whether silence may go unsent: comfort noise (RFC 3389) and Annex B of G.729 are offered. Comfort noise that the
    /// far end offers is taken in any case.
    pub silence: bool,
    /// The packet time that we like to receive.
    pub ptime: Millis,
    /// What we are ready to do: `SendOnly` or `Inactive` holds the far end.
    pub direction: Direction,
}

impl LocalMedia {
    /// G.711 in both laws, telephone events, 20 ms, both ways.
    pub fn g711(rtp: SocketAddr) -> Self {
        Self {
            rtp,
            rtcp: None,
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            own_order: false,
            telephone_events: true,
            silence: false,
            ptime: DEFAULT_PTIME,
            direction: Direction::SendRecv,
        }
    }

    /// The same with another direction.
    pub fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }
}

/// One media description of a received offer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfferedMedia {
    /// `audio`, `image` and so on.
    pub kind: String,
    /// The transport profile, such as `RTP/AVP`.
    pub profile: String,
    /// Where the far end receives, if it is a plain address.
    pub remote: Option<SocketAddr>,
    /// The codecs that we know, in the order of the offer.
    pub codecs: Vec<Codec>,
    /// Whether telephone events are offered.
    pub telephone_events: bool,
    /// The direction as the far end states it.
    pub direction: Direction,
}

/// A payload type each way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypePair {
    /// In packets that we send.
    pub send: u8,
    /// In packets that we receive.
    pub receive: u8,
}

/// Telephone events of a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventPlan {
    /// The payload type in packets that we send.
    pub send: u8,
    /// The clock of what we send, in hertz: that of the codec in use where the far end has it.
    pub clock: u32,
    /// Payload types in packets that we receive, and the clock of each.
    pub receive: Vec<(u8, u32)>,
}

/// One agreed stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamPlan {
    /// Where to send RTP.
    pub remote_rtp: SocketAddr,
    /// Where to send RTCP.
    pub remote_rtcp: SocketAddr,
    /// The codec that we send.
    pub codec: Codec,
    /// Its payload type in packets that we send.
    pub send_type: u8,
    /// All codecs that may arrive, by payload type.
    pub receive_types: Vec<(u8, Codec)>,
    /// Telephone events, if agreed.
    pub events: Option<EventPlan>,
    /// Comfort noise, if agreed.
    pub noise: Option<TypePair>,
    /// Both sides use Annex B of G.729, if that is the codec.
    pub annex_b: bool,
    /// What the far end wants of Opus, if that is the codec.
    pub opus: Option<OpusTerms>,
    /// The length of the packets that we send.
    pub send_ptime: Millis,
    /// The length of the packets that we asked for.
    pub receive_ptime: Millis,
    /// Which way media flow, seen from us.
    pub direction: Direction,
}

/// What an offer and its answer agreed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MediaPlan {
    /// The streams; empty if all were refused.
    pub streams: Vec<StreamPlan>,
}

impl MediaPlan {
    /// The first stream, the only one that a telephone line uses.
    pub fn audio(&self) -> Option<&StreamPlan> {
        self.streams.first()
    }

    /// Whether the far end has us on hold: it does not want to hear us.
    pub fn is_held(&self) -> bool {
        self.streams.first().is_some_and(|s| !s.direction.sends())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_mirror() {
        assert_eq!(Direction::SendOnly.reversed(), Direction::RecvOnly);
        assert_eq!(both(Direction::SendRecv, Direction::RecvOnly), Direction::RecvOnly);
        assert_eq!(both(Direction::SendOnly, Direction::RecvOnly), Direction::Inactive);
    }

    #[test]
    fn l16_at_44_khz_is_not_ours() {
        assert_eq!(Codec::from_encoding("l16", 8000, 1), Some(Codec::L16));
        assert_eq!(Codec::from_encoding("L16", 44_100, 1), None);
        assert_eq!(Codec::from_encoding("PCMU", 8000, 2), None);
    }
}
