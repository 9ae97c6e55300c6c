//! Packets of Opus, as far as the way of a packet needs to know them.
//!
//! # What
//! How long a packet of Opus sounds, and whether the packet after a lost one can repeat its sound.
//!
//! # How
//! The first byte names the mode, the length of a frame and how many there are; with a code of 3 the second one counts
//! them. What lies behind is the codec's.
//!
//! # Limits
//! Packets of whole units of 10 ms. Those of 2.5 and 5 ms are refused: nobody sends them to a telephone.
//!
//! # Standard
//! RFC 6716 clause 3.1 (the first byte) and 3.2.5; RFC 7587 clause 4.1 (the clock).

use crate::ClockRate;

/// Units of 10 ms in the longest packet.
pub const MAX_OPUS_UNITS: usize = 12;
/// Bytes of a packet that says that nobody talks, at the most: a first byte and no sound (RFC 7587 clause 3.1.3).
pub const OPUS_SILENCE_BYTES: usize = 2;

/// Samples of the longest packet by the clock of Opus.
const MAX_SAMPLES: u32 = 5760;
/// Samples of 10 ms by the clock of Opus.
const UNIT: u32 = ClockRate::OPUS.unit().0;

/// What the head of a packet tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpusShape {
    /// Units of 10 ms in it.
    pub units: u32,
    /// Units in each of its frames; zero where a frame is shorter than one.
    pub frame_units: u32,
    /// It repeats the frame before it, coarsely.
    pub repeats: bool,
}

impl OpusShape {
    /// Reads the head of a packet; `None` if it is none or not whole units long.
    pub fn of(packet: &[u8]) -> Option<Self> {
        let (&head, rest) = packet.split_first()?;
        let config = head >> 3;
        let frame = match config {
            0..=11 => [480, 960, 1920, 2880][usize::from(config & 3)],
            12..=15 => [480, 960][usize::from(config & 1)],
            _ => 120 << (config & 3),
        };
        let frames = match head & 3 {
            0 => 1,
            1 | 2 => 2,
            _ => u32::from(rest.first()? & 0x3f),
        };
        let samples = frame * frames;
        let whole = samples > 0 && samples <= MAX_SAMPLES && samples.is_multiple_of(UNIT);
        let repeats = config < 16 && repeats(head, rest, frame);
        whole.then_some(Self { units: samples / UNIT, frame_units: frame / UNIT, repeats })
    }
}

/// Whether the first frame of speech says so: behind a bit for each 20 ms of it (RFC 6716 clause 4.2.3), for each channel.
fn repeats(head: u8, rest: &[u8], frame: u32) -> bool {
    let first = match head & 3 {
        0 | 1 => rest.first(),
        // The length of the first frame stands before it.
        2 => rest.get(if rest.first().is_some_and(|length| *length >= 252) { 2 } else { 1 }),
        // Where the first frame begins takes more: the decoder finds out.
        _ => return true,
    };
    let blocks = (frame / 960).max(1);
    let flag = |place: u32| first.is_some_and(|byte| byte & (0x80 >> place) != 0);
    flag(blocks) || (head & 4 != 0 && flag(2 * blocks + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(packet: &[u8]) -> Option<u32> {
        OpusShape::of(packet).map(|shape| shape.units)
    }

    #[test]
    fn the_first_byte_tells_how_long_a_packet_sounds() {
        // Configurations 0 to 3: speech, narrow, 10 to 60 ms; 14: both, 10 ms; 31: music, 20 ms.
        for (config, expected) in [(0, 1), (1, 2), (2, 4), (3, 6), (14, 1), (15, 2), (31, 2), (30, 1)] {
            assert_eq!(units(&[config << 3, 1, 2]), Some(expected), "{config}");
        }
        assert_eq!(units(&[1 << 3 | 1, 1, 2]), Some(4), "two frames");
        assert_eq!(units(&[1 << 3 | 3, 5, 2]), Some(10), "five frames");
        assert_eq!(units(&[29 << 3 | 3, 4, 2]), Some(2), "four of 5 ms");
        assert_eq!(OpusShape::of(&[3 << 3]).unwrap().frame_units, 6);
    }

    #[test]
    fn a_bit_behind_those_of_speech_tells_of_a_repetition() {
        let repeats = |packet: &[u8]| OpusShape::of(packet).unwrap().repeats;
        assert!(repeats(&[1 << 3, 0b1100_0000]) && !repeats(&[1 << 3, 0b1010_0000]));
        assert!(repeats(&[3 << 3, 0b0001_0000]) && !repeats(&[3 << 3, 0b1110_1111]));
        assert!(repeats(&[1 << 3 | 4, 0b0001_0000]), "of the second channel");
        assert!(repeats(&[1 << 3 | 2, 100, 0b0100_0000]), "behind a length");
        assert!(!repeats(&[31 << 3, 0xff]), "music has none");
        assert!(!repeats(&[1 << 3]), "nothing at all");
    }

    #[test]
    fn what_is_no_packet_of_whole_units_is_refused() {
        assert_eq!(units(&[]), None);
        assert_eq!(units(&[3]), None, "the count is missing");
        assert_eq!(units(&[3, 0]), None, "no frames");
        assert_eq!(units(&[3 << 3 | 3, 3]), None, "180 ms");
        assert_eq!(units(&[16 << 3]), None, "2.5 ms");
        for head in 0..=255 {
            for count in 0..64 {
                if let Some(shape) = OpusShape::of(&[head, count]) {
                    assert!((1..=MAX_OPUS_UNITS as u32).contains(&shape.units));
                }
            }
        }
    }
}
