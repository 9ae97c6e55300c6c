//! The ear for true samples.
//!
//! # What it does
//! Tells for each frame whether anything sounds, and what: a chord of the country's tones, a key, a sine, voices.
//!
//! # How
//! Silence is what lies below a threshold that follows the noise floor. Chords are fitted by least squares over
//! 60 ms, keys over 40 ms; the frequency of a lone sine comes from linear prediction, then from its phase's advance.
//! Voices are known by their marks over 80 ms.
//!
//! # Limits
//! A sound is judged once it fills its window. A steady sound that is none of these counts as noise after 320 ms.
//!
//! # Standard
//! None.

use libm::{acosf, atan2f, cosf, log10f, sinf, sqrtf};
use tipring_port::{Frame, Samples};
use tipring_units::{Dbm0, Hz, SAMPLE_RATE, TICK_SAMPLES};

use super::fsk::Demodulator;
use super::percept::{ALERT_TONES, Class, Datum, Listener, MAX_DATA, MAX_VOICES, Percept};
use super::plan::{Land, Plan};
use super::spectrum::{CHORD_FRAMES, Chord, MEMORY, Spectrum};
use super::speech::SpeechEar;
use crate::mouth::{MARKERS, RMS_AT_0_DBM0, frequencies, voice_of};

/// Below this nothing sounds, however quiet the line is.
const LOWEST_THRESHOLD: f32 = -48.0;
/// Above this something sounds, however noisy the line is.
const HIGHEST_THRESHOLD: f32 = -25.0;
/// The threshold lies this much above the noise floor.
const ABOVE_FLOOR: f32 = 8.0;
/// Frames over which the floor is the least level.
const FLOOR_FRAMES: usize = 32;
/// Sound whose level moves by less than this over so many frames is noise.
const SWELL: f32 = 5.0;
const SWELL_FRAMES: usize = 16;
/// Of the frames that show a voice, this many must sound (the others were lost).
const VOICE_FRAMES: u32 = 6;
/// Part of the energy that a chord or a sine must explain.
const PURE: f32 = 0.88;
/// Part that the two tones of a key must explain.
const PURE_KEY: f32 = 0.8;
/// The weakest part of a chord over the strongest: 14 dB.
const CHORD_BALANCE: f32 = 0.2;
/// Frames for a key.
const KEY_FRAMES: usize = 4;
/// Weights of the frames for voices.
const VOICE_WEIGHTS: [f32; MEMORY] = [0.04, 0.31, 0.69, 0.96, 0.96, 0.69, 0.31, 0.04];
/// A mark has at least this share of the energy, and of the strongest of its group.
const MARK_SHARE: f32 = 0.025;
const MARK_OF_GROUP: f32 = 0.15;
/// The marks of a voice have at least this share together.
const VOICE_SHARE: f32 = 0.2;
/// What the marks were given by the mouth, as power; they may differ from it by 12 dB.
const MARK_POWER: [f32; 3] = [1.0, 0.72, 0.49];
const MARK_IMBALANCE: f32 = 16.0;

/// The alerting signal's level at the least, its part of the energy, and its weaker tone over the stronger: 6 dB and more.
const ALERT_QUIETEST: f32 = -38.0;
const ALERT_SHARE: f32 = 0.75;
const ALERT_BALANCE: f32 = 0.2;

/// Analyses true samples.
#[derive(Clone, Debug)]
pub struct SampleListener {
    spectrum: Spectrum,
    chords: Vec<(Chord, Vec<Hz>)>,
    /// Where the keypad's frequencies and the marks begin in the bank.
    keys: usize,
    marks: usize,
    recent: [f32; CHORD_FRAMES * TICK_SAMPLES],
    /// Whole frames that have sounded without a gap.
    age: usize,
    /// Which of the last frames sounded, the newest in the lowest bit.
    sounded: u8,
    /// Levels of the last frames, and of the last ones that may be noise.
    swell: [f32; SWELL_FRAMES],
    next_swell: usize,
    levels: [f32; FLOOR_FRAMES],
    next_level: usize,
    floor: f32,
    receiver: Demodulator,
    speech: SpeechEar,
}

impl SampleListener {
    /// A listener that knows the tones of `land`.
    pub fn new(land: Land) -> Self {
        let plan = Plan::of(land);
        let mut bank: Vec<f32> = Vec::new();
        for hertz in plan.chords.iter().flatten() {
            if !bank.contains(&hertz.0) {
                bank.push(hertz.0);
            }
        }
        let keys = bank.len();
        for key in *b"147*" {
            bank.extend(frequencies(key).map(|(low, _)| low));
        }
        for key in *b"123A" {
            bank.extend(frequencies(key).map(|(_, high)| high));
        }
        let marks = bank.len();
        bank.extend(MARKERS.as_flattened());
        let chord = |parts: &Vec<Hz>| {
            let places: Vec<usize> =
                parts.iter().filter_map(|part| bank.iter().position(|known| *known == part.0)).collect();
            (Chord::new(&places, &bank), parts.clone())
        };
        Self {
            chords: plan.chords.iter().map(chord).collect(),
            spectrum: Spectrum::new(&bank),
            keys,
            marks,
            recent: [0.0; CHORD_FRAMES * TICK_SAMPLES],
            age: 0,
            sounded: 0,
            swell: [-60.0; SWELL_FRAMES],
            next_swell: 0,
            levels: [-60.0; FLOOR_FRAMES],
            next_level: 0,
            floor: -60.0,
            receiver: Demodulator::bell_202(),
            speech: SpeechEar::new(),
        }
    }

    fn classify(&self) -> Class {
        let mut best: Option<(f32, Class)> = None;
        for (place, (chord, parts)) in self.chords.iter().enumerate() {
            let fit = self.spectrum.fit(chord);
            if fit.explained < PURE || fit.balance < CHORD_BALANCE {
                continue;
            }
            let strongest = parts.iter().zip(fit.amplitudes).max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((hertz, amplitude)) = strongest
                && best.as_ref().is_none_or(|(explained, _)| *explained < fit.explained)
            {
                best = Some((fit.explained, Class::Chord(place as u8, *hertz, level_of(amplitude))));
            }
        }
        if let Some((_, class)) = best {
            return class;
        }
        self.key().map(Class::Digit).or_else(|| self.sine()).unwrap_or(Class::Other)
    }

    /// True if the level moves as that of speech does.
    fn swells(&self) -> bool {
        // the first frame of a sound may hold its beginning only
        let frames = self.age.saturating_sub(1).min(SWELL_FRAMES);
        let level = |back| self.swell[(self.next_swell + 2 * SWELL_FRAMES - 1 - back) % SWELL_FRAMES];
        let loudest = (0..frames).map(level).fold(f32::MIN, f32::max);
        let faintest = (0..frames).map(level).fold(f32::MAX, f32::min);
        loudest - faintest > SWELL
    }

    /// The key that sounds.
    fn key(&self) -> Option<u8> {
        const KEYS: &[u8; 16] = b"123A456B789C*0#D";
        let strongest = |group: usize| {
            (0..4)
                .map(|n| (n, self.spectrum.share(self.keys + 4 * group + n, &[1.0; KEY_FRAMES])))
                .max_by(|a, b| a.1.total_cmp(&b.1))
        };
        let ((row, low), (column, high)) = (strongest(0)?, strongest(1)?);
        let is_key = low + high > PURE_KEY && low.min(high) > 0.06 * low.max(high);
        is_key.then(|| KEYS[4 * row + column])
    }

    /// The lone sine that sounds.
    fn sine(&self) -> Option<Class> {
        let x = &self.recent;
        let (mut across, mut power) = (0.0, 0.0);
        for three in x.windows(3) {
            across += three[1] * (three[0] + three[2]);
            power += three[1] * three[1];
        }
        if power <= 0.0 {
            return None;
        }
        let mut angle = acosf((across / (2.0 * power)).clamp(-1.0, 1.0));
        let mut share = 0.0;
        let mut amplitude = 0.0;
        for _ in 0..2 {
            let halves = x.as_chunks::<{ CHORD_FRAMES * TICK_SAMPLES / 2 }>().0;
            let (first, second) = (correlate(&halves[0], angle), correlate(&halves[1], angle));
            let apart = (halves[0].len() as f32) * angle;
            let (c, s) = (cosf(apart), sinf(apart));
            // the second half turned back to the first one's start
            let back = (second.0 * c + second.1 * s, second.1 * c - second.0 * s);
            let sum = (first.0 + back.0, first.1 + back.1);
            let total = sum.0 * sum.0 + sum.1 * sum.1;
            amplitude = 2.0 * sqrtf(total) / x.len() as f32;
            share = amplitude * amplitude / 2.0 * x.len() as f32 / power;
            let drift = (first.0 * back.1 - first.1 * back.0, first.0 * back.0 + first.1 * back.1);
            angle += atan2f(drift.0, drift.1) / halves[0].len() as f32;
        }
        let hertz = angle * SAMPLE_RATE as f32 / core::f32::consts::TAU;
        (share > PURE).then(|| Class::Sine(Hz(hertz), level_of(amplitude)))
    }

    fn voices(&self) -> [Option<u16>; MAX_VOICES] {
        let shares: [[f32; 8]; 3] = core::array::from_fn(|group| {
            core::array::from_fn(|n| self.spectrum.share(self.marks + 8 * group + n, &VOICE_WEIGHTS))
        });
        let mut found: [Option<(f32, u16)>; MAX_VOICES] = [None; MAX_VOICES];
        let strongest = shares.map(|group| group.into_iter().fold(0.0, f32::max));
        let is_present =
            |group: usize, n: usize| shares[group][n] > (MARK_OF_GROUP * strongest[group]).max(MARK_SHARE);
        for a in (0..8).filter(|a| is_present(0, *a)) {
            for b in (0..8).filter(|b| is_present(1, *b)) {
                let places = [a, b, (a + b) % 8];
                let Some(voice) = voice_of(places).filter(|_| is_present(2, places[2])) else { continue };
                let powers: [f32; 3] = core::array::from_fn(|g| shares[g][places[g]] / MARK_POWER[g]);
                let most = powers.into_iter().fold(0.0, f32::max);
                let least = powers.into_iter().fold(f32::INFINITY, f32::min);
                let share: f32 = (0..3).map(|g| shares[g][places[g]]).sum();
                if share < VOICE_SHARE || most > MARK_IMBALANCE * least {
                    continue;
                }
                if let Some(place) = found.iter_mut().find(|f| f.is_none_or(|(least, _)| least < share)) {
                    *place = Some((share, voice));
                }
            }
        }
        found.map(|f| f.map(|(_, voice)| voice))
    }

    fn follow_floor(&mut self, level: f32, is_known: bool) {
        if is_known {
            // only what lasts for all of FLOOR_FRAMES is a floor
            self.levels = [self.floor; FLOOR_FRAMES];
            return;
        }
        self.levels[self.next_level] = level;
        self.next_level = (self.next_level + 1) % FLOOR_FRAMES;
        self.floor = self.levels.iter().copied().fold(f32::INFINITY, f32::min).max(-90.0);
    }
}

impl Listener<Samples> for SampleListener {
    fn perceive(&mut self, frame: &Frame) -> Percept {
        let threshold = (self.floor + ABOVE_FLOOR).clamp(LOWEST_THRESHOLD, HIGHEST_THRESHOLD);
        let samples = frame.map(f32::from);
        let quarters = samples.as_chunks::<{ TICK_SAMPLES / 4 }>().0;
        let mut sounding = [false; 4];
        let mut power = 0.0;
        let least = power_of(threshold);
        for (quarter, sounding) in quarters.iter().zip(&mut sounding) {
            let sum: f32 = quarter.iter().map(|x| x * x).sum();
            *sounding = sum / quarter.len() as f32 > least;
            power += sum;
        }
        power /= TICK_SAMPLES as f32;
        let sounds = power > least;
        self.spectrum.push(sounds.then_some(&samples));
        self.recent.copy_within(TICK_SAMPLES.., 0);
        self.recent[(CHORD_FRAMES - 1) * TICK_SAMPLES..].copy_from_slice(&samples);
        self.age = if sounds { (self.age + 1).min(FLOOR_FRAMES) } else { 0 };
        self.swell[self.next_swell] = dbm0(power);
        self.next_swell = (self.next_swell + 1) % SWELL_FRAMES;
        let mut percept = Percept { sounding, ..Percept::NOTHING };
        // the first frame of a sound may hold its beginning only
        if self.age > CHORD_FRAMES {
            percept.class = Some(self.classify()).filter(|class| *class != Class::Other || self.swells());
            percept.window = (CHORD_FRAMES * TICK_SAMPLES) as u16;
        } else if self.age > KEY_FRAMES
            && let Some(key) = self.key()
        {
            percept.class = Some(Class::Digit(key));
            percept.window = (KEY_FRAMES * TICK_SAMPLES) as u16;
        }
        self.sounded = self.sounded << 1 | u8::from(sounds);
        if sounds
            && self.sounded.count_ones() >= VOICE_FRAMES
            && percept.class.is_none_or(|class| class == Class::Other)
        {
            percept.voices = self.voices();
            if percept.voices[0].is_some() {
                percept.class = Some(Class::Other);
                percept.window = (CHORD_FRAMES * TICK_SAMPLES) as u16;
            }
        }
        let is_known =
            percept.class.is_some_and(|class| class != Class::Other) || percept.voices[0].is_some();
        let is_speech = sounds && !is_known;
        percept.phrase = self.speech.hear(&samples, is_speech);
        self.follow_floor(
            dbm0(power),
            is_known || percept.phrase.is_some() || (sounds && self.age <= CHORD_FRAMES),
        );
        percept
    }

    fn data(&mut self, frame: &Frame) -> [Option<Datum>; MAX_DATA] {
        self.receiver.receive(frame)
    }

    fn is_alert(frame: &Frame) -> bool {
        let samples = frame.map(f32::from);
        let power: f32 = samples.iter().map(|x| x * x).sum();
        if power / (TICK_SAMPLES as f32) < power_of(ALERT_QUIETEST) {
            return false;
        }
        let share = |tone: Hz| {
            let angle = core::f32::consts::TAU * tone.0 / SAMPLE_RATE as f32;
            let (re, im) = correlate(&samples, angle);
            2.0 * (re * re + im * im) / (TICK_SAMPLES as f32 * power)
        };
        let [low, high] = ALERT_TONES.map(share);
        low + high > ALERT_SHARE && low.min(high) > ALERT_BALANCE * low.max(high)
    }

    fn forget_speech(&mut self) {
        self.speech = SpeechEar::new();
    }

    fn level(frame: &Frame) -> Dbm0 {
        Dbm0(dbm0(frame.iter().map(|x| f32::from(*x) * f32::from(*x)).sum::<f32>() / TICK_SAMPLES as f32))
    }
}

fn correlate(samples: &[f32], angle: f32) -> (f32, f32) {
    let (c, s) = (cosf(angle), -sinf(angle));
    let (mut re, mut im) = (1.0_f32, 0.0_f32);
    let mut sum = (0.0, 0.0);
    for x in samples {
        sum.0 += x * re;
        sum.1 += x * im;
        (re, im) = (re * c - im * s, re * s + im * c);
    }
    sum
}

fn level_of(amplitude: f32) -> Dbm0 {
    Dbm0(dbm0(amplitude * amplitude / 2.0))
}

fn dbm0(power: f32) -> f32 {
    10.0 * log10f((power / (RMS_AT_0_DBM0 * RMS_AT_0_DBM0)).max(1e-10))
}

fn power_of(dbm0: f32) -> f32 {
    RMS_AT_0_DBM0 * RMS_AT_0_DBM0 * libm::powf(10.0, dbm0 / 10.0)
}
