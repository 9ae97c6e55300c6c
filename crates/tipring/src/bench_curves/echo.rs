//! Echo over time: enhancement by tail, residual while both ends talk, and after the line slipped.

use tipring_dsp::echo_trial::{Scene, double_talk_scenes, path_scenes, slip_scenes};
use tipring_dsp::level_of;
use tipring_units::Millis;

use super::Point;
use crate::bench_echo::canceller::{ALL, Who};

/// Samples of a window, and from one to the next.
const WINDOW: usize = 400;
const STEP: usize = 200;
/// An echo below this has a pause of the signal in it, dBm0.
const HEARD: f32 = -18.5;

/// All curves of the canceller.
pub fn points(seed: u64) -> Vec<Point> {
    let mut all = Vec::new();
    let paths = path_scenes(seed);
    for tail in [32, 64, 128] {
        let scenes: Vec<&Scene> = paths
            .iter()
            .filter(|scene| scene.tail == Millis(tail) && scene.name.ends_with("D.2 to D.9"))
            .collect();
        for who in ALL {
            all.extend(enhancement("erle", &format!("{} {tail} ms", who.name()), &scenes, who));
        }
    }
    let slips = slip_scenes(seed);
    let slip = slips.iter().filter(|scene| scene.name == "64 ms, slip of 80 samples").collect::<Vec<_>>();
    for who in ALL {
        all.extend(enhancement("slip", who.name(), &slip, who));
    }
    if let Some(scene) =
        double_talk_scenes(seed).iter().find(|scene| scene.tail == Millis(64) && scene.line == "D.5")
    {
        all.extend(course("double talk", "near end", &scene.talk));
        all.extend(course("double talk", "echo", &rest(&scene.near, &scene.talk)));
        for who in ALL {
            let Some(out) = who.run(scene) else { continue };
            all.extend(course("double talk", who.name(), &rest(&out, &scene.talk)));
        }
    }
    all
}

/// The mean enhancement over scenes that differ in their lines only.
fn enhancement(plot: &'static str, series: &str, scenes: &[&Scene], who: Who) -> Vec<Point> {
    let Some(outs) = scenes.iter().map(|scene| who.run(scene)).collect::<Option<Vec<_>>>() else {
        return Vec::new();
    };
    let length = outs.iter().map(Vec::len).min().unwrap_or(0);
    let mut all = Vec::new();
    for from in (0..length.saturating_sub(WINDOW)).step_by(STEP) {
        let levels = scenes.iter().zip(&outs).map(|(scene, out)| {
            let span = from..from + WINDOW;
            (level_of(&scene.near[span.clone()]).0, level_of(&out[span]).0)
        });
        let (near, left) = levels.fold((0.0, 0.0), |sum, (near, out)| (sum.0 + near, sum.1 + out));
        let count = scenes.len() as f32;
        if near / count > HEARD {
            let x = (from + WINDOW / 2) as f64 / 8000.0;
            all.push(Point { plot, series: series.to_owned(), x, y: f64::from((near - left) / count) });
        }
    }
    all
}

/// The level over time.
fn course(plot: &'static str, series: &str, signal: &[i16]) -> Vec<Point> {
    // A window of the signal's whole period, so that its pauses do not show.
    let windows = signal.chunks_exact(2800).enumerate();
    windows
        .map(|(n, window)| Point {
            plot,
            series: series.to_owned(),
            x: (n as f64 + 0.5) * 0.35,
            y: f64::from(level_of(window).0).max(-90.0),
        })
        .collect()
}

fn rest(out: &[i16], talk: &[i16]) -> Vec<i16> {
    out.iter().zip(talk).map(|(out, talk)| out.saturating_sub(*talk)).collect()
}
