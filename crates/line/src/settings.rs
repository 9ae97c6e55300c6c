//! The part of a line's profile that its signalling needs.

use tipring_port::{
    CallerIdTiming, Disconnect, FlashWindow, HookTiming, LampSpec, LineProfile, LoopStart, MeteringSpec,
    PulseTiming, RingSpec, RohTiming, Tone, WaitingCallerId,
};
use tipring_units::{Milliamps, Millis};

use crate::beat::Beat;

/// A [`LineProfile`] without its tones, levels and impedances: they are large, and the voice path's business.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// Hook timing.
    pub hook: HookTiming,
    /// Hook flash.
    pub flash: FlashWindow,
    /// Pulse dialling.
    pub pulse: PulseTiming,
    /// Ringing.
    pub ring: RingSpec,
    /// Caller identity.
    pub caller_id: CallerIdTiming,
    /// Who waits, told in a call.
    pub waiting: Option<WaitingCallerId>,
    /// When the tone that another call waits sounds.
    pub beat: Beat,
    /// The message lamp.
    pub lamp: LampSpec,
    /// Far-end clearing.
    pub disconnect: Disconnect,
    /// Polarity is reversed when the far end answers.
    pub reverse_on_answer: bool,
    /// Metering pulses.
    pub metering: Option<MeteringSpec>,
    /// How the telephone asks for service.
    pub start: LoopStart,
    /// Receiver off-hook.
    pub roh: RohTiming,
    /// Loop current above this is off-hook.
    pub threshold: Milliamps,
    /// Feed current limit.
    pub loop_current: Milliamps,
}

impl From<&LineProfile> for Settings {
    fn from(profile: &LineProfile) -> Self {
        Self {
            hook: profile.hook,
            flash: profile.flash,
            pulse: profile.pulse,
            ring: profile.ring,
            caller_id: profile.caller_id,
            waiting: profile.waiting,
            beat: Beat::of(profile.tones.get(Tone::CallWaiting)),
            lamp: profile.lamp,
            disconnect: profile.disconnect,
            reverse_on_answer: profile.reverse_on_answer,
            metering: profile.metering,
            start: profile.start,
            roh: profile.roh,
            threshold: profile.threshold,
            loop_current: profile.loop_current,
        }
    }
}

impl Settings {
    /// An opening of this length is believed: the profile's bounce, but never so long that the shortest dial pulse
    /// or flash is swallowed.
    pub fn open_confirm(&self) -> Millis {
        let mut confirm = self.hook.bounce;
        if self.pulse.enabled {
            confirm = confirm.min(self.pulse.break_min);
        }
        if self.flash.max > Millis::ZERO {
            confirm = confirm.min(self.flash.min);
        }
        confirm
    }

    /// The longest break that is not yet a hang-up.
    pub fn longest_break(&self) -> Millis {
        if self.pulse.enabled { self.flash.max.max(self.pulse.break_max) } else { self.flash.max }
    }

    /// A break of this length is a hang-up for certain.
    pub fn hang_up_after(&self) -> Millis {
        if self.flash.max > Millis::ZERO {
            self.longest_break() + self.hook.release
        } else if self.pulse.enabled {
            self.hook.release.max(self.pulse.break_max + Millis(1))
        } else {
            self.hook.release
        }
    }
}

#[cfg(test)]
impl Settings {
    pub(crate) fn for_tests() -> Self {
        Self::from(&LineProfile::laboratory())
    }
}
