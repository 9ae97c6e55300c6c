//! Messages out of a byte stream.
//!
//! # What it does
//! Cuts what TCP or TLS delivers into messages and keep-alives.
//!
//! # How
//! Bytes go into one buffer. The search for the empty line goes on where it stopped, and the head is parsed
//! once, so a peer that sends single bytes costs no more than one that sends whole messages.
//!
//! # Limits
//! [`MAX_MESSAGE`], [`MAX_HEADER_SECTION`] and [`MAX_STREAM_BUFFER`]. After an error the stream has lost its
//! framing: answer if the error can be answered, then close the connection.
//!
//! # Standard
//! RFC 3261 §18.3 (Content-Length is mandatory), RFC 5626 §3.5.1 (CRLF keep-alives).

use super::Message;
use super::parse::{
    Head, MAX_HEADER_SECTION, MAX_MESSAGE, ParseError, find_head_end, parse_head, salvage_content_length,
};

/// Most bytes that wait in a framer.
pub const MAX_STREAM_BUFFER: usize = 4 * MAX_MESSAGE;

/// One thing found in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamItem {
    /// A message.
    Message(Message),
    /// A message that cannot be read, though its end is known: answer it and go on.
    Malformed(ParseError),
    /// A keep-alive of the peer: answer with [`StreamItem::PONG`].
    Ping,
    /// The answer to our keep-alive. Also seen when a ping comes in two pieces; the ping follows.
    Pong,
}

impl StreamItem {
    /// What to send to keep a connection alive.
    pub const PING: &'static [u8] = b"\r\n\r\n";
    /// What to answer to a ping.
    pub const PONG: &'static [u8] = b"\r\n";
}

/// Why a stream cannot go on. The connection has to be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A head that leaves the end of the message unknown, or a message that is too large.
    #[error("stream lost: {0}")]
    Lost(#[from] ParseError),
    /// More bytes were pushed than [`MAX_STREAM_BUFFER`].
    #[error("stream buffer is full")]
    Full,
    /// The stream failed before.
    #[error("stream failed before")]
    Closed,
}

/// Cuts a stream into messages: push bytes, then pop until there is nothing.
#[derive(Debug, Default)]
pub struct StreamFramer {
    buffer: Vec<u8>,
    /// Start of the message in work within the buffer.
    start: usize,
    /// How far the search for the empty line got, from `start`.
    scanned: usize,
    body: Option<Body>,
    /// A single CRLF was seen last: another one makes it a ping.
    half_ping: bool,
    failed: bool,
}

/// A head that waits for its body.
#[derive(Debug)]
struct Body {
    head: Result<Head, ParseError>,
    head_end: usize,
    length: usize,
}

impl StreamFramer {
    /// An empty framer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes that wait for the rest of their message.
    pub const fn waiting(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Takes bytes off the connection.
    ///
    /// # Errors
    /// When the buffer is full because nobody pops, or the stream failed before.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        if self.failed {
            return Err(StreamError::Closed);
        }
        if self.waiting().saturating_add(bytes.len()) > MAX_STREAM_BUFFER {
            return Err(self.fail(StreamError::Full));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next message or keep-alive, if it is complete.
    ///
    /// # Errors
    /// When the stream has lost its framing: close the connection.
    pub fn pop(&mut self) -> Result<Option<StreamItem>, StreamError> {
        if self.failed {
            return Err(StreamError::Closed);
        }
        if self.body.is_none() {
            if let Some(keep_alive) = self.pop_keep_alive() {
                return Ok(Some(keep_alive));
            }
            self.find_head()?;
        }
        let complete = self.body.as_ref().is_some_and(|b| self.waiting() - b.head_end >= b.length);
        let Some(body) = self.body.take_if(|_| complete) else { return Ok(None) };
        let from = self.start + body.head_end;
        let bytes = self.buffer.get(from..from + body.length).unwrap_or(&[]).to_vec();
        self.consume(body.head_end + body.length);
        Ok(Some(match body.head {
            Ok(head) => StreamItem::Message(head.into_message(bytes)),
            Err(error) => StreamItem::Malformed(error),
        }))
    }

    /// Line breaks between messages.
    fn pop_keep_alive(&mut self) -> Option<StreamItem> {
        if self.scanned > 0 {
            return None;
        }
        let (length, item) = match (self.unread(), self.half_ping) {
            ([b'\r', b'\n', ..], true) => (2, StreamItem::Ping),
            ([b'\r', b'\n', b'\r', b'\n', ..], false) => (4, StreamItem::Ping),
            ([b'\r', b'\n', b'\r'], false) => return None,
            ([b'\r', b'\n', ..], false) => (2, StreamItem::Pong),
            _ => {
                // A lone CR may become a CRLF; anything else starts a message.
                self.half_ping &= self.unread() == b"\r" || self.unread().is_empty();
                return None;
            }
        };
        self.half_ping = item == StreamItem::Pong;
        self.consume(length);
        Some(item)
    }

    fn find_head(&mut self) -> Result<(), StreamError> {
        let unread = self.unread();
        if unread.is_empty() || unread == b"\r" || unread == b"\r\n\r" {
            return Ok(());
        }
        let found = find_head_end(unread, self.scanned);
        if found.unwrap_or(unread.len()) > MAX_HEADER_SECTION {
            let error = match parse_head(unread) {
                Ok(head) => head.fail(MAX_HEADER_SECTION, "smaller headers", 513),
                Err(error) => error,
            };
            return Err(self.fail(error.into()));
        }
        let Some(head_end) = found else {
            // The empty line may have begun: LF, or LF CR.
            self.scanned = unread.len().saturating_sub(2).max(1);
            return Ok(());
        };
        let section = unread.get(..head_end).unwrap_or(unread);
        let head = parse_head(section);
        let length = match &head {
            Ok(head) => head
                .content_length
                .ok_or_else(|| head.fail(head_end, "a Content-Length, which streams must have", 400)),
            Err(error) => salvage_content_length(section).ok_or_else(|| error.clone()),
        };
        let length = match (length, &head) {
            (Ok(length), _) if length <= MAX_MESSAGE - MAX_HEADER_SECTION => length,
            (Ok(_), Ok(head)) => {
                let error = head.fail(head_end, "a smaller message", 513);
                return Err(self.fail(error.into()));
            }
            (Ok(_), Err(error)) => {
                let error = error.clone();
                return Err(self.fail(error.into()));
            }
            (Err(error), _) => return Err(self.fail(error.into())),
        };
        self.body = Some(Body { head, head_end, length });
        Ok(())
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or(&[])
    }

    /// Drops a message off the front; the buffer moves only when that is cheap.
    fn consume(&mut self, length: usize) {
        self.start = (self.start + length).min(self.buffer.len());
        self.scanned = 0;
        if self.start >= self.waiting() {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
    }

    fn fail(&mut self, error: StreamError) -> StreamError {
        self.failed = true;
        self.buffer = Vec::new();
        self.start = 0;
        self.body = None;
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_sends_single_bytes_is_not_searched_again_and_again() {
        let line = format!("OPTIONS sip:a@b SIP/2.0\r\nX: {}", "y".repeat(10_000));
        let mut framer = StreamFramer::new();
        for byte in line.as_bytes() {
            framer.push(&[*byte]).unwrap();
            assert_eq!(framer.pop(), Ok(None));
            assert!(framer.waiting() - framer.scanned <= 2, "at most the last two bytes are looked at again");
        }
        framer.push(b"\r\nContent-Length: 30000\r\n\r\n").unwrap();
        for _ in 0..29_999 {
            framer.push(b"b").unwrap();
            assert_eq!(framer.pop(), Ok(None));
            assert!(framer.body.is_some(), "the head is parsed once");
        }
        framer.push(b"b").unwrap();
        assert!(matches!(framer.pop(), Ok(Some(StreamItem::Message(m))) if m.body().len() == 30_000));
    }

    #[test]
    fn many_messages_in_one_push_move_the_buffer_seldom() {
        let message = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\n\r\n";
        let mut framer = StreamFramer::new();
        framer.push(&message.repeat(4000)).unwrap();
        let (mut moves, mut popped) = (0, 0);
        while let Ok(Some(_)) = framer.pop() {
            popped += 1;
            moves += usize::from(framer.start == 0);
        }
        assert_eq!(popped, 4000);
        assert!(moves <= 20, "{moves}: the buffer halves between moves");
    }
}
