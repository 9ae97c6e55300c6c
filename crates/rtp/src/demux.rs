//! What a datagram on a media socket is.
//!
//! # What
//! Tells RTP, RTCP, STUN and DTLS apart, which may all arrive on one UDP port.
//!
//! # How
//! By the first byte, and RTCP by the second.
//!
//! # Limits
//! UDPTL has no mark of its own: where a T.38 stream is expected, ask it first.
//!
//! # Standard
//! RFC 7983 clause 7, RFC 5761 clause 4.

/// What a datagram looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Datagram {
    /// RTP.
    Rtp,
    /// RTCP.
    Rtcp,
    /// STUN (RFC 8489).
    Stun,
    /// DTLS.
    Dtls,
    /// None of these: UDPTL, a keep-alive, or rubbish.
    Other,
}

/// Sorts a datagram by its first bytes.
pub fn classify(bytes: &[u8]) -> Datagram {
    match bytes {
        // RTCP packet types 192 to 223 lie where RTP would have a marker and payload types 64 to 95,
        // which RFC 5761 therefore forbids.
        [128..=191, 192..=223, ..] => Datagram::Rtcp,
        [128..=191, _, ..] => Datagram::Rtp,
        [0..=3, ..] if bytes.get(4..8) == Some(&STUN_COOKIE) => Datagram::Stun,
        [20..=63, ..] => Datagram::Dtls,
        _ => Datagram::Other,
    }
}

/// Bytes 4 to 7 of STUN; without them a small first byte is more likely UDPTL, whose first two bytes count
/// up from zero.
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_is_known_by_its_first_bytes() {
        assert_eq!(classify(&[0x80, 0x00]), Datagram::Rtp);
        assert_eq!(classify(&[0x80, 0x80]), Datagram::Rtp, "PCMU with marker");
        assert_eq!(classify(&[0x90, 0x65]), Datagram::Rtp);
        assert_eq!(classify(&[0x80, 200]), Datagram::Rtcp);
        assert_eq!(classify(&[0x81, 223]), Datagram::Rtcp);
        assert_eq!(classify(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), Datagram::Stun);
        assert_eq!(classify(&[22, 254, 253]), Datagram::Dtls);
        assert_eq!(classify(&[0, 1, 6, 0xc0]), Datagram::Other, "UDPTL");
        assert_eq!(classify(&[0x40]), Datagram::Other, "TURN channel");
        assert_eq!(classify(&[0x80]), Datagram::Other);
        assert_eq!(classify(&[]), Datagram::Other);
    }
}
