//! Ports of a special kind: rooms and their desk, lifts, alarm panels, doors, amplifiers, and the daily call.

use crate::common::{House, house, number, phone, to_server_number};
use tipring_call::{
    Alarm, CallEvent, Cause, Desk, Destination, Door, Duty, FarAction, FarEvent, Hotline, LineDoing,
    MediaAction, Output, Page, Permission, Phone, Priority, SelfTest, Setup, Way,
};
use tipring_port::{LineCommand, LineEvent, Tone};
use tipring_units::Millis;

fn with(line: u16, dials: Vec<Destination>, duty: Duty) -> Setup {
    let mut setup = house();
    setup.phones[usize::from(line)] = Phone { dials, duty, codes: false, ..phone(line, Permission::All) };
    setup
}

fn rings(house: &House, line: u16) -> bool {
    house.commands(line).iter().any(|command| matches!(command, LineCommand::Ring(_)))
}

fn placed_number(house: &House) -> Option<String> {
    match house.placed()?.1 {
        FarAction::Place { number, .. } => Some(number.to_string()),
        _ => None,
    }
}

fn alarms(house: &House) -> Vec<Alarm> {
    let alarm = |output: &Output| match output {
        Output::Alarm(alarm) => Some(*alarm),
        _ => None,
    };
    house.out.iter().filter_map(alarm).collect()
}

#[test]
fn rooms_do_not_call_each_other_and_reach_everybody_else() {
    let mut setup = house();
    for line in [1, 2] {
        setup.phones[line].duty.closed = true;
    }
    let mut house = House::new(setup);
    house.lift_and_dial(1, "103");
    assert!(!rings(&house, 2));
    assert_eq!(house.records()[0].cause, Cause::Barred);
    house.hang_up(1);
    house.lift_and_dial(1, "104");
    assert!(rings(&house, 3));
    house.hang_up(1);
    house.line(3, LineEvent::RingStopped);
    house.lift_and_dial(3, "102");
    assert!(rings(&house, 1), "a room can be called by who is none");
}

#[test]
fn while_no_server_is_up_rooms_call_each_other() {
    let mut setup = house();
    for line in [1, 2] {
        setup.phones[line].duty.closed = true;
    }
    let mut house = House::new(setup);
    for name in ["pbx", "alt"] {
        house.input(tipring_call::Input::Server { name: crate::common::server(name), up: false });
    }
    house.lift_and_dial(1, "103");
    assert!(rings(&house, 2));
}

#[test]
fn a_key_calls_the_desk_at_once_as_the_first_digit_alone() {
    let desk = Desk { key: b'0', to: Destination::Number(number("106")) };
    let mut house = House::new(with(1, Vec::new(), Duty { desk: Some(desk), ..Duty::default() }));
    house.lift_and_dial(1, "0");
    assert!(rings(&house, 5));
    house.hang_up(1);
    house.line(5, LineEvent::RingStopped);
    house.lift_and_dial(1, "104");
    assert!(rings(&house, 3) && !rings(&house, 5), "a 0 behind another digit is one of a number");
}

fn lift() -> House {
    let hotline = Hotline { after: Millis::ZERO, each: Some(Millis::from_secs(30)), repeat: true };
    let duty = Duty { priority: true, hotline, ..Duty::default() };
    House::new(with(1, vec![to_server_number("pbx", "8001"), to_server_number("alt", "8002")], duty))
}

#[test]
fn a_lift_calls_round_and_round_until_somebody_answers() {
    let mut house = lift();
    house.lift(1);
    assert_eq!(placed_number(&house).as_deref(), Some("8001"));
    let (first, _) = house.placed().unwrap();
    house.far(first, FarEvent::Ringing);
    house.wait(29_999);
    assert!(house.placed().is_none());
    house.wait(1);
    assert_eq!(placed_number(&house).as_deref(), Some("8002"), "30 s are over");
    let (second, _) = house.placed().unwrap();
    house.far(second, FarEvent::Failed { cause: Cause::BUSY });
    assert_eq!(house.doing(1), LineDoing::Told);
    house.wait(2000);
    assert_eq!(placed_number(&house).as_deref(), Some("8001"), "the first one again");
    let (third, _) = house.placed().unwrap();
    house.far(third, FarEvent::Answered);
    assert_eq!(house.doing(1), LineDoing::Talking);
    house.wait(3_600_000);
    assert!(house.placed().is_none());
    house.hang_up(1);
    assert!(house.is_quiet());
}

#[test]
fn a_lift_that_is_hung_up_calls_no_more() {
    let mut house = lift();
    house.lift(1);
    for _ in 0..2 {
        let (leg, _) = house.placed().unwrap();
        house.far(leg, FarEvent::Failed { cause: Cause::BUSY });
    }
    assert_eq!(house.doing(1), LineDoing::Told);
    house.hang_up(1);
    house.wait(60_000);
    assert!(house.placed().is_none() && house.is_quiet());
}

#[test]
fn the_call_of_a_lift_is_not_forwarded() {
    let mut setup =
        with(1, vec![Destination::Number(number("104"))], Duty { priority: true, ..Duty::default() });
    setup.phones[3]
        .features
        .set_forward(tipring_call::ForwardWhen::Always, tipring_call::Forward::To(number("105")));
    let mut house = House::new(setup);
    house.lift(1);
    assert!(rings(&house, 3) && !rings(&house, 4));
    let created = house.events().into_iter().find_map(|event| match event {
        CallEvent::Created { priority, .. } => Some(priority),
        _ => None,
    });
    assert_eq!(created, Some(Priority::High));
}

#[test]
fn a_warmline_waits_for_a_digit_and_then_calls() {
    let hotline = Hotline { after: Millis::from_secs(5), each: None, repeat: false };
    let setup = || with(1, vec![Destination::Number(number("104"))], Duty { hotline, ..Duty::default() });
    let mut house = House::new(setup());
    house.lift(1);
    assert!(house.commands(1).contains(&LineCommand::Play(Tone::Dial)));
    house.wait(4999);
    assert!(!rings(&house, 3));
    house.wait(1);
    assert!(rings(&house, 3));
    let mut house = House::new(setup());
    house.lift_and_dial(1, "1");
    house.wait(9000);
    assert!(!rings(&house, 3), "a digit makes it an ordinary call");
    house.dial(1, "05");
    assert!(rings(&house, 4));
}

#[test]
fn a_call_of_a_door_ends_at_its_limit() {
    let duty = Duty { limit: Some(Millis::from_secs(60)), ..Duty::default() };
    let mut house = House::new(with(1, vec![Destination::Number(number("104"))], duty));
    house.lift(1);
    house.wait(10_000);
    house.line(3, LineEvent::Answered);
    assert_eq!(house.doing(1), LineDoing::Talking);
    house.wait(59_999);
    assert_eq!(house.doing(1), LineDoing::Talking);
    house.wait(1);
    assert!(house.commands(1).iter().any(|command| matches!(command, LineCommand::Cleared { .. })));
    assert_eq!(house.records()[0].cause, Cause::EXPIRED);
    house.hang_up(1);
    house.hang_up(3);
    assert!(house.is_quiet());
}

#[test]
fn who_talks_to_a_door_opens_it_and_a_wrong_code_does_not() {
    let door = Door { release: number("#9"), opens: number("12") };
    let duty = Duty { door: Some(door), ..Duty::default() };
    let mut house = House::new(with(1, vec![to_server_number("pbx", "8001")], duty));
    house.lift(1);
    let (leg, _) = house.placed().unwrap();
    house.far(leg, FarEvent::Answered);
    let digit = |house: &mut House, digit: u8| house.far(leg, FarEvent::Digit { digit, length: Millis(100) });
    for wrong in *b"9#1" {
        digit(&mut house, wrong);
        assert!(!house.events().iter().any(|event| matches!(event, CallEvent::Opened(_))));
    }
    digit(&mut house, b'#');
    digit(&mut house, b'9');
    assert!(house.events().iter().any(|event| matches!(event, CallEvent::Opened(_))));
    let sent: Vec<u8> = house
        .media()
        .into_iter()
        .filter_map(|action| match action {
            MediaAction::Digit { digit, .. } => Some(digit),
            _ => None,
        })
        .collect();
    assert_eq!(sent, *b"12", "the digits of who talks are in the sound");
}

fn paging(at_once: bool) -> House {
    let page = Page { at_once, tone: Millis(800), one_way: true, gives_way: true };
    let mut setup = with(1, Vec::new(), Duty { page, ..Duty::default() });
    setup.phones[4].duty.priority = true;
    House::new(setup)
}

#[test]
fn who_pages_is_heard_behind_the_tone_and_one_way() {
    let mut house = paging(false);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 1));
    house.line(1, LineEvent::Answered);
    assert!(house.commands(1).contains(&LineCommand::Play(Tone::Confirmation)));
    assert!(house.media().is_empty(), "nobody is heard yet");
    house.wait(800);
    assert!(house.commands(1).contains(&LineCommand::Quiet));
    assert!(matches!(house.media()[..], [MediaAction::Connect { way: Way::ToB, .. }]), "{:?}", house.media());
    house.hang_up(0);
    house.hang_up(1);
    assert!(house.is_quiet());
}

#[test]
fn an_amplifier_that_is_off_hook_has_each_call_at_once() {
    let mut house = paging(true);
    house.lift(1);
    assert!(!house.commands(1).iter().any(|command| matches!(command, LineCommand::Play(_))));
    for _ in 0..2 {
        house.lift_and_dial(0, "102");
        assert!(!rings(&house, 1));
        house.wait(800);
        assert_eq!(house.doing(0), LineDoing::Talking);
        house.hang_up(0);
        assert_eq!(house.doing(1), LineDoing::Parked);
    }
}

#[test]
fn a_call_of_priority_takes_the_port_and_another_one_finds_it_busy() {
    let mut house = paging(true);
    house.lift(1);
    house.lift_and_dial(0, "102");
    house.wait(800);
    house.lift_and_dial(2, "102");
    assert_eq!(house.records()[0].cause, Cause::BUSY);
    house.lift_and_dial(4, "102");
    assert_eq!(house.records()[0].cause, Cause::PREEMPTED);
    assert_ne!(house.doing(0), LineDoing::Talking);
    house.wait(800);
    assert_eq!(house.doing(4), LineDoing::Talking);
    // And keeps it.
    house.lift_and_dial(3, "102");
    assert_eq!(house.records()[0].cause, Cause::BUSY);
}

fn tested() -> House {
    // It is 12:34:56.
    let self_test = SelfTest { minute: 12 * 60 + 40, to: to_server_number("pbx", "8001") };
    House::new(with(1, Vec::new(), Duty { self_test: Some(self_test), ..Duty::default() }))
}

#[test]
fn the_daily_call_is_made_each_day_and_its_failure_stands_until_one_is_answered() {
    let mut house = tested();
    house.input(tipring_call::Input::Tick);
    house.wait(303_999);
    assert!(house.placed().is_none(), "12:39:59.999");
    house.wait(1);
    let (leg, _) = house.placed().expect("12:40");
    house.far(leg, FarEvent::Failed { cause: Cause::BUSY });
    assert_eq!(alarms(&house), [Alarm::SelfTestFailed(tipring_units::LineId(1), Cause::BUSY)]);
    assert_eq!(house.doing(1), LineDoing::Idle);
    house.wait(86_400_000);
    let (leg, _) = house.placed().expect("the next day");
    house.far(leg, FarEvent::Answered);
    house.wait(5000);
    assert_eq!(alarms(&house), [Alarm::SelfTestPassed(tipring_units::LineId(1))]);
    assert!(house.actions(leg).contains(&FarAction::End(Cause::NORMAL)));
}

#[test]
fn the_daily_call_is_let_go_when_nobody_answers_and_the_telephone_is_free_meanwhile() {
    let mut house = tested();
    house.input(tipring_call::Input::Tick);
    house.wait(304_000);
    let (leg, _) = house.placed().unwrap();
    house.far(leg, FarEvent::Ringing);
    house.lift_and_dial(1, "104");
    assert!(rings(&house, 3));
    house.wait(60_000);
    assert_eq!(alarms(&house), [Alarm::SelfTestFailed(tipring_units::LineId(1), Cause::NO_ANSWER)]);
}
