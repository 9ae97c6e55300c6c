//! What an outside line is found to do when its far end hangs up.

use tipring_units::{Dbm0, Hz, Millis};

use crate::{Component, Tone, ToneProgram, ToneStep};

/// The level that a learned tone is given where one is needed.
const LEVEL: Dbm0 = Dbm0(-13.0);

/// What was seen and heard of an outside line when its far end hung up.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LearnReport {
    /// Loop current broke for so long: the longest break, if there was one.
    pub loop_break: Option<Millis>,
    /// The polarity changed.
    pub reversal: bool,
    /// The tone that came.
    pub tone: Option<LearnedTone>,
    /// How long the line was listened to.
    pub listened: Millis,
}

/// Steps of a learned cadence, at the most: three bursts with their pauses.
pub const MAX_LEARNED_STEPS: usize = 6;

/// A burst or a pause.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LearnedStep {
    /// What sounds; zeros in a pause.
    pub frequencies: [Hz; 2],
    /// How long; zero: without end.
    pub length: Millis,
}

/// A tone that came when the far end hung up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LearnedTone {
    /// Its cadence: bursts and pauses in turn, repeated; zero ends the list. One step of no length: it does not end.
    pub steps: [LearnedStep; MAX_LEARNED_STEPS],
    /// Steps in use.
    pub len: u8,
    /// Bursts from which it was learned.
    pub bursts: u32,
    /// From 0 to 1: how alike its bursts were.
    pub confidence: f32,
    /// The tone of the country that it is, if it is one: then nothing need be learned.
    pub known: Option<Tone>,
}

impl LearnedTone {
    /// What was learned of `program`: the first two frequencies of each step, up to [`MAX_LEARNED_STEPS`] steps.
    pub fn new(program: &ToneProgram, bursts: u32, confidence: f32, known: Option<Tone>) -> Self {
        let mut steps = [LearnedStep::default(); MAX_LEARNED_STEPS];
        let mut len = 0;
        for (place, step) in steps.iter_mut().zip(program.steps()) {
            let [first, second, ..] = step.components;
            let hertz = |component: Component| if component.sounds() { component.frequency } else { Hz(0.0) };
            *place = LearnedStep { frequencies: [hertz(first), hertz(second)], length: step.length };
            len += 1;
        }
        Self { steps, len, bursts, confidence, known }
    }

    /// The tone as a line's profile has it. Its level is of no account.
    pub fn program(&self) -> ToneProgram {
        let mut steps = [ToneStep::SILENCE; MAX_LEARNED_STEPS];
        for (place, step) in steps.iter_mut().zip(self.steps) {
            place.length = step.length;
            for (component, frequency) in place.components.iter_mut().zip(step.frequencies) {
                if frequency.0 > 0.0 {
                    *component = Component::sine(frequency, LEVEL);
                }
            }
        }
        let used = steps.get(..usize::from(self.len)).unwrap_or(&steps);
        ToneProgram::new(used, 0).unwrap_or(ToneProgram::SILENCE)
    }
}

/// Why nothing was learned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LearnEnd {
    /// Nobody called in time.
    NoCall,
    /// The line is in use, rings or is out of service.
    NotFree,
    /// It is no outside line.
    NotOutside,
}
