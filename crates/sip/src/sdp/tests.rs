use super::*;
use crate::message::Host;
use tipring_units::Millis;

const OFFER: &str = "v=0\r\no=alice 2890844526 2890844527 IN IP4 host.atlanta.com\r\ns=Call\r\ni=words\r\n\
c=IN IP4 192.0.2.1\r\nb=AS:64\r\nt=0 0\r\na=tool:x:y\r\na=sendonly\r\n\
m=audio 49170/2 RTP/AVP 0 8 96 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:96 L16/16000/2\r\n\
a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=maxptime:60.0\r\na=rtcp:53020 IN IP6 ::1\r\n\
a=rtcp-mux\r\na=crypto:1 AES\r\nm=image 0 udptl t38\r\nc=IN IP6 2001:db8::1\r\na=inactive\r\na=T38FaxVersion:0\r\n";

fn parse(text: &str) -> SessionDescription {
    text.parse().unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn every_line_finds_its_place() {
    let sdp = parse(OFFER);
    assert_eq!((sdp.origin.username.as_str(), sdp.origin.version_number()), ("alice", 2_890_844_527));
    assert_eq!(sdp.origin.address, Host::Name("host.atlanta.com".into()));
    assert_eq!(sdp.attribute("tool").as_deref(), Some("x:y"));
    let audio = &sdp.media[0];
    assert_eq!((audio.port, audio.port_count, &audio.proto), (49170, 2, &Proto::RtpAvp));
    assert_eq!(audio.payload_types().collect::<Vec<_>>(), [0, 8, 96, 101]);
    assert!(audio.rtpmap(8).unwrap().is("pcma", 8000), "static types need no rtpmap");
    assert_eq!(audio.rtpmap(96).unwrap().channels, Some(2));
    assert_eq!(audio.fmtp(101), Some("0-15"));
    assert_eq!((audio.ptime, audio.maxptime), (Some(Millis(20)), Some(Millis(60))));
    assert_eq!(audio.rtcp, Some(RtcpAddress { port: 53020, address: Some("::1".parse().unwrap()) }));
    assert!(audio.rtcp_mux);
    assert_eq!(audio.attribute("crypto").as_deref(), Some("1 AES"));
    assert_eq!(sdp.direction_of(audio), Direction::SendOnly);
    assert_eq!(sdp.connection_of(audio).unwrap().address.to_string(), "192.0.2.1");
    let fax = &sdp.media[1];
    assert_eq!((&fax.kind, fax.port, &fax.proto), (&MediaKind::Image, 0, &Proto::Udptl));
    assert_eq!(fax.formats, ["t38"]);
    assert_eq!(sdp.direction_of(fax), Direction::Inactive);
    assert_eq!(sdp.connection_of(fax).unwrap().address.to_string(), "[2001:db8::1]");
}

#[test]
fn descriptions_round_trip() {
    let once = parse(OFFER);
    let again = SessionDescription::parse(&once.to_bytes()).unwrap();
    assert_eq!(once, again);
    assert_eq!(once.to_string(), again.to_string());
}

#[test]
fn sloppy_descriptions_are_understood() {
    let sdp = SessionDescription::parse(
        b"v=0\no=My Phone 1 99999999999999999999999 IN IP4 0.0.0.0\ns=Gespr\xe4ch\nc=IN IP4 0.0.0.0\nm=audio 4000 rtp/avp 0\na=ptime:\x2020\n\n",
    )
    .unwrap();
    assert_eq!(sdp.name, b"Gespr\xe4ch");
    assert_eq!(sdp.origin.username, "My Phone");
    assert_eq!(sdp.origin.version_number(), u64::MAX);
    assert!(sdp.connection.as_ref().unwrap().is_unspecified());
    assert_eq!(sdp.media[0].ptime, Some(Millis(20)));
    let written = sdp.to_bytes();
    assert!(written.windows(8).any(|w| w == b"Gespr\xe4ch".as_slice()), "Latin-1 survives");
    assert!(sdp.to_string().contains("99999999999999999999999"), "long versions survive");
}

#[test]
fn long_versions_compare_as_numbers() {
    let base = parse(OFFER).origin;
    let with = |version: &str| Origin { version: version.into(), ..base.clone() };
    assert!(with("099999999999999999999998").same_revision(&with("99999999999999999999998")));
    assert!(!with("99999999999999999999998").same_revision(&with("99999999999999999999999")));
}

#[test]
fn errors_name_line_and_offset() {
    let head = "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\n";
    for (text, line, expected) in [
        (String::new(), 1, "v= on the first line"),
        ("v=1\r\n".into(), 1, "version 0"),
        ("v=0\r\ns=-\r\n".into(), 3, "an o= line"),
        ("v=0\r\no=- 1 x IN IP4 h\r\n".into(), 2, "a version of digits"),
        (format!("{head}m=audio 70000 RTP/AVP 0\r\n"), 4, "a UDP port from 0 to 65535"),
        (format!("{head}m=audio 1 RTP/AVP\r\n"), 4, "a format"),
        (format!("{head}c=IN ATM x\r\n"), 4, "IN and IP4 or IP6"),
        (format!("{head}hello\r\n"), 4, "a letter and an equals sign"),
        (format!("{head}t=now then\r\n"), 4, "start and stop times"),
    ] {
        let error = text.parse::<SessionDescription>().unwrap_err();
        assert_eq!((error.line, error.expected), (line, expected), "{text}");
        assert!(error.offset <= text.len());
    }
}

#[test]
fn bad_attributes_mean_nothing_but_stay() {
    let bad = "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\nm=video 1 RTP/AVP 31 200\r\na=rtpmap:31 LPC\r\na=ptime:soon\r\na=rtcp:x\r\n";
    let sdp = parse(bad);
    assert_eq!((sdp.media[0].rtpmap(31), sdp.media[0].ptime, sdp.media[0].attributes.len()), (None, None, 3));
    assert_eq!(sdp.media[0].payload_types().collect::<Vec<_>>(), [31]);
    assert!(sdp.to_string().contains("a=rtpmap:31 LPC\r\n"));
}

#[test]
fn hostile_sizes_are_refused() {
    let head = "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\n";
    let many = |what: &str, n: usize| format!("{head}{}", what.repeat(n)).parse::<SessionDescription>();
    assert!(many("m=audio 1 RTP/AVP 0\r\n", MAX_MEDIA).is_ok());
    assert!(many("m=audio 1 RTP/AVP 0\r\n", MAX_MEDIA + 1).is_err());
    assert!(many("a=x\r\n", MAX_ATTRIBUTES + 1).is_err());
    assert!(
        format!("{head}m=audio 1 RTP/AVP{}\r\n", " 0".repeat(MAX_FORMATS + 1))
            .parse::<SessionDescription>()
            .is_err()
    );
    assert!(many("i=x\r\n", MAX_SDP).is_err());
}

#[test]
fn values_cannot_start_lines_of_their_own() {
    let mut sdp = parse(OFFER);
    sdp.name = b"x\r\nm=audio 1 RTP/AVP 0".to_vec();
    assert_eq!(SessionDescription::parse(&sdp.to_bytes()).unwrap().media.len(), 2);
}

#[test]
fn refusing_keeps_the_line_and_turning_swaps_the_direction() {
    let refused = parse(OFFER).media[0].refused();
    assert_eq!((refused.port, refused.formats.len()), (0, 4));
    assert_eq!(Direction::SendOnly.reversed(), Direction::RecvOnly);
    assert_eq!(Direction::of(true, false), Direction::SendOnly);
    assert!(Direction::RecvOnly.receives() && !Direction::Inactive.sends());
}
