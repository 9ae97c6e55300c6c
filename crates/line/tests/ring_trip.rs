//! Ring trip over loops, ringers, frequencies and phases.

mod common;

use common::{Bench, Plant, settings};
use tipring_line::Playing;
use tipring_port::{LineCommand, LineEvent, Refusal, RingPattern, RingRequest};
use tipring_units::{Hz, Millis};

const FREQUENCIES: [f32; 5] = [16.0, 16.667, 20.0, 25.0, 50.0];

fn bench(ren: f64, loop_ohms: f64, frequency: f32) -> Bench {
    let mut settings = settings();
    settings.ring.frequency = Hz(frequency);
    Bench::new(settings, Plant::new(ren, loop_ohms))
}

/// Silence of the feed after off-hook at `lifted` ms of ringing.
fn trip(mut bench: Bench, pattern: &[u32], phone_ohms: f64, lifted: u64) -> f64 {
    let steps: Vec<_> = pattern.iter().copied().map(Millis).collect();
    bench.plant.phone_ohms = phone_ohms;
    bench.command(LineCommand::Ring(RingRequest { pattern: RingPattern::new(&steps), caller: None }));
    bench.run(10);
    bench.bouncing(lifted as f64, true, 3.0);
    bench.run((lifted / 10) * 10 + 800);
    let label = format!("{:?} {pattern:?} lifted at {lifted} ms", bench.plant);
    let events = bench.take();
    let answers = events.iter().filter(|event| **event == LineEvent::Answered).count();
    assert_eq!(answers, 1, "{label}: {events:?}");
    assert!(!events.contains(&LineEvent::Released), "{label}: {events:?}");
    assert!(bench.fxs.summary().off_hook && !bench.rings_now(), "{label}");
    let silence = bench.longest_ringing_closed as f64 / 8.0;
    assert!(silence <= 200.0, "{label}: {silence} ms");
    silence
}

#[test]
fn ring_trips_within_200_ms_at_0_to_5_ren_and_0_to_1500_ohm_at_any_phase() {
    let mut worst: f64 = 0.0;
    for ren in [0.0, 1.0, 2.0, 3.0, 5.0] {
        for loop_ohms in [0.0, 300.0, 900.0, 1500.0] {
            for frequency in FREQUENCIES {
                for (phone, lifted) in
                    [(200.0, 3), (400.0, 61), (300.0, 507), (400.0, 1013), (200.0, 1019), (400.0, 1931)]
                {
                    worst = worst.max(trip(bench(ren, loop_ohms, frequency), &[2000, 4000], phone, lifted));
                }
            }
        }
    }
    println!("longest ringing on a closed loop: {worst} ms");
}

#[test]
fn ring_trips_from_every_moment_of_short_cadences() {
    for pattern in [&[400, 200, 400, 2000][..], &[125, 125, 2000, 4000], &[300, 200, 1000, 200, 300, 4000]] {
        for lifted in (0..1200).step_by(37) {
            trip(bench(5.0, 1500.0, 16.667), pattern, 400.0, lifted);
            trip(bench(3.0, 0.0, 25.0), pattern, 200.0, lifted);
        }
    }
}

#[test]
fn ringers_alone_never_trip_in_a_minute_of_ringing() {
    for ren in [0.0, 1.0, 5.0] {
        for loop_ohms in [0.0, 700.0, 1500.0] {
            for frequency in [15.0, 16.667, 20.0, 25.0, 50.0] {
                for source in if loop_ohms == 0.0 { [100.0, 600.0] } else { [200.0, 600.0] } {
                    let mut bench = bench(ren, loop_ohms, frequency);
                    bench.plant.source_ohms = source;
                    // The cadence with the most edges.
                    let pattern = RingPattern::new(&[Millis(400), Millis(200), Millis(433), Millis(1967)]);
                    bench.command(LineCommand::Ring(RingRequest { pattern, caller: None }));
                    bench.run(15_000);
                    let plain = RingPattern::new(&[Millis(2000), Millis(4000)]);
                    bench.command(LineCommand::StopRing);
                    bench.command(LineCommand::Ring(RingRequest { pattern: plain, caller: None }));
                    bench.run(45_000);
                    let expected = [LineEvent::Ringing, LineEvent::RingStopped, LineEvent::Ringing];
                    assert_eq!(bench.take(), expected, "{:?} {frequency} Hz", bench.plant);
                    assert_eq!(bench.orders.len(), 4, "{:?} {frequency} Hz", bench.plant);
                }
            }
        }
    }
}

#[test]
fn leakage_short_of_the_threshold_does_not_trip() {
    let mut bench = bench(5.0, 0.0, 20.0);
    bench.plant.leak_ohms = 6500.0; // 7 mA
    bench.ring();
    bench.run(20_000);
    assert_eq!(bench.take(), [LineEvent::Ringing]);
}

#[test]
fn a_card_that_reports_no_steps_trips_as_well() {
    for lifted in [100, 1000, 1990, 2500, 5900] {
        let mut bench = bench(3.0, 800.0, 20.0);
        bench.reports_steps = false;
        trip(bench, &[2000, 4000], 300.0, lifted);
    }
}

#[test]
fn a_card_that_is_two_ticks_behind_trips_in_time_as_well() {
    for lag in [0, 37, 80, 160] {
        for lifted in [5, 100, 1000, 1970, 1990, 2500, 5900, 5990, 6100] {
            let mut bench = bench(5.0, 800.0, 16.667);
            bench.lag = lag;
            trip(bench, &[2000, 4000], 300.0, lifted);
        }
    }
}

#[test]
fn a_dial_that_is_wound_or_a_tap_on_the_hook_is_no_answer() {
    let mut bench = bench(2.0, 500.0, 20.0);
    bench.ring();
    bench.run(3000);
    for tap in 0..20 {
        bench.switch(f64::from(tap) * 150.0, true);
        bench.switch(f64::from(tap) * 150.0 + 39.0, false);
    }
    bench.run(4000);
    assert_eq!(bench.take(), [LineEvent::Ringing]);
}

#[test]
fn a_surge_that_looks_like_a_trip_is_not_confirmed_and_ringing_goes_on() {
    let mut bench = bench(1.0, 500.0, 20.0);
    bench.ring();
    bench.run(500);
    bench.switch(0.0, true);
    bench.switch(80.0, false);
    bench.run(1000);
    assert!(bench.rings_now());
    assert_eq!(bench.take(), [LineEvent::Ringing]);
    bench.lift();
    bench.run(200);
    assert_eq!(bench.take(), [LineEvent::Answered]);
}

#[test]
fn answering_opens_the_bridge_and_silences_the_ring() {
    let mut bench = bench(1.0, 500.0, 20.0);
    bench.ring();
    bench.run(1000);
    assert!(bench.fxs.summary().ringing && !bench.fxs.summary().off_hook);
    let lifted = bench.now;
    bench.lift();
    bench.run(200);
    let answered = bench.millis_of(LineEvent::Answered, lifted).expect("answered");
    assert!(answered < 220.0, "{answered}");
    assert_eq!(bench.fxs.playing(), Playing::Bridge);
    assert!(!bench.fxs.summary().ringing && bench.fxs.summary().off_hook);
}

#[test]
fn glare_in_every_order_is_decided_for_the_subscriber() {
    // The command comes `early` ms after the loop closed; up to 9 ms before it within the same tick.
    for early in [-9.0, -4.0, -1.0, 0.0, 3.0, 7.0, 12.0, 40.0, 63.0, 70.0, 100.0] {
        let mut bench = bench(1.0, 500.0, 20.0);
        let wait = if early < 0.0 { 0.0 } else { early };
        bench.switch(if early < 0.0 { -early } else { 0.0 }, true);
        bench.run((wait / 10.0) as u64 * 10);
        bench.ring();
        bench.run(400);
        let mut events = bench.take();
        if early > -5.0 {
            events.sort_by_key(|event| *event == LineEvent::Seized);
            assert_eq!(events, [LineEvent::Refused(Refusal::OffHook), LineEvent::Seized], "{early}");
            assert_eq!(bench.longest_ringing_closed, 0, "{early}");
        } else {
            // Closed by the last millisecond of the tick: still seen.
            assert!(events.contains(&LineEvent::Refused(Refusal::OffHook)), "{early}: {events:?}");
        }
    }
}

#[test]
fn a_receiver_lifted_as_ringing_begins_answers() {
    for after in 10..60 {
        let mut bench = bench(5.0, 0.0, 20.0);
        bench.ring();
        bench.switch(f64::from(after), true);
        bench.run(600);
        let events = bench.take();
        assert_eq!(events, [LineEvent::Ringing, LineEvent::Answered], "{after}");
        assert!(bench.longest_ringing_closed <= 1600, "{after}: {}", bench.longest_ringing_closed);
    }
}
