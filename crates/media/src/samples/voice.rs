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
//! A canceller's length is rounded up to one of [`TAILS`]. A line has one of each, made at the start, so that a change of
//! its profile needs no memory; those that are not in use cost nothing else.

use tipring_dsp::{DcBlock, DtmfDetector, DtmfEvent, DtmfProfile, Gain, WhitenedCanceller, WhitenedConfig};
use tipring_port::{Frame, LineProfile, Samples};
use tipring_units::{Db, Millis, Samples as SampleCount};

use crate::processing::{Heard, LineVoice};

/// Lengths of echo cancellers that a line has.
pub const TAILS: [Millis; 3] = [Millis(16), Millis(32), Millis(64)];

/// A line's voice path over samples.
pub struct SampleVoice {
    dc: DcBlock,
    /// One of each length; none for what comes from another shard.
    cancellers: Option<[WhitenedCanceller; TAILS.len()]>,
    /// The place of the one in use.
    cancels: Option<usize>,
    detector: DtmfDetector,
    gain_in: Gain,
    gain_out: Gain,
    delay: SampleCount,
    /// The call carries data: sound goes through as it is.
    data: bool,
}

impl LineVoice<Samples> for SampleVoice {
    fn new(profile: &LineProfile) -> Self {
        let canceller = |tail| WhitenedCanceller::new(WhitenedConfig { tail, ..WhitenedConfig::default() });
        let mut voice = Self { cancellers: Some(TAILS.map(canceller)), ..Self::plain() };
        voice.renew(profile);
        voice
    }

    fn plain() -> Self {
        Self {
            dc: DcBlock::new(),
            cancellers: None,
            cancels: None,
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
        if let Some(canceller) = canceller(&mut self.cancellers, self.cancels) {
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
        if let Some(canceller) = canceller(&mut self.cancellers, self.cancels) {
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
        if let Some(canceller) = canceller(&mut self.cancellers, self.cancels) {
            canceller.reset();
        }
    }

    fn renew(&mut self, profile: &LineProfile) {
        let tail = profile.echo_tail.millis();
        self.cancels = (tail > Millis::ZERO).then(|| place_of(tail));
        self.gain_in = Gain::new(profile.gain_in);
        self.gain_out = Gain::new(profile.gain_out);
        // The card tells its delay with the next frame.
        self.delay = SampleCount(0);
        if let Some(canceller) = canceller(&mut self.cancellers, self.cancels) {
            canceller.set_delay(self.delay);
        }
        self.reset();
    }
}

/// The canceller in use.
fn canceller(
    all: &mut Option<[WhitenedCanceller; TAILS.len()]>,
    place: Option<usize>,
) -> Option<&mut WhitenedCanceller> {
    all.as_mut()?.get_mut(place?)
}

/// The place of the shortest canceller that reaches as far as `tail`, or of the longest.
fn place_of(tail: Millis) -> usize {
    TAILS.iter().position(|length| *length >= tail).unwrap_or(TAILS.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cancels_by_the_shortest_canceller_that_reaches_far_enough() {
        let mut profile = LineProfile::laboratory();
        let mut voice = SampleVoice::new(&profile);
        assert_eq!(voice.cancels, Some(1));
        for (tail, place) in [(0, None), (1, Some(0)), (16, Some(0)), (17, Some(1)), (500, Some(2))] {
            profile.echo_tail = Millis(tail).samples();
            voice.renew(&profile);
            assert_eq!(voice.cancels, place, "{tail} ms");
        }
        assert!(SampleVoice::plain().cancellers.is_none());
    }
}
