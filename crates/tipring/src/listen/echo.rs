//! Echo between two channels of a recording.

use serde_json::json;

use super::Heard;
use super::fourier::{Complex, transform};

/// Samples of a block: echoes up to a quarter of it, 512 ms.
const BLOCK: usize = 16_384;
/// The echo's path: from a bit before its strongest point to 128 ms behind.
const BEFORE: usize = 64;
const BEHIND: usize = 1024;
/// The strongest point stands so far above the rest.
const SIGNIFICANT: f64 = 9.0;
/// Energy of the path against that of as much of the rest.
const ABOVE_REST: f64 = 2.0;

/// Delay and echo return loss of whichever channel comes back in the other.
pub fn measure(first: &[i16], second: &[i16]) -> Vec<Heard> {
    let length = first.len().min(second.len());
    let (first, second) = (&first[..length], &second[..length]);
    let one = path(first, second).map(|p| (p, 1, 2));
    let other = path(second, first).map(|p| (p, 2, 1));
    // The stronger path is the echo; the other direction sees its inverse.
    let best = match (one, other) {
        (Some(a), Some(b)) => {
            Some(if a.0.gain >= b.0.gain * 4.0 || a.0.delay >= b.0.delay && a.0.gain < 1.0 { a } else { b })
        }
        (a, b) => a.or(b),
    };
    let tell = |(path, from, to): (Path, usize, usize)| {
        let loss = -10.0 * path.gain.max(1e-12).log10();
        Heard::new(0.0, "echo", json!((loss * 10.0).round() / 10.0), to)
            .with("unit", "dB")
            .with("erl_db", json!((loss * 10.0).round() / 10.0))
            .with("delay_ms", json!((path.delay as f64 / 8.0 * 10.0).round() / 10.0))
            .with("of_channel", from)
    };
    best.filter(|(path, ..)| path.gain < 2.0).map(tell).into_iter().collect()
}

#[derive(Clone, Copy)]
struct Path {
    delay: usize,
    gain: f64,
}

/// The path from `sent` to `back`: cross spectrum over spectrum, both averaged over blocks.
fn path(sent: &[i16], back: &[i16]) -> Option<Path> {
    if sent.len() < BLOCK / 2 {
        return None;
    }
    let block = BLOCK;
    let mut cross: Vec<Complex> = vec![(0.0, 0.0); block];
    let mut own = vec![0.0; block];
    let mut at = 0;
    loop {
        let (x, y) = (windowed(sent, at, block), windowed(back, at, block));
        for k in 0..block {
            let (a, b) = (x[k], y[k]);
            cross[k].0 += a.0 * b.0 + a.1 * b.1;
            cross[k].1 += a.0 * b.1 - a.1 * b.0;
            own[k] += a.0 * a.0 + a.1 * a.1;
        }
        at += block / 2;
        if at + block / 2 >= sent.len() {
            break;
        }
    }
    // Bins without signal say nothing.
    let floor = own.iter().copied().fold(0.0_f64, f64::max) * 1e-5;
    if floor <= 0.0 {
        return None;
    }
    let mut response: Vec<Complex> = cross
        .iter()
        .zip(&own)
        // Conjugated, so that the forward transform goes back.
        .map(|(c, &power)| (c.0 / (power + floor), -c.1 / (power + floor)))
        .collect();
    transform(&mut response);
    let response: Vec<f64> = response.iter().map(|v| v.0 / block as f64).collect();
    let span = block / 4;
    let (peak, height) =
        response[..span].iter().enumerate().map(|(n, v)| (n, v.abs())).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let noise = response[span..block - span].iter().map(|v| v * v).sum::<f64>() / (block - 2 * span) as f64;
    let (from, to) = (peak.saturating_sub(BEFORE), (peak + BEHIND).min(block));
    let energy = response[from..to].iter().map(|v| v * v).sum::<f64>();
    let expected = noise * (to - from) as f64;
    let significant = height > SIGNIFICANT * noise.sqrt() && energy > ABOVE_REST * expected;
    significant.then_some(Path { delay: peak, gain: energy - expected })
}

fn windowed(samples: &[i16], at: usize, block: usize) -> Vec<Complex> {
    let mut out: Vec<Complex> = (0..block)
        .map(|n| {
            let weight = 0.5 - 0.5 * (core::f64::consts::TAU * (n as f64 + 0.5) / block as f64).cos();
            (samples.get(at + n).map_or(0.0, |&s| f64::from(s)) * weight, 0.0)
        })
        .collect();
    transform(&mut out);
    out
}
