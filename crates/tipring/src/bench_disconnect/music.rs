//! Music of several styles, made from a seed.
//!
//! Notes are of equal temperament around A4 = 440 Hz, a little out of tune from piece to piece, many of them near the
//! frequencies of exchanges; instruments have from one partial to six.

use tipring_units::Entropy;

const TAU: f64 = core::f64::consts::TAU;

/// A style.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Chords that swell, with vibrato.
    Chords,
    /// A melody on a flute: nearly a sine, with vibrato or without.
    Flute,
    /// Short notes of a synthesizer, each pattern again and again.
    Synthesizer,
    /// Long notes of an organ, from a single stop to six, without vibrato.
    Organ,
    /// Drums and a bass.
    Drums,
    /// All together, with announcements and pauses.
    Hold,
}

impl Style {
    pub const ALL: [Self; 6] =
        [Self::Chords, Self::Flute, Self::Synthesizer, Self::Organ, Self::Drums, Self::Hold];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Chords => "chords with vibrato",
            Self::Flute => "melody, flute",
            Self::Synthesizer => "synthesizer patterns",
            Self::Organ => "organ, long notes",
            Self::Drums => "drums and bass",
            Self::Hold => "hold music, announcements",
        }
    }

    /// A piece of so many seconds.
    pub fn piece(self, seconds: usize, entropy: &mut Entropy) -> Vec<f64> {
        let mut out = vec![0.0; seconds * 8000];
        let tuning = 440.0 * between(entropy, 0.985, 1.015);
        match self {
            Self::Chords => chords(&mut out, tuning, entropy),
            Self::Flute => flute(&mut out, tuning, entropy),
            Self::Synthesizer => synthesizer(&mut out, tuning, entropy),
            Self::Organ => organ(&mut out, tuning, entropy),
            Self::Drums => drums(&mut out, entropy),
            Self::Hold => {
                chords(&mut out, tuning, entropy);
                out.iter_mut().for_each(|sample| *sample *= 0.5);
                flute(&mut out, tuning, entropy);
                drums(&mut out, entropy);
                interrupt(&mut out, entropy);
            }
        }
        bring_to(&mut out, -24.0 + 14.0 * f64::from(entropy.unit()));
        out
    }
}

fn between(entropy: &mut Entropy, low: f64, high: f64) -> f64 {
    low + (high - low) * f64::from(entropy.unit())
}

/// How a note sounds.
#[derive(Clone)]
struct Timbre {
    partials: Vec<f64>,
    /// Seconds until it is loud, until it has faded to a third (endless: none), and at its end.
    attack: f64,
    decay: f64,
    release: f64,
    /// Share by which the pitch swings, five to six times a second.
    vibrato: f64,
}

/// Adds a note of `length` samples from `start`.
fn note(out: &mut [f64], start: usize, length: usize, hertz: f64, gain: f64, timbre: &Timbre) {
    let release = (timbre.release * 8000.0) as usize;
    let mut phase = 0.0_f64;
    let Some(out) = out.get_mut(start..) else { return };
    for (n, sample) in out.iter_mut().take(length + release).enumerate() {
        let at = n as f64 / 8000.0;
        phase += TAU * hertz * (1.0 + timbre.vibrato * (TAU * 5.6 * at).sin()) / 8000.0;
        let mut envelope = (at / timbre.attack).min(1.0) * (-at / timbre.decay).exp();
        if n > length {
            envelope *= 1.0 - (n - length) as f64 / release as f64;
        }
        let sum: f64 = timbre
            .partials
            .iter()
            .enumerate()
            .filter(|(k, _)| hertz * (*k as f64 + 1.0) < 3800.0)
            .map(|(k, share)| share * (phase * (k as f64 + 1.0)).sin())
            .sum();
        *sample += gain * envelope * sum;
    }
}

/// A step of the major scale, from A below the tuning fork's on.
fn pitch(tuning: f64, step: i32) -> f64 {
    const SCALE: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
    let octave = step.div_euclid(7);
    let half_tones = SCALE[step.rem_euclid(7) as usize] + 12 * octave;
    tuning * 2_f64.powf(f64::from(half_tones) / 12.0)
}

fn chords(out: &mut [f64], tuning: f64, entropy: &mut Entropy) {
    let timbre = Timbre {
        partials: (1..=5).map(|k| 1.0 / f64::from(k).powf(1.4)).collect(),
        attack: 0.1,
        decay: f64::INFINITY,
        release: 0.25,
        vibrato: between(entropy, 0.002, 0.008),
    };
    let (key, mut at) = (entropy.below(12) as i32 - 9, 0);
    while at < out.len() {
        let length = (between(entropy, 0.8, 4.0) * 8000.0) as usize;
        let root = entropy.below(7) as i32;
        for third in [0, 2, 4] {
            let hertz = pitch(tuning * 2_f64.powf(f64::from(key) / 12.0), root + third - 7);
            note(out, at, length, hertz, 1.0, &timbre);
        }
        at += length;
    }
}

fn flute(out: &mut [f64], tuning: f64, entropy: &mut Entropy) {
    let partials = if entropy.chance(50.0) { vec![1.0, 0.05] } else { vec![1.0, 0.15, 0.05] };
    let vibrato = if entropy.chance(50.0) { 0.0 } else { 0.006 };
    let timbre = Timbre { partials, attack: 0.03, decay: f64::INFINITY, release: 0.05, vibrato };
    let beat = 60.0 / between(entropy, 60.0, 150.0);
    let gate = between(entropy, 0.4, 0.98);
    let (mut step, mut at) = (0_i32, 0);
    while at < out.len() {
        let beats = [0.5, 0.5, 1.0, 1.0, 2.0, 4.0][entropy.below(6) as usize];
        let length = (beat * beats * 8000.0) as usize;
        if entropy.chance(65.0) {
            step = (step + entropy.below(5) as i32 - 2).clamp(-4, 7);
        }
        if entropy.chance(90.0) {
            note(out, at, (length as f64 * gate) as usize, pitch(tuning, step), 1.0, &timbre);
        }
        at += length;
    }
}

fn synthesizer(out: &mut [f64], tuning: f64, entropy: &mut Entropy) {
    let mut at = 0;
    while at < out.len() {
        let beat = 60.0 / between(entropy, 80.0, 170.0) / 2.0;
        let gate = between(entropy, 0.35, 0.8);
        let partials = match entropy.below(3) {
            0 => vec![1.0],
            1 => vec![1.0, 0.0, 0.33, 0.0, 0.2],
            _ => (1..=6).map(|k| 1.0 / f64::from(k)).collect(),
        };
        let decay = if entropy.chance(70.0) { between(entropy, 0.1, 0.6) } else { f64::INFINITY };
        let timbre = Timbre { partials, attack: 0.005, decay, release: 0.02, vibrato: 0.0 };
        let pattern: Vec<i32> = (0..=entropy.below(4)).map(|_| entropy.below(9) as i32 - 3).collect();
        for n in 0..8 + entropy.below(24) as usize {
            let length = (beat * 8000.0) as usize;
            let hertz = pitch(tuning, pattern[n % pattern.len()]);
            note(out, at, (length as f64 * gate) as usize, hertz, 1.0, &timbre);
            at += length;
        }
        at += (between(entropy, 0.0, 1.0) * 8000.0) as usize;
    }
}

fn organ(out: &mut [f64], tuning: f64, entropy: &mut Entropy) {
    let mut at = 0;
    while at < out.len() {
        let key = 2_f64.powf(f64::from(entropy.below(12) as i32 - 9) / 12.0);
        let stops = 1 + entropy.below(6) as usize;
        let partials = (0..stops).map(|k| if k == 0 { 1.0 } else { between(entropy, 0.0, 0.9) }).collect();
        let timbre = Timbre { partials, attack: 0.02, decay: f64::INFINITY, release: 0.04, vibrato: 0.0 };
        for _ in 0..1 + entropy.below(6) {
            let length = (between(entropy, 0.4, 6.0) * 8000.0) as usize;
            let root = entropy.below(10) as i32 - 2;
            let voices = 1 + entropy.below(3) as i32;
            for voice in 0..voices {
                note(out, at, length, pitch(tuning * key, root + 2 * voice), 1.0, &timbre);
            }
            at += length;
        }
    }
}

fn drums(out: &mut [f64], entropy: &mut Entropy) {
    let beat = (60.0 / between(entropy, 70.0, 150.0) * 4000.0) as usize;
    let bass =
        Timbre { partials: vec![1.0, 0.5, 0.25], attack: 0.01, decay: 0.4, release: 0.03, vibrato: 0.0 };
    for (n, at) in (0..out.len()).step_by(beat).enumerate() {
        let (length, gain, noise) = match n % 4 {
            0 => (1200, 1.5, 0.0),
            2 => (900, 0.8, 1.0),
            _ => (250, 0.4, 1.0),
        };
        for (k, sample) in out[at..].iter_mut().take(length).enumerate() {
            let fade = (-4.0 * k as f64 / length as f64).exp();
            let hiss = f64::from(entropy.unit()) * 2.0 - 1.0;
            let thump = (TAU * (160.0 * k as f64 / 8000.0) * (1.0 - k as f64 / 4000.0)).sin();
            *sample += gain * fade * (noise * hiss + (1.0 - noise) * thump);
        }
        if n % 2 == 0 {
            note(out, at, beat, 110.0 * 2_f64.powf(f64::from(entropy.below(8)) / 12.0), 0.8, &bass);
        }
    }
}

/// Puts pauses and announcements into music.
fn interrupt(out: &mut [f64], entropy: &mut Entropy) {
    let mut at = 0;
    while at < out.len() {
        at += (between(entropy, 8.0, 25.0) * 8000.0) as usize;
        let pause = (between(entropy, 0.3, 4.0) * 8000.0) as usize;
        let Some(rest) = out.get_mut(at..) else { break };
        rest.iter_mut().take(pause).for_each(|sample| *sample = 0.0);
        at += pause;
        if entropy.chance(50.0) {
            let length = (between(entropy, 2.0, 5.0) * 8000.0) as usize;
            let mut voice = vec![0.0; length];
            crate::bench_dtmf::signals::add_voice(&mut voice, -5.0, entropy);
            let Some(rest) = out.get_mut(at..) else { break };
            for (sample, said) in rest.iter_mut().zip(voice) {
                *sample = said / 6000.0;
            }
            at += length;
        }
    }
}

/// Brings the whole to a mean level.
fn bring_to(out: &mut [f64], dbm0: f64) {
    let power = out.iter().map(|sample| sample * sample).sum::<f64>() / out.len().max(1) as f64;
    let gain = 16_141.0 * 10_f64.powf(dbm0 / 20.0) / power.sqrt().max(1e-9);
    out.iter_mut().for_each(|sample| *sample *= gain);
}
