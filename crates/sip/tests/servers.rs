//! What the agent tells of its servers.

mod world;

use tipring_sip::agent::{AgentConfig, Command, Event, HostPort, ServerConfig, ServerId, Transport};
use world::{A, World, address};

#[test]
fn a_server_named_by_its_address_is_told_once() {
    let mut world = World::new(1, vec![AgentConfig::new(address(A))]);
    let host = HostPort { host: "10.0.0.2".to_owned(), port: Some(5060) };
    let server =
        ServerConfig { id: ServerId(0), addresses: vec![host], domain: None, transport: Transport::Udp };
    world.command(0, Command::SetServer(server));
    world.run_for(100);
    let told = world.events(0).into_iter().filter(|event| matches!(event, Event::Server { .. })).count();
    assert_eq!(told, 1);
}
