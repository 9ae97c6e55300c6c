//! What comes after we gave its INVITE up.
//!
//! **What it does.** An INVITE that found no answer, whose address was given up for another, or whose CANCEL was never
//! followed by a final answer, is over for its session. The far end may still answer it: such a 2xx is acknowledged and
//! the call that it made is ended by BYE, and so is that of every other fork. A refusal is acknowledged. Repeats are
//! acknowledged again. Where the far end only comes to life, it is told CANCEL.
//!
//! **How.** A given-up INVITE is remembered by its branch for as long as anybody rings, [`MAX_RINGING`]: where the CANCEL
//! got lost or could not be sent, the far end goes on ringing, and its user may answer minutes later. It owns no timer:
//! what is too old is not found, and makes room when another is remembered.
//!
//! **Limits.** [`MAX_GIVEN_UP`] INVITEs, [`MAX_LATE_FORKS`] answers to each; beyond that the oldest INVITE is forgotten,
//! and a further fork is left to give up by itself. The BYE answers [`MAX_CHALLENGES`] digest challenges.
//!
//! **Standard.** RFC 3261 §9.1, §13.2.2.4, §15; RFC 6026 §7.2.

use std::collections::BTreeMap;

use tipring_units::Instant;

use super::agent::Agent;
use super::jobs::{Job, Owner};
use crate::dialog::{Credentials, Dialog, Hop, MAX_CHALLENGES, MAX_RINGING, answer_challenge};
use crate::message::{CSeq, HeaderName, Method, Request, Response};
use crate::transaction::client::{ack_to_refusal, cancel_of};
use crate::transaction::{ClientId, Target, branch_of};

/// Given-up INVITEs remembered at a time.
pub const MAX_GIVEN_UP: usize = 1024;
/// Answers of different forks to one of them.
pub const MAX_LATE_FORKS: usize = 12;
/// BYEs to such forks under way at a time.
pub const MAX_FAREWELLS: usize = 1024;

/// A BYE that ends what a late answer made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FarewellId(u64);

#[derive(Debug)]
struct GivenUp {
    invite: Request,
    flow: Option<Target>,
    credentials: Option<Credentials>,
    until: Instant,
    /// It was told CANCEL.
    cancelled: bool,
    /// The ACK of each fork by the tag of its answer.
    acks: BTreeMap<String, (Request, Hop)>,
}

#[derive(Debug)]
struct Farewell {
    bye: Request,
    hop: Hop,
    credentials: Option<Credentials>,
    challenges: u8,
}

/// What is remembered.
#[derive(Debug, Default)]
pub struct Late {
    given_up: BTreeMap<String, GivenUp>,
    farewells: BTreeMap<FarewellId, Farewell>,
    next: u64,
}

impl Late {
    fn remember(&mut self, now: Instant, branch: String, entry: GivenUp) {
        self.given_up.retain(|_, other| other.until > now);
        if self.given_up.len() >= MAX_GIVEN_UP {
            let oldest = self.given_up.iter().min_by_key(|(_, other)| other.until);
            if let Some(oldest) = oldest.map(|(branch, _)| branch.clone()) {
                self.given_up.remove(&oldest);
            }
        }
        self.given_up.insert(branch, entry);
    }
}

impl Agent {
    /// Keeps the INVITE of a job that is not waited for any longer. Others need no such memory.
    pub(super) fn remember_given_up(&mut self, now: Instant, job: &Job) {
        let (Method::Invite, Some(via)) = (&job.request.method, &job.via) else { return };
        let mut invite = job.request.clone();
        invite.headers.push_front(HeaderName::Via, via);
        let Some(branch) = branch_of(&invite.headers) else { return };
        let credentials = match job.owner {
            Owner::Session(session, _) => self.sessions.get(&session).and_then(|s| s.credentials().cloned()),
            Owner::Ack
            | Owner::Account(_)
            | Owner::Mail(_)
            | Owner::Completion(_)
            | Owner::Probe(_)
            | Owner::Farewell(_) => None,
        };
        let entry = GivenUp {
            invite,
            flow: job.flow,
            credentials,
            until: now + MAX_RINGING,
            cancelled: job.cancel.is_some(),
            acks: BTreeMap::new(),
        };
        self.late.remember(now, branch, entry);
    }

    /// A provisional answer of an address that was left for another: it rings there now, or will. CANCEL may follow its
    /// INVITE from here on (§9.1).
    pub(super) fn on_late_ringing(&mut self, now: Instant, client: ClientId, response: &Response) {
        let branch = branch_of(&response.headers).unwrap_or_default();
        let Some(entry) = self.late.given_up.get_mut(&branch).filter(|entry| entry.until > now) else {
            return;
        };
        if core::mem::replace(&mut entry.cancelled, true) {
            return;
        }
        let Some((invite, target)) = self.clients.request(client) else { return };
        let cancel = cancel_of(invite, None);
        let mut reports = Vec::new();
        self.clients.start(now, cancel, target, &mut reports);
        self.on_client_reports(now, reports);
    }

    /// A response that belongs to no request under way. True if it is a success for an INVITE that was given up.
    pub(super) fn on_late_answer(&mut self, now: Instant, response: &Response) -> bool {
        let is_invite = response.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        let Some(branch) = branch_of(&response.headers).filter(|_| is_invite && response.is_success()) else {
            return false;
        };
        let Some(entry) = self.late.given_up.get_mut(&branch).filter(|entry| entry.until > now) else {
            return false;
        };
        let tag = response.to().ok().and_then(|to| to.tag().map(str::to_owned)).unwrap_or_default();
        if let Some((ack, hop)) = entry.acks.get(&tag).cloned() {
            self.start_job(now, Owner::Ack, ack, hop);
            return true;
        }
        let seq = entry.invite.cseq().map_or(0, |cseq| cseq.seq);
        let Some(mut dialog) =
            Dialog::of_response(&entry.invite, response).filter(|_| entry.acks.len() < MAX_LATE_FORKS)
        else {
            return false;
        };
        dialog.flow = entry.flow;
        let hop = Hop::from(dialog.next_hop());
        let mut ack = dialog.ack(seq);
        ack.headers.set(HeaderName::UserAgent, &self.config.product);
        // An ACK bears the credentials of its INVITE (§22.1).
        for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
            for value in entry.invite.headers.get_all(&name) {
                ack.headers.push(name.clone(), value);
            }
        }
        entry.acks.insert(tag, (ack.clone(), hop.clone()));
        // Whoever gave a re-INVITE up has ended its call already, or carries it on.
        let is_first = entry.invite.to().is_ok_and(|to| to.tag().is_none());
        let credentials = entry.credentials.clone();
        self.start_job(now, Owner::Ack, ack, hop.clone());
        if is_first && self.late.farewells.len() < MAX_FAREWELLS {
            let mut bye = dialog.request(Method::Bye, None);
            bye.headers.set(HeaderName::UserAgent, &self.config.product);
            self.say_farewell(now, Farewell { bye, hop, credentials, challenges: 0 });
        }
        true
    }

    /// The same where it is a refusal for such an INVITE, whose transaction ended without one (§17.1.1.3).
    pub(super) fn on_late_refusal(&mut self, now: Instant, source: Target, response: &Response) -> bool {
        let is_refusal = response.cseq().is_ok_and(|cseq| cseq.method == Method::Invite)
            && !response.is_provisional()
            && !response.is_success();
        let Some(branch) = branch_of(&response.headers).filter(|_| is_refusal) else { return false };
        let Some(entry) = self.late.given_up.get(&branch).filter(|entry| entry.until > now) else {
            return false;
        };
        let ack = ack_to_refusal(&entry.invite, response).to_bytes();
        self.wires.send(source, ack, &mut self.out);
        true
    }

    fn say_farewell(&mut self, now: Instant, farewell: Farewell) {
        let id = FarewellId(self.late.next);
        self.late.next += 1;
        let (bye, hop) = (farewell.bye.clone(), farewell.hop.clone());
        self.late.farewells.insert(id, farewell);
        self.start_job(now, Owner::Farewell(id), bye, hop);
    }

    /// An answer to such a BYE: a challenge is met, anything else ends it.
    pub(super) fn farewell_answered(&mut self, now: Instant, id: FarewellId, response: &Response) {
        if !matches!(response.status, 401 | 407) {
            return;
        }
        let Some(mut farewell) = self.late.farewells.remove(&id) else { return };
        let Some(credentials) = farewell.credentials.clone() else { return };
        if farewell.challenges >= MAX_CHALLENGES
            || !answer_challenge(&mut farewell.bye, response, &credentials, &mut self.entropy)
        {
            return;
        }
        farewell.challenges += 1;
        let seq = farewell.bye.cseq().map_or(1, |cseq| cseq.seq).saturating_add(1);
        farewell.bye.headers.set(HeaderName::CSeq, CSeq { seq, method: Method::Bye }.to_string());
        self.say_farewell(now, farewell);
    }

    /// No more answers to it come.
    pub(super) fn farewell_closed(&mut self, id: FarewellId) {
        self.late.farewells.remove(&id);
    }
}
