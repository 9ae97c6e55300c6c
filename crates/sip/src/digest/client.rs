//! The client's side: answering a challenge.

use super::algorithm::{Qop, ResponseInput, compute_response, hex};
use super::authorization::Authorization;
use super::challenge::Challenge;
use super::secret::Secret;
use tipring_units::Entropy;

/// A challenge that is being answered: the same nonce serves many requests, each with its own count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientAuth {
    challenge: Challenge,
    cnonce: String,
    nc: u32,
}

impl ClientAuth {
    /// Takes up a challenge.
    pub fn new(challenge: Challenge, entropy: &mut Entropy) -> Self {
        let mut cnonce = [0; 16];
        entropy.fill(&mut cnonce);
        Self { challenge, cnonce: hex(&cnonce), nc: 0 }
    }

    /// The challenge.
    pub const fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// The credentials for one request. `auth` is chosen before `auth-int`, since proxies may change bodies.
    pub fn authorize(
        &mut self,
        username: &str,
        password: &Secret,
        method: &str,
        uri: &str,
        body: &[u8],
    ) -> Authorization {
        let challenge = &self.challenge;
        let algorithm = challenge.effective_algorithm();
        let qop =
            if challenge.qop.contains(&Qop::Auth) { Some(Qop::Auth) } else { challenge.qop.first().copied() };
        self.nc = self.nc.saturating_add(1);
        let response = compute_response(&ResponseInput {
            algorithm,
            username,
            realm: &challenge.realm,
            password,
            nonce: &challenge.nonce,
            cnonce: &self.cnonce,
            nc: self.nc,
            qop,
            method,
            uri,
            body,
        });
        Authorization {
            username: username.to_owned(),
            realm: challenge.realm.clone(),
            nonce: challenge.nonce.clone(),
            uri: uri.to_owned(),
            response,
            algorithm: challenge.algorithm,
            cnonce: (qop.is_some() || algorithm.is_session()).then(|| self.cnonce.clone()),
            opaque: challenge.opaque.clone(),
            qop,
            nc: qop.map(|_| self.nc),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_goes_up_and_the_answer_changes() {
        let challenge =
            Challenge::parse_all("Digest realm=r, nonce=n, opaque=o, qop=\"auth-int,auth\"").unwrap();
        let mut auth = ClientAuth::new(challenge[0].clone(), &mut Entropy::for_simulation(1));
        let secret = Secret::new("p");
        let first = auth.authorize("u", &secret, "REGISTER", "sip:r", b"");
        let second = auth.authorize("u", &secret, "REGISTER", "sip:r", b"");
        assert_eq!((first.nc, second.nc, first.qop), (Some(1), Some(2), Some(Qop::Auth)));
        assert_eq!(first.cnonce, second.cnonce);
        assert_ne!(first.response, second.response);
        assert_eq!(first.opaque.as_deref(), Some("o"));
    }

    #[test]
    fn old_servers_get_neither_count_nor_client_nonce() {
        let challenge = Challenge::parse_all("Digest realm=r, nonce=n").unwrap();
        let mut auth = ClientAuth::new(challenge[0].clone(), &mut Entropy::for_simulation(1));
        let answer = auth.authorize("u", &Secret::new("p"), "INVITE", "sip:x@y", b"");
        assert_eq!((answer.nc, answer.cnonce, answer.qop, answer.algorithm), (None, None, None, None));
    }
}
