//! Tones with cadence.
//!
//! # What it does
//! Plays a [`ToneProgram`]: dial tone, stutter, busy, ringback, reorder, howler and the like.
//!
//! # How
//! Every oscillator's phase is the count of samples since the start times its step, so a frequency that
//! goes on over the edge of a step has no jump there, and a program sounds the same however it is cut
//! into frames. Edges fall on exact samples. A modulated component swings between silence and twice its
//! carrier; its mean power is the level asked for.
//!
//! # Limits
//! Four components at once; a sum above full scale saturates.
//!
//! # Standard
//! ITU-T E.180/Q.35 for what tones are made of; the figures themselves come from the country pack.

use crate::level::{Frame, sine_peak, to_sample};
use crate::wave::{cosine, sine, step_of};
use tipring_port::{Component, MAX_COMPONENTS, ToneProgram, ToneStep};
use tipring_units::Samples;

/// Plays one tone program at a time.
#[derive(Clone, Debug)]
pub struct ToneGenerator {
    program: ToneProgram,
    /// The step that sounds; `None` when nothing plays.
    step: Option<usize>,
    /// Samples left of the step; `None` for one without end.
    left: Option<u64>,
    /// Samples since the program started, modulo 2^32: all that an oscillator needs.
    played: u32,
    oscillators: [Oscillator; MAX_COMPONENTS],
}

impl ToneGenerator {
    /// A generator that plays nothing.
    pub fn new() -> Self {
        Self {
            program: ToneProgram::SILENCE,
            step: None,
            left: None,
            played: 0,
            oscillators: [Oscillator::SILENT; MAX_COMPONENTS],
        }
    }

    /// Starts a program from its first step, in place of what plays.
    pub fn start(&mut self, program: &ToneProgram) {
        self.program = *program;
        self.played = 0;
        self.enter(0);
    }

    /// Ends the tone.
    pub fn stop(&mut self) {
        self.step = None;
    }

    /// True while a program runs, in its pauses too.
    pub fn is_playing(&self) -> bool {
        self.step.is_some()
    }

    /// Writes a frame of the tone, silence where nothing plays; returns whether the program goes on.
    pub fn process(&mut self, frame: &mut Frame) -> bool {
        let mut done = 0;
        while done < frame.len() {
            if self.step.is_none() {
                frame[done..].fill(0);
                return false;
            }
            let rest = frame.len() - done;
            let count = self.left.map_or(rest, |left| rest.min(usize::try_from(left).unwrap_or(rest)));
            self.render(&mut frame[done..done + count]);
            done += count;
            if let Some(left) = &mut self.left {
                *left -= count as u64;
                if *left == 0 {
                    self.next();
                }
            }
        }
        self.is_playing()
    }

    fn next(&mut self) {
        let Some(step) = self.step else { return };
        if step + 1 < self.program.steps().len() {
            self.enter(step + 1);
        } else if let Some(again) = self.program.repeat_from() {
            self.enter(again);
        } else {
            self.step = None;
        }
    }

    fn enter(&mut self, index: usize) {
        let Some(step) = self.program.steps().get(index) else {
            self.step = None;
            return;
        };
        let Samples(length) = step.length.samples();
        self.left = (length > 0).then_some(length);
        self.oscillators = oscillators(step);
        self.step = Some(index);
    }

    fn render(&mut self, out: &mut [i16]) {
        for sample in out {
            let mut sum = 0.0;
            for oscillator in &self.oscillators {
                sum += oscillator.at(self.played);
            }
            *sample = to_sample(sum);
            self.played = self.played.wrapping_add(1);
        }
    }
}

impl Default for ToneGenerator {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, Copy, Debug)]
struct Oscillator {
    step: u32,
    peak: f32,
    modulation_step: u32,
}

impl Oscillator {
    const SILENT: Self = Self { step: 0, peak: 0.0, modulation_step: 0 };

    #[inline]
    fn at(&self, n: u32) -> f32 {
        if self.peak == 0.0 {
            return 0.0;
        }
        let carrier = self.peak * sine(self.step.wrapping_mul(n));
        if self.modulation_step == 0 {
            carrier
        } else {
            carrier * (1.0 - cosine(self.modulation_step.wrapping_mul(n))) * FULL_MODULATION
        }
    }
}

/// Keeps the mean power of a fully modulated carrier: its sidebands add half to it, sqrt(1 / 1.5).
const FULL_MODULATION: f32 = 0.816_496_6;

fn oscillators(step: &ToneStep) -> [Oscillator; MAX_COMPONENTS] {
    step.components.map(|component: Component| {
        if !component.sounds() {
            return Oscillator::SILENT;
        }
        Oscillator {
            step: step_of(component.frequency),
            peak: sine_peak(component.level).min(65_536.0),
            modulation_step: step_of(component.modulated_by),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goertzel::Goertzel;
    use crate::level::level_of;
    use tipring_units::{Dbm0, Hz, Millis};

    fn step(tones: &[(f32, f32)], length: u32) -> ToneStep {
        let mut components = [Component::NONE; MAX_COMPONENTS];
        for (place, &(hz, level)) in components.iter_mut().zip(tones) {
            *place = Component::sine(Hz(hz), Dbm0(level));
        }
        ToneStep { components, length: Millis(length) }
    }

    fn play(program: &ToneProgram, frames: usize) -> Vec<i16> {
        let mut generator = ToneGenerator::new();
        generator.start(program);
        let mut out = Vec::new();
        for _ in 0..frames {
            let mut frame = [0; 80];
            generator.process(&mut frame);
            out.extend(frame);
        }
        out
    }

    #[test]
    fn dial_tone_has_its_two_frequencies_at_their_levels() {
        let program = ToneProgram::new(&[step(&[(350.0, -22.0), (440.0, -18.0)], 0)], 0).unwrap();
        let out = play(&program, 100);
        for (hz, level) in [(350.0, -22.0), (440.0, -18.0)] {
            let mut meter = Goertzel::new(Hz(hz));
            out.chunks_exact(80).for_each(|f| meter.process(f.try_into().unwrap()));
            let measured = meter.take_level().0;
            assert!((measured - level).abs() < 0.05, "{hz} Hz at {measured}");
        }
        let total = level_of(&out).0;
        assert!((total + 16.54).abs() < 0.05, "{total}");
    }

    #[test]
    fn cadence_edges_fall_on_exact_samples() {
        // 33 ms on and 21 ms off: 264 and 168 samples, neither a whole frame.
        let program = ToneProgram::new(&[step(&[(1000.0, -10.0)], 33), step(&[], 21)], 0).unwrap();
        let out = play(&program, 100);
        for (n, pair) in out.chunks(264 + 168).enumerate() {
            // A cosine-free start: the first sample of 1000 Hz may be zero, hence pairs.
            let on = &pair[..pair.len().min(264)];
            let silent_pairs = on.windows(2).filter(|w| w[0] == 0 && w[1] == 0).count();
            assert_eq!(silent_pairs, 0, "burst {n}");
            if pair.len() > 264 {
                assert!(pair[264..].iter().all(|&s| s == 0), "pause {n}");
            }
        }
    }

    #[test]
    fn stutter_leads_into_a_steady_tone_without_a_phase_jump() {
        let on = step(&[(350.0, -13.0), (440.0, -13.0)], 100);
        let off = step(&[], 100);
        let steady = step(&[(350.0, -13.0), (440.0, -13.0)], 0);
        let stutter = ToneProgram::new(&[on, off, on, off, on, off, steady], 6).unwrap();
        let plain = ToneProgram::new(&[steady], 0).unwrap();
        let (stuttered, whole) = (play(&stutter, 120), play(&plain, 120));
        assert_eq!(stuttered[4800..], whole[4800..]);
        assert!(stuttered[800..1600].iter().all(|&s| s == 0));
        assert_eq!(stuttered[1600..2400], whole[1600..2400]);
    }

    #[test]
    fn a_program_that_does_not_repeat_ends() {
        let program = ToneProgram::new(&[step(&[(440.0, -13.0)], 15)], 9).unwrap();
        let mut generator = ToneGenerator::new();
        generator.start(&program);
        let mut frame = [1; 80];
        assert!(generator.process(&mut frame));
        assert!(!generator.process(&mut frame));
        assert!(frame[40..].iter().all(|&s| s == 0));
        assert!(!generator.is_playing());
    }

    #[test]
    fn a_modulated_tone_swings_at_its_rate_and_keeps_its_power() {
        let mut modulated = step(&[(400.0, -10.0)], 0);
        modulated.components[0].modulated_by = Hz(16.0);
        let out = play(&ToneProgram::new(&[modulated], 0).unwrap(), 100);
        assert!((level_of(&out).0 + 10.0).abs() < 0.05);
        let levels: Vec<f32> = out.chunks_exact(80).map(|f| level_of(f).0).collect();
        let (low, high) = levels.iter().fold((0.0_f32, -99.0_f32), |(l, h), &v| (l.min(v), h.max(v)));
        assert!(high - low > 25.0, "{low} to {high}");
        let crossings = levels.windows(2).filter(|w| w[0] < -12.0 && w[1] >= -12.0).count();
        assert_eq!(crossings, 16);
    }

    #[test]
    fn hostile_programs_neither_panic_nor_hang() {
        let mut bad = step(&[(f32::NAN, f32::NAN), (1e30, 1e30), (-4.0, 5.0), (400.0, f32::INFINITY)], 1);
        bad.components[3].modulated_by = Hz(f32::NAN);
        play(&ToneProgram::new(&[bad; 16], 0).unwrap(), 50);
        assert!(play(&ToneProgram::SILENCE, 3).iter().all(|&s| s == 0));
    }
}
