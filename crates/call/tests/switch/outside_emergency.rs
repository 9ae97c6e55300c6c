//! Emergency calls by outside lines: at once, pre-empting what is less important, and the desk that is told.

use crate::common::{House, number, outside_house, server, to_server};
use tipring_call::{
    Alarm, CallEvent, Cause, Clearer, Destination, Emergency, FarAction, FarEvent, Identity, Input,
    LineDoing, MediaAction, Output, Party, Priority, Setup,
};
use tipring_port::{AnswerSign, ClearSign, LineCommand, LineEvent, LineFault, Refusal, Text, Tone};
use tipring_units::{LineId, Millis};

fn dial(digits: &str) -> LineCommand {
    LineCommand::Dial(Text::new(digits))
}

fn seize(digits: &str) -> LineCommand {
    LineCommand::Seize(Text::new(digits))
}

/// Emergency calls go by outside lines alone; 106 is told.
fn by_lines() -> Setup {
    let emergency = Emergency {
        via: vec![Destination::Lines { number: None }],
        callback: None,
        notify: Some(Destination::Number(number("106"))),
    };
    Setup { emergency, ..outside_house() }
}

/// Telephones 101 to 103 talk on the lines 1 to 3, each for a minute longer than the next.
fn all_talking(setup: Setup) -> House {
    let mut house = House::new(setup);
    for phone in 0..3 {
        house.lift_and_dial(phone, "95552345678");
        house.line(6 + phone, LineEvent::ExchangeReady(true));
        house.line(6 + phone, LineEvent::Dialled);
        house.line(6 + phone, LineEvent::FarAnswered(AnswerSign::Reversal));
        house.wait(60_000);
    }
    house
}

fn alarms(house: &House) -> Vec<Alarm> {
    let alarm = |output: &Output| match output {
        Output::Alarm(alarm) => Some(*alarm),
        _ => None,
    };
    house.out.iter().filter_map(alarm).collect()
}

#[test]
fn it_goes_to_a_line_with_the_last_digit_with_the_outside_prefix_and_without() {
    for dialled in ["911", "9911"] {
        let mut house = House::new(by_lines());
        house.lift_and_dial(0, dialled);
        assert_eq!(house.commands(6), [seize("911")], "{dialled}");
    }
}

#[test]
fn a_server_that_is_down_is_passed_over_and_one_that_fails_is_left_for_a_line() {
    let lines = Destination::Lines { number: None };
    let via = vec![to_server("pbx"), lines, to_server("alt")];
    let setup = Setup { emergency: Emergency { via, ..Emergency::default() }, ..outside_house() };
    let mut house = House::new(setup.clone());
    house.input(Input::Server { name: server("pbx"), up: false });
    house.lift_and_dial(0, "911");
    assert_eq!(house.commands(6), [seize("911")]);
    assert_eq!(house.placed(), None);

    let mut house = House::new(setup.clone());
    house.lift_and_dial(0, "911");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Failed { cause: Cause::Q850(41) });
    assert_eq!(house.commands(6), [seize("911")]);

    let mut house = House::new(setup.clone());
    house.lift_and_dial(0, "911");
    house.wait(4000);
    assert_eq!(house.commands(6), [seize("911")], "a server that says nothing");

    let mut house = House::new(setup);
    house.lift_and_dial(0, "911");
    let leg = house.placed().unwrap().0;
    house.wait(500);
    for _ in 0..9 {
        house.far(leg, FarEvent::Proceeding);
        house.wait(1000);
    }
    assert_eq!(house.commands(6), [], "a server that has the call");
    house.wait(1000);
    assert_eq!(house.commands(6), [seize("911")], "nobody rings for ten seconds");
}

#[test]
fn what_a_server_says_of_the_number_is_no_reason_to_leave_a_line_untried() {
    for cause in [1, 16, 17, 21, 22, 28] {
        let via = vec![to_server("pbx"), Destination::Lines { number: None }];
        let setup = Setup { emergency: Emergency { via, ..Emergency::default() }, ..outside_house() };
        let mut house = House::new(setup);
        house.lift_and_dial(0, "911");
        let leg = house.placed().unwrap().0;
        house.far(leg, FarEvent::Failed { cause: Cause::Q850(cause) });
        assert_eq!(house.commands(6), [seize("911")], "{cause}");
        assert!(!alarms(&house).iter().any(|alarm| matches!(alarm, Alarm::EmergencyFailed { .. })));
    }
}

#[test]
fn without_an_order_of_its_own_it_goes_by_servers_and_then_by_lines() {
    let mut house = House::new(outside_house());
    house.input(Input::Server { name: server("pbx"), up: false });
    house.input(Input::Server { name: server("alt"), up: false });
    house.lift_and_dial(0, "911");
    assert_eq!(house.commands(6), [seize("911")]);
}

#[test]
fn when_all_lines_are_busy_the_longest_call_gives_way() {
    let mut house = all_talking(by_lines());
    house.lift_and_dial(3, "911");
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    assert_eq!((house.commands(7), house.commands(8)), (vec![], vec![]));
    assert_eq!(house.commands(0), [LineCommand::Cleared { tone: Tone::Congestion }]);
    let record = house.records()[0];
    assert_eq!((record.cause, record.by), (Cause::PREEMPTED, Clearer::Gateway));
    assert_eq!(record.cause.q850(), 8);
    house.line(6, LineEvent::Released);
    assert_eq!(house.commands(6), [seize("911")]);
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::Dialled);
    house.line(6, LineEvent::FarAnswered(AnswerSign::Voice));
    assert_eq!(house.doing(6), LineDoing::Talking);
}

#[test]
fn a_call_that_nobody_answered_yet_gives_way_before_one_in_talk() {
    let mut house = all_talking(by_lines());
    house.hang_up(2);
    house.line(8, LineEvent::Released);
    house.lift_and_dial(2, "95552345678");
    house.line(8, LineEvent::ExchangeReady(true));
    house.lift_and_dial(3, "911");
    assert_eq!(house.commands(8), [LineCommand::HangUp]);
    assert_eq!(house.commands(6), []);
}

#[test]
fn a_line_that_is_just_being_released_is_waited_for_and_nobody_is_cleared() {
    let mut house = all_talking(by_lines());
    house.hang_up(1);
    house.lift_and_dial(3, "911");
    assert_eq!((house.commands(6), house.commands(7), house.records()), (vec![], vec![], vec![]));
    house.line(7, LineEvent::Released);
    assert_eq!(house.commands(7), [seize("911")]);
}

#[test]
fn one_emergency_call_never_takes_the_line_of_another() {
    let mut house = House::new(by_lines());
    for phone in 0..3 {
        house.lift_and_dial(phone, "911");
        assert_eq!(house.commands(6 + phone), [seize("911")]);
    }
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::FarAnswered(AnswerSign::AtOnce));
    house.lift_and_dial(4, "911");
    assert_eq!(house.records()[0].cause, Cause::NoWay);
    assert!(alarms(&house).iter().any(|alarm| matches!(alarm, Alarm::EmergencyFailed { .. })));
    for line in 6..9 {
        assert_eq!(house.commands(line), []);
    }
}

#[test]
fn an_exchange_that_is_busy_or_clears_is_left_for_the_next_line() {
    let mut house = House::new(by_lines());
    house.lift_and_dial(0, "911");
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::Exchange(Tone::Busy));
    house.line(6, LineEvent::FarCleared(ClearSign::Tone(Tone::Busy)));
    assert_eq!(house.commands(7), [seize("911")]);

    let mut house = House::new(by_lines());
    house.lift_and_dial(0, "911");
    house.line(6, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
    assert_eq!(house.commands(7), [seize("911")]);
}

#[test]
fn a_guard_that_the_line_insists_on_is_waited_for() {
    let mut house = House::new(by_lines());
    house.lift_and_dial(0, "911");
    // Of the polite round: the next line is as good.
    house.line(6, LineEvent::Refused(Refusal::Guard));
    house.wait(249);
    assert_eq!(house.commands(6), []);
    house.wait(1);
    assert_eq!(house.commands(6), [seize("911")]);
}

#[test]
fn a_line_that_rings_is_taken_from_its_caller_when_no_other_is_left() {
    let mut setup = by_lines();
    setup.lines.truncate(1);
    let mut house = House::new(setup);
    house.exchange_rings(6, "5550199");
    house.lift_and_dial(3, "911");
    assert_eq!(house.commands(6), [LineCommand::Answer]);
    assert_eq!(house.commands(0), [LineCommand::StopRing]);
    house.wait(500);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    house.line(6, LineEvent::Released);
    assert_eq!(house.commands(6), [seize("911")]);
}

#[test]
fn glare_with_an_emergency_call_on_the_only_line_takes_the_line() {
    let mut setup = by_lines();
    setup.lines.truncate(1);
    let mut house = House::new(setup);
    house.lift_and_dial(3, "911");
    house.line(6, LineEvent::Refused(Refusal::Incoming));
    assert_eq!(house.commands(6), [seize("911")], "the round that pre-empts");
    house.line(6, LineEvent::Refused(Refusal::Incoming));
    house.line(6, LineEvent::Incoming);
    assert_eq!(house.commands(6), [LineCommand::Answer]);
    house.line(6, LineEvent::Offered);
    house.wait(500);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    house.line(6, LineEvent::Released);
    assert_eq!(house.commands(6), [seize("911")]);
}

#[test]
fn an_emergency_call_is_dialled_the_second_time_though_no_dial_tone_is_heard() {
    let mut setup = by_lines();
    setup.lines.truncate(1);
    let mut house = House::new(setup);
    house.lift_and_dial(3, "911");
    assert_eq!(house.commands(6), [seize("911")]);
    house.line(6, LineEvent::Fault(LineFault::NoDialTone));
    house.line(6, LineEvent::Released);
    let commands = house.commands(6);
    assert_eq!(commands.last(), Some(&seize(",911")), "{commands:?}");
    house.line(6, LineEvent::FaultCleared(LineFault::NoDialTone));
    house.line(6, LineEvent::ExchangeReady(true));
    house.hang_up(3);
    house.line(6, LineEvent::Released);
    house.lift_and_dial(3, "911");
    assert_eq!(house.commands(6).last(), Some(&seize("911")), "the line is well again");
}

#[test]
fn who_hangs_up_while_waiting_for_the_line_leaves_it_to_be_released() {
    let mut house = all_talking(by_lines());
    house.lift_and_dial(3, "911");
    house.hang_up(3);
    house.line(6, LineEvent::Released);
    assert_eq!(house.commands(6), []);
    assert_eq!(house.doing(6), LineDoing::Idle);
}

#[test]
fn a_normal_call_never_pre_empts() {
    let mut house = all_talking(by_lines());
    house.lift_and_dial(3, "95552345678");
    assert_eq!(house.records()[0].cause, Cause::NO_CIRCUIT);
    for line in 6..9 {
        assert_eq!(house.commands(line), []);
    }
}

#[test]
fn the_desk_rings_at_once_and_is_shown_which_telephone_called() {
    let mut setup = by_lines();
    setup.emergency.callback = Some(number("5550100"));
    let mut house = House::new(setup);
    house.lift_and_dial(0, "9911");
    let [LineCommand::Ring(request)] = house.commands(5)[..] else { panic!("{:?}", house.commands(5)) };
    let caller = request.caller.unwrap();
    assert_eq!(caller.number.unwrap().as_str(), "101", "not the number for the answering point");
    assert_eq!(caller.name.unwrap().unwrap().as_str(), "911 Room 101");
    let told = house.events().into_iter().find_map(|event| match event {
        CallEvent::EmergencyNotice { shown, .. } => Some(shown),
        _ => None,
    });
    assert_eq!(told, Some(Identity::new("101", "911 Room 101")));
    assert_eq!(house.commands(6), [seize("911")], "which is not held up by that");

    // The desk hears that it was told; the one who called is not disturbed.
    house.line(5, LineEvent::Ringing);
    house.line(5, LineEvent::Answered);
    assert_eq!(house.commands(5), [LineCommand::Play(Tone::Confirmation)]);
    assert_eq!((house.media(), house.commands(0)), (vec![], vec![]));
    house.wait(5000);
    assert_eq!(house.commands(5), [LineCommand::Cleared { tone: Tone::Congestion }]);
    assert_eq!(alarms(&house), []);
    let record = house.records()[0];
    assert_eq!((record.caller, record.called), (Party::Line(LineId(0)), Some(Party::Line(LineId(5)))));
    assert_eq!((record.priority, record.cause), (Priority::Normal, Cause::NORMAL));
    house.line(6, LineEvent::ExchangeReady(true));
    assert_eq!(house.doing(6), LineDoing::Dialling, "the emergency call goes on");
    house.hang_up(0);
    house.hang_up(5);
    house.line(6, LineEvent::Released);
    assert!(house.is_quiet());
}

#[test]
fn a_desk_that_is_busy_is_rung_as_soon_as_it_can_be_and_that_it_was_not_told_is_an_alarm() {
    let mut house = House::new(by_lines());
    house.lift(5);
    house.lift_and_dial(0, "911");
    let shown = Identity::new("101", "911 Room 101");
    let told = |house: &House, why: Cause| {
        alarms(house).iter().any(|alarm| {
            matches!(alarm, Alarm::DeskNotTold { shown: one, cause, .. } if *one == shown && *cause == why)
        })
    };
    assert!(told(&house, Cause::BUSY));
    assert_eq!(house.commands(6), [seize("911")]);
    house.wait(10_000);
    assert_eq!(alarms(&house), [], "told once");
    house.hang_up(5);
    house.wait(10_000);
    let shown_on = |command: &LineCommand| matches!(command, LineCommand::Ring(_));
    assert!(house.commands(5).iter().any(shown_on), "the desk rings when it can");
    house.line(5, LineEvent::Ringing);
    house.line(5, LineEvent::Answered);
    assert_eq!(house.commands(5), [LineCommand::Play(Tone::Confirmation)]);
    house.wait(5000);
    assert_eq!(house.records().len(), 1);

    let mut house = House::new(by_lines());
    house.lift_and_dial(0, "911");
    house.line(5, LineEvent::Ringing);
    house.hang_up(0);
    assert_eq!(house.commands(5), [], "who hung up may still be in danger");
    house.wait(60_000);
    assert!(told(&house, Cause::NO_ANSWER));

    // The desk itself called.
    let mut house = House::new(by_lines());
    house.lift_and_dial(5, "911");
    assert_eq!(house.commands(6), [seize("911")]);
    assert!(alarms(&house).iter().any(|alarm| matches!(alarm, Alarm::DeskNotTold { .. })));
}

#[test]
fn a_desk_behind_a_server_hears_the_tone_too() {
    let mut setup = by_lines();
    setup.emergency.notify = Some(crate::common::to_server_number("pbx", "0"));
    let mut house = House::new(setup);
    house.lift_and_dial(0, "911");
    let (leg, place) = house.placed().unwrap();
    let FarAction::Place { number: to, from, .. } = place else { panic!("{place:?}") };
    assert_eq!((to, from), (number("0"), Identity::new("101", "911 Room 101")));
    house.far(leg, FarEvent::Answered);
    assert_eq!(house.media(), [MediaAction::Tone { leg, tone: Some(Tone::Confirmation) }]);
    house.wait(5000);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
}

#[test]
fn a_pulse_of_time_does_not_clear_an_emergency_call_that_rings() {
    let mut house = House::new(by_lines());
    house.lift_and_dial(0, "911");
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::Exchange(Tone::Ringback));
    house.wait(600_000);
    assert_eq!(house.doing(6), LineDoing::Dialling);
}

/// `9` alone asks for an outside line here: its exchange takes the number.
fn by_access_code() -> Setup {
    let mut setup = by_lines();
    setup.dial = Some(vec![
        crate::common::row("1xx", Destination::Phones),
        crate::common::row("<9:>", Destination::Lines { number: None }),
    ]);
    setup
}

#[test]
fn an_access_code_that_begins_an_emergency_number_delays_nobody_and_hides_no_emergency() {
    let mut house = House::new(by_access_code());
    house.lift_and_dial(0, "9");
    assert_eq!(house.commands(6), [seize("")], "the exchange's dial tone at once");
    house.line(6, LineEvent::ExchangeReady(false));
    house.dial(0, "1");
    assert_eq!(house.commands(6), [dial("1")]);
    house.dial(0, "1");
    assert_eq!(house.commands(6), [LineCommand::HangUp], "the exchange has had only 11");
    assert_eq!(house.commands(7), [seize("911")]);
    let created = house.out.iter().any(|output| {
        matches!(output, Output::Event(CallEvent::Created { priority: Priority::Emergency, .. }))
    });
    assert!(created, "{:?}", house.out);
}

#[test]
fn what_is_dialled_on_the_exchange_is_no_emergency_unless_it_is_one_from_the_first_digit() {
    let mut house = House::new(by_access_code());
    for digits in ["95551911", "912"] {
        house.lift_and_dial(0, "9");
        house.line(6, LineEvent::ExchangeReady(false));
        house.dial(0, &digits[1..]);
        assert_eq!(house.commands(7), [], "{digits}");
        house.hang_up(0);
        house.line(6, LineEvent::Released);
    }
}

#[test]
fn an_emergency_number_behind_the_access_code_is_the_exchanges_and_the_desk_is_told() {
    let mut house = House::new(by_access_code());
    house.lift_and_dial(0, "9");
    house.line(6, LineEvent::ExchangeReady(false));
    house.dial(0, "911");
    let last = [LineCommand::IgnoreSilence, dial("1")];
    assert_eq!(house.commands(6), last, "the exchange has all of it");
    assert_eq!(house.commands(7), []);
    let shown = Identity::new("101", "911 Room 101");
    let told = house.events().into_iter().find_map(|event| match event {
        CallEvent::EmergencyNotice { shown, .. } => Some(shown),
        _ => None,
    });
    assert_eq!(told, Some(shown));
    assert!(matches!(house.commands(5)[..], [LineCommand::Ring(_)]), "the desk rings");

    // It is an emergency call like any other now: no other one takes its line.
    for phone in 1..4 {
        house.lift_and_dial(phone, "9");
        house.dial(phone, "911");
    }
    assert_eq!(house.doing(6), LineDoing::Dialling);
    assert!(house.records().iter().all(|record| record.cause != Cause::PREEMPTED));
}

#[test]
fn an_access_code_that_gets_no_line_does_not_stop_an_emergency_number_behind_it() {
    for behind in ["911", "11"] {
        let mut house = House::new(by_access_code());
        for phone in 0..3 {
            house.lift_and_dial(phone, "9");
        }
        house.lift_and_dial(3, "9");
        assert_eq!(house.commands(3).last(), Some(&LineCommand::Play(Tone::Congestion)));
        house.dial(3, behind);
        assert_eq!(house.commands(6), [LineCommand::HangUp], "9 and {behind}");
        assert_eq!(house.commands(3), [LineCommand::Quiet]);
        house.line(6, LineEvent::Released);
        assert_eq!(house.commands(6), [seize("911")], "9 and {behind}");
    }
}

#[test]
fn who_waits_for_a_line_that_is_being_released_gives_way_to_an_emergency_call_and_to_a_caller() {
    let mut setup = by_lines();
    setup.lines.truncate(1);
    let mut house = House::new(setup);
    let wait = |house: &mut House| {
        house.lift_and_dial(0, "95552345678");
        house.hang_up(0);
        house.lift_and_dial(1, "95552345678");
        assert_eq!((house.commands(6), house.records()), (vec![], vec![]));
    };
    wait(&mut house);
    house.lift_and_dial(3, "911");
    assert_eq!(house.records()[0].cause, Cause::NO_CIRCUIT);
    house.line(6, LineEvent::Released);
    assert_eq!(house.commands(6), [seize("911")]);
    house.hang_up(3);
    house.hang_up(1);
    house.line(6, LineEvent::Released);

    // The exchange rings first: its caller is not hung up on.
    wait(&mut house);
    house.line(6, LineEvent::Incoming);
    assert_eq!(house.commands(6), []);
    assert_eq!(house.records()[0].cause, Cause::NO_CIRCUIT);
    assert_eq!(house.doing(6), LineDoing::Ringing);
}
