//! The Replaces header: which dialog a new call takes the place of.
//!
//! # What it does
//! Reads and writes the header, also as it stands escaped in the URI of a Refer-To.
//!
//! # Limits
//! Parameters that nobody here knows are passed over.
//!
//! # Standard
//! RFC 3891 §6.1.

use core::fmt;
use core::str::FromStr;

use super::lex::{Scan, Syntax, is_lws};
use super::params::Params;

/// A dialog as the side that is to be replaced at knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// Call-ID of the dialog.
    pub call_id: String,
    /// The tag of the side that gets the header.
    pub to_tag: String,
    /// The tag of the side that is replaced.
    pub from_tag: String,
    /// Only while that dialog is early.
    pub early_only: bool,
}

impl FromStr for Replaces {
    type Err = Syntax;

    /// `callid;to-tag=x;from-tag=y;early-only`
    fn from_str(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let call_id =
            scan.take_while(|b| !is_lws(b) && !b.is_ascii_control() && !matches!(b, b';' | b',')).to_owned();
        if call_id.is_empty() {
            return Err(scan.error("a call identifier"));
        }
        let params = Params::scan(&mut scan)?;
        let once = |name: &str, expected| {
            let mut found = params.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
            match (found.next(), found.next()) {
                (Some((_, value)), None) if is_tag(value) => Ok(value.to_owned()),
                (Some(_) | None, Some(_) | None) => Err(Syntax::new(0, expected)),
            }
        };
        let to_tag = once("to-tag", "one to-tag")?;
        let from_tag = once("from-tag", "one from-tag")?;
        scan.finish()?;
        Ok(Self { call_id, to_tag, from_tag, early_only: params.has("early-only") })
    }
}

/// A tag, or whatever the field takes for one; it must be possible to write it without quotes.
fn is_tag(value: &str) -> bool {
    let separates = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, ';' | ',' | '"' | '<' | '>' | '\\' | '=')
    };
    !value.is_empty() && !value.contains(separates)
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_named_by_call_id_and_both_tags() {
        let read: Replaces =
            " 98732@sip.example.com ; from-tag=r33th4x0r;to-tag=ff87ff ;x=1".parse().unwrap();
        assert_eq!(read.call_id, "98732@sip.example.com");
        assert_eq!((read.to_tag.as_str(), read.from_tag.as_str()), ("ff87ff", "r33th4x0r"));
        assert!(!read.early_only);
        let early: Replaces = "a;to-tag=1;from-tag=2;early-only".parse().unwrap();
        assert_eq!(early.to_string(), "a;to-tag=1;from-tag=2;early-only");
    }

    #[test]
    fn what_names_no_dialog_is_refused() {
        for text in [
            "",
            ";to-tag=1;from-tag=2",
            "a",
            "a;to-tag=1",
            "a;from-tag=1",
            "a;to-tag=;from-tag=2",
            "a;to-tag=1;to-tag=2;from-tag=3",
            "a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2",
            "a b;to-tag=1;from-tag=2",
            "a;to-tag=\"1;2\";from-tag=2",
        ] {
            assert!(text.parse::<Replaces>().is_err(), "{text}");
        }
    }
}
