//! The server's side: issuing challenges and checking answers.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::algorithm::{Algorithm, Qop, ResponseInput, compute_response, hex};
use super::authorization::Authorization;
use super::challenge::Challenge;
use super::secret::Secret;
use crate::message::Uri;
use tipring_units::{Entropy, Instant, Millis};

/// Most nonces whose counts are remembered; the oldest go first, and their holders are asked again.
pub const MAX_NONCES: usize = 1024;

/// How far back counts may come out of order.
const WINDOW: u32 = 64;

/// Why credentials were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The nonce is too old, not ours or used up: challenge again with `stale=true`.
    #[error("stale nonce")]
    Stale,
    /// User, password, realm, URI or algorithm are wrong: challenge again.
    #[error("wrong credentials")]
    Wrong,
}

/// Issues challenges for a realm and checks the answers.
#[derive(Clone, Debug)]
pub struct ServerAuth {
    realm: String,
    algorithms: Vec<Algorithm>,
    lifetime: Millis,
    key: Secret,
    used: BTreeMap<NonceId, Counts>,
    /// Nonces up to this one are forgotten, and so are stale.
    forgotten: Option<NonceId>,
}

/// Issue time in milliseconds and a random number: ordered by age.
type NonceId = (u64, u64);

/// Which counts of a nonce were used.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    highest: u32,
    /// Bit n: `highest - n` was used.
    seen: u64,
}

impl ServerAuth {
    /// For a realm. The algorithms are offered in the order given (put the strongest first, RFC 8760 §2.4); with none
    /// MD5 is, which everybody has.
    pub fn new(realm: &str, algorithms: &[Algorithm], lifetime: Millis, entropy: &mut Entropy) -> Self {
        let mut key = [0; 32];
        entropy.fill(&mut key);
        Self {
            realm: realm.to_owned(),
            algorithms: in_order(algorithms),
            lifetime,
            key: Secret::new(hex(&key)),
            used: BTreeMap::new(),
            forgotten: None,
        }
    }

    /// Offers these from now on. Nonces stay good, under whichever of them.
    pub fn set_algorithms(&mut self, algorithms: &[Algorithm]) {
        self.algorithms = in_order(algorithms);
    }

    /// Whether credentials made by `algorithm` are taken.
    pub fn offers(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// The realm.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Fresh challenges, one for each algorithm, each for a header of its own.
    pub fn challenges(&self, now: Instant, stale: bool, entropy: &mut Entropy) -> Vec<Challenge> {
        let id = (now.as_millis(), entropy.u64());
        let nonce = self.nonce(id);
        let challenge = |&algorithm| Challenge {
            realm: self.realm.clone(),
            nonce: nonce.clone(),
            opaque: None,
            algorithm: Some(algorithm),
            qop: vec![Qop::Auth, Qop::AuthInt],
            stale,
        };
        self.algorithms.iter().map(challenge).collect()
    }

    /// Checks credentials. `password` gives the password of a user of this realm; it is asked once, and an
    /// unknown user costs the same time as a wrong password. The user still has to be compared with From or
    /// To by the caller.
    ///
    /// # Errors
    /// When the credentials do not hold.
    pub fn verify(
        &mut self,
        now: Instant,
        credentials: &Authorization,
        method: &str,
        request_uri: &Uri,
        body: &[u8],
        password: impl FnOnce(&str) -> Option<Secret>,
    ) -> Result<(), Refusal> {
        let algorithm = credentials.algorithm.unwrap_or(Algorithm::Md5);
        let (Some(qop), Some(nc), Some(cnonce)) = (credentials.qop, credentials.nc, &credentials.cnonce)
        else {
            return Err(Refusal::Wrong);
        };
        if credentials.realm != self.realm || !self.algorithms.contains(&algorithm) {
            return Err(Refusal::Wrong);
        }
        if !same_target(&credentials.uri, request_uri) {
            return Err(Refusal::Wrong);
        }
        let id = self.own_nonce(&credentials.nonce).ok_or(Refusal::Stale)?;
        let known = password(&credentials.username);
        let secret = known.clone().unwrap_or_else(|| self.key.clone());
        let expected = compute_response(&ResponseInput {
            algorithm,
            username: &credentials.username,
            realm: &self.realm,
            password: &secret,
            nonce: &credentials.nonce,
            cnonce,
            nc,
            qop: Some(qop),
            method,
            uri: &credentials.uri,
            body,
        });
        let given = credentials.response.to_ascii_lowercase();
        if !same_in_constant_time(expected.as_bytes(), given.as_bytes()) || known.is_none() {
            return Err(Refusal::Wrong);
        }
        // Only now: stale=true tells the client that its password was right (RFC 7616 §3.3).
        let age = now.as_millis().saturating_sub(id.0);
        let too_old = age > u64::from(self.lifetime.0) || id.0 > now.as_millis();
        if too_old || self.forgotten.is_some_and(|last| id <= last && !self.used.contains_key(&id)) {
            return Err(Refusal::Stale);
        }
        self.count(id, nc)
    }

    /// Notes a use of a nonce; one that was there before is a replay.
    fn count(&mut self, id: NonceId, nc: u32) -> Result<(), Refusal> {
        if nc == 0 {
            return Err(Refusal::Stale);
        }
        if !self.used.contains_key(&id) && self.used.len() >= MAX_NONCES {
            self.forgotten = self.used.pop_first().map(|(oldest, _)| oldest).max(self.forgotten);
            if self.forgotten.is_some_and(|last| id <= last) {
                return Err(Refusal::Stale);
            }
        }
        let counts = self.used.entry(id).or_default();
        if nc > counts.highest {
            let ahead = nc - counts.highest;
            counts.seen = if ahead < WINDOW { counts.seen << ahead } else { 0 };
            counts.seen |= 1;
            counts.highest = nc;
            return Ok(());
        }
        let behind = counts.highest - nc;
        if behind >= WINDOW || counts.seen & (1 << behind) != 0 {
            return Err(Refusal::Stale);
        }
        counts.seen |= 1 << behind;
        Ok(())
    }

    fn nonce(&self, (issued, random): NonceId) -> String {
        let plain = format!("{issued:016x}{random:016x}");
        let mac = hmac_sha256(self.key.expose().as_bytes(), format!("{plain}{}", self.realm).as_bytes());
        format!("{plain}{}", hex(mac.get(..16).unwrap_or(&mac)))
    }

    /// The time and number of a nonce, if it is one of ours.
    fn own_nonce(&self, nonce: &str) -> Option<NonceId> {
        let issued = u64::from_str_radix(nonce.get(..16)?, 16).ok()?;
        let random = u64::from_str_radix(nonce.get(16..32)?, 16).ok()?;
        let ours = self.nonce((issued, random));
        same_in_constant_time(ours.as_bytes(), nonce.as_bytes()).then_some((issued, random))
    }
}

/// Each algorithm once, in the order given.
fn in_order(algorithms: &[Algorithm]) -> Vec<Algorithm> {
    let mut all = Vec::new();
    for algorithm in algorithms {
        if !all.contains(algorithm) {
            all.push(*algorithm);
        }
    }
    if all.is_empty() {
        all.push(Algorithm::Md5);
    }
    all
}

/// HMAC (RFC 2104) for a key of at most one block.
fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    let pad = |fill: u8| {
        let mut block = [fill; 64];
        for (b, k) in block.iter_mut().zip(key) {
            *b ^= k;
        }
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(data).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

/// Compares without telling by the time taken where the first difference is.
fn same_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && core::hint::black_box(a.iter().zip(b).fold(0, |diff, (a, b)| diff | (a ^ b))) == 0
}

/// Whether credentials for `digest_uri` were made for this request: same user and host. The rest may have been
/// changed on the way (RFC 3261 §22.4 item 8 leaves it open).
fn same_target(digest_uri: &str, request_uri: &Uri) -> bool {
    let Ok(uri) = Uri::parse(digest_uri) else { return false };
    if uri.equivalent(request_uri) {
        return true;
    }
    match (uri.host(), request_uri.host()) {
        (Some(a), Some(b)) => a.same_as(b) && uri.user() == request_uri.user(),
        (Some(_) | None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ClientAuth;
    use super::*;

    struct Bench {
        server: ServerAuth,
        entropy: Entropy,
        uri: Uri,
    }

    impl Bench {
        fn new() -> Self {
            let mut entropy = Entropy::for_simulation(7);
            let offered = [Algorithm::Sha512Half, Algorithm::Sha256, Algorithm::Md5];
            let server = ServerAuth::new("pbx", &offered, Millis::from_secs(300), &mut entropy);
            Self { server, entropy, uri: "sip:pbx.example".parse().unwrap() }
        }

        fn client(&mut self, now: Instant, algorithm: Algorithm) -> ClientAuth {
            let all = self.server.challenges(now, false, &mut self.entropy);
            let one = all.into_iter().find(|c| c.algorithm == Some(algorithm)).unwrap();
            let again = Challenge::parse_all(&one.to_string()).unwrap().remove(0);
            assert_eq!(again, one);
            ClientAuth::new(again, &mut self.entropy)
        }

        fn check(&mut self, now: Instant, credentials: &Authorization) -> Result<(), Refusal> {
            let wire = Authorization::parse(&credentials.to_string()).unwrap().unwrap();
            let users = |user: &str| (user == "anna").then(|| Secret::new("geheim"));
            self.server.verify(now, &wire, "REGISTER", &self.uri, b"body", users)
        }
    }

    fn answer(client: &mut ClientAuth, user: &str, password: &str) -> Authorization {
        client.authorize(user, &Secret::new(password), "REGISTER", "sip:pbx.example", b"body")
    }

    const NOW: Instant = Instant::from_millis(1_000_000);

    #[test]
    fn right_passwords_pass_with_every_algorithm_and_wrong_ones_do_not() {
        let mut bench = Bench::new();
        for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512Half] {
            let mut client = bench.client(NOW, algorithm);
            assert_eq!(bench.check(NOW, &answer(&mut client, "anna", "geheim")), Ok(()));
            assert_eq!(bench.check(NOW, &answer(&mut client, "anna", "gehein")), Err(Refusal::Wrong));
            assert_eq!(bench.check(NOW, &answer(&mut client, "otto", "geheim")), Err(Refusal::Wrong));
            let mut elsewhere = answer(&mut client, "anna", "geheim");
            elsewhere.uri = "sip:other.example".into();
            assert_eq!(bench.check(NOW, &elsewhere), Err(Refusal::Wrong));
        }
    }

    #[test]
    fn the_body_is_protected_by_auth_int() {
        let mut bench = Bench::new();
        let mut challenge = bench.server.challenges(NOW, false, &mut bench.entropy).remove(1);
        challenge.qop = vec![Qop::AuthInt];
        let mut client = ClientAuth::new(challenge, &mut bench.entropy);
        assert_eq!(bench.check(NOW, &answer(&mut client, "anna", "geheim")), Ok(()));
        let other =
            client.authorize("anna", &Secret::new("geheim"), "REGISTER", "sip:pbx.example", b"tampered");
        assert_eq!(bench.check(NOW, &other), Err(Refusal::Wrong));
    }

    #[test]
    fn old_nonces_are_stale_only_to_those_who_know_the_password() {
        let mut bench = Bench::new();
        let mut client = bench.client(NOW, Algorithm::Sha256);
        let later = NOW + Millis::from_secs(301);
        assert_eq!(bench.check(later, &answer(&mut client, "anna", "geheim")), Err(Refusal::Stale));
        assert_eq!(bench.check(later, &answer(&mut client, "anna", "wrong")), Err(Refusal::Wrong));
    }

    #[test]
    fn forged_nonces_are_stale() {
        let mut bench = Bench::new();
        let mut client = bench.client(NOW, Algorithm::Md5);
        let mut forged = client.challenge().clone();
        forged.nonce = forged.nonce.replacen('0', "1", 1);
        client = ClientAuth::new(forged, &mut bench.entropy);
        assert_eq!(bench.check(NOW, &answer(&mut client, "anna", "geheim")), Err(Refusal::Stale));
    }

    #[test]
    fn each_count_is_good_once_in_any_order() {
        let mut bench = Bench::new();
        let mut client = bench.client(NOW, Algorithm::Md5);
        let tries: Vec<_> = (0..4).map(|_| answer(&mut client, "anna", "geheim")).collect();
        for (n, want) in [
            (0, Ok(())),
            (2, Ok(())),
            (1, Ok(())),
            (1, Err(Refusal::Stale)),
            (3, Ok(())),
            (0, Err(Refusal::Stale)),
        ] {
            assert_eq!(bench.check(NOW, &tries[n]), want, "{n}");
        }
    }

    #[test]
    fn forgotten_nonces_cannot_be_replayed() {
        let mut bench = Bench::new();
        let mut first = bench.client(NOW, Algorithm::Md5);
        let replay = answer(&mut first, "anna", "geheim");
        assert_eq!(bench.check(NOW, &replay), Ok(()));
        for n in 0..MAX_NONCES as u64 {
            let id = (NOW.as_millis() + 1 + n, 0);
            assert_eq!(bench.server.count(id, 1), Ok(()));
        }
        assert_eq!(bench.server.used.len(), MAX_NONCES);
        assert_eq!(bench.check(NOW, &replay), Err(Refusal::Stale));
    }

    #[test]
    fn hmac_matches_rfc_4231_case_2() {
        let mac = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
