//! Voice activity.
//!
//! # What it does
//! Tells speech from background noise, frame by frame.
//!
//! # How
//! The noise floor follows the level down at once and up by 3 dB a second. A frame well above the floor is
//! speech; speech is taken to go on for 200 ms, so that the ends of words are kept.
//!
//! # Limits
//! A tone that stays for many seconds becomes background.
//!
//! # Standard
//! None; G.711 Appendix II and G.729 Annex B have detectors of their own.

use crate::level::{Frame, SILENCE, frame_level};
use tipring_units::{Db, Dbm0};

/// Speech is this far above the floor.
const MARGIN: Db = Db(9.0);
/// Nothing below this is speech.
const SPEECH_MIN: Dbm0 = Dbm0(-52.0);
/// The floor is never taken to be higher.
const FLOOR_MAX: Dbm0 = Dbm0(-30.0);
/// Rise of the floor in a frame.
const RISE: Db = Db(0.03);
/// Frames that speech goes on after its last loud one.
const HANG_FRAMES: u32 = 20;

/// Tells whether somebody talks.
#[derive(Clone, Debug)]
pub struct Activity {
    floor: Dbm0,
    level: Dbm0,
    hang: u32,
}

impl Activity {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        Self { floor: Dbm0(-60.0), level: SILENCE, hang: 0 }
    }

    /// Takes a frame in; true if it is speech.
    pub fn process(&mut self, frame: &Frame) -> bool {
        self.level = frame_level(frame);
        if self.level.0 < self.floor.0 {
            self.floor = Dbm0(self.floor.0 + (self.level.0 - self.floor.0) * 0.5);
        } else {
            self.floor = Dbm0((self.floor + RISE).0.min(FLOOR_MAX.0).min(self.level.0));
        }
        if self.level.0 > (self.floor + MARGIN).0.max(SPEECH_MIN.0) {
            self.hang = HANG_FRAMES;
        } else {
            self.hang = self.hang.saturating_sub(1);
        }
        self.is_speech()
    }

    /// True while somebody talks.
    pub fn is_speech(&self) -> bool {
        self.hang > 0
    }

    /// Level of the last frame.
    pub fn level(&self) -> Dbm0 {
        self.level
    }

    /// Level of the background.
    pub fn noise(&self) -> Dbm0 {
        self.floor
    }
}

impl Default for Activity {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{noise, sample};
    use tipring_units::Entropy;

    #[test]
    fn speech_is_told_from_noise_and_held_for_200_ms() {
        let mut entropy = Entropy::for_simulation(1);
        let mut activity = Activity::new();
        let mut frame_at = |level: f32| core::array::from_fn(|_| sample(noise(&mut entropy, Dbm0(level))));
        for _ in 0..500 {
            activity.process(&frame_at(-55.0));
        }
        assert!(!activity.is_speech());
        assert!((activity.noise().0 + 55.0).abs() < 2.0, "{:?}", activity.noise());
        assert!(activity.process(&frame_at(-25.0)), "the first loud frame is speech");
        let held = (0..100).take_while(|_| activity.process(&frame_at(-55.0))).count();
        assert_eq!(held, 19);
    }

    #[test]
    fn noise_that_becomes_louder_is_background_in_the_end() {
        let mut entropy = Entropy::for_simulation(2);
        let mut activity = Activity::new();
        let mut last = 0;
        for n in 0..1500 {
            if activity.process(&core::array::from_fn(|_| sample(noise(&mut entropy, Dbm0(-40.0))))) {
                last = n;
            }
        }
        assert!(last < 700, "{last}");
    }

    #[test]
    fn digital_silence_is_never_speech() {
        let mut activity = Activity::new();
        assert!((0..1000).all(|_| !activity.process(&[0; 80])));
    }
}
