//! Stretches of steady tone.
//!
//! # What it does
//! Follows one set of up to four steady frequencies at a time and tells when it began and how long it was.
//!
//! # How
//! Three windows that show the same frequencies begin a stretch. Its edges lie where the amplitude crosses half of its
//! height, between windows: a raised cosine reaches a half when an edge is in its middle. A stretch ends when two
//! windows in a row lack half of it, so a phase reversal does not end it, or when something else took its place.
//!
//! # Limits
//! Bursts shorter than 60 ms and pauses shorter than 40 ms are not seen. Edges are right within 10 ms in the quiet.
//!
//! # Standard
//! None.

use super::fft::{BINS, WINDOW};
use super::spectrum::{HISTORY, HOP, Peak, Powers, Spectrum, power_at};
use crate::level::level_of_power;
use tipring_units::{Dbm0, Hz, SampleTime, Samples};

/// Frequencies of a chord, at most.
pub const CHORD_MAX: usize = 4;
/// Components this far below the strongest do not belong to it: -14 dB.
const COMPONENT_SHARE: f32 = 0.04;
/// Share of the power that a chord explains.
const EXPLAINED: f32 = 0.75;
/// The same for a chord in the call-progress band alone, with other things above it.
const EXPLAINED_LOW: f32 = 0.85;
/// The same for one that goes on.
const EXPLAINED_HELD: f32 = 0.55;
/// Call-progress band.
const LOW_MIN: f32 = 300.0;
const LOW_MAX: f32 = 650.0;
/// Two frequencies that beat are seen within this of one between them.
const BEATS: f32 = 32.0;
/// Windows that confirm a stretch; more where only the low band is steady.
const CONFIRM: u32 = 3;
const CONFIRM_LOW: u32 = 8;
/// Windows at the end of a stretch that tell nothing of its quality.
const LAG: usize = 2;
/// Half of the height, as power.
const HALF: f32 = 0.25;

/// A stretch of steady tone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Segment {
    /// When it began.
    pub start: SampleTime,
    /// How long it was, or has been so far.
    pub length: Samples,
    /// Its level, all frequencies together.
    pub level: Dbm0,
    /// Share of the power of all that sounded which was its own, without its edges; 0 where it was too short to tell.
    pub purity: f32,
    /// How far its frequencies were from their mean, on the average.
    pub wander: Hz,
    /// How far its power was from its mean, on the average, as a share of it.
    pub ripple: f32,
    frequencies: [Hz; CHORD_MAX],
    count: u8,
}

impl Segment {
    pub(crate) const EMPTY: Self = Self {
        start: SampleTime(0),
        length: Samples(0),
        level: crate::level::SILENCE,
        purity: 0.0,
        wander: Hz(0.0),
        ripple: 0.0,
        frequencies: [Hz(0.0); CHORD_MAX],
        count: 0,
    };

    /// Its frequencies, the lowest first.
    pub fn frequencies(&self) -> &[Hz] {
        &self.frequencies[..usize::from(self.count)]
    }

    /// When it ended, or as far as it is known.
    pub fn end(&self) -> SampleTime {
        SampleTime(self.start.0 + self.length.0)
    }
}

/// The frequencies of one window.
#[derive(Clone, Copy, Debug, Default)]
struct Chord {
    hertz: [f32; CHORD_MAX],
    count: usize,
    low_only: bool,
}

impl Chord {
    fn hertz(&self) -> &[f32] {
        &self.hertz[..self.count]
    }

    fn power(&self, power: &[f32; BINS]) -> f32 {
        self.hertz().iter().map(|&hertz| power_at(power, hertz)).sum()
    }

    fn is_like(&self, other: &Self) -> bool {
        self.count == other.count
            && self.hertz().iter().zip(other.hertz()).all(|(&a, &b)| (a - b).abs() <= tolerance(a))
    }

    /// The one frequency of two windows of which one shows it as two: so do two that are less than some 35 Hz apart where
    /// they cancel each other in the window's middle.
    fn beats(&self, other: &Self) -> Option<Self> {
        let (one, pair) = match (self.hertz(), other.hertz()) {
            ([_], [_, _]) => (self, other),
            ([_, _], [_]) => (other, self),
            _ => return None,
        };
        let hertz = one.hertz[0];
        (hertz < 500.0 && pair.hertz().iter().all(|other| (other - hertz).abs() < BEATS)).then_some(*one)
    }

    fn is_low(&self) -> bool {
        self.hertz().iter().all(|&h| (LOW_MIN..=LOW_MAX).contains(&h))
    }

    /// Share of the power, of all or of the low band, that lies within two bins of its frequencies.
    fn explained(&self, spectrum: &Spectrum, power: &[f32; BINS], low: bool) -> f32 {
        let (mut sum, mut from) = (0.0, 0);
        for &hertz in self.hertz() {
            let bin = (hertz / super::spectrum::BIN + 0.5) as usize;
            let start = bin.saturating_sub(2).max(from).min(BINS);
            let end = (bin + 3).clamp(start, BINS);
            sum += power[start..end].iter().sum::<f32>();
            from = end;
        }
        sum / if low { spectrum.low } else { spectrum.total }.max(1e-9)
    }
}

/// What became of a stretch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SegmentEvent {
    Begin,
    End(Segment),
}

/// Follows stretches.
#[derive(Clone, Debug)]
pub(crate) struct Tracker {
    state: State,
    floor: f32,
}

#[derive(Clone, Debug)]
enum State {
    Idle,
    Candidate { chord: Chord, hops: u32, first: SampleTime, rise: [f32; HISTORY + 3] },
    Active(Active),
}

#[derive(Clone, Debug)]
struct Active {
    chord: Chord,
    start: u64,
    /// Mean power of the whole windows, and of each frequency.
    height: f32,
    heights: [f32; CHORD_MAX],
    sums: [f32; CHORD_MAX],
    hops: u32,
    last_power: f32,
    misses: u8,
    quality: Quality,
    /// Where it ends if the next window lacks it too.
    end: u64,
    now: u64,
}

/// How steady a stretch is. What a window shows counts when [`LAG`] more have come, so that the end of a burst does not.
#[derive(Clone, Copy, Debug, Default)]
struct Quality {
    waiting: [[f32; 3]; LAG],
    windows: u32,
    sums: [f32; 3],
}

impl Quality {
    fn add(&mut self, values: [f32; 3]) {
        let oldest = self.waiting[0];
        self.waiting.rotate_left(1);
        self.waiting[LAG - 1] = values;
        self.windows = self.windows.saturating_add(1);
        if self.windows as usize > LAG {
            for (sum, value) in self.sums.iter_mut().zip(oldest) {
                *sum += value;
            }
        }
    }

    /// Purity, wander and ripple.
    fn means(&self) -> [f32; 3] {
        let counted = (self.windows as usize).saturating_sub(LAG);
        if counted == 0 { [0.0; 3] } else { self.sums.map(|sum| sum / counted as f32) }
    }
}

impl Tracker {
    pub(crate) fn new(floor: f32) -> Self {
        Self { state: State::Idle, floor }
    }

    /// The stretch that goes on now.
    pub(crate) fn current(&self) -> Option<Segment> {
        match &self.state {
            State::Active(active) => Some(active.segment(active.now)),
            State::Idle | State::Candidate { .. } => None,
        }
    }

    /// Takes the latest window, whose last sample is before `now`.
    pub(crate) fn advance(
        &mut self,
        spectrum: &Spectrum,
        powers: &Powers,
        now: SampleTime,
    ) -> Option<SegmentEvent> {
        let power = powers.latest();
        let centre = now.0.saturating_sub(WINDOW as u64 / 2);
        let chord = chord_of(spectrum, power, self.floor);
        if chord.is_none() && matches!(self.state, State::Idle) {
            return None;
        }
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Idle => self.state = begin(chord, powers, centre),
            State::Candidate { chord: old, hops, first, mut rise } => match chord {
                Some(new) if new.is_like(&old) || new.beats(&old).is_some() => {
                    let new = new.beats(&old).unwrap_or(new);
                    let hops = hops + 1;
                    let at = (HISTORY + hops as usize - 1).min(rise.len() - 1);
                    rise[at] = new.power(power);
                    let wanted = if new.low_only { CONFIRM_LOW } else { CONFIRM };
                    if hops >= wanted {
                        let active = Active::new(new, power, first.0, &rise, hops, centre);
                        self.state = State::Active(active);
                        return Some(SegmentEvent::Begin);
                    } else {
                        self.state = State::Candidate { chord: new, hops, first, rise };
                    }
                }
                other => self.state = begin(other, powers, centre),
            },
            State::Active(mut active) => {
                if active.follow(spectrum, power, centre) {
                    self.state = State::Active(active);
                } else {
                    self.state = begin(chord, powers, centre);
                    return Some(SegmentEvent::End(active.segment(active.end)));
                }
            }
        }
        None
    }
}

fn begin(chord: Option<Chord>, powers: &Powers, centre: u64) -> State {
    let Some(chord) = chord else { return State::Idle };
    let mut rise = [0.0; HISTORY + 3];
    for (before, slot) in rise[..=HISTORY].iter_mut().rev().enumerate() {
        *slot = chord.power(powers.before(before));
    }
    State::Candidate { chord, hops: 1, first: SampleTime(centre), rise }
}

impl Active {
    fn new(
        chord: Chord,
        power: &[f32; BINS],
        first: u64,
        powers: &[f32; HISTORY + 3],
        hops: u32,
        centre: u64,
    ) -> Self {
        let mut heights = [0.0; CHORD_MAX];
        for (height, &hertz) in heights.iter_mut().zip(chord.hertz()) {
            *height = power_at(power, hertz);
        }
        let height = powers.iter().copied().fold(0.0_f32, f32::max);
        let mut sums = [0.0; CHORD_MAX];
        for (sum, &hertz) in sums.iter_mut().zip(chord.hertz()) {
            *sum = hertz;
        }
        Self {
            chord,
            start: rise(first, powers, height),
            height,
            heights,
            sums,
            hops: 1,
            last_power: powers[(HISTORY + hops as usize - 1).min(HISTORY + 2)],
            misses: 0,
            quality: Quality::default(),
            end: centre,
            now: centre,
        }
    }

    /// False when the stretch is over.
    fn follow(&mut self, spectrum: &Spectrum, bins: &[f32; BINS], centre: u64) -> bool {
        let power = self.chord.power(bins);
        let low = self.chord.is_low();
        let lacks_one = self
            .chord
            .hertz()
            .iter()
            .zip(&self.heights)
            .any(|(&hertz, &height)| power_at(bins, hertz) < 0.12 * height);
        let gone = power < HALF * self.height;
        let other = self.chord.explained(spectrum, bins, low) < EXPLAINED_HELD;
        self.now = centre;
        if gone || lacks_one || other {
            self.misses += 1;
            if self.misses == 1 {
                self.end = if gone {
                    let (a, b) = (libm::sqrtf(self.last_power), libm::sqrtf(power));
                    let half = libm::sqrtf(self.height) / 2.0;
                    let share = ((a - half) / (a - b).max(1e-6)).clamp(0.0, 1.0);
                    centre - HOP as u64 + (share * HOP as f32) as u64
                } else {
                    centre - HOP as u64 / 2
                };
            }
        } else {
            self.misses = 0;
            let mut wander = 0.0_f32;
            let ripple = (power - self.height).abs() / self.height.max(1e-9);
            if self.hops < 8 {
                self.height = self.height.max(power);
            } else {
                self.height += (power - self.height) * 0.05;
            }
            self.hops = self.hops.saturating_add(1);
            for n in 0..self.chord.count {
                let hertz = self.chord.hertz[n];
                let here = power_at(bins, hertz);
                self.heights[n] = if self.hops < 8 {
                    self.heights[n].max(here)
                } else {
                    self.heights[n] + (here - self.heights[n]) * 0.05
                };
                if let Some(peak) = nearest(spectrum, hertz) {
                    wander = wander.max((peak.hertz - hertz).abs());
                    self.chord.hertz[n] += (peak.hertz - hertz) / (self.hops.min(16) as f32);
                    self.sums[n] = self.chord.hertz[n];
                }
            }
            self.quality.add([self.chord.explained(spectrum, bins, false).min(1.0), wander, ripple]);
        }
        self.last_power = power;
        self.misses < 2
    }

    fn segment(&self, end: u64) -> Segment {
        let mut frequencies = [Hz(0.0); CHORD_MAX];
        for (slot, &hertz) in frequencies.iter_mut().zip(&self.sums) {
            *slot = Hz(hertz);
        }
        let [purity, wander, ripple] = self.quality.means();
        Segment {
            purity,
            wander: Hz(wander),
            ripple,
            start: SampleTime(self.start),
            length: Samples(end.saturating_sub(self.start)),
            level: level_of_power(self.height),
            frequencies,
            count: self.chord.count as u8,
        }
    }
}

fn nearest(spectrum: &Spectrum, hertz: f32) -> Option<Peak> {
    spectrum.peaks().iter().copied().find(|p| (p.hertz - hertz).abs() <= tolerance(hertz))
}

/// Where the amplitude first crosses half of its height; `first` is the middle of the window at [`HISTORY`].
fn rise(first: u64, powers: &[f32; HISTORY + 3], height: f32) -> u64 {
    let half = libm::sqrtf(height) / 2.0;
    for n in 1..powers.len() {
        let (a, b) = (libm::sqrtf(powers[n - 1]), libm::sqrtf(powers[n]));
        if a < half && b >= half {
            let share = (half - a) / (b - a).max(1e-6);
            let hops = n as f32 - 1.0 + share - HISTORY as f32;
            return first.saturating_add_signed((hops * HOP as f32) as i64);
        }
    }
    first
}

fn tolerance(hertz: f32) -> f32 {
    // Two tones 25 Hz apart (Australia) are one that wanders.
    if hertz < 500.0 { 14.0 } else { 5.0 + 0.006 * hertz }
}

fn chord_of(spectrum: &Spectrum, power: &[f32; BINS], floor: f32) -> Option<Chord> {
    if spectrum.total < floor {
        return None;
    }
    gather(spectrum, spectrum.total, false)
        .filter(|chord| chord.explained(spectrum, power, false) >= EXPLAINED)
        .or_else(|| {
            (spectrum.low > floor)
                .then(|| gather(spectrum, spectrum.low, true))
                .flatten()
                .filter(|chord| chord.is_low() && chord.explained(spectrum, power, true) >= EXPLAINED_LOW)
        })
}

fn gather(spectrum: &Spectrum, all: f32, low_only: bool) -> Option<Chord> {
    let mut chord = Chord { low_only, ..Chord::default() };
    let (mut strongest, mut sum) = (0.0_f32, 0.0);
    for peak in spectrum.peaks() {
        if low_only && peak.hertz > LOW_MAX + 10.0 {
            continue;
        }
        if chord.count == CHORD_MAX || peak.power < strongest * COMPONENT_SHARE || sum > 0.95 * all {
            break;
        }
        strongest = strongest.max(peak.power);
        sum += peak.power;
        chord.hertz[chord.count] = peak.hertz;
        chord.count += 1;
    }
    chord.hertz[..chord.count].sort_unstable_by(f32::total_cmp);
    (chord.count > 0).then_some(chord)
}
