//! Concealment of lost frames.
//!
//! # What it does
//! Makes up a frame where none arrived, from what was heard before.
//!
//! # How
//! The pitch of the last 48 ms is found by correlation, and its last period is repeated, its end bent
//! towards its own beginning so that the seams do not click. The first 10 ms keep their level; then the
//! sound fades and is gone after 60 ms. The first frame that arrives again is blended in over 4 ms.
//!
//! # Limits
//! One pitch period only, so long losses of vowels buzz a little before they fade.
//!
//! # Standard
//! In the manner of ITU-T G.711 Appendix I clause I.2, without its 3.75 ms of delay.

use crate::level::{Frame, to_sample};
use tipring_units::TICK_SAMPLES;

/// What is remembered: 48.75 ms, as G.711 Appendix I.
const HISTORY: usize = 390;
/// Pitch periods that are looked for: 66 to 200 Hz.
const PERIOD_MIN: usize = 40;
const PERIOD_MAX: usize = 120;
/// Window of the correlation: 20 ms.
const COMPARED: usize = 160;
/// Length of the blend back: 4 ms.
const BLEND: usize = 32;
/// Frames from full level to silence.
const FADE_FRAMES: u32 = 6;

/// Fills gaps in a stream of frames.
#[derive(Clone, Debug)]
pub struct Concealer {
    history: [i16; HISTORY],
    /// The period that is repeated.
    period: [f32; PERIOD_MAX],
    length: usize,
    /// Next place in it.
    at: usize,
    /// Difference between what was heard last and what the repetition would have had there.
    seam: f32,
    lost: u32,
}

impl Concealer {
    /// A concealer that has heard nothing.
    pub fn new() -> Self {
        Self {
            history: [0; HISTORY],
            period: [0.0; PERIOD_MAX],
            length: PERIOD_MIN,
            at: 0,
            seam: 0.0,
            lost: 0,
        }
    }

    /// Frames lost in a row.
    pub fn lost(&self) -> u32 {
        self.lost
    }

    /// Takes in a frame that arrived; after a loss its beginning is blended with the repetition.
    pub fn received(&mut self, frame: &mut Frame) {
        if self.lost > 0 {
            let gain = fade(self.lost);
            for (n, sample) in frame.iter_mut().take(BLEND).enumerate() {
                let share = (n + 1) as f32 / (BLEND + 1) as f32;
                *sample = to_sample(f32::from(*sample) * share + self.next() * gain * (1.0 - share));
            }
            self.lost = 0;
        }
        self.remember(frame);
    }

    /// Writes a frame in place of a lost one.
    pub fn conceal(&mut self, frame: &mut Frame) {
        if self.lost == 0 {
            self.prepare();
        }
        let (from, to) = (fade(self.lost), fade(self.lost + 1));
        self.lost = self.lost.saturating_add(1);
        for (n, sample) in frame.iter_mut().enumerate() {
            let gain = from + (to - from) * n as f32 / TICK_SAMPLES as f32;
            *sample = to_sample(self.next() * gain);
        }
        self.remember(frame);
    }

    fn remember(&mut self, frame: &Frame) {
        self.history.copy_within(TICK_SAMPLES.., 0);
        self.history[HISTORY - TICK_SAMPLES..].copy_from_slice(frame);
    }

    /// Finds the pitch and cuts the period out.
    fn prepare(&mut self) {
        self.length = pitch(&self.history);
        let start = HISTORY - self.length;
        for (slot, &sample) in self.period.iter_mut().zip(&self.history[start..]) {
            *slot = f32::from(sample);
        }
        // The last quarter turns into what came before the period, which its beginning follows smoothly.
        let quarter = self.length / 4;
        for n in 0..quarter {
            let share = (n + 1) as f32 / quarter as f32;
            let place = self.length - quarter + n;
            let before = f32::from(self.history[start - quarter + n]);
            self.period[place] += (before - self.period[place]) * share;
        }
        self.seam = f32::from(self.history[HISTORY - 1]) - f32::from(self.history[start - 1]);
        self.at = 0;
    }

    fn next(&mut self) -> f32 {
        let value = self.period[self.at] + self.seam;
        self.seam *= 0.8;
        self.at = (self.at + 1) % self.length;
        value
    }
}

impl Default for Concealer {
    fn default() -> Self {
        Self::new()
    }
}

/// Gain at the start of the frame after `lost` lost ones.
fn fade(lost: u32) -> f32 {
    match lost {
        0 | 1 => 1.0,
        lost if lost >= FADE_FRAMES => 0.0,
        lost => 1.0 - (lost - 1) as f32 / (FADE_FRAMES - 1) as f32,
    }
}

/// The lag at which the signal is most like itself. Integer sums: no order to depend on.
fn pitch(history: &[i16; HISTORY]) -> usize {
    let recent = &history[HISTORY - COMPARED..];
    let (mut best, mut best_score) = (PERIOD_MAX, 0.0_f64);
    for lag in PERIOD_MIN..=PERIOD_MAX {
        let delayed = &history[HISTORY - COMPARED - lag..HISTORY - lag];
        let (mut product, mut energy) = (0_i64, 0_i64);
        for (&a, &b) in recent.iter().zip(delayed) {
            product += i64::from(a) * i64::from(b);
            energy += i64::from(b) * i64::from(b);
        }
        if product > 0 {
            let score = product as f64 * product as f64 / energy.max(1) as f64;
            // A longer lag must be clearly better: multiples of the period are as good as itself.
            if score > best_score * 1.02 {
                (best, best_score) = (lag, score);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::level_of;
    use crate::testing::Sine;
    use tipring_units::{Dbm0, Hz};

    #[test]
    fn one_lost_frame_of_a_steady_sound_is_barely_noticed() {
        for (a, b) in [(100.0, 300.0), (125.0, 1000.0), (160.0, 480.0)] {
            let mut tones = [Sine::new(Hz(a), Dbm0(-16.0)), Sine::new(Hz(b), Dbm0(-20.0))];
            let mut concealer = Concealer::new();
            let mut error = Vec::new();
            for n in 0..20 {
                let sent: Frame = core::array::from_fn(|_| tones.iter_mut().map(Sine::step).sum());
                let mut frame = sent;
                if n == 12 {
                    concealer.conceal(&mut frame);
                    error.extend(frame.iter().zip(&sent).map(|(x, y)| x - y));
                } else {
                    concealer.received(&mut frame);
                }
            }
            assert!(level_of(&error).0 < -14.5 - 12.0, "{a} {b}: {:?}", level_of(&error));
        }
    }

    #[test]
    fn a_long_loss_fades_to_silence_without_clicks() {
        let mut tone = Sine::new(Hz(140.0), Dbm0(-12.0));
        let mut concealer = Concealer::new();
        let mut out = Vec::new();
        for n in 0..40 {
            let mut frame: Frame = core::array::from_fn(|_| tone.step());
            if (10..20).contains(&n) {
                concealer.conceal(&mut frame);
            } else {
                concealer.received(&mut frame);
            }
            out.extend(frame);
        }
        assert!(out[16 * 80..20 * 80].iter().all(|&s| s == 0));
        let levels: Vec<f32> = (10..16).map(|n| level_of(&out[n * 80..n * 80 + 80]).0).collect();
        assert!(levels.last().unwrap() + 12.0 < levels[0], "{levels:?}");
        let steepest = out.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap();
        assert!(steepest < 1500, "{steepest}"); // the tone's own steepest step is 630
    }

    #[test]
    fn silence_before_a_loss_stays_silence() {
        let mut concealer = Concealer::new();
        let mut frame = [9; 80];
        concealer.conceal(&mut frame);
        assert_eq!(frame, [0; 80]);
    }
}
