//! A far end sends the other party of its call elsewhere: to a number, or to its own place in another call.

use crate::common::{House, house, outside_house, server};
use tipring_call::{
    CallEvent, Cause, FarAction, FarEvent, FarId, LineDoing, MediaAction, Number, Party, Permission,
    ReferEnd, ReferStep, Side, Via, Way,
};
use tipring_port::{LineCommand, LineEvent, Tone};
use tipring_units::{CallId, LineId};

const LINE0: Party = Party::Line(LineId(0));
const LINE1: Party = Party::Line(LineId(1));

fn connect(a: Party, b: Party) -> MediaAction {
    MediaAction::Connect { a, b, way: Way::Both }
}

/// 101 is in a call with somebody at the server.
fn talking(setup: tipring_call::Setup) -> (House, FarId) {
    let mut house = House::new(setup);
    let leg = house.pbx_calls("101");
    house.line(0, LineEvent::Answered);
    (house, leg)
}

fn wish(house: &mut House, leg: FarId, to: &str) {
    house.far(leg, FarEvent::Referred { to: Number::new(to), place: false });
}

const TAKEN: FarAction = FarAction::AnswerRefer(Ok(()));

fn step(step: ReferStep) -> FarAction {
    FarAction::ReportRefer(step)
}

#[test]
fn a_telephone_is_sent_to_another_one_and_the_far_end_is_out_of_it() {
    let (mut house, leg) = talking(house());
    wish(&mut house, leg, "102");
    assert_eq!(house.actions(leg), [TAKEN]);
    assert!(matches!(house.commands(1)[..], [LineCommand::Ring(_)]));
    assert_eq!((house.commands(0), house.media()), (vec![], vec![]), "it goes on hearing whom it hears");
    let referred =
        CallEvent::Referred { call: CallId(1), by: Side::Caller, to: Number::new("102"), with: CallId(2) };
    assert!(house.events().contains(&referred), "{:?}", house.events());
    house.line(1, LineEvent::Ringing);
    assert_eq!(house.actions(leg), [step(ReferStep::Rings)]);
    house.line(1, LineEvent::Answered);
    assert_eq!(house.actions(leg), [step(ReferStep::Done), FarAction::End(Cause::NORMAL)]);
    let path = MediaAction::Disconnect { a: Party::Far(leg), b: LINE0 };
    assert_eq!(house.media(), [path, connect(LINE0, LINE1)]);
    assert!(house.events().contains(&CallEvent::TransferEnded { call: CallId(1), end: ReferEnd::Done }));
    house.hang_up(0);
    assert_eq!(house.commands(1), [LineCommand::Cleared { tone: Tone::Congestion }]);
    assert_eq!(house.records().len(), 2);
    house.hang_up(1);
    assert!(house.is_quiet());
}

#[test]
fn who_is_called_in_a_transfer_is_shown_the_telephone_and_the_leg_names_who_sent_it() {
    let (mut house, leg) = talking(house());
    wish(&mut house, leg, "95552345678");
    let (second, place) = house.placed().unwrap();
    let FarAction::Place { via, number, from, referred, .. } = place else { panic!("{place:?}") };
    assert_eq!((via, number.as_str()), (Via::Server(server("pbx")), "5552345678"));
    assert_eq!((from.number.as_str(), referred), ("101", Some(leg)));
    house.far(second, FarEvent::Answered);
    assert!(house.media().contains(&connect(LINE0, Party::Far(second))));
    house.far(second, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(0), [LineCommand::Cleared { tone: Tone::Congestion }]);
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn a_place_in_another_call_is_at_the_server_of_who_sends_whatever_the_plan_says() {
    let mut setup = house();
    setup.phones[0].may_call = Permission::Internal;
    let (mut house, leg) = talking(setup);
    house.far(leg, FarEvent::Referred { to: Number::new("alice"), place: true });
    assert_eq!(house.actions(leg), [TAKEN]);
    let (second, place) = house.placed().unwrap();
    assert!(
        matches!(place, FarAction::Place { via: Via::Server(name), referred: Some(by), .. } if name == server("pbx") && by == leg)
    );
    house.far(second, FarEvent::Answered);
    assert!(house.media().contains(&connect(LINE0, Party::Far(second))));
}

#[test]
fn what_the_telephone_may_not_call_it_is_not_sent_to() {
    let mut setup = house();
    setup.phones[0].may_call = Permission::Internal;
    let (mut house, leg) = talking(setup);
    for (to, cause) in [("95552345678", Cause::Barred), ("911", Cause::Barred), ("777", Cause::NoRule)] {
        wish(&mut house, leg, to);
        assert_eq!(house.actions(leg), [FarAction::AnswerRefer(Err(cause))], "{to}");
        assert_eq!((house.placed(), house.media(), house.records()), (None, vec![], vec![]), "{to}");
    }
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn where_it_does_not_get_the_call_goes_on() {
    let (mut house, leg) = talking(house());
    house.lift(1);
    wish(&mut house, leg, "102");
    assert_eq!(house.actions(leg), [TAKEN, step(ReferStep::Failed(Cause::BUSY))]);
    assert_eq!((house.commands(0), house.media()), (vec![], vec![]));
    wish(&mut house, leg, "95552345678");
    let second = house.placed().unwrap().0;
    house.far(second, FarEvent::Failed { cause: Cause::REJECTED });
    assert_eq!(house.actions(leg), [step(ReferStep::Failed(Cause::REJECTED))]);
    assert_eq!(house.doing(0), LineDoing::Talking);
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(0), [LineCommand::Cleared { tone: Tone::Congestion }]);
}

#[test]
fn a_far_end_that_hangs_up_at_once_leaves_ringback_and_then_the_other_or_why_not() {
    for answers in [true, false] {
        let (mut house, leg) = talking(house());
        wish(&mut house, leg, "102");
        house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
        assert_eq!(house.doing(0), LineDoing::Talking);
        assert_eq!(house.records(), []);
        house.line(1, LineEvent::Ringing);
        assert_eq!(house.commands(0), [LineCommand::Play(Tone::Ringback)]);
        if answers {
            house.line(1, LineEvent::Answered);
            assert_eq!(house.commands(0), [LineCommand::Quiet]);
            assert_eq!(house.media(), [connect(LINE0, LINE1)]);
            house.hang_up(1);
        } else {
            house.wait(60_000);
            assert_eq!(house.actions(leg), [step(ReferStep::Failed(Cause::NO_ANSWER))]);
            house.line(1, LineEvent::RingStopped);
        }
        house.hang_up(0);
        assert!(house.is_quiet(), "{answers}");
    }
}

#[test]
fn who_hangs_up_on_the_way_ends_all() {
    let (mut house, leg) = talking(house());
    wish(&mut house, leg, "102");
    house.line(1, LineEvent::Ringing);
    house.hang_up(0);
    assert_eq!(house.commands(1), [LineCommand::StopRing]);
    assert_eq!(house.actions(leg), [step(ReferStep::Failed(Cause::NORMAL)), FarAction::End(Cause::NORMAL)]);
    assert_eq!(house.records().len(), 2);
    house.line(1, LineEvent::RingStopped);
    assert!(house.is_quiet());
}

#[test]
fn a_second_wish_before_the_first_has_come_true_is_refused() {
    let (mut house, leg) = talking(house());
    wish(&mut house, leg, "102");
    wish(&mut house, leg, "103");
    assert_eq!(house.actions(leg), [FarAction::AnswerRefer(Err(Cause::REJECTED))]);
}

#[test]
fn an_outside_line_goes_where_the_server_may_call() {
    let mut setup = outside_house();
    setup.servers[0].may_call = Some(Permission::Internal);
    let mut house = House::new(setup);
    house.exchange_rings(7, "5550199");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Answered);
    wish(&mut house, leg, "62345678");
    assert_eq!(house.actions(leg), [FarAction::AnswerRefer(Err(Cause::Barred))]);
    wish(&mut house, leg, "102");
    assert_eq!(house.actions(leg), [TAKEN]);
    let LineCommand::Ring(request) = house.commands(1)[0] else { panic!() };
    assert_eq!(request.caller.unwrap().number.unwrap().as_str(), "5550199");
    house.line(1, LineEvent::Answered);
    assert!(house.media().contains(&connect(Party::Line(LineId(7)), LINE1)));
}

#[test]
fn a_telephone_that_registers_here_sends_by_the_same_rules() {
    let mut house = House::new(house());
    let user = house.incoming(Via::User(Number::new("201")), tipring_call::Identity::new("201", ""), "101");
    house.line(0, LineEvent::Answered);
    wish(&mut house, user, "102");
    house.line(1, LineEvent::Answered);
    assert!(house.media().contains(&connect(LINE0, LINE1)), "{:?}", house.out);
}

#[test]
fn nobody_calls_by_a_telephone_where_he_may_not_call_himself() {
    let mut setup = house();
    setup.users[0].may_call = Permission::Internal;
    let mut house = House::new(setup);
    let user = house.incoming(Via::User(Number::new("201")), tipring_call::Identity::new("201", ""), "101");
    house.line(0, LineEvent::Answered);
    wish(&mut house, user, "95552345678");
    assert_eq!(house.actions(user), [FarAction::AnswerRefer(Err(Cause::Barred))]);
    wish(&mut house, user, "102");
    assert_eq!(house.actions(user), [TAKEN], "within the house he may");
}
