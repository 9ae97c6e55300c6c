//! The data of fast modems, told by the band that they fill.

use serde_json::json;

use super::Heard;
use super::fourier::powers;

/// Samples looked at together, and steps within them.
const BLOCK: usize = 2048;
const WINDOW: usize = 256;
/// Blocks in a row that are believed: half a second.
const BLOCKS_MIN: usize = 3;
/// Nothing below this is a modem, in mean square (-45 dBm0).
const FLOOR: f64 = 8_200.0;
/// Hertz of a bin.
const BIN: f64 = 8000.0 / WINDOW as f64;

/// A modem by its carrier and symbol rate.
struct Modem {
    value: &'static str,
    name: &'static str,
    carrier: f64,
    baud: f64,
}

const MODEMS: [Modem; 6] = [
    Modem { value: "v29", name: "V.29 data (1700 Hz, 2400 baud)", carrier: 1700.0, baud: 2400.0 },
    Modem { value: "v17", name: "V.17 or V.32 data (1800 Hz, 2400 baud)", carrier: 1800.0, baud: 2400.0 },
    Modem {
        value: "v27ter",
        name: "V.27ter data at 4800 bit/s (1800 Hz, 1600 baud)",
        carrier: 1800.0,
        baud: 1600.0,
    },
    Modem {
        value: "v27ter",
        name: "V.27ter data at 2400 bit/s (1800 Hz, 1200 baud)",
        carrier: 1800.0,
        baud: 1200.0,
    },
    Modem { value: "v22", name: "V.22 data, calling side (1200 Hz, 600 baud)", carrier: 1200.0, baud: 600.0 },
    Modem {
        value: "v22",
        name: "V.22 data, answering side (2400 Hz, 600 baud)",
        carrier: 2400.0,
        baud: 600.0,
    },
];

/// The data signals of a channel.
pub fn find(samples: &[i16], channel: usize) -> Vec<Heard> {
    let seen: Vec<Option<(f64, f64, f64)>> = samples.chunks_exact(BLOCK).map(band).collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < seen.len() {
        let run = seen[at..].iter().take_while(|s| s.is_some()).count();
        if run >= BLOCKS_MIN {
            out.extend(tell(&seen[at..at + run], at, channel));
        }
        at += run.max(1);
    }
    out
}

fn tell(run: &[Option<(f64, f64, f64)>], at: usize, channel: usize) -> Option<Heard> {
    let mut middles: Vec<f64> = run.iter().flatten().map(|b| b.0).collect();
    let mut widths: Vec<f64> = run.iter().flatten().map(|b| b.1).collect();
    let power = run.iter().flatten().map(|b| b.2).sum::<f64>() / run.len() as f64;
    middles.sort_by(f64::total_cmp);
    widths.sort_by(f64::total_cmp);
    let (middle, width) = (middles[middles.len() / 2], widths[widths.len() / 2]);
    let modem = MODEMS
        .iter()
        .filter(|m| (m.carrier - middle).abs() < 75.0 && (m.baud - width).abs() < 0.14 * m.baud)
        .min_by(|a, b| (a.carrier - middle).abs().total_cmp(&(b.carrier - middle).abs()))?;
    let millis = |n: usize| (n * BLOCK) as f64 / 8.0;
    let level = 10.0 * (power / (16_141.0 * 16_141.0)).log10();
    Some(
        Heard::new(millis(at), "modem", modem.value, channel)
            .lasting(millis(run.len()))
            .with("name", modem.name)
            .with("level_dbm0", json!((level * 10.0).round() / 10.0)),
    )
}

/// Middle and width of the band that a block fills evenly, and its power; `None` if it is not like data.
fn band(block: &[i16]) -> Option<(f64, f64, f64)> {
    let windows: Vec<Vec<f64>> = (0..=BLOCK - WINDOW)
        .step_by(WINDOW / 2)
        .map(|at| powers(&block[at..at + WINDOW].iter().map(|&s| f64::from(s)).collect::<Vec<_>>()))
        .collect();
    let count = windows.len() as f64;
    let totals: Vec<f64> = windows.iter().map(|w| w[4..].iter().sum()).collect();
    let mean = totals.iter().sum::<f64>() / count;
    // Data have an even level; speech has not.
    let uneven = totals.iter().map(|t| (t / mean - 1.0).powi(2)).sum::<f64>() / count;
    if mean < FLOOR || uneven > 0.06 {
        return None;
    }
    let spectrum: Vec<f64> =
        (0..WINDOW / 2).map(|k| windows.iter().map(|w| w[k]).sum::<f64>() / count).collect();
    let mut inside: Vec<f64> = spectrum[4..].to_vec();
    inside.sort_by(|a, b| b.total_cmp(a));
    let top = inside[4..12].iter().sum::<f64>() / 8.0;
    // A line that stands out is a tone.
    if inside[0] > 8.0 * top {
        return None;
    }
    let half = top / 4.0;
    let edge = |outer: usize, inner: usize| {
        let (a, b) = (spectrum[outer].max(1e-9).ln(), spectrum[inner].max(1e-9).ln());
        let share = ((half.ln() - a) / (b - a)).clamp(0.0, 1.0);
        outer as f64 + (inner as f64 - outer as f64) * share
    };
    let low = (4..WINDOW / 2).find(|&k| spectrum[k] > half && spectrum[k + 1] > half)?;
    let high = (4..WINDOW / 2).rev().find(|&k| spectrum[k] > half && spectrum[k - 1] > half)?;
    let (low, high) = (edge(low - 1, low) * BIN, edge((high + 1).min(WINDOW / 2 - 1), high) * BIN);
    Some(((low + high) / 2.0, high - low, mean))
}
