//! Calls that come in on outside lines: caller identity, ring groups, fallback, night, and how they end.

use crate::common::{House, number, outside_house, server};
use tipring_call::{
    CallEvent, Cause, Destination, FarAction, FarEvent, Identity, LineDoing, MediaAction, Night, Party,
    Presentation, Setup, Side, Via, Way,
};
use tipring_port::{
    Absence, CallerId, CallerIdFault, ClearSign, LineCommand, LineEvent, LineFault, Text, Tone,
};
use tipring_units::{CallId, LineId, Millis};

const FIRST: Party = Party::Line(LineId(6));

fn shown(house: &House, line: u16) -> CallerId {
    match house.commands(line)[..] {
        [LineCommand::Ring(request)] => request.caller.unwrap(),
        ref other => panic!("line {line} got {other:?}"),
    }
}

#[test]
fn a_call_rings_the_whole_group_and_the_line_is_answered_when_somebody_is() {
    let mut house = House::new(outside_house());
    house.exchange_rings(6, "5550199");
    for line in [0, 1] {
        let caller = shown(&house, line);
        assert_eq!(caller.number.unwrap().as_str(), "5550199");
        assert_eq!(caller.name.unwrap().unwrap().as_str(), "Ann");
    }
    assert_eq!(house.commands(6), [], "the exchange rings on");
    house.line(0, LineEvent::Ringing);
    house.line(1, LineEvent::Ringing);
    assert_eq!(house.commands(6), []);
    house.line(1, LineEvent::Answered);
    assert_eq!(house.commands(6), [LineCommand::Answer]);
    assert_eq!(house.commands(0), [LineCommand::StopRing]);
    let called = Party::Line(LineId(1));
    assert_eq!(house.media(), [MediaAction::Connect { a: FIRST, b: called, way: Way::Both }]);
    house.line(0, LineEvent::RingStopped);
    house.line(6, LineEvent::FarCleared(ClearSign::Reversal));
    let record = house.records()[0];
    assert_eq!((record.caller, record.called, record.cause), (FIRST, Some(called), Cause::NORMAL));
    assert_eq!((record.from, record.dialled), (Identity::new("5550199", "Ann"), number("1")));
    house.line(6, LineEvent::Released);
    house.hang_up(1);
    assert!(house.is_quiet());
}

#[test]
fn who_of_the_house_hangs_up_releases_the_line() {
    let mut house = House::new(outside_house());
    house.exchange_rings(6, "5550199");
    house.line(0, LineEvent::Answered);
    house.line(1, LineEvent::RingStopped);
    house.hang_up(0);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    assert_eq!(house.records()[0].by, tipring_call::Clearer::Side(Side::Called));
    house.line(6, LineEvent::Released);
    assert!(house.is_quiet());
}

#[test]
fn a_busy_member_of_the_group_drops_out_and_the_others_ring() {
    let mut house = House::new(outside_house());
    house.lift(0);
    house.exchange_rings(6, "5550199");
    assert_eq!(house.commands(0), []);
    shown(&house, 1);
    house.line(1, LineEvent::Answered);
    assert_eq!(house.commands(6), [LineCommand::Answer]);
}

#[test]
fn when_all_are_busy_the_fallback_rings_at_once() {
    let mut house = House::new(outside_house());
    house.lift(0);
    house.lift(1);
    house.exchange_rings(6, "5550199");
    shown(&house, 2);
    let routed =
        CallEvent::Routed { call: CallId(1), to: Party::Line(LineId(2)), via: None, sent: number("1") };
    assert!(house.events().contains(&routed));
}

#[test]
fn nobody_answers_in_time_and_the_fallback_rings_as_long_as_the_exchange_does() {
    let mut house = House::new(outside_house());
    house.exchange_rings(6, "5550199");
    house.line(0, LineEvent::Ringing);
    house.line(1, LineEvent::Ringing);
    house.wait(19_999);
    assert_eq!(house.commands(2), []);
    house.wait(1);
    assert_eq!(house.commands(0), [LineCommand::StopRing]);
    assert_eq!(house.commands(1), [LineCommand::StopRing]);
    shown(&house, 2);
    house.line(0, LineEvent::RingStopped);
    house.line(1, LineEvent::RingStopped);
    house.line(2, LineEvent::Ringing);
    house.wait(600_000);
    assert_eq!(house.records(), []);
    house.line(6, LineEvent::GaveUp);
    assert_eq!(house.commands(2), [LineCommand::StopRing]);
    assert_eq!(house.records()[0].answered, None);
    house.line(2, LineEvent::RingStopped);
    assert!(house.is_quiet());
}

#[test]
fn the_exchange_stops_ringing_and_so_do_the_telephones() {
    let mut house = House::new(outside_house());
    house.exchange_rings(6, "5550199");
    house.line(6, LineEvent::GaveUp);
    assert_eq!(house.commands(0), [LineCommand::StopRing]);
    assert_eq!(house.commands(1), [LineCommand::StopRing]);
    assert_eq!(house.records()[0].by, tipring_call::Clearer::Side(Side::Caller));
    house.line(0, LineEvent::RingStopped);
    house.line(1, LineEvent::RingStopped);
    assert!(house.is_quiet());
}

#[test]
fn an_answer_that_crosses_with_the_last_ring_is_told_that_the_caller_is_gone() {
    let mut house = House::new(outside_house());
    house.exchange_rings(6, "5550199");
    house.line(0, LineEvent::Answered);
    house.line(6, LineEvent::GaveUp);
    assert_eq!(house.commands(0), [LineCommand::Cleared { tone: Tone::Congestion }]);
    assert_eq!(house.doing(6), LineDoing::Idle);
}

#[test]
fn nobody_is_rung_for_a_line_that_rings_nobody() {
    let mut house = House::new(outside_house());
    house.exchange_rings(8, "5550199");
    assert_eq!(house.switch.calls(house.now).count(), 0);
    assert_eq!(house.doing(8), LineDoing::Ringing);
    house.line(8, LineEvent::GaveUp);
    assert!(house.is_quiet());
}

#[test]
fn at_night_the_night_number_rings() {
    // It is 12:34 UTC.
    for (offset_minutes, rings) in [(0, 0), (12 * 60, 3)] {
        let mut setup = Setup { offset_minutes, ..outside_house() };
        let to = Destination::Number(number("104"));
        setup.lines[0].night = Some(Night { from: 18 * 60, to: 8 * 60, rings: to });
        let mut house = House::new(setup);
        house.exchange_rings(6, "5550199");
        shown(&house, rings);
    }
}

#[test]
fn who_is_rung_by_an_outside_line_is_called_by_the_next_one_where_a_line_fails_but_not_where_the_number_is_busy()
 {
    let mut setup = outside_house();
    setup.lines[0].rings = vec![Destination::Lines { number: Some(number("5550188")) }];
    for busy in [false, true] {
        let mut house = House::new(setup.clone());
        house.exchange_rings(6, "5550199");
        assert_eq!(house.commands(7), [LineCommand::Seize(Text::new("5550188"))]);
        if busy {
            house.line(7, LineEvent::ExchangeReady(true));
            house.line(7, LineEvent::Dialled);
            house.line(7, LineEvent::Exchange(Tone::Busy));
            house.line(7, LineEvent::FarCleared(ClearSign::Tone(Tone::Busy)));
        } else {
            house.line(7, LineEvent::Fault(LineFault::NoDialTone));
        }
        let next = if busy { vec![] } else { vec![LineCommand::Seize(Text::new("5550188"))] };
        assert_eq!(house.commands(8), next, "busy: {busy}");
        let fallback = house.commands(2).iter().any(|command| matches!(command, LineCommand::Ring(_)));
        assert_eq!(fallback, busy, "103 is called when nothing else is left");
    }
}

#[test]
fn a_call_goes_to_a_server_with_the_number_of_the_line_and_the_caller() {
    let mut house = House::new(outside_house());
    house.exchange_rings(7, "5550199");
    let (leg, place) = house.placed().unwrap();
    let FarAction::Place { via, number: to, from, .. } = place else { panic!("{place:?}") };
    assert_eq!((via, to), (Via::Server(server("pbx")), number("700")));
    assert_eq!(from, Identity::new("5550199", "Ann"));
    house.far(leg, FarEvent::Ringing);
    assert_eq!(house.commands(7), []);
    house.far(leg, FarEvent::Answered);
    assert_eq!(house.commands(7), [LineCommand::Answer]);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(7), [LineCommand::HangUp]);
}

#[test]
fn a_server_that_refuses_leaves_the_exchange_ringing() {
    let mut house = House::new(outside_house());
    house.exchange_rings(7, "5550199");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Failed { cause: Cause::BUSY });
    assert_eq!(house.records()[0].cause, Cause::BUSY);
    assert_eq!(house.doing(7), LineDoing::Ringing, "it cannot be told");
    house.line(7, LineEvent::GaveUp);
    assert!(house.is_quiet());
}

#[test]
fn telephones_and_a_server_ring_together_and_the_server_is_told_when_a_telephone_answers() {
    let mut setup = outside_house();
    setup.lines[0].rings.push(Destination::Number(number("201")));
    setup.lines[0].rings.push(crate::common::to_server_number("pbx", "700"));
    let mut house = House::new(setup);
    house.exchange_rings(6, "5550199");
    let legs: Vec<_> = house.switch.legs().map(|(leg, _, _)| leg).collect();
    assert_eq!(legs.len(), 2);
    house.far(legs[0], FarEvent::EarlyMedia);
    assert_eq!(house.media(), [], "of several none is heard before the answer");
    house.line(0, LineEvent::Answered);
    for leg in &legs {
        assert_eq!(house.actions(*leg), [FarAction::End(Cause::NORMAL)]);
    }
    assert_eq!(house.commands(1), [LineCommand::StopRing]);

    // And the other way round: a far one answers, and the other far one and the telephones are told.
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    house.line(6, LineEvent::Released);
    house.exchange_rings(6, "5550199");
    let legs: Vec<_> = house.switch.legs().map(|(leg, _, _)| leg).collect();
    house.far(legs[1], FarEvent::Answered);
    assert_eq!(house.actions(legs[0]), [FarAction::End(Cause::NORMAL)]);
    assert_eq!(house.commands(0), [LineCommand::StopRing]);
    assert_eq!(house.commands(6), [LineCommand::Answer]);
    let path = MediaAction::Connect { a: FIRST, b: Party::Far(legs[1]), way: Way::Both };
    assert_eq!(house.media(), [path]);
}

#[test]
fn a_caller_who_is_not_known_or_not_understood_or_private_is_shown_as_that() {
    let caller = |number| LineEvent::Caller(Ok(CallerId { date: None, number, name: None }));
    for (event, presentation, why) in [
        (None, Presentation::Unavailable, Absence::Unavailable),
        (
            Some(LineEvent::Caller(Err(CallerIdFault::Checksum))),
            Presentation::Unavailable,
            Absence::Unavailable,
        ),
        (Some(caller(Err(Absence::Private))), Presentation::Private, Absence::Private),
        (Some(caller(Err(Absence::Unavailable))), Presentation::Unavailable, Absence::Unavailable),
    ] {
        let mut house = House::new(outside_house());
        if let Some(event) = event {
            house.line(6, event); // it may come before the ringing
        }
        house.line(6, LineEvent::Incoming);
        house.line(6, LineEvent::Offered);
        assert_eq!(shown(&house, 0).number, Err(why));
        let created = house.events().into_iter().find_map(|event| match event {
            CallEvent::Created { shown, .. } => Some(shown),
            _ => None,
        });
        assert_eq!(created.unwrap().presentation, presentation);
        assert!(created.unwrap().number.is_empty());
    }
}

#[test]
fn a_caller_is_forgotten_with_its_call() {
    let mut house = House::new(outside_house());
    house.exchange_rings(6, "5550199");
    house.line(6, LineEvent::GaveUp);
    house.line(0, LineEvent::RingStopped);
    house.line(1, LineEvent::RingStopped);
    house.line(6, LineEvent::Incoming);
    house.line(6, LineEvent::Offered);
    assert_eq!(shown(&house, 0).number, Err(Absence::Unavailable));
}

#[test]
fn another_telephone_on_the_line_that_answers_has_the_call() {
    let mut house = House::new(outside_house());
    house.exchange_rings(6, "5550199");
    house.line(6, LineEvent::InUse(true));
    assert_eq!(house.commands(0), [LineCommand::StopRing]);
    house.line(6, LineEvent::GaveUp);
    assert_eq!(house.doing(6), LineDoing::InUse);
}

#[test]
fn a_call_that_comes_in_can_go_out_again_on_another_line() {
    let mut setup = outside_house();
    setup.lines[0].rings = vec![Destination::Lines { number: Some(number("5551112222")) }];
    let mut house = House::new(setup);
    house.exchange_rings(6, "5550199");
    assert_eq!(house.commands(6), []);
    assert_eq!(house.commands(7), [LineCommand::Seize(Text::new("5551112222"))], "never on its own");
    house.line(7, LineEvent::ExchangeReady(true));
    house.line(7, LineEvent::FarAnswered(tipring_port::AnswerSign::Reversal));
    assert_eq!(house.commands(6), [LineCommand::Answer]);
    house.line(6, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
    assert_eq!(house.commands(7), [LineCommand::HangUp]);
}
