//! The message lamp of a telephone.
//!
//! # What it does
//! Tells a telephone on-hook, by a message without ringing, that messages wait or that none do; and feeds it the battery at which a
//! neon lamp burns.
//!
//! # How
//! The message waits until the line has been quiet for [`QUIET`], then goes out as a prelude of its own
//! ([`super::prelude`]): the country's alert, the message, silence. A call for the telephone waits until it is over. A telephone that is
//! lifted meanwhile gets dial tone, and the message again later. The neon battery is what an idle line rests on.
//!
//! # Limits
//! Nobody acknowledges the message. A ground-start line has no lamp.
//!
//! # Standard
//! Telcordia GR-1401-CORE (visual message waiting indicator); ETSI EN 300 659-1 clause 6.2.3 and EN 300 659-3 clause 5.3.3.

use tipring_port::{Feed, LineEvent, LoopStart};
use tipring_units::{Millis, SampleTime};

use super::state::State;
use super::{Fxs, REVERSAL_SETTLE};
use crate::{FxsOut, Playing};

/// A line has been idle for so long before its telephone is told.
const QUIET: Millis = Millis(1000);

/// What is known of the lamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Lamp {
    /// What was ordered last.
    wanted: Option<bool>,
    /// A message is to be sent.
    due: bool,
    /// The line has been idle since then.
    idle_since: SampleTime,
}

impl Fxs {
    /// Messages wait, or none do.
    pub(super) fn order_lamp(&mut self, on: bool) {
        self.lamp.wanted = Some(on);
        self.lamp.due = self.settings.lamp.signal.is_some() && self.settings.start == LoopStart::Loop;
    }

    /// What was ordered of the lamp.
    pub fn lamp(&self) -> Option<bool> {
        self.lamp.wanted
    }

    /// The line becomes idle: from now on it is quiet.
    pub(super) fn lamp_idle(&mut self, at: SampleTime) {
        self.lamp.idle_since = at;
    }

    /// The lamp was lit before the line was out of service or away: a telephone that was without battery forgot it.
    pub(super) fn tell_lamp_again(&mut self) {
        if self.lamp.wanted == Some(true) {
            self.order_lamp(true);
        }
    }

    /// What an idle line with loop start rests on.
    pub(super) fn loop_feed(&self) -> Feed {
        match (self.lamp.wanted, self.settings.lamp.neon) {
            (Some(true), Some(voltage)) => Feed::Neon(voltage),
            (Some(true), None) | (Some(false) | None, _) => Feed::Normal,
        }
    }

    /// When the lamp needs a tick.
    pub(super) fn lamp_deadline(&self) -> Option<SampleTime> {
        if self.state != State::Idle || self.card_silent || self.joined {
            None
        } else if self.is_fed_wrong() {
            Some(self.clock)
        } else if self.lamp.due {
            Some(self.quiet_at())
        } else {
            None
        }
    }

    /// Sends the message if the line is quiet.
    pub(super) fn run_lamp(&mut self, end: SampleTime, out: &mut FxsOut) {
        if self.state != State::Idle || self.card_silent || self.joined || out.order.is_some() {
            return;
        }
        let is_calm = end >= self.settled_at
            && !self.detector.may_be_closed()
            && !self.hook.is_closing()
            && !self.is_ground_asked();
        if !is_calm {
            return;
        }
        if self.is_fed_wrong() {
            self.order_feed(self.tick_start(), self.rest_feed(), out);
            self.start_on_hook();
        } else if self.lamp.due && self.quiet_at() <= end {
            self.start_lamp(out);
        }
    }

    /// The message went out.
    pub(super) fn lamp_sent(&mut self, on: bool, out: &mut FxsOut) {
        self.lamp.due &= self.lamp.wanted != Some(on);
        self.say(self.clock, LineEvent::LampShown(on), out);
    }

    /// The telephone was lifted while its lamp was being switched.
    pub(super) fn seize_lamp(&mut self, at: SampleTime, out: &mut FxsOut) {
        if self.feed != Feed::Normal {
            self.order_feed(self.tick_start(), Feed::Normal, out);
            self.hook.blind(self.clock + REVERSAL_SETTLE);
        }
        self.seize(at, out);
    }

    /// Gives a message up that is being sent, to send it again later: the line is idle, or about to ring.
    pub(super) fn drop_lamp(&mut self, now: SampleTime, out: &mut FxsOut) {
        let State::Prelude(prelude) = self.state else { return };
        let Some(ring) = prelude.after_lamp() else { return };
        self.play(Playing::Nothing, out);
        self.order_feed(now, self.rest_feed(), out);
        self.start_on_hook();
        self.enter(ring.map_or(State::Idle, |request| State::RingWait { request }));
    }

    fn quiet_at(&self) -> SampleTime {
        (self.lamp.idle_since + QUIET).max(self.settled_at)
    }

    fn is_fed_wrong(&self) -> bool {
        matches!(self.feed, Feed::Normal | Feed::Neon(_))
            && self.settings.start == LoopStart::Loop
            && self.feed != self.loop_feed()
    }
}
