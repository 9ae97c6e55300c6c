//! The legs and bridges of one shard.
//!
//! # What it does
//! Joins lines, RTP streams and paths to other shards by bridges: each leg of a bridge hears the sum of the
//! others. Digits take the way that the receiving leg asks for.
//!
//! # How
//! A tick has four steps, in this order: every line says what it heard ([`Plane::hear_line`]), every stream says
//! what it received ([`Plane::hear_streams`]), the bridges mix ([`Plane::mix`]), and every leg takes away what is
//! for it ([`Plane::line_out`], [`Plane::send_streams`]). All memory is made at the start.
//!
//! # Limits
//! [`MAX_MEMBERS`] legs on a bridge; one leg a line; as many legs as the shard was made for.

use core::net::SocketAddr;

use tipring_port::{
    CrossSpec, DtmfMode, LegSpec, LineProfile, MediaCommand, MediaEvent, RtpSpec, TapPoint, Tone, TonePlan,
};
use tipring_units::{BridgeId, Entropy, Instant, LegId, LineId, MediaSlot, Millis, Samples, WallTime};

use crate::line_leg::LineLeg;
use crate::packets::Packets;
use crate::processing::{Crossing, Heard, Player, Processing};
use crate::rtp_leg::RtpLeg;
use crate::tap::Taps;

/// Legs on one bridge, at the most.
pub const MAX_MEMBERS: usize = 8;
/// Shortest digit that is sent into a line when a shorter one is asked for (ITU-T Q.24 receivers need 40 ms).
const MIN_DIGIT: Millis = Millis(80);

/// A frame on its way to another shard.
#[derive(Clone, Copy, Debug)]
pub struct Crossed<A: Processing> {
    /// Where it goes.
    pub to: CrossSpec,
    /// The sound.
    pub frame: A::Frame,
}

/// What came of a digit in this tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DigitEdge {
    /// It began.
    Began(u8),
    /// It ended, after this long.
    Ended(u8, Millis),
}

struct Leg<A: Processing> {
    id: LegId,
    bridge: Option<usize>,
    kind: Kind,
    says: A::Frame,
    hears: A::Frame,
    muted: bool,
    deaf: bool,
    digit: Option<DigitEdge>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Line(usize),
    Rtp(usize),
    Cross(usize, CrossSpec),
}

#[derive(Clone, Copy, Debug)]
struct Bridge {
    id: BridgeId,
    members: [usize; MAX_MEMBERS],
    len: usize,
}

impl Bridge {
    fn members(&self) -> &[usize] {
        &self.members[..self.len]
    }
}

/// The legs and bridges of one shard.
pub struct Plane<A: Processing> {
    lines: Vec<LineLeg<A>>,
    legs: Vec<Option<Leg<A>>>,
    streams: Vec<(bool, RtpLeg<A>)>,
    crossings: Vec<(bool, A::Crossing)>,
    bridges: Vec<Option<Bridge>>,
    taps: Taps<A>,
    tones: TonePlan,
    entropy: Entropy,
    first_line: u16,
}

impl<A: Processing> Plane<A> {
    /// A plane for the lines from `first_line` on, with `streams` RTP legs at the most. `tones` is the plan for
    /// tones into RTP legs.
    pub fn new(
        first_line: LineId,
        profiles: &[LineProfile],
        streams: usize,
        tones: &TonePlan,
        started: WallTime,
        mut entropy: Entropy,
    ) -> Self {
        let legs = profiles.len() * 2 + streams;
        let streams = (0..streams).map(|_| (false, RtpLeg::new(started, entropy.fork()))).collect();
        Self {
            lines: profiles.iter().map(LineLeg::new).collect(),
            legs: (0..legs).map(|_| None).collect(),
            streams,
            crossings: profiles.iter().map(|_| (false, A::Crossing::new())).collect(),
            bridges: vec![None; legs],
            taps: Taps::new(),
            tones: *tones,
            entropy,
            first_line: first_line.0,
        }
    }

    fn line_index(&self, line: LineId) -> Option<usize> {
        let index = usize::from(line.0.checked_sub(self.first_line)?);
        (index < self.lines.len()).then_some(index)
    }

    /// The leg of `line`'s own parts: voice path and player.
    pub fn line_leg(&mut self, line: LineId) -> Option<&mut LineLeg<A>> {
        let index = self.line_index(line)?;
        self.lines.get_mut(index)
    }

    /// Gives a line a new profile: its voice path starts anew.
    pub fn set_profile(&mut self, line: LineId, profile: &LineProfile) {
        if let Some(leg) = self.line_leg(line) {
            *leg = LineLeg::new(profile);
        }
    }

    fn find(&self, id: LegId) -> Option<usize> {
        self.legs.iter().position(|leg| leg.as_ref().is_some_and(|leg| leg.id == id))
    }

    /// Carries out a command; what fails is told by [`MediaEvent::Failed`].
    pub fn command(&mut self, now: Instant, command: MediaCommand, out: &mut impl FnMut(MediaEvent)) {
        match command {
            MediaCommand::Open(id, spec) => {
                if !self.open(now, id, &spec) {
                    out(MediaEvent::Failed(id));
                }
            }
            MediaCommand::Change(id, spec) => {
                if let Some(stream) = self.stream_of(id) {
                    stream.change(now, &spec);
                }
            }
            MediaCommand::Close(id) => self.close(now, id, out),
            MediaCommand::Join(bridge, id) => {
                if !self.join(bridge, id) {
                    out(MediaEvent::Failed(id));
                }
            }
            MediaCommand::Leave(id) => {
                if let Some(index) = self.find(id) {
                    self.leave(index);
                }
            }
            MediaCommand::Tone(id, tone) => self.tone(id, tone),
            MediaCommand::Digit(id, digit, length) => self.digit(id, digit, length),
            MediaCommand::Deaf(id, deaf) => {
                if let Some(leg) = self.find(id).and_then(|index| self.legs[index].as_mut()) {
                    leg.deaf = deaf;
                    leg.hears = A::SILENCE;
                }
            }
            MediaCommand::Tap(line, point, open) => {
                // A tap more than there is room for is not opened; its listener finds it closed.
                let _ = self.taps.set(line, point, open);
            }
        }
    }

    fn stream_of(&mut self, id: LegId) -> Option<&mut RtpLeg<A>> {
        match self.legs.get(self.find(id)?)?.as_ref()?.kind {
            Kind::Rtp(stream) => self.streams.get_mut(stream).map(|(_, stream)| stream),
            Kind::Line(_) | Kind::Cross(..) => None,
        }
    }

    fn open(&mut self, now: Instant, id: LegId, spec: &LegSpec) -> bool {
        if self.find(id).is_some() {
            return false;
        }
        let Some(place) = self.legs.iter().position(Option::is_none) else { return false };
        let kind = match spec {
            LegSpec::Line(line) => {
                let Some(line) = self.line_index(*line) else { return false };
                let taken = |leg: &Leg<A>| leg.kind == Kind::Line(line);
                if self.legs.iter().flatten().any(taken) {
                    return false;
                }
                Kind::Line(line)
            }
            LegSpec::Rtp(spec) => {
                let Some(index) = self.streams.iter().position(|(used, _)| !used) else { return false };
                let (used, stream) = &mut self.streams[index];
                *used = true;
                stream.open(now, spec);
                Kind::Rtp(index)
            }
            LegSpec::Cross(spec) => {
                let Some(index) = self.crossings.iter().position(|(used, _)| !used) else { return false };
                self.crossings[index] = (true, A::Crossing::new());
                Kind::Cross(index, *spec)
            }
        };
        let (says, hears) = (A::SILENCE, A::SILENCE);
        self.legs[place] =
            Some(Leg { id, bridge: None, kind, says, hears, muted: false, deaf: false, digit: None });
        true
    }

    fn close(&mut self, now: Instant, id: LegId, out: &mut impl FnMut(MediaEvent)) {
        let Some(index) = self.find(id) else { return };
        self.leave(index);
        if let Some(leg) = self.legs[index].take() {
            match leg.kind {
                Kind::Line(line) => self.lines[line].player.stop(),
                Kind::Rtp(stream) => {
                    let stream = &mut self.streams[stream].1;
                    out(MediaEvent::Stats(id, stream.stats(now), true));
                    stream.close();
                }
                Kind::Cross(crossing, _) => self.crossings[crossing].0 = false,
            }
        }
    }

    fn join(&mut self, id: BridgeId, leg: LegId) -> bool {
        let Some(index) = self.find(leg) else { return false };
        self.leave(index);
        let found = self.bridges.iter().position(|bridge| bridge.is_some_and(|bridge| bridge.id == id));
        let place = match found.or_else(|| self.bridges.iter().position(Option::is_none)) {
            Some(place) => place,
            None => return false,
        };
        let bridge = self.bridges[place].get_or_insert(Bridge { id, members: [0; MAX_MEMBERS], len: 0 });
        if bridge.len == MAX_MEMBERS {
            return false;
        }
        bridge.members[bridge.len] = index;
        bridge.len += 1;
        if let Some(leg) = &mut self.legs[index] {
            leg.bridge = Some(place);
        }
        true
    }

    fn leave(&mut self, index: usize) {
        let Some(leg) = self.legs.get_mut(index).and_then(Option::as_mut) else { return };
        leg.hears = A::SILENCE;
        let Some(place) = leg.bridge.take() else { return };
        if let Some(bridge) = &mut self.bridges[place] {
            if let Some(position) = bridge.members().iter().position(|member| *member == index) {
                bridge.members.copy_within(position + 1..bridge.len, position);
                bridge.len -= 1;
            }
            if bridge.len == 0 {
                self.bridges[place] = None;
            }
        }
    }

    fn tone(&mut self, id: LegId, tone: Option<Tone>) {
        let tones = self.tones;
        if let Some(stream) = self.stream_of(id) {
            stream.tone(tone.map(|tone| (tone, tones.get(tone))));
        }
    }

    fn digit(&mut self, id: LegId, digit: u8, length: Millis) {
        let Some(index) = self.find(id) else { return };
        let Some(leg) = &self.legs[index] else { return };
        match leg.kind {
            Kind::Line(line) => self.lines[line].player.digit(digit, length),
            Kind::Rtp(stream) => self.streams[stream].1.send_digit(digit, length),
            Kind::Cross(..) => {}
        }
    }

    /// A packet arrived on a socket of the pool.
    pub fn receive(&mut self, now: Instant, slot: MediaSlot, from: SocketAddr, bytes: &[u8]) {
        for (used, stream) in &mut self.streams {
            if *used && !stream.is_closing() && stream.slot() == slot {
                stream.receive(now, from, bytes);
                return;
            }
        }
    }

    /// A frame arrived from another shard.
    pub fn receive_crossed(&mut self, to: LegId, frame: &A::Frame) {
        let Some(index) = self.find(to) else { return };
        if let Some(Leg { kind: Kind::Cross(crossing, _), .. }) = &self.legs[index] {
            self.crossings[*crossing].1.push(frame);
        }
    }

    /// A line's frame of this tick. Returns what the digit detector found.
    pub fn hear_line(&mut self, line: LineId, frame: &A::Frame, bulk_delay: Samples) -> Option<Heard<A>> {
        let index = self.line_index(line)?;
        self.taps.show(line, TapPoint::LineIn, frame);
        let heard = self.lines[index].hear(frame, bulk_delay);
        self.taps.show(line, TapPoint::Cancelled, &heard.clean);
        if let Some(leg) = self.legs.iter_mut().flatten().find(|leg| leg.kind == Kind::Line(index)) {
            leg.says = heard.clean;
            leg.muted = heard.muted;
            leg.digit = edge_of(&heard);
        }
        Some(heard)
    }

    /// Plays one tick of every stream and crossing into its leg.
    pub fn hear_streams(&mut self, now: Instant, out: &mut impl FnMut(MediaEvent)) {
        for leg in self.legs.iter_mut().flatten() {
            match leg.kind {
                Kind::Line(_) => {}
                Kind::Rtp(stream) => {
                    let stream = &mut self.streams[stream].1;
                    leg.says = stream.play(now);
                    leg.digit = stream.digit_in();
                    // The sender mutes its own leak; what is left of it is not heard twice.
                    leg.muted = stream.digit_sounds();
                    if leg.muted {
                        leg.says = A::SILENCE;
                    }
                    if let Some(DigitEdge::Ended(digit, length)) = leg.digit {
                        out(MediaEvent::Digit(leg.id, digit, length));
                    }
                    stream.report(now, leg.id, out);
                }
                Kind::Cross(crossing, _) => leg.says = self.crossings[crossing].1.pop(),
            }
        }
    }

    /// Mixes every bridge: each leg hears the sum of the others. Digits of one leg go to the others in the way
    /// that each of them asks for.
    pub fn mix(&mut self, out: &mut impl FnMut(MediaEvent)) {
        for place in 0..self.bridges.len() {
            let Some(bridge) = self.bridges[place] else { continue };
            for &listener in bridge.members() {
                let mut sum = A::SILENCE;
                if self.legs[listener].as_ref().is_some_and(|leg| leg.deaf) {
                    continue;
                }
                let mutes = self.mutes(listener);
                for &speaker in bridge.members() {
                    let Some(leg) = self.legs[speaker].as_ref().filter(|_| speaker != listener) else {
                        continue;
                    };
                    if !(leg.muted && mutes) {
                        A::mix(&mut sum, &leg.says);
                    }
                    if let Some(edge) = leg.digit {
                        let from_line = matches!(leg.kind, Kind::Line(_));
                        self.pass_digit(listener, from_line, edge, out);
                    }
                }
                if let Some(leg) = &mut self.legs[listener] {
                    leg.hears = sum;
                }
            }
        }
    }

    /// True if digits reach this leg by another way than sound.
    fn mutes(&self, listener: usize) -> bool {
        match self.legs[listener].as_ref().map(|leg| leg.kind) {
            Some(Kind::Rtp(stream)) => self.streams[stream].1.dtmf() != DtmfMode::InBand,
            Some(Kind::Line(_) | Kind::Cross(..)) | None => false,
        }
    }

    fn pass_digit(
        &mut self,
        listener: usize,
        from_line: bool,
        edge: DigitEdge,
        out: &mut impl FnMut(MediaEvent),
    ) {
        let Some(&Leg { id, kind, .. }) = self.legs[listener].as_ref() else { return };
        match (kind, edge) {
            // From line to line the digit travels as the sound that it is.
            (Kind::Line(_), _) if from_line => {}
            (Kind::Line(line), DigitEdge::Began(digit)) => {
                self.lines[line].player.digit(digit, Millis(10_000));
            }
            (Kind::Line(line), DigitEdge::Ended(_, length)) => {
                self.lines[line].player.finish_digit(length.max(MIN_DIGIT));
            }
            (Kind::Rtp(stream), edge) => {
                let stream = &mut self.streams[stream].1;
                match (stream.dtmf(), edge) {
                    (DtmfMode::Events(_), DigitEdge::Began(digit)) => stream.begin_digit(digit),
                    (DtmfMode::Events(_), DigitEdge::Ended(..)) => stream.end_digit(),
                    (DtmfMode::Signalling, DigitEdge::Ended(digit, length)) => {
                        out(MediaEvent::DigitToSignal(id, digit, length));
                    }
                    (DtmfMode::Signalling, DigitEdge::Began(_)) => {}
                    (DtmfMode::InBand, DigitEdge::Began(digit)) if !from_line => {
                        stream.sound_digit(digit, Millis(10_000));
                    }
                    (DtmfMode::InBand, DigitEdge::Ended(_, length)) if !from_line => {
                        stream.finish_sound_digit(length.max(MIN_DIGIT));
                    }
                    // The line's own sound carries it.
                    (DtmfMode::InBand, DigitEdge::Began(_) | DigitEdge::Ended(..)) => {}
                }
            }
            // The other shard's leg gets the sound.
            (Kind::Cross(..), DigitEdge::Began(_) | DigitEdge::Ended(..)) => {}
        }
    }

    /// The frame for a line's card in this tick: what its player plays, or what its leg hears.
    /// `bridged`: the line hears its bridge; else only what its player plays.
    pub fn line_out(&mut self, line: LineId, bridged: bool) -> A::Frame {
        let Some(index) = self.line_index(line) else { return A::SILENCE };
        let mut legs = self.legs.iter().flatten().filter(|_| bridged);
        let hears = legs.find(|leg| leg.kind == Kind::Line(index)).map(|leg| leg.hears);
        let frame = self.lines[index].out(hears);
        self.taps.show(line, TapPoint::LineOut, &frame);
        frame
    }

    /// Writes the packets of every stream and hands over the frames for other shards.
    pub fn send_streams(&mut self, now: Instant, out: &mut Packets, mut cross: impl FnMut(Crossed<A>)) {
        for leg in self.legs.iter().flatten() {
            match leg.kind {
                Kind::Line(_) => {}
                Kind::Rtp(stream) => self.streams[stream].1.send(now, &leg.hears, out),
                Kind::Cross(_, to) => cross(Crossed { to, frame: leg.hears }),
            }
        }
        for (used, stream) in self.streams.iter_mut().filter(|(used, stream)| *used && stream.is_closing()) {
            stream.farewell(now, out);
            *used = false;
        }
    }

    /// Takes what a tap has heard; see [`Taps::take`].
    pub fn take_tap(&mut self, line: LineId, point: TapPoint, each: impl FnMut(&A::Frame)) -> Option<u32> {
        self.taps.take(line, point, each)
    }

    /// True if there is no leg and nothing plays: the plane would do nothing in a tick.
    pub fn is_idle(&self) -> bool {
        self.legs.iter().all(Option::is_none)
            && self.streams.iter().all(|(used, _)| !used)
            && self.lines.iter().all(|line| !line.sounds())
    }

    /// Legs that exist, for the checkers.
    pub fn leg_count(&self) -> usize {
        self.legs.iter().flatten().count()
    }

    /// Randomness for whoever needs it on this shard.
    pub fn entropy(&mut self) -> &mut Entropy {
        &mut self.entropy
    }
}

fn edge_of<A: Processing>(heard: &Heard<A>) -> Option<DigitEdge> {
    // A digit that ended and one that began in the same tick: the end is told, the new one begins with it late.
    heard
        .ended
        .map(|(digit, length)| DigitEdge::Ended(digit, length))
        .or_else(|| heard.began.map(DigitEdge::Began))
}

/// The specification of a stream that is not open.
pub(crate) fn closed_spec() -> RtpSpec {
    use tipring_port::{CodecName, Direction, JitterSpec, MAX_PAYLOAD_TYPES, PayloadType, Text};
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
    RtpSpec {
        slot: MediaSlot(u16::MAX),
        remote_rtp: nowhere,
        remote_rtcp: nowhere,
        send: PayloadType { number: 0, codec: CodecName::Pcmu },
        receive: [None; MAX_PAYLOAD_TYPES],
        receive_events: None,
        ptime: Millis(20),
        dtmf: DtmfMode::InBand,
        direction: Direction { send: false, receive: false },
        jitter: JitterSpec { min: Millis(20), max: Millis(200) },
        cname: Text::EMPTY,
    }
}
