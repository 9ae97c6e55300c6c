//! The switch: all lines, far legs and calls, and the messages between them.
//!
//! # How
//! Each input goes to the one machine that it is for; what that has to say to others is run after it, one
//! machine at a time, until nothing is left. [`Switch::handle`] never fails on any input.
//!
//! # When a machine fails
//! The owner may catch a panic of `handle` and call [`Switch::recover`]: it drops the machine that was running
//! (a line's own state, a call, a far leg), tells those who had to do with it, and goes on with the messages
//! that were waiting. All other machines are untouched, since only one is ever borrowed at a time.

mod begin;
mod completion;
mod divert;
mod duty;
mod groups;
mod line_test;
mod moved;
mod pickup;
mod recover;
mod referred;

use std::collections::{BTreeMap, BTreeSet};

use tipring_port::{LineEvent, Signal};
use tipring_units::{CallId, Instant, LineId, WallTime};

pub(crate) use groups::Groups;

use crate::call::{Call, Clock, JointInput};
use crate::features::Memory;
use crate::leg::Leg;
use crate::line_side::{Scene, Walk};
use crate::outbox::{CallInput, Message, Order, Outbox, Wish};
use crate::plan::Plan;
use crate::station::Station;
use crate::timers::{Owner, Timers};
use crate::{
    Alarm, CallEvent, Cause, FarAction, FarEvent, FarId, Input, LineDoing, MAX_LEGS, Number, Output, Party,
    Priority, RESERVED, ServerName, Setup, Via, Why,
};

/// Lines, at the most; the configuration's further ones are not used.
pub const MAX_LINES: usize = 1024;
/// Servers whose state is kept, at the most.
pub const MAX_SERVERS: usize = 64;

/// A machine of the switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Machine {
    /// A line's.
    Line(LineId),
    /// A call's.
    Call(CallId),
    /// A far leg's.
    Leg(FarId),
}

/// All calls of the box.
#[derive(Debug)]
pub struct Switch {
    pub(crate) setup: Setup,
    pub(crate) plan: Plan,
    down: BTreeSet<ServerName>,
    pub(crate) lines: BTreeMap<LineId, Station>,
    /// The outside line that was taken last.
    taken: Option<LineId>,
    /// What was set on each telephone, and what is remembered for it.
    memory: BTreeMap<Number, Memory>,
    /// What groups remember.
    groups: Groups,
    /// Who wants to be rung when somebody is free.
    requests: completion::Requests,
    pub(crate) legs: BTreeMap<FarId, Leg>,
    pub(crate) calls: BTreeMap<CallId, Call>,
    timers: Timers,
    out: Outbox,
    running: Option<Machine>,
    armed: Option<Machine>,
    stopping: bool,
    /// Somebody maps the rooms.
    walk: Option<Walk>,
    /// The minute of the day whose daily calls were made last.
    tested: Option<u16>,
    /// The minute for which they were planned last.
    planned: Option<u16>,
    line_tests: line_test::LineTests,
    clock: Clock,
}

impl Switch {
    /// A switch without calls; every line is taken to be idle and in service until it says otherwise.
    pub fn new(setup: Setup) -> Self {
        let plan = Plan::new(&setup);
        let lines = lines_of(&setup).map(|line| (line, Station::new(&setup, line))).collect();
        Self {
            setup,
            plan,
            down: BTreeSet::new(),
            lines,
            taken: None,
            memory: BTreeMap::new(),
            groups: Groups::default(),
            requests: completion::Requests::default(),
            legs: BTreeMap::new(),
            calls: BTreeMap::new(),
            timers: Timers::default(),
            out: Outbox::default(),
            running: None,
            armed: None,
            stopping: false,
            walk: None,
            tested: None,
            planned: None,
            line_tests: line_test::LineTests::default(),
            clock: Clock { now: Instant::ZERO, wall: WallTime(0) },
        }
    }

    /// Takes an input. Timers that have run out by `now` go first.
    pub fn handle(&mut self, now: Instant, wall: WallTime, input: Input) {
        self.clock = Clock { now, wall };
        let minute = self.minute();
        self.plan.set_minute(minute);
        self.run_timers();
        // Also after a step of the clock.
        if self.planned.replace(minute) != Some(minute) {
            self.tested = self.tested.filter(|tested| *tested == minute);
            self.plan_self_test();
            self.line_test_minute(minute);
        }
        match input {
            Input::Line { line, event: LineEvent::Tested(outcome), .. } => self.line_tested(line, outcome),
            Input::TestLine(line) => self.test_line(line),
            Input::Line { line, epoch, event } => {
                self.with_line(line, |side, scene| side.on_event(epoch, event, scene));
            }
            Input::LineSummary { line, epoch, summary } => {
                self.with_line(line, |side, scene| side.on_summary(epoch, summary, scene));
            }
            Input::Far { leg, event } => self.far(leg, event),
            Input::Signal { party, signal } => self.signal(party, signal),
            Input::Server { name, up } => self.server(name, up),
            Input::Reconfigure(setup) => self.reconfigure(*setup),
            Input::SetInService { line, on } => {
                self.with_line(line, |side, scene| side.set_in_service(on, scene));
            }
            Input::Consult(line) => self.with_line(line, |side, scene| side.consult(scene)),
            Input::FlashOut(line) => self.with_line(line, |side, scene| side.flash_out(scene)),
            Input::Features { number, features } => {
                self.memory.entry(number).or_default().set = *features;
            }
            Input::Walk(on) => self.walk = on.then(Walk::default),
            Input::Mail { number, waiting } => self.memory.entry(number).or_default().mail = waiting,
            Input::Completion { leg, news } => self.completion(leg, news),
            Input::Clear(call) => self.clear(call, Cause::Managed),
            Input::Stop => {
                self.stopping = true;
                let all: Vec<CallId> = self.calls.keys().copied().collect();
                for call in all {
                    self.clear(call, Cause::Stopping);
                }
            }
            Input::Tick => {}
        }
        self.run_messages();
    }

    /// True if there is no call and no far leg: what must hold when all have hung up.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.legs.is_empty()
    }

    /// The next thing to do, until `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.next_output()
    }

    /// When [`Input::Tick`] is due at the latest, and what for.
    pub fn deadline(&self) -> Option<(Instant, Why)> {
        self.timers.next()
    }

    /// What was found so far by who walks through the house, each number with its line, and whether that is over; `None` where
    /// nobody walks.
    pub fn walked(&self) -> Option<(Vec<(LineId, Number)>, bool)> {
        let walk = self.walk.as_ref()?;
        let rooms = walk.rooms.iter().map(|(number, line)| (*line, *number));
        Some((rooms.collect(), walk.over))
    }

    /// The dial plan in use, for [`Plan::explain`].
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// True while what is dialled on the line may be its PIN: who keeps a record of a line's events leaves digits out.
    pub fn hides_digits(&self, line: LineId) -> bool {
        if self.lines.get(&line).and_then(Station::telephone).is_some_and(|side| side.hides_digits()) {
            return true;
        }
        let own = self.setup.lines.iter().find(|own| own.line == line);
        let asks = own.and_then(|own| own.disa).is_some_and(|disa| disa.pin.is_some());
        self.lines.get(&line).and_then(Station::outside).is_some_and(|side| side.hides_digits(asks))
    }

    /// True if there are servers and none is up: the plan's offline rules come first.
    pub fn is_offline(&self) -> bool {
        !self.setup.servers.is_empty()
            && self.setup.servers.iter().all(|server| self.down.contains(&server.name))
    }

    fn run_timers(&mut self) {
        while let Some(owner) = self.timers.take_due(self.clock.now) {
            match owner {
                Owner::Line(line) => self.with_line(line, |side, scene| side.on_timer(scene)),
                Owner::SelfTest => self.self_tests(),
                Owner::LineTest => self.line_test_timer(),
                Owner::Call(call) => {
                    let timers = self.setup.timers;
                    self.with_call(call, |call, clock, out| call.on_timer(clock, timers, out));
                }
            }
            self.run_messages();
        }
    }

    fn run_messages(&mut self) {
        while let Some(message) = self.out.next_message() {
            match message {
                Message::Begin { call, caller, wish } => self.begin(call, caller, wish),
                Message::EmergencyDialled { call, caller, dialled } => {
                    self.emergency_dialled(call, caller, dialled);
                }
                Message::Call { call, from, input } => {
                    if self.calls.contains_key(&call) {
                        let timers = self.setup.timers;
                        self.with_call(call, |call, clock, out| call.on(clock, timers, from, input, out));
                    } else {
                        // A party that still believes in a call is told the truth.
                        self.out.tell_party(from, call, Order::Over(Cause::NORMAL));
                    }
                }
                Message::Ask { line, given, ask } => self.ask(line, given, ask),
                Message::Freed(line) => {
                    self.line_test_freed(line);
                    self.freed(line);
                }
                Message::Moved { call, by, to } => self.moved(call, by, to),
                Message::Joint { to, of, input } => self.joint(to, of, input),
                Message::Party { party: Party::Line(line), call, order } => match self.lines.get(&line) {
                    Some(_) => self.with_line(line, |side, scene| side.on_order(call, order, scene)),
                    None => self.nobody(Party::Line(line), call, order),
                },
                Message::Party { party: Party::Far(leg), call, order } => self.leg_order(leg, call, order),
            }
        }
        if self.out.take_lost() {
            self.out.alarm(Alarm::Full);
        }
    }

    fn joint(&mut self, to: CallId, of: CallId, input: JointInput) {
        match input {
            _ if self.calls.contains_key(&to) => {
                self.with_call(to, |call, clock, out| call.on_joint(of, input, clock, out));
            }
            JointInput::Over { .. } | JointInput::Refused => {}
            // It ended in the same moment.
            JointInput::Ask(asking) => {
                self.out.tell_joint(of, to, JointInput::Refused);
                self.out.tell_party(asking.left, to, Order::Over(Cause::NORMAL));
            }
            JointInput::Accepted
            | JointInput::GiveUp
            | JointInput::Follows
            | JointInput::NotFollowing(_)
            | JointInput::Rings
            | JointInput::Answered(_)
            | JointInput::Relay(_)
            | JointInput::Held(_)
            | JointInput::Signal(_) => {
                self.out.tell_joint(of, to, JointInput::Over { cause: Cause::NORMAL, by_gateway: true });
            }
        }
    }

    fn leg_order(&mut self, leg: FarId, call: CallId, mut order: Order) {
        if let Order::Offer(offer) = &mut order
            && let Some(Via::Server(name)) = offer.via
        {
            let rewrites = &self.setup.rewrites;
            offer.from = rewrites.caller_to(name, offer.route, offer.from);
            if let Some(diverted) = &mut offer.diverted {
                *diverted = rewrites.diverter_to(name, offer.route, *diverted);
            }
        }
        if let Order::SendOn { diverted, .. } = &mut order
            && let Some(Via::Server(name)) = self.legs.get(&leg).map(Leg::via)
        {
            *diverted = self.setup.rewrites.diverter_to(name, None, *diverted);
        }
        if let Order::Offer(offer) = order
            && let Some(via) = offer.via
        {
            let room = match offer.priority {
                Priority::Normal => MAX_LEGS - RESERVED,
                Priority::High | Priority::Emergency => MAX_LEGS,
            };
            if self.legs.len() >= room {
                self.out.alarm(Alarm::Full);
                self.out.tell_call(call, Party::Far(leg), CallInput::Failed(Cause::NoRoom));
                return;
            }
            self.legs.insert(leg, Leg::called(leg, call, via));
        }
        if self.legs.contains_key(&leg) {
            self.with_leg(leg, |leg, out| leg.on_order(call, order, out));
        }
        // Else the leg ended by itself, and its news of that has been or will be run.
    }

    /// An order to a line that the configuration does not have any more.
    fn nobody(&mut self, party: Party, call: CallId, order: Order) {
        match order {
            Order::Offer(_) => self.out.tell_call(call, party, CallInput::Failed(Cause::OUT_OF_ORDER)),
            Order::RingBack(_)
            | Order::Alerting
            | Order::Early
            | Order::Connected
            | Order::Held
            | Order::Retrieved
            | Order::Recalling
            | Order::Data
            | Order::Digit(..)
            | Order::Joined
            | Order::NotJoined
            | Order::TakeOver { .. }
            | Order::Completable(_)
            | Order::Refer(_)
            | Order::Transferring
            | Order::NotTransferring
            | Order::TransferFailed(_)
            | Order::Notice
            | Order::Emergency
            | Order::SendOn { .. }
            | Order::Over(_) => {} // it gave its calls up when it went
        }
    }

    fn far(&mut self, id: FarId, event: FarEvent) {
        match event {
            FarEvent::Incoming { to, from, via, ring, diverted } if !self.legs.contains_key(&id) => {
                if self.legs.len() >= MAX_LEGS {
                    self.out.alarm(Alarm::Full);
                    self.out.far(id, FarAction::Reject(Cause::NoRoom));
                    return;
                }
                let call = self.out.new_call();
                self.legs.insert(id, Leg::calling(id, call, via));
                self.out.begin(call, Party::Far(id), Wish::Incoming { to, from, via, ring, diverted });
            }
            // An answer that crossed with the end of its leg: the far end must not be left in a call.
            FarEvent::Answered if !self.legs.contains_key(&id) => {
                self.out.far(id, FarAction::End(Cause::NORMAL));
            }
            FarEvent::Incoming { .. }
            | FarEvent::Proceeding
            | FarEvent::Ringing
            | FarEvent::EarlyMedia
            | FarEvent::Answered
            | FarEvent::Failed { .. }
            | FarEvent::Moved { .. }
            | FarEvent::Ended { .. }
            | FarEvent::Held
            | FarEvent::Resumed
            | FarEvent::Referred { .. }
            | FarEvent::ReferGoes
            | FarEvent::Completable
            | FarEvent::ReferEnded { .. }
            | FarEvent::Digit { .. } => self.with_leg(id, |leg, out| leg.on_event(event, out)),
        }
    }

    /// Whatever call of the party has its sound connected hears of it.
    fn signal(&mut self, party: Party, signal: Signal) {
        let calls: Vec<CallId> =
            self.calls.iter().filter(|(_, call)| call.side(party).is_some()).map(|(call, _)| *call).collect();
        for call in calls {
            self.out.tell_call(call, party, CallInput::Signal(signal));
        }
    }

    fn server(&mut self, name: ServerName, up: bool) {
        if up {
            self.down.remove(&name);
        } else if self.down.len() < MAX_SERVERS {
            self.down.insert(name);
        }
        // Who is dialling goes on with the rules that the first digit found; the ways are looked up at the end.
    }

    fn reconfigure(&mut self, setup: Setup) {
        let kept: BTreeSet<LineId> = lines_of(&setup).collect();
        let stays = |line: &LineId, side: &Station| kept.contains(line) && side.fits(&setup, *line);
        let gone: Vec<LineId> =
            self.lines.iter().filter(|(line, side)| !stays(line, side)).map(|(line, _)| *line).collect();
        for line in gone {
            self.with_line(line, |side, scene| side.remove(scene));
            self.run_messages();
            self.lines.remove(&line);
            self.timers.set(Owner::Line(line), None);
        }
        for line in kept {
            self.lines.entry(line).or_insert_with(|| Station::new(&setup, line));
        }
        self.plan = Plan::new(&setup);
        self.setup = setup;
        self.groups.keep(&self.setup);
        self.plan_self_test();
        self.line_tests_configured();
        self.plan.set_minute(self.minute());
        self.down.retain(|name| self.setup.servers.iter().any(|server| server.name == *name));
        let all: Vec<LineId> = self.lines.keys().copied().collect();
        for line in all {
            self.with_line(line, |side, scene| side.read_again(scene));
        }
    }

    /// The minute of the local day.
    fn minute(&self) -> u16 {
        let civil = self.clock.wall.civil(self.setup.offset_minutes);
        u16::from(civil.hour) * 60 + u16::from(civil.minute)
    }

    fn clear(&mut self, call: CallId, cause: Cause) {
        self.with_call(call, |call, clock, out| call.clear(cause, clock, out));
    }

    fn with_line(&mut self, line: LineId, act: impl FnOnce(&mut Station, &mut Scene<'_>)) {
        let offline = self.is_offline();
        let Some(side) = self.lines.get_mut(&line) else { return };
        self.running = Some(Machine::Line(line));
        fault_if_armed(&mut self.armed, self.running);
        let before = side.doing();
        let mut scene = Scene {
            now: self.clock.now,
            wall: self.clock.wall,
            setup: &self.setup,
            plan: &self.plan,
            offline,
            memory: &mut self.memory,
            walk: &mut self.walk,
            out: &mut self.out,
        };
        act(side, &mut scene);
        let doing = side.doing();
        self.timers.set(Owner::Line(line), side.timer());
        self.running = None;
        if doing != before {
            let is_awaited = !self.requests.is_empty() || self.line_tests.waits_for(line);
            if doing == LineDoing::Idle && is_awaited {
                self.out.freed(line);
            }
            if side.outside().is_some() && before == LineDoing::Idle && doing == LineDoing::Dialling {
                self.taken = Some(line);
            }
            self.out.event(CallEvent::Line { line, doing });
        }
    }

    fn with_leg(&mut self, id: FarId, act: impl FnOnce(&mut Leg, &mut Outbox)) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        self.running = Some(Machine::Leg(id));
        fault_if_armed(&mut self.armed, self.running);
        act(leg, &mut self.out);
        let gone = leg.is_gone();
        self.running = None;
        if gone {
            self.legs.remove(&id);
        }
    }

    fn with_call(&mut self, id: CallId, act: impl FnOnce(&mut Call, Clock, &mut Outbox)) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        self.running = Some(Machine::Call(id));
        fault_if_armed(&mut self.armed, self.running);
        let before = call.answered();
        act(call, self.clock, &mut self.out);
        let (over, timer) = (call.is_over(), call.timer());
        self.running = None;
        match (before, call.answered()) {
            (None, Some(_)) => self.groups.answered(call),
            (_, Some(_)) if over => self.groups.ended(call, &self.setup, self.clock.now),
            (_, Some(_) | None) => {}
        }
        self.timers.set(Owner::Call(id), timer.filter(|_| !over));
        if over {
            self.calls.remove(&id);
        }
    }
}

/// See [`Switch::arm_fault`].
fn fault_if_armed(armed: &mut Option<Machine>, running: Option<Machine>) {
    if armed.is_some() && *armed == running {
        *armed = None;
        panic!("injected fault in {running:?}");
    }
}

fn lines_of(setup: &Setup) -> impl Iterator<Item = LineId> + '_ {
    let outside = setup.lines.iter().map(|outside| outside.line);
    setup.phones.iter().map(|phone| phone.line).chain(outside).take(MAX_LINES)
}
