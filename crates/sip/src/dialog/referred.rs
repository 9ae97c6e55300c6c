//! REFER of the far end: it wants the call to go on elsewhere, and is told how that goes.
//!
//! **What it does.** Judges a REFER within the dialog, asks the gateway, answers, and reports by NOTIFY what the gateway
//! tells of the new call.
//!
//! **How.** One at a time: another REFER while either side has one under way is 491. A NOTIFY goes out when the one
//! before it is answered; what is told meanwhile replaces what waits. The reports go on after the end of the call.
//!
//! **Limits.** The gateway has [`ANSWER_WITHIN`] to answer, and [`LIFE`] to tell the end; after that the far end is told
//! 603, or that the subscription is over. SUBSCRIBE to the subscription is not served.
//!
//! **Standard.** RFC 3515 §2.4, RFC 6665 §4.2.

use tipring_units::{Instant, Millis};

use super::session::{Ctx, Pending, Phase, Purpose, Session, Tag, Wait};
use crate::agent::{Event, Referred};
use crate::message::{EventType, HeaderName, Method, Replaces, Request, SipFragment, Uri};
use crate::transaction::ServerId as ServerTxn;

/// How long the gateway may take to answer a REFER.
pub const ANSWER_WITHIN: Millis = Millis(5000);
/// How long the far end is told of the new call.
pub const LIFE: Millis = Millis(240_000);

/// The state of a REFER of the far end.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Obeyed {
    /// None.
    Idle,
    /// The gateway is asked.
    Asked { txn: ServerTxn, request: Box<Request>, until: Instant },
    /// It is done, and reported.
    Going(Report),
}

/// The subscription of the far end.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Report {
    /// The number of its REFER.
    seq: u32,
    until: Instant,
    /// What was told last.
    last: SipFragment,
    /// The NOTIFY that has no answer.
    sent: Option<Tag>,
    /// What is told next.
    next: Option<SipFragment>,
    /// The last NOTIFY is out.
    over: bool,
}

impl Obeyed {
    pub(super) const fn deadline(&self) -> Option<(Instant, Wait)> {
        match self {
            Self::Idle => None,
            Self::Asked { until, .. } => Some((*until, Wait::Referred)),
            Self::Going(report) => Some((report.until, Wait::Referred)),
        }
    }
}

impl Session {
    pub(super) const fn is_referred(&self) -> bool {
        !matches!(self.obeyed, Obeyed::Idle)
    }

    /// A REFER within the dialog.
    pub(super) fn on_refer(&mut self, txn: ServerTxn, refer: &Request, index: usize, ctx: &mut Ctx<'_>) {
        match &self.phase {
            Phase::Up if index == self.chosen => {}
            // Nobody is there yet who could be sent elsewhere.
            Phase::Calling(_) | Phase::Called(_) => {
                self.reply(txn, refer, 403, ctx);
                return;
            }
            Phase::Up | Phase::Over => {
                self.reply(txn, refer, 481, ctx);
                return;
            }
        }
        if !self.may_refer() {
            self.reply(txn, refer, 491, ctx);
            return;
        }
        match wish_of(refer) {
            Ok((to, replaces)) => {
                let by = refer.referred_by().ok().flatten();
                let until = ctx.now + ANSWER_WITHIN;
                self.obeyed = Obeyed::Asked { txn, request: Box::new(refer.clone()), until };
                let referred = Referred { session: self.id, to, replaces, by };
                self.emit(Event::Referred(Box::new(referred)), ctx);
            }
            Err(status) => self.reply(txn, refer, status, ctx),
        }
    }

    /// The gateway's answer to a REFER: it is done, or refused so.
    pub fn answer_refer(&mut self, answer: Result<(), u16>, ctx: &mut Ctx<'_>) {
        let Obeyed::Asked { txn, request, .. } = &self.obeyed else { return };
        let (txn, request) = (*txn, request.clone());
        self.obeyed = Obeyed::Idle;
        if let Err(status) = answer {
            self.reply(txn, &request, status.clamp(300, 699), ctx);
            return;
        }
        let mut response = request.response(202, "", None);
        response.headers.push(HeaderName::Contact, self.local.contact.to_string());
        self.respond(txn, response, ctx);
        let trying = SipFragment::new(100, "");
        self.obeyed = Obeyed::Going(Report {
            seq: request.cseq().map_or(0, |cseq| cseq.seq),
            until: ctx.now + LIFE,
            last: trying.clone(),
            sent: None,
            next: None,
            over: false,
        });
        self.notify(trying, ctx);
    }

    /// The gateway tells how the new call goes; from 200 on it is the end.
    pub fn report_refer(&mut self, status: u16, reason: &str, ctx: &mut Ctx<'_>) {
        let Obeyed::Going(report) = &mut self.obeyed else { return };
        let told = report.next.as_ref().unwrap_or(&report.last);
        // Nothing comes after the end, and what is known already is not told again.
        if report.over || told.status >= 200 || told.status == status {
            return;
        }
        let fragment = SipFragment::new(status, reason);
        if report.sent.is_some() {
            report.next = Some(fragment);
        } else {
            self.notify(fragment, ctx);
        }
    }

    fn notify(&mut self, fragment: SipFragment, ctx: &mut Ctx<'_>) {
        let over = fragment.status >= 200;
        let chosen = self.chosen;
        let Obeyed::Going(report) = &mut self.obeyed else { return };
        let Some(leg) = self.legs.get_mut(chosen) else { return };
        let mut request = leg.dialog.request(Method::Notify, Some(&self.local.contact));
        let event = EventType { package: "refer".to_owned(), id: Some(report.seq.to_string()) };
        request.headers.push(HeaderName::Event, event.to_string());
        let left = report.until.since(ctx.now).as_secs().max(1);
        let state = match (over, report.over) {
            (true, _) => "terminated;reason=noresource".to_owned(),
            (false, true) => "terminated;reason=timeout".to_owned(),
            (false, false) => format!("active;expires={left}"),
        };
        request.headers.push(HeaderName::SubscriptionState, state);
        request.set_body("message/sipfrag;version=2.0", fragment.to_bytes());
        if over || report.over {
            report.over = true;
            // The answer comes before that, or nothing does.
            report.until = ctx.now + self.local.timing.life() + self.local.timing.life();
        }
        report.last = fragment;
        report.next = None;
        let sent = self.send(chosen, Purpose::Notify, request, 0, ctx);
        match &mut self.obeyed {
            Obeyed::Going(report) if sent.is_some() => report.sent = sent,
            Obeyed::Idle | Obeyed::Asked { .. } | Obeyed::Going(_) => self.obeyed = Obeyed::Idle,
        }
    }

    /// A NOTIFY of ours has its answer, or will never have one: `taken` if it was heard.
    pub(super) fn on_notify_answer(&mut self, pending: &Pending, taken: bool, ctx: &mut Ctx<'_>) {
        let Obeyed::Going(report) = &mut self.obeyed else { return };
        if report.sent != Some(pending.tag) {
            return;
        }
        report.sent = None;
        if !taken || report.over {
            self.obeyed = Obeyed::Idle;
        } else if let Some(next) = report.next.take() {
            self.notify(next, ctx);
        }
    }

    pub(super) fn notify_moved(&mut self, old: Tag, new: Tag) {
        if let Obeyed::Going(report) = &mut self.obeyed
            && report.sent == Some(old)
        {
            report.sent = Some(new);
        }
    }

    /// The gateway has not answered, or has not told the end.
    pub(super) fn referred_over(&mut self, ctx: &mut Ctx<'_>) {
        match &mut self.obeyed {
            Obeyed::Idle => {}
            Obeyed::Asked { .. } => self.answer_refer(Err(603), ctx),
            Obeyed::Going(report) if report.over => self.obeyed = Obeyed::Idle,
            Obeyed::Going(report) => {
                report.over = true;
                let last = report.next.take().unwrap_or_else(|| report.last.clone());
                self.notify(last, ctx);
            }
        }
    }

    /// Which of our dialogs an INVITE with this tag would take the place of.
    pub fn replaced_at(&self, from_tag: &str, early_only: bool) -> Result<(), u16> {
        let same = |leg: &super::session::Leg| {
            let tag = leg.dialog.remote_tag();
            // RFC 3891 §3: a missing tag goes by the name of 0.
            tag == from_tag || tag.is_empty() && from_tag == "0"
        };
        let Some(index) = self.legs.iter().position(same) else { return Err(481) };
        match &self.phase {
            Phase::Up if index != self.chosen => Err(481),
            Phase::Up if early_only => Err(486),
            Phase::Up => Ok(()),
            // An early dialog is replaced only at the side that began it.
            Phase::Calling(calling) if !calling.cancelled => Ok(()),
            Phase::Calling(_) | Phase::Over => Err(603),
            Phase::Called(_) => Err(481),
        }
    }
}

/// Whom a REFER names, and what dialog the new call replaces; else the status that refuses it.
fn wish_of(refer: &Request) -> Result<(Uri, Option<Replaces>), u16> {
    let to = refer.refer_to().ok().flatten().ok_or(400u16)?.uri;
    match &to {
        Uri::Sip(sip) if !sip.secure => {}
        Uri::Tel(_) => {}
        Uri::Sip(_) | Uri::Other(_) => return Err(416),
    }
    // Only calls are made for others (RFC 3515 §2.4.2 leaves the rest to us).
    if to.param("method").is_some_and(|method| method != "INVITE") {
        return Err(403);
    }
    let replaces = match to.header("Replaces") {
        Some(text) => Some(text.parse::<Replaces>().map_err(|_| 400u16)?),
        None => None,
    };
    Ok((to.as_target(), replaces))
}

/// The dialog that an INVITE wants to take the place of.
///
/// # Errors
/// 400 where it says so more than once or illegibly, or wants to join too (RFC 3891 §3).
pub fn replaces_of(invite: &Request) -> Result<Option<Replaces>, u16> {
    let replaces = invite.replaces().map_err(|_| 400u16)?;
    if replaces.is_some() && invite.headers.has(&HeaderName::Join) {
        return Err(400);
    }
    Ok(replaces)
}
