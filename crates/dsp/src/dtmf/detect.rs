//! DTMF detector.
//!
//! # What it does
//! Reports a digit twice: [`DtmfEvent::Begin`] some 35 ms after its start, when it is certain, and
//! [`DtmfEvent::End`] with its length. [`DtmfDetector::suspects`] tells some 15 ms after the start that a
//! digit may be under way, for whoever keeps the leak of a digit into the voice path short.
//!
//! # How
//! Each 5 ms window that looks like a pair of tones feeds a candidate. A candidate becomes a digit when the
//! strengths of its windows add up to [`ACCEPT`] of tone, its mean frequencies, twist and level are right,
//! nearly all energy lies in the pair, and the phases turned steadily. A voice whose formants pass all that gives itself away
//! by its fundamental: energy below the band, which is let pass only where it has been steady for 240 ms, as dial tone is. A digit
//! ends when [`RELEASE`] of tone are missing, counted the same way, so that a short break does not split it.
//!
//! # Limits
//! A digit that follows another without a pause of 30 ms loses the part that falls into that time.
//! Over a dial tone of more than the digit's own strength digits are heard from 350 ms after its start.
//!
//! # Standard
//! ITU-T Q.24 clause 2 with the values of its Annex A: frequency within 1.5 % + 2 Hz is accepted, beyond
//! 3.5 % refused; 40 ms accepted, 23 ms refused; pause 40 ms accepted; breaks of 10 ms bridged.

use super::Digit;
use super::analysis::{Analysis, Complex, DELAY, HOP, Line, is_within, pair_energy};
use super::{DtmfProfile, HIGH_GROUP, LOW_GROUP};
use crate::level::{Frame, ratio, sine_peak};
use tipring_units::{Db, Dbm0, Samples};

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

/// Tone that makes a digit, in hops of 5 ms: between the 23 ms to refuse and the 40 ms to accept.
const ACCEPT: f32 = 5.9;
/// Missing tone that ends a digit, in hops: between breaks of 10 ms to bridge and pauses of 40 ms.
const RELEASE: f32 = 5.2;
/// Tone that makes a suspicion, in hops.
const SUSPECT: f32 = 1.9;
/// Share of the energy that the pair must have over the whole candidate; noise 8 dB below each tone leaves 0.93.
const PURITY: f32 = 0.88;
/// The same where there is also a steady tone or hum below the band.
const PURITY_STEADY: f32 = 0.95;
/// Energy below the band that a digit may have beside it, as a share of its own, if it is not steady: a voice that makes a pair
/// by its formants has several times as much. The purer the pair, the more is let pass; white noise of any level leaves less.
const BELOW: [(f32, f32); 3] = [(0.96, 0.25), (0.93, 0.075), (0.0, 0.055)];
/// Windows that must have been looked at.
const WINDOWS_MIN: f32 = 4.0;
/// Windows of a candidate that do not count there: the high-pass answers late.
const BELOW_FROM: f32 = 2.0;
/// What the ripple of the high-pass takes from each frequency, as a share: it is not below the band.
const RIPPLE: [f32; 8] = [0.0469, 0.0017, 0.0199, 0.0456, 0.0091, 0.0, 0.0062, 0.0224];
/// Hops for which what is below the band must have been steady: 240 ms.
const STEADY_HOPS: u32 = 48;
/// A rise by this factor is the start of something: its steadiness is counted from there.
const ONSET: f32 = 4.0;
/// The same for a single window, and for a window of a digit that has begun.
const PURITY_WINDOW: f32 = 0.60;
const PURITY_HELD: f32 = 0.35;
/// Frequency limit: above the 1.8 % of NTT and Brazil and the 1.5 % + 4 Hz of Australia, below Brazil's 3 %.
const OFFSET_SHARE: f32 = 0.018;
const OFFSET_HERTZ: f32 = 4.0;
/// A single window may be off by this much more.
const OFFSET_WINDOW: f32 = 1.6;
/// Steadiness of the phase turns over a candidate: 1 is a pure tone.
const COHERENCE: f32 = 0.93;
/// Memory of the energy below the band: 30 ms and 100 ms.
const RECENT: f32 = 0.15;
const BACK: f32 = 0.05;
/// It is steady while both agree within 1.5 dB.
const STEADY_SHARE: f32 = 1.4;
/// Twist measured may exceed the profile's by this.
const TWIST_SLACK: f32 = 1.0;
/// Level measured may fall below the profile's by this.
const LEVEL_SLACK: f32 = 1.5;

/// Hears DTMF digits.
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    analysis: Analysis,
    state: State,
    /// Slow mean of the energy below the band, and for how many hops it has been what it is.
    back: f32,
    recent: f32,
    steady: u32,
    level_min: f32,
    forward: f32,
    reverse: f32,
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

#[derive(Clone, Debug)]
enum State {
    Idle,
    Candidate(Candidate),
    Digit(Held),
}

#[derive(Clone, Debug)]
struct Candidate {
    digit: Digit,
    windows: f32,
    misses: u8,
    strength: f32,
    strength_max: f32,
    low_power: f32,
    high_power: f32,
    explained: f32,
    energy: f32,
    below: f32,
    /// What the pair explains of the same windows.
    beside: f32,
    low: Turns,
    high: Turns,
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

/// Sum of the phase turns of one frequency.
#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    sum: Complex,
    weight: f32,
}

impl Turns {
    fn add(&mut self, turn: Complex) {
        self.sum = self.sum.plus(turn);
        self.weight += libm::sqrtf(turn.power());
    }

    fn coherence(&self) -> f32 {
        libm::sqrtf(self.sum.power()) / self.weight.max(1e-9)
    }
}

impl DtmfDetector {
    /// A detector at rest.
    pub fn new(profile: DtmfProfile) -> Self {
        let level_min = sine_peak(Dbm0(profile.level_min.0 - LEVEL_SLACK));
        Self {
            analysis: Analysis::new(),
            state: State::Idle,
            back: 0.0,
            recent: 0.0,
            steady: 0,
            level_min,
            forward: ratio(Db(profile.twist_forward.0 + TWIST_SLACK)),
            reverse: ratio(Db(profile.twist_reverse.0 + TWIST_SLACK)),
            floor: pair_energy(level_min, level_min) / 8.0,
        }
    }

    /// Takes a frame in and returns what it brought.
    pub fn process(&mut self, frame: &Frame) -> DtmfEvents {
        let mut events = DtmfEvents::default();
        let halves = frame.len() / HOP;
        for (n, half) in frame.chunks_exact(HOP).enumerate() {
            self.analysis.advance(half, self.floor);
            let after = (halves - 1 - n) * HOP + DELAY;
            self.hop(after as u64, &mut events);
        }
        events
    }

    /// True while a digit has begun and has not ended.
    pub fn is_digit(&self) -> bool {
        matches!(self.state, State::Digit(_))
    }

    /// True while a digit sounds or may have begun to sound.
    pub fn suspects(&self) -> bool {
        match &self.state {
            State::Idle => false,
            State::Candidate(candidate) => candidate.length() >= SUSPECT,
            State::Digit(_) => true,
        }
    }

    fn hop(&mut self, after: u64, events: &mut DtmfEvents) {
        self.watch_below();
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Idle => self.state = self.begin_candidate(),
            State::Candidate(mut candidate) => {
                let (low, high) = self.lines_of(candidate.digit);
                candidate.add(&low, &high, self.analysis.energy(), self.analysis.below());
                let strength = strength(&low, &high);
                if self.looks_like(&low, &high) {
                    candidate.misses = 0;
                } else {
                    candidate.misses += 1;
                }
                let heir = if candidate.misses > 0 { self.begin_candidate() } else { State::Idle };
                if let State::Candidate(mut heir) = heir {
                    // Another digit after all. Where the first windows were named wrongly (a tone's edge has
                    // no frequency), what they heard of the tone still counts.
                    if candidate.windows <= 3.0 {
                        let share =
                            heir.strength_max / candidate.strength_max.max(heir.strength_max).max(1e-9);
                        heir.strength = heir.strength.max(candidate.strength * share);
                    }
                    self.state = State::Candidate(heir);
                } else if candidate.misses > 2
                    || (candidate.misses > 1 && strength < 0.3 * candidate.strength_max)
                {
                    self.state = self.begin_candidate();
                } else if candidate.length() < ACCEPT || candidate.windows < WINDOWS_MIN {
                    self.state = State::Candidate(candidate);
                } else if self.is_certain(&candidate) {
                    let length = candidate.length();
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
                    self.state = self.begin_candidate();
                }
            }
            State::Digit(mut held) => {
                if self.hold(&mut held) {
                    self.state = State::Digit(held);
                } else {
                    let duration = Samples((held.length * HOP as f32 + 0.5) as u64);
                    events.push(DtmfEvent::End { digit: held.digit, duration });
                    self.state = self.begin_candidate();
                }
            }
        }
    }

    /// Follows the energy below the band: dial tone and hum stay what they are.
    fn watch_below(&mut self) {
        let below = self.analysis.below();
        self.recent += (below - self.recent) * RECENT;
        if self.recent < self.back * STEADY_SHARE && self.back < self.recent * STEADY_SHARE {
            self.steady = self.steady.saturating_add(1);
        } else {
            self.steady = 0;
        }
        if self.recent > self.back * ONSET {
            self.back = self.recent;
        }
        self.back += (self.recent - self.back) * BACK;
    }

    /// A candidate, if the window looks like a digit.
    fn begin_candidate(&self) -> State {
        let energy = self.analysis.energy();
        if energy < self.floor || self.analysis.explicable() < PURITY_WINDOW * energy {
            return State::Idle;
        }
        let (low, high) = (self.analysis.strongest(false), self.analysis.strongest(true));
        if !self.looks_like(&low, &high) {
            return State::Idle;
        }
        let mut candidate = Candidate::new(Digit::from_place(low.place, high.place));
        // The window before may hold the tone's rise.
        let before = libm::sqrtf(
            self.analysis.peak_before(false, low.place) * self.analysis.peak_before(true, high.place),
        );
        if before < strength(&low, &high) {
            candidate.strength += before;
        }
        candidate.add(&low, &high, self.analysis.energy(), self.analysis.below());
        State::Candidate(candidate)
    }

    fn lines_of(&self, digit: Digit) -> (Line, Line) {
        (self.analysis.line(false, digit.row()), self.analysis.line(true, digit.column()))
    }

    /// Loose tests of a single window.
    fn looks_like(&self, low: &Line, high: &Line) -> bool {
        let explained = pair_energy(low.peak, high.peak);
        low.peak >= self.level_min / 2.0
            && high.peak >= self.level_min / 2.0
            && high.peak <= low.peak * self.forward * 1.5
            && low.peak <= high.peak * self.reverse * 1.5
            && explained >= PURITY_WINDOW * self.analysis.energy()
            && within(low, LOW_GROUP, OFFSET_WINDOW)
            && within(high, HIGH_GROUP, OFFSET_WINDOW)
    }

    /// Strict tests of a whole candidate.
    fn is_certain(&self, candidate: &Candidate) -> bool {
        let low = libm::sqrtf(candidate.low_power / candidate.windows);
        let high = libm::sqrtf(candidate.high_power / candidate.windows);
        let offset = |turns: &Turns, nominal: f32| is_within(turns.sum, limit(nominal));
        low >= self.level_min
            && high >= self.level_min
            && high <= low * self.forward
            && low <= high * self.reverse
            && self.is_no_voice(candidate)
            && candidate.low.coherence() >= COHERENCE
            && candidate.high.coherence() >= COHERENCE
            && offset(&candidate.low, LOW_GROUP[candidate.digit.row()])
            && offset(&candidate.high, HIGH_GROUP[candidate.digit.column()])
    }

    /// True if nearly all is the pair, and what is below the band is little or has been there before.
    fn is_no_voice(&self, candidate: &Candidate) -> bool {
        let purity = candidate.explained / candidate.energy.max(1e-9);
        let ripple = candidate.low_power * RIPPLE[candidate.digit.row()]
            + candidate.high_power * RIPPLE[4 + candidate.digit.column()];
        let own = ripple / (candidate.low_power + candidate.high_power).max(1e-9);
        let below = candidate.below / candidate.beside.max(1e-9) - own;
        let steady = self.steady >= STEADY_HOPS && purity >= PURITY_STEADY;
        purity >= PURITY && (steady || BELOW.iter().any(|&(least, most)| purity >= least && below <= most))
    }

    /// Follows a digit; false when it is over.
    fn hold(&self, held: &mut Held) -> bool {
        let (low, high) = self.lines_of(held.digit);
        let now = strength(&low, &high);
        let share = (now / held.strength.max(1e-9)).min(1.0);
        let present = pair_energy(low.peak, high.peak) >= PURITY_HELD * self.analysis.energy()
            && high.peak <= low.peak * self.forward * 2.0
            && low.peak <= high.peak * self.reverse * 2.0
            // A window at the edge of a tone has no frequency to speak of.
            && (share < 0.6
                || (within(&low, LOW_GROUP, OFFSET_WINDOW * 1.5) && within(&high, HIGH_GROUP, OFFSET_WINDOW * 1.5)));
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

impl Default for DtmfDetector {
    fn default() -> Self {
        Self::new(DtmfProfile::default())
    }
}

impl Candidate {
    fn new(digit: Digit) -> Self {
        Self {
            digit,
            windows: 0.0,
            misses: 0,
            strength: 0.0,
            strength_max: 0.0,
            low_power: 0.0,
            high_power: 0.0,
            explained: 0.0,
            energy: 0.0,
            below: 0.0,
            beside: 0.0,
            low: Turns::default(),
            high: Turns::default(),
        }
    }

    fn add(&mut self, low: &Line, high: &Line, energy: f32, below: f32) {
        if self.windows >= BELOW_FROM {
            self.below += below;
            self.beside += pair_energy(low.peak, high.peak);
        }
        let strength = strength(low, high);
        self.windows += 1.0;
        self.strength += strength;
        self.strength_max = self.strength_max.max(strength);
        self.low_power += low.peak * low.peak;
        self.high_power += high.peak * high.peak;
        self.explained += pair_energy(low.peak, high.peak);
        self.energy += energy;
        self.low.add(low.turn);
        self.high.add(high.turn);
    }

    /// Tone so far, in hops.
    fn length(&self) -> f32 {
        self.strength / self.strength_max.max(1e-9)
    }
}

fn strength(low: &Line, high: &Line) -> f32 {
    libm::sqrtf(low.peak * high.peak)
}

fn limit(nominal: f32) -> f32 {
    nominal * OFFSET_SHARE + OFFSET_HERTZ
}

fn within(line: &Line, group: [f32; 4], slack: f32) -> bool {
    is_within(line.turn, limit(group[line.place & 3]) * slack)
}
