//! The sound of a far end: talks and listens by RTP.
//!
//! # What it does
//! Sends a mouth's sound in packets of 20 ms, plays what comes to an ear, sends and takes telephone events.
//!
//! # How
//! What comes is put in order by timestamp and played [`DEPTH`] after it came; what is missing is silence.
//!
//! # Limits
//! One source at a time: a new one starts anew. [`MAX_WAITING`] units wait. Packets that cannot be cut have 20 ms.
//!
//! # Standard
//! RFC 3550, RFC 3551, RFC 4733.

use core::net::SocketAddr;
use std::collections::{BTreeMap, VecDeque};

use tipring_media::{Coder, MAX_WHOLE, Processing, Sifted, Whole};
use tipring_port::{CodecName, OpusWish};
use tipring_units::{Entropy, Instant, Millis, Samples, TICK_SAMPLES};

use super::rtp::{Packet, TelephoneEvent};
use crate::ear::{Ear, HeardEvent, Land};
use crate::mouth::{KeypadSpec, Mouth, Talk};
use crate::plant::Fidelity;

/// Units that wait to be played, at the most.
pub const MAX_WAITING: usize = 64;
/// How long the first packet waits before it is played.
pub const DEPTH: Millis = Millis(40);
/// Keys that wait to be sent as events, at the most.
pub const MAX_KEYS: usize = 64;
/// Length of the packets that it sends.
const PACKET: Millis = Millis(20);
const EVENT_TICKS: u16 = 10;
const EVENT_PAUSE: u16 = 10;
const END_REPEATS: u16 = 3;

/// What an offer and an answer agreed on, from the far end's side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agreed {
    /// Where packets go.
    pub remote: SocketAddr,
    /// Payload type sent, and its codec.
    pub kind: u8,
    /// The codec.
    pub codec: CodecName,
    /// Payload type of telephone events, if both know them.
    pub events: Option<u8>,
    /// Payload type of comfort noise, if both know it.
    pub noise: Option<u8>,
    /// This end sends.
    pub sends: bool,
    /// This end plays.
    pub plays: bool,
}

/// Something heard, for the peer to tell.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made a few times a call
pub enum MediaFact {
    /// What its ear tells, and when.
    Heard(Instant, HeardEvent),
    /// A telephone event began.
    Key(Instant, u8),
    /// Comfort noise began to be sent to it.
    Noise(Instant),
}

/// The sound of one dialog.
pub struct Media<A: Processing + Fidelity> {
    local: SocketAddr,
    agreed: Option<Agreed>,
    /// Ticks of the clock in 10 ms.
    unit: u32,
    coder: A::Coder,
    mouth: Mouth<A>,
    ear: Ear<A>,
    source: u32,
    sequence: u16,
    timestamp: u32,
    waiting_out: Vec<u8>,
    first: bool,
    playing: Option<u32>,
    heard_from: Option<u32>,
    waiting: BTreeMap<u32, Vec<u8>>,
    keys: VecDeque<u8>,
    key: Option<(u8, u32, u16)>,
    last_event: Option<u32>,
    /// The last packet was comfort noise.
    hushed: bool,
    facts: VecDeque<MediaFact>,
    received: u64,
    sent: u64,
}

impl<A: Processing + Fidelity> Media<A> {
    /// Sound on a socket, silent until something is agreed.
    pub fn new(local: SocketAddr, voice: Option<u16>, land: Land, entropy: &mut Entropy) -> Self {
        let mut mouth = Mouth::new(KeypadSpec::default(), entropy);
        if let Some(voice) = voice {
            mouth.say(Talk::Voice(voice));
        }
        Self {
            local,
            agreed: None,
            unit: TICK_SAMPLES as u32,
            coder: A::Coder::new(CodecName::Pcmu),
            mouth,
            ear: Ear::new(land),
            source: entropy.u32(),
            sequence: entropy.u32() as u16,
            timestamp: entropy.u32(),
            waiting_out: Vec::new(),
            first: true,
            playing: None,
            heard_from: None,
            waiting: BTreeMap::new(),
            keys: VecDeque::new(),
            key: None,
            last_event: None,
            hushed: false,
            facts: VecDeque::new(),
            received: 0,
            sent: 0,
        }
    }

    /// Its socket.
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Takes what was agreed.
    pub fn agree(&mut self, agreed: Agreed) {
        if self.agreed.is_none_or(|old| old.codec != agreed.codec) {
            self.coder = A::Coder::new(agreed.codec);
            self.coder.agree(PACKET, OpusWish { repeats: true, ..OpusWish::default() }, false);
            self.waiting_out.clear();
            let unit = agreed.codec.clock().hertz() / 100;
            if core::mem::replace(&mut self.unit, unit) != unit {
                // Another clock: what waits has no place on it.
                self.heard_from = None;
            }
        }
        self.agreed = Some(agreed);
    }

    /// Packets of sound received so far.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Packets sent so far.
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Says something from now on.
    pub fn say(&mut self, talk: Talk) {
        self.mouth.say(talk);
    }

    /// Says nothing any more.
    pub fn hush(&mut self) {
        self.mouth.hush();
    }

    /// Sends a key as telephone event; false where events were not agreed.
    pub fn event(&mut self, key: u8) -> bool {
        let can = self.agreed.is_some_and(|agreed| agreed.events.is_some());
        if can && self.keys.len() < MAX_KEYS {
            self.keys.push_back(key);
        }
        can
    }

    /// Sends a key as sound.
    pub fn key(&mut self, key: u8) -> bool {
        let spec = *self.mouth.keypad();
        self.mouth.key(key, spec.on, spec.off)
    }

    /// A packet came.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        let Some(agreed) = self.agreed else { return };
        let Some(packet) = Packet::parse(bytes) else { return };
        if Some(packet.kind) == agreed.events {
            self.take_event(now, &packet);
            return;
        }
        if Some(packet.kind) == agreed.noise {
            if !core::mem::replace(&mut self.hushed, true) {
                self.facts.push_back(MediaFact::Noise(now));
            }
            return;
        }
        if packet.kind != agreed.kind {
            return;
        }
        self.hushed = false;
        self.received += 1;
        if self.heard_from != Some(packet.source) {
            self.heard_from = Some(packet.source);
            self.waiting.clear();
            self.playing = None;
        }
        let unit = A::Coder::unit(agreed.codec).max(1);
        let wait = DEPTH.0 / 10 * self.unit;
        let playing = *self.playing.get_or_insert(packet.timestamp.wrapping_sub(wait));
        let ahead = packet.timestamp.wrapping_sub(playing) as i32;
        if !(-100 * self.unit as i32..=(MAX_WAITING as i32) * self.unit as i32).contains(&ahead) {
            // the sender jumped: what it says now counts
            self.waiting.clear();
            self.playing = Some(packet.timestamp.wrapping_sub(wait));
        } else if ahead > wait as i32 * 4 {
            self.playing = Some(packet.timestamp.wrapping_sub(wait));
        }
        if A::Coder::is_whole(agreed.codec) {
            // The units behind the first have no bytes of their own.
            let units = PACKET.0 / 10;
            for place in 0..units {
                let bytes = if place == 0 { packet.payload.clone() } else { Vec::new() };
                if self.waiting.len() < MAX_WAITING {
                    self.waiting.insert(packet.timestamp.wrapping_add(place * self.unit), bytes);
                }
            }
            return;
        }
        for (place, bytes) in packet.payload.chunks_exact(unit).enumerate() {
            if self.waiting.len() < MAX_WAITING {
                self.waiting.insert(packet.timestamp.wrapping_add(place as u32 * self.unit), bytes.to_vec());
            }
        }
    }

    fn take_event(&mut self, now: Instant, packet: &Packet) {
        if self.last_event == Some(packet.timestamp) {
            return;
        }
        let Some(key) = TelephoneEvent::parse(&packet.payload).and_then(|event| event.key()) else { return };
        self.last_event = Some(packet.timestamp);
        self.facts.push_back(MediaFact::Key(now, key));
    }

    /// One tick of 10 ms: hears, and gives at most one packet.
    pub fn tick(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        let agreed = self.agreed?;
        self.hear(&agreed);
        while let Some(event) = self.ear.event() {
            let since = match &event {
                HeardEvent::Began(heard) => heard.since,
                HeardEvent::Ended(_, at) => *at,
            };
            // an ear's time is what it has heard: count back from now
            let ago = self.ear.time().0.saturating_sub(since.0) * 125_000;
            let at = Instant::from_nanos(now.as_nanos().saturating_sub(ago));
            self.facts.push_back(MediaFact::Heard(at, event));
        }
        self.speak(&agreed).map(|bytes| (agreed.remote, bytes))
    }

    fn hear(&mut self, agreed: &Agreed) {
        let mut frame = A::SILENCE;
        if let Some(playing) = self.playing {
            if let Some(bytes) = self.waiting.remove(&playing) {
                frame = match (A::Coder::is_whole(agreed.codec), bytes.is_empty()) {
                    (true, true) => self.coder.rest(1),
                    (true, false) => self.coder.decode_whole(&bytes, 0),
                    (false, _) => self.coder.decode(agreed.codec, &bytes),
                };
            }
            self.waiting.retain(|timestamp, _| (timestamp.wrapping_sub(playing) as i32) > 0);
            self.playing = Some(playing.wrapping_add(self.unit));
        }
        if !agreed.plays {
            frame = A::SILENCE;
        }
        self.ear.hear(&frame);
    }

    fn speak(&mut self, agreed: &Agreed) -> Option<Vec<u8>> {
        let frame = self.mouth.frame();
        let timestamp = self.timestamp;
        self.timestamp = timestamp.wrapping_add(self.unit);
        if !agreed.sends {
            self.waiting_out.clear();
            return None;
        }
        if let Some(events) = agreed.events
            && let Some(payload) = self.speak_event(timestamp)
        {
            self.waiting_out.clear();
            let (start, marker, event) = payload;
            return Some(self.packet(marker, events, start, event));
        }
        if self.key.is_some() {
            return None;
        }
        let mut unit = [0; MAX_WHOLE];
        if A::Coder::is_whole(agreed.codec) {
            let Whole::Packet(length) = self.coder.encode_whole(&frame, &mut unit) else { return None };
            let payload = unit.get(..length).unwrap_or_default().to_vec();
            let marker = core::mem::take(&mut self.first);
            return Some(self.packet(marker, agreed.kind, timestamp.wrapping_sub(self.unit), payload));
        }
        if let Some(noise) = agreed.noise {
            // A packet that was begun is filled.
            match self.coder.sift(&frame, &mut unit) {
                Sifted::Description(length) if self.waiting_out.is_empty() => {
                    self.first = true;
                    let payload = unit.get(..length).unwrap_or_default().to_vec();
                    return Some(self.packet(false, noise, timestamp, payload));
                }
                Sifted::Nothing if self.waiting_out.is_empty() => return None,
                Sifted::Sound | Sifted::Description(_) | Sifted::Nothing => {}
            }
        }
        let length = self.coder.encode(&frame, &mut unit);
        let full = !self.waiting_out.is_empty();
        self.waiting_out.extend_from_slice(unit.get(..length).unwrap_or(&[]));
        if !full {
            return None;
        }
        let payload = core::mem::take(&mut self.waiting_out);
        let marker = core::mem::take(&mut self.first);
        Some(self.packet(marker, agreed.kind, timestamp.wrapping_sub(self.unit), payload))
    }

    /// The event packet of this tick, if one is due.
    fn speak_event(&mut self, timestamp: u32) -> Option<(u32, bool, Vec<u8>)> {
        if self.key.is_none() {
            let key = self.keys.pop_front()?;
            self.key = Some((TelephoneEvent::code_of(key)?, timestamp, 0));
        }
        let (code, start, ticks) = self.key?;
        let next = ticks + 1;
        self.key = Some((code, start, next));
        if next >= EVENT_TICKS + END_REPEATS + EVENT_PAUSE {
            self.key = None;
        }
        let end = next >= EVENT_TICKS;
        if next >= EVENT_TICKS + END_REPEATS || (!end && next % 2 == 0) {
            return None;
        }
        let duration = next.min(EVENT_TICKS) * self.unit as u16;
        Some((start, next == 1, TelephoneEvent { code, end, duration }.to_bytes()))
    }

    fn packet(&mut self, marker: bool, kind: u8, timestamp: u32, payload: Vec<u8>) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        self.sent += 1;
        let (sequence, source) = (self.sequence, self.source);
        Packet { marker, kind, sequence, timestamp, source, payload }.to_bytes()
    }

    /// The next thing heard.
    pub fn fact(&mut self) -> Option<MediaFact> {
        self.facts.pop_front()
    }

    /// What is heard now.
    pub fn hears(&self) -> impl Iterator<Item = crate::ear::Heard> + '_ {
        self.ear.now()
    }

    /// The time that its ear has heard.
    pub fn time(&self) -> Samples {
        Samples(self.ear.time().0)
    }
}
