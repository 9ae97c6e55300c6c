//! Linear 16 bit.
//!
//! # What
//! Samples as they are, most significant byte first.
//!
//! # How
//! Byte order only.
//!
//! # Limits
//! Mono, at the rate of the line. An odd last byte is left out.
//!
//! # Standard
//! RFC 3551 clause 4.5.11.

/// Writes each sample that fits and returns the bytes.
pub(crate) fn encode(samples: &[i16], out: &mut [u8]) -> usize {
    let mut written = 0;
    for (to, sample) in out.chunks_exact_mut(2).zip(samples) {
        to.copy_from_slice(&sample.to_be_bytes());
        written += 2;
    }
    written
}

/// Reads each sample that fits and returns their number.
pub(crate) fn decode(bytes: &[u8], out: &mut [i16]) -> usize {
    let mut read = 0;
    for (to, pair) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *to = i16::from_be_bytes(*pair);
        read += 1;
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_significant_byte_comes_first() {
        let (mut bytes, mut back) = ([0; 4], [0; 2]);
        assert_eq!(encode(&[0x0102, -2], &mut bytes), 4);
        assert_eq!(bytes, [1, 2, 0xff, 0xfe]);
        assert_eq!(decode(&bytes, &mut back), 2);
        assert_eq!(back, [0x0102, -2]);
    }
}
