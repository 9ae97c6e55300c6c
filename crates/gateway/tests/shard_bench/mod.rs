//! A bench for shards: lines whose loops are opened and closed at will and far ends that speak RTP by hand, at both
//! fidelities. There is no echo and no plant here; the laboratory has them.
#![allow(dead_code)] // each test file uses its part

pub mod far;
pub mod toys;

use core::net::SocketAddr;
use far::Far;
use std::collections::VecDeque;
use tipring_country::Country;
use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::Packets;
use tipring_port::{
    CardOrder, Command, CrossSpec, Event, LegSpec, LineCommand, LineEvent, LineProfile, LoopReading,
    MediaCommand, MediaEvent, StreamStats,
};
use tipring_units::{
    BridgeId, Entropy, Epoch, Instant, LegId, LineId, Milliamps, ShardId, TICK, Volts, WallTime,
};
use toys::{Observer, Say, Toys};

/// One line of the bench.
pub struct LineToy<A: Toys> {
    pub closed: bool,
    pub says: Say,
    pub mouth: A::Mouth,
    pub ear: Observer<A>,
    pub orders: Vec<CardOrder>,
    /// Frames to the card since [`Bench::forget`].
    pub spoken: Vec<A::Frame>,
}

/// Shards with lines and far ends.
pub struct Bench<A: Toys> {
    pub now: Instant,
    pub shards: Vec<Shard<A>>,
    pub lines: Vec<LineToy<A>>,
    pub fars: Vec<Far<A>>,
    pub events: Vec<(usize, Event)>,
    pub crossed: VecDeque<(CrossSpec, A::Frame)>,
    /// Frames across shards lost on purpose.
    pub cut: bool,
    pub ticks: u64,
    lines_each: usize,
    rx: Vec<LineIn<A>>,
    tx: Vec<LineOut<A>>,
    packets: Packets,
}

pub fn profile() -> LineProfile {
    Country::named("us").unwrap().line_profile()
}

impl<A: Toys> Bench<A> {
    pub fn new(shards: usize, lines_each: usize, streams: usize) -> Self {
        Self::with(&profile(), shards, lines_each, streams)
    }

    pub fn with(profile: &LineProfile, shards: usize, lines_each: usize, streams: usize) -> Self {
        let setup = |shard: usize| ShardSetup {
            id: ShardId(shard as u8),
            first_line: LineId((shard * lines_each) as u16),
            lines: vec![(*profile, true); lines_each],
            streams,
            tones: profile.tones,
            started: WallTime(1_700_000_000_000_000),
        };
        let toy = |_| LineToy {
            closed: false,
            says: Say::Nothing,
            mouth: A::mouth(),
            ear: Observer::new(),
            orders: Vec::new(),
            spoken: Vec::new(),
        };
        let mut bench = Self {
            now: Instant::ZERO,
            shards: (0..shards)
                .map(|n| Shard::new(&setup(n), Entropy::for_simulation(n as u64 + 1)))
                .collect(),
            lines: (0..shards * lines_each).map(toy).collect(),
            fars: Vec::new(),
            events: Vec::new(),
            crossed: VecDeque::new(),
            cut: false,
            ticks: 0,
            lines_each,
            rx: (0..lines_each).map(|_| LineIn::steady(LoopReading::default())).collect(),
            tx: (0..lines_each).map(|_| LineOut::SILENT).collect(),
            packets: Packets::with_capacity(256),
        };
        bench.run(60);
        bench.events.clear();
        bench
    }

    /// One tick of every shard.
    pub fn tick(&mut self) {
        self.send_far();
        for shard in 0..self.shards.len() {
            self.tick_shard(shard);
        }
        self.pass();
        self.now += TICK;
        self.ticks += 1;
    }

    pub fn run(&mut self, ticks: usize) {
        for _ in 0..ticks {
            self.tick();
        }
    }

    /// The far ends' packets of this tick.
    pub fn send_far(&mut self) {
        for far in &mut self.fars {
            let (slot, from, shard) = (far.slot, far.address, &mut self.shards[far.shard]);
            let now = self.now;
            far.speak(|bytes| shard.receive(now, slot, from, bytes));
        }
    }

    pub fn tick_shard(&mut self, number: usize) {
        let first = number * self.lines_each;
        for (toy, input) in self.lines[first..first + self.lines_each].iter_mut().zip(&mut self.rx) {
            let current = Milliamps(if toy.closed { 25.0 } else { 0.0 });
            *input = LineIn::steady(LoopReading { voltage: Volts(48.0), current, ..LoopReading::default() });
            input.frame = A::utter(&mut toy.mouth, toy.says);
        }
        let (shard, crossed, cut) = (&mut self.shards[number], &mut self.crossed, self.cut);
        self.packets.clear();
        shard.tick(self.now, &self.rx, &mut self.tx, &mut self.packets, |frame| {
            if !cut {
                crossed.push_back((frame.to, frame.frame));
            }
        });
        for (toy, output) in self.lines[first..first + self.lines_each].iter_mut().zip(&self.tx) {
            toy.ear.hear(&output.frame);
            toy.spoken.push(output.frame);
            toy.orders.extend(output.order);
        }
        for packet in self.packets.iter() {
            let found = self.fars.iter_mut().find(|far| far.shard == number && far.slot == packet.slot);
            if let Some(far) = found {
                far.take(self.ticks, packet.channel, packet.bytes);
            }
        }
        self.poll(number);
    }

    pub fn poll(&mut self, number: usize) {
        while let Some(event) = self.shards[number].poll() {
            self.events.push((number, event));
        }
    }

    /// Hands the frames between shards over.
    pub fn pass(&mut self) {
        while let Some((to, frame)) = self.crossed.pop_front() {
            self.shards[usize::from(to.peer.0)].receive_crossed(to.peer_leg, &frame);
        }
    }

    pub fn shard_of(&self, line: u16) -> usize {
        usize::from(line) / self.lines_each
    }

    pub fn epoch(&self, line: u16) -> Epoch {
        self.shards[self.shard_of(line)].summary(LineId(line)).unwrap().0
    }

    /// Lifts a line's receiver and waits until that is known.
    pub fn lift(&mut self, line: u16) {
        self.lines[usize::from(line)].closed = true;
        self.run(30);
        assert!(self.shards[self.shard_of(line)].summary(LineId(line)).unwrap().1.off_hook);
    }

    pub fn order(&mut self, line: u16, command: LineCommand) {
        let (shard, epoch) = (self.shard_of(line), self.epoch(line));
        self.shards[shard].command(self.now, Command::Line(LineId(line), epoch, command));
    }

    pub fn media(&mut self, shard: usize, command: MediaCommand) {
        self.shards[shard].command(self.now, Command::Media(command));
    }

    /// Opens a leg for a line, whose number is the leg's, and joins it.
    pub fn join_line(&mut self, line: u16, bridge: u64) -> LegId {
        let (shard, leg) = (self.shard_of(line), LegId(u64::from(line) + 1));
        self.media(shard, MediaCommand::Open(leg, LegSpec::Line(LineId(line))));
        self.media(shard, MediaCommand::Join(BridgeId(bridge), leg));
        leg
    }

    /// Opens a leg for a far end and joins it.
    pub fn join_far(&mut self, far: Far<A>, bridge: u64) -> LegId {
        let (shard, leg) = (far.shard, far.leg());
        self.media(shard, MediaCommand::Open(leg, LegSpec::Rtp(far.spec())));
        self.media(shard, MediaCommand::Join(BridgeId(bridge), leg));
        self.fars.push(far);
        leg
    }

    /// Joins bridge `here` of one shard to bridge `there` of another.
    pub fn join_shards(&mut self, here: (usize, u64), there: (usize, u64)) {
        let legs = [LegId(900 + here.1), LegId(950 + there.1)];
        for (own, other, at, peer) in [(legs[0], legs[1], here, there), (legs[1], legs[0], there, here)] {
            let spec = CrossSpec { peer: ShardId(peer.0 as u8), peer_leg: other };
            self.media(at.0, MediaCommand::Open(own, LegSpec::Cross(spec)));
            self.media(at.0, MediaCommand::Join(BridgeId(at.1), own));
        }
    }

    /// A line dials a digit of this length, then `gap` of nothing.
    pub fn press(&mut self, line: u16, digit: u8, length: usize, gap: usize) {
        self.lines[usize::from(line)].says = Say::Digit(digit);
        self.run(length / 10);
        self.lines[usize::from(line)].says = Say::Nothing;
        self.run(gap / 10);
    }

    pub fn line_events(&self, line: u16) -> Vec<(Epoch, LineEvent)> {
        let own = |(_, event): &(usize, Event)| match event {
            Event::Line(at, epoch, event) if at.0 == line => Some((*epoch, *event)),
            Event::Line(..)
            | Event::Media(_)
            | Event::Summary(..)
            | Event::Profiled(..)
            | Event::Balance(..)
            | Event::Learned(..) => None,
        };
        self.events.iter().filter_map(own).collect()
    }

    pub fn media_events(&self) -> Vec<MediaEvent> {
        let own = |(_, event): &(usize, Event)| match event {
            Event::Media(event) => Some(*event),
            Event::Line(..)
            | Event::Summary(..)
            | Event::Profiled(..)
            | Event::Balance(..)
            | Event::Learned(..) => None,
        };
        self.events.iter().filter_map(own).collect()
    }

    /// The last statistics of a leg that came up.
    pub fn last_stats(&self, leg: LegId) -> StreamStats {
        let of = |event: MediaEvent| match event {
            MediaEvent::Stats(from, stats, _) if from == leg => Some(stats),
            _ => None,
        };
        self.media_events().into_iter().rev().find_map(of).unwrap()
    }

    /// What every ear heard is forgotten.
    pub fn forget(&mut self) {
        self.lines.iter_mut().for_each(|line| (line.ear, line.spoken) = (Observer::new(), Vec::new()));
        self.fars.iter_mut().for_each(Far::forget);
        self.events.clear();
    }
}

pub fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 4000))
}
