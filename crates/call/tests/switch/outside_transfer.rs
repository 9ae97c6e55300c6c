//! Transfers: a telephone with an outside call held hangs up in another one, and the two others are joined.

use crate::common::{House, number, outside_house, without_transfer};
use tipring_call::{
    CallEvent, Cause, Clearer, FarAction, FarEvent, FarId, Input, LineDoing, Machine, MediaAction, Party,
    Side, Way,
};
use tipring_port::{AnswerSign, ClearSign, LineCommand, LineEvent, Signal, Tone};
use tipring_units::{CallId, LineId, Millis};

const FIRST: Party = Party::Line(LineId(6));
const SECOND: Party = Party::Line(LineId(7));

fn connect(a: Party, b: Party) -> MediaAction {
    MediaAction::Connect { a, b, way: Way::Both }
}

fn cleared(house: &mut House, line: u16) {
    house.line(line, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
}

/// Somebody called in on line 1, and 101 answered and holds the call.
fn holding() -> House {
    let mut house = House::new(outside_house());
    house.exchange_rings(6, "5550199");
    house.line(0, LineEvent::Answered);
    house.line(1, LineEvent::RingStopped);
    house.flash(0);
    house
}

/// 101 holds line 1 and talks on line 2.
fn consulting() -> House {
    let mut house = holding();
    house.dial(0, "95552345678");
    house.line(7, LineEvent::ExchangeReady(true));
    house.line(7, LineEvent::Dialled);
    house.line(7, LineEvent::FarAnswered(AnswerSign::Reversal));
    house
}

#[test]
fn two_outside_lines_are_joined_and_both_released_when_either_clears() {
    for (first, second) in [(6, 7), (7, 6)] {
        let mut house = consulting();
        house.hang_up(0);
        let path = MediaAction::Disconnect { a: Party::Line(LineId(0)), b: SECOND };
        assert_eq!(house.media(), [path, connect(FIRST, SECOND)]);
        assert!(house.events().contains(&CallEvent::Joined { call: CallId(1), with: CallId(2) }));
        assert_eq!(house.doing(0), LineDoing::Idle);
        assert_eq!(house.records(), [], "both calls go on");
        house.wait(60_000);
        cleared(&mut house, first);
        assert_eq!(house.media(), [MediaAction::Disconnect { a: FIRST, b: SECOND }]);
        assert_eq!(house.commands(second), [LineCommand::HangUp]);
        let records = house.records();
        assert_eq!(records.len(), 2);
        for record in &records {
            assert_eq!(
                (record.talked.as_secs(), record.cause),
                (60, Cause::NORMAL),
                "the lines were in use so long"
            );
        }
        let of = |call| records.iter().find(|record| record.call == CallId(call)).unwrap();
        assert_eq!((of(1).caller, of(1).called), (FIRST, Some(Party::Line(LineId(0)))));
        assert_eq!((of(2).caller, of(2).sent), (Party::Line(LineId(0)), number("5552345678")));
        assert_eq!(of(1).by, Clearer::Side(if first == 6 { Side::Caller } else { Side::Called }));
        house.line(6, LineEvent::Released);
        house.line(7, LineEvent::Released);
        assert!(house.is_quiet());
    }
}

#[test]
fn nobody_is_joined_with_an_exchange_that_may_still_take_digits() {
    for (sign, joined) in [(AnswerSign::AtOnce, false), (AnswerSign::Voice, true)] {
        for dial_tone_first in [false, true] {
            let mut house = House::new(outside_house());
            let dial_tone = |house: &mut House, line| {
                house.dial(0, "8");
                house.line(line, LineEvent::ExchangeReady(true));
                house.line(line, LineEvent::FarAnswered(sign));
            };
            let other = if dial_tone_first {
                house.lift(0);
                dial_tone(&mut house, 6);
                house.flash(0);
                house.dial(0, "95552345678");
                house.line(7, LineEvent::ExchangeReady(true));
                house.line(7, LineEvent::Dialled);
                house.line(7, LineEvent::FarAnswered(AnswerSign::Reversal));
                FIRST
            } else {
                house = holding();
                dial_tone(&mut house, 7);
                SECOND
            };
            house.hang_up(0);
            let both = connect(FIRST, SECOND);
            let case = format!("{sign:?}, first: {dial_tone_first}, {other:?}");
            assert_eq!(house.media().contains(&both), joined, "{case}");
        }
    }
}

#[test]
fn the_telephone_is_free_for_calls_of_its_own_meanwhile() {
    let mut house = consulting();
    house.hang_up(0);
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.line(1, LineEvent::Answered);
    assert_eq!(house.media(), [connect(Party::Line(LineId(0)), Party::Line(LineId(1)))]);
    house.hang_up(0);
    assert_eq!(house.doing(6), LineDoing::Talking);
    assert_eq!(house.doing(7), LineDoing::Talking);
}

#[test]
fn handed_on_to_a_telephone_that_rings_the_caller_hears_ringback_until_it_answers() {
    let mut house = holding();
    house.dial(0, "103");
    house.line(2, LineEvent::Ringing);
    house.hang_up(0);
    assert_eq!(house.commands(6), [LineCommand::Play(Tone::Ringback)]);
    assert_eq!(house.media(), []);
    house.line(2, LineEvent::Answered);
    assert_eq!(house.commands(6), [LineCommand::Quiet]);
    assert_eq!(house.media(), [connect(FIRST, Party::Line(LineId(2)))]);
    house.hang_up(2);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    assert_eq!(house.records().len(), 2);
}

#[test]
fn nobody_answers_what_was_handed_on_and_all_is_released() {
    let mut house = holding();
    house.dial(0, "103");
    house.line(2, LineEvent::Ringing);
    house.hang_up(0);
    house.wait(60_000);
    assert_eq!(house.commands(2), [LineCommand::StopRing]);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    house.line(2, LineEvent::RingStopped);
    house.line(6, LineEvent::Released);
    assert!(house.is_quiet());
}

#[test]
fn handed_on_before_it_rings_the_telephone_is_rung_back() {
    let mut house = holding();
    house.dial(0, "95552345678");
    house.hang_up(0);
    assert_eq!(house.commands(7), [LineCommand::HangUp]);
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]));
    assert_eq!(house.records().len(), 1);
}

/// 101 talks to a server and holds line 1.
fn with_a_server() -> (House, FarId) {
    let mut house = holding();
    house.dial(0, "65552345678");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Answered);
    (house, leg)
}

#[test]
fn an_outside_line_and_a_far_end_are_joined_and_what_each_does_reaches_the_other() {
    let (mut house, leg) = with_a_server();
    house.hang_up(0);
    let far = Party::Far(leg);
    assert!(house.media().contains(&connect(FIRST, far)));
    house.far(leg, FarEvent::Digit { digit: b'5', length: Millis(100) });
    assert_eq!(house.media(), [], "it is in the sound");
    house.input(Input::Signal { party: far, signal: Signal::Ced });
    assert_eq!(house.media(), [MediaAction::PassThrough { a: FIRST, b: far }]);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    assert_eq!(house.actions(leg), []);

    let (mut house, leg) = with_a_server();
    house.hang_up(0);
    cleared(&mut house, 6);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
    let path = |output: &MediaAction| *output == MediaAction::Disconnect { a: FIRST, b: Party::Far(leg) };
    assert!(house.media().iter().any(path));
}

#[test]
fn a_far_end_that_was_held_hears_the_other_again() {
    // 101 holds the server and talks on line 1.
    let mut house = House::new(outside_house());
    house.lift_and_dial(0, "65552345678");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Answered);
    house.flash(0);
    assert_eq!(house.actions(leg), [FarAction::Hold]);
    house.dial(0, "95552345678");
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::FarAnswered(AnswerSign::AtOnce));
    house.hang_up(0);
    assert_eq!(house.actions(leg), [FarAction::Resume]);
    assert!(house.media().contains(&connect(Party::Far(leg), FIRST)));
}

#[test]
fn a_telephone_that_was_handed_the_call_may_hold_it_and_is_rung_back() {
    let mut house = holding();
    house.dial(0, "103");
    house.line(2, LineEvent::Ringing);
    house.line(2, LineEvent::Answered);
    house.hang_up(0);
    house.flash(2);
    assert_eq!(house.media(), [MediaAction::Disconnect { a: FIRST, b: Party::Line(LineId(2)) }]);
    house.flash(2);
    assert_eq!(house.media(), [connect(FIRST, Party::Line(LineId(2)))]);
    house.flash(2);
    house.hang_up(2);
    assert_eq!(house.commands(6), [LineCommand::Play(Tone::Ringback)]);
    assert!(matches!(house.commands(2)[..], [LineCommand::Ring(_)]));
    house.line(2, LineEvent::Ringing);
    house.line(2, LineEvent::Answered);
    assert_eq!(house.media(), [connect(FIRST, Party::Line(LineId(2)))]);
    cleared(&mut house, 6);
    assert_eq!(house.commands(2), [LineCommand::Cleared { tone: Tone::Congestion }]);
}

#[test]
fn a_call_that_was_handed_on_is_not_handed_on_again_but_kept() {
    let mut house = holding();
    house.dial(0, "103");
    house.line(2, LineEvent::Ringing);
    house.line(2, LineEvent::Answered);
    house.hang_up(0);
    house.flash(2);
    house.dial(2, "104");
    house.line(3, LineEvent::Ringing);
    house.line(3, LineEvent::Answered);
    house.hang_up(2);
    assert_eq!(house.commands(3), [LineCommand::Cleared { tone: Tone::Congestion }]);
    assert!(matches!(house.commands(2)[..], [LineCommand::Ring(_)]));
    assert_eq!(house.doing(6), LineDoing::Talking);
}

#[test]
fn a_telephone_that_hands_nothing_on_is_rung_back_as_before() {
    let mut house = House::new(without_transfer(outside_house()));
    house.lift_and_dial(0, "65552345678");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Answered);
    house.flash(0);
    house.dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.line(1, LineEvent::Answered);
    house.hang_up(0);
    assert_eq!(house.commands(1), [LineCommand::Cleared { tone: Tone::Congestion }]);
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]));
}

#[test]
fn an_emergency_call_is_never_handed_on() {
    let mut house = holding();
    house.dial(0, "911");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Answered);
    house.hang_up(0);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]));
}

#[test]
fn joined_calls_end_together_when_management_or_a_fault_ends_one() {
    for call in [CallId(1), CallId(2)] {
        let (mut house, leg) = with_a_server();
        house.hang_up(0);
        house.input(Input::Clear(call));
        assert_eq!(house.commands(6), [LineCommand::HangUp]);
        assert_eq!(house.actions(leg), [FarAction::End(Cause::Managed)]);
        assert!(house.records().iter().all(|record| record.by == Clearer::Gateway));
        assert_eq!(house.records().len(), 2);

        let (mut house, leg) = with_a_server();
        house.hang_up(0);
        house.out.clear();
        house.switch.abandon_call(call);
        house.drain();
        assert_eq!(house.commands(6), [LineCommand::HangUp]);
        assert_eq!(house.actions(leg), [FarAction::End(Cause::Fault)]);
    }
    // The fault strikes in the very moment of joining.
    for machine in [Machine::Call(CallId(1)), Machine::Call(CallId(2))] {
        let (mut house, _) = with_a_server();
        house.switch.arm_fault(machine);
        let struck = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| house.hang_up(0)));
        assert!(struck.is_err());
        house.switch.recover();
        house.drain();
        house.wait(100_000);
        house.line(6, LineEvent::Released);
        house.line(0, LineEvent::RingStopped);
        assert!(house.switch.is_idle(), "{machine:?}");
    }
}
