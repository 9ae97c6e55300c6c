//! Tests of reception: the recordings with known answers, and sweeps over what ITU-T Q.24 names.

use super::*;
use crate::testing::{Sine, frames, manifest, noise, sample, vectors, wav};
use tipring_units::{Dbm0, Entropy, Hz, Samples};

/// One digit as a telephone might send it.
#[derive(Clone, Copy)]
struct Keypress {
    digit: Digit,
    low: f32,
    high: f32,
    low_offset: f32,
    high_offset: f32,
    on: usize,
    off: usize,
}

impl Keypress {
    fn new(character: u8) -> Self {
        let digit = Digit::from_ascii(character).unwrap();
        Self { digit, low: -11.0, high: -9.0, low_offset: 0.0, high_offset: 0.0, on: 400, off: 400 }
    }

    fn render(&self, out: &mut Vec<f64>) {
        let mut low = Sine::new(Hz(LOW_GROUP[self.digit.row()] + self.low_offset), Dbm0(self.low));
        let mut high = Sine::new(Hz(HIGH_GROUP[self.digit.column()] + self.high_offset), Dbm0(self.high));
        out.extend((0..self.on).map(|_| low.value() + high.value()));
        out.extend(std::iter::repeat_n(0.0, self.off));
    }
}

fn heard_by(detector: &mut DtmfDetector, samples: &[i16]) -> Vec<DtmfEvent> {
    frames(samples).flat_map(|frame| detector.process(&frame)).collect()
}

fn heard(samples: &[i16]) -> String {
    let mut digits = String::new();
    let mut open = None;
    for event in heard_by(&mut DtmfDetector::default(), samples) {
        match event {
            DtmfEvent::Begin { digit, .. } => {
                assert_eq!(open, None, "a digit began within another");
                open = Some(digit);
            }
            DtmfEvent::End { digit, .. } => {
                assert_eq!(open.take(), Some(digit), "what ended had not begun");
                digits.push(char::from(digit.ascii()));
            }
        }
    }
    assert_eq!(open, None, "a digit never ended");
    digits
}

fn to_samples(signal: &[f64]) -> Vec<i16> {
    signal.iter().map(|&v| sample(v)).chain([0; 800]).collect()
}

/// All sixteen digits in a random order, varied by `vary`.
fn round(entropy: &mut Entropy, mut vary: impl FnMut(&mut Entropy, &mut Keypress)) -> (String, Vec<f64>) {
    let mut signal = vec![0.0; 160 + entropy.below(200) as usize];
    let mut sent = String::new();
    let mut digits = *b"0123456789*#ABCD";
    for last in (1..16).rev() {
        digits.swap(last, entropy.below(last as u32 + 1) as usize);
    }
    for character in digits {
        let mut key = Keypress::new(character);
        vary(entropy, &mut key);
        key.render(&mut signal);
        sent.push(char::from(character));
    }
    (sent, signal)
}

fn spread(entropy: &mut Entropy, low: f32, high: f32) -> f32 {
    low + (high - low) * entropy.unit()
}

/// The most that must be accepted: 1.5 % + 2 Hz.
fn accepted_offset(hertz: f32) -> f32 {
    hertz * 0.015 + 2.0
}

#[test]
fn recordings_with_known_answers_are_heard_as_they_should() {
    let Some(dir) = vectors() else { return };
    let (mut wrong, mut checked, mut informative, mut informative_right) = (Vec::new(), 0, 0, 0);
    for entry in manifest(&dir, "dtmf") {
        let file = entry["file"].as_str().unwrap();
        let digits = entry["digits"].as_str().unwrap();
        let mut samples = wav(&dir.join(file));
        samples.extend([0; 800]);
        let got = heard(&samples);
        let want = match entry["expect"].as_str().unwrap() {
            "all" => digits,
            "none" => "",
            _ => {
                informative += 1;
                informative_right += usize::from(got == digits);
                if got != digits {
                    eprintln!("informative {file}: sent {digits}, heard {got}");
                }
                continue;
            }
        };
        checked += 1;
        if got != want {
            wrong.push(format!("{file}: wanted {want:?}, heard {got:?} ({})", entry["args"]));
        }
    }
    eprintln!("{checked} checked, {informative_right} of {informative} informative ones in full");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked >= 100);
    assert!(informative_right >= 14);
}

#[test]
fn recorded_speech_is_never_taken_for_a_digit() {
    let Some(dir) = vectors() else { return };
    let mut seconds = 0;
    for entry in std::fs::read_dir(dir.join("codec")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "wav") {
            let samples = wav(&path);
            seconds += samples.len() / 8000;
            for gain in [1, 4] {
                let louder: Vec<i16> = samples.iter().map(|&s| s.saturating_mul(gain)).collect();
                assert_eq!(heard(&louder), "", "{} times {gain}", path.display());
            }
        }
    }
    assert!(seconds >= 20);
}

#[test]
fn levels_from_minus_36_to_plus_1_dbm0_are_heard() {
    let mut entropy = Entropy::for_simulation(1);
    for level in -36..=1 {
        let (sent, signal) = round(&mut entropy, |entropy, key| {
            key.low = level as f32 - 0.01;
            key.high = level as f32 - 0.01;
            key.on = 320 + entropy.below(100) as usize;
            key.off = 320 + entropy.below(100) as usize;
        });
        assert_eq!(heard(&to_samples(&signal)), sent, "at {level} dBm0");
    }
    let (_, faint) = round(&mut entropy, |_, key| (key.low, key.high) = (-45.0, -45.0));
    assert_eq!(heard(&to_samples(&faint)), "");
}

#[test]
fn twist_is_accepted_within_the_profile_and_refused_beyond() {
    let mut entropy = Entropy::for_simulation(2);
    let run = |profile, entropy: &mut Entropy, twist: f32| {
        let (sent, signal) = round(entropy, |_, key| {
            key.low = -14.0 - twist / 2.0;
            key.high = -14.0 + twist / 2.0;
        });
        let events = heard_by(&mut DtmfDetector::new(profile), &to_samples(&signal));
        (sent.len(), events.iter().filter(|e| matches!(e, DtmfEvent::Begin { .. })).count())
    };
    for twist in [-8.0, -5.0, 0.0, 4.0] {
        for profile in [DtmfProfile::default(), DtmfProfile::NORTH_AMERICA] {
            assert_eq!(run(profile, &mut entropy, twist), (16, 16), "{twist} dB");
        }
    }
    assert_eq!(run(DtmfProfile::default(), &mut entropy, 8.0).1, 16);
    assert_eq!(run(DtmfProfile::NORTH_AMERICA, &mut entropy, 6.5).1, 0);
    assert_eq!(run(DtmfProfile::default(), &mut entropy, 12.0).1, 0);
    assert_eq!(run(DtmfProfile::default(), &mut entropy, -12.0).1, 0);
}

#[test]
fn frequencies_within_tolerance_are_accepted_and_beyond_refused() {
    for seed in 0..20 {
        let mut entropy = Entropy::for_simulation(100 + seed);
        let (sent, signal) = round(&mut entropy, |entropy, key| {
            let low = accepted_offset(LOW_GROUP[key.digit.row()]);
            let high = accepted_offset(HIGH_GROUP[key.digit.column()]);
            key.low_offset = if entropy.chance(50.0) { low } else { -low };
            key.high_offset = if entropy.chance(50.0) { high } else { -high };
            key.on = 320;
            key.off = 320;
        });
        assert_eq!(heard(&to_samples(&signal)), sent, "seed {seed}");
        let (_, signal) = round(&mut entropy, |entropy, key| {
            let sign = if entropy.chance(50.0) { 0.035 } else { -0.035 };
            // One frequency off suffices.
            if entropy.chance(50.0) {
                key.low_offset = sign * LOW_GROUP[key.digit.row()];
            } else {
                key.high_offset = sign * HIGH_GROUP[key.digit.column()];
            }
            key.on = 800;
        });
        assert_eq!(heard(&to_samples(&signal)), "", "seed {seed}");
    }
}

#[test]
fn forty_milliseconds_are_accepted_and_23_refused() {
    for seed in 0..20 {
        let mut entropy = Entropy::for_simulation(200 + seed);
        let vary = |on: usize| {
            move |entropy: &mut Entropy, key: &mut Keypress| {
                key.low = spread(entropy, -25.0, -3.0);
                key.high = key.low + spread(entropy, -7.0, 3.0);
                (key.on, key.off) = (on, 320 + entropy.below(80) as usize);
            }
        };
        let (sent, signal) = round(&mut entropy, vary(320));
        assert_eq!(heard(&to_samples(&signal)), sent, "seed {seed}");
        let (_, signal) = round(&mut entropy, vary(184));
        assert_eq!(heard(&to_samples(&signal)), "", "seed {seed}");
    }
}

#[test]
fn digits_in_noise_of_minus_15_db_are_neither_lost_nor_doubled() {
    let (mut sent_count, mut wrong) = (0, Vec::new());
    for seed in 0..60 {
        let mut entropy = Entropy::for_simulation(300 + seed);
        let level = spread(&mut entropy, -25.0, -5.0);
        let (sent, mut signal) = round(&mut entropy, |entropy, key| {
            key.low = level;
            key.high = level;
            key.low_offset = spread(entropy, -1.0, 1.0) * accepted_offset(LOW_GROUP[key.digit.row()]);
            key.high_offset = spread(entropy, -1.0, 1.0) * accepted_offset(HIGH_GROUP[key.digit.column()]);
            (key.on, key.off) = (320 + entropy.below(160) as usize, 320 + entropy.below(160) as usize);
        });
        // 15 dB below the sum of both tones.
        let below = Dbm0(level + 3.01 - 15.0);
        signal.iter_mut().for_each(|s| *s += noise(&mut entropy, below));
        let got = heard(&to_samples(&signal));
        sent_count += sent.len();
        if got != sent {
            wrong.push((seed, sent, got));
        }
    }
    assert!(wrong.is_empty(), "of {sent_count} digits: {wrong:#?}");
}

#[test]
fn dial_tone_22_db_above_the_digits_does_not_hide_them() {
    for (seed, (tones, level)) in
        [([350.0, 440.0], -27.0), ([425.0, 425.0], -27.0), ([350.0, 440.0], -20.0), ([400.0, 450.0], -15.0)]
            .into_iter()
            .enumerate()
    {
        let mut entropy = Entropy::for_simulation(400 + seed as u64);
        let (sent, mut signal) = round(&mut entropy, |_, key| (key.low, key.high) = (level, level));
        let dial = (level + 22.0_f32).min(-4.0);
        // Nobody dials within 400 ms of the tone's start.
        signal.splice(0..0, [0.0; 3200]);
        let mut dial_tones = tones.map(|hz| Sine::new(Hz(hz), Dbm0(dial)));
        signal.iter_mut().for_each(|s| *s += dial_tones.iter_mut().map(Sine::value).sum::<f64>());
        assert_eq!(heard(&to_samples(&signal)), sent, "{tones:?} at {dial} over {level}");
    }
}

#[test]
fn a_third_tone_of_minus_16_db_passes_and_an_equal_one_does_not() {
    let with_third = |below: f32| {
        let mut entropy = Entropy::for_simulation(9);
        let (sent, mut signal) = round(&mut entropy, |_, key| (key.low, key.high) = (-10.0, -10.0));
        let mut third = Sine::new(Hz(2100.0), Dbm0(-10.0 - below));
        signal.iter_mut().for_each(|s| *s += third.value());
        (sent, heard(&to_samples(&signal)))
    };
    let (sent, got) = with_third(16.0);
    assert_eq!(got, sent);
    assert_eq!(with_third(0.0).1, "");
}

#[test]
fn a_break_of_10_ms_does_not_split_a_digit_and_a_pause_of_40_does() {
    for seed in 0..40 {
        let mut entropy = Entropy::for_simulation(500 + seed);
        for (gap, want) in [(80, "5"), (320, "55")] {
            let mut signal = vec![0.0; entropy.below(80) as usize];
            let (mut first, mut second) = (Keypress::new(b'5'), Keypress::new(b'5'));
            (first.on, first.off) = (320 + entropy.below(300) as usize, gap);
            (second.on, second.off) = (320 + entropy.below(300) as usize, 800);
            first.render(&mut signal);
            second.render(&mut signal);
            assert_eq!(heard(&to_samples(&signal)), want, "seed {seed}, gap {gap}");
        }
    }
}

#[test]
fn a_gap_of_2_ms_costs_hardly_a_digit_of_40_and_never_makes_two_of_it() {
    let mut lost = 0;
    for seed in 0..20 {
        let mut entropy = Entropy::for_simulation(900 + seed);
        for character in *b"0123456789*#ABCD" {
            let mut signal = vec![0.0; 80 + entropy.below(80) as usize];
            let start = signal.len() + 16 + entropy.below(272) as usize;
            Keypress { on: 320, off: 800, ..Keypress::new(character) }.render(&mut signal);
            signal[start..start + 16].fill(0.0);
            let got = heard(&to_samples(&signal));
            lost += usize::from(got.is_empty());
            assert!(got.is_empty() || got == char::from(character).to_string(), "{got} for {character}");
        }
    }
    assert!(lost <= 6, "{lost} of 320");
}

#[test]
fn events_tell_when_a_digit_began_and_how_long_it_was() {
    for (start, length) in [(800, 400), (833, 321), (1111, 1600), (850, 803)] {
        let mut key = Keypress::new(b'8');
        (key.on, key.off) = (length, 800);
        let mut signal = vec![0.0; start];
        key.render(&mut signal);
        let mut detector = DtmfDetector::default();
        let (mut began, mut suspected, mut duration) = (None, None, None);
        for (n, frame) in frames(&to_samples(&signal)).enumerate() {
            let now = (n as i64 + 1) * 80;
            for event in detector.process(&frame) {
                match event {
                    DtmfEvent::Begin { since: Samples(since), .. } => began = Some((now, now - since as i64)),
                    DtmfEvent::End { duration: Samples(length), .. } => duration = Some(length as i64),
                }
            }
            if detector.suspects() && suspected.is_none() {
                suspected = Some(now);
            }
        }
        let ((told, began), suspected) = (began.unwrap(), suspected.unwrap());
        assert!((began - start as i64).abs() <= 24, "began {began}, really {start}");
        assert!(told - start as i64 <= 48 * 8, "told after {} samples", told - start as i64);
        assert!(suspected - start as i64 <= 25 * 8, "suspected after {}", suspected - start as i64);
        assert!((duration.unwrap() - length as i64).abs() <= 24, "lasted {duration:?}, really {length}");
        assert!(!detector.suspects() && !detector.is_digit());
    }
}

#[test]
fn our_own_generator_is_heard_by_our_own_detector() {
    let mut generator = DtmfGenerator::default();
    for character in *b"0123456789*#ABCD" {
        assert!(generator.push(Digit::from_ascii(character).unwrap()));
    }
    let mut out = Vec::new();
    while generator.is_sending() {
        let mut frame = [0; 80];
        generator.process(&mut frame);
        out.extend(frame);
    }
    assert_eq!(heard(&out), "0123456789*#ABCD");
}

#[test]
fn noise_and_steady_tones_are_not_digits() {
    let mut entropy = Entropy::for_simulation(77);
    for level in [-50.0, -20.0, -5.0] {
        let hiss: Vec<i16> = (0..160_000).map(|_| sample(noise(&mut entropy, Dbm0(level)))).collect();
        assert_eq!(heard(&hiss), "");
    }
    for hz in (300..3400).step_by(7) {
        let mut sine = Sine::new(Hz(hz as f32), Dbm0(-6.0));
        let tone: Vec<i16> = (0..1600).map(|_| sine.step()).chain([0; 800]).collect();
        assert_eq!(heard(&tone), "", "{hz} Hz");
    }
}
