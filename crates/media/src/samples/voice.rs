//! A line's voice path.
//!
//! # How
//! Line in: dc block, echo canceller, digit detector, suppressor, gain, and level control where the profile has it; line
//! out: level control, gain. The detector hears what the canceller leaves
//! before the suppressor works on it. The canceller's reference is the frame that was handed to the card one tick
//! before, after gain: the frame that comes from the card was recorded while that one was played, and the card's own
//! delay is told by its bulk delay. A suspicion of a digit mutes the very frame in which it arises, so that at most
//! 15 ms of a digit leak, which no receiver takes for one (ITU-T Q.24: 23 ms are refused).
//!
//! Level control learns of the near end only from frames that are louder than anything sent to the line within
//! [`FAR_HANG`]: an echo is not. Digits teach it nothing in either direction.
//!
//! # Limits
//! A canceller has room for its longest tail from the start, so that a change of a line's profile needs no memory.

use tipring_dsp::{
    DcBlock, DtmfDetector, DtmfEvent, EchoCanceller, EchoConfig, Gain, LevelControl, SILENCE, frame_level,
    mean_power, power_of_level,
};
use tipring_port::{DtmfProfile, Frame, LineProfile, Samples};
use tipring_units::{Db, Dbm0, Millis, Samples as SampleCount};

use super::mean::Mean;
use crate::processing::{Heard, LineVoice};

/// Ticks in which what was sent to the line may come back: the card's delay, the longest canceller, and some room.
const FAR_HANG: u8 = 40;

/// A line's voice path over samples.
pub struct SampleVoice {
    dc: DcBlock,
    /// None for what comes from another shard.
    canceller: Option<EchoCanceller>,
    /// The profile asks for it.
    cancels: bool,
    detector: DtmfDetector,
    /// What the detector takes for a digit.
    digits: DtmfProfile,
    gain_in: Gain,
    gain_out: Gain,
    level_in: Option<LevelControl>,
    level_out: Option<LevelControl>,
    /// Power of the loudest frame that was sent lately, and ticks for which it counts.
    far: (Dbm0, u8),
    delay: SampleCount,
    /// What the network said and what of it went back, while only it talked.
    echo: (Mean, Mean),
    /// Mean square of the softest frame that has an echo to be measured.
    echo_of: f32,
    gain_out_db: Db,
    /// The call carries data: sound goes through as it is.
    data: bool,
}

/// Echo has been measured from so many ticks on.
const ECHO_TICKS: u32 = 50;
/// What is said more softly than this has no echo that could be measured.
const ECHO_OF: Dbm0 = Dbm0(-35.0);

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
            detector: DtmfDetector::default(),
            digits: DtmfProfile::default(),
            gain_in: Gain::new(Db(0.0)),
            gain_out: Gain::new(Db(0.0)),
            level_in: None,
            level_out: None,
            far: (SILENCE, 0),
            delay: SampleCount(0),
            echo: Default::default(),
            echo_of: power_of_level(ECHO_OF),
            gain_out_db: Db(0.0),
            data: false,
        }
    }

    fn hear(&mut self, frame: &Frame, sent: &Frame, bulk_delay: SampleCount) -> Heard<Samples> {
        let mut clean = *frame;
        self.dc.process(&mut clean);
        let is_own = self.is_near(&clean, sent);
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
        if let Some(control) = &mut self.level_in {
            control.process(&mut heard.clean, is_own && !heard.muted);
        }
        self.measure_echo(sent, &heard.clean);
        heard
    }

    fn echo_loss(&self) -> Option<Db> {
        let (said, back) = &self.echo;
        // What is sent to the line has its gain already.
        (said.frames() >= ECHO_TICKS).then(|| (said.level() - self.gain_out_db) - back.level())
    }

    fn speak(&mut self, frame: &Frame, played: bool) -> Frame {
        let mut out = *frame;
        if let Some(control) = self.level_out.as_mut().filter(|_| !self.data && !played) {
            control.process(&mut out, true);
        }
        self.gain_out.process(&mut out);
        out
    }

    fn pass_through(&mut self, on: bool) {
        self.data = on;
    }

    fn reset(&mut self) {
        self.data = false;
        self.dc = DcBlock::new();
        self.far = (SILENCE, 0);
        self.echo = Default::default();
        for control in [&mut self.level_in, &mut self.level_out].into_iter().flatten() {
            control.reset();
        }
        self.detector = DtmfDetector::new(self.digits);
        if let Some(canceller) = self.canceller.as_mut().filter(|_| self.cancels) {
            canceller.reset();
        }
    }

    fn renew(&mut self, profile: &LineProfile) {
        let tail = profile.echo_tail.millis();
        self.cancels = tail > Millis::ZERO;
        self.digits = profile.dtmf;
        self.gain_in = Gain::new(profile.send_gain());
        self.gain_out = Gain::new(profile.receive_gain());
        self.gain_out_db = profile.receive_gain();
        self.level_in = profile.agc_in.then(LevelControl::new);
        self.level_out = profile.agc_out.then(LevelControl::new);
        // The card tells its delay with the next frame.
        self.delay = SampleCount(0);
        if let Some(canceller) = self.canceller.as_mut().filter(|_| self.cancels) {
            canceller.set_tail(tail);
            canceller.set_delay(self.delay);
        }
        self.reset();
    }
}

impl SampleVoice {
    /// Follows what goes back of what the network says, while the line has nothing to say.
    fn measure_echo(&mut self, sent: &Frame, back: &Frame) {
        let alone = self.canceller.as_ref().is_some_and(|canceller| !canceller.hears_near_end());
        if alone && self.cancels && mean_power(sent) > self.echo_of {
            self.echo.0.note(sent);
            self.echo.1.note(back);
        }
    }

    /// True if what comes from the line is louder than anything that was sent to it lately, and so none of its echo.
    fn is_near(&mut self, frame: &Frame, sent: &Frame) -> bool {
        if self.level_in.is_none() {
            return false;
        }
        let level = frame_level(sent);
        self.far = match self.far {
            (loudest, left) if left > 0 && level < loudest => (loudest, left - 1),
            _ => (level, FAR_HANG),
        };
        frame_level(frame) > self.far.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_units::Dbr;

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

    /// Speech of a kind: bursts of a buzz, 200 of 300 ms, at a level.
    fn talk(n: usize, level: f32) -> Frame {
        let peak = if n % 30 < 20 {
            32768.0 * 10.0_f32.powf((level - tipring_dsp::FULL_SCALE_SINE.0) / 20.0)
        } else {
            0.0
        };
        core::array::from_fn(|k| (peak * ((n * 80 + k) as f32 * 0.4).sin()) as i16)
    }

    fn controlled() -> LineProfile {
        LineProfile {
            agc_in: true,
            agc_out: true,
            gain_in: Db(2.0),
            level_in: Dbr(-1.0),
            level_out: Dbr(-7.0),
            ..LineProfile::laboratory()
        }
    }

    #[test]
    fn a_soft_talker_is_raised_and_the_echo_of_the_far_end_teaches_nothing() {
        let silence: Frame = [0; 80];
        let mut voice = SampleVoice::new(&controlled());
        let mut level = SILENCE;
        for n in 0..1500 {
            let heard = voice.hear(&talk(n, -35.0), &silence, SampleCount(0));
            if n > 1470 {
                level = if frame_level(&heard.clean) > level { frame_level(&heard.clean) } else { level };
            }
        }
        // 3 dB of gain and level, then what is missing to -20 dBm0 of active speech.
        assert!((level.0 + 19.0).abs() < 2.5, "{level:?}");
        let mut voice = SampleVoice::new(&controlled());
        for n in 0..1500 {
            // The echo lies 8 dB below what was sent.
            voice.hear(&talk(n, -33.0), &talk(n + 2, -25.0), SampleCount(0));
        }
        assert_eq!(voice.level_in.as_ref().map(LevelControl::gain), Some(Db(0.0)));
    }

    #[test]
    fn data_and_tones_go_out_at_the_relative_level_whatever_the_level_control_has_learnt() {
        let mut voice = SampleVoice::new(&controlled());
        let tone: Frame = core::array::from_fn(|k| (8000.0 * (k as f32 * 0.4).sin()) as i16);
        let plain = voice.speak(&tone, true);
        for n in 0..1500 {
            voice.speak(&talk(n, -36.0), false);
        }
        assert!(voice.level_out.as_ref().is_some_and(|control| control.gain().0 > 8.0));
        assert_eq!(voice.speak(&tone, true), plain, "the gateway's own tones");
        assert!((frame_level(&plain).0 - frame_level(&tone).0 + 7.0).abs() < 0.05);
        voice.pass_through(true);
        assert_eq!(voice.speak(&tone, false), plain, "data");
        let heard = voice.hear(&tone, &[0; 80], SampleCount(0)).clean;
        assert!((frame_level(&heard).0 - frame_level(&tone).0 - 3.0).abs() < 0.5, "data, inward");
    }
}
