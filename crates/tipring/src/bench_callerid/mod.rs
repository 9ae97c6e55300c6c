//! `tipring bench callerid`: every way of sending who calls, over lines that are noisy, soft, off in frequency and tilted, heard
//! by our receiver and by libspandsp's on the same samples; sent by us and by libspandsp.

mod trial;
mod variant;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tipring_dsp::caller_trial::Line;
use tipring_oracle::{Adsi, Spandsp};
use tipring_units::{Db, Dbm0, Entropy};

use crate::client::print;
use trial::{Sender, Tally, cell, damaged};
use variant::{Variant, variants};

/// What to measure.
#[derive(Debug, Args)]
pub struct Settings {
    /// The seed of the noise
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Times that each of the eight messages is sent in each cell
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: u32,
}

/// Noise below the message, in dB over the whole band; the first is a line without any.
const NOISE: [Option<f32>; 8] =
    [None, Some(30.0), Some(20.0), Some(16.0), Some(12.0), Some(10.0), Some(8.0), Some(6.0)];
/// From here on up everything has to be understood.
const SURE: f32 = 16.0;
const LEVELS: [f32; 6] = [-3.0, -10.0, -20.0, -30.0, -36.0, -42.0];
const SPEEDS: [f64; 5] = [0.99, 0.995, 1.0, 1.005, 1.01];
const TILTS: [f32; 5] = [-6.0, -3.0, 0.0, 3.0, 6.0];
/// Noise of the tables that are not about noise.
const USUAL: Option<Db> = Some(Db(20.0));

/// Measures and prints.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    let library = Spandsp::open();
    let bench = Bench { library: library.as_ref(), settings, variants: variants() };
    let messages = 8 * settings.rounds;
    print(&format!(
        "Caller ID, seed {}: percent of {messages} messages understood, here/by libspandsp, at so many dB over noise",
        settings.seed
    ))?;
    if library.is_none() {
        print("libspandsp2 is not installed (Debian: apt install libspandsp2)")?;
    }
    let mut missed = 0;
    let mut wrong = Tally::default();
    let mut better = [0; 2];
    for sender in [Sender::Ours, Sender::Theirs] {
        let name = match sender {
            Sender::Ours => "sent by us",
            Sender::Theirs => "sent by libspandsp",
        };
        print("")?;
        let heads: String =
            NOISE.map(|snr| format!("{:>9}", snr.map_or("none".to_owned(), |snr| format!("{snr}")))).concat();
        print(&format!("{name:<26} {:<15}{heads}", "country"))?;
        for variant in &bench.variants {
            let mut row = String::new();
            for snr in NOISE {
                let line = Line { snr: snr.map(Db), ..Line::PLAIN };
                let Some(tally) = bench.cell(variant, sender, &line) else {
                    row += &format!("{:>9}", "-");
                    continue;
                };
                row += &bench.told(&tally);
                missed += u32::from(snr.is_none_or(|snr| snr >= SURE) && tally.share(0) < 100);
                wrong.add(&tally);
                if library.is_some() {
                    better[0] += u32::from(tally.right[0] > tally.right[1]);
                    better[1] += u32::from(tally.right[0] < tally.right[1]);
                }
            }
            if !print(&format!("{:<26} {:<15}{row}", variant.name, variant.country))? {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    print("")?;
    print(&format!(
        "wrong callers told in those {} messages: {} here, {} by libspandsp",
        wrong.sent, wrong.wrong[0], wrong.wrong[1]
    ))?;
    if library.is_some() {
        print(&format!(
            "cells in which more is understood here: {}, by libspandsp: {}",
            better[0], better[1]
        ))?;
    }
    missed += bench.tables()?;
    let shown = bench.damage()?;
    print(&format!("{missed} cells miss 100 % at {SURE} dB or better; {shown} damaged messages were shown"))?;
    Ok(if missed + shown > 0 { ExitCode::from(tipring_manage::ATTENTION) } else { ExitCode::SUCCESS })
}

struct Bench<'a> {
    library: Option<&'a Spandsp>,
    settings: &'a Settings,
    variants: Vec<Variant>,
}

/// Variants that sound alike.
const KINDS: [(&str, Adsi); 4] =
    [("Bell 202", Adsi::Class), ("V.23", Adsi::Clip), ("NTT", Adsi::Jclip), ("DTMF", Adsi::Dtmf)];

impl Bench<'_> {
    /// Each cell has noise of its own from the seed, so that no other changes it.
    fn cell(&self, variant: &Variant, sender: Sender, line: &Line) -> Option<Tally> {
        let mut entropy = Entropy::for_simulation(self.settings.seed);
        cell(variant, sender, line, self.settings.rounds, self.library, &mut entropy)
    }

    fn told(&self, tally: &Tally) -> String {
        let theirs = if self.library.is_some() { tally.share(1).to_string() } else { "-".to_owned() };
        format!("{:>9}", format!("{}/{theirs}", tally.share(0)))
    }

    /// Level, frequency and tilt, by kind of sound, our sender's and libspandsp's together.
    fn tables(&self) -> Result<u32> {
        let usual = Line { snr: USUAL, ..Line::PLAIN };
        let mut missed = 0;
        missed += self.table(
            "level, dBm0",
            &LEVELS.map(|level| (level.to_string(), Line { level: Dbm0(level), ..usual })),
            |line| line.level.0 >= -36.0,
        )?;
        missed += self.table(
            "frequency and bit rate off",
            &SPEEDS.map(|speed| (format!("{:+.1} %", (speed - 1.0) * 100.0), Line { speed, ..usual })),
            |_| true,
        )?;
        missed += self.table(
            "loss at 2200 beyond 1200 Hz, dB",
            &TILTS.map(|tilt| (format!("{tilt}"), Line { tilt: Db(tilt), ..usual })),
            |line| line.tilt.0.abs() <= 3.0,
        )?;
        Ok(missed)
    }

    fn table(&self, name: &str, lines: &[(String, Line)], sure: fn(&Line) -> bool) -> Result<u32> {
        print("")?;
        let heads: String = lines.iter().map(|(head, _)| format!("{head:>9}")).collect();
        print(&format!("{name:<42}{heads}"))?;
        let mut missed = 0;
        for (kind, theirs) in KINDS {
            let mut row = String::new();
            for (_, line) in lines {
                let mut sum = Tally::default();
                for variant in self.variants.iter().filter(|variant| variant.theirs == theirs) {
                    for sender in [Sender::Ours, Sender::Theirs] {
                        if let Some(tally) = self.cell(variant, sender, line) {
                            sum.add(&tally);
                        }
                    }
                }
                row += &self.told(&sum);
                missed += u32::from(sure(line) && sum.share(0) < 100);
            }
            print(&format!("{kind:<42}{row}"))?;
        }
        Ok(missed)
    }

    /// Messages with one wrong bit: how many were shown here.
    fn damage(&self) -> Result<u32> {
        print("")?;
        print(&format!(
            "{:<42}{:>9}{:>9}{:>12}",
            "one bit of a message wrong: shown", "sent", "here", "libspandsp"
        ))?;
        let mut shown = 0;
        for variant in &self.variants {
            let mut entropy = Entropy::for_simulation(self.settings.seed);
            let Some(tally) = damaged(variant, self.library, &mut entropy) else { continue };
            shown += tally.wrong[0];
            let theirs = if self.library.is_some() { tally.wrong[1].to_string() } else { "-".to_owned() };
            print(&format!(
                "{:<26} {:<15}{:>9}{:>9}{theirs:>12}",
                variant.name, variant.country, tally.sent, tally.wrong[0]
            ))?;
        }
        Ok(shown)
    }
}
