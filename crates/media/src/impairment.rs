//! What each codec costs by the E-model.
//!
//! # What
//! The equipment impairment factor and the robustness to loss of each codec, for ratings.
//!
//! # Limits
//! The standard has no robustness for G.726, and none of either for G.722 and L16 heard in a narrow band. They are
//! concealed by the method of G.711 Appendix I, so L16 and G.722 get its figure; a lost packet also leaves the
//! decoder of G.726 in another state than the coder, for which its figure is halved. Opus is not in the tables either: it is
//! given the figures of GSM-EFR, a coder of speech at about its rate.
//!
//! # Standard
//! ITU-T G.113 Appendix I, tables I.1 (Ie) and I.4 (Bpl).

use tipring_port::{CodecName, G726Rate};
use tipring_rtp::Impairment;

/// Robustness of G.726 to loss: half of that of G.711 with concealment.
const G726_BPL: f32 = 12.5;

/// The figures of a codec.
pub const fn impairment(codec: CodecName) -> Impairment {
    match codec {
        CodecName::Pcmu | CodecName::Pcma | CodecName::L16 | CodecName::G722 => Impairment::G711,
        CodecName::G726(rate, _) => Impairment {
            ie: match rate {
                G726Rate::R16 => 50.0,
                G726Rate::R24 => 25.0,
                G726Rate::R32 => 7.0,
                G726Rate::R40 => 2.0,
            },
            bpl: G726_BPL,
        },
        CodecName::G729 => Impairment { ie: 11.0, bpl: 19.0 },
        CodecName::Opus => Impairment { ie: 5.0, bpl: 10.0 },
    }
}
