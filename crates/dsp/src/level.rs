//! Levels of sampled signals.
//!
//! # What it does
//! Converts between linear 16-bit samples and dBm0, and meters the power of a signal.
//!
//! # How
//! One constant anchors the scale; the meter is a leaky integrator of the squared samples.
//!
//! # Limits
//! Silence reads [`SILENCE`], never minus infinity.
//!
//! # Standard
//! ITU-T G.711 clause 4: the A-law load capacity is +3.14 dBm0, so a sine that just fills the 16-bit
//! range is +3.14 dBm0 and a 0 dBm0 sine has an RMS of 16141. The digital milliwatt of table 5
//! (A-law, 34 21 21 34 B4 A1 A1 B4) decodes to an RMS of 16139; that of table 6 (mu-law), to 16017,
//! 0.07 dB lower.

use libm::{exp2f, log2f};
pub use tipring_port::Frame;
use tipring_units::{Db, Dbm0, TICK_SAMPLES};

/// Level of a sine whose peak is full scale.
#[allow(clippy::approx_constant)] // G.711's 3.14 dB, not pi
pub const FULL_SCALE_SINE: Dbm0 = Dbm0(3.14);

/// What a meter shows for silence.
pub const SILENCE: Dbm0 = Dbm0(-99.0);

/// RMS of a signal at 0 dBm0: 32768 / sqrt(2) / 10^(3.14 / 20).
const DIGITAL_MILLIWATT_RMS: f32 = 16_141.0;

/// log2(10) / 20: decibels to octaves of amplitude.
const OCTAVES_PER_DB: f32 = 0.166_096_4;

/// Level of one frame.
pub fn frame_level(frame: &Frame) -> Dbm0 {
    level_of_power(mean_power(frame))
}

/// Level of any run of samples; [`SILENCE`] where it is empty.
pub fn level_of(samples: &[i16]) -> Dbm0 {
    let sum: u64 = samples.chunks(TICK_SAMPLES).map(energy).sum();
    level_of_power(sum as f32 / samples.len().max(1) as f32)
}

/// A meter with exponential memory, for levels that are watched rather than measured.
#[derive(Clone, Debug)]
pub struct PowerMeter {
    power: f32,
    keep: f32,
}

impl PowerMeter {
    /// A meter whose memory fades by half in `2^halving` frames of 10 ms, roughly.
    pub fn new(halving: u8) -> Self {
        let keep = 1.0 - 0.5 / (1_u32 << halving.min(16)) as f32;
        Self { power: 0.0, keep }
    }

    /// Takes a frame in and returns the level now.
    pub fn process(&mut self, frame: &Frame) -> Dbm0 {
        self.power = self.power * self.keep + mean_power(frame) * (1.0 - self.keep);
        self.level()
    }

    /// The level now.
    pub fn level(&self) -> Dbm0 {
        level_of_power(self.power)
    }
}

/// Mean of the squared samples. Integer arithmetic: the order of the sum cannot matter.
pub fn mean_power(frame: &Frame) -> f32 {
    energy(frame) as f32 / TICK_SAMPLES as f32
}

/// Sum of the squares of at most a frame, in two halves, so that nothing in the loop is wider than 32 bits.
fn energy(samples: &[i16]) -> u64 {
    let (mut low, mut high) = (0_u32, 0_u32);
    for &sample in samples {
        let square = i32::from(sample).pow(2) as u32;
        low += square & 0xffff;
        high += square >> 16;
    }
    (u64::from(high) << 16) + u64::from(low)
}

/// A sample louder than this counts as this in [`capped_energy`].
const CAP: i16 = 4095;
/// The most that [`capped_energy`] can be compared with.
pub(crate) const CAPPED_MAX: u32 = (CAP as u32).pow(2);

/// Sum of the squares of at most a frame, where none is louder than [`CAP`]; otherwise it is at least [`CAPPED_MAX`]. For those who
/// only ask whether it is quiet: nothing in it is wider than 32 bits.
pub(crate) fn capped_energy(samples: &[i16]) -> u32 {
    samples.iter().map(|&sample| i32::from(sample.clamp(-CAP, CAP)).pow(2)).sum::<i32>() as u32
}

/// The level of a signal of mean square `power`.
pub fn level_of_power(power: f32) -> Dbm0 {
    let ratio = power / (DIGITAL_MILLIWATT_RMS * DIGITAL_MILLIWATT_RMS);
    // 10 log10(x) = log2(x) * 10 log10(2).
    if ratio > 1e-12 { Dbm0((log2f(ratio) * 3.010_3).max(SILENCE.0)) } else { SILENCE }
}

/// Mean square of a signal at `level`.
pub fn power_of_level(level: Dbm0) -> f32 {
    let rms = DIGITAL_MILLIWATT_RMS * ratio(Db(level.0));
    rms * rms
}

/// Peak of a sine at `level`.
pub(crate) fn sine_peak(level: Dbm0) -> f32 {
    core::f32::consts::SQRT_2 * DIGITAL_MILLIWATT_RMS * ratio(Db(level.0))
}

/// Amplitude ratio of a gain; not-a-number counts as 0 dB.
pub(crate) fn ratio(gain: Db) -> f32 {
    if gain.0.is_nan() { 1.0 } else { exp2f(gain.0.clamp(-200.0, 200.0) * OCTAVES_PER_DB) }
}

/// Rounds to the nearest sample and saturates.
pub(crate) fn to_sample(value: f32) -> i16 {
    // The cast saturates and makes zero of a NaN. Half away from zero, without libm's round().
    (value + if value < 0.0 { -0.5 } else { 0.5 }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digital_milliwatt_of_g711_reads_zero_dbm0() {
        // G.711 table 5, decoded by table 1a and scaled to 16 bits.
        let a_law = [-8960, -20992, -20992, -8960, 8960, 20992, 20992, 8960];
        assert!(level_of(&a_law).0.abs() < 0.01, "{}", level_of(&a_law).0);
        let mu_law = [-8828, -20860, -20860, -8828, 8828, 20860, 20860, 8828];
        assert!((level_of(&mu_law).0 + 0.067).abs() < 0.01, "{}", level_of(&mu_law).0);
    }

    #[test]
    fn level_and_amplitude_are_inverse() {
        for tenths in -600..=30 {
            let level = Dbm0(tenths as f32 / 10.0);
            let peak = sine_peak(level);
            assert!((level_of_power(peak * peak / 2.0).0 - level.0).abs() < 0.01, "{level:?}");
            assert!((level_of_power(power_of_level(level)).0 - level.0).abs() < 0.01, "{level:?}");
        }
        assert!((sine_peak(FULL_SCALE_SINE) - 32768.0).abs() < 20.0);
    }

    #[test]
    fn silence_has_a_floor_and_full_scale_does_not_overflow() {
        assert_eq!(frame_level(&[0; TICK_SAMPLES]), SILENCE);
        assert_eq!(level_of(&[]), SILENCE);
        let square = frame_level(&[i16::MIN; TICK_SAMPLES]);
        assert!((square.0 - 6.15).abs() < 0.02, "{square:?}");
        let mut meter = PowerMeter::new(2);
        for _ in 0..200 {
            meter.process(&[i16::MIN; TICK_SAMPLES]);
        }
        assert!((meter.level().0 - 6.15).abs() < 0.02);
    }

    #[test]
    fn samples_saturate_and_round_to_nearest() {
        assert_eq!((to_sample(1e9), to_sample(-1e9), to_sample(f32::NAN)), (i16::MAX, i16::MIN, 0));
        assert_eq!((to_sample(1.4), to_sample(1.6), to_sample(-1.6)), (1, 2, -2));
    }
}
