//! One dialog of a far end.

use core::net::SocketAddr;

use tipring_media::Processing;
use tipring_port::{CodecName, G726Packing, G726Rate};
use tipring_sip::message::{Headers, NameAddr, Request, Uri};
use tipring_sip::sdp::{
    Connection, Direction, Media as SdpMedia, MediaKind, Origin, Proto, Rtpmap, SessionDescription,
};
use tipring_units::{Instant, Millis};

use super::media::{Agreed, Media};
use crate::plant::Fidelity;

/// Payload type of telephone events in offers.
const EVENTS: u8 = 101;
const NOISE: u8 = 13;

/// Where a dialog is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// INVITE without a final answer.
    Early,
    /// Answered.
    Confirmed,
    /// Over.
    Ended,
}

/// One dialog.
pub(super) struct Leg<A: Processing + Fidelity> {
    /// Which call of this far end, from 1.
    pub call: usize,
    /// Which early dialog of the call, from 1.
    pub fork: u8,
    /// This end called.
    pub outgoing: bool,
    pub stage: Stage,
    pub call_id: String,
    pub local: NameAddr,
    pub remote: NameAddr,
    pub target: Uri,
    pub routes: Vec<NameAddr>,
    pub cseq: u32,
    /// The INVITE that came or went last.
    pub invite: Request,
    pub media: Media<A>,
    pub version: u64,
    pub holding: bool,
    /// What it offers, in place of both laws of G.711.
    pub only: Option<CodecName>,
    /// The description that came from the far side.
    pub offer: Option<SessionDescription>,
    /// The last 200 or ACK, to be sent again.
    pub last: Vec<u8>,
    pub answered: bool,
    /// This end's INVITE bore no offer: its ACK bears an answer.
    pub answers_late: bool,
    /// When the first packet came although the call is over, and whether that was told.
    pub late_sound: Option<(Instant, bool)>,
    /// The REFER that it does, by its number.
    pub referred: Option<u32>,
}

/// An answer that is repeated until the ACK.
#[derive(Clone, Debug)]
pub(super) struct Repeat {
    pub call_id: String,
    pub cseq: u32,
    pub bytes: Vec<u8>,
    pub next: Instant,
    pub interval: Millis,
    pub until: Instant,
}

/// What an end knows of RTP beside codecs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knows {
    /// Telephone events.
    pub events: bool,
    /// Comfort noise.
    pub noise: bool,
}

impl<A: Processing + Fidelity> Leg<A> {
    /// What this end offers.
    pub fn offer(&mut self, knows: Knows) -> SessionDescription {
        let mut media = SdpMedia::audio(self.media.local().port());
        match self.only {
            Some(codec) => {
                let number = if codec == CodecName::G722 { 9 } else { 97 };
                media.add_payload(rtpmap(number, codec), fmtp(codec));
            }
            None => {
                media.add_payload(Rtpmap::new(0, "PCMU", 8000), "");
                media.add_payload(Rtpmap::new(8, "PCMA", 8000), "");
            }
        }
        if knows.noise {
            media.add_payload(Rtpmap::new(NOISE, "CN", 8000), "");
        }
        if knows.events {
            let clock = self.only.map_or(8000, |codec| codec.clock().hertz());
            media.add_payload(Rtpmap::new(EVENTS, "telephone-event", clock), "0-15");
        }
        media.direction = Some(if self.holding { Direction::SendOnly } else { Direction::SendRecv });
        self.describe(media)
    }

    /// An offer of fax relay alone.
    pub fn offer_relay(&mut self) -> SessionDescription {
        let mut media = SdpMedia::audio(self.media.local().port());
        media.kind = MediaKind::Image;
        media.proto = Proto::Udptl;
        media.formats = vec!["t38".to_owned()];
        self.describe(media)
    }

    fn describe(&mut self, media: SdpMedia) -> SessionDescription {
        self.version += 1;
        let address = self.media.local().ip();
        let origin = Origin::new(self.call as u64 * 100 + u64::from(self.fork), self.version, address);
        let mut description = SessionDescription::new(origin, Connection::new(address));
        description.media.push(media);
        description
    }

    /// The answer to what was offered; the media follow it.
    pub fn answer(&mut self, knows: Knows) -> Option<SessionDescription> {
        let offer = self.offer.clone()?;
        let (remote, theirs, direction) = audio_of(&offer)?;
        let (kind, codec) = codec_in(&theirs)?;
        let clock = codec.clock().hertz();
        let events = type_in(&theirs, "telephone-event", clock).filter(|_| knows.events);
        let noise = type_in(&theirs, "CN", 8000).filter(|_| knows.noise);
        let (ours, plays, sends) = match direction {
            Direction::SendRecv => (Direction::SendRecv, true, true),
            Direction::SendOnly => (Direction::RecvOnly, true, false),
            Direction::RecvOnly => (Direction::SendOnly, false, true),
            Direction::Inactive => (Direction::Inactive, false, false),
        };
        self.media.agree(Agreed { remote, kind, codec, events, noise, sends, plays });
        let mut media = SdpMedia::audio(self.media.local().port());
        media.add_payload(rtpmap(kind, codec), fmtp(codec));
        if let Some(noise) = noise {
            media.add_payload(Rtpmap::new(noise, "CN", 8000), "");
        }
        if let Some(events) = events {
            media.add_payload(Rtpmap::new(events, "telephone-event", clock), "0-15");
        }
        media.direction = Some(ours);
        Some(self.describe(media))
    }

    /// Takes the answer to what this end offered.
    pub fn take_answer(&mut self, answer: &SessionDescription, knows: Knows) {
        let Some((remote, theirs, direction)) = audio_of(answer) else { return };
        let Some((kind, codec)) = codec_in(&theirs) else { return };
        let clock = codec.clock().hertz();
        let events = type_in(&theirs, "telephone-event", clock).filter(|_| knows.events);
        let noise = type_in(&theirs, "CN", 8000).filter(|_| knows.noise);
        let receives = matches!(direction, Direction::SendRecv | Direction::RecvOnly);
        let gives = matches!(direction, Direction::SendRecv | Direction::SendOnly);
        let plays = gives && !self.holding;
        self.media.agree(Agreed { remote, kind, codec, events, noise, sends: receives, plays });
    }
}

/// The word for a direction.
pub(super) fn direction_of(description: &SessionDescription) -> &'static str {
    match audio_of(description).map(|(_, _, direction)| direction) {
        Some(Direction::SendRecv) => "sendrecv",
        Some(Direction::SendOnly) => "sendonly",
        Some(Direction::RecvOnly) => "recvonly",
        Some(Direction::Inactive) => "inactive",
        None => "nothing",
    }
}

/// The description in a message, if there is one.
pub(super) fn description_of(headers: &Headers, body: &[u8]) -> Option<SessionDescription> {
    let kind = headers.content_type().ok()??;
    if !kind.is("application", "sdp") {
        return None;
    }
    SessionDescription::parse(body).ok()
}

/// The codec that a description likes best.
pub(super) fn codec_of(description: &SessionDescription) -> String {
    let found = audio_of(description).and_then(|(_, media, _)| Some((codec_in(&media)?.1, media.ptime)));
    let Some((codec, ptime)) = found else { return "nothing".to_owned() };
    let ptime = ptime.map_or_else(String::new, |ptime| format!(" {}ms", ptime.0));
    format!("{}{ptime}", name_of(codec))
}

fn audio_of(description: &SessionDescription) -> Option<(SocketAddr, SdpMedia, Direction)> {
    let media = description.media.iter().find(|media| media.kind == MediaKind::Audio && media.port != 0)?;
    let connection = description.connection_of(media)?;
    let mut direction = description.direction_of(media);
    if connection.is_unspecified() {
        direction = Direction::SendOnly;
    }
    Some((SocketAddr::new(connection.address.ip()?, media.port), media.clone(), direction))
}

fn codec_in(media: &SdpMedia) -> Option<(u8, CodecName)> {
    media.payload_types().find_map(|number| {
        let map = media.rtpmap(number)?;
        let is = |codec: &CodecName| map.is(name_of(*codec), codec.clock().hertz());
        let known = CodecName::ALL.into_iter().find(is)?;
        Some((number, known))
    })
}

fn type_in(media: &SdpMedia, encoding: &str, clock: u32) -> Option<u8> {
    media.payload_types().find(|number| media.rtpmap(*number).is_some_and(|map| map.is(encoding, clock)))
}

fn rtpmap(number: u8, codec: CodecName) -> Rtpmap {
    let channels = (codec == CodecName::Opus).then_some(2);
    Rtpmap { channels, ..Rtpmap::new(number, name_of(codec), codec.clock().hertz()) }
}

const fn fmtp(codec: CodecName) -> &'static str {
    match codec {
        CodecName::Opus => "useinbandfec=1",
        CodecName::Pcmu
        | CodecName::Pcma
        | CodecName::L16
        | CodecName::G722
        | CodecName::G726(..)
        | CodecName::G729 => "",
    }
}

const fn name_of(codec: CodecName) -> &'static str {
    match codec {
        CodecName::Pcmu => "PCMU",
        CodecName::Pcma => "PCMA",
        CodecName::L16 => "L16",
        CodecName::G722 => "G722",
        CodecName::G729 => "G729",
        CodecName::Opus => "opus",
        CodecName::G726(rate, G726Packing::Rfc3551) => match rate {
            G726Rate::R16 => "G726-16",
            G726Rate::R24 => "G726-24",
            G726Rate::R32 => "G726-32",
            G726Rate::R40 => "G726-40",
        },
        CodecName::G726(rate, G726Packing::Aal2) => match rate {
            G726Rate::R16 => "AAL2-G726-16",
            G726Rate::R24 => "AAL2-G726-24",
            G726Rate::R32 => "AAL2-G726-32",
            G726Rate::R40 => "AAL2-G726-40",
        },
    }
}
