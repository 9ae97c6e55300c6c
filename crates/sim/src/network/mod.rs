//! A network in virtual time: datagrams, streams and names.
//!
//! # What it does
//! Carries datagrams and streams between addresses with delay, jitter, loss in bursts, duplication and reordering;
//! reports closed ports; answers questions for names.
//!
//! # How
//! Everything under way lies in one queue by the time of its arrival. Each direction between two addresses draws from
//! its own stream of random numbers, so that more traffic on one does not change the fate of another.
//!
//! # Limits
//! [`MAX_FLIGHTS`] things under way; further datagrams are lost. Streams lose nothing: they are late or they break.
//!
//! # Standard
//! None. Loss in bursts is Gilbert's model of two states.

mod dns;
mod stream;
mod weather;

use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, BTreeSet};

use tipring_units::{Entropy, Instant, Millis};

pub use dns::{Dns, DnsFault};
pub use stream::{End, StreamId, Streams};
pub use weather::{Fate, Link, Weather};

/// Datagrams and parts of streams under way, at the most.
pub const MAX_FLIGHTS: usize = 65_536;
/// Orders to lose certain messages, at the most.
pub const MAX_DROPS: usize = 64;

/// What arrives somewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// A datagram.
    Datagram {
        /// From there.
        from: SocketAddr,
        /// To here.
        to: SocketAddr,
        /// Its payload.
        bytes: Vec<u8>,
    },
    /// The host at `remote` says that nobody listens there.
    Unreachable {
        /// Who sent to it.
        to: SocketAddr,
        /// The closed port.
        remote: SocketAddr,
    },
    /// A connection stands, seen from `end`.
    Opened(StreamId, End),
    /// Bytes for `end`.
    Bytes(StreamId, End, Vec<u8>),
    /// The other end closed it.
    Closed(StreamId, End),
    /// It could not be made, or broke.
    Failed(StreamId, End),
}

/// An order to lose messages that begin like this.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Drop {
    /// A method, or a status after `SIP/2.0`.
    word: String,
    /// Only messages to this host.
    to: Option<IpAddr>,
    left: u32,
}

/// The network.
#[derive(Debug)]
pub struct Network {
    seed: u64,
    weather: Weather,
    storm: Option<(Weather, Instant)>,
    open: BTreeSet<SocketAddr>,
    cut: BTreeSet<IpAddr>,
    links: BTreeMap<(SocketAddr, SocketAddr), Link>,
    flights: BTreeMap<(Instant, u64), Arrival>,
    sent: u64,
    lost: u64,
    drops: Vec<Drop>,
    streams: Streams,
    dns: Dns,
}

impl Network {
    /// A network with this weather; the same seed gives the same fates.
    pub fn new(seed: u64, weather: Weather) -> Self {
        Self {
            seed,
            weather,
            storm: None,
            open: BTreeSet::new(),
            cut: BTreeSet::new(),
            links: BTreeMap::new(),
            flights: BTreeMap::new(),
            sent: 0,
            lost: 0,
            drops: Vec::new(),
            streams: Streams::default(),
            dns: Dns::default(),
        }
    }

    /// Somebody listens at `address` from now on.
    pub fn open(&mut self, address: SocketAddr) {
        self.open.insert(address);
    }

    /// Nobody listens at `address` any more; who sends to it is told.
    pub fn close(&mut self, address: SocketAddr) {
        self.open.remove(&address);
    }

    /// Cuts a host off, or joins it again. Nothing reaches it, and nobody is told.
    pub fn cut(&mut self, host: IpAddr, cut: bool) {
        if cut {
            self.cut.insert(host);
        } else {
            self.cut.remove(&host);
        }
    }

    /// The weather from now on; until `until`, where that is given.
    pub fn set_weather(&mut self, weather: Weather, until: Option<Instant>) {
        match until {
            Some(until) => self.storm = Some((weather, until)),
            None => (self.weather, self.storm) = (weather, None),
        }
    }

    /// The weather now.
    pub fn weather(&self, now: Instant) -> Weather {
        match self.storm {
            Some((weather, until)) if now < until => weather,
            Some(_) | None => self.weather,
        }
    }

    /// Loses the next `count` SIP messages that begin with this method or have this status, to this host if one is
    /// given. False where too many such orders wait.
    pub fn drop_next(&mut self, word: &str, to: Option<IpAddr>, count: u32) -> bool {
        self.drops.retain(|drop| drop.left > 0);
        let room = self.drops.len() < MAX_DROPS;
        if room {
            self.drops.push(Drop { word: word.to_owned(), to, left: count });
        }
        room
    }

    /// Takes back all orders to lose messages.
    pub fn forgive(&mut self) {
        self.drops.clear();
    }

    /// The names.
    pub fn dns(&mut self) -> &mut Dns {
        &mut self.dns
    }

    /// What is under way now.
    pub fn flights(&self) -> usize {
        self.flights.len()
    }

    /// Datagrams lost so far.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Sends a datagram.
    pub fn send(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        // whoever does not listen does not speak
        let silent = !self.open.contains(&from);
        if silent || self.is_dropped(to, &bytes) || self.is_cut(from, to) || self.flights.len() >= MAX_FLIGHTS
        {
            self.lost += 1;
            return;
        }
        let weather = self.weather(now);
        let seed = self.seed;
        let link = self.links.entry((from, to)).or_insert_with(|| Link::new(entropy_of(seed, from, to)));
        match link.fate(&weather) {
            Fate::Lost => self.lost += 1,
            Fate::Arrives(delay) => self.fly(now + delay, Arrival::Datagram { from, to, bytes }),
            Fate::Twice(first, second) => {
                let copy = Arrival::Datagram { from, to, bytes: bytes.clone() };
                self.fly(now + first, copy);
                self.fly(now + second, Arrival::Datagram { from, to, bytes });
            }
        }
    }

    /// Makes a connection from `from` to `to`; both ends are told when it stands.
    pub fn connect(&mut self, now: Instant, from: SocketAddr, to: SocketAddr) -> StreamId {
        let id = self.streams.make(from, to);
        let delay = self.weather(now).delay;
        let trip = Millis(delay.0 * 2);
        if self.is_cut(from, to) {
            self.fly(now + Millis::from_secs(3), Arrival::Failed(id, End::Caller));
        } else if self.open.contains(&to) {
            self.fly(now + delay, Arrival::Opened(id, End::Called));
            self.fly(now + trip, Arrival::Opened(id, End::Caller));
        } else {
            self.fly(now + trip, Arrival::Failed(id, End::Caller));
        }
        id
    }

    /// Sends bytes on a connection, from one of its ends.
    pub fn write(&mut self, now: Instant, id: StreamId, from: End, bytes: Vec<u8>) {
        let weather = self.weather(now);
        let Some((near, far)) = self.streams.addresses(id, from) else { return };
        let cut = self.is_cut(near, far);
        let Some(at) = self.streams.arrival(now, id, from, &weather) else { return };
        if !cut {
            self.fly(at, Arrival::Bytes(id, from.other(), bytes));
        }
    }

    /// Closes a connection from one of its ends.
    pub fn shut(&mut self, now: Instant, id: StreamId, from: End) {
        let weather = self.weather(now);
        if let Some(at) = self.streams.arrival(now, id, from, &weather) {
            self.fly(at, Arrival::Closed(id, from.other()));
            self.streams.end(id);
        }
    }

    /// Breaks all connections with a host.
    pub fn break_streams(&mut self, now: Instant, host: IpAddr) {
        for id in self.streams.of_host(host) {
            for end in [End::Caller, End::Called] {
                self.fly(now, Arrival::Failed(id, end));
            }
            self.streams.end(id);
        }
    }

    /// The two addresses of a connection: the one of `end` first.
    pub fn addresses(&self, id: StreamId, end: End) -> Option<(SocketAddr, SocketAddr)> {
        self.streams.addresses(id, end)
    }

    /// When the next thing arrives.
    pub fn deadline(&self) -> Option<Instant> {
        self.flights.first_key_value().map(|((at, _), _)| *at)
    }

    /// What has arrived by `now`.
    pub fn arrive(&mut self, now: Instant) -> Option<Arrival> {
        loop {
            let ((at, number), arrival) = self.flights.pop_first()?;
            if at > now {
                self.flights.insert((at, number), arrival);
                return None;
            }
            let Arrival::Datagram { from, to, .. } = &arrival else { return Some(arrival) };
            let (from, to) = (*from, *to);
            if self.is_cut(from, to) {
                self.lost += 1;
            } else if self.open.contains(&to) {
                return Some(arrival);
            } else if self.open.contains(&from) {
                let delay = self.weather(at).delay;
                self.fly(at + delay, Arrival::Unreachable { to: from, remote: to });
            }
        }
    }

    fn fly(&mut self, at: Instant, arrival: Arrival) {
        self.sent += 1;
        self.flights.insert((at, self.sent), arrival);
    }

    fn is_cut(&self, a: SocketAddr, b: SocketAddr) -> bool {
        self.cut.contains(&a.ip()) || self.cut.contains(&b.ip())
    }

    fn is_dropped(&mut self, to: SocketAddr, bytes: &[u8]) -> bool {
        let text = bytes.strip_prefix(b"SIP/2.0 ").unwrap_or(bytes);
        let found = self.drops.iter_mut().find(|drop| {
            drop.left > 0
                && drop.to.is_none_or(|host| host == to.ip())
                && text.strip_prefix(drop.word.as_bytes()).is_some_and(|rest| rest.first() == Some(&b' '))
        });
        found.is_some_and(|drop| {
            drop.left -= 1;
            true
        })
    }
}

/// The random numbers of one direction.
fn entropy_of(seed: u64, from: SocketAddr, to: SocketAddr) -> Entropy {
    let mut hash = seed ^ 0xcbf2_9ce4_8422_2325;
    let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    for address in [from, to] {
        match address.ip() {
            IpAddr::V4(ip) => ip.octets().into_iter().for_each(&mut eat),
            IpAddr::V6(ip) => ip.octets().into_iter().for_each(&mut eat),
        }
        address.port().to_be_bytes().into_iter().for_each(&mut eat);
    }
    Entropy::for_simulation(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8, port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, last], port))
    }

    fn network(weather: Weather) -> Network {
        let mut network = Network::new(7, weather);
        network.open(address(1, 5060));
        network.open(address(2, 5060));
        network
    }

    #[test]
    fn a_datagram_arrives_after_the_delay_and_not_before() {
        let mut network = network(Weather { delay: Millis(5), ..Weather::CALM });
        network.send(Instant::ZERO, address(1, 5060), address(2, 5060), b"x".to_vec());
        assert_eq!(network.arrive(Instant::from_millis(4)), None);
        assert!(matches!(network.arrive(Instant::from_millis(5)), Some(Arrival::Datagram { .. })));
        assert_eq!(network.deadline(), None);
    }

    #[test]
    fn a_closed_port_is_reported_to_the_sender() {
        let mut network = network(Weather::CALM);
        network.close(address(2, 5060));
        network.send(Instant::ZERO, address(1, 5060), address(2, 5060), b"x".to_vec());
        let told = Arrival::Unreachable { to: address(1, 5060), remote: address(2, 5060) };
        assert_eq!(network.arrive(Instant::from_millis(500)), Some(told));
    }

    #[test]
    fn an_order_to_lose_counts_and_knows_status_and_method() {
        let mut network = network(Weather::CALM);
        assert!(network.drop_next("200", None, 1) && network.drop_next("BYE", Some(address(1, 0).ip()), 1));
        for bytes in ["SIP/2.0 200 OK", "SIP/2.0 200 OK", "SIP/2.0 2000 X", "BYE sip:x SIP/2.0"] {
            network.send(Instant::ZERO, address(1, 5060), address(2, 5060), bytes.into());
        }
        assert_eq!(network.lost(), 1);
        network.send(Instant::ZERO, address(2, 5060), address(1, 5060), b"BYE sip:x SIP/2.0".to_vec());
        assert_eq!(network.lost(), 2);
    }

    #[test]
    fn what_one_link_loses_does_not_depend_on_another() {
        let arrivals = |noise: bool| {
            let mut network = network(Weather { loss: 50.0, ..Weather::CALM });
            for n in 0..100u8 {
                if noise {
                    network.send(Instant::ZERO, address(2, 5060), address(1, 5060), vec![n]);
                }
                network.send(Instant::ZERO, address(1, 5060), address(2, 5060), vec![n]);
            }
            let mut seen = Vec::new();
            while let Some(arrival) = network.arrive(Instant::from_millis(1000)) {
                if let Arrival::Datagram { to, bytes, .. } = arrival
                    && to == address(2, 5060)
                {
                    seen.push(bytes[0]);
                }
            }
            seen
        };
        let quiet = arrivals(false);
        assert!(quiet.len() > 20 && quiet.len() < 80);
        assert_eq!(quiet, arrivals(true));
    }

    #[test]
    fn a_stream_carries_bytes_in_order_and_tells_of_its_end() {
        let mut network = network(Weather { delay: Millis(5), jitter: Millis(20), ..Weather::CALM });
        let id = network.connect(Instant::ZERO, address(1, 40_000), address(2, 5060));
        for n in 0..20u8 {
            network.write(Instant::from_millis(10), id, End::Caller, vec![n]);
        }
        network.shut(Instant::from_millis(11), id, End::Caller);
        let mut seen = Vec::new();
        let mut closed = false;
        while let Some(arrival) = network.arrive(Instant::from_millis(1000)) {
            match arrival {
                Arrival::Bytes(_, End::Called, bytes) => {
                    assert!(!closed);
                    seen.extend(bytes);
                }
                Arrival::Closed(_, End::Called) => closed = true,
                _ => {}
            }
        }
        assert_eq!(seen, (0..20).collect::<Vec<u8>>());
        assert!(closed);
    }
}
