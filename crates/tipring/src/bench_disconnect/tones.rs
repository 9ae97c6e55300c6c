//! How soon a tone is heard that says the far end cleared.

use anyhow::Result;
use tipring_oracle::Spandsp;
use tipring_port::{Component, Frame, Tone, TonePlan, ToneProgram, ToneStep};
use tipring_units::{Dbm0, Entropy, Hz, Millis, TICK};

use super::ears::{Ear, Kind, Sign, Watched};
use super::plan_of;
use crate::bench_dtmf::signals::{add_noise, add_sine, add_voice};
use crate::client::print;

/// Levels of the tone, all frequencies together; frequency errors; errors of the cadence; signal to noise.
const LEVELS: [f64; 4] = [-10.0, -20.0, -30.0, -35.0];
const FREQUENCIES: [f64; 3] = [-0.015, 0.0, 0.015];
const CADENCES: [f64; 3] = [-0.1, 0.0, 0.1];
const NOISES: [f64; 2] = [60.0, 20.0];
/// Somebody speaks before the tone, then a pause, then it sounds so long; seconds.
const VOICE: f64 = 1.5;
const PAUSE: f64 = 0.3;
const TONE: f64 = 14.0;
/// Level of the voice.
const VOICE_LEVEL: f64 = -18.0;
/// Silence that is waited for.
const SILENCE: Millis = Millis(10_000);

/// A tone that is in no country pack: 520 Hz, 170 ms on, 310 ms off.
pub fn unheard_of() -> Option<ToneProgram> {
    let mut on = ToneStep { length: Millis(170), ..ToneStep::SILENCE };
    on.components[0] = Component::sine(Hz(520.0), Dbm0(-16.0));
    ToneProgram::new(&[on, ToneStep { length: Millis(310), ..ToneStep::SILENCE }], 0)
}

/// What was measured of one ear.
#[derive(Default)]
struct Times {
    all: usize,
    /// Seconds from the tone's beginning.
    heard: Vec<f64>,
    wrong: usize,
}

impl Times {
    fn words(&mut self) -> String {
        self.heard.sort_by(f64::total_cmp);
        let (Some(median), Some(worst)) = (self.heard.get(self.heard.len() / 2), self.heard.last()) else {
            return format!("{:>21}", if self.all == 0 { "-" } else { "never" });
        };
        let share = 100.0 * self.heard.len() as f64 / self.all as f64;
        let wrong = if self.wrong > 0 { "!" } else { " " };
        format!("{share:>5.1}%{wrong}{median:>6.2} {worst:>6.2}")
    }
}

/// Prints the table of times.
pub fn run(seed: u64, library: Option<&Spandsp>) -> Result<()> {
    print(
        "Time from the beginning of the tone until it is taken for clearing, in seconds: share heard, median, worst;",
    )?;
    print(
        "! it was taken for another tone first. Levels -10 to -35 dBm0, 1.5 % off in frequency and 10 % in cadence either way,",
    )?;
    print(
        "signal to noise 60 and 20 dB, somebody speaks before. libspandsp waits for one cycle, or for three.",
    )?;
    print(&format!("{:<28} {:>20} {:>20} {:>20}", "", "here", "libspandsp, 1", "libspandsp, 3"))?;
    for country in super::COUNTRIES {
        let plan = plan_of(country)?;
        for tone in super::ears::CLEARING {
            if plan.get(tone).steps().is_empty() {
                continue;
            }
            row(&format!("{country} {}", tone.word()), &plan, None, Sign::Tone(tone), seed, library)?;
        }
    }
    let (plan, learned) = (plan_of("us")?, unheard_of());
    row("learned, 520 Hz 170/310 ms", &plan, learned.as_ref(), Sign::Learned, seed, library)?;
    silence(&plan, seed)
}

fn row(
    name: &str,
    plan: &TonePlan,
    learned: Option<&ToneProgram>,
    sign: Sign,
    seed: u64,
    library: Option<&Spandsp>,
) -> Result<()> {
    let program = match sign {
        Sign::Tone(tone) => *plan.get(tone),
        Sign::Learned | Sign::Silence(_) => *learned.unwrap_or(&ToneProgram::SILENCE),
    };
    let once = sign == Sign::Tone(Tone::SpecialInformation);
    let steady = program.steps().len() == 1;
    let mut times = Kind::ALL.map(|_| Times::default());
    let mut entropy = Entropy::for_simulation(seed);
    for level in LEVELS {
        for frequency in FREQUENCIES {
            for cadence in CADENCES {
                // A tone without cadence has none that could be off.
                if steady && cadence != 0.0 {
                    continue;
                }
                for noise in NOISES {
                    let into = if once { 0.0 } else { f64::from(entropy.unit()) };
                    let sound = line(&program, level, frequency, cadence, noise, into, &mut entropy);
                    for (kind, times) in Kind::ALL.into_iter().zip(&mut times) {
                        let Some(mut ear) = Ear::new(kind, Watched { plan, learned }, library) else {
                            continue;
                        };
                        times.all += 1;
                        first(&mut ear, &sound, sign, times);
                    }
                }
            }
        }
    }
    let words: Vec<String> = times.iter_mut().map(Times::words).collect();
    print(&format!("{name:<28} {}", words.join(" ")))?;
    Ok(())
}

/// Finds when `sign` is told first.
fn first(ear: &mut Ear, sound: &[Frame], sign: Sign, times: &mut Times) {
    let begins = VOICE + PAUSE;
    for (n, frame) in sound.iter().enumerate() {
        let at = (n + 1) as f64 * f64::from(TICK.0) / 1000.0 - begins;
        match ear.hear(frame) {
            Some(heard) if heard == sign && at > 0.0 => return times.heard.push(at),
            Some(Sign::Tone(_) | Sign::Learned) => times.wrong += 1,
            Some(Sign::Silence(_)) | None => {}
        }
    }
}

/// A voice, a pause, and the tone as a line brings it, from the share `into` of its cycle.
fn line(
    program: &ToneProgram,
    level: f64,
    frequency: f64,
    cadence: f64,
    noise: f64,
    into: f64,
    entropy: &mut Entropy,
) -> Vec<Frame> {
    let mut signal = vec![0.0; (VOICE * 8000.0) as usize];
    add_voice(&mut signal, VOICE_LEVEL, entropy);
    signal.extend(vec![0.0; (PAUSE * 8000.0) as usize]);
    let length = |step: &ToneStep| match step.length {
        Millis::ZERO => TONE * 8000.0,
        Millis(millis) => f64::from(millis) * 8.0 * (1.0 + cadence),
    };
    let period: f64 = program.steps().iter().map(length).sum();
    let (begin, end) = (signal.len(), signal.len() + (TONE * 8000.0) as usize);
    let mut skip = (period.min(80_000.0) * into) as usize;
    for step in program.steps().iter().cycle() {
        let mut part = vec![0.0; length(step) as usize];
        let tones = || step.components.iter().filter(|one| one.sounds());
        // As loud as the plan has the frequencies against each other, and as asked for together.
        let sum: f64 = tones().map(|one| 10_f64.powf(f64::from(one.level.0) / 10.0)).sum();
        for one in tones() {
            let own = level + f64::from(one.level.0) - 10.0 * sum.log10();
            add_sine(&mut part, f64::from(one.frequency.0) * (1.0 + frequency), own, entropy);
        }
        let skipped = skip.min(part.len());
        skip -= skipped;
        signal.extend(&part[skipped..]);
        if signal.len() >= end {
            break;
        }
    }
    signal.truncate(end.max(begin));
    add_noise(&mut signal, level - noise, entropy);
    frames(&signal)
}

/// As a line carries it.
pub fn frames(signal: &[f64]) -> Vec<Frame> {
    let samples = crate::bench_dtmf::signals::samples(signal);
    samples.as_chunks().0.to_vec()
}

/// How soon after the last word a silence of [`SILENCE`] is told, whatever noise the line has.
fn silence(plan: &TonePlan, seed: u64) -> Result<()> {
    let (mut times, mut entropy) = (Times::default(), Entropy::for_simulation(seed));
    for noise in [-90.0, -65.0, -55.0, -50.0, -46.0] {
        for _ in 0..6 {
            let mut signal = vec![0.0; (VOICE * 8000.0) as usize];
            add_voice(&mut signal, VOICE_LEVEL, &mut entropy);
            signal.extend(vec![0.0; 8000 * 20]);
            add_noise(&mut signal, noise, &mut entropy);
            let watched = Watched { plan, learned: None };
            let Some(mut ear) = Ear::new(Kind::Ours, watched, None) else { continue };
            times.all += 1;
            for (n, frame) in frames(&signal).iter().enumerate() {
                if matches!(ear.hear(frame), Some(Sign::Silence(length)) if length >= SILENCE) {
                    times.heard.push((n + 1) as f64 / 100.0 - VOICE);
                    break;
                }
            }
        }
    }
    print(&format!("{:<28} {}  (line noise to -46 dBm0)", "10 s of silence", times.words()))?;
    Ok(())
}
