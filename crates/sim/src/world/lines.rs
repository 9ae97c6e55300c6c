//! Shards and lines: ticks, sleep, what telephones hear and what is fed.

use tipring_gateway::{Input, LineIn, LineOut, Shard, ShardSetup};
use tipring_media::{Channel, Packets, Processing};
use tipring_port::{Feed, LoopReading, Tone};
use tipring_units::{
    Entropy, Instant, LegId, LineId, MediaSlot, Millis, SampleTime, ShardId, TICK, TICK_SAMPLES, Volts,
};

use super::{Fact, Rank, ShardClock, World, WorldSpec, line_name};
use crate::ear::{HeardEvent, What, laboratory_bank};
use crate::lab::{Place, Refused};
use crate::phone::{Action, PhoneEvent, TrunkEvent};
use crate::plant::Fidelity;

/// A card that is silent this long has stopped.
const CARD_PATIENCE: Millis = Millis(30);
/// Packets that a shard sends in a tick, at the most.
const BATCH: usize = 256;
/// Streams of a shard, at the most.
const STREAMS: usize = 64;
/// An opening of the loop by the gateway beyond this is battery off, not disconnect supervision.
const LONGEST_CPC: Millis = Millis(2000);
/// A tone that sounds no longer than this is not in the ladder: it was on its way to become another.
const MOMENT_NANOS: u64 = 600_000_000;
/// No bell rings below this (RMS).
const BELL: Volts = Volts(13.5);
/// A sound that comes back within this has not ended.
const GAP: Millis = Millis(700);

/// A shard with its clock and its lines.
pub(super) struct ShardUnit<A: Processing + Fidelity> {
    pub shard: Shard<A>,
    pub id: ShardId,
    pub first: u16,
    pub lines: u16,
    clock: ShardClock,
    /// Ticks done or slept through.
    ticks: u64,
    /// Nothing happens before this tick.
    asleep: Option<u64>,
    rx: Vec<LineIn<A>>,
    tx: Vec<LineOut<A>>,
    packets: Packets,
    card_told: bool,
}

/// What is known of a line's feed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FeedWatch {
    last: Option<Feed>,
    open_since: Option<Instant>,
}

pub(super) fn shards<A: Processing + Fidelity>(spec: &WorldSpec, entropy: &mut Entropy) -> Vec<ShardUnit<A>> {
    let mut units = Vec::new();
    for (place, clock) in spec.shards.iter().enumerate() {
        let id = ShardId(place as u8);
        let all = || spec.site.lines.iter().enumerate().filter(|(_, line)| line.shard == id);
        let first = all().next().map_or(0, |(place, _)| place as u16);
        let lines: Vec<_> = all().map(|(_, line)| (line.profile, line.in_service)).collect();
        let count = lines.len();
        let setup = ShardSetup {
            id,
            first_line: LineId(first),
            lines,
            streams: STREAMS,
            tones: spec.site.media.tones,
            started: spec.start,
        };
        let mut shard = Shard::new(&setup, entropy.fork());
        shard.set_bank(&laboratory_bank());
        units.push(ShardUnit {
            shard,
            id,
            first,
            lines: count as u16,
            clock: *clock,
            ticks: 0,
            asleep: None,
            rx: (0..count).map(|_| LineIn::steady(LoopReading::default())).collect(),
            tx: (0..count).map(|_| LineOut::SILENT).collect(),
            packets: Packets::with_capacity(BATCH),
            card_told: false,
        });
    }
    units
}

impl<A: Processing + Fidelity> ShardUnit<A> {
    /// The moment of a tick of this clock, counted from 1.
    fn moment(&self, tick: u64) -> Instant {
        let speed = (1_000_000 + i64::from(self.clock.ppm)).max(1) as u128;
        let nanos = u128::from(tick) * u128::from(TICK.0) * 1_000_000 * 1_000_000 / speed;
        Instant::from_nanos(nanos as u64)
    }

    /// The moment of a sample of its lines.
    pub fn moment_of(&self, sample: SampleTime) -> Instant {
        let speed = (1_000_000 + i64::from(self.clock.ppm)).max(1) as u128;
        Instant::from_nanos((u128::from(sample.0) * 125_000 * 1_000_000 / speed) as u64)
    }

    /// Ticks that are over at `now`.
    fn ticks_by(&self, now: Instant) -> u64 {
        let speed = (1_000_000 + i64::from(self.clock.ppm)).max(1) as u128;
        let mut ticks =
            (u128::from(now.as_nanos()) * speed / (u128::from(TICK.0) * 1_000_000 * 1_000_000)) as u64;
        if self.moment(ticks + 1) <= now {
            ticks += 1;
        }
        ticks
    }

    /// When it ticks next.
    pub fn due(&self) -> Option<Instant> {
        match self.asleep {
            None => Some(self.moment(self.ticks + 1)),
            Some(u64::MAX) => None,
            Some(tick) => Some(self.moment(tick.max(self.ticks + 1))),
        }
    }

    /// Ticks that are over at `now`.
    pub fn due_by(&self, now: Instant) -> u64 {
        self.ticks_by(now)
    }

    /// Ticks done or slept through at `now`, and how many of them it is still sleeping through.
    pub fn progress(&self, now: Instant) -> (u64, u64) {
        let slept = self
            .asleep
            .map_or(0, |until| self.ticks_by(now).min(until.saturating_sub(1)).saturating_sub(self.ticks));
        (self.ticks + slept, slept)
    }

    /// No leg, no ringing, no event that waits.
    pub fn is_idle(&self) -> bool {
        let is_ringing =
            |n: u16| self.shard.summary(LineId(self.first + n)).is_some_and(|(_, summary)| summary.ringing);
        self.shard.leg_count() == 0 && !(0..self.lines).any(is_ringing)
    }
}

impl<A: Processing + Fidelity> World<A> {
    /// Lets the telephone at `place` do something when it has done all earlier things.
    pub fn act(&mut self, place: Place, action: Action) -> Result<(), Refused> {
        if let Some(shard) = self.shard_of(place.line) {
            self.wake(shard);
        }
        self.lab.act(place, action)
    }

    pub(super) fn shard_of(&self, line: LineId) -> Option<usize> {
        self.shards.iter().position(|unit| line.0 >= unit.first && line.0 < unit.first + unit.lines)
    }

    /// Ends a shard's sleep: what it slept through is over at once.
    pub(super) fn wake(&mut self, place: usize) {
        let now = self.now;
        let Some(unit) = self.shards.get_mut(place) else { return };
        let Some(until) = unit.asleep.take() else { return };
        let reached = unit.ticks_by(now).min(until.saturating_sub(1));
        let slept = reached.saturating_sub(unit.ticks);
        if slept > 0 {
            unit.ticks += slept;
            unit.shard.skip(slept);
            let (first, lines) = (unit.first, unit.lines);
            for line in first..first + lines {
                self.lab.skip(LineId(line), slept);
            }
        }
    }

    pub(super) fn tick_shard(&mut self, place: usize) {
        self.wake(place);
        let now = self.now;
        let unit = &mut self.shards[place];
        let silent = self.card_stopped.is_some_and(|since| now.since(since) >= CARD_PATIENCE.into());
        if silent != unit.card_told {
            unit.card_told = silent;
            unit.shard.card_silent(silent);
        }
        let mut crossed: Vec<(ShardId, LegId, A::Frame)> = Vec::new();
        unit.packets.clear();
        unit.shard.tick(now, &unit.rx, &mut unit.tx, &mut unit.packets, |cross| {
            crossed.push((cross.to.peer, cross.to.peer_leg, cross.frame));
        });
        unit.ticks += 1;
        let mut packets: Vec<(MediaSlot, Channel, core::net::SocketAddr, Vec<u8>)> = Vec::new();
        for packet in unit.packets.iter() {
            packets.push((packet.slot, packet.channel, packet.remote, packet.bytes.to_vec()));
        }
        let first = unit.first;
        for n in 0..usize::from(unit.lines) {
            let line = LineId(first + n as u16);
            let unit = &mut self.shards[place];
            let out = core::mem::replace(&mut unit.tx[n], LineOut::SILENT);
            let (frame, report) = self.lab.exchange(line, out.frame, out.order);
            unit.rx[n] = LineIn { frame, report };
            self.watch_feed(line);
            self.collect_office(line);
        }
        self.show_tick(place);
        for (shard, leg, frame) in crossed {
            self.wake(usize::from(shard.0));
            if let Some(unit) = self.shards.get_mut(usize::from(shard.0)) {
                unit.shard.receive_crossed(leg, &frame);
            }
        }
        for (slot, channel, remote, bytes) in packets {
            let from = self.slots.iter().find(|(_, known)| **known == (slot, channel)).map(|(from, _)| *from);
            if let Some(from) = from {
                if let (Some(checks), Channel::Rtp) = (&mut self.checks, channel) {
                    checks.rtp_sent(now, from);
                }
                self.network.send(now, from, remote, bytes);
            }
        }
        self.collect_phones();
        let id = self.shards[place].id;
        while let Some(event) = self.shards[place].shard.poll() {
            self.tell(Input::Shard(id, event));
        }
        self.perhaps_sleep(place);
    }

    fn perhaps_sleep(&mut self, place: usize) {
        let unit = &self.shards[place];
        let Some(until) = unit.shard.quiet_until() else { return };
        let mut lines = (unit.first..unit.first + unit.lines).map(LineId);
        let is_rx_quiet = unit.rx.iter().all(|input| A::is_silent(&input.frame));
        if self.card_stopped.is_none() && is_rx_quiet && lines.all(|line| self.lab.is_quiet(line)) {
            let unit = &mut self.shards[place];
            unit.asleep = Some(match until.0 {
                u64::MAX => u64::MAX,
                until => until.div_ceil(TICK_SAMPLES as u64) + 1,
            });
        }
    }

    fn watch_feed(&mut self, line: LineId) {
        // what an outside line is fed is its exchange's affair
        let own = self.lab.line(line).filter(|line| line.office().is_none());
        let Some(feed) = own.map(crate::plant::Line::feed) else { return };
        let now = self.now;
        let Some(watch) = self.feeds.get_mut(usize::from(line.0)) else { return };
        let last = watch.last.replace(feed);
        let Some(last) = last.filter(|last| core::mem::discriminant(last) != core::mem::discriminant(&feed))
        else {
            return;
        };
        let mut found = None;
        match (last, feed) {
            (_, Feed::Open) => watch.open_since = Some(now),
            (Feed::Open, _) => {
                if let Some(since) = watch.open_since.take() {
                    let length = now.since(since).as_millis();
                    if length <= u128::from(LONGEST_CPC.0) {
                        found = Some((since, format!("CPC {}ms", (length + 5) / 10 * 10)));
                    } else {
                        found = Some((now, "battery on".to_owned()));
                    }
                }
            }
            (Feed::Normal, Feed::Reversed) => found = Some((now, "reversed".to_owned())),
            (Feed::Reversed, Feed::Normal) => found = Some((now, "normal polarity".to_owned())),
            (
                Feed::Normal
                | Feed::Reversed
                | Feed::Ringing { .. }
                | Feed::Neon(_)
                | Feed::TipOpen
                | Feed::Metering { .. }
                | Feed::Closed
                | Feed::RingGround,
                _,
            ) => {}
        }
        if let Some((at, words)) = found {
            let who = line_name(line.0);
            self.facts.push(Fact { at, known: now, who, words, rank: Rank::Ladder });
        }
    }

    fn collect_phones(&mut self) {
        while let Some(entry) = self.lab.event() {
            let line = entry.place.line;
            let Some(shard) = self.shard_of(line) else { continue };
            let moment = |sample| self.shards[shard].moment_of(sample);
            let who = phone_name(entry.place);
            match entry.event {
                PhoneEvent::Heard(event) => {
                    let at = match &event {
                        HeardEvent::Began(heard) => moment(heard.since),
                        HeardEvent::Ended(_, at) => moment(*at),
                    };
                    self.heard(at, who, &event);
                }
                PhoneEvent::Trunk(at, event) => {
                    let words = match event {
                        TrunkEvent::Battery(true) => "battery".to_owned(),
                        TrunkEvent::Battery(false) => "battery gone".to_owned(),
                        TrunkEvent::Reversed(true) => "polarity reversed".to_owned(),
                        TrunkEvent::Reversed(false) => "polarity normal".to_owned(),
                        TrunkEvent::Broken(length) => format!("loop broken {}ms", (length.0 + 5) / 10 * 10),
                        TrunkEvent::Charged(count) => format!("charged {count}"),
                    };
                    let (at, known) = (moment(at), self.now);
                    self.facts.push(Fact { at, known, who, words, rank: Rank::Ladder });
                }
                PhoneEvent::Lamp(at, on) => {
                    let (at, known) = (moment(at), self.now);
                    let words = if on { "lamp on" } else { "lamp off" }.to_owned();
                    self.facts.push(Fact { at, known, who, words, rank: Rank::Ladder });
                }
                PhoneEvent::BurstBegan(at) => {
                    let (at, known, words) = (moment(at), self.now, "bell on".to_owned());
                    self.facts.push(Fact { at, known, who, words, rank: Rank::Aside });
                }
                PhoneEvent::BurstEnded(at) => {
                    let (at, known, words) = (moment(at), self.now, "bell off".to_owned());
                    self.facts.push(Fact { at, known, who, words, rank: Rank::Aside });
                }
            }
        }
    }

    /// Writes down what an ear tells. A ladder does not show what is heard for a moment only, one's own echo, and
    /// the silence between the words of a far end.
    pub(super) fn heard(&mut self, at: Instant, who: String, event: &HeardEvent) {
        let known = self.now;
        let voice = match event {
            HeardEvent::Began(heard) => Some((heard.what, true)),
            HeardEvent::Ended(what, _) => Some((*what, false)),
        };
        if let Some((What::Voice(voice), begins)) = voice
            && self.checks.is_some()
            && let Some(mouth) = self.voices.get(&voice)
        {
            // who is at another place when the sound ends than when it began is still the one who began to hear it
            let key = (who.clone(), voice);
            let began = self.heard_as.remove(&key);
            let (ear, mouth) = match began {
                Some(names) if !begins => names,
                Some(_) | None => (self.party(&who), self.party(mouth)),
            };
            if let Some(checks) = &mut self.checks {
                checks.heard(known, &ear, &mouth, begins);
            }
            if begins {
                self.heard_as.insert(key, (ear, mouth));
            }
        }
        let (words, rank) = match event {
            HeardEvent::Began(heard) => {
                let words = self.heard_words(&heard.what);
                self.hearing.insert((who.clone(), words.clone()));
                let is_own = words.strip_prefix("hears ").is_some_and(|what| {
                    what == who || what.split_once('/').is_some_and(|(name, _)| name == who)
                });
                let is_peers = !who.starts_with("phone ");
                let goes_on = self
                    .facts
                    .latest(&who, &format!("no longer {words}"))
                    .is_some_and(|ended| at.since(ended.at) < GAP.into())
                    && self.facts.latest(&who, &words).is_some_and(|before| before.rank == Rank::Ladder);
                let is_aside = match heard.what {
                    What::Speech | What::Garbled(_) | What::Waiting(_) => true,
                    What::Silence => is_peers || self.facts.last_heard(&who) == Some(words.as_str()),
                    // nobody has this voice: two at once look like a third for a moment
                    What::Voice(voice) if !self.voices.contains_key(&voice) => true,
                    What::Ringing | What::Caller(_) | What::NextCaller(_) | What::Digit(_) => false,
                    _ => is_own || goes_on,
                };
                (words, if is_aside { Rank::Aside } else { Rank::Ladder })
            }
            HeardEvent::Ended(what, _) => {
                let words = self.heard_words(what);
                self.hearing.remove(&(who.clone(), words.clone()));
                match what {
                    What::Ringing => ("stops ringing".to_owned(), Rank::Ladder),
                    // short by nature
                    What::Tone(Tone::CallWaiting) => (format!("no longer {words}"), Rank::Aside),
                    What::Tone(_) | What::Sine(..) | What::Silence => {
                        let moment = Instant::from_nanos(at.as_nanos().saturating_sub(MOMENT_NANOS));
                        self.facts.demote(&who, &words, moment);
                        (format!("no longer {words}"), Rank::Aside)
                    }
                    _ => (format!("no longer {words}"), Rank::Aside),
                }
            }
        };
        self.facts.push(Fact { at, known, who, words, rank });
    }

    fn heard_words(&self, what: &What) -> String {
        match what {
            What::Voice(voice) => match self.voices.get(voice) {
                Some(name) => format!("hears {name}"),
                None => format!("hears voice {voice}"),
            },
            What::Ringing => "rings".to_owned(),
            What::Caller(_) | What::NextCaller(_) => {
                let text = what.to_string();
                format!("shows {}", text.strip_prefix("caller ").unwrap_or(&text))
            }
            What::Sine(frequency, _) => format!("hears tone {}", (frequency.0 / 4.0 + 0.5) as u32 * 4),
            other => format!("hears {other}"),
        }
    }

    /// True while a telephone has something left to do.
    pub fn is_phone_busy(&self, place: Place) -> bool {
        self.lab.phone(place).is_some_and(|phone| phone.is_busy())
    }

    /// True while it is so high that a bell may ring.
    pub(super) fn is_rung_aloud(&mut self, line: LineId) -> bool {
        let feed = self.lab.card().line(line).map(crate::plant::Line::feed);
        matches!(feed, Some(Feed::Ringing { level, .. }) if level.0 >= BELL.0)
    }

    /// True while ringing voltage is on the line.
    pub fn is_rung(&mut self, line: LineId) -> bool {
        matches!(self.lab.card().line(line).map(crate::plant::Line::feed), Some(Feed::Ringing { .. }))
    }
}

/// The name of a telephone in flows: the first on a line has the line's number, further ones a letter.
pub(super) fn phone_name(place: Place) -> String {
    let letter = match place.phone {
        0 => String::new(),
        n => char::from(b'a' + n).to_string(),
    };
    format!("phone {}{letter}", place.line.0 + 1)
}
