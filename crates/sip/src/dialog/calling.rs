//! The calling side of an INVITE: RFC 3261 §13.2, redirection §8.1.3.4, cancelling §9.1.
//!
//! A redirection is not followed here: who may be called, and where, is the gateway's to say.

use tipring_units::{Instant, Millis};

use super::auth::Credentials;
use super::called::knows_replaces;
use super::session::{
    ALLOW, Ctx, Failure, Hop, Leg, Local, MAX_FORKS, MAX_PENDING, Out, Pending, Phase, Purpose, SUPPORTED,
    Session, Tag,
};
use super::state::Dialog;
use crate::agent::{Cause, Event, Redirect, RedirectAt, SessionId};
use crate::message::{CSeq, HeaderName, Method, NameAddr, Request, Response, Uri};
use crate::offer_answer::{LocalMedia, MediaPlan, OfferAnswer};
use crate::subscription::CompletionOffer;

/// Addresses kept of one redirection.
pub const MAX_REDIRECT_TARGETS: usize = 10;
/// How long a far end may ring before we cancel. The gateway's own no-answer time is shorter.
pub const MAX_RINGING: Millis = Millis(600_000);

/// Everything that the first INVITE needs.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// The session's number.
    pub session: SessionId,
    /// What the session knows of the agent.
    pub local: Local,
    /// The address to call.
    pub uri: Uri,
    /// Who calls, without tag.
    pub from: NameAddr,
    /// Who is called, without tag.
    pub to: NameAddr,
    /// The first hop.
    pub hop: Hop,
    /// What it tells beside: identities, diversions, transfers.
    pub headers: Vec<(HeaderName, String)>,
    /// An emergency call.
    pub emergency: bool,
    /// Hops that it may go.
    pub max_forwards: u8,
    /// What we offer.
    pub media: Option<LocalMedia>,
    /// What we have for digest.
    pub credentials: Option<Credentials>,
    /// Call-ID.
    pub call_id: String,
    /// The far end's flow when it is registered here from behind NAT.
    pub flow: Option<crate::transaction::Target>,
}

/// The state of an INVITE of ours without a final answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Calling {
    pub(super) tag: Tag,
    pub(super) cancelled: bool,
    pub(super) ring_until: Option<Instant>,
    /// The offer as sent, copied to each leg.
    offer: OfferAnswer,
    flow: Option<crate::transaction::Target>,
    /// Where the INVITE under way went.
    hop: Hop,
}

impl Session {
    /// Starts a call.
    pub fn call(call: Call, ctx: &mut Ctx<'_>) -> Self {
        let from_tag = format!("{:016x}", ctx.entropy.u64());
        let mut request = Request::new(Method::Invite, call.uri.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, call.max_forwards.to_string());
        headers.push(HeaderName::From, call.from.with_tag(&from_tag).to_string());
        headers.push(HeaderName::To, call.to.to_string());
        headers.push(HeaderName::CallId, &call.call_id);
        headers.push(HeaderName::CSeq, CSeq { seq: 1, method: Method::Invite }.to_string());
        headers.push(HeaderName::Contact, call.local.contact.to_string());
        headers.push(HeaderName::Allow, ALLOW);
        headers.push(HeaderName::Supported, SUPPORTED);
        headers.push(HeaderName::Accept, "application/sdp");
        headers.push(HeaderName::UserAgent, &call.local.product);
        for (name, value) in call.headers {
            headers.push(name, value);
        }
        if call.emergency {
            headers.push(HeaderName::from_name("Priority"), "emergency");
        }
        if let Some(interval) = call.local.session_interval {
            headers.push(HeaderName::SessionExpires, (interval.0 / 1000).to_string());
        }
        let mut offer = OfferAnswer::new(ctx.entropy.u32());
        if let Some(media) = &call.media {
            request.set_body("application/sdp", offer.offer(media));
        }
        let calling = Calling {
            tag: Tag(0),
            cancelled: false,
            ring_until: Some(ctx.now + MAX_RINGING),
            offer,
            flow: call.flow,
            hop: call.hop.clone(),
        };
        let key = (call.call_id, from_tag);
        let mut session = Self::new(call.session, key, call.local, Phase::Calling(Box::new(calling)), true);
        session.media = call.media;
        session.credentials = call.credentials;
        session.send_invite(request, call.hop, 0, ctx);
        session
    }

    /// Sends (or sends again, changed) the first INVITE.
    pub(super) fn send_invite(
        &mut self,
        request: Request,
        hop: Hop,
        challenges: u8,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        if self.pending.len() >= MAX_PENDING {
            return false;
        }
        let tag = self.new_tag();
        if let Phase::Calling(calling) = &mut self.phase {
            calling.tag = tag;
            calling.hop = hop.clone();
        }
        self.pending.push(Pending {
            tag,
            purpose: Purpose::Invite,
            leg: 0,
            request: request.clone(),
            done: false,
            challenges,
        });
        ctx.out.push(Out::Request { tag, request, hop });
        true
    }

    /// An answer to the first INVITE, or to one of its successors.
    pub(super) fn on_invite_answer(
        &mut self,
        tag: Tag,
        request: &Request,
        response: &Response,
        ctx: &mut Ctx<'_>,
    ) {
        let current = matches!(&self.phase, Phase::Calling(calling) if calling.tag == tag);
        match response.status {
            0..=100 if current => self.emit(Event::Proceeding { session: self.id }, ctx),
            0..=100 => {}
            101..=199 if current => self.on_progress(request, response, ctx),
            200..=299 => self.on_accepted(tag, request, response, ctx),
            300..=u16::MAX if current => self.on_refused(tag, request, response, ctx),
            // Late answers to an INVITE that is no longer the one under way.
            101..=199 | 300..=u16::MAX => {}
        }
    }

    fn leg_for(&mut self, request: &Request, response: &Response, limit: usize) -> Option<usize> {
        let tag = response.to().ok()?.tag().unwrap_or_default().to_owned();
        if let Some(index) = self.leg_of(&tag) {
            return Some(index);
        }
        if self.legs.len() >= limit {
            return None;
        }
        let mut dialog = Dialog::of_response(request, response)?;
        let media = match &self.phase {
            Phase::Calling(calling) => {
                dialog.flow = calling.flow;
                calling.offer.clone()
            }
            Phase::Called(_) | Phase::Up | Phase::Over => OfferAnswer::new(0),
        };
        self.legs.push(Leg { dialog, media, rseq: None, allows: response.allow(), replaces: true });
        Some(self.legs.len() - 1)
    }

    fn on_progress(&mut self, request: &Request, response: &Response, ctx: &mut Ctx<'_>) {
        let Some(index) = self.leg_for(request, response, MAX_FORKS) else { return };
        if let Some(leg) = self.legs.get_mut(index) {
            leg.dialog.refresh_target(response.contacts().ok());
        }
        let reliable = response.require().iter().any(|r| r.eq_ignore_ascii_case("100rel"));
        let fork = Self::fork(index);
        if reliable {
            if let Some(plan) = self.on_reliable(index, request, response, ctx) {
                self.emit(Event::EarlyMedia { session: self.id, fork, plan }, ctx);
            }
        } else if is_sdp(response)
            && let Some(leg) = self.legs.get_mut(index)
            // An unusable preview is no error: the 2xx may bear a better one.
            && let Ok(plan) = leg.media.preview(&response.body)
        {
            self.emit(Event::EarlyMedia { session: self.id, fork, plan }, ctx);
        }
        self.offers_completion(response, ctx);
        self.emit(Event::Ringing { session: self.id, fork, status: response.status }, ctx);
    }

    fn on_accepted(&mut self, tag: Tag, request: &Request, response: &Response, ctx: &mut Ctx<'_>) {
        let Ok(seq) = request.cseq().map(|cseq| cseq.seq) else { return };
        let Some(index) = self.leg_for(request, response, 2 * MAX_FORKS) else { return };
        if self.ack_again(index, seq, ctx) {
            return;
        }
        if let Some(leg) = self.legs.get_mut(index) {
            leg.dialog.confirm(response);
            leg.allows = response.allow();
            leg.replaces = knows_replaces(&response.headers);
        }
        let wanted = matches!(&self.phase, Phase::Calling(c) if c.tag == tag && !c.cancelled);
        if !wanted {
            // A second fork, or a 200 that crossed our CANCEL: take it and end it (§13.2.2.4, §9.1).
            self.send_ack(index, seq, None, ctx);
            self.send_bye(index, None, ctx);
            if matches!(&self.phase, Phase::Calling(c) if c.tag == tag) {
                self.enter_over();
            }
            return;
        }
        self.chosen = index;
        match self.settle_media(index, response) {
            Ok((plan, answer)) => {
                self.send_ack(index, seq, answer, ctx);
                self.phase = Phase::Up;
                self.start_interval_as_caller(response, ctx.now);
                self.emit(Event::Answered { session: self.id, fork: Self::fork(index), plan }, ctx);
                self.offer_next(ctx);
            }
            Err(why) => {
                self.send_ack(index, seq, None, ctx);
                self.phase = Phase::Up;
                self.release(Some(Cause::BEARER_NOT_IMPLEMENTED), ctx);
                self.failed(488, &why, None, Cause::BEARER_NOT_IMPLEMENTED, ctx);
            }
        }
    }

    /// The plan, and the answer that the ACK must bear where the 2xx made the offer.
    fn settle_media(
        &mut self,
        index: usize,
        response: &Response,
    ) -> Result<(MediaPlan, Option<Vec<u8>>), String> {
        let media = self.media.clone();
        let leg = self.legs.get_mut(index).ok_or("no dialog")?;
        if !is_sdp(response) {
            return leg
                .media
                .settle_preview()
                .map(|plan| (plan, None))
                .ok_or_else(|| "the answer has no SDP".to_owned());
        }
        if leg.media.awaits_answer() {
            return leg
                .media
                .receive_answer(&response.body)
                .map(|plan| (plan, None))
                .map_err(|e| e.to_string());
        }
        if let Some(plan) = leg.media.plan() {
            // Settled by a reliable provisional answer; what the 2xx repeats changes nothing (RFC 6337 §3.1.1).
            return Ok((plan.clone(), None));
        }
        leg.media.receive_offer(&response.body).map_err(|e| e.to_string())?;
        let media = media.ok_or("the far end made the offer and there are no media to answer with")?;
        let (answer, plan) = leg.media.answer(&media).map_err(|e| e.to_string())?;
        Ok((plan, Some(answer)))
    }

    fn on_refused(&mut self, tag: Tag, request: &Request, response: &Response, ctx: &mut Ctx<'_>) {
        let cancelled = matches!(&self.phase, Phase::Calling(calling) if calling.cancelled);
        if cancelled {
            self.enter_over();
            return;
        }
        let again = match response.status {
            401 | 407 => self.retry_with_digest(tag, response, ctx),
            422 => self.retry_with_longer_interval(request, response, ctx),
            _ => false,
        };
        if again || self.redirected(response, ctx) {
            return;
        }
        self.offers_completion(response, ctx);
        let cause = response.q850_cause().map_or_else(|| Cause::from_status(response.status), Cause);
        let retry = response.retry_after().ok().flatten().map(|s| Millis(s.0.saturating_mul(1000)));
        self.failed(response.status, &response.reason, retry, cause, ctx);
        self.enter_over();
    }

    /// The INVITE got no answer at all.
    pub(super) fn on_invite_failed(&mut self, tag: Tag, failure: &Failure, ctx: &mut Ctx<'_>) {
        if !matches!(&self.phase, Phase::Calling(calling) if calling.tag == tag) {
            return;
        }
        let status = failure.status();
        self.failed(status, &failure.text(), None, Cause::from_status(status), ctx);
        self.enter_over();
    }

    /// The far end offers to tell when it can be called (RFC 6910).
    fn offers_completion(&mut self, response: &Response, ctx: &mut Ctx<'_>) {
        if let Some(offer) = CompletionOffer::of(&response.headers) {
            self.emit(Event::CompletionOffered { session: self.id, offer: Box::new(offer) }, ctx);
        }
    }

    fn failed(
        &mut self,
        status: u16,
        reason: &str,
        retry_after: Option<Millis>,
        cause: Cause,
        ctx: &mut Ctx<'_>,
    ) {
        let reason = reason.to_owned();
        self.emit(Event::Failed { session: self.id, status, reason, retry_after, cause }, ctx);
        self.silent = true;
    }

    /// Tells where a 3xx sends the call; false if it names no address, or only an alternative service (380).
    fn redirected(&mut self, response: &Response, ctx: &mut Ctx<'_>) -> bool {
        if !matches!(response.status, 300..=399) || response.status == 380 {
            return false;
        }
        let to = redirects_of(response);
        if to.is_empty() {
            return false;
        }
        let (status, diversions) = (response.status, response.diversions());
        self.emit(Event::Redirected { session: self.id, status, to, diversions }, ctx);
        self.silent = true;
        self.enter_over();
        true
    }

    fn retry_with_longer_interval(
        &mut self,
        request: &Request,
        response: &Response,
        ctx: &mut Ctx<'_>,
    ) -> bool {
        let Ok(Some(min)) = response.min_se() else { return false };
        let asked = request.session_expires().ok().flatten().map_or(0, |s| s.interval.0);
        if asked >= min.0 {
            return false;
        }
        let mut next = request.clone();
        next.headers.set(HeaderName::SessionExpires, min.0.to_string());
        next.headers.set(HeaderName::MinSe, min.0.to_string());
        raise_seq(&mut next);
        let Some(hop) = self.invite_hop() else { return false };
        self.send_invite(next, hop, 0, ctx)
    }

    /// Where a repeated INVITE goes: where the one that it replaces went.
    pub(super) fn invite_hop(&self) -> Option<Hop> {
        match &self.phase {
            Phase::Calling(calling) => Some(calling.hop.clone()),
            Phase::Called(_) | Phase::Up | Phase::Over => None,
        }
    }

    pub(super) fn rings_too_long(&mut self, ctx: &mut Ctx<'_>) {
        if let Phase::Calling(calling) = &mut self.phase {
            calling.ring_until = None;
            if !calling.cancelled {
                calling.cancelled = true;
                ctx.out.push(Out::Cancel { tag: calling.tag, reason: Some(Cause::NO_ANSWER.header()) });
            }
            self.failed(408, "the far end rang for too long", None, Cause::NO_ANSWER, ctx);
        }
    }
}

/// The addresses of a 3xx, best first (RFC 3261 §8.1.3.4: by q, which is 1 where there is none).
fn redirects_of(response: &Response) -> Vec<Redirect> {
    let mut contacts = response.contacts().unwrap_or_default();
    let weight = |c: &NameAddr| c.params.get("q").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
    contacts.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    let mut all: Vec<Redirect> = Vec::new();
    for contact in contacts {
        let mut uri = contact.uri;
        let Uri::Sip(sip) = &mut uri else { continue };
        sip.headers.clear();
        sip.params.remove("method");
        if all.len() < MAX_REDIRECT_TARGETS && all.iter().all(|one| one.uri != uri) {
            all.push(Redirect { uri, at: RedirectAt::Elsewhere });
        }
    }
    all
}

/// Gives a request that is sent again its next number.
pub(super) fn raise_seq(request: &mut Request) {
    if let Ok(cseq) = request.cseq() {
        let seq = cseq.seq.saturating_add(1);
        request.headers.set(HeaderName::CSeq, CSeq { seq, method: cseq.method }.to_string());
    }
}

/// Whether a response bears SDP.
pub(super) fn is_sdp(response: &Response) -> bool {
    !response.body.is_empty()
        && response.content_type().ok().flatten().is_none_or(|t| t.is("application", "sdp"))
}
