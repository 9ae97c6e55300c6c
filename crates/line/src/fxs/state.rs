//! The states of a line, and what each one carries.

use tipring_port::{Announcement, ProgramId, RingRequest, RohStage, Tone};
use tipring_units::SampleTime;

use super::prelude::Prelude;
use super::ring::Ring;
use super::test::Test;

#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // one per line, never moved in the tick
pub(super) enum State {
    /// No battery, by decree.
    OutOfService,
    /// On-hook, on battery.
    Idle,
    /// On-hook, being tested.
    Testing(Test),
    /// Ordered to ring, once it is certain that the loop is open and calm.
    RingWait { request: RingRequest },
    /// Ordered to ring; before that the terminal is told who calls.
    Prelude(Prelude),
    /// The card runs the cadence.
    Ringing(Ring),
    /// Ringing was taken off because the loop seems closed; battery has to confirm it.
    Tripped { ring: Ring, until: SampleTime },
    /// Off-hook in a call or on the way to one.
    OffHook { reversed_at: Option<SampleTime> },
    /// Disconnect supervision is being given.
    Supervision { program: Option<ProgramId>, until: SampleTime, then: After },
    /// The receiver-off-hook sequence.
    Roh { stage: RohStage, until: Option<SampleTime> },
}

/// What follows disconnect supervision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    /// The receiver-off-hook sequence, with this tone first.
    Roh(Tone),
    /// A new call: this tone.
    Tone(Tone),
    /// A new call: an announcement, and the tone that follows it.
    Announcement(Announcement, Option<Tone>),
    /// A new call: its bridge.
    Bridge,
}

impl State {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::OutOfService => "out-of-service",
            Self::Idle => "idle",
            Self::Testing(_) => "testing",
            Self::RingWait { .. } => "ring-wait",
            Self::Prelude(prelude) if prelude.after_lamp().is_some() => "lamp",
            Self::Prelude(_) => "prelude",
            Self::Ringing(_) => "ringing",
            Self::Tripped { .. } => "ring-trip",
            Self::OffHook { .. } => "off-hook",
            Self::Supervision { .. } => "supervision",
            Self::Roh { .. } => "receiver-off-hook",
        }
    }

    pub(super) fn is_off_hook(&self) -> bool {
        match self {
            Self::OffHook { .. } | Self::Supervision { .. } | Self::Roh { .. } => true,
            Self::OutOfService
            | Self::Idle
            | Self::Testing(_)
            | Self::RingWait { .. }
            | Self::Prelude(_)
            | Self::Ringing(_)
            | Self::Tripped { .. } => false,
        }
    }

    /// When the state's own timer expires.
    pub(super) fn deadline(&self) -> Option<SampleTime> {
        match self {
            Self::OutOfService | Self::Idle | Self::RingWait { .. } | Self::Ringing(_) => None,
            Self::Prelude(prelude) => Some(prelude.until),
            Self::Testing(test) => Some(test.until),
            Self::Tripped { until, .. } | Self::Supervision { until, .. } => Some(*until),
            Self::OffHook { reversed_at } => *reversed_at,
            Self::Roh { until, .. } => *until,
        }
    }

    /// True while each reading counts.
    pub(super) fn needs_every_tick(&self) -> bool {
        match self {
            Self::Testing(_)
            | Self::RingWait { .. }
            | Self::Prelude(_)
            | Self::Ringing(_)
            | Self::Tripped { .. } => true,
            Self::OutOfService
            | Self::Idle
            | Self::OffHook { .. }
            | Self::Supervision { .. }
            | Self::Roh { .. } => false,
        }
    }
}
