//! Tests of whole messages.

mod parse;
mod properties;
mod stream;
mod validate;

use super::*;

/// An INVITE as phones send it.
pub const INVITE: &str = "INVITE sip:4001@pbx.example SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKa1;rport\r\n\
    Max-Forwards: 70\r\n\
    From: \"Anna\" <sip:anna@pbx.example>;tag=f1\r\n\
    To: <sip:4001@pbx.example>\r\n\
    Call-ID: c1@192.0.2.7\r\n\
    CSeq: 1 INVITE\r\n\
    Contact: <sip:anna@192.0.2.7:5060>\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 5\r\n\r\n\
    v=0\r\n";

/// The INVITE with one line replaced, or removed if `new` is empty.
pub fn edited(start: &str, new: &str) -> String {
    let mut out = String::new();
    let mut found = false;
    for line in INVITE.split_inclusive("\r\n") {
        if line.starts_with(start) && !found {
            found = true;
            if !new.is_empty() {
                out.push_str(new);
                out.push_str("\r\n");
            }
        } else {
            out.push_str(line);
        }
    }
    assert!(found, "{start}");
    out
}

pub fn request(bytes: impl AsRef<[u8]>) -> Request {
    match parse_datagram(bytes.as_ref()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}
