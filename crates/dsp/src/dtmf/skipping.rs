//! Tests that silence is skipped and nothing is missed by it: a detector that computes everything hears the same.

use super::*;
use crate::testing::{Sine, frames, noise, sample};
use tipring_units::{Dbm0, Entropy, Hz};

/// Line noise, dial tone and digits of all lengths and levels about the least that is heard, with pauses, each beginning anywhere.
fn round(entropy: &mut Entropy) -> Vec<i16> {
    let floor = Dbm0(-75.0 + 30.0 * entropy.unit());
    let mut signal: Vec<f64> = Vec::new();
    for _ in 0..12 {
        let (tones, length): (&[f32], u32) = match entropy.below(4) {
            0 => (&[350.0, 440.0], 1 + entropy.below(4000)),
            1 => (&[1000.0], 1 + entropy.below(1000)),
            _ => {
                let place = entropy.below(16) as usize;
                (&[LOW_GROUP[place / 4], HIGH_GROUP[place % 4]], 100 + entropy.below(800))
            }
        };
        let level = -60.0 + 50.0 * entropy.unit();
        let mut sines: Vec<Sine> = tones.iter().map(|&hz| Sine::new(Hz(hz), Dbm0(level))).collect();
        signal.extend((0..length).map(|_| sines.iter_mut().map(Sine::value).sum::<f64>()));
        let longest = if entropy.chance(30.0) { 6000 } else { 500 };
        let pause = entropy.below(longest);
        signal.extend(std::iter::repeat_n(0.0, pause as usize));
    }
    signal.iter_mut().for_each(|value| *value += noise(entropy, floor));
    signal.into_iter().map(sample).chain([0; 800]).collect()
}

/// What an event is, and its time in samples.
fn parts(event: DtmfEvent) -> (bool, Digit, u64) {
    match event {
        DtmfEvent::Begin { digit, since } => (true, digit, since.0),
        DtmfEvent::End { digit, duration } => (false, digit, duration.0),
    }
}

/// What both detectors hear in a signal: true if it is the same at the same time. Counts frames, those skipped, and events.
fn both_hear_the_same(signal: &[i16], counts: &mut [usize; 3]) -> bool {
    let (mut skipping, mut thorough) = (DtmfDetector::default(), DtmfDetector::thorough());
    frames(signal).all(|frame| {
        let one: Vec<_> = skipping.process(&frame).into_iter().map(parts).collect();
        let other: Vec<_> = thorough.process(&frame).into_iter().map(parts).collect();
        counts[0] += 1;
        counts[1] += usize::from(skipping.rests());
        counts[2] += one.len();
        assert!(!thorough.rests());
        // Strengths, which lengths follow from, differ by what is too quiet to count.
        let alike = |a: &(bool, Digit, u64), b: &(bool, Digit, u64)| {
            (a.0, a.1) == (b.0, b.1) && a.2.abs_diff(b.2) <= 8
        };
        one.len() == other.len()
            && one.iter().zip(&other).all(|(a, b)| alike(a, b))
            && skipping.suspects() == thorough.suspects()
    })
}

#[test]
fn a_detector_that_skips_silence_hears_what_one_hears_that_does_not() {
    let mut counts = [0; 3];
    let differ: Vec<u64> = (0..1500)
        .filter(|seed| !both_hear_the_same(&round(&mut Entropy::for_simulation(9000 + seed)), &mut counts))
        .collect();
    let [frames, rested, events] = counts;
    assert!(events > 5000, "{events} events");
    assert!(rested * 10 > frames, "{rested} of {frames} frames skipped");
    // A digit at the very limit of level and length is heard or not by the noise before it: one in so many thousands.
    assert!(differ.len() <= 3, "signals {differ:?} of 1500 with {events} events");
}

#[test]
fn silence_is_skipped_only_once_it_changes_nothing() {
    // What a detector that rests makes of a signal is what one makes of it that is new.
    for seed in 0..50 {
        let mut entropy = Entropy::for_simulation(seed);
        let (mut used, mut new) = (DtmfDetector::default(), DtmfDetector::default());
        for frame in frames(&round(&mut entropy)) {
            used.process(&frame);
        }
        let hiss = |entropy: &mut Entropy| core::array::from_fn(|_| entropy.below(25) as i16 - 12);
        // What was below the band is forgotten last.
        for _ in 0..500 {
            used.process(&hiss(&mut entropy));
        }
        assert!(used.rests());
        for frame in frames(&round(&mut entropy)) {
            let (a, b) = (used.process(&frame), new.process(&frame));
            assert!(a.into_iter().eq(b), "seed {seed}");
        }
    }
}
