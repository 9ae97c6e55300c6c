//! `check`, `run` and `flow` with files, by the real binary.

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Dir, Process, stderr, stdout, tipring, until};
use nix::sys::signal::Signal;

const GOOD: &str =
    "country = \"us\"\nlisten = \"127.0.0.1:0\"\nname = \"annex\"\n[phone.11-12]\nport = \"sim/1-2\"\n";

#[test]
fn check_tells_by_its_exit_code_whether_a_file_may_run() {
    let dir = Dir::new("check");
    let good = dir.file("good.toml", GOOD);
    let output = tipring(&["check", good.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("good.toml may run: 2 phones."), "{}", stdout(&output));

    let bad = dir.file("bad.toml", "country = \"us\"\n[phone.101-104]\nport = \"sim/1-3\"\nnmae = \"x\"\n");
    let output = tipring(&["check", bad.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let told = stdout(&output);
    assert!(told.contains("bad.toml:4:") && told.contains("Did you mean name?"), "{told}");
    assert!(told.contains("bad.toml:3:") && told.contains("sim/1-4"), "{told}");
    assert!(told.contains("is not accepted: 2 mistakes."), "{told}");

    let output = tipring(&["check", dir.path().join("none.toml").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("none.toml: cannot be read"), "{}", stderr(&output));
}

#[test]
fn check_reads_the_files_that_a_configuration_names() {
    let dir = Dir::new("files");
    let text = format!("{GOOD}[sip.201]\npassword_file = \"secret\"\n");
    let file = dir.file("with-file.toml", &text);
    let told = || stdout(&tipring(&["check", file.to_str().unwrap()]));
    assert!(told().contains("secret cannot be read"), "{}", told());
    let secret = dir.file("secret", "lamo-kuch\n");
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o644)).unwrap();
    assert!(told().contains("chmod 600 secret"), "{}", told());
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
    assert!(told().contains("may run: 2 phones, 1 SIP phone."), "{}", told());

    let inline = dir.file("inline.toml", &format!("{GOOD}[sip.201]\npassword = \"lamo-kuch\"\n"));
    std::fs::set_permissions(&inline, PermissionsExt::from_mode(0o644)).unwrap();
    let output = tipring(&["check", inline.to_str().unwrap()]);
    assert!(stdout(&output).contains("holds a password and can be read by others"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));
}

/// A WAV of mu-law with so many samples a second.
fn recording(rate: u32) -> Vec<u8> {
    let mut out = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x07\0\x01\0".to_vec();
    for number in [rate, rate] {
        out.extend(number.to_le_bytes());
    }
    out.extend(b"\x01\0\x08\0data\x20\x03\0\0");
    out.extend([0x80; 800]);
    out
}

#[test]
fn check_tells_which_recordings_cannot_be_played_and_which_there_are_none_of() {
    let dir = Dir::new("recordings");
    let file = dir.file("tipring.toml", &format!("announcement_files = \"voice\"\n{GOOD}"));
    let check = || tipring(&["check", file.to_str().unwrap()]);
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("voice cannot be read"), "{}", stdout(&output));
    let voice = dir.path().join("voice");
    std::fs::create_dir(&voice).unwrap();
    std::fs::write(voice.join("feature-on.wav"), recording(16_000)).unwrap();
    std::fs::write(voice.join("feature-off.wav"), recording(8000)).unwrap();
    std::fs::create_dir(voice.join("forwarded-to.wav")).unwrap();
    let output = check();
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("feature-on.wav: 16000 Hz: must be 8000 Hz."), "{told}");
    assert!(told.contains("forwarded-to.wav: ") && !told.contains("feature-off.wav"), "{told}");
    std::fs::write(voice.join("feature-on.wav"), recording(8000)).unwrap();
    std::fs::remove_dir(voice.join("forwarded-to.wav")).unwrap();
    let output = check();
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let note = told.lines().find(|line| line.contains("own voice")).unwrap();
    assert!(note.contains("tipring.toml:1: ") && note.contains(" forwarded-to.wav"), "{note}");
    assert!(!note.contains("feature-o"), "{note}");
}

#[test]
fn run_serves_a_configuration_and_status_tells_what_needs_a_person() {
    let dir = Dir::new("run");
    let text = format!("{GOOD}[phone.13]\nport = \"dahdi/1\"\n[web]\nlisten = \"off\"\n");
    let file = dir.file("tipring.toml", &text);
    let state = dir.path().join("state");
    let state = state.to_str().unwrap();
    let mut gateway = Process::start(&["--dir", state, "run", "--config", file.to_str().unwrap()]);
    gateway.shows("annex runs: 2 phones");
    let output = until("it answers", || {
        Some(tipring(&["--dir", state, "status"])).filter(|output| output.status.code() != Some(2))
    });
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.starts_with("1 NEEDS YOU  13 (dahdi/1): "), "{told}");
    assert!(told.contains("annex  up ") && told.contains("phones 2: 2 idle"), "{told}");
    let phone = tipring(&["--dir", state, "phone", "11", "hear"]);
    assert_eq!(stdout(&phone), "silence\n");
    gateway.signal(Signal::SIGINT);
    assert_eq!(gateway.ends(), Some(0));
}

#[test]
fn run_starts_nothing_with_a_configuration_that_is_not_accepted() {
    let dir = Dir::new("refused");
    let file = dir.file("tipring.toml", "country = \"atlantis\"\n");
    let output = tipring(&["--dir", dir.path().to_str().unwrap(), "run", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("tipring.toml:1:") && stderr(&output).contains("nothing was started"));
}

#[test]
fn a_flow_is_held_to_its_expectations_and_its_ladder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../flows/");
    let text = std::fs::read_to_string(format!("{folder}abandoned-dialling.flow")).unwrap();
    let dir = Dir::new("flow");
    let flow = dir.file("good.flow", &text);
    let flow = flow.to_str().unwrap();
    let output = tipring(&["flow", "--ladder", flow]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let told = stdout(&output);
    let ladder = told.strip_suffix("1 of 1 as expected\n").unwrap();
    dir.file("good.ladder", ladder);
    assert_eq!(tipring(&["flow", flow]).status.code(), Some(0), "it meets its own ladder");

    dir.file("good.ladder", "nothing happens\n");
    assert_eq!(tipring(&["flow", flow]).status.code(), Some(1));
    dir.file("bad.flow", "phone 1: levitates\n");
    let output = tipring(&["flow", dir.path().join("bad.flow").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("bad.flow:"), "{}", stderr(&output));
}

#[test]
fn every_flow_of_the_project_meets_its_golden_ladder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../flows");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut flows: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "flow"))
        .inspect(|path| assert!(path.with_extension("ladder").exists(), "{path:?} has no ladder"))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    flows.sort();
    let arguments: Vec<&str> = ["flow"].into_iter().chain(flows.iter().map(String::as_str)).collect();
    let output = tipring(&arguments);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{told}{}", stderr(&output));
    assert!(told.ends_with(&format!("{0} of {0} as expected\n", flows.len())), "{told}");
}
