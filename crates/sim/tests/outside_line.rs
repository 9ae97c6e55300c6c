//! A shard with an outside line and the exchange behind it, without the control plane: what the line's machine makes of
//! what its card measures and its ear hears.

use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::{Packets, Processing};
use tipring_port::{
    AnswerSign, CallerId, ClearSign, Command, Event, FxoProfile, LearnEnd, LearnReport, LineCommand,
    LineEvent, LineProfile, Refusal, Samples as TrueSamples, Symbols, Text, Tone,
};
use tipring_sim::ear::Land;
use tipring_sim::lab::Lab;
use tipring_sim::office::{Clearing, Manner, OfficeEvent, OfficeSpec, Order, SubscriberSpec, Supervision};
use tipring_sim::plant::{Fidelity, LineSpec};
use tipring_units::{Entropy, Epoch, Hz, Instant, LineId, Millis, ShardId, TICK, WallTime};

const LINE: LineId = LineId(0);

struct House<A: Processing + Fidelity> {
    lab: Lab<A>,
    shard: Shard<A>,
    out: [LineOut<A>; 1],
    packets: Packets,
    now: Instant,
    events: Vec<LineEvent>,
    learned: Option<Result<LearnReport, LearnEnd>>,
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
            learned: None,
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
                if let Event::Learned(LINE, learned) = event {
                    self.learned = Some(learned);
                }
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

/// Somebody calls in and hangs up; what the line learned of it, and whether the country's tone is known.
fn learn<A: Processing + Fidelity>(clearing: Clearing) -> LearnReport {
    let mut house = House::<A>::new(&us_profile(), OfficeSpec { clearing, ..us_office() });
    house.shard.command(house.now, Command::Learn(LINE));
    house.run(Millis(500));
    assert_eq!(house.take(), [LineEvent::InUse(true)], "it is not for others now");
    house.command(LineCommand::Seize(Text::new("1")));
    house.run(Millis(50));
    assert_eq!(house.take(), [LineEvent::Refused(Refusal::InUse)]);
    house.office(Order::Call(0, None));
    house.run(Millis(5000));
    house.office(Order::HangUp(0));
    house.run(Millis(62_000));
    let events = house.take();
    assert_eq!(events, [LineEvent::InUse(false), LineEvent::Released]);
    house.learned.expect("a report").expect("a hang-up")
}

fn learn_a_strange_tone<A: Processing + Fidelity>() {
    let report = learn::<A>(Clearing::Strange(vec![Hz(500.0)], vec![Millis(330), Millis(270)]));
    let tone = report.tone.expect("a tone");
    assert_eq!((report.loop_break, report.reversal, tone.known), (None, false, None));
    assert!(tone.confidence > 0.8 && tone.bursts > 5, "{tone:?}");
    let near = |length: Millis, wanted: u32| length.0.abs_diff(wanted) <= 10;
    assert!(near(tone.steps[0].length, 330) && near(tone.steps[1].length, 270), "{tone:?}");
    assert!((tone.steps[0].frequencies[0].0 - 500.0).abs() < 4.0, "{tone:?}");
    // Written into the profile it is what clears the line.
    let mut profile = us_profile();
    let fxo = profile.fxo.as_mut().unwrap();
    (fxo.clear.learned, fxo.clear.tones, fxo.answer) = (Some(tone.program()), false, AnswerSign::AtOnce);
    let strange = Clearing::Strange(vec![Hz(500.0)], vec![Millis(330), Millis(270)]);
    let mut house = House::<A>::new(&profile, OfficeSpec { clearing: strange, ..us_office() });
    house.command(LineCommand::Seize(Text::new("5550177")));
    house.run(Millis(9000));
    house.office(Order::Answer(0));
    house.run(Millis(2000));
    house.take();
    house.office(Order::HangUp(0));
    house.run(Millis(6000));
    assert_eq!(house.take(), [LineEvent::FarCleared(ClearSign::Learned), LineEvent::Released]);
}

fn learn_a_break_and_a_known_tone<A: Processing + Fidelity>() {
    let report = learn::<A>(Clearing::Cpc(Millis(400)));
    let length = report.loop_break.expect("a break");
    assert!(length.0.abs_diff(400) <= 20, "{length}");
    let report = learn::<A>(Clearing::Tone(Tone::Congestion));
    assert_eq!(report.tone.and_then(|tone| tone.known), Some(Tone::Congestion), "{report:?}");
    assert_eq!(report.loop_break, None);
}

#[test]
fn a_tone_that_is_in_no_country_is_learned_from_one_hang_up_and_clears_the_line_then() {
    both(
        |symbols| {
            if symbols { learn_a_strange_tone::<Symbols>() } else { learn_a_strange_tone::<TrueSamples>() }
        },
    );
}

#[test]
fn a_break_and_a_tone_of_the_country_are_learned_for_what_they_are() {
    both(|symbols| {
        if symbols {
            learn_a_break_and_a_known_tone::<Symbols>();
        } else {
            learn_a_break_and_a_known_tone::<TrueSamples>();
        }
    });
}

#[test]
fn nobody_calls_and_nothing_is_learned() {
    let mut house = House::<Symbols>::new(&us_profile(), us_office());
    house.shard.command(house.now, Command::Learn(LINE));
    house.run(Millis(291_000));
    assert_eq!(house.learned, Some(Err(LearnEnd::NoCall)));
    assert_eq!(house.take(), [LineEvent::InUse(true), LineEvent::InUse(false)]);
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
