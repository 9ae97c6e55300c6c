//! A gateway with a configuration of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

use crate::common::{Dir, stderr, stdout, until, until_ok};
use crate::program::Program;

/// Loss in percent that a call may show. The far end is a program on the same busy machine: what it sends late is
/// lost to the gateway. What the gateway itself does with loss is tested in virtual time.
const LOSS_OF_A_BUSY_MACHINE: f64 = 2.0;
/// UDP ports for media of one gateway.
const MEDIA_PORTS: u16 = 100;

/// Ports of this test process alone: what the system hands out for port 0 is elsewhere, and no test gets one twice.
struct Claim {
    first: u16,
    /// The range is cut into so many parts; a process has the one that its number chooses.
    parts: u16,
    width: u16,
    next: AtomicU16,
}

impl Claim {
    /// The next `count` ports in a row.
    fn take(&self, count: u16) -> u16 {
        let part = u16::try_from(std::process::id() % u32::from(self.parts)).unwrap();
        let step = self.next.fetch_add(count, Ordering::Relaxed);
        self.first + (part * self.width + step) % (self.parts * self.width)
    }
}

/// An even port that is free, for UDP and TCP, with the one above it.
pub fn free_port() -> u16 {
    static PORTS: Claim = Claim { first: 2_000, parts: 80, width: 100, next: AtomicU16::new(0) };
    let is_free = |port| {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
            && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
    };
    until("a free pair of ports", || Some(PORTS.take(2)).filter(|port| is_free(*port) && is_free(port + 1)))
}

/// A range of UDP ports that no other gateway of these tests has.
pub fn media_range(count: u16) -> (u16, u16) {
    static PORTS: Claim = Claim { first: 10_000, parts: 24, width: 900, next: AtomicU16::new(0) };
    let first = PORTS.take(count);
    (first, first + count - 1)
}

/// A running gateway.
pub struct Gateway {
    pub process: Program,
    pub dir: Dir,
    pub sip: SocketAddr,
    pub media: (u16, u16),
}

impl Gateway {
    /// Starts one; `body` is its configuration below country and addresses.
    pub fn start(name: &str, body: &str) -> Self {
        Self::start_in(Dir::new(name), body, MEDIA_PORTS, &[])
    }

    /// The same in a directory that is there already, with further arguments.
    pub fn start_in(dir: Dir, body: &str, ports: u16, arguments: &[&str]) -> Self {
        let media = media_range(ports);
        let text = format!(
            "country = \"us\"\nlisten = \"127.0.0.1:0\"\nmedia = \"{}-{}\"\ntrust = [\"127.0.0.0/8\"]\n{body}\n[web]\nlisten = \"off\"\n",
            media.0, media.1
        );
        let file = dir.file("tipring.toml", &text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tipring"));
        command.arg("--dir").arg(dir.path()).arg("run").arg("--config").arg(file).args(arguments);
        let process = Program::start(&mut command);
        let line = process.shows("SIP on ");
        let address = line.split("SIP on ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
        let sip = address.parse().unwrap_or_else(|_| panic!("{line}"));
        let gateway = Self { process, dir, sip, media };
        until("it answers", || (gateway.command(&["status"]).status.code() != Some(2)).then_some(()));
        gateway
    }

    /// The demo; its password for user 201 too.
    pub fn demo(name: &str) -> (Self, String) {
        let dir = Dir::new(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tipring"));
        command.arg("--dir").arg(dir.path()).args(["demo", "--sip", "127.0.0.1:0"]);
        let process = Program::start(&mut command);
        let line = process.shows("SIP phone:");
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["SIP", "phone:", sip, "user", "201", "password", password] = words[..] else { panic!("{line}") };
        let password = password.to_owned();
        // The demo has the program's own range.
        let gateway = Self { sip: sip.parse().unwrap(), process, dir, media: (16_384, 17_383) };
        until("it answers", || (gateway.command(&["status"]).status.code() != Some(2)).then_some(()));
        (gateway, password)
    }

    /// Asks the program to stop, and waits until it has; what it was is kept for `records` and `log`.
    pub fn stops(&mut self) {
        self.process.terminate();
        let code = self.process.ends();
        assert!(code.success(), "{code}");
    }

    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tipring"));
        command.arg("--dir").arg(self.dir.path()).args(arguments).output().unwrap()
    }

    /// A command that must succeed (1 is a status with alarms); what it prints.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {}", stderr(&output));
        stdout(&output)
    }

    pub fn phone(&self, number: &str, act: &[&str]) -> String {
        let mut all = vec!["phone", number];
        all.extend(act);
        self.ask(&all)
    }

    pub fn log(&self) -> String {
        self.ask(&["log", "-v", "-n", "5000"])
    }

    /// Waits for a line of the log that has `part` in it.
    pub fn logs(&self, part: &str) -> String {
        self.logs_times(part, 1)
    }

    /// Waits until `part` was logged `times` times; the last of them.
    pub fn logs_times(&self, part: &str, times: usize) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tipring"));
        command.arg("--dir").arg(self.dir.path()).args(["log", "-v", "-n", "5000", "--follow"]);
        Program::start(&mut command).shows_times(part, times)
    }

    /// Waits for a status that has `part` in it.
    pub fn status_shows(&self, part: &str) -> String {
        let shown = until_ok(|| {
            let status = self.ask(&["status"]);
            if status.contains(part) { Ok(status) } else { Err(status) }
        });
        shown.unwrap_or_else(|status| panic!("status does not show {part:?} but: {status}{}", self.log()))
    }

    /// Waits until status shows a call so named (its parties and codec, or the codec alone) that is good to hear.
    pub fn hears_well(&self, call: &str) {
        let shown = until_ok(|| {
            let status = self.ask(&["status"]);
            if status.lines().any(|line| is_good(line, call)) { Ok(()) } else { Err(status) }
        });
        shown.unwrap_or_else(|status| panic!("no good call {call:?} in: {status}{}", self.log()));
    }

    /// Waits until a telephone hears a line for which `is_it` is true.
    pub fn hears_which(&self, number: &str, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let heard = until_ok(|| {
            let heard = self.phone(number, &["hear"]);
            heard.lines().find(|line| is_it(line)).map(str::to_owned).ok_or(heard)
        });
        heard.unwrap_or_else(|heard| {
            panic!("{number} does not hear {what} but {heard:?}; log: {}", self.log())
        })
    }

    pub fn hears(&self, number: &str, line: &str) {
        self.hears_which(number, line, |heard| heard == line);
    }

    /// Waits until a telephone hears this tone at this level, within 1 % and 2 dB.
    pub fn hears_tone(&self, number: &str, hertz: f64, dbm0: f64) {
        self.hears_which(number, &format!("{hertz} Hz {dbm0} dBm0"), |line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, heard_hertz, _, heard_dbm0, _] = words[..] else { return false };
            let (Ok(heard_hertz), Ok(heard_dbm0)) = (heard_hertz.parse::<f64>(), heard_dbm0.parse::<f64>())
            else {
                return false;
            };
            words[0] == "tone"
                && (heard_hertz - hertz).abs() <= hertz / 100.0
                && (heard_dbm0 - dbm0).abs() <= 2.0
        });
    }

    /// A telephone is lifted and dials.
    pub fn dials(&self, number: &str, digits: &str) {
        self.phone(number, &["off-hook"]);
        self.hears(number, "dial-tone");
        self.phone(number, &["dial", digits]);
    }

    /// Call records as JSON, a call a line.
    pub fn records(&self) -> Vec<String> {
        self.ask(&["calls", "--json", "-n", "1000"]).lines().map(str::to_owned).collect()
    }

    /// Waits for record number `count`, and that no call is left; the record.
    pub fn record(&self, count: usize) -> String {
        let record = until(&format!("{count} call records"), || {
            let records = self.records();
            assert!(records.len() <= count, "more calls than there were: {records:#?}");
            records.get(count - 1).cloned()
        });
        until("no call is left", || self.ask(&["status", "--json"]).contains("\"calls\":[]").then_some(()));
        record
    }

    /// Memory in use, in kilobytes.
    pub fn resident_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

/// `line` shows `call` with next to no loss, and calls it good.
fn is_good(line: &str, call: &str) -> bool {
    let Some((before, figures)) = line.split_once("  loss ") else { return false };
    let Some((loss, word)) = figures.split_once(" %  ") else { return false };
    before.ends_with(call)
        && loss.parse().is_ok_and(|loss: f64| loss <= LOSS_OF_A_BUSY_MACHINE)
        && word == "good"
}

#[test]
fn a_call_is_good_by_its_codec_its_loss_and_the_word_for_it() {
    let shown = |loss: &str, word: &str| format!("101  00:07 to 19 via far      Opus  loss {loss} %  {word}");
    assert!(is_good(&shown("0.0", "good"), "Opus") && is_good(&shown("2.0", "good"), "far      Opus"));
    assert!(!is_good(&shown("2.1", "good"), "Opus") && !is_good(&shown("0.4", "FAIR: network"), "Opus"));
    assert!(!is_good(&shown("0.4", "good"), "G.711u") && !is_good(&shown("-", "good"), "Opus"));
    assert!(!is_good("101  00:07 to 19 via far      calling", ""), "no figures yet");
}

/// The number behind `"key":` in a JSON line.
pub fn number_of(json: &str, key: &str) -> Option<i64> {
    let rest = json.split(&format!("\"{key}\":")).nth(1)?;
    let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
    digits.parse().ok()
}

/// The text behind `"key":` in a JSON line.
pub fn text_of<'a>(json: &'a str, key: &str) -> &'a str {
    json.split(&format!("\"{key}\":\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}
