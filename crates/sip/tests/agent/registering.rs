//! An agent that registers at an agent that is a registrar, and calls both ways. RFC 3665 §2.

use std::net::IpAddr;

use crate::world::accounts::account;
use crate::world::{A, B, P, Weather, World, address, media};
use tipring_sip::agent::{
    AccountConfig, AgentConfig, Answer, Command, Destination, Event, HostPort, Network, Question, RefusedWhy,
    ServerConfig, ServerId, SessionId, SrvRecord, Transport, Trust, TrustedAs,
};
use tipring_sip::digest::{Algorithm, Secret};
use tipring_sip::registrar::User;
use tipring_sip::registration::{RegistrationState, WhyUnregistered};
use tipring_units::Millis;

/// Node 0 is a phone that trusts nobody but its server; node 1 is the registrar and trusts no network.
fn world_with(password: &str, transport: Transport) -> World {
    world_asking(password, transport, &[Algorithm::Md5])
}

/// The same with a registrar that asks for these algorithms.
fn world_asking(password: &str, transport: Transport, digest: &[Algorithm]) -> World {
    let mut configs = vec![AgentConfig::new(address(A)), AgentConfig::new(address(B))];
    configs[1].digest = digest.to_vec();
    if transport == Transport::Tcp {
        for config in &mut configs {
            config.tcp = Some(config.udp);
        }
    }
    let mut world = World::new(3, configs);
    let name = |q: &str| Question::Srv(q.to_owned());
    let record = SrvRecord { priority: 1, weight: 1, port: 5060, target: "host.pbx.example".to_owned() };
    world.names.insert(name("_sip._udp.pbx.example"), Answer::Srv(vec![record.clone()]));
    world.names.insert(name("_sip._tcp.pbx.example"), Answer::Srv(vec![record]));
    let addresses = Answer::Addresses(vec![IpAddr::from([10, 0, 0, 2])]);
    world.names.insert(Question::Address("host.pbx.example".to_owned()), addresses);
    world.command(1, Command::SetUsers(vec![User { name: "201".to_owned(), password: Secret::new("lamo") }]));
    let host = HostPort { host: "pbx.example".to_owned(), port: None };
    let server = ServerConfig { id: ServerId(0), addresses: vec![host], domain: None, transport };
    world.command(0, Command::SetServer(server));
    world.command(0, Command::Register(account("201", password)));
    world.run_for(100);
    world
}

/// Every set of algorithms that a registrar may be set to, in some orders.
const DIGESTS: [&[Algorithm]; 6] = [
    &[Algorithm::Md5],
    &[Algorithm::Sha256],
    &[Algorithm::Sha512Half],
    &[Algorithm::Sha512Half, Algorithm::Sha256, Algorithm::Md5],
    &[Algorithm::Md5, Algorithm::Sha256],
    &[Algorithm::Sha256, Algorithm::Sha512Half],
];

#[test]
fn a_phone_registers_and_calls_with_every_set_of_algorithms() {
    for digest in DIGESTS {
        for password in ["lamo", "wrong"] {
            let mut world = world_asking(password, Transport::Udp, digest);
            assert_eq!(is_registered(&world), password == "lamo", "{digest:?}");
            call_from_phone(&mut world);
            assert_eq!(world.incoming(1).is_some(), password == "lamo", "{digest:?}");
        }
    }
}

#[test]
fn a_phone_stays_registered_with_every_set_of_algorithms() {
    for digest in DIGESTS {
        let mut world = world_asking("lamo", Transport::Udp, digest);
        // It is asked anew at each refresh: stale nonces are tried with the registrar itself.
        for refresh in 1..=3 {
            world.run_for(600_000);
            assert!(is_registered(&world), "{digest:?} refresh {refresh}");
        }
        let refused = world
            .events(1)
            .iter()
            .any(|e| matches!(e, Event::Refused { why: RefusedWhy::WrongPassword, .. }));
        assert!(!refused, "{digest:?}");
    }
}

#[test]
fn a_registrar_that_asks_for_another_algorithm_keeps_its_phones() {
    let mut world = world_asking("lamo", Transport::Udp, &[Algorithm::Md5]);
    assert!(is_registered(&world));
    world.command(1, Command::SetDigest(vec![Algorithm::Sha256]));
    world.run_for(1_200_000);
    assert!(is_registered(&world), "{:?}", states(&world));
    let refused =
        world.events(1).iter().any(|e| matches!(e, Event::Refused { why: RefusedWhy::WrongPassword, .. }));
    assert!(!refused);
}

fn states(world: &World) -> Vec<RegistrationState> {
    let states = world.events(0).into_iter().filter_map(|e| match e {
        Event::Registration { state, .. } => Some(state.clone()),
        _ => None,
    });
    states.collect()
}

fn is_registered(world: &World) -> bool {
    matches!(states(world).last(), Some(RegistrationState::Registered { .. }))
}

fn call_from_phone(world: &mut World) -> SessionId {
    let session = world.call_by_account("201", "103");
    world.run_for(100);
    session
}

#[test]
fn a_phone_registers_refreshes_and_leaves() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut world = world_with("lamo", transport);
        assert!(is_registered(&world), "{:?}", world.events(0));
        assert_eq!(states(&world).first(), Some(&RegistrationState::Registering));
        let bound =
            world.events(1).iter().any(|e| matches!(e, Event::Binding { expires: Millis(600_000), .. }));
        assert!(bound);
        world.run_for(3_000_000);
        assert!(is_registered(&world));
        let lapsed =
            world.events(1).iter().any(|e| matches!(e, Event::Binding { expires: Millis::ZERO, .. }));
        assert!(!lapsed);
        world.command(0, Command::UnregisterAll);
        world.run_for(1000);
        assert_eq!(states(&world).last(), Some(&RegistrationState::Unregistered));
        assert!(world.events(1).iter().any(|e| matches!(e, Event::Binding { expires: Millis::ZERO, .. })));
    }
}

#[test]
fn a_wrong_password_says_so() {
    let world = world_with("wrong", Transport::Udp);
    let last = states(&world).pop();
    assert!(
        matches!(last, Some(RegistrationState::Failed { why: WhyUnregistered::WrongPassword, .. })),
        "{last:?}"
    );
    let counted =
        world.events(1).iter().any(|e| matches!(e, Event::Refused { why: RefusedWhy::WrongPassword, .. }));
    assert!(counted);
}

#[test]
fn a_registered_phone_calls_and_is_called() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut world = world_with("lamo", transport);
        call_from_phone(&mut world);
        let trust = world.events(1).into_iter().find_map(|e| match e {
            Event::Incoming(incoming) => Some(incoming.trust.clone()),
            _ => None,
        });
        assert_eq!(trust, Some(TrustedAs::User("201".to_owned())));
        // A datagram has to prove its sender; a connection has done so.
        let asked = world.count(A, B, "INVITE") - 1;
        assert_eq!(asked, usize::from(transport == Transport::Udp));
        let b = world.incoming(1).expect("a call");
        world.command(1, Command::Accept { session: b, media: media(2) });
        world.run_for(100);
        assert!(world.answered(0));
        world.command(1, Command::Hangup { session: b, cause: None });
        world.run_for(1000);
        world.call(1, Destination::Registered { user: "201".to_owned() });
        world.run_for(100);
        let a = world.incoming(0).expect("a call to the phone");
        world.command(0, Command::Accept { session: a, media: media(1) });
        world.run_for(100);
        world.command(0, Command::Hangup { session: a, cause: None });
        world.run_for(70_000);
        world.check_answers();
        world.check_idle();
    }
}

#[test]
fn a_malformed_register_is_told_so_and_not_asked_for_a_password() {
    let mut world = world_with("lamo", Transport::Udp);
    world.peers.insert(address(P), Vec::new());
    let register = |n: u32, from: &str, to: &str| {
        let text = format!(
            "REGISTER sip:pbx.example SIP/2.0\nVia: SIP/2.0/UDP {P};branch=z9hG4bKm{n};rport\n\
             From: <sip:201@pbx.example>;tag=m\nTo: <sip:201@pbx.example>\nCall-ID: m{n}\n\
             CSeq: 1 REGISTER\nMax-Forwards: 70\nContact: <sip:201@{P}>\nContent-Length: 0\n\n"
        );
        assert!(text.contains(from));
        text.replacen(from, to, 1)
    };
    let mangled = [
        ("Max-Forwards: 70", "Max-Forwards: 70", 401),
        ("To: <sip:201@pbx.example>", "To: <tel:201>", 400),
        ("1 REGISTER", "1 OPTIONS", 400),
        ("Max-Forwards: 70", "Max-Forwards: many", 400),
        // Well-formed: what it asks for is said to those who may ask.
        ("Max-Forwards: 70", "Max-Forwards: 70\nRequire: dance", 401),
    ];
    for (n, (from, to, _)) in (0..).zip(mangled) {
        world.inject(P, B, &register(n, from, to));
        world.run_for(20);
    }
    assert_eq!(world.statuses(P), mangled.map(|(_, _, status)| status));
}

#[test]
fn an_unregistered_phone_calls_by_digest() {
    let mut world = world_with("lamo", Transport::Udp);
    world.command(0, Command::UnregisterAll);
    world.run_for(1000);
    world.command(0, Command::Register(AccountConfig { register: false, ..account("201", "lamo") }));
    call_from_phone(&mut world);
    assert_eq!(world.count(B, A, "SIP/2.0 401"), 2 + usize::from(world.count(A, B, "REGISTER") > 3));
    assert!(world.incoming(1).is_some());
}

#[test]
fn a_call_to_nobody_fails_at_once() {
    let mut world = world_with("lamo", Transport::Udp);
    world.call(1, Destination::Registered { user: "999".to_owned() });
    assert!(world.events(1).iter().any(|e| matches!(e, Event::Failed { status: 480, .. })));
}

#[test]
fn a_dead_registrar_is_tried_again_with_growing_waits_and_found_again() {
    let mut world = world_with("lamo", Transport::Udp);
    // Only those that it trusts get an answer to the OPTIONS of the probe.
    let network = Network { address: IpAddr::from([10, 0, 0, 1]), prefix: 32 };
    world.command(1, Command::SetTrust(Trust { networks: vec![network], ..Trust::default() }));
    world.dead.insert(address(B));
    world.run_for(1_500_000);
    let waits: Vec<u32> = states(&world)
        .into_iter()
        .filter_map(|s| match s {
            RegistrationState::Failed { why: WhyUnregistered::NoAnswer, retry_in } => Some(retry_in.0),
            _ => None,
        })
        .collect();
    assert!(waits.len() >= 3 && waits[0] < waits[2], "{waits:?}");
    world.dead.clear();
    // The probe finds it before the long wait is over.
    world.run_for(20_000);
    assert!(is_registered(&world), "{:?}", states(&world).last());
}

#[test]
fn registration_survives_a_bad_network() {
    for seed in 0..10 {
        let mut world = world_with("lamo", Transport::Udp);
        world.weather = Weather { loss: 30.0, twice: 20.0, delay_min: 1, delay_max: 700 };
        world.run_for(3_600_000 + seed);
        world.weather = Weather::FAIR;
        world.run_for(600_000);
        assert!(is_registered(&world), "seed {seed}: {:?}", states(&world).last());
    }
}

#[test]
fn a_phone_registers_while_strangers_flood_us_with_registers() {
    let mut world = world_with("lamo", Transport::Udp);
    world.command(0, Command::UnregisterAll);
    world.run_for(1000);
    let before = world.count(B, A, "SIP/2.0 200");
    let flood = |world: &mut World, second: u32| {
        for n in 0..1000u32 {
            // From one network, and from a thousand.
            let from = match n % 2 {
                0 => format!("203.0.113.{}:5060", n % 250 + 1),
                _ => format!("60.{}.{}.1:5060", n / 250, n % 250),
            };
            let text = format!(
                "REGISTER sip:pbx.example SIP/2.0\nVia: SIP/2.0/UDP {from};branch=z9hG4bKf{second}x{n};rport\n\
                 From: <sip:201@pbx.example>;tag=f\nTo: <sip:201@pbx.example>\nCall-ID: f{second}x{n}\n\
                 CSeq: 1 REGISTER\nMax-Forwards: 70\nContact: <sip:201@{from}>\nContent-Length: 0\n\n"
            );
            world.inject(&from, B, &text);
        }
        world.run_for(100);
    };
    flood(&mut world, 0);
    world.command(0, Command::Register(account("201", "lamo")));
    flood(&mut world, 1);
    assert!(is_registered(&world), "{:?}", states(&world).last());
    assert_eq!(world.count(B, A, "SIP/2.0 200"), before + 1);
    let challenged = world.log.iter().filter(|(_, from, to, line)| {
        *from == address(B) && *to != address(A) && line.starts_with("SIP/2.0 401")
    });
    assert!(challenged.count() <= 2 * 200, "the answers to strangers are bounded");
}

#[test]
fn a_datagram_with_the_address_of_a_registered_phone_makes_no_call() {
    let mut world = world_with("lamo", Transport::Udp);
    assert!(is_registered(&world));
    let forged = format!(
        "INVITE sip:103@pbx.example SIP/2.0\nVia: SIP/2.0/UDP {A};branch=z9hG4bKforged;rport\n\
         From: <sip:201@pbx.example>;tag=f\nTo: <sip:103@pbx.example>\nCall-ID: forged\nCSeq: 1 INVITE\n\
         Max-Forwards: 70\nContact: <sip:201@{A}>\nContent-Length: 0\n\n"
    );
    let asked = world.count(B, A, "SIP/2.0 401");
    world.inject(A, B, &forged);
    world.run_for(100);
    assert_eq!(world.count(B, A, "SIP/2.0 401"), asked + 1);
    assert_eq!(world.incoming(1), None);
}
