//! An RTP stream as a leg: packets in, sound out, and back.
//!
//! # What it does
//! Receives through the latch and the jitter buffer, decodes or conceals; codes what the bridge says and sends a
//! packet each packet time; carries digits as telephone events or as sound; keeps RTCP and the statistics.
//!
//! # How
//! [`RtpLeg::play`] takes one tick out of the jitter buffer, [`RtpLeg::send`] puts one tick into the packet that is
//! being filled. While a telephone event is being sent no sound is.
//!
//! # Limits
//! One codec sends at a time; each payload type that may arrive is decoded by its own name.
//!
//! # Standard
//! RFC 3550, RFC 3551, RFC 4733, RFC 4961 (symmetric RTP).

use core::net::SocketAddr;

use tipring_port::{CodecName, DtmfMode, MediaEvent, RtpSpec, StreamStats, Tone, ToneProgram};
use tipring_rtp::{
    ClockRate, Cname, DEFAULT_GAP, EventReceiver, EventReport, EventSender, Format, JitterBuffer,
    JitterConfig, LatchMode, Outgoing, Packet, PayloadMap, PayloadType, Playout, RemoteLatch, Session,
    SessionConfig, TelephoneEvent, Ticks, Timestamp, UnitSize,
};
use tipring_units::{
    Db, Dbm0, Entropy, Instant, LegId, MediaSlot, Millis, SAMPLE_RATE, TICK, TICK_SAMPLES, WallTime,
};

use crate::packets::{Channel, Packets};
use crate::plane::{DigitEdge, closed_spec};
use crate::processing::{Coder, MAX_UNIT, Player, Processing};

/// Ticks in a packet, at the most (60 ms).
const MAX_UNITS: usize = 6;
/// Statistics go up this often.
const STATS_INTERVAL: Millis = Millis::from_secs(5);
/// A stream that should flow and does not is reported after this long, once.
const STARVED_AFTER: Millis = Millis::from_secs(5);
/// Level of telephone events that we send (RFC 4733: the receiver regenerates the tone).
const EVENT_LEVEL: Dbm0 = Dbm0(-10.0);

/// An RTP leg.
pub struct RtpLeg<A: Processing> {
    spec: RtpSpec,
    started: WallTime,
    entropy: Entropy,
    session: Session,
    latch: RemoteLatch,
    jitter: JitterBuffer,
    coder: A::Coder,
    events_out: EventSender,
    events_in: EventReceiver,
    player: A::Player,
    tone_sounds: bool,
    payload: [u8; MAX_UNIT * MAX_UNITS],
    filled: usize,
    units: usize,
    /// Media time of the packet's first sample.
    start: Timestamp,
    marker: bool,
    edge: Option<DigitEdge>,
    opened: Instant,
    heard: Option<Instant>,
    flowing_told: bool,
    starved_told: bool,
    stats_due: Instant,
    closing: bool,
}

impl<A: Processing> RtpLeg<A> {
    /// A leg that is not open. `started` is the calendar at the start of the monotonic clock.
    pub fn new(started: WallTime, mut entropy: Entropy) -> Self {
        let spec = closed_spec();
        let now = Instant::ZERO;
        Self {
            session: session(now, started, &spec, entropy.fork()),
            latch: RemoteLatch::new(LatchMode::Symmetric, spec.remote_rtp),
            jitter: JitterBuffer::new(JitterConfig::default(), formats::<A>(&spec)),
            coder: A::Coder::new(spec.send.codec),
            events_out: event_sender(&spec),
            events_in: EventReceiver::new(ClockRate(SAMPLE_RATE)),
            player: A::Player::new(),
            tone_sounds: false,
            payload: [0; MAX_UNIT * MAX_UNITS],
            filled: 0,
            units: 0,
            start: Timestamp(0),
            marker: true,
            edge: None,
            opened: now,
            heard: None,
            flowing_told: false,
            starved_told: false,
            stats_due: now,
            closing: false,
            spec,
            started,
            entropy,
        }
    }

    /// Opens the leg for a new stream.
    pub fn open(&mut self, now: Instant, spec: &RtpSpec) {
        self.spec = *spec;
        self.session = session(now, self.started, spec, self.entropy.fork());
        self.latch = RemoteLatch::new(LatchMode::Symmetric, spec.remote_rtp);
        self.jitter = JitterBuffer::new(jitter_config(spec), formats::<A>(spec));
        self.coder = A::Coder::new(spec.send.codec);
        self.events_out = event_sender(spec);
        self.events_in = EventReceiver::new(ClockRate(SAMPLE_RATE));
        self.player.stop();
        self.tone_sounds = false;
        self.restart_packet();
        self.marker = true;
        self.edge = None;
        self.opened = now;
        self.heard = None;
        self.flowing_told = false;
        self.starved_told = false;
        self.stats_due = now + STATS_INTERVAL;
        self.closing = false;
    }

    /// Changes the stream at a tick boundary: the session and its numbers go on.
    pub fn change(&mut self, now: Instant, spec: &RtpSpec) {
        if spec.remote_rtp != self.spec.remote_rtp {
            self.latch.signal(spec.remote_rtp);
        }
        if spec.receive != self.spec.receive || spec.receive_events != self.spec.receive_events {
            self.jitter.set_formats(formats::<A>(spec));
        }
        if spec.send != self.spec.send || spec.ptime != self.spec.ptime {
            self.coder = A::Coder::new(spec.send.codec);
            self.restart_packet();
        }
        if spec.dtmf != self.spec.dtmf || spec.ptime != self.spec.ptime {
            self.events_out = event_sender(spec);
        }
        if spec.direction.receive && !self.spec.direction.receive {
            self.opened = now;
            self.starved_told = false;
            self.heard = None;
        }
        self.spec = *spec;
    }

    /// The leg ends: its farewell goes out with the next packets.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// True while the farewell has not been written.
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// Writes the farewell (RTCP BYE); the leg is then free.
    pub fn farewell(&mut self, now: Instant, out: &mut Packets) {
        let session = &mut self.session;
        let (slot, remote) = (self.spec.slot, self.spec.remote_rtcp);
        out.push_with(slot, Channel::Rtcp, remote, |room| session.leave(now, room).unwrap_or(0));
        self.closing = false;
        self.spec.slot = MediaSlot(u16::MAX);
    }

    /// The sockets that it uses.
    pub fn slot(&self) -> MediaSlot {
        self.spec.slot
    }

    /// How digits go out.
    pub fn dtmf(&self) -> DtmfMode {
        self.spec.dtmf
    }

    /// Gain of what is sent; reserved for levels between countries.
    pub fn set_gain(&mut self, _gain: Db) {}

    /// Takes a datagram from one of the leg's sockets. What is malformed or from a stranger is counted.
    pub fn receive(&mut self, now: Instant, channel: Channel, from: SocketAddr, bytes: &[u8]) {
        if channel == Channel::Rtcp {
            // A refused report is counted by the session.
            let _ = self.session.receive_rtcp(now, bytes);
            return;
        }
        let Ok(packet) = Packet::parse(bytes) else {
            self.session.count_malformed();
            return;
        };
        let header = &packet.header;
        match self.latch.admit(now, from, header.ssrc, header.sequence) {
            tipring_rtp::Admission::Accept | tipring_rtp::Admission::Moved => {}
            tipring_rtp::Admission::Candidate | tipring_rtp::Admission::Refuse => {
                self.session.count_refused();
                return;
            }
        }
        let is_event = self.spec.receive_events == Some(header.payload_type.0);
        match self.session.receive(now, from, &packet, !is_event) {
            tipring_rtp::Verdict::Drop => return,
            tipring_rtp::Verdict::Play { fresh } => {
                if fresh {
                    self.jitter.restart();
                    self.events_in.restart();
                }
            }
        }
        self.heard = Some(now);
        self.starved_told = false;
        if is_event {
            self.events_in.receive(now, header.marker, header.timestamp, packet.payload);
        }
        self.jitter.push(now, header, packet.payload);
    }

    /// The sound of one tick.
    pub fn play(&mut self, now: Instant) -> A::Frame {
        self.events_in.tick(now);
        self.edge = self.events_in.poll().and_then(edge_of);
        let frame = match self.jitter.pop(now, false) {
            Playout::Frame { payload_type, payload } => {
                let codec = self.spec.receive.iter().flatten().find(|known| known.number == payload_type.0);
                match codec {
                    Some(known) => self.coder.decode(known.codec, payload),
                    None => A::SILENCE,
                }
            }
            Playout::Conceal => self.coder.conceal(),
            Playout::ComfortNoise(_) | Playout::Event(_) | Playout::Silence => A::SILENCE,
        };
        if self.spec.direction.receive { frame } else { A::SILENCE }
    }

    /// A digit that began or ended by telephone event in this tick.
    pub(crate) fn digit_in(&self) -> Option<DigitEdge> {
        self.edge.filter(|_| self.spec.direction.receive)
    }

    /// A telephone event is being received.
    pub fn digit_sounds(&self) -> bool {
        self.events_in.running().is_some()
    }

    /// A digit begins that has to go out as a telephone event.
    pub fn begin_digit(&mut self, digit: u8) {
        if let Some(event) = TelephoneEvent::from_digit(char::from(digit)) {
            // More digits than the queue holds are dropped: nobody presses that fast.
            let _ = self.events_out.press(event);
        }
    }

    /// It ends.
    pub fn end_digit(&mut self) {
        self.events_out.release();
    }

    /// Sends a whole digit in the leg's own way.
    pub fn send_digit(&mut self, digit: u8, length: Millis) {
        match self.spec.dtmf {
            DtmfMode::Events(_) => {
                if let Some(event) = TelephoneEvent::from_digit(char::from(digit)) {
                    // As above.
                    let _ = self.events_out.send(event, length);
                }
            }
            DtmfMode::InBand => self.sound_digit(digit, length),
            // The control plane sends it.
            DtmfMode::Signalling => {}
        }
    }

    /// Plays a digit as sound into the stream.
    pub fn sound_digit(&mut self, digit: u8, length: Millis) {
        self.player.digit(digit, length);
    }

    /// Ends the digit that [`RtpLeg::sound_digit`] began after `total` in all.
    pub fn finish_sound_digit(&mut self, total: Millis) {
        self.player.finish_digit(total);
    }

    /// Plays a tone in place of what the bridge says; `None` ends it.
    pub fn tone(&mut self, tone: Option<(Tone, &ToneProgram)>) {
        match tone {
            Some((tone, program)) => self.player.tone(tone, program),
            None => self.player.stop(),
        }
    }

    /// Sends one tick of what the leg hears.
    pub fn send(&mut self, now: Instant, hears: &A::Frame, out: &mut Packets) {
        let frame = self.player.next_frame().unwrap_or(*hears);
        self.events_out.tick(self.session.timestamp());
        let talking = self.spec.direction.send && !self.events_out.is_active();
        if talking {
            self.fill(&frame);
        } else {
            self.restart_packet();
            self.marker = true;
        }
        let remote = self.latch.remote();
        let slot = self.spec.slot;
        if talking && self.units * TICK.0 as usize >= self.spec.ptime.0 as usize {
            let packet = Outgoing {
                payload_type: PayloadType(self.spec.send.number),
                marker: self.marker,
                timestamp: self.start,
                payload: &self.payload[..self.filled],
            };
            let session = &mut self.session;
            out.push_with(slot, Channel::Rtp, remote, |room| session.write(packet, room).unwrap_or(0));
            self.marker = false;
            self.restart_packet();
        }
        if let DtmfMode::Events(number) = self.spec.dtmf {
            while let Some(event) = self.events_out.poll() {
                let payload = event.payload.to_bytes();
                let packet = Outgoing {
                    payload_type: PayloadType(number),
                    marker: event.marker,
                    timestamp: event.timestamp,
                    payload: &payload,
                };
                let session = &mut self.session;
                out.push_with(slot, Channel::Rtp, remote, |room| session.write(packet, room).unwrap_or(0));
            }
        }
        self.session.advance(now, Ticks(TICK_SAMPLES as u32));
        if self.session.report_due().is_some_and(|due| due <= now) {
            let session = &mut self.session;
            let remote = self.spec.remote_rtcp;
            out.push_with(slot, Channel::Rtcp, remote, |room| session.poll_rtcp(now, room).unwrap_or(0));
        }
    }

    fn fill(&mut self, frame: &A::Frame) {
        if self.units == 0 {
            self.start = self.session.timestamp();
        }
        if let Some(room) = self.payload.get_mut(self.filled..) {
            self.filled += self.coder.encode(frame, room);
            self.units += 1;
        }
    }

    fn restart_packet(&mut self) {
        self.filled = 0;
        self.units = 0;
    }

    /// Tells what is due: first packet, silence of the far end, statistics.
    pub fn report(&mut self, now: Instant, leg: LegId, out: &mut impl FnMut(MediaEvent)) {
        if !self.flowing_told && self.heard.is_some() {
            self.flowing_told = true;
            out(MediaEvent::Flowing(leg));
        }
        let since = self.heard.unwrap_or(self.opened);
        if self.spec.direction.receive && !self.starved_told && now >= since + STARVED_AFTER {
            self.starved_told = true;
            out(MediaEvent::Starved(leg, STARVED_AFTER));
        }
        if now >= self.stats_due {
            self.stats_due = now + STATS_INTERVAL;
            out(MediaEvent::Stats(leg, self.stats(now), false));
        }
    }

    /// Statistics since the leg was opened.
    pub fn stats(&self, now: Instant) -> StreamStats {
        let session = self.session.statistics();
        let jitter = self.jitter.statistics(now);
        let millis = |time: core::time::Duration| Millis(u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
        StreamStats {
            sent: session.sent_packets,
            received: session.received_packets,
            lost: session.lost,
            late: jitter.late,
            refused: session.refused + session.malformed,
            jitter: millis(session.jitter),
            round_trip: session.round_trip.map_or(Millis::ZERO, millis),
            far_loss: session.far.map_or(0, |far| far.fraction_lost),
            concealed: jitter.concealed,
            depth: jitter.depth,
        }
    }
}

fn session(now: Instant, started: WallTime, spec: &RtpSpec, entropy: Entropy) -> Session {
    let config = SessionConfig {
        cname: Cname::new(spec.cname.as_str()),
        clock: ClockRate(SAMPLE_RATE),
        rtcp: spec.remote_rtcp.port() != 0,
    };
    let since_start = (now - Instant::ZERO).as_micros();
    let wall = WallTime(started.0 + u64::try_from(since_start).unwrap_or(0));
    Session::new(now, wall, config, entropy)
}

fn jitter_config(spec: &RtpSpec) -> JitterConfig {
    let start = Millis((spec.jitter.min.0 + 20).min(spec.jitter.max.0));
    JitterConfig { min: spec.jitter.min, max: spec.jitter.max, start }
}

fn event_sender(spec: &RtpSpec) -> EventSender {
    EventSender::new(Ticks(TICK_SAMPLES as u32), spec.ptime, DEFAULT_GAP, EVENT_LEVEL)
}

fn formats<A: Processing>(spec: &RtpSpec) -> PayloadMap {
    let clock = ClockRate(SAMPLE_RATE);
    let unit = |codec: CodecName| UnitSize(A::Coder::unit(codec));
    let mut map = PayloadMap::new();
    for known in spec.receive.iter().flatten() {
        map = map.with(PayloadType(known.number), Format::Audio { unit: unit(known.codec), clock });
    }
    match spec.receive_events {
        Some(number) => map.with(PayloadType(number), Format::Events { clock }),
        None => map,
    }
}

fn edge_of(report: EventReport) -> Option<DigitEdge> {
    let digit = |event: TelephoneEvent| event.digit().and_then(|digit| u8::try_from(digit).ok());
    match report {
        EventReport::Begin(event) => digit(event).map(DigitEdge::Began),
        EventReport::End(event, length) => digit(event).map(|digit| DigitEdge::Ended(digit, length)),
    }
}
