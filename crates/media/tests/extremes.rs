//! No sample and no level makes a line's voice path panic, run away or howl.

use tipring_dsp::frame_level;
use tipring_media::{LineVoice, SampleVoice};
use tipring_port::{Frame, LineProfile};
use tipring_units::{Db, Dbr, Entropy, Samples};

const SILENCE: Frame = [0; 80];

/// Some tenths of a second of one extreme after another.
struct Mouth {
    entropy: Entropy,
    kind: u32,
    value: i16,
    left: u32,
    at: u32,
}

impl Mouth {
    fn new(seed: u64) -> Self {
        Self { entropy: Entropy::for_simulation(seed), kind: 0, value: 0, left: 0, at: 0 }
    }

    fn frame(&mut self) -> Frame {
        if self.left == 0 {
            self.left = 1 + self.entropy.below(40);
            self.kind = self.entropy.below(7);
            self.value = self.entropy.u32() as i16;
        }
        self.left -= 1;
        core::array::from_fn(|_| self.sample())
    }

    fn sample(&mut self) -> i16 {
        self.at = self.at.wrapping_add(1);
        let half = 1 + (self.value.unsigned_abs() & 63) as u32;
        match self.kind {
            0 => 0,
            1 => self.value,
            2 if (self.at / half).is_multiple_of(2) => i16::MAX,
            2 => i16::MIN,
            3 => self.entropy.u32() as i16,
            4 if self.at.is_multiple_of(half) => i16::MIN,
            4 => 0,
            // A tone at full scale, and a digit's pair at any level.
            5 => (32_767.0 * wave(f64::from(self.value.unsigned_abs() % 4000), self.at)) as i16,
            _ => (f64::from(self.value / 2) * (wave(770.0, self.at) + wave(1336.0, self.at))) as i16,
        }
    }
}

fn wave(hertz: f64, at: u32) -> f64 {
    (f64::from(at) * hertz * core::f64::consts::TAU / 8000.0).sin()
}

fn scaled(frame: &Frame, by: f64) -> Frame {
    frame.map(|sample| (f64::from(sample) * by) as i16)
}

fn sum(a: &Frame, b: &Frame) -> Frame {
    core::array::from_fn(|n| a[n].saturating_add(b[n]))
}

#[test]
fn a_call_between_anything_and_anything_falls_silent_when_both_ends_do() {
    for seed in 0..40 {
        let mut entropy = Entropy::for_simulation(1000 + seed);
        let mut voice = SampleVoice::new(&LineProfile::laboratory());
        let (mut near, mut far) = (Mouth::new(seed), Mouth::new(seed + 500));
        // The hybrid returns what is sent to the line, the far end what it hears: without a canceller that rings on.
        let hybrid = 0.3 + 0.3 * f64::from(entropy.unit());
        let back = 0.3 + 0.4 * f64::from(entropy.unit());
        let delay = Samples(u64::from(entropy.below(160)));
        let (mut sent, mut heard) = (SILENCE, SILENCE);
        for n in 0..600 {
            let (own, talk) = if n < 300 { (near.frame(), far.frame()) } else { (SILENCE, SILENCE) };
            let line = sum(&own, &scaled(&sent, hybrid));
            let clean = voice.hear(&line, &sent, delay).clean;
            sent = voice.speak(&sum(&talk, &scaled(&heard, back)), false);
            heard = clean;
        }
        let (line, ear) = (frame_level(&sent).0, frame_level(&heard).0);
        assert!(line < -45.0 && ear < -45.0, "seed {seed}: {line} dBm0 to the line, {ear} dBm0 from it");
    }
}

#[test]
fn gains_and_level_control_at_their_ends_keep_what_is_silent_silent() {
    for seed in 0..20 {
        let mut entropy = Entropy::for_simulation(2000 + seed);
        let gain = |entropy: &mut Entropy| Db(entropy.below(25) as f32 - 12.0);
        let profile = LineProfile {
            agc_in: true,
            agc_out: true,
            gain_in: gain(&mut entropy),
            level_in: Dbr(0.0),
            level_out: Dbr(-7.0),
            ..LineProfile::laboratory()
        };
        let mut voice = SampleVoice::new(&profile);
        let (mut near, mut far) = (Mouth::new(seed), Mouth::new(seed + 500));
        let mut sent = SILENCE;
        let mut last = (SILENCE, SILENCE);
        for n in 0..500 {
            let (own, talk) = if n < 300 { (near.frame(), far.frame()) } else { (SILENCE, SILENCE) };
            if n % 97 == 0 {
                voice.pass_through(n % 2 == 1);
            }
            let clean = voice.hear(&own, &sent, Samples(0)).clean;
            sent = voice.speak(&talk, false);
            last = (clean, sent);
        }
        let (ear, line) = (frame_level(&last.0).0, frame_level(&last.1).0);
        assert!(ear < -45.0 && line < -60.0, "seed {seed}: {ear} dBm0 from the line, {line} dBm0 to it");
    }
}
