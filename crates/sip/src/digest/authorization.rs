//! Credentials: Authorization and Proxy-Authorization.

use core::fmt;

use super::algorithm::{Algorithm, Qop};
use super::challenge::{find, parse_schemes};
use crate::message::Syntax;
use crate::message::lex::quote;

/// The digest credentials of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// User name.
    pub username: String,
    /// Realm.
    pub realm: String,
    /// Nonce of the server.
    pub nonce: String,
    /// Digest URI.
    pub uri: String,
    /// Response value.
    pub response: String,
    /// Algorithm as named; `None` means MD5.
    pub algorithm: Option<Algorithm>,
    /// Nonce of the client.
    pub cnonce: Option<String>,
    /// Opaque value of the server.
    pub opaque: Option<String>,
    /// Quality of protection.
    pub qop: Option<Qop>,
    /// Nonce count.
    pub nc: Option<u32>,
}

impl Authorization {
    /// The digest credentials of a header value; `None` for another scheme, algorithm or quality, which a
    /// server treats as no credentials (RFC 4475 §3.3.7).
    ///
    /// # Errors
    /// When digest credentials have the wrong form or lack a part.
    pub fn parse(value: &str) -> Result<Option<Self>, Syntax> {
        let schemes = parse_schemes(value)?;
        let Some((_, params)) = schemes.iter().find(|(name, _)| name.eq_ignore_ascii_case("Digest")) else {
            return Ok(None);
        };
        let get = |name: &str| find(params, name).map(str::to_owned);
        let algorithm = match get("algorithm").map(|name| Algorithm::from_name(&name)) {
            Some(Some(known)) => Some(known),
            Some(None) => return Ok(None),
            None => None,
        };
        let qop = match get("qop").map(|name| Qop::from_name(&name)) {
            Some(Some(known)) => Some(known),
            Some(None) => return Ok(None),
            None => None,
        };
        let nc = match get("nc") {
            Some(digits) => {
                let eight = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                let count = u32::from_str_radix(&digits, 16).ok().filter(|_| eight);
                Some(count.ok_or(Syntax::new(0, "a nonce count of eight hexadecimal digits"))?)
            }
            None => None,
        };
        let missing = |expected| Syntax::new(value.len(), expected);
        Ok(Some(Self {
            username: get("username").ok_or(missing("a user name"))?,
            realm: get("realm").ok_or(missing("a realm"))?,
            nonce: get("nonce").ok_or(missing("a nonce"))?,
            uri: get("uri").ok_or(missing("a digest URI"))?,
            response: get("response").ok_or(missing("a response"))?,
            algorithm,
            cnonce: get("cnonce"),
            opaque: get("opaque"),
            qop,
            nc,
        }))
    }
}

impl fmt::Display for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest ")?;
        let fields = [
            ("username", Some(&self.username)),
            ("realm", Some(&self.realm)),
            ("nonce", Some(&self.nonce)),
            ("uri", Some(&self.uri)),
            ("response", Some(&self.response)),
            ("cnonce", self.cnonce.as_ref()),
            ("opaque", self.opaque.as_ref()),
        ];
        for (n, (name, value)) in fields.into_iter().filter_map(|(n, v)| v.map(|v| (n, v))).enumerate() {
            write!(f, "{}{name}=", if n == 0 { "" } else { ", " })?;
            quote(value, f)?;
        }
        if let Some(algorithm) = self.algorithm {
            write!(f, ", algorithm={algorithm}")?;
        }
        if let Some(qop) = self.qop {
            write!(f, ", qop={}", qop.as_str())?;
        }
        if let Some(nc) = self.nc {
            write!(f, ", nc={nc:08x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_round_trip() {
        let value = "Digest username=\"bob\", realm=\"biloxi.com\", nonce=\"dcd98b\", uri=\"sip:bob@biloxi.com\", \
            response=\"245f23415f11432b3434341c022\", cnonce=\"0a4f\", opaque=\"5ccc\", algorithm=MD5, qop=auth, nc=0000000a";
        let parsed = Authorization::parse(value).unwrap().unwrap();
        assert_eq!((parsed.nc, parsed.qop), (Some(10), Some(Qop::Auth)));
        assert_eq!(parsed.to_string(), value);
    }

    #[test]
    fn other_schemes_are_no_credentials_and_broken_ones_are_errors() {
        assert_eq!(Authorization::parse("NoOneKnowsThisScheme opaque-data=here").unwrap(), None);
        let whole = "Digest username=u, realm=r, nonce=n, uri=\"sip:x\", response=1";
        assert!(Authorization::parse(whole).unwrap().is_some());
        assert_eq!(Authorization::parse(&format!("{whole}, algorithm=X")).unwrap(), None);
        assert!(Authorization::parse(&format!("{whole}, nc=1")).is_err());
        assert!(Authorization::parse("Digest username=u, realm=r, nonce=n").is_err());
    }
}
