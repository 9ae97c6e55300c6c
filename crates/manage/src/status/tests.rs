//! The words of status.

use super::*;

fn line(number: &str, state: &'static str) -> LineStatus {
    LineStatus {
        messages: false,
        number: number.into(),
        name: format!("Room {number}"),
        port: format!("sim/{number}"),
        state,
        for_seconds: 5,
        fault: false,
        outside: false,
        volts: None,
        milliamps: None,
    }
}

fn call_of(from: &str, to: &str) -> CallStatus {
    CallStatus {
        call: 1,
        from: from.into(),
        to: to.into(),
        via: String::new(),
        by: String::new(),
        state: "talking",
        for_seconds: 192,
        codec: "",
        loss: None,
        quality: "",
        here: None,
        there: None,
    }
}

fn status() -> Status {
    Status {
        name: "tower-a".into(),
        up_seconds: 12 * 86_400 + 4 * 3600,
        revision: 17,
        waiting: Vec::new(),
        next_start: Vec::new(),
        alarms: Vec::new(),
        servers: Vec::new(),
        lines: vec![line("204", "talking"), line("205", "idle"), line("219", "idle")],
        users: Vec::new(),
        calls: Vec::new(),
        refused_requests: 0,
        media: Vec::new(),
    }
}

#[test]
fn what_needs_a_person_comes_first() {
    let alarm = AlarmStatus {
        for_seconds: 2760,
        subject: "219 Room 219 (sim/219)".into(),
        text: "the loop draws current".into(),
        detail: String::new(),
        cause: String::new(),
        next: "check the pair".into(),
    };
    let mut status = Status { alarms: vec![alarm.clone()], ..status() };
    status.lines[2].fault = true;
    assert_eq!(
        whole(&status)[..4],
        [
            "1 NEEDS YOU  219 Room 219 (sim/219): the loop draws current, 46 min.",
            "             Next: check the pair",
            "tower-a  up 12d 04h  config 17, applied",
            "phones 3: 1 idle, 1 talking, 1 fault",
        ]
    );
    let (lines, attention) = one(&status, "219").unwrap();
    assert!(attention && lines[0].starts_with("1 NEEDS YOU"), "{lines:?}");
    assert!(!one(&status, "204").unwrap().1);
    status.alarms.push(alarm);
    assert!(whole(&status)[0].starts_with("2 NEED YOU  219"));
    assert!(whole(&status)[2].starts_with("            219"));
}

#[test]
fn what_an_edit_still_waits_for_is_told() {
    let waiting = vec!["204 Room 204 (sim/204)".to_owned()];
    let status = Status { waiting: waiting.clone(), ..status() };
    assert_eq!(whole(&status)[0], "tower-a  up 12d 04h  config 17, when idle: 204 Room 204 (sim/204)");
    let next_start = vec!["listen: \"a\" -> \"b\"".to_owned()];
    let told = whole(&Status { next_start, ..status });
    assert!(told[0].ends_with("when idle: 204 Room 204 (sim/204), 1 change at the next start"), "{told:?}");
    assert_eq!(told[1], "  at the next start: listen: \"a\" -> \"b\"");
}

#[test]
fn calls_are_told_from_the_telephones_side() {
    let mut out = call_of("204", "0");
    out.via = "pbx1".into();
    out.codec = "G.711u";
    out.loss = Some(10);
    out.quality = "good";
    assert_eq!(call(&out, &status()), "204 Room 204  03:12 to 0 via pbx1    G.711u  loss 0.1 %  good");
    assert_eq!(call(&call_of("15550177", "205"), &status()), "205 Room 205  03:12 from 15550177");
    let ringing = CallStatus { state: "ringing", ..call_of("204", "205") };
    assert_eq!(call(&ringing, &status()), "204 Room 204  03:12 to 205  ringing");
}

#[test]
fn lines_are_told_in_words_of_telephony() {
    let words =
        |state| one(&Status { lines: vec![line("204", state)], ..status() }, "204").map(|(lines, _)| lines);
    let told = |what| Some(vec![format!("204 Room 204 (sim/204): {what} for 5 s")]);
    assert_eq!(words("waiting"), told("calling"));
    assert_eq!(words("told"), told("hears a tone"));
    assert_eq!(words("parked"), told("left off-hook"));
    assert_eq!(words("out of service"), told("out of service"));
    let lines = ["idle", "waiting", "told", "parked"].map(|state| line("204", state)).to_vec();
    let counted = counts(&Status { lines, ..status() });
    assert_eq!(counted, "phones 4: 1 idle, 1 calling, 1 hears a tone, 1 left off-hook");
}

#[test]
fn outside_lines_are_told_beside_telephones() {
    let outside = |number, state| LineStatus {
        outside: true,
        name: String::new(),
        port: format!("sim/9{number}"),
        ..line(number, state)
    };
    let mut picture = status();
    picture.lines.extend([outside("1", "talking"), outside("204", "in use")]);
    let out = CallStatus { by: "line 1".into(), ..call_of("204", "5551234") };
    let into = CallStatus { by: "line 1".into(), ..call_of("5550177", "205") };
    let dark = CallStatus { by: "line 1".into(), ..call_of("line 1", "205") };
    let alone = CallStatus { by: "line 1".into(), state: "ringing", ..call_of("5550177", "") };
    assert_eq!(call(&out, &picture), "204 Room 204  03:12 to 5551234 by line 1");
    assert_eq!(call(&into, &picture), "205 Room 205  03:12 from 5550177 by line 1");
    assert_eq!(call(&dark, &picture), "205 Room 205  03:12 from line 1");
    assert_eq!(call(&alone, &picture), "5550177  03:12 by line 1  ringing");
    picture.calls = vec![out];
    let told = |number: &str| one(&picture, number).map(|(lines, _)| lines);
    assert_eq!(
        told("1"),
        Some(vec!["line 1 (sim/91): talking for 5 s".into(), call(&picture.calls[0], &picture)])
    );
    assert_eq!(told("204").unwrap()[0], "204 Room 204 (sim/204): talking for 5 s");
    assert_eq!(told("line.204").unwrap()[0], "line 204 (sim/9204): in use by another telephone for 5 s");
    assert_eq!(
        counts(&picture),
        "phones 3: 2 idle, 1 talking     lines 2: 1 talking, 1 in use by another telephone"
    );
    assert_eq!(
        lines(&picture)[2..4],
        ["sim/219   FXS  219       idle for 5 s  Room 219", "sim/91    FXO  line 1    talking for 5 s"]
    );
}

#[test]
fn an_unknown_number_is_none() {
    assert_eq!(one(&status(), "999"), None);
    assert_eq!(one(&status(), "sim/205").unwrap().0, ["205 Room 205 (sim/205): idle for 5 s"]);
}

fn address(name: &str, last: u8, in_use: bool, reach: ReachStatus, latency: Option<u64>) -> AddressStatus {
    AddressStatus {
        name: name.into(),
        address: ([192, 0, 2, last], 5060).into(),
        in_use,
        reach,
        latency_micros: latency,
    }
}

fn pbx(addresses: Vec<AddressStatus>) -> ServerStatus {
    ServerStatus {
        name: "pbx".into(),
        transport: "TLS",
        address: None,
        addresses,
        registered: 38,
        accounts: 38,
        trouble: Vec::new(),
    }
}

fn shard(late: u64, troubled_seconds: Option<u64>) -> MediaStatus {
    MediaStatus {
        shard: "shard 0".into(),
        ticks: 600_000,
        late,
        late_last_minute: late / 10,
        late_full_minute: late / 5,
        troubled_seconds,
        longest_micros: 14_200,
        unsent: 0,
    }
}

/// The picture of the design, to the letter but for what `Next:` names.
#[test]
fn the_whole_text_is_as_the_design_shows_it() {
    let mut lines: Vec<LineStatus> = (201..=238).map(|number| line(&number.to_string(), "idle")).collect();
    for (place, state) in [(3, "talking"), (10, "talking"), (18, "parked")] {
        lines[place].state = state;
    }
    lines[18].fault = true;
    lines.extend((1..3).map(|number| LineStatus { outside: true, ..line(&number.to_string(), "idle") }));
    let left = AlarmStatus {
        for_seconds: 46 * 60,
        subject: "219 Room 219 (dahdi/19)".into(),
        text: "off-hook".into(),
        detail: "no speech".into(),
        cause: "Handset off, or a wet pair".into(),
        next: "tipring doctor 219".into(),
    };
    let quality =
        |call: CallStatus, loss, quality| CallStatus { codec: "G.711u", loss: Some(loss), quality, ..call };
    let out = CallStatus { via: "pbx1".into(), ..call_of("204", "0") };
    let into = CallStatus { for_seconds: 20, ..call_of("15550177", "211") };
    let mut picture = Status {
        alarms: vec![left],
        servers: vec![pbx(vec![
            address("pbx1", 1, true, ReachStatus::Answers, Some(4200)),
            address("pbx2", 2, false, ReachStatus::Answers, Some(4800)),
        ])],
        lines,
        calls: vec![quality(out, 10, "good"), quality(into, 400, "FAIR: network")],
        ..status()
    };
    let golden = "\
1 NEEDS YOU  219 Room 219 (dahdi/19): off-hook 46 min, no speech.
             Handset off, or a wet pair. Next: tipring doctor 219
tower-a  up 12d 04h  config 17, applied
pbx1  TLS  38/38 registered  4 ms      pbx2  standby  5 ms
phones 38: 35 idle, 2 talking, 1 fault     lines 2: 2 idle
204 Room 204  03:12 to 0 via pbx1    G.711u  loss 0.1 %  good
211 Room 211  00:20 from 15550177    G.711u  loss 4.0 %  FAIR: network";
    assert_eq!(whole(&picture).join("\n"), golden);
    with_media(&mut picture, vec![shard(0, None)]);
    assert_eq!(whole(&picture).join("\n"), golden, "a thread that keeps its time is not told");
}

#[test]
fn a_server_is_told_by_what_its_addresses_answered() {
    use ReachStatus::{Answers, Recovering, Silent, Untried};
    let told = |addresses| server(&pbx(addresses));
    assert_eq!(told(vec![]), "pbx  TLS  38/38 registered  no address found");
    assert_eq!(
        told(vec![address("pbx", 1, true, Untried, None)]),
        "pbx  TLS  38/38 registered  not asked yet"
    );
    assert_eq!(told(vec![address("pbx", 1, true, Answers, None)]), "pbx  TLS  38/38 registered  answers");
    assert_eq!(told(vec![address("pbx", 1, true, Answers, Some(400))]), "pbx  TLS  38/38 registered  <1 ms");
    let first = address("pbx1", 1, false, Silent, None);
    let second = address("pbx2", 2, true, Answers, Some(5400));
    assert_eq!(
        told(vec![first.clone(), second.clone()]),
        "pbx1  no answer      pbx2  TLS  38/38 registered  5 ms"
    );
    let back = address("pbx1", 1, false, Recovering(12), Some(4000));
    assert_eq!(told(vec![back, second]), "pbx1  back for 12 s  4 ms      pbx2  TLS  38/38 registered  5 ms");
    let other = address("pbx2", 2, false, Silent, None);
    assert_eq!(told(vec![first, other]), "pbx1  TLS  38/38 registered  no answer      pbx2  no answer");
}

#[test]
fn late_ticks_are_told_and_too_many_need_a_person() {
    let mut picture = status();
    with_media(&mut picture, vec![shard(120, None)]);
    assert_eq!(
        whole(&picture)[2..],
        ["shard 0  120 of 600000 ticks late, 12 in the last minute  longest 14 ms"]
    );
    assert!(picture.alarms.is_empty());
    with_media(&mut picture, vec![MediaStatus { unsent: 3, ..shard(2000, Some(120)) }]);
    let told = whole(&picture);
    assert_eq!(told[0], "1 NEEDS YOU  shard 0: calls click, 400 ticks of a minute began late, 2 min.");
    assert!(told[4].ends_with("longest 14 ms, 3 packets not sent"), "{told:?}");
}

/// A gateway in virtual time: one server with a standby, a call by it and a call into the house.
#[test]
fn a_gateway_in_the_laboratory_shows_itself_so() {
    use tipring_gateway::{Site, Wiring};
    use tipring_port::Symbols;
    use tipring_sim::ear::Land;
    use tipring_sim::lab::Place;
    use tipring_sim::network::{Dns, Weather};
    use tipring_sim::peer::{From, Order, PeerSpec, Which};
    use tipring_sim::phone::{Action, Dialling, PhoneSpec};
    use tipring_sim::plant::LineSpec;
    use tipring_sim::world::{GATEWAY, START, ShardClock, World, WorldSpec, media_slots};
    use tipring_units::{LineId, Millis};

    let text = format!(
        "name = \"tower-a\"\ncountry = \"us\"\nlisten = \"{GATEWAY}\"\n[server.pbx]\n\
         address = [\"pbx1.test\", \"pbx2.test\"]\nuser = \"tower\"\npassword = \"pw-tower\"\nrings = \"203\"\n\
         [phone.201-204]\nport = \"sim/1-4\"\nname = \"Room {{number}}\"\n"
    );
    let report = tipring_config::check(&text, "test.toml");
    let effective = report.effective.clone().unwrap_or_else(|| panic!("{report}"));
    let wiring = Wiring {
        slots: media_slots(),
        sip: GATEWAY,
        lines_per_shard: 8,
        utc_offset_minutes: 0,
        revision: 17,
    };
    let mut dns = Dns::default();
    let peer = |n: u8| PeerSpec {
        name: format!("pbx{n}"),
        user: "pbx".into(),
        password: String::new(),
        accounts: vec![("tower".into(), "pw-tower".into())],
        address: ([10, 0, 0, 10 + n], 5060).into(),
        gateway: GATEWAY,
        tcp: false,
        voice: 20 + 4 * u16::from(n),
        land: Land::of_code("us").unwrap(),
    };
    let peers = vec![peer(1), peer(2)];
    for peer in &peers {
        dns.add_address(&format!("{}.test", peer.name), peer.address.ip());
    }
    let mut world = World::<Symbols>::new(&WorldSpec {
        seed: 1,
        site: Site::configured(&effective, &wiring),
        shards: vec![ShardClock::default()],
        lines: vec![LineSpec { phones: vec![PhoneSpec::default()], ..LineSpec::default() }; 4],
        peers,
        dns,
        weather: Weather::CALM,
        start: START,
    });
    let run = |world: &mut World<Symbols>, seconds| {
        let until = world.now() + Millis::from_secs(seconds);
        world.run_until(until);
        whole(&world.control().status())
    };
    let place = |line| Place { line: LineId(line), phone: 0 };
    // It is as old as the latest that control was told.
    assert_eq!(
        run(&mut world, 10),
        [
            "tower-a  up 5 s  config 17, applied",
            "pbx1  UDP  1/1 registered  4 ms      pbx2  standby  not asked yet",
            "phones 4: 4 idle",
        ]
    );
    run(&mut world, 30);
    world.act(place(1), Action::OffHook).unwrap();
    run(&mut world, 3);
    world.act(place(1), Action::Dial("5550123".into(), Dialling::Dtmf)).unwrap();
    run(&mut world, 12);
    let answer = Order::Answer { status: 200, which: Which::default(), sound: false, to: None };
    world.order(0, answer).unwrap();
    run(&mut world, 10);
    let from = From { number: Some("15550177".into()), ..From::default() };
    world.order(0, Order::Invite { to: "203".into(), from, offers: true, hops: 70 }).unwrap();
    run(&mut world, 5);
    world.act(place(2), Action::OffHook).unwrap();
    // One that is left off-hook needs a person in the end.
    world.act(place(3), Action::OffHook).unwrap();
    let early = run(&mut world, 20);
    assert!(!early[0].contains("NEEDS"), "{early:?}");
    let told = run(&mut world, 600).join("\n");
    assert_eq!(told, GOLDEN, "\n{told}");
}

const GOLDEN: &str = "\
1 NEEDS YOU  204 Room 204 (sim/4): off-hook 9 min, no call.
             Handset off, or a wet pair. Next: hang up 204, or look at its pair
tower-a  up 11 min  config 17, applied
pbx1  UDP  1/1 registered  4 ms      pbx2  standby  4 ms
phones 4: 1 idle, 2 talking, 1 fault
202 Room 202  10:30 to 5550123 via pbx G.711u  loss 0.0 %  good
203 Room 203  10:15 from 15550177    G.711u  loss 0.0 %  good";

#[test]
fn a_measured_line_shows_volts_current_and_a_reversed_polarity() {
    let measured = |volts, milliamps| {
        let line = LineStatus { volts: Some(volts), milliamps: Some(milliamps), ..line("1", "idle") };
        lines(&Status { lines: vec![line], ..status() }).remove(0)
    };
    assert!(measured(48, 0).contains("idle for 5 s  48 V  Room 1"), "{}", measured(48, 0));
    assert!(measured(-9, -21).contains("  9 V 21 mA, reversed  "), "{}", measured(-9, -21));
}
