//! `tipring cancel`: the echo canceller on anyone's recording.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use tipring_dsp::{DELAY_MAX, EchoCanceller, EchoConfig, TAIL_MAX};
use tipring_units::{Millis, Samples, TICK_SAMPLES};

use crate::client::print;
use crate::tracks::{read_pair, write_mono};

/// Shortest tail that the command takes, and the longest.
pub const TAILS: std::ops::RangeInclusive<i64> = 8..=TAIL_MAX.0 as i64;

/// What the command is to do.
pub struct Settings {
    /// How far the echo spreads.
    pub tail: u32,
    /// Samples that are skipped before it.
    pub delay: u64,
    /// Whether the residual is suppressed.
    pub suppress: bool,
}

/// Cancels the echo in one file and writes another.
pub fn run(stimulus: &Path, out: &Path, settings: &Settings) -> Result<ExitCode> {
    ensure!(settings.delay <= DELAY_MAX.0, "--delay: at most {} samples", DELAY_MAX.0);
    let [to, from] = read_pair(stimulus)?;
    let mut canceller = EchoCanceller::new(EchoConfig {
        tail: Millis(settings.tail),
        delay: Samples(settings.delay),
        suppress: settings.suppress,
        ..EchoConfig::default()
    });
    write_mono(out, &cancel(&mut canceller, &to, &from))?;
    let state = canceller.state();
    print(&format!(
        "{:.1} s; enhancement at the end {:.1} dB; noise {:.0} dBm0; path changes {}, slips {}",
        from.len() as f64 / 8000.0,
        state.enhancement.0,
        state.noise.0,
        state.path_changes,
        state.slips
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// As many samples as came from the line; the last tick is filled up with silence.
fn cancel(canceller: &mut EchoCanceller, to: &[i16], from: &[i16]) -> Vec<i16> {
    let mut out = Vec::with_capacity(from.len());
    for (to, from) in to.chunks(TICK_SAMPLES).zip(from.chunks(TICK_SAMPLES)) {
        let (mut reference, mut line) = ([0; TICK_SAMPLES], [0; TICK_SAMPLES]);
        reference[..to.len()].copy_from_slice(to);
        line[..from.len()].copy_from_slice(from);
        canceller.process(&mut line, &reference);
        out.extend(&line[..from.len()]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_dsp::echo_trial::path_scenes;

    #[test]
    fn a_recording_comes_out_as_long_as_it_was_and_without_its_echo() {
        let scene = path_scenes(11).swap_remove(0);
        let (to, from) = (&scene.far[..78_001], &scene.near[..78_001]);
        let mut canceller =
            EchoCanceller::new(EchoConfig { tail: Millis(16), suppress: false, ..EchoConfig::default() });
        let out = cancel(&mut canceller, to, from);
        assert_eq!(out.len(), from.len());
        let power = |samples: &[i16]| samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        assert!(power(&out[40_000..]) * 1e4 < power(&from[40_000..]));
    }
}
