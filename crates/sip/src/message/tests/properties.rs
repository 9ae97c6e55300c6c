use super::super::escape::unescape;
use super::*;
use crate::digest::{Authorization, Challenge};
use crate::sdp::SessionDescription;
use proptest::prelude::*;

/// Asks for everything that a message can be asked for.
fn exercise(message: &Message) {
    let h = message.headers();
    let _ = (h.top_via(), h.vias(), h.from_(), h.to(), h.contacts(), h.cseq(), h.call_id(), h.max_forwards());
    let _ = (h.routes(), h.record_routes(), h.expires(), h.min_expires(), h.content_type(), h.allow());
    let _ =
        (h.accept(), h.supported(), h.require(), h.unsupported(), h.rack(), h.rseq(), h.session_expires());
    let _ = (h.min_se(), h.retry_after(), h.reasons(), h.q850_cause(), h.alert_info(), h.diversion());
    let _ = (h.p_asserted_identity(), h.remote_party_id(), h.privacy(), h.refer_to(), h.path());
    let _ = SessionDescription::parse(message.body());
    let _ = body_of_type(h, message.body(), "application", "sdp");
    match message {
        Message::Request(request) => {
            let everything = Capabilities {
                methods: vec![request.method.clone()],
                extensions: request.require(),
                schemes: vec![request.uri.scheme().to_owned()],
                content_types: vec!["application/sdp".into()],
                forwards: true,
            };
            if let Err(rejection) = validate_request(request, &everything) {
                let bytes = rejection.response(request, "tag").to_bytes();
                assert!(parse_datagram(&bytes).is_ok(), "{}", text(&bytes));
            }
            request.clone().stamp_source("192.0.2.1:5060".parse().unwrap());
        }
        Message::Response(response) => drop(validate_response(response)),
    }
}

fn fragments() -> impl Strategy<Value = String> {
    let words = [
        "<",
        ">",
        "\"",
        "\\",
        ";",
        ",",
        "=",
        ":",
        "@",
        "?",
        "/",
        "(",
        ")",
        "%",
        "%4",
        "%41",
        " ",
        "\t",
        "\r\n ",
        "[",
        "]",
        "[::1]",
        "sip:",
        "tel:",
        "+49",
        "a",
        "SIP/2.0/UDP",
        "tag",
        "branch",
        "Digest ",
        "realm=",
        "nonce=",
        "\u{e4}",
        "\u{1F600}",
        "\0",
        "*",
        "1",
        "99999999999999999999",
        "INVITE",
        "v=0",
        "\r\nm=audio 1 RTP/AVP 0",
        "a=rtpmap:",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_safe(bytes in prop::collection::vec(any::<u8>(), 0..400), piece in 1usize..50) {
        match parse_datagram(&bytes) {
            Ok(message) => exercise(&message),
            Err(error) => drop(error.answer("t")),
        }
        let _ = SessionDescription::parse(&bytes);
        let _ = (Challenge::parse_all(&text(&bytes)), Authorization::parse(&text(&bytes)), Uri::parse(&text(&bytes)));
        let mut framer = StreamFramer::new();
        for chunk in bytes.chunks(piece) {
            let _ = framer.push(chunk);
            while let Ok(Some(_)) = framer.pop() {}
        }
    }

    #[test]
    fn mutated_messages_are_safe(at in 0usize..320, with in any::<u8>(), cut in 0usize..40, insert in fragments()) {
        let mut bytes = INVITE.as_bytes().to_vec();
        let at = at.min(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, [with].into_iter().chain(insert.bytes()));
        match parse_datagram(&bytes) {
            Ok(message) => {
                exercise(&message);
                let written = message.to_bytes();
                let again = parse_datagram(&written).expect("what we write we can read");
                prop_assert_eq!(again.to_bytes(), written);
            }
            Err(error) => {
                prop_assert!(error.offset <= bytes.len());
                if let Some(answer) = error.answer("t") {
                    prop_assert!(parse_datagram(&answer.to_bytes()).is_ok());
                }
            }
        }
    }

    #[test]
    fn any_header_value_is_safe_and_what_parses_round_trips(value in fragments()) {
        for name in ["Via", "From", "Contact", "CSeq", "Reason", "Accept", "Retry-After", "RAck", "Session-Expires"] {
            let mut request = Request::new(Method::Invite, "sip:a@b".parse().unwrap());
            request.headers.push(HeaderName::from_name(name), &value);
            exercise(&request.into());
        }
        if let Ok(address) = NameAddr::parse(&value) {
            let again = NameAddr::parse(&address.to_string()).expect("what we write we can read");
            prop_assert_eq!(again.to_string(), address.to_string());
            prop_assert_eq!((again.display, again.params), (address.display, address.params));
        }
        if let Ok(via) = Via::parse(&value) {
            prop_assert_eq!(Via::parse(&via.to_string()), Ok(via));
        }
        if let Ok(uri) = Uri::parse(&value) {
            let again = Uri::parse(&uri.to_string()).expect("what we write we can read");
            prop_assert!(uri.equivalent(&uri) && again.equivalent(&uri));
            prop_assert_eq!(again.to_string(), uri.to_string());
        }
        if let Ok(all) = Challenge::parse_all(&value) {
            for challenge in all {
                prop_assert_eq!(Challenge::parse_all(&challenge.to_string()), Ok(vec![challenge]));
            }
        }
    }

    #[test]
    fn made_addresses_round_trip(user in "\\PC{1,12}", display in "\\PC{0,12}", tag in "[a-z0-9]{1,8}", value in "\\PC{0,8}") {
        let mut uri = Uri::sip(Some(&user), "pbx.example".parse().unwrap(), None);
        uri.set_param("x", &value);
        let mut address = NameAddr::new(uri).with_display(&display).with_tag(&tag);
        address.params.set("y", &value);
        let again = NameAddr::parse(&address.to_string()).unwrap();
        prop_assert_eq!(again.uri.user().unwrap(), user.as_str());
        prop_assert_eq!(again.display.as_deref(), Some(display.as_str()));
        prop_assert_eq!(unescape(again.uri.param("x").unwrap()), value.as_str());
        prop_assert_eq!(again.tag(), Some(tag.as_str()));
        prop_assert_eq!(again.params.get("y"), Some(value.as_str()));
    }

    #[test]
    fn any_description_is_safe_and_what_parses_round_trips(lines in prop::collection::vec(("[a-z]=", fragments()), 0..12)) {
        let body: String = lines.iter().map(|(kind, value)| format!("{kind}{}\r\n", value.replace("\r\n", " "))).collect();
        let text = format!("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\n{body}");
        if let Ok(sdp) = SessionDescription::parse(text.as_bytes()) {
            let again = SessionDescription::parse(&sdp.to_bytes()).expect("what we write we can read");
            prop_assert_eq!(again.to_bytes(), sdp.to_bytes());
        }
    }
}
