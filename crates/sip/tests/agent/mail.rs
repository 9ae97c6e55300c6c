//! Message summaries of a server that is written out by hand: subscribed to, refreshed, refused, ended, and unasked.

use std::collections::BTreeSet;

use crate::world::by_hand::message_from;
use crate::world::{A, P, World, address};
use tipring_sip::agent::{AccountId, Command, Event};
use tipring_sip::message::{HeaderName, Message, Method, Request, Response};
use tipring_sip::registration::WhyUnregistered;
use tipring_sip::subscription::{Count, MailWatch, MessageSummary};
use tipring_units::{Entropy, Millis};

const S: &str = "10.0.0.8:5060";
const BODY: &str = "Messages-Waiting: yes\r\nVoice-Message: 2/8 (1/0)\r\n";

fn watching() -> (World, Request) {
    let mut world = World::with_account(&[S]);
    let watch = Command::WatchMail { account: AccountId(0), mailbox: None, expires: Millis(600_000) };
    world.command(0, watch);
    world.run_for(20);
    let request = subscribe(&world);
    (world, request)
}

fn subscribe(world: &World) -> Request {
    world.got(S, &Method::Subscribe).expect("a SUBSCRIBE")
}

/// How many were sent, each counted once.
fn count(world: &World) -> usize {
    let requests = world.peers[&address(S)].iter().filter_map(|(_, message)| match message {
        Message::Request(request) if request.method == Method::Subscribe => {
            Some((request.call_id().ok()?, request.cseq().ok()?.seq))
        }
        Message::Request(_) | Message::Response(_) => None,
    });
    requests.collect::<BTreeSet<_>>().len()
}

fn answer(request: &Request, status: u16, expires: u32) -> Response {
    let mut response = request.response(status, "", Some("s1"));
    response.headers.push(HeaderName::Contact, format!("<sip:vm@{S}>"));
    if status == 200 {
        response.headers.push(HeaderName::Expires, expires.to_string());
    }
    response
}

fn standing(expires: u32) -> (World, Request) {
    let (mut world, request) = watching();
    world.respond(S, &answer(&request, 200, expires));
    world.run_for(20);
    (world, request)
}

fn notify(subscribe: &Request, seq: u32, state: &str, body: &str) -> Request {
    let contact = subscribe.contacts().expect("contact").remove(0);
    let mut request = Request::new(Method::Notify, contact.uri);
    let headers = &mut request.headers;
    let call = subscribe.call_id().expect("call id");
    headers.push(HeaderName::Via, format!("SIP/2.0/UDP {S};branch=z9hG4bKn{seq}{call}"));
    headers.push(HeaderName::MaxForwards, "70");
    headers.push(HeaderName::From, format!("{};tag=s1", subscribe.to().expect("to")));
    headers.push(HeaderName::To, subscribe.headers.text(&HeaderName::From).expect("from").as_bytes());
    headers.push(HeaderName::CallId, call);
    headers.push(HeaderName::CSeq, format!("{seq} NOTIFY"));
    headers.push(HeaderName::Contact, format!("<sip:vm@{S}>"));
    headers.push(HeaderName::Event, "message-summary");
    if !state.is_empty() {
        headers.push(HeaderName::SubscriptionState, state);
    }
    if !body.is_empty() {
        request.set_body("application/simple-message-summary", body.as_bytes().to_vec());
    }
    request
}

fn told(world: &World) -> Vec<MessageSummary> {
    let all = world.events(0).into_iter().filter_map(|event| match event {
        Event::Mail { account: AccountId(0), summary } => Some(summary.clone()),
        _ => None,
    });
    all.collect()
}

fn states(world: &World) -> Vec<MailWatch> {
    let all = world.events(0).into_iter().filter_map(|event| match event {
        Event::MailWatch { state, .. } => Some(state.clone()),
        _ => None,
    });
    all.collect()
}

#[test]
fn a_subscription_tells_what_waits_and_is_refreshed_in_its_dialog() {
    let (mut world, request) = standing(600);
    assert_eq!(request.uri.to_string(), "sip:101@10.0.0.8");
    assert_eq!(request.headers.text(&HeaderName::Event).as_deref(), Some("message-summary"));
    assert_eq!(states(&world), [MailWatch::Standing { expires: Millis(600_000) }]);
    world.request(S, &notify(&request, 1, "active;expires=600", BODY));
    world.run_for(20);
    assert_eq!(world.got_response(S).map(|r| r.status), Some(200));
    let voice = Some(Count { new: 2, old: 8, urgent_new: 1, urgent_old: 0 });
    assert_eq!(told(&world), [MessageSummary { waiting: true, voice, ..MessageSummary::default() }]);
    world.run_for(539_000);
    assert_eq!(count(&world), 1);
    world.run_for(1500);
    assert_eq!(count(&world), 2);
    let refresh = subscribe(&world);
    assert_eq!(refresh.to().unwrap().tag(), Some("s1"));
    assert_eq!(refresh.uri.to_string(), format!("sip:vm@{S}"));
    assert_eq!(refresh.call_id(), request.call_id());
    assert_eq!(refresh.cseq().unwrap().seq, request.cseq().unwrap().seq + 1);
    world.respond(S, &answer(&refresh, 200, 600));
    world.run_for(20);
    world.request(S, &notify(&request, 2, "active", "Messages-Waiting: no\r\n"));
    world.run_for(20);
    assert_eq!(told(&world).last().map(|summary| summary.waiting), Some(false));
}

#[test]
fn what_overtakes_the_answer_is_heard() {
    let (mut world, request) = watching();
    world.request(S, &notify(&request, 1, "active", BODY));
    world.run_for(20);
    world.respond(S, &answer(&request, 200, 600));
    world.run_for(20);
    assert_eq!((told(&world).len(), states(&world).len()), (1, 1));
}

#[test]
fn a_server_that_has_forgotten_is_asked_anew_at_once() {
    let (mut world, first) = standing(600);
    world.run_for(541_000);
    let refresh = subscribe(&world);
    world.respond(S, &answer(&refresh, 481, 0));
    world.run_for(20);
    let again = subscribe(&world);
    assert_ne!(again.call_id(), first.call_id());
    assert_eq!(again.to().unwrap().tag(), None);
    // What the old one still tells is not taken.
    world.request(S, &notify(&first, 9, "active", BODY));
    world.run_for(20);
    assert_eq!((world.got_response(S).map(|r| r.status), told(&world).len()), (Some(481), 0));
}

#[test]
fn a_refusal_is_told_and_tried_again_later() {
    for (status, at_least, at_most) in [
        (403, 14_000, 31_000),
        (404, 14_000, 31_000),
        (489, 3_599_000, 3_601_000),
        (405, 3_599_000, 3_601_000),
    ] {
        let (mut world, request) = watching();
        world.respond(S, &answer(&request, status, 0));
        world.run_for(20);
        let state = states(&world).pop().expect("a state");
        assert!(
            matches!(&state, MailWatch::Failed { why: WhyUnregistered::Refused { status: s, .. }, .. } if *s == status),
            "{state:?}"
        );
        world.run_for(at_least);
        assert_eq!(count(&world), 1, "{status}");
        world.run_for(at_most - at_least);
        assert_eq!(count(&world), 2, "{status}");
    }
}

#[test]
fn silence_is_told_and_tried_again() {
    let (mut world, _) = watching();
    world.run_for(33_000);
    assert!(matches!(&states(&world)[..], [MailWatch::Failed { why: WhyUnregistered::NoAnswer, .. }]));
    assert_eq!(count(&world), 1);
    world.run_for(31_000);
    assert_eq!(count(&world), 2);
}

#[test]
fn too_short_a_time_is_asked_for_again_with_the_least() {
    let (mut world, request) = watching();
    let mut response = answer(&request, 423, 0);
    response.headers.push(HeaderName::MinExpires, "3600");
    world.respond(S, &response);
    world.run_for(20);
    assert_eq!(subscribe(&world).expires().unwrap().map(|s| s.0), Some(3600));
}

#[test]
fn a_challenge_is_answered_and_a_wrong_password_told() {
    let (mut world, request) = watching();
    let challenge = |request: &Request| {
        let mut response = answer(request, 401, 0);
        response.headers.push(HeaderName::WwwAuthenticate, "Digest realm=\"r\", nonce=\"n\"");
        response
    };
    world.respond(S, &challenge(&request));
    world.run_for(20);
    let proved = subscribe(&world);
    assert!(proved.headers.has(&HeaderName::Authorization));
    world.respond(S, &challenge(&proved));
    world.run_for(20);
    assert!(matches!(&states(&world)[..], [MailWatch::Failed { why: WhyUnregistered::WrongPassword, .. }]));
}

#[test]
fn what_the_server_ends_is_made_anew_when_it_makes_sense() {
    for (state, at_least, at_most) in [
        ("terminated;reason=deactivated", 1900, 2100),
        ("terminated;reason=timeout", 1900, 2100),
        ("terminated;reason=probation;retry-after=100", 99_900, 100_100),
        ("terminated;reason=giveup", 14_000, 31_000),
        ("terminated", 14_000, 31_000),
        ("terminated;reason=rejected", 3_599_000, 3_601_000),
        ("terminated;reason=noresource", 3_599_000, 3_601_000),
    ] {
        let (mut world, request) = standing(600);
        world.request(S, &notify(&request, 1, state, BODY));
        world.run_for(20);
        assert_eq!(told(&world).len(), 1, "what it tells last counts");
        world.run_for(at_least);
        assert_eq!(count(&world), 1, "{state}");
        world.run_for(at_most - at_least);
        assert_eq!(count(&world), 2, "{state}");
    }
}

#[test]
fn a_server_that_ends_every_subscription_at_once_is_not_asked_without_end() {
    let mut world = World::with_account(&[S]);
    let watch =
        Command::WatchMail { account: AccountId(0), mailbox: Some("vm".to_owned()), expires: Millis(1) };
    world.command(0, watch);
    let mut asked = 0;
    for _ in 0..600 {
        world.run_for(1000);
        if count(&world) > asked {
            asked = count(&world);
            let request = subscribe(&world);
            assert_eq!(request.uri.to_string(), "sip:vm@10.0.0.8");
            world.request(S, &notify(&request, 1, "terminated;reason=deactivated", ""));
        }
    }
    assert!((4..=40).contains(&asked), "{asked} in ten minutes");
}

#[test]
fn taken_back_it_ends_at_the_server() {
    let (mut world, request) = standing(600);
    world.command(0, Command::UnwatchMail(AccountId(0)));
    world.run_for(20);
    let leaving = subscribe(&world);
    assert_eq!(leaving.expires().unwrap().map(|s| s.0), Some(0));
    assert_eq!(leaving.call_id(), request.call_id());
    world.request(S, &notify(&request, 1, "terminated;reason=timeout", BODY));
    world.run_for(20);
    assert_eq!((world.got_response(S).map(|r| r.status), told(&world).len()), (Some(200), 0));
    world.respond(S, &answer(&leaving, 200, 0));
    world.run_for(20);
    assert_eq!(states(&world).last(), Some(&MailWatch::Ended));
    world.run_for(10_000_000);
    assert_eq!(count(&world), 2);
    world.check_idle();
}

#[test]
fn an_account_that_goes_takes_its_subscription_along() {
    let (mut world, _) = standing(600);
    world.command(0, Command::Unregister(AccountId(0)));
    world.run_for(100_000);
    assert_eq!(states(&world).last(), Some(&MailWatch::Ended));
    let (mut world, _) = standing(600);
    world.command(0, Command::RemoveServer(tipring_sip::agent::ServerId(0)));
    world.run_for(1_000_000);
    assert_eq!(count(&world), 1);
    world.check_idle();
}

#[test]
fn a_notify_of_another_event_or_out_of_order_changes_nothing() {
    let (mut world, request) = standing(600);
    let mut other = notify(&request, 1, "active", BODY);
    other.headers.set(HeaderName::Event, "presence");
    world.request(S, &other);
    world.run_for(20);
    assert_eq!(world.got_response(S).map(|r| r.status), Some(489));
    assert!(world.got_response(S).unwrap().headers.has(&HeaderName::AllowEvents));
    world.request(S, &notify(&request, 9, "active", BODY));
    world.run_for(20);
    world.request(S, &notify(&request, 8, "terminated", BODY));
    world.run_for(20);
    assert_eq!((world.got_response(S).map(|r| r.status), told(&world).len()), (Some(500), 1));
    let mut text = notify(&request, 10, "active", "");
    text.set_body("text/plain", BODY.as_bytes().to_vec());
    world.request(S, &text);
    world.run_for(20);
    assert_eq!((world.got_response(S).map(|r| r.status), told(&world).len()), (Some(415), 1));
    assert_eq!(states(&world).len(), 1);
}

fn unasked(to: &str, extra: &str, body: &str) -> String {
    let extra = format!("To: <sip:{to}@10.0.0.1>\nEvent: message-summary\n{extra}");
    let kind = "Content-Type: application/simple-message-summary\n";
    message_from(S, "NOTIFY", "u1", &format!("{extra}{kind}"), body)
        .replace("NOTIFY sip:102@", &format!("NOTIFY sip:{to}@"))
}

#[test]
fn what_a_server_tells_unasked_is_taken_for_the_account_that_it_names() {
    let mut world = World::with_account(&[S]);
    world.inject(S, A, &unasked("101", "", BODY));
    world.run_for(20);
    assert_eq!(world.statuses(S), [200]);
    assert_eq!(told(&world).len(), 1);
    let mut world = World::with_account(&[S]);
    let body = format!("{BODY}Message-Account: sip:101@vm.example\r\n");
    world.inject(S, A, &unasked("gateway", "Subscription-State: active\n", &body));
    world.run_for(20);
    assert_eq!((world.statuses(S), told(&world).len()), (vec![200], 1));
}

#[test]
fn what_is_told_unasked_by_others_or_for_nobody_is_refused() {
    let mut world = World::with_account(&[S]);
    world.inject(S, A, &unasked("999", "", BODY));
    world.run_for(20);
    assert_eq!(world.got_response(S).map(|r| r.status), Some(404));
    world.inject(
        P,
        A,
        &unasked("101", "", BODY).replace(S, P).replace("Ku1", "Ku2").replace("CSeq: 1", "CSeq: 2"),
    );
    world.run_for(20);
    assert_eq!(world.got_response(P).map(|r| r.status), Some(481));
    world.inject(S, A, &message_from(S, "NOTIFY", "u3", "Event: presence\nCSeq: 3 NOTIFY\n", ""));
    world.run_for(20);
    assert_eq!(world.got_response(S).map(|r| r.status), Some(489));
    world.inject(S, A, &unasked("101", "", "nonsense").replace("Ku1", "Ku4").replace("CSeq: 1", "CSeq: 4"));
    world.run_for(20);
    assert_eq!(world.got_response(S).map(|r| r.status), Some(200));
    assert_eq!(told(&world), []);
}

#[test]
fn whatever_comes_a_subscription_goes_on_or_ends_in_order() {
    for seed in 0..25 {
        let mut rng = Entropy::for_simulation(seed);
        let (mut world, mut request) = watching();
        for n in 1..30 {
            match rng.below(4) {
                0 => {
                    let status = [200, 202, 403, 423, 481, 489, 500, 503][rng.below(8) as usize];
                    world.respond(S, &answer(&request, status, rng.below(900)));
                }
                1 => {
                    let states =
                        ["active;expires=1", "pending", "terminated", "terminated;reason=timeout", ""];
                    let body = [BODY, "", "x"][rng.below(3) as usize];
                    world.request(S, &notify(&request, n, states[rng.below(5) as usize], body));
                }
                2 => request = subscribe(&world),
                _ => world.run_for(rng.below(400_000)),
            }
            world.run_for(20);
        }
        // It is asked again at some time, whatever was said.
        let before = count(&world);
        world.run_for(4_000_000);
        assert!(count(&world) > before, "seed {seed}");
        world.command(0, Command::UnwatchMail(AccountId(0)));
        world.run_for(100_000);
        assert_eq!(states(&world).last(), Some(&MailWatch::Ended), "seed {seed}");
        let asked = count(&world);
        world.run_for(4_000_000);
        assert_eq!(count(&world), asked, "seed {seed}");
    }
}
