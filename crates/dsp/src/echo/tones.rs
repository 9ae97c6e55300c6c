//! Tests of the canceller with tones at both ends: what is dialled over a dial tone must survive.

use super::*;
use crate::echo_trial::signal::{EchoPath, composite, sample, tones};
use crate::level::level_of;
use tipring_units::{Entropy, Hz};

const LOW: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
/// Samples of a digit, and from one to the next.
const ON: usize = 400;
const NEXT: usize = 800;

fn path(name: &str, loss: f64) -> EchoPath {
    EchoPath::models(0, loss).into_iter().find(|path| path.name == name).expect("a model of Annex D")
}

fn line(far: &[i16], near: &[i16], path: &EchoPath) -> Vec<i16> {
    path.echo(far).iter().zip(near).map(|(echo, near)| sample(echo + f64::from(*near))).collect()
}

fn cancelled(tail: u32, far: &[i16], line: &[i16]) -> Vec<i16> {
    let config = EchoConfig { tail: Millis(tail), suppress: false, ..EchoConfig::default() };
    let mut canceller = EchoCanceller::new(config);
    let mut out = Vec::with_capacity(line.len());
    for (far, line) in far.as_chunks::<80>().0.iter().zip(line.as_chunks::<80>().0) {
        let mut frame = *line;
        canceller.process(&mut frame, far);
        out.extend(frame);
    }
    out
}

/// Level of one frequency in a span, under a raised cosine, dB to no matter what.
fn level_at(hz: f32, samples: &[i16]) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &x) in samples.iter().enumerate() {
        let window = 1.0 - libm::cos(core::f64::consts::TAU * (n as f64 + 0.5) / samples.len() as f64);
        let turn = core::f64::consts::TAU * f64::from(hz) * n as f64 / 8000.0;
        re += window * f64::from(x) * libm::cos(turn);
        im += window * f64::from(x) * libm::sin(turn);
    }
    10.0 * libm::log10(re * re + im * im + 1e-9)
}

/// Every digit in turn after so many samples of silence, each of its tones at `level`; and the tones' starts.
fn dialled(before: usize, level: f32) -> (Vec<i16>, Vec<(usize, f32)>) {
    let mut near = vec![0; before];
    let mut starts = Vec::new();
    for low in LOW {
        for high in HIGH {
            starts.extend([(near.len(), low), (near.len(), high)]);
            near.extend(tones(&[Hz(low), Hz(high)], ON as f64 / 8000.0, Dbm0(level)));
            near.extend(core::iter::repeat_n(0, NEXT - ON));
        }
    }
    (near, starts)
}

/// The largest change of a digit's tone, and the least enhancement in a pause later than a second.
fn dial(tail: u32, loss: f64, level: f32, before: usize) -> (f64, f32) {
    let (near, starts) = dialled(before, level);
    let far = tones(&[Hz(350.0), Hz(440.0)], near.len() as f64 / 8000.0, Dbm0(-13.0));
    let line = line(&far, &near, &path("D.5", loss));
    let out = cancelled(tail, &far, &line);
    let (mut worst, mut least) = (0.0_f64, f32::MAX);
    for (start, hz) in starts {
        let span = start + 40..start + ON - 40;
        let change = level_at(hz, &out[span.clone()]) - level_at(hz, &line[span]);
        if libm::fabs(change) > libm::fabs(worst) {
            worst = change;
        }
        let pause = start + ON + 40..start + NEXT - 40;
        if pause.start > 8000 {
            least = least.min(level_of(&line[pause.clone()]).0 - level_of(&out[pause]).0);
        }
    }
    (worst, least)
}

#[test]
fn digits_over_dial_tone_keep_their_level_and_the_dial_tone_is_cancelled() {
    let mut bad = Vec::new();
    for before in [0, 8000, 80_000] {
        for loss in [6.0, 12.0] {
            for level in [-10.0, -20.0, -30.0] {
                for tail in if before == 8000 { &[16, 32, 128][..] } else { &[32][..] } {
                    let (change, enhancement) = dial(*tail, loss, level, before);
                    let what = format!(
                        "{tail} ms, loss {loss} dB, digits at {level} dBm0 after {before} samples: \
                         tones changed by {change:.2} dB, dial tone down {enhancement:.1} dB"
                    );
                    eprintln!("{what}");
                    if libm::fabs(change) > 1.0 || enhancement < 20.0 {
                        bad.push(what);
                    }
                }
            }
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn steady_tones_of_the_near_end_survive_steady_tones_of_the_far_end() {
    let mut bad = Vec::new();
    for (far_hz, near_hz) in [(1004.0, [700.0, 1300.0]), (1000.0, [700.0, 1300.0]), (425.0, [1100.0, 2100.0])]
    {
        let far = tones(&[Hz(far_hz)], 10.0, Dbm0(-13.0));
        let near = tones(&near_hz.map(Hz), 10.0, Dbm0(-19.0));
        let line = line(&far, &near, &path("D.4", 6.0));
        let out = cancelled(32, &far, &line);
        for start in (400..79_000).step_by(800) {
            let span = start..start + 800;
            for hz in near_hz {
                let change = level_at(hz, &out[span.clone()]) - level_at(hz, &line[span.clone()]);
                if libm::fabs(change) > 1.0 {
                    bad.push(format!(
                        "{hz} Hz beside {far_hz} Hz changed by {change:.1} dB at sample {start}"
                    ));
                }
            }
            let down = level_at(far_hz, &line[span.clone()]) - level_at(far_hz, &out[span]);
            if start > 8000 && down < 20.0 {
                bad.push(format!("{far_hz} Hz is down only {down:.1} dB at sample {start}"));
            }
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn speech_after_tones_at_both_ends_converges() {
    for tail in [16, 32, 64] {
        let (mut near, _) = dialled(8000, -15.0);
        let mut far = tones(&[Hz(350.0), Hz(440.0)], near.len() as f64 / 8000.0, Dbm0(-13.0));
        let start = far.len();
        far.extend(composite(&mut Entropy::for_simulation(21), 3.0, Dbm0(-10.0)));
        near.resize(far.len(), 0);
        let line = line(&far, &near, &path("D.5", 6.0));
        let out = cancelled(tail, &far, &line);
        let down = |from: usize, to: usize| {
            let span = start + from * 8..start + to * 8;
            level_of(&line[span.clone()]).0 - level_of(&out[span]).0
        };
        let (first, last) = (down(1000, 1350), down(2000, 3000));
        eprintln!("{tail} ms: {first:.1} dB after 1 s, {last:.1} dB after 2 s");
        assert!(first > 30.0 && last > 40.0, "{tail} ms: {first} {last}");
    }
}

#[test]
fn tones_in_step_with_the_ticks_survive_on_a_line_without_echo() {
    // Both repeat every tick, so that all that is wrong with one tick's estimate is wrong with the next one's.
    let mut bad = Vec::new();
    for tail in [16, 32, 64, 128] {
        for (far_hz, near_hz) in [(900.0, 500.0), (500.0, 900.0), (1800.0, 900.0), (400.0, 700.0)] {
            for level in [-19.0, -13.0, -7.0] {
                let far = tones(&[Hz(far_hz)], 3.0, Dbm0(-13.0));
                let near = tones(&[Hz(near_hz)], 3.0, Dbm0(level));
                let out = cancelled(tail, &far, &near);
                let ticks = near.as_chunks::<80>().0.iter().zip(out.as_chunks::<80>().0).enumerate();
                for (tick, (line, out)) in ticks.skip(5) {
                    let change = level_at(near_hz, out) - level_at(near_hz, line);
                    if libm::fabs(change) > 1.0 {
                        bad.push(format!(
                            "{tail} ms, {near_hz} Hz beside {far_hz}: {change:.1} dB, tick {tick}"
                        ));
                    }
                }
            }
        }
    }
    assert!(bad.is_empty(), "{} {:#?}", bad.len(), &bad[..bad.len().min(30)]);
}

/// Three tones under syllables of 230 ms.
fn voice(marks: [f32; 3], seconds: f64, start: usize) -> Vec<i16> {
    let mut voice = tones(&marks.map(Hz), seconds, Dbm0(-12.0));
    for (n, sample) in voice.iter_mut().enumerate() {
        let turn = core::f64::consts::TAU * (n + start) as f64 / 1840.0;
        *sample = (f64::from(*sample) * (0.6 - 0.4 * libm::cos(turn))) as i16;
    }
    voice
}

#[test]
fn what_was_learnt_while_both_ends_spoke_with_a_tone_in_common_is_corrected_in_300_ms() {
    let mut bad = Vec::new();
    for seconds in [4.0, 7.13, 11.07] {
        for offset in [0, 700, 1200] {
            let far = voice([300.0, 1035.0, 2205.0], seconds + 1.0, 0);
            let mut near = voice([300.0, 1080.0, 2250.0], seconds, offset);
            let stop = near.len();
            near.resize(far.len(), 0);
            let line = line(&far, &near, &path("D.5", 12.0));
            let mut canceller = EchoCanceller::new(EchoConfig::default());
            let mut out = Vec::new();
            for (far, line) in far.as_chunks::<80>().0.iter().zip(line.as_chunks::<80>().0) {
                let mut frame = *line;
                canceller.process(&mut frame, far);
                out.extend(frame);
            }
            let level = level_of(&out[stop + 2400..stop + 7200]).0;
            eprintln!("after {seconds} s, offset {offset}: {level:.1} dBm0");
            // The echo is at -22 dBm0 and was louder than that before.
            if level > -30.0 {
                bad.push(format!("after {seconds} s, offset {offset}: {level:.1} dBm0"));
            }
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn two_tones_that_are_each_others_reference_survive() {
    // Two lines without echo are joined; each canceller's output is the other's reference.
    let says = [500.0, 900.0].map(|hz| tones(&[Hz(hz)], 3.0, Dbm0(-17.6)));
    let mut cancellers = [(); 2].map(|()| EchoCanceller::new(EchoConfig::default()));
    let mut towards: [Frame; 2] = [[0; 80]; 2];
    let mut bad = Vec::new();
    for tick in 0..300 {
        let mut heard = towards;
        for side in 0..2 {
            let line: Frame = says[side].as_chunks::<80>().0[tick];
            let mut frame = line;
            cancellers[side].process(&mut frame, &towards[side]);
            let change = level_of(&frame).0 - level_of(&line).0;
            if change.abs() > 1.0 {
                bad.push(format!("side {side}, tick {tick}: {change:.1} dB"));
            }
            heard[1 - side] = frame;
        }
        towards = heard;
    }
    assert!(bad.is_empty(), "{} {:#?}", bad.len(), &bad[..bad.len().min(30)]);
}
