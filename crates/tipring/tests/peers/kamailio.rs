//! Kamailio as registrar and proxy that asks for passwords.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use crate::common::Dir;
use crate::gateway::free_port;
use crate::program::Program;

/// A running Kamailio. The password of user N is `pw-N`.
pub struct Kamailio {
    program: Program,
    _dir: Dir,
    pub sip: SocketAddr,
}

impl Kamailio {
    pub fn start(name: &str) -> Self {
        let dir = Dir::new(name);
        let port = free_port();
        let modules = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"]
            .map(|place| format!("{place}/kamailio/modules"))
            .into_iter()
            .find(|place| Path::new(place).is_dir())
            .expect("Kamailio's modules");
        let text =
            include_str!("kamailio.cfg").replace("PORT", &port.to_string()).replace("MODULES", &modules);
        let file = dir.file("kamailio.cfg", &text);
        // In the foreground, with little memory: it is a child of this test and ends with it.
        let program = Program::start(
            Command::new("kamailio")
                .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
                .args(["-DD", "-E", "-m", "32", "-M", "4", "-Y"])
                .arg(dir.path())
                .arg("-P")
                .arg(dir.path().join("pid"))
                .arg("-f")
                .arg(file),
        );
        program.shows("Listening on");
        Self { program, _dir: dir, sip: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) }
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // Its main process ends its children when it is asked to, not when it is killed.
        self.program.terminate();
        self.program.ends();
    }
}
