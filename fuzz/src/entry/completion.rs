//! What a far end says of a call that can be completed: the offer in Call-Info, and the body of a NOTIFY.

use tipring_sip::message::{HeaderName, Headers, Uri};
use tipring_sip::subscription::{CompletionOffer, CompletionState};

/// What is read is an address that can be called, and is read the same again.
pub fn run(data: &[u8]) {
    if let Some(state) = CompletionState::parse(data) {
        let ready = if state.ready { "ready" } else { "queued" };
        let uri = state.uri.as_ref().map_or_else(String::new, |uri| format!("cc-URI: <{uri}>\r\n"));
        let written = format!("cc-state: {ready}\r\n{uri}");
        assert_eq!(CompletionState::parse(written.as_bytes()), Some(state));
    }
    let mut headers = Headers::default();
    headers.push(HeaderName::CallInfo, data);
    if let Some(offer) = CompletionOffer::of(&headers) {
        let target = Uri::parse(&offer.target().to_string()).expect("what we write we can read");
        assert_eq!(target.param("m"), Some(offer.mode.word()));
        assert!(matches!(target, Uri::Sip(_)));
    }
}
