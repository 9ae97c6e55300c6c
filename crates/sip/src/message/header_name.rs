//! Names of headers.

use core::cmp::Ordering;
use core::fmt;

/// A header name, compared without case. Compact forms are the same name.
#[derive(Clone, Debug)]
pub enum HeaderName {
    /// One that Tipring knows.
    Known(Known),
    /// Any other, as written.
    Other(String),
}

macro_rules! known {
    ($($variant:ident $long:literal $($compact:literal)?,)*) => {
        /// The header names that have a place of their own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each is named as its header")]
        pub enum Known { $($variant,)* }

        const TABLE: &[(Known, &str, &str)] = &[$((Known::$variant, $long, concat!($($compact)?)),)*];

        #[allow(non_upper_case_globals, missing_docs, reason = "each is named as its header")]
        impl HeaderName { $(pub const $variant: Self = Self::Known(Known::$variant);)* }
    };
}

known! {
    Accept "Accept",
    AcceptContact "Accept-Contact" "a",
    AcceptEncoding "Accept-Encoding",
    AcceptLanguage "Accept-Language",
    AlertInfo "Alert-Info",
    Allow "Allow",
    AllowEvents "Allow-Events" "u",
    AuthenticationInfo "Authentication-Info",
    Authorization "Authorization",
    CallId "Call-ID" "i",
    CallInfo "Call-Info",
    Contact "Contact" "m",
    ContentDisposition "Content-Disposition",
    ContentEncoding "Content-Encoding" "e",
    ContentLanguage "Content-Language",
    ContentLength "Content-Length" "l",
    ContentType "Content-Type" "c",
    CSeq "CSeq",
    Date "Date",
    Diversion "Diversion",
    ErrorInfo "Error-Info",
    Event "Event" "o",
    Expires "Expires",
    From "From" "f",
    HistoryInfo "History-Info",
    Identity "Identity" "y",
    InReplyTo "In-Reply-To",
    Join "Join",
    MaxForwards "Max-Forwards",
    MimeVersion "MIME-Version",
    MinExpires "Min-Expires",
    MinSe "Min-SE",
    Organization "Organization",
    PAccessNetworkInfo "P-Access-Network-Info",
    PAssertedIdentity "P-Asserted-Identity",
    PPreferredIdentity "P-Preferred-Identity",
    Path "Path",
    Priority "Priority",
    Privacy "Privacy",
    ProxyAuthenticate "Proxy-Authenticate",
    ProxyAuthorization "Proxy-Authorization",
    ProxyRequire "Proxy-Require",
    RAck "RAck",
    Reason "Reason",
    RecordRoute "Record-Route",
    ReferSub "Refer-Sub",
    ReferTo "Refer-To" "r",
    ReferredBy "Referred-By" "b",
    RejectContact "Reject-Contact" "j",
    RemotePartyId "Remote-Party-ID",
    Replaces "Replaces",
    ReplyTo "Reply-To",
    RequestDisposition "Request-Disposition" "d",
    Require "Require",
    RetryAfter "Retry-After",
    Route "Route",
    RSeq "RSeq",
    Server "Server",
    ServiceRoute "Service-Route",
    SessionExpires "Session-Expires" "x",
    Subject "Subject" "s",
    SubscriptionState "Subscription-State",
    Supported "Supported" "k",
    Timestamp "Timestamp",
    To "To" "t",
    Unsupported "Unsupported",
    UserAgent "User-Agent",
    Via "Via" "v",
    Warning "Warning",
    WwwAuthenticate "WWW-Authenticate",
}

impl HeaderName {
    /// The name that `text` spells, long or compact, in any case.
    pub fn from_name(text: &str) -> Self {
        let known = TABLE.iter().find(|(_, long, compact)| {
            (long.len() == text.len() && long.eq_ignore_ascii_case(text))
                || (text.len() == 1 && compact.eq_ignore_ascii_case(text))
        });
        known.map_or_else(|| Self::Other(text.to_owned()), |(known, ..)| Self::Known(*known))
    }

    /// The long name in the spelling of its standard; others as written.
    pub fn as_str(&self) -> &str {
        match self {
            // The table has a row for each variant, in order.
            Self::Known(known) => TABLE.get(*known as usize).map_or("", |(_, long, _)| long),
            Self::Other(name) => name,
        }
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for HeaderName {}

impl PartialOrd for HeaderName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for HeaderName {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => a.cmp(b),
            (Self::Known(_), Self::Other(_)) => Ordering::Less,
            (Self::Other(_), Self::Known(_)) => Ordering::Greater,
            (Self::Other(a), Self::Other(b)) => {
                let lower = |b: u8| b.to_ascii_lowercase();
                a.bytes().map(lower).cmp(b.bytes().map(lower))
            }
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_and_compact_form_is_found() {
        for (at, (known, long, compact)) in TABLE.iter().enumerate() {
            assert_eq!(*known as usize, at);
            assert_eq!(HeaderName::from_name(&long.to_uppercase()), HeaderName::Known(*known));
            assert_eq!(HeaderName::Known(*known).as_str(), *long);
            if !compact.is_empty() {
                assert_eq!(HeaderName::from_name(compact), HeaderName::Known(*known), "{compact}");
            }
        }
        assert_eq!(HeaderName::from_name("v"), HeaderName::Via);
    }

    #[test]
    fn unknown_names_compare_without_case() {
        assert_eq!(HeaderName::from_name("x-Foo"), HeaderName::from_name("X-FOO"));
        assert_ne!(HeaderName::from_name("x-Foo"), HeaderName::from_name("x-Fop"));
        assert_eq!(HeaderName::from_name("x-Foo").to_string(), "x-Foo");
    }
}
