//! Messages that wait at servers: subscriptions of accounts, and what servers tell unasked.

use tipring_units::{Entropy, Instant, Millis};

use super::accounts::host;
use super::agent::Agent;
use super::api::Event;
use super::config::{AccountId, ServerId};
use super::jobs::Owner;
use crate::dialog::{Failure, Hop};
use crate::message::{HeaderName, Request, Response, Uri, validate_request};
use crate::subscription::{Action, MessageSummary, Package, Subscription};
use crate::transaction::{ServerId as ServerTxn, Target};

/// Event packages that are taken here.
pub const ALLOW_EVENTS: &str = "message-summary, refer, call-completion";

impl Agent {
    pub(super) fn watch_mail(&mut self, now: Instant, id: AccountId, mailbox: Option<&str>, expires: Millis) {
        let Some(account) = self.accounts.get(&id) else { return };
        let Some(peer) = self.peers.get(&account.config.server) else { return };
        let domain = host(peer.config().domain());
        let user = account.config.user.as_str();
        let public = account.registration.as_ref().and_then(|r| r.public());
        let contact = self.contact(user, peer.config().transport, public);
        let mut actions = Vec::new();
        let subscription = Subscription::start(
            Package::Mail,
            Uri::sip(Some(user), domain.clone(), None),
            Uri::sip(Some(mailbox.unwrap_or(user)), domain, None),
            contact,
            Some(account.credentials()),
            expires,
            &self.config.product,
            &mut self.entropy,
            &mut actions,
        );
        self.mail.insert(id, subscription);
        self.after_mail(now, id, actions);
    }

    pub(super) fn unwatch_mail(&mut self, now: Instant, id: AccountId) {
        self.on_mail(now, id, |subscription, _, out| subscription.leave(out));
    }

    pub(super) fn on_mail(
        &mut self,
        now: Instant,
        id: AccountId,
        f: impl FnOnce(&mut Subscription, &mut Entropy, &mut Vec<Action>),
    ) {
        let mut actions = Vec::new();
        if let Some(subscription) = self.mail.get_mut(&id) {
            f(subscription, &mut self.entropy, &mut actions);
        }
        self.after_mail(now, id, actions);
    }

    fn after_mail(&mut self, now: Instant, id: AccountId, actions: Vec<Action>) {
        let server = self.accounts.get(&id).map(|account| account.config.server);
        for action in actions {
            match action {
                Action::Send(request, hop) => match hop.or(server.map(Hop::Server)) {
                    Some(hop) => self.start_job(now, Owner::Mail(id), *request, hop),
                    None => self.mail_failed(now, id, &Failure::NotFound("the account is gone".to_owned())),
                },
                Action::Report(state) => self.event(Event::MailWatch { account: id, state }),
                Action::Mail(summary) => self.event(Event::Mail { account: id, summary }),
                Action::Completion(_) => {} // of no account
                Action::Gone => {
                    self.mail.remove(&id);
                }
            }
        }
        self.mail_alarms.set(id, self.mail.get(&id).and_then(Subscription::deadline));
    }

    pub(super) fn mail_answered(&mut self, now: Instant, id: AccountId, response: &Response) {
        self.on_mail(now, id, |subscription, entropy, out| {
            subscription.on_response(now, response, entropy, out);
        });
    }

    pub(super) fn mail_failed(&mut self, now: Instant, id: AccountId, failure: &Failure) {
        self.on_mail(now, id, |subscription, entropy, out| {
            subscription.on_failure(now, failure, entropy, out);
        });
    }

    /// The account whose subscription a NOTIFY belongs to.
    pub(super) fn mail_of(&self, notify: &Request, our_tag: &str) -> Option<AccountId> {
        let call_id = notify.call_id().ok()?;
        self.mail.iter().find(|(_, subscription)| subscription.is(&call_id, our_tag)).map(|(id, _)| *id)
    }

    /// A NOTIFY of a subscription.
    pub(super) fn on_mail_notify(&mut self, now: Instant, id: AccountId, notify: &Request, reply_to: Target) {
        if let Err(rejection) = validate_request(notify, &super::inbound::capabilities()) {
            self.answer_statelessly(reply_to, rejection.response(notify, ""));
            return;
        }
        let Some(txn) = self.arrive(now, notify, reply_to) else { return };
        let mut status = 481;
        self.on_mail(now, id, |subscription, entropy, out| {
            status = subscription.on_notify(now, notify, entropy, out);
        });
        self.answer_notify(now, txn, notify, status, None);
    }

    /// A NOTIFY that nobody asked for, of a server that we trust.
    pub(super) fn on_unasked_notify(
        &mut self,
        now: Instant,
        txn: ServerTxn,
        server: ServerId,
        notify: &Request,
    ) {
        let tag = self.new_tag();
        let event = notify.event().ok().flatten();
        if !event.is_some_and(|event| event.is("message-summary")) {
            self.answer_notify(now, txn, notify, 489, Some(&tag));
            return;
        }
        let summary = MessageSummary::parse(&notify.body);
        let told = summary.as_ref().and_then(|s| s.account.as_deref()).and_then(|uri| Uri::parse(uri).ok());
        let named = [Some(notify.uri.clone()), notify.to().ok().map(|to| to.uri), told];
        let account = named.iter().flatten().find_map(|uri| {
            let user = uri.user()?;
            let mut own = self.accounts.iter().filter(|(_, account)| account.config.server == server);
            own.find(|(_, account)| account.config.user == user).map(|(id, _)| *id)
        });
        let Some(account) = account else {
            self.answer_notify(now, txn, notify, 404, Some(&tag));
            return;
        };
        self.answer_notify(now, txn, notify, 200, Some(&tag));
        if let Some(summary) = summary {
            self.event(Event::Mail { account, summary });
        }
    }

    pub(super) fn answer_notify(
        &mut self,
        now: Instant,
        txn: ServerTxn,
        notify: &Request,
        status: u16,
        tag: Option<&str>,
    ) {
        let mut response = notify.response(status, "", tag);
        if status == 489 {
            response.headers.push(HeaderName::AllowEvents, ALLOW_EVENTS);
        }
        self.answer(now, txn, &response);
    }
}
