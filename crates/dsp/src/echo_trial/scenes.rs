//! The scenes that cancellers are put to.
//!
//! # What it does
//! Makes them from a seed: convergence on each echo path, double talk, slips, and the tests of G.168.
//!
//! # How
//! Each is a far end over a path, noise, and perhaps a near end.
//!
//! # Limits
//! Line noise is at -65 dBm0, which caps the enhancement near 47 dB where the echo is at -16.
//!
//! # Standard
//! ITU-T G.168 clause 6.4.2.

use super::signal::{EchoPath, companded, composite, composite_near, noise, sample, tones, voice};
use super::{Limit, Measure, Row, Scene};
use tipring_units::{Dbm0, Entropy, Hz, Millis};

/// Level of the line's noise.
const NOISE: Dbm0 = Dbm0(-65.0);
/// Level of the far end.
const FAR: Dbm0 = Dbm0(-10.0);
/// Echo return loss.
const LOSS: f64 = 6.0;
/// Tails that are tried.
const TAILS: [u32; 4] = [16, 32, 64, 128];
const AIM: &str = "aim";
const G168: &str = "G.168";

/// All scenes.
pub fn scenes(seed: u64) -> Vec<Scene> {
    let mut all = path_scenes(seed);
    all.extend(double_talk_scenes(seed));
    all.extend(slip_scenes(seed));
    all.extend(recommendation_scenes(seed));
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

/// Adds noise and a near end to an echo.
fn line(entropy: &mut Entropy, echo: &[f64], talk: &[i16], level: Dbm0) -> Vec<i16> {
    let talk = talk.iter().copied().chain(core::iter::repeat(0));
    echo.iter().zip(talk).map(|(e, t)| sample(e + f64::from(t) + noise(entropy, level))).collect()
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
            let echo = path.echo(&far);
            let near = line(&mut entropy, &echo, &[], NOISE);
            all.push(Scene {
                name: format!("{tail} ms, path {}", path.name),
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
            name: format!("{tail} ms, path D.5, mu-law"),
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
            let echo = EchoPath::models(0, LOSS).swap_remove(index).echo(&far);
            let near = line(&mut entropy, &echo, &talk, NOISE);
            let ratio = if tail > 64 { 40.0 } else { 42.0 };
            all.push(Scene {
                name: format!("{tail} ms, path {name}, double talk"),
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
            let near = line(&mut entropy, &echo, &[], NOISE);
            all.push(Scene {
                name: format!("{tail} ms, slip of {slip} samples"),
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

/// The tests of G.168 that can be made with signals alone; the tail is 64 ms.
pub fn recommendation_scenes(seed: u64) -> Vec<Scene> {
    let mut entropy = Entropy::for_simulation(seed + 300);
    let path = |name: &str| {
        EchoPath::models(0, LOSS).into_iter().find(|path| path.name == name).unwrap_or_else(EchoPath::open)
    };
    let mut all = Vec::new();
    let mut add = |name: &str,
                   suppress: bool,
                   far: Vec<i16>,
                   near: Vec<i16>,
                   talk: Vec<i16>,
                   rows: Vec<Row>| {
        all.push(Scene { name: format!("test {name}"), tail: Millis(64), suppress, far, near, talk, rows });
    };
    // 2A and 2B: convergence with and without the suppressor. 2C: with noise at the near end.
    for (name, suppress, level) in [("2A", true, NOISE), ("2B", false, NOISE), ("2C", false, Dbm0(-40.0))] {
        let far = composite(&mut entropy, 11.2, FAR);
        let near = line(&mut entropy, &path("D.6").echo(&far), &[], level);
        let talk = vec![0; far.len()];
        let rows = match name {
            // The comfort noise stands for the line's own, which no canceller can go below.
            "2A" => {
                vec![row("level after 1 s, dBm0", Measure::Level(1.05, 11.2), Limit::AtMost(-64.0), G168)]
            }
            "2B" => convergence(64, 11.2),
            _ => vec![row("ERLE at the end, dB", Measure::Enhancement(8.4, 11.2), Limit::AtLeast(20.0), AIM)],
        };
        add(name, suppress, far, near, talk, rows);
    }
    // 3A: convergence with a soft near end. 3B: stability with a loud one. 3C: as in a conversation.
    for (name, level, from, to) in [("3A", -25.0, 0.0, 4.9), ("3B", -10.0, 4.9, 8.4), ("3C", -15.0, 2.8, 4.2)]
    {
        let far = composite(&mut entropy, 11.2, FAR);
        let mut talk = composite_near(&mut entropy, 11.2, Dbm0(level));
        talk[..(from * 8000.0) as usize].fill(0);
        talk[(to * 8000.0) as usize..].fill(0);
        let near = line(&mut entropy, &path("D.4").echo(&far), &talk, NOISE);
        let mut rows =
            vec![row("ERLE just after, dB", Measure::Enhancement(to, to + 0.35), Limit::AtLeast(20.0), AIM)];
        if name == "3C" {
            rows.push(row(
                "near end's level changed, dB",
                Measure::TalkChange(from, to),
                Limit::AtMost(1.0),
                AIM,
            ));
        }
        add(name, name == "3C", far, near, talk, rows);
    }
    // 4: nothing is forgotten in silence.
    let mut far = composite(&mut entropy, 4.2, FAR);
    far.extend(vec![0; 8000 * 20]);
    far.extend(composite(&mut entropy, 2.1, FAR));
    let near = line(&mut entropy, &path("D.7").echo(&far), &[], NOISE);
    let talk = vec![0; far.len()];
    add(
        "4",
        false,
        far,
        near,
        talk,
        vec![row("ERLE lost in 20 s of silence, dB", Measure::Lost(3.15, 24.2), Limit::AtMost(10.0), G168)],
    );
    // 5: the echo vanishes.
    let far = composite(&mut entropy, 7.0, FAR);
    let mut echo = path("D.3").echo(&far);
    echo[39_200..].fill(0.0);
    let near = line(&mut entropy, &echo, &[], NOISE);
    let talk = vec![0; far.len()];
    add(
        "5",
        false,
        far,
        near,
        talk,
        vec![row("level after 0.5 s, dBm0", Measure::Level(5.4, 7.0), Limit::AtMost(-37.0), G168)],
    );
    // 6: narrow-band signals do not spoil what was learnt. 7: nor does a steady tone make the canceller unstable.
    for (name, sets) in [
        ("6", &[[350.0, 440.0], [697.0, 1209.0], [941.0, 1633.0], [400.0, 425.0]][..]),
        ("7", &[[1004.0, 1004.0], [1004.0, 1004.0], [1004.0, 1004.0]][..]),
    ] {
        let mut far = composite(&mut entropy, 4.2, FAR);
        for set in sets {
            far.extend(tones(&set.map(Hz), 2.0, Dbm0(-16.0)));
        }
        let end = far.len() as f64 / 8000.0;
        far.extend(composite(&mut entropy, 2.1, FAR));
        let near = line(&mut entropy, &path("D.5").echo(&far), &[], NOISE);
        let talk = vec![0; far.len()];
        add(
            name,
            false,
            far,
            near,
            talk,
            vec![
                row("ERLE lost over the tones, dB", Measure::Lost(3.15, end), Limit::AtMost(10.0), G168),
                row(
                    "ERLE on the last tone, dB",
                    Measure::Enhancement(end - 1.0, end),
                    Limit::AtLeast(25.0),
                    AIM,
                ),
            ],
        );
    }
    // 9: comfort noise is as loud as the noise it stands for.
    let mut far = vec![0; 8000 * 3];
    far.extend(composite(&mut entropy, 5.6, FAR));
    let near = line(&mut entropy, &path("D.2").echo(&far), &[], Dbm0(-50.0));
    let talk: Vec<i16> = (0..far.len()).map(|_| sample(noise(&mut entropy, Dbm0(-50.0)))).collect();
    add(
        "9",
        true,
        far,
        near,
        talk,
        vec![row("comfort noise off by, dB", Measure::TalkChange(5.8, 8.6), Limit::AtMost(2.0), G168)],
    );
    // A voice at both ends over a line with the wrong impedance: an echo return loss of 6 dB.
    let far = voice(&mut entropy, 7.0, Dbm0(-18.0));
    let near = line(&mut entropy, &path("D.8").echo(&far), &[], NOISE);
    let talk = vec![0; far.len()];
    add(
        "voice",
        true,
        far,
        near,
        talk,
        vec![row("level from 0.3 s on, dBm0", Measure::Level(0.3, 7.0), Limit::AtMost(-55.0), AIM)],
    );
    all
}
