//! The test of a telephone's line: what it finds, and that whoever lifts or calls goes before it.

mod common;

use common::{Bench, Plant, settings};
use tipring_line::Settings;
use tipring_port::{
    CardOrder, CardReport, CookedEvents, Feed, LampSpec, LineCommand, LineEvent, LineTest, LoopStart, Sense,
    TestEnd, TestItem, Verdict,
};
use tipring_units::{Hz, SampleTime, Volts};

/// From the order to the report, at the most.
const MILLIS: u64 = 3000;

fn bench(settings: Settings, plant: Plant) -> Bench {
    let mut bench = Bench::new(settings, plant);
    bench.run(2000);
    bench.take();
    bench.orders.clear();
    bench
}

fn tested(bench: &mut Bench) -> LineTest {
    bench.command(LineCommand::Test);
    bench.run(MILLIS);
    let events: Vec<_> =
        bench.take().into_iter().filter(|event| !matches!(event, LineEvent::Fault(_))).collect();
    let [LineEvent::Tested(Ok(test))] = events[..] else { panic!("{events:?}") };
    assert!(bench.fxs.is_idle() && bench.feed() == Feed::Normal, "{:?}", bench.feed());
    test
}

fn of(plant: Plant) -> LineTest {
    tested(&mut bench(settings(), plant))
}

fn failed(test: &LineTest) -> Vec<TestItem> {
    test.failed().collect()
}

#[test]
fn a_good_line_passes_and_its_ringers_are_counted() {
    // The loop is in series with the ringers.
    for (ren, loop_ohms, least, most) in
        [(1.0, 0.0, 0.93, 1.0), (1.0, 300.0, 0.9, 1.0), (3.0, 100.0, 2.6, 3.0), (0.5, 0.0, 0.48, 0.51)]
    {
        let test = of(Plant::new(ren, loop_ohms));
        assert_eq!(test.whole(), Verdict::Passed, "{test:?}");
        assert!((47.0..48.5).contains(&test.battery.unwrap().0), "{test:?}");
        assert!(test.foreign.unwrap().direct.0.abs() < 1.0, "{test:?}");
        assert!((least..=most).contains(&f64::from(test.ringers.unwrap().0)), "{ren} REN: {test:?}");
    }
}

#[test]
fn ringers_are_counted_at_the_country_s_frequency() {
    for hertz in [16.67, 20.0, 25.0, 50.0] {
        let mut settings = settings();
        settings.ring.frequency = Hz(hertz);
        let mut plant = Plant::new(1.0, 0.0);
        plant.source_ohms = 1.0;
        let ren = tested(&mut bench(settings, plant)).ringers.unwrap().0;
        assert!((0.97..1.03).contains(&ren), "{hertz} Hz: {ren}");
    }
}

#[test]
fn nothing_that_rings_is_told_from_a_telephone_and_from_too_many() {
    let none = of(Plant::new(0.0, 300.0));
    assert_eq!(failed(&none), [TestItem::Ringers]);
    assert!(none.ringers.unwrap().0 < 0.05, "{none:?}");
    let mut many = Plant::new(8.0, 0.0);
    many.source_ohms = 100.0;
    let many = of(many);
    assert_eq!(failed(&many), [TestItem::Ringers]);
    assert!(many.ringers.unwrap().0 > 5.5, "{many:?}");
}

#[test]
fn a_leak_is_measured_and_does_not_pass_for_a_ringer() {
    for (ohms, verdict) in
        [(20_000.0, Verdict::Failed), (140_000.0, Verdict::Failed), (160_000.0, Verdict::Passed)]
    {
        let test = of(Plant { leak_ohms: ohms, ..Plant::new(1.0, 300.0) });
        let found = f64::from(test.resistance.unwrap().0);
        assert!((found / ohms - 1.0).abs() < 0.05, "{ohms}: {test:?}");
        assert_eq!(test.verdict(TestItem::Leak), verdict);
        assert_eq!(test.verdict(TestItem::Receiver), Verdict::Passed);
        let bare = of(Plant { leak_ohms: ohms, ..Plant::new(0.0, 300.0) });
        assert!(bare.ringers.unwrap().0 < 0.05, "{bare:?}");
    }
}

#[test]
fn foreign_voltage_is_told_from_the_charge_of_the_ringers() {
    for ren in [0.0, 1.0, 5.0] {
        for volts in [-120.0, -48.0, -12.0, 0.0, 4.0, 10.0, 48.0] {
            let test = of(Plant { foreign: (volts, 0.0, 50_000.0), ..Plant::new(ren, 300.0) });
            let foreign = test.foreign.unwrap();
            let verdict = if f64::abs(volts) > 6.0 { Verdict::Failed } else { Verdict::Passed };
            assert_eq!(test.verdict(TestItem::Foreign), verdict, "{ren} REN, {volts} V: {test:?}");
            assert!(!foreign.is_hazard() && foreign.alternating.0 < 2.0, "{test:?}");
            let wrong = (f64::from(foreign.direct.0) - volts).abs();
            // Five ringers behind a weak source are still charging when it is read.
            assert!(wrong < 1.5 + 0.05 * volts.abs(), "{ren} REN, {volts} V: {test:?}");
            // The current and the burst would tell of something else.
            let hidden = [TestItem::Leak, TestItem::Ringers].map(|item| test.verdict(item));
            assert_eq!(hidden == [Verdict::NotMeasured; 2], verdict == Verdict::Failed, "{test:?}");
        }
    }
}

#[test]
fn hum_is_measured_and_mains_is_a_hazard() {
    let with = |peak| of(Plant { foreign: (peak, 50.0, 100_000.0), ..Plant::new(0.0, 300.0) });
    let hum = with(8.0 * std::f64::consts::SQRT_2);
    assert_eq!(hum.verdict(TestItem::Foreign), Verdict::Passed);
    assert!((7.5..8.5).contains(&hum.foreign.unwrap().alternating.0), "{hum:?}");
    let mains = with(230.0 * std::f64::consts::SQRT_2);
    assert!(mains.foreign.unwrap().is_hazard() && mains.ringers.is_none(), "{mains:?}");
}

#[test]
fn who_lifts_goes_before_the_test_and_is_never_rung() {
    for after in (0..2600).step_by(19) {
        let mut bench = bench(settings(), Plant::new(1.0, 300.0));
        bench.command(LineCommand::Test);
        bench.switch(f64::from(after), true);
        bench.run(u64::from(after as u32) + 700);
        let events = bench.take();
        match events[..] {
            [LineEvent::Tested(Err(TestEnd::Lifted)), LineEvent::Seized] => {}
            // As it ended.
            [LineEvent::Tested(Ok(test)), LineEvent::Seized] => {
                assert!(after > 1900 && test.whole() == Verdict::Passed, "{after}: {events:?}");
            }
            _ => panic!("{after} ms: {events:?}"),
        }
        assert!(bench.longest_ringing_closed <= 1600, "{after}: {}", bench.longest_ringing_closed);
        assert_eq!(bench.feed(), Feed::Normal);
        assert_eq!(bench.fxs.state_name(), "off-hook");
    }
}

#[test]
fn a_call_that_comes_meanwhile_is_rung_soon() {
    for after in (0..1700).step_by(50) {
        let mut bench = bench(settings(), Plant::new(5.0, 300.0));
        bench.command(LineCommand::Test);
        bench.run(after);
        bench.take();
        bench.ring();
        assert_eq!(
            bench.out.events().map(|said| said.event).next(),
            Some(LineEvent::Tested(Err(TestEnd::Called)))
        );
        bench.run(500);
        assert_eq!(bench.take(), [LineEvent::Tested(Err(TestEnd::Called)), LineEvent::Ringing], "{after}");
    }
}

#[test]
fn a_receiver_left_off_hook_is_told_and_a_telephone_in_use_is_left_alone() {
    let mut bench = bench(settings(), Plant::new(1.0, 300.0));
    bench.lift();
    bench.take();
    bench.command(LineCommand::Test);
    bench.run(100);
    assert_eq!(bench.take(), [LineEvent::Tested(Err(TestEnd::InUse))]);
    bench.command(LineCommand::Park);
    bench.run(100);
    bench.command(LineCommand::Test);
    bench.run(70_000);
    assert_eq!(bench.take()[1..2], [LineEvent::Tested(Err(TestEnd::InUse))], "reorder sounds");
    bench.orders.clear();
    bench.command(LineCommand::Test);
    bench.run(10);
    let events = bench.take();
    let [LineEvent::Tested(Ok(test))] = events[..] else { panic!("{events:?}") };
    assert_eq!(failed(&test), [TestItem::Receiver]);
    assert!((300.0..1000.0).contains(&test.resistance.unwrap().0), "{test:?}");
    assert!(bench.orders.is_empty(), "nothing is fed to a telephone off-hook");
    assert_eq!(bench.fxs.state_name(), "receiver-off-hook");
}

#[test]
fn what_cannot_be_tested_says_why() {
    let mut closed = bench(settings(), Plant::new(1.0, 300.0));
    closed.command(LineCommand::InService(false));
    closed.command(LineCommand::Test);
    closed.run(100);
    assert_eq!(closed.take(), [LineEvent::InService(false), LineEvent::Tested(Err(TestEnd::OutOfService))]);
    let mut trunk = settings();
    trunk.start = LoopStart::Ground;
    let mut trunk = bench(trunk, Plant::new(1.0, 300.0));
    trunk.command(LineCommand::Test);
    trunk.run(100);
    assert_eq!(trunk.take(), [LineEvent::Tested(Err(TestEnd::GroundStart))]);
    assert!(trunk.orders.is_empty());
    let mut taken = bench(settings(), Plant::new(1.0, 300.0));
    taken.command(LineCommand::Test);
    taken.run(500);
    taken.command(LineCommand::InService(false));
    taken.run(3000);
    assert_eq!(taken.take(), [LineEvent::Tested(Err(TestEnd::Interrupted)), LineEvent::InService(false)]);
    assert_eq!(taken.feed(), Feed::Open);
}

#[test]
fn a_silent_card_ends_the_test_and_one_that_tells_the_hook_alone_measures_nothing() {
    let mut silent = bench(settings(), Plant::new(1.0, 300.0));
    silent.command(LineCommand::Test);
    silent.run(400);
    silent.fxs.card_silent(SampleTime(silent.now), true, &mut silent.out);
    silent.run(100);
    assert_eq!(silent.take()[0], LineEvent::Tested(Err(TestEnd::Interrupted)));

    let mut judge = bench(settings(), Plant::new(1.0, 300.0));
    judge.command(LineCommand::Test);
    let report = CardReport { sense: Sense::Cooked(CookedEvents::default()), ..common::steady(0.0) };
    let mut said = Vec::new();
    for _ in 0..100 {
        judge.fxs.tick(SampleTime(judge.now), &report, &mut judge.out);
        judge.now += 80;
        said.extend(judge.out.events().map(|said| said.event));
        assert!(judge.out.order.is_none(), "nothing that nobody could see the effect of");
        judge.out.clear();
    }
    let [LineEvent::Tested(Ok(test))] = said[..] else { panic!("{said:?}") };
    assert_eq!(test.whole(), Verdict::NotMeasured);
}

#[test]
fn a_neon_lamp_burns_again_after_the_test() {
    let mut settings = settings();
    settings.lamp = LampSpec { signal: None, neon: Some(Volts(90.0)), ..settings.lamp };
    let mut bench = bench(settings, Plant::new(1.0, 300.0));
    bench.command(LineCommand::Lamp(true));
    bench.run(2000);
    assert_eq!(bench.feed(), Feed::Neon(Volts(90.0)));
    bench.command(LineCommand::Test);
    bench.run(MILLIS);
    let events = bench.take();
    let [LineEvent::Tested(Ok(test))] = events[..] else { panic!("{events:?}") };
    assert_eq!(test.whole(), Verdict::Passed, "{test:?}");
    assert_eq!(bench.feed(), Feed::Neon(Volts(90.0)));
}

#[test]
fn the_burst_is_one_program_far_below_ringing_and_the_line_is_open_for_a_moment() {
    let mut bench = bench(settings(), Plant::new(1.0, 300.0));
    tested(&mut bench);
    let programs: Vec<_> = bench
        .orders
        .iter()
        .filter_map(|(_, order)| if let CardOrder::Run(program) = order { Some(*program) } else { None })
        .collect();
    let [burst] = programs[..] else { panic!("{programs:?}") };
    let Feed::Ringing { level, .. } = burst.steps()[0].feed else { panic!("{burst:?}") };
    assert!(level.0 < 13.5 && burst.steps()[0].length.millis().0 < 500);
    assert_eq!((burst.steps()[1].feed, burst.repeat_from()), (Feed::Normal, None));
    let mut since = None;
    for (at, order) in &bench.orders {
        if let (Some(since), CardOrder::Feed(_) | CardOrder::Run(_)) = (since.take(), order) {
            assert!(at - since <= 210 * 8, "open for {} ms", (at - since) / 8);
        }
        if *order == CardOrder::Feed(Feed::Open) {
            since = Some(*at);
        }
    }
}
