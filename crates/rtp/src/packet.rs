//! RTP packets.
//!
//! # What
//! Reads a packet out of a datagram and writes a header before a payload.
//!
//! # How
//! Own code instead of rtp-types: its packet lends the payload for no longer than the wrapper lives, and
//! its builder carries half a kilobyte of lists that a gateway never fills. The tests hold this file
//! against that crate, byte for byte.
//!
//! # Limits
//! Contributing sources and the header extension are read and skipped over, never written.
//!
//! # Standard
//! RFC 3550 clause 5.1 and 5.3.1.

use crate::{PayloadType, Ssrc, Timestamp};

/// Bytes in the header that we write.
pub const HEADER_BYTES: usize = 12;
/// The largest datagram that is sent or received: an Ethernet frame without its headers.
pub const MAX_DATAGRAM: usize = 1500;

const VERSION: u8 = 2;

/// What is wrong with a datagram that was to be RTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PacketError {
    /// Too short for what its header announces.
    #[error("ends at byte {actual}, {part} needs {expected}")]
    Truncated {
        /// What did not fit.
        part: Part,
        /// Bytes that it would take.
        expected: usize,
        /// Bytes that there are.
        actual: usize,
    },
    /// Another version of RTP, or no RTP.
    #[error("version {0} at byte 0, expected 2")]
    Version(u8),
    /// A length of padding that is zero or reaches into the header.
    #[error("padding of {count} in the last byte, expected 1 to {room}")]
    Padding {
        /// What the last byte says.
        count: u8,
        /// Bytes after the header.
        room: usize,
    },
}

/// A part of an RTP packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The fixed header.
    Header,
    /// The contributing sources.
    Csrc,
    /// The header extension.
    Extension,
}

impl core::fmt::Display for Part {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Header => "the header",
            Self::Csrc => "the list of contributing sources",
            Self::Extension => "the header extension",
        })
    }
}

/// The fields that a sender chooses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Start of a talk spurt, or of an event.
    pub marker: bool,
    /// How to read the payload.
    pub payload_type: PayloadType,
    /// Number of the packet, wraps.
    pub sequence: u16,
    /// Media time of the first sample.
    pub timestamp: Timestamp,
    /// Who sends it.
    pub ssrc: Ssrc,
}

/// A packet as received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// The fixed header.
    pub header: Header,
    /// The contributing sources, four bytes each.
    csrc: &'a [u8],
    /// Profile and content of the header extension.
    pub extension: Option<(u16, &'a [u8])>,
    /// What is carried, without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a datagram.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PacketError> {
        let actual = bytes.len();
        let short = |part, expected| PacketError::Truncated { part, expected, actual };
        let (fixed, rest) =
            bytes.split_first_chunk::<HEADER_BYTES>().ok_or(short(Part::Header, HEADER_BYTES))?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if flags >> 6 != VERSION {
            return Err(PacketError::Version(flags >> 6));
        }
        let csrc_bytes = usize::from(flags & 0x0f) * 4;
        let (csrc, mut rest) =
            rest.split_at_checked(csrc_bytes).ok_or(short(Part::Csrc, HEADER_BYTES + csrc_bytes))?;
        let mut extension = None;
        if flags & 0x10 != 0 {
            let start = HEADER_BYTES + csrc_bytes + 4;
            let (head, after) = rest.split_first_chunk::<4>().ok_or(short(Part::Extension, start))?;
            let [p0, p1, l0, l1] = *head;
            let length = usize::from(u16::from_be_bytes([l0, l1])) * 4;
            let (content, after) =
                after.split_at_checked(length).ok_or(short(Part::Extension, start + length))?;
            extension = Some((u16::from_be_bytes([p0, p1]), content));
            rest = after;
        }
        let mut payload = rest;
        if flags & 0x20 != 0 {
            let count = rest.last().copied().unwrap_or(0);
            let wrong = PacketError::Padding { count, room: rest.len() };
            let keep = rest.len().checked_sub(usize::from(count)).filter(|_| count > 0).ok_or(wrong)?;
            payload = rest.get(..keep).ok_or(wrong)?;
        }
        let header = Header {
            marker: kind & 0x80 != 0,
            payload_type: PayloadType(kind & 0x7f),
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: Timestamp(u32::from_be_bytes([t0, t1, t2, t3])),
            ssrc: Ssrc(u32::from_be_bytes([c0, c1, c2, c3])),
        };
        Ok(Self { header, csrc, extension, payload })
    }

    /// The contributing sources.
    pub fn contributors(&self) -> impl Iterator<Item = Ssrc> + 'a {
        self.csrc.as_chunks::<4>().0.iter().map(|bytes| Ssrc(u32::from_be_bytes(*bytes)))
    }
}

impl Header {
    /// Writes header and payload; `None` if `out` is too small.
    pub fn write(&self, payload: &[u8], out: &mut [u8]) -> Option<usize> {
        let size = HEADER_BYTES + payload.len();
        let (head, body) = out.get_mut(..size)?.split_first_chunk_mut::<HEADER_BYTES>()?;
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.0.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.0.to_be_bytes();
        let kind = (u8::from(self.marker) << 7) | (self.payload_type.0 & 0x7f);
        *head = [VERSION << 6, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3];
        body.copy_from_slice(payload);
        Some(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIMPLE: [u8; 14] = [0x80, 0x88, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 0xd5, 0xd5];

    #[test]
    fn a_simple_packet_is_read_and_written_back() {
        let packet = Packet::parse(&SIMPLE).unwrap();
        assert!(packet.header.marker);
        assert_eq!((packet.header.payload_type, packet.header.sequence), (PayloadType(8), 0x1234));
        assert_eq!((packet.header.timestamp, packet.header.ssrc), (Timestamp(160), Ssrc(0xdead_beef)));
        assert_eq!(packet.payload, [0xd5, 0xd5]);
        let mut out = [0; 20];
        assert_eq!(packet.header.write(packet.payload, &mut out), Some(14));
        assert_eq!(out[..14], SIMPLE);
        assert_eq!(packet.header.write(packet.payload, &mut out[..13]), None);
    }

    #[test]
    fn sources_extension_and_padding_are_taken_off_the_payload() {
        let mut bytes = vec![0xb2, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
        bytes.extend([0, 0, 0, 1, 0, 0, 0, 2]); // two contributors
        bytes.extend([0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0]); // one word of extension
        bytes.extend([1, 2, 3, 0, 0, 3]); // three of payload, three of padding
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(packet.contributors().collect::<Vec<_>>(), [Ssrc(1), Ssrc(2)]);
        assert_eq!(packet.extension, Some((0xbede, &[0x10, 0xff, 0, 0][..])));
        assert_eq!(packet.payload, [1, 2, 3]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_place() {
        assert_eq!(
            Packet::parse(&SIMPLE[..11]),
            Err(PacketError::Truncated { part: Part::Header, expected: 12, actual: 11 })
        );
        let mut bytes = SIMPLE;
        bytes[0] = 0x81;
        assert_eq!(
            Packet::parse(&bytes),
            Err(PacketError::Truncated { part: Part::Csrc, expected: 16, actual: 14 })
        );
        bytes[0] = 0xa0;
        bytes[13] = 3;
        assert_eq!(Packet::parse(&bytes), Err(PacketError::Padding { count: 3, room: 2 }));
        bytes[13] = 0;
        assert_eq!(Packet::parse(&bytes), Err(PacketError::Padding { count: 0, room: 2 }));
        bytes[0] = 0x40;
        assert_eq!(Packet::parse(&bytes), Err(PacketError::Version(1)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_as_rtp_types_reads_them(mut bytes in proptest::collection::vec(any::<u8>(), 0..96), version: bool) {
            if version && let Some(first) = bytes.first_mut() {
                *first = 0x80 | (*first & 0x33); // a few contributors, so that many packets pass
            }
            match (Packet::parse(&bytes), rtp_types::RtpPacket::parse(&bytes)) {
                (Ok(ours), Ok(theirs)) => {
                    prop_assert_eq!(ours.payload, theirs.payload());
                    prop_assert_eq!(ours.extension, theirs.extension());
                    prop_assert_eq!(ours.header.sequence, theirs.sequence_number());
                    prop_assert_eq!(ours.header.timestamp.0, theirs.timestamp());
                    prop_assert_eq!(ours.header.ssrc.0, theirs.ssrc());
                    prop_assert_eq!(ours.header.payload_type.0, theirs.payload_type());
                    prop_assert_eq!(ours.header.marker, theirs.marker_bit());
                    prop_assert!(ours.contributors().map(|ssrc| ssrc.0).eq(theirs.csrc()));
                }
                (Err(_), Err(_)) => {}
                (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?}"),
            }
        }
    }
}
