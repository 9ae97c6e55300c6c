//! A line's voice path.
//!
//! # How
//! Line in: dc block, echo canceller, digit detector, suppressor, gain. The detector hears what the canceller leaves
//! before the suppressor works on it. The canceller's reference is the frame that was handed to the card one tick
//! before, after gain: the frame that comes from the card was recorded while that one was played, and the card's own
//! delay is told by its bulk delay. A suspicion of a digit mutes the very frame in which it arises, so that at most
//! 15 ms of a digit leak, which no receiver takes for one (ITU-T Q.24: 23 ms are refused).
//!
//! # Limits
//! A canceller has room for its longest tail from the start, so that a change of a line's profile needs no memory.

use tipring_dsp::{DcBlock, DtmfDetector, DtmfEvent, DtmfProfile, EchoCanceller, EchoConfig, Gain};
use tipring_port::{Frame, LineProfile, Samples};
use tipring_units::{Db, Millis, Samples as SampleCount};

use crate::processing::{Heard, LineVoice};

/// A line's voice path over samples.
pub struct SampleVoice {
    dc: DcBlock,
    /// None for what comes from another shard.
    canceller: Option<EchoCanceller>,
    /// The profile asks for it.
    cancels: bool,
    detector: DtmfDetector,
    gain_in: Gain,
    gain_out: Gain,
    delay: SampleCount,
    /// The call carries data: sound goes through as it is.
    data: bool,
}

impl LineVoice<Samples> for SampleVoice {
    fn new(profile: &LineProfile) -> Self {
        let canceller = EchoCanceller::new(EchoConfig::default());
        let mut voice = Self { canceller: Some(canceller), ..Self::plain() };
        voice.renew(profile);
        voice
    }

    fn plain() -> Self {
        Self {
            dc: DcBlock::new(),
            canceller: None,
            cancels: false,
            detector: DtmfDetector::new(DtmfProfile::default()),
            gain_in: Gain::new(Db(0.0)),
            gain_out: Gain::new(Db(0.0)),
            delay: SampleCount(0),
            data: false,
        }
    }

    fn hear(&mut self, frame: &Frame, sent: &Frame, bulk_delay: SampleCount) -> Heard<Samples> {
        let mut clean = *frame;
        self.dc.process(&mut clean);
        if self.data {
            self.gain_in.process(&mut clean);
            return Heard { clean, muted: false, began: None, ended: None };
        }
        if let Some(canceller) = self.canceller.as_mut().filter(|_| self.cancels) {
            if bulk_delay != self.delay {
                self.delay = bulk_delay;
                // It leads to the line's side of the card, so what was learnt holds under any delay.
                canceller.move_delay(bulk_delay);
            }
            canceller.cancel(&mut clean, sent);
        }
        let mut heard = Heard { clean, muted: false, began: None, ended: None };
        for event in self.detector.process(&clean) {
            match event {
                DtmfEvent::Begin { digit, .. } => heard.began = Some(digit.ascii()),
                DtmfEvent::End { digit, duration } => heard.ended = Some((digit.ascii(), duration.millis())),
            }
        }
        heard.muted = self.detector.suspects();
        if let Some(canceller) = self.canceller.as_mut().filter(|_| self.cancels) {
            canceller.suppress(&mut heard.clean);
        }
        self.gain_in.process(&mut heard.clean);
        heard
    }

    fn speak(&mut self, frame: &Frame) -> Frame {
        let mut out = *frame;
        self.gain_out.process(&mut out);
        out
    }

    fn pass_through(&mut self, on: bool) {
        self.data = on;
    }

    fn reset(&mut self) {
        self.data = false;
        self.dc = DcBlock::new();
        self.detector = DtmfDetector::new(DtmfProfile::default());
        if let Some(canceller) = self.canceller.as_mut().filter(|_| self.cancels) {
            canceller.reset();
        }
    }

    fn renew(&mut self, profile: &LineProfile) {
        let tail = profile.echo_tail.millis();
        self.cancels = tail > Millis::ZERO;
        self.gain_in = Gain::new(profile.gain_in);
        self.gain_out = Gain::new(profile.gain_out);
        // The card tells its delay with the next frame.
        self.delay = SampleCount(0);
        if let Some(canceller) = self.canceller.as_mut().filter(|_| self.cancels) {
            canceller.set_tail(tail);
            canceller.set_delay(self.delay);
        }
        self.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canceller_is_as_long_as_the_profile_asks_for() {
        let mut profile = LineProfile::laboratory();
        let mut voice = SampleVoice::new(&profile);
        for (asked, tail) in [(0, None), (8, Some(10)), (64, Some(70)), (128, Some(130)), (500, Some(130))] {
            profile.echo_tail = Millis(asked).samples();
            voice.renew(&profile);
            let canceller = voice.canceller.as_ref().filter(|_| voice.cancels);
            assert_eq!(canceller.map(EchoCanceller::tail), tail.map(Millis), "{asked} ms");
        }
        assert!(SampleVoice::plain().canceller.is_none());
    }
}
