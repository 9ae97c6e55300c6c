//! RTP as a far end writes and reads it, apart from the gateway's own code.
//!
//! # What it does
//! Writes and reads the fixed header and telephone events.
//!
//! # How
//! Byte by byte.
//!
//! # Limits
//! No contributing sources are written; extensions and padding are read past.
//!
//! # Standard
//! RFC 3550 §5.1, RFC 4733 §2.3.

/// A packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// First of a talkspurt or of an event.
    pub marker: bool,
    /// Payload type.
    pub kind: u8,
    /// Counts packets.
    pub sequence: u16,
    /// Counts samples.
    pub timestamp: u32,
    /// Names the source.
    pub source: u32,
    /// Payload.
    pub payload: Vec<u8>,
}

impl Packet {
    /// As it goes on the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0x80, self.kind & 0x7f | u8::from(self.marker) << 7];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.source.to_be_bytes());
        bytes.extend(&self.payload);
        bytes
    }

    /// What came off the wire; `None` if that is no RTP.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(12)?;
        if head[0] >> 6 != 2 || (200..=204).contains(&head[1]) {
            return None;
        }
        let mut rest = rest.get(usize::from(head[0] & 0x0f) * 4..)?;
        if head[0] & 0x10 != 0 {
            let words = u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]);
            rest = rest.get(4 + usize::from(words) * 4..)?;
        }
        if head[0] & 0x20 != 0 {
            let padding = usize::from(*rest.last()?);
            rest = rest.get(..rest.len().checked_sub(padding)?)?;
        }
        Some(Self {
            marker: head[1] & 0x80 != 0,
            kind: head[1] & 0x7f,
            sequence: u16::from_be_bytes([head[2], head[3]]),
            timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            source: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
            payload: rest.to_vec(),
        })
    }
}

/// A telephone event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TelephoneEvent {
    /// 0 to 15: the keys in the order `0`-`9`, `*`, `#`, `A`-`D`.
    pub code: u8,
    /// It has ended.
    pub end: bool,
    /// Its length so far in samples.
    pub duration: u16,
}

/// The keys in the order of their codes.
const KEYS: &[u8; 16] = b"0123456789*#ABCD";

impl TelephoneEvent {
    /// The code of a key.
    pub fn code_of(key: u8) -> Option<u8> {
        KEYS.iter().position(|k| *k == key.to_ascii_uppercase()).map(|place| place as u8)
    }

    /// Its key.
    pub fn key(&self) -> Option<u8> {
        KEYS.get(usize::from(self.code)).copied()
    }

    /// As payload, at -10 dBm0.
    pub fn to_bytes(self) -> Vec<u8> {
        let [high, low] = self.duration.to_be_bytes();
        vec![self.code, u8::from(self.end) << 7 | 10, high, low]
    }

    /// Out of a payload.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [code, flags, high, low] = *payload.first_chunk::<4>()?;
        Some(Self { code, end: flags & 0x80 != 0, duration: u16::from_be_bytes([high, low]) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let packet = Packet {
            marker: true,
            kind: 101,
            sequence: 65_535,
            timestamp: 1 << 31,
            source: 7,
            payload: TelephoneEvent { code: 11, end: true, duration: 800 }.to_bytes(),
        };
        let read = Packet::parse(&packet.to_bytes()).unwrap();
        assert_eq!(read, packet);
        let event = TelephoneEvent::parse(&read.payload).unwrap();
        assert_eq!((event.key(), event.end, event.duration), (Some(b'#'), true, 800));
    }

    #[test]
    fn no_bytes_are_too_odd_to_read() {
        for length in 0..40 {
            for fill in [0x00, 0x80, 0xbf, 0xff] {
                let _ = Packet::parse(&vec![fill; length]);
            }
        }
        assert!(Packet::parse(&[0x80, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).is_none(), "RTCP");
    }
}
