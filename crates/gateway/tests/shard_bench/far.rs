//! A far end that speaks RTP by hand.

use core::net::SocketAddr;
use tipring_media::{Channel, Coder, MAX_WHOLE, Whole};
use tipring_port::{
    CodecName, Direction, DtmfMode, EventType, G726Packing, JitterSpec, MAX_PAYLOAD_TYPES, OpusWish,
    PayloadType, RtpSpec, SilenceMode, Text,
};
use tipring_units::{LegId, MediaSlot, Millis, TICK};

use super::toys::{Observer, Say, Toys};

/// An event packet as it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventPacket {
    pub tick: u64,
    pub marker: bool,
    pub timestamp: u32,
    pub event: u8,
    pub end: bool,
    pub duration: u16,
}

#[derive(Clone, Copy, Debug)]
struct Sending {
    event: u8,
    start: u32,
    duration: u16,
    left: u16,
    ends: u8,
}

/// A far end.
pub struct Far<A: Toys> {
    pub shard: usize,
    pub slot: MediaSlot,
    pub address: SocketAddr,
    pub codec: CodecName,
    pub dtmf: DtmfMode,
    pub direction: Direction,
    /// It sends; else it is silent on the network.
    pub sends: bool,
    pub says: Say,
    pub ear: Observer<A>,
    /// Numbers and times of the packets of sound that came, and their payload types.
    pub arrived: Vec<(u16, u32, u8)>,
    pub event_packets: Vec<EventPacket>,
    pub reports: usize,
    /// The reports as they came.
    pub rtcp: Vec<Vec<u8>>,
    /// What is sent to it of silence.
    pub silence: SilenceMode,
    /// It says this of its silence with the next tick, whether it sends or not: payload type and payload.
    pub describes: Option<(u8, Vec<u8>)>,
    /// Comfort noise as it came: tick, number, timestamp and payload.
    pub noise: Vec<(u64, u16, u32, Vec<u8>)>,
    /// Ticks in which packets with marker came.
    pub markers: Vec<u64>,
    /// Length of the packets that it wants.
    pub ptime: Millis,
    /// Length of the packets that it sends.
    pub sends_ptime: Millis,
    /// What it wants of Opus.
    pub opus: OpusWish,
    /// Each packet of this number that it sends is lost on its way; zero: none is.
    pub loses: u16,
    /// Bytes of the packets of sound that came.
    pub sizes: Vec<usize>,
    /// What is to go into its next packet, and since when.
    collected: Option<(u32, Vec<u8>)>,
    mouth: A::Mouth,
    coder: A::Coder,
    decoder: A::Coder,
    sequence: u16,
    pub timestamp: u32,
    sending: Option<Sending>,
    waiting: Vec<(u8, u16)>,
}

pub const EVENTS: u8 = 101;
pub const NOISE: u8 = 13;

pub fn number_of(codec: CodecName) -> u8 {
    match codec {
        CodecName::Pcmu => 0,
        CodecName::Pcma => 8,
        CodecName::L16 => 96,
        CodecName::G722 => 9,
        CodecName::G729 => 18,
        CodecName::Opus => 111,
        CodecName::G726(rate, G726Packing::Rfc3551) => 102 + rate as u8,
        CodecName::G726(rate, G726Packing::Aal2) => 106 + rate as u8,
    }
}

impl<A: Toys> Far<A> {
    pub fn new(number: u16) -> Self {
        Self {
            shard: 0,
            slot: MediaSlot(number),
            address: super::address(number as u8),
            codec: CodecName::Pcmu,
            dtmf: DtmfMode::Events(EVENTS),
            direction: Direction::BOTH,
            sends: true,
            says: Say::Nothing,
            ear: Observer::new(),
            arrived: Vec::new(),
            event_packets: Vec::new(),
            reports: 0,
            rtcp: Vec::new(),
            silence: SilenceMode::Sent,
            describes: None,
            noise: Vec::new(),
            markers: Vec::new(),
            ptime: Millis(20),
            sends_ptime: TICK,
            opus: OpusWish { repeats: true, ..OpusWish::default() },
            loses: 0,
            sizes: Vec::new(),
            collected: None,
            mouth: A::mouth(),
            coder: A::Coder::new(CodecName::Pcmu),
            decoder: A::Coder::new(CodecName::Pcmu),
            sequence: 7000,
            timestamp: 0xffff_f000,
            sending: None,
            waiting: Vec::new(),
        }
    }

    pub fn by(mut self, codec: CodecName, dtmf: DtmfMode) -> Self {
        self.use_codec(codec);
        self.dtmf = dtmf;
        self
    }

    pub fn use_codec(&mut self, codec: CodecName) {
        self.codec = codec;
        self.coder = A::Coder::new(codec);
        self.coder.agree(self.sends_ptime, self.opus, false);
        self.collected = None;
    }

    /// The lengths of packets that it wants, and that it sends.
    pub fn ptimes(mut self, wants: Millis, sends: Millis) -> Self {
        (self.ptime, self.sends_ptime) = (wants, sends);
        self.use_codec(self.codec);
        self
    }

    /// Ticks of its clock in 10 ms.
    pub fn unit(&self) -> u32 {
        self.codec.clock().hertz() / 100
    }

    pub fn leg(&self) -> LegId {
        LegId(100 + u64::from(self.slot.0))
    }

    pub fn spec(&self) -> RtpSpec {
        let kind = PayloadType { number: number_of(self.codec), codec: self.codec };
        let events = EventType { number: EVENTS, clock: self.codec.clock() };
        let mut receive = [None; MAX_PAYLOAD_TYPES];
        receive[0] = Some(kind);
        RtpSpec {
            slot: self.slot,
            remote_rtp: self.address,
            remote_rtcp: SocketAddr::new(self.address.ip(), 4001),
            send: kind,
            receive,
            receive_events: [matches!(self.dtmf, DtmfMode::Events(_)).then_some(events), None],
            event_clock: events.clock,
            receive_noise: Some(NOISE),
            silence: self.silence,
            ptime: self.ptime,
            opus: self.opus,
            dtmf: self.dtmf,
            direction: self.direction,
            jitter: JitterSpec { min: Millis(20), max: Millis(200), fixed: false },
            cname: Text::new("bench"),
        }
    }

    /// Sends a telephone event of `length` ms after those that wait.
    pub fn event(&mut self, event: u8, length: u16) {
        self.waiting.push((event, length));
    }

    pub fn forget(&mut self) {
        self.ear = Observer::new();
        self.arrived.clear();
        self.event_packets.clear();
        self.noise.clear();
        self.markers.clear();
        self.sizes.clear();
    }

    /// A packet that gets lost on its way.
    pub fn skip(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// One tick of sending.
    pub fn speak(&mut self, mut send: impl FnMut(&[u8])) {
        let frame = A::utter(&mut self.mouth, self.says);
        self.timestamp = self.timestamp.wrapping_add(self.unit());
        if let Some((kind, payload)) = self.describes.take() {
            return self.packet(kind, false, self.timestamp, &payload, &mut send);
        }
        if !self.sends {
            return;
        }
        if self.sending.is_none() && !self.waiting.is_empty() {
            let (event, length) = self.waiting.remove(0);
            self.sending =
                Some(Sending { event, start: self.timestamp, duration: 0, left: length / 10, ends: 3 });
        }
        if let Some(mut sending) = self.sending.take() {
            let first = sending.duration == 0;
            if sending.left > 0 {
                sending.left -= 1;
                sending.duration += self.unit() as u16;
            }
            let end = sending.left == 0;
            let mut payload = vec![sending.event, if end { 0x8a } else { 0x0a }];
            payload.extend(sending.duration.to_be_bytes());
            let (start, marker) = (sending.start, first);
            self.sending = match (end, sending.ends) {
                (true, 1) => None,
                (true, _) => Some(Sending { ends: sending.ends - 1, ..sending }),
                (false, _) => Some(sending),
            };
            return self.packet(EVENTS, marker, start, &payload, &mut send);
        }
        let number = number_of(self.codec);
        let before = (self.sends_ptime.0 / TICK.0 - 1) * self.unit();
        let mut unit = [0; MAX_WHOLE];
        if A::Coder::is_whole(self.codec) {
            if let Whole::Packet(length) = self.coder.encode_whole(&frame, &mut unit) {
                let start = self.timestamp.wrapping_sub(before);
                self.packet(number, false, start, &unit[..length], &mut send);
            }
            return;
        }
        let length = self.coder.encode(&frame, &mut unit);
        if length == 0 {
            return;
        }
        let (start, mut payload) = self.collected.take().unwrap_or((self.timestamp, Vec::new()));
        payload.extend_from_slice(&unit[..length]);
        if self.timestamp.wrapping_sub(start) >= before {
            self.packet(number, false, start, &payload, &mut send);
        } else {
            self.collected = Some((start, payload));
        }
    }

    fn packet(
        &mut self,
        kind: u8,
        marker: bool,
        timestamp: u32,
        payload: &[u8],
        send: &mut impl FnMut(&[u8]),
    ) {
        let mut bytes = vec![0x80, kind | u8::from(marker) << 7];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(timestamp.to_be_bytes());
        bytes.extend((0x1234_0000 + u32::from(self.slot.0)).to_be_bytes());
        bytes.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        if self.loses == 0 || !self.sequence.is_multiple_of(self.loses) {
            send(&bytes);
        }
    }

    /// A packet came.
    pub fn take(&mut self, tick: u64, channel: Channel, bytes: &[u8]) {
        if channel == Channel::Rtcp {
            self.reports += 1;
            self.rtcp.push(bytes.to_vec());
            return;
        }
        let (marker, kind) = (bytes[1] & 0x80 != 0, bytes[1] & 0x7f);
        let sequence = u16::from_be_bytes([bytes[2], bytes[3]]);
        let timestamp = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        let payload = &bytes[12..];
        if kind == EVENTS {
            let duration = u16::from_be_bytes([payload[2], payload[3]]);
            let (event, end) = (payload[0], payload[1] & 0x80 != 0);
            self.event_packets.push(EventPacket { tick, marker, timestamp, event, end, duration });
            return;
        }
        if marker {
            self.markers.push(tick);
        }
        if kind == NOISE {
            self.noise.push((tick, sequence, timestamp, payload.to_vec()));
            return;
        }
        self.arrived.push((sequence, timestamp, kind));
        self.sizes.push(payload.len());
        let codec = CodecName::ALL.into_iter().find(|codec| number_of(*codec) == kind).unwrap();
        if A::Coder::is_whole(codec) {
            for unit in 0..self.ptime.0 / TICK.0 {
                let frame = match unit {
                    0 => self.decoder.decode_whole(payload, 0),
                    unit => self.decoder.rest(unit as usize),
                };
                self.ear.hear(&frame);
            }
            return;
        }
        for unit in payload.chunks(A::Coder::unit(codec)) {
            let frame = self.decoder.decode(codec, unit);
            self.ear.hear(&frame);
        }
    }
}
