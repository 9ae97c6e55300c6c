//! What the canceller reaches, on generated signals and on the recorded ones.

use super::*;
use crate::DcBlock;
use crate::echo_trial::signal::EchoPath;
use crate::echo_trial::{
    Measure, Scene, double_talk_scenes, endurance_scenes, path_scenes, recommendation_scenes, slip_scenes,
    voice_scene,
};
use crate::testing::{manifest, vectors, wav};
use fearless_simd::Level;

fn output(scene: &Scene) -> Vec<i16> {
    let config = EchoConfig { tail: scene.tail, suppress: scene.suppress, ..EchoConfig::default() };
    let mut canceller = EchoCanceller::new(config);
    // As in calls; elsewhere there is no offset.
    let mut block = scene.name.starts_with("test 15").then(DcBlock::new);
    scene.run(|near, far| {
        if let Some(block) = &mut block {
            block.process(near);
        }
        canceller.process(near, far);
    })
}

/// Every figure within its limit, but for `slack` of the times in seconds and `less` of the decibels.
fn holds(scenes: Vec<Scene>, slack: f64, less: f64) {
    let mut missed = Vec::new();
    for scene in scenes {
        let out = output(&scene);
        for row in &scene.rows {
            let figure = row.figure(&scene, &out);
            let eased = match row.measure {
                Measure::Reached(_) => figure - slack,
                Measure::Enhancement(..) | Measure::TalkRatio(..) => figure + less,
                Measure::Level(..)
                | Measure::LevelAlternating(..)
                | Measure::PeakOver { .. }
                | Measure::Over(..)
                | Measure::TalkChange(..) => figure - less,
            };
            if !row.limit.holds(eased) {
                let (name, line) = (&scene.name, &scene.line);
                missed.push(format!("{name}, {line}: {} {figure:.2}, {:?}", row.what, row.limit));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_path_converges_as_aimed_at_on_signals_from_two_seeds() {
    // A pause of 101 ms in the signal begins after 249: what is not reached before it is reached after it.
    holds(path_scenes(1), 0.06, 0.0);
    holds(path_scenes(20_261), 0.06, 0.0);
}

#[test]
fn double_talk_leaves_the_near_end_and_the_filter_as_they_were() {
    holds(double_talk_scenes(1), 0.0, 0.0);
    holds(double_talk_scenes(4711), 0.0, 0.0);
}

#[test]
fn a_slip_costs_at_most_200_ms() {
    holds(slip_scenes(1), 0.0, 0.0);
    holds(slip_scenes(99), 0.0, 0.0);
}

#[test]
fn the_tests_of_the_recommendation_are_passed() {
    let paths = EchoPath::models(0, 6.0);
    // One is missed on some lines, as the book says: a tone answered by the same tone.
    let is_missed = |scene: &Scene| scene.name.starts_with("test 8");
    for (seed, level, path) in [(2, -20.0, 3), (3, -30.0, 4), (4, -10.0, 7)] {
        let other = &paths[(path + 1) % paths.len()];
        let mut scenes = recommendation_scenes(seed, Dbm0(level), &paths[path], other, Millis(64));
        scenes.retain(|scene| !is_missed(scene));
        assert!(!scenes.is_empty());
        holds(scenes, 0.0, 0.0);
    }
    holds(paths.iter().zip(1..).map(|(path, seed)| voice_scene(seed, path)).collect(), 0.0, 0.0);
}

#[test]
fn two_minutes_of_silence_or_of_a_tone_harm_nothing() {
    holds(endurance_scenes(1, Dbm0(-10.0), &EchoPath::models(0, 6.0)[2], Millis(64)), 0.0, 0.0);
}

#[test]
fn a_slip_that_leaves_no_room_in_the_tail_moves_the_bulk_delay() {
    let scene = slip_scenes(3).into_iter().find(|scene| scene.name == "32 ms, slip of -80 samples").unwrap();
    // The path begins 88 samples late; with that much skipped, an echo 80 samples earlier lies before the tail.
    let mut canceller = EchoCanceller::new(EchoConfig {
        tail: Millis(16),
        delay: Samples(88),
        suppress: false,
        ..EchoConfig::default()
    });
    let out = scene.run(|near, far| canceller.process(near, far));
    for row in &scene.rows {
        assert!(row.limit.holds(row.figure(&scene, &out)), "{} {}", row.what, row.figure(&scene, &out));
    }
    assert_eq!((canceller.state().slips, canceller.delay), (1, 8));
}

#[test]
fn the_disabling_tone_switches_it_off_until_the_line_is_silent() {
    let scene = path_scenes(1).swap_remove(0);
    let mut canceller = EchoCanceller::new(EchoConfig::default());
    let tone = |n: usize| {
        let turn = if (n / 3600).is_multiple_of(2) { 1.0 } else { -1.0 };
        (turn * 5000.0 * libm::sin(core::f64::consts::TAU * 2100.0 * n as f64 / 8000.0)) as i16
    };
    for tick in 0..150 {
        let mut line: Frame = core::array::from_fn(|k| tone(tick * 80 + k));
        canceller.process(&mut line, &[0; 80]);
    }
    assert!(canceller.state().disabled);
    let (far, near) = (&scene.far[..800], &scene.near[..800]);
    for (far, near) in far.as_chunks::<80>().0.iter().zip(near.as_chunks::<80>().0) {
        let mut frame = *near;
        canceller.process(&mut frame, far);
        assert_eq!(frame, *near, "pass-through is untouched");
    }
    for _ in 0..60 {
        canceller.process(&mut [0; 80], &[0; 80]);
    }
    assert!(!canceller.state().disabled);
}

#[test]
fn recorded_stimuli_are_cancelled_without_being_told_their_delay() {
    let Some(dir) = vectors() else { return };
    let mut checked = 0;
    for entry in manifest(&dir, "echo") {
        let delay = entry["path_delay_ms"].as_u64().unwrap();
        let file = entry["file"].as_str().unwrap();
        let both_talk = entry["double_talk"] == true;
        let interleaved = wav(&dir.join(file));
        let channel = |n: usize| -> Vec<i16> { interleaved.iter().skip(n).step_by(3).copied().collect() };
        for tail in [32, 64, 128] {
            if delay + 16 > tail {
                continue;
            }
            let scene = Scene {
                name: file.to_owned(),
                line: String::new(),
                tail: Millis(tail as u32),
                suppress: false,
                far: channel(0),
                near: channel(1),
                talk: channel(2),
                rows: Vec::new(),
            };
            let out = output(&scene);
            let figure = |measure| {
                crate::echo_trial::Row {
                    what: "",
                    measure,
                    limit: crate::echo_trial::Limit::AtLeast(0.0),
                    source: "",
                }
                .figure(&scene, &out)
            };
            let (first, last) =
                (figure(Measure::Enhancement(1.0, 1.35)), figure(Measure::Enhancement(12.0, 15.0)));
            let time = figure(Measure::Reached(0.0));
            eprintln!(
                "{file} {tail} ms: {first:.1} dB after 1 s, {last:.1} at the end, 20 dB in {time:.2} s"
            );
            if file.contains("css") {
                // 46 dB is what the noise allows.
                assert!(first > 35.0 && last > 43.5 && time <= 0.42, "{file} {tail}: {first} {last} {time}");
            } else {
                assert!(last > 32.0 && time <= 1.4, "{file} {tail}: {last} {time}");
            }
            if both_talk {
                let span = if file.contains("css") { (6.0, 9.0, 43.0) } else { (8.0, 12.0, 33.0) };
                let ratio = figure(Measure::TalkRatio(span.0, span.1));
                assert!(ratio > span.2, "{file} {tail}: near end {ratio} dB over the rest");
            }
            checked += 1;
        }
    }
    assert!(checked > 0);
}

#[test]
fn every_level_of_vectors_gives_the_same_bits() {
    let scene = double_talk_scenes(5).into_iter().find(|scene| scene.tail == Millis(128)).unwrap();
    let with = |level: Level| {
        let mut canceller =
            EchoCanceller::new(EchoConfig { tail: scene.tail, suppress: false, ..EchoConfig::default() });
        canceller.linear.set_level(level);
        scene.run(|near, far| canceller.process(near, far))
    };
    assert!(with(Level::new()) == with(Level::baseline()), "the samples differ");
}
