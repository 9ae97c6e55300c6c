//! Backup and restore by the real binary: everything comes back, or nothing changes.

#[path = "common/browser.rs"]
mod browser;
mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use browser::{Browser, Reply};
use common::{Demo, Dir, Process, stderr, stdout, tipring, until};
use nix::sys::signal::Signal;
use serde_json::json;

const PASSWORD: &str = "lamo kuch 41";

fn restore(browser: &Browser, file: &[u8], password: &str, dry: bool) -> Reply {
    let path = format!("/restore{}", if dry { "?dry_run=true" } else { "" });
    let header = format!("X-Tipring-Password: {password}\r\n");
    browser.send("POST", &path, &header, "application/octet-stream", file)
}

/// Star code `code` on 102 is confirmed.
fn sets(demo: &Demo, code: &str) {
    demo.phone("102", &["off-hook"]);
    demo.hears_line("102", "dial-tone");
    demo.phone("102", &["dial", code]);
    demo.hears("102", "a confirmation", |heard| heard.starts_with("confirm") || heard.contains("stutter"));
    demo.phone("102", &["on-hook"]);
    // Who lifts sooner has flashed.
    until("102 is idle", || demo.ask(&["status", "102"]).contains("): idle").then_some(()));
}

fn state(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap_or_default()
}

#[test]
fn everything_comes_back_as_it_was_and_a_wrong_password_or_file_changes_nothing() {
    let demo = Demo::start("backup");
    let dir = demo.dir.path().to_owned();
    let browser = Browser::at(&demo);
    let add = |name: &str| {
        let user = json!({ "name": name, "role": "viewer", "password": "battery staple" });
        assert_eq!(browser.ask("POST", "/users", &user).status, 201);
    };
    add("vic");
    sets(&demo, "*78");
    until("do not disturb is kept", || state(&dir, "features.json").contains("102").then_some(()));
    let weak = browser.ask("POST", "/backup", &json!({ "password": "short" }));
    assert_eq!((weak.status, weak.json()["field"].as_str()), (422, Some("password")));
    let made = browser.ask("POST", "/backup", &json!({ "password": PASSWORD }));
    assert_eq!(made.status, 200, "{}", made.text());
    assert!(made.header("content-disposition").unwrap().ends_with(".backup\""));
    let file = made.body;
    let told = String::from_utf8_lossy(&file).into_owned();
    assert!(!told.contains("country") && !told.contains("vic"), "it is encrypted");

    // Everything changes.
    let before = [state(&dir, "demo.toml"), state(&dir, "users.json"), state(&dir, "features.json")];
    let form = json!({ "name": "Reception" });
    assert_eq!(browser.ask("PATCH", "/phones-config/101", &form).status, 200);
    add("bob");
    sets(&demo, "*79");
    until("it is taken back", || (state(&dir, "features.json") != before[2]).then_some(()));
    let after = || [state(&dir, "demo.toml"), state(&dir, "users.json"), state(&dir, "features.json")];
    let changed = after();

    // What is wrong is told apart, and changes nothing.
    let mut damaged = file.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for (file, password, field, part) in [
        (file.as_slice(), "lamo kuch 42", "password", "the password is not the one"),
        (&file[..file.len() - 100], PASSWORD, "file", "is cut off: "),
        (&damaged, PASSWORD, "file", "the password is right, but the backup is damaged"),
        (b"PK\x03\x04", PASSWORD, "file", "this is no backup of Tipring"),
        (b"", PASSWORD, "file", "this is no backup of Tipring"),
    ] {
        let reply = restore(&browser, file, password, false);
        let told = reply.json();
        assert_eq!((reply.status, told["field"].as_str()), (422, Some(field)), "{told}");
        assert!(told["detail"].as_str().unwrap().contains(part), "{told}");
        assert!(told["remedy"].as_str().unwrap().contains("Nothing has changed"), "{told}");
    }
    assert_eq!(after(), changed);
    let revision = browser.get("/configuration").json()["revision"].as_u64().unwrap();
    let look = restore(&browser, &file, PASSWORD, true);
    assert_eq!(look.status, 200, "{}", look.text());
    let paths: Vec<String> = look.json()["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["path"].as_str().unwrap().to_owned())
        .collect();
    for path in ["phone.101.name", "users", "set by 102"] {
        assert!(paths.iter().any(|known| known == path), "{path}: {paths:?}");
    }
    assert_eq!(
        (after(), browser.get("/configuration").json()["revision"].as_u64()),
        (changed, Some(revision))
    );

    let done = restore(&browser, &file, PASSWORD, false);
    assert_eq!((done.status, done.json()["revision"].as_u64()), (200, Some(revision + 1)), "{}", done.text());
    assert_eq!(after(), before);
    assert_eq!(browser.get("/status").json()["lines"][0]["name"], "Phone 101");
    assert_eq!(browser.get("/users").json().as_array().unwrap().len(), 1);
    // Do not disturb holds again, at once.
    demo.phone("103", &["off-hook"]);
    demo.hears_line("103", "dial-tone");
    demo.phone("103", &["dial", "102"]);
    demo.hears_line("103", "busy");
    let history = browser.get("/configuration/history").json();
    assert_eq!(
        (history[0]["revision"].as_u64(), history[0]["by"].as_str()),
        (Some(revision + 1), Some("key"))
    );
    let audit = browser.get("/audit").json().to_string();
    assert!(audit.contains("makes a backup") && audit.contains("restores the backup of"), "{audit}");
    let log = demo.process.lines().join("\n") + &demo.ask(&["log", "-v", "-n", "1000"]);
    assert!(!log.contains(PASSWORD) && !log.contains("lamo kuch"), "{log}");
    let viewer = browser.ask("POST", "/tokens", &json!({ "name": "look", "role": "operator" })).json();
    let bearer = format!("Authorization: Bearer {}\r\n", viewer["token"].as_str().unwrap());
    let denied = browser.send("POST", "/restore", &bearer, "application/octet-stream", &file);
    assert_eq!(denied.status, 403, "{}", denied.text());
}

/// A gateway of `tipring run` with a file beside its configuration.
struct Annex {
    dir: Dir,
    file: PathBuf,
    gateway: Option<Process>,
}

impl Annex {
    fn new(name: &str) -> Self {
        let dir = Dir::new(name);
        let file = dir.path().join("tipring.toml");
        let annex = Self { dir, file, gateway: None };
        annex.write("old");
        annex
    }

    fn write(&self, word: &str) {
        let text = format!(
            "# {word}\ncountry = \"us\"\nlisten = \"127.0.0.1:0\"\nname = \"{word}\"\n[phone.11]\nport = \"sim/1\"\n\
             [sip.201]\npassword_file = \"secret\"\n"
        );
        std::fs::write(&self.file, text).unwrap();
        let secret = self.dir.path().join("secret");
        std::fs::write(&secret, format!("geheim-{word}\n")).unwrap();
        std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn start(&mut self) {
        let (state, file) = (self.state(), self.file.clone());
        let gateway = Process::start(&[
            "--dir",
            state.to_str().unwrap(),
            "run",
            "--no-watch",
            "--config",
            file.to_str().unwrap(),
        ]);
        gateway.shows(" runs: ");
        self.gateway = Some(gateway);
        until("it answers", || (self.command(&["lines"]).status.code() == Some(0)).then_some(()));
    }

    fn command(&self, arguments: &[&str]) -> std::process::Output {
        let state = self.state();
        let all: Vec<&str> =
            ["--dir", state.to_str().unwrap()].into_iter().chain(arguments.iter().copied()).collect();
        tipring(&all)
    }

    /// The words of both files.
    fn words(&self) -> [String; 2] {
        let text = std::fs::read_to_string(&self.file).unwrap();
        let secret = std::fs::read_to_string(self.dir.path().join("secret")).unwrap();
        let word = text.lines().next().unwrap().trim_start_matches("# ").to_owned();
        [word, secret.trim().trim_start_matches("geheim-").to_owned()]
    }
}

#[test]
fn a_gateway_that_is_killed_while_it_restores_has_the_old_or_the_new_whole() {
    let mut annex = Annex::new("killed");
    annex.start();
    let password = annex.dir.file("password", &format!("{PASSWORD}\n"));
    let (password, file) = (password.to_str().unwrap().to_owned(), annex.dir.path().join("old.backup"));
    let file = file.to_str().unwrap().to_owned();
    let made = annex.command(&["config", "backup", &file, "--password-file", &password]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = annex.command(&["config", "backup", &file, "--password-file", &password]);
    assert!(stderr(&again).contains("is there already"), "{}", stderr(&again));

    let mut seen = Vec::new();
    for round in 0..6u64 {
        annex.write("new");
        assert_eq!(annex.command(&["config", "apply"]).status.code(), Some(0));
        let state = annex.state();
        let mut asking = Command::new(env!("CARGO_BIN_EXE_tipring"))
            .args([
                "--dir",
                state.to_str().unwrap(),
                "config",
                "restore",
                &file,
                "--password-file",
                &password,
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It writes: killed there, a little later in each round.
        let begun = std::time::Instant::now();
        while !["restore.new", "restore"].iter().any(|name| state.join(name).exists()) {
            assert!(begun.elapsed() < common::PATIENCE, "no restore begins");
            std::hint::spin_loop();
        }
        let moment = std::time::Instant::now() + std::time::Duration::from_micros(round * 1500);
        while std::time::Instant::now() < moment {
            std::hint::spin_loop();
        }
        annex.gateway.as_ref().unwrap().signal(Signal::SIGKILL);
        asking.wait().unwrap();
        annex.gateway = None;
        annex.start();
        let words = annex.words();
        assert_eq!(words[0], words[1], "both files are of one moment");
        for name in ["restore", "restore.new", "restore.check"] {
            assert!(!state.join(name).exists() || name == "restore.check", "{name} is left");
        }
        let shown = stdout(&annex.command(&["status"]));
        assert!(shown.contains(&format!("{}  up ", words[0])), "what runs is what the files say: {shown}");
        seen.push(words[0].clone());
    }
    println!("after each kill: {seen:?}");
}

#[test]
fn the_command_line_takes_back_tells_what_a_backup_would_change_and_restores_it() {
    let mut annex = Annex::new("commands");
    annex.start();
    let password = annex.dir.file("password", PASSWORD);
    let (password, file) = (password.to_str().unwrap().to_owned(), annex.dir.path().join("old.backup"));
    let file = file.to_str().unwrap().to_owned();
    assert_eq!(
        annex.command(&["config", "backup", &file, "--password-file", &password]).status.code(),
        Some(0)
    );
    annex.write("new");
    assert_eq!(annex.command(&["config", "apply"]).status.code(), Some(0));
    let wrong = annex.dir.file("wrong", "something else");
    let refused = annex.command(&["config", "restore", &file, "--password-file", wrong.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("the password is not the one"), "{}", stderr(&refused));
    let look = annex.command(&["config", "restore", &file, "--dry-run", "--password-file", &password]);
    let told = stdout(&look);
    assert!(told.contains("name: \"new\" -> \"old\", at once") && told.contains("secret: "), "{told}");
    assert!(told.contains("Nothing has changed yet.") && annex.words() == ["new", "new"], "{told}");
    let done = annex.command(&["config", "restore", &file, "--password-file", &password]);
    assert!(stdout(&done).contains("is in force as configuration 3"), "{}{}", stdout(&done), stderr(&done));
    assert_eq!(annex.words(), ["old", "old"]);
    let history = stdout(&annex.command(&["config", "history"]));
    assert_eq!(history.lines().count(), 3, "{history}");
    // Only its text: the secret beside it stays.
    let back = annex.command(&["config", "rollback", "2"]);
    assert!(stdout(&back).starts_with("Configuration 4 in force."), "{}{}", stdout(&back), stderr(&back));
    assert_eq!(annex.words(), ["new", "old"]);
    let none = annex.command(&["config", "rollback", "99"]);
    assert!(stderr(&none).contains("config history"), "{}", stderr(&none));
    // On a gateway that never was here.
    let mut other = Annex::new("other");
    other.start();
    let done = other.command(&["config", "restore", &file, "--password-file", &password]);
    assert!(stdout(&done).contains("is in force as configuration "), "{}{}", stdout(&done), stderr(&done));
}
