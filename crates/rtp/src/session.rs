//! One RTP session of two parties.
//!
//! # What
//! Numbers what we send, follows what we hear, and keeps the conversation of reports about both.
//!
//! # How
//! The caller moves the media clock with [`Session::advance`], writes packets with [`Session::write`], hands in
//! what arrives, and asks [`Session::poll_rtcp`] for what is due. Sources are taken so:
//! - The first one is played from its first packet, for the first syllable matters; it counts as valid after
//!   probation. Which packets get here at all is decided by [`crate::RemoteLatch`].
//! - Another SSRC takes over when two packets of it came in sequence with none of the present source between
//!   them, or at once after the present one said goodbye. Two streams mixed by a broken middlebox stay apart.
//! - If the far end has our own SSRC, we say goodbye and choose another one; if the same address does it again
//!   our packets are being reflected, and are dropped.
//!
//! # Limits
//! Two parties: with bandwidth above 2 kbit/s the interval of RTCP is its minimum whatever the sizes, and
//! reconsideration cannot change it, so neither is computed.
//!
//! # Standard
//! RFC 3550 clause 6.2, 6.3 (reports), 6.4.1 (round trip), 8.2 (collisions), appendix A.

use crate::rtcp::{Block, Compound, Piece, Report, RtcpError, SenderInfo};
use crate::source::{Order, Source};
use crate::{
    ClockRate, FarReport, Header, Packet, PayloadType, Ssrc, Statistics, Ticks, Timestamp, VoipMetrics,
};
use core::net::SocketAddr;
use core::time::Duration;
use tipring_units::{Entropy, Instant, Millis, WallTime};

/// Mean time between reports (RFC 3550 clause 6.2).
pub const REPORT_INTERVAL: Millis = Millis::from_secs(5);
/// Bytes in the longest canonical name of ours.
pub const MAX_OWN_CNAME_BYTES: usize = 32;

/// A canonical name, RFC 7022.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cname {
    bytes: [u8; MAX_OWN_CNAME_BYTES],
    length: u8,
}

impl Cname {
    /// A name; cut at [`MAX_OWN_CNAME_BYTES`] bytes.
    pub fn new(name: &str) -> Self {
        let mut cname = Self::default();
        for (to, from) in cname.bytes.iter_mut().zip(name.bytes()) {
            *to = from;
            cname.length += 1;
        }
        cname
    }

    /// The name.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// What a session is told at its start.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Our canonical name.
    pub cname: Cname,
    /// Rate of the clock of what we send.
    pub clock: ClockRate,
    /// Whether reports go out.
    pub rtcp: bool,
}

/// A packet to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// How to read it.
    pub payload_type: PayloadType,
    /// Start of a talk spurt or of an event.
    pub marker: bool,
    /// Media time of its first sample.
    pub timestamp: Timestamp,
    /// What it carries.
    pub payload: &'a [u8],
}

/// What becomes of a received packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// To be played. `fresh`: from a new source or a restarted one, whose clock has nothing to do with what
    /// came before.
    Play {
        /// Forget the timeline of earlier packets.
        fresh: bool,
    },
    /// Not to be played; counted.
    Drop,
}

/// What a compound of RTCP told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RtcpNews {
    /// The source that we hear left.
    pub goodbye: bool,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    config: SessionConfig,
    entropy: Entropy,
    /// Wall time at the start of the monotonic clock: reports live on one clock, whatever an operator sets.
    epoch_ntp: u64,
    ssrc: Ssrc,
    sequence: u16,
    timestamp: Timestamp,
    advanced: Instant,
    sent_since_report: [bool; 2],
    source: Option<Source>,
    /// Rate of the clock of what we hear.
    heard_clock: ClockRate,
    challenger: Option<Source>,
    source_left: bool,
    heard_since_report: bool,
    conflict: Option<SocketAddr>,
    last_report: Option<(u32, Instant)>,
    report_due: Instant,
    farewell: Option<Ssrc>,
    reported: bool,
    /// What the next report says of the voice.
    voip: Option<VoipMetrics>,
    statistics: Statistics,
    /// Packets lost, out of order and duplicated by sources that are gone.
    past: (u32, u32, u32),
}

impl Session {
    /// A session that starts `now`, which is `wall` on the calendar.
    pub fn new(now: Instant, wall: WallTime, config: SessionConfig, mut entropy: Entropy) -> Self {
        let mut session = Self {
            epoch_ntp: ntp_of(wall).wrapping_sub(ntp_units(now.since(Instant::ZERO))),
            ssrc: Ssrc(entropy.u32()),
            sequence: entropy.u32() as u16,
            timestamp: Timestamp(entropy.u32()),
            advanced: now,
            sent_since_report: [false; 2],
            source: None,
            heard_clock: config.clock,
            challenger: None,
            source_left: false,
            heard_since_report: false,
            conflict: None,
            last_report: None,
            report_due: now,
            farewell: None,
            reported: false,
            voip: None,
            statistics: Statistics::default(),
            past: (0, 0, 0),
            config,
            entropy,
        };
        // The first report comes after half the interval (clause 6.2).
        session.report_due = now + Duration::from_nanos(session.interval().as_nanos() as u64 / 2);
        session
    }

    /// Who we are.
    pub fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// Whom we hear.
    pub fn source(&self) -> Option<Ssrc> {
        self.source.as_ref().map(Source::ssrc)
    }

    /// Our media clock.
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// Our media clock has another rate from now on. To the far end it is another source, since one has one clock
    /// (RFC 7160 clause 4.1); of the old one we take leave.
    pub fn set_clock(&mut self, clock: ClockRate) {
        if clock != self.config.clock {
            self.config.clock = clock;
            self.rename();
        }
    }

    /// Moves our media clock; once for each unit of sound, sent or not.
    pub fn advance(&mut self, now: Instant, ticks: Ticks) {
        self.timestamp = self.timestamp.after(ticks);
        self.advanced = now;
    }

    /// Writes the next packet; `None` if `out` is too small.
    pub fn write(&mut self, packet: Outgoing<'_>, out: &mut [u8]) -> Option<usize> {
        let header = Header {
            marker: packet.marker,
            payload_type: packet.payload_type,
            sequence: self.sequence,
            timestamp: packet.timestamp,
            ssrc: self.ssrc,
        };
        let size = header.write(packet.payload, out)?;
        self.sequence = self.sequence.wrapping_add(1);
        self.sent_since_report[0] = true;
        self.statistics.sent_packets = self.statistics.sent_packets.wrapping_add(1);
        self.statistics.sent_octets = self.statistics.sent_octets.wrapping_add(packet.payload.len() as u32);
        Some(size)
    }

    /// Takes a packet that the latch let pass. `sound` is the clock of its timestamp; none where that says nothing of the
    /// moment it was sent, as in a telephone event.
    pub fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &Packet<'_>,
        sound: Option<ClockRate>,
    ) -> Verdict {
        let header = &packet.header;
        if header.ssrc == self.ssrc && !self.resolve_collision(from) {
            return self.refuse();
        }
        let fresh = match &mut self.source {
            Some(source) if source.ssrc() == header.ssrc => {
                let probation = !source.is_valid();
                self.challenger = None;
                self.source_left = false;
                match source.sequence(header.sequence) {
                    Order::Next | Order::Gap(_) | Order::Late => false,
                    Order::Probation if probation => false,
                    Order::Restart => {
                        self.statistics.restarts += 1;
                        true
                    }
                    Order::Probation | Order::Duplicate => return Verdict::Drop,
                    Order::Jump => return self.refuse(),
                }
            }
            present => {
                if present.is_some() && !self.source_left && !self.challenge(header) {
                    return self.refuse();
                }
                self.adopt(header);
                true
            }
        };
        if let (Some(clock), Some(source)) = (sound, &mut self.source) {
            self.heard_clock = clock;
            source.arrival(clock.at(now) as u32, header.timestamp);
        }
        self.heard_since_report = true;
        self.statistics.received_packets = self.statistics.received_packets.wrapping_add(1);
        self.statistics.received_octets =
            self.statistics.received_octets.wrapping_add(packet.payload.len() as u32);
        Verdict::Play { fresh }
    }

    /// Takes a datagram of RTCP that the latch let pass.
    pub fn receive_rtcp(&mut self, now: Instant, bytes: &[u8]) -> Result<RtcpNews, RtcpError> {
        let compound = Compound::parse(bytes).inspect_err(|_| self.statistics.malformed += 1)?;
        let heard = self.source();
        let mut news = RtcpNews::default();
        for piece in compound {
            match piece {
                Piece::Sender { ssrc, info, blocks } => {
                    if heard.is_none_or(|heard| heard == ssrc) {
                        self.last_report = Some(((info.ntp >> 16) as u32, now));
                    }
                    self.hear_of_us(now, blocks);
                }
                Piece::Receiver { blocks, .. } => self.hear_of_us(now, blocks),
                Piece::Goodbye(mut leavers) => {
                    if leavers.any(|leaver| Some(leaver) == heard) {
                        self.source_left = true;
                        news.goodbye = true;
                    }
                }
                Piece::Voip { metrics, .. } => {
                    let ssrc = self.ssrc;
                    if let Some(of_us) = metrics.into_iter().find(|metrics| metrics.ssrc == ssrc) {
                        self.statistics.far_voip = Some(of_us);
                    }
                }
                Piece::Name { .. } | Piece::Other(_) => {} // nothing here depends on names
            }
        }
        Ok(news)
    }

    /// Counts a datagram that was no RTP.
    pub fn count_malformed(&mut self) {
        self.statistics.malformed = self.statistics.malformed.wrapping_add(1);
    }

    /// Counts a packet that was refused before it got here.
    pub fn count_refused(&mut self) {
        self.statistics.refused = self.statistics.refused.wrapping_add(1);
    }

    /// When [`Session::poll_rtcp`] has something next, if ever.
    pub fn report_due(&self) -> Option<Instant> {
        self.config.rtcp.then_some(self.report_due)
    }

    /// What the next report is to say of the voice that we hear; the source's name is filled in.
    pub fn set_voip(&mut self, voip: VoipMetrics) {
        self.voip = Some(voip);
    }

    /// Writes the RTCP that is due, if any.
    pub fn poll_rtcp(&mut self, now: Instant, out: &mut [u8]) -> Option<usize> {
        if !self.config.rtcp {
            return None;
        }
        if let Some(old) = self.farewell {
            let report = Report {
                ssrc: old,
                sender: None,
                block: None,
                voip: None,
                cname: self.config.cname.as_bytes(),
                goodbye: true,
            };
            let size = report.write(out)?;
            self.farewell = None;
            return Some(size);
        }
        if now < self.report_due {
            return None;
        }
        let size = self.report(now, false, out)?;
        self.report_due = now + self.interval();
        Some(size)
    }

    /// Writes the farewell, unless nothing was ever sent (clause 6.3.7); no RTCP is due after it.
    pub fn leave(&mut self, now: Instant, out: &mut [u8]) -> Option<usize> {
        if !self.config.rtcp || (self.statistics.sent_packets == 0 && !self.reported) {
            return None;
        }
        let size = self.report(now, true, out)?;
        self.config.rtcp = false;
        Some(size)
    }

    /// Statistics since the start.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = self.statistics;
        (statistics.lost, statistics.out_of_order, statistics.duplicates) = self.past;
        if let Some(source) = &self.source {
            statistics.lost = statistics.lost.wrapping_add(source.lost().max(0).unsigned_abs());
            statistics.out_of_order = statistics.out_of_order.wrapping_add(source.late());
            statistics.duplicates = statistics.duplicates.wrapping_add(source.duplicates());
            statistics.jitter = self.heard_clock.duration(source.jitter());
        }
        statistics
    }

    fn refuse(&mut self) -> Verdict {
        self.count_refused();
        Verdict::Drop
    }

    /// Somebody else has our SSRC. True if the packet may stand: it is theirs from now on.
    fn resolve_collision(&mut self, from: SocketAddr) -> bool {
        if self.conflict == Some(from) {
            return false;
        }
        self.conflict = Some(from);
        self.rename();
        true
    }

    /// We are another source from now on.
    fn rename(&mut self) {
        self.farewell = (self.statistics.sent_packets > 0).then_some(self.ssrc);
        let old = self.ssrc;
        while self.ssrc == old {
            self.ssrc = Ssrc(self.entropy.u32());
        }
    }

    /// True if a source other than the present one has proved itself.
    fn challenge(&mut self, header: &Header) -> bool {
        if self.challenger.as_ref().is_none_or(|challenger| challenger.ssrc() != header.ssrc) {
            self.challenger = Some(Source::new(header.ssrc, header.sequence));
        }
        self.challenger.as_mut().is_some_and(|challenger| {
            challenger.sequence(header.sequence);
            challenger.is_valid()
        })
    }

    /// Makes the sender of a packet the source that we hear.
    fn adopt(&mut self, header: &Header) {
        if let Some(gone) = self.source.take() {
            self.past.0 = self.past.0.wrapping_add(gone.lost().max(0).unsigned_abs());
            self.past.1 = self.past.1.wrapping_add(gone.late());
            self.past.2 = self.past.2.wrapping_add(gone.duplicates());
            self.statistics.restarts += 1;
        }
        self.source_left = false;
        self.last_report = None;
        self.source = self.challenger.take().filter(|challenger| challenger.ssrc() == header.ssrc);
        if self.source.is_none() {
            let mut source = Source::new(header.ssrc, header.sequence);
            source.sequence(header.sequence);
            self.source = Some(source);
        }
    }

    /// Takes what the far end reports of our stream.
    fn hear_of_us(&mut self, now: Instant, blocks: impl Iterator<Item = Block>) {
        let ssrc = self.ssrc;
        for block in blocks.filter(|block| block.ssrc == ssrc) {
            self.statistics.far = Some(FarReport {
                fraction_lost: block.fraction_lost,
                lost: block.lost,
                jitter: self.config.clock.duration(block.jitter),
            });
            if block.last_report == 0 {
                continue;
            }
            // Clause 6.4.1, in 1/65536 s. Negative by a hair where clocks round; far off where the far end errs.
            let middle = (self.ntp(now) >> 16) as u32;
            let trip = middle.wrapping_sub(block.last_report).wrapping_sub(block.delay) as i32;
            if (-0x1000..0x100_0000).contains(&trip) {
                let nanos = (trip.max(0) as u64 * 1_000_000_000) >> 16;
                self.statistics.round_trip = Some(Duration::from_nanos(nanos));
            }
        }
    }

    fn report(&mut self, now: Instant, goodbye: bool, out: &mut [u8]) -> Option<usize> {
        let sending = self.sent_since_report.contains(&true);
        let since = self.config.clock.at(now).wrapping_sub(self.config.clock.at(self.advanced));
        let sender = sending.then(|| SenderInfo {
            ntp: self.ntp(now),
            timestamp: self.timestamp.after(Ticks(since as u32)),
            packets: self.statistics.sent_packets,
            octets: self.statistics.sent_octets,
        });
        let block = self.source.as_mut().filter(|source| source.is_valid() && self.heard_since_report).map(
            |source| {
                self.statistics.fraction_lost = source.take_fraction_lost();
                let (last_report, delay) = self.last_report.map_or((0, 0), |(middle, at)| {
                    (middle, (ntp_units(now.since(at)) >> 16).min(u64::from(u32::MAX)) as u32)
                });
                Block {
                    ssrc: source.ssrc(),
                    fraction_lost: self.statistics.fraction_lost,
                    lost: source.lost(),
                    highest: source.highest(),
                    jitter: source.jitter(),
                    last_report,
                    delay,
                }
            },
        );
        let cname = self.config.cname;
        let voip = self.voip.take().zip(self.source()).map(|(voip, ssrc)| VoipMetrics { ssrc, ..voip });
        let report = Report { ssrc: self.ssrc, sender, block, voip, cname: cname.as_bytes(), goodbye };
        let size = report.write(out)?;
        self.sent_since_report = [false, self.sent_since_report[0]];
        self.heard_since_report = false;
        self.reported = true;
        Some(size)
    }

    /// A randomised interval (clause 6.3.1): half to one and a half of the mean, over e - 3/2.
    fn interval(&mut self) -> Duration {
        let base = u64::from(REPORT_INTERVAL.0) * 1000;
        let spread = base / 2 + ((base * u64::from(self.entropy.u32())) >> 32);
        Duration::from_micros(spread * 100_000 / 121_828)
    }

    fn ntp(&self, now: Instant) -> u64 {
        self.epoch_ntp.wrapping_add(ntp_units(now.since(Instant::ZERO)))
    }
}

/// A length of time in units of 2^-32 s.
fn ntp_units(length: Duration) -> u64 {
    (length.as_secs() << 32).wrapping_add((u64::from(length.subsec_nanos()) << 32) / 1_000_000_000)
}

/// A wall time as NTP has it, from 1900.
fn ntp_of(wall: WallTime) -> u64 {
    const SECONDS_1900_TO_1970: u64 = 2_208_988_800;
    ntp_units(Duration::from_micros(wall.0)).wrapping_add(SECONDS_1900_TO_1970 << 32)
}
