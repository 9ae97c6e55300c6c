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
use tipring_units::{Millis, SampleTime, TICK_SAMPLES};

use crate::processing::Bank;

/// How long an answer tone sounds before it is told.
const ANSWER_LEAST: Millis = Millis(400);

/// A bank over samples.
pub struct SampleBank {
    bank: tipring_dsp::Bank,
    now: SampleTime,
    /// An answer tone that sounds, since when, and what was told of it.
    answer: Option<(Signal, SampleTime)>,
    told: Option<Signal>,
}

impl Bank<Samples> for SampleBank {
    fn new() -> Self {
        Self { bank: tipring_dsp::Bank::new(&TonePlan::SILENT), now: SampleTime(0), answer: None, told: None }
    }

    fn reset(&mut self) {
        *self = Self::new();
    }

    fn listen(&mut self, frame: &Frame) -> Option<Signal> {
        self.now.0 += TICK_SAMPLES as u64;
        let mut news = None;
        for event in self.bank.process(frame) {
            match event {
                BankEvent::Begin { signal: Signal::Preamble, .. } => news = Some(Signal::Preamble),
                BankEvent::Begin { signal, start } if signal.is_data() => self.answer = Some((signal, start)),
                BankEvent::Begin { signal, .. } => match signal {
                    Signal::Cng | Signal::CallingTone | Signal::SpecialInformation => news = Some(signal),
                    // Of no use to a call: parts of what follows an answer, or tones of exchanges.
                    _ => {}
                },
                BankEvent::End { signal, .. } if signal.is_data() => (self.answer, self.told) = (None, None),
                BankEvent::End { .. } | BankEvent::Steady(_) => {}
            }
        }
        if let Some((signal, start)) = self.answer
            && self.told != Some(signal)
            && self.now.0 >= start.0 + ANSWER_LEAST.samples().0
        {
            self.told = Some(signal);
            news = Some(signal);
        }
        news
    }
}
