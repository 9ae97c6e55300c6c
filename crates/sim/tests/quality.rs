//! What a lossy network makes of a call, as status and call records tell it.
#![allow(missing_docs)]

use core::net::SocketAddr;

use tipring_gateway::{Site, Wiring};
use tipring_port::Symbols;
use tipring_sim::ear::Land;
use tipring_sim::lab::Place;
use tipring_sim::network::{Dns, Weather};
use tipring_sim::peer::{From, Order, PeerSpec, Which};
use tipring_sim::phone::{Action, PhoneSpec};
use tipring_sim::plant::LineSpec;
use tipring_sim::world::{GATEWAY, START, ShardClock, World, WorldSpec, media_slots};
use tipring_units::{LineId, Millis};

const PHONE: Place = Place { line: LineId(0), phone: 0 };

fn world() -> World<Symbols> {
    let far: SocketAddr = "10.0.2.1:5060".parse().unwrap();
    let text = format!(
        "country = \"us\"\nlisten = \"{GATEWAY}\"\n[server.pbx]\naddress = \"{far}\"\n[phone.101]\nport = \"sim/1\"\n"
    );
    let report = tipring_config::check(&text, "test.toml");
    let wiring =
        Wiring { slots: media_slots(), sip: GATEWAY, lines_per_shard: 8, utc_offset_minutes: 0, revision: 1 };
    let effective = report.effective.unwrap_or_else(|| panic!("{:?}", report.findings));
    World::new(&WorldSpec {
        seed: 3,
        site: Site::configured(&effective, &wiring),
        shards: vec![ShardClock::default()],
        lines: vec![LineSpec { phones: vec![PhoneSpec::default()], ..LineSpec::default() }],
        peers: vec![PeerSpec {
            name: "pbx".to_owned(),
            user: "pbx".to_owned(),
            password: String::new(),
            accounts: Vec::new(),
            address: far,
            gateway: GATEWAY,
            tcp: false,
            voice: 500,
            land: Land::Us,
        }],
        dns: Dns::default(),
        weather: Weather::default(),
        start: START,
    })
}

fn run(world: &mut World<Symbols>, seconds: u32) {
    let until = world.now() + Millis::from_secs(seconds);
    world.run_until(until);
}

/// A call of half a minute through this weather.
fn talk(weather: Weather) -> World<Symbols> {
    let mut world = world();
    run(&mut world, 1);
    let to = "101".to_owned();
    let invite = Order::Invite { to, from: From::default(), offers: true, hops: 70 };
    world.order(0, invite).unwrap();
    run(&mut world, 4);
    world.act(PHONE, Action::OffHook).unwrap();
    run(&mut world, 2);
    world.network().set_weather(weather, None);
    run(&mut world, 30);
    world.network().set_weather(Weather::default(), None);
    world
}

#[test]
fn a_clean_call_is_good_and_its_record_says_so() {
    let mut world = talk(Weather::default());
    let status = world.control().status();
    let [call] = &status.calls[..] else { panic!("{:?}", status.calls) };
    let here = call.here.unwrap();
    assert_eq!((call.quality, call.loss, here.loss), ("good", Some(0), 0));
    assert!(here.rating >= 88 && here.score >= 43, "{here:?}");
    world.order(0, Order::Bye(Which::default())).unwrap();
    run(&mut world, 3);
    let quality = world.records()[0].quality.unwrap();
    assert_eq!(quality.here.unwrap().loss, 0);
    assert!(quality.here.unwrap().score >= 43);
}

#[test]
fn a_call_through_a_lossy_network_is_rated_by_it_and_the_record_keeps_the_figures() {
    let mut world = talk(Weather { loss: 6.0, ..Weather::default() });
    let status = world.control().status();
    let [call] = &status.calls[..] else { panic!("{:?}", status.calls) };
    let here = call.here.unwrap();
    assert!((300..900).contains(&here.loss), "{here:?}");
    assert!((55..80).contains(&here.rating) && (28..40).contains(&here.score), "{here:?}");
    assert_ne!(call.quality, "good");
    world.order(0, Order::Bye(Which::default())).unwrap();
    run(&mut world, 3);
    let kept = world.records()[0].quality.unwrap().here.unwrap();
    assert_eq!((kept.loss, kept.rating, kept.score), (here.loss, here.rating, here.score));
}
