//! The signalling machine of a line port towards a telephone (FXS).
//!
//! # What it does
//! Knows whether the telephone is on-hook, ringing or off-hook, and gives it battery, ringing, caller identity,
//! disconnect supervision and the receiver-off-hook sequence.
//!
//! # How
//! Readings go through the detector, the ring-trip detector and the hook tracker, which make internal events of
//! them; [`event`] and [`command`] hold the matrix of states and events, and of states and commands. Everything
//! timed goes to the card as a whole program. The epoch grows when the line returns to idle.
//!
//! Glare is decided here: ringing starts only at the end of a tick whose last reading shows an open loop. If the
//! loop is closed, [`tipring_port::LineCommand::Ring`] is refused and the closed loop becomes a seizure.
//!
//! When the mean over ring cycles shows a lifted receiver, ringing is taken off at once, but the answer is believed
//! only when battery alone confirms it ([`TRIP_CONFIRM`]); if it does not, the cadence starts again.
//!
//! # Limits
//! Where no pause has room for all of a caller's identity, it goes without name, then without date; where even that has none it
//! is not sent, and the line says so. Before the first ring there is room for all.
//!
//! # Standard
//! Caller identity: GR-30 and EN 300 659-1 (at least 500 ms after the first burst, 200 ms before the second; or before the first),
//! SIN 227, NTT.

mod command;
mod event;
mod lamp;
mod prelude;
mod ring;
mod state;
mod test;
mod trunk;
mod waiting;

use tipring_port::{
    CardOrder, CardReport, Feed, LineEvent, LineFault, LineProfile, LineSummary, LoopReading, LoopStart,
    ProgramEnd, ProgramId, READINGS_PER_TICK, Refusal, Sense,
};
use tipring_units::{Epoch, Millis, SampleTime, Samples, TICK};

use crate::detector::READING;
use crate::leakage::Leakage;
use crate::{Detector, FxsOut, HookTracker, Playing, RingTrip, Settings, Verdict};
use event::Event;
use lamp::Lamp;
use state::State;
use trunk::Ground;
use waiting::Waiting;

/// After our feed changed, ringers take this long to charge: 5 REN over 1500 ohm from reversed to normal battery at
/// 25 mA draw more than 10 mA for 180 ms.
pub const SETTLE: Millis = Millis(250);
/// A closed loop has settled this long after a reversal.
pub const REVERSAL_SETTLE: Millis = Millis(100);
/// Battery has to show a closed loop this long before a ring trip is believed.
pub const TRIP_CONFIRM: Millis = Millis(40);
/// If it has not by then, it was none and ringing goes on.
pub const TRIP_ABANDON: Millis = Millis(250);
/// A card that does not report the end of a program is believed to have ended it so much later.
const PROGRAM_GRACE: Millis = Millis(100);
/// State timers that may expire in one tick; more would be a machine that runs in a circle.
const MAX_TIMERS_PER_TICK: usize = 4;

/// The machine of one line.
#[derive(Clone, Debug)]
pub struct Fxs {
    settings: Settings,
    epoch: Epoch,
    state: State,
    detector: Detector,
    trip: RingTrip,
    hook: HookTracker,
    leakage: Leakage,
    /// What the card feeds, or will after the order or program that was given last.
    feed: Feed,
    /// No order was given yet.
    fresh: bool,
    /// From then on the loop is calm after the last change of feed.
    settled_at: SampleTime,
    programs: u32,
    playing: Playing,
    card_silent: bool,
    /// The relay joins the telephone to its outside line: nothing of it is on this port.
    joined: bool,
    /// A terminal's wish on a ground-start line.
    ground: Ground,
    /// Metering pulses are being sent.
    metering: bool,
    /// A call that waits.
    waiting: Option<Waiting>,
    /// The message lamp.
    lamp: Lamp,
    reading: LoopReading,
    /// The end of the last tick.
    clock: SampleTime,
}

impl Fxs {
    /// A machine in its first tick. A machine that replaces another takes up with the epoch after the other's.
    pub fn new(profile: &LineProfile, epoch: Epoch, in_service: bool) -> Self {
        Self::with_settings(Settings::from(profile), epoch, in_service)
    }

    /// The same, of settings.
    pub fn with_settings(settings: Settings, epoch: Epoch, in_service: bool) -> Self {
        Self {
            epoch,
            state: if in_service { State::Idle } else { State::OutOfService },
            detector: Detector::new(&settings),
            trip: RingTrip::new(settings.ring.frequency, settings.threshold),
            hook: HookTracker::new(&settings),
            leakage: Leakage::default(),
            feed: match (in_service, settings.start) {
                (true, LoopStart::Loop) => Feed::Normal,
                (true, LoopStart::Ground) => Feed::TipOpen,
                (false, _) => Feed::Open,
            },
            fresh: true,
            settled_at: SampleTime(0),
            programs: 0,
            playing: Playing::Nothing,
            card_silent: false,
            joined: false,
            ground: Ground::default(),
            metering: false,
            waiting: None,
            lamp: Lamp::default(),
            reading: LoopReading::default(),
            clock: SampleTime(0),
            settings,
        }
    }

    /// Takes another profile. What is running (a cadence, a stage of a sequence) ends as it began.
    pub fn apply(&mut self, profile: &LineProfile) {
        self.settings = Settings::from(profile);
        self.detector.apply(&self.settings);
        self.hook.apply(&self.settings);
        if !self.state.needs_every_tick() {
            self.trip = RingTrip::new(self.settings.ring.frequency, self.settings.threshold);
        }
    }

    /// True until the machine's first tick, which orders the feed.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// True if nothing is going on: on-hook and not about to be seized, neither rung nor out of its sequence.
    pub fn is_idle(&self) -> bool {
        match self.state {
            State::Idle => !self.hook.is_closing(),
            State::OutOfService => true,
            State::RingWait { .. }
            | State::Testing(_)
            | State::Prelude(_)
            | State::Ringing(_)
            | State::Tripped { .. }
            | State::OffHook { .. }
            | State::Supervision { .. }
            | State::Roh { .. } => false,
        }
    }

    /// The card's report of the tick whose first sample is `now`; orders take effect from the next tick on.
    pub fn tick(&mut self, now: SampleTime, report: &CardReport, out: &mut FxsOut) {
        let end = now + TICK;
        self.clock = end;
        if core::mem::take(&mut self.fresh) {
            self.order_feed(now, self.feed, out);
            self.start_on_hook();
        }
        self.follow_relay(end, report.lifeline == Some(true), out);
        match report.ended {
            Some(ProgramEnd::Completed(id, offset)) => {
                self.on(now + Samples(u64::from(offset)), Event::ProgramCompleted(id), out);
            }
            Some(ProgramEnd::Cancelled(id)) => self.on(now, Event::ProgramCancelled(id), out),
            None => {}
        }
        self.sense(now, report, out);
        self.run_hook(end, out);
        for _ in 0..MAX_TIMERS_PER_TICK {
            match self.state.deadline() {
                Some(due) if due <= end => self.on(due, Event::Timer, out),
                Some(_) | None => break,
            }
        }
        self.run_waiting(end, out);
        self.run_ring(now, out);
        self.run_lamp(end, out);
        self.end_ground(end, out);
        self.watch_leakage(end, out);
    }

    /// The announcement that was played has been said to its end.
    pub fn announced(&mut self, now: SampleTime, out: &mut FxsOut) {
        let Playing::Announcement(_, then) = self.playing else { return }; // another order came first
        self.play(then.map_or(Playing::Bridge, Playing::Tone), out);
        self.say(now, LineEvent::Announced, out);
    }

    /// The faults that were told and are not over.
    pub(crate) fn faults(&self) -> [Option<LineFault>; 4] {
        let when = |fault, holds: bool| holds.then_some(fault);
        [
            when(LineFault::CardSilent, self.card_silent),
            when(LineFault::Leakage, self.leakage.is_leaking()),
            None,
            None,
        ]
    }

    /// The card has been silent for too long (`true`), or reports again. Calls in progress are the control plane's to
    /// end; new ones are refused. What was ordered meanwhile may be lost and nobody knows what the telephone did: the
    /// line begins anew when the card is back, and says so again if it is off-hook.
    pub fn card_silent(&mut self, now: SampleTime, silent: bool, out: &mut FxsOut) {
        if self.card_silent == silent {
            return;
        }
        self.card_silent = silent;
        self.drop_lamp(now, out);
        self.drop_test(now, out);
        let fault = LineFault::CardSilent;
        if silent {
            return out.say(self.epoch, now, LineEvent::Fault(fault));
        }
        self.tell_lamp_again();
        let feed = if self.state == State::OutOfService { Feed::Open } else { self.rest_feed() };
        match self.state {
            State::Idle | State::Testing(_) | State::OutOfService => {}
            State::RingWait { .. } | State::Prelude(_) | State::Ringing(_) | State::Tripped { .. } => {
                self.end_epoch(now, LineEvent::RingStopped, out);
            }
            State::OffHook { .. } | State::Supervision { .. } | State::Roh { .. } => {
                self.end_epoch(now, LineEvent::Released, out);
            }
        }
        self.order_feed(now, feed, out);
        self.start_on_hook();
        self.say(now, LineEvent::FaultCleared(fault), out);
    }

    /// The current generation of the line.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// What is true of the line now.
    pub fn summary(&self) -> LineSummary {
        LineSummary {
            off_hook: self.state.is_off_hook(),
            ringing: match self.state {
                State::Ringing(_) => true,
                State::Prelude(prelude) => prelude.after_lamp().is_none(),
                State::OutOfService
                | State::Idle
                | State::Testing(_)
                | State::RingWait { .. }
                | State::Tripped { .. }
                | State::OffHook { .. }
                | State::Supervision { .. }
                | State::Roh { .. } => false,
            },
            in_service: self.state != State::OutOfService,
            faulted: self.card_silent || self.leakage.is_leaking(),
            voltage: self.reading.voltage,
            current: self.reading.current,
        }
    }

    /// What the telephone has to hear.
    pub fn playing(&self) -> Playing {
        self.playing
    }

    /// The state's name, for ladders and logs.
    pub fn state_name(&self) -> &'static str {
        match self.state {
            State::Idle if self.hook.is_closing() => "seizing",
            State::OffHook { .. } if self.is_hushed() => "call-waiting",
            state => state.name(),
        }
    }

    /// When the machine needs its next tick although every report until then is the same steady one; `None`: not at
    /// all. A moment that has passed means: every tick.
    pub fn next_wakeup(&self) -> Option<SampleTime> {
        if self.fresh || self.state.needs_every_tick() || !self.detector.is_settled() {
            return Some(self.clock);
        }
        let timers = [
            self.state.deadline(),
            self.hook.deadline(),
            self.leakage.deadline(),
            self.ground_deadline(),
            self.waiting_deadline(),
            self.lamp_deadline(),
        ];
        timers.into_iter().flatten().min()
    }

    fn sense(&mut self, now: SampleTime, report: &CardReport, out: &mut FxsOut) {
        let mut step = report.step.map(|(id, step, offset)| (id, step, now + Samples(u64::from(offset))));
        match report.sense {
            Sense::Raw(readings) => {
                for (index, reading) in readings.iter().enumerate() {
                    self.read(now + Samples(index as u64 * READING.0), reading, &mut step, out);
                }
            }
            Sense::Steady(reading) => {
                for index in 0..READINGS_PER_TICK {
                    self.read(now + Samples(index as u64 * READING.0), &reading, &mut step, out);
                    if self.detector.is_settled() && !self.state.needs_every_tick() {
                        break; // the others would tell the same
                    }
                }
            }
            Sense::Cooked(events) => {
                self.follow_ring(now + TICK, &mut step, out);
                for (offset, event) in events.iter() {
                    let at = now + Samples(u64::from(offset));
                    self.hook.cooked(at, event);
                    self.run_hook(at, out);
                }
            }
        }
    }

    /// One reading, of the millisecond from `at` on.
    fn read(
        &mut self,
        at: SampleTime,
        reading: &LoopReading,
        step: &mut Option<(ProgramId, u8, SampleTime)>,
        out: &mut FxsOut,
    ) {
        self.reading = *reading;
        match self.state {
            State::OutOfService => {}
            State::Ringing(_) => {
                self.follow_ring(at, step, out);
                if let Some(trip) = self.trip.read(reading.current) {
                    self.on(at + READING, Event::Trip(trip), out);
                }
            }
            State::Prelude(prelude) if prelude.rings(at) => {
                if let Some(trip) = self.trip.read(reading.current) {
                    self.on(at + READING, Event::Trip(trip), out);
                }
            }
            State::Idle
            | State::RingWait { .. }
            | State::Prelude(_)
            | State::Tripped { .. }
            | State::OffHook { .. }
            | State::Supervision { .. }
            | State::Roh { .. } => {
                if self.state == State::Idle {
                    self.watch_ground(at, reading, out);
                }
                self.judge(at, reading, out);
            }
            State::Testing(test) => {
                if self.read_test(test, at, reading, out) {
                    self.judge(at, reading, out);
                }
            }
        }
    }

    /// Is the loop closed?
    fn judge(&mut self, at: SampleTime, reading: &LoopReading, out: &mut FxsOut) {
        if let Some(edge) = self.detector.read(at, reading) {
            self.run_hook(edge.at, out);
            self.hook.edge(edge);
            self.run_hook(at + READING, out);
        }
    }

    fn run_hook(&mut self, now: SampleTime, out: &mut FxsOut) {
        // While it rings raw readings go to the ring-trip detector; a cooked verdict comes here at any time.
        while let Some((at, verdict)) = self.hook.poll(now) {
            let event = match verdict {
                Verdict::OffHook => Event::OffHook,
                Verdict::OnHook => Event::OnHook,
                Verdict::Flash(length) => Event::Flash(length),
                Verdict::Pulsing => Event::Pulsing,
                Verdict::Digit(digit) => Event::Digit(digit),
            };
            self.on(at, event, out);
        }
    }

    fn watch_leakage(&mut self, end: SampleTime, out: &mut FxsOut) {
        if self.state != State::Idle || self.detector.may_be_closed() || end < self.settled_at {
            self.leakage.interrupt();
        } else if let Some(leaks) = self.leakage.read(end, &self.reading) {
            let fault = LineFault::Leakage;
            let event = if leaks { LineEvent::Fault(fault) } else { LineEvent::FaultCleared(fault) };
            out.say(self.epoch, end, event);
        }
    }

    /// The relay took the telephone away, or gave it back. What it was doing here is over.
    fn follow_relay(&mut self, at: SampleTime, joined: bool, out: &mut FxsOut) {
        if joined == core::mem::replace(&mut self.joined, joined) {
            return;
        }
        self.drop_lamp(at, out);
        self.drop_test(at, out);
        if joined {
            match self.state {
                State::Idle | State::Testing(_) | State::OutOfService => {}
                State::RingWait { .. } | State::Prelude(_) | State::Ringing(_) | State::Tripped { .. } => {
                    self.end_epoch(at, LineEvent::RingStopped, out);
                    self.order_feed(at, self.rest_feed(), out);
                }
                State::OffHook { .. } | State::Supervision { .. } | State::Roh { .. } => {
                    self.end_epoch(at, LineEvent::Released, out);
                    self.order_feed(at, self.rest_feed(), out);
                }
            }
        }
        if !joined {
            self.lamp_idle(at);
            self.tell_lamp_again();
        }
        self.start_on_hook();
        self.say(at, LineEvent::Lifeline(joined), out);
    }

    /// The one place where the state changes.
    fn enter(&mut self, state: State) {
        if !matches!(state, State::OffHook { .. }) {
            self.waiting = None;
        }
        self.state = state;
    }

    /// Ends the epoch with `event`; the line is on-hook and idle in the next.
    fn end_epoch(&mut self, at: SampleTime, event: LineEvent, out: &mut FxsOut) {
        out.say(self.epoch, at, event);
        self.epoch = self.epoch.next();
        self.play(Playing::Nothing, out);
        self.lamp_idle(at);
        self.enter(State::Idle);
    }

    fn play(&mut self, playing: Playing, out: &mut FxsOut) {
        if self.playing != playing || matches!(playing, Playing::Tone(_) | Playing::Announcement(..)) {
            self.playing = playing;
            out.playing = Some(playing);
        }
    }

    fn say(&self, at: SampleTime, event: LineEvent, out: &mut FxsOut) {
        out.say(self.epoch, at, event);
    }

    fn refuse(&self, at: SampleTime, refusal: Refusal, out: &mut FxsOut) {
        out.say(self.epoch, at, LineEvent::Refused(refusal));
    }

    /// Orders a steady feed from the tick after `now` on.
    fn order_feed(&mut self, now: SampleTime, feed: Feed, out: &mut FxsOut) {
        out.order = Some(CardOrder::Feed(feed));
        (self.feed, self.metering) = (feed, false);
        self.fresh = false;
        self.settled_at = now + TICK + SETTLE;
    }

    /// Looks for a seizure as soon as the loop is calm.
    fn start_on_hook(&mut self) {
        self.detector.reset(self.hook.loop_closed());
        self.hook.start_on_hook(self.settings.hook.seize, self.settled_at);
    }

    fn next_program(&mut self) -> ProgramId {
        self.programs = self.programs.wrapping_add(1);
        ProgramId(self.programs)
    }
}
