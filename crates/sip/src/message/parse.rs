//! From bytes to messages.
//!
//! # What it does
//! Splits a message into start line, headers and body, and says where and why that fails.
//!
//! # How
//! One pass over the bytes. After an error the other headers are still read, so that a bad request can be
//! answered. Values are not looked into, but for Content-Length; [`validate_request`] does the rest.
//!
//! # Limits
//! [`MAX_MESSAGE`], [`MAX_HEADER_SECTION`], [`MAX_HEADERS`].
//!
//! # Standard
//! RFC 3261 §7, §18.3, §21.4 and §21.5 for the status codes.
//!
//! [`validate_request`]: super::validate_request

use super::header_name::{HeaderName, Known};
use super::headers::Headers;
use super::lex::{is_lws, is_token, text, trim};
use super::method::Method;
use super::request::{Request, answer};
use super::response::Response;
use super::uri::{Uri, UriError};
use super::{Message, reason_phrase};

/// Largest message that is parsed, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// Largest start line and headers together, in bytes.
pub const MAX_HEADER_SECTION: usize = 16 * 1024;
/// Most headers in a message.
pub const MAX_HEADERS: usize = 256;

/// Why bytes are no SIP message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SIP message: expected {expected} at offset {offset}")]
pub struct ParseError {
    /// Byte offset in the datagram, or in the message of a stream.
    pub offset: usize,
    /// What the parser looked for.
    pub expected: &'static str,
    /// The status that answers a request with this fault.
    pub status: u16,
    salvage: Option<Box<Salvage>>,
}

/// What is left of a bad request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Salvage {
    method: String,
    headers: Headers,
}

impl ParseError {
    const fn new(offset: usize, expected: &'static str, status: u16) -> Self {
        Self { offset, expected, status, salvage: None }
    }

    /// Whether the bytes look like a request.
    pub const fn is_request(&self) -> bool {
        self.salvage.is_some()
    }

    /// Via, From, To, Call-ID and CSeq of the bad request, as far as they were found.
    pub fn salvaged(&self) -> Option<&Headers> {
        self.salvage.as_deref().map(|salvage| &salvage.headers)
    }

    /// The answer to the bad request. `None` for responses, for ACK and where there is no Via or CSeq by
    /// which the peer could match an answer. The Via may be illegible: then answer to where it came from.
    pub fn answer(&self, to_tag: &str) -> Option<Response> {
        let salvage = self.salvage.as_deref()?;
        let headers = &salvage.headers;
        if salvage.method == "ACK" || !headers.has(&HeaderName::Via) || !headers.has(&HeaderName::CSeq) {
            return None;
        }
        let reason = match self.status {
            400 => format!("Expected {}", self.expected),
            status => reason_phrase(status).to_owned(),
        };
        Some(answer(headers, self.status, &reason, Some(to_tag)))
    }
}

/// Whether a datagram is only a keep-alive: nothing, or blanks, line breaks and NULs.
pub fn is_keep_alive(datagram: &[u8]) -> bool {
    datagram.iter().all(|&b| is_lws(b) || b == 0)
}

/// The message in a datagram. Bytes after the body are passed over (RFC 3261 §18.3).
///
/// # Errors
/// When the start line, a header line or the Content-Length is wrong, or something is too large.
pub fn parse_datagram(datagram: &[u8]) -> Result<Message, ParseError> {
    let skipped = datagram.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let bytes = datagram.get(skipped..).unwrap_or(&[]);
    parse_whole(bytes).map_err(|mut error| {
        // Bytes beyond ASCII count for more in the text in which they were looked at.
        error.offset = error.offset.saturating_add(skipped).min(datagram.len());
        error
    })
}

fn parse_whole(bytes: &[u8]) -> Result<Message, ParseError> {
    let end = find_head_end(bytes, 0);
    let section = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
    let head = parse_head(section)?;
    let Some(end) = end else {
        return Err(head.fail(bytes.len(), "an empty line after the headers", 400));
    };
    if bytes.len() > MAX_MESSAGE {
        return Err(head.fail(MAX_MESSAGE, "a smaller message", 513));
    }
    let rest = bytes.get(end..).unwrap_or(&[]);
    let body = match head.content_length {
        None => rest,
        Some(length) => match rest.get(..length) {
            Some(body) => body,
            None => return Err(head.fail(bytes.len(), "a body as long as Content-Length says", 400)),
        },
    };
    Ok(head.into_message(body.to_vec()))
}

/// Start line and headers of a message.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    start: Start,
    headers: Headers,
    pub(crate) content_length: Option<usize>,
}

#[derive(Clone, Debug)]
enum Start {
    Request(Method, Uri),
    Response(u16, String),
}

impl Head {
    pub(crate) fn into_message(self, body: Vec<u8>) -> Message {
        match self.start {
            Start::Request(method, uri) => Request { method, uri, headers: self.headers, body }.into(),
            Start::Response(status, reason) => {
                Response { status, reason, headers: self.headers, body }.into()
            }
        }
    }

    /// An error found after the head, with the head saved.
    pub(crate) fn fail(&self, offset: usize, expected: &'static str, status: u16) -> ParseError {
        let salvage = match &self.start {
            Start::Request(method, _) => Some(salvage(method.as_str(), &self.headers)),
            Start::Response(..) => None,
        };
        ParseError { salvage, ..ParseError::new(offset, expected, status) }
    }
}

/// Where the headers end, just after the empty line; the search starts at `from`.
pub(crate) fn find_head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = bytes.get(at..)?.iter().position(|&b| b == b'\n') {
        let next = at + found + 1;
        match bytes.get(next..)? {
            [b'\n', ..] => return Some(next + 1),
            [b'\r', b'\n', ..] => return Some(next + 2),
            _ => at = next,
        }
    }
    None
}

/// Parses start line and headers; an empty line at the end may be missing.
pub(crate) fn parse_head(section: &[u8]) -> Result<Head, ParseError> {
    let too_large = section.len() > MAX_HEADER_SECTION;
    let bytes = section.get(..section.len().min(MAX_HEADER_SECTION)).unwrap_or(section);
    let mut lines = Lines { bytes, at: 0 };
    let (_, first) = lines.next().unwrap_or((0, &[]));
    let start = parse_start(first);
    let Parsed { headers, fault, length_at } = parse_headers(lines);
    let content_length = content_length(&headers);
    let error = if too_large {
        Some(ParseError::new(MAX_HEADER_SECTION, "smaller headers", 513))
    } else {
        // A wrong version explains the other faults and so goes first.
        match (&start, fault, &content_length) {
            (Err(error), ..) => Some(error.clone()),
            (Ok(_), Some(fault), _) => Some(fault),
            (Ok(_), None, Err(expected)) => Some(ParseError::new(length_at, expected, 400)),
            (Ok(_), None, Ok(_)) => None,
        }
    };
    match (start, content_length, error) {
        (Ok(start), Ok(content_length), None) => Ok(Head { start, headers, content_length }),
        (_, _, error) => {
            let error = error.unwrap_or_else(|| ParseError::new(0, "a SIP message", 400));
            let method = request_method(first);
            Err(ParseError { salvage: method.map(|method| salvage(method, &headers)), ..error })
        }
    }
}

/// Content-Length of a head that may be bad otherwise, for streams: they have to know where it ends.
pub(crate) fn salvage_content_length(section: &[u8]) -> Option<usize> {
    let mut lines = Lines { bytes: section, at: 0 };
    lines.next();
    let Parsed { headers, fault, .. } = parse_headers(lines);
    if fault.is_some() { None } else { content_length(&headers).ok().flatten() }
}

/// The headers of a body part, as far as they can be read.
pub(super) fn parse_part_headers(section: &[u8]) -> Headers {
    parse_headers(Lines { bytes: section, at: 0 }).headers
}

/// Headers, with the first fault and where the last Content-Length stands.
struct Parsed {
    headers: Headers,
    fault: Option<ParseError>,
    length_at: usize,
}

/// Unfolds header lines into headers.
fn parse_headers(lines: Lines<'_>) -> Parsed {
    let mut length_at = 0;
    let mut headers = Headers::new();
    let mut fault: Option<ParseError> = None;
    let mut pending: Option<(HeaderName, Vec<u8>)> = None;
    for (offset, line) in lines {
        let mut fail = |at: usize, expected, status| {
            fault.get_or_insert(ParseError::new(offset + at, expected, status));
        };
        if let Some(at) = line.iter().position(|&b| b == b'\r') {
            fail(at, "no carriage return within a line", 400);
            continue;
        }
        if line.first().is_some_and(|&b| is_lws(b)) {
            match &mut pending {
                Some((_, value)) => {
                    value.push(b' ');
                    value.extend_from_slice(trim(line));
                }
                None => fail(0, "a header name", 400),
            }
            continue;
        }
        if let Some((name, value)) = pending.take() {
            headers.push(name, value);
        }
        if headers.len() >= MAX_HEADERS {
            fail(0, "fewer headers", 513);
            break;
        }
        let name_end = line.iter().position(|&b| !is_token(b)).unwrap_or(line.len());
        let (name, rest) = line.split_at_checked(name_end).unwrap_or((line, &[]));
        let blanks = rest.iter().take_while(|&&b| is_lws(b)).count();
        match rest.get(blanks..) {
            Some([b':', value @ ..]) if !name.is_empty() => {
                let name = HeaderName::from_name(&text(name));
                if name == HeaderName::ContentLength {
                    length_at = offset;
                }
                pending = Some((name, trim(value).to_vec()));
            }
            Some(_) | None => fail(name_end, "a header name and a colon", 400),
        }
    }
    if let Some((name, value)) = pending {
        headers.push(name, value);
    }
    Parsed { headers, fault, length_at }
}

fn content_length(headers: &Headers) -> Result<Option<usize>, &'static str> {
    let mut values = headers.get_all(&HeaderName::ContentLength);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err("one Content-Length only");
    }
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    match text(value).parse() {
        Ok(length) if digits => Ok(Some(length)),
        Ok(_) | Err(_) => Err("a Content-Length of digits"),
    }
}

/// The method, if this could be a request line.
fn request_method(line: &[u8]) -> Option<&str> {
    let method = line.split(|&b| b == b' ').next()?;
    let is_request = !method.is_empty() && method.iter().all(|&b| is_token(b)) && method.len() < line.len();
    core::str::from_utf8(method).ok().filter(|_| is_request)
}

fn parse_start(line: &[u8]) -> Result<Start, ParseError> {
    match line.split_at_checked(4) {
        Some((b"SIP/" | b"sip/" | b"Sip/", _)) => parse_status_line(line),
        Some(_) | None => parse_request_line(line),
    }
}

fn parse_request_line(line: &[u8]) -> Result<Start, ParseError> {
    let Some(method) = request_method(line) else {
        return Err(ParseError::new(0, "a method and a blank", 400));
    };
    let uri_at = method.len() + 1;
    let rest = line.get(uri_at..).unwrap_or(&[]);
    let Some(blank) = rest.iter().rposition(|&b| b == b' ') else {
        return Err(ParseError::new(line.len(), "a blank and SIP/2.0 after the URI", 400));
    };
    let (uri, version) = (rest.get(..blank).unwrap_or(&[]), rest.get(blank + 1..).unwrap_or(&[]));
    check_version(version, uri_at + blank + 1)?;
    let uri = Uri::parse(&text(uri)).map_err(|error| match error {
        UriError::Syntax(syntax) => ParseError::new(uri_at + syntax.offset, syntax.expected, 400),
        UriError::TooLong(_) => ParseError::new(uri_at, "a shorter Request-URI", 414),
    })?;
    Ok(Start::Request(Method::from_name(method), uri))
}

fn parse_status_line(line: &[u8]) -> Result<Start, ParseError> {
    let version_end = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
    check_version(line.get(..version_end).unwrap_or(&[]), 0)?;
    let rest = line.get(version_end + 1..).unwrap_or(&[]);
    let at = version_end + 1;
    let code_end = rest.iter().position(|&b| b == b' ').unwrap_or(rest.len());
    let code = rest.get(..code_end).unwrap_or(&[]);
    let status = if code.len() == 3 { text(code).parse::<u16>().ok() } else { None };
    let Some(status) = status.filter(|status| (100..700).contains(status)) else {
        return Err(ParseError::new(at, "a status code from 100 to 699", 400));
    };
    let reason = rest.get(code_end + 1..).unwrap_or(&[]);
    if reason.contains(&b'\r') {
        return Err(ParseError::new(at, "no carriage return within a line", 400));
    }
    Ok(Start::Response(status, text(reason).into_owned()))
}

/// `SIP/2.0` in any case; another version is its own fault.
fn check_version(version: &[u8], at: usize) -> Result<(), ParseError> {
    if version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Ok(());
    }
    let number = version.split_at_checked(4).filter(|(sip, _)| sip.eq_ignore_ascii_case(b"SIP/"));
    let other = number.is_some_and(|(_, number)| {
        !number.is_empty() && number.iter().all(|&b| b.is_ascii_digit() || b == b'.')
    });
    Err(ParseError::new(at, "the version SIP/2.0", if other { 505 } else { 400 }))
}

fn salvage(method: &str, headers: &Headers) -> Box<Salvage> {
    let mut kept = Headers::new();
    for (name, value) in headers.iter() {
        let wanted = match name {
            HeaderName::Known(Known::Via) => true,
            HeaderName::Known(Known::From | Known::To | Known::CallId | Known::CSeq) => !kept.has(name),
            HeaderName::Known(_) | HeaderName::Other(_) => false,
        };
        if wanted {
            kept.push(name.clone(), value);
        }
    }
    Box::new(Salvage { method: method.to_owned(), headers: kept })
}

/// Lines with their offsets, without line ends, up to the empty line.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let end = rest.iter().position(|&b| b == b'\n');
        let line = rest.get(..end.unwrap_or(rest.len()))?;
        self.at += end.map_or(rest.len(), |end| end + 1);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() { None } else { Some((start, line)) }
    }
}
