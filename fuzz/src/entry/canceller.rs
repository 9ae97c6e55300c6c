//! The echo canceller between any far end and any near end, with and without a loop around it.

use tipring_dsp::{EchoCanceller, EchoConfig, frame_level};
use tipring_units::{Millis, Samples};

use super::sound_script::{self, Frame};

/// What may be louder than the line for a moment: when what was learnt suddenly does not hold, the estimate itself comes out.
const LOUDER: f32 = 9.0;
/// The suppressor's noise, and silence, are never above this.
const QUIET: f32 = -40.0;

/// Four bytes set up tail, delay, echo and loop; the rest is the far end's sound, then the near end's.
pub fn run(data: &[u8]) {
    let [tail, delay, setup, loss, script @ ..] = data else { return };
    let (far, near) = script.split_at(script.len() / 2);
    let (far, near) = (sound_script::frames(far), sound_script::frames(near));
    let config = EchoConfig {
        tail: Millis(1 + u32::from(*tail) / 2),
        delay: Samples(u64::from(*delay) * 8),
        suppress: setup & 1 == 0,
        disabler: setup & 2 == 0,
    };
    let mut canceller = EchoCanceller::new(config);
    let mut again = EchoCanceller::new(config);
    let silence: Frame = [0; 80];
    // What the far end hears and partly sends back, and what the line returns of the reference.
    let (mut returned, mut echo) = (silence, silence);
    let (back, hybrid) = (f32::from(loss & 15) / 20.0, f32::from(loss >> 4) / 20.0);
    let length = far.len().max(near.len());
    let mut loudest = [f32::MIN; 40];
    for n in 0..length + 300 {
        let talk = far.get(n).unwrap_or(&silence);
        let reference: Frame =
            core::array::from_fn(|k| talk[k].saturating_add((f32::from(returned[k]) * back) as i16));
        let own = near.get(n).unwrap_or(&silence);
        let line: Frame =
            core::array::from_fn(|k| own[k].saturating_add((f32::from(echo[k]) * hybrid) as i16));
        echo = reference;
        let (mut out, mut other) = (line, line);
        canceller.process(&mut out, &reference);
        again.process(&mut other, &reference);
        assert_eq!(out, other, "not the same twice");
        loudest.rotate_left(1);
        loudest[39] = frame_level(&line).0.max(frame_level(&reference).0);
        let most = loudest.iter().copied().fold(QUIET, f32::max) + LOUDER;
        assert!(frame_level(&out).0 <= most, "{:?} of {most} at tick {n}", frame_level(&out));
        let state = canceller.state();
        assert!(state.enhancement.0.is_finite() && state.noise.0.is_finite());
        returned = out;
    }
    // 3 s after the last word: whoever rings on, howls.
    assert!(frame_level(&returned).0 <= QUIET, "{:?} is left", frame_level(&returned));
}
