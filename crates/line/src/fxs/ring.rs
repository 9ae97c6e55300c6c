//! Ringing: its start, its cadence, and the slot for caller identity; short rings that make a terminal lift (NTT).

use tipring_port::{
    CallerId, CallerIdShown, CallerIdTiming, CardOrder, Feed, LineEvent, ProgramId, Refusal, RingRequest,
};
use tipring_units::{Millis, SampleTime, TICK};

use super::Fxs;
use super::prelude::SUMMONS;
use super::state::State;
use crate::slot::forms;
use crate::{Cadence, FxsOut, Phase, Playing, RingTrip, frame_length};

/// A card that does not report the steps of a program has surely started it so much later.
const REPORT_GRACE: Millis = Millis(50);
const SAMPLES_PER_MILLI: u64 = 8;

/// One call's ringing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Ring {
    request: RingRequest,
    cadence: Cadence,
    /// [`LineEvent::Ringing`] was said.
    announced: bool,
    slot: Slot,
    /// These are short rings: the telephone itself is rung when a terminal was served, or at this moment.
    summons: Option<SampleTime>,
}

/// Caller identity of this call.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Slot {
    /// Nothing (more) to send.
    Empty,
    /// No pause has room; not said yet.
    NoRoom { needs: Millis, pause: Millis },
    /// In the first pause `index`.
    InPause { burst: Burst, index: usize },
    /// In the pause that began at `since`.
    Due { burst: Burst, since: SampleTime },
    /// Being sent until then.
    Sending { burst: Burst, since: SampleTime, until: SampleTime },
}

/// What is sent.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Burst {
    caller: CallerId,
    shown: CallerIdShown,
    /// With its distances to the rings.
    needs: Millis,
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
                if self.detector.may_be_closed() || self.hook.is_closing() || self.is_ground_asked() {
                    self.refuse(end, Refusal::OffHook, out);
                    self.enter(State::Idle);
                } else if !self.start_prelude(request, out) && !self.start_summons(now, request, out) {
                    self.start_ring(now, request, false, true, out);
                }
            }
            State::Ringing(mut ring) => {
                if ring.cadence.step_at() + REPORT_GRACE <= end {
                    self.announce(ring.cadence.step_at(), &mut ring, out);
                }
                self.run_slot(end, &mut ring, out);
                match ring.summons {
                    Some(until) if until <= end && ring.cadence.phase() == Phase::Pause => {
                        self.start_ring(now, ring.request, ring.announced, false, out);
                    }
                    Some(_) | None => self.enter(State::Ringing(ring)),
                }
            }
            State::OutOfService
            | State::Idle
            | State::Testing(_)
            | State::Prelude(_)
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
                self.announce(step_at, &mut ring, out);
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
            Slot::Empty | Slot::NoRoom { .. } | Slot::Sending { .. } => false,
        };
        match ring.summons {
            Some(until) => self.summon(now, ring.request, ring.announced, until, out),
            None => self.start_ring(now, ring.request, ring.announced, unsent, out),
        }
    }

    /// Rings after a prelude: who calls was sent.
    pub(super) fn ring_after(
        &mut self,
        now: SampleTime,
        request: RingRequest,
        announced: bool,
        out: &mut FxsOut,
    ) {
        self.start_ring(now, request, announced, false, out);
    }

    /// Short rings, where the line's terminal gets who calls after them; `false` if it does not.
    fn start_summons(&mut self, now: SampleTime, request: RingRequest, out: &mut FxsOut) -> bool {
        let CallerIdTiming::AfterShortRing { signal } = self.settings.caller_id else { return false };
        match request.caller {
            Some(caller) if frame_length(&caller, signal) > Millis::ZERO => {
                self.summon(now, request, false, now + TICK + SUMMONS, out);
                true
            }
            Some(_) | None => false,
        }
    }

    fn summon(
        &mut self,
        now: SampleTime,
        request: RingRequest,
        announced: bool,
        until: SampleTime,
        out: &mut FxsOut,
    ) {
        let short = RingRequest { pattern: Self::short_ring(), ..request };
        self.start_ring(now, short, announced, false, out);
        if let State::Ringing(ring) = &mut self.state {
            (ring.request, ring.summons) = (request, Some(until));
        }
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
        self.enter(State::Ringing(Ring { request, cadence, announced, slot, summons: None }));
    }

    /// Battery confirmed that the receiver is lifted: somebody answers, or a terminal wants to be told who calls.
    pub(super) fn lifted(&mut self, at: SampleTime, ring: Ring, out: &mut FxsOut) {
        if ring.summons.is_some() {
            self.serve(ring.request, ring.announced, out);
        } else {
            self.answer(at, out);
        }
    }

    /// It rings, and what is known of caller identity by then. Once for each call.
    fn announce(&self, at: SampleTime, ring: &mut Ring, out: &mut FxsOut) {
        if !core::mem::replace(&mut ring.announced, true) {
            self.say(at, LineEvent::Ringing, out);
        }
        if let Slot::NoRoom { needs, pause } = ring.slot {
            ring.slot = Slot::Empty;
            self.say(at, LineEvent::CallerIdOmitted { needs, pause }, out);
        }
    }

    /// The first pause with room for caller identity, in the longest form that has one.
    fn slot(&self, request: &RingRequest, cadence: &Cadence) -> Slot {
        let CallerIdTiming::BetweenRings { after_ring, before_ring, signal } = self.settings.caller_id else {
            return Slot::Empty;
        };
        let Some(caller) = request.caller else { return Slot::Empty };
        let mut least = Millis::ZERO;
        for (caller, shown) in forms(caller, signal) {
            let needs = after_ring + TICK + frame_length(&caller, signal) + before_ring;
            if let Some(index) = cadence.first_pause_with_room(needs) {
                return Slot::InPause { burst: Burst { caller, shown, needs }, index };
            }
            least = needs;
        }
        Slot::NoRoom { needs: least, pause: cadence.longest_pause() }
    }

    /// A step of the cadence began.
    fn place_slot(&mut self, ring: &mut Ring, out: &mut FxsOut) {
        let (phase, at) = (ring.cadence.phase(), ring.cadence.step_at());
        match ring.slot {
            Slot::InPause { burst, index } if ring.cadence.is_in_first(index) => {
                ring.slot = Slot::Due { burst, since: at };
            }
            // The card's report corrects when the pause began.
            Slot::Due { burst, .. } if phase == Phase::Pause => ring.slot = Slot::Due { burst, since: at },
            Slot::Due { burst, since } | Slot::Sending { burst, since, .. } if phase == Phase::Burst => {
                // The card rings earlier than its program said. Half a burst is of no use to anybody.
                ring.slot = Slot::Empty;
                self.play(Playing::Nothing, out);
                let pause = Millis(u32::try_from(at.since(since).0 / SAMPLES_PER_MILLI).unwrap_or(u32::MAX));
                self.say(at, LineEvent::CallerIdOmitted { needs: burst.needs, pause }, out);
            }
            Slot::Due { .. } | Slot::Sending { .. } | Slot::InPause { .. } => {}
            Slot::NoRoom { .. } | Slot::Empty => {}
        }
    }

    fn run_slot(&mut self, end: SampleTime, ring: &mut Ring, out: &mut FxsOut) {
        match (ring.slot, self.settings.caller_id) {
            (Slot::Due { burst, since }, CallerIdTiming::BetweenRings { after_ring, signal, .. })
                if since + after_ring <= end =>
            {
                let until = end + frame_length(&burst.caller, signal);
                ring.slot = Slot::Sending { burst, since, until };
                self.play(Playing::CallerId { caller: burst.caller, signal }, out);
            }
            (Slot::Sending { burst, until, .. }, _) if until <= end => {
                ring.slot = Slot::Empty;
                self.play(Playing::Nothing, out);
                self.say(until, LineEvent::CallerIdSent(burst.shown), out);
            }
            (Slot::Empty | Slot::NoRoom { .. } | Slot::InPause { .. }, _) => {}
            (Slot::Due { .. } | Slot::Sending { .. }, _) => {}
        }
    }
}
