//! The offer/answer machine.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use tipring_units::Millis;

use super::media::{
    COMFORT_NOISE_TYPE, Codec, Direction, LocalMedia, MAX_CODECS, MAX_PTIME, MAX_STREAMS, MediaPlan,
    OfferedMedia, StreamPlan, TELEPHONE_EVENT_TYPE, TypePair, both,
};
use crate::sdp::{
    Connection, Media, MediaKind, Origin, Proto, RtcpAddress, Rtpmap, SdpError, SessionDescription,
};

/// Comfort noise in SDP, RFC 3389 §4.
const NOISE: &str = "CN";
const NOISE_CLOCK: u32 = 8000;
/// The clock of telephone events for narrow-band audio, RFC 4733 §2.
const EVENT_CLOCK: u32 = 8000;

/// Why a description cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SdpRefused {
    /// It is no SDP.
    #[error("malformed SDP: {0}")]
    Malformed(SdpError),
    /// No stream has a codec, profile and address that both sides can use.
    #[error("no audio stream with a common codec")]
    NothingInCommon,
    /// Our audio was refused.
    #[error("the far end refused the audio stream")]
    Refused,
    /// It came when neither an offer nor an answer was to be expected.
    #[error("SDP out of turn")]
    OutOfTurn,
}

impl SdpRefused {
    /// The status that says so.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::NothingInCommon | Self::Refused => 488,
            Self::OutOfTurn => 491,
        }
    }

    /// The value of a Warning header, RFC 3261 §20.43.
    pub fn warning(&self) -> String {
        let code = match self {
            Self::Malformed(_) | Self::OutOfTurn => 399,
            Self::NothingInCommon => 305,
            Self::Refused => 304,
        };
        format!("{code} tipring \"{}\"", self.to_string().replace(['"', '\\'], "'"))
    }
}

#[derive(Clone, PartialEq, Debug)]
enum State {
    Idle,
    /// Our offer has no answer.
    Offered {
        offer: SessionDescription,
        media: LocalMedia,
    },
    /// Their offer has no answer.
    Asked {
        offer: SessionDescription,
    },
}

/// The offers and answers of one dialog.
#[derive(Clone, PartialEq, Debug)]
pub struct OfferAnswer {
    id: u32,
    version: u64,
    state: State,
    /// Our latest description.
    local: Option<SessionDescription>,
    /// The streams so far, as m= lines to be refused; ours is at `audio`.
    slots: Vec<Media>,
    audio: usize,
    /// Payload types under which we receive: they never change their meaning within a session (§8.3.2).
    types: BTreeMap<Codec, u8>,
    event_type: u8,
    noise_type: u8,
    plan: Option<MediaPlan>,
    preview: Option<MediaPlan>,
}

impl OfferAnswer {
    /// A machine whose descriptions bear the session number `id`.
    pub fn new(id: u32) -> Self {
        Self {
            id,
            version: 0,
            state: State::Idle,
            local: None,
            slots: Vec::new(),
            audio: 0,
            types: Codec::ALL.into_iter().map(|codec| (codec, codec.offered_payload_type())).collect(),
            event_type: TELEPHONE_EVENT_TYPE,
            noise_type: COMFORT_NOISE_TYPE,
            plan: None,
            preview: None,
        }
    }

    /// Whether no offer is open.
    pub fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// Whether our offer is open.
    pub const fn awaits_answer(&self) -> bool {
        matches!(self.state, State::Offered { .. })
    }

    /// Whether their offer is open.
    pub const fn has_remote_offer(&self) -> bool {
        matches!(self.state, State::Asked { .. })
    }

    /// What is agreed.
    pub const fn plan(&self) -> Option<&MediaPlan> {
        self.plan.as_ref()
    }

    /// Our latest description.
    pub fn local_body(&self) -> Option<Vec<u8>> {
        self.local.as_ref().map(SessionDescription::to_bytes)
    }

    /// Makes an offer.
    pub fn offer(&mut self, media: &LocalMedia) -> Vec<u8> {
        let mut line = Media::audio(media.rtp.port());
        for codec in media.codecs.iter().take(MAX_CODECS) {
            let number = self.types.get(codec).copied().unwrap_or(codec.offered_payload_type());
            line.add_payload(
                Rtpmap::new(number, codec.name(), codec.clock_rate()),
                codec.fmtp(media.silence),
            );
        }
        if media.silence {
            line.add_payload(Rtpmap::new(self.noise_type, NOISE, NOISE_CLOCK), "");
        }
        if media.telephone_events {
            line.add_payload(Rtpmap::new(self.event_type, "telephone-event", EVENT_CLOCK), "0-16");
        }
        finish_line(&mut line, media, media.direction);
        let mut lines: Vec<Media> = self.slots.iter().map(Media::refused).collect();
        match lines.get_mut(self.audio) {
            Some(slot) => *slot = line,
            None => lines.push(line),
        }
        self.slots.clone_from(&lines);
        let offer = self.publish(media.rtp, lines);
        let body = offer.to_bytes();
        self.preview = None;
        self.state = State::Offered { offer, media: media.clone() };
        body
    }

    /// Takes an offer of the far end.
    ///
    /// # Errors
    /// When it is no SDP, or our own offer is open.
    pub fn receive_offer(&mut self, body: &[u8]) -> Result<Vec<OfferedMedia>, SdpRefused> {
        if self.awaits_answer() {
            return Err(SdpRefused::OutOfTurn);
        }
        let offer = SessionDescription::parse(body).map_err(SdpRefused::Malformed)?;
        let offered = offer.media.iter().take(MAX_STREAMS).map(|media| describe(&offer, media)).collect();
        self.state = State::Asked { offer };
        Ok(offered)
    }

    /// Answers the open offer.
    ///
    /// # Errors
    /// When nothing is offered that we can do; the offer stays open.
    pub fn answer(&mut self, media: &LocalMedia) -> Result<(Vec<u8>, MediaPlan), SdpRefused> {
        let State::Asked { offer } = &self.state else { return Err(SdpRefused::OutOfTurn) };
        let offer = offer.clone();
        let mut lines = Vec::new();
        let mut found = None;
        for (index, theirs) in offer.media.iter().enumerate() {
            match found.is_none().then(|| accept(&offer, theirs, media)).flatten() {
                Some((line, stream)) => {
                    found = Some((index, stream));
                    lines.push(line);
                }
                None => lines.push(theirs.refused()),
            }
        }
        let plan = match found {
            Some((index, stream)) => {
                self.audio = index;
                for (number, codec) in &stream.receive_types {
                    self.types.insert(*codec, *number);
                }
                if let Some(events) = stream.events {
                    self.event_type = events.receive;
                }
                if let Some(noise) = stream.noise {
                    self.noise_type = noise.receive;
                }
                MediaPlan { streams: vec![stream] }
            }
            // All streams are switched off: there is nothing to disagree about.
            None if offer.media.iter().all(|m| m.port == 0) => MediaPlan::default(),
            None => return Err(SdpRefused::NothingInCommon),
        };
        self.slots = offer.media;
        let body = self.publish(media.rtp, lines).to_bytes();
        self.settle(plan.clone());
        Ok((body, plan))
    }

    /// Takes the answer to our offer.
    ///
    /// # Errors
    /// When it is no SDP, refuses our stream or agrees to nothing that we offered.
    pub fn receive_answer(&mut self, body: &[u8]) -> Result<MediaPlan, SdpRefused> {
        let plan = self.read_answer(body)?;
        self.settle(plan.clone());
        Ok(plan)
    }

    /// Reads an answer that an unreliable provisional response bears: the final one is still to come.
    ///
    /// # Errors
    /// As [`Self::receive_answer`].
    pub fn preview(&mut self, body: &[u8]) -> Result<MediaPlan, SdpRefused> {
        let plan = self.read_answer(body)?;
        self.preview = Some(plan.clone());
        Ok(plan)
    }

    /// Lets the previewed answer hold, for a 2xx without SDP.
    pub fn settle_preview(&mut self) -> Option<MediaPlan> {
        match (&self.state, self.preview.take()) {
            (State::Offered { .. }, Some(plan)) => {
                self.settle(plan.clone());
                Some(plan)
            }
            (State::Offered { .. }, None) => None,
            (State::Idle | State::Asked { .. }, _) => self.plan.clone(),
        }
    }

    /// Drops the open offer, ours or theirs; what was agreed before holds.
    pub fn withdraw(&mut self) {
        self.state = State::Idle;
        self.preview = None;
    }

    fn settle(&mut self, plan: MediaPlan) {
        self.state = State::Idle;
        self.preview = None;
        self.plan = Some(plan);
    }

    fn read_answer(&self, body: &[u8]) -> Result<MediaPlan, SdpRefused> {
        let State::Offered { offer, media } = &self.state else { return Err(SdpRefused::OutOfTurn) };
        let answer = SessionDescription::parse(body).map_err(SdpRefused::Malformed)?;
        let ours = offer.media.get(self.audio).ok_or(SdpRefused::OutOfTurn)?;
        let theirs = answer.media.get(self.audio).ok_or(SdpRefused::Refused)?;
        if theirs.port == 0 || theirs.kind != ours.kind {
            return Err(SdpRefused::Refused);
        }
        let remote = remote_of(&answer, theirs).ok_or(SdpRefused::NothingInCommon)?;
        let agreed: Vec<(u8, Codec)> =
            codecs_of(theirs).filter(|(_, codec)| media.codecs.contains(codec)).collect();
        let (send_type, codec) = agreed.first().copied().ok_or(SdpRefused::NothingInCommon)?;
        let receive_types = agreed
            .iter()
            .map(|(number, codec)| (self.types.get(codec).copied().unwrap_or(*number), *codec))
            .collect();
        let events = event_type(theirs)
            .filter(|_| media.telephone_events)
            .map(|send| TypePair { send, receive: self.event_type });
        let noise = noise_type(theirs)
            .filter(|_| media.silence)
            .map(|send| TypePair { send, receive: self.noise_type });
        let direction = both(their_direction(&answer, theirs).reversed(), media.direction);
        Ok(MediaPlan {
            streams: vec![StreamPlan {
                remote_rtp: remote,
                remote_rtcp: rtcp_of(theirs, remote),
                codec,
                send_type,
                receive_types,
                events,
                noise,
                annex_b: media.silence && annex_b(theirs, send_type, codec),
                send_ptime: ptime_of(theirs, media.ptime),
                receive_ptime: media.ptime,
                direction,
            }],
        })
    }

    /// A description with `lines`; its version grows when something else changed (§8).
    fn publish(&mut self, address: SocketAddr, lines: Vec<Media>) -> SessionDescription {
        let ip = address.ip();
        let make = |version| {
            let origin = Origin::new(u64::from(self.id), version, ip);
            let mut description = SessionDescription::new(origin, Connection::new(ip));
            description.media.clone_from(&lines);
            description
        };
        let mut description = make(self.version);
        if self.local.as_ref().is_some_and(|last| *last != description) {
            self.version += 1;
            description = make(self.version);
        }
        self.local = Some(description.clone());
        description
    }
}

fn finish_line(line: &mut Media, media: &LocalMedia, direction: Direction) {
    line.ptime = Some(media.ptime);
    line.direction = Some(direction);
    if let Some(rtcp) = media.rtcp {
        let address = (rtcp.ip() != media.rtp.ip()).then(|| rtcp.ip().into());
        line.rtcp = Some(RtcpAddress { port: rtcp.port(), address });
    }
}

/// Our m= line and the plan for one offered stream, if we can take it.
fn accept(offer: &SessionDescription, theirs: &Media, media: &LocalMedia) -> Option<(Media, StreamPlan)> {
    if theirs.kind != MediaKind::Audio || theirs.port == 0 || theirs.proto != Proto::RtpAvp {
        return None;
    }
    let remote = remote_of(offer, theirs)?;
    // In the order of the offer, so that both sides prefer the same (§6.1).
    let agreed: Vec<(u8, Codec)> =
        codecs_of(theirs).filter(|(_, codec)| media.codecs.contains(codec)).collect();
    let (send_type, codec) = agreed.first().copied()?;
    let events = event_type(theirs).filter(|_| media.telephone_events);
    let noise = noise_type(theirs);
    let direction = both(their_direction(offer, theirs).reversed(), media.direction);
    let mut line = Media::audio(media.rtp.port());
    for (number, codec) in &agreed {
        let silence = media.silence && annex_b(theirs, *number, *codec);
        line.add_payload(Rtpmap::new(*number, codec.name(), codec.clock_rate()), codec.fmtp(silence));
    }
    if let Some(number) = noise {
        line.add_payload(Rtpmap::new(number, NOISE, NOISE_CLOCK), "");
    }
    if let Some(number) = events {
        line.add_payload(Rtpmap::new(number, "telephone-event", EVENT_CLOCK), "0-16");
    }
    finish_line(&mut line, media, direction);
    let stream = StreamPlan {
        remote_rtp: remote,
        remote_rtcp: rtcp_of(theirs, remote),
        codec,
        send_type,
        receive_types: agreed,
        events: events.map(|number| TypePair { send: number, receive: number }),
        noise: noise.map(|number| TypePair { send: number, receive: number }),
        annex_b: media.silence && annex_b(theirs, send_type, codec),
        send_ptime: ptime_of(theirs, media.ptime),
        receive_ptime: media.ptime,
        direction,
    };
    Some((line, stream))
}

fn describe(offer: &SessionDescription, media: &Media) -> OfferedMedia {
    let mut codecs = Vec::new();
    for (_, codec) in codecs_of(media) {
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    OfferedMedia {
        kind: media.kind.to_string(),
        profile: media.proto.to_string(),
        remote: remote_of(offer, media),
        codecs,
        telephone_events: event_type(media).is_some(),
        direction: their_direction(offer, media),
    }
}

/// The codecs that we know, by payload type, in their order.
fn codecs_of(media: &Media) -> impl Iterator<Item = (u8, Codec)> {
    media.payload_types().take(4 * MAX_CODECS).filter_map(|number| {
        let map = media.rtpmap(number)?;
        let codec = Codec::from_encoding(&map.encoding, map.clock_rate, map.channels.unwrap_or(1))?;
        Some((number, codec))
    })
}

fn event_type(media: &Media) -> Option<u8> {
    media
        .payload_types()
        .find(|number| media.rtpmap(*number).is_some_and(|map| map.is("telephone-event", EVENT_CLOCK)))
}

fn noise_type(media: &Media) -> Option<u8> {
    media.payload_types().find(|number| media.rtpmap(*number).is_some_and(|map| map.is(NOISE, NOISE_CLOCK)))
}

/// Whether they take Annex B of `codec`, if it is G.729.
fn annex_b(theirs: &Media, number: u8, codec: Codec) -> bool {
    codec.allows_annex_b(theirs.fmtp(number).unwrap_or_default())
}

/// Where the far end receives RTP; 0.0.0.0 counts as an address, for hold.
fn remote_of(description: &SessionDescription, media: &Media) -> Option<SocketAddr> {
    let ip = description.connection_of(media)?.address.ip()?;
    Some(SocketAddr::new(ip, media.port))
}

fn rtcp_of(media: &Media, rtp: SocketAddr) -> SocketAddr {
    match &media.rtcp {
        Some(rtcp) => {
            let ip = rtcp.address.as_ref().and_then(crate::message::Host::ip).unwrap_or(rtp.ip());
            SocketAddr::new(ip, rtcp.port)
        }
        None => SocketAddr::new(rtp.ip(), rtp.port().saturating_add(1)),
    }
}

/// The direction as they state it. An unspecified address is the hold of RFC 2543: they do not listen.
fn their_direction(description: &SessionDescription, media: &Media) -> Direction {
    let stated = description.direction_of(media);
    if description.connection_of(media).is_some_and(Connection::is_unspecified) {
        both(stated, Direction::SendOnly)
    } else {
        stated
    }
}

/// The packets that they want, ours where they do not say: whole ticks of 10 ms, within their maximum and ours.
fn ptime_of(media: &Media, ours: Millis) -> Millis {
    let wanted = media.ptime.unwrap_or(ours).0;
    let most = media.maxptime.unwrap_or(MAX_PTIME).0.min(MAX_PTIME.0);
    Millis((wanted.min(most) / 10 * 10).max(10))
}

#[cfg(test)]
mod tests;
