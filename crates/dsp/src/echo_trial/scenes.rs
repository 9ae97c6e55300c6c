//! The scenes that cancellers are put to.
//!
//! # What it does
//! Makes them from a seed: convergence on each echo path, double talk, slips, a voice.
//!
//! # How
//! Each is a far end over a path, noise, and perhaps a near end.
//!
//! # Limits
//! Line noise is at -65 dBm0, which caps the enhancement near 47 dB where the echo is at -16.
//!
//! # Standard
//! ITU-T G.168 clause 6.4.2.

use super::line::Plant;
use super::recommendation::voice_scene;
use super::signal::{EchoPath, companded, composite, composite_near, noise, sample};
use super::{Limit, Measure, Row, Scene};
use tipring_units::{Dbm0, Entropy, Millis};

/// Level of the line's noise.
const NOISE: Dbm0 = Dbm0(-65.0);
/// Level of the far end.
const FAR: Dbm0 = Dbm0(-10.0);
/// Echo return loss.
const LOSS: f64 = 6.0;
/// Tails that are tried.
const TAILS: [u32; 4] = [16, 32, 64, 128];
const AIM: &str = "aim";

/// All scenes of this project's own aims.
pub fn scenes(seed: u64) -> Vec<Scene> {
    let mut all = path_scenes(seed);
    all.extend(double_talk_scenes(seed));
    all.extend(slip_scenes(seed));
    all.push(voice_scene(seed, &EchoPath::models(0, 6.0)[6]));
    all
}

fn row(what: &'static str, measure: Measure, limit: Limit, source: &'static str) -> Row {
    Row { what, measure, limit, source }
}

/// Three rows: how fast a canceller converges and how far.
fn convergence(tail: u32, seconds: f64) -> Vec<Row> {
    let (one, last, time) = if tail > 64 { (25.0, 40.0, 0.6) } else { (30.0, 44.0, 0.4) };
    vec![
        row("ERLE after 1 s, dB", Measure::Enhancement(1.0, 1.35), Limit::AtLeast(one), AIM),
        row("ERLE at the end, dB", Measure::Enhancement(seconds - 2.8, seconds), Limit::AtLeast(last), AIM),
        row("time to 20 dB, s", Measure::Reached(0.0), Limit::AtMost(time + 1e-9), AIM),
    ]
}

/// Convergence on every path, at every tail.
pub fn path_scenes(seed: u64) -> Vec<Scene> {
    const SECONDS: f64 = 9.8;
    let mut all = Vec::new();
    for tail in TAILS {
        let mut entropy = Entropy::for_simulation(seed);
        let mut paths = EchoPath::models(0, LOSS);
        if tail == 128 {
            paths.push(EchoPath::two_reflections(480, LOSS));
        }
        paths.push(EchoPath::decaying(&mut entropy, tail as usize * 8, 40.0, LOSS));
        for path in paths {
            let far = composite(&mut entropy, SECONDS, FAR);
            let near = path.back(&mut entropy, &far, &[], NOISE);
            let name = match path.name.starts_with('D') {
                true => format!("{tail} ms, D.2 to D.9"),
                false => format!("{tail} ms, {}", path.name),
            };
            all.push(Scene {
                name,
                line: path.name,
                tail: Millis(tail),
                suppress: false,
                talk: vec![0; far.len()],
                far,
                near,
                rows: convergence(tail, SECONDS),
            });
        }
        let far: Vec<i16> = composite(&mut entropy, SECONDS, FAR)
            .into_iter()
            .map(|x| sample(companded(f64::from(x))))
            .collect();
        let echo = EchoPath::models(0, LOSS).swap_remove(3).echo(&far);
        let near: Vec<i16> =
            echo.iter().map(|&x| sample(companded(x + noise(&mut entropy, NOISE)))).collect();
        let mut rows = convergence(tail, SECONDS);
        rows[1].limit = Limit::AtLeast(35.0);
        all.push(Scene {
            name: format!("{tail} ms, mu-law"),
            line: "D.5".to_owned(),
            tail: Millis(tail),
            suppress: false,
            talk: vec![0; far.len()],
            far,
            near,
            rows,
        });
    }
    all
}

/// Both talk.
pub fn double_talk_scenes(seed: u64) -> Vec<Scene> {
    let mut all = Vec::new();
    for tail in TAILS {
        for (index, name) in [(0, "D.2"), (3, "D.5")] {
            let mut entropy = Entropy::for_simulation(seed + 100 + index as u64);
            let far = composite(&mut entropy, 9.8, FAR);
            let mut talk = composite_near(&mut entropy, 9.8, Dbm0(-15.0));
            talk[..32_000].fill(0);
            talk[56_000..].fill(0);
            let near = EchoPath::models(0, LOSS).swap_remove(index).back(&mut entropy, &far, &talk, NOISE);
            let ratio = if tail > 64 { 40.0 } else { 42.0 };
            all.push(Scene {
                name: format!("{tail} ms, double talk"),
                line: name.to_owned(),
                tail: Millis(tail),
                suppress: false,
                far,
                near,
                talk,
                rows: vec![
                    row(
                        "near end over the rest, dB",
                        Measure::TalkRatio(4.0, 7.0),
                        Limit::AtLeast(ratio),
                        AIM,
                    ),
                    row("ERLE just after, dB", Measure::Enhancement(7.0, 7.35), Limit::AtLeast(30.0), AIM),
                ],
            });
        }
    }
    all
}

/// The line slips by some samples.
pub fn slip_scenes(seed: u64) -> Vec<Scene> {
    let mut all = Vec::new();
    for tail in [32, 64, 128] {
        for slip in [80_isize, -80, 37, -37] {
            let mut entropy = Entropy::for_simulation(seed + 200);
            let far = composite(&mut entropy, 7.0, FAR);
            let at = 4.9 * 8000.0;
            let whole = EchoPath::models(88, LOSS).swap_remove(1).echo(&far);
            let echo: Vec<f64> = (0..whole.len())
                .map(|n| match n.checked_add_signed(if n < at as usize { 0 } else { -slip }) {
                    Some(from) => whole.get(from).copied().unwrap_or(0.0),
                    None => 0.0,
                })
                .collect();
            let near = echo.iter().map(|e| sample(e + noise(&mut entropy, NOISE))).collect();
            all.push(Scene {
                name: format!("{tail} ms, slip of {slip} samples"),
                line: "D.3".to_owned(),
                tail: Millis(tail),
                suppress: false,
                talk: vec![0; far.len()],
                far,
                near,
                rows: vec![
                    row("time to 20 dB again, s", Measure::Reached(4.9), Limit::AtMost(0.2 + 1e-9), AIM),
                    row("ERLE after 1 s, dB", Measure::Enhancement(5.9, 7.0), Limit::AtLeast(30.0), AIM),
                ],
            });
        }
    }
    all
}
