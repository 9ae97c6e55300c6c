//! Ears that share nothing with the gateway: the level of one frequency in a stretch of samples, by correlation with
//! sine and cosine.

use std::f64::consts::TAU;

use crate::wave::{RATE, RMS_0_DBM0};

/// A block in which a gap is looked for: 20 ms.
pub const BLOCK: usize = 160;

/// The level of `hertz` in `samples`, in dBm0.
pub fn level(samples: &[i16], hertz: f64) -> f64 {
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (place, sample) in samples.iter().enumerate() {
        let angle = TAU * hertz * place as f64 / RATE;
        sine += f64::from(*sample) * angle.sin();
        cosine += f64::from(*sample) * angle.cos();
    }
    let peak = 2.0 * (sine * sine + cosine * cosine).sqrt() / samples.len().max(1) as f64;
    20.0 * (peak / std::f64::consts::SQRT_2 / RMS_0_DBM0).max(1e-9).log10()
}

/// The level of everything in `samples`, in dBm0.
pub fn power(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    20.0 * ((sum / samples.len().max(1) as f64).sqrt() / RMS_0_DBM0).max(1e-9).log10()
}

/// A tone in a recording.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its level while it sounds, in dBm0.
    pub dbm0: f64,
    /// What is there beside it, in dB below it.
    pub purity: f64,
    /// Milliseconds from its first to its last block.
    pub length_ms: usize,
    /// The longest stretch within in which it is missing, in milliseconds.
    pub gap_ms: usize,
}

/// Looks for `hertz` at about `dbm0` in a recording: a block has it if it is within 6 dB of it.
pub fn find(samples: &[i16], hertz: f64, dbm0: f64) -> Option<Found> {
    let has: Vec<bool> =
        samples.chunks_exact(BLOCK).map(|block| (level(block, hertz) - dbm0).abs() < 6.0).collect();
    let first = has.iter().position(|has| *has)?;
    let last = has.iter().rposition(|has| *has)?;
    let mut gap = 0;
    let mut longest = 0;
    for has in &has[first..=last] {
        gap = if *has { 0 } else { gap + 1 };
        longest = longest.max(gap);
    }
    // Whole blocks in which it sounds from end to end.
    let steady: Vec<&[i16]> = samples
        .chunks_exact(BLOCK)
        .enumerate()
        .filter(|(place, _)| {
            *place > first && *place < last && has[place - 1] && has[*place] && has[place + 1]
        })
        .map(|(_, block)| block)
        .collect();
    let mean = |measure: &dyn Fn(&[i16]) -> f64| {
        let sum: f64 = steady.iter().map(|block| 10_f64.powf(measure(block) / 10.0)).sum();
        10.0 * (sum / steady.len().max(1) as f64).max(1e-12).log10()
    };
    let tone = mean(&|block| level(block, hertz));
    let all = mean(&power);
    let rest = 10_f64.powf(all / 10.0) - 10_f64.powf(tone / 10.0);
    Some(Found {
        dbm0: tone,
        purity: tone - 10.0 * rest.max(1e-12).log10(),
        length_ms: (last - first + 1) * BLOCK / 8,
        gap_ms: longest * BLOCK / 8,
    })
}

#[test]
fn a_known_tone_is_found_with_its_level_and_its_gap() {
    let mut recording = vec![0; 4000];
    recording.extend(crate::wave::tone(1004.0, -16.5, 2.0));
    recording.extend(vec![0; 1600]);
    recording.extend(crate::wave::tone(1004.0, -16.5, 1.0));
    let found = find(&recording, 1004.0, -16.0).unwrap();
    assert!((found.dbm0 + 16.5).abs() < 0.1 && found.purity > 30.0, "{found:?}");
    assert!((180..=220).contains(&found.gap_ms) && (3150..=3250).contains(&found.length_ms), "{found:?}");
    assert!(find(&recording, 700.0, -16.0).is_none());
    assert!(find(&recording, 1004.0, -30.0).is_none());
}
