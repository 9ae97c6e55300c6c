//! Who sent a call on, and how it should ring: Diversion, History-Info, Alert-Info.

use tipring_sip::message::{
    Alert, Diversion, HeaderName, Headers, MAX_ALERTS, MAX_DIVERSIONS, NameAddr, Uri, history_of, text,
};

/// What is read is bounded; a diversion that we write is read the same again, and so is the history made of it.
pub fn run(data: &[u8]) {
    let line: Vec<u8> = data.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let line = text(&line);
    for name in [HeaderName::Diversion, HeaderName::HistoryInfo] {
        let mut headers = Headers::new();
        headers.push(name, line.as_ref());
        let told = headers.diversions();
        assert!(told.len() <= MAX_DIVERSIONS);
        for diversion in &told {
            let again: Diversion = diversion.to_string().parse().expect("what we write we can read");
            assert_eq!(again.reason, diversion.reason);
            assert_eq!((again.count, again.private), (diversion.count, diversion.private));
        }
        if let Some(history) = history_of(&told, &Uri::parse("sip:a@b").expect("a URI")) {
            let entries = NameAddr::parse_list(&history).expect("what we write we can read");
            assert_eq!(entries.len(), told.len() + 1);
        }
    }
    let alerts = Alert::parse_list(&line);
    assert!(alerts.len() <= MAX_ALERTS);
    for alert in alerts {
        assert!(Alert::parse_list(&alert.to_string()).len() <= 1, "{alert:?}");
    }
}
