//! REFER of ours: the far end of a call is sent elsewhere, and tells how it goes.
//!
//! **What it does.** Sends REFER within the dialog, hears the NOTIFYs of the subscription that it makes, and tells the
//! gateway the progress and, once, the end.
//!
//! **How.** One REFER at a time. The subscription outlives the call, since either side may hang up once the REFER is
//! accepted: the session is kept until the end is known. A NOTIFY may overtake the answer to the REFER.
//!
//! **Limits.** A first NOTIFY is waited for as long as a transaction lasts (Timer N), a subscription lasts
//! [`MAX_REFERRAL`] at the most, whatever the far end says of it. A dialog for the subscription alone is not made.
//!
//! **Standard.** RFC 3515, RFC 3891 §7, RFC 3892, RFC 4488 §4, RFC 6665 §4.1.2.

use tipring_units::{Instant, Millis};

use super::session::{Ctx, Failure, Pending, Phase, Purpose, Session, Tag, Wait};
use crate::agent::{Event, ReferOutcome};
use crate::message::{HeaderName, Method, NameAddr, Replaces, Request, Response, SipFragment, Uri};
use crate::transaction::ServerId as ServerTxn;

/// The longest that a far end may take to tell the end of what it was sent to.
pub const MAX_REFERRAL: Millis = Millis(600_000);
/// How long a subscription lasts where a NOTIFY does not say.
const DEFAULT_LIFE: Millis = Millis(180_000);

/// The state of a REFER of ours.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Referral {
    /// None.
    Idle,
    /// It has no answer.
    Asking { tag: Tag, seq: u32, notified: bool, limit: Instant },
    /// The far end does it, and will tell more before `until`.
    Going { seq: u32, until: Instant, limit: Instant },
}

impl Referral {
    pub(super) const fn deadline(&self) -> Option<(Instant, Wait)> {
        match self {
            Self::Idle => None,
            Self::Asking { limit, .. } => Some((*limit, Wait::Referral)),
            Self::Going { until, .. } => Some((*until, Wait::Referral)),
        }
    }
}

impl Session {
    /// Sends the far end to `to`.
    pub fn refer(&mut self, to: &Uri, ctx: &mut Ctx<'_>) {
        let chosen = self.chosen;
        if self.phase != Phase::Up {
            self.refer_refused(481, "the call does not stand", ctx);
            return;
        }
        if !self.may_refer() {
            self.refer_refused(491, "another transfer is under way", ctx);
            return;
        }
        let Some(leg) = self.legs.get_mut(chosen) else { return };
        if !leg.allows.is_empty() && !leg.allows.contains(&Method::Refer) {
            self.refer_refused(405, "the far end does not allow REFER", ctx);
            return;
        }
        let mut request = leg.dialog.request(Method::Refer, Some(&self.local.contact));
        let seq = leg.dialog.local_seq;
        request.headers.push(HeaderName::ReferTo, NameAddr::new(to.clone()).to_string());
        let by = NameAddr::new(leg.dialog.local.uri.clone());
        request.headers.push(HeaderName::ReferredBy, by.to_string());
        match self.send(chosen, Purpose::Refer, request, 0, ctx) {
            Some(tag) => {
                let limit = ctx.now + MAX_REFERRAL;
                self.referral = Referral::Asking { tag, seq, notified: false, limit };
            }
            None => self.refer_refused(503, "too many requests under way", ctx),
        }
    }

    /// Whether no REFER is under way, either way.
    pub(super) fn may_refer(&self) -> bool {
        matches!(self.referral, Referral::Idle) && !self.is_referred()
    }

    /// The dialog as the far end of it has it to know for an INVITE that takes our place (RFC 3891 §3), and where to send that.
    /// The status that says why not: 481 unless the call stands, 420 where its far end has told that it cannot.
    ///
    /// # Errors
    /// With that status.
    pub fn place(&self) -> Result<(Uri, Replaces), u16> {
        if self.phase != Phase::Up {
            return Err(481);
        }
        let leg = self.legs.get(self.chosen).ok_or(481u16)?;
        if !leg.replaces {
            return Err(420);
        }
        let dialog = &leg.dialog;
        let replaces = Replaces {
            call_id: dialog.call_id.clone(),
            to_tag: dialog.remote.tag().unwrap_or("0").to_owned(),
            from_tag: self.key.1.clone(),
            early_only: false,
        };
        Ok((dialog.remote_target.clone().as_target(), replaces))
    }

    /// `user` in the domain of the far end's address.
    pub fn neighbour(&self, user: &str) -> Option<Uri> {
        let remote = &self.legs.get(self.chosen)?.dialog.remote.uri;
        Some(Uri::sip(Some(user), remote.host()?.clone(), remote.port()))
    }

    /// Tells that a REFER cannot be sent.
    pub fn refer_refused(&self, status: u16, reason: &str, ctx: &mut Ctx<'_>) {
        let outcome = ReferOutcome::Refused { status, reason: reason.to_owned() };
        ctx.out.push(crate::dialog::Out::Event(Event::ReferEnded { session: self.id, outcome }));
    }

    fn refer_ended(&mut self, outcome: ReferOutcome, ctx: &mut Ctx<'_>) {
        self.referral = Referral::Idle;
        // Told even after the end of the call, which may come first.
        ctx.out.push(crate::dialog::Out::Event(Event::ReferEnded { session: self.id, outcome }));
    }

    fn refer_goes(&self, status: u16, ctx: &mut Ctx<'_>) {
        ctx.out.push(crate::dialog::Out::Event(Event::ReferGoes { session: self.id, status }));
    }

    /// The far end's answer to the REFER.
    pub(super) fn on_refer_answer(&mut self, pending: &Pending, response: &Response, ctx: &mut Ctx<'_>) {
        let Referral::Asking { tag, seq, notified, limit } = self.referral else { return };
        if tag != pending.tag {
            return;
        }
        if !response.is_success() {
            let (status, reason) = (response.status, response.reason.clone());
            self.refer_ended(ReferOutcome::Refused { status, reason }, ctx);
            return;
        }
        let silent = response.headers.text(&HeaderName::ReferSub);
        if silent.is_some_and(|value| value.trim().eq_ignore_ascii_case("false")) {
            // RFC 4488 §4: it will tell nothing.
            self.refer_ended(ReferOutcome::Unknown, ctx);
            return;
        }
        let wait = if notified { DEFAULT_LIFE } else { self.local.timing.life() };
        self.referral = Referral::Going { seq, until: (ctx.now + wait).min(limit), limit };
        if !notified {
            self.refer_goes(202, ctx);
        }
    }

    /// The REFER got no answer.
    pub(super) fn on_refer_failed(&mut self, pending: &Pending, failure: &Failure, ctx: &mut Ctx<'_>) {
        let Referral::Asking { tag, seq, notified, limit } = self.referral else { return };
        if tag != pending.tag {
            return;
        }
        if notified {
            // It was obeyed: only the answer was lost.
            self.referral = Referral::Going { seq, until: (ctx.now + DEFAULT_LIFE).min(limit), limit };
            return;
        }
        let (status, reason) = (failure.status(), failure.text());
        self.refer_ended(ReferOutcome::Refused { status, reason }, ctx);
    }

    /// A NOTIFY within the dialog.
    pub(super) fn on_notify(&mut self, txn: ServerTxn, notify: &Request, ctx: &mut Ctx<'_>) {
        let Ok(Some(event)) = notify.event() else {
            self.reply(txn, notify, 489, ctx);
            return;
        };
        if !event.is("refer") {
            self.reply(txn, notify, 489, ctx);
            return;
        }
        let (seq, limit) = match self.referral {
            Referral::Idle => {
                self.reply(txn, notify, 481, ctx);
                return;
            }
            Referral::Asking { seq, limit, .. } | Referral::Going { seq, limit, .. } => (seq, limit),
        };
        if event.id.is_some_and(|id| id.parse() != Ok(seq)) {
            self.reply(txn, notify, 481, ctx);
            return;
        }
        let Ok(state) = notify.subscription_state() else {
            self.reply(txn, notify, 400, ctx);
            return;
        };
        self.reply(txn, notify, 200, ctx);
        let fragment = SipFragment::parse(&notify.body);
        match fragment {
            Some(SipFragment { status, .. }) if (200..300).contains(&status) => {
                self.refer_ended(ReferOutcome::Succeeded { status }, ctx);
                return;
            }
            Some(SipFragment { status, reason }) if status >= 300 => {
                self.refer_ended(ReferOutcome::Failed { status, reason }, ctx);
                return;
            }
            Some(SipFragment { status, .. }) => self.refer_goes(status, ctx),
            None => {}
        }
        if let Some(state) = state.as_ref().filter(|state| state.terminated) {
            let outcome = match state.reason.as_deref() {
                // Its user was asked, and did not allow it (RFC 3515 §2.4.7).
                Some("rejected") => ReferOutcome::Refused { status: 603, reason: "Decline".to_owned() },
                Some(_) | None => ReferOutcome::Unknown,
            };
            self.refer_ended(outcome, ctx);
            return;
        }
        let life = state.and_then(|state| state.expires);
        let life = life.map_or(DEFAULT_LIFE, |s| Millis(s.0.clamp(1, MAX_REFERRAL.0 / 1000) * 1000));
        match &mut self.referral {
            Referral::Asking { notified, .. } => *notified = true,
            Referral::Going { until, .. } => *until = (ctx.now + life).min(limit),
            Referral::Idle => {}
        }
    }

    /// The far end has told nothing for too long.
    pub(super) fn referral_over(&mut self, ctx: &mut Ctx<'_>) {
        match self.referral {
            Referral::Idle => {}
            Referral::Asking { notified: false, .. } => {
                let reason = "no answer to the transfer".to_owned();
                self.refer_ended(ReferOutcome::Refused { status: 408, reason }, ctx);
            }
            Referral::Asking { notified: true, .. } | Referral::Going { .. } => {
                self.refer_ended(ReferOutcome::Unknown, ctx);
            }
        }
    }

    /// The tag and number of a REFER that is sent again.
    pub(super) fn refer_moved(&mut self, old: Tag, new: Tag, number: u32) {
        if let Referral::Asking { tag, seq, .. } = &mut self.referral
            && *tag == old
        {
            (*tag, *seq) = (new, number);
        }
        self.notify_moved(old, new);
    }
}
