//! Transfers at a far end: REFER both ways with its reports, and Replaces; waiting messages.
//!
//! # Limits
//! What it is sent to do it only reports as it is told to: the flow makes the call.
//!
//! # Standard
//! RFC 3515, RFC 3891, RFC 3842.

use core::net::SocketAddr;

use tipring_media::Processing;
use tipring_sip::message::{
    EventType, HeaderName, Method, NameAddr, Replaces, Request, SipFragment, SubscriptionState, Uri, text,
};
use tipring_units::Instant;

use super::leg::Stage;
use super::{Cannot, Manner, Peer, Which};
use crate::plant::Fidelity;

/// What stands in INVITE and its answers of an end that can be replaced at.
pub(super) const REPLACES: &str = "replaces";

impl<A: Processing + Fidelity> Peer<A> {
    /// It is sent elsewhere.
    pub(super) fn take_refer(&mut self, now: Instant, from: SocketAddr, request: &Request, key: &str) {
        let to = request.refer_to().ok().flatten().map(|to| to.uri);
        let place = self.leg_of(request);
        let replaced = to.as_ref().and_then(|to| to.header("Replaces")).map(|value| self.replaced(&value));
        let whom = to.map_or_else(String::new, |to| super::receive::short(&to.as_target()));
        self.say(now, format!("gets REFER {whom}{}", replaced.unwrap_or_default()));
        let Some(place) = place.filter(|_| self.has(Manner::Transfers)) else {
            return self.answer_request(from, request, key, 501);
        };
        self.answer_request(from, request, key, 202);
        self.legs[place].referred = Some(request.cseq().map_or(0, |cseq| cseq.seq));
        self.report(now, place, 100);
    }

    /// Tells how a transfer that it does goes.
    pub(super) fn tell_refer(&mut self, now: Instant, status: u16, which: Which) -> Result<(), Cannot> {
        let place = self.find(which, |leg| leg.referred.is_some())?;
        self.report(now, place, status);
        Ok(())
    }

    fn report(&mut self, now: Instant, place: usize, status: u16) {
        let over = status >= 200;
        let Some(seq) = self.legs[place].referred else { return };
        let mut request = self.within(place, Method::Notify);
        let event = EventType { package: "refer".to_owned(), id: Some(seq.to_string()) };
        request.headers.push(HeaderName::Event, event.to_string());
        let state = if over { "terminated;reason=noresource" } else { "active;expires=180" };
        request.headers.push(HeaderName::SubscriptionState, state);
        request.headers.push(HeaderName::Contact, self.contact().to_string());
        request.set_body("message/sipfrag;version=2.0", SipFragment::new(status, "").to_bytes());
        if over {
            self.legs[place].referred = None;
        }
        self.launch_within(now, place, request);
    }

    /// Sends the gateway elsewhere.
    pub(super) fn refer(
        &mut self,
        now: Instant,
        to: &str,
        replacing: Option<usize>,
        which: Which,
    ) -> Result<(), Cannot> {
        let place = self.find(which, |leg| leg.stage == Stage::Confirmed)?;
        let mut uri = Uri::sip(Some(to), self.spec.address.ip().into(), Some(self.spec.address.port()));
        if let Some(call) = replacing {
            let other = self.find(Which { call: Some(call), fork: None }, |leg| leg.stage != Stage::Ended)?;
            uri = uri.with_header("Replaces", &self.place_of(other).to_string());
        }
        let mut request = self.within(place, Method::Refer);
        request.headers.push(HeaderName::ReferTo, NameAddr::new(uri).to_string());
        let by = NameAddr::new(self.legs[place].local.uri.clone()).to_string();
        request.headers.push(HeaderName::ReferredBy, by);
        request.headers.push(HeaderName::Contact, self.contact().to_string());
        self.launch_within(now, place, request);
        Ok(())
    }

    /// The dialog of a call as the gateway has it to know for an INVITE that takes its place there.
    pub(super) fn place_of(&self, place: usize) -> Replaces {
        let leg = &self.legs[place];
        Replaces {
            call_id: leg.call_id.clone(),
            to_tag: leg.remote.tag().unwrap_or("0").to_owned(),
            from_tag: leg.local.tag().unwrap_or("0").to_owned(),
            early_only: false,
        }
    }

    /// ` in place of call 2`, where a Replaces means one of its own.
    pub(super) fn replaced(&self, replaces: &str) -> String {
        let call_id = replaces.split(';').next().unwrap_or_default();
        match self.legs.iter().find(|leg| leg.call_id == call_id) {
            Some(leg) => format!(" in place of call {}", leg.call),
            None => " in place of no call".to_owned(),
        }
    }

    /// A report of what it sent the gateway to, or something else that it did not ask for.
    pub(super) fn take_notify(&mut self, now: Instant, from: SocketAddr, request: &Request, key: &str) {
        let status = text(&request.body).split(' ').nth(1).map(str::to_owned).unwrap_or_default();
        let state = request.headers.text(&HeaderName::SubscriptionState);
        let over = state.and_then(|state| state.parse::<SubscriptionState>().ok());
        let over = if over.is_some_and(|state| state.terminated) { " the last" } else { "" };
        self.say(now, format!("gets NOTIFY {status}{over}"));
        self.answer_request(from, request, key, 200);
    }

    /// It is asked to tell of messages.
    pub(super) fn take_subscribe(&mut self, now: Instant, from: SocketAddr, request: &Request, key: &str) {
        let user = request.uri.user().unwrap_or_default().into_owned();
        let expires = request.expires().ok().flatten().map_or(3600, |seconds| seconds.0);
        let end = if expires == 0 { "un-SUBSCRIBE" } else { "SUBSCRIBE" };
        self.say(now, format!("gets {end} {user}"));
        let (Ok(local), Ok(remote), Ok(call_id)) = (request.to(), request.from_(), request.call_id()) else {
            return;
        };
        if !self.has(Manner::Mailboxes) {
            return self.answer_request(from, request, key, 489);
        }
        let tag = local.tag().map_or_else(|| format!("{:08x}", self.entropy.u32()), str::to_owned);
        let mut answer = request.response(200, "", Some(&tag));
        answer.headers.push(HeaderName::Expires, expires.to_string());
        answer.headers.push(HeaderName::Contact, self.contact().to_string());
        let bytes = answer.to_bytes();
        self.remember(request, bytes.clone());
        self.send(from, bytes);
        let target = request.contacts().ok().and_then(|all| all.into_iter().next()).map(|one| one.uri);
        let cseq = self.mailboxes.get(&user).map_or(1, |watch| watch.cseq);
        let watch = Watch {
            call_id,
            local: if local.tag().is_some() { local } else { local.with_tag(&tag) },
            remote,
            target: target.unwrap_or_else(|| request.uri.clone()),
            cseq,
            waiting: self.mailboxes.get(&user).map_or((0, 0), |watch| watch.waiting),
            over: expires == 0,
        };
        self.mailboxes.insert(user.clone(), watch);
        self.tell_mail(now, &user);
    }

    /// So many messages wait now, new and old: told by the subscription, or unasked.
    pub(super) fn mail(&mut self, now: Instant, user: &str, waiting: (u32, u32)) {
        if let Some(watch) = self.mailboxes.get_mut(user).filter(|watch| !watch.over) {
            watch.waiting = waiting;
            return self.tell_mail(now, user);
        }
        let gateway = self.spec.gateway;
        let uri = Uri::sip(Some(user), gateway.ip().into(), Some(gateway.port()));
        let mut request = self.outside(Method::Notify, uri, None);
        request.headers.push(HeaderName::Event, "message-summary");
        request.headers.push(HeaderName::SubscriptionState, "terminated;reason=noresource");
        request.set_body("application/simple-message-summary", summary(waiting));
        self.launch(now, request, gateway, false);
    }

    fn tell_mail(&mut self, now: Instant, user: &str) {
        let Some(watch) = self.mailboxes.get_mut(user) else { return };
        watch.cseq += 1;
        let mut request = Request::new(Method::Notify, watch.target.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, watch.local.to_string());
        headers.push(HeaderName::To, watch.remote.to_string());
        headers.push(HeaderName::CallId, &watch.call_id);
        headers.push(HeaderName::CSeq, format!("{} NOTIFY", watch.cseq));
        headers.push(HeaderName::Event, "message-summary");
        let state = if watch.over { "terminated;reason=timeout" } else { "active;expires=3600" };
        headers.push(HeaderName::SubscriptionState, state);
        let waiting = watch.waiting;
        request.headers.push(HeaderName::Contact, self.contact().to_string());
        request.set_body("application/simple-message-summary", summary(waiting));
        let gateway = self.spec.gateway;
        self.launch(now, request, gateway, false);
    }
}

/// Somebody who is told of a mailbox.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    call_id: String,
    local: NameAddr,
    remote: NameAddr,
    target: Uri,
    cseq: u32,
    waiting: (u32, u32),
    over: bool,
}

fn summary((new, old): (u32, u32)) -> Vec<u8> {
    let any = if new > 0 { "yes" } else { "no" };
    format!("Messages-Waiting: {any}\r\nVoice-Message: {new}/{old}\r\n").into_bytes()
}
