//! Flash: hold, consultation, return; and ringing back.

use crate::common::{House, house, without_transfer};
use tipring_call::{
    CallEvent, Cause, Clearer, FarAction, FarEvent, FarId, LineDoing, MediaAction, Party, Side, Way, Why,
};
use tipring_port::{DigitSource, LineCommand, LineEvent, Refusal, Tone};
use tipring_units::{CallId, LineId, Millis};

const LINE0: Party = Party::Line(LineId(0));

/// Line 0 talks to a far leg.
fn talking(house: &mut House) -> FarId {
    house.lift_and_dial(0, "95552345678");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Answered);
    leg
}

/// Line 0 holds the far leg and consults line 1.
fn consulting(house: &mut House) -> FarId {
    let leg = talking(house);
    house.flash(0);
    house.dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.line(1, LineEvent::Answered);
    leg
}

#[test]
fn a_flash_holds_and_gives_dial_tone_and_the_next_one_returns() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    let (a, b) = (LINE0, Party::Far(leg));
    house.flash(0);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Stutter)]);
    assert_eq!(house.actions(leg), [FarAction::Hold]);
    assert_eq!(house.media(), [MediaAction::Disconnect { a, b }]);
    assert!(house.events().contains(&CallEvent::Held { call: CallId(1), by: Side::Caller }));
    house.flash(0);
    assert_eq!(house.commands(0), [LineCommand::Quiet]);
    assert_eq!(house.actions(leg), [FarAction::Resume]);
    assert_eq!(house.media(), [MediaAction::Connect { a, b, way: Way::Both }]);
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn consultation_swaps_between_the_two() {
    let mut house = House::new(house());
    let leg = consulting(&mut house);
    let line = house.switch.line(LineId(0)).unwrap();
    assert_eq!((line.active, line.held), (Some(CallId(2)), vec![CallId(1)]));
    house.flash(0);
    assert_eq!(house.actions(leg), [FarAction::Resume]);
    let line = house.switch.line(LineId(0)).unwrap();
    assert_eq!((line.active, line.held), (Some(CallId(1)), vec![CallId(2)]));
    house.flash(0);
    assert_eq!(house.actions(leg), [FarAction::Hold]);
    assert_eq!(house.switch.line(LineId(0)).unwrap().active, Some(CallId(2)));
}

#[test]
fn a_flash_gives_up_a_consultation_that_is_not_answered() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    house.flash(0);
    house.dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.flash(0);
    assert_eq!(house.commands(1), [LineCommand::StopRing]);
    assert_eq!(house.actions(leg), [FarAction::Resume]);
    assert_eq!(house.records().len(), 1);
}

#[test]
fn a_failed_consultation_is_told_and_a_flash_returns() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    house.lift(1);
    house.flash(0);
    house.dial(0, "102");
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Busy)]);
    assert_eq!(house.switch.deadline().map(|(_, why)| why), Some(Why::FirstDigit), "only line 1's");
    house.flash(0);
    assert_eq!(house.commands(0), [LineCommand::Quiet]);
    assert_eq!(house.actions(leg), [FarAction::Resume]);
}

#[test]
fn dialling_too_slowly_keeps_the_held_party() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    house.flash(0);
    house.wait(15_000);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Congestion)]);
    assert_eq!(house.actions(leg), []);
    house.flash(0);
    assert_eq!(house.actions(leg), [FarAction::Resume]);
}

#[test]
fn hung_up_with_a_held_party_the_telephone_is_rung_back() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    house.flash(0);
    house.hang_up(0);
    let [LineCommand::Ring(request)] = house.commands(0)[..] else { panic!("{:?}", house.commands(0)) };
    assert_eq!(request.caller.unwrap().number.unwrap().as_str(), "95552345678");
    assert_eq!(house.actions(leg), [FarAction::Resume], "to hear the ringback");
    assert_eq!(house.media(), [MediaAction::Tone { leg, tone: Some(Tone::Ringback) }]);
    house.line(0, LineEvent::Ringing);
    house.line(0, LineEvent::Answered);
    assert_eq!(
        house.media(),
        [
            MediaAction::Connect { a: LINE0, b: Party::Far(leg), way: Way::Both },
            MediaAction::Tone { leg, tone: None }
        ]
    );
    house.hang_up(0);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
    assert!(house.is_quiet());
}

#[test]
fn nobody_answers_the_ringing_back() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    house.flash(0);
    house.hang_up(0);
    house.wait(30_000);
    assert_eq!(house.commands(0), [LineCommand::StopRing]);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NO_ANSWER)]);
    assert!(house.media().contains(&MediaAction::Tone { leg, tone: None }));
    assert_eq!(house.records()[0].by, Clearer::Side(Side::Caller));
    house.line(0, LineEvent::RingStopped);
    assert!(house.is_quiet());
}

#[test]
fn lifted_in_the_moment_of_ringing_back_it_is_the_answer() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    house.flash(0);
    house.hang_up(0);
    house.line(0, LineEvent::Seized);
    assert_eq!(house.media()[0], MediaAction::Connect { a: LINE0, b: Party::Far(leg), way: Way::Both });
    house.line(0, LineEvent::Refused(Refusal::OffHook));
    assert_eq!(house.out, []);
    assert_eq!(house.switch.line(LineId(0)).unwrap().doing, LineDoing::Talking);
}

#[test]
fn hung_up_in_a_consultation_the_consulted_is_cleared_and_the_held_rings_back() {
    let mut house = House::new(without_transfer(house()));
    consulting(&mut house);
    house.hang_up(0);
    assert_eq!(house.commands(1), [LineCommand::Cleared { tone: Tone::Congestion }]);
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]));
    assert_eq!(house.records().len(), 1);
}

#[test]
fn the_held_party_hangs_up() {
    let mut house = House::new(house());
    let leg = consulting(&mut house);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(0), [], "the consultation goes on");
    assert_eq!(house.switch.line(LineId(0)).unwrap().held, []);
    house.hang_up(0);
    house.hang_up(1);
    assert!(house.is_quiet());
}

#[test]
fn the_consulted_party_hangs_up() {
    let mut house = House::new(house());
    let leg = consulting(&mut house);
    house.hang_up(1);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Congestion)], "no supervision: one is still held");
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(0), [LineCommand::Cleared { tone: Tone::Congestion }]);
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn a_held_line_hears_ringback_while_the_other_is_rung_back() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(1);
    house.hang_up(1);
    assert!(matches!(house.commands(1)[..], [LineCommand::Ring(_)]));
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Ringback)]);
    house.line(1, LineEvent::Answered);
    assert_eq!(house.commands(0), [LineCommand::Quiet]);
}

#[test]
fn a_flash_without_a_call_does_nothing() {
    let mut house = House::new(house());
    house.lift(0);
    house.flash(0);
    assert_eq!(house.out, []);
    house.dial(0, "102");
    house.flash(0);
    assert_eq!(house.out, []);
}

#[test]
fn dial_pulses_in_a_call_go_to_the_far_end_and_touch_tones_go_with_the_sound() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    let digit = |source| LineEvent::Digit { digit: b'7', source, length: Millis(80) };
    house.line(0, digit(DigitSource::Pulse));
    let to = Party::Far(leg);
    assert_eq!(house.media(), [MediaAction::Digit { to, digit: b'7', length: Millis(80) }]);
    house.line(0, digit(DigitSource::Dtmf));
    assert_eq!(house.out, []);
}

#[test]
fn the_far_end_holds_and_resumes() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    house.far(leg, FarEvent::Held);
    assert_eq!(house.events(), [CallEvent::Held { call: CallId(1), by: Side::Called }]);
    assert_eq!(house.media(), [], "its sound (music, if it plays any) stays connected");
    house.far(leg, FarEvent::Resumed);
    assert_eq!(house.events(), [CallEvent::Resumed { call: CallId(1), by: Side::Called }]);
}

#[test]
fn both_hold_and_only_when_both_are_back_do_they_hear_each_other() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.flash(0);
    house.flash(1);
    house.flash(0);
    assert_eq!(house.media(), [], "line 1 still holds");
    house.flash(1);
    let b = Party::Line(LineId(1));
    assert_eq!(house.media(), [MediaAction::Connect { a: LINE0, b, way: Way::Both }]);
}

#[test]
fn a_line_taken_out_of_service_lets_its_held_party_go() {
    let mut house = House::new(house());
    let leg = talking(&mut house);
    house.flash(0);
    house.input(tipring_call::Input::SetInService { line: LineId(0), on: false });
    assert_eq!(house.actions(leg), [FarAction::End(Cause::LineLost)]);
    assert_eq!(house.switch.line(LineId(0)).unwrap().held, []);
}
