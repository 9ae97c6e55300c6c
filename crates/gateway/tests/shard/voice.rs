//! Who hears whom: lines, far ends, bridges, shards.

use crate::shard_bench::far::{EVENTS, Far};
use crate::shard_bench::toys::{Say, Toys};
use crate::shard_bench::{Bench, address};
use tipring_media::Coder;
use tipring_port::{CodecName, Direction, DtmfMode, MediaCommand, Samples, Symbols, Tone};
use tipring_units::{BridgeId, LegId, Millis};

/// Each test at both fidelities.
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
    two_lines_on_a_bridge_hear_each_other_and_not_themselves => phone_to_phone;
    a_line_and_a_far_end_hear_each_other_by_both_laws_and_l16 => phone_to_far;
    two_far_ends_are_bridged_without_a_line => far_to_far;
    three_on_a_bridge_hear_the_other_two => conference;
    a_deaf_leg_hears_nothing_while_the_others_hear_it => deaf;
    hold_stops_one_direction_and_resume_restores_it => hold;
    codec_and_address_change_within_a_call => change;
    a_tone_takes_the_place_of_the_bridge_on_a_far_leg => tone_to_far;
    a_line_that_hangs_up_is_not_heard_any_more => hung_up;
    closing_a_line_leg_does_not_stop_the_tone_of_its_line => tone_survives;
    legs_bridges_and_sockets_are_used_again => reuse;
    shards_whose_clocks_differ_by_100_ppm_stay_joined => crossing;
}

fn phone_to_phone<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 2, 0);
    bench.lift(0);
    bench.lift(1);
    bench.join_line(0, 5);
    bench.join_line(1, 5);
    bench.lines[0].says = Say::Voice(0);
    bench.lines[1].says = Say::Voice(1);
    bench.run(3);
    bench.forget();
    bench.run(50);
    assert_eq!((bench.lines[0].ear.voices(50), bench.lines[0].ear.ever()), (0b10, 0b10));
    assert_eq!((bench.lines[1].ear.voices(50), bench.lines[1].ear.ever()), (0b01, 0b01));
}

fn phone_to_far<A: Toys>() {
    for codec in CodecName::ALL.into_iter().filter(|codec| A::Coder::has(*codec)) {
        let mut bench = Bench::<A>::new(1, 1, 1);
        bench.lift(0);
        bench.join_line(0, 5);
        bench.join_far(Far::new(3).by(codec, DtmfMode::Events(EVENTS)), 5);
        bench.lines[0].says = Say::Voice(0);
        bench.fars[0].says = Say::Voice(2);
        bench.run(50);
        bench.forget();
        bench.run(100);
        assert_eq!(bench.fars[0].ear.voices(98), 0b001, "{codec:?}");
        assert_eq!(bench.lines[0].ear.voices(98), 0b100, "{codec:?}");
        let arrived = &bench.fars[0].arrived;
        assert_eq!(arrived.len(), 50, "a packet each 20 ms");
        for pair in arrived.windows(2) {
            assert_eq!(pair[1].0, pair[0].0.wrapping_add(1));
            assert_eq!(pair[1].1, pair[0].1.wrapping_add(2 * codec.clock().hertz() / 100));
        }
    }
}

fn far_to_far<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 0, 2);
    bench.join_far(Far::new(1).by(CodecName::Pcmu, DtmfMode::InBand), 9);
    bench.join_far(Far::new(2).by(CodecName::Pcma, DtmfMode::InBand), 9);
    bench.fars[0].says = Say::Voice(0);
    bench.fars[1].says = Say::Voice(1);
    bench.run(150);
    assert_eq!((bench.fars[0].ear.voices(80), bench.fars[0].ear.ever()), (0b10, 0b10));
    assert_eq!((bench.fars[1].ear.voices(80), bench.fars[1].ear.ever()), (0b01, 0b01));
}

fn conference<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 2, 1);
    bench.lift(0);
    bench.lift(1);
    bench.join_line(0, 5);
    bench.join_line(1, 5);
    bench.join_far(Far::new(3), 5);
    // One after another, so that the cancellers learn that these lines have no echo.
    bench.fars[0].says = Say::Voice(2);
    bench.run(60);
    for line in 0..2 {
        bench.lines[usize::from(line)].says = Say::Voice(line);
        bench.run(60);
    }
    assert_eq!(bench.lines[0].ear.voices(40), 0b110);
    assert_eq!(bench.lines[1].ear.voices(40), 0b101);
    assert_eq!(bench.fars[0].ear.voices(40), 0b011);
}

fn deaf<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let far = bench.join_far(Far::new(3), 5);
    bench.media(0, MediaCommand::Deaf(far, true));
    bench.lines[0].says = Say::Voice(0);
    bench.fars[0].says = Say::Voice(1);
    bench.run(60);
    assert_eq!(bench.lines[0].ear.voices(40), 0b10, "early media");
    assert_eq!(
        (bench.fars[0].ear.sounding(), bench.fars[0].arrived.len() > 25),
        (0, true),
        "silence is sent"
    );
    bench.media(0, MediaCommand::Deaf(far, false));
    bench.run(60);
    assert_eq!(bench.fars[0].ear.voices(50), 0b01);
}

fn hold<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let leg = bench.join_far(Far::new(3), 5);
    bench.lines[0].says = Say::Voice(0);
    bench.fars[0].says = Say::Voice(1);
    bench.run(50);
    for (send, receive) in [(false, false), (true, false), (false, true)] {
        bench.fars[0].direction = Direction { send, receive };
        let spec = bench.fars[0].spec();
        bench.media(0, MediaCommand::Change(leg, spec));
        bench.run(3); // what had been packed
        bench.forget();
        bench.run(40);
        assert_eq!(bench.lines[0].ear.voices(30) == 0b10, receive, "send {send}, receive {receive}");
        assert_eq!(bench.lines[0].ear.sounding() > 0, receive);
        assert_eq!(bench.fars[0].arrived.is_empty(), !send);
    }
    bench.fars[0].direction = Direction::BOTH;
    let spec = bench.fars[0].spec();
    bench.media(0, MediaCommand::Change(leg, spec));
    bench.run(50);
    assert_eq!((bench.lines[0].ear.voices(30), bench.fars[0].ear.voices(30)), (0b10, 0b01));
}

fn change<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let leg = bench.join_far(Far::new(3), 5);
    bench.lines[0].says = Say::Voice(0);
    bench.fars[0].says = Say::Voice(1);
    bench.run(50);
    let last = *bench.fars[0].arrived.last().unwrap();
    for codec in [CodecName::L16, CodecName::G722, CodecName::G729, CodecName::Pcma] {
        bench.fars[0].use_codec(codec);
        bench.fars[0].address = address(77);
        let spec = bench.fars[0].spec();
        bench.media(0, MediaCommand::Change(leg, spec));
        bench.forget();
        bench.run(60);
        let number = crate::shard_bench::far::number_of(codec);
        let arrived = &bench.fars[0].arrived;
        assert!(arrived.len() >= 29 && arrived.iter().all(|packet| packet.2 == number), "{codec:?}");
        assert_eq!(bench.fars[0].ear.voices(50), 0b01, "{codec:?}");
        assert_eq!(bench.lines[0].ear.voices(30), 0b10, "{codec:?}");
    }
    let now = bench.fars[0].arrived[0];
    assert!(now.0.wrapping_sub(last.0) < 100, "the session and its numbers go on");
}

fn tone_to_far<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let leg = bench.join_far(Far::new(3), 5);
    bench.lines[0].says = Say::Voice(2);
    bench.media(0, MediaCommand::Tone(leg, Some(Tone::Ringback)));
    bench.run(150);
    assert_eq!(bench.fars[0].ear.ever() & 0b100, 0, "the tone alone");
    assert!(bench.fars[0].ear.sounding() > 140);
    bench.media(0, MediaCommand::Tone(leg, None));
    bench.run(50);
    assert_eq!(bench.fars[0].ear.voices(40), 0b100);
}

fn hung_up<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 2, 0);
    bench.lift(0);
    bench.lift(1);
    bench.join_line(0, 5);
    bench.join_line(1, 5);
    bench.lines[0].says = Say::Voice(0);
    bench.run(20);
    bench.lines[0].closed = false;
    bench.run(150);
    assert_eq!(bench.lines[1].ear.voices(1), 0, "the last frame is not repeated for ever");
    assert!(bench.lines[1].ear.frames[bench.lines[1].ear.frames.len() - 20..].iter().all(|f| !f.sounds));
}

fn tone_survives<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 1, 1);
    bench.lift(0);
    let leg = bench.join_line(0, 5);
    bench.run(5);
    bench.order(0, tipring_port::LineCommand::Play(Tone::Busy));
    bench.run(5);
    bench.media(0, MediaCommand::Digit(leg, b'5', Millis(100)));
    bench.media(0, MediaCommand::Close(leg));
    bench.order(0, tipring_port::LineCommand::Play(Tone::Busy));
    bench.run(1);
    bench.media(0, MediaCommand::Close(leg));
    bench.forget();
    bench.run(20);
    assert!(bench.lines[0].ear.sounding() >= 19, "{}", bench.lines[0].ear.sounding());
}

fn reuse<A: Toys>() {
    let mut bench = Bench::<A>::new(1, 2, 1);
    bench.lift(0);
    bench.lift(1);
    for round in 0..200u64 {
        // The same socket pair at once, in a new call whose far end is another.
        let mut far = Far::new(3);
        far.address = address((round % 200) as u8);
        far.says = Say::Voice((round % 5) as u8);
        bench.fars.clear();
        let own = LegId(1000 + round);
        bench.media(0, MediaCommand::Open(own, tipring_port::LegSpec::Line(tipring_units::LineId(0))));
        bench.media(0, MediaCommand::Join(BridgeId(round), own));
        let leg = bench.join_far(far, round);
        bench.run(12);
        assert_eq!(bench.lines[0].ear.voices(4), 1 << (round % 5), "round {round}");
        assert_eq!(bench.shards[0].leg_count(), 2);
        bench.media(0, MediaCommand::Close(leg));
        bench.media(0, MediaCommand::Close(own));
    }
    bench.run(1);
    assert_eq!(bench.shards[0].leg_count(), 0);
    let failed = |event: &tipring_port::MediaEvent| matches!(event, tipring_port::MediaEvent::Failed(_));
    assert!(!bench.media_events().iter().any(failed));
}

fn crossing<A: Toys>() {
    for slow in [0, 1] {
        let mut bench = Bench::<A>::new(2, 1, 0);
        bench.lift(0);
        bench.lift(1);
        bench.join_line(0, 5);
        bench.join_line(1, 6);
        bench.join_shards((0, 5), (1, 6));
        bench.lines[0].says = Say::Voice(0);
        bench.lines[1].says = Say::Voice(1);
        bench.run(60);
        bench.forget();
        // 200 s; one clock misses a tick in 10,000.
        for tick in 0..20_000_u64 {
            for shard in 0..2 {
                if shard != slow || tick % 10_000 != 5_000 {
                    bench.tick_shard(shard);
                }
            }
            bench.pass();
            bench.now += tipring_units::TICK;
        }
        let wrong = |line: usize, wanted: u8| {
            bench.lines[line].ear.frames.iter().filter(|frame| frame.voices != wanted).count()
        };
        assert_eq!((wrong(0, 0b10), wrong(1, 0b01)), (0, 0), "shard {slow} is slow");
    }
}
