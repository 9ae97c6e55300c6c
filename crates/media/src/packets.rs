//! A batch of packets to send, in memory that is never allocated anew.

use core::net::SocketAddr;

use tipring_units::MediaSlot;

/// Bytes of one packet, at the most: 60 ms of L16 with its headers, or a compound RTCP packet.
pub const MAX_PACKET: usize = 1200;

/// Which of a slot's two sockets a packet uses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Channel {
    /// The even UDP port.
    Rtp,
    /// The odd UDP port.
    Rtcp,
}

/// One packet of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// The pair of sockets.
    pub slot: MediaSlot,
    /// Which of them.
    pub channel: Channel,
    /// The far address: to it, or from it.
    pub remote: SocketAddr,
    /// The bytes.
    pub bytes: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    slot: MediaSlot,
    channel: Channel,
    remote: SocketAddr,
    start: u32,
    end: u32,
}

/// A batch of packets. What does not fit is dropped and counted.
#[derive(Debug)]
pub struct Packets {
    bytes: Vec<u8>,
    used: usize,
    entries: Vec<Entry>,
    capacity: usize,
    dropped: u64,
    spill: [u8; MAX_PACKET],
}

impl Packets {
    /// Room for `capacity` packets.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: vec![0; capacity * MAX_PACKET],
            used: 0,
            entries: Vec::with_capacity(capacity),
            capacity,
            dropped: 0,
            spill: [0; MAX_PACKET],
        }
    }

    /// Adds a packet that `write` makes in the buffer that it is given, telling by which socket it leaves, where to,
    /// and how long it is; false if there was none.
    pub fn push_with(
        &mut self,
        slot: MediaSlot,
        write: impl FnOnce(&mut [u8]) -> Option<(Channel, SocketAddr, usize)>,
    ) -> bool {
        let room = self.bytes.get_mut(self.used..self.used + MAX_PACKET);
        let (Some(room), true) = (room, self.entries.len() < self.capacity) else {
            // What does not fit is written all the same, so that its writer's numbers go on, and dropped.
            let written = write(&mut self.spill).is_some();
            self.dropped += u64::from(written);
            return written;
        };
        let Some((channel, remote, length)) = write(room) else { return false };
        let length = length.min(MAX_PACKET);
        let (start, end) = (self.used as u32, (self.used + length) as u32);
        self.entries.push(Entry { slot, channel, remote, start, end });
        self.used += length;
        true
    }

    /// Adds a copy of a packet.
    pub fn push(&mut self, packet: &Packet<'_>) {
        self.push_with(packet.slot, |room| {
            let length = packet.bytes.len().min(room.len());
            room[..length].copy_from_slice(&packet.bytes[..length]);
            Some((packet.channel, packet.remote, length))
        });
    }

    /// The packets in order.
    pub fn iter(&self) -> impl Iterator<Item = Packet<'_>> {
        self.entries.iter().map(|entry| Packet {
            slot: entry.slot,
            channel: entry.channel,
            remote: entry.remote,
            bytes: &self.bytes[entry.start as usize..entry.end as usize],
        })
    }

    /// Empties the batch, keeping its memory.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.used = 0;
    }

    /// Packets in the batch.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Packets that did not fit since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_batch_drops_and_counts() {
        let mut packets = Packets::with_capacity(2);
        let remote = SocketAddr::from(([127, 0, 0, 1], 4000));
        for byte in 0..3u8 {
            packets.push(&Packet { slot: MediaSlot(1), channel: Channel::Rtp, remote, bytes: &[byte; 3] });
        }
        assert_eq!(packets.iter().map(|packet| packet.bytes[0]).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(packets.dropped(), 1);
        packets.clear();
        assert!(packets.is_empty());
    }
}
