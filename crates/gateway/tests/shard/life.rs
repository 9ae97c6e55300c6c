//! What a shard withstands: stale commands, panics, full queues, strangers; what taps and statistics tell.

use crate::shard_bench::far::{EVENTS, Far};
use crate::shard_bench::toys::{Observer, Say, Toys};
use crate::shard_bench::{Bench, address};
use tipring_gateway::{LineStage, MAX_EVENTS};
use tipring_media::{Stage, TAP_FRAMES};
use tipring_port::{
    CardOrder, CodecName, Command, DtmfMode, Event, Feed, LegSpec, LineCommand, LineEvent, LineFault,
    MediaCommand, MediaEvent, Refusal, RingPattern, RingRequest, Samples, Symbols, TapPoint, Tone,
};
use tipring_units::{BridgeId, Epoch, LegId, LineId, MediaSlot, Millis};

macro_rules! at_both_fidelities {
    ($($name:ident => $run:ident;)*) => {$(
        #[test]
        fn $name() {
            $run::<Samples>();
            $run::<Symbols>();
        }
    )*};
}

at_both_fidelities! {
    a_command_of_another_epoch_is_refused => stale;
    a_panic_restarts_one_line_only => line_panic;
    a_panic_ends_one_leg_only => leg_panic;
    a_panic_while_mixing_ends_the_legs_of_one_bridge_only => mix_panic;
    a_restart_ends_what_one_line_does_and_no_other_s => line_restart;
    a_panic_while_a_frame_is_made_restarts_one_line_only => frame_panic;
    a_panic_when_a_tone_begins_restarts_one_line_only => player_panic;
    a_line_that_panics_while_it_rings_stops_ringing => ringing_panic;
    lost_events_are_followed_by_the_latched_summary => lost;
    packets_for_unknown_slots_are_dropped_and_counted => strays;
    each_stream_hears_its_own_slot_whatever_the_slots_are_numbered => slots;
    packets_of_strangers_and_nonsense_are_refused => strangers;
    what_still_comes_of_an_older_call_is_not_heard_in_the_next_on_its_slot => leftovers;
    statistics_come_every_five_seconds_and_at_the_end => statistics;
    a_silent_far_end_is_told_once => starved;
    taps_give_what_each_place_hears_and_lose_what_is_not_taken => taps;
    commands_that_cannot_be_done_are_told => impossible;
    an_idle_shard_may_be_skipped => skipping;
}

fn refusals(bench: &Bench<impl Toys>) -> usize {
    let events = bench.line_events(0);
    events.iter().filter(|(_, event)| *event == LineEvent::Refused(Refusal::Stale)).count()
}

fn stale<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 0);
    let before = bench.epoch(0);
    bench.lift(0);
    bench.lines[0].closed = false;
    bench.run(200);
    assert_ne!(bench.epoch(0), before);
    bench.lift(0);
    for epoch in [before, Epoch(before.0 + 7)] {
        bench.forget();
        bench.shards[0].command(bench.now, Command::Line(LineId(0), epoch, LineCommand::Play(Tone::Dial)));
        bench.run(5);
        assert_eq!((refusals(&bench), bench.lines[0].ear.sounding()), (1, 0), "{epoch:?}");
    }
    let refused = bench.shards[0].refused();
    bench.shards[0].command(bench.now, Command::Line(LineId(44), before, LineCommand::Quiet));
    assert_eq!(bench.shards[0].refused(), refused + 1, "a line of another shard");
}

fn line_panic<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 3, 0);
    for line in 0..3 {
        bench.lift(line);
    }
    bench.join_line(1, 5);
    bench.join_line(2, 5);
    bench.lines[1].says = Say::Voice(1);
    bench.order(0, LineCommand::Play(Tone::Dial));
    bench.run(20);
    let epoch = bench.epoch(0);
    bench.forget();
    bench.shards[0].injure(LineId(0), LineStage::Sense);
    bench.run(100);
    let told = bench.line_events(0);
    assert_eq!(
        told,
        [
            (epoch, LineEvent::Fault(LineFault::Panicked)),
            (epoch, LineEvent::Released),
            (epoch.next(), LineEvent::FaultCleared(LineFault::Panicked)),
            (epoch.next(), LineEvent::Seized), // the receiver still is off
        ]
    );
    assert!(bench.lines[0].ear.sounding() <= 1, "its tone ends");
    assert!(bench.line_events(1).is_empty() && bench.line_events(2).is_empty());
    assert_eq!(bench.lines[2].ear.voices(100), 0b10, "the neighbours talk on");
}

fn line_restart<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 2, 0);
    for line in 0..2 {
        bench.lift(line);
        bench.join_line(line, 5);
    }
    bench.lines[1].says = Say::Voice(1);
    bench.run(20);
    let epoch = bench.epoch(0);
    bench.forget();
    bench.shards[0].command(bench.now, Command::Restart(LineId(0)));
    bench.run(100);
    // The receiver still is off.
    assert_eq!(bench.line_events(0), [(epoch, LineEvent::Released), (epoch.next(), LineEvent::Seized)]);
    assert!(bench.line_events(1).is_empty());
    let refused = bench.shards[0].refused();
    bench.shards[0].command(bench.now, Command::Restart(LineId(44)));
    assert_eq!(bench.shards[0].refused(), refused + 1);
}

/// Two lines, each in a call with a far end that speaks.
fn two_calls<A: Toys>() -> Bench<A> {
    let mut bench = Bench::<A>::new(1, 2, 2);
    for line in 0..2 {
        bench.lift(line);
        bench.join_line(line, u64::from(line));
        bench.join_far(Far::new(line), u64::from(line));
        bench.fars[usize::from(line)].says = Say::Voice(line as u8);
    }
    bench.run(110); // beyond the first statistics
    bench.forget();
    bench
}

fn leg_panic<A: Toys>() {
    let mut bench = two_calls::<A>();
    let leg = bench.fars[0].leg();
    bench.shards[0].injure_leg(leg, Stage::Play);
    bench.run(60);
    assert_eq!(bench.media_events(), [MediaEvent::Failed(leg)]);
    assert_eq!(bench.lines[0].ear.voices(1), 0);
    assert_eq!(bench.lines[1].ear.voices(58), 0b10);
    assert_eq!(bench.shards[0].leg_count(), 3);
    // The stream is whole again for the next call.
    let mut far = bench.fars.remove(0);
    far.address = address(99);
    bench.media(0, MediaCommand::Open(LegId(500), LegSpec::Rtp(far.spec())));
    bench.media(0, MediaCommand::Join(BridgeId(0), LegId(500)));
    bench.fars.push(far);
    bench.run(60);
    assert_eq!(bench.lines[0].ear.voices(20), 0b1);
}

fn mix_panic<A: Toys>() {
    let mut bench = two_calls::<A>();
    let leg = bench.fars[0].leg();
    bench.shards[0].injure_leg(leg, Stage::Mix);
    bench.run(60);
    let told = bench.media_events();
    assert_eq!(told.len(), 2, "both legs of the bridge: {told:?}");
    assert!(told.contains(&MediaEvent::Failed(leg)), "{told:?}");
    assert!(told.iter().all(|event| matches!(event, MediaEvent::Failed(_))), "{told:?}");
    assert_eq!(bench.lines[0].ear.voices(1), 0);
    assert_eq!(bench.lines[1].ear.voices(58), 0b10, "the other bridge talks on");
    assert_eq!(bench.shards[0].leg_count(), 2);
}

fn frame_panic<A: Toys>() {
    one_line_panics::<A>(LineStage::Out);
}

fn player_panic<A: Toys>() {
    one_line_panics::<A>(LineStage::Play);
}

fn one_line_panics<A: Toys>(stage: LineStage) {
    let mut bench = Bench::<A>::new(1, 3, 0);
    for line in 0..3 {
        bench.lift(line);
    }
    bench.join_line(1, 5);
    bench.join_line(2, 5);
    bench.lines[1].says = Say::Voice(1);
    bench.run(20);
    let epoch = bench.epoch(0);
    bench.forget();
    bench.shards[0].injure(LineId(0), stage);
    bench.order(0, LineCommand::Play(Tone::Dial));
    bench.run(100);
    let told = bench.line_events(0);
    assert_eq!(told.first(), Some(&(epoch, LineEvent::Fault(LineFault::Panicked))));
    assert_eq!(told.last(), Some(&(epoch.next(), LineEvent::Seized)), "the receiver still is off: {told:?}");
    assert!(bench.lines[0].ear.sounding() <= 1, "its tone ends");
    bench.order(0, LineCommand::Play(Tone::Dial));
    bench.run(20);
    assert!(bench.lines[0].ear.sounding() > 1, "it works again");
    assert!(bench.line_events(1).is_empty() && bench.line_events(2).is_empty());
    assert_eq!(bench.lines[2].ear.voices(100), 0b10, "the neighbours talk on");
}

fn ringing_panic<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 0);
    let pattern = RingPattern::new(&[Millis(2000), Millis(4000)]);
    bench.order(0, LineCommand::Ring(RingRequest { pattern, caller: None }));
    bench.run(50);
    assert!(bench.shards[0].summary(LineId(0)).unwrap().1.ringing);
    bench.lines[0].orders.clear();
    bench.shards[0].injure(LineId(0), LineStage::Sense);
    bench.run(3);
    assert_eq!(bench.lines[0].orders.first(), Some(&CardOrder::Feed(Feed::Normal)));
}

fn lost<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    // Nobody polls while thousands of refusals are told.
    let shard = &mut bench.shards[0];
    for _ in 0..MAX_EVENTS / 8 + 1 {
        for _ in 0..10 {
            let old = Epoch(999_999);
            shard.command(bench.now, Command::Line(LineId(0), old, LineCommand::Quiet));
        }
        let input = tipring_gateway::LineIn::steady(tipring_port::LoopReading {
            current: tipring_units::Milliamps(25.0),
            voltage: tipring_units::Volts(48.0),
            ..tipring_port::LoopReading::default()
        });
        let (mut out, mut packets) =
            ([tipring_gateway::LineOut::SILENT], tipring_media::Packets::with_capacity(1));
        shard.tick(bench.now, &[input], &mut out, &mut packets, |_| ());
    }
    let waiting = core::iter::from_fn(|| shard.poll()).count();
    assert_eq!(waiting, MAX_EVENTS);
    bench.lines[0].closed = true;
    bench.run(2);
    let lost: Vec<_> = bench.events.iter().filter(|(_, event)| matches!(event, Event::Summary(..))).collect();
    let [(_, Event::Summary(line, epoch, summary))] = lost[..] else { panic!("{:?}", bench.events) };
    assert_eq!((*line, *epoch, summary.off_hook), (LineId(0), bench.epoch(0), true));
}

fn strays<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 2);
    bench.join_far(Far::new(3), 5);
    let packet = [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3];
    bench.shards[0].receive(bench.now, MediaSlot(77), address(1), &packet);
    bench.shards[0].receive(bench.now, MediaSlot(u16::MAX), address(1), &packet);
    assert_eq!(bench.shards[0].strays(), 2);
    let leg = bench.fars[0].leg();
    bench.media(0, MediaCommand::Close(leg));
    bench.run(5);
    assert_eq!(bench.shards[0].strays(), 7, "packets of a call that is over");
    bench.shards[0].receive_crossed(LegId(12345), &A::SILENCE);
}

fn slots<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 2, 2);
    for (line, slot) in [(0, 3), (1, 5)] {
        bench.lift(line);
        bench.join_line(line, u64::from(line));
        bench.join_far(Far::new(slot), u64::from(line));
        bench.fars[usize::from(line)].says = Say::Voice(line as u8);
    }
    bench.run(110);
    bench.forget();
    bench.run(60);
    assert_eq!((bench.lines[0].ear.voices(58), bench.lines[1].ear.voices(58)), (0b01, 0b10));
    assert_eq!(bench.shards[0].strays(), 0);
}

fn strangers<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let leg = bench.join_far(Far::new(3), 5);
    bench.fars[0].says = Say::Voice(1);
    bench.run(60);
    bench.forget();
    for n in 0..200_u8 {
        let mut packet = vec![0x80, 0, 0x55, n, 0, 0, n, 0, 9, 9, 9, 9];
        packet.extend([n; 160]);
        let now = bench.now;
        bench.shards[0].receive(now, MediaSlot(3), address(200), &packet);
        bench.shards[0].receive(now, MediaSlot(3), address(3), &packet[..usize::from(n) % 12]);
        bench.tick();
    }
    assert_eq!(bench.lines[0].ear.voices(200), 0b10);
    bench.media(0, MediaCommand::Close(leg));
    bench.run(1);
    let stats = bench.media_events().into_iter().find_map(|event| match event {
        MediaEvent::Stats(_, stats, true) => Some(stats),
        _ => None,
    });
    let refused = stats.unwrap().refused;
    assert!(refused >= 360, "{refused}");
}

fn leftovers<A: Toys>() {
    // With and without packets of the older call between the two.
    for gap in [60, 0] {
        let mut bench = Bench::<A>::new(1, 1, 2);
        bench.lift(0);
        bench.join_line(0, 5);
        let leg = bench.join_far(Far::new(3), 5);
        bench.fars[0].says = Say::Voice(1);
        bench.run(60);
        assert_eq!(bench.lines[0].ear.voices(20), 0b10);
        bench.media(0, MediaCommand::Close(leg));
        bench.run(gap);
        // Its far end goes on, for it did not hear that the call is over; the next far end is another, and silent.
        let mut next = Far::<A>::new(4);
        next.slot = MediaSlot(3);
        bench.media(0, MediaCommand::Open(LegId(555), LegSpec::Rtp(next.spec())));
        bench.media(0, MediaCommand::Join(BridgeId(5), LegId(555)));
        bench.forget();
        bench.run(200);
        assert_eq!(bench.lines[0].ear.ever(), 0, "after {gap} ticks");
    }
}

fn statistics<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let leg = bench.join_far(Far::new(3), 5);
    bench.run(1050);
    let told = |bench: &Bench<A>| {
        let stats = |event: MediaEvent| match event {
            MediaEvent::Stats(leg, stats, last) => Some((leg, stats, last)),
            _ => None,
        };
        bench.media_events().into_iter().filter_map(stats).collect::<Vec<_>>()
    };
    let all = told(&bench);
    assert_eq!(
        all.iter().map(|(at, _, last)| (*at, *last)).collect::<Vec<_>>(),
        [(leg, false); 3],
        "after 1, 5 and 10 s"
    );
    assert_eq!((all[2].1.sent, all[2].1.received, all[2].1.lost), (500, 1001, 0));
    // Ten packets get lost.
    bench.fars[0].sends = false;
    for _ in 0..10 {
        bench.fars[0].skip();
        bench.tick();
    }
    bench.fars[0].sends = true;
    bench.run(100);
    bench.forget();
    bench.media(0, MediaCommand::Close(leg));
    let [(_, stats, true)] = told_now(&mut bench)[..] else { panic!() };
    assert_eq!(stats.lost, 10);
    assert!(stats.concealed >= 5, "{stats:?}");
    let here = stats.quality.here.unwrap();
    assert!(here.loss > 40 && here.loss < 130 && here.rating < 93 && here.rating > 80, "{here:?}");
    assert!((38..=44).contains(&here.score) && all[2].1.quality.here.unwrap().rating > here.rating);
    assert!(bench.fars[0].reports >= 1, "a farewell by RTCP");
}

fn told_now<A: Toys>(bench: &mut Bench<A>) -> Vec<(LegId, tipring_port::StreamStats, bool)> {
    bench.run(1);
    let stats = |event: MediaEvent| match event {
        MediaEvent::Stats(leg, stats, last) => Some((leg, stats, last)),
        _ => None,
    };
    bench.media_events().into_iter().filter_map(stats).collect()
}

fn starved<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    let leg = bench.join_far(Far::new(3), 5);
    bench.run(30);
    bench.fars[0].sends = false;
    bench.run(1200);
    let told: Vec<MediaEvent> = bench
        .media_events()
        .into_iter()
        .filter(|event| matches!(event, MediaEvent::Flowing(_) | MediaEvent::Starved(..)))
        .collect();
    assert_eq!(told, [MediaEvent::Flowing(leg), MediaEvent::Starved(leg, Millis(5000))]);
}

fn taps<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 2, 0);
    bench.lift(0);
    bench.lift(1);
    bench.join_line(0, 5);
    bench.join_line(1, 5);
    bench.lines[0].says = Say::Voice(0);
    bench.lines[1].says = Say::Voice(1);
    bench.run(20);
    let points = [(TapPoint::LineIn, 0b01), (TapPoint::Cancelled, 0b01), (TapPoint::LineOut, 0b10)];
    for (point, _) in points {
        bench.media(0, MediaCommand::Tap(LineId(0), point, true));
    }
    bench.run(TAP_FRAMES + 7);
    for (point, voice) in points {
        let mut ear = Observer::<A>::new();
        let lost = bench.shards[0].take_tap(LineId(0), point, |frame| ear.hear(frame));
        assert_eq!((ear.frames.len(), lost), (TAP_FRAMES, Some(7)), "{point:?}");
        assert_eq!(ear.voices(TAP_FRAMES), voice, "{point:?}");
        bench.media(0, MediaCommand::Tap(LineId(0), point, false));
        assert_eq!(bench.shards[0].take_tap(LineId(0), point, |_| ()), None);
    }
}

fn impossible<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    let line = bench.join_line(0, 5);
    let far = bench.join_far(Far::new(3), 5);
    let spec = bench.fars[0].spec();
    for (command, leg) in [
        (MediaCommand::Open(line, LegSpec::Line(LineId(0))), line), // the name is in use
        (MediaCommand::Open(LegId(70), LegSpec::Line(LineId(0))), LegId(70)), // the line has a leg
        (MediaCommand::Open(LegId(71), LegSpec::Line(LineId(9))), LegId(71)), // no such line
        (MediaCommand::Open(LegId(72), LegSpec::Rtp(spec)), LegId(72)), // all streams are in use
        (MediaCommand::Join(BridgeId(5), LegId(73)), LegId(73)),    // no such leg
    ] {
        bench.events.clear();
        bench.media(0, command);
        bench.poll(0);
        assert_eq!(bench.media_events(), [MediaEvent::Failed(leg)], "{command:?}");
    }
    // A stream that is just being closed gives way to a new one.
    bench.events.clear();
    bench.media(0, MediaCommand::Close(far));
    bench.media(0, MediaCommand::Open(LegId(74), LegSpec::Rtp(spec)));
    bench.run(1);
    assert!(matches!(
        bench.media_events()[..],
        [MediaEvent::Stats(_, _, true), MediaEvent::Flowing(LegId(74))]
    ));
    for command in [
        MediaCommand::Close(LegId(999)),
        MediaCommand::Leave(LegId(999)),
        MediaCommand::Change(LegId(999), spec),
        MediaCommand::Tone(line, Some(Tone::Busy)),
        MediaCommand::Digit(LegId(999), b'1', Millis(100)),
        MediaCommand::Deaf(LegId(999), true),
    ] {
        bench.media(0, command); // nothing happens
    }
    bench.run(2);
}

fn skipping<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 2, 1);
    bench.run(200);
    assert!(bench.shards[0].quiet_until().is_some());
    bench.join_far(Far::new(3).by(CodecName::Pcmu, DtmfMode::Events(EVENTS)), 5);
    assert_eq!(bench.shards[0].quiet_until(), None, "a leg works every tick");
    let leg = bench.fars[0].leg();
    bench.media(0, MediaCommand::Close(leg));
    assert_eq!(bench.shards[0].quiet_until(), None, "its farewell is to be sent");
    bench.run(2);
    assert!(bench.shards[0].quiet_until().is_some());
    bench.lines[0].closed = true;
    bench.run(3);
    assert!(
        bench.shards[0]
            .quiet_until()
            .is_none_or(|until| until < bench.shards[0].time() + tipring_units::Samples(800))
    );
}
