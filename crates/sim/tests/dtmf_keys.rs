//! What the configuration's keys for DTMF change: the same telephone, whose digits are soft or uneven, is heard or not.
#![allow(missing_docs)]

use tipring_gateway::{Site, Wiring};
use tipring_port::Samples;
use tipring_sim::lab::Place;
use tipring_sim::mouth::KeypadSpec;
use tipring_sim::network::{Dns, Weather};
use tipring_sim::phone::{Action, Dialling, PhoneSpec};
use tipring_sim::plant::LineSpec;
use tipring_sim::world::{GATEWAY, START, ShardClock, World, WorldSpec, media_slots};
use tipring_units::{Db, Dbm0, LineId, Millis};

/// True if a telephone that sends its low group at `level` and its high group `twist` above it reaches the other one.
fn is_heard(keys: &str, level: f32, twist: f32) -> bool {
    let text = format!(
        "country = \"us\"\nlisten = \"{GATEWAY}\"\n[phone.101]\nport = \"sim/1\"\n{keys}\n[phone.102]\nport = \"sim/2\"\n"
    );
    let report = tipring_config::check(&text, "test.toml");
    let wiring =
        Wiring { slots: media_slots(), sip: GATEWAY, lines_per_shard: 8, utc_offset_minutes: 0, revision: 1 };
    let effective = report.effective.unwrap_or_else(|| panic!("{:?}", report.findings));
    let keypad = KeypadSpec { level: Dbm0(level), twist: Db(twist), ..KeypadSpec::default() };
    let line = LineSpec { phones: vec![PhoneSpec { keypad, ..PhoneSpec::default() }], ..LineSpec::default() };
    let mut world: World<Samples> = World::new(&WorldSpec {
        seed: 5,
        site: Site::configured(&effective, &wiring),
        shards: vec![ShardClock::default()],
        lines: vec![line; 2],
        peers: Vec::new(),
        dns: Dns::default(),
        weather: Weather::default(),
        start: START,
    });
    let run = |world: &mut World<Samples>, millis: u32| {
        let until = world.now() + Millis(millis);
        world.run_until(until);
    };
    let first = Place { line: LineId(0), phone: 0 };
    run(&mut world, 1000);
    world.act(first, Action::OffHook).unwrap();
    run(&mut world, 1000);
    world.act(first, Action::Dial("102".to_owned(), Dialling::Dtmf)).unwrap();
    run(&mut world, 3000);
    world.control().status().calls.iter().any(|call| call.to == "102")
}

#[test]
fn the_sensitivity_of_a_phone_decides_about_soft_digits() {
    assert!(!is_heard("", -42.0, 1.0), "softer than what is taken unasked");
    assert!(is_heard("dtmf_level = \"-45 dBm0\"", -42.0, 1.0));
    assert!(is_heard("", -30.0, 1.0));
    assert!(!is_heard("dtmf_level = \"-25 dBm0\"", -30.0, 1.0));
}

#[test]
fn the_twist_of_a_phone_decides_about_uneven_digits() {
    for (level, twist) in [(-20.0, 11.0), (-10.0, -11.0)] {
        assert!(!is_heard("", level, twist), "{twist}");
        assert!(is_heard("dtmf_twist = \"12 dB\"", level, twist), "{twist}");
    }
    assert!(is_heard("", -15.0, 6.0) && !is_heard("dtmf_twist = \"3 dB\"", -15.0, 6.0));
}

#[test]
fn an_administrations_column_is_taken_as_a_whole_and_a_key_beside_it_counts_more() {
    assert!(!is_heard("dtmf_profile = \"japan\"", -29.0, 1.0), "-29 dBm must not operate in Japan");
    assert!(is_heard("dtmf_profile = \"japan\"\ndtmf_level = \"-32 dBm0\"", -29.0, 1.0));
    assert!(is_heard("dtmf_profile = \"australia\"", -15.0, 9.9));
}
