//! The ear: tones of four countries, sines, keys, voices, caller ID, each from a generator of the test's own.

use std::f64::consts::TAU;

use tipring_port::{Absence, Audio, Frame, Samples, Sound, Symbol, Symbols, Tone};
use tipring_sim::ear::{Ear, Heard, HeardEvent, Land, What};
use tipring_sim::mouth::{KeypadSpec, Mouth, Talk, VOICES};
use tipring_sim::plant::Fidelity;
use tipring_units::{Dbm0, Entropy, Hz};

/// Amplitude of a sine of this level.
fn amplitude(dbm0: f64) -> f64 {
    16_141.0 * 2_f64.sqrt() * 10_f64.powf(dbm0 / 20.0)
}

/// A generator of noise of about Gaussian shape.
struct Rough(u64);

impl Rough {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn gauss(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// Sound in steps of (frequencies, milliseconds) at `level` each; no frequencies are a pause.
fn sound(steps: &[(&[f64], usize)], level: f64) -> Vec<f64> {
    let mut out: Vec<f64> = Vec::new();
    for (frequencies, millis) in steps {
        for _ in 0..millis * 8 {
            let t = out.len() as f64 / 8000.0;
            out.push(frequencies.iter().map(|f| amplitude(level) * (TAU * f * t).sin()).sum());
        }
    }
    out
}

fn add_noise(samples: &mut [f64], dbm0: f64, seed: u64) {
    let (mut rough, rms) = (Rough(seed), amplitude(dbm0) / 2_f64.sqrt());
    samples.iter_mut().for_each(|x| *x += rough.gauss() * rms);
}

fn frames(samples: &[f64]) -> Vec<Frame> {
    let frame = |chunk: &[f64]| core::array::from_fn(|n| chunk.get(n).map_or(0, |x| x.round() as i16));
    samples.chunks(80).map(frame).collect()
}

fn began<A: Fidelity>(ear: &mut Ear<A>, frames: &[A::Frame]) -> Vec<Heard> {
    let mut all = Vec::new();
    for frame in frames {
        ear.hear(frame);
        while let Some(event) = ear.event() {
            if let HeardEvent::Began(heard) = event {
                all.push(heard);
            }
        }
    }
    all
}

type Steps = &'static [(&'static [f64], usize)];

const HOWLER: Steps = &[(&[1400.0, 2060.0, 2450.0, 2600.0], 100), (&[], 100)];
const SIT: Steps = &[(&[950.0], 330), (&[1400.0], 330), (&[1800.0], 330), (&[], 1000)];

/// Country, tone, steps that come once, steps that repeat.
const TONES: &[(Land, Tone, Steps, Steps)] = &[
    (Land::Us, Tone::Dial, &[], &[(&[350.0, 440.0], 5000)]),
    (
        Land::Us,
        Tone::Stutter,
        &[
            (&[350.0, 440.0], 100),
            (&[], 100),
            (&[350.0, 440.0], 100),
            (&[], 100),
            (&[350.0, 440.0], 100),
            (&[], 100),
        ],
        &[(&[350.0, 440.0], 5000)],
    ),
    (Land::Us, Tone::Ringback, &[], &[(&[440.0, 480.0], 2000), (&[], 4000)]),
    (Land::Us, Tone::Busy, &[], &[(&[480.0, 620.0], 500), (&[], 500)]),
    (Land::Us, Tone::Congestion, &[], &[(&[480.0, 620.0], 250), (&[], 250)]),
    (Land::Us, Tone::CallWaiting, &[], &[(&[440.0], 300), (&[], 10_000)]),
    (Land::Us, Tone::Howler, &[], HOWLER),
    (Land::Us, Tone::SpecialInformation, &[], SIT),
    (Land::Uk, Tone::Dial, &[], &[(&[350.0, 440.0], 5000)]),
    (Land::Uk, Tone::Stutter, &[], &[(&[350.0, 440.0], 750), (&[440.0], 750)]),
    (
        Land::Uk,
        Tone::Ringback,
        &[],
        &[(&[400.0, 450.0], 400), (&[], 200), (&[400.0, 450.0], 400), (&[], 2000)],
    ),
    (Land::Uk, Tone::Busy, &[], &[(&[400.0], 375), (&[], 375)]),
    (Land::Uk, Tone::Congestion, &[], &[(&[400.0], 400), (&[], 350), (&[400.0], 225), (&[], 525)]),
    (Land::Uk, Tone::CallWaiting, &[], &[(&[400.0], 100), (&[], 4000)]),
    (Land::Uk, Tone::Howler, &[], HOWLER),
    (Land::De, Tone::Dial, &[], &[(&[425.0], 5000)]),
    (Land::De, Tone::Stutter, &[], &[(&[425.0, 400.0], 5000)]),
    (Land::De, Tone::Ringback, &[], &[(&[425.0], 1000), (&[], 4000)]),
    (Land::De, Tone::Busy, &[], &[(&[425.0], 480), (&[], 480)]),
    (Land::De, Tone::Congestion, &[], &[(&[425.0], 240), (&[], 240)]),
    (Land::De, Tone::CallWaiting, &[], &[(&[425.0], 200), (&[], 200), (&[425.0], 200), (&[], 5000)]),
    (Land::De, Tone::SpecialInformation, &[], SIT),
    (Land::Fr, Tone::Dial, &[], &[(&[440.0], 5000)]),
    (Land::Fr, Tone::Ringback, &[], &[(&[440.0], 1500), (&[], 3500)]),
    (Land::Fr, Tone::Busy, &[], &[(&[440.0], 500), (&[], 500)]),
    (Land::Fr, Tone::Congestion, &[], &[(&[440.0], 250), (&[], 250)]),
    (Land::Fr, Tone::CallWaiting, &[], &[(&[440.0], 300), (&[], 10_000)]),
    (Land::Fr, Tone::SpecialInformation, &[], SIT),
    (Land::Se, Tone::Dial, &[], &[(&[425.0], 5000)]),
    (Land::Se, Tone::Ringback, &[], &[(&[425.0], 1000), (&[], 5000)]),
    (Land::Se, Tone::Busy, &[], &[(&[425.0], 250), (&[], 250)]),
    (Land::Se, Tone::Congestion, &[], &[(&[425.0], 250), (&[], 750)]),
    (Land::It, Tone::Dial, &[], &[(&[425.0], 200), (&[], 200), (&[425.0], 600), (&[], 1000)]),
    (Land::It, Tone::Ringback, &[], &[(&[425.0], 1000), (&[], 4000)]),
    (Land::It, Tone::Busy, &[], &[(&[425.0], 500), (&[], 500)]),
    (Land::It, Tone::Congestion, &[], &[(&[425.0], 200), (&[], 200)]),
    (Land::Nl, Tone::Ringback, &[], &[(&[425.0], 1000), (&[], 4000)]),
    (Land::Nl, Tone::Busy, &[], &[(&[425.0], 500), (&[], 500)]),
    (Land::Nl, Tone::Congestion, &[], &[(&[425.0], 250), (&[], 250)]),
    (Land::Jp, Tone::Dial, &[], &[(&[400.0], 5000)]),
    (Land::Jp, Tone::Busy, &[], &[(&[400.0], 500), (&[], 500)]),
    (Land::Au, Tone::Dial, &[], &[(&[413.0, 438.0], 5000)]),
    (Land::Au, Tone::Stutter, &[], &[(&[413.0, 438.0], 100), (&[], 40)]),
    (
        Land::Au,
        Tone::Ringback,
        &[],
        &[(&[413.0, 438.0], 400), (&[], 200), (&[413.0, 438.0], 400), (&[], 2000)],
    ),
    (Land::Au, Tone::Busy, &[], &[(&[425.0], 375), (&[], 375)]),
];

/// The steps once, then repeated for twelve seconds, after a pause.
fn steps_of(once: Steps, repeated: Steps, pause: usize) -> Vec<(&'static [f64], usize)> {
    let mut steps: Vec<(&[f64], usize)> = vec![(&[], pause)];
    steps.extend(once);
    let mut length = 0;
    while length < 12_000 {
        steps.extend(repeated);
        length += repeated.iter().map(|(_, millis)| millis).sum::<usize>();
    }
    // a steady tone is one step
    steps.dedup_by(|next, last| {
        let same = next.0 == last.0;
        if same {
            last.1 += next.1;
        }
        same
    });
    steps
}

#[test]
fn every_tone_of_nine_countries_is_named_and_no_other() {
    for (place, (land, tone, once, repeated)) in TONES.iter().enumerate() {
        for (level, noise) in [(-13.0, -65.0), (-25.0, -50.0)] {
            // begin in the midst of a frame
            let pause = 503 + place;
            let mut samples = sound(&steps_of(once, repeated, pause), level);
            add_noise(&mut samples, noise, place as u64);
            let mut ear = Ear::<Samples>::new(*land);
            let heard = began(&mut ear, &frames(&samples));
            let tones: Vec<&Heard> = heard.iter().filter(|h| h.what != What::Silence).collect();
            let case = format!("{land:?} {tone:?} at {level}: {heard:?}");
            assert_eq!(tones.len(), 1, "{case}");
            assert_eq!(tones[0].what, What::Tone(*tone), "{case}");
            let late = tones[0].since.0 as i64 - pause as i64 * 8;
            assert!(late.abs() < 80, "{late} samples late: {case}");
            let confirmed = ear.now().next().and_then(|h| h.confirmed);
            assert!(confirmed.is_some(), "not confirmed: {case}");
        }
    }
}

#[test]
fn an_expected_dial_tone_is_known_within_130_ms() {
    for (land, frequencies) in [
        (Land::Us, &[350.0, 440.0][..]),
        (Land::Uk, &[350.0, 440.0]),
        (Land::De, &[425.0]),
        (Land::Fr, &[440.0]),
    ] {
        let samples = sound(&[(&[], 300), (frequencies, 5000)], -13.0);
        let mut ear = Ear::<Samples>::new(land);
        ear.expect_dial_tone(true);
        let heard = began(&mut ear, &frames(&samples));
        let tones: Vec<&Heard> = heard.iter().filter(|h| h.what != What::Silence).collect();
        assert_eq!(tones.len(), 1, "{heard:?}");
        assert_eq!(tones[0].what, What::Tone(Tone::Dial));
        assert!(tones[0].named.since(tones[0].since).millis().0 <= 130, "{:?}", tones[0]);
    }
}

#[test]
fn busy_in_place_of_an_expected_dial_tone_is_noticed() {
    let samples = sound(&[(&[], 300), (&[425.0], 480), (&[], 480), (&[425.0], 480)], -13.0);
    let mut ear = Ear::<Samples>::new(Land::De);
    ear.expect_dial_tone(true);
    let heard: Vec<What> = began(&mut ear, &frames(&samples)).iter().map(|h| h.what).collect();
    assert_eq!(heard, [What::Silence, What::Tone(Tone::Dial), What::Tone(Tone::Busy)]);
}

#[test]
fn three_bursts_are_a_confirmation_if_nothing_follows_and_a_stutter_if_dial_tone_does() {
    const DIAL: &[f64] = &[350.0, 440.0];
    for (last, tone) in [(5000, Tone::Stutter), (0, Tone::Confirmation)] {
        let third = if last == 0 { 300 } else { 100 };
        let steps: [(&[f64], usize); 8] = [
            (&[], 401),
            (DIAL, 100),
            (&[], 100),
            (DIAL, 100),
            (&[], 100),
            (DIAL, third),
            (&[], 100),
            (DIAL, last),
        ];
        let mut samples = sound(&steps, -13.0);
        samples.extend(vec![0.0; 8000]);
        let mut ear = Ear::<Samples>::new(Land::Us);
        ear.expect_dial_tone(true);
        let heard: Vec<What> = began(&mut ear, &frames(&samples)).iter().map(|h| h.what).collect();
        assert_eq!(heard, [What::Silence, What::Tone(tone), What::Silence]);
    }
}

#[test]
fn levels_are_those_of_the_whole_sound() {
    let samples = sound(&[(&[], 300), (&[350.0, 440.0], 1000)], -16.0);
    let mut ear = Ear::<Samples>::new(Land::Us);
    let heard = began(&mut ear, &frames(&samples));
    let now = ear.now().next().unwrap();
    for heard in [heard.last().unwrap(), &now] {
        assert!((heard.level.0 + 13.0).abs() < 1.0, "{heard:?}");
    }
}

#[test]
fn a_tone_that_sounds_already_as_the_receiver_is_lifted_is_named() {
    let samples = sound(&[(&[480.0, 620.0], 180), (&[], 500), (&[480.0, 620.0], 500), (&[], 500)], -13.0);
    let heard = began(&mut Ear::<Samples>::new(Land::Us), &frames(&samples));
    assert_eq!(heard[0].what, What::Tone(Tone::Busy), "{heard:?}");
}

#[test]
fn tones_in_a_wrong_cadence_are_not_confirmed() {
    let wrong: &[Steps] = &[
        &[(&[440.0, 480.0], 3000), (&[], 3000)],
        &[(&[480.0, 620.0], 400), (&[], 400)],
        &[(&[480.0, 620.0], 500), (&[], 900)],
        &[(&[480.0, 600.0], 500), (&[], 500)],
    ];
    for steps in wrong {
        let mut samples = sound(&steps_of(&[], steps, 400), -13.0);
        add_noise(&mut samples, -65.0, 1);
        let mut ear = Ear::<Samples>::new(Land::Us);
        for frame in frames(&samples) {
            ear.hear(&frame);
            let confirmed = ear.now().find(|h| matches!(h.what, What::Tone(_)) && h.confirmed.is_some());
            assert!(confirmed.is_none(), "{steps:?}: {confirmed:?}");
        }
    }
}

#[test]
fn one_tone_after_another_without_a_pause_is_heard() {
    let samples = sound(
        &[(&[], 200), (&[350.0, 440.0], 1500), (&[480.0, 620.0], 500), (&[], 500), (&[480.0, 620.0], 500)],
        -13.0,
    );
    let heard: Vec<What> =
        began(&mut Ear::<Samples>::new(Land::Us), &frames(&samples)).iter().map(|h| h.what).collect();
    assert_eq!(heard, [What::Silence, What::Tone(Tone::Dial), What::Tone(Tone::Busy)]);
}

#[test]
fn a_sine_is_measured_in_hertz_and_dbm0() {
    for (hertz, level) in [(1004.0, -10.0), (404.0, -16.0), (2804.0, -30.0), (1020.0, 0.0), (3000.0, -40.0)] {
        let mut samples = sound(&[(&[], 200), (&[hertz], 600)], level);
        add_noise(&mut samples, -65.0, 3);
        let heard = began(&mut Ear::<Samples>::new(Land::De), &frames(&samples));
        let Some(What::Sine(f, l)) = heard.last().map(|h| h.what) else { panic!("{hertz}: {heard:?}") };
        assert!((f64::from(f.0) - hertz).abs() <= 1.0 && (f64::from(l.0) - level).abs() < 0.3, "{f} {l}");
    }
    assert_eq!(What::Sine(Hz(1004.0), Dbm0(-10.0)).to_string(), "tone 1004 Hz -10 dBm0");
}

#[test]
fn keys_are_heard_as_digits() {
    let samples =
        sound(&[(&[], 200), (&[770.0, 1336.0], 60), (&[], 60), (&[941.0, 1477.0], 100), (&[], 300)], -12.0);
    let heard: Vec<What> =
        began(&mut Ear::<Samples>::new(Land::Us), &frames(&samples)).iter().map(|h| h.what).collect();
    let digits: Vec<&What> = heard.iter().filter(|what| **what != What::Silence).collect();
    assert_eq!(digits, [&What::Digit(b'5'), &What::Digit(b'#')]);
}

#[test]
fn noise_is_silence_and_irregular_sound_is_speech() {
    let mut noise = vec![0.0; 24_000];
    add_noise(&mut noise, -42.0, 9);
    let heard = began(&mut Ear::<Samples>::new(Land::Us), &frames(&noise));
    assert!(heard.iter().all(|h| h.what == What::Silence) && !heard.is_empty(), "{heard:?}");
    // buzz with a gliding pitch and syllables, no voice of the laboratory
    let mut phase = 0.0;
    let speech: Vec<f64> = (0..24_000)
        .map(|n| {
            let t = f64::from(n) / 8000.0;
            phase += (130.0 + 30.0 * (TAU * 0.9 * t).sin()) / 8000.0;
            let envelope = (TAU * 2.0 * t).sin().abs();
            (1..20).map(|k| (TAU * phase * f64::from(k)).sin() / f64::from(k)).sum::<f64>()
                * envelope
                * 3000.0
        })
        .collect();
    let heard = began(&mut Ear::<Samples>::new(Land::Us), &frames(&speech));
    assert!(heard.iter().any(|h| h.what == What::Speech), "{heard:?}");
    assert!(heard.iter().all(|h| matches!(h.what, What::Speech | What::Silence)), "{heard:?}");
}

/// A logarithmic quantiser of eight bits with segments as in G.711.
fn squeeze(sample: i16) -> i16 {
    let magnitude = (i32::from(sample).abs() + 132).min(32_767);
    let exponent = 31 - magnitude.leading_zeros() as i32;
    let step = 1 << (exponent - 4).max(0);
    let coarse = magnitude / step * step + step / 2 - 132;
    (coarse * i32::from(sample).signum()) as i16
}

fn voice(id: u16, count: usize) -> Vec<Frame> {
    let mut mouth = Mouth::<Samples>::new(KeypadSpec::default(), &mut Entropy::for_simulation(id.into()));
    mouth.say(Talk::Voice(id));
    (0..count).map(|_| mouth.frame()).collect()
}

#[test]
fn every_voice_is_told_from_all_others_through_companding_loss_and_noise() {
    for id in 0..VOICES {
        let mut rough = Rough(u64::from(id));
        let mut frames = vec![[0; 80]; 20];
        frames.extend(voice(id, 300));
        let mut lost = 0_u32;
        for pair in frames.chunks_mut(2) {
            if rough.unit() < 0.05 {
                lost = 2; // a packet of 20 ms
            }
            for frame in pair {
                for sample in frame.iter_mut() {
                    let noisy = f64::from(*sample) * 0.4 + rough.gauss() * amplitude(-60.0);
                    *sample = if lost > 0 { 0 } else { squeeze(noisy as i16) };
                }
                lost = lost.saturating_sub(1);
            }
        }
        let heard = began(&mut Ear::<Samples>::new(Land::Us), &frames);
        let sounds: Vec<&Heard> = heard.iter().filter(|h| h.what != What::Silence).collect();
        assert_eq!(sounds.len(), 1, "voice {id}: {heard:?}");
        assert_eq!(sounds[0].what, What::Voice(id), "{heard:?}");
        assert!(sounds[0].since.0.abs_diff(1600) <= 960, "{:?}", sounds[0]);
    }
}

#[test]
fn two_voices_at_once_are_both_known() {
    for (one, other, gain) in [(3, 42, 1.0), (17, 18, 0.7), (60, 5, 0.5)] {
        let mixed: Vec<Frame> = voice(one, 150)
            .iter()
            .zip(voice(other, 170).iter().skip(11))
            .map(|(a, b)| core::array::from_fn(|n| a[n] / 2 + (f64::from(b[n]) / 2.0 * gain) as i16))
            .collect();
        let mut heard: Vec<What> = began(&mut Ear::<Samples>::new(Land::Us), &mixed)
            .iter()
            .map(|h| h.what)
            .filter(|what| *what != What::Silence)
            .collect();
        heard.sort_by_key(|what| format!("{what:?}"));
        heard.dedup();
        let mut expected = [What::Voice(one), What::Voice(other)];
        expected.sort_by_key(|what| format!("{what:?}"));
        assert_eq!(heard, expected, "{one} and {other}");
    }
}

#[test]
fn a_voice_has_its_level_and_holds_no_key() {
    for id in 0..VOICES {
        let frames = voice(id, 230);
        let power = frames.iter().flatten().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 18_400.0;
        let level = 20.0 * (power.sqrt() * 2_f64.sqrt() / amplitude(0.0)).log10();
        assert!((level + 16.0).abs() < 1.0, "voice {id}: {level} dBm0");
        // no pair of the keypad's frequencies holds half of the power of any 20 ms
        for window in frames.chunks(2) {
            let samples: Vec<f64> = window.iter().flatten().map(|x| f64::from(*x)).collect();
            let energy: f64 = samples.iter().map(|x| x * x).sum();
            let share = |hertz: f64| {
                let part = |phase: f64| -> f64 {
                    samples
                        .iter()
                        .enumerate()
                        .map(|(n, x)| x * (TAU * hertz * n as f64 / 8000.0 + phase).cos())
                        .sum()
                };
                (part(0.0).powi(2) + part(TAU / 4.0).powi(2)) * 2.0 / samples.len() as f64 / energy
            };
            let most = |group: [f64; 4]| group.into_iter().map(share).fold(0.0, f64::max);
            let (low, high) = (most([697.0, 770.0, 852.0, 941.0]), most([1209.0, 1336.0, 1477.0, 1633.0]));
            assert!(low.min(high) < 0.2, "voice {id}: {low} and {high}");
        }
    }
}

#[test]
fn symbols_give_the_same_names_at_the_same_times() {
    for (land, tone, once, repeated) in TONES {
        // the shortest tones of a frame's grid only: 375 and 225 ms fall between frames
        let mut frames = Vec::new();
        let mut at = 0;
        for (frequencies, millis) in steps_of(once, repeated, 500) {
            at += millis;
            let symbol = if frequencies.is_empty() {
                Symbol::SILENCE
            } else {
                Symbol::of(Sound::Tone(*tone), Dbm0(-13.0))
            };
            while frames.len() < at / 10 {
                frames.push(symbol);
            }
        }
        let mut ear = Ear::<Symbols>::new(*land);
        let heard = began(&mut ear, &frames);
        let tones: Vec<&Heard> = heard.iter().filter(|h| h.what != What::Silence).collect();
        assert_eq!(tones.len(), 1, "{land:?} {tone:?}: {heard:?}");
        assert_eq!((tones[0].what, tones[0].since.0), (What::Tone(*tone), 4000), "{land:?}: {heard:?}");
        assert!(ear.now().next().and_then(|h| h.confirmed).is_some(), "{land:?} {tone:?}");
    }
    let frame = Symbol::of(Sound::Voice(12), Dbm0(-16.0));
    let heard = began(&mut Ear::<Symbols>::new(Land::Us), &[frame; 50]);
    assert_eq!(heard.iter().map(|h| h.what).collect::<Vec<_>>(), [What::Voice(12)]);
    assert_eq!(<Symbols as Audio>::SILENCE, Symbol::SILENCE);
}

/// A caller-ID burst of the test's own: seizure, mark, bytes; mark and space in hertz.
fn burst(bytes: &[u8], level: f64) -> Vec<f64> {
    let mut bits: Vec<bool> = (0..300).map(|n| n % 2 == 1).collect();
    bits.extend([true; 180]);
    for byte in bytes {
        bits.push(false);
        bits.extend((0..8).map(|n| byte >> n & 1 == 1));
        bits.push(true);
    }
    bits.extend([true; 10]);
    let mut phase = 0.0;
    (0..bits.len() * 20 / 3)
        .map(|n| {
            let bit = bits[n * 3 / 20];
            phase += if bit { 1200.0 } else { 2200.0 } / 8000.0;
            amplitude(level) * (TAU * phase).sin()
        })
        .collect()
}

fn message(contents: &[u8]) -> Vec<u8> {
    let mut all = contents.to_vec();
    all.push(contents.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg());
    all
}

fn callers(samples: &[f64]) -> Vec<What> {
    let mut ear = Ear::<Samples>::new(Land::Us);
    let mut all = Vec::new();
    for frame in frames(samples) {
        ear.overhear(&frame);
        while let Some(HeardEvent::Began(heard)) = ear.event() {
            all.push(heard.what);
        }
    }
    all
}

#[test]
fn a_caller_is_read_at_minus_30_dbm0_in_noise() {
    let bytes = message(b"\x80\x20\x01\x0811211430\x02\x0a2125551234\x07\x08JANE DOE");
    for (level, noise) in [(-13.0, -60.0), (-30.0, -55.0), (-36.0, -60.0)] {
        for seed in 0..5 {
            let mut samples = vec![0.0; 4000 + 37 * seed as usize];
            samples.extend(burst(&bytes, level));
            samples.extend(vec![0.0; 4000]);
            add_noise(&mut samples, noise, seed);
            let heard = callers(&samples);
            let [What::Caller(caller)] = heard[..] else { panic!("{level}: {heard:?}") };
            assert_eq!(caller.number.unwrap().as_str(), "2125551234");
            assert_eq!(caller.name.unwrap().unwrap().as_str(), "JANE DOE");
            let date = caller.date.unwrap();
            assert_eq!((date.month, date.day, date.hour, date.minute), (11, 21, 14, 30));
        }
    }
}

#[test]
fn two_bursts_give_two_callers_and_a_broken_one_is_reported() {
    let mut samples = burst(&message(b"\x04\x09112114301"), -15.0);
    samples.extend(vec![0.0; 800]);
    samples.extend(burst(&message(b"\x80\x06\x04\x01P\x08\x01O"), -15.0));
    samples.extend(vec![0.0; 800]);
    let mut bad = message(b"\x80\x03\x02\x011");
    bad[4] ^= 1;
    samples.extend(burst(&bad, -15.0));
    samples.extend(vec![0.0; 800]);
    let heard = callers(&samples);
    let [What::Caller(first), What::Caller(second), What::Garbled(_)] = heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!(first.number.unwrap().as_str(), "1");
    assert_eq!(second.number, Err(Absence::Private));
    assert_eq!(second.name, Some(Err(Absence::Unavailable)));
}

#[test]
fn a_recording_gives_its_callers_and_tones() {
    let mut samples = burst(&message(b"\x04\x0b11211430606"), -15.0);
    samples.extend(vec![0.0; 4000]);
    samples.extend(sound(&[(&[480.0, 620.0], 500), (&[], 500), (&[480.0, 620.0], 500), (&[], 800)], -13.0));
    let mut ear = Ear::<Samples>::new(Land::Us);
    let mut all = Vec::new();
    for frame in frames(&samples) {
        ear.listen(&frame);
        while let Some(event) = ear.event() {
            if let HeardEvent::Began(Heard { what: what @ (What::Caller(_) | What::Tone(_)), .. }) = event {
                all.push(what.to_string());
            }
        }
    }
    assert_eq!(all, ["caller 606 11-21 14:30", "busy"]);
}

#[test]
fn a_caller_in_symbols_is_read_as_its_bytes_arrive() {
    let bytes = message(b"\x04\x0b11211430606");
    let mut ear = Ear::<Symbols>::new(Land::Us);
    for pair in bytes.chunks(2) {
        let two = [pair[0], pair.get(1).copied().unwrap_or(0)];
        ear.overhear(&Symbol::of(Sound::Fsk(two, pair.len() as u8), Dbm0(-13.0)));
    }
    let Some(HeardEvent::Began(Heard { what: What::Caller(caller), .. })) = ear.event() else {
        panic!("no caller")
    };
    assert_eq!(caller.number.unwrap().as_str(), "606");
}
