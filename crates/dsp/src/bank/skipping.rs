//! Tests that silence is skipped and nothing is missed by it: a bank that computes everything hears the same.

use super::*;
use crate::testing::{Sine, frames, noise, sample};
use tipring_units::{Entropy, Hz};

/// V.21 channel 2: a preamble of flags, then bits as they come, for so many samples.
fn modem(entropy: &mut Entropy, level: f32, length: usize, out: &mut Vec<f64>) {
    let (mut mark, mut space) = (Sine::new(Hz(1650.0), Dbm0(level)), Sine::new(Hz(1850.0), Dbm0(level)));
    let flags = length / 2;
    for n in 0..length {
        // 26.7 samples a bit.
        let bit = n * 3 / 80;
        let is_mark =
            if n < flags { !matches!(bit % 8, 0 | 7) } else { bit.wrapping_mul(2_654_435_761) >> 7 & 1 == 0 };
        let (a, b) = (mark.value(), space.value());
        out.push(if is_mark { a } else { b });
    }
    let pause = entropy.below(200) as usize;
    out.extend(std::iter::repeat_n(0.0, pause));
}

/// Line noise, tones with and without names, and a modem, at levels about the least that is heard and above, each beginning anywhere.
fn round(entropy: &mut Entropy) -> Vec<i16> {
    let floor = Dbm0(-80.0 + 30.0 * entropy.unit());
    let mut signal: Vec<f64> = Vec::new();
    for _ in 0..8 {
        let level = -62.0 + 50.0 * entropy.unit();
        let length = 1 + entropy.below(8000) as usize;
        let hertz = 250.0 + 3000.0 * entropy.unit();
        match entropy.below(5) {
            0 => modem(entropy, level, length, &mut signal),
            kind => {
                let any = [hertz];
                let tones = [&[2100.0][..], &[1100.0], &[350.0, 440.0], &any][kind as usize - 1];
                let mut sines: Vec<Sine> = tones.iter().map(|&hz| Sine::new(Hz(hz), Dbm0(level))).collect();
                signal.extend((0..length).map(|_| sines.iter_mut().map(Sine::value).sum::<f64>()));
            }
        }
        let longest = if entropy.chance(40.0) { 8000 } else { 800 };
        signal.extend(std::iter::repeat_n(0.0, entropy.below(longest) as usize));
    }
    signal.iter_mut().for_each(|value| *value += noise(entropy, floor));
    signal.into_iter().map(sample).chain([0; 4000]).collect()
}

/// True if both are the same, but for a level that is measured over what is too quiet to count.
fn alike(a: &BankEvent, b: &BankEvent) -> bool {
    match (*a, *b) {
        (
            BankEvent::End { signal, start, length, level },
            BankEvent::End { signal: other, start: from, length: long, level: loud },
        ) => (signal, start, length) == (other, from, long) && (level.0 - loud.0).abs() < 0.1,
        _ => a == b,
    }
}

#[test]
fn a_bank_that_skips_silence_hears_what_one_hears_that_does_not() {
    let mut plan = TonePlan::SILENT;
    let mut step = tipring_port::ToneStep::SILENCE;
    step.components[0] = tipring_port::Component::sine(Hz(350.0), Dbm0(-16.0));
    step.components[1] = tipring_port::Component::sine(Hz(440.0), Dbm0(-16.0));
    plan.set(tipring_port::Tone::Dial, tipring_port::ToneProgram::new(&[step], 0).expect("a program"));
    let (mut events_in_all, mut data, mut differ, mut silent) = (0, 0, Vec::new(), [0; 3]);
    for seed in 0..250 {
        let mut entropy = Entropy::for_simulation(4000 + seed);
        let (mut skipping, mut thorough) = (Bank::new(&plan), Bank::new(&plan));
        thorough.flags.take_nothing_for_silence();
        thorough.front.look_at_everything();
        for frame in frames(&round(&mut entropy)) {
            let one: Vec<_> = skipping.process(&frame).into_iter().collect();
            let other: Vec<_> = thorough.process(&frame).into_iter().collect();
            events_in_all += one.len();
            data +=
                one.iter().filter(|e| matches!(e, BankEvent::Begin { signal: Signal::Preamble, .. })).count();
            silent[0] += 1;
            silent[1] += usize::from(skipping.front.is_silent());
            silent[2] += usize::from(skipping.flags.is_silent());
            let same = one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| alike(a, b));
            if !same || skipping.current() != thorough.current() || skipping.steady() != thorough.steady() {
                differ.push((seed, one, other));
                break;
            }
        }
    }
    assert!(events_in_all > 1500 && data > 100, "{events_in_all} events, {data} preambles");
    assert!(silent[1] * 8 > silent[0] && silent[2] * 8 > silent[0], "{silent:?} frames, skipped by either");
    // A preamble in noise of its own level is heard or not by the noise before it.
    assert!(differ.len() <= 1, "{differ:#?}");
}
