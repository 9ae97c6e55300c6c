//! `tipring check`: tells each mistake of a configuration with its remedy.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use tipring_config::Level;
use tipring_manage::ATTENTION;
use tipring_manage::check::{census, read};

use crate::client::print;

/// Where a configuration is looked for.
const PLACES: [&str; 2] = ["tipring.toml", "/etc/tipring/tipring.toml"];

/// Prints what is found in `file`.
pub fn command(file: Option<&Path>) -> Result<ExitCode> {
    let file = match file {
        Some(file) => file.to_owned(),
        None => match PLACES.iter().map(PathBuf::from).find(|place| place.exists()) {
            Some(place) => place,
            None => bail!("There is no {}. Name the file: tipring check FILE", PLACES.join(" and no ")),
        },
    };
    let report = read(&file)?;
    for line in report.to_string().lines() {
        print(line)?;
    }
    let shown = file.display();
    let Some(effective) = &report.effective else {
        let count = report.of(Level::Error).count();
        let mistakes = if count == 1 { "1 mistake".to_owned() } else { format!("{count} mistakes") };
        print(&format!("{shown} is not accepted: {mistakes}."))?;
        return Ok(ExitCode::from(ATTENTION));
    };
    print(&format!("{shown} may run: {}.", census(effective)))?;
    Ok(ExitCode::SUCCESS)
}
