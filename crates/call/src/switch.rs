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

use std::collections::{BTreeMap, BTreeSet};

use tipring_port::{LineCommand, Signal};
use tipring_units::{CallId, Instant, LineId, WallTime};

use crate::call::{Beginning, Call, Clock};
use crate::leg::Leg;
use crate::line_side::{LineSide, Scene};
use crate::outbox::{CallInput, Message, Order, Outbox, Wish};
use crate::plan::Plan;
use crate::route::{self, Target};
use crate::timers::{Owner, Timers};
use crate::{
    Alarm, CallEvent, Cause, FarAction, FarEvent, FarId, Identity, Input, MAX_CALLS, MAX_LEGS, Number,
    Output, Party, Permission, Priority, RESERVED, ServerName, Setup, Via, Why,
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
    pub(crate) lines: BTreeMap<LineId, LineSide>,
    pub(crate) legs: BTreeMap<FarId, Leg>,
    pub(crate) calls: BTreeMap<CallId, Call>,
    timers: Timers,
    out: Outbox,
    running: Option<Machine>,
    armed: Option<Machine>,
    stopping: bool,
    clock: Clock,
}

impl Switch {
    /// A switch without calls; every line is taken to be idle and in service until it says otherwise.
    pub fn new(setup: Setup) -> Self {
        let plan = Plan::new(&setup);
        let lines = lines_of(&setup).map(|line| (line, LineSide::new(line))).collect();
        Self {
            setup,
            plan,
            down: BTreeSet::new(),
            lines,
            legs: BTreeMap::new(),
            calls: BTreeMap::new(),
            timers: Timers::default(),
            out: Outbox::default(),
            running: None,
            armed: None,
            stopping: false,
            clock: Clock { now: Instant::ZERO, wall: WallTime(0) },
        }
    }

    /// Takes an input. Timers that have run out by `now` go first.
    pub fn handle(&mut self, now: Instant, wall: WallTime, input: Input) {
        self.clock = Clock { now, wall };
        self.run_timers();
        match input {
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
            Input::FlashOut(_) => {}
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

    /// The dial plan in use, for [`Plan::explain`].
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// True if there are servers and none is up: the plan's offline rules come first.
    pub fn is_offline(&self) -> bool {
        !self.setup.servers.is_empty()
            && self.setup.servers.iter().all(|server| self.down.contains(&server.name))
    }

    /// Drops the machine that was running when `handle` did not come back, and goes on with the rest.
    pub fn recover(&mut self) {
        match self.running.take() {
            Some(Machine::Line(line)) => self.abandon_line(line),
            Some(Machine::Call(call)) => self.abandon_call(call),
            Some(Machine::Leg(leg)) => self.abandon_leg(leg),
            None => self.run_messages(),
        }
    }

    /// Makes `machine` panic when it runs next, so that explorers can show that only it is lost.
    pub fn arm_fault(&mut self, machine: Machine) {
        self.armed = Some(machine);
    }

    /// Drops a line's own state. Its calls are cleared (program fault); the line begins anew.
    pub fn abandon_line(&mut self, line: LineId) {
        let Some(side) = self.lines.get(&line) else { return };
        let fresh = side.lost();
        let (epoch, doing) = (fresh.epoch(), fresh.doing());
        self.lines.insert(line, fresh);
        self.timers.set(Owner::Line(line), None);
        // who looks at the status must not see it talk on
        self.out.event(CallEvent::Line { line, doing });
        self.out.line(line, epoch, LineCommand::StopRing);
        self.out.line(line, epoch, LineCommand::Park);
        // What was lost may be news of its epoch.
        self.out.line(line, epoch, LineCommand::Report);
        self.out.alarm(Alarm::LineAbandoned(line));
        self.lose_party(Party::Line(line));
        self.run_messages();
    }

    /// Drops a call. Both its parties are cleared, and it has its record like any other.
    pub fn abandon_call(&mut self, id: CallId) {
        if let Some(mut call) = self.calls.remove(&id) {
            self.timers.set(Owner::Call(id), None);
            self.out.alarm(Alarm::CallAbandoned(id));
            call.clear(Cause::Fault, self.clock, &mut self.out);
        }
        self.run_messages();
    }

    /// Drops a far leg. The leg is ended, and its call.
    pub fn abandon_leg(&mut self, leg: FarId) {
        if self.legs.remove(&leg).is_some() {
            self.out.alarm(Alarm::LegAbandoned(leg));
            self.lose_party(Party::Far(leg));
            self.run_messages(); // its sound path goes first
            self.out.far(leg, FarAction::End(Cause::Fault));
        }
        self.run_messages();
    }

    fn lose_party(&mut self, party: Party) {
        for (id, call) in &self.calls {
            if call.caller() == party {
                self.out.tell_call(*id, party, CallInput::Gone(Cause::Fault));
            } else if call.called() == Some(party) {
                self.out.tell_call(*id, party, CallInput::Failed(Cause::Fault));
            }
        }
    }

    fn run_timers(&mut self) {
        while let Some(owner) = self.timers.take_due(self.clock.now) {
            match owner {
                Owner::Line(line) => self.with_line(line, |side, scene| side.on_timer(scene)),
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
                Message::Call { call, from, input } => {
                    if self.calls.contains_key(&call) {
                        let timers = self.setup.timers;
                        self.with_call(call, |call, clock, out| call.on(clock, timers, from, input, out));
                    } else {
                        // A party that still believes in a call is told the truth.
                        self.out.tell_party(from, call, Order::Over(Cause::NORMAL));
                    }
                }
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

    fn leg_order(&mut self, leg: FarId, call: CallId, order: Order) {
        if let Order::Offer(offer) = order
            && let Some(via) = offer.via
        {
            let room = match offer.priority {
                Priority::Normal => MAX_LEGS - RESERVED,
                Priority::Emergency => MAX_LEGS,
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
            | Order::Over(_) => {} // it gave its calls up when it went
        }
    }

    fn far(&mut self, id: FarId, event: FarEvent) {
        match event {
            FarEvent::Incoming { to, from, via } if !self.legs.contains_key(&id) => {
                if self.legs.len() >= MAX_LEGS {
                    self.out.alarm(Alarm::Full);
                    self.out.far(id, FarAction::Reject(Cause::NoRoom));
                    return;
                }
                let call = self.out.new_call();
                self.legs.insert(id, Leg::calling(id, call, via));
                self.out.begin(call, Party::Far(id), Wish::Incoming { to, from, via });
            }
            // An answer that crossed with the end of its leg: the far end must not be left in a call.
            FarEvent::Answered if !self.legs.contains_key(&id) => {
                self.out.far(id, FarAction::End(Cause::NORMAL));
            }
            FarEvent::Incoming { .. }
            | FarEvent::Ringing
            | FarEvent::EarlyMedia
            | FarEvent::Answered
            | FarEvent::Failed { .. }
            | FarEvent::Ended { .. }
            | FarEvent::Held
            | FarEvent::Resumed
            | FarEvent::Digit { .. } => self.with_leg(id, |leg, out| leg.on_event(event, out)),
        }
    }

    fn begin(&mut self, call: CallId, caller: Party, wish: Wish) {
        let (dialled, emergency) = match wish {
            Wish::Selected(selection) => (selection.dialled, selection.is_emergency()),
            Wish::Nothing { dialled, .. } => (dialled, false),
            Wish::Incoming { to, via: Via::User(_), .. } => {
                let read = self.plan.read_whole(to.as_str(), self.is_offline());
                (to, read.is_ok_and(|selection| selection.is_emergency()))
            }
            Wish::Incoming { to, via: Via::Server(_), .. } => (to, false),
        };
        let (priority, room) = if emergency {
            (Priority::Emergency, MAX_CALLS)
        } else {
            (Priority::Normal, MAX_CALLS - RESERVED)
        };
        if self.calls.len() >= room {
            self.out.alarm(Alarm::Full);
            self.out.tell_party(caller, call, Order::Over(Cause::NoRoom));
            return;
        }
        let (from, came_by, ways) = self.find_ways(caller, wish);
        let ways = ways.and_then(|ways| match (caller, ways.as_slice()) {
            (Party::Line(line), [Target::Line(called)]) if *called == line => Err(Cause::BUSY),
            (Party::Line(_) | Party::Far(_), _) if self.stopping => Err(Cause::Stopping),
            (Party::Line(_) | Party::Far(_), _) => Ok(ways),
        });
        let shown = match (priority, self.setup.emergency.callback) {
            (Priority::Emergency, Some(callback)) => Identity { number: callback, ..from },
            (Priority::Emergency | Priority::Normal, _) => from,
        };
        let data = self.is_data(caller)
            || ways.iter().flatten().any(|way| match way {
                Target::Line(line) => self.is_data(Party::Line(*line)),
                Target::User(_) | Target::Server { .. } => false,
            });
        let beginning = Beginning { call, caller, from: shown, came_by, dialled, priority, data };
        self.calls.insert(call, Call::new(beginning, self.clock));
        let timers = self.setup.timers;
        self.with_call(call, |call, clock, out| call.start(ways, clock, timers, out));
    }

    /// Who calls, and where the call goes.
    fn find_ways(&self, caller: Party, wish: Wish) -> (Identity, Option<Via>, Result<Vec<Target>, Cause>) {
        match wish {
            Wish::Selected(selection) => {
                let (from, permission) = self.line_identity(caller);
                let ways = if selection.is_barred_for(permission) {
                    Err(Cause::Barred)
                } else {
                    route::ways(&self.setup, &self.down, &selection)
                };
                (from, None, ways)
            }
            Wish::Nothing { cause, .. } => (self.line_identity(caller).0, None, Err(cause)),
            Wish::Incoming { to, from, via: Via::Server(name) } => {
                let ways = route::inbound(&self.setup, name, to).map(|target| vec![target]);
                (from, Some(Via::Server(name)), ways)
            }
            Wish::Incoming { to, from, via: Via::User(number) } => {
                let (from, ways) = self.find_user_ways(number, to, from);
                (from, Some(Via::User(number)), ways)
            }
        }
    }

    /// A telephone that registers here dials as a line does, and shows what the configuration says of it.
    fn find_user_ways(
        &self,
        number: Number,
        to: Number,
        from: Identity,
    ) -> (Identity, Result<Vec<Target>, Cause>) {
        let Some(user) = self.setup.users.iter().find(|user| user.number == number) else {
            return (from, Err(Cause::Barred));
        };
        let name = if user.name.is_empty() { from.name } else { user.name };
        let from = Identity { number, name, presentation: from.presentation };
        let ways = self.plan.read_whole(to.as_str(), self.is_offline()).and_then(|selection| {
            if selection.is_barred_for(user.may_call) {
                Err(Cause::Barred)
            } else {
                route::ways(&self.setup, &self.down, &selection)
            }
        });
        (from, ways)
    }

    fn line_identity(&self, caller: Party) -> (Identity, Permission) {
        let phone = self.setup.phones.iter().find(|phone| Party::Line(phone.line) == caller);
        phone.map_or((Identity::default(), Permission::Internal), |phone| {
            (Identity { number: phone.number, name: phone.name, ..Identity::default() }, phone.may_call)
        })
    }

    /// A fax or a modem is configured there.
    fn is_data(&self, party: Party) -> bool {
        self.setup.phones.iter().any(|phone| phone.data && Party::Line(phone.line) == party)
    }

    /// Whatever call of the party has its sound connected hears of it.
    fn signal(&mut self, party: Party, signal: Signal) {
        let has = |call: &Call| call.caller() == party || call.called() == Some(party);
        let calls: Vec<CallId> =
            self.calls.iter().filter(|(_, call)| has(call)).map(|(call, _)| *call).collect();
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
        let gone: Vec<LineId> = self.lines.keys().copied().filter(|line| !kept.contains(line)).collect();
        for line in gone {
            self.with_line(line, |side, scene| side.give_up(Cause::LineLost, scene));
            self.run_messages();
            self.lines.remove(&line);
            self.timers.set(Owner::Line(line), None);
        }
        for line in kept {
            self.lines.entry(line).or_insert_with(|| LineSide::new(line));
        }
        self.plan = Plan::new(&setup);
        self.setup = setup;
        self.down.retain(|name| self.setup.servers.iter().any(|server| server.name == *name));
        let all: Vec<LineId> = self.lines.keys().copied().collect();
        for line in all {
            self.with_line(line, |side, scene| side.read_again(scene));
        }
    }

    fn clear(&mut self, call: CallId, cause: Cause) {
        self.with_call(call, |call, clock, out| call.clear(cause, clock, out));
    }

    fn with_line(&mut self, line: LineId, act: impl FnOnce(&mut LineSide, &mut Scene<'_>)) {
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
            out: &mut self.out,
        };
        act(side, &mut scene);
        let doing = side.doing();
        self.timers.set(Owner::Line(line), side.timer());
        self.running = None;
        if doing != before {
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
        act(call, self.clock, &mut self.out);
        let (over, timer) = (call.is_over(), call.timer());
        self.running = None;
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
    setup.phones.iter().map(|phone| phone.line).take(MAX_LINES)
}
