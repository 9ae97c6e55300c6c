//! Scripted SIP far ends: a server (PBX, proxy, registrar) or a telephone.
//!
//! # What it does
//! Does what a flow tells it and has the manners of a good SIP element unless they are switched off: it tries again,
//! acknowledges, answers BYE. It talks and listens by RTP and says in words what it gets and hears.
//!
//! # How
//! It reads and writes messages by `tipring_sip::message` and keeps its own small dialogs and transactions: nothing of
//! the gateway's agent is in it, so that it is a witness of its own.
//!
//! # Limits
//! [`MAX_LEGS`] dialogs, [`MAX_CLIENTS`] requests under way, [`MAX_SEEN`] remembered answers.
//!
//! # Standard
//! RFC 3261 §8, §12 to §17; RFC 3264; RFC 6086 for digits by INFO.

mod completion;
mod leg;
mod media;
mod order;
mod receive;
mod refer;
mod request;
mod rtp;

use core::net::SocketAddr;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tipring_media::Processing;
use tipring_sip::digest::{
    Algorithm, Authorization, ClientAuth, Qop, ResponseInput, Secret, compute_response,
};
use tipring_sip::message::{
    HeaderName, Message, Method, NameAddr, Request, StreamFramer, StreamItem, Uri, parse_datagram,
};
use tipring_units::{Entropy, Instant, Millis};

use crate::ear::{HeardEvent, Land};
use crate::plant::Fidelity;
use leg::{Knows, Leg, Repeat, Stage};
pub use media::{Agreed, Media, MediaFact};
pub use order::{From, Manner, Order, Turn, Which};
pub use rtp::{Packet, TelephoneEvent};

/// Dialogs at once, at the most; the oldest that ended gives way.
pub const MAX_LEGS: usize = 64;
/// Requests under way, at the most.
pub const MAX_CLIENTS: usize = 64;
/// Answers that are remembered for repeated requests.
pub const MAX_SEEN: usize = 128;
/// Voices that one far end has: one for each dialog that it holds at once.
pub const VOICES: u16 = 4;
const T1: Millis = Millis(500);
const T2: Millis = Millis(4000);
const LIFE: Millis = Millis(32_000);
/// How long an INVITE waits for its final answer once it has a provisional one.
const RINGS: Millis = Millis::from_secs(180);
const FIRST_RTP: u16 = 30_000;
/// Sound that was under way when a call ended arrives within this.
const LATE_SOUND: Millis = Millis(300);

/// A far end as it is built.
#[derive(Clone, PartialEq, Debug)]
pub struct PeerSpec {
    /// Its name in flows and ladders.
    pub name: String,
    /// Its domain, or its own number.
    pub user: String,
    /// Its password where it registers at the gateway, and the one that it asks for.
    pub password: String,
    /// Names of those who may register, with the passwords that it knows; empty: nobody is asked for credentials.
    pub accounts: Vec<(String, String)>,
    /// Its SIP socket.
    pub address: SocketAddr,
    /// The gateway's.
    pub gateway: SocketAddr,
    /// By TCP.
    pub tcp: bool,
    /// The first of its [`VOICES`] voices.
    pub voice: u16,
    /// Whose tones it knows.
    pub land: Land,
}

/// What a far end sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Out {
    /// A datagram.
    Datagram {
        /// From its own socket.
        from: SocketAddr,
        /// To there.
        to: SocketAddr,
        /// Payload.
        bytes: Vec<u8>,
    },
    /// On its connection with the gateway.
    Stream(Vec<u8>),
}

/// Something that happened at a far end.
#[derive(Clone, PartialEq, Debug)]
pub enum PeerFact {
    /// In words, as a ladder shows it: `gets BYE`.
    Said(Instant, String),
    /// It hears something, or no more.
    Heard(Instant, HeardEvent),
}

/// Why an order was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Cannot {
    /// It has no call that the order fits.
    #[error("it has no call for this")]
    NoCall,
    /// It has too much to do.
    #[error("it has too much to do")]
    Busy,
    /// The digits cannot go this way.
    #[error("these digits cannot be sent this way")]
    Digits,
}

/// A request under way.
struct Client {
    branch: String,
    method: Method,
    request: Request,
    to: SocketAddr,
    next: Option<Instant>,
    interval: Millis,
    until: Instant,
    cancelled: bool,
    tried: bool,
}

/// What the credentials of a request are worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    /// There are none.
    Nothing,
    /// They hold.
    Right,
    /// They would, but their nonce is an earlier one.
    Stale,
    /// They do not hold.
    Wrong,
}

impl Known {
    const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Right => " with credentials",
            Self::Stale => " with stale credentials",
            Self::Wrong => " with wrong credentials",
        }
    }
}

/// A far end.
pub struct Peer<A: Processing + Fidelity> {
    spec: PeerSpec,
    entropy: Entropy,
    legs: Vec<Leg<A>>,
    calls: usize,
    clients: Vec<Client>,
    seen: VecDeque<(String, Vec<u8>)>,
    repeats: Vec<Repeat>,
    bad: BTreeSet<Manner>,
    asks: bool,
    nonce: String,
    /// What its last challenge left it with.
    auth: Option<ClientAuth>,
    framer: StreamFramer,
    cseq: u32,
    /// Who is told of which mailbox.
    mailboxes: BTreeMap<String, refer::Watch>,
    /// Who waits for a call to be completed.
    wanted: Option<completion::Wanted>,
    next_rtp: u16,
    out: VecDeque<Out>,
    facts: VecDeque<PeerFact>,
}

impl<A: Processing + Fidelity> Peer<A> {
    /// A far end with good manners and no calls.
    pub fn new(spec: PeerSpec, mut entropy: Entropy) -> Self {
        let nonce = format!("{:016x}", entropy.u64());
        Self {
            spec,
            entropy,
            legs: Vec::new(),
            calls: 0,
            clients: Vec::new(),
            seen: VecDeque::new(),
            repeats: Vec::new(),
            bad: BTreeSet::from([
                Manner::Routes,
                Manner::Remembers,
                Manner::Noise,
                Manner::Transfers,
                Manner::Completes,
            ]),
            auth: None,
            asks: false,
            nonce,
            framer: StreamFramer::new(),
            cseq: 0,
            mailboxes: BTreeMap::new(),
            wanted: None,
            next_rtp: FIRST_RTP,
            out: VecDeque::new(),
            facts: VecDeque::new(),
        }
    }

    /// How it was built.
    pub const fn spec(&self) -> &PeerSpec {
        &self.spec
    }

    /// The next thing to send.
    pub fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// The next thing that happened.
    pub fn fact(&mut self) -> Option<PeerFact> {
        self.facts.pop_front()
    }

    /// Sockets that it listens on for sound.
    pub fn media_sockets(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.legs.iter().filter(|leg| leg.stage != Stage::Ended).map(|leg| leg.media.local())
    }

    /// Dialogs that stand or may come to stand.
    pub fn open_legs(&self) -> usize {
        self.legs.iter().filter(|leg| leg.stage != Stage::Ended).count()
    }

    /// Calls so far, made and got: the latest has this number.
    pub const fn calls(&self) -> usize {
        self.calls
    }

    /// Its power fails for a moment: it forgets its calls.
    pub fn restart(&mut self) {
        self.legs.clear();
        self.clients.clear();
        self.repeats.clear();
    }

    /// True while sound goes on.
    pub fn has_media(&self) -> bool {
        self.open_legs() > 0
    }

    /// A datagram came to its SIP socket.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        if let Ok(message) = parse_datagram(bytes) {
            self.take(now, from, message);
        }
    }

    /// Bytes came on its connection.
    pub fn receive_stream(&mut self, now: Instant, bytes: &[u8]) {
        if self.framer.push(bytes).is_err() {
            self.framer = StreamFramer::new();
            return;
        }
        while let Ok(Some(item)) = self.framer.pop() {
            match item {
                StreamItem::Message(message) => self.take(now, self.spec.gateway, message),
                StreamItem::Ping => self.out.push_back(Out::Stream(StreamItem::PONG.to_vec())),
                StreamItem::Malformed(_) | StreamItem::Pong => {}
            }
        }
    }

    /// Its connection is gone.
    pub fn stream_gone(&mut self) {
        self.framer = StreamFramer::new();
    }

    /// A packet came to one of its sockets for sound. Packets that go on coming when the call is over are told.
    pub fn receive_media(&mut self, now: Instant, to: SocketAddr, bytes: &[u8]) {
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.media.local() == to) else { return };
        if leg.stage != Stage::Ended {
            leg.media.receive(now, bytes);
            return;
        }
        let (since, told) = leg.late_sound.get_or_insert((now, false));
        if !*told && now.since(*since) > LATE_SOUND.into() {
            *told = true;
            self.say(now, "gets sound after the end".to_owned());
        }
    }

    /// One tick of sound, 10 ms.
    pub fn tick(&mut self, now: Instant) {
        for leg in &mut self.legs {
            if leg.stage == Stage::Ended {
                continue;
            }
            let from = leg.media.local();
            if let Some((to, bytes)) = leg.media.tick(now) {
                self.out.push_back(Out::Datagram { from, to, bytes });
            }
            while let Some(fact) = leg.media.fact() {
                self.facts.push_back(match fact {
                    MediaFact::Heard(at, event) => PeerFact::Heard(at, event),
                    MediaFact::Key(at, key) => {
                        PeerFact::Said(at, format!("gets digit {} by event", char::from(key)))
                    }
                    MediaFact::Noise(at) => PeerFact::Said(at, "gets comfort noise".to_owned()),
                });
            }
        }
    }

    /// When it has something to send again.
    pub fn deadline(&self) -> Option<Instant> {
        let clients = self.clients.iter().map(|client| client.next.unwrap_or(client.until).min(client.until));
        clients.chain(self.repeats.iter().map(|repeat| repeat.next.min(repeat.until))).min()
    }

    /// Sends again what is due.
    pub fn on_time(&mut self, now: Instant) {
        let is_udp = !self.spec.tcp;
        let mut again = Vec::new();
        self.clients.retain(|client| client.until > now);
        for client in &mut self.clients {
            if client.next.is_some_and(|next| next <= now) {
                let limit = if client.method == Method::Invite { u32::MAX } else { T2.0 };
                client.interval = Millis((client.interval.0 * 2).min(limit));
                client.next = Some(now + client.interval);
                if is_udp {
                    again.push((client.to, client.request.to_bytes()));
                }
            }
        }
        self.repeats.retain(|repeat| repeat.until > now);
        for repeat in &mut self.repeats {
            if repeat.next <= now {
                repeat.interval = Millis((repeat.interval.0 * 2).min(T2.0));
                repeat.next = now + repeat.interval;
                again.push((self.spec.gateway, repeat.bytes.clone()));
            }
        }
        for (to, bytes) in again {
            self.send(to, bytes);
        }
    }

    fn send(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        self.out.push_back(if self.spec.tcp {
            Out::Stream(bytes)
        } else {
            Out::Datagram { from: self.spec.address, to, bytes }
        });
    }

    fn say(&mut self, now: Instant, words: String) {
        self.facts.push_back(PeerFact::Said(now, words));
    }

    /// What it knows of RTP beside codecs.
    fn knows(&self) -> Knows {
        Knows { events: self.has(Manner::Events), noise: self.has(Manner::Noise) }
    }

    fn has(&self, manner: Manner) -> bool {
        !self.bad.contains(&manner)
    }

    fn take(&mut self, now: Instant, from: SocketAddr, message: Message) {
        match message {
            Message::Request(request) => self.take_request(now, from, &request),
            Message::Response(response) => self.take_response(now, &response),
        }
    }

    /// The voice that no dialog uses.
    fn free_voice(&self) -> u16 {
        let used = self.open_legs() as u16;
        self.spec.voice + used.min(VOICES - 1)
    }

    fn new_media(&mut self) -> Media<A> {
        let local = SocketAddr::new(self.spec.address.ip(), self.next_rtp);
        self.next_rtp = self.next_rtp.wrapping_add(2).max(FIRST_RTP);
        Media::new(local, Some(self.free_voice()), self.spec.land, &mut self.entropy)
    }

    fn contact(&self) -> NameAddr {
        let user = if self.spec.accounts.is_empty() { self.spec.user.as_str() } else { "peer" };
        let mut uri = Uri::sip(Some(user), self.spec.address.ip().into(), Some(self.spec.address.port()));
        if self.spec.tcp {
            uri.set_param("transport", "tcp");
        }
        NameAddr::new(uri)
    }

    /// The Record-Route of a proxy that stays on the way.
    fn route(&self) -> Option<String> {
        self.has(Manner::Routes).then(|| format!("<sip:{};lr>", self.spec.address))
    }

    /// What a request proves.
    fn credentials(&self, request: &Request) -> Known {
        let header = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
        let value = header.iter().find_map(|name| request.headers.text(name));
        let given = value.and_then(|value| Authorization::parse(&value).ok().flatten());
        let Some(given) = given else { return Known::Nothing };
        let account = self.spec.accounts.iter().find(|(user, _)| *user == given.username);
        let password = account.map_or(self.spec.password.as_str(), |(_, password)| password.as_str());
        let right = compute_response(&ResponseInput {
            algorithm: given.algorithm.unwrap_or(Algorithm::Md5),
            username: &given.username,
            realm: &self.spec.user,
            password: &Secret::new(password),
            nonce: &given.nonce,
            cnonce: given.cnonce.as_deref().unwrap_or(""),
            nc: given.nc.unwrap_or(0),
            qop: given.qop.filter(|qop| *qop == Qop::Auth),
            method: request.method.as_str(),
            uri: &given.uri,
            body: &request.body,
        });
        match (right.eq_ignore_ascii_case(&given.response), given.nonce == self.nonce) {
            (true, true) => Known::Right,
            (true, false) => Known::Stale,
            (false, _) => Known::Wrong,
        }
    }
}
