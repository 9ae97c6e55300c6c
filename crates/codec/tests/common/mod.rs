//! Vectors: found by the environment or beside the workspace.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::PathBuf;

/// The bytes of a vector, or `None` with a note where there are no vectors.
pub fn bytes(name: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("TIPRING_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    if !root.is_dir() {
        println!("skipped: no vectors");
        return None;
    }
    match std::fs::read(root.join(name)) {
        Ok(bytes) => Some(bytes),
        Err(why) => {
            println!("skipped: {name}: {why}");
            None
        }
    }
}

/// The words of a little-endian 16-bit file.
pub fn words(name: &str) -> Option<Vec<i16>> {
    Some(bytes(name)?.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

/// The low bytes of a file of 16-bit words, one value a word.
pub fn low_bytes(name: &str) -> Option<Vec<u8>> {
    Some(words(name)?.into_iter().map(|word| word as u8).collect())
}

/// Where two runs differ first.
pub fn first_difference<T: PartialEq>(a: &[T], b: &[T]) -> Option<usize> {
    a.iter().zip(b).position(|(a, b)| a != b).or((a.len() != b.len()).then_some(a.len().min(b.len())))
}
