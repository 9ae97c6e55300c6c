//! The test of the line.
//!
//! # What it does
//! Measures an idle line: its battery, what leaks between the wires, voltage that does not belong there, and whether something is
//! on it that rings. [`LineEvent::Tested`] tells.
//!
//! # How
//! On battery the mean voltage and current give the battery and the resistance between the wires. Then the line is opened. Ringers
//! keep the battery's charge for seconds; so it is opened once more after a reversal, as long: the charge has the other sign then,
//! what is foreign has not, and the mean of the two is that alone, as far as the ringers have followed it; how far is seen by what
//! is left of the charge. On battery again the loop has to be calm and open; then a burst
//! of [`RING_LEVEL`] is put on it, and the real power that it takes, per square of its voltage, is the conductance of the ringers:
//! the cable's capacitance takes none, and what leaks is subtracted.
//!
//! A telephone that is lifted ends the test: at once on battery, by ring trip in the burst, and where the line was open when battery
//! is back, 200 ms later. So does a call. A receiver that was left off-hook after all tones is measured as it is.
//!
//! # Limits
//! A receiver off-hook and wires that touch look the same. Electronic ringers that conduct at ringing voltage alone count for less.
//! The loop's resistance is in series with the ringers: 5 REN behind 300 ohm are told as 4.1. A card that reads in steps of more
//! than 0.2 mA does not see 150 kohm. A card that does its own hook detection measures nothing. An old bell may strike once as the
//! line is reversed.
//!
//! # Standard
//! Telcordia GR-909 for what is tested; the ringer of 1 REN is that of TIA-968.

use tipring_port::{
    CardOrder, Feed, ForeignVoltage, LineEvent, LineTest, LoopReading, LoopStart, MOST_RESISTANCE, Program,
    ProgramStep, RingRequest, RohStage, TestEnd,
};
use tipring_units::{Millis, Ohms, Ren, SampleTime, TICK, Volts};

use super::state::State;
use super::{Event, Fxs, REVERSAL_SETTLE, TRIP_CONFIRM};
use crate::detector::READING;
use crate::{FxsOut, Phase, RingTrip};

/// On battery: whole cycles of 16 2/3, 50 and 60 Hz.
const FED: Millis = Millis(300);
/// From the end of the battery to the first reading without it: the cable's charge is gone.
const OPENING: Millis = Millis(100);
/// Readings without battery: whole cycles of 50 and 60 Hz.
const OPEN: Millis = Millis(100);
/// A line with less voltage is empty: its ringers have no charge.
const EMPTY: f64 = 2.0;
/// Where the ringers followed less than this part, only some microamps can be behind it.
const LEAST_FOLLOWED: f64 = 0.05;
/// The reversed battery charges 5 REN over 700 ohm to within 1 % in this time.
const TURNED: Millis = Millis(500);
/// Of the test burst: below what a ringing detector takes for ringing (13.5 V), far below what moves a bell (40 V).
const RING_LEVEL: Volts = Volts(10.0);
/// The burst before the first reading that counts.
const RING_LEAD: Millis = Millis(120);
/// Readings of the burst that count last so many seconds, and to the end of a cycle.
const RING_SECONDS: f32 = 0.2;
/// A card that shows less of the burst (mean square) has not sent it.
const LEAST_SQUARE: f64 = 9.0;
/// A ringer of 1 REN.
const RINGER_OHMS: f64 = 7000.0;
const RINGER_FARADS: f64 = 8e-6;

/// A test that goes on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Test {
    stage: Stage,
    /// Readings count from here on.
    from: SampleTime,
    /// The stage is over.
    pub until: SampleTime,
    sums: Sums,
    /// The voltage without battery at the first opening.
    first: f64,
    /// The voltage on reversed battery.
    turned: f64,
    found: LineTest,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// On battery.
    Fed,
    /// Without it.
    Open,
    /// On reversed battery.
    Turned,
    /// Without battery once more.
    OpenAgain,
    /// On battery again: the line settles.
    Calm,
    /// The burst.
    Burst,
    /// On battery after it: whoever lifted in its last moments is seen.
    Last,
}

/// Sums over readings, in volts and amperes.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Sums {
    count: f64,
    volts: f64,
    amperes: f64,
    squares: f64,
    products: f64,
    /// Voltages times their places.
    slope: f64,
}

impl Sums {
    fn add(&mut self, reading: &LoopReading) {
        let finite = |value: f32| if value.is_finite() { f64::from(value) } else { 0.0 };
        let (volts, amperes) = (finite(reading.voltage.0), finite(reading.current.0) / 1000.0);
        self.slope += self.count * volts;
        self.count += 1.0;
        self.volts += volts;
        self.amperes += amperes;
        self.squares += volts * volts;
        self.products += volts * amperes;
    }

    fn mean(&self) -> f64 {
        self.volts / self.count.max(1.0)
    }

    /// Mean square of the voltage without its mean.
    fn square(&self) -> f64 {
        let count = self.count.max(1.0);
        (self.squares - self.volts * self.volts / count) / count
    }

    /// Mean power of what alternates.
    fn power(&self) -> f64 {
        let count = self.count.max(1.0);
        (self.products - self.volts * self.amperes / count) / count
    }

    /// How far the voltage went from the first reading to the last.
    fn drift(&self) -> f64 {
        self.tilt() / self.width() * self.count
    }

    /// RMS of what is left of the voltage without its mean and its drift.
    fn alternating(&self) -> f64 {
        let of_drift = self.tilt() * self.tilt() / self.width() / self.count.max(1.0);
        (self.square() - of_drift).max(0.0).sqrt()
    }

    fn tilt(&self) -> f64 {
        self.slope - self.volts * (self.count - 1.0) / 2.0
    }

    fn width(&self) -> f64 {
        let count = self.count.max(2.0);
        count * (count * count - 1.0) / 12.0
    }
}

impl Test {
    fn begin(&mut self, stage: Stage, from: SampleTime, until: SampleTime) {
        (self.stage, self.from, self.until, self.sums) = (stage, from, until, Sums::default());
    }

    /// A reading; `true` if the loop's switch can be judged by it.
    fn read(&mut self, at: SampleTime, reading: &LoopReading) -> bool {
        if at >= self.from && at < self.until {
            self.sums.add(reading);
        }
        matches!(self.stage, Stage::Fed | Stage::Turned | Stage::Calm | Stage::Last)
    }

    /// Its burst is on the line.
    fn bursts(&self, at: SampleTime) -> bool {
        self.stage == Stage::Burst && at < self.until
    }

    fn take_battery(&mut self) {
        let (volts, amperes) = (self.sums.mean(), self.sums.amperes / self.sums.count.max(1.0));
        self.found.battery = Some(Volts(volts as f32));
        self.found.resistance = Some(resistance(volts, amperes));
    }

    /// The line was open; `true` if that tells enough.
    fn take_open(&mut self) -> bool {
        self.first = self.sums.mean();
        let is_empty = self.first.abs() < EMPTY && self.sums.drift().abs() < EMPTY;
        if is_empty {
            self.take_foreign(self.first);
        }
        is_empty
    }

    /// And open once more, with the charge of the other sign. What of the charge is left says how far the ringers have followed
    /// what is foreign.
    fn take_open_again(&mut self) {
        let second = self.sums.mean();
        let fed = self.found.battery.map_or(0.0, |volts| f64::from(volts.0)) - self.turned;
        let charge = (self.first - second) / fed.max(1.0);
        self.take_foreign((self.first + second) / 2.0 / (1.0 - charge).clamp(LEAST_FOLLOWED, 1.0));
    }

    fn take_foreign(&mut self, direct: f64) {
        let alternating = Volts(self.sums.alternating() as f32);
        self.found.foreign = Some(ForeignVoltage { direct: Volts(direct as f32), alternating });
        if self.is_foreign() {
            self.found.resistance = None; // the current was not the battery's alone
        }
    }

    fn is_foreign(&self) -> bool {
        self.found.foreign.is_some_and(|foreign| foreign.is_foreign())
    }

    fn take_ringers(&mut self, frequency: f32) {
        let square = self.sums.square();
        if square < LEAST_SQUARE {
            return;
        }
        let leak = self.found.resistance.map_or(0.0, |ohms| 1.0 / f64::from(ohms.0));
        let conductance = (self.sums.power() / square - leak).max(0.0);
        let reactance = 1.0 / (core::f64::consts::TAU * f64::from(frequency) * RINGER_FARADS);
        let of_one = RINGER_OHMS / (RINGER_OHMS * RINGER_OHMS + reactance * reactance);
        self.found.ringers = Some(Ren((conductance / of_one) as f32));
    }
}

impl Fxs {
    /// The line is to be tested.
    pub(super) fn order_test(&mut self, now: SampleTime, out: &mut FxsOut) {
        let is_away = self.card_silent || self.joined;
        let answer = match self.state {
            State::Testing(_) => return, // that one answers
            State::OutOfService => Err(TestEnd::OutOfService),
            State::Idle if is_away => Err(TestEnd::OutOfService),
            State::Idle if self.settings.start == LoopStart::Ground => Err(TestEnd::GroundStart),
            State::Idle => return self.start_test(now, out),
            State::Roh { stage: RohStage::Howler | RohStage::Quiet, .. } => Ok(self.left_off_hook()),
            State::Roh { stage: RohStage::Supervision | RohStage::Reorder, .. }
            | State::RingWait { .. }
            | State::Prelude(_)
            | State::Ringing(_)
            | State::Tripped { .. }
            | State::OffHook { .. }
            | State::Supervision { .. } => Err(TestEnd::InUse),
        };
        self.say(now, LineEvent::Tested(answer), out);
    }

    fn start_test(&mut self, now: SampleTime, out: &mut FxsOut) {
        if self.feed != Feed::Normal {
            self.order_feed(now, Feed::Normal, out);
            self.start_on_hook();
        }
        let from = now.max(self.settled_at);
        self.enter(State::Testing(Test {
            stage: Stage::Fed,
            from,
            until: from + FED,
            sums: Sums::default(),
            first: 0.0,
            turned: 0.0,
            found: LineTest { closed: Some(false), ..LineTest::default() },
        }));
    }

    /// A receiver that lies beside its telephone, or two wires that touch: measured without a change of the feed.
    fn left_off_hook(&self) -> LineTest {
        let (volts, current) =
            (f64::from(self.reading.voltage.0), f64::from(self.reading.current.0) / 1000.0);
        let flows = current.abs() * 1000.0 > f64::from(self.settings.threshold.0) / 2.0;
        LineTest {
            closed: Some(true),
            resistance: flows.then(|| resistance(volts, current)),
            ..LineTest::default()
        }
    }

    /// A reading in a test; `true` if the loop's switch is to be judged by it.
    pub(super) fn read_test(
        &mut self,
        mut test: Test,
        at: SampleTime,
        reading: &LoopReading,
        out: &mut FxsOut,
    ) -> bool {
        let judges = test.read(at, reading);
        self.state = State::Testing(test);
        if test.bursts(at)
            && let Some(trip) = self.trip.read(reading.current)
        {
            self.on(at + READING, Event::Trip(trip), out);
        }
        judges
    }

    /// A stage is over.
    pub(super) fn next_test_stage(&mut self, mut test: Test, out: &mut FxsOut) {
        let now = self.clock;
        let is_closing = self.detector.may_be_closed() || self.hook.is_closing();
        match test.stage {
            Stage::Fed if test.sums.count == 0.0 => return self.finish_test(Ok(test.found), out),
            // The next readings tell whether it is lifted; those so far are worth nothing.
            Stage::Fed if is_closing => test.begin(Stage::Fed, now, now + FED),
            Stage::Fed => {
                test.take_battery();
                self.open_line(&mut test, Stage::Open, out);
            }
            Stage::Open => {
                if test.take_open() {
                    self.calm_line(&mut test, Stage::Calm, out);
                } else {
                    self.order_feed(self.tick_start(), Feed::Reversed, out);
                    self.start_on_hook();
                    // Its last readings count.
                    test.begin(Stage::Turned, now + Millis(TURNED.0 - OPEN.0), now + TURNED);
                }
            }
            Stage::Turned if is_closing => test.begin(Stage::Turned, now, now + TICK),
            Stage::Turned => {
                test.turned = test.sums.mean();
                self.open_line(&mut test, Stage::OpenAgain, out);
            }
            Stage::OpenAgain => {
                test.take_open_again();
                self.calm_line(&mut test, Stage::Calm, out);
            }
            Stage::Calm if is_closing => test.begin(Stage::Calm, now, now + TICK),
            Stage::Calm if test.is_foreign() => return self.finish_test(Ok(test.found), out),
            Stage::Calm => {
                let Some(length) = self.start_burst(out) else {
                    return self.finish_test(Ok(test.found), out);
                };
                test.begin(Stage::Burst, now + RING_LEAD, now + length);
            }
            Stage::Burst => {
                test.take_ringers(self.settings.ring.frequency.0);
                self.calm_line(&mut test, Stage::Last, out);
            }
            Stage::Last if is_closing => test.begin(Stage::Last, now, now + TICK),
            Stage::Last => return self.finish_test(Ok(test.found), out),
        }
        self.enter(State::Testing(test));
    }

    fn open_line(&mut self, test: &mut Test, stage: Stage, out: &mut FxsOut) {
        self.order_feed(self.tick_start(), Feed::Open, out);
        let from = self.clock + OPENING;
        test.begin(stage, from, from + OPEN);
    }

    fn calm_line(&mut self, test: &mut Test, stage: Stage, out: &mut FxsOut) {
        self.order_feed(self.tick_start(), Feed::Normal, out);
        self.start_on_hook();
        test.begin(stage, self.settled_at, self.settled_at);
    }

    /// The burst as one program, so that it ends whatever becomes of us; how long it is.
    fn start_burst(&mut self, out: &mut FxsOut) -> Option<Millis> {
        let frequency = self.settings.ring.frequency;
        let cycles = (frequency.0 * RING_SECONDS).ceil().max(1.0);
        let length = RING_LEAD + Millis((cycles * 1000.0 / frequency.0.max(1.0)).round() as u32);
        let ringing = Feed::Ringing { frequency, level: RING_LEVEL };
        let burst = ProgramStep { feed: ringing, length: length.samples() };
        let back = ProgramStep { feed: Feed::Normal, length: TICK.samples() };
        let program = Program::new(self.next_program(), &[burst, back], usize::MAX)?;
        out.order = Some(CardOrder::Run(program));
        self.feed = ringing;
        self.trip = RingTrip::new(frequency, self.settings.threshold);
        self.trip.begin(Phase::Burst);
        Some(length)
    }

    /// The telephone was lifted: that goes before.
    pub(super) fn lifted_in_test(&mut self, at: SampleTime, out: &mut FxsOut) {
        if self.feed != Feed::Normal {
            self.order_feed(self.tick_start(), Feed::Normal, out);
            self.hook.blind(self.clock + REVERSAL_SETTLE);
        }
        self.say(at, LineEvent::Tested(Err(TestEnd::Lifted)), out);
        self.seize(at, out);
    }

    /// The loop seems closed under the burst, which ends at once; battery tells whether it is.
    pub(super) fn tripped_in_test(&mut self, out: &mut FxsOut) {
        self.order_feed(self.tick_start(), Feed::Normal, out);
        self.detector.reset(self.hook.loop_closed());
        self.hook.start_on_hook(TRIP_CONFIRM, self.clock + TICK);
        self.finish_test(Err(TestEnd::Lifted), out);
    }

    /// A call came, and has to be rung.
    pub(super) fn called_in_test(&mut self, now: SampleTime, request: RingRequest, out: &mut FxsOut) {
        if self.feed != Feed::Normal {
            self.order_feed(now, Feed::Normal, out);
            self.start_on_hook();
        }
        self.say(now, LineEvent::Tested(Err(TestEnd::Called)), out);
        self.enter(State::RingWait { request });
    }

    /// Gives a test up: the line is idle.
    pub(super) fn drop_test(&mut self, now: SampleTime, out: &mut FxsOut) {
        if !matches!(self.state, State::Testing(_)) {
            return;
        }
        self.order_feed(now, self.rest_feed(), out);
        self.start_on_hook();
        self.say(now, LineEvent::Tested(Err(TestEnd::Interrupted)), out);
        self.enter(State::Idle);
    }

    fn finish_test(&mut self, answer: Result<LineTest, TestEnd>, out: &mut FxsOut) {
        self.say(self.clock, LineEvent::Tested(answer), out);
        self.lamp_idle(self.clock);
        self.enter(State::Idle);
    }
}

fn resistance(volts: f64, amperes: f64) -> Ohms {
    let ohms = (volts / amperes).abs();
    Ohms(if ohms.is_finite() { (ohms as f32).min(MOST_RESISTANCE.0) } else { MOST_RESISTANCE.0 })
}
