//! Every state with every command and event; random input; skipped idle time; the matrix.

mod common;

use std::fmt::Write;

use common::{Bench, Plant, settings, steady};
use proptest::prelude::*;
use tipring_line::{Fxs, FxsOut};
use tipring_port::{
    CallerId, CallerIdAlert, CallerIdSignal, CallerIdTiming, CardOrder, CardReport, CookedEvent,
    CookedEvents, Disconnect, Feed, LineCommand, LineEvent, LoopReading, ProgramEnd, ProgramId,
    READINGS_PER_TICK, RingPattern, RingRequest, Sense, Tone,
};
use tipring_units::{Epoch, Milliamps, Millis, SampleTime, Volts};

fn request() -> RingRequest {
    let caller = CallerId { date: None, number: Ok("101".into()), name: None };
    RingRequest { pattern: RingPattern::new(&[]), caller: Some(caller) }
}

fn commands() -> [(&'static str, LineCommand); 15] {
    [
        ("ring", LineCommand::Ring(request())),
        ("stop-ring", LineCommand::StopRing),
        ("play", LineCommand::Play(Tone::Busy)),
        ("quiet", LineCommand::Quiet),
        ("answered", LineCommand::Answered),
        ("cleared", LineCommand::Cleared { tone: Tone::Busy }),
        ("park", LineCommand::Park),
        ("release", LineCommand::Release),
        ("waiting", LineCommand::Waiting(request().caller)),
        ("stop-waiting", LineCommand::StopWaiting),
        ("lamp", LineCommand::Lamp(true)),
        ("report", LineCommand::Report),
        ("test", LineCommand::Test),
        ("out-of-service", LineCommand::InService(false)),
        ("in-service", LineCommand::InService(true)),
    ]
}

/// A line in each of its states.
fn states() -> Vec<Bench> {
    let line = |prepare: fn(&mut Bench)| {
        let mut settings = settings();
        settings.reverse_on_answer = true;
        let mut bench = Bench::new(settings, Plant::new(1.0, 300.0));
        prepare(&mut bench);
        bench.take();
        bench
    };
    let states = vec![
        line(|bench| {
            bench.command(LineCommand::InService(false));
            bench.run(50);
        }),
        line(|_| {}),
        line(|bench| {
            bench.switch(0.0, true);
            bench.run(30);
        }),
        line(|bench| bench.ring()),
        line(|bench| {
            bench.command(LineCommand::Ring(request()));
            bench.run(500);
        }),
        line(|bench| {
            let mut settings = settings();
            settings.caller_id = CallerIdTiming::BeforeRing {
                alert: CallerIdAlert::Reversal,
                alert_to_data: Millis(300),
                data_to_ring: Millis(200),
                signal: CallerIdSignal::ETSI,
            };
            *bench = Bench::new(settings, Plant::new(1.0, 300.0));
            bench.command(LineCommand::Ring(request()));
            bench.run(500);
        }),
        line(|bench| {
            bench.ring();
            bench.run(500);
            bench.switch(0.0, true);
            while bench.fxs.state_name() != "ring-trip" {
                bench.tick();
            }
        }),
        line(|bench| bench.lift()),
        line(|bench| {
            bench.lift();
            bench.command(LineCommand::Cleared { tone: Tone::Congestion });
            bench.run(50);
        }),
        line(|bench| {
            bench.lift();
            bench.command(LineCommand::Park);
            bench.run(50);
        }),
        line(|bench| {
            bench.lift();
            bench.command(LineCommand::Waiting(request().caller));
            bench.run(50);
        }),
        line(|bench| {
            bench.run(1000);
            bench.command(LineCommand::Lamp(true));
            bench.run(500);
        }),
        line(|bench| {
            bench.command(LineCommand::Test);
            bench.run(400);
        }),
    ];
    let names: Vec<_> = states.iter().map(|bench| bench.fxs.state_name()).collect();
    let expected = [
        "out-of-service",
        "idle",
        "seizing",
        "ring-wait",
        "ringing",
        "prelude",
        "ring-trip",
        "off-hook",
        "supervision",
        "receiver-off-hook",
        "call-waiting",
        "lamp",
        "testing",
    ];
    assert_eq!(names, expected);
    states
}

#[test]
fn every_state_takes_every_command_as_the_matrix_says() {
    let mut matrix = String::new();
    for index in 0..states().len() {
        for (name, command) in commands() {
            let mut bench = states().swap_remove(index);
            let before = bench.fxs.state_name();
            bench.command(command);
            let events: Vec<_> = bench.out.events().map(|said| format!("{:?}", said.event)).collect();
            let order = match bench.out.order {
                None => String::new(),
                Some(CardOrder::Feed(feed)) => format!("  feed {feed:?}"),
                Some(CardOrder::Present(network)) => format!("  present {network}"),
                Some(CardOrder::Lifeline(on)) => format!("  lifeline {on}"),
                Some(CardOrder::Run(program)) => format!("  program of {} steps", program.steps().len()),
            };
            let playing = bench.out.playing.map_or(String::new(), |playing| format!("  plays {playing:?}"));
            let (after, events) = (bench.fxs.state_name(), events.join(", "));
            let _ = writeln!(
                matrix,
                "{}",
                format!("{before:17} {name:14} -> {after:17} {events}{order}{playing}").trim_end()
            );
            bench.run(3000); // and no panic afterwards
        }
    }
    let golden = include_str!("matrix.txt");
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix.txt"), &matrix).expect("written");
    } else {
        assert_eq!(matrix, golden, "run with UPDATE_MATRIX=1 if the change is meant");
    }
}

#[test]
fn every_state_survives_every_report() {
    let mut reports = Vec::new();
    for current in [0.0, 5.0, 25.0, -25.0, f32::NAN, f32::INFINITY] {
        reports.push(steady(current));
        let reading =
            LoopReading { current: Milliamps(current), voltage: Volts(current), ..LoopReading::default() };
        reports.push(CardReport { sense: Sense::Raw([reading; READINGS_PER_TICK]), ..steady(0.0) });
    }
    for event in [CookedEvent::OffHook, CookedEvent::OnHook, CookedEvent::Flash, CookedEvent::PulseDigit(255)]
    {
        let mut cooked = CookedEvents::default();
        while cooked.push(200, event) {}
        reports.push(CardReport { sense: Sense::Cooked(cooked), ..steady(0.0) });
    }
    for id in 0..4 {
        let id = ProgramId(id);
        for ended in [ProgramEnd::Completed(id, 255), ProgramEnd::Cancelled(id)] {
            reports.push(CardReport { ended: Some(ended), ..steady(25.0) });
        }
        for step in [0, 1, 2, 255] {
            reports.push(CardReport { step: Some((id, step, 255)), ..steady(25.0) });
        }
    }
    for index in 0..states().len() {
        for report in &reports {
            let mut bench = states().swap_remove(index);
            for _ in 0..300 {
                bench.fxs.tick(SampleTime(bench.now), report, &mut bench.out);
                bench.now += 80;
                bench.out.clear();
            }
        }
    }
}

#[test]
fn idle_time_may_be_skipped_up_to_the_next_wakeup() {
    // Off-hook and on again, cleared and forgotten: with every tick, and with only those that the machine asks for.
    let script = |bench: &mut Vec<(u64, LineEvent)>, skips: bool| -> u64 {
        let mut fxs = Fxs::with_settings(settings(), Epoch(1), true);
        let mut out = FxsOut::new();
        let (mut ticks, mut now) = (0, 0);
        for (until, current, command) in [
            (2_000, 0.0, None),
            (10_000, 22.0, None),
            (90_000, 22.0, Some(LineCommand::Cleared { tone: Tone::Busy })),
            (95_000, 0.0, None),
            (200_000, 5.0, None),
        ] {
            if let Some(command) = command {
                fxs.command(SampleTime(now), fxs.epoch(), command, &mut out);
            }
            let (until, mut first) = (until * 8, true);
            while now < until {
                let due = fxs.next_wakeup().is_some_and(|due| due.0 <= now + 80);
                if first || due || !skips {
                    fxs.tick(SampleTime(now), &steady(current), &mut out);
                    bench.extend(out.events().map(|said| (said.at.0, said.event)));
                    out.clear();
                    ticks += 1;
                }
                first = false;
                now += 80;
            }
        }
        ticks
    };
    let (mut all, mut some) = (Vec::new(), Vec::new());
    let ticks = (script(&mut all, false), script(&mut some, true));
    assert_eq!(all, some);
    assert!(all.iter().any(|(_, event)| *event == LineEvent::Released), "{all:?}");
    assert!(ticks.0 == 20_000 && ticks.1 < 150, "{ticks:?}");
}

#[test]
fn noise_and_hum_change_nothing() {
    for (ren, loop_ohms) in [(1.0, 0.0), (5.0, 0.0), (5.0, 1500.0)] {
        let mut bench = Bench::new(settings(), Plant::new(ren, loop_ohms));
        (bench.noise_ma, bench.hum_ma) = (1.5, 2.0);
        bench.run(5000);
        bench.ring();
        bench.run(30_000);
        assert_eq!(bench.take(), [LineEvent::Ringing]);
        bench.bouncing(3.0, true, 5.0);
        bench.run(500);
        assert!(bench.longest_ringing_closed <= 1600);
        bench.switch(0.0, false);
        bench.switch(500.0, true);
        bench.run(2000);
        assert!(matches!(bench.take()[..], [LineEvent::Answered, LineEvent::Flash(_)]));
        bench.switch(0.0, false);
        bench.run(1500);
        assert_eq!(bench.take(), [LineEvent::Released]);
    }
}

#[test]
fn the_machine_is_small() {
    let size = size_of::<Fxs>();
    assert!(size <= 2048, "{size} bytes");
}

#[derive(Clone, Debug)]
enum Input {
    Readings(Vec<f32>),
    Steady(f32, u8),
    Cooked(Vec<(u8, u8)>),
    Command(usize, u32),
    Ended(u32, bool, u8),
    Step(u32, u8, u8),
    Skip(u32),
    Silent(bool),
}

fn current() -> impl Strategy<Value = f32> {
    prop_oneof![4 => Just(0.0), 4 => Just(22.0), 1 => -100.0..100.0_f32, 1 => any::<f32>()]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        3 => prop::collection::vec(current(), READINGS_PER_TICK).prop_map(Input::Readings),
        6 => (current(), 1..60_u8).prop_map(|(current, ticks)| Input::Steady(current, ticks)),
        1 => prop::collection::vec((0..80_u8, 0..6_u8), 0..5).prop_map(Input::Cooked),
        4 => (0..15_usize, 0..8_u32).prop_map(|(command, epoch)| Input::Command(command, epoch)),
        1 => (0..6_u32, any::<bool>(), any::<u8>()).prop_map(|(id, done, at)| Input::Ended(id, done, at)),
        1 => (0..6_u32, any::<u8>(), any::<u8>()).prop_map(|(id, step, at)| Input::Step(id, step, at)),
        1 => (0..100_000_u32).prop_map(Input::Skip),
        1 => any::<bool>().prop_map(Input::Silent),
    ]
}

fn timing() -> impl Strategy<Value = CallerIdTiming> {
    let signal = CallerIdSignal::ETSI;
    let before = |alert| CallerIdTiming::BeforeRing {
        alert,
        alert_to_data: Millis(60),
        data_to_ring: Millis(200),
        signal,
    };
    prop_oneof![
        3 => Just(settings().caller_id),
        1 => Just(CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt }),
        1 => Just(before(CallerIdAlert::None)),
        1 => Just(before(CallerIdAlert::ReversalAndTone { wait: Millis(100), length: Millis(100) })),
        1 => Just(before(CallerIdAlert::RingPulse(Millis(250)))),
    ]
}

fn cooked(events: &[(u8, u8)]) -> Sense {
    let mut all = CookedEvents::default();
    for &(offset, event) in events {
        let event = match event {
            0 => CookedEvent::OffHook,
            1 => CookedEvent::OnHook,
            2 => CookedEvent::Flash,
            digit => CookedEvent::PulseDigit(digit.wrapping_mul(43)),
        };
        let _ = all.push(offset, event);
    }
    Sense::Cooked(all)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_input_never_panics_and_never_rings_a_lifted_telephone(
        inputs in prop::collection::vec(input(), 1..120),
        disconnect in prop_oneof![
            Just(Disconnect::None), Just(Disconnect::Reversal), (0..2000_u32).prop_map(|ms| Disconnect::Cpc(Millis(ms)))
        ],
        reverse in any::<bool>(),
        timing in timing(),
    ) {
        let mut settings = settings();
        settings.caller_id = timing;
        (settings.disconnect, settings.reverse_on_answer) = (disconnect, reverse);
        let mut fxs = Fxs::with_settings(settings, Epoch(0), true);
        let (mut out, mut now, mut epoch) = (FxsOut::new(), 0_u64, Epoch(0));
        // A line that is tested rings for a burst that nobody hears.
        let mut tested = false;
        for input in inputs {
            let mut report = steady(0.0);
            let mut ticks = 1;
            match input {
                Input::Readings(currents) => {
                    let reading = |ms: usize| LoopReading { current: Milliamps(currents[ms]), voltage: Volts(48.0), ..LoopReading::default() };
                    report.sense = Sense::Raw(core::array::from_fn(reading));
                }
                Input::Steady(current, count) => (report, ticks) = (steady(current), count),
                Input::Cooked(events) => report.sense = cooked(&events),
                Input::Command(index, back) => {
                    let epoch = Epoch(fxs.epoch().0.wrapping_sub(back / 6));
                    tested |= commands()[index].1 == LineCommand::Test;
                    fxs.command(SampleTime(now), epoch, commands()[index].1, &mut out);
                    ticks = 0;
                }
                Input::Ended(id, true, at) => report.ended = Some(ProgramEnd::Completed(ProgramId(id), at)),
                Input::Ended(id, false, _) => report.ended = Some(ProgramEnd::Cancelled(ProgramId(id))),
                Input::Step(id, step, at) => report.step = Some((ProgramId(id), step, at)),
                Input::Skip(samples) => now += u64::from(samples / 80 * 80),
                Input::Silent(silent) => fxs.card_silent(SampleTime(now), silent, &mut out),
            }
            for _ in 0..ticks {
                fxs.tick(SampleTime(now), &report, &mut out);
                now += 80;
                let rings = match out.order {
                    Some(CardOrder::Run(program)) => {
                        program.steps().iter().any(|step| matches!(step.feed, Feed::Ringing { .. }))
                    }
                    Some(CardOrder::Feed(_) | CardOrder::Present(_) | CardOrder::Lifeline(_)) | None => false,
                };
                let summary = fxs.summary();
                prop_assert!(!(rings && summary.off_hook));
                prop_assert!(!rings || (summary.ringing || tested) && summary.in_service);
                for said in out.events() {
                    let ends = matches!(said.event, LineEvent::Released | LineEvent::RingStopped);
                    let refused = matches!(said.event, LineEvent::Refused(_));
                    prop_assert!(refused || said.epoch == epoch, "{said:?} in {epoch}");
                    epoch = if ends { epoch.next() } else { epoch };
                }
                prop_assert_eq!(fxs.epoch(), epoch);
                out.clear();
            }
        }
    }
}
