use super::*;

fn error(bytes: impl AsRef<[u8]>) -> ParseError {
    parse_datagram(bytes.as_ref()).expect_err("an error")
}

#[test]
fn an_invite_is_taken_apart_and_written_back_byte_for_byte() {
    let invite = request(INVITE);
    assert_eq!(invite.method, Method::Invite);
    assert_eq!(invite.uri.user().unwrap(), "4001");
    assert_eq!(invite.headers.len(), 9);
    assert_eq!(invite.body, b"v=0\r\n");
    assert_eq!(String::from_utf8(invite.to_bytes()).unwrap(), INVITE);
}

#[test]
fn compact_names_folding_and_odd_bytes_survive() {
    let invite = request(
        b"\r\n\r\nINVITE sip:a@b SIP/2.0\r\nv : SIP/2.0/UDP h\r\n ;branch=z9hG4bK1\r\ns:Gr\xfc\xdfe\r\n\
          X-Utf8: \xe2\x82\xac\t\x01\r\nL: 0\r\n\r\n",
    );
    assert_eq!(invite.top_via().unwrap().branch(), Some("z9hG4bK1"));
    assert_eq!(invite.headers.get(&HeaderName::Subject), Some(b"Gr\xfc\xdfe".as_slice()));
    assert_eq!(invite.headers.get(&HeaderName::from_name("x-utf8")), Some(b"\xe2\x82\xac\t\x01".as_slice()));
    let written = invite.to_bytes();
    assert!(written.windows(21).any(|w| w == b"Subject: Gr\xfc\xdfe\r\nX-Utf"));
}

#[test]
fn bare_line_feeds_end_lines() {
    let text = INVITE.replace("\r\n", "\n").replace("Content-Length: 5", "Content-Length: 4");
    assert_eq!(request(text).cseq().unwrap().seq, 1);
}

#[test]
fn bytes_behind_the_body_are_passed_over() {
    assert_eq!(request(format!("{INVITE}trailing")).body, b"v=0\r\n");
    let open = edited("Content-Length", "");
    assert_eq!(request(format!("{open}more")).body, b"v=0\r\nmore");
}

#[test]
fn responses_have_a_status_and_perhaps_a_reason() {
    for (line, status, reason) in [
        ("SIP/2.0 200 OK", 200, "OK"),
        ("SIP/2.0 180 ", 180, ""),
        ("SIP/2.0 486", 486, ""),
        ("sip/2.0 603 Nein danke", 603, "Nein danke"),
    ] {
        match parse_datagram(format!("{line}\r\nVia: SIP/2.0/UDP h\r\n\r\n").as_bytes()) {
            Ok(Message::Response(r)) => assert_eq!((r.status, r.reason.as_str()), (status, reason)),
            other => panic!("{line}: {other:?}"),
        }
    }
    for line in
        ["SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 2000 x", "SIP/2.0 abc", "SIP/2.0", "SIP/3.0 200 OK"]
    {
        let error = error(format!("{line}\r\nVia: SIP/2.0/UDP h\r\nCSeq: 1 ACK\r\n\r\n"));
        assert_eq!(error.answer("t"), None, "nobody answers a response: {line}");
    }
}

#[test]
fn each_fault_has_its_status_and_place() {
    let start = |line: &str| edited("INVITE", line);
    for (text, status, offset) in [
        (start("INVITE sip:a@b SIP/7.0"), 505, 15),
        (start("INVITE sip:a@b HTTP/1.1"), 400, 15),
        (start("INVITE sip:a@b"), 400, 14),
        (start("INVITE  sip:a@b SIP/2.0"), 400, 7),
        (start("INVITE sip:a@b  SIP/2.0"), 400, 14),
        (start("INVITE <sip:a@b> SIP/2.0"), 400, 7),
        (start("INVITE sip:a@b SIP/2.0 "), 400, 23),
        (start(&format!("INVITE sip:{}@b SIP/2.0", "a".repeat(MAX_URI))), 414, 7),
        (edited("To:", "T(o: <sip:a@b>"), 400, 160),
        (edited("To:", "To <sip:a@b>"), 400, 162),
        (edited("To:", "To: <sip:a@b>\r;tag=1"), 400, 173),
        (edited("Content-Length", "Content-Length: 6"), 400, 315),
        (edited("Content-Length", "Content-Length: -1"), 400, 289),
        (edited("Content-Length", "Content-Length: 5\r\nl: 5"), 400, 308),
        (edited("Content-Length", "Content-Length: 99999999999999999999"), 400, 289),
        (edited("Content-Length", &"X-Y: z\r\n".repeat(MAX_HEADERS)), 513, 2273),
        (edited("Content-Type", &format!("X: {}", "y".repeat(MAX_HEADER_SECTION))), 513, MAX_HEADER_SECTION),
        (format!("{}{}", edited("Content-Length", ""), "x".repeat(MAX_MESSAGE)), 513, MAX_MESSAGE),
    ] {
        let error = error(&text);
        let line: String = text.chars().take(30).collect();
        assert_eq!(error.status, status, "{line}: {error}");
        assert!(error.offset.abs_diff(offset) <= 16, "{line}: {error}, not {offset}");
        assert!(error.is_request());
        let answer = error.answer("t9").expect("an answer");
        assert_eq!(answer.status, status);
        assert_eq!(answer.top_via().unwrap().branch(), Some("z9hG4bKa1"));
        assert!(parse_datagram(&answer.to_bytes()).is_ok());
    }
}

#[test]
fn answers_to_bad_requests_carry_what_was_found() {
    let error = error(edited("INVITE", "INVITE sip:a@b SIP/9.1"));
    let answer = error.answer("t9").unwrap();
    assert_eq!((answer.status, answer.reason.as_str()), (505, "Version Not Supported"));
    assert_eq!(answer.to().unwrap().tag(), Some("t9"));
    assert_eq!(answer.from_().unwrap().tag(), Some("f1"));
    assert_eq!(answer.call_id().unwrap(), "c1@192.0.2.7");
    assert_eq!(answer.cseq().unwrap().method, Method::Invite);
    assert_eq!(answer.headers.len(), 5);
}

#[test]
fn what_cannot_be_matched_is_not_answered() {
    let bad = |text: String| error(text).answer("t");
    assert_eq!(bad(edited("INVITE", "ACK sip:a@b SIP/7.0")), None, "ACK is never answered");
    assert_eq!(bad(edited("INVITE", "INVITE sip:a@b SIP/7.0").replace("Via", "X-Via")), None);
    for noise in [
        b"".as_slice(),
        b"\r\n\r\n",
        b"\0\0",
        b"hello",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b" \r\n\r\n",
        b":\r\n\r\n",
    ] {
        assert_eq!(error(noise).answer("t"), None);
    }
    assert!(is_keep_alive(b"\r\n\r\n") && is_keep_alive(b"\0") && is_keep_alive(b"") && !is_keep_alive(b"x"));
}

#[test]
fn every_truncation_of_a_message_is_an_error() {
    for end in 0..INVITE.len() {
        assert!(parse_datagram(&INVITE.as_bytes()[..end]).is_err(), "{end}");
    }
}

#[test]
fn responses_copy_what_the_standard_says() {
    let text = edited(
        "Via",
        "Via: SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b;branch=2\r\nVia: SIP/2.0/TCP c\r\nRecord-Route: <sip:p;lr>\r\nTimestamp: 54",
    );
    let invite = request(text);
    let ringing = invite.response(180, "", Some("u1"));
    assert_eq!(ringing.reason, "Ringing");
    assert_eq!(ringing.vias().unwrap(), invite.vias().unwrap());
    assert_eq!(ringing.to().unwrap().tag(), Some("u1"));
    assert_eq!(ringing.record_routes().unwrap().len(), 1);
    assert!(!ringing.headers.has(&HeaderName::Timestamp) && ringing.body.is_empty());
    let trying = invite.response(100, "", None);
    assert_eq!((trying.to().unwrap().tag(), trying.record_routes().unwrap().len()), (None, 0));
    assert!(trying.headers.has(&HeaderName::Timestamp));
    assert_eq!(invite.response(486, "Beim Essen", Some("x")).record_routes().unwrap().len(), 0);
    let again = request(edited("To:", "To: \"x;tag=no\" <sip:a@b;tag=no>;TAG=yes"));
    assert_eq!(again.response(200, "", Some("u2")).to().unwrap().tag(), Some("yes"));
    let untagged = request(edited("To:", "To: \"x;tag=no\" <sip:a@b;tag=no>"));
    assert_eq!(untagged.response(200, "", Some("u2")).to().unwrap().tag(), Some("u2"));
}

#[test]
fn stamping_changes_only_the_topmost_via() {
    let mut invite =
        request(edited("Via", "Via: SIP/2.0/UDP a;branch=1;rport , SIP/2.0/UDP b\r\nVia: SIP/2.0/TCP c"));
    invite.stamp_source("198.51.100.4:6000".parse().unwrap());
    let vias = invite.vias().unwrap();
    assert_eq!(vias.len(), 3);
    assert_eq!((vias[0].received(), vias[0].rport()), (Some("198.51.100.4".parse().unwrap()), Some(6000)));
    assert_eq!((vias[1].received(), vias[2].received()), (None, None));
}
