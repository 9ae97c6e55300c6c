//! baresip as a telephone: it speaks from a file, records what it hears and is steered over TCP.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::common::{Dir, until};
use crate::gateway::free_port;
use crate::measure;
use crate::program::Program;
use crate::wave;

/// The key that tells baresip that the last one was released.
const RELEASED: u8 = 4;

/// What one is to be.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// Its user part.
    pub user: &'a str,
    /// Host and port of its address of record; its own address where it is empty.
    pub domain: &'a str,
    /// Parameters of its account.
    pub account: &'a str,
    /// What it speaks: hertz and dBm0.
    pub tone: (f64, f64),
    /// SIP over TCP to its registrar.
    pub over_tcp: bool,
    /// Its codecs, as its account has them.
    pub codecs: &'a str,
    /// Its screen shows all SIP that it sends and receives.
    pub traces: bool,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        let (account, codecs) = (";regint=0", "pcmu/8000/1");
        let tone = (700.0, -15.0);
        Self { user: "5551234", domain: "", account, tone, over_tcp: false, codecs, traces: false }
    }
}

/// A running baresip.
pub struct Baresip {
    program: Program,
    dir: Dir,
    control: TcpStream,
    console: TcpStream,
    heard: Arc<Mutex<String>>,
    pub sip: SocketAddr,
}

impl Baresip {
    /// Seconds that it has something to say; afterwards it is silent.
    const SPEECH: f64 = 100.0;

    pub fn start(name: &str, setup: Setup<'_>) -> Self {
        let dir = Dir::new(name);
        wave::write(&dir.path().join("tone.wav"), &wave::tone(setup.tone.0, setup.tone.1, Self::SPEECH));
        let ports = [free_port(), free_port(), free_port()];
        let address = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let [sip, control, console] = ports.map(address);
        let path = dir.path().display();
        let text = format!(
            "sip_listen {sip}\nnet_interface 127.0.0.1\ncall_local_timeout 60\ncall_max_calls 8\n\
             audio_player aubridge,ear\naudio_source aufile,{path}/tone.wav\naudio_alert aubridge,bell\n\
             ausrc_srate 8000\nauplay_srate 8000\nausrc_channels 1\nauplay_channels 1\naudio_txmode poll\n\
             rtcp_enable yes\njitter_buffer_delay 1-5\nmodule_path {modules}\nmodule g711.so\nmodule opus.so\nmodule aufile.so\n\
             module aubridge.so\nmodule sndfile.so\nsnd_path {path}\nmodule cons.so\ncons_listen {console}\n\
             module_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen {control}\n",
            modules = modules().display(),
        );
        dir.file("config", &text);
        let domain = if setup.domain.is_empty() { sip.to_string() } else { setup.domain.to_owned() };
        let transport = if setup.over_tcp { ";transport=tcp" } else { "" };
        dir.file(
            "accounts",
            &format!(
                "<sip:{}@{domain}{transport}>{};answermode=manual;audio_codecs={};dtmfmode=rtpevent\n",
                setup.user, setup.account, setup.codecs
            ),
        );
        dir.file("contacts", "");
        let trace = setup.traces.then_some("-s");
        let program = Program::start(Command::new("baresip").arg("-f").arg(dir.path()).arg("-v").args(trace));
        program.shows("baresip is ready");
        let control = connect(control);
        let console = connect(console);
        let heard = Arc::new(Mutex::new(String::new()));
        listen(control.try_clone().unwrap(), Arc::clone(&heard));
        Self { program, dir, control, console, heard, sip }
    }

    /// Gives a command; its events tell how it went.
    pub fn tell(&mut self, command: &str, parameters: &str) {
        let text = format!("{{\"command\":\"{command}\",\"params\":\"{parameters}\",\"token\":\"t\"}}");
        write!(self.control, "{}:{text},", text.len()).unwrap();
    }

    /// Waits for the `times`th event that has all `parts` in it.
    pub fn sees_times(&self, parts: &[&str], times: usize) -> String {
        until(&format!("baresip sees {parts:?} {times} times"), || {
            let heard = self.heard.lock().unwrap();
            let is_it = |event: &&str| parts.iter().all(|part| event.contains(part));
            heard.split("},").filter(is_it).nth(times - 1).map(str::to_owned)
        })
    }

    pub fn sees(&self, parts: &[&str]) -> String {
        self.sees_times(parts, 1)
    }

    /// Waits until it has heard a tone of about this level for longer than `length_ms` in the present stretch of talk.
    pub fn hears_tone(&self, hertz: f64, dbm0: f64, length_ms: usize) {
        until(&format!("baresip hears {hertz} Hz {dbm0} dBm0 for {length_ms} ms"), || {
            let recording = self.files().pop().map(|file| wave::read(&file))?;
            measure::find(&recording, hertz, dbm0).filter(|found| found.length_ms > length_ms)
        });
    }

    /// What it has told so far.
    pub fn told(&self) -> String {
        self.heard.lock().unwrap().clone()
    }

    /// Presses a key in a call.
    pub fn press(&mut self, key: char) {
        self.console.write_all(&[key as u8]).unwrap();
    }

    /// Lets the key go.
    pub fn release(&mut self) {
        self.console.write_all(&[RELEASED]).unwrap();
    }

    /// Waits for a line on its screen.
    pub fn shows(&mut self, part: &str) -> String {
        self.program.shows(part)
    }

    /// Ends it, and gives what it heard in its calls, in the order of time.
    pub fn recordings(mut self) -> Vec<Vec<i16>> {
        self.tell("quit", "");
        self.program.ends();
        self.files().iter().map(|file| wave::read(file)).collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        files.sort();
        files
    }
}

fn modules() -> PathBuf {
    let found = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules"]
        .into_iter()
        .map(Path::new)
        .find(|path| path.is_dir());
    found.expect("baresip's modules").to_owned()
}

fn connect(to: SocketAddr) -> TcpStream {
    until("baresip listens", || TcpStream::connect(to).ok())
}

fn listen(mut from: TcpStream, into: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    });
}
