//! What subscribers set by star codes, and what becomes of calls then.

use crate::common::{House, house, number, outside_house, server};
use tipring_call::{
    CallEvent, Cause, CodeSet, FarAction, Features, Flag, Forward, ForwardWhen, Identity, Input, LineDoing,
    Output, Presentation, Setup, Via,
};
use tipring_port::{LineCommand, LineEvent, Tone};
use tipring_units::LineId;

fn american() -> House {
    House::new(Setup { codes: CodeSet::NorthAmerica.codes(), ..house() })
}

/// Lifts, dials a code, and hangs up; the tone that answered it.
fn code(house: &mut House, line: u16, text: &str) -> Option<Tone> {
    house.lift_and_dial(line, text);
    let tone = house.commands(line).into_iter().rev().find_map(|command| match command {
        LineCommand::Play(tone) => Some(tone),
        _ => None,
    });
    house.hang_up(line);
    tone
}

fn rings(house: &House, line: u16) -> bool {
    house.commands(line).iter().any(|command| matches!(command, LineCommand::Ring(_)))
}

fn kept(house: &House) -> Option<Features> {
    house.out.iter().rev().find_map(|output| match output {
        Output::Features { features, .. } => Some((**features).clone()),
        _ => None,
    })
}

#[test]
fn forwarding_is_set_asked_and_ended_by_code_and_is_given_out_to_be_kept() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*#21#"), Some(Tone::Busy));
    assert_eq!(code(&mut house, 1, "*21*103#"), Some(Tone::Confirmation));
    house.lift_and_dial(1, "*21*103#");
    assert_eq!(kept(&house), None, "nothing has changed");
    house.hang_up(1);
    assert_eq!(code(&mut house, 1, "*#21#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 2) && !rings(&house, 1));
    let forwarded = CallEvent::Forwarded {
        call: house.records().first().map_or(tipring_units::CallId(1), |record| record.call),
        by: number("102"),
        when: ForwardWhen::Always,
        to: number("103"),
    };
    assert!(house.events().contains(&forwarded), "{:?}", house.events());
    house.hang_up(0);
    house.line(2, LineEvent::RingStopped);
    house.lift_and_dial(1, "#21#");
    let mut off = Features::default();
    off.set_forward(ForwardWhen::Always, Forward::Off);
    assert_eq!(kept(&house), Some(off));
    house.hang_up(1);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 1));
}

#[test]
fn a_number_behind_an_american_code_is_read_by_the_dial_plan_on_a_second_dial_tone() {
    let mut house = american();
    house.lift_and_dial(1, "*72");
    assert!(house.commands(1).contains(&LineCommand::Play(Tone::Stutter)), "{:?}", house.commands(1));
    house.dial(1, "103");
    assert_eq!(house.commands(1).last(), Some(&LineCommand::Play(Tone::Confirmation)));
    house.hang_up(1);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 2));
}

#[test]
fn a_busy_telephone_forwards_only_when_it_is_busy() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*67*103#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 1) && !rings(&house, 2));
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    house.lift(1);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 2));
}

#[test]
fn a_telephone_that_nobody_answers_forwards_after_its_time() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*61*103#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.wait(19_000);
    assert!(!rings(&house, 2));
    house.wait(2_000);
    assert!(rings(&house, 2), "{:?}", house.out);
    house.line(1, LineEvent::RingStopped);
    house.line(2, LineEvent::Answered);
    assert_eq!(house.doing(0), LineDoing::Talking);
}

#[test]
fn a_telephone_that_is_out_of_service_forwards() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*62*103#"), Some(Tone::Confirmation));
    house.input(Input::SetInService { line: LineId(1), on: false });
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 2));
}

#[test]
fn forwarding_in_a_circle_is_busy_and_does_not_go_round() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*21*103#"), Some(Tone::Confirmation));
    assert_eq!(code(&mut house, 2, "*21*102#"), Some(Tone::Confirmation));
    assert_eq!(code(&mut house, 3, "*21*104#"), Some(Tone::Congestion), "to itself");
    house.lift_and_dial(0, "102");
    assert_eq!(house.records()[0].cause, Cause::BUSY);
}

#[test]
fn forwarding_to_the_outside_goes_by_the_dial_plan_and_the_subscribers_permission() {
    let mut setup = house();
    setup.phones[3].may_call = tipring_call::Permission::Internal;
    let mut house = House::new(setup);
    assert_eq!(code(&mut house, 1, "*21*95550123#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "102");
    let placed = house.placed().unwrap().1;
    assert!(
        matches!(placed, FarAction::Place { number: to, from, .. } if to == number("5550123") && from.number == number("101")),
        "{placed:?}"
    );
    assert_eq!(code(&mut house, 3, "*21*95550123#"), Some(Tone::Confirmation));
    house.hang_up(0);
    house.lift_and_dial(0, "104");
    assert_eq!(house.records().last().unwrap().cause, Cause::Barred, "it may not call there itself");
}

#[test]
fn do_not_disturb_is_busy_and_may_be_ended() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*26#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "102");
    assert_eq!(house.records()[0].cause, Cause::BUSY);
    house.hang_up(0);
    assert_eq!(code(&mut house, 1, "#26#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 1));
}

#[test]
fn who_hides_the_number_is_refused_by_who_wants_none_of_that() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*99#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "*31#");
    house.dial(0, "102");
    assert_eq!(house.records()[0].cause, Cause::ANONYMOUS);
    house.hang_up(0);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 1), "the code was for one call");
}

#[test]
fn a_number_is_hidden_for_one_call_or_for_all_and_never_in_an_emergency() {
    let shown = |house: &House| match house.placed().unwrap().1 {
        FarAction::Place { from, .. } => from.presentation,
        action => panic!("{action:?}"),
    };
    let mut house = House::new(house());
    house.lift_and_dial(0, "*31#95550123");
    house.wait(5000);
    assert_eq!(shown(&house), Presentation::Private);
    house.hang_up(0);
    assert_eq!(code(&mut house, 0, "*32#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "95550123");
    house.wait(5000);
    assert_eq!(shown(&house), Presentation::Private);
    house.hang_up(0);
    house.lift_and_dial(0, "#31#95550123");
    house.wait(5000);
    assert_eq!(shown(&house), Presentation::Allowed);
    house.hang_up(0);
    house.lift_and_dial(0, "*31#911");
    assert_eq!(shown(&house), Presentation::Allowed);
}

#[test]
fn the_last_number_and_the_last_caller_are_called_by_code() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "**0"), Some(Cause::UNALLOCATED.tone(Default::default())));
    house.lift_and_dial(0, "102");
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    house.lift_and_dial(0, "**0");
    assert!(rings(&house, 1));
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    house.lift_and_dial(1, "*10#");
    assert!(rings(&house, 0), "{:?}", house.out);
}

#[test]
fn speed_dials_are_set_and_called() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 0, "*51*4*102#"), Some(Tone::Confirmation));
    assert_eq!(code(&mut house, 0, "*52*42*103#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "**4");
    assert!(rings(&house, 1));
    house.hang_up(0);
    house.lift_and_dial(0, "***42");
    assert!(rings(&house, 2));
}

#[test]
fn a_locked_telephone_calls_the_house_and_for_help_and_only_its_pin_unlocks_it() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 0, "*33*1111#"), Some(Tone::Congestion));
    house.lift_and_dial(0, "*33*");
    assert!(house.switch.hides_digits(LineId(0)));
    house.dial(0, "4711#");
    let digits = house
        .events()
        .into_iter()
        .filter(|event| matches!(event, CallEvent::Dialled { digit, .. } if digit.is_ascii_digit()));
    assert_eq!(digits.count(), 0, "the PIN is in no event");
    house.hang_up(0);
    house.lift_and_dial(0, "*33*47");
    house.hang_up(0);
    let abandoned = CallEvent::Abandoned { line: LineId(0), dialled: number("***") };
    assert!(house.events().contains(&abandoned), "{:?}", house.events());
    house.lift_and_dial(0, "95550123");
    house.wait(5000);
    assert_eq!(house.records().last().unwrap().cause, Cause::Barred);
    house.hang_up(0);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 1));
    house.hang_up(0);
    house.lift_and_dial(0, "911");
    assert!(house.placed().is_some());
    house.hang_up(0);
    assert_eq!(code(&mut house, 0, "#33*4711#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "95550123");
    house.wait(5000);
    assert!(house.placed().is_some());
}

#[test]
fn a_malicious_call_is_traced_with_the_number_that_was_hidden() {
    let mut house = House::new(house());
    let from = Identity { presentation: Presentation::Private, ..Identity::new("5550199", "") };
    let leg = house.incoming(Via::Server(server("pbx")), from, "102");
    house.line(1, LineEvent::Answered);
    house.far(leg, tipring_call::FarEvent::Ended { cause: Cause::NORMAL });
    house.hang_up(1);
    house.lift_and_dial(1, "*39#");
    assert!(house.events().contains(&CallEvent::Traced { line: LineId(1), caller: from }));
    assert_eq!(house.commands(1).last(), Some(&LineCommand::Play(Tone::Confirmation)));
}

#[test]
fn a_telephone_without_codes_leaves_them_to_the_dial_plan() {
    let mut setup = house();
    setup.phones[0].codes = false;
    let mut house = House::new(setup);
    assert_ne!(code(&mut house, 0, "*26#"), Some(Tone::Confirmation));
    assert_eq!(kept(&house), None);
}

#[test]
fn what_was_kept_holds_after_a_restart_and_the_configuration_where_nothing_was() {
    let mut setup = house();
    setup.phones[1].features.set_forward(ForwardWhen::Always, Forward::To(number("104")));
    let mut house = House::new(setup);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 3));
    house.hang_up(0);
    house.line(3, LineEvent::RingStopped);
    let mut features = Features::default();
    features.set_forward(ForwardWhen::Always, Forward::Off);
    features.set_flag(Flag::DoNotDisturb, true);
    house.input(Input::Features { number: number("102"), features: Box::new(features) });
    house.lift_and_dial(0, "102");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
}

#[test]
fn a_code_in_a_consultation_leaves_the_held_call_to_go_back_to() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(0);
    house.dial(0, "*26#");
    assert_eq!(house.commands(0).last(), Some(&LineCommand::Play(Tone::Confirmation)));
    house.flash(0);
    assert_eq!(house.doing(0), LineDoing::Talking);
}

#[test]
fn who_hides_the_number_is_not_called_back() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "*31#");
    house.dial(0, "102");
    assert!(rings(&house, 1));
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    assert_eq!(code(&mut house, 1, "*10#"), Some(Cause::UNALLOCATED.tone(Default::default())));
    assert!(!rings(&house, 0));
}

#[test]
fn who_called_while_the_telephone_was_busy_is_called_back() {
    let mut house = House::new(house());
    house.lift(1);
    house.lift_and_dial(0, "102");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
    house.hang_up(0);
    house.hang_up(1);
    house.lift_and_dial(1, "*10#");
    assert!(rings(&house, 0), "{:?}", house.out);
}

#[test]
fn who_forwards_when_busy_does_not_forward_unanswered_calls_by_what_the_next_one_has_set() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*67*103#"), Some(Tone::Confirmation));
    assert_eq!(code(&mut house, 2, "*61*104#"), Some(Tone::Confirmation));
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.wait(200_000);
    assert!(!rings(&house, 2) && !rings(&house, 3), "{:?}", house.out);
    assert_eq!(house.records().last().unwrap().cause, Cause::NO_ANSWER);
}

#[test]
fn a_forwarded_call_is_forwarded_by_what_the_telephone_it_came_to_has_set() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*67*103#"), Some(Tone::Confirmation));
    assert_eq!(code(&mut house, 2, "*61*104#"), Some(Tone::Confirmation));
    house.lift(1);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 2) && !rings(&house, 3));
    house.line(2, LineEvent::Ringing);
    house.wait(21_000);
    assert!(rings(&house, 3), "{:?}", house.out);
}

#[test]
fn who_does_not_want_to_be_disturbed_does_not_ring_with_the_others() {
    let mut setup = outside_house();
    setup.phones[0].features.set_flag(Flag::DoNotDisturb, true);
    let mut house = House::new(setup);
    house.line(6, LineEvent::Offered);
    assert!(!rings(&house, 0) && rings(&house, 1), "{:?}", house.out);
}

#[test]
fn a_call_that_would_be_forwarded_to_its_caller_is_not_forwarded() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*67*101#"), Some(Tone::Confirmation));
    house.lift(1);
    house.lift_and_dial(0, "102");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
}

#[test]
fn nothing_is_forwarded_to_an_emergency_number() {
    let mut house = House::new(house());
    assert_eq!(code(&mut house, 1, "*21*911#"), Some(Tone::Congestion));
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 1));
}
