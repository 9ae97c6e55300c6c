//! `tipring bench curves`: what the plots of the book's chapter on voice quality show, as comma-separated values.
//!
//! One line a point: the plot, the series, x and y. `bench/plots.py` draws them.

mod digits;
mod echo;
mod jitter;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::client::print;

/// What to measure.
#[derive(Debug, Args)]
pub struct Settings {
    /// The seed of all that is random
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// A point of a curve.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// The plot that it belongs to.
    pub plot: &'static str,
    /// The curve in it.
    pub series: String,
    /// Across.
    pub x: f64,
    /// Upward.
    pub y: f64,
}

/// Prints all points.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    print("plot,series,x,y")?;
    for points in [echo::points, digits::points, jitter::points] {
        for Point { plot, series, x, y } in points(settings.seed) {
            if !print(&format!("{plot},{series},{x:.3},{y:.3}"))? {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
