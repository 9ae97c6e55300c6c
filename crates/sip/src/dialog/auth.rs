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
        if matches!(&self.phase, Phase::Over) && purpose != Purpose::Bye {
            return false;
        }
        let Some(state) = self.legs.get_mut(leg) else { return false };
        state.dialog.local_seq = state.dialog.local_seq.saturating_add(1);
        let cseq = CSeq { seq: state.dialog.local_seq, method: request.method.clone() };
        request.headers.set(HeaderName::CSeq, cseq.to_string());
        match self.send(leg, purpose, request, challenges + 1, ctx) {
            Some(new) => {
                self.reoffer_moved(tag, new);
                true
            }
            None => false,
        }
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
    let pairs = [
        (HeaderName::WwwAuthenticate, HeaderName::Authorization),
        (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization),
    ];
    let mut answered = false;
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
            return false;
        }
        request.headers.remove(&reply);
        for other in earlier.iter().filter(|a| a.realm != challenge.realm) {
            request.headers.push(reply.clone(), other.to_string());
        }
        let uri = request.uri.to_string();
        let method = request.method.as_str().to_owned();
        let answer = ClientAuth::new(challenge.clone(), entropy).authorize(
            &credentials.user,
            &credentials.password,
            &method,
            &uri,
            &request.body,
        );
        request.headers.push(reply, answer.to_string());
        answered = true;
    }
    answered
}
