//! Where somebody speaks.
//!
//! Speech is louder than the background of the recording, its level never rests, and it is neither all tone nor no tone: keyed
//! tones are all tone, noise and modem data are none.

use super::fourier::powers;

const WINDOW: usize = 256;
const STEP: usize = 128;
/// Above the background, and above what could be heard at all.
const MARGIN: f64 = 12.0;
const LEAST: f64 = -50.0;
/// Pauses shorter than this do not part speech, in milliseconds.
const PAUSE: f64 = 500.0;
/// The shortest stretch that is looked at.
const SHORTEST: f64 = 250.0;
/// Shares of windows that are tonal, and swing of the level, by which speech is known.
const TONAL: core::ops::RangeInclusive<f64> = 0.03..=0.80;
const SWING: f64 = 2.5;

struct Window {
    level: f64,
    /// Share of the power in the two strongest maxima.
    tonality: f64,
    /// Share below 1000 Hz.
    low: f64,
}

/// Stretches of speech, in milliseconds.
pub fn find(samples: &[i16]) -> Vec<(f64, f64)> {
    if samples.len() < WINDOW {
        return Vec::new();
    }
    let windows: Vec<Window> =
        (0..=samples.len() - WINDOW).step_by(STEP).map(|at| look(&samples[at..at + WINDOW])).collect();
    let mut levels: Vec<f64> = windows.iter().map(|w| w.level).collect();
    levels.sort_by(f64::total_cmp);
    let background = levels[levels.len() / 10].min(-30.0);
    let least = (background + MARGIN).max(LEAST);
    let millis = |n: usize| (n * STEP) as f64 / 8.0;
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for n in (0..windows.len()).filter(|&n| windows[n].level > least) {
        match runs.last_mut() {
            Some(last) if millis(n - last.1) < PAUSE => last.1 = n,
            _ => runs.push((n, n)),
        }
    }
    runs.into_iter()
        .filter(|&(from, to)| millis(to - from) >= SHORTEST && is_speech(&windows[from..=to], least))
        .map(|(from, to)| (millis(from), millis(to) + WINDOW as f64 / 8.0))
        .collect()
}

fn is_speech(run: &[Window], least: f64) -> bool {
    let loud: Vec<&Window> = run.iter().filter(|w| w.level > least).collect();
    let count = loud.len() as f64;
    let share = |test: &dyn Fn(&Window) -> bool| loud.iter().filter(|w| test(w)).count() as f64 / count;
    let mean = loud.iter().map(|w| w.level).sum::<f64>() / count;
    let swing = (loud.iter().map(|w| (w.level - mean).powi(2)).sum::<f64>() / count).sqrt();
    TONAL.contains(&share(&|w| w.tonality > 0.85)) && swing > SWING && share(&|w| w.low > 0.5) > 0.3
}

fn look(window: &[i16]) -> Window {
    let spectrum = powers(&window.iter().map(|&s| f64::from(s)).collect::<Vec<_>>());
    let total = spectrum[4..].iter().sum::<f64>().max(1e-9);
    let mut rest = spectrum.clone();
    let mut tonal = 0.0;
    for _ in 0..2 {
        let peak = (4..rest.len() - 3).max_by(|&a, &b| rest[a].total_cmp(&rest[b])).unwrap_or(4);
        tonal += rest[peak - 2..=peak + 2].iter().sum::<f64>();
        rest[peak - 2..=peak + 2].fill(0.0);
    }
    Window {
        level: 10.0 * (total / (16_141.0 * 16_141.0)).log10(),
        tonality: tonal / total,
        low: spectrum[4..32].iter().sum::<f64>() / total,
    }
}
