//! What a gateway is made of: from an effective configuration to sockets, lines and threads.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};
use tipring_call::Number;
use tipring_config::Effective;
use tipring_driver::Card;
use tipring_gateway::{LineKind, LineSite, ShardSetup, Site, Wiring};
use tipring_host::{Asker, Clock, Keep, MediaSockets, Parts};
use tipring_port::LineProfile;
use tipring_sim::ear::Land;
use tipring_sim::lab::{Lab, Place};
use tipring_sim::office::{Manner, OfficeSpec, SubscriberSpec};
use tipring_sim::phone::{Action, PhoneSpec};
use tipring_sim::plant::LineSpec;
use tipring_store::FeatureBook;
use tipring_units::{LineId, ShardId};

use crate::{desk::Ledger, features, recordings, records, zone};

/// Addresses of documentation (RFC 5737, RFC 3849): nothing is sent there, but the route shows our own address.
const ELSEWHERE: (Ipv4Addr, Ipv6Addr) =
    (Ipv4Addr::new(192, 0, 2, 1), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// The SIP sockets that were opened.
#[derive(Debug)]
pub struct SipSockets {
    /// For datagrams.
    pub udp: UdpSocket,
    /// For connections.
    pub tcp: TcpListener,
}

/// The parts of a gateway.
pub fn build(
    effective: &Effective,
    sockets: SipSockets,
    shards: usize,
    revision: u64,
    ledger: Arc<Ledger>,
    book: Arc<Mutex<FeatureBook>>,
) -> Result<Parts> {
    let clock = Clock::new();
    let bound = sockets.udp.local_addr()?;
    let sip = SocketAddr::new(reached(effective, bound.ip())?, bound.port());
    let ports = effective.media;
    let media = MediaSockets::open(sip.ip(), ports.first, ports.last, Site::slots_needed(effective))?;
    let wiring = Wiring {
        slots: media.slots(),
        sip,
        lines_per_shard: (effective.phone.len() + effective.line.len()).div_ceil(shards.max(1)).max(1),
        utc_offset_minutes: zone::offset_minutes(clock.wall()),
        revision,
    };
    let site = Site::configured(effective, &wiring);
    let land = land(effective);
    let shards = shard_setups(&site, clock).into_iter().map(|setup| {
        let card = laboratory(&setup, land);
        (setup, card)
    });
    let features = locked(&book)
        .rows()
        .iter()
        .map(|(number, row)| (Number::new(number), features::features(row)))
        .collect();
    let store = move |keep: Keep<'_>| match keep {
        Keep::Record(_, record, site) => ledger.append(records::row(record, site)),
        Keep::Features(_, number, set) => {
            locked(&book).keep(number.as_str(), features::row(set)).map_err(|why| why.to_string())
        }
        Keep::Rest => {
            ledger.flush()?;
            locked(&book).flush().map_err(|why| why.to_string())
        }
    };
    Ok(Parts {
        shards: shards.collect(),
        site,
        sip_udp: sockets.udp,
        sip_tcp: Some(sockets.tcp),
        media,
        bank: Arc::new(recordings::bank(&effective.language, effective.announcement_files.as_deref())?),
        clock,
        store: Box::new(store),
        features,
    })
}

fn locked(book: &Mutex<FeatureBook>) -> MutexGuard<'_, FeatureBook> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The users of the simulated telephones know the tones of `effective`'s country, each when its telephone rests: that
/// is when its line takes its new profile too.
pub async fn move_laboratory(asker: &Asker, site: &Site, effective: &Effective) {
    let telephones = (0..).map(LineId).zip(&site.lines).filter(|(_, line)| line.kind == LineKind::Phone);
    for (line, _) in telephones {
        // A line whose shard has stopped has nothing to hear; a telephone with too much to do stays as it is.
        let learnt = asker.phone(Place { line, phone: 0 }, Some(Action::Learn(land(effective)))).await;
        if !matches!(learnt, Ok(Ok(_))) {
            tracing::warn!("{line}: the telephone's user knows the old tones still");
        }
    }
}

/// The laboratory's country: what its users know does not come from the gateway's own tables.
fn land(effective: &Effective) -> Land {
    Land::of_code(&effective.country.code).unwrap_or_default()
}

/// The address under which peers reach the SIP socket of this configuration, bound to `bound`.
pub fn reached(effective: &Effective, bound: IpAddr) -> Result<IpAddr> {
    let used = effective.server.values().find(|server| server.service.is_used());
    let server = used.and_then(|server| server.address.first()?.host.parse().ok());
    let has_peers = used.is_some() || !effective.sip.is_empty();
    own_address(bound, server, has_peers, |far| {
        let socket = UdpSocket::bind(SocketAddr::new(bound, 0)).ok()?;
        // Nothing is sent; the route is looked up.
        socket.connect(SocketAddr::new(far, 9)).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    })
}

/// Where a socket bound to `bound` is reached: `route` gives our address on the way to another one. Where no route
/// shows an address, a gateway without peers makes do with this machine alone.
fn own_address(
    bound: IpAddr,
    server: Option<IpAddr>,
    has_peers: bool,
    route: impl Fn(IpAddr) -> Option<IpAddr>,
) -> Result<IpAddr> {
    if !bound.is_unspecified() {
        return Ok(bound);
    }
    let elsewhere = if bound.is_ipv4() { IpAddr::V4(ELSEWHERE.0) } else { IpAddr::V6(ELSEWHERE.1) };
    let ways = server.into_iter().filter(|server| server.is_ipv4() == bound.is_ipv4()).chain([elsewhere]);
    let alone =
        if bound.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
    match ways.filter_map(route).find(|address| !address.is_unspecified()) {
        Some(address) => Ok(address),
        None if has_peers => bail!(
            "no network route shows this machine's address, and servers and SIP phones must be told one. Bring \
             the network up, or set `listen` to this machine's address: listen = \"192.0.2.10:5060\""
        ),
        None => Ok(alone),
    }
}

/// A setup for each shard that the site names; one without lines where there are none, for calls that need no line.
fn shard_setups(site: &Site, clock: Clock) -> Vec<ShardSetup> {
    let last = site.lines.last().map_or(site.media.host_shard, |line| line.shard);
    let of = |shard: ShardId| move |line: &&LineSite| line.shard == shard;
    (0..=last.0)
        .map(ShardId)
        .map(|id| {
            let first = site.lines.iter().position(|line| line.shard == id).unwrap_or(0);
            ShardSetup {
                id,
                first_line: LineId(u16::try_from(first).unwrap_or(u16::MAX)),
                lines: site.lines.iter().filter(of(id)).map(|line| (line.profile, line.in_service)).collect(),
                streams: site.media.slots.len(),
                tones: site.media.tones,
                started: clock.started(),
            }
        })
        .collect()
}

/// Who is at the exchange behind a simulated outside line: numbers that are kept for fiction (North American Numbering Plan).
pub const SUBSCRIBERS: [(&str, &str); 2] = [("5550177", "MARY"), ("5550188", "JOHN")];
/// The voice of the first of them.
const FIRST_VOICE: u16 = 60;

/// A telephone on each line, or, behind an outside line, an exchange of the country.
fn laboratory(setup: &ShardSetup, land: Land) -> Card {
    let phone = PhoneSpec { land, ..PhoneSpec::default() };
    let telephone = LineSpec { phones: vec![phone], ..LineSpec::default() };
    let lines: Vec<LineSpec> = setup
        .lines
        .iter()
        .map(|(profile, _)| match profile.fxo {
            Some(_) => LineSpec { office: Some(exchange(profile, land)), ..LineSpec::default() },
            None => telephone.clone(),
        })
        .collect();
    Card::Simulated(Box::new(Lab::new(&lines, &mut tipring_host::system_entropy())))
}

fn exchange(profile: &LineProfile, land: Land) -> OfficeSpec {
    let subscribers = (FIRST_VOICE..).zip(SUBSCRIBERS).map(|(voice, (number, name))| SubscriberSpec {
        number: number.to_owned(),
        name: Some(name.to_owned()),
        voice,
        manner: Manner::Waits,
    });
    OfficeSpec {
        // What the line is configured for is what its exchange does: this one is there to be used, not to be puzzled out.
        caller_id: profile.caller_id,
        start: profile.start,
        subscribers: subscribers.collect(),
        ..OfficeSpec::of(land)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 0, 5));

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_that_is_configured_is_the_one_that_peers_are_told() {
        let none = |_| -> Option<IpAddr> { panic!("no route is looked up") };
        assert_eq!(own_address(ip("192.0.2.7"), Some(SERVER), true, none).unwrap(), ip("192.0.2.7"));
    }

    #[test]
    fn the_route_to_the_server_goes_before_the_default_route() {
        let route = |far| Some(if far == SERVER { ip("10.9.0.1") } else { ip("192.168.1.2") });
        assert_eq!(own_address(ANY, Some(SERVER), true, route).unwrap(), ip("10.9.0.1"));
        assert_eq!(own_address(ANY, None, true, route).unwrap(), ip("192.168.1.2"));
        // A socket of IPv4 does not reach a server of IPv6.
        assert_eq!(own_address(ANY, Some(ip("2001:db8::5")), true, route).unwrap(), ip("192.168.1.2"));
    }

    #[test]
    fn without_a_route_peers_would_be_told_a_wrong_address_so_nothing_starts() {
        let told = own_address(ANY, Some(SERVER), true, |_| None).unwrap_err().to_string();
        assert!(told.contains("set `listen` to this machine's address: "), "{told}");
        assert!(own_address(ANY, None, true, |_| Some(ANY)).is_err());
        assert_eq!(own_address(ANY, None, false, |_| None).unwrap(), ip("127.0.0.1"));
        assert_eq!(own_address(ip("::"), None, false, |_| None).unwrap(), ip("::1"));
    }
}
