//! VoIP metrics: what a receiver says of the voice that it hears.
//!
//! # What
//! The report block of RTCP extended reports that carries loss, discards, bursts, delays and quality.
//!
//! # How
//! Fixed fields. What a sender does not know is 127, here `None`.
//!
//! # Limits
//! The other blocks of extended reports are passed over.
//!
//! # Standard
//! RFC 3611 clauses 2, 3 and 4.7.

use crate::Ssrc;

/// Bytes of the block with its head.
pub const VOIP_BYTES: usize = 36;
/// Its block type.
const VOIP: u8 = 7;
/// Its length in words less one.
const WORDS: u16 = 8;
/// The value that stands for "unavailable".
const UNKNOWN: u8 = 127;

/// A block of VoIP metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VoipMetrics {
    /// Whose stream.
    pub ssrc: Ssrc,
    /// Packets lost, in 256ths.
    pub loss: u8,
    /// Packets too early or too late to be played, in 256ths.
    pub discard: u8,
    /// Missing packets within bursts, in 256ths.
    pub burst_density: u8,
    /// Missing packets within gaps, in 256ths.
    pub gap_density: u8,
    /// Mean length of bursts in milliseconds.
    pub burst_ms: u16,
    /// Mean length of gaps in milliseconds.
    pub gap_ms: u16,
    /// Round trip between the RTP interfaces in milliseconds; zero if unknown.
    pub round_trip_ms: u16,
    /// What the reporting end adds, both ways together, in milliseconds; zero if unknown.
    pub end_system_ms: u16,
    /// Level of the voice in dBm0.
    pub signal: Option<i8>,
    /// Level of the noise between the words in dBm0.
    pub noise: Option<i8>,
    /// Residual echo return loss in dB.
    pub echo_loss: Option<u8>,
    /// Received packets in a row that end a burst.
    pub gap_min: u8,
    /// R of this stream, 0 to 100.
    pub rating: Option<u8>,
    /// R of what lies beyond.
    pub beyond: Option<u8>,
    /// Listening quality in tenths, 10 to 50.
    pub listening: Option<u8>,
    /// Conversational quality in tenths, 10 to 50.
    pub conversation: Option<u8>,
    /// Concealment, and how the jitter buffer behaves.
    pub receiver: u8,
    /// Depth of the jitter buffer now in milliseconds.
    pub depth_ms: u16,
    /// The deepest that it has lately been, in milliseconds.
    pub deepest_ms: u16,
    /// The deepest that it may be, in milliseconds.
    pub limit_ms: u16,
}

/// Standard concealment, adaptive jitter buffer (clause 4.7.7).
pub const RECEIVER_ADAPTIVE: u8 = 0b1111_0000;
/// Standard concealment, fixed jitter buffer.
pub const RECEIVER_FIXED: u8 = 0b1110_0000;

impl VoipMetrics {
    /// The block as it goes out.
    pub fn to_bytes(&self) -> [u8; VOIP_BYTES] {
        let signed = |level: Option<i8>| level.map_or(UNKNOWN, |level| level as u8);
        let [s0, s1, s2, s3] = self.ssrc.0.to_be_bytes();
        let [w0, w1] = WORDS.to_be_bytes();
        let mut bytes = [0; VOIP_BYTES];
        let head = [
            [VOIP, 0, w0, w1],
            [s0, s1, s2, s3],
            [self.loss, self.discard, self.burst_density, self.gap_density],
            pair(self.burst_ms, self.gap_ms),
            pair(self.round_trip_ms, self.end_system_ms),
            [signed(self.signal), signed(self.noise), self.echo_loss.unwrap_or(UNKNOWN), self.gap_min],
            [self.rating, self.beyond, self.listening, self.conversation]
                .map(|value| value.unwrap_or(UNKNOWN)),
            [self.receiver, 0, self.depth_ms.to_be_bytes()[0], self.depth_ms.to_be_bytes()[1]],
            pair(self.deepest_ms, self.limit_ms),
        ];
        bytes.as_chunks_mut::<4>().0.iter_mut().zip(head).for_each(|(to, from)| *to = from);
        bytes
    }

    /// The fields behind the head of a block.
    fn read(body: &[u8; VOIP_BYTES - 4]) -> Self {
        let two = |at: usize| {
            body.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |two| u16::from_be_bytes(*two))
        };
        let byte = |at: usize| body.get(at).copied().unwrap_or(0);
        let known = |at: usize| Some(byte(at)).filter(|value| *value != UNKNOWN);
        Self {
            ssrc: Ssrc(u32::from(two(0)) << 16 | u32::from(two(2))),
            loss: byte(4),
            discard: byte(5),
            burst_density: byte(6),
            gap_density: byte(7),
            burst_ms: two(8),
            gap_ms: two(10),
            round_trip_ms: two(12),
            end_system_ms: two(14),
            signal: known(16).map(|level| level as i8),
            noise: known(17).map(|level| level as i8),
            echo_loss: known(18),
            gap_min: byte(19),
            rating: known(20),
            beyond: known(21),
            listening: known(22),
            conversation: known(23),
            receiver: byte(24),
            depth_ms: two(26),
            deepest_ms: two(28),
            limit_ms: two(30),
        }
    }
}

fn pair(a: u16, b: u16) -> [u8; 4] {
    let ([a0, a1], [b0, b1]) = (a.to_be_bytes(), b.to_be_bytes());
    [a0, a1, b0, b1]
}

/// The VoIP metrics among the blocks of an extended report; one that is cut ends them.
#[derive(Clone, Debug)]
pub struct Metrics<'a>(pub(crate) &'a [u8]);

impl Iterator for Metrics<'_> {
    type Item = VoipMetrics;

    fn next(&mut self) -> Option<VoipMetrics> {
        loop {
            let [kind, _, l0, l1] = *self.0.first_chunk::<4>()?;
            let words = u16::from_be_bytes([l0, l1]);
            let size = (usize::from(words) + 1) * 4;
            let (block, rest) = self.0.split_at_checked(size)?;
            self.0 = rest;
            if kind == VOIP && words == WORDS {
                return block.get(4..)?.first_chunk().map(VoipMetrics::read);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> VoipMetrics {
        VoipMetrics {
            ssrc: Ssrc(0x0102_0304),
            loss: 13,
            discard: 2,
            burst_density: 128,
            gap_density: 1,
            burst_ms: 320,
            gap_ms: 50_000,
            round_trip_ms: 41,
            end_system_ms: 62,
            signal: Some(-20),
            noise: None,
            echo_loss: Some(55),
            gap_min: 16,
            rating: Some(84),
            beyond: None,
            listening: Some(41),
            conversation: Some(39),
            receiver: RECEIVER_ADAPTIVE,
            depth_ms: 40,
            deepest_ms: 60,
            limit_ms: 200,
        }
    }

    #[test]
    fn the_block_is_laid_out_as_the_standard_draws_it() {
        #[rustfmt::skip]
        let expected = [
            7, 0, 0, 8,  1, 2, 3, 4,  13, 2, 128, 1,  1, 64, 195, 80,  0, 41, 0, 62,
            236, 127, 55, 16,  84, 127, 41, 39,  0xf0, 0, 0, 40,  0, 60, 0, 200,
        ];
        assert_eq!(sample().to_bytes(), expected);
    }

    #[test]
    fn metrics_are_found_behind_other_blocks_and_what_is_cut_is_left() {
        let mut bytes = vec![4, 0, 0, 2, 0, 0, 0, 0, 1, 2, 3, 4]; // receiver reference time
        bytes.extend(sample().to_bytes());
        bytes.extend([7, 0, 0, 1, 9, 9, 9, 9]); // metrics of a length that they do not have
        bytes.extend(sample().to_bytes());
        assert_eq!(Metrics(&bytes).collect::<Vec<_>>(), [sample(), sample()]);
        for cut in 0..bytes.len() {
            assert!(Metrics(&bytes[..cut]).count() <= 1 + usize::from(cut + 1 > bytes.len()));
        }
        assert_eq!(Metrics(&[7, 0, 255, 255]).next(), None);
    }
}
