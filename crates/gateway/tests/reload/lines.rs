//! Telephones that come, go and change their place while others talk.

use tipring_gateway::{Input, Request, RequestId};
use tipring_port::{Command, LineCommand, LineEvent};
use tipring_units::{LineId, Millis};

use crate::house::House;

const BASE: &str = "country = \"us\"
[phone.101]
port = \"sim/1\"
[phone.102]
port = \"sim/2\"
[phone.103]
port = \"sim/3\"
";

fn without(text: &str, number: u16) -> String {
    text.replace(&format!("[phone.{number}]\nport = \"sim/{}\"\n", number - 100), "")
}

fn numbers(house: &House) -> Vec<String> {
    house.control.site().lines.iter().map(|line| line.number.clone()).collect()
}

#[test]
fn a_phone_that_is_taken_away_in_a_call_goes_when_it_hangs_up_and_can_come_back() {
    let mut house = House::talking(BASE);
    house.edit(&without(BASE, 101));
    assert_eq!(house.states(), ["talking"]);
    assert_eq!(house.status().waiting, ["101 (sim/1)"]);
    assert_eq!(numbers(&house), ["101", "102", "103"]);
    house.line(0, LineEvent::Released);
    assert_eq!(numbers(&house), ["", "102", "103"], "line 1 keeps its place");
    assert_eq!(house.status().lines.len(), 2);
    assert!(house.status().waiting.is_empty());
    assert!(house.line_commands().contains(&(LineId(0), LineCommand::InService(false))), "no battery");
    house.line(1, LineEvent::Released);
    house.line(0, LineEvent::InService(false));

    house.forget();
    house.edit(BASE);
    // In the epoch that the line has now, else its shard would refuse it.
    let on = |command: &Command| matches!(command, Command::Line(LineId(0), epoch, LineCommand::InService(true)) if epoch.0 == 1);
    assert!(house.commands.iter().any(on), "{:?}", house.commands);
    house.line(0, LineEvent::InService(true));
    let line = &house.status().lines[0];
    assert_eq!((line.number.as_str(), line.state), ("101", "idle"));
}

#[test]
fn a_number_that_moves_waits_for_the_line_that_has_it() {
    let mut house = House::talking(BASE);
    // 101 goes to sim/3, which has 103 now: both wait for the talk on sim/1.
    let moved = without(&without(BASE, 101), 103) + "[phone.101]\nport = \"sim/3\"\n";
    house.edit(&moved);
    assert_eq!(house.status().waiting, ["101 (sim/1)", "103 (sim/3)"]);
    assert_eq!(numbers(&house), ["101", "102", "103"]);
    house.hang_up();
    assert_eq!(numbers(&house), ["", "102", "101"]);
    assert_eq!(house.in_force.as_ref().map(|site| site.lines[2].number.as_str()), Some("101"));
}

#[test]
fn a_second_edit_replaces_what_the_first_still_waited_for() {
    let mut house = House::talking(BASE);
    house.edit(&without(BASE, 101));
    house.edit(BASE);
    assert!(house.status().waiting.is_empty());
    house.hang_up();
    assert_eq!(numbers(&house), ["101", "102", "103"]);
    assert_eq!(house.status().revision, 3);
}

#[test]
fn a_profile_of_an_older_revision_does_not_end_the_waiting_for_the_newer() {
    let mut house = House::new(BASE);
    let gain = |gain: &str| BASE.replace("sim/1\"", &format!("sim/1\"\ngain_in = \"{gain}\""));
    house.edit(&gain("-3 dB"));
    house.edit(&gain("-4 dB"));
    let taken = |revision| {
        Input::Shard(tipring_units::ShardId(0), tipring_port::Event::Profiled(LineId(0), revision))
    };
    house.input(taken(2));
    assert_eq!(house.status().waiting, ["101 (sim/1)"]);
    house.input(taken(3));
    assert!(house.status().waiting.is_empty());
}

#[test]
fn a_phone_on_a_port_that_is_not_served_has_no_line_and_one_that_moves_there_stays() {
    let mut house = House::new(BASE);
    house.edit(&format!("{BASE}[phone.104]\nport = \"sim/4\"\n"));
    assert_eq!(numbers(&house), ["101", "102", "103"]);
    house.edit(&BASE.replace("sim/3\"", "sim/4\"\nname = \"Hall\""));
    assert_eq!(numbers(&house), ["101", "102", "103"]);
    let line = &house.control.site().lines[2];
    assert_eq!((line.port.as_str(), line.name.as_str()), ("sim/3", "Hall"), "its name is in force");
    // It is called where it is.
    house.line(0, LineEvent::Seized);
    for digit in *b"103" {
        let source = tipring_port::DigitSource::Dtmf;
        house.line(0, LineEvent::Digit { digit, source, length: Millis(80) });
    }
    house.wait(Millis::from_secs(10));
    let rings = |(line, command): &(LineId, LineCommand)| {
        *line == LineId(2) && matches!(command, LineCommand::Ring(_))
    };
    assert!(house.line_commands().iter().any(rings));
}

#[test]
fn a_refused_edit_changes_nothing_and_is_an_alarm_until_one_is_accepted() {
    let mut house = House::talking(BASE);
    let before = house.control.site().clone();
    house.input(Input::ConfigurationRefused("tipring.toml:3: no".to_owned()));
    assert_eq!(*house.control.site(), before);
    let status = house.status();
    assert_eq!(status.revision, 1);
    let [alarm] = &status.alarms[..] else { panic!("{:?}", status.alarms) };
    assert!(alarm.text.contains("revision 1 stays in force: tipring.toml:3: no"), "{}", alarm.text);
    house.edit(BASE);
    assert!(house.status().alarms.is_empty());
    assert_eq!(house.states(), ["talking"]);
}

#[test]
fn a_line_that_is_restarted_ends_its_call_and_begins_anew() {
    let mut house = House::talking(BASE);
    let restart = |house: &mut House, line| {
        house.input(Input::Request(RequestId(9), Request::Restart(LineId(line))));
    };
    restart(&mut house, 0);
    let of_line = |command: &Command| match command {
        Command::Line(LineId(0), _, LineCommand::InService(on)) => Some(if *on { "in" } else { "out" }),
        Command::Restart(LineId(0)) => Some("anew"),
        _ => None,
    };
    let told: Vec<&str> = house.commands.iter().filter_map(of_line).collect();
    assert_eq!(told, ["out", "anew", "in"]);
    assert!(house.states().is_empty(), "the call is over: {:?}", house.states());
    house.line(0, LineEvent::Released);
    house.line(0, LineEvent::InService(false));
    house.line(0, LineEvent::InService(true));
    assert_eq!(house.status().lines[0].state, "idle");
    // It calls as before.
    house.line(0, LineEvent::Seized);
    assert_eq!(house.status().lines[0].state, "dialling");
    house.line(0, LineEvent::Released);
    // One that somebody took out of service stays so.
    house.input(Input::Request(RequestId(10), Request::InService(LineId(0), false)));
    house.line(0, LineEvent::InService(false));
    house.forget();
    restart(&mut house, 0);
    restart(&mut house, 44);
    assert!(house.commands.is_empty(), "{:?}", house.commands);
    assert_eq!(house.status().lines[0].state, "out of service");
}
