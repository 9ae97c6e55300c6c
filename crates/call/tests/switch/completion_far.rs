//! Completion of calls to a number at a server that offers it.

use crate::common::{House, house};
use tipring_call::{
    CallEvent, Cause, CodeSet, Completion, FarAction, FarEvent, FarId, Input, LineDoing, Setup,
};
use tipring_port::{LineCommand, LineEvent, Tone};
use tipring_units::LineId;

const NUMBER: &str = "95552345678";

fn rings(house: &House) -> bool {
    house.commands(0).iter().any(|command| matches!(command, LineCommand::Ring(_)))
}

fn told(house: &House) -> Option<Tone> {
    house.commands(0).into_iter().rev().find_map(|command| match command {
        LineCommand::Play(tone) => Some(tone),
        _ => None,
    })
}

fn says(house: &mut House, leg: FarId, news: Completion) {
    house.input(Input::Completion { leg, news });
}

/// 101 called there and met busy; the server offers to tell.
fn busy(codes: CodeSet) -> (House, FarId) {
    let mut house = House::new(Setup { codes: codes.codes(), ..house() });
    house.lift_and_dial(0, NUMBER);
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Completable);
    house.far(leg, FarEvent::Failed { cause: Cause::BUSY });
    (house, leg)
}

/// It asked for it, and was hung up.
fn waits() -> (House, FarId) {
    let (mut house, leg) = busy(CodeSet::Etsi);
    house.hang_up(0);
    house.lift_and_dial(0, "*37#");
    assert_eq!(house.actions(leg), [FarAction::Complete]);
    says(&mut house, leg, Completion::Taken);
    house.hang_up(0);
    (house, leg)
}

#[test]
fn the_telephone_hears_what_the_server_says_of_it_and_not_before() {
    for (news, tone, done) in
        [(Completion::Taken, Tone::Confirmation, true), (Completion::Over, Tone::Congestion, false)]
    {
        let (mut house, leg) = busy(CodeSet::Etsi);
        house.hang_up(0);
        house.lift_and_dial(0, "*37#");
        assert_eq!(told(&house), None, "the server is asked");
        assert_eq!(house.commands(0), [LineCommand::Quiet]);
        says(&mut house, leg, news);
        assert_eq!(told(&house), Some(tone));
        let answered =
            |event: &CallEvent| matches!(event, CallEvent::Feature { done: own, .. } if *own == done);
        assert!(house.events().iter().any(answered));
        says(&mut house, leg, Completion::Queued);
        assert_eq!(house.commands(0), [], "once");
        house.hang_up(0);
        assert!(house.is_quiet());
    }
}

#[test]
fn who_has_hung_up_meanwhile_hears_nothing_of_it_and_is_rung() {
    let (mut house, leg) = busy(CodeSet::Uk);
    house.dial(0, "5");
    assert_eq!(house.actions(leg), [FarAction::Complete]);
    house.dial(0, "5");
    assert_eq!(house.actions(leg), [], "asked once");
    house.hang_up(0);
    says(&mut house, leg, Completion::Taken);
    assert_eq!(house.commands(0), []);
    says(&mut house, leg, Completion::Ready);
    assert!(rings(&house));
}

#[test]
fn it_rings_when_it_is_its_turn_and_calls_in_completion() {
    let (mut house, leg) = waits();
    says(&mut house, leg, Completion::Queued);
    assert!(!rings(&house));
    says(&mut house, leg, Completion::Ready);
    assert!(rings(&house));
    house.line(0, LineEvent::Answered);
    let (next, action) = house.placed().unwrap();
    assert!(matches!(action, FarAction::Place { completes: Some(of), .. } if of == leg), "{action:?}");
    assert_eq!(house.actions(leg), [], "until it is answered");
    house.far(next, FarEvent::Answered);
    assert_eq!(house.actions(leg), [FarAction::CompleteNot]);
    house.hang_up(0);
    assert_eq!(house.actions(leg), []);
    assert!(house.is_quiet());
    // A later call there is one as any.
    house.lift_and_dial(0, NUMBER);
    assert!(matches!(house.placed(), Some((_, FarAction::Place { completes: None, .. }))));
}

#[test]
fn its_turn_waits_while_it_talks_and_may_pass() {
    let (mut house, leg) = waits();
    house.lift(0);
    says(&mut house, leg, Completion::Ready);
    assert!(!rings(&house));
    house.hang_up(0);
    assert!(rings(&house));
    let (mut house, leg) = waits();
    house.lift(0);
    says(&mut house, leg, Completion::Ready);
    says(&mut house, leg, Completion::Queued);
    house.hang_up(0);
    assert!(!rings(&house));
}

#[test]
fn nobody_who_lifts_ends_it() {
    let (mut house, leg) = waits();
    says(&mut house, leg, Completion::Ready);
    house.wait(31_000);
    assert_eq!(house.actions(leg), [FarAction::CompleteNot]);
    house.line(0, LineEvent::RingStopped);
    assert!(house.is_quiet());
    let (mut house, leg) = waits();
    says(&mut house, leg, Completion::Ready);
    house.input(Input::SetInService { line: LineId(0), on: false });
    assert_eq!(house.actions(leg), [FarAction::CompleteNot]);
}

#[test]
fn the_code_takes_it_back_and_it_ends_with_its_time_or_the_server() {
    let (mut house, leg) = waits();
    house.lift_and_dial(0, "#37#");
    assert_eq!(house.actions(leg), [FarAction::CompleteNot]);
    assert_eq!(told(&house), Some(Tone::Confirmation));
    house.hang_up(0);
    says(&mut house, leg, Completion::Ready);
    assert!(!rings(&house));
    let (mut house, leg) = waits();
    says(&mut house, leg, Completion::Over);
    house.lift_and_dial(0, "#37#");
    assert_eq!(told(&house), Some(Tone::Congestion), "there is none");
    let (mut house, leg) = waits();
    house.wait(30 * 60_000);
    house.lift(0);
    house.hang_up(0);
    assert_eq!(house.actions(leg), [FarAction::CompleteNot]);
}

#[test]
fn who_hangs_up_while_it_rings_may_ask_where_that_is_offered() {
    for offered in [true, false] {
        let mut house = House::new(house());
        house.lift_and_dial(0, NUMBER);
        let leg = house.placed().unwrap().0;
        if offered {
            house.far(leg, FarEvent::Completable);
        }
        house.far(leg, FarEvent::Ringing);
        house.hang_up(0);
        house.lift_and_dial(0, "*37#");
        if offered {
            assert_eq!(house.actions(leg), [FarAction::Complete]);
        } else {
            assert!(house.placed().is_some(), "the last number again: {:?}", house.out);
        }
    }
}

#[test]
fn what_was_answered_or_went_another_way_is_not_asked_for() {
    let (mut house, leg) = {
        let mut house = House::new(house());
        house.lift_and_dial(0, NUMBER);
        let leg = house.placed().unwrap().0;
        house.far(leg, FarEvent::Completable);
        house.far(leg, FarEvent::Answered);
        (house, leg)
    };
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.doing(0), LineDoing::Parked);
    house.hang_up(0);
    house.lift_and_dial(0, "*37#");
    assert_eq!(house.actions(leg), []);
}
