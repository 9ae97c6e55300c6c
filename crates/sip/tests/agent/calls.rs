//! Basic calls between two agents, after RFC 3665 §3.

use crate::world::{A, B, World, media};
use tipring_sip::agent::{By, Cause, Command, Event};
use tipring_sip::offer_answer::{Codec, Direction};
use tipring_units::Millis;

fn answered_call(world: &mut World) -> (tipring_sip::agent::SessionId, tipring_sip::agent::SessionId) {
    let a = world.call(0, World::uri(B));
    world.run_for(100);
    let b = world.incoming(1).expect("an incoming call");
    world.command(1, Command::Progress { session: b, status: 180, media: None });
    world.run_for(1000);
    world.command(1, Command::Accept { session: b, media: media(2) });
    world.run_for(1000);
    assert!(world.answered(0) && world.answered(1));
    (a, b)
}

fn end_of(world: &World, node: usize) -> Option<(By, Cause)> {
    world.events(node).into_iter().find_map(|event| match event {
        Event::Ended { by, cause, .. } => Some((*by, *cause)),
        _ => None,
    })
}

#[test]
fn a_call_is_made_answered_and_ended_by_the_caller() {
    let mut world = World::pair(1);
    let (a, _) = answered_call(&mut world);
    let rang = world.events(0).iter().any(|e| matches!(e, Event::Ringing { status: 180, .. }));
    assert!(rang);
    world.command(0, Command::Hangup { session: a, cause: Some(Cause::NORMAL) });
    world.run_for(100);
    assert_eq!(end_of(&world, 0), Some((By::Us, Cause::NORMAL)));
    assert_eq!(end_of(&world, 1), Some((By::Them, Cause::NORMAL)));
    let sent: Vec<_> =
        world.lines(A, B).iter().map(|l| l.split(' ').next().unwrap_or("").to_owned()).collect();
    assert_eq!(sent, ["INVITE", "ACK", "BYE"]);
    let back: Vec<_> = world.lines(B, A).iter().map(|l| l[8..11].to_owned()).collect();
    assert_eq!(back, ["100", "180", "200", "200"]);
    world.run_for(40_000);
    world.check_answers();
    world.check_idle();
}

#[test]
fn both_sides_agree_on_the_media() {
    let mut world = World::pair(2);
    answered_call(&mut world);
    for (node, far) in [(0, 2), (1, 1)] {
        let plan = world.events(node).into_iter().find_map(|e| match e {
            Event::Answered { plan, .. } => plan.audio().cloned(),
            _ => None,
        });
        let plan = plan.expect("a stream");
        assert_eq!(plan.remote_rtp, media(far).rtp);
        assert_eq!(plan.remote_rtcp.port(), media(far).rtp.port() + 1);
        assert_eq!((plan.codec, plan.send_type, plan.direction), (Codec::Pcmu, 0, Direction::SendRecv));
        let pair = plan.events.as_ref().map(|events| (events.send, events.receive.as_slice()));
        assert_eq!(pair, Some((101, [(101, 8000)].as_slice())));
        assert_eq!(plan.send_ptime, Millis(20));
    }
}

#[test]
fn the_called_side_hangs_up_with_a_cause() {
    let mut world = World::pair(3);
    let (_, b) = answered_call(&mut world);
    world.command(1, Command::Hangup { session: b, cause: Some(Cause::OUT_OF_ORDER) });
    world.run_for(40_000);
    assert_eq!(end_of(&world, 0), Some((By::Them, Cause::OUT_OF_ORDER)));
    world.check_idle();
}

#[test]
fn busy_reaches_the_caller_with_its_cause() {
    let mut world = World::pair(4);
    world.call(0, World::uri(B));
    world.run_for(100);
    let b = world.incoming(1).expect("a call");
    world.command(1, Command::Reject { session: b, status: 486, reason: None, retry_after: None });
    world.run_for(100);
    let failed = world
        .events(0)
        .into_iter()
        .any(|e| matches!(e, Event::Failed { status: 486, cause: Cause::BUSY, .. }));
    assert!(failed);
    assert_eq!(world.count(A, B, "ACK"), 1);
    world.run_for(40_000);
    world.check_answers();
    world.check_idle();
}

#[test]
fn a_ringing_call_is_cancelled() {
    let mut world = World::pair(5);
    let a = world.call(0, World::uri(B));
    world.run_for(100);
    let b = world.incoming(1).expect("a call");
    world.command(1, Command::Progress { session: b, status: 180, media: None });
    world.run_for(3000);
    world.command(0, Command::Hangup { session: a, cause: None });
    world.run_for(100);
    assert!(matches!(end_of(&world, 1), Some((By::Them, _))));
    assert_eq!(world.count(A, B, "CANCEL"), 1);
    assert_eq!(world.count(B, A, "SIP/2.0 487"), 1);
    world.run_for(70_000);
    world.check_answers();
    world.check_idle();
}

#[test]
fn early_media_flow_before_the_answer() {
    let mut world = World::pair(6);
    world.call(0, World::uri(B));
    world.run_for(100);
    let b = world.incoming(1).expect("a call");
    world.command(1, Command::Progress { session: b, status: 183, media: Some(media(2)) });
    world.run_for(100);
    assert!(world.events(0).iter().any(|e| matches!(e, Event::EarlyMedia { .. })));
    assert!(world.events(1).iter().any(|e| matches!(e, Event::EarlyMedia { .. })));
    world.command(1, Command::Accept { session: b, media: media(2) });
    world.run_for(100);
    assert!(world.answered(0) && world.answered(1));
}

#[test]
fn a_call_without_an_offer_is_offered_in_the_200_and_answered_in_the_ack() {
    let mut world = World::pair(7);
    let a = world.call_with(0, World::uri(B), None);
    world.run_for(100);
    world.command(0, Command::Reoffer { session: a, media: media(1) });
    let b = world.incoming(1).expect("a call");
    world.command(1, Command::Accept { session: b, media: media(2) });
    world.run_for(100);
    assert!(world.answered(0), "{:?}", world.events(0));
    assert!(world.answered(1), "{:?}", world.events(1));
}

#[test]
fn an_unanswered_invite_fails_after_64_t1() {
    let mut world = World::pair(8);
    world.dead.insert(crate::world::address(B));
    world.call(0, World::uri(B));
    world.run_for(31_900);
    assert!(world.events(0).is_empty());
    world.run_for(200);
    assert!(world.events(0).iter().any(|e| matches!(e, Event::Failed { status: 408, .. })));
    assert_eq!(world.count(A, B, "INVITE"), 7);
    world.check_idle();
}

#[test]
fn hold_and_resume_go_both_ways() {
    let mut world = World::pair(9);
    let (a, b) = answered_call(&mut world);
    for (node, far, session, n) in [(0, 1, a, 1), (1, 0, b, 2)] {
        world.nodes[far].events.clear();
        world
            .command(node, Command::Reoffer { session, media: media(n).with_direction(Direction::SendOnly) });
        world.run_for(200);
        let held = world.events(far).iter().any(|e| matches!(e, Event::Reoffered { held: true, .. }));
        assert!(held, "{:?}", world.events(far));
        world.command(node, Command::Reoffer { session, media: media(n) });
        world.run_for(200);
        let back = world.events(far).iter().any(|e| matches!(e, Event::Reoffered { held: false, .. }));
        assert!(back, "{:?}", world.events(far));
    }
    world.command(0, Command::Hangup { session: a, cause: None });
    world.run_for(40_000);
    world.check_answers();
    world.check_idle();
}

#[test]
fn offers_that_meet_are_both_made_in_the_end() {
    for seed in 0..20 {
        let mut world = World::pair(100 + seed);
        let (a, b) = answered_call(&mut world);
        world
            .command(0, Command::Reoffer { session: a, media: media(1).with_direction(Direction::SendOnly) });
        world
            .command(1, Command::Reoffer { session: b, media: media(2).with_direction(Direction::SendOnly) });
        world.run_for(100);
        assert_eq!(world.count(A, B, "SIP/2.0 491") + world.count(B, A, "SIP/2.0 491"), 2);
        world.run_for(10_000);
        for node in [0, 1] {
            let done =
                world.events(node).iter().any(|e| matches!(e, Event::ReofferResult { result: Ok(_), .. }));
            assert!(done, "seed {seed} node {node}: {:?}", world.events(node));
        }
        world.command(0, Command::Hangup { session: a, cause: None });
        world.run_for(40_000);
        world.check_answers();
        world.check_idle();
    }
}

#[test]
fn a_digit_goes_by_info() {
    let mut world = World::pair(10);
    let (a, _) = answered_call(&mut world);
    world.command(0, Command::SendInfo { session: a, digit: '#', duration: Millis(200) });
    world.run_for(100);
    let got =
        world.events(1).iter().any(|e| matches!(e, Event::Info { digit: '#', duration: Millis(200), .. }));
    assert!(got);
}

#[test]
fn an_abandoned_session_ends_its_call_and_no_other() {
    let mut world = World::pair(11);
    let (a, _) = answered_call(&mut world);
    let before = world.nodes[0].events.len();
    world.command(0, Command::Abandon { session: a });
    world.run_for(40_000);
    assert_eq!(world.nodes[0].events.len(), before);
    assert!(matches!(end_of(&world, 1), Some((By::Them, _))));
    world.check_idle();
}

#[test]
fn a_large_invite_goes_by_tcp_and_the_call_stands() {
    let mut configs = vec![crate::world::config(A), crate::world::config(B)];
    for config in &mut configs {
        config.tcp = Some(config.udp);
        config.product = "x".repeat(1200);
    }
    let mut world = World::new(12, configs);
    let (a, _) = answered_call(&mut world);
    world.command(0, Command::Hangup { session: a, cause: None });
    world.run_for(70_000);
    world.check_answers();
    world.check_idle();
}

#[test]
fn a_panic_in_one_session_ends_it_and_no_other() {
    let mut world = World::pair(13);
    let (a, _) = answered_call(&mut world);
    let other = world.call(0, World::uri(B));
    world.run_for(100);
    let b = world.incoming(1).expect("a call");
    world.command(1, Command::Accept { session: b, media: media(2) });
    world.run_for(100);
    world.nodes[0].agent.sabotage(a);
    world.command(0, Command::SendInfo { session: a, digit: '1', duration: Millis(100) });
    world.run_for(100);
    let faults: Vec<_> = world
        .events(0)
        .into_iter()
        .filter_map(|e| match e {
            Event::Ended { session, by: By::Fault, .. } => Some(*session),
            _ => None,
        })
        .collect();
    assert_eq!(faults, [a]);
    assert_eq!(world.count(A, B, "BYE"), 1);
    world.command(0, Command::SendInfo { session: other, digit: '2', duration: Millis(100) });
    world.run_for(100);
    assert!(world.events(1).iter().any(|e| matches!(e, Event::Info { digit: '2', .. })));
    world.command(0, Command::Hangup { session: other, cause: None });
    world.run_for(70_000);
    world.check_answers();
    world.check_idle();
}

#[test]
fn a_success_that_meets_a_fault_is_acknowledged_at_once_and_ended() {
    let mut world = World::pair(15);
    let a = world.call(0, World::uri(B));
    world.run_for(100);
    let b = world.incoming(1).expect("a call");
    world.nodes[0].agent.sabotage(a);
    world.command(1, Command::Accept { session: b, media: media(2) });
    world.run_for(100);
    assert_eq!((world.count(A, B, "ACK"), world.count(A, B, "BYE")), (1, 1));
    world.run_for(70_000);
    world.check_answers();
    world.check_idle();
}

#[test]
fn a_large_invite_falls_back_to_udp_where_tcp_is_refused() {
    let mut configs = vec![crate::world::config(A), crate::world::config(B)];
    for config in &mut configs {
        config.tcp = Some(config.udp);
        config.product = "x".repeat(1200);
    }
    let mut world = World::new(14, configs);
    world.no_tcp = true;
    let (a, _) = answered_call(&mut world);
    world.command(0, Command::Hangup { session: a, cause: None });
    world.run_for(70_000);
    world.check_answers();
    world.check_idle();
}
