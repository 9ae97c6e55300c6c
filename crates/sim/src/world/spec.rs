//! What a world is made of.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use tipring_gateway::Site;
use tipring_units::WallTime;

use crate::network::{Dns, Weather};
use crate::peer::PeerSpec;
use crate::plant::LineSpec;

/// The gateway's address in every world.
pub const GATEWAY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060);
/// Pairs of media sockets of the gateway.
pub const MEDIA_SLOTS: u16 = 64;
/// The first of its media sockets.
pub const FIRST_MEDIA: u16 = 40_000;
/// The calendar at the start of every world: 2025-03-14 09:30 UTC.
pub const START: WallTime = WallTime(1_741_944_600_000_000);

/// A shard's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ShardClock {
    /// How fast it runs, in parts of a million: positive is fast.
    pub ppm: i32,
}

/// A world as it is built.
#[derive(Clone, Debug)]
pub struct WorldSpec {
    /// The seed of all its random numbers.
    pub seed: u64,
    /// The gateway. Lines of a shard follow each other.
    pub site: Site,
    /// The clocks of the shards, in order.
    pub shards: Vec<ShardClock>,
    /// The loops and telephones.
    pub lines: Vec<LineSpec>,
    /// The far ends.
    pub peers: Vec<PeerSpec>,
    /// The names that are known.
    pub dns: Dns,
    /// The weather at the start.
    pub weather: Weather,
    /// The calendar at the start.
    pub start: WallTime,
}

/// The gateway's media sockets.
pub fn media_slots() -> Vec<(tipring_units::MediaSlot, SocketAddr)> {
    (0..MEDIA_SLOTS)
        .map(|n| (tipring_units::MediaSlot(n), SocketAddr::new(GATEWAY.ip(), FIRST_MEDIA + 2 * n)))
        .collect()
}
