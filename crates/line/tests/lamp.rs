//! The message lamp: messages to a telephone on-hook, and the neon battery.

mod common;

use common::{Bench, Plant, settings};
use tipring_line::{Playing, Settings, lamp_length};
use tipring_port::{
    CallerId, CallerIdAlert, CallerIdSignal, CardOrder, Feed, LampSignal, LineCommand, LineEvent, Refusal,
    RingPattern, RingRequest,
};
use tipring_units::{Millis, Volts};

fn with(alert: CallerIdAlert, signal: CallerIdSignal) -> Settings {
    let mut settings = settings();
    settings.lamp.signal = Some(LampSignal { alert, alert_to_data: Millis(100), signal });
    settings
}

fn american() -> Settings {
    with(CallerIdAlert::None, CallerIdSignal::GR30)
}

fn bench(settings: Settings) -> Bench {
    let mut bench = Bench::new(settings, Plant::new(1.0, 300.0));
    bench.run(2000);
    bench.take();
    (bench.played, bench.orders) = (Vec::new(), Vec::new());
    bench
}

fn feeds(bench: &Bench) -> Vec<Feed> {
    bench
        .orders
        .iter()
        .map(|(_, order)| match order {
            CardOrder::Feed(feed) => *feed,
            CardOrder::Run(program) => program.steps()[0].feed,
            CardOrder::Present(_) | CardOrder::Lifeline(_) => panic!("{order:?}"),
        })
        .collect()
}

fn messages(bench: &Bench) -> Vec<bool> {
    bench
        .played
        .iter()
        .filter_map(|(_, playing)| if let Playing::Lamp { on, .. } = playing { Some(*on) } else { None })
        .collect()
}

#[test]
fn the_message_goes_out_after_the_alert_of_the_country() {
    let both = CallerIdAlert::ReversalAndTone { wait: Millis(150), length: Millis(100) };
    for alert in [
        CallerIdAlert::None,
        CallerIdAlert::Reversal,
        CallerIdAlert::Tone(Millis(100)),
        both,
        CallerIdAlert::RingPulse(Millis(250)),
    ] {
        for signal in [CallerIdSignal::GR30, CallerIdSignal::ETSI] {
            for on in [true, false] {
                let mut bench = bench(with(alert, signal));
                bench.command(LineCommand::Lamp(on));
                bench.run(4000);
                assert_eq!(bench.take(), [LineEvent::LampShown(on)], "{alert:?}");
                let place = bench.played.iter().position(|(_, p)| *p == Playing::Lamp { on, signal });
                let place = place.expect("message");
                let length = (bench.played[place + 1].0 - bench.played[place].0) / 8;
                assert!(length >= u64::from(lamp_length(on, signal).0));
                let tone = bench.played.iter().any(|(_, playing)| matches!(playing, Playing::Alert(_)));
                assert_eq!(
                    tone,
                    matches!(alert, CallerIdAlert::Tone(_) | CallerIdAlert::ReversalAndTone { .. })
                );
                let turned = feeds(&bench).contains(&Feed::Reversed);
                assert_eq!(
                    turned,
                    matches!(alert, CallerIdAlert::Reversal | CallerIdAlert::ReversalAndTone { .. })
                );
                let rung = feeds(&bench).iter().any(|feed| matches!(feed, Feed::Ringing { .. }));
                assert_eq!(rung, matches!(alert, CallerIdAlert::RingPulse(_)));
                assert!(bench.fxs.is_idle());
                assert_eq!(bench.fxs.epoch().0, 1, "no call came of it");
                if turned {
                    assert_eq!(feeds(&bench).last(), Some(&Feed::Normal));
                }
            }
        }
    }
}

#[test]
fn it_waits_for_the_end_of_a_call_and_only_the_last_word_counts() {
    let mut bench = bench(american());
    bench.lift();
    for on in [true, false, true] {
        bench.command(LineCommand::Lamp(on));
    }
    bench.run(5000);
    assert_eq!(messages(&bench), []);
    bench.switch(0.0, false);
    bench.run(6000);
    assert_eq!(messages(&bench), [true]);
    assert_eq!(bench.take().last(), Some(&LineEvent::LampShown(true)));
    bench.command(LineCommand::Lamp(true));
    bench.run(4000);
    assert_eq!(messages(&bench), [true, true], "each order is a message");
}

#[test]
fn a_telephone_lifted_meanwhile_has_dial_tone_and_is_told_later() {
    for alert in [CallerIdAlert::None, CallerIdAlert::Reversal, CallerIdAlert::RingPulse(Millis(250))] {
        // in alert, gap, message and rest
        for lifts in [30, 200, 400, 700, 1000] {
            let mut bench = bench(with(alert, CallerIdSignal::ETSI));
            bench.command(LineCommand::Lamp(true));
            bench.run(10);
            bench.switch(lifts as f64, true);
            bench.run(lifts + 700);
            let shown = bench.take();
            assert_eq!(shown.last(), Some(&LineEvent::Seized), "{alert:?} at {lifts}: {shown:?}");
            assert_eq!(bench.fxs.playing(), Playing::Bridge);
            let told = shown.contains(&LineEvent::LampShown(true));
            let polarity = feeds(&bench).last().copied();
            assert!(polarity.is_none_or(|feed| feed != Feed::Reversed), "{polarity:?}");
            bench.switch(0.0, false);
            bench.run(6000);
            assert_eq!(bench.take().contains(&LineEvent::LampShown(true)), !told);
        }
    }
}

#[test]
fn a_call_that_comes_meanwhile_rings_when_the_message_is_over() {
    let caller = CallerId { date: None, number: Ok("101".into()), name: None };
    let request = RingRequest { pattern: RingPattern::new(&[]), caller: Some(caller) };
    let mut first = bench(american());
    first.command(LineCommand::Lamp(true));
    first.run(500);
    assert_eq!(first.fxs.state_name(), "lamp");
    assert!(!first.fxs.summary().ringing);
    first.command(LineCommand::Ring(request));
    first.run(2500);
    assert_eq!(first.take(), [LineEvent::LampShown(true), LineEvent::Ringing]);

    // the caller gives up before
    let mut second = bench(american());
    second.command(LineCommand::Lamp(true));
    second.run(200);
    second.command(LineCommand::Ring(request));
    second.run(100);
    second.command(LineCommand::StopRing);
    second.run(3000);
    assert_eq!(second.take(), [LineEvent::RingStopped, LineEvent::LampShown(true)]);
    assert_eq!(second.fxs.epoch().0, 2);

    // the telephone is lifted before: that is glare
    let mut third = bench(american());
    third.command(LineCommand::Lamp(true));
    third.run(500);
    third.command(LineCommand::Ring(request));
    third.lift();
    assert_eq!(third.take(), [LineEvent::Refused(Refusal::OffHook), LineEvent::Seized]);
}

#[test]
fn a_line_taken_out_of_service_is_told_again_when_it_is_back() {
    let mut bench = bench(american());
    bench.command(LineCommand::Lamp(true));
    bench.run(500);
    bench.command(LineCommand::InService(false));
    bench.run(3000);
    assert_eq!(bench.take(), [LineEvent::InService(false)]);
    bench.command(LineCommand::InService(true));
    bench.run(4000);
    assert_eq!(bench.take(), [LineEvent::InService(true), LineEvent::LampShown(true)]);
}

#[test]
fn the_neon_battery_stands_while_the_line_is_idle() {
    let mut settings = settings();
    settings.lamp.signal = None;
    settings.lamp.neon = Some(Volts(100.0));
    let neon = Feed::Neon(Volts(100.0));
    let mut bench = bench(settings);
    bench.command(LineCommand::Lamp(true));
    bench.run(1000);
    assert_eq!(feeds(&bench), [neon]);
    assert_eq!(bench.take(), [], "the higher battery is no seizure");
    bench.lift();
    bench.run(500);
    assert_eq!(bench.take(), [LineEvent::Seized]);
    assert_eq!(feeds(&bench).last(), Some(&Feed::Normal), "a telephone in a call has ordinary battery");
    bench.switch(0.0, false);
    bench.run(3000);
    assert_eq!(bench.take(), [LineEvent::Released]);
    assert_eq!(feeds(&bench).last(), Some(&neon));
    bench.ring();
    bench.run(3000);
    bench.command(LineCommand::StopRing);
    bench.run(1000);
    assert_eq!(feeds(&bench).last(), Some(&neon));
    bench.command(LineCommand::Lamp(false));
    bench.run(1000);
    assert_eq!(feeds(&bench).last(), Some(&Feed::Normal));
}
