//! Line echo canceller.
//!
//! # What it does
//! Takes the echo of what goes to the line (the reference) out of what comes from it: the hybrid's echo and
//! everything within the tail. The reference is the frame as the card played it; the bulk delay of card and
//! driver is skipped, so that the tail need only span the line.
//!
//! # How
//! Two partitioned frequency-domain filters over the same reference, of which one learns and the other makes the
//! output (see [`linear`]). Where the residual is suddenly larger than usual, either somebody talks, or the line has
//! changed, or samples were lost or repeated: the first is waited out, the second tried, the third looked for (see
//! [`slip`]). What remains of the echo is replaced by comfort noise while only the far end talks.
//!
//! # Limits
//! Tail up to [`TAIL_MAX`], bulk delay up to [`DELAY_MAX`]. Non-linear echo is only suppressed, not cancelled. A line that becomes quite another
//! one within half a minute, too slowly for a surprise, is followed late: up to 40 dB of enhancement are lost meanwhile.
//!
//! # Standard
//! ITU-T G.168: clause 6.4.2 (tests), 6.5 (suppressor), 7 (disabler).

mod disabler;
mod fft;
mod filter;
mod history;
mod linear;
mod reference;
mod slip;

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod tones;

use std::sync::LazyLock;

use crate::level::{Frame, level_of_power, mean_power, power_of_level, to_sample};
use crate::suppress::{Gate, Suppressor};
use disabler::Disabler;
use fft::{LANES, LENGTH};
use history::History;
use linear::{Block, Linear, Outcome, Setting, power};
use reference::AGES;
use slip::SlipSearch;
use tipring_units::{Db, Dbm0, Millis, Samples, TICK, TICK_SAMPLES};

/// Longest tail.
pub const TAIL_MAX: Millis = Millis(128);
/// Longest bulk delay that can be skipped.
pub const DELAY_MAX: Samples = Samples(1600);

/// How a canceller is set up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EchoConfig {
    /// How far the echo may spread after the bulk delay; rounded up to 10 ms.
    pub tail: Millis,
    /// Delay between the reference and its earliest echo, known from the card.
    pub delay: Samples,
    /// Whether the residual is suppressed.
    pub suppress: bool,
    /// Whether a 2100 Hz tone with phase reversals, from either end, switches it off until the line is silent.
    pub disabler: bool,
}

impl Default for EchoConfig {
    fn default() -> Self {
        Self { tail: Millis(32), delay: Samples(0), suppress: true, disabler: true }
    }
}

/// What a canceller knows of itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EchoState {
    /// Echo return loss enhancement of the linear part, over the recent far-end speech.
    pub enhancement: Db,
    /// Level of the near end's background noise.
    pub noise: Dbm0,
    /// The near end is taken to be talking.
    pub near_end: bool,
    /// Changes of the line that were found since the start or the last reset.
    pub path_changes: u32,
    /// Slips that were found and followed since then.
    pub slips: u32,
    /// A disabling tone was heard and the line has not been silent since.
    pub disabled: bool,
}

/// Reference below this is not adapted to.
const REFERENCE_MIN: Dbm0 = Dbm0(-50.0);
/// The same as a mean square.
static REFERENCE_POWER: LazyLock<f32> = LazyLock::new(|| power_of_level(REFERENCE_MIN));
/// Residual per reference power at the start: an echo return loss of 6 dB (G.168 clause 5).
const LEAK_START: f32 = 0.25;
/// Residual per expected echo at the start: nothing is a surprise as long as nothing is known.
const SHARE_START: f32 = 1e3;
/// An expected echo below this says nothing: mean square of about -52 dBm0.
const SHARE_MIN: f32 = 1600.0;
/// Residual that exceeds what echo explains by this is near-end speech: 8 dB.
const NEAR_MARGIN: f32 = 6.3;
/// Share of the line signal that may be left of tones.
const TONES_LEFT: f32 = 0.25;
/// Ticks in which tones are learnt.
const TONE_TICKS: u32 = 5;
/// How fast the powers of line signal and residual are followed, per tick.
const ERLE_RATE: f32 = 0.12;
/// Frames that near-end speech is taken to go on.
const NEAR_HANG: u32 = 8;
/// How the residual's usual share of the reference is followed, per frame: down, and up (0.1 dB).
const LEAK_FALL: f32 = 0.2;
const LEAK_RISE: f32 = 1.023;
/// Least share: -80 dB.
const LEAK_MIN: f32 = 1e-8;
/// An echo is at most this share of the loudest reference within the tail: an echo return loss of 4.5 dB.
const ECHO_MOST: f32 = 0.35;
/// Residual that is never a surprise, and reference that is taken as silence, whose echo is 6 dB or more below that: mean square of about -62 dBm0.
const QUIET: f32 = 160.0;
/// Energy of a response that a slip may push out of the tail.
const SLIP_LOSS: f32 = 0.01;
/// Most partitions of a tail.
const PARTITIONS_MAX: usize = (TAIL_MAX.0 as usize * 8).div_ceil(TICK_SAMPLES);

/// Cancels the echo of one line.
#[derive(Clone, Debug)]
pub struct EchoCanceller {
    enabled: bool,
    partitions: usize,
    delay: usize,
    reference: History,
    /// Power of the reference, by tick, as the filters see it.
    powers: [f32; PARTITIONS_MAX],
    linear: Linear,
    slips: SlipSearch,
    suppressor: Suppressor,
    suppress: bool,
    gate: Gate,
    near_hang: u32,
    /// Ticks that the reference has been of tones.
    tone_ticks: u32,
    /// Residual per reference power, while the near end is silent.
    leak: f32,
    /// Residual per power of the expected echo, of signals that are no tones.
    share: f32,
    /// Smoothed powers of the near signal and of the residual, for the enhancement.
    before: f32,
    after: f32,
    path_changes: u32,
    slip_count: u32,
    disabler: Option<Disabler>,
}

impl EchoCanceller {
    /// A canceller that knows nothing of the line yet.
    pub fn new(config: EchoConfig) -> Self {
        let partitions = partitions_of(config.tail);
        let seen = (PARTITIONS_MAX.next_multiple_of(LANES) + AGES) * TICK_SAMPLES;
        Self {
            enabled: true,
            partitions,
            delay: config.delay.0.min(DELAY_MAX.0) as usize,
            reference: History::new(DELAY_MAX.0 as usize + seen),
            powers: [0.0; PARTITIONS_MAX],
            linear: Linear::new(partitions),
            slips: SlipSearch::new(),
            suppressor: Suppressor::new(),
            suppress: config.suppress,
            gate: Gate::Open,
            near_hang: 0,
            tone_ticks: 0,
            leak: LEAK_START,
            share: SHARE_START,
            before: 0.0,
            after: 0.0,
            path_changes: 0,
            slip_count: 0,
            disabler: config.disabler.then(Disabler::default),
        }
    }

    /// Forgets the line.
    pub fn reset(&mut self) {
        self.reference.clear();
        self.powers.fill(0.0);
        self.rebuild();
        self.forget_path();
        self.suppressor = Suppressor::new();
        (self.path_changes, self.slip_count) = (0, 0);
        self.disabler = self.disabler.is_some().then(Disabler::default);
    }

    /// Switches cancelling on or off (a modem's answer tone). Off, the near end passes untouched and the
    /// reference is still followed.
    pub fn set_enabled(&mut self, enabled: bool) {
        self.enabled = enabled;
    }

    /// Changes the tail, as [`EchoConfig::tail`], without asking for memory; what was learnt is lost if it differs.
    pub fn set_tail(&mut self, tail: Millis) {
        let partitions = partitions_of(tail);
        if partitions != self.partitions {
            self.partitions = partitions;
            self.linear.set_partitions(partitions);
            self.rebuild();
            self.forget_path();
        }
    }

    /// Its tail, as it was rounded.
    pub fn tail(&self) -> Millis {
        Millis(self.partitions as u32 * TICK.0)
    }

    /// Changes the bulk delay; what was learnt is lost if it differs.
    pub fn set_delay(&mut self, delay: Samples) {
        let delay = delay.0.min(DELAY_MAX.0) as usize;
        if delay != self.delay {
            self.delay = delay;
            self.rebuild();
            self.forget_path();
        }
    }

    /// The card inserted or dropped samples: the bulk delay is another, but the line is the same and what was learnt
    /// of it stays.
    pub fn move_delay(&mut self, delay: Samples) {
        let delay = delay.0.min(DELAY_MAX.0) as usize;
        if delay != self.delay {
            self.delay = delay;
            self.rebuild();
        }
    }

    /// What it knows of itself.
    pub fn state(&self) -> EchoState {
        let enhancement = level_of_power(self.before.max(1.0)) - level_of_power(self.after.max(1.0));
        EchoState {
            enhancement,
            noise: self.suppressor.noise_level(),
            near_end: self.near_hang > 0,
            path_changes: self.path_changes,
            slips: self.slip_count,
            disabled: self.is_disabled(),
        }
    }

    /// True while the near end is taken to be talking.
    pub fn hears_near_end(&self) -> bool {
        self.near_hang > 0
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
        let (samples, towards) = (near.map(f32::from), reference.map(f32::from));
        self.reference.push(&towards);
        let is_off = match &mut self.disabler {
            Some(disabler) => disabler.process(&samples, &towards),
            None => false,
        };
        let Some(span) = self.reference.latest(LENGTH, self.delay).first_chunk::<LENGTH>() else { return };
        self.powers.copy_within(..PARTITIONS_MAX - 1, 1);
        self.powers[0] = power(&span[TICK_SAMPLES..]) / TICK_SAMPLES as f32;
        if !self.enabled || is_off {
            self.linear.follow(span);
            return;
        }
        let loudest = self.powers[..self.partitions].iter().fold(0.0_f32, |most, power| most.max(*power));
        let active = loudest > *REFERENCE_POWER;
        let near_power = mean_power(near);
        // Noise does not follow the echo: the residual of a faint echo is what it is of this reference at all.
        let noise = self.suppressor.noise_power().max(QUIET);
        let quiet = noise.max(self.leak * loudest);
        let may_be_echo = near_power < ECHO_MOST * loudest;
        let setting = Setting {
            active,
            silent: self.powers[0].max(self.powers[1]) < QUIET,
            leak: self.share,
            quiet,
            may_be_echo,
            loud: near_power > NEAR_MARGIN * noise,
            hold: self.slips.is_searching(),
        };
        let outcome = self.linear.tick(&samples, span, setting);
        let residual_power = power(&outcome.residual) / TICK_SAMPLES as f32;
        if !residual_power.is_finite() {
            self.forget_path();
            return;
        }
        if !active {
            self.suppressor.watch(residual_power);
        }
        let expected = if outcome.narrow { 0.0 } else { power(&outcome.estimate) / TICK_SAMPLES as f32 };
        self.tone_ticks = if outcome.narrow { self.tone_ticks.saturating_add(1) } else { 0 };
        self.gate =
            match self.judge_gate(setting, outcome.narrow, expected, near_power, residual_power, loudest) {
                // Too loud for an echo; or tones have been learnt by now, and what is hardly less than the line signal is the
                // near end.
                Gate::Ducked if outcome.narrow && !may_be_echo => Gate::Open,
                Gate::Ducked
                    if self.tone_ticks > TONE_TICKS && 2.0 * residual_power > near_power && !outcome.lost =>
                {
                    Gate::Open
                }
                gate @ (Gate::Open | Gate::Ducked | Gate::Closed) => gate,
            };
        if outcome.changed {
            self.path_changes += 1;
            // What is usual is found anew.
            self.leak = self.leak.max((residual_power / loudest.max(1.0)).min(1.0));
            self.share = SHARE_START;
            (self.before, self.after) = (near_power, residual_power);
        }
        let shown = if outcome.harms { samples } else { outcome.residual };
        for (out, value) in near.iter_mut().zip(shown) {
            *out = to_sample(value);
        }
        self.follow_slips(&samples, &outcome);
    }

    /// Replaces the residual of the frame cancelled last, where only the far end talks.
    pub fn suppress(&mut self, residual: &mut Frame) {
        if !self.enabled || self.is_disabled() {
            return;
        }
        if self.suppressor.passes(self.gate) {
            return;
        }
        let mut samples = residual.map(f32::from);
        self.suppressor.process(&mut samples, self.gate);
        for (out, value) in residual.iter_mut().zip(samples) {
            *out = to_sample(value);
        }
    }

    fn is_disabled(&self) -> bool {
        self.disabler.as_ref().is_some_and(Disabler::is_off)
    }

    /// Decides who talks. `expected` is the power of the echo that was expected, 0 where the reference is of tones, whose
    /// residual says little of other signals'.
    fn judge_gate(
        &mut self,
        setting: Setting,
        narrow: bool,
        expected: f32,
        near: f32,
        residual: f32,
        reference: f32,
    ) -> Gate {
        if !setting.active {
            self.near_hang = self.near_hang.saturating_sub(1);
            return Gate::Open;
        }
        let residual = residual.min(near);
        let noise = self.suppressor.noise_power();
        let usual = (self.leak * reference).max(self.share.min(1.0) * expected);
        // What is left of tones varies much; what the near end says is most of the line signal then.
        let may_be_left = narrow && setting.may_be_echo && residual < TONES_LEFT * near;
        if residual > NEAR_MARGIN * usual + 8.0 * noise + 50.0 && !may_be_left {
            self.near_hang = NEAR_HANG;
            self.leak = (self.leak * LEAK_RISE).min(1.0);
            self.share = (self.share * LEAK_RISE).min(SHARE_START);
        } else {
            follow_leak(&mut self.leak, (residual / reference).min(1.0));
            if expected > SHARE_MIN {
                follow_leak(&mut self.share, residual / expected);
            }
            self.near_hang = self.near_hang.saturating_sub(1);
            if self.near_hang == 0 {
                self.before += (near - self.before) * ERLE_RATE;
                self.after += (residual - self.after) * ERLE_RATE;
            }
        }
        if self.near_hang > 0 {
            Gate::Open
        } else if self.before > 8.0 * self.after {
            Gate::Closed
        } else {
            Gate::Ducked
        }
    }

    /// Looks for a slip and moves the filters after it.
    fn follow_slips(&mut self, near: &Block, outcome: &Outcome) {
        let Some(lag) = self.slips.follow(near, &outcome.estimate, outcome.surprised) else { return };
        self.slip_count += 1;
        let mut taps = [0.0; PARTITIONS_MAX * TICK_SAMPLES];
        let taps = &mut taps[..self.partitions * TICK_SAMPLES];
        self.linear.response(taps);
        let (length, shift) = (taps.len(), lag.unsigned_abs().min(taps.len()));
        let pushed_out = if lag > 0 { &taps[length - shift..] } else { &taps[..shift] };
        let fits = power(pushed_out) <= SLIP_LOSS * power(taps);
        let moved = self.delay.checked_add_signed(lag).filter(|delay| *delay <= DELAY_MAX.0 as usize);
        if let (false, Some(delay)) = (fits, moved) {
            // The bulk delay has room where the tail has none.
            self.delay = delay;
            self.rebuild();
        } else if lag > 0 {
            taps.copy_within(..length - shift, shift);
            taps[..shift].fill(0.0);
        } else {
            taps.copy_within(shift.., 0);
            taps[length - shift..].fill(0.0);
        }
        self.linear.set_response(taps);
        self.slips.clear();
    }

    /// The filters see the reference through another delay.
    fn rebuild(&mut self) {
        let span = (self.partitions.next_multiple_of(LANES) + AGES) * TICK_SAMPLES;
        self.linear.rebuild(self.reference.latest(span, self.delay));
    }

    fn forget_path(&mut self) {
        self.linear.forget();
        self.slips.clear();
        self.leak = LEAK_START;
        self.share = SHARE_START;
        self.before = 0.0;
        self.after = 0.0;
        self.near_hang = 0;
    }
}

/// How many partitions a tail needs.
fn partitions_of(tail: Millis) -> usize {
    let samples = tail.clamp(Millis(1), TAIL_MAX).samples();
    (samples.0 as usize).div_ceil(TICK_SAMPLES)
}

/// Follows the residual's share of the reference.
fn follow_leak(leak: &mut f32, ratio: f32) {
    if ratio < *leak {
        *leak = (*leak + (ratio - *leak) * LEAK_FALL).max(LEAK_MIN);
    } else {
        *leak = (*leak * LEAK_RISE).min(ratio.max(LEAK_MIN));
    }
}
