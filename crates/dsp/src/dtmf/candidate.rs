//! A digit that may be under way, and what tells it from a voice.
//!
//! # What it does
//! Keeps what the windows since its start showed of one pair of tones, and judges them when they are enough.
//!
//! # How
//! A key sends two tones that stay what they are. So beside level, twist and frequency it is asked that
//! - neither tone moves: its frequency and its level in the first half are those of the second. The formants of a voice glide;
//! - what lies beside the pair within the band is little, or it is noise: then it is as strong above 2 kHz, where a voice that makes
//!   a pair has next to nothing; or it is little but for the windows around a short gap in the tone, which are softer than the others;
//! - what lies below the band is little too, unless it was there before, as dial tone is: a voice has its fundamental there. The purer
//!   the pair, the more may be below it, so that somebody may talk while a key is pressed.
//!
//! # Limits
//! The windows at its edges hold part of a tone. They count for its length and not for its purity.
//!
//! # Standard
//! ITU-T Q.24 clause 2; the rest is by measurement (see `tipring bench dtmf`).

use super::analysis::{Complex, Line, agree, energy_of, is_within, pair_energy};
use super::{Digit, DtmfProfile, HIGH_GROUP, LOW_GROUP};
use crate::level::{ratio, sine_peak};
use tipring_units::{Db, Dbm0};

/// Windows that are kept: 80 ms.
const KEPT: usize = 16;
/// Windows that must have been looked at.
const WINDOWS_MIN: usize = 4;
/// Windows at the start that do not count for purity: part of them may be before the tone, and the high-pass answers late.
const EDGE: usize = 2;
/// Tone that makes a digit, in hops of 5 ms: between the 23 ms to refuse and the 40 ms to accept.
const ACCEPT: f32 = 5.9;
/// Tone that makes a suspicion, in hops.
const SUSPECT: f32 = 1.9;
/// A window as strong as the last within this factor is of the same tone.
const ALIKE: f32 = 0.8;

/// How far a tone may move from the first half to the second: in hertz and as a ratio. An echo 8 dB below moves it by up to 8 Hz
/// and 4 dB; noise by more, the square of it by this much for the energy above 2 kHz as a share of the tone's own.
const DRIFT: f32 = 8.0;
const DRIFT_NOISE: f32 = 600.0;
const SWELL: f32 = 1.6;
/// Steadiness of the phase turns over a candidate: 1 is a pure tone.
const COHERENCE: f32 = 0.93;
/// Share of the energy that the pair must have at the least. Noise 5 dB below each tone leaves 0.86.
const PURITY: f32 = 0.875;
/// What may lie beside the pair below 2 kHz, as a share of its energy, if nothing lies above.
const BESIDE: f32 = 0.065;
const BESIDE_NOISE: f32 = 0.9;
/// A gap in the tone: windows softer than this share of the loudest, at most so many of them, at least so many others, and what
/// may lie beside the pair in those.
const WHOLE: f32 = 0.95;
const GAP: usize = 3;
const GAP_BESIDE: usize = 2;
const GAP_PURE: f32 = 0.02;
/// What may lie below the band, as a share of the pair: in any case, and by how much more for what lies above 2 kHz, as noise does.
const BELOW: f32 = 0.05;
const BELOW_NOISE: f32 = 1.0;
/// The same where what lies beside the pair and above is at most this.
const BELOW_PURE: [(f32, f32); 2] = [(0.035, 0.25), (0.012, 0.4)];
/// Purity where there is also a steady tone or hum below the band.
const PURITY_STEADY: f32 = 0.95;
/// What the ripple of the high-pass takes from each frequency, as a share: it is not below the band.
const RIPPLE: [f32; 8] = [0.0469, 0.0017, 0.0199, 0.0456, 0.0091, 0.0, 0.0062, 0.0224];

/// Loss of the window at an offset, against 1 less the cosine of the turn: 5 % at 20 Hz.
const SCALLOP: f32 = 0.27;

/// Level measured may fall below the profile's by this, twist exceed it, and the frequency be farther off.
const LEVEL_SLACK: f32 = 1.5;
const TWIST_SLACK: f32 = 1.0;
const OFFSET_SLACK: f32 = 2.5;
/// A single window may be off by this much more.
const OFFSET_WINDOW: f32 = 1.6;
/// Share of a single window's energy that the pair must have.
const PURITY_WINDOW: f32 = 0.60;

/// A profile in the units of the analysis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) level_min: f32,
    pub(super) forward: f32,
    pub(super) reverse: f32,
    /// Offsets accepted of each frequency, low group first, in hertz.
    offsets: [f32; 8],
}

impl Limits {
    pub(super) fn new(profile: &DtmfProfile) -> Self {
        let offset =
            |nominal: f32| nominal * profile.offset_percent / 100.0 + profile.offset.0 + OFFSET_SLACK;
        Self {
            level_min: sine_peak(Dbm0(profile.level_min.0 - LEVEL_SLACK)),
            forward: ratio(Db(profile.twist_forward.0 + TWIST_SLACK)),
            reverse: ratio(Db(profile.twist_reverse.0 + TWIST_SLACK)),
            offsets: core::array::from_fn(|n| {
                offset(if n < 4 { LOW_GROUP[n & 3] } else { HIGH_GROUP[n & 3] })
            }),
        }
    }

    /// True if both frequencies of one window are about right.
    pub(super) fn are_near(&self, low: &Line, high: &Line, slack: f32) -> bool {
        is_within(low.turn, self.offsets[low.place & 3] * slack)
            && is_within(high.turn, self.offsets[4 + (high.place & 3)] * slack)
    }
}

/// What one window shows of a pair.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {
    pub(super) low: Line,
    pub(super) high: Line,
    /// Energy from 640 Hz up, the part of it from 2 kHz up, and the energy below.
    pub(super) energy: f32,
    pub(super) upper: f32,
    pub(super) below: f32,
}

impl View {
    /// Geometric mean of both peaks.
    pub(super) fn strength(&self) -> f32 {
        libm::sqrtf(self.low.peak * self.high.peak)
    }

    pub(super) fn pair(&self) -> f32 {
        energy_of(&self.low, &self.high)
    }

    /// Loose tests of a single window.
    pub(super) fn looks_like_a_digit(&self, limits: &Limits) -> bool {
        let (low, high) = (&self.low, &self.high);
        low.peak >= limits.level_min / 2.0
            && high.peak >= limits.level_min / 2.0
            && high.peak <= low.peak * limits.forward * 1.5
            && low.peak <= high.peak * limits.reverse * 1.5
            && self.pair() >= PURITY_WINDOW * self.energy
            && limits.are_near(low, high, OFFSET_WINDOW)
    }
}

/// A digit that may be under way.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) digit: Digit,
    /// Windows in a row that did not look like it.
    pub(super) misses: u8,
    views: [View; KEPT],
    count: usize,
    /// Sum of the windows' strengths, with what is credited from before, and the greatest of them.
    strength: f32,
    pub(super) strength_max: f32,
    /// Hops of the same tone before those.
    shed: f32,
}

impl Candidate {
    /// Begins with a window; `before` is the pair's strength in the one before it, which may hold the tone's rise.
    pub(super) fn new(view: &View, before: f32) -> Self {
        let credit = if before < view.strength() { before } else { 0.0 };
        let mut candidate = Self {
            digit: Digit::from_place(view.low.place, view.high.place),
            misses: 0,
            views: [View::default(); KEPT],
            count: 0,
            strength: credit,
            strength_max: 0.0,
            shed: 0.0,
        };
        candidate.add(view);
        candidate
    }

    pub(super) fn add(&mut self, view: &View) {
        if self.count == KEPT {
            self.shed();
        }
        self.views[self.count & (KEPT - 1)] = *view;
        self.count += 1;
        self.strength += view.strength();
        self.strength_max = self.strength_max.max(view.strength());
    }

    /// Tone so far, in hops.
    pub(super) fn length(&self) -> f32 {
        self.strength / self.strength_max.max(1e-9)
    }

    /// The same with what was shed.
    pub(super) fn whole_length(&self) -> f32 {
        self.length() + self.shed
    }

    /// True if there is enough tone to make a sound suspicious.
    pub(super) fn is_suspicious(&self) -> bool {
        self.length() >= SUSPECT
    }

    /// True if there is enough of it to be judged.
    pub(super) fn is_ripe(&self) -> bool {
        self.length() >= ACCEPT && self.count >= WINDOWS_MIN
    }

    /// Takes over what the first windows of another candidate heard: where those were named wrongly (a tone's edge has no
    /// frequency), it still is of this tone.
    pub(super) fn inherit(&mut self, other: &Self) {
        if other.count <= 3 {
            let share = self.strength_max / other.strength_max.max(self.strength_max).max(1e-9);
            self.strength = self.strength.max(other.strength * share);
        }
    }

    /// Goes on with the last windows that are alike, at most half of them: what was before is not judged any more.
    pub(super) fn shed(&mut self) {
        let last = self.seen().last().map_or(0.0, View::strength);
        let alike = |view: &&View| view.strength() >= ALIKE * last && view.strength() * ALIKE <= last;
        let run = self.seen().iter().rev().take_while(alike).count();
        let kept = run.min(self.count / 2);
        // What is shed of the run is of the same tone; where that reaches back to the start, so does what was shed before.
        self.shed = (run - kept) as f32 + if run == self.count { self.shed } else { 0.0 };
        self.views.copy_within(self.count - kept..self.count, 0);
        self.count = kept;
        self.strength = self.seen().iter().map(View::strength).sum();
        self.strength_max = self.seen().iter().map(View::strength).fold(0.0, f32::max);
    }

    fn seen(&self) -> &[View] {
        &self.views[..self.count]
    }

    /// Those that hold nothing but tone, if it is one.
    fn inner(&self) -> &[View] {
        let views = self.seen().get(EDGE..).unwrap_or_default();
        match views {
            [rest @ .., last] if !rest.is_empty() && last.strength() < ALIKE * self.strength_max => rest,
            all => all,
        }
    }

    /// Strict tests of the whole. `steady` tells that what is below the band has been there before.
    pub(super) fn is_certain(&self, limits: &Limits, steady: bool) -> bool {
        let views = self.seen();
        let power = |peak: fn(&View) -> f32| views.iter().map(|v| peak(v) * peak(v)).sum::<f32>();
        let (low_power, high_power) = (power(|v| v.low.peak), power(|v| v.high.peak));
        let mean = |power: f32| libm::sqrtf(power / views.len().max(1) as f32);
        let (low, high) = (mean(low_power), mean(high_power));
        low >= limits.level_min
            && high >= limits.level_min
            && high <= low * limits.forward
            && low <= high * limits.reverse
            && self.is_steady(|v| &v.low, limits.offsets[self.digit.row()])
            && self.is_steady(|v| &v.high, limits.offsets[4 + self.digit.column()])
            && self.is_alone(low_power, high_power, steady)
    }

    /// True if one tone is where it should be and stays what it is.
    fn is_steady(&self, line: fn(&View) -> &Line, offset: f32) -> bool {
        let views = self.seen();
        // The turn of the first window starts before the tone.
        let (first, second) = views.split_at(1 + views.len().saturating_sub(1) / 2);
        let first = first.get(1..).unwrap_or_default();
        let sum = |part: &[View]| part.iter().fold(Complex::default(), |sum, v| sum.plus(line(v).turn));
        let (early, late) = (sum(first), sum(second));
        let mean = |part: &[View]| part.iter().map(|v| line(v).peak).sum::<f32>() / part.len().max(1) as f32;
        let (before, after) = (mean(first), mean(second));
        let opening = views.first().map_or(Complex::default(), |v| line(v).turn);
        let whole = early.plus(late).plus(opening);
        let weight = views.iter().map(|v| libm::sqrtf(line(v).turn.power())).sum::<f32>();
        let noise = views.iter().map(|v| v.upper).sum::<f32>();
        let own = views.iter().map(|v| pair_energy(line(v).peak, 0.0)).sum::<f32>().max(1e-9);
        let drift = libm::sqrtf(DRIFT * DRIFT + DRIFT_NOISE * noise / own);
        is_within(whole, offset)
            && libm::sqrtf(whole.power()) >= COHERENCE * weight
            && agree(early, late, drift)
            && before <= after * SWELL
            && after <= before * SWELL
    }

    /// What the window loses of a tone that is off its nominal frequency, as a share of its energy.
    fn scallop(&self, line: fn(&View) -> &Line) -> f32 {
        let sum = self.inner().iter().fold(Complex::default(), |sum, v| sum.plus(line(v).turn));
        SCALLOP * (1.0 - sum.re / libm::sqrtf(sum.power()).max(1e-9))
    }

    /// True if what lies beside the pair is little, or noise, or has been there before; or if it is little but for a short gap
    /// in the tone, which spreads over the windows that hold it and softens them.
    fn is_alone(&self, low_power: f32, high_power: f32, steady: bool) -> bool {
        let loud = WHOLE * self.strength_max;
        let soft = self.inner().iter().filter(|view| view.strength() < loud).count();
        let has_gap = (1..=GAP).contains(&soft) && self.inner().len() >= soft + GAP_BESIDE;
        let beside = self.beside(0.0, low_power, high_power);
        if beside.all <= 1.0 / PURITY - 1.0
            && beside.all - beside.upper <= BESIDE + BESIDE_NOISE * beside.upper
            && beside.is_quiet_below(steady)
        {
            return true;
        }
        let around = self.beside(loud, low_power, high_power);
        has_gap && around.all <= GAP_PURE && around.is_quiet_below(steady)
    }

    /// What lies beside the pair in the windows that are at least this loud.
    fn beside(&self, loud: f32, low_power: f32, high_power: f32) -> Beside {
        let views = || self.inner().iter().filter(move |view| view.strength() >= loud);
        let sum = |of: fn(&View) -> f32| views().map(of).sum::<f32>();
        let (low_share, high_share) =
            (low_power / (low_power + high_power), high_power / (low_power + high_power));
        let lost = low_share * self.scallop(|v| &v.low) + high_share * self.scallop(|v| &v.high);
        let pair = (sum(View::pair) * (1.0 + lost)).max(1e-9);
        let ripple = low_power * RIPPLE[self.digit.row()] + high_power * RIPPLE[4 + self.digit.column()];
        let own = ripple / (low_power + high_power).max(1e-9);
        Beside {
            all: sum(|v| v.energy) / pair - 1.0,
            upper: sum(|v| v.upper) / pair,
            below: sum(|v| v.below) / pair - own,
        }
    }
}

/// What lies beside a pair, as shares of its energy.
struct Beside {
    /// From 640 Hz up, and the part of it from 2 kHz up.
    all: f32,
    upper: f32,
    /// Below the band.
    below: f32,
}

impl Beside {
    /// True if what lies below the band is little, or has been there before.
    fn is_quiet_below(&self, steady: bool) -> bool {
        self.below <= BELOW + BELOW_NOISE * self.upper
            || BELOW_PURE.iter().any(|&(most, limit)| self.all <= most && self.below <= limit)
            || (steady && self.all <= 1.0 / PURITY_STEADY - 1.0)
    }
}
