//! Judging requests: which can be served, and what answers the others.
//!
//! # What it does
//! Checks a parsed request against the standard and against what we can do.
//!
//! # How
//! In the order of RFC 3261 §8.2: form, method, Request-URI, hops, extensions, body. The first fault wins.
//! An ACK is judged like others but never answered: drop it.
//!
//! # Limits
//! Headers that nobody here reads (Date, for one) are not checked. 481 and 482 need transactions and dialogs
//! and are not found here.
//!
//! # Standard
//! RFC 3261 §8.1.1, §8.2, §16.3; RFC 4475.

use super::header_name::HeaderName;
use super::lex::Syntax;
use super::method::Method;
use super::reason_phrase::reason_phrase;
use super::request::Request;
use super::response::Response;
use super::typed::HeaderError;
use super::uri::Uri;

/// What this side can do.
#[derive(Clone, Debug)]
pub struct Capabilities {
    /// Methods that are served; the Allow header of a 405.
    pub methods: Vec<Method>,
    /// Extensions that may be required.
    pub extensions: Vec<String>,
    /// URI schemes of a Request-URI, in lower case.
    pub schemes: Vec<String>,
    /// Media types of bodies that are understood, in lower case; the Accept header of a 415.
    pub content_types: Vec<String>,
    /// Whether requests are forwarded: only then do Max-Forwards 0 and Proxy-Require matter (RFC 3261 §16.3).
    pub forwards: bool,
}

/// Why a request is not served, and the answer to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {reason}")]
pub struct Rejection {
    /// Status of the answer.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// Headers that the answer has to carry.
    pub headers: Vec<(HeaderName, String)>,
}

impl Rejection {
    /// A rejection with the usual phrase.
    pub fn new(status: u16) -> Self {
        Self { status, reason: reason_phrase(status).to_owned(), headers: Vec::new() }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer to `request`.
    pub fn response(&self, request: &Request, to_tag: &str) -> Response {
        let mut response = request.response(self.status, &self.reason, Some(to_tag));
        for (name, value) in &self.headers {
            response.headers.push(name.clone(), value);
        }
        response
    }
}

impl From<HeaderError> for Rejection {
    fn from(error: HeaderError) -> Self {
        Self { reason: format!("Bad Request: {error}"), ..Self::new(400) }
    }
}

/// Checks whether a request can be served.
///
/// # Errors
/// With the answer where it cannot.
pub fn validate_request(request: &Request, ours: &Capabilities) -> Result<(), Rejection> {
    request.top_via()?;
    request.vias()?;
    request.from_()?;
    let to = request.to()?;
    request.call_id()?;
    let cseq = request.cseq()?;
    if !ours.methods.contains(&request.method) {
        return Err(match request.method {
            // RFC 4475 §3.1.2.18: 501 is the better choice, even where CSeq is wrong too.
            Method::Other(_) => Rejection::new(501),
            _ => Rejection::new(405),
        }
        .with(HeaderName::Allow, list(ours.methods.iter().map(Method::as_str))));
    }
    if cseq.method != request.method {
        return Err(malformed(HeaderName::CSeq, "the method of the request"));
    }
    let hops = request.max_forwards()?;
    request.contacts()?;
    request.routes()?;
    request.record_routes()?;
    if request.method == Method::Register && to.uri.as_sip().is_none() {
        return Err(malformed(HeaderName::To, "a sip: or sips: address of record"));
    }
    if !ours.schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case(request.uri.scheme())) {
        return Err(Rejection::new(416));
    }
    if let Uri::Sip(uri) = &request.uri
        && !uri.headers.is_empty()
    {
        return Err(Rejection {
            reason: "Bad Request: headers in Request-URI".into(),
            ..Rejection::new(400)
        });
    }
    if ours.forwards && hops == Some(0) {
        return Err(Rejection::new(483));
    }
    check_extensions(request, ours)?;
    check_body(request, ours)
}

/// Checks that a response has what is needed to match it to a request.
///
/// # Errors
/// With the header that is wrong: drop such a response.
pub fn validate_response(response: &Response) -> Result<(), HeaderError> {
    response.top_via()?;
    response.vias()?;
    response.from_()?;
    response.to()?;
    response.call_id()?;
    response.cseq()?;
    Ok(())
}

fn check_extensions(request: &Request, ours: &Capabilities) -> Result<(), Rejection> {
    // RFC 3261 §8.2.2.3: Require means nothing in CANCEL and ACK.
    if matches!(request.method, Method::Cancel | Method::Ack) {
        return Ok(());
    }
    let mut asked = request.require();
    if ours.forwards {
        asked.extend(request.proxy_require());
    }
    asked.retain(|tag| !ours.extensions.iter().any(|known| known.eq_ignore_ascii_case(tag)));
    asked.dedup();
    if asked.is_empty() {
        return Ok(());
    }
    Err(Rejection::new(420).with(HeaderName::Unsupported, list(asked.iter().map(String::as_str))))
}

fn check_body(request: &Request, ours: &Capabilities) -> Result<(), Rejection> {
    let understood = || list(ours.content_types.iter().map(String::as_str));
    if request.method == Method::Invite
        && let Some(accepted) = request.accept()?
        && !accepted.iter().any(|range| range.covers("application", "sdp"))
    {
        return Err(Rejection::new(406));
    }
    if request.body.is_empty() || body_is_optional(request) {
        return Ok(());
    }
    let encoding = request.headers.text(&HeaderName::ContentEncoding);
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(Rejection::new(415).with(HeaderName::AcceptEncoding, "identity".into()));
    }
    let Some(kind) = request.content_type()? else {
        return Err(malformed(HeaderName::ContentType, "the media type of the body"));
    };
    let name = format!("{}/{}", kind.kind, kind.subtype);
    if ours.content_types.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
        return Ok(());
    }
    Err(Rejection::new(415).with(HeaderName::Accept, understood()))
}

/// `Content-Disposition: ...;handling=optional`: a body that need not be understood (RFC 3261 §20.11).
fn body_is_optional(request: &Request) -> bool {
    let Some(disposition) = request.headers.text(&HeaderName::ContentDisposition) else { return false };
    disposition.split(';').skip(1).any(|param| {
        param.split_once('=').is_some_and(|(name, value)| {
            name.trim().eq_ignore_ascii_case("handling") && value.trim().eq_ignore_ascii_case("optional")
        })
    })
}

fn malformed(name: HeaderName, expected: &'static str) -> Rejection {
    let problem = Syntax::new(0, expected).into();
    HeaderError { name, problem }.into()
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
