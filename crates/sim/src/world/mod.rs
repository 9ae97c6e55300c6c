//! A gateway, its lines and telephones, far ends and a network between them, in virtual time.
//!
//! # What it does
//! Runs the two planes as a host would, with the laboratory in place of cards and [`crate::network`] in place of
//! sockets, and writes down in words what happens.
//!
//! # How
//! [`World::advance`] goes to the next moment at which anything is due: an arrival, a deadline of the control plane, a
//! far end's timer, a tick of a shard. Each shard ticks by its own clock. A shard that says that nothing happens, on
//! lines that say so too, sleeps until something is due or comes in. All randomness comes from the seed.
//!
//! # Limits
//! Storage and commands between the planes take no time.
//!
//! # Standard
//! None.

mod fact;
mod faults;
mod gateway;
mod lines;
mod offices;
mod spec;
mod store;
mod watch;
mod words;

use core::net::SocketAddr;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tipring_call::CallRecord;
use tipring_gateway::{Control, Input, Reload, Request, RequestId, Response};
use tipring_media::{Channel, Processing};
use tipring_sip::agent::{Answer, ConnId, QueryId};
use tipring_units::{Entropy, Instant, LegId, LineId, MediaSlot, Millis, WallTime};

use crate::check::Checks;
use crate::lab::Lab;
use crate::network::{Arrival, End, Network, StreamId};
use crate::peer::{Cannot, Order, Out, Peer, PeerFact};
use crate::plant::Fidelity;
pub use fact::{Fact, Facts, MAX_FACTS, Rank};
pub use faults::Fault;
use lines::{FeedWatch, ShardUnit};
pub use offices::SubscriberDeed;
pub use spec::{FIRST_MEDIA, GATEWAY, MEDIA_SLOTS, START, ShardClock, WorldSpec, media_slots};
pub use words::{Names, line_name, of_entry};

/// Call records that are kept, at the most.
pub const MAX_RECORDS: usize = 65_536;
/// Answers that nobody has taken, at the most; the oldest are lost.
const MAX_REPLIES: usize = 64;
/// How often the control plane may ask to be called at the same moment before the world says that it is stuck.
const MAX_AT_ONCE: u32 = 10_000;
const PEER_TICK: u64 = 10_000_000;
const PEER_PHASE: u64 = 3_000_000;
const DNS_DELAY: Millis = Millis(10);
const DNS_SILENCE: Millis = Millis(5000);

/// One connection of a far end with the gateway.
#[derive(Debug, Default)]
struct PeerStream {
    stream: Option<(StreamId, End)>,
    opened: bool,
    waiting: VecDeque<Vec<u8>>,
}

/// A world.
pub struct World<A: Processing + Fidelity> {
    now: Instant,
    start: WallTime,
    wall_offset: i64,
    control: Control,
    shards: Vec<ShardUnit<A>>,
    lab: Lab<A>,
    feeds: Vec<FeedWatch>,
    card_stopped: Option<Instant>,
    network: Network,
    peers: Vec<Peer<A>>,
    peer_streams: Vec<PeerStream>,
    peer_tick: Option<Instant>,
    names: Names,
    voices: BTreeMap<u16, String>,
    slots: BTreeMap<SocketAddr, (MediaSlot, Channel)>,
    /// The shard and leg of each media socket that is read.
    sockets: BTreeMap<MediaSlot, (usize, LegId)>,
    /// What came to the others.
    waiting: BTreeMap<MediaSlot, Vec<(SocketAddr, Vec<u8>)>>,
    conns: BTreeMap<ConnId, (StreamId, End)>,
    conn_of: BTreeMap<(StreamId, End), ConnId>,
    last_conn: u64,
    answers: VecDeque<(Instant, QueryId, Answer)>,
    inputs: VecDeque<Input<'static>>,
    facts: Facts,
    hearing: BTreeSet<(String, String)>,
    records: Vec<CallRecord>,
    replies: VecDeque<(RequestId, Response)>,
    last_request: u64,
    disk: store::Disk,
    stuck: u32,
    /// The media leg that was opened last, and its shard.
    last_leg: Option<(usize, LegId)>,
    checks: Option<Box<Checks>>,
    /// Facts that the checkers have been shown.
    rung: u64,
    next_look: Instant,
    /// The outside line on which each subscriber talked last.
    talked_on: BTreeMap<String, LineId>,
    /// Ear and mouth as the checkers know them, of every voice that somebody began to hear.
    heard_as: BTreeMap<(String, u16), (String, String)>,
}

impl<A: Processing + Fidelity> World<A> {
    /// A world at its start, every telephone on-hook.
    pub fn new(spec: &WorldSpec) -> Self {
        let mut entropy = Entropy::for_simulation(spec.seed);
        let (mut for_lab, for_control) = (entropy.fork(), entropy.fork());
        let mut for_shards = entropy.fork();
        let lab = Lab::new(&spec.lines, &mut for_lab);
        let shards = lines::shards(spec, &mut for_shards);
        let mut network = Network::new(spec.seed, spec.weather);
        *network.dns() = spec.dns.clone();
        network.open(GATEWAY);
        let mut slots = BTreeMap::new();
        for (slot, rtp) in &spec.site.media.slots {
            let rtcp = SocketAddr::new(rtp.ip(), rtp.port() + 1);
            for (address, channel) in [(*rtp, Channel::Rtp), (rtcp, Channel::Rtcp)] {
                network.open(address);
                slots.insert(address, (*slot, channel));
            }
        }
        let mut names = Names::new();
        names.insert(GATEWAY, "gateway".to_owned());
        let mut voices = BTreeMap::new();
        for line in 0..spec.lines.len() {
            voices.insert(line as u16 + 1, format!("phone {}", line + 1));
        }
        for office in spec.lines.iter().filter_map(|line| line.office.as_ref()) {
            for one in &office.subscribers {
                voices.insert(one.voice, format!("subscriber {}", one.number));
            }
        }
        let mut peers = Vec::new();
        for peer in &spec.peers {
            network.open(peer.address);
            names.insert(peer.address, peer.name.clone());
            for n in 0..crate::peer::VOICES {
                let suffix = if n == 0 { String::new() } else { format!("/{}", n + 1) };
                voices.insert(peer.voice + n, format!("{}{suffix}", peer.name));
            }
            peers.push(Peer::new(peer.clone(), entropy.fork()));
        }
        let control = Control::new(Instant::ZERO, spec.start, spec.site.clone(), for_control);
        let mut world = Self {
            now: Instant::ZERO,
            start: spec.start,
            wall_offset: 0,
            control,
            shards,
            lab,
            feeds: vec![FeedWatch::default(); spec.lines.len()],
            card_stopped: None,
            network,
            peer_streams: spec.peers.iter().map(|_| PeerStream::default()).collect(),
            peers,
            peer_tick: None,
            names,
            voices,
            slots,
            sockets: BTreeMap::new(),
            waiting: BTreeMap::new(),
            conns: BTreeMap::new(),
            conn_of: BTreeMap::new(),
            last_conn: 0,
            answers: VecDeque::new(),
            inputs: VecDeque::new(),
            facts: Facts::default(),
            hearing: BTreeSet::new(),
            records: Vec::new(),
            replies: VecDeque::new(),
            last_request: 0,
            disk: store::Disk::default(),
            stuck: 0,
            last_leg: None,
            checks: None,
            rung: 0,
            next_look: Instant::ZERO,
            talked_on: BTreeMap::new(),
            heard_as: BTreeMap::new(),
        };
        world.drain();
        world
    }

    /// The time.
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The calendar.
    pub fn wall(&self) -> WallTime {
        let micros = self.start.0 + self.now.as_nanos() / 1000;
        WallTime(micros.saturating_add_signed(self.wall_offset))
    }

    /// What happened so far.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Who hears what now, in the words of facts.
    pub const fn hearing(&self) -> &BTreeSet<(String, String)> {
        &self.hearing
    }

    /// Records of calls so far.
    pub fn records(&self) -> &[CallRecord] {
        &self.records
    }

    /// The control plane.
    pub const fn control(&self) -> &Control {
        &self.control
    }

    /// The laboratory.
    pub const fn lab(&self) -> &Lab<A> {
        &self.lab
    }

    /// The network.
    pub fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    /// The far end with this number.
    pub fn peer(&self, place: usize) -> Option<&Peer<A>> {
        self.peers.get(place)
    }

    /// Asks the gateway something, as a person does.
    pub fn ask(&mut self, request: Request) -> RequestId {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.tell(Input::Request(id, request));
        id
    }

    /// Takes the answer, if it has come.
    pub fn answer(&mut self, id: RequestId) -> Option<Response> {
        let place = self.replies.iter().position(|(of, _)| *of == id)?;
        self.replies.remove(place).map(|(_, response)| response)
    }

    /// Gives the gateway an edited configuration.
    pub fn configure(&mut self, reload: Reload) {
        self.tell(Input::Configure(Box::new(reload)));
    }

    /// True if no call, far leg, session, stream or ringing is left.
    pub fn is_idle(&self) -> bool {
        let is_line_idle = |unit: &ShardUnit<A>| unit.is_idle();
        self.control.is_idle() && self.shards.iter().all(is_line_idle)
    }

    /// Goes to the next moment at which something is due, but not beyond `limit`, and lets it happen.
    pub fn advance(&mut self, limit: Instant) {
        let next = self.due().unwrap_or(limit).min(limit).max(self.now);
        self.stuck = if next == self.now { self.stuck + 1 } else { 0 };
        self.now = if self.stuck > MAX_AT_ONCE {
            // whoever keeps asking for the same moment is left behind, and the ladder says so
            self.note("gateway", "is stuck at one moment".to_owned(), Rank::Ladder);
            self.now + Millis(1)
        } else {
            next
        };
        self.let_happen();
        self.perhaps_show_all();
        self.show_rungs();
    }

    /// When something is due next.
    fn due(&self) -> Option<Instant> {
        let due = [
            self.network.deadline(),
            self.control.deadline().map(|(at, _)| at),
            self.answers.front().map(|(at, _, _)| *at),
            self.peers.iter().filter_map(Peer::deadline).min(),
            self.peer_due(),
            self.disk.due(),
            self.shards.iter().filter_map(ShardUnit::due).min(),
        ];
        due.into_iter().flatten().min()
    }

    /// Goes to `until`.
    pub fn run_until(&mut self, until: Instant) {
        while self.now < until {
            self.advance(until);
        }
    }

    fn let_happen(&mut self) {
        let now = self.now;
        while let Some(arrival) = self.network.arrive(now) {
            self.arrive(arrival);
        }
        while self.answers.front().is_some_and(|(at, _, _)| *at <= now) {
            if let Some((_, query, answer)) = self.answers.pop_front() {
                self.tell(Input::Resolved(query, answer));
            }
        }
        if self.control.deadline().is_some_and(|(at, _)| at <= now) {
            self.tell(Input::Tick);
        }
        self.store_again();
        for place in 0..self.peers.len() {
            if self.peers[place].deadline().is_some_and(|at| at <= now) {
                self.peers[place].on_time(now);
                self.drain_peer(place);
            }
        }
        if self.peer_due().is_some_and(|at| at <= now) {
            for place in 0..self.peers.len() {
                self.peers[place].tick(now);
                self.drain_peer(place);
            }
            self.peer_tick = Some(Instant::from_nanos(next_grid(now.as_nanos())));
        }
        for place in 0..self.shards.len() {
            if self.shards[place].due().is_some_and(|at| at <= now) {
                self.tick_shard(place);
            }
        }
    }

    /// When far ends hear and speak next: on a grid of 10 ms, while any of them has a call.
    fn peer_due(&self) -> Option<Instant> {
        let any = self.peers.iter().any(Peer::has_media);
        any.then(|| {
            let grid = Instant::from_nanos(next_grid(self.now.as_nanos().saturating_sub(1)));
            self.peer_tick.unwrap_or(grid).max(grid)
        })
    }

    fn arrive(&mut self, arrival: Arrival) {
        let now = self.now;
        match arrival {
            Arrival::Datagram { from, to, bytes } => {
                if to == GATEWAY {
                    if let Some(checks) = &mut self.checks {
                        checks.sip_received(now, from, &bytes);
                    }
                    self.tell(Input::Datagram { local: to, remote: from, bytes: &bytes });
                } else if let Some((slot, _)) = self.slots.get(&to).copied() {
                    self.packet(slot, from, &bytes);
                } else if let Some(place) = self.peers.iter().position(|p| p.spec().address.ip() == to.ip()) {
                    if to == self.peers[place].spec().address {
                        self.peers[place].receive(now, from, &bytes);
                    } else {
                        self.peers[place].receive_media(now, to, &bytes);
                    }
                    self.drain_peer(place);
                }
            }
            Arrival::Unreachable { to, remote } => {
                if to == GATEWAY {
                    if let Some(checks) = &mut self.checks {
                        checks.unreachable(now, remote);
                    }
                    self.tell(Input::Unreachable(remote));
                }
            }
            Arrival::Opened(..) | Arrival::Bytes(..) | Arrival::Closed(..) | Arrival::Failed(..) => {
                self.arrive_stream(arrival);
            }
        }
    }

    fn peer_of_stream(&self, id: StreamId, end: End) -> Option<usize> {
        let (own, _) = self.network.addresses(id, end)?;
        self.peers.iter().position(|peer| peer.spec().address.ip() == own.ip())
    }

    fn arrive_stream(&mut self, arrival: Arrival) {
        let now = self.now;
        let (id, end) = match &arrival {
            Arrival::Opened(id, end)
            | Arrival::Bytes(id, end, _)
            | Arrival::Closed(id, end)
            | Arrival::Failed(id, end) => (*id, *end),
            Arrival::Datagram { .. } | Arrival::Unreachable { .. } => return,
        };
        if let Some(place) = self.peer_of_stream(id, end) {
            let stream = &mut self.peer_streams[place];
            match arrival {
                Arrival::Opened(..) => {
                    stream.stream = Some((id, end));
                    stream.opened = true;
                    for bytes in core::mem::take(&mut stream.waiting) {
                        self.network.write(now, id, end, bytes);
                    }
                }
                Arrival::Bytes(_, _, bytes) => {
                    self.peers[place].receive_stream(now, &bytes);
                    self.drain_peer(place);
                }
                Arrival::Closed(..) | Arrival::Failed(..) => {
                    if stream.stream.is_some_and(|(known, _)| known == id) {
                        *stream = PeerStream::default();
                        self.peers[place].stream_gone();
                    }
                }
                Arrival::Datagram { .. } | Arrival::Unreachable { .. } => {}
            }
            return;
        }
        let conn = match self.conn_of.get(&(id, end)) {
            Some(conn) => *conn,
            None => {
                self.last_conn += 1;
                let conn = ConnId(self.last_conn);
                self.conns.insert(conn, (id, end));
                self.conn_of.insert((id, end), conn);
                conn
            }
        };
        match arrival {
            Arrival::Opened(..) => {
                if let Some((local, remote)) = self.network.addresses(id, end) {
                    if let (Some(checks), End::Caller) = (&mut self.checks, end) {
                        checks.connected(now, remote);
                    }
                    self.tell(Input::StreamOpened { conn, local, remote });
                }
            }
            Arrival::Bytes(_, _, bytes) => {
                if let (Some(checks), Some((_, from))) = (&mut self.checks, self.network.addresses(id, end)) {
                    checks.sip_received(now, from, &bytes);
                }
                self.tell(Input::Stream { conn, bytes: &bytes });
            }
            Arrival::Closed(..) => self.tell(Input::StreamClosed(conn)),
            Arrival::Failed(..) => {
                if let (Some(checks), Some((_, remote))) = (&mut self.checks, self.network.addresses(id, end))
                {
                    checks.refused(now, remote);
                }
                self.tell(Input::StreamFailed(conn));
            }
            Arrival::Datagram { .. } | Arrival::Unreachable { .. } => {}
        }
    }

    /// Lets a far end do as it is told.
    pub fn order(&mut self, place: usize, order: Order) -> Result<(), Cannot> {
        let now = self.now;
        let peer = self.peers.get_mut(place).ok_or(Cannot::NoCall)?;
        let result = peer.act(now, order);
        self.drain_peer(place);
        result
    }

    fn drain_peer(&mut self, place: usize) {
        let now = self.now;
        while let Some(fact) = self.peers[place].fact() {
            let who = self.peers[place].spec().name.clone();
            match fact {
                PeerFact::Said(at, words) => {
                    let known = now;
                    let rank = if words.starts_with("gets digit") || words.starts_with("gets sound") {
                        Rank::Ladder
                    } else {
                        Rank::Aside
                    };
                    self.facts.push(Fact { at, known, who, words, rank });
                }
                PeerFact::Heard(at, event) => self.heard(at, who, &event),
            }
        }
        let sockets: Vec<SocketAddr> = self.peers[place].media_sockets().collect();
        for socket in sockets {
            self.network.open(socket);
            self.network.open(SocketAddr::new(socket.ip(), socket.port() + 1));
            self.names.entry(socket).or_insert_with(|| self.peers[place].spec().name.clone());
        }
        while let Some(out) = self.peers[place].poll() {
            match out {
                Out::Datagram { from, to, bytes } => self.network.send(now, from, to, bytes),
                Out::Stream(bytes) => {
                    let stream = &mut self.peer_streams[place];
                    match stream.stream {
                        Some((id, end)) if stream.opened => self.network.write(now, id, end, bytes),
                        Some(_) => stream.waiting.push_back(bytes),
                        None => {
                            stream.waiting.push_back(bytes);
                            let own = self.peers[place].spec().address.ip();
                            let id = self.network.connect(now, SocketAddr::new(own, 50_000), GATEWAY);
                            stream.stream = Some((id, End::Caller));
                        }
                    }
                }
            }
        }
    }

    /// Writes a fact down that happens now.
    pub fn note(&mut self, who: &str, words: String, rank: Rank) {
        let (at, known) = (self.now, self.now);
        self.facts.push(Fact { at, known, who: who.to_owned(), words, rank });
    }
}

/// The first moment of the far ends' grid after `nanos`.
const fn next_grid(nanos: u64) -> u64 {
    if nanos < PEER_PHASE {
        return PEER_PHASE;
    }
    ((nanos - PEER_PHASE) / PEER_TICK + 1) * PEER_TICK + PEER_PHASE
}
