//! The mouth of true samples.
//!
//! # What it does
//! Makes keys, test tones and voices.
//!
//! # How
//! Sines are rotating phasors. A voice is its three marks, which waver a little, over the harmonics of a pitch that
//! glides, all swelling and fading with the syllables, and a breath of noise in between.
//!
//! # Limits
//! A voice never pauses: its faintest moment is 14 dB below its loudest.
//!
//! # Standard
//! None.

use libm::{cosf, powf, sinf, sqrtf};
use tipring_port::{Frame, SAMPLE_SILENCE, Samples};
use tipring_units::{SAMPLE_RATE, TICK_SAMPLES};

use super::{KeypadSpec, MARKERS, Part, RMS_AT_0_DBM0, Speaker, Talk, VOICE_LEVEL, frequencies, markers};

/// Harmonics of the pitch.
const HARMONICS: usize = 7;
/// Partials of a voice: its marks, then the harmonics.
const PARTIALS: usize = 3 + HARMONICS;
/// Amplitude of the marks and of the harmonics before the whole is brought to its level.
const MARK_GAIN: [f32; 3] = [1.0, 0.85, 0.7];
const HARMONIC_GAIN: f32 = 0.2;
/// Amplitude of the breath.
const BREATH_GAIN: f32 = 0.04;
/// Frames of a syllable: 230 ms.
const SYLLABLE: u32 = 23;
/// The envelope at a syllable's faintest moment.
const FAINTEST: f32 = 0.2;

/// Makes true samples.
#[derive(Clone, Debug)]
pub struct SampleSpeaker {
    /// Of the keypad's two tones or the test tone.
    tones: [Phasor; 2],
    /// What `tones` were set to.
    tuned: Part,
    voice: Option<(u16, Voice)>,
    noise: u32,
}

impl SampleSpeaker {
    /// A speaker whose breath starts at `seed`.
    pub fn new(seed: u32) -> Self {
        Self { tones: [Phasor::START; 2], tuned: Part::Pause, voice: None, noise: seed | 1 }
    }

    fn key(&mut self, digit: u8, keypad: &KeypadSpec, out: &mut [i16]) {
        let Some((low, high)) = frequencies(digit) else { return };
        if self.tuned != Part::Digit(digit) {
            self.tuned = Part::Digit(digit);
            self.tones = [Phasor::START; 2];
        }
        let gains = [amplitude(keypad.level.0), amplitude(keypad.level.0 + keypad.twist.0)];
        let turns = [turn(low), turn(high)];
        for sample in out {
            let sum = self.tones[0].next(turns[0]) * gains[0] + self.tones[1].next(turns[1]) * gains[1];
            *sample = round(sum);
        }
    }

    fn talk(&mut self, talk: &Talk, played: &mut usize, out: &mut [i16]) {
        match talk {
            Talk::Voice(id) => {
                if self.voice.as_ref().is_none_or(|(who, _)| who != id) {
                    self.voice = Some((*id, Voice::new(*id)));
                }
                if let Some((_, voice)) = &mut self.voice {
                    voice.fill(&mut self.noise, out);
                }
            }
            Talk::Tone(frequency, level) => {
                if self.tuned != Part::Talk {
                    self.tuned = Part::Talk;
                    self.tones = [Phasor::START; 2];
                }
                let (gain, turn) = (amplitude(level.0), turn(frequency.0));
                for sample in out.iter_mut() {
                    *sample = round(self.tones[0].next(turn) * gain);
                }
            }
            Talk::Samples(all) => {
                for (sample, recorded) in out.iter_mut().zip(all.iter().skip(*played)) {
                    *sample = *recorded;
                }
            }
        }
        *played += out.len();
    }
}

impl Speaker<Samples> for SampleSpeaker {
    fn utter(
        &mut self,
        parts: &[(Part, u8)],
        talk: Option<&Talk>,
        played: &mut usize,
        keypad: &KeypadSpec,
    ) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        let mut start = 0;
        for (part, length) in parts {
            let end = (start + usize::from(*length)).min(TICK_SAMPLES);
            let out = &mut frame[start..end];
            match (part, talk) {
                (Part::Digit(digit), _) => self.key(*digit, keypad, out),
                (Part::Pause, _) => self.tuned = Part::Pause,
                (Part::Talk, Some(talk)) => self.talk(talk, played, out),
                (Part::Talk, None) => {}
            }
            start = end;
        }
        frame
    }
}

/// A sine at unit amplitude, as a point on the circle.
#[derive(Clone, Copy, Debug)]
struct Phasor {
    re: f32,
    im: f32,
}

impl Phasor {
    const START: Self = Self { re: 1.0, im: 0.0 };

    /// The sine now; turns on by `turn`.
    fn next(&mut self, turn: (f32, f32)) -> f32 {
        let (re, im) = (self.re, self.im);
        let fix = 1.5 - 0.5 * (re * re + im * im);
        self.re = (re * turn.0 - im * turn.1) * fix;
        self.im = (re * turn.1 + im * turn.0) * fix;
        im
    }
}

/// The phasors of one voice, side by side.
#[derive(Clone, Debug)]
struct Voice {
    marks: [f32; 3],
    re: [f32; PARTIALS],
    im: [f32; PARTIALS],
    frame: u32,
    left: usize,
    turns: ([f32; PARTIALS], [f32; PARTIALS]),
    envelope: f32,
    slope: f32,
    gain: f32,
}

impl Voice {
    fn new(id: u16) -> Self {
        let places = markers(id);
        let marks = core::array::from_fn(|group| MARKERS[group][places[group]]);
        let power = MARK_GAIN.iter().map(|g| g * g / 2.0).sum::<f32>()
            + HARMONICS as f32 * HARMONIC_GAIN * HARMONIC_GAIN / 2.0;
        let envelope_power = (0..SYLLABLE).map(|f| envelope(f) * envelope(f)).sum::<f32>() / SYLLABLE as f32;
        let wanted = RMS_AT_0_DBM0 * powf(10.0, VOICE_LEVEL.0 / 20.0);
        Self {
            marks,
            re: [1.0; PARTIALS],
            im: [0.0; PARTIALS],
            frame: 0,
            left: 0,
            turns: ([1.0; PARTIALS], [0.0; PARTIALS]),
            envelope: envelope(0),
            slope: 0.0,
            gain: wanted / sqrtf(power * envelope_power),
        }
    }

    /// Sets what stays the same for ten milliseconds.
    fn tune(&mut self) {
        let at = self.frame;
        self.frame = self.frame.wrapping_add(1);
        self.left = TICK_SAMPLES;
        self.slope = (envelope(at + 1) - self.envelope) / TICK_SAMPLES as f32;
        // the marks waver by 3 Hz five times a second, the pitch glides with the syllable
        let waver = 3.0 * sinf(core::f32::consts::TAU * at as f32 / 20.0);
        let pitch =
            105.0 + 40.0 * ((at % SYLLABLE) as f32 / SYLLABLE as f32) + 7.0 * ((at / SYLLABLE) % 4) as f32;
        for place in 0..PARTIALS {
            let frequency =
                if place < 3 { self.marks[place] + waver } else { pitch * (2 * place - 4) as f32 };
            let (c, s) = turn(frequency);
            self.turns.0[place] = c;
            self.turns.1[place] = s;
            let (re, im) = (self.re[place], self.im[place]);
            let fix = 1.5 - 0.5 * (re * re + im * im);
            self.re[place] = re * fix;
            self.im[place] = im * fix;
        }
    }

    fn fill(&mut self, noise: &mut u32, out: &mut [i16]) {
        let mut gains = [HARMONIC_GAIN; PARTIALS];
        gains[..3].copy_from_slice(&MARK_GAIN);
        for sample in out {
            if self.left == 0 {
                self.tune();
            }
            self.left -= 1;
            let mut terms = [0.0_f32; PARTIALS];
            for place in 0..PARTIALS {
                let (re, im) = (self.re[place], self.im[place]);
                let (c, s) = (self.turns.0[place], self.turns.1[place]);
                terms[place] = im * gains[place];
                self.re[place] = re * c - im * s;
                self.im[place] = re * s + im * c;
            }
            let tones: f32 = terms.iter().sum();
            *noise ^= *noise << 13;
            *noise ^= *noise >> 17;
            *noise ^= *noise << 5;
            let breath = (*noise >> 8) as f32 / 8_388_608.0 - 1.0;
            self.envelope += self.slope;
            *sample = round((tones * self.envelope + breath * BREATH_GAIN) * self.gain);
        }
    }
}

/// The envelope of a syllable at a frame.
fn envelope(frame: u32) -> f32 {
    let turn = (frame % SYLLABLE) as f32 / SYLLABLE as f32;
    FAINTEST + (1.0 - FAINTEST) * (0.5 - 0.5 * cosf(core::f32::consts::TAU * (turn + 0.25)))
}

fn amplitude(dbm0: f32) -> f32 {
    RMS_AT_0_DBM0 * core::f32::consts::SQRT_2 * powf(10.0, dbm0 / 20.0)
}

fn turn(hertz: f32) -> (f32, f32) {
    let angle = core::f32::consts::TAU * hertz / SAMPLE_RATE as f32;
    (cosf(angle), sinf(angle))
}

fn round(value: f32) -> i16 {
    // a cast saturates
    (value + 0.5_f32.copysign(value)) as i16
}
