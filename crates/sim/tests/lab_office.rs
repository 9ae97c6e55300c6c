//! The exchange behind an outside line: what its port measures and hears, and what the exchange makes of the port.

use tipring_port::{
    CallerId, CardOrder, CardReport, Feed, LoopReading, LoopStart, MeteringSpec, Program, ProgramId,
    ProgramStep, Samples as TrueSamples, Sense, Symbols, Text, Tone,
};
use tipring_sim::ear::{Ear, HeardEvent, Land, What};
use tipring_sim::lab::{Lab, Place};
use tipring_sim::mouth::{KeypadSpec, Mouth, Talk};
use tipring_sim::office::{
    Clearing, Flaw, Manner, OfficeEvent, OfficeSpec, Order, SubscriberEvent, SubscriberSpec, Supervision,
    Trouble,
};
use tipring_sim::phone::{Action, Dialling, PhoneEvent, PhoneSpec};
use tipring_sim::plant::{Fidelity, Foreign, Line, LineSpec};
use tipring_units::{Entropy, Hz, LineId, Millis, Samples, Volts};

const MARY: u16 = 40;

fn office(land: Land) -> OfficeSpec {
    let mary = SubscriberSpec {
        number: "5550177".to_owned(),
        name: Some("MARY".to_owned()),
        voice: MARY,
        manner: Manner::Waits,
    };
    let john = SubscriberSpec { number: "5550188".to_owned(), name: None, voice: MARY + 1, ..mary.clone() };
    OfficeSpec { subscribers: vec![mary, john], ..OfficeSpec::of(land) }
}

/// A port on an exchange's line, driven by hand, with a mouth and an ear of the laboratory for the gateway.
struct Bench<A: Fidelity> {
    line: Line<A>,
    mouth: Mouth<A>,
    ear: Ear<A>,
    off_hook: bool,
    reports: Vec<CardReport>,
    order: Option<CardOrder>,
    events: Vec<OfficeEvent>,
    heard: Vec<What>,
    voices: Vec<u16>,
    metered: u32,
}

impl<A: Fidelity> Bench<A> {
    fn new(spec: OfficeSpec) -> Self {
        Self::with(LineSpec { office: Some(spec), ..LineSpec::default() })
    }

    fn with(spec: LineSpec) -> Self {
        let mut entropy = Entropy::for_simulation(7);
        let land = spec.office.as_ref().map_or(Land::Us, |office| office.land);
        let mut bench = Self {
            line: Line::new(&spec, &mut entropy),
            mouth: Mouth::new(KeypadSpec::default(), &mut entropy),
            ear: Ear::new(land),
            off_hook: false,
            reports: Vec::new(),
            order: None,
            events: Vec::new(),
            heard: Vec::new(),
            voices: Vec::new(),
            metered: 0,
        };
        bench.run(500);
        bench
    }

    fn tick(&mut self) {
        let frame = self.mouth.frame();
        let (frame, report) = self.line.exchange(&frame, self.order.take());
        if self.off_hook {
            self.ear.hear(&frame)
        } else {
            self.ear.overhear(&frame)
        };
        while let Some(event) = self.ear.event() {
            if let HeardEvent::Began(heard) = event {
                self.heard.push(heard.what);
            }
        }
        self.metered += u32::from(report.metering);
        self.reports.push(report);
        let office = self.line.office_mut().unwrap();
        while let Some((_, event)) = office.event() {
            match event {
                OfficeEvent::Subscriber(_, SubscriberEvent::Heard(HeardEvent::Began(heard))) => {
                    if let What::Voice(voice) = heard.what {
                        self.voices.push(voice);
                    }
                }
                OfficeEvent::Subscriber(_, SubscriberEvent::Heard(HeardEvent::Ended(..))) => {}
                other => self.events.push(other),
            }
        }
    }

    fn run(&mut self, millis: u32) {
        (0..millis / 10).for_each(|_| self.tick());
    }

    fn seize(&mut self, closed: bool) {
        self.order = Some(CardOrder::Feed(if closed { Feed::Closed } else { Feed::Open }));
        self.off_hook = closed;
        self.ear.reset();
        self.ear.expect_dial_tone(closed);
    }

    fn dial(&mut self, digits: &str) {
        for digit in digits.bytes() {
            self.mouth.key(digit, Millis(80), Millis(80));
        }
    }

    fn tell(&mut self, order: Order) {
        self.line.office_mut().unwrap().order(order).unwrap();
    }

    fn readings(&self) -> Vec<LoopReading> {
        let all = |report: &CardReport| match report.sense {
            Sense::Raw(all) => all.to_vec(),
            Sense::Steady(one) => vec![one; 10],
            Sense::Cooked(_) => panic!("this card reports raw readings"),
        };
        self.reports.iter().flat_map(all).collect()
    }

    fn last(&self) -> LoopReading {
        self.readings().last().copied().unwrap()
    }

    /// Answers a call that the line makes.
    fn call_mary(&mut self) {
        self.seize(true);
        self.run(1000);
        self.dial("5550177");
        self.run(3500);
        self.tell(Order::Answer(0));
        self.run(200);
    }
}

fn mary() -> CallerId {
    CallerId { date: None, number: Ok(Text::new("5550177")), name: Some(Ok(Text::new("MARY"))) }
}

fn both(test: fn(&mut dyn FnMut(OfficeSpec) -> Box<dyn AnyBench>)) {
    test(&mut |spec| Box::new(Bench::<Symbols>::new(spec)));
    test(&mut |spec| Box::new(Bench::<TrueSamples>::new(spec)));
}

/// A bench of either fidelity.
trait AnyBench {
    fn run(&mut self, millis: u32);
    fn seize(&mut self, closed: bool);
    fn dial(&mut self, digits: &str);
    fn tell(&mut self, order: Order);
    fn last(&self) -> LoopReading;
    fn readings(&self) -> Vec<LoopReading>;
    fn events(&self) -> &[OfficeEvent];
    fn heard(&self) -> &[What];
    fn voices(&self) -> &[u16];
    fn call_mary(&mut self);
    fn order(&mut self, order: CardOrder);
    fn metered(&self) -> u32;
    fn forget(&mut self);
    fn is_quiet(&self) -> bool;
    fn say(&mut self, talk: Option<Talk>);
}

impl<A: Fidelity> AnyBench for Bench<A> {
    fn run(&mut self, millis: u32) {
        self.run(millis);
    }
    fn seize(&mut self, closed: bool) {
        self.seize(closed);
    }
    fn dial(&mut self, digits: &str) {
        self.dial(digits);
    }
    fn tell(&mut self, order: Order) {
        self.tell(order);
    }
    fn last(&self) -> LoopReading {
        self.last()
    }
    fn readings(&self) -> Vec<LoopReading> {
        self.readings()
    }
    fn events(&self) -> &[OfficeEvent] {
        &self.events
    }
    fn heard(&self) -> &[What] {
        &self.heard
    }
    fn voices(&self) -> &[u16] {
        &self.voices
    }
    fn call_mary(&mut self) {
        self.call_mary();
    }
    fn order(&mut self, order: CardOrder) {
        self.order = Some(order);
    }
    fn metered(&self) -> u32 {
        self.metered
    }
    fn forget(&mut self) {
        self.reports.clear();
        self.events.clear();
        self.heard.clear();
        self.voices.clear();
    }
    fn is_quiet(&self) -> bool {
        self.line.is_quiet()
    }
    fn say(&mut self, talk: Option<Talk>) {
        match talk {
            Some(talk) => self.mouth.say(talk),
            None => self.mouth.hush(),
        }
    }
}

#[test]
fn a_line_at_rest_shows_its_battery_and_can_be_skipped() {
    both(|make| {
        let bench = make(office(Land::Us));
        let reading = bench.last();
        assert!((reading.voltage.0 - 48.0).abs() < 1.0, "{reading:?}");
        assert_eq!(reading.current.0, 0.0);
        assert!(bench.is_quiet());
    });
}

#[test]
fn a_seized_line_has_current_and_the_countrys_dial_tone() {
    for land in Land::ALL.iter().copied() {
        let mut bench = Bench::<TrueSamples>::new(office(land));
        bench.seize(true);
        bench.run(2000);
        let reading = bench.last();
        assert!((15.0..60.0).contains(&reading.current.0), "{reading:?}");
        assert!((3.0..15.0).contains(&reading.voltage.0), "{reading:?}");
        assert!(bench.heard.contains(&What::Tone(Tone::Dial)), "{land:?}: {:?}", bench.heard);
        assert_eq!(bench.events, [OfficeEvent::Seized]);
        bench.seize(false);
        bench.run(3000);
        assert_eq!(bench.events, [OfficeEvent::Seized, OfficeEvent::Released]);
        assert!(bench.line.is_quiet());
    }
}

#[test]
fn a_dialled_subscriber_is_rung_and_talks() {
    both(|make| {
        let mut bench = make(office(Land::Us));
        bench.seize(true);
        bench.run(1000);
        bench.dial("5550177");
        bench.run(4000);
        let rung = OfficeEvent::Subscriber(0, SubscriberEvent::Rings);
        assert!(bench.events().contains(&OfficeEvent::Dialled("5550177".to_owned())), "{:?}", bench.events());
        assert!(bench.events().contains(&rung), "{:?}", bench.events());
        assert!(bench.heard().contains(&What::Tone(Tone::Ringback)), "{:?}", bench.heard());
        bench.tell(Order::Answer(0));
        bench.tell(Order::Say(0, Talk::Voice(MARY)));
        bench.run(1500);
        assert!(bench.heard().contains(&What::Voice(MARY)), "{:?}", bench.heard());
    });
}

#[test]
fn pulses_are_dialled_by_the_port_itself() {
    both(|make| {
        let mut bench = make(office(Land::De));
        bench.seize(true);
        bench.run(1000);
        for digit in [5_u64, 5, 5, 10, 1, 7, 7] {
            for _ in 0..digit {
                let steps = [
                    ProgramStep { feed: Feed::Open, length: Samples(61 * 8) },
                    ProgramStep { feed: Feed::Closed, length: Samples(39 * 8) },
                ];
                bench.order(CardOrder::Run(Program::new(ProgramId(1), &steps, 99).unwrap()));
                bench.run(100);
            }
            bench.run(700);
        }
        bench.run(500);
        assert!(bench.events().contains(&OfficeEvent::Dialled("5550177".to_owned())), "{:?}", bench.events());
    });
}

#[test]
fn numbers_that_are_busy_or_unknown_get_their_tones() {
    both(|make| {
        for (digits, tone) in [("5550188", Tone::Busy), ("5559", Tone::SpecialInformation)] {
            let mut bench = make(office(Land::Us));
            bench.tell(Order::Behave(1, Manner::Busy));
            bench.seize(true);
            bench.run(1000);
            bench.dial(digits);
            bench.run(9000);
            assert!(bench.events().contains(&OfficeEvent::Refused(tone)), "{:?}", bench.events());
            assert!(bench.heard().contains(&What::Tone(tone)), "{:?}", bench.heard());
        }
    });
}

#[test]
fn an_incoming_call_rings_tells_who_calls_and_stops_when_answered() {
    both(|make| {
        let mut bench = make(office(Land::Us));
        bench.tell(Order::Call(0, Some(mary())));
        bench.run(6000);
        assert_eq!(bench.heard(), [What::Caller(mary())]);
        let readings = bench.readings();
        let rms = |from: usize, to: usize| {
            let mean = readings[from..to].iter().map(|r| r.voltage.0).sum::<f32>() / (to - from) as f32;
            let power = readings[from..to].iter().map(|r| (r.voltage.0 - mean).powi(2)).sum::<f32>();
            (power / (to - from) as f32).sqrt()
        };
        // the run before the call took 500 ms
        assert!((rms(700, 2300) - 86.0).abs() < 3.0, "{}", rms(700, 2300));
        assert!(rms(3000, 5500) < 1.0, "{}", rms(3000, 5500));
        bench.run(1000); // the second burst
        bench.seize(true);
        bench.run(500);
        bench.tell(Order::Say(0, Talk::Voice(MARY)));
        bench.forget();
        bench.run(2000);
        assert!(bench.readings().iter().all(|reading| reading.voltage.0 < 20.0));
        assert!(bench.heard().contains(&What::Voice(MARY)), "{:?}", bench.heard());
    });
}

#[test]
fn a_caller_who_gives_up_leaves_a_line_at_rest() {
    both(|make| {
        let mut bench = make(office(Land::Us));
        bench.tell(Order::Call(0, Some(mary())));
        bench.run(7000);
        bench.tell(Order::HangUp(0));
        bench.run(1000);
        assert!(bench.is_quiet());
        assert_eq!(bench.events(), [OfficeEvent::Rings, OfficeEvent::StopsRinging]);
    });
}

#[test]
fn clearing_shows_as_the_line_has_it() {
    both(|make| {
        for clearing in [
            Clearing::Cpc(Millis(600)),
            Clearing::Reversal,
            Clearing::Tone(Tone::Busy),
            Clearing::Strange(vec![Hz(1111.0)], vec![Millis(300), Millis(150)]),
            Clearing::Silence,
        ] {
            let mut bench = make(OfficeSpec { clearing: clearing.clone(), ..office(Land::Us) });
            bench.call_mary();
            let before = bench.last();
            bench.forget();
            bench.tell(Order::HangUp(0));
            bench.run(4000);
            let readings = bench.readings();
            let open = readings.iter().filter(|reading| reading.current.0.abs() < 1.0).count();
            let is_reversed = before.current.0 * bench.last().current.0 < 0.0;
            let tones: Vec<&What> = bench.heard().iter().filter(|what| **what != What::Silence).collect();
            match clearing {
                Clearing::Cpc(length) => assert!((open as u32).abs_diff(length.0) < 10, "{open}"),
                Clearing::Reversal => assert!(is_reversed && before.current.0 < 0.0, "{before:?}"),
                Clearing::Tone(tone) => assert_eq!(tones, [&What::Tone(tone)]),
                Clearing::Strange(..) => assert!(!tones.is_empty()),
                Clearing::Silence => assert!(open == 0 && !is_reversed && tones.is_empty(), "{tones:?}"),
            }
        }
    });
}

#[test]
fn answers_show_by_reversal_and_metering_pulses_are_counted_by_the_port() {
    both(|make| {
        let mut bench = make(OfficeSpec { answer: Supervision::Reversal, ..office(Land::Us) });
        bench.call_mary();
        assert!(bench.last().current.0 < -10.0);
        let metering = MeteringSpec { frequency: Hz(12_000.0), length: Millis(120), every: Millis(2000) };
        let mut bench = make(OfficeSpec { answer: Supervision::Metering(metering), ..office(Land::De) });
        bench.call_mary();
        bench.run(5000);
        assert_eq!(bench.metered(), 3);
    });
}

#[test]
fn a_ground_start_line_wants_ring_grounded() {
    both(|make| {
        let mut bench = make(OfficeSpec { start: LoopStart::Ground, ..office(Land::Us) });
        assert!(bench.last().voltage.0.abs() < 1.0 && bench.is_quiet());
        bench.seize(true);
        bench.run(1000);
        assert!(bench.events().is_empty() && bench.last().current.0.abs() < 0.5);
        bench.seize(false);
        bench.run(500);
        bench.order(CardOrder::Feed(Feed::RingGround));
        bench.run(200);
        assert!(bench.last().voltage.0 > 40.0, "{:?}", bench.last());
        bench.seize(true);
        bench.run(2000);
        assert_eq!(bench.events(), [OfficeEvent::Seized]);
        bench.seize(false);
        bench.run(3000);
        assert!(bench.last().voltage.0.abs() < 1.0 && bench.is_quiet());
    });
}

#[test]
fn a_flash_holds_the_first_and_hanging_up_joins_the_two() {
    both(|make| {
        let mut bench = make(office(Land::Us));
        bench.call_mary();
        let steps = [
            ProgramStep { feed: Feed::Open, length: Samples(500 * 8) },
            ProgramStep { feed: Feed::Closed, length: Samples(80) },
        ];
        bench.order(CardOrder::Run(Program::new(ProgramId(1), &steps, 99).unwrap()));
        bench.run(3000);
        assert!(bench.events().contains(&OfficeEvent::Flash(Millis(500))), "{:?}", bench.events());
        bench.dial("5550188");
        bench.run(3500);
        bench.tell(Order::Answer(1));
        bench.run(500);
        bench.forget();
        bench.seize(false);
        bench.run(3000);
        let joined =
            |of: usize, to: &str| OfficeEvent::Subscriber(of, SubscriberEvent::Joined(to.to_owned()));
        assert!(bench.events().contains(&joined(0, "5550188")), "{:?}", bench.events());
        assert!(bench.events().contains(&joined(1, "5550177")), "{:?}", bench.events());
        assert!(bench.is_quiet());
    });
}

#[test]
fn faults_show_at_the_port() {
    both(|make| {
        let mut bench = make(office(Land::Us));
        bench.tell(Order::Trouble(Trouble::Dead(true)));
        bench.run(500);
        assert!(bench.last().voltage.0.abs() < 1.0);
        bench.tell(Order::Trouble(Trouble::Dead(false)));
        bench.run(500);
        assert!(bench.last().voltage.0 > 40.0);
        let mains = Foreign { direct: Volts(0.0), alternating: (Hz(50.0), Volts(100.0)) };
        bench.tell(Order::Trouble(Trouble::Foreign(Some(mains))));
        bench.run(200);
        bench.forget();
        bench.run(500);
        let (least, most) = bench.readings().iter().fold((0.0_f32, 0.0_f32), |(least, most), reading| {
            (least.min(reading.voltage.0), most.max(reading.voltage.0))
        });
        assert!(least < -60.0 && most > 150.0, "{least} {most}");
        let power = Foreign { direct: Volts(120.0), alternating: (Hz(50.0), Volts(0.0)) };
        bench.tell(Order::Trouble(Trouble::Foreign(Some(power))));
        bench.run(500);
        assert!(bench.last().voltage.0 > 150.0);
        bench.tell(Order::Trouble(Trouble::Foreign(None)));
        bench.call_mary();
        bench.forget();
        bench.tell(Order::Trouble(Trouble::Break(Millis(100))));
        bench.run(500);
        let open = bench.readings().iter().filter(|reading| reading.current.0 < 1.0).count();
        assert!((95..=105).contains(&open), "{open}");
        bench.tell(Order::Say(0, Talk::Voice(MARY)));
        bench.run(1500);
        assert!(bench.heard().contains(&What::Voice(MARY)), "the call goes on: {:?}", bench.heard());
    });
}

#[test]
fn a_bad_checksum_is_sent_on_request() {
    both(|make| {
        let mut bench = make(OfficeSpec { flaw: Flaw::Checksum, ..office(Land::Us) });
        bench.tell(Order::Call(0, Some(mary())));
        bench.run(5000);
        assert!(matches!(bench.heard(), [What::Garbled(_)]), "{:?}", bench.heard());
    });
}

#[test]
fn the_lamp_is_switched_without_ringing() {
    both(|make| {
        let mut bench = make(office(Land::Us));
        for on in [true, false] {
            bench.forget();
            bench.tell(Order::Lamp(on));
            bench.run(2000);
            assert_eq!(bench.heard(), [What::Waiting(on)]);
            assert!(bench.events().is_empty() && bench.is_quiet());
        }
    });
}

#[test]
fn what_the_port_says_is_heard_by_the_subscriber_only_while_it_is_off_hook() {
    both(|make| {
        let mut bench = make(office(Land::Us));
        bench.say(Some(Talk::Voice(5)));
        bench.call_mary();
        bench.run(2000);
        assert_eq!(bench.voices(), [5]);
        bench.seize(false);
        bench.run(3000);
        bench.forget();
        bench.tell(Order::Call(0, None));
        bench.run(5000);
        assert!(bench.voices().is_empty());
    });
}

#[test]
fn a_parallel_telephone_takes_the_line_and_pulls_its_voltage_down() {
    let spec = LineSpec {
        office: Some(office(Land::Us)),
        phones: vec![PhoneSpec::default()],
        ..LineSpec::default()
    };
    let mut bench = Bench::<TrueSamples>::with(spec);
    bench.line.phone(0).unwrap().act(Action::OffHook).unwrap();
    bench.run(500);
    let reading = bench.last();
    assert!(reading.voltage.0 < 15.0 && reading.current.0 == 0.0, "{reading:?}");
    assert_eq!(bench.events, [OfficeEvent::Seized]);
}

/// A telephone on line 0 whose relay joins it to the exchange behind line 1, and what both ends hear.
struct Relayed<A: Fidelity> {
    lab: Lab<A>,
    seen: Vec<OfficeEvent>,
    heard: Vec<What>,
    lifelines: Vec<Option<bool>>,
}

impl<A: Fidelity> Relayed<A> {
    fn new() -> Self {
        let telephone =
            LineSpec { phones: vec![PhoneSpec::default()], lifeline: Some(1), ..LineSpec::default() };
        let outside = LineSpec { office: Some(office(Land::Us)), ..LineSpec::default() };
        let lab = Lab::new(&[telephone, outside], &mut Entropy::for_simulation(3));
        Self { lab, seen: Vec::new(), heard: Vec::new(), lifelines: Vec::new() }
    }

    fn run(&mut self, millis: u32, orders: [Option<CardOrder>; 2]) {
        let mut orders = orders;
        for _ in 0..millis / 10 {
            let lifelines = &mut self.lifelines;
            self.lab.tick(&[], &orders, |line, _, report| {
                if line == LineId(0) {
                    lifelines.push(report.lifeline);
                }
            });
            orders = [None; 2];
            while let Some((_, event)) =
                self.lab.card().line_mut(LineId(1)).unwrap().office_mut().unwrap().event()
            {
                self.seen.push(event);
            }
            while let Some(entry) = self.lab.event() {
                if let PhoneEvent::Heard(HeardEvent::Began(heard)) = entry.event {
                    self.heard.push(heard.what);
                }
            }
        }
    }

    fn phone(&mut self, action: Action) {
        self.lab.act(Place::default(), action).unwrap();
    }

    fn exchange(&mut self, order: Order) {
        self.lab.card().line_mut(LineId(1)).unwrap().office_mut().unwrap().order(order).unwrap();
    }

    fn dials_mary(&mut self) {
        self.phone(Action::OffHook);
        self.run(1500, [None; 2]);
        self.phone(Action::Dial("5550177".to_owned(), Dialling::Dtmf));
        self.run(3500, [None; 2]);
        self.exchange(Order::Answer(0));
        self.exchange(Order::Say(0, Talk::Voice(MARY)));
        self.run(1500, [None; 2]);
    }
}

fn a_relay_at_rest<A: Fidelity>() {
    let mut house = Relayed::<A>::new();
    house.run(300, [None; 2]);
    assert_eq!(house.lifelines.last(), Some(&Some(true)), "before anybody serves the card");
    house.dials_mary();
    assert!(house.heard.contains(&What::Voice(MARY)), "{:?}", house.heard);
    house.phone(Action::OnHook);
    house.run(2000, [None; 2]);
    assert!(house.seen.contains(&OfficeEvent::Released));
    house.seen.clear();
    house.run(1000, [Some(CardOrder::Lifeline(false)), None]);
    assert_eq!(house.lifelines.last(), Some(&Some(false)));
    house.phone(Action::OffHook);
    house.run(1000, [Some(CardOrder::Feed(Feed::Normal)), None]);
    assert!(house.seen.is_empty(), "the telephone is at the port: {:?}", house.seen);
    assert!(house.lab.line(LineId(0)).unwrap().reading().current.0 > 15.0);
}

#[test]
fn a_relay_at_rest_joins_the_telephone_to_the_exchange_and_an_order_parts_them() {
    a_relay_at_rest::<Symbols>();
    a_relay_at_rest::<TrueSamples>();
}

fn a_cut<A: Fidelity>() {
    let mut house = Relayed::<A>::new();
    house.run(300, [Some(CardOrder::Lifeline(false)), None]);
    house.run(300, [Some(CardOrder::Feed(Feed::Normal)), None]);
    // a call of the telephone by way of the gateway: its port holds the line
    house.phone(Action::OffHook);
    house.exchange(Order::Call(0, None));
    house.run(3000, [None; 2]);
    house.run(500, [None, Some(CardOrder::Feed(Feed::Closed))]);
    assert!(house.seen.contains(&OfficeEvent::Answered));
    house.exchange(Order::Say(0, Talk::Voice(MARY)));
    house.lab.card().stop(true);
    house.seen.clear();
    house.run(3000, [None; 2]);
    assert!(!house.seen.contains(&OfficeEvent::Released), "the call goes on: {:?}", house.seen);
    assert!(house.heard.contains(&What::Voice(MARY)), "{:?}", house.heard);
    house.lab.card().stop(false);
    house.run(1000, [None; 2]);
    assert!(!house.seen.contains(&OfficeEvent::Released));
    house.phone(Action::OnHook);
    house.run(2000, [None; 2]);
    assert!(house.seen.contains(&OfficeEvent::Released), "nobody else holds the line: {:?}", house.seen);
}

#[test]
fn a_call_through_the_relay_survives_a_card_that_is_not_served() {
    a_cut::<Symbols>();
    a_cut::<TrueSamples>();
}
