//! Names for stretches of steady tone, by frequencies and cadence.

use serde_json::json;
use tipring_country::Country;
use tipring_dsp::Signal;
use tipring_port::{Tone, TonePlan, ToneProgram};

use super::Heard;

/// Countries whose tones are known, by code.
pub type Countries = Vec<(String, TonePlan)>;

/// A stretch of steady tone; times in milliseconds.
#[derive(Clone, PartialEq, Debug)]
pub struct Stretch {
    /// When it began.
    pub start: f64,
    /// How long it was.
    pub length: f64,
    /// Its frequencies, the lowest first.
    pub hertz: Vec<f64>,
    /// Its level in dBm0.
    pub level: f64,
}

/// A tone without a name is told from this length.
const NAMELESS_MIN: f64 = 250.0;
/// Bursts of one tone are nearer than this.
const PAUSE_MAX: f64 = 11_000.0;
/// A steady tone of an exchange lasts this long at least.
const STEADY_MIN: f64 = 1150.0;
/// Frequencies of the exchange.
const EXCHANGE: core::ops::RangeInclusive<f64> = 320.0..=650.0;
const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

impl Stretch {
    /// When it ended.
    pub fn end(&self) -> f64 {
        self.start + self.length
    }

    /// True if its frequencies may be those of a digit.
    pub fn is_of_digits(&self) -> bool {
        let near = |group: [f64; 4], hertz: f64| group.iter().any(|g| (g - hertz).abs() < 0.035 * g);
        self.hertz.iter().any(|&h| near(ROWS, h) || near(COLUMNS, h))
    }

    fn is_like(&self, other: &Self) -> bool {
        self.hertz.len() == other.hertz.len()
            && self.hertz.iter().zip(&other.hertz).all(|(a, b)| (a - b).abs() < 0.02 * a + 6.0)
    }

    fn is_exchange(&self) -> bool {
        self.hertz.iter().all(|h| EXCHANGE.contains(h))
    }
}

/// The countries that are built in.
pub fn every_country() -> Countries {
    Country::codes().filter_map(|code| Some((code.to_owned(), Country::named(code).ok()?.tones))).collect()
}

/// A signal in words.
pub fn words(signal: Signal) -> &'static str {
    match signal {
        Signal::Cng => "fax calling tone (CNG), 1100 Hz",
        Signal::CallingTone => "modem calling tone, 1300 Hz",
        Signal::Ced => "fax or modem answering (CED, ANS), 2100 Hz",
        Signal::AnsReversals => "modem answering (ANS with phase reversals), 2100 Hz",
        Signal::Ansam => "V.8 modem answering (ANSam), 2100 Hz",
        Signal::AnsamReversals => "V.8 modem answering (ANSam with phase reversals), 2100 Hz",
        Signal::Preamble => "V.21 preamble (HDLC flags)",
        Signal::V21Data => "V.21 data, channel 2",
        Signal::BellAnswer => "Bell 103 modem answering (Bell ANS), 2225 Hz",
        Signal::V22Answer => "V.22 modem answering, 2250 Hz",
        Signal::V21Answer => "V.21 modem answering, 1650 Hz",
        Signal::V21Calling => "V.21 modem calling, 980 Hz",
        Signal::V8bisInitiating => "V.8 bis initiating",
        Signal::V8bisResponding => "V.8 bis responding",
        Signal::Alert => "alert before caller ID (CAS, DT-AS), 2130 + 2750 Hz",
        Signal::SpecialInformation => "special information tone (SIT)",
        Signal::Progress(tone) => tone.word(),
    }
}

/// The tones that these stretches make; `end` is that of the recording.
pub fn tones(stretches: &[Stretch], channel: usize, countries: &Countries, end: f64) -> Vec<Heard> {
    let mut out = Vec::new();
    let mut used = vec![false; stretches.len()];
    for first in 0..stretches.len() {
        if used[first] {
            continue;
        }
        let mut group = vec![first];
        for next in first + 1..stretches.len() {
            let last = &stretches[*group.last().unwrap_or(&first)];
            if stretches[next].start - last.end() > PAUSE_MAX {
                break;
            }
            if !used[next] && stretches[next].is_like(&stretches[first]) {
                group.push(next);
            }
        }
        group.iter().for_each(|&n| used[n] = true);
        let group: Vec<&Stretch> = group.iter().map(|&n| &stretches[n]).collect();
        out.extend(tell(&group, channel, countries, end));
    }
    out
}

fn tell(group: &[&Stretch], channel: usize, countries: &Countries, end: f64) -> Vec<Heard> {
    let mut out = Vec::new();
    // A cadence may change within a group: dial tone, then busy of the same frequency.
    let mut rest = group;
    while let [first, ..] = rest {
        let steady = first.is_exchange() && first.length >= STEADY_MIN;
        let parts = if steady && !is_ringback(rest) { 1 } else { cadenced(rest) };
        let (part, next) = rest.split_at(parts.clamp(1, rest.len()));
        rest = next;
        out.extend(name(part, channel, countries, end));
    }
    out
}

/// How many of the stretches follow one cadence.
fn cadenced(group: &[&Stretch]) -> usize {
    group.iter().position(|s| s.is_exchange() && s.length >= 2600.0).unwrap_or(group.len())
}

fn is_ringback(group: &[&Stretch]) -> bool {
    match group {
        [a, b, ..] => {
            (600.0..2400.0).contains(&a.length)
                && (1400.0..6500.0).contains(&(b.start - a.end()))
                && (b.length < a.length * 1.2 + 60.0)
        }
        [one] => one.hertz.len() == 2 && is_near(one, &[440.0, 480.0]) && one.length < 2300.0,
        [] => false,
    }
}

fn is_near(stretch: &Stretch, hertz: &[f64]) -> bool {
    stretch.hertz.len() == hertz.len() && stretch.hertz.iter().zip(hertz).all(|(a, b)| (a - b).abs() < 12.0)
}

fn name(part: &[&Stretch], channel: usize, countries: &Countries, end: f64) -> Option<Heard> {
    let (first, last) = (part.first()?, part.last()?);
    let known: Vec<(Tone, &str)> = countries
        .iter()
        .flat_map(|(code, plan)| {
            Tone::ALL
                .into_iter()
                .filter(|&t| follows(plan.get(t), part, end))
                .map(move |t| (t, code.as_str()))
        })
        .collect();
    let tone = general(part).or_else(|| known.first().map(|k| k.0));
    // What the frequencies of one country say for certain goes before what is usual.
    let tone = match (tone, known.first()) {
        (Some(general), Some(_)) if known.iter().any(|k| k.0 == general) => Some(general),
        (_, Some(&(tone, _))) if tone != Tone::Outside => Some(tone),
        (tone, _) => tone,
    };
    let frequencies: Vec<f64> = first.hertz.iter().map(|h| (h * 10.0).round() / 10.0).collect();
    let length = last.end() - first.start;
    let value = match tone {
        Some(tone) => tone.word().to_owned(),
        None => {
            let longest = part.iter().map(|s| s.length).fold(0.0, f64::max);
            if longest < NAMELESS_MIN || first.level < -43.0 {
                return None;
            }
            let list: Vec<String> = first.hertz.iter().map(|h| format!("{h:.0}")).collect();
            format!("{} Hz", list.join("+"))
        }
    };
    let mut one = Heard::new(first.start, "tone", value, channel)
        .lasting(length)
        .with("frequencies_hz", frequencies)
        .with("level_dbm0", json!((first.level * 10.0).round() / 10.0));
    if part.len() > 1 {
        let cadence: Vec<f64> = part
            .windows(2)
            .take(2)
            .flat_map(|pair| [pair[0].length.round(), (pair[1].start - pair[0].end()).round()])
            .collect();
        one = one.with("cadence_ms", cadence).with("bursts", part.len());
    }
    if let Some(tone) = tone {
        let codes: Vec<&str> = known.iter().filter(|k| k.0 == tone).map(|k| k.1).collect();
        if !codes.is_empty() {
            one = one.with("countries", codes);
        }
    }
    Some(one)
}

/// What the cadence says in any country.
fn general(part: &[&Stretch]) -> Option<Tone> {
    let first = part.first()?;
    if is_near(first, &[1400.0, 2060.0, 2450.0, 2600.0]) {
        return Some(Tone::Howler);
    }
    if !first.is_exchange() {
        return None;
    }
    let Some(second) = part.get(1) else {
        return if is_near(first, &[440.0, 480.0]) && first.length < 2300.0 {
            Some(Tone::Ringback)
        } else if first.length >= STEADY_MIN {
            Some(Tone::Dial)
        } else {
            None
        };
    };
    let (on, off) = (first.length, second.start - first.end());
    let later = part.get(2).map(|third| third.start - second.end());
    if (250.0..600.0).contains(&on) && off < 350.0 && later.is_some_and(|pause| pause > 1400.0) {
        return Some(Tone::Ringback);
    }
    if (600.0..2600.0).contains(&on) && off > 1400.0 {
        return Some(Tone::Ringback);
    }
    if on < 650.0 && off > 1400.0 {
        return Some(Tone::CallWaiting);
    }
    if on < 150.0 && off < 150.0 {
        return Some(Tone::Stutter);
    }
    let period = on + off;
    match period {
        _ if on > 2.0 * off + 60.0 || off > 3.2 * on + 60.0 => None,
        300.0..=620.0 => Some(Tone::Congestion),
        620.0..=1700.0 => Some(Tone::Busy),
        _ => None,
    }
}

/// True if the stretches are those of a program, from any place of its cycle.
fn follows(program: &ToneProgram, part: &[&Stretch], end: f64) -> bool {
    let steps = program.steps();
    let Some(first) = part.first() else { return false };
    let mut bursts: Vec<(Vec<f64>, f64, f64)> = Vec::new();
    for step in steps.iter().skip(program.repeat_from().unwrap_or(0)) {
        let length = if step.length.0 == 0 { f64::INFINITY } else { f64::from(step.length.0) };
        if step.is_pause() {
            if let Some(last) = bursts.last_mut() {
                last.2 += length;
            }
            continue;
        }
        let mut hertz: Vec<f64> =
            step.components.iter().filter(|c| c.sounds()).map(|c| f64::from(c.frequency.0)).collect();
        hertz.sort_by(f64::total_cmp);
        bursts.push((hertz, length, 0.0));
    }
    let alone = bursts.len() == 1 && bursts[0].2 == 0.0;
    if alone {
        // Steady, whether an end is given or not.
        return part.len() == 1 && first.length >= STEADY_MIN && is_near(first, &bursts[0].0);
    }
    if bursts.is_empty() || program.repeat_from().is_none() || part.len() < 2.min(bursts.len() + 1) {
        return false;
    }
    let near = |heard: f64, wanted: f64| (heard - wanted).abs() <= 0.12 * wanted + 30.0;
    (0..bursts.len()).any(|shift| {
        part.iter().enumerate().all(|(n, stretch)| {
            let (hertz, on, off) = &bursts[(n + shift) % bursts.len()];
            let pause = part.get(n + 1).map(|next| next.start - stretch.end());
            let at_edge = stretch.start < 30.0 || stretch.end() > end - 30.0;
            is_near(stretch, hertz)
                && (near(stretch.length, *on) || (at_edge && stretch.length < *on))
                && pause.is_none_or(|p| near(p, *off))
        })
    })
}
