//! SIPp: scenarios of peers that do not behave well. Its exit code says whether the gateway did what it should.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;

use crate::common::{Dir, until};
use crate::gateway::free_port;
use crate::program::Program;

/// SIPp gives up after this many seconds.
const PATIENCE_S: &str = "120";

/// SIPp with one scenario.
pub struct Sipp {
    program: Program,
    dir: Dir,
    messages: PathBuf,
}

impl Sipp {
    /// One that waits for calls on `port`, until `calls` are over.
    pub fn serve(scenario: &str, port: u16, calls: usize) -> Self {
        Self::serve_with(scenario, port, calls, &[])
    }

    /// The same with further arguments.
    pub fn serve_with(scenario: &str, port: u16, calls: usize, more: &[&str]) -> Self {
        let calls = calls.to_string();
        let mut arguments = vec!["-m", &calls];
        arguments.extend(more);
        let sipp = Self::start(scenario, port, &arguments);
        // Its screen comes late, so the system is asked whether it listens.
        until("SIPp listens", || {
            let sockets = std::fs::read_to_string("/proc/net/udp").unwrap();
            sockets.contains(&format!("0100007F:{port:04X} ")).then_some(())
        });
        sipp
    }

    /// One that calls `number` at `to`.
    pub fn call(scenario: &str, to: SocketAddr, number: &str) -> Self {
        Self::start(scenario, free_port(), &["-m", "1", "-s", number, &to.to_string()])
    }

    fn start(scenario: &str, port: u16, arguments: &[&str]) -> Self {
        let dir = Dir::new(&format!("sipp-{scenario}-{port}"));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/scenarios");
        let messages = dir.path().join("messages.log");
        let media = free_port();
        // 700 Hz at about -15 dBm0 as mu-law bytes, for scenarios that play it.
        std::fs::write(
            dir.path().join("tone.ulaw"),
            crate::wave::mu_law(&crate::wave::tone(700.0, -15.0, 30.0)),
        )
        .unwrap();
        let program = Program::start(
            Command::new("sipp")
                .current_dir(dir.path())
                .arg("-sf")
                .arg(format!("{source}/{scenario}.xml"))
                .args(["-i", &Ipv4Addr::LOCALHOST.to_string(), "-p", &port.to_string()])
                .args(["-mi", "127.0.0.1", "-mp", &media.to_string()])
                .args(["-timeout", PATIENCE_S, "-timeout_error", "-nostdin", "-trace_msg", "-trace_err"])
                .args(["-error_file", "errors.log", "-message_file"])
                .arg(&messages)
                .args(arguments),
        );
        Self { program, dir, messages }
    }

    /// Waits for its end, which must be one without any message that it did not expect. What was sent and received.
    pub fn succeeds(mut self) -> String {
        let code = self.program.ends();
        let messages = std::fs::read_to_string(&self.messages).unwrap_or_default();
        let errors = std::fs::read_to_string(self.dir.path().join("errors.log")).unwrap_or_default();
        assert!(code.success(), "SIPp: {code}\n{errors}\n{messages}");
        messages
    }
}

/// How many of the messages that SIPp received begin with `start`.
pub fn received(messages: &str, start: &str) -> usize {
    let parts = messages.split("UDP message received").skip(1);
    parts.filter(|part| part.lines().nth(2).is_some_and(|line| line.starts_with(start))).count()
}
