//! The choice of a codec, and coders and decoders that are made of it.
//!
//! # What
//! Names, rates and sizes of each codec as SDP and RTP see them, and dispatch to its coder.
//!
//! # How
//! Plain enums and `match`. Audio is 16-bit linear, 10 ms at a time; what a coder makes of 10 ms is a
//! *unit*, and a packet of 20 ms carries two.
//!
//! # Limits
//! A codec whose packets cannot be cut into 10 ms units (Opus, G.723.1) needs a second way of framing.
//!
//! # Standard
//! RFC 3551 (clause 4.5, payload types of table 4), RFC 4856.

use crate::{l16, pcma, pcmu};
use tipring_units::{SAMPLE_RATE, TICK_SAMPLES};

/// Samples in the longest unit that a codec takes: 10 ms at 16 kHz.
pub const MAX_UNIT_SAMPLES: usize = 160;
/// Bytes in the largest unit that a codec makes: 10 ms of L16 at 8 kHz.
pub const MAX_UNIT_BYTES: usize = 160;

/// A speech codec.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Codec {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// Linear 16 bit at 8 kHz, big-endian.
    L16,
}

/// A rate in ticks or samples per second, exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClockRate(pub u32);

/// What codes one stream.
#[derive(Clone, Debug)]
pub enum Encoder {
    /// G.711 mu-law: no state.
    Pcmu,
    /// G.711 A-law: no state.
    Pcma,
    /// Linear: no state.
    L16,
}

/// What decodes one stream.
#[derive(Clone, Debug)]
pub enum Decoder {
    /// G.711 mu-law: no state.
    Pcmu,
    /// G.711 A-law: no state.
    Pcma,
    /// Linear: no state.
    L16,
}

impl Codec {
    /// Every codec of this build.
    pub const ALL: [Self; 3] = [Self::Pcmu, Self::Pcma, Self::L16];

    /// The encoding name in `a=rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::L16 => "L16",
        }
    }

    /// The codec of an `a=rtpmap` line: the name in any case, and the rate. Mono only.
    pub fn from_rtpmap(name: &str, rate: ClockRate) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name) && codec.rtp_clock() == rate)
    }

    /// The payload type that RFC 3551 gives it, if any: L16 has one only at 44.1 kHz.
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::L16 => None,
        }
    }

    /// The codec of a static payload type, when SDP gives no rtpmap for it.
    pub fn from_static_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(payload_type))
    }

    /// The rate of the RTP timestamp, as in rtpmap. It need not be the sample rate: RFC 3551 clause
    /// 4.5.2 keeps 8000 for G.722, which samples at 16 kHz.
    pub const fn rtp_clock(self) -> ClockRate {
        match self {
            Self::Pcmu | Self::Pcma | Self::L16 => ClockRate(SAMPLE_RATE),
        }
    }

    /// The rate of the linear audio that it takes and gives.
    pub const fn sample_rate(self) -> ClockRate {
        match self {
            Self::Pcmu | Self::Pcma | Self::L16 => ClockRate(SAMPLE_RATE),
        }
    }

    /// Linear samples in 10 ms.
    pub const fn unit_samples(self) -> usize {
        match self {
            Self::Pcmu | Self::Pcma | Self::L16 => TICK_SAMPLES,
        }
    }

    /// Bytes that 10 ms becomes.
    pub const fn unit_bytes(self) -> usize {
        match self {
            Self::Pcmu | Self::Pcma => TICK_SAMPLES,
            Self::L16 => 2 * TICK_SAMPLES,
        }
    }

    /// A coder at its reset state.
    pub const fn encoder(self) -> Encoder {
        match self {
            Self::Pcmu => Encoder::Pcmu,
            Self::Pcma => Encoder::Pcma,
            Self::L16 => Encoder::L16,
        }
    }

    /// A decoder at its reset state.
    pub const fn decoder(self) -> Decoder {
        match self {
            Self::Pcmu => Decoder::Pcmu,
            Self::Pcma => Decoder::Pcma,
            Self::L16 => Decoder::L16,
        }
    }
}

impl Encoder {
    /// Codes one unit: [`Codec::unit_samples`] samples into `out`, which should hold
    /// [`Codec::unit_bytes`]. Returns the bytes written; what does not fit is left out.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        match self {
            Self::Pcmu => map(samples, out, pcmu::encode),
            Self::Pcma => map(samples, out, pcma::encode),
            Self::L16 => l16::encode(samples, out),
        }
    }
}

impl Decoder {
    /// Decodes the bytes of one unit and returns the samples written. A short unit gives fewer samples;
    /// what does not fit in `out` is left out.
    pub fn decode(&mut self, bytes: &[u8], out: &mut [i16]) -> usize {
        match self {
            Self::Pcmu => map(bytes, out, pcmu::decode),
            Self::Pcma => map(bytes, out, pcma::decode),
            Self::L16 => l16::decode(bytes, out),
        }
    }
}

/// One output for each input, as many as there are of both.
fn map<A: Copy, B>(from: &[A], to: &mut [B], each: impl Fn(A) -> B) -> usize {
    for (to, from) in to.iter_mut().zip(from) {
        *to = each(*from);
    }
    from.len().min(to.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtpmap_names_match_in_any_case_and_by_rate() {
        assert_eq!(Codec::from_rtpmap("pcma", ClockRate(8000)), Some(Codec::Pcma));
        assert_eq!(Codec::from_rtpmap("L16", ClockRate(44_100)), None);
        assert_eq!(Codec::from_rtpmap("G729", ClockRate(8000)), None);
        assert_eq!(Codec::from_static_payload_type(0), Some(Codec::Pcmu));
        assert_eq!(Codec::from_static_payload_type(8), Some(Codec::Pcma));
        assert_eq!(Codec::from_static_payload_type(11), None, "11 is L16 at 44.1 kHz");
    }

    #[test]
    fn every_codec_makes_its_unit_and_gives_back_its_samples() {
        let speech: [i16; TICK_SAMPLES] = core::array::from_fn(|i| (i as i16 - 40) * 700);
        for codec in Codec::ALL {
            let (mut bytes, mut back) = ([0; MAX_UNIT_BYTES], [0; MAX_UNIT_SAMPLES]);
            let size = codec.encoder().encode(&speech, &mut bytes);
            assert_eq!(size, codec.unit_bytes());
            assert_eq!(codec.decoder().decode(&bytes[..size], &mut back), codec.unit_samples());
            for (before, after) in speech.iter().zip(back) {
                let error = (i32::from(*before) - i32::from(after)).abs();
                assert!(error <= i32::from(before.unsigned_abs()) / 30 + 8, "{codec:?} {before} {after}");
            }
        }
    }

    #[test]
    fn short_buffers_are_filled_and_no_further() {
        let mut bytes = [0; 7];
        for codec in Codec::ALL {
            assert!(codec.encoder().encode(&[1; TICK_SAMPLES], &mut bytes) <= 7);
            assert!(codec.decoder().decode(&[1; 161], &mut [0; 3]) <= 3);
            assert_eq!(codec.decoder().decode(&[], &mut [0; 80]), 0);
        }
    }
}
