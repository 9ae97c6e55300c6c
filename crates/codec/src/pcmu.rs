//! G.711 mu-law.
//!
//! # What
//! One byte for each sample of 16-bit linear.
//!
//! # How
//! The upper 13 bits of magnitude plus a bias of 33 become a sign, one of eight chords and one of sixteen
//! steps, all inverted on the wire. That is the upper part of a floating-point number, and so both ways go by one: no table and no
//! branch, so that a compiler makes vectors of it. A negative sample is complemented bit by bit, not negated, as the ITU's reference
//! software does.
//!
//! # Limits
//! None: all 65,536 samples and 256 codes are defined. The code of all zeros is sent as such (the zero
//! suppression of old T1 spans belongs to the span).
//!
//! # Standard
//! ITU-T G.711, table 2a, b; scaled to 16 bits as in G.191.

/// What makes every chord start at a power of two, on the 14-bit scale.
const BIAS: u16 = 33;
/// The largest biased magnitude, on the 14-bit scale.
const CLIP: u16 = 0x1fff;

/// Place of the four highest bits of a float's fraction; the exponent is above.
const STEP: u32 = 19;
/// Exponent of the least biased magnitude: 2^5.
const FIRST_CODING: u32 = (127 + 5) << 4;
/// The first chord's on the 16-bit scale, 2^7, and half a step: the middle of an interval.
const FIRST_DECODING: u32 = (127 + 7) << 23 | 1 << (STEP - 1);
/// Added to a float, it leaves the whole number in the lowest bits.
const WHOLE: f32 = 8_388_608.0;

/// The code of one sample.
#[inline]
pub(crate) const fn encode(sample: i16) -> u8 {
    let magnitude = (if sample < 0 { !sample } else { sample } >> 2) as u16 + BIAS;
    let magnitude = if magnitude > CLIP { CLIP } else { magnitude };
    let code = ((magnitude as f32).to_bits() >> STEP).wrapping_sub(FIRST_CODING) as u8;
    !(if sample < 0 { code | 0x80 } else { code })
}

/// The sample of one code: the middle of its interval.
#[inline]
pub(crate) const fn decode(code: u8) -> i16 {
    let code = !code;
    let biased = f32::from_bits((((code & 0x7f) as u32) << STEP) + FIRST_DECODING);
    let magnitude = ((biased + WHOLE).to_bits() & 0xffff) as i32 - ((BIAS as i32) << 2);
    (if code & 0x80 == 0 { magnitude } else { -magnitude }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_chords_and_steps() {
        for sample in i16::MIN..=i16::MAX {
            let magnitude = ((if sample < 0 { !sample } else { sample } >> 2) as u16 + BIAS).min(CLIP);
            let chord = 10 - magnitude.leading_zeros() as u16;
            let code = ((chord << 4) | ((magnitude >> (chord + 1)) & 0x0f)) as u8;
            assert_eq!(encode(sample), !(if sample < 0 { code | 0x80 } else { code }), "{sample}");
        }
        for wire in 0..=255_u8 {
            let code = !wire;
            let (chord, step) = ((code >> 4) & 7, i16::from(code & 0x0f));
            let bias = (BIAS << 2) as i16;
            let magnitude = (((step << 3) + bias) << chord) - bias;
            assert_eq!(decode(wire), if code & 0x80 == 0 { magnitude } else { -magnitude }, "{wire}");
        }
    }

    #[test]
    fn edges_of_the_chords_are_where_table_2_puts_them() {
        // Decision values of table 2a in units of 1/8159, here times 4.
        for (sample, code) in
            [(0, 0x00), (3, 0x00), (4, 0x01), (31 * 4, 0x10), (95 * 4, 0x20), (4063 * 4, 0x70)]
        {
            assert_eq!(encode(sample), !code, "{sample}");
            assert_eq!(encode(!sample), !(code | 0x80), "{}", !sample);
        }
        assert_eq!(encode(i16::MAX), 0x80);
        assert_eq!(encode(i16::MIN), 0x00);
    }

    #[test]
    fn every_code_but_negative_zero_survives_decoding_and_coding() {
        assert!((0..=255).filter(|code| *code != 0x7f).all(|code| encode(decode(code)) == code));
        assert_eq!((decode(0xff), decode(0x7f)), (0, 0), "both zeros are zero");
        assert_eq!((decode(0x80), decode(0x00)), (32_124, -32_124));
    }
}
