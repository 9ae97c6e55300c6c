//! The control plane: calls, SIP and media bound together in one loop.
//!
//! # What it does
//! Takes datagrams, shard events and requests; gives datagrams, shard commands, records and journal entries.
//!
//! # How
//! Three machines that do not know each other: the switch (`tipring-call`), the SIP agent (`tipring-sip`) and the
//! media desk. [`Control::handle`] gives an input to the one that it is for, then carries the outputs of each to
//! the others until all are silent. A panic in one of them is caught here: the line, call or leg whose event it
//! was is recovered, with an alarm, and the others go on.
//!
//! # Limits
//! [`MAX_OUTPUTS`] outputs wait at the most; [`MAX_ROUNDS`] exchanges between the machines follow one input.

mod alarms;
mod balance;
mod board;
mod completions;
mod far;
mod injure;
mod learn;
mod lifeline;
mod line_test;
mod measure;
mod media;
mod moves;
mod referrals;
mod reload;
mod servers;
mod sip;
mod status;
mod walk;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tipring_call::{FarAction, FarEvent, FarId, LineDoing, Party, Switch};
use tipring_port::{Command, Event as ShardEvent, LineEvent, MediaEvent};
use tipring_sip::agent::{self, Agent, Command as SipCommand};
use tipring_units::{Entropy, Instant, LineId, ShardId, WallTime};

use crate::api::{Input, Output, Request, RequestId, Response, StoreId, Why};
use crate::journal::{Entry, Journal, What};
use crate::site::{ServerSite, Site};
use board::Board;
use far::FarDesk;
use media::MediaDesk;
pub use status::{
    AddressStatus, AlarmStatus, CallStatus, HearingStatus, LineStatus, MediaStatus, ReachStatus,
    ServerStatus, Status, UserStatus,
};

/// Outputs that wait to be taken, at the most; beyond it journal entries are dropped, never commands.
pub const MAX_OUTPUTS: usize = 65_536;
/// Exchanges between switch, agent and media that one input may cause; more is a defect that is cut short.
pub const MAX_ROUNDS: usize = 10_000;

/// The control plane.
pub struct Control {
    site: Site,
    switch: Switch,
    agent: Agent,
    far: FarDesk,
    media: MediaDesk,
    journal: Journal,
    board: Board,
    now: Instant,
    wall: WallTime,
    out: VecDeque<Output>,
    last_store: u64,
    stopping: Option<RequestId>,
    reloading: reload::Reloading,
    balances: balance::Balances,
    lifelines: lifeline::Lifelines,
    learners: learn::Learners,
    testers: line_test::Testers,
    /// Numbers that a walk was refused.
    refused: walk::Refused,
    measures: measure::Measures,
}

impl Control {
    /// A control plane for a site, and the orders that start it.
    pub fn new(now: Instant, wall: WallTime, site: Site, mut entropy: Entropy) -> Self {
        let cname = format!("{:016x}", entropy.u64());
        let mut control = Self {
            switch: Switch::new(site.calls.clone()),
            agent: Agent::new(site.sip.agent.clone(), entropy.fork()),
            far: FarDesk::default(),
            media: MediaDesk::new(&site, &cname),
            journal: Journal::default(),
            board: Board::new(now, &site),
            now,
            wall,
            out: VecDeque::new(),
            last_store: 0,
            stopping: None,
            reloading: reload::Reloading::of(&site),
            balances: balance::Balances::default(),
            lifelines: lifeline::Lifelines::default(),
            learners: learn::Learners::new(),
            testers: line_test::Testers::new(),
            refused: walk::Refused::new(),
            measures: measure::Measures::default(),
            site,
        };
        control.start();
        control
    }

    fn start(&mut self) {
        self.agent(agent::Input::Command(SipCommand::SetTrust(self.site.sip.trust.clone())));
        self.agent(agent::Input::Command(SipCommand::SetUsers(self.site.sip.users.clone())));
        for server in self.site.sip.servers.clone() {
            self.agent(agent::Input::Command(SipCommand::SetServer(server.config)));
        }
        for account in self.site.sip.accounts.clone() {
            self.agent(agent::Input::Command(SipCommand::Register(account.config.clone())));
            self.watch_mail(&account);
        }
        let closed: Vec<LineId> = (0..)
            .map(LineId)
            .zip(&self.site.lines)
            .filter(|(_, line)| !line.in_service)
            .map(|(line, _)| line)
            .collect();
        for line in closed {
            self.switch(tipring_call::Input::SetInService { line, on: false });
        }
        self.unused_servers();
        // So that what is done each day is planned although nothing happens.
        self.switch(tipring_call::Input::Tick);
        self.note(What::Configured(self.site.revision));
        self.settle();
    }

    /// The switch knows servers that this version does not use as down, and they stay so.
    fn unused_servers(&mut self) {
        for server in self.site.calls.servers.clone() {
            if !self.site.sip.servers.iter().any(|used| used.name == server.name.as_str()) {
                self.switch(tipring_call::Input::Server { name: server.name, up: false });
            }
        }
    }

    /// Takes an input. `now` never goes back; `wall` may.
    pub fn handle(&mut self, now: Instant, wall: WallTime, input: Input<'_>) {
        self.now = self.now.max(now);
        self.wall = wall;
        match input {
            Input::Tick => {}
            Input::Features(number, features) => {
                self.switch(tipring_call::Input::Features { number, features });
            }
            Input::Datagram { local, remote, bytes } => {
                self.note_sip(false, remote, bytes);
                self.agent(agent::Input::Datagram { local, remote, bytes });
            }
            Input::Unreachable(remote) => self.agent(agent::Input::Unreachable { remote }),
            Input::StreamOpened { conn, local, remote } => {
                self.board.connected(conn, remote);
                self.agent(agent::Input::StreamOpened { conn, local, remote });
            }
            Input::Stream { conn, bytes } => {
                if let Some(remote) = self.board.remote_of(conn) {
                    self.note_sip(false, remote, bytes);
                }
                self.agent(agent::Input::Stream { conn, bytes });
            }
            Input::StreamClosed(conn) => {
                self.board.disconnected(conn);
                self.agent(agent::Input::StreamClosed { conn });
            }
            Input::StreamFailed(conn) => {
                self.board.disconnected(conn);
                self.agent(agent::Input::StreamFailed { conn });
            }
            Input::Resolved(query, answer) => self.agent(agent::Input::Resolved { query, answer }),
            Input::Shard(_, event) => self.shard_event(event),
            Input::ShardStopped(shard) => self.shard_stopped(shard),
            Input::Configure(reload) => self.configure(*reload),
            Input::ConfigurationRefused(why) => {
                self.board.configuration_refused(self.now, self.site.revision, &why);
                self.note(What::ConfigurationRefused(self.site.revision));
            }
            Input::Request(id, request) => self.request(id, request),
            Input::Stored(_, result) => {
                if let Err(why) = result {
                    self.board.store_failed(self.now, why);
                } else {
                    self.board.store_works();
                }
            }
            Input::Injure(injury) => self.injure(injury),
        }
        if self.agent.deadline().is_some_and(|(due, _)| due <= self.now) {
            self.agent(agent::Input::Tick);
        }
        if self.switch.deadline().is_some_and(|(due, _)| due <= self.now) {
            self.switch(tipring_call::Input::Tick);
        }
        self.lifeline_tick();
        self.settle();
        if self.reloading.waits_for_a_line() {
            self.take_up();
            self.settle();
        }
    }

    /// The next thing to do; drained before the next input.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to call [`Control::handle`] at the latest, and why.
    pub fn deadline(&self) -> Option<(Instant, Why)> {
        let call = self.switch.deadline().map(|(at, why)| (at, Why::Call(why)));
        let sip = self.agent.deadline().map(|(at, why)| (at, Why::Sip(why)));
        let relay = self.lifeline_deadline().map(|at| (at, Why::Relay));
        [call, sip, relay].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// How everything is.
    pub fn status(&self) -> Status {
        let codec = |far| self.media.codec(far);
        let addresses = |server: &ServerSite| self.agent.addresses(self.now, server.config.id);
        Status {
            waiting: self.reloading.waiting(&self.site),
            next_start: self.reloading.next_start().to_vec(),
            ..self.board.status(self.now, &self.site, codec, addresses)
        }
    }

    /// The site in force.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// True if no call, far leg, session or media socket is in use: what must hold when all have hung up.
    pub fn is_idle(&self) -> bool {
        self.far.count() == 0 && self.media.far_count() == 0 && self.switch.is_idle()
    }

    fn request(&mut self, id: RequestId, request: Request) {
        let response = match request {
            Request::Status => Response::Status(Box::new(self.status())),
            Request::Lines => return self.measure(id),
            Request::Calls(count) => Response::Calls(self.board.latest(count)),
            Request::InService(line, on) => {
                if self.site.line(line).is_some() {
                    self.switch(tipring_call::Input::SetInService { line, on });
                    Response::Done
                } else {
                    Response::Refused(format!("there is no {line}; `tipring status` lists the lines"))
                }
            }
            Request::Clear(call) => {
                if self.board.has_call(call) {
                    self.switch(tipring_call::Input::Clear(call));
                    Response::Done
                } else {
                    Response::Refused(format!(
                        "{call} is over, or never was; `tipring status` lists the calls"
                    ))
                }
            }
            Request::Balance(line) => return self.balance(id, line),
            Request::Learn(line) => return self.learn(id, line),
            Request::Restart(line) => self.restart(line),
            Request::Test(line) => return self.test_line(id, line),
            Request::Walk(act) => self.walk(act),
            Request::Stop => {
                self.stopping = Some(id);
                self.switch(tipring_call::Input::Stop);
                self.agent(agent::Input::Command(SipCommand::UnregisterAll));
                return;
            }
        };
        self.out.push_back(Output::Reply(id, response));
    }

    /// Its calls end, and its shard makes its machine anew: what a telephone or a card is stuck in is over.
    fn restart(&mut self, line: LineId) -> Response {
        let Some(site) = self.site.line(line).filter(|site| !site.is_vacant()) else {
            return Response::Refused(format!("there is no {line}; `tipring lines` lists them"));
        };
        let (shard, label) = (site.shard, site.label());
        if self.board.is_dead(line) {
            return Response::Refused(
                "the thread that serves this line has stopped; start the gateway again".to_owned(),
            );
        }
        if self.switch.line(line).is_some_and(|view| view.doing == LineDoing::OutOfService) {
            return Response::Refused(format!("{label} is out of service; put it in service instead"));
        }
        self.switch(tipring_call::Input::SetInService { line, on: false });
        self.settle();
        self.out.push_back(Output::Shard(shard, Command::Restart(line)));
        self.switch(tipring_call::Input::SetInService { line, on: true });
        Response::Done
    }

    fn shard_event(&mut self, event: ShardEvent) {
        let entry = self.journal.shard(self.now, self.wall, &self.without_secrets(event));
        self.push(entry);
        match event {
            ShardEvent::Line(line, epoch, event) => {
                self.board.line_event(self.now, &self.site, line, &event);
                self.lifeline_event(line, &event);
                self.reloading.line_event(line, epoch, &event);
                self.switch(tipring_call::Input::Line { line, epoch, event });
            }
            ShardEvent::Summary(line, epoch, summary) => {
                self.board.summary(line, &summary);
                self.measured(line);
                self.switch(tipring_call::Input::LineSummary { line, epoch, summary });
            }
            ShardEvent::Media(event) => self.media_event(event),
            ShardEvent::Profiled(line, revision) => self.reloading.profiled(line, revision),
            ShardEvent::Balance(line, event) => self.balance_event(line, event),
            ShardEvent::Learned(line, learned) => self.learned(line, learned),
        }
    }

    /// The event as the journal may keep it: a PIN is in no log.
    fn without_secrets(&self, event: ShardEvent) -> ShardEvent {
        match event {
            ShardEvent::Line(line, epoch, LineEvent::Digit { source, length, .. })
                if self.switch.hides_digits(line) =>
            {
                ShardEvent::Line(line, epoch, LineEvent::Digit { digit: b'*', source, length })
            }
            ShardEvent::Line(line, epoch, LineEvent::DigitBegan(_)) if self.switch.hides_digits(line) => {
                ShardEvent::Line(line, epoch, LineEvent::DigitBegan(b'*'))
            }
            event => event,
        }
    }

    /// Its lines go out of service, which ends their calls, and its far legs end.
    fn shard_stopped(&mut self, shard: ShardId) {
        self.board.shard_stopped(self.now, shard);
        self.note(What::ShardStopped(shard));
        self.forget_balances(shard);
        self.forget_learners(shard);
        for line in (0..).map(LineId).take(self.site.lines.len()) {
            if self.site.line(line).is_some_and(|site| site.shard == shard) {
                self.switch(tipring_call::Input::SetInService { line, on: false });
                self.board.dead(line);
                self.measured(line);
                self.reloading.dead(line);
            }
        }
        for far in self.media.far_on(shard) {
            self.abandon(Party::Far(far));
        }
    }

    fn media_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Digit(leg, digit, length) => {
                if let Some(far) = self.media.far_of(leg) {
                    self.far_event(far, FarEvent::Digit { digit, length });
                }
            }
            MediaEvent::DigitToSignal(leg, digit, duration) => {
                if let Some(session) = self.far.signalling(&self.media, leg) {
                    let digit = char::from(digit);
                    self.agent(agent::Input::Command(SipCommand::SendInfo { session, digit, duration }));
                }
            }
            MediaEvent::Stats(leg, stats, _) => {
                if let Some(far) = self.media.far_of(leg) {
                    self.board.stats(far, &stats);
                }
            }
            MediaEvent::Failed(leg) => {
                if let Some(party) = self.media.party_of(leg) {
                    self.abandon(party);
                }
            }
            MediaEvent::Signal(leg, signal) => {
                if let Some(party) = self.media.party_of(leg) {
                    self.switch(tipring_call::Input::Signal { party, signal });
                }
            }
            // For the ladder and the log only.
            MediaEvent::Flowing(_)
            | MediaEvent::Starved(..)
            | MediaEvent::Announced(_)
            | MediaEvent::Level(..) => {}
        }
    }

    fn far_event(&mut self, leg: FarId, event: FarEvent) {
        self.switch(tipring_call::Input::Far { leg, event });
    }

    /// Gives an input to the switch; a panic ends only the line, call or leg that it met.
    fn switch(&mut self, input: tipring_call::Input) {
        let (now, wall) = (self.now, self.wall);
        let switch = &mut self.switch;
        if !guarded(|| switch.handle(now, wall, input)) {
            // The machine that was running is dropped; should even that fail, the next event finds it so.
            let switch = &mut self.switch;
            guarded(|| switch.recover());
        }
    }

    /// Drops what the switch knows of a party that has failed; whoever had to do with it is told.
    fn abandon(&mut self, party: Party) {
        let (now, wall) = (self.now, self.wall);
        let switch = &mut self.switch;
        // So that records end now, not when the switch was asked last.
        guarded(|| switch.handle(now, wall, tipring_call::Input::Tick));
        guarded(|| match party {
            Party::Line(line) => switch.abandon_line(line),
            Party::Far(leg) => switch.abandon_leg(leg),
        });
    }

    /// Carries outputs from machine to machine until all are silent.
    fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            while let Some((shard, command)) = self.media.poll() {
                self.out.push_back(Output::Shard(shard, command));
            }
            if let Some(output) = self.switch.poll() {
                self.switch_output(output);
            } else if let Some(output) = self.agent.poll() {
                self.agent_output(output);
            } else {
                break;
            }
        }
        self.far.settled();
        if let Some(id) = self.stopping
            && self.is_idle()
            && self.agent.is_settled()
        {
            self.stopping = None;
            self.out.push_back(Output::Reply(id, Response::Done));
        }
    }

    fn switch_output(&mut self, output: tipring_call::Output) {
        match output {
            tipring_call::Output::Line { line, epoch, command } => {
                let Some(site) = self.site.line(line) else { return };
                let shard = site.shard;
                self.out.push_back(Output::Shard(shard, Command::Line(line, epoch, command)));
            }
            tipring_call::Output::Far { leg, action } => {
                let agent = &mut self.agent;
                match self.far.act(&self.site, &mut self.media, leg, action, || agent.new_session()) {
                    Ok(Some(command)) => self.agent(agent::Input::Command(command)),
                    // Nothing was offered, or it is forgotten.
                    Ok(None) if action == FarAction::Complete => {
                        let news = tipring_call::Completion::Over;
                        self.switch(tipring_call::Input::Completion { leg, news });
                    }
                    Ok(None) => {}
                    Err(cause) => {
                        self.media.release(leg);
                        self.far.forget(leg);
                        self.far_event(leg, FarEvent::Failed { cause });
                    }
                }
            }
            tipring_call::Output::Media(action) => self.media.act(action),
            tipring_call::Output::Record(mut record) => {
                record.quality = self.board.quality(record.call);
                self.board.record(&record);
                self.last_store += 1;
                self.out.push_back(Output::Store(StoreId(self.last_store), record));
            }
            tipring_call::Output::Event(event) => {
                self.board.call_event(self.now, self.wall, &event);
                self.far.call_event(&event);
                self.walk_event(&event);
                self.test_event(&event);
                self.media.call_event(&event);
                self.note(What::Call(event));
            }
            tipring_call::Output::Features { number, features } => {
                self.last_store += 1;
                self.out.push_back(Output::Features(StoreId(self.last_store), number, features));
            }
            tipring_call::Output::Alarm(alarm) => {
                self.board.alarm(self.now, &self.site, &alarm);
                self.note(What::Alarm(alarm));
            }
        }
    }

    fn note(&mut self, what: What) {
        let entry = self.journal.entry(self.now, self.wall, what);
        self.push(entry);
    }

    fn push(&mut self, entry: Entry) {
        if self.out.len() < MAX_OUTPUTS {
            self.out.push_back(Output::Journal(entry));
        }
    }
}

/// Runs `work`; false if it panicked. The state that it left is then brought in order by the caller.
fn guarded(work: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_ok()
}
