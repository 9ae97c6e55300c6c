//! Ringing with caller identity, clearing, receiver off-hook, administrative state, epochs.

mod common;

use common::{Bench, Plant, settings, step};
use tipring_line::{Playing, Settings, frame_length};
use tipring_port::{
    Announcement, CallerId, CallerIdShown, CallerIdSignal, CallerIdTiming, CardOrder, DateTime, Disconnect,
    Feed, FskStandard, LineCommand, LineEvent, LineFault, MAX_CALLER_NAME, Program, ProgramId, Refusal,
    RingPattern, RingRequest, RohStage, Text, Tone,
};
use tipring_units::{Epoch, Millis, SampleTime};

fn caller() -> CallerId {
    CallerId {
        date: Some(DateTime { month: 3, day: 30, hour: 12, minute: 15 }),
        number: Ok("6095551212".into()),
        name: Some(Ok("JANE DOE".into())),
    }
}

fn ring_with(bench: &mut Bench, pattern: &[u32], caller: CallerId) -> u64 {
    let steps: Vec<_> = pattern.iter().copied().map(Millis).collect();
    let pattern = RingPattern::new(&steps);
    bench.command(LineCommand::Ring(RingRequest { pattern, caller: Some(caller) }));
    bench.now + 80
}

fn talking(settings: Settings) -> Bench {
    let mut bench = Bench::new(settings, Plant::new(1.0, 300.0));
    bench.lift();
    assert_eq!(bench.take(), [LineEvent::Seized]);
    bench.orders.clear();
    bench.played.clear();
    bench
}

/// Start and end of the caller-ID burst in ms after `start`.
fn burst(bench: &Bench, start: u64) -> Option<(f64, f64)> {
    let index = bench.played.iter().position(|(_, playing)| matches!(playing, Playing::CallerId { .. }))?;
    let at = |index: usize| (bench.played.get(index).expect("end").0 as f64 - start as f64) / 8.0;
    Some((at(index), at(index + 1)))
}

#[test]
fn an_announcement_is_followed_by_its_tone_and_another_order_ends_it() {
    let mut bench = talking(settings());
    let words = Announcement::of_number("12");
    bench.command(LineCommand::Announce { words, then: Some(Tone::Congestion) });
    bench.run(100);
    assert_eq!(bench.fxs.playing(), Playing::Announcement(words, Some(Tone::Congestion)));
    let now = SampleTime(bench.now);
    bench.fxs.announced(now, &mut bench.out);
    bench.run(20);
    assert_eq!(bench.take(), [LineEvent::Announced]);
    assert_eq!(bench.fxs.playing(), Playing::Tone(Tone::Congestion));
    bench.command(LineCommand::Announce { words, then: None });
    bench.fxs.announced(now, &mut bench.out);
    bench.run(20);
    assert_eq!(bench.take(), [LineEvent::Announced]);
    assert_eq!(bench.fxs.playing(), Playing::Bridge);
    bench.command(LineCommand::Announce { words, then: None });
    bench.command(LineCommand::Play(Tone::Busy));
    bench.fxs.announced(now, &mut bench.out);
    bench.run(20);
    assert_eq!(bench.take(), []);
    assert_eq!(bench.fxs.playing(), Playing::Tone(Tone::Busy));
}

#[test]
fn the_whole_cadence_goes_down_as_one_program() {
    let mut bench = Bench::simple();
    bench.ring();
    bench.run(100);
    let spec = settings().ring;
    let ringing = Feed::Ringing { frequency: spec.frequency, level: spec.level };
    let steps = [step(ringing, 2000), step(Feed::Normal, 4000)];
    let CardOrder::Run(program) = bench.orders.last().expect("order").1 else { panic!("no program") };
    assert_eq!(Program::new(program.id, &steps, 0), Some(program));
    assert_eq!(bench.take(), [LineEvent::Ringing]);
    bench.run(30_000);
    assert_eq!(bench.take(), []);
}

#[test]
fn caller_identity_is_sent_in_the_first_pause_and_nowhere_else() {
    let mut bench = Bench::simple();
    let start = ring_with(&mut bench, &[2000, 4000], caller());
    bench.run(20_000);
    let (from, to) = burst(&bench, start).expect("burst");
    let length = f64::from(frame_length(&caller(), CallerIdSignal::GR30).0);
    assert!((2500.0..2520.0).contains(&from), "{from}");
    assert!(to - from >= length && to <= 5800.0, "{from} to {to}");
    assert_eq!(bench.take(), [LineEvent::Ringing, LineEvent::CallerIdSent(CallerIdShown::Whole)]);
    assert_eq!(bench.played.len(), 2);
}

#[test]
fn caller_identity_keeps_its_distance_to_the_rings_of_a_card_that_is_behind() {
    for lag in [13, 80, 250] {
        let mut bench = Bench::simple();
        bench.lag = lag;
        let start = ring_with(&mut bench, &[2000, 4000], caller()) + lag;
        bench.run(10_000);
        let (from, to) = burst(&bench, start).expect("burst");
        assert!((2500.0..2520.0).contains(&from) && to <= 5800.0, "{lag}: {from} to {to}");
        assert_eq!(
            bench.take(),
            [LineEvent::Ringing, LineEvent::CallerIdSent(CallerIdShown::Whole)],
            "{lag}"
        );
    }
}

#[test]
fn caller_identity_takes_the_first_pause_with_room() {
    let mut bench = Bench::simple();
    let start = ring_with(&mut bench, &[400, 200, 400, 2000], caller());
    bench.run(6000);
    let (from, to) = burst(&bench, start).expect("burst");
    assert!(from >= 1500.0 && to <= 2800.0, "{from} to {to}");
}

/// What was sent, and its start and end in ms after `start`.
fn sent(bench: &Bench, start: u64) -> Option<(CallerId, f64, f64)> {
    let caller = bench.played.iter().find_map(|(_, playing)| match playing {
        Playing::CallerId { caller, .. } => Some(*caller),
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
    })?;
    burst(bench, start).map(|(from, to)| (caller, from, to))
}

/// The length of the shortest pause in which `caller` has room.
fn pause_for(caller: &CallerId) -> u32 {
    500 + 10 + frame_length(caller, CallerIdSignal::GR30).0 + 200
}

#[test]
fn a_short_pause_costs_the_name_first_then_the_date_and_the_line_says_so() {
    let named = caller();
    let nameless = CallerId { name: None, ..named };
    let bare = CallerId { date: None, ..nameless };
    let cases = [
        (pause_for(&named), named, CallerIdShown::Whole),
        (pause_for(&named) - 1, nameless, CallerIdShown::WithoutName),
        (pause_for(&nameless), nameless, CallerIdShown::WithoutName),
        (pause_for(&nameless) - 1, bare, CallerIdShown::NumberOnly),
        (pause_for(&bare), bare, CallerIdShown::NumberOnly),
    ];
    for (pause, expected, shown) in cases {
        let mut bench = Bench::simple();
        let start = ring_with(&mut bench, &[1000, pause], named);
        bench.run(9000);
        let (caller, from, to) = sent(&bench, start).expect("burst");
        assert_eq!(caller, expected, "{pause} ms");
        assert!(from >= 1500.0 && to <= f64::from(1000 + pause - 200), "{pause} ms: {from} to {to}");
        assert_eq!(bench.take(), [LineEvent::Ringing, LineEvent::CallerIdSent(shown)], "{pause} ms");
    }
}

#[test]
fn a_long_name_takes_no_more_room_than_the_characters_that_are_sent() {
    let named = |name: &str| CallerId { name: Some(Ok(Text::new(name))), ..caller() };
    let long = named(&"X".repeat(MAX_CALLER_NAME));
    let pause = pause_for(&named(&"X".repeat(15)));
    let mut bench = Bench::simple();
    let start = ring_with(&mut bench, &[1000, pause], long);
    bench.run(9000);
    assert_eq!(sent(&bench, start).map(|(caller, ..)| caller), Some(long));
    assert_eq!(bench.take(), [LineEvent::Ringing, LineEvent::CallerIdSent(CallerIdShown::Whole)]);
}

#[test]
fn caller_identity_without_room_is_not_sent_and_the_line_says_what_it_needs() {
    let bare = CallerId { date: None, name: None, ..caller() };
    let (needs, pause) = (Millis(pause_for(&bare)), Millis(pause_for(&bare) - 1));
    let mut bench = Bench::simple();
    let start = ring_with(&mut bench, &[1000, pause.0], caller());
    bench.run(9000);
    assert_eq!(burst(&bench, start), None);
    assert_eq!(bench.take(), [LineEvent::Ringing, LineEvent::CallerIdOmitted { needs, pause }]);
}

#[test]
fn a_single_message_is_sent_whole_or_not_at_all() {
    let mut single = settings();
    let signal =
        CallerIdSignal::Fsk { standard: FskStandard::Bell202, multiple: false, seizure: 300, mark: 180 };
    single.caller_id =
        CallerIdTiming::BetweenRings { after_ring: Millis(500), before_ring: Millis(200), signal };
    let needs = 500 + 10 + frame_length(&caller(), signal).0 + 200;
    for (pause, fits) in [(needs, true), (needs - 1, false)] {
        let mut bench = Bench::new(single, Plant::new(1.0, 300.0));
        ring_with(&mut bench, &[1000, pause], caller());
        bench.run(9000);
        let expected = if fits {
            LineEvent::CallerIdSent(CallerIdShown::Whole)
        } else {
            LineEvent::CallerIdOmitted { needs: Millis(needs), pause: Millis(pause) }
        };
        assert_eq!(bench.take(), [LineEvent::Ringing, expected], "{pause} ms");
    }
}

#[test]
fn a_card_that_rings_before_the_pause_is_over_ends_the_burst_and_the_line_says_so() {
    use tipring_port::{CardReport, LoopReading};
    use tipring_units::{Milliamps, SampleTime, Volts};

    let mut bench = Bench::simple();
    ring_with(&mut bench, &[2000, 4000], caller());
    bench.run(2700);
    assert!(matches!(bench.fxs.playing(), Playing::CallerId { .. }));
    let program = bench.orders.iter().rev().find_map(|(_, order)| match order {
        CardOrder::Run(program) => Some(program.id),
        CardOrder::Feed(_) | CardOrder::Present(_) | CardOrder::Lifeline(_) => None,
    });
    let mut report = CardReport::steady(LoopReading {
        voltage: Volts(48.0),
        current: Milliamps(0.0),
        ..LoopReading::default()
    });
    report.step = program.map(|id| (id, 0, 0));
    bench.fxs.tick(SampleTime(bench.now), &report, &mut bench.out);
    let said: Vec<_> = bench.out.events().map(|said| said.event).collect();
    let [LineEvent::CallerIdOmitted { needs, pause }] = said[..] else { panic!("{said:?}") };
    assert_eq!(needs, Millis(pause_for(&caller())));
    assert!((680..=710).contains(&pause.0), "{pause}");
    assert_eq!(bench.fxs.playing(), Playing::Nothing);
}

#[test]
fn answering_cancels_the_caller_identity() {
    let mut bench = Bench::simple();
    ring_with(&mut bench, &[2000, 4000], caller());
    bench.run(2700);
    assert!(matches!(bench.fxs.playing(), Playing::CallerId { .. }));
    bench.lift();
    bench.run(2000);
    assert_eq!(bench.take(), [LineEvent::Ringing, LineEvent::Answered]);
    assert_eq!(bench.fxs.playing(), Playing::Bridge);
}

#[test]
fn stopping_the_ring_ends_the_epoch_and_the_feed() {
    let mut bench = Bench::simple();
    bench.ring();
    bench.run(1000);
    let epoch = bench.fxs.epoch();
    bench.command(LineCommand::StopRing);
    bench.run(20);
    assert!(!bench.rings_now());
    assert_eq!(bench.said.last().map(|said| (said.epoch, said.event)), Some((epoch, LineEvent::RingStopped)));
    assert_eq!(bench.fxs.epoch(), epoch.next());
    bench.command_in(epoch, LineCommand::StopRing);
    bench.run(10);
    let said = *bench.said.last().expect("refusal");
    assert_eq!((said.epoch, said.event), (epoch, LineEvent::Refused(Refusal::Stale)));
}

#[test]
fn what_is_true_of_a_line_is_told_in_any_epoch() {
    let mut bench = talking(settings());
    for epoch in [Epoch(0), bench.fxs.epoch(), Epoch(u32::MAX)] {
        bench.command_in(epoch, LineCommand::Report);
        assert!(bench.out.wants_summary(), "{epoch:?}");
        bench.run(50);
        assert_eq!(bench.take(), []);
    }
}

#[test]
fn an_old_epochs_commands_change_nothing() {
    let mut bench = talking(settings());
    let before = bench.fxs.summary();
    for command in [
        LineCommand::StopRing,
        LineCommand::Play(Tone::Busy),
        LineCommand::Quiet,
        LineCommand::Answered,
        LineCommand::Cleared { tone: Tone::Busy },
        LineCommand::Park,
        LineCommand::Release,
    ] {
        bench.command_in(Epoch(0), command);
        bench.run(50);
        assert_eq!(bench.take(), [LineEvent::Refused(Refusal::Stale)], "{command:?}");
    }
    assert_eq!(bench.fxs.summary().off_hook, before.off_hook);
    assert!(bench.orders.is_empty() && bench.played.is_empty());
}

#[test]
fn clearing_gives_cpc_then_the_tone_then_the_howler_then_quiet() {
    let mut bench = talking(settings());
    let start = bench.now;
    bench.command(LineCommand::Cleared { tone: Tone::Congestion });
    bench.run(65_000);
    let expected = [
        (0.0, LineEvent::Roh(RohStage::Supervision)),
        (260.0, LineEvent::SupervisionDone),
        (260.0, LineEvent::Roh(RohStage::Reorder)),
        (20_260.0, LineEvent::Roh(RohStage::Howler)),
        (60_260.0, LineEvent::Roh(RohStage::Quiet)),
    ];
    let said: Vec<_> = bench.said.iter().map(|said| ((said.at.0 - start) as f64 / 8.0, said.event)).collect();
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for (said, expected) in said.iter().zip(expected) {
        assert_eq!(said.1, expected.1);
        assert!((said.0 - expected.0).abs() <= 20.0, "{said:?} {expected:?}");
    }
    let played: Vec<_> = bench.played.iter().map(|(_, playing)| *playing).collect();
    let tones = [Playing::Tone(Tone::Congestion), Playing::Tone(Tone::Howler)];
    assert_eq!(played, [Playing::Nothing, tones[0], tones[1], Playing::Nothing]);
    let CardOrder::Run(program) = bench.orders[0].1 else { panic!("no program") };
    let steps = [step(Feed::Open, 250), step(Feed::Normal, 10)];
    assert_eq!(Program::new(program.id, &steps, 99), Some(program));
    // Quiet until hung up.
    bench.take();
    bench.switch(0.0, false);
    bench.run(1500);
    assert_eq!(bench.take(), [LineEvent::Released]);
}

#[test]
fn cpc_is_not_read_as_a_hang_up_at_any_length_or_load() {
    for length in [100, 250, 500, 900, 1500] {
        for ren in [0.0, 5.0] {
            for loop_ohms in [0.0, 1500.0] {
                let mut settings = settings();
                settings.disconnect = Disconnect::Cpc(Millis(length));
                let mut bench = Bench::new(settings, Plant::new(ren, loop_ohms));
                bench.lift();
                bench.command(LineCommand::Cleared { tone: Tone::Busy });
                bench.run(5000);
                let events = bench.take();
                assert!(!events.contains(&LineEvent::Released), "{length} {events:?}");
                assert!(
                    !events.iter().any(|event| matches!(event, LineEvent::Flash(_))),
                    "{length} {events:?}"
                );
            }
        }
    }
}

#[test]
fn a_hang_up_during_cpc_is_found_after_it() {
    for ren in [0.0, 5.0] {
        for after in [20.0, 120.0, 255.0, 300.0] {
            let mut bench = Bench::new(settings(), Plant::new(ren, 1500.0));
            bench.lift();
            bench.command(LineCommand::Cleared { tone: Tone::Busy });
            bench.switch(after, false);
            bench.run(2500);
            assert_eq!(bench.take().last(), Some(&LineEvent::Released), "{ren} REN, {after} ms");
            assert_eq!(bench.feed(), Feed::Normal);
        }
    }
}

#[test]
fn polarity_is_reversed_on_answer_and_back_on_clearing() {
    let mut settings = settings();
    settings.reverse_on_answer = true;
    settings.disconnect = Disconnect::Reversal;
    let mut bench = talking(settings);
    bench.command(LineCommand::Answered);
    bench.run(300);
    assert_eq!(bench.feed(), Feed::Reversed);
    assert_eq!(bench.take(), [LineEvent::SupervisionDone]);
    // Flash and pulses are found in reversed battery as well.
    bench.switch(0.0, false);
    bench.switch(400.0, true);
    bench.run(600);
    assert!(matches!(bench.take()[..], [LineEvent::Flash(_)]));
    bench.command(LineCommand::Cleared { tone: Tone::Busy });
    bench.run(300);
    assert_eq!(bench.feed(), Feed::Normal);
    let supervision = LineEvent::Roh(RohStage::Supervision);
    let reorder = LineEvent::Roh(RohStage::Reorder);
    assert_eq!(bench.take(), [supervision, LineEvent::SupervisionDone, reorder]);
}

#[test]
fn hanging_up_in_reversed_battery_with_five_ringers_seizes_nothing() {
    for loop_ohms in [0.0, 1500.0] {
        let mut settings = settings();
        settings.reverse_on_answer = true;
        let mut bench = Bench::new(settings, Plant::new(5.0, loop_ohms));
        bench.lift();
        bench.command(LineCommand::Answered);
        bench.run(1000);
        bench.take();
        bench.switch(0.0, false);
        bench.run(1300);
        assert_eq!(bench.take(), [LineEvent::Released]);
        assert_eq!(bench.feed(), Feed::Normal);
        // A call at once waits until the ringers have settled.
        bench.ring();
        bench.run(20_000);
        assert_eq!(bench.take(), [LineEvent::Ringing]);
    }
}

#[test]
fn parking_starts_the_sequence_without_supervision() {
    let mut bench = talking(settings());
    bench.command(LineCommand::Park);
    bench.run(100);
    assert_eq!(bench.take(), [LineEvent::Roh(RohStage::Reorder)]);
    assert!(bench.orders.is_empty());
    assert_eq!(bench.fxs.playing(), Playing::Tone(Tone::Congestion));
}

#[test]
fn a_country_without_howler_goes_straight_to_quiet() {
    let mut settings = settings();
    settings.roh.howler = Millis::ZERO;
    settings.disconnect = Disconnect::None;
    let mut bench = talking(settings);
    bench.command(LineCommand::Cleared { tone: Tone::Busy });
    bench.run(21_000);
    assert_eq!(bench.take(), [LineEvent::Roh(RohStage::Reorder), LineEvent::Roh(RohStage::Quiet)]);
}

#[test]
fn a_new_call_takes_the_line_out_of_the_sequence() {
    let mut bench = talking(settings());
    bench.command(LineCommand::Cleared { tone: Tone::Busy });
    bench.run(100);
    bench.command(LineCommand::Play(Tone::Dial));
    bench.run(1000);
    assert_eq!(bench.fxs.playing(), Playing::Tone(Tone::Dial));
    bench.command(LineCommand::Quiet);
    bench.run(30_000);
    assert_eq!(bench.fxs.playing(), Playing::Bridge);
    assert_eq!(bench.take(), [LineEvent::Roh(RohStage::Supervision), LineEvent::SupervisionDone]);
}

#[test]
fn taking_a_line_out_of_service_ends_what_it_does() {
    let mut bench = talking(settings());
    bench.command(LineCommand::InService(false));
    bench.run(100);
    assert_eq!(bench.take(), [LineEvent::Released, LineEvent::InService(false)]);
    assert_eq!(bench.feed(), Feed::Open);
    bench.ring();
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Refused(Refusal::OutOfService)]);
    // Still lifted when battery returns.
    bench.command(LineCommand::InService(true));
    bench.run(600);
    assert_eq!(bench.take(), [LineEvent::InService(true), LineEvent::Seized]);

    let mut bench = Bench::new(settings(), Plant::new(5.0, 1500.0));
    bench.ring();
    bench.run(500);
    bench.command(LineCommand::InService(false));
    bench.run(100);
    bench.command(LineCommand::InService(true));
    bench.run(2000);
    let expected =
        [LineEvent::Ringing, LineEvent::RingStopped, LineEvent::InService(false), LineEvent::InService(true)];
    assert_eq!(bench.take(), expected);
}

#[test]
fn leakage_is_reported_once_and_cleared_once() {
    let mut bench = Bench::simple();
    bench.plant.leak_ohms = 8000.0;
    bench.run(3000);
    assert_eq!(bench.take(), [LineEvent::Fault(LineFault::Leakage)]);
    assert!(bench.fxs.summary().faulted);
    bench.plant.leak_ohms = 1e9;
    bench.run(3000);
    assert_eq!(bench.take(), [LineEvent::FaultCleared(LineFault::Leakage)]);
    assert!(!bench.fxs.summary().faulted);
}

#[test]
fn a_silent_card_is_a_fault_and_takes_no_new_ring() {
    let mut bench = Bench::simple();
    bench.fxs.card_silent(SampleTime(bench.now), true, &mut bench.out);
    bench.ring();
    bench.run(50);
    let silent = LineEvent::Fault(LineFault::CardSilent);
    assert_eq!(bench.take(), [silent, LineEvent::Refused(Refusal::OutOfService)]);
}

#[test]
fn a_line_begins_anew_when_its_card_reports_again() {
    let mut bench = talking(settings());
    let (fault, now) = (LineFault::CardSilent, SampleTime(bench.now));
    bench.fxs.card_silent(now, true, &mut bench.out);
    bench.run(500);
    bench.fxs.card_silent(SampleTime(bench.now), false, &mut bench.out);
    bench.run(500);
    // it is off-hook, and says so
    let again =
        [LineEvent::Fault(fault), LineEvent::Released, LineEvent::FaultCleared(fault), LineEvent::Seized];
    assert_eq!(bench.take(), again);

    let mut bench = Bench::simple();
    bench.ring();
    bench.run(500);
    bench.take();
    bench.fxs.card_silent(SampleTime(bench.now), true, &mut bench.out);
    bench.fxs.card_silent(SampleTime(bench.now), false, &mut bench.out);
    bench.run(50);
    assert!(!bench.rings_now(), "nobody wants it to ring any more");
    assert!(bench.take().contains(&LineEvent::RingStopped));
}

#[test]
fn program_names_are_not_used_twice() {
    let mut bench = Bench::simple();
    for _ in 0..5 {
        bench.ring();
        bench.run(500);
        bench.command(LineCommand::StopRing);
        bench.run(500);
    }
    let mut ids: Vec<ProgramId> = bench
        .orders
        .iter()
        .filter_map(|(_, order)| match order {
            CardOrder::Run(program) => Some(program.id),
            CardOrder::Feed(_) | CardOrder::Present(_) | CardOrder::Lifeline(_) => None,
        })
        .collect();
    assert_eq!(ids.len(), 5);
    ids.dedup();
    assert_eq!(ids.len(), 5);
}
