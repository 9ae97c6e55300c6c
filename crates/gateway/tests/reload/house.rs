//! A control plane with two telephones that talk, and what it orders.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tipring_config::{Apply, Effective, FileFound, Files, check_with, diff};
use tipring_gateway::{Control, Input, Output, Reload, Site, Status, Wiring};
use tipring_port::{Command, DigitSource, Event, LineCommand, LineEvent};
use tipring_units::{Entropy, Epoch, Instant, LineId, MediaSlot, Millis, ShardId, WallTime};

/// Every key of this version, written.
pub const FULL: &str = "name = \"one\"
country = \"us\"
listen = \"127.0.0.1:5060\"
media = \"20000-20099\"
digest = \"md5\"
trust = [\"10.0.0.0/8\"]
wait_first_digit = \"20 s\"
wait_digit = \"9 s\"
wait_end = \"2500 ms\"
wait_answer = \"90 s\"
hunt = \"linear\"
announcements = false
announce_features = false
announcement_files = \"voice\"
language = \"en\"
star_codes = \"etsi\"
[server.a]
address = \"10.0.0.5:5060\"
user = \"house\"
password = \"pass-a\"
transport = \"udp\"
expires = \"10 min\"
codecs = [\"pcma\"]
dtmf = \"info\"
from = \"caller\"
vad = true
mailbox = \"{number}\"
ptime = \"30 ms\"
jitter = \"30-120 ms\"
jitter_mode = \"fixed\"
rings = \"101\"
may_call = \"internal\"
forwards = \"gateway\"
called_out = \"<00:+>x.\"
caller_out = \"<:1>xxx\"
called_in = \"<1:>xxx\"
caller_in = \"<+:00>x.\"
[server.b]
address = \"10.0.0.6:5060\"
user = \"other\"
password_file = \"pw\"
[server.c]
address = \"10.0.0.7:5060\"
passwords = \"own\"
[phone.101]
port = \"sim/1\"
name = \"Desk\"
type = \"plain\"
may_call = \"local\"
may_call_night = \"no-premium\"
night_hours = \"20:00-06:00\"
caller_id = true
pulse = false
flash = \"250-500 ms\"
codecs = [\"pcma\", \"pcmu\"]
ptime = \"50 ms\"
jitter = \"40-60 ms\"
jitter_mode = \"adaptive\"
disconnect = \"cpc 600 ms\"
reversal = false
metering = \"16 kHz\"
start = \"loop\"
gain_in = \"-1 dB\"
gain_out = \"2 dB\"
agc = \"off\"
dtmf_profile = \"denmark\"
dtmf_level = \"-35 dBm0\"
dtmf_twist = \"9 dB\"
impedance = \"600\"
echo_tail = \"16 ms\"
level_in = \"-2 dBr\"
level_out = \"-8 dBr\"
ring = \"1000/3000 ms\"
ring_frequency = \"25 Hz\"
ring_level = \"70 V\"
pulse_digits = \"sweden\"
tone_dial = \"425\"
tone_stutter = \"425 500/50 ms\"
tone_ringback = \"400*25 1000/4000 ms\"
tone_busy = \"425 480/480 ms\"
tone_congestion = \"425 240/240 ms\"
tone_waiting = \"425 200/9000 ms\"
lamp = false
lifeline = \"1\"
[phone.102]
port = \"sim/2\"
dials = \"103\"
[phone.103]
port = \"sim/3\"
forward = \"101\"
forward_busy = \"104\"
forward_no_answer = \"102\"
forward_unreachable = \"102\"
ring_time = \"36 s\"
ring_for = \"5xx dr2\"
reject_anonymous = false
hide = false
waiting = false
recall = \"swap\"
lock = false
pin = \"4713\"
star_codes = false
pickup = \"floor\"
transfer = false
data = false
priority = false
rooms = true
desk = \"102\"
desk_key = \"7\"
dial_after = \"5 s\"
dial_time = \"26 s\"
repeat = false
call_limit = \"70 s\"
release = \"#9\"
opens = \"12\"
connects = \"ring\"
one_way = false
pre_tone = \"400 ms\"
override = false
self_test = \"04:30\"
self_test_to = \"a:8002\"
test = \"03:30\"
[sip.201]
password = \"pass-s\"
name = \"Soft\"
may_call = \"national\"
may_call_night = \"internal\"
night_hours = \"22:00-06:00\"
[sip.202]
password_file = \"pw\"
[sip.203]
passwords = \"pws\"
[line.1]
port = \"sim/9\"
name = \"l\"
rings = \"101\"
ring_time = \"25 s\"
fallback = \"102\"
night = \"102\"
night_hours = \"18:00-08:00\"
caller_id = \"bellcore\"
rings_before = 3
dialling = \"dtmf\"
dial_when = \"dial tone or 4 s\"
suffix = \"#\"
flash = \"450 ms\"
guard = \"1500 ms\"
answer = \"at once\"
disconnect = [\"cpc 250 ms\", \"tones\"]
learned = \"500+620 300/300 ms\"
called_out = \"<:1>xxxxxxx\"
caller_in = \"<:9>x.\"
disa = \"all\"
disa_pin = \"4711\"
start = \"loop\"
impedance = \"900\"
level_in = \"1 dBr\"
level_out = \"-4 dBr\"
tone_dial = \"400\"
tone_ringback = \"400 1000/4000 ms\"
tone_busy = \"400 500/500 ms\"
tone_congestion = \"400 250/250 ms\"
gain_in = \"-4 dB\"
gain_out = \"4 dB\"
agc = \"both\"
echo_tail = \"48 ms\"
in_use_below = \"18 V\"
dead_below = \"4 V\"
codecs = [\"pcmu\", \"pcma\"]
ptime = \"10 ms\"
jitter = \"50-60 ms\"
jitter_mode = \"adaptive\"
[line.2]
port = \"sim/10\"
rings = \"102\"
disa = \"internal\"
disa_pin_file = \"pin\"
[route.out]
via = [\"a\", \"b\"]
on = \"busy\"
called_out = \"<9:>x.\"
caller_out = \"<8:1>x.\"
[group.600]
name = \"Sales\"
members = [\"101-103\", \"201\"]
hunt = \"linear\"
ring_time = \"15 s\"
busy = \"102\"
no_answer = \"102\"
[dial]
\"0\" = \"101\"
\"1xx\" = \"phones\"
[offline]
\"0\" = \"101\"
[codes]
\"*96\" = \"do-not-disturb\"
[emergency]
via = \"a\"
notify = \"101\"
callback = \"15550100\"
[syslog]
address = \"10.0.0.9:6514\"
transport = \"tls\"
ca_file = \"ca.pem\"
details = false
[web]
listen = \"10.0.0.3\"
certificate = \"web.crt\"
key = \"web.key\"
allow = \"10.0.0.0/24\"
names = \"gw.example.net\"
";

/// The files that it names, and others like them.
pub fn files() -> Files {
    let text = |text: &str| FileFound::Text { text: text.to_owned(), mode: 0o600 };
    let files = [
        ("pw", text("pass-b\n")),
        ("pw2", text("pass-b2\n")),
        ("own", text("101,pass-101\n102,pass-102\n103,pass-103\n")),
        ("own2", text("101,new-101\n102,pass-102\n103,pass-103\n")),
        ("pin", text("1234\n")),
        ("pin2", text("12345\n")),
        ("pws", text("203,pass-203\n")),
        ("pws2", text("203,new-203\n")),
    ];
    files.into_iter().map(|(name, found)| (name.to_owned(), found)).collect()
}

pub fn effective(text: &str) -> Effective {
    let report = check_with(text, "tipring.toml", &files());
    report.effective.clone().unwrap_or_else(|| panic!("{report}"))
}

pub fn site(effective: &Effective, revision: u64) -> Site {
    let wiring = Wiring {
        slots: (0..8).map(|n| (MediaSlot(n), SocketAddr::from(([127, 0, 0, 1], 20_000 + 2 * n)))).collect(),
        sip: SocketAddr::from(([127, 0, 0, 1], 5060)),
        lines_per_shard: 16,
        utc_offset_minutes: 0,
        revision,
    };
    Site::configured(effective, &wiring)
}

/// A control plane and its orders.
pub struct House {
    pub control: Control,
    pub commands: Vec<Command>,
    pub sent: Vec<(SocketAddr, String)>,
    pub in_force: Option<Site>,
    effective: Effective,
    revision: u64,
    epochs: BTreeMap<LineId, Epoch>,
    now: Instant,
}

impl House {
    pub fn new(text: &str) -> Self {
        let effective = effective(text);
        let now = Instant::ZERO;
        let control = Control::new(now, WallTime(0), site(&effective, 1), Entropy::for_simulation(7));
        let (commands, sent, in_force) = (Vec::new(), Vec::new(), None);
        let epochs = BTreeMap::new();
        let mut house = Self { control, commands, sent, in_force, effective, revision: 1, epochs, now };
        house.drain();
        house
    }

    /// Telephones 101 and 102, on lines 0 and 1, talk.
    pub fn talking(text: &str) -> Self {
        let mut house = Self::new(text);
        house.line(0, LineEvent::Seized);
        for digit in *b"102" {
            house.line(0, LineEvent::Digit { digit, source: DigitSource::Dtmf, length: Millis(80) });
        }
        house.wait(Millis::from_secs(10));
        house.line(1, LineEvent::Ringing);
        house.line(1, LineEvent::Answered);
        assert_eq!(house.states(), ["talking"], "{:?}", house.commands);
        house.forget();
        house
    }

    pub fn forget(&mut self) {
        self.commands.clear();
        self.sent.clear();
    }

    pub fn input(&mut self, input: Input<'_>) {
        self.control.handle(self.now, WallTime(0), input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.control.poll() {
            match output {
                Output::Shard(_, command) => self.commands.push(command),
                Output::Send { to, bytes } => self.sent.push((to, String::from_utf8(bytes).unwrap())),
                Output::InForce(site) => self.in_force = Some(*site),
                Output::StreamSend { .. }
                | Output::StreamConnect { .. }
                | Output::StreamClose(_)
                | Output::Resolve(..)
                | Output::Features(..)
                | Output::Store(..)
                | Output::Journal(_)
                | Output::Reply(..) => {}
            }
        }
    }

    pub fn wait(&mut self, length: Millis) {
        let until = self.now + length;
        while let Some((due, _)) = self.control.deadline().filter(|(due, _)| *due <= until) {
            self.now = due.max(self.now);
            self.input(Input::Tick);
        }
        self.now = until;
        self.input(Input::Tick);
    }

    pub fn line(&mut self, line: u16, event: LineEvent) {
        let line = LineId(line);
        let epoch = *self.epochs.entry(line).or_default();
        if matches!(event, LineEvent::Released | LineEvent::RingStopped | LineEvent::GaveUp) {
            self.epochs.insert(line, epoch.next());
        }
        self.input(Input::Shard(ShardId(0), Event::Line(line, epoch, event)));
    }

    pub fn hang_up(&mut self) {
        self.line(0, LineEvent::Released);
        self.line(1, LineEvent::Released);
        assert_eq!(self.states(), [""; 0]);
    }

    /// The shards take the profiles that they were given.
    pub fn take_profiles(&mut self) {
        for command in std::mem::take(&mut self.commands) {
            if let Command::Profile(line, revision, _) = command {
                self.input(Input::Shard(ShardId(0), Event::Profiled(line, revision)));
            }
        }
    }

    /// Applies an edited text as the program does.
    pub fn edit(&mut self, text: &str) {
        self.revision += 1;
        let new = effective(text);
        let changes = diff(&self.effective, &new);
        let waits = changes.iter().filter(|change| change.apply == Apply::NextStart);
        let next_start = waits.map(|change| change.path.clone()).collect();
        let reload = Reload { site: site(&new, self.revision), next_start };
        self.effective = new;
        self.input(Input::Configure(Box::new(reload)));
    }

    pub fn status(&self) -> Status {
        self.control.status()
    }

    /// The calls under way.
    pub fn states(&self) -> Vec<&'static str> {
        self.status().calls.iter().map(|call| call.state).collect()
    }

    /// Orders to lines that belong to calls.
    pub fn line_commands(&self) -> Vec<(LineId, LineCommand)> {
        let of_line = |command: &Command| match command {
            Command::Line(line, _, command) => Some((*line, *command)),
            Command::Media(_)
            | Command::Profile(..)
            | Command::Tones(_)
            | Command::Balance(_)
            | Command::Learn(_)
            | Command::Restart(_) => None,
        };
        self.commands.iter().filter_map(of_line).collect()
    }

    /// Lines that are given a profile.
    pub fn profiled(&self) -> Vec<LineId> {
        let of = |command: &Command| match command {
            Command::Profile(line, ..) => Some(*line),
            Command::Line(..)
            | Command::Media(_)
            | Command::Tones(_)
            | Command::Balance(_)
            | Command::Learn(_)
            | Command::Restart(_) => None,
        };
        self.commands.iter().filter_map(of).collect()
    }

    /// Users that were registered or deregistered, with the server's last octet.
    pub fn registers(&self) -> Vec<String> {
        let told = |(to, text): &(SocketAddr, String)| {
            text.starts_with("REGISTER").then(|| {
                let expires = if text.contains("Expires: 0\r") { "-" } else { "+" };
                let user = text.split("From: <sip:").nth(1).and_then(|rest| rest.split('@').next());
                format!("{expires}{}@{}", user.unwrap_or("?"), to.ip())
            })
        };
        self.sent.iter().filter_map(told).collect()
    }
}
