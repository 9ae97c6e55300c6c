//! Replays the corpus of a fuzz target through the target's entry, so that every test run covers what fuzzing found.

use std::path::Path;

/// Each of the target's files, of which there are `least` at the least, and its first half: what is torn off is as good
/// a test.
pub fn replay(target: &str, least: usize, entry: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= least, "{} lacks files", folder.display());
    for file in files {
        let data = std::fs::read(&file).unwrap();
        println!("{}", file.display());
        entry(&data);
        entry(&data[..data.len() / 2]);
    }
}
