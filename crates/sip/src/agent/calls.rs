//! Sessions within the agent: the gateway's orders, and what sessions want done.

use tipring_units::Instant;

use super::accounts::host;
use super::agent::Agent;
use super::api::{Command, DEFAULT_MAX_FORWARDS, Destination, Event, Invite, Privacy, SessionId, Transport};
use super::cause::Cause;
use super::config::AccountId;
use super::identity::{
    Diverted, RedirectAt, RedirectTo, anonymous, diversions_of, headers_of, named, told, transfer_headers,
};
use super::jobs::Owner;
use super::transfer::{ReferOutcome, ReferTarget};
use crate::dialog::{Call, Ctx, Hop, Local, Out, Session};
use crate::message::{HeaderName, Host, NameAddr, Uri, reason_phrase};
use crate::transaction::Target;

/// Addresses that one 302 names.
pub const MAX_CONTACTS: usize = 8;

impl Agent {
    pub(super) fn on_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Invite(invite) => self.invite(now, *invite),
            Command::Progress { session, status, media } => {
                self.on_session(now, session, |s, ctx| s.progress(status, media, ctx));
            }
            Command::Accept { session, media } => {
                self.on_session(now, session, |s, ctx| s.accept(media, ctx))
            }
            Command::Reject { session, status, reason, retry_after } => {
                self.on_session(now, session, |s, ctx| s.reject(status, reason.as_deref(), retry_after, ctx));
            }
            Command::Redirect { session, to, diverted } => {
                let to = to.into_iter().map(|to| self.at_server(to)).collect();
                self.on_session(now, session, |s, ctx| redirect(s, to, diverted.as_ref(), ctx));
            }
            Command::Hangup { session, cause } => {
                self.on_session(now, session, |s, ctx| s.hangup(cause, ctx))
            }
            Command::Reoffer { session, media } => {
                self.on_session(now, session, |s, ctx| s.reoffer(media, ctx))
            }
            Command::SetMedia { session, media } => {
                self.on_session(now, session, |s, _| s.set_media(media));
            }
            Command::AnswerReoffer { session, media } => {
                self.on_session(now, session, |s, ctx| s.answer_reoffer(media, ctx));
            }
            Command::SendInfo { session, digit, duration } => {
                self.on_session(now, session, |s, ctx| s.send_info(digit, duration, ctx));
            }
            Command::Refer { session, to } => self.refer(now, session, to),
            Command::AnswerRefer { session, answer } => {
                self.on_session(now, session, |s, ctx| s.answer_refer(answer, ctx));
            }
            Command::ReportRefer { session, status, reason } => {
                let reason = reason.unwrap_or_default();
                self.on_session(now, session, |s, ctx| s.report_refer(status, &reason, ctx));
            }
            Command::Abandon { session } => self.on_session(now, session, Session::abandon),
            Command::SetServer(config) => self.set_server(now, config),
            Command::RemoveServer(server) => self.remove_server(now, server),
            Command::Register(config) => self.register(now, config),
            Command::Unregister(account) => self.unregister(now, account),
            Command::UnregisterAll => self.unregister_all(now),
            Command::WatchMail { account, mailbox, expires } => {
                self.watch_mail(now, account, mailbox.as_deref(), expires);
            }
            Command::UnwatchMail(account) => self.unwatch_mail(now, account),
            Command::WatchCompletion(watch) => self.watch_completion(now, *watch),
            Command::UnwatchCompletion(session) => self.unwatch_completion(now, session),
            Command::SetTrust(trust) => self.config.trust = trust,
            Command::SetDigest(algorithms) => self.registrar.set_digest(&algorithms),
            Command::SetUsers(users) => self.bindings_changed(|r| r.set_users(users)),
        }
    }

    fn refer(&mut self, now: Instant, session: SessionId, to: ReferTarget) {
        let stands = self.sessions.get(&session);
        let to = match (stands, to) {
            (None, _) => Err(481),
            (Some(_), ReferTarget::Uri(uri)) => Ok(uri),
            (Some(stands), ReferTarget::User(user)) => stands.neighbour(&user).ok_or(481),
            // Nobody takes his own place.
            (Some(_), ReferTarget::Session(other)) if other == session => Err(482),
            (Some(_), ReferTarget::Session(other)) => match self.sessions.get(&other).map(Session::place) {
                Some(Ok((uri, replaces))) => Ok(uri.with_header("Replaces", &replaces.to_string())),
                Some(Err(status)) => Err(status),
                None => Err(481),
            },
        };
        match to {
            Ok(uri) => self.on_session(now, session, |s, ctx| s.refer(&uri, ctx)),
            Err(status) => {
                let reason = reason_phrase(status).to_owned();
                let outcome = ReferOutcome::Refused { status, reason };
                self.event(Event::ReferEnded { session, outcome });
            }
        }
    }

    fn invite(&mut self, now: Instant, invite: Invite) {
        let session = invite.session;
        // A tenth of the table is kept for emergency calls.
        let room =
            if invite.emergency { self.config.max_sessions } else { self.config.max_sessions * 9 / 10 };
        if self.sessions.len() >= room {
            self.refuse_invite(session, 503, "too many calls");
            return;
        }
        if self.sessions.contains_key(&session) {
            self.refuse_invite(session, 500, "the session number is in use");
            return;
        }
        let Some(route) = self.route(now, &invite) else {
            self.refuse_invite(session, 480, "the destination is not registered or not configured");
            return;
        };
        let account = invite.account.and_then(|id| self.accounts.get(&id));
        let credentials = account.map(super::accounts::Account::credentials);
        let shown = match invite.privacy {
            Privacy::None => invite.from.user.as_str(),
            Privacy::Id => "anonymous",
        };
        let contact_user = account.map_or(shown, |a| &a.config.user).to_owned();
        let public = account.and_then(|a| a.registration.as_ref()).and_then(|r| r.public());
        let local = self.local(&contact_user, route.transport, public);
        let from = match invite.privacy {
            Privacy::None => named(&invite.from, route.domain.clone()),
            Privacy::Id => anonymous(),
        };
        let mut headers = headers_of(&invite, &route.domain, &route.uri);
        headers.extend(transfer_headers(invite.replaces.as_ref(), invite.referred_by.as_ref()));
        let call = Call {
            session,
            local,
            to: NameAddr::new(route.uri.clone()),
            uri: route.uri,
            from,
            hop: route.hop,
            headers,
            emergency: invite.emergency,
            max_forwards: invite.max_forwards.unwrap_or(DEFAULT_MAX_FORWARDS),
            media: invite.media,
            credentials,
            call_id: format!(
                "{:016x}{:08x}@{}",
                self.entropy.u64(),
                self.entropy.u32(),
                self.config.udp.ip()
            ),
            flow: route.flow,
        };
        let mut outs = Vec::new();
        let made = Session::call(call, &mut Ctx { now, entropy: &mut self.entropy, out: &mut outs });
        self.adopt(now, made, outs);
    }

    /// Where an outgoing call goes.
    fn route(&self, now: Instant, invite: &Invite) -> Option<Route> {
        let own: Host = self.config.udp.ip().into();
        match &invite.to {
            Destination::Server { server, user } | Destination::Completing { server, user, .. } => {
                let config = self.peers.get(server)?.config();
                let domain = host(config.domain());
                let port = config.addresses.first().filter(|_| config.domain.is_none()).and_then(|a| a.port);
                let mut uri = Uri::sip(Some(user), domain.clone(), port);
                if let Destination::Completing { mode, .. } = &invite.to {
                    uri.set_param("m", mode.word());
                }
                Some(Route {
                    uri,
                    hop: Hop::Server(*server),
                    domain: if invite.account.is_some() { domain } else { own },
                    transport: config.transport,
                    flow: None,
                })
            }
            Destination::Registered { user } => {
                let bindings = self.registrar.bindings(now, user);
                let binding = bindings.first()?;
                Some(Route {
                    uri: binding.contact.uri.clone(),
                    hop: Hop::Targets(vec![binding.flow]),
                    domain: own,
                    transport: binding.flow.transport,
                    flow: Some(binding.flow),
                })
            }
            Destination::Through { server, uri } => {
                let config = self.peers.get(server)?.config();
                let domain = host(config.domain());
                Some(Route {
                    uri: uri.clone(),
                    hop: Hop::Server(*server),
                    domain: if invite.account.is_some() { domain } else { own },
                    transport: config.transport,
                    flow: None,
                })
            }
            Destination::Uri(uri) => {
                let tcp = uri.param("transport").is_some_and(|t| t.eq_ignore_ascii_case("tcp"));
                let transport = if tcp { Transport::Tcp } else { Transport::Udp };
                Some(Route {
                    uri: uri.clone(),
                    hop: Hop::Uri(uri.clone()),
                    domain: own,
                    transport,
                    flow: None,
                })
            }
        }
    }

    /// A number at a server as an address there.
    fn at_server(&self, to: RedirectTo) -> RedirectTo {
        match to {
            RedirectTo::Server { server, user } => match self.peers.get(&server).map(|peer| peer.config()) {
                Some(config) => {
                    let port =
                        config.addresses.first().filter(|_| config.domain.is_none()).and_then(|a| a.port);
                    RedirectTo::Uri(Uri::sip(Some(&user), host(config.domain()), port))
                }
                None => RedirectTo::User(user),
            },
            RedirectTo::User(_) | RedirectTo::Uri(_) => to,
        }
    }

    /// Whose an address is that a far end sends us to.
    fn whose(&self, uri: &Uri) -> RedirectAt {
        let Some(named) = uri.host() else { return RedirectAt::Elsewhere };
        let port = uri.port();
        if let Some((server, _)) = self.peers.iter().find(|(_, peer)| peer.is_named(named, port)) {
            return RedirectAt::Server(*server);
        }
        let own = [Some(self.config.udp), self.config.tcp];
        let own = own.into_iter().flatten().chain(self.accounts.values().filter_map(|account| {
            account.registration.as_ref().and_then(|registration| registration.public())
        }));
        let is_own =
            |own: core::net::SocketAddr| named.ip() == Some(own.ip()) && port.unwrap_or(5060) == own.port();
        if own.into_iter().any(is_own) { RedirectAt::Here } else { RedirectAt::Elsewhere }
    }

    fn refuse_invite(&mut self, session: SessionId, status: u16, reason: &str) {
        let cause = Cause::from_status(status);
        self.event(Event::Failed { session, status, reason: reason.to_owned(), retry_after: None, cause });
    }

    /// What a session is told about us.
    pub(super) fn local(
        &self,
        user: &str,
        transport: Transport,
        public: Option<core::net::SocketAddr>,
    ) -> Local {
        Local {
            contact: self.contact(user, transport, public),
            product: self.config.product.clone(),
            timing: self.config.timing,
            reoffers: self.config.reoffers,
            session_interval: self.config.session_interval,
        }
    }

    /// Our address as the registrar of an account of `server` sees it.
    pub(super) fn public_at(&self, server: super::config::ServerId) -> Option<core::net::SocketAddr> {
        let accounts = self.accounts.values().filter(|a| a.config.server == server);
        accounts.filter_map(|a| a.registration.as_ref()?.public()).next()
    }

    /// Takes a new session into the tables.
    pub(super) fn adopt(&mut self, now: Instant, session: Session, outs: Vec<Out>) {
        let id = session.id();
        self.dialogs.insert(session.key().clone(), id);
        self.sessions.insert(id, session);
        self.after_session(now, id, outs);
    }

    /// Does what a session wants, and forgets it when it is over.
    pub(super) fn after_session(&mut self, now: Instant, id: SessionId, outs: Vec<Out>) {
        for out in outs {
            match out {
                Out::Request { tag, request, hop } => {
                    self.start_job(now, Owner::Session(id, tag), request, hop)
                }
                Out::Cancel { tag, reason } => self.cancel_job(now, id, tag, reason),
                Out::Ack { request, hop } => self.start_job(now, Owner::Ack, request, hop),
                Out::Respond { txn, response } => {
                    let mut reports = Vec::new();
                    self.servers.answer(now, txn, &response, &mut reports);
                    self.on_server_reports(now, reports);
                }
                Out::Event(mut event) => {
                    if let Event::Redirected { to, .. } = &mut event {
                        for one in to {
                            one.at = self.whose(&one.uri);
                        }
                    }
                    self.event(event);
                }
            }
        }
        let Some(session) = self.sessions.get(&id) else { return };
        if session.is_over() {
            self.dialogs.remove(session.key());
            self.sessions.remove(&id);
            self.session_alarms.set(id, None);
        } else {
            self.session_alarms.set(id, session.deadline());
        }
    }

    /// The account whose contact a far end called, if it is one.
    pub fn account_of(&self, user: &str) -> Option<AccountId> {
        self.accounts.iter().find(|(_, a)| a.config.user == user).map(|(id, _)| *id)
    }
}

struct Route {
    uri: Uri,
    hop: Hop,
    domain: Host,
    transport: Transport,
    flow: Option<Target>,
}

/// Refuses a call by 302.
fn redirect(session: &mut Session, to: Vec<RedirectTo>, diverted: Option<&Diverted>, ctx: &mut Ctx<'_>) {
    let Some((called, before)) = session.called_as() else { return };
    let domain = called.host().cloned().unwrap_or_else(|| Host::Name("anonymous.invalid".to_owned()));
    let targets = to.into_iter().take(MAX_CONTACTS).map(|to| match to {
        RedirectTo::User(user) | RedirectTo::Server { user, .. } => {
            Uri::sip(Some(&user), domain.clone(), called.port())
        }
        RedirectTo::Uri(uri) => uri,
    });
    let targets: Vec<Uri> = targets.collect();
    let mut headers = Vec::new();
    for (place, target) in targets.iter().enumerate() {
        let mut contact = NameAddr::new(target.clone());
        if targets.len() > 1 {
            let weight = 10usize.saturating_sub(place).max(1);
            contact.params.set("q", &format!("{}.{}", weight / 10, weight % 10));
        }
        headers.push((HeaderName::Contact, contact.to_string()));
    }
    if let (Some(diverted), Some(target)) = (diverted, targets.first()) {
        headers.extend(told(&diversions_of(Some(diverted), &before, &domain), target));
    }
    session.redirect(&headers, ctx);
}
