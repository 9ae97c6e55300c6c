//! How often what is no tone of the exchange is taken for clearing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tipring_oracle::Spandsp;
use tipring_port::{Frame, Tone, TonePlan, ToneProgram};
use tipring_units::{Entropy, Millis};

use super::ears::{Ear, Kind, Sign, Watched};
use super::music::Style;
use super::tones::{frames, unheard_of};
use super::{COUNTRIES, plan_of};
use crate::bench_dtmf::signals::{Press, add_noise, add_voice, all_digits, keyed};
use crate::client::print;
use crate::listen::Sound;

/// Seconds of a piece.
const PIECE: usize = 60;
/// Silence that would clear.
const SILENCE: Millis = Millis(10_000);
/// Level to which recordings are brought, beside that which they have.
const LEVEL: f32 = -15.0;

/// What is played.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kindof {
    Talk,
    Laboratory,
    Music(Style),
    Digits,
    Modem,
}

impl Kindof {
    fn word(self) -> &'static str {
        match self {
            Self::Talk => "talk with pauses to 5 s",
            Self::Laboratory => "voices of the laboratory",
            Self::Music(style) => style.word(),
            Self::Digits => "touch tones",
            Self::Modem => "V.21 and answer tones",
        }
    }

    fn piece(self, entropy: &mut Entropy) -> Vec<Frame> {
        match self {
            Self::Talk => frames(&talk(entropy)),
            Self::Laboratory => tipring_sim::bench::speech::speech(PIECE, entropy),
            Self::Music(style) => frames(&style.piece(PIECE, entropy)),
            Self::Digits => {
                let mut signal = Vec::new();
                while signal.len() < PIECE * 8000 {
                    let presses: Vec<Press> = all_digits(entropy)
                        .into_iter()
                        .map(|digit| Press {
                            on: 50.0 + 250.0 * f64::from(entropy.unit()),
                            off: 50.0 + 250.0 * f64::from(entropy.unit()),
                            ..Press::new(digit)
                        })
                        .collect();
                    signal.extend(keyed(&presses, entropy));
                }
                frames(&signal)
            }
            Self::Modem => frames(&modem(entropy)),
        }
    }
}

/// Two people, their pauses of up to 5 s, the noise of a line.
fn talk(entropy: &mut Entropy) -> Vec<f64> {
    let mut signal = Vec::new();
    let noise = -70.0 + 24.0 * f64::from(entropy.unit());
    while signal.len() < PIECE * 8000 {
        let mut voice = vec![0.0; 8000 + entropy.below(48_000) as usize];
        add_voice(&mut voice, -30.0 + 18.0 * f64::from(entropy.unit()), entropy);
        signal.extend(voice);
        signal.extend(vec![0.0; entropy.below(40_000) as usize]);
    }
    add_noise(&mut signal, noise, entropy);
    signal
}

/// Channels 1 and 2 of V.21 with bits as they come, and answer tones between.
fn modem(entropy: &mut Entropy) -> Vec<f64> {
    let (mut signal, mut phase) = (Vec::new(), 0.0_f64);
    while signal.len() < PIECE * 8000 {
        let tones = if entropy.chance(50.0) { [980.0, 1180.0] } else { [1650.0, 1850.0] };
        let answer = [2100.0, 2225.0, 1300.0, 1100.0][entropy.below(4) as usize];
        let (long, short) = (8000 * (1 + entropy.below(4)) as usize, 8000 + entropy.below(16_000) as usize);
        for n in 0..long + short {
            if n % 27 == 0 && n < long && entropy.chance(50.0) {
                phase = phase.rem_euclid(core::f64::consts::TAU);
            }
            let mark = (n / 27).wrapping_mul(2_654_435_761) >> 9 & 1;
            let hertz = if n < long { tones[mark] } else { answer };
            phase += core::f64::consts::TAU * hertz / 8000.0;
            signal.push(2800.0 * phase.sin());
        }
        signal.extend(vec![0.0; entropy.below(8000) as usize]);
    }
    signal
}

/// False alarms of one ear, by method.
#[derive(Clone, Default)]
struct Alarms {
    dial: usize,
    busy: usize,
    special: usize,
    howler: usize,
    learned: usize,
    silence: usize,
}

impl Alarms {
    fn add(&mut self, sign: Sign) {
        match sign {
            Sign::Tone(Tone::Dial) => self.dial += 1,
            Sign::Tone(Tone::SpecialInformation) => self.special += 1,
            Sign::Tone(Tone::Howler) => self.howler += 1,
            Sign::Tone(_) => self.busy += 1,
            Sign::Learned => self.learned += 1,
            Sign::Silence(length) => self.silence += usize::from(length == SILENCE),
        }
    }

    fn counts(&self) -> [usize; 6] {
        [self.dial, self.busy, self.special, self.howler, self.learned, self.silence]
    }
}

/// The ears of all countries, with what they took for clearing.
struct Jury {
    plans: Vec<(TonePlan, Vec<Option<Ear>>)>,
    alarms: Vec<Alarms>,
}

impl Jury {
    fn new(plans: &[TonePlan], learned: Option<&ToneProgram>, library: Option<&Spandsp>) -> Self {
        let ears = |plan: &TonePlan| {
            Kind::ALL.iter().map(|&kind| Ear::new(kind, Watched { plan, learned }, library)).collect()
        };
        Self {
            plans: plans.iter().map(|plan| (*plan, ears(plan))).collect(),
            alarms: vec![Alarms::default(); Kind::ALL.len()],
        }
    }

    fn hear(&mut self, sound: &[Frame]) {
        for (_, ears) in &mut self.plans {
            for (ear, alarms) in ears.iter_mut().zip(&mut self.alarms) {
                let Some(ear) = ear else { continue };
                for frame in sound {
                    if let Some(sign) = ear.hear(frame) {
                        alarms.add(sign);
                    }
                }
            }
        }
    }

    fn words(&self, hours: f64, library: bool) -> String {
        let mut out = String::new();
        for (n, alarms) in self.alarms.iter().enumerate() {
            let shown = if n == 0 { 6 } else { 5 };
            let counts = alarms.counts();
            let words = counts[..shown].iter().map(|&count| format!("{:>5.1}", count as f64 / hours));
            out += &if n > 0 && !library { "  -".to_owned() } else { words.collect::<String>() };
            out += if n + 1 < self.alarms.len() { "  |" } else { "" };
        }
        out
    }
}

/// Prints the table of false alarms; the number of those of ours.
pub fn run(seed: u64, minutes: usize, folders: &[PathBuf], library: Option<&Spandsp>) -> Result<usize> {
    let plans: Vec<TonePlan> = COUNTRIES.iter().map(|country| plan_of(country)).collect::<Result<_>>()?;
    let learned = unheard_of();
    print(&format!(
        "\nFalse alarms in an hour with the tones of {}, by method: dial tone, busy or congestion, special information,",
        COUNTRIES.join(", ")
    ))?;
    print(
        "howler, learned tone, 10 s of silence; each country's tones are listened for, and an hour counts once for each",
    )?;
    print(&format!(
        "{:<28}{:>7}  {:^30}  | {:^24}  | {:^24}",
        "", "hours", "here", "libspandsp, 1", "libspandsp, 3"
    ))?;
    let mut kinds = vec![Kindof::Talk, Kindof::Laboratory];
    kinds.extend(Style::ALL.map(Kindof::Music));
    kinds.extend([Kindof::Digits, Kindof::Modem]);
    let (mut total, mut ours, mut all) = (0.0, 0, vec![Alarms::default(); Kind::ALL.len()]);
    for kind in kinds {
        let mut entropy = Entropy::for_simulation(seed);
        let mut jury = Jury::new(&plans, learned.as_ref(), library);
        for _ in 0..minutes {
            jury.hear(&kind.piece(&mut entropy));
        }
        let hours = (minutes * PIECE * plans.len()) as f64 / 3600.0;
        print(&format!("{:<28}{hours:>7.2}  {}", kind.word(), jury.words(hours, library.is_some())))?;
        ours += tally(&jury, &mut all);
        total += hours;
    }
    for folder in folders {
        let (seconds, jury) = recordings(folder, &plans, learned.as_ref(), library)?;
        let hours = seconds * plans.len() as f64 / 3600.0;
        let name: String = folder.display().to_string().chars().rev().take(27).collect();
        let name: String = name.chars().rev().collect();
        print(&format!("{name:<28}{hours:>7.2}  {}", jury.words(hours.max(1e-9), library.is_some())))?;
        ours += tally(&jury, &mut all);
        total += hours;
    }
    let jury = Jury { plans: Vec::new(), alarms: all };
    print(&format!("{:<28}{total:>7.2}  {}", "all", jury.words(total, library.is_some())))?;
    Ok(ours)
}

fn tally(jury: &Jury, all: &mut [Alarms]) -> usize {
    for (sum, one) in all.iter_mut().zip(&jury.alarms) {
        sum.dial += one.dial;
        sum.busy += one.busy;
        sum.special += one.special;
        sum.howler += one.howler;
        sum.learned += one.learned;
        sum.silence += one.silence;
    }
    jury.alarms.first().map_or(0, |ours| ours.counts().iter().sum())
}

/// All sound files below a folder, as recorded and brought to one level; how many seconds, and what came of it.
fn recordings(
    folder: &Path,
    plans: &[TonePlan],
    learned: Option<&ToneProgram>,
    library: Option<&Spandsp>,
) -> Result<(f64, Jury)> {
    let mut files = Vec::new();
    crate::bench_dtmf::collect(folder, &mut files).with_context(|| format!("{}", folder.display()))?;
    files.sort();
    let (mut seconds, mut jury) = (0.0, Jury::new(plans, learned, library));
    for file in files {
        let Ok(sound) = Sound::read(&file) else { continue };
        for samples in sound.at_8_khz() {
            let gain = 10_f32.powf((LEVEL - tipring_dsp::level_of(&samples).0).clamp(-20.0, 40.0) / 20.0);
            for level in [1.0, gain] {
                let louder: Vec<i16> = samples.iter().map(|&s| (f32::from(s) * level) as i16).collect();
                seconds += louder.len() as f64 / 8000.0;
                let before: usize = jury.alarms[0].counts().iter().sum();
                jury.hear(louder.as_chunks().0);
                if jury.alarms[0].counts().iter().sum::<usize>() > before {
                    print(&format!("  false alarm here: {}", file.display()))?;
                }
            }
        }
    }
    Ok((seconds, jury))
}
