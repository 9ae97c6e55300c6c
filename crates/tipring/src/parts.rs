//! What a gateway is made of: from an effective configuration to sockets, lines and threads.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use anyhow::Result;
use tipring_config::Effective;
use tipring_driver::Card;
use tipring_gateway::{LineSite, ShardSetup, Site, StoreId, Wiring};
use tipring_host::{Clock, MediaSockets, Parts};
use tipring_sim::ear::Land;
use tipring_sim::lab::Lab;
use tipring_sim::phone::PhoneSpec;
use tipring_sim::plant::LineSpec;
use tipring_units::{LineId, ShardId};

use crate::{desk::Ledger, records, zone};

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

/// The parts of a gateway, and the site that they run.
pub fn build(
    effective: &Effective,
    sockets: SipSockets,
    shards: usize,
    ledger: Arc<Ledger>,
) -> Result<(Parts, Arc<Site>)> {
    let clock = Clock::new();
    let bound = sockets.udp.local_addr()?;
    let sip = SocketAddr::new(own_address(bound.ip()), bound.port());
    let ports = effective.media;
    let media = MediaSockets::open(sip.ip(), ports.first, ports.last, Site::slots_needed(effective))?;
    let wiring = Wiring {
        slots: media.slots(),
        sip,
        lines_per_shard: effective.phone.len().div_ceil(shards.max(1)).max(1),
        utc_offset_minutes: zone::offset_minutes(clock.wall()),
        revision: 1,
    };
    let site = Site::configured(effective, &wiring);
    let land = Land::of_code(&effective.country.code).unwrap_or_default();
    let shards = shard_setups(&site, clock).into_iter().map(|setup| {
        let card = laboratory(setup.lines.len(), land);
        (setup, card)
    });
    let kept = Arc::new(site.clone());
    let named = Arc::clone(&kept);
    let store =
        move |_: StoreId, record: &tipring_call::CallRecord| ledger.append(records::row(record, &named));
    let parts = Parts {
        shards: shards.collect(),
        site,
        sip_udp: sockets.udp,
        sip_tcp: Some(sockets.tcp),
        media,
        clock,
        store: Box::new(store),
    };
    Ok((parts, kept))
}

/// The address under which peers reach a socket bound to `ip`.
fn own_address(ip: IpAddr) -> IpAddr {
    if !ip.is_unspecified() {
        return ip;
    }
    let elsewhere = if ip.is_ipv4() { IpAddr::V4(ELSEWHERE.0) } else { IpAddr::V6(ELSEWHERE.1) };
    let route = || {
        let socket = UdpSocket::bind(SocketAddr::new(ip, 0))?;
        socket.connect(SocketAddr::new(elsewhere, 9))?;
        socket.local_addr()
    };
    let alone = if ip.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
    match route() {
        Ok(address) if !address.ip().is_unspecified() => address.ip(),
        Ok(_) | Err(_) => alone, // no network at all
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

fn laboratory(lines: usize, land: Land) -> Card {
    let phone = PhoneSpec { land, ..PhoneSpec::default() };
    let line = LineSpec { phones: vec![phone], ..LineSpec::default() };
    Card::Simulated(Box::new(Lab::new(&vec![line; lines], &mut tipring_host::system_entropy())))
}
