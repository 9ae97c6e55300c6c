//! An RTP stream as a leg: packets in, sound out, and back.
//!
//! # What it does
//! Joins an [`RtpStream`] (session, latch, jitter buffer, telephone events) to a coder: decodes or conceals what comes,
//! codes what the bridge says, carries digits as telephone events or as sound, tells what is due.
//!
//! # How
//! [`RtpLeg::play`] takes one tick out of the stream, [`RtpLeg::send`] gives it one tick and writes the packets that
//! are due. While a telephone event is being sent no sound is. All memory that a stream can need is made with the leg:
//! opening one allocates nothing.
//!
//! # Limits
//! One codec sends at a time; each payload type that may arrive is decoded by its own name. Digits that arrive as sound
//! are passed on as sound: they are not looked for.
//!
//! # Standard
//! RFC 3550, RFC 3551, RFC 4733, RFC 4961 (symmetric RTP).

use core::net::SocketAddr;

use std::sync::Arc;

use tipring_port::{
    Announcement, DtmfMode, Hearing, MediaEvent, RtpSpec, Signal, SilenceMode, StreamStats, Tone,
    ToneProgram, VoiceQuality,
};
use tipring_rtp::{
    ClockRate, Cname, Departure, EventReport, Format, Gate, JitterConfig, JitterMode, LatchMode,
    MAX_NOISE_BYTES, OPUS_SILENCE_BYTES, Pace, PayloadMap, PayloadType, Playout, RtpStream, Sending,
    SessionConfig, Ssrc, StreamConfig, TelephoneEvent, UnitSize, VoiceLevels,
};
use tipring_units::{
    Db, Dbm0, Entropy, Instant, LegId, MediaSlot, Millis, Samples, TICK, TICK_SAMPLES, WallTime,
};
use tipring_voice::PhraseBank;

use crate::impairment::impairment;
use crate::packets::{Channel, Packets};
use crate::plane::{DigitEdge, closed_spec};
use crate::processing::{Bank, Coder, MAX_UNIT, MAX_WHOLE, Player, Processing, Sifted, Stretch, Whole};

/// Statistics go up this often.
const STATS_INTERVAL: Millis = Millis::from_secs(5);
/// The first come earlier, so that a short call has some.
const STATS_FIRST: Millis = Millis::from_secs(1);
/// A stream that should flow and does not is reported after this long, once.
const STARVED_AFTER: Millis = Millis::from_secs(5);
/// Level that our telephone events state; the receiver regenerates the tone.
const EVENT_LEVEL: Dbm0 = Dbm0(-10.0);

/// Depth of the jitter buffer under data, within what the stream allows: deep enough for what an office network does,
/// for what comes late is lost to a modem; shallow enough for the timers of T.30 and V.8.
const DATA_DEPTH: Millis = Millis(100);

/// What a tick plays.
const TICK_HELD: Samples = Samples(TICK_SAMPLES as u64);

/// An RTP leg.
pub struct RtpLeg<A: Processing> {
    spec: RtpSpec,
    started: WallTime,
    entropy: Entropy,
    stream: RtpStream,
    coder: A::Coder,
    stretch: A::Stretch,
    player: A::Player,
    /// A description of silence that waits for the end of a packet, and its length.
    described: Option<([u8; MAX_NOISE_BYTES], usize)>,
    /// The far end pauses and has said so.
    pauses: bool,
    bank: A::Bank,
    signal: Option<Signal>,
    /// The stream carries data and no speech.
    data: bool,
    edge: Option<DigitEdge>,
    digit_sounds: bool,
    /// A report goes out with this tick.
    reports: bool,
    /// What goes back of the voice that comes.
    echo_loss: Option<Db>,
    opened: Instant,
    stream_began: Instant,
    heard: Option<Instant>,
    flowing_told: bool,
    starved_told: bool,
    stats_due: Instant,
    closing: bool,
}

impl<A: Processing> RtpLeg<A> {
    /// A leg that is not open, with room for the largest stream. `started` is the calendar at the start of the monotonic clock.
    pub fn new(started: WallTime, mut entropy: Entropy) -> Self {
        let spec = closed_spec();
        let now = Instant::ZERO;
        let (wall, config) = config::<A>(now, started, &spec);
        Self {
            stream: RtpStream::new(now, wall, config, entropy.fork()),
            coder: A::Coder::new(spec.send.codec),
            stretch: A::Stretch::new(),
            player: A::Player::new(),
            described: None,
            pauses: false,
            bank: A::Bank::new(),
            signal: None,
            data: false,
            edge: None,
            digit_sounds: false,
            reports: false,
            echo_loss: None,
            opened: now,
            stream_began: now,
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

    /// These packets came before the stream began: they are of another, which never becomes ours.
    pub fn leave_out(&mut self, from: SocketAddr, ssrc: Ssrc) {
        self.stream.leave_out(from, ssrc);
    }

    /// Where the far end's packets come from and their SSRC, once there were some.
    pub fn heard(&self) -> Option<(SocketAddr, Ssrc)> {
        self.stream.heard()
    }

    /// Opens the leg for a new stream.
    pub fn open(&mut self, now: Instant, spec: &RtpSpec) {
        self.spec = *spec;
        let (wall, config) = config::<A>(now, self.started, spec);
        self.stream.reset(now, wall, config, self.entropy.fork());
        self.coder = coder::<A>(spec);
        self.stretch.reset();
        self.player.stop();
        self.described = None;
        self.pauses = false;
        self.bank.reset();
        self.signal = None;
        self.data = false;
        self.edge = None;
        self.digit_sounds = false;
        self.reports = false;
        self.echo_loss = None;
        self.opened = now;
        self.stream_began = now;
        self.heard = None;
        self.flowing_told = false;
        self.starved_told = false;
        self.stats_due = now + STATS_FIRST;
        self.closing = false;
    }

    /// Changes the stream at a tick boundary: the session and its numbers go on.
    pub fn change(&mut self, now: Instant, spec: &RtpSpec) {
        let old = core::mem::replace(&mut self.spec, *spec);
        if (spec.remote_rtp, spec.remote_rtcp) != (old.remote_rtp, old.remote_rtcp) {
            self.stream.signal(spec.remote_rtp, spec.remote_rtcp);
        }
        let received = |spec: &RtpSpec| (spec.receive, spec.receive_events, spec.receive_noise);
        if received(spec) != received(&old) {
            self.stream.set_formats(formats::<A>(spec));
        }
        let whole = |spec: &RtpSpec| A::Coder::is_whole(spec.send.codec).then_some((spec.ptime, spec.opus));
        if (spec.send, spec.silence, whole(spec)) != (old.send, old.silence, whole(&old)) {
            self.coder = coder::<A>(spec);
            self.described = None;
        }
        self.stream.set_sending(sending(spec));
        if spec.direction.receive && !old.direction.receive {
            self.opened = now;
            self.starved_told = false;
            self.heard = None;
        }
    }

    /// Sound goes through untouched until the leg is opened anew: no digits by another way, a jitter buffer of one depth.
    pub fn pass_through(&mut self, now: Instant) {
        if !self.data {
            self.data = true;
            self.player.stop();
            self.stream.end_events();
            let depth =
                DATA_DEPTH.clamp(self.spec.jitter.min.min(self.spec.jitter.max), self.spec.jitter.max);
            let jitter = JitterConfig { min: depth, max: depth, start: depth, mode: JitterMode::Fixed };
            self.stream.set_jitter(now, jitter);
        }
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
        let stream = &mut self.stream;
        out.push_with(self.spec.slot, |room| stream.leave(now, room).map(leaving));
        self.closing = false;
        self.spec.slot = MediaSlot(u16::MAX);
    }

    /// The leg ends without farewell.
    pub fn abandon(&mut self) {
        self.closing = false;
        self.spec.slot = MediaSlot(u16::MAX);
    }

    /// The far end is sent sound: it does not hold us.
    pub fn sends(&self) -> bool {
        self.spec.direction.send
    }

    /// The sockets that it uses.
    pub fn slot(&self) -> MediaSlot {
        self.spec.slot
    }

    /// How digits go out.
    pub fn dtmf(&self) -> DtmfMode {
        if self.data { DtmfMode::InBand } else { self.spec.dtmf }
    }

    /// Takes a datagram from one of the leg's sockets. What is malformed or from a stranger is counted.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        match self.stream.receive(now, from, bytes) {
            tipring_rtp::Arrival::Media => {
                self.heard = Some(now);
                self.starved_told = false;
            }
            tipring_rtp::Arrival::Report
            | tipring_rtp::Arrival::Goodbye
            | tipring_rtp::Arrival::Dropped
            | tipring_rtp::Arrival::Foreign(_) => {} // counted where it was judged
        }
    }

    /// The sound of one tick.
    pub fn play(&mut self, now: Instant) -> A::Frame {
        self.reports = self.stream.reports(now);
        let quiet = if self.data { self.coder.is_silent() } else { self.coder.is_quiet() };
        let pace = self.stream.pace(now, quiet);
        self.stretch.set_speed(self.stream.sound().speed());
        if let Pace::Shorter { .. } = pace {
            while self.stretch.held() < A::Stretch::shorten_needs() && self.stream.sound().has_sound() {
                self.take();
            }
        }
        if self.stretch.held() < TICK_HELD {
            self.take();
        }
        match pace {
            Pace::Steady => {}
            Pace::Longer { force } => self.stretch.lengthen(force),
            Pace::Shorter { force } => self.stretch.shorten(force),
        }
        let frame = self.stretch.pull().or_else(|| {
            self.take();
            self.stretch.pull()
        });
        let frame = frame.unwrap_or(A::SILENCE);
        self.stream.sound().hold(self.stretch.held());
        self.signal = self.bank.listen(&frame);
        self.edge = self.stream.poll_event().and_then(edge_of).filter(|_| !self.data);
        match self.edge {
            Some(DigitEdge::Began(_)) => self.digit_sounds = true,
            Some(DigitEdge::Ended(..)) => self.digit_sounds = false,
            None => self.digit_sounds &= !self.data,
        }
        if self.spec.direction.receive { frame } else { A::SILENCE }
    }

    /// Decodes the next unit of the stream, or what stands for it, to where sound waits.
    fn take(&mut self) {
        let frame = match self.stream.sound().take() {
            Playout::Frame { payload_type, payload } => {
                self.pauses = false;
                let known = self.spec.receive.iter().flatten().find(|known| known.number == payload_type.0);
                match known {
                    Some(known) => self.coder.decode(known.codec, payload),
                    None => A::SILENCE,
                }
            }
            Playout::Packet { payload, unit, .. } => {
                self.pauses = payload.len() <= OPUS_SILENCE_BYTES;
                self.coder.decode_whole(payload, unit as usize)
            }
            Playout::Repeated { next, units, .. } => self.coder.decode_repeated(next, units as usize),
            Playout::Rest { unit } => self.coder.rest(unit as usize),
            Playout::Conceal => self.coder.conceal(),
            Playout::ComfortNoise(description) => {
                self.pauses = true;
                self.coder.noise(description)
            }
            Playout::Silence => self.coder.pause(),
            Playout::Event(_) => A::SILENCE,
        };
        self.stretch.push(&frame);
    }

    /// A report goes out with this tick: what goes back of the voice is wanted ([`RtpLeg::set_echo_loss`]).
    pub fn reports(&self) -> bool {
        self.reports
    }

    /// How much weaker the voice that comes goes back, where the line that hears it measures that.
    pub fn set_echo_loss(&mut self, loss: Option<Db>) {
        self.echo_loss = loss;
    }

    /// A machine's signal that was heard in this tick.
    pub fn signal(&self) -> Option<Signal> {
        self.signal
    }

    /// A digit that began or ended by telephone event in this tick; none begins while nothing is to be received.
    pub(crate) fn digit_in(&self) -> Option<DigitEdge> {
        self.edge.filter(|edge| self.spec.direction.receive || matches!(edge, DigitEdge::Ended(..)))
    }

    /// A telephone event is being received.
    pub fn digit_sounds(&self) -> bool {
        self.digit_sounds
    }

    /// A digit begins that has to go out as a telephone event.
    pub fn begin_digit(&mut self, digit: u8) {
        if let Some(event) = TelephoneEvent::from_digit(char::from(digit)) {
            // More digits than the queue holds are dropped: nobody presses that fast.
            let _ = self.stream.events().press(event);
        }
    }

    /// It ends.
    pub fn end_digit(&mut self) {
        self.stream.events().release();
    }

    /// Sends a whole digit in the leg's own way.
    pub fn send_digit(&mut self, digit: u8, length: Millis) {
        match self.dtmf() {
            DtmfMode::Events(_) => {
                if let Some(event) = TelephoneEvent::from_digit(char::from(digit)) {
                    // As above.
                    let _ = self.stream.send_event(event, length);
                }
            }
            DtmfMode::InBand => self.sound_digit(digit, Some(length)),
            // The control plane sends it.
            DtmfMode::Signalling => {}
        }
    }

    /// Plays a digit as sound into the stream, for `length` or until [`RtpLeg::finish_sound_digit`].
    pub fn sound_digit(&mut self, digit: u8, length: Option<Millis>) {
        self.player.digit(digit, length);
    }

    /// The digit of unknown length ends after `total` in all.
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

    /// Announcements are said by the phrases of `bank`.
    pub fn set_bank(&mut self, bank: &Arc<PhraseBank>) {
        self.player.set_bank(bank);
    }

    /// Says something in place of what the bridge says, then nothing.
    pub fn announce(&mut self, words: &Announcement) {
        self.player.announce(words);
    }

    /// True once after an announcement was said to its end.
    pub fn take_announced(&mut self) -> bool {
        self.player.take_announced()
    }

    /// Sends one tick of what the leg hears, and all packets that are due.
    pub fn send(&mut self, now: Instant, hears: &A::Frame, out: &mut Packets) {
        let frame = self.player.next_frame().unwrap_or(*hears);
        if self.spec.direction.send {
            self.send_frame(now, &frame);
        } else {
            self.stream.send(now, None);
        }
        if self.reports {
            let (signal, noise) = self.coder.levels().unzip();
            self.stream.set_levels(VoiceLevels { signal, noise, echo_loss: self.echo_loss });
        }
        let stream = &mut self.stream;
        while out.push_with(self.spec.slot, |room| stream.poll_packet(now, room).map(leaving)) {}
    }

    /// What is sent of silence; under data all of it, where the codec leaves the choice.
    fn silence(&self) -> SilenceMode {
        match self.spec.silence {
            SilenceMode::Described(_) if self.data => SilenceMode::Sent,
            mode @ (SilenceMode::Sent | SilenceMode::Described(_) | SilenceMode::ByCodec) => mode,
        }
    }

    /// Sends by a codec that makes whole packets.
    fn send_whole(&mut self, now: Instant, frame: &A::Frame) {
        let mut packet = [0; MAX_WHOLE];
        match self.coder.encode_whole(frame, &mut packet) {
            Whole::Collecting => self.stream.collect(now),
            Whole::Packet(length) => {
                let packet = packet.get(..length).unwrap_or_default();
                self.stream.send_packet(now, self.spec.ptime.0 / TICK.0, packet);
            }
            Whole::Nothing => self.stream.send(now, None),
        }
    }

    fn send_frame(&mut self, now: Instant, frame: &A::Frame) {
        if A::Coder::is_whole(self.spec.send.codec) {
            return self.send_whole(now, frame);
        }
        let mut unit = [0; MAX_UNIT];
        match self.silence() {
            SilenceMode::Sent => {}
            SilenceMode::Described(number) => match self.coder.sift(frame, &mut unit) {
                Sifted::Sound => self.described = None,
                sifted @ (Sifted::Description(_) | Sifted::Nothing) => {
                    if let Sifted::Description(length) = sifted {
                        let mut bytes = [0; MAX_NOISE_BYTES];
                        bytes.iter_mut().zip(&unit).for_each(|(to, from)| *to = *from);
                        self.described = Some((bytes, length.min(MAX_NOISE_BYTES)));
                    }
                    // A packet that was begun is filled: some receivers take no short one.
                    if !self.stream.is_collecting() {
                        match self.described.take() {
                            Some((bytes, length)) => self.stream.send_noise(
                                now,
                                PayloadType(number),
                                bytes.get(..length).unwrap_or_default(),
                            ),
                            None => self.stream.send(now, None),
                        }
                        return;
                    }
                }
            },
            SilenceMode::ByCodec => {
                let length = self.coder.encode(frame, &mut unit);
                let unit = unit.get(..length).unwrap_or_default();
                if length == A::Coder::silence_unit(self.spec.send.codec) && length > 0 {
                    self.stream.send_silence(now, unit);
                } else {
                    self.stream.send(now, (length > 0).then_some(unit));
                }
                return;
            }
        }
        let length = self.coder.encode(frame, &mut unit);
        self.stream.send(now, unit.get(..length));
    }

    /// Tells what is due: first packet, silence of the far end, statistics.
    pub fn report(&mut self, now: Instant, leg: LegId, out: &mut impl FnMut(MediaEvent)) {
        if !self.flowing_told && self.heard.is_some() {
            self.flowing_told = true;
            out(MediaEvent::Flowing(leg));
        }
        let since = self.heard.unwrap_or(self.opened);
        let due = self.spec.direction.receive && !self.pauses;
        if due && !self.starved_told && now >= since + STARVED_AFTER {
            self.starved_told = true;
            out(MediaEvent::Starved(leg, STARVED_AFTER));
        }
        if now >= self.stats_due {
            let first = self.stats_due == self.stream_began + STATS_FIRST;
            self.stats_due = if first { self.stream_began } else { self.stats_due } + STATS_INTERVAL;
            out(MediaEvent::Stats(leg, self.stats(now), false));
        }
    }

    /// Statistics since the leg was opened.
    pub fn stats(&self, now: Instant) -> StreamStats {
        let (session, jitter) = self.stream.statistics(now);
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
            quality: VoiceQuality {
                here: self.stream.hears(now).map(hearing),
                there: self.stream.is_heard().map(hearing),
            },
        }
    }
}

fn hearing(heard: tipring_rtp::Hearing) -> Hearing {
    Hearing {
        loss: (heard.loss * 10_000.0 + 0.5).clamp(0.0, 10_000.0) as u16,
        jitter: Millis(u32::try_from(heard.jitter.as_millis()).unwrap_or(u32::MAX)),
        rating: (heard.rating.0 + 0.5) as u8,
        score: (heard.rating.score() * 10.0 + 0.5) as u8,
    }
}

fn coder<A: Processing>(spec: &RtpSpec) -> A::Coder {
    let mut coder = A::Coder::new(spec.send.codec);
    coder.agree(spec.ptime, spec.opus, spec.silence == SilenceMode::ByCodec);
    coder
}

/// What the stream is told, and the calendar.
fn config<A: Processing>(now: Instant, started: WallTime, spec: &RtpSpec) -> (WallTime, StreamConfig) {
    let since_start = u64::try_from((now - Instant::ZERO).as_micros()).unwrap_or(0);
    let above = if spec.jitter.fixed { 0 } else { 20 };
    let start = Millis((spec.jitter.min.0 + above).min(spec.jitter.max.0));
    let config = StreamConfig {
        session: SessionConfig {
            cname: Cname::new(spec.cname.as_str()),
            clock: ClockRate(spec.send.codec.clock().hertz()),
            rtcp: spec.remote_rtcp.port() != 0,
        },
        latch: LatchMode::Symmetric,
        jitter: JitterConfig {
            min: spec.jitter.min,
            max: spec.jitter.max,
            start,
            mode: if spec.jitter.fixed { JitterMode::Fixed } else { JitterMode::Adaptive },
        },
        formats: formats::<A>(spec),
        sending: sending(spec),
        remote_rtp: spec.remote_rtp,
        remote_rtcp: spec.remote_rtcp,
    };
    (WallTime(started.0.saturating_add(since_start)), config)
}

fn sending(spec: &RtpSpec) -> Sending {
    let events = match spec.dtmf {
        DtmfMode::Events(number) => Some((PayloadType(number), ClockRate(spec.event_clock.hertz()))),
        DtmfMode::InBand | DtmfMode::Signalling => None,
    };
    Sending {
        payload_type: PayloadType(spec.send.number),
        ptime: spec.ptime,
        clock: ClockRate(spec.send.codec.clock().hertz()),
        events,
        event_level: EVENT_LEVEL,
        impairment: impairment(spec.send.codec),
    }
}

fn formats<A: Processing>(spec: &RtpSpec) -> PayloadMap {
    let mut map = PayloadMap::new();
    for known in spec.receive.iter().flatten() {
        let unit = UnitSize(A::Coder::unit(known.codec));
        let format = if A::Coder::is_whole(known.codec) {
            Format::Opus { unit }
        } else {
            let clock = ClockRate(known.codec.clock().hertz());
            Format::Audio { unit, clock, silence: UnitSize(A::Coder::silence_unit(known.codec)) }
        };
        map = map.with(PayloadType(known.number), format);
    }
    if let Some(number) = spec.receive_noise.filter(|number| map.get(PayloadType(*number)).is_none()) {
        map = map.with(PayloadType(number), Format::ComfortNoise);
    }
    for events in spec.receive_events.iter().flatten() {
        let clock = ClockRate(events.clock.hertz());
        map = map.with(PayloadType(events.number), Format::Events { clock });
    }
    map
}

fn leaving(departure: Departure) -> (Channel, SocketAddr, usize) {
    let channel = match departure.gate {
        Gate::Rtp => Channel::Rtp,
        Gate::Rtcp => Channel::Rtcp,
    };
    (channel, departure.to, departure.size)
}

fn edge_of(report: EventReport) -> Option<DigitEdge> {
    let digit = |event: TelephoneEvent| event.digit().and_then(|digit| u8::try_from(digit).ok());
    match report {
        EventReport::Begin(event) => digit(event).map(DigitEdge::Began),
        EventReport::End(event, length) => digit(event).map(|digit| DigitEdge::Ended(digit, length)),
    }
}
