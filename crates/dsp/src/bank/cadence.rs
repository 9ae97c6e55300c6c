//! Country tones by frequency and cadence.
//!
//! # What it does
//! Finds the tone of a plan that the latest stretches of steady tone make.
//!
//! # How
//! Frequencies must agree within 2.5 % (an exchange may be off by one). A tone without end is believed when it outlasts every burst of
//! the plan's other tones of those frequencies. A cadence is believed when the latest bursts and pauses follow it, from any
//! place of it, for a whole cycle and, where that is shorter than 1.5 s, for two.
//!
//! # Limits
//! Cadences of [`KEPT`] bursts a cycle. Where two tones of a plan are alike, the earlier in [`Tone::ALL`] wins.
//!
//! # Standard
//! ITU-T E.180 and its Supplement 2; tolerance of 10 % + 30 ms on bursts and pauses.

use super::segment::Segment;
use tipring_port::{Tone, TonePlan, ToneProgram, ToneStep};
use tipring_units::{Hz, SampleTime};

/// Bursts remembered.
pub(super) const KEPT: usize = 8;
/// Bursts of a cycle that can be compared.
const CYCLE_MAX: usize = KEPT / 2;
/// Tones that two programs are alike in: those that go on.
const WATCHED: [Tone; 8] = [
    Tone::Dial,
    Tone::Stutter,
    Tone::Outside,
    Tone::Ringback,
    Tone::Busy,
    Tone::Congestion,
    Tone::CallWaiting,
    Tone::Howler,
];
/// A steady tone outlasts the longest burst of the same frequencies by this factor, and lasts so long at least.
const OUTLAST: f32 = 1.2;
const STEADY_MIN: f32 = 400.0;

/// One burst of a cycle.
#[derive(Clone, Copy, Debug, Default)]
struct Burst {
    hertz: [f32; 4],
    count: usize,
    on: f32,
    off: f32,
}

/// A tone of the plan, made ready to be compared.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    tone: Tone,
    bursts: [Burst; CYCLE_MAX],
    len: usize,
    /// Milliseconds after which an endless burst is believed.
    steady: Option<f32>,
    period: f32,
}

/// The tones of a plan.
#[derive(Clone, Debug)]
pub(super) struct Cadences {
    patterns: [Option<Pattern>; WATCHED.len()],
}

impl Cadences {
    pub(super) fn new(plan: &TonePlan) -> Self {
        let mut patterns = [None; WATCHED.len()];
        for (slot, tone) in patterns.iter_mut().zip(WATCHED) {
            *slot = pattern(tone, plan.get(tone));
        }
        let all = patterns;
        for pattern in patterns.iter_mut().flatten() {
            if pattern.steady.is_some() {
                let longest = all
                    .iter()
                    .flatten()
                    .flat_map(|other| other.bursts[..other.len].iter())
                    .filter(|burst| burst.on.is_finite() && alike(burst, &pattern.bursts[pattern.len - 1]))
                    .map(|burst| burst.on)
                    .fold(0.0_f32, f32::max);
                pattern.steady = Some((longest * OUTLAST).max(STEADY_MIN));
            }
        }
        Self { patterns }
    }

    /// True if the plan has no tones that could be found.
    pub(super) fn are_none(&self) -> bool {
        self.patterns.iter().all(Option::is_none)
    }

    /// The tone that the latest bursts make at `now`; the last of them may still go on.
    pub(super) fn find(&self, latest: &[Segment], sounding: bool, now: SampleTime) -> Option<Tone> {
        self.patterns
            .iter()
            .flatten()
            .find(|pattern| pattern.matches(latest, sounding, now))
            .map(|pattern| pattern.tone)
    }

    /// The pause of a tone's cycle after which it must have gone on, in samples; `None` where it has none.
    pub(super) fn patience(&self, tone: Tone) -> u64 {
        let longest = self
            .patterns
            .iter()
            .flatten()
            .filter(|pattern| pattern.tone == tone)
            .flat_map(|pattern| pattern.bursts[..pattern.len].iter())
            .map(|burst| if burst.off.is_finite() { burst.off } else { 0.0 })
            .fold(0.0_f32, f32::max);
        ((longest * 1.15 + 60.0) * 8.0) as u64
    }
}

impl Pattern {
    fn matches(&self, latest: &[Segment], sounding: bool, now: SampleTime) -> bool {
        let Some(last) = latest.last() else { return false };
        if let Some(steady) = self.steady {
            let burst = &self.bursts[self.len - 1];
            return sounding && burst.fits(last) && millis(last.length.0) >= steady;
        }
        let cycles = if self.period < 1500.0 { 2 } else { 1 };
        let wanted = self.len * cycles;
        if latest.len() < wanted || (sounding && latest.len() < wanted + 1 && self.len * cycles == 1) {
            // One long burst that still sounds may become anything.
            return false;
        }
        (0..self.len).any(|shift| self.follows(latest, sounding, now, shift, wanted))
    }

    /// True if the last `wanted` bursts are those of the cycle, the last one being burst `shift`.
    fn follows(
        &self,
        latest: &[Segment],
        sounding: bool,
        now: SampleTime,
        shift: usize,
        wanted: usize,
    ) -> bool {
        // A burst that still sounds is left out of the count unless there are enough without it.
        let done = if sounding { latest.len() - 1 } else { latest.len() };
        if done < wanted {
            return false;
        }
        for back in 0..wanted {
            let at = done - 1 - back;
            let burst = &self.bursts[(shift + self.len * KEPT - back) % self.len];
            let segment = &latest[at];
            if !burst.fits(segment) || !near(millis(segment.length.0), burst.on) {
                return false;
            }
            let pause_end = latest.get(at + 1).map_or(now.0, |next| next.start.0);
            let pause = millis(pause_end.saturating_sub(segment.end().0));
            let closed = at + 1 < latest.len();
            let right = if closed {
                near(pause, burst.off)
            } else {
                pause > burst.off * 0.6 && pause < burst.off * 1.15 + 60.0
            };
            if !right {
                return false;
            }
        }
        true
    }
}

impl Burst {
    fn fits(&self, segment: &Segment) -> bool {
        let heard = segment.frequencies();
        let own = &self.hertz[..self.count];
        // A pair too close to be told apart, or a modulated tone, is heard as one between them.
        if heard.len() == 1 && own.len() == 2 && (own[1] - own[0]).abs() < 40.0 {
            return heard[0].0 > own[0] - 10.0 && heard[0].0 < own[1] + 10.0;
        }
        heard.len() == own.len() && heard.iter().zip(own).all(|(h, &o)| (h.0 - o).abs() <= 0.025 * o + 4.0)
    }
}

fn near(heard: f32, wanted: f32) -> bool {
    (heard - wanted).abs() <= wanted * 0.1 + 30.0
}

fn alike(a: &Burst, b: &Burst) -> bool {
    a.count == b.count && a.hertz[..a.count].iter().zip(&b.hertz).all(|(x, y)| (x - y).abs() < 20.0)
}

fn millis(samples: u64) -> f32 {
    samples as f32 / 8.0
}

/// The cycle of a program; `None` where it is silent, ends by itself, or is too long.
fn pattern(tone: Tone, program: &ToneProgram) -> Option<Pattern> {
    let steps = program.steps();
    let from = program.repeat_from().unwrap_or(0);
    let endless = steps.iter().position(|step| step.length.0 == 0 && !step.is_pause());
    let cycle = match endless {
        Some(at) => steps.get(at..=at)?,
        None => {
            program.repeat_from()?;
            steps.get(from..)?
        }
    };
    let mut out = Pattern { tone, bursts: [Burst::default(); CYCLE_MAX], len: 0, steady: None, period: 0.0 };
    // A tone without pause that is given with a length is as endless as one without.
    let steady = endless.is_some() || (cycle.len() == 1 && !cycle[0].is_pause());
    for step in cycle {
        let length = step.length.0 as f32;
        out.period += length;
        if step.is_pause() {
            let last = out.len.checked_sub(1)?;
            out.bursts[last].off += length;
            continue;
        }
        let burst = burst(step, if steady { f32::INFINITY } else { length });
        match out.len.checked_sub(1) {
            Some(last) if out.bursts[last].off == 0.0 && alike(&out.bursts[last], &burst) => {
                out.bursts[last].on += length;
            }
            _ => {
                *out.bursts.get_mut(out.len)? = burst;
                out.len += 1;
            }
        }
    }
    out.steady = steady.then_some(0.0);
    (out.len > 0).then_some(out)
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
