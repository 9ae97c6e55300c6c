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
    pub const ALL: [Self; 13] = [
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
        }
    }

    /// The RTP clock in hertz.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Pcmu
            | Self::Pcma
            | Self::L16
            | Self::G722
            | Self::G726(_)
            | Self::Aal2G726(_)
            | Self::G729 => 8000,
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
            Self::L16 | Self::G726(_) | Self::Aal2G726(_) => None,
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
        }
    }

    /// What our `a=fmtp` line says of it; nothing if it is empty. Without a word Annex B of G.729 is meant to be used
    /// (RFC 4856 §2.1.9), and where one side refuses it neither does.
    pub const fn fmtp(self, annex_b: bool) -> &'static str {
        match self {
            Self::G729 if annex_b => "annexb=yes",
            Self::G729 => "annexb=no",
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

    /// The codec of an encoding name and clock rate with one channel.
    pub fn from_encoding(name: &str, clock_rate: u32, channels: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| {
            codec.name().eq_ignore_ascii_case(name) && codec.clock_rate() == clock_rate && channels == 1
        })
    }
}

/// The payload type under which we offer telephone events (RFC 4733).
pub const TELEPHONE_EVENT_TYPE: u8 = 101;
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
    pub events: Option<TypePair>,
    /// Comfort noise, if agreed.
    pub noise: Option<TypePair>,
    /// Both sides use Annex B of G.729, if that is the codec.
    pub annex_b: bool,
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
