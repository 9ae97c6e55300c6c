//! Random telephones and random far ends, with everything between them and the switch under way for a while,
//! so that news cross. What is checked: every command makes sense where it arrives, every call has one record,
//! no leg and no sound path is left behind, and when all have hung up everything is idle.

#[path = "explore_parts/agreement.rs"]
mod agreement;
mod common;
#[path = "explore_parts/exchange.rs"]
mod exchange;
#[path = "explore_parts/far_end.rs"]
mod far_end;
#[path = "explore_parts/telephone.rs"]
mod telephone;
#[path = "explore_parts/transfer.rs"]
mod transfer;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use common::{START, house, number, outside_house, server};
use exchange::{Exchange, Port};
use far_end::{FarEnd, LegState};
use telephone::Telephone;
use tipring_call::{
    CallEvent, Cause, Destination, Disa, FarAction, FarEvent, FarId, Input, LineDoing, Machine, MediaAction,
    Output, Party, Permission, Progress, Setup, Switch,
};
use tipring_port::{DigitSource, LineCommand, LineEvent, Refusal, Signal};
use tipring_units::{CallId, Entropy, Instant, LineId, Millis, WallTime};

/// Seeds of the test; `TIPRING_SEEDS` asks for more.
const SEEDS: u64 = 600;
const STEPS: u32 = 1500;
const LINES: usize = 6;
const MAX_INCOMING: usize = 6;

struct World {
    seed: u64,
    entropy: Entropy,
    setup: Setup,
    switch: Switch,
    now: Instant,
    telephones: Vec<Telephone>,
    exchanges: Vec<Exchange>,
    notices: BTreeSet<CallId>,
    joined: u64,
    preempted: u64,
    far: BTreeMap<FarId, FarEnd>,
    next_incoming: u64,
    paths: BTreeSet<(Party, Party)>,
    tones: BTreeSet<FarId>,
    created: BTreeSet<CallId>,
    recorded: BTreeSet<CallId>,
    answered: u64,
    recalled: u64,
    faults: u64,
    most_held: usize,
    /// Lines that somebody wants tested.
    tests_asked: BTreeSet<LineId>,
    tests: u64,
}

impl World {
    /// A house without outside lines where `seed` is even, and one with them where it is odd.
    fn new(seed: u64) -> Self {
        let mut setup = if seed.is_multiple_of(2) { house() } else { house_with_lines(seed) };
        // soon: it is 12:34:56
        setup.phones[1].duty.line_test = Some(12 * 60 + 36);
        Self {
            seed,
            entropy: Entropy::for_simulation(seed),
            switch: Switch::new(setup.clone()),
            now: Instant::ZERO,
            telephones: (0..LINES).map(|_| Telephone::default()).collect(),
            exchanges: setup.lines.iter().map(|_| Exchange::default()).collect(),
            setup,
            notices: BTreeSet::new(),
            joined: 0,
            preempted: 0,
            far: BTreeMap::new(),
            next_incoming: 0,
            paths: BTreeSet::new(),
            tones: BTreeSet::new(),
            created: BTreeSet::new(),
            recorded: BTreeSet::new(),
            answered: 0,
            recalled: 0,
            faults: 0,
            most_held: 0,
            tests_asked: BTreeSet::new(),
            tests: 0,
        }
    }

    fn input(&mut self, input: Input) {
        let wall = WallTime(START.0 + self.now.as_nanos() / 1000);
        let now = self.now;
        self.guarded(|switch| switch.handle(now, wall, input));
        self.drain();
    }

    /// Does as the owner of a switch does: what panics is recovered from. Recovering runs waiting messages, so
    /// a further fault can strike in it.
    fn guarded(&mut self, act: impl FnOnce(&mut Switch)) {
        let switch = &mut self.switch;
        let mut failed = catch_unwind(AssertUnwindSafe(|| act(switch))).is_err();
        while failed {
            self.faults += 1;
            let switch = &mut self.switch;
            failed = catch_unwind(AssertUnwindSafe(|| switch.recover())).is_err();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.switch.poll() {
            self.output(output);
        }
        for call in &self.created {
            assert!(
                self.recorded.contains(call) || self.switch.calls(self.now).any(|view| view.call == *call),
                "seed {}: {call} vanished without a record",
                self.seed
            );
        }
    }

    fn output(&mut self, output: Output) {
        let seed = self.seed;
        match output {
            Output::Line { line, epoch, command } => {
                let index = usize::from(line.0);
                let queue = match index.checked_sub(LINES) {
                    None => &mut self.telephones[index].commands,
                    Some(outside) => &mut self.exchanges[outside].commands,
                };
                queue.push_back((epoch, command));
            }
            Output::Far { leg, action } => self.action(leg, action),
            Output::Features { .. } => {}
            Output::Media(MediaAction::Connect { a, b, .. }) => {
                self.alive(a);
                self.alive(b);
                self.paths.insert((a, b));
                let both =
                    [a, b].map(|one| self.paths.iter().filter(|(a, b)| *a == one || *b == one).count());
                assert_eq!(both, [1, 1], "seed {seed}: {a} and {b} are on one path each");
            }
            Output::Media(MediaAction::Disconnect { a, b }) => {
                assert!(self.paths.remove(&(a, b)), "seed {seed}: {a} and {b} were not connected");
            }
            Output::Media(MediaAction::PassThrough { a, b }) => {
                assert!(
                    self.paths.contains(&(a, b)),
                    "seed {seed}: {a} and {b} pass data and are not connected"
                );
            }
            Output::Media(MediaAction::Tone { leg, tone }) => {
                self.alive(Party::Far(leg));
                let changed = if tone.is_some() { self.tones.insert(leg) } else { self.tones.remove(&leg) };
                assert!(changed, "seed {seed}: tone {tone:?} twice on {leg}");
            }
            Output::Media(MediaAction::Digit { to, .. }) => self.alive(to),
            Output::Record(record) => {
                assert!(self.created.contains(&record.call), "seed {seed}: record of no call");
                assert!(self.recorded.insert(record.call), "seed {seed}: two records of {}", record.call);
                assert!(
                    record.ended >= record.started && record.answered.is_none_or(|at| at >= record.started)
                );
            }
            Output::Event(CallEvent::Created { call, .. }) => {
                assert!(self.created.insert(call), "seed {seed}: {call} twice");
            }
            Output::Event(CallEvent::Answered(_)) => self.answered += 1,
            Output::Event(CallEvent::Joined { .. }) => self.joined += 1,
            Output::Event(CallEvent::EmergencyNotice { notice, .. }) => {
                self.notices.insert(notice);
            }
            Output::Event(CallEvent::Cleared { cause: Cause::PREEMPTED, .. }) => self.preempted += 1,
            Output::Event(CallEvent::Recalled { .. }) => self.recalled += 1,
            Output::Event(CallEvent::LineTested { line, .. }) => {
                self.tests_asked.remove(&line);
                self.tests += 1;
            }
            Output::Event(_) | Output::Alarm(_) => {}
        }
    }

    fn alive(&self, party: Party) {
        match party {
            Party::Line(line) => assert!(usize::from(line.0) < LINES + self.exchanges.len()),
            Party::Far(leg) => {
                let state = self.far.get(&leg).map(|far| far.state);
                assert!(
                    !matches!(state, None | Some(LegState::Dead)),
                    "seed {}: media for {leg}, which is {state:?}",
                    self.seed
                );
            }
        }
    }

    /// Orders are checked as they are given: the switch knows its own orders at once.
    fn action(&mut self, leg: FarId, action: FarAction) {
        let seed = self.seed;
        if let FarAction::Place { .. } = action {
            let placed = FarEnd {
                state: LegState::Called,
                held: false,
                sent_away: false,
                wishes: false,
                actions: VecDeque::new(),
                events: VecDeque::new(),
            };
            assert!(self.far.insert(leg, placed).is_none(), "seed {seed}: {leg} placed twice");
            return;
        }
        let far = self.far.get_mut(&leg).unwrap_or_else(|| panic!("seed {seed}: {action:?} to no leg {leg}"));
        if let FarAction::ReportRefer(_) = action {
            return; // told to whom has left, too
        }
        if far.state == LegState::Dead {
            assert!(matches!(action, FarAction::End(_)), "seed {seed}: {action:?} to the dead {leg}");
            return;
        }
        match action {
            FarAction::Reject(_) | FarAction::SendOn { .. } | FarAction::End(_) => {
                if !matches!(action, FarAction::End(_)) {
                    assert!(matches!(leg, FarId::In(_)), "seed {seed}: rejected our own {leg}");
                }
                self.tones.remove(&leg);
                let party = Party::Far(leg);
                assert!(
                    !self.paths.iter().any(|(a, b)| *a == party || *b == party),
                    "seed {seed}: {leg} ended on its path"
                );
                far.state = LegState::Dead;
            }
            FarAction::Alert | FarAction::Progress | FarAction::Accept => {
                assert!(matches!(leg, FarId::In(_)), "seed {seed}: {action:?} to {leg}");
                far.actions.push_back(action);
            }
            FarAction::Hold | FarAction::Resume => {
                assert_ne!(far.held, action == FarAction::Hold, "seed {seed}: {action:?} twice to {leg}");
                far.held = action == FarAction::Hold;
            }
            FarAction::Refer(_) => far.sent_away = true,
            FarAction::AnswerRefer(_) => {
                assert!(std::mem::take(&mut far.wishes), "seed {seed}: {leg} wished nothing");
            }
            FarAction::Place { .. }
            | FarAction::Data
            | FarAction::ReportRefer(_)
            | FarAction::Complete
            | FarAction::CompleteNot => {}
        }
    }

    fn pick(&mut self, bound: usize) -> usize {
        self.entropy.below(bound as u32) as usize
    }

    fn step(&mut self) {
        match self.pick(100) {
            0..10 if !self.exchanges.is_empty() => self.deliver_exchange(),
            0..30 => self.deliver_to_telephone(),
            30..64 => self.deliver_from_telephone(),
            64..76 => self.deliver_far(),
            76..84 => self.person(),
            84..88 => self.far_person(),
            88..95 if self.exchanges.is_empty() => self.far_person(),
            88..95 => self.exchange_acts(),
            95 => self.machine(),
            96 => self.pass(Millis(self.entropy.clone().below(1500))),
            97 => self.pass(Millis(self.entropy.clone().below(20_000))),
            98 if self.pick(3) == 0 => self.ask_for_a_test(),
            98 => self.trouble(),
            _ if !self.exchanges.is_empty() && self.pick(2) == 0 => self.hand_on(),
            _ => self.consult(),
        }
        self.entropy.u32(); // the clones above drew from the same place
    }

    /// Whoever it is sounds as a machine does.
    fn machine(&mut self) {
        let far: Vec<Party> = self.far.keys().copied().map(Party::Far).collect();
        let parties: Vec<Party> =
            (0..LINES as u16).map(|line| Party::Line(LineId(line))).chain(far).collect();
        let party = parties[self.pick(parties.len())];
        let signal = [Signal::Cng, Signal::Ced, Signal::Preamble][self.pick(3)];
        self.input(Input::Signal { party, signal });
    }

    /// The timer of the next day is none that was forgotten.
    fn no_daily_test(&mut self) {
        self.setup.phones[1].duty.line_test = None;
        self.input(Input::Reconfigure(Box::new(self.setup.clone())));
        self.pass(Millis::from_secs(20)); // one that was begun and forgotten
        self.settle();
    }

    /// Somebody wants a line tested, an outside line among them. A line that has not answered for long enough is given up.
    fn ask_for_a_test(&mut self) {
        let line = LineId(self.pick(LINES + self.exchanges.len()) as u16);
        self.tests_asked.insert(line);
        self.input(Input::TestLine(line));
    }

    /// Whoever talks is asked to make one more call.
    fn consult(&mut self) {
        let talking: Vec<LineId> = self
            .switch
            .lines()
            .filter(|line| line.doing == LineDoing::Talking)
            .map(|line| line.line)
            .collect();
        if talking.is_empty() {
            return self.person();
        }
        let line = talking[self.pick(talking.len())];
        self.input(Input::Consult(line));
        let most = self.switch.lines().map(|line| line.held.len()).max();
        self.most_held = self.most_held.max(most.unwrap_or_default());
    }

    fn exchange_acts(&mut self) {
        let index = self.pick(self.exchanges.len());
        self.exchanges[index].act(&mut self.entropy);
    }

    /// A command reaches an outside line, and news of it the switch.
    fn deliver_exchange(&mut self) {
        if self.exchanges.is_empty() {
            return;
        }
        let index = self.pick(self.exchanges.len());
        self.deliver_exchange_of(index);
    }

    fn deliver_exchange_of(&mut self, index: usize) {
        let line = LineId((LINES + index) as u16);
        let exchange = &mut self.exchanges[index];
        if let Some((epoch, command)) = exchange.commands.pop_front() {
            match command {
                LineCommand::InService(on) => exchange.administer(on),
                LineCommand::Report => {
                    while let Some((epoch, event)) = self.exchanges[index].events.pop_front() {
                        self.input(Input::Line { line, epoch, event });
                    }
                    let (epoch, summary) = (self.exchanges[index].epoch, self.exchanges[index].summary());
                    self.input(Input::LineSummary { line, epoch, summary });
                }
                _ if epoch != exchange.epoch => {
                    exchange.events.push_back((epoch, LineEvent::Refused(Refusal::Stale)));
                }
                command => exchange.command(command, &mut self.entropy),
            }
        }
        if let Some((epoch, event)) = self.exchanges[index].events.pop_front() {
            self.input(Input::Line { line, epoch, event });
        }
    }

    fn pass(&mut self, length: Millis) {
        let end = self.now + length;
        while let Some((at, _)) = self.switch.deadline().filter(|(at, _)| *at <= end) {
            self.now = at.max(self.now);
            self.input(Input::Tick);
        }
        self.now = end;
    }

    fn deliver_to_telephone(&mut self) {
        let index = self.pick(LINES);
        self.deliver_command(index);
    }

    fn deliver_command(&mut self, index: usize) {
        let seed = self.seed;
        let telephone = &mut self.telephones[index];
        let Some((epoch, command)) = telephone.commands.pop_front() else { return };
        if let LineCommand::InService(on) = command {
            telephone.administer(on);
            return;
        }
        if command == LineCommand::Report {
            while !self.telephones[index].events.is_empty() {
                self.deliver_from(index);
            }
            let telephone = &self.telephones[index];
            let summary = telephone.summary();
            let epoch = telephone.epoch;
            return self.input(Input::LineSummary { line: LineId(index as u16), epoch, summary });
        }
        if command == LineCommand::Test {
            assert!(index < LINES, "seed {seed}: an outside line is tested");
            let chance = self.entropy.below(4);
            self.telephones[index].be_tested(chance);
            return;
        }
        if epoch != telephone.epoch {
            telephone.events.push_back((epoch, LineEvent::Refused(Refusal::Stale)));
            return;
        }
        match command {
            LineCommand::Ring(_) => {
                let refusal = if telephone.out_of_service {
                    Some(Refusal::OutOfService)
                } else if telephone.off_hook {
                    Some(Refusal::OffHook)
                } else {
                    None
                };
                assert!(!telephone.ringing, "seed {seed}: line {index} rings already");
                let event = refusal.map_or(LineEvent::Ringing, LineEvent::Refused);
                telephone.ringing = refusal.is_none();
                telephone.say(event);
            }
            LineCommand::StopRing => telephone.stop_ringing(),
            LineCommand::Play(_)
            | LineCommand::Announce { .. }
            | LineCommand::Cleared { .. }
            | LineCommand::Park
            | LineCommand::Answered
                if telephone.out_of_service =>
            {
                telephone.say(LineEvent::Refused(Refusal::OutOfService));
            }
            LineCommand::Play(_)
            | LineCommand::Announce { .. }
            | LineCommand::Cleared { .. }
            | LineCommand::Park
            | LineCommand::Answered
            | LineCommand::Quiet
            | LineCommand::Release
            | LineCommand::Report
            | LineCommand::InService(_)
            | LineCommand::Seize(_)
            | LineCommand::Dial(_)
            | LineCommand::Answer
            | LineCommand::FlashOut
            | LineCommand::IgnoreSilence
            | LineCommand::HangUp
            | LineCommand::Waiting(_)
            | LineCommand::StopWaiting
            | LineCommand::Lamp(_)
            | LineCommand::Test
            | LineCommand::Lifeline(_) => {}
        }
    }

    fn deliver_from_telephone(&mut self) {
        let index = self.pick(LINES);
        self.deliver_from(index);
    }

    fn deliver_from(&mut self, index: usize) {
        if let Some((epoch, event)) = self.telephones[index].events.pop_front() {
            self.input(Input::Line { line: LineId(index as u16), epoch, event });
        }
    }

    fn deliver_far(&mut self) {
        let live: Vec<FarId> =
            self.far.iter().filter(|(_, far)| !far.events.is_empty()).map(|(id, _)| *id).collect();
        if live.is_empty() {
            return;
        }
        let leg = live[self.pick(live.len())];
        let far = self.far.get_mut(&leg).unwrap();
        let event = far.events.pop_front().unwrap();
        let known_dead = far.state == LegState::Dead;
        if matches!(event, FarEvent::Ended { .. } | FarEvent::Failed { .. } | FarEvent::Moved { .. })
            && !known_dead
        {
            // From here on the leg is gone for both.
            let party = Party::Far(leg);
            self.input(Input::Far { leg, event });
            assert!(
                !self.paths.iter().any(|(a, b)| *a == party || *b == party),
                "seed {}: path of {leg}",
                self.seed
            );
            self.tones.remove(&leg);
            self.far.get_mut(&leg).unwrap().state = LegState::Dead;
        } else {
            self.input(Input::Far { leg, event });
        }
    }

    fn person(&mut self) {
        let index = self.pick(LINES);
        let choice = self.pick(20);
        let digits = [
            "0",
            "101",
            "102",
            "105",
            "106",
            "201",
            "202",
            "99",
            "95552345678",
            "911",
            "9911",
            "7",
            "1",
            "9011449",
        ];
        let outside = ["8", "75552345678", "65552345678", "102", "103", "95552345678"];
        let dialled = if self.exchanges.is_empty() || self.pick(6) == 0 {
            digits[self.pick(digits.len())]
        } else {
            outside[self.pick(outside.len())]
        };
        let view = self.switch.line(LineId(index as u16));
        let talks = !self.exchanges.is_empty()
            && view.as_ref().is_some_and(|view| view.doing == LineDoing::Talking && view.held.is_empty());
        // Who consults waits until the other one rings.
        let rings = |call| {
            let mut calls = self.switch.calls(self.now);
            calls.any(|view| Some(view.call) == call && view.progress != Progress::Trying)
        };
        let holds = view.as_ref().is_some_and(|view| !view.held.is_empty());
        let consults = view.as_ref().is_some_and(|view| holds && rings(view.active));
        let waits = holds && !consults && view.is_some_and(|view| view.active.is_some());
        let telephone = &mut self.telephones[index];
        let epoch = telephone.epoch;
        match (telephone.off_hook, choice) {
            // Hung up with one more held: transfer, or ringing back.
            (true, 0..10) if consults => telephone.hang_up(),
            (true, 0..18) if waits => {}
            (false, 0..12) => telephone.lift(),
            (true, 0..14) if talks => {
                telephone.events.push_back((epoch, LineEvent::Flash(Millis(400))));
                telephone.dial(dialled, DigitSource::Dtmf);
            }
            (true, 0..3) => telephone.hang_up(),
            (true, _) if telephone.out_of_service => {} // nothing is fed
            (true, 3..8) => telephone.events.push_back((epoch, LineEvent::Flash(Millis(400)))),
            (true, _) => {
                telephone.dial(dialled, if choice == 19 { DigitSource::Pulse } else { DigitSource::Dtmf });
            }
            (false, _) => {}
        }
    }

    /// Trouble on an outside line.
    fn outside_trouble(&mut self) {
        let index = self.pick(self.exchanges.len());
        let line = LineId((LINES + index) as u16);
        match self.pick(8) {
            0 => self.input(Input::SetInService { line, on: false }),
            1 | 2 => self.input(Input::SetInService { line, on: true }),
            3 => {
                self.guarded(|switch| switch.abandon_line(line));
                self.drain();
            }
            4 => self.exchanges[index].restart(),
            5 | 6 => {
                // Its events are lost; what is true is told instead.
                let exchange = &mut self.exchanges[index];
                exchange.events.clear();
                let (epoch, summary) = (exchange.epoch, exchange.summary());
                self.input(Input::LineSummary { line, epoch, summary });
            }
            _ => self.switch.arm_fault(Machine::Line(line)),
        }
    }

    fn trouble(&mut self) {
        if !self.exchanges.is_empty() && self.pick(3) == 0 {
            return self.outside_trouble();
        }
        let line = LineId(self.pick(LINES) as u16);
        let index = usize::from(line.0);
        let epoch = self.telephones[index].epoch;
        match self.pick(12) {
            0 => self.input(Input::SetInService { line, on: false }),
            1 | 2 => self.input(Input::SetInService { line, on: true }),
            3 => {
                let up = self.pick(2) == 0;
                self.input(Input::Server { name: server("pbx"), up });
            }
            4 => self.input(Input::Reconfigure(Box::new(self.setup.clone()))),
            5 => {
                let calls: Vec<CallId> = self.switch.calls(self.now).map(|view| view.call).collect();
                if !calls.is_empty() {
                    let call = calls[self.pick(calls.len())];
                    if self.pick(2) == 0 {
                        self.input(Input::Clear(call));
                    } else {
                        self.guarded(|switch| switch.abandon_call(call));
                        self.drain();
                    }
                }
            }
            6 => {
                self.guarded(|switch| switch.abandon_line(line));
                self.drain();
            }
            7 => self.telephones[index].restart(),
            8 => {
                // Its events are lost; what is true is told instead.
                let telephone = &mut self.telephones[index];
                telephone.events.clear();
                let summary = telephone.summary();
                self.input(Input::LineSummary { line, epoch, summary });
            }
            9 => self.switch.arm_fault(Machine::Line(line)),
            10 => {
                let calls: Vec<CallId> = self.switch.calls(self.now).map(|view| view.call).collect();
                if !calls.is_empty() {
                    let call = calls[self.pick(calls.len())];
                    self.switch.arm_fault(Machine::Call(call));
                }
            }
            _ => {
                let legs: Vec<FarId> = self.switch.legs().map(|(leg, _, _)| leg).collect();
                if !legs.is_empty() {
                    let leg = legs[self.pick(legs.len())];
                    self.switch.arm_fault(Machine::Leg(leg));
                }
            }
        }
    }

    /// Everybody delivers what is under way.
    fn settle(&mut self) {
        for _ in 0..20_000 {
            let idle = self.telephones.iter().all(|one| one.commands.is_empty() && one.events.is_empty())
                && self.exchanges.iter().all(|one| {
                    one.commands.is_empty() && one.events.is_empty() && one.port != Port::Clearing
                });
            if idle && self.far.values().all(|far| far.events.is_empty()) {
                return;
            }
            self.exchanges.iter_mut().for_each(Exchange::guard_over);
            self.deliver_exchange();
            self.deliver_to_telephone();
            self.deliver_from_telephone();
            self.deliver_far();
        }
        panic!("seed {}: it never settles", self.seed);
    }

    fn all_hang_up(&mut self) {
        // Twice: the first can meet a fault that is still armed.
        let lines = LINES + self.exchanges.len();
        for index in (0..lines).chain(0..lines) {
            self.input(Input::SetInService { line: LineId(index as u16), on: true });
        }
        self.settle();
        self.check_agreement();
        for telephone in self.telephones.iter_mut().filter(|telephone| telephone.off_hook) {
            telephone.hang_up();
        }
        self.settle();
        // Longer than any ringing back and any ringing, and than a line is locked by wrong PINs.
        let rounds = if self.exchanges.is_empty() { 40 } else { 160 };
        for round in 0..rounds {
            self.pass(Millis::from_secs(5));
            self.settle();
            if round == 30 {
                self.exchanges_leave();
            }
        }
        // Calls between far ends last until one of them clears.
        let alive: Vec<FarId> =
            self.far.iter().filter(|(_, far)| far.state != LegState::Dead).map(|(id, _)| *id).collect();
        for leg in alive {
            if self.far[&leg].state == LegState::Dead {
                continue; // cleared with its peer
            }
            let call = self.switch.legs().find(|(id, _, _)| *id == leg);
            let Some((_, call, _)) = call else { panic!("seed {}: orphan {leg}", self.seed) };
            let view = self.switch.calls(self.now).find(|view| view.call == call).unwrap();
            assert!(self.lasts(&view), "seed {}: {view:?}", self.seed);
            self.far.get_mut(&leg).unwrap().events.push_back(FarEvent::Ended { cause: Cause::NORMAL });
            self.settle();
        }
    }
}

/// Three outside lines in all their uses: a ring group with a fallback, direct inward dialling, a server's number;
/// a telephone that dials by itself, a server that may call out, and a desk that is told of emergency calls.
fn house_with_lines(seed: u64) -> Setup {
    let mut setup = outside_house();
    setup.lines[0].rings.push(Destination::Number(number("201")));
    setup.lines[2].disa = Some(Disa { pin: Some(number("47")), may_call: Permission::All });
    setup.lines[2].rings = vec![Destination::Lines { number: Some(number("5551112222")) }];
    setup.servers[1].may_call = Some(Permission::All);
    setup.phones[4].dials =
        vec![Destination::Line { line: number("2"), number: None }, Destination::Number(number("102"))];
    setup.emergency.notify = Some(Destination::Number(number("106")));
    if seed % 4 == 1 {
        setup.emergency.via = vec![Destination::Lines { number: None }];
    }
    setup
}

fn mute_injected_faults() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let injected =
                info.payload().downcast_ref::<String>().is_some_and(|text| text.starts_with("injected"));
            if !injected {
                told(info);
            }
        }));
    });
}

#[test]
fn whatever_people_do_calls_end_in_records_and_everything_is_idle_when_all_hung_up() {
    mute_injected_faults();
    let (mut calls, mut answered, mut recalled, mut faults, mut most_held) = (0, 0, 0, 0, 0);
    let mut tests = 0;
    let (mut seized, mut rang, mut joined, mut preempted, mut notices) = (0, 0, 0, 0, 0);
    let seeds = std::env::var("TIPRING_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    for seed in 0..seeds {
        let mut world = World::new(seed);
        if seed % 4 == 3 {
            world.hand_on(); // while nobody has disturbed anything yet
        }
        for _ in 0..STEPS {
            world.step();
        }
        world.all_hang_up();
        world.no_daily_test();
        world.check_idle();
        assert!(world.tests_asked.is_empty(), "seed {seed}: {:?} never answered", world.tests_asked);
        tests += world.tests;
        calls += world.created.len();
        answered += world.answered;
        recalled += world.recalled;
        faults += world.faults;
        most_held = most_held.max(world.most_held);
        seized += world.exchanges.iter().map(|one| one.seized).sum::<u64>();
        rang += world.exchanges.iter().map(|one| one.rang).sum::<u64>();
        (joined, preempted) = (joined + world.joined, preempted + world.preempted);
        notices += world.notices.len();
    }
    println!(
        "outside: {seized} seized, {rang} rang, {joined} joined, {preempted} pre-empted, {notices} told"
    );
    assert!(seized > 500 && rang > 500 && joined > 20 && preempted > 20 && notices > 100, "too few outside");
    println!("{seeds} seeds: {calls} calls, {answered} answered, {recalled} rung back, {faults} faults");
    assert!(tests > seeds * 3, "{tests} tests of lines");
    assert!(most_held >= 2, "no line ever held more than one call");
    assert!(calls > 5000 && answered > 500 && recalled > 20 && faults > 200, "it explores too little");
}

#[test]
fn the_same_seed_gives_the_same_outputs() {
    mute_injected_faults();
    let run = |seed| {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        (world.created.len(), world.answered, format!("{:?}", world.switch))
    };
    assert_eq!(run(11), run(11));
    assert_ne!(run(11).2, run(12).2);
}
