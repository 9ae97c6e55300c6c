//! Outside lines: what a configuration makes of them, and edits while they are in calls.

use tipring_call::{Destination, Hunt, Permission};
use tipring_config::check;
use tipring_gateway::{LineKind, Site};
use tipring_port::{LineCommand, LineEvent};
use tipring_units::{LineId, Millis};

use crate::house::{House, site};

const BASE: &str = "country = \"us\"
[phone.101-103]
port = \"sim/1-3\"
[line.1]
port = \"sim/9\"
rings = \"102\"
[line.2]
port = \"sim/10\"
rings = \"103\"
[dial]
\"1xx\" = \"phones\"
\"<9:>,xx.\" = \"lines\"
";

/// The places of lines 1 and 2, behind the telephones.
const FIRST: u16 = 3;

fn rung(house: &House) -> Vec<LineId> {
    let rings =
        |(line, command): &(LineId, LineCommand)| matches!(command, LineCommand::Ring(_)).then_some(*line);
    house.line_commands().iter().filter_map(rings).collect()
}

/// Somebody calls in on line 1, whose number stays unknown.
fn calls_in(house: &mut House) {
    house.line(FIRST, LineEvent::Incoming);
    house.line(FIRST, LineEvent::Offered);
}

fn names(house: &House) -> Vec<String> {
    house.control.site().lines.iter().map(|line| line.label()).collect()
}

#[test]
fn an_office_becomes_lines_behind_its_telephones() {
    let text = include_str!("../../../../examples/office.toml").replace("dahdi/", "sim/");
    let report = check(&text, "office.toml");
    let effective = report.effective.clone().unwrap_or_else(|| panic!("{report}"));
    let site = site(&effective, 1);
    let kinds: Vec<LineKind> = site.lines.iter().map(|line| line.kind).collect();
    assert_eq!(kinds[..8], [LineKind::Phone; 8]);
    assert_eq!(kinds[8..], [LineKind::Outside; 4]);
    assert!(site.lines.iter().all(|line| line.profile.fxo.is_some() == (line.kind == LineKind::Outside)));
    assert_eq!(site.lines[0].lifeline, Some(LineId(8)));
    assert_eq!(site.lines[8].subject(), "line 1 (sim/9)");
    assert_eq!(site.lines[10].subject(), "line 3 Fax line (sim/11)");
    let calls = &site.calls;
    assert_eq!((calls.hunt, calls.lines.len(), calls.lines[3].line), (Hunt::LeastRecent, 4, LineId(11)));
    let first = &calls.lines[0];
    assert_eq!((first.rings.len(), first.ring_time), (2, Millis::from_secs(20)));
    let night = first.night.unwrap();
    assert_eq!((night.from, night.to), (18 * 60, 8 * 60));
    assert!(
        matches!(night.rings, Destination::Lines { number: Some(number) } if number.as_str() == "15550142")
    );
    let disa = calls.lines[3].disa.unwrap();
    assert_eq!((disa.pin.unwrap().as_str(), disa.may_call), ("27182818", Permission::National));
    assert!(matches!(calls.emergency.notify, Some(Destination::Number(number)) if number.as_str() == "100"));
    let own = calls.dial.as_ref().unwrap().iter().find(|row| row.pattern.as_str() == "81").unwrap();
    assert!(matches!(own.to, Destination::Line { number: Some(number), .. } if number.is_empty()));
    // Two calls for each telephone and line, and two more, as far as there are ports.
    assert_eq!(Site::slots_needed(&effective), 2 * (8 + 4) + 2);
}

#[test]
fn a_line_is_found_by_what_people_call_it() {
    let house = House::new(BASE);
    let found = |text: &str| house.control.site().find(text).map(|(line, _)| line.0);
    assert_eq!(found("101"), Some(0));
    assert_eq!(["1", "line.1", "line 1", "sim/9"].map(found), [Some(FIRST); 4]);
    assert_eq!((found("line.101"), found("7")), (None, None));
    let status = house.status();
    let outside: Vec<&str> =
        status.lines.iter().filter(|line| line.outside).map(|line| line.number.as_str()).collect();
    assert_eq!(outside, ["1", "2"]);
}

#[test]
fn who_rings_is_another_for_the_next_call() {
    let mut house = House::new(BASE);
    house.forget();
    calls_in(&mut house);
    assert_eq!(rung(&house), [LineId(1)], "{:?}", house.commands);
    let call = &house.status().calls[0];
    assert_eq!((call.from.as_str(), call.by.as_str()), ("line 1", "line 1"));
    house.edit(&BASE.replace("rings = \"102\"", "rings = [\"101\", \"103\"]"));
    assert_eq!(rung(&house), [LineId(1)], "the call goes on as it is");
    house.line(FIRST, LineEvent::GaveUp);
    house.line(1, LineEvent::RingStopped);
    house.wait(Millis::from_secs(5));
    assert_eq!(house.states(), [""; 0]);
    house.forget();
    calls_in(&mut house);
    assert_eq!(rung(&house), [LineId(0), LineId(2)], "{:?}", house.commands);
}

#[test]
fn a_line_that_gets_another_name_in_a_call_takes_it_when_it_is_idle() {
    let mut house = House::new(BASE);
    calls_in(&mut house);
    let renamed = BASE.replace("[line.1]", "[line.7]");
    house.edit(&renamed);
    assert_eq!(names(&house), ["101", "102", "103", "line 1", "line 2"]);
    assert_eq!(house.status().waiting, ["line 1 (sim/9)"]);
    house.line(FIRST, LineEvent::GaveUp);
    house.line(1, LineEvent::RingStopped);
    house.wait(Millis::from_secs(5));
    assert_eq!(names(&house), ["101", "102", "103", "line 7", "line 2"]);
    let order: Vec<String> =
        house.control.site().calls.lines.iter().map(|line| line.number.as_str().to_owned()).collect();
    assert_eq!(order, ["2", "7"], "in the order of the configuration");
    assert!(house.status().waiting.is_empty());
}

#[test]
fn a_port_towards_a_telephone_is_none_towards_an_exchange() {
    let mut house = House::new(BASE);
    // sim/3 is to be an outside line, sim/9 a telephone: their cards are not such until the next start.
    let text = BASE.replace("sim/1-3", "sim/1-2").replace("101-103", "101-102").replace("sim/9", "sim/3");
    let text = text.replace("rings = \"103\"", "rings = \"101\"") + "[phone.109]\nport = \"sim/9\"\n";
    house.edit(&text);
    let kinds: Vec<LineKind> = house.control.site().lines.iter().map(|line| line.kind).collect();
    assert_eq!(
        kinds,
        [LineKind::Phone, LineKind::Phone, LineKind::Phone, LineKind::Outside, LineKind::Outside]
    );
    assert!(house.control.site().lines.iter().all(|line| line.number != "109"));
    assert!(
        house
            .control
            .site()
            .lines
            .iter()
            .all(|line| line.profile.fxo.is_some() == (line.kind == LineKind::Outside))
    );
}

#[test]
fn a_missing_dial_tone_is_shown_with_what_to_do_until_there_is_one() {
    use tipring_port::LineFault;
    let mut house = House::new(BASE);
    house.line(FIRST, LineEvent::Fault(LineFault::NoDialTone));
    house.line(FIRST, LineEvent::Released);
    house.wait(Millis::from_secs(3600));
    let alarms = house.status().alarms;
    let [alarm] = &alarms[..] else { panic!("{alarms:?}") };
    assert_eq!(alarm.subject, "line 1 (sim/9)");
    assert!(alarm.text.contains("no dial tone came"), "{}", alarm.text);
    assert!(alarm.next.ends_with("dial_when = \"pause 1 s\" in [line.1]"), "{}", alarm.next);
    house.line(FIRST, LineEvent::FaultCleared(LineFault::NoDialTone));
    assert!(house.status().alarms.is_empty());
}

#[test]
fn a_call_that_silence_ended_needs_a_person_for_a_while() {
    use tipring_port::ClearSign;
    let mut house = House::new(BASE);
    calls_in(&mut house);
    house.line(1, LineEvent::Ringing);
    house.line(1, LineEvent::Answered);
    house.line(FIRST, LineEvent::FarCleared(ClearSign::Silence(Millis::from_secs(60))));
    let alarms = house.status().alarms;
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    assert_eq!(alarms[0].subject, "line 1 (sim/9)");
    assert!(alarms[0].text.starts_with("released after 60 s of silence both ways"), "{}", alarms[0].text);
    assert_eq!(alarms[0].next, "if the caller had hung up: tipring line learn 1, call in, hang up");
    house.line(FIRST, LineEvent::Released);
    house.line(1, LineEvent::Released);
    house.wait(Millis::from_secs(3601));
    assert!(house.status().alarms.is_empty(), "it fades");
}
