//! What the calling side does with a far end that is written out by hand: forks, redirection, digest,
//! crossing CANCEL, repeated answers, reliable provisional answers, session timers.

use crate::world::accounts::server;
use crate::world::{A, P, World, address, media};
use tipring_sip::agent::{
    By, Cause, Command, Destination, Event, RedirectAt, ServerConfig, ServerId, SessionId,
};
use tipring_sip::message::{HeaderName, Method, Request, Response};
use tipring_units::Millis;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
                   m=audio 30000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\na=ptime:30\r\n";

fn answer(request: &Request, status: u16, tag: &str, sdp: bool) -> Response {
    let mut response = request.response(status, "", Some(tag));
    response.headers.push(HeaderName::Contact, format!("<sip:{tag}@{P}>"));
    if sdp {
        response.set_body("application/sdp", SDP.as_bytes().to_vec());
    }
    response
}

fn started() -> (World, SessionId, Request) {
    let mut world = World::with_peer(1);
    let session = world.call(0, World::uri(P));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    (world, session, invite)
}

fn up() -> (World, SessionId, Request) {
    let (mut world, session, invite) = started();
    world.respond(P, &answer(&invite, 200, "b1", true));
    world.run_for(20);
    assert!(world.answered(0), "{:?}", world.events(0));
    (world, session, invite)
}

/// A request of the peer within the dialog.
fn within(invite: &Request, tag: &str, method: Method, seq: u32) -> Request {
    let mut request = Request::new(method.clone(), invite.contacts().expect("contact").remove(0).uri);
    let headers = &mut request.headers;
    headers.push(HeaderName::Via, format!("SIP/2.0/UDP {P};branch=z9hG4bK{method}{seq}"));
    headers.push(HeaderName::MaxForwards, "70");
    headers.push(HeaderName::From, format!("{};tag={tag}", invite.to().expect("to")));
    headers.push(HeaderName::To, invite.headers.text(&HeaderName::From).expect("from").as_bytes());
    headers.push(HeaderName::CallId, invite.call_id().expect("call id"));
    headers.push(HeaderName::CSeq, format!("{seq} {method}"));
    headers.push(HeaderName::Contact, format!("<sip:{tag}@{P}>"));
    request
}

fn count(world: &World, method: &Method) -> usize {
    world.count(A, P, method.as_str())
}

#[test]
fn a_repeated_200_is_acknowledged_again_and_reported_once() {
    let (mut world, _, invite) = up();
    for _ in 0..3 {
        world.respond(P, &answer(&invite, 200, "b1", true));
        world.run_for(500);
    }
    assert_eq!(count(&world, &Method::Ack), 4);
    assert_eq!(world.events(0).iter().filter(|e| matches!(e, Event::Answered { .. })).count(), 1);
}

#[test]
fn the_answer_maps_payload_types_and_packet_time_each_way() {
    let (world, ..) = up();
    let plan = world.events(0).into_iter().find_map(|e| match e {
        Event::Answered { plan, .. } => plan.audio().cloned(),
        _ => None,
    });
    let plan = plan.expect("a stream");
    let events = plan.events.expect("telephone events");
    assert_eq!((events.send, events.receive.as_slice()), (96, [(101, 8000)].as_slice()));
    assert_eq!((plan.send_type, plan.send_ptime, plan.receive_ptime), (8, Millis(30), Millis(20)));
    assert_eq!(plan.remote_rtp, address("10.0.0.9:30000"));
}

#[test]
fn every_fork_rings_and_a_second_200_is_taken_and_ended() {
    let (mut world, _, invite) = started();
    world.respond(P, &answer(&invite, 180, "b1", false));
    world.respond(P, &answer(&invite, 183, "b2", true));
    world.run_for(20);
    let forks: Vec<u32> = world
        .events(0)
        .into_iter()
        .filter_map(|e| match e {
            Event::Ringing { fork, .. } => Some(fork.0),
            _ => None,
        })
        .collect();
    assert_eq!(forks, [0, 1]);
    world.respond(P, &answer(&invite, 200, "b2", true));
    world.run_for(20);
    world.respond(P, &answer(&invite, 200, "b3", true));
    world.run_for(20);
    let bye = world.got(P, &Method::Bye).expect("a BYE to the loser");
    assert_eq!(bye.to().expect("to").tag(), Some("b3"));
    assert_eq!((count(&world, &Method::Ack), count(&world, &Method::Bye)), (2, 1));
    let answered = world.events(0).into_iter().find_map(|e| match e {
        Event::Answered { fork, .. } => Some(fork.0),
        _ => None,
    });
    assert_eq!(answered, Some(1));
}

#[test]
fn a_200_that_crosses_cancel_is_acknowledged_and_ended() {
    let (mut world, session, invite) = started();
    world.respond(P, &answer(&invite, 180, "b1", false));
    world.run_for(20);
    world.command(0, Command::Hangup { session, cause: None });
    world.respond(P, &answer(&invite, 200, "b1", true));
    world.run_for(20);
    assert_eq!(count(&world, &Method::Cancel), 1);
    assert_eq!((count(&world, &Method::Ack), count(&world, &Method::Bye)), (1, 1));
    assert!(!world.answered(0));
    let bye = world.got(P, &Method::Bye).expect("BYE");
    world.respond(P, &answer(&bye, 200, "b1", false));
    let cancel = world.got(P, &Method::Cancel).expect("CANCEL");
    world.respond(P, &answer(&cancel, 200, "b1", false));
    world.run_for(70_000);
    world.check_idle();
}

#[test]
fn cancel_waits_for_the_first_provisional_answer() {
    let (mut world, session, invite) = started();
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(300);
    assert_eq!(count(&world, &Method::Cancel), 0);
    world.respond(P, &answer(&invite, 180, "b1", false));
    world.run_for(20);
    assert_eq!(count(&world, &Method::Cancel), 1);
    let cancel = world.got(P, &Method::Cancel).expect("CANCEL");
    assert_eq!(cancel.top_via().expect("via").branch(), invite.top_via().expect("via").branch());
    // Nobody answers the CANCEL or the INVITE: 64*T1 later it is over all the same.
    world.run_for(70_000);
    world.check_idle();
}

/// Where the 3xx of the only call sends it, and whose each address is.
fn sent_to(world: &mut World) -> Option<(u16, Vec<(String, RedirectAt)>)> {
    world.events(0).iter().find_map(|event| match event {
        Event::Redirected { status, to, .. } => {
            Some((*status, to.iter().map(|one| (one.uri.to_string(), one.at)).collect()))
        }
        _ => None,
    })
}

#[test]
fn a_redirection_is_told_by_preference_with_whose_the_addresses_are_and_not_followed() {
    let mut world = World::with_account(&[P]);
    world.run_for(20);
    world.call_by_account("101", "555");
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    let mut moved = invite.response(302, "", Some("r"));
    let ip = address(P).ip();
    let list = format!(
        "<sip:second@{P}>;q=0.5, <sip:first@{P}?X=y;method=BYE>;q=0.9, <sip:second@{P}>;q=0.1, \
         <sip:third@elsewhere.example>, <tel:+4930>, <sip:here@{A}>;q=0.4, <sip:other@{ip}:5999>;q=0.3"
    );
    moved.headers.push(HeaderName::Contact, list);
    moved.headers.push(HeaderName::Diversion, "<sip:555@p>;reason=user-busy");
    world.respond(P, &moved);
    world.run_for(20);
    let at = |user: &str, host: String, at| (format!("sip:{user}@{host}"), at);
    let pbx = RedirectAt::Server(ServerId(0));
    assert_eq!(
        sent_to(&mut world),
        Some((
            302,
            vec![
                at("third", "elsewhere.example".to_owned(), RedirectAt::Elsewhere),
                at("first", P.to_string(), pbx),
                at("second", P.to_string(), pbx),
                at("here", A.to_string(), RedirectAt::Here),
                at("other", format!("{ip}:5999"), RedirectAt::Elsewhere),
            ]
        ))
    );
    assert_eq!((count(&world, &Method::Invite), count(&world, &Method::Ack)), (1, 1));
    world.run_for(70_000);
    world.check_idle();
}

#[test]
fn a_redirection_without_an_address_and_an_alternative_service_are_refusals() {
    for (status, contact) in [(302, None), (302, Some("<tel:+4930>")), (380, Some("<sip:sos@p.example>"))] {
        let (mut world, _, invite) = started();
        let mut moved = invite.response(status, "", Some("r"));
        if let Some(contact) = contact {
            moved.headers.push(HeaderName::Contact, contact);
        }
        world.respond(P, &moved);
        world.run_for(20);
        let failed = |event: &Event| matches!(event, Event::Failed { status: told, .. } if *told == status);
        assert_eq!(sent_to(&mut world), None);
        assert_eq!(world.events(0).iter().filter(|event| failed(event)).count(), 1);
    }
}

/// A call by an account at the peer.
fn call_by_account() -> (World, SessionId) {
    let mut world = World::with_account(&[P]);
    let session = world.call_by_account("101", "555");
    world.run_for(20);
    (world, session)
}

fn challenge(request: &Request, nonce: &str) -> Response {
    let mut response = request.response(407, "", Some("px"));
    let value = format!("Digest realm=\"px\", nonce=\"{nonce}\", qop=\"auth\", algorithm=SHA-256");
    response.headers.push(HeaderName::ProxyAuthenticate, value);
    response
}

#[test]
fn a_challenged_invite_and_a_challenged_bye_go_again_with_digest() {
    let (mut world, session) = call_by_account();
    let invite = world.got(P, &Method::Invite).expect("INVITE");
    world.respond(P, &challenge(&invite, "n1"));
    world.run_for(20);
    let again = world.got(P, &Method::Invite).expect("INVITE");
    assert!(again.headers.has(&HeaderName::ProxyAuthorization));
    assert_eq!(again.cseq().expect("cseq").seq, 2);
    world.respond(P, &answer(&again, 200, "b1", true));
    world.run_for(20);
    let ack = world.got(P, &Method::Ack).expect("ACK");
    assert!(ack.headers.has(&HeaderName::ProxyAuthorization));
    // 407 in mid-dialog, first to a re-INVITE, then to the BYE.
    world.command(0, Command::Reoffer { session, media: media(1) });
    world.run_for(20);
    let reinvite = world.got(P, &Method::Invite).expect("re-INVITE");
    world.respond(P, &challenge(&reinvite, "n2"));
    world.run_for(20);
    let again = world.got(P, &Method::Invite).expect("re-INVITE");
    assert_eq!(again.cseq().expect("cseq").seq, reinvite.cseq().expect("cseq").seq + 1);
    world.respond(P, &answer(&again, 200, "b1", true));
    world.run_for(20);
    assert!(world.events(0).iter().any(|e| matches!(e, Event::ReofferResult { result: Ok(_), .. })));
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(20);
    let bye = world.got(P, &Method::Bye).expect("BYE");
    world.respond(P, &challenge(&bye, "n3"));
    world.run_for(20);
    let again = world.got(P, &Method::Bye).expect("BYE");
    assert!(again.headers.has(&HeaderName::ProxyAuthorization));
    world.respond(P, &answer(&again, 200, "b1", false));
    world.run_for(70_000);
    world.check_idle();
}

#[test]
fn a_second_challenge_with_the_same_realm_is_a_failure() {
    let (mut world, _) = call_by_account();
    for nonce in ["n1", "n2"] {
        let invite = world.got(P, &Method::Invite).expect("INVITE");
        world.respond(P, &challenge(&invite, nonce));
        world.run_for(20);
    }
    assert_eq!(count(&world, &Method::Invite), 2);
    assert!(world.events(0).iter().any(|e| matches!(e, Event::Failed { status: 407, .. })));
}

#[test]
fn a_reliable_provisional_answer_gets_a_prack_in_order() {
    let (mut world, _, invite) = started();
    let mut early = answer(&invite, 183, "b1", true);
    early.headers.push(HeaderName::Require, "100rel");
    early.headers.push(HeaderName::RSeq, "7");
    world.respond(P, &early);
    world.respond(P, &early);
    world.run_for(20);
    assert_eq!(count(&world, &Method::Prack), 1);
    let prack = world.got(P, &Method::Prack).expect("PRACK");
    assert_eq!(prack.headers.text(&HeaderName::RAck).as_deref(), Some("7 1 INVITE"));
    assert!(world.events(0).iter().any(|e| matches!(e, Event::EarlyMedia { .. })));
    world.respond(P, &answer(&prack, 200, "b1", false));
    world.respond(P, &answer(&invite, 200, "b1", false));
    world.run_for(20);
    assert!(world.answered(0));
}

#[test]
fn the_far_end_may_offer_in_its_200() {
    let mut world = World::with_peer(1);
    let session = world.call_with(0, World::uri(P), None);
    world.command(0, Command::Reoffer { session, media: media(1) });
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("INVITE");
    assert!(invite.body.is_empty());
    world.respond(P, &answer(&invite, 200, "b1", true));
    world.run_for(20);
    let ack = world.got(P, &Method::Ack).expect("ACK");
    let sdp = String::from_utf8(ack.body).expect("text");
    assert!(sdp.contains("m=audio 40000 RTP/AVP 8 96"), "{sdp}");
    assert!(world.answered(0));
}

#[test]
fn a_200_without_a_common_codec_is_acknowledged_and_ended() {
    let (mut world, _, invite) = started();
    let mut accepted = answer(&invite, 200, "b1", false);
    let sdp = SDP.replace("RTP/AVP 8 96", "RTP/AVP 18 96");
    accepted.set_body("application/sdp", sdp.into_bytes());
    world.respond(P, &accepted);
    world.run_for(20);
    assert_eq!((count(&world, &Method::Ack), count(&world, &Method::Bye)), (1, 1));
    assert!(world.events(0).iter().any(|e| matches!(e, Event::Failed { status: 488, .. })));
}

#[test]
fn requests_out_of_order_get_500_and_of_unknown_dialogs_481() {
    let (mut world, _, invite) = up();
    world.request(P, &within(&invite, "b1", Method::Options, 10));
    world.run_for(20);
    world.request(P, &within(&invite, "b1", Method::Info, 9));
    world.run_for(20);
    world.request(P, &within(&invite, "other", Method::Bye, 11));
    world.run_for(20);
    assert_eq!(world.statuses(P), [200, 500, 481]);
}

#[test]
fn an_old_hold_with_a_null_address_is_a_hold() {
    let (mut world, _, invite) = up();
    let mut hold = within(&invite, "b1", Method::Invite, 5);
    hold.set_body("application/sdp", SDP.replace("c=IN IP4 10.0.0.9", "c=IN IP4 0.0.0.0").into_bytes());
    world.request(P, &hold);
    world.run_for(20);
    let held = world.events(0).iter().any(|e| matches!(e, Event::Reoffered { held: true, .. }));
    assert!(held, "{:?}", world.events(0));
    let answer = world.got_response(P).expect("an answer");
    assert!(String::from_utf8_lossy(&answer.body).contains("a=recvonly"));
}

#[test]
fn an_unsupported_offer_within_the_call_gets_488_and_changes_nothing() {
    let (mut world, _, invite) = up();
    let mut fax = within(&invite, "b1", Method::Invite, 5);
    fax.set_body(
        "application/sdp",
        SDP.replace("m=audio 30000 RTP/AVP 8 96", "m=image 30000 udptl t38").into_bytes(),
    );
    world.request(P, &fax);
    world.run_for(20);
    assert_eq!(world.statuses(P), [488]);
    assert!(!world.events(0).iter().any(|e| matches!(e, Event::Ended { .. } | Event::Reoffered { .. })));
}

#[test]
fn an_update_with_an_offer_is_answered() {
    let (mut world, _, invite) = up();
    let mut update = within(&invite, "b1", Method::Update, 5);
    update.set_body("application/sdp", format!("{SDP}a=sendonly\r\n").into_bytes());
    world.request(P, &update);
    world.run_for(20);
    assert_eq!(world.statuses(P), [200]);
    assert!(world.events(0).iter().any(|e| matches!(e, Event::Reoffered { held: true, .. })));
}

#[test]
fn a_bye_during_our_reinvite_ends_the_call_and_the_late_200_is_acknowledged() {
    let (mut world, session, invite) = up();
    world.command(0, Command::Reoffer { session, media: media(1) });
    world.run_for(20);
    let reinvite = world.got(P, &Method::Invite).expect("re-INVITE");
    world.request(P, &within(&invite, "b1", Method::Bye, 5));
    world.run_for(20);
    assert!(world.events(0).iter().any(|e| matches!(e, Event::Ended { by: By::Them, .. })));
    let before = count(&world, &Method::Ack);
    world.respond(P, &answer(&reinvite, 200, "b1", true));
    world.run_for(20);
    assert_eq!(count(&world, &Method::Ack), before + 1);
    world.run_for(70_000);
    world.check_idle();
}

#[test]
fn a_session_that_nobody_refreshes_is_ended() {
    let (mut world, _, invite) = started();
    let mut accepted = answer(&invite, 200, "b1", true);
    accepted.headers.push(HeaderName::SessionExpires, "90;refresher=uas");
    world.respond(P, &accepted);
    world.run_for(20);
    world.run_for(59_000);
    assert_eq!(count(&world, &Method::Bye), 0);
    world.run_for(2000);
    assert!(count(&world, &Method::Bye) > 0);
    assert!(
        world
            .events(0)
            .iter()
            .any(|e| matches!(e, Event::Ended { by: By::Failure, cause: Cause::TIMER, .. }))
    );
}

#[test]
fn a_session_that_we_refresh_goes_on() {
    let (mut world, _, invite) = started();
    let mut accepted = answer(&invite, 200, "b1", true);
    accepted.headers.push(HeaderName::SessionExpires, "90;refresher=uac");
    accepted.headers.push(HeaderName::Allow, "INVITE, UPDATE, BYE");
    world.respond(P, &accepted);
    world.run_for(46_000);
    let update = world.got(P, &Method::Update).expect("an UPDATE");
    assert_eq!(update.headers.text(&HeaderName::SessionExpires).as_deref(), Some("90;refresher=uac"));
    let mut refreshed = answer(&update, 200, "b1", false);
    refreshed.headers.push(HeaderName::SessionExpires, "90;refresher=uac");
    world.respond(P, &refreshed);
    world.run_for(20);
    assert_eq!(count(&world, &Method::Bye), 0);
    assert!(!world.events(0).iter().any(|e| matches!(e, Event::Ended { .. })));
}

const SECOND: &str = "10.0.0.8:5060";

#[test]
fn a_503_moves_on_to_the_next_address_of_the_server() {
    let mut world = World::with_peer(1);
    world.peers.insert(address(SECOND), Vec::new());
    let server = ServerConfig { domain: Some("pbx.example".to_owned()), ..server(&[P, SECOND]) };
    world.command(0, Command::SetServer(server));
    world.call(0, Destination::Server { server: ServerId(0), user: "5".to_owned() });
    world.run_for(20);
    let first = world.got(P, &Method::Invite).expect("INVITE");
    assert_eq!(first.uri.to_string(), "sip:5@pbx.example");
    world.respond(P, &answer(&first, 503, "x", false));
    world.run_for(20);
    let second = world.got(SECOND, &Method::Invite).expect("INVITE at the second address");
    assert_ne!(second.top_via().expect("via").branch(), first.top_via().expect("via").branch());
    assert_eq!(count(&world, &Method::Ack), 1);
    world.respond(SECOND, &answer(&second, 486, "y", false));
    // The next call goes there at once; 60 s after the first address answers again, back.
    world.call(0, Destination::Server { server: ServerId(0), user: "6".to_owned() });
    world.run_for(20);
    assert_eq!(count(&world, &Method::Invite), 1);
    let third = world.got(SECOND, &Method::Invite).expect("INVITE");
    world.respond(SECOND, &answer(&third, 486, "z", false));
    world.run_for(16_000);
    let probe = world.got(P, &Method::Options).expect("a probe");
    world.respond(P, &answer(&probe, 200, "x", false));
    for _ in 0..5 {
        world.run_for(15_000);
        let probe = world.got(P, &Method::Options).expect("a probe");
        world.respond(P, &answer(&probe, 200, "x", false));
    }
    world.run_for(1000);
    world.call(0, Destination::Server { server: ServerId(0), user: "7".to_owned() });
    world.run_for(20);
    assert_eq!(count(&world, &Method::Invite), 2);
}

#[test]
fn without_update_a_session_is_refreshed_by_an_unchanged_reinvite() {
    let (mut world, _, invite) = started();
    let mut accepted = answer(&invite, 200, "b1", true);
    accepted.headers.push(HeaderName::SessionExpires, "90;refresher=uac");
    world.respond(P, &accepted);
    world.run_for(46_000);
    let again = world.got(P, &Method::Invite).expect("a re-INVITE");
    assert_eq!(again.body, invite.body);
    let mut refreshed = answer(&again, 200, "b1", true);
    refreshed.headers.push(HeaderName::SessionExpires, "90;refresher=uac");
    world.respond(P, &refreshed);
    world.run_for(20);
    assert!(!world.events(0).iter().any(|e| matches!(e, Event::ReofferResult { .. } | Event::Ended { .. })));
}
