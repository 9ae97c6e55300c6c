//! Answering digest challenges within a session, RFC 3261 §22.

use tipring_units::Entropy;

use super::calling::raise_seq;
use super::session::{Ctx, Phase, Purpose, Session, Tag};
use crate::digest::{Authorization, Challenge, ClientAuth, Secret, choose};
use crate::message::{CSeq, HeaderName, Request, Response, text};

/// Challenges answered for one request: a proxy, the far end, and a stale nonce of each.
pub const MAX_CHALLENGES: u8 = 4;

/// A user name and its password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The secret.
    pub password: Secret,
}

impl Session {
    /// Sends the request of `tag` again with the digest that `response` asks for. False if that is no use.
    pub(super) fn retry_with_digest(&mut self, tag: Tag, response: &Response, ctx: &mut Ctx<'_>) -> bool {
        let Some(credentials) = self.credentials.clone() else { return false };
        let Some(pending) = self.pending.iter().find(|p| p.tag == tag) else { return false };
        let (leg, purpose, challenges) = (pending.leg, pending.purpose, pending.challenges);
        let mut request = pending.request.clone();
        if challenges >= MAX_CHALLENGES
            || !answer_challenge(&mut request, response, &credentials, ctx.entropy)
        {
            return false;
        }
        if purpose == Purpose::Invite {
            let Some(hop) = self.invite_hop() else { return false };
            raise_seq(&mut request);
            return self.send_invite(request, hop, challenges + 1, ctx);
        }
        if matches!(&self.phase, Phase::Over)
            && !matches!(purpose, Purpose::Bye | Purpose::Refer | Purpose::Notify)
        {
            return false;
        }
        let Some(state) = self.legs.get_mut(leg) else { return false };
        state.dialog.local_seq = state.dialog.local_seq.saturating_add(1);
        let seq = state.dialog.local_seq;
        let cseq = CSeq { seq, method: request.method.clone() };
        request.headers.set(HeaderName::CSeq, cseq.to_string());
        match self.send(leg, purpose, request, challenges + 1, ctx) {
            Some(new) => {
                self.reoffer_moved(tag, new);
                self.refer_moved(tag, new, seq);
                true
            }
            None => false,
        }
    }
}

/// Realms whose challenges are kept at a time.
pub const MAX_KEPT: usize = 4;

/// Challenges that were answered, for further requests to the same servers.
///
/// Whoever keeps them spares a refusal and its answer: the same nonce serves again with its count raised (RFC 7616 §3.4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proofs {
    kept: Vec<(HeaderName, ClientAuth)>,
}

impl Proofs {
    /// Puts credentials into `request` for every challenge that is kept.
    pub fn prove(&mut self, request: &mut Request, credentials: &Credentials) {
        for (reply, auth) in &mut self.kept {
            request.headers.push(reply.clone(), authorize(auth, request, credentials));
        }
    }

    /// As [`answer_challenge`], and keeps what was answered. A challenge to what was proved by a kept one (`again` is
    /// false) is taken as a new one, though it does not say `stale`: its server has changed, or has forgotten.
    pub fn answer(
        &mut self,
        request: &mut Request,
        response: &Response,
        again: bool,
        credentials: &Credentials,
        entropy: &mut Entropy,
    ) -> bool {
        if !again {
            request.headers.remove(&HeaderName::Authorization);
            request.headers.remove(&HeaderName::ProxyAuthorization);
        }
        let Some(new) = answers(request, response, credentials, entropy) else { return false };
        for (reply, auth) in new {
            let realm = &auth.challenge().realm;
            self.kept.retain(|(name, old)| *name != reply || old.challenge().realm != *realm);
            if self.kept.len() >= MAX_KEPT {
                self.kept.remove(0);
            }
            self.kept.push((reply, auth));
        }
        true
    }

    /// Forgets them: they did not hold.
    pub fn forget(&mut self) {
        self.kept.clear();
    }
}

/// Puts credentials for every challenge of `response` into `request`. False if there is none that we can
/// answer, or it was answered before and the server does not say that only its nonce was old.
pub fn answer_challenge(
    request: &mut Request,
    response: &Response,
    credentials: &Credentials,
    entropy: &mut Entropy,
) -> bool {
    answers(request, response, credentials, entropy).is_some()
}

/// The same; the challenges that were answered and where the answers stand.
fn answers(
    request: &mut Request,
    response: &Response,
    credentials: &Credentials,
    entropy: &mut Entropy,
) -> Option<Vec<(HeaderName, ClientAuth)>> {
    let pairs = [
        (HeaderName::WwwAuthenticate, HeaderName::Authorization),
        (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization),
    ];
    let mut answered = Vec::new();
    for (ask, reply) in pairs {
        let challenges: Vec<Challenge> = response
            .headers
            .get_all(&ask)
            .filter_map(|value| Challenge::parse_all(&text(value)).ok())
            .flatten()
            .collect();
        let Some(challenge) = choose(&challenges) else { continue };
        let earlier: Vec<Authorization> = request
            .headers
            .get_all(&reply)
            .filter_map(|value| Authorization::parse(&text(value)).ok().flatten())
            .collect();
        if earlier.iter().any(|a| a.realm == challenge.realm) && !challenge.stale {
            return None;
        }
        request.headers.remove(&reply);
        for other in earlier.iter().filter(|a| a.realm != challenge.realm) {
            request.headers.push(reply.clone(), other.to_string());
        }
        let mut auth = ClientAuth::new(challenge.clone(), entropy);
        let answer = authorize(&mut auth, request, credentials);
        request.headers.push(reply.clone(), answer);
        answered.push((reply, auth));
    }
    (!answered.is_empty()).then_some(answered)
}

fn authorize(auth: &mut ClientAuth, request: &Request, credentials: &Credentials) -> String {
    let uri = request.uri.to_string();
    let method = request.method.as_str();
    auth.authorize(&credentials.user, &credentials.password, method, &uri, &request.body).to_string()
}
