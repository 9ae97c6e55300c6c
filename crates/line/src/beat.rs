//! The beat of the tone that another call waits.
//!
//! # What it does
//! Divides the country's tone into groups of bursts with the pauses after them, in which the subscriber goes on talking.
//!
//! # How
//! A pause of [`LONG_PAUSE`] ends a group; a shorter one is part of the signal, and nobody could say a word in it.
//!
//! # Limits
//! A tone without end counts as [`ENDLESS_BURST`]; groups are [`LEAST_PAUSE`] apart at the least.
//!
//! # Standard
//! ITU-T E.182 (call waiting tone); the tones are the country's.

use tipring_port::{MAX_STEPS, ToneProgram};
use tipring_units::Millis;

/// A pause in which the call is heard again.
pub const LONG_PAUSE: Millis = Millis(600);
/// How long a burst without end sounds.
const ENDLESS_BURST: Millis = Millis(300);
/// Between two groups.
const LEAST_PAUSE: Millis = Millis(1000);

/// The steps of the tone, as lengths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Beat {
    steps: [Step; MAX_STEPS],
    len: u8,
    repeat_from: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Step {
    length: Millis,
    pause: bool,
}

/// Bursts that belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Group {
    /// The first of its steps.
    pub first: u8,
    /// How many steps.
    pub count: u8,
    /// From its beginning to its end; zero: nothing sounds.
    pub length: Millis,
    /// From its end to the next group.
    pub pause: Millis,
    /// The step with which the next group begins, if there is one.
    pub next: Option<u8>,
}

impl Beat {
    /// The beat of `program`.
    pub fn of(program: &ToneProgram) -> Self {
        let mut steps = [Step::default(); MAX_STEPS];
        for (place, step) in steps.iter_mut().zip(program.steps()) {
            *place = Step { length: step.length, pause: step.is_pause() };
        }
        let end = MAX_STEPS as u8;
        Self {
            steps,
            len: program.steps().len() as u8,
            repeat_from: program.repeat_from().and_then(|step| u8::try_from(step).ok()).unwrap_or(end),
        }
    }

    /// The group that begins at step `first`.
    pub fn group(&self, first: u8) -> Group {
        let mut group = Group { first, count: 0, length: Millis::ZERO, pause: Millis::ZERO, next: None };
        let steps = self.steps.get(usize::from(first)..usize::from(self.len)).unwrap_or_default();
        let mut rest = steps.iter();
        let (mut endless, mut taken) = (false, 0_u8);
        for step in rest.by_ref() {
            taken += 1;
            if step.pause && (step.length >= LONG_PAUSE || step.length == Millis::ZERO) {
                group.pause = step.length;
                endless = step.length == Millis::ZERO;
                break;
            }
            group.count += 1;
            if step.length == Millis::ZERO {
                group.length = group.length + ENDLESS_BURST;
                endless = true;
                break;
            }
            group.length = group.length + step.length;
        }
        let after = first.saturating_add(taken);
        group.next = match (endless, after < self.len, self.repeat_from < self.len) {
            (true, ..) | (false, false, false) => None,
            (false, true, _) => Some(after),
            (false, false, true) => Some(self.repeat_from),
        };
        group.pause = group.pause.max(LEAST_PAUSE);
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_port::{Component, ToneStep};
    use tipring_units::{Dbm0, Hz};

    fn program(steps: &[(bool, u32)], repeat_from: usize) -> ToneProgram {
        let burst =
            [Component::sine(Hz(425.0), Dbm0(-13.0)), Component::NONE, Component::NONE, Component::NONE];
        let steps: Vec<ToneStep> = steps
            .iter()
            .map(|(sounds, length)| ToneStep {
                components: if *sounds { burst } else { ToneStep::SILENCE.components },
                length: Millis(*length),
            })
            .collect();
        ToneProgram::new(&steps, repeat_from).unwrap()
    }

    #[test]
    fn short_pauses_belong_to_the_signal_and_long_ones_part_it() {
        let german = Beat::of(&program(&[(true, 200), (false, 200), (true, 200), (false, 5000)], 0));
        let group = german.group(0);
        assert_eq!((group.count, group.length, group.pause), (3, Millis(600), Millis(5000)));
        assert_eq!(group.next, Some(0));
    }

    #[test]
    fn a_tone_that_is_not_repeated_ends_and_one_that_changes_goes_on_at_its_place() {
        let once = Beat::of(&program(&[(true, 300)], usize::MAX));
        assert_eq!(once.group(0).next, None);
        let then = Beat::of(&program(&[(true, 300), (false, 10_000), (true, 100), (false, 4000)], 2));
        assert_eq!(then.group(0).next, Some(2));
        assert_eq!(then.group(2).next, Some(2));
        assert_eq!((then.group(2).first, then.group(2).count, then.group(2).length), (2, 1, Millis(100)));
    }

    #[test]
    fn what_would_never_pause_is_parted_all_the_same() {
        let steady = Beat::of(&program(&[(true, 0)], 0)).group(0);
        assert_eq!((steady.length, steady.next), (Millis(300), None));
        let dense = Beat::of(&program(&[(true, 100), (false, 100)], 0)).group(0);
        assert_eq!((dense.length, dense.pause, dense.next), (Millis(200), Millis(1000), Some(0)));
        let nothing = Beat::of(&ToneProgram::SILENCE).group(0);
        assert_eq!((nothing.count, nothing.length, nothing.next), (0, Millis::ZERO, None));
    }
}
