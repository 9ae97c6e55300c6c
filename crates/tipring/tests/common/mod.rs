//! The real binary with a state directory of its own, on loopback.
#![allow(dead_code, missing_docs)] // each test file uses its part

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Nothing here takes longer, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(30);

/// A directory that goes with its owner.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tipring-e2e-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The binary with arguments.
pub fn tipring(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tipring")).args(arguments).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Looks until `look` finds something.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    until_ok(|| look().ok_or(())).unwrap_or_else(|()| panic!("{what}: not within {PATIENCE:?}"))
}

/// Looks until `look` finds something; after [`PATIENCE`], what it found instead.
pub fn until_ok<T, E>(mut look: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let began = Instant::now();
    loop {
        match look() {
            Err(_) if began.elapsed() < PATIENCE => std::thread::sleep(LOOK),
            found => return found,
        }
    }
}

/// The lines that a program has written; who waits for one is woken by it.
#[derive(Default)]
pub struct Lines {
    kept: Mutex<Vec<String>>,
    news: Condvar,
}

impl Lines {
    /// Collects all that comes from `source`.
    pub fn collect(self: &Arc<Self>, source: impl Read + Send + 'static) {
        let lines = Arc::clone(self);
        std::thread::spawn(move || {
            for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
                lines.kept.lock().unwrap().push(String::from_utf8_lossy(&line).trim_end().to_owned());
                lines.news.notify_all();
            }
        });
    }

    pub fn all(&self) -> Vec<String> {
        self.kept.lock().unwrap().clone()
    }

    /// Waits for the `times`th line that has `part` in it; what there is instead if it does not come.
    pub fn wait_for(&self, part: &str, times: usize) -> Result<String, Vec<String>> {
        let find = |lines: &[String]| lines.iter().filter(|line| line.contains(part)).nth(times - 1).cloned();
        let kept = self.kept.lock().unwrap();
        let is_missing = |lines: &mut Vec<String>| find(lines).is_none();
        let (kept, _) = self.news.wait_timeout_while(kept, PATIENCE, is_missing).unwrap();
        find(&kept).ok_or_else(|| kept.clone())
    }
}

/// A process whose output is collected.
pub struct Process {
    child: Child,
    lines: Arc<Lines>,
}

impl Process {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// With these variables in its environment.
    pub fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tipring"))
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::<Lines>::default();
        lines.collect(child.stdout.take().unwrap());
        Self { child, lines }
    }

    pub fn lines(&self) -> Vec<String> {
        self.lines.all()
    }

    /// Waits for a line that has `part` in it.
    pub fn shows(&self, part: &str) -> String {
        let found = self.lines.wait_for(part, 1);
        found.unwrap_or_else(|lines| panic!("the screen does not show {part:?} but {lines:#?}"))
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits for its end; its exit code.
    pub fn ends(&mut self) -> Option<i32> {
        until("the process ends", || self.child.try_wait().unwrap()).code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running demo.
pub struct Demo {
    pub process: Process,
    pub dir: Dir,
}

impl Demo {
    pub fn start(name: &str) -> Self {
        Self::start_in(Dir::new(name))
    }

    pub fn start_in(dir: Dir) -> Self {
        let process = Process::start(&[
            "--dir",
            dir.path().to_str().unwrap(),
            "demo",
            "--sip",
            "127.0.0.1:0",
            "--web",
            "127.0.0.1:0",
        ]);
        process.shows(" in force");
        Self { process, dir }
    }

    /// A command to this demo.
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut all = vec!["--dir", self.dir.path().to_str().unwrap()];
        all.extend(arguments);
        tipring(&all)
    }

    /// A command that must succeed; what it prints.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    pub fn phone(&self, number: &str, act: &[&str]) -> String {
        let mut all = vec!["phone", number];
        all.extend(act);
        self.ask(&all)
    }

    /// Waits until a telephone hears a line for which `is_it` is true.
    pub fn hears(&self, number: &str, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let heard = until_ok(|| {
            let heard = self.phone(number, &["hear"]);
            heard.lines().find(|line| is_it(line)).map(str::to_owned).ok_or(heard)
        });
        heard.unwrap_or_else(|heard| {
            panic!("{number} does not hear {what} but {heard:?}; screen: {:#?}", self.process.lines())
        })
    }

    pub fn hears_line(&self, number: &str, line: &str) {
        self.hears(number, line, |heard| heard == line);
    }

    /// Where SIP phones reach it.
    pub fn sip(&self) -> SocketAddr {
        let line = self.process.shows("SIP phone:");
        line.split_whitespace().nth(2).unwrap().parse().unwrap()
    }

    /// 101 calls 102, and both talk.
    pub fn talk(&self) {
        self.phone("101", &["off-hook"]);
        self.hears_line("101", "dial-tone");
        self.phone("101", &["dial", "102"]);
        self.hears_line("102", "ringing");
        self.phone("102", &["off-hook"]);
        self.process.shows("call 1 answered");
    }
}
