//! What an agent does with requests that are written out by hand: trust, methods, repeats, lost ACKs,
//! CANCEL, merged requests, reliable provisional answers, malformed and hostile input.

use crate::world::accounts::invite;
use crate::world::by_hand::{SDP, message, message_from};
use crate::world::{A, P, World, address, media};
use tipring_sip::agent::{
    By, Command, Destination, Event, Input, Invite, Output, Refusal, RefusedWhy, SessionId,
};
use tipring_sip::message::{HeaderName, Method};
use tipring_units::{Entropy, Millis};

fn invited() -> (World, SessionId) {
    let mut world = World::with_peer(1);
    world.inject(P, A, &message("INVITE", "i1", "", SDP));
    world.run_for(20);
    let session = world.incoming(0).expect("a call");
    (world, session)
}

fn tag(world: &World) -> String {
    let response = world.got_response(P).expect("a response");
    response.to().expect("to").tag().expect("a tag").to_owned()
}

#[test]
fn a_lost_ack_has_the_200_repeated_and_at_last_a_bye() {
    let (mut world, session) = invited();
    world.command(0, Command::Accept { session, media: media(1) });
    world.run_for(31_900);
    // At 0, 0.5, 1.5, 3.5, 7.5 and then every 4 s.
    assert_eq!(world.count(A, P, "SIP/2.0 200"), 11);
    assert_eq!(world.count(A, P, "BYE"), 0);
    world.run_for(200);
    assert_eq!(world.count(A, P, "BYE"), 1);
    assert!(world.events(0).iter().any(|e| matches!(e, Event::Ended { by: By::Failure, .. })));
    world.run_for(70_000);
    world.check_idle();
}

#[test]
fn hanging_up_before_the_ack_waits_for_it() {
    let (mut world, session) = invited();
    world.command(0, Command::Accept { session, media: media(1) });
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(100);
    assert_eq!(world.count(A, P, "BYE"), 0);
    let to = format!("To: <sip:102@10.0.0.1>;tag={}\n", tag(&world));
    world.inject(P, A, &message("ACK", "a1", &to, ""));
    world.run_for(20);
    assert_eq!(world.count(A, P, "BYE"), 1);
    assert_eq!(world.count(A, P, "SIP/2.0 200"), 1);
}

#[test]
fn a_repeated_invite_gets_the_last_answer_and_makes_no_second_call() {
    let (mut world, session) = invited();
    world.command(0, Command::Progress { session, status: 180, media: None });
    world.inject(P, A, &message("INVITE", "i1", "", SDP));
    world.run_for(20);
    assert_eq!(world.statuses(P), [100, 180, 180]);
    let calls = world.events(0).iter().filter(|e| matches!(e, Event::Incoming(_))).count();
    assert_eq!(calls, 1);
}

#[test]
fn the_same_call_by_another_way_is_482() {
    let (mut world, _) = invited();
    world.inject(P, A, &message("INVITE", "other", "", SDP));
    world.run_for(20);
    assert_eq!(world.statuses(P), [100, 482]);
}

#[test]
fn a_late_cancel_changes_nothing() {
    let (mut world, session) = invited();
    world.command(0, Command::Accept { session, media: media(1) });
    world.inject(P, A, &message("CANCEL", "i1", "", ""));
    world.run_for(20);
    assert_eq!(world.statuses(P), [100, 200, 200]);
    assert!(!world.events(0).iter().any(|e| matches!(e, Event::Ended { .. })));
    world.inject(P, A, &message("CANCEL", "nothing", "", ""));
    world.run_for(20);
    assert_eq!(world.got_response(P).map(|r| r.status), Some(481));
}

#[test]
fn methods_get_the_answers_of_the_rfc() {
    for (method, status) in [
        ("OPTIONS", 200),
        ("BYE", 481),
        ("SUBSCRIBE", 405),
        ("REFER", 403),
        ("NOTIFY", 481),
        ("REGISTER", 405),
        ("DANCE", 501),
        ("PRACK", 481),
    ] {
        let mut world = World::with_peer(1);
        world.inject(P, A, &message(method, "m", "", ""));
        world.run_for(20);
        let response = world.got_response(P).unwrap_or_else(|| panic!("an answer to {method}"));
        assert_eq!(response.status, status, "{method}");
        if matches!(status, 200 | 405 | 501) {
            assert!(response.headers.has(&HeaderName::Allow), "{method}");
        }
    }
}

#[test]
fn what_is_told_of_what_we_can_do_is_what_is_served() {
    let mut world = World::with_peer(1);
    world.inject(P, A, &message("OPTIONS", "m", "", ""));
    world.run_for(20);
    let response = world.got_response(P).expect("an answer");
    let ours = tipring_sip::agent::capabilities();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let methods = |all: &[Method]| sorted(all.iter().map(|method| method.as_str().to_owned()).collect());
    assert_eq!(methods(&response.allow()), methods(&ours.methods));
    assert_eq!(sorted(response.supported()), sorted(ours.extensions));
    let kinds = response.accept().unwrap().unwrap_or_default();
    let kinds = kinds.iter().map(|kind| format!("{}/{}", kind.kind, kind.subtype)).collect();
    assert_eq!(sorted(kinds), sorted(ours.content_types));
    // Each is answered as a method that is known, within its place or not.
    for method in
        response.allow().iter().filter(|m| !matches!(m, Method::Ack | Method::Cancel | Method::Register))
    {
        let mut world = World::with_peer(1);
        let body = if *method == Method::Invite { SDP } else { "" };
        world.inject(P, A, &message(method.as_str(), "m", "", body));
        world.run_for(20);
        let status = world.got_response(P).map(|r| r.status);
        assert!(!matches!(status, None | Some(405 | 501)), "{method}: {status:?}");
    }
    assert!(!response.supported().iter().any(|word| word == "norefersub"));
}

#[test]
fn an_unknown_extension_is_420_and_an_unknown_body_415() {
    let mut world = World::with_peer(1);
    world.inject(P, A, &message("INVITE", "x1", "Require: teleport\n", SDP));
    world.run_for(20);
    let response = world.got_response(P).expect("an answer");
    assert_eq!((response.status, response.unsupported()), (420, vec!["teleport".to_owned()]));
    world.inject(P, A, &message("INVITE", "x2", "Content-Type: text/plain\nCSeq: 2 INVITE\n", "hello"));
    world.run_for(20);
    assert_eq!(world.got_response(P).map(|r| r.status), Some(415));
}

#[test]
fn broken_sdp_is_400_and_no_common_codec_488() {
    let mut world = World::with_peer(1);
    world.inject(P, A, &message("INVITE", "x1", "", "v=0\nnonsense"));
    world.run_for(20);
    assert_eq!(world.got_response(P).map(|r| r.status), Some(400));
    world.inject(P, A, &message("INVITE", "x2", "CSeq: 2 INVITE\n", &SDP.replace("0 8", "18")));
    world.run_for(20);
    let session = world.incoming(0).expect("a call");
    world.command(0, Command::Accept { session, media: media(1) });
    world.run_for(20);
    assert_eq!(world.got_response(P).map(|r| r.status), Some(488));
    assert!(world.events(0).iter().any(|e| matches!(e, Event::Ended { by: By::Failure, .. })));
}

#[test]
fn reliable_provisional_answers_are_repeated_until_prack_and_hold_the_200() {
    let mut world = World::with_peer(1);
    world.inject(P, A, &message("INVITE", "i1", "Require: 100rel\n", SDP));
    world.run_for(20);
    let session = world.incoming(0).expect("a call");
    world.command(0, Command::Progress { session, status: 183, media: Some(media(1)) });
    world.run_for(1600);
    assert_eq!(world.count(A, P, "SIP/2.0 183"), 3);
    world.command(0, Command::Accept { session, media: media(1) });
    world.run_for(20);
    assert_eq!(world.count(A, P, "SIP/2.0 200"), 0);
    let early = world.got_response(P).expect("183");
    let rseq = early.rseq().expect("rseq").expect("rseq");
    let to = format!("To: <sip:102@10.0.0.1>;tag={}\nCSeq: 2 PRACK\nRAck: {rseq} 1 INVITE\n", tag(&world));
    world.inject(P, A, &message("PRACK", "p1", &to, ""));
    world.run_for(20);
    assert_eq!(world.count(A, P, "SIP/2.0 200"), 2);
    world.inject(P, A, &message("PRACK", "p2", &to.replace("2 PRACK", "3 PRACK"), ""));
    world.run_for(20);
    assert_eq!(world.count(A, P, "SIP/2.0 481"), 1);
}

const STRANGER: &str = "203.0.113.66:5060";

fn with_stranger() -> World {
    let mut world = World::with_peer(1);
    world.peers.insert(address(STRANGER), Vec::new());
    world
}

#[test]
fn strangers_get_nothing_and_are_counted() {
    let mut world = with_stranger();
    for n in 0..50 {
        let extra = format!("CSeq: {n} INVITE\n");
        world.inject(STRANGER, A, &message_from(STRANGER, "INVITE", &format!("s{n}"), &extra, SDP));
        world.inject(STRANGER, A, &message_from(STRANGER, "OPTIONS", &format!("o{n}"), "", ""));
        world.inject(STRANGER, A, "GARBAGE\n\n");
        world.run_for(10);
    }
    world.run_for(2000);
    assert!(world.peers[&address(STRANGER)].is_empty());
    let count = |why: RefusedWhy| -> u32 {
        let counts = world.events(0).into_iter().filter_map(|e| match e {
            Event::Refused { why: w, count, .. } if *w == why => Some(*count),
            _ => None,
        });
        counts.sum()
    };
    assert_eq!((count(RefusedWhy::Untrusted), count(RefusedWhy::Malformed)), (100, 50));
    assert!(world.events(0).len() <= 8, "events are rate-limited: {}", world.events(0).len());
    world.check_idle();
}

#[test]
fn strangers_get_403_at_a_bounded_rate_where_that_is_wished() {
    let mut config = crate::world::config(A);
    config.trust.refusal = Refusal::Forbidden;
    let mut world = World::new(1, vec![config]);
    world.peers.insert(address(STRANGER), Vec::new());
    for n in 0..200 {
        world.inject(STRANGER, A, &message_from(STRANGER, "OPTIONS", &format!("o{n}"), "", ""));
    }
    world.run_for(100);
    let statuses = world.statuses(STRANGER);
    assert!(statuses.iter().all(|s| *s == 403));
    assert_eq!(statuses.len(), 20);
}

#[test]
fn malformed_requests_of_trusted_peers_are_answered() {
    let mut world = World::with_peer(1);
    let broken = message("INVITE", "x", "", "").replace("SIP/2.0\nVia", "SIP/7.0\nVia");
    world.inject(P, A, &broken);
    world.run_for(20);
    assert_eq!(world.got_response(P).map(|r| r.status), Some(505));
}

#[test]
fn hostile_input_leaves_a_call_in_progress_untouched() {
    let (mut world, session) = invited();
    world.command(0, Command::Accept { session, media: media(1) });
    world.run_for(20);
    let to = format!("To: <sip:102@10.0.0.1>;tag={}\n", tag(&world));
    world.inject(P, A, &message("ACK", "a1", &to, ""));
    world.run_for(20);
    let mut rng = Entropy::for_simulation(9);
    let valid = message("INVITE", "zz", "CSeq: 9 INVITE\n", SDP).replace('\n', "\r\n").into_bytes();
    for n in 0..3000u32 {
        let mut bytes = valid.clone();
        match n % 4 {
            0 => bytes = (0..rng.below(1500)).map(|_| rng.u32() as u8).collect(),
            1 => bytes.truncate(rng.below(bytes.len() as u32) as usize),
            2 => {
                for _ in 0..5 {
                    let at = rng.below(bytes.len() as u32) as usize;
                    bytes[at] = rng.u32() as u8;
                }
            }
            _ => bytes.splice(40..40, std::iter::repeat_n(b'x', 64 * 1024)).for_each(drop),
        }
        world.inject_bytes(if n % 2 == 0 { P } else { STRANGER }, A, &bytes);
        world.run_for(2);
    }
    for n in 0..1000 {
        let conn = tipring_sip::agent::ConnId(n);
        let now = world.now;
        let remote = std::net::SocketAddr::from(([203, 0, 113, 9], n as u16 + 1000));
        let agent = &mut world.nodes[0].agent;
        agent.handle(now, Input::StreamOpened { conn, local: address(A), remote });
        agent.handle(now, Input::Stream { conn, bytes: b"INVITE sip:a@b SIP/2.0\r\nVia" });
        while agent.poll().is_some() {}
    }
    assert!(!world.events(0).iter().any(|e| matches!(e, Event::Ended { session: s, .. } if *s == session)));
    world.inject(P, A, &message("BYE", "bye", &format!("{to}CSeq: 2 BYE\n"), ""));
    world.run_for(20);
    let ended = world
        .events(0)
        .iter()
        .any(|e| matches!(e, Event::Ended { session: s, by: By::Them, .. } if *s == session));
    assert!(ended);
    assert_eq!(world.got(P, &Method::Bye), None);
}

#[test]
fn an_early_offer_is_answered_once_and_repeated_in_the_200() {
    let (mut world, session) = invited();
    world.command(0, Command::Progress { session, status: 183, media: Some(media(1)) });
    world.run_for(20);
    let early = world.got_response(P).expect("183");
    world.command(0, Command::Accept { session, media: media(1) });
    world.run_for(20);
    let accepted = world.got_response(P).expect("200");
    assert_eq!(early.body, accepted.body);
    assert!(!early.body.is_empty());
}

#[test]
fn too_short_a_session_interval_is_422_with_the_minimum() {
    let mut world = World::with_peer(1);
    world.inject(P, A, &message("INVITE", "i1", "Supported: timer\nSession-Expires: 30\n", SDP));
    world.run_for(20);
    let response = world.got_response(P).expect("an answer");
    assert_eq!(response.status, 422);
    assert_eq!(response.headers.text(&HeaderName::MinSe).as_deref(), Some("90"));
}

#[test]
fn strangers_on_a_thousand_connections_do_not_keep_us_from_connecting() {
    let mut world = World::with_peer(1);
    let options = message_from(STRANGER, "OPTIONS", "t", "", "").replace('\n', "\r\n").replace("UDP", "TCP");
    let now = world.now;
    let mut closed = 0;
    for n in 0..2000u64 {
        let conn = tipring_sip::agent::ConnId(n);
        let remote = std::net::SocketAddr::from(([203, 0, (n >> 8) as u8, n as u8], 40_000));
        let agent = &mut world.nodes[0].agent;
        agent.handle(now, Input::StreamOpened { conn, local: address(A), remote });
        agent.handle(now, Input::Stream { conn, bytes: options.as_bytes() });
        while let Some(output) = agent.poll() {
            closed += usize::from(matches!(output, Output::StreamClose { .. }));
        }
    }
    assert_eq!(closed, 2000 - 512);
    let to = Destination::Uri("sip:102@10.0.0.2;transport=tcp".parse().expect("a URI"));
    let session = world.nodes[0].agent.new_session();
    let agent = &mut world.nodes[0].agent;
    agent.handle(now, Input::Command(Command::Invite(Box::new(invite(session, to)))));
    assert!(std::iter::from_fn(|| agent.poll()).any(|output| matches!(output, Output::StreamConnect { .. })));
    // The strangers' connections do not stay; the trusted peer's does.
    let conn = tipring_sip::agent::ConnId(5000);
    agent.handle(now, Input::StreamOpened { conn, local: address(A), remote: address(P) });
    agent.handle(now, Input::Stream { conn, bytes: options.as_bytes() });
    agent.handle(now + Millis(10_000), Input::Tick);
    let late: Vec<Output> = std::iter::from_fn(|| agent.poll()).collect();
    let closed = |c| late.contains(&Output::StreamClose { conn: tipring_sip::agent::ConnId(c) });
    assert!(closed(1999) && !closed(5000));
}

#[test]
fn a_call_without_hops_left_is_483_and_others_tell_theirs() {
    let mut world = World::with_peer(1);
    let with = |hops: &str, branch: &str| {
        message("INVITE", branch, "", SDP).replace("Max-Forwards: 70\n", hops).replace("c1", branch)
    };
    world.inject(P, A, &with("Max-Forwards: 0\n", "h0"));
    world.run_for(20);
    assert_eq!(world.statuses(P), [483]);
    assert_eq!(world.incoming(0), None);
    for (hops, expected) in [("Max-Forwards: 1\n", 1), ("Max-Forwards: 255\n", 255), ("", 70)] {
        world.inject(P, A, &with(hops, &format!("h{expected}")));
        world.run_for(20);
        let told = world.events(0).into_iter().rev().find_map(|event| match event {
            Event::Incoming(incoming) => Some(incoming.max_forwards),
            _ => None,
        });
        assert_eq!(told, Some(expected));
    }
    // A question about what we can do is answered by whoever it reaches (§11).
    world.inject(P, A, &message("OPTIONS", "o", "", "").replace("Max-Forwards: 70", "Max-Forwards: 0"));
    world.run_for(20);
    assert_eq!(world.got_response(P).map(|r| r.status), Some(200));
}

#[test]
fn a_call_goes_out_with_the_hops_that_it_is_given() {
    for (given, sent) in [(None, 70), (Some(12), 12)] {
        let mut world = World::with_peer(1);
        let session = world.nodes[0].agent.new_session();
        let invite = Invite { max_forwards: given, ..invite(session, World::uri(P)) };
        world.command(0, Command::Invite(Box::new(invite)));
        world.run_for(20);
        let request = world.got(P, &Method::Invite).expect("an INVITE");
        assert_eq!(request.max_forwards(), Ok(Some(sent)));
    }
}

#[test]
fn what_cannot_be_served_gets_the_answer_that_says_why() {
    let invite = |extra: &str| message("INVITE", "x", extra, SDP);
    let gzip = invite("Content-Encoding: gzip\n");
    let only_text = invite("Accept: text/plain\n");
    let scheme = invite("").replace("INVITE sip:102@10.0.0.1", "INVITE nobodyKnowsThisScheme:102");
    for (text, status, header) in [
        (only_text, 406, None),
        (gzip, 415, Some(HeaderName::AcceptEncoding)),
        (scheme, 416, None),
        (invite("Content-Type: text/plain\n"), 415, Some(HeaderName::Accept)),
    ] {
        let mut world = World::with_peer(1);
        world.inject(P, A, &text);
        world.run_for(20);
        let response = world.got_response(P).unwrap_or_else(|| panic!("a {status}"));
        assert_eq!(response.status, status);
        assert!(response.to().expect("to").tag().is_some());
        assert!(header.is_none_or(|name| response.headers.has(&name)), "{status}");
        assert_eq!(world.incoming(0), None);
        world.run_for(40_000);
        world.check_idle();
    }
}

#[test]
fn a_request_in_another_version_of_sip_is_505_for_those_we_trust_and_nothing_for_others() {
    let mut world = with_stranger();
    let text = |from| message_from(from, "INVITE", "v", "", SDP).replacen("SIP/2.0", "SIP/3.0", 1);
    world.inject(P, A, &text(P));
    world.inject(STRANGER, A, &text(STRANGER));
    world.run_for(20);
    assert_eq!(world.statuses(P), [505]);
    assert!(world.statuses(STRANGER).is_empty());
}

#[test]
fn a_caller_of_rfc_2543_is_reached_by_its_from_where_it_names_no_contact() {
    let mut world = World::with_peer(1);
    let contact = format!("Contact: <sip:peer@{P}>\n");
    let text = message("INVITE", "old", "", SDP).replace(&contact, "");
    world.inject(P, A, &text);
    world.run_for(20);
    assert_eq!(world.statuses(P), [100, 400], "a tag is of RFC 3261, which wants a Contact (§8.1.1.8)");
    let from = format!("<sip:old@{P}>");
    let old = text.replace("<sip:peer@10.0.0.9>;tag=pt", &from).replace("c1", "c2").replace("Kold", "Kolder");
    world.inject(P, A, &old);
    world.run_for(20);
    let session = world.incoming(0).expect("a call");
    world.command(0, Command::Accept { session, media: media(1) });
    world.run_for(20);
    let to = format!("To: <sip:102@10.0.0.1>;tag={}\n", tag(&world));
    let ack = message("ACK", "old2", &to, "").replace(";tag=pt", "").replace("c1", "c2");
    world.inject(P, A, &ack.replace(&contact, ""));
    world.run_for(20);
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(20);
    let bye = world.got(P, &Method::Bye).expect("a BYE");
    assert_eq!(bye.uri.to_string(), format!("sip:old@{P}"));
}

#[test]
fn a_stream_that_cannot_be_followed_is_answered_and_closed_for_those_we_trust_only() {
    for (from, answered) in [(P, true), (STRANGER, false)] {
        let mut world = with_stranger();
        let text = message_from(from, "OPTIONS", "t", "", "").replace("Content-Length: 0\n", "");
        let conn = tipring_sip::agent::ConnId(1);
        let (now, agent) = (world.now, &mut world.nodes[0].agent);
        agent.handle(now, Input::StreamOpened { conn, local: address(A), remote: address(from) });
        agent.handle(now, Input::Stream { conn, bytes: text.replace('\n', "\r\n").as_bytes() });
        let out: Vec<Output> = std::iter::from_fn(|| agent.poll())
            .filter(|output| !matches!(output, Output::Event(_)))
            .collect();
        let (last, before) = out.split_last().expect("it is closed");
        assert_eq!(*last, Output::StreamClose { conn });
        assert_eq!(before.len(), usize::from(answered));
        for output in before {
            let Output::StreamSend { bytes, .. } = output else { panic!("{output:?}") };
            assert!(bytes.starts_with(b"SIP/2.0 400 "));
        }
    }
}
