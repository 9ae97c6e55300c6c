//! Programs of others, as children that end with the test.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::{Lines, until};

/// True if `program` is installed. In CI a peer that is missing is a failure; elsewhere the test says so and passes.
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    if places.map(|dir| dir.join(program)).any(|file| file.is_file()) {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "{program} is not installed: ./test installs it");
    println!("skipped: {program} is not installed");
    false
}

/// A running program whose output is collected.
pub struct Program {
    child: Child,
    name: String,
    lines: Arc<Lines>,
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|why| panic!("{name}: {why}"));
        let lines = Arc::<Lines>::default();
        lines.collect(child.stdout.take().unwrap());
        lines.collect(child.stderr.take().unwrap());
        Self { child, name, lines }
    }

    pub fn lines(&self) -> Vec<String> {
        self.lines.all()
    }

    /// Waits for a line that has `part` in it.
    pub fn shows(&self, part: &str) -> String {
        self.shows_times(part, 1)
    }

    /// Waits for the `times`th of them.
    pub fn shows_times(&self, part: &str, times: usize) -> String {
        let found = self.lines.wait_for(part, times);
        found.unwrap_or_else(|lines| {
            panic!("{} does not show {part:?} {times} times but {lines:#?}", self.name)
        })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        // It may have ended by itself.
        let _ = kill(pid, Signal::SIGTERM);
    }

    /// Waits for its end.
    pub fn ends(&mut self) -> ExitStatus {
        until(&format!("{} ends", self.name), || self.has_ended())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("{} said: {:#?}", self.name, self.lines());
        }
    }
}
