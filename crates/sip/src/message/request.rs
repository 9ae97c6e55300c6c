//! Requests.

use core::net::SocketAddr;

use super::header_name::{HeaderName, Known};
use super::headers::Headers;
use super::lex::{Scan, is_token, text};
use super::method::Method;
use super::reason_phrase::reason_phrase;
use super::response::Response;
use super::uri::Uri;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub method: Method,
    /// Of whom.
    pub uri: Uri,
    /// Headers; Content-Length is written by [`Request::to_bytes`].
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers.
    pub const fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::new(), body: Vec::new() }
    }

    /// Gives it a body of that media type.
    pub fn set_body(&mut self, content_type: &str, body: Vec<u8>) {
        self.headers.set(HeaderName::ContentType, content_type);
        self.body = body;
    }

    /// The answer with Via, From, To, Call-ID, CSeq of this request (RFC 3261 §8.2.6.2), its Record-Route
    /// where a dialog may come of it (§12.1.1) and its Timestamp in a 100. An empty `reason` means the usual
    /// phrase. `to_tag` is added where To has no tag yet.
    pub fn response(&self, status: u16, reason: &str, to_tag: Option<&str>) -> Response {
        answer(&self.headers, status, reason, to_tag)
    }

    /// Notes in the topmost Via where the request really came from (RFC 3261 §18.2.1, RFC 3581).
    /// A Via that cannot be parsed stays as it is.
    pub fn stamp_source(&mut self, source: SocketAddr) {
        let Some(value) = self.headers.get(&HeaderName::Via) else { return };
        let value = text(value).into_owned();
        let items = super::lex::split_list(&value);
        let Some((_, first)) = items.first() else { return };
        let Ok(mut via) = super::via::Via::parse(first) else { return };
        via.stamp(source);
        let rest = value.get(first.len()..).unwrap_or("");
        self.headers.replace_first(HeaderName::Via, format!("{via}{rest}"));
    }

    /// The request as it goes on the wire, with the right Content-Length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + self.body.len());
        out.extend_from_slice(format!("{} {} SIP/2.0\r\n", self.method, self.uri).as_bytes());
        write_rest(&self.headers, &self.body, &mut out);
        out
    }
}

/// The answer to a request with these headers.
pub(crate) fn answer(headers: &Headers, status: u16, reason: &str, to_tag: Option<&str>) -> Response {
    let reason = if reason.is_empty() { reason_phrase(status) } else { reason };
    let mut response = Response::new(status, reason);
    for (name, value) in headers.iter() {
        let copied = match name {
            HeaderName::Known(Known::Via) => true,
            // A bad request may have several of these; an answer has one.
            HeaderName::Known(Known::From | Known::CallId | Known::CSeq | Known::To)
                if response.headers.has(name) =>
            {
                false
            }
            HeaderName::Known(Known::From | Known::CallId | Known::CSeq) => true,
            HeaderName::Known(Known::RecordRoute) => (101..300).contains(&status),
            HeaderName::Known(Known::Timestamp) => status == 100,
            HeaderName::Known(Known::To) => {
                let mut value = value.to_vec();
                let tag = to_tag.filter(|tag| !tag.is_empty() && tag.bytes().all(is_token));
                if let Some(tag) = tag.filter(|_| !has_tag(&value)) {
                    value.extend_from_slice(format!(";tag={tag}").as_bytes());
                }
                response.headers.push(HeaderName::To, value);
                false
            }
            HeaderName::Known(_) | HeaderName::Other(_) => false,
        };
        if copied {
            response.headers.push(name.clone(), value);
        }
    }
    response
}

/// Whether a To value, perhaps malformed, already has a tag: a `tag` parameter outside quotes and brackets.
fn has_tag(value: &[u8]) -> bool {
    let value = text(value);
    let mut scan = Scan::new(&value);
    let mut angle = false;
    while !scan.at_end() {
        scan.take_while(|b| !matches!(b, b'"' | b'<' | b'>' | b';'));
        match scan.peek() {
            Some(b'"') => {
                if scan.quoted().is_err() {
                    return false;
                }
            }
            Some(b'<') => angle = scan.eat(b'<'),
            Some(b'>') => angle = !scan.eat(b'>'),
            Some(b';') => {
                scan.eat(b';');
                scan.skip_lws();
                let name = scan.take_while(is_token);
                if !angle && name.eq_ignore_ascii_case("tag") {
                    return true;
                }
            }
            Some(_) | None => return false,
        }
    }
    false
}

/// Headers, Content-Length and body.
pub(crate) fn write_rest(headers: &Headers, body: &[u8], out: &mut Vec<u8>) {
    if headers.has(&HeaderName::ContentLength) {
        let mut headers = headers.clone();
        headers.remove(&HeaderName::ContentLength);
        headers.write(out);
    } else {
        headers.write(out);
    }
    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    out.extend_from_slice(body);
}
