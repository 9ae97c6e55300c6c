//! Concealment of lost frames.
//!
//! # What it does
//! Makes up a frame where none arrived, from what was heard before.
//!
//! # How
//! The pitch of the last 48.75 ms is found by correlation, and its last period is repeated, its end bent towards what
//! came before its beginning over a quarter of a period, so that the seams do not click. In the second lost frame two
//! periods are repeated, in the third three, which keeps a long vowel from buzzing; each change is blended over a
//! quarter of a period. The first 10 ms keep their level; then the sound loses a fifth of it in 10 ms and is gone after
//! 60 ms. The first frame that arrives again is blended in over a quarter of a period, and 4 ms more for each further
//! lost frame, 10 ms at the most.
//!
//! # Limits
//! The standard delays all sound by 3.75 ms, so that it can also bend what was heard last towards the repetition. Here
//! nothing is delayed: the step between both is added to the repetition and dies away.
//!
//! # Standard
//! ITU-T G.711 Appendix I clauses I.2.2 to I.2.7.

use crate::level::{Frame, to_sample};
use tipring_units::TICK_SAMPLES;

/// What is remembered: 48.75 ms (clause I.2.1).
const HISTORY: usize = 390;
const FRAMES: usize = HISTORY.div_ceil(TICK_SAMPLES);
/// Pitch periods that are looked for: 66 to 200 Hz (clause I.2.3).
const PERIOD_MIN: usize = 40;
const PERIOD_MAX: usize = 120;
/// Window of the correlation: 20 ms (clause I.2.3).
const COMPARED: usize = 160;
/// Periods that are repeated at the most (clause I.2.5).
const PERIODS_MAX: usize = 3;
/// What the blend back grows by with each further lost frame: 4 ms (clause I.2.7).
const BLEND_GROWTH: usize = 32;
/// Loss of level in a frame, from the second one on (clause I.2.6).
const FADE: f32 = 0.2;
/// Frames from full level to silence.
const FADE_FRAMES: u32 = 6;
/// The step at the first seam keeps so much of itself from sample to sample.
const SEAM_KEEP: f32 = 0.8;

/// Fills gaps in a stream of frames.
#[derive(Clone, Debug)]
pub struct Concealer {
    /// Whole frames, in a ring: where the next goes is the oldest.
    frames: [Frame; FRAMES],
    next: usize,
    /// What was heard when the loss began, its end bent for the periods that are repeated.
    heard: [f32; HISTORY],
    /// The end of it as it was.
    tail: [f32; PERIOD_MAX / 4],
    period: usize,
    /// Samples that are repeated: one to three periods.
    span: usize,
    /// Next place in them.
    at: usize,
    /// Difference between what was heard last and what the repetition would have had there.
    seam: f32,
    lost: u32,
}

impl Concealer {
    /// A concealer that has heard nothing.
    pub fn new() -> Self {
        Self {
            frames: [[0; TICK_SAMPLES]; FRAMES],
            next: 0,
            heard: [0.0; HISTORY],
            tail: [0.0; PERIOD_MAX / 4],
            period: PERIOD_MIN,
            span: PERIOD_MIN,
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
            let further = (self.lost - 1).min(FADE_FRAMES) as usize;
            let blend = (self.quarter() + further * BLEND_GROWTH).min(TICK_SAMPLES);
            for (n, sample) in frame.iter_mut().take(blend).enumerate() {
                let share = (n + 1) as f32 / (blend + 1) as f32;
                *sample = to_sample(f32::from(*sample) * share + self.next() * gain * (1.0 - share));
            }
            self.lost = 0;
        }
        self.remember(frame);
    }

    /// Writes a frame in place of a lost one.
    pub fn conceal(&mut self, frame: &mut Frame) {
        let mut before = [0.0; PERIOD_MAX / 4];
        let mut blended = 0;
        match self.lost {
            0 => self.prepare(),
            lost if (lost as usize) < PERIODS_MAX => {
                blended = self.quarter();
                let (at, seam) = (self.at, self.seam);
                for slot in before.iter_mut().take(blended) {
                    *slot = self.next();
                }
                (self.at, self.seam) = (at % self.period, seam);
                self.span += self.period;
                self.bend();
            }
            _ => {}
        }
        let (from, to) = (fade(self.lost), fade(self.lost.saturating_add(1)));
        self.lost = self.lost.saturating_add(1);
        for (n, sample) in frame.iter_mut().enumerate() {
            let mut value = self.next();
            if n < blended {
                let share = (n + 1) as f32 / (blended + 1) as f32;
                value = value * share + before[n] * (1.0 - share);
            }
            let gain = from + (to - from) * n as f32 / TICK_SAMPLES as f32;
            *sample = to_sample(value * gain);
        }
        self.remember(frame);
    }

    fn remember(&mut self, frame: &Frame) {
        if let Some(oldest) = self.frames.get_mut(self.next) {
            *oldest = *frame;
        }
        self.next = (self.next + 1) % FRAMES;
    }

    /// What was heard last, the oldest first.
    fn history(&self) -> [i16; HISTORY] {
        let mut out = [0; HISTORY];
        let (newer, older) = self.frames.split_at(self.next);
        let samples = older.iter().chain(newer).flatten();
        let spare = FRAMES * TICK_SAMPLES - HISTORY;
        out.iter_mut().zip(samples.skip(spare)).for_each(|(to, &sample)| *to = sample);
        out
    }

    /// Samples over which seams are blended.
    fn quarter(&self) -> usize {
        self.period / 4
    }

    /// Finds the pitch and takes the last period.
    fn prepare(&mut self) {
        let history = self.history();
        self.period = pitch(&history);
        self.span = self.period;
        for (slot, &sample) in self.heard.iter_mut().zip(&history) {
            *slot = f32::from(sample);
        }
        self.tail.copy_from_slice(&self.heard[HISTORY - PERIOD_MAX / 4..]);
        self.seam = self.heard[HISTORY - 1] - self.heard[HISTORY - self.span - 1];
        self.bend();
        self.at = 0;
    }

    /// Bends the end of what is repeated towards what came before it, which its beginning follows smoothly.
    fn bend(&mut self) {
        let quarter = self.quarter();
        let start = HISTORY - self.span - quarter;
        for n in 0..quarter {
            let share = (n + 1) as f32 / quarter as f32;
            let own = self.tail[self.tail.len() - quarter + n];
            self.heard[HISTORY - quarter + n] = own + (self.heard[start + n] - own) * share;
        }
    }

    fn next(&mut self) -> f32 {
        let value = self.heard[HISTORY - self.span + self.at] + self.seam;
        self.seam *= SEAM_KEEP;
        self.at = (self.at + 1) % self.span;
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
        lost => 1.0 - (lost - 1) as f32 * FADE,
    }
}

/// The lag at which the signal is most like itself. Integer sums: no order to depend on.
fn pitch(history: &[i16; HISTORY]) -> usize {
    let recent = &history[HISTORY - COMPARED..];
    let square = |sample: i16| i64::from(sample) * i64::from(sample);
    // The energy of the delayed window, which moves back by a sample with each lag.
    let first = HISTORY - COMPARED - PERIOD_MIN;
    let mut energy: i64 = history[first..first + COMPARED].iter().map(|sample| square(*sample)).sum();
    let (mut best, mut best_score) = (PERIOD_MAX, 0.0_f64);
    for lag in PERIOD_MIN..=PERIOD_MAX {
        let start = HISTORY - COMPARED - lag;
        if lag > PERIOD_MIN {
            energy += square(history[start]) - square(history[start + COMPARED]);
        }
        let delayed = &history[start..start + COMPARED];
        let product: i64 =
            recent.iter().zip(delayed).map(|(&a, &b)| i64::from(i32::from(a) * i32::from(b))).sum();
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
    fn a_long_loss_repeats_more_than_one_period() {
        // Pulses whose strength alternates: one period alone would make them all alike.
        let mut concealer = Concealer::new();
        let mut place = 0;
        for _ in 0..10 {
            let mut frame: Frame = core::array::from_fn(|n| match (place + n) % 120 {
                0 => 12_000,
                60 => 8000,
                _ => 0,
            });
            place += 80;
            concealer.received(&mut frame);
        }
        let mut out = Vec::new();
        for _ in 0..3 {
            let mut frame = [0; 80];
            concealer.conceal(&mut frame);
            out.extend(frame);
        }
        let peaks: Vec<i16> = out.iter().copied().filter(|s| *s > 2000).collect();
        assert!(peaks.len() >= 3 && peaks.windows(2).any(|w| w[0] < w[1]), "{peaks:?}");
    }

    #[test]
    fn any_frames_in_any_order_of_losses_stay_in_range_and_end() {
        let mut entropy = tipring_units::Entropy::for_simulation(5);
        let mut concealer = Concealer::new();
        for _ in 0..3000 {
            let mut frame: Frame = core::array::from_fn(|_| entropy.u32() as i16);
            if entropy.u32().is_multiple_of(3) {
                concealer.received(&mut frame);
            } else {
                concealer.conceal(&mut frame);
            }
            assert!(concealer.lost() < 7 || frame == [0; 80]);
        }
    }

    #[test]
    fn silence_before_a_loss_stays_silence() {
        let mut concealer = Concealer::new();
        let mut frame = [9; 80];
        concealer.conceal(&mut frame);
        assert_eq!(frame, [0; 80]);
    }
}
