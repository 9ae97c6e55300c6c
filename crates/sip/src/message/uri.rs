//! URIs: `sip:`, `sips:`, `tel:` and anything else as text.
//!
//! # What it does
//! Parses, compares and writes the URIs of requests and headers.
//!
//! # How
//! Parts stay escaped as they arrived, so that a URI goes back out byte for byte; [`Uri::user`] resolves
//! the escapes. `==` compares the spelling, [`Uri::equivalent`] the meaning.
//!
//! # Limits
//! Non-ASCII characters are let through unescaped, since peers send them. Other schemes are opaque.
//!
//! # Standard
//! RFC 3261 §19.1, RFC 3966 (tel).

use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;

use super::escape::{self, broken_escape, unescape, unescape_bytes};
use super::host::Host;
use super::lex::{Scan, Syntax};
use super::params::{MAX_PARAMS, Params};

/// Longest URI that is parsed.
pub const MAX_URI: usize = 4096;

/// A URI.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uri {
    /// `sip:` or `sips:`.
    Sip(SipUri),
    /// `tel:`.
    Tel(TelUri),
    /// Any other scheme.
    Other(OtherUri),
}

/// A `sip:` or `sips:` URI.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SipUri {
    /// `sips:`: every hop has to be TLS.
    pub secure: bool,
    /// User part, escaped as written.
    pub user: Option<String>,
    /// Password, escaped as written.
    pub password: Option<String>,
    /// Host.
    pub host: Host,
    /// UDP, TCP or TLS port.
    pub port: Option<u16>,
    /// Parameters, escaped as written.
    pub params: Params,
    /// Headers after the question mark, escaped as written.
    pub headers: Vec<(String, String)>,
}

/// A `tel:` URI.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TelUri {
    /// The number as written, with visual separators and the plus of a global number.
    pub number: String,
    /// Parameters, `phone-context` among them.
    pub params: Params,
}

/// A URI of a scheme that is not ours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherUri {
    /// Scheme as written.
    pub scheme: String,
    /// What stands after the colon.
    pub rest: String,
}

/// Why a text is no URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It has the wrong form.
    #[error("not a URI: {0}")]
    Syntax(#[from] Syntax),
    /// It is longer than [`MAX_URI`].
    #[error("a URI of {0} bytes is too long")]
    TooLong(usize),
}

impl Uri {
    /// `sip:user@host:port`; the user is escaped as needed.
    pub fn sip(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        Self::Sip(SipUri {
            secure: false,
            user: user.map(|user| escape::escape(user, escape::is_user_char)),
            password: None,
            host,
            port,
            params: Params::new(),
            headers: Vec::new(),
        })
    }

    /// The scheme in the spelling of the standard, or as written for others.
    pub fn scheme(&self) -> &str {
        match self {
            Self::Sip(uri) if uri.secure => "sips",
            Self::Sip(_) => "sip",
            Self::Tel(_) => "tel",
            Self::Other(uri) => &uri.scheme,
        }
    }

    /// User part without escapes; for `tel:` the digits without visual separators.
    pub fn user(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Sip(uri) => uri.user.as_deref().map(unescape),
            Self::Tel(uri) => Some(Cow::Owned(uri.digits())),
            Self::Other(_) => None,
        }
    }

    /// Host, if the scheme has one.
    pub const fn host(&self) -> Option<&Host> {
        match self {
            Self::Sip(uri) => Some(&uri.host),
            Self::Tel(_) | Self::Other(_) => None,
        }
    }

    /// UDP, TCP or TLS port, if one is given.
    pub const fn port(&self) -> Option<u16> {
        match self {
            Self::Sip(uri) => uri.port,
            Self::Tel(_) | Self::Other(_) => None,
        }
    }

    /// Parameters, if the scheme has them.
    pub const fn params(&self) -> Option<&Params> {
        match self {
            Self::Sip(uri) => Some(&uri.params),
            Self::Tel(uri) => Some(&uri.params),
            Self::Other(_) => None,
        }
    }

    /// The parameters to change, if the scheme has them. They hold escaped text: see [`Uri::set_param`].
    pub const fn params_mut(&mut self) -> Option<&mut Params> {
        match self {
            Self::Sip(uri) => Some(&mut uri.params),
            Self::Tel(uri) => Some(&mut uri.params),
            Self::Other(_) => None,
        }
    }

    /// The value of parameter `name`, empty for one without value.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params().and_then(|params| params.get_escaped(name))
    }

    /// Sets parameter `name` to `value`, escaped as needed; nothing happens for other schemes.
    pub fn set_param(&mut self, name: &str, value: &str) {
        if let Some(params) = self.params_mut() {
            params.set_escaped(name, value);
        }
    }

    /// The value of the header `name` that stands in the URI, without escapes.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let headers = &self.as_sip()?.headers;
        headers.iter().find(|(n, _)| unescape(n).eq_ignore_ascii_case(name)).map(|(_, value)| unescape(value))
    }

    /// With a header in it, as a Refer-To bears them; nothing happens for other schemes.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Sip(sip) = &mut self {
            let value = escape::escape(value, escape::is_header_char);
            sip.headers.push((escape::escape(name, escape::is_header_char), value));
        }
        self
    }

    /// What may stand in a request line: no headers, no method.
    #[must_use]
    pub fn as_target(mut self) -> Self {
        if let Self::Sip(sip) = &mut self {
            sip.headers.clear();
            sip.params.remove("method");
        }
        self
    }

    /// Whether the URI asks for TLS on every hop.
    pub const fn is_secure(&self) -> bool {
        matches!(self, Self::Sip(SipUri { secure: true, .. }))
    }

    /// The SIP URI, if it is one.
    pub const fn as_sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            Self::Tel(_) | Self::Other(_) => None,
        }
    }

    /// Whether both URIs mean the same by RFC 3261 §19.1.4 and RFC 3966 §4. Not transitive, so not `==`.
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(a), Self::Sip(b)) => a.equivalent(b),
            (Self::Tel(a), Self::Tel(b)) => a.equivalent(b),
            (Self::Other(a), Self::Other(b)) => a.scheme.eq_ignore_ascii_case(&b.scheme) && a.rest == b.rest,
            (Self::Sip(_) | Self::Tel(_) | Self::Other(_), _) => false,
        }
    }

    /// The URI of `text`.
    ///
    /// # Errors
    /// When it has no scheme, a blank or bracket in it, or parts of the wrong form.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        if text.len() > MAX_URI {
            return Err(UriError::TooLong(text.len()));
        }
        if let Some(at) = text.bytes().position(|b| b <= b' ' || b == 0x7f || matches!(b, b'<' | b'>' | b'"'))
        {
            return Err(Syntax::new(at, "a URI without blanks, quotes or angle brackets").into());
        }
        let mut scan = Scan::new(text);
        let scheme = scan.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scan.eat(b':') {
            return Err(Syntax::new(0, "a scheme and a colon").into());
        }
        let (base, rest) = (scan.pos(), scan.rest());
        let secure = scheme.eq_ignore_ascii_case("sips");
        if secure || scheme.eq_ignore_ascii_case("sip") {
            return Ok(Self::Sip(SipUri::parse(secure, rest).map_err(|e| e.shifted(base))?));
        }
        if scheme.eq_ignore_ascii_case("tel") {
            return Ok(Self::Tel(TelUri::parse(rest).map_err(|e| e.shifted(base))?));
        }
        if rest.is_empty() {
            return Err(Syntax::new(base, "something after the scheme").into());
        }
        Ok(Self::Other(OtherUri { scheme: scheme.to_owned(), rest: rest.to_owned() }))
    }
}

impl SipUri {
    fn parse(secure: bool, text: &str) -> Result<Self, Syntax> {
        if let Some(at) = broken_escape(text) {
            return Err(Syntax::new(at, "two hexadecimal digits after the percent sign"));
        }
        let (userinfo, at) = match text.split_once('@') {
            Some((userinfo, _)) => (Some(userinfo), userinfo.len() + 1),
            None => (None, 0),
        };
        let (user, password) = match userinfo {
            Some("") => return Err(Syntax::new(0, "a user before the at sign")),
            Some(info) => match info.split_once(':') {
                Some((user, password)) => (Some(user.to_owned()), Some(password.to_owned())),
                None => (Some(info.to_owned()), None),
            },
            None => (None, None),
        };
        let mut scan = Scan::new(text.get(at..).unwrap_or(""));
        let (host, port) = Host::scan_with_port(&mut scan).map_err(|e| e.shifted(at))?;
        let params = if scan.eat(b';') {
            let params = scan.take_while(|b| b != b'?');
            if let Some(bad) = params.find('@') {
                return Err(Syntax::new(at + bad, "no second at sign"));
            }
            Params::from_uri(params).map_err(|e| e.shifted(at))?
        } else {
            Params::new()
        };
        let mut headers = Vec::new();
        if scan.eat(b'?') {
            for pair in scan.rest().split('&').filter(|pair| !pair.is_empty()) {
                if headers.len() >= MAX_PARAMS {
                    return Err(scan.error("fewer headers in the URI").shifted(at));
                }
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                headers.push((name.to_owned(), value.to_owned()));
            }
        } else if !scan.at_end() {
            return Err(scan.error("a port, a parameter or the end of the URI").shifted(at));
        }
        Ok(Self { secure, user, password, host, port, params, headers })
    }

    fn equivalent(&self, other: &Self) -> bool {
        /// Parameters that must stand in both or in neither.
        const DECISIVE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
        self.secure == other.secure
            && same_escaped(self.user.as_deref(), other.user.as_deref())
            && same_escaped(self.password.as_deref(), other.password.as_deref())
            && self.host.same_as(&other.host)
            && self.port == other.port
            && DECISIVE.iter().all(|name| {
                self.params.get_escaped(name).is_some() == other.params.get_escaped(name).is_some()
            })
            && self.params.iter().all(|(name, _)| {
                // Of doubled parameters the first counts, on both sides.
                let (a, b) = (self.params.get_escaped(name), other.params.get_escaped(name));
                b.is_none() || same_value(a, b)
            })
            && covers(&self.headers, &other.headers)
            && covers(&other.headers, &self.headers)
    }
}

impl TelUri {
    /// A global (`+`) or local number; separators may stand in it.
    fn parse(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        let number = scan.take_while(|b| {
            b.is_ascii_hexdigit() || matches!(b, b'+' | b'*' | b'#' | b'-' | b'.' | b'(' | b')')
        });
        let digits = number.strip_prefix('+').unwrap_or(number);
        if digits.contains('+') || !digits.bytes().any(|b| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#'))
        {
            return Err(Syntax::new(0, "a telephone number"));
        }
        if let Some(at) = broken_escape(text) {
            return Err(Syntax::new(at, "two hexadecimal digits after the percent sign"));
        }
        let params = if scan.eat(b';') {
            Params::from_uri(scan.rest())?
        } else if scan.at_end() {
            Params::new()
        } else {
            return Err(scan.error("a digit, a parameter or the end of the number"));
        };
        Ok(Self { number: number.to_owned(), params })
    }

    /// The number without visual separators; the plus of a global number stays.
    pub fn digits(&self) -> String {
        self.number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).collect()
    }

    /// Whether the number is global (E.164).
    pub fn is_global(&self) -> bool {
        self.number.starts_with('+')
    }

    /// Where a local number is valid: a domain or a global prefix.
    pub fn phone_context(&self) -> Option<&str> {
        self.params.get("phone-context")
    }

    fn equivalent(&self, other: &Self) -> bool {
        self.digits().eq_ignore_ascii_case(&other.digits())
            && self.params.len() == other.params.len()
            && self.params.iter().all(|(name, _)| {
                let (a, b) = (self.params.get_escaped(name), other.params.get_escaped(name));
                if name.eq_ignore_ascii_case("ext") {
                    let bare = |s: &str| s.replace(['-', '.', '(', ')'], "");
                    a.map(bare) == b.map(bare)
                } else {
                    same_value(a, b)
                }
            })
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => write!(f, "{uri}"),
            Self::Tel(uri) => {
                write!(f, "tel:{}", uri.number)?;
                uri.params.write_uri(f)
            }
            Self::Other(uri) => write!(f, "{}:{}", uri.scheme, uri.rest),
        }
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            escape::write_kept(user, escape::is_user_char, f)?;
            if let Some(password) = &self.password {
                f.write_str(":")?;
                escape::write_kept(password, escape::is_password_char, f)?;
            }
            f.write_str("@")?;
        }
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.write_uri(f)?;
        for (n, (name, value)) in self.headers.iter().enumerate() {
            f.write_str(if n == 0 { "?" } else { "&" })?;
            escape::write_kept(name, escape::is_header_char, f)?;
            f.write_str("=")?;
            escape::write_kept(value, escape::is_header_char, f)?;
        }
        Ok(())
    }
}

fn same_escaped(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || unescape_bytes(a) == unescape_bytes(b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Parameter values, compared without escapes and case.
fn same_value(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => unescape(a).eq_ignore_ascii_case(&unescape(b)),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn covers(a: &[(String, String)], b: &[(String, String)]) -> bool {
    a.iter().all(|(name, value)| {
        b.iter().any(|(n, v)| same_value(Some(n), Some(name)) && same_escaped(Some(v), Some(value)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn every_part_of_a_sip_uri_is_found_and_written_back() {
        let text = "sips:al%69ce:se%63ret@[2001:db8::1]:5071;transport=tcp;lr?Subject=a%20b&Priority=urgent";
        let parsed = uri(text);
        assert_eq!(parsed.to_string(), text);
        assert_eq!(parsed.user().unwrap(), "alice");
        let sip = parsed.as_sip().unwrap();
        assert!(sip.secure);
        assert_eq!(sip.password.as_deref(), Some("se%63ret"));
        assert_eq!(sip.host, Host::Ip("2001:db8::1".parse().unwrap()));
        assert_eq!(parsed.port(), Some(5071));
        assert_eq!(parsed.param("Transport"), Some("tcp"));
        assert_eq!(sip.headers[0], ("Subject".into(), "a%20b".into()));
    }

    #[test]
    fn users_may_hold_semicolons_and_nothing_may_hold_blanks() {
        assert_eq!(uri("sip:user;par=u%40example.net@example.com").user().unwrap(), "user;par=u@example.net");
        for bad in [
            "sip:",
            "sip:a b@c",
            "<sip:a@c>",
            "sip:@c",
            "sip:a@",
            "sip:a@b:99999",
            "sip:a%4@b",
            ":x",
            "sip:a@b@c",
            "tel:",
            "tel:+",
            "tel:abcxyz",
            "sip:a@[::1",
            "sip:a@b;x=y@z",
        ] {
            assert!(Uri::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn equivalent_uris_of_rfc_3261_19_1_4() {
        for (a, b) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:a@b.com;%75ser=phone", "sip:a@b.com;user=ph%6fne"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
            ("tel:+1-201-555-0123", "tel:+12015550123"),
            ("tel:7042;phone-context=example.com", "tel:7042;PHONE-CONTEXT=Example.com"),
        ] {
            assert!(uri(a).equivalent(&uri(b)), "{a} {b}");
            assert!(uri(b).equivalent(&uri(a)), "{b} {a}");
        }
    }

    #[test]
    fn different_uris_of_rfc_3261_19_1_4() {
        for (a, b) in [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
            ("sip:x%00@a.com", "sip:x@a.com"),
            ("tel:7042;phone-context=example.com", "tel:7042"),
            ("tel:+12015550123", "sip:+12015550123@example.com"),
        ] {
            assert!(!uri(a).equivalent(&uri(b)), "{a} {b}");
            assert!(!uri(b).equivalent(&uri(a)), "{b} {a}");
        }
    }

    #[test]
    fn tel_numbers_lose_their_separators() {
        let global = uri("tel:+1-(201).555-0123;ext=7");
        assert_eq!(global.user().unwrap(), "+12015550123");
        let Uri::Tel(local) = uri("tel:*21#;phone-context=+49") else { panic!("not tel") };
        assert_eq!((local.digits().as_str(), local.phone_context()), ("*21#", Some("+49")));
        assert!(!local.is_global());
    }

    #[test]
    fn made_uris_escape_their_user() {
        let made = Uri::sip(Some("*55#@x"), "pbx.example".parse().unwrap(), Some(5062));
        assert_eq!(made.to_string(), "sip:*55%23%40x@pbx.example:5062");
        assert_eq!(uri(&made.to_string()), made);
        assert_eq!(made.user().unwrap(), "*55#@x");
    }

    #[test]
    fn parameters_and_headers_are_bounded() {
        let many = |n: usize| format!("sip:a@b{}", ";p".repeat(n));
        assert!(Uri::parse(&many(MAX_PARAMS)).is_ok() && Uri::parse(&many(MAX_PARAMS + 1)).is_err());
        let many = |n: usize| format!("sip:a@b?{}", "h=1&".repeat(n));
        assert!(Uri::parse(&many(MAX_PARAMS)).is_ok() && Uri::parse(&many(MAX_PARAMS + 1)).is_err());
        assert!(Uri::parse(&format!("tel:1{}", ";p".repeat(MAX_PARAMS + 1))).is_err());
        assert!(matches!(Uri::parse(&format!("sip:{}", "a".repeat(MAX_URI))), Err(UriError::TooLong(_))));
    }

    #[test]
    fn other_schemes_stay_text() {
        let other = uri("soap.beep://192.0.2.103:3002");
        assert_eq!(
            (other.scheme(), other.to_string().as_str()),
            ("soap.beep", "soap.beep://192.0.2.103:3002")
        );
    }
}
