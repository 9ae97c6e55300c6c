//! Rooms that somebody found on ports, written into the configuration.

use tipring_config::{Files, Number, PortName, Room, check, put_rooms, room_tables};

fn room(number: &str, port: &str) -> Room {
    Room { number: Number::parse(number).unwrap(), port: PortName::parse(port).unwrap() }
}

fn put(text: &str, rooms: &[Room]) -> Result<String, String> {
    let effective = check(text, "t").effective.unwrap();
    let edited = put_rooms(text, "t", &Files::new(), &effective, rooms).map_err(|why| why.to_string())?;
    Ok(edited.text)
}

const SINGLE: &str = "country = \"us\"\n\n# by the stairs\n[phone.1]\nport = \"sim/1\" # left\nname = \"x\"\n\n[phone.2]\nport = \"sim/2\"\n";

#[test]
fn a_phone_takes_the_place_of_the_one_that_had_the_port_with_all_that_is_written_of_it() {
    let text = put(SINGLE, &[room("204", "sim/1"), room("203", "sim/2")]).unwrap();
    assert!(text.contains("# by the stairs\n[phone.204]\nport = \"sim/1\" # left\nname = \"x\"\n"), "{text}");
    assert!(text.contains("[phone.203]\nport = \"sim/2\"") && !text.contains("[phone.1]"), "{text}");
}

#[test]
fn phones_that_are_there_swap_their_ports_also_within_a_range() {
    let text = put(SINGLE, &[room("1", "sim/2"), room("2", "sim/1")]).unwrap();
    assert!(text.contains("[phone.1]\nport = \"sim/2\" # left"), "{text}");
    let range = "country = \"us\"\n[phone.201-203]\nport = \"sim/1-3\"\ntype = \"hotel\"\n";
    let text = put(range, &[room("203", "sim/1"), room("202", "sim/2"), room("201", "sim/3")]).unwrap();
    let effective = check(&text, "t").effective.unwrap();
    let ports: Vec<String> = effective.phone.values().map(|phone| phone.port.to_string()).collect();
    assert_eq!(ports, ["sim/3", "sim/2", "sim/1"]);
    assert!(!text.contains("[phone.202]"), "what is right already is not written: {text}");
}

#[test]
fn two_phones_on_one_port_are_refused_and_the_tables_are_there_to_copy() {
    let range = "country = \"us\"\n[phone.201-203]\nport = \"sim/1-3\"\n";
    let why = put(range, &[room("203", "sim/1")]).unwrap_err();
    assert!(why.contains("A port serves one phone or line"), "{why}");
    assert_eq!(
        room_tables(&[room("7", "sim/1"), room("8", "sim/2")]),
        "[phone.7]\nport = \"sim/1\"\n\n[phone.8]\nport = \"sim/2\"\n"
    );
}
