//! What is compared: the supervisor of an outside line, and libspandsp's detector of supervisory tones.

use tipring_dsp::{Supervisor, SupervisorNews};
use tipring_oracle::{Spandsp, SpandspSupervisory};
use tipring_port::{Frame, SAMPLE_SILENCE, Tone, TonePlan, ToneProgram};
use tipring_units::Millis;

/// The tones by which an exchange says that a call is over.
pub const CLEARING: [Tone; 5] =
    [Tone::Dial, Tone::Busy, Tone::Congestion, Tone::SpecialInformation, Tone::Howler];
/// How long a tone without end has to stand still for libspandsp, of two frequencies and of one, where a cadence has to come
/// once or three times.
const STILL: [[i32; 2]; 2] = [[1000, 1000], [4000, 6000]];
/// Elements of a pattern, at the most.
const ELEMENTS_MAX: usize = 10;

/// What an ear takes for clearing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Sign {
    /// A tone of the plan.
    Tone(Tone),
    /// The learned tone.
    Learned,
    /// Silence of so long.
    Silence(Millis),
}

/// What there is to listen for.
#[derive(Clone, Copy)]
pub struct Watched<'a> {
    pub plan: &'a TonePlan,
    pub learned: Option<&'a ToneProgram>,
}

/// Which ear.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Ours,
    /// libspandsp's, told to wait for so many cycles.
    Theirs(usize),
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Ours, Self::Theirs(1), Self::Theirs(3)];
}

/// One ear.
pub enum Ear {
    Ours(Box<Supervisor>),
    Theirs(SpandspSupervisory, Vec<Sign>),
}

impl Ear {
    /// A fresh one; `None` where the library is missing.
    pub fn new(kind: Kind, watched: Watched<'_>, library: Option<&Spandsp>) -> Option<Self> {
        let cycles = match kind {
            Kind::Ours => return Some(Self::Ours(Box::new(Supervisor::new(watched.plan, watched.learned)))),
            Kind::Theirs(cycles) => cycles,
        };
        let (mut patterns, mut signs) = (Vec::new(), Vec::new());
        let tones = CLEARING.iter().map(|&tone| (Sign::Tone(tone), *watched.plan.get(tone)));
        for (sign, program) in tones.chain(watched.learned.map(|learned| (Sign::Learned, *learned))) {
            let cycles = if sign == Sign::Tone(Tone::SpecialInformation) { 1 } else { cycles };
            if let Some(pattern) = elements(&program, cycles) {
                patterns.push(pattern);
                signs.push(sign);
            }
        }
        Some(Self::Theirs(library?.supervisory(&patterns)?, signs))
    }

    /// Takes a frame; what it takes for clearing, and whether somebody speaks.
    pub fn hear(&mut self, frame: &Frame) -> Option<Sign> {
        match self {
            Self::Ours(supervisor) => {
                let news = supervisor.process(frame, Some(&SAMPLE_SILENCE));
                news.into_iter().flatten().find_map(|news| match news {
                    SupervisorNews::Tone(tone) => CLEARING.contains(&tone).then_some(Sign::Tone(tone)),
                    SupervisorNews::Learned => Some(Sign::Learned),
                    SupervisorNews::Silence(length) => Some(Sign::Silence(length)),
                    SupervisorNews::ToneEnded(_) | SupervisorNews::Voice => None,
                })
            }
            Self::Theirs(watch, signs) => {
                watch.feed(frame);
                watch.heard().and_then(|place| signs.get(place).copied())
            }
        }
    }
}

/// A tone as libspandsp wants it; `None` where it cannot have it: more than two frequencies at once, or too long.
fn elements(program: &ToneProgram, cycles: usize) -> Option<Vec<(i32, i32, i32, i32)>> {
    let steps = program.steps();
    let endless = steps.iter().position(|step| step.length == Millis::ZERO && !step.is_pause());
    let cycle = endless.map_or(steps, |at| &steps[at..=at]);
    let mut all = Vec::new();
    for step in cycle {
        let mut tones: Vec<i32> =
            step.components.iter().filter(|one| one.sounds()).map(|one| one.frequency.0 as i32).collect();
        tones.sort_unstable();
        let length = step.length.0 as i32;
        let off = length / 10 + 20;
        let (least, most) = match (step.is_pause(), length) {
            (false, 0) => (STILL[usize::from(cycles > 1)][usize::from(tones.len() < 2)], 0),
            _ => (length - off, length + off),
        };
        match tones[..] {
            [] => all.push((0, 0, least, most)),
            [one] => all.push((one, 0, least, most)),
            [one, two] => all.push((one, two, least, most)),
            _ => return None,
        }
    }
    let cycles = if endless.is_some() { 1 } else { cycles };
    let all = all.repeat(cycles);
    (!all.is_empty() && all.len() <= ELEMENTS_MAX).then_some(all)
}
