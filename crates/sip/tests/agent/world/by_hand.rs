//! Requests written out by hand.

use super::P;

/// A session description.
pub const SDP: &str =
    "v=0\no=- 1 1 IN IP4 10.0.0.9\ns=-\nc=IN IP4 10.0.0.9\nt=0 0\nm=audio 30000 RTP/AVP 0 8\n";

/// A request of the peer, of call `c1`.
pub fn message(method: &str, branch: &str, extra: &str, body: &str) -> String {
    message_from(P, method, branch, extra, body)
}

/// The same of another sender.
pub fn message_from(from: &str, method: &str, branch: &str, extra: &str, body: &str) -> String {
    let to_tag = if extra.contains("To:") { String::new() } else { "To: <sip:102@10.0.0.1>\n".to_owned() };
    let seq = if extra.contains("CSeq:") { String::new() } else { format!("CSeq: 1 {method}\n") };
    let kind = if body.is_empty() || extra.contains("Content-Type") {
        String::new()
    } else {
        "Content-Type: application/sdp\n".to_owned()
    };
    let body = body.replace('\n', "\r\n");
    format!(
        "{method} sip:102@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{branch};rport\n\
         From: <sip:peer@10.0.0.9>;tag=pt\n{to_tag}Call-ID: c1\n{seq}Max-Forwards: 70\n\
         Contact: <sip:peer@{from}>\n{extra}{kind}Content-Length: {}\n\n{body}",
        body.len()
    )
}
