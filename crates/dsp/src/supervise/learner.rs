//! Learns the tone by which an exchange clears a line.
//!
//! # What it does
//! Listens from a hang-up on and proposes the pattern that came again and again: frequencies and cadence, with how sure it is;
//! and tells whether that is a tone which the country's plan has anyway.
//!
//! # How
//! The stretches of steady tone are kept. Of the cycles of one, two or three bursts the one is taken that repeats for most
//! bursts in a row; its frequencies and lengths are the means of those. A tone that stands still for [`STEADY`] has no
//! cadence. The confidence is the product of three shares: how often the cycle came, how constant bursts and pauses were,
//! how constant and pure the frequencies.
//!
//! # Limits
//! [`STRETCHES`] stretches: the earliest are forgotten. Cycles of up to [`CYCLE_MAX`] bursts.
//!
//! # Standard
//! None.

use super::pattern::millis;
use super::tones::{ToneNews, ToneWatch};
use super::{LEVEL_MIN, SampleTime};
use crate::bank::segment::{Segment, SegmentEvent, Tracker};
use crate::bank::spectrum::FrontEnd;
use crate::level::{Frame, capped_energy, frame_level, power_of_level};
use tipring_port::{Component, Tone, TonePlan, ToneProgram, ToneStep};
use tipring_units::{Dbm0, Hz, Millis};

/// Stretches that are kept.
const STRETCHES: usize = 48;
/// Bursts of a cycle, at the most.
const CYCLE_MAX: usize = 3;
/// Shorter stretches are noise.
const SHORTEST: f32 = 70.0;
/// A tone that stands still for so long, in milliseconds, has no cadence.
const STEADY: f32 = 2500.0;
/// Longer pauses end a pattern.
const PAUSE_MAX: f32 = 6000.0;
/// Two bursts are one of a cycle if they differ by less: lengths as a share and in milliseconds on top, frequencies in hertz.
const LENGTH: (f32, f32) = (0.08, 20.0);
const FREQUENCY: f32 = 7.0;
/// Lengths are told in steps of this many milliseconds.
const STEP: f32 = 10.0;

/// A tone that was learned.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LearnedTone {
    /// Its pattern.
    pub program: ToneProgram,
    /// Bursts from which it was learned.
    pub bursts: usize,
    /// How sure that it is one, 0 to 1.
    pub confidence: f32,
    /// The tone of the country's plan that it is, if it is one: then nothing need be learned.
    pub known: Option<Tone>,
}

/// Learns.
#[derive(Clone, Debug)]
pub struct ToneLearner {
    front: FrontEnd,
    tracker: Tracker,
    watch: ToneWatch,
    stretches: [Option<Segment>; STRETCHES],
    known: Option<Tone>,
    now: SampleTime,
}

impl ToneLearner {
    /// A learner who knows these tones.
    pub fn new(plan: &TonePlan) -> Self {
        let floor = power_of_level(LEVEL_MIN);
        Self {
            front: FrontEnd::new(floor),
            tracker: Tracker::new(floor),
            watch: ToneWatch::new(plan, None),
            stretches: [None; STRETCHES],
            known: None,
            now: SampleTime(0),
        }
    }

    /// Forgets what it has heard.
    pub fn reset(&mut self) {
        (self.stretches, self.known) = ([None; STRETCHES], None);
    }

    /// Takes a frame of what came after a hang-up.
    pub fn feed(&mut self, frame: &Frame) {
        self.now.0 += frame.len() as u64;
        self.watch.level(frame_level(frame));
        let Some(spectrum) = self.front.advance(frame, capped_energy(frame)) else { return };
        let event = self.tracker.advance(&spectrum, &self.front.powers, self.now);
        if let Some(SegmentEvent::End(segment)) = event
            && millis(segment.length.0) >= SHORTEST
        {
            self.stretches.rotate_left(1);
            self.stretches[STRETCHES - 1] = Some(segment);
        }
        for news in self.watch.advance(event, self.tracker.current().as_ref(), self.now).into_iter().flatten()
        {
            if let ToneNews::Began(tone) = news {
                self.known = Some(tone);
            }
        }
    }

    /// What was learned so far.
    pub fn result(&self) -> Option<LearnedTone> {
        let (mut all, mut count) = ([Segment::EMPTY; STRETCHES], 0);
        for (slot, segment) in all.iter_mut().zip(self.stretches.iter().flatten()) {
            *slot = *segment;
            count += 1;
        }
        let steady = self
            .tracker
            .current()
            .into_iter()
            .chain(all[..count].iter().rev().copied())
            .find(|segment| millis(segment.length.0) >= STEADY);
        let found = cadence(&all[..count]).or_else(|| steady.and_then(|segment| standing(&segment)));
        found.map(|found| LearnedTone { known: self.known, ..found })
    }
}

/// A tone that stands still.
fn standing(segment: &Segment) -> Option<LearnedTone> {
    let program = ToneProgram::new(&[step(core::slice::from_ref(segment), Millis::ZERO)], 0)?;
    let seconds = millis(segment.length.0) / 1000.0;
    let confidence = (seconds / (seconds + 1.0)) * clear(segment.wander.0 / 3.0) * segment.purity;
    Some(LearnedTone { program, bursts: 1, confidence, known: None })
}

/// The cycle that repeats most often.
fn cadence(all: &[Segment]) -> Option<LearnedTone> {
    let mut best: Option<(usize, usize, usize)> = None;
    for cycle in 1..=CYCLE_MAX {
        // Runs in which each burst is like the one a cycle before it.
        let (mut start, mut at) = (0, cycle);
        while at <= all.len() {
            let goes_on = at < all.len() && goes_on(all, start, at, cycle);
            if !goes_on {
                let bursts = at - start;
                // A longer cycle has to explain more than a shorter one does.
                let more = best.is_none_or(|(_, most, _)| bursts > most + 1);
                if bursts >= 2 * cycle && bursts >= 3 && more {
                    best = Some((start, bursts, cycle));
                }
                start = at + 1 - cycle;
            }
            at += 1;
        }
    }
    let (start, bursts, cycle) = best?;
    // The longest pause ends the cycle.
    let ends = |place: usize| all.get(start + place + 1).map_or(0.0, |next| pause(&all[start + place], next));
    let last = (0..cycle).max_by(|&a, &b| ends(a).total_cmp(&ends(b))).unwrap_or(0);
    let skipped = (last + 1) % cycle;
    let run = all.get(start + skipped..start + bursts)?;
    let (mut steps, mut lengths, mut frequencies, mut purity) =
        ([ToneStep::SILENCE; 2 * CYCLE_MAX], 0.0_f32, 0.0_f32, 0.0_f32);
    for place in 0..cycle {
        let (mut same, mut count) = ([Segment::EMPTY; STRETCHES], 0);
        for segment in run.iter().skip(place).step_by(cycle) {
            same[count] = *segment;
            count += 1;
        }
        let same = &same[..count];
        let (on, on_off) = mean(same.iter().map(|segment| millis(segment.length.0)));
        let pauses = run.windows(2).skip(place).step_by(cycle).map(|pair| pause(&pair[0], &pair[1]));
        let (off, off_off) = mean(pauses);
        lengths = lengths.max(on_off / on).max(off_off / off);
        for n in 0..same.first()?.frequencies().len() {
            let (hertz, apart) = mean(same.iter().map(|one| one.frequencies().get(n).map_or(0.0, |h| h.0)));
            frequencies = frequencies.max(apart / hertz.max(1.0));
        }
        purity += same.iter().map(|one| one.purity).sum::<f32>() / (count * cycle) as f32;
        *steps.get_mut(2 * place)? = step(same, rounded(on));
        *steps.get_mut(2 * place + 1)? = ToneStep { length: rounded(off), ..ToneStep::SILENCE };
    }
    let program = ToneProgram::new(steps.get(..2 * cycle)?, 0)?;
    let repeats = (bursts / cycle - 1) as f32;
    let confidence = (repeats / (repeats + 0.4)) * clear(lengths / 0.15) * clear(frequencies / 0.02) * purity;
    Some(LearnedTone { program, bursts, confidence, known: None })
}

/// True if the burst at `at` is like the one a cycle before it, and so is the pause before it.
fn goes_on(all: &[Segment], start: usize, at: usize, cycle: usize) -> bool {
    let (Some(here), Some(before)) = (all.get(at), all.get(at - cycle)) else { return false };
    let pauses = at > 0 && pause(&all[at - 1], here) < PAUSE_MAX;
    // The pause before the first burst of a run says nothing.
    let same_pause =
        at < start + cycle + 1 || near(pause(&all[at - 1], here), pause(&all[at - cycle - 1], before));
    pauses
        && same_pause
        && near(millis(here.length.0), millis(before.length.0))
        && here.frequencies().len() == before.frequencies().len()
        && here.frequencies().iter().zip(before.frequencies()).all(|(a, b)| (a.0 - b.0).abs() < FREQUENCY)
}

fn pause(one: &Segment, next: &Segment) -> f32 {
    millis(next.start.0.saturating_sub(one.end().0))
}

fn near(a: f32, b: f32) -> bool {
    (a - b).abs() <= a.max(b) * LENGTH.0 + LENGTH.1
}

/// Mean, and mean distance from it.
fn mean(values: impl Iterator<Item = f32> + Clone) -> (f32, f32) {
    let count = values.clone().count().max(1) as f32;
    let mean = values.clone().sum::<f32>() / count;
    (mean, values.map(|value| (value - mean).abs()).sum::<f32>() / count)
}

/// 1 for nothing, 0 for 1 and more.
fn clear(off: f32) -> f32 {
    (1.0 - off).clamp(0.0, 1.0)
}

fn rounded(length: f32) -> Millis {
    Millis((libm::roundf(length / STEP) * STEP) as u32)
}

/// A step that sounds as these stretches did, in the mean.
fn step(same: &[Segment], length: Millis) -> ToneStep {
    let mut out = ToneStep { length, ..ToneStep::SILENCE };
    let count = same.first().map_or(0, |one| one.frequencies().len());
    let (level, _) = mean(same.iter().map(|one| one.level.0));
    let each = level - 10.0 * libm::log10f(count.max(1) as f32);
    for (n, slot) in out.components.iter_mut().take(count).enumerate() {
        let (hertz, _) = mean(same.iter().map(|one| one.frequencies().get(n).map_or(0.0, |h| h.0)));
        *slot = Component::sine(Hz(libm::roundf(hertz)), Dbm0(libm::roundf(each)));
    }
    out
}
