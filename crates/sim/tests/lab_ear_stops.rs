//! A cadence that has stopped is heard no more: what is heard now is told, not what was heard.

use std::f64::consts::TAU;

use tipring_port::{Frame, Samples, Tone};
use tipring_sim::ear::{Ear, Land, What};
use tipring_sim::mouth::{KeypadSpec, Mouth, Talk};
use tipring_units::Entropy;

/// Milliseconds of a tick.
const TICK_MS: usize = 10;
/// By how much a pause or a sound overruns before the ear is sure of it: 12 ms and a fiftieth of it, and the ticks in
/// which the ear notices.
fn patience(step: usize) -> usize {
    12 + step / 50 + 3 * TICK_MS
}
/// Nothing is stopped this near to the edge of a step.
const EDGE: usize = 60;
/// The ear knows another sound after this.
const OTHER_SOUND: usize = 150;

/// Frequencies, sound and pause in milliseconds.
struct Cadence(Land, Tone, &'static [f64], &'static [usize]);

const CADENCES: &[Cadence] = &[
    Cadence(Land::Us, Tone::Ringback, &[440.0, 480.0], &[2000, 4000]),
    Cadence(Land::Us, Tone::Busy, &[480.0, 620.0], &[500, 500]),
    Cadence(Land::Us, Tone::Congestion, &[480.0, 620.0], &[250, 250]),
    Cadence(Land::Uk, Tone::Ringback, &[400.0, 450.0], &[400, 200, 400, 2000]),
    Cadence(Land::Uk, Tone::Busy, &[400.0], &[375, 375]),
    Cadence(Land::Uk, Tone::Congestion, &[400.0], &[400, 350, 225, 525]),
    Cadence(Land::De, Tone::Ringback, &[425.0], &[1000, 4000]),
    Cadence(Land::De, Tone::Busy, &[425.0], &[480, 480]),
    Cadence(Land::De, Tone::Congestion, &[425.0], &[240, 240]),
    Cadence(Land::Fr, Tone::Ringback, &[440.0], &[1500, 3500]),
    Cadence(Land::Fr, Tone::Busy, &[440.0], &[500, 500]),
    Cadence(Land::Fr, Tone::Congestion, &[440.0], &[250, 250]),
];

/// What comes after the cadence.
#[derive(Clone, Copy, PartialEq, Debug)]
enum After {
    Silence,
    /// The room of someone who listens: -62 dBm0.
    Room,
    /// A noisy room, well above what counts as silence: -38 dBm0.
    Noise,
    Voice,
    Sine,
}

impl Cadence {
    /// The step at `millis`: whether it sounds, how long it is, and what is left of it.
    fn step(&self, millis: usize) -> (bool, usize, usize) {
        let Self(.., steps) = self;
        let mut rest = millis % steps.iter().sum::<usize>();
        for (number, length) in steps.iter().enumerate() {
            if rest < *length {
                return (number % 2 == 0, *length, length - rest);
            }
            rest -= length;
        }
        unreachable!("the rest is within the cycle")
    }

    fn sample(&self, at: usize) -> f64 {
        let amplitude = 16_141.0 * 2_f64.sqrt() * 10_f64.powf(-16.0 / 20.0);
        let (sounds, ..) = self.step(at / 8);
        let t = at as f64 / 8000.0;
        if sounds { self.2.iter().map(|f| amplitude * (TAU * f * t).sin()).sum() } else { 0.0 }
    }
}

fn noise(dbm0: f64, seed: &mut u64) -> f64 {
    let mut unit = || {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    ((0..12).map(|_| unit()).sum::<f64>() - 6.0) * 16_141.0 * 10_f64.powf(dbm0 / 20.0)
}

/// How long the tone is still told after it has stopped at `stop` (milliseconds).
fn told_for(cadence: &Cadence, stop: usize, after: After) -> usize {
    let mut mouth = Mouth::<Samples>::new(KeypadSpec::default(), &mut Entropy::from_seed([3; 32]));
    mouth.say(Talk::Voice(5));
    let mut seed = 77;
    let mut ear = Ear::<Samples>::new(cadence.0);
    let is_it = |ear: &Ear<Samples>| ear.now().any(|heard| heard.what == What::Tone(cadence.1));
    let mut last = None;
    for tick in 0..(stop + 9000) / TICK_MS {
        let start = tick * TICK_MS * 8;
        let voice = if start >= stop * 8 { mouth.frame() } else { [0; 80] };
        let frame: Frame = core::array::from_fn(|n| {
            let at = start + n;
            let line = noise(-70.0, &mut seed);
            let sound = match after {
                _ if at < stop * 8 => cadence.sample(at),
                After::Silence => 0.0,
                After::Room => noise(-62.0, &mut seed),
                After::Noise => noise(-38.0, &mut seed),
                After::Voice => f64::from(voice[n]),
                After::Sine => 4000.0 * (TAU * 1004.0 * at as f64 / 8000.0).sin(),
            };
            (sound + line).round() as i16
        });
        ear.hear(&frame);
        let now = (tick + 1) * TICK_MS;
        if now == stop {
            assert!(is_it(&ear), "{:?} {:?} is heard after {stop} ms", cadence.0, cadence.1);
        }
        if now > stop && is_it(&ear) {
            last = Some(now - stop);
        }
    }
    last.unwrap_or(0)
}

#[test]
fn a_cadence_that_stopped_is_told_no_longer_than_its_pause_or_burst_may_last() {
    let mut wrong = Vec::new();
    for cadence in CADENCES {
        let cycle: usize = cadence.3.iter().sum();
        for after in [After::Silence, After::Room, After::Noise, After::Voice, After::Sine] {
            for part in 0..5 {
                let stop = (2 * cycle + cycle * (2 * part + 1) / 10).div_ceil(TICK_MS) * TICK_MS;
                let (sounds, length, left) = cadence.step(stop - 1);
                if left < EDGE || length - left < EDGE {
                    continue; // what comes there may be the next step
                }
                let allowed = match after {
                    // A pause that has begun may be one of the cadence until it overruns.
                    After::Silence | After::Room if !sounds => left + patience(length),
                    After::Silence | After::Room => patience(length) + 60,
                    After::Noise | After::Voice | After::Sine => OTHER_SOUND,
                };
                let told = told_for(cadence, stop, after);
                if told > allowed {
                    wrong.push(format!(
                        "{:?} {:?}, stopped at {stop} ms (sounds: {sounds}), then {after:?}: told for {told} ms, not {allowed}",
                        cadence.0, cadence.1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
