//! `tipring explore`: random calls and faults in virtual time, with checkers that always watch.

use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use anyhow::Result;
use tipring_manage::ATTENTION;
use tipring_sim::explore::{ExploreReport, Fidelity, Scope, explore_within, shrink};

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
    /// Only the users of the first so many lines do something.
    pub lines: Option<u16>,
    /// Only the first so many faults happen.
    pub faults: Option<u64>,
    /// Look for the shortest run that still finds something.
    pub shrink: bool,
}

impl Settings {
    fn scope(&self, place: u64) -> Scope {
        Scope {
            seed: self.seed.wrapping_add(place),
            hours: self.hours,
            fidelity: if self.audio { Fidelity::Audio } else { Fidelity::Signal },
            lines: self.lines,
            faults: self.faults,
        }
    }
}

/// Explores all seeds, as many at once as there are processors. Exit code 0 only if nothing was found.
pub fn run(settings: Settings) -> Result<ExitCode> {
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
                    let scope = settings.scope(place);
                    let report = explore_within(scope);
                    let short = report.violations.first().filter(|_| settings.shrink).map(|first| {
                        shrink(scope, first.at.as_millis() / 1000, report.faults, |scope| {
                            !explore_within(scope).is_clean()
                        })
                    });
                    // whoever waits for reports is gone only if the program ends
                    let _ = reports.send((report, short));
                }
            });
        }
        drop(reports);
        for (report, short) in arrived {
            show(&report)?;
            if let Some(short) = short {
                print(&format!("shortest: {short}"))?;
            }
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
