//! Tests of tones as they are elsewhere, and of what else lines and networks do to them.

use super::*;
use crate::ToneGenerator;

/// A step of sines with what modulates each.
fn modulated(tones: &[(f32, f32)], millis: u32) -> ToneStep {
    let mut out = ToneStep { length: Millis(millis), ..ToneStep::SILENCE };
    for (slot, &(hz, by)) in out.components.iter_mut().zip(tones) {
        *slot = Component { frequency: Hz(hz), modulated_by: Hz(by), level: Dbm0(-16.0) };
    }
    out
}

/// Sines with what modulates each, and how long they sound.
type Step<'a> = (&'a [(f32, f32)], u32);

fn plan(tones: &[(Tone, &[Step<'_>])]) -> TonePlan {
    let mut plan = TonePlan::SILENT;
    for (tone, steps) in tones {
        let steps: Vec<_> = steps.iter().map(|&(tones, millis)| modulated(tones, millis)).collect();
        plan.set(*tone, ToneProgram::new(&steps, 0).unwrap());
    }
    plan
}

/// What is told of a tone of the plan, for so many seconds.
fn told_of(
    plan: &TonePlan,
    tone: Tone,
    seconds: usize,
    change: impl Fn(usize, &mut [i16; 80]),
) -> Vec<(u32, SupervisorNews)> {
    let (mut generator, mut supervisor) = (ToneGenerator::new(), Supervisor::new(plan, None));
    generator.start(plan.get(tone));
    let mut out = Vec::new();
    for n in 0..seconds * 100 {
        let mut frame = [0; 80];
        if n >= 30 {
            generator.process(&mut frame);
        }
        change(n, &mut frame);
        for news in supervisor.process(&frame, Some(&[0; 80])).into_iter().flatten() {
            if !matches!(news, SupervisorNews::Silence(_)) {
                out.push((n as u32 * 10, news));
            }
        }
    }
    out
}

#[test]
fn tones_of_other_countries_are_told_too() {
    let none: &[(f32, f32)] = &[];
    let australia = plan(&[
        (Tone::Dial, &[(&[(413.0, 0.0), (438.0, 0.0)], 0)]),
        (
            Tone::Ringback,
            &[
                (&[(413.0, 0.0), (438.0, 0.0)], 400),
                (none, 200),
                (&[(413.0, 0.0), (438.0, 0.0)], 400),
                (none, 2000),
            ],
        ),
        (Tone::Busy, &[(&[(425.0, 0.0)], 375), (none, 375)]),
    ]);
    let japan = plan(&[
        (Tone::Dial, &[(&[(400.0, 0.0)], 0)]),
        (Tone::Ringback, &[(&[(400.0, 16.0)], 1000), (none, 2000)]),
        (Tone::Busy, &[(&[(400.0, 0.0)], 500), (none, 500)]),
    ]);
    let india = plan(&[
        (Tone::Dial, &[(&[(400.0, 25.0)], 0)]),
        (Tone::Ringback, &[(&[(400.0, 25.0)], 400), (none, 200), (&[(400.0, 25.0)], 400), (none, 2000)]),
        (Tone::Busy, &[(&[(400.0, 0.0)], 750), (none, 750)]),
        (Tone::Congestion, &[(&[(400.0, 0.0)], 250), (none, 250)]),
    ]);
    let italy = plan(&[
        (Tone::Dial, &[(&[(425.0, 0.0)], 200), (none, 200), (&[(425.0, 0.0)], 600), (none, 1000)]),
        (Tone::Ringback, &[(&[(425.0, 0.0)], 1000), (none, 4000)]),
        (Tone::Busy, &[(&[(425.0, 0.0)], 500), (none, 500)]),
        (Tone::Congestion, &[(&[(425.0, 0.0)], 200), (none, 200)]),
    ]);
    for (name, plan) in [("au", australia), ("jp", japan), ("in", india), ("it", italy)] {
        for tone in [Tone::Dial, Tone::Ringback, Tone::Busy, Tone::Congestion] {
            if plan.get(tone).steps().is_empty() {
                continue;
            }
            let news = told_of(&plan, tone, 14, |_, _| {});
            assert!(
                matches!(news[..], [(_, SupervisorNews::Tone(heard))] if heard == tone),
                "{name} {tone:?}: {news:?}"
            );
            // The dial tone is waited for before a number is dialled.
            assert!(tone != Tone::Dial || news[0].0 < 2500, "{name}: {news:?}");
        }
    }
}

#[test]
fn gaps_of_20_ms_do_not_hide_a_tone() {
    for plan in [america(), europe()] {
        for tone in [Tone::Busy, Tone::Congestion] {
            for seed in 0..6 {
                let mut entropy = Entropy::for_simulation(seed);
                let lost: Vec<bool> = (0..800).map(|_| entropy.chance(2.0)).collect();
                let news = told_of(&plan, tone, 16, |n, frame| {
                    if lost[n / 2] {
                        *frame = [0; 80];
                    }
                });
                assert!(
                    matches!(news.first(), Some((..8000, SupervisorNews::Tone(heard))) if *heard == tone),
                    "{tone:?}: {news:?}"
                );
            }
        }
    }
}

#[test]
fn somebody_who_speaks_at_our_end_does_not_hide_a_tone() {
    // What the canceller leaves of a voice, 20 dB below the tone.
    let Some(dir) = vectors() else { return };
    let speech = wav(&dir.join("codec/s1.8k.wav"));
    for plan in [america(), europe()] {
        for tone in [Tone::Busy, Tone::Congestion, Tone::Dial] {
            let news = told_of(&plan, tone, 11, |n, frame| {
                for (sample, said) in frame.iter_mut().zip(&speech[n * 80..]) {
                    *sample = sample.saturating_add(said / 10);
                }
            });
            let tones: Vec<_> =
                news.iter()
                    .filter_map(|(at, news)| {
                        if let SupervisorNews::Tone(heard) = news { Some((*at, *heard)) } else { None }
                    })
                    .collect();
            assert!(tones.first().is_some_and(|&(at, _)| at < 8000), "{tone:?}: {news:?}");
            assert!(tones.iter().all(|&(_, heard)| heard == tone), "{tone:?}: {news:?}");
        }
    }
}
