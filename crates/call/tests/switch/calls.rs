//! Calls between lines and far legs, and how they end.

use std::time::Duration;

use crate::common::{House, START, house, number, server};
use tipring_call::{
    Alarm, CallEvent, Cause, Clearer, FarAction, FarEvent, FarId, Identity, Input, LineDoing, Machine,
    MediaAction, Output, Party, Presentation, Priority, Server, Setup, Side, User, Via, Way,
};
use tipring_port::{Absence, CallerId, LineCommand, LineEvent, LineFault, Refusal, RohStage, Tone};
use tipring_units::{CallId, Epoch, LineId, WallTime};

const LINE0: Party = Party::Line(LineId(0));
const LINE1: Party = Party::Line(LineId(1));

/// Line 0 calls out by the pbx; the leg.
fn call_out(house: &mut House) -> FarId {
    house.lift_and_dial(0, "95552345678");
    house.placed().expect("a leg is placed").0
}

fn ring_request(house: &House, line: u16) -> CallerId {
    match house.commands(line)[..] {
        [LineCommand::Ring(request)] => request.caller.unwrap(),
        ref other => panic!("line {line} got {other:?}"),
    }
}

#[test]
fn a_line_calls_a_server_and_talks() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "95552345678");
    let (leg, place) = house.placed().unwrap();
    assert_eq!(
        place,
        FarAction::Place {
            referred: None,
            diverted: None,
            completes: None,
            via: Via::Server(server("pbx")),
            number: number("5552345678"),
            from: Identity::new("101", "Room 101"),
            priority: Priority::Normal,
            data: false,
        }
    );
    let far = Party::Far(leg);
    house.far(leg, FarEvent::Ringing);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Ringback)]);
    house.now = house.now + Duration::from_secs(4);
    house.far(leg, FarEvent::Answered);
    assert_eq!(house.commands(0), [LineCommand::Quiet, LineCommand::Answered]);
    assert_eq!(house.media(), [MediaAction::Connect { a: LINE0, b: far, way: Way::Both }]);
    house.now = house.now + Duration::from_secs(60);
    house.hang_up(0);
    assert_eq!(house.media(), [MediaAction::Disconnect { a: LINE0, b: far }]);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
    let record = house.records()[0];
    assert_eq!((record.cause, record.by), (Cause::NORMAL, Clearer::Side(Side::Caller)));
    assert_eq!((record.dialled, record.sent), (number("95552345678"), number("5552345678")));
    assert_eq!((record.caller, record.called), (LINE0, Some(far)));
    assert_eq!((record.started, record.answered), (START, Some(WallTime(START.0 + 4_000_000))));
    assert_eq!((record.ended, record.talked), (WallTime(START.0 + 64_000_000), Duration::from_secs(60)));
    assert_eq!(record.went_by, Some(Via::Server(server("pbx"))));
    assert!(house.is_quiet());
}

#[test]
fn early_media_is_heard_one_way_in_place_of_ringback() {
    let mut house = House::new(house());
    let leg = call_out(&mut house);
    let far = Party::Far(leg);
    house.far(leg, FarEvent::Ringing);
    house.far(leg, FarEvent::EarlyMedia);
    assert_eq!(house.commands(0), [LineCommand::Quiet]);
    assert_eq!(house.media(), [MediaAction::Connect { a: LINE0, b: far, way: Way::ToA }]);
    house.far(leg, FarEvent::Ringing);
    assert_eq!(house.commands(0), [], "a later 180 does not cover the sound");
    house.far(leg, FarEvent::Answered);
    assert_eq!(house.media(), [MediaAction::Connect { a: LINE0, b: far, way: Way::Both }]);
}

#[test]
fn the_far_end_clears_with_supervision_and_tone() {
    let mut house = House::new(house());
    let leg = call_out(&mut house);
    house.far(leg, FarEvent::Answered);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(0), [LineCommand::Cleared { tone: Tone::Congestion }]);
    assert_eq!(house.actions(leg), []);
    assert_eq!(house.records()[0].by, Clearer::Side(Side::Called));
    assert_eq!(house.switch.line(LineId(0)).unwrap().doing, LineDoing::Parked);
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn each_failure_has_its_tone() {
    for (cause, tone) in [
        (17, Tone::Busy),
        (19, Tone::Busy),
        (21, Tone::Congestion),
        (20, Tone::Congestion),
        (27, Tone::Congestion),
        (34, Tone::Congestion),
        (38, Tone::Congestion),
        (41, Tone::Congestion),
        (1, Tone::SpecialInformation),
    ] {
        let mut house = House::new(house());
        let leg = call_out(&mut house);
        house.far(leg, FarEvent::Failed { cause: Cause::Q850(cause) });
        assert_eq!(house.commands(0), [LineCommand::Play(tone)], "cause {cause}");
        assert_eq!(house.records()[0].cause, Cause::Q850(cause));
        house.hang_up(0);
        assert!(house.is_quiet());
    }
}

#[test]
fn a_server_rings_a_line_with_caller_identity() {
    let mut house = House::new(house());
    let leg = house.pbx_calls("102");
    let caller = ring_request(&house, 1);
    assert_eq!(caller.number.unwrap().as_str(), "5550177");
    assert_eq!(caller.name.unwrap().unwrap().as_str(), "Mary");
    let date = caller.date.unwrap();
    assert_eq!((date.month, date.day, date.hour, date.minute), (2, 29, 12, 34));
    assert_eq!(house.actions(leg), [], "not before it rings");
    house.line(1, LineEvent::Ringing);
    assert_eq!(house.actions(leg), [FarAction::Alert]);
    house.line(1, LineEvent::Answered);
    assert_eq!(house.actions(leg), [FarAction::Accept]);
    assert_eq!(house.media(), [MediaAction::Connect { a: Party::Far(leg), b: LINE1, way: Way::Both }]);
    house.hang_up(1);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
    let record = house.records()[0];
    assert_eq!((record.by, record.came_by), (Clearer::Side(Side::Called), Some(Via::Server(server("pbx")))));
    assert!(house.is_quiet());
}

#[test]
fn a_private_caller_is_shown_as_such_in_local_time() {
    let mut house = House::new(Setup { offset_minutes: 60, ..house() });
    let from = Identity { presentation: Presentation::Private, ..Identity::new("5550177", "Mary") };
    house.incoming(Via::Server(server("pbx")), from, "102");
    let caller = ring_request(&house, 1);
    assert_eq!((caller.number, caller.name), (Err(Absence::Private), Some(Err(Absence::Private))));
    assert_eq!(caller.date.unwrap().hour, 13);
}

#[test]
fn the_caller_gives_up_before_the_answer() {
    let mut house = House::new(house());
    let leg = house.pbx_calls("102");
    house.line(1, LineEvent::Ringing);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(1), [LineCommand::StopRing]);
    assert_eq!(house.actions(leg), []);
    house.line(1, LineEvent::RingStopped);
    assert!(house.is_quiet());
}

#[test]
fn who_lifts_as_the_caller_gives_up_gets_dial_tone() {
    let mut house = House::new(house());
    let leg = house.pbx_calls("102");
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    house.line(1, LineEvent::Answered);
    assert_eq!(house.commands(1), [LineCommand::Play(Tone::Dial)]);
    house.hang_up(1);
    assert!(house.is_quiet());
}

#[test]
fn a_call_that_comes_while_ringing_stops_waits_for_it() {
    let mut house = House::new(house());
    let first = house.pbx_calls("102");
    house.far(first, FarEvent::Ended { cause: Cause::NORMAL });
    house.pbx_calls("102");
    assert_eq!(house.commands(1), []);
    house.line(1, LineEvent::RingStopped);
    ring_request(&house, 1);
    assert_eq!(house.switch.calls(house.now).count(), 1);
}

#[test]
fn nobody_answers_within_a_minute() {
    let mut house = House::new(house());
    let leg = house.pbx_calls("102");
    house.line(1, LineEvent::Ringing);
    house.wait(59_999);
    assert_eq!(house.actions(leg), []);
    house.wait(1);
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::NO_ANSWER)]);
    assert_eq!(house.commands(1), [LineCommand::StopRing]);
    house.line(1, LineEvent::RingStopped);
    assert!(house.is_quiet());

    let leg = call_out(&mut house);
    house.far(leg, FarEvent::Ringing);
    house.wait(60_000);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NO_ANSWER)]);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Busy)]);
}

#[test]
fn a_far_end_that_does_not_react_is_given_up() {
    let mut house = House::new(house());
    let leg = call_out(&mut house);
    house.wait(40_000);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NO_REACTION)]);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Congestion)]);
}

#[test]
fn a_busy_line_is_busy_for_servers_and_lines() {
    let mut house = House::new(house());
    house.lift(1);
    let leg = house.pbx_calls("102");
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::BUSY)]);
    house.lift_and_dial(0, "102");
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Busy)]);
    house.hang_up(0);
    house.lift_and_dial(0, "101");
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Busy)], "its own number");
}

#[test]
fn glare_refused_ringing_is_busy_and_the_seizure_gets_dial_tone() {
    let mut house = House::new(house());
    let leg = house.pbx_calls("102");
    house.line(1, LineEvent::Refused(Refusal::OffHook));
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::Glare)]);
    assert_eq!(Cause::Glare.q850(), 17);
    house.line(1, LineEvent::Seized);
    assert_eq!(house.commands(1), [LineCommand::Play(Tone::Dial)]);

    // The other order: the seizure is heard first.
    let leg = house.pbx_calls("103");
    house.line(2, LineEvent::Seized);
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::Glare)]);
    house.line(2, LineEvent::Refused(Refusal::OffHook));
    assert_eq!(house.switch.line(LineId(2)).unwrap().doing, LineDoing::Dialling);
}

#[test]
fn a_line_calls_a_line() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "102");
    assert_eq!(ring_request(&house, 1).name.unwrap().unwrap().as_str(), "Room 101");
    house.line(1, LineEvent::Ringing);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Ringback)]);
    house.line(1, LineEvent::Answered);
    assert_eq!(house.commands(0), [LineCommand::Quiet, LineCommand::Answered]);
    assert_eq!(house.media(), [MediaAction::Connect { a: LINE0, b: LINE1, way: Way::Both }]);
    house.hang_up(0);
    assert_eq!(house.commands(1), [LineCommand::Cleared { tone: Tone::Congestion }]);
    house.hang_up(1);
    assert!(house.is_quiet());
}

#[test]
fn the_operator_is_a_number_like_any() {
    let mut house = House::new(house());
    house.lift_and_dial(3, "0");
    ring_request(&house, 0);
}

#[test]
fn a_user_calls_a_line_and_a_line_calls_a_user() {
    let mut house = House::new(house());
    let leg = house.incoming(Via::User(number("201")), Identity::new("anything", "Desk"), "103");
    let shown = ring_request(&house, 2);
    assert_eq!(shown.number.unwrap().as_str(), "201", "the configuration says who it is");
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    house.line(2, LineEvent::RingStopped);

    house.lift_and_dial(0, "202");
    let (leg, place) = house.placed().unwrap();
    assert!(matches!(place, FarAction::Place { via: Via::User(to), .. } if to == number("202")));
    house.far(leg, FarEvent::Failed { cause: Cause::ABSENT });
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Congestion)]);
}

#[test]
fn two_far_legs_are_joined_without_any_line() {
    let mut house = House::new(house());
    let caller = house.incoming(Via::User(number("201")), Identity::default(), "95552345678");
    let (called, _) = house.placed().unwrap();
    house.far(called, FarEvent::EarlyMedia);
    let (a, b) = (Party::Far(caller), Party::Far(called));
    assert_eq!(house.actions(caller), [FarAction::Progress]);
    assert_eq!(house.media(), [MediaAction::Connect { a, b, way: Way::ToA }]);
    house.far(called, FarEvent::Answered);
    assert_eq!(house.actions(caller), [FarAction::Accept]);
    house.far(caller, FarEvent::Digit { digit: b'5', length: tipring_units::Millis(100) });
    assert_eq!(house.media(), [], "it is in the sound");
    house.far(caller, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.actions(called), [FarAction::End(Cause::NORMAL)]);
    assert!(house.is_quiet());
}

#[test]
fn a_user_that_is_not_in_the_configuration_calls_nobody() {
    let mut house = House::new(house());
    let leg = house.incoming(Via::User(number("299")), Identity::default(), "101");
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::Barred)]);
    assert!(house.is_quiet());
}

#[test]
fn a_server_reaches_telephones_only() {
    let mut house = House::new(house());
    for outside in ["95552345678", "0", "911", "alice", ""] {
        let leg = house.pbx_calls(outside);
        assert_eq!(house.actions(leg), [FarAction::Reject(Cause::UNALLOCATED)], "{outside}");
    }
    let leg = house.pbx_calls("201");
    let (user, place) = house.placed().unwrap();
    assert!(matches!(place, FarAction::Place { via: Via::User(_), .. }));
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.actions(user), [FarAction::End(Cause::NORMAL)]);
}

#[test]
fn the_only_phone_gets_all_calls_and_a_server_can_name_who_rings() {
    let mut only = house();
    only.phones.truncate(1);
    only.users.clear();
    let mut house = House::new(only);
    house.pbx_calls("+15550123");
    ring_request(&house, 0);

    let mut named = crate::common::house();
    named.servers[0] = Server {
        name: server("pbx"),
        rings: Some(number("103")),
        may_call: None,
        forwards: Default::default(),
    };
    let mut house = House::new(named);
    house.pbx_calls("15550123");
    ring_request(&house, 2);
}

#[test]
fn an_emergency_call_takes_the_next_way_and_shows_the_callback_number() {
    let mut setup = house();
    setup.emergency.callback = Some(number("15550100"));
    let mut house = House::new(setup);
    house.lift_and_dial(4, "911");
    let (first, place) = house.placed().unwrap();
    let FarAction::Place { via, number: sent, from, priority, .. } = place else { panic!() };
    assert_eq!((via, sent, priority), (Via::Server(server("pbx")), number("911"), Priority::Emergency));
    assert_eq!(from, Identity::new("15550100", "Room 105"));
    house.wait(10_000);
    assert_eq!(house.actions(first), [FarAction::End(Cause::NO_REACTION)]);
    let (second, place) = house.placed().unwrap();
    assert!(matches!(place, FarAction::Place { via: Via::Server(name), .. } if name == server("alt")));
    house.far(first, FarEvent::Failed { cause: Cause::NETWORK });
    assert_eq!(house.out, [], "late news of the first way");
    house.far(second, FarEvent::Ringing);
    house.wait(300_000);
    assert_eq!(house.out, [], "it rings as long as the caller waits");
    house.far(second, FarEvent::Answered);
    house.hang_up(4);
    assert_eq!(house.records().len(), 1);
    assert!(house.is_quiet());
}

#[test]
fn an_emergency_call_goes_to_a_server_that_is_down_rather_than_nowhere() {
    let mut house = House::new(house());
    house.input(Input::Server { name: server("pbx"), up: false });
    house.lift_and_dial(0, "911");
    let (leg, place) = house.placed().unwrap();
    assert!(matches!(place, FarAction::Place { via: Via::Server(name), .. } if name == server("alt")));
    house.far(leg, FarEvent::Failed { cause: Cause::NETWORK });
    let (leg, place) = house.placed().unwrap();
    assert!(matches!(place, FarAction::Place { via: Via::Server(name), .. } if name == server("pbx")));
    house.far(leg, FarEvent::Failed { cause: Cause::NETWORK });
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Congestion)]);
    let alarm = Alarm::EmergencyFailed { call: CallId(1), cause: Cause::NETWORK };
    assert!(house.out.contains(&Output::Alarm(alarm)));
}

#[test]
fn an_emergency_call_tries_every_way_and_its_caller_hears_what_the_last_one_said() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "911");
    let (first, _) = house.placed().unwrap();
    house.far(first, FarEvent::Failed { cause: Cause::BUSY });
    let (second, _) = house.placed().unwrap();
    house.far(second, FarEvent::Failed { cause: Cause::BUSY });
    assert_eq!(house.placed(), None);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Busy)]);
}

#[test]
fn a_server_that_is_down_is_not_tried() {
    let mut house = House::new(house());
    house.input(Input::Server { name: server("pbx"), up: false });
    house.lift_and_dial(0, "95552345678");
    assert_eq!((house.placed(), house.records()[0].cause), (None, Cause::NETWORK));
    house.hang_up(0);
    house.input(Input::Server { name: server("pbx"), up: true });
    house.lift_and_dial(0, "95552345678");
    assert!(house.placed().is_some());
}

#[test]
fn an_answer_that_crosses_with_the_hang_up_is_ended_again() {
    let mut house = House::new(house());
    let leg = call_out(&mut house);
    house.hang_up(0);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
    house.far(leg, FarEvent::Answered);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
    assert!(house.records().is_empty(), "the call has its record already");
}

#[test]
fn events_of_an_ended_epoch_are_refused() {
    let mut house = House::new(house());
    house.lift(0);
    let old = house.switch.line(LineId(0)).unwrap().epoch;
    house.hang_up(0);
    house.lift(0);
    house.input(Input::Line { line: LineId(0), epoch: old, event: LineEvent::Released });
    assert_eq!(house.out, []);
    assert_eq!(house.switch.line(LineId(0)).unwrap().doing, LineDoing::Dialling);
}

#[test]
fn a_release_that_was_lost_is_made_up_for_by_the_next_epoch() {
    let mut house = House::new(house());
    let leg = call_out(&mut house);
    house.far(leg, FarEvent::Answered);
    let next = house.switch.line(LineId(0)).unwrap().epoch.next();
    let summary = tipring_port::LineSummary { in_service: true, ..Default::default() };
    house.input(Input::LineSummary { line: LineId(0), epoch: next, summary });
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
    assert!(house.is_quiet());
}

#[test]
fn a_line_taken_out_of_service_clears_its_calls_and_refuses_others() {
    let mut house = House::new(house());
    let leg = call_out(&mut house);
    house.far(leg, FarEvent::Answered);
    house.input(Input::SetInService { line: LineId(0), on: false });
    assert_eq!(house.commands(0), [LineCommand::InService(false)]);
    assert_eq!(house.actions(leg), [FarAction::End(Cause::LineLost)]);
    let caller = house.pbx_calls("101");
    assert_eq!(house.actions(caller), [FarAction::Reject(Cause::OUT_OF_ORDER)]);
    house.input(Input::SetInService { line: LineId(0), on: true });
    house.pbx_calls("101");
    ring_request(&house, 0);
}

#[test]
fn a_silent_card_clears_its_lines_with_an_alarm() {
    let mut house = House::new(house());
    let leg = call_out(&mut house);
    house.line(0, LineEvent::Fault(LineFault::CardSilent));
    assert_eq!(house.actions(leg), [FarAction::End(Cause::LineLost)]);
    assert!(house.out.contains(&Output::Alarm(Alarm::LineFault(LineId(0), LineFault::CardSilent))));
    assert_eq!(house.switch.line(LineId(0)).unwrap().doing, LineDoing::OutOfService);
    house.line(0, LineEvent::FaultCleared(LineFault::CardSilent));
    assert_eq!(house.switch.line(LineId(0)).unwrap().doing, LineDoing::Idle);
}

#[test]
fn management_clears_a_call_and_a_stop_clears_all() {
    let mut house = House::new(house());
    let leg = call_out(&mut house);
    house.input(Input::Clear(CallId(1)));
    assert_eq!(house.actions(leg), [FarAction::End(Cause::Managed)]);
    assert_eq!((house.records()[0].cause, house.records()[0].by), (Cause::Managed, Clearer::Gateway));
    house.pbx_calls("102");
    let ringing = house.pbx_calls("103");
    house.input(Input::Stop);
    assert_eq!(house.records().len(), 2);
    assert_eq!(house.actions(ringing), [FarAction::Reject(Cause::Stopping)]);
    let late = house.pbx_calls("104");
    assert_eq!(house.actions(late), [FarAction::Reject(Cause::Stopping)]);
}

#[test]
fn an_abandoned_line_or_call_leaves_the_others_alone() {
    let mut house = House::new(house());
    let leg = call_out(&mut house);
    house.far(leg, FarEvent::Answered);
    house.lift_and_dial(2, "102");
    house.line(1, LineEvent::Answered);
    house.out.clear();
    house.switch.abandon_line(LineId(0));
    house.drain();
    assert_eq!(house.actions(leg), [FarAction::End(Cause::Fault)]);
    assert_eq!(house.records()[0].cause, Cause::Fault);
    assert!(house.out.contains(&Output::Alarm(Alarm::LineAbandoned(LineId(0)))));
    assert_eq!(house.switch.calls(house.now).count(), 1, "the other call goes on");
    house.hang_up(0);
    house.lift(0);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Dial)], "and the line works again");

    let other = house.switch.calls(house.now).next().unwrap().call;
    house.out.clear();
    house.switch.abandon_call(other);
    house.drain();
    assert_eq!(house.records()[0].cause, Cause::Fault);
    for line in [1, 2] {
        assert_eq!(house.commands(line), [LineCommand::Cleared { tone: Tone::Congestion }]);
    }
}

#[test]
fn a_line_whose_state_was_lost_is_parked_while_it_is_off_hook() {
    let doing = |house: &House| house.switch.line(LineId(0)).map(|line| line.doing);
    let mut house = House::new(house());
    house.lift(0);
    house.switch.abandon_line(LineId(0));
    house.drain();
    assert_eq!(doing(&house), Some(LineDoing::Parked));
    house.hang_up(0);
    assert_eq!(doing(&house), Some(LineDoing::Idle));

    // the news that was lost is that it was lifted: the line says what it does when it is told to park
    house.switch.abandon_line(LineId(0));
    house.line(0, LineEvent::Roh(RohStage::Reorder));
    assert_eq!(doing(&house), Some(LineDoing::Parked));

    // the news that was lost is that it was hung up: the order to park is stale
    house.line(0, LineEvent::Refused(Refusal::Stale));
    assert_eq!(doing(&house), Some(LineDoing::Idle));
}

#[test]
fn a_line_that_lost_its_epoch_and_then_its_seizure_knows_both_again_from_the_summary() {
    let mut house = House::new(house());
    house.lift(0);
    let ended = Epoch(0);
    // A defect takes the news that it was hung up, and another the news that it is lifted again.
    house.switch.abandon_line(LineId(0));
    house.drain();
    house.switch.abandon_line(LineId(0));
    house.drain();
    house.out.clear();
    house.input(Input::Line { line: LineId(0), epoch: ended, event: LineEvent::Refused(Refusal::Stale) });
    let summary = tipring_port::LineSummary { off_hook: true, in_service: true, ..Default::default() };
    house.input(Input::LineSummary { line: LineId(0), epoch: ended.next(), summary });
    let orders = house.out.iter().filter_map(|output| match output {
        Output::Line { epoch, command, .. } => Some((*epoch, *command)),
        _ => None,
    });
    assert!(orders.eq([(ended.next(), LineCommand::Play(Tone::Dial))]), "{:?}", house.out);
}

#[test]
fn a_panic_ends_only_the_machine_that_ran() {
    std::panic::set_hook(Box::new(|_| {}));
    let machines = [Machine::Line(LineId(0)), Machine::Call(CallId(1)), Machine::Leg(FarId::Out(1))];
    for machine in machines {
        let mut house = House::new(house());
        let leg = call_out(&mut house);
        house.far(leg, FarEvent::Answered);
        house.lift_and_dial(2, "102");
        house.line(1, LineEvent::Answered);
        house.out.clear();
        house.switch.arm_fault(machine);
        let event = FarEvent::Ended { cause: Cause::NORMAL };
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| house.far(leg, event)));
        assert!(failed.is_err(), "{machine:?} ran");
        house.switch.recover();
        house.drain();
        assert_eq!(house.records().len(), 1, "{machine:?}");
        assert_eq!(house.switch.calls(house.now).count(), 1, "{machine:?}: the other call goes on");
        assert_eq!(house.switch.legs().count(), 0, "{machine:?}");
        for line in [0, 1, 2] {
            house.hang_up(line);
        }
        assert!(house.is_quiet(), "{machine:?}");
    }
    drop(std::panic::take_hook());
}

#[test]
fn lines_that_leave_the_configuration_lose_their_calls_and_others_keep_theirs() {
    let mut house = House::new(house());
    let gone = call_out(&mut house);
    house.lift_and_dial(2, "95552345679");
    let (kept, _) = house.placed().unwrap();
    let mut setup = crate::common::house();
    setup.phones.remove(0);
    house.input(Input::Reconfigure(Box::new(setup)));
    assert_eq!((house.actions(gone), house.actions(kept)), (vec![FarAction::End(Cause::LineLost)], vec![]));
    assert_eq!(house.switch.line(LineId(0)), None);
    let leg = house.pbx_calls("101");
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::UNALLOCATED)]);
}

#[test]
fn permissions_of_users_are_theirs() {
    let mut setup = house();
    setup.users[0] = User { may_call: tipring_call::Permission::Internal, ..setup.users[0] };
    let mut house = House::new(setup);
    let leg = house.incoming(Via::User(number("201")), Identity::default(), "95552345678");
    assert_eq!(house.actions(leg), [FarAction::Reject(Cause::Barred)]);
    house.incoming(Via::User(number("201")), Identity::default(), "911");
    assert!(matches!(house.placed(), Some((_, FarAction::Place { priority: Priority::Emergency, .. }))));
}

#[test]
fn normal_calls_leave_room_for_an_emergency_call() {
    let mut setup = house();
    setup.servers.truncate(1);
    let mut house = House::new(setup);
    let user = Via::User(number("201"));
    for _ in 0..tipring_call::MAX_CALLS - tipring_call::RESERVED {
        house.incoming(user, Identity::default(), "202");
        if house.out.contains(&Output::Alarm(Alarm::Full)) {
            break;
        }
    }
    let refused = house.incoming(user, Identity::default(), "202");
    assert_eq!(house.actions(refused), [FarAction::Reject(Cause::NoRoom)]);
    house.incoming(user, Identity::default(), "911");
    assert!(house.placed().is_some());
}

#[test]
fn the_events_of_a_call_come_in_the_order_of_its_life() {
    let mut house = House::new(house());
    let mut seen = Vec::new();
    let leg = call_out(&mut house);
    seen.extend(house.events());
    for event in [FarEvent::Ringing, FarEvent::Answered, FarEvent::Ended { cause: Cause::NORMAL }] {
        house.far(leg, event);
        seen.extend(house.events());
    }
    let words: Vec<&str> = seen
        .iter()
        .filter_map(|event| match event {
            CallEvent::Created { .. } => Some("created"),
            CallEvent::Routed { .. } => Some("routed"),
            CallEvent::Alerting(_) => Some("alerting"),
            CallEvent::Answered(_) => Some("answered"),
            CallEvent::Cleared { .. } => Some("cleared"),
            _ => None,
        })
        .collect();
    assert_eq!(words, ["created", "routed", "alerting", "answered", "cleared"]);
}
