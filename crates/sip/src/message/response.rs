//! Responses.

use super::headers::Headers;
use super::request::write_rest;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code, 100 to 699.
    pub status: u16,
    /// Reason phrase, may be empty.
    pub reason: String,
    /// Headers; Content-Length is written by [`Response::to_bytes`].
    pub headers: Headers,
    /// Body.
    pub body: Vec<u8>,
}

impl Response {
    /// A response without headers.
    pub fn new(status: u16, reason: &str) -> Self {
        Self { status, reason: reason.to_owned(), headers: Headers::new(), body: Vec::new() }
    }

    /// Gives it a body of that media type.
    pub fn set_body(&mut self, content_type: &str, body: Vec<u8>) {
        self.headers.set(super::HeaderName::ContentType, content_type);
        self.body = body;
    }

    /// 1xx.
    pub const fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// 2xx.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// 2xx to 6xx.
    pub const fn is_final(&self) -> bool {
        self.status >= 200
    }

    /// The response as it goes on the wire, with the right Content-Length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512 + self.body.len());
        let reason = self.reason.replace(['\r', '\n'], " ");
        out.extend_from_slice(format!("SIP/2.0 {} {reason}\r\n", self.status).as_bytes());
        write_rest(&self.headers, &self.body, &mut out);
        out
    }
}
