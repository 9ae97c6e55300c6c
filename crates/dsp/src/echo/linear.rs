//! The linear part of the canceller: two filters and who of them is believed.
//!
//! # What it does
//! Subtracts the foreground filter's estimate from the line signal, lets the background filter learn, and moves what
//! was learnt from one to the other.
//!
//! # How
//! The background filter adapts all the time, by the Kalman gain that its doubt and the power of everything but echo
//! allow; while much is to be learnt, it learns from the block before as well. The foreground filter makes the output
//! and is frozen: it takes the background's weights over where these do better by more than chance explains, given how
//! far the two estimates are apart. When the residual is suddenly larger than usual, either the near end talks or the
//! line has changed. That is tried: the background filter is made to doubt all it knows and learns anew for some
//! ticks. If it then does better, the line had changed; if not, it gets the foreground's weights and doubts back, and
//! the next trial comes later.
//!
//! While both ends talk, the filters may learn what the ends have in common and be sure of it. That is no surprise, since
//! nothing usual is known then: where the foreground takes little away of what may be all echo, and the background is sure
//! of itself, it is tried from nothing; where its large estimate takes nothing away at all, both begin anew.
//!
//! Learning is most of the work. So once little is left to be learnt, the background filter rests for a tick or three after
//! each one in which it learns, unless anything is unusual; and a silent reference costs nothing.
//!
//! # Limits
//! A trial is only begun while the far end is heard.
//!
//! # Standard
//! None; ITU-T G.168 clause 6.4 gives what must come of it.

use fearless_simd::{Level, Simd, dispatch};

use super::fft::{BINS, LENGTH, Roots, Spectrum, forward, roots};
use super::filter::{Filter, Step, estimate, spread};
use super::reference::Reference;
use tipring_units::TICK_SAMPLES;

/// Samples of one tick.
pub(super) type Block = [f32; TICK_SAMPLES];

/// Variance of all weights of a bin at the start, shared by the partitions: an echo as loud as the reference.
const PRIOR: f32 = 1.0;
/// Doubt that a filter has of its partitions after a slip, as a share of the prior.
const SLIP_PRIOR: f32 = 1e-4;
/// Share of the Kalman gain, and of the doubt that it takes away. The model would say half of the latter: but speech moves
/// a weight again and again in the same direction, and a filter that is too sure of itself stands still. Half a block is wrapped away from each spectrum, which a step above 1 makes good.
const STEP: Step = Step { size: 1.6, sure: 0.3, wander: 3e-6 };
/// The same when little is left to be learnt: what counts then is how little the rest of the signal moves the weights.
const STEP_SETTLED: Step = Step { size: 1.0, sure: 0.15, wander: 3e-6 };
/// Memory of the estimate of what is not echo, per tick.
const OTHERS_KEEP: f32 = 0.5;
/// Least share of a bin's error that is taken for something else.
const OTHERS_SHARE: f32 = 0.05;
/// Least power per bin of a block that is taken for something else: the rounding of samples.
const OTHERS_MIN: f32 = 8.0;
/// Expected residual echo, as a share of the line signal, above which the block before is learnt from again.
const LEARNING: f32 = 2e-4;
/// A residual so much louder than the line signal is the estimate's fault: 6 dB.
const HARM: f32 = 4.0;
/// As long as the residual is more than this share of the estimate, there is nothing usual.
const LEAK_KNOWN: f32 = 0.5;
/// Residual beyond the usual by this factor begins a trial: 9 dB.
const SURPRISE: f32 = 8.0;
/// The same for tones: what is usual says little of a single frequency, and what is learnt from one spoils the others.
const SURPRISE_NARROW: f32 = 100.0;
/// Ticks that a surprise lasts before it is believed.
const SURPRISE_TICKS: u32 = 2;
/// Ticks of a trial, and of the first and the longest pause after a failed one.
const TRIAL_TICKS: u32 = 16;
/// On trial, a win is a residual below this share of the other's, and so many in a row are needed.
const TRIAL_WIN: f32 = 0.5;
const TRIAL_WINS: u32 = 3;
/// A trial ends where the foreground's residual is no surprise for so many ticks: the line is what it was.
const USUAL_TICKS: u32 = 2;
const PAUSE_FIRST: u32 = 8;
const PAUSE_MAX: u32 = 64;

/// The foreground is lost where it leaves more than this share of what may be all echo, and found again below the other.
const LOST_SHARE: f32 = 0.25;
const FOUND_SHARE: f32 = 0.12;
/// An estimate that is more than the one share of the line signal and leaves more than the other is of no use after so many
/// ticks.
const LARGE_SHARE: f32 = 0.4;
const USELESS_SHARE: f32 = 0.8;
const USELESS_TICKS: u32 = 3;
/// The background filter is sure of itself where it expects less than this share of its error.
const SURE_SHARE: f32 = 0.1;
/// Ticks of that before a trial.
const LOST_TICKS: u32 = 5;
/// Ticks that the background filter rests after one of learning where little is left to be learnt, and where hardly anything
/// is: expected residual echo below this share of the line signal.
const REST: u32 = 1;
const REST_LONG: u32 = 3;
const HARDLY: f32 = 2.5e-5;

/// Whether the background filter is being tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trial {
    /// Nothing unusual, for so many surprising ticks now.
    Calm(u32),
    /// On trial for so many more ticks; the pause after a failure.
    Running { left: u32, pause: u32 },
    /// A trial failed; the next may begin in so many ticks, with the pause after that.
    Waiting { left: u32, pause: u32 },
}

/// What speaks against the foreground filter in a tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doubt {
    None,
    /// It leaves more than usual.
    Surprised,
    /// It takes nothing away.
    Lost,
}

/// A running average of how much better the background does, with the variance that chance gives it.
#[derive(Clone, Copy, Default, Debug)]
struct Lead {
    gain: f32,
    variance: f32,
}

impl Lead {
    fn follow(&mut self, gain: f32, variance: f32, rate: f32) {
        let keep = 1.0 - rate;
        self.gain = keep * self.gain + rate * gain;
        self.variance = keep * keep * self.variance + rate * rate * variance;
    }

    fn is_sure(&self, share: f32) -> bool {
        self.gain > 0.0 && self.gain * self.gain > share * self.variance
    }
}

/// What a tick came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    /// The line signal without the estimate.
    pub(super) residual: Block,
    /// The echo that was expected.
    pub(super) estimate: Block,
    /// The foreground filter was replaced in a trial: the line has changed.
    pub(super) changed: bool,
    /// The residual of the foreground filter was larger than usual.
    pub(super) surprised: bool,
    /// The foreground takes nothing away of what may be all echo.
    pub(super) lost: bool,
    /// The reference is of tones.
    pub(super) narrow: bool,
    /// The estimate does harm: the line signal itself is the better output.
    pub(super) harms: bool,
}

/// What the caller knows of a tick.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// The reference is loud enough to learn from.
    pub(super) active: bool,
    /// Both ticks of its newest block are too soft for an echo that is heard.
    pub(super) silent: bool,
    /// What the residual usually is of the estimate, as powers; much more is a surprise.
    pub(super) leak: f32,
    /// Mean square of a residual that is never one.
    pub(super) quiet: f32,
    /// The line signal is soft enough against the reference to be an echo and nothing else.
    pub(super) may_be_echo: bool,
    /// The line signal is well above the background noise.
    pub(super) loud: bool,
    /// The foreground filter stays what it is, whatever the background has learnt: a slip is being looked for.
    pub(super) hold: bool,
}

/// Two filters over one reference.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    level: Level,
    roots: &'static Roots,
    reference: Reference,
    foreground: Filter,
    background: Filter,
    /// What was known when tones began, and whether it is to come back when they end.
    kept: Filter,
    has_kept: bool,
    partitions: usize,
    /// Power per bin of what is not echo.
    others: [f32; BINS],
    /// Smoothed power of the error, and of what of it is expected.
    error_power: [f32; BINS],
    expected_power: [f32; BINS],
    short: Lead,
    long: Lead,
    /// The line signal's lead over the residual.
    harm: Lead,
    trial: Trial,
    /// Clear wins of the background in a row, on trial.
    wins: u32,
    /// Ticks in a row without surprise.
    usual_ticks: u32,
    /// Power of the background's error that its doubt made expect in the tick before.
    expected_error: f32,
    /// Ticks in which the foreground took nothing away that may have been all echo.
    lost_ticks: u32,
    /// Ticks in a row in which its estimate was large and yet of no use.
    useless_ticks: u32,
    /// Ticks that the background filter may rest still, since it learnt last.
    rest: u32,
    /// The line signal of the tick before.
    before: Block,
}

impl Linear {
    pub(super) fn new(partitions: usize) -> Self {
        let groups = Filter::new(partitions).groups();
        let mut new = Self {
            level: Level::new(),
            roots: roots(),
            reference: Reference::new(groups),
            foreground: Filter::new(partitions),
            background: Filter::new(partitions),
            kept: Filter::new(partitions),
            has_kept: false,
            partitions,
            others: [0.0; BINS],
            error_power: [0.0; BINS],
            expected_power: [0.0; BINS],
            short: Lead::default(),
            long: Lead::default(),
            harm: Lead::default(),
            trial: Trial::Calm(0),
            wins: 0,
            usual_ticks: 0,
            expected_error: f32::MAX,
            lost_ticks: 0,
            useless_ticks: 0,
            rest: 0,
            before: [0.0; TICK_SAMPLES],
        };
        new.forget();
        new
    }

    /// Filters of another length, which know nothing of the line, in the same memory.
    pub(super) fn set_partitions(&mut self, partitions: usize) {
        self.partitions = partitions;
        self.foreground.set_partitions(partitions);
        self.kept.set_partitions(partitions);
        self.background.set_partitions(partitions);
        self.reference.set_groups(self.foreground.groups());
        self.forget();
    }

    /// Works with other vectors than the machine's best.
    #[cfg(test)]
    pub(super) fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// Forgets the line, but not the reference.
    pub(super) fn forget(&mut self) {
        self.background.clear();
        let prior = PRIOR / self.partitions as f32;
        self.background.doubt(prior);
        self.foreground.copy_from(&self.background);
        self.others.fill(0.0);
        self.error_power.fill(0.0);
        self.expected_power.fill(0.0);
        self.before.fill(0.0);
        self.forget_lead();
        self.harm = Lead::default();
        self.trial = Trial::Calm(0);
        self.expected_error = f32::MAX;
        (self.lost_ticks, self.useless_ticks) = (0, 0);
        self.rest = 0;
        self.has_kept = false;
    }

    fn forget_lead(&mut self) {
        self.short = Lead::default();
        self.long = Lead::default();
    }

    /// Computes the reference's spectra anew from samples that end with the newest.
    pub(super) fn rebuild(&mut self, samples: &[f32]) {
        self.reference.rebuild(self.roots, samples);
    }

    /// Follows the reference without looking at the line.
    pub(super) fn follow(&mut self, span: &[f32; LENGTH]) {
        let (level, roots) = (self.level, self.roots);
        dispatch!(level, simd => self.reference.push(simd, roots, span));
    }

    /// The foreground's impulse response; `out` has 80 samples for each partition.
    pub(super) fn response(&self, out: &mut [f32]) {
        self.foreground.response(self.roots, out);
    }

    /// Takes a response over into both filters.
    pub(super) fn set_response(&mut self, taps: &[f32]) {
        self.foreground.set_response(self.roots, taps);
        self.foreground.doubt(SLIP_PRIOR / self.partitions as f32);
        self.background.copy_from(&self.foreground);
        self.forget_lead();
        self.trial = Trial::Calm(0);
        self.has_kept = false;
    }

    /// One tick; `span` holds the reference of the tick before and of this one.
    pub(super) fn tick(&mut self, near: &Block, span: &[f32; LENGTH], setting: Setting) -> Outcome {
        let level = self.level;
        dispatch!(level, simd => self.work(simd, near, span, setting))
    }

    #[inline(always)]
    fn work<S: Simd>(&mut self, simd: S, near: &Block, span: &[f32; LENGTH], setting: Setting) -> Outcome {
        let roots = self.roots;
        if setting.silent {
            self.reference.push_silence(simd);
        } else {
            self.reference.push(simd, roots, span);
        }
        let mut outcome = Outcome {
            residual: *near,
            estimate: [0.0; TICK_SAMPLES],
            changed: false,
            surprised: false,
            lost: false,
            narrow: false,
            harms: false,
        };
        if self.reference.is_silent() {
            // No echo of anything.
            self.before = *near;
            return outcome;
        }
        let fore = estimate(simd, roots, &self.reference, 0, &self.foreground);
        outcome.residual = subtract(near, &fore);
        outcome.estimate = fore;
        if setting.active {
            let of_tones = self.reference.is_of_tones();
            let ended = !of_tones && self.reference.take_tones_ended();
            if of_tones {
                if !self.has_kept && setting.leak < LEAK_KNOWN && matches!(self.trial, Trial::Calm(_)) {
                    self.kept.copy_from(&self.foreground);
                    self.has_kept = true;
                }
            } else if core::mem::take(&mut self.has_kept) && ended {
                // A tone tells the sum of the partitions' weights at its frequency, not each of them: whatever fits the
                // tone may be wrong for all else. What was known of the line before it is better.
                self.foreground.copy_from(&self.kept);
                self.background.copy_from(&self.kept);
                self.forget_lead();
                self.trial = Trial::Calm(0);
            } else if ended {
                // Nothing was: then all is in doubt.
                self.doubt_all();
                self.trial = Trial::Calm(0);
            }
            let fore_power = power(&outcome.residual);
            outcome.narrow = self.reference.is_narrow();
            let margin = if outcome.narrow { SURPRISE_NARROW } else { SURPRISE };
            let usual = (setting.leak * power(&fore)).max(setting.quiet * TICK_SAMPLES as f32);
            outcome.surprised = setting.leak < LEAK_KNOWN && fore_power > margin * usual;
            if !of_tones && self.may_rest(outcome.surprised, setting) {
                self.rest -= 1;
                let doubt = if outcome.surprised { Doubt::Surprised } else { Doubt::None };
                self.follow_trial(doubt, false);
                outcome.harms = self.judge_harm(near, &outcome);
                self.before = *near;
                return outcome;
            }
            let back = estimate(simd, roots, &self.reference, 0, &self.background);
            let error = subtract(near, &back);
            let back_power = power(&error);
            let is_proven = self.prove(back_power < TRIAL_WIN * fore_power, setting.may_be_echo);
            let taken = self.compare(fore_power, back_power, power(&subtract(&fore, &back))) && is_proven;
            if taken {
                outcome.residual = error;
                if !setting.hold {
                    self.foreground.copy_from(&self.background);
                    self.forget_lead();
                    outcome.estimate = back;
                }
            }
            let lost = self.is_lost(fore_power, back_power, power(near), setting);
            outcome.lost = self.lost_ticks > 0;
            let doubt = match (lost, outcome.surprised) {
                (true, _) => Doubt::Lost,
                (false, true) => Doubt::Surprised,
                (false, false) => Doubt::None,
            };
            outcome.changed = self.follow_trial(doubt, taken && !setting.hold);
            self.has_kept &= !outcome.changed;
            if !taken && self.is_useless(&outcome, back_power, power(near), setting) {
                self.forget();
                outcome.changed = true;
            }
            self.learn(simd, near, &error);
        }
        outcome.harms = self.judge_harm(near, &outcome);
        self.before = *near;
        outcome
    }

    /// Whether the background filter need not look at this tick: it has learnt the line, and either the line is what it was
    /// or a trial has just shown that somebody talks.
    #[inline(always)]
    fn may_rest(&self, surprised: bool, setting: Setting) -> bool {
        let is_calm = match self.trial {
            Trial::Calm(_) => !surprised,
            Trial::Waiting { left, .. } => left > 0,
            Trial::Running { .. } => false,
        };
        is_calm && self.rest > 0 && !setting.hold && (self.lost_ticks, self.useless_ticks) == (0, 0)
    }

    /// Whether the background does better by more than chance explains. `apart` is the power of the difference of the
    /// two estimates: a filter that is worse by nature wins now and then by what the near end happens to say, and the
    /// more the further it is off.
    #[inline(always)]
    fn compare(&mut self, fore: f32, back: f32, apart: f32) -> bool {
        let (gain, variance) = (fore - back, fore * apart);
        self.short.follow(gain, variance, 0.4);
        self.long.follow(gain, variance, 0.15);
        (gain > 0.0 && gain * gain > variance) || self.short.is_sure(0.5) || self.long.is_sure(0.25)
    }

    /// On trial, the background has to win clearly for some ticks: it is far from the foreground, so what the near end
    /// says moves its power much. Who knows nothing of the line also follows what both ends have in common, such as a tone
    /// of one frequency, and so does whoever hears tones only (a signal answered by the same one, G.168 test 8): then a win
    /// counts only where the line signal may be all echo.
    #[inline(always)]
    fn prove(&mut self, wins: bool, may_be_echo: bool) -> bool {
        match self.trial {
            Trial::Calm(_) | Trial::Waiting { .. } => true,
            Trial::Running { .. } => {
                let lost = self.lost_ticks >= LOST_TICKS;
                let counts =
                    if self.reference.is_narrow() { may_be_echo && lost } else { may_be_echo || !lost };
                self.wins = if wins && counts { self.wins + 1 } else { 0 };
                self.wins >= TRIAL_WINS
            }
        }
    }

    /// Whether the foreground does not work, though nothing usual is known that this would be a surprise against: what
    /// was learnt while both ends talked may be wrong and yet beyond doubt.
    #[inline(always)]
    fn is_lost(&mut self, fore: f32, back: f32, line: f32, setting: Setting) -> bool {
        if fore < FOUND_SHARE * line || setting.leak < LEAK_KNOWN {
            self.lost_ticks = 0;
        } else if setting.may_be_echo
            && setting.loud
            && fore > LOST_SHARE * line
            && (self.expected_error < SURE_SHARE * back || self.lost_ticks >= LOST_TICKS)
        {
            self.lost_ticks += 1;
        }
        self.lost_ticks >= LOST_TICKS
    }

    /// Whether the estimate, however large, has not made less of what may be all echo for some ticks: then nothing is a
    /// better beginning.
    #[inline(always)]
    fn is_useless(&mut self, outcome: &Outcome, back: f32, line: f32, setting: Setting) -> bool {
        if setting.may_be_echo && setting.loud {
            let useless = setting.leak >= LEAK_KNOWN
                && self.expected_error < SURE_SHARE * back
                && power(&outcome.residual) > USELESS_SHARE * line
                && power(&outcome.estimate) > LARGE_SHARE * line;
            self.useless_ticks = if useless { self.useless_ticks + 1 } else { 0 };
        }
        self.useless_ticks >= USELESS_TICKS
    }

    /// Whether no estimate at all would do better, by the same test.
    #[inline(always)]
    fn judge_harm(&mut self, near: &Block, outcome: &Outcome) -> bool {
        let (line, residual) = (power(near), power(&outcome.residual));
        let variance = residual * power(&subtract(near, &outcome.residual));
        self.harm.follow(residual - line, variance, 0.4);
        residual > HARM * line || (residual > line && self.harm.is_sure(4.0))
    }

    /// Begins and ends trials; true if the line turned out to have changed.
    #[inline(always)]
    fn follow_trial(&mut self, doubt: Doubt, taken: bool) -> bool {
        let mut changed = false;
        let surprised = doubt != Doubt::None;
        self.usual_ticks = if surprised { 0 } else { self.usual_ticks + 1 };
        self.trial = match self.trial {
            Trial::Calm(_) if !surprised => Trial::Calm(0),
            Trial::Calm(ticks) if ticks + 1 < SURPRISE_TICKS => Trial::Calm(ticks + 1),
            Trial::Calm(_) => self.begin_trial(doubt, PAUSE_FIRST),
            Trial::Running { .. } if taken => {
                changed = true;
                self.lost_ticks = 0;
                Trial::Calm(0)
            }
            Trial::Running { left, pause } if left == 0 || self.usual_ticks >= USUAL_TICKS => {
                self.background.copy_from(&self.foreground);
                self.forget_lead();
                // Who is lost has nothing to lose.
                let longest = if doubt == Doubt::Lost { PAUSE_FIRST } else { PAUSE_MAX };
                Trial::Waiting { left: pause.min(longest), pause: (2 * pause).min(longest) }
            }
            Trial::Running { left, pause } => Trial::Running { left: left - 1, pause },
            Trial::Waiting { left: 0, pause } if surprised => self.begin_trial(doubt, pause),
            Trial::Waiting { left: 0, .. } => Trial::Calm(0),
            Trial::Waiting { left, pause } => Trial::Waiting { left: left - 1, pause },
        };
        changed
    }

    fn begin_trial(&mut self, doubt: Doubt, pause: u32) -> Trial {
        self.doubt_all();
        if doubt == Doubt::Lost {
            // Wrong weights are worse than none.
            self.background.clear();
            self.background.doubt(PRIOR / self.partitions as f32);
        }
        Trial::Running { left: TRIAL_TICKS, pause }
    }

    /// The background filter starts from the foreground's weights and doubts them all.
    fn doubt_all(&mut self) {
        self.background.copy_from(&self.foreground);
        self.background.doubt(PRIOR / self.partitions as f32);
        self.others.fill(0.0);
        self.error_power.fill(0.0);
        self.expected_power.fill(0.0);
        self.forget_lead();
        (self.wins, self.usual_ticks) = (0, 0);
    }

    /// The background filter learns from this block and perhaps from the one before.
    #[inline(always)]
    fn learn<S: Simd>(&mut self, simd: S, near: &Block, error: &Block) {
        let roots = self.roots;
        let error = padded_spectrum(simd, roots, error);
        let mut expected = [0.0; BINS];
        self.background.expect(simd, &self.reference, 0, &mut expected);
        spread(simd, &mut expected);
        self.follow_others(&error, &expected);
        let left: f32 = expected.iter().sum();
        self.expected_error = left / LENGTH as f32;
        let (line, others) = (LENGTH as f32 * power(near), self.others.iter().sum::<f32>());
        let is_learning = left > LEARNING * line && left > others;
        self.rest = if left < HARDLY * line {
            REST_LONG
        } else if left < LEARNING * line || left < 0.25 * others {
            REST
        } else {
            0
        };
        let step = if is_learning { STEP } else { STEP_SETTLED };
        self.background.adapt(simd, &self.reference, 0, &error, &expected, &self.others, step);
        self.background.constrain(simd, roots);
        if is_learning {
            let again = estimate(simd, roots, &self.reference, 1, &self.background);
            let error = padded_spectrum(simd, roots, &subtract(&self.before, &again));
            self.background.expect(simd, &self.reference, 1, &mut expected);
            spread(simd, &mut expected);
            self.background.adapt(simd, &self.reference, 1, &error, &expected, &self.others, STEP);
            self.background.constrain(simd, roots);
        }
    }

    /// Estimates the power of all that is not echo: what the error has beyond what the doubt expects.
    #[inline(always)]
    fn follow_others(&mut self, error: &Spectrum, expected: &[f32; BINS]) {
        let mut raw = [0.0; BINS + 4];
        for bin in 0..BINS {
            raw[bin + 2] = error.re[bin] * error.re[bin] + error.im[bin] * error.im[bin];
        }
        (raw[0], raw[1]) = (raw[4], raw[3]);
        (raw[BINS + 2], raw[BINS + 3]) = (raw[BINS], raw[BINS - 1]);
        for k in 0..BINS {
            let mean = 0.2 * ((raw[k] + raw[k + 4]) + (raw[k + 1] + raw[k + 3]) + raw[k + 2]);
            let smooth = &mut self.error_power[k];
            *smooth += (mean - *smooth) * (1.0 - OTHERS_KEEP);
            let awaited = &mut self.expected_power[k];
            *awaited += (0.5 * expected[k] - *awaited) * (1.0 - OTHERS_KEEP);
            self.others[k] = (*smooth - *awaited).max(OTHERS_SHARE * *smooth).max(OTHERS_MIN);
        }
    }
}

#[inline(always)]
fn subtract(a: &Block, b: &Block) -> Block {
    let mut out = *a;
    for (out, b) in out.iter_mut().zip(b) {
        *out -= b;
    }
    out
}

/// The spectrum of an empty tick and this one.
#[inline(always)]
fn padded_spectrum<S: Simd>(simd: S, roots: &Roots, block: &Block) -> Spectrum {
    let mut padded = [0.0; LENGTH];
    padded[TICK_SAMPLES..].copy_from_slice(block);
    let mut spectrum = Spectrum::EMPTY;
    forward(simd, roots, &padded, &mut spectrum);
    spectrum
}

/// Sum of the squares, in eight lanes that are added in one order.
#[inline(always)]
pub(super) fn power(block: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    for chunk in block.as_chunks::<8>().0 {
        for lane in 0..8 {
            lanes[lane] += chunk[lane] * chunk[lane];
        }
    }
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}
