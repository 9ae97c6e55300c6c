//! An edited configuration file and a running `tipring run`: SIGHUP, `config diff`, `config apply`.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::{Demo, Dir, Process, stdout, until};
use nix::sys::signal::Signal;

const PASSWORD: &str = "lamo-kuch-41";

/// The front page's PBX on simulated ports, with a SIP phone; `media` are ports that no other test uses.
fn text(media: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/");
    let text = std::fs::read_to_string(format!("{folder}pbx.toml")).unwrap();
    let here = format!("listen = \"127.0.0.1:0\"\nmedia = \"{media}\"\n[");
    let text = text.replacen("\n[", &format!("\n{here}"), 1).replace("dahdi/", "sim/");
    format!("{text}\n[sip.150]\npassword = \"{PASSWORD}\"\n[web]\nlisten = \"off\"\n")
}

struct Running {
    gateway: Demo,
    file: PathBuf,
}

impl Running {
    fn start(name: &str, media: &str) -> Self {
        let dir = Dir::new(name);
        let file = dir.file("tipring.toml", &text(media));
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        let state = dir.path().to_str().unwrap();
        let process =
            Process::start(&["--dir", state, "run", "--no-watch", "--config", file.to_str().unwrap()]);
        process.shows(" runs: ");
        let running = Self { gateway: Demo { process, dir }, file };
        running.status_shows("config 1, applied");
        running
    }

    fn edit(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(&self.file).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&self.file, text.replace(from, to)).unwrap();
    }

    fn hang_up_signal(&self) {
        self.gateway.process.signal(Signal::SIGHUP);
    }

    fn status(&self) -> String {
        stdout(&self.gateway.command(&["status"]))
    }

    fn status_shows(&self, part: &str) -> String {
        until(&format!("status shows {part:?}"), || Some(self.status()).filter(|told| told.contains(part)))
    }

    fn log(&self) -> String {
        stdout(&self.gateway.command(&["log", "-v"]))
    }
}

#[test]
fn a_hangup_signal_applies_a_good_edit_during_a_call_and_refuses_a_bad_one() {
    let running = Running::start("hangup", "28200-28399");
    let gateway = &running.gateway;
    gateway.phone("100", &["off-hook"]);
    gateway.hears_line("100", "dial-tone");
    gateway.phone("100", &["dial", "101"]);
    gateway.hears_line("101", "ringing");
    gateway.phone("101", &["off-hook"]);
    running.status_shows("2 talking");

    // Good: a name at once, a flash window when the line is idle, a password, sockets at the next start.
    running.edit("\"Front desk\"", "\"Reception\"\nflash = \"300-900 ms\"");
    running.edit(PASSWORD, "geheim-77");
    running.edit("127.0.0.1:0", "127.0.0.1:5999");
    running.hang_up_signal();
    let told = running.status_shows("config 2");
    assert!(told.contains("2 talking") && told.contains("100 Reception"), "{told}");
    assert!(told.contains("when idle: 100 Reception (sim/1)"), "{told}");
    let next_start = "at the next start: listen: \"127.0.0.1:0\" -> \"127.0.0.1:5999\"";
    assert!(told.contains(next_start), "{told}");
    let log = running.log();
    assert!(log.contains("configuration 2 in force"), "{log}");
    assert!(log.contains("phone.100.name: \"Front desk\" -> \"Reception\", at once"), "{log}");
    assert!(log.contains("sip.150.password: (secret) -> (secret), at once"), "{log}");
    gateway.phone("101", &["on-hook"]);
    gateway.phone("100", &["on-hook"]);
    until("the line takes its profile", || (!running.status().contains("when idle")).then_some(()));

    // Bad: nothing changes, and a person is told.
    running.edit("\"sim/2-8\"", "\"sim/2-7\"");
    running.hang_up_signal();
    let told = running.status_shows("configuration: the edited file is not accepted");
    assert!(told.contains("config 2"), "{told}");
    let log = running.log();
    let refused = "[phone.101-107] is 7 phones, \"sim/2-7\" is 6 ports. Write sim/2-8, or end at 106. Revision 2 stays in force.";
    assert!(log.contains(refused), "{log}");

    // Right again.
    running.edit("\"sim/2-7\"", "\"sim/2-8\"");
    running.hang_up_signal();
    until("the alarm ends", || (!running.status().contains("not accepted")).then_some(()));
    assert!(running.status().contains("config 2"), "the same configuration is the same revision");
    for secret in [PASSWORD, "geheim-77"] {
        let kept = std::fs::read_to_string(gateway.dir.path().join("events.log")).unwrap();
        assert!(!running.log().contains(secret) && !kept.contains(secret));
    }
}

#[test]
fn config_diff_tells_what_would_change_and_apply_does_it_and_keeps_the_number() {
    let mut running = Running::start("apply", "28400-28599");
    let other = running.gateway.dir.file(
        "edited.toml",
        &text("28400-28599").replace("\"Front desk\"", "\"Reception\"").replace("109", "110"),
    );
    let other = other.to_str().unwrap().to_owned();
    let ask = |running: &Running, act: &str| running.gateway.command(&["config", act, &other]);
    let told = stdout(&ask(&running, "diff"));
    assert!(told.contains("phone.100.name: \"Front desk\" -> \"Reception\", at once"), "{told}");
    assert!(told.contains("phone.110.port: nothing -> \"sim/9\", when the line is idle"), "{told}");
    assert!(running.status().contains("config 1, applied"), "nothing was changed");

    let told = stdout(&ask(&running, "apply"));
    assert!(told.starts_with("Configuration 2 in force.\n"), "{told}");
    assert!(running.status_shows("config 2, applied").contains("phones 9: 9 idle"));
    running.gateway.phone("110", &["off-hook"]);
    running.gateway.hears_line("110", "dial-tone");
    running.gateway.phone("110", &["on-hook"]);
    assert_eq!(stdout(&running.gateway.command(&["config", "diff"])), "Nothing changes.\n");
    let before = std::fs::read_to_string(running.gateway.dir.path().join("tipring.toml.before")).unwrap();
    assert!(before.contains("Front desk"));
    let mode = std::fs::metadata(&running.file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "as it was");

    std::fs::write(&other, "country = \"atlantis\"\n").unwrap();
    let refused = ask(&running, "apply");
    assert_eq!(refused.status.code(), Some(1));
    assert!(stdout(&refused).trim_end().ends_with("Revision 2 stays in force."), "{}", stdout(&refused));

    // The next start has the same configuration, and its number.
    running.gateway.process.signal(Signal::SIGTERM);
    assert_eq!(running.gateway.process.ends(), Some(0));
    let state = running.gateway.dir.path().to_str().unwrap().to_owned();
    running.gateway.process =
        Process::start(&["--dir", &state, "run", "--config", running.file.to_str().unwrap()]);
    running.status_shows("config 2, applied");
}

#[test]
fn telephones_know_the_tones_of_a_country_that_was_edited_once_they_rest() {
    let running = Running::start("country", "28600-28799");
    let gateway = &running.gateway;
    gateway.phone("100", &["off-hook"]);
    gateway.hears_line("100", "dial-tone");
    let text = std::fs::read_to_string(&running.file).unwrap();
    let country = text.lines().find(|line| line.starts_with("country = ")).unwrap();
    running.edit(country, "country = \"de\"");
    let told = stdout(&gateway.command(&["config", "apply"]));
    assert!(told.contains("Configuration 2 in force."), "{told}");
    // A line that is not idle keeps its tones, and its user the names of them.
    gateway.hears_line("100", "dial-tone");
    gateway.phone("100", &["on-hook"]);
    until("all lines take their profile", || (!running.status().contains("when idle")).then_some(()));
    for number in ["100", "101"] {
        gateway.phone(number, &["off-hook"]);
        gateway.hears_line(number, "dial-tone");
    }
    // It hears by frequency and cadence: what was dial tone before is none now.
    gateway.phone("101", &["on-hook"]);
    gateway.phone("100", &["dial", "101"]);
    gateway.hears_line("100", "ringback");
}

#[test]
fn the_demos_file_is_edited_and_applied() {
    let demo = Demo::start("demo-config");
    let file = demo.dir.path().join("demo.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("Phone {number}", "Room {number}")).unwrap();
    assert!(demo.ask(&["config", "apply"]).contains("Configuration 2 in force"));
    assert!(demo.ask(&["status", "--json"]).contains("Room 101"));
}
