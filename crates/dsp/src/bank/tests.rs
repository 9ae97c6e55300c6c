//! Tests of the bank: the recordings with known answers, and generated signals.

use super::*;
use crate::ToneGenerator;
use crate::testing::{Sine, frames, manifest, noise, sample, vectors, wav};
use tipring_port::{Component, Tone, ToneProgram, ToneStep};
use tipring_units::{Entropy, Hz, Millis};

fn step(tones: &[f32], level: f32, millis: u32) -> ToneStep {
    let mut out = ToneStep { length: Millis(millis), ..ToneStep::SILENCE };
    for (slot, &hz) in out.components.iter_mut().zip(tones) {
        *slot = Component::sine(Hz(hz), Dbm0(level));
    }
    out
}

fn program(steps: &[(&[f32], u32)]) -> ToneProgram {
    let steps: Vec<_> = steps.iter().map(|&(tones, millis)| step(tones, -16.0, millis)).collect();
    ToneProgram::new(&steps, 0).unwrap()
}

/// North America and, by the same frequencies throughout, a country of Europe.
fn plans() -> [TonePlan; 2] {
    let (mut america, mut europe) = (TonePlan::SILENT, TonePlan::SILENT);
    america.set(Tone::Dial, program(&[(&[350.0, 440.0], 0)]));
    america.set(Tone::Ringback, program(&[(&[440.0, 480.0], 2000), (&[], 4000)]));
    america.set(Tone::Busy, program(&[(&[480.0, 620.0], 500), (&[], 500)]));
    america.set(Tone::Congestion, program(&[(&[480.0, 620.0], 250), (&[], 250)]));
    europe.set(Tone::Dial, program(&[(&[425.0], 0)]));
    europe.set(Tone::Ringback, program(&[(&[425.0], 1000), (&[], 4000)]));
    europe.set(Tone::Busy, program(&[(&[425.0], 480), (&[], 480)]));
    europe.set(Tone::Congestion, program(&[(&[425.0], 240), (&[], 240)]));
    [america, europe]
}

fn events_of(plan: &TonePlan, samples: &[i16]) -> Vec<BankEvent> {
    let mut bank = Bank::new(plan);
    frames(samples).flat_map(|frame| bank.process(&frame)).collect()
}

/// The signals that ended, with start and length in milliseconds.
fn ended(events: &[BankEvent]) -> Vec<(Signal, u64, u64)> {
    events
        .iter()
        .filter_map(|event| match *event {
            BankEvent::End { signal, start, length, .. } => Some((signal, start.0 / 8, length.0 / 8)),
            BankEvent::Begin { .. } | BankEvent::Steady(_) => None,
        })
        .collect()
}

fn begun(events: &[BankEvent]) -> Vec<Signal> {
    events
        .iter()
        .filter_map(|event| match *event {
            BankEvent::Begin { signal, .. } => Some(signal),
            BankEvent::End { .. } | BankEvent::Steady(_) => None,
        })
        .collect()
}

#[test]
fn recorded_fax_and_modem_tones_have_their_names() {
    let Some(dir) = vectors() else { return };
    let mut count = 0;
    for entry in manifest(&dir, "answer_tone") {
        let file = entry["file"].as_str().unwrap();
        let want = match entry["tone"].as_str().unwrap() {
            "cng" => Signal::Cng,
            "ced" => Signal::Ced,
            "ans_pr" => Signal::AnsReversals,
            "ansam" => Signal::Ansam,
            "ansam_pr" => Signal::AnsamReversals,
            "preamble" => Signal::Preamble,
            "bellans" => Signal::BellAnswer,
            other => panic!("{other}"),
        };
        let mut samples = wav(&dir.join(file));
        samples.extend([0; 1600]);
        let events = events_of(&TonePlan::SILENT, &samples);
        let names: Vec<_> = ended(&events);
        eprintln!("{file}: {names:?}");
        assert!(names.iter().all(|n| n.0 == want) && !names.is_empty(), "{file}: {names:?} for {want:?}");
        count += 1;
    }
    assert!(count >= 14);
}

#[test]
fn the_tones_of_a_plan_are_told_by_frequency_and_cadence() {
    for (country, plan) in plans().iter().enumerate() {
        for tone in [Tone::Dial, Tone::Ringback, Tone::Busy, Tone::Congestion] {
            for noisy in [false, true] {
                let mut generator = ToneGenerator::new();
                generator.start(plan.get(tone));
                let mut entropy = Entropy::for_simulation(5);
                let mut bank = Bank::new(plan);
                let mut events = Vec::new();
                for n in 0..2000 {
                    let mut frame = [0; 80];
                    if (30..1300).contains(&n) {
                        generator.process(&mut frame);
                    }
                    if noisy {
                        frame = frame.map(|s| sample(f64::from(s) + noise(&mut entropy, Dbm0(-38.0))));
                    }
                    events.extend(bank.process(&frame));
                }
                let said: Vec<_> = begun(&events);
                assert_eq!(said, [Signal::Progress(tone)], "country {country}, noise {noisy}: {events:?}");
                let (_, start, _) = ended(&events)[0];
                assert!(start.abs_diff(300) < 25, "{start}");
            }
        }
    }
}

#[test]
fn stretches_have_their_edges_within_ten_milliseconds() {
    let mut entropy = Entropy::for_simulation(3);
    for round in 0..60 {
        let (start, length) = (1600 + entropy.below(800) as usize, 640 + entropy.below(4000) as usize);
        let mut sine = Sine::new(Hz(300.0 + entropy.below(2900) as f32), Dbm0(-18.0));
        let mut samples = vec![0_i16; start];
        samples.extend((0..length).map(|_| sine.step()));
        samples.extend([0; 2400]);
        let events = events_of(&TonePlan::SILENT, &samples);
        let stretches: Vec<Segment> = events
            .iter()
            .filter_map(|e| if let BankEvent::Steady(segment) = e { Some(*segment) } else { None })
            .collect();
        assert_eq!(stretches.len(), 1, "round {round}: {stretches:?}");
        assert!(stretches[0].start.0.abs_diff(start as u64) < 80, "{:?} for {start}", stretches[0]);
        assert!(stretches[0].length.0.abs_diff(length as u64) < 120, "{:?} for {length}", stretches[0]);
    }
}

#[test]
fn alert_and_special_information_are_heard_once() {
    let play = |steps: &[(&[f32], u32)]| {
        let mut samples = vec![0; 800];
        for &(tones, millis) in steps {
            let mut sines: Vec<_> = tones.iter().map(|&hz| Sine::new(Hz(hz), Dbm0(-20.0))).collect();
            samples.extend((0..millis * 8).map(|_| sines.iter_mut().map(Sine::value).sum::<f64>() as i16));
        }
        samples.extend([0; 1600]);
        begun(&events_of(&TonePlan::SILENT, &samples))
    };
    for millis in [75, 80, 85, 100] {
        assert_eq!(play(&[(&[2130.0, 2750.0], millis)]), [Signal::Alert], "{millis} ms");
    }
    assert_eq!(play(&[(&[2130.0, 2750.0], 400)]), []);
    let special: &[(&[f32], u32)] = &[(&[950.0], 330), (&[1400.0], 330), (&[1800.0], 330)];
    assert_eq!(play(special), [Signal::SpecialInformation]);
    assert_eq!(play(&[(&[913.8], 274), (&[1370.6], 380), (&[1776.7], 380)]), [Signal::SpecialInformation]);
}

#[test]
fn noise_and_speech_have_no_names() {
    let mut entropy = Entropy::for_simulation(8);
    let hiss: Vec<i16> = (0..80_000).map(|_| sample(noise(&mut entropy, Dbm0(-20.0)))).collect();
    assert_eq!(begun(&events_of(&plans()[0], &hiss)), []);
    let Some(dir) = vectors() else { return };
    for entry in std::fs::read_dir(dir.join("codec")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "wav") {
            let said = begun(&events_of(&plans()[0], &wav(&path)));
            assert_eq!(said, [], "{}", path.display());
        }
    }
}
