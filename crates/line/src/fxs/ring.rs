//! Ringing: its start, its cadence, and the slot for caller identity.

use tipring_port::{CallerId, CallerIdTiming, CardOrder, Feed, LineEvent, ProgramId, Refusal, RingRequest};
use tipring_units::{Millis, SampleTime, TICK};

use super::Fxs;
use super::state::State;
use crate::{Cadence, FxsOut, Phase, Playing, RingTrip, frame_length};

/// A card that does not report the steps of a program has surely started it so much later.
const REPORT_GRACE: Millis = Millis(50);

/// One call's ringing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Ring {
    request: RingRequest,
    cadence: Cadence,
    /// [`LineEvent::Ringing`] was said.
    announced: bool,
    slot: Slot,
}

/// Caller identity of this call.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Slot {
    /// Nothing (more) to send.
    Empty,
    /// In the first pause `index`.
    InPause { caller: CallerId, index: usize },
    /// From this moment on.
    Due { caller: CallerId, at: SampleTime },
    /// Being sent until then.
    Sending { until: SampleTime },
}

impl Fxs {
    /// Starts ringing if the loop is calm and open; a closed loop is glare, decided for the subscriber.
    pub(super) fn run_ring(&mut self, now: SampleTime, out: &mut FxsOut) {
        let end = now + TICK;
        match self.state {
            State::RingWait { request } => {
                if end < self.settled_at {
                    return;
                }
                if self.detector.may_be_closed() || self.hook.is_closing() {
                    self.refuse(end, Refusal::OffHook, out);
                    self.enter(State::Idle);
                } else {
                    self.start_ring(now, request, false, true, out);
                }
            }
            State::Ringing(mut ring) => {
                if !ring.announced && ring.cadence.step_at() + REPORT_GRACE <= end {
                    ring.announced = true;
                    self.say(ring.cadence.step_at(), LineEvent::Ringing, out);
                }
                self.run_slot(end, &mut ring, out);
                self.enter(State::Ringing(ring));
            }
            State::OutOfService
            | State::Idle
            | State::Tripped { .. }
            | State::OffHook { .. }
            | State::Supervision { .. }
            | State::Roh { .. } => {}
        }
    }

    /// Follows the cadence up to `at`, by the card's report where that is due.
    pub(super) fn follow_ring(
        &mut self,
        at: SampleTime,
        step: &mut Option<(ProgramId, u8, SampleTime)>,
        out: &mut FxsOut,
    ) {
        let State::Ringing(mut ring) = self.state else { return };
        let mut began = ring.cadence.advance(at);
        if let Some((id, index, step_at)) = *step
            && step_at <= at
        {
            *step = None;
            if id == ring.cadence.id() {
                began |= ring.cadence.sync(usize::from(index), step_at);
                if !ring.announced {
                    ring.announced = true;
                    self.say(step_at, LineEvent::Ringing, out);
                }
            }
        }
        if began {
            self.trip.begin(ring.cadence.phase());
            self.place_slot(&mut ring, out);
        }
        self.enter(State::Ringing(ring));
    }

    /// Rings anew after a trip that battery did not confirm. Who was not shown yet is shown after the first burst.
    pub(super) fn resume_ring(&mut self, now: SampleTime, ring: Ring, out: &mut FxsOut) {
        let unsent = match ring.slot {
            Slot::InPause { .. } | Slot::Due { .. } => true,
            Slot::Empty | Slot::Sending { .. } => false,
        };
        self.start_ring(now, ring.request, ring.announced, unsent, out);
    }

    fn start_ring(
        &mut self,
        now: SampleTime,
        request: RingRequest,
        announced: bool,
        with_caller: bool,
        out: &mut FxsOut,
    ) {
        let spec = self.settings.ring;
        let cadence = Cadence::new(self.next_program(), &request.pattern, &spec, now + TICK);
        let Some(program) = cadence.program(&spec) else {
            // Cannot be: a cadence has 1 to 8 steps. A line that cannot ring is not in service.
            self.refuse(now + TICK, Refusal::OutOfService, out);
            self.enter(State::Idle);
            return;
        };
        out.order = Some(CardOrder::Run(program));
        self.feed = Feed::Ringing { frequency: spec.frequency, level: spec.level };
        self.trip = RingTrip::new(spec.frequency, self.settings.threshold);
        self.trip.begin(Phase::Burst);
        let slot = if with_caller { self.slot(&request, &cadence) } else { Slot::Empty };
        self.enter(State::Ringing(Ring { request, cadence, announced, slot }));
    }

    /// The first pause with room for caller identity. Without such a pause it is not sent and nothing is said of it.
    fn slot(&self, request: &RingRequest, cadence: &Cadence) -> Slot {
        match (request.caller, self.settings.caller_id) {
            (Some(caller), CallerIdTiming::Bellcore { after_ring, before_ring, multiple }) => {
                let needed = after_ring + TICK + frame_length(&caller, multiple) + before_ring;
                match cadence.first_pause_with_room(needed) {
                    Some(index) => Slot::InPause { caller, index },
                    None => Slot::Empty,
                }
            }
            (None, _) | (Some(_), CallerIdTiming::Off) => Slot::Empty,
        }
    }

    /// A step of the cadence began.
    fn place_slot(&mut self, ring: &mut Ring, out: &mut FxsOut) {
        match (ring.slot, self.settings.caller_id) {
            (Slot::InPause { caller, index }, CallerIdTiming::Bellcore { after_ring, .. })
                if ring.cadence.is_in_first(index) =>
            {
                ring.slot = Slot::Due { caller, at: ring.cadence.step_at() + after_ring };
            }
            // The card's report corrects when the pause began.
            (Slot::Due { caller, .. }, CallerIdTiming::Bellcore { after_ring, .. })
                if ring.cadence.phase() == Phase::Pause =>
            {
                ring.slot = Slot::Due { caller, at: ring.cadence.step_at() + after_ring };
            }
            (Slot::Due { .. } | Slot::Sending { .. }, _) if ring.cadence.phase() == Phase::Burst => {
                // The card rings earlier than its program said. Half a burst is of no use to anybody.
                ring.slot = Slot::Empty;
                self.play(Playing::Nothing, out);
            }
            (Slot::Due { .. } | Slot::Sending { .. }, _) => {}
            (Slot::InPause { .. } | Slot::Empty, _) => {}
        }
    }

    fn run_slot(&mut self, end: SampleTime, ring: &mut Ring, out: &mut FxsOut) {
        match (ring.slot, self.settings.caller_id) {
            (Slot::Due { caller, at }, CallerIdTiming::Bellcore { multiple, .. }) if at <= end => {
                ring.slot = Slot::Sending { until: end + frame_length(&caller, multiple) };
                self.play(Playing::CallerId { caller, multiple }, out);
            }
            (Slot::Sending { until }, _) if until <= end => {
                ring.slot = Slot::Empty;
                self.play(Playing::Nothing, out);
                self.say(until, LineEvent::CallerIdSent, out);
            }
            (Slot::Empty | Slot::InPause { .. } | Slot::Due { .. } | Slot::Sending { .. }, _) => {}
        }
    }
}
