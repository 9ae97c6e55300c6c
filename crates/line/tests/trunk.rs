//! Lines towards the trunk ports of a PBX: ground start and metering.

mod common;

use common::{Bench, Plant, settings};
use tipring_port::{
    CardOrder, Disconnect, Feed, LineCommand, LineEvent, LoopStart, MeteringSpec, Refusal, Tone,
};
use tipring_units::{Hz, Millis};

fn ground_start() -> Bench {
    let mut settings = settings();
    settings.start = LoopStart::Ground;
    Bench::new(settings, Plant::new(0.0, 300.0))
}

#[test]
fn an_idle_ground_start_line_has_its_tip_open_and_a_grounded_ring_gets_battery() {
    let mut bench = ground_start();
    assert_eq!(bench.feed(), Feed::TipOpen);
    bench.plant.grounded = true;
    bench.run(50);
    assert_eq!(bench.feed(), Feed::TipOpen, "it may be noise");
    bench.run(50);
    assert_eq!(bench.feed(), Feed::Normal);
    bench.plant.grounded = false;
    bench.switch(0.0, true);
    bench.run(400);
    assert_eq!(bench.take(), [LineEvent::Seized]);
    bench.switch(0.0, false);
    bench.run(2000);
    assert_eq!(bench.take(), [LineEvent::Released]);
    assert_eq!(bench.feed(), Feed::TipOpen);
}

#[test]
fn a_closed_loop_alone_is_nothing_on_a_ground_start_line() {
    let mut bench = ground_start();
    bench.switch(0.0, true);
    bench.run(1000);
    assert_eq!(bench.take(), []);
}

#[test]
fn a_terminal_that_grounds_ring_and_does_nothing_loses_its_battery_again() {
    let mut bench = ground_start();
    bench.plant.grounded = true;
    bench.run(200);
    bench.plant.grounded = false;
    bench.run(2500);
    assert_eq!(bench.feed(), Feed::Normal);
    bench.run(1000);
    assert_eq!((bench.feed(), bench.take()), (Feed::TipOpen, vec![]));
}

#[test]
fn a_call_to_the_terminal_rings_at_once_and_one_that_it_makes_is_not_rung() {
    let mut bench = ground_start();
    bench.ring();
    bench.run(100);
    assert!(matches!(bench.feed(), Feed::Ringing { .. }));
    bench.switch(0.0, true);
    bench.run(500);
    assert_eq!(bench.take(), [LineEvent::Ringing, LineEvent::Answered]);
    let mut bench = ground_start();
    bench.plant.grounded = true;
    bench.run(40);
    bench.ring();
    bench.run(20);
    assert_eq!(bench.take(), [LineEvent::Refused(Refusal::OffHook)]);
}

#[test]
fn clearing_opens_tip_until_the_terminal_lets_go() {
    let mut bench = ground_start();
    bench.ring();
    bench.run(100);
    bench.switch(0.0, true);
    bench.run(500);
    bench.take();
    bench.command(LineCommand::Cleared { tone: Tone::Congestion });
    bench.run(100);
    assert_eq!(bench.feed(), Feed::TipOpen);
    bench.switch(0.0, false);
    bench.run(3000);
    assert_eq!(bench.take().last(), Some(&LineEvent::Released));
    assert_eq!(bench.feed(), Feed::TipOpen);
}

fn metered(every: u32, reverse: bool) -> Bench {
    let mut settings = settings();
    settings.metering =
        Some(MeteringSpec { frequency: Hz(16_000.0), length: Millis(150), every: Millis(every) });
    settings.reverse_on_answer = reverse;
    settings.disconnect = Disconnect::None;
    let mut bench = Bench::new(settings, Plant::new(1.0, 300.0));
    bench.lift();
    bench.take();
    bench
}

/// How often, and for how long in all, the line got a pulse in so many milliseconds.
fn pulses(bench: &mut Bench, millis: u64) -> (usize, u64) {
    let (mut count, mut ticks, mut before) = (0, 0, false);
    for _ in 0..millis / 10 {
        bench.tick();
        let now = matches!(bench.feed(), Feed::Metering { .. });
        count += usize::from(now && !before);
        ticks += u64::from(now);
        before = now;
    }
    (count, ticks * 10)
}

#[test]
fn the_answer_begins_the_metering_and_clearing_ends_it() {
    let mut bench = metered(2000, false);
    assert_eq!(pulses(&mut bench, 3000), (0, 0));
    bench.command(LineCommand::Answered);
    let (count, length) = pulses(&mut bench, 9900);
    assert_eq!(count, 5);
    assert!((700..=800).contains(&length), "{length} ms in five pulses of 150");
    bench.command(LineCommand::Cleared { tone: Tone::Congestion });
    bench.run(20);
    assert_eq!(pulses(&mut bench, 6000), (0, 0));
}

#[test]
fn hanging_up_ends_the_metering() {
    let mut bench = metered(1000, false);
    bench.command(LineCommand::Answered);
    bench.run(1500);
    bench.switch(0.0, false);
    bench.run(2000);
    assert_eq!(bench.take(), [LineEvent::Released]);
    assert_eq!(pulses(&mut bench, 3000), (0, 0));
    assert_eq!(bench.feed(), Feed::Normal);
}

#[test]
fn pulses_keep_the_polarity_that_the_answer_brought() {
    let mut bench = metered(0, true);
    bench.command(LineCommand::Answered);
    let (count, _) = pulses(&mut bench, 5000);
    assert_eq!(count, 1, "one at the answer is all");
    let program = bench.orders.iter().rev().find_map(|(_, order)| match order {
        CardOrder::Run(program) => Some(*program),
        CardOrder::Feed(_) | CardOrder::Present(_) | CardOrder::Lifeline(_) => None,
    });
    let feeds: Vec<Feed> = program.unwrap().steps().iter().map(|step| step.feed).collect();
    assert_eq!(feeds, [Feed::Metering { frequency: Hz(16_000.0), reversed: true }, Feed::Reversed]);
    assert_eq!(bench.feed(), Feed::Reversed);
}
