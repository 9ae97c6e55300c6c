//! One tick of the legs and bridges.

use core::net::SocketAddr;

use tipring_port::{DtmfMode, MediaEvent, TapPoint};
use tipring_rtp::Packet;
use tipring_units::{Instant, LegId, LineId, MediaSlot, Samples};

use super::{Bridge, Crossed, DigitEdge, Kind, Leg, Plane, Stage, guarded};
use crate::packets::Packets;
use crate::processing::{Heard, LineVoice, Processing};

impl<A: Processing> Plane<A> {
    /// A packet arrived on a socket of the pool.
    pub fn receive(
        &mut self,
        now: Instant,
        slot: MediaSlot,
        from: SocketAddr,
        bytes: &[u8],
        out: &mut impl FnMut(MediaEvent),
    ) {
        let Some(index) = self.stream_at(slot) else {
            self.strays += 1;
            if let Ok(packet) = Packet::parse(bytes) {
                self.leftovers.note(slot, from, packet.header.ssrc);
            }
            return;
        };
        if guarded(|| self.streams[index].1.receive(now, from, bytes)).is_none() {
            let kind = Kind::Rtp(index);
            if let Some(id) = self.legs.iter().flatten().find(|leg| leg.kind == kind).map(|leg| leg.id) {
                self.fail(id, out);
            }
        }
    }

    /// The stream that is open on a slot.
    fn stream_at(&self, slot: MediaSlot) -> Option<usize> {
        let takes = |(used, stream): &(bool, crate::RtpLeg<A>)| {
            *used && !stream.is_closing() && stream.slot() == slot
        };
        let hint = *self.stream_hints.get(usize::from(slot.0) % self.stream_hints.len().max(1))?;
        let is_there = self.streams.get(hint).is_some_and(takes);
        if is_there { Some(hint) } else { self.streams.iter().position(takes) }
    }

    /// A frame arrived from another shard.
    pub fn receive_crossed(&mut self, to: LegId, frame: &A::Frame, out: &mut impl FnMut(MediaEvent)) {
        let Some(index) = self.find(to) else { return };
        if let Some(Leg { kind: Kind::Cross(crossing, _), .. }) = &self.legs[index]
            && guarded(|| self.crossings[*crossing].1.push(frame)).is_none()
        {
            self.fail(to, out);
        }
    }

    /// A line's frame of this tick. Returns what the digit detector found.
    pub fn hear_line(&mut self, line: LineId, frame: &A::Frame, bulk_delay: Samples) -> Option<Heard<A>> {
        let index = self.line_index(line)?;
        self.taps.show(line, TapPoint::LineIn, frame);
        let heard = self.lines[index].hear(frame, bulk_delay);
        self.taps.show(line, TapPoint::Cancelled, &heard.clean);
        if let Some(leg) = self.line_legs[index].and_then(|place| self.legs[place].as_mut()) {
            leg.take(&heard);
            if self.lines[index].is_hushed() {
                leg.keep_quiet();
            }
            leg.signal = self.lines[index].take_signal();
        }
        Some(heard)
    }

    /// Plays one tick of every stream and crossing into its leg.
    pub fn hear_streams(&mut self, now: Instant, out: &mut impl FnMut(MediaEvent)) {
        for place in 0..self.legs.len() {
            let Some(leg) = &mut self.legs[place] else { continue };
            let (id, injured) = (leg.id, leg.injured);
            let (streams, crossings) = (&mut self.streams, &mut self.crossings);
            let whole = guarded(|| {
                assert!(injured != Some(Stage::Play), "injured by a test");
                match leg.kind {
                    Kind::Line(_) => {} // heard already
                    Kind::Rtp(stream) => {
                        let stream = &mut streams[stream].1;
                        leg.says = stream.play(now);
                        leg.digit = stream.digit_in();
                        // The sender mutes its own leak; what is left of it is not heard twice.
                        leg.muted = stream.digit_sounds();
                        if leg.muted {
                            leg.says = A::SILENCE;
                        }
                        leg.signal = stream.signal();
                        if let Some(DigitEdge::Ended(digit, length)) = leg.digit {
                            out(MediaEvent::Digit(id, digit, length));
                        }
                        stream.report(now, id, out);
                    }
                    Kind::Cross(crossing, _) => leg.take(&crossings[crossing].1.play()),
                }
                if let Some(signal) = leg.signal.take().filter(|_| !leg.data) {
                    out(MediaEvent::Signal(id, signal));
                }
            });
            if whole.is_none() {
                self.fail(id, out);
            }
        }
    }

    /// Mixes every bridge: each leg hears the sum of the others. Digits of one leg go to the others in the way
    /// that each of them asks for.
    pub fn mix(&mut self, out: &mut impl FnMut(MediaEvent)) {
        for place in 0..self.bridges.len() {
            let Some(bridge) = self.bridges[place] else { continue };
            if guarded(|| self.mix_bridge(&bridge, out)).is_none() {
                // Whose sound it was is not known: all of them end, other bridges go on.
                for &member in bridge.members() {
                    if let Some(id) = self.legs[member].as_ref().map(|leg| leg.id) {
                        self.fail(id, out);
                    }
                }
            }
        }
        // A line says nothing more unless its next frame is heard: it may have hung up.
        for leg in self.legs.iter_mut().flatten() {
            match leg.digit {
                Some(DigitEdge::Began(_)) => leg.digit_open = leg.bridge.is_some(),
                Some(DigitEdge::Ended(..)) => leg.digit_open = false,
                None => {}
            }
            (leg.says, leg.muted, leg.digit) = (A::SILENCE, false, None);
        }
    }

    fn mix_bridge(&mut self, bridge: &Bridge, out: &mut impl FnMut(MediaEvent)) {
        for &listener in bridge.members() {
            let mut sum = A::SILENCE;
            let Some(leg) = self.legs[listener].as_ref().filter(|leg| !leg.deaf) else { continue };
            assert!(leg.injured != Some(Stage::Mix), "injured by a test");
            let mutes = self.mutes(listener);
            let reporting = match leg.kind {
                Kind::Rtp(stream) if self.streams[stream].1.reports() => Some(stream),
                Kind::Rtp(_) | Kind::Line(_) | Kind::Cross(..) => None,
            };
            for &speaker in bridge.members() {
                let Some(leg) = self.legs[speaker].as_ref().filter(|_| speaker != listener) else {
                    continue;
                };
                if let (Some(stream), Kind::Line(line)) = (reporting, leg.kind) {
                    let loss = self.lines[line].voice.echo_loss();
                    self.streams[stream].1.set_echo_loss(loss);
                }
                if !(leg.muted && mutes) {
                    A::mix(&mut sum, &leg.says);
                }
                if let Some(edge) = leg.digit {
                    let sounds = matches!(leg.kind, Kind::Line(_) | Kind::Cross(..));
                    self.pass_digit(listener, sounds, edge, out);
                }
            }
            if let Some(leg) = &mut self.legs[listener] {
                leg.hears = sum;
            }
        }
    }

    /// True if digits reach this leg by another way than sound.
    fn mutes(&self, listener: usize) -> bool {
        match self.legs[listener].as_ref().map(|leg| leg.kind) {
            Some(Kind::Rtp(stream)) => self.streams[stream].1.dtmf() != DtmfMode::InBand,
            Some(Kind::Line(line)) => self.lines[line].mutes_digits(),
            Some(Kind::Cross(..)) | None => false,
        }
    }

    /// Passes a digit on; `sounds`: the listener has it as sound already, unless it is muted.
    fn pass_digit(
        &mut self,
        listener: usize,
        sounds: bool,
        edge: DigitEdge,
        out: &mut impl FnMut(MediaEvent),
    ) {
        let Some(&Leg { id, kind, .. }) = self.legs[listener].as_ref() else { return };
        match (kind, edge) {
            (Kind::Line(line), _) if sounds => {
                self.lines[line].digit_sounds(matches!(edge, DigitEdge::Began(_)));
            }
            (Kind::Cross(..), _) if sounds => {}
            (Kind::Line(line), DigitEdge::Began(digit)) => self.lines[line].digit_begins(digit),
            (Kind::Line(line), DigitEdge::Ended(_, length)) => self.lines[line].digit_ends(length),
            (Kind::Cross(crossing, _), DigitEdge::Began(digit)) => {
                self.crossings[crossing].1.digit_begins(digit);
            }
            (Kind::Cross(crossing, _), DigitEdge::Ended(_, length)) => {
                self.crossings[crossing].1.digit_ends(length);
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
                    (DtmfMode::InBand, DigitEdge::Began(digit)) if !sounds => {
                        stream.sound_digit(digit, None);
                    }
                    (DtmfMode::InBand, DigitEdge::Ended(_, length)) if !sounds => {
                        stream.finish_sound_digit(length);
                    }
                    // The sound itself carries it.
                    (DtmfMode::InBand, DigitEdge::Began(_) | DigitEdge::Ended(..)) => {}
                }
            }
        }
    }

    /// The frame for a line's card in this tick: what its player plays, or what its leg hears.
    /// `bridged`: the line hears its bridge; else only what its player plays.
    pub fn line_out(&mut self, line: LineId, bridged: bool) -> A::Frame {
        let Some(index) = self.line_index(line) else { return A::SILENCE };
        let leg = self.line_legs[index].filter(|_| bridged).and_then(|place| self.legs[place].as_ref());
        let hears = leg.map(|leg| leg.hears);
        let attended = leg.and_then(|leg| leg.bridge).is_some_and(|bridge| self.is_heard(bridge, index));
        let frame = self.lines[index].out(bridged, hears, attended);
        self.taps.show(line, TapPoint::LineOut, &frame);
        frame
    }

    /// True if somebody else on the bridge listens to this line; a far end that holds does not.
    fn is_heard(&self, bridge: usize, line: usize) -> bool {
        let members = self.bridges[bridge].as_ref().map_or(&[][..], Bridge::members);
        let listens = |kind| match kind {
            Kind::Line(other) => other != line,
            Kind::Rtp(stream) => self.streams[stream].1.sends(),
            Kind::Cross(..) => true,
        };
        members
            .iter()
            .filter_map(|&place| self.legs[place].as_ref())
            .any(|leg| !leg.deaf && listens(leg.kind))
    }

    /// Writes the packets of every stream and hands over the frames for other shards.
    pub fn send_streams(
        &mut self,
        now: Instant,
        packets: &mut Packets,
        mut cross: impl FnMut(Crossed<A>),
        out: &mut impl FnMut(MediaEvent),
    ) {
        for place in 0..self.legs.len() {
            let Some(leg) = &mut self.legs[place] else { continue };
            let id = leg.id;
            let (streams, crossings) = (&mut self.streams, &mut self.crossings);
            let whole = guarded(|| match leg.kind {
                Kind::Line(_) => {}
                Kind::Rtp(stream) => {
                    let stream = &mut streams[stream].1;
                    stream.send(now, &leg.hears, packets);
                    if stream.take_announced() {
                        out(MediaEvent::Announced(id));
                    }
                }
                Kind::Cross(crossing, to) => {
                    cross(Crossed { to, frame: crossings[crossing].1.out(leg.hears) });
                }
            });
            if whole.is_none() {
                self.fail(id, out);
            }
        }
        if self.farewells == 0 {
            return;
        }
        self.farewells = 0;
        for (used, stream) in self.streams.iter_mut().filter(|(used, stream)| *used && stream.is_closing()) {
            if guarded(|| stream.farewell(now, packets)).is_none() {
                stream.abandon();
            }
            *used = false;
        }
    }
}

impl<A: Processing> Leg<A> {
    /// Says nothing; a digit that began before ends.
    fn keep_quiet(&mut self) {
        self.says = A::SILENCE;
        self.digit = self.digit.filter(|edge| self.digit_open && matches!(edge, DigitEdge::Ended(..)));
    }

    /// Says what was heard.
    fn take(&mut self, heard: &Heard<A>) {
        self.says = heard.clean;
        self.muted = heard.muted;
        // Never both: what is to count as a digit has to sound for some 30 ms first.
        let ended = heard.ended.map(|(digit, length)| DigitEdge::Ended(digit, length));
        self.digit = ended.or_else(|| heard.began.map(DigitEdge::Began));
    }
}
