//! Signals of machines: what fax terminals, modems and exchanges sound besides digits.

use crate::Tone;

/// Everything that the bank of detectors has a name for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signal {
    /// A tone of the country's exchange.
    Progress(Tone),
    /// Three rising tones (any country's).
    SpecialInformation,
    /// Fax calling tone, 1100 Hz (T.30).
    Cng,
    /// Modem calling tone, 1300 Hz (V.25).
    CallingTone,
    /// 2100 Hz, steady: CED of a fax, ANS of a modem.
    Ced,
    /// 2100 Hz with phase reversals.
    AnsReversals,
    /// 2100 Hz, modulated by 15 Hz (V.8).
    Ansam,
    /// The same with phase reversals.
    AnsamReversals,
    /// HDLC flags of V.21 channel 2: a fax command follows.
    Preamble,
    /// Data of V.21 channel 2.
    V21Data,
    /// 2225 Hz: Bell 103 answering.
    BellAnswer,
    /// 2250 Hz: V.22 answering.
    V22Answer,
    /// 1650 Hz: V.21 answering.
    V21Answer,
    /// 980 Hz: V.21 calling.
    V21Calling,
    /// 1375 and 2002 Hz: V.8 bis initiating.
    V8bisInitiating,
    /// 1529 and 2225 Hz: V.8 bis responding.
    V8bisResponding,
    /// 2130 and 2750 Hz: the alert before caller ID (CAS, DT-AS).
    Alert,
}

impl Signal {
    /// A word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Progress(tone) => tone.word(),
            Self::SpecialInformation => Tone::SpecialInformation.word(),
            Self::Cng => "cng",
            Self::CallingTone => "calling-tone",
            Self::Ced => "ced",
            Self::AnsReversals => "ans-pr",
            Self::Ansam => "ansam",
            Self::AnsamReversals => "ansam-pr",
            Self::Preamble => "v21-preamble",
            Self::V21Data => "v21-data",
            Self::BellAnswer => "bell-answer",
            Self::V22Answer => "v22-answer",
            Self::V21Answer => "v21-answer",
            Self::V21Calling => "v21-calling",
            Self::V8bisInitiating => "v8bis-initiating",
            Self::V8bisResponding => "v8bis-responding",
            Self::Alert => "cas",
        }
    }

    /// True for what answers a data call: the path between the two ends has to become transparent. A calling tone alone
    /// says only who calls; a person may answer.
    pub const fn is_data(self) -> bool {
        match self {
            Self::Ced
            | Self::AnsReversals
            | Self::Ansam
            | Self::AnsamReversals
            | Self::Preamble
            | Self::BellAnswer
            | Self::V22Answer
            | Self::V21Answer => true,
            Self::Progress(_)
            | Self::SpecialInformation
            | Self::Cng
            | Self::CallingTone
            | Self::V21Data
            | Self::V21Calling
            | Self::V8bisInitiating
            | Self::V8bisResponding
            | Self::Alert => false,
        }
    }
}
