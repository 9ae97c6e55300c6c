//! Digits from every kind of leg to every other, in the way that each asks for.

use crate::shard_bench::Bench;
use crate::shard_bench::far::{EVENTS, EventPacket, Far};
use crate::shard_bench::toys::Toys;
use tipring_port::{CodecName, DtmfMode, LineEvent, MediaCommand, MediaEvent, Samples, Symbols};
use tipring_units::{LegId, Millis};

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
    digits_of_a_line_go_out_as_telephone_events => line_to_events;
    digits_of_a_line_go_out_as_they_sound_in_band => line_in_band;
    digits_of_a_line_go_up_for_signalling => line_to_signalling;
    digits_between_lines_are_left_as_they_sound => line_to_line;
    telephone_events_are_sounded_on_a_line => events_to_line;
    telephone_events_pass_between_far_ends_in_the_way_of_each => far_to_far;
    digits_ordered_by_signalling_are_sounded_one_after_another => ordered;
    digits_cross_between_shards_both_ways => across;
    a_digit_does_not_outlive_the_leg_that_it_came_from => cut_short;
    digits_that_arrive_in_a_burst_are_sounded_one_by_one => burst;
    digits_for_a_line_that_hears_a_tone_are_not_sounded => not_bridged;
}

const DIALLED: &[u8] = b"0123456789*#ABCD";

/// A line and a far end, bridged.
fn pair<A: Toys>(codec: CodecName, dtmf: DtmfMode) -> Bench<A> {
    let mut bench = Bench::<A>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    bench.join_far(Far::new(3).by(codec, dtmf), 5);
    bench.run(20);
    bench.forget();
    bench
}

/// Events by their timestamps, checked against RFC 4733: the marker at the first packet only, durations that grow, three
/// last packets with the end bit. Returns each event with its duration in ms.
fn whole_events(packets: &[EventPacket]) -> Vec<(u8, u16)> {
    let mut events = Vec::new();
    for event in packets.chunk_by(|a, b| a.timestamp == b.timestamp) {
        assert!(event[0].marker && event.iter().skip(1).all(|packet| !packet.marker), "{event:?}");
        assert!(event.windows(2).all(|pair| pair[0].duration <= pair[1].duration), "{event:?}");
        let ends: Vec<_> = event.iter().filter(|packet| packet.end).collect();
        assert!(ends.len() == 3 && event[event.len() - 3..].iter().all(|packet| packet.end), "{event:?}");
        assert!(ends.iter().all(|end| end.duration == ends[0].duration));
        let last = event.last().unwrap();
        events.push((last.event, last.duration / 8));
    }
    events
}

fn line_to_events<A: Toys>() {
    for (length, gap) in [(50, 50), (100, 100), (300, 70)] {
        let mut bench = pair::<A>(CodecName::Pcmu, DtmfMode::Events(EVENTS));
        for digit in DIALLED {
            bench.press(0, *digit, length, gap);
        }
        bench.run(50);
        let events = whole_events(&bench.fars[0].event_packets);
        assert_eq!(events.iter().map(|event| event.0).collect::<Vec<_>>(), (0..16).collect::<Vec<_>>());
        for (event, duration) in events {
            let off = (i32::from(duration) - length as i32).abs();
            assert!(off <= 30, "event {event} of {length} ms lasts {duration}");
        }
        assert_eq!(bench.fars[0].ear.digits(), "", "{length}: nobody hears them twice");
        // No more than 20 ms of each may leak.
        assert!(bench.fars[0].ear.sounding() <= 16 * 2, "{} ticks leak", bench.fars[0].ear.sounding());
        let sent: Vec<u8> = bench.line_events(0).iter().filter_map(digit_of).collect();
        assert_eq!(sent, DIALLED, "and control is told");
    }
}

fn digit_of(event: &(tipring_units::Epoch, LineEvent)) -> Option<u8> {
    match event.1 {
        LineEvent::Digit { digit, .. } => Some(digit),
        _ => None,
    }
}

fn line_in_band<A: Toys>() {
    let mut bench = pair::<A>(CodecName::Pcma, DtmfMode::InBand);
    for digit in DIALLED {
        bench.press(0, *digit, 60, 60);
    }
    bench.run(20);
    assert_eq!(bench.fars[0].ear.digits().as_bytes(), DIALLED);
    assert!(bench.fars[0].event_packets.is_empty());
}

fn line_to_signalling<A: Toys>() {
    let mut bench = pair::<A>(CodecName::Pcmu, DtmfMode::Signalling);
    for digit in b"159#" {
        bench.press(0, *digit, 100, 60);
    }
    bench.run(20);
    let told: Vec<(LegId, u8)> = bench
        .media_events()
        .iter()
        .filter_map(|event| match event {
            MediaEvent::DigitToSignal(leg, digit, length) => {
                assert!((70..=130).contains(&length.0), "{length}");
                Some((*leg, *digit))
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, b"159#".map(|digit| (bench.fars[0].leg(), digit)));
    assert_eq!(bench.fars[0].ear.digits(), "");
}

fn line_to_line<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 2, 0);
    bench.lift(0);
    bench.lift(1);
    bench.join_line(0, 5);
    bench.join_line(1, 5);
    for digit in DIALLED {
        bench.press(0, *digit, 60, 60);
    }
    bench.run(20);
    assert_eq!(bench.lines[1].ear.digits().as_bytes(), DIALLED);
    assert!(bench.lines[1].ear.lengths().iter().all(|length| (50..=70).contains(length)));
}

fn events_to_line<A: Toys>() {
    // Some of these are shorter or closer together than a telephone line allows.
    for (length, pause) in [(40, 0), (50, 3), (100, 5), (250, 5)] {
        let mut bench = pair::<A>(CodecName::Pcmu, DtmfMode::Events(EVENTS));
        for event in [1, 1, 2, 15, 10, 11] {
            bench.fars[0].event(event, length);
            bench.run(usize::from(length) / 10 + 2 + pause);
        }
        bench.run(120);
        assert_eq!(bench.lines[0].ear.digits(), "112D*#", "{length} ms");
        for sounded in bench.lines[0].ear.lengths() {
            let least = u32::from(length).max(80) - 5;
            assert!((least..=least + 40).contains(&sounded), "{length} ms sound for {sounded}");
        }
        let told = bench.media_events().iter().filter(|event| matches!(event, MediaEvent::Digit(..))).count();
        assert_eq!(told, 6);
    }
}

fn far_to_far<A: Toys>() {
    for way in [DtmfMode::Events(EVENTS), DtmfMode::InBand, DtmfMode::Signalling] {
        let mut bench = Bench::<A>::new(1, 0, 2);
        bench.join_far(Far::new(1), 9);
        bench.join_far(Far::new(2).by(CodecName::Pcma, way), 9);
        bench.run(20);
        bench.forget();
        for event in [4, 4, 11] {
            bench.fars[0].event(event, 120);
            bench.run(30);
        }
        bench.run(60);
        let events = whole_events(&bench.fars[1].event_packets);
        let heard = bench.fars[1].ear.digits();
        let told = bench.media_events();
        let signalled = told.iter().filter(|event| matches!(event, MediaEvent::DigitToSignal(..))).count();
        match way {
            DtmfMode::Events(_) => {
                assert_eq!(events.iter().map(|event| event.0).collect::<Vec<_>>(), [4, 4, 11]);
                assert!(events.iter().all(|event| (90..=150).contains(&event.1)), "{events:?}");
                assert_eq!((heard.as_str(), signalled), ("", 0));
            }
            DtmfMode::InBand => assert_eq!((heard.as_str(), signalled, events.len()), ("44#", 0, 0)),
            DtmfMode::Signalling => assert_eq!((heard.as_str(), signalled, events.len()), ("", 3, 0)),
        }
    }
}

fn ordered<A: Toys>() {
    let mut bench = pair::<A>(CodecName::Pcmu, DtmfMode::Signalling);
    let line = LegId(1);
    for digit in *b"7788" {
        bench.media(0, MediaCommand::Digit(line, digit, Millis(100)));
    }
    bench.run(100);
    assert_eq!(bench.lines[0].ear.digits(), "7788");
    let mut bench = pair::<A>(CodecName::Pcmu, DtmfMode::Events(EVENTS));
    let far = bench.fars[0].leg();
    for digit in *b"7788" {
        bench.media(0, MediaCommand::Digit(far, digit, Millis(100)));
    }
    bench.run(120);
    let events = whole_events(&bench.fars[0].event_packets);
    assert_eq!(events.iter().map(|event| event.0).collect::<Vec<_>>(), [7, 7, 8, 8]);
}

fn across<A: Toys>() {
    let mut bench = Bench::<A>::new(2, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let mut far = Far::new(3);
    far.shard = 1;
    bench.join_far(far, 6);
    bench.join_shards((0, 5), (1, 6));
    bench.run(30);
    bench.forget();
    for digit in *b"2580" {
        bench.press(0, digit, 100, 80);
    }
    bench.run(60);
    let events = whole_events(&bench.fars[0].event_packets);
    assert_eq!(events.iter().map(|event| event.0).collect::<Vec<_>>(), [2, 5, 8, 0]);
    assert_eq!(bench.fars[0].ear.digits(), "");
    for event in [2, 5, 5, 0] {
        bench.fars[0].event(event, 100);
        bench.run(25);
    }
    bench.run(80);
    assert_eq!(bench.lines[0].ear.digits(), "2550");
}

fn cut_short<A: Toys>() {
    let mut bench = pair::<A>(CodecName::Pcmu, DtmfMode::Events(EVENTS));
    bench.fars[0].event(5, 1000);
    bench.run(10);
    let leg = bench.fars[0].leg();
    bench.media(0, MediaCommand::Close(leg));
    bench.run(60);
    assert_eq!(bench.lines[0].ear.digits(), "5");
    assert!(bench.lines[0].ear.lengths()[0] <= 130, "{:?}", bench.lines[0].ear.lengths());
    // The other way: the telephone is hung up with a key down, and its leg closed.
    let mut bench = pair::<A>(CodecName::Pcmu, DtmfMode::Events(EVENTS));
    bench.press(0, b'7', 200, 0);
    bench.lines[0].closed = false;
    bench.run(3);
    bench.media(0, MediaCommand::Close(LegId(1)));
    bench.run(60);
    let events = whole_events(&bench.fars[0].event_packets);
    assert!(matches!(events[..], [(7, 100..=300)]), "{events:?}");
}

fn burst<A: Toys>() {
    // A stall of the network: eight whole digits within one tick.
    let mut bench = pair::<A>(CodecName::Pcmu, DtmfMode::Events(EVENTS));
    bench.fars[0].sends = false;
    let (slot, from) = (bench.fars[0].slot, bench.fars[0].address);
    for (n, event) in [1_u8, 2, 3, 3, 4, 5, 6, 6].into_iter().enumerate() {
        let mut packet = vec![0x80, EVENTS | 0x80];
        packet.extend((8000 + n as u16).to_be_bytes());
        packet.extend(bench.fars[0].timestamp.wrapping_add(n as u32 * 1200).to_be_bytes());
        packet.extend((0x1234_0000 + u32::from(slot.0)).to_be_bytes());
        packet.extend([event, 0x8a, 3, 32]);
        let now = bench.now;
        bench.shards[0].receive(now, slot, from, &packet);
    }
    bench.run(250);
    assert_eq!(bench.lines[0].ear.digits(), "12334566");
}

fn not_bridged<A: Toys>() {
    let mut bench = pair::<A>(CodecName::Pcmu, DtmfMode::Events(EVENTS));
    bench.order(0, tipring_port::LineCommand::Play(tipring_port::Tone::Dial));
    bench.run(2);
    bench.fars[0].event(5, 200);
    bench.run(60);
    assert_eq!(bench.lines[0].ear.digits(), "");
    assert!(bench.lines[0].ear.frames[10..].iter().all(|frame| frame.sounds), "the tone goes on");
}

/// The leak and the number of events whatever the phase of the digit against the frames and its level.
#[test]
fn no_digit_is_heard_twice_at_any_phase_and_level() {
    use tipring_dsp::{DtmfDetector, DtmfEvent};
    for (phase, level) in (0..80).step_by(7).zip([-9.0, -20.0, -27.0].into_iter().cycle()) {
        let profile = crate::shard_bench::profile();
        let mut voice = <Samples as tipring_media::Processing>::Voice::new(&profile);
        let (mut far, mut leaked, mut events, mut heard) = (DtmfDetector::default(), 0, 0, 0);
        let peak = 10f64.powf((level - 3.17) / 20.0) * 32124.0;
        let silent = [0; 80];
        use tipring_media::LineVoice;
        for tick in 0..1000_usize {
            // 70 ms on, 60 ms off, beginning anywhere in a frame.
            let frame: [i16; 80] = core::array::from_fn(|n| {
                let at = tick * 80 + n + phase;
                let tone = |hertz: f64| (at as f64 * core::f64::consts::TAU * hertz / 8000.0).sin() * peak;
                if at % 1040 < 560 { (tone(770.0) + tone(1336.0)) as i16 } else { 0 }
            });
            let mut out = voice.hear(&frame, &silent, tipring_units::Samples(0));
            events += usize::from(out.ended.is_some());
            if out.muted {
                out.clean = silent;
            }
            leaked += out.clean.iter().filter(|sample| f64::from(**sample).abs() > peak / 10.0).count();
            let ends = far.process(&out.clean).into_iter().filter(|e| matches!(e, DtmfEvent::End { .. }));
            heard += ends.count();
        }
        assert_eq!((events, heard), (77, 0), "phase {phase} at {level} dBm0");
        assert!(leaked / 77 <= 17 * 8, "{} ms of each leak at phase {phase}", leaked / 77 / 8);
    }
}
