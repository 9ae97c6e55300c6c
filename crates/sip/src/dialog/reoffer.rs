//! Changing the media of a standing session: re-INVITE and UPDATE both ways, with glare.
//! RFC 3261 §14, RFC 3311, RFC 5407 for the races.

use tipring_units::{Instant, Millis};

use super::called::has_sdp;
use super::calling::is_sdp;
use super::session::{ALLOW, Ctx, Failure, Pending, Phase, Purpose, SUPPORTED, Session, Tag, Wait};
use crate::agent::{Cause, Event, Reoffers};
use crate::message::{HeaderName, Method, Request, Response};
use crate::offer_answer::LocalMedia;
use crate::transaction::ServerId as ServerTxn;

/// Whether an offer is open, and whose.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Reoffer {
    /// None.
    Idle,
    /// Ours, in a re-INVITE; `quiet` if it only refreshes the session.
    Sent { tag: Tag, media: LocalMedia, quiet: bool },
    /// Ours met theirs; it goes out again at `at`.
    Waiting { at: Instant, media: LocalMedia },
    /// Theirs, and the gateway is asked.
    Asked { txn: ServerTxn, request: Box<Request> },
}

impl Reoffer {
    pub(super) const fn deadline(&self) -> Option<(Instant, Wait)> {
        match self {
            Self::Waiting { at, .. } => Some((*at, Wait::Glare)),
            Self::Idle | Self::Sent { .. } | Self::Asked { .. } => None,
        }
    }
}

impl Session {
    /// Offers other media, now or as soon as the session allows it. The latest wish wins.
    pub fn reoffer(&mut self, media: LocalMedia, ctx: &mut Ctx<'_>) {
        match &mut self.phase {
            Phase::Up => {}
            // An INVITE without offer: this is what the far end's offer will be answered with.
            Phase::Calling(_) if self.media.is_none() => {
                self.media = Some(media);
                return;
            }
            Phase::Calling(_) | Phase::Called(_) => {
                self.next_media = Some(media);
                return;
            }
            Phase::Over => return,
        }
        match &mut self.reoffer {
            Reoffer::Idle if self.unacked.is_none() => self.send_reinvite(media, false, ctx),
            Reoffer::Waiting { media: waiting, .. } => *waiting = media,
            Reoffer::Idle | Reoffer::Sent { .. } | Reoffer::Asked { .. } => self.next_media = Some(media),
        }
    }

    /// Answers further offers with these media, and refreshes with them. An offer that waits to be made again is not.
    pub fn set_media(&mut self, media: LocalMedia) {
        if self.phase == Phase::Up {
            if matches!(self.reoffer, Reoffer::Waiting { .. }) {
                self.reoffer = Reoffer::Idle;
            }
            self.media = Some(media);
        } else {
            self.next_media = Some(media);
        }
    }

    /// Makes the offer that waited.
    pub(super) fn offer_next(&mut self, ctx: &mut Ctx<'_>) {
        if self.phase == Phase::Up
            && self.unacked.is_none()
            && matches!(self.reoffer, Reoffer::Idle)
            && let Some(media) = self.next_media.take()
        {
            self.send_reinvite(media, false, ctx);
        }
    }

    /// Offers the media in force again, to refresh the session.
    pub(super) fn refresh_by_reinvite(&mut self, ctx: &mut Ctx<'_>) {
        if let (Reoffer::Idle, None, Some(media)) = (&self.reoffer, &self.unacked, self.media.clone()) {
            self.send_reinvite(media, true, ctx);
        }
    }

    fn send_reinvite(&mut self, media: LocalMedia, quiet: bool, ctx: &mut Ctx<'_>) {
        let chosen = self.chosen;
        let Some(leg) = self.legs.get_mut(chosen) else { return };
        let mut invite = leg.dialog.request(Method::Invite, Some(&self.local.contact));
        invite.headers.push(HeaderName::Allow, ALLOW);
        invite.headers.push(HeaderName::Supported, SUPPORTED);
        invite.set_body("application/sdp", leg.media.offer(&media));
        self.interval.stamp(&mut invite);
        match self.send(chosen, Purpose::Reinvite, invite, 0, ctx) {
            Some(tag) => self.reoffer = Reoffer::Sent { tag, media, quiet },
            None => {
                self.withdraw();
                self.emit(Event::ReofferResult { session: self.id, result: Err(503) }, ctx);
            }
        }
    }

    fn withdraw(&mut self) {
        if let Some(leg) = self.legs.get_mut(self.chosen) {
            leg.media.withdraw();
        }
    }

    pub(super) fn on_reinvite_answer(
        &mut self,
        pending: &Pending,
        response: &Response,
        first: bool,
        ctx: &mut Ctx<'_>,
    ) {
        let seq = pending.request.cseq().map_or(0, |cseq| cseq.seq);
        let ours = matches!(&self.reoffer, Reoffer::Sent { tag, .. } if *tag == pending.tag);
        match response.status {
            0..=199 => {}
            200..=299 => {
                if self.ack_again(pending.leg, seq, ctx) {
                    return;
                }
                if let Some(leg) = self.legs.get_mut(pending.leg) {
                    leg.dialog.refresh_target(response.contacts().ok());
                }
                self.send_ack(pending.leg, seq, None, ctx);
                if ours {
                    self.on_reinvite_accepted(pending, response, ctx);
                }
            }
            300..=u16::MAX if ours && first => self.on_reinvite_refused(pending, response, ctx),
            // The session has ended meanwhile.
            300..=u16::MAX => {}
        }
    }

    fn on_reinvite_accepted(&mut self, pending: &Pending, response: &Response, ctx: &mut Ctx<'_>) {
        let Reoffer::Sent { media, quiet, .. } = core::mem::replace(&mut self.reoffer, Reoffer::Idle) else {
            return;
        };
        self.refreshed_as_caller(response, ctx.now);
        let Some(leg) = self.legs.get_mut(pending.leg) else { return };
        let body = if is_sdp(response) { response.body.as_slice() } else { &[] };
        match leg.media.receive_answer(body) {
            Ok(plan) => {
                self.media = Some(media);
                if !quiet {
                    self.emit(Event::ReofferResult { session: self.id, result: Ok(plan) }, ctx);
                }
                self.offer_next(ctx);
            }
            Err(_) => self.fail(Cause::BEARER_NOT_IMPLEMENTED, "the answer to our offer is not usable", ctx),
        }
    }

    fn on_reinvite_refused(&mut self, pending: &Pending, response: &Response, ctx: &mut Ctx<'_>) {
        if matches!(response.status, 401 | 407) && self.retry_with_digest(pending.tag, response, ctx) {
            return;
        }
        let Reoffer::Sent { media, quiet, .. } = core::mem::replace(&mut self.reoffer, Reoffer::Idle) else {
            return;
        };
        self.withdraw();
        match response.status {
            // The next half of the session's interval has another try.
            491 if quiet => self.offer_next(ctx),
            491 => {
                // §14.1: the owner of the Call-ID waits 2.1 to 4 s, the other 0 to 2 s, in steps of 10 ms.
                let wait = if self.caller {
                    Millis(2100 + 10 * ctx.entropy.below(191))
                } else {
                    Millis(10 * ctx.entropy.below(201))
                };
                self.reoffer = Reoffer::Waiting { at: ctx.now + wait, media };
            }
            408 | 481 => self.fail(Cause::TEMPORARY_FAILURE, "the far end no longer knows the call", ctx),
            status => {
                if quiet {
                    self.offer_next(ctx);
                    return;
                }
                self.emit(Event::ReofferResult { session: self.id, result: Err(status) }, ctx);
                self.offer_next(ctx);
            }
        }
    }

    pub(super) fn on_reinvite_failed(&mut self, pending: &Pending, failure: &Failure, ctx: &mut Ctx<'_>) {
        if matches!(&self.reoffer, Reoffer::Sent { tag, .. } if *tag == pending.tag) {
            self.withdraw();
            self.reoffer = Reoffer::Idle;
            // §14.1: a re-INVITE without any answer ends the dialog.
            self.fail(Cause::TIMER, &failure.text(), ctx);
        }
    }

    pub(super) fn glare_over(&mut self, ctx: &mut Ctx<'_>) {
        if let Reoffer::Waiting { media, .. } = core::mem::replace(&mut self.reoffer, Reoffer::Idle) {
            let media = self.next_media.take().unwrap_or(media);
            self.reoffer(media, ctx);
        }
    }

    /// The tag of a repeated request stands for the open offer from now on.
    pub(super) fn reoffer_moved(&mut self, old: Tag, new: Tag) {
        if let Reoffer::Sent { tag, .. } = &mut self.reoffer
            && *tag == old
        {
            *tag = new;
        }
    }

    /// Why an offer of the far end cannot be taken now: 491 while ours is open, 500 while theirs is.
    fn refuse_offer(&self) -> Option<u16> {
        match &self.reoffer {
            Reoffer::Sent { .. } => Some(491),
            Reoffer::Asked { .. } => Some(500),
            Reoffer::Idle | Reoffer::Waiting { .. } => match &self.unacked {
                Some(unacked) if unacked.wants_answer => Some(491),
                Some(_) | None => None,
            },
        }
    }

    fn refuse_for_now(&self, txn: ServerTxn, request: &Request, status: u16, ctx: &mut Ctx<'_>) {
        let mut response = request.response(status, "", None);
        if status == 500 {
            response.headers.push(HeaderName::RetryAfter, ctx.entropy.below(11).to_string());
        }
        self.respond(txn, response, ctx);
    }

    /// A re-INVITE of the far end.
    pub(super) fn on_reinvite(&mut self, txn: ServerTxn, request: &Request, index: usize, ctx: &mut Ctx<'_>) {
        match &self.phase {
            Phase::Up if index == self.chosen => {}
            // The first INVITE is not answered finally yet (§14.2).
            Phase::Calling(_) | Phase::Called(_) => {
                self.refuse_for_now(txn, request, 500, ctx);
                return;
            }
            Phase::Up | Phase::Over => {
                self.reply(txn, request, 481, ctx);
                return;
            }
        }
        if let Some(status) = self.refuse_offer() {
            self.refuse_for_now(txn, request, status, ctx);
            return;
        }
        // RFC 5407 §3.1.4: a re-INVITE that overtakes the ACK proves that our 2xx arrived.
        if self.unacked.take().is_some()
            && let Some(cause) = self.bye_after_ack.take()
        {
            self.reply(txn, request, 487, ctx);
            self.release(cause, ctx);
            return;
        }
        if let Some(leg) = self.legs.get_mut(index) {
            leg.dialog.refresh_target(request.contacts().ok());
        }
        if has_sdp(request) {
            self.on_offer(txn, request, index, ctx);
        } else {
            self.offer_in_2xx(txn, request, index, ctx);
        }
    }

    /// An UPDATE of the far end: a refresh, or an offer.
    pub(super) fn on_update(&mut self, txn: ServerTxn, request: &Request, index: usize, ctx: &mut Ctx<'_>) {
        if self.phase == Phase::Over {
            self.reply(txn, request, 481, ctx);
            return;
        }
        let offers = has_sdp(request);
        if offers {
            let open = match &self.phase {
                // RFC 3311 §5.2: an offer of the INVITE is still open.
                Phase::Called(called)
                    if called.offered && self.legs.first().is_some_and(|l| l.media.has_remote_offer()) =>
                {
                    Some(500)
                }
                Phase::Calling(_) if self.legs.get(index).is_some_and(|l| l.media.awaits_answer()) => {
                    Some(491)
                }
                Phase::Calling(_) | Phase::Called(_) | Phase::Up | Phase::Over => self.refuse_offer(),
            };
            if let Some(status) = open {
                self.refuse_for_now(txn, request, status, ctx);
                return;
            }
        }
        if let Some(leg) = self.legs.get_mut(index) {
            leg.dialog.refresh_target(request.contacts().ok());
        }
        if offers {
            self.on_offer(txn, request, index, ctx);
        } else {
            let response = self.ok_within(request);
            self.finish_answer(txn, request, response, ctx);
        }
    }

    fn on_offer(&mut self, txn: ServerTxn, request: &Request, index: usize, ctx: &mut Ctx<'_>) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        let offered = match leg.media.receive_offer(&request.body) {
            Ok(offered) => offered,
            Err(why) => {
                let mut response = request.response(why.status(), "", None);
                response.headers.push(HeaderName::Warning, why.warning());
                self.respond(txn, response, ctx);
                return;
            }
        };
        match (self.local.reoffers, self.media.clone()) {
            (Reoffers::Automatic, Some(media)) => self.answer_offer(txn, request, index, media, ctx),
            (Reoffers::Ask, _) | (Reoffers::Automatic, None) => {
                self.reoffer = Reoffer::Asked { txn, request: Box::new(request.clone()) };
                self.emit(Event::ReofferAsked { session: self.id, offer: offered }, ctx);
            }
        }
    }

    /// The gateway's answer to an offer that it was asked about.
    pub fn answer_reoffer(&mut self, media: Option<LocalMedia>, ctx: &mut Ctx<'_>) {
        let Reoffer::Asked { txn, request } = core::mem::replace(&mut self.reoffer, Reoffer::Idle) else {
            return;
        };
        match media {
            Some(media) => self.answer_offer(txn, &request, self.chosen, media, ctx),
            None => {
                self.withdraw();
                self.reply(txn, &request, 488, ctx);
            }
        }
        self.offer_next(ctx);
    }

    /// Answers an open offer when the session ends.
    pub(super) fn answer_open_reoffer(&mut self, status: u16, ctx: &mut Ctx<'_>) {
        if let Reoffer::Asked { txn, request } = &self.reoffer {
            self.reply(*txn, request, status, ctx);
        }
    }

    fn answer_offer(
        &mut self,
        txn: ServerTxn,
        request: &Request,
        index: usize,
        media: LocalMedia,
        ctx: &mut Ctx<'_>,
    ) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        match leg.media.answer(&media) {
            Ok((body, plan)) => {
                self.media = Some(media);
                let mut response = self.ok_within(request);
                response.set_body("application/sdp", body);
                self.finish_answer(txn, request, response, ctx);
                let held = plan.is_held();
                self.emit(Event::Reoffered { session: self.id, plan, held }, ctx);
            }
            Err(why) => {
                leg.media.withdraw();
                let mut response = request.response(why.status(), "", None);
                response.headers.push(HeaderName::Warning, why.warning());
                self.respond(txn, response, ctx);
            }
        }
    }

    /// A re-INVITE without an offer: ours goes in the 2xx, their answer comes in the ACK.
    fn offer_in_2xx(&mut self, txn: ServerTxn, request: &Request, index: usize, ctx: &mut Ctx<'_>) {
        let (Some(media), Some(leg)) = (self.media.clone(), self.legs.get_mut(index)) else {
            self.reply(txn, request, 488, ctx);
            return;
        };
        let body = leg.media.offer(&media);
        let mut response = self.ok_within(request);
        response.set_body("application/sdp", body);
        self.refreshed_as_called(request, &mut response, ctx.now);
        let seq = request.cseq().map_or(0, |cseq| cseq.seq);
        self.send_2xx(txn, seq, response, true, false, ctx);
    }

    fn finish_answer(
        &mut self,
        txn: ServerTxn,
        request: &Request,
        mut response: Response,
        ctx: &mut Ctx<'_>,
    ) {
        self.refreshed_as_called(request, &mut response, ctx.now);
        if request.method == Method::Invite {
            let seq = request.cseq().map_or(0, |cseq| cseq.seq);
            self.send_2xx(txn, seq, response, false, false, ctx);
        } else {
            self.respond(txn, response, ctx);
        }
    }

    fn ok_within(&self, request: &Request) -> Response {
        let mut response = request.response(200, "", None);
        response.headers.push(HeaderName::Contact, self.local.contact.to_string());
        response.headers.push(HeaderName::Allow, ALLOW);
        response.headers.push(HeaderName::Supported, SUPPORTED);
        response
    }
}
