//! A telephone hands its call on, by hanging up or by star code: the server does it, or this box.

use crate::common::{House, house, row, server, to_server};
use tipring_call::{
    CallEvent, Cause, Clearer, CodeSet, FarAction, FarEvent, FarId, LineDoing, MediaAction, Number, Party,
    ReferEnd, ReferTo, Setup, Side, Via, Way,
};
use tipring_port::{LineCommand, LineEvent, Tone};
use tipring_units::{CallId, LineId};

const LINE0: Party = Party::Line(LineId(0));
const LINE1: Party = Party::Line(LineId(1));

/// 9 and 8 go to one server, 7 to another; the codes are those of North America.
fn setup() -> Setup {
    let mut setup = house();
    if let Some(dial) = &mut setup.dial {
        dial.push(row("<8:>,xx.", to_server("pbx")));
        dial.push(row("<7:>,xx.", to_server("alt")));
    }
    setup.codes = CodeSet::NorthAmerica.codes();
    setup
}

fn connect(a: Party, b: Party) -> MediaAction {
    MediaAction::Connect { a, b, way: Way::Both }
}

/// Somebody at the server calls 101, which answers and holds the call.
fn holding(setup: Setup) -> (House, FarId) {
    let mut house = House::new(setup);
    let first = house.pbx_calls("101");
    house.line(0, LineEvent::Answered);
    house.line(0, LineEvent::Flash(tipring_units::Millis(500)));
    (house, first)
}

/// And it calls that number, which rings, or answers.
fn consulting(setup: Setup, dialled: &str, answered: bool) -> (House, FarId, FarId) {
    let (mut house, first) = holding(setup);
    house.dial(0, dialled);
    let second = house.placed().unwrap().0;
    house.far(second, FarEvent::Ringing);
    if answered {
        house.far(second, FarEvent::Answered);
    }
    (house, first, second)
}

fn ended(end: ReferEnd) -> FarEvent {
    FarEvent::ReferEnded { end }
}

#[test]
fn two_parties_at_one_server_hear_each_other_at_once_and_one_takes_our_place_at_the_other() {
    let (mut house, first, second) = consulting(setup(), "95552345678", true);
    house.hang_up(0);
    assert_eq!(house.actions(first), [FarAction::Resume, FarAction::Refer(ReferTo::Leg(second))]);
    let (a, b) = (Party::Far(first), Party::Far(second));
    assert_eq!(house.media(), [MediaAction::Disconnect { a: LINE0, b }, connect(a, b)]);
    let transfers = CallEvent::Transfers {
        call: CallId(1),
        party: Side::Caller,
        to: Number::new("5552345678"),
        with: Some(CallId(2)),
    };
    assert!(house.events().contains(&transfers), "{:?}", house.events());
    assert_eq!(house.doing(0), LineDoing::Idle);
    house.far(first, FarEvent::ReferGoes);
    assert_eq!(house.records(), []);
    house.far(first, ended(ReferEnd::Done));
    let end = FarAction::End(Cause::NORMAL);
    assert_eq!((house.actions(first), house.actions(second)), (vec![end], vec![end]));
    let records = house.records();
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|record| record.cause == Cause::NORMAL));
    assert_eq!(records.iter().find(|one| one.call == CallId(1)).unwrap().by, Clearer::Side(Side::Called));
    assert!(house.is_quiet());
}

#[test]
fn what_the_server_refuses_stays_joined_here() {
    for end in [ReferEnd::Refused(Cause::REJECTED), ReferEnd::Failed(Cause::BUSY), ReferEnd::Unknown] {
        let (mut house, first, second) = consulting(setup(), "95552345678", true);
        house.hang_up(0);
        house.far(first, ended(end));
        assert_eq!((house.media(), house.records()), (vec![], vec![]), "{end:?}");
        assert!(house.events().contains(&CallEvent::TransferEnded { call: CallId(1), end }));
        house.wait(3_600_000);
        assert_eq!(house.records(), [], "{end:?}: no timer ends them");
        house.far(second, FarEvent::Ended { cause: Cause::NORMAL });
        assert_eq!(house.actions(first), [FarAction::End(Cause::NORMAL)]);
        assert_eq!(house.records().len(), 2);
        assert!(house.is_quiet());
    }
}

#[test]
fn the_one_whose_place_was_taken_may_go_before_it_is_told() {
    let (mut house, first, second) = consulting(setup(), "95552345678", true);
    house.hang_up(0);
    house.far(second, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.actions(first), [FarAction::End(Cause::NORMAL)]);
    assert!(house.is_quiet());
}

#[test]
fn parties_of_two_servers_or_in_the_house_are_joined_here_alone() {
    let (mut house, first, second) = consulting(setup(), "75552345678", true);
    house.hang_up(0);
    assert_eq!(house.actions(first), [FarAction::Resume]);
    assert!(house.media().contains(&connect(Party::Far(first), Party::Far(second))));

    let (mut house, first) = holding(setup());
    house.dial(0, "102");
    house.line(1, LineEvent::Ringing);
    house.line(1, LineEvent::Answered);
    house.hang_up(0);
    assert_eq!(house.actions(first), [FarAction::Resume]);
    assert!(house.media().contains(&connect(Party::Far(first), LINE1)));
    house.hang_up(1);
    assert_eq!(house.actions(first), [FarAction::End(Cause::NORMAL)]);
    assert!(house.is_quiet());

    let mut house = House::new(setup());
    let user = house.incoming(Via::User(Number::new("201")), tipring_call::Identity::new("201", ""), "101");
    house.line(0, LineEvent::Answered);
    house.flash(0);
    house.dial(0, "202");
    let other = house.placed().unwrap().0;
    house.far(other, FarEvent::Answered);
    house.hang_up(0);
    assert_eq!(house.actions(user), [FarAction::Resume], "we are their server");
}

#[test]
fn hung_up_while_the_second_rings_it_is_given_up_and_the_first_sent_there() {
    let (mut house, first, second) = consulting(setup(), "95552345678", false);
    house.hang_up(0);
    assert_eq!(house.actions(second), [FarAction::End(Cause::NORMAL)]);
    let to = ReferTo::Number(Number::new("5552345678"));
    assert_eq!(house.actions(first), [FarAction::Refer(to)]);
    let place = |action: FarAction| {
        let is = |output: &tipring_call::Output| matches!(output, tipring_call::Output::Far { action: own, .. } if *own == action);
        house.out.iter().position(is)
    };
    assert!(place(FarAction::End(Cause::NORMAL)) < place(FarAction::Refer(to)), "else both would ring there");
    assert_eq!(house.doing(0), LineDoing::Idle, "free at once");
    assert_eq!(house.records().len(), 1);
    house.far(first, FarEvent::ReferGoes);
    house.wait(50_000);
    assert_eq!(house.actions(first), [], "somebody may ring there for long");
    house.far(first, ended(ReferEnd::Done));
    assert_eq!(house.actions(first), [FarAction::End(Cause::NORMAL)]);
    assert!(house.is_quiet());
}

#[test]
fn who_did_not_get_there_is_given_back_by_ringing() {
    for (end, waits) in [
        (Some(ReferEnd::Failed(Cause::BUSY)), 0),
        (Some(ReferEnd::Refused(Cause::REJECTED)), 0),
        (Some(ReferEnd::Unknown), 0),
        (None, 30_000),
    ] {
        let (mut house, first, _) = consulting(setup(), "95552345678", false);
        house.hang_up(0);
        match end {
            Some(end) => house.far(first, ended(end)),
            None => house.wait(waits),
        }
        let [LineCommand::Ring(request)] = house.commands(0)[..] else { panic!("{:?}", house.out) };
        assert_eq!(request.caller.unwrap().number.unwrap().as_str(), "5550177");
        assert!(house.media().contains(&MediaAction::Tone { leg: first, tone: Some(Tone::Ringback) }));
        house.line(0, LineEvent::Ringing);
        house.line(0, LineEvent::Answered);
        assert!(house.media().contains(&connect(Party::Far(first), LINE0)), "{end:?}");
        house.hang_up(0);
        assert_eq!(house.actions(first), [FarAction::End(Cause::NORMAL)]);
        assert!(house.is_quiet());
    }
}

#[test]
fn a_telephone_that_talks_again_is_rung_back_when_it_is_free() {
    let (mut house, first, _) = consulting(setup(), "95552345678", false);
    house.hang_up(0);
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.far(first, ended(ReferEnd::Failed(Cause::BUSY)));
    assert_eq!(house.commands(0), []);
    house.wait(12_000);
    assert_eq!(house.commands(0), []);
    house.hang_up(0);
    house.wait(5_000);
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]), "{:?}", house.out);
    house.wait(30_000);
    assert_eq!(house.actions(first), [FarAction::End(Cause::NO_ANSWER)]);

    let (mut house, first, _) = consulting(setup(), "95552345678", false);
    house.hang_up(0);
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house.far(first, ended(ReferEnd::Failed(Cause::BUSY)));
    house.wait(60_000);
    assert_eq!(house.actions(first), [FarAction::End(Cause::NO_ANSWER)], "not for ever");
}

#[test]
fn whoever_waits_may_hang_up_at_any_time() {
    let (mut house, first, second) = consulting(setup(), "95552345678", false);
    house.hang_up(0);
    house.far(first, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.actions(second), []);
    assert!(house.is_quiet());
    let (mut house, first, _) = consulting(setup(), "95552345678", false);
    house.hang_up(0);
    house.far(first, ended(ReferEnd::Failed(Cause::BUSY)));
    house.far(first, FarEvent::Ended { cause: Cause::NORMAL });
    assert_eq!(house.commands(0), [LineCommand::StopRing]);
    house.line(0, LineEvent::RingStopped);
    assert!(house.is_quiet());
}

#[test]
fn a_telephone_that_hands_nothing_on_is_rung_back() {
    let mut setup = setup();
    setup.phones[0].transfer = false;
    let (mut house, first, second) = consulting(setup, "95552345678", true);
    house.hang_up(0);
    assert_eq!(house.actions(second), [FarAction::End(Cause::NORMAL)]);
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]));
    assert_eq!(house.actions(first), [FarAction::Resume], "to hear the ringback");
}

#[test]
fn by_code_the_server_is_asked_and_the_telephone_hears_that_it_goes() {
    let (mut house, first) = holding(setup());
    house.dial(0, "*98");
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Stutter)]);
    house.dial(0, "95552345678");
    assert_eq!(house.actions(first), [FarAction::Refer(ReferTo::Number(Number::new("5552345678")))]);
    assert_eq!(house.doing(0), LineDoing::Told);
    house.far(first, FarEvent::ReferGoes);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Confirmation)]);
    house.far(first, FarEvent::ReferGoes);
    assert_eq!(house.commands(0), [], "once");
    house.far(first, ended(ReferEnd::Done));
    assert_eq!(house.actions(first), [FarAction::End(Cause::NORMAL)]);
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn by_code_who_did_not_get_there_is_back_by_flash_or_by_ringing() {
    for hangs_up in [false, true] {
        let (mut house, first) = holding(setup());
        house.dial(0, "*9895552345678");
        house.far(first, FarEvent::ReferGoes);
        if hangs_up {
            house.hang_up(0);
            assert_eq!(house.doing(0), LineDoing::Idle);
        }
        house.far(first, ended(ReferEnd::Failed(Cause::BUSY)));
        if hangs_up {
            assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]), "{:?}", house.out);
            house.line(0, LineEvent::Answered);
        } else {
            assert_eq!(house.commands(0), [LineCommand::Play(Tone::Busy)]);
            house.flash(0);
        }
        assert!(house.media().contains(&connect(Party::Far(first), LINE0)));
        house.hang_up(0);
        assert!(house.is_quiet());
    }
}

#[test]
fn by_code_what_the_server_does_not_do_is_done_here() {
    let (mut house, first) = holding(setup());
    house.dial(0, "*9895552345678");
    house.far(first, ended(ReferEnd::Refused(Cause::REJECTED)));
    let second = house.placed().unwrap().0;
    house.far(second, FarEvent::Ringing);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Confirmation)]);
    assert_eq!(house.actions(second), [], "who refused is not asked again");
    assert_eq!(house.actions(first), [FarAction::Resume], "to hear the ringback");
    house.far(second, FarEvent::Answered);
    assert!(house.media().contains(&connect(Party::Far(first), Party::Far(second))));
}

#[test]
fn by_code_a_party_is_handed_to_a_telephone_of_the_house() {
    let (mut house, first) = holding(setup());
    house.dial(0, "*98102");
    assert_eq!(house.actions(first), []);
    house.line(1, LineEvent::Ringing);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Confirmation)]);
    assert_eq!(house.actions(first), [FarAction::Resume]);
    house.hang_up(0);
    assert_eq!(house.doing(0), LineDoing::Idle);
    house.line(1, LineEvent::Answered);
    assert!(house.media().contains(&connect(Party::Far(first), LINE1)));
    house.far(first, FarEvent::Ended { cause: Cause::NORMAL });
    house.hang_up(1);
    assert!(house.is_quiet());
}

#[test]
fn by_code_a_busy_telephone_is_told_and_a_flash_has_the_party_back() {
    let (mut house, first) = holding(setup());
    house.lift(1);
    house.dial(0, "*98102");
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Busy)]);
    house.flash(0);
    assert_eq!(house.actions(first), [FarAction::Resume]);
    house.hang_up(0);
    assert_eq!(house.actions(first), [FarAction::End(Cause::NORMAL)]);
}

#[test]
fn the_code_without_a_held_party_or_to_a_barred_number_is_refused() {
    let mut house = House::new(setup());
    house.lift(0);
    house.dial(0, "*98");
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Congestion)]);
    let mut barred = setup();
    barred.phones[0].may_call = tipring_call::Permission::Internal;
    let (mut house, first) = holding(barred);
    house.dial(0, "*9895552345678");
    assert_eq!(house.actions(first), []);
    assert!(house.commands(0).contains(&LineCommand::Play(Tone::Congestion)));
    house.flash(0);
    assert_eq!(house.actions(first), [FarAction::Resume]);
}

#[test]
fn an_emergency_call_is_handed_to_nobody() {
    let (mut house, first) = holding(setup());
    house.dial(0, "911");
    let (second, place) = house.placed().unwrap();
    assert!(matches!(place, FarAction::Place { via: Via::Server(name), .. } if name == server("pbx")));
    house.far(second, FarEvent::Answered);
    house.hang_up(0);
    assert_eq!(house.actions(second), [FarAction::End(Cause::NORMAL)]);
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]), "the held party is given back");
    assert_eq!(house.actions(first), [FarAction::Resume]);
}

#[test]
fn a_held_party_that_hangs_up_before_it_rings_leaves_the_telephone_with_whom_it_called() {
    let mut setup = house();
    setup.codes = CodeSet::NorthAmerica.codes();
    let mut house = House::new(setup);
    house.lift_and_dial(0, "103");
    house.line(2, LineEvent::Answered);
    house.flash(0);
    house.dial(0, "*98102");
    house.hang_up(2);
    house.line(1, LineEvent::Ringing);
    house.line(1, LineEvent::Answered);
    assert_eq!((house.doing(0), house.doing(1)), (LineDoing::Talking, LineDoing::Talking));
}
