//! REFER of ours to a far end that is written out by hand: every one ends in one report, whatever comes.

use crate::world::accounts::{account, invite as call, server};
use crate::world::standing::{answer, within};
use crate::world::{A, P, World, config};
use tipring_sip::agent::{
    AccountConfig, AccountId, Command, Destination, Event, Invite, ReferOutcome, ReferTarget, ServerId,
    SessionId,
};
use tipring_sip::message::{HeaderName, Method, Request};
use tipring_units::Entropy;

fn refer_to(world: &mut World, session: SessionId, to: ReferTarget) -> Request {
    world.command(0, Command::Refer { session, to });
    world.run_for(20);
    world.got(P, &Method::Refer).expect("a REFER")
}

fn refer(world: &mut World, session: SessionId) -> Request {
    refer_to(world, session, ReferTarget::User("777".to_owned()))
}

fn notify(invite: &Request, seq: u32, state: &str, body: &str) -> Request {
    let mut notify = within(invite, "b1", Method::Notify, seq);
    notify.headers.push(HeaderName::Event, "refer");
    notify.headers.push(HeaderName::SubscriptionState, state);
    if !body.is_empty() {
        notify.set_body("message/sipfrag;version=2.0", format!("{body}\r\n").into_bytes());
    }
    notify
}

fn outcomes(world: &World) -> Vec<ReferOutcome> {
    let ends = world.events(0).into_iter().filter_map(|event| match event {
        Event::ReferEnded { outcome, .. } => Some(outcome.clone()),
        _ => None,
    });
    ends.collect()
}

fn progress(world: &World) -> Vec<u16> {
    let told = world.events(0).into_iter().filter_map(|event| match event {
        Event::ReferGoes { status, .. } => Some(*status),
        _ => None,
    });
    told.collect()
}

fn ended(world: &World) -> bool {
    world.events(0).iter().any(|e| matches!(e, Event::Ended { .. }))
}

fn refused(status: u16, reason: &str) -> ReferOutcome {
    ReferOutcome::Refused { status, reason: reason.to_owned() }
}

#[test]
fn a_transfer_is_told_from_its_acceptance_to_its_end() {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    let refer = refer(&mut world, session);
    assert_eq!(refer.refer_to().unwrap().unwrap().uri.to_string(), "sip:777@10.0.0.9:5060");
    assert_eq!(refer.referred_by().unwrap().unwrap().uri.to_string(), "sip:101@10.0.0.1");
    assert!(refer.headers.has(&HeaderName::Contact));
    world.respond(P, &answer(&refer, 202, "b1"));
    world.run_for(20);
    for (seq, status) in [(10, "100 Trying"), (11, "180 Ringing"), (12, "183 Session Progress")] {
        world.request(P, &notify(&invite, seq, "active;expires=60", &format!("SIP/2.0 {status}")));
        world.run_for(20);
        assert_eq!(world.got_response(P).map(|r| r.status), Some(200));
    }
    assert_eq!((progress(&world), outcomes(&world)), (vec![202, 100, 180, 183], vec![]));
    world.request(P, &notify(&invite, 13, "terminated;reason=noresource", "SIP/2.0 200 OK"));
    world.run_for(20);
    assert_eq!(outcomes(&world), [ReferOutcome::Succeeded { status: 200 }]);
    // Nobody listens any more.
    world.request(P, &notify(&invite, 14, "terminated", "SIP/2.0 200 OK"));
    world.run_for(20);
    assert_eq!(world.got_response(P).map(|r| r.status), Some(481));
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(20);
    let bye = world.got(P, &Method::Bye).expect("a BYE");
    world.respond(P, &answer(&bye, 200, "b1"));
    world.run_for(40_000);
    assert_eq!(outcomes(&world).len(), 1);
    world.check_idle();
}

#[test]
fn what_the_target_answers_is_told_and_the_call_stands() {
    for (body, expected) in [
        ("SIP/2.0 486 Busy Here", ReferOutcome::Failed { status: 486, reason: "Busy Here".to_owned() }),
        ("SIP/2.0 603 No", ReferOutcome::Failed { status: 603, reason: "No".to_owned() }),
        ("", ReferOutcome::Unknown),
        ("SIP/2.0 180 Ringing", ReferOutcome::Unknown),
        ("nonsense", ReferOutcome::Unknown),
    ] {
        let mut world = World::with_peer(1);
        let (session, invite) = world.stand("b1", &[]);
        let refer = refer(&mut world, session);
        world.respond(P, &answer(&refer, 202, "b1"));
        world.request(P, &notify(&invite, 10, "terminated;reason=noresource", body));
        world.run_for(20);
        assert_eq!(outcomes(&world), [expected], "{body}");
        world.run_for(700_000);
        assert_eq!(outcomes(&world).len(), 1);
        assert!(!ended(&world));
    }
}

#[test]
fn a_refusal_is_told_and_the_call_stands_for_a_transfer_made_here() {
    for status in [302, 400, 403, 405, 420, 481, 491, 501, 503, 603] {
        let mut world = World::with_peer(1);
        let (session, _) = world.stand("b1", &[]);
        let refer = refer(&mut world, session);
        let response = answer(&refer, status, "b1");
        world.respond(P, &response);
        world.run_for(20);
        assert_eq!(outcomes(&world), [refused(status, &response.reason)]);
        world.run_for(700_000);
        assert_eq!(outcomes(&world).len(), 1);
        assert!(!ended(&world));
    }
}

#[test]
fn no_answer_is_a_refusal_after_the_transaction() {
    let mut world = World::with_peer(1);
    let (session, _) = world.stand("b1", &[]);
    refer(&mut world, session);
    world.run_for(31_000);
    assert_eq!(outcomes(&world), []);
    world.run_for(2000);
    assert!(matches!(&outcomes(&world)[..], [ReferOutcome::Refused { status: 408, .. }]));
    assert!(!ended(&world));
}

#[test]
fn whoever_does_not_allow_refer_is_not_asked() {
    let mut world = World::with_peer(1);
    let (session, _) = world.stand("b1", &[("Allow", "INVITE, ACK, BYE, CANCEL")]);
    world.command(0, Command::Refer { session, to: ReferTarget::User("777".to_owned()) });
    world.run_for(20);
    assert_eq!(world.got(P, &Method::Refer), None);
    assert!(matches!(&outcomes(&world)[..], [ReferOutcome::Refused { status: 405, .. }]));
}

#[test]
fn only_a_call_that_stands_can_be_referred_and_only_once_at_a_time() {
    let mut world = World::with_peer(1);
    let session = world.call(0, World::uri(P));
    world.run_for(20);
    let to = ReferTarget::User("777".to_owned());
    world.command(0, Command::Refer { session, to: to.clone() });
    world.command(0, Command::Refer { session: SessionId(999), to: to.clone() });
    assert!(matches!(
        &outcomes(&world)[..],
        [ReferOutcome::Refused { status: 481, .. }, ReferOutcome::Refused { status: 481, .. }]
    ));
    let mut world = World::with_peer(1);
    let (session, _) = world.stand("b1", &[]);
    refer(&mut world, session);
    world.command(0, Command::Refer { session, to });
    world.run_for(20);
    assert_eq!(world.count(A, P, "REFER"), 1);
    assert!(matches!(&outcomes(&world)[..], [ReferOutcome::Refused { status: 491, .. }]));
}

#[test]
fn an_attended_transfer_names_the_dialog_whose_place_is_taken() {
    let mut world = World::with_peer(1);
    let (held, _) = world.stand("b1", &[]);
    let (consulted, invite) = world.stand("c1", &[("Supported", "replaces, timer")]);
    let refer = refer_to(&mut world, held, ReferTarget::Session(consulted));
    let to = refer.refer_to().unwrap().unwrap().uri;
    assert_eq!(to.clone().as_target().to_string(), "sip:c1@10.0.0.9:5060");
    let ours = invite.from_().unwrap();
    let expected =
        format!("{};to-tag=c1;from-tag={}", invite.call_id().unwrap(), ours.tag().expect("a tag of ours"));
    assert_eq!(to.header("replaces").as_deref(), Some(expected.as_str()));
    let raw = refer.headers.text(&HeaderName::ReferTo).unwrap().into_owned();
    assert!(raw.contains("?Replaces=") && raw.contains("%3Bto-tag%3Dc1%3Bfrom-tag%3D"), "{raw}");
}

#[test]
fn a_target_that_cannot_be_replaced_at_is_not_asked_for() {
    let mut world = World::with_peer(1);
    let (held, _) = world.stand("b1", &[]);
    let (consulted, _) = world.stand("c1", &[("Supported", "timer")]);
    let ringing = world.call(0, World::uri(P));
    for other in [consulted, ringing, held, SessionId(999)] {
        world.command(0, Command::Refer { session: held, to: ReferTarget::Session(other) });
    }
    world.run_for(20);
    assert_eq!(world.count(A, P, "REFER"), 0);
    let statuses: Vec<u16> = outcomes(&world)
        .into_iter()
        .filter_map(|outcome| match outcome {
            ReferOutcome::Refused { status, .. } => Some(status),
            _ => None,
        })
        .collect();
    assert_eq!(statuses, [420, 481, 482, 481]);
}

#[test]
fn silence_after_the_acceptance_is_an_end_too() {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    let first = refer(&mut world, session);
    world.respond(P, &answer(&first, 202, "b1"));
    world.run_for(31_000);
    assert_eq!(outcomes(&world), []);
    world.run_for(2000);
    assert_eq!(outcomes(&world), [ReferOutcome::Unknown]);
    // The next lasts as long as its NOTIFY says.
    let second = refer(&mut world, session);
    world.respond(P, &answer(&second, 202, "b1"));
    world.request(P, &notify(&invite, 20, "active;expires=90", "SIP/2.0 100 Trying"));
    world.run_for(89_000);
    assert_eq!(outcomes(&world).len(), 1);
    world.run_for(2000);
    assert_eq!(outcomes(&world).len(), 2);
    // And no subscription for ever.
    let third = refer(&mut world, session);
    world.respond(P, &answer(&third, 202, "b1"));
    for n in 0..200 {
        world.request(P, &notify(&invite, 30 + n, "active;expires=4000000000", "SIP/2.0 180 Ringing"));
        world.run_for(5000);
    }
    assert_eq!(outcomes(&world).len(), 3);
    assert!(!ended(&world));
}

#[test]
fn the_end_is_told_though_the_call_has_ended_before() {
    for ours in [true, false] {
        let mut world = World::with_peer(1);
        let (session, invite) = world.stand("b1", &[]);
        let refer = refer(&mut world, session);
        world.respond(P, &answer(&refer, 202, "b1"));
        world.run_for(20);
        if ours {
            world.command(0, Command::Hangup { session, cause: None });
            world.run_for(20);
            let bye = world.got(P, &Method::Bye).expect("a BYE");
            world.respond(P, &answer(&bye, 200, "b1"));
        } else {
            world.request(P, &within(&invite, "b1", Method::Bye, 10));
        }
        world.run_for(20);
        assert!(ended(&world));
        assert_eq!(outcomes(&world), []);
        world.request(P, &notify(&invite, 11, "terminated;reason=noresource", "SIP/2.0 200 OK"));
        world.run_for(20);
        assert_eq!(outcomes(&world), [ReferOutcome::Succeeded { status: 200 }]);
        world.run_for(40_000);
        world.check_idle();
    }
}

#[test]
fn a_notify_may_overtake_the_acceptance_or_stand_for_it() {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    let first = refer(&mut world, session);
    world.request(P, &notify(&invite, 10, "active", "SIP/2.0 100 Trying"));
    world.run_for(20);
    world.respond(P, &answer(&first, 202, "b1"));
    world.run_for(20);
    world.request(P, &notify(&invite, 11, "terminated", "SIP/2.0 200 OK"));
    world.run_for(20);
    assert_eq!(outcomes(&world), [ReferOutcome::Succeeded { status: 200 }]);
    refer(&mut world, session);
    world.request(P, &notify(&invite, 12, "active;expires=300", "SIP/2.0 100 Trying"));
    world.run_for(60_000);
    assert_eq!(outcomes(&world).len(), 1, "its answer was lost");
    world.request(P, &notify(&invite, 13, "terminated", "SIP/2.0 404 Not Found"));
    world.run_for(20);
    let reason = "Not Found".to_owned();
    assert_eq!(outcomes(&world).last(), Some(&ReferOutcome::Failed { status: 404, reason }));
}

#[test]
fn a_notify_of_something_else_is_refused_and_ends_nothing() {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    let refer = refer(&mut world, session);
    world.respond(P, &answer(&refer, 202, "b1"));
    world.run_for(20);
    let own = refer.cseq().unwrap().seq;
    for (event, state, status) in [
        ("refer;id=99", "terminated", 481),
        ("refer;id=x", "terminated", 481),
        ("presence", "terminated", 489),
        ("", "terminated", 489),
        ("refer", "", 400),
    ] {
        let mut notify = notify(&invite, 10, state, "SIP/2.0 200 OK");
        notify.headers.set(HeaderName::Event, event);
        notify.headers.set(HeaderName::Via, format!("SIP/2.0/UDP {P};branch=z9hG4bK{status}{}", event.len()));
        world.request(P, &notify);
        world.run_for(20);
        assert_eq!(world.got_response(P).map(|r| r.status), Some(status), "{event} {state}");
    }
    assert_eq!(outcomes(&world), []);
    let mut good = notify(&invite, 11, "terminated", "SIP/2.0 200 OK");
    good.headers.set(HeaderName::Event, format!("refer;id={own}"));
    world.request(P, &good);
    world.run_for(20);
    assert_eq!(outcomes(&world), [ReferOutcome::Succeeded { status: 200 }]);
}

#[test]
fn refused_by_the_user_is_a_refusal_and_no_subscription_an_unknown_end() {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    let first = refer(&mut world, session);
    world.respond(P, &answer(&first, 202, "b1"));
    world.request(P, &notify(&invite, 10, "terminated;reason=rejected", "SIP/2.0 100 Trying"));
    world.run_for(20);
    assert_eq!(outcomes(&world), [refused(603, "Decline")]);
    let second = refer(&mut world, session);
    let mut response = answer(&second, 200, "b1");
    response.headers.push(HeaderName::ReferSub, "false");
    world.respond(P, &response);
    world.run_for(20);
    assert_eq!(outcomes(&world).last(), Some(&ReferOutcome::Unknown));
}

#[test]
fn a_challenge_is_answered_and_the_subscription_has_the_new_number() {
    let mut world = World::new(1, vec![config(A)]);
    world.peers.insert(crate::world::address(P), Vec::new());
    world.command(0, Command::SetServer(server(&[P])));
    world.command(0, Command::Register(AccountConfig { register: false, ..account("101", "secret") }));
    let session = world.nodes[0].agent.new_session();
    let to = Destination::Server { server: ServerId(0), user: "102".to_owned() };
    let invite = Invite { account: Some(AccountId(0)), ..call(session, to) };
    world.command(0, Command::Invite(Box::new(invite)));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    world.respond(P, &answer(&invite, 200, "b1"));
    world.run_for(20);
    let first = refer(&mut world, session);
    let mut response = answer(&first, 407, "b1");
    response.headers.push(HeaderName::ProxyAuthenticate, "Digest realm=\"r\", nonce=\"n\"");
    world.respond(P, &response);
    world.run_for(20);
    let second = world.got(P, &Method::Refer).expect("a REFER");
    assert!(second.headers.has(&HeaderName::ProxyAuthorization));
    let seq = second.cseq().unwrap().seq;
    assert!(seq > first.cseq().unwrap().seq);
    world.respond(P, &answer(&second, 202, "b1"));
    let mut end = notify(&invite, 10, "terminated", "SIP/2.0 200 OK");
    end.headers.set(HeaderName::Event, format!("refer;id={seq}"));
    world.request(P, &end);
    world.run_for(20);
    assert_eq!(outcomes(&world), [ReferOutcome::Succeeded { status: 200 }]);
}

#[test]
fn whatever_comes_every_refer_ends_in_one_report_and_nothing_is_left() {
    for seed in 0..150 {
        let mut rng = Entropy::for_simulation(seed);
        let mut world = World::with_peer(seed);
        let (session, invite) = world.stand("b1", &[]);
        let request = refer(&mut world, session);
        for n in 0..rng.below(8) {
            match rng.below(7) {
                0 => world
                    .respond(P, &answer(&request, [202, 200, 405, 501, 603][rng.below(5) as usize], "b1")),
                1 => world.request(P, &within(&invite, "b1", Method::Bye, 20 + n)),
                2 => world.command(0, Command::Hangup { session, cause: None }),
                3 => world.request(P, &within(&invite, "b1", Method::Refer, 20 + n)),
                _ => {
                    let state = ["active;expires=60", "active", "pending", "terminated", "x;y=;;"];
                    let body = ["SIP/2.0 100 Trying", "SIP/2.0 200 OK", "SIP/2.0 503 x", "", "\u{1}SIP"];
                    let (state, body) = (state[rng.below(5) as usize], body[rng.below(5) as usize]);
                    world.request(P, &notify(&invite, 20 + n, state, body));
                }
            }
            world.run_for(rng.below(20_000));
        }
        world.run_for(700_000);
        assert_eq!(outcomes(&world).len(), 1, "seed {seed}");
        world.command(0, Command::Hangup { session, cause: None });
        world.run_for(100_000);
        world.check_idle();
    }
}
