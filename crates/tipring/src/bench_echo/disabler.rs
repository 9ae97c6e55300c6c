//! The tone disabler: clause 7 of G.168.
//!
//! A canceller that is off gives what comes from the line as it came, sample for sample. That is looked for, so that any
//! canceller can be tried: first it learns a line, then comes the tone, from the line or towards it, then data.

use tipring_dsp::echo_trial::signal::{EchoPath, composite, composite_near, noise, sample};
use tipring_dsp::echo_trial::{Limit, Plant};
use tipring_units::{Dbm0, Entropy, TICK_SAMPLES};

use super::TAIL;
use super::canceller::Who;
use super::table::Cell;

/// Samples per second.
const RATE: f64 = 8000.0;
/// Seconds of speech before the tone.
const BEFORE: f64 = 3.0;
const G168: &str = "G.168";

/// A disabling tone, or one that is none.
#[derive(Clone, Copy)]
struct Tone {
    hertz: f64,
    level: f64,
    /// Milliseconds from a reversal to the next, and by how many degrees the phase jumps.
    every: f64,
    degrees: f64,
}

/// The tone in the middle of all tolerances.
const NOMINAL: Tone = Tone { hertz: 2100.0, level: -12.0, every: 450.0, degrees: 180.0 };

impl Tone {
    fn samples(self, seconds: f64) -> Vec<i16> {
        let peak = 16_141.0 * std::f64::consts::SQRT_2 * 10_f64.powf(self.level / 20.0);
        let turn = |n: usize| {
            let jumps = (n as f64 / RATE * 1e3 / self.every).floor();
            std::f64::consts::TAU * (self.hertz * n as f64 / RATE + jumps * self.degrees / 360.0)
        };
        (0..(seconds * RATE) as usize).map(|n| sample(peak * turn(n).sin())).collect()
    }
}

/// A canceller at work, from the first sample on.
struct Run {
    near: Vec<i16>,
    out: Vec<i16>,
}

/// Runs a canceller on what goes to a line of 6 dB and what the near end says.
fn run(who: Who, entropy: &mut Entropy, far: &[i16], talk: &[i16]) -> Option<Run> {
    let mut canceller = who.make(TAIL, false)?;
    let near = EchoPath::models(0, super::LOSS).swap_remove(1).back(entropy, far, talk, Dbm0(-65.0));
    let mut out = Vec::with_capacity(near.len());
    for (near, far) in near.as_chunks::<TICK_SAMPLES>().0.iter().zip(far.as_chunks::<TICK_SAMPLES>().0) {
        let mut frame = *near;
        canceller(&mut frame, far);
        out.extend(frame);
    }
    Some(Run { near, out })
}

impl Run {
    /// Seconds from a time until everything up to another is untouched; none if it never is.
    fn untouched(&self, from: f64, to: f64) -> Option<f64> {
        let at = |time: f64| (time * RATE) as usize;
        let (near, out) = (&self.near[at(from)..at(to)], &self.out[at(from)..at(to)]);
        let last = near.iter().zip(out).rposition(|(near, out)| near != out).map_or(0, |last| last + 1);
        (last < near.len()).then_some(last as f64 / RATE)
    }

    /// Seconds from a time until something is touched; what is left if nothing is.
    fn touched(&self, from: f64) -> f64 {
        let at = (from * RATE) as usize;
        let first = self.near[at..].iter().zip(&self.out[at..]).position(|(near, out)| near != out);
        first.unwrap_or(self.near.len() - at) as f64 / RATE
    }
}

/// Speech, then the tone from the line or towards it, then whatever follows; far end and near end.
fn call(entropy: &mut Entropy, tone: &[i16], towards: bool, after: [Vec<i16>; 2]) -> [Vec<i16>; 2] {
    let far = composite(entropy, BEFORE, Dbm0(-10.0));
    let silent = vec![0; tone.len()];
    // Softly, so that there is an echo to be left untouched.
    let soft: Vec<i16> = tone.iter().map(|_| sample(noise(entropy, Dbm0(-40.0)))).collect();
    let [first, second] = if towards { [tone, &silent] } else { [&soft, tone] };
    let [far_after, near_after] = after;
    let near = vec![0; far.len()];
    [[&far, first, &far_after].concat(), [&near, second, &near_after].concat()]
}

/// A figure of each canceller; `None` from one that has no such thing.
fn cell(what: &str, limit: Limit, who: &[Who], figure: impl Fn(Who) -> Option<f64>) -> Cell {
    Cell {
        name: "clause 7, disabler".to_owned(),
        what: what.to_owned(),
        limit,
        source: G168,
        figures: who.iter().map(|who| figure(*who)).collect(),
    }
}

/// All rows. The others have no disabler: what they do where it must not act says nothing, and is left out.
pub fn cells(seed: u64, who: &[Who]) -> Vec<Cell> {
    let has_one = |who: Who| who == Who::Ours;
    let never = 9.99;
    // Data, as loud as modems are.
    let data = |entropy: &mut Entropy, seconds: f64, level: f32| -> Vec<i16> {
        (0..(seconds * RATE) as usize).map(|_| sample(noise(entropy, Dbm0(level)))).collect()
    };
    let operates = |who: Who, tone: Tone, towards: bool| -> Option<Option<f64>> {
        let mut entropy = Entropy::for_simulation(seed + 800);
        let [far, near] = call(&mut entropy, &tone.samples(3.0), towards, [Vec::new(), Vec::new()]);
        let run = run(who, &mut entropy, &far, &near)?;
        Some(run.untouched(BEFORE, BEFORE + 3.0))
    };
    let worst = |who: Who, tones: &[Tone]| -> Option<f64> {
        let mut worst = 0.0_f64;
        for tone in tones {
            for towards in [false, true] {
                worst = worst.max(operates(who, *tone, towards)?.unwrap_or(never));
            }
        }
        Some(worst)
    };
    let false_ones = |who: Who, tones: &[Tone]| -> Option<f64> {
        let mut count = 0;
        for tone in tones {
            for towards in [false, true] {
                count += u32::from(operates(who, *tone, towards)?.is_some());
            }
        }
        Some(f64::from(count))
    };
    let levels: Vec<Tone> = [-31.0, -20.0, -12.0, -6.0, 0.0].map(|level| Tone { level, ..NOMINAL }).to_vec();
    let frequencies: Vec<Tone> =
        [2079.0, 2085.0, 2115.0, 2121.0].map(|hertz| Tone { hertz, ..NOMINAL }).to_vec();
    let jumps: Vec<Tone> = [(155.0, 425.0), (205.0, 475.0), (155.0, 475.0), (205.0, 425.0)]
        .map(|(degrees, every)| Tone { degrees, every, ..NOMINAL })
        .to_vec();
    let shallow: Vec<Tone> = [0.0, 45.0, 90.0, 110.0].map(|degrees| Tone { degrees, ..NOMINAL }).to_vec();
    let beside: Vec<Tone> = [1900.0, 2350.0].map(|hertz| Tone { hertz, ..NOMINAL }).to_vec();
    let mut all = vec![
        cell("operates, -31 to 0 dBm0, s", Limit::AtMost(1.0), who, |who| worst(who, &levels)),
        cell("operates, 2079 to 2121 Hz, s", Limit::AtMost(1.0), who, |who| worst(who, &frequencies)),
        cell("operates, 155 to 205°, 425 to 475 ms, s", Limit::AtMost(1.0), who, |who| worst(who, &jumps)),
        cell("operates on jumps of 110° and less, of 8", Limit::AtMost(0.0), who, |who| {
            has_one(who).then(|| false_ones(who, &shallow)).flatten()
        }),
        cell("operates at 1900 or 2350 Hz, of 4", Limit::AtMost(0.0), who, |who| {
            has_one(who).then(|| false_ones(who, &beside)).flatten()
        }),
    ];
    all.push(cell("operates on a minute of speech, times", Limit::AtMost(0.0), who, |who| {
        let mut entropy = Entropy::for_simulation(seed + 801);
        let far = composite(&mut entropy, 60.0, Dbm0(-10.0));
        let near = composite_near(&mut entropy, 60.0, Dbm0(-15.0));
        let run = has_one(who).then(|| run(who, &mut entropy, &far, &near)).flatten()?;
        // Half a second without any change is one that is off.
        let same = |at: usize| run.near[at..at + 4000] == run.out[at..at + 4000];
        Some((4000..run.near.len() - 4000).step_by(2000).filter(|at| same(*at)).count() as f64)
    }));
    let follows = |who: Who, after: [Vec<i16>; 2]| -> Option<(Run, f64)> {
        let mut entropy = Entropy::for_simulation(seed + 802);
        let tone = NOMINAL.samples(2.0);
        let [far, near] = call(&mut entropy, &tone, false, after);
        let run = has_one(who).then(|| run(who, &mut entropy, &far, &near)).flatten()?;
        Some((run, BEFORE + 2.0))
    };
    all.push(cell("data at -30 dBm0 untouched for, s of 10", Limit::AtLeast(10.0), who, |who| {
        let mut entropy = Entropy::for_simulation(seed + 803);
        // With drop-outs of 90 ms, which must not release it.
        let mut near = data(&mut entropy, 10.0, -30.0);
        for at in [8000, 40_000] {
            near[at..at + 720].fill(0);
        }
        let far = data(&mut entropy, 10.0, -30.0);
        let (run, end) = follows(who, [far, near])?;
        Some(run.touched(end))
    }));
    for (what, limit) in
        [("releases after silence of, s", Limit::AtMost(0.4)), ("and not before, s", Limit::AtLeast(0.1))]
    {
        all.push(cell(what, limit, who, |who| {
            // What the far end says is cancelled again once it has released: silence of each length is tried.
            (1..=60).map(|step| f64::from(step) * 0.01).find(|silence| {
                let mut entropy = Entropy::for_simulation(seed + 804);
                let mut far = vec![0; (silence * RATE) as usize];
                far.extend(composite(&mut entropy, 0.4, Dbm0(-10.0)));
                let near = vec![0; far.len()];
                follows(who, [far, near]).is_some_and(|(run, end)| run.touched(end + silence) < 0.3)
            })
        }));
    }
    all
}
