//! G.711 A-law.
//!
//! # What
//! One byte for each sample of 16-bit linear.
//!
//! # How
//! The upper 12 bits of magnitude become a sign, one of eight chords and one of sixteen steps; even bits
//! are inverted on the wire. Coding finds the chord from the leading bit; decoding is a table made at
//! compile time. A negative sample is complemented bit by bit, not negated, as the ITU's reference
//! software does: -1 lies in the first negative interval.
//!
//! # Limits
//! None: all 65,536 samples and 256 codes are defined.
//!
//! # Standard
//! ITU-T G.711, table 1a, b; scaled to 16 bits as in G.191.

/// The bits that are inverted on the wire.
const EVEN_BITS: u8 = 0x55;

/// The code of one sample.
pub(crate) const fn encode(sample: i16) -> u8 {
    let magnitude = (if sample < 0 { !sample } else { sample } >> 4) as u16;
    // Below 32 both chords have steps of one; above, each chord doubles the step.
    let code = if magnitude < 32 {
        magnitude
    } else {
        let chord = 12 - magnitude.leading_zeros() as u16;
        (chord << 4) | ((magnitude >> (chord - 1)) & 0x0f)
    } as u8;
    (if sample < 0 { code } else { code | 0x80 }) ^ EVEN_BITS
}

/// The sample of one code.
pub(crate) fn decode(code: u8) -> i16 {
    TABLE[usize::from(code)]
}

const TABLE: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand(code as u8);
        code += 1;
    }
    table
};

/// The middle of the interval of `code`.
const fn expand(code: u8) -> i16 {
    let code = code ^ EVEN_BITS;
    let (chord, step) = ((code >> 4) & 7, (code & 0x0f) as i16);
    let middle = (step << 4) + 8;
    let magnitude = if chord == 0 { middle } else { (middle + 256) << (chord - 1) };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

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
