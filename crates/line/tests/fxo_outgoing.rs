//! Calls that go out on an outside line: seizure, dialling, answer and clearing.

mod fxo_common;

use fxo_common::{Bench, line};
use proptest::prelude::*;
use tipring_line::Playing;
use tipring_port::{
    AnswerSign, ClearSign, DialWhen, Feed, FxoProfile, LineCommand, LineEvent, LineFault, LoopStart,
    OutDialling, Overheard, PulseConvention, Refusal, Text, Tone, ToneProgram,
};
use tipring_units::{Hz, Millis, Volts};

fn bench(change: impl FnOnce(&mut FxoProfile)) -> Bench {
    Bench::new(&line(|_, fxo| change(fxo)))
}

/// A call to 123, dialled and answered at once.
fn in_call(change: impl FnOnce(&mut FxoProfile)) -> Bench {
    let mut bench = bench(change);
    bench.seize("123");
    bench.run(300);
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(1000);
    bench.hear(Overheard::ToneEnded(Tone::Dial));
    bench.run(10);
    bench.take();
    bench
}

#[test]
fn digits_follow_the_dial_tone_with_their_lengths() {
    let mut bench = Bench::plain();
    bench.seize("12,0");
    bench.run(500);
    assert_eq!((bench.feed, bench.take()), (Feed::Closed, vec![]));
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(2500);
    let digits: Vec<(f64, u8)> = bench
        .played
        .iter()
        .filter_map(|(at, playing)| match playing {
            Playing::Digit { digit, length } => {
                assert_eq!(*length, Millis(100));
                Some((*at, *digit))
            }
            Playing::Nothing
            | Playing::Tone(_)
            | Playing::CallerId { .. }
            | Playing::Announcement(..)
            | Playing::Alert(_)
            | Playing::Lamp { .. }
            | Playing::WaitingTone { .. }
            | Playing::Hush
            | Playing::Bridge
            | Playing::BridgeVoice => None,
        })
        .collect();
    assert_eq!(digits.iter().map(|(_, digit)| *digit).collect::<Vec<_>>(), b"120");
    assert_eq!(digits[1].0 - digits[0].0, 200.0);
    assert_eq!(digits[2].0 - digits[1].0, 1200.0, "a comma is a second");
    assert_eq!(
        bench.take(),
        [LineEvent::ExchangeReady(true), LineEvent::Dialled, LineEvent::FarAnswered(AnswerSign::AtOnce)]
    );
    assert_eq!(bench.played.last().map(|(_, playing)| *playing), Some(Playing::Bridge));
}

#[test]
fn without_dial_tone_the_profile_says_what_is_done() {
    let ready = [LineEvent::ExchangeReady(false)];
    let mut lenient = bench(|fxo| fxo.dial_when = DialWhen::ToneOr(Millis(2000)));
    lenient.seize("1");
    lenient.run(1900);
    assert_eq!(lenient.take(), []);
    lenient.run(200);
    assert_eq!(lenient.take(), ready);
    let mut pausing = bench(|fxo| fxo.dial_when = DialWhen::Pause(Millis(1000)));
    pausing.seize("1");
    pausing.run(200);
    pausing.hear(Overheard::Tone(Tone::Dial));
    pausing.run(500);
    assert_eq!(pausing.take(), [], "the pause is waited for");
    pausing.run(310);
    assert_eq!(pausing.take(), ready);
    let mut strict = bench(|fxo| fxo.dial_when = DialWhen::Tone(Millis(3000)));
    strict.seize("1");
    strict.run(3200);
    assert_eq!(strict.take(), [LineEvent::Fault(LineFault::NoDialTone)]);
    assert!(strict.is_on_hook());
    strict.run(1100);
    assert_eq!(strict.take(), [LineEvent::Released]);
}

#[test]
fn a_line_without_current_is_given_up() {
    let mut bench = Bench::plain();
    bench.office.broken = true;
    bench.seize("1");
    bench.run(1100);
    assert_eq!(bench.take(), [LineEvent::Fault(LineFault::NoDialTone)]);
    assert!(bench.is_on_hook());
}

#[test]
fn pulses_go_out_as_the_profile_has_them() {
    let mut bench = bench(|fxo| {
        fxo.dialling = OutDialling::Pulse {
            open: Millis(60),
            close: Millis(40),
            interdigit: Millis(800),
            convention: PulseConvention::Standard,
        };
        fxo.dial_when = DialWhen::Pause(Millis(500));
    });
    bench.seize("20");
    bench.run(400);
    bench.feeds.clear();
    bench.run(4000);
    let opens: Vec<f64> =
        bench.feeds.iter().filter(|(_, feed)| *feed == Feed::Open).map(|(at, _)| *at).collect();
    let closes: Vec<f64> =
        bench.feeds.iter().filter(|(_, feed)| *feed == Feed::Closed).map(|(at, _)| *at).collect();
    assert_eq!((opens.len(), closes.len()), (12, 12));
    for (open, close) in opens.iter().zip(&closes) {
        assert_eq!(close - open, 60.0);
    }
    assert_eq!(opens[1] - opens[0], 100.0);
    let between = opens[2] - closes[1];
    assert!((800.0..=870.0).contains(&between), "{between} ms between two digits");
    assert_eq!(
        bench.take(),
        [LineEvent::ExchangeReady(false), LineEvent::Dialled, LineEvent::FarAnswered(AnswerSign::AtOnce)]
    );
}

#[test]
fn a_line_that_may_be_ringing_is_not_seized() {
    let mut bench = Bench::plain();
    bench.office.ring = Some((Hz(20.0), Volts(75.0)));
    bench.run(40);
    bench.seize("1");
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Refused(Refusal::Incoming)]);
    bench.run(500);
    assert_eq!(bench.take(), [LineEvent::Incoming]);
    assert!(bench.is_on_hook());
}

#[test]
fn ringing_in_the_moment_of_seizure_makes_the_call_ours_to_answer() {
    let mut bench = Bench::plain();
    bench.seize("1");
    bench.office.ring = Some((Hz(20.0), Volts(75.0)));
    bench.run(150);
    bench.office.ring = None; // the exchange saw the loop closed
    bench.run(100);
    assert_eq!(
        bench.take(),
        [LineEvent::Refused(Refusal::Incoming), LineEvent::Incoming, LineEvent::Offered]
    );
    assert_eq!(bench.fxo.playing(), Playing::Tone(Tone::Ringback), "the caller hears that it rings");
    bench.command(LineCommand::Answer);
    bench.run(100);
    assert_eq!(bench.fxo.playing(), Playing::Bridge);
    bench.office.broken = true;
    bench.run(300);
    assert!(matches!(bench.take()[..], [LineEvent::FarCleared(ClearSign::LoopBreak(_))]));
    assert!(bench.is_on_hook());
}

#[test]
fn a_loop_break_clears_if_it_is_long_enough_and_only_if_it_is_heeded() {
    for (least, length, clears) in [(200, 180, false), (200, 250, true), (500, 400, false), (0, 3000, false)]
    {
        let mut bench = in_call(|fxo| fxo.clear.loop_break = Millis(least));
        bench.office.broken = true;
        bench.run(length);
        bench.office.broken = false;
        bench.run(20);
        let cleared = bench.take();
        assert_eq!(
            cleared
                .first()
                .is_some_and(|event| matches!(event, LineEvent::FarCleared(ClearSign::LoopBreak(_)))),
            clears,
            "{length} ms of {least}: {cleared:?}"
        );
        assert_eq!(bench.is_on_hook(), clears);
    }
}

#[test]
fn polarity_tells_of_answer_and_clearing() {
    let mut bench = in_call(|fxo| {
        fxo.answer = AnswerSign::Reversal;
        fxo.clear.reversal = true;
    });
    bench.office.battery = -48.0;
    bench.run(100);
    assert_eq!(bench.take(), [LineEvent::FarAnswered(AnswerSign::Reversal)]);
    bench.office.battery = 48.0;
    bench.run(100);
    assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::Reversal)]);
    assert!(bench.is_on_hook());
}

#[test]
fn a_reversal_that_nobody_heeds_changes_nothing() {
    let mut bench = in_call(|_| {});
    bench.office.battery = -48.0;
    bench.run(2000);
    assert_eq!(bench.take(), []);
}

#[test]
fn the_first_metering_pulse_is_the_answer_and_all_are_counted() {
    let mut bench = in_call(|fxo| fxo.answer = AnswerSign::Metering);
    bench.metering = 1;
    bench.run(20);
    bench.metering = 2;
    bench.run(20);
    assert_eq!(
        bench.take(),
        [
            LineEvent::FarAnswered(AnswerSign::Metering),
            LineEvent::Metered(1),
            LineEvent::Metered(2),
            LineEvent::Metered(3)
        ]
    );
}

#[test]
fn a_voice_is_the_answer_where_nothing_else_tells() {
    let mut bench = in_call(|fxo| fxo.answer = AnswerSign::Voice);
    bench.hear(Overheard::Tone(Tone::Ringback));
    bench.run(2000);
    assert_eq!(bench.take(), [LineEvent::Exchange(Tone::Ringback)]);
    bench.hear(Overheard::Voice);
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::FarAnswered(AnswerSign::Voice)]);
}

#[test]
fn tones_of_the_exchange_clear_a_call() {
    for (tone, signs, clears) in [
        (Tone::Busy, true, true),
        (Tone::Congestion, true, true),
        (Tone::Dial, true, true),
        (Tone::Howler, true, true),
        (Tone::Ringback, true, false),
        (Tone::CallWaiting, true, false),
        (Tone::SpecialInformation, true, false),
        (Tone::Busy, false, false),
    ] {
        let mut bench = in_call(|fxo| fxo.clear.tones = signs);
        bench.hear(Overheard::Tone(tone));
        bench.run(20);
        let expected =
            if clears { LineEvent::FarCleared(ClearSign::Tone(tone)) } else { LineEvent::Exchange(tone) };
        assert_eq!(bench.take(), [expected], "{tone:?}");
        assert_eq!(bench.is_on_hook(), clears);
    }
}

#[test]
fn before_the_answer_special_information_is_the_end_and_dial_tone_the_beginning() {
    let mut bench = bench(|fxo| fxo.answer = AnswerSign::Reversal);
    bench.seize("");
    bench.run(300);
    assert_eq!(bench.take(), [LineEvent::ExchangeReady(false)]);
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Exchange(Tone::Dial)], "the caller is to dial");
    bench.hear(Overheard::ToneEnded(Tone::Dial));
    bench.hear(Overheard::Tone(Tone::SpecialInformation));
    bench.run(20);
    assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::Tone(Tone::SpecialInformation))]);
}

#[test]
fn learned_tone_and_silence_clear_where_they_are_set() {
    let mut bench = in_call(|fxo| fxo.clear.learned = Some(ToneProgram::SILENCE));
    bench.hear(Overheard::Learned);
    bench.run(20);
    assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::Learned)]);
    let mut bench = in_call(|fxo| fxo.clear.silence = Millis(30_000));
    bench.hear(Overheard::Silence(Millis(29_000)));
    bench.run(20);
    assert_eq!(bench.take(), []);
    bench.hear(Overheard::Silence(Millis(30_000)));
    bench.run(20);
    assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::Silence(Millis(30_000)))]);
    let mut bench = in_call(|_| {});
    bench.hear(Overheard::Learned);
    bench.hear(Overheard::Silence(Millis(900_000)));
    bench.run(20);
    assert_eq!(bench.take(), []);
}

#[test]
fn a_flash_goes_out_and_its_break_is_not_the_far_ends() {
    let mut bench = in_call(|_| {});
    bench.feeds.clear();
    bench.command(LineCommand::FlashOut);
    bench.run(1500);
    assert_eq!(bench.feeds.iter().map(|(_, feed)| *feed).collect::<Vec<_>>(), [Feed::Open, Feed::Closed]);
    assert_eq!(bench.feeds[1].0 - bench.feeds[0].0, 500.0);
    assert_eq!(bench.take(), []);
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Exchange(Tone::Dial)], "for a second number");
    bench.command(LineCommand::Dial(Text::new("9")));
    bench.run(400);
    assert_eq!(bench.take(), [LineEvent::Dialled]);
}

#[test]
fn digits_behind_digits_wait_for_their_turn() {
    let mut bench = Bench::plain();
    bench.seize("12");
    bench.run(200);
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(110);
    bench.command(LineCommand::Dial(Text::new("34")));
    bench.run(1500);
    let digits: Vec<u8> = bench
        .played
        .iter()
        .filter_map(|(_, playing)| match playing {
            Playing::Digit { digit, .. } => Some(*digit),
            Playing::Nothing
            | Playing::Tone(_)
            | Playing::CallerId { .. }
            | Playing::Announcement(..)
            | Playing::Alert(_)
            | Playing::Lamp { .. }
            | Playing::WaitingTone { .. }
            | Playing::Hush
            | Playing::Bridge
            | Playing::BridgeVoice => None,
        })
        .collect();
    assert_eq!(digits, b"1234");
}

#[test]
fn ground_start_asks_by_ring_and_holds_by_the_loop() {
    let mut bench = Bench::new(&line(|profile, _| profile.start = LoopStart::Ground));
    bench.office.tip_open = true;
    bench.run(5000);
    assert_eq!(bench.take(), [], "no battery is normal on an idle line");
    bench.seize("1");
    bench.run(100);
    assert_eq!(bench.feed, Feed::RingGround);
    bench.office.tip_open = false; // the exchange answers
    bench.run(100);
    assert_eq!(bench.feed, Feed::Closed);
    bench.hear(Overheard::Tone(Tone::Dial));
    bench.run(500);
    assert_eq!(bench.take()[0], LineEvent::ExchangeReady(true));
    bench.office.tip_open = true;
    bench.run(300);
    assert!(matches!(bench.take()[..], [.., LineEvent::FarCleared(ClearSign::LoopBreak(_))]));
    bench.run(1500);
    bench.take();
    bench.office.tip_open = false; // the exchange seizes
    bench.run(50);
    bench.seize("1");
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Refused(Refusal::Incoming)]);
}

#[test]
fn an_exchange_that_does_not_answer_a_grounded_ring_is_given_up() {
    let mut bench = Bench::new(&line(|profile, _| profile.start = LoopStart::Ground));
    bench.office.tip_open = true;
    bench.run(1000);
    bench.seize("1");
    bench.run(5100);
    assert!(matches!(bench.take()[..], [LineEvent::Fault(LineFault::NoDialTone), ..]));
    assert!(bench.is_on_hook());
}

#[test]
fn a_command_of_another_call_is_refused_and_the_administrator_is_obeyed_in_any() {
    let mut bench = in_call(|_| {});
    let stale = tipring_units::Epoch(7);
    let now = tipring_units::SampleTime(bench.now);
    bench.fxo.command(now, stale, LineCommand::HangUp, &mut bench.out);
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Refused(Refusal::Stale)]);
    bench.fxo.command(now, stale, LineCommand::InService(false), &mut bench.out);
    bench.run(20);
    assert_eq!(bench.take(), [LineEvent::Released, LineEvent::InService(false)]);
    assert!(bench.is_on_hook());
    bench.ring(2000);
    assert_eq!(bench.take(), [], "nothing is heeded");
}

#[derive(Clone, Debug)]
enum Step {
    Command(u8),
    Hear(u8),
    Office(u8),
    Wait(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_u8..8).prop_map(Step::Command),
        (0_u8..9).prop_map(Step::Hear),
        (0_u8..6).prop_map(Step::Office),
        (1_u16..300).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..40)
}

fn do_step(bench: &mut Bench, step: &Step) {
    match step {
        Step::Command(0) => bench.seize("12"),
        Step::Command(1) => bench.seize(""),
        Step::Command(2) => bench.command(LineCommand::Answer),
        Step::Command(3) => bench.command(LineCommand::FlashOut),
        Step::Command(4) => bench.command(LineCommand::Dial(Text::new("77"))),
        Step::Command(5) => bench.command(LineCommand::Play(Tone::Dial)),
        Step::Command(6) => bench.command(LineCommand::Quiet),
        Step::Command(_) => bench.command(LineCommand::HangUp),
        Step::Hear(n) => bench.hear(match n {
            0 => Overheard::Tone(Tone::Dial),
            1 => Overheard::Tone(Tone::Busy),
            2 => Overheard::Tone(Tone::Ringback),
            3 => Overheard::ToneEnded(Tone::Dial),
            4 => Overheard::Voice,
            5 => Overheard::Silence(Millis(60_000)),
            6 => Overheard::Caller(Err(tipring_port::CallerIdFault::Broken)),
            7 => Overheard::Alert,
            _ => Overheard::Waiting(true),
        }),
        Step::Office(0) => bench.office.ring = Some((Hz(20.0), Volts(75.0))),
        Step::Office(1) => bench.office.ring = None,
        Step::Office(2) => bench.office.broken = !bench.office.broken,
        Step::Office(3) => bench.office.battery = -bench.office.battery,
        Step::Office(4) => bench.office.parallel = !bench.office.parallel,
        Step::Office(_) => bench.metering = 1,
        Step::Wait(ticks) => bench.run(u64::from(*ticks) * 10),
    }
    bench.run(10);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever happened, who hangs up and waits has an idle line; and each epoch ends once.
    #[test]
    fn no_line_stays_seized(steps in steps()) {
        let mut bench = bench(|fxo| fxo.clear.silence = Millis(60_000));
        for step in &steps {
            do_step(&mut bench, step);
        }
        bench.office = fxo_common::Office::PLAIN;
        bench.command(LineCommand::HangUp);
        bench.run(20_000);
        prop_assert!(bench.is_on_hook());
        prop_assert_eq!(bench.fxo.state_name(), "idle");
        prop_assert!(!bench.fxo.summary().off_hook);
        let ends = bench.events.iter().filter(|(_, event)| matches!(event, LineEvent::Released | LineEvent::GaveUp));
        prop_assert_eq!(ends.count() as u32, bench.fxo.epoch().0);
    }
}

#[test]
fn an_answer_that_reverses_the_polarity_does_not_clear_where_something_else_tells_it() {
    let mut bench = in_call(|fxo| {
        fxo.answer = AnswerSign::AtOnce;
        fxo.clear.reversal = true;
    });
    bench.office.battery = -48.0;
    bench.run(3000);
    assert_eq!(bench.take(), []);
    bench.office.battery = 48.0;
    bench.run(100);
    assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::Reversal)]);
}
