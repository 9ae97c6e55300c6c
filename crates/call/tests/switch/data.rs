//! Fax and modem calls.

use crate::common::{House, house, server};
use tipring_call::{CallEvent, FarAction, FarEvent, FarId, Input, MediaAction, Party, Side, Via, Way, Why};
use tipring_port::Signal;
use tipring_units::{CallId, LineId};

const LINE0: Party = Party::Line(LineId(0));
const LINE1: Party = Party::Line(LineId(1));

fn hears(house: &mut House, party: Party, signal: Signal) {
    house.input(Input::Signal { party, signal });
}

/// Line 0 talks to a far end that it called.
fn talking() -> (House, FarId) {
    let mut house = House::new(house());
    house.lift_and_dial(0, "95552345678");
    let (leg, _) = house.placed().unwrap();
    house.far(leg, FarEvent::Answered);
    (house, leg)
}

#[test]
fn a_fax_that_answers_on_the_far_side_has_time_to_change_the_codec_before_it_is_asked_to() {
    let (mut house, leg) = talking();
    let far = Party::Far(leg);
    hears(&mut house, far, Signal::Ced);
    let by = Some((Side::Called, Signal::Ced));
    assert_eq!(house.events(), [CallEvent::PassedThrough { call: CallId(1), by }]);
    assert_eq!(house.media(), [MediaAction::PassThrough { a: LINE0, b: far }]);
    assert_eq!(house.actions(leg), []);
    assert_eq!(house.switch.deadline().map(|(_, why)| why), Some(Why::Codec));
    house.wait(1000);
    assert_eq!(house.actions(leg), [FarAction::Data]);
    hears(&mut house, far, Signal::AnsReversals);
    assert_eq!((house.events().len(), house.media().len()), (0, 0), "it is told once");
    house.hang_up(0);
    assert!(house.records()[0].data);
}

#[test]
fn a_fax_that_answers_on_our_line_changes_the_codec_at_once() {
    let mut house = House::new(house());
    let leg = house.pbx_calls("102");
    house.line(1, tipring_port::LineEvent::Answered);
    hears(&mut house, LINE1, Signal::Preamble);
    assert_eq!(house.actions(leg), [FarAction::Data]);
    assert_eq!(house.media(), [MediaAction::PassThrough { a: Party::Far(leg), b: LINE1 }]);
}

#[test]
fn who_calls_and_what_is_no_answer_change_nothing() {
    let (mut house, leg) = talking();
    for signal in [Signal::Cng, Signal::CallingTone, Signal::SpecialInformation, Signal::Alert] {
        hears(&mut house, LINE0, signal);
        hears(&mut house, Party::Far(leg), signal);
        assert!(house.out.is_empty(), "{signal:?}");
    }
    house.hang_up(0);
    assert!(!house.records()[0].data);
}

#[test]
fn an_answer_tone_before_the_answer_counts_when_that_comes() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "95552345678");
    let (leg, _) = house.placed().unwrap();
    house.far(leg, FarEvent::EarlyMedia);
    hears(&mut house, Party::Far(leg), Signal::Ansam);
    assert!(house.media().is_empty());
    house.far(leg, FarEvent::Answered);
    let path = (LINE0, Party::Far(leg));
    let passes = MediaAction::PassThrough { a: path.0, b: path.1 };
    assert_eq!(house.media(), [MediaAction::Connect { a: path.0, b: path.1, way: Way::Both }, passes]);
}

#[test]
fn a_line_that_has_a_fax_offers_for_one_and_is_passed_through_whoever_calls_it() {
    let mut setup = house();
    setup.phones[0].data = true;
    let mut house = House::new(setup);
    house.lift_and_dial(0, "95552345678");
    let (leg, place) = house.placed().unwrap();
    assert!(
        matches!(place, FarAction::Place { data: true, via: Via::Server(name), .. } if name == server("pbx"))
    );
    house.far(leg, FarEvent::Answered);
    let passes = MediaAction::PassThrough { a: LINE0, b: Party::Far(leg) };
    assert_eq!(house.media().last(), Some(&passes));
    assert!(house.events().contains(&CallEvent::PassedThrough { call: CallId(1), by: None }));
    house.hang_up(0);

    let leg = house.pbx_calls("101");
    assert!(house.actions(leg).contains(&FarAction::Data), "what it is answered with carries a fax");
    house.line(0, tipring_port::LineEvent::Answered);
    assert_eq!(house.media().last(), Some(&MediaAction::PassThrough { a: Party::Far(leg), b: LINE0 }));
}
