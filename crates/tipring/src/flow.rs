//! `tipring flow`: runs flows in virtual time and holds them to their ladders.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use tipring_manage::ATTENTION;
use tipring_sim::flow::{Fidelity, Ladder, TOLERANCE, run_flow};
use tipring_units::Millis;

use crate::cli::TROUBLE;
use crate::client::print;

/// How flows are run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// In place of each flow's own seed.
    pub seed: Option<u64>,
    /// With true samples.
    pub audio: bool,
    /// Print each ladder.
    pub ladder: bool,
}

/// What came of one flow.
enum Outcome {
    Good,
    Failed,
    /// It could not be read.
    Unreadable,
}

/// Runs `files`. Exit code 0 only if all that they expect came true, and their golden ladders were met.
pub fn run(files: &[PathBuf], settings: Settings) -> Result<ExitCode> {
    let (mut good, mut worst) = (0, 0);
    for file in files {
        match one(file, settings)? {
            Outcome::Good => good += 1,
            Outcome::Failed => worst = worst.max(ATTENTION),
            Outcome::Unreadable => worst = TROUBLE,
        }
    }
    print(&format!("{good} of {} as expected", files.len()))?;
    Ok(ExitCode::from(worst))
}

fn one(file: &Path, settings: Settings) -> Result<Outcome> {
    let shown = file.display();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(why) => {
            eprintln!("{shown}: {why}");
            return Ok(Outcome::Unreadable);
        }
    };
    let fidelity = if settings.audio { Fidelity::Audio } else { Fidelity::Signal };
    let report = match run_flow(&text, fidelity, settings.seed) {
        Ok(report) => report,
        Err(why) => {
            eprintln!("{shown}:{why}");
            return Ok(Outcome::Unreadable);
        }
    };
    if settings.ladder {
        print(report.ladder.to_text().trim_end())?;
    }
    for failure in &report.failures {
        print(&format!("{shown}:{failure}"))?;
    }
    if !report.failures.is_empty() {
        return Ok(Outcome::Failed);
    }
    // Another seed gives other times.
    let differences =
        if settings.seed.is_none() { differences(file, &report.ladder, fidelity)? } else { Vec::new() };
    for difference in &differences {
        print(&format!("{}: {difference}", file.with_extension("ladder").display()))?;
    }
    Ok(if differences.is_empty() { Outcome::Good } else { Outcome::Failed })
}

/// Where `ladder` differs from the golden one beside the flow, if there is one.
fn differences(file: &Path, ladder: &Ladder, fidelity: Fidelity) -> Result<Vec<String>> {
    let golden = file.with_extension("ladder");
    if !golden.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&golden).with_context(|| format!("{}", golden.display()))?;
    // A ladder's text has whole milliseconds, the events of a run have their samples.
    let ladder = Ladder::parse(&ladder.to_text());
    let tolerance = match fidelity {
        Fidelity::Signal => Millis::ZERO,
        Fidelity::Audio => TOLERANCE,
    };
    Ok(Ladder::parse(&text).differences(&ladder, tolerance))
}
