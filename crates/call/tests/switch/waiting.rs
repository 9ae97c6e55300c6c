//! A call that comes in a call: it waits, is taken by flash, refused, or rings when the first is over.

use crate::common::{House, house, number};
use tipring_call::{CallEvent, Cause, CodeSet, Flag, LineDoing, MediaAction, Party, Recall, Setup, Way, Why};
use tipring_port::{LineCommand, LineEvent, Signal, Tone};
use tipring_units::{CallId, LineId};

fn line(line: u16) -> Party {
    Party::Line(LineId(line))
}

fn told_of_waiting(house: &House, line: u16) -> bool {
    house.commands(line).iter().any(|command| matches!(command, LineCommand::Waiting(Some(_))))
}

fn waiting_house(recall: Recall) -> House {
    let mut setup = Setup { codes: CodeSet::NorthAmerica.codes(), ..house() };
    for phone in &mut setup.phones {
        phone.features.set_flag(Flag::Waiting, true);
        phone.recall = recall;
    }
    House::new(setup)
}

/// 101 talks to 102, and 103 calls 101.
fn called_while_talking(recall: Recall) -> House {
    let mut house = waiting_house(recall);
    talk(&mut house);
    house.lift_and_dial(2, "101");
    house
}

fn talk(house: &mut House) {
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.line(1, LineEvent::Answered);
}

#[test]
fn who_talks_is_told_who_waits_and_the_caller_hears_ringback() {
    let house = called_while_talking(Recall::Conference);
    let caller = house.commands(0).into_iter().find_map(|command| match command {
        LineCommand::Waiting(caller) => caller,
        _ => None,
    });
    assert_eq!(caller.unwrap().number, Ok(tipring_port::Text::new("103")));
    assert_eq!(house.commands(2).last(), Some(&LineCommand::Play(Tone::Ringback)));
    assert!(house.events().contains(&CallEvent::Waits { call: CallId(2), line: LineId(0) }));
    assert_eq!(house.switch.line(LineId(0)).unwrap().waiting, Some(CallId(2)));
}

#[test]
fn flashes_go_to_the_call_that_waits_and_back_and_forth() {
    for recall in [Recall::Conference, Recall::Swap] {
        let mut house = called_while_talking(recall);
        house.flash(0);
        assert!(house.media().contains(&MediaAction::Connect { a: line(2), b: line(0), way: Way::Both }));
        let view = house.switch.line(LineId(0)).unwrap();
        assert_eq!((view.active, view.held, view.waiting), (Some(CallId(2)), vec![CallId(1)], None));
        house.flash(0);
        let view = house.switch.line(LineId(0)).unwrap();
        assert_eq!((view.active, view.held, view.third), (Some(CallId(1)), vec![CallId(2)], None));
        house.flash(0);
        assert_eq!(house.switch.line(LineId(0)).unwrap().active, Some(CallId(2)));
    }
}

#[test]
fn a_call_that_waits_rings_when_the_telephone_hangs_up() {
    let mut house = called_while_talking(Recall::Conference);
    house.hang_up(0);
    assert!(matches!(house.commands(0).last(), Some(LineCommand::Ring(_))), "{:?}", house.commands(0));
    house.line(0, LineEvent::Answered);
    assert_eq!((house.doing(0), house.doing(2)), (LineDoing::Talking, LineDoing::Talking));
    assert_eq!(house.doing(1), LineDoing::Parked);
}

#[test]
fn who_took_a_call_that_waited_is_rung_back_for_the_first_and_puts_nobody_together() {
    let mut setup = house();
    for phone in &mut setup.phones {
        phone.features.set_flag(Flag::Waiting, true);
        phone.transfer = true;
    }
    let mut house = House::new(setup);
    talk(&mut house);
    house.lift_and_dial(2, "101");
    house.flash(0);
    house.hang_up(0);
    assert!(!house.events().iter().any(|event| matches!(event, CallEvent::Joined { .. })));
    assert_eq!(house.doing(2), LineDoing::Parked);
    assert!(matches!(house.commands(0).last(), Some(LineCommand::Ring(_))), "{:?}", house.commands(0));
    house.line(0, LineEvent::Answered);
    assert_eq!((house.doing(0), house.doing(1)), (LineDoing::Talking, LineDoing::Talking));
}

#[test]
fn who_waits_and_gives_up_is_heard_no_more() {
    let mut house = called_while_talking(Recall::Conference);
    house.hang_up(2);
    assert_eq!(house.commands(0).last(), Some(&LineCommand::StopWaiting));
    assert_eq!(house.switch.line(LineId(0)).unwrap().waiting, None);
    house.flash(0);
    assert_eq!(house.commands(0).last(), Some(&LineCommand::Play(Tone::Stutter)), "a flash consults again");
}

#[test]
fn when_the_other_clears_a_flash_or_hanging_up_takes_who_waits() {
    for flashes in [true, false] {
        let mut house = called_while_talking(Recall::Conference);
        house.hang_up(1);
        assert_eq!(house.doing(0), LineDoing::Told);
        if flashes {
            house.flash(0);
        } else {
            house.hang_up(0);
            house.line(0, LineEvent::Answered);
        }
        assert_eq!((house.doing(0), house.doing(2)), (LineDoing::Talking, LineDoing::Talking));
    }
}

#[test]
fn one_call_waits_and_the_next_is_busy() {
    let mut house = called_while_talking(Recall::Conference);
    house.lift_and_dial(3, "101");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
    house.flash(0);
    house.hang_up(3);
    house.lift_and_dial(3, "101");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY, "with two calls it is busy");
}

#[test]
fn a_telephone_that_does_not_talk_is_busy() {
    let mut house = waiting_house(Recall::Conference);
    house.lift(0);
    house.lift_and_dial(2, "101");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
}

#[test]
fn waiting_is_ended_and_begun_by_code() {
    let mut house = waiting_house(Recall::Conference);
    house.lift_and_dial(0, "*50");
    assert_eq!(house.commands(0).last(), Some(&LineCommand::Play(Tone::Confirmation)));
    house.hang_up(0);
    talk(&mut house);
    house.lift_and_dial(2, "101");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
    for line in [0, 1, 2] {
        house.hang_up(line);
    }
    house.lift_and_dial(0, "*51");
    house.hang_up(0);
    talk(&mut house);
    house.lift_and_dial(2, "101");
    assert!(told_of_waiting(&house, 0));
}

#[test]
fn waiting_is_cancelled_for_one_call() {
    let mut house = waiting_house(Recall::Conference);
    house.lift_and_dial(0, "*70");
    house.dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.lift_and_dial(2, "101");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
    for line in [0, 1, 2] {
        house.hang_up(line);
    }
    talk(&mut house);
    house.lift_and_dial(2, "101");
    assert!(told_of_waiting(&house, 0), "it was for one call");
}

#[test]
fn waiting_is_cancelled_in_a_call() {
    let mut house = waiting_house(Recall::Conference);
    talk(&mut house);
    house.flash(0);
    house.dial(0, "*70");
    house.flash(0);
    house.lift_and_dial(2, "101");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
}

#[test]
fn no_call_waits_in_a_call_for_help_or_of_a_fax() {
    let mut house = waiting_house(Recall::Conference);
    house.lift_and_dial(0, "911");
    let leg = house.placed().unwrap().0;
    house.far(leg, tipring_call::FarEvent::Answered);
    house.lift_and_dial(2, "101");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);

    let mut house = called_while_talking(Recall::Conference);
    house.input(tipring_call::Input::Signal { party: line(1), signal: Signal::Ced });
    assert_eq!(house.commands(0).last(), Some(&LineCommand::StopWaiting));
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
    house.hang_up(2);
    house.lift_and_dial(2, "101");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY, "and no other");
    assert!(!told_of_waiting(&house, 0));
}

#[test]
fn who_forwards_when_busy_does_not_while_a_call_can_wait_and_unanswered_it_is_forwarded() {
    let mut house = waiting_house(Recall::Conference);
    for code in ["*90", "*92"] {
        house.lift_and_dial(0, code);
        house.dial(0, "104");
        house.hang_up(0);
    }
    talk(&mut house);
    house.lift_and_dial(2, "101");
    assert!(told_of_waiting(&house, 0) && house.commands(3).is_empty());
    house.wait(21_000);
    assert_eq!(house.commands(0).last(), Some(&LineCommand::StopWaiting));
    assert!(matches!(house.commands(3).last(), Some(LineCommand::Ring(_))));
    house.lift_and_dial(4, "101");
    house.lift_and_dial(5, "101");
    let forwarded = house.events().into_iter().filter(
        |event| matches!(event, CallEvent::Forwarded { when, .. } if *when == tipring_call::ForwardWhen::Busy),
    );
    assert_eq!(forwarded.count(), 1, "the second that would wait");
}

#[test]
fn a_digit_behind_the_flash_says_what_becomes_of_two_calls() {
    // Refused.
    let mut house = called_while_talking(Recall::Keys);
    house.flash(0);
    assert_eq!(house.switch.deadline().unwrap().1, Why::Key);
    house.dial(0, "0");
    assert_eq!(house.records().last().unwrap().cause, Cause::BUSY);
    assert_eq!(house.switch.line(LineId(0)).unwrap().active, Some(CallId(1)));
    // The first is let go for it.
    let mut house = called_while_talking(Recall::Keys);
    house.flash(0);
    house.dial(0, "1");
    assert_eq!(house.records().len(), 1);
    let view = house.switch.line(LineId(0)).unwrap();
    assert_eq!((view.active, view.held), (Some(CallId(2)), vec![]));
    // The first is held for it, and back.
    let mut house = called_while_talking(Recall::Keys);
    house.flash(0);
    house.dial(0, "2");
    let view = house.switch.line(LineId(0)).unwrap();
    assert_eq!((view.active, view.held), (Some(CallId(2)), vec![CallId(1)]));
    house.flash(0);
    house.dial(0, "2");
    let view = house.switch.line(LineId(0)).unwrap();
    assert_eq!((view.active, view.held), (Some(CallId(1)), vec![CallId(2)]));
    // The held one is let go.
    house.flash(0);
    house.dial(0, "0");
    let view = house.switch.line(LineId(0)).unwrap();
    assert_eq!((view.active, view.held), (Some(CallId(1)), vec![]));
}

#[test]
fn without_a_digit_in_time_or_with_another_flash_all_is_as_before_and_the_call_waits_on() {
    for flashes in [true, false] {
        let mut house = called_while_talking(Recall::Keys);
        house.flash(0);
        if flashes {
            house.flash(0);
        } else {
            house.wait(6_100);
        }
        let view = house.switch.line(LineId(0)).unwrap();
        assert_eq!((view.active, view.waiting), (Some(CallId(1)), Some(CallId(2))));
        assert!(told_of_waiting(&house, 0), "told again");
    }
}

#[test]
fn a_line_that_goes_out_of_service_lets_nobody_wait() {
    let mut house = called_while_talking(Recall::Conference);
    house.input(tipring_call::Input::SetInService { line: LineId(0), on: false });
    assert_eq!(house.records().len(), 2);
    assert_eq!(house.records().last().unwrap().dialled, number("101"));
}

#[test]
fn who_hangs_up_in_a_call_that_had_waited_is_rung_back_for_the_first() {
    let mut house = called_while_talking(Recall::Conference);
    house.flash(0);
    house.hang_up(0);
    assert!(matches!(house.commands(0).last(), Some(LineCommand::Ring(_))), "{:?}", house.commands(0));
    assert!(!house.events().iter().any(|event| matches!(event, CallEvent::Joined { .. })));
    house.line(0, LineEvent::Answered);
    assert_eq!(house.switch.line(LineId(0)).unwrap().active, Some(CallId(1)));
}

#[test]
fn who_is_left_alone_by_all_is_cleared_as_ever() {
    // The other clears, then who waited gives up.
    let mut house = called_while_talking(Recall::Conference);
    house.hang_up(1);
    house.hang_up(2);
    assert_eq!(house.doing(0), LineDoing::Parked);
    assert!(matches!(house.commands(0).last(), Some(LineCommand::Cleared { .. })));
    // Who waits gives up while the digit is waited for, and the only one left is let go.
    let mut house = called_while_talking(Recall::Keys);
    house.flash(0);
    house.hang_up(2);
    house.dial(0, "1");
    assert_eq!(house.doing(0), LineDoing::Parked);
}
