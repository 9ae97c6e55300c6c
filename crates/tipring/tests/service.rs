//! The program under a service manager: what it tells (sd_notify(3)), and what it writes to the journal.

mod common;

use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use common::{Dir, PATIENCE, Process, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const TEXT: &str = "country = \"us\"\nlisten = \"127.0.0.1:0\"\nmedia = \"28800-28849\"\n[phone.101]\nport = \"sim/1\"\n\
     [web]\nlisten = \"off\"\n";

/// A service manager that only listens.
struct Manager(UnixDatagram);

impl Manager {
    fn next(&self) -> String {
        let mut bytes = [0; 1000];
        let length = self.0.recv(&mut bytes).expect("a message to the service manager");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    /// The next message that is not only a sign of life.
    fn next_news(&self) -> String {
        until("news", || Some(self.next()).filter(|text| text != "WATCHDOG=1"))
    }
}

#[test]
fn a_service_manager_is_told_that_it_is_ready_lives_reloads_and_stops() {
    let dir = Dir::new("service");
    let file = dir.file("tipring.toml", TEXT);
    let path = dir.path().join("notify");
    let manager = Manager(UnixDatagram::bind(&path).unwrap());
    manager.0.set_read_timeout(Some(PATIENCE)).unwrap();
    let state = dir.path().join("state");
    let arguments = ["--dir", state.to_str().unwrap(), "run", "--config", file.to_str().unwrap()];
    let variables = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "900000")];
    let mut process = Process::start_with(&arguments, &variables);
    let ready = manager.next();
    assert!(ready.starts_with("READY=1\nSTATUS=tipring runs: 1 phone"), "{ready}");
    for _ in 0..3 {
        assert_eq!(manager.next(), "WATCHDOG=1");
    }
    process.signal(Signal::SIGHUP);
    let reloading = manager.next_news();
    let micros =
        reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap_or_else(|| panic!("{reloading}"));
    assert!(micros.parse::<u64>().is_ok_and(|micros| micros > 0), "{reloading}");
    assert!(manager.next_news().starts_with("READY=1\n"));
    process.signal(Signal::SIGTERM);
    assert!(manager.next_news().starts_with("STOPPING=1\n"));
    assert_eq!(process.ends(), Some(0));
}

#[test]
fn what_happens_goes_to_the_journal_with_a_priority_where_stderr_is_one() {
    let dir = Dir::new("journal");
    let file = dir.file("tipring.toml", &TEXT.replace("28800-28849", "28850-28899"));
    let journal = dir.file("journal", "");
    let found = std::fs::metadata(&journal).unwrap();
    let state = dir.path().join("state");
    for (named, is_journal) in [(format!("{}:{}", found.dev(), found.ino()), true), ("8:1".to_owned(), false)]
    {
        let stderr = std::fs::File::options().append(true).open(&journal).unwrap();
        stderr.set_len(0).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tipring"))
            .args(["--dir", state.to_str().unwrap(), "run", "--config", file.to_str().unwrap()])
            .env("JOURNAL_STREAM", &named)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let log = state.join("events.log");
        let written = |file: &std::path::Path| std::fs::read_to_string(file).unwrap_or_default();
        let shown = if is_journal { &journal } else { &log };
        until("it is written", || written(shown).contains("configuration 1 in force").then_some(()));
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
        until("it ends", || child.try_wait().unwrap());
        let told = written(&journal);
        assert_eq!(told.contains("<6>configuration 1 in force\n"), is_journal, "{named}: {told}");
        std::fs::remove_dir_all(&state).unwrap();
    }
}
