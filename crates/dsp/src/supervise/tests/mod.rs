//! Tests of supervision: tones as lines bring them, and what must not be taken for one.

mod lines;
mod voice;

use super::*;
use crate::testing::{Sine, frames, noise, sample, vectors, wav};
use tipring_port::{Component, ToneStep};
use tipring_units::{Entropy, Hz};

/// How a line brings a tone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) level: f32,
    /// Share by which all frequencies, and all lengths, are off.
    pub(super) frequency: f32,
    pub(super) cadence: f32,
    /// Signal to noise in decibels.
    pub(super) noise: f32,
    /// Each second burst is this much weaker.
    pub(super) alternate: f32,
    /// How far into its cycle the tone begins, in milliseconds.
    pub(super) into: f32,
}

pub(super) const GOOD: Line =
    Line { level: -20.0, frequency: 0.0, cadence: 0.0, noise: 60.0, alternate: 0.0, into: 0.0 };

pub(super) fn step(tones: &[f32], millis: u32) -> ToneStep {
    let mut out = ToneStep { length: Millis(millis), ..ToneStep::SILENCE };
    for (slot, &hz) in out.components.iter_mut().zip(tones) {
        *slot = Component::sine(Hz(hz), Dbm0(-16.0));
    }
    out
}

pub(super) fn program(steps: &[(&[f32], u32)]) -> ToneProgram {
    let steps: Vec<_> = steps.iter().map(|&(tones, millis)| step(tones, millis)).collect();
    ToneProgram::new(&steps, 0).unwrap()
}

pub(super) fn america() -> TonePlan {
    let mut plan = TonePlan::SILENT;
    plan.set(Tone::Dial, program(&[(&[350.0, 440.0], 0)]));
    plan.set(Tone::Ringback, program(&[(&[440.0, 480.0], 2000), (&[], 4000)]));
    plan.set(Tone::Busy, program(&[(&[480.0, 620.0], 500), (&[], 500)]));
    plan.set(Tone::Congestion, program(&[(&[480.0, 620.0], 250), (&[], 250)]));
    plan.set(Tone::Howler, program(&[(&[1400.0, 2060.0, 2450.0, 2600.0], 100), (&[], 100)]));
    plan
}

pub(super) fn europe() -> TonePlan {
    let mut plan = TonePlan::SILENT;
    plan.set(Tone::Dial, program(&[(&[425.0], 0)]));
    plan.set(Tone::Ringback, program(&[(&[425.0], 1000), (&[], 4000)]));
    plan.set(Tone::Busy, program(&[(&[425.0], 480), (&[], 480)]));
    plan.set(Tone::Congestion, program(&[(&[425.0], 240), (&[], 240)]));
    let waiting: &[(&[f32], u32)] = &[(&[425.0], 200), (&[], 200), (&[425.0], 200), (&[], 5000)];
    plan.set(Tone::CallWaiting, program(waiting));
    plan
}

fn britain() -> TonePlan {
    let mut plan = TonePlan::SILENT;
    plan.set(Tone::Dial, program(&[(&[350.0, 440.0], 0)]));
    plan.set(
        Tone::Ringback,
        program(&[(&[400.0, 450.0], 400), (&[], 200), (&[400.0, 450.0], 400), (&[], 2000)]),
    );
    plan.set(Tone::Busy, program(&[(&[400.0], 375), (&[], 375)]));
    plan.set(Tone::Congestion, program(&[(&[400.0], 400), (&[], 350), (&[400.0], 225), (&[], 525)]));
    plan
}

/// A tone as a line brings it, `seconds` of it.
pub(super) fn sound(program: &ToneProgram, line: &Line, seconds: f32, entropy: &mut Entropy) -> Vec<f64> {
    // A second of noise, over and over.
    let hiss: Vec<f64> = (0..8000).map(|_| noise(entropy, Dbm0(line.level - line.noise))).collect();
    let mut out = Vec::new();
    let (mut at, mut burst) = (0, 0);
    let mut skip = (line.into * 8.0) as usize;
    let wanted = (seconds * 8000.0) as usize;
    while out.len() < wanted {
        let step = program.steps()[at % program.steps().len()];
        let tones: Vec<f32> = step.components.iter().filter(|c| c.sounds()).map(|c| c.frequency.0).collect();
        let length = match step.length.0 {
            0 => wanted,
            millis => (millis as f32 * 8.0 * (1.0 + line.cadence)) as usize,
        };
        let own = line.level - if burst % 2 == 1 { line.alternate } else { 0.0 };
        let each = own - 10.0 * (tones.len().max(1) as f32).log10();
        let mut sines: Vec<_> =
            tones.iter().map(|&hz| Sine::new(Hz(hz * (1.0 + line.frequency)), Dbm0(each))).collect();
        for n in 0..length.min(wanted) {
            let value =
                sines.iter_mut().map(Sine::value).sum::<f64>() + hiss[(out.len() + n / 8000 * 777) % 8000];
            if skip > 0 {
                skip -= 1;
            } else {
                out.push(value);
            }
        }
        burst += usize::from(!tones.is_empty());
        at += 1;
    }
    out.truncate(wanted);
    out
}

/// What a supervisor tells of a sound, with the time in milliseconds.
fn told(supervisor: &mut Supervisor, sound: &[f64]) -> Vec<(u32, SupervisorNews)> {
    let samples: Vec<i16> = sound.iter().map(|&value| sample(value)).collect();
    let mut out = Vec::new();
    for (n, frame) in frames(&samples).enumerate() {
        for news in supervisor.process(&frame, Some(&[0; 80])).into_iter().flatten() {
            out.push((n as u32 * 10 + 10, news));
        }
    }
    out
}

/// When a tone is told, where it is and nothing else but silence is.
fn time_of(plan: &TonePlan, tone: Tone, line: &Line, seed: u64) -> Option<u32> {
    let mut entropy = Entropy::for_simulation(seed);
    let mut supervisor = Supervisor::new(plan, None);
    let before: Vec<f64> = (0..2400).map(|_| noise(&mut entropy, Dbm0(line.level - line.noise))).collect();
    let mut all = before;
    all.extend(sound(plan.get(tone), line, 11.0, &mut entropy));
    let news = told(&mut supervisor, &all);
    let tones: Vec<_> = news.iter().filter(|(_, news)| !matches!(news, SupervisorNews::Silence(_))).collect();
    match tones[..] {
        [&(at, SupervisorNews::Tone(heard))] if heard == tone => Some(at.saturating_sub(300)),
        _ => {
            eprintln!("{tone:?} {line:?}: {news:?}");
            None
        }
    }
}

#[test]
fn tones_are_told_as_lines_bring_them() {
    let (mut all, mut missed) = (0, 0);
    for (country, plan) in [america(), europe(), britain()].iter().enumerate() {
        for tone in [Tone::Dial, Tone::Ringback, Tone::Busy, Tone::Congestion, Tone::Howler] {
            if plan.get(tone).steps().is_empty() {
                continue;
            }
            let mut times = Vec::new();
            for (level, noises) in [(-10.0, [60.0, 30.0]), (-35.0, [60.0, 20.0])] {
                for frequency in [-0.015, 0.015] {
                    for cadence in [-0.1, 0.0, 0.1] {
                        for noise in noises {
                            let line = Line { level, frequency, cadence, noise, into: 137.0, ..GOOD };
                            all += 1;
                            match time_of(plan, tone, &line, all) {
                                Some(time) => times.push(time),
                                None => missed += 1,
                            }
                        }
                    }
                }
            }
            times.sort_unstable();
            eprintln!("{country} {tone:?}: {:?} to {:?}", times.first(), times.last());
        }
    }
    assert_eq!(missed, 0, "of {all}");
}

#[test]
fn bursts_of_alternating_level_are_one_tone() {
    for plan in [europe(), britain()] {
        for tone in [Tone::Busy, Tone::Congestion] {
            let line = Line { alternate: 10.0, ..GOOD };
            assert!(time_of(&plan, tone, &line, 1).is_some());
        }
    }
}

#[test]
fn speech_has_no_tones_and_is_a_voice() {
    let Some(dir) = vectors() else { return };
    for name in ["codec/s0.8k.wav", "codec/s1.8k.wav"] {
        for plan in [america(), europe(), britain()] {
            let mut supervisor = Supervisor::new(&plan, None);
            let speech: Vec<f64> = wav(&dir.join(name)).iter().map(|&s| f64::from(s)).collect();
            let news = told(&mut supervisor, &speech);
            eprintln!("{name} {}s: {news:?}", speech.len() / 8000);
            assert!(
                news.iter()
                    .all(|(_, news)| matches!(news, SupervisorNews::Voice | SupervisorNews::Silence(_)))
            );
            assert!(matches!(news.first(), Some((..2000, SupervisorNews::Voice))));
        }
    }
}

/// What is learned from a sound.
fn learned(plan: &TonePlan, sound: &[f64]) -> Option<LearnedTone> {
    let samples: Vec<i16> = sound.iter().map(|&value| sample(value)).collect();
    let mut learner = ToneLearner::new(plan);
    frames(&samples).for_each(|frame| learner.feed(&frame));
    learner.result()
}

/// Two programs have the same frequencies, within a share, and lengths, within some milliseconds.
fn are_like(one: &ToneProgram, other: &ToneProgram, share: f32, millis: u32) -> bool {
    one.steps().len() == other.steps().len()
        && one.steps().iter().zip(other.steps()).all(|(a, b)| {
            let close = |(a, b): (&Component, &Component)| {
                (a.frequency.0 - b.frequency.0).abs() <= share * b.frequency.0
            };
            a.length.0.abs_diff(b.length.0) <= millis && a.components.iter().zip(&b.components).all(close)
        })
}

#[test]
fn a_pattern_of_no_country_is_learned_and_then_told() {
    let patterns = [
        program(&[(&[520.0], 170), (&[], 310)]),
        program(&[(&[382.0, 511.0], 700), (&[], 150)]),
        program(&[(&[450.0], 120), (&[], 120), (&[450.0], 120), (&[], 700)]),
        program(&[(&[610.0], 0)]),
    ];
    for pattern in patterns {
        for (seed, noise) in [(1, 60.0), (2, 20.0)] {
            let mut entropy = Entropy::for_simulation(seed);
            let line = Line { noise, level: -24.0, frequency: 0.004, into: 90.0, ..GOOD };
            let heard = sound(&pattern, &line, 8.0, &mut entropy);
            let tone = learned(&america(), &heard).expect("something is learned");
            assert!(are_like(&tone.program, &pattern, 0.006, 20), "{:?}", tone.program.steps());
            assert!(tone.confidence > 0.7 && tone.known.is_none(), "{} {:?}", tone.confidence, tone.known);
            let mut supervisor = Supervisor::new(&america(), Some(&tone.program));
            let news = told(&mut supervisor, &sound(&pattern, &line, 8.0, &mut entropy));
            let learned = news.iter().filter(|(_, news)| *news == SupervisorNews::Learned).count();
            assert_eq!(learned, 1, "{news:?}");
        }
    }
}

#[test]
fn a_tone_of_the_country_is_known_and_noise_teaches_nothing() {
    let mut entropy = Entropy::for_simulation(3);
    for tone in [Tone::Busy, Tone::Congestion] {
        let heard = sound(europe().get(tone), &GOOD, 8.0, &mut entropy);
        let learned = learned(&europe(), &heard).expect("something is learned");
        assert_eq!(learned.known, Some(tone));
        assert!(learned.confidence > 0.8 && learned.bursts >= 6, "{learned:?}");
    }
    let hiss: Vec<f64> = (0..80_000).map(|_| noise(&mut entropy, Dbm0(-30.0))).collect();
    assert_eq!(learned(&europe(), &hiss), None);
}

#[test]
fn an_uneven_pattern_is_learned_with_little_confidence() {
    let mut entropy = Entropy::for_simulation(4);
    let mut heard = Vec::new();
    for _ in 0..8 {
        let on = 300 + entropy.below(60);
        let off = 300 + entropy.below(60);
        let hertz = 500.0 + 5.0 * entropy.unit();
        heard.extend(sound(
            &program(&[(&[hertz], on), (&[], off)]),
            &GOOD,
            (on + off) as f32 / 1000.0,
            &mut entropy,
        ));
    }
    if let Some(learned) = learned(&america(), &heard) {
        assert!(learned.confidence < 0.75, "{learned:?}");
    }
}
