//! The called side of an INVITE: RFC 3261 §13.3, with reliable provisional answers (RFC 3262 §3).

use tipring_units::{Instant, Millis};

use super::reliable::Provisional;
use super::session::{ALLOW, Ctx, Leg, Local, Phase, SUPPORTED, Session, Unacked, Wait};
use super::state::Dialog;
use crate::agent::{By, Cause, Event, SessionId};
use crate::message::{Diversion, HeaderName, Headers, Request, Response, Uri};
use crate::offer_answer::{LocalMedia, MediaPlan, OfferAnswer, OfferedMedia};
use crate::transaction::{Schedule, ServerId as ServerTxn, Target};

/// The state of the far end's INVITE before our final answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Called {
    pub(super) txn: ServerTxn,
    pub(super) invite: Request,
    pub(super) tag: String,
    /// The INVITE bore an offer.
    pub(super) offered: bool,
    /// The caller requires reliable provisional answers.
    pub(super) reliable: bool,
    /// The reliable provisional answer that waits for PRACK.
    pub(super) unpracked: Option<Provisional>,
    /// Provisional answers behind it.
    pub(super) queue: Vec<(u16, Option<LocalMedia>)>,
    /// The acceptance that waits for PRACK.
    pub(super) accept: Option<LocalMedia>,
    pub(super) next_rseq: u32,
}

impl Called {
    /// Its timers.
    pub(super) fn deadline(&self) -> [Option<(Instant, Wait)>; 2] {
        match &self.unpracked {
            Some(p) => [Some((p.repeat.at, Wait::RepeatProvisional)), Some((p.give_up, Wait::NoPrack))],

            None => [None, None],
        }
    }
}

impl Session {
    /// A session for an INVITE outside of any dialog, with its offer if it bore one.
    ///
    /// # Errors
    /// The answer that refuses it.
    pub fn called(
        id: SessionId,
        local: Local,
        txn: ServerTxn,
        invite: &Request,
        flow: Option<Target>,
        ctx: &mut Ctx<'_>,
    ) -> Result<(Self, Option<Vec<OfferedMedia>>), Response> {
        let tag = format!("{:016x}", ctx.entropy.u64());
        let Some(mut dialog) = Dialog::of_request(invite, &tag) else {
            return Err(invite.response(400, "Missing or malformed Contact", Some(&tag)));
        };
        dialog.flow = flow;
        if let Some(refusal) = super::interval::too_short(invite, &tag) {
            return Err(refusal);
        }
        let mut media = OfferAnswer::new(ctx.entropy.u32());
        let mut offer = None;
        if !invite.body.is_empty() && has_sdp(invite) {
            match media.receive_offer(&invite.body) {
                Ok(offered) => offer = Some(offered),
                Err(why) => {
                    let mut response = invite.response(why.status(), "", Some(&tag));
                    response.headers.push(HeaderName::Warning, why.warning());
                    return Err(response);
                }
            }
        }
        let requires = |name: &str| invite.require().iter().any(|r| r.eq_ignore_ascii_case(name));
        let called = Called {
            txn,
            invite: invite.clone(),
            tag,
            offered: offer.is_some(),
            reliable: requires("100rel"),
            unpracked: None,
            queue: Vec::new(),
            accept: None,
            next_rseq: ctx.entropy.below(1 << 30) + 1,
        };
        let key = (dialog.call_id.clone(), called.tag.clone());
        let mut session = Self::new(id, key, local, Phase::Called(Box::new(called)), false);
        session.legs.push(Leg {
            dialog,
            media,
            rseq: None,
            allows: invite.allow(),
            replaces: knows_replaces(&invite.headers),
        });
        Ok((session, offer))
    }

    /// Tells the caller how it goes.
    pub fn progress(&mut self, status: u16, media: Option<LocalMedia>, ctx: &mut Ctx<'_>) {
        let Phase::Called(called) = &mut self.phase else { return };
        let status = status.clamp(101, 199);
        if called.accept.is_some() {
            return;
        }
        if called.reliable && called.unpracked.is_some() {
            if called.queue.len() < super::reliable::MAX_QUEUED {
                called.queue.push((status, media));
            }
            return;
        }
        let reliable = called.reliable;
        let Some(mut response) = self.answer_to_invite(status) else { return };
        if let Some(media) = media {
            match self.early_answer(&media) {
                Ok(Some((body, plan))) => {
                    response.set_body("application/sdp", body);
                    if let Some(plan) = plan {
                        self.emit(Event::EarlyMedia { session: self.id, fork: Self::fork(0), plan }, ctx);
                    }
                }
                Ok(None) => {}
                Err(status) => {
                    self.refuse(status, None, None, Some(Cause::BEARER_NOT_IMPLEMENTED), ctx);
                    self.end(By::Failure, Cause::BEARER_NOT_IMPLEMENTED, "no common codec", ctx);
                    return;
                }
            }
        }
        if reliable {
            self.send_reliably(response, ctx);
        } else if let Phase::Called(called) = &self.phase {
            let txn = called.txn;
            self.respond(txn, response, ctx);
        }
    }

    /// SDP for a provisional answer: the answer to the caller's offer, again if it was already made; or our
    /// own offer where the caller made none and listens reliably.
    #[allow(clippy::type_complexity, reason = "body and plan, both of them only sometimes")]
    fn early_answer(&mut self, media: &LocalMedia) -> Result<Option<(Vec<u8>, Option<MediaPlan>)>, u16> {
        let Phase::Called(called) = &self.phase else { return Ok(None) };
        let (offered, reliable) = (called.offered, called.reliable);
        let Some(leg) = self.legs.first_mut() else { return Ok(None) };
        if offered {
            if let (Some(body), Some(_)) = (leg.media.local_body(), leg.media.plan()) {
                return Ok(Some((body, None)));
            }
            self.media = Some(media.clone());
            return match leg.media.answer(media) {
                Ok((body, plan)) => Ok(Some((body, Some(plan)))),
                Err(why) => Err(why.status()),
            };
        }
        if reliable && leg.media.is_idle() && leg.media.plan().is_none() {
            self.media = Some(media.clone());
            return Ok(Some((leg.media.offer(media), None)));
        }
        Ok(None)
    }

    /// Accepts the call.
    pub fn accept(&mut self, media: LocalMedia, ctx: &mut Ctx<'_>) {
        let Phase::Called(called) = &mut self.phase else { return };
        // RFC 3262 §3: no 2xx while a reliable answer with SDP is not acknowledged.
        if called.unpracked.as_ref().is_some_and(|p| !p.response.body.is_empty()) {
            called.accept = Some(media);
            return;
        }
        let (txn, seq) = (called.txn, called.invite.cseq().map_or(0, |c| c.seq));
        let invite = called.invite.clone();
        let Some(mut response) = self.answer_to_invite(200) else { return };
        let Some(leg) = self.legs.first_mut() else { return };
        let mut wants_answer = false;
        let agreed = match (leg.media.plan().cloned(), leg.media.has_remote_offer()) {
            (Some(plan), false) => {
                // Already answered early: the 2xx repeats the same SDP for callers that did not get it.
                if let Some(body) = leg.media.local_body() {
                    response.set_body("application/sdp", body);
                }
                Some(plan)
            }
            (Some(_) | None, true) => match leg.media.answer(&media) {
                Ok((body, plan)) => {
                    response.set_body("application/sdp", body);
                    self.media = Some(media);
                    Some(plan)
                }
                Err(why) => {
                    self.refuse(why.status(), None, None, Some(Cause::BEARER_NOT_IMPLEMENTED), ctx);
                    self.end(By::Failure, Cause::BEARER_NOT_IMPLEMENTED, "no common codec", ctx);
                    return;
                }
            },
            (None, false) => {
                response.set_body("application/sdp", leg.media.offer(&media));
                self.media = Some(media);
                wants_answer = true;
                None
            }
        };
        leg_confirmed(&mut self.legs);
        self.start_interval_as_called(&invite, &mut response, ctx.now);
        self.send_2xx(txn, seq, response, wants_answer, true, ctx);
        self.phase = Phase::Up;
        if let Some(plan) = agreed {
            self.emit(Event::Answered { session: self.id, fork: Self::fork(0), plan }, ctx);
        }
    }

    /// Sends a 2xx to INVITE and repeats it until its ACK (§13.3.1.4).
    pub(super) fn send_2xx(
        &mut self,
        txn: ServerTxn,
        seq: u32,
        mut response: Response,
        wants_answer: bool,
        initial: bool,
        ctx: &mut Ctx<'_>,
    ) {
        response.headers.set(HeaderName::Server, &self.local.product);
        let timing = self.local.timing;
        self.unacked = Some(Unacked {
            txn,
            seq,
            response: response.clone(),
            repeat: Schedule::start(ctx.now, timing.t1),
            give_up: ctx.now + timing.life(),
            wants_answer,
            initial,
        });
        self.respond(txn, response, ctx);
    }

    /// Refuses the call.
    pub fn reject(
        &mut self,
        status: u16,
        reason: Option<&str>,
        retry_after: Option<Millis>,
        ctx: &mut Ctx<'_>,
    ) {
        let status = status.clamp(300, 699);
        if let Phase::Called(_) = &self.phase {
            self.refuse(status, reason, retry_after, None, ctx);
            self.end(By::Us, Cause::from_status(status), "refused here", ctx);
        }
    }

    /// The address by which the far end called, and who sent its call on.
    pub fn called_as(&self) -> Option<(Uri, Vec<Diversion>)> {
        let Phase::Called(called) = &self.phase else { return None };
        Some((called.invite.to().ok()?.uri, called.invite.diversions()))
    }

    /// Sends the caller elsewhere: 302 with these headers.
    pub fn redirect(&mut self, headers: &[(HeaderName, String)], ctx: &mut Ctx<'_>) {
        let Phase::Called(called) = &self.phase else { return };
        let mut response = called.invite.response(302, "", Some(&called.tag));
        for (name, value) in headers {
            response.headers.push(name.clone(), value);
        }
        self.respond(called.txn, response, ctx);
        self.enter_over();
        self.end(By::Us, Cause::NORMAL, "sent elsewhere", ctx);
    }

    pub(super) fn refuse(
        &mut self,
        status: u16,
        reason: Option<&str>,
        retry_after: Option<Millis>,
        cause: Option<Cause>,
        ctx: &mut Ctx<'_>,
    ) {
        let Phase::Called(called) = &self.phase else { return };
        let (txn, tag) = (called.txn, called.tag.clone());
        let mut response = called.invite.response(status, reason.unwrap_or_default(), Some(&tag));
        if let Some(wait) = retry_after {
            response.headers.push(HeaderName::RetryAfter, wait.0.div_ceil(1000).to_string());
        }
        if let Some(cause) = cause {
            response.headers.push(HeaderName::Reason, cause.header());
        }
        self.respond(txn, response, ctx);
        self.enter_over();
    }

    /// The caller cancelled (§9.2). The CANCEL itself is already answered.
    pub fn on_cancel(&mut self, cancel: &Request, ctx: &mut Ctx<'_>) {
        if let Phase::Called(_) = &self.phase {
            let cause = cancel.headers.q850_cause().map_or(Cause::NORMAL, Cause);
            self.refuse(487, None, None, None, ctx);
            self.end(By::Them, cause, "cancelled by the caller", ctx);
        }
    }

    /// An ACK for a 2xx of ours.
    pub fn on_ack(&mut self, ack: &Request, ctx: &mut Ctx<'_>) {
        let seq = ack.cseq().map(|cseq| cseq.seq).ok();
        let Some(unacked) = self.unacked.take_if(|u| Some(u.seq) == seq) else { return };
        if unacked.wants_answer {
            let leg = self.legs.get_mut(self.chosen);
            let plan = leg.map(|leg| leg.media.receive_answer(&ack.body));
            match plan {
                Some(Ok(plan)) if unacked.initial => {
                    self.emit(Event::Answered { session: self.id, fork: Self::fork(self.chosen), plan }, ctx);
                }
                Some(Ok(plan)) => {
                    let held = plan.is_held();
                    self.emit(Event::Reoffered { session: self.id, plan, held }, ctx);
                }
                Some(Err(_)) | None => {
                    let cause = self.bye_after_ack.take().flatten().unwrap_or(Cause::BEARER_NOT_IMPLEMENTED);
                    self.fail(cause, "the ACK bore no usable answer", ctx);
                    return;
                }
            }
        }
        if let Some(cause) = self.bye_after_ack.take() {
            self.release(cause, ctx);
            return;
        }
        self.offer_next(ctx);
    }

    /// An answer to the INVITE with what makes a dialog.
    pub(super) fn answer_to_invite(&self, status: u16) -> Option<Response> {
        let Phase::Called(called) = &self.phase else { return None };
        let mut response = called.invite.response(status, "", Some(&called.tag));
        response.headers.push(HeaderName::Contact, self.local.contact.to_string());
        response.headers.push(HeaderName::Allow, ALLOW);
        response.headers.push(HeaderName::Supported, SUPPORTED);
        Some(response)
    }
}

fn leg_confirmed(legs: &mut [Leg]) {
    if let Some(leg) = legs.first_mut() {
        leg.dialog.stage = super::state::Stage::Confirmed;
    }
}

/// Whether the sender of a message may know Replaces: what it does not say, it may still do.
pub(super) fn knows_replaces(headers: &Headers) -> bool {
    let supported = headers.supported();
    supported.is_empty() || supported.iter().any(|word| word.eq_ignore_ascii_case("replaces"))
}

/// Whether the body of a request is SDP.
pub(super) fn has_sdp(request: &Request) -> bool {
    !request.body.is_empty()
        && request.content_type().ok().flatten().is_none_or(|t| t.is("application", "sdp"))
}
