//! What a far end does when told.

use core::net::SocketAddr;

use tipring_media::Processing;
use tipring_sip::message::{HeaderName, Host, Method, NameAddr, Request, Response, Transport, Uri, Via};
use tipring_units::Instant;

use super::leg::{Leg, Stage};
use super::refer::REPLACES;
use super::{Cannot, Client, From, LIFE, MAX_CLIENTS, Manner, Order, Peer, T1, Which};
use crate::plant::Fidelity;

impl<A: Processing + Fidelity> Peer<A> {
    /// Does as it is told.
    pub fn act(&mut self, now: Instant, order: Order) -> Result<(), Cannot> {
        match order {
            Order::Answer { status, which, sound, to } => self.answer(now, status, which, sound, to),
            Order::Invite { to, from, offers, hops } => self.invite(now, &to, &from, offers, hops),
            Order::Merge(which) => self.merge(which),
            Order::NewNonce => {
                self.nonce = format!("{:016x}", self.entropy.u64());
                Ok(())
            }
            Order::Cancel(which) => self.cancel(now, which),
            Order::Bye(which) => {
                let place = self.find(which, |leg| leg.stage == Stage::Confirmed)?;
                self.bye(now, place);
                Ok(())
            }
            Order::Ack(which) => {
                let place = self.find(which, |leg| leg.stage == Stage::Confirmed)?;
                self.acknowledge(now, place);
                Ok(())
            }
            Order::Again(which) => {
                let place = self.find(which, |leg| !leg.last.is_empty())?;
                let bytes = self.legs[place].last.clone();
                self.send(self.spec.gateway, bytes);
                Ok(())
            }
            Order::Hold(which) => self.reinvite(now, which, Some(true)),
            Order::Resume(which) => self.reinvite(now, which, Some(false)),
            Order::Offers(codec, which) => {
                let place = self.find(which, |leg| leg.stage == Stage::Confirmed)?;
                self.legs[place].only = Some(codec);
                self.reinvite(now, which, Some(false))
            }
            Order::Relay(which) => self.reinvite(now, which, None),
            Order::Info(digit, which) => {
                let place = self.find(which, |leg| leg.stage == Stage::Confirmed)?;
                let body = format!("Signal={digit}\r\nDuration=160\r\n");
                let mut request = self.within(place, Method::Info);
                request.set_body("application/dtmf-relay", body.into_bytes());
                self.launch_within(now, place, request);
                Ok(())
            }
            Order::Options => {
                let uri = Uri::sip(None, self.spec.gateway.ip().into(), Some(self.spec.gateway.port()));
                let request = self.outside(Method::Options, uri, None);
                self.launch(now, request, self.spec.gateway, false);
                Ok(())
            }
            Order::Request(method, which) => {
                let place = self.find(which, |leg| leg.stage == Stage::Confirmed)?;
                let request = self.within(place, Method::from_name(&method));
                self.launch_within(now, place, request);
                Ok(())
            }
            Order::Register(seconds) => {
                self.register(now, seconds);
                Ok(())
            }
            Order::Digits(digits, which) => {
                let place = self.find(which, |leg| leg.stage != Stage::Ended)?;
                let leg = &mut self.legs[place];
                if digits.bytes().all(|digit| leg.media.event(digit)) { Ok(()) } else { Err(Cannot::Digits) }
            }
            Order::Keys(digits, which) => {
                let place = self.find(which, |leg| leg.stage != Stage::Ended)?;
                let leg = &mut self.legs[place];
                if digits.bytes().all(|digit| leg.media.key(digit)) { Ok(()) } else { Err(Cannot::Digits) }
            }
            Order::Say(talk, which) => {
                let place = self.find(which, |leg| leg.stage != Stage::Ended)?;
                self.legs[place].media.say(talk);
                Ok(())
            }
            Order::Hush(which) => {
                let place = self.find(which, |leg| leg.stage != Stage::Ended)?;
                self.legs[place].media.hush();
                Ok(())
            }
            Order::Manner(manner, has) => {
                if has {
                    self.bad.remove(&manner);
                } else {
                    self.bad.insert(manner);
                }
                Ok(())
            }
            Order::Refer { to, replacing, which } => self.refer(now, &to, replacing, which),
            Order::Notify(status, which) => self.tell_refer(now, status, which),
            Order::Mail(user, waiting) => {
                self.mail(now, &user, waiting);
                Ok(())
            }
            Order::Turn(turn) => self.tell_turn(now, turn),
            Order::Asks(asks) => {
                self.asks = asks;
                Ok(())
            }
        }
    }

    /// The latest dialog that fits.
    pub(super) fn find(&self, which: Which, fits: impl Fn(&Leg<A>) -> bool) -> Result<usize, Cannot> {
        self.legs
            .iter()
            .rposition(|leg| {
                which.call.is_none_or(|call| call == leg.call)
                    && which.fork.is_none_or(|fork| fork == leg.fork)
                    && fits(leg)
            })
            .ok_or(Cannot::NoCall)
    }

    fn answer(
        &mut self,
        now: Instant,
        status: u16,
        which: Which,
        sound: bool,
        to: Option<String>,
    ) -> Result<(), Cannot> {
        // an INVITE within a dialog waits too
        let waits = |leg: &Leg<A>| {
            !leg.outgoing && (leg.stage == Stage::Early || (leg.stage == Stage::Confirmed && !leg.answered))
        };
        let place = match self.find(which, waits) {
            Ok(place) => place,
            Err(_) => self.fork(which)?,
        };
        let knows = self.knows();
        let invite = self.legs[place].invite.clone();
        let tag = self.legs[place].local.tag().map(str::to_owned);
        let tag = if status == 100 { None } else { tag };
        let mut response = invite.response(status, "", tag.as_deref());
        if (101..300).contains(&status) {
            response.headers.push(HeaderName::Contact, self.contact().to_string());
        }
        if self.has(Manner::Transfers) && (101..300).contains(&status) {
            response.headers.push(HeaderName::Supported, REPLACES);
        }
        if let Some(route) = self.route().filter(|_| (101..300).contains(&status)) {
            response.headers.push(HeaderName::RecordRoute, route);
        }
        if let Some(offer) = self.offer_completion(&invite, status) {
            response.headers.push(HeaderName::CallInfo, offer);
        }
        if let Some(to) = to {
            // Several stand there as the header has them.
            let contact = if to.contains('<') { to } else { format!("<{to}>") };
            response.headers.push(HeaderName::Contact, contact);
        }
        if sound || (200..300).contains(&status) {
            let leg = &mut self.legs[place];
            let body = if leg.offer.is_some() { leg.answer(knows) } else { Some(leg.offer(knows)) };
            if let Some(body) = body {
                response.set_body("application/sdp", body.to_bytes());
            }
        }
        let bytes = response.to_bytes();
        self.remember(&invite, bytes.clone());
        if response.is_final() {
            self.repeat(now, &response);
            let call_id = self.legs[place].call_id.clone();
            if response.is_success() {
                let leg = &mut self.legs[place];
                leg.stage = Stage::Confirmed;
                leg.answered = true;
                leg.last.clone_from(&bytes);
                let fork = leg.fork;
                for other in self.legs.iter_mut().filter(|leg| leg.call_id == call_id && leg.fork != fork) {
                    if other.stage == Stage::Early {
                        other.stage = Stage::Ended;
                    }
                }
            } else {
                self.end_call(&call_id);
            }
        }
        self.send(self.spec.gateway, bytes);
        Ok(())
    }

    /// A further early dialog of the call that waits.
    fn fork(&mut self, which: Which) -> Result<usize, Cannot> {
        let fork = which.fork.ok_or(Cannot::NoCall)?;
        let first = Which { call: which.call, fork: None };
        let place = self.find(first, |leg| !leg.outgoing && leg.stage != Stage::Ended)?;
        let media = self.new_media();
        let tag = format!("{:08x}", self.entropy.u32());
        let first = &self.legs[place];
        let leg = Leg {
            call: first.call,
            fork,
            outgoing: false,
            stage: Stage::Early,
            call_id: first.call_id.clone(),
            local: first.local.clone().with_tag(&tag),
            remote: first.remote.clone(),
            target: first.target.clone(),
            routes: first.routes.clone(),
            cseq: first.cseq + 1000,
            invite: first.invite.clone(),
            media,
            version: 0,
            holding: false,
            only: None,
            offer: first.offer.clone(),
            last: Vec::new(),
            answered: false,
            answers_late: false,
            late_sound: None,
            referred: None,
        };
        self.legs.push(leg);
        Ok(self.legs.len() - 1)
    }

    fn invite(&mut self, now: Instant, to: &str, from: &From, offers: bool, hops: u8) -> Result<(), Cannot> {
        let gateway = self.spec.gateway;
        let uri = Uri::sip(Some(to), gateway.ip().into(), Some(gateway.port()));
        let mut request = self.outside(Method::Invite, uri.clone(), Some(from));
        request.headers.set(HeaderName::MaxForwards, hops.to_string());
        if self.has(Manner::Transfers) {
            request.headers.push(HeaderName::Supported, REPLACES);
        }
        if let Some(call) = from.replacing {
            let old = self.find(Which { call: Some(call), fork: None }, |leg| leg.stage != Stage::Ended)?;
            request.headers.push(HeaderName::Replaces, self.place_of(old).to_string());
        }
        if let Some(alert) = &from.alert {
            request.headers.push(HeaderName::AlertInfo, alert);
        }
        if let Some(diverted) = &from.diverted {
            request.headers.push(HeaderName::Diversion, diverted);
        }
        self.calls += 1;
        let mut media = Some(self.new_media());
        let (Ok(local), Ok(call_id)) = (request.from_(), request.call_id()) else { return Err(Cannot::Busy) };
        let Some(media) = media.take() else { return Err(Cannot::Busy) };
        let mut leg = Leg {
            call: self.calls,
            fork: 1,
            outgoing: true,
            stage: Stage::Early,
            call_id,
            local,
            remote: NameAddr::new(uri.clone()),
            target: uri,
            routes: Vec::new(),
            cseq: self.cseq,
            invite: request.clone(),
            media,
            version: 0,
            holding: false,
            only: None,
            offer: None,
            last: Vec::new(),
            answered: true,
            answers_late: !offers,
            late_sound: None,
            referred: None,
        };
        if offers {
            let body = leg.offer(self.knows());
            request.set_body("application/sdp", body.to_bytes());
        }
        if let Some(route) = self.route() {
            request.headers.push(HeaderName::RecordRoute, route);
        }
        leg.invite = request.clone();
        self.legs.push(leg);
        self.launch(now, request, gateway, false);
        Ok(())
    }

    /// The INVITE of a call once more, as a proxy that forked it would send it: with another branch.
    fn merge(&mut self, which: Which) -> Result<(), Cannot> {
        let place = self.find(which, |leg| leg.outgoing && leg.stage != Stage::Ended)?;
        let mut request = self.legs[place].invite.clone();
        let via = self.via();
        request.headers.remove(&HeaderName::Via);
        request.headers.push_front(HeaderName::Via, via.to_string());
        self.send(self.spec.gateway, request.to_bytes());
        Ok(())
    }

    fn cancel(&mut self, now: Instant, which: Which) -> Result<(), Cannot> {
        let place = self.find(which, |leg| leg.outgoing && leg.stage == Stage::Early)?;
        let invite = self.legs[place].invite.clone();
        let call_id = self.legs[place].call_id.clone();
        for client in &mut self.clients {
            if client.method == Method::Invite && client.request.call_id().is_ok_and(|id| id == call_id) {
                client.cancelled = true;
                client.next = None;
            }
        }
        let mut request = Request::new(Method::Cancel, invite.uri.clone());
        for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId] {
            if let Some(value) = invite.headers.get(&name) {
                request.headers.push(name, value);
            }
        }
        let cseq = invite.cseq().map_or(1, |cseq| cseq.seq);
        request.headers.push(HeaderName::CSeq, format!("{cseq} CANCEL"));
        request.headers.push(HeaderName::MaxForwards, "70");
        self.enter(now, request, self.spec.gateway, false);
        Ok(())
    }

    pub(super) fn bye(&mut self, now: Instant, place: usize) {
        let request = self.within(place, Method::Bye);
        self.legs[place].stage = Stage::Ended;
        let call_id = self.legs[place].call_id.clone();
        self.repeats.retain(|repeat| repeat.call_id != call_id);
        self.launch_within(now, place, request);
    }

    /// Acknowledges a 200.
    pub(super) fn acknowledge(&mut self, _: Instant, place: usize) {
        let cseq = self.legs[place].invite.cseq().map_or(1, |cseq| cseq.seq);
        let mut request = self.within(place, Method::Ack);
        request.headers.set(HeaderName::CSeq, format!("{cseq} ACK"));
        self.legs[place].cseq -= 1;
        let via = self.via();
        request.headers.push_front(HeaderName::Via, via.to_string());
        let to = self.way(place);
        let knows = self.knows();
        if core::mem::take(&mut self.legs[place].answers_late)
            && let Some(body) = self.legs[place].answer(knows)
        {
            request.set_body("application/sdp", body.to_bytes());
        }
        let bytes = request.to_bytes();
        self.legs[place].last.clone_from(&bytes);
        self.send(to, bytes);
    }

    /// Acknowledges a refusal, within the transaction of the INVITE.
    pub(super) fn refuse_ack(&mut self, invite: &Request, to: SocketAddr, response: &Response) {
        let mut request = Request::new(Method::Ack, invite.uri.clone());
        for name in [HeaderName::Via, HeaderName::From, HeaderName::CallId] {
            if let Some(value) = invite.headers.get(&name) {
                request.headers.push(name, value);
            }
        }
        if let Some(value) = response.headers.get(&HeaderName::To) {
            request.headers.push(HeaderName::To, value);
        }
        let cseq = invite.cseq().map_or(1, |cseq| cseq.seq);
        request.headers.push(HeaderName::CSeq, format!("{cseq} ACK"));
        request.headers.push(HeaderName::MaxForwards, "70");
        self.send(to, request.to_bytes());
    }

    /// Offers sound, holding or not; fax relay where that is not said.
    fn reinvite(&mut self, now: Instant, which: Which, hold: Option<bool>) -> Result<(), Cannot> {
        let place = self.find(which, |leg| leg.stage == Stage::Confirmed)?;
        let knows = self.knows();
        let leg = &mut self.legs[place];
        let body = match hold {
            Some(hold) => {
                leg.holding = hold;
                leg.offer(knows)
            }
            None => leg.offer_relay(),
        };
        let mut request = self.within(place, Method::Invite);
        request.headers.push(HeaderName::Contact, self.contact().to_string());
        request.set_body("application/sdp", body.to_bytes());
        self.legs[place].invite = request.clone();
        self.launch_within(now, place, request);
        Ok(())
    }

    fn register(&mut self, now: Instant, seconds: u32) {
        let gateway = self.spec.gateway;
        let uri = Uri::sip(None, gateway.ip().into(), Some(gateway.port()));
        let mut request = self.outside(Method::Register, uri, None);
        let user = self.spec.user.clone();
        let me = Uri::sip(Some(&user), gateway.ip().into(), Some(gateway.port()));
        request.headers.set(HeaderName::To, NameAddr::new(me).to_string());
        request.headers.push(HeaderName::Expires, seconds.to_string());
        if self.has(Manner::Remembers) {
            self.prove_again(&mut request);
        }
        self.launch(now, request, gateway, false);
    }

    fn via(&mut self) -> Via {
        let transport = if self.spec.tcp { Transport::Tcp } else { Transport::Udp };
        let branch = format!("z9hG4bK{:016x}", self.entropy.u64());
        Via::new(transport, self.spec.address, &branch)
    }

    /// A request of no dialog.
    pub(super) fn outside(&mut self, method: Method, uri: Uri, from: Option<&From>) -> Request {
        let domain: Host = self.spec.gateway.ip().into();
        let user = from.and_then(|from| from.number.clone()).unwrap_or_else(|| self.spec.user.clone());
        let private = from.is_some_and(|from| from.private);
        let mut address = if private {
            NameAddr::new(Uri::sip(Some("anonymous"), Host::Name("anonymous.invalid".to_owned()), None))
                .with_display("Anonymous")
        } else {
            NameAddr::new(Uri::sip(Some(&user), domain.clone(), None))
        };
        if let Some(name) = from.and_then(|from| from.name.clone()).filter(|_| !private) {
            address = address.with_display(&name);
        }
        let tag = format!("{:08x}", self.entropy.u32());
        let call_id = format!("{:016x}", self.entropy.u64());
        self.cseq += 1;
        let mut request = Request::new(method.clone(), uri.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, address.with_tag(&tag).to_string());
        headers.push(HeaderName::To, NameAddr::new(uri).to_string());
        headers.push(HeaderName::CallId, call_id);
        headers.push(HeaderName::CSeq, format!("{} {}", self.cseq, method.as_str()));
        let contact = self.contact().to_string();
        request.headers.push(HeaderName::Contact, contact);
        if private {
            request.headers.push(HeaderName::Privacy, "id");
        }
        if let Some(asserted) = from.and_then(|from| from.asserted.clone()) {
            let uri = Uri::sip(Some(&asserted), domain, None);
            request.headers.push(HeaderName::PAssertedIdentity, NameAddr::new(uri).to_string());
        }
        request
    }

    /// A request within a dialog, without Via.
    pub(super) fn within(&mut self, place: usize, method: Method) -> Request {
        let leg = &mut self.legs[place];
        leg.cseq += 1;
        let mut request = Request::new(method.clone(), leg.target.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, "70");
        for route in &leg.routes {
            headers.push(HeaderName::Route, route.to_string());
        }
        headers.push(HeaderName::From, leg.local.to_string());
        headers.push(HeaderName::To, leg.remote.to_string());
        headers.push(HeaderName::CallId, &leg.call_id);
        headers.push(HeaderName::CSeq, format!("{} {}", leg.cseq, method.as_str()));
        request
    }

    /// Where requests of a dialog go.
    fn way(&self, place: usize) -> SocketAddr {
        let leg = &self.legs[place];
        let first = leg.routes.first().map_or(&leg.target, |route| &route.uri);
        match first {
            Uri::Sip(uri) => {
                uri.host.ip().map_or(self.spec.gateway, |ip| SocketAddr::new(ip, uri.port.unwrap_or(5060)))
            }
            Uri::Tel(_) | Uri::Other(_) => self.spec.gateway,
        }
    }

    pub(super) fn launch_within(&mut self, now: Instant, place: usize, request: Request) {
        let to = self.way(place);
        self.launch(now, request, to, false);
    }

    /// Sends a request with a Via of its own, and again until it is answered.
    pub(super) fn launch(&mut self, now: Instant, mut request: Request, to: SocketAddr, tried: bool) {
        let via = self.via();
        request.headers.remove(&HeaderName::Via);
        request.headers.push_front(HeaderName::Via, via.to_string());
        let call_id = request.call_id().unwrap_or_default();
        if request.method == Method::Invite
            && let Some(leg) = self.legs.iter_mut().rfind(|leg| leg.call_id == call_id)
        {
            leg.invite = request.clone();
        }
        self.enter(now, request, to, tried);
    }

    fn enter(&mut self, now: Instant, request: Request, to: SocketAddr, tried: bool) {
        let bytes = request.to_bytes();
        if self.clients.len() < MAX_CLIENTS {
            let branch = request.top_via().ok().and_then(|via| via.branch().map(str::to_owned));
            self.clients.push(Client {
                branch: branch.unwrap_or_default(),
                method: request.method.clone(),
                request,
                to,
                next: Some(now + T1),
                interval: T1,
                until: now + LIFE,
                cancelled: false,
                tried,
            });
        }
        self.send(to, bytes);
    }
}
