//! What an answer tone of 2100 Hz carries.
//!
//! # What it does
//! Counts phase reversals and finds the 15 Hz amplitude modulation of ANSam.
//!
//! # How
//! Per window of 64 ms the complex amplitude of one bin. A reversal makes a dip; where the phase after a dip is half a turn
//! from the phase that the tone would have reached, it was one. The modulation is one bin of a transform over the last 400 ms
//! of amplitudes, which hold six whole periods; dips are left out.
//!
//! # Limits
//! Reversals closer than 120 ms are not told apart; the modulation is known after 500 ms.
//!
//! # Standard
//! ITU-T V.25 clause 4 (reversals every 450 ms), V.8 clause 4 (15 Hz, 20 %), G.164 (disabler: 2079 to 2121 Hz).

use super::spectrum::Spectrum;
use crate::wave::{cosine, sine};

/// Amplitudes kept: 400 ms.
const KEPT: usize = 20;
/// Below this share of the usual amplitude a window is a dip.
const DIP: f32 = 0.75;
/// Cosine of the turn that makes a reversal.
const REVERSED: f32 = -0.6;
/// Share of the amplitude that the modulation moves, at least, as the window shows it: half of the true share.
const MODULATED: f32 = 0.05;
/// A turn of 15 Hz in one window step of 20 ms.
const STEP: u32 = 1_288_490_189;

/// Watches one tone of 2100 Hz.
#[derive(Clone, Debug)]
pub(super) struct AnswerWatch {
    amplitudes: [f32; KEPT],
    count: usize,
    usual: f32,
    /// Mean turn from window to window, as a complex number.
    turn: [f32; 2],
    last: [f32; 2],
    /// The phase reached before a dip, turned on since.
    expected: Option<[f32; 2]>,
    pub(super) reversals: u32,
    pub(super) modulated: bool,
}

impl AnswerWatch {
    pub(super) fn new() -> Self {
        Self {
            amplitudes: [0.0; KEPT],
            count: 0,
            usual: 0.0,
            turn: [0.0; 2],
            last: [0.0; 2],
            expected: None,
            reversals: 0,
            modulated: false,
        }
    }

    /// Takes a window in while the tone sounds.
    pub(super) fn advance(&mut self, spectrum: &Spectrum) {
        let now = unit(spectrum.answer);
        let amplitude = libm::sqrtf(spectrum.answer_power);
        self.usual = if self.count < 4 {
            self.usual.max(amplitude)
        } else {
            self.usual + (amplitude - self.usual) * 0.1
        };
        let dip = amplitude < DIP * self.usual;
        match self.expected {
            None if !dip => {
                let turn = conjugate_times(self.last, now);
                if self.count > 0 {
                    self.turn = [self.turn[0] + turn[0], self.turn[1] + turn[1]];
                }
            }
            None if self.count > 1 => self.expected = Some(times(self.last, unit(self.turn))),
            None => {}
            Some(before) => {
                let expected = times(before, unit(self.turn));
                if dip {
                    self.expected = Some(expected);
                } else {
                    if conjugate_times(expected, now)[0] < REVERSED {
                        self.reversals += 1;
                    }
                    self.expected = None;
                }
            }
        }
        self.last = now;
        self.amplitudes[self.count % KEPT] = if dip { self.usual } else { amplitude };
        self.count += 1;
        if self.count >= KEPT + 2 {
            self.modulated |= self.modulation() > MODULATED;
        }
    }

    /// Share by which the amplitude swings at 15 Hz.
    fn modulation(&self) -> f32 {
        let mean = self.amplitudes.iter().sum::<f32>() / KEPT as f32;
        let (mut re, mut im, mut phase) = (0.0, 0.0, 0_u32);
        for n in 0..KEPT {
            let swing = self.amplitudes[(self.count + n) % KEPT] - mean;
            re += swing * cosine(phase);
            im += swing * sine(phase);
            phase = phase.wrapping_add(STEP);
        }
        2.0 * libm::sqrtf(re * re + im * im) / (KEPT as f32 * mean.max(1e-9))
    }
}

fn times(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

fn conjugate_times(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] * b[0] + a[1] * b[1], a[0] * b[1] - a[1] * b[0]]
}

fn unit(a: [f32; 2]) -> [f32; 2] {
    let size = libm::sqrtf(a[0] * a[0] + a[1] * a[1]).max(1e-12);
    [a[0] / size, a[1] / size]
}
