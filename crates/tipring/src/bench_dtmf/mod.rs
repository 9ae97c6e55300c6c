//! `tipring bench dtmf`: the rows of ITU-T Q.24, measured as the Mitel (CM7291) and Bellcore test tapes measure them, for our
//! detector and for libspandsp's on the same samples.

mod columns;
pub mod ear;
mod rows;
pub mod signals;
mod talk_off;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tipring_oracle::Spandsp;

use crate::client::print;
use ear::{Ear, Maker};
pub use talk_off::collect;

/// What to measure.
#[derive(Debug, Args)]
pub struct Settings {
    /// The seed of all that is random: phases, order, noise, voices
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Count false digits in these folders of sound files instead (WAV, searched with all below)
    #[arg(long, value_name = "DIR", num_args = 1..)]
    talk_off: Vec<PathBuf>,
}

/// One line of the table.
pub struct Row {
    /// What is measured.
    pub name: &'static str,
    /// What the standard wants, in words.
    pub limit: &'static str,
    /// True if a figure is within it.
    pub within: fn(f64) -> bool,
    /// The figure's unit.
    pub unit: &'static str,
    /// True if a higher figure is better, false if a lower is; `None` where only the limit counts.
    pub higher: Option<bool>,
    /// Measures one ear.
    pub measure: fn(&Maker, u64) -> Option<f64>,
}

/// Measures and prints.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    let library = Spandsp::open();
    if !settings.talk_off.is_empty() {
        return talk_off::run(&settings.talk_off, library.as_ref());
    }
    print(&format!(
        "DTMF, seed {}: ITU-T Q.24, by the methods of the Mitel and Bellcore tapes",
        settings.seed
    ))?;
    if library.is_none() {
        print("libspandsp2 is not installed (Debian: apt install libspandsp2)")?;
    }
    print(&format!("{:<52} {:>10} {:>12} {:>14}", "", "here", "libspandsp", "limit"))?;
    let (mut missed, mut worse) = (0, 0);
    let ours: Maker = Box::new(|| Some(Ear::ours()));
    let theirs: Maker = Box::new(move || library.as_ref().and_then(Ear::theirs));
    for row in rows::ROWS {
        let figure = (row.measure)(&ours, settings.seed);
        let other = (row.measure)(&theirs, settings.seed);
        let told = |value: Option<f64>| match value {
            None => "-".to_owned(),
            Some(v) if v.is_nan() => "never".to_owned(),
            Some(v) => format!("{v:.1} {}", row.unit),
        };
        let mut note = String::new();
        if figure.is_none_or(|f| !(row.within)(f)) {
            missed += 1;
            note += "  MISSED";
        }
        if let (Some(a), Some(b), Some(higher)) = (figure, other, row.higher)
            && (if higher { a < b } else { a > b })
        {
            worse += 1;
            note += "  worse";
        }
        let (name, limit) = (row.name, row.limit);
        if !print(&format!("{name:<52} {:>10} {:>12} {limit:>14}{note}", told(figure), told(other)))? {
            break;
        }
    }
    for line in columns::columns(settings.seed) {
        missed += usize::from(line.contains("MISSED"));
        print(&line)?;
    }
    print(&format!("{missed} rows miss their limit, {worse} are worse than libspandsp"))?;
    Ok(if missed > 0 { ExitCode::from(tipring_manage::ATTENTION) } else { ExitCode::SUCCESS })
}
