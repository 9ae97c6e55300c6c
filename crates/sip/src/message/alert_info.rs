//! Alert-Info: how a call should ring.
//!
//! # What it does
//! Reads the forms that servers send: URNs (`<urn:alert:source:internal>`), a URI with `info=`, `Bellcore-drN` as a
//! parameter, at the end of a URI or bare, and a bare `info=`.
//!
//! # Limits
//! [`MAX_ALERTS`] values are kept, each of [`MAX_ALERT`] bytes at the most; nothing is ever fetched from a URI.
//!
//! # Standard
//! RFC 3261 §20.4, RFC 7462; Bellcore-dr is usage of the field after GR-506's distinctive ringing.

use core::fmt;

use super::lex::{quote, split_list};

/// Values kept of one call.
pub const MAX_ALERTS: usize = 8;
/// The longest value that is kept.
pub const MAX_ALERT: usize = 256;

/// How to ring, by one value of Alert-Info.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alert {
    /// Distinctive ringing by its Bellcore number, 1 to 8.
    Bellcore(u8),
    /// An alert URN without `urn:alert:`, in lower case: `source:internal`.
    Urn(String),
    /// Any other name in `info=`, in lower case: `alert-internal`.
    Info(String),
    /// Only a sound at an address, as written.
    Uri(String),
}

impl Alert {
    /// Every alert of one header value; what is empty or too long is passed over.
    pub fn parse_list(text: &str) -> Vec<Self> {
        let items = split_list(text).into_iter().map(|(_, item)| item.trim());
        items
            .filter(|item| !item.is_empty() && item.len() <= MAX_ALERT)
            .filter_map(Self::parse)
            .take(MAX_ALERTS)
            .collect()
    }

    fn parse(item: &str) -> Option<Self> {
        let (uri, rest) = match item.strip_prefix('<').map(|item| item.split_once('>')) {
            Some(Some((uri, rest))) => (uri.trim(), rest),
            Some(None) => return None,
            // Bare: all up to the first parameter, which may be all there is.
            None => {
                let end = if is_info(item) { 0 } else { item.find(';').unwrap_or(item.len()) };
                item.split_at_checked(end)?
            }
        };
        let info = rest.split(';').map(str::trim).find_map(|param| {
            let (name, value) = param.split_once('=')?;
            name.trim().eq_ignore_ascii_case("info").then(|| value.trim().trim_matches('"').trim())
        });
        if let Some(info) = info.filter(|info| !info.is_empty()) {
            let info = info.to_ascii_lowercase();
            return Some(bellcore(&info).map_or(Self::Info(info), Self::Bellcore));
        }
        let name = uri.to_ascii_lowercase();
        if let Some(urn) = name.strip_prefix("urn:alert:").filter(|urn| !urn.is_empty()) {
            return Some(Self::Urn(urn.to_owned()));
        }
        if let Some(number) = name.rsplit('/').next().and_then(bellcore) {
            return Some(Self::Bellcore(number));
        }
        if name.is_empty() {
            return None;
        }
        Some(if name.contains(':') { Self::Uri(uri.to_owned()) } else { Self::Info(name) })
    }

    /// It tells that the call is from within the house.
    pub fn is_internal(&self) -> bool {
        match self {
            Self::Urn(name) => name == "source:internal",
            Self::Info(name) => name.trim_start_matches("alert-") == "internal",
            Self::Bellcore(_) | Self::Uri(_) => false,
        }
    }

    /// It tells that the call is from outside.
    pub fn is_external(&self) -> bool {
        match self {
            Self::Urn(name) => name == "source:external",
            Self::Info(name) => name.trim_start_matches("alert-") == "external",
            Self::Bellcore(_) | Self::Uri(_) => false,
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The address says nothing; the grammar wants one.
            Self::Bellcore(number) => write!(f, "<http://127.0.0.1>;info=Bellcore-dr{number}"),
            Self::Urn(name) => write!(f, "<urn:alert:{}>", clean(name)),
            Self::Info(name) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
                write!(f, "<http://127.0.0.1>;info={name}")
            }
            Self::Info(name) => {
                f.write_str("<http://127.0.0.1>;info=")?;
                quote(name, f)
            }
            Self::Uri(uri) => write!(f, "<{}>", clean(uri)),
        }
    }
}

fn is_info(item: &str) -> bool {
    item.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("info"))
        && item.get(4..).is_some_and(|rest| rest.trim_start().starts_with('='))
}

/// Without what would end the brackets or the line.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>' | '"' | ' ')).collect()
}

/// The number of `bellcore-dr3` or `bellcore-r3`.
fn bellcore(name: &str) -> Option<u8> {
    let rest = name.strip_prefix("bellcore-")?;
    let digit = rest.strip_prefix("dr").or_else(|| rest.strip_prefix('r'))?;
    digit.parse().ok().filter(|number| (1..=8).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_field_is_read() {
        for (text, expected) in [
            ("<urn:alert:source:internal>", Alert::Urn("source:internal".into())),
            ("<URN:Alert:Priority:High>", Alert::Urn("priority:high".into())),
            (
                "<http://www.notused.com>;info=alert-internal;x-line-id=0",
                Alert::Info("alert-internal".into()),
            ),
            ("<http://x>;info=\"Ring Two\"", Alert::Info("ring two".into())),
            ("info=alert-group", Alert::Info("alert-group".into())),
            (";info=alert-external", Alert::Info("alert-external".into())),
            ("<http://127.0.0.1/Bellcore-dr2>", Alert::Bellcore(2)),
            ("Bellcore-dr3", Alert::Bellcore(3)),
            ("bellcore-r5", Alert::Bellcore(5)),
            ("<sip:x@y>;info=Bellcore-dr8", Alert::Bellcore(8)),
            ("<http://x/ring.wav>", Alert::Uri("http://x/ring.wav".into())),
            ("alert-internal", Alert::Info("alert-internal".into())),
        ] {
            assert_eq!(Alert::parse_list(text), [expected], "{text}");
        }
        let several = Alert::parse_list("<urn:alert:source:external>, <urn:alert:service:call-waiting>");
        assert_eq!(several.len(), 2);
        assert!(several[0].is_external() && !several[0].is_internal());
        assert!(Alert::Info("alert-internal".into()).is_internal());
    }

    #[test]
    fn what_is_written_is_read_again() {
        for alert in [
            Alert::Bellcore(4),
            Alert::Urn("source:internal".into()),
            Alert::Info("alert-external".into()),
            Alert::Info("ring, two".into()),
            Alert::Uri("http://x/a.wav".into()),
        ] {
            assert_eq!(Alert::parse_list(&alert.to_string()), [alert]);
        }
    }

    #[test]
    fn hostile_values_are_passed_over() {
        for text in ["", " , ,", "<", "<>", "<urn:alert:>;info=", ";;;", "\u{0}<"] {
            let read = Alert::parse_list(text);
            assert!(read.len() <= 1, "{text}: {read:?}");
        }
        assert_eq!(Alert::parse_list("Bellcore-dr0"), [Alert::Info("bellcore-dr0".into())]);
        assert_eq!(Alert::parse_list("Bellcore-dr300"), [Alert::Info("bellcore-dr300".into())]);
        assert_eq!(Alert::parse_list(&"x".repeat(100_000)), []);
        assert_eq!(Alert::parse_list(&"a,".repeat(1000)).len(), MAX_ALERTS);
        assert!(Alert::parse_list("\u{e4}\u{f6};info=\u{fc}").len() == 1);
    }
}
