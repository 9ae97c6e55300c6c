//! Completion of calls: what a far end offers with its refusal or its ringing, and what it tells of the queue.
//!
//! # What it does
//! Reads the offer in Call-Info (`<sip:...>;purpose=call-completion;m=BS`) and the body `application/call-completion`.
//!
//! # Limits
//! [`MAX_STATE_LINES`] lines of a body are read. `service-retention` is passed over: a call that fails again is asked for
//! again. Of the m parameters BS, NR and NL are known; another one is no offer.
//!
//! # Standard
//! RFC 6910.

use crate::message::{HeaderName, Headers, NameAddr, Uri, text};

/// Lines read of a body.
pub const MAX_STATE_LINES: usize = 32;
/// Offers looked for among the values of Call-Info.
const MAX_VALUES: usize = 16;

/// Why the call was not completed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum CompletionMode {
    /// Busy (CCBS).
    Busy,
    /// Nobody answered (CCNR).
    NoReply,
    /// Not registered (CCNL).
    NotLoggedIn,
}

impl CompletionMode {
    /// Its m parameter.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Busy => "BS",
            Self::NoReply => "NR",
            Self::NotLoggedIn => "NL",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Busy, Self::NoReply, Self::NotLoggedIn];
        all.into_iter().find(|mode| mode.word().eq_ignore_ascii_case(word))
    }
}

/// What a far end offers to who called in vain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompletionOffer {
    /// Where to ask for it.
    pub uri: Uri,
    /// Why the call was not completed.
    pub mode: CompletionMode,
}

impl CompletionOffer {
    /// The offer in the headers of an answer to INVITE.
    pub fn of(headers: &Headers) -> Option<Self> {
        let values = headers.get_all(&HeaderName::CallInfo);
        let all =
            values.filter_map(|value| NameAddr::parse_list(&text(value)).ok()).flatten().take(MAX_VALUES);
        all.into_iter().find_map(|info| {
            let purpose = info.params.get("purpose")?;
            if !purpose.eq_ignore_ascii_case("call-completion") {
                return None;
            }
            let mode =
                info.params.get("m").or_else(|| info.uri.param("m")).and_then(CompletionMode::of_word)?;
            matches!(info.uri, Uri::Sip(_)).then(|| Self { uri: info.uri.as_target(), mode })
        })
    }

    /// Where to ask for it, with the reason.
    pub fn target(&self) -> Uri {
        self.marked(self.uri.clone())
    }

    /// `uri` for the call that completes the one in vain.
    pub fn marked(&self, mut uri: Uri) -> Uri {
        uri.set_param("m", self.mode.word());
        uri
    }
}

/// What a far end tells of one who waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompletionState {
    /// It is his turn: he may call now.
    pub ready: bool,
    /// Whom to call, where it is told.
    pub uri: Option<Uri>,
}

impl CompletionState {
    /// The state in `body`; none if it tells none.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = text(body);
        let (mut ready, mut uri) = (None, None);
        for line in body.lines().take(MAX_STATE_LINES) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let (name, value) = (name.trim(), value.trim());
            if name.eq_ignore_ascii_case("cc-state") {
                ready = match value {
                    v if v.eq_ignore_ascii_case("ready") => Some(true),
                    v if v.eq_ignore_ascii_case("queued") => Some(false),
                    _ => ready,
                };
            } else if name.eq_ignore_ascii_case("cc-URI") {
                let read = value.parse::<NameAddr>().ok().map(|address| address.uri.as_target());
                uri = read.filter(|read| matches!(read, Uri::Sip(_))).or(uri);
            }
        }
        Some(Self { ready: ready?, uri })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(values: &[&str]) -> Option<CompletionOffer> {
        let mut headers = Headers::default();
        for value in values {
            headers.push(HeaderName::CallInfo, *value);
        }
        CompletionOffer::of(&headers)
    }

    #[test]
    fn an_offer_tells_where_to_ask_and_why() {
        let read = offer(&[
            "<http://www.example.com/alice/photo.jpg> ;purpose=icon",
            "<sip:cc@pbx.example.com?Subject=x>;purpose=Call-Completion;m=bs, <sip:other@x>;purpose=call-completion;m=NR",
        ])
        .unwrap();
        assert_eq!(
            (read.uri.to_string().as_str(), read.mode),
            ("sip:cc@pbx.example.com", CompletionMode::Busy)
        );
        assert_eq!(read.target().to_string(), "sip:cc@pbx.example.com;m=BS");
        let read = offer(&["<sip:cc@pbx;m=NR>;purpose=call-completion"]).unwrap();
        assert_eq!(read.mode, CompletionMode::NoReply);
        assert_eq!(read.target().to_string(), "sip:cc@pbx;m=NR");
    }

    #[test]
    fn what_offers_nothing_is_no_offer() {
        for value in [
            "<sip:cc@pbx>",
            "<sip:cc@pbx>;purpose=icon;m=BS",
            "<sip:cc@pbx>;purpose=call-completion",
            "<sip:cc@pbx>;purpose=call-completion;m=XX",
            "<http://pbx/cc>;purpose=call-completion;m=BS",
            "<sip:cc@pbx;purpose=call-completion;m=BS",
            "",
        ] {
            assert_eq!(offer(&[value]), None, "{value}");
        }
        assert_eq!(offer(&[]), None);
    }

    #[test]
    fn a_state_tells_whose_turn_it_is() {
        let read = |body: &str| CompletionState::parse(body.as_bytes());
        let queued = CompletionState { ready: false, uri: None };
        assert_eq!(read("cc-state: queued\r\nservice-retention: true\r\n"), Some(queued.clone()));
        let ready = read("CC-State :READY\r\ncc-URI: <sip:4001@pbx;gr=7?a=b>\r\n").unwrap();
        assert!(ready.ready);
        assert_eq!(ready.uri.unwrap().to_string(), "sip:4001@pbx;gr=7");
        assert_eq!(
            read("cc-URI: sip:4001@pbx\ncc-state: ready").unwrap().uri.unwrap().to_string(),
            "sip:4001@pbx"
        );
        assert_eq!(read("cc-state: queued\ncc-URI: tel:+1\ncc-state: soon"), Some(queued));
        for body in ["", "cc-state", "cc-state: perhaps", "cc-URI: sip:4001@pbx", "\u{0}:"] {
            assert_eq!(read(body), None, "{body}");
        }
        assert_eq!(CompletionState::parse(&[0xff; 5000]), None);
        let far = format!("{}cc-state: ready\n", "X: y\n".repeat(MAX_STATE_LINES));
        assert_eq!(read(&far), None);
    }
}
