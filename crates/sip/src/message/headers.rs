//! The ordered list of headers of a message.

use core::fmt;
use std::borrow::Cow;

use super::header_name::HeaderName;
use super::lex::{text, trim};

/// Headers in the order of the message. Values are bytes without line breaks: any other byte survives.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(HeaderName, Vec<u8>)>);

impl Headers {
    /// No headers.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The first value of `name`.
    pub fn get(&self, name: &HeaderName) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// The first value of `name` as text (UTF-8, else Latin-1).
    pub fn text(&self, name: &HeaderName) -> Option<Cow<'_, str>> {
        self.get(name).map(text)
    }

    /// All values of `name`, in order.
    pub fn get_all<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let name = name.clone();
        self.0.iter().filter(move |(n, _)| *n == name).map(|(_, value)| value.as_slice())
    }

    /// Whether there is a header of that name.
    pub fn has(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// Adds a header at the end.
    pub fn push(&mut self, name: HeaderName, value: impl AsRef<[u8]>) {
        self.0.push((name, clean(value.as_ref())));
    }

    /// Adds a header before the first of that name, or at the front.
    pub fn push_front(&mut self, name: HeaderName, value: impl AsRef<[u8]>) {
        let at = self.0.iter().position(|(n, _)| *n == name).unwrap_or(0);
        self.0.insert(at, (name, clean(value.as_ref())));
    }

    /// Makes `value` the only header of that name, in the place of the first.
    pub fn set(&mut self, name: HeaderName, value: impl AsRef<[u8]>) {
        let value = clean(value.as_ref());
        let Some(at) = self.0.iter().position(|(n, _)| *n == name) else {
            self.0.push((name, value));
            return;
        };
        let mut nth = 0;
        self.0.retain(|(n, _)| {
            nth += 1;
            nth <= at + 1 || *n != name
        });
        if let Some(slot) = self.0.get_mut(at) {
            slot.1 = value;
        }
    }

    /// Replaces the first header of that name and keeps the others; adds it in front if there is none.
    pub fn replace_first(&mut self, name: HeaderName, value: impl AsRef<[u8]>) {
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some((_, slot)) => *slot = clean(value.as_ref()),
            None => self.push_front(name, value),
        }
    }

    /// Removes every header of that name and says how many there were.
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        let before = self.0.len();
        self.0.retain(|(n, _)| n != name);
        before - self.0.len()
    }

    /// Removes the first header of that name.
    pub fn remove_first(&mut self, name: &HeaderName) -> Option<Vec<u8>> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &[u8])> {
        self.0.iter().map(|(name, value)| (name, value.as_slice()))
    }

    /// How many headers there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes `Name: value` lines.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for (name, value) in &self.0 {
            out.extend_from_slice(name.as_str().as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(n, v)| format!("{n}: {}", text(v)))).finish()
    }
}

/// The value without line breaks (they would start another header) and outer blanks.
fn clean(value: &[u8]) -> Vec<u8> {
    trim(value).iter().map(|&b| if matches!(b, b'\r' | b'\n') { b' ' } else { b }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_replaces_all_and_keeps_the_place() {
        let mut headers = Headers::new();
        headers.push(HeaderName::Route, "a");
        headers.push(HeaderName::To, "t");
        headers.push(HeaderName::Route, "b");
        headers.set(HeaderName::Route, "c");
        let all: Vec<_> = headers.iter().map(|(n, v)| format!("{n}={}", text(v))).collect();
        assert_eq!(all, ["Route=c", "To=t"]);
        headers.push_front(HeaderName::Route, "0");
        headers.push_front(HeaderName::Via, "v");
        let all: Vec<_> = headers.iter().map(|(n, v)| format!("{n}={}", text(v))).collect();
        assert_eq!(all, ["Via=v", "Route=0", "Route=c", "To=t"]);
        assert_eq!(headers.remove(&HeaderName::Route), 2);
        assert_eq!(headers.remove_first(&HeaderName::Via).as_deref(), Some(b"v".as_slice()));
    }

    #[test]
    fn a_value_cannot_start_another_header() {
        let mut headers = Headers::new();
        headers.push(HeaderName::Subject, "x\r\nRoute: <sip:evil>");
        let mut out = Vec::new();
        headers.write(&mut out);
        assert_eq!(out, b"Subject: x  Route: <sip:evil>\r\n");
    }
}
