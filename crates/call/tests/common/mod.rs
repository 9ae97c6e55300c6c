//! A small house to try calls in: six telephones, two users, two servers.
#![allow(dead_code)] // each test file uses its own part

use tipring_call::{
    CallEvent, CallRecord, CauseTones, CodeSet, Destination, DialRow, Duty, Emergency, FarAction, FarEvent,
    FarId, Features, Hunt, Identity, Input, LineDoing, MediaAction, Number, Output, OutsideLine, Permission,
    Phone, Server, ServerName, Setup, Switch, Timers, User, Via,
};
use tipring_country::{NumberKind, NumberPlan, NumberRule, Pattern};
use tipring_port::{CallerId, DigitSource, LineCommand, LineEvent, RingPattern, Text};
use tipring_units::{Epoch, Instant, LineId, Millis, WallTime};

/// 2024-02-29 12:34:56 UTC.
pub const START: WallTime = WallTime(1_709_210_096 * 1_000_000);

pub fn number(text: &str) -> Number {
    Number::new(text)
}

pub fn server(name: &str) -> ServerName {
    ServerName::new(name)
}

pub fn row(pattern: &str, to: Destination) -> DialRow {
    DialRow { pattern: Pattern::parse(pattern).unwrap(), to }
}

pub fn to_server(name: &str) -> Destination {
    Destination::Server { name: server(name), number: None }
}

/// Enough of the North American plan.
pub fn numbering() -> NumberPlan {
    let rule = |pattern: &str, kind| NumberRule { pattern: Pattern::parse(pattern).unwrap(), kind };
    NumberPlan {
        emergency: vec!["911".into()],
        rules: vec![
            rule("[2-8]11", NumberKind::Service),
            rule("[2-9]xx[2-9]xxxxxx", NumberKind::Local),
            rule("1[2-9]xx[2-9]xxxxxx", NumberKind::National),
            rule("1900[2-9]xxxxxx", NumberKind::Premium),
            rule("011xx.", NumberKind::International),
        ],
        trunk_prefix: "1".into(),
        international_prefix: "011".into(),
    }
}

pub fn phone(line: u16, may_call: Permission) -> Phone {
    Phone {
        data: false,
        line: LineId(line),
        number: number(&(101 + line).to_string()),
        name: Text::new(&format!("Room {}", 101 + line)),
        may_call,
        night: None,
        ring: RingPattern::new(&[Millis(2000), Millis(4000)]),
        ring_for: Vec::new(),
        features: Features::default(),
        no_answer: Millis::from_secs(20),
        codes: true,
        pickup: Vec::new(),
        transfer: true,
        lamp: true,
        recall: Default::default(),
        pin: Some(number("4711")),
        dials: Vec::new(),
        duty: Duty::default(),
    }
}

/// Telephones 101 to 106 on lines 0 to 5, users 201 and 202, servers pbx and alt.
pub fn house() -> Setup {
    let user = |text: &str| User {
        number: number(text),
        name: Text::new(""),
        may_call: Permission::All,
        night: None,
    };
    Setup {
        lines: Vec::new(),
        hunt: Hunt::Linear,
        phones: (0..6).map(|line| phone(line, Permission::All)).collect(),
        users: vec![user("201"), user("202")],
        groups: Vec::new(),
        routes: Vec::new(),
        rewrites: Default::default(),
        servers: ["pbx", "alt"]
            .map(|name| Server {
                name: server(name),
                rings: None,
                may_call: None,
                forwards: Default::default(),
            })
            .into(),
        dial: Some(vec![
            row("0", Destination::Number(number("101"))),
            row("1xx", Destination::Phones),
            row("2xx", Destination::Phones),
            row("<9:>,xx.", to_server("pbx")),
        ]),
        codes: CodeSet::Etsi.codes(),
        offline: Vec::new(),
        numbering: numbering(),
        emergency: Emergency { via: vec![to_server("pbx"), to_server("alt")], callback: None, notify: None },
        timers: Timers::default(),
        tones: CauseTones::default(),
        says_features: false,
        address: Some([192, 168, 0, 10].into()),
        offset_minutes: 0,
    }
}

/// The house with three outside lines, 1 to 3 on ports 6 to 8: dialled with 9, their dial tone with 8, line 2 alone
/// with 7. Those who call in on line 1 ring 101 and 102, then 103.
pub fn outside_house() -> Setup {
    let phone_number = |text: &str| Destination::Number(number(text));
    let line = |line: u16, rings: Vec<Destination>, fallback| OutsideLine {
        line: LineId(5 + line),
        number: number(&line.to_string()),
        name: Text::new("Exchange"),
        rings,
        fallback,
        ring_time: Millis::from_secs(20),
        night: None,
        disa: None,
        suffix: number(""),
    };
    let lines = vec![
        line(1, vec![phone_number("101"), phone_number("102")], Some(phone_number("103"))),
        line(2, vec![to_server_number("pbx", "700")], None),
        line(3, Vec::new(), None),
    ];
    Setup {
        lines,
        dial: Some(vec![
            row("1xx", Destination::Phones),
            row("2xx", Destination::Phones),
            row("<9:>,xx.", Destination::Lines { number: None }),
            row("<8:>", Destination::Lines { number: None }),
            row("<7:>,xx.", Destination::Line { line: number("2"), number: None }),
            row("<6:>,xx.", to_server("pbx")),
        ]),
        emergency: Emergency::default(),
        ..house()
    }
}

/// Telephones that hand nothing on: hung up with calls held they are rung back.
pub fn without_transfer(mut setup: Setup) -> Setup {
    for phone in &mut setup.phones {
        phone.transfer = false;
    }
    setup
}

pub fn to_server_number(name: &str, text: &str) -> Destination {
    Destination::Server { name: server(name), number: Some(number(text)) }
}

/// The house with everybody in it doing at once what they are told.
pub struct House {
    pub switch: Switch,
    pub now: Instant,
    pub out: Vec<Output>,
    epochs: Vec<Epoch>,
    incoming: u64,
}

impl House {
    pub fn new(setup: Setup) -> Self {
        Self {
            switch: Switch::new(setup),
            now: Instant::ZERO,
            out: Vec::new(),
            epochs: vec![Epoch(0); 16],
            incoming: 0,
        }
    }

    /// What came out since the last input is forgotten, then this goes in.
    pub fn input(&mut self, input: Input) {
        self.out.clear();
        let wall = WallTime(START.0 + self.now.as_nanos() / 1000);
        self.switch.handle(self.now, wall, input);
        self.drain();
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.switch.poll() {
            self.out.push(output);
        }
    }

    pub fn line(&mut self, line: u16, event: LineEvent) {
        let epoch = self.epochs[usize::from(line)];
        if matches!(event, LineEvent::Released | LineEvent::RingStopped | LineEvent::GaveUp) {
            self.epochs[usize::from(line)] = epoch.next();
        }
        self.input(Input::Line { line: LineId(line), epoch, event });
    }

    pub fn lift(&mut self, line: u16) {
        self.line(line, LineEvent::Seized);
    }

    /// The exchange of an outside line rings for a caller of this number, and the call is to be shown.
    pub fn exchange_rings(&mut self, line: u16, from: &str) {
        self.line(line, LineEvent::Incoming);
        let caller = CallerId { date: None, number: Ok(Text::new(from)), name: Some(Ok(Text::new("Ann"))) };
        self.line(line, LineEvent::Caller(Ok(caller)));
        self.line(line, LineEvent::Offered);
    }

    /// What the outside line is doing.
    pub fn doing(&self, line: u16) -> LineDoing {
        self.switch.line(LineId(line)).unwrap().doing
    }

    pub fn hang_up(&mut self, line: u16) {
        self.line(line, LineEvent::Released);
    }

    pub fn flash(&mut self, line: u16) {
        self.line(line, LineEvent::Flash(Millis(500)));
    }

    pub fn digit(&mut self, line: u16, digit: u8) {
        self.line(line, LineEvent::DigitBegan(digit));
        let before = std::mem::take(&mut self.out);
        self.line(line, LineEvent::Digit { digit, source: DigitSource::Dtmf, length: Millis(80) });
        self.out.splice(0..0, before);
    }

    /// Dials; what came out of the last digit is left.
    pub fn dial(&mut self, line: u16, digits: &str) {
        for digit in digits.bytes() {
            self.digit(line, digit);
        }
    }

    pub fn lift_and_dial(&mut self, line: u16, digits: &str) {
        self.lift(line);
        self.dial(line, digits);
    }

    pub fn far(&mut self, leg: FarId, event: FarEvent) {
        self.input(Input::Far { leg, event });
    }

    /// A call comes in.
    pub fn incoming(&mut self, via: Via, from: Identity, to: &str) -> FarId {
        self.incoming += 1;
        let leg = FarId::In(self.incoming);
        self.far(
            leg,
            FarEvent::Incoming { to: number(to), from, via, ring: None, diverted: Default::default() },
        );
        leg
    }

    pub fn pbx_calls(&mut self, to: &str) -> FarId {
        self.incoming(Via::Server(server("pbx")), Identity::new("5550177", "Mary"), to)
    }

    /// Lets time pass, timer by timer. What comes out adds up.
    pub fn wait(&mut self, millis: u64) {
        let end = Instant::from_millis(self.now.as_millis() + millis);
        let mut all = Vec::new();
        while let Some((at, _)) = self.switch.deadline().filter(|(at, _)| *at <= end) {
            self.now = at;
            self.input(Input::Tick);
            all.append(&mut self.out);
        }
        self.now = end;
        self.out = all;
    }

    pub fn commands(&self, line: u16) -> Vec<LineCommand> {
        let own = |output: &Output| match output {
            Output::Line { line: to, command, .. } if to.0 == line => Some(*command),
            _ => None,
        };
        self.out.iter().filter_map(own).collect()
    }

    pub fn actions(&self, leg: FarId) -> Vec<FarAction> {
        let own = |output: &Output| match output {
            Output::Far { leg: to, action } if *to == leg => Some(*action),
            _ => None,
        };
        self.out.iter().filter_map(own).collect()
    }

    /// The leg that was placed last.
    pub fn placed(&self) -> Option<(FarId, FarAction)> {
        let placed = |output: &Output| match output {
            Output::Far { leg, action: action @ FarAction::Place { .. } } => Some((*leg, *action)),
            _ => None,
        };
        self.out.iter().rev().find_map(placed)
    }

    pub fn media(&self) -> Vec<MediaAction> {
        let own = |output: &Output| match output {
            Output::Media(action) => Some(*action),
            _ => None,
        };
        self.out.iter().filter_map(own).collect()
    }

    pub fn records(&self) -> Vec<CallRecord> {
        let own = |output: &Output| match output {
            Output::Record(record) => Some(*record),
            _ => None,
        };
        self.out.iter().filter_map(own).collect()
    }

    pub fn events(&self) -> Vec<CallEvent> {
        let own = |output: &Output| match output {
            Output::Event(event) => Some(*event),
            _ => None,
        };
        self.out.iter().filter_map(own).collect()
    }

    pub fn is_quiet(&self) -> bool {
        self.switch.calls(self.now).next().is_none()
            && self.switch.legs().next().is_none()
            && self.switch.lines().all(|line| line.doing == LineDoing::Idle && line.held.is_empty())
            && self.switch.deadline().is_none()
    }
}
