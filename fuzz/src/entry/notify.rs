//! What a NOTIFY and a transfer bring: pieces of SIP messages, events, subscriptions, dialogs to replace, message summaries.

use tipring_sip::message::{EventType, MAX_REASON, Replaces, SipFragment, SubscriptionState, Uri, text};
use tipring_sip::subscription::MessageSummary;

/// What is read can be written, and is read the same again.
pub fn run(data: &[u8]) {
    if let Some(fragment) = SipFragment::parse(data) {
        assert!((100..700).contains(&fragment.status) && fragment.reason.chars().count() <= MAX_REASON);
        let again = SipFragment::parse(&fragment.to_bytes()).expect("what we write we can read");
        assert_eq!(again.status, fragment.status);
        let written = SipFragment::new(fragment.status, &fragment.reason);
        assert_eq!(SipFragment::parse(&written.to_bytes()).map(|f| f.status), Some(fragment.status));
    }
    if let Some(summary) = MessageSummary::parse(data) {
        for count in [summary.voice, summary.fax].into_iter().flatten() {
            assert!(count.urgent_new <= count.new && count.urgent_old <= count.old, "{count:?}");
        }
    }
    let data = text(data);
    if let Ok(replaces) = data.parse::<Replaces>() {
        // As it stands in the URI of a Refer-To, with all that this escapes.
        let uri = Uri::parse("sip:a@b").expect("a URI").with_header("Replaces", &replaces.to_string());
        let uri = Uri::parse(&uri.to_string()).expect("what we write we can read");
        let header = uri.header("replaces").expect("the header");
        assert_eq!(header.parse::<Replaces>(), Ok(replaces));
    }
    if let Ok(event) = data.parse::<EventType>() {
        assert!(event.is(&event.package));
    }
    let _ = data.parse::<SubscriptionState>();
}
