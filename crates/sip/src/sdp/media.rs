//! One media section of a description.

use core::fmt;
use std::borrow::Cow;

use super::session::{Attribute, Bandwidth, Connection, find};
use crate::message::Host;
use tipring_units::{Hz, Millis};

/// `m=` and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// What flows.
    pub kind: MediaKind,
    /// UDP port; 0 refuses or removes the stream.
    pub port: u16,
    /// How many consecutive ports, 1 in practice.
    pub port_count: u16,
    /// How it flows.
    pub proto: Proto,
    /// Formats in order of preference: payload types for RTP, else words.
    pub formats: Vec<String>,
    /// `c=`
    pub connection: Option<Connection>,
    /// `b=`
    pub bandwidth: Vec<Bandwidth>,
    /// `a=ptime`
    pub ptime: Option<Millis>,
    /// `a=maxptime`
    pub maxptime: Option<Millis>,
    /// `a=sendrecv` and its kin.
    pub direction: Option<Direction>,
    /// `a=rtpmap` lines.
    pub rtpmaps: Vec<Rtpmap>,
    /// `a=fmtp` lines.
    pub fmtps: Vec<Fmtp>,
    /// `a=rtcp`
    pub rtcp: Option<RtcpAddress>,
    /// `a=rtcp-mux`
    pub rtcp_mux: bool,
    /// Other `a=` lines.
    pub attributes: Vec<Attribute>,
}

/// What flows in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
    /// Fax (T.38).
    Image,
    /// Data of applications.
    Application,
    /// Any other word.
    Other(String),
}

/// The transport of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proto {
    /// `RTP/AVP`
    RtpAvp,
    /// `RTP/SAVP`
    RtpSavp,
    /// `RTP/AVPF`
    RtpAvpf,
    /// `RTP/SAVPF`
    RtpSavpf,
    /// `UDP/TLS/RTP/SAVP`
    UdpTlsRtpSavp,
    /// `UDP/TLS/RTP/SAVPF`
    UdpTlsRtpSavpf,
    /// `udptl`
    Udptl,
    /// Any other word.
    Other(String),
}

/// Which way media flow, seen from the sender of the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// From the sender of the description only: hold.
    SendOnly,
    /// To the sender of the description only.
    RecvOnly,
    /// Neither way.
    Inactive,
}

/// `a=rtpmap`: what a payload type stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtpmap {
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Name of the encoding, as written.
    pub encoding: String,
    /// Clock rate.
    pub clock_rate: u32,
    /// Channels, where given.
    pub channels: Option<u8>,
}

/// `a=fmtp`: parameters of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fmtp {
    /// The format.
    pub format: String,
    /// The parameters as written.
    pub params: String,
}

/// `a=rtcp` (RFC 3605).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtcpAddress {
    /// UDP port.
    pub port: u16,
    /// Address, if it differs from that of RTP.
    pub address: Option<Host>,
}

impl Media {
    /// An audio stream over RTP without formats.
    pub const fn audio(port: u16) -> Self {
        Self {
            kind: MediaKind::Audio,
            port,
            port_count: 1,
            proto: Proto::RtpAvp,
            formats: Vec::new(),
            connection: None,
            bandwidth: Vec::new(),
            ptime: None,
            maxptime: None,
            direction: None,
            rtpmaps: Vec::new(),
            fmtps: Vec::new(),
            rtcp: None,
            rtcp_mux: false,
            attributes: Vec::new(),
        }
    }

    /// The refusal of this stream in an answer: the same m= line with port 0 (RFC 3264 §6).
    #[must_use]
    pub fn refused(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            proto: self.proto.clone(),
            formats: self.formats.clone(),
            ..Self::audio(0)
        }
    }

    /// The formats that are payload types, in order.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats.iter().filter_map(|format| format.parse().ok()).filter(|&pt| pt < 128)
    }

    /// What `payload_type` stands for: its rtpmap, else the static assignment of RFC 3551.
    pub fn rtpmap(&self, payload_type: u8) -> Option<Rtpmap> {
        let own = self.rtpmaps.iter().find(|map| map.payload_type == payload_type);
        own.cloned().or_else(|| Rtpmap::fixed(payload_type))
    }

    /// The format parameters of `payload_type`.
    pub fn fmtp(&self, payload_type: u8) -> Option<&str> {
        let own = self.fmtps.iter().find(|fmtp| fmtp.format.parse() == Ok(payload_type));
        own.map(|fmtp| fmtp.params.as_str())
    }

    /// The value of the first attribute of that name, as text; empty for one without value.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        find(&self.attributes, name)
    }

    /// Adds a payload type with its rtpmap and, if not empty, its parameters.
    pub fn add_payload(&mut self, map: Rtpmap, fmtp: &str) {
        self.formats.push(map.payload_type.to_string());
        if !fmtp.is_empty() {
            self.fmtps.push(Fmtp { format: map.payload_type.to_string(), params: fmtp.to_owned() });
        }
        self.rtpmaps.push(map);
    }
}

impl Rtpmap {
    /// A mono encoding.
    pub fn new(payload_type: u8, encoding: &str, clock_rate: u32) -> Self {
        Self { payload_type, encoding: encoding.to_owned(), clock_rate, channels: None }
    }

    /// Whether this is that encoding; names compare without case (RFC 4855 §3).
    pub fn is(&self, encoding: &str, clock_rate: u32) -> bool {
        self.encoding.eq_ignore_ascii_case(encoding) && self.clock_rate == clock_rate
    }

    /// The clock rate as a frequency.
    pub fn clock(&self) -> Hz {
        Hz(self.clock_rate as f32)
    }

    /// Static payload types of RFC 3551 table 4 that a telephone may meet.
    fn fixed(payload_type: u8) -> Option<Self> {
        const FIXED: [(u8, &str, u32); 9] = [
            (0, "PCMU", 8000),
            (3, "GSM", 8000),
            (4, "G723", 8000),
            (8, "PCMA", 8000),
            // G.722 samples at 16 kHz, its RTP clock is 8 kHz by an old error (RFC 3551 §4.5.2).
            (9, "G722", 8000),
            (13, "CN", 8000),
            (15, "G728", 8000),
            (18, "G729", 8000),
            (2, "G726-32", 8000),
        ];
        let found = FIXED.iter().find(|(pt, ..)| *pt == payload_type);
        found.map(|(pt, encoding, clock_rate)| Self::new(*pt, encoding, *clock_rate))
    }
}

impl Direction {
    /// The same flow seen from the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            Self::SendRecv | Self::Inactive => self,
        }
    }

    /// Whether the sender of the description sends.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the sender of the description receives.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The direction with these abilities.
    pub const fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Its attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

impl MediaKind {
    /// The kind of that word.
    pub fn from_name(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "audio" => Self::Audio,
            "video" => Self::Video,
            "image" => Self::Image,
            "application" => Self::Application,
            _ => Self::Other(name.to_owned()),
        }
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Image => "image",
            Self::Application => "application",
            Self::Other(name) => name,
        })
    }
}

impl Proto {
    const NAMES: [(Self, &'static str); 7] = [
        (Self::RtpAvp, "RTP/AVP"),
        (Self::RtpSavp, "RTP/SAVP"),
        (Self::RtpAvpf, "RTP/AVPF"),
        (Self::RtpSavpf, "RTP/SAVPF"),
        (Self::UdpTlsRtpSavp, "UDP/TLS/RTP/SAVP"),
        (Self::UdpTlsRtpSavpf, "UDP/TLS/RTP/SAVPF"),
        (Self::Udptl, "udptl"),
    ];

    /// The transport of that name, in any case.
    pub fn from_name(name: &str) -> Self {
        let known = Self::NAMES.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        known.map_or_else(|| Self::Other(name.to_owned()), |(proto, _)| proto)
    }

    /// Whether formats are RTP payload types.
    pub fn is_rtp(&self) -> bool {
        match self {
            Self::RtpAvp | Self::RtpSavp | Self::RtpAvpf | Self::RtpSavpf => true,
            Self::UdpTlsRtpSavp | Self::UdpTlsRtpSavpf => true,
            Self::Udptl => false,
            Self::Other(name) => name.to_ascii_uppercase().contains("RTP/"),
        }
    }
}

impl fmt::Display for Proto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Other(name) = self {
            return f.write_str(name);
        }
        let known = Self::NAMES.iter().find(|(proto, _)| proto == self);
        f.write_str(known.map_or("", |(_, name)| name))
    }
}
