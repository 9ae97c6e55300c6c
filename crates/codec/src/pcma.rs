//! G.711 A-law.
//!
//! # What
//! One byte for each sample of 16-bit linear.
//!
//! # How
//! The upper 12 bits of magnitude become a sign, one of eight chords and one of sixteen steps; even bits
//! are inverted on the wire. That is the upper part of a floating-point number, but for the first chord, and so both ways go by one: no
//! table, so that a compiler makes vectors of it. A negative sample is complemented bit by bit, not negated, as the ITU's reference
//! software does: -1 lies in the first negative interval.
//!
//! # Limits
//! None: all 65,536 samples and 256 codes are defined.
//!
//! # Standard
//! ITU-T G.711, table 1a, b; scaled to 16 bits as in G.191.

/// The bits that are inverted on the wire.
const EVEN_BITS: u8 = 0x55;

/// Place of the four highest bits of a float's fraction; the exponent is above.
const STEP: u32 = 19;
/// Exponent of the second chord's least magnitude, less one chord: 2^3.
const FIRST_CODING: u32 = (127 + 3) << 4;
/// The same on the 16-bit scale, 2^7, and half a step: the middle of an interval.
const FIRST_DECODING: u32 = (127 + 7) << 23 | 1 << (STEP - 1);
/// Added to a float, it leaves the whole number in the lowest bits.
const WHOLE: f32 = 8_388_608.0;

/// The code of one sample.
#[inline]
pub(crate) const fn encode(sample: i16) -> u8 {
    let magnitude = (if sample < 0 { !sample } else { sample } >> 4) as u32;
    let above = ((magnitude as f32).to_bits() >> STEP).wrapping_sub(FIRST_CODING);
    // The first chord has the steps of the second.
    let code = (if magnitude < 16 { magnitude } else { above }) as u8;
    (if sample < 0 { code } else { code | 0x80 }) ^ EVEN_BITS
}

/// The sample of one code: the middle of its interval.
#[inline]
pub(crate) const fn decode(code: u8) -> i16 {
    let code = (code ^ EVEN_BITS) as u32;
    let above = f32::from_bits(((code & 0x7f) << STEP) + FIRST_DECODING);
    let above = (above + WHOLE).to_bits() & 0xffff;
    let magnitude = (if code & 0x70 == 0 { ((code & 0x0f) << 4) + 8 } else { above }) as i32;
    (if code & 0x80 == 0 { -magnitude } else { magnitude }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_chords_and_steps() {
        for sample in i16::MIN..=i16::MAX {
            let magnitude = (if sample < 0 { !sample } else { sample } >> 4) as u16;
            let code = if magnitude < 32 {
                magnitude
            } else {
                let chord = 12 - magnitude.leading_zeros() as u16;
                (chord << 4) | ((magnitude >> (chord - 1)) & 0x0f)
            } as u8;
            let code = (if sample < 0 { code } else { code | 0x80 }) ^ EVEN_BITS;
            assert_eq!(encode(sample), code, "{sample}");
        }
        for wire in 0..=255_u8 {
            let code = wire ^ EVEN_BITS;
            let (chord, step) = ((code >> 4) & 7, i16::from(code & 0x0f));
            let middle = (step << 4) + 8;
            let magnitude = if chord == 0 { middle } else { (middle + 256) << (chord - 1) };
            assert_eq!(decode(wire), if code & 0x80 == 0 { -magnitude } else { magnitude }, "{wire}");
        }
    }

    #[test]
    fn edges_of_the_chords_are_where_table_1_puts_them() {
        // Decision values of table 1a in units of 1/4096, here times 8.
        for (sample, code) in [(0, 0x80), (15, 0x80), (16, 0x81), (512, 0xa0), (1024, 0xb0), (16_384, 0xf0)] {
            assert_eq!(encode(sample), code ^ EVEN_BITS, "{sample}");
            assert_eq!(encode(!sample), (code & 0x7f) ^ EVEN_BITS, "{}", !sample);
        }
        assert_eq!(encode(i16::MAX), 0xff ^ EVEN_BITS);
        assert_eq!(encode(i16::MIN), 0x7f ^ EVEN_BITS);
    }

    #[test]
    fn every_code_survives_decoding_and_coding() {
        assert!((0..=255).all(|code| encode(decode(code)) == code));
        assert_eq!((decode(0xd5), decode(0x55)), (8, -8), "there is no zero in A-law");
        assert_eq!((decode(0xaa), decode(0x2a)), (32_256, -32_256));
    }
}
