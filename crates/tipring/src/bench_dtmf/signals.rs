//! Test signals, made from a seed by arithmetic of their own.

use tipring_units::Entropy;

/// Rows and columns of the keypad, in hertz.
const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYPAD: &[u8; 16] = b"123A456B789C*0#D";
/// RMS of 0 dBm0.
const MILLIWATT: f64 = 16_141.0;

/// One press of a key.
#[derive(Clone, Copy)]
pub struct Press {
    pub digit: u8,
    /// Levels in dBm0.
    pub low: f64,
    pub high: f64,
    /// Frequencies' errors, as shares.
    pub low_error: f64,
    pub high_error: f64,
    /// The same in hertz, on top.
    pub low_hertz: f64,
    pub high_hertz: f64,
    /// Milliseconds.
    pub on: f64,
    pub off: f64,
}

impl Press {
    pub fn new(digit: u8) -> Self {
        Self {
            digit,
            low: -13.0,
            high: -13.0,
            low_error: 0.0,
            high_error: 0.0,
            low_hertz: 0.0,
            high_hertz: 0.0,
            on: 50.0,
            off: 50.0,
        }
    }
}

/// All digits in a random order.
pub fn all_digits(entropy: &mut Entropy) -> Vec<u8> {
    let mut digits = KEYPAD.to_vec();
    for last in (1..digits.len()).rev() {
        digits.swap(last, entropy.below(last as u32 + 1) as usize);
    }
    digits
}

/// Amplitude of a sine at a level.
fn peak(dbm0: f64) -> f64 {
    MILLIWATT * core::f64::consts::SQRT_2 * 10_f64.powf(dbm0 / 20.0)
}

/// Adds a sine of any frequency.
pub fn add_sine(signal: &mut [f64], hertz: f64, dbm0: f64, entropy: &mut Entropy) {
    let (step, height) = (core::f64::consts::TAU * hertz / 8000.0, peak(dbm0));
    let phase = f64::from(entropy.unit()) * core::f64::consts::TAU;
    for (n, sample) in signal.iter_mut().enumerate() {
        *sample += height * (step * n as f64 + phase).sin();
    }
}

/// The presses one after another, 400 ms of silence before and 150 ms behind.
pub fn keyed(presses: &[Press], entropy: &mut Entropy) -> Vec<f64> {
    let mut out = vec![0.0; 3200 + entropy.below(80) as usize];
    for press in presses {
        let place = KEYPAD.iter().position(|&k| k == press.digit).unwrap_or(0);
        let mut tone = vec![0.0; (press.on * 8.0).round() as usize];
        let low = LOW[place / 4] * (1.0 + press.low_error) + press.low_hertz;
        let high = HIGH[place % 4] * (1.0 + press.high_error) + press.high_hertz;
        add_sine(&mut tone, low, press.low, entropy);
        add_sine(&mut tone, high, press.high, entropy);
        out.extend(tone);
        out.extend(std::iter::repeat_n(0.0, (press.off * 8.0).round() as usize));
    }
    out.extend([0.0; 1200]);
    out
}

/// Adds white noise of Gaussian amplitude.
pub fn add_noise(signal: &mut [f64], dbm0: f64, entropy: &mut Entropy) {
    let rms = MILLIWATT * 10_f64.powf(dbm0 / 20.0);
    for sample in signal {
        // Box and Muller.
        let (a, b) = (f64::from(entropy.unit()).max(1e-9), f64::from(entropy.unit()));
        *sample += rms * (-2.0 * a.ln()).sqrt() * (core::f64::consts::TAU * b).cos();
    }
}

/// Adds bursts of noise of 1 to 3 ms that fade, at random times; their first peaks are those of a sine of this level.
pub fn add_clicks(signal: &mut [f64], dbm0: f64, per_second: f64, entropy: &mut Entropy) {
    for start in 0..signal.len() {
        if f64::from(entropy.unit()) >= per_second / 8000.0 {
            continue;
        }
        let length = 8 + entropy.below(17) as usize;
        for (n, sample) in signal[start..].iter_mut().take(length).enumerate() {
            let fade = 1.0 - n as f64 / length as f64;
            *sample += peak(dbm0) * fade * f64::from(entropy.unit() * 2.0 - 1.0);
        }
    }
}

/// Adds somebody who speaks: a pulse train of wandering pitch through three wandering resonances, in syllables.
pub fn add_voice(signal: &mut [f64], dbm0: f64, entropy: &mut Entropy) {
    let mut voice = vec![0.0; signal.len()];
    let mut at = 0;
    let mut states = [[0.0_f64; 2]; 3];
    let mut phase = 0.0;
    while at < voice.len() {
        let length = 800 + entropy.below(2000) as usize;
        let unit =
            |entropy: &mut Entropy, low: f64, high: f64| low + (high - low) * f64::from(entropy.unit());
        let pitch = unit(entropy, 90.0, 260.0);
        let glide = unit(entropy, 0.8, 1.25);
        let formants =
            [unit(entropy, 270.0, 850.0), unit(entropy, 850.0, 2300.0), unit(entropy, 2200.0, 3100.0)];
        let end = (at + length).min(voice.len());
        let loud = if entropy.chance(20.0) { 0.0 } else { unit(entropy, 0.3, 1.0) };
        for (n, slot) in voice[at..end].iter_mut().enumerate() {
            let share = n as f64 / length as f64;
            phase += pitch * (1.0 + (glide - 1.0) * share) / 8000.0;
            let pulse = if phase >= 1.0 {
                phase -= 1.0;
                1.0
            } else {
                0.0
            };
            let mut sum = 0.0;
            for (k, state) in states.iter_mut().enumerate() {
                let (radius, angle) = (0.97 - 0.01 * k as f64, core::f64::consts::TAU * formants[k] / 8000.0);
                let y = pulse + 2.0 * radius * angle.cos() * state[0] - radius * radius * state[1];
                *state = [y, state[0]];
                sum += y / (k as f64 + 1.0);
            }
            *slot = sum * loud * (core::f64::consts::PI * share).sin();
        }
        at = end;
    }
    let rms = (voice.iter().map(|v| v * v).sum::<f64>() / voice.len().max(1) as f64).sqrt().max(1e-9);
    let gain = MILLIWATT * 10_f64.powf(dbm0 / 20.0) / rms;
    for (sample, v) in signal.iter_mut().zip(voice) {
        *sample += v * gain;
    }
}

/// As a line carries it.
pub fn samples(signal: &[f64]) -> Vec<i16> {
    signal.iter().map(|v| v.round().clamp(-32_768.0, 32_767.0) as i16).collect()
}
