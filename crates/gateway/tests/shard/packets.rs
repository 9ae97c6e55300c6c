//! Packets of every length that a codec can make, the same both ways or not, with every sample; and what Opus does.

use crate::shard_bench::Bench;
use crate::shard_bench::far::{EVENTS, Far};
use crate::shard_bench::toys::Say;
use tipring_media::{Coder, Processing};
use tipring_port::{
    CodecName, DtmfMode, G726Packing, G726Rate, MediaCommand, OpusWish, Samples, SilenceMode,
};
use tipring_units::Millis;

fn has(codec: CodecName) -> bool {
    <Samples as Processing>::Coder::has(codec)
}

fn built() -> impl Iterator<Item = CodecName> {
    CodecName::ALL.into_iter().filter(|codec| has(*codec))
}

/// Bytes of 10 ms; none where they vary.
fn bytes(codec: CodecName) -> Option<usize> {
    match codec {
        CodecName::Pcmu | CodecName::Pcma | CodecName::G722 => Some(80),
        CodecName::L16 => Some(160),
        CodecName::G726(G726Rate::R16, _) => Some(20),
        CodecName::G726(G726Rate::R24, _) => Some(30),
        CodecName::G726(G726Rate::R32, _) => Some(40),
        CodecName::G726(G726Rate::R40, _) => Some(50),
        CodecName::G729 => Some(10),
        CodecName::Opus => None,
    }
}

/// A call in which the far end wants packets of one length and sends those of another.
fn call(codec: CodecName, wants: u32, sends: u32) -> Bench<Samples> {
    let mut bench = Bench::<Samples>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let far = Far::new(3).by(codec, DtmfMode::Events(EVENTS)).ptimes(Millis(wants), Millis(sends));
    bench.join_far(far, 5);
    bench.lines[0].says = Say::Voice(0);
    bench.fars[0].says = Say::Voice(2);
    bench
}

#[test]
fn every_codec_sends_and_takes_packets_of_10_to_60_ms_also_of_different_lengths() {
    for codec in built() {
        for (wants, sends) in [(10, 60), (60, 10), (20, 40), (30, 50), (40, 20), (50, 30)] {
            if codec == CodecName::Opus && [wants, sends].iter().any(|ptime| ptime % 20 == 10 && *ptime > 10)
            {
                continue; // its frames have 10, 20, 40 or 60 ms
            }
            let mut bench = call(codec, wants, sends);
            bench.run(60);
            bench.forget();
            bench.run(120);
            let what = format!("{codec:?}: wants {wants} ms, sends {sends} ms");
            assert!(bench.lines[0].ear.voices(115) == 0b100, "{what}: the line hears it");
            let far = &bench.fars[0];
            assert_eq!(far.ear.voices(1200 / wants as usize * wants as usize / 10 - 10), 0b001, "{what}");
            assert_eq!(far.arrived.len() as u32, 1200 / wants, "{what}");
            let ticks = codec.clock().hertz() / 1000 * wants;
            for pair in far.arrived.windows(2) {
                assert_eq!(pair[1].1.wrapping_sub(pair[0].1), ticks, "{what}");
            }
            if let Some(bytes) = bytes(codec) {
                assert!(far.sizes.iter().all(|size| *size == bytes * wants as usize / 10), "{what}");
            }
        }
    }
}

#[test]
fn the_codec_changes_in_mid_call_from_each_to_each_of_another_kind() {
    use CodecName::{G722, G729, L16, Opus, Pcma, Pcmu};
    let g726 = |packing| CodecName::G726(G726Rate::R32, packing);
    let kinds = [Pcmu, Pcma, L16, G722, g726(G726Packing::Rfc3551), g726(G726Packing::Aal2), G729, Opus];
    let built: Vec<CodecName> = built().filter(|codec| kinds.contains(codec)).collect();
    for from in &built {
        let mut bench = call(*from, 20, 20);
        bench.run(60);
        for to in built.iter().filter(|to| *to != from) {
            for codec in [*to, *from] {
                bench.fars[0].use_codec(codec);
                let change = MediaCommand::Change(bench.fars[0].leg(), bench.fars[0].spec());
                bench.media(0, change);
                bench.run(40);
                bench.forget();
                bench.run(40);
                let what = format!("{from:?} to {to:?}, now {codec:?}");
                assert_eq!(bench.lines[0].ear.voices(36), 0b100, "{what}");
                assert_eq!(bench.fars[0].ear.voices(36), 0b001, "{what}");
            }
        }
    }
}

#[test]
fn opus_repairs_single_losses_by_what_the_next_packet_repeats() {
    if !has(CodecName::Opus) {
        return println!("skipped: this build is without Opus");
    }
    let concealed = |repeats| {
        let mut far = Far::new(3);
        far.opus = OpusWish { repeats, ..OpusWish::default() };
        far.loses = 8;
        let far = far.by(CodecName::Opus, DtmfMode::Events(EVENTS)).ptimes(Millis(20), Millis(20));
        let mut bench = Bench::<Samples>::new(1, 1, 1);
        bench.lift(0);
        bench.join_line(0, 5);
        bench.join_far(far, 5);
        // Syllables: a tone that stays is noise to libopus, and noise is not repeated.
        for tick in 0..1100_u32 {
            bench.fars[0].says =
                if tick % 24 < 16 { Say::Voice((tick / 24 % 3) as u8) } else { Say::Nothing };
            bench.run(1);
        }
        let stats = bench.last_stats(bench.fars[0].leg());
        assert!(stats.lost > 50, "{stats:?}");
        stats.concealed
    };
    let (with, without) = (concealed(true), concealed(false));
    assert!(with * 2 < without, "{with} units concealed with repetitions, {without} without");
}

#[test]
fn opus_falls_silent_where_both_want_it_and_is_heard_again() {
    if !has(CodecName::Opus) {
        return println!("skipped: this build is without Opus");
    }
    let mut bench = Bench::<Samples>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let mut far = Far::new(3).by(CodecName::Opus, DtmfMode::Events(EVENTS));
    far.silence = SilenceMode::ByCodec;
    bench.join_far(far, 5);
    bench.lines[0].says = Say::Voice(0);
    // A tone that stays is noise to libopus after some tenths of a second.
    bench.run(20);
    assert!(bench.fars[0].sizes.iter().all(|size| *size > 2), "{:?}", bench.fars[0].sizes);
    bench.lines[0].says = Say::Nothing;
    bench.run(100);
    bench.forget();
    bench.run(400);
    let silent = bench.fars[0].arrived.len();
    assert!(silent < 40, "{silent} packets of 200 in four seconds of silence");
    bench.forget();
    bench.lines[0].says = Say::Voice(0);
    bench.run(20);
    assert_eq!(bench.fars[0].markers.len(), 1, "one talk spurt");
    assert!(bench.fars[0].sizes.len() > 7 && bench.fars[0].ear.ever() & 1 == 1);
}

#[test]
fn opus_stays_within_the_rate_that_the_far_end_names() {
    if !has(CodecName::Opus) {
        return println!("skipped: this build is without Opus");
    }
    let rate = |wish: OpusWish| {
        let mut far = Far::new(3);
        far.opus = wish;
        let mut bench = Bench::<Samples>::new(1, 1, 1);
        bench.lift(0);
        bench.join_line(0, 5);
        bench.join_far(far.by(CodecName::Opus, DtmfMode::Events(EVENTS)), 5);
        bench.lines[0].says = Say::Voice(0);
        bench.run(500);
        let sizes = &bench.fars[0].sizes;
        let same = sizes.iter().all(|size| *size == sizes[0]);
        (sizes.iter().sum::<usize>() as f64 * 8.0 / 5.0, same)
    };
    let (usual, _) = rate(OpusWish::default());
    assert!((8_000.0..24_000.0).contains(&usual), "{usual} bit/s");
    let (limited, _) = rate(OpusWish { most_bits: 8_000, ..OpusWish::default() });
    assert!(limited < 9_000.0, "{limited} bit/s");
    let (_, same) = rate(OpusWish { constant: true, ..OpusWish::default() });
    assert!(same, "packets of one size");
}
