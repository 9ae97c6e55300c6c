//! Session timers (RFC 4028) with far ends that know none: we refresh, and end calls that the far end no longer knows.

use crate::world::by_hand::{SDP, message};
use crate::world::{A, P, World, address, config, media};
use tipring_sip::agent::{Command, Event};
use tipring_sip::message::{HeaderName, Method, Request, Response};
use tipring_units::Millis;

const INTERVAL: Millis = Millis::from_secs(90);

fn with_timers() -> World {
    let mut settings = config(A);
    settings.session_interval = Some(INTERVAL);
    let mut world = World::new(1, vec![settings]);
    world.peers.insert(address(P), Vec::new());
    world
}

fn accepted(request: &Request) -> Response {
    let mut response = request.response(200, "", Some("b1"));
    response.headers.push(HeaderName::Contact, format!("<sip:b1@{P}>"));
    response.set_body("application/sdp", SDP.replace('\n', "\r\n").into_bytes());
    response
}

/// Answers the refreshes that come for so many intervals, then says that it knows no such call.
fn refreshes(world: &mut World, before: usize) {
    for n in 1..=3 {
        world.run_for(INTERVAL.0 / 2 + 100);
        let refresh = world.got(P, &Method::Invite).expect("a refresh");
        assert_eq!(world.count(A, P, "INVITE"), before + n, "one in each half of the interval");
        assert!(refresh.to().expect("to").tag().is_some());
        if n < 3 {
            world.respond(P, &accepted(&refresh));
            world.run_for(20);
        } else {
            world.respond(P, &refresh.response(481, "", None));
        }
    }
    world.run_for(20);
    assert!(world.events(0).iter().any(|event| matches!(event, Event::Ended { .. })));
    world.run_for(70_000);
    world.check_idle();
    world.check_acks();
}

#[test]
fn a_called_far_end_that_knows_no_timers_is_asked_whether_it_is_still_there() {
    let mut world = with_timers();
    world.call(0, World::uri(P));
    world.run_for(20);
    let invite = world.got(P, &Method::Invite).expect("an INVITE");
    assert_eq!(invite.headers.text(&HeaderName::SessionExpires).as_deref(), Some("90"));
    world.respond(P, &accepted(&invite));
    world.run_for(20);
    assert!(world.answered(0));
    refreshes(&mut world, 1);
}

#[test]
fn a_caller_that_knows_no_timers_is_asked_too() {
    let mut world = with_timers();
    world.inject(P, A, &message("INVITE", "i1", "", SDP));
    world.run_for(20);
    let session = world.incoming(0).expect("a call");
    world.command(0, Command::Accept { session, media: media(1) });
    world.run_for(20);
    let response = world.got_response(P).expect("200");
    assert_eq!(response.headers.text(&HeaderName::SessionExpires).as_deref(), Some("90;refresher=uas"));
    let tag = response.to().expect("to").tag().expect("a tag").to_owned();
    world.inject(P, A, &message("ACK", "a1", &format!("To: <sip:102@10.0.0.1>;tag={tag}\n"), ""));
    refreshes(&mut world, 0);
}
