//! One call of two data modems: libspandsp's behind an answer tone of ours, two gateways, a network, in virtual time.
//!
//! The modem that answers is silent for [`BILLING`], sends ANSam (ITU-T V.8 clause 7.2: 2100 Hz with phase reversals every 450 ms,
//! its envelope modulated by 15 Hz to 20 %) for [`ANSWER`], and its modulation after [`PAUSE`]. The one that calls waits until the tone ends.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use tipring_oracle::{Modulation, Spandsp, SpandspModem};
use tipring_port::{Frame, SAMPLE_SILENCE, Samples};
use tipring_sim::pair::{End, Pair, PairSpec};
use tipring_sim::phone::{Action, Machine};
use tipring_units::{Dbm0, Millis, SAMPLE_RATE, TICK, TICK_SAMPLES};

use super::transfer::connect;

/// Silence between lifting and the answer tone (V.25).
const BILLING: Millis = Millis(2000);
/// The answer tone.
const ANSWER: Millis = Millis(3300);
/// Silence behind it.
const PAUSE: Millis = Millis(75);
/// How long the modems talk.
const TALK: Millis = Millis(20_000);
/// Level of all that they send.
const LEVEL: Dbm0 = Dbm0(-12.0);
/// Ticks of answer tone after which one is believed, and of its absence after which it is over.
const BELIEVED: u32 = 50;
const OVER: u32 = 6;
/// Bits that are compared at the most: the last ones that came.
const COMPARED: usize = 3000;

/// What one modem got of the other's bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Got {
    /// Bits that were compared.
    pub bits: usize,
    /// Those of them that are wrong.
    pub wrong: usize,
}

/// What came of a call.
#[derive(Debug)]
pub struct Talked {
    /// What the one that called got, and the one that answered.
    pub got: [Got; 2],
    /// What each gateway said.
    pub told: [Vec<String>; 2],
    /// Each gateway's records say that the call was passed through.
    pub recorded: [bool; 2],
}

/// Where a modem is in its call.
#[derive(Debug)]
enum Step {
    /// It answers, and has been at it for so many ticks.
    Answers(u32),
    /// It calls, and has heard the answer tone for so many ticks, then anything else for so many.
    Waits(u32, u32),
    /// Its modulation.
    Talks,
}

/// A modem at a telephone's place.
struct Terminal {
    modem: Arc<Mutex<SpandspModem>>,
    step: Step,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Terminal").field(&self.step).finish()
    }
}

impl Machine<Samples> for Terminal {
    fn speak(&mut self) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        match &mut self.step {
            Step::Waits(..) => {}
            Step::Answers(tick) => {
                let from = BILLING.0 / TICK.0;
                if (from..from + ANSWER.0 / TICK.0).contains(tick) {
                    frame = answer_tone(*tick - from);
                }
                *tick += 1;
                if *tick >= (BILLING.0 + ANSWER.0 + PAUSE.0) / TICK.0 {
                    self.step = Step::Talks;
                }
            }
            Step::Talks => self.modem.lock().unwrap_or_else(PoisonError::into_inner).speak(&mut frame),
        }
        frame
    }

    fn hear(&mut self, frame: &Frame) {
        match &mut self.step {
            Step::Answers(_) => {}
            Step::Waits(heard, over) => match (is_answer_tone(frame), *heard >= BELIEVED) {
                (true, _) => (*heard, *over) = (*heard + 1, 0),
                (false, true) if *over < OVER => *over += 1,
                (false, true) => self.step = Step::Talks,
                (false, false) => {}
            },
            Step::Talks => self.modem.lock().unwrap_or_else(PoisonError::into_inner).hear(frame),
        }
    }
}

/// A tick of ANSam.
fn answer_tone(tick: u32) -> Frame {
    let peak = 32_768.0 * 10_f64.powf(f64::from(LEVEL.0 - tipring_dsp::FULL_SCALE_SINE.0) / 20.0);
    core::array::from_fn(|n| {
        let t = f64::from(tick * TICK_SAMPLES as u32 + n as u32) / f64::from(SAMPLE_RATE);
        let envelope = 1.0 + 0.2 * (core::f64::consts::TAU * 15.0 * t).sin();
        let sign = if ((t / 0.45) as u32).is_multiple_of(2) { 1.0 } else { -1.0 };
        (peak * sign * envelope * (core::f64::consts::TAU * 2100.0 * t).sin()).round() as i16
    })
}

/// True if most of a tick is 2100 Hz, and it is not soft.
fn is_answer_tone(frame: &Frame) -> bool {
    let (mut re, mut im, mut all) = (0.0, 0.0, 0.0);
    for (n, sample) in frame.iter().enumerate() {
        let (angle, sample) = (core::f64::consts::TAU * 2100.0 * n as f64 / 8000.0, f64::from(*sample));
        re += sample * angle.cos();
        im += sample * angle.sin();
        all += sample * sample;
    }
    let share = (re * re + im * im) * 2.0 / TICK_SAMPLES as f64;
    share > 0.7 * all && all > TICK_SAMPLES as f64 * 100.0 * 100.0
}

/// Calls, lets the modems talk, hangs up, compares.
pub fn talk(spec: &PairSpec, library: &Spandsp, modulation: Modulation) -> Result<Talked> {
    let modem = |calls: bool| -> Result<Arc<Mutex<SpandspModem>>> {
        let modem = library.modem(modulation, calls, spec.seed as u32 * 2 + u32::from(calls), LEVEL.0);
        Ok(Arc::new(Mutex::new(modem.context("libspandsp gives no modem")?)))
    };
    let ends = [modem(true)?, modem(false)?];
    let terminal = |end: usize, step: Step| Box::new(Terminal { modem: ends[end].clone(), step });
    let mut pair = Pair::new(spec).map_err(anyhow::Error::msg)?;
    connect(&mut pair, terminal(0, Step::Waits(0, 0)), terminal(1, Step::Answers(0)))?;
    pair.run(Millis(BILLING.0 + ANSWER.0 + TALK.0));
    for end in [End::Near, End::Far] {
        pair.act(end, Action::OnHook)?;
    }
    pair.run(Millis(5000));
    let bits = |end: usize| {
        let modem = ends[end].lock().unwrap_or_else(PoisonError::into_inner);
        (modem.sent(), modem.received())
    };
    let (near, far) = (bits(0), bits(1));
    Ok(Talked {
        got: [compare(&far.0, &near.1), compare(&near.0, &far.1)],
        told: [End::Near, End::Far].map(|end| super::transfer::words(&pair, end)),
        recorded: [End::Near, End::Far].map(|end| pair.records(end).iter().any(|record| record.data)),
    })
}

/// Compares the last three quarters of what came with what was sent, where they fit best: what came while the modems hung up
/// is left out.
fn compare(sent: &[bool], received: &[bool]) -> Got {
    let bits = (received.len() / 4 * 3).min(COMPARED);
    let end = received.len() - received.len() / 8;
    let last = &received[end - bits.min(end)..end];
    let wrong = sent.windows(last.len().max(1)).map(|window| {
        let wrong = window.iter().zip(last).filter(|(a, b)| a != b);
        wrong.count()
    });
    Got { bits: last.len(), wrong: wrong.min().unwrap_or(last.len()) }
}
