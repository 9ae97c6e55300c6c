//! What happens on the line, by state.

use tipring_port::{
    CardOrder, DigitSource, Disconnect, Feed, LineEvent, LoopStart, Program, ProgramId, ProgramStep, Refusal,
    RohStage, Tone,
};
use tipring_units::{Millis, SampleTime, TICK};

use super::state::{After, State};
use super::{Fxs, PROGRAM_GRACE, REVERSAL_SETTLE, SETTLE, TRIP_ABANDON, TRIP_CONFIRM};
use crate::{FxsOut, Playing, Trip};

/// After a trip in a pause the next burst may begin before our order reaches the card.
const LAST_BURST: Millis = Millis(40);

/// A terminal of ground start lets go of a line whose tip is open within this.
const TIP_OPEN: Millis = Millis::from_secs(5);

/// What happened, by the card's report or by time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// The receiver was lifted, after debounce.
    OffHook,
    /// It was hung up.
    OnHook,
    /// A hook flash.
    Flash(Millis),
    /// The first pulse of a digit.
    Pulsing,
    /// A whole digit.
    Digit(u8),
    /// The loop is closed under ringing.
    Trip(Trip),
    /// A program ran to its end.
    ProgramCompleted(ProgramId),
    /// A program was cancelled.
    ProgramCancelled(ProgramId),
    /// The state's own timer.
    Timer,
}

impl Fxs {
    pub(super) fn on(&mut self, at: SampleTime, event: Event, out: &mut FxsOut) {
        match (self.state, event) {
            // Nothing that an unfed loop does means anything.
            (
                State::OutOfService,
                Event::OffHook
                | Event::OnHook
                | Event::Flash(_)
                | Event::Pulsing
                | Event::Digit(_)
                | Event::Trip(_)
                | Event::ProgramCompleted(_)
                | Event::ProgramCancelled(_)
                | Event::Timer,
            ) => {}

            (State::Idle, Event::OffHook) => self.seize(at, out),
            (State::Testing(_), Event::OffHook) => self.lifted_in_test(at, out),
            (State::Testing(_), Event::Trip(_)) => self.tripped_in_test(out),
            (State::Testing(test), Event::Timer) => self.next_test_stage(test, out),
            (State::RingWait { .. }, Event::OffHook) => {
                self.refuse(at, Refusal::OffHook, out);
                self.seize(at, out);
            }
            // A card that judges by itself trips by itself; or battery confirmed our own verdict.
            (State::Ringing(ring), Event::OffHook) => {
                self.order_feed(self.tick_start(), Feed::Normal, out);
                self.lifted(at, ring, out);
            }
            (State::Tripped { ring, .. }, Event::OffHook) => self.lifted(at, ring, out),
            (State::Prelude(prelude), Event::OffHook) => self.answer_early(at, &prelude, out),
            (State::Prelude(prelude), Event::Trip(_)) => self.pulse_tripped(prelude, out),
            (State::Prelude(prelude), Event::OnHook) => self.hung_up_served(prelude, out),
            (State::Prelude(prelude), Event::Timer) => self.next_stage(prelude, out),
            (State::Ringing(ring), Event::Trip(Trip::InPause)) => {
                self.order_feed(self.tick_start(), Feed::Normal, out);
                self.detector.reset(true);
                self.hook.start_off_hook(at);
                self.hook.blind(self.clock + LAST_BURST);
                self.lifted(at, ring, out);
            }
            (State::Ringing(ring), Event::Trip(Trip::InBurst)) => {
                self.order_feed(self.tick_start(), Feed::Normal, out);
                self.play(Playing::Nothing, out);
                self.detector.reset(self.hook.loop_closed());
                // Our order needs a tick, and a card may be a tick behind.
                self.hook.start_on_hook(TRIP_CONFIRM, self.clock + TICK);
                self.enter(State::Tripped { ring, until: self.clock + TRIP_ABANDON });
            }
            (State::Tripped { ring, until }, Event::Timer) => {
                if self.detector.may_be_closed() {
                    // Still bouncing: battery decides within the debounce.
                    self.enter(State::Tripped { ring, until: until + TICK });
                } else {
                    self.resume_ring(self.tick_start(), ring, out);
                }
            }

            (State::OffHook { .. } | State::Supervision { .. } | State::Roh { .. }, Event::OnHook) => {
                self.hang_up(at, out);
            }

            (State::OffHook { .. } | State::Roh { .. } | State::Supervision { .. }, Event::Flash(length)) => {
                self.stop_waiting(out);
                self.say(at, LineEvent::Flash(length), out);
            }
            (State::OffHook { .. }, Event::Pulsing) => match self.playing {
                // As on a wired exchange, the first pulse ends the invitation to dial.
                Playing::Tone(Tone::Dial | Tone::Stutter | Tone::Outside) => self.play(Playing::Bridge, out),
                Playing::Tone(_)
                | Playing::Announcement(..)
                | Playing::Nothing
                | Playing::CallerId { .. }
                | Playing::Alert(_)
                | Playing::Lamp { .. }
                | Playing::WaitingTone { .. }
                | Playing::Hush
                | Playing::Digit { .. }
                | Playing::Bridge
                | Playing::BridgeVoice => {}
            },
            (State::OffHook { .. }, Event::Digit(digit)) => {
                let (source, length) = (DigitSource::Pulse, Millis::ZERO);
                self.say(at, LineEvent::Digit { digit, source, length }, out);
            }
            // Nobody collects digits when the call is over.
            (State::Supervision { .. } | State::Roh { .. }, Event::Pulsing | Event::Digit(_)) => {}

            (State::OffHook { .. }, Event::Timer) => {
                self.enter(State::OffHook { reversed_at: None });
                self.say(at, LineEvent::SupervisionDone, out);
                self.start_metering(out);
            }
            (State::Supervision { program: Some(program), then, .. }, Event::ProgramCompleted(id))
                if program == id =>
            {
                self.hook.blind_only(at + SETTLE);
                self.end_supervision(at, then, out);
            }
            (State::Supervision { program: Some(program), then, .. }, Event::ProgramCancelled(id))
                if program == id =>
            {
                // The card was reset in the middle of it: the telephone needs its battery back.
                self.order_feed(self.tick_start(), Feed::Normal, out);
                self.hook.blind_only(self.settled_at);
                self.end_supervision(at, then, out);
            }
            (State::Supervision { then, .. }, Event::Timer) => self.end_supervision(at, then, out),
            (State::Roh { stage, .. }, Event::Timer) => {
                let howler = self.settings.roh.howler;
                match stage {
                    RohStage::Supervision | RohStage::Reorder if howler > Millis::ZERO => {
                        self.roh(at, RohStage::Howler, Some(at + howler), Playing::Tone(Tone::Howler), out);
                    }
                    RohStage::Supervision | RohStage::Reorder | RohStage::Howler | RohStage::Quiet => {
                        self.roh(at, RohStage::Quiet, None, Playing::Nothing, out);
                    }
                }
            }

            // The ends of programs that our own orders replaced.
            (
                State::Idle
                | State::Testing(_)
                | State::RingWait { .. }
                | State::Prelude(_)
                | State::Ringing(_)
                | State::Tripped { .. }
                | State::OffHook { .. }
                | State::Supervision { .. }
                | State::Roh { .. },
                Event::ProgramCompleted(_) | Event::ProgramCancelled(_),
            ) => {}
            // A trip is only looked for while ringing, and found once.
            (
                State::Idle
                | State::RingWait { .. }
                | State::Tripped { .. }
                | State::OffHook { .. }
                | State::Supervision { .. }
                | State::Roh { .. },
                Event::Trip(_),
            ) => {}
            // The tracker is on-hook in these states: it says nothing but off-hook.
            (
                State::Idle
                | State::Testing(_)
                | State::RingWait { .. }
                | State::Ringing(_)
                | State::Tripped { .. },
                Event::OnHook | Event::Flash(_) | Event::Pulsing | Event::Digit(_),
            ) => {}
            // A terminal that is being served means nothing by them.
            (State::Prelude(_), Event::Flash(_) | Event::Pulsing | Event::Digit(_)) => {}
            // The tracker is off-hook already.
            (State::OffHook { .. } | State::Supervision { .. } | State::Roh { .. }, Event::OffHook) => {}
            // These states have no timer.
            (State::Idle | State::RingWait { .. } | State::Ringing(_), Event::Timer) => {}
        }
    }

    /// The far end cleared: supervision as the country asks, then `then`.
    pub(super) fn supervise(&mut self, now: SampleTime, then: After, out: &mut FxsOut) {
        self.stop_metering(out);
        if self.settings.start == LoopStart::Ground {
            // Tip is opened, and stays so until the terminal lets go.
            self.order_feed(now, Feed::TipOpen, out);
            return self.start_supervision(now, None, now + TIP_OPEN, then, out);
        }
        match self.settings.disconnect {
            Disconnect::Cpc(length) if length > Millis::ZERO => {
                let id = self.next_program();
                let open = ProgramStep { feed: Feed::Open, length: length.samples() };
                let back = ProgramStep { feed: Feed::Normal, length: TICK.samples() };
                let end = now + TICK + length + TICK;
                match Program::new(id, &[open, back], usize::MAX) {
                    Some(program) => {
                        out.order = Some(CardOrder::Run(program));
                        self.feed = Feed::Normal;
                        self.settled_at = end + SETTLE;
                        self.hook.blind(self.settled_at);
                        self.start_supervision(now, Some(id), end + PROGRAM_GRACE, then, out);
                    }
                    // Cannot be: two steps are a program.
                    None => self.end_supervision(now, then, out),
                }
            }
            Disconnect::Reversal if self.feed == Feed::Reversed => {
                self.order_feed(now, Feed::Normal, out);
                let until = now + TICK + REVERSAL_SETTLE;
                self.hook.blind(until);
                self.start_supervision(now, None, until, then, out);
            }
            Disconnect::None | Disconnect::Cpc(_) | Disconnect::Reversal => self.follow(now, then, out),
        }
    }

    /// The receiver-off-hook sequence from its first stage.
    pub(super) fn start_roh(&mut self, at: SampleTime, tone: Tone, out: &mut FxsOut) {
        let until = at + self.settings.roh.reorder;
        self.roh(at, RohStage::Reorder, Some(until), Playing::Tone(tone), out);
    }

    /// Where the tick that is being processed began.
    pub(super) fn tick_start(&self) -> SampleTime {
        SampleTime(self.clock.since(SampleTime(0) + TICK).0)
    }

    pub(super) fn seize(&mut self, at: SampleTime, out: &mut FxsOut) {
        if matches!(self.feed, Feed::Neon(_)) {
            self.order_feed(self.tick_start(), Feed::Normal, out);
            self.hook.blind(self.clock + REVERSAL_SETTLE);
        }
        self.enter(State::OffHook { reversed_at: None });
        self.play(Playing::Bridge, out);
        self.say(at, LineEvent::Seized, out);
    }

    pub(super) fn answer(&mut self, at: SampleTime, out: &mut FxsOut) {
        self.enter(State::OffHook { reversed_at: None });
        self.play(Playing::Bridge, out);
        self.say(at, LineEvent::Answered, out);
    }

    fn hang_up(&mut self, at: SampleTime, out: &mut FxsOut) {
        let rest = self.rest_feed();
        let supervising = matches!(self.state, State::Supervision { .. });
        if self.feed != rest || self.metering || supervising {
            self.order_feed(self.tick_start(), rest, out);
            self.hook.blind(self.settled_at);
        }
        self.end_epoch(at, LineEvent::Released, out);
    }

    fn start_supervision(
        &mut self,
        now: SampleTime,
        program: Option<ProgramId>,
        until: SampleTime,
        then: After,
        out: &mut FxsOut,
    ) {
        self.enter(State::Supervision { program, until, then });
        self.play(Playing::Nothing, out);
        self.say(now, LineEvent::Roh(RohStage::Supervision), out);
    }

    fn end_supervision(&mut self, at: SampleTime, then: After, out: &mut FxsOut) {
        self.say(at, LineEvent::SupervisionDone, out);
        self.follow(at, then, out);
    }

    fn follow(&mut self, at: SampleTime, then: After, out: &mut FxsOut) {
        match then {
            After::Roh(tone) => self.start_roh(at, tone, out),
            After::Tone(tone) => {
                self.enter(State::OffHook { reversed_at: None });
                self.play(Playing::Tone(tone), out);
            }
            After::Announcement(words, then) => {
                self.enter(State::OffHook { reversed_at: None });
                self.play(Playing::Announcement(words, then), out);
            }
            After::Bridge => {
                self.enter(State::OffHook { reversed_at: None });
                self.play(Playing::Bridge, out);
            }
        }
    }

    fn roh(
        &mut self,
        at: SampleTime,
        stage: RohStage,
        until: Option<SampleTime>,
        playing: Playing,
        out: &mut FxsOut,
    ) {
        self.enter(State::Roh { stage, until });
        self.play(playing, out);
        self.say(at, LineEvent::Roh(stage), out);
    }
}
