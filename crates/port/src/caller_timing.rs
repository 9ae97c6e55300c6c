//! How and when caller identity is sent to an on-hook telephone.

use tipring_units::{Hz, Millis};

/// When caller identity comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerIdTiming {
    /// Not at all.
    Off,
    /// In the first long pause of ringing (GR-30; ETSI EN 300 659-1 "during ringing").
    BetweenRings {
        /// From the end of the first burst.
        after_ring: Millis,
        /// At least this long before the next burst.
        before_ring: Millis,
        /// How.
        signal: CallerIdSignal,
    },
    /// Before the first ring (ETSI EN 300 659-1 "prior to ringing"; BT SIN 227; DTMF).
    BeforeRing {
        /// What tells the terminal to listen.
        alert: CallerIdAlert,
        /// From the end of the alert to the signal.
        alert_to_data: Millis,
        /// From the end of the signal to the first ring.
        data_to_ring: Millis,
        /// How.
        signal: CallerIdSignal,
    },
    /// The terminal answers short rings by itself, gets the data and hangs up; then the telephone is rung (NTT).
    AfterShortRing {
        /// How.
        signal: CallerIdSignal,
    },
}

impl CallerIdTiming {
    /// How it is sent, if it is.
    pub const fn signal(&self) -> Option<CallerIdSignal> {
        match self {
            Self::Off => None,
            Self::BetweenRings { signal, .. }
            | Self::BeforeRing { signal, .. }
            | Self::AfterShortRing { signal } => Some(*signal),
        }
    }
}

/// What tells a terminal before the first ring to listen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerIdAlert {
    /// Nothing: the signal comes on a quiet line.
    None,
    /// The polarity is reversed.
    Reversal,
    /// The dual-tone alerting signal (DT-AS).
    Tone(Millis),
    /// The polarity is reversed, then after a while DT-AS.
    ReversalAndTone {
        /// From the reversal to the tone.
        wait: Millis,
        /// Length of the tone.
        length: Millis,
    },
    /// A short burst of ringing (RP-AS).
    RingPulse(Millis),
}

/// As what caller identity is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerIdSignal {
    /// FSK.
    Fsk {
        /// Its frequencies.
        standard: FskStandard,
        /// A multiple data message (MDMF) with name, else a single one (SDMF).
        multiple: bool,
        /// Alternating bits before all else.
        seizure: u16,
        /// Bits of mark before the message.
        mark: u16,
    },
    /// DTMF digits.
    Dtmf(DtmfCallerId),
    /// V.23 in the framing of NTT.
    Ntt,
}

impl CallerIdSignal {
    /// GR-30: Bell 202, a multiple data message after 300 bits of seizure and 180 of mark.
    pub const GR30: Self =
        Self::Fsk { standard: FskStandard::Bell202, multiple: true, seizure: 300, mark: 180 };
    /// EN 300 659-1: V.23, the same lead-in.
    pub const ETSI: Self = Self::Fsk { standard: FskStandard::V23, multiple: true, seizure: 300, mark: 180 };
}

/// Frequencies of FSK.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FskStandard {
    /// Mark 1200, space 2200 Hz.
    Bell202,
    /// Mark 1300, space 2100 Hz.
    V23,
}

impl FskStandard {
    /// The frequency of a one.
    pub const fn mark(self) -> Hz {
        match self {
            Self::Bell202 => Hz(1200.0),
            Self::V23 => Hz(1300.0),
        }
    }

    /// The frequency of a zero.
    pub const fn space(self) -> Hz {
        match self {
            Self::Bell202 => Hz(2200.0),
            Self::V23 => Hz(2100.0),
        }
    }
}

/// How a number is framed by DTMF.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DtmfCallerId {
    /// `A5550100C`; `B00C` not available, `B10C` restricted (Sweden, Brazil, India, Finland; ETS 300 659-1 annex B).
    AC,
    /// `A5550100#`; `D1#` restricted, `D2#` not available (Denmark, Netherlands).
    AHash,
    /// `D5550100C`.
    DC,
    /// `D5550100#`; `D1#` restricted.
    DHash,
}
