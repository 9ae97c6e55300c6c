//! Something like speech, for loads and measurements.

use tipring_port::Frame;
use tipring_units::{Entropy, TICK_SAMPLES};

/// Samples of a syllable with the breath after it, and of its sound.
const SYLLABLE: usize = 2400;
const SOUND: usize = 1700;

/// `seconds` of pulses of a wandering pitch through two resonances, in syllables, at about -17 dBm0.
pub fn speech(seconds: usize, entropy: &mut Entropy) -> Vec<Frame> {
    let mut samples = Vec::with_capacity(seconds * 8000);
    let mut state = [[0.0_f32; 2]; 2];
    let (mut formants, mut pitch, mut next) = ([500.0, 1500.0], 70, 0);
    for n in 0..seconds * 8000 {
        let place = n % SYLLABLE;
        if place == 0 {
            formants = [300.0 + 500.0 * entropy.unit(), 1000.0 + 1400.0 * entropy.unit()];
            pitch = 55 + entropy.below(40) as usize;
        }
        let mut drive = (entropy.unit() - 0.5) * 0.15;
        if n >= next {
            drive += 1.0;
            next = n + pitch;
        }
        let loud =
            if place < SOUND { libm::sinf(place as f32 / SOUND as f32 * core::f32::consts::PI) } else { 0.0 };
        let mut sum = 0.0;
        for (formant, hertz) in state.iter_mut().zip(formants) {
            let angle = core::f32::consts::TAU * hertz / 8000.0;
            let value = drive + 1.92 * libm::cosf(angle) * formant[0] - 0.9216 * formant[1];
            *formant = [value, formant[0]];
            sum += value;
        }
        samples.push((sum * loud * 1000.0) as i16);
    }
    samples.as_chunks::<TICK_SAMPLES>().0.to_vec()
}
