//! A shard with an outside line and the exchange behind it, without the control plane: what the line's machine makes of
//! what its card measures and its ear hears.

use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::{Packets, Processing};
use tipring_port::{
    AnswerSign, CallerId, ClearSign, Command, Event, FxoProfile, LineCommand, LineEvent, LineProfile,
    Samples as TrueSamples, Symbols, Text, Tone,
};
use tipring_sim::ear::Land;
use tipring_sim::lab::Lab;
use tipring_sim::office::{Clearing, Manner, OfficeEvent, OfficeSpec, Order, SubscriberSpec, Supervision};
use tipring_sim::plant::{Fidelity, LineSpec};
use tipring_units::{Entropy, Epoch, Instant, LineId, Millis, ShardId, TICK, WallTime};

const LINE: LineId = LineId(0);

struct House<A: Processing + Fidelity> {
    lab: Lab<A>,
    shard: Shard<A>,
    out: [LineOut<A>; 1],
    packets: Packets,
    now: Instant,
    events: Vec<LineEvent>,
    epoch: Epoch,
}

fn us_profile() -> LineProfile {
    let country = tipring_country::Country::named("us").unwrap();
    let fxo = FxoProfile { answer: AnswerSign::Voice, ..FxoProfile::laboratory() };
    LineProfile { fxo: Some(fxo), ..country.line_profile() }
}

fn us_office() -> OfficeSpec {
    let mary = SubscriberSpec {
        number: "5550177".to_owned(),
        name: Some("MARY".to_owned()),
        voice: 40,
        manner: Manner::Waits,
    };
    OfficeSpec { subscribers: vec![mary], ..OfficeSpec::of(Land::Us) }
}

impl<A: Processing + Fidelity> House<A> {
    fn new(profile: &LineProfile, office: OfficeSpec) -> Self {
        let setup = ShardSetup {
            id: ShardId(0),
            first_line: LINE,
            lines: vec![(*profile, true)],
            streams: 0,
            tones: profile.tones,
            started: WallTime(0),
        };
        let spec = LineSpec { office: Some(office), ..LineSpec::default() };
        let mut house = Self {
            lab: Lab::new(&[spec], &mut Entropy::for_simulation(7)),
            shard: Shard::new(&setup, Entropy::for_simulation(8)),
            out: [LineOut::SILENT],
            packets: Packets::with_capacity(4),
            now: Instant::ZERO,
            events: Vec::new(),
            epoch: Epoch::default(),
        };
        house.run(Millis(1000));
        assert_eq!(house.take(), [LineEvent::InUse(false)]);
        house
    }

    fn run(&mut self, length: Millis) {
        for _ in 0..length.0 / 10 {
            let (frame, report) = self.lab.exchange(LINE, self.out[0].frame, self.out[0].order);
            self.packets.clear();
            let input = [LineIn { frame, report }];
            self.shard.tick(self.now, &input, &mut self.out, &mut self.packets, |_| ());
            while let Some(event) = self.shard.poll() {
                if let Event::Line(LINE, epoch, event) = event {
                    self.epoch = match event {
                        LineEvent::Released | LineEvent::GaveUp => epoch.next(),
                        _ => epoch,
                    };
                    self.events.push(event);
                }
            }
            self.now += TICK;
        }
    }

    fn command(&mut self, command: LineCommand) {
        self.shard.command(self.now, Command::Line(LINE, self.epoch, command));
    }

    fn office(&mut self, order: Order) {
        self.lab.card().line_mut(LINE).unwrap().office_mut().unwrap().order(order).unwrap();
    }

    fn take(&mut self) -> Vec<LineEvent> {
        core::mem::take(&mut self.events)
    }

    /// What the exchange saw.
    fn seen(&mut self) -> Vec<OfficeEvent> {
        let office = self.lab.card().line_mut(LINE).unwrap().office_mut().unwrap();
        core::iter::from_fn(|| office.event()).map(|(_, event)| event).collect()
    }
}

fn both(test: fn(bool)) {
    test(false);
    test(true);
}

fn call_in<A: Processing + Fidelity>() {
    let mut house = House::<A>::new(&us_profile(), us_office());
    let caller = CallerId { date: None, number: Ok("5550177".into()), name: Some(Ok("MARY".into())) };
    house.office(Order::Call(0, Some(caller)));
    house.run(Millis(5000));
    let events = house.take();
    let [LineEvent::Incoming, LineEvent::Caller(Ok(heard)), LineEvent::Offered] = events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((heard.number, heard.name), (caller.number, caller.name));
    house.command(LineCommand::Answer);
    house.run(Millis(2000));
    assert!(!house.take().iter().any(|event| matches!(event, LineEvent::FarCleared(_))));
    house.office(Order::HangUp(0));
    house.run(Millis(3000));
    let events = house.take();
    assert!(
        matches!(events[..], [LineEvent::FarCleared(ClearSign::LoopBreak(_)), LineEvent::Released]),
        "{events:?}"
    );
}

fn call_out<A: Processing + Fidelity>() {
    let mut house = House::<A>::new(&us_profile(), us_office());
    house.command(LineCommand::Seize(Text::new("5550177")));
    house.run(Millis(9000));
    let events = house.take();
    assert_eq!(
        events[..],
        [LineEvent::ExchangeReady(true), LineEvent::Dialled, LineEvent::Exchange(Tone::Ringback)],
        "the exchange saw {:?}",
        house.seen()
    );
    house.office(Order::Answer(0));
    house.run(Millis(500));
    house.office(Order::Say(0, tipring_sim::mouth::Talk::Voice(40)));
    house.run(Millis(1500));
    assert_eq!(house.take(), [LineEvent::FarAnswered(AnswerSign::Voice)]);
    house.command(LineCommand::HangUp);
    house.run(Millis(3000));
    assert_eq!(house.take(), [LineEvent::Released]);
}

fn busy_clears<A: Processing + Fidelity>() {
    let mut house = House::<A>::new(&us_profile(), us_office());
    house.office(Order::Behave(0, Manner::Busy));
    house.command(LineCommand::Seize(Text::new("5550177")));
    house.run(Millis(14_000));
    let events = house.take();
    assert_eq!(
        events[..],
        [
            LineEvent::ExchangeReady(true),
            LineEvent::Dialled,
            LineEvent::FarCleared(ClearSign::Tone(Tone::Busy)),
            LineEvent::Released
        ]
    );
}

fn reversal<A: Processing + Fidelity>() {
    let mut profile = us_profile();
    let fxo = profile.fxo.as_mut().unwrap();
    fxo.answer = AnswerSign::Reversal;
    fxo.clear.reversal = true;
    let office = OfficeSpec { answer: Supervision::Reversal, clearing: Clearing::Reversal, ..us_office() };
    let mut house = House::<A>::new(&profile, office);
    house.command(LineCommand::Seize(Text::new("5550177")));
    house.run(Millis(9000));
    house.take();
    house.office(Order::Answer(0));
    house.run(Millis(1000));
    assert_eq!(house.take(), [LineEvent::FarAnswered(AnswerSign::Reversal)]);
    house.office(Order::HangUp(0));
    house.run(Millis(3000));
    assert_eq!(house.take(), [LineEvent::FarCleared(ClearSign::Reversal), LineEvent::Released]);
}

#[test]
fn a_call_comes_in_with_its_caller_is_answered_and_cleared_by_the_exchange() {
    both(|symbols| if symbols { call_in::<Symbols>() } else { call_in::<TrueSamples>() });
}

#[test]
fn a_call_goes_out_is_answered_by_a_voice_and_hung_up() {
    both(|symbols| if symbols { call_out::<Symbols>() } else { call_out::<TrueSamples>() });
}

#[test]
fn busy_tone_ends_a_call_that_goes_out() {
    both(|symbols| if symbols { busy_clears::<Symbols>() } else { busy_clears::<TrueSamples>() });
}

#[test]
fn polarity_tells_of_answer_and_clearing() {
    both(|symbols| if symbols { reversal::<Symbols>() } else { reversal::<TrueSamples>() });
}
