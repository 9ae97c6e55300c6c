//! A ring cadence as a program for the card, and where that program is now.

use tipring_port::{Feed, MAX_RING_STEPS, Program, ProgramId, ProgramStep, RingPattern, RingSpec};
use tipring_units::{Millis, SampleTime, Samples};

/// The cadence where neither request nor profile has one.
pub const DEFAULT_BURST: Millis = Millis(2000);
/// Its pause.
pub const DEFAULT_PAUSE: Millis = Millis(4000);

/// What a step of the cadence feeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Ringing voltage.
    Burst,
    /// Battery.
    Pause,
}

/// The cadence that a card executes, followed in time. The card's reports of its steps correct the reckoning; a card
/// that reports none is believed to be exact.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cadence {
    id: ProgramId,
    lengths: [Millis; MAX_RING_STEPS],
    len: usize,
    step: usize,
    step_at: SampleTime,
    /// The first time through the pattern.
    first_round: bool,
}

impl Cadence {
    /// The cadence of `pattern`, or of the profile where that is empty, from `start` on.
    pub fn new(id: ProgramId, pattern: &RingPattern, spec: &RingSpec, start: SampleTime) -> Self {
        let fallback = RingPattern::new(&[DEFAULT_BURST, DEFAULT_PAUSE]);
        let is_empty = |pattern: &RingPattern| pattern.iter().next().is_none();
        let chosen =
            [pattern, &spec.pattern].into_iter().find(|pattern| !is_empty(pattern)).unwrap_or(&fallback);
        Self {
            id,
            lengths: chosen.steps,
            len: chosen.iter().count(),
            step: 0,
            step_at: start,
            first_round: true,
        }
    }

    /// The program that the card runs.
    pub fn program(&self, spec: &RingSpec) -> Option<Program> {
        let burst = Feed::Ringing { frequency: spec.frequency, level: spec.level };
        let mut steps = [ProgramStep { feed: Feed::Normal, length: Samples(1) }; MAX_RING_STEPS];
        for (index, (step, length)) in steps.iter_mut().zip(self.lengths).enumerate() {
            let feed = match phase(index) {
                Phase::Burst => burst,
                Phase::Pause => Feed::Normal,
            };
            *step = ProgramStep { feed, length: length.samples() };
        }
        Program::new(self.id, steps.get(..self.len)?, 0)
    }

    /// The program's name.
    pub fn id(&self) -> ProgramId {
        self.id
    }

    /// The card began `step` at `at`. True if that was news.
    pub fn sync(&mut self, step: usize, at: SampleTime) -> bool {
        if step >= self.len || (self.step, self.step_at) == (step, at) {
            return false;
        }
        self.first_round &= step >= self.step;
        (self.step, self.step_at) = (step, at);
        true
    }

    /// Goes on to the next step if it has begun by `now`.
    pub fn advance(&mut self, now: SampleTime) -> bool {
        let length = self.length(self.step).samples();
        if length.0 == 0 || now.since(self.step_at) < length {
            return false;
        }
        self.step_at = self.step_at + length;
        self.step += 1;
        if self.step >= self.len {
            self.step = 0;
            self.first_round = false;
        }
        true
    }

    /// What the current step feeds.
    pub fn phase(&self) -> Phase {
        phase(self.step)
    }

    /// When the current step began.
    pub fn step_at(&self) -> SampleTime {
        self.step_at
    }

    /// True in the pause `index` of the first time through the pattern.
    pub fn is_in_first(&self, index: usize) -> bool {
        self.first_round && self.step == index
    }

    /// The first pause that has room for something of this length, as the index of its step.
    pub fn first_pause_with_room(&self, needed: Millis) -> Option<usize> {
        (0..self.len).find(|&index| phase(index) == Phase::Pause && self.length(index) >= needed)
    }

    /// The length of the longest pause; zero if there is none.
    pub fn longest_pause(&self) -> Millis {
        let pauses = (0..self.len).filter(|&index| phase(index) == Phase::Pause);
        pauses.map(|index| self.length(index)).max().unwrap_or(Millis::ZERO)
    }

    fn length(&self, step: usize) -> Millis {
        self.lengths.get(step).copied().unwrap_or(Millis::ZERO)
    }
}

fn phase(step: usize) -> Phase {
    if step.is_multiple_of(2) { Phase::Burst } else { Phase::Pause }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn british() -> Cadence {
        let pattern = RingPattern::new(&[Millis(400), Millis(200), Millis(400), Millis(2000)]);
        Cadence::new(ProgramId(7), &pattern, &Settings::for_tests().ring, SampleTime(0))
    }

    #[test]
    fn the_program_is_exact_to_the_sample_and_repeats() {
        let spec = Settings::for_tests().ring;
        let program = british().program(&spec).expect("program");
        assert_eq!(program.id, ProgramId(7));
        assert_eq!(program.repeat_from(), Some(0));
        let lengths: Vec<_> = program.steps().iter().map(|step| step.length.0).collect();
        assert_eq!(lengths, [3200, 1600, 3200, 16_000]);
        let ringing = Feed::Ringing { frequency: spec.frequency, level: spec.level };
        let feeds: Vec<_> = program.steps().iter().map(|step| step.feed).collect();
        assert_eq!(feeds, [ringing, Feed::Normal, ringing, Feed::Normal]);
    }

    #[test]
    fn an_empty_pattern_falls_back_to_the_profile_and_then_to_the_default() {
        let mut spec = Settings::for_tests().ring;
        let none = RingPattern::new(&[]);
        let steps =
            |cadence: Cadence, spec: &RingSpec| cadence.program(spec).expect("program").steps()[0].length;
        spec.pattern = RingPattern::new(&[Millis(1000), Millis(4000)]);
        assert_eq!(steps(Cadence::new(ProgramId(1), &none, &spec, SampleTime(0)), &spec), Samples(8000));
        spec.pattern = none;
        assert_eq!(
            steps(Cadence::new(ProgramId(1), &none, &spec, SampleTime(0)), &spec),
            DEFAULT_BURST.samples()
        );
    }

    #[test]
    fn the_reckoning_follows_the_pattern_and_the_cards_reports() {
        let mut cadence = british();
        let phases: Vec<_> = (0..600)
            .map(|tick| (tick * 10, cadence.advance(SampleTime(tick * 80)), cadence.phase()))
            .filter_map(|(at, began, phase)| if began { Some((at, phase)) } else { None })
            .collect();
        let expected = [
            (400, Phase::Pause),
            (600, Phase::Burst),
            (1000, Phase::Pause),
            (3000, Phase::Burst),
            (3400, Phase::Pause),
            (3600, Phase::Burst),
            (4000, Phase::Pause),
        ];
        assert_eq!(phases, expected);
        assert!(cadence.sync(0, SampleTime(48_040)));
        assert!(!cadence.advance(SampleTime(51_200)));
        assert!(cadence.advance(SampleTime(51_240)));
    }

    #[test]
    fn room_is_looked_for_in_every_pause() {
        assert_eq!(british().first_pause_with_room(Millis(150)), Some(1));
        assert_eq!(british().first_pause_with_room(Millis(1500)), Some(3));
        assert_eq!(british().first_pause_with_room(Millis(2500)), None);
    }
}
