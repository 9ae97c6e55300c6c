//! What comes before the first ring: alerts, messages, and terminals that lift by themselves.

mod common;

use common::{Bench, Plant, settings};
use tipring_line::{Playing, frame_length};
use tipring_port::{
    CallerId, CallerIdAlert, CallerIdShown, CallerIdSignal, CallerIdTiming, CardOrder, DtmfCallerId, Feed,
    FskStandard, LineCommand, LineEvent, LoopStart, RingPattern, RingRequest,
};
use tipring_units::Millis;

const BT: CallerIdSignal =
    CallerIdSignal::Fsk { standard: FskStandard::V23, multiple: true, seizure: 96, mark: 55 };
const DTMF: CallerIdSignal = CallerIdSignal::Dtmf(DtmfCallerId::AC);

fn caller() -> CallerId {
    CallerId { date: None, number: Ok("5550100".into()), name: Some(Ok("JANE DOE".into())) }
}

fn before(
    alert: CallerIdAlert,
    alert_to_data: u32,
    data_to_ring: u32,
    signal: CallerIdSignal,
) -> CallerIdTiming {
    CallerIdTiming::BeforeRing {
        alert,
        alert_to_data: Millis(alert_to_data),
        data_to_ring: Millis(data_to_ring),
        signal,
    }
}

fn timings() -> [CallerIdTiming; 6] {
    let both = CallerIdAlert::ReversalAndTone { wait: Millis(100), length: Millis(100) };
    [
        before(CallerIdAlert::None, 0, 300, DTMF),
        before(CallerIdAlert::Reversal, 250, 300, DTMF),
        before(CallerIdAlert::Tone(Millis(100)), 100, 300, CallerIdSignal::ETSI),
        before(both, 60, 200, BT),
        before(CallerIdAlert::RingPulse(Millis(250)), 600, 250, CallerIdSignal::ETSI),
        before(CallerIdAlert::Reversal, 100, 0, BT),
    ]
}

fn bench(timing: CallerIdTiming, ren: f64) -> Bench {
    let mut settings = settings();
    settings.caller_id = timing;
    Bench::new(settings, Plant::new(ren, 300.0))
}

fn ring(bench: &mut Bench, caller: Option<CallerId>) {
    bench.orders.clear();
    bench.played.clear();
    bench.command(LineCommand::Ring(RingRequest { pattern: RingPattern::new(&[]), caller }));
}

/// Orders in words with their times in ms.
fn orders(bench: &Bench) -> Vec<(&'static str, f64)> {
    let word = |order: &CardOrder| match order {
        CardOrder::Feed(Feed::Normal) => "normal",
        CardOrder::Feed(Feed::Reversed) => "reversed",
        CardOrder::Run(program) if program.repeat_from().is_none() => "pulse",
        CardOrder::Run(program) if program.steps()[0].length.0 == 4000 => "short",
        CardOrder::Run(_) => "ring",
        CardOrder::Feed(_) | CardOrder::Present(_) | CardOrder::Lifeline(_) => "other",
    };
    bench.orders.iter().map(|(at, order)| (word(order), *at as f64 / 8.0)).collect()
}

fn at(bench: &Bench, word: &str) -> Option<f64> {
    orders(bench).iter().find(|(found, _)| *found == word).map(|(_, at)| *at)
}

/// When this began to play and when it ended, in ms.
fn played(bench: &Bench, is: fn(&Playing) -> bool) -> Option<(f64, f64)> {
    let index = bench.played.iter().position(|(_, playing)| is(playing))?;
    let time = |index: usize| bench.played.get(index).map(|(at, _)| *at as f64 / 8.0);
    Some((time(index)?, time(index + 1)?))
}

fn message(bench: &Bench) -> Option<(f64, f64)> {
    played(bench, |playing| matches!(playing, Playing::CallerId { .. }))
}

#[test]
fn each_alert_comes_in_its_time_before_message_and_ring() {
    for timing in timings() {
        for ren in [0.5, 5.0] {
            let mut bench = bench(timing, ren);
            ring(&mut bench, Some(caller()));
            bench.run(9000);
            let CallerIdTiming::BeforeRing { alert, alert_to_data, data_to_ring, signal } = timing else {
                panic!()
            };
            let (from, to) = message(&bench).expect("message");
            assert!(to - from >= f64::from(frame_length(&caller(), signal).0));
            let told = bench.played.iter().find_map(|(_, playing)| match playing {
                Playing::CallerId { caller, signal } => Some((*caller, *signal)),
                Playing::Nothing
                | Playing::Tone(_)
                | Playing::Alert(_)
                | Playing::Lamp { .. }
                | Playing::WaitingTone { .. }
                | Playing::Hush
                | Playing::Digit { .. }
                | Playing::Bridge
                | Playing::Announcement(..)
                | Playing::BridgeVoice => None,
            });
            assert_eq!(told, Some((caller(), signal)));
            let tone = played(&bench, |playing| matches!(playing, Playing::Alert(_)));
            let reversed = at(&bench, "reversed");
            let alert_ended = match alert {
                CallerIdAlert::None => bench.orders[0].0 as f64 / 8.0 - 10.0_f64.max(to - from),
                CallerIdAlert::Reversal => reversed.expect("reversal"),
                CallerIdAlert::Tone(length) => {
                    let (began, ended) = tone.expect("tone");
                    assert!((f64::from(length.0)..f64::from(length.0) + 10.0).contains(&(ended - began)));
                    ended
                }
                CallerIdAlert::ReversalAndTone { wait, length } => {
                    let (began, ended) = tone.expect("tone");
                    let waited = began - reversed.expect("reversal");
                    assert!((f64::from(wait.0)..f64::from(wait.0) + 10.0).contains(&waited), "{waited}");
                    assert!((f64::from(length.0)..f64::from(length.0) + 10.0).contains(&(ended - began)));
                    ended
                }
                CallerIdAlert::RingPulse(length) => at(&bench, "pulse").expect("pulse") + f64::from(length.0),
            };
            let gap = f64::from(alert_to_data.0);
            if alert != CallerIdAlert::None {
                assert!(
                    (gap..gap + 20.0).contains(&(from - alert_ended)),
                    "{alert:?}: {from} after {alert_ended}"
                );
            }
            let rest = at(&bench, "ring").expect("ring") - to;
            let least = f64::from(data_to_ring.0);
            assert!((least..least + 300.0).contains(&rest), "{alert:?}: ring {rest} ms after the message");
            assert_eq!(
                reversed.is_some(),
                matches!(alert, CallerIdAlert::Reversal | CallerIdAlert::ReversalAndTone { .. })
            );
            assert_eq!(
                tone.is_some(),
                matches!(alert, CallerIdAlert::Tone(_) | CallerIdAlert::ReversalAndTone { .. })
            );
            let events = bench.take();
            assert_eq!(
                events,
                [LineEvent::CallerIdSent(CallerIdShown::Whole), LineEvent::Ringing],
                "{alert:?}, {ren} REN"
            );
            bench.lift();
            bench.run(300);
            assert_eq!(bench.take(), [LineEvent::Answered]);
            assert!(bench.longest_ringing_closed <= 1600);
        }
    }
}

#[test]
fn a_call_without_caller_rings_at_once() {
    for timing in
        timings().into_iter().chain([CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt }])
    {
        let mut bench = bench(timing, 1.0);
        ring(&mut bench, None);
        bench.run(100);
        assert_eq!(orders(&bench).iter().map(|(word, _)| *word).collect::<Vec<_>>(), ["ring"]);
        assert_eq!(bench.take(), [LineEvent::Ringing]);
    }
}

#[test]
fn a_telephone_lifted_before_its_first_ring_answers() {
    for timing in timings() {
        for after in [20, 120, 200, 350, 500, 900, 1200] {
            let mut bench = bench(timing, 5.0);
            ring(&mut bench, Some(caller()));
            bench.run(after);
            if bench.fxs.state_name() != "prelude" {
                continue;
            }
            bench.switch(0.0, true);
            bench.run(1500);
            let events = bench.take();
            let sent = LineEvent::CallerIdSent(CallerIdShown::Whole);
            let answered: Vec<_> = events.iter().filter(|event| **event != sent).collect();
            assert_eq!(answered, [&LineEvent::Answered], "{timing:?} after {after} ms");
            assert_eq!(bench.fxs.playing(), Playing::Bridge);
            assert_eq!(bench.feed(), Feed::Normal);
            assert!(bench.longest_ringing_closed <= 250 * 8, "no longer than a ring pulse");
            bench.switch(0.0, false);
            bench.run(1500);
            assert_eq!(bench.take(), [LineEvent::Released]);
        }
    }
}

#[test]
fn a_call_that_ends_before_its_first_ring_leaves_the_line_idle() {
    for timing in timings() {
        for after in [20, 120, 200, 350, 500, 900] {
            let mut bench = bench(timing, 5.0);
            ring(&mut bench, Some(caller()));
            bench.run(after);
            if bench.fxs.state_name() != "prelude" {
                continue;
            }
            bench.command(LineCommand::StopRing);
            bench.run(3000);
            assert_eq!(bench.take().last(), Some(&LineEvent::RingStopped), "{timing:?} after {after} ms");
            assert_eq!((bench.feed(), bench.fxs.playing()), (Feed::Normal, Playing::Nothing));
            assert!(bench.fxs.is_idle());
            assert!(at(&bench, "ring").is_none());
        }
    }
}

#[test]
fn a_ground_start_line_has_battery_before_its_terminal_is_told() {
    for timing in timings() {
        let mut settings = settings();
        (settings.caller_id, settings.start) = (timing, LoopStart::Ground);
        let mut bench = Bench::new(settings, Plant::new(1.0, 300.0));
        assert_eq!(bench.feed(), Feed::TipOpen);
        ring(&mut bench, Some(caller()));
        bench.run(400);
        assert_eq!(bench.fxs.state_name(), "prelude");
        assert_ne!(bench.feed(), Feed::TipOpen, "{timing:?}");
        bench.command(LineCommand::StopRing);
        bench.run(1000);
        assert_eq!((bench.take().last(), bench.feed()), (Some(&LineEvent::RingStopped), Feed::TipOpen));
    }
}

fn japanese() -> Bench {
    bench(CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt }, 1.0)
}

#[test]
fn a_terminal_that_lifts_at_short_rings_is_served_and_the_telephone_rung() {
    let mut bench = japanese();
    ring(&mut bench, Some(caller()));
    bench.run(700);
    assert_eq!(orders(&bench)[0].0, "short");
    bench.switch(0.0, true);
    bench.run(300);
    while message(&bench).is_none() {
        bench.tick();
        assert!(bench.now < 8 * 10_000, "no message");
    }
    bench.run(200);
    bench.switch(0.0, false);
    let hung_up = bench.now as f64 / 8.0;
    bench.run(6000);
    let ring = at(&bench, "ring").expect("ring");
    assert!((500.0..2200.0).contains(&(ring - hung_up)), "{ring} after {hung_up}");
    assert_eq!(bench.take(), [LineEvent::Ringing, LineEvent::CallerIdSent(CallerIdShown::Whole)]);
    assert_eq!(bench.played.len(), 2, "the message and its end: {:?}", bench.played);
    bench.lift();
    bench.run(200);
    assert_eq!(bench.take(), [LineEvent::Answered]);
}

#[test]
fn without_a_terminal_short_rings_give_way_to_the_ordinary_ones() {
    let mut bench = japanese();
    ring(&mut bench, Some(caller()));
    bench.run(12_000);
    let (short, ordinary) = (at(&bench, "short").expect("short"), at(&bench, "ring").expect("ring"));
    assert!((6000.0..7100.0).contains(&(ordinary - short)), "{short} to {ordinary}");
    assert_eq!(bench.take(), [LineEvent::Ringing]);
    assert_eq!(message(&bench), None);
}

#[test]
fn a_person_who_answers_short_rings_is_put_through() {
    let mut bench = japanese();
    ring(&mut bench, Some(caller()));
    bench.run(300);
    bench.lift();
    bench.run(9000);
    let sent = LineEvent::CallerIdSent(CallerIdShown::Whole);
    assert_eq!(bench.take(), [LineEvent::Ringing, sent, LineEvent::Answered]);
    assert_eq!(bench.fxs.playing(), Playing::Bridge);
    assert!(bench.longest_ringing_closed <= 1600);
}

#[test]
fn a_terminal_that_gives_up_within_the_message_is_rung() {
    let mut bench = japanese();
    ring(&mut bench, Some(caller()));
    bench.run(300);
    bench.switch(0.0, true);
    while !matches!(bench.fxs.playing(), Playing::CallerId { .. }) {
        bench.tick();
        assert!(bench.now < 8 * 10_000, "no message");
    }
    bench.switch(0.0, false);
    bench.run(6000);
    assert!(at(&bench, "ring").is_some());
    assert_eq!(bench.take()[0], LineEvent::Ringing);
    bench.command(LineCommand::StopRing);
    bench.run(100);
    assert_eq!(bench.take(), [LineEvent::RingStopped]);
}

#[test]
fn a_receiver_that_is_lifted_under_the_ring_pulse_ends_it_within_200_ms() {
    let timing = before(CallerIdAlert::RingPulse(Millis(300)), 600, 250, CallerIdSignal::ETSI);
    for ren in [1.0, 3.0, 5.0] {
        for after in (14..300).step_by(7) {
            let mut bench = bench(timing, ren);
            bench.run(500);
            ring(&mut bench, Some(caller()));
            bench.bouncing(f64::from(after), true, 3.0);
            bench.run(1000);
            assert!(
                bench.longest_ringing_closed <= 1600,
                "{ren} REN, {after}: {}",
                bench.longest_ringing_closed
            );
            assert_eq!(bench.take(), [LineEvent::Answered], "{ren} REN, {after}");
            assert_eq!(bench.feed(), Feed::Normal);
        }
    }
}
