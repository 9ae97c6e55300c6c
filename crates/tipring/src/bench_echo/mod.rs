//! `tipring bench echo`: the canceller on the tests of G.168 and on harder ones, beside others on the same samples.

pub mod canceller;
mod coders;
mod data;
mod disabler;
mod plant;
mod table;
mod times;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::Args;
use tipring_dsp::echo_trial::signal::EchoPath;
use tipring_dsp::echo_trial::{
    Limit, Scene, double_talk_scenes, endurance_scenes, path_scenes, recommendation_scenes, slip_scenes,
    voice_scene,
};
use tipring_units::{Dbm0, Millis};

use crate::client::print;
use canceller::{ALL, Who};
use plant::Loop;
use table::{Entry, Job, cells, merge, run as measure};

/// Levels of the far end at which the Recommendation's tests are made.
const LEVELS: [f32; 3] = [-10.0, -20.0, -30.0];
/// Tail in the Recommendation's tests.
const TAIL: Millis = Millis(64);
/// Echo return loss of the models in them.
const LOSS: f64 = 6.0;

/// What to measure.
#[derive(Debug, Args)]
pub struct Settings {
    /// The seed of all signals; without one, seed 1, and our figures on a fresh one beside
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Each of the Recommendation's tests on all eight echo-path models; by default on three that the seed picks. Minutes
    #[arg(long)]
    all: bool,
}

/// Prints every figure, then what a second of audio costs.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        print("This is a debug build: times mean little. Use cargo run --release -- bench echo.")?;
    }
    let seed = settings.seed.unwrap_or(1);
    let fresh = match settings.seed {
        Some(_) => None,
        None => SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|now| now.as_secs() % 1_000_000),
    };
    print(&match fresh {
        Some(fresh) => format!("seed {seed}; \"fresh\": ours on seed {fresh}"),
        None => format!("seed {seed}"),
    })?;
    print("Residual echo is without suppressor but in tests 1 (suppressor), 2A, 3C, 8, 9 and the voice.")?;
    for (who, hint) in [
        (Who::Speex, "apt install libspeexdsp1"),
        (Who::Oslec, "bench/oslec.sh builds it from Debian's kernel source"),
    ] {
        if who.make(TAIL, false).is_none() {
            print(&format!("{}: not installed ({hint})", who.name()))?;
        }
    }
    print("Where a trial has several lines, the worst of them counts (×).")?;
    let jobs = jobs(settings.all);
    let entries = merge(measure(&jobs, seed, &ALL));
    let others = fresh.map(|fresh| merge(measure(&jobs, fresh, &[Who::Ours])));
    let (missed, behind) = figures(&entries, others.as_deref())?;
    print("")?;
    print(&format!("{missed} figures miss their limit; in {behind} another canceller is better"))?;
    print("")?;
    times::table(seed)?;
    Ok(if missed > 0 { ExitCode::from(tipring_manage::ATTENTION) } else { ExitCode::SUCCESS })
}

/// All trials.
fn jobs(all: bool) -> Vec<Job> {
    let mut jobs: Vec<Job> = vec![
        Box::new(|seed, who| cells(&path_scenes(seed), who)),
        Box::new(|seed, who| cells(&double_talk_scenes(seed), who)),
        Box::new(|seed, who| cells(&slip_scenes(seed), who)),
        Box::new(|seed, who| {
            let mut scenes: Vec<_> =
                EchoPath::models(0, LOSS).iter().map(|path| voice_scene(seed, path)).collect();
            // A port whose impedance is set wrongly is what a person notices.
            scenes.push(voice_scene(seed, &Loop::mismatched()));
            cells(&scenes, who)
        }),
    ];
    for (place, level) in LEVELS.into_iter().enumerate() {
        // Three models that lie apart; which ones the seed says.
        let models = if all { 8 } else { 3 };
        for step in 0..models {
            jobs.push(Box::new(move |seed, who| {
                let index = (seed as usize + place + step * 8 / models) % 8;
                let paths = EchoPath::models(0, LOSS);
                let (path, other) = (&paths[index], &paths[(index + 3) % 8]);
                cells(
                    &gathered(recommendation_scenes(seed + index as u64, Dbm0(level), path, other, TAIL)),
                    who,
                )
            }));
        }
        jobs.push(Box::new(move |seed, who| {
            let path = EchoPath::models(0, LOSS).swap_remove((seed as usize + 2 * place) % 8);
            cells(&endurance_scenes(seed, Dbm0(level), &path, TAIL), who)
        }));
    }
    let lines = [
        (Loop::matched(), Loop::with_two_telephones()),
        (Loop::mismatched(), Loop::matched()),
        (Loop::with_two_telephones(), Loop::matched()),
    ];
    for (place, level) in LEVELS.into_iter().enumerate() {
        for (index, (line, other)) in lines.into_iter().enumerate() {
            if !all && index != place {
                continue;
            }
            jobs.push(Box::new(move |seed, who| {
                let seed = seed + 50 + index as u64;
                let mut scenes = recommendation_scenes(seed, Dbm0(level), &line, &other, TAIL);
                if place == 0 {
                    scenes.extend(endurance_scenes(seed, Dbm0(level), &line, TAIL));
                }
                for scene in &mut scenes {
                    scene.name.push_str(", loop");
                }
                cells(&gathered(scenes), who)
            }));
        }
    }
    jobs.push(Box::new(data::cells));
    for level in LEVELS {
        jobs.push(Box::new(move |seed, who| cells(&coders::scenes(seed, Dbm0(level)), who)));
    }
    jobs.push(Box::new(disabler::cells));
    jobs
}

/// The tones of test 8 as one trial.
fn gathered(mut scenes: Vec<Scene>) -> Vec<Scene> {
    for scene in &mut scenes {
        if let Some((_, level)) = scene.name.strip_prefix("test 8, ").and_then(|rest| rest.split_once(", ")) {
            scene.name = format!("test 8, {level}");
        }
    }
    scenes
}

/// Prints the table; how many of our figures miss their limit, and in how many lines another is better.
fn figures(entries: &[Entry], fresh: Option<&[Entry]>) -> Result<(u32, u32)> {
    let head = ["ours", "fresh", "speexdsp", "OSLEC"];
    print(&format!(
        "{:<38} {:<41} {:<15} {:>8} {:>8} {:>8} {:>8}",
        "trial", "figure", "limit", head[0], head[1], head[2], head[3]
    ))?;
    let (mut missed, mut behind) = (0, 0);
    for entry in entries {
        let cell = &entry.cell;
        let again = fresh.and_then(|fresh| {
            let same = |other: &&Entry| (&other.cell.name, &other.cell.what) == (&cell.name, &cell.what);
            fresh.iter().find(same)?.cell.figures.first().copied().flatten()
        });
        let [ours, speex, oslec] = [0, 1, 2].map(|n: usize| cell.figures.get(n).copied().flatten());
        let misses = [ours, again].into_iter().flatten().any(|figure| !cell.limit.holds(figure));
        let better: Vec<&str> = ALL
            .iter()
            .zip(&cell.figures)
            .skip(1)
            .filter(|(_, other)| other.zip(ours).is_some_and(|(other, ours)| cell.limit.prefers(other, ours)))
            .map(|(who, _)| who.name())
            .collect();
        missed += u32::from(misses || ours.is_none());
        behind += u32::from(!better.is_empty());
        let (sign, limit) = match cell.limit {
            Limit::AtLeast(limit) => (">=", limit),
            Limit::AtMost(limit) => ("<=", limit),
        };
        let told =
            |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.2}"));
        let mut remark = if misses || ours.is_none() { "  MISSED".to_owned() } else { String::new() };
        if !better.is_empty() {
            remark += &format!("  better: {}", better.join(", "));
        }
        let name = match entry.lines {
            1 => cell.name.clone(),
            lines => format!("{} ×{lines}", cell.name),
        };
        let goes_on = print(&format!(
            "{name:<38} {:<41} {sign} {limit:>6.2} {:<5} {:>8} {:>8} {:>8} {:>8}{remark}",
            cell.what,
            cell.source,
            told(ours),
            told(again),
            told(speex),
            told(oslec),
        ))?;
        if !goes_on {
            break;
        }
    }
    Ok((missed, behind))
}
