//! Streams of calls that are over.
//!
//! # What
//! Remembers from where and with which SSRC packets came that are of no open stream: their far end did not hear that the
//! call is over. The next stream on the slot leaves them out.
//!
//! # Limits
//! The latest [`LEFTOVERS`] of the shard.

use core::net::SocketAddr;

use tipring_rtp::Ssrc;
use tipring_units::MediaSlot;

/// Streams that are remembered.
const LEFTOVERS: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Leftover {
    slot: MediaSlot,
    from: SocketAddr,
    ssrc: Ssrc,
}

/// A ring of them.
#[derive(Clone, Debug)]
pub(super) struct Leftovers {
    all: [Option<Leftover>; LEFTOVERS],
    next: usize,
}

impl Leftovers {
    pub(super) const NONE: Self = Self { all: [None; LEFTOVERS], next: 0 };

    /// This stream has nothing to do with what opens on the slot from now on.
    pub(super) fn note(&mut self, slot: MediaSlot, from: SocketAddr, ssrc: Ssrc) {
        let new = Some(Leftover { slot, from, ssrc });
        if !self.all.contains(&new) {
            self.all[self.next] = new;
            self.next = (self.next + 1) % LEFTOVERS;
        }
    }

    /// Those of a slot.
    pub(super) fn of(&self, slot: MediaSlot) -> impl Iterator<Item = (SocketAddr, Ssrc)> + '_ {
        let own = self.all.iter().flatten().filter(move |leftover| leftover.slot == slot);
        own.map(|leftover| (leftover.from, leftover.ssrc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{IpAddr, Ipv4Addr};

    #[test]
    fn the_latest_are_remembered_once_each_and_by_slot() {
        let from = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let mut leftovers = Leftovers::NONE;
        for _ in 0..LEFTOVERS {
            leftovers.note(MediaSlot(1), from(9), Ssrc(3));
        }
        leftovers.note(MediaSlot(1), from(9), Ssrc(4));
        leftovers.note(MediaSlot(2), from(9), Ssrc(5));
        assert_eq!(leftovers.of(MediaSlot(1)).collect::<Vec<_>>(), [(from(9), Ssrc(3)), (from(9), Ssrc(4))]);
        for port in 0..LEFTOVERS as u16 {
            leftovers.note(MediaSlot(3), from(port), Ssrc(1));
        }
        assert_eq!(leftovers.of(MediaSlot(1)).count(), 0);
        assert_eq!(leftovers.of(MediaSlot(3)).count(), LEFTOVERS);
    }
}
