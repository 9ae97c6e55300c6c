//! The thread of one shard: a tick every 10 ms.
//!
//! In steady state it allocates nothing and takes no lock: commands, events and crossed frames travel in bounded
//! channels made at the start, the control thread is woken by a byte in a socket pair.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tipring_driver::Card;
use tipring_gateway::{LineIn, LineOut, MediaStatus, Shard, ShardSetup};
use tipring_media::{Channel, MAX_PACKET, Packets};
use tipring_port::{Command, Event, Frame, LegSpec, LoopReading, MediaCommand, Samples};
use tipring_units::{Entropy, Instant, LegId, LineId, MediaSlot, ShardId, TICK};
use tipring_voice::PhraseBank;

use crate::clock::Clock;
use crate::laboratory::{self, LabAsk};
use crate::ready::Ready;
use crate::sockets::MediaSockets;
use crate::tap::Taps;
use crate::wake::Wake;

/// Commands that wait for a shard, at the most.
const MAX_COMMANDS: usize = 4096;
/// Events that wait for the control thread, at the most.
const MAX_EVENTS: usize = 4096;
/// Frames on their way to another shard, at the most.
const MAX_CROSSED: usize = 1024;
/// Requests to the laboratory that wait, at the most.
const MAX_LAB_ASKS: usize = 64;
/// Packets that a shard sends in a tick, at the most, for each of its streams.
const PACKETS_PER_STREAM: usize = 4;
/// Datagrams taken from one socket in one tick, at the most: a flood on one stream must not starve the others. One is read of each
/// socket before the next of any.
const MAX_BURST: usize = 32;
/// Packets that are read when a stream opens; a socket's buffer holds some hundred.
const MAX_WAITING: usize = 1024;
/// Ticks that are made up after a stall; beyond it the shard's clock jumps.
const MAX_CATCH_UP: u64 = 10;
/// A tick that begins later than this is late.
const LATE: Duration = Duration::from_millis(5);
/// Ticks of a second.
const SECOND: u64 = 1000 / TICK.0 as u64;
/// Seconds that the count of late ticks looks back.
const WINDOW: usize = 60;
/// Ticks of a minute.
const MINUTE: u64 = WINDOW as u64 * SECOND;
/// Late ticks in a minute that are too many: one in a hundred, which is heard.
pub const TOO_MANY_LATE: u64 = MINUTE / 100;

/// How a shard keeps its time, since the start.
#[derive(Debug, Default)]
pub struct MediaReport {
    /// Ticks done.
    pub ticks: AtomicU64,
    /// Ticks that began more than 5 ms after they were due.
    pub late: AtomicU64,
    /// The same in the last 60 seconds, of which the current one is begun.
    pub late_last_minute: AtomicU64,
    /// The same in the last full minute, counted from the start.
    pub late_full_minute: AtomicU64,
    /// Minutes on end, up to the last full one, with [`TOO_MANY_LATE`] such ticks or more.
    pub troubled_minutes: AtomicU64,
    /// The longest tick, in nanoseconds.
    pub longest_nanos: AtomicU64,
    /// Datagrams that the system refused to send.
    pub unsent: AtomicU64,
}

impl MediaReport {
    /// It as status shows it.
    pub fn status(&self, shard: ShardId) -> MediaStatus {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let troubled = read(&self.troubled_minutes);
        MediaStatus {
            shard: shard.to_string(),
            ticks: read(&self.ticks),
            late: read(&self.late),
            late_last_minute: read(&self.late_last_minute),
            late_full_minute: read(&self.late_full_minute),
            troubled_seconds: (troubled > 0).then_some(troubled * 60),
            longest_micros: read(&self.longest_nanos) / 1000,
            unsent: read(&self.unsent),
        }
    }

    /// Counts a tick that began `behind` what was due and `took` this long.
    fn count(&self, behind: Duration, took: Duration, recent: &mut LateTicks) {
        if behind > LATE {
            self.late.fetch_add(1, Ordering::Relaxed);
            recent.add();
        }
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.longest_nanos.fetch_max(took, Ordering::Relaxed);
        let ticks = self.ticks.fetch_add(1, Ordering::Relaxed) + 1;
        self.late_last_minute.store(recent.sum, Ordering::Relaxed);
        if ticks.is_multiple_of(MINUTE) {
            self.late_full_minute.store(recent.sum, Ordering::Relaxed);
            if recent.sum >= TOO_MANY_LATE {
                self.troubled_minutes.fetch_add(1, Ordering::Relaxed);
            } else {
                self.troubled_minutes.store(0, Ordering::Relaxed);
            }
        }
        if ticks.is_multiple_of(SECOND) {
            recent.next_second();
        }
    }
}

/// Late ticks of each of the last 60 seconds.
#[derive(Debug)]
struct LateTicks {
    seconds: [u64; WINDOW],
    /// The place of the current second.
    current: usize,
    /// Of all places.
    sum: u64,
}

impl LateTicks {
    const NONE: Self = Self { seconds: [0; WINDOW], current: 0, sum: 0 };

    fn add(&mut self) {
        self.seconds[self.current] += 1;
        self.sum += 1;
    }

    /// The current second is full: the oldest one makes room.
    fn next_second(&mut self) {
        self.current = (self.current + 1) % WINDOW;
        self.sum -= core::mem::take(&mut self.seconds[self.current]);
    }
}

/// The control thread's end of a shard.
pub struct Link {
    /// The shard.
    pub id: ShardId,
    /// Commands down.
    pub commands: SyncSender<Command>,
    /// Events up.
    pub events: Receiver<Event>,
    /// Its thread has ended, and the control plane knows.
    pub stopped: bool,
}

/// A shard's pipes to and from the other shards.
pub struct Pipes {
    crossed_in: Receiver<(LegId, Frame)>,
    crossed_out: Vec<(ShardId, SyncSender<(LegId, Frame)>)>,
}

/// Makes the pipes between shards.
pub fn plumb(shards: &[(ShardSetup, Card)]) -> Vec<Pipes> {
    let ends: Vec<_> =
        shards.iter().map(|(setup, _)| (setup.id, sync_channel::<(LegId, Frame)>(MAX_CROSSED))).collect();
    let senders: Vec<_> = ends.iter().map(|(id, (sender, _))| (*id, sender.clone())).collect();
    ends.into_iter().map(|(_, (_, crossed_in))| Pipes { crossed_in, crossed_out: senders.clone() }).collect()
}

/// What a shard's thread is given.
pub struct Spawn {
    pub setup: ShardSetup,
    pub card: Card,
    pub sockets: Arc<MediaSockets>,
    pub bank: Arc<PhraseBank>,
    pub clock: Clock,
    pub wake: Wake,
    pub stop: Arc<AtomicBool>,
    pub entropy: Entropy,
    pub pipes: Pipes,
}

struct Worker {
    shard: Shard<Samples>,
    card: Card,
    rx: Vec<LineIn<Samples>>,
    tx: Vec<LineOut<Samples>>,
    packets: Packets,
    /// Slots that legs of this shard use, and whether the system had room to watch them; else they are looked at one by one.
    slots: Vec<(LegId, MediaSlot, bool)>,
    sockets: Arc<MediaSockets>,
    /// Which of those have something to read.
    ready: Ready,
    commands: Receiver<Command>,
    events: SyncSender<Event>,
    waiting: Option<Event>,
    labs: Receiver<LabAsk>,
    taps: Taps,
    first_line: LineId,
    pipes: Pipes,
    wake: Wake,
    report: Arc<MediaReport>,
}

/// A shard's thread and the ways to it.
pub struct Spawned {
    /// The control thread's end.
    pub link: Link,
    /// The thread.
    pub thread: JoinHandle<()>,
    /// Requests to the laboratory.
    pub lab: SyncSender<LabAsk>,
    /// How it keeps its time.
    pub report: Arc<MediaReport>,
}

/// Starts a shard's thread.
pub fn spawn(spawn: Spawn) -> io::Result<Spawned> {
    let Spawn { setup, card, sockets, bank, clock, wake, stop, entropy, pipes } = spawn;
    let (commands, commanded) = sync_channel(MAX_COMMANDS);
    let (events, evented) = sync_channel(MAX_EVENTS);
    let (lab, labs) = sync_channel(MAX_LAB_ASKS);
    let report = Arc::new(MediaReport::default());
    let lines = setup.lines.len();
    let id = setup.id;
    let mut shard = Shard::new(&setup, entropy);
    shard.set_bank(&bank);
    let mut worker = Worker {
        shard,
        card,
        rx: vec![LineIn::steady(LoopReading::default()); lines],
        tx: vec![LineOut::SILENT; lines],
        packets: Packets::with_capacity((setup.streams * PACKETS_PER_STREAM).max(16)),
        slots: Vec::with_capacity(setup.streams),
        sockets,
        ready: Ready::new(setup.streams * 2)?,
        commands: commanded,
        events,
        waiting: None,
        labs,
        taps: Taps::new(),
        first_line: setup.first_line,
        pipes,
        wake,
        report: Arc::clone(&report),
    };
    let name = format!("shard-{}", id.0);
    let thread = std::thread::Builder::new().name(name).spawn(move || {
        let last_word = worker.wake.try_clone();
        // What the shard did not catch itself is beyond repair; the other shards and the calls on them go on.
        let _ = catch_unwind(AssertUnwindSafe(|| worker.run(clock, &stop)));
        // The control thread sees the end of the events, and is woken to see it.
        drop(worker);
        if let Ok(wake) = last_word {
            wake.wake();
        }
    })?;
    Ok(Spawned { link: Link { id, commands, events: evented, stopped: false }, thread, lab, report })
}

impl Worker {
    fn run(&mut self, clock: Clock, stop: &AtomicBool) {
        let mut due = clock.now();
        let mut recent = LateTicks::NONE;
        while !stop.load(Ordering::Relaxed) {
            let now = clock.now();
            if now < due {
                std::thread::sleep(due - now);
                continue;
            }
            let behind = now - due;
            if behind > Duration::from(TICK) * MAX_CATCH_UP as u32 {
                // A suspended machine: what was due in between is gone.
                due = now;
            }
            self.tick(due);
            self.report.count(behind, clock.now() - now, &mut recent);
            due += TICK;
        }
    }

    fn tick(&mut self, now: Instant) {
        while let Ok(command) = self.commands.try_recv() {
            self.follow(now, &command);
            self.shard.command(now, command);
        }
        while let Ok((leg, frame)) = self.pipes.crossed_in.try_recv() {
            self.shard.receive_crossed(leg, &frame);
        }
        self.receive(now);
        for (place, (input, output)) in self.rx.iter_mut().zip(&self.tx).enumerate() {
            *input = self.card.exchange(place, output);
        }
        self.taps.tick(&mut self.card, &self.rx, &self.tx);
        let pipes = &self.pipes.crossed_out;
        self.packets.clear();
        self.shard.tick(now, &self.rx, &mut self.tx, &mut self.packets, |crossed| {
            if let Some((_, pipe)) = pipes.iter().find(|(id, _)| *id == crossed.to.peer) {
                // A full pipe is a shard that has stopped: its end conceals.
                let _ = pipe.try_send((crossed.to.peer_leg, crossed.frame));
            }
        });
        self.send();
        self.tell();
        self.serve_lab();
    }

    /// Keeps the list of sockets that this shard has to read.
    fn follow(&mut self, now: Instant, command: &Command) {
        match command {
            Command::Media(MediaCommand::Open(leg, LegSpec::Rtp(spec))) => {
                // Nobody has read this one since its last stream ended. What waits there is older than the new stream, and
                // the shard remembers whose it is.
                self.receive_waiting(now, spec.slot, MAX_WAITING);
                let watched = self.watch(spec.slot).is_ok();
                self.slots.push((*leg, spec.slot, watched));
            }
            Command::Media(MediaCommand::Close(leg)) => self.forget(*leg),
            Command::Media(_)
            | Command::Line(..)
            | Command::Profile(..)
            | Command::Tones(_)
            | Command::Balance(_)
            | Command::Learn(_)
            | Command::Restart(_) => {}
        }
    }

    fn watch(&self, slot: MediaSlot) -> io::Result<()> {
        for channel in [Channel::Rtp, Channel::Rtcp] {
            if let Some(socket) = socket(&self.sockets, slot, channel) {
                self.ready.watch(socket, number(slot, channel))?;
            }
        }
        Ok(())
    }

    /// A leg is closed: its sockets are not read until the next stream opens there.
    fn forget(&mut self, leg: LegId) {
        let Some(place) = self.slots.iter().position(|(other, ..)| *other == leg) else { return };
        let (_, slot, _) = self.slots.swap_remove(place);
        if self.slots.iter().any(|(_, other, _)| *other == slot) {
            return;
        }
        for channel in [Channel::Rtp, Channel::Rtcp] {
            if let Some(socket) = socket(&self.sockets, slot, channel) {
                self.ready.forget(socket);
            }
        }
    }

    /// Reads what waits at the sockets of the open streams.
    fn receive(&mut self, now: Instant) {
        for _ in 0..MAX_BURST {
            let found = self.ready.look();
            for place in 0..found {
                if let Some((slot, channel)) = self.ready.number(place).and_then(socket_of) {
                    self.receive_at(now, slot, channel);
                }
            }
            if found == 0 {
                break;
            }
        }
        for place in 0..self.slots.len() {
            if let (_, slot, false) = self.slots[place] {
                self.receive_waiting(now, slot, MAX_BURST);
            }
        }
    }

    /// Reads what waits at a slot's sockets, at most so many packets each.
    fn receive_waiting(&mut self, now: Instant, slot: MediaSlot, most: usize) {
        for channel in [Channel::Rtp, Channel::Rtcp] {
            for _ in 0..most {
                if !self.receive_at(now, slot, channel) {
                    break;
                }
            }
        }
    }

    /// Reads a packet; false if none waits.
    fn receive_at(&mut self, now: Instant, slot: MediaSlot, channel: Channel) -> bool {
        let mut buffer = [0; MAX_PACKET];
        let Some(socket) = socket(&self.sockets, slot, channel) else { return false };
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => self.shard.receive(now, slot, from, &buffer[..length]),
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => return false,
            // ICMP of an earlier packet: the far end's socket is closed; statistics show it.
            Err(_) => {}
        }
        true
    }

    fn send(&mut self) {
        for packet in self.packets.iter() {
            let Some(socket) = socket(&self.sockets, packet.slot, packet.channel) else { continue };
            if socket.send_to(packet.bytes, packet.remote).is_err() {
                self.report.unsent.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn tell(&mut self) {
        let mut told = false;
        while let Some(event) = self.waiting.take().or_else(|| self.shard.poll()) {
            self.taps.line_event(self.first_line, &event);
            match self.events.try_send(event) {
                Ok(()) => told = true,
                // The shard's own queue is the next buffer; what it cannot hold it latches.
                Err(_) => {
                    self.waiting = Some(event);
                    break;
                }
            }
        }
        if told {
            self.wake.wake();
        }
    }

    fn serve_lab(&mut self) {
        while let Ok(ask) = self.labs.try_recv() {
            laboratory::serve(self.card.laboratory(), &mut self.taps, ask);
        }
        // Only who watches a line reads the laboratory's own log; else the telephones' ears are asked.
        if let Some(lab) = self.card.laboratory() {
            while let Some(entry) = lab.event() {
                self.taps.phone_event(&entry);
            }
        }
    }
}

/// One of a slot's sockets.
fn socket(sockets: &MediaSockets, slot: MediaSlot, channel: Channel) -> Option<&std::net::UdpSocket> {
    let (rtp, rtcp) = sockets.get(slot)?;
    Some(match channel {
        Channel::Rtp => rtp,
        Channel::Rtcp => rtcp,
    })
}

/// The number under which a socket is watched, and whose it is.
fn number(slot: MediaSlot, channel: Channel) -> u64 {
    u64::from(slot.0) * 2 + u64::from(channel == Channel::Rtcp)
}

fn socket_of(number: u64) -> Option<(MediaSlot, Channel)> {
    let slot = MediaSlot(u16::try_from(number / 2).ok()?);
    Some((slot, if number.is_multiple_of(2) { Channel::Rtp } else { Channel::Rtcp }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
    use tipring_port::{
        CodecName, Direction, DtmfMode, JitterSpec, LineProfile, MAX_EVENT_TYPES, MAX_PAYLOAD_TYPES,
        MediaEvent, OpusWish, PayloadType, RtpClock, RtpSpec, SilenceMode, Text,
    };
    use tipring_sim::lab::Lab;
    use tipring_sim::plant::LineSpec;
    use tipring_units::Millis;

    #[test]
    fn late_ticks_are_counted_by_the_minute() {
        let report = MediaReport::default();
        let mut recent = LateTicks::NONE;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut a_minute = |late: u64| {
            for tick in 0..MINUTE {
                let behind = if tick < late { LATE * 2 } else { LATE };
                report.count(behind, Duration::from_micros(tick), &mut recent);
            }
            (read(&report.late), read(&report.late_full_minute), read(&report.troubled_minutes))
        };
        assert_eq!(a_minute(TOO_MANY_LATE - 1), (59, 59, 0));
        assert_eq!(a_minute(TOO_MANY_LATE), (119, 60, 1));
        assert_eq!(a_minute(200), (319, 200, 2));
        assert_eq!(a_minute(0), (319, 0, 0));
        assert_eq!(report.longest_nanos.load(Ordering::Relaxed), 5_999_000);
    }

    #[test]
    fn the_last_sixty_seconds_are_told_at_any_moment() {
        let report = MediaReport::default();
        let mut recent = LateTicks::NONE;
        let mut seconds = |seconds: u64, late: u64| {
            for tick in 0..seconds * SECOND {
                let behind = if tick % SECOND < late { LATE * 2 } else { LATE };
                report.count(behind, Duration::ZERO, &mut recent);
            }
            let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
            (read(&report.late_last_minute), read(&report.troubled_minutes))
        };
        assert_eq!(seconds(35, 4), (140, 0), "not only once a minute is full");
        assert_eq!(seconds(25, 0), (140, 1));
        assert_eq!(seconds(20, 0), (60, 1), "the first seconds are out of the window");
        assert_eq!(seconds(15, 0), (0, 1));
        assert_eq!(seconds(3, 100), (300, 1));
        assert_eq!(seconds(22, 0), (300, 2));
    }

    fn spec(slot: MediaSlot, far: SocketAddr) -> RtpSpec {
        let kind = PayloadType { number: 0, codec: CodecName::Pcmu };
        let mut receive = [None; MAX_PAYLOAD_TYPES];
        receive[0] = Some(kind);
        RtpSpec {
            slot,
            remote_rtp: far,
            remote_rtcp: far,
            send: kind,
            receive,
            receive_events: [None; MAX_EVENT_TYPES],
            event_clock: RtpClock::K8,
            receive_noise: None,
            silence: SilenceMode::Sent,
            opus: OpusWish::default(),
            ptime: Millis(20),
            dtmf: DtmfMode::Signalling,
            direction: Direction::BOTH,
            jitter: JitterSpec { min: Millis(20), max: Millis(200), fixed: false },
            cname: Text::new("test"),
        }
    }

    #[test]
    fn a_stream_that_waited_at_the_socket_is_not_taken_for_the_one_that_opens() {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let sockets = Arc::new(MediaSockets::open(loopback, 26_000, 26_999, 1).unwrap());
        let (slot, address) = sockets.slots()[0];
        let clock = Clock::new();
        let lab = Lab::new(&[LineSpec::default()], &mut Entropy::for_simulation(1));
        let shards = [(
            ShardSetup {
                id: ShardId(0),
                first_line: LineId(0),
                lines: vec![(LineProfile::laboratory(), true)],
                streams: 1,
                tones: LineProfile::laboratory().tones,
                started: clock.started(),
            },
            Card::Simulated(Box::new(lab)),
        )];
        let pipes = plumb(&shards).remove(0);
        let [(setup, card)] = shards;
        let (wake, _woken) = crate::wake::pair().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let entropy = Entropy::for_simulation(2);
        let stop_too = Arc::clone(&stop);
        let bank = Arc::default();
        let given = Spawn { setup, card, sockets, bank, clock, wake, stop: stop_too, entropy, pipes };
        let Spawned { link, thread, .. } = spawn(given).unwrap();

        let far = UdpSocket::bind((loopback, 0)).unwrap();
        far.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let ghost = UdpSocket::bind((loopback, 0)).unwrap();
        let mut sequence = 0_u16;
        let mut haunt = |packets: u16| {
            for _ in 0..packets {
                let [high, low] = sequence.to_be_bytes();
                let mut packet = [0xff; 172];
                packet[..12].copy_from_slice(&[0x80, 0, high, low, 0, 0, 0, low, 0, 0, 0, 77]);
                ghost.send_to(&packet, address).unwrap();
                sequence += 1;
            }
        };
        haunt(5);
        let spec = spec(slot, far.local_addr().unwrap());
        link.commands.send(Command::Media(MediaCommand::Open(LegId(1), LegSpec::Rtp(spec)))).unwrap();
        far.recv(&mut [0; MAX_PACKET]).expect("the stream is open");
        haunt(20);
        let stats = loop {
            let event = link.events.recv_timeout(Duration::from_secs(10)).expect("statistics after a second");
            if let Event::Media(MediaEvent::Stats(_, stats, _)) = event {
                break stats;
            }
        };
        stop.store(true, Ordering::Relaxed);
        thread.join().unwrap();
        assert_eq!((stats.received, stats.refused), (0, 20));
    }
}
