//! Requests under way: found, sent, sent elsewhere, cancelled.
//!
//! A job is one request of ours with the addresses that it may go to. It starts a transaction at the first;
//! when that gives no answer, or 503, the next one follows with a new branch (RFC 3263 §4.3).
//!
//! RFC 3263 waits for the end of the transaction, 64*T1, before it goes on. A caller does not: where a new call or a
//! REGISTER has another address to go to, one that has not said a word within [`FIRST_ANSWER`] is left, as gateways do that hunt after a
//! few repeats (Cisco `retry invite`, AudioCodes hot-swap after three of them). A server that does answer then is told
//! CANCEL, and what it accepts is ended.

use std::collections::VecDeque;

use tipring_units::{Instant, Millis};

use super::agent::Agent;
use super::api::{Answer, Output, QueryId, SessionId, Transport};
use super::config::{AccountId, ServerId};
use super::late::FarewellId;
use super::locate::{Lookup, Step};
use crate::dialog::{Failure, Hop, Tag};
use crate::message::{self, HeaderName, Method, Request, Response, Uri, Via};
use crate::transaction::client::{NoAnswer, cancel_of};
use crate::transaction::key::new_branch;
use crate::transaction::{ClientId, ClientReport, Target};

/// Jobs at a time.
pub const MAX_JOBS: usize = 8192;
/// DNS lookups at a time.
pub const MAX_LOOKUPS: usize = 1024;
/// Multiples of T1 (4 s in all) in which a new call or a REGISTER wants any answer at all from an address, where there is
/// another. The request has gone there four times by then.
pub const FIRST_ANSWER: u32 = 8;
/// Multiples of T1 (10 s in all) in which a probe wants its answer. It has gone five times by then; the next probe of the
/// same address comes later than that.
pub const PROBE_ANSWER: u32 = 20;
/// A request larger than this goes by TCP where that is possible, RFC 3261 §18.1.1.
pub const LARGE: usize = 1300;

/// One request under way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct JobId(pub u64);

/// Whom answers go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// A session's request.
    Session(SessionId, Tag),
    /// The ACK of a 2xx: never answered.
    Ack,
    /// A REGISTER.
    Account(AccountId),
    /// A SUBSCRIBE for messages.
    Mail(AccountId),
    /// A SUBSCRIBE for call completion.
    Completion(SessionId),
    /// An OPTIONS that looks whether this address of a server lives.
    Probe(ServerId),
    /// The BYE that ends what a late answer made.
    Farewell(FarewellId),
}

/// One job.
#[derive(Debug)]
pub struct Job {
    pub(super) owner: Owner,
    /// The request without Via.
    pub(super) request: Request,
    /// The Via under which it was last sent.
    pub(super) via: Option<String>,
    /// The far end's flow when it is registered here from behind NAT.
    pub(super) flow: Option<Target>,
    server: Option<ServerId>,
    targets: VecDeque<Target>,
    sent: Option<(ClientId, Target)>,
    sent_at: Instant,
    provisional: bool,
    pub(super) answered: bool,
    /// CANCEL is wanted, with this Reason.
    pub(super) cancel: Option<Option<String>>,
}

/// What a job waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum JobWait {
    /// The end of an INVITE that was cancelled.
    Cancelled,
    /// A sign of life.
    FirstAnswer,
}

/// What a lookup is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LookupFor {
    /// A job's target.
    Job(JobId),
    /// A server's addresses.
    Server(ServerId),
}

impl Agent {
    /// Starts a job.
    pub(super) fn start_job(&mut self, now: Instant, owner: Owner, request: Request, hop: Hop) {
        if self.jobs.len() >= MAX_JOBS {
            self.job_failed(now, owner, &Failure::Overload);
            self.job_closed(now, owner);
            return;
        }
        let id = JobId(self.next_job);
        self.next_job += 1;
        let server = match (owner, &hop) {
            (Owner::Probe(server), _) => Some(server),
            (_, Hop::Server(server)) => Some(*server),
            (_, Hop::Uri(_) | Hop::Targets(_)) => None,
        };
        let flow = match &hop {
            Hop::Targets(targets) => targets.first().copied(),
            Hop::Server(_) | Hop::Uri(_) => None,
        };
        let job = Job {
            owner,
            request,
            via: None,
            flow,
            server,
            targets: VecDeque::new(),
            sent: None,
            sent_at: now,
            provisional: false,
            answered: false,
            cancel: None,
        };
        self.jobs.insert(id, job);
        if let Owner::Session(session, tag) = owner {
            self.by_tag.insert((session, tag), id);
        }
        match hop {
            Hop::Server(server) => match self.peers.get(&server) {
                Some(peer) if peer.is_resolved() => {
                    let targets = peer.targets();
                    self.job_found(now, id, targets);
                }
                Some(peer) if peer.is_resolving() => {
                    self.waiting_for.push((server, id));
                }
                Some(_) => self.end_job(
                    now,
                    id,
                    Some(Failure::NotFound("the server's name is not found".to_owned())),
                ),
                None => self.end_job(now, id, Some(Failure::NotFound("there is no such server".to_owned()))),
            },
            Hop::Uri(uri) => self.look_up_uri(now, id, &uri),
            Hop::Targets(targets) => self.job_found(now, id, targets),
        }
    }

    fn look_up_uri(&mut self, now: Instant, id: JobId, uri: &Uri) {
        let Some(sip) = uri.as_sip().filter(|sip| !sip.secure) else {
            self.end_job(
                now,
                id,
                Some(Failure::NotFound(format!("cannot reach {uri}: no SIP over UDP or TCP"))),
            );
            return;
        };
        let transport = match sip.params.get("transport") {
            Some(name) if name.eq_ignore_ascii_case("tcp") => Transport::Tcp,
            Some(_) | None => Transport::Udp,
        };
        let host = sip.params.get("maddr").map_or_else(|| sip.host.to_string(), str::to_owned);
        let (lookup, step) = Lookup::start(&host, sip.port, transport);
        self.follow(now, LookupFor::Job(id), lookup, step, transport);
    }

    /// Does what a lookup wants next.
    pub(super) fn follow(
        &mut self,
        now: Instant,
        what: LookupFor,
        lookup: Lookup,
        step: Step,
        transport: Transport,
    ) {
        match step {
            Step::Ask(question) if self.lookups.len() < MAX_LOOKUPS => {
                let query = QueryId(self.next_query);
                self.next_query += 1;
                self.lookups.insert(query, (what, lookup, transport));
                self.out.push_back(Output::Resolve { query, question });
            }
            Step::Ask(_) => {
                self.looked_up(now, what, Err("too many DNS lookups under way".to_owned()), transport)
            }
            Step::Done(found) => self.looked_up(now, what, Ok(found), transport),
            Step::Failed(why) => self.looked_up(now, what, Err(why), transport),
        }
    }

    /// DNS has answered.
    pub(super) fn on_resolved(&mut self, now: Instant, query: QueryId, answer: Answer) {
        let Some((what, mut lookup, transport)) = self.lookups.remove(&query) else { return };
        let step = lookup.on(answer, &mut self.entropy);
        self.follow(now, what, lookup, step, transport);
    }

    fn looked_up(
        &mut self,
        now: Instant,
        what: LookupFor,
        found: Result<Vec<core::net::SocketAddr>, String>,
        transport: Transport,
    ) {
        match what {
            LookupFor::Job(id) => match found {
                Ok(found) => {
                    let targets = found.into_iter().map(|address| Target::new(transport, address)).collect();
                    self.job_found(now, id, targets);
                }
                Err(why) => self.end_job(now, id, Some(Failure::NotFound(why))),
            },
            LookupFor::Server(server) => self.server_looked_up(now, server, &found.unwrap_or_default()),
        }
    }

    /// The addresses of a job are known.
    pub(super) fn job_found(&mut self, now: Instant, id: JobId, targets: Vec<Target>) {
        let has_tcp = self.config.tcp.is_some();
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let large = job.request.to_bytes().len() + 120 > LARGE;
        for target in targets {
            if large && has_tcp && target.transport == Transport::Udp {
                job.targets.push_back(Target { transport: Transport::Tcp, ..target });
            }
            job.targets.push_back(target);
        }
        self.next_target(now, id, Failure::Unreachable);
    }

    /// Sends the job to its next address, or ends it with `failure`.
    fn next_target(&mut self, now: Instant, id: JobId, failure: Failure) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let cancelled = job.cancel.is_some();
        let Some(target) = job.targets.pop_front().filter(|_| !cancelled) else {
            let failure = if cancelled { Failure::Cancelled } else { failure };
            self.end_job(now, id, Some(failure));
            return;
        };
        let owner = job.owner;
        let mut request = job.request.clone();
        let via = self.via(target.transport);
        request.headers.push_front(HeaderName::Via, &via);
        if owner == Owner::Ack {
            self.wires.send(target, request.to_bytes(), &mut self.out);
            self.end_job(now, id, None);
            return;
        }
        let mut reports = Vec::new();
        match self.clients.start(now, request, target, &mut reports) {
            Some(client) => {
                if let Some(job) = self.jobs.get_mut(&id) {
                    job.via = Some(via);
                    job.sent = Some((client, target));
                    job.sent_at = now;
                    job.provisional = false;
                }
                self.by_client.insert(client, id);
                self.job_alarms.set(id, self.patience(id).map(|wait| (now + wait, JobWait::FirstAnswer)));
                self.on_client_reports(now, reports);
            }
            None => self.end_job(now, id, Some(Failure::Overload)),
        }
    }

    /// How long a job waits for a sign of life from where it has gone; none leaves that to the transaction.
    fn patience(&self, id: JobId) -> Option<Millis> {
        let job = self.jobs.get(&id)?;
        let t1 = self.config.timing.t1.0;
        if let Owner::Probe(_) = job.owner {
            return Some(Millis(t1.saturating_mul(PROBE_ANSWER)));
        }
        let (_, here) = job.sent?;
        let is_new = match job.owner {
            Owner::Account(_) => true,
            Owner::Mail(_) | Owner::Completion(_) => job.request.to().is_ok_and(|to| to.tag().is_none()),
            Owner::Session(..) | Owner::Ack | Owner::Probe(_) | Owner::Farewell(_) => {
                job.request.method == Method::Invite && job.request.to().is_ok_and(|to| to.tag().is_none())
            }
        };
        // The same address by another transport is no other server.
        let is_other = job.targets.front().is_some_and(|next| next.address != here.address);
        (is_new && is_other).then(|| Millis(t1.saturating_mul(FIRST_ANSWER)))
    }

    fn via(&mut self, transport: Transport) -> String {
        let (name, address) = match transport {
            Transport::Udp => (message::Transport::Udp, self.config.udp),
            Transport::Tcp => (message::Transport::Tcp, self.config.tcp.unwrap_or(self.config.udp)),
        };
        Via::new(name, address, &new_branch(&mut self.entropy)).to_string()
    }

    /// Ends a job: tells its owner the failure, if there was one, and that no more answers come.
    fn end_job(&mut self, now: Instant, id: JobId, failure: Option<Failure>) {
        let Some(job) = self.jobs.remove(&id) else { return };
        if let Owner::Session(session, tag) = job.owner {
            self.by_tag.remove(&(session, tag));
        }
        if let Some((client, _)) = job.sent {
            self.by_client.remove(&client);
        }
        self.job_alarms.set(id, None);
        if let Some(failure) = failure.filter(|_| !job.answered) {
            self.job_failed(now, job.owner, &failure);
        }
        self.job_closed(now, job.owner);
    }

    /// Does what the client transactions want.
    pub(super) fn on_client_reports(&mut self, now: Instant, reports: Vec<ClientReport>) {
        for report in reports {
            match report {
                ClientReport::Send { target, bytes } => {
                    if !self.wires.send(target, bytes, &mut self.out) {
                        self.transport_failed(now, target);
                    }
                }
                ClientReport::Response { id, response } => self.on_job_answer(now, id, response),
                ClientReport::Failed { id, why } => self.on_no_answer(now, id, why),
                ClientReport::Ended { id } => {
                    if let Some(job) = self.by_client.remove(&id) {
                        self.end_job(now, job, None);
                    }
                }
            }
        }
    }

    fn on_job_answer(&mut self, now: Instant, client: ClientId, response: Response) {
        let Some(id) = self.by_client.get(&client).copied() else {
            if response.is_provisional() {
                self.on_late_ringing(now, client, &response);
            } else {
                self.on_late_answer(now, &response);
            }
            return;
        };
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let (owner, server) = (job.owner, job.server);
        let address = job.sent.map(|(_, target)| target.address);
        // What a server answers without having to ask anybody.
        let measures = matches!(owner, Owner::Probe(_) | Owner::Account(_)) && response.status != 503;
        let measured = (measures && !job.provisional).then(|| now.since(job.sent_at));
        if let (Some(server), Some(address)) = (server, address) {
            if response.status == 503 {
                self.server_failed(now, server, address);
            } else {
                self.server_answered(now, server, address);
            }
            if let Some(round_trip) = measured {
                self.server_measured(server, address, round_trip);
            }
        }
        let Some(job) = self.jobs.get_mut(&id) else { return };
        // A server that cannot now may have a neighbour that can (RFC 3261 §21.5.4).
        if response.status == 503 && !job.targets.is_empty() && job.cancel.is_none() {
            self.by_client.remove(&client);
            self.give_up(now, id);
            self.next_target(now, id, Failure::Unreachable);
            return;
        }
        if response.status >= 200 {
            job.answered = true;
            self.job_alarms.set(id, None);
        } else if !job.provisional {
            job.provisional = true;
            self.job_alarms.set(id, None);
            if job.cancel.is_some() {
                self.send_cancel(now, id);
            }
        }
        self.job_answered(now, id, owner, &response);
    }

    fn on_no_answer(&mut self, now: Instant, client: ClientId, why: NoAnswer) {
        let Some(id) = self.by_client.remove(&client) else { return };
        let Some(job) = self.jobs.get_mut(&id) else { return };
        // Only the ACK of a refusal had no way to go. Nobody else is asked what has its answer.
        if job.answered {
            self.give_up(now, id);
            self.end_job(now, id, None);
            return;
        }
        let address = job.sent.take().map(|(_, target)| target.address);
        if let (Some(server), Some(address)) = (job.server, address) {
            self.server_failed(now, server, address);
        }
        let failure = match why {
            NoAnswer::TimedOut => Failure::TimedOut,
            NoAnswer::Transport => Failure::Unreachable,
        };
        self.give_up(now, id);
        self.next_target(now, id, failure);
    }

    /// The request of a job is not waited for any longer, at least where it went.
    fn give_up(&mut self, now: Instant, id: JobId) {
        if let Some(job) = self.jobs.remove(&id) {
            self.remember_given_up(now, &job);
            self.jobs.insert(id, job);
        }
    }

    /// A session cancels its INVITE.
    pub(super) fn cancel_job(&mut self, now: Instant, session: SessionId, tag: Tag, reason: Option<String>) {
        let Some(id) = self.by_tag.get(&(session, tag)).copied() else { return };
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if job.answered || job.cancel.is_some() {
            return;
        }
        job.cancel = Some(reason);
        match (job.sent, job.provisional) {
            (Some(_), true) => self.send_cancel(now, id),
            // §9.1: a CANCEL may not overtake its INVITE; it goes with the first provisional answer.
            (Some(_), false) => self.job_alarms.set(id, None),
            (None, _) => self.end_job(now, id, Some(Failure::Cancelled)),
        }
    }

    fn send_cancel(&mut self, now: Instant, id: JobId) {
        let Some(job) = self.jobs.get(&id) else { return };
        let Some((client, target)) = job.sent else { return };
        let reason = job.cancel.clone().flatten();
        let Some((invite, _)) = self.clients.request(client) else { return };
        let cancel = cancel_of(invite, reason.as_deref());
        let mut reports = Vec::new();
        self.clients.start(now, cancel, target, &mut reports);
        // §9.1: without a final answer 64*T1 later the INVITE counts as cancelled.
        self.job_alarms.set(id, Some((now + self.config.timing.life(), JobWait::Cancelled)));
        self.on_client_reports(now, reports);
    }

    /// A cancelled INVITE has had its time, or a silent address has.
    pub(super) fn on_job_alarms(&mut self, now: Instant) {
        while let Some((id, wait)) = self.job_alarms.due(now) {
            let Some((client, _)) = self.jobs.get(&id).and_then(|job| job.sent) else { continue };
            match wait {
                JobWait::Cancelled => {
                    self.clients.drop_silently(client);
                    self.give_up(now, id);
                    self.end_job(now, id, Some(Failure::Cancelled));
                }
                JobWait::FirstAnswer => {
                    if !self.clients.abandon(now, client) {
                        self.clients.drop_silently(client);
                    }
                    self.on_no_answer(now, client, NoAnswer::TimedOut);
                }
            }
        }
    }

    /// Nothing can be sent to `target` now.
    pub(super) fn transport_failed(&mut self, now: Instant, target: Target) {
        let mut reports = Vec::new();
        self.clients.on_transport_error(now, target, &mut reports);
        self.on_client_reports(now, reports);
    }

    /// An answer to a request of ours.
    fn job_answered(&mut self, now: Instant, id: JobId, owner: Owner, response: &Response) {
        match owner {
            Owner::Session(session, tag) => {
                if !self.sessions.contains_key(&session) {
                    // The session was dropped for its faults; nobody else can end what its INVITE makes.
                    self.answered_without_session(now, id, response);
                    return;
                }
                let whole = self.try_session(now, session, |s, ctx| s.on_response(tag, response, ctx));
                // A success has its ACK at once, whatever befell the session that asked for it.
                if whole || !response.is_success() {
                    return;
                }
                if self.sessions.contains_key(&session) {
                    self.on_session(now, session, |s, ctx| s.on_response(tag, response, ctx));
                } else {
                    self.answered_without_session(now, id, response);
                }
            }
            Owner::Account(account) => self.account_answered(now, account, response),
            Owner::Mail(account) => self.mail_answered(now, account, response),
            Owner::Completion(session) => self.completion_answered(now, session, response),
            Owner::Farewell(farewell) => self.farewell_answered(now, farewell, response),
            // The health of the address was noted when the answer came.
            Owner::Probe(_) | Owner::Ack => {}
        }
    }

    fn job_failed(&mut self, now: Instant, owner: Owner, failure: &Failure) {
        match owner {
            Owner::Session(session, tag) => {
                self.on_session(now, session, |s, ctx| s.on_failure(tag, failure, ctx))
            }
            Owner::Account(account) => self.account_failed(now, account, failure),
            Owner::Mail(account) => self.mail_failed(now, account, failure),
            Owner::Completion(session) => self.completion_failed(now, session, failure),
            // The address's health was noted where the transaction failed.
            Owner::Probe(_) | Owner::Ack | Owner::Farewell(_) => {}
        }
    }

    fn answered_without_session(&mut self, now: Instant, id: JobId, response: &Response) {
        if response.is_success() && !self.on_late_answer(now, response) {
            self.give_up(now, id);
            self.on_late_answer(now, response);
        }
    }

    fn job_closed(&mut self, now: Instant, owner: Owner) {
        match owner {
            Owner::Session(session, tag) => self.on_session(now, session, |s, _| s.on_closed(tag)),
            Owner::Farewell(farewell) => self.farewell_closed(farewell),
            Owner::Account(_) | Owner::Mail(_) | Owner::Completion(_) | Owner::Probe(_) | Owner::Ack => {}
        }
    }

    /// An OPTIONS to one address of a server.
    pub(super) fn probe(&mut self, now: Instant, server: ServerId, target: Target) {
        let Some(domain) = self.peers.get(&server).map(|p| super::accounts::host(p.config().domain())) else {
            return;
        };
        let uri = Uri::sip(None, domain, None);
        let mut request = Request::new(Method::Options, uri.clone());
        let from = message::NameAddr::new(Uri::sip(None, self.config.udp.ip().into(), None));
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, from.with_tag(&format!("{:016x}", self.entropy.u64())).to_string());
        headers.push(HeaderName::To, message::NameAddr::new(uri).to_string());
        headers.push(HeaderName::CallId, format!("{:016x}", self.entropy.u64()));
        headers.push(HeaderName::CSeq, "1 OPTIONS");
        headers.push(HeaderName::UserAgent, &self.config.product);
        self.start_job(now, Owner::Probe(server), request, Hop::Targets(vec![target]));
    }
}
