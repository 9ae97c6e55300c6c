use super::*;

fn ours() -> Capabilities {
    let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    Capabilities {
        methods: vec![Method::Invite, Method::Ack, Method::Cancel, Method::Bye, Method::Register],
        extensions: words(&["timer"]),
        schemes: words(&["sip", "tel"]),
        content_types: words(&["application/sdp"]),
        forwards: false,
    }
}

fn status(text: &str) -> u16 {
    validate_request(&request(text), &ours()).map_or_else(|rejection| rejection.status, |()| 200)
}

#[test]
fn a_good_request_passes() {
    assert_eq!(validate_request(&request(INVITE), &ours()), Ok(()));
    assert_eq!(status(&edited("INVITE", "INVITE tel:+4930 SIP/2.0")), 200);
    assert_eq!(status(&edited("Max-Forwards", "")), 200, "RFC 2543 had none");
    assert_eq!(status(&edited("Max-Forwards", "Require: Timer")), 200);
    let bare = edited("Content-Type", "Content-Type:").replace("Content-Length: 5", "Content-Length: 0");
    assert_eq!(status(&bare), 200, "nobody cares for the type of no body");
}

#[test]
fn missing_repeated_and_malformed_headers_are_400() {
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        assert_eq!(status(&edited(&format!("{name}:"), "")), 400, "{name} is missing");
        if name != "Via" {
            let line = INVITE.lines().find(|line| line.starts_with(name)).unwrap();
            assert_eq!(status(&edited(line, &format!("{line}\r\n{line}"))), 400, "{name} twice");
        }
        assert_eq!(status(&edited(&format!("{name}:"), &format!("{name}: <\" x"))), 400, "{name} malformed");
    }
    for (name, value) in [
        ("CSeq:", "CSeq: 1 BYE"),
        ("Max-Forwards:", "Max-Forwards: 256"),
        ("Contact:", "Contact: <sip:a@b"),
        ("Contact:", "Route: <sip:a@b"),
        ("Contact:", "Record-Route: sip:a@b?x=y"),
        ("Content-Type:", "Content-Type: sdp"),
        ("Content-Type:", ""),
        ("INVITE", "INVITE sip:a@b?Route=x SIP/2.0"),
    ] {
        assert_eq!(status(&edited(name, value)), 400, "{value}");
    }
    let rejection = validate_request(&request(edited("From", "")), &ours()).unwrap_err();
    assert_eq!(rejection.to_string(), "400 Bad Request: From: missing");
}

#[test]
fn unknown_methods_are_501_and_unwanted_ones_405_with_allow() {
    let with = |method: &str| {
        let text = INVITE.replace("INVITE", method);
        let request = request(text);
        let rejection = validate_request(&request, &ours()).unwrap_err();
        (rejection.status, rejection.response(&request, "t").allow().len())
    };
    assert_eq!(with("DANCE"), (501, 5));
    assert_eq!(with("invite"), (501, 5));
    assert_eq!(with("PUBLISH"), (405, 5));
}

#[test]
fn unknown_schemes_are_416() {
    for uri in ["sips:a@b", "http://x.example/", "urn:service:sos"] {
        assert_eq!(status(&edited("INVITE", &format!("INVITE {uri} SIP/2.0"))), 416, "{uri}");
    }
}

#[test]
fn unknown_extensions_are_420_but_not_in_ack_and_cancel() {
    let text =
        edited("Max-Forwards", "Require: timer, 100rel\r\nRequire: precondition\r\nProxy-Require: sec-agree");
    let invite = request(&text);
    let rejection = validate_request(&invite, &ours()).unwrap_err();
    assert_eq!(rejection.status, 420);
    assert_eq!(rejection.response(&invite, "t").unsupported(), ["100rel", "precondition"]);
    for method in ["ACK", "CANCEL"] {
        assert_eq!(status(&text.replace("INVITE", method)), 200, "{method}");
    }
}

#[test]
fn only_who_forwards_counts_hops() {
    let text = edited("Max-Forwards", "Max-Forwards: 0");
    assert_eq!(status(&text), 200);
    let proxy = Capabilities { forwards: true, ..ours() };
    assert_eq!(validate_request(&request(text), &proxy).unwrap_err().status, 483);
}

#[test]
fn bodies_and_answers_have_to_be_understood() {
    for (name, value, expected) in [
        ("Content-Type:", "Content-Type: application/unknown", 415),
        ("Content-Type:", "Content-Type: x/y\r\nContent-Disposition: render; handling=optional", 200),
        ("Content-Type:", "Content-Type: Application/SDP; charset=x", 200),
        ("Contact:", "Content-Encoding: gzip", 415),
        ("Contact:", "Content-Encoding: identity", 200),
        ("Contact:", "Accept: text/plain", 406),
        ("Contact:", "Accept:", 406),
        ("Contact:", "Accept: text/plain, application/*;q=0.3", 200),
    ] {
        assert_eq!(status(&edited(name, value)), expected, "{value}");
    }
    let invite = request(edited("Content-Type:", "Content-Type: a/b"));
    let answer = validate_request(&invite, &ours()).unwrap_err().response(&invite, "t");
    assert_eq!(answer.accept().unwrap().unwrap()[0].to_string(), "application/sdp");
}

#[test]
fn answers_to_doubled_headers_have_one_of_each() {
    let line = "From: <sip:other@x>;tag=2";
    let invite = request(edited("Max-Forwards", line));
    let answer = validate_request(&invite, &ours()).unwrap_err().response(&invite, "t");
    assert_eq!(answer.from_().unwrap().tag(), Some("2"));
}

#[test]
fn registers_are_for_sip_addresses() {
    let register = INVITE.replace("INVITE", "REGISTER");
    assert_eq!(status(&register), 200);
    assert_eq!(status(&register.replace("To: <sip:4001@pbx.example>", "To: <isbn:2983792873>")), 400);
}

#[test]
fn responses_without_their_five_headers_are_dropped() {
    let good = request(INVITE).response(200, "", Some("t"));
    assert_eq!(validate_response(&good), Ok(()));
    for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
        let mut bad = good.clone();
        bad.headers.remove(&name);
        assert_eq!(validate_response(&bad).unwrap_err().name, name);
    }
}
