//! A success that comes when its INVITE has been given up: acknowledged, and what it made is ended.

use crate::world::{A, P, World, address, media};
use tipring_sip::agent::{Command, Event, Input};
use tipring_sip::dialog::MAX_RINGING;
use tipring_sip::message::{HeaderName, Message, Method, Request, Response};
use tipring_units::Millis;

const SECOND: &str = "10.0.0.8:5060";
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
                   m=audio 30000 RTP/AVP 8\r\n";

fn answer(request: &Request, status: u16, tag: &str) -> Response {
    let mut response = request.response(status, "", Some(tag));
    response.headers.push(HeaderName::Contact, format!("<sip:{tag}@{P}>"));
    if status == 200 && request.method == Method::Invite {
        response.set_body("application/sdp", SDP.as_bytes().to_vec());
    }
    response
}

fn sent(world: &World, method: &Method) -> usize {
    world.count(A, P, method.as_str())
}

/// An INVITE that nobody has answered within 64*T1.
fn unanswered() -> (World, Request) {
    let mut world = World::with_peer(1);
    world.call(0, World::uri(P));
    world.run_for(33_000);
    assert!(world.events(0).iter().any(|e| matches!(e, Event::Failed { status: 408, .. })));
    world.check_idle();
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    (world, invite)
}

#[test]
fn a_200_after_the_invite_timed_out_is_acknowledged_and_ended() {
    let (mut world, invite) = unanswered();
    world.respond(P, &answer(&invite, 200, "b1"));
    world.run_for(20);
    let ack = world.got(P, &Method::Ack).expect("an ACK");
    assert_eq!(ack.uri.to_string(), format!("sip:b1@{P}"));
    assert_eq!(ack.to().expect("to").tag(), Some("b1"));
    assert_eq!(ack.cseq().expect("cseq").seq, invite.cseq().expect("cseq").seq);
    let bye = world.got(P, &Method::Bye).expect("a BYE");
    assert_eq!(bye.to().expect("to").tag(), Some("b1"));
    assert_eq!(bye.cseq().expect("cseq").seq, invite.cseq().expect("cseq").seq + 1);
    world.respond(P, &answer(&bye, 200, "b1"));
    assert!(!world.answered(0));
    world.run_for(6000);
    world.check_idle();
    world.check_answers();
}

#[test]
fn its_repeats_are_acknowledged_again_and_ended_once() {
    let (mut world, invite) = unanswered();
    for _ in 0..3 {
        world.respond(P, &answer(&invite, 200, "b1"));
        world.run_for(20);
        if let Some(bye) = world.got(P, &Method::Bye) {
            world.respond(P, &answer(&bye, 200, "b1"));
        }
        world.run_for(480);
    }
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (3, 1));
}

#[test]
fn every_late_fork_is_ended() {
    let (mut world, invite) = unanswered();
    for tag in ["b1", "b2"] {
        world.respond(P, &answer(&invite, 200, tag));
        world.run_for(20);
        let bye = world.got(P, &Method::Bye).expect("a BYE");
        assert_eq!(bye.to().expect("to").tag(), Some(tag));
        world.respond(P, &answer(&bye, 200, tag));
    }
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (2, 2));
    world.check_acks();
}

#[test]
fn it_is_remembered_for_as_long_as_anybody_rings_and_no_longer() {
    let (mut world, invite) = unanswered();
    // It was given up 32 s after it was sent, which is one second ago.
    world.run_for(MAX_RINGING.0 - 2000);
    world.respond(P, &answer(&invite, 200, "b1"));
    world.run_for(20);
    assert_eq!(sent(&world, &Method::Ack), 1);
    world.run_for(2000);
    world.respond(P, &answer(&invite, 200, "b2"));
    world.run_for(20);
    assert_eq!(sent(&world, &Method::Ack), 1);
}

#[test]
fn a_late_refusal_and_its_repeats_are_acknowledged_and_nothing_else() {
    let (mut world, invite) = unanswered();
    for status in [180, 486, 486, 603] {
        world.respond(P, &answer(&invite, status, "b1"));
    }
    world.run_for(1000);
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (3, 0));
    let ack = world.got(P, &Method::Ack).expect("an ACK");
    assert_eq!(ack.to().expect("to").tag(), Some("b1"));
    assert_eq!(ack.top_via().expect("via").to_string(), invite.top_via().expect("via").to_string());
    world.check_idle();
}

#[test]
fn a_200_after_an_unanswered_cancel_had_its_time_is_acknowledged_and_ended() {
    let mut world = World::with_peer(1);
    let session = world.call(0, World::uri(P));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    world.respond(P, &answer(&invite, 180, "b1"));
    world.run_for(20);
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(33_000);
    world.check_idle();
    world.respond(P, &answer(&invite, 200, "b1"));
    world.respond(P, &answer(&invite, 200, "b2"));
    world.run_for(20);
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (2, 2));
    world.check_acks();
    world.run_for(70_000);
    world.check_idle();
}

/// A call by a server that has two addresses.
fn two_addresses() -> World {
    let mut world = World::with_account(&[P, SECOND]);
    world.call_by_account("101", "5");
    world.run_for(20);
    world
}

#[test]
fn a_200_from_the_address_that_we_left_is_ended_and_the_call_goes_on_at_the_next() {
    let mut world = two_addresses();
    let first = world.got(P, &Method::Invite).expect("an INVITE");
    world.run_for(33_000);
    let second = world.got(SECOND, &Method::Invite).expect("an INVITE at the second address");
    world.respond(P, &answer(&first, 200, "b1"));
    world.run_for(20);
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (1, 1));
    assert!(!world.answered(0));
    world.respond(SECOND, &answer(&second, 200, "b2"));
    world.run_for(20);
    assert!(world.answered(0));
    world.check_acks();
}

#[test]
fn a_silent_address_is_left_after_4_s_for_the_next_and_not_asked_again() {
    let mut world = two_addresses();
    world.run_for(3900);
    // At 0, 0.5, 1.5 and 3.5 s.
    assert_eq!((sent(&world, &Method::Invite), world.count(A, SECOND, "INVITE")), (4, 0));
    world.run_for(200);
    assert_eq!(world.count(A, SECOND, "INVITE"), 1);
    let second = world.got(SECOND, &Method::Invite).expect("an INVITE at the second address");
    world.respond(SECOND, &answer(&second, 180, "b2"));
    world.run_for(40_000);
    assert_eq!((sent(&world, &Method::Invite), world.count(A, SECOND, "INVITE")), (4, 1));
    world.respond(SECOND, &answer(&second, 200, "b2"));
    world.run_for(20);
    assert!(world.answered(0));
    world.check_acks();
}

#[test]
fn an_address_that_wakes_up_after_we_left_it_is_told_cancel_and_its_refusal_acknowledged() {
    let mut world = two_addresses();
    let first = world.got(P, &Method::Invite).expect("an INVITE");
    world.run_for(5000);
    assert_eq!(sent(&world, &Method::Cancel), 0);
    for _ in 0..2 {
        world.respond(P, &answer(&first, 180, "b1"));
        world.run_for(20);
    }
    assert_eq!(sent(&world, &Method::Cancel), 1);
    let cancel = world.got(P, &Method::Cancel).expect("a CANCEL");
    let branch = |request: &Request| request.top_via().expect("a Via").branch().map(str::to_owned);
    assert_eq!(branch(&cancel), branch(&first));
    world.respond(P, &cancel.response(200, "", Some("b1")));
    for _ in 0..2 {
        world.respond(P, &answer(&first, 487, "b1"));
        world.run_for(20);
    }
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (2, 0));
    assert!(!world.events(0).iter().any(|event| matches!(event, Event::Failed { .. })));
    world.run_for(70_000);
    assert_eq!(world.nodes[0].agent.sessions(), 0);
}

#[test]
fn an_address_that_says_trying_is_waited_for() {
    let mut world = two_addresses();
    let first = world.got(P, &Method::Invite).expect("an INVITE");
    world.respond(P, &first.response(100, "", None));
    world.run_for(30_000);
    assert_eq!(world.count(A, SECOND, "INVITE"), 0);
    world.respond(P, &answer(&first, 200, "b1"));
    world.run_for(20);
    assert!(world.answered(0));
}

#[test]
fn the_last_address_has_the_whole_time_of_a_transaction() {
    let mut world = two_addresses();
    world.run_for(35_000);
    assert!(!world.events(0).iter().any(|event| matches!(event, Event::Failed { .. })));
    world.run_for(2000);
    assert!(world.events(0).iter().any(|event| matches!(event, Event::Failed { status: 408, .. })));
    assert_eq!((sent(&world, &Method::Invite), world.count(A, SECOND, "INVITE")), (4, 7));
}

#[test]
fn probes_of_a_dead_address_do_not_overlap() {
    let mut world = two_addresses();
    world.run_for(5000);
    let second = world.got(SECOND, &Method::Invite).expect("an INVITE");
    world.respond(SECOND, &answer(&second, 486, "b2"));
    world.run_for(120_000);
    let mut calls: Vec<String> = world.peers[&address(P)]
        .iter()
        .filter_map(|(_, message)| match message {
            Message::Request(request) if request.method == Method::Options => request.call_id().ok(),
            Message::Request(_) | Message::Response(_) => None,
        })
        .collect();
    // Repeats of one probe follow each other; when another one has begun, it does not come again.
    let repeats = calls.len();
    calls.dedup();
    let begun = calls.len();
    calls.sort();
    calls.dedup();
    assert_eq!(calls.len(), begun);
    assert!((7..=8).contains(&begun) && repeats <= begun * 5, "{begun} probes, {repeats} messages");
}

#[test]
fn a_200_after_a_503_that_sent_us_elsewhere_is_ended_too() {
    let mut world = two_addresses();
    let first = world.got(P, &Method::Invite).expect("an INVITE");
    world.respond(P, &answer(&first, 503, "x"));
    world.run_for(20);
    assert!(world.got(SECOND, &Method::Invite).is_some());
    world.respond(P, &answer(&first, 200, "b1"));
    world.run_for(20);
    // One ACK for the refusal, one for the success.
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (2, 1));
    world.check_acks();
}

#[test]
fn a_refusal_whose_ack_finds_nobody_there_is_not_asked_for_elsewhere() {
    let mut world = two_addresses();
    let first = world.got(P, &Method::Invite).expect("an INVITE");
    world.respond(P, &answer(&first, 486, "b1"));
    world.run_for(20);
    assert!(world.events(0).iter().any(|event| matches!(event, Event::Failed { status: 486, .. })));
    let now = world.now;
    world.nodes[0].agent.handle(now, Input::Unreachable { remote: address(P) });
    world.run_for(1000);
    assert_eq!(world.count(A, SECOND, "INVITE"), 0);
    world.respond(P, &answer(&first, 200, "b2"));
    world.run_for(20);
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (2, 1));
}

#[test]
fn a_success_that_meets_the_last_fault_of_its_session_is_acknowledged_and_ended() {
    let mut world = World::with_peer(1);
    let session = world.call(0, World::uri(P));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    for _ in 0..3 {
        world.nodes[0].agent.sabotage(session);
        world.command(0, Command::SendInfo { session, digit: '1', duration: Millis(100) });
    }
    assert_eq!(world.nodes[0].agent.sessions(), 1);
    world.nodes[0].agent.sabotage(session);
    world.respond(P, &answer(&invite, 200, "b1"));
    world.run_for(20);
    assert_eq!(world.nodes[0].agent.sessions(), 0);
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (1, 1));
    world.check_acks();
}

#[test]
fn a_challenged_bye_goes_again_with_digest() {
    let mut world = two_addresses();
    let first = world.got(P, &Method::Invite).expect("an INVITE");
    world.run_for(33_000);
    world.respond(P, &answer(&first, 200, "b1"));
    world.run_for(20);
    let bye = world.got(P, &Method::Bye).expect("a BYE");
    let mut refusal = bye.response(407, "", Some("b1"));
    let ask = "Digest realm=\"px\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256";
    refusal.headers.push(HeaderName::ProxyAuthenticate, ask);
    world.respond(P, &refusal);
    world.run_for(20);
    let again = world.got(P, &Method::Bye).expect("a BYE");
    assert!(again.headers.has(&HeaderName::ProxyAuthorization));
    assert_eq!(again.cseq().expect("cseq").seq, bye.cseq().expect("cseq").seq + 1);
}

#[test]
fn a_late_200_to_a_reinvite_is_acknowledged_and_the_call_was_ended_before() {
    let mut world = World::with_peer(1);
    let session = world.call(0, World::uri(P));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    world.respond(P, &answer(&invite, 200, "b1"));
    world.run_for(20);
    world.command(0, Command::Reoffer { session, media: media(1) });
    world.run_for(33_000);
    let reinvite = world.got(P, &Method::Invite).expect("a re-INVITE");
    let byes = sent(&world, &Method::Bye);
    assert!(byes > 0);
    world.run_for(10_000);
    let byes = sent(&world, &Method::Bye).max(byes);
    world.respond(P, &answer(&reinvite, 200, "b1"));
    world.run_for(20);
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (2, byes));
    world.check_acks();
}

#[test]
fn a_200_of_an_address_that_was_unreachable_while_it_rang_is_acknowledged_and_ended() {
    let mut world = World::with_peer(1);
    world.call(0, World::uri(P));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    world.respond(P, &invite.response(100, "", None));
    world.run_for(20);
    let now = world.now;
    world.nodes[0].agent.handle(now, Input::Unreachable { remote: address(P) });
    world.run_for(300);
    for status in [183, 200, 200] {
        world.respond(P, &answer(&invite, status, "b1"));
        world.run_for(20);
    }
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (2, 1));
    world.check_acks();
}

#[test]
fn a_200_long_after_a_cancel_that_found_nobody_there_is_acknowledged_and_ended() {
    let mut world = World::with_peer(1);
    let session = world.call(0, World::uri(P));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    world.respond(P, &invite.response(100, "", None));
    world.run_for(20);
    world.command(0, Command::Hangup { session, cause: None });
    assert_eq!(sent(&world, &Method::Cancel), 1);
    let now = world.now;
    world.nodes[0].agent.handle(now, Input::Unreachable { remote: address(P) });
    // It never got the CANCEL, and rings.
    world.run_for(60_000);
    world.check_idle();
    world.respond(P, &answer(&invite, 200, "b1"));
    world.run_for(20);
    assert_eq!((sent(&world, &Method::Ack), sent(&world, &Method::Bye)), (1, 1));
    world.check_acks();
}
