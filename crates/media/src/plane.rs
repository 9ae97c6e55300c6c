//! The legs and bridges of one shard.
//!
//! # What it does
//! Joins lines, RTP streams and paths to other shards by bridges: each leg of a bridge hears the sum of the
//! others. Digits take the way that the receiving leg asks for.
//!
//! # How
//! A digit that a line or another shard sounds is heard and, where the receiving leg wants it another way, muted and sent
//! that way; a digit that comes without sound is sounded anew. A tick has four steps, in this order: every line says what it heard ([`Plane::hear_line`]), every stream says
//! what it received ([`Plane::hear_streams`]), the bridges mix ([`Plane::mix`]), and every leg takes away what is
//! for it ([`Plane::line_out`], [`Plane::send_streams`]). All memory is made at the start. A leg whose work panics ends by
//! itself; the others go on.
//!
//! # Limits
//! [`MAX_MEMBERS`] legs on a bridge; one leg a line; as many legs as the shard was made for. In a conference what is too
//! loud is cut.

mod leftovers;
mod tick;

use core::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tipring_port::{
    CrossSpec, DtmfMode, LegSpec, LineProfile, MediaCommand, MediaEvent, RtpSpec, Signal, TapPoint, Tone,
    TonePlan,
};
use tipring_units::{BridgeId, Entropy, Instant, LegId, LineId, MediaSlot, Millis, WallTime};
use tipring_voice::PhraseBank;

use crate::cross_leg::CrossLeg;
use crate::line_leg::LineLeg;
use crate::processing::{LineVoice, Player, Processing};
use crate::rtp_leg::RtpLeg;
use crate::tap::Taps;
use leftovers::Leftovers;

/// Legs on one bridge, at the most.
pub const MAX_MEMBERS: usize = 8;

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
    signal: Option<Signal>,
    /// It carries data: what machines say is theirs.
    data: bool,
    /// A digit of this leg began on its bridge and has not ended.
    digit_open: bool,
    injured: Option<Stage>,
}

/// A stage of a leg's tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// What it says is played.
    Play,
    /// What it hears is mixed.
    Mix,
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
    /// The leg of each line that has one.
    line_legs: Vec<Option<usize>>,
    legs: Vec<Option<Leg<A>>>,
    streams: Vec<(bool, RtpLeg<A>)>,
    /// Where the stream of a slot probably is; slots of a shard are mostly numbered one after the other.
    stream_hints: Vec<usize>,
    /// Streams whose farewell has not gone out.
    farewells: usize,
    crossings: Vec<(bool, CrossLeg<A>)>,
    bridges: Vec<Option<Bridge>>,
    taps: Taps<A>,
    tones: TonePlan,
    entropy: Entropy,
    first_line: u16,
    strays: u64,
    leftovers: Leftovers,
    bank: Arc<PhraseBank>,
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
        let crossings = profiles.len().max(streams);
        let legs = profiles.len() + streams + crossings;
        let stream_hints = vec![0; streams];
        let streams = (0..streams).map(|_| (false, RtpLeg::new(started, entropy.fork()))).collect();
        Self {
            lines: profiles.iter().map(LineLeg::new).collect(),
            line_legs: vec![None; profiles.len()],
            legs: (0..legs).map(|_| None).collect(),
            streams,
            stream_hints,
            farewells: 0,
            crossings: (0..crossings).map(|_| (false, CrossLeg::new())).collect(),
            bridges: vec![None; legs],
            taps: Taps::new(),
            tones: *tones,
            entropy,
            first_line: first_line.0,
            strays: 0,
            leftovers: Leftovers::NONE,
            bank: Arc::default(),
        }
    }

    /// From now on announcements are said by the phrases of `bank`; not in a tick, for what was there before may be freed.
    pub fn set_bank(&mut self, bank: &Arc<PhraseBank>) {
        self.bank = Arc::clone(bank);
        self.lines.iter_mut().for_each(|leg| leg.player.set_bank(bank));
        self.streams.iter_mut().for_each(|(_, stream)| stream.set_bank(bank));
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

    /// Gives a line a new profile: its voice path starts anew, by the memory that it has.
    pub fn set_profile(&mut self, line: LineId, profile: &LineProfile) {
        if let Some(leg) = self.line_leg(line) {
            leg.renew(profile);
        }
    }

    /// Makes a line's voice path anew after a panic, of which nothing is trusted.
    pub fn restart_line(&mut self, line: LineId, profile: &LineProfile) {
        let bank = Arc::clone(&self.bank);
        if let Some(leg) = self.line_leg(line) {
            *leg = LineLeg::new(profile);
            leg.player.set_bank(&bank);
        }
    }

    /// Another plan for tones into RTP legs. Those that sound end as they began.
    pub fn set_tones(&mut self, tones: &TonePlan) {
        self.tones = *tones;
    }

    fn find(&self, id: LegId) -> Option<usize> {
        self.legs.iter().position(|leg| leg.as_ref().is_some_and(|leg| leg.id == id))
    }

    /// Carries out a command; what fails is told by [`MediaEvent::Failed`].
    pub fn command(&mut self, now: Instant, command: MediaCommand, out: &mut impl FnMut(MediaEvent)) {
        if guarded(|| self.obey(now, command, out)).is_none()
            && let Some(id) = leg_of(&command)
        {
            self.fail(id, out);
        }
    }

    fn obey(&mut self, now: Instant, command: MediaCommand, out: &mut impl FnMut(MediaEvent)) {
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
            MediaCommand::Announce(id, words) => {
                if let Some(stream) = self.stream_of(id) {
                    stream.announce(&words);
                }
            }
            MediaCommand::Digit(id, digit, length) => self.digit(id, digit, length),
            MediaCommand::Deaf(id, deaf) => {
                if let Some(leg) = self.find(id).and_then(|index| self.legs[index].as_mut()) {
                    leg.deaf = deaf;
                    leg.hears = A::SILENCE;
                }
            }
            MediaCommand::PassThrough(id) => self.pass_through(now, id),
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
                if self.line_legs[line].is_some() {
                    return false;
                }
                self.line_legs[line] = Some(place);
                Kind::Line(line)
            }
            LegSpec::Rtp(spec) => {
                // Where all are in use, one whose farewell has not gone out yet has to do without.
                let free = self.streams.iter().position(|(used, _)| !used);
                let closing = || self.streams.iter().position(|(_, stream)| stream.is_closing());
                let Some(index) = free.or_else(closing) else { return false };
                let (used, stream) = &mut self.streams[index];
                *used = true;
                stream.open(now, spec);
                let hints = self.stream_hints.len();
                self.stream_hints[usize::from(spec.slot.0) % hints] = index;
                for (from, ssrc) in self.leftovers.of(spec.slot) {
                    stream.leave_out(from, ssrc);
                }
                Kind::Rtp(index)
            }
            LegSpec::Cross(spec) => {
                let Some(index) = self.crossings.iter().position(|(used, _)| !used) else { return false };
                let (used, crossing) = &mut self.crossings[index];
                *used = true;
                crossing.open();
                Kind::Cross(index, *spec)
            }
        };
        let (says, hears) = (A::SILENCE, A::SILENCE);
        self.legs[place] = Some(Leg {
            id,
            bridge: None,
            kind,
            says,
            hears,
            muted: false,
            deaf: false,
            digit: None,
            signal: None,
            data: false,
            digit_open: false,
            injured: None,
        });
        true
    }

    fn close(&mut self, now: Instant, id: LegId, out: &mut impl FnMut(MediaEvent)) {
        let Some(index) = self.find(id) else { return };
        self.leave(index);
        if let Some(leg) = self.legs[index].take() {
            match leg.kind {
                // What the line's machine plays is not the leg's to stop.
                Kind::Line(line) => {
                    self.line_legs[line] = None;
                    self.lines[line].leave();
                }
                Kind::Rtp(stream) => {
                    let stream = &mut self.streams[stream].1;
                    out(MediaEvent::Stats(id, stream.stats(now), true));
                    if let Some((from, ssrc)) = stream.heard() {
                        // What may still come of it is not of the next stream on this slot.
                        self.leftovers.note(stream.slot(), from, ssrc);
                    }
                    stream.close();
                    self.farewells += 1;
                }
                Kind::Cross(crossing, _) => self.crossings[crossing].0 = false,
            }
        }
    }

    /// Ends a leg whose work panicked: without farewell and statistics, which might panic again.
    fn fail(&mut self, id: LegId, out: &mut impl FnMut(MediaEvent)) {
        if let Some(index) = self.find(id) {
            // It has left before it tells those who stay; should that panic too, they only hear a digit longer.
            let _ = guarded(|| self.leave(index));
            match self.legs[index].take().map(|leg| leg.kind) {
                Some(Kind::Rtp(stream)) => {
                    let (used, stream) = &mut self.streams[stream];
                    *used = false;
                    stream.abandon();
                }
                Some(Kind::Cross(crossing, _)) => self.crossings[crossing].0 = false,
                Some(Kind::Line(line)) => self.line_legs[line] = None,
                None => {}
            }
        }
        out(MediaEvent::Failed(id));
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
        let digit_open = core::mem::take(&mut leg.digit_open);
        if let Some(bridge) = &mut self.bridges[place] {
            if let Some(position) = bridge.members().iter().position(|member| *member == index) {
                bridge.members.copy_within(position + 1..bridge.len, position);
                bridge.len -= 1;
            }
            if bridge.len == 0 {
                self.bridges[place] = None;
            }
        }
        if digit_open {
            self.end_digits(place);
        }
    }

    /// A leg went while a digit of it sounded: it ends for those who stay on the bridge. One that goes by signalling is
    /// dropped, for it never was whole.
    fn end_digits(&mut self, place: usize) {
        let Some(bridge) = self.bridges[place] else { return };
        for &other in bridge.members() {
            match self.legs[other].as_ref().map(|leg| leg.kind) {
                Some(Kind::Line(line)) => self.lines[line].digit_ends(Millis::ZERO),
                Some(Kind::Cross(crossing, _)) => self.crossings[crossing].1.digit_ends(Millis::ZERO),
                Some(Kind::Rtp(stream)) => {
                    let stream = &mut self.streams[stream].1;
                    stream.end_digit();
                    stream.finish_sound_digit(Millis::ZERO);
                }
                None => {}
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
            Kind::Line(line) => self.lines[line].player.digit(digit, Some(length)),
            Kind::Rtp(stream) => self.streams[stream].1.send_digit(digit, length),
            // Nobody asks for it: a crossing is not a party.
            Kind::Cross(..) => {}
        }
    }

    fn pass_through(&mut self, now: Instant, id: LegId) {
        let Some(index) = self.find(id) else { return };
        let Some(leg) = &mut self.legs[index] else { return };
        leg.data = true;
        match leg.kind {
            Kind::Line(line) => self.lines[line].voice.pass_through(true),
            Kind::Rtp(stream) => self.streams[stream].1.pass_through(now),
            Kind::Cross(crossing, _) => self.crossings[crossing].1.pass_through(),
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
            && self.lines.iter().all(LineLeg::is_idle)
    }

    /// Legs that exist, for the checkers.
    pub fn leg_count(&self) -> usize {
        self.legs.iter().flatten().count()
    }

    /// Packets that came for no leg.
    pub fn strays(&self) -> u64 {
        self.strays
    }

    /// Makes a leg's work panic in this stage of the next tick, as a defect would.
    pub fn injure(&mut self, id: LegId, stage: Stage) {
        if let Some(leg) = self.find(id).and_then(|index| self.legs[index].as_mut()) {
            leg.injured = Some(stage);
        }
    }

    /// Randomness for whoever needs it on this shard.
    pub fn entropy(&mut self) -> &mut Entropy {
        &mut self.entropy
    }
}

/// Does `work`; `None` if it panicked.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

fn leg_of(command: &MediaCommand) -> Option<LegId> {
    match command {
        MediaCommand::Open(id, _)
        | MediaCommand::Change(id, _)
        | MediaCommand::Close(id)
        | MediaCommand::Join(_, id)
        | MediaCommand::Leave(id)
        | MediaCommand::Tone(id, _)
        | MediaCommand::Announce(id, _)
        | MediaCommand::Digit(id, ..)
        | MediaCommand::PassThrough(id)
        | MediaCommand::Deaf(id, _) => Some(*id),
        MediaCommand::Tap(..) => None,
    }
}

/// The specification of a stream that is not open; no stream needs more room.
pub(crate) fn closed_spec() -> RtpSpec {
    use tipring_port::{
        CodecName, Direction, JitterSpec, MAX_PAYLOAD_TYPES, OpusWish, PayloadType, RtpClock, SilenceMode,
        Text,
    };
    use tipring_rtp::MAX_DEPTH;
    let mut receive = [None; MAX_PAYLOAD_TYPES];
    receive[0] = Some(PayloadType { number: 11, codec: CodecName::L16 });
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
    RtpSpec {
        slot: MediaSlot(u16::MAX),
        remote_rtp: nowhere,
        remote_rtcp: nowhere,
        send: PayloadType { number: 0, codec: CodecName::Pcmu },
        receive,
        receive_events: [None; 2],
        event_clock: RtpClock::K8,
        receive_noise: None,
        silence: SilenceMode::Sent,
        ptime: Millis(20),
        opus: OpusWish::default(),
        dtmf: DtmfMode::InBand,
        direction: Direction { send: false, receive: false },
        jitter: JitterSpec { min: Millis(20), max: MAX_DEPTH, fixed: false },
        cname: Text::EMPTY,
    }
}
