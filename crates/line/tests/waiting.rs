//! Another call waits while the subscriber talks: tone, alert, acknowledgement, message.

mod common;

use common::{Bench, Plant, settings};
use tipring_line::{Beat, Playing, Settings, frame_length};
use tipring_port::{
    CallerId, Component, LineCommand, LineEvent, Tone, ToneProgram, ToneStep, WaitingCallerId,
};
use tipring_units::{Dbm0, Hz, Millis, SampleTime};

fn caller() -> CallerId {
    CallerId { date: None, number: Ok("5550123".into()), name: Some(Ok("MARY".into())) }
}

fn beat(steps: &[(bool, u32)], repeat_from: usize) -> Beat {
    let burst = [Component::sine(Hz(440.0), Dbm0(-13.0)), Component::NONE, Component::NONE, Component::NONE];
    let silence = ToneStep::SILENCE.components;
    let steps: Vec<ToneStep> = steps
        .iter()
        .map(|&(sounds, length)| ToneStep {
            components: if sounds { burst } else { silence },
            length: Millis(length),
        })
        .collect();
    Beat::of(&ToneProgram::new(&steps, repeat_from).unwrap())
}

fn american() -> Settings {
    let mut settings = settings();
    settings.beat = beat(&[(true, 300), (false, 10_000)], 0);
    settings
}

/// A line in a call.
fn talking(settings: Settings) -> Bench {
    let mut bench = Bench::new(settings, Plant::new(1.0, 300.0));
    bench.lift();
    bench.take();
    bench.played.clear();
    bench
}

/// What played, each with when, in ms from `start`.
fn played(bench: &Bench, start: u64) -> Vec<(u64, Playing)> {
    bench.played.iter().map(|(at, playing)| ((at - start) / 8, *playing)).collect()
}

/// The telephone's key sounds for 60 ms and is detected 40 ms after it began, 30 ms after it ended.
fn acknowledge(bench: &mut Bench, key: u8) -> (bool, bool) {
    bench.run(40);
    let began = bench.fxs.key(SampleTime(bench.now), key, true);
    bench.run(50);
    let ended = bench.fxs.key(SampleTime(bench.now), key, false);
    (began, ended)
}

const TONE: Playing = Playing::WaitingTone { first: 0, count: 1 };

#[test]
fn the_tone_comes_again_as_often_as_the_country_repeats_it_and_the_call_is_heard_between() {
    let mut bench = talking(american());
    let start = bench.now;
    bench.command(LineCommand::Waiting(None));
    bench.run(25_000);
    let expected: Vec<(u64, Playing)> = [0, 10_300, 20_600]
        .into_iter()
        .flat_map(|at| [(at + 10, TONE), (at + 310, Playing::Bridge)])
        .collect();
    assert_eq!(played(&bench, start), expected);
    bench.command(LineCommand::StopWaiting);
    bench.run(15_000);
    assert_eq!(bench.played.len(), 6, "stopped");
    assert_eq!(bench.take(), []);
}

#[test]
fn who_waits_is_sent_to_a_telephone_that_acknowledges() {
    for (spec, key) in
        [(WaitingCallerId::BELLCORE, b'D'), (WaitingCallerId::BELLCORE, b'A'), (WaitingCallerId::ETSI, b'C')]
    {
        let mut settings = american();
        settings.waiting = Some(spec);
        let mut bench = talking(settings);
        let start = bench.now;
        bench.command(LineCommand::Waiting(Some(caller())));
        bench.run(300 + u64::from(spec.tone_to_alert.0) + 90);
        // the alert has ended
        let alert_end = (bench.now - start) / 8;
        assert_eq!(acknowledge(&mut bench, key), (true, true), "swallowed");
        bench.run(2000);
        let all = played(&bench, start);
        let kinds: Vec<Playing> = all.iter().map(|(_, playing)| *playing).collect();
        let message = Playing::CallerId { caller: caller(), signal: spec.signal() };
        let expected =
            [TONE, Playing::Hush, Playing::Alert(spec.alert), Playing::Hush, message, Playing::Bridge];
        assert_eq!(kinds, expected, "{key}");
        let at = |index: usize| all[index].0;
        assert_eq!(at(1) - at(0), 300);
        assert_eq!(at(2) - at(1), u64::from(spec.tone_to_alert.0));
        assert!((82..=90).contains(&(at(3) - at(2))));
        // from the end of the key, which is 30 ms before it was detected
        let gap = at(4) - (alert_end + 90 - 30);
        assert!((u64::from(spec.acknowledge_to_data.0)..500).contains(&gap), "{gap} ms");
        assert!(at(5) - at(4) >= u64::from(frame_length(&caller(), spec.signal()).0));
        assert_eq!(bench.take(), [LineEvent::WaitingShown(true)]);
        bench.played.clear();
        bench.run(12_000);
        let again: Vec<Playing> = bench.played.iter().map(|(_, playing)| *playing).collect();
        assert_eq!(again, [TONE, Playing::Bridge], "once only");
        assert!((bench.played[0].0 - start) / 8 == 10_310, "the beat is kept");
    }
}

#[test]
fn a_telephone_that_does_not_acknowledge_has_its_call_back_within_the_window() {
    let mut bench = talking(american());
    let start = bench.now;
    bench.command(LineCommand::Waiting(Some(caller())));
    bench.run(1500);
    let (at, last) = played(&bench, start).pop().unwrap();
    assert_eq!(last, Playing::Bridge);
    // 300 of tone, 20, 82 of alert, a window of 160 and what detection takes
    assert!((562..=680).contains(&at), "{at} ms");
    assert_eq!(bench.take(), [LineEvent::WaitingShown(false)]);
    assert!(!bench.fxs.key(SampleTime(bench.now), b'D', true), "too late: a digit like any other");
}

#[test]
fn other_keys_and_keys_before_the_alert_are_digits() {
    let mut bench = talking(american());
    assert!(!bench.fxs.key(SampleTime(bench.now), b'D', true), "nobody waits");
    bench.command(LineCommand::Waiting(Some(caller())));
    bench.run(200);
    assert!(!bench.fxs.key(SampleTime(bench.now), b'D', true), "within the tone");
    bench.run(220);
    assert!(!bench.fxs.key(SampleTime(bench.now), b'5', true));
    assert!(!bench.fxs.key(SampleTime(bench.now), b'B', true), "not in America");
    assert!(bench.fxs.key(SampleTime(bench.now), b'D', true));
    assert!(!bench.fxs.key(SampleTime(bench.now), b'5', false), "the end of another");
    // the key never ends: somebody leans on it
    bench.run(1000);
    assert_eq!(bench.take(), [LineEvent::WaitingShown(false)]);
    assert_eq!(bench.played.last().unwrap().1, Playing::Bridge);
}

#[test]
fn without_a_name_to_send_or_a_way_to_there_is_the_tone_alone() {
    for (waiting, caller) in [(None, Some(caller())), (Some(WaitingCallerId::BELLCORE), None)] {
        let mut bench = talking(Settings { waiting, ..american() });
        bench.command(LineCommand::Waiting(caller));
        bench.run(3000);
        let kinds: Vec<Playing> = bench.played.iter().map(|(_, playing)| *playing).collect();
        assert_eq!(kinds, [TONE, Playing::Bridge]);
        assert_eq!(bench.take(), []);
    }
}

#[test]
fn a_country_without_the_tone_sends_who_waits_all_the_same() {
    let mut settings = american();
    settings.beat = Beat::of(&ToneProgram::SILENCE);
    let mut bench = talking(settings);
    bench.command(LineCommand::Waiting(Some(caller())));
    bench.run(200);
    acknowledge(&mut bench, b'D');
    bench.run(30_000);
    assert_eq!(bench.take(), [LineEvent::WaitingShown(true)]);
    assert_eq!(bench.played.last().unwrap().1, Playing::Bridge);
    assert!(bench.played.len() < 8);
}

/// At each moment of the sequence, what ends it ends it at once, and nothing of it comes afterwards.
#[test]
fn whatever_ends_it_ends_it_at_once() {
    type End = (&'static str, fn(&mut Bench), Option<Playing>);
    let ends: [End; 6] = [
        ("stop", |bench| bench.command(LineCommand::StopWaiting), Some(Playing::Bridge)),
        ("play", |bench| bench.command(LineCommand::Play(Tone::Busy)), Some(Playing::Tone(Tone::Busy))),
        ("park", |bench| bench.command(LineCommand::Park), Some(Playing::Tone(Tone::Congestion))),
        ("cleared", |bench| bench.command(LineCommand::Cleared { tone: Tone::Busy }), None),
        (
            "hang up",
            |bench| {
                bench.switch(0.0, false);
                bench.run(1500);
            },
            Some(Playing::Nothing),
        ),
        (
            "flash",
            |bench| {
                bench.switch(0.0, false);
                bench.switch(500.0, true);
                bench.run(700);
            },
            Some(Playing::Bridge),
        ),
    ];
    for moment in [0, 20, 150, 310, 350, 420, 500, 560, 800, 1500, 5000] {
        for (name, end, plays) in ends {
            let mut bench = talking(american());
            bench.command(LineCommand::Waiting(Some(caller())));
            let shows = moment > 420;
            if shows {
                bench.run(420);
                acknowledge(&mut bench, b'D');
                bench.run(moment - 420);
            } else {
                bench.run(moment);
            }
            end(&mut bench);
            bench.run(10);
            if let Some(plays) = plays {
                assert_eq!(bench.fxs.playing(), plays, "{name} at {moment}");
            }
            bench.played.clear();
            bench.take();
            bench.run(12_000);
            let sequence = |playing: &Playing| playing.is_hushed();
            assert!(!bench.played.iter().any(|(_, playing)| sequence(playing)), "{name} at {moment}");
            assert!(!bench.take().iter().any(|event| matches!(event, LineEvent::WaitingShown(_))));
        }
    }
}

#[test]
fn it_waits_for_the_end_of_another_tone_and_is_nothing_on_hook() {
    let mut bench = talking(american());
    bench.command(LineCommand::Play(Tone::Confirmation));
    bench.run(100);
    bench.command(LineCommand::Waiting(None));
    bench.run(2000);
    assert_eq!(bench.fxs.playing(), Playing::Tone(Tone::Confirmation));
    bench.command(LineCommand::Quiet);
    bench.run(50);
    assert_eq!(bench.fxs.playing(), TONE);
    // an order to hear the bridge, which it will when the tone is over
    bench.command(LineCommand::Quiet);
    bench.run(50);
    assert_eq!(bench.fxs.playing(), TONE);

    let mut idle = Bench::new(american(), Plant::new(1.0, 300.0));
    idle.played.clear();
    idle.command(LineCommand::Waiting(Some(caller())));
    idle.command(LineCommand::StopWaiting);
    idle.run(3000);
    assert_eq!((idle.played.len(), idle.take()), (0, Vec::new()));
}
