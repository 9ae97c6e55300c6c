//! Another call waits for the subscriber who talks: the tone for that, and who it is (type II caller identity).
//!
//! # What it does
//! Lets the tone of the country sound in the call as often as the country repeats it. Behind its first group of bursts it sends
//! the alerting signal, waits for the telephone's acknowledgement and sends who waits.
//!
//! # How
//! It goes beside the states, while the line is off-hook and hears its bridge. From the first burst to the end of the message
//! the line hears nothing of the bridge and the bridge nothing of the line ([`Playing::Hush`] and what sounds): the telephone
//! mutes itself from the alert on, and its acknowledgement is nobody's digit. A telephone that does not acknowledge in time, or
//! whose loop opens meanwhile, gets its call back. Who waits is sent once; further groups are tone alone.
//!
//! # Limits
//! The acknowledgement is found by the line's digit detector, which takes [`DETECTION`] at the most.
//!
//! # Standard
//! Telcordia GR-30-CORE clause 3 and GR-575-CORE; ETSI EN 300 659-2 clause 6.

use tipring_port::{CallerId, LineEvent};
use tipring_units::{Millis, SampleTime};

use super::Fxs;
use super::state::State;
use crate::beat::Group;
use crate::{FxsOut, Playing, frame_length};

/// A key is detected so long after its beginning at the most, the way to the telephone and back included.
const DETECTION: Millis = Millis(80);
/// An acknowledgement of 55 to 65 ms has ended for certain.
const LONGEST_KEY: Millis = Millis(300);
/// From the end of the message to the next tone, at the least.
const REST: Millis = Millis(1000);
/// Stages that may end in one tick; more would be a circle.
const MAX_STAGES_PER_TICK: usize = 4;

/// A call that waits.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Waiting {
    /// Who, until it was sent or cannot be.
    caller: Option<CallerId>,
    group: Group,
    stage: Stage,
    until: SampleTime,
    /// When the next group is due.
    next: SampleTime,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The line hears something else than its bridge.
    Held,
    /// A group of the tone.
    Tone,
    /// Quiet before the alert.
    Gap,
    /// The alerting signal.
    Alert,
    /// Quiet in which the telephone acknowledges.
    Answer,
    /// Its key sounds.
    Key(u8),
    /// Quiet before the message.
    Settle,
    /// The message.
    Message,
    /// The call is heard until the next group.
    Talk,
    /// The same, and no group follows.
    Over,
}

impl Stage {
    const fn is_hushed(self) -> bool {
        match self {
            Self::Held | Self::Talk | Self::Over => false,
            Self::Tone
            | Self::Gap
            | Self::Alert
            | Self::Answer
            | Self::Key(_)
            | Self::Settle
            | Self::Message => true,
        }
    }
}

impl Fxs {
    /// Another call waits.
    pub(super) fn start_waiting(&mut self, now: SampleTime, caller: Option<CallerId>, out: &mut FxsOut) {
        self.stop_waiting(out);
        let group = self.settings.beat.group(0);
        self.waiting = Some(Waiting { caller, group, stage: Stage::Held, until: now, next: now });
    }

    /// No call waits any more: the bridge is heard.
    pub(super) fn stop_waiting(&mut self, out: &mut FxsOut) {
        if self.waiting.take().is_some_and(|waiting| waiting.stage.is_hushed()) {
            self.play(Playing::Bridge, out);
        }
    }

    /// Tone or message of a call that waits keep the line.
    pub(super) fn is_hushed(&self) -> bool {
        self.waiting.is_some_and(|waiting| waiting.stage.is_hushed())
    }

    /// When a stage ends.
    pub(super) fn waiting_deadline(&self) -> Option<SampleTime> {
        self.waiting.and_then(|waiting| match waiting.stage {
            Stage::Held | Stage::Over => None,
            Stage::Tone
            | Stage::Gap
            | Stage::Alert
            | Stage::Answer
            | Stage::Key(_)
            | Stage::Settle
            | Stage::Message
            | Stage::Talk => Some(waiting.until),
        })
    }

    /// A key of the telephone began to sound (`began`) or ended; true if it acknowledges the alert, and is no digit then.
    pub fn key(&mut self, at: SampleTime, key: u8, began: bool) -> bool {
        let (Some(waiting), Some(spec)) = (&mut self.waiting, self.settings.waiting) else { return false };
        match (waiting.stage, began) {
            (Stage::Answer, true) if spec.keys.contains(&key) => {
                (waiting.stage, waiting.until) = (Stage::Key(key), at + LONGEST_KEY);
                true
            }
            (Stage::Key(sounds), false) if sounds == key => {
                (waiting.stage, waiting.until) = (Stage::Settle, at + spec.acknowledge_to_data);
                true
            }
            (
                Stage::Held
                | Stage::Tone
                | Stage::Gap
                | Stage::Alert
                | Stage::Answer
                | Stage::Key(_)
                | Stage::Settle
                | Stage::Message
                | Stage::Talk
                | Stage::Over,
                _,
            ) => false,
        }
    }

    /// What is due by `end`.
    pub(super) fn run_waiting(&mut self, end: SampleTime, out: &mut FxsOut) {
        self.give_up_on_break(end, out);
        for _ in 0..MAX_STAGES_PER_TICK {
            let Some(waiting) = self.waiting else { return };
            let due = match waiting.stage {
                Stage::Held => self.playing == Playing::Bridge && matches!(self.state, State::OffHook { .. }),
                Stage::Over => false,
                Stage::Tone
                | Stage::Gap
                | Stage::Alert
                | Stage::Answer
                | Stage::Key(_)
                | Stage::Settle
                | Stage::Message
                | Stage::Talk => waiting.until <= end,
            };
            if !due {
                return;
            }
            self.waiting = Some(self.next_waiting(end, waiting, out));
        }
    }

    /// The receiver is being hung up or flashed: what is sent now reaches nobody.
    fn give_up_on_break(&mut self, end: SampleTime, out: &mut FxsOut) {
        let Some(mut waiting) = self.waiting.filter(|_| !self.hook.loop_closed()) else { return };
        match waiting.stage {
            Stage::Gap | Stage::Alert | Stage::Answer | Stage::Key(_) | Stage::Settle | Stage::Message => {
                self.say(end, LineEvent::WaitingShown(false), out);
                let (stage, length) = self.talk(end, &mut waiting, out);
                (waiting.stage, waiting.until) = (stage, end + length);
                self.waiting = Some(waiting);
            }
            Stage::Held | Stage::Tone | Stage::Talk | Stage::Over => {}
        }
    }

    /// The stage after the one that is over.
    fn next_waiting(&mut self, end: SampleTime, mut waiting: Waiting, out: &mut FxsOut) -> Waiting {
        let spec = self.settings.waiting;
        let (stage, length) = match (waiting.stage, spec, waiting.caller) {
            (Stage::Held, ..) => self.sound_group(end, &mut waiting, out),
            (Stage::Talk, ..) => {
                let step = waiting.group.next.unwrap_or(waiting.group.first);
                waiting.group = self.settings.beat.group(step);
                self.sound_group(end, &mut waiting, out)
            }
            (Stage::Tone, Some(spec), Some(_)) => {
                self.play(Playing::Hush, out);
                (Stage::Gap, spec.tone_to_alert)
            }
            (Stage::Gap, Some(spec), Some(_)) => {
                self.play(Playing::Alert(spec.alert), out);
                (Stage::Alert, spec.alert)
            }
            (Stage::Alert, Some(spec), Some(_)) => {
                self.play(Playing::Hush, out);
                (Stage::Answer, spec.acknowledge + DETECTION)
            }
            (Stage::Settle, Some(spec), Some(caller)) => {
                let signal = spec.signal();
                self.play(Playing::CallerId { caller, signal }, out);
                (Stage::Message, frame_length(&caller, signal))
            }
            (Stage::Answer | Stage::Key(_), Some(_), Some(_)) => {
                self.say(end, LineEvent::WaitingShown(false), out);
                self.talk(end, &mut waiting, out)
            }
            (Stage::Message, Some(_), Some(_)) => {
                self.say(end, LineEvent::WaitingShown(true), out);
                self.talk(end, &mut waiting, out)
            }
            (
                Stage::Tone
                | Stage::Gap
                | Stage::Alert
                | Stage::Answer
                | Stage::Key(_)
                | Stage::Settle
                | Stage::Message
                | Stage::Over,
                ..,
            ) => self.talk(end, &mut waiting, out),
        };
        (waiting.stage, waiting.until) = (stage, end + length);
        waiting
    }

    fn sound_group(&mut self, end: SampleTime, waiting: &mut Waiting, out: &mut FxsOut) -> (Stage, Millis) {
        let Group { first, count, length, pause, .. } = waiting.group;
        waiting.next = end + length + pause;
        if count > 0 {
            self.play(Playing::WaitingTone { first, count }, out);
        }
        (Stage::Tone, length)
    }

    /// The subscriber talks on until the next group.
    fn talk(&mut self, end: SampleTime, waiting: &mut Waiting, out: &mut FxsOut) -> (Stage, Millis) {
        waiting.caller = None;
        self.play(Playing::Bridge, out);
        if waiting.group.next.is_none() {
            return (Stage::Over, Millis::ZERO);
        }
        let left = waiting.next.0.saturating_sub(end.0) / Millis(1).samples().0;
        (Stage::Talk, Millis(u32::try_from(left).unwrap_or(u32::MAX)).max(REST))
    }
}
