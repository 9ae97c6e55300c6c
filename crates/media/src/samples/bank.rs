//! The bank of detectors of a leg, over samples.
//!
//! # How
//! The bank of detectors of `tipring-dsp`, without the tones of a country: in a call nobody waits for those. An answer tone
//! has to sound for [`ANSWER_LEAST`] before it is told. It lasts 2.6 s at the least (ITU-T T.30 clause 4, V.25), while
//! whistling and music hold one frequency that long only now and then.
//!
//! # Limits
//! Those of the bank: one tone at a time.

use tipring_dsp::BankEvent;
use tipring_port::{Frame, Samples, Signal, TonePlan};
use tipring_units::Millis;

use crate::processing::Bank;

/// How long an answer tone has been seen before it is told, which is some 40 ms after it has lasted so.
const ANSWER_LEAST: Millis = Millis(360);

/// A bank over samples.
pub struct SampleBank {
    bank: tipring_dsp::Bank,
    /// An answer tone that sounds, and what was told of it.
    answer: Option<Signal>,
    told: Option<Signal>,
}

impl Bank<Samples> for SampleBank {
    fn new() -> Self {
        Self { bank: tipring_dsp::Bank::new(&TonePlan::SILENT), answer: None, told: None }
    }

    fn reset(&mut self) {
        *self = Self::new();
    }

    fn listen(&mut self, frame: &Frame) -> Option<Signal> {
        let mut news = None;
        for event in self.bank.process(frame) {
            match event {
                BankEvent::Begin { signal: Signal::Preamble, .. } => news = Some(Signal::Preamble),
                BankEvent::Begin { signal, .. } if signal.is_data() => self.answer = Some(signal),
                BankEvent::Begin { signal, .. } => match signal {
                    Signal::Cng | Signal::CallingTone | Signal::SpecialInformation => news = Some(signal),
                    // Of no use to a call: parts of what follows an answer, or tones of exchanges.
                    _ => {}
                },
                BankEvent::End { signal, .. } if signal.is_data() => (self.answer, self.told) = (None, None),
                BankEvent::End { .. } | BankEvent::Steady(_) => {}
            }
        }
        if let Some(signal) = self.answer
            && self.told != Some(signal)
            && self.bank.steady().is_some_and(|tone| tone.length >= ANSWER_LEAST.samples())
        {
            self.told = Some(signal);
            news = Some(signal);
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_units::TICK_SAMPLES;

    /// Ticks of `hertz` at about -15 dBm0 or, at zero, of silence.
    fn sound(hertz: f64, ticks: usize) -> impl Iterator<Item = Frame> {
        let turn = core::f64::consts::TAU * hertz / 8000.0;
        (0..ticks).map(move |tick| {
            core::array::from_fn(|n| (4000.0 * (turn * (tick * TICK_SAMPLES + n) as f64).sin()) as i16)
        })
    }

    /// What is told, and in which tick.
    fn told(sounds: impl IntoIterator<Item = Frame>) -> Vec<(usize, Signal)> {
        let mut bank = SampleBank::new();
        let heard = |(tick, frame)| bank.listen(&frame).map(|signal| (tick, signal));
        sounds.into_iter().enumerate().filter_map(heard).collect()
    }

    #[test]
    fn an_answer_tone_is_told_once_when_it_has_lasted() {
        let told = told(sound(0.0, 50).chain(sound(2100.0, 260)).chain(sound(0.0, 50)));
        assert!(matches!(told[..], [(88..=95, Signal::Ced)]), "{told:?}");
    }

    #[test]
    fn a_whistle_of_the_same_height_is_none_and_a_second_tone_is_told_again() {
        assert_eq!(told(sound(2100.0, 34).chain(sound(0.0, 50))), []);
        let twice = told(sound(2100.0, 100).chain(sound(0.0, 100)).chain(sound(2100.0, 100)));
        assert_eq!(twice.len(), 2, "{twice:?}");
    }

    #[test]
    fn a_calling_tone_is_told_for_what_it_is() {
        let cycle = || sound(1100.0, 50).chain(sound(0.0, 300));
        let told = told(cycle().chain(cycle()));
        assert!(
            told.iter().all(|(_, signal)| *signal == Signal::Cng && !signal.is_data()) && told.len() == 2,
            "{told:?}"
        );
    }

    #[test]
    fn phase_reversals_tell_what_it_is_after_all() {
        let reversed = sound(2100.0, 45).map(|frame| frame.map(|sample| -sample));
        let told = told(sound(2100.0, 45).chain(reversed).chain(sound(2100.0, 45)));
        assert_eq!(told.last().map(|(_, signal)| *signal), Some(Signal::AnsReversals), "{told:?}");
    }
}
