//! Values of the smaller headers.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use super::lex::{Scan, Syntax};
use super::method::Method;
use super::params::Params;

/// A length of time in whole seconds, as Expires and its kin carry it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub u32);

impl Seconds {
    /// `delta-seconds`: a number too large for 32 bits counts as the largest (RFC 3261 §20.19).
    pub(crate) fn parse(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let seconds = scan.u32_saturating("a number of seconds")?;
        scan.finish()?;
        Ok(Self(seconds))
    }
}

impl From<Seconds> for Duration {
    fn from(seconds: Seconds) -> Self {
        Self::from_secs(u64::from(seconds.0))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The CSeq header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CSeq {
    /// Sequence number.
    pub seq: u32,
    /// Method of the request.
    pub method: Method,
}

impl FromStr for CSeq {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let seq = scan.u32("a sequence number of 32 bits")?;
        scan.skip_lws();
        let method = Method::from_name(scan.token("a method")?);
        scan.finish()?;
        Ok(Self { seq, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.method)
    }
}

/// The RAck header of PRACK (RFC 3262 §7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// RSeq of the provisional answer.
    pub rseq: u32,
    /// CSeq of the request that it answers.
    pub cseq: CSeq,
}

impl FromStr for RAck {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let rseq = scan.u32("the RSeq of 32 bits")?;
        let base = scan.pos();
        let cseq = scan.rest().parse::<CSeq>().map_err(|e| e.shifted(base))?;
        Ok(Self { rseq, cseq })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// Which side refreshes a session (RFC 4028).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// The side that sent the request.
    Uac,
    /// The side that answered it.
    Uas,
}

/// The Session-Expires header (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// Session interval.
    pub interval: Seconds,
    /// The refresher, if settled.
    pub refresher: Option<Refresher>,
}

impl FromStr for SessionExpires {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let interval = Seconds(scan.u32_saturating("a session interval")?);
        let params = Params::scan(&mut scan)?;
        scan.finish()?;
        let refresher = match params.get("refresher").map(str::to_ascii_lowercase).as_deref() {
            Some("uac") => Some(Refresher::Uac),
            Some("uas") => Some(Refresher::Uas),
            // Another word decides nothing.
            Some(_) | None => None,
        };
        Ok(Self { interval, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.interval)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

/// The Reason header (RFC 3326): why a call was released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `Q.850`, `SIP` or another.
    pub protocol: String,
    /// Cause in that protocol.
    pub cause: Option<u16>,
    /// Text for people.
    pub text: Option<String>,
}

impl Reason {
    /// A Q.850 cause.
    pub fn q850(cause: u8, text: &str) -> Self {
        Self { protocol: "Q.850".into(), cause: Some(u16::from(cause)), text: Some(text.to_owned()) }
    }

    /// The Q.850 cause, if this is one.
    pub fn q850_cause(&self) -> Option<u8> {
        let is_q850 = self.protocol.eq_ignore_ascii_case("Q.850");
        self.cause.filter(|_| is_q850).and_then(|cause| u8::try_from(cause).ok()).filter(|&c| c < 128)
    }
}

impl FromStr for Reason {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let protocol = scan.token("a protocol")?.to_owned();
        let params = Params::scan(&mut scan)?;
        scan.finish()?;
        let cause = params.get("cause").and_then(|cause| cause.parse().ok());
        Ok(Self { protocol, cause, text: params.get("text").map(str::to_owned) })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        if let Some(text) = &self.text {
            let mut params = Params::new();
            params.set_quoted("text", text);
            write!(f, "{params}")?;
        }
        Ok(())
    }
}

/// A media type: `application/sdp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    /// Type, in lower case.
    pub kind: String,
    /// Subtype, in lower case.
    pub subtype: String,
    /// Parameters.
    pub params: Params,
}

impl MediaType {
    /// Whether it is `kind/subtype`, whatever its parameters.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// Whether this range (`*/*`, `type/*` or exact) covers `kind/subtype`.
    pub fn covers(&self, kind: &str, subtype: &str) -> bool {
        (self.kind == "*" || self.kind == kind) && (self.subtype == "*" || self.subtype == subtype)
    }
}

impl FromStr for MediaType {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let kind = scan.token("a media type")?.to_ascii_lowercase();
        if !scan.eat_spaced(b'/') {
            return Err(scan.error("a slash"));
        }
        let subtype = scan.token("a media subtype")?.to_ascii_lowercase();
        let params = Params::scan(&mut scan)?;
        scan.finish()?;
        Ok(Self { kind, subtype, params })
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cseq_needs_32_bits_and_a_method() {
        let cseq: CSeq = " 0009\t INVITE".parse().unwrap();
        assert_eq!(cseq, CSeq { seq: 9, method: Method::Invite });
        for bad in ["36893488147419103232 REGISTER", "INVITE", "1", "-1 ACK", "1 ACK x", ""] {
            assert!(bad.parse::<CSeq>().is_err(), "{bad}");
        }
        assert_eq!("776656 1 INVITE".parse::<RAck>().unwrap().to_string(), "776656 1 INVITE");
    }

    #[test]
    fn reasons_carry_q850_causes() {
        let reason: Reason = "Q.850 ;cause=16 ;text=\"Normal, really\"".parse().unwrap();
        assert_eq!(reason.q850_cause(), Some(16));
        assert_eq!(reason.to_string(), "Q.850;cause=16;text=\"Normal, really\"");
        assert_eq!("SIP;cause=200".parse::<Reason>().unwrap().q850_cause(), None);
        assert_eq!(Reason::q850(17, "busy").to_string(), "Q.850;cause=17;text=\"busy\"");
    }

    #[test]
    fn intervals_and_media_types_round_trip() {
        let timer: SessionExpires = "1800 ;Refresher=UAS".parse().unwrap();
        assert_eq!((timer.interval, timer.refresher), (Seconds(1800), Some(Refresher::Uas)));
        assert_eq!(timer.to_string(), "1800;refresher=uas");
        let kind: MediaType = "Application / SDP ; charset=utf-8".parse().unwrap();
        assert!(kind.is("application", "sdp"));
        assert!("text/*".parse::<MediaType>().unwrap().covers("text", "plain"));
        assert_eq!(Seconds::parse("10000000000000000000").unwrap(), Seconds(u32::MAX));
    }
}
