//! Suppressor of the residual echo.
//!
//! # What it does
//! Replaces what the filter leaves over by comfort noise while only the far end talks.
//!
//! # How
//! A gain that closes in about 5 ms and opens in about 2, and noise at the level that the near end has when
//! all are silent, in the measure that the gain is closed.
//!
//! # Limits
//! A near end that begins to talk loses up to 10 ms.
//!
//! # Standard
//! ITU-T G.168 clause 6.5 and Appendix II (comfort noise).

use crate::comfort::{ComfortNoise, SKIP_MAX};
use crate::level::level_of_power;
use tipring_units::{Dbm0, TICK_SAMPLES};

/// What shall become of the residual.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gate {
    /// It passes.
    Open,
    /// It is lowered by 12 dB: the filter has not learnt the line yet.
    Ducked,
    /// It is replaced.
    Closed,
}

/// Change of the gain per sample, as a share of the way.
const CLOSING: f32 = 0.025;
const OPENING: f32 = 0.06;
/// The noise is this much louder than its floor, which follows each fall at once and each rise slowly.
const FLOOR_BIAS: f32 = 1.12;
/// Comfort noise is never louder than this: mean square of about -45 dBm0.
const NOISE_MAX: f32 = 8000.0;

#[derive(Clone, Debug)]
pub(crate) struct Suppressor {
    gain: f32,
    floor: f32,
    noise: ComfortNoise,
    /// Frames in which the noise was not heard, and was not made.
    unheard: u32,
}

impl Suppressor {
    pub(crate) fn new() -> Self {
        Self { gain: 1.0, floor: 0.0, noise: ComfortNoise::new(0x7199_1268, Dbm0(-99.0)), unheard: 0 }
    }

    pub(crate) fn noise_power(&self) -> f32 {
        self.floor
    }

    pub(crate) fn noise_level(&self) -> Dbm0 {
        level_of_power(self.floor)
    }

    /// Whether the frame stays as it is; then it need not be [processed](Self::process).
    pub(crate) fn passes(&mut self, gate: Gate) -> bool {
        let passes = gate == Gate::Open && self.gain == 1.0;
        if self.unheard > 0 && (!passes || self.unheard == SKIP_MAX) {
            self.noise.skip(core::mem::take(&mut self.unheard));
        }
        self.unheard += u32::from(passes);
        passes
    }

    /// Lowers or replaces a frame that does not [pass](Self::passes).
    pub(crate) fn process(&mut self, frame: &mut [f32; TICK_SAMPLES], gate: Gate) {
        self.noise.set_power((FLOOR_BIAS * self.floor).min(NOISE_MAX));
        let target = match gate {
            Gate::Open => 1.0,
            Gate::Ducked => 0.25,
            Gate::Closed => 0.0,
        };
        let mut gains = [target; TICK_SAMPLES];
        if self.gain != target {
            let rate = if target > self.gain { OPENING } else { CLOSING };
            for gain in &mut gains {
                self.gain += (target - self.gain) * rate;
                *gain = self.gain;
            }
        }
        let noise = self.noise.frame();
        for ((sample, noise), gain) in frame.iter_mut().zip(noise).zip(gains) {
            *sample = *sample * gain + noise * (1.0 - gain);
        }
        if (target - self.gain).abs() < 1e-4 {
            self.gain = target;
        }
    }

    /// Follows the background while the far end is silent: down at once, up by 0.1 dB a frame.
    pub(crate) fn watch(&mut self, power: f32) {
        if !power.is_finite() {
            return;
        }
        if power < self.floor {
            self.floor += (power - self.floor) * 0.3;
        } else {
            self.floor = (self.floor * 1.023 + 0.05).min(power);
        }
    }
}
