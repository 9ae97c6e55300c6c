//! Calls that are sent on: by 302, and as calls of ours that tell who sent them on and why.

use crate::world::accounts::invite as call;
use crate::world::by_hand::{SDP, message};
use crate::world::{A, P, World};
use tipring_sip::agent::{
    By, CallDetails, Command, Destination, Diverted, Event, Identity, Incoming, Invite, RedirectTo, SessionId,
};
use tipring_sip::message::{Diversion, DivertReason, HeaderName, Method, Response};

fn incoming(extra: &str) -> (World, SessionId) {
    let mut world = World::with_peer(1);
    world.inject(P, A, &message("INVITE", "i1", extra, SDP));
    world.run_for(20);
    let session = world.incoming(0).expect("a call");
    (world, session)
}

fn told(world: &World) -> Incoming {
    let told = world.events(0).into_iter().rev().find_map(|event| match event {
        Event::Incoming(incoming) => Some((**incoming).clone()),
        _ => None,
    });
    told.expect("a call")
}

fn by(user: &str, reason: DivertReason) -> Diverted {
    Diverted { by: Identity { display: None, user: user.to_owned() }, reason, private: false }
}

fn redirected(extra: &str, to: Vec<RedirectTo>, diverted: Option<Diverted>) -> (World, Response) {
    let (mut world, session) = incoming(extra);
    world.command(0, Command::Redirect { session, to, diverted });
    world.run_for(20);
    let response = world.got_response(P).expect("an answer");
    (world, response)
}

fn values(response: &Response, name: &HeaderName) -> Vec<String> {
    response.headers.get_all(name).map(|v| String::from_utf8_lossy(v).into_owned()).collect()
}

#[test]
fn a_caller_is_sent_elsewhere_and_told_by_whom_and_why() {
    let to = vec![RedirectTo::User("777".to_owned())];
    let (mut world, response) = redirected("", to, Some(by("102", DivertReason::Busy)));
    assert_eq!(response.status, 302);
    assert_eq!(values(&response, &HeaderName::Contact), ["<sip:777@10.0.0.1>"]);
    assert_eq!(
        values(&response, &HeaderName::Diversion),
        ["<sip:102@10.0.0.1>;reason=user-busy;counter=1;privacy=off"]
    );
    assert_eq!(
        values(&response, &HeaderName::HistoryInfo),
        ["<sip:102@10.0.0.1>;index=1, <sip:777@10.0.0.1;cause=486>;index=1.1;mp=1"]
    );
    let ends = world.events(0).into_iter().filter(|e| matches!(e, Event::Ended { by: By::Us, .. })).count();
    assert_eq!(ends, 1);
    let tag = response.to().unwrap().tag().unwrap().to_owned();
    world.inject(P, A, &message("ACK", "i1", &format!("To: <sip:102@10.0.0.1>;tag={tag}\n"), ""));
    world.run_for(40_000);
    world.check_idle();
}

#[test]
fn several_addresses_have_their_order_and_earlier_diversions_stay() {
    let to = vec![
        RedirectTo::User("777".to_owned()),
        RedirectTo::Uri("sip:mobile@elsewhere.example;user=phone".parse().unwrap()),
    ];
    let earlier = "Diversion: <sip:boss@b.example>;reason=no-answer\n";
    let (_, response) = redirected(earlier, to, Some(by("102", DivertReason::Unconditional)));
    let contacts = response.contacts().unwrap();
    assert_eq!(contacts[0].params.get("q"), Some("1.0"));
    assert_eq!(contacts[1].params.get("q"), Some("0.9"));
    assert_eq!(contacts[1].uri.to_string(), "sip:mobile@elsewhere.example;user=phone");
    let told: Vec<_> =
        response.diversions().into_iter().map(|d| (d.party.uri.to_string(), d.reason)).collect();
    assert_eq!(
        told,
        [
            ("sip:102@10.0.0.1".to_owned(), DivertReason::Unconditional),
            ("sip:boss@b.example".to_owned(), DivertReason::NoAnswer)
        ]
    );
    assert_eq!(response.history_info().unwrap().len(), 3);
}

#[test]
fn the_number_at_a_server_is_an_address_there_whatever_the_caller_called() {
    for (server, contact) in [(0, "<sip:777@10.0.0.8:5060>"), (7, "<sip:777@10.0.0.1>")] {
        let mut world = World::with_account(&["10.0.0.8:5060"]);
        world.run_for(20);
        world.inject("10.0.0.8:5060", A, &message("INVITE", "i1", "", SDP));
        world.run_for(20);
        let session = world.incoming(0).expect("a call");
        let server = tipring_sip::agent::ServerId(server);
        let to = vec![RedirectTo::Server { server, user: "777".to_owned() }];
        world.command(0, Command::Redirect { session, to, diverted: Some(by("102", DivertReason::Busy)) });
        world.run_for(20);
        let response = world.got_response("10.0.0.8:5060").expect("an answer");
        assert_eq!(
            (response.status, values(&response, &HeaderName::Contact)),
            (302, vec![contact.to_owned()])
        );
    }
}

#[test]
fn who_sent_a_call_on_and_hides_is_named_to_servers_alone() {
    let mut world = World::with_peer(1);
    let session = world.nodes[0].agent.new_session();
    let hidden = Diverted {
        by: Identity { display: Some("Room 3102".to_owned()), user: "3102".to_owned() },
        reason: DivertReason::Busy,
        private: true,
    };
    let before: Diversion = "\"Boss\" <sip:boss@b.example>;reason=no-answer".parse().unwrap();
    let details = CallDetails { diverted: Some(hidden), diversions: vec![before], ..CallDetails::default() };
    world.command(0, Command::Invite(Box::new(Invite { details, ..call(session, World::uri(P)) })));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    let values: Vec<_> =
        invite.headers.get_all(&HeaderName::Diversion).map(String::from_utf8_lossy).collect();
    assert_eq!(
        values,
        [
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>;reason=user-busy;counter=1;privacy=full",
            "\"Boss\" <sip:boss@b.example>;reason=no-answer;counter=1;privacy=off"
        ]
    );
    let history = invite.headers.text(&HeaderName::HistoryInfo).unwrap();
    assert!(!history.contains("3102"), "{history}");
}

#[test]
fn a_call_that_is_over_or_answered_is_not_redirected() {
    let (mut world, session) = incoming("");
    world.command(0, Command::Accept { session, media: crate::world::media(1) });
    let to = vec![RedirectTo::User("777".to_owned())];
    world.command(0, Command::Redirect { session, to: to.clone(), diverted: None });
    world.command(0, Command::Redirect { session: SessionId(99), to, diverted: None });
    world.run_for(20);
    assert_eq!(world.count(A, P, "SIP/2.0 302"), 0);
    assert!(!world.events(0).iter().any(|e| matches!(e, Event::Ended { .. })));
}

#[test]
fn who_sent_a_call_on_last_is_told_with_the_reason() {
    for (extra, party, reason) in [
        (
            "Diversion: <sip:55@p.example>;reason=no-answer;counter=2\n",
            "sip:55@p.example",
            DivertReason::NoAnswer,
        ),
        (
            "Diversion: <tel:+4930>;reason=unconditional\nDiversion: <sip:1@p.example>;reason=away\n",
            "tel:+4930",
            DivertReason::Unconditional,
        ),
        (
            "History-Info: <sip:55@p.example>;index=1, <sip:102@p.example;cause=486>;index=1.1;mp=1\n",
            "sip:55@p.example",
            DivertReason::Busy,
        ),
        // An illegible Diversion does not hide what History-Info tells.
        (
            "Diversion: nonsense\nHistory-Info: <sip:55@p.example>;index=1\nHistory-Info: <sip:102@p;cause=302>;index=1.1\n",
            "sip:55@p.example",
            DivertReason::Unconditional,
        ),
    ] {
        let (world, _) = incoming(extra);
        let told = told(&world);
        let last = told.diverted().unwrap_or_else(|| panic!("{extra}"));
        assert_eq!((last.party.uri.to_string().as_str(), last.reason), (party, reason), "{extra}");
    }
    for extra in ["", "Diversion: ,,\n", "History-Info: <\n", "History-Info: <sip:102@p>;index=1\n"] {
        let (world, _) = incoming(extra);
        assert_eq!(told(&world).diverted(), None, "{extra}");
    }
}

#[test]
fn a_call_that_goes_on_tells_who_sent_it_on() {
    let mut world = World::with_account(&["10.0.0.8:5060"]);
    let session = world.nodes[0].agent.new_session();
    let to = Destination::Server { server: tipring_sip::agent::ServerId(0), user: "777".to_owned() };
    let before: Diversion = "<sip:boss@b.example>;reason=no-answer".parse().unwrap();
    let details = CallDetails {
        diverted: Some(Diverted { private: true, ..by("102", DivertReason::DoNotDisturb) }),
        diversions: vec![before],
        ..CallDetails::default()
    };
    world.command(0, Command::Invite(Box::new(Invite { details, ..call(session, to) })));
    world.run_for(20);
    let invite = world.got("10.0.0.8:5060", &Method::Invite).expect("an INVITE");
    let values: Vec<_> =
        invite.headers.get_all(&HeaderName::Diversion).map(String::from_utf8_lossy).collect();
    assert_eq!(
        values,
        [
            "<sip:102@10.0.0.1>;reason=do-not-disturb;counter=1;privacy=full",
            "<sip:boss@b.example>;reason=no-answer;counter=1;privacy=off"
        ]
    );
    assert_eq!(
        invite.headers.text(&HeaderName::HistoryInfo).as_deref(),
        Some(
            "<sip:boss@b.example>;index=1, <sip:102@10.0.0.1;cause=408?Privacy=history>;index=1.1;mp=1, \
             <sip:777@10.0.0.8:5060;cause=404>;index=1.1.1;mp=1.1"
        )
    );
    // And nothing where nobody did.
    let session = world.nodes[0].agent.new_session();
    world.command(0, Command::Invite(Box::new(call(session, World::uri(P)))));
    world.run_for(20);
    let plain = world.got(P, &Method::Invite).expect("an INVITE");
    assert!(!plain.headers.has(&HeaderName::Diversion) && !plain.headers.has(&HeaderName::HistoryInfo));
}
