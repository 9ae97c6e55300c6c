//! The rows of the table.

use std::time::Instant;

use tipring_units::Entropy;

use super::Row;
use super::ear::Maker;
use super::signals::{Press, add_clicks, add_noise, add_sine, add_voice, all_digits, keyed, samples};

pub const ROWS: &[Row] = &[
    row(
        "frequency accepted by all digits, +/-",
        ">= 1.5 %",
        |v| v >= 1.5,
        "%",
        None,
        |e, s| frequency(e, s, true),
    ),
    row(
        "frequency refused by all digits from, +/-",
        "<= 3.5 %",
        |v| v <= 3.5,
        "%",
        None,
        |e, s| frequency(e, s, false),
    ),
    row(
        "twist accepted, high group louder",
        ">= 4 dB",
        |v| v >= 4.0,
        "dB",
        Some(true),
        |e, s| twist(e, s, 1.0),
    ),
    row(
        "twist accepted, low group louder",
        ">= 8 dB",
        |v| v >= 8.0,
        "dB",
        Some(true),
        |e, s| twist(e, s, -1.0),
    ),
    row("softest digit heard, of 16", "<= -25 dBm0", |v| v <= -25.0, "dBm0", Some(false), softest),
    row("dynamic range", ">= 25 dB", |v| v >= 25.0, "dB", Some(true), range),
    row("digit always heard from", "<= 40 ms", |v| v <= 40.0, "ms", None, |e, s| duration(e, s, true)),
    row("digit never heard up to", ">= 23 ms", |v| v >= 23.0, "ms", None, |e, s| duration(e, s, false)),
    row(
        "pause that parts digits from",
        "<= 40 ms",
        |v| v <= 40.0,
        "ms",
        Some(false),
        |e, s| pause(e, s, true),
    ),
    row("break bridged up to", ">= 10 ms", |v| v >= 10.0, "ms", Some(true), |e, s| pause(e, s, false)),
    row("noise below each tone, 1000 digits all right", "<= 8 dB", |v| v <= 8.0, "dB", Some(false), noise),
    row("digits doubled or made up in noise of 8 dB, of 1000", "0", |v| v == 0.0, "", Some(false), doubled),
    row(
        "dial tone above each tone, 350+440 Hz",
        ">= 22 dB",
        |v| v >= 22.0,
        "dB",
        Some(true),
        |e, s| dial(e, s, &[350.0, 440.0]),
    ),
    row(
        "dial tone above each tone, 425 Hz",
        ">= 22 dB",
        |v| v >= 22.0,
        "dB",
        Some(true),
        |e, s| dial(e, s, &[425.0]),
    ),
    row("digits of 40 ms lost in noise of 8 dB, of 1000", "0", |v| v == 0.0, "", Some(false), short_in_noise),
    row("digits lost among clicks as loud, of 1000", "<= 10", |v| v <= 10.0, "", Some(false), clicks),
    row(
        "digits split or lost by a break of 10 ms, of 480",
        "0",
        |v| v == 0.0,
        "",
        Some(false),
        |e, s| broken(e, s, &BREAK),
    ),
    row(
        "digits of 40 ms lost by a gap of 2 ms, of 960",
        "<= 20",
        |v| v <= 20.0,
        "",
        Some(false),
        |e, s| broken(e, s, &GAP),
    ),
    row("length told is wrong by, at most", "<= 10 ms", |v| v <= 10.0, "ms", None, length_error),
    row("third tone below the digit's", "<= 16 dB", |v| v <= 16.0, "dB", Some(false), third),
    row("echo below the digit's, up to 20 ms late", "<= 10 dB", |v| v <= 10.0, "dB", Some(false), echo),
    row("digits heard over speech 12 dB below", ">= 98 %", |v| v >= 98.0, "%", Some(true), over_speech),
    row("certain after, mean", "-", |_| true, "ms", Some(false), latency),
    row("suspected after, mean (mutes the leak)", "-", |_| true, "ms", Some(false), suspicion),
    row("false digits in an hour of made-up speech", "0", |v| v == 0.0, "", Some(false), made_up),
    row("cost of a second of digits", "-", |_| true, "us", Some(false), |e, s| cost(e, s, true)),
    row("cost of a second of noise", "-", |_| true, "us", Some(false), |e, s| cost(e, s, false)),
];

const fn row(
    name: &'static str,
    limit: &'static str,
    within: fn(f64) -> bool,
    unit: &'static str,
    higher: Option<bool>,
    measure: fn(&Maker, u64) -> Option<f64>,
) -> Row {
    Row { name, limit, within, unit, higher, measure }
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|&d| char::from(d)).collect()
}

/// Sends all digits with a variation and gives what was sent and heard.
pub fn round(
    ear: &Maker,
    entropy: &mut Entropy,
    vary: impl Fn(&mut Press),
    add: impl Fn(&mut Vec<f64>, &mut Entropy),
) -> Option<(String, String)> {
    let digits = all_digits(entropy);
    let presses: Vec<Press> = digits
        .iter()
        .map(|&digit| {
            let mut press = Press::new(digit);
            vary(&mut press);
            press
        })
        .collect();
    let mut signal = keyed(&presses, entropy);
    add(&mut signal, entropy);
    Some((text(&digits), ear()?.hear(&samples(&signal)).digits))
}

/// The last of the steps at which `good` holds without a break from the first.
fn reach(steps: impl Iterator<Item = f64>, mut good: impl FnMut(f64) -> Option<bool>) -> Option<f64> {
    let mut last = f64::NAN;
    for step in steps {
        if !good(step)? {
            break;
        }
        last = step;
    }
    Some(last)
}

fn steps(from: f64, to: f64, by: f64) -> impl Iterator<Item = f64> {
    let count = ((to - from) / by).round() as i64;
    (0..=count).map(move |n| from + n as f64 * by)
}

fn frequency(ear: &Maker, seed: u64, accepted: bool) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed);
    // One tone off at a time, either way, as the tape does.
    let mut all = |percent: f64, want_all: bool| -> Option<bool> {
        for (low, high) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
            let vary = |press: &mut Press| {
                (press.low_error, press.high_error) = (low * percent / 100.0, high * percent / 100.0);
            };
            let (sent, heard) = round(ear, &mut entropy, vary, |_, _| {})?;
            if if want_all { sent != heard } else { !heard.is_empty() } {
                return Some(false);
            }
        }
        Some(true)
    };
    if accepted {
        reach(steps(0.5, 5.0, 0.1), |percent| all(percent, true))
    } else {
        reach(steps(5.0, 1.5, -0.1), |percent| all(percent, false))
    }
}

fn twist(ear: &Maker, seed: u64, sign: f64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 1);
    reach(steps(0.0, 20.0, 0.5), |db| {
        let vary =
            |press: &mut Press| (press.low, press.high) = (-13.0 - sign * db / 2.0, -13.0 + sign * db / 2.0);
        round(ear, &mut entropy, vary, |_, _| {}).map(|(sent, heard)| sent == heard)
    })
}

fn softest(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 2);
    reach(steps(-10.0, -60.0, -1.0), |level| {
        round(ear, &mut entropy, |p| (p.low, p.high) = (level, level), |_, _| {})
            .map(|(sent, heard)| sent == heard)
    })
}

fn range(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 3);
    // The tape's loudest level is where both tones together just fit; beyond they clip.
    let loudest = reach(steps(-10.0, 3.0, 0.5), |level| {
        round(ear, &mut entropy, |p| (p.low, p.high) = (level, level), |_, _| {})
            .map(|(sent, heard)| sent == heard)
    })?;
    Some(loudest - softest(ear, seed)?)
}

fn duration(ear: &Maker, seed: u64, always: bool) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 4);
    let mut count = |on: f64| -> Option<(usize, usize)> {
        let (mut sent_count, mut heard_count) = (0, 0);
        for _ in 0..6 {
            let (sent, heard) = round(ear, &mut entropy, |p| (p.on, p.off) = (on, 60.0), |_, _| {})?;
            sent_count += sent.len();
            heard_count += if sent == heard { sent.len() } else { heard.len().min(sent.len() - 1) };
        }
        Some((sent_count, heard_count))
    };
    if always {
        reach(steps(60.0, 15.0, -1.0), |on| count(on).map(|(sent, heard)| sent == heard))
    } else {
        reach(steps(10.0, 50.0, 1.0), |on| count(on).map(|(_, heard)| heard == 0))
    }
}

fn pause(ear: &Maker, seed: u64, parts: bool) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 5);
    // The same digit twice with a gap: two digits or one.
    let mut count = |gap: f64, want: usize| -> Option<bool> {
        for _ in 0..3 {
            for digit in all_digits(&mut entropy) {
                let mut press = Press::new(digit);
                (press.on, press.off) = (60.0, gap);
                let signal = keyed(&[press, press], &mut entropy);
                if ear()?.hear(&samples(&signal)).digits.len() != want {
                    return Some(false);
                }
            }
        }
        Some(true)
    };
    if parts {
        reach(steps(70.0, 5.0, -1.0), |gap| count(gap, 2))
    } else {
        reach(steps(1.0, 45.0, 1.0), |gap| count(gap, 1))
    }
}

fn noise(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 6);
    reach(steps(24.0, 2.0, -1.0), |db| {
        for _ in 0..63 {
            let (sent, heard) = round(ear, &mut entropy, |_| {}, |s, e| add_noise(s, -13.0 - db, e))?;
            if sent != heard {
                return Some(false);
            }
        }
        Some(true)
    })
}

/// Short digits with all that a column allows at once: off frequency either way, twisted, in noise 8 dB below the mean.
fn short_in_noise(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 15);
    let mut lost = 0;
    for n in 0..63 {
        let twist = [0.0, 3.0, -6.0][n % 3];
        let error = [0.015, -0.015, 0.0, 0.007][n % 4];
        let vary = |p: &mut Press| {
            (p.low, p.high) = (-13.0 - twist / 2.0, -13.0 + twist / 2.0);
            (p.low_error, p.high_error) = (error, -error);
            (p.on, p.off) = (40.0, 40.0);
        };
        let (sent, heard) = round(ear, &mut entropy, vary, |s, e| add_noise(s, -21.0, e))?;
        lost += missing(&sent, &heard);
    }
    Some(lost as f64)
}

/// Impulse noise as Bellcore's tapes have it: bursts of 1 to 3 ms, ten in a second, with peaks like the digit's tones.
fn clicks(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 16);
    let mut lost = 0;
    for _ in 0..63 {
        let (sent, heard) = round(ear, &mut entropy, |_| {}, |s, e| add_clicks(s, -13.0, 10.0, e))?;
        lost += missing(&sent, &heard);
    }
    Some(lost as f64)
}

/// A piece that is missing in a digit.
struct Hole {
    /// Of the digit and of the hole, in milliseconds.
    on: f64,
    length: usize,
    /// Where it may begin, in samples of the digit.
    from: usize,
    to: usize,
    rounds: usize,
}

/// Anywhere but in the first 30 ms.
const BREAK: Hole = Hole { on: 100.0, length: 10, from: 240, to: 720, rounds: 30 };
/// Anywhere but in the first and last 2 ms, where it would only make the digit shorter.
const GAP: Hole = Hole { on: 40.0, length: 2, from: 16, to: 288, rounds: 60 };

fn broken(ear: &Maker, seed: u64, hole: &Hole) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 17);
    let mut wrong = 0;
    for _ in 0..hole.rounds {
        for digit in all_digits(&mut entropy) {
            let mut signal = keyed(&[Press { on: hole.on, ..Press::new(digit) }], &mut entropy);
            let start = signal.iter().position(|s| *s != 0.0).unwrap_or(0);
            let from = start + hole.from + entropy.below((hole.to - hole.from) as u32) as usize;
            signal[from..from + hole.length * 8].fill(0.0);
            wrong += usize::from(ear()?.hear(&samples(&signal)).digits.len() != 1);
        }
    }
    Some(wrong as f64)
}

fn length_error(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 18);
    let mut worst = 0.0_f64;
    for on in [40.0, 55.0, 100.0, 333.0] {
        for _ in 0..4 {
            let digits = all_digits(&mut entropy);
            let presses: Vec<Press> =
                digits.iter().map(|&d| Press { on, off: 60.0, ..Press::new(d) }).collect();
            let mut signal = keyed(&presses, &mut entropy);
            add_noise(&mut signal, -33.0, &mut entropy);
            let lengths = ear()?.hear(&samples(&signal)).lengths?;
            worst = lengths.iter().map(|length| (length - on).abs()).fold(worst, f64::max);
        }
    }
    Some(worst)
}

/// How many of what was sent were not heard in their place.
fn missing(sent: &str, heard: &str) -> usize {
    let mut rest = sent.chars();
    sent.len() - heard.chars().filter(|h| rest.any(|s| s == *h)).count().min(sent.len())
}

fn doubled(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 7);
    let mut extra = 0;
    for _ in 0..63 {
        let (sent, heard) = round(ear, &mut entropy, |_| {}, |s, e| add_noise(s, -21.0, e))?;
        // What was heard must be what was sent with some left out.
        let mut rest = sent.chars();
        extra += heard.chars().filter(|h| !rest.any(|s| s == *h)).count();
    }
    Some(extra as f64)
}

fn dial(ear: &Maker, seed: u64, hertz: &[f64]) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 8);
    reach(steps(0.0, 40.0, 1.0), |db| {
        let add = |signal: &mut Vec<f64>, entropy: &mut Entropy| {
            hertz.iter().for_each(|&h| add_sine(signal, h, -30.0 + db, entropy));
        };
        round(ear, &mut entropy, |p| (p.low, p.high) = (-30.0, -30.0), add).map(|(sent, heard)| sent == heard)
    })
}

fn third(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 9);
    reach(steps(30.0, 0.0, -1.0), |below| {
        for hertz in [500.0, 1050.0, 1900.0, 2400.0, 3000.0] {
            let add = |signal: &mut Vec<f64>, entropy: &mut Entropy| {
                add_sine(signal, hertz, -13.0 - below, entropy)
            };
            let (sent, heard) = round(ear, &mut entropy, |_| {}, add)?;
            if sent != heard {
                return Some(false);
            }
        }
        Some(true)
    })
}

fn echo(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 10);
    reach(steps(20.0, 3.0, -1.0), |below| {
        for late in [16, 40, 80, 120, 160] {
            let add = |signal: &mut Vec<f64>, _: &mut Entropy| {
                let direct = signal.clone();
                let gain = 10_f64.powf(-below / 20.0);
                signal[late..].iter_mut().zip(direct).for_each(|(s, d)| *s += gain * d);
            };
            let (sent, heard) = round(ear, &mut entropy, |p| (p.on, p.off) = (50.0, 50.0), add)?;
            if sent != heard {
                return Some(false);
            }
        }
        Some(true)
    })
}

fn over_speech(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 11);
    let (mut all, mut right) = (0, 0);
    for _ in 0..30 {
        // 12 dB below each of the two tones.
        let (sent, heard) = round(ear, &mut entropy, |p| p.on = 70.0, |s, e| add_voice(s, -25.0, e))?;
        all += sent.len();
        let mut rest = sent.chars();
        right += heard.chars().filter(|h| rest.any(|s| s == *h)).count();
    }
    Some(100.0 * right as f64 / all as f64)
}

fn timed(ear: &Maker, seed: u64, when: fn(&super::ear::Report) -> Option<usize>) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 12);
    let (mut sum, mut count) = (0.0, 0);
    for _ in 0..20 {
        for digit in all_digits(&mut entropy) {
            let mut press = Press::new(digit);
            press.on = 100.0;
            let start = 400 + entropy.below(80) as usize;
            let mut signal = vec![0.0; start];
            let tone = keyed(&[press], &mut entropy);
            let from = tone.iter().position(|s| *s != 0.0).unwrap_or(0);
            signal.extend_from_slice(&tone[from..]);
            let report = ear()?.hear(&samples(&signal));
            sum += when(&report)? as f64 * 10.0 - start as f64 / 8.0;
            count += 1;
        }
    }
    Some(sum / f64::from(count))
}

fn latency(ear: &Maker, seed: u64) -> Option<f64> {
    timed(ear, seed, |report| report.certain)
}

fn suspicion(ear: &Maker, seed: u64) -> Option<f64> {
    timed(ear, seed, |report| report.suspected)
}

fn made_up(ear: &Maker, seed: u64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 13);
    let mut ear = ear()?;
    let mut false_digits = 0;
    for _ in 0..60 {
        let mut signal = vec![0.0; 480_000];
        add_voice(&mut signal, -15.0, &mut entropy);
        false_digits += ear.hear(&samples(&signal)).digits.len();
    }
    Some(false_digits as f64)
}

fn cost(ear: &Maker, seed: u64, digits: bool) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed + 14);
    let signal = if digits {
        let presses: Vec<Press> = all_digits(&mut entropy).into_iter().map(Press::new).collect();
        keyed(&presses, &mut entropy)
    } else {
        let mut signal = vec![0.0; 16_000];
        add_noise(&mut signal, -20.0, &mut entropy);
        signal
    };
    let samples = samples(&signal);
    let seconds = samples.len() as f64 / 8000.0;
    let mut ear = ear()?;
    // The fastest of many runs: others use this machine too.
    let best = (0..200)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(ear.hear(std::hint::black_box(&samples)));
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    Some(best * 1e6 / seconds)
}

#[cfg(test)]
mod tests {
    use super::super::ear::Ear;
    use super::*;

    /// Thresholds just under what is reached, on signals of seeds that nothing was tuned on.
    #[test]
    fn the_rows_hold_on_fresh_seeds() {
        let ours: Maker = Box::new(|| Some(Ear::ours()));
        for seed in [7, 1_000_003] {
            for row in ROWS.iter().filter(|row| !row.name.starts_with("cost") && !row.name.contains("hour")) {
                let figure = (row.measure)(&ours, seed).unwrap_or(f64::NAN);
                assert!((row.within)(figure), "seed {seed}, {}: {figure}", row.name);
            }
            for line in super::super::columns::columns(seed) {
                assert!(line.ends_with("all hold"), "seed {seed}, {line}");
            }
        }
    }
}
