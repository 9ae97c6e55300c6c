//! One call: its INVITE, the dialogs that come of it, and everything sent within them.
//!
//! **What it does.** Takes the gateway's orders and the far end's messages, and leaves requests, answers
//! and events. A session owns all its state: dropping it harms no other.
//!
//! **How.** [`Session`] holds the phase, the legs (one for each early dialog of a forked INVITE) and the
//! requests under way. The procedures have a file each: [`super::calling`], [`super::called`],
//! [`super::within`], [`super::reoffer`], [`super::reliable`], [`super::interval`], [`super::refer`], [`super::referred`].
//!
//! **Limits.** [`MAX_FORKS`] early dialogs, [`MAX_ACKS`] remembered ACKs, [`MAX_PENDING`] requests.
//!
//! **Standard.** RFC 3261 §12 to §15, RFC 3262, RFC 3264, RFC 3311, RFC 4028, RFC 6026.

use tipring_units::{Entropy, Instant, Millis};

use super::auth::Credentials;
use super::called::Called;
use super::calling::Calling;
use super::interval::Interval;
use super::refer::Referral;
use super::referred::Obeyed;
use super::reoffer::Reoffer;
use super::state::{Dialog, NextHop};
use crate::agent::{By, Cause, Event, ForkId, Reoffers, ServerId, SessionId};
use crate::message::{HeaderName, Method, NameAddr, Request, Response, Uri};
use crate::offer_answer::{LocalMedia, OfferAnswer};
use crate::transaction::{Schedule, ServerId as ServerTxn, Target, Timing};

/// Early dialogs of one INVITE; further forks are ignored until they answer.
pub const MAX_FORKS: usize = 12;
/// ACKs kept to be repeated.
pub const MAX_ACKS: usize = 16;
/// Requests of one session under way at a time.
pub const MAX_PENDING: usize = 32;
/// Faults after which a session is not even asked to end itself.
const MAX_FAULTS: u8 = 4;
/// Methods that we serve, for Allow.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REGISTER, REFER, NOTIFY";
/// Media types that we take, for Accept where it is asked what we can do.
pub const ACCEPT: &str = "application/sdp, application/dtmf-relay, application/dtmf, message/sipfrag, \
                          application/simple-message-summary, application/call-completion";
/// Extensions that we support.
pub const SUPPORTED: &str = "100rel, timer, replaces";

/// What a session knows of the agent that it belongs to.
#[derive(Clone, PartialEq, Debug)]
pub struct Local {
    /// Our Contact.
    pub contact: NameAddr,
    /// User-Agent and Server.
    pub product: String,
    /// Transaction timers.
    pub timing: Timing,
    /// Who answers offers within the session.
    pub reoffers: Reoffers,
    /// The session interval to ask for.
    pub session_interval: Option<Millis>,
}

/// A request of a session as the agent hands answers back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tag(pub u32);

/// Where a request goes.
#[derive(Clone, PartialEq, Debug)]
pub enum Hop {
    /// To a configured server, with failover.
    Server(ServerId),
    /// To the host of a URI.
    Uri(Uri),
    /// To these, in order.
    Targets(Vec<Target>),
}

impl From<NextHop> for Hop {
    fn from(hop: NextHop) -> Self {
        match hop {
            NextHop::Uri(uri) => Self::Uri(uri),
            NextHop::Flow(target) => Self::Targets(vec![target]),
        }
    }
}

/// What a session wants done.
#[derive(Clone, PartialEq, Debug)]
pub enum Out {
    /// Send a request in a new transaction.
    Request {
        /// Its name.
        tag: Tag,
        /// The request without Via.
        request: Request,
        /// Where to.
        hop: Hop,
    },
    /// Cancel an INVITE.
    Cancel {
        /// The INVITE.
        tag: Tag,
        /// The Reason header.
        reason: Option<String>,
    },
    /// Send the ACK of a 2xx, outside of any transaction.
    Ack {
        /// The ACK without Via.
        request: Request,
        /// Where to.
        hop: Hop,
    },
    /// Answer a request.
    Respond {
        /// Its transaction.
        txn: ServerTxn,
        /// The answer.
        response: Response,
    },
    /// Tell the gateway.
    Event(Event),
}

/// Why a request of ours got no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// Nobody answered in time.
    TimedOut,
    /// The transport failed at every address.
    Unreachable,
    /// The host was not found.
    NotFound(String),
    /// We are out of room.
    Overload,
    /// It was cancelled before it was sent.
    Cancelled,
}

impl Failure {
    /// The status that stands for it, RFC 3261 §8.1.3.1.
    pub const fn status(&self) -> u16 {
        match self {
            Self::TimedOut => 408,
            Self::Unreachable | Self::Overload => 503,
            Self::NotFound(_) => 502,
            Self::Cancelled => 487,
        }
    }

    /// In words.
    pub fn text(&self) -> String {
        match self {
            Self::TimedOut => "no answer from the far end in time".to_owned(),
            Self::Unreachable => "the far end cannot be reached".to_owned(),
            Self::NotFound(what) => what.clone(),
            Self::Overload => "too many requests under way".to_owned(),
            Self::Cancelled => "cancelled".to_owned(),
        }
    }
}

/// Time, randomness and where results go.
#[derive(Debug)]
pub struct Ctx<'a> {
    /// The time.
    pub now: Instant,
    /// The source of tags and jitter.
    pub entropy: &'a mut Entropy,
    /// What is to be done.
    pub out: &'a mut Vec<Out>,
}

/// A timer of a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wait {
    /// Repeat a 2xx that has no ACK.
    RepeatAnswer,
    /// Give up on the ACK.
    NoAck,
    /// Repeat a reliable provisional answer.
    RepeatProvisional,
    /// Give up on its PRACK.
    NoPrack,
    /// Offer again after 491.
    Glare,
    /// Refresh the session.
    Refresh,
    /// The far end did not refresh the session.
    Expired,
    /// The far end rings for too long.
    RingsTooLong,
    /// The far end tells no more of where we sent it.
    Referral,
    /// The far end's REFER has no answer, or its end was never told.
    Referred,
}

/// What a pending request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    Invite,
    Reinvite,
    Refresh,
    Bye,
    Info,
    Prack,
    Refer,
    Notify,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Pending {
    pub tag: Tag,
    pub purpose: Purpose,
    pub leg: usize,
    pub request: Request,
    /// A final answer or failure came.
    pub done: bool,
    /// Times that digest was computed for it.
    pub challenges: u8,
}

/// One dialog of the session with its own offer/answer state.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Leg {
    pub dialog: Dialog,
    pub media: OfferAnswer,
    /// RSeq of the latest reliable provisional answer.
    pub rseq: Option<u32>,
    /// Methods that the far end allows; empty if it did not say.
    pub allows: Vec<Method>,
    /// It has not told that it knows no Replaces.
    pub replaces: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct SentAck {
    pub leg: usize,
    pub seq: u32,
    pub request: Request,
}

/// A 2xx of ours that waits for its ACK.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Unacked {
    pub txn: ServerTxn,
    pub seq: u32,
    pub response: Response,
    pub repeat: Schedule,
    pub give_up: Instant,
    /// The 2xx bore an offer.
    pub wants_answer: bool,
    /// It answered the first INVITE.
    pub initial: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Phase {
    /// Our INVITE has no final answer.
    Calling(Box<Calling>),
    /// We have not answered the far end's INVITE.
    Called(Box<Called>),
    /// A dialog is confirmed.
    Up,
    /// Nothing is left but repeats and answers under way.
    Over,
}

/// One call.
#[derive(Clone, PartialEq, Debug)]
pub struct Session {
    pub(super) id: SessionId,
    /// Call-ID and our tag.
    pub(super) key: (String, String),
    pub(super) local: Local,
    pub(super) phase: Phase,
    pub(super) legs: Vec<Leg>,
    pub(super) chosen: usize,
    pub(super) pending: Vec<Pending>,
    pub(super) acks: Vec<SentAck>,
    pub(super) unacked: Option<Unacked>,
    pub(super) reoffer: Reoffer,
    /// A REFER of ours. It may outlive the call.
    pub(super) referral: Referral,
    /// A REFER of theirs. It may outlive the call.
    pub(super) obeyed: Obeyed,
    /// Media that wait until an offer may be made.
    pub(super) next_media: Option<LocalMedia>,
    /// Our media in force.
    pub(super) media: Option<LocalMedia>,
    pub(super) credentials: Option<Credentials>,
    pub(super) interval: Interval,
    /// We sent the first INVITE.
    pub(super) caller: bool,
    /// BYE follows as soon as the ACK is in.
    pub(super) bye_after_ack: Option<Option<Cause>>,
    /// The gateway has been told the end, or wants to hear nothing.
    pub(super) silent: bool,
    faults: u8,
    next_tag: u32,
}

impl Session {
    pub(super) fn new(
        id: SessionId,
        key: (String, String),
        local: Local,
        phase: Phase,
        caller: bool,
    ) -> Self {
        Self {
            id,
            key,
            local,
            phase,
            legs: Vec::new(),
            chosen: 0,
            pending: Vec::new(),
            acks: Vec::new(),
            unacked: None,
            reoffer: Reoffer::Idle,
            referral: Referral::Idle,
            obeyed: Obeyed::Idle,
            next_media: None,
            media: None,
            credentials: None,
            interval: Interval::default(),
            caller,
            bye_after_ack: None,
            silent: false,
            faults: 0,
            next_tag: 0,
        }
    }

    /// Its number.
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// Call-ID and our tag, under which requests of the far end are found.
    pub const fn key(&self) -> &(String, String) {
        &self.key
    }

    /// What it has for digest.
    pub const fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Whether nothing is left to do: the agent may forget it.
    pub fn is_over(&self) -> bool {
        self.is_released() && self.pending.is_empty() && self.may_refer()
    }

    /// Whether the session has ended and its 2xx has its ACK; requests may still wait for repeats of their answers.
    pub fn is_released(&self) -> bool {
        self.phase == Phase::Over && self.unacked.is_none()
    }

    /// Whether the session has ended for the gateway.
    pub const fn is_silent(&self) -> bool {
        self.silent
    }

    /// The owner of the session has failed: end it without a further event.
    pub fn abandon(&mut self, ctx: &mut Ctx<'_>) {
        self.silent = true;
        self.referral = Referral::Idle;
        self.hangup(Some(Cause::TEMPORARY_FAILURE), ctx);
        self.answer_refer(Err(480), ctx);
        self.report_refer(480, "", ctx);
    }

    /// Ends the session in whatever state it is.
    pub fn hangup(&mut self, cause: Option<Cause>, ctx: &mut Ctx<'_>) {
        let reason = cause.map(Cause::header);
        match &mut self.phase {
            Phase::Calling(calling) => {
                if !calling.cancelled {
                    calling.cancelled = true;
                    ctx.out.push(Out::Cancel { tag: calling.tag, reason });
                }
            }
            Phase::Called(_) => {
                let status = cause.map_or(480, Cause::status);
                self.refuse(status, None, None, cause, ctx);
            }
            Phase::Up => self.release(cause, ctx),
            Phase::Over => {}
        }
        self.end(By::Us, cause.unwrap_or(Cause::NORMAL), "hung up here", ctx);
    }

    /// Sends BYE, at once or as soon as the ACK allows it (§15: the called side waits for it).
    pub(super) fn release(&mut self, cause: Option<Cause>, ctx: &mut Ctx<'_>) {
        if self.unacked.as_ref().is_some_and(|u| u.initial) {
            self.bye_after_ack = Some(cause);
            return;
        }
        self.answer_open_reoffer(487, ctx);
        self.send_bye(self.chosen, cause, ctx);
        self.enter_over();
    }

    pub(super) fn enter_over(&mut self) {
        self.phase = Phase::Over;
        self.unacked = None;
        self.reoffer = Reoffer::Idle;
        self.next_media = None;
        self.interval = Interval::default();
        self.bye_after_ack = None;
    }

    pub(super) fn send_bye(&mut self, leg: usize, cause: Option<Cause>, ctx: &mut Ctx<'_>) {
        let Some(dialog) = self.legs.get_mut(leg).map(|l| &mut l.dialog) else { return };
        let mut bye = dialog.request(Method::Bye, None);
        if let Some(cause) = cause {
            bye.headers.push(HeaderName::Reason, cause.header());
        }
        self.send(leg, Purpose::Bye, bye, 0, ctx);
    }

    /// Sends a request of `leg`.
    pub(super) fn send(
        &mut self,
        leg: usize,
        purpose: Purpose,
        mut request: Request,
        challenges: u8,
        ctx: &mut Ctx<'_>,
    ) -> Option<Tag> {
        let hop = self.legs.get(leg)?.dialog.next_hop().into();
        if self.pending.len() >= MAX_PENDING {
            return None;
        }
        request.headers.set(HeaderName::UserAgent, &self.local.product);
        let tag = self.new_tag();
        self.pending.push(Pending { tag, purpose, leg, request: request.clone(), done: false, challenges });
        ctx.out.push(Out::Request { tag, request, hop });
        Some(tag)
    }

    pub(super) fn new_tag(&mut self) -> Tag {
        self.next_tag = self.next_tag.wrapping_add(1);
        Tag(self.next_tag)
    }

    /// Sends the ACK of a 2xx, or sends it again. True if it is a repeat.
    pub(super) fn ack_again(&self, leg: usize, seq: u32, ctx: &mut Ctx<'_>) -> bool {
        let Some(sent) = self.acks.iter().find(|a| a.leg == leg && a.seq == seq) else { return false };
        if let Some(leg) = self.legs.get(leg) {
            ctx.out.push(Out::Ack { request: sent.request.clone(), hop: leg.dialog.next_hop().into() });
        }
        true
    }

    pub(super) fn send_ack(&mut self, index: usize, seq: u32, body: Option<Vec<u8>>, ctx: &mut Ctx<'_>) {
        let Some(leg) = self.legs.get(index) else { return };
        let mut request = leg.dialog.ack(seq);
        // An ACK bears the credentials of its INVITE (§22.1).
        let invite = self.pending.iter().rev().find(|p| {
            p.request.method == Method::Invite && p.request.cseq().is_ok_and(|cseq| cseq.seq == seq)
        });
        if let Some(invite) = invite {
            for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
                for value in invite.request.headers.get_all(&name) {
                    request.headers.push(name.clone(), value);
                }
            }
        }
        if let Some(body) = body {
            request.set_body("application/sdp", body);
        }
        let hop = leg.dialog.next_hop().into();
        if self.acks.len() >= MAX_ACKS {
            self.acks.remove(0);
        }
        self.acks.push(SentAck { leg: index, seq, request: request.clone() });
        ctx.out.push(Out::Ack { request, hop });
    }

    /// Tells the gateway, unless the session has ended for it.
    pub(super) fn emit(&self, event: Event, ctx: &mut Ctx<'_>) {
        if !self.silent {
            ctx.out.push(Out::Event(event));
        }
    }

    /// Tells the gateway that the session has ended, once.
    pub(super) fn end(&mut self, by: By, cause: Cause, reason: &str, ctx: &mut Ctx<'_>) {
        self.emit(Event::Ended { session: self.id, by, cause, reason: reason.to_owned() }, ctx);
        self.silent = true;
    }

    /// Answers a request with our headers.
    pub(super) fn respond(&self, txn: ServerTxn, mut response: Response, ctx: &mut Ctx<'_>) {
        response.headers.set(HeaderName::Server, &self.local.product);
        ctx.out.push(Out::Respond { txn, response });
    }

    /// A short answer to a request within a dialog.
    pub(super) fn reply(&self, txn: ServerTxn, request: &Request, status: u16, ctx: &mut Ctx<'_>) {
        self.respond(txn, request.response(status, "", None), ctx);
    }

    pub(super) fn leg_of(&self, tag: &str) -> Option<usize> {
        self.legs.iter().position(|leg| leg.dialog.remote_tag() == tag)
    }

    pub(super) const fn fork(index: usize) -> ForkId {
        ForkId(index as u32)
    }

    /// The next timer.
    pub fn deadline(&self) -> Option<(Instant, Wait)> {
        let unacked =
            self.unacked.iter().flat_map(|u| [(u.repeat.at, Wait::RepeatAnswer), (u.give_up, Wait::NoAck)]);
        let phase = match &self.phase {
            Phase::Calling(calling) => [calling.ring_until.map(|at| (at, Wait::RingsTooLong)), None],
            Phase::Called(called) => called.deadline(),
            Phase::Up | Phase::Over => [None, None],
        };
        unacked
            .chain(phase.into_iter().flatten())
            .chain(self.reoffer.deadline())
            .chain(self.interval.deadline())
            .chain(self.referral.deadline())
            .chain(self.obeyed.deadline())
            .min()
    }

    /// Runs the timer that is due.
    pub fn on_time(&mut self, wait: Wait, ctx: &mut Ctx<'_>) {
        match wait {
            Wait::RepeatAnswer => self.repeat_answer(ctx),
            Wait::NoAck => self.no_ack(ctx),
            Wait::RepeatProvisional => self.repeat_provisional(ctx),
            Wait::NoPrack => self.no_prack(ctx),
            Wait::Glare => self.glare_over(ctx),
            Wait::Refresh => self.refresh(ctx),
            Wait::Expired => {
                self.interval = Interval::default();
                self.fail(Cause::TIMER, "the far end did not refresh the session", ctx);
            }
            Wait::RingsTooLong => self.rings_too_long(ctx),
            Wait::Referral => self.referral_over(ctx),
            Wait::Referred => self.referred_over(ctx),
        }
    }

    /// Ends a standing session because of an error.
    pub(super) fn fail(&mut self, cause: Cause, reason: &str, ctx: &mut Ctx<'_>) {
        self.release(Some(cause), ctx);
        self.end(By::Failure, cause, reason, ctx);
    }

    fn repeat_answer(&mut self, ctx: &mut Ctx<'_>) {
        let Some(unacked) = &mut self.unacked else { return };
        unacked.repeat = Schedule::start(ctx.now, self.local.timing.doubled(unacked.repeat.interval));
        ctx.out.push(Out::Respond { txn: unacked.txn, response: unacked.response.clone() });
    }

    /// §13.3.1.4: no ACK within 64*T1 ends the session with BYE.
    fn no_ack(&mut self, ctx: &mut Ctx<'_>) {
        self.unacked = None;
        let cause = self.bye_after_ack.take().flatten().unwrap_or(Cause::TIMER);
        self.fail(cause, "the answer was never acknowledged", ctx);
    }

    /// The transaction of `tag` is gone: no further answers come.
    pub fn on_closed(&mut self, tag: Tag) {
        self.keep_pending(|other| other != tag);
    }

    /// Counts a fault; false if it has had too many to be asked again.
    pub const fn survives_fault(&mut self) -> bool {
        self.faults = self.faults.saturating_add(1);
        self.faults < MAX_FAULTS
    }

    /// Forgets the requests that are no longer under way, after a fault kept it from hearing so.
    pub fn keep_pending(&mut self, live: impl Fn(Tag) -> bool) {
        self.pending.retain(|p| live(p.tag));
        if let Phase::Calling(calling) = &self.phase
            && !live(calling.tag)
        {
            // No answer will ever come: the one that there was met a fault.
            self.enter_over();
        }
    }

    /// The answer could not be sent, or no ACK to our refusal came.
    pub fn on_answer_failed(&mut self, txn: ServerTxn, ctx: &mut Ctx<'_>) {
        if let Phase::Called(called) = &self.phase
            && called.txn == txn
        {
            self.enter_over();
            self.end(By::Failure, Cause::TEMPORARY_FAILURE, "the answer could not be sent", ctx);
        }
    }
}
