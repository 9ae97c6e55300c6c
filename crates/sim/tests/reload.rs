//! An edited configuration in the middle of a call, with true samples in virtual time: the call goes on, and what
//! follows is by the new configuration.
#![allow(missing_docs)]

use tipring_gateway::{Reload, Site, Wiring};
use tipring_port::Samples;
use tipring_sim::ear::Land;
use tipring_sim::lab::Place;
use tipring_sim::network::{Dns, Weather};
use tipring_sim::phone::{Action, Dialling, PhoneSpec};
use tipring_sim::plant::LineSpec;
use tipring_sim::world::{GATEWAY, START, ShardClock, World, WorldSpec, media_slots};
use tipring_units::{LineId, Millis};

const FIRST: Place = Place { line: LineId(0), phone: 0 };
const SECOND: Place = Place { line: LineId(1), phone: 0 };

fn site(country: &str, revision: u64) -> Site {
    let text =
        format!("country = \"{country}\"\nlisten = \"{GATEWAY}\"\n[phone.101-102]\nport = \"sim/1-2\"\n");
    let report = tipring_config::check(&text, "test.toml");
    let wiring =
        Wiring { slots: media_slots(), sip: GATEWAY, lines_per_shard: 8, utc_offset_minutes: 0, revision };
    Site::configured(&report.effective.unwrap_or_else(|| panic!("{:?}", report.findings)), &wiring)
}

/// Two telephones whose users know German tones.
fn world() -> World<Samples> {
    let phone = PhoneSpec { land: Land::of_code("de").unwrap(), ..PhoneSpec::default() };
    let line = LineSpec { phones: vec![phone], ..LineSpec::default() };
    World::new(&WorldSpec {
        seed: 3,
        site: site("us", 1),
        shards: vec![ShardClock::default()],
        lines: vec![line; 2],
        peers: Vec::new(),
        dns: Dns::default(),
        weather: Weather::default(),
        start: START,
    })
}

fn run(world: &mut World<Samples>, seconds: u32) {
    let until = world.now() + Millis::from_secs(seconds);
    world.run_until(until);
}

fn hears(world: &World<Samples>, who: &str) -> Vec<String> {
    world.hearing().iter().filter(|(ear, _)| ear == who).map(|(_, what)| what.clone()).collect()
}

fn states(world: &World<Samples>) -> Vec<&'static str> {
    world.control().status().calls.iter().map(|call| call.state).collect()
}

#[test]
fn a_call_outlives_an_edit_and_the_next_dial_tone_is_the_new_one() {
    let mut world = world();
    run(&mut world, 1);
    world.act(FIRST, Action::OffHook).unwrap();
    run(&mut world, 3);
    let old = hears(&world, "phone 1");
    assert!(!old.iter().any(|heard| heard.contains("dial")), "a foreign tone: {old:?}");
    world.act(FIRST, Action::Dial("102".to_owned(), Dialling::Dtmf)).unwrap();
    run(&mut world, 8);
    world.act(SECOND, Action::OffHook).unwrap();
    run(&mut world, 2);
    assert_eq!(states(&world), ["talking"], "{:?}", world.facts().all().last());

    world.configure(Reload { site: site("de", 2), next_start: Vec::new() });
    run(&mut world, 5);
    assert_eq!(states(&world), ["talking"]);
    let status = world.control().status();
    assert_eq!((status.revision, status.waiting.len()), (2, 2));

    world.act(FIRST, Action::OnHook).unwrap();
    world.act(SECOND, Action::OnHook).unwrap();
    run(&mut world, 5);
    assert!(world.control().status().waiting.is_empty(), "both took it when they were idle");
    assert_eq!(world.records().len(), 1);
    assert_eq!(world.records()[0].cause.q850(), 16);

    world.act(FIRST, Action::OffHook).unwrap();
    run(&mut world, 3);
    let new = hears(&world, "phone 1");
    assert!(new.iter().any(|heard| heard.contains("dial")), "the tone that it knows: {new:?}");
}

#[test]
fn a_line_that_is_rung_takes_its_profile_after_the_ringing() {
    let mut world = world();
    run(&mut world, 1);
    world.act(FIRST, Action::OffHook).unwrap();
    run(&mut world, 3);
    world.act(FIRST, Action::Dial("102".to_owned(), Dialling::Dtmf)).unwrap();
    run(&mut world, 8);
    assert_eq!(states(&world), ["ringing"]);
    world.configure(Reload { site: site("de", 2), next_start: Vec::new() });
    run(&mut world, 3);
    assert_eq!(world.control().status().waiting, ["101 (sim/1)", "102 (sim/2)"]);
    world.act(SECOND, Action::OffHook).unwrap();
    run(&mut world, 2);
    assert_eq!(states(&world), ["talking"], "the ring is answered as if nothing had been edited");
    world.act(SECOND, Action::OnHook).unwrap();
    run(&mut world, 3);
    assert_eq!(world.control().status().waiting, ["101 (sim/1)"]);
}
