//! Sounds and ears of the bench at both fidelities.

use tipring_dsp::{Digit, DtmfDetector, DtmfEvent, DtmfGenerator};
use tipring_media::Processing;
use tipring_port::{Audio, Frame, Samples, Sound, Symbol, Symbols, Tone};
use tipring_units::{Dbm0, TICK_SAMPLES};

/// Frequencies of the voices: whole numbers of periods in a tick, so that they do not disturb each other.
pub const VOICES: [f64; 5] = [500.0, 900.0, 1800.0, 2500.0, 3100.0];

/// What a mouth says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Say {
    Nothing,
    /// A voice by its number.
    Voice(u8),
    Digit(u8),
}

/// What one frame holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Percept {
    /// Bit n: voice n.
    pub voices: u8,
    /// A digit that has just ended, with its length in ms.
    pub digit: Option<(u8, u32)>,
    /// Anything at all.
    pub sounds: bool,
    /// Only symbols know.
    pub tone: Option<Tone>,
}

pub trait Toys: Processing {
    type Mouth;
    type Ear;
    fn mouth() -> Self::Mouth;
    fn ear() -> Self::Ear;
    fn utter(mouth: &mut Self::Mouth, say: Say) -> Self::Frame;
    fn perceive(ear: &mut Self::Ear, frame: &Self::Frame) -> Percept;
    /// Delay of detection that lengths may be wrong by, in ms.
    const SLACK: u32;
}

/// Remembers what was heard.
pub struct Observer<A: Toys> {
    ear: A::Ear,
    pub frames: Vec<Percept>,
}

impl<A: Toys> Observer<A> {
    pub fn new() -> Self {
        Self { ear: A::ear(), frames: Vec::new() }
    }

    pub fn hear(&mut self, frame: &A::Frame) {
        self.frames.push(A::perceive(&mut self.ear, frame));
    }

    /// The digits in order.
    pub fn digits(&self) -> String {
        self.frames.iter().filter_map(|frame| frame.digit).map(|(digit, _)| char::from(digit)).collect()
    }

    pub fn lengths(&self) -> Vec<u32> {
        self.frames.iter().filter_map(|frame| frame.digit).map(|(_, length)| length).collect()
    }

    /// The voices heard in every one of the last `ticks`.
    pub fn voices(&self, ticks: usize) -> u8 {
        assert!(self.frames.len() >= ticks);
        self.frames[self.frames.len() - ticks..].iter().fold(!0, |all, frame| all & frame.voices)
    }

    /// Voices heard at any time.
    pub fn ever(&self) -> u8 {
        self.frames.iter().fold(0, |all, frame| all | frame.voices)
    }

    /// Ticks in which anything sounded.
    pub fn sounding(&self) -> usize {
        self.frames.iter().filter(|frame| frame.sounds).count()
    }
}

pub struct SampleMouth {
    at: usize,
    keys: DtmfGenerator,
    held: Option<u8>,
}

pub fn sine(hertz: f64, at: usize) -> f64 {
    (at as f64 * core::f64::consts::TAU * hertz / 8000.0).sin() * 3000.0
}

impl Toys for Samples {
    type Mouth = SampleMouth;
    type Ear = DtmfDetector;
    const SLACK: u32 = 25;

    fn mouth() -> SampleMouth {
        SampleMouth { at: 0, keys: DtmfGenerator::default(), held: None }
    }

    fn ear() -> DtmfDetector {
        DtmfDetector::default()
    }

    fn utter(mouth: &mut SampleMouth, say: Say) -> Frame {
        let mut frame = [0; TICK_SAMPLES];
        mouth.at += TICK_SAMPLES;
        let held = match say {
            Say::Digit(digit) => Some(digit),
            Say::Nothing | Say::Voice(_) => None,
        };
        if held != mouth.held {
            mouth.keys.stop();
            held.and_then(Digit::from_ascii).into_iter().for_each(|digit| mouth.keys.hold(digit));
            mouth.held = held;
        }
        match say {
            Say::Nothing => {}
            Say::Voice(number) => {
                for (n, sample) in frame.iter_mut().enumerate() {
                    *sample = sine(VOICES[usize::from(number)], mouth.at + n) as i16;
                }
            }
            Say::Digit(_) => {
                mouth.keys.process(&mut frame);
            }
        }
        frame
    }

    fn perceive(ear: &mut DtmfDetector, frame: &Frame) -> Percept {
        let mut percept = Percept::default();
        let level = |hertz: f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, sample) in frame.iter().enumerate() {
                let angle = n as f64 * core::f64::consts::TAU * hertz / 8000.0;
                re += f64::from(*sample) * angle.cos();
                im += f64::from(*sample) * angle.sin();
            }
            re.hypot(im) / (TICK_SAMPLES as f64 / 2.0)
        };
        for event in ear.process(frame) {
            if let DtmfEvent::End { digit, duration } = event {
                percept.digit = Some((digit.ascii(), duration.millis().0));
            }
        }
        for (n, hertz) in VOICES.iter().enumerate() {
            percept.voices |= u8::from(level(*hertz) > 1500.0 && !ear.suspects()) << n;
        }
        percept.sounds = frame.iter().any(|sample| sample.unsigned_abs() > 150);
        percept
    }
}

impl Toys for Symbols {
    type Mouth = ();
    type Ear = Option<(u8, u32)>;
    const SLACK: u32 = 0;

    fn mouth() {}

    fn ear() -> Option<(u8, u32)> {
        None
    }

    fn utter(_: &mut (), say: Say) -> Symbol {
        match say {
            Say::Nothing => <Symbols as Audio>::SILENCE,
            Say::Voice(number) => Symbol::of(Sound::Voice(u16::from(number)), Dbm0(-15.0)),
            Say::Digit(digit) => Symbol::of(Sound::Dtmf(digit), Dbm0(-8.0)),
        }
    }

    fn perceive(ear: &mut Option<(u8, u32)>, frame: &Symbol) -> Percept {
        let mut percept = Percept { sounds: !frame.is_silent(), ..Percept::default() };
        let mut digit = None;
        for (sound, _) in frame.sounds() {
            match sound {
                Sound::Voice(number) => percept.voices |= 1 << number,
                Sound::Dtmf(key) => digit = Some(key),
                Sound::Tone(tone) => percept.tone = Some(tone),
                Sound::Fsk(..) | Sound::Sine(_) | Sound::Phrase(_) => {}
            }
        }
        match (&mut *ear, digit) {
            (Some((held, length)), Some(now)) if *held == now => *length += 10,
            (_, now) => {
                percept.digit = ear.take().filter(|(_, length)| *length >= 40);
                *ear = now.map(|digit| (digit, 10));
            }
        }
        percept
    }
}
