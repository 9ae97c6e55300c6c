//! Replays the corpora of the fuzz target `codec` through the same entry, so that every test run covers what fuzzing found.

#[path = "../../../fuzz/src/entry/codec.rs"]
mod codec;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

#[test]
fn decoders() {
    replay::replay("codec", 16, |data| {
        codec::run(data);
        // The same bytes are as good for every other codec.
        for which in 0..tipring_codec::Codec::ALL.len() as u8 {
            codec::run(&[&[which], data.get(1..).unwrap_or_default()].concat());
        }
    });
}
