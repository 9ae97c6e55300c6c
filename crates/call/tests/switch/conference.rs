//! Three who talk: a telephone brings those of its two calls together.

use crate::common::{House, house, outside_house, without_transfer};
use tipring_call::{
    CallEvent, Cause, FarAction, FarEvent, FarId, Flag, LineDoing, MediaAction, Party, Recall, Setup, Way,
    Why,
};
use tipring_port::{AnswerSign, DigitSource, LineCommand, LineEvent, Signal, Tone};
use tipring_units::{CallId, LineId, Millis};

const HOST: Party = Party::Line(LineId(0));

fn house_with(recall: Recall) -> House {
    let mut setup: Setup = house();
    for phone in &mut setup.phones {
        phone.recall = recall;
    }
    House::new(setup)
}

/// 101 holds a far leg and talks to 102.
fn two_calls(recall: Recall) -> (House, FarId) {
    let mut house = house_with(recall);
    house.lift_and_dial(0, "95552345678");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Answered);
    house.flash(0);
    house.dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.line(1, LineEvent::Answered);
    (house, leg)
}

fn conference(recall: Recall) -> (House, FarId) {
    let (mut house, leg) = two_calls(recall);
    house.flash(0);
    if recall == Recall::Keys {
        house.dial(0, "3");
    }
    (house, leg)
}

fn all_talk(house: &House) -> bool {
    let view = house.switch.line(LineId(0)).unwrap();
    view.active.is_some() && view.third.is_some() && view.held.is_empty()
}

#[test]
fn a_flash_brings_the_held_party_in() {
    let (house, leg) = conference(Recall::Conference);
    assert!(all_talk(&house));
    assert_eq!(house.actions(leg).last(), Some(&FarAction::Resume));
    let connected = MediaAction::Connect { a: HOST, b: Party::Far(leg), way: Way::Both };
    assert!(house.media().contains(&connected), "{:?}", house.media());
    let to_other = MediaAction::Disconnect { a: HOST, b: Party::Line(LineId(1)) };
    assert!(!house.media().contains(&to_other), "who was talked to stays");
    let event = CallEvent::Conference { line: LineId(0), calls: [CallId(1), CallId(2)] };
    assert!(house.events().contains(&event));
}

#[test]
fn the_next_flash_lets_the_last_go_and_the_first_stays() {
    let (mut house, leg) = conference(Recall::Conference);
    house.flash(0);
    let to_first = MediaAction::Disconnect { a: HOST, b: Party::Far(leg) };
    assert!(!house.media().contains(&to_first), "who stays is heard on");
    assert_eq!(house.switch.deadline().unwrap().1, Why::SecondFlash);
    house.wait(1499);
    assert_eq!(house.records().len(), 0, "a second flash may follow");
    house.wait(1);
    assert_eq!(house.records().len(), 1);
    assert_eq!(house.doing(1), LineDoing::Parked);
    let view = house.switch.line(LineId(0)).unwrap();
    assert_eq!((view.active, view.third), (Some(CallId(1)), None));
    assert!(!house.actions(leg).contains(&FarAction::Hold));
    house.flash(0);
    assert_eq!(house.actions(leg).last(), Some(&FarAction::Hold), "and a flash holds again");
}

#[test]
fn a_second_flash_at_once_lets_the_first_go_instead() {
    let (mut house, leg) = conference(Recall::Conference);
    house.flash(0);
    house.wait(800);
    house.flash(0);
    assert!(house.actions(leg).iter().any(|action| matches!(action, FarAction::End(_))));
    assert_eq!(house.records().len(), 1);
    let view = house.switch.line(LineId(0)).unwrap();
    assert_eq!((view.active, view.third, view.held), (Some(CallId(2)), None, vec![]));
    let back = MediaAction::Connect { a: HOST, b: Party::Line(LineId(1)), way: Way::Both };
    assert!(house.media().contains(&back), "{:?}", house.media());
    house.wait(2000);
    assert_eq!(house.doing(1), LineDoing::Talking, "and stays");
    house.flash(0);
    assert_eq!(house.doing(0), LineDoing::Dialling, "the next one holds again");
}

#[test]
fn between_the_two_flashes_all_may_hang_up() {
    // The maker: both go.
    let (mut house, leg) = conference(Recall::Conference);
    house.flash(0);
    house.hang_up(0);
    assert_eq!(house.records().len(), 2);
    assert!(house.actions(leg).iter().any(|action| matches!(action, FarAction::End(_))));
    assert_eq!(house.doing(0), LineDoing::Idle, "nobody is handed on or rung back for");
    // Who stays: the other one is let go as it was wanted.
    let (mut house, leg) = conference(Recall::Conference);
    house.flash(0);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!((house.doing(0), house.doing(1)), (LineDoing::Parked, LineDoing::Parked));
    // Who is on his way out.
    let (mut house, _) = conference(Recall::Conference);
    house.flash(0);
    house.hang_up(1);
    assert_eq!(house.doing(0), LineDoing::Talking);
    house.flash(0);
    assert_eq!(house.doing(0), LineDoing::Dialling);
    house.wait(2000);
    assert_eq!(house.switch.line(LineId(0)).unwrap().held, [CallId(1)]);
}

#[test]
fn by_key_the_two_others_are_put_together() {
    for made in [two_calls as fn(Recall) -> _, conference] {
        let (mut house, leg) = made(Recall::Keys);
        house.flash(0);
        house.dial(0, "4");
        let joined = CallEvent::Joined { call: CallId(1), with: CallId(2) };
        assert!(house.events().contains(&joined), "{:?}", house.out);
        let connected =
            MediaAction::Connect { a: Party::Line(LineId(1)), b: Party::Far(leg), way: Way::Both };
        let turned = MediaAction::Connect { a: Party::Far(leg), b: Party::Line(LineId(1)), way: Way::Both };
        assert!(house.media().iter().any(|own| [connected, turned].contains(own)), "{:?}", house.media());
        assert!(house.commands(0).contains(&LineCommand::Play(Tone::Confirmation)));
        assert_eq!((house.doing(0), house.doing(1)), (LineDoing::Told, LineDoing::Talking));
        house.hang_up(0);
        assert_eq!(house.doing(1), LineDoing::Talking);
        house.hang_up(1);
        assert!(house.actions(leg).iter().any(|action| matches!(action, FarAction::End(_))));
        assert!(house.is_quiet());
    }
}

#[test]
fn by_key_nobody_is_put_together_who_may_not() {
    // The telephone hands nothing on.
    let mut setup = without_transfer(house());
    setup.phones[0].recall = Recall::Keys;
    let mut house = House::new(setup);
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(0);
    house.dial(0, "103");
    house.line(2, LineEvent::Answered);
    house.flash(0);
    house.dial(0, "4");
    let view = house.switch.line(LineId(0)).unwrap();
    assert_eq!((view.doing, view.active, view.held), (LineDoing::Talking, Some(CallId(2)), vec![CallId(1)]));
    // A call that waits is nobody yet.
    let mut setup = crate::common::house();
    setup.phones[0].recall = Recall::Keys;
    setup.phones[0].features.set_flag(Flag::Waiting, true);
    let mut house = House::new(setup);
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.lift_and_dial(2, "101");
    house.flash(0);
    house.dial(0, "4");
    let view = house.switch.line(LineId(0)).unwrap();
    assert_eq!((view.active, view.waiting), (Some(CallId(1)), Some(CallId(2))));
}

#[test]
fn by_key_two_that_cannot_be_joined_stay() {
    // Exchanges that may still take digits: who is joined to one could call the world.
    for held_first in [true, false] {
        let mut setup = outside_house();
        setup.phones[0].recall = Recall::Keys;
        let mut house = House::new(setup);
        let exchange = |house: &mut House| {
            house.dial(0, "8");
            house.line(6, LineEvent::ExchangeReady(true));
            house.line(6, LineEvent::FarAnswered(AnswerSign::AtOnce));
        };
        house.lift(0);
        if held_first {
            exchange(&mut house)
        } else {
            house.dial(0, "102")
        }
        if !held_first {
            house.line(1, LineEvent::Answered);
        }
        house.flash(0);
        if held_first {
            house.dial(0, "102")
        } else {
            exchange(&mut house)
        }
        if held_first {
            house.line(1, LineEvent::Answered);
        }
        house.flash(0);
        house.dial(0, "4");
        let view = house.switch.line(LineId(0)).unwrap();
        assert_eq!(
            (view.doing, view.active, view.held),
            (LineDoing::Talking, Some(CallId(2)), vec![CallId(1)]),
            "{held_first}"
        );
        assert!(house.records().is_empty());
        house.flash(0);
        house.dial(0, "2");
        assert_eq!(house.switch.line(LineId(0)).unwrap().active, Some(CallId(1)), "{held_first}");
    }
}

#[test]
fn by_keys_the_one_or_the_other_is_let_go_or_talked_to_alone() {
    for (key, active, held) in
        [("0", CallId(2), vec![]), ("1", CallId(1), vec![]), ("2", CallId(1), vec![CallId(2)])]
    {
        let (mut house, _) = conference(Recall::Keys);
        assert!(all_talk(&house));
        house.flash(0);
        house.dial(0, key);
        let view = house.switch.line(LineId(0)).unwrap();
        assert_eq!((view.active, view.held, view.third), (Some(active), held, None), "{key}");
    }
    let (mut house, _) = conference(Recall::Keys);
    house.flash(0);
    house.dial(0, "3");
    assert!(all_talk(&house));
}

#[test]
fn who_leaves_is_missed_by_none() {
    let (mut house, leg) = conference(Recall::Conference);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!((house.doing(0), house.doing(1)), (LineDoing::Talking, LineDoing::Talking));
    let (mut house, leg) = conference(Recall::Conference);
    house.hang_up(1);
    assert_eq!(house.doing(0), LineDoing::Talking);
    assert!(!house.actions(leg).iter().any(|action| matches!(action, FarAction::End(_))));
    house.flash(0);
    assert_eq!(house.actions(leg).last(), Some(&FarAction::Hold));
}

#[test]
fn the_maker_ends_it_for_all() {
    let (mut house, leg) = conference(Recall::Conference);
    house.hang_up(0);
    assert_eq!(house.records().len(), 2);
    assert!(house.actions(leg).iter().any(|action| matches!(action, FarAction::End(_))));
    assert_eq!(house.doing(0), LineDoing::Idle);
    house.hang_up(1);
    assert!(house.is_quiet());
}

#[test]
fn digits_go_to_both_and_a_machine_changes_nothing() {
    let (mut house, _) = conference(Recall::Conference);
    let digit = LineEvent::Digit { digit: b'5', source: DigitSource::Pulse, length: Millis(100) };
    house.line(0, digit);
    let to: Vec<Party> = house
        .media()
        .into_iter()
        .filter_map(|action| match action {
            MediaAction::Digit { to, .. } => Some(to),
            _ => None,
        })
        .collect();
    assert_eq!(to.len(), 2, "{to:?}");
    house.input(tipring_call::Input::Signal { party: Party::Line(LineId(1)), signal: Signal::Ced });
    assert!(!house.media().iter().any(|action| matches!(action, MediaAction::PassThrough { .. })));
}

#[test]
fn one_who_holds_leaves_the_others_talking() {
    let (mut house, leg) = conference(Recall::Conference);
    house.flash(1);
    let gone = MediaAction::Disconnect { a: HOST, b: Party::Line(LineId(1)) };
    assert!(house.media().contains(&gone));
    let other = MediaAction::Disconnect { a: HOST, b: Party::Far(leg) };
    assert!(!house.media().contains(&other));
    house.flash(1);
    assert!(all_talk(&house));
}

#[test]
fn a_call_for_help_is_never_held_but_a_held_party_can_be_brought_in() {
    let mut house = house_with(Recall::Conference);
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(0);
    house.dial(0, "911");
    let leg = house.placed().unwrap().0;
    house.flash(0);
    assert_eq!(house.doing(0), LineDoing::Waiting, "it is not given up");
    house.far(leg, FarEvent::Answered);
    house.flash(0);
    assert!(all_talk(&house));
    house.flash(0);
    assert!(all_talk(&house), "nor let go");
    assert!(!house.actions(leg).contains(&FarAction::Hold));
    for recall in [Recall::Swap, Recall::Keys] {
        let mut house = house_with(recall);
        house.lift_and_dial(0, "911");
        let leg = house.placed().unwrap().0;
        house.far(leg, FarEvent::Answered);
        house.flash(0);
        assert_eq!(house.doing(0), LineDoing::Talking);
        assert!(!house.actions(leg).contains(&FarAction::Hold));
    }
}

#[test]
fn without_conferences_flashes_go_back_and_forth() {
    let (mut house, _) = two_calls(Recall::Swap);
    house.flash(0);
    let view = house.switch.line(LineId(0)).unwrap();
    assert_eq!((view.active, view.held, view.third), (Some(CallId(1)), vec![CallId(2)], None));
}
