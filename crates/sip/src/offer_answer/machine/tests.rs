use super::*;

fn local(n: u8) -> LocalMedia {
    LocalMedia::g711(SocketAddr::from(([10, 0, 0, n], 40_000)))
}

fn sdp(media: &str) -> Vec<u8> {
    format!(
        "v=0\r\no=x 5 7 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n{}",
        media.replace('\n', "\r\n")
    )
    .into_bytes()
}

fn parsed(body: &[u8]) -> SessionDescription {
    SessionDescription::parse(body).expect("our own SDP")
}

fn answered(offer: &str, media: &LocalMedia) -> (SessionDescription, StreamPlan) {
    let mut machine = OfferAnswer::new(1);
    machine.receive_offer(&sdp(offer)).expect("an offer");
    let (body, plan) = machine.answer(media).expect("an answer");
    (parsed(&body), plan.audio().expect("a stream").clone())
}

#[test]
fn two_machines_agree() {
    let (mut a, mut b) = (OfferAnswer::new(1), OfferAnswer::new(2));
    let offer = a.offer(&local(1));
    b.receive_offer(&offer).expect("an offer");
    let (answer, plan_b) = b.answer(&local(2)).expect("an answer");
    let plan_a = a.receive_answer(&answer).expect("an answer");
    let (at_a, at_b) = (plan_a.audio().expect("a stream"), plan_b.audio().expect("a stream"));
    assert_eq!((at_a.codec, at_a.remote_rtp), (at_b.codec, local(2).rtp));
    assert_eq!(at_b.remote_rtp, local(1).rtp);
    assert!(a.is_idle() && b.is_idle());
}

#[test]
fn the_order_of_the_offer_chooses_the_codec() {
    let (_, plan) = answered("m=audio 30000 RTP/AVP 18 8 0\n", &local(1));
    assert_eq!((plan.codec, plan.send_type), (Codec::Pcma, 8));
    assert_eq!(plan.receive_types, [(8, Codec::Pcma), (0, Codec::Pcmu)]);
}

#[test]
fn comfort_noise_is_offered_where_silence_may_go_unsent_and_taken_from_anyone() {
    let silent = LocalMedia { silence: true, ..local(1) };
    assert_eq!(parsed(&OfferAnswer::new(1).offer(&local(1))).media[0].formats, ["0", "8", "101"]);
    let mut machine = OfferAnswer::new(1);
    let offer = parsed(&machine.offer(&silent));
    assert_eq!(offer.media[0].formats, ["0", "8", "13", "101"]);
    assert!(offer.media[0].rtpmap(13).is_some_and(|map| map.is("CN", 8000)));
    let plan = machine.receive_answer(&sdp("m=audio 30000 RTP/AVP 0 13\n")).expect("an answer");
    let noise = |plan: &MediaPlan| plan.audio().and_then(|stream| stream.noise);
    assert_eq!(noise(&plan), Some(TypePair { send: 13, receive: 13 }));
    machine.offer(&silent);
    let plan = machine.receive_answer(&sdp("m=audio 30000 RTP/AVP 0\n")).expect("an answer");
    assert_eq!(noise(&plan), None);
    let offer = "m=audio 30000 RTP/AVP 0 97\na=rtpmap:97 CN/8000\n";
    for media in [local(1), silent] {
        let (answer, stream) = answered(offer, &media);
        assert_eq!(answer.media[0].formats, ["0", "97"]);
        assert_eq!(stream.noise, Some(TypePair { send: 97, receive: 97 }));
    }
    let (answer, stream) = answered("m=audio 30000 RTP/AVP 0 97\na=rtpmap:97 CN/16000\n", &local(1));
    assert_eq!((answer.media[0].formats.len(), stream.noise), (1, None), "of another clock");
}

#[test]
fn packets_have_the_length_that_each_side_asks_for() {
    let media = |ptime| LocalMedia { ptime: Millis(ptime), ..local(1) };
    for (ours, line, sent) in [
        (20, "", 20),
        (30, "", 30),
        (30, "a=ptime:20\n", 20),
        (20, "a=ptime:60\n", 60),
        (20, "a=ptime:200\n", 60),
        (60, "a=maxptime:40\n", 40),
        (20, "a=ptime:5\n", 10),
        (20, "a=ptime:35\n", 30),
    ] {
        let line = format!("m=audio 30000 RTP/AVP 0\n{line}");
        let (answer, stream) = answered(&line, &media(ours));
        assert_eq!((stream.send_ptime, stream.receive_ptime), (Millis(sent), Millis(ours)), "{line}");
        assert_eq!(answer.media[0].ptime, Some(Millis(ours)), "{line}");
        let mut machine = OfferAnswer::new(1);
        machine.offer(&media(ours));
        let plan = machine.receive_answer(&sdp(&line)).expect("an answer");
        assert_eq!(plan.audio().map(|stream| stream.send_ptime), Some(Millis(sent)), "{line}");
    }
}

#[test]
fn annex_b_is_used_where_neither_side_refuses_it() {
    let media = |silence| LocalMedia { codecs: vec![Codec::G729], silence, ..local(1) };
    let of = |body: &[u8]| parsed(body).media[0].fmtp(18).unwrap_or_default().to_owned();
    for (silence, theirs, agreed) in [
        (false, "", false),
        (false, "a=fmtp:18 annexb=yes\n", false),
        (true, "", true),
        (true, "a=fmtp:18 annexb=yes\n", true),
        (true, "a=fmtp:18 x=1; AnnexB = NO\n", false),
    ] {
        let line = format!("m=audio 30000 RTP/AVP 18\n{theirs}");
        let (answer, stream) = answered(&line, &media(silence));
        let word = if agreed { "annexb=yes" } else { "annexb=no" };
        assert_eq!((answer.media[0].fmtp(18), stream.annex_b), (Some(word), agreed), "{line}");
        let mut machine = OfferAnswer::new(1);
        assert_eq!(of(&machine.offer(&media(silence))), if silence { "annexb=yes" } else { "annexb=no" });
        let plan = machine.receive_answer(&sdp(&line)).expect("an answer");
        assert_eq!(plan.audio().map(|stream| stream.annex_b), Some(agreed), "{line}");
    }
}

#[test]
fn payload_types_of_the_offer_are_kept_in_later_offers() {
    let mut machine = OfferAnswer::new(1);
    let offer = "m=audio 30000 RTP/AVP 0 97 110\na=rtpmap:97 L16/8000\na=rtpmap:110 telephone-event/8000\n";
    machine.receive_offer(&sdp(offer)).expect("an offer");
    let mut media = local(1);
    media.codecs.push(Codec::L16);
    machine.answer(&media).expect("an answer");
    let again = parsed(&machine.offer(&media));
    assert_eq!(again.media[0].formats, ["0", "8", "97", "110"]);
}

#[test]
fn a_payload_type_that_the_far_end_uses_otherwise_is_not_offered_twice() {
    let mut machine = OfferAnswer::new(1);
    // What we would offer: L16 as 96, events as 101; on the clock of Opus as 110.
    let offer = "m=audio 30000 RTP/AVP 0 96 110\na=rtpmap:96 telephone-event/8000\na=rtpmap:110 iLBC/8000\n";
    machine.receive_offer(&sdp(offer)).expect("an offer");
    let media = LocalMedia { codecs: vec![Codec::Pcmu, Codec::L16, Codec::Opus], ..local(1) };
    machine.answer(&media).expect("an answer");
    let again = parsed(&machine.offer(&media));
    let mut formats = again.media[0].formats.clone();
    assert!(
        formats[0] == "0" && again.media[0].rtpmap(96).is_some_and(|map| map.is("telephone-event", 8000))
    );
    assert!(!formats.contains(&"110".to_owned()), "{formats:?}");
    let count = formats.len();
    formats.sort();
    formats.dedup();
    assert_eq!((formats.len(), count), (5, 5), "PCMU, L16, opus and events on two clocks");
}

#[test]
fn our_order_of_codecs_decides_where_there_is_a_reason_for_it() {
    let offer = "m=audio 30000 RTP/AVP 0 8 9\n";
    let codecs = vec![Codec::G722, Codec::Pcma, Codec::Pcmu];
    let media = LocalMedia { codecs: codecs.clone(), ..local(1) };
    let (answer, plan) = answered(offer, &media);
    assert_eq!(
        (plan.codec, &answer.media[0].formats[..3]),
        (Codec::Pcmu, ["0", "8", "9"].map(String::from).as_slice())
    );
    let (answer, plan) = answered(offer, &LocalMedia { own_order: true, ..media });
    assert_eq!(
        (plan.codec, &answer.media[0].formats[..3]),
        (Codec::G722, ["9", "8", "0"].map(String::from).as_slice())
    );
    let limited = LocalMedia { codecs: vec![Codec::Pcma], own_order: true, ..local(1) };
    assert_eq!(answered(offer, &limited).0.media[0].formats, ["8"]);
}

#[test]
fn opus_is_offered_and_answered_as_rfc_7587_has_it() {
    let media = LocalMedia { codecs: vec![Codec::Opus, Codec::Pcmu], ..local(1) };
    let mut machine = OfferAnswer::new(1);
    let line = parsed(&machine.offer(&media)).media[0].clone();
    assert_eq!(line.formats, ["111", "0", "101", "110"]);
    let map = line.rtpmap(111).unwrap();
    assert_eq!((map.encoding.as_str(), map.clock_rate, map.channels), ("opus", 48_000, Some(2)));
    assert!(line.rtpmap(110).unwrap().is("telephone-event", 48_000));
    let fmtp = line.fmtp(111).unwrap();
    for word in ["maxplaybackrate=8000", "useinbandfec=1", "usedtx=0", "stereo=0"] {
        assert!(fmtp.split(';').any(|said| said == word), "{fmtp}");
    }
    let answer = "m=audio 30000 RTP/AVP 96 97\na=rtpmap:96 opus/48000/2\na=rtpmap:97 telephone-event/48000\n\
                  a=fmtp:96 usedtx=1; useinbandfec=1;maxaveragebitrate=12000;cbr=1\na=ptime:30\n";
    let plan = machine.receive_answer(&sdp(answer)).expect("an answer").streams.remove(0);
    assert_eq!((plan.codec, plan.send_type, plan.send_ptime), (Codec::Opus, 96, Millis(20)));
    assert_eq!(plan.receive_types, [(111, Codec::Opus)]);
    assert_eq!(plan.events, Some(EventPlan { send: 97, clock: 48_000, receive: vec![(110, 48_000)] }));
    let terms = OpusTerms { repeats: true, silent: true, constant: true, most_bits: 12_000 };
    assert_eq!(plan.opus, Some(terms));
    // Neither a mono opus nor one on another clock is Opus.
    for wrong in ["opus/48000", "opus/48000/1", "opus/16000/2"] {
        let mut machine = OfferAnswer::new(1);
        let offer = format!("m=audio 30000 RTP/AVP 96\na=rtpmap:96 {wrong}\n");
        machine.receive_offer(&sdp(&offer)).expect("an offer");
        assert_eq!(machine.answer(&media), Err(SdpRefused::NothingInCommon), "{wrong}");
    }
}

#[test]
fn events_run_on_the_clock_of_the_codec_where_the_far_end_has_them_so() {
    let media = LocalMedia { codecs: vec![Codec::Opus, Codec::Pcmu], ..local(1) };
    let both = "m=audio 30000 RTP/AVP {} 101 110\na=rtpmap:111 opus/48000/2\n\
                a=rtpmap:101 telephone-event/8000\na=rtpmap:110 telephone-event/48000\n";
    for (types, send, clock) in [("111 0", 110, 48_000), ("0 111", 101, 8000)] {
        let (answer, plan) = answered(&both.replace("{}", types), &media);
        let receive = vec![(101, 8000), (110, 48_000)];
        assert_eq!(plan.events, Some(EventPlan { send, clock, receive }));
        assert_eq!(answer.media[0].formats.len(), 4);
    }
    // Many have them on the clock of telephony alone, whatever the codec.
    let old = "m=audio 30000 RTP/AVP 111 101\na=rtpmap:111 opus/48000/2\na=rtpmap:101 telephone-event/8000\n";
    let (_, plan) = answered(old, &media);
    assert_eq!(plan.events, Some(EventPlan { send: 101, clock: 8000, receive: vec![(101, 8000)] }));
    // Without Opus nothing is said of its clock.
    let (answer, plan) = answered(&both.replace("{}", "0"), &local(1));
    assert_eq!(answer.media[0].formats, ["0", "101"]);
    assert_eq!(plan.events.map(|events| events.receive), Some(vec![(101, 8000)]));
}

#[test]
fn terms_of_opus_are_read_with_their_bounds_and_whatever_else_is_said() {
    let nothing = OpusTerms { repeats: false, silent: false, constant: false, most_bits: 510_000 };
    assert_eq!(OpusTerms::parse(""), nothing);
    assert_eq!(OpusTerms::parse("minptime=10; stereo=1;useinbandfec;x"), nothing);
    assert!(OpusTerms::parse(" UseInbandFEC = 1 ").repeats);
    for (said, bits) in [("1", 6000), ("24000", 24_000), ("9999999", 510_000), ("-1", 510_000)] {
        assert_eq!(OpusTerms::parse(&format!("maxaveragebitrate={said}")).most_bits, bits);
    }
    for (asked, made) in [(10, 10), (20, 20), (30, 20), (40, 40), (50, 40), (60, 60)] {
        assert_eq!(Codec::Opus.packets_up_to(Millis(asked)), Millis(made));
        assert_eq!(Codec::G729.packets_up_to(Millis(asked)), Millis(asked));
    }
}

#[test]
fn other_streams_are_refused_in_their_place_and_stay_refused() {
    let mut machine = OfferAnswer::new(1);
    let offer = "m=video 20000 RTP/AVP 31\nm=audio 30000 RTP/AVP 0\nm=image 20002 udptl t38\n";
    machine.receive_offer(&sdp(offer)).expect("an offer");
    let (body, plan) = machine.answer(&local(1)).expect("an answer");
    let ports = |body: &[u8]| parsed(body).media.iter().map(|m| m.port).collect::<Vec<_>>();
    assert_eq!(ports(&body), [0, 40_000, 0]);
    assert_eq!(plan.streams.len(), 1);
    assert_eq!(ports(&machine.offer(&local(1))), [0, 40_000, 0]);
}

#[test]
fn secured_and_nameless_streams_are_not_for_us() {
    for offer in [
        "m=audio 30000 RTP/SAVP 0\n",
        "m=audio 30000 RTP/AVP 18\n",
        "m=audio 30000 RTP/AVP 0\nc=IN IP4 media.example.net\n",
        "m=image 30000 udptl t38\n",
    ] {
        let mut machine = OfferAnswer::new(1);
        machine.receive_offer(&sdp(offer)).expect("an offer");
        assert_eq!(machine.answer(&local(1)), Err(SdpRefused::NothingInCommon), "{offer}");
        assert!(machine.has_remote_offer());
    }
}

#[test]
fn directions_mirror_and_meet_ours() {
    let cases = [
        ("a=sendonly", Direction::SendRecv, Direction::RecvOnly),
        ("a=recvonly", Direction::SendRecv, Direction::SendOnly),
        ("a=inactive", Direction::SendRecv, Direction::Inactive),
        ("a=sendrecv", Direction::SendOnly, Direction::SendOnly),
        ("a=sendonly", Direction::SendOnly, Direction::Inactive),
        ("c=IN IP4 0.0.0.0", Direction::SendRecv, Direction::RecvOnly),
    ];
    for (line, ours, expected) in cases {
        let media = local(1).with_direction(ours);
        let (answer, plan) = answered(&format!("m=audio 30000 RTP/AVP 0\n{line}\n"), &media);
        assert_eq!(plan.direction, expected, "{line} {ours:?}");
        assert_eq!(answer.media[0].direction, Some(expected));
    }
}

#[test]
fn packet_times_are_whole_ticks_within_bounds() {
    for (lines, expected) in [
        ("", 20),
        ("a=ptime:30\n", 30),
        ("a=ptime:25\n", 20),
        ("a=ptime:1\n", 10),
        ("a=ptime:60\na=maxptime:40\n", 40),
    ] {
        let (_, plan) = answered(&format!("m=audio 30000 RTP/AVP 0\n{lines}"), &local(1));
        assert_eq!(plan.send_ptime, Millis(expected), "{lines}");
    }
}

#[test]
fn rtcp_may_be_elsewhere() {
    let (_, plan) = answered("m=audio 30000 RTP/AVP 0\na=rtcp:30500 IN IP4 10.0.0.77\n", &local(1));
    assert_eq!(plan.remote_rtcp, SocketAddr::from(([10, 0, 0, 77], 30_500)));
    let (_, plan) = answered("m=audio 65535 RTP/AVP 0\n", &local(1));
    assert_eq!(plan.remote_rtcp.port(), 65_535);
}

#[test]
fn the_version_grows_only_with_a_change() {
    let mut machine = OfferAnswer::new(1);
    let answer = sdp("m=audio 30000 RTP/AVP 0\n");
    let mut versions = Vec::new();
    for direction in [Direction::SendRecv, Direction::SendRecv, Direction::SendOnly, Direction::SendRecv] {
        let offer = machine.offer(&local(1).with_direction(direction));
        versions.push(parsed(&offer).origin.version_number());
        machine.receive_answer(&answer).expect("an answer");
    }
    assert_eq!(versions, [0, 0, 1, 2]);
}

#[test]
fn a_withdrawn_offer_leaves_what_was_agreed() {
    let mut machine = OfferAnswer::new(1);
    machine.offer(&local(1));
    let plan = machine.receive_answer(&sdp("m=audio 30000 RTP/AVP 0\n")).expect("an answer");
    machine.offer(&local(1).with_direction(Direction::Inactive));
    machine.withdraw();
    assert_eq!(machine.plan(), Some(&plan));
    assert!(machine.is_idle());
}

#[test]
fn a_preview_is_not_the_end_of_the_offer() {
    let mut machine = OfferAnswer::new(1);
    machine.offer(&local(1));
    machine.preview(&sdp("m=audio 30000 RTP/AVP 0\n")).expect("a preview");
    assert!(machine.awaits_answer());
    let plan = machine.receive_answer(&sdp("m=audio 31000 RTP/AVP 8\n")).expect("an answer");
    assert_eq!(plan.audio().map(|s| s.remote_rtp.port()), Some(31_000));
    machine.offer(&local(1));
    machine.preview(&sdp("m=audio 32000 RTP/AVP 8\n")).expect("a preview");
    assert_eq!(machine.settle_preview().and_then(|p| p.audio().map(|s| s.remote_rtp.port())), Some(32_000));
}

#[test]
fn answers_that_refuse_or_choose_what_was_not_offered_are_errors() {
    for (answer, error) in [
        ("m=audio 0 RTP/AVP 0\n", SdpRefused::Refused),
        ("m=video 30000 RTP/AVP 0\n", SdpRefused::Refused),
        ("", SdpRefused::Refused),
        ("m=audio 30000 RTP/AVP 18\n", SdpRefused::NothingInCommon),
    ] {
        let mut machine = OfferAnswer::new(1);
        machine.offer(&local(1));
        assert_eq!(machine.receive_answer(&sdp(answer)), Err(error), "{answer}");
    }
}

#[test]
fn offers_that_meet_are_out_of_turn() {
    let mut machine = OfferAnswer::new(1);
    machine.offer(&local(1));
    assert_eq!(machine.receive_offer(&sdp("m=audio 30000 RTP/AVP 0\n")), Err(SdpRefused::OutOfTurn));
    assert_eq!(SdpRefused::OutOfTurn.status(), 491);
}
