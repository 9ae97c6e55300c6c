//! How long nobody has said anything.
//!
//! # What it does
//! Counts the time for which neither direction of a call has had a sound, and tells it each second.
//!
//! # How
//! Each direction has a floor that follows the level down at once and up by 3 dB a second, but never above
//! [`FLOOR_MAX`]: noise of the line and comfort noise up to about -45 dBm0 become background, a carrier or soft music does
//! not. Sound well above the floor ends the silence when it has lasted [`SOUND`] frames of the last [`AMONG`]: clicks do
//! not. While nobody at our end listens (a caller on hold), silence is natural: nothing is counted, and what was counted is
//! forgotten.
//!
//! # Limits
//! Noise above -41 dBm0 is sound.
//!
//! # Standard
//! None.

use tipring_units::{Dbm0, Millis, TICK};

/// Sound is this far above the floor.
const MARGIN: f32 = 7.0;
/// What is quieter is never sound.
const QUIET: f32 = -50.0;
/// The floor is never taken to be higher.
const FLOOR_MAX: f32 = -47.5;
/// Rise of the floor in a frame.
const RISE: f32 = 0.03;
/// Frames of sound among the latest ones that end a silence.
const SOUND: u32 = 5;
const AMONG: u32 = 25;
/// How often the time is told.
const TOLD: u32 = 1000;

/// One direction.
#[derive(Clone, Copy, Debug)]
struct Side {
    floor: f32,
    /// The latest frames, a bit for each that had sound.
    frames: u32,
}

impl Side {
    const NEW: Self = Self { floor: -50.0, frames: 0 };

    /// True if there was sound lately.
    fn process(&mut self, level: f32) -> bool {
        if level < self.floor {
            self.floor += (level - self.floor) * 0.3;
        } else {
            self.floor = (self.floor + RISE).min(FLOOR_MAX).min(level);
        }
        let sound = level > (self.floor + MARGIN).max(QUIET);
        self.frames = (self.frames << 1 | u32::from(sound)) & ((1 << AMONG) - 1);
        self.frames.count_ones() >= SOUND
    }
}

/// Counts silence of both directions.
#[derive(Clone, Debug)]
pub struct SilenceClock {
    sides: [Side; 2],
    silent: u32,
}

impl SilenceClock {
    /// A clock that has heard nothing.
    pub fn new() -> Self {
        Self { sides: [Side::NEW; 2], silent: 0 }
    }

    /// Takes the levels of a frame from either side, none from one where nobody listens; how long it has been silent, each
    /// full second of it.
    pub fn process(&mut self, line: Dbm0, network: Option<Dbm0>) -> Option<Millis> {
        let [a, b] = &mut self.sides;
        let line = a.process(line.0);
        let network = network.is_none_or(|level| b.process(level.0));
        if line || network {
            self.silent = 0;
            return None;
        }
        self.silent = self.silent.saturating_add(TICK.0);
        self.silent.is_multiple_of(TOLD).then_some(Millis(self.silent))
    }
}

impl Default for SilenceClock {
    fn default() -> Self {
        Self::new()
    }
}
