//! The trunk port of a private exchange on a line of the gateway: ground start, polarity, breaks, metering pulses.

use tipring_port::{
    CardOrder, CardReport, Feed, LoopReading, LoopStart, Program, ProgramId, ProgramStep, Sense, Symbols,
};
use tipring_sim::lab::{Lab, Place};
use tipring_sim::phone::{Action, PhoneEvent, PhoneSpec, TrunkEvent};
use tipring_sim::plant::LineSpec;
use tipring_units::{Entropy, Hz, Millis};

struct Bench {
    lab: Lab<Symbols>,
    last: LoopReading,
    events: Vec<TrunkEvent>,
}

impl Bench {
    fn new(start: LoopStart) -> Self {
        let phone = PhoneSpec { trunk: Some(start), ..PhoneSpec::default() };
        let spec = LineSpec { phones: vec![phone], ..LineSpec::default() };
        let lab = Lab::new(&[spec], &mut Entropy::for_simulation(5));
        Self { lab, last: LoopReading::default(), events: Vec::new() }
    }

    fn run(&mut self, millis: u32, order: Option<CardOrder>) {
        let mut order = order;
        for _ in 0..millis / 10 {
            let last = &mut self.last;
            self.lab.tick(&[], &[order.take()], |_, _, report: CardReport| {
                *last = match report.sense {
                    Sense::Raw(all) => all[9],
                    Sense::Steady(one) => one,
                    Sense::Cooked(_) => panic!("this card reports raw readings"),
                };
            });
            while let Some(entry) = self.lab.event() {
                if let PhoneEvent::Trunk(_, event) = entry.event {
                    self.events.push(event);
                }
            }
        }
    }

    fn feed(&mut self, feed: Feed, millis: u32) {
        self.run(millis, Some(CardOrder::Feed(feed)));
    }
}

#[test]
fn a_ground_start_trunk_grounds_ring_until_the_line_answers_and_then_closes_the_loop() {
    let mut bench = Bench::new(LoopStart::Ground);
    bench.feed(Feed::TipOpen, 300);
    assert_eq!(bench.last, LoopReading::default());
    bench.lab.act(Place::default(), Action::OffHook).unwrap();
    bench.run(300, None);
    assert!(bench.last.ground.0 > 15.0 && bench.last.current.0 == 0.0, "{:?}", bench.last);
    bench.feed(Feed::Normal, 300);
    assert!(bench.last.ground.0 == 0.0 && bench.last.current.0 > 15.0, "{:?}", bench.last);
    assert_eq!(bench.events, [TrunkEvent::Battery(true)]);
    bench.lab.act(Place::default(), Action::OnHook).unwrap();
    bench.run(300, None);
    assert!(bench.last.current.0 < 1.0, "{:?}", bench.last);
}

#[test]
fn a_trunk_that_is_rung_closes_the_loop_at_once() {
    let mut bench = Bench::new(LoopStart::Ground);
    bench.feed(Feed::TipOpen, 300);
    bench.feed(Feed::Normal, 300);
    bench.lab.act(Place::default(), Action::OffHook).unwrap();
    bench.run(100, None);
    assert!(bench.last.ground.0 == 0.0 && bench.last.current.0 > 15.0, "{:?}", bench.last);
}

#[test]
fn a_trunk_sees_reversal_the_break_at_clearing_and_every_metering_pulse() {
    let mut bench = Bench::new(LoopStart::Loop);
    bench.feed(Feed::Normal, 300);
    bench.lab.act(Place::default(), Action::OffHook).unwrap();
    bench.run(300, None);
    bench.feed(Feed::Reversed, 300);
    let metering = Feed::Metering { frequency: Hz(16_000.0), reversed: true };
    let steps =
        [(metering, 120), (Feed::Reversed, 880), (metering, 120), (Feed::Reversed, 100), (Feed::Open, 500)];
    let step = |(feed, millis): (Feed, u32)| ProgramStep { feed, length: Millis(millis).samples() };
    let program = Program::new(ProgramId(1), &steps.map(step), 9).unwrap();
    bench.run(2000, Some(CardOrder::Run(program)));
    bench.feed(Feed::Normal, 300);
    let [battery, reversed, first, second, gone, TrunkEvent::Broken(length), normal] = bench.events[..]
    else {
        panic!("{:?}", bench.events)
    };
    assert_eq!((battery, reversed), (TrunkEvent::Battery(true), TrunkEvent::Reversed(true)));
    assert_eq!((first, second), (TrunkEvent::Charged(1), TrunkEvent::Charged(2)));
    assert_eq!((gone, normal), (TrunkEvent::Battery(false), TrunkEvent::Reversed(false)));
    // the program keeps its last feed until the order that follows it
    assert!((700..=900).contains(&length.0), "{length}");
}
