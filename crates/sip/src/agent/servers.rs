//! A configured server's addresses: which one is in use, failing over and back.
//!
//! **What it does.** Keeps the ordered addresses of a server as DNS gave them, moves to the next when one
//! does not answer, and returns to a better one after it has been healthy for [`HEALTHY_BEFORE_RETURN`].
//!
//! **How.** Every address has a health. One that failed is probed by OPTIONS until it answers, then
//! watched; any answer at all, even a refusal, is a sign of life except 503. A probe is given up before the next one is due.
//!
//! Where there is an alternative, those that are healthy are probed too, so that a call seldom finds the one in use
//! dead, and status can tell of a standby that would not help.
//! Where somebody registers, a keep-alive holds the way through a NAT open.
//!
//! **Limits.** A single address that never failed is not probed; calls and registrations show its health.
//!
//! **Standard.** RFC 3261 §8.1.2; RFC 5626 §3.5.1 and §4.4.1 for the keep-alive.

use core::net::SocketAddr;
use core::time::Duration;

use tipring_units::{Instant, Millis};

use super::config::ServerConfig;
use super::jobs::PROBE_ANSWER;
use super::locate::MAX_TARGETS;
use super::reach::{AddressView, Reach};
use crate::message::Host;
use crate::transaction::{Target, Timing, Transport};

// A probe of an address has ended when the next one goes out.
const _: () = assert!(PROBE_ANSWER * Timing::STANDARD.t1.0 < PROBE_EVERY.0);

/// How long a better address must answer before it is used again.
pub const HEALTHY_BEFORE_RETURN: Millis = Millis(60_000);
/// Time between two probes of an address that failed.
pub const PROBE_EVERY: Millis = Millis(15_000);
/// Time between two probes of a healthy address, where there is another.
pub const QUALIFY_EVERY: Millis = Millis(30_000);
/// Time between two keep-alives: NATs forget a UDP flow after 30 s at the earliest (RFC 4787 lets them do so
/// after 2 minutes, many do it sooner).
pub const KEEP_ALIVE_EVERY: Millis = Millis(25_000);
/// Age at which the addresses are asked for again.
pub const RESOLVE_AGAIN: Millis = Millis(300_000);
/// The same after a lookup that found nothing.
pub const RESOLVE_RETRY: Millis = Millis(30_000);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Health {
    Good,
    Down { probe_at: Instant },
    Recovering { since: Instant, probe_at: Instant },
}

#[derive(Clone, Copy, Debug)]
struct Hop {
    address: SocketAddr,
    /// The configured host that it is of.
    host: usize,
    health: Health,
    /// It has answered since it last failed.
    heard: bool,
    round_trip: Option<Duration>,
}

/// What a server needs done at a deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Look its names up.
    Resolve,
    /// Send OPTIONS to this address.
    Probe(Target),
    /// Send a keep-alive to this address.
    KeepAlive(Target),
}

/// One server.
#[derive(Clone, Debug)]
pub struct Server {
    config: ServerConfig,
    hops: Vec<Hop>,
    resolve_at: Option<Instant>,
    /// Addresses found by the lookup under way, of the hosts looked up so far.
    gathering: Vec<(SocketAddr, usize)>,
    /// The host that is being looked up.
    host: usize,
    qualify_at: Option<Instant>,
    keep_alive_at: Option<Instant>,
}

impl Server {
    /// A server that is to be looked up at once.
    pub fn new(now: Instant, config: ServerConfig) -> Self {
        Self {
            config,
            hops: Vec::new(),
            resolve_at: Some(now),
            gathering: Vec::new(),
            host: 0,
            qualify_at: None,
            keep_alive_at: None,
        }
    }

    /// Its configuration.
    pub const fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// Whether a lookup has ended with addresses.
    pub fn is_resolved(&self) -> bool {
        !self.hops.is_empty()
    }

    /// Whether a lookup is under way.
    pub const fn is_resolving(&self) -> bool {
        self.resolve_at.is_none()
    }

    /// The host to look up now.
    pub fn host(&self) -> Option<(&str, Option<u16>)> {
        self.config.addresses.get(self.host).map(|h| (h.host.as_str(), h.port))
    }

    /// Takes the addresses of the host that was looked up (none if that failed). True when all hosts are done.
    pub fn looked_up(&mut self, now: Instant, addresses: &[SocketAddr]) -> bool {
        for address in addresses {
            let known = self.gathering.iter().any(|(other, _)| other == address);
            if self.gathering.len() < MAX_TARGETS && !known {
                self.gathering.push((*address, self.host));
            }
        }
        self.host += 1;
        if self.host < self.config.addresses.len() {
            return false;
        }
        self.host = 0;
        let found = core::mem::take(&mut self.gathering);
        if found.is_empty() {
            // Yesterday's addresses are better than none.
            self.resolve_at = Some(now + RESOLVE_RETRY);
            return true;
        }
        self.resolve_at = Some(now + RESOLVE_AGAIN);
        let old = core::mem::take(&mut self.hops);
        self.hops = found
            .into_iter()
            .map(|(address, host)| {
                let new = Hop { address, host, health: Health::Good, heard: false, round_trip: None };
                old.iter().find(|h| h.address == address).map_or(new, |known| Hop { host, ..*known })
            })
            .collect();
        self.qualify_at = (self.hops.len() > 1).then(|| self.qualify_at.unwrap_or(now + QUALIFY_EVERY));
        true
    }

    /// Whether the way there is to be kept open.
    pub fn keep_alive(&mut self, now: Instant, wanted: bool) {
        self.keep_alive_at = wanted.then(|| self.keep_alive_at.unwrap_or(now + KEEP_ALIVE_EVERY));
    }

    /// The addresses to try, best first: healthy ones in order, then the others.
    pub fn targets(&self) -> Vec<Target> {
        let rank = |hop: &Hop| match hop.health {
            Health::Good => 0,
            Health::Recovering { .. } => 1,
            Health::Down { .. } => 2,
        };
        let mut hops: Vec<&Hop> = self.hops.iter().collect();
        hops.sort_by_key(|hop| rank(hop));
        hops.into_iter().map(|hop| Target::new(self.config.transport, hop.address)).collect()
    }

    /// The address in use: the best that is not down.
    pub fn in_use(&self) -> Option<SocketAddr> {
        let best = self.targets().first()?.address;
        let down = self.hops.iter().any(|h| h.address == best && matches!(h.health, Health::Down { .. }));
        (!down).then_some(best)
    }

    /// Whether an address has answered since it last failed.
    pub fn has_heard(&self, address: SocketAddr) -> bool {
        self.hops.iter().any(|hop| hop.address == address && hop.heard)
    }

    /// Whether `source` belongs to the server: by its IP address alone, since many servers send from another port
    /// than they listen on. On loopback, where every program of the host lives, the UDP port has to be right as well;
    /// a TCP connection never comes from the port that is listened on.
    pub fn owns(&self, source: Target) -> bool {
        // A socket of both families shows an IPv4 source within IPv6.
        let ip = source.address.ip().to_canonical();
        let exact = source.transport == Transport::Udp && ip.is_loopback();
        self.hops.iter().any(|hop| {
            hop.address.ip().to_canonical() == ip && (!exact || hop.address.port() == source.address.port())
        })
    }

    /// Whether an address of SIP with this host and port is one of the server: its domain, a configured host, or an address
    /// that was found for one.
    pub fn is_named(&self, host: &Host, port: Option<u16>) -> bool {
        let same = |own: &str| super::accounts::host(own).same_as(host);
        let fits = |own: Option<u16>| port.is_none_or(|port| own.unwrap_or(5060) == port);
        self.config.domain.as_deref().is_some_and(same)
            || self.config.addresses.iter().any(|own| same(&own.host) && fits(own.port))
            || self.hops.iter().any(|hop| {
                host.ip().is_some_and(|ip| ip.to_canonical() == hop.address.ip().to_canonical())
                    && fits(Some(hop.address.port()))
            })
    }

    /// An address did not answer, or answered 503.
    pub fn failed(&mut self, now: Instant, address: SocketAddr) {
        for hop in self.hops.iter_mut().filter(|h| h.address == address) {
            // One that was known to be down is probed when it was to be, not sooner and not later.
            let probe_at = match hop.health {
                Health::Down { probe_at } | Health::Recovering { probe_at, .. } => probe_at,
                Health::Good => now + PROBE_EVERY,
            };
            hop.health = Health::Down { probe_at };
            hop.heard = false;
            hop.round_trip = None;
        }
    }

    /// An address answered.
    pub fn answered(&mut self, now: Instant, address: SocketAddr) {
        for hop in self.hops.iter_mut().filter(|h| h.address == address) {
            hop.heard = true;
            if let Health::Down { .. } = hop.health {
                hop.health = Health::Recovering { since: now, probe_at: now + PROBE_EVERY };
            }
        }
    }

    /// An address took this long to answer.
    pub fn measured(&mut self, address: SocketAddr, round_trip: Duration) {
        for hop in self.hops.iter_mut().filter(|h| h.address == address) {
            hop.round_trip = Some(round_trip);
        }
    }

    /// How its addresses stand.
    pub fn view(&self, now: Instant) -> Vec<AddressView> {
        let in_use = self.in_use();
        let reach = |hop: &Hop| match hop.health {
            Health::Good if hop.heard => Reach::Answers,
            Health::Good => Reach::Untried,
            Health::Down { .. } => Reach::Silent,
            Health::Recovering { since, .. } => {
                let healthy = u32::try_from(now.since(since).as_millis()).unwrap_or(u32::MAX);
                Reach::Recovering { healthy: Millis(healthy) }
            }
        };
        let view = |hop: &Hop| AddressView {
            host: self.config.addresses.get(hop.host).map(|a| a.host.clone()).unwrap_or_default(),
            address: hop.address,
            in_use: in_use == Some(hop.address),
            reach: reach(hop),
            round_trip_micros: hop.round_trip.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
        };
        self.hops.iter().map(view).collect()
    }

    /// The next moment at which [`Self::due`] has something.
    pub fn deadline(&self) -> Option<Instant> {
        let hops = self.hops.iter().filter_map(|hop| match hop.health {
            Health::Good => None,
            Health::Down { probe_at } => Some(probe_at),
            Health::Recovering { since, probe_at } => Some(probe_at.min(since + HEALTHY_BEFORE_RETURN)),
        });
        hops.chain(self.resolve_at).chain(self.qualify_at).chain(self.keep_alive_at).min()
    }

    /// What is due.
    pub fn due(&mut self, now: Instant) -> Vec<Need> {
        let mut needs = Vec::new();
        if self.resolve_at.is_some_and(|at| at <= now) && !self.config.addresses.is_empty() {
            self.resolve_at = None;
            self.host = 0;
            needs.push(Need::Resolve);
        }
        let in_use = self.in_use().map(|address| Target::new(self.config.transport, address));
        if self.qualify_at.is_some_and(|at| at <= now) {
            self.qualify_at = Some(now + QUALIFY_EVERY);
            // One that recovers is probed below.
            let good = self.hops.iter().filter(|hop| hop.health == Health::Good);
            let targets = good.map(|hop| Target::new(self.config.transport, hop.address));
            needs.extend(targets.map(Need::Probe));
        }
        if self.keep_alive_at.is_some_and(|at| at <= now) {
            self.keep_alive_at = Some(now + KEEP_ALIVE_EVERY);
            needs.extend(in_use.map(Need::KeepAlive));
        }
        for hop in &mut self.hops {
            match &mut hop.health {
                Health::Recovering { since, .. } if now.since(*since) >= HEALTHY_BEFORE_RETURN.into() => {
                    hop.health = Health::Good;
                }
                Health::Down { probe_at } | Health::Recovering { probe_at, .. } => {
                    if *probe_at <= now {
                        *probe_at = now + PROBE_EVERY;
                        needs.push(Need::Probe(Target::new(self.config.transport, hop.address)));
                    }
                }
                Health::Good => {}
            }
        }
        needs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::config::{HostPort, ServerId};

    fn server() -> Server {
        let host = |host: &str| HostPort { host: host.to_owned(), port: None };
        let config = ServerConfig {
            id: ServerId(0),
            addresses: vec![host("a"), host("b")],
            domain: None,
            transport: Transport::Udp,
        };
        let mut server = Server::new(Instant::ZERO, config);
        assert_eq!(server.due(Instant::ZERO), [Need::Resolve]);
        assert!(!server.looked_up(Instant::ZERO, &[address(1)]));
        assert!(server.looked_up(Instant::ZERO, &[address(2)]));
        server
    }

    fn address(n: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, n], 5060))
    }

    #[test]
    fn a_server_is_known_by_its_ip_and_on_loopback_by_its_port_too() {
        let mut server = server();
        let udp = |text: &str| Target::new(Transport::Udp, text.parse().expect("an address"));
        assert!(server.owns(udp("192.0.2.1:5060")) && server.owns(udp("192.0.2.1:40000")));
        assert!(!server.owns(udp("192.0.2.9:5060")));
        assert!(server.owns(udp("[::ffff:192.0.2.1]:5060")) && !server.owns(udp("[::ffff:192.0.2.9]:5060")));
        let local = ["127.0.0.1:5070".parse().expect("an address")];
        server.resolve_at = Some(Instant::ZERO);
        server.due(Instant::ZERO);
        server.looked_up(Instant::ZERO, &local);
        server.looked_up(Instant::ZERO, &[]);
        assert!(server.owns(udp("127.0.0.1:5070")) && !server.owns(udp("127.0.0.1:5071")));
        assert!(server.owns(udp("[::ffff:127.0.0.1]:5070")) && !server.owns(udp("[::ffff:127.0.0.1]:5071")));
        assert!(server.owns(Target::new(Transport::Tcp, "127.0.0.1:40000".parse().expect("an address"))));
    }

    #[test]
    fn a_failed_address_is_left_and_returned_to_after_60_s_of_health() {
        let mut server = server();
        assert_eq!(server.in_use(), Some(address(1)));
        server.failed(Instant::ZERO, address(1));
        assert_eq!(server.in_use(), Some(address(2)));
        let at = server.deadline().expect("a probe");
        assert_eq!(at, Instant::ZERO + PROBE_EVERY);
        assert_eq!(server.due(at), [Need::Probe(Target::new(Transport::Udp, address(1)))]);
        server.answered(at, address(1));
        server.due(at + Millis(59_000));
        assert_eq!(server.in_use(), Some(address(2)));
        server.due(at + Millis(60_000));
        assert_eq!(server.in_use(), Some(address(1)));
    }

    #[test]
    fn healthy_addresses_are_probed_where_there_are_several() {
        let mut server = server();
        let at = server.deadline().expect("a probe");
        let probe = |n| Need::Probe(Target::new(Transport::Udp, address(n)));
        assert_eq!(server.due(at), [probe(1), probe(2)]);
        assert_eq!(at, Instant::ZERO + QUALIFY_EVERY);
    }

    #[test]
    fn an_address_is_reachable_once_it_has_answered_and_not_once_it_is_found() {
        let mut server = server();
        let stands = |server: &Server, at| {
            let view = server.view(at);
            view.iter().map(|v| (v.host.clone(), v.in_use, v.reach, v.round_trip_micros)).collect::<Vec<_>>()
        };
        let (a, b) = ("a".to_owned(), "b".to_owned());
        let at = Instant::from_millis(5);
        assert_eq!(
            stands(&server, at),
            [(a.clone(), true, Reach::Untried, None), (b.clone(), false, Reach::Untried, None)]
        );
        server.answered(at, address(1));
        server.measured(address(1), Duration::from_micros(4200));
        assert_eq!(stands(&server, at)[0], (a.clone(), true, Reach::Answers, Some(4200)));
        server.failed(at, address(1));
        assert_eq!(stands(&server, at)[0], (a.clone(), false, Reach::Silent, None));
        assert_eq!(stands(&server, at)[1], (b, true, Reach::Untried, None));
        server.answered(at, address(1));
        let healthy = Reach::Recovering { healthy: Millis(7000) };
        assert_eq!(stands(&server, at + Millis(7000))[0], (a, false, healthy, None));
    }

    #[test]
    fn the_way_to_a_registrar_is_kept_open() {
        let mut server = server();
        server.keep_alive(Instant::ZERO, true);
        let at = server.deadline().expect("a keep-alive");
        assert_eq!(server.due(at), [Need::KeepAlive(Target::new(Transport::Udp, address(1)))]);
        server.keep_alive(at, false);
        assert_eq!(server.deadline(), Some(Instant::ZERO + QUALIFY_EVERY));
    }

    #[test]
    fn with_all_down_none_is_in_use_but_all_are_still_tried() {
        let mut server = server();
        server.failed(Instant::ZERO, address(1));
        server.failed(Instant::ZERO, address(2));
        assert_eq!(server.in_use(), None);
        assert_eq!(server.targets().len(), 2);
    }

    #[test]
    fn a_lookup_that_fails_keeps_the_old_addresses() {
        let mut server = server();
        let at = Instant::ZERO + RESOLVE_AGAIN;
        assert!(server.due(at).contains(&Need::Resolve));
        server.looked_up(at, &[]);
        assert!(server.looked_up(at, &[]));
        assert_eq!(server.in_use(), Some(address(1)));
    }
}
