//! The choice of a codec.
//!
//! # What
//! Names, rates and sizes of each codec as SDP and RTP see them.
//!
//! # How
//! A plain enum and `match`. Audio is 16-bit linear; what a coder makes of 10 ms is a *unit*, and a packet of 20 ms
//! carries two, one behind the other. Opus alone makes a packet of as much as it is given ([`Codec::is_divisible`]).
//!
//! # Limits
//! Mono.
//!
//! # Standard
//! RFC 3551 (clause 4.5, payload types of tables 4 and 5), RFC 4856, RFC 7587 (Opus).

use crate::coder::{Decoder, Encoder, LineDecoder, LineEncoder};
use crate::{G726Rate, Packing};
use tipring_units::{Millis, SAMPLE_RATE, TICK_SAMPLES};

/// Samples in the longest unit that a codec takes: 10 ms at 16 kHz.
pub const MAX_UNIT_SAMPLES: usize = 160;
/// Bytes in the largest unit that a codec makes: 10 ms of L16 at 16 kHz.
pub const MAX_UNIT_BYTES: usize = 320;
/// The shortest packet that any codec here makes.
pub const PTIME_MIN: Millis = Millis(10);
/// The longest packet that any codec here makes.
pub const PTIME_MAX: Millis = Millis(60);
/// Samples per second of wideband audio.
const WIDE: u32 = 16_000;

/// A speech codec.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Codec {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// Linear 16 bit at 8 kHz, big-endian.
    L16,
    /// Linear 16 bit at 16 kHz, big-endian.
    L16Wide,
    /// G.722 at 64 kbit/s.
    G722,
    /// G.726 at a rate, with its codes in an order.
    G726(G726Rate, Packing),
    /// G.729; with Annex B it may fall silent.
    #[cfg(feature = "g729")]
    G729 {
        /// `annexb=yes`: descriptions of silence may be sent.
        annex_b: bool,
    },
    /// Opus, at 8 kHz on a line's side.
    #[cfg(feature = "opus")]
    Opus,
}

/// A rate in ticks or samples per second, exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClockRate(pub u32);

impl Codec {
    /// Every codec of this build.
    pub const ALL: &'static [Self] = &[
        Self::Pcmu,
        Self::Pcma,
        Self::L16,
        Self::L16Wide,
        Self::G722,
        Self::G726(G726Rate::R16, Packing::Rfc3551),
        Self::G726(G726Rate::R24, Packing::Rfc3551),
        Self::G726(G726Rate::R32, Packing::Rfc3551),
        Self::G726(G726Rate::R40, Packing::Rfc3551),
        Self::G726(G726Rate::R16, Packing::Aal2),
        Self::G726(G726Rate::R24, Packing::Aal2),
        Self::G726(G726Rate::R32, Packing::Aal2),
        Self::G726(G726Rate::R40, Packing::Aal2),
        // The one that is meant where nothing is said of Annex B stands first (RFC 4856 clause 2.1.9).
        #[cfg(feature = "g729")]
        Self::G729 { annex_b: true },
        #[cfg(feature = "g729")]
        Self::G729 { annex_b: false },
        #[cfg(feature = "opus")]
        Self::Opus,
    ];

    /// The encoding name in `a=rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::L16 | Self::L16Wide => "L16",
            Self::G722 => "G722",
            Self::G726(G726Rate::R16, Packing::Rfc3551) => "G726-16",
            Self::G726(G726Rate::R24, Packing::Rfc3551) => "G726-24",
            Self::G726(G726Rate::R32, Packing::Rfc3551) => "G726-32",
            Self::G726(G726Rate::R40, Packing::Rfc3551) => "G726-40",
            Self::G726(G726Rate::R16, Packing::Aal2) => "AAL2-G726-16",
            Self::G726(G726Rate::R24, Packing::Aal2) => "AAL2-G726-24",
            Self::G726(G726Rate::R32, Packing::Aal2) => "AAL2-G726-32",
            Self::G726(G726Rate::R40, Packing::Aal2) => "AAL2-G726-40",
            #[cfg(feature = "g729")]
            Self::G729 { .. } => "G729",
            #[cfg(feature = "opus")]
            Self::Opus => "opus",
        }
    }

    /// The codec of an `a=rtpmap` line: the name in any case, and the rate. [`Codec::with_fmtp`] tells the rest.
    pub fn from_rtpmap(name: &str, rate: ClockRate) -> Option<Self> {
        let fits = |codec: &Self| codec.name().eq_ignore_ascii_case(name) && codec.rtp_clock() == rate;
        Self::ALL.iter().copied().find(fits)
    }

    /// The codec as the parameters of its `a=fmtp` line have it; those that say nothing to us are passed over.
    #[must_use]
    pub fn with_fmtp(self, parameters: &str) -> Self {
        match self {
            #[cfg(feature = "g729")]
            Self::G729 { .. } => {
                let said = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
                let annex_b = said
                    .filter(|(name, _)| name.trim().eq_ignore_ascii_case("annexb"))
                    .all(|(_, value)| !value.trim().eq_ignore_ascii_case("no"));
                Self::G729 { annex_b }
            }
            #[cfg(feature = "opus")]
            Self::Opus => self,
            Self::Pcmu | Self::Pcma | Self::L16 | Self::L16Wide | Self::G722 | Self::G726(..) => {
                let _ = parameters;
                self
            }
        }
    }

    /// What our own `a=fmtp` line says of it, if anything.
    pub const fn fmtp(self) -> Option<&'static str> {
        match self {
            #[cfg(feature = "g729")]
            Self::G729 { annex_b: false } => Some("annexb=no"),
            #[cfg(feature = "g729")]
            Self::G729 { annex_b: true } => Some("annexb=yes"),
            #[cfg(feature = "opus")]
            Self::Opus => Some("maxplaybackrate=8000;sprop-maxcapturerate=8000;stereo=0;useinbandfec=1"),
            Self::Pcmu | Self::Pcma | Self::L16 | Self::L16Wide | Self::G722 | Self::G726(..) => None,
        }
    }

    /// The channels that rtpmap tells; Opus is always said to have two (RFC 7587 clause 7).
    pub const fn rtpmap_channels(self) -> u8 {
        match self {
            #[cfg(feature = "opus")]
            Self::Opus => 2,
            #[cfg(feature = "g729")]
            Self::G729 { .. } => 1,
            Self::Pcmu | Self::Pcma | Self::L16 | Self::L16Wide | Self::G722 | Self::G726(..) => 1,
        }
    }

    /// The payload type that RFC 3551 gives it, if any: L16 has one only at 44.1 kHz, and that of G.726 was withdrawn.
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            #[cfg(feature = "g729")]
            Self::G729 { .. } => Some(18),
            #[cfg(feature = "opus")]
            Self::Opus => None,
            Self::L16 | Self::L16Wide | Self::G726(..) => None,
        }
    }

    /// The codec of a static payload type, when SDP gives no rtpmap for it.
    pub fn from_static_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|codec| codec.static_payload_type() == Some(payload_type))
    }

    /// The rate of the RTP timestamp, as in rtpmap. It need not be the sample rate: RFC 3551 clause
    /// 4.5.2 keeps 8000 for G.722, which samples at 16 kHz, and Opus always counts 48 kHz.
    pub const fn rtp_clock(self) -> ClockRate {
        match self {
            Self::L16Wide => ClockRate(WIDE),
            #[cfg(feature = "opus")]
            Self::Opus => ClockRate(48_000),
            #[cfg(feature = "g729")]
            Self::G729 { .. } => ClockRate(SAMPLE_RATE),
            Self::Pcmu | Self::Pcma | Self::L16 | Self::G722 | Self::G726(..) => ClockRate(SAMPLE_RATE),
        }
    }

    /// The rate of the linear audio that it takes and gives.
    pub const fn sample_rate(self) -> ClockRate {
        match self {
            Self::G722 | Self::L16Wide => ClockRate(WIDE),
            #[cfg(feature = "opus")]
            Self::Opus => ClockRate(SAMPLE_RATE),
            #[cfg(feature = "g729")]
            Self::G729 { .. } => ClockRate(SAMPLE_RATE),
            Self::Pcmu | Self::Pcma | Self::L16 | Self::G726(..) => ClockRate(SAMPLE_RATE),
        }
    }

    /// Linear samples in 10 ms.
    pub const fn unit_samples(self) -> usize {
        if self.sample_rate().0 == WIDE { 2 * TICK_SAMPLES } else { TICK_SAMPLES }
    }

    /// Bytes that 10 ms becomes, at the most.
    pub const fn unit_bytes(self) -> usize {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => TICK_SAMPLES,
            Self::L16 => 2 * TICK_SAMPLES,
            Self::L16Wide => 4 * TICK_SAMPLES,
            Self::G726(rate, _) => TICK_SAMPLES * rate.bits() / 8,
            #[cfg(feature = "g729")]
            Self::G729 { .. } => 10,
            // Speech at 24 kbit/s has 30 bytes; what varies may have thrice as many.
            #[cfg(feature = "opus")]
            Self::Opus => 100,
        }
    }

    /// True if a packet is its units one behind the other, so that it can be cut into 10 ms. A packet of Opus is one
    /// whole, coded from all its samples at once.
    pub const fn is_divisible(self) -> bool {
        match self {
            #[cfg(feature = "opus")]
            Self::Opus => false,
            #[cfg(feature = "g729")]
            Self::G729 { .. } => true,
            Self::Pcmu | Self::Pcma | Self::L16 | Self::L16Wide | Self::G722 | Self::G726(..) => true,
        }
    }

    /// True if it may send nothing while nobody talks.
    pub const fn may_fall_silent(self) -> bool {
        match self {
            #[cfg(feature = "g729")]
            Self::G729 { annex_b } => annex_b,
            #[cfg(feature = "opus")]
            Self::Opus => false,
            Self::Pcmu | Self::Pcma | Self::L16 | Self::L16Wide | Self::G722 | Self::G726(..) => false,
        }
    }

    /// Bytes of its own description of silence; zero if it has none.
    pub const fn silence_bytes(self) -> usize {
        match self {
            #[cfg(feature = "g729")]
            Self::G729 { .. } => 2,
            #[cfg(feature = "opus")]
            Self::Opus => 0,
            Self::Pcmu | Self::Pcma | Self::L16 | Self::L16Wide | Self::G722 | Self::G726(..) => 0,
        }
    }

    /// True if it can make packets of this length: whole units from 10 to 60 ms (Opus: 10, 20, 40 or 60 ms).
    pub const fn takes_ptime(self, ptime: Millis) -> bool {
        let whole = ptime.0 >= PTIME_MIN.0 && ptime.0 <= PTIME_MAX.0 && ptime.0.is_multiple_of(PTIME_MIN.0);
        whole && (self.is_divisible() || !matches!(ptime.0, 30 | 50))
    }

    /// Bytes of a packet of this length, at the most.
    pub const fn packet_bytes(self, ptime: Millis) -> usize {
        self.unit_bytes() * (ptime.0 / PTIME_MIN.0) as usize
    }

    /// Units of 10 ms in a packet of so many bytes; a description of silence counts as one. `None` where the codec
    /// cannot tell by the length ([`Codec::is_divisible`]).
    pub const fn units_in(self, bytes: usize) -> Option<usize> {
        match self {
            #[cfg(feature = "opus")]
            Self::Opus => None,
            #[cfg(feature = "g729")]
            Self::G729 { .. } => Some(bytes / 10 + (bytes % 10 == 2) as usize),
            Self::Pcmu | Self::Pcma | Self::L16 | Self::L16Wide | Self::G722 | Self::G726(..) => {
                Some(bytes / self.unit_bytes())
            }
        }
    }

    /// A coder at its reset state.
    pub fn encoder(self) -> Encoder {
        Encoder::new(self)
    }

    /// A decoder at its reset state.
    pub fn decoder(self) -> Decoder {
        Decoder::new(self)
    }

    /// A coder for a line, which speaks 8 kHz whatever the codec's own rate is.
    pub fn line_encoder(self) -> LineEncoder {
        LineEncoder::new(self)
    }

    /// A decoder for a line, which hears 8 kHz whatever the codec's own rate is.
    pub fn line_decoder(self) -> LineDecoder {
        LineDecoder::new(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtpmap_names_match_in_any_case_and_by_rate() {
        assert_eq!(Codec::from_rtpmap("pcma", ClockRate(8000)), Some(Codec::Pcma));
        assert_eq!(Codec::from_rtpmap("L16", ClockRate(44_100)), None);
        assert_eq!(Codec::from_rtpmap("L16", ClockRate(16_000)), Some(Codec::L16Wide));
        assert_eq!(Codec::from_rtpmap("g722", ClockRate(8000)), Some(Codec::G722));
        assert_eq!(
            Codec::from_rtpmap("G722", ClockRate(16_000)),
            None,
            "its clock is 8000 by an old mistake"
        );
        let aal2 = Codec::G726(G726Rate::R32, Packing::Aal2);
        assert_eq!(Codec::from_rtpmap("aal2-g726-32", ClockRate(8000)), Some(aal2));
        assert_eq!(Codec::from_rtpmap("G723", ClockRate(8000)), None);
        for codec in Codec::ALL {
            let back = Codec::from_rtpmap(codec.name(), codec.rtp_clock());
            let back = back.map(|back| back.with_fmtp(codec.fmtp().unwrap_or_default()));
            assert_eq!(back, Some(*codec));
        }
    }

    #[test]
    fn static_payload_types_are_those_of_rfc_3551() {
        assert_eq!(Codec::from_static_payload_type(0), Some(Codec::Pcmu));
        assert_eq!(Codec::from_static_payload_type(8), Some(Codec::Pcma));
        assert_eq!(Codec::from_static_payload_type(9), Some(Codec::G722));
        assert_eq!(Codec::from_static_payload_type(2), None, "G.726 lost its number");
        assert_eq!(Codec::from_static_payload_type(11), None, "11 is L16 at 44.1 kHz");
    }

    #[cfg(feature = "g729")]
    #[test]
    fn annex_b_holds_unless_it_is_refused() {
        let g729 = Codec::from_rtpmap("G729", ClockRate(8000)).unwrap();
        assert_eq!(g729, Codec::G729 { annex_b: true });
        assert_eq!(g729.with_fmtp("annexb=no"), Codec::G729 { annex_b: false });
        assert_eq!(g729.with_fmtp("x=1; AnnexB = NO "), Codec::G729 { annex_b: false });
        assert_eq!(g729.with_fmtp("annexb=yes").with_fmtp("nonsense"), Codec::G729 { annex_b: true });
        assert_eq!((g729.units_in(20), g729.units_in(12), g729.units_in(2)), (Some(2), Some(2), Some(1)));
    }

    #[test]
    fn every_packet_length_of_10_to_60_ms_is_taken() {
        for codec in Codec::ALL {
            assert!(
                codec.takes_ptime(Millis(10))
                    && codec.takes_ptime(Millis(20))
                    && codec.takes_ptime(Millis(60))
            );
            assert!(
                !codec.takes_ptime(Millis(0))
                    && !codec.takes_ptime(Millis(15))
                    && !codec.takes_ptime(Millis(70))
            );
            assert_eq!(codec.takes_ptime(Millis(30)), codec.is_divisible());
            assert!(codec.unit_bytes() <= MAX_UNIT_BYTES && codec.unit_samples() <= MAX_UNIT_SAMPLES);
        }
        assert_eq!(Codec::G726(G726Rate::R24, Packing::Aal2).packet_bytes(Millis(30)), 90);
    }
}
