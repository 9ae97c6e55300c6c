//! What comes before the first ring: the alert to a terminal that it shall listen, and who calls.
//!
//! # What it does
//! Takes a line that is to ring through reversal, alerting tone or ring pulse, silence, message and silence to its first ring
//! (EN 300 659-1 "prior to ringing", SIN 227, DTMF); and serves the terminal that lifted at NTT's short rings.
//!
//! # How
//! Each stage has its end; the next begins in the tick after it, so that nothing is ever shorter than it should be. A reversed
//! battery is turned back when the message is over: the first ring then comes no sooner than ringers have settled, or their
//! charging current would look like a lifted receiver. A telephone that is lifted meanwhile answers.
//!
//! # Limits
//! Within [`super::SETTLE`] of our own reversal a lifted receiver is found when that is over; a ring pulse ends as soon as it
//! trips. A person who answers
//! NTT's short rings hears the message and is put through [`PARTING`] later.
//!
//! # Standard
//! ETSI EN 300 659-1 clause 6; BT SIN 227 clause 5; NTT "Technical Reference: Telephone Service Interface".

use tipring_port::{
    CallerIdAlert, CallerIdShown, CallerIdTiming, CardOrder, Feed, LampSignal, LineEvent, Program,
    ProgramStep, Refusal, RingPattern, RingRequest,
};
use tipring_units::{Millis, SampleTime, TICK};

use super::state::State;
use super::{Fxs, REVERSAL_SETTLE, SETTLE, TRIP_CONFIRM};
use crate::{FxsOut, Phase, Playing, RingTrip, frame_length, lamp_length};

/// NTT's short rings, and how long they go on where no terminal lifts.
pub(super) const SHORT_RING: [Millis; 2] = [Millis(500), Millis(500)];
pub(super) const SUMMONS: Millis = Millis::from_secs(6);
/// From the terminal's lifting to the message.
const SERVE_AFTER: Millis = Millis(200);
/// A terminal that has not hung up so long after the message is a person.
const PARTING: Millis = Millis::from_secs(4);
/// Quiet after the message for a lamp.
const LAMP_REST: Millis = Millis(200);
/// From its hanging up to the ordinary ring.
const RING_AFTER: Millis = Millis(500);
/// A loop that may be closing at the end delays the ring by this at the most.
const PATIENCE: Millis = Millis(300);

/// One call's prelude.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Prelude {
    purpose: Purpose,
    timing: CallerIdTiming,
    /// [`LineEvent::Ringing`] was said.
    announced: bool,
    stage: Stage,
    pub(super) until: SampleTime,
}

/// What a prelude leads to.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // part of the state, which is never moved in the tick
enum Purpose {
    /// Ringing.
    Call(RingRequest),
    /// The message lamp, and ringing where a call came meanwhile.
    Lamp { on: bool, ring: Option<RingRequest> },
}

/// Where a prelude is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The polarity is reversed; the alerting tone follows.
    Reversed,
    /// The alerting tone sounds.
    Tone,
    /// The ring pulse is being sent.
    Pulse,
    /// Quiet before the message.
    Gap,
    /// The message is being sent.
    Message,
    /// Quiet before the ring, which comes at the latest then.
    Rest(SampleTime),
    /// A terminal has lifted by itself; the message follows.
    Lifted,
    /// It gets the message.
    Served,
    /// It has it and is to hang up.
    Parting,
}

impl Prelude {
    /// The call that comes behind the message for the lamp, if there is one; `None`: it is the prelude of a call.
    pub fn after_lamp(&self) -> Option<Option<RingRequest>> {
        match self.purpose {
            Purpose::Call(_) => None,
            Purpose::Lamp { ring, .. } => Some(ring),
        }
    }

    /// Rings, or no longer, when the message for the lamp is over.
    pub fn then_ring(&mut self, request: Option<RingRequest>) {
        if let Purpose::Lamp { ring, .. } = &mut self.purpose {
            *ring = request;
        }
    }

    /// Its ring pulse is on the line.
    pub fn rings(&self, at: SampleTime) -> bool {
        self.stage == Stage::Pulse && at < self.until
    }
}

impl Fxs {
    /// The call's alert before its first ring, if the line's timing has one; `false` if the ring comes at once.
    pub(super) fn start_prelude(&mut self, request: RingRequest, out: &mut FxsOut) -> bool {
        let timing = self.settings.caller_id;
        let CallerIdTiming::BeforeRing { alert, alert_to_data, signal, .. } = timing else { return false };
        match request.caller {
            Some(caller) if frame_length(&caller, signal) > Millis::ZERO => {}
            Some(_) | None => return false,
        }
        self.alert_first(Purpose::Call(request), timing, alert, alert_to_data, out);
        true
    }

    /// Tells the telephone what was ordered of its lamp.
    pub(super) fn start_lamp(&mut self, out: &mut FxsOut) {
        let (Some(on), Some(LampSignal { alert, alert_to_data, signal })) =
            (self.lamp(), self.settings.lamp.signal)
        else {
            return; // cannot be: it would not be due
        };
        let timing = CallerIdTiming::BeforeRing { alert, alert_to_data, data_to_ring: LAMP_REST, signal };
        self.alert_first(Purpose::Lamp { on, ring: None }, timing, alert, alert_to_data, out);
    }

    fn alert_first(
        &mut self,
        purpose: Purpose,
        timing: CallerIdTiming,
        alert: CallerIdAlert,
        alert_to_data: Millis,
        out: &mut FxsOut,
    ) {
        let now = self.tick_start();
        let (stage, length) = match alert {
            CallerIdAlert::None => {
                self.feed_before(now, out);
                (Stage::Gap, alert_to_data)
            }
            CallerIdAlert::Reversal => {
                self.reverse(now, out);
                (Stage::Gap, alert_to_data)
            }
            CallerIdAlert::ReversalAndTone { wait, .. } => {
                self.reverse(now, out);
                (Stage::Reversed, wait)
            }
            CallerIdAlert::Tone(length) => {
                self.feed_before(now, out);
                self.alert(length, out)
            }
            CallerIdAlert::RingPulse(length) => {
                self.ring_pulse(length, out);
                (Stage::Pulse, length)
            }
        };
        let until = self.clock + length;
        self.enter(State::Prelude(Prelude { purpose, timing, announced: false, stage, until }));
    }

    /// A terminal lifted at the short rings: it gets the message.
    pub(super) fn serve(&mut self, request: RingRequest, announced: bool, out: &mut FxsOut) {
        let timing = self.settings.caller_id;
        self.play(Playing::Nothing, out);
        let until = self.clock + SERVE_AFTER;
        let purpose = Purpose::Call(request);
        self.enter(State::Prelude(Prelude { purpose, timing, announced, stage: Stage::Lifted, until }));
    }

    /// The stage is over.
    pub(super) fn next_stage(&mut self, mut prelude: Prelude, out: &mut FxsOut) {
        let (alert, alert_to_data, data_to_ring) = match prelude.timing {
            CallerIdTiming::BeforeRing { alert, alert_to_data, data_to_ring, .. } => {
                (alert, alert_to_data, data_to_ring)
            }
            CallerIdTiming::Off
            | CallerIdTiming::BetweenRings { .. }
            | CallerIdTiming::AfterShortRing { .. } => (CallerIdAlert::None, Millis::ZERO, RING_AFTER),
        };
        let (stage, length) = match (prelude.stage, alert) {
            (Stage::Reversed, CallerIdAlert::ReversalAndTone { length, .. }) => self.alert(length, out),
            (Stage::Pulse, _) => {
                self.feed = Feed::Normal;
                (Stage::Gap, alert_to_data)
            }
            (Stage::Reversed | Stage::Tone, _) => {
                self.play(Playing::Nothing, out);
                (Stage::Gap, alert_to_data)
            }
            (Stage::Gap, _) => (Stage::Message, self.send(&prelude, out)),
            (Stage::Message, _) => {
                self.sent(&prelude, out);
                let turned = self.feed == Feed::Reversed;
                if turned {
                    self.reverse_back(out);
                }
                self.rest(if turned { data_to_ring.max(SETTLE + TICK) } else { data_to_ring })
            }
            (Stage::Rest(latest), _) => {
                let now = self.tick_start();
                let closing = self.detector.may_be_closed() || self.hook.is_closing();
                if closing && self.clock < latest {
                    (Stage::Rest(latest), TICK)
                } else {
                    return self.after(now, &prelude, out);
                }
            }
            (Stage::Lifted, _) => (Stage::Served, self.send(&prelude, out)),
            (Stage::Served, _) => {
                self.sent(&prelude, out);
                (Stage::Parting, PARTING)
            }
            (Stage::Parting, _) => return self.answer(self.clock, out),
        };
        (prelude.stage, prelude.until) = (stage, self.clock + length);
        self.enter(State::Prelude(prelude));
    }

    /// The telephone seems to have been lifted under the ring pulse: it ends, and battery decides.
    pub(super) fn pulse_tripped(&mut self, mut prelude: Prelude, out: &mut FxsOut) {
        self.order_feed(self.tick_start(), Feed::Normal, out);
        self.detector.reset(self.hook.loop_closed());
        self.hook.start_on_hook(TRIP_CONFIRM, self.clock + TICK);
        prelude.until = self.clock + TICK;
        self.enter(State::Prelude(prelude));
    }

    /// The telephone was lifted before its first ring, or while its lamp was being switched.
    pub(super) fn answer_early(&mut self, at: SampleTime, prelude: &Prelude, out: &mut FxsOut) {
        match prelude.purpose {
            Purpose::Call(_) => {}
            Purpose::Lamp { ring, .. } => {
                if ring.is_some() {
                    self.refuse(at, Refusal::OffHook, out);
                }
                return self.seize_lamp(at, out);
            }
        }
        if self.feed != Feed::Normal {
            self.order_feed(self.tick_start(), Feed::Normal, out);
            self.hook.blind(self.clock + REVERSAL_SETTLE);
        }
        self.answer(at, out);
    }

    /// The terminal that was served has hung up, or gave up: now the telephone is rung.
    pub(super) fn hung_up_served(&mut self, mut prelude: Prelude, out: &mut FxsOut) {
        self.play(Playing::Nothing, out);
        let (stage, length) = self.rest(RING_AFTER);
        (prelude.stage, prelude.until) = (stage, self.clock + length);
        self.enter(State::Prelude(prelude));
    }

    /// The short rings' cadence.
    pub(super) fn short_ring() -> RingPattern {
        RingPattern::new(&SHORT_RING)
    }

    fn rest(&self, length: Millis) -> (Stage, Millis) {
        (Stage::Rest(self.clock + length + PATIENCE), length)
    }

    fn alert(&mut self, length: Millis, out: &mut FxsOut) -> (Stage, Millis) {
        self.play(Playing::Alert(length), out);
        (Stage::Tone, length)
    }

    /// Sends the message; how long that takes.
    fn send(&mut self, prelude: &Prelude, out: &mut FxsOut) -> Millis {
        match (prelude.purpose, prelude.timing.signal()) {
            (Purpose::Call(RingRequest { caller: Some(caller), .. }), Some(signal)) => {
                self.play(Playing::CallerId { caller, signal }, out);
                frame_length(&caller, signal)
            }
            (Purpose::Lamp { on, .. }, Some(signal)) => {
                self.play(Playing::Lamp { on, signal }, out);
                lamp_length(on, signal)
            }
            // cannot be: there would be no prelude
            (Purpose::Call(_) | Purpose::Lamp { .. }, _) => Millis::ZERO,
        }
    }

    fn sent(&mut self, prelude: &Prelude, out: &mut FxsOut) {
        self.play(Playing::Nothing, out);
        match prelude.purpose {
            Purpose::Call(_) => self.say(self.clock, LineEvent::CallerIdSent(CallerIdShown::Whole), out),
            Purpose::Lamp { on, .. } => self.lamp_sent(on, out),
        }
    }

    /// What the prelude leads to.
    fn after(&mut self, now: SampleTime, prelude: &Prelude, out: &mut FxsOut) {
        match prelude.purpose {
            Purpose::Call(request) => self.ring_after(now, request, prelude.announced, out),
            Purpose::Lamp { ring: Some(request), .. } => self.enter(State::RingWait { request }),
            Purpose::Lamp { ring: None, .. } => {
                self.lamp_idle(self.clock);
                self.enter(State::Idle);
            }
        }
    }

    /// A ground-start line has no battery yet: a tone needs it, and it tells the terminal that the line is taken.
    fn feed_before(&mut self, now: SampleTime, out: &mut FxsOut) {
        if self.feed != Feed::Normal {
            self.order_feed(now, Feed::Normal, out);
            self.start_on_hook();
        }
    }

    fn reverse(&mut self, now: SampleTime, out: &mut FxsOut) {
        self.order_feed(now, Feed::Reversed, out);
        self.start_on_hook();
    }

    fn reverse_back(&mut self, out: &mut FxsOut) {
        let closing = self.detector.may_be_closed() || self.hook.is_closing();
        self.order_feed(self.tick_start(), Feed::Normal, out);
        if closing {
            self.hook.blind(self.settled_at);
        } else {
            self.start_on_hook();
        }
    }

    fn ring_pulse(&mut self, length: Millis, out: &mut FxsOut) {
        let spec = self.settings.ring;
        let id = self.next_program();
        let burst = Feed::Ringing { frequency: spec.frequency, level: spec.level };
        let steps = [
            ProgramStep { feed: burst, length: length.max(Millis(1)).samples() },
            ProgramStep { feed: Feed::Normal, length: TICK.samples() },
        ];
        // Two steps are always a program.
        out.order = Program::new(id, &steps, usize::MAX).map(CardOrder::Run);
        self.feed = burst;
        self.settled_at = self.clock + length + SETTLE;
        self.start_on_hook();
        self.trip = RingTrip::new(spec.frequency, self.settings.threshold);
        self.trip.begin(Phase::Burst);
    }
}
