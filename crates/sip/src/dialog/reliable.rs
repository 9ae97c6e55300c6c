//! Reliable provisional answers, RFC 3262: ours until their PRACK, and PRACK for the far end's.

use tipring_units::Instant;

use super::calling::is_sdp;
use super::session::{Ctx, Phase, Purpose, Session};
use crate::agent::{By, Cause, Event};
use crate::message::{HeaderName, Method, RAck, Request, Response};
use crate::offer_answer::MediaPlan;
use crate::transaction::{Schedule, ServerId as ServerTxn};

/// Provisional answers that wait behind an unacknowledged one.
pub const MAX_QUEUED: usize = 4;

/// A reliable provisional answer that waits for its PRACK.
#[derive(Clone, PartialEq, Debug)]
pub struct Provisional {
    pub(super) rseq: u32,
    pub(super) response: Response,
    pub(super) repeat: Schedule,
    pub(super) give_up: Instant,
}

impl Session {
    /// A reliable provisional answer of the far end: acknowledge it in order; gives the plan if it settled media.
    pub(super) fn on_reliable(
        &mut self,
        index: usize,
        invite: &Request,
        response: &Response,
        ctx: &mut Ctx<'_>,
    ) -> Option<MediaPlan> {
        let rseq = response.rseq().ok().flatten()?;
        let cseq = invite.cseq().ok()?;
        let media = self.media.clone();
        let leg = self.legs.get_mut(index)?;
        // Repeats and answers out of order are not acknowledged (§4).
        if leg.rseq.is_some_and(|last| rseq != last.wrapping_add(1)) {
            return None;
        }
        leg.rseq = Some(rseq);
        let mut plan = None;
        let mut body = None;
        if is_sdp(response) {
            if leg.media.awaits_answer() {
                plan = leg.media.receive_answer(&response.body).ok();
            } else if leg.media.plan().is_none()
                && leg.media.receive_offer(&response.body).is_ok()
                && let Some(media) = media
                && let Ok((answer, agreed)) = leg.media.answer(&media)
            {
                body = Some(answer);
                plan = Some(agreed);
            }
        }
        let mut prack = leg.dialog.request(Method::Prack, None);
        prack.headers.push(HeaderName::RAck, RAck { rseq, cseq }.to_string());
        if let Some(body) = body {
            prack.set_body("application/sdp", body);
        }
        self.send(index, Purpose::Prack, prack, 0, ctx);
        plan
    }

    /// Sends a provisional answer of ours until its PRACK comes.
    pub(super) fn send_reliably(&mut self, mut response: Response, ctx: &mut Ctx<'_>) {
        let timing = self.local.timing;
        let Phase::Called(called) = &mut self.phase else { return };
        let rseq = called.next_rseq;
        called.next_rseq = called.next_rseq.wrapping_add(1);
        response.headers.push(HeaderName::Require, "100rel");
        response.headers.push(HeaderName::RSeq, rseq.to_string());
        called.unpracked = Some(Provisional {
            rseq,
            response: response.clone(),
            repeat: Schedule::start(ctx.now, timing.t1),
            give_up: ctx.now + timing.life(),
        });
        let txn = called.txn;
        self.respond(txn, response, ctx);
    }

    pub(super) fn repeat_provisional(&mut self, ctx: &mut Ctx<'_>) {
        let Phase::Called(called) = &mut self.phase else { return };
        let Some(p) = &mut called.unpracked else { return };
        // §3: the interval doubles without T2 as its ceiling.
        let interval = tipring_units::Millis(p.repeat.interval.0.saturating_mul(2));
        p.repeat = Schedule { at: ctx.now + interval, interval };
        let (txn, response) = (called.txn, p.response.clone());
        self.respond(txn, response, ctx);
    }

    pub(super) fn no_prack(&mut self, ctx: &mut Ctx<'_>) {
        self.refuse(504, None, None, Some(Cause::TIMER), ctx);
        self.end(By::Failure, Cause::TIMER, "a provisional answer was never acknowledged", ctx);
    }

    /// A PRACK of the far end.
    pub(super) fn on_prack(&mut self, txn: ServerTxn, prack: &Request, ctx: &mut Ctx<'_>) {
        let Phase::Called(called) = &mut self.phase else {
            self.reply(txn, prack, 481, ctx);
            return;
        };
        let wanted = called.unpracked.as_ref().map(|p| p.rseq);
        let matches = prack.rack().ok().flatten().is_some_and(|rack| {
            Some(rack.rseq) == wanted && called.invite.cseq().is_ok_and(|cseq| cseq.seq == rack.cseq.seq)
        });
        if !matches {
            self.reply(txn, prack, 481, ctx);
            return;
        }
        called.unpracked = None;
        let mut response = prack.response(200, "", None);
        let mut plan = None;
        if super::called::has_sdp(prack)
            && let Some(leg) = self.legs.first_mut()
        {
            if leg.media.awaits_answer() {
                plan = leg.media.receive_answer(&prack.body).ok();
            } else if let (Ok(_), Some(media)) = (leg.media.receive_offer(&prack.body), self.media.clone())
                && let Ok((body, agreed)) = leg.media.answer(&media)
            {
                response.set_body("application/sdp", body);
                plan = Some(agreed);
            }
        }
        self.respond(txn, response, ctx);
        if let Some(plan) = plan {
            self.emit(Event::EarlyMedia { session: self.id, fork: Self::fork(0), plan }, ctx);
        }
        self.after_prack(ctx);
    }

    fn after_prack(&mut self, ctx: &mut Ctx<'_>) {
        let Phase::Called(called) = &mut self.phase else { return };
        if let Some(media) = called.accept.take() {
            self.accept(media, ctx);
        } else if !called.queue.is_empty() {
            let (status, media) = called.queue.remove(0);
            self.progress(status, media, ctx);
        }
    }
}
