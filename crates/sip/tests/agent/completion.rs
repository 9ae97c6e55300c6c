//! Completion of calls at a server that is written out by hand: offered, asked for, told, refused, ended, taken back.

use crate::world::World;
use crate::world::accounts::invite;
use tipring_sip::agent::{
    AccountId, Command, CompletionNews, Destination, Event, ServerId, SessionId, WatchCompletion,
};
use tipring_sip::message::{HeaderName, Method, Request, Response, Uri};
use tipring_sip::subscription::{CompletionMode, CompletionOffer};
use tipring_units::Millis;

const S: &str = "10.0.0.8:5060";
const CALL_INFO: &str = "<sip:cc@10.0.0.8>;purpose=call-completion;m=BS";

fn offers(world: &World) -> Vec<CompletionOffer> {
    let all = world.events(0).into_iter().filter_map(|event| match event {
        Event::CompletionOffered { offer, .. } => Some((**offer).clone()),
        _ => None,
    });
    all.collect()
}

fn news(world: &World) -> Vec<CompletionNews> {
    let all = world.events(0).into_iter().filter_map(|event| match event {
        Event::Completion { news, .. } => Some(news.clone()),
        _ => None,
    });
    all.collect()
}

/// A call of the account that is answered so.
fn called(status: u16, call_info: &str) -> (World, SessionId) {
    let mut world = World::with_account(&[S]);
    let session = world.call_by_account("101", "4001");
    world.run_for(20);
    let invite = world.got(S, &Method::Invite).expect("an INVITE");
    let mut response = invite.response(status, "", Some("s1"));
    response.headers.push(HeaderName::CallInfo, call_info);
    world.respond(S, &response);
    world.run_for(20);
    (world, session)
}

fn asked() -> (World, SessionId, Request) {
    let (mut world, session) = called(486, CALL_INFO);
    let watch = WatchCompletion {
        session,
        server: ServerId(0),
        account: Some(AccountId(0)),
        user: "101".to_owned(),
        target: offers(&world)[0].target(),
        expires: Millis(1_860_000),
    };
    world.command(0, Command::WatchCompletion(Box::new(watch)));
    world.run_for(20);
    let request = subscribe(&world);
    (world, session, request)
}

fn subscribe(world: &World) -> Request {
    world.got(S, &Method::Subscribe).expect("a SUBSCRIBE")
}

fn answer(request: &Request, status: u16) -> Response {
    let mut response = request.response(status, "", Some("s1"));
    response.headers.push(HeaderName::Contact, format!("<sip:cc@{S}>"));
    if status == 200 {
        response.headers.push(HeaderName::Expires, "1860");
    }
    response
}

fn notify(subscribe: &Request, seq: u32, state: &str, body: &str) -> Request {
    let contact = subscribe.contacts().expect("contact").remove(0);
    let mut request = Request::new(Method::Notify, contact.uri);
    let headers = &mut request.headers;
    headers.push(HeaderName::Via, format!("SIP/2.0/UDP {S};branch=z9hG4bKn{seq}"));
    headers.push(HeaderName::MaxForwards, "70");
    headers.push(HeaderName::From, format!("{};tag=s1", subscribe.to().expect("to")));
    headers.push(HeaderName::To, subscribe.headers.text(&HeaderName::From).expect("from").as_bytes());
    headers.push(HeaderName::CallId, subscribe.call_id().expect("call id"));
    headers.push(HeaderName::CSeq, format!("{seq} NOTIFY"));
    headers.push(HeaderName::Contact, format!("<sip:cc@{S}>"));
    headers.push(HeaderName::Event, "call-completion");
    headers.push(HeaderName::SubscriptionState, state);
    request.set_body("application/call-completion", body.as_bytes().to_vec());
    request
}

#[test]
fn a_refusal_or_ringing_offers_it_before_it_is_told() {
    let (world, _) = called(486, CALL_INFO);
    let uri = Uri::parse("sip:cc@10.0.0.8").unwrap();
    assert_eq!(offers(&world), [CompletionOffer { uri: uri.clone(), mode: CompletionMode::Busy }]);
    let place = |of: fn(&Event) -> bool| world.events(0).into_iter().position(of);
    let offered = place(|event| matches!(event, Event::CompletionOffered { .. }));
    assert!(offered.is_some() && offered < place(|event| matches!(event, Event::Failed { .. })));
    let (world, _) = called(180, "<sip:cc@10.0.0.8>;purpose=call-completion;m=NR");
    assert_eq!(offers(&world), [CompletionOffer { uri, mode: CompletionMode::NoReply }]);
    let (world, _) = called(486, "<http://10.0.0.8/>;purpose=info");
    assert_eq!(offers(&world), []);
}

#[test]
fn what_the_server_tells_is_reported_and_its_queue_is_left_by_our_wish() {
    let (mut world, session, request) = asked();
    assert_eq!(request.uri.to_string(), "sip:cc@10.0.0.8;m=BS");
    assert_eq!(request.headers.text(&HeaderName::Event).as_deref(), Some("call-completion"));
    assert_eq!(request.headers.text(&HeaderName::Accept).as_deref(), Some("application/call-completion"));
    assert_eq!(request.from_().unwrap().uri.to_string(), "sip:101@10.0.0.8");
    world.respond(S, &answer(&request, 200));
    world.run_for(20);
    world.request(S, &notify(&request, 1, "active;expires=1860", "cc-state: queued\r\n"));
    world.run_for(20);
    assert_eq!(world.got_response(S).map(|r| r.status), Some(200));
    let ready = "cc-state: ready\r\ncc-URI: <sip:4001@10.0.0.8;gr=1>\r\n";
    world.request(S, &notify(&request, 2, "active;expires=1860", ready));
    world.run_for(20);
    let to = Uri::parse("sip:4001@10.0.0.8;gr=1").unwrap();
    let told = [CompletionNews::Taken, CompletionNews::Queued, CompletionNews::Ready(Some(to))];
    assert_eq!(news(&world), told);
    world.command(0, Command::UnwatchCompletion(session));
    world.run_for(20);
    let end = subscribe(&world);
    assert_eq!(end.headers.text(&HeaderName::Expires).as_deref(), Some("0"));
    assert_eq!(end.to().unwrap().tag(), Some("s1"));
    world.respond(S, &answer(&end, 200));
    world.run_for(20);
    assert_eq!(news(&world).last(), Some(&CompletionNews::Over));
    world.request(S, &notify(&request, 3, "active", ready));
    world.run_for(20);
    assert_eq!(news(&world).len(), 4, "nothing more is heard of it");
}

#[test]
fn what_the_server_refuses_or_ends_is_not_asked_again() {
    for status in [480, 486, 489, 603] {
        let (mut world, _, request) = asked();
        world.respond(S, &answer(&request, status));
        world.run_for(4_000_000);
        assert_eq!(news(&world), [CompletionNews::Over], "{status}");
        assert_eq!(subscribe(&world).call_id(), request.call_id(), "{status}");
    }
    let (mut world, _, request) = asked();
    world.respond(S, &answer(&request, 200));
    world.run_for(20);
    world.request(S, &notify(&request, 1, "terminated;reason=deactivated", ""));
    world.run_for(4_000_000);
    assert_eq!(news(&world), [CompletionNews::Taken, CompletionNews::Over]);
    assert_eq!(subscribe(&world).cseq(), request.cseq());
    // Nobody answers.
    let (mut world, ..) = asked();
    world.run_for(40_000);
    assert_eq!(news(&world), [CompletionNews::Over]);
}

#[test]
fn it_ends_with_its_time_and_with_its_server() {
    let (mut world, _, request) = asked();
    world.respond(S, &answer(&request, 200));
    world.run_for(1_800_000);
    let end = subscribe(&world);
    assert_eq!(end.headers.text(&HeaderName::Expires).as_deref(), Some("0"), "it is not refreshed");
    let (mut world, _, request) = asked();
    world.respond(S, &answer(&request, 200));
    world.run_for(20);
    world.command(0, Command::RemoveServer(ServerId(0)));
    assert_eq!(news(&world).last(), Some(&CompletionNews::Over));
}

#[test]
fn the_call_that_completes_it_says_so() {
    let (mut world, _) = called(486, CALL_INFO);
    let to =
        Destination::Completing { server: ServerId(0), user: "4001".to_owned(), mode: CompletionMode::Busy };
    world.command(0, Command::Invite(Box::new(invite(SessionId(77), to))));
    world.run_for(20);
    let request = world.got(S, &Method::Invite).expect("an INVITE");
    assert_eq!(request.uri.to_string(), "sip:4001@10.0.0.8:5060;m=BS");
}
