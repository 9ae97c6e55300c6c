//! What a far end does with what comes.

use core::net::SocketAddr;

use tipring_media::Processing;
use tipring_sip::digest::{Algorithm, Challenge, ClientAuth, Qop, Secret, choose};
use tipring_sip::message::{HeaderName, Headers, Method, NameAddr, Request, Response, Uri, text};
use tipring_units::Instant;

use super::leg::{Leg, Repeat, Stage, codec_of, description_of, direction_of};
use super::{Known, LIFE, MAX_LEGS, MAX_SEEN, Manner, Peer, RINGS, T1};
use crate::plant::Fidelity;

impl<A: Processing + Fidelity> Peer<A> {
    pub(super) fn take_request(&mut self, now: Instant, from: SocketAddr, request: &Request) {
        let branch = request.top_via().ok().and_then(|via| via.branch().map(str::to_owned));
        let key = format!("{} {}", branch.unwrap_or_default(), request.method.as_str());
        if request.method != Method::Ack
            && let Some((_, answer)) = self.seen.iter().find(|(seen, _)| *seen == key)
        {
            let answer = answer.clone();
            self.say(now, format!("gets {} again", request.method.as_str()));
            if !answer.is_empty() {
                self.send(from, answer);
            }
            return;
        }
        match &request.method {
            Method::Invite => self.take_invite(now, from, request, &key),
            Method::Ack => {
                let call_id = request.call_id().unwrap_or_default();
                let cseq = request.cseq().map_or(0, |cseq| cseq.seq);
                self.repeats.retain(|repeat| repeat.call_id != call_id || repeat.cseq != cseq);
                self.take_late_answer(request);
                self.say(now, format!("gets ACK{}", route_in(&request.headers)));
            }
            Method::Bye => {
                self.say(
                    now,
                    format!("gets BYE{}{}", cause_in(&request.headers), route_in(&request.headers)),
                );
                let found = self.leg_of(request);
                if let Some(place) = found {
                    self.legs[place].stage = Stage::Ended;
                }
                if self.has(Manner::Answers) {
                    let status = if found.is_some() { 200 } else { 481 };
                    self.answer_request(from, request, &key, status);
                }
            }
            Method::Cancel => {
                self.say(now, format!("gets CANCEL{}", cause_in(&request.headers)));
                if self.has(Manner::Answers) {
                    self.answer_request(from, request, &key, 200);
                    let call_id = request.call_id().unwrap_or_default();
                    let waits =
                        |leg: &Leg<A>| leg.call_id == call_id && !leg.outgoing && leg.stage == Stage::Early;
                    let invite = self.legs.iter().find(|leg| waits(leg)).map(|leg| leg.invite.clone());
                    if let Some(invite) = invite {
                        let tag = self.legs.iter().find(|leg| waits(leg)).and_then(|leg| leg.local.tag());
                        let answer = invite.response(487, "", tag);
                        self.repeat(now, &answer);
                        self.remember(&invite, answer.to_bytes());
                        self.send(from, answer.to_bytes());
                        self.end_call(&call_id);
                    }
                }
            }
            Method::Register => self.take_register(now, from, request, &key),
            Method::Info => {
                let digit = signal_in(&request.body).map_or_else(String::new, |digit| format!(" {digit}"));
                self.say(now, format!("gets INFO{digit}"));
                if self.has(Manner::Informs) {
                    self.answer_request(from, request, &key, 200);
                }
            }
            Method::Options => {
                self.say(now, "gets OPTIONS".to_owned());
                if self.has(Manner::Informs) {
                    self.answer_request(from, request, &key, 200);
                }
            }
            Method::Refer => self.take_refer(now, from, request, &key),
            Method::Notify => self.take_notify(now, from, request, &key),
            Method::Subscribe if is_completion(request) => self.take_wanted(now, from, request, &key),
            Method::Subscribe => self.take_subscribe(now, from, request, &key),
            other => {
                self.say(now, format!("gets {}", other.as_str()));
                self.answer_request(from, request, &key, 501);
            }
        }
    }

    /// The answer in an ACK, where our INVITE's answer carried the offer.
    fn take_late_answer(&mut self, request: &Request) {
        let knows = self.knows();
        let Some(place) = self.leg_of(request) else { return };
        if let Some(answer) = description_of(&request.headers, &request.body) {
            self.legs[place].take_answer(&answer, knows);
        }
    }

    fn take_invite(&mut self, now: Instant, from: SocketAddr, request: &Request, key: &str) {
        let description = description_of(&request.headers, &request.body);
        if let Some(place) = self.leg_of(request) {
            self.take_again(now, from, request, key, place);
            return;
        }
        if request.to().is_ok_and(|to| to.tag().is_some()) {
            self.say(now, "gets re-INVITE of no call".to_owned());
            if self.has(Manner::Answers) {
                let answer = request.response(481, "", None);
                self.repeat(now, &answer);
                self.remember_as(key, answer.to_bytes());
                self.send(from, answer.to_bytes());
            }
            return;
        }
        let known = self.credentials(request);
        let offer =
            description.as_ref().map_or(" without offer".to_owned(), |offer| format!(" {}", codec_of(offer)));
        let completes = request.uri.param("m").map_or_else(String::new, |why| format!(" completing {why}"));
        self.say(
            now,
            format!(
                "gets INVITE {}{completes}{}{}{}{offer}",
                short(&request.uri),
                who(&request.headers),
                self.history(&request.headers),
                known.words()
            ),
        );
        if self.asks && known != Known::Right {
            let mut answer = request.response(407, "", Some("asked"));
            answer.headers.push(HeaderName::ProxyAuthenticate, self.challenge(known).to_string());
            self.remember_as(key, answer.to_bytes());
            self.send(from, answer.to_bytes());
            return;
        }
        let (Ok(local), Ok(remote), Ok(call_id)) = (request.to(), request.from_(), request.call_id()) else {
            return;
        };
        let target = contact_of(&request.headers).unwrap_or_else(|| remote.uri.clone());
        self.calls += 1;
        let tag = format!("{:08x}", self.entropy.u32());
        let media = self.new_media();
        if self.legs.len() >= MAX_LEGS {
            self.legs.retain(|leg| leg.stage != Stage::Ended);
        }
        let cseq = request.cseq().map_or(0, |cseq| cseq.seq);
        self.legs.push(Leg {
            call: self.calls,
            fork: 1,
            outgoing: false,
            stage: Stage::Early,
            call_id,
            local: local.with_tag(&tag),
            remote,
            target,
            routes: request.record_routes().unwrap_or_default(),
            cseq: cseq.wrapping_add(1000) % 100_000,
            invite: request.clone(),
            media,
            version: 0,
            holding: false,
            only: None,
            offer: description,
            last: Vec::new(),
            answered: false,
            answers_late: false,
            late_sound: None,
            referred: None,
        });
        let trying = if self.has(Manner::Answers) {
            let trying = request.response(100, "", None).to_bytes();
            self.send(from, trying.clone());
            trying
        } else {
            Vec::new()
        };
        self.remember_as(key, trying);
    }

    /// Whose place it takes, who referred it, and who sent it on.
    fn history(&self, headers: &Headers) -> String {
        let mut words =
            headers.text(&HeaderName::Replaces).map_or_else(String::new, |replaces| self.replaced(&replaces));
        let user = |address: &NameAddr| address.uri.user().map(|user| user.into_owned()).unwrap_or_default();
        if let Some(by) = headers.text(&HeaderName::ReferredBy).and_then(|by| by.parse::<NameAddr>().ok()) {
            words.push_str(&format!(" referred by {}", user(&by)));
        }
        for diversion in headers.get_all(&HeaderName::Diversion) {
            if let Ok(by) = text(diversion).parse::<NameAddr>() {
                let reason = by.params.get("reason").unwrap_or("unknown");
                let name = by.display.as_ref().map(|name| format!(" \"{name}\"")).unwrap_or_default();
                let hides = by.params.get("privacy").is_some_and(|privacy| privacy != "off");
                let hides = if hides { " private" } else { "" };
                words.push_str(&format!(" diverted by {}{name} {reason}{hides}", user(&by)));
            }
        }
        words
    }

    /// Where a redirection leads, and by whom.
    fn redirection(&self, headers: &Headers) -> String {
        let contacts = headers.contacts().unwrap_or_default();
        let mut words: String = contacts.iter().map(|to| format!(" to {}", short(&to.uri))).collect();
        words.push_str(&self.history(headers));
        words
    }

    /// INVITE within a dialog.
    fn take_again(&mut self, now: Instant, from: SocketAddr, request: &Request, key: &str, place: usize) {
        let description = description_of(&request.headers, &request.body);
        let direction = description.as_ref().map_or("without offer", direction_of);
        let codec = description.as_ref().map(codec_of).map_or_else(String::new, |codec| format!(" {codec}"));
        self.say(now, format!("gets re-INVITE {direction}{codec}"));
        // RFC 3261 14.1: an offer of this end is under way
        let call_id = self.legs[place].call_id.clone();
        let is_open = |client: &super::Client| {
            client.method == Method::Invite && client.request.call_id().is_ok_and(|id| id == call_id)
        };
        if self.has(Manner::Answers) && self.clients.iter().any(is_open) {
            let answer = request.response(491, "", None);
            self.repeat(now, &answer);
            self.remember_as(key, answer.to_bytes());
            self.send(from, answer.to_bytes());
            return;
        }
        let knows = self.knows();
        let leg = &mut self.legs[place];
        leg.invite = request.clone();
        leg.offer = description;
        if let Some(target) = contact_of(&request.headers) {
            leg.target = target;
        }
        if !self.has(Manner::Answers) {
            self.remember_as(key, Vec::new());
            return;
        }
        let leg = &mut self.legs[place];
        let body = if leg.offer.is_some() { leg.answer(knows) } else { Some(leg.offer(knows)) };
        let mut answer = request.response(200, "", None);
        answer.headers.push(HeaderName::Contact, self.contact().to_string());
        if let Some(body) = body {
            answer.set_body("application/sdp", body.to_bytes());
        }
        self.repeat(now, &answer);
        self.remember_as(key, answer.to_bytes());
        self.send(from, answer.to_bytes());
    }

    fn take_register(&mut self, now: Instant, from: SocketAddr, request: &Request, key: &str) {
        let user = request.to().ok().and_then(|to| to.uri.user().map(|user| user.into_owned()));
        let contact = request.contacts().ok().and_then(|all| all.into_iter().next());
        let expires = contact
            .as_ref()
            .and_then(|contact| contact.params.get("expires").and_then(|text| text.parse::<u32>().ok()))
            .or_else(|| request.expires().ok().flatten().map(|seconds| seconds.0));
        let known = self.credentials(request);
        let words = known.words();
        let what = if request.contact_is_star() || expires == Some(0) { "un-REGISTER" } else { "REGISTER" };
        self.say(now, format!("gets {what} {}{words}", user.unwrap_or_default()));
        if !self.has(Manner::Registers) {
            return;
        }
        if !self.spec.accounts.is_empty() && known != Known::Right {
            let mut answer = request.response(401, "", Some("asked"));
            answer.headers.push(HeaderName::WwwAuthenticate, self.challenge(known).to_string());
            self.remember_as(key, answer.to_bytes());
            self.send(from, answer.to_bytes());
            return;
        }
        let mut answer = request.response(200, "", Some("registrar"));
        if let Some(mut contact) = contact.filter(|_| expires != Some(0)) {
            contact.params.set("expires", &expires.unwrap_or(3600).to_string());
            answer.headers.push(HeaderName::Contact, contact.to_string());
        }
        self.remember_as(key, answer.to_bytes());
        self.send(from, answer.to_bytes());
    }

    fn challenge(&self, known: Known) -> Challenge {
        Challenge {
            realm: self.spec.user.clone(),
            nonce: self.nonce.clone(),
            opaque: None,
            algorithm: Some(Algorithm::Md5),
            qop: vec![Qop::Auth],
            stale: known == Known::Stale,
        }
    }

    pub(super) fn answer_request(&mut self, from: SocketAddr, request: &Request, key: &str, status: u16) {
        let answer = request.response(status, "", Some("peer")).to_bytes();
        self.remember_as(key, answer.clone());
        self.send(from, answer);
    }

    pub(super) fn remember(&mut self, request: &Request, answer: Vec<u8>) {
        let branch = request.top_via().ok().and_then(|via| via.branch().map(str::to_owned));
        let key = format!("{} {}", branch.unwrap_or_default(), request.method.as_str());
        self.remember_as(&key, answer);
    }

    fn remember_as(&mut self, key: &str, answer: Vec<u8>) {
        self.seen.retain(|(seen, _)| seen != key);
        if self.seen.len() >= MAX_SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back((key.to_owned(), answer));
    }

    /// Sends an answer to INVITE again until it is acknowledged.
    pub(super) fn repeat(&mut self, now: Instant, answer: &Response) {
        if !self.has(Manner::Repeats) {
            return;
        }
        let (Ok(call_id), Ok(cseq)) = (answer.call_id(), answer.cseq()) else { return };
        let bytes = answer.to_bytes();
        let (next, until) = (now + T1, now + LIFE);
        self.repeats.push(Repeat { call_id, cseq: cseq.seq, bytes, next, interval: T1, until });
    }

    pub(super) fn leg_of(&self, request: &Request) -> Option<usize> {
        let call_id = request.call_id().ok()?;
        let tag = request.to().ok()?.tag()?.to_owned();
        self.legs.iter().position(|leg| {
            leg.call_id == call_id && leg.local.tag() == Some(tag.as_str()) && leg.stage != Stage::Ended
        })
    }

    pub(super) fn end_call(&mut self, call_id: &str) {
        for leg in self.legs.iter_mut().filter(|leg| leg.call_id == call_id) {
            leg.stage = Stage::Ended;
        }
    }

    pub(super) fn take_response(&mut self, now: Instant, response: &Response) {
        let Ok(cseq) = response.cseq() else { return };
        let branch = response.top_via().ok().and_then(|via| via.branch().map(str::to_owned));
        let branch = branch.unwrap_or_default();
        let sound = if response.is_provisional() && !response.body.is_empty() { " with sound" } else { "" };
        let stale = if is_stale(response) { " stale" } else { "" };
        let to = if (300..400).contains(&response.status) {
            self.redirection(&response.headers)
        } else {
            String::new()
        };
        self.say(now, format!("gets {} {}{sound}{stale}{to}", response.status, cseq.method.as_str()));
        let found = self.clients.iter().position(|c| c.branch == branch && c.method == cseq.method);
        if cseq.method == Method::Invite {
            self.take_invite_response(now, response, found);
            return;
        }
        let Some(place) = found.filter(|_| response.is_final()) else { return };
        let client = self.clients.remove(place);
        if matches!(response.status, 401 | 407) && !client.tried {
            self.try_again(now, response, &client.request, client.to);
        }
    }

    fn take_invite_response(&mut self, now: Instant, response: &Response, found: Option<usize>) {
        let Ok(call_id) = response.call_id() else { return };
        let Some(place) = self.legs.iter().position(|leg| leg.call_id == call_id && leg.outgoing) else {
            let waits = self.legs.iter().position(|leg| leg.call_id == call_id);
            if let Some(place) = waits {
                self.finish_reinvite(now, response, found, place);
            }
            return;
        };
        let knows = self.knows();
        if response.is_provisional() {
            if let Some(found) = found {
                self.clients[found].next = None;
                self.clients[found].until = now + RINGS;
            }
            self.learn(place, response);
            if let Some(answer) = description_of(&response.headers, &response.body) {
                self.legs[place].take_answer(&answer, knows);
            }
            return;
        }
        let client = found.map(|found| self.clients.remove(found));
        if self.legs[place].stage == Stage::Confirmed {
            self.finish_reinvite_with(now, response, client.is_some(), place);
            return;
        }
        if response.is_success() {
            self.learn(place, response);
            let description = description_of(&response.headers, &response.body);
            match description {
                Some(offer) if self.legs[place].answers_late => self.legs[place].offer = Some(offer),
                Some(answer) => self.legs[place].take_answer(&answer, knows),
                None => {}
            }
            let given_up = client.as_ref().is_some_and(|client| client.cancelled);
            self.legs[place].stage = Stage::Confirmed;
            if self.has(Manner::Acks) {
                self.acknowledge(now, place);
            }
            if given_up {
                self.bye(now, place);
            }
            return;
        }
        let Some(client) = client else { return };
        self.refuse_ack(&client.request, client.to, response);
        if matches!(response.status, 401 | 407) && !client.tried && !self.spec.password.is_empty() {
            self.try_again(now, response, &client.request, client.to);
        } else {
            self.legs[place].stage = Stage::Ended;
        }
    }

    fn finish_reinvite(&mut self, now: Instant, response: &Response, found: Option<usize>, place: usize) {
        if response.is_provisional() {
            if let Some(found) = found {
                self.clients[found].next = None;
            }
            return;
        }
        let client = found.map(|found| self.clients.remove(found));
        if !response.is_success()
            && let Some(client) = &client
        {
            self.refuse_ack(&client.request, client.to, response);
            return;
        }
        self.finish_reinvite_with(now, response, client.is_some(), place);
    }

    fn finish_reinvite_with(&mut self, now: Instant, response: &Response, fresh: bool, place: usize) {
        if !response.is_success() {
            return;
        }
        let knows = self.knows();
        if fresh && let Some(answer) = description_of(&response.headers, &response.body) {
            self.legs[place].take_answer(&answer, knows);
        }
        if self.has(Manner::Acks) {
            self.acknowledge(now, place);
        }
    }

    fn learn(&mut self, place: usize, response: &Response) {
        let leg = &mut self.legs[place];
        if let Ok(to) = response.to()
            && to.tag().is_some()
        {
            leg.remote = to;
        }
        if let Some(target) = contact_of(&response.headers) {
            leg.target = target;
        }
        let mut routes = response.record_routes().unwrap_or_default();
        routes.reverse();
        // the proxy in front of this end is this end itself
        let own = format!("sip:{};lr", self.spec.address);
        routes.retain(|route| route.uri.to_string() != own);
        leg.routes = routes;
    }

    /// Puts credentials by the last challenge into a request.
    pub(super) fn prove_again(&mut self, request: &mut Request) {
        let Some(auth) = &mut self.auth else { return };
        let password = Secret::new(self.spec.password.as_str());
        let (uri, method) = (request.uri.to_string(), request.method.as_str());
        let credentials = auth.authorize(&self.spec.user, &password, method, &uri, &request.body);
        request.headers.set(HeaderName::Authorization, credentials.to_string());
    }

    /// Sends a request again with credentials.
    fn try_again(&mut self, now: Instant, response: &Response, request: &Request, to: SocketAddr) {
        let (asked, given) = if response.status == 401 {
            (HeaderName::WwwAuthenticate, HeaderName::Authorization)
        } else {
            (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization)
        };
        let challenges: Vec<Challenge> = response
            .headers
            .get_all(&asked)
            .flat_map(|value| Challenge::parse_all(&text(value)).unwrap_or_default())
            .collect();
        let Some(challenge) = choose(&challenges).cloned() else { return };
        let mut auth = ClientAuth::new(challenge, &mut self.entropy);
        let asks_to_register = request.method == Method::Register;
        let mut request = request.clone();
        let (user, password) = (self.spec.user.clone(), Secret::new(self.spec.password.as_str()));
        let uri = request.uri.to_string();
        let credentials = auth.authorize(&user, &password, request.method.as_str(), &uri, &request.body);
        request.headers.set(given, credentials.to_string());
        if asks_to_register {
            self.auth = Some(auth);
        }
        let call_id = request.call_id().unwrap_or_default();
        if let Some(leg) = self.legs.iter_mut().find(|leg| leg.call_id == call_id) {
            leg.cseq += 1;
            let cseq = leg.cseq;
            request.headers.set(HeaderName::CSeq, format!("{cseq} {}", request.method.as_str()));
            leg.invite = request.clone();
        } else {
            self.cseq += 1;
            let cseq = self.cseq;
            request.headers.set(HeaderName::CSeq, format!("{cseq} {}", request.method.as_str()));
        }
        self.launch(now, request, to, true);
    }
}

/// Whether a challenge says that only the nonce was old.
fn is_stale(response: &Response) -> bool {
    let asked = [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate];
    let mut values = asked.iter().flat_map(|name| response.headers.get_all(name));
    values.any(|value| Challenge::parse_all(&text(value)).is_ok_and(|all| all.iter().any(|c| c.stale)))
}

fn contact_of(headers: &Headers) -> Option<Uri> {
    headers.contacts().ok()?.into_iter().next().map(|contact| contact.uri)
}

/// ` from 101 "Hall"`, and what is asserted.
fn who(headers: &Headers) -> String {
    let name = |address: &NameAddr| {
        let user = address.uri.user().map(|user| user.into_owned()).unwrap_or_default();
        match &address.display {
            Some(display) => format!("{user} \"{display}\""),
            None => user,
        }
    };
    let mut words = headers.from_().map_or_else(|_| String::new(), |from| format!(" from {}", name(&from)));
    if let Some(asserted) = headers.p_asserted_identity().ok().and_then(|all| all.into_iter().next()) {
        words.push_str(&format!(" asserted {}", name(&asserted)));
    }
    if headers.privacy().iter().any(|word| word == "id") {
        words.push_str(" private");
    }
    if headers.text(&HeaderName::Priority).is_some_and(|value| value == "emergency") {
        words.push_str(" emergency");
    }
    words
}

fn is_completion(request: &Request) -> bool {
    request.event().is_ok_and(|event| event.is_some_and(|event| event.is("call-completion")))
}

/// An address without the usual port and parameters.
pub(super) fn short(uri: &Uri) -> String {
    let text = uri.to_string();
    let text = text.split(';').next().unwrap_or("");
    text.strip_suffix(":5060").unwrap_or(text).to_owned()
}

fn cause_in(headers: &Headers) -> String {
    headers.q850_cause().map_or_else(String::new, |cause| format!(" cause {cause}"))
}

/// ` by route` where the request names proxies on its way.
fn route_in(headers: &Headers) -> &'static str {
    if headers.has(&HeaderName::Route) { " by route" } else { "" }
}

/// The digit in a body of `application/dtmf-relay` or `application/dtmf`.
fn signal_in(body: &[u8]) -> Option<char> {
    let body = text(body);
    let signal = body.lines().find_map(|line| line.trim().strip_prefix("Signal="));
    signal.unwrap_or(&body).trim().chars().next()
}
