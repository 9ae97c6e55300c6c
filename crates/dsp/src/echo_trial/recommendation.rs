//! The tests of G.168.
//!
//! # What it does
//! Makes the scenes of tests 1 to 9 and 15 for one line and one level of the far end: [`recommendation_scenes`], and the
//! long ones, [`endurance_scenes`].
//!
//! # How
//! Levels of the near end, of noise and of tones follow that of the far end as the Recommendation has it. The limit of a
//! residual without suppressor is its Figure 11: -30 dBm0 at 0 dBm0 and 25 dB less for 30 dB less.
//!
//! # Limits
//! Adaption cannot be frozen from outside (as in any embedded canceller: G.168 Annex E). What a test measures after
//! freezing is measured here in the first moments after, on the signal that comes first then. The line's own noise is at
//! -75 dBm0, so that it hides nothing.
//!
//! # Standard
//! ITU-T G.168 clause 6.4.2.2 to 6.4.2.10 and 6.4.2.16.

use super::line::Plant;
use super::signal::{EchoPath, composite, composite_near, hoth, tones};
use super::{Limit, Measure, Row, Scene};
use tipring_units::{Dbm0, Entropy, Hz, Millis};

/// The line's own noise.
const QUIET: Dbm0 = Dbm0(-75.0);
/// Samples per second.
const SECOND: usize = 8000;
/// Test 1 and 2A: with the suppressor nothing is to be heard.
const SILENT: f64 = -65.0;
/// Test 5.
const OPEN: f64 = -37.0;
/// By how much signalling tones and comfort noise may be off.
const LIKE: f64 = 2.0;
/// What is looked at after the moment at which adaption would be frozen: a burst of the signal.
const MOMENT: f64 = 0.24;
const AIM: &str = "aim";
const G168: &str = "G.168";

/// Figure 11: the highest residual without suppressor for a level of the far end, dBm0.
pub fn steady_limit(far: Dbm0) -> f64 {
    f64::from(far.0) * 25.0 / 30.0 - 30.0
}

/// The scenes of one line, for one level.
struct Maker<'a> {
    entropy: Entropy,
    level: Dbm0,
    plant: &'a dyn Plant,
    tail: Millis,
    all: Vec<Scene>,
}

impl<'a> Maker<'a> {
    fn new(seed: u64, level: Dbm0, plant: &'a dyn Plant, tail: Millis) -> Self {
        Self { entropy: Entropy::for_simulation(seed + 300), level, plant, tail, all: Vec::new() }
    }

    fn under(&self, db: f32) -> Dbm0 {
        Dbm0(self.level.0 - db)
    }

    fn far(&mut self, seconds: f64) -> Vec<i16> {
        composite(&mut self.entropy, seconds, self.level)
    }

    /// A near end that talks between two times.
    fn talk(&mut self, seconds: f64, level: Dbm0, from: f64, to: f64) -> Vec<i16> {
        let mut talk = composite_near(&mut self.entropy, seconds, level);
        talk[..at(from)].fill(0);
        talk[at(to)..].fill(0);
        talk
    }

    fn back(&mut self, far: &[i16], talk: &[i16]) -> Vec<i16> {
        self.plant.back(&mut self.entropy, far, talk, QUIET)
    }

    /// What comes back when another line takes the place of this one.
    fn back_changed(&mut self, far: &[i16], other: &dyn Plant, when: f64) -> Vec<i16> {
        let mut near = self.back(far, &[]);
        let changed = other.back(&mut self.entropy, far, &[], QUIET);
        near[at(when)..].copy_from_slice(&changed[at(when)..]);
        near
    }

    fn add(
        &mut self,
        test: &str,
        suppress: bool,
        far: Vec<i16>,
        talk: &[i16],
        near: Vec<i16>,
        rows: Vec<Row>,
    ) {
        let mut talk = talk.to_vec();
        talk.resize(far.len(), 0);
        self.all.push(Scene {
            name: format!("test {test}, {:.0} dBm0", self.level.0),
            line: self.plant.name().to_owned(),
            tail: self.tail,
            suppress,
            far,
            near,
            talk,
            rows,
        });
    }
}

fn at(seconds: f64) -> usize {
    (seconds * SECOND as f64) as usize
}

fn row(what: &'static str, measure: Measure, limit: Limit, source: &'static str) -> Row {
    Row { what, measure, limit, source }
}

fn most(what: &'static str, measure: Measure, limit: f64) -> Row {
    row(what, measure, Limit::AtMost(limit), G168)
}

/// Tests 1, 2, 3, 5, 6, 8 and 15. `other` is the line that takes its place where a test changes it.
pub fn recommendation_scenes(
    seed: u64,
    level: Dbm0,
    plant: &dyn Plant,
    other: &dyn Plant,
    tail: Millis,
) -> Vec<Scene> {
    let mut maker = Maker::new(seed, level, plant, tail);
    convergence(&mut maker, other);
    double_talk(&mut maker);
    open(&mut maker);
    narrow_bands(&mut maker);
    signalling(&mut maker);
    offset(&mut maker);
    maker.all
}

/// Tests 4, 7 and 9, of a minute or two each.
pub fn endurance_scenes(seed: u64, level: Dbm0, plant: &dyn Plant, tail: Millis) -> Vec<Scene> {
    let mut maker = Maker::new(seed + 1, level, plant, tail);
    leak(&mut maker);
    stability(&mut maker);
    comfort_noise(&mut maker);
    maker.all
}

/// Test 1 (part of test 2 since 2000), 2A, 2B, 2C.
fn convergence(maker: &mut Maker<'_>, other: &dyn Plant) {
    let steady = steady_limit(maker.level);
    for (name, suppress) in [("1", false), ("1, suppressor", true)] {
        let far = maker.far(16.8);
        let near = maker.back(&far, &[]);
        let row = match suppress {
            false => most("residual, dBm0", Measure::Level(11.2, 16.8), steady),
            true => most("returned echo, dBm0", Measure::Level(11.2, 16.8), SILENT),
        };
        maker.add(name, suppress, far, &[], near, vec![row]);
    }
    for (name, suppress) in [("2A", true), ("2B", false)] {
        // The line changes after seven seconds.
        let far = maker.far(14.0);
        let near = maker.back_changed(&far, other, 7.0);
        let rows = match suppress {
            true => vec![
                most("level after 1 s, dBm0", Measure::Level(1.05, 7.0), SILENT),
                most("and after another line, dBm0", Measure::Level(8.05, 14.0), SILENT),
            ],
            false => vec![
                most("residual before 7 s, dBm0", Measure::Level(5.6, 7.0), steady),
                most("and 7 s after another line, dBm0", Measure::Level(12.6, 14.0), steady),
                row("ERLE after 1 s, dB", Measure::Enhancement(1.0, 1.35), Limit::AtLeast(20.0), AIM),
                row("and after another line, dB", Measure::Enhancement(8.0, 8.35), Limit::AtLeast(20.0), AIM),
            ],
        };
        maker.add(name, suppress, far, &[], near, rows);
    }
    // Noise for the first second, after which adaption would be frozen.
    let far = maker.far(5.6);
    let level = Dbm0(maker.under(15.0).0.min(-30.0));
    let talk = hoth(&mut maker.entropy, 1.05, level);
    let near = maker.back(&far, &talk);
    let row = most("residual after the noise, dBm0", Measure::Level(1.05, 1.05 + MOMENT), f64::from(level.0));
    maker.add("2C", false, far, &talk, near, vec![row]);
}

/// Tests 3A, 3B and 3C.
fn double_talk(maker: &mut Maker<'_>) {
    let steady = steady_limit(maker.level);
    // 3A: the near end talks softly from the start. 3B: it talks as loud as the far end, or 6 dB softer, to a canceller that
    // knows the line.
    let cases = [
        ("3A", 15.0, 0.0, f64::from(maker.under(15.0).0)),
        ("3B (a)", 0.0, 5.6, steady + 10.0),
        ("3B (b)", 6.0, 5.6, steady + 3.0),
    ];
    for (name, softer, from, limit) in cases {
        let to = from + 5.6;
        let far = maker.far(to + 1.4);
        let level = maker.under(softer);
        let talk = maker.talk(to + 1.4, level, from, to);
        let near = maker.back(&far, &talk);
        let row = most("residual just after, dBm0", Measure::Level(to, to + MOMENT), limit);
        maker.add(name, false, far, &talk, near, vec![row]);
    }
    // 3C: both at once, the far end alone, both again, the near end alone.
    let mut far = maker.far(17.6);
    far.resize(at(23.2), 0);
    let level = maker.under(0.0);
    let first = maker.talk(23.2, level, 0.0, 5.6);
    let second = maker.talk(23.2, level, 12.0, 23.2);
    let talk: Vec<i16> = first.iter().zip(&second).map(|(a, b)| a.saturating_add(*b)).collect();
    let near = maker.back(&far, &talk);
    let rows = vec![
        most(
            "far end alone: echo over the near end, dB",
            Measure::PeakOver { span: (5.8, 7.0), talk: (0.0, 5.6) },
            0.0,
        ),
        most(
            "both: output over the near end, dB",
            Measure::PeakOver { span: (12.0, 17.6), talk: (12.0, 17.6) },
            6.0,
        ),
        row("near end alone: changed by, dB", Measure::TalkChange(17.7, 23.2), Limit::AtMost(1.0), AIM),
    ];
    maker.add("3C", true, far, &talk, near, rows);
}

/// Test 5: the echo vanishes.
fn open(maker: &mut Maker<'_>) {
    let far = maker.far(8.4);
    let near = maker.back_changed(&far, &EchoPath::open(), 5.6);
    let row = most("level 0.5 s after, dBm0", Measure::Level(6.1, 8.4), OPEN);
    maker.add("5", false, far, &[], near, vec![row]);
}

/// Test 6: narrow-band signals do not spoil what was learnt.
fn narrow_bands(maker: &mut Maker<'_>) {
    const SETS: [&[f32]; 10] = [
        &[697.0],
        &[941.0],
        &[1336.0],
        &[1633.0],
        &[697.0, 1209.0],
        &[697.0, 1633.0],
        &[941.0, 1336.0],
        &[941.0, 1633.0],
        &[350.0, 440.0],
        &[425.0],
    ];
    let mut far = maker.far(5.6);
    for set in SETS {
        let level = maker.under(10.0 * (set.len() as f32).log10());
        far.extend(tones(&set.iter().map(|hz| Hz(*hz)).collect::<Vec<_>>(), 2.0, level));
    }
    let end = far.len() as f64 / SECOND as f64;
    far.extend(maker.far(1.4));
    let near = maker.back(&far, &[]);
    let rows = vec![
        most(
            "residual after the tones, dBm0",
            Measure::Level(end, end + MOMENT),
            steady_limit(maker.level) + 10.0,
        ),
        row(
            "ERLE on the last tone, dB",
            Measure::Enhancement(end - 1.0, end),
            // At -30 dBm0 the echo of some lines is but 20 dB over what the suppressor of noise leaves.
            Limit::AtLeast(20.0),
            AIM,
        ),
    ];
    maker.add("6", false, far, &[], near, rows);
}

/// Test 8: a tone that is answered by the same one is no echo.
fn signalling(maker: &mut Maker<'_>) {
    // Signalling systems no. 5 and 6, and continuity checks.
    for (name, set) in [
        ("8, 2400 Hz", &[2400.0][..]),
        ("8, 2600 Hz", &[2600.0]),
        ("8, 2400 + 2600 Hz", &[2400.0, 2600.0]),
        ("8, 2000 Hz", &[2000.0]),
        ("8, 1780 Hz", &[1780.0]),
    ] {
        let set: Vec<Hz> = set.iter().map(|hz| Hz(*hz)).collect();
        let mut far = maker.far(5.6);
        far.extend(vec![0; at(0.65)]);
        far.extend(tones(&set, 1.0, maker.level));
        far.extend(vec![0; at(0.4)]);
        // The near end is first; the far end answers a quarter of a second later, and ends later.
        let mut talk = vec![0; at(6.0)];
        talk.extend(tones(&set, 1.0, maker.level));
        let near = maker.back(&far, &talk);
        let rows = vec![
            most("near end's tone alone: off by, dB", Measure::TalkChange(6.05, 6.25), LIKE),
            most("both: near end's tone off by, dB", Measure::TalkChange(6.3, 6.95), LIKE),
        ];
        maker.add(name, true, far, &talk, near, rows);
    }
}

/// Test 15: an offset of the samples from the line.
fn offset(maker: &mut Maker<'_>) {
    for (name, offset) in [("15, offset 64", 64_i16), ("15, offset -256", -256)] {
        let far = maker.far(14.0);
        let near: Vec<i16> = maker.back(&far, &[]).iter().map(|x| x.saturating_add(offset)).collect();
        let rows = vec![most(
            "residual beside the offset, dBm0",
            Measure::LevelAlternating(8.4, 14.0),
            steady_limit(maker.level),
        )];
        maker.add(name, false, far, &[], near, rows);
    }
}

/// Test 4: nothing is forgotten in two minutes of silence.
fn leak(maker: &mut Maker<'_>) {
    let mut far = maker.far(5.6);
    far.extend(vec![0; at(120.0)]);
    far.extend(maker.far(1.4));
    let near = maker.back(&far, &[]);
    let rows = vec![most(
        "residual after 2 min of silence, dBm0",
        Measure::Level(125.6, 125.6 + MOMENT),
        steady_limit(maker.level) + 10.0,
    )];
    maker.add("4", false, far, &[], near, rows);
}

/// Test 7: two minutes of a tone from the start.
fn stability(maker: &mut Maker<'_>) {
    let far = tones(&[Hz(1004.0)], 120.0, maker.level);
    let near = maker.back(&far, &[]);
    let rows = vec![most(
        "residual in the last minute, dBm0",
        Measure::Level(60.0, 120.0),
        steady_limit(maker.level),
    )];
    maker.add("7", false, far, &[], near, rows);
}

/// Test 9: comfort noise is as loud as the noise it stands for, follows it down and up.
fn comfort_noise(maker: &mut Maker<'_>) {
    let mut far = maker.far(5.6);
    let mut talk = vec![0; far.len()];
    let mut spans = Vec::new();
    for (level, seconds) in [(-45.0, 30.0), (-55.0, 10.0), (-45.0, 10.0)] {
        far.extend(vec![0; at(seconds)]);
        far.extend(hoth(&mut maker.entropy, 2.7, maker.level));
        talk.extend(hoth(&mut maker.entropy, seconds + 2.7, Dbm0(level)));
        let end = far.len() as f64 / SECOND as f64;
        spans.push((end - 0.7, end));
    }
    let near = maker.back(&far, &talk);
    let names = ["comfort noise off by, dB", "after 10 dB down, dB", "after 10 dB up, dB"];
    let rows = names
        .into_iter()
        .zip(spans)
        .map(|(name, (from, to))| most(name, Measure::TalkChange(from, to), LIKE))
        .collect();
    maker.add("9", true, far, &talk, near, rows);
}

/// A voice over a line, and silence at the near end but for noise of -65 dBm0.
pub fn voice_scene(seed: u64, line: &dyn Plant) -> Scene {
    let mut entropy = Entropy::for_simulation(seed + 400);
    let far = super::signal::voice(&mut entropy, 7.0, Dbm0(-18.0));
    let near = line.back(&mut entropy, &far, &vec![0; far.len()], Dbm0(-65.0));
    Scene {
        name: "voice".to_owned(),
        line: line.name().to_owned(),
        tail: Millis(64),
        suppress: true,
        talk: vec![0; far.len()],
        far,
        near,
        rows: vec![row("level from 0.3 s on, dBm0", Measure::Level(0.3, 7.0), Limit::AtMost(-55.0), AIM)],
    }
}
