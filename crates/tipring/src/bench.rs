//! `tipring bench`: what the gateway costs on this machine and how long it takes.
//!
//! Nanoseconds are measured here; instructions by callgrind, under which this program starts itself again. A child is
//! told its part by [`CHILD`] and does nothing else.

use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use tipring_port::LineProfile;
use tipring_sim::bench::control::delays;
use tipring_sim::bench::path::{Spread, mouth_to_wire, wire_to_ear};
use tipring_sim::bench::tick::{BASELINE_TAPS, LineState, MEASURED_TICKS, Script, WARM_TICKS, baseline};
use tipring_sim::flow::{Fidelity, run_flow};

use crate::client::print;

/// What a child under callgrind has to do: `talking:100`.
const CHILD: &str = "TIPRING_BENCH_CHILD";
/// Lines that are ticked at once.
const LINES: u16 = 16;
/// Runs of which the fastest counts.
const ROUNDS: u32 = 5;
/// Lines and ticks of a child; the difference of two runs is what the ticks cost.
const CHILD_LINES: u16 = 2;
const CHILD_TICKS: [usize; 2] = [100, MEASURED_TICKS];
/// Lines by which memory is measured.
const MEMORY_LINES: u16 = 256;
/// A call of a minute.
const CALL: &str = "seed 1  country us\nphones 101 102\nserver none\n\nphone 1: off-hook -> hears dial-tone\n\
    phone 1: dials 102 -> phone 2 rings\nphone 2: off-hook\nwait 60s\nphone 1: on-hook\nphone 2: on-hook\n";

/// Measures and prints everything.
pub fn run() -> Result<ExitCode> {
    let profile = profile()?;
    if let Ok(part) = std::env::var(CHILD) {
        return child(&part, &profile);
    }
    if cfg!(debug_assertions) {
        say("This is a debug build: times mean little. Use cargo run --release -- bench.")?;
    }
    ticks(&profile)?;
    say("")?;
    paths(&profile)?;
    say("")?;
    memory(&profile)?;
    speed()?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a line; whoever stopped reading misses the rest.
fn say(line: &str) -> Result<()> {
    print(line).map(drop)
}

/// The profile of a telephone in the US.
fn profile() -> Result<LineProfile> {
    let report = tipring_config::check("country = \"us\"\n[phone.101]\nport = \"sim/1\"\n", "bench");
    let effective = report.effective.context("the configuration of the bench is refused")?;
    let phone = effective.phone.values().next().context("the configuration of the bench has no telephone")?;
    Ok(effective.profile(phone))
}

fn ticks(profile: &LineProfile) -> Result<()> {
    let start = Instant::now();
    let mut clock = || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let base = baseline(ROUNDS, &mut clock);
    say(&format!("baseline: {base:.0} ns for a filter of {BASELINE_TAPS} taps over 10 ms\n"))?;
    say("10 ms of one line           ns   baselines   lines a core   instructions")?;
    let counts = can_count();
    for state in LineState::ALL {
        let cost = Script::record(state, profile).time(LINES, ROUNDS, &mut clock);
        let instructions = match &counts {
            Ok(()) => format!("{:.0}", instructions(state)?),
            Err(_) => "-".to_owned(),
        };
        let lines = 10e6 / cost;
        let (word, ratio) = (state.word(), cost / base);
        say(&format!("{word:<20} {cost:>9.0} {ratio:>11.2} {lines:>14.0} {instructions:>14}"))?;
    }
    match counts {
        Ok(()) => Ok(()),
        Err(why) => say(&format!("instructions: not measured: {why}")),
    }
}

fn can_count() -> Result<(), &'static str> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(_) | Err(_) => Err("valgrind is not installed (Debian: apt install valgrind)"),
    }
}

/// Instructions of one tick of one line by callgrind.
fn instructions(state: LineState) -> Result<f64> {
    let [few, many] = CHILD_TICKS;
    let cost = collected(state, many)? - collected(state, few)?;
    Ok(cost / ((many - few) as f64 * f64::from(CHILD_LINES)))
}

fn collected(state: LineState, ticks: usize) -> Result<f64> {
    let own = std::env::current_exe().context("this program's own file is not known")?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .arg("bench")
        .env(CHILD, format!("{}:{ticks}", state.word()))
        .output()
        .context("valgrind did not start")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let count = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.with_context(|| format!("callgrind gave no count:\n{said}"))
}

fn child(part: &str, profile: &LineProfile) -> Result<ExitCode> {
    let found = part
        .split_once(':')
        .and_then(|(word, ticks)| Some((LineState::from_word(word)?, ticks.parse().ok()?)));
    let Some((state, ticks)) = found else { bail!("{CHILD} is for this program's own use") };
    let script = Script::record(state, profile);
    let mut bench = script.bench(CHILD_LINES);
    bench.run(&script, 0, WARM_TICKS);
    black_box(bench.run(&script, WARM_TICKS, ticks));
    Ok(ExitCode::SUCCESS)
}

fn paths(profile: &LineProfile) -> Result<()> {
    let told = |spread: Option<Spread>| match spread {
        Some(Spread { least, most }) => {
            format!(
                "{} to {} samples ({:.1} to {:.1} ms)",
                least.0,
                most.0,
                least.0 as f64 / 8.0,
                most.0 as f64 / 8.0
            )
        }
        None => "not measured: not every impulse came through".to_owned(),
    };
    say(&format!("mouth to wire, 20 ms packets:     {}", told(mouth_to_wire(profile))))?;
    say(&format!("wire to ear, no network jitter:   {}", told(wire_to_ear(profile))))?;
    match delays() {
        Some(delays) => {
            say(&format!("last digit heard to INVITE:       {}", delays.digit_to_invite))?;
            say(&format!("last key released to INVITE:      {}", delays.key_to_invite))?;
            say(&format!("INVITE to ringing voltage:        {}", delays.invite_to_ring))
        }
        None => say("delays of calls: not measured: a call did not come about"),
    }
}

/// Resident memory by line: what the process grows by when it holds lines in a call.
fn memory(profile: &LineProfile) -> Result<()> {
    let script = Script::record(LineState::Talking, profile);
    let before = resident()?;
    let mut bench = script.bench(MEMORY_LINES);
    bench.run(&script, 0, WARM_TICKS);
    let after = resident()?;
    black_box(&mut bench);
    let each = after.saturating_sub(before) as f64 / f64::from(MEMORY_LINES);
    say(&format!(
        "memory of a line in a call:       {each:.1} KiB (with its RTP stream, of {MEMORY_LINES} lines)"
    ))
}

/// Resident memory of this process in KiB.
fn resident() -> Result<u64> {
    let status =
        std::fs::read_to_string("/proc/self/status").context("no /proc: memory cannot be measured")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.context("/proc/self/status tells no VmRSS")
}

fn speed() -> Result<()> {
    for (word, fidelity) in [("signal", Fidelity::Signal), ("audio", Fidelity::Audio)] {
        let start = Instant::now();
        let report = run_flow(CALL, fidelity, None)?;
        let virtual_seconds = report.length.as_nanos() as f64 / 1e9;
        let speed = virtual_seconds / start.elapsed().as_secs_f64();
        let label = format!("virtual time, {word}:");
        match report.failures.is_empty() {
            true => say(&format!("{label:<33} {speed:.0} times real time (a call of two telephones)"))?,
            false => say(&format!("{label:<33} not measured: the call did not come about"))?,
        }
    }
    Ok(())
}
