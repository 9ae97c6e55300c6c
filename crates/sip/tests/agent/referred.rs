//! REFER and Replaces of a far end that is written out by hand, and whole transfers between three agents.

use crate::world::accounts::invite as call;
use crate::world::by_hand::{SDP, message};
use crate::world::standing::{answer, within};
use crate::world::{A, B, P, Weather, World, address, config, media};
use tipring_sip::agent::{
    Command, Destination, Event, Invite, ReferOutcome, ReferTarget, Referred, SessionId,
};
use tipring_sip::message::{HeaderName, Method, NameAddr, Replaces, Request, SipFragment, Uri};
use tipring_units::Entropy;

const C: &str = "10.0.0.3:5060";

fn refer(invite: &Request, seq: u32, to: &str) -> Request {
    let mut refer = within(invite, "b1", Method::Refer, seq);
    refer.headers.push(HeaderName::ReferTo, to);
    refer
}

fn referred(world: &World, node: usize) -> Option<Referred> {
    world.events(node).into_iter().rev().find_map(|event| match event {
        Event::Referred(referred) => Some((**referred).clone()),
        _ => None,
    })
}

fn last_status(world: &World) -> u16 {
    world.got_response(P).map(|r| r.status).expect("a response")
}

/// What the latest NOTIFY told: its subscription, and the status.
fn told(world: &World) -> (String, u16) {
    let notify = world.got(P, &Method::Notify).expect("a NOTIFY");
    let state = notify.headers.text(&HeaderName::SubscriptionState).expect("a state").into_owned();
    (state, SipFragment::parse(&notify.body).expect("a status line").status)
}

fn hear(world: &mut World, status: u16) {
    let notify = world.got(P, &Method::Notify).expect("a NOTIFY");
    world.respond(P, &answer(&notify, status, "b1"));
    world.run_for(20);
}

fn obeyed() -> (World, SessionId, Request) {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    world.request(P, &refer(&invite, 10, "<sip:777@elsewhere.example>"));
    world.run_for(20);
    world.command(0, Command::AnswerRefer { session, answer: Ok(()) });
    world.run_for(20);
    (world, session, invite)
}

fn report(world: &mut World, session: SessionId, status: u16) {
    world.command(0, Command::ReportRefer { session, status, reason: None });
    world.run_for(20);
}

#[test]
fn a_refer_is_put_to_the_gateway_with_all_that_the_new_call_needs() {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    let to = "<sip:777@elsewhere.example;method=INVITE?Replaces=ab%40c%3Bto-tag%3D1%3Bfrom-tag%3D2&X=y>";
    let mut request = refer(&invite, 10, to);
    request.headers.push(HeaderName::ReferredBy, "\"Boss\" <sip:boss@here.example>");
    world.request(P, &request);
    world.run_for(20);
    let referred = referred(&world, 0).expect("to be told");
    assert_eq!(referred.session, session);
    assert_eq!(referred.to.to_string(), "sip:777@elsewhere.example");
    let replaces = referred.replaces.expect("a dialog");
    assert_eq!(replaces.to_string(), "ab@c;to-tag=1;from-tag=2");
    assert_eq!(referred.by.expect("who").display.as_deref(), Some("Boss"));
}

#[test]
fn the_new_call_is_reported_from_100_to_its_end() {
    let (mut world, session, _) = obeyed();
    assert_eq!(world.count(A, P, "SIP/2.0 202"), 1);
    let notify = world.got(P, &Method::Notify).expect("a NOTIFY");
    assert_eq!(notify.headers.text(&HeaderName::Event).as_deref(), Some("refer;id=10"));
    assert_eq!(told(&world), ("active;expires=240".to_owned(), 100));
    hear(&mut world, 200);
    report(&mut world, session, 180);
    assert_eq!(told(&world).1, 180);
    hear(&mut world, 200);
    report(&mut world, session, 180);
    assert_eq!(world.count(A, P, "NOTIFY"), 2, "what is known is not told again");
    report(&mut world, session, 200);
    assert_eq!(told(&world), ("terminated;reason=noresource".to_owned(), 200));
    hear(&mut world, 200);
    report(&mut world, session, 486);
    assert_eq!(world.count(A, P, "NOTIFY"), 3, "nothing comes after the end");
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(100_000);
    world.check_idle();
}

#[test]
fn reports_wait_for_the_answer_to_the_one_before_and_the_latest_counts() {
    let (mut world, session, _) = obeyed();
    for status in [180, 183, 404] {
        report(&mut world, session, status);
    }
    report(&mut world, session, 200);
    assert_eq!(world.count(A, P, "NOTIFY"), 1);
    hear(&mut world, 200);
    assert_eq!(told(&world), ("terminated;reason=noresource".to_owned(), 404));
}

#[test]
fn the_end_is_reported_though_the_call_has_ended_before() {
    for ours in [true, false] {
        let (mut world, session, invite) = obeyed();
        hear(&mut world, 200);
        if ours {
            world.command(0, Command::Hangup { session, cause: None });
        } else {
            world.request(P, &within(&invite, "b1", Method::Bye, 20));
        }
        world.run_for(20);
        report(&mut world, session, 200);
        assert_eq!(told(&world), ("terminated;reason=noresource".to_owned(), 200));
        hear(&mut world, 200);
        world.run_for(100_000);
        world.check_idle();
    }
}

#[test]
fn nobody_is_told_who_does_not_listen() {
    for status in [481, 405, 500] {
        let (mut world, session, _) = obeyed();
        hear(&mut world, status);
        report(&mut world, session, 200);
        assert_eq!(world.count(A, P, "NOTIFY"), 1);
        assert!(!world.events(0).iter().any(|e| matches!(e, Event::Ended { .. })));
    }
}

#[test]
fn a_gateway_that_does_not_answer_or_never_tells_the_end_leaves_nobody_waiting() {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    world.request(P, &refer(&invite, 10, "<sip:777@elsewhere.example>"));
    world.run_for(4000);
    assert_eq!(world.count(A, P, "SIP/2.0 603"), 0);
    world.run_for(2000);
    assert_eq!(last_status(&world), 603);
    world.command(0, Command::AnswerRefer { session, answer: Ok(()) });
    world.run_for(20);
    assert_eq!(world.count(A, P, "NOTIFY"), 0);
    let (mut world, _, _) = obeyed();
    hear(&mut world, 200);
    world.run_for(239_000);
    assert_eq!(world.count(A, P, "NOTIFY"), 1);
    world.run_for(2000);
    assert_eq!(told(&world), ("terminated;reason=timeout".to_owned(), 100));
}

#[test]
fn a_refusal_of_the_gateway_is_the_answer() {
    for (given, sent) in [(603, 603), (403, 403), (200, 300), (9000, 699)] {
        let mut world = World::with_peer(1);
        let (session, invite) = world.stand("b1", &[]);
        world.request(P, &refer(&invite, 10, "<sip:777@elsewhere.example>"));
        world.run_for(20);
        world.command(0, Command::AnswerRefer { session, answer: Err(given) });
        world.run_for(20);
        assert_eq!(last_status(&world), sent);
        assert_eq!(world.count(A, P, "NOTIFY"), 0);
    }
}

#[test]
fn what_cannot_be_obeyed_is_refused_unasked() {
    for (to, status) in [
        ("", 400),
        ("<sip:", 400),
        ("<sips:777@elsewhere.example>", 416),
        ("<http://elsewhere.example>", 416),
        ("<sip:777@elsewhere.example;method=BYE>", 403),
        ("<sip:777@elsewhere.example?Replaces=nonsense>", 400),
    ] {
        let mut world = World::with_peer(1);
        let (_, invite) = world.stand("b1", &[]);
        let mut request = refer(&invite, 10, to);
        if to.is_empty() {
            request.headers.remove(&HeaderName::ReferTo);
        }
        world.request(P, &request);
        world.run_for(20);
        assert_eq!(last_status(&world), status, "{to}");
        assert_eq!(referred(&world, 0), None);
    }
    let mut world = World::with_peer(1);
    let (_, invite) = world.stand("b1", &[]);
    let mut request = refer(&invite, 10, "<sip:1@a.example>");
    request.headers.push(HeaderName::ReferTo, "<sip:2@a.example>");
    world.request(P, &request);
    world.run_for(20);
    assert_eq!(last_status(&world), 400);
}

#[test]
fn one_refer_at_a_time_whoever_sends_it() {
    let (mut world, session, invite) = obeyed();
    world.request(P, &refer(&invite, 11, "<sip:888@elsewhere.example>"));
    world.run_for(20);
    assert_eq!(last_status(&world), 491);
    world.command(0, Command::Refer { session, to: ReferTarget::User("9".to_owned()) });
    world.run_for(20);
    assert_eq!(world.count(A, P, "REFER"), 0);
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    world.command(0, Command::Refer { session, to: ReferTarget::User("9".to_owned()) });
    world.request(P, &refer(&invite, 11, "<sip:888@elsewhere.example>"));
    world.run_for(20);
    assert_eq!((last_status(&world), referred(&world, 0)), (491, None));
}

#[test]
fn a_refer_outside_of_a_call_or_before_its_answer_is_refused() {
    let mut world = World::with_peer(1);
    world.inject(P, A, &message("REFER", "r1", "r: <sip:777@elsewhere.example>\n", ""));
    world.run_for(20);
    assert_eq!(last_status(&world), 403);
    world.inject(P, A, &message("INVITE", "i1", "", SDP).replace("Call-ID: c1", "Call-ID: c2"));
    world.run_for(20);
    let session = world.incoming(0).expect("a call");
    world.command(0, Command::Progress { session, status: 180, media: None });
    world.run_for(20);
    let tag = world.got_response(P).expect("180").to().expect("to").tag().expect("a tag").to_owned();
    let to =
        format!("To: <sip:102@10.0.0.1>;tag={tag}\nCSeq: 2 REFER\nRefer-To: <sip:777@elsewhere.example>\n");
    world.inject(P, A, &message("REFER", "r2", &to, "").replace("Call-ID: c1", "Call-ID: c2"));
    world.run_for(20);
    assert_eq!((last_status(&world), referred(&world, 0)), (403, None));
}

#[test]
fn who_knows_the_dialog_but_is_not_trusted_is_not_obeyed() {
    const STRANGER: &str = "203.0.113.66:5060";
    let mut world = World::with_peer(1);
    world.peers.insert(address(STRANGER), Vec::new());
    let (_, invite) = world.stand("b1", &[]);
    world.request(STRANGER, &refer(&invite, 10, "<sip:777@elsewhere.example>"));
    world.run_for(20);
    assert_eq!((world.statuses(STRANGER), referred(&world, 0)), (vec![403], None));
}

fn replacing(call_id: &str, to_tag: &str, from_tag: &str, extra: &str) -> String {
    let header = format!(
        "Require: replaces\nReplaces: {call_id};to-tag={to_tag};from-tag={from_tag}{extra}\nReferred-By: <sip:boss@a.example>\n"
    );
    message("INVITE", "rep", &header, SDP)
}

fn incoming_replaces(world: &World) -> Option<SessionId> {
    world.events(0).into_iter().rev().find_map(|event| match event {
        Event::Incoming(incoming) => Some(incoming.replaces),
        _ => None,
    })?
}

#[test]
fn an_invite_may_take_the_place_of_a_call_that_stands() {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    let (call_id, ours) = (invite.call_id().unwrap(), invite.from_().unwrap().tag().unwrap().to_owned());
    world.inject(P, A, &replacing(&call_id, &ours, "b1", ""));
    world.run_for(20);
    assert_eq!(incoming_replaces(&world), Some(session));
    let new = world.incoming(0).expect("a call");
    world.command(0, Command::Accept { session: new, media: media(1) });
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(20);
    let bye = world.got(P, &Method::Bye).expect("a BYE");
    assert_eq!(bye.call_id().unwrap(), call_id);
    assert_eq!(world.count(A, P, "SIP/2.0 200"), 1);
}

#[test]
fn an_invite_may_take_the_place_of_a_call_of_ours_that_rings() {
    let mut world = World::with_peer(1);
    let session = world.call(0, World::uri(P));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    world.respond(P, &answer(&invite, 180, "b1"));
    world.run_for(20);
    let (call_id, ours) = (invite.call_id().unwrap(), invite.from_().unwrap().tag().unwrap().to_owned());
    world.inject(P, A, &replacing(&call_id, &ours, "b1", ";early-only"));
    world.run_for(20);
    assert_eq!(incoming_replaces(&world), Some(session));
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(20);
    assert_eq!(world.count(A, P, "CANCEL"), 1);
    // Cancelled, it is there no more for another.
    world.inject(
        P,
        A,
        &replacing(&call_id, &ours, "b1", "").replace("Call-ID: c1", "Call-ID: c2").replace("Krep", "Krep2"),
    );
    world.run_for(20);
    assert_eq!(last_status(&world), 603);
}

#[test]
fn a_place_that_cannot_be_taken_has_the_answer_of_the_rfc() {
    let mut world = World::with_peer(1);
    let (session, invite) = world.stand("b1", &[]);
    let (call_id, ours) = (invite.call_id().unwrap(), invite.from_().unwrap().tag().unwrap().to_owned());
    let twice = replacing(&call_id, &ours, "b1", "").replace(
        "Require: replaces",
        &format!("Require: replaces\nReplaces: {call_id};to-tag={ours};from-tag=b1"),
    );
    let mut n = 0;
    let mut ask = |world: &mut World, text: String| {
        n += 1;
        world.inject(
            P,
            A,
            &text.replace("Call-ID: c1", &format!("Call-ID: n{n}")).replace("Krep", &format!("Kr{n}")),
        );
        world.run_for(20);
        last_status(world)
    };
    assert_eq!(ask(&mut world, replacing("other", &ours, "b1", "")), 481);
    assert_eq!(ask(&mut world, replacing(&call_id, "other", "b1", "")), 481);
    assert_eq!(ask(&mut world, replacing(&call_id, &ours, "other", "")), 481);
    assert_eq!(ask(&mut world, replacing(&call_id, &ours, "b1", ";early-only")), 486);
    assert_eq!(ask(&mut world, replacing(&call_id, &ours, "", "")), 400);
    assert_eq!(ask(&mut world, twice), 400);
    let join =
        replacing(&call_id, &ours, "b1", "").replace("Require: replaces", "Join: a;to-tag=1;from-tag=2");
    assert_eq!(ask(&mut world, join), 400);
    assert_eq!(world.incoming(0), None);
    world.command(0, Command::Hangup { session, cause: None });
    world.run_for(20);
    assert_eq!(ask(&mut world, replacing(&call_id, &ours, "b1", "")), 603);
    // A call that rings here is not the caller's to replace (RFC 3891 §3).
    world.inject(P, A, &message("INVITE", "in", "", SDP).replace("Call-ID: c1", "Call-ID: ringing"));
    world.run_for(20);
    let session = world.incoming(0).expect("a call");
    world.command(0, Command::Progress { session, status: 180, media: None });
    world.run_for(20);
    let tag = world.got_response(P).unwrap().to().unwrap().tag().unwrap().to_owned();
    assert_eq!(ask(&mut world, replacing("ringing", &tag, "pt", "")), 481);
}

#[test]
fn a_call_that_takes_a_place_says_so_and_insists() {
    let mut world = World::with_peer(1);
    let session = world.nodes[0].agent.new_session();
    let replaces: Replaces = "x@y;to-tag=1;from-tag=2".parse().unwrap();
    let by: NameAddr = "<sip:boss@a.example>".parse().unwrap();
    let invite = Invite {
        replaces: Some(replaces.clone()),
        referred_by: Some(by.clone()),
        ..call(session, World::uri(P))
    };
    world.command(0, Command::Invite(Box::new(invite)));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    assert_eq!(invite.replaces(), Ok(Some(replaces)));
    assert_eq!(invite.referred_by(), Ok(Some(by)));
    assert_eq!(invite.require(), ["replaces"]);
}

/// The gateway of a node that obeys every REFER, and joins what takes another's place.
fn obey(world: &mut World, seen: &mut [usize], under_way: &mut Vec<(usize, SessionId, SessionId)>) {
    for (node, seen) in seen.iter_mut().enumerate() {
        let n = node as u8 + 1;
        let events: Vec<Event> = world.events(node).into_iter().skip(*seen).cloned().collect();
        *seen += events.len();
        for event in events {
            match event {
                Event::Incoming(incoming) => {
                    world.command(node, Command::Accept { session: incoming.session, media: media(n) });
                    if let Some(old) = incoming.replaces {
                        world.command(node, Command::Hangup { session: old, cause: None });
                    }
                }
                Event::Referred(referred) => {
                    world.command(node, Command::AnswerRefer { session: referred.session, answer: Ok(()) });
                    let new = world.nodes[node].agent.new_session();
                    let to = Destination::Uri(referred.to.clone());
                    let invite =
                        Invite { replaces: referred.replaces, referred_by: referred.by, ..call(new, to) };
                    world.command(node, Command::Invite(Box::new(invite)));
                    under_way.push((node, new, referred.session));
                }
                Event::Answered { session, .. } => tell(world, under_way, node, session, 200),
                Event::Failed { session, status, .. } => tell(world, under_way, node, session, status),
                _ => {}
            }
        }
    }
}

fn tell(
    world: &mut World,
    under_way: &[(usize, SessionId, SessionId)],
    node: usize,
    new: SessionId,
    status: u16,
) {
    if let Some((_, _, session)) = under_way.iter().find(|(n, s, _)| (*n, *s) == (node, new)) {
        world.command(node, Command::ReportRefer { session: *session, status, reason: None });
    }
}

fn transfer(seed: u64, weather: Weather, attended: bool) -> (World, ReferOutcome) {
    let mut world = World::new(seed, vec![config(A), config(B), config(C)]);
    world.weather = weather;
    let (mut seen, mut under_way) = ([0; 3], Vec::new());
    let run = |world: &mut World, seen: &mut [usize; 3], under_way: &mut Vec<_>, steps: u32| {
        for _ in 0..steps {
            world.run_for(20);
            obey(world, seen, under_way);
        }
    };
    let first = world.call(0, World::uri(B));
    run(&mut world, &mut seen, &mut under_way, 300);
    let held = world.incoming(1).expect("a call");
    let to = if attended {
        let consulted = world.call(1, World::uri(C));
        run(&mut world, &mut seen, &mut under_way, 300);
        ReferTarget::Session(consulted)
    } else {
        ReferTarget::Uri(format!("sip:777@{C}").parse::<Uri>().expect("a URI"))
    };
    world.command(1, Command::Refer { session: held, to });
    run(&mut world, &mut seen, &mut under_way, 500);
    world.run_for(700_000);
    let ends: Vec<ReferOutcome> = world
        .events(1)
        .into_iter()
        .filter_map(|event| match event {
            Event::ReferEnded { outcome, .. } => Some(outcome.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(ends.len(), 1, "seed {seed}: {ends:?}");
    for (node, session) in [(0, first), (1, held)] {
        world.command(node, Command::Hangup { session, cause: None });
    }
    let outcome = ends.into_iter().next().expect("an end");
    (world, outcome)
}

#[test]
fn a_blind_and_an_attended_transfer_join_the_other_two() {
    for attended in [false, true] {
        let (mut world, outcome) = transfer(1, Weather::FAIR, attended);
        assert_eq!(outcome, ReferOutcome::Succeeded { status: 200 });
        // The consulted call was ended from where its place was taken.
        let ended = world.events(1).iter().filter(|e| matches!(e, Event::Ended { .. })).count();
        assert_eq!(ended, 1 + usize::from(attended));
        let replaced = world.events(2).into_iter().any(
            |event| matches!(event, Event::Incoming(incoming) if incoming.replaces.is_some() && incoming.referred_by.is_some()),
        );
        assert_eq!(replaced, attended);
        assert!(world.nodes[0].agent.sessions() >= 1);
        world.run_for(100);
    }
}

#[test]
fn in_bad_weather_every_transfer_ends_in_one_report() {
    let weather = Weather { loss: 15.0, twice: 10.0, delay_min: 5, delay_max: 300 };
    let mut rng = Entropy::for_simulation(3);
    let mut done = 0;
    for seed in 0..40 {
        let (_, outcome) = transfer(seed + 10, weather, rng.chance(50.0));
        done += u32::from(matches!(outcome, ReferOutcome::Succeeded { .. }));
    }
    assert!(done >= 20, "{done} of 40");
}
