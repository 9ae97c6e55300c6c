//! One RTP stream, whole: what the media plane owns for each far end.
//!
//! # What
//! Session, latch, jitter buffer, packets and telephone events behind three verbs: what arrives, what a tick
//! plays and sends, what goes out.
//!
//! # How
//! [`RtpStream::receive`] for each datagram. Each 10 ms [`RtpStream::pace`] and the units of [`RtpStream::sound`] for
//! what to play, [`RtpStream::send`]
//! with a unit of sound or none, then [`RtpStream::poll_packet`] and [`RtpStream::poll_event`] until they are empty.
//! Coding is the caller's; a coder that makes packets of its own length uses [`RtpStream::send_packet`]. While a
//! telephone event sounds, sound that is sent is left out.
//!
//! # Limits
//! Where the far end has telephone events on another clock than the sound, their lengths are on that clock and their
//! timestamps on that of the sound; such events have no place in the jitter buffer.
//!
//! # Standard
//! RFC 3550, RFC 4733, RFC 4961, RFC 5761.

use crate::event_receiver::{EventReceiver, EventReport};
use crate::event_sender::{DEFAULT_GAP, EventSender, Full};
use crate::jitter::JitterBuffer;
use crate::packetizer::Packetizer;
use crate::playout::{JitterConfig, JitterMode, JitterStatistics, Pace};
use crate::{
    Admission, ClockRate, Datagram, Format, GAP_MIN, Hearing, Impairment, LatchMode, Outgoing, Packet,
    PathFigures, PayloadMap, PayloadType, RECEIVER_ADAPTIVE, RECEIVER_FIXED, Rating, RemoteLatch, Session,
    SessionConfig, Statistics, Timestamp, Verdict, VoipMetrics, classify,
};
use core::net::SocketAddr;
use tipring_units::{Db, Dbm0, Entropy, Instant, Millis, WallTime};

/// What a stream is told at its start.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Names; the clock is that of `sending`.
    pub session: SessionConfig,
    /// Whom to believe.
    pub latch: LatchMode,
    /// Depth of the jitter buffer.
    pub jitter: JitterConfig,
    /// Payload types that we receive.
    pub formats: PayloadMap,
    /// How we send.
    pub sending: Sending,
    /// Where the far end said that it wants RTP.
    pub remote_rtp: SocketAddr,
    /// Where it wants RTCP; the same address where both share a UDP port.
    pub remote_rtcp: SocketAddr,
}

/// How we send.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sending {
    /// Payload type of sound.
    pub payload_type: PayloadType,
    /// Packet time, 10 to 60 ms.
    pub ptime: Millis,
    /// Rate of the clock of sound.
    pub clock: ClockRate,
    /// Payload type of telephone events, where the far end takes them, and the clock of their lengths.
    pub events: Option<(PayloadType, ClockRate)>,
    /// Level that our events state.
    pub event_level: Dbm0,
    /// What the codec costs, for ratings.
    pub impairment: Impairment,
}

/// What a datagram turned out to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// RTP of our far end.
    Media,
    /// RTCP of our far end.
    Report,
    /// The far end said goodbye by RTCP.
    Goodbye,
    /// Dropped and counted: malformed, from somebody else, or twice.
    Dropped,
    /// Not for this stream: STUN, DTLS or unknown.
    Foreign(Datagram),
}

/// Which of the two sockets a datagram leaves by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    /// The one for RTP.
    Rtp,
    /// The one for RTCP.
    Rtcp,
}

/// A datagram that was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Departure {
    /// By which socket.
    pub gate: Gate,
    /// Where to.
    pub to: SocketAddr,
    /// Bytes of the buffer that it takes.
    pub size: usize,
}

/// What is measured of the voice that comes, and of its echo (RFC 3611 clause 4.7.4); `None`: not known.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct VoiceLevels {
    /// Level of the voice.
    pub signal: Option<Dbm0>,
    /// Level of the noise between the words.
    pub noise: Option<Dbm0>,
    /// How much weaker it goes back.
    pub echo_loss: Option<Db>,
}

/// The most that an octet of a level or loss can say: one more means that it is not known.
const MOST_KNOWN: f32 = 126.0;
/// Least depth that a far end's jitter buffer is taken to have, in milliseconds.
const FAR_BUFFER: f32 = 20.0;
/// Bytes of a description of comfort noise that are sent: level and ten coefficients.
pub const MAX_NOISE_BYTES: usize = 11;

/// A description of comfort noise that waits to be written.
#[derive(Clone, Copy, Debug)]
struct Noise {
    payload_type: PayloadType,
    timestamp: Timestamp,
    bytes: [u8; MAX_NOISE_BYTES],
    length: usize,
}

/// A stream.
#[derive(Clone, Debug)]
pub struct RtpStream {
    session: Session,
    latch: RemoteLatch,
    jitter: JitterBuffer,
    formats: PayloadMap,
    sending: Sending,
    packetizer: Packetizer,
    noise: Option<Noise>,
    event_sender: EventSender,
    /// The time of the events that are sent, on their clock.
    event_time: Timestamp,
    event_receiver: EventReceiver,
    signalled_rtcp: SocketAddr,
    /// RTP and RTCP share a UDP port.
    shared: bool,
    heard_rtcp: Option<SocketAddr>,
    levels: VoiceLevels,
}

impl RtpStream {
    /// A stream that starts `now`. It allocates here and not later.
    pub fn new(now: Instant, wall: WallTime, config: StreamConfig, entropy: Entropy) -> Self {
        let jitter = JitterBuffer::new(config.jitter, config.formats);
        Self::over(jitter, now, wall, config, entropy)
    }

    /// Becomes another stream in the memory that it has. It allocates only if it was never made for a buffer so deep
    /// or units so large.
    pub fn reset(&mut self, now: Instant, wall: WallTime, config: StreamConfig, entropy: Entropy) {
        self.jitter.reset(config.jitter, config.formats);
        let jitter = core::mem::replace(&mut self.jitter, JitterBuffer::hollow());
        *self = Self::over(jitter, now, wall, config, entropy);
    }

    fn over(
        jitter: JitterBuffer,
        now: Instant,
        wall: WallTime,
        config: StreamConfig,
        entropy: Entropy,
    ) -> Self {
        let clock = config.sending.clock;
        Self {
            session: Session::new(now, wall, SessionConfig { clock, ..config.session }, entropy),
            latch: RemoteLatch::new(config.latch, config.remote_rtp),
            jitter,
            formats: config.formats,
            sending: config.sending,
            packetizer: Packetizer::new(config.sending.ptime),
            noise: None,
            event_sender: sender(config.sending),
            event_time: Timestamp(0),
            event_receiver: EventReceiver::new(clock),
            signalled_rtcp: config.remote_rtcp,
            shared: config.remote_rtp == config.remote_rtcp,
            heard_rtcp: None,
            levels: VoiceLevels::default(),
        }
    }

    /// New signalling of where the far end is.
    pub fn signal(&mut self, remote_rtp: SocketAddr, remote_rtcp: SocketAddr) {
        if self.signalled_rtcp != remote_rtcp {
            self.heard_rtcp = None;
        }
        self.latch.signal(remote_rtp);
        self.signalled_rtcp = remote_rtcp;
        self.shared = remote_rtp == remote_rtcp;
    }

    /// New agreement on what is received.
    pub fn set_formats(&mut self, formats: PayloadMap) {
        self.formats = formats;
        self.jitter.set_formats(formats);
    }

    /// Another jitter buffer from now on: see [`JitterBuffer::set_config`].
    pub fn set_jitter(&mut self, now: Instant, config: JitterConfig) {
        self.jitter.set_config(now, config);
    }

    /// New agreement on what is sent. Events that wait or sound are given up if their payload type changes.
    pub fn set_sending(&mut self, sending: Sending) {
        if sending == self.sending {
            return;
        }
        if (sending.events, sending.ptime, sending.clock)
            != (self.sending.events, self.sending.ptime, self.sending.clock)
        {
            self.event_sender = sender(sending);
        }
        if sending.payload_type != self.sending.payload_type {
            self.packetizer = Packetizer::new(sending.ptime);
        }
        self.session.set_clock(sending.clock);
        self.packetizer.set_ptime(sending.ptime);
        self.sending = sending;
    }

    /// Takes a datagram from either socket.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) -> Arrival {
        match classify(bytes) {
            Datagram::Rtp => self.receive_rtp(now, from, bytes),
            Datagram::Rtcp => self.receive_rtcp(now, from, bytes),
            kind @ (Datagram::Stun | Datagram::Dtls | Datagram::Other) => Arrival::Foreign(kind),
        }
    }

    /// A tick passes: how it is to be played; `quiet` as in [`JitterBuffer::pace`].
    pub fn pace(&mut self, now: Instant, quiet: bool) -> Pace {
        self.event_receiver.tick(now);
        self.jitter.pace(now, quiet)
    }

    /// What has been received and is to be played: its units, and how much of them still waits.
    pub fn sound(&mut self) -> &mut JitterBuffer {
        &mut self.jitter
    }

    /// Sends 10 ms of coded sound, or nothing of it (a pause, hold), and moves the media clock.
    pub fn send(&mut self, now: Instant, unit: Option<&[u8]>) {
        let timestamp = self.session.timestamp();
        let event = self.tick_events();
        match unit {
            Some(unit) if !event => self.packetizer.add(timestamp, unit),
            Some(_) | None => self.packetizer.pause(),
        }
        self.session.advance(now, self.sending.clock.unit());
    }

    /// The same for a coder that makes whole packets: `packet` has the sound of the last `units` ticks with this one. None
    /// of them yet is [`RtpStream::collect`], none at all a pause: `send` without a unit.
    pub fn send_packet(&mut self, now: Instant, units: u32, packet: &[u8]) {
        let unit = self.sending.clock.unit().0;
        let before = unit.wrapping_mul(units.saturating_sub(1));
        let timestamp = Timestamp(self.session.timestamp().0.wrapping_sub(before));
        if self.tick_events() {
            self.packetizer.pause();
        } else {
            self.packetizer.put(timestamp, packet);
        }
        self.session.advance(now, self.sending.clock.unit());
    }

    /// 10 ms pass in which the coder takes in sound for a packet that is not full.
    pub fn collect(&mut self, now: Instant) {
        if self.tick_events() {
            self.packetizer.pause();
        }
        self.session.advance(now, self.sending.clock.unit());
    }

    /// Moves the events that are sent on by 10 ms; true while sound gives way to them.
    fn tick_events(&mut self) -> bool {
        let Some((_, clock)) = self.sending.events else { return false };
        self.event_sender.tick(self.event_time);
        self.event_time = self.event_time.after(clock.unit());
        self.event_sender.is_active()
    }

    /// Silence begins or has changed: sends this description of it under its own payload type (RFC 3389) in place of
    /// 10 ms of sound, without marker, and moves the media clock. What is longer than [`MAX_NOISE_BYTES`] is cut.
    pub fn send_noise(&mut self, now: Instant, payload_type: PayloadType, description: &[u8]) {
        let mut bytes = [0; MAX_NOISE_BYTES];
        let length = description.len().min(MAX_NOISE_BYTES);
        bytes.iter_mut().zip(description).for_each(|(to, from)| *to = *from);
        let timestamp = self.session.timestamp();
        self.send(now, None);
        if !(self.sends_events() && self.event_sender.is_active()) {
            self.noise = Some(Noise { payload_type, timestamp, bytes, length });
        }
    }

    /// The same in the codec's own words: the description ends the packet that is being collected, and a pause begins.
    pub fn send_silence(&mut self, now: Instant, description: &[u8]) {
        let timestamp = self.session.timestamp();
        let event = self.sends_events() && self.event_sender.is_active();
        if !event {
            self.packetizer.describe(timestamp, description);
        }
        self.send(now, None);
    }

    /// True while a packet has been begun and is not full: a pause would send it short.
    pub fn is_collecting(&self) -> bool {
        self.packetizer.is_collecting()
    }

    /// The sender of telephone events, to press and release keys. Without a payload type for them nothing goes
    /// out, see [`RtpStream::sends_events`].
    pub fn events(&mut self) -> &mut EventSender {
        &mut self.event_sender
    }

    /// True if the far end takes telephone events.
    pub fn sends_events(&self) -> bool {
        self.sending.events.is_some()
    }

    /// Queues an event of this length; as with [`RtpStream::events`] it needs a payload type.
    pub fn send_event(&mut self, event: crate::TelephoneEvent, duration: Millis) -> Result<(), Full> {
        self.event_sender.send(event, duration)
    }

    /// Gives up the events that wait or sound.
    pub fn end_events(&mut self) {
        self.event_sender = sender(self.sending);
    }

    /// Writes the next datagram that is due.
    pub fn poll_packet(&mut self, now: Instant, out: &mut [u8]) -> Option<Departure> {
        if let Some(size) = self.poll_rtp(out) {
            return Some(Departure { gate: Gate::Rtp, to: self.latch.remote(), size });
        }
        if self.reports(now) {
            self.tell_quality(now);
        }
        let size = self.session.poll_rtcp(now, out)?;
        Some(self.report_departure(size))
    }

    /// Writes the farewell, if one is owed.
    pub fn leave(&mut self, now: Instant, out: &mut [u8]) -> Option<Departure> {
        self.tell_quality(now);
        let size = self.session.leave(now, out)?;
        Some(self.report_departure(size))
    }

    /// True if a report goes out `now`: the levels that it bears are wanted.
    pub fn reports(&self, now: Instant) -> bool {
        self.session.report_due().is_some_and(|due| due <= now)
    }

    /// What the next reports say of the voice that comes.
    pub fn set_levels(&mut self, levels: VoiceLevels) {
        self.levels = levels;
    }

    /// The next digit that began or ended.
    pub fn poll_event(&mut self) -> Option<EventReport> {
        self.event_receiver.poll()
    }

    /// These packets came before this stream began: they are of another, which never becomes this one.
    pub fn leave_out(&mut self, from: SocketAddr, ssrc: crate::Ssrc) {
        self.latch.leave_out(from, ssrc);
    }

    /// Where the far end's packets come from and their SSRC, once there were some.
    pub fn heard(&self) -> Option<(SocketAddr, crate::Ssrc)> {
        self.latch.heard()
    }

    /// Where RTP goes.
    pub fn remote(&self) -> SocketAddr {
        self.latch.remote()
    }

    /// Session of this stream, to look at.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Statistics of network and buffer.
    pub fn statistics(&self, now: Instant) -> (Statistics, JitterStatistics) {
        (self.session.statistics(), self.jitter.statistics(now))
    }

    /// How this end hears the far one; `None` before there was anything to hear.
    pub fn hears(&self, now: Instant) -> Option<Hearing> {
        let (bursts, session) = (self.jitter.bursts(), self.session.statistics());
        let figures = bursts.figures();
        let path = PathFigures {
            loss: figures.loss,
            burst_ratio: figures.burst_ratio,
            delay_ms: self.own_delay(now) + one_way(&session),
        };
        (bursts.packets() > 0).then(|| Hearing {
            loss: figures.loss,
            jitter: session.jitter,
            rating: Rating::of(self.sending.impairment, path),
        })
    }

    /// How the far end hears this one, by its reports; `None` before there was one.
    pub fn is_heard(&self) -> Option<Hearing> {
        let session = self.session.statistics();
        let report = session.far;
        let jitter = report.map_or(core::time::Duration::ZERO, |far| far.jitter);
        if let Some(voip) = session.far_voip {
            let loss = (f32::from(voip.loss) + f32::from(voip.discard)).min(256.0) / 256.0;
            if let Some(rating) = voip.rating {
                return Some(Hearing { loss, jitter, rating: Rating(f32::from(rating.min(100))) });
            }
        }
        let far = report?;
        let loss = far.lost.max(0) as f32 / session.sent_packets.max(1) as f32;
        // What its jitter buffer adds is not known; one that fits the jitter is supposed.
        let delay_ms = one_way(&session)
            + self.sending.ptime.0 as f32
            + FAR_BUFFER
            + 2.0 * far.jitter.as_secs_f32() * 1e3;
        let path = PathFigures { loss: loss.min(1.0), burst_ratio: 1.0, delay_ms };
        Some(Hearing { loss: path.loss, jitter, rating: Rating::of(self.sending.impairment, path) })
    }

    /// From the wire to the ear, and what the far end waited to fill a packet, in milliseconds.
    fn own_delay(&self, now: Instant) -> f32 {
        (self.jitter.statistics(now).depth.0 + self.jitter.packet_time().0) as f32
    }

    /// Gives the next report what it says of the voice.
    fn tell_quality(&mut self, now: Instant) {
        let Some(hearing) = self.hears(now) else { return };
        let (session, jitter) = self.statistics(now);
        let figures = self.jitter.bursts().figures();
        let packets = self.jitter.bursts().packets().max(1) as f32;
        let packet = self.jitter.packet_time().0 as f32;
        let parts = |share: f32| (share * 256.0 + 0.5).clamp(0.0, 255.0) as u8;
        let time = |ms: f32| ms.clamp(0.0, 65_535.0) as u16;
        let discard = (jitter.late as f32 / packets).min(hearing.loss);
        let score = |rating: Rating| Some((rating.score() * 10.0 + 0.5) as u8);
        let listened = PathFigures { loss: figures.loss, burst_ratio: figures.burst_ratio, delay_ms: 0.0 };
        let level = |level: Dbm0| level.0.clamp(-127.0, MOST_KNOWN).round() as i8;
        let config = self.jitter.config();
        self.session.set_voip(VoipMetrics {
            ssrc: crate::Ssrc(0), // the session knows whose
            loss: parts(hearing.loss - discard),
            discard: parts(discard),
            burst_density: parts(figures.burst_density),
            gap_density: parts(figures.gap_density),
            burst_ms: time(figures.burst_packets * packet),
            gap_ms: time(figures.gap_packets * packet),
            round_trip_ms: time(session.round_trip.map_or(0.0, |trip| trip.as_secs_f32() * 1e3)),
            end_system_ms: time(self.own_delay(now) + self.sending.ptime.0 as f32),
            signal: self.levels.signal.map(level),
            noise: self.levels.noise.map(level),
            echo_loss: self.levels.echo_loss.map(|loss| loss.0.clamp(0.0, MOST_KNOWN) as u8),
            gap_min: GAP_MIN as u8,
            rating: Some((hearing.rating.0 + 0.5) as u8),
            beyond: None,
            listening: score(Rating::of(self.sending.impairment, listened)),
            conversation: score(hearing.rating),
            receiver: match config.mode {
                JitterMode::Adaptive => RECEIVER_ADAPTIVE,
                JitterMode::Fixed => RECEIVER_FIXED,
            },
            depth_ms: time(jitter.depth.0 as f32),
            deepest_ms: time(jitter.depth.0.max(jitter.target.0) as f32),
            limit_ms: time(config.max.0 as f32),
        });
    }

    fn receive_rtp(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) -> Arrival {
        let Ok(packet) = Packet::parse(bytes) else {
            self.session.count_malformed();
            return Arrival::Dropped;
        };
        let header = &packet.header;
        let format = self.formats.get(header.payload_type);
        let known = format.is_some();
        match if known {
            self.latch.admit(now, from, header.ssrc, header.sequence)
        } else {
            Admission::Refuse
        } {
            Admission::Accept => {}
            Admission::Moved => self.heard_rtcp = None,
            Admission::Candidate | Admission::Refuse => {
                self.session.count_refused();
                return Arrival::Dropped;
            }
        }
        let sound = match format {
            Some(Format::Audio { .. } | Format::Opus { .. }) => self.formats.clock(header.payload_type),
            Some(Format::Events { .. } | Format::ComfortNoise) | None => None,
        };
        match self.session.receive(now, from, &packet, sound) {
            Verdict::Drop => return Arrival::Dropped,
            Verdict::Play { fresh: true } => {
                self.jitter.restart();
                self.event_receiver.restart();
            }
            Verdict::Play { fresh: false } => {}
        }
        if let Some(Format::Events { clock }) = format {
            self.event_receiver.set_clock(clock);
            self.event_receiver.receive(now, header.marker, header.timestamp, packet.payload);
        }
        self.jitter.push(now, header, packet.payload);
        Arrival::Media
    }

    fn receive_rtcp(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) -> Arrival {
        // Reports have no sequence that could prove them: they count only from the host that RTP comes from.
        if from.ip() != self.latch.remote().ip() && from != self.signalled_rtcp {
            self.session.count_refused();
            return Arrival::Dropped;
        }
        match self.session.receive_rtcp(now, bytes) {
            Ok(news) => {
                if self.latch.is_latched() {
                    self.heard_rtcp = Some(from);
                }
                if news.goodbye { Arrival::Goodbye } else { Arrival::Report }
            }
            Err(_) => Arrival::Dropped, // counted by the session
        }
    }

    fn poll_rtp(&mut self, out: &mut [u8]) -> Option<usize> {
        if let Some(ready) = self.packetizer.ready() {
            let packet = Outgoing {
                payload_type: self.sending.payload_type,
                marker: ready.marker,
                timestamp: ready.timestamp,
                payload: ready.payload,
            };
            let size = self.session.write(packet, out);
            self.packetizer.taken();
            return size;
        }
        if let Some(noise) = self.noise.take() {
            let packet = Outgoing {
                payload_type: noise.payload_type,
                marker: false,
                timestamp: noise.timestamp,
                payload: noise.bytes.get(..noise.length)?,
            };
            return self.session.write(packet, out);
        }
        let event = self.event_sender.poll()?;
        let (payload_type, clock) = self.sending.events?;
        // As long ago on the clock of sound as it is on that of events.
        let ago = self.event_time.since(event.timestamp).max(0).unsigned_abs();
        let ago = u64::from(ago) * u64::from(self.sending.clock.0) / u64::from(clock.0.max(1));
        let packet = Outgoing {
            payload_type,
            marker: event.marker,
            timestamp: Timestamp(self.session.timestamp().0.wrapping_sub(ago as u32)),
            payload: &event.payload.to_bytes(),
        };
        self.session.write(packet, out)
    }

    fn report_departure(&self, size: usize) -> Departure {
        let remote = self.latch.remote();
        if self.shared {
            return Departure { gate: Gate::Rtp, to: remote, size };
        }
        let to = match self.heard_rtcp {
            Some(heard) => heard,
            None if remote.ip() == self.signalled_rtcp.ip() => self.signalled_rtcp,
            // Behind a translator: the next UDP port is as good a guess as any.
            None => SocketAddr::new(remote.ip(), remote.port().wrapping_add(1)),
        };
        Departure { gate: Gate::Rtcp, to, size }
    }
}

/// What the network takes one way, as far as it is known, in milliseconds.
fn one_way(session: &Statistics) -> f32 {
    session.round_trip.map_or(0.0, |trip| trip.as_secs_f32() * 500.0)
}

fn sender(sending: Sending) -> EventSender {
    let clock = sending.events.map_or(sending.clock, |(_, clock)| clock);
    EventSender::new(clock.unit(), sending.ptime, DEFAULT_GAP, sending.event_level)
}
