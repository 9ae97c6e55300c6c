//! The line echo canceller of calls.
//!
//! [`crate::EchoCanceller`] learns faster and further and hears double talk better; but where both ends are steady
//! tones it lets the echo of one through for some tenths of a second when the other ends (flow
//! `line-to-line-two-shards`, with true samples). Calls change to it when it does not, and this one goes.
//!
//! # What it does
//! Takes the echo of what goes to the line (the reference) out of what comes from it: the hybrid's echo and
//! everything within the tail. The reference is the frame as the card played it; the bulk delay of card and
//! driver is skipped, so that the tail need only span the line.
//!
//! # How
//! Two filters over the same reference. The background one adapts all the time: normalised LMS on signals
//! that linear prediction has whitened, so that voices converge it like noise does. The foreground one
//! makes the output and is frozen; it takes the background's weights over when these have been clearly
//! better for some frames, and gives its own back when they have been clearly worse, which is what double
//! talk does to an adapting filter. Near-end speech, seen as more residual than echo explains, slows the
//! adaptation. What remains of the echo is replaced by comfort noise while only the far end talks.
//!
//! # Limits
//! Tail up to [`WHITENED_TAIL_MAX`], bulk delay up to [`DELAY_MAX`]. Non-linear echo is only suppressed, not cancelled.
//! The 2100 Hz disabler tone is for the caller to detect.
//!
//! # Standard
//! ITU-T G.168: clause 6.4.2.2 (tests 2, convergence), 6.4.2.3 (tests 3, double talk), 6.5 (suppressor).

mod adapt;

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod g168;

use crate::level::{Frame, level_of_power, mean_power, power_of_level, to_sample};
use crate::suppress::{Gate, Suppressor};
use adapt::{Filter, WHITENING_ORDER, Whitener};
use tipring_units::{Db, Dbm0, Millis, Samples, TICK_SAMPLES};

/// Longest tail.
pub const WHITENED_TAIL_MAX: Millis = Millis(64);
/// Longest bulk delay that can be skipped.
pub const DELAY_MAX: Samples = Samples(1600);

/// How a canceller is set up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WhitenedConfig {
    /// How far the echo may spread after the bulk delay; rounded up to 8 samples.
    pub tail: Millis,
    /// Delay between the reference and its earliest echo, known from the card.
    pub delay: Samples,
    /// Whether the residual is suppressed.
    pub suppress: bool,
}

impl Default for WhitenedConfig {
    fn default() -> Self {
        Self { tail: Millis(32), delay: Samples(0), suppress: true }
    }
}

/// What a canceller knows of itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WhitenedState {
    /// Echo return loss enhancement of the linear part, over the recent far-end speech.
    pub enhancement: Db,
    /// Level of the near end's background noise.
    pub noise: Dbm0,
    /// The near end is taken to be talking.
    pub near_end: bool,
}

/// Step of the adaptation with only the far end talking, and with both.
const STEP: f32 = 0.6;
const STEP_NEAR: f32 = 0.03;
/// Reference below this is not adapted to.
const REFERENCE_MIN: Dbm0 = Dbm0(-50.0);
/// Residual per reference power at the start: an echo return loss of 6 dB (G.168 clause 5).
const LEAK_START: f32 = 0.25;
/// Residual that exceeds what echo explains by this is near-end speech: 8 dB.
const NEAR_MARGIN: f32 = 6.3;
/// Frames that near-end speech is taken to go on.
const NEAR_HANG: u32 = 8;
/// Frames that one filter must be better to displace the other.
const BETTER_FRAMES: u32 = 3;
const WORSE_FRAMES: u32 = 12;

/// Cancels the echo of one line.
#[derive(Clone, Debug)]
pub struct WhitenedCanceller {
    enabled: bool,
    taps: usize,
    delay: usize,
    /// The reference, oldest first; the newest frame last.
    history: Box<[f32]>,
    foreground: Filter,
    background: Filter,
    whitener: Whitener,
    suppressor: Suppressor,
    suppress: bool,
    gate: Gate,
    better: u32,
    worse: u32,
    harmful: u32,
    near_hang: u32,
    /// Residual per reference power, while the near end is silent.
    leak: f32,
    /// Smoothed powers of the near signal and of the residual, for the enhancement.
    before: f32,
    after: f32,
}

impl WhitenedCanceller {
    /// A canceller that knows nothing of the line yet.
    pub fn new(config: WhitenedConfig) -> Self {
        let tail = config.tail.0.clamp(1, WHITENED_TAIL_MAX.0) as usize * 8;
        let delay = config.delay.0.min(DELAY_MAX.0) as usize;
        Self {
            enabled: true,
            taps: tail,
            delay,
            history: vec![0.0; DELAY_MAX.0 as usize + tail + TICK_SAMPLES + WHITENING_ORDER].into(),
            foreground: Filter::new(tail),
            background: Filter::new(tail),
            whitener: Whitener::new(tail),
            suppressor: Suppressor::new(),
            suppress: config.suppress,
            gate: Gate::Open,
            better: 0,
            worse: 0,
            harmful: 0,
            near_hang: 0,
            leak: LEAK_START,
            before: 0.0,
            after: 0.0,
        }
    }

    /// Forgets the line.
    pub fn reset(&mut self) {
        self.history.fill(0.0);
        self.forget_path();
        self.suppressor = Suppressor::new();
    }

    /// Switches cancelling on or off (a modem's answer tone). Off, the near end passes untouched and the
    /// reference is still followed.
    pub fn set_enabled(&mut self, enabled: bool) {
        self.enabled = enabled;
    }

    /// Changes the bulk delay; what was learnt is lost if it differs.
    pub fn set_delay(&mut self, delay: Samples) {
        let delay = delay.0.min(DELAY_MAX.0) as usize;
        if delay != self.delay {
            self.delay = delay;
            self.forget_path();
        }
    }

    /// The card inserted or dropped samples: the bulk delay is another, but the line is the same and what was learnt
    /// of it stays.
    pub fn move_delay(&mut self, delay: Samples) {
        self.delay = delay.0.min(DELAY_MAX.0) as usize;
    }

    /// What it knows of itself.
    pub fn state(&self) -> WhitenedState {
        let enhancement = level_of_power(self.before.max(1.0)) - level_of_power(self.after.max(1.0));
        WhitenedState { enhancement, noise: self.suppressor.noise_level(), near_end: self.near_hang > 0 }
    }

    /// Takes the echo of `reference` out of `near`, in place, and suppresses the rest if so configured.
    pub fn process(&mut self, near: &mut Frame, reference: &Frame) {
        self.cancel(near, reference);
        if self.suppress {
            self.suppress(near);
        }
    }

    /// The linear part alone: what detectors of digits and tones should hear.
    pub fn cancel(&mut self, near: &mut Frame, reference: &Frame) {
        self.history.copy_within(TICK_SAMPLES.., 0);
        let newest = self.history.len() - TICK_SAMPLES;
        for (slot, &sample) in self.history[newest..].iter_mut().zip(reference) {
            *slot = f32::from(sample);
        }
        if !self.enabled {
            return;
        }
        // The reference that reaches into this frame, with what the whitener needs before it.
        let end = self.history.len() - self.delay;
        let start = end - TICK_SAMPLES - self.taps + 1 - WHITENING_ORDER;
        let span = &self.history[start..end];
        let reference_power = loudest(&span[WHITENING_ORDER..]);
        let active = reference_power > power_of_level(REFERENCE_MIN);
        let near_power = mean_power(near);

        let samples = near.map(f32::from);
        let mut residual = samples;
        if reference_power > 0.0 {
            self.foreground.cancel(&span[WHITENING_ORDER..], &mut residual);
        }
        self.whitener.follow(&samples);
        let background_power = active.then(|| {
            // Judged by what it makes of a frame that it has not learnt from.
            let mut error = samples;
            self.background.cancel(&span[WHITENING_ORDER..], &mut error);
            let step = if self.near_hang == 0 { STEP } else { STEP_NEAR };
            if near_power <= reference_power {
                self.whitener.update(span);
                self.background.adapt(&self.whitener, step);
            }
            power(&error)
        });
        let residual_power = power(&residual);
        if let Some(background_power) = background_power {
            self.judge(near_power, residual_power, background_power, reference_power);
        }
        if !active {
            self.suppressor.watch(residual_power);
        }
        self.gate = self.judge_gate(active, near_power, residual_power, reference_power);
        if residual_power > near_power {
            // The estimate does harm in this frame: the near signal itself is the better output.
            residual = samples;
        }
        for (out, value) in near.iter_mut().zip(residual) {
            *out = to_sample(value);
        }
    }

    /// Replaces the residual of the frame cancelled last, where only the far end talks.
    pub fn suppress(&mut self, residual: &mut Frame) {
        if !self.enabled {
            return;
        }
        let mut samples = residual.map(f32::from);
        self.suppressor.process(&mut samples, self.gate);
        for (out, value) in residual.iter_mut().zip(samples) {
            *out = to_sample(value);
        }
    }

    /// Compares the filters and moves weights from one to the other.
    fn judge(&mut self, near: f32, foreground: f32, background: f32, reference: f32) {
        let improves = background < 0.8 * foreground && background < 0.7 * near;
        self.better = if improves { self.better + 1 } else { 0 };
        if self.better >= BETTER_FRAMES {
            self.better = 0;
            self.foreground.copy_from(&self.background);
        }
        // A bare NaN compares false everywhere: say so explicitly.
        let broken = !background.is_finite() || !foreground.is_finite();
        self.worse =
            if background > 2.0 * foreground { self.worse + 1 } else { self.worse.saturating_sub(1) };
        if self.worse >= WORSE_FRAMES {
            self.worse = 0;
            self.background.copy_from(&self.foreground);
        }
        let harms = foreground > 1.2 * near && near > 1e-3 * reference;
        self.harmful = if harms { self.harmful + 1 } else { self.harmful.saturating_sub(1) };
        if broken || self.harmful >= 6 {
            // The line changed: begin again.
            self.forget_path();
        }
    }

    /// Decides who talks.
    fn judge_gate(&mut self, active: bool, near: f32, residual: f32, reference: f32) -> Gate {
        if !active {
            self.near_hang = self.near_hang.saturating_sub(1);
            return Gate::Open;
        }
        let residual = residual.min(near);
        let noise = self.suppressor.noise_power();
        if residual > NEAR_MARGIN * self.leak * reference + 8.0 * noise + 50.0 {
            self.near_hang = NEAR_HANG;
        } else if self.near_hang > 0 {
            self.near_hang -= 1;
        } else {
            let ratio = (residual / reference).min(1.0);
            let rate = if ratio < self.leak { 0.05 } else { 0.02 };
            self.leak = (self.leak + (ratio - self.leak) * rate).max(1e-5);
            self.before += (near - self.before) * 0.03;
            self.after += (residual - self.after) * 0.03;
        }
        if self.near_hang > 0 {
            Gate::Open
        } else if self.before > 8.0 * self.after {
            Gate::Closed
        } else {
            Gate::Ducked
        }
    }

    fn forget_path(&mut self) {
        self.foreground.clear();
        self.background.clear();
        self.leak = LEAK_START;
        self.before = 0.0;
        self.after = 0.0;
        self.better = 0;
        self.worse = 0;
        self.harmful = 0;
        self.near_hang = 0;
    }
}

/// Mean power of a frame of floats, in a fixed order.
fn power(frame: &[f32; TICK_SAMPLES]) -> f32 {
    adapt::dot(frame, frame) / TICK_SAMPLES as f32
}

/// Power of the loudest 10 ms of a span.
fn loudest(span: &[f32]) -> f32 {
    let mut most = 0.0_f32;
    for chunk in span.rchunks_exact(TICK_SAMPLES) {
        most = most.max(adapt::dot(chunk, chunk) / TICK_SAMPLES as f32);
    }
    most
}
