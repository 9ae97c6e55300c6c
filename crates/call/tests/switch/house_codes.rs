//! Pick-up, park, and a call back when a busy telephone is free.

use crate::common::{House, house, outside_house};
use tipring_call::{
    Action, CallEvent, Cause, Code, CodeSet, Desk, Destination, FarAction, FarEvent, Input, LineDoing,
    MediaAction, Party, ServerName, Setup, Way,
};
use tipring_port::{LineCommand, LineEvent, Tone};
use tipring_units::LineId;

fn german() -> House {
    House::new(house())
}

fn american() -> House {
    House::new(Setup { codes: CodeSet::NorthAmerica.codes(), ..house() })
}

fn rings(house: &House, line: u16) -> bool {
    house.commands(line).iter().any(|command| matches!(command, LineCommand::Ring(_)))
}

fn told(house: &House, line: u16) -> Option<Tone> {
    house.commands(line).into_iter().rev().find_map(|command| match command {
        LineCommand::Play(tone) => Some(tone),
        _ => None,
    })
}

fn connected(house: &House, a: u16, b: u16) -> bool {
    let (a, b) = (Party::Line(LineId(a)), Party::Line(LineId(b)));
    house.media().iter().any(|action| {
        matches!(action, MediaAction::Connect { a: x, b: y, way: Way::Both } if (*x, *y) == (a, b) || (*x, *y) == (b, a))
    })
}

#[test]
fn a_call_that_rings_at_another_telephone_is_answered_by_its_number() {
    let mut house = german();
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.lift_and_dial(2, "*59*102#");
    assert!(connected(&house, 0, 2), "{:?}", house.out);
    assert!(house.commands(1).contains(&LineCommand::StopRing));
    house.line(1, LineEvent::RingStopped);
    assert_eq!(
        (house.doing(0), house.doing(1), house.doing(2)),
        (LineDoing::Talking, LineDoing::Idle, LineDoing::Talking)
    );
    house.hang_up(0);
    let called: Vec<Option<Party>> = house.records().iter().map(|record| record.called).collect();
    assert_eq!(called, [Some(Party::Line(LineId(2)))]);
    house.hang_up(2);
    assert!(house.is_quiet());
}

#[test]
fn a_call_from_a_server_is_picked_up_and_one_that_rings_at_a_sip_telephone() {
    let mut house = american();
    let leg = house.pbx_calls("102");
    house.lift_and_dial(2, "*36");
    house.dial(2, "102");
    assert!(house.actions(leg).contains(&FarAction::Accept), "{:?}", house.out);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    house.hang_up(2);
    house.line(1, LineEvent::RingStopped);
    house.lift_and_dial(0, "201");
    let (user, _) = house.placed().unwrap();
    house.far(user, FarEvent::Ringing);
    house.lift(2);
    house.dial(2, "*36");
    house.dial(2, "201");
    assert!(house.actions(user).iter().any(|action| matches!(action, FarAction::End(_))));
    assert!(connected(&house, 0, 2));
}

#[test]
fn nothing_is_picked_up_where_nothing_rings_or_it_is_ones_own_call() {
    let mut house = german();
    house.lift_and_dial(2, "*59*102#");
    assert_eq!(told(&house, 2), Some(Tone::Congestion));
    house.hang_up(2);
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.lift_and_dial(2, "*59*102#");
    assert_eq!(told(&house, 2), Some(Tone::Congestion), "it was answered");
}

#[test]
fn a_group_is_picked_up_by_its_members_only_and_the_oldest_call_first() {
    let mut setup = house();
    for (line, groups) in [(1, &["a"][..]), (2, &["a", "b"]), (3, &["b"]), (4, &["c"])] {
        setup.phones[line].pickup = groups.iter().map(|name| ServerName::new(name)).collect();
    }
    let mut house = House::new(setup);
    house.lift_and_dial(0, "104");
    house.lift_and_dial(5, "102");
    house.line(3, LineEvent::Ringing);
    house.line(1, LineEvent::Ringing);
    house.lift_and_dial(4, "*57#");
    assert_eq!(told(&house, 4), Some(Tone::Congestion));
    house.hang_up(4);
    house.lift_and_dial(4, "*59*102#");
    assert_eq!(told(&house, 4), Some(Tone::Congestion), "not by its number either");
    house.hang_up(4);
    house.lift_and_dial(2, "*57#");
    assert!(connected(&house, 0, 2));
    house.hang_up(2);
    house.lift_and_dial(2, "*57#");
    assert!(connected(&house, 5, 2));
}

#[test]
fn a_held_call_is_parked_and_taken_from_another_telephone() {
    let mut house = german();
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(1);
    house.dial(1, "*56#");
    assert_eq!(told(&house, 1), Some(Tone::Confirmation));
    house.hang_up(1);
    assert!(!rings(&house, 1), "it is not rung back");
    assert_eq!(house.doing(1), LineDoing::Idle);
    house.lift_and_dial(2, "#56*102#");
    assert!(connected(&house, 0, 2), "{:?}", house.out);
    house.hang_up(0);
    assert_eq!(house.doing(2), LineDoing::Parked);
    house.hang_up(2);
    assert!(house.is_quiet());
}

#[test]
fn a_parked_call_from_a_server_is_held_and_taken_by_its_number() {
    let mut house = american();
    let leg = house.pbx_calls("102");
    house.line(1, LineEvent::Answered);
    house.flash(1);
    house.dial(1, "*68");
    assert_eq!(told(&house, 1), Some(Tone::Confirmation));
    house.hang_up(1);
    house.lift_and_dial(2, "*88");
    house.dial(2, "102");
    assert!(house.actions(leg).contains(&FarAction::Resume), "{:?}", house.out);
    assert_eq!(house.doing(2), LineDoing::Talking);
    house.hang_up(2);
    assert!(house.is_quiet());
}

#[test]
fn who_parked_is_rung_back_after_a_time_and_talks_again() {
    let mut house = german();
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(1);
    house.dial(1, "*56#");
    house.hang_up(1);
    house.wait(89_000);
    assert!(!rings(&house, 1));
    house.wait(2_000);
    assert!(rings(&house, 1));
    house.line(1, LineEvent::Answered);
    assert!(connected(&house, 0, 1), "{:?}", house.out);
    house.hang_up(1);
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn who_parked_and_talks_is_tried_again_and_a_call_that_nobody_takes_ends() {
    let mut house = german();
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(1);
    house.dial(1, "*56#");
    house.hang_up(1);
    house.lift_and_dial(1, "103");
    house.line(2, LineEvent::Answered);
    house.wait(100_000);
    assert!(!rings(&house, 1));
    house.hang_up(1);
    house.hang_up(2);
    house.wait(15_000);
    assert!(rings(&house, 1));
    house.wait(31_000);
    assert!(house.records().iter().any(|record| record.cause == Cause::NO_ANSWER), "{:?}", house.records());
    house.line(1, LineEvent::RingStopped);
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn a_parked_party_that_hangs_up_is_gone_and_nothing_is_parked_any_more() {
    let mut house = german();
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(1);
    house.dial(1, "*56#");
    house.hang_up(1);
    house.hang_up(0);
    assert!(house.is_quiet());
    house.lift_and_dial(2, "#56*102#");
    assert_eq!(told(&house, 2), Some(Tone::Congestion));
}

#[test]
fn nothing_is_parked_where_nothing_is_held_or_the_place_is_taken() {
    let mut house = german();
    house.lift_and_dial(1, "*56#");
    assert_eq!(told(&house, 1), Some(Tone::Congestion));
    house.hang_up(1);
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(1);
    house.dial(1, "*56#");
    house.hang_up(1);
    house.lift_and_dial(2, "102");
    house.line(1, LineEvent::Answered);
    house.flash(1);
    house.dial(1, "*56#");
    assert_eq!(told(&house, 1), Some(Tone::Congestion));
    house.flash(1);
    assert_eq!(house.doing(1), LineDoing::Talking, "the held one is gone back to");
}

#[test]
fn an_outside_call_is_parked_too() {
    let mut house = House::new(outside_house());
    house.exchange_rings(6, "5550177");
    house.line(0, LineEvent::Answered);
    house.flash(0);
    house.dial(0, "*56#");
    assert_eq!(told(&house, 0), Some(Tone::Confirmation));
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    house.lift_and_dial(3, "#56*101#");
    assert!(connected(&house, 6, 3), "{:?}", house.out);
}

/// 101 meets 102 busy, which talks to 103, and asks to be called back.
fn asked(codes: CodeSet, code: &str) -> House {
    let mut house = House::new(Setup { codes: codes.codes(), ..house() });
    house.lift_and_dial(1, "103");
    house.line(2, LineEvent::Answered);
    house.lift_and_dial(0, "102");
    assert_eq!(told(&house, 0), Some(Tone::Busy));
    house.hang_up(0);
    house.lift_and_dial(0, code);
    assert_eq!(told(&house, 0), Some(Tone::Confirmation));
    house.hang_up(0);
    house
}

#[test]
fn who_met_a_busy_telephone_is_rung_when_it_is_free_and_calls_it_by_lifting() {
    for (codes, code) in [(CodeSet::Etsi, "*37#"), (CodeSet::NorthAmerica, "*66"), (CodeSet::Uk, "*37#")] {
        let mut house = asked(codes, code);
        house.hang_up(2);
        assert!(!rings(&house, 0), "102 is still off-hook");
        house.hang_up(1);
        assert!(rings(&house, 0), "{code}: {:?}", house.out);
        house.line(0, LineEvent::Answered);
        assert!(rings(&house, 1), "{:?}", house.out);
        house.line(1, LineEvent::Answered);
        assert!(connected(&house, 0, 1));
        house.hang_up(0);
        house.hang_up(1);
        assert!(house.is_quiet());
    }
}

#[test]
fn in_britain_a_five_on_busy_tone_asks_for_it() {
    let mut house = House::new(Setup { codes: CodeSet::Uk.codes(), ..house() });
    house.lift(1);
    house.lift_and_dial(0, "102");
    house.dial(0, "5");
    assert_eq!(told(&house, 0), Some(Tone::Confirmation));
    house.hang_up(0);
    house.hang_up(1);
    assert!(rings(&house, 0));
}

#[test]
fn a_call_back_waits_for_both_and_ends_unanswered() {
    let mut house = asked(CodeSet::Etsi, "*37#");
    house.lift(0);
    house.hang_up(1);
    house.hang_up(2);
    assert!(!rings(&house, 0));
    house.hang_up(0);
    assert!(rings(&house, 0));
    house.wait(31_000);
    assert!(house.commands(0).contains(&LineCommand::StopRing));
    house.line(0, LineEvent::RingStopped);
    house.lift(1);
    house.hang_up(1);
    assert!(!rings(&house, 0), "it was asked for once");
    assert!(house.is_quiet());
}

#[test]
fn a_call_back_is_cancelled_and_ends_after_half_an_hour() {
    let mut house = asked(CodeSet::Etsi, "*37#");
    house.lift_and_dial(0, "#37#");
    assert_eq!(told(&house, 0), Some(Tone::Confirmation));
    house.hang_up(0);
    house.lift_and_dial(0, "#37#");
    assert_eq!(told(&house, 0), Some(Tone::Congestion), "there is none");
    house.hang_up(0);
    house.hang_up(1);
    assert!(!rings(&house, 0));
    let mut house = asked(CodeSet::Etsi, "*37#");
    house.wait(30 * 60_000 + 1000);
    house.hang_up(1);
    assert!(!rings(&house, 0));
}

#[test]
fn a_number_at_a_server_is_not_called_back_and_nothing_is_without_a_busy_one() {
    let mut house = german();
    house.lift_and_dial(0, "92125550100");
    let (leg, _) = house.placed().unwrap();
    house.far(leg, FarEvent::Failed { cause: Cause::BUSY });
    house.hang_up(0);
    house.lift_and_dial(0, "*37#");
    assert_eq!(told(&house, 0), Some(Tone::Congestion));
    house.hang_up(0);
    let mut house = american();
    house.lift_and_dial(0, "102");
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    house.lift_and_dial(0, "*66");
    assert!(rings(&house, 1), "nobody was busy: the last number again");
}

#[test]
fn who_is_picked_for_a_call_back_and_lost_its_line_leaves_no_trace() {
    let mut house = asked(CodeSet::Etsi, "*37#");
    house.hang_up(2);
    house.hang_up(1);
    assert!(rings(&house, 0));
    house.input(Input::SetInService { line: LineId(0), on: false });
    house.input(Input::SetInService { line: LineId(0), on: true });
    assert!(house.is_quiet(), "{:?}", house.switch.line(LineId(0)));
    let parked = |event: &CallEvent| matches!(event, CallEvent::Parked { .. });
    assert!(!house.events().iter().any(parked));
}

#[test]
fn a_five_on_busy_after_another_call_is_for_that_one() {
    // After a transfer by code: to whom it was.
    let codes = [CodeSet::Uk.codes(), vec![Code::new("*98{number}", Action::Transfer).unwrap()]].concat();
    let mut house = House::new(Setup { codes: codes.clone(), ..house() });
    house.lift(2);
    house.lift_and_dial(0, "104");
    house.line(3, LineEvent::Answered);
    house.flash(0);
    house.dial(0, "*98103");
    assert_eq!(told(&house, 0), Some(Tone::Busy));
    house.dial(0, "5");
    assert_eq!(told(&house, 0), Some(Tone::Confirmation));
    house.flash(0);
    house.hang_up(3);
    house.hang_up(0);
    assert!(!rings(&house, 0));
    house.hang_up(2);
    assert!(rings(&house, 0), "103, not 104, which is free");
    // After the key for the desk, which is no number: for nobody.
    let mut setup = Setup { codes, ..crate::common::house() };
    setup.phones[0].duty.desk =
        Some(Desk { key: b'0', to: Destination::Number(crate::common::number("106")) });
    let mut house = House::new(setup);
    house.lift_and_dial(0, "102");
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    house.lift(1);
    house.lift(5);
    house.lift_and_dial(0, "0");
    assert_eq!(told(&house, 0), Some(Tone::Busy));
    house.dial(0, "5");
    house.hang_up(0);
    house.hang_up(1);
    assert!(!rings(&house, 0), "102 was free when it was called");
}
