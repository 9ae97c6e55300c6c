//! Trials of echo cancellers.
//!
//! # What it does
//! Makes lines and conversations from a seed ([`scenes`]), and takes from what a canceller made of one the figures that
//! matter ([`Row::figure`]), each beside its limit. Any canceller can be put to them.
//!
//! # How
//! A scene is a signal towards the line, the one that comes back, and the near end's share of that. Tests,
//! benchmarks and `tipring bench echo` use the same scenes.
//!
//! # Limits
//! Levels are those of the sounding parts of a signal. The limits named G.168 are the Recommendation's; the others are
//! this project's aims, which are stricter.
//!
//! # Standard
//! ITU-T G.168 clause 6.4.2 and Annexes C and D.

mod line;
mod paths;
mod recommendation;
mod scenes;
pub mod signal;

pub use line::Plant;
pub use recommendation::{endurance_scenes, recommendation_scenes, steady_limit, voice_scene};
pub use scenes::{double_talk_scenes, path_scenes, scenes, slip_scenes};

use crate::level::level_of;
use tipring_units::Millis;

/// Samples per second.
const RATE: usize = 8000;
/// Windows in which the time to some enhancement is measured.
const WINDOW: usize = 160;
/// An echo below this is not looked at when times are measured, dBm0.
const HEARD: f64 = -40.0;

/// A conversation over a line.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What it is called; scenes of one name differ in their lines only.
    pub name: String,
    /// The line.
    pub line: String,
    /// The tail it is meant for.
    pub tail: Millis,
    /// Whether the suppressor is on.
    pub suppress: bool,
    /// Towards the line.
    pub far: Vec<i16>,
    /// From the line.
    pub near: Vec<i16>,
    /// What of that the near end said.
    pub talk: Vec<i16>,
    /// What is measured.
    pub rows: Vec<Row>,
}

/// One figure and its limit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Row {
    /// What it is, with its unit.
    pub what: &'static str,
    /// How it is measured.
    pub measure: Measure,
    /// What it must not fall short of.
    pub limit: Limit,
    /// Whose limit it is.
    pub source: &'static str,
}

/// How a figure is measured; times in seconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Measure {
    /// Echo return loss enhancement between two times, dB.
    Enhancement(f64, f64),
    /// Time from this one until the enhancement is 20 dB, s; the scene's length if never.
    Reached(f64),
    /// Level of the output between two times, dBm0.
    Level(f64, f64),
    /// Level without what is constant, between two times, dBm0.
    LevelAlternating(f64, f64),
    /// Level of the loudest 20 ms of the output in a span over that of the near end in another, dB.
    PeakOver {
        /// Of the output.
        span: (f64, f64),
        /// Of the near end.
        talk: (f64, f64),
    },
    /// Level of the output over that of what the scene has for the near end, between two times, dB.
    Over(f64, f64),
    /// Near end's power over that of all else in the output between two times, dB.
    TalkRatio(f64, f64),
    /// By how much the near end's level changes between two times, dB, without sign.
    TalkChange(f64, f64),
}

/// A bound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Limit {
    /// More is better.
    AtLeast(f64),
    /// Less is better.
    AtMost(f64),
}

impl Limit {
    /// Whether a figure keeps it.
    pub fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(limit) => figure >= limit,
            Self::AtMost(limit) => figure <= limit,
        }
    }

    /// Whether the first figure is the better one.
    pub fn prefers(self, first: f64, second: f64) -> bool {
        match self {
            Self::AtLeast(_) => first > second,
            Self::AtMost(_) => first < second,
        }
    }
}

impl Scene {
    /// Sends the scene through a canceller: line signal and reference, a tick each; the output is left in the former.
    pub fn run(&self, mut canceller: impl FnMut(&mut [i16; 80], &[i16; 80])) -> Vec<i16> {
        let mut out = Vec::with_capacity(self.near.len());
        for (near, far) in self.near.as_chunks::<80>().0.iter().zip(self.far.as_chunks::<80>().0) {
            let mut frame = *near;
            canceller(&mut frame, far);
            out.extend(frame);
        }
        out
    }
}

impl Row {
    /// The figure that an output reaches.
    pub fn figure(&self, scene: &Scene, out: &[i16]) -> f64 {
        let span = |signal: &[i16], from: f64, to: f64| {
            let at = |time: f64| ((time * RATE as f64) as usize).min(signal.len());
            f64::from(level_of(&signal[at(from)..at(to)]).0)
        };
        let enhancement = |from, to| span(&scene.near, from, to) - span(out, from, to);
        match self.measure {
            Measure::Enhancement(from, to) => enhancement(from, to),
            Measure::Level(from, to) => span(out, from, to),
            Measure::LevelAlternating(from, to) => {
                let at = |time: f64| ((time * RATE as f64) as usize).min(out.len());
                let part = &out[at(from)..at(to)];
                let sum: i64 = part.iter().map(|&x| i64::from(x)).sum();
                let mean = libm::round(sum as f64 / part.len().max(1) as f64) as i16;
                f64::from(level_of(&part.iter().map(|x| x.saturating_sub(mean)).collect::<Vec<_>>()).0)
            }
            Measure::PeakOver { span: (from, to), talk: (first, last) } => {
                let peak = |signal: &[i16], from: f64, to: f64| {
                    let at = |time: f64| ((time * RATE as f64) as usize).min(signal.len());
                    let windows = signal[at(from)..at(to)].chunks_exact(WINDOW);
                    windows.map(|window| f64::from(level_of(window).0)).fold(f64::MIN, f64::max)
                };
                peak(out, from, to) - peak(&scene.talk, first, last)
            }
            Measure::Over(from, to) => span(out, from, to) - span(&scene.talk, from, to),
            Measure::Reached(from) => {
                let window = WINDOW as f64 / RATE as f64;
                let windows = (out.len() / WINDOW).saturating_sub((from / window) as usize);
                (0..windows)
                    .map(|n| (from + n as f64 * window, from + (n + 1) as f64 * window))
                    .find(|&(start, end)| {
                        span(&scene.near, start, end) > HEARD && enhancement(start, end) >= 20.0
                    })
                    .map_or(out.len() as f64 / RATE as f64, |(_, end)| end - from)
            }
            Measure::TalkRatio(from, to) => {
                let rest: Vec<i16> = out.iter().zip(&scene.talk).map(|(o, t)| o.saturating_sub(*t)).collect();
                span(&scene.talk, from, to) - span(&rest, from, to)
            }
            Measure::TalkChange(from, to) => (span(out, from, to) - span(&scene.talk, from, to)).abs(),
        }
    }
}
