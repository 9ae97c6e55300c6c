//! Which legs and bridges the calls need, on which shards.
//!
//! A line's leg lives on the line's shard; a far party's RTP leg is opened on the shard of the line that it first talks to, or
//! on the host's shard, and stays there. Who hears whom: [`rooms`].

mod rooms;

use std::collections::{BTreeMap, VecDeque};

use core::net::SocketAddr;

use tipring_call::{CallEvent, FarId, MediaAction, Party, Way};
use tipring_port::{
    CodecName, Command, Direction, DtmfMode, EventType, G726Packing, G726Rate, JitterSpec, LegSpec,
    MAX_EVENT_TYPES, MAX_PAYLOAD_TYPES, MediaCommand, OpusWish, PayloadType, RtpClock, RtpSpec, SilenceMode,
    Text,
};
use tipring_sip::offer_answer::{self, COMFORT_NOISE_TYPE, Codec, Kbits, LocalMedia, StreamPlan};
use tipring_units::{BridgeId, CallId, LegId, LineId, MediaSlot, Millis, ShardId};

use crate::site::{LineMedia, MediaSite, ServerSite, Site};

use rooms::Room;

/// A far party's media.
#[derive(Debug)]
struct FarMedia {
    slot: MediaSlot,
    leg: LegId,
    codecs: Vec<CodecName>,
    dtmf: DtmfMode,
    /// Silence may go unsent.
    vad: bool,
    ptime: Millis,
    jitter: JitterSpec,
    /// It carries a fax or a modem.
    data: bool,
    plan: Option<StreamPlan>,
    shard: Option<ShardId>,
}

/// Legs, bridges and sockets in use.
#[derive(Debug)]
pub(crate) struct MediaDesk {
    site: MediaSite,
    cname: Text<32>,
    line_shards: Vec<ShardId>,
    line_media: Vec<LineMedia>,
    /// Who calls, of each call; and the line that a far leg talks to, once that is known.
    callers: BTreeMap<CallId, Party>,
    partners: BTreeMap<FarId, LineId>,
    free: VecDeque<MediaSlot>,
    addresses: BTreeMap<MediaSlot, SocketAddr>,
    far: BTreeMap<FarId, FarMedia>,
    lines: BTreeMap<LineId, LegId>,
    rooms: Vec<Room>,
    last_leg: u64,
    last_bridge: u64,
    out: VecDeque<(ShardId, Command)>,
}

impl MediaDesk {
    /// A desk for a site with nothing open. `cname` names us in RTCP.
    pub(crate) fn new(site: &Site, cname: &str) -> Self {
        Self {
            site: site.media.clone(),
            cname: Text::new(cname),
            line_shards: site.lines.iter().map(|line| line.shard).collect(),
            line_media: site.lines.iter().map(|line| line.media.clone()).collect(),
            callers: BTreeMap::new(),
            partners: BTreeMap::new(),
            free: site.media.slots.iter().map(|(slot, _)| *slot).collect(),
            addresses: site.media.slots.iter().copied().collect(),
            far: BTreeMap::new(),
            lines: BTreeMap::new(),
            rooms: Vec::new(),
            last_leg: 0,
            last_bridge: 0,
            out: VecDeque::new(),
        }
    }

    /// The next command for a shard.
    pub(crate) fn poll(&mut self) -> Option<(ShardId, Command)> {
        self.out.pop_front()
    }

    /// Codecs and the like for sessions from now on; sockets stay as they are.
    pub(crate) fn configure(&mut self, site: &Site) {
        self.site.codecs.clone_from(&site.media.codecs);
        self.site.data_codecs.clone_from(&site.media.data_codecs);
        self.site.ptime = site.media.ptime;
        self.site.dtmf = site.media.dtmf;
        self.site.jitter = site.media.jitter;
        self.line_shards = site.lines.iter().map(|line| line.shard).collect();
        self.line_media = site.lines.iter().map(|line| line.media.clone()).collect();
    }

    /// Follows the calls: the line at the one end of a call has a say in how the other end is spoken to.
    pub(crate) fn call_event(&mut self, event: &CallEvent) {
        if let CallEvent::Created { call, from, .. } = *event {
            self.callers.insert(call, from);
        } else if let CallEvent::Routed { call, to, .. } = *event {
            match (self.callers.get(&call), to) {
                (Some(Party::Line(line)), Party::Far(far)) => self.partners.insert(far, *line),
                (Some(Party::Far(far)), Party::Line(line)) => self.partners.insert(*far, line),
                (Some(Party::Far(far)), Party::Far(_)) => self.partners.remove(far),
                (Some(Party::Line(_)), Party::Line(_)) | (None, _) => None,
            };
        } else if let CallEvent::Cleared { call, .. } = *event {
            self.callers.remove(&call);
        }
    }

    fn partner(&self, far: FarId) -> Option<&LineMedia> {
        self.line_media.get(usize::from(self.partners.get(&far)?.0))
    }

    /// Takes sockets for a far leg by `server`, if it is by one; `None` if all are in use. `data`: it carries a fax or a
    /// modem.
    pub(crate) fn reserve(
        &mut self,
        far: FarId,
        server: Option<&ServerSite>,
        data: bool,
    ) -> Option<LocalMedia> {
        let slot = self.free.pop_front()?;
        self.last_leg += 1;
        let leg = LegId(self.last_leg);
        let codecs = server.map_or_else(|| self.site.codecs.clone(), |server| server.codecs.clone());
        let dtmf = server.map_or(self.site.dtmf, |server| server.dtmf);
        let vad = server.is_some_and(|server| server.vad);
        let ptime = server.map_or(self.site.ptime, |server| server.ptime);
        let jitter = server.map_or(self.site.jitter, |server| server.jitter);
        let (plan, shard) = (None, None);
        self.far.insert(far, FarMedia { slot, leg, codecs, dtmf, vad, ptime, jitter, data, plan, shard });
        self.local(far)
    }

    /// What we offer or answer for a far leg.
    pub(crate) fn local(&self, far: FarId) -> Option<LocalMedia> {
        let media = self.far.get(&far)?;
        let rtp = *self.addresses.get(&media.slot)?;
        let partner = self.partner(far);
        let own = partner.map(|own| own.codecs(&media.codecs));
        let codecs = if media.data { &self.site.data_codecs } else { own.as_ref().unwrap_or(&media.codecs) };
        // Whoever orders a phone's codecs means its calls both ways.
        let own_order = !media.data && partner.is_some_and(|own| own.codecs.is_some());
        let ptime = partner.and_then(|own| own.ptime).unwrap_or(media.ptime);
        Some(LocalMedia {
            rtp,
            rtcp: None,
            codecs: codecs.iter().take(MAX_PAYLOAD_TYPES).map(|codec| codec_of(*codec)).collect(),
            own_order,
            telephone_events: matches!(media.dtmf, DtmfMode::Events(_)) && !media.data,
            silence: media.vad && !media.data,
            ptime,
            direction: offer_answer::Direction::SendRecv,
        })
    }

    /// A far leg carries a fax or a modem from now on. Whether the codec in use carries one; `None` within if none is in
    /// use yet.
    pub(crate) fn set_data(&mut self, far: FarId) -> Option<Option<bool>> {
        let media = self.far.get_mut(&far)?;
        media.data = true;
        Some(media.plan.as_ref().map(|plan| matches!(plan.codec, Codec::Pcmu | Codec::Pcma)))
    }

    /// True if a far leg carries a fax or a modem.
    pub(crate) fn is_data(&self, far: FarId) -> bool {
        self.far.get(&far).is_some_and(|media| media.data)
    }

    /// The far leg whose media leg this is.
    pub(crate) fn far_of(&self, leg: LegId) -> Option<FarId> {
        self.far.iter().find(|(_, media)| media.leg == leg).map(|(far, _)| *far)
    }

    /// The party whose sound this media leg carries; of a path between shards, its first.
    pub(crate) fn party_of(&self, leg: LegId) -> Option<Party> {
        let line = || self.lines.iter().find(|(_, own)| **own == leg).map(|(line, _)| Party::Line(*line));
        self.far_of(leg).map(Party::Far).or_else(line).or_else(|| self.party_across(leg))
    }

    /// Far legs whose streams are on this shard.
    pub(crate) fn far_on(&self, shard: ShardId) -> Vec<FarId> {
        self.far.iter().filter(|(_, media)| media.shard == Some(shard)).map(|(far, _)| *far).collect()
    }

    /// The codec that we send to a far leg, in a word; empty before one was agreed.
    pub(crate) fn codec(&self, far: FarId) -> &'static str {
        let plan = self.far.get(&far).and_then(|media| media.plan.as_ref());
        plan.map_or("", |plan| match plan.codec {
            Codec::Pcmu => "G.711u",
            Codec::Pcma => "G.711a",
            Codec::L16 => "L16",
            Codec::G722 => "G.722",
            Codec::G726(_) | Codec::Aal2G726(_) => "G.726",
            Codec::G729 => "G.729",
            Codec::Opus => "Opus",
        })
    }

    /// Far legs that hold sockets.
    pub(crate) fn far_count(&self) -> usize {
        self.far.len()
    }

    /// The streams agreed with a far leg have changed.
    pub(crate) fn agreed(&mut self, far: FarId, plan: Option<&StreamPlan>) {
        let Some(media) = self.far.get_mut(&far) else { return };
        media.plan = plan.cloned();
        match media.shard {
            Some(shard) => {
                let (leg, slot, wanted) = (media.leg, media.slot, (media.dtmf, media.vad));
                let jitter = media.jitter;
                let jitter = self.partner(far).map_or(jitter, |own| own.jitter(jitter));
                if let Some(spec) = plan.map(|plan| self.rtp_spec(slot, wanted, jitter, plan)) {
                    self.out.push_back((shard, Command::Media(MediaCommand::Change(leg, spec))));
                }
            }
            None => self.join_late(Party::Far(far)),
        }
    }

    /// A far leg is gone.
    pub(crate) fn release(&mut self, far: FarId) {
        self.leave_all(Party::Far(far));
        self.partners.remove(&far);
        if let Some(media) = self.far.remove(&far) {
            if let Some(shard) = media.shard {
                self.out.push_back((shard, Command::Media(MediaCommand::Close(media.leg))));
            }
            // At the end of the queue, so that a straggler of the old call meets a closed socket pair for as long
            // as possible.
            self.free.push_back(media.slot);
        }
    }

    /// Carries out an order of the switch.
    pub(crate) fn act(&mut self, action: MediaAction) {
        match action {
            MediaAction::Connect { a, b, way } => self.connect(a, b, way),
            MediaAction::Disconnect { a, b } => self.disconnect(a, b),
            MediaAction::PassThrough { a, b } => self.pass_through(a, b),
            MediaAction::Tone { leg, tone } => {
                if let Some(media) = self.far.get_mut(&leg) {
                    if media.shard.is_none() {
                        self.open_far(leg, self.site.host_shard);
                    }
                    if let Some(FarMedia { leg, shard: Some(shard), .. }) = self.far.get(&leg) {
                        self.out.push_back((*shard, Command::Media(MediaCommand::Tone(*leg, tone))));
                    }
                }
            }
            MediaAction::Digit { to, digit, length } => self.digit(to, digit, length),
        }
    }

    /// Sends a digit to a party as its media leg does it.
    pub(crate) fn digit(&mut self, to: Party, digit: u8, length: Millis) {
        if let Some((shard, leg)) = self.leg_of(to) {
            self.out.push_back((shard, Command::Media(MediaCommand::Digit(leg, digit, length))));
        }
    }

    /// A party's media leg, if it is open, and its shard.
    fn leg_of(&self, party: Party) -> Option<(ShardId, LegId)> {
        match party {
            Party::Line(line) => self.lines.get(&line).map(|leg| (self.line_shard(line), *leg)),
            Party::Far(far) => self.far.get(&far).and_then(|media| Some((media.shard?, media.leg))),
        }
    }

    fn line_shard(&self, line: LineId) -> ShardId {
        self.line_shards.get(usize::from(line.0)).copied().unwrap_or(self.site.host_shard)
    }

    fn shard_of(&self, party: Party, other: Party) -> ShardId {
        match party {
            Party::Line(line) => self.line_shard(line),
            Party::Far(far) => match (self.far.get(&far).and_then(|media| media.shard), other) {
                (Some(shard), _) => shard,
                (None, Party::Line(line)) => self.line_shard(line),
                (None, Party::Far(other)) => {
                    self.far.get(&other).and_then(|media| media.shard).unwrap_or(self.site.host_shard)
                }
            },
        }
    }

    fn next_leg(&mut self) -> LegId {
        self.last_leg += 1;
        LegId(self.last_leg)
    }

    fn join(&mut self, party: Party, shard: ShardId, bridge: BridgeId) {
        let leg = match party {
            Party::Line(line) => {
                let leg = match self.lines.get(&line) {
                    Some(leg) => *leg,
                    None => {
                        let leg = self.next_leg();
                        self.lines.insert(line, leg);
                        let open = MediaCommand::Open(leg, LegSpec::Line(line));
                        self.out.push_back((shard, Command::Media(open)));
                        leg
                    }
                };
                Some(leg)
            }
            Party::Far(far) => self.open_far(far, shard),
        };
        if let Some(leg) = leg {
            self.out.push_back((shard, Command::Media(MediaCommand::Join(bridge, leg))));
        }
    }

    /// Opens a far party's RTP leg if its streams are agreed; its media leg if it is open.
    fn open_far(&mut self, far: FarId, shard: ShardId) -> Option<LegId> {
        let media = self.far.get(&far)?;
        let leg = media.leg;
        if media.shard.is_none() {
            let jitter = self.partner(far).map_or(media.jitter, |own| own.jitter(media.jitter));
            let spec = self.rtp_spec(media.slot, (media.dtmf, media.vad), jitter, media.plan.as_ref()?);
            self.out.push_back((shard, Command::Media(MediaCommand::Open(leg, LegSpec::Rtp(spec)))));
            if let Some(media) = self.far.get_mut(&far) {
                media.shard = Some(shard);
            }
        }
        Some(leg)
    }

    /// Sound before the answer goes to the caller only, an announcement to the called.
    fn set_way(&mut self, caller: Party, called: Party, way: Way) {
        if let Some((shard, leg)) = self.leg_of(caller).filter(|_| way == Way::ToB) {
            self.out.push_back((shard, Command::Media(MediaCommand::Deaf(leg, true))));
        }
        if let Some((shard, leg)) = self.leg_of(called) {
            let deaf = way == Way::ToA;
            self.out.push_back((shard, Command::Media(MediaCommand::Deaf(leg, deaf))));
        }
    }

    fn rtp_spec(
        &self,
        slot: MediaSlot,
        (wanted, vad): (DtmfMode, bool),
        jitter: JitterSpec,
        plan: &StreamPlan,
    ) -> RtpSpec {
        let mut receive = [None; MAX_PAYLOAD_TYPES];
        for (place, (number, codec)) in receive.iter_mut().zip(&plan.receive_types) {
            *place = Some(PayloadType { number: *number, codec: name_of(*codec) });
        }
        let dtmf = match (&plan.events, wanted) {
            (Some(events), _) => DtmfMode::Events(events.send),
            (None, DtmfMode::Signalling) => DtmfMode::Signalling,
            // The far end does not know telephone events: the sound itself is all that is left.
            (None, DtmfMode::Events(_) | DtmfMode::InBand) => DtmfMode::InBand,
        };
        let silence = match (plan.codec, plan.noise) {
            _ if !vad => SilenceMode::Sent,
            // G.729 has noise of its own and none else (RFC 3389 clause 1).
            (Codec::G729, _) if plan.annex_b => SilenceMode::ByCodec,
            (Codec::Opus, _) if plan.opus.is_some_and(|terms| terms.silent) => SilenceMode::ByCodec,
            (Codec::G729 | Codec::Opus, _) | (_, None) => SilenceMode::Sent,
            (_, Some(noise)) => SilenceMode::Described(noise.send),
        };
        let mut receive_events = [None; MAX_EVENT_TYPES];
        let types = plan.events.iter().flat_map(|events| &events.receive);
        for (place, (number, clock)) in receive_events.iter_mut().zip(types) {
            *place = Some(EventType { number: *number, clock: clock_of(*clock) });
        }
        RtpSpec {
            slot,
            remote_rtp: plan.remote_rtp,
            remote_rtcp: plan.remote_rtcp,
            send: PayloadType { number: plan.send_type, codec: name_of(plan.codec) },
            receive,
            receive_events,
            event_clock: clock_of(plan.events.as_ref().map_or(0, |events| events.clock)),
            // Many send comfort noise without a word of it before.
            receive_noise: Some(plan.noise.map_or(COMFORT_NOISE_TYPE, |noise| noise.receive)),
            silence,
            ptime: plan.send_ptime,
            opus: plan.opus.map_or(OpusWish::default(), |terms| OpusWish {
                repeats: terms.repeats,
                constant: terms.constant,
                most_bits: terms.most_bits,
            }),
            dtmf,
            direction: Direction { send: plan.direction.sends(), receive: plan.direction.receives() },
            jitter,
            cname: self.cname,
        }
    }
}

/// A clock of an rtpmap; there are two.
const fn clock_of(hertz: u32) -> RtpClock {
    if hertz == RtpClock::K48.hertz() { RtpClock::K48 } else { RtpClock::K8 }
}

const fn codec_of(name: CodecName) -> Codec {
    match name {
        CodecName::Pcmu => Codec::Pcmu,
        CodecName::Pcma => Codec::Pcma,
        CodecName::L16 => Codec::L16,
        CodecName::G722 => Codec::G722,
        CodecName::G729 => Codec::G729,
        CodecName::Opus => Codec::Opus,
        CodecName::G726(G726Rate::R16, G726Packing::Rfc3551) => Codec::G726(Kbits::K16),
        CodecName::G726(G726Rate::R16, G726Packing::Aal2) => Codec::Aal2G726(Kbits::K16),
        CodecName::G726(G726Rate::R24, G726Packing::Rfc3551) => Codec::G726(Kbits::K24),
        CodecName::G726(G726Rate::R24, G726Packing::Aal2) => Codec::Aal2G726(Kbits::K24),
        CodecName::G726(G726Rate::R32, G726Packing::Rfc3551) => Codec::G726(Kbits::K32),
        CodecName::G726(G726Rate::R32, G726Packing::Aal2) => Codec::Aal2G726(Kbits::K32),
        CodecName::G726(G726Rate::R40, G726Packing::Rfc3551) => Codec::G726(Kbits::K40),
        CodecName::G726(G726Rate::R40, G726Packing::Aal2) => Codec::Aal2G726(Kbits::K40),
    }
}

const fn name_of(codec: Codec) -> CodecName {
    match codec {
        Codec::Pcmu => CodecName::Pcmu,
        Codec::Pcma => CodecName::Pcma,
        Codec::L16 => CodecName::L16,
        Codec::G722 => CodecName::G722,
        Codec::G729 => CodecName::G729,
        Codec::Opus => CodecName::Opus,
        Codec::G726(Kbits::K16) => CodecName::G726(G726Rate::R16, G726Packing::Rfc3551),
        Codec::Aal2G726(Kbits::K16) => CodecName::G726(G726Rate::R16, G726Packing::Aal2),
        Codec::G726(Kbits::K24) => CodecName::G726(G726Rate::R24, G726Packing::Rfc3551),
        Codec::Aal2G726(Kbits::K24) => CodecName::G726(G726Rate::R24, G726Packing::Aal2),
        Codec::G726(Kbits::K32) => CodecName::G726(G726Rate::R32, G726Packing::Rfc3551),
        Codec::Aal2G726(Kbits::K32) => CodecName::G726(G726Rate::R32, G726Packing::Aal2),
        Codec::G726(Kbits::K40) => CodecName::G726(G726Rate::R40, G726Packing::Rfc3551),
        Codec::Aal2G726(Kbits::K40) => CodecName::G726(G726Rate::R40, G726Packing::Aal2),
    }
}
