//! What the sound of an outside line tells its signalling.

use tipring_units::Millis;

use crate::{CallerId, Tone};

/// News from the ear of an outside line.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // copied within the tick
pub enum Overheard {
    /// A tone of the exchange is certain.
    Tone(Tone),
    /// It is over.
    ToneEnded(Tone),
    /// The tone that was learned as this line's sign of clearing.
    Learned,
    /// Somebody speaks on the line; again after a pause.
    Voice,
    /// Neither the line nor the network has said anything for so long; told each second.
    Silence(Millis),
    /// The dual-tone alerting signal before caller identity (DT-AS, CAS).
    Alert,
    /// A caller-ID message, or what became of one.
    Caller(Result<CallerId, CallerIdFault>),
    /// The exchange switches the message lamp.
    Waiting(bool),
}

/// Why a caller's identity was not understood. It is told, and never shown as a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CallerIdFault {
    /// The checksum (or CRC, or parity) is wrong.
    Checksum,
    /// The message broke off, or its framing is wrong.
    Broken,
    /// Its bytes say nothing that is known.
    Unknown,
}

impl CallerIdFault {
    /// The words for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Checksum => "bad checksum",
            Self::Broken => "broken off",
            Self::Unknown => "unknown message",
        }
    }
}
