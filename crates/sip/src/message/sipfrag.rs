//! Pieces of SIP messages in the bodies of NOTIFY: how a referred call goes.
//!
//! # What it does
//! Reads the status line of a `message/sipfrag` body, and writes one.
//!
//! # How
//! Only the first line counts; headers behind it are passed over. Blank lines before it occur in the field.
//!
//! # Limits
//! A reason phrase is cut at [`MAX_REASON`] characters.
//!
//! # Standard
//! RFC 3420; RFC 3515 §2.4.5.

use super::lex::text;
use super::reason_phrase::reason_phrase;

/// Characters kept of a reason phrase.
pub const MAX_REASON: usize = 128;

/// The status line of a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipFragment {
    /// 100 to 699.
    pub status: u16,
    /// What it says; may be empty.
    pub reason: String,
}

impl SipFragment {
    /// The status line of `body`; none if it begins with something else.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = text(body);
        let line = body.lines().map(str::trim).find(|line| !line.is_empty())?;
        let (version, rest) = line.split_once([' ', '\t'])?;
        if !version.eq_ignore_ascii_case("SIP/2.0") {
            return None;
        }
        let rest = rest.trim_start();
        let (digits, reason) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let status = digits.parse().ok().filter(|status| (100..700).contains(status))?;
        let reason = reason.trim().chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
        Some(Self { status, reason })
    }

    /// A fragment with the usual phrase where none is given.
    pub fn new(status: u16, reason: &str) -> Self {
        let reason = if reason.is_empty() { reason_phrase(status) } else { reason };
        let reason = reason.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
        Self { status: status.clamp(100, 699), reason }
    }

    /// The body that says so.
    pub fn to_bytes(&self) -> Vec<u8> {
        format!("SIP/2.0 {} {}\r\n", self.status, self.reason).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_line_is_read_and_written() {
        let read = SipFragment::parse(b"SIP/2.0 486 Busy Here\r\nContact: <sip:a@b>\r\n").unwrap();
        assert_eq!(read, SipFragment { status: 486, reason: "Busy Here".to_owned() });
        assert_eq!(SipFragment::parse(&read.to_bytes()), Some(read));
        assert_eq!(SipFragment::parse(b"\r\nsip/2.0 100").map(|f| f.status), Some(100));
        assert_eq!(SipFragment::new(200, "").to_bytes(), b"SIP/2.0 200 OK\r\n");
        assert_eq!(SipFragment::new(603, "no\r\nContact: x").reason, "noContact: x");
    }

    #[test]
    fn what_is_no_status_line_says_nothing() {
        for body in [
            b"".as_slice(),
            b"\r\n\r\n",
            b"INVITE sip:a@b SIP/2.0\r\n",
            b"SIP/2.0",
            b"SIP/2.0 ",
            b"SIP/2.0 20 OK",
            b"SIP/2.0 099 x",
            b"SIP/2.0 700 x",
            b"SIP/2.0 +20 x",
            b"SIP/2.0 99999999999999999999 x",
            b"SIP/3.0 200 OK",
            b"\xff\xfe\x00",
        ] {
            assert_eq!(SipFragment::parse(body), None, "{body:?}");
        }
        let long = format!("SIP/2.0 200 {}", "x".repeat(100_000));
        assert_eq!(SipFragment::parse(long.as_bytes()).unwrap().reason.len(), MAX_REASON);
    }
}
