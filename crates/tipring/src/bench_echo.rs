//! `tipring bench echo`: the canceller beside others on the same samples.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use tipring_dsp::echo_trial::{Scene, path_scenes, scenes};
use tipring_dsp::{EchoCanceller, EchoConfig};
use tipring_oracle::SpeexCanceller;
use tipring_units::{Millis, Samples, TICK_SAMPLES};

use crate::client::print;

/// Runs of which each tick's fastest counts, so that what else the machine does is left out.
const ROUNDS: usize = 7;
/// Tails that are timed.
const TAILS: [u32; 4] = [16, 32, 64, 128];

/// Prints every figure, then what a second of audio costs.
pub fn run(seed: u64) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        say("This is a debug build: times mean little. Use cargo run --release -- bench echo.")?;
    }
    let mut behind = 0;
    let mut missed = 0;
    say(&format!(
        "seed {seed}; suppressor off except in tests 2A, 3C, 9 and voice (speexdsp has none here)"
    ))?;
    say(
        "scene                              figure                          limit           ours   speexdsp",
    )?;
    for scene in scenes(seed) {
        let ours = ours(&scene);
        let speex = speex(&scene);
        for row in &scene.rows {
            let figure = row.figure(&scene, &ours);
            let other = speex.as_ref().map(|out| row.figure(&scene, out));
            let holds = row.limit.holds(figure);
            let is_behind = other.is_some_and(|other| row.limit.prefers(other, figure));
            missed += u32::from(!holds);
            behind += u32::from(is_behind);
            let (sign, limit) = match row.limit {
                tipring_dsp::echo_trial::Limit::AtLeast(limit) => (">=", limit),
                tipring_dsp::echo_trial::Limit::AtMost(limit) => ("<=", limit),
            };
            let told = other.map_or_else(|| "-".to_owned(), |other| format!("{other:.2}"));
            let remark = match (holds, is_behind) {
                (true, false) => "",
                (true, true) => "  speexdsp is better",
                (false, _) => "  MISSED",
            };
            say(&format!(
                "{:<34} {:<31} {sign} {limit:>6.2} {:<6} {figure:>6.2} {told:>10}{remark}",
                scene.name, row.what, row.source
            ))?;
        }
    }
    say("")?;
    say(&format!("{missed} figures miss their limit; in {behind} speexdsp is better"))?;
    say("")?;
    times(seed)?;
    Ok(ExitCode::SUCCESS)
}

fn say(line: &str) -> Result<()> {
    print(line).map(drop)
}

fn canceller(tail: Millis, suppress: bool) -> EchoCanceller {
    EchoCanceller::new(EchoConfig { tail, delay: Samples(0), suppress, ..EchoConfig::default() })
}

fn ours(scene: &Scene) -> Vec<i16> {
    let mut canceller = canceller(scene.tail, scene.suppress);
    scene.run(|near, far| canceller.process(near, far))
}

fn speex(scene: &Scene) -> Option<Vec<i16>> {
    let mut canceller = SpeexCanceller::new(TICK_SAMPLES, scene.tail.0 as usize * 8)?;
    Some(scene.run(|near, far| canceller.process(near, far)))
}

/// Microseconds per second of audio, and the worst tick.
fn times(seed: u64) -> Result<()> {
    say("tail      microseconds per second of audio        worst tick, microseconds")?;
    say("            ours   speexdsp                           ours   speexdsp")?;
    for tail in TAILS {
        let Some(scene) = path_scenes(seed).into_iter().find(|scene| scene.tail == Millis(tail)) else {
            continue;
        };
        let own = fastest(&scene, || {
            let mut canceller = canceller(scene.tail, false);
            move |near: &mut [i16; TICK_SAMPLES], far: &[i16; TICK_SAMPLES]| canceller.process(near, far)
        });
        let other = SpeexCanceller::new(TICK_SAMPLES, tail as usize * 8).is_some().then(|| {
            fastest(&scene, || {
                let mut canceller = SpeexCanceller::new(TICK_SAMPLES, tail as usize * 8);
                move |near: &mut [i16; TICK_SAMPLES], far: &[i16; TICK_SAMPLES]| {
                    if let Some(canceller) = &mut canceller {
                        canceller.process(near, far);
                    }
                }
            })
        });
        let told = |figure: Option<f64>, digits: usize| match figure {
            Some(figure) => format!("{figure:.digits$}"),
            None => "-".to_owned(),
        };
        say(&format!(
            "{tail:>4} ms   {:>7} {:>10}                        {:>7} {:>10}",
            told(Some(own.0), 0),
            told(other.map(|other| other.0), 0),
            told(Some(own.1), 1),
            told(other.map(|other| other.1), 1)
        ))?;
    }
    Ok(())
}

/// Microseconds of a second and of the worst tick, each tick's best of some rounds.
fn fastest<C: FnMut(&mut [i16; TICK_SAMPLES], &[i16; TICK_SAMPLES])>(
    scene: &Scene,
    make: impl Fn() -> C,
) -> (f64, f64) {
    let mut best = vec![f64::MAX; scene.near.len() / TICK_SAMPLES];
    for _ in 0..ROUNDS {
        let mut canceller = make();
        let mut ticks = best.iter_mut();
        scene.run(|near, far| {
            let start = Instant::now();
            canceller(near, far);
            let cost = start.elapsed().as_secs_f64() * 1e6;
            if let Some(best) = ticks.next() {
                *best = best.min(cost);
            }
        });
    }
    let mean = best.iter().sum::<f64>() / best.len().max(1) as f64;
    (mean * 100.0, best.into_iter().fold(0.0, f64::max))
}
