//! Hash algorithms and the response value.

use core::fmt;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

/// A digest algorithm, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// `MD5`
    Md5,
    /// `MD5-sess`
    Md5Sess,
    /// `SHA-256`
    Sha256,
    /// `SHA-256-sess`
    Sha256Sess,
    /// `SHA-512-256`
    Sha512Half,
    /// `SHA-512-256-sess`
    Sha512HalfSess,
}

/// Quality of protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qop {
    /// Protects method and URI.
    Auth,
    /// Protects the body too.
    AuthInt,
}

impl Algorithm {
    const NAMES: [(Self, &'static str); 6] = [
        (Self::Md5, "MD5"),
        (Self::Md5Sess, "MD5-sess"),
        (Self::Sha256, "SHA-256"),
        (Self::Sha256Sess, "SHA-256-sess"),
        (Self::Sha512Half, "SHA-512-256"),
        (Self::Sha512HalfSess, "SHA-512-256-sess"),
    ];

    /// The algorithm of that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let known = Self::NAMES.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        known.map(|(algorithm, _)| algorithm)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(algorithm, _)| *algorithm == self).map_or("", |(_, name)| name)
    }

    /// Whether the password hash is bound to the first nonce.
    pub const fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess | Self::Sha512HalfSess)
    }

    /// The hash in hexadecimal.
    pub fn hash(self, data: &[u8]) -> String {
        match self {
            Self::Md5 | Self::Md5Sess => hex(&Md5::digest(data)),
            Self::Sha256 | Self::Sha256Sess => hex(&Sha256::digest(data)),
            Self::Sha512Half | Self::Sha512HalfSess => hex(&Sha512_256::digest(data)),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Qop {
    /// The quality of that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt].into_iter().find(|qop| qop.as_str().eq_ignore_ascii_case(name))
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// All that goes into a response value (RFC 7616 §3.4.1).
#[derive(Clone, Copy, Debug)]
pub struct ResponseInput<'a> {
    /// Algorithm.
    pub algorithm: Algorithm,
    /// User name.
    pub username: &'a str,
    /// Realm of the challenge.
    pub realm: &'a str,
    /// Password.
    pub password: &'a super::Secret,
    /// Nonce of the challenge.
    pub nonce: &'a str,
    /// Nonce of the client.
    pub cnonce: &'a str,
    /// Nonce count; sent as eight hexadecimal digits.
    pub nc: u32,
    /// Quality of protection; `None` for RFC 2069.
    pub qop: Option<Qop>,
    /// Method of the request.
    pub method: &'a str,
    /// Digest URI.
    pub uri: &'a str,
    /// Body of the request.
    pub body: &'a [u8],
}

/// The response value.
pub fn compute_response(input: &ResponseInput<'_>) -> String {
    let hash = |text: String| input.algorithm.hash(text.as_bytes());
    let (nonce, cnonce) = (input.nonce, input.cnonce);
    let mut a1 = hash(format!("{}:{}:{}", input.username, input.realm, input.password.expose()));
    if input.algorithm.is_session() {
        a1 = hash(format!("{a1}:{nonce}:{cnonce}"));
    }
    let a2 = match input.qop {
        Some(Qop::AuthInt) => {
            let body = input.algorithm.hash(input.body);
            hash(format!("{}:{}:{body}", input.method, input.uri))
        }
        Some(Qop::Auth) | None => hash(format!("{}:{}", input.method, input.uri)),
    };
    match input.qop {
        Some(qop) => hash(format!("{a1}:{nonce}:{:08x}:{cnonce}:{}:{a2}", input.nc, qop.as_str())),
        None => hash(format!("{a1}:{nonce}:{a2}")),
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|&b| [digit(b >> 4), digit(b & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::*;

    fn response(algorithm: Algorithm, qop: Option<Qop>, body: &[u8], rfc7616: bool) -> String {
        let (realm, password, nonce, cnonce) = if rfc7616 {
            (
                "http-auth@example.org",
                "Circle of Life",
                "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            )
        } else {
            ("testrealm@host.com", "Circle Of Life", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b")
        };
        compute_response(&ResponseInput {
            algorithm,
            username: "Mufasa",
            realm,
            password: &Secret::new(password),
            nonce,
            cnonce,
            nc: 1,
            qop,
            method: "GET",
            uri: "/dir/index.html",
            body,
        })
    }

    #[test]
    fn rfc_2617_section_3_5_and_rfc_2069() {
        assert_eq!(response(Algorithm::Md5, Some(Qop::Auth), b"", false), "6629fae49393a05397450978507c4ef1");
        assert_eq!(response(Algorithm::Md5, None, b"", false), "670fd8c2df070c60b045671b8b24ff02");
    }

    #[test]
    fn rfc_7616_section_3_9_1() {
        assert_eq!(response(Algorithm::Md5, Some(Qop::Auth), b"", true), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            response(Algorithm::Sha256, Some(Qop::Auth), b"", true),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn rfc_7616_section_3_9_2_with_sha_512_256() {
        // The hashed user name (userhash) does not enter the value. The printed
        // response used a draft of SHA-512/256; this is that of erratum 4897.
        let got = compute_response(&ResponseInput {
            algorithm: Algorithm::Sha512Half,
            username: "J\u{e4}s\u{f8}n Doe",
            realm: "api@example.org",
            password: &Secret::new("Secret, or not?"),
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            nc: 1,
            qop: Some(Qop::Auth),
            method: "GET",
            uri: "/doe.json",
            body: b"",
        });
        assert_eq!(got, "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
    }

    #[test]
    fn sessions_with_integrity_match_values_made_elsewhere() {
        // Computed with Python's hashlib from RFC 7616 §3.4.2 and §3.4.3 for the inputs of §3.9.1.
        for (algorithm, want) in [
            (Algorithm::Md5Sess, "95a97f9edf077a8935ef998409f66850"),
            (Algorithm::Sha256Sess, "f58ef7e67e5cd19cae4211da1f053c267649b0cd717561fc99ad03fccbe0152f"),
            (Algorithm::Sha512HalfSess, "b0298a54e3165e9a68059b5199519de0c413ba1009fe63cbadc6467c348ed236"),
        ] {
            assert_eq!(response(algorithm, Some(Qop::AuthInt), b"v=0", true), want, "{algorithm}");
        }
    }

    #[test]
    fn sessions_and_bodies_change_the_value() {
        for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512Half] {
            let plain = response(algorithm, Some(Qop::Auth), b"x", true);
            assert_eq!(plain, response(algorithm, Some(Qop::Auth), b"y", true));
            let whole = response(algorithm, Some(Qop::AuthInt), b"x", true);
            assert_ne!(whole, response(algorithm, Some(Qop::AuthInt), b"y", true));
            assert_ne!(whole, plain);
        }
        assert_ne!(
            response(Algorithm::Md5Sess, Some(Qop::Auth), b"", true),
            response(Algorithm::Md5, Some(Qop::Auth), b"", true)
        );
        assert_eq!(Algorithm::from_name("sha-512-256-SESS"), Some(Algorithm::Sha512HalfSess));
        assert_eq!(Algorithm::from_name("AKAv1-MD5"), None);
    }
}
