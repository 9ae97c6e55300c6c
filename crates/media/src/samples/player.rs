//! What is played to a line: tones, digits and caller-ID bursts.

use std::sync::Arc;
use tipring_dsp::{
    ALERT_LEVEL, ALERT_TONES, CallerIdBurst, Digit, DtmfGenerator, DtmfSending, FskModulator, ToneGenerator,
};

use tipring_port::{
    Announcement, CallerId, CallerIdSignal, Component, Frame, FskStandard, SAMPLE_SILENCE, Samples, Tone,
    ToneProgram, ToneStep,
};
use tipring_units::{Dbm0, Millis};
use tipring_voice::PhraseBank;

use crate::keys::{Keys, Strike};
use crate::processing::Player;
use crate::run::Run;
use crate::speech::{Speech, Utterance};

/// Level of caller-ID bursts at the line's digital side (GR-30: -13.5 dBm at the port).
const FSK_LEVEL: Dbm0 = Dbm0(-13.5);

/// A player of samples.
pub struct SamplePlayer {
    playing: Playing,
    tone: ToneGenerator,
    dtmf: DtmfGenerator,
    fsk: FskModulator,
    keys: Keys,
    run: Option<Run>,
    bank: Arc<PhraseBank>,
    speech: Option<Speech>,
    announced: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Playing {
    Nothing,
    Tone,
    Digits,
    Burst,
    /// The digits of a caller's number.
    Run,
    Alert,
    Speech,
}

impl Player<Samples> for SamplePlayer {
    fn new() -> Self {
        Self {
            playing: Playing::Nothing,
            tone: ToneGenerator::new(),
            dtmf: DtmfGenerator::new(DtmfSending::default()),
            fsk: FskModulator::new(FskStandard::Bell202, FSK_LEVEL),
            keys: Keys::new(),
            run: None,
            bank: Arc::default(),
            speech: None,
            announced: false,
        }
    }

    fn tone(&mut self, _tone: Tone, program: &ToneProgram) {
        self.stop();
        self.tone.start(program);
        self.playing = Playing::Tone;
    }

    fn digit(&mut self, digit: u8, length: Option<Millis>) {
        if Digit::from_ascii(digit).is_none() {
            return;
        }
        if self.playing != Playing::Digits {
            self.stop();
            self.playing = Playing::Digits;
        }
        self.keys.press(digit, length);
    }

    fn finish_digit(&mut self, total: Millis) {
        self.keys.finish(total);
    }

    fn drop_digits(&mut self) {
        if self.playing == Playing::Digits {
            self.stop();
        }
    }

    fn caller_id(&mut self, caller: &CallerId, signal: CallerIdSignal) {
        self.start(CallerIdBurst::new(caller, signal));
    }

    fn lamp(&mut self, on: bool, signal: CallerIdSignal) {
        self.start(CallerIdBurst::lamp(on, signal));
    }

    fn alert(&mut self, length: Millis) {
        self.stop();
        let mut components = [Component::NONE; 4];
        for (component, frequency) in components.iter_mut().zip(ALERT_TONES) {
            *component = Component::sine(frequency, ALERT_LEVEL);
        }
        // A step without length would never end.
        let step = ToneStep { components, length: length.max(Millis(1)) };
        if let Some(program) = ToneProgram::new(&[step], usize::MAX) {
            self.tone.start(&program);
            self.playing = Playing::Alert;
        }
    }

    fn set_bank(&mut self, bank: &Arc<PhraseBank>) {
        self.bank = Arc::clone(bank);
    }

    fn announce(&mut self, words: &Announcement) {
        self.stop();
        self.speech = Some(Speech::new(*words));
        self.playing = Playing::Speech;
    }

    fn take_announced(&mut self) -> bool {
        core::mem::take(&mut self.announced)
    }

    fn is_burst(&self) -> bool {
        matches!(self.playing, Playing::Burst | Playing::Run | Playing::Alert)
    }

    fn is_digit(&self) -> bool {
        self.playing == Playing::Digits
    }

    fn stop(&mut self) {
        self.tone.stop();
        self.dtmf.stop();
        self.fsk.stop();
        self.keys.clear();
        self.run = None;
        self.speech = None;
        self.announced = false;
        self.playing = Playing::Nothing;
    }

    fn next_frame(&mut self) -> Option<Frame> {
        let mut frame = SAMPLE_SILENCE;
        let plays = match self.playing {
            Playing::Nothing => false,
            Playing::Tone | Playing::Alert => {
                self.tone.is_playing() && {
                    self.tone.process(&mut frame);
                    true
                }
            }
            Playing::Digits => {
                let strike = self.keys.next_tick();
                self.strike(strike, &mut frame)
            }
            Playing::Run => {
                let strike = self.run.as_mut().map_or(Strike::Nothing, Run::next_tick);
                self.strike(strike, &mut frame)
            }
            Playing::Burst => {
                self.fsk.is_sending() && {
                    self.fsk.process(&mut frame);
                    true
                }
            }
            Playing::Speech => match self.speech.as_mut().and_then(|speech| speech.next_tick(&self.bank)) {
                Some(Utterance::Of(phrase, tick)) => {
                    frame = self.bank.frame(phrase, tick);
                    true
                }
                Some(Utterance::Pause) => true,
                None => {
                    self.stop();
                    self.announced = true;
                    return None;
                }
            },
        };
        if plays {
            return Some(frame);
        }
        self.stop();
        None
    }
}

impl SamplePlayer {
    /// Sends `burst` in place of what plays.
    fn start(&mut self, burst: Option<CallerIdBurst>) {
        self.stop();
        match burst {
            Some(CallerIdBurst::Fsk(standard, burst)) => {
                self.fsk = FskModulator::new(standard, FSK_LEVEL);
                self.fsk.start(&burst);
                self.playing = Playing::Burst;
            }
            Some(CallerIdBurst::Digits(digits)) => {
                self.run = Some(Run::new(digits));
                self.playing = Playing::Run;
            }
            None => {}
        }
    }

    /// One tick of the digits; false if there are none.
    fn strike(&mut self, strike: Strike, frame: &mut Frame) -> bool {
        match strike {
            Strike::Nothing => return false,
            Strike::Pause => self.dtmf.stop(),
            Strike::Begin(digit) => {
                if let Some(digit) = Digit::from_ascii(digit) {
                    self.dtmf.hold(digit);
                }
                self.dtmf.process(frame);
            }
            Strike::Hold(_) => {
                self.dtmf.process(frame);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_lasts_as_long_as_it_is_told_to_and_silence_follows() {
        let mut player = SamplePlayer::new();
        player.digit(b'5', None);
        assert!(player.next_frame().is_some());
        player.finish_digit(Millis(90));
        let rest: Vec<Frame> = core::iter::from_fn(|| player.next_frame()).collect();
        let sounding = rest.iter().take_while(|frame| **frame != SAMPLE_SILENCE).count();
        assert_eq!((sounding, rest.len()), (8, 14));
    }
}
