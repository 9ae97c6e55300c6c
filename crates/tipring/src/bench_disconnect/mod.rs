//! `tipring bench disconnect`: how soon the end of a call on an outside line is heard, and how often by mistake, beside
//! libspandsp's detector of supervisory tones on the same samples.

mod alarms;
mod ears;
mod loops;
mod music;
#[cfg(test)]
mod tests;
mod tones;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tipring_country::Country;
use tipring_oracle::Spandsp;
use tipring_port::TonePlan;

use crate::client::print;

/// The countries whose tones are measured.
const COUNTRIES: [&str; 4] = ["us", "gb", "de", "fr"];

/// What to measure.
#[derive(Debug, Args)]
pub struct Settings {
    /// The seed of all that is random: noise, voices, music
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Minutes of each kind of sound in which there is nothing to be heard
    #[arg(long, value_name = "N", default_value_t = 15)]
    minutes: usize,
    /// Look for false alarms in these folders of sound files too (WAV, searched with all below)
    #[arg(long, value_name = "DIR", num_args = 1..)]
    recordings: Vec<PathBuf>,
}

/// Measures and prints.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    let library = Spandsp::open();
    if library.is_none() {
        print("libspandsp2 is not installed (Debian: apt install libspandsp2)")?;
    }
    tones::run(settings.seed, library.as_ref())?;
    let by_loop = loops::run(settings.seed, settings.minutes)?;
    let by_sound = alarms::run(settings.seed, settings.minutes, &settings.recordings, library.as_ref())?;
    let false_alarms = by_loop + by_sound;
    print(&format!("{false_alarms} false alarms here"))?;
    Ok(if false_alarms > 0 { ExitCode::from(tipring_manage::ATTENTION) } else { ExitCode::SUCCESS })
}

/// The tones of a country.
fn plan_of(country: &str) -> Result<TonePlan> {
    Ok(Country::named(country)?.line_profile().tones)
}
