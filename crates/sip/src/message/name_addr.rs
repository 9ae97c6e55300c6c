//! Addresses with a display name and parameters: From, To, Contact, Route and their kin.

use core::fmt;
use core::str::FromStr;

use super::lex::{Scan, Syntax, is_lws, quote, split_list};
use super::params::Params;
use super::uri::{Uri, UriError};

/// `"Display" <uri>;params`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// Display name without quotes and escapes.
    pub display: Option<String>,
    /// The address.
    pub uri: Uri,
    /// Parameters of the header, not of the URI.
    pub params: Params,
}

impl NameAddr {
    /// An address alone.
    pub const fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::new() }
    }

    /// With a display name.
    #[must_use]
    pub fn with_display(mut self, display: &str) -> Self {
        self.display = Some(display.to_owned());
        self
    }

    /// With `tag` as its tag parameter.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", tag);
        self
    }

    /// The tag; one without value counts as none.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// Every address of a comma-separated list; empty items are passed over.
    ///
    /// # Errors
    /// When an item is no address.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Syntax> {
        let items = split_list(text).into_iter().filter(|(_, item)| !item.trim().is_empty());
        items.map(|(base, item)| Self::parse(item).map_err(|e| e.shifted(base))).collect()
    }

    /// The address of `text`.
    ///
    /// # Errors
    /// When the display name, the URI or the parameters have the wrong form.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let display = if scan.peek() == Some(b'"') {
            let name = scan.quoted()?;
            scan.skip_lws();
            if scan.peek() != Some(b'<') {
                return Err(scan.error("an angle bracket after the display name"));
            }
            Some(name)
        } else if scan.rest().contains('<') {
            // Tokens by the grammar; the field sends more, but the separators of lists and values stay forbidden.
            let name = scan.take_while(|b| {
                is_lws(b) || !b.is_ascii_control() && !matches!(b, b',' | b';' | b'"' | b'<' | b'>' | b'\\')
            });
            if scan.peek() != Some(b'<') {
                return Err(scan.error("an angle bracket or a character of a display name"));
            }
            let name = name.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            (!name.is_empty()).then_some(name)
        } else {
            None
        };
        let (base, uri) = if scan.eat(b'<') {
            let base = scan.pos();
            let uri = scan.take_while(|b| b != b'>');
            if !scan.eat(b'>') {
                return Err(scan.error("a closing angle bracket"));
            }
            (base, uri)
        } else {
            let base = scan.pos();
            let uri = scan.take_while(|b| !is_lws(b) && b != b';');
            // RFC 3261 §20.10: such a URI must stand in angle brackets.
            if let Some(at) = uri.find(['?', ',']) {
                return Err(Syntax::new(base + at, "angle brackets around this URI"));
            }
            (base, uri)
        };
        let uri = Uri::parse(uri).map_err(|error| match error {
            UriError::Syntax(syntax) => syntax.shifted(base),
            UriError::TooLong(_) => Syntax::new(base, "a shorter URI"),
        })?;
        let params = Params::scan(&mut scan)?;
        scan.finish()?;
        Ok(Self { display, uri, params })
    }
}

impl FromStr for NameAddr {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        Self::parse(text)
    }
}

impl fmt::Display for NameAddr {
    /// The URI always stands in angle brackets, a display name always in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            quote(display, f)?;
            f.write_str(" ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_parse_and_give_one_form_back() {
        let plain = NameAddr::parse(" sip:caller@example.net ; tag = 1a ").unwrap();
        assert_eq!(plain.to_string(), "<sip:caller@example.net>;tag=1a");
        let full = NameAddr::parse("\"J \\\"R\\\" R\"<sip:j@x;lr?a=b>;tag=9;x").unwrap();
        assert_eq!(full.display.as_deref(), Some("J \"R\" R"));
        assert_eq!(full.to_string(), "\"J \\\"R\\\" R\" <sip:j@x;lr?a=b>;tag=9;x");
        let tokens = NameAddr::parse("Anna  Maria <tel:+4930123>").unwrap();
        assert_eq!(tokens.display.as_deref(), Some("Anna Maria"));
        let sloppy = NameAddr::parse("J\u{f6}rg (+49: a@b) <sip:j@x>").unwrap();
        assert_eq!(sloppy.display.as_deref(), Some("J\u{f6}rg (+49: a@b)"));
    }

    #[test]
    fn malformed_addresses_name_the_place() {
        for (text, expected) in [
            ("\"Mr. J. <sip:j@x>", "a closing quote"),
            ("Bell, Alexander <sip:a@x>", "an angle bracket or a character of a display name"),
            ("\"Watson\" < sip:t@x >", "a URI without blanks, quotes or angle brackets"),
            ("sip:user@example.com?Route=%3Csip:x%3E", "angle brackets around this URI"),
            ("<sip:a@b", "a closing angle bracket"),
            ("<sip:a@b>;=3", "a parameter name"),
            ("<sip:a@b> x", "the end of the value"),
        ] {
            assert_eq!(NameAddr::parse(text).unwrap_err().expected, expected, "{text}");
        }
    }

    #[test]
    fn lists_hold_several_addresses() {
        let list = NameAddr::parse_list("<sip:a@x;lr>, \"b, c\" <sip:b@x>;q=0.5,sip:c@x").unwrap();
        assert_eq!(list.len(), 3);
        assert_eq!(list[1].params.get("q"), Some("0.5"));
    }
}
