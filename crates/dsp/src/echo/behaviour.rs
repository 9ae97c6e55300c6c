//! Tests of the canceller on the echo paths of ITU-T G.168 and on a loop that would howl.

use super::*;
use crate::echo_trial::signal::{EchoPath, composite, noise, sample, voice};
use crate::level::level_of;
use crate::testing::Sine;
use crate::{Digit, DtmfDetector, DtmfEvent, DtmfGenerator, DtmfSending};
use tipring_units::{Entropy, Hz};

fn model(name: &str, loss: f64) -> EchoPath {
    EchoPath::models(0, loss).into_iter().find(|path| path.name == name).expect("a model of Annex D")
}

fn run(canceller: &mut EchoCanceller, far: &[i16], near: &[i16]) -> Vec<i16> {
    let mut out = Vec::with_capacity(near.len());
    for (f, n) in far.chunks_exact(80).zip(near.chunks_exact(80)) {
        let mut frame: Frame = n.try_into().unwrap();
        canceller.process(&mut frame, f.try_into().unwrap());
        out.extend(frame);
    }
    out
}

fn linear() -> EchoCanceller {
    EchoCanceller::new(EchoConfig { suppress: false, ..EchoConfig::default() })
}

/// By how much `after` is below `before` in a span of milliseconds.
fn enhancement(before: &[i16], after: &[i16], from: usize, to: usize) -> f32 {
    level_of(&before[from * 8..to * 8]).0 - level_of(&after[from * 8..to * 8]).0
}

#[test]
fn composite_signal_is_down_20_db_within_a_second_on_all_paths() {
    for path in EchoPath::models(0, 6.0) {
        let name = &path.name;
        let mut entropy = Entropy::for_simulation(1);
        let far = composite(&mut entropy, 4.0, Dbm0(-16.0));
        let near: Vec<i16> = path.echo(&far).into_iter().map(sample).collect();
        let out = run(&mut linear(), &far, &near);
        let (first, last) = (enhancement(&near, &out, 1000, 1700), enhancement(&near, &out, 3000, 4000));
        eprintln!("{name}: {first:.1} dB after 1 s, {last:.1} dB after 3 s");
        assert!(first > 20.0 && last > 30.0, "{name}: {first} {last}");
    }
}

#[test]
fn a_voice_is_down_20_db_within_a_second() {
    for (seed, path) in EchoPath::models(0, 6.0).into_iter().enumerate() {
        let mut entropy = Entropy::for_simulation(10 + seed as u64);
        let far = voice(&mut entropy, 4.0, Dbm0(-16.0));
        let near: Vec<i16> =
            path.echo(&far).into_iter().map(|v| sample(v + noise(&mut entropy, Dbm0(-65.0)))).collect();
        let out = run(&mut linear(), &far, &near);
        let (first, last) = (enhancement(&near, &out, 1000, 2000), enhancement(&near, &out, 3000, 4000));
        eprintln!("path {seed}: {first:.1} dB after 1 s, {last:.1} dB after 3 s");
        assert!(first > 20.0 && last > 25.0, "path {seed}: {first} {last}");
    }
}

#[test]
fn with_the_suppressor_the_residual_is_below_minus_65_dbm0_after_a_second() {
    // G.168 test 2A, level -10 dBm0.
    let mut entropy = Entropy::for_simulation(3);
    let far = composite(&mut entropy, 3.0, Dbm0(-10.0));
    let near: Vec<i16> = model("D.2", 6.0).echo(&far).into_iter().map(sample).collect();
    let out = run(&mut EchoCanceller::new(EchoConfig::default()), &far, &near);
    let rest = level_of(&out[8000..]);
    assert!(rest.0 <= -65.0, "{rest:?}");
}

#[test]
fn after_a_long_silence_the_echo_is_down_at_once_and_a_changed_line_is_found() {
    let (path, changed) = (model("D.2", 6.0), model("D.5", 8.0));
    let mut entropy = Entropy::for_simulation(12);
    let mut canceller = linear();
    let learnt = composite(&mut entropy, 4.0, Dbm0(-16.0));
    let echo: Vec<i16> = path.echo(&learnt).into_iter().map(sample).collect();
    run(&mut canceller, &learnt, &echo);
    // Softer than what is taken as silence, and then the same voice again.
    let hiss: Vec<i16> = (0..40_000).map(|_| sample(noise(&mut entropy, Dbm0(-70.0)))).collect();
    let own: Vec<i16> = (0..40_000).map(|_| sample(noise(&mut entropy, Dbm0(-50.0)))).collect();
    let passed = run(&mut canceller, &hiss, &own);
    assert!(passed[800..] == own[800..], "the near end passes untouched once the tail is silent");
    let far = composite(&mut entropy, 2.0, Dbm0(-16.0));
    let near: Vec<i16> = path.echo(&far).into_iter().map(sample).collect();
    let out = run(&mut canceller, &far, &near);
    let at_once = enhancement(&near, &out, 0, 200);
    assert!(at_once > 30.0, "{at_once} dB");
    // The background filter rests three ticks of four by now: that must not cost time on another line.
    let far = composite(&mut entropy, 2.0, Dbm0(-16.0));
    let near: Vec<i16> = changed.echo(&far).into_iter().map(sample).collect();
    let out = run(&mut canceller, &far, &near);
    let again = enhancement(&near, &out, 600, 1400);
    assert!(again > 20.0, "{again} dB");
}

#[test]
fn a_line_that_changes_slowly_is_followed_while_little_is_to_be_learnt() {
    let (from, to) = (model("D.2", 8.0), model("D.5", 8.0));
    let mut entropy = Entropy::for_simulation(13);
    let far = composite(&mut entropy, 44.0, Dbm0(-16.0));
    let echoes = [from.echo(&far), to.echo(&far)];
    // Four seconds of the one line, then a tenth of the other comes in within 36 seconds: no tick has anything surprising.
    let near: Vec<i16> = (0..far.len())
        .map(|n| {
            let share = ((n as f64 - 32_000.0) / 2_880_000.0).clamp(0.0, 0.1);
            sample(echoes[0][n] * (1.0 - share) + echoes[1][n] * share + noise(&mut entropy, Dbm0(-70.0)))
        })
        .collect();
    let mut canceller = linear();
    let out = run(&mut canceller, &far, &near);
    let worst = (4..43).map(|second| enhancement(&near, &out, second * 1000, (second + 1) * 1000));
    let worst = worst.fold(f32::MAX, f32::min);
    eprintln!("worst second {worst:.1} dB, {} changes", canceller.state().path_changes);
    assert!(worst > 30.0, "{worst} dB");
    assert_eq!(canceller.state().path_changes, 0);
}

#[test]
fn double_talk_neither_diverges_nor_cuts_the_near_end() {
    let mut entropy = Entropy::for_simulation(4);
    let far = composite(&mut entropy, 8.0, Dbm0(-16.0));
    let echo = model("D.4", 6.0).echo(&far);
    let talk = voice(&mut entropy, 8.0, Dbm0(-16.0));
    // 3 s far end alone, 3 s both, 2 s far end alone.
    let near: Vec<i16> = (0..far.len())
        .map(|n| sample(echo[n] + if (24_000..48_000).contains(&n) { f64::from(talk[n]) } else { 0.0 }))
        .collect();
    let out = run(&mut linear(), &far, &near);
    let error: Vec<i16> = (24_000..48_000).map(|n| out[n].saturating_sub(talk[n])).collect();
    let ratio = level_of(&talk[24_000..48_000]).0 - level_of(&error).0;
    let after = enhancement(&near, &out, 6050, 6350);
    eprintln!("near end to error {ratio:.1} dB, {after:.1} dB just after");
    assert!(ratio > 15.0, "{ratio}");
    assert!(after > 20.0, "{after}");

    let heard = run(&mut EchoCanceller::new(EchoConfig::default()), &far, &near);
    let loss = enhancement(&talk, &heard, 3100, 6000);
    assert!(loss.abs() < 1.5, "near end changed by {loss} dB");
}

#[test]
fn the_near_end_alone_passes_untouched() {
    let mut entropy = Entropy::for_simulation(5);
    let talk = voice(&mut entropy, 2.0, Dbm0(-20.0));
    let out = run(&mut EchoCanceller::new(EchoConfig::default()), &vec![0; talk.len()], &talk);
    assert_eq!(out, talk);
}

#[test]
fn a_changed_line_is_learnt_again() {
    let mut entropy = Entropy::for_simulation(6);
    let far = composite(&mut entropy, 6.0, Dbm0(-16.0));
    let first = model("D.2", 6.0).echo(&far);
    let second = model("D.5", 6.0).echo(&far);
    let near: Vec<i16> =
        (0..far.len()).map(|n| sample(if n < 24_000 { first[n] } else { second[n] })).collect();
    let out = run(&mut linear(), &far, &near);
    let after = enhancement(&near, &out, 4500, 6000);
    assert!(after > 20.0, "{after}");
}

#[test]
fn bulk_delay_is_skipped() {
    let mut entropy = Entropy::for_simulation(7);
    let far = composite(&mut entropy, 3.0, Dbm0(-16.0));
    let echo = model("D.4", 6.0).echo(&far);
    for delay in [80, 163, 1600] {
        let near: Vec<i16> =
            (0..far.len()).map(|n| if n < delay { 0 } else { sample(echo[n - delay]) }).collect();
        let mut canceller = EchoCanceller::new(EchoConfig {
            tail: Millis(16),
            delay: Samples(delay as u64),
            suppress: false,
            ..EchoConfig::default()
        });
        let out = run(&mut canceller, &far, &near);
        let got = enhancement(&near, &out, 1500, 3000);
        assert!(got > 25.0, "{delay}: {got}");
        assert!(canceller.state().enhancement.0 > 20.0);
    }
}

#[test]
fn tones_are_cancelled_and_leave_the_canceller_stable() {
    // G.168 test 6 in spirit: converge, then long tones, then speech again.
    let mut entropy = Entropy::for_simulation(8);
    let mut far = composite(&mut entropy, 2.0, Dbm0(-16.0));
    for tones in [[350.0, 440.0], [697.0, 1209.0], [941.0, 1633.0], [2100.0, 2100.0], [1004.0, 3000.0]] {
        let mut sines = tones.map(|hz| Sine::new(Hz(hz), Dbm0(-13.0)));
        far.extend((0..8000).map(|_| sines[0].step() + sines[1].step()));
    }
    far.extend(composite(&mut entropy, 1.0, Dbm0(-16.0)));
    let near: Vec<i16> = model("D.5", 6.0).echo(&far).into_iter().map(sample).collect();
    let out = run(&mut linear(), &far, &near);
    for second in 2..7 {
        let got = enhancement(&near, &out, second * 1000 + 200, second * 1000 + 1000);
        assert!(got > 20.0, "second {second}: {got}");
    }
    let got = enhancement(&near, &out, 7000, 7240);
    assert!(got > 10.0, "right after the tones: {got}");
}

#[test]
fn a_four_wire_loop_with_two_hybrids_does_not_howl() {
    // Two lines joined: each hybrid returns 3 dB below what it gets, and each way amplifies by 3 dB, so that
    // the loop gain without cancellers is 1 and grows where a resonance of the paths adds to it.
    let amplify = libm::pow(10.0, 3.0 / 20.0);
    let mut levels = Vec::new();
    for cancel in [false, true] {
        let mut entropy = Entropy::for_simulation(9);
        let talk = voice(&mut entropy, 3.0, Dbm0(-20.0));
        let hybrids = [model("D.2", 3.0), model("D.4", 3.0)];
        let mut memories = [Vec::new(), Vec::new()];
        let mut cancellers = [(); 2].map(|()| EchoCanceller::new(EchoConfig::default()));
        let mut towards: [Frame; 2] = [[0; 80]; 2];
        let mut out = Vec::new();
        for n in 0..800 {
            let mut from: [Frame; 2] = [[0; 80]; 2];
            for side in 0..2 {
                for k in 0..80 {
                    let spoken = if side == 0 { talk.get(n * 80 + k).copied().unwrap_or(0) } else { 0 };
                    from[side][k] = sample(
                        hybrids[side].step(&mut memories[side], f64::from(towards[side][k]))
                            + f64::from(spoken),
                    );
                }
                if cancel {
                    cancellers[side].process(&mut from[side], &towards[side]);
                }
            }
            out.extend(from[0]);
            for side in 0..2 {
                towards[side] = from[1 - side].map(|s| sample(f64::from(s) * amplify));
            }
        }
        // The voice ends after 3 s; the loop has 5 s to die.
        levels.push((level_of(&out[16_000..24_000]).0, level_of(&out[56_000..]).0));
    }
    eprintln!("talking and 5 s later: {levels:?}");
    assert!(levels[0].1 > -10.0, "this loop should howl without cancellers: {levels:?}");
    assert!(levels[1].0 < -12.0 && levels[1].1 < -50.0, "{levels:?}");
}

#[test]
fn digits_dialled_over_dial_tone_reach_the_detector() {
    // The dial tone that we play comes back 6 dB lower; the telephone's digits are much weaker than it.
    for (level, suppressed) in [(-9.0, false), (-9.0, true), (-30.0, false)] {
        let mut dial = [Sine::new(Hz(350.0), Dbm0(-13.0)), Sine::new(Hz(440.0), Dbm0(-13.0))];
        let far: Vec<i16> = (0..8000 * 5).map(|_| dial.iter_mut().map(Sine::step).sum()).collect();
        let mut phone = DtmfGenerator::new(DtmfSending {
            low: Dbm0(level - 2.0),
            high: Dbm0(level),
            on: Millis(50),
            off: Millis(50),
        });
        let (hybrid, mut memory) = (model("D.5", 6.0), Vec::new());
        let mut canceller = EchoCanceller::new(EchoConfig { suppress: suppressed, ..EchoConfig::default() });
        let mut detector = DtmfDetector::default();
        let mut heard = String::new();
        for (n, reference) in far.chunks_exact(80).enumerate() {
            if n == 50 {
                b"0123456789*#ABCD".iter().for_each(|&c| assert!(phone.push(Digit::from_ascii(c).unwrap())));
            }
            let mut line = [0; 80];
            phone.process(&mut line);
            for (sample, &r) in line.iter_mut().zip(reference) {
                *sample = self::sample(f64::from(*sample) + hybrid.step(&mut memory, f64::from(r)));
            }
            canceller.process(&mut line, reference.try_into().unwrap());
            for event in detector.process(&line) {
                if let DtmfEvent::End { digit, .. } = event {
                    heard.push(char::from(digit.ascii()));
                }
            }
        }
        assert_eq!(heard, "0123456789*#ABCD", "{level} dBm0, suppressor {suppressed}");
    }
}

#[test]
fn a_tail_that_is_changed_in_place_does_as_one_of_that_length_from_the_start() {
    let path = model("D.7", 6.0);
    let far = composite(&mut Entropy::for_simulation(12), 1.0, Dbm0(-16.0));
    let near: Vec<i16> = path.echo(&far).into_iter().map(sample).collect();
    let mut changed = linear();
    for tail in [8, 128, 64, 16].map(Millis) {
        changed.set_tail(tail);
        changed.reset();
        let mut fresh = EchoCanceller::new(EchoConfig { tail, suppress: false, ..EchoConfig::default() });
        assert_eq!(run(&mut changed, &far, &near), run(&mut fresh, &far, &near), "{tail:?}");
        assert_eq!(changed.tail(), fresh.tail());
    }
    assert_eq!(changed.tail(), Millis(20), "in steps of 10 ms");
}
