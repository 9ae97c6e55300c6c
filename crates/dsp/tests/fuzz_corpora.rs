//! Replays the corpora of the fuzz targets for sound through the same entries, so that every test run covers what fuzzing found.

#[path = "../../../fuzz/src/entry/canceller.rs"]
mod canceller;
#[path = "../../../fuzz/src/entry/ears.rs"]
mod ears;
#[path = "../../../fuzz/src/entry/sound_script.rs"]
mod sound_script;

use std::path::Path;

fn replay(target: &str, entry: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "{} lacks files", folder.display());
    for file in files {
        let data = std::fs::read(&file).unwrap();
        println!("{}", file.display());
        entry(&data);
        // What is torn off is as good a test.
        entry(&data[..data.len() / 2]);
    }
}

#[test]
fn detectors_hear_anything() {
    replay("ears", ears::run);
}

#[test]
fn the_canceller_takes_anything_and_does_not_howl() {
    replay("canceller", canceller::run);
}
