//! What an exchange shows at odd moments: as it is seized, while digits go out, of a call that nobody has answered yet; and
//! through a card that judges by itself.

mod fxo_common;

use fxo_common::{Bench, line};
use tipring_line::{Fxo, FxsOut, Playing};
use tipring_port::{
    AnswerSign, CardOrder, CardReport, ClearSign, CookedEvent, CookedEvents, DialWhen, Feed, FxoProfile,
    LineCommand, LineEvent, LineFault, LineProfile, LoopReading, Overheard, Refusal, Sense, Text, Tone,
    ToneProgram,
};
use tipring_units::{Epoch, Hz, Millis, SampleTime, Volts};

fn bench(change: impl FnOnce(&mut FxoProfile)) -> Bench {
    Bench::new(&line(|_, fxo| change(fxo)))
}

/// A call to `digits`; the dial tone has come.
fn dialling(digits: &str, change: impl FnOnce(&mut FxoProfile)) -> Bench {
    let mut bench = bench(change);
    bench.seize(digits);
    bench.run(300);
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::ExchangeReady(true)]);
    bench
}

/// A call in that was answered; the exchange reverses the loop as it is, if it `turns`.
fn taken(turns: bool, change: impl FnOnce(&mut FxoProfile)) -> Bench {
    let mut bench = bench(change);
    bench.ring(2000);
    bench.command(LineCommand::Answer);
    bench.run(30);
    if turns {
        bench.office.battery = -bench.office.battery;
    }
    bench.run(1000);
    assert!(!bench.is_on_hook(), "{:?}", bench.events);
    bench.take();
    bench
}

/// A call that came in as the line was seized.
fn glared(change: impl FnOnce(&mut FxoProfile)) -> Bench {
    let mut bench = bench(change);
    bench.seize("1");
    bench.office.ring = Some((Hz(20.0), Volts(75.0)));
    bench.run(150);
    bench.office.ring = None;
    bench.run(1000);
    assert_eq!(
        bench.take(),
        [LineEvent::Refused(Refusal::Incoming), LineEvent::Incoming, LineEvent::Offered]
    );
    bench
}

fn digits(bench: &Bench) -> usize {
    bench.played.iter().filter(|(_, playing)| matches!(playing, Playing::Digit { .. })).count()
}

#[test]
fn a_reversal_at_the_answer_is_no_end_whatever_tells_the_answer() {
    for answer in [AnswerSign::AtOnce, AnswerSign::Voice, AnswerSign::Metering] {
        let mut bench = dialling("1", |fxo| {
            fxo.answer = answer;
            fxo.clear.reversal = true;
        });
        bench.run(1000);
        bench.take();
        bench.office.battery = -48.0;
        bench.run(5000);
        assert_eq!(bench.take(), [], "{answer:?}");
        bench.office.battery = 48.0;
        bench.run(100);
        assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::Reversal)], "{answer:?}");
    }
}

#[test]
fn a_reversal_ends_a_call_in_but_not_the_one_by_which_it_is_answered() {
    for turns in [false, true] {
        let mut bench = taken(turns, |fxo| fxo.clear.reversal = true);
        bench.office.battery = -bench.office.battery;
        bench.run(100);
        assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::Reversal)], "{turns}");
    }
}

#[test]
fn an_answer_while_digits_still_go_out_is_not_lost() {
    let reversal = |fxo: &mut FxoProfile| {
        fxo.answer = AnswerSign::Reversal;
        fxo.clear.reversal = true;
    };
    let mut bench = dialling("1,,,,", reversal);
    bench.run(1000);
    bench.office.battery = -48.0;
    bench.run(5000);
    assert_eq!(bench.take(), [LineEvent::FarAnswered(AnswerSign::Reversal), LineEvent::Dialled]);
    bench.office.battery = 48.0;
    bench.run(100);
    assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::Reversal)]);
    let mut bench = dialling("1,,,,", reversal);
    bench.run(1000);
    bench.office.battery = -48.0;
    bench.run(500);
    bench.office.battery = 48.0;
    bench.run(500);
    let both = [LineEvent::FarAnswered(AnswerSign::Reversal), LineEvent::FarCleared(ClearSign::Reversal)];
    assert_eq!(bench.take(), both, "it answered and hung up before all was dialled");
    let mut bench = dialling("1,,,,", |fxo| fxo.answer = AnswerSign::Metering);
    bench.run(1000);
    bench.metering = 1;
    bench.run(5000);
    let answered = LineEvent::FarAnswered(AnswerSign::Metering);
    assert_eq!(bench.take(), [answered, LineEvent::Metered(1), LineEvent::Dialled]);
}

#[test]
fn a_voice_in_place_of_dial_tone_is_a_caller_and_nothing_is_dialled_into_his_ear() {
    for when in [DialWhen::Tone(Millis(3000)), DialWhen::ToneOr(Millis(3000))] {
        let mut bench = bench(|fxo| fxo.dial_when = when);
        bench.seize("123");
        bench.run(1000);
        bench.hear(Overheard::Voice);
        bench.run(2500);
        let events = [LineEvent::Refused(Refusal::Incoming), LineEvent::Incoming, LineEvent::Offered];
        assert_eq!(bench.take(), events, "{when:?}");
        assert_eq!(digits(&bench), 0);
        assert!(!bench.is_on_hook(), "for the exchange it is answered");
        bench.command(LineCommand::Answer);
        bench.run(20);
        assert_eq!(bench.fxo.playing(), Playing::Bridge);
    }
    // An announcement before the tone.
    let mut bench = bench(|_| {});
    bench.seize("1");
    bench.run(500);
    bench.hear(Overheard::Voice);
    bench.run(1500);
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::ExchangeReady(true)]);
}

#[test]
fn without_dial_tone_only_who_says_so_dials() {
    for (text, when, dials) in [
        ("123", DialWhen::Tone(Millis(3000)), 0),
        (",123", DialWhen::Tone(Millis(3000)), 3),
        ("123", DialWhen::ToneOr(Millis(3000)), 3),
        ("123", DialWhen::Pause(Millis(1000)), 3),
    ] {
        let mut bench = bench(|fxo| fxo.dial_when = when);
        bench.seize(text);
        bench.run(8000);
        assert_eq!(digits(&bench), dials, "{text} {when:?}");
    }
}

#[test]
fn a_call_by_glare_is_cleared_by_whatever_clears_a_call() {
    let mut by_reversal = glared(|fxo| fxo.clear.reversal = true);
    by_reversal.office.battery = -48.0;
    by_reversal.run(100);
    assert_eq!(by_reversal.take(), [LineEvent::FarCleared(ClearSign::Reversal)]);
    let mut by_tone = glared(|fxo| fxo.clear.learned = Some(ToneProgram::SILENCE));
    by_tone.hear(Overheard::Learned);
    by_tone.run(10);
    assert_eq!(by_tone.take(), [LineEvent::FarCleared(ClearSign::Learned)]);
    let mut by_nothing = glared(|_| {});
    by_nothing.run(40_000);
    by_nothing.hear(Overheard::Voice);
    by_nothing.run(49_000);
    assert_eq!(by_nothing.take(), [], "somebody is there");
    by_nothing.run(1100);
    assert_eq!(by_nothing.take(), [LineEvent::FarCleared(ClearSign::Silence(Millis(50_000)))]);
    assert!(by_nothing.is_on_hook());
}

#[test]
fn a_missing_dial_tone_stands_until_the_line_shows_that_it_lives() {
    let gone = || {
        let mut bench = bench(|_| {});
        bench.seize("1");
        bench.run(5000);
        assert_eq!(bench.take(), [LineEvent::Fault(LineFault::NoDialTone), LineEvent::Released]);
        bench.run(60_000);
        assert_eq!(bench.take(), [], "it stands");
        bench
    };
    let over = LineEvent::FaultCleared(LineFault::NoDialTone);
    let mut seized = gone();
    seized.seize("1");
    seized.run(300);
    assert_eq!(seized.take(), []);
    seized.hear(Overheard::Tone(Tone::Dial));
    seized.run(10);
    assert_eq!(seized.take(), [over, LineEvent::ExchangeReady(true)]);
    let mut rung = gone();
    rung.ring(1000);
    assert_eq!(rung.take(), [over, LineEvent::Incoming]);
    let mut changed = gone();
    changed.fxo.apply(&line(|_, _| {}));
    changed.run(1000);
    assert_eq!(changed.take()[..1], [over]);
}

#[test]
fn a_line_whose_battery_is_gone_does_not_stay_in_its_call() {
    let mut bench = dialling("1", |fxo| fxo.clear.loop_break = Millis(0));
    bench.run(1000);
    bench.take();
    bench.office.broken = true;
    bench.run(4000);
    assert_eq!(bench.take(), []);
    bench.run(1100);
    assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::NoBattery)]);
    assert!(bench.is_on_hook());
}

#[test]
fn a_line_that_the_card_let_go_of_does_not_stay_in_its_call() {
    for (let_go, ends) in [(250, false), (400, true)] {
        let mut bench = dialling("1", |fxo| fxo.clear.loop_break = Millis(0));
        bench.run(1000);
        bench.take();
        bench.feed = Feed::Open; // a watchdog of the card's own
        bench.run(let_go);
        if !ends {
            bench.feed = Feed::Closed;
            bench.run(1000);
        }
        let cleared = LineEvent::FarCleared(ClearSign::NoBattery);
        assert_eq!(bench.take(), if ends { vec![cleared] } else { Vec::new() }, "{let_go} ms");
    }
}

/// A machine behind a card that judges by itself.
struct Cooking {
    fxo: Fxo,
    out: FxsOut,
    now: u64,
    feed: Feed,
}

impl Cooking {
    fn new(profile: &LineProfile) -> Self {
        let fxo = Fxo::new(profile, Epoch(0), true).expect("an outside line");
        let mut cooking = Self { fxo, out: FxsOut::new(), now: 0, feed: Feed::Open };
        assert_eq!(cooking.run(1000, None), [LineEvent::InUse(false)]);
        cooking
    }

    /// So many milliseconds, in whose first tick the card tells this.
    fn run(&mut self, millis: u64, first: Option<CookedEvent>) -> Vec<LineEvent> {
        let mut told = Vec::new();
        for tick in 0..millis / 10 {
            let mut events = CookedEvents::default();
            if let Some(event) = first.filter(|_| tick == 0) {
                assert!(events.push(0, event));
            }
            let report =
                CardReport { sense: Sense::Cooked(events), ..CardReport::steady(LoopReading::default()) };
            self.fxo.tick(SampleTime(self.now), &report, &mut self.out);
            told.extend(self.out.events().map(|said| said.event));
            if let Some(CardOrder::Feed(feed)) = self.out.order {
                self.feed = feed;
            }
            self.out.clear();
            self.now += 80;
        }
        told
    }

    /// In a call that was dialled.
    fn calling(profile: &LineProfile) -> Self {
        let mut cooking = Self::new(profile);
        let seize = LineCommand::Seize(Text::new("1"));
        cooking.fxo.command(SampleTime(cooking.now), Epoch(0), seize, &mut cooking.out);
        cooking.run(500, None);
        cooking.fxo.overheard(SampleTime(cooking.now), Overheard::Tone(Tone::Dial), &mut cooking.out);
        let told = cooking.run(1000, None);
        assert!(told.contains(&LineEvent::FarAnswered(AnswerSign::AtOnce)), "{told:?}");
        cooking
    }
}

#[test]
fn verdicts_of_a_card_count_as_its_readings_would() {
    let mut cooking = Cooking::calling(&line(|_, _| {}));
    assert_eq!(cooking.run(150, Some(CookedEvent::Battery(false))), [], "too short for this line");
    assert_eq!(cooking.run(1000, Some(CookedEvent::Battery(true))), []);
    let cleared = cooking.run(300, Some(CookedEvent::Battery(false)));
    assert!(matches!(cleared[..], [LineEvent::FarCleared(ClearSign::LoopBreak(_))]), "{cleared:?}");
    assert_eq!(cooking.feed, Feed::Open);
    let mut deaf = Cooking::calling(&line(|_, fxo| fxo.clear.loop_break = Millis(0)));
    assert_eq!(deaf.run(3000, Some(CookedEvent::Battery(false))), [], "CPC is not heeded");
    assert_eq!(deaf.run(3000, None), [LineEvent::FarCleared(ClearSign::NoBattery)]);
    let mut turning = Cooking::calling(&line(|_, fxo| fxo.clear.reversal = true));
    assert_eq!(turning.run(1000, Some(CookedEvent::Reversed(true))), [], "the answer");
    let cleared = turning.run(1000, Some(CookedEvent::Reversed(false)));
    assert_eq!(cleared, [LineEvent::FarCleared(ClearSign::Reversal)]);
    let mut dead = Cooking::new(&line(|_, _| {}));
    let fault = LineFault::NoBattery;
    assert_eq!(dead.run(3500, Some(CookedEvent::Battery(false))), [LineEvent::Fault(fault)]);
    assert_eq!(dead.run(500, Some(CookedEvent::Battery(true))), [LineEvent::FaultCleared(fault)]);
}

#[test]
fn digits_that_come_before_the_exchange_is_ready_wait_for_its_dial_tone() {
    let mut bench = bench(|_| ());
    bench.seize("");
    bench.run(50);
    bench.command(LineCommand::Dial(Text::new("12")));
    bench.run(1000);
    assert_eq!((bench.take(), digits(&bench)), (vec![], 0), "its dial tone is waited for");
    bench.command(LineCommand::Dial(Text::new("3")));
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(2000);
    let told = bench.take();
    assert_eq!(told.first(), Some(&LineEvent::ExchangeReady(true)));
    assert!(told.contains(&LineEvent::Dialled), "{told:?}");
    assert_eq!(digits(&bench), 3);
}

#[test]
fn noise_over_dial_tone_is_no_end_and_dial_tone_long_after_it_is() {
    let mut bench = bench(|fxo| fxo.clear.tones = true);
    bench.seize("");
    bench.run(500);
    for _ in 0..2 {
        bench.hear(Overheard::Tone(Tone::Dial));
        bench.run(500);
        bench.hear(Overheard::ToneEnded(Tone::Dial));
        bench.run(3000);
    }
    assert!(!bench.take().iter().any(|event| matches!(event, LineEvent::FarCleared(_))));
    bench.run(3000);
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(100);
    assert_eq!(bench.take().first(), Some(&LineEvent::FarCleared(ClearSign::Tone(Tone::Dial))));
}

#[test]
fn silence_does_not_end_a_call_that_ignores_it_and_ends_the_next() {
    let silence = Overheard::Silence(Millis::from_secs(60));
    let mut bench = bench(|fxo| fxo.clear.silence = Millis::from_secs(60));
    for ignores in [true, false] {
        bench.seize("");
        bench.run(500);
        if ignores {
            bench.command(LineCommand::IgnoreSilence);
        }
        bench.take();
        bench.hear(silence);
        bench.run(100);
        let cleared = bench.take().iter().any(|event| matches!(event, LineEvent::FarCleared(_)));
        assert_eq!(cleared, !ignores);
        bench.command(LineCommand::HangUp);
        bench.run(3000);
        bench.take();
    }
}
