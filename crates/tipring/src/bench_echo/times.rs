//! What a second of audio costs each canceller.

use std::time::Instant;

use anyhow::Result;
use tipring_dsp::echo_trial::{Scene, path_scenes};
use tipring_units::{Millis, TICK_SAMPLES};

use super::canceller::{ALL, Who};
use crate::client::print;

/// Runs of which each tick's fastest counts, so that what else the machine does is left out.
const ROUNDS: usize = 7;
/// Tails that are timed.
const TAILS: [u32; 4] = [16, 32, 64, 128];

/// Prints microseconds per second of audio, and the worst tick.
pub fn table(seed: u64) -> Result<()> {
    print("tail       microseconds per second of audio     worst tick, microseconds")?;
    print("              ours   speexdsp      OSLEC           ours   speexdsp      OSLEC")?;
    let scenes = path_scenes(seed);
    for tail in TAILS {
        let Some(scene) = scenes.iter().find(|scene| scene.tail == Millis(tail)) else { continue };
        let costs = ALL.map(|who| fastest(scene, who));
        let told = |digits: usize, pick: fn(&(f64, f64)) -> f64| -> String {
            let one = |cost: &Option<(f64, f64)>| match cost {
                Some(cost) => format!("{:>10.digits$} ", pick(cost)),
                None => format!("{:>10} ", "-"),
            };
            costs.iter().map(one).collect()
        };
        print(&format!("{tail:>4} ms {}   {}", told(0, |cost| cost.0), told(1, |cost| cost.1)))?;
    }
    Ok(())
}

/// Microseconds of a second and of the worst tick, each tick's best of some rounds.
fn fastest(scene: &Scene, who: Who) -> Option<(f64, f64)> {
    let mut best = vec![f64::MAX; scene.near.len() / TICK_SAMPLES];
    for _ in 0..ROUNDS {
        let mut canceller = who.make(scene.tail, false)?;
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
    Some((mean * 100.0, best.into_iter().fold(0.0, f64::max)))
}
