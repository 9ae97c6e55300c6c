//! Bodies of several parts.
//!
//! # What it does
//! Finds the part of a body that has a given media type, such as the SDP beside an ISUP message.
//!
//! # How
//! Splits a `multipart` body at its boundary, looks at the Content-Type of each part, and goes into
//! multiparts within.
//!
//! # Limits
//! [`MAX_PARTS`] parts, [`MAX_DEPTH`] levels. Parts with a transfer encoding other than binary, 7bit and 8bit
//! are passed over.
//!
//! # Standard
//! RFC 5621 §3 (multiparts in SIP), RFC 2046 §5.1.

use super::header_name::HeaderName;
use super::headers::Headers;
use super::lex::text;
use super::parse::{find_head_end, parse_part_headers};
use super::request::Request;
use super::response::Response;
use super::values::MediaType;

/// Most parts of a body that are looked at.
pub const MAX_PARTS: usize = 16;
/// Most levels of multiparts within multiparts.
pub const MAX_DEPTH: usize = 3;

impl Request {
    /// The body, or the part of it, that is a session description.
    pub fn sdp(&self) -> Option<&[u8]> {
        body_of_type(&self.headers, &self.body, "application", "sdp")
    }
}

impl Response {
    /// The body, or the part of it, that is a session description.
    pub fn sdp(&self) -> Option<&[u8]> {
        body_of_type(&self.headers, &self.body, "application", "sdp")
    }
}

/// The body, or the first part of it, with that media type.
pub fn body_of_type<'a>(headers: &Headers, body: &'a [u8], kind: &str, subtype: &str) -> Option<&'a [u8]> {
    let content_type = headers.content_type().ok()??;
    find(&content_type, body, kind, subtype, 0)
}

fn find<'a>(
    content: &MediaType,
    body: &'a [u8],
    kind: &str,
    subtype: &str,
    depth: usize,
) -> Option<&'a [u8]> {
    if body.is_empty() {
        return None;
    }
    if content.is(kind, subtype) {
        return Some(body);
    }
    if content.kind != "multipart" || depth >= MAX_DEPTH {
        return None;
    }
    let boundary = content.params.get("boundary").filter(|boundary| !boundary.is_empty())?;
    parts(body, boundary.as_bytes()).into_iter().find_map(|part| {
        let (headers, content_start) = match part.strip_prefix(b"\r\n") {
            // No headers at all: plain text by default.
            Some(_) => (Headers::new(), 2),
            None => {
                let end = find_head_end(part, 0)?;
                (parse_part_headers(part.get(..end)?), end)
            }
        };
        let encoding = headers.text(&HeaderName::from_name("Content-Transfer-Encoding"));
        let plain = encoding.is_none_or(|encoding| {
            ["binary", "7bit", "8bit"].iter().any(|plain| plain.eq_ignore_ascii_case(&encoding))
        });
        let content_type = headers.content_type().ok()??;
        if !plain {
            return None;
        }
        find(&content_type, part.get(content_start..)?, kind, subtype, depth + 1)
    })
}

/// What stands between the delimiter lines.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|&b| b == b'\n') {
        let next = at + line.len();
        let delimiter = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary));
        let rest = delimiter.map(|rest| text(rest).trim().to_owned());
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest == "--") {
            if let Some(part) = start.and_then(|start| body.get(start..at)) {
                // The line break before a delimiter belongs to it.
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                parts.push(part.strip_suffix(b"\r").unwrap_or(part));
            }
            if rest == "--" || parts.len() >= MAX_PARTS {
                return parts;
            }
            start = Some(next);
        }
        at = next;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdp(content_type: &str, body: &str) -> Option<String> {
        let mut request = Request::new(super::super::Method::Invite, "sip:a@b".parse().unwrap());
        request.set_body(content_type, body.as_bytes().to_vec());
        request.sdp().map(|sdp| String::from_utf8(sdp.to_vec()).unwrap())
    }

    const BODY: &str = "preamble\r\n--b1\r\nContent-Type: application/ISUP;version=nxv3\r\n\
        Content-Transfer-Encoding: binary\r\n\r\n\u{1}\u{2}\r\n--b1x\r\n--b1  \r\n\
        Content-Type:application/sdp\r\n\r\nv=0\r\no=x\r\n\r\n--b1--\r\nepilogue";

    #[test]
    fn sdp_is_found_alone_and_beside_other_parts() {
        assert_eq!(sdp("application/SDP", "v=0\r\n").as_deref(), Some("v=0\r\n"));
        assert_eq!(sdp("multipart/mixed;boundary=b1", BODY).as_deref(), Some("v=0\r\no=x\r\n"));
        assert_eq!(sdp("multipart/mixed; boundary=\"b1\"", BODY).as_deref(), Some("v=0\r\no=x\r\n"));
        let nested =
            format!("--out\r\nContent-Type: multipart/alternative;boundary=b1\r\n\r\n{BODY}\r\n--out--");
        assert_eq!(sdp("multipart/related;boundary=out", &nested).as_deref(), Some("v=0\r\no=x\r\n"));
    }

    #[test]
    fn other_bodies_have_no_sdp() {
        assert_eq!(sdp("text/plain", "v=0"), None);
        assert_eq!(sdp("application/sdp", ""), None);
        assert_eq!(sdp("multipart/mixed", BODY), None);
        assert_eq!(sdp("multipart/mixed;boundary=b2", BODY), None);
        let encoded =
            BODY.replace("application/sdp\r\n", "application/sdp\r\nContent-Transfer-Encoding: base64\r\n");
        assert_eq!(sdp("multipart/mixed;boundary=b1", &encoded), None);
        let deep =
            (0..9).fold("--z\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--z--".to_owned(), |inner, n| {
                format!(
                    "--{n}\r\nContent-Type: multipart/mixed;boundary={}\r\n\r\n{inner}\r\n--{n}--",
                    if n == 0 { "z".to_owned() } else { (n - 1).to_string() }
                )
            });
        assert_eq!(sdp("multipart/mixed;boundary=8", &deep), None);
    }
}
