//! Replays the corpora of the fuzz target `codec` through the same entry, so that every test run covers what fuzzing found.

#[path = "../../../fuzz/src/entry/codec.rs"]
mod codec;

use std::path::Path;

#[test]
fn decoders() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/codec");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 16, "{} lacks files", folder.display());
    for file in files {
        let data = std::fs::read(&file).unwrap();
        println!("{}", file.display());
        codec::run(&data);
        // What is torn off is as good a test, and so are the same bytes for every other codec.
        codec::run(&data[..data.len() / 2]);
        for which in 0..tipring_codec::Codec::ALL.len() as u8 {
            codec::run(&[&[which], &data[1..]].concat());
        }
    }
}
