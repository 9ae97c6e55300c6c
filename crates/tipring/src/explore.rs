//! `tipring explore`: random calls and faults in virtual time, with checkers that always watch.

use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use anyhow::Result;
use tipring_sim::explore::{ExploreReport, Fidelity, explore};

use crate::cli::ATTENTION;
use crate::client::print;

/// What is explored.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The first seed.
    pub seed: u64,
    /// How many seeds.
    pub seeds: u64,
    /// Virtual hours of each.
    pub hours: f64,
    /// With true samples.
    pub audio: bool,
}

/// Explores all seeds, as many at once as there are processors. Exit code 0 only if nothing was found.
pub fn run(settings: Settings) -> Result<ExitCode> {
    let fidelity = if settings.audio { Fidelity::Audio } else { Fidelity::Signal };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let next = AtomicU64::new(0);
    let (reports, arrived) = mpsc::channel();
    let (mut clean, mut calls) = (0, 0);
    std::thread::scope(|scope| -> Result<()> {
        for _ in 0..threads {
            let (reports, next) = (reports.clone(), &next);
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= settings.seeds {
                        break;
                    }
                    let seed = settings.seed.wrapping_add(place);
                    // whoever waits for reports is gone only if the program ends
                    let _ = reports.send(explore(seed, settings.hours, fidelity));
                }
            });
        }
        drop(reports);
        for report in arrived {
            show(&report)?;
            clean += u64::from(report.is_clean());
            calls += report.calls;
        }
        Ok(())
    })?;
    print(&format!("{clean} of {} seeds clean, {calls} calls", settings.seeds))?;
    Ok(ExitCode::from(if clean == settings.seeds { 0 } else { ATTENTION }))
}

fn show(report: &ExploreReport) -> Result<()> {
    print(&report.to_string())?;
    for violation in &report.violations {
        print(&violation.to_string())?;
    }
    Ok(())
}
