//! Agents and scripted peers on a seeded network in virtual time.

pub mod accounts;
pub mod by_hand;
pub mod standing;

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, BTreeSet};

use tipring_sip::agent::{
    Agent, AgentConfig, Answer, Command, ConnId, Destination, Event, Identity, Input, Invite, Network,
    Output, Question, SessionId,
};
use tipring_sip::message::{Message, Method, Request, Response, parse_datagram};
use tipring_sip::offer_answer::LocalMedia;
use tipring_units::{Entropy, Instant, Millis};

/// One datagram, or one event of a stream, on its way.
enum Packet {
    Datagram { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    Opened { node: usize, conn: ConnId, local: SocketAddr, remote: SocketAddr },
    Failed { node: usize, conn: ConnId },
    Stream { node: usize, conn: ConnId, bytes: Vec<u8> },
    Closed { node: usize, conn: ConnId },
}

/// How the network treats datagrams.
#[derive(Clone, Copy)]
pub struct Weather {
    pub loss: f32,
    pub twice: f32,
    pub delay_min: u32,
    pub delay_max: u32,
}

impl Weather {
    pub const FAIR: Self = Self { loss: 0.0, twice: 0.0, delay_min: 5, delay_max: 5 };
}

pub struct Node {
    pub agent: Agent,
    pub address: SocketAddr,
    pub events: Vec<(Instant, Event)>,
}

/// What the checkers saw go by.
#[derive(Default)]
pub struct Seen {
    /// Final statuses by the branch of the INVITE, at the place that answered.
    finals: BTreeMap<(SocketAddr, String), BTreeSet<u16>>,
    /// INVITEs that arrived, by place and branch.
    invites: BTreeSet<(SocketAddr, String)>,
    /// 2xx to INVITE that arrived: place, Call-ID, To tag, number.
    accepted: BTreeSet<(SocketAddr, String, String, u32)>,
    /// ACKs sent: place, Call-ID, To tag, number.
    acked: BTreeSet<(SocketAddr, String, String, u32)>,
}

pub struct World {
    pub now: Instant,
    pub nodes: Vec<Node>,
    /// Scripted peers and what has arrived for them.
    pub peers: BTreeMap<SocketAddr, Vec<(Instant, Message)>>,
    pub weather: Weather,
    /// Names for DNS.
    pub names: BTreeMap<Question, Answer>,
    /// Addresses that swallow everything.
    pub dead: BTreeSet<SocketAddr>,
    /// Connections are refused.
    pub no_tcp: bool,
    pub seen: Seen,
    /// Every datagram and stream message sent, in order: time, from, to, first line.
    pub log: Vec<(Instant, SocketAddr, SocketAddr, String)>,
    rng: Entropy,
    wire: BTreeMap<(Instant, u64), Packet>,
    streams: BTreeMap<(usize, ConnId), (usize, ConnId)>,
    next_packet: u64,
    next_conn: u64,
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub const A: &str = "10.0.0.1:5060";
pub const B: &str = "10.0.0.2:5060";
pub const P: &str = "10.0.0.9:5060";

pub fn config(at: &str) -> AgentConfig {
    let mut config = AgentConfig::new(address(at));
    config.trust.networks.push(Network { address: IpAddr::from([10, 0, 0, 0]), prefix: 8 });
    config
}

pub fn media(n: u8) -> LocalMedia {
    LocalMedia::g711(SocketAddr::from(([10, 0, 0, n], 40_000)))
}

impl World {
    pub fn new(seed: u64, configs: Vec<AgentConfig>) -> Self {
        let nodes = configs.into_iter().enumerate().map(|(n, config)| Node {
            address: config.udp,
            agent: Agent::new(config, Entropy::for_simulation(seed * 1000 + n as u64)),
            events: Vec::new(),
        });
        Self {
            now: Instant::from_millis(1000),
            nodes: nodes.collect(),
            peers: BTreeMap::new(),
            weather: Weather::FAIR,
            names: BTreeMap::new(),
            dead: BTreeSet::new(),
            no_tcp: false,
            seen: Seen::default(),
            log: Vec::new(),
            rng: Entropy::for_simulation(seed),
            wire: BTreeMap::new(),
            streams: BTreeMap::new(),
            next_packet: 0,
            next_conn: 1,
        }
    }

    /// Two agents that trust each other.
    pub fn pair(seed: u64) -> Self {
        Self::new(seed, vec![config(A), config(B)])
    }

    /// One agent and a scripted peer.
    pub fn with_peer(seed: u64) -> Self {
        let mut world = Self::new(seed, vec![config(A)]);
        world.peers.insert(address(P), Vec::new());
        world
    }

    pub fn command(&mut self, node: usize, command: Command) {
        let now = self.now;
        self.nodes[node].agent.handle(now, Input::Command(command));
        self.drain(node);
    }

    /// Node 0 calls `to` from the user 101.
    pub fn call(&mut self, node: usize, to: Destination) -> SessionId {
        let n = node as u8 + 1;
        self.call_with(node, to, Some(media(n)))
    }

    pub fn call_with(&mut self, node: usize, to: Destination, media: Option<LocalMedia>) -> SessionId {
        let session = self.nodes[node].agent.new_session();
        let from = Identity { display: Some("One".to_owned()), user: "101".to_owned() };
        let invite = Invite { from, media, ..accounts::invite(session, to) };
        self.command(node, Command::Invite(Box::new(invite)));
        session
    }

    /// A destination by address.
    pub fn uri(at: &str) -> Destination {
        Destination::Uri(format!("sip:102@{at}").parse().expect("a URI"))
    }

    /// Sends raw text from a scripted peer.
    pub fn inject(&mut self, from: &str, to: &str, text: &str) {
        let bytes = text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
        self.post(address(from), address(to), bytes);
    }

    pub fn inject_bytes(&mut self, from: &str, to: &str, bytes: &[u8]) {
        self.post(address(from), address(to), bytes.to_vec());
    }

    /// The next moment at which something happens.
    fn next_moment(&self) -> Option<Instant> {
        let wire = self.wire.keys().next().map(|(at, _)| *at);
        let timers = self.nodes.iter().filter_map(|n| n.agent.deadline().map(|(at, _)| at)).min();
        [wire, timers].into_iter().flatten().min()
    }

    pub fn run_for(&mut self, millis: u32) {
        self.run_until(self.now + Millis(millis));
    }

    pub fn run_until(&mut self, end: Instant) {
        let mut steps = 0;
        while let Some(at) = self.next_moment().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let due = self.wire.keys().next().filter(|(at, _)| *at <= self.now).copied();
            match due.and_then(|key| self.wire.remove(&key)) {
                Some(packet) => self.deliver(packet),
                None => self.tick(),
            }
            steps += 1;
            assert!(steps < 1_000_000, "the world does not come to rest at {}", self.now);
        }
        self.now = end;
    }

    fn tick(&mut self) {
        let now = self.now;
        for node in 0..self.nodes.len() {
            if self.nodes[node].agent.deadline().is_some_and(|(at, _)| at <= now) {
                self.nodes[node].agent.handle(now, Input::Tick);
                let next = self.nodes[node].agent.deadline();
                assert!(next.is_none_or(|(at, _)| at > now), "a timer does not move: {next:?} at {now}");
                self.drain(node);
            }
        }
    }

    fn drain(&mut self, node: usize) {
        let from = self.nodes[node].address;
        while let Some(output) = self.nodes[node].agent.poll() {
            match output {
                Output::Send { to, bytes } => self.post(from, to, bytes),
                Output::Event(event) => {
                    let now = self.now;
                    self.nodes[node].events.push((now, event));
                }
                Output::Resolve { query, question } => {
                    let answer = self.names.get(&question).cloned().unwrap_or(Answer::NotFound);
                    let now = self.now;
                    self.nodes[node].agent.handle(now, Input::Resolved { query, answer });
                }
                Output::StreamConnect { conn, to } => self.connect(node, conn, to),
                Output::StreamSend { conn, bytes } => {
                    if let Some((far, conn)) = self.streams.get(&(node, conn)).copied() {
                        self.note_sent(from, self.nodes[far].address, &bytes);
                        self.schedule(5, Packet::Stream { node: far, conn, bytes });
                    }
                }
                Output::StreamClose { conn } => {
                    if let Some((far, conn)) = self.streams.remove(&(node, conn)) {
                        self.schedule(5, Packet::Closed { node: far, conn });
                    }
                }
            }
        }
    }

    fn connect(&mut self, node: usize, conn: ConnId, to: SocketAddr) {
        let far = self.nodes.iter().position(|n| n.address == to && !self.no_tcp && !self.dead.contains(&to));
        let Some(far) = far else {
            self.schedule(20, Packet::Failed { node, conn });
            return;
        };
        let theirs = ConnId(self.next_conn);
        let ours = SocketAddr::new(self.nodes[node].address.ip(), 50_000 + self.next_conn as u16);
        self.next_conn += 1;
        self.streams.insert((node, conn), (far, theirs));
        self.streams.insert((far, theirs), (node, conn));
        self.schedule(5, Packet::Opened { node: far, conn: theirs, local: to, remote: ours });
        self.schedule(10, Packet::Opened { node, conn, local: ours, remote: to });
    }

    fn schedule(&mut self, delay: u32, packet: Packet) {
        self.next_packet += 1;
        self.wire.insert((self.now + Millis(delay), self.next_packet), packet);
    }

    fn post(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        self.note_sent(from, to, &bytes);
        let copies = if self.rng.chance(self.weather.twice) { 2 } else { 1 };
        for _ in 0..copies {
            if self.dead.contains(&to) || self.dead.contains(&from) || self.rng.chance(self.weather.loss) {
                continue;
            }
            let spread = self.weather.delay_max - self.weather.delay_min;
            let delay = self.weather.delay_min + self.rng.below(spread + 1);
            self.schedule(delay, Packet::Datagram { from, to, bytes: bytes.clone() });
        }
    }

    fn deliver(&mut self, packet: Packet) {
        let now = self.now;
        match packet {
            Packet::Datagram { from, to, bytes } => {
                if let Ok(message) = parse_datagram(&bytes) {
                    self.note_arrived(to, &message);
                    if let Some(inbox) = self.peers.get_mut(&to) {
                        inbox.push((now, message));
                        return;
                    }
                }
                if let Some(node) = self.nodes.iter().position(|n| n.address == to) {
                    self.nodes[node]
                        .agent
                        .handle(now, Input::Datagram { local: to, remote: from, bytes: &bytes });
                    self.drain(node);
                }
            }
            Packet::Opened { node, conn, local, remote } => {
                self.nodes[node].agent.handle(now, Input::StreamOpened { conn, local, remote });
                self.drain(node);
            }
            Packet::Failed { node, conn } => {
                self.nodes[node].agent.handle(now, Input::StreamFailed { conn });
                self.drain(node);
            }
            Packet::Stream { node, conn, bytes } => {
                if let Ok(message) = parse_datagram(&bytes) {
                    let to = self.nodes[node].address;
                    self.note_arrived(to, &message);
                }
                self.nodes[node].agent.handle(now, Input::Stream { conn, bytes: &bytes });
                self.drain(node);
            }
            Packet::Closed { node, conn } => {
                self.streams.remove(&(node, conn));
                self.nodes[node].agent.handle(now, Input::StreamClosed { conn });
                self.drain(node);
            }
        }
    }

    fn note_sent(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let line =
            String::from_utf8_lossy(bytes.split(|b| *b == b'\r').next().unwrap_or_default()).into_owned();
        self.log.push((self.now, from, to, line));
        match parse_datagram(bytes) {
            Ok(Message::Response(response)) => {
                if response.status >= 200
                    && response.cseq().is_ok_and(|c| c.method == Method::Invite)
                    && let Some(branch) = response.top_via().ok().and_then(|v| v.branch().map(str::to_owned))
                {
                    self.seen.finals.entry((from, branch)).or_default().insert(response.status);
                }
            }
            Ok(Message::Request(request)) => {
                if request.method == Method::Ack
                    && let Some(key) = key(from, &request.headers)
                {
                    self.seen.acked.insert(key);
                }
            }
            Err(_) => {}
        }
    }

    fn note_arrived(&mut self, at: SocketAddr, message: &Message) {
        match message {
            Message::Request(request) => {
                if request.method == Method::Invite
                    && let Some(branch) = request.top_via().ok().and_then(|v| v.branch().map(str::to_owned))
                {
                    self.seen.invites.insert((at, branch));
                }
            }
            Message::Response(response) => {
                if (200..300).contains(&response.status)
                    && response.cseq().is_ok_and(|c| c.method == Method::Invite)
                    && let Some(key) = key(at, &response.headers)
                {
                    self.seen.accepted.insert(key);
                }
            }
        }
    }

    /// Every INVITE that arrived at an agent got exactly one final answer; every 2xx that arrived, an ACK.
    pub fn check_answers(&self) {
        self.check_finals();
        self.check_acks();
    }

    /// Every INVITE that arrived at an agent got exactly one final answer.
    pub fn check_finals(&self) {
        let agents: BTreeSet<SocketAddr> = self.nodes.iter().map(|n| n.address).collect();
        for (at, branch) in self.seen.invites.iter().filter(|(at, _)| agents.contains(at)) {
            let finals = self.seen.finals.get(&(*at, branch.clone()));
            assert!(
                finals.is_some_and(|f| f.len() == 1),
                "INVITE {branch} at {at} has the finals {finals:?}"
            );
        }
    }

    /// Every 2xx that arrived at an agent got an ACK.
    pub fn check_acks(&self) {
        let agents: BTreeSet<SocketAddr> = self.nodes.iter().map(|n| n.address).collect();
        for key in self.seen.accepted.iter().filter(|(at, ..)| agents.contains(at)) {
            assert!(self.seen.acked.contains(key), "the 2xx {key:?} has no ACK");
        }
    }

    /// Nothing is left in any agent.
    pub fn check_idle(&self) {
        for node in &self.nodes {
            assert!(
                node.agent.is_idle(),
                "{} is not idle at {}: {:?}",
                node.address,
                self.now,
                node.agent.deadline()
            );
        }
    }

    pub fn events(&self, node: usize) -> Vec<&Event> {
        self.nodes[node].events.iter().map(|(_, event)| event).collect()
    }

    /// The session of the latest incoming call.
    pub fn incoming(&self, node: usize) -> Option<SessionId> {
        self.events(node).into_iter().rev().find_map(|event| match event {
            Event::Incoming(incoming) => Some(incoming.session),
            _ => None,
        })
    }

    pub fn answered(&self, node: usize) -> bool {
        self.events(node).into_iter().any(|event| matches!(event, Event::Answered { .. }))
    }

    /// First lines of what went from one address to another.
    pub fn lines(&self, from: &str, to: &str) -> Vec<String> {
        let (from, to) = (address(from), address(to));
        self.log
            .iter()
            .filter(|(_, f, t, _)| *f == from && *t == to)
            .map(|(_, _, _, line)| line.clone())
            .collect()
    }

    /// How many messages whose first line starts so went from one address to another.
    pub fn count(&self, from: &str, to: &str, start: &str) -> usize {
        self.lines(from, to).iter().filter(|line| line.starts_with(start)).count()
    }

    /// The latest request of a method that a scripted peer got.
    pub fn got(&self, peer: &str, method: &Method) -> Option<Request> {
        self.peers[&address(peer)].iter().rev().find_map(|(_, message)| match message {
            Message::Request(request) if request.method == *method => Some(request.clone()),
            _ => None,
        })
    }

    /// The latest response that a scripted peer got.
    pub fn got_response(&self, peer: &str) -> Option<Response> {
        self.peers[&address(peer)].iter().rev().find_map(|(_, message)| match message {
            Message::Response(response) => Some(response.clone()),
            Message::Request(_) => None,
        })
    }

    pub fn statuses(&self, peer: &str) -> Vec<u16> {
        let responses = self.peers[&address(peer)].iter().filter_map(|(_, message)| match message {
            Message::Response(response) => Some(response.status),
            Message::Request(_) => None,
        });
        responses.collect()
    }

    /// A scripted peer sends a response.
    pub fn respond(&mut self, peer: &str, response: &Response) {
        let to = self.nodes[0].address;
        self.post(address(peer), to, response.to_bytes());
    }

    /// A scripted peer sends a request.
    pub fn request(&mut self, peer: &str, request: &Request) {
        let to = self.nodes[0].address;
        self.post(address(peer), to, request.to_bytes());
    }
}

fn key(at: SocketAddr, headers: &tipring_sip::message::Headers) -> Option<(SocketAddr, String, String, u32)> {
    let tag = headers.to().ok()?.tag().unwrap_or_default().to_owned();
    Some((at, headers.call_id().ok()?, tag, headers.cseq().ok()?.seq))
}
