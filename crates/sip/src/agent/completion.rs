//! Completion of calls at servers: one subscription for each call that somebody waits for (RFC 6910).
//!
//! It goes by the server that the call went by, whatever address it offered.

use tipring_units::{Entropy, Instant, Millis};

use super::accounts::host;
use super::agent::Agent;
use super::api::{Event, SessionId};
use super::config::{AccountId, ServerId};
use super::jobs::Owner;
use crate::dialog::{Failure, Hop};
use crate::message::{Host, Request, Response, Uri, validate_request};
use crate::subscription::{Action, MailWatch, Package, Subscription};
use crate::transaction::Target;

/// Calls that are waited for at once, at the most.
pub const MAX_COMPLETIONS: usize = 256;

/// A call that is to be completed when the called can be reached.
#[derive(Clone, PartialEq, Debug)]
pub struct WatchCompletion {
    /// The session of the call in vain.
    pub session: SessionId,
    /// The server that it went by.
    pub server: ServerId,
    /// The account whose credentials it used.
    pub account: Option<AccountId>,
    /// The number or name of who wants it, where there is no account.
    pub user: String,
    /// Where to ask: [`CompletionOffer::target`](crate::subscription::CompletionOffer::target).
    pub target: Uri,
    /// For so long.
    pub expires: Millis,
}

/// How it stands with a call that is to be completed.
#[derive(Clone, PartialEq, Debug)]
pub enum CompletionNews {
    /// The server has taken the request.
    Taken,
    /// It is not its turn, or no longer.
    Queued,
    /// It is its turn: the call can be made, to this address where one is told.
    Ready(Option<Uri>),
    /// The server refused, ended it, or it was taken back: nothing more comes.
    Over,
}

/// A subscription and where it goes.
#[derive(Debug)]
pub(super) struct Watched {
    subscription: Subscription,
    server: ServerId,
}

impl Agent {
    pub(super) fn watch_completion(&mut self, now: Instant, watch: WatchCompletion) {
        let WatchCompletion { session, server, account, user, target, expires } = watch;
        let room = self.completions.len() < MAX_COMPLETIONS && !self.completions.contains_key(&session);
        let Some(peer) = self.peers.get(&server).filter(|_| room) else {
            return self.event(Event::Completion { session, news: CompletionNews::Over });
        };
        let account = account.and_then(|id| self.accounts.get(&id));
        let own: Host = self.config.udp.ip().into();
        let domain = if account.is_some() { host(peer.config().domain()) } else { own };
        let user = account.map_or(user, |account| account.config.user.clone());
        let public = account.and_then(|a| a.registration.as_ref()).and_then(|r| r.public());
        let contact = self.contact(&user, peer.config().transport, public);
        let mut actions = Vec::new();
        let subscription = Subscription::start(
            Package::Completion,
            Uri::sip(Some(&user), domain, None),
            target,
            contact,
            account.map(super::accounts::Account::credentials),
            expires,
            &self.config.product,
            &mut self.entropy,
            &mut actions,
        );
        self.completions.insert(session, Watched { subscription, server });
        self.after_completion(now, session, actions);
    }

    pub(super) fn unwatch_completion(&mut self, now: Instant, session: SessionId) {
        self.on_completion(now, session, |subscription, _, out| subscription.leave(out));
    }

    /// Those of a server that is no more.
    pub(super) fn forget_completions(&mut self, server: ServerId) {
        let gone: Vec<SessionId> =
            self.completions.iter().filter(|(_, own)| own.server == server).map(|(id, _)| *id).collect();
        for session in gone {
            self.completions.remove(&session);
            self.completion_alarms.set(session, None);
            self.event(Event::Completion { session, news: CompletionNews::Over });
        }
    }

    pub(super) fn on_completion(
        &mut self,
        now: Instant,
        session: SessionId,
        f: impl FnOnce(&mut Subscription, &mut Entropy, &mut Vec<Action>),
    ) {
        let mut actions = Vec::new();
        if let Some(watched) = self.completions.get_mut(&session) {
            f(&mut watched.subscription, &mut self.entropy, &mut actions);
        }
        self.after_completion(now, session, actions);
    }

    fn after_completion(&mut self, now: Instant, session: SessionId, actions: Vec<Action>) {
        let server = self.completions.get(&session).map(|own| own.server);
        for action in actions {
            let news = match action {
                Action::Send(request, hop) => {
                    match hop.or(server.map(Hop::Server)) {
                        Some(hop) => self.start_job(now, Owner::Completion(session), *request, hop),
                        None => self.completion_failed(now, session, &Failure::Unreachable),
                    }
                    continue;
                }
                Action::Report(MailWatch::Standing { .. }) => CompletionNews::Taken,
                // It is gone in the same moment.
                Action::Report(MailWatch::Failed { .. } | MailWatch::Ended) | Action::Mail(_) => continue,
                Action::Completion(state) if state.ready => CompletionNews::Ready(state.uri),
                Action::Completion(_) => CompletionNews::Queued,
                Action::Gone => {
                    self.completions.remove(&session);
                    CompletionNews::Over
                }
            };
            self.event(Event::Completion { session, news });
        }
        let deadline = self.completions.get(&session).and_then(|own| own.subscription.deadline());
        self.completion_alarms.set(session, deadline);
    }

    pub(super) fn completion_answered(&mut self, now: Instant, session: SessionId, response: &Response) {
        self.on_completion(now, session, |subscription, entropy, out| {
            subscription.on_response(now, response, entropy, out);
        });
    }

    pub(super) fn completion_failed(&mut self, now: Instant, session: SessionId, failure: &Failure) {
        self.on_completion(now, session, |subscription, entropy, out| {
            subscription.on_failure(now, failure, entropy, out);
        });
    }

    /// The call whose subscription a NOTIFY belongs to.
    pub(super) fn completion_of(&self, notify: &Request, our_tag: &str) -> Option<SessionId> {
        let call_id = notify.call_id().ok()?;
        let mut all = self.completions.iter();
        all.find(|(_, own)| own.subscription.is(&call_id, our_tag)).map(|(session, _)| *session)
    }

    /// A NOTIFY of a subscription.
    pub(super) fn on_completion_notify(
        &mut self,
        now: Instant,
        session: SessionId,
        notify: &Request,
        reply_to: Target,
    ) {
        if let Err(rejection) = validate_request(notify, &super::inbound::capabilities()) {
            self.answer_statelessly(reply_to, rejection.response(notify, ""));
            return;
        }
        let Some(txn) = self.arrive(now, notify, reply_to) else { return };
        let mut status = 481;
        self.on_completion(now, session, |subscription, entropy, out| {
            status = subscription.on_notify(now, notify, entropy, out);
        });
        self.answer_notify(now, txn, notify, status, None);
    }
}
