//! What a telephone shows beside ringing: who waits while its user talks, and its message lamp.
//!
//! # What it does
//! Knows the alerting signal in a call, mutes the handset, acknowledges by a key and reads who waits. Lights the lamp when
//! a message says so or its neon has enough voltage.
//!
//! # How
//! Frames that hold both tones of the alert and little else are counted; their number has to be that of an alert. After the
//! key the data receiver listens until a message or a mistake came, or nothing for a while; then the user hears and speaks again.
//! The lamp has two causes, either of which lights it.
//!
//! # Limits
//! Two telephones on one line both acknowledge.
//!
//! # Standard
//! Telcordia SR-TSV-002476 and ETSI EN 300 659-2: alert of 75 to 85 ms, key of 55 to 65 ms within 100 ms of it.

use tipring_port::LoopStart;
use tipring_units::{Millis, SampleTime, Samples, TICK, TICK_SAMPLES, Volts};

use super::{Phone, PhoneEvent};
use crate::ear::{HeardEvent, Listener, What};
use crate::plant::Fidelity;

/// Frames that an alert fills, at the least and at the most.
const ALERT_FRAMES: core::ops::RangeInclusive<u8> = 6..=10;
/// The key that acknowledges.
const KEY: u8 = b'D';
/// Frames in which it has ended.
const KEY_FRAMES: u8 = 7;
/// Frames that a receiver waits for data, and reads a message, at the most.
const PATIENCE_FRAMES: u8 = 70;
const LONGEST_FRAMES: u8 = 250;
/// The neon lamp burns from this voltage on, and goes out below that.
const NEON_BURNS: Volts = Volts(80.0);
const NEON_DIES: Volts = Volts(65.0);
/// Frames after which it is seen.
const NEON_FRAMES: u8 = 10;

/// What a telephone does about a call that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Display {
    /// The user talks; so many frames of an alert have come.
    #[default]
    Listening,
    /// An alert may be going on.
    Alerted(u8),
    /// It was one; the key follows.
    Pause(u8),
    /// The key sounds.
    Key(u8),
    /// It waits for data, since so many frames.
    Waiting(u8),
    /// It reads a message.
    Reading(u8),
}

impl Display {
    /// True if the user neither hears nor is heard.
    pub(super) const fn is_muted(self) -> bool {
        match self {
            Self::Listening | Self::Alerted(_) => false,
            Self::Pause(_) | Self::Key(_) | Self::Waiting(_) | Self::Reading(_) => true,
        }
    }

    /// A frame passes; `alert`: it holds the alerting signal. The key comes so many frames after it.
    fn pass(self, alert: bool, pause: u8) -> Self {
        match self {
            Self::Listening if alert => Self::Alerted(1),
            Self::Listening => Self::Listening,
            Self::Alerted(frames) if alert => Self::Alerted(frames.saturating_add(1)),
            Self::Alerted(frames) if ALERT_FRAMES.contains(&frames) => Self::Pause(pause),
            Self::Alerted(_) => Self::Listening,
            Self::Pause(0) => Self::Key(KEY_FRAMES),
            Self::Pause(left) => Self::Pause(left - 1),
            Self::Key(0) => Self::Waiting(0),
            Self::Key(left) => Self::Key(left - 1),
            Self::Waiting(PATIENCE_FRAMES..) | Self::Reading(LONGEST_FRAMES..) => Self::Listening,
            Self::Waiting(frames) => Self::Waiting(frames + 1),
            Self::Reading(frames) => Self::Reading(frames + 1),
        }
    }
}

/// A message lamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct MessageLamp {
    /// A message has lit it.
    told: bool,
    /// The voltage has.
    glows: bool,
    /// Frames in which the voltage was as if it should change.
    doubt: u8,
}

impl MessageLamp {
    /// True if it is lit.
    pub const fn is_lit(&self) -> bool {
        self.told || self.glows
    }

    /// True if nothing is about to change.
    pub const fn is_resting(&self) -> bool {
        self.doubt == 0
    }

    fn feel(&mut self, volts: Volts) {
        let level = if self.glows { NEON_DIES } else { NEON_BURNS };
        if (volts.0.abs() >= level.0) == self.glows {
            self.doubt = 0;
            return;
        }
        self.doubt += 1;
        if self.doubt >= NEON_FRAMES {
            (self.glows, self.doubt) = (!self.glows, 0);
        }
    }
}

impl<A: Fidelity> Phone<A> {
    /// True if the message lamp is lit.
    pub const fn is_lamp_lit(&self) -> bool {
        self.lamp.is_lit()
    }

    /// Hears the sound of this tick.
    pub(crate) fn hear(&mut self, frame: &A::Frame) {
        if self.lifted {
            self.heard = *frame;
            if let Some(machine) = &mut self.machine {
                machine.hear(frame);
            }
            self.hear_in_call(frame);
        } else {
            self.ear.overhear(frame);
            self.learn();
        }
        self.now = self.now + Samples(TICK_SAMPLES as u64);
        while let Some(event) = self.ear.event() {
            if let HeardEvent::Began(heard) = event {
                match heard.what {
                    What::Caller(_) | What::NextCaller(_) | What::Garbled(_) => self.display = Some(heard),
                    What::Waiting(on) => self.light(heard.named, |lamp| lamp.told = on),
                    What::Silence
                    | What::Tone(_)
                    | What::Sine(..)
                    | What::Digit(_)
                    | What::Voice(_)
                    | What::Speech
                    | What::Phrase(_)
                    | What::Ringing => {}
                }
            }
            self.note(PhoneEvent::Heard(event));
        }
    }

    /// The voltage at the end of the tick, while it is not rung: that of a telephone on-hook may light its neon lamp.
    pub(crate) fn feel_battery(&mut self, volts: Volts) {
        if self.spec.neon && self.spec.trunk != Some(LoopStart::Ground) {
            self.light(self.now, |lamp| lamp.feel(volts));
        }
    }

    /// The receiver was lifted, hung up or flashed: what was on its way in the call is forgotten.
    pub(super) fn forget_second(&mut self) {
        self.second = Display::Listening;
        self.mouth.mute(false);
        self.ear.forget_data();
    }

    fn hear_in_call(&mut self, frame: &A::Frame) {
        let has_user = self.machine.as_ref().is_none_or(|machine| machine.is_person());
        let can = self.spec.shows_waiting && has_user;
        let before = self.second;
        let (after, length) = self.spec.acknowledges;
        let pause = u8::try_from(after.0 / TICK.0).unwrap_or(u8::MAX);
        self.second = before.pass(can && A::Listener::is_alert(frame), pause);
        if before == Display::Pause(0) {
            self.mouth.key(KEY, length, Millis::ZERO);
        }
        if let Display::Waiting(_) | Display::Reading(_) = self.second {
            if before == Display::Key(0) {
                self.ear.forget_data();
            }
            let (began, ended) = self.ear.read_next_caller(frame);
            if ended {
                self.second = Display::Listening;
            } else if began && let Display::Waiting(_) = self.second {
                self.second = Display::Reading(0);
            }
        }
        let muted = self.second.is_muted();
        if before.is_muted() && !muted {
            self.ear.forget_data();
        }
        self.mouth.mute(muted);
        let silence = A::SILENCE;
        self.ear.hear(if muted { &silence } else { frame });
    }

    fn light(&mut self, at: SampleTime, change: impl FnOnce(&mut MessageLamp)) {
        let before = self.lamp.is_lit();
        change(&mut self.lamp);
        if self.lamp.is_lit() != before {
            self.note(PhoneEvent::Lamp(at, !before));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(alert: usize) -> Display {
        (0..alert).fold(Display::Listening, |display, _| display.pass(true, 2)).pass(false, 2)
    }

    #[test]
    fn only_a_sound_as_long_as_an_alert_is_acknowledged() {
        for frames in [1, 5, 11, 40, 300] {
            assert_eq!(after(frames), Display::Listening, "{frames}");
        }
        for frames in 6..=10 {
            assert!(after(frames).is_muted(), "{frames}");
        }
    }

    #[test]
    fn a_telephone_that_is_sent_nothing_gives_its_user_the_call_back() {
        let mut display = after(8);
        let muted = (0..200).take_while(|_| {
            display = display.pass(false, 2);
            display.is_muted()
        });
        assert!((70..90).contains(&muted.count()));
    }

    #[test]
    fn a_neon_lamp_needs_its_voltage_for_a_while() {
        let mut lamp = MessageLamp::default();
        (0..9).for_each(|_| lamp.feel(Volts(-100.0)));
        assert!(!lamp.is_lit() && !lamp.is_resting());
        lamp.feel(Volts(-100.0));
        assert!(lamp.is_lit() && lamp.is_resting());
        (0..20).for_each(|_| lamp.feel(Volts(70.0)));
        assert!(lamp.is_lit(), "once lit it stays");
        (0..10).for_each(|_| lamp.feel(Volts(48.0)));
        assert!(!lamp.is_lit());
    }
}
