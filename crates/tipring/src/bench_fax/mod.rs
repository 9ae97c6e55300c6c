//! `tipring bench fax`: faxes from line to line through two gateways, page by page.

mod modem;
#[cfg(test)]
mod tests;
mod transfer;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use tipring_oracle::Modulation;
use tipring_sim::network::Weather;
use tipring_sim::pair::PairSpec;
use tipring_units::Millis;

use crate::client::print;
use transfer::{Libraries, Transfer};

/// Pages of each fax.
const PAGES: usize = 2;

/// What to measure.
#[derive(Debug, Args)]
pub struct Settings {
    /// The seed of the pages, the networks and the lines
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Faxes of each row
    #[arg(long, value_name = "N", default_value_t = 24)]
    runs: u32,
}

/// A row of the table.
struct Case {
    name: &'static str,
    codecs: &'static [&'static str],
    /// Percent of packets lost.
    loss: f32,
    jitter: Millis,
    ppm: [i32; 2],
    corrects: bool,
}

const G711: &[&str] = &["pcmu", "pcma"];

const CASES: [Case; 8] = [
    Case { name: "calm network", codecs: G711, loss: 0.0, jitter: Millis(0), ppm: [0, 0], corrects: false },
    Case {
        name: "from G.722",
        codecs: &["g722", "pcmu"],
        loss: 0.0,
        jitter: Millis(0),
        ppm: [0, 0],
        corrects: false,
    },
    Case {
        name: "jitter of 60 ms",
        codecs: G711,
        loss: 0.0,
        jitter: Millis(60),
        ppm: [0, 0],
        corrects: false,
    },
    Case {
        name: "clocks 200 ppm apart",
        codecs: G711,
        loss: 0.0,
        jitter: Millis(2),
        ppm: [-100, 100],
        corrects: false,
    },
    Case { name: "0.1 % loss", codecs: G711, loss: 0.1, jitter: Millis(2), ppm: [0, 0], corrects: false },
    Case { name: "0.1 % loss, ECM", codecs: G711, loss: 0.1, jitter: Millis(2), ppm: [0, 0], corrects: true },
    Case { name: "1 % loss", codecs: G711, loss: 1.0, jitter: Millis(2), ppm: [0, 0], corrects: false },
    Case { name: "1 % loss, ECM", codecs: G711, loss: 1.0, jitter: Millis(2), ppm: [0, 0], corrects: true },
];

impl Case {
    fn pair(&self, seed: u64) -> PairSpec {
        let weather = Weather { loss: self.loss, jitter: self.jitter, delay: Millis(20), ..Weather::CALM };
        PairSpec {
            codecs: self.codecs.iter().map(|codec| (*codec).to_owned()).collect(),
            ppm: self.ppm,
            weather,
            ..PairSpec::calm(seed)
        }
    }

    fn transfer(&self, seed: u64) -> Transfer {
        Transfer { pair: self.pair(seed), corrects: self.corrects, pages: PAGES }
    }
}

/// Measures and prints.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    let Some(libraries) = Libraries::open() else {
        print("libspandsp2 or libtiff6 is not installed (Debian: apt install libspandsp2)")?;
        return Ok(ExitCode::FAILURE);
    };
    print(&format!(
        "{} faxes of {PAGES} pages a row, seed {}: libspandsp on both lines, packets of 20 ms",
        settings.runs, settings.seed
    ))?;
    print(&format!("{:<24} {:>12} {:>12} {:>12} {:>10}", "", "clean pages", "came", "whole faxes", "bit/s"))?;
    for case in &CASES {
        let (mut clean, mut came, mut whole, mut rate) = (0, 0, 0, 0);
        for run in 0..settings.runs {
            let arrived = case.transfer(settings.seed * 1000 + u64::from(run)).run(&libraries)?;
            if arrived.recorded != [true, true] {
                bail!("a fax was not passed through:\n{}", arrived.told[0].join("\n"));
            }
            clean += arrived.clean;
            came += arrived.came;
            whole += u32::from(arrived.clean == PAGES);
            rate += i64::from(arrived.outcomes[1].bit_rate);
        }
        let runs = settings.runs.max(1);
        let sent = runs as usize * PAGES;
        print(&format!(
            "{:<24} {:>10.1} % {:>10.1} % {:>5} of {:>3} {:>10}",
            case.name,
            clean as f64 * 100.0 / sent as f64,
            came as f64 * 100.0 / sent as f64,
            whole,
            runs,
            rate / i64::from(runs),
        ))?;
    }
    modems(settings, &libraries)?;
    Ok(ExitCode::SUCCESS)
}

/// Bits that two data modems get of each other, a call a row.
fn modems(settings: &Settings, libraries: &Libraries) -> Result<()> {
    print("")?;
    print(
        "data modems behind an answer tone (ANSam), wrong bits of those compared, at the caller and at the called",
    )?;
    print(&format!("{:<24} {:>20} {:>20}", "", "V.21", "V.22bis"))?;
    for case in CASES.iter().filter(|case| !case.corrects) {
        let mut row = format!("{:<24}", case.name);
        for modulation in [Modulation::V21, Modulation::V22bis] {
            let talked = modem::talk(&case.pair(settings.seed), &libraries.spandsp, modulation)?;
            if talked.recorded != [true, true] {
                bail!("a modem call was not passed through:\n{}", talked.told[0].join("\n"));
            }
            let [caller, called] = talked.got;
            let figures = format!("{}/{} {}/{}", caller.wrong, caller.bits, called.wrong, called.bits);
            row += &format!(" {figures:>20}");
        }
        print(&row)?;
    }
    Ok(())
}
