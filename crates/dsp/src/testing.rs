//! What the tests of several modules share: sources of signals that are not the crate's own generators.

use std::path::PathBuf;
use tipring_units::{Dbm0, Entropy, Hz};

/// A sine in double precision.
pub struct Sine {
    phase: f64,
    step: f64,
    peak: f64,
}

impl Sine {
    pub fn new(frequency: Hz, level: Dbm0) -> Self {
        let peak = 32768.0 * libm::pow(10.0, f64::from(level.0 - crate::FULL_SCALE_SINE.0) / 20.0);
        Self { phase: 0.0, step: f64::from(frequency.0) * core::f64::consts::TAU / 8000.0, peak }
    }

    pub fn value(&mut self) -> f64 {
        let y = self.peak * libm::sin(self.phase);
        self.phase += self.step;
        y
    }

    pub fn step(&mut self) -> i16 {
        self.value().round() as i16
    }
}

/// White noise of near-Gaussian amplitude (twelve uniforms), in linear samples at `level`.
pub fn noise(entropy: &mut Entropy, level: Dbm0) -> f64 {
    let sum: f32 = (0..12).map(|_| entropy.unit()).sum();
    f64::from(sum - 6.0) * 16_141.0 * libm::pow(10.0, f64::from(level.0) / 20.0)
}

/// Rounds and saturates.
pub fn sample(value: f64) -> i16 {
    value.round() as i16
}

/// Where the recordings with known answers are, if they are.
pub fn vectors() -> Option<PathBuf> {
    let dir = std::env::var_os("TIPRING_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    if dir.join("manifest.jsonl").exists() {
        Some(dir)
    } else {
        eprintln!("skipped: no vectors");
        None
    }
}

/// The lines of the manifest of one type.
pub fn manifest(dir: &std::path::Path, kind: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(dir.join("manifest.jsonl")).expect("manifest is readable");
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("manifest line is JSON"))
        .filter(|entry| entry["type"] == kind)
        .collect()
}

/// Samples of a 16-bit PCM WAV file, channels interleaved.
pub fn wav(path: &std::path::Path) -> Vec<i16> {
    let bytes = std::fs::read(path).expect("recording is readable");
    let mut at = 12;
    while at + 8 <= bytes.len() {
        let size = u32::from_le_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]]) as usize;
        if &bytes[at..at + 4] == b"data" {
            let end = bytes.len().min(at + 8 + size);
            return bytes[at + 8..end].chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
        }
        at += 8 + size + size % 2;
    }
    panic!("no data chunk in {}", path.display());
}

/// Cuts samples into frames, the last one padded with silence.
pub fn frames(samples: &[i16]) -> impl Iterator<Item = [i16; 80]> + '_ {
    samples.chunks(80).map(|chunk| {
        let mut frame = [0; 80];
        frame[..chunk.len()].copy_from_slice(chunk);
        frame
    })
}
