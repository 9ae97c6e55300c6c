//! Tests of telephones' lines: each day, tried again while the line is in use, and when somebody asks.

mod common;

use common::{House, house};
use tipring_call::{Alarm, CallEvent, Input, LineDoing, Output};
use tipring_port::{ForeignVoltage, LineCommand, LineEvent, LineTest, TestEnd};
use tipring_units::{LineId, Ohms, Ren, Volts};

const LINE: LineId = LineId(1);
/// From 12:34:56, when the house begins, to the minute of the daily test.
const TO_THE_MINUTE: u64 = 304_000;

const GOOD: LineTest = LineTest {
    battery: Some(Volts(48.0)),
    foreign: Some(ForeignVoltage { direct: Volts(0.0), alternating: Volts(0.0) }),
    resistance: Some(Ohms(900_000.0)),
    closed: Some(false),
    ringers: Some(Ren(1.0)),
};
const WET: LineTest = LineTest { resistance: Some(Ohms(20_000.0)), ..GOOD };
const BLIND: LineTest =
    LineTest { battery: None, foreign: None, resistance: None, closed: Some(false), ringers: None };

/// Its line is tested at 12:40.
fn daily() -> House {
    let mut setup = house();
    setup.phones[1].duty.line_test = Some(12 * 60 + 40);
    let mut house = House::new(setup);
    house.input(Input::Tick);
    house
}

fn tests(house: &House) -> usize {
    house.commands(1).iter().filter(|command| **command == LineCommand::Test).count()
}

fn alarms(house: &House) -> Vec<Alarm> {
    let alarm = |output: &Output| match output {
        Output::Alarm(alarm) => Some(*alarm),
        _ => None,
    };
    house.out.iter().filter_map(alarm).collect()
}

fn outcomes(house: &House) -> Vec<Result<LineTest, TestEnd>> {
    let outcome = |output: &Output| match output {
        Output::Event(CallEvent::LineTested { line: LINE, outcome }) => Some(*outcome),
        _ => None,
    };
    house.out.iter().filter_map(outcome).collect()
}

fn answer(house: &mut House, outcome: Result<LineTest, TestEnd>) {
    house.line(1, LineEvent::Tested(outcome));
}

#[test]
fn a_line_is_tested_each_day_and_what_is_wrong_stands_until_a_test_passes() {
    let mut house = daily();
    house.wait(TO_THE_MINUTE - 1);
    assert_eq!(tests(&house), 0, "12:39:59.999");
    house.wait(1);
    assert_eq!(tests(&house), 1, "12:40");
    answer(&mut house, Ok(WET));
    assert_eq!(alarms(&house), [Alarm::LineTestFailed(LINE, WET)]);
    house.wait(3_600_000);
    assert_eq!(tests(&house), 0, "once a day");
    house.wait(82_800_000);
    assert_eq!(tests(&house), 1, "the next day");
    answer(&mut house, Ok(GOOD));
    assert_eq!(alarms(&house), [Alarm::LineTestPassed(LINE)]);
    house.wait(86_400_000);
    answer(&mut house, Ok(GOOD));
    assert_eq!(alarms(&house), [], "nothing was wrong");
}

#[test]
fn a_test_that_somebody_asks_for_ends_the_alarm_and_raises_none() {
    let mut house = daily();
    house.input(Input::TestLine(LINE));
    assert_eq!(tests(&house), 1);
    answer(&mut house, Ok(WET));
    assert_eq!((outcomes(&house), alarms(&house)), (vec![Ok(WET)], vec![]));
    house.wait(TO_THE_MINUTE);
    answer(&mut house, Ok(WET));
    assert_eq!(alarms(&house), [Alarm::LineTestFailed(LINE, WET)]);
    house.input(Input::TestLine(LINE));
    answer(&mut house, Ok(BLIND));
    assert_eq!(alarms(&house), [], "a card that measures nothing shows nothing");
    house.input(Input::TestLine(LINE));
    answer(&mut house, Ok(GOOD));
    assert_eq!(alarms(&house), [Alarm::LineTestPassed(LINE)]);
}

#[test]
fn a_line_in_use_is_tested_as_soon_as_it_is_idle() {
    let mut house = daily();
    house.wait(TO_THE_MINUTE - 1000);
    house.lift(1);
    house.wait(10_000);
    assert_eq!(tests(&house), 0);
    house.hang_up(1);
    assert_eq!(tests(&house), 1);
    // Lifted again at once, which ends it; and once more later.
    answer(&mut house, Err(TestEnd::Lifted));
    house.lift(1);
    house.hang_up(1);
    assert_eq!(tests(&house), 1);
    answer(&mut house, Err(TestEnd::Called));
    house.wait(59_000);
    assert_eq!(tests(&house), 0);
    house.wait(1000);
    assert_eq!(tests(&house), 1, "without news of the line after a minute");
    answer(&mut house, Ok(GOOD));
    assert_eq!(alarms(&house), []);
    house.lift(1);
    house.hang_up(1);
    assert_eq!(tests(&house), 0, "it has been made");
}

#[test]
fn a_line_in_use_for_an_hour_is_told_as_not_tested() {
    let mut house = daily();
    house.input(Input::SetInService { line: LINE, on: false });
    house.wait(TO_THE_MINUTE + 3_599_000);
    assert_eq!((tests(&house), alarms(&house)), (0, vec![]));
    house.wait(1000);
    assert_eq!(alarms(&house), [Alarm::LineTestMissed(LINE, TestEnd::OutOfService)]);
    house.input(Input::SetInService { line: LINE, on: true });
    house.wait(600_000);
    assert_eq!(tests(&house), 0, "not before the next day");
    house.wait(86_400_000);
    answer(&mut house, Ok(GOOD));
    assert_eq!(alarms(&house), [Alarm::LineTestPassed(LINE)]);
}

#[test]
fn a_forgotten_receiver_is_tested_and_a_line_that_forgets_to_answer_is_given_up() {
    let mut house = daily();
    house.lift(1);
    house.wait(120_000);
    assert_eq!(house.doing(1), LineDoing::Parked);
    house.input(Input::TestLine(LINE));
    assert_eq!(tests(&house), 1);
    house.wait(14_999);
    assert_eq!(outcomes(&house), []);
    house.wait(1);
    assert_eq!(outcomes(&house), [Err(TestEnd::Interrupted)]);
    let off = LineTest { closed: Some(true), ..LineTest::default() };
    house.wait(TO_THE_MINUTE);
    answer(&mut house, Ok(off));
    assert_eq!(alarms(&house), [Alarm::LineTestFailed(LINE, off)]);
}

#[test]
fn what_cannot_be_tested_is_told_at_once() {
    let mut house = daily();
    house.lift(1);
    house.input(Input::TestLine(LINE));
    assert_eq!((tests(&house), outcomes(&house)), (0, vec![Err(TestEnd::InUse)]));
    house.hang_up(1);
    house.input(Input::SetInService { line: LINE, on: false });
    house.input(Input::TestLine(LINE));
    assert_eq!(outcomes(&house), [Err(TestEnd::OutOfService)]);
}

#[test]
fn two_who_ask_get_one_test() {
    let mut house = daily();
    house.input(Input::TestLine(LINE));
    assert_eq!(tests(&house), 1);
    house.input(Input::TestLine(LINE));
    assert_eq!(tests(&house), 0);
    answer(&mut house, Ok(GOOD));
    assert_eq!(outcomes(&house), [Ok(GOOD)]);
}

#[test]
fn the_alarm_goes_with_the_key() {
    let mut house = daily();
    house.wait(TO_THE_MINUTE);
    answer(&mut house, Ok(WET));
    house.input(Input::Reconfigure(Box::new(common::house())));
    assert_eq!(alarms(&house), [Alarm::LineTestOver(LINE)]);
}
