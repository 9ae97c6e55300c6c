//! Percent escapes in URIs (RFC 3261 §19.1.2).

use core::fmt;
use std::borrow::Cow;

use super::lex::text;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

const fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

/// Characters that stand unescaped in a user part.
pub(crate) const fn is_user_char(b: u8) -> bool {
    is_unreserved(b) || matches!(b, b'&' | b'=' | b'+' | b'$' | b',' | b';' | b'?' | b'/')
}

/// Characters that stand unescaped in a password.
pub(crate) const fn is_password_char(b: u8) -> bool {
    is_unreserved(b) || matches!(b, b'&' | b'=' | b'+' | b'$' | b',')
}

/// Characters that stand unescaped in a URI parameter.
pub(crate) const fn is_param_char(b: u8) -> bool {
    is_unreserved(b) || matches!(b, b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$')
}

/// Characters that stand unescaped in a header of a URI.
pub(crate) const fn is_header_char(b: u8) -> bool {
    is_unreserved(b) || matches!(b, b'[' | b']' | b'/' | b'?' | b':' | b'+' | b'$')
}

/// Writes `text` with every byte outside `plain` escaped.
pub(crate) fn write_escaped(
    text: &str,
    plain: impl Fn(u8) -> bool,
    out: &mut impl fmt::Write,
) -> fmt::Result {
    for b in text.bytes() {
        if plain(b) {
            out.write_char(char::from(b))?;
        } else {
            out.write_char('%')?;
            out.write_char(hex_digit(b >> 4))?;
            out.write_char(hex_digit(b & 15))?;
        }
    }
    Ok(())
}

/// Writes a part of a URI that is escaped already. What would break the URI is escaped still, in case a caller
/// put raw text there; other characters that should have been escaped go out as they came.
pub(crate) fn write_kept(part: &str, plain: fn(u8) -> bool, out: &mut impl fmt::Write) -> fmt::Result {
    for c in part.chars() {
        match u8::try_from(c) {
            Ok(b) if b < 0x80 && !plain(b) && b != b'%' && !is_harmless(b) => write!(out, "%{b:02X}")?,
            Ok(_) | Err(_) => out.write_char(c)?,
        }
    }
    Ok(())
}

/// Characters that the grammar asks to escape but that cannot be mistaken for a separator.
const fn is_harmless(b: u8) -> bool {
    matches!(
        b,
        b'#' | b'[' | b']' | b'^' | b'|' | b'{' | b'}' | b'\\' | b'`' | b',' | b'=' | b'/' | b'$' | b'+'
    )
}

/// `text` with every byte outside `plain` escaped.
pub(crate) fn escape(text: &str, plain: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    // Writing to a String cannot fail.
    let _ = write_escaped(text, plain, &mut out);
    out
}

/// `text` with its escapes resolved; a broken escape stays as it is.
pub(crate) fn unescape(escaped: &str) -> Cow<'_, str> {
    if !escaped.contains('%') {
        return Cow::Borrowed(escaped);
    }
    Cow::Owned(text(&unescape_bytes(escaped)).into_owned())
}

/// The bytes that `escaped` stands for.
pub(crate) fn unescape_bytes(escaped: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.as_bytes();
    while let [first, rest @ ..] = bytes {
        bytes = rest;
        if *first == b'%'
            && let [high, low, tail @ ..] = rest
            && let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low))
        {
            out.push(high << 4 | low);
            bytes = tail;
            continue;
        }
        out.push(*first);
    }
    out
}

/// Offset of the first `%` that is not followed by two hexadecimal digits.
pub(crate) fn broken_escape(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| {
        bytes.get(at) == Some(&b'%')
            && !(1..=2).all(|n| bytes.get(at.saturating_add(n)).is_some_and(u8::is_ascii_hexdigit))
    })
}

fn hex_digit(nibble: u8) -> char {
    HEX.get(usize::from(nibble)).map_or('0', |&b| char::from(b))
}

const fn hex_value(b: u8) -> Option<u8> {
    match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        b'A'..=b'F' => Some(b - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_round_trip() {
        let user = "a b@c%d\u{f6}\0";
        let escaped = escape(user, is_user_char);
        assert_eq!(escaped, "a%20b%40c%25d%C3%B6%00");
        assert_eq!(unescape(&escaped), user);
    }

    #[test]
    fn broken_escapes_are_found() {
        assert_eq!(broken_escape("ab%41c"), None);
        assert_eq!(broken_escape("ab%4"), Some(2));
        assert_eq!(broken_escape("%Z%45"), Some(0));
    }
}
