//! The agent's state and its contract with the host.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tipring_units::{Entropy, Instant};

use super::accounts::Account;
use super::api::{Event, Input, Output, QueryId, SessionId, Transport};
use super::config::{AccountId, AgentConfig, ServerId};
use super::jobs::{Job, JobId, JobWait, LookupFor};
use super::late::Late;
use super::locate::Lookup;
use super::rate::{Answers, Refusals};
use super::reach::AddressView;
use super::servers::Server;
use super::wires::Wires;
use crate::dialog::{Session, Tag, Wait};
use crate::registrar::Registrar;
use crate::registration;
use crate::subscription::{self, Subscription};
use crate::transaction::{
    Alarms, ClientId, Clients, ServerId as ServerTxn, ServerReport, Servers, Target, Timer,
};

/// Why the agent wants to be called at a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// A timer of a transaction of ours.
    ClientTransaction(Timer),
    /// A timer of a transaction of the far end.
    ServerTransaction(Timer),
    /// A timer of a session.
    Session(SessionId, Wait),
    /// A cancelled INVITE has had its time, or an address that does not answer.
    Job(JobWait),
    /// A registration is refreshed or tried again.
    Registration(AccountId, registration::Wait),
    /// A subscription to a message summary is refreshed or tried again.
    Mail(AccountId, subscription::Wait),
    /// The time of a request for call completion is over.
    Completion(SessionId),
    /// A server is looked up or probed.
    Server(ServerId),
    /// A binding of the registrar lapses.
    Binding,
    /// A connection that never spoke is closed.
    SilentConnection,
    /// Refused requests are reported.
    RefusalReport,
}

/// The SIP user agent. Feed it with [`Agent::handle`], then drain [`Agent::poll`].
#[derive(Debug)]
pub struct Agent {
    pub(super) config: AgentConfig,
    pub(super) entropy: Entropy,
    pub(super) out: VecDeque<Output>,
    pub(super) wires: Wires,
    pub(super) clients: Clients,
    pub(super) servers: Servers,
    pub(super) jobs: BTreeMap<JobId, Job>,
    pub(super) by_client: BTreeMap<ClientId, JobId>,
    pub(super) by_tag: BTreeMap<(SessionId, Tag), JobId>,
    pub(super) job_alarms: Alarms<JobId, JobWait>,
    pub(super) next_job: u64,
    pub(super) late: Late,
    pub(super) lookups: BTreeMap<QueryId, (LookupFor, Lookup, Transport)>,
    pub(super) next_query: u64,
    /// Jobs that wait for the addresses of a server.
    pub(super) waiting_for: Vec<(ServerId, JobId)>,
    pub(super) peers: BTreeMap<ServerId, Server>,
    pub(super) peer_alarms: Alarms<ServerId, ()>,
    pub(super) accounts: BTreeMap<AccountId, Account>,
    pub(super) account_alarms: Alarms<AccountId, registration::Wait>,
    pub(super) mail: BTreeMap<AccountId, Subscription>,
    pub(super) mail_alarms: Alarms<AccountId, subscription::Wait>,
    pub(super) completions: BTreeMap<SessionId, super::completion::Watched>,
    pub(super) completion_alarms: Alarms<SessionId, subscription::Wait>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) session_alarms: Alarms<SessionId, Wait>,
    pub(super) dialogs: BTreeMap<(String, String), SessionId>,
    pub(super) invites: BTreeMap<ServerTxn, SessionId>,
    pub(super) next_session: u64,
    /// Sessions whose next step is to panic.
    pub(super) sabotaged: BTreeSet<SessionId>,
    pub(super) registrar: Registrar,
    pub(super) refusals: Refusals,
    pub(super) answers: Answers,
}

impl Agent {
    /// An agent without servers, accounts or users.
    pub fn new(config: AgentConfig, mut entropy: Entropy) -> Self {
        let registrar = Registrar::new(&config.realm, &config.digest, &mut entropy);
        Self {
            clients: Clients::new(config.timing),
            servers: Servers::new(config.timing),
            config,
            entropy,
            out: VecDeque::new(),
            wires: Wires::default(),
            jobs: BTreeMap::new(),
            by_client: BTreeMap::new(),
            by_tag: BTreeMap::new(),
            job_alarms: Alarms::new(),
            next_job: 0,
            late: Late::default(),
            lookups: BTreeMap::new(),
            next_query: 0,
            waiting_for: Vec::new(),
            peers: BTreeMap::new(),
            peer_alarms: Alarms::new(),
            accounts: BTreeMap::new(),
            account_alarms: Alarms::new(),
            mail: BTreeMap::new(),
            mail_alarms: Alarms::new(),
            completions: BTreeMap::new(),
            completion_alarms: Alarms::new(),
            sessions: BTreeMap::new(),
            session_alarms: Alarms::new(),
            dialogs: BTreeMap::new(),
            invites: BTreeMap::new(),
            next_session: 1,
            sabotaged: BTreeSet::new(),
            registrar,
            refusals: Refusals::default(),
            answers: Answers::default(),
        }
    }

    /// A number for a call that goes out.
    pub const fn new_session(&mut self) -> SessionId {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        id
    }

    /// Takes one input at `now`. Timers that are due by then run first.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.on_time(now);
        match input {
            Input::Tick => {}
            Input::Datagram { local: _, remote, bytes } => {
                self.on_datagram(now, Target::new(Transport::Udp, remote), bytes);
            }
            Input::Unreachable { remote } => {
                self.transport_failed(now, Target::new(Transport::Udp, remote));
            }
            Input::StreamOpened { conn, local: _, remote } => {
                self.wires.opened(now, conn, remote, &mut self.out);
            }
            Input::Stream { conn, bytes } => self.on_stream(now, conn, bytes),
            Input::StreamClosed { conn } => {
                if let Some(target) = self.wires.forget(conn) {
                    self.bindings_changed(|r| r.flow_closed(target));
                }
            }
            Input::StreamFailed { conn } => {
                if let Some(target) = self.wires.forget(conn) {
                    self.bindings_changed(|r| r.flow_closed(target));
                    self.transport_failed(now, target);
                }
            }
            Input::Resolved { query, answer } => self.on_resolved(now, query, answer),
            Input::Command(command) => self.on_command(now, command),
        }
    }

    /// The next thing to be done, if there is one.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When the agent wants its next [`Input::Tick`] at the latest, and why.
    pub fn deadline(&self) -> Option<(Instant, Why)> {
        [
            self.clients.deadline().map(|(at, timer)| (at, Why::ClientTransaction(timer))),
            self.servers.deadline().map(|(at, timer)| (at, Why::ServerTransaction(timer))),
            self.session_alarms.next().map(|(at, id, wait)| (at, Why::Session(id, wait))),
            self.job_alarms.next().map(|(at, _, wait)| (at, Why::Job(wait))),
            self.account_alarms.next().map(|(at, id, wait)| (at, Why::Registration(id, wait))),
            self.mail_alarms.next().map(|(at, id, wait)| (at, Why::Mail(id, wait))),
            self.completion_alarms.next().map(|(at, id, _)| (at, Why::Completion(id))),
            self.peer_alarms.next().map(|(at, id, ())| (at, Why::Server(id))),
            self.registrar.deadline().map(|at| (at, Why::Binding)),
            self.wires.deadline().map(|at| (at, Why::SilentConnection)),
            self.refusals.deadline().map(|at| (at, Why::RefusalReport)),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The addresses of a server as they stand, in the order of its configuration and of DNS.
    pub fn addresses(&self, now: Instant, server: ServerId) -> Vec<AddressView> {
        self.peers.get(&server).map(|peer| peer.view(now)).unwrap_or_default()
    }

    /// Sessions that are not quite over.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Whether nothing at all is under way: no session, no transaction, no request. Registrations may stand.
    pub fn is_idle(&self) -> bool {
        self.sessions.is_empty() && self.jobs.is_empty() && self.clients.is_empty() && self.servers.is_empty()
    }

    /// Whether everybody has been told all that there is to tell: no session goes on, and every request has its
    /// answer. What only waits for repeats may stand.
    pub fn is_settled(&self) -> bool {
        self.sessions.values().all(Session::is_released) && self.jobs.values().all(|job| job.answered)
    }

    pub(super) fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    fn on_time(&mut self, now: Instant) {
        let mut reports = Vec::new();
        self.clients.on_time(now, &mut reports);
        self.on_client_reports(now, reports);
        let mut reports = Vec::new();
        self.servers.on_time(now, &mut reports);
        self.on_server_reports(now, reports);
        self.on_job_alarms(now);
        while let Some((id, wait)) = self.session_alarms.due(now) {
            self.on_session(now, id, |session, ctx| session.on_time(wait, ctx));
        }
        while let Some((id, wait)) = self.account_alarms.due(now) {
            self.on_account(now, id, |registration, _, out| registration.on_time(wait, out));
        }
        while let Some((id, wait)) = self.mail_alarms.due(now) {
            self.on_mail(now, id, |subscription, entropy, out| subscription.on_time(wait, entropy, out));
        }
        while let Some((id, wait)) = self.completion_alarms.due(now) {
            self.on_completion(now, id, |subscription, entropy, out| {
                subscription.on_time(wait, entropy, out)
            });
        }
        while let Some((id, ())) = self.peer_alarms.due(now) {
            self.on_peer_time(now, id);
        }
        if self.registrar.deadline().is_some_and(|at| at <= now) {
            self.bindings_changed(|r| r.on_time(now));
        }
        self.wires.on_time(now, &mut self.out);
        if self.refusals.deadline().is_some_and(|at| at <= now) {
            for event in self.refusals.due(now) {
                self.event(event);
            }
        }
    }

    /// Does what the server transactions want.
    pub(super) fn on_server_reports(&mut self, now: Instant, reports: Vec<ServerReport>) {
        for report in reports {
            match report {
                // An answer that cannot be sent is as good as lost: the far end asks again.
                ServerReport::Send { target, bytes } => {
                    self.wires.send(target, bytes, &mut self.out);
                }
                ServerReport::Failed { id } => {
                    if let Some(session) = self.invites.get(&id).copied() {
                        self.on_session(now, session, |s, ctx| s.on_answer_failed(id, ctx));
                    }
                }
                ServerReport::Ended { id } => {
                    self.invites.remove(&id);
                }
            }
        }
    }
}
