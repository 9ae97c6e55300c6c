//! Telephones that call as soon as they are lifted, long lines without a number, and the lifeline.

use crate::common::{House, number, outside_house, server, to_server_number};
use tipring_call::{
    CallEvent, Cause, Destination, FarAction, FarEvent, LineDoing, MediaAction, Party, Permission, Setup,
    Via, Way,
};
use tipring_port::{AnswerSign, ClearSign, DigitSource, LineCommand, LineEvent, Text, Tone};
use tipring_units::{LineId, Millis};

const PHONE: Party = Party::Line(LineId(0));

fn dialling(dials: Vec<Destination>) -> Setup {
    let mut setup = outside_house();
    setup.phones[0].dials = dials;
    setup
}

#[test]
fn lifted_it_calls_at_once_and_gives_no_dial_tone() {
    let mut house = House::new(dialling(vec![Destination::Number(number("102"))]));
    house.lift(0);
    assert_eq!(house.commands(0), []);
    assert!(matches!(house.commands(1)[..], [LineCommand::Ring(_)]));
    house.line(1, LineEvent::Ringing);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Ringback)]);
    house.line(1, LineEvent::Answered);
    assert_eq!(house.commands(0), [LineCommand::Quiet, LineCommand::Answered]);
}

#[test]
fn the_next_one_is_called_where_one_is_busy_or_does_not_answer() {
    let next = [number("102"), number("103"), number("104")].map(Destination::Number);
    let mut house = House::new(dialling(next.to_vec()));
    house.lift(1);
    house.lift(0);
    assert!(matches!(house.commands(2)[..], [LineCommand::Ring(_)]));
    house.line(2, LineEvent::Ringing);
    house.wait(60_000);
    assert_eq!(house.commands(2), [LineCommand::StopRing]);
    assert!(matches!(house.commands(3)[..], [LineCommand::Ring(_)]));
    house.line(2, LineEvent::RingStopped);
    house.line(3, LineEvent::Ringing);
    house.wait(60_000);
    assert_eq!(house.records()[0].cause, Cause::NO_ANSWER);
}

#[test]
fn a_line_without_a_number_is_the_exchange_itself() {
    let mut house = House::new(dialling(vec![Destination::Line { line: number("2"), number: None }]));
    house.lift(0);
    let line = Party::Line(LineId(7));
    assert_eq!(house.commands(7), [LineCommand::Seize(Text::new(""))]);
    assert_eq!(house.media(), [MediaAction::Connect { a: PHONE, b: line, way: Way::Both }]);
    house.line(7, LineEvent::ExchangeReady(false));
    house.line(7, LineEvent::FarAnswered(AnswerSign::Reversal));
    assert_eq!(house.commands(0), [LineCommand::Answered], "the polarity is carried over");
    house.line(7, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
    assert_eq!(
        house.commands(0),
        [LineCommand::Cleared { tone: Tone::Congestion }],
        "and so is the clearing"
    );
}

#[test]
fn the_near_end_of_a_long_line_dials_before_the_answer() {
    let mut house = House::new(dialling(vec![to_server_number("pbx", "1")]));
    house.lift(0);
    let (leg, place) = house.placed().unwrap();
    assert!(matches!(place, FarAction::Place { via: Via::Server(name), .. } if name == server("pbx")));
    house.far(leg, FarEvent::EarlyMedia);
    let far = Party::Far(leg);
    assert_eq!(house.media(), [MediaAction::Connect { a: PHONE, b: far, way: Way::Both }]);
    house.line(0, LineEvent::Digit { digit: b'5', source: DigitSource::Pulse, length: Millis(0) });
    assert_eq!(house.media(), [MediaAction::Digit { to: far, digit: b'5', length: Millis(0) }]);
    house.wait(600_000);
    assert_eq!(house.records(), []);
    house.far(leg, FarEvent::Answered);
    assert_eq!(house.commands(0), [LineCommand::Answered]);
}

#[test]
fn the_far_end_of_a_long_line_gives_its_exchange_to_the_server() {
    let mut setup = outside_house();
    setup.servers[0].may_call = Some(Permission::All);
    let to = Destination::Line { line: number("1"), number: Some(number("")) };
    setup.dial = Some(vec![crate::common::row("1", to)]);
    let mut house = House::new(setup);
    let leg = house.pbx_calls("1");
    let far = Party::Far(leg);
    assert_eq!(house.commands(6), [LineCommand::Seize(Text::new(""))]);
    assert_eq!(house.actions(leg), [FarAction::Progress]);
    assert_eq!(house.media(), [MediaAction::Connect { a: far, b: Party::Line(LineId(6)), way: Way::Both }]);
    house.far(leg, FarEvent::Digit { digit: b'5', length: Millis(100) });
    assert_eq!(house.media(), [], "it is in the sound");
    house.line(6, LineEvent::ExchangeReady(true));
    house.line(6, LineEvent::FarAnswered(AnswerSign::Reversal));
    assert_eq!(house.actions(leg), [FarAction::Accept]);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
}

#[test]
fn a_telephone_that_the_relay_has_is_down_for_calls_and_back_when_it_is_given_back() {
    let mut house = House::new(outside_house());
    house.lift_and_dial(0, "102");
    house.line(0, LineEvent::Lifeline(true));
    assert_eq!(house.commands(1), [LineCommand::StopRing]);
    assert_eq!(house.doing(0), LineDoing::OutOfService);
    assert!(house.events().contains(&CallEvent::Line { line: LineId(0), doing: LineDoing::OutOfService }));
    house.line(1, LineEvent::RingStopped);
    house.pbx_calls("101");
    assert_eq!(house.commands(0), []);
    assert_eq!(house.records()[0].cause, Cause::OUT_OF_ORDER);
    house.line(0, LineEvent::InService(true));
    assert_eq!(house.doing(0), LineDoing::OutOfService, "the relay still has it");
    house.line(0, LineEvent::Lifeline(false));
    assert_eq!(house.doing(0), LineDoing::Idle);
    house.pbx_calls("101");
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]));
}
