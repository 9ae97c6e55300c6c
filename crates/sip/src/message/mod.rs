//! SIP messages.
//!
//! # What it does
//! Turns datagrams and streams into requests and responses and back, and judges requests.
//!
//! # How
//! One pass finds the start line and the headers and keeps the values as bytes; a typed accessor parses its
//! header when it is asked. What cannot be read is an error with an offset, and for a request with enough
//! of its headers saved to answer it.
//!
//! # Limits
//! [`MAX_MESSAGE`], [`MAX_HEADER_SECTION`], [`MAX_HEADERS`], [`MAX_PARAMS`], [`MAX_URI`]. Bare line feeds end a line too.
//!
//! # Standard
//! RFC 3261 §7, §8.2, §18.3, §25; RFC 4475 for what to make of odd messages.

mod alert_info;
mod diversion;
mod escape;
mod event;
mod header_name;
mod headers;
mod host;
pub(crate) mod lex;
mod method;
mod multipart;
mod name_addr;
mod params;
mod parse;
mod reason_phrase;
mod replaces;
mod request;
mod response;
mod sipfrag;
mod stream;
mod typed;
mod uri;
mod validate;
mod values;
mod via;

#[cfg(test)]
mod tests;

pub use alert_info::{Alert, MAX_ALERT, MAX_ALERTS};
pub use diversion::{Diversion, DivertReason, MAX_DIVERSIONS, history_of};
pub use event::{EventType, SubscriptionState};
pub use header_name::{HeaderName, Known};
pub use headers::Headers;
pub use host::Host;
pub use lex::{Syntax, text};
pub use method::Method;
pub use multipart::{MAX_DEPTH, MAX_PARTS, body_of_type};
pub use name_addr::NameAddr;
pub use params::{MAX_PARAMS, Params};
pub use parse::{MAX_HEADER_SECTION, MAX_HEADERS, MAX_MESSAGE, ParseError, is_keep_alive, parse_datagram};
pub use reason_phrase::reason_phrase;
pub use replaces::Replaces;
pub use request::Request;
pub use response::Response;
pub use sipfrag::{MAX_REASON, SipFragment};
pub use stream::{MAX_STREAM_BUFFER, StreamError, StreamFramer, StreamItem};
pub use typed::{HeaderError, Problem};
pub use uri::{MAX_URI, OtherUri, SipUri, TelUri, Uri, UriError};
pub use validate::{Capabilities, Rejection, validate_request, validate_response};
pub use values::{CSeq, MediaType, RAck, Reason, Refresher, Seconds, SessionExpires};
pub use via::{MAGIC_COOKIE, Transport, Via};

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// Its headers.
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// Its body.
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }

    /// The message as it goes on the wire, with the right Content-Length.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}
