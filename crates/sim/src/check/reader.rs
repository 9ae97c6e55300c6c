//! SIP messages as a bystander on the network reads them.
//!
//! # What it does
//! Finds in a message the few things that the checkers need: start line, branch, Call-ID, CSeq, tags, audio port.
//!
//! # How
//! By lines and colons. Nothing of the gateway's parser is in it, so that a mistake there is not made here again.
//!
//! # Limits
//! Headers stand in their long or compact form, one to a line, unfolded: what the gateway and its far ends write.
//!
//! # Standard
//! RFC 3261 §7, §20; RFC 4566 §5.14.

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start<'a> {
    /// A request of this method.
    Request(&'a str),
    /// A response with this status.
    Response(u16),
}

/// What is read of a message; what is missing is empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glance<'a> {
    /// What it is.
    pub start: Start<'a>,
    /// The branch of the first Via.
    pub branch: &'a str,
    /// Call-ID.
    pub call_id: &'a str,
    /// The number of CSeq.
    pub cseq: u32,
    /// The method of CSeq.
    pub method: &'a str,
    /// The tag of From.
    pub from_tag: &'a str,
    /// The tag of To.
    pub to_tag: &'a str,
    /// The port of the first audio stream in the body.
    pub audio: Option<u16>,
}

impl<'a> Glance<'a> {
    /// Reads a message; `None` if it is none.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.split("\r\n");
        let first = lines.next()?;
        let start = match first.strip_prefix("SIP/2.0 ") {
            Some(rest) => Start::Response(rest.get(..3)?.parse().ok()?),
            None => Start::Request(first.strip_suffix(" SIP/2.0")?.split(' ').next()?),
        };
        let mut glance = Self {
            start,
            branch: "",
            call_id: "",
            cseq: 0,
            method: "",
            from_tag: "",
            to_tag: "",
            audio: None,
        };
        for line in lines {
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.trim(), value.trim());
            let is =
                |long: &str, short: &str| name.eq_ignore_ascii_case(long) || name.eq_ignore_ascii_case(short);
            if is("via", "v") && glance.branch.is_empty() {
                glance.branch = parameter(value, "branch");
            } else if is("call-id", "i") {
                glance.call_id = value;
            } else if is("cseq", "cseq") {
                let mut words = value.split_whitespace();
                glance.cseq = words.next().and_then(|number| number.parse().ok()).unwrap_or(0);
                glance.method = words.next().unwrap_or("");
            } else if is("from", "f") {
                glance.from_tag = parameter(value, "tag");
            } else if is("to", "t") {
                glance.to_tag = parameter(value, "tag");
            }
        }
        let audio = body.split("\r\n").find_map(|line| line.strip_prefix("m=audio "));
        glance.audio = audio.and_then(|rest| rest.split(' ').next()?.parse().ok());
        Some(glance)
    }
}

/// A header parameter behind the address.
fn parameter<'a>(value: &'a str, name: &str) -> &'a str {
    let rest = value.rsplit_once('>').map_or(value, |(_, rest)| rest);
    let found = rest.split([';', ',']).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    });
    found.unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_without_the_gateways_parser() {
        let bytes = b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKa\r\nVia: SIP/2.0/UDP x;branch=z9b\r\n\
            From: \"a;tag=no\" <sip:a@b;tag=no>;tag=f1\r\nTo: <sip:c@d>;tag=t1\r\nCall-ID: x@y\r\nCSeq: 7 INVITE\r\n\r\n\
            v=0\r\nm=audio 40002 RTP/AVP 0\r\n";
        let glance = Glance::of(bytes).unwrap();
        assert_eq!(glance.start, Start::Response(200));
        assert_eq!(
            (glance.branch, glance.call_id, glance.cseq, glance.method),
            ("z9hG4bKa", "x@y", 7, "INVITE")
        );
        assert_eq!((glance.from_tag, glance.to_tag, glance.audio), ("f1", "t1", Some(40_002)));
        assert_eq!(Glance::of(b"BYE sip:x SIP/2.0\r\n\r\n").unwrap().start, Start::Request("BYE"));
        assert!(Glance::of(b"\x80\x00rtp").is_none() && Glance::of(b"").is_none());
    }
}
