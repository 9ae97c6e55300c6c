//! Headers by type: each accessor parses its header and says what is wrong with it.

use super::alert_info::{Alert, MAX_ALERTS};
use super::diversion::{Diversion, MAX_DIVERSIONS, diversions_of_history, parse_diversions};
use super::event::{EventType, SubscriptionState};
use super::header_name::HeaderName;
use super::headers::Headers;
use super::lex::{Syntax, split_list, text};
use super::method::Method;
use super::name_addr::NameAddr;
use super::replaces::Replaces;
use super::request::Request;
use super::response::Response;
use super::values::{CSeq, MediaType, RAck, Reason, Seconds, SessionExpires};
use super::via::Via;

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct HeaderError {
    /// Which header.
    pub name: HeaderName,
    /// What is wrong.
    pub problem: Problem,
}

/// How a header can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It has to be there.
    #[error("missing")]
    Missing,
    /// It stands more than once but may only stand once.
    #[error("more than one")]
    Repeated,
    /// Its value has the wrong form.
    #[error("{0}")]
    Malformed(#[from] Syntax),
}

impl HeaderError {
    fn missing(name: HeaderName) -> Self {
        Self { name, problem: Problem::Missing }
    }
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident -> $out:ty = |$headers:ident| $body:expr;)*) => {
        #[allow(clippy::missing_errors_doc, reason = "all fail the same way: the header is wrong")]
        impl Headers { $($(#[$doc])* pub fn $name(&self) -> $out { let $headers = self; $body })* }
        #[allow(clippy::missing_errors_doc, reason = "all fail the same way: the header is wrong")]
        impl Request { $($(#[$doc])* pub fn $name(&self) -> $out { self.headers.$name() })* }
        #[allow(clippy::missing_errors_doc, reason = "all fail the same way: the header is wrong")]
        impl Response { $($(#[$doc])* pub fn $name(&self) -> $out { self.headers.$name() })* }
    };
}

type Parsed<T> = Result<T, HeaderError>;

accessors! {
    /// The topmost Via.
    top_via -> Parsed<Via> = |h| {
        let value = h.get(&HeaderName::Via).ok_or_else(|| HeaderError::missing(HeaderName::Via))?;
        let value = text(value);
        let first = split_list(&value).into_iter().next().unwrap_or((0, ""));
        Via::parse(first.1).map_err(malformed(HeaderName::Via))
    };
    /// All Vias, topmost first.
    vias -> Parsed<Vec<Via>> = |h| h.list(HeaderName::Via, Via::parse_list);
    /// From.
    from_ -> Parsed<NameAddr> = |h| h.mandatory(HeaderName::From, NameAddr::parse);
    /// To.
    to -> Parsed<NameAddr> = |h| h.mandatory(HeaderName::To, NameAddr::parse);
    /// All Contacts; none for `*` (see `contact_is_star`).
    contacts -> Parsed<Vec<NameAddr>> = |h| {
        if h.contact_is_star() { Ok(Vec::new()) } else { h.list(HeaderName::Contact, NameAddr::parse_list) }
    };
    /// Whether Contact is `*`, which unregisters everything.
    contact_is_star -> bool = |h| h.get(&HeaderName::Contact) == Some(b"*".as_slice());
    /// CSeq.
    cseq -> Parsed<CSeq> = |h| h.mandatory(HeaderName::CSeq, str::parse);
    /// Call-ID.
    call_id -> Parsed<String> = |h| h.mandatory(HeaderName::CallId, call_id_value);
    /// Max-Forwards, 0 to 255.
    max_forwards -> Parsed<Option<u8>> = |h| h.optional(HeaderName::MaxForwards, |value| {
        value.trim().parse().map_err(|_| Syntax::new(0, "a number from 0 to 255"))
    });
    /// Routes still to visit.
    routes -> Parsed<Vec<NameAddr>> = |h| h.list(HeaderName::Route, NameAddr::parse_list);
    /// Proxies that want to stay on the way, in the order they stand.
    record_routes -> Parsed<Vec<NameAddr>> = |h| h.list(HeaderName::RecordRoute, NameAddr::parse_list);
    /// Path of a registration (RFC 3327).
    path -> Parsed<Vec<NameAddr>> = |h| h.list(HeaderName::Path, NameAddr::parse_list);
    /// Service-Route of a registrar (RFC 3608).
    service_routes -> Parsed<Vec<NameAddr>> = |h| h.list(HeaderName::ServiceRoute, NameAddr::parse_list);
    /// Expires.
    expires -> Parsed<Option<Seconds>> = |h| h.optional(HeaderName::Expires, Seconds::parse);
    /// Min-Expires.
    min_expires -> Parsed<Option<Seconds>> = |h| h.optional(HeaderName::MinExpires, Seconds::parse);
    /// Content-Type.
    content_type -> Parsed<Option<MediaType>> = |h| h.optional(HeaderName::ContentType, str::parse);
    /// Media types that the sender accepts; `None` where it does not say.
    accept -> Parsed<Option<Vec<MediaType>>> = |h| {
        if !h.has(&HeaderName::Accept) { return Ok(None); }
        h.list(HeaderName::Accept, |value| {
            let items = split_list(value).into_iter().filter(|(_, item)| !item.trim().is_empty());
            items.map(|(base, item)| item.parse().map_err(|e: Syntax| e.shifted(base))).collect()
        }).map(Some)
    };
    /// Allowed methods.
    allow -> Vec<Method> = |h| h.words(&HeaderName::Allow).iter().map(|w| Method::from_name(w)).collect();
    /// Supported extensions.
    supported -> Vec<String> = |h| h.words(&HeaderName::Supported);
    /// Required extensions.
    require -> Vec<String> = |h| h.words(&HeaderName::Require);
    /// Extensions required of proxies.
    proxy_require -> Vec<String> = |h| h.words(&HeaderName::ProxyRequire);
    /// Extensions that the answerer does not support.
    unsupported -> Vec<String> = |h| h.words(&HeaderName::Unsupported);
    /// RAck of a PRACK.
    rack -> Parsed<Option<RAck>> = |h| h.optional(HeaderName::RAck, str::parse);
    /// RSeq of a reliable provisional answer.
    rseq -> Parsed<Option<u32>> = |h| h.optional(HeaderName::RSeq, |value| {
        value.trim().parse().map_err(|_| Syntax::new(0, "a number of 32 bits"))
    });
    /// Session-Expires.
    session_expires -> Parsed<Option<SessionExpires>> = |h| h.optional(HeaderName::SessionExpires, str::parse);
    /// Min-SE.
    min_se -> Parsed<Option<Seconds>> = |h| {
        h.optional(HeaderName::MinSe, |v| Seconds::parse(v.split(';').next().unwrap_or("")))
    };
    /// Retry-After; comment and parameters are passed over.
    retry_after -> Parsed<Option<Seconds>> = |h| {
        h.optional(HeaderName::RetryAfter, |v| Seconds::parse(v.split([';', '(']).next().unwrap_or("")))
    };
    /// Reasons of a release, of any protocol.
    reasons -> Parsed<Vec<Reason>> = |h| h.list(HeaderName::Reason, |value| {
        split_list(value).into_iter().map(|(base, item)| item.parse().map_err(|e: Syntax| e.shifted(base))).collect()
    });
    /// The Q.850 cause of a release, where one is given and legible.
    q850_cause -> Option<u8> = |h| h.reasons().ok()?.iter().find_map(Reason::q850_cause);
    /// Alert-Info: how to ring.
    alert_info -> Parsed<Vec<NameAddr>> = |h| h.list(HeaderName::AlertInfo, NameAddr::parse_list);
    /// P-Asserted-Identity (RFC 3325).
    p_asserted_identity -> Parsed<Vec<NameAddr>> = |h| h.list(HeaderName::PAssertedIdentity, NameAddr::parse_list);
    /// P-Preferred-Identity (RFC 3325).
    p_preferred_identity -> Parsed<Vec<NameAddr>> = |h| h.list(HeaderName::PPreferredIdentity, NameAddr::parse_list);
    /// Remote-Party-ID.
    remote_party_id -> Parsed<Vec<NameAddr>> = |h| h.list(HeaderName::RemotePartyId, NameAddr::parse_list);
    /// The same, in every form that the field has for it; what is illegible is passed over.
    alerts -> Vec<Alert> = |h| {
        let values = h.get_all(&HeaderName::AlertInfo).flat_map(|value| Alert::parse_list(&text(value)));
        values.take(MAX_ALERTS).collect()
    };
    /// Diversions, latest first (RFC 5806).
    diversion -> Parsed<Vec<Diversion>> = |h| {
        let mut all = h.list(HeaderName::Diversion, parse_diversions)?;
        all.truncate(MAX_DIVERSIONS);
        Ok(all)
    };
    /// History-Info, as its entries stand (RFC 7044).
    history_info -> Parsed<Vec<NameAddr>> = |h| h.list(HeaderName::HistoryInfo, NameAddr::parse_list);
    /// Who sent the call on, latest first: by Diversion, else by History-Info.
    diversions -> Vec<Diversion> = |h| {
        let told = h.diversion().unwrap_or_default();
        if told.is_empty() { diversions_of_history(&h.history_info().unwrap_or_default()) } else { told }
    };
    /// Privacy wishes in lower case (RFC 3323).
    privacy -> Vec<String> = |h| {
        let words = h.words(&HeaderName::Privacy);
        words.iter().flat_map(|w| w.split(';')).map(|w| w.trim().to_ascii_lowercase()).filter(|w| !w.is_empty()).collect()
    };
    /// Refer-To (RFC 3515).
    refer_to -> Parsed<Option<NameAddr>> = |h| h.optional(HeaderName::ReferTo, NameAddr::parse);
    /// Referred-By (RFC 3892).
    referred_by -> Parsed<Option<NameAddr>> = |h| h.optional(HeaderName::ReferredBy, NameAddr::parse);
    /// Replaces (RFC 3891).
    replaces -> Parsed<Option<Replaces>> = |h| h.optional(HeaderName::Replaces, str::parse);
    /// Event (RFC 6665).
    event -> Parsed<Option<EventType>> = |h| h.optional(HeaderName::Event, str::parse);
    /// Subscription-State (RFC 6665).
    subscription_state -> Parsed<Option<SubscriptionState>> = |h| {
        h.optional(HeaderName::SubscriptionState, str::parse)
    };
}

impl Headers {
    /// A header that must stand exactly once.
    fn mandatory<T>(&self, name: HeaderName, parse: impl Fn(&str) -> Result<T, Syntax>) -> Parsed<T> {
        match self.optional(name.clone(), parse) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(HeaderError::missing(name)),
            Err(error) => Err(error),
        }
    }

    /// A header that may stand once.
    fn optional<T>(&self, name: HeaderName, parse: impl Fn(&str) -> Result<T, Syntax>) -> Parsed<Option<T>> {
        let mut values = self.get_all(&name);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(HeaderError { name, problem: Problem::Repeated });
        }
        parse(&text(value)).map(Some).map_err(malformed(name))
    }

    /// A header that may stand often, each with a list.
    fn list<T>(&self, name: HeaderName, parse: impl Fn(&str) -> Result<Vec<T>, Syntax>) -> Parsed<Vec<T>> {
        let mut all = Vec::new();
        for value in self.get_all(&name) {
            all.extend(parse(&text(value)).map_err(malformed(name.clone()))?);
        }
        Ok(all)
    }

    /// Comma-separated words of all headers of that name.
    fn words(&self, name: &HeaderName) -> Vec<String> {
        let mut words = Vec::new();
        for value in self.get_all(name) {
            let value = text(value);
            words.extend(value.split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned));
        }
        words
    }
}

fn malformed(name: HeaderName) -> impl FnOnce(Syntax) -> HeaderError {
    move |syntax| HeaderError { name, problem: Problem::Malformed(syntax) }
}

fn call_id_value(value: &str) -> Result<String, Syntax> {
    if value.is_empty() {
        return Err(Syntax::new(0, "a call identifier"));
    }
    match value.bytes().position(|b| b <= b' ') {
        Some(at) => Err(Syntax::new(at, "a call identifier without blanks")),
        None => Ok(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::DivertReason;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in lines {
            headers.push(HeaderName::from_name(name), value);
        }
        headers
    }

    #[test]
    fn lists_join_over_several_headers() {
        let h = headers(&[
            ("Route", "<sip:a;lr>, <sip:b;lr>"),
            ("Route", "<sip:c>"),
            ("k", "100rel,timer"),
            ("Supported", "path"),
        ]);
        assert_eq!(h.routes().unwrap().len(), 3);
        assert_eq!(h.supported(), ["100rel", "timer", "path"]);
        let h = headers(&[("v", "SIP/2.0/UDP a;branch=1 , SIP/2.0/TCP b"), ("Via", "SIP/2.0/TLS c")]);
        assert_eq!(h.top_via().unwrap().branch(), Some("1"));
        assert_eq!(h.vias().unwrap().len(), 3);
    }

    #[test]
    fn missing_repeated_and_malformed_are_told_apart() {
        let h =
            headers(&[("To", "<sip:a@b>"), ("To", "<sip:a@b>"), ("From", "<sip:"), ("Max-Forwards", "300")]);
        assert_eq!(h.to().unwrap_err().problem, Problem::Repeated);
        assert!(matches!(h.from_().unwrap_err().problem, Problem::Malformed(_)));
        assert_eq!(h.cseq().unwrap_err().problem, Problem::Missing);
        assert!(h.max_forwards().is_err());
        assert_eq!(h.expires(), Ok(None));
    }

    #[test]
    fn every_small_header_has_its_type() {
        let h = headers(&[
            ("Retry-After", "18000 (in a meeting);duration=3600"),
            ("Min-SE", "90;x=y"),
            ("x", "1800;refresher=uac"),
            ("Privacy", "id; Header"),
            ("Reason", "SIP;cause=486, Q.850;cause=17;text=\"a, b\""),
            ("Contact", "*"),
            ("Allow", "INVITE, ACK,FOO"),
            ("Diversion", "<tel:+1234>;reason=user-busy"),
            ("P-Asserted-Identity", "\"Al\" <sip:al@x>, <tel:+1>"),
            ("Alert-Info", "<http://x/ring.wav>;info=alert-internal"),
            ("RSeq", "7"),
            ("Accept", "application/sdp;level=1, text/*"),
        ]);
        assert_eq!(h.retry_after().unwrap(), Some(Seconds(18000)));
        assert_eq!(h.min_se().unwrap(), Some(Seconds(90)));
        assert_eq!(h.session_expires().unwrap().unwrap().interval, Seconds(1800));
        assert_eq!(h.privacy(), ["id", "header"]);
        assert_eq!(h.q850_cause(), Some(17));
        assert!(h.contact_is_star() && h.contacts().unwrap().is_empty());
        assert_eq!(h.allow(), [Method::Invite, Method::Ack, Method::Other("FOO".into())]);
        assert_eq!(h.diversion().unwrap()[0].reason, DivertReason::Busy);
        assert_eq!(h.p_asserted_identity().unwrap().len(), 2);
        assert_eq!(h.alert_info().unwrap()[0].params.get("info"), Some("alert-internal"));
        assert_eq!(h.rseq().unwrap(), Some(7));
        assert_eq!(h.accept().unwrap().unwrap().len(), 2);
    }
}
