//! From units of sound to packets.
//!
//! # What
//! Collects 10 ms units until a packet time is full.
//!
//! # How
//! One packet at a time, in fixed storage. The first packet after a pause has the marker.
//!
//! # Limits
//! [`MAX_PTIME`] and [`MAX_PACKET_BYTES`]; a packet that would not fit goes out earlier.
//!
//! # Standard
//! RFC 3551 clause 4.1 (marker) and 4.2 (packet time).

use crate::Timestamp;
use tipring_units::{Millis, TICK};

/// The longest packet time that is sent.
pub const MAX_PTIME: Millis = Millis(60);
/// Bytes of sound in one packet: 60 ms of linear sound at 8 kHz.
pub const MAX_PACKET_BYTES: usize = 960;

/// Sound that is ready to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ready<'a> {
    pub(crate) marker: bool,
    pub(crate) timestamp: Timestamp,
    pub(crate) payload: &'a [u8],
}

#[derive(Clone, Debug)]
pub(crate) struct Packetizer {
    units_per_packet: u32,
    bytes: [u8; MAX_PACKET_BYTES],
    length: usize,
    units: u32,
    timestamp: Timestamp,
    marker: bool,
    paused: bool,
    ready: bool,
}

impl Packetizer {
    pub(crate) fn new(ptime: Millis) -> Self {
        Self {
            units_per_packet: units_of(ptime),
            bytes: [0; MAX_PACKET_BYTES],
            length: 0,
            units: 0,
            timestamp: Timestamp(0),
            marker: false,
            paused: true,
            ready: false,
        }
    }

    /// Another packet time, from the next packet on.
    pub(crate) fn set_ptime(&mut self, ptime: Millis) {
        self.units_per_packet = units_of(ptime);
    }

    /// Adds a unit. What became ready at an earlier tick must have been taken.
    pub(crate) fn add(&mut self, timestamp: Timestamp, unit: &[u8]) {
        if self.ready {
            self.taken();
        }
        if self.units == 0 {
            self.timestamp = timestamp;
            self.marker = core::mem::take(&mut self.paused);
        }
        let end = self.length + unit.len();
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(unit);
            self.length = end;
        }
        self.units += 1;
        self.ready = self.units >= self.units_per_packet || self.length + unit.len() > MAX_PACKET_BYTES;
    }

    /// Takes a packet that its coder has made whole, of the sound since `timestamp`; what was collected before is dropped.
    pub(crate) fn put(&mut self, timestamp: Timestamp, packet: &[u8]) {
        self.taken();
        let Some(place) = self.bytes.get_mut(..packet.len()) else { return };
        place.copy_from_slice(packet);
        (self.length, self.units, self.timestamp) = (packet.len(), 1, timestamp);
        self.marker = core::mem::take(&mut self.paused);
        self.ready = true;
    }

    /// Adds a description of silence in the codec's own words and ends the packet with it; a pause begins. A packet with
    /// nothing else has no marker: no speech begins.
    pub(crate) fn describe(&mut self, timestamp: Timestamp, unit: &[u8]) {
        if self.units == 0 {
            self.paused = false;
        }
        self.add(timestamp, unit);
        self.pause();
    }

    /// A packet has been begun and is not full.
    pub(crate) fn is_collecting(&self) -> bool {
        self.units > 0 && !self.ready
    }

    /// A pause: what was collected goes out, and the next packet has the marker.
    pub(crate) fn pause(&mut self) {
        self.ready |= self.units > 0;
        self.paused = true;
    }

    /// The packet that is ready.
    pub(crate) fn ready(&self) -> Option<Ready<'_>> {
        let payload = self.bytes.get(..self.length)?;
        self.ready.then_some(Ready { marker: self.marker, timestamp: self.timestamp, payload })
    }

    /// It was sent.
    pub(crate) fn taken(&mut self) {
        (self.length, self.units, self.ready) = (0, 0, false);
    }
}

fn units_of(ptime: Millis) -> u32 {
    (ptime.min(MAX_PTIME).0 / TICK.0).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_collected_and_the_first_after_a_pause_is_marked() {
        let mut packetizer = Packetizer::new(Millis(20));
        let mut sent = Vec::new();
        for tick in 0..10_u32 {
            match tick {
                5..=7 => packetizer.pause(),
                _ => packetizer.add(Timestamp(tick * 80), &[tick as u8; 2]),
            }
            if let Some(ready) = packetizer.ready() {
                sent.push((ready.marker, ready.timestamp.0 / 80, ready.payload.to_vec()));
                packetizer.taken();
            }
        }
        let expected = [
            (true, 0, vec![0, 0, 1, 1]),
            (false, 2, vec![2, 2, 3, 3]),
            (false, 4, vec![4, 4]),
            (true, 8, vec![8, 8, 9, 9]),
        ];
        assert_eq!(sent, expected);
    }

    #[test]
    fn a_description_of_silence_ends_its_packet_and_has_no_marker() {
        let mut packetizer = Packetizer::new(Millis(20));
        let mut sent = Vec::new();
        for tick in 0..8_u32 {
            match tick {
                0 | 6 | 7 => packetizer.add(Timestamp(tick), &[9; 10]),
                1 | 4 => packetizer.describe(Timestamp(tick), &[1; 2]),
                _ => packetizer.pause(),
            }
            if let Some(ready) = packetizer.ready() {
                sent.push((ready.marker, ready.timestamp.0, ready.payload.len()));
                packetizer.taken();
            }
        }
        assert_eq!(sent, [(true, 0, 12), (false, 4, 2), (true, 6, 20)]);
    }

    #[test]
    fn a_packet_never_outgrows_its_storage() {
        let mut packetizer = Packetizer::new(Millis(60));
        for _ in 0..20 {
            packetizer.add(Timestamp(0), &[0; 320]);
            if let Some(ready) = packetizer.ready() {
                assert_eq!(ready.payload.len(), 960);
            }
        }
    }
}
