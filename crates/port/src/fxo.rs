//! What a port towards an exchange (FXO) is told of that exchange.

use tipring_units::{Hz, Millis, Volts};

use crate::{PulseConvention, ToneProgram};

/// How the exchange behind an outside line signals, and how it wants to be dialled.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FxoProfile {
    /// What is taken for ringing.
    pub ringing: RingDetection,
    /// A call is shown to the control plane at this burst at the latest, with whatever is known of the caller.
    pub rings: u8,
    /// When dialling begins.
    pub dial_when: DialWhen,
    /// How.
    pub dialling: OutDialling,
    /// Length of a flash towards the exchange.
    pub flash: Millis,
    /// The line stays on-hook at least this long between two calls: the exchange needs it to clear.
    pub guard: Millis,
    /// What tells that the called party answered.
    pub answer: AnswerSign,
    /// What tells that the far end cleared.
    pub clear: ClearSigns,
    /// On-hook voltage below which the line is in use by another telephone on it.
    pub in_use_below: Volts,
    /// On-hook voltage below which it is dead.
    pub dead_below: Volts,
}

/// What is taken for ringing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RingDetection {
    /// Lowest frequency.
    pub lowest: Hz,
    /// Highest frequency.
    pub highest: Hz,
    /// Least alternating voltage (RMS).
    pub least: Volts,
    /// Ringing has to last so long to be that of a call; a shorter burst may be an alert, or bell tap.
    pub validate: Millis,
    /// No ringing for so long: the caller gave up. Longer than the longest pause of the cadence.
    pub timeout: Millis,
}

/// When dialling begins after seizure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DialWhen {
    /// The exchange's dial tone is heard; where it does not come within this, nothing is dialled: the call fails, or, where
    /// a voice came instead, the line is that caller's.
    Tone(Millis),
    /// The tone is heard or this long has passed without a voice, whichever is first.
    ToneOr(Millis),
    /// This long has passed.
    Pause(Millis),
}

/// How the exchange is dialled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OutDialling {
    /// Touch tones.
    Dtmf {
        /// Length of a digit.
        on: Millis,
        /// Pause after it.
        off: Millis,
    },
    /// Loop pulses.
    Pulse {
        /// Break of a pulse.
        open: Millis,
        /// Make of a pulse.
        close: Millis,
        /// Pause between digits.
        interdigit: Millis,
        /// Pulses of a digit.
        convention: PulseConvention,
    },
}

/// What tells that the called party answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AnswerSign {
    /// Nothing: a call counts as answered when its number is dialled.
    AtOnce,
    /// Polarity reversal.
    Reversal,
    /// A metering pulse.
    Metering,
    /// A voice after ringback.
    Voice,
}

impl AnswerSign {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtOnce => "dialling",
            Self::Reversal => "reversal",
            Self::Metering => "metering pulse",
            Self::Voice => "voice",
        }
    }
}

/// What tells that the far end cleared; each works by itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ClearSigns {
    /// A break of loop current of at least this length (CPC, kewlstart); zero: not heeded.
    pub loop_break: Millis,
    /// Polarity goes back to what it was before the answer: on a call out the first reversal is the answer, heeded or not.
    pub reversal: bool,
    /// Busy, congestion, special information or dial tone of the exchange, as the profile's tones have them.
    pub tones: bool,
    /// A tone that was learned on this line.
    pub learned: Option<ToneProgram>,
    /// Silence from both ends of this length; zero: not heeded.
    pub silence: Millis,
    /// The exchange's howler.
    pub howler: bool,
}

impl FxoProfile {
    /// The outside line of tests and benches: American, dial tone awaited, 100/100 ms touch tones, answered at once,
    /// cleared by CPC and tones.
    pub const fn laboratory() -> Self {
        Self {
            ringing: RingDetection {
                lowest: Hz(14.0),
                highest: Hz(70.0),
                least: Volts(15.0),
                validate: Millis(256),
                timeout: Millis(6500),
            },
            rings: 2,
            dial_when: DialWhen::Tone(Millis(3000)),
            dialling: OutDialling::Dtmf { on: Millis(100), off: Millis(100) },
            flash: Millis(500),
            guard: Millis(1000),
            answer: AnswerSign::AtOnce,
            clear: ClearSigns {
                loop_break: Millis(200),
                reversal: false,
                tones: true,
                learned: None,
                silence: Millis::ZERO,
                howler: true,
            },
            in_use_below: Volts(20.0),
            dead_below: Volts(3.0),
        }
    }
}
