//! Four calls on one line: three held, one active.

use crate::common::{House, house, without_transfer};
use tipring_call::{
    Cause, Clearer, FarAction, FarEvent, FarId, Input, LineDoing, MAX_CALLS_PER_LINE, MediaAction, Party,
    Side, Way,
};
use tipring_port::{LineCommand, LineEvent, Tone};
use tipring_units::{CallId, LineId};

const LINE: LineId = LineId(0);

/// Line 0 holds the first three of these and talks to the fourth.
fn four(house: &mut House) -> Vec<FarId> {
    house.lift(0);
    (0..MAX_CALLS_PER_LINE)
        .map(|index| {
            if index > 0 {
                house.input(Input::Consult(LINE));
                assert_eq!(house.commands(0), [LineCommand::Play(Tone::Stutter)]);
            }
            house.dial(0, "95552345678");
            let leg = house.placed().unwrap().0;
            house.far(leg, FarEvent::Answered);
            leg
        })
        .collect()
}

fn calls(house: &House) -> (Option<u64>, Vec<u64>) {
    let line = house.switch.line(LINE).unwrap();
    (line.active.map(|call| call.0), line.held.iter().map(|call| call.0).collect())
}

fn connected(leg: FarId) -> MediaAction {
    MediaAction::Connect { a: Party::Line(LINE), b: Party::Far(leg), way: Way::Both }
}

/// The telephone is rung: it is lifted.
fn answer_recall(house: &mut House) {
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]), "{:?}", house.commands(0));
    house.line(0, LineEvent::Ringing);
    house.line(0, LineEvent::Answered);
}

#[test]
fn a_line_makes_its_second_third_and_fourth_call_while_it_holds_the_others() {
    let mut house = House::new(house());
    four(&mut house);
    assert_eq!(calls(&house), (Some(4), vec![1, 2, 3]));
    assert_eq!(house.switch.calls(house.now).filter(|call| call.held).count(), 3);
}

#[test]
fn a_fifth_is_not_begun_and_the_fourth_goes_on() {
    let mut house = House::new(house());
    four(&mut house);
    house.input(Input::Consult(LINE));
    assert_eq!(house.out, []);
    assert_eq!(calls(&house), (Some(4), vec![1, 2, 3]));
}

#[test]
fn flashes_go_round_all_four_and_each_is_heard_alone() {
    let mut house = House::new(house());
    let legs = four(&mut house);
    let mut before = legs[3];
    for turn in 0..8 {
        house.flash(0);
        let now = legs[turn % 4];
        assert_eq!(house.actions(before), [FarAction::Hold], "turn {turn}");
        assert_eq!(house.actions(now), [FarAction::Resume], "turn {turn}");
        let (a, b) = (Party::Line(LINE), Party::Far(before));
        assert_eq!(house.media(), [MediaAction::Disconnect { a, b }, connected(now)], "turn {turn}");
        before = now;
    }
    assert_eq!(calls(&house), (Some(4), vec![1, 2, 3]));
}

#[test]
fn a_flash_gives_up_the_fourth_before_it_is_answered_and_returns_to_the_third() {
    let mut house = House::new(house());
    house.lift(0);
    let mut legs = Vec::new();
    for _ in 0..3 {
        house.dial(0, "95552345678");
        legs.push(house.placed().unwrap().0);
        house.far(*legs.last().unwrap(), FarEvent::Answered);
        house.input(Input::Consult(LINE));
    }
    assert_eq!(calls(&house), (None, vec![1, 2, 3]));
    house.flash(0);
    assert_eq!(calls(&house), (Some(3), vec![1, 2]), "given up while dialling");
    house.input(Input::Consult(LINE));
    house.dial(0, "95552345678");
    let fourth = house.placed().unwrap().0;
    house.input(Input::Consult(LINE));
    assert_eq!(house.out, [], "nothing to hold before the answer");
    house.flash(0);
    assert_eq!(house.actions(fourth), [FarAction::End(Cause::NORMAL)]);
    assert_eq!(house.actions(legs[2]), [FarAction::Resume]);
    assert_eq!(calls(&house), (Some(3), vec![1, 2]));
    assert_eq!(house.records().len(), 1);
}

#[test]
fn held_ones_that_clear_leave_the_others_in_their_order() {
    let mut house = House::new(house());
    let legs = four(&mut house);
    house.far(legs[1], FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(0), [], "the talk goes on");
    assert_eq!(calls(&house), (Some(4), vec![1, 3]));
    assert_eq!(house.records()[0].call, CallId(2));
    house.far(legs[3], FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.switch.line(LINE).unwrap().doing, LineDoing::Told);
    house.flash(0);
    assert_eq!(calls(&house), (Some(3), vec![1]));
    house.flash(0);
    assert_eq!(calls(&house), (Some(1), vec![3]));
}

#[test]
fn hung_up_it_is_rung_back_for_each_held_one_in_turn_and_each_call_has_its_record() {
    let mut house = House::new(without_transfer(house()));
    let legs = four(&mut house);
    let mut recorded = Vec::new();
    for left in [vec![1, 2], vec![1], vec![]] {
        house.hang_up(0);
        recorded.extend(house.records());
        let back = left.len();
        assert_eq!(house.actions(legs[back + 1]), [FarAction::End(Cause::NORMAL)]);
        answer_recall(&mut house);
        assert!(house.media().contains(&connected(legs[back])));
        assert_eq!(calls(&house), (Some(back as u64 + 1), left));
    }
    house.hang_up(0);
    recorded.extend(house.records());
    assert_eq!(recorded.iter().map(|record| record.call.0).collect::<Vec<_>>(), [4, 3, 2, 1]);
    for record in &recorded {
        assert_eq!((record.cause, record.by), (Cause::NORMAL, Clearer::Side(Side::Caller)));
        assert!(record.answered.is_some());
    }
    assert!(house.is_quiet());
}

#[test]
fn a_held_one_that_gives_up_waiting_for_the_ringing_back_gives_way_to_the_next() {
    let mut house = House::new(without_transfer(house()));
    let legs = four(&mut house);
    house.hang_up(0);
    house.line(0, LineEvent::Ringing);
    house.far(legs[2], FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(0), [LineCommand::StopRing]);
    house.line(0, LineEvent::RingStopped);
    answer_recall(&mut house);
    assert!(house.media().contains(&connected(legs[1])));
    assert_eq!(calls(&house), (Some(2), vec![1]));
}

#[test]
fn ringing_back_that_nobody_answers_lets_all_of_them_go() {
    let mut house = House::new(without_transfer(house()));
    let legs = four(&mut house);
    house.hang_up(0);
    let fourth = house.records();
    house.line(0, LineEvent::Ringing);
    house.wait(30_000);
    for leg in &legs[..3] {
        assert_eq!(house.actions(*leg), [FarAction::End(Cause::NO_ANSWER)], "{leg}");
    }
    assert_eq!((fourth.len(), house.records().len()), (1, 3));
    house.line(0, LineEvent::RingStopped);
    assert!(house.is_quiet());
}

#[test]
fn a_line_that_is_lost_loses_all_four() {
    let mut house = House::new(house());
    let legs = four(&mut house);
    house.input(Input::SetInService { line: LINE, on: false });
    for leg in &legs {
        assert_eq!(house.actions(*leg), [FarAction::End(Cause::LineLost)], "{leg}");
    }
    assert_eq!(house.records().len(), 4);
    assert_eq!(calls(&house), (None, vec![]));
    assert!(house.switch.is_idle());
}

#[test]
fn a_line_whose_own_state_fails_loses_all_four_and_is_parked() {
    let mut house = House::new(house());
    let legs = four(&mut house);
    house.out.clear();
    house.switch.abandon_line(LINE);
    house.drain();
    for leg in &legs {
        assert_eq!(house.actions(*leg), [FarAction::End(Cause::Fault)], "{leg}");
    }
    assert_eq!(house.records().len(), 4);
    assert_eq!(calls(&house), (None, vec![]));
}

#[test]
fn consulting_without_a_call_does_nothing() {
    let mut house = House::new(house());
    house.input(Input::Consult(LINE));
    house.lift(0);
    house.input(Input::Consult(LINE));
    house.input(Input::Consult(LineId(99)));
    assert_eq!(house.out, []);
}
