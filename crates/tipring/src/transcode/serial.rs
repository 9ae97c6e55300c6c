//! The bit streams of the ITU's vectors.
//!
//! G.711 and G.726: a little-endian 16-bit word for each code. G.729: for each frame a sync word, the number of bits,
//! and a word for each bit (G.192 and the reference software of G.729).

use anyhow::{Result, bail, ensure};
use tipring_codec::Packing;

const SYNC: u16 = 0x6b21;
const ZERO: u16 = 0x007f;
const ONE: u16 = 0x0081;

/// A frame of G.729 as it came: `None` where it was erased.
pub type Frame = Option<Vec<u8>>;

/// True if the bytes are frames of the serial form from their beginning.
pub fn is_serial(bytes: &[u8]) -> bool {
    matches!(words(bytes).take(2).collect::<Vec<_>>()[..], [SYNC, 0 | 16 | 80]) && frames(bytes).is_ok()
}

/// The frames of a serial file.
pub fn frames(bytes: &[u8]) -> Result<Vec<Frame>> {
    let words: Vec<u16> = words(bytes).collect();
    let (mut rest, mut frames) = (&words[..], Vec::new());
    while let [sync, length, after @ ..] = rest {
        let number = frames.len() + 1;
        ensure!(*sync == SYNC, "frame {number} begins with {sync:#06x}, not with the sync word 0x6b21");
        let Some((bits, next)) = after.split_at_checked(usize::from(*length)) else {
            bail!("frame {number} is cut off: {} of {length} bits", after.len())
        };
        // A bit that is neither zero nor one was erased on the way, and the frame with it.
        let sound = bits.iter().all(|bit| matches!(*bit, ZERO | ONE));
        let byte =
            |bits: &[u16]| bits.iter().enumerate().map(|(n, bit)| u8::from(*bit == ONE) << (7 - n)).sum();
        frames.push(sound.then(|| bits.chunks(8).map(byte).collect()));
        rest = next;
    }
    Ok(frames)
}

/// The serial form of a frame.
pub fn write_frame(frame: &[u8], out: &mut Vec<u8>) {
    let bits = frame.len() as u16 * 8;
    let body =
        frame.iter().flat_map(|byte| (0..8).rev().map(move |n| if byte >> n & 1 == 1 { ONE } else { ZERO }));
    out.extend([SYNC, bits].into_iter().chain(body).flat_map(u16::to_le_bytes));
}

/// The codes of a file with a word for each.
pub fn codes(bytes: &[u8]) -> Vec<u8> {
    words(bytes).map(|word| word as u8).collect()
}

/// A word for each code.
pub fn write_codes(codes: &[u8]) -> Vec<u8> {
    codes.iter().flat_map(|code| [*code, 0]).collect()
}

/// Packs codes of `bits` bits; what is missing to a whole byte is zeros.
pub fn pack(codes: &[u8], bits: usize, packing: Packing) -> Vec<u8> {
    let mut packed = vec![0; (codes.len() * bits).div_ceil(8)];
    for (index, code) in codes.iter().enumerate() {
        for n in 0..bits {
            let (place, bit) = position(index, n, bits, packing);
            packed[place] |= (code >> n & 1) << bit;
        }
    }
    packed
}

/// The codes of `bits` bits in packed bytes.
pub fn unpack(packed: &[u8], bits: usize, packing: Packing) -> Vec<u8> {
    let code = |index| {
        let bit = |n| {
            let (place, bit) = position(index, n, bits, packing);
            (packed[place] >> bit & 1) << n
        };
        (0..bits).map(bit).sum()
    };
    (0..packed.len() * 8 / bits).map(code).collect()
}

/// Byte and bit where bit `n` of a code lies.
fn position(index: usize, n: usize, bits: usize, packing: Packing) -> (usize, usize) {
    match packing {
        Packing::Rfc3551 => ((index * bits + n) / 8, (index * bits + n) % 8),
        Packing::Aal2 => {
            let from_top = index * bits + bits - 1 - n;
            (from_top / 8, 7 - from_top % 8)
        }
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_erased_ones_are_known() {
        let mut bytes = Vec::new();
        for frame in [&[0x80, 1, 2, 3, 4, 5, 6, 7, 8, 9][..], &[0xaa, 0x55], &[]] {
            write_frame(frame, &mut bytes);
        }
        assert_eq!(bytes.len(), 164 + 36 + 4);
        assert!(is_serial(&bytes));
        let mut read = frames(&bytes).unwrap();
        assert_eq!(read.remove(1), Some(vec![0xaa, 0x55]));
        bytes[10] = 0;
        assert_eq!(frames(&bytes).unwrap()[0], None);
        assert!(frames(&bytes[..100]).unwrap_err().to_string().contains("cut off"));
        assert!(!is_serial(&[0x21, 0x6b, 0x50, 0, 1]) && !is_serial(&[]));
    }

    #[test]
    fn codes_are_packed_as_the_codec_packs_them() {
        use tipring_codec::{G726Encoder, G726Rate};
        let samples: Vec<i16> = (0..160).map(|n| (n * 613 % 9000 - 4500) as i16).collect();
        for rate in G726Rate::ALL {
            let mut codes = Vec::new();
            for packing in [Packing::Rfc3551, Packing::Aal2] {
                let mut packed = vec![0; 20 * rate.bits()];
                G726Encoder::new(rate, packing).encode(&samples, &mut packed);
                codes.push(unpack(&packed, rate.bits(), packing));
                assert_eq!(pack(&codes[codes.len() - 1], rate.bits(), packing), packed);
            }
            assert_eq!(codes[0], codes[1]);
        }
    }
}
