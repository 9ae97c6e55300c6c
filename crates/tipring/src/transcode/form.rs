//! The forms in which sound lies in a file, by the names that a person gives them.

use anyhow::{Result, bail, ensure};
use tipring_codec::{G722Mode, G726Rate, Law, Packing};

/// A form of sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Linear samples, little-endian unless told otherwise, at 8 or 16 kHz.
    Pcm {
        /// The most significant byte first, as in L16.
        big_endian: bool,
    },
    /// G.711, a byte a sample.
    Companded(Law),
    /// G.722, a byte for two samples at 16 kHz.
    G722(G722Mode),
    /// G.726, packed.
    G726(G726Rate, Packing),
    /// G.729, ten bytes for 10 ms.
    G729 {
        /// Silence is described by two bytes or none.
        annex_b: bool,
    },
}

/// How codes lie in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Bitstream {
    /// As in the payload of RTP
    Packed,
    /// As the ITU's vectors: G.711 and G.726 a 16-bit word for each code, G.729 a word for each bit
    Itu,
}

/// Order of the codes of G.726 in a byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum PackingName {
    /// The first code in the lowest bits
    Rfc3551,
    /// The first code in the highest bits
    Aal2,
}

/// The names, as an error tells them.
const NAMES: &str = "pcm16, l16, pcma, pcmu, g722 (g722-56, g722-48 to decode), g726-16, g726-24, g726-32, g726-40 \
                     (aal2-g726-..), g729, g729b";

impl Form {
    /// The form of a name; `packing` and `rate` (kbit/s, for plain `g726`) complete it.
    pub fn parse(name: &str, packing: Option<PackingName>, rate: Option<u32>) -> Result<Self> {
        let lower = name.to_ascii_lowercase().replace(['_', '.'], "-");
        let (rest, aal2) = match lower.strip_prefix("aal2-") {
            Some(rest) => (rest, true),
            None => (lower.as_str(), false),
        };
        let packing = match (packing, aal2) {
            (Some(PackingName::Rfc3551), true) => {
                bail!("{name} is packed as in AAL2, --packing says rfc3551")
            }
            (Some(PackingName::Aal2), _) | (None, true) => Packing::Aal2,
            (Some(PackingName::Rfc3551) | None, false) => Packing::Rfc3551,
        };
        let form = match rest {
            "pcm16" | "pcm" | "s16" | "s16le" | "linear" => Self::Pcm { big_endian: false },
            "l16" | "s16be" => Self::Pcm { big_endian: true },
            "pcma" | "alaw" | "a-law" | "g711a" | "g711-a" => Self::Companded(Law::A),
            "pcmu" | "ulaw" | "u-law" | "mulaw" | "mu-law" | "g711u" | "g711-u" => Self::Companded(Law::Mu),
            "g722" | "g722-64" | "g-722" => Self::G722(G722Mode::R64),
            "g722-56" => Self::G722(G722Mode::R56),
            "g722-48" => Self::G722(G722Mode::R48),
            "g729" | "g729a" | "g-729" => Self::G729 { annex_b: false },
            "g729b" | "g729ab" => Self::G729 { annex_b: true },
            _ => match rest.strip_prefix("g726").map(|rest| rest.trim_start_matches('-')) {
                Some(kbits) => Self::G726(g726_rate(name, kbits, rate)?, packing),
                None => bail!("{name} is no form that is known here. There are {NAMES}"),
            },
        };
        ensure!(!aal2 || matches!(form, Self::G726(..)), "{name}: only G.726 has a packing of AAL2");
        Ok(form)
    }

    /// Samples per second of what it decodes to, where the form itself tells.
    pub fn own_rate(self) -> Option<u32> {
        match self {
            Self::Pcm { .. } => None,
            Self::G722(_) => Some(16_000),
            Self::Companded(_) | Self::G726(..) | Self::G729 { .. } => Some(8000),
        }
    }
}

fn g726_rate(name: &str, kbits: &str, rate: Option<u32>) -> Result<G726Rate> {
    let told = if kbits.is_empty() { rate } else { kbits.parse().ok() };
    match told {
        Some(16) => Ok(G726Rate::R16),
        Some(24) => Ok(G726Rate::R24),
        Some(32) => Ok(G726Rate::R32),
        Some(40) => Ok(G726Rate::R40),
        Some(_) | None => bail!("{name}: G.726 has 16, 24, 32 and 40 kbit/s; say g726-32, for example"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_people_write_them() {
        let form = |name| Form::parse(name, None, None).unwrap();
        assert_eq!(form("PCM16"), Form::Pcm { big_endian: false });
        assert_eq!(form("alaw"), Form::Companded(Law::A));
        assert_eq!(form("G.722"), Form::G722(G722Mode::R64));
        assert_eq!(form("G726-24"), Form::G726(G726Rate::R24, Packing::Rfc3551));
        assert_eq!(form("AAL2-G726-40"), Form::G726(G726Rate::R40, Packing::Aal2));
        let aal2 = Form::parse("g726", Some(PackingName::Aal2), Some(16)).unwrap();
        assert_eq!(aal2, Form::G726(G726Rate::R16, Packing::Aal2));
    }

    #[test]
    fn what_is_not_known_is_told_with_what_is() {
        let told = |name, packing| Form::parse(name, packing, None).unwrap_err().to_string();
        assert!(told("mp3", None).contains("pcm16, l16"));
        assert!(told("g726-20", None).contains("16, 24, 32 and 40"));
        assert!(told("g726", None).contains("16, 24, 32 and 40"));
        assert!(told("aal2-g722", None).contains("only G.726"));
        assert!(told("aal2-g726-32", Some(PackingName::Rfc3551)).contains("--packing"));
    }
}
