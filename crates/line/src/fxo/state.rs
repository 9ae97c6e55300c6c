//! The states of an outside line, and what each one carries.

use tipring_port::{MAX_OUT_DIGITS, ProgramId, Text};
use tipring_units::{Millis, SampleTime};

/// Digits for the exchange.
pub(super) type Digits = Text<MAX_OUT_DIGITS>;

#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // one per line, never moved in the tick
pub(super) enum State {
    /// On-hook by decree: nothing is heeded.
    OutOfService,
    /// On-hook.
    Idle,
    /// The exchange rings.
    Incoming(Rung),
    /// Off-hook for the caller's identity only (NTT).
    Reading { until: SampleTime },
    /// Ring is grounded; the exchange has to answer (ground start).
    Asking { digits: Digits, until: SampleTime },
    /// The loop was closed; current has to flow, and not to turn as that of ringing does.
    Seizing { digits: Digits, since: SampleTime, flows: bool, until: SampleTime },
    /// The exchange is to be ready.
    Awaiting { digits: Digits, until: SampleTime },
    /// Digits go out.
    Dialling(Dialling),
    /// In a call, answered or not.
    Talking(Talk),
    /// Off-hook to record how the far end clears: nothing that it does ends the call before it is known.
    Studying(Study),
    /// On-hook; the exchange is given its time to clear.
    Clearing { until: SampleTime },
}

/// A call that comes in.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Rung {
    /// Rings so far; a double ring is one.
    pub rings: u8,
    /// A burst is on the line.
    pub bursting: bool,
    /// The end of the last burst, or its beginning while it lasts.
    pub last: SampleTime,
    /// When the exchange has given up if no burst follows; of a call that is ours by glare, when nobody is there any more
    /// if nobody speaks.
    pub until: SampleTime,
    /// The control plane was shown the call.
    pub offered: bool,
    /// The port closed the loop in the moment in which the exchange rang: for the exchange it is answered.
    pub off_hook: bool,
}

/// A call.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Talk {
    /// It came in.
    pub incoming: bool,
    /// The far end answered.
    pub answered: bool,
    /// The exchange's dial tone may still sound: nobody has dialled, or not long ago.
    pub invited: bool,
    /// When that tone ended, if nobody was seen to dial.
    pub tone_ended: Option<SampleTime>,
    /// The exchange rings the called party.
    pub ringback: bool,
    /// When it began for us: came in and was answered, or was dialled.
    pub since: SampleTime,
    /// The polarity is the other one than when the loop was closed.
    pub turned: bool,
    /// Metering pulses.
    pub metered: u32,
    /// A flash towards the exchange is on its way, until then at the latest.
    pub flash: Option<(ProgramId, SampleTime)>,
}

impl Talk {
    /// A call that the exchange put through to us.
    pub const fn incoming(since: SampleTime) -> Self {
        Self { incoming: true, answered: true, invited: false, since, ..Self::outgoing(since) }
    }

    /// A call that we make.
    pub const fn outgoing(since: SampleTime) -> Self {
        Self {
            incoming: false,
            answered: false,
            invited: true,
            tone_ended: None,
            ringback: false,
            since,
            turned: false,
            metered: 0,
            flash: None,
        }
    }
}

/// A call of which only the clearing is of interest.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Study {
    /// When it was answered.
    pub since: SampleTime,
    /// When it is over.
    pub until: SampleTime,
    /// Since when the loop is broken.
    pub broken_since: Option<SampleTime>,
    /// The longest break.
    pub loop_break: Option<Millis>,
    pub reversal: bool,
    /// Something was seen or heard.
    pub signed: bool,
}

/// Digits on their way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Dialling {
    pub digits: Digits,
    /// The next of them.
    pub next: u8,
    pub phase: Phase,
    /// The call that goes on afterwards.
    pub talk: Talk,
}

/// What of a digit goes on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Phase {
    /// A tone, until then.
    Sounding(SampleTime),
    /// A pause, until then.
    Pausing(SampleTime),
    /// Pulses; the card tells when they are over, or it is taken for granted then.
    Pulsing(ProgramId, SampleTime),
}

impl State {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::OutOfService => "out-of-service",
            Self::Idle => "idle",
            Self::Incoming(_) => "incoming",
            Self::Reading { .. } => "reading",
            Self::Asking { .. } => "asking",
            Self::Seizing { .. } => "seizing",
            Self::Awaiting { .. } => "awaiting",
            Self::Dialling(_) => "dialling",
            Self::Talking(_) => "talking",
            Self::Studying(_) => "studying",
            Self::Clearing { .. } => "clearing",
        }
    }

    pub(super) fn is_off_hook(&self) -> bool {
        match self {
            Self::Reading { .. }
            | Self::Seizing { .. }
            | Self::Awaiting { .. }
            | Self::Dialling(_)
            | Self::Talking(_)
            | Self::Studying(_) => true,
            Self::Incoming(rung) => rung.off_hook,
            Self::OutOfService | Self::Idle | Self::Asking { .. } | Self::Clearing { .. } => false,
        }
    }

    /// When the state's own timer expires.
    pub(super) fn deadline(&self) -> Option<SampleTime> {
        match self {
            Self::OutOfService | Self::Idle => None,
            Self::Incoming(rung) => (!rung.bursting).then_some(rung.until),
            Self::Reading { until }
            | Self::Asking { until, .. }
            | Self::Seizing { until, .. }
            | Self::Awaiting { until, .. }
            | Self::Clearing { until } => Some(*until),
            Self::Dialling(dialling) => Some(match dialling.phase {
                Phase::Sounding(until) | Phase::Pausing(until) | Phase::Pulsing(_, until) => until,
            }),
            Self::Talking(talk) => talk.flash.map(|(_, until)| until),
            Self::Studying(study) => Some(study.until),
        }
    }
}
