//! The cadence of a tone, made ready to be compared, and how often it has to be followed.
//!
//! # What it does
//! Tells how well the latest bursts and pauses follow a tone's cycle, from any place of it.
//!
//! # How
//! Frequencies must agree within 1.8 % (an exchange may be off by 1.5 %), bursts and pauses within 10 %. Music and speech
//! hit such a thing by chance once; so a short cadence has to come three times (two where two frequencies sound together, which
//! music seldom has alone) and for [`LEAST`] at least, the bursts must be alike in frequency, level and length, and the pauses
//! must be pauses. A cadence of several bursts has to come twice, one with a pause of seconds once. A tone without end is told
//! from a note of an organ by its length alone: it has to stand still for [`STILL_PAIR`] or [`STILL_ONE`]; where it is the
//! first sound after the line was seized, it only has to outlast the bursts of the same frequencies.
//!
//! # Limits
//! Cycles of [`CYCLE_MAX`] bursts.
//!
//! # Standard
//! ITU-T E.180 clause 3 (tolerance of 10 % on cadences).

use crate::bank::segment::Segment;
use tipring_port::{ToneProgram, ToneStep};
use tipring_units::{Hz, Millis};

/// Bursts remembered.
pub(super) const KEPT: usize = 12;
/// Bursts of a cycle that can be compared.
pub(super) const CYCLE_MAX: usize = KEPT / 2;
/// Cycles from this period on, in milliseconds, are believed after one.
const LONG: f32 = 2500.0;
/// Repeats of one burst, and how long they have to be together, in milliseconds.
const REPEATS: usize = 3;
const REPEATS_PAIR: usize = 2;
const LEAST: f32 = 1100.0;
/// How long a tone without end has to stand still: of two frequencies and more, and of one.
const STILL_PAIR: f32 = 4000.0;
const STILL_ONE: f32 = 6000.0;
/// The first sound on the line has to outlast other bursts of its frequencies by this factor, and to last so long.
const OUTLAST: f32 = 1.2;
const FIRST_MIN: f32 = 400.0;
/// Tolerance of frequencies, as a share and in hertz on top.
const FREQUENCY: (f32, f32) = (0.018, 2.5);
/// Tolerance of bursts and pauses, as a share and in milliseconds on top.
const LENGTH: (f32, f32) = (0.10, 16.0);

/// What is asked of a tone before it is believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ToneDemand {
    /// So many bursts.
    Bursts(usize),
    /// It stands still for so long.
    Steady(Millis),
}

/// What is asked of `program`, where it has a cadence or no end; `None` where it cannot be watched for.
pub fn tone_demand(program: &ToneProgram) -> Option<ToneDemand> {
    let pattern = Pattern::of(program)?;
    Some(match pattern.steady {
        Some(still) => ToneDemand::Steady(Millis(still as u32)),
        None => ToneDemand::Bursts(pattern.wanted()),
    })
}

/// One burst of a cycle.
#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    hertz: [f32; 4],
    count: usize,
    on: f32,
    off: f32,
}

/// A tone's cycle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    bursts: [Burst; CYCLE_MAX],
    len: usize,
    /// How long it has to stand still if it has no end.
    steady: Option<f32>,
    /// The same where it is the first sound on the line.
    first: f32,
    period: f32,
}

/// What the latest stretches are compared with.
pub(super) struct Latest<'a> {
    /// They, the last that are over.
    pub done: &'a [Segment],
    /// The share of loud frames in the pause after each of `done` but the last.
    pub loud: &'a dyn Fn(&Segment, &Segment) -> f32,
    /// The time now in samples.
    pub now: u64,
    /// Something sounds that is not over.
    pub sounding: bool,
    /// One cycle is enough.
    pub once: bool,
}

impl Pattern {
    /// The cycle of a program; `None` where it is silent, ends by itself, or is too long.
    pub fn of(program: &ToneProgram) -> Option<Self> {
        let steps = program.steps();
        let endless = steps.iter().position(|step| step.length.0 == 0 && !step.is_pause());
        let cycle = match endless {
            Some(at) => steps.get(at..=at)?,
            None => steps.get(program.repeat_from()?..)?,
        };
        let steady = endless.is_some() || (!cycle.is_empty() && cycle.iter().all(|step| !step.is_pause()));
        let mut out =
            Self { bursts: [Burst::default(); CYCLE_MAX], len: 0, steady: None, first: 0.0, period: 0.0 };
        for step in cycle {
            let length = step.length.0 as f32;
            out.period += length;
            if step.is_pause() {
                // A pause before the first burst is one after the last.
                match out.len.checked_sub(1) {
                    Some(last) => out.bursts[last].off += length,
                    None => continue,
                }
                continue;
            }
            let burst = burst(step, length);
            match out.len.checked_sub(1) {
                Some(last) if out.bursts[last].off == 0.0 && out.bursts[last].is_like(&burst) => {
                    out.bursts[last].on += length;
                }
                _ => {
                    *out.bursts.get_mut(out.len)? = burst;
                    out.len += 1;
                }
            }
        }
        let last = out.len.checked_sub(1)?;
        let before: f32 = cycle.iter().take_while(|step| step.is_pause()).map(|s| s.length.0 as f32).sum();
        out.bursts[last].off += before;
        if steady {
            // Two frequencies in turn without a pause stand still in neither.
            if out.len > 1 {
                return None;
            }
            out.steady = Some(if out.bursts[0].count > 1 { STILL_PAIR } else { STILL_ONE });
        }
        Some(out)
    }

    /// Bursts that have to follow the cycle.
    pub fn wanted(&self) -> usize {
        if self.period >= LONG {
            return self.len;
        }
        if self.len > 1 {
            return self.len * 2;
        }
        let bursts = libm::ceilf(LEAST / self.period.max(1.0)) as usize;
        let least = if self.bursts[0].count > 1 { REPEATS_PAIR } else { REPEATS };
        // The last one's pause need not be waited for.
        let bursts =
            if bursts as f32 * self.period - self.bursts[0].off < LEAST { bursts + 1 } else { bursts };
        bursts.clamp(least, KEPT - 2)
    }

    /// Learns of another pattern of the plan: where this one has no end, it must outlast that one's bursts.
    pub fn outlast(&mut self, other: &Self) {
        let own = self.bursts[0];
        let longest = other.bursts[..other.len]
            .iter()
            .filter(|burst| other.steady.is_none() && burst.is_like(&own))
            .map(|burst| burst.on)
            .fold(0.0_f32, f32::max);
        self.first = self.first.max(longest * OUTLAST).max(FIRST_MIN);
        self.steady = self.steady.map(|still| still.max(self.first));
    }

    /// It has a pause of seconds.
    pub fn is_long(&self) -> bool {
        self.steady.is_none() && self.period >= LONG
    }

    /// The tone has no end.
    pub fn is_steady(&self) -> bool {
        self.steady.is_some()
    }

    /// True if `segment` has the frequencies of one of the bursts.
    pub fn has_sound_of(&self, segment: &Segment) -> bool {
        self.bursts[..self.len].iter().any(|burst| burst.fits(segment))
    }

    /// True if the stretch that sounds is the tone without end.
    pub fn stands(&self, segment: &Segment, first: bool) -> bool {
        let Some(still) = self.steady else { return false };
        let millis = millis(segment.length.0);
        if !self.bursts[0].fits(segment) {
            return false;
        }
        if first {
            millis >= self.first
        } else {
            millis >= still && is_steady(segment, self.bursts[0].is_close())
        }
    }

    /// How far the latest bursts are from the cycle, a mean of shares, where they follow it.
    pub fn follows(&self, latest: &Latest<'_>) -> Option<f32> {
        if self.steady.is_some() {
            return None;
        }
        (0..self.len).filter_map(|shift| self.follows_from(latest, shift)).reduce(f32::min)
    }

    /// The same, the last burst being burst `shift`.
    fn follows_from(&self, latest: &Latest<'_>, shift: usize) -> Option<f32> {
        let wanted = if latest.once { self.len } else { self.wanted() };
        let done = latest.done;
        let first = done.len().checked_sub(wanted)?;
        let long = self.period >= LONG;
        let mut off = 0.0;
        for back in 0..wanted {
            let at = done.len() - 1 - back;
            let burst = &self.bursts[(shift + self.len * KEPT - back) % self.len];
            let segment = done.get(at)?;
            if !burst.fits(segment) {
                return None;
            }
            off += deviation(millis(segment.length.0), burst.on)?;
            match done.get(at + 1) {
                Some(next) => {
                    let pause = millis(next.start.0.saturating_sub(segment.end().0));
                    off += deviation(pause, burst.off)?;
                    if !long && (latest.loud)(segment, next) > 0.25 {
                        return None;
                    }
                }
                // A burst or two could be the beginning of anything: the long pause has to come.
                None if long => {
                    let pause = millis(latest.now.saturating_sub(segment.end().0));
                    let limit = burst.off * (1.0 + LENGTH.0) + 60.0;
                    if latest.sounding || pause < burst.off * 0.6 || pause > limit {
                        return None;
                    }
                }
                None => {}
            }
        }
        if wanted >= 2 && !are_alike(&done[first..], self.len, self.bursts[0].is_close()) {
            return None;
        }
        Some(off / (2 * wanted) as f32)
    }

    /// The time after a burst's end within which the next must have come, in samples.
    pub fn patience(&self) -> u64 {
        if self.steady.is_some() {
            return 8 * 100;
        }
        let longest = self.bursts[..self.len].iter().map(|burst| burst.off).fold(0.0_f32, f32::max);
        ((longest * 1.15 + 80.0) * 8.0) as u64
    }
}

impl Burst {
    fn fits(&self, segment: &Segment) -> bool {
        let heard = segment.frequencies();
        let own = &self.hertz[..self.count];
        // A pair too close to be told apart is heard as one between them.
        if heard.len() == 1 && own.len() == 2 && self.is_close() {
            return heard[0].0 > own[0] - 10.0 && heard[0].0 < own[1] + 10.0;
        }
        let (share, hertz) = FREQUENCY;
        heard.len() == own.len() && heard.iter().zip(own).all(|(h, &o)| (h.0 - o).abs() <= share * o + hertz)
    }

    /// Two frequencies that beat within a window.
    fn is_close(&self) -> bool {
        self.hertz[..self.count].windows(2).any(|pair| pair[1] - pair[0] < 60.0)
    }

    fn is_like(&self, other: &Self) -> bool {
        self.count == other.count
            && self.hertz[..self.count].iter().zip(&other.hertz).all(|(x, y)| (x - y).abs() < 20.0)
    }
}

/// Nothing else sounds with it, and it does not move.
fn is_steady(segment: &Segment, close: bool) -> bool {
    segment.purity > 0.85 && (close || (segment.wander.0 < 1.5 && segment.ripple < 0.12))
}

/// Bursts of one exchange come from one source: each place of the cycle has one frequency, level and length.
fn are_alike(bursts: &[Segment], cycle: usize, close: bool) -> bool {
    bursts.iter().enumerate().all(|(n, burst)| {
        let pure = burst.purity == 0.0 || burst.purity > 0.8;
        let still = close || burst.wander.0 < 3.0;
        let like = n.checked_sub(cycle).and_then(|before| bursts.get(before)).is_none_or(|before| {
            let pairs = burst.frequencies().iter().zip(before.frequencies());
            let spread = if close { 12.0 } else { 4.0 };
            pairs.clone().all(|(a, b)| (a.0 - b.0).abs() < spread)
                && (millis(burst.length.0) - millis(before.length.0)).abs() < 40.0
        });
        // Some exchanges make each second burst weaker.
        let level = |back: usize, within: f32| {
            let before = n.checked_sub(back).and_then(|before| bursts.get(before));
            before.is_none_or(|before| (burst.level.0 - before.level.0).abs() < within)
        };
        let like = like && level(1, 12.0) && level(2, 3.0);
        pure && still && like
    })
}

/// By what share `heard` is not `wanted`, where it is within the tolerance.
fn deviation(heard: f32, wanted: f32) -> Option<f32> {
    let off = (heard - wanted).abs();
    (off <= wanted * LENGTH.0 + LENGTH.1).then(|| off / wanted.max(1.0))
}

pub(super) fn millis(samples: u64) -> f32 {
    samples as f32 / 8.0
}

fn burst(step: &ToneStep, on: f32) -> Burst {
    let mut out = Burst { on, ..Burst::default() };
    for component in step.components.iter().filter(|c| c.sounds()) {
        let Hz(hertz) = component.frequency;
        out.hertz[out.count] = hertz;
        out.count += 1;
    }
    out.hertz[..out.count].sort_unstable_by(f32::total_cmp);
    out
}
