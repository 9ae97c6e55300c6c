//! The signalling machine of a port towards an exchange (FXO).
//!
//! # What it does
//! Watches the on-hook line (battery, another telephone on it, ringing), shows calls that come in with their caller, seizes
//! the line, waits for the exchange and dials, and tells when the far end answered and cleared.
//!
//! # How
//! Readings go to three watches: of the idle line, of ringing, of the loop of a call; sound is heard by the ear of the line,
//! which tells of it by [`Fxo::overheard`]. [`command`] and [`event`] hold the matrix of states with commands and with
//! what happens. Pulses and flashes go to the card as whole programs; a touch tone is played at a time. The epoch grows
//! when the line is on-hook again and its guard time has passed, or when a caller gave up.
//!
//! However a call ends, the port goes on-hook by itself, at the far end's clearing as at a command: no line stays seized.
//!
//! # Glare
//! A line that rings, or may just begin to, is not seized. If the exchange rang in the very moment of seizure, alternating
//! current shows it: that call is then ours to answer, and the outgoing one is refused. An exchange may trip its ringing
//! before that; then a voice comes in place of dial tone, which tells the same. Where neither comes nothing is dialled: who
//! hears it might be anybody.
//!
//! # Limits
//! Ground start asks by grounding ring and holds by closing the loop; a card must be able to. A card that judges by itself
//! tells of battery, ringing and reversals, not of voltages: another telephone on the line is not seen there, nor foreign
//! voltage.
//!
//! # Standard
//! TIA-968 and ETSI ES 203 021 for terminals on a line; timings are national and the profile's.

mod command;
mod cooked;
mod dial;
mod event;
mod incoming;
mod state;
mod study;

use tipring_port::{
    CallerId, CallerIdAlert, CallerIdFault, CallerIdTiming, CardOrder, CardReport, Feed, FxoProfile,
    LearnEnd, LearnReport, LineEvent, LineFault, LineProfile, LineSummary, LoopReading, LoopStart,
    ProgramEnd, ProgramId, READINGS_PER_TICK, Refusal, Sense,
};
use tipring_units::{Epoch, Millis, SampleTime, Samples, TICK};

use crate::detector::READING;
use crate::idle_watch::{IdleLine, IdleWatch};
use crate::loop_watch::LoopWatch;
use crate::ring_detector::RingDetector;
use crate::{FxsOut, Playing};
use cooked::CookedLoop;
use event::Event;
use state::State;

/// A line that was seized draws current after this long, or it is dead.
const CURRENT_WITHIN: Millis = Millis(1000);
/// An exchange answers a grounded ring within this.
const GROUND_WITHIN: Millis = Millis(5000);
/// The loop has settled this long after our own port changed it.
const SETTLE: Millis = Millis(150);
/// Caller identity that no ringing follows belongs to no call.
const CALLER_KEPT: Millis = Millis::from_secs(10);
/// A short ring before caller identity may be longer than its standard says by this much.
const ALERT_SLACK: Millis = Millis(150);
/// A card that does not report the end of a program is believed to have ended it so much later.
const PROGRAM_GRACE: Millis = Millis(100);
/// State timers that may expire in one tick; more would be a machine that runs in a circle.
const MAX_TIMERS_PER_TICK: usize = 4;
/// Changes of sign of the current just after seizure that are ringing, and within which time.
const GLARE_TURNS: u8 = 2;
const GLARE_WITHIN: Millis = Millis(250);

/// The machine of one outside line.
#[derive(Clone, Debug)]
pub struct Fxo {
    profile: FxoProfile,
    timing: CallerIdTiming,
    start: LoopStart,
    epoch: Epoch,
    state: State,
    idle: IdleWatch,
    /// How the on-hook line was last told to be.
    line: IdleLine,
    told: bool,
    ring: RingDetector,
    watch: LoopWatch,
    feed: Feed,
    fresh: bool,
    programs: u32,
    playing: Playing,
    card_silent: bool,
    foreign: bool,
    /// A cooked card's verdict of ringing.
    cooked_ring: Option<SampleTime>,
    reading: LoopReading,
    /// Who calls, if it was told before the ringing.
    caller: Option<(SampleTime, Result<CallerId, CallerIdFault>)>,
    /// The next call is answered to learn how it is cleared; until then it is waited for.
    study_until: Option<SampleTime>,
    /// What came of that.
    studied: Option<Result<LearnReport, LearnEnd>>,
    /// Turns of the current since the loop was closed, and its last sign.
    turns: (u8, bool),
    /// A voice was heard while dial tone was waited for.
    spoken: bool,
    /// The call was begun without a number: its caller dials.
    bare: bool,
    /// The exchange has given dial tone in this call, or has been dialled to.
    inviting: bool,
    /// Silence does not clear this call.
    ignores_silence: bool,
    /// No dial tone came when the line was seized last, and nothing has shown since that there is one.
    toneless: bool,
    /// Another profile may have been what that was about.
    doubts_fault: bool,
    /// What a card that judges by itself has told of the loop.
    cooked: Option<CookedLoop>,
    /// The end of the last tick.
    clock: SampleTime,
}

impl Fxo {
    /// A machine in its first tick. A machine that replaces another takes up with the epoch after the other's.
    /// `None` if the profile is not that of an outside line.
    pub fn new(profile: &LineProfile, epoch: Epoch, in_service: bool) -> Option<Self> {
        let fxo = profile.fxo?;
        let mut machine = Self {
            profile: fxo,
            timing: profile.caller_id,
            start: profile.start,
            epoch,
            state: if in_service { State::Idle } else { State::OutOfService },
            idle: IdleWatch::new(&fxo, profile.start),
            line: IdleLine::Free,
            told: false,
            ring: RingDetector::new(&fxo.ringing, fxo.in_use_below),
            watch: LoopWatch::new(fxo.clear.loop_break),
            feed: Feed::Open,
            fresh: true,
            programs: 0,
            playing: Playing::Nothing,
            card_silent: false,
            foreign: false,
            cooked_ring: None,
            reading: LoopReading::default(),
            caller: None,
            study_until: None,
            studied: None,
            turns: (0, false),
            spoken: false,
            bare: false,
            inviting: false,
            ignores_silence: false,
            toneless: false,
            doubts_fault: false,
            cooked: None,
            clock: SampleTime(0),
        };
        machine.mind_alerts();
        Some(machine)
    }

    /// Takes another profile. What is running ends as it began.
    pub fn apply(&mut self, profile: &LineProfile) {
        let Some(fxo) = profile.fxo else { return };
        (self.profile, self.timing, self.start) = (fxo, profile.caller_id, profile.start);
        self.doubts_fault = true;
        self.idle = IdleWatch::new(&fxo, profile.start);
        self.ring = RingDetector::new(&fxo.ringing, fxo.in_use_below);
        self.mind_alerts();
    }

    /// A burst that is an alert before caller identity is no call's.
    fn mind_alerts(&mut self) {
        if let CallerIdTiming::BeforeRing { alert: CallerIdAlert::RingPulse(length), .. } = self.timing {
            self.ring.alerts_last(length + ALERT_SLACK);
        }
    }

    /// True until the machine's first tick, which puts the port on-hook.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// True if nothing is going on.
    pub fn is_idle(&self) -> bool {
        match self.state {
            State::Idle => !self.ring.is_ringing(),
            State::OutOfService => true,
            State::Incoming(_)
            | State::Reading { .. }
            | State::Asking { .. }
            | State::Seizing { .. }
            | State::Awaiting { .. }
            | State::Dialling(_)
            | State::Talking(_)
            | State::Studying(_)
            | State::Clearing { .. } => false,
        }
    }

    /// True if nobody uses the line: neither this port nor another telephone, and it does not ring.
    pub fn is_free(&self) -> bool {
        self.state == State::Idle
            && !self.ring.is_stirring(self.clock)
            && self.line == IdleLine::Free
            && self.idle.is_settled()
    }

    /// The card's report of the tick whose first sample is `now`; orders take effect from the next tick on.
    pub fn tick(&mut self, now: SampleTime, report: &CardReport, out: &mut FxsOut) {
        let end = now + TICK;
        self.clock = end;
        if core::mem::take(&mut self.fresh) {
            self.order(Feed::Open, out);
        }
        match report.ended {
            Some(ProgramEnd::Completed(id, offset)) => {
                self.on(now + Samples(u64::from(offset)), Event::ProgramEnded(id), out);
            }
            Some(ProgramEnd::Cancelled(id)) => self.on(now, Event::ProgramEnded(id), out),
            None => {}
        }
        if core::mem::take(&mut self.doubts_fault) {
            self.tone_found(now, out);
        }
        self.sense(now, report, out);
        for _ in 0..report.metering {
            self.on(end, Event::Metering, out);
        }
        for _ in 0..MAX_TIMERS_PER_TICK {
            match self.state.deadline() {
                Some(due) if due <= end => self.on(due, Event::Timer, out),
                Some(_) | None => break,
            }
        }
        if self.caller.is_some_and(|(at, _)| end.since(at) > CALLER_KEPT.samples()) {
            self.caller = None;
        }
        self.perhaps_end_waiting(end, out);
        self.watch_foreign(end, out);
    }

    /// The faults that were told and are not over; a foreign voltage that is told twice is there twice.
    pub(crate) fn faults(&self) -> [Option<LineFault>; 4] {
        let when = |fault, holds: bool| holds.then_some(fault);
        let of_battery = match self.line {
            IdleLine::Free | IdleLine::InUse => None,
            IdleLine::Dead => Some(LineFault::NoBattery),
            IdleLine::Foreign => Some(LineFault::ForeignVoltage),
        };
        [
            when(LineFault::CardSilent, self.card_silent),
            when(LineFault::ForeignVoltage, self.foreign),
            of_battery,
            when(LineFault::NoDialTone, self.toneless),
        ]
    }

    /// The card has been silent for too long (`true`), or reports again: the line begins anew, on-hook.
    pub fn card_silent(&mut self, now: SampleTime, silent: bool, out: &mut FxsOut) {
        if self.card_silent == silent {
            return;
        }
        self.card_silent = silent;
        let fault = LineFault::CardSilent;
        if silent {
            return out.say(self.epoch, now, LineEvent::Fault(fault));
        }
        if self.state != State::OutOfService && self.state != State::Idle {
            self.end_epoch(now, LineEvent::Released, out);
        }
        self.order(Feed::Open, out);
        self.rest();
        self.say(now, LineEvent::FaultCleared(fault), out);
        // What the line did meanwhile nobody saw: how it is, is told anew.
        match self.line {
            IdleLine::Free | IdleLine::InUse => {}
            IdleLine::Dead | IdleLine::Foreign => self.idle_line(now, IdleLine::Free, out),
        }
        self.told = false;
        self.idle.forget();
    }

    /// The current generation of the line.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// What is true of the line now.
    pub fn summary(&self) -> LineSummary {
        // What a card that judges by itself is taken to read is no measurement.
        let measured = if self.cooked.is_some() { LoopReading::default() } else { self.reading };
        LineSummary {
            off_hook: self.state.is_off_hook(),
            ringing: matches!(self.state, State::Incoming(_)),
            in_service: self.state != State::OutOfService,
            faulted: self.card_silent || self.foreign || self.line == IdleLine::Dead,
            voltage: measured.voltage,
            current: measured.current,
        }
    }

    /// What the line has to hear.
    pub fn playing(&self) -> Playing {
        self.playing
    }

    /// The state's name, for ladders and logs.
    pub fn state_name(&self) -> &'static str {
        self.state.name()
    }

    /// When the machine needs its next tick although every report until then is the same steady one; `None`: not at
    /// all. A moment that has passed means: every tick.
    pub fn next_wakeup(&self) -> Option<SampleTime> {
        if self.fresh || self.doubts_fault || !self.is_settled() {
            return Some(self.clock);
        }
        let kept = self.caller.map(|(at, _)| at + CALLER_KEPT);
        [self.state.deadline(), kept].into_iter().flatten().min()
    }

    /// True if more of the same readings would tell nothing.
    fn is_settled(&self) -> bool {
        if self.feed == Feed::Open {
            let volts = self.reading.voltage.0;
            self.ring.is_settled(volts) && self.idle.is_settled() && self.cooked_ring.is_none()
        } else {
            self.watch.is_settled(self.clock)
        }
    }

    fn sense(&mut self, now: SampleTime, report: &CardReport, out: &mut FxsOut) {
        match report.sense {
            Sense::Raw(readings) => {
                for (index, reading) in readings.iter().enumerate() {
                    self.read(now + Samples(index as u64 * READING.0), reading, out);
                }
            }
            Sense::Steady(reading) => {
                for index in 0..READINGS_PER_TICK {
                    self.read(now + Samples(index as u64 * READING.0), &reading, out);
                    if self.is_settled() {
                        break; // the others would tell the same
                    }
                }
            }
            Sense::Cooked(events) => {
                for (offset, event) in events.iter() {
                    self.cooked(now + Samples(u64::from(offset)), event, out);
                }
                self.read_cooked(now, out);
            }
        }
    }

    /// One reading, of the millisecond from `at` on.
    fn read(&mut self, at: SampleTime, reading: &LoopReading, out: &mut FxsOut) {
        self.reading = *reading;
        match self.state {
            State::OutOfService => {}
            State::Idle | State::Incoming(_) | State::Clearing { .. } if self.feed == Feed::Open => {
                let volts = reading.voltage.0;
                if let Some(news) = self.ring.read(at, volts) {
                    self.on(at + READING, Event::Ring(news), out);
                }
                if self.ring.is_stirring(at) {
                    self.idle.interrupt();
                } else if let Some(verdict) = self.idle.read(at, volts) {
                    self.idle_line(at + READING, verdict, out);
                }
            }
            State::Asking { .. } => {
                if reading.voltage.0.abs() > self.profile.in_use_below.0 {
                    self.on(at + READING, Event::Grounded, out);
                }
            }
            State::Idle
            | State::Incoming(_)
            | State::Clearing { .. }
            | State::Reading { .. }
            | State::Seizing { .. }
            | State::Awaiting { .. }
            | State::Dialling(_)
            | State::Talking(_)
            | State::Studying(_) => {
                self.count_turns(at, reading, out);
                if let Some(news) = self.watch.read(at, reading) {
                    self.on(at + READING, Event::Loop(news), out);
                }
            }
        }
    }

    /// Current that turns just after the loop was closed is ringing: the exchange was faster.
    fn count_turns(&mut self, at: SampleTime, reading: &LoopReading, out: &mut FxsOut) {
        let State::Seizing { since, .. } = self.state else { return };
        let is_large = reading.current.0.abs() > 10.0;
        if !is_large || at.since(since) > GLARE_WITHIN.samples() {
            return;
        }
        let sign = reading.current.0 > 0.0;
        let (turns, last) = self.turns;
        if turns == 0 || sign != last {
            self.turns = (turns + 1, sign);
        }
        if self.turns.0 > GLARE_TURNS {
            self.turns.0 = 0;
            self.on(at + READING, Event::Glare, out);
        }
    }

    /// The direct voltage of the on-hook line means something else than before.
    fn idle_line(&mut self, at: SampleTime, line: IdleLine, out: &mut FxsOut) {
        let last = core::mem::replace(&mut self.line, line);
        let first = !core::mem::replace(&mut self.told, true);
        if last == line && !first {
            return;
        }
        match last {
            // Nobody knew it yet.
            IdleLine::Free if line == IdleLine::Free => self.say(at, LineEvent::InUse(false), out),
            IdleLine::Free => {}
            IdleLine::InUse if line == IdleLine::InUse => {}
            IdleLine::InUse => self.say(at, LineEvent::InUse(false), out),
            IdleLine::Dead => self.say(at, LineEvent::FaultCleared(LineFault::NoBattery), out),
            IdleLine::Foreign => self.say(at, LineEvent::FaultCleared(LineFault::ForeignVoltage), out),
        }
        match line {
            IdleLine::Free => {}
            IdleLine::InUse => self.say(at, LineEvent::InUse(true), out),
            IdleLine::Dead => self.say(at, LineEvent::Fault(LineFault::NoBattery), out),
            IdleLine::Foreign => self.say(at, LineEvent::Fault(LineFault::ForeignVoltage), out),
        }
    }

    /// An alternating voltage that is no ringing, or never ends.
    fn watch_foreign(&mut self, end: SampleTime, out: &mut FxsOut) {
        let foreign = self.feed == Feed::Open && self.ring.is_foreign(end);
        if foreign == core::mem::replace(&mut self.foreign, foreign) {
            return;
        }
        let fault = LineFault::ForeignVoltage;
        if !foreign {
            return self.say(end, LineEvent::FaultCleared(fault), out);
        }
        self.say(end, LineEvent::Fault(fault), out);
        if matches!(self.state, State::Incoming(_)) {
            self.end_epoch(end, LineEvent::GaveUp, out);
        }
    }

    /// The one place where the state changes.
    fn enter(&mut self, state: State) {
        self.state = state;
    }

    /// Ends the epoch with `event`; the line is on-hook and idle in the next.
    fn end_epoch(&mut self, at: SampleTime, event: LineEvent, out: &mut FxsOut) {
        out.say(self.epoch, at, event);
        self.epoch = self.epoch.next();
        self.caller = None;
        self.play(Playing::Nothing, out);
        self.enter(State::Idle);
    }

    /// Goes on-hook; the epoch ends when the guard time has passed.
    fn hang_up(&mut self, at: SampleTime, out: &mut FxsOut) {
        self.order(Feed::Open, out);
        self.rest();
        self.play(Playing::Nothing, out);
        self.enter(State::Clearing { until: at + self.profile.guard + TICK });
    }

    /// What was seen on-hook before counts no more.
    fn rest(&mut self) {
        self.ring.reset();
        self.idle.interrupt();
        self.cooked_ring = None;
    }

    /// Closes the loop; what follows is watched anew.
    fn close(&mut self, at: SampleTime, out: &mut FxsOut) {
        self.order(Feed::Closed, out);
        self.watch = LoopWatch::new(self.profile.clear.loop_break);
        self.watch.blind(at + TICK);
        self.turns = (0, false);
        self.rest();
    }

    fn play(&mut self, playing: Playing, out: &mut FxsOut) {
        if self.playing != playing
            || matches!(playing, Playing::Tone(_) | Playing::Announcement(..) | Playing::Digit { .. })
        {
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

    fn order(&mut self, feed: Feed, out: &mut FxsOut) {
        out.order = Some(CardOrder::Feed(feed));
        self.feed = feed;
        self.fresh = false;
    }

    fn next_program(&mut self) -> ProgramId {
        self.programs = self.programs.wrapping_add(1);
        ProgramId(self.programs)
    }
}
