//! The offer/answer machine.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use tipring_units::Millis;

use super::media::{
    COMFORT_NOISE_TYPE, Codec, Direction, EVENT_CLOCKS, EventPlan, LocalMedia, MAX_CODECS, MAX_PTIME,
    MAX_STREAMS, MediaPlan, OPUS_CLOCK, OPUS_EVENT_TYPE, OfferedMedia, OpusTerms, StreamPlan,
    TELEPHONE_EVENT_TYPE, TELEPHONY_CLOCK, TypePair, both,
};
use crate::sdp::{
    Connection, Media, MediaKind, Origin, Proto, RtcpAddress, Rtpmap, SdpError, SessionDescription,
};

/// Comfort noise in SDP, RFC 3389 §4.
const NOISE: &str = "CN";
const NOISE_CLOCK: u32 = 8000;
/// Telephone events in SDP, RFC 4733 §7.1.1, and which of them.
const EVENTS: &str = "telephone-event";
const EVENT_NUMBERS: &str = "0-16";

/// The payload types that SDP may give any meaning, RFC 3551 §3.
const FIRST_DYNAMIC: u8 = 96;
const MAX_PAYLOAD_TYPE: u8 = 127;

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
    event_types: BTreeMap<u32, u8>,
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
            event_types: BTreeMap::from([
                (TELEPHONY_CLOCK, TELEPHONE_EVENT_TYPE),
                (OPUS_CLOCK, OPUS_EVENT_TYPE),
            ]),
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
            line.add_payload(rtpmap(number, *codec), codec.fmtp(media.silence));
        }
        if media.silence {
            line.add_payload(Rtpmap::new(self.noise_type, NOISE, NOISE_CLOCK), "");
        }
        if media.telephone_events {
            // On the clock of each sound that they may stand beside.
            let has = |clock: &u32| media.codecs.iter().any(|codec| codec.clock_rate() == *clock);
            for (clock, number) in self.event_types.iter().filter(|(clock, _)| has(clock)) {
                line.add_payload(Rtpmap::new(*number, EVENTS, *clock), EVENT_NUMBERS);
            }
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
                let taken = offer.media.get(index).map(|theirs| theirs.payload_types().collect::<Vec<u8>>());
                self.make_room(&taken.unwrap_or_default());
                for (number, codec) in &stream.receive_types {
                    self.types.insert(*codec, *number);
                }
                for (number, clock) in stream.events.iter().flat_map(|events| &events.receive) {
                    self.event_types.insert(*clock, *number);
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

    /// Payload types that the far end uses are taken: what we would offer under the same gets another.
    fn make_room(&mut self, taken: &[u8]) {
        let own = self.types.values().chain(self.event_types.values()).chain([&self.noise_type]);
        let mut used: Vec<u8> = own.chain(taken).copied().collect();
        let numbers = self.types.values_mut().chain(self.event_types.values_mut());
        for number in numbers.filter(|number| **number >= FIRST_DYNAMIC && taken.contains(number)) {
            if let Some(free) = (FIRST_DYNAMIC..=MAX_PAYLOAD_TYPE).find(|free| !used.contains(free)) {
                *number = free;
                used.push(free);
            }
        }
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
        let known = event_types(theirs, &agreed).filter(|_| media.telephone_events);
        let own =
            |(number, clock): (u8, u32)| (self.event_types.get(&clock).copied().unwrap_or(number), clock);
        let known: Vec<(u8, u32)> = known.collect();
        let events = event_plan(&known, codec, known.iter().copied().map(own).collect());
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
                opus: opus_terms(theirs, send_type, codec),
                send_ptime: ptime_of(theirs, media.ptime, codec),
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
    // In the order of the offer, so that both sides prefer the same (§6.1), if there is no reason for another.
    let mut agreed: Vec<(u8, Codec)> =
        codecs_of(theirs).filter(|(_, codec)| media.codecs.contains(codec)).collect();
    if media.own_order {
        agreed.sort_by_key(|(_, codec)| media.codecs.iter().position(|own| own == codec));
    }
    let (send_type, codec) = agreed.first().copied()?;
    let events: Vec<(u8, u32)> = event_types(theirs, &agreed).filter(|_| media.telephone_events).collect();
    let noise = noise_type(theirs);
    let direction = both(their_direction(offer, theirs).reversed(), media.direction);
    let mut line = Media::audio(media.rtp.port());
    for (number, codec) in &agreed {
        let silence = media.silence && annex_b(theirs, *number, *codec);
        let silence = silence || (*codec == Codec::Opus && media.silence);
        line.add_payload(rtpmap(*number, *codec), codec.fmtp(silence));
    }
    if let Some(number) = noise {
        line.add_payload(Rtpmap::new(number, NOISE, NOISE_CLOCK), "");
    }
    for (number, clock) in &events {
        line.add_payload(Rtpmap::new(*number, EVENTS, *clock), EVENT_NUMBERS);
    }
    finish_line(&mut line, media, direction);
    let stream = StreamPlan {
        remote_rtp: remote,
        remote_rtcp: rtcp_of(theirs, remote),
        codec,
        send_type,
        receive_types: agreed,
        events: event_plan(&events, codec, events.clone()),
        noise: noise.map(|number| TypePair { send: number, receive: number }),
        annex_b: media.silence && annex_b(theirs, send_type, codec),
        opus: opus_terms(theirs, send_type, codec),
        send_ptime: ptime_of(theirs, media.ptime, codec),
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
        telephone_events: events_of(media).next().is_some(),
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

/// Our rtpmap of a codec.
fn rtpmap(number: u8, codec: Codec) -> Rtpmap {
    let channels = Some(codec.channels()).filter(|channels| *channels > 1);
    Rtpmap { channels, ..Rtpmap::new(number, codec.name(), codec.clock_rate()) }
}

/// Payload types of telephone events and their clocks, the first of each clock.
fn events_of(media: &Media) -> impl Iterator<Item = (u8, u32)> {
    EVENT_CLOCKS.into_iter().filter_map(|clock| {
        let is = |number: &u8| media.rtpmap(*number).is_some_and(|map| map.is(EVENTS, clock));
        Some((media.payload_types().find(is)?, clock))
    })
}

/// The same, of those on the clock of a codec that both have; where there are none, whatever they have.
fn event_types(media: &Media, agreed: &[(u8, Codec)]) -> impl Iterator<Item = (u8, u32)> {
    let fits = |clock: u32| agreed.iter().any(|(_, codec)| codec.clock_rate() == clock);
    let any = events_of(media).any(|(_, clock)| fits(clock));
    events_of(media).filter(move |(_, clock)| !any || fits(*clock))
}

/// Telephone events beside `codec`: on its clock where the far end has them so.
fn event_plan(theirs: &[(u8, u32)], codec: Codec, receive: Vec<(u8, u32)>) -> Option<EventPlan> {
    let fitting = theirs.iter().find(|(_, clock)| *clock == codec.clock_rate());
    let (send, clock) = *fitting.or(theirs.first())?;
    Some(EventPlan { send, clock, receive })
}

/// What they want of Opus, if that is the codec.
fn opus_terms(theirs: &Media, number: u8, codec: Codec) -> Option<OpusTerms> {
    (codec == Codec::Opus).then(|| OpusTerms::parse(theirs.fmtp(number).unwrap_or_default()))
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

/// The packets that they want, ours where they do not say: whole ticks of 10 ms, within their maximum and ours, that the
/// codec can make.
fn ptime_of(media: &Media, ours: Millis, codec: Codec) -> Millis {
    let wanted = media.ptime.unwrap_or(ours).0;
    let most = media.maxptime.unwrap_or(MAX_PTIME).0.min(MAX_PTIME.0);
    codec.packets_up_to(Millis((wanted.min(most) / 10 * 10).max(10)))
}

#[cfg(test)]
mod tests;
