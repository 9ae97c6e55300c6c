//! Ordered parameters of headers and URIs.

use core::fmt;

use super::escape::{escape, is_param_char, unescape, write_escaped, write_kept};
use super::lex::{Scan, Syntax, is_lws, quote};

/// Most parameters of one header value or URI. Comparing URIs takes the square of this.
pub const MAX_PARAMS: usize = 64;

/// The value of one parameter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    /// `;lr`
    Flag,
    /// `;expires=60`
    Plain(String),
    /// `;text="gone fishing"`, kept without quotes and escapes.
    Quoted(String),
}

/// Parameters in the order they stand; names compare without case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Params(Vec<(String, Value)>);

impl Params {
    /// No parameters.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of `name`, unquoted; empty for a parameter without value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| plain(value))
    }

    /// As [`Params::get`] where names may be escaped, as in a URI: `%6Cr` is `lr`.
    pub(crate) fn get_escaped(&self, name: &str) -> Option<&str> {
        let name = unescape(name);
        self.iter().find(|(n, _)| unescape(n).eq_ignore_ascii_case(&name)).map(|(_, value)| value)
    }

    /// Whether `name` is present, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets `name` to `value`, in its old place if it was there; quoted on the wire where it must be.
    pub fn set(&mut self, name: &str, value: &str) {
        let bare = !value.is_empty() && value.bytes().all(|b| is_bare(b) && b < 0x80);
        self.put(name, if bare { Value::Plain(value.to_owned()) } else { Value::Quoted(value.to_owned()) });
    }

    /// Sets `name` to `value`, always in quotes on the wire.
    pub fn set_quoted(&mut self, name: &str, value: &str) {
        self.put(name, Value::Quoted(value.to_owned()));
    }

    /// Sets `name` to `value` with the escapes of a URI.
    pub(crate) fn set_escaped(&mut self, name: &str, value: &str) {
        self.put(name, Value::Plain(escape(value, is_param_char)));
    }

    /// Sets `name` without a value.
    pub fn set_flag(&mut self, name: &str) {
        self.put(name, Value::Flag);
    }

    /// With `name` set to `value`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Removes every parameter of that name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// Names with values (empty where there is none), in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), plain(value)))
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `*( SEMI generic-param )`, up to the first thing that is not a parameter.
    pub(crate) fn scan(scan: &mut Scan<'_>) -> Result<Self, Syntax> {
        let mut params = Self::new();
        while scan.eat_spaced(b';') {
            // Stray semicolons occur in the field and hide nothing.
            if scan.at_end() || scan.peek() == Some(b';') {
                continue;
            }
            let name = scan.token("a parameter name")?.to_owned();
            let value = if !scan.eat_spaced(b'=') {
                Value::Flag
            } else if scan.peek() == Some(b'"') {
                Value::Quoted(scan.quoted()?)
            } else {
                Value::Plain(scan.take_while(is_bare).to_owned())
            };
            if params.len() >= MAX_PARAMS {
                return Err(scan.error("fewer parameters"));
            }
            params.0.push((name, value));
        }
        Ok(params)
    }

    /// `*( ";" uri-parameter )`: `text` is what stands after the first semicolon. Values stay escaped.
    pub(crate) fn from_uri(text: &str) -> Result<Self, Syntax> {
        let mut params = Self::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            if params.len() >= MAX_PARAMS {
                return Err(Syntax::new(0, "fewer parameters"));
            }
            params.0.push(match part.split_once('=') {
                Some((name, value)) => (name.to_owned(), Value::Plain(value.to_owned())),
                None => (part.to_owned(), Value::Flag),
            });
        }
        Ok(params)
    }

    /// Writes the parameters without any quoting, as URIs have them.
    pub(crate) fn write_uri(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                Value::Flag => write!(f, ";{name}")?,
                Value::Plain(v) => {
                    write!(f, ";{name}=")?;
                    write_kept(v, is_param_char, f)?;
                }
                // Set by us with characters that a URI has to escape.
                Value::Quoted(v) => {
                    write!(f, ";{name}=")?;
                    write_escaped(v, is_param_char, f)?;
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, name: &str, value: Value) {
        match self.0.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }
}

impl fmt::Display for Params {
    /// `;a=1;b;c="x y"`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                Value::Flag => write!(f, ";{name}")?,
                Value::Plain(v) => write!(f, ";{name}={v}")?,
                Value::Quoted(v) => {
                    write!(f, ";{name}=")?;
                    quote(v, f)?;
                }
            }
        }
        Ok(())
    }
}

fn plain(value: &Value) -> &str {
    match value {
        Value::Flag => "",
        Value::Plain(text) | Value::Quoted(text) => text,
    }
}

/// What may stand in a value without quotes. Wider than `gen-value`: URIs without quotes occur in the field.
fn is_bare(b: u8) -> bool {
    !is_lws(b) && !b.is_ascii_control() && !matches!(b, b';' | b',' | b'"' | b'<' | b'>' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Params {
        Params::scan(&mut Scan::new(text)).unwrap()
    }

    #[test]
    fn names_compare_without_case_and_quotes_survive() {
        let params = parse(" ; Tag = abc;lr;text=\"a \\\"b\\\"\"");
        assert_eq!(params.get("tag"), Some("abc"));
        assert_eq!(params.get("LR"), Some(""));
        assert_eq!(params.get("text"), Some("a \"b\""));
        assert_eq!(params.to_string(), ";Tag=abc;lr;text=\"a \\\"b\\\"\"");
    }

    #[test]
    fn values_that_need_quotes_get_them() {
        let params = Params::new().with("a", "1").with("b", "x;y").with("c", "");
        assert_eq!(params.to_string(), ";a=1;b=\"x;y\";c=\"\"");
        assert_eq!(parse(&params.to_string()), params);
    }

    #[test]
    fn setting_again_keeps_the_place() {
        let mut params = parse(";a=1;b=2");
        params.set("A", "3");
        params.remove("b");
        assert_eq!(params.to_string(), ";a=3");
    }
}
