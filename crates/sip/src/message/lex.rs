//! The small scanner under every header parser.
//!
//! # What it does
//! Walks a header value once, left to right, and hands out tokens, quoted strings and list items.
//!
//! # How
//! Header bytes become text first: UTF-8 where they are valid UTF-8, else Latin-1, so every byte has a
//! character. All separators are ASCII, so byte positions are always character positions.
//!
//! # Limits
//! Folding is already gone when a value gets here; runs of blanks count as one separator.
//!
//! # Standard
//! RFC 3261 §25.1 (`token`, `quoted-string`, `LWS`).

use std::borrow::Cow;

/// Where a value stopped making sense and what should have stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at offset {offset}")]
pub struct Syntax {
    /// Byte offset within the text that was parsed.
    pub offset: usize,
    /// What the parser looked for.
    pub expected: &'static str,
}

impl Syntax {
    pub(crate) const fn new(offset: usize, expected: &'static str) -> Self {
        Self { offset, expected }
    }

    /// The same error, `base` bytes further into an enclosing text.
    pub(crate) const fn shifted(self, base: usize) -> Self {
        Self { offset: self.offset.saturating_add(base), expected: self.expected }
    }
}

/// Header bytes as text: UTF-8 if they are UTF-8, else each byte is the Latin-1 character.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect()),
    }
}

/// RFC 3261 `token` characters.
pub(crate) const fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

pub(crate) const fn is_lws(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

/// The value without blanks at its ends.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = bytes;
    while let [first, rest @ ..] = bytes {
        if !is_lws(*first) {
            break;
        }
        bytes = rest;
    }
    while let [rest @ .., last] = bytes {
        if !is_lws(*last) {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// `text` as a quoted string: quotes and backslashes escaped, line breaks dropped.
pub(crate) fn quote(text: &str, out: &mut impl core::fmt::Write) -> core::fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.write_char('\\')?;
                out.write_char(c)?;
            }
            // A line break cannot be said in SIP, not even escaped, and would end the header.
            '\r' | '\n' => {}
            c => out.write_char(c)?,
        }
    }
    out.write_char('"')
}

/// The comma-separated items of a list header; commas in quotes, angle brackets and comments do not count.
/// Each item comes with its offset. Empty items are kept: the caller decides whether they are an error.
pub(crate) fn split_list(text: &str) -> Vec<(usize, &str)> {
    let mut items = Vec::new();
    let (mut start, mut quoted, mut angle, mut comment) = (0, false, false, 0u32);
    let mut escaped = false;
    for (at, b) in text.bytes().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        match b {
            b'\\' if quoted || comment > 0 => escaped = true,
            b'"' if comment == 0 => quoted = !quoted,
            b'<' if !quoted => angle = true,
            b'>' if !quoted => angle = false,
            b'(' if !quoted && !angle => comment = comment.saturating_add(1),
            b')' if !quoted && !angle => comment = comment.saturating_sub(1),
            b',' if !quoted && !angle && comment == 0 => {
                items.push((start, text.get(start..at).unwrap_or("")));
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    items.push((start, text.get(start..).unwrap_or("")));
    items
}

/// A cursor over a value.
#[derive(Clone, Debug)]
pub(crate) struct Scan<'a> {
    text: &'a str,
    pos: usize,
}

impl<'a> Scan<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, pos: 0 }
    }

    pub(crate) const fn pos(&self) -> usize {
        self.pos
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or("")
    }

    pub(crate) fn at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    pub(crate) const fn error(&self, expected: &'static str) -> Syntax {
        Syntax::new(self.pos, expected)
    }

    /// Takes `b` if it is next.
    pub(crate) fn eat(&mut self, b: u8) -> bool {
        let hit = self.peek() == Some(b);
        if hit {
            self.pos += 1;
        }
        hit
    }

    /// Takes `b` with blanks around it, nothing if it is not there.
    pub(crate) fn eat_spaced(&mut self, b: u8) -> bool {
        let before = self.pos;
        self.skip_lws();
        if self.eat(b) {
            self.skip_lws();
            return true;
        }
        self.pos = before;
        false
    }

    pub(crate) fn skip_lws(&mut self) {
        while self.peek().is_some_and(is_lws) {
            self.pos += 1;
        }
    }

    /// The longest run of bytes that satisfy `wanted`, which must treat all bytes above 0x7F alike.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let start = self.pos;
        while self.peek().is_some_and(&wanted) {
            self.pos += 1;
        }
        self.text.get(start..self.pos).unwrap_or("")
    }

    pub(crate) fn token(&mut self, expected: &'static str) -> Result<&'a str, Syntax> {
        let token = self.take_while(is_token);
        if token.is_empty() { Err(self.error(expected)) } else { Ok(token) }
    }

    /// A decimal number that fits 32 bits.
    pub(crate) fn u32(&mut self, expected: &'static str) -> Result<u32, Syntax> {
        let at = self.pos;
        self.take_while(|b| b.is_ascii_digit()).parse().map_err(|_| Syntax::new(at, expected))
    }

    /// A decimal number, held at the largest that fits.
    pub(crate) fn u32_saturating(&mut self, expected: &'static str) -> Result<u32, Syntax> {
        let at = self.pos;
        let digits = self.take_while(|b| b.is_ascii_digit());
        if digits.is_empty() {
            return Err(Syntax::new(at, expected));
        }
        Ok(digits.parse().unwrap_or(u32::MAX))
    }

    /// A quoted string with its escapes resolved; the cursor is on the opening quote.
    pub(crate) fn quoted(&mut self) -> Result<String, Syntax> {
        if !self.eat(b'"') {
            return Err(self.error("a quoted string"));
        }
        let mut out = String::new();
        loop {
            out.push_str(self.take_while(|b| b != b'"' && b != b'\\'));
            if self.eat(b'"') {
                return Ok(out);
            }
            if !self.eat(b'\\') {
                return Err(self.error("a closing quote"));
            }
            let Some(escaped) = self.rest().chars().next() else {
                return Err(self.error("a character after the backslash"));
            };
            out.push(escaped);
            self.pos += escaped.len_utf8();
        }
    }

    /// A parenthesised comment with nesting, if one is next.
    pub(crate) fn skip_comment(&mut self) -> Result<(), Syntax> {
        self.skip_lws();
        if self.peek() != Some(b'(') {
            return Ok(());
        }
        let mut depth = 0u32;
        while let Some(b) = self.peek() {
            self.pos += 1;
            match b {
                b'(' => depth = depth.saturating_add(1),
                b')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        self.skip_lws();
                        return Ok(());
                    }
                }
                // The escaped byte may start a longer character; its other bytes are none of ours.
                b'\\' => self.pos = (self.pos + 1).min(self.text.len()),
                _ => {}
            }
        }
        Err(self.error("a closing parenthesis"))
    }

    /// Nothing but blanks may be left.
    pub(crate) fn finish(&mut self) -> Result<(), Syntax> {
        self.skip_lws();
        if self.at_end() { Ok(()) } else { Err(self.error("the end of the value")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_1_bytes_become_characters() {
        assert_eq!(text(b"J\xf6rg"), "J\u{f6}rg");
        assert_eq!(text("J\u{f6}rg".as_bytes()), "J\u{f6}rg");
    }

    #[test]
    fn quoted_strings_resolve_escapes() {
        let mut scan = Scan::new(r#""a\"b\\c" x"#);
        assert_eq!(scan.quoted().unwrap(), r#"a"b\c"#);
        assert_eq!(scan.rest(), " x");
        assert_eq!(Scan::new("\"open").quoted().unwrap_err().expected, "a closing quote");
    }

    #[test]
    fn lists_split_only_at_bare_commas() {
        let items: Vec<_> = split_list(r#""a,b" <sip:x,y@z>, (c,d) e"#).into_iter().map(|i| i.1).collect();
        assert_eq!(items, [r#""a,b" <sip:x,y@z>"#, " (c,d) e"]);
    }
}
