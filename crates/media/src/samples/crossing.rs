//! Sound between shards whose clocks differ.

use tipring_port::{Frame, SAMPLE_SILENCE, Samples};
use tipring_units::TICK_SAMPLES;

use crate::processing::Crossing;

/// Samples that a crossing holds before it gives a frame when its clocks agree: two and a half frames, so that a tick
/// in which the slower clock brings none finds enough.
const CROSS_TARGET: f32 = 2.5 * TICK_SAMPLES as f32;
/// Samples that come before it gives the first frame: the tick after the first may bring none.
const CROSS_START: usize = 3 * TICK_SAMPLES;
/// Samples that it holds at the most.
const CROSS_MAX: usize = 8 * TICK_SAMPLES;
/// How fast a wrong filling is corrected, in relative speed per sample too much or too few.
const CROSS_PULL: f32 = 2e-5;
/// Most that the speed is changed: 500 ppm, which nobody hears.
const CROSS_LIMIT: f32 = 5e-4;

/// A crossing of samples: read at a speed that keeps its filling, by linear interpolation.
pub struct SampleCrossing {
    samples: [i16; CROSS_MAX],
    len: usize,
    /// Place of the next output between the first and the second sample, 0 to 1.
    phase: f32,
    started: bool,
    filling: f32,
    slips: u32,
}

impl SampleCrossing {
    fn drop_first(&mut self, count: usize) {
        let count = count.min(self.len);
        self.samples.copy_within(count..self.len, 0);
        self.len -= count;
    }
}

impl Crossing<Samples> for SampleCrossing {
    fn new() -> Self {
        Self { samples: [0; CROSS_MAX], len: 0, phase: 0.0, started: false, filling: CROSS_TARGET, slips: 0 }
    }

    fn push(&mut self, frame: &Frame) {
        if self.len + TICK_SAMPLES > CROSS_MAX {
            self.drop_first(TICK_SAMPLES);
            self.slips += 1;
        }
        self.samples[self.len..self.len + TICK_SAMPLES].copy_from_slice(frame);
        self.len += TICK_SAMPLES;
        self.started |= self.len >= CROSS_START;
    }

    fn pop(&mut self) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        if !self.started {
            return frame;
        }
        self.filling += (self.len as f32 - self.filling) * 0.01;
        let speed = 1.0 + ((self.filling - CROSS_TARGET) * CROSS_PULL).clamp(-CROSS_LIMIT, CROSS_LIMIT);
        let mut at = 0;
        for out in &mut frame {
            let (Some(&first), Some(&second)) =
                (self.samples[..self.len].get(at), self.samples[..self.len].get(at + 1))
            else {
                // The other clock has stopped or lags by more than can be corrected: the rest is silence.
                self.slips += 1;
                self.started = false;
                break;
            };
            let (first, second) = (f32::from(first), f32::from(second));
            *out = (first + (second - first) * self.phase) as i16;
            self.phase += speed;
            while self.phase >= 1.0 {
                self.phase -= 1.0;
                at += 1;
            }
        }
        self.drop_first(at);
        frame
    }

    fn slips(&self) -> u32 {
        self.slips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(start: usize) -> Frame {
        core::array::from_fn(|n| {
            let angle = (start + n) as f64 * core::f64::consts::TAU * 1000.0 / 8000.0;
            (angle.sin() * 8000.0) as i16
        })
    }

    /// Sound pushed by a clock that is `ppm` fast for ten minutes: no slip, and no jump larger than the sine's own
    /// steepest step.
    fn crossing_survives(ppm: i64) {
        let mut crossing = SampleCrossing::new();
        let (mut pushed, mut last): (usize, Option<i16>) = (0, None);
        for tick in 0i64..60_000 {
            let due = (tick * (1_000_000 + ppm) / 1_000_000) as usize + 3;
            while pushed < due {
                crossing.push(&sine(pushed * TICK_SAMPLES));
                pushed += 1;
            }
            for sample in crossing.pop() {
                if let Some(last) = last
                    && tick > 5
                {
                    let step = (i32::from(sample) - i32::from(last)).abs();
                    assert!(step < 6400, "a click of {step} at tick {tick} with {ppm} ppm");
                }
                last = Some(sample);
            }
        }
        assert_eq!(crossing.slips(), 0, "{ppm} ppm");
    }

    #[test]
    fn clocks_that_differ_by_200_ppm_are_crossed_without_a_click() {
        for ppm in [-200, -100, 0, 100, 200] {
            crossing_survives(ppm);
        }
    }

    #[test]
    fn a_stopped_clock_gives_silence_and_is_counted() {
        let mut crossing = SampleCrossing::new();
        crossing.push(&sine(0));
        crossing.push(&sine(80));
        crossing.push(&sine(160));
        for _ in 0..5 {
            crossing.pop();
        }
        assert_eq!(crossing.pop(), SAMPLE_SILENCE);
        assert!(crossing.slips() > 0);
    }
}
