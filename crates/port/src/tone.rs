//! Tones as data: which frequencies, how loud, for how long.

use tipring_units::{Dbm0, Hz, Millis};

/// Frequencies that sound at once, at the most.
pub const MAX_COMPONENTS: usize = 4;
/// Steps of a tone's cadence, at the most.
pub const MAX_STEPS: usize = 16;

/// The tones of a telephone exchange by what they tell the caller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Tone {
    /// Dial now.
    Dial,
    /// Dial now; there is a message or a feature is on.
    Stutter,
    /// Dial the outside number now.
    Outside,
    /// The called party is being rung.
    Ringback,
    /// The called party is busy.
    Busy,
    /// The call cannot be completed (US: reorder).
    Congestion,
    /// Another call waits.
    CallWaiting,
    /// The number is not in service (three rising tones).
    SpecialInformation,
    /// A feature was switched.
    Confirmation,
    /// The receiver was left off-hook.
    Howler,
}

impl Tone {
    /// All tones, in the order of [`TonePlan`].
    pub const ALL: [Self; 10] = [
        Self::Dial,
        Self::Stutter,
        Self::Outside,
        Self::Ringback,
        Self::Busy,
        Self::Congestion,
        Self::CallWaiting,
        Self::SpecialInformation,
        Self::Confirmation,
        Self::Howler,
    ];

    /// The word for it in flows, ladders and `phone PORT hear`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dial => "dial-tone",
            Self::Stutter => "stutter",
            Self::Outside => "outside-dial-tone",
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "reorder",
            Self::CallWaiting => "call-waiting",
            Self::SpecialInformation => "special-information",
            Self::Confirmation => "confirmation",
            Self::Howler => "howler",
        }
    }
}

/// One frequency of a tone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Component {
    /// The frequency, 300 to 3400 Hz; 0 where the place is not used.
    pub frequency: Hz,
    /// The frequency that modulates its amplitude fully, 0 where there is none (Japan, India).
    pub modulated_by: Hz,
    /// Its level at the line's digital side.
    pub level: Dbm0,
}

impl Component {
    /// A place that is not used.
    pub const NONE: Self = Self { frequency: Hz(0.0), modulated_by: Hz(0.0), level: Dbm0(-99.0) };

    /// A plain sine.
    pub const fn sine(frequency: Hz, level: Dbm0) -> Self {
        Self { frequency, modulated_by: Hz(0.0), level }
    }

    /// True if the place is used.
    pub fn sounds(&self) -> bool {
        self.frequency.0 > 0.0
    }
}

/// A part of a cadence.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ToneStep {
    /// What sounds; all [`Component::NONE`] for a pause.
    pub components: [Component; MAX_COMPONENTS],
    /// How long; zero means until stopped.
    pub length: Millis,
}

impl ToneStep {
    /// A pause without end.
    pub const SILENCE: Self = Self { components: [Component::NONE; MAX_COMPONENTS], length: Millis::ZERO };

    /// True if nothing sounds in it.
    pub fn is_pause(&self) -> bool {
        !self.components.iter().any(Component::sounds)
    }
}

/// A whole tone: its steps in order, the later ones repeated.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ToneProgram {
    steps: [ToneStep; MAX_STEPS],
    len: u8,
    repeat_from: u8,
}

impl ToneProgram {
    /// No sound at all.
    pub const SILENCE: Self = Self { steps: [ToneStep::SILENCE; MAX_STEPS], len: 0, repeat_from: 0 };

    /// A tone of `steps`, at most [`MAX_STEPS`]; after the last it goes on at `repeat_from`, or ends if that is
    /// not a step. `None` if there are too many steps.
    pub fn new(steps: &[ToneStep], repeat_from: usize) -> Option<Self> {
        let mut program = Self::SILENCE;
        program.steps.get_mut(..steps.len())?.copy_from_slice(steps);
        program.len = steps.len() as u8;
        program.repeat_from = repeat_from.min(MAX_STEPS) as u8;
        Some(program)
    }

    /// The steps in order.
    pub fn steps(&self) -> &[ToneStep] {
        &self.steps[..usize::from(self.len)]
    }

    /// The step that follows the last, `None` if the tone ends there.
    pub fn repeat_from(&self) -> Option<usize> {
        (self.repeat_from < self.len).then_some(usize::from(self.repeat_from))
    }
}

/// The tones of a country or of one line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TonePlan {
    programs: [ToneProgram; Tone::ALL.len()],
}

impl TonePlan {
    /// A plan in which nothing sounds.
    pub const SILENT: Self = Self { programs: [ToneProgram::SILENCE; Tone::ALL.len()] };

    /// The program of `tone`.
    pub fn get(&self, tone: Tone) -> &ToneProgram {
        &self.programs[tone as usize]
    }

    /// Sets the program of `tone`.
    pub fn set(&mut self, tone: Tone, program: ToneProgram) {
        self.programs[tone as usize] = program;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_too_many_steps_is_refused() {
        assert!(ToneProgram::new(&[ToneStep::SILENCE; MAX_STEPS + 1], 0).is_none());
    }

    #[test]
    fn the_plan_keeps_each_tone_in_its_own_place() {
        let step = |hz| ToneStep {
            components: [
                Component::sine(Hz(hz), Dbm0(-13.0)),
                Component::NONE,
                Component::NONE,
                Component::NONE,
            ],
            length: Millis(500),
        };
        let mut plan = TonePlan::SILENT;
        for (index, tone) in Tone::ALL.into_iter().enumerate() {
            plan.set(tone, ToneProgram::new(&[step(300.0 + index as f32)], 0).unwrap());
        }
        for (index, tone) in Tone::ALL.into_iter().enumerate() {
            assert_eq!(plan.get(tone).steps(), &[step(300.0 + index as f32)]);
            assert_eq!(plan.get(tone).repeat_from(), Some(0));
        }
    }
}
