//! Challenges: WWW-Authenticate and Proxy-Authenticate.

use core::fmt;

use super::algorithm::{Algorithm, Qop};
use crate::message::Syntax;
use crate::message::lex::{Scan, is_lws, is_token, quote};

/// Most challenges of one header that are read.
pub const MAX_CHALLENGES: usize = 16;

/// A digest challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Realm.
    pub realm: String,
    /// Nonce.
    pub nonce: String,
    /// To be returned as it is.
    pub opaque: Option<String>,
    /// Algorithm; `None` where the server names none, which means MD5.
    pub algorithm: Option<Algorithm>,
    /// Qualities that the server offers and we know; empty for RFC 2069 servers.
    pub qop: Vec<Qop>,
    /// The credentials were right, only the nonce was old.
    pub stale: bool,
}

impl Challenge {
    /// The algorithm that is meant.
    pub fn effective_algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or(Algorithm::Md5)
    }

    /// The digest challenges of a header value that we can answer. Other schemes, unknown algorithms and
    /// qualities are passed over.
    ///
    /// # Errors
    /// When the value is no list of challenges.
    pub fn parse_all(value: &str) -> Result<Vec<Self>, Syntax> {
        let mut challenges = Vec::new();
        for (scheme, params) in parse_schemes(value)? {
            if scheme.eq_ignore_ascii_case("Digest") {
                challenges.extend(Self::from_params(&params));
            }
        }
        Ok(challenges)
    }

    fn from_params(params: &[(String, String)]) -> Option<Self> {
        let get = |name: &str| find(params, name);
        let algorithm = match get("algorithm") {
            Some(name) => Some(Algorithm::from_name(name)?),
            None => None,
        };
        let qop = match get("qop") {
            Some(list) => {
                let known: Vec<Qop> =
                    list.split(',').filter_map(|word| Qop::from_name(word.trim())).collect();
                // A server that asks only for what we do not know cannot be answered.
                if known.is_empty() && !list.trim().is_empty() {
                    return None;
                }
                known
            }
            None => Vec::new(),
        };
        Some(Self {
            realm: get("realm")?.to_owned(),
            nonce: get("nonce")?.to_owned(),
            opaque: get("opaque").map(str::to_owned),
            algorithm,
            qop,
            stale: get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }
}

/// The strongest of the challenges; of equals the first.
pub fn choose(challenges: &[Challenge]) -> Option<&Challenge> {
    let mut best: Option<&Challenge> = None;
    for challenge in challenges {
        if best.is_none_or(|best| challenge.effective_algorithm() > best.effective_algorithm()) {
            best = Some(challenge);
        }
    }
    best
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest realm=")?;
        quote(&self.realm, f)?;
        f.write_str(", nonce=")?;
        quote(&self.nonce, f)?;
        if let Some(opaque) = &self.opaque {
            f.write_str(", opaque=")?;
            quote(opaque, f)?;
        }
        if self.stale {
            f.write_str(", stale=true")?;
        }
        if let Some(algorithm) = self.algorithm {
            write!(f, ", algorithm={algorithm}")?;
        }
        if !self.qop.is_empty() {
            let qop: Vec<_> = self.qop.iter().map(|qop| qop.as_str()).collect();
            write!(f, ", qop=\"{}\"", qop.join(","))?;
        }
        Ok(())
    }
}

pub(super) type AuthParams = Vec<(String, String)>;

pub(super) fn find<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// `scheme name=value, name="value", scheme ...`
pub(super) fn parse_schemes(value: &str) -> Result<Vec<(String, AuthParams)>, Syntax> {
    let mut schemes = Vec::new();
    let mut scan = Scan::new(value);
    loop {
        skip_commas(&mut scan);
        if scan.at_end() {
            break;
        }
        if schemes.len() >= MAX_CHALLENGES {
            return Err(scan.error("fewer challenges"));
        }
        let scheme = scan.token("an authentication scheme")?.to_owned();
        if scan.peek().is_some_and(|b| !is_lws(b) && b != b',') {
            return Err(scan.error("a blank after the scheme"));
        }
        let params = auth_params(&mut scan, &scheme)?;
        schemes.push((scheme, params));
    }
    Ok(schemes)
}

fn auth_params(scan: &mut Scan<'_>, scheme: &str) -> Result<AuthParams, Syntax> {
    let mut params = AuthParams::new();
    loop {
        let before = scan.clone();
        skip_commas(scan);
        if scan.at_end() {
            return Ok(params);
        }
        let name = scan.take_while(is_token).to_owned();
        if !name.is_empty() && scan.eat_spaced(b'=') {
            let value = if scan.peek() == Some(b'"') {
                scan.quoted()?
            } else {
                scan.take_while(|b| !is_lws(b) && b != b',' && b != b'"').to_owned()
            };
            params.push((name, value));
            scan.skip_lws();
            if !scan.at_end() && scan.peek() != Some(b',') {
                return Err(scan.error("a comma"));
            }
        } else if !name.is_empty() && scan.peek().is_some_and(is_lws) && before.peek() == Some(b',') {
            // No parameter but the next scheme.
            *scan = before;
            return Ok(params);
        } else if scheme.eq_ignore_ascii_case("Digest") {
            return Err(scan.error("a parameter with a value"));
        } else {
            // Another scheme may have anything up to the next comma, as the blob of NTLM.
            scan.take_while(|b| b != b',');
        }
    }
}

fn skip_commas(scan: &mut Scan<'_>) {
    scan.take_while(|b| is_lws(b) || b == b',');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_challenges_in_one_header() {
        let value = "Digest realm=\"a, \\\"b\\\"\", nonce=\"1\", algorithm=MD5, Digest realm=\"x\",\
            nonce=\"2\",qop=\"auth,auth-int\",algorithm=SHA-256,opaque=\"\" , NTLM abc/+==, Basic realm=\"z\",\
            Digest nonce=n, realm=r, algorithm=AKAv2-MD5, Digest nonce=n, realm=r, stale=TRUE";
        let all = Challenge::parse_all(value).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].realm, "a, \"b\"");
        assert_eq!(
            (all[1].qop.as_slice(), all[1].opaque.as_deref()),
            (&[Qop::Auth, Qop::AuthInt][..], Some(""))
        );
        assert!(all[2].stale && all[2].algorithm.is_none());
        assert_eq!(choose(&all).unwrap().nonce, "2");
    }

    #[test]
    fn challenges_round_trip() {
        for value in [
            "Digest realm=\"a \\\"q\\\"\", nonce=\"n\", opaque=\"o\", stale=true, algorithm=SHA-512-256, qop=\"auth\"",
            "Digest realm=\"a\", nonce=\"n\"",
        ] {
            let all = Challenge::parse_all(value).unwrap();
            assert_eq!(all[0].to_string(), value);
        }
    }

    #[test]
    fn broken_challenges_are_errors_and_unanswerable_ones_are_passed_over() {
        for bad in ["Digest realm=\"x", "Digest realm", "Digest realm=\"a\" nonce=\"b\"", "=x", "\"\""] {
            assert!(Challenge::parse_all(bad).is_err(), "{bad}");
        }
        for none in
            ["", "Basic realm=\"x\"", "Digest realm=\"x\"", "Digest realm=x, nonce=y, qop=\"token\"", "NTLM"]
        {
            assert_eq!(Challenge::parse_all(none).unwrap(), [], "{none}");
        }
    }
}
