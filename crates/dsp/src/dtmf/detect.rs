//! DTMF detector.
//!
//! # What it does
//! Reports a digit twice: [`DtmfEvent::Begin`] some 35 ms after its start, when it is certain, and
//! [`DtmfEvent::End`] with its length. [`DtmfDetector::suspects`] tells some 15 ms after the start that a
//! digit may be under way, for whoever keeps the leak of a digit into the voice path short.
//!
//! # How
//! Each 5 ms window that looks like a pair of tones feeds a candidate, which becomes a digit when it is long enough and passes the
//! tests of `candidate.rs`. One that fails goes on with its last windows. A digit ends when [`RELEASE`] of tone are missing, counted
//! by strength, so that a short break does not split it.
//!
//! # Limits
//! A digit that follows another without a pause of 30 ms loses the part that falls into that time.
//! Over a dial tone of more than the digit's own strength digits are heard from 350 ms after its start.
//!
//! # Standard
//! ITU-T Q.24 clause 2 with the values of its Annex A: frequency within 1.5 % + 2 Hz is accepted, beyond
//! 3.5 % refused; 40 ms accepted, 23 ms refused; pause 40 ms accepted; breaks of 10 ms bridged.

use super::Digit;
use super::DtmfProfile;
use super::analysis::{Analysis, Line, pair_energy};
use super::bands::{DELAY, HOP};
use super::candidate::{Candidate, Limits, View};
use crate::level::Frame;
use tipring_units::Samples;

/// What a detector reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DtmfEvent {
    /// A digit is certain.
    Begin {
        /// Which.
        digit: Digit,
        /// How long before the end of this frame it began.
        since: Samples,
    },
    /// The digit that began last is over.
    End {
        /// Which.
        digit: Digit,
        /// How long it was.
        duration: Samples,
    },
}

/// Missing tone that ends a digit, in hops: between breaks of 10 ms to bridge and pauses of 40 ms.
const RELEASE: f32 = 5.2;
/// Hops for which what is below the band must have been steady: 240 ms.
const STEADY_HOPS: u32 = 48;
/// A rise by this factor is the start of something: its steadiness is counted from there.
const ONSET: f32 = 4.0;
/// Share of a window's energy that the pair must have in one that may begin a digit, and in one of a digit that has begun.
const PURITY_WINDOW: f32 = 0.60;
const PURITY_HELD: f32 = 0.35;
/// A single window of a digit that has begun may be off by this much more.
const OFFSET_HELD: f32 = 2.4;
/// Memory of the energy below the band: 30 ms and 100 ms.
const RECENT: f32 = 0.15;
const BACK: f32 = 0.05;
/// Less energy than this is none.
const NOTHING: f32 = 1e-3;
/// It is steady while both agree within 1.5 dB.
const STEADY_SHARE: f32 = 1.4;

/// Hears DTMF digits.
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    analysis: Analysis,
    state: State,
    /// Slow mean of the energy below the band, and for how many hops it has been what it is.
    back: f32,
    recent: f32,
    steady: u32,
    limits: Limits,
    floor: f32,
}

/// Events of one frame; there are never more than two.
#[derive(Clone, Copy, Debug, Default)]
pub struct DtmfEvents {
    events: [Option<DtmfEvent>; 4],
}

impl DtmfEvents {
    fn push(&mut self, event: DtmfEvent) {
        if let Some(place) = self.events.iter_mut().find(|place| place.is_none()) {
            *place = Some(event);
        }
    }
}

impl IntoIterator for DtmfEvents {
    type Item = DtmfEvent;
    type IntoIter = core::iter::Flatten<core::array::IntoIter<Option<DtmfEvent>, 4>>;

    fn into_iter(self) -> Self::IntoIter {
        self.events.into_iter().flatten()
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "a detector holds one, and a box would be memory asked for in a tick"
)]
#[derive(Clone, Debug)]
enum State {
    Idle,
    Candidate(Candidate),
    Digit(Held),
}

#[derive(Clone, Debug)]
struct Held {
    digit: Digit,
    /// Strength of a whole window.
    strength: f32,
    /// Length so far, in hops.
    length: f32,
    missing: f32,
    steady: u8,
}

impl DtmfDetector {
    /// A detector at rest.
    pub fn new(profile: DtmfProfile) -> Self {
        let limits = Limits::new(&profile);
        let floor = pair_energy(limits.level_min, limits.level_min) / 8.0;
        Self {
            analysis: Analysis::new(floor),
            state: State::Idle,
            back: 0.0,
            recent: 0.0,
            steady: 0,
            floor,
            limits,
        }
    }

    /// Takes a frame in and returns what it brought.
    pub fn process(&mut self, frame: &Frame) -> DtmfEvents {
        let mut events = DtmfEvents::default();
        let halves = frame.as_chunks::<HOP>().0;
        for (n, half) in halves.iter().enumerate() {
            // A digit that sounds, or may, is followed through what is quiet: it may be a break in it.
            self.analysis.advance(half, matches!(self.state, State::Idle));
            let after = (halves.len() - 1 - n) * HOP + DELAY;
            self.hop(after as u64, &mut events);
        }
        // Nothing, mostly. It is made anew, for to copy what was written in small pieces a moment ago is to wait for it.
        if events.events[0].is_some() { events } else { DtmfEvents::default() }
    }

    /// True while a digit has begun and has not ended.
    pub fn is_digit(&self) -> bool {
        matches!(self.state, State::Digit(_))
    }

    /// True while a digit sounds or may have begun to sound.
    pub fn suspects(&self) -> bool {
        match &self.state {
            State::Idle => false,
            State::Candidate(candidate) => candidate.is_suspicious(),
            State::Digit(_) => true,
        }
    }

    fn hop(&mut self, after: u64, events: &mut DtmfEvents) {
        self.watch_below();
        if matches!(self.state, State::Idle) {
            // By far the most frequent case, in which nothing large is moved.
            if let Some(candidate) = self.begin_candidate() {
                self.state = State::Candidate(candidate);
            }
            return;
        }
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Idle => {}
            State::Candidate(mut candidate) => {
                let view = self.view_of(candidate.digit);
                candidate.add(&view);
                candidate.misses =
                    if view.looks_like_a_digit(&self.limits) { 0 } else { candidate.misses + 1 };
                let heir = (candidate.misses > 0).then(|| self.begin_candidate()).flatten();
                if let Some(mut heir) = heir {
                    // Another digit after all.
                    heir.inherit(&candidate);
                    self.state = State::Candidate(heir);
                } else if candidate.misses > 2
                    || (candidate.misses > 1 && view.strength() < 0.3 * candidate.strength_max)
                {
                    self.state = State::Idle;
                } else if !candidate.is_ripe() {
                    self.state = State::Candidate(candidate);
                } else if candidate.is_certain(&self.limits, self.steady >= STEADY_HOPS) {
                    let length = candidate.whole_length();
                    // The window's own rise leaves half a hop of the tone out of the sum.
                    let since = Samples(((length + 0.5) * HOP as f32) as u64 + after);
                    events.push(DtmfEvent::Begin { digit: candidate.digit, since });
                    self.state = State::Digit(Held {
                        digit: candidate.digit,
                        strength: candidate.strength_max,
                        length,
                        missing: 0.0,
                        steady: 0,
                    });
                } else {
                    candidate.shed();
                    self.state = State::Candidate(candidate);
                }
            }
            State::Digit(mut held) => {
                if self.hold(&mut held) {
                    self.state = State::Digit(held);
                } else {
                    let duration = Samples((held.length * HOP as f32 + 0.5) as u64);
                    events.push(DtmfEvent::End { digit: held.digit, duration });
                    self.state = self.begin_candidate().map_or(State::Idle, State::Candidate);
                }
            }
        }
    }

    /// Follows the energy below the band: dial tone and hum stay what they are.
    fn watch_below(&mut self) {
        let below = self.analysis.below();
        self.recent += (below - self.recent) * RECENT;
        if self.recent < NOTHING {
            // Less would be arithmetic of denormal numbers in the end.
            self.recent = 0.0;
        }
        if self.recent < self.back * STEADY_SHARE && self.back < self.recent * STEADY_SHARE {
            self.steady = self.steady.saturating_add(1);
        } else {
            self.steady = 0;
        }
        if self.recent > self.back * ONSET {
            self.back = self.recent;
        }
        self.back += (self.recent - self.back) * BACK;
        if self.back < NOTHING {
            self.back = 0.0;
        }
    }

    /// A candidate, if the window looks like a digit.
    fn begin_candidate(&self) -> Option<Candidate> {
        let energy = self.analysis.energy();
        if energy < self.floor || self.analysis.explicable() < PURITY_WINDOW * energy {
            return None;
        }
        let (low, high) = (self.analysis.strongest(false), self.analysis.strongest(true));
        let view = self.view(low, high);
        if !view.looks_like_a_digit(&self.limits) {
            return None;
        }
        let before = libm::sqrtf(
            self.analysis.peak_before(false, low.place) * self.analysis.peak_before(true, high.place),
        );
        Some(Candidate::new(&view, before))
    }

    /// What the window shows of a pair.
    fn view(&self, low: Line, high: Line) -> View {
        let analysis = &self.analysis;
        View { low, high, energy: analysis.energy(), upper: analysis.upper(), below: analysis.below() }
    }

    fn view_of(&self, digit: Digit) -> View {
        self.view(self.analysis.line(false, digit.row()), self.analysis.line(true, digit.column()))
    }

    /// Follows a digit; false when it is over.
    fn hold(&self, held: &mut Held) -> bool {
        let view = self.view_of(held.digit);
        let (low, high, now) = (&view.low, &view.high, view.strength());
        let share = (now / held.strength.max(1e-9)).min(1.0);
        let present = view.pair() >= PURITY_HELD * view.energy
            && high.peak <= low.peak * self.limits.forward * 2.0
            && low.peak <= high.peak * self.limits.reverse * 2.0
            // A window at the edge of a tone has no frequency to speak of.
            && (share < 0.6 || self.limits.are_near(low, high, OFFSET_HELD));
        let share = if present { share } else { 0.0 };
        held.missing += 1.0 - share;
        held.length += share;
        if share > 0.7 {
            held.strength += (now - held.strength) * 0.1;
            held.steady = held.steady.saturating_add(1);
            if held.steady >= 2 {
                // The tone is back: what was missing was a break within it.
                held.length += held.missing;
                held.missing = 0.0;
            }
        } else {
            held.steady = 0;
        }
        held.missing < RELEASE
    }
}

#[cfg(test)]
impl DtmfDetector {
    /// A detector that takes nothing for silence.
    pub(super) fn thorough() -> Self {
        let mut detector = Self::default();
        detector.analysis.take_nothing_for_silence();
        detector
    }

    /// True if it has nothing to compute.
    pub(super) fn rests(&self) -> bool {
        self.analysis.rests()
    }
}

impl Default for DtmfDetector {
    fn default() -> Self {
        Self::new(DtmfProfile::default())
    }
}
