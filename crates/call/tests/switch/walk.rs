//! Who walks through the house and dials each room's number on its telephone; codes that are answered in words.

use crate::common::{House, house, number};
use tipring_call::{CallEvent, CodeSet, Input, Setup};
use tipring_port::{LineCommand, LineEvent, Tone};
use tipring_units::LineId;

/// What is said to a line last, and the tone behind it.
fn said(house: &House, line: u16) -> Option<(String, Option<Tone>)> {
    house.commands(line).into_iter().rev().find_map(|command| match command {
        LineCommand::Announce { words, then } => Some((words.to_string(), then)),
        _ => None,
    })
}

fn rings(house: &House, line: u16) -> bool {
    house.commands(line).iter().any(|command| matches!(command, LineCommand::Ring(_)))
}

fn walking() -> House {
    let mut house = House::new(house());
    house.input(Input::Walk(true));
    house
}

#[test]
fn each_telephone_tells_its_room_and_hears_it_back() {
    let mut house = walking();
    house.lift_and_dial(3, "204#");
    assert_eq!(said(&house, 3), Some(("your-number 2 0 4".to_owned(), Some(Tone::Confirmation))));
    house.hang_up(3);
    // Without # it ends when no digit follows; a number of the house is not called.
    house.lift_and_dial(1, "103");
    assert!(!rings(&house, 2));
    house.wait(3000);
    assert_eq!(said(&house, 1), Some(("your-number 1 0 3".to_owned(), Some(Tone::Confirmation))));
    house.hang_up(1);
    let rooms = vec![(LineId(1), number("103")), (LineId(3), number("204"))];
    assert_eq!(house.switch.walked(), Some((rooms, false)));
    assert!(house.records().is_empty());
}

#[test]
fn a_room_that_is_on_another_port_is_refused_and_a_correction_holds() {
    let mut house = walking();
    house.lift_and_dial(0, "204#");
    house.hang_up(0);
    house.lift_and_dial(1, "204#");
    assert_eq!(said(&house, 1), Some(("not-allowed".to_owned(), Some(Tone::Congestion))));
    let refused = CallEvent::Walked { line: LineId(1), number: number("204"), other: Some(LineId(0)) };
    assert!(house.events().contains(&refused));
    house.hang_up(1);
    house.lift_and_dial(0, "205#");
    house.hang_up(0);
    house.lift_and_dial(1, "204#");
    let rooms = vec![(LineId(1), number("204")), (LineId(0), number("205"))];
    assert_eq!(house.switch.walked(), Some((rooms, false)));
}

#[test]
fn an_emergency_number_is_called_on_a_walk_too() {
    let mut house = walking();
    house.lift_and_dial(0, "911");
    assert!(house.placed().is_some());
    assert_eq!(house.switch.walked(), Some((Vec::new(), false)));
}

#[test]
fn star_and_hash_end_the_walk_and_calls_are_calls_again() {
    let mut house = walking();
    house.lift_and_dial(0, "*#");
    assert!(house.switch.walked().is_some_and(|(_, over)| over));
    assert!(house.commands(0).contains(&LineCommand::Play(Tone::Confirmation)));
    house.hang_up(0);
    house.input(Input::Walk(false));
    assert_eq!(house.switch.walked(), None);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 1));
}

#[test]
fn codes_say_the_number_of_the_line_and_the_address_of_the_gateway() {
    let mut house = House::new(Setup { codes: CodeSet::NorthAmerica.codes(), ..house() });
    house.lift_and_dial(2, "*44");
    assert_eq!(said(&house, 2), Some(("your-number 1 0 3".to_owned(), Some(Tone::Confirmation))));
    house.line(2, LineEvent::Announced);
    house.hang_up(2);
    house.lift_and_dial(2, "*45");
    let address = "address 1 9 2 dot 1 6 8 dot 0 dot 1 0".to_owned();
    assert_eq!(said(&house, 2), Some((address, Some(Tone::Confirmation))));
}

#[test]
fn what_a_code_did_is_said_where_the_house_wants_it() {
    let mut house = House::new(Setup { says_features: true, ..house() });
    for (code, words, tone) in [
        ("*26#", "feature-on", Tone::Confirmation),
        ("*#26#", "feature-on", Tone::Confirmation),
        ("#26#", "feature-off", Tone::Confirmation),
        ("*#26#", "feature-off", Tone::Busy),
        ("*21*104#", "feature-on forwarded-to 1 0 4", Tone::Confirmation),
        ("*#21#", "forwarded-to 1 0 4", Tone::Confirmation),
        ("#21#", "feature-off", Tone::Confirmation),
        ("*33*0000#", "not-allowed", Tone::Congestion),
    ] {
        house.lift_and_dial(0, code);
        assert_eq!(said(&house, 0), Some((words.to_owned(), Some(tone))), "{code}");
        house.hang_up(0);
    }
    let mut plain = House::new(crate::common::house());
    plain.lift_and_dial(0, "*26#");
    assert_eq!(said(&plain, 0), None);
}
