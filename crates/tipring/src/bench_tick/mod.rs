//! `tipring bench tick`: what a tick of many lines in calls costs, in the mean and at its worst.
//!
//! The shard of the gateway is ticked as fast as it goes: line machines, voice paths, streams, bridges. Each tick is
//! measured by the processor's time of the thread, in several rounds of the same load, and the fastest counts, so that what else the machine does is left out;
//! what the clock on the wall showed in the first round is printed beside it. Sockets are measured apart; SRTP there is none.

mod load;
mod parts;
mod sockets;
mod watch;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;
use tipring_port::LineProfile;
use tipring_sim::bench::tick::{BASELINE_TAPS, baseline};
use tipring_units::Millis;

use crate::client::print;
use load::{Load, Talk, Voices, WARM_TICKS};
use parts::{AllParts, NAMES};
use watch::{Start, Took};

/// Aims: share of one core, and the 99.9th percentile of the tick in microseconds.
const SHARE_AIM: f64 = 70.0;
const TICK_AIM: f64 = 8000.0;
/// Nanoseconds of a tick.
const TICK_NANOS: f64 = 10e6;
/// Ticks of the load by which blocks are measured by themselves.
const PART_TICKS: usize = 200;
/// Most lines of a shard here.
const LINES_MAX: u16 = 4000;

/// What is measured.
#[derive(Clone, Copy, Debug, Args)]
pub struct Settings {
    /// Lines, each in a call
    #[arg(long, value_name = "N", default_value_t = 1000)]
    lines: u16,
    /// Ticks that are measured
    #[arg(long, value_name = "N", default_value_t = 1000)]
    ticks: usize,
    /// Rounds of which each tick's fastest counts
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Tail of the echo cancellers in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 64)]
    tail: u32,
    /// The seed of voices and conversations
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Only this load, one round, no blocks and no sockets: for a profiler
    #[arg(long, value_enum)]
    only: Option<Talk>,
    /// Write an object of figures in place of tables
    #[arg(long)]
    json: bool,
}

/// A load's figures: microseconds of a tick, and what follows from them.
#[derive(Clone, Debug, Serialize)]
struct Figures {
    load: &'static str,
    mean: f64,
    median: f64,
    p99: f64,
    p999: f64,
    worst: f64,
    /// The same by the wall clock in the first round, with all that else the machine did.
    raw_mean: f64,
    raw_p999: f64,
    /// Percent of one core.
    share: f64,
    /// Nanoseconds of a line.
    line: f64,
    /// Packets sent in a tick.
    packets: f64,
}

/// Everything, for `--json`.
#[derive(Serialize)]
struct Report {
    lines: u16,
    tail_ms: u32,
    ticks: usize,
    baseline_ns: f64,
    loads: Vec<Figures>,
    blocks_ns: Vec<(&'static str, f64)>,
    send_ns: f64,
    receive_ns: f64,
}

/// Measures and prints. Exit code 0 whatever the figures: they are the machine's.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    ensure!((1..=LINES_MAX).contains(&settings.lines), "--lines is 1 to {LINES_MAX}");
    ensure!(settings.ticks > 0 && settings.rounds > 0, "--ticks and --rounds are 1 at the least");
    if cfg!(debug_assertions) && !settings.json {
        print("This is a debug build: times mean little. Use cargo run --release -- bench tick.")?;
    }
    let profile = profile(settings.tail)?;
    let voices = Voices::new(settings.seed);
    if let Some(talk) = settings.only {
        let mut load = Load::new(&voices, &profile, settings.lines, talk, settings.seed);
        (0..WARM_TICKS + settings.ticks).for_each(|_| {
            load.tick();
        });
        return Ok(ExitCode::SUCCESS);
    }
    let clock = Start::now();
    let mut nanos = || clock.took().cpu as u64;
    let base = baseline(5, &mut nanos);
    let loads = [Talk::Conversation, Talk::All, Talk::None];
    let loads = loads.map(|talk| measure(&voices, &profile, settings, talk));
    let bare = without_cancellers(&voices, settings)?;
    let blocks = blocks(&voices, &profile, settings);
    let sockets = sockets::measure()?;
    if settings.json {
        let report = Report {
            lines: settings.lines,
            tail_ms: settings.tail,
            ticks: settings.ticks,
            baseline_ns: base,
            loads: loads.to_vec(),
            blocks_ns: NAMES.into_iter().zip(blocks).collect(),
            send_ns: sockets.send,
            receive_ns: sockets.receive,
        };
        print(&serde_json::to_string(&report)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!(
        "{} lines in calls: cancellers of {} ms, digits, a bank each way, jitter buffer, G.711 at 20 ms",
        settings.lines, settings.tail
    ))?;
    print(&format!(
        "{} ticks of 10 ms, each the fastest of {} rounds; microseconds of the thread on a processor; seed {}",
        settings.ticks, settings.rounds, settings.seed
    ))?;
    print(&format!("baseline: {base:.0} ns for a filter of {BASELINE_TAPS} taps over 10 ms\n"))?;
    print(
        "load                 mean   median       99 %     99.9 %      worst   wall, first round / 99.9 %   core %   ns a line   baselines",
    )?;
    for figures in loads.iter().chain([&bare]) {
        print(&figures.row(base))?;
    }
    let conversation = &loads[0];
    let verdict = |holds: bool| if holds { "reached" } else { "MISSED" };
    print("")?;
    print(&format!(
        "aim for 1,000 lines in conversation: {SHARE_AIM:.0} % of one core ({}), 99.9 % of ticks under {:.0} ms ({})",
        verdict(conversation.share / f64::from(settings.lines) * 1000.0 <= SHARE_AIM),
        TICK_AIM / 1000.0,
        verdict(conversation.p999 / f64::from(settings.lines) * 1000.0 <= TICK_AIM),
    ))?;
    print("")?;
    print(
        "blocks by themselves, one of each a line, in conversation    ns of a tick and line   share of the tick",
    )?;
    for (name, cost) in NAMES.into_iter().zip(blocks) {
        print(&format!("  {name:<56} {cost:>15.0} {:>18.0} %", 100.0 * cost / conversation.line))?;
    }
    let rest = conversation.line - blocks.iter().sum::<f64>();
    print(&format!(
        "  {:<56} {rest:>15.0} {:>18.0} %",
        "rest: line machine, jitter buffer, packets, bridges",
        100.0 * rest / conversation.line
    ))?;
    print("")?;
    let socket = 50.0 * (sockets.send + sockets.receive);
    print(&format!(
        "sockets, apart ({:.0} packets a tick each way): {:.0} ns to send one, {:.0} to find and receive one: {:.1} % of one core for {} lines",
        conversation.packets,
        sockets.send,
        sockets.receive,
        socket * f64::from(settings.lines) / 1e9 * 100.0,
        settings.lines
    ))?;
    print("SRTP: none is built")?;
    Ok(ExitCode::SUCCESS)
}

/// The profile of a telephone in the US with a tail.
fn profile(tail: u32) -> Result<LineProfile> {
    let report = tipring_config::check("country = \"us\"\n[phone.101]\nport = \"sim/1\"\n", "bench");
    let effective = report.effective.context("the configuration of the bench is refused")?;
    let phone = effective.phone.values().next().context("the configuration of the bench has no telephone")?;
    Ok(LineProfile { echo_tail: Millis(tail).samples(), ..effective.profile(phone) })
}

/// Figures of a load.
fn measure(voices: &Voices, profile: &LineProfile, settings: &Settings, talk: Talk) -> Figures {
    let mut best = vec![f64::INFINITY; settings.ticks];
    let (mut first, mut packets) = (Vec::new(), 0.0);
    for round in 0..settings.rounds {
        let mut load = Load::new(voices, profile, settings.lines, talk, settings.seed);
        for _ in 0..WARM_TICKS {
            load.tick();
        }
        let before = load.sent();
        let costs: Vec<Took> = (0..settings.ticks).map(|_| load.tick()).collect();
        packets = (load.sent() - before) as f64 / settings.ticks as f64;
        best.iter_mut().zip(&costs).for_each(|(best, cost)| *best = best.min(cost.cpu));
        if round == 0 {
            first = costs.iter().map(|cost| cost.wall).collect();
        }
    }
    Figures { packets, ..Figures::new(talk.word(), &best, &first, settings.lines) }
}

fn without_cancellers(voices: &Voices, settings: &Settings) -> Result<Figures> {
    let figures = measure(voices, &profile(0)?, settings, Talk::Conversation);
    Ok(Figures { load: "  no cancellers", ..figures })
}

fn blocks(voices: &Voices, profile: &LineProfile, settings: &Settings) -> [f64; NAMES.len()] {
    let mut load = Load::new(voices, profile, settings.lines, Talk::Conversation, settings.seed);
    let mut parts = AllParts::new(profile, settings.lines);
    for tick in 0..WARM_TICKS + PART_TICKS {
        load.tick();
        parts.tick(load.lines(), tick >= WARM_TICKS);
    }
    parts.costs()
}

impl Figures {
    fn new(load: &'static str, best: &[f64], first: &[f64], lines: u16) -> Self {
        let micros = |costs: &[f64]| -> Vec<f64> {
            let mut sorted: Vec<f64> = costs.iter().map(|cost| cost / 1000.0).collect();
            sorted.sort_by(f64::total_cmp);
            sorted
        };
        let mean = |sorted: &[f64]| sorted.iter().sum::<f64>() / sorted.len().max(1) as f64;
        let (best, first) = (micros(best), micros(first));
        Self {
            load,
            mean: mean(&best),
            median: percentile(&best, 50.0),
            p99: percentile(&best, 99.0),
            p999: percentile(&best, 99.9),
            worst: percentile(&best, 100.0),
            raw_mean: mean(&first),
            raw_p999: percentile(&first, 99.9),
            share: mean(&best) * 1000.0 / TICK_NANOS * 100.0,
            line: mean(&best) * 1000.0 / f64::from(lines),
            packets: 0.0,
        }
    }

    fn row(&self, base: f64) -> String {
        format!(
            "{:<16} {:>8.0} {:>8.0} {:>10.0} {:>10.0} {:>10.0} {:>17.0} / {:>6.0} {:>8.1} {:>11.0} {:>11.2}",
            self.load,
            self.mean,
            self.median,
            self.p99,
            self.p999,
            self.worst,
            self.raw_mean,
            self.raw_p999,
            self.share,
            self.line,
            self.line / base,
        )
    }
}

/// The least value that so many percent of the sorted values do not exceed.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    // Less a hair, for 99.9 % of 1,000 are a bit more than 999 in binary.
    let place = (percent / 100.0 * sorted.len() as f64 - 1e-6).ceil() as usize;
    sorted.get(place.max(1) - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_so_many_do_not_exceed() {
        let sorted: Vec<f64> = (1..=1000).map(f64::from).collect();
        assert_eq!([50.0, 99.0, 99.9, 100.0].map(|p| percentile(&sorted, p)), [500.0, 990.0, 999.0, 1000.0]);
        assert_eq!(percentile(&[7.0], 99.9), 7.0);
    }

    #[test]
    fn calls_of_a_load_carry_sound_both_ways() {
        let (voices, profile) = (Voices::new(1), profile(64).expect("a profile"));
        let mut load = Load::new(&voices, &profile, 4, Talk::All, 1);
        for _ in 0..WARM_TICKS {
            load.tick();
        }
        let before = load.sent();
        let mut sounding = 0;
        for _ in 0..200 {
            load.tick();
            sounding += load.lines().filter(|(_, out)| out.iter().any(|sample| sample.abs() > 200)).count();
        }
        // Each of four lines sends a packet every other tick, and reports now and then.
        assert!((400..430).contains(&(load.sent() - before)), "{} packets", load.sent() - before);
        assert!(sounding > 400, "{sounding} of 800 frames to lines sound");
    }

    #[test]
    fn in_a_conversation_each_end_talks_about_four_tenths_of_the_time() {
        let (near, far, both) = load::talking(20_000);
        assert!((0.36..0.48).contains(&near) && (0.36..0.48).contains(&far), "{near} {far}");
        assert!((0.04..0.11).contains(&both), "{both}");
    }
}
