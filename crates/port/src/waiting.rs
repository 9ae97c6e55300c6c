//! What a telephone is sent beside its calls: who waits while its subscriber talks, and that messages wait.

use tipring_units::{Millis, Volts};

use crate::{CallerIdAlert, CallerIdSignal, CallerIdTiming, FskStandard};

/// How a telephone in a call is told who waits (type II caller identity), behind the first burst of the tone that another
/// call waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WaitingCallerId {
    /// From the end of the tone to the alerting signal.
    pub tone_to_alert: Millis,
    /// Length of the alerting signal (CAS, DT-AS).
    pub alert: Millis,
    /// The telephone's acknowledgement has to begin within this from the end of the alerting signal.
    pub acknowledge: Millis,
    /// From the end of the acknowledgement to the message, at the least.
    pub acknowledge_to_data: Millis,
    /// The keys of which any one is an acknowledgement.
    pub keys: &'static [u8],
    /// Frequencies of the message.
    pub standard: FskStandard,
    /// A multiple data message with name, else a single one.
    pub multiple: bool,
}

impl WaitingCallerId {
    /// Telcordia GR-30 and GR-575: CAS of 80 to 85 ms within 50 ms of the tone, acknowledged by D (A by terminals with more
    /// features) within 160 ms, message 60 to 500 ms later.
    pub const BELLCORE: Self = Self {
        tone_to_alert: Millis(20),
        alert: Millis(82),
        acknowledge: Millis(160),
        acknowledge_to_data: Millis(60),
        keys: b"DA",
        standard: FskStandard::Bell202,
        multiple: true,
    };
    /// ETSI EN 300 659-2: DT-AS of 75 to 85 ms, acknowledged by any of A to D within 160 ms, message 50 to 500 ms later.
    pub const ETSI: Self =
        Self { tone_to_alert: Millis(50), keys: b"DABC", standard: FskStandard::V23, ..Self::BELLCORE };

    /// As what the message goes out: without channel seizure, behind 80 bits of mark.
    pub const fn signal(&self) -> CallerIdSignal {
        CallerIdSignal::Fsk { standard: self.standard, multiple: self.multiple, seizure: 0, mark: 80 }
    }
}

/// How a telephone on-hook is told by FSK that messages wait or none do any more (VMWI).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LampSignal {
    /// What tells the terminal to listen.
    pub alert: CallerIdAlert,
    /// From the end of the alert to the signal.
    pub alert_to_data: Millis,
    /// As what; only [`CallerIdSignal::Fsk`] has such a message.
    pub signal: CallerIdSignal,
}

/// How waiting messages show at a telephone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LampSpec {
    /// By a message of FSK that switches its lamp.
    pub signal: Option<LampSignal>,
    /// By a battery of this voltage while it is on-hook, at which its neon lamp burns; of cards that can.
    pub neon: Option<Volts>,
    /// By another dial tone ([`crate::Tone::Stutter`]), which control plays.
    pub stutter: bool,
}

impl LampSpec {
    /// The battery at which a neon lamp burns.
    pub const NEON: Volts = Volts(100.0);
    /// Not at all.
    pub const DARK: Self = Self { signal: None, neon: None, stutter: false };
    /// By dial tone alone.
    pub const STUTTER: Self = Self { signal: None, neon: None, stutter: true };
}

/// Before a message that no ringing follows, where the country names no alert: EN 300 659-1 clause 6.2.3.
const PULSE: Millis = Millis(250);
const PULSE_TO_DATA: Millis = Millis(600);
/// GR-30 clause 2.3: without ringing nothing alerts; the line is quiet for so long before.
const QUIET: Millis = Millis(500);

impl CallerIdTiming {
    /// How who waits is told where who calls is told like this; `None` where terminals know nothing of it.
    pub const fn waiting(&self) -> Option<WaitingCallerId> {
        match self.signal() {
            Some(CallerIdSignal::Fsk { standard: FskStandard::Bell202, multiple, .. }) => {
                Some(WaitingCallerId { multiple, ..WaitingCallerId::BELLCORE })
            }
            Some(CallerIdSignal::Fsk { standard: FskStandard::V23, multiple, .. }) => {
                Some(WaitingCallerId { multiple, ..WaitingCallerId::ETSI })
            }
            Some(CallerIdSignal::Dtmf(_) | CallerIdSignal::Ntt) | None => None,
        }
    }

    /// How waiting messages are told where who calls is told like this: by dial tone, and by FSK where that is used.
    pub const fn lamp(&self) -> LampSpec {
        let signal = match (*self, self.signal()) {
            (Self::BeforeRing { alert, alert_to_data, .. }, Some(signal @ CallerIdSignal::Fsk { .. })) => {
                Some(LampSignal { alert, alert_to_data, signal })
            }
            (Self::BetweenRings { .. }, Some(signal @ CallerIdSignal::Fsk { standard, .. })) => {
                let (alert, alert_to_data) = match standard {
                    FskStandard::Bell202 => (CallerIdAlert::None, QUIET),
                    FskStandard::V23 => (CallerIdAlert::RingPulse(PULSE), PULSE_TO_DATA),
                };
                Some(LampSignal { alert, alert_to_data, signal })
            }
            (
                Self::Off | Self::BetweenRings { .. } | Self::BeforeRing { .. } | Self::AfterShortRing { .. },
                _,
            ) => None,
        };
        LampSpec { signal, ..LampSpec::STUTTER }
    }
}
