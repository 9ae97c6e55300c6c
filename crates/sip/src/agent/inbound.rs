//! What arrives: parsed, sorted, judged and handed on.

use core::net::SocketAddr;

use tipring_units::Instant;

use super::agent::Agent;
use super::api::{
    ConnId, DEFAULT_MAX_FORWARDS, Event, Incoming, Output, RefusedWhy, SessionId, Transport, TrustedAs,
};
use super::config::Refusal;
use super::guard::guarded;
use super::identity::{is_anonymous, vouched};
use super::mail::ALLOW_EVENTS;
use crate::dialog::{Ctx, Session, replaces_of};
use crate::message::{
    Capabilities, HeaderName, Message, Method, ParseError, Request, Response, StreamError, StreamItem,
    is_keep_alive, parse_datagram, validate_request, validate_response,
};
use crate::registrar::Proof;
use crate::transaction::{Arrival, ServerId as ServerTxn, Target};

impl Agent {
    pub(super) fn on_datagram(&mut self, now: Instant, source: Target, bytes: &[u8]) {
        if is_keep_alive(bytes) {
            return;
        }
        match parse_datagram(bytes) {
            Ok(message) => self.on_message(now, source, message),
            Err(error) => self.on_malformed(now, source, &error),
        }
    }

    pub(super) fn on_stream(&mut self, now: Instant, conn: ConnId, bytes: &[u8]) {
        let Some(source) = self.wires.target(conn) else { return };
        let (items, lost) = self.wires.received(conn, bytes);
        for item in items {
            match item {
                StreamItem::Message(message) => self.on_message(now, source, message),
                StreamItem::Malformed(error) => self.on_malformed(now, source, &error),
                StreamItem::Ping => {
                    self.out.push_back(Output::StreamSend { conn, bytes: StreamItem::PONG.to_vec() });
                }
                StreamItem::Pong => {}
            }
        }
        // Where a message ends that gives no length is not known (§18.3): it is answered, and the stream is over.
        if let Some(StreamError::Lost(error)) = &lost {
            self.on_malformed(now, source, error);
        }
        if lost.is_some() {
            self.wires.close(conn, &mut self.out);
        }
        // Nobody is registered over it any more.
        if self.wires.target(conn).is_none() {
            self.bindings_changed(|r| r.flow_closed(source));
        }
    }

    fn on_malformed(&mut self, now: Instant, source: Target, error: &ParseError) {
        self.count_refusal(now, RefusedWhy::Malformed, source.address);
        let trusted = self.trust_of(now, source).is_some();
        let answers = trusted || self.config.trust.refusal == Refusal::Forbidden;
        if answers && self.answers.take(now, source.address) {
            let tag = self.new_tag();
            if let Some(response) = error.answer(&tag) {
                self.wires.send(source, response.to_bytes(), &mut self.out);
            }
        }
    }

    fn on_message(&mut self, now: Instant, source: Target, message: Message) {
        match message {
            Message::Response(response) => {
                if validate_response(&response).is_ok() {
                    let mut reports = Vec::new();
                    if self.clients.on_response(now, &response, &mut reports)
                        || self.on_late_answer(now, &response)
                        || self.on_late_refusal(now, source, &response)
                    {
                        self.wires.prove(source);
                    }
                    self.on_client_reports(now, reports);
                }
            }
            Message::Request(mut request) => {
                request.stamp_source(source.address);
                self.on_request(now, source, &request);
            }
        }
    }

    fn on_request(&mut self, now: Instant, source: Target, request: &Request) {
        let reply_to = reply_target(request, source);
        if request.method == Method::Ack {
            self.on_ack(now, request, reply_to);
            return;
        }
        if self.servers.knows(request) {
            self.arrive(now, request, reply_to);
            return;
        }
        if request.method == Method::Cancel {
            self.on_cancel(now, source, request, reply_to);
            return;
        }
        let to_tag = request.to().ok().and_then(|to| to.tag().map(str::to_owned));
        let session = to_tag.as_ref().and_then(|tag| self.session_of(request, tag));
        if let Some(session) = session {
            self.wires.prove(source);
            self.on_request_within(now, session, source, request, reply_to);
            return;
        }
        let mail = to_tag.as_ref().filter(|_| request.method == Method::Notify);
        if let Some(account) = mail.and_then(|tag| self.mail_of(request, tag)) {
            self.wires.prove(source);
            self.on_mail_notify(now, account, request, reply_to);
            return;
        }
        if let Some(session) = mail.and_then(|tag| self.completion_of(request, tag)) {
            self.wires.prove(source);
            self.on_completion_notify(now, session, request, reply_to);
            return;
        }
        let trust = match self.admit(now, source, request, reply_to) {
            Some(trust) => trust,
            None => return,
        };
        self.wires.prove(source);
        if let Err(rejection) = validate_request(request, &capabilities()) {
            let tag = self.new_tag();
            let response = rejection.response(request, &tag);
            self.answer_statelessly(reply_to, response);
            return;
        }
        // What is called here may go on to another server, and so round and round: whatever the gateway would make of
        // it, such a call has been far enough (§16.3 step 3).
        if request.method == Method::Invite && to_tag.is_none() && request.max_forwards() == Ok(Some(0)) {
            let tag = self.new_tag();
            self.answer_statelessly(reply_to, request.response(483, "", Some(&tag)));
            return;
        }
        if to_tag.is_some() && request.method != Method::Register {
            self.answer_statelessly(reply_to, request.response(481, "", None));
            return;
        }
        if let Some(txn) = self.arrive(now, request, reply_to) {
            self.on_request_outside(now, txn, source, trust, request);
        }
    }

    fn session_of(&self, request: &Request, to_tag: &str) -> Option<SessionId> {
        self.dialogs.get(&(request.call_id().ok()?, to_tag.to_owned())).copied()
    }

    fn on_ack(&mut self, now: Instant, request: &Request, reply_to: Target) {
        let mut reports = Vec::new();
        let arrival = self.servers.arrive(now, request, reply_to, &mut reports);
        self.on_server_reports(now, reports);
        match arrival {
            Arrival::Ack(_) | Arrival::StrayAck => {
                let tag = request.to().ok().and_then(|to| to.tag().map(str::to_owned)).unwrap_or_default();
                if let Some(session) = self.session_of(request, &tag) {
                    self.on_session(now, session, |s, ctx| s.on_ack(request, ctx));
                }
            }
            // The ACK of a refusal ends there; nothing else can be done about an ACK.
            Arrival::Absorbed | Arrival::New(_) | Arrival::Merged | Arrival::Full | Arrival::Unusable => {}
        }
    }

    fn on_cancel(&mut self, now: Instant, source: Target, request: &Request, reply_to: Target) {
        let Some(invite) = self.servers.cancelled_by(request) else {
            if self.trust_of(now, source).is_some() {
                self.answer_statelessly(reply_to, request.response(481, "", None));
            } else {
                self.count_refusal(now, RefusedWhy::Untrusted, source.address);
            }
            return;
        };
        let Some(txn) = self.arrive(now, request, reply_to) else { return };
        let session = self.invites.get(&invite).copied();
        let tag = session.and_then(|s| self.sessions.get(&s)).map(|s| s.key().1.clone());
        self.answer(now, txn, &request.response(200, "", tag.as_deref()));
        if let Some(session) = session {
            self.on_session(now, session, |s, ctx| s.on_cancel(request, ctx));
        }
    }

    fn on_request_within(
        &mut self,
        now: Instant,
        session: SessionId,
        source: Target,
        request: &Request,
        reply_to: Target,
    ) {
        // It makes calls, which cost money: to know the dialog is not enough.
        if request.method == Method::Refer && self.trust_of(now, source).is_none() {
            self.count_refusal(now, RefusedWhy::Untrusted, source.address);
            self.answer_statelessly(reply_to, request.response(403, "", None));
            return;
        }
        if let Err(rejection) = validate_request(request, &capabilities()) {
            self.answer_statelessly(reply_to, rejection.response(request, ""));
            return;
        }
        if let Some(txn) = self.arrive(now, request, reply_to)
            && !self.try_session(now, session, |s, ctx| s.on_request(txn, request, ctx))
        {
            self.answer(now, txn, &request.response(500, "", None));
        }
    }

    /// Puts a request into the server table; gives its transaction if it is new.
    pub(super) fn arrive(&mut self, now: Instant, request: &Request, reply_to: Target) -> Option<ServerTxn> {
        let mut reports = Vec::new();
        let arrival = self.servers.arrive(now, request, reply_to, &mut reports);
        self.on_server_reports(now, reports);
        match arrival {
            Arrival::New(txn) => Some(txn),
            Arrival::Merged => {
                let tag = self.new_tag();
                self.answer_statelessly(reply_to, request.response(482, "", Some(&tag)));
                None
            }
            Arrival::Full => {
                self.count_refusal(now, RefusedWhy::Overload, reply_to.address);
                let tag = self.new_tag();
                let mut response = request.response(503, "", Some(&tag));
                response.headers.push(HeaderName::RetryAfter, "10");
                self.answer_statelessly(reply_to, response);
                None
            }
            Arrival::Absorbed | Arrival::Ack(_) | Arrival::StrayAck | Arrival::Unusable => None,
        }
    }

    /// Why requests from `source` are trusted without a password, if they are.
    pub(super) fn trust_of(&self, now: Instant, source: Target) -> Option<TrustedAs> {
        if let Some((id, _)) = self.peers.iter().find(|(_, peer)| peer.owns(source)) {
            return Some(TrustedAs::Server(*id));
        }
        if let Some(user) = self.registrar.user_of_flow(now, source) {
            return Some(TrustedAs::User(user.to_owned()));
        }
        let networks = &self.config.trust.networks;
        networks.iter().any(|n| n.contains(source.address.ip())).then_some(TrustedAs::Network)
    }

    /// Whether a request outside of any dialog may come in; otherwise it is refused here.
    fn admit(
        &mut self,
        now: Instant,
        source: Target,
        request: &Request,
        reply_to: Target,
    ) -> Option<TrustedAs> {
        let trust = self.trust_of(now, source);
        let must_prove = match (&request.method, &trust, source.transport) {
            (Method::Register, _, _) => true,
            // Anybody can write the address of a registered phone into a datagram, and calls cost money. A connection
            // cannot be feigned so.
            (Method::Invite, Some(TrustedAs::User(_)), Transport::Udp) => true,
            (_, _, _) => false,
        };
        if !must_prove && trust.is_some() {
            return trust;
        }
        let may_prove =
            self.registrar.has_users() && matches!(request.method, Method::Register | Method::Invite);
        if !may_prove {
            if trust.is_some() {
                // A REGISTER where nobody can register: answered as a method that is not served.
                return trust;
            }
            self.count_refusal(now, RefusedWhy::Untrusted, source.address);
            if self.config.trust.refusal == Refusal::Forbidden && self.answers.take(now, source.address) {
                let tag = self.new_tag();
                self.answer_statelessly(reply_to, request.response(403, "", Some(&tag)));
            }
            return None;
        }
        let stale = match self.registrar.prove(now, request) {
            Proof::User(user) => {
                self.answers.proven(now, source.address);
                return Some(TrustedAs::User(user));
            }
            Proof::Ask { stale } => stale,
            Proof::Wrong => {
                self.count_refusal(now, RefusedWhy::WrongPassword, source.address);
                false
            }
        };
        if trust.is_some() || self.answers.take(now, source.address) {
            let response = match validate_request(request, &capabilities()) {
                // With a password it would be as malformed as without.
                Err(rejection) if rejection.status == 400 => {
                    self.count_refusal(now, RefusedWhy::Malformed, source.address);
                    rejection.response(request, &self.new_tag())
                }
                Ok(()) | Err(_) => self.registrar.challenge(now, request, stale, &mut self.entropy),
            };
            self.answer_statelessly(reply_to, response);
        } else {
            self.count_refusal(now, RefusedWhy::Overload, source.address);
        }
        None
    }

    fn on_request_outside(
        &mut self,
        now: Instant,
        txn: ServerTxn,
        source: Target,
        trust: TrustedAs,
        request: &Request,
    ) {
        match (&request.method, trust) {
            (Method::Invite, trust) => self.on_invite(now, txn, source, trust, request),
            (Method::Options, _) => {
                let tag = self.new_tag();
                let mut response = request.response(200, "", Some(&tag));
                response.headers.push(HeaderName::Allow, crate::dialog::ALLOW);
                response.headers.push(HeaderName::Supported, crate::dialog::SUPPORTED);
                response.headers.push(HeaderName::Accept, crate::dialog::ACCEPT);
                response.headers.push(HeaderName::AllowEvents, ALLOW_EVENTS);
                response.headers.push(HeaderName::Server, &self.config.product);
                self.answer(now, txn, &response);
            }
            (Method::Register, TrustedAs::User(user)) => {
                let flow = source;
                let (response, changes) =
                    self.registrar.register(now, &user, request, flow, &mut self.entropy);
                self.answer(now, txn, &response);
                self.bindings_changed(|_| changes);
            }
            (Method::Notify, TrustedAs::Server(server)) => self.on_unasked_notify(now, txn, server, request),
            (Method::Bye | Method::Info | Method::Update | Method::Prack | Method::Notify, _) => {
                let tag = self.new_tag();
                self.answer(now, txn, &request.response(481, "", Some(&tag)));
            }
            // Nobody has a call here that could go elsewhere.
            (Method::Refer, _) => {
                let tag = self.new_tag();
                self.answer(now, txn, &request.response(403, "", Some(&tag)));
            }
            (
                Method::Register
                | Method::Ack
                | Method::Cancel
                | Method::Subscribe
                | Method::Message
                | Method::Publish
                | Method::Other(_),
                _,
            ) => {
                let tag = self.new_tag();
                let mut response = request.response(405, "", Some(&tag));
                response.headers.push(HeaderName::Allow, crate::dialog::ALLOW);
                self.answer(now, txn, &response);
            }
        }
    }

    fn on_invite(
        &mut self,
        now: Instant,
        txn: ServerTxn,
        source: Target,
        trust: TrustedAs,
        request: &Request,
    ) {
        let emergency = is_emergency(request);
        let room = if emergency { self.config.max_sessions } else { self.config.max_sessions * 9 / 10 };
        if self.sessions.len() >= room {
            self.count_refusal(now, RefusedWhy::Overload, source.address);
            let tag = self.new_tag();
            let mut response = request.response(503, "", Some(&tag));
            response.headers.push(HeaderName::RetryAfter, "5");
            self.answer(now, txn, &response);
            return;
        }
        let replaces = match self.replaced_by(request) {
            Ok(replaces) => replaces,
            Err(status) => {
                let tag = self.new_tag();
                self.answer(now, txn, &request.response(status, "", Some(&tag)));
                return;
            }
        };
        self.answer(now, txn, &request.response(100, "", None));
        let id = self.new_session();
        let user = request.uri.user().unwrap_or_default().into_owned();
        let public = match &trust {
            TrustedAs::Server(server) => self.public_at(*server),
            TrustedAs::User(_) | TrustedAs::Network => None,
        };
        let local = self.local(&user, source.transport, public);
        // A phone of ours may sit behind NAT: its requests go back the way they came.
        let flow = matches!(trust, TrustedAs::User(_)).then_some(source);
        let mut outs = Vec::new();
        let mut ctx = Ctx { now, entropy: &mut self.entropy, out: &mut outs };
        match guarded(|| Session::called(id, local, txn, request, flow, &mut ctx)) {
            Ok(Ok((session, offer))) => {
                self.invites.insert(txn, id);
                if let Some(incoming) = incoming(id, source.address, trust, request, offer, emergency) {
                    let incoming = Incoming { replaces, ..incoming };
                    outs.push(crate::dialog::Out::Event(Event::Incoming(Box::new(incoming))));
                }
                self.adopt(now, session, outs);
            }
            Ok(Err(response)) => self.answer(now, txn, &response),
            Err(_) => {
                let tag = self.new_tag();
                self.answer(now, txn, &request.response(500, "", Some(&tag)));
            }
        }
    }

    /// The session whose place an INVITE takes (RFC 3891 §3).
    fn replaced_by(&self, invite: &Request) -> Result<Option<SessionId>, u16> {
        let Some(replaces) = replaces_of(invite)? else { return Ok(None) };
        let key = (replaces.call_id, replaces.to_tag);
        let session = self.dialogs.get(&key).and_then(|id| self.sessions.get(id)).ok_or(481u16)?;
        session.replaced_at(&replaces.from_tag, replaces.early_only)?;
        Ok(Some(session.id()))
    }

    pub(super) fn answer(&mut self, now: Instant, txn: ServerTxn, response: &Response) {
        let mut reports = Vec::new();
        self.servers.answer(now, txn, response, &mut reports);
        self.on_server_reports(now, reports);
    }

    pub(super) fn answer_statelessly(&mut self, target: Target, mut response: Response) {
        response.headers.set(HeaderName::Server, &self.config.product);
        self.wires.send(target, response.to_bytes(), &mut self.out);
    }

    fn count_refusal(&mut self, now: Instant, why: RefusedWhy, source: SocketAddr) {
        if let Some(event) = self.refusals.count(now, why, source) {
            self.event(event);
        }
    }

    pub(super) fn new_tag(&mut self) -> String {
        format!("{:016x}", self.entropy.u64())
    }
}

/// Where answers go: RFC 3261 §18.2.2 with RFC 3581.
fn reply_target(request: &Request, source: Target) -> Target {
    match source.transport {
        // The connection while it stands, else its far end.
        Transport::Tcp => source,
        Transport::Udp => match request.top_via() {
            Ok(via) if via.wants_rport() => source,
            Ok(via) => {
                let ip = via.received().or_else(|| via.host.ip()).unwrap_or(source.address.ip());
                // Never to an address that did not send the request.
                let ip = if ip == source.address.ip() { ip } else { source.address.ip() };
                Target::new(Transport::Udp, SocketAddr::new(ip, via.port.unwrap_or(5060)))
            }
            Err(_) => source,
        },
    }
}

fn incoming(
    session: SessionId,
    source: SocketAddr,
    trust: TrustedAs,
    request: &Request,
    offer: Option<Vec<crate::offer_answer::OfferedMedia>>,
    emergency: bool,
) -> Option<Incoming> {
    let from = request.from_().ok()?;
    let vouched = vouched(&trust, request);
    let hides = request.headers.privacy().iter().any(|p| p == "id" || p == "user" || p == "header");
    let private = hides || is_anonymous(&from.uri) || vouched.as_ref().is_some_and(|(_, hidden)| *hidden);
    Some(Incoming {
        session,
        source,
        trust,
        request_uri: request.uri.clone(),
        to: request.to().ok()?.uri,
        from: from.uri,
        from_display: from.display,
        asserted: vouched.map(|(party, _)| (party.uri, party.display)),
        private,
        offer,
        emergency,
        max_forwards: request.max_forwards().ok().flatten().unwrap_or(DEFAULT_MAX_FORWARDS),
        replaces: None,
        referred_by: request.referred_by().ok().flatten(),
        diversions: request.diversions(),
        alerts: request.alerts(),
        call_id: request.call_id().ok()?,
    })
}

fn is_emergency(request: &Request) -> bool {
    let priority = request.headers.text(&HeaderName::from_name("Priority"));
    priority.is_some_and(|p| p.trim().eq_ignore_ascii_case("emergency"))
        || request.uri.to_string().to_ascii_lowercase().starts_with("urn:service:sos")
}

/// What the agent can do with a request.
pub fn capabilities() -> Capabilities {
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
    Capabilities {
        methods: vec![
            Method::Invite,
            Method::Ack,
            Method::Cancel,
            Method::Bye,
            Method::Options,
            Method::Info,
            Method::Update,
            Method::Prack,
            Method::Register,
            Method::Refer,
            Method::Notify,
        ],
        extensions: words(&["100rel", "timer", "replaces"]),
        schemes: words(&["sip", "sips", "tel", "urn"]),
        content_types: words(&[
            "application/sdp",
            "application/dtmf-relay",
            "application/dtmf",
            "message/sipfrag",
            "application/simple-message-summary",
            "application/call-completion",
        ]),
        forwards: false,
    }
}
