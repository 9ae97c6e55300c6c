//! Tests of what is a voice, what is silence, and of a howler that clips.

use super::*;

const NOBODY: [u32; 0] = [];

/// Voices that are told in a sound, with their times.
fn voices(sound: &[f64]) -> Vec<u32> {
    let mut supervisor = Supervisor::new(&america(), None);
    let news = told(&mut supervisor, sound);
    news.into_iter().filter(|(_, news)| *news == SupervisorNews::Voice).map(|(at, _)| at).collect()
}

/// Sines of these frequencies and levels for so many samples.
fn sines(tones: &[(f32, f32)], count: usize) -> Vec<f64> {
    let mut sines: Vec<_> = tones.iter().map(|&(hz, level)| Sine::new(Hz(hz), Dbm0(level))).collect();
    (0..count).map(|_| sines.iter_mut().map(Sine::value).sum()).collect()
}

#[test]
fn what_is_no_voice_does_not_answer_a_call() {
    let mut entropy = Entropy::for_simulation(9);
    for plan in [america(), europe(), britain()] {
        let tones = [Tone::Ringback, Tone::Busy, Tone::Congestion, Tone::Howler, Tone::Dial];
        for tone in tones.into_iter().filter(|&tone| !plan.get(tone).steps().is_empty()) {
            for line in
                [GOOD, Line { level: -12.0, noise: 20.0, ..GOOD }, Line { level: -32.0, noise: 15.0, ..GOOD }]
            {
                assert_eq!(
                    voices(&sound(plan.get(tone), &line, 20.0, &mut entropy)),
                    NOBODY,
                    "{tone:?} {line:?}"
                );
            }
        }
    }
    for level in [-60.0, -40.0, -20.0] {
        let hiss: Vec<f64> =
            (0..160_000).map(|n| if n < 8000 { 0.0 } else { noise(&mut entropy, Dbm0(level)) }).collect();
        assert_eq!(voices(&hiss), NOBODY, "noise of {level} dBm0");
    }
    for base in [50.0, 60.0] {
        let hum: Vec<_> = (1..20).map(|k| (base * k as f32, -26.0 - k as f32)).collect();
        let mut buzz = vec![0.0; 8000];
        buzz.extend(sines(&hum, 80_000));
        assert_eq!(voices(&buzz), NOBODY, "hum of {base} Hz");
    }
    let mut keys = Vec::new();
    for (low, high) in
        [(697.0, 1209.0), (770.0, 1336.0), (852.0, 1477.0), (941.0, 1336.0), (697.0, 1477.0)].repeat(4)
    {
        keys.extend(sines(&[(low, -10.0), (high, -8.0)], 560));
        keys.extend(vec![0.0; 560]);
    }
    assert_eq!(voices(&keys), NOBODY, "digits");
    let mut clicks = vec![0.0; 160_000];
    for at in (0..clicks.len()).step_by(800) {
        for (n, value) in clicks[at + entropy.below(400) as usize..].iter_mut().take(24).enumerate() {
            *value += 12_000.0 * (1.0 - n as f64 / 24.0) * f64::from(entropy.unit() * 2.0 - 1.0);
        }
    }
    assert_eq!(voices(&clicks), NOBODY, "clicks");
}

#[test]
fn a_voice_is_told_after_ringback_and_again_after_a_pause() {
    let Some(dir) = vectors() else { return };
    let speech: Vec<f64> = wav(&dir.join("codec/s0.8k.wav")).iter().map(|&s| f64::from(s) * 0.5).collect();
    let mut entropy = Entropy::for_simulation(10);
    let mut all = sound(america().get(Tone::Ringback), &GOOD, 7.0, &mut entropy);
    all.extend(&speech[..24_000]);
    all.extend(vec![0.0; 32_000]);
    all.extend(&speech[24_000..48_000]);
    let heard = voices(&all);
    assert!(matches!(heard[..], [7000..8200, 14_000..15_500]), "{heard:?}");
}

#[test]
fn silence_is_counted_through_line_noise_and_clicks_but_not_through_soft_speech() {
    let mut entropy = Entropy::for_simulation(11);
    for level in [-90.0, -60.0, -46.0] {
        let mut quiet: Vec<f64> = (0..8000 * 30).map(|_| noise(&mut entropy, Dbm0(level))).collect();
        for at in (0..quiet.len()).step_by(8000 * 3) {
            quiet[at..at + 40].iter_mut().for_each(|value| *value += 8000.0);
        }
        let mut supervisor = Supervisor::new(&america(), None);
        let news = told(&mut supervisor, &quiet);
        let longest = news
            .iter()
            .filter_map(|(_, n)| if let SupervisorNews::Silence(l) = n { Some(l.0) } else { None })
            .max();
        assert!(longest >= Some(28_000), "{level}: {longest:?}");
    }
    let Some(dir) = vectors() else { return };
    let soft: Vec<f64> = wav(&dir.join("codec/s0.8k.wav")).iter().map(|&s| f64::from(s) * 0.07).collect();
    let mut supervisor = Supervisor::new(&america(), None);
    let news = told(&mut supervisor, &soft);
    assert!(news.iter().all(|(_, n)| !matches!(n, SupervisorNews::Silence(Millis(2000..)))), "{news:?}");
}

#[test]
fn what_the_network_says_ends_a_silence() {
    let mut clock = SilenceClock::new();
    let count = |clock: &mut SilenceClock, level: f32, ticks: usize| {
        (0..ticks).filter_map(|_| clock.process(Dbm0(-70.0), Some(Dbm0(level)))).last()
    };
    assert_eq!(count(&mut clock, -60.0, 510), Some(Millis(5000)));
    assert_eq!(count(&mut clock, -25.0, 300), None);
    assert_eq!(count(&mut clock, -60.0, 310), Some(Millis(2000)));
    assert!((0..1000).all(|_| clock.process(Dbm0(-70.0), None).is_none()), "nobody listens");
    assert_eq!(count(&mut clock, -60.0, 210), Some(Millis(2000)), "it begins anew");
}

#[test]
fn a_howler_that_clips_is_told() {
    let mut entropy = Entropy::for_simulation(12);
    let line = Line { level: 2.0, ..GOOD };
    let clipped: Vec<f64> = sound(america().get(Tone::Howler), &line, 5.0, &mut entropy)
        .into_iter()
        .map(|value| value.clamp(-32_768.0, 32_767.0))
        .collect();
    let mut supervisor = Supervisor::new(&america(), None);
    let news = told(&mut supervisor, &clipped);
    assert!(
        news.iter().any(|(at, news)| *news == SupervisorNews::Tone(Tone::Howler) && *at < 2500),
        "{news:?}"
    );
}
