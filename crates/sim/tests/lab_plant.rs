//! The loop plant: currents, ringing, programs, echo.

use tipring_port::{
    Audio, CardOrder, CardReport, Elements, Feed, Frame, LoopReading, Program, ProgramEnd, ProgramId,
    ProgramStep, Samples, Sense, Symbols,
};
use tipring_sim::phone::{Action, PhoneSpec};
use tipring_sim::plant::{
    Contact, Damage, Disturbance, Fidelity, Line, LineSpec, LoopSpec, MAX_PHONES, Terminal,
};
use tipring_units::{Dbm0, Entropy, Farads, Hz, Milliamps, Millis, Ohms, Ren, Volts};

const RING: Feed = Feed::Ringing { frequency: Hz(20.0), level: Volts(70.0) };

fn spec(loop_ohms: f32, phones: usize) -> LineSpec {
    LineSpec {
        circuit: LoopSpec { loop_resistance: Ohms(loop_ohms), ..LoopSpec::default() },
        phones: vec![PhoneSpec::default(); phones],
        ..LineSpec::default()
    }
}

fn line<A: Fidelity>(spec: &LineSpec) -> Line<A> {
    Line::new(spec, &mut Entropy::for_simulation(1))
}

/// Runs `ticks` silent ticks, the first with `order`; returns the last report.
fn run<A: Fidelity>(line: &mut Line<A>, ticks: usize, order: Option<CardOrder>) -> CardReport {
    let mut report = line.exchange(&<A as Audio>::SILENCE, order).1;
    for _ in 1..ticks {
        report = line.exchange(&<A as Audio>::SILENCE, None).1;
    }
    report
}

fn readings(report: &CardReport) -> Vec<LoopReading> {
    match report.sense {
        Sense::Raw(all) => all.to_vec(),
        Sense::Steady(one) => vec![one; 10],
        Sense::Cooked(_) => panic!("this card reports raw readings"),
    }
}

fn steady(report: &CardReport) -> LoopReading {
    match report.sense {
        Sense::Steady(reading) => reading,
        Sense::Raw(_) | Sense::Cooked(_) => panic!("not steady: {:?}", report.sense),
    }
}

#[test]
fn loop_current_follows_ohms_law_below_the_limit() {
    for (loop_ohms, phone_ohms) in [(900.0, 400.0), (1200.0, 200.0), (1500.0, 300.0), (2000.0, 100.0)] {
        let mut spec = spec(loop_ohms, 1);
        spec.circuit.limit = Milliamps(60.0);
        spec.phones[0].terminal.off_hook = Ohms(phone_ohms);
        let mut line = line::<Symbols>(&spec);
        run(&mut line, 100, Some(CardOrder::Feed(Feed::Normal)));
        line.phone(0).unwrap().act(Action::OffHook).unwrap();
        let reading = steady(&run(&mut line, 100, None));
        let expected = 48_000.0 / (400.0 + loop_ohms + phone_ohms);
        assert!(
            (reading.current.0 - expected).abs() < 0.02 * expected,
            "{loop_ohms}: {reading:?}, {expected}"
        );
        let volts = 48.0 - expected / 1000.0 * 400.0;
        assert!((reading.voltage.0 - volts).abs() < 0.5, "{loop_ohms}: {reading:?}, {volts}");
    }
}

#[test]
fn a_damaged_pair_leaks_and_has_the_voltage_of_what_it_touches_until_it_is_mended() {
    let mut line = line::<Symbols>(&spec(300.0, 0));
    run(&mut line, 100, Some(CardOrder::Feed(Feed::Normal)));
    line.damage(Damage { leak: Some(Ohms(20_000.0)), contact: None });
    let leaking = steady(&run(&mut line, 100, None));
    assert!((leaking.current.0 - 48_000.0 / 20_700.0).abs() < 0.1, "{leaking:?}");
    run(&mut line, 50, Some(CardOrder::Feed(Feed::Open)));
    let contact = Contact { volts: Volts(-60.0), frequency: Hz(0.0), through: Ohms(10_000.0) };
    line.damage(Damage { leak: None, contact: Some(contact) });
    let touching = steady(&run(&mut line, 100, None));
    // behind the card's own input of some 90 kohm
    assert!((-56.0..-52.0).contains(&touching.voltage.0), "{touching:?}");
    let mains = Contact { volts: Volts(90.0), frequency: Hz(50.0), ..contact };
    line.damage(Damage { leak: None, contact: Some(mains) });
    let squares: Vec<f32> = (0..10)
        .flat_map(|_| readings(&run(&mut line, 1, None)))
        .map(|reading| reading.voltage.0 * reading.voltage.0)
        .collect();
    let level = (squares.iter().sum::<f32>() / squares.len() as f32).sqrt();
    assert!((78.0..86.0).contains(&level), "{level} V");
    line.damage(Damage::default());
    assert!(steady(&run(&mut line, 100, None)).voltage.0.abs() < 0.1);
}

#[test]
fn the_feed_gives_no_more_than_its_limit() {
    for loop_ohms in [0.0, 300.0, 600.0] {
        for phones in [1, MAX_PHONES] {
            let mut line = line::<Symbols>(&spec(loop_ohms, phones));
            run(&mut line, 100, Some(CardOrder::Feed(Feed::Reversed)));
            for phone in 0..phones {
                line.phone(phone).unwrap().act(Action::OffHook).unwrap();
            }
            let reading = steady(&run(&mut line, 100, None));
            assert!((reading.current.0 + 25.0).abs() < 0.1, "{loop_ohms} ohm, {phones}: {reading:?}");
        }
    }
}

#[test]
fn a_rectifier_takes_its_drop() {
    let mut spec = spec(1000.0, 1);
    spec.phones[0].terminal = Terminal { off_hook: Ohms(200.0), drop: Volts(6.0), ..Terminal::default() };
    spec.circuit.limit = Milliamps(60.0);
    let mut line = line::<Symbols>(&spec);
    run(&mut line, 100, Some(CardOrder::Feed(Feed::Reversed)));
    line.phone(0).unwrap().act(Action::OffHook).unwrap();
    let current = steady(&run(&mut line, 100, None)).current.0;
    assert!((current + 42_000.0 / 1600.0).abs() < 0.1, "{current}");
}

#[test]
fn on_hook_only_leakage_flows_and_an_open_feed_gives_nothing() {
    let mut line = line::<Symbols>(&spec(500.0, 5));
    let fed = steady(&run(&mut line, 300, Some(CardOrder::Feed(Feed::Normal))));
    assert!(fed.voltage.0 > 47.5 && fed.current.0 < 0.15, "{fed:?}");
    line.phone(2).unwrap().act(Action::OffHook).unwrap();
    assert!(steady(&run(&mut line, 100, None)).current.0 > 20.0);
    let report = run(&mut line, 2, Some(CardOrder::Feed(Feed::Open)));
    assert!(readings(&report).iter().all(|r| r.current.0 == 0.0 && r.voltage.0.abs() < 0.5), "{report:?}");
}

/// RMS voltage at the telephones' bells and the card's alternating current in milliamps, while it rings.
fn ring(loop_ohms: f32, ren: f32) -> (f32, f32) {
    let mut spec = spec(loop_ohms, 1);
    spec.phones[0].terminal.ren = Ren(ren);
    let mut line = line::<Symbols>(&spec);
    run(&mut line, 200, Some(CardOrder::Feed(Feed::Normal)));
    run(&mut line, 50, Some(CardOrder::Feed(RING)));
    let mut currents = Vec::new();
    for _ in 0..20 {
        currents.extend(readings(&run(&mut line, 1, None)).iter().map(|r| r.current.0));
    }
    let mean = currents.iter().sum::<f32>() / currents.len() as f32;
    assert!(mean.abs() < 0.3, "direct current {mean} on-hook at {ren} REN");
    let current = (currents.iter().map(|c| (c - mean).powi(2)).sum::<f32>() / currents.len() as f32).sqrt();
    (line.phones()[0].bell().voltage().0, current)
}

#[test]
fn ring_voltage_at_the_telephones_falls_with_ren_and_loop_as_the_divider_says() {
    for loop_ohms in [0.0, 500.0, 1500.0] {
        for ren in [0.5, 1.0, 3.0, 5.0] {
            let (volts, current) = ring(loop_ohms, ren);
            // 70 V behind 600 ohm and the loop into 7 kohm + 8 uF at 20 Hz, divided by the REN
            let (r, x) = (7000.0 / ren, 994.7 / ren);
            let series = 600.0 + loop_ohms;
            let total = ((r + series) * (r + series) + x * x).sqrt();
            let expected = 70.0 * r / total;
            assert!(
                (volts / expected - 1.0).abs() < 0.06,
                "{loop_ohms} ohm {ren} REN: {volts} V, {expected} V"
            );
            let expected = 70_000.0 / total;
            assert!(
                (current / expected - 1.0).abs() < 0.06,
                "{loop_ohms} ohm {ren} REN: {current}, {expected} mA"
            );
        }
    }
}

#[test]
fn off_hook_during_ringing_shifts_the_direct_current() {
    for (loop_ohms, ren) in [(0.0, 0.0), (0.0, 5.0), (1500.0, 0.0), (1500.0, 5.0)] {
        let mut spec = spec(loop_ohms, 2);
        spec.phones[0].terminal.ren = Ren(ren);
        spec.phones[1].terminal.ren = Ren(0.0);
        let mut line = line::<Symbols>(&spec);
        run(&mut line, 200, Some(CardOrder::Feed(Feed::Normal)));
        run(&mut line, 50, Some(CardOrder::Feed(RING)));
        line.phone(1).unwrap().act(Action::OffHook).unwrap();
        run(&mut line, 10, None);
        let period: Vec<f32> =
            (0..5).flat_map(|_| readings(&run(&mut line, 1, None))).map(|r| r.current.0).collect();
        let mean = period.iter().sum::<f32>() / period.len() as f32;
        let expected = 48_000.0 / (600.0 + loop_ohms + 200.0);
        assert!((mean / expected - 1.0).abs() < 0.1, "{loop_ohms} ohm, {ren} REN: {mean} mA, {expected} mA");
    }
}

#[test]
fn a_telephone_rings_only_while_it_is_rung() {
    let mut spec = spec(800.0, 2);
    spec.phones[1].terminal.ren = Ren(0.0); // no bell
    let mut line = line::<Symbols>(&spec);
    for feed in [Feed::Normal, Feed::Reversed, Feed::Open, Feed::Normal] {
        run(&mut line, 60, Some(CardOrder::Feed(feed)));
        assert!(!line.phones()[0].is_bursting(), "{feed:?} rings");
    }
    assert!(line.phone(0).unwrap().event().is_none());
    let weak = Feed::Ringing { frequency: Hz(20.0), level: Volts(12.0) };
    run(&mut line, 60, Some(CardOrder::Feed(weak)));
    assert!(!line.phones()[0].is_bursting(), "12 V ring a bell that needs 15");
    run(&mut line, 60, Some(CardOrder::Feed(Feed::Normal)));
    for (hertz, ticks) in [(20.0, 100), (25.0, 40), (50.0, 30)] {
        let feed = Feed::Ringing { frequency: Hz(hertz), level: Volts(70.0) };
        run(&mut line, ticks, Some(CardOrder::Feed(feed)));
        assert!(line.phones()[0].is_bursting() && !line.phones()[1].is_bursting());
        let measured = line.phones()[0].bell().frequency().0;
        assert!((measured / hertz - 1.0).abs() < 0.05, "{hertz}: {measured}");
        run(&mut line, 12, Some(CardOrder::Feed(Feed::Normal)));
        assert!(!line.phones()[0].is_bursting());
    }
    let cadence: Vec<u64> = line.phones()[0].bell().cadence().map(|s| s.millis().0.into()).collect();
    let expected = [1000, 120, 400, 120, 300];
    assert_eq!(cadence.len(), expected.len(), "{cadence:?}");
    assert!(cadence.iter().zip(expected).all(|(a, b): (&u64, u64)| a.abs_diff(b) <= 45), "{cadence:?}");
    run(&mut line, 700, None);
    assert!(line.phones()[0].hears().is_empty(), "still rings");
}

#[test]
fn programs_are_exact_to_the_sample_in_what_the_card_measures() {
    let mut line = line::<Samples>(&spec(800.0, 1));
    run(&mut line, 200, Some(CardOrder::Feed(Feed::Normal)));
    line.phone(0).unwrap().act(Action::OffHook).unwrap();
    let before = steady(&run(&mut line, 50, None)).current.0;
    let step = |feed, samples| ProgramStep { feed, length: tipring_units::Samples(samples) };
    // 250 ms open from sample 24 (3 ms) on
    let program = Program::new(
        ProgramId(5),
        &[step(Feed::Normal, 24), step(Feed::Open, 2000), step(Feed::Normal, 8)],
        9,
    );
    let mut all = Vec::new();
    let mut ended = None;
    for tick in 0..30 {
        let order = (tick == 0).then(|| CardOrder::Run(program.unwrap()));
        let report = run(&mut line, 1, order);
        ended = ended.or(report.ended.map(|end| (tick, end)));
        all.extend(readings(&report).iter().map(|r| r.current.0));
    }
    assert!(all[..3].iter().all(|c| (c - before).abs() < 0.1));
    assert!(all[3..253].iter().all(|c| *c == 0.0));
    assert!((all[254] - before).abs() < 0.5 && (all[299] - before).abs() < 0.1);
    // 24 + 2000 + 8 samples end in the 26th tick at its sample 32
    assert_eq!(ended, Some((25, ProgramEnd::Completed(ProgramId(5), 32))));
}

#[test]
fn a_quiet_line_is_skipped_without_any_other_effect() {
    let mut skipped = line::<Symbols>(&spec(300.0, 2));
    let mut walked = line::<Symbols>(&spec(300.0, 2));
    for line in [&mut skipped, &mut walked] {
        run(line, 300, Some(CardOrder::Feed(Feed::Normal)));
        assert!(line.is_quiet());
    }
    assert!(skipped.skip(1000));
    run(&mut walked, 1000, None);
    assert_eq!(skipped.now(), walked.now());
    for line in [&mut skipped, &mut walked] {
        line.phone(1).unwrap().act(Action::OffHook).unwrap();
    }
    for _ in 0..50 {
        assert_eq!(run(&mut skipped, 1, None), run(&mut walked, 1, None));
    }
    assert!(!skipped.is_quiet() && !skipped.skip(1));
}

#[test]
fn slips_move_the_sound_and_are_reported_with_the_delay() {
    let mut spec = spec(0.0, 1);
    (spec.delay, spec.cushion) = (16, 100);
    spec.hybrid.telephone = Elements::resistance(Ohms(1200.0));
    spec.circuit.capacitance = Farads(0.0);
    let mut line = line::<Samples>(&spec);
    run(&mut line, 100, Some(CardOrder::Feed(Feed::Normal)));
    line.phone(0).unwrap().act(Action::OffHook).unwrap();
    assert_eq!(run(&mut line, 20, None).bulk_delay.0, 116);
    // the echo of a click is found where the delay says, plus the cable's round trip
    let echo_at = |line: &mut Line<Samples>| {
        let mut click: Frame = [0; 80];
        click[0] = 20_000;
        let mut heard = line.exchange(&click, None).0.to_vec();
        for _ in 0..4 {
            heard.extend(line.exchange(&[0; 80], None).0);
        }
        (0..heard.len()).max_by_key(|n| heard[*n].unsigned_abs()).unwrap()
    };
    assert_eq!(echo_at(&mut line), 116 + 12);
    assert_eq!(line.slip(-80), -80);
    let report = run(&mut line, 1, None);
    assert_eq!((report.slip, report.bulk_delay.0), (-80, 36));
    assert_eq!(echo_at(&mut line), 36 + 12);
    assert_eq!(line.slip(50), 50);
    assert_eq!(run(&mut line, 1, None).slip, 50);
    assert_eq!(echo_at(&mut line), 86 + 12);
    assert_eq!(line.slip(-500), -70, "no more than the cushion holds");
}

#[test]
fn two_runs_of_one_seed_are_the_same_bit_for_bit() {
    let run_once = |seed: u64| {
        let mut spec = spec(700.0, 2);
        spec.disturbance = Disturbance { noise: Some(Dbm0(-55.0)), hum: Some((Hz(60.0), Dbm0(-60.0))) };
        let mut line: Line<Samples> = Line::new(&spec, &mut Entropy::for_simulation(seed));
        run(&mut line, 30, Some(CardOrder::Feed(Feed::Normal)));
        let phone = line.phone(0).unwrap();
        let talk = Action::Say(tipring_sim::mouth::Talk::Voice(5));
        for action in [Action::OffHook, talk, Action::Flash(Millis(300)), Action::Wait(Millis(100))] {
            phone.act(action).unwrap();
        }
        let mut heard = Vec::new();
        for _ in 0..150 {
            let (frame, report) = line.exchange(&[100; 80], None);
            heard.push((frame, format!("{report:?}")));
        }
        heard
    };
    assert_eq!(run_once(3), run_once(3));
    assert_ne!(run_once(3), run_once(4));
}
