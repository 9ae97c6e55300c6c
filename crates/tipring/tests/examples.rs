//! The three configurations of the front page, run: simulated ports in place of cards, loopback in place of the network.

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Demo, Dir, Process, stdout, until};

/// Runs an example; `media` are ports that no other test uses.
fn run(name: &str, media: &str) -> Demo {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/");
    let text = std::fs::read_to_string(format!("{folder}{name}.toml")).unwrap();
    let here = format!("listen = \"127.0.0.1:0\"\nmedia = \"{media}\"\n[");
    // Top-level keys end at the first table; ports keep their numbers.
    let text =
        text.replacen("\n[", &format!("\n{here}"), 1).replace("dahdi/", "sim/").replace("slic/", "sim/");
    let text = format!("{text}\n[web]\nlisten = \"off\"\n");
    let dir = Dir::new(name);
    let file = dir.file(&format!("{name}.toml"), &text);
    let rooms: String =
        (201..=236).chain(290..=291).map(|number| format!("{number},room-{number}\n")).collect();
    let rooms = dir.file("rooms.csv", &rooms);
    for secret in [&file, &rooms] {
        std::fs::set_permissions(secret, PermissionsExt::from_mode(0o600)).unwrap();
    }
    let state = dir.path().to_str().unwrap();
    let process = Process::start(&["--dir", state, "run", "--config", file.to_str().unwrap()]);
    process.shows(" runs: ");
    Demo { process, dir }
}

/// What `status` tells, with its exit code.
fn status(gateway: &Demo) -> (String, Option<i32>) {
    let output = until("it answers", || {
        Some(gateway.command(&["status"])).filter(|output| output.status.code() != Some(2))
    });
    (stdout(&output), output.status.code())
}

fn calls(gateway: &Demo, from: &str, to: &str) {
    gateway.phone(from, &["off-hook"]);
    gateway.hears_line(from, "dial-tone");
    gateway.phone(from, &["dial", to]);
    gateway.hears_line(to, "ringing");
    gateway.phone(to, &["off-hook"]);
    until("they talk", || status(gateway).0.contains("2 talking").then_some(()));
    gateway.phone(from, &["on-hook"]);
    let record = until("a record is kept", || {
        Some(stdout(&gateway.command(&["calls"]))).filter(|calls| calls.contains(" -> "))
    });
    assert!(record.contains(&format!("{from} -> {to}  00:")) && record.contains("by caller"), "{record}");
}

#[test]
fn one_phone_at_a_provider_gives_dial_tone_and_says_that_it_does_not_register() {
    let gateway = run("one-phone", "27000-27399");
    assert!(gateway.process.shows(" runs: ").contains("1 phone, 1 server, SIP on 127.0.0.1:"));
    gateway.phone("101", &["off-hook"]);
    gateway.hears_line("101", "dial-tone");
    let (told, _) = status(&gateway);
    assert!(told.contains("phones 1: ") && told.contains("0/1 registered"), "{told}");
}

#[test]
fn a_pbx_of_nine_phones_and_two_outside_lines_calls_within_the_house() {
    let gateway = run("pbx", "27400-27799");
    let (told, _) = status(&gateway);
    assert!(told.contains("phones 9: 9 idle     lines 2: "), "{told}");
    let listed = stdout(&gateway.command(&["lines"]));
    assert!(listed.contains("sim/10  FXO  line 1") && listed.contains("sim/1   FXS  100"), "{listed}");
    calls(&gateway, "101", "100");
}

#[test]
fn the_tower_gives_dial_tone_and_an_alarm_for_its_server_and_calls_within_the_house() {
    let gateway = run("tower", "27800-28199");
    let (told, code) = status(&gateway);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("server pbx: ") && told.contains("phones 38: 38 idle"), "{told}");
    calls(&gateway, "201", "236");
    let sound = gateway.command(&["check", gateway.dir.path().join("tower.toml").to_str().unwrap()]);
    assert_eq!(sound.status.code(), Some(0));
    assert!(stdout(&sound).contains("[server.pbx] transport = \"tls\" is not in this version yet"));
}
