//! The state of the line itself: levels, clipping, hum.

use serde_json::json;
use tipring_dsp::level_of;

use super::Heard;
use super::fourier::powers;

/// A run of samples at the limit that is clipping, at 8 kHz.
const CLIPPED_RUN: usize = 3;
/// Clipped places nearer than this are one, in seconds.
const TOGETHER: f64 = 0.5;
/// Hum is louder than this, and so much louder than what is beside it.
const HUM_MIN: f64 = -68.0;
const HUM_ABOVE: f64 = 8.0;
/// A window of hum: 2 s, 0.5 Hz a bin after padding to 16384.
const HUM_WINDOW: usize = 16_384;

/// Mean, loudest and quietest level.
pub fn levels(samples: &[i16], channel: usize) -> Vec<Heard> {
    let tenths: Vec<f32> = samples.chunks(800).map(|chunk| level_of(chunk).0).collect();
    let highest = tenths.iter().copied().fold(-99.0_f32, f32::max);
    let lowest = tenths.iter().copied().fold(99.0_f32, f32::min);
    let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
    let offset = samples.iter().map(|&s| f64::from(s)).sum::<f64>() / samples.len().max(1) as f64;
    let tenth = |x: f64| json!((x * 10.0).round() / 10.0);
    vec![
        Heard::new(0.0, "level", tenth(f64::from(level_of(samples).0)), channel)
            .lasting(samples.len() as f64 / 8.0)
            .with("unit", "dBm0")
            .with("highest_dbm0", tenth(f64::from(highest)))
            .with("lowest_dbm0", tenth(f64::from(lowest)))
            .with("peak_dbfs", tenth(20.0 * (f64::from(peak).max(0.5) / 32_768.0).log10()))
            .with("dc_offset", tenth(offset)),
    ]
}

/// Where the recording hits its own limit.
pub fn clipping(samples: &[f32], rate: u32, channel: usize) -> Vec<Heard> {
    let highest = samples.iter().map(|s| s.abs()).fold(0.0_f32, f32::max);
    // The limit is that of 16 bits or of G.711.
    if highest < 31_000.0 {
        return Vec::new();
    }
    let limit = highest * 0.999;
    let wanted = (CLIPPED_RUN * rate as usize / 8000).max(CLIPPED_RUN);
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut run = 0;
    for (n, sample) in samples.iter().enumerate() {
        let same_side = run == 0 || sample.signum() == samples[n - 1].signum();
        run = if sample.abs() >= limit { if same_side { run + 1 } else { 1 } } else { 0 };
        if run >= wanted {
            match places.last_mut() {
                Some(last) if (n - last.1) as f64 <= TOGETHER * f64::from(rate) => last.1 = n,
                _ => places.push((n + 1 - run, n)),
            }
        }
    }
    let millis = |n: usize| n as f64 * 1000.0 / f64::from(rate);
    let clipped =
        |&(from, to): &(usize, usize)| samples[from..=to].iter().filter(|s| s.abs() >= limit).count();
    places
        .iter()
        .map(|place| {
            Heard::new(millis(place.0), "clipping", clipped(place), channel)
                .lasting(millis(place.1 - place.0 + 1))
                .with("unit", "samples")
        })
        .collect()
}

/// Hum of the mains and its harmonics.
pub fn hum(samples: &[i16], channel: usize) -> Vec<Heard> {
    let window = if samples.len() >= HUM_WINDOW { HUM_WINDOW } else { 8192 };
    if samples.len() < window {
        return Vec::new();
    }
    let spectra: Vec<Vec<f64>> = (0..=samples.len() - window)
        .step_by(window / 2)
        .map(|at| powers(&samples[at..at + window].iter().map(|&s| f64::from(s)).collect::<Vec<_>>()))
        .collect();
    // What is there always: the lower quartile of all windows, so that neither speech nor tones count.
    let mut always = vec![0.0; 1024.min(window / 2)];
    for (bin, slot) in always.iter_mut().enumerate() {
        let mut values: Vec<f64> = spectra.iter().map(|s| s[bin]).collect();
        values.sort_by(f64::total_cmp);
        *slot = values[values.len() / 4];
    }
    let bin = |hertz: f64| (hertz * window as f64 / 8000.0).round() as usize;
    let dbm0 = |power: f64| 10.0 * (power.max(1e-9) / (16_141.0 * 16_141.0)).log10();
    let strength = |hertz: f64| -> Option<f64> {
        let near = always.get(bin(hertz) - 3..=bin(hertz) + 3)?.iter().sum::<f64>();
        let wide = bin(9.0).max(8);
        let beside = |at: usize| always.get(at - 3..=at + 3).map(|b| b.iter().sum::<f64>());
        let around = beside(bin(hertz) - wide)?.max(beside(bin(hertz) + wide)?);
        (dbm0(near) > HUM_MIN && dbm0(near) - dbm0(around) > HUM_ABOVE).then_some(near)
    };
    let mut best: Option<(f64, f64, Vec<u32>)> = None;
    for mains in [50.0_f64, 60.0] {
        let found: Vec<(u32, f64)> =
            (1..=6).filter_map(|n| Some((n, strength(mains * f64::from(n))?))).collect();
        // 300 Hz belongs to both; the fundamental or two harmonics make it hum and no tone.
        let own = found.iter().filter(|(n, _)| mains * f64::from(*n) < 299.0).count();
        if !(found.iter().any(|&(n, _)| n == 1) || own >= 2) {
            continue;
        }
        let sum = found.iter().map(|f| f.1).sum::<f64>();
        if best.as_ref().is_none_or(|b| sum > b.1) {
            best = Some((mains, sum, found.iter().map(|f| f.0 * mains as u32).collect()));
        }
    }
    let tell = |(mains, power, list): (f64, f64, Vec<u32>)| {
        Heard::new(0.0, "hum", format!("{mains:.0} Hz"), channel)
            .with("level_dbm0", json!((dbm0(power) * 10.0).round() / 10.0))
            .with("harmonics_hz", list)
    };
    best.map(tell).into_iter().collect()
}
