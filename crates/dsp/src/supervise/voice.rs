//! Whether somebody speaks.
//!
//! # What it does
//! Tells when a voice begins on a line, so that a call counts as answered by it: ringback, other tones, digits, noise,
//! clicks and hum are none.
//!
//! # How
//! What a voice has and they do not: it lies well above the background, most of its power is in a few harmonics below 1.1 kHz (noise
//! and clicks spread it), more than two of them matter (tones and digits have one or two), and they or their level move
//! (hum and chords stand still). A window that has all of this counts; a voice is [`WINDOWS`] of them among [`AMONG`].
//!
//! # Limits
//! Music that sings is a voice. A whisper is none.
//!
//! # Standard
//! None.

use crate::bank::fft::BINS;
use crate::bank::spectrum::{BIN, PEAKS_MAX, Peak, Spectrum};
use crate::level::level_of_power;
use tipring_units::Dbm0;

/// A voice is this far above the background, and never below this.
const MARGIN: f32 = 9.0;
const LEVEL_MIN: f32 = -46.0;
/// Rise of the background in a window: 3 dB a second.
const RISE: f32 = 0.06;
/// The background is never taken to be higher.
const FLOOR_MAX: f32 = -34.0;
/// Share of the power in the strongest maxima: at least, and in the two strongest at the most.
const CLEAR: f32 = 0.5;
const PAIR_MAX: f32 = 0.88;
/// Share of the power below [`BASS_END`] at least.
const BASS: f32 = 0.35;
const BASS_END: usize = (1100.0 / BIN) as usize;
/// Windows ago with which one is compared, and how much has to differ: hertz of a strong maximum, or decibels of all.
const AGO: usize = 6;
const MOVED: f32 = 5.0;
const SWELLED: f32 = 2.0;
/// Windows of voice that make one, and among how many: 240 ms of 800.
const WINDOWS: u32 = 12;
const AMONG: u32 = 40;
/// Windows without any before a voice is told again: 2 s.
const PAUSE: u32 = 100;

/// What is kept of a window.
#[derive(Clone, Copy, Debug)]
struct Seen {
    level: f32,
    strongest: [f32; 3],
}

/// Hears voices.
#[derive(Clone, Debug)]
pub struct VoiceWatch {
    floor: f32,
    before: [Seen; AGO],
    /// The latest windows, a bit for each that was like a voice.
    windows: u64,
    /// Windows since one was, while a voice counts as told.
    quiet: Option<u32>,
}

impl VoiceWatch {
    /// A watch that has heard nothing.
    pub fn new() -> Self {
        Self {
            floor: -60.0,
            before: [Seen { level: -99.0, strongest: [0.0; 3] }; AGO],
            windows: 0,
            quiet: None,
        }
    }

    /// Takes a window and the level of its last frame; true when a voice begins.
    pub(super) fn advance(&mut self, spectrum: &Spectrum, power: &[f32; BINS], level: Dbm0) -> bool {
        let level = level.0;
        if level < self.floor {
            self.floor += (level - self.floor) * 0.5;
        } else {
            self.floor = (self.floor + RISE).min(FLOOR_MAX).min(level);
        }
        // A frame may hold half a period of hum, a window holds several.
        let all = level_of_power(spectrum.total).0;
        let like = level > (self.floor + MARGIN).max(LEVEL_MIN)
            && is_harmonic(spectrum, power)
            && self.moves(spectrum.peaks(), all);
        self.before.rotate_left(1);
        let mut strongest = [0.0; 3];
        for (slot, peak) in strongest.iter_mut().zip(spectrum.peaks()) {
            *slot = peak.hertz;
        }
        self.before[AGO - 1] = Seen { level: all, strongest };
        self.windows = (self.windows << 1 | u64::from(like)) & ((1 << AMONG) - 1);
        match &mut self.quiet {
            Some(quiet) => {
                *quiet = if like { 0 } else { *quiet + 1 };
                if *quiet >= PAUSE {
                    self.quiet = None;
                }
                false
            }
            None if self.windows.count_ones() >= WINDOWS => {
                self.quiet = Some(0);
                true
            }
            None => false,
        }
    }

    /// True if it differs from what was a moment ago.
    fn moves(&self, peaks: &[Peak], level: f32) -> bool {
        let before = &self.before[0];
        let swelled = (level - before.level).abs() > SWELLED;
        let moved = peaks
            .iter()
            .take(2)
            .any(|peak| before.strongest.iter().all(|&hertz| (hertz - peak.hertz).abs() > MOVED));
        swelled || moved
    }
}

impl Default for VoiceWatch {
    fn default() -> Self {
        Self::new()
    }
}

/// Several clear maxima, most of them low.
fn is_harmonic(spectrum: &Spectrum, power: &[f32; BINS]) -> bool {
    let peaks = spectrum.peaks();
    let total = spectrum.total.max(1e-9);
    let share = |count: usize| peaks.iter().take(count).map(|peak| peak.power).sum::<f32>() / total;
    let bass: f32 = power[12..BASS_END].iter().sum::<f32>() / total;
    peaks.len() > 2 && share(PEAKS_MAX) > CLEAR && share(2) < PAIR_MAX && bass > BASS
}
