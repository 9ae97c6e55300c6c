//! Servers and the accounts that register at them.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use tipring_units::{Entropy, Instant};

use super::agent::Agent;
use super::api::{Event, Transport};
use super::config::{AccountConfig, AccountId, ServerConfig, ServerId};
use super::jobs::{JobId, LookupFor, Owner};
use super::locate::Lookup;
use super::servers::{Need, Server};
use crate::dialog::{Credentials, Failure, Hop};
use crate::message::{Host, NameAddr, Response, StreamItem, Uri};
use crate::registrar::{Change, Registrar};
use crate::registration::{Action, Registration};

/// Accounts at a time.
pub const MAX_ACCOUNTS: usize = 4096;
/// Servers at a time.
pub const MAX_SERVERS: usize = 256;

/// One account.
#[derive(Debug)]
pub struct Account {
    pub(super) config: AccountConfig,
    pub(super) registration: Option<Registration>,
}

impl Account {
    /// What it has for digest.
    pub(super) fn credentials(&self) -> Credentials {
        Credentials {
            user: self.config.auth_user.clone().unwrap_or_else(|| self.config.user.clone()),
            password: self.config.password.clone(),
        }
    }
}

impl Agent {
    pub(super) fn set_server(&mut self, now: Instant, config: ServerConfig) {
        let id = config.id;
        if self.peers.len() >= MAX_SERVERS && !self.peers.contains_key(&id) {
            return;
        }
        // A configuration that is applied again changes nothing.
        if self.peers.get(&id).is_some_and(|peer| *peer.config() == config) {
            return;
        }
        self.lookups.retain(|_, (what, ..)| *what != LookupFor::Server(id));
        self.peers.insert(id, Server::new(now, config));
        self.on_peer_time(now, id);
    }

    pub(super) fn remove_server(&mut self, now: Instant, id: ServerId) {
        self.peers.remove(&id);
        self.peer_alarms.set(id, None);
        self.lookups.retain(|_, (what, ..)| *what != LookupFor::Server(id));
        self.forget_completions(id);
        for job in self.jobs_waiting_for(id) {
            self.job_found(now, job, Vec::new());
        }
        let gone: Vec<AccountId> =
            self.accounts.iter().filter(|(_, a)| a.config.server == id).map(|(id, _)| *id).collect();
        for account in gone {
            self.accounts.remove(&account);
            self.account_alarms.set(account, None);
            self.mail.remove(&account);
            self.mail_alarms.set(account, None);
        }
    }

    pub(super) fn register(&mut self, now: Instant, config: AccountConfig) {
        let id = config.id;
        if self.accounts.len() >= MAX_ACCOUNTS && !self.accounts.contains_key(&id) {
            return;
        }
        if self.accounts.get(&id).is_some_and(|account| account.config == config) {
            return;
        }
        let mut account = Account { config, registration: None };
        let mut actions = Vec::new();
        if account.config.register
            && let Some(peer) = self.peers.get(&account.config.server)
        {
            let domain = host(peer.config().domain());
            let transport = peer.config().transport;
            let credentials = account.credentials();
            let contact = self.contact(&account.config.user, transport, None);
            let call_id = format!("{:016x}@{}", self.entropy.u64(), self.config.udp.ip());
            account.registration = Some(Registration::start(
                Uri::sip(Some(&account.config.user), domain.clone(), None),
                Uri::sip(None, domain, None),
                contact,
                credentials,
                account.config.expires,
                &self.config.product,
                call_id,
                &mut self.entropy,
                &mut actions,
            ));
        }
        self.accounts.insert(id, account);
        self.after_account(now, id, actions);
    }

    pub(super) fn unregister(&mut self, now: Instant, id: AccountId) {
        self.unwatch_mail(now, id);
        if self.accounts.get(&id).is_some_and(|a| a.registration.is_none()) {
            self.accounts.remove(&id);
        }
        self.on_account(now, id, |registration, _, out| registration.leave(out));
    }

    pub(super) fn unregister_all(&mut self, now: Instant) {
        let all: Vec<AccountId> = self.accounts.keys().copied().collect();
        for id in all {
            self.unregister(now, id);
        }
    }

    /// Our Contact for `user`.
    pub(super) fn contact(&self, user: &str, transport: Transport, public: Option<SocketAddr>) -> NameAddr {
        let (address, tcp) = match transport {
            Transport::Udp => (public.unwrap_or(self.config.udp), false),
            Transport::Tcp => (self.config.tcp.unwrap_or(self.config.udp), true),
        };
        let user = Some(user).filter(|user| !user.is_empty());
        let mut uri = Uri::sip(user, address.ip().into(), Some(address.port()));
        if tcp && let Some(params) = uri.params_mut() {
            params.set("transport", "tcp");
        }
        NameAddr::new(uri)
    }

    pub(super) fn on_account(
        &mut self,
        now: Instant,
        id: AccountId,
        f: impl FnOnce(&mut Registration, &mut Entropy, &mut Vec<Action>),
    ) {
        let mut actions = Vec::new();
        if let Some(registration) = self.accounts.get_mut(&id).and_then(|a| a.registration.as_mut()) {
            f(registration, &mut self.entropy, &mut actions);
        }
        self.after_account(now, id, actions);
    }

    fn after_account(&mut self, now: Instant, id: AccountId, actions: Vec<Action>) {
        let Some(server) = self.accounts.get(&id).map(|a| a.config.server) else { return };
        for action in actions {
            match action {
                Action::Send(request) => {
                    self.start_job(now, Owner::Account(id), request, Hop::Server(server))
                }
                Action::Report(state) => self.event(Event::Registration { account: id, state }),
                Action::Gone => {
                    self.accounts.remove(&id);
                }
            }
        }
        let registration = self.accounts.get(&id).and_then(|a| a.registration.as_ref());
        self.account_alarms.set(id, registration.and_then(Registration::deadline));
        let mut registrations = self
            .accounts
            .values()
            .filter(|a| a.config.server == server)
            .filter_map(|a| a.registration.as_ref());
        let wanted = registrations.any(Registration::is_bound);
        if let Some(peer) = self.peers.get_mut(&server) {
            peer.keep_alive(now, wanted);
            self.peer_alarms.set(server, peer.deadline().map(|at| (at, ())));
        }
    }

    pub(super) fn account_answered(&mut self, now: Instant, id: AccountId, response: &Response) {
        self.on_account(now, id, |registration, entropy, out| {
            registration.on_response(now, response, entropy, out)
        });
    }

    pub(super) fn account_failed(&mut self, now: Instant, id: AccountId, failure: &Failure) {
        self.on_account(now, id, |registration, entropy, out| {
            registration.on_failure(now, failure, entropy, out)
        });
    }

    /// A server's timer.
    pub(super) fn on_peer_time(&mut self, now: Instant, id: ServerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let before = peer.in_use();
        let needs = peer.due(now);
        // Before the needs: an address that needs no lookup is found at once, and told then.
        self.after_peer(now, id, before);
        for need in needs {
            match need {
                Need::Resolve => self.look_up_server(now, id),
                Need::Probe(target) => self.probe(now, id, target),
                Need::KeepAlive(target) => {
                    self.wires.send(target, StreamItem::PING.to_vec(), &mut self.out);
                }
            }
        }
        let deadline = self.peers.get(&id).and_then(Server::deadline);
        self.peer_alarms.set(id, deadline.map(|at| (at, ())));
    }

    fn look_up_server(&mut self, now: Instant, id: ServerId) {
        let Some(peer) = self.peers.get(&id) else { return };
        let Some((name, port)) = peer.host() else { return };
        let transport = peer.config().transport;
        let (lookup, step) = Lookup::start(name, port, transport);
        self.follow(now, LookupFor::Server(id), lookup, step, transport);
    }

    /// A host of a server was looked up.
    pub(super) fn server_looked_up(&mut self, now: Instant, id: ServerId, found: &[SocketAddr]) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let before = peer.in_use();
        if !peer.looked_up(now, found) {
            self.look_up_server(now, id);
            return;
        }
        let targets = peer.targets();
        let (ready, rest): (Vec<_>, Vec<_>) =
            self.waiting_for.drain(..).partition(|(server, _)| *server == id);
        self.waiting_for = rest;
        for (_, job) in ready {
            self.job_found(now, job, targets.clone());
        }
        self.after_peer(now, id, before);
    }

    fn jobs_waiting_for(&mut self, id: ServerId) -> Vec<JobId> {
        let (ready, rest): (Vec<_>, Vec<_>) =
            self.waiting_for.drain(..).partition(|(server, _)| *server == id);
        self.waiting_for = rest;
        ready.into_iter().map(|(_, job)| job).collect()
    }

    pub(super) fn server_failed(&mut self, now: Instant, id: ServerId, address: SocketAddr) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let before = peer.in_use();
        peer.failed(now, address);
        self.after_peer(now, id, before);
    }

    pub(super) fn server_answered(&mut self, now: Instant, id: ServerId, address: SocketAddr) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let before = peer.in_use();
        let is_news = before == Some(address) && !peer.has_heard(address);
        peer.answered(now, address);
        self.after_peer(now, id, before);
        if is_news {
            self.event(Event::ServerAnswers { server: id, address });
        }
    }

    /// An address took this long to answer a request of ours.
    pub(super) fn server_measured(&mut self, id: ServerId, address: SocketAddr, round_trip: Duration) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.measured(address, round_trip);
        }
    }

    /// Sets the server's alarm; tells when another address is in use, and registers there.
    fn after_peer(&mut self, now: Instant, id: ServerId, before: Option<SocketAddr>) {
        let Some(peer) = self.peers.get(&id) else { return };
        let after = peer.in_use();
        self.peer_alarms.set(id, peer.deadline().map(|at| (at, ())));
        if after == before {
            return;
        }
        let heard = after.is_some_and(|address| peer.has_heard(address));
        self.event(Event::Server { server: id, address: after, heard });
        if after.is_none() {
            return;
        }
        let accounts: Vec<AccountId> =
            self.accounts.iter().filter(|(_, a)| a.config.server == id).map(|(id, _)| *id).collect();
        for account in accounts {
            self.on_account(now, account, |registration, _, out| registration.again(out));
        }
    }

    pub(super) fn bindings_changed(&mut self, f: impl FnOnce(&mut Registrar) -> Vec<Change>) {
        let changes = f(&mut self.registrar);
        for Change { user, contact, expires } in changes {
            self.event(Event::Binding { user, contact, expires });
        }
    }
}

/// A name or an address as a host.
pub(super) fn host(text: &str) -> Host {
    match text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(ip) => Host::Ip(ip),
        Err(_) => Host::Name(text.to_owned()),
    }
}
