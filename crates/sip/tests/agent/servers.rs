//! What the agent tells of its servers.

use core::net::SocketAddr;

use crate::world::accounts::{account, server};
use crate::world::{A, B, P, World, address};
use tipring_sip::agent::{AgentConfig, Command, Event, HostPort, Reach, ServerConfig, ServerId, Transport};
use tipring_sip::message::{HeaderName, Method};
use tipring_sip::registration::RegistrationState;

const SECOND: &str = "10.0.0.8:5060";

/// An account at a server of these addresses, of which each is a peer that says nothing by itself.
fn registering(addresses: &[&str]) -> World {
    let mut world = World::new(1, vec![AgentConfig::new(address(A))]);
    for at in addresses {
        world.peers.insert(address(at), Vec::new());
    }
    world.command(0, Command::SetServer(server(addresses)));
    world.command(0, Command::Register(account("201", "lamo")));
    world
}

fn states(world: &World) -> Vec<&RegistrationState> {
    let states = world.events(0).into_iter().filter_map(|event| match event {
        Event::Registration { state, .. } => Some(state),
        _ => None,
    });
    states.collect()
}

/// The peer `at` takes the last REGISTER that came to it.
fn takes_it(world: &mut World, at: &str) {
    let register = world.got(at, &Method::Register).expect("a REGISTER");
    let mut response = register.response(200, "", Some("r"));
    response.headers.push(HeaderName::Expires, "600");
    world.respond(at, &response);
    world.run_for(20);
}

#[test]
fn a_registration_leaves_a_silent_address_after_4_s_for_the_next() {
    let mut world = registering(&[P, SECOND]);
    world.run_for(3900);
    // At 0, 0.5, 1.5 and 3.5 s.
    assert_eq!((world.count(A, P, "REGISTER"), world.count(A, SECOND, "REGISTER")), (4, 0));
    world.run_for(200);
    assert_eq!(world.count(A, SECOND, "REGISTER"), 1);
    takes_it(&mut world, SECOND);
    assert!(matches!(states(&world).last(), Some(RegistrationState::Registered { .. })));
    // What the first says now comes too late, and it is asked no more.
    takes_it(&mut world, P);
    world.run_for(60_000);
    assert_eq!((world.count(A, P, "REGISTER"), world.count(A, SECOND, "REGISTER")), (4, 1));
    let registered = states(&world).into_iter().filter(|s| matches!(s, RegistrationState::Registered { .. }));
    assert_eq!(registered.count(), 1);
}

#[test]
fn a_registrar_of_one_address_has_the_whole_time_of_a_transaction() {
    let mut world = registering(&[P]);
    world.run_for(31_900);
    assert_eq!(states(&world), [&RegistrationState::Registering]);
    world.run_for(200);
    assert!(matches!(states(&world).last(), Some(RegistrationState::Failed { .. })));
}

#[test]
fn a_server_named_by_its_address_is_told_once() {
    let mut world = World::new(1, vec![AgentConfig::new(address(A))]);
    world.command(0, Command::SetServer(server(&[B])));
    world.run_for(100);
    let told = world.events(0).into_iter().filter(|event| matches!(event, Event::Server { .. })).count();
    assert_eq!(told, 1);
}

/// Goes on until the peer gets one more request of a method.
fn asks_again(world: &mut World, method: &str) {
    let asked = world.count(A, P, method);
    for _ in 0..10_000 {
        if world.count(A, P, method) > asked {
            return world.run_for(10);
        }
        world.run_for(100);
    }
    panic!("no {method} for 1000 s");
}

#[test]
fn a_server_is_said_to_answer_once_it_has() {
    let mut world = registering(&[P]);
    let told = |world: &World| -> Vec<(bool, Option<SocketAddr>)> {
        let told = world.events(0).into_iter().filter_map(|event| match event {
            Event::Server { address, heard, .. } => Some((*heard, *address)),
            Event::ServerAnswers { address, .. } => Some((true, Some(*address))),
            _ => None,
        });
        told.collect()
    };
    let at = Some(address(P));
    world.run_for(1000);
    assert_eq!(told(&world), [(false, at)], "it was only looked up");
    takes_it(&mut world, P);
    assert_eq!(told(&world), [(false, at), (true, at)]);
    // A refresh is no news. Then it is silent, and at last answers a probe.
    asks_again(&mut world, "REGISTER");
    takes_it(&mut world, P);
    assert_eq!(told(&world).len(), 2);
    world.run_for(600_000);
    assert_eq!(told(&world)[2..], [(false, None)]);
    asks_again(&mut world, "OPTIONS");
    let probe = world.got(P, &Method::Options).expect("a probe");
    world.respond(P, &probe.response(200, "", Some("r")));
    world.run_for(20);
    assert_eq!(told(&world)[2..], [(false, None), (true, at)]);
}

#[test]
fn the_round_trip_of_each_address_is_measured() {
    let mut world = World::pair(1);
    world.weather = crate::world::Weather { delay_min: 7, delay_max: 7, ..crate::world::Weather::FAIR };
    let dead = address("10.0.0.3:5060");
    world.dead.insert(dead);
    let host = |ip: &str| HostPort { host: ip.to_owned(), port: Some(5060) };
    let addresses = vec![host("10.0.0.2"), host("10.0.0.3")];
    let server = ServerConfig { id: ServerId(0), addresses, domain: None, transport: Transport::Udp };
    world.command(0, Command::SetServer(server));
    world.run_for(1000);
    let stand = |world: &World| -> Vec<(SocketAddr, bool, Reach, Option<u64>)> {
        let view = world.nodes[0].agent.addresses(world.now, ServerId(0));
        view.iter().map(|v| (v.address, v.in_use, v.reach, v.round_trip_micros)).collect()
    };
    assert_eq!(
        stand(&world),
        [(address(B), true, Reach::Untried, None), (dead, false, Reach::Untried, None)],
        "found, but not asked yet"
    );
    world.run_for(70_000);
    assert_eq!(
        stand(&world),
        [(address(B), true, Reach::Answers, Some(14_000)), (dead, false, Reach::Silent, None)]
    );
}
