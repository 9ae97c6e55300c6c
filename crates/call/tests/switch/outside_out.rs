//! Calls that go out on outside lines: seizing, dialling, what the exchange says, hunting, glare and faults.

use crate::common::{House, number, outside_house, server};
use tipring_call::{
    CallEvent, Cause, Clearer, FarAction, FarEvent, Hunt, Identity, Input, LineDoing, MediaAction, Party,
    Permission, Setup, Side, Via, Way,
};
use tipring_port::{AnswerSign, ClearSign, LineCommand, LineEvent, LineFault, Refusal, Text, Tone};
use tipring_units::{CallId, LineId, Millis};

const PHONE: Party = Party::Line(LineId(0));
const FIRST: Party = Party::Line(LineId(6));

fn seize(digits: &str) -> LineCommand {
    LineCommand::Seize(Text::new(digits))
}

/// 101 dials 9 and a number: line 1 is seized.
fn calling() -> House {
    let mut house = House::new(outside_house());
    house.lift_and_dial(0, "95552345678");
    house
}

/// 101 talks on line 1.
fn talking() -> House {
    let mut house = calling();
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::Dialled);
    house.line(6, LineEvent::FarAnswered(AnswerSign::Reversal));
    house
}

#[test]
fn a_telephone_calls_out_and_hears_the_exchange_before_the_answer() {
    let mut house = House::new(outside_house());
    house.lift_and_dial(0, "9");
    assert_eq!(house.commands(0).last(), Some(&LineCommand::Play(Tone::Outside)));
    house.dial(0, "5552345678");
    assert_eq!(house.commands(6), [seize("5552345678")]);
    assert_eq!(house.doing(6), LineDoing::Dialling);
    assert_eq!(house.media(), []);
    house.line(6, LineEvent::ExchangeReady(true));
    assert_eq!(house.media(), [MediaAction::Connect { a: PHONE, b: FIRST, way: Way::ToA }]);
    house.line(6, LineEvent::Dialled);
    assert_eq!(house.doing(6), LineDoing::Waiting);
    house.line(6, LineEvent::Exchange(Tone::Ringback));
    assert_eq!(house.events(), [CallEvent::Alerting(CallId(1))]);
    assert_eq!(house.commands(0), [], "the ringback is the exchange's own");
    house.line(6, LineEvent::FarAnswered(AnswerSign::Reversal));
    assert_eq!(house.media(), [MediaAction::Connect { a: PHONE, b: FIRST, way: Way::Both }]);
    assert_eq!(house.commands(0), [LineCommand::Answered], "and so the reversal is carried over");
    house.wait(60_000);
    house.hang_up(0);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    let record = house.records()[0];
    assert_eq!((record.caller, record.called), (PHONE, Some(FIRST)));
    assert_eq!((record.dialled, record.sent), (number("95552345678"), number("5552345678")));
    assert_eq!((record.talked.as_secs(), record.cause), (60, Cause::NORMAL));
    assert_eq!(house.doing(6), LineDoing::Releasing);
    house.line(6, LineEvent::Released);
    assert!(house.is_quiet());
}

#[test]
fn the_far_end_clears_and_the_line_hangs_up_by_itself() {
    let mut house = talking();
    house.line(6, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
    assert_eq!(house.commands(0), [LineCommand::Cleared { tone: Tone::Congestion }]);
    assert_eq!(house.commands(6), []);
    let record = house.records()[0];
    assert_eq!((record.cause, record.by), (Cause::NORMAL, Clearer::Side(Side::Called)));
    house.line(6, LineEvent::Released);
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn busy_congestion_and_special_information_are_heard_and_become_causes() {
    for (tone, cause) in [
        (Some(Tone::Busy), Cause::BUSY),
        (Some(Tone::SpecialInformation), Cause::UNALLOCATED),
        (None, Cause::NORMAL),
    ] {
        let mut house = calling();
        house.line(6, LineEvent::ExchangeReady(true));
        house.line(6, LineEvent::Dialled);
        if let Some(tone) = tone {
            house.line(6, LineEvent::Exchange(tone));
            assert_eq!(house.records(), [], "the caller hears it first");
        }
        house.line(6, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
        assert_eq!(house.records()[0].cause, cause);
        assert_eq!(house.doing(6), LineDoing::Releasing);
    }
    // The tone itself is the sign.
    let mut house = calling();
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::FarCleared(ClearSign::Tone(Tone::Busy)));
    assert_eq!(house.records()[0].cause, Cause::BUSY);
}

#[test]
fn a_congested_exchange_is_left_for_the_next_line() {
    let mut house = calling();
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::Exchange(Tone::Congestion));
    house.line(6, LineEvent::FarCleared(ClearSign::Tone(Tone::Congestion)));
    assert_eq!(house.commands(7), [seize("5552345678")]);
}

#[test]
fn a_suffix_is_dialled_behind_the_number_and_a_number_that_cannot_be_dialled_is_not() {
    let mut setup = outside_house();
    setup.lines[0].suffix = number("#");
    let mut house = House::new(setup.clone());
    house.lift_and_dial(0, "95552345678");
    assert_eq!(house.commands(6), [seize("5552345678#")]);

    setup.servers[0].may_call = Some(Permission::All);
    setup.dial = Some(vec![crate::common::row(
        "1xx",
        tipring_call::Destination::Line { line: number("1"), number: Some(number("alice")) },
    )]);
    let mut house = House::new(setup);
    let leg = house.pbx_calls("177");
    assert_eq!(house.commands(6), []);
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::INCOMPLETE)]);
}

#[test]
fn lines_are_hunted_from_the_first_on_and_all_busy_is_no_circuit() {
    let mut house = calling();
    house.lift_and_dial(1, "95552345678");
    assert_eq!(house.commands(7), [seize("5552345678")]);
    house.lift_and_dial(2, "95552345678");
    assert_eq!(house.commands(8), [seize("5552345678")]);
    house.lift_and_dial(3, "95552345678");
    assert_eq!(house.records()[0].cause, Cause::NO_CIRCUIT);
    assert_eq!(house.commands(3), [LineCommand::Quiet, LineCommand::Play(Tone::Congestion)][1..]);
}

#[test]
fn circular_hunting_goes_on_behind_the_line_taken_last_and_least_recent_takes_the_rested_one() {
    let mut house = House::new(Setup { hunt: Hunt::Circular, ..outside_house() });
    let mut taken = Vec::new();
    for _ in 0..4 {
        house.lift_and_dial(0, "95552345678");
        let line = (6..9).find(|line| house.doing(*line) == LineDoing::Dialling).unwrap();
        taken.push(line);
        house.hang_up(0);
        house.line(line, LineEvent::Released);
    }
    assert_eq!(taken, [6, 7, 8, 6]);

    let mut house = House::new(Setup { hunt: Hunt::LeastRecent, ..outside_house() });
    for (rings, expected) in [(6, 7), (7, 8), (7, 6)] {
        // A call that comes in counts too.
        house.wait(1000);
        house.line(rings, LineEvent::Incoming);
        house.wait(1000);
        house.line(rings, LineEvent::GaveUp);
        house.wait(1000);
        house.lift_and_dial(0, "95552345678");
        assert_eq!(house.doing(expected), LineDoing::Dialling, "after {rings} rang");
        house.hang_up(0);
        house.line(expected, LineEvent::Released);
    }
}

#[test]
fn glare_sends_the_call_to_the_next_line_and_the_caller_of_the_first_rings_the_house() {
    let mut house = calling();
    house.line(6, LineEvent::Refused(Refusal::Incoming));
    assert_eq!(house.commands(7), [seize("5552345678")]);
    house.exchange_rings(6, "5550199");
    assert_eq!(house.doing(6), LineDoing::Ringing);
    assert!(matches!(house.commands(1)[..], [LineCommand::Ring(_)]), "102; 101 is calling");

    // Seized in the very moment of its ringing, it is off-hook, and hangs up when nobody takes the call.
    house.line(1, LineEvent::Refused(Refusal::OffHook));
    assert_eq!(house.commands(6), []);
    assert!(matches!(house.commands(2)[..], [LineCommand::Ring(_)]), "the fallback");
    house.line(2, LineEvent::Refused(Refusal::OffHook));
    assert_eq!(house.commands(6), [LineCommand::HangUp]);

    // The ringing may be told before the refusal.
    let mut house = calling();
    house.line(6, LineEvent::Incoming);
    assert_eq!(house.commands(7), [seize("5552345678")]);
    house.line(6, LineEvent::Refused(Refusal::Incoming));
    assert_eq!(house.doing(6), LineDoing::Ringing);
}

#[test]
fn glare_on_the_only_line_is_no_circuit() {
    let mut house = House::new(outside_house());
    house.lift_and_dial(0, "75552345678");
    assert_eq!(house.commands(7), [seize("5552345678")]);
    house.line(7, LineEvent::Refused(Refusal::Incoming));
    assert_eq!(house.records()[0].cause, Cause::NO_CIRCUIT);
    assert_eq!(house.doing(7), LineDoing::Idle);
}

#[test]
fn a_line_without_battery_is_left_alone_until_it_has_some() {
    let mut house = calling();
    house.line(6, LineEvent::Fault(LineFault::NoBattery));
    assert_eq!(house.commands(7), [seize("5552345678")], "the call goes on");
    house.line(6, LineEvent::Released);
    assert_eq!(house.doing(6), LineDoing::OutOfService);
    house.lift_and_dial(1, "95552345678");
    assert_eq!(house.commands(8), [seize("5552345678")]);
    house.line(6, LineEvent::FaultCleared(LineFault::NoBattery));
    house.lift_and_dial(2, "95552345678");
    assert_eq!(house.commands(6), [seize("5552345678")]);
}

#[test]
fn all_lines_dead_is_out_of_order() {
    let mut house = House::new(outside_house());
    for line in 6..9 {
        house.line(line, LineEvent::Fault(LineFault::NoBattery));
    }
    house.lift_and_dial(0, "95552345678");
    assert_eq!(house.records()[0].cause, Cause::OUT_OF_ORDER);
}

#[test]
fn a_line_that_gave_no_dial_tone_is_tried_last_from_then_on() {
    let mut house = calling();
    house.line(6, LineEvent::Fault(LineFault::NoDialTone));
    house.line(6, LineEvent::Released);
    assert_eq!(house.doing(6), LineDoing::Idle);
    house.hang_up(0);
    house.line(7, LineEvent::Released);
    house.lift_and_dial(0, "95552345678");
    assert_eq!(house.doing(7), LineDoing::Dialling);
    house.lift_and_dial(1, "95552345678");
    house.lift_and_dial(2, "95552345678");
    assert_eq!(house.commands(6), [seize("5552345678")], "better than none");
    house.line(6, LineEvent::ExchangeReady(true));
    house.hang_up(0);
    house.hang_up(1);
    house.hang_up(2);
    for line in 6..9 {
        house.line(line, LineEvent::Released);
    }
    house.lift_and_dial(0, "95552345678");
    assert_eq!(house.doing(6), LineDoing::Dialling, "it is well again");
}

#[test]
fn a_line_that_another_telephone_uses_is_passed_over() {
    let mut house = House::new(outside_house());
    house.line(6, LineEvent::InUse(true));
    assert_eq!(house.doing(6), LineDoing::InUse);
    house.lift_and_dial(0, "95552345678");
    assert_eq!(house.doing(7), LineDoing::Dialling);
    house.line(6, LineEvent::InUse(false));
    house.lift_and_dial(1, "95552345678");
    assert_eq!(house.doing(6), LineDoing::Dialling);
}

#[test]
fn who_gets_the_exchange_itself_dials_on_its_tone() {
    let mut house = House::new(outside_house());
    house.lift_and_dial(0, "8");
    assert_eq!(house.commands(6), [seize("")]);
    assert_eq!(house.media(), [MediaAction::Connect { a: PHONE, b: FIRST, way: Way::Both }]);
    house.line(6, LineEvent::ExchangeReady(true));
    let pulse = LineEvent::Digit { digit: b'5', source: tipring_port::DigitSource::Pulse, length: Millis(0) };
    house.line(0, pulse);
    assert_eq!((house.commands(6), house.media()), (vec![LineCommand::Dial(Text::new("5"))], vec![]));
    house.wait(300_000);
    assert_eq!(house.records(), [], "who dials takes the time that it takes");
    house.line(6, LineEvent::FarAnswered(AnswerSign::Voice));
    house.hang_up(0);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
}

#[test]
fn only_who_may_call_anything_gets_the_exchange_itself() {
    let mut setup = outside_house();
    setup.phones[0].may_call = Permission::National;
    let mut house = House::new(setup);
    house.lift_and_dial(0, "8");
    assert_eq!(house.records()[0].cause, Cause::Barred);
    assert_eq!(house.commands(6), []);
}

#[test]
fn digits_for_the_exchange_are_dialled_by_its_line() {
    let mut setup = outside_house();
    setup.servers[0].may_call = Some(Permission::All);
    let mut house = House::new(setup);
    let leg = house.pbx_calls("8");
    let digit = FarEvent::Digit { digit: b'7', length: Millis(100) };
    house.far(leg, digit);
    assert_eq!(house.commands(6), [LineCommand::Dial(Text::new("7"))]);
    assert_eq!(house.media(), []);
    house.line(6, LineEvent::ExchangeReady(false));
    house.line(6, LineEvent::FarAnswered(AnswerSign::AtOnce));
    house.far(leg, digit);
    assert_eq!(
        house.commands(6),
        [LineCommand::Dial(Text::new("7"))],
        "it answers before anything is dialled"
    );
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    house.line(6, LineEvent::Released);

    // The touch tones of a telephone, too.
    house.lift_and_dial(0, "8");
    house.digit(0, b'5');
    assert_eq!(house.commands(6), [LineCommand::Dial(Text::new("5"))]);
    house.hang_up(0);
    house.line(6, LineEvent::Released);

    // Behind the exchange, once it has a number, tones are heard and pulses are not.
    let leg = house.pbx_calls("95552345678");
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::FarAnswered(AnswerSign::AtOnce));
    house.far(leg, digit);
    assert_eq!((house.commands(6), house.media()), (vec![], vec![]), "it is in the sound");
}

#[test]
fn a_server_calls_out_only_where_it_may() {
    let mut house = House::new(outside_house());
    let leg = house.pbx_calls("95552345678");
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::UNALLOCATED)]);

    let mut setup = outside_house();
    setup.servers[0].may_call = Some(Permission::Local);
    let mut house = House::new(setup);
    let leg = house.pbx_calls("95552345678");
    assert_eq!(house.commands(6), [seize("5552345678")]);
    house.line(6, LineEvent::ExchangeReady(true));
    assert_eq!(house.actions(leg), [FarAction::Progress]);
    house.line(6, LineEvent::FarAnswered(AnswerSign::Reversal));
    assert_eq!(house.actions(leg), [FarAction::Accept]);
    let leg = house.pbx_calls("915552345678");
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::Barred)], "national");
    let leg = house.pbx_calls("101");
    house.line(0, LineEvent::Ringing);
    assert_eq!(house.actions(leg), [FarAction::Alert], "a telephone as before");
    let leg = house.pbx_calls("65552345678");
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::UNALLOCATED)], "not back to itself");
    let leg = house.incoming(Via::Server(server("alt")), Identity::new("1", ""), "65552345678");
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::UNALLOCATED)], "alt may not");
}

#[test]
fn a_caller_who_gives_up_releases_the_line_whatever_it_is_at() {
    for events in [
        vec![],
        vec![LineEvent::ExchangeReady(true)],
        vec![LineEvent::ExchangeReady(false), LineEvent::Dialled],
    ] {
        let mut house = calling();
        for event in events {
            house.line(6, event);
        }
        house.hang_up(0);
        assert_eq!(house.commands(6), [LineCommand::HangUp]);
        house.line(6, LineEvent::Released);
        assert!(house.is_quiet());
    }
}

#[test]
fn a_seizure_that_was_refused_as_the_caller_gave_up_leaves_the_line_idle() {
    let mut house = calling();
    house.hang_up(0);
    house.line(6, LineEvent::Refused(Refusal::Guard));
    assert!(house.is_quiet());
}

#[test]
fn a_line_that_never_says_that_it_is_released_is_asked_and_used_again() {
    let mut house = talking();
    house.hang_up(0);
    house.wait(30_000);
    assert_eq!(house.commands(6), [LineCommand::Report]);
    assert_eq!(house.doing(6), LineDoing::Idle);
}

#[test]
fn a_flash_goes_out_to_the_exchange() {
    let mut house = talking();
    house.input(Input::FlashOut(LineId(6)));
    assert_eq!(house.commands(6), [LineCommand::FlashOut]);
    house.input(Input::FlashOut(LineId(7)));
    assert_eq!(house.commands(7), []);
    house.input(Input::FlashOut(LineId(0)));
    assert_eq!(house.commands(0), []);
}

#[test]
fn a_line_that_is_being_cleared_is_waited_for_rather_than_refused() {
    let mut setup = outside_house();
    setup.lines.truncate(1);
    let mut house = House::new(setup);
    house.lift_and_dial(0, "95552345678");
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::Dialled);
    house.hang_up(0);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    house.lift_and_dial(1, "95552345679");
    assert_eq!(house.commands(6), [], "the exchange is given its time");
    assert_eq!(house.commands(1), [], "nothing is refused");
    house.line(6, LineEvent::Released);
    assert_eq!(house.commands(6), [LineCommand::Seize(Text::new("5552345679"))]);
}
