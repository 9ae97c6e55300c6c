//! Automatic level control.
//!
//! # What it does
//! Brings the speech of soft and loud talkers slowly to [`TARGET`] active speech level, within [`RANGE`] either way.
//!
//! # How
//! The level is that of the input, so nothing chases its own effect. It is measured over active speech only, as P.56
//! has it: frames that stand [`MARGIN`] above the background, and the [`HANG_FRAMES`] after each, so that the short
//! gaps of speech count. What stands there longer than [`STEADY_FRAMES`] without a gap is noise, a tone or music: it is
//! left out, and soon becomes the background. A run counts when its gap has come, so nothing but speech ever moves the
//! gain. The gain moves while speech sounds, at [`RISE`] and [`FALL`] at the most, and stays as it is in pauses: the
//! background does not swell. Whoever uses it says which frames are the line's own; echo is none.
//!
//! A frame whose peak would not fit is turned down before it gets there, and the gain comes back at its own speed.
//!
//! # Limits
//! Nothing moves before [`LEARN_FRAMES`] of speech. Speech softer than [`SPEECH_MIN`] is background.
//!
//! # Standard
//! Active speech level after ITU-T P.56 (method B), by frames of 10 ms in place of its envelope. ITU-T G.169 tells
//! what such devices may do; its rates were not compared (unverified).

use tipring_units::{Db, Dbm0, TICK_SAMPLES};

use crate::level::{Frame, level_of_power, mean_power, ratio, to_sample};

/// Active speech level that is aimed at.
pub const TARGET: Dbm0 = Dbm0(-20.0);
/// The most that is added or taken away.
pub const RANGE: Db = Db(12.0);
/// Speech stands this far above the background. P.56 has 15.9 dB below the active level, which is seldom nearer.
const MARGIN: Db = Db(9.0);
/// Nothing below this is speech.
const SPEECH_MIN: Dbm0 = Dbm0(-50.0);
/// Frames after a loud one that belong to speech: 200 ms, as in P.56.
const HANG_FRAMES: u32 = 20;
/// Speech has a gap at least this often.
const STEADY_FRAMES: u32 = 150;
/// Frames of speech before anything moves.
const LEARN_FRAMES: f32 = 50.0;
/// Memory of the level, in frames of speech.
const MEMORY_FRAMES: f32 = 300.0;
/// Frames under one minimum of the background, and minima that are kept: 2 s in all.
const BLOCK_FRAMES: u32 = 20;
const BLOCKS: usize = 10;
/// Steps of the gain in a frame: 4 dB a second up, 8 down.
const RISE: Db = Db(0.04);
const FALL: Db = Db(0.08);
/// What a frame may peak at after it was amplified.
const CEILING: f32 = 32_000.0;

/// An automatic gain.
#[derive(Clone, Debug)]
pub struct LevelControl {
    /// Minima of the frames' power by blocks of time; infinite where nothing was heard yet.
    floors: [f32; BLOCKS],
    block: usize,
    block_frames: u32,
    /// Loud frames since the last gap, none of them too many.
    run: u32,
    hang: u32,
    /// Power and frames of the run that waits for its gap.
    pending: (f32, f32),
    /// Mean power of active speech, and frames that it was learnt from.
    speech: (f32, f32),
    /// The slow gain in decibels.
    gain: f32,
    /// The ratio that the last sample had.
    applied: f32,
}

impl LevelControl {
    /// One that has heard nothing: no gain.
    pub fn new() -> Self {
        Self {
            floors: [f32::INFINITY; BLOCKS],
            block: 0,
            block_frames: 0,
            run: 0,
            hang: 0,
            pending: (0.0, 0.0),
            speech: (0.0, 0.0),
            gain: 0.0,
            applied: 1.0,
        }
    }

    /// Forgets the talker.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// The gain now, without what a peak takes away for a moment.
    pub fn gain(&self) -> Db {
        Db(self.gain)
    }

    /// Active speech level at the input, once it is known.
    pub fn speech_level(&self) -> Option<Dbm0> {
        (self.speech.1 >= LEARN_FRAMES).then(|| level_of_power(self.speech.0))
    }

    /// Measures a frame and gives it its gain. `own`: what sounds in it is the talker's, not an echo and not a signal of
    /// the line; of others nothing is learnt.
    pub fn process(&mut self, frame: &mut Frame, own: bool) {
        self.measure(mean_power(frame), own);
        if self.hang > 0
            && own
            && let Some(level) = self.speech_level()
        {
            let aim = (TARGET - level).0.clamp(-RANGE.0, RANGE.0);
            self.gain += (aim - self.gain).clamp(-FALL.0, RISE.0);
        }
        self.apply(frame);
    }

    /// The background: the least of the last two seconds.
    fn floor(&self) -> f32 {
        self.floors.iter().fold(f32::INFINITY, |least, floor| least.min(*floor))
    }

    fn measure(&mut self, power: f32, own: bool) {
        let floor = self.floor();
        let background = level_of_power(if floor.is_finite() { floor } else { power });
        let loud = level_of_power(power).0 > (background + MARGIN).0.max(SPEECH_MIN.0);
        self.note_floor(power);
        if !own {
            // What was going on is cut off by something else: it is not known what it was.
            (self.run, self.hang, self.pending) = (0, 0, (0.0, 0.0));
            return;
        }
        if loud {
            self.run = self.run.saturating_add(1);
            self.hang = HANG_FRAMES;
        } else {
            if self.run <= STEADY_FRAMES {
                self.learn();
            }
            self.run = 0;
            self.pending = (0.0, 0.0);
            self.hang = self.hang.saturating_sub(1);
        }
        if self.run > STEADY_FRAMES {
            self.hang = 0;
        } else if self.hang > 0 {
            self.pending = (self.pending.0 + power, self.pending.1 + 1.0);
        }
    }

    fn note_floor(&mut self, power: f32) {
        if self.block_frames == 0 {
            self.floors[self.block] = f32::INFINITY;
        }
        let least = &mut self.floors[self.block];
        *least = least.min(power);
        self.block_frames += 1;
        if self.block_frames == BLOCK_FRAMES {
            self.block_frames = 0;
            self.block = (self.block + 1) % BLOCKS;
        }
    }

    fn learn(&mut self) {
        let (sum, frames) = core::mem::take(&mut self.pending);
        if frames > 0.0 {
            let (mean, known) = self.speech;
            let all = known + frames;
            self.speech = ((mean * known + sum) / all, all.min(MEMORY_FRAMES));
        }
    }

    fn apply(&mut self, frame: &mut Frame) {
        let from = self.applied;
        let wanted = if self.gain == 0.0 { 1.0 } else { ratio(Db(self.gain)) };
        let peak = frame.iter().fold(0, |peak: u16, sample| peak.max(sample.unsigned_abs()));
        let fits = if peak == 0 { wanted } else { (CEILING / f32::from(peak)).max(1.0) };
        let to = wanted.min(fits);
        if from == 1.0 && to == 1.0 {
            return;
        }
        // Turned down before the first sample that would not fit, else over the whole frame.
        let reach = frame
            .iter()
            .position(|sample| f32::from(sample.unsigned_abs()) * from > CEILING.max(f32::from(peak)));
        let length = reach.unwrap_or(TICK_SAMPLES).max(1);
        let step = (to - from) / length as f32;
        for (n, sample) in frame.iter_mut().enumerate() {
            let ratio = if n + 1 >= length { to } else { from + step * (n + 1) as f32 };
            *sample = to_sample(f32::from(*sample) * ratio);
        }
        self.applied = to;
    }
}

impl Default for LevelControl {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{level_of, sine_peak};
    use crate::testing::{noise, sample};
    use tipring_units::Entropy;

    type Source = Box<dyn FnMut() -> Frame>;

    /// Frames like speech at an active level: syllables of noise of 120 to 300 ms, gaps of 40 to 120 ms between them and
    /// one of 500 ms after eight, over a background.
    struct Talker {
        entropy: Entropy,
        level: f32,
        background: f32,
        left: u32,
        loud: bool,
        syllables: u32,
        strength: f32,
    }

    impl Talker {
        fn new(seed: u64, level: f32, background: f32) -> Self {
            let entropy = Entropy::for_simulation(seed);
            Self { entropy, level, background, left: 0, loud: false, syllables: 0, strength: 0.0 }
        }

        fn frame(&mut self) -> Frame {
            if self.left == 0 {
                self.loud = !self.loud;
                self.syllables += u32::from(self.loud);
                let draw = self.entropy.u32();
                self.left = match (self.loud, self.syllables.is_multiple_of(8)) {
                    (true, _) => 12 + draw % 18,
                    (false, true) => 50,
                    (false, false) => 4 + draw % 8,
                };
                self.strength = (draw >> 16) as f32 / 65_536.0 * 8.0 - 4.0;
            }
            self.left -= 1;
            let level = if self.loud { self.level + self.strength } else { self.background };
            core::array::from_fn(|_| sample(noise(&mut self.entropy, Dbm0(level))))
        }
    }

    /// Active level of what comes out between the seconds, over frames above a threshold.
    fn talk(control: &mut LevelControl, talker: &mut Talker, from: usize, to: usize) -> f32 {
        let mut loud = Vec::new();
        for n in 0..to * 100 {
            let mut frame = talker.frame();
            let was_loud = talker.loud;
            control.process(&mut frame, true);
            if n >= from * 100 && was_loud {
                loud.extend(frame);
            }
        }
        level_of(&loud).0
    }

    #[test]
    fn soft_and_loud_talkers_come_to_the_target_and_no_further_than_the_range() {
        for (seed, level, expected) in
            [(1, -30.0, -20.0), (2, -24.0, -20.0), (3, -12.0, -20.0), (4, -20.0, -20.0), (5, -42.0, -30.0)]
        {
            let (mut control, mut talker) = (LevelControl::new(), Talker::new(seed, level, -70.0));
            let reached = talk(&mut control, &mut talker, 6, 16);
            // Syllables differ by 4 dB either way, so their mean power is a little above the middle.
            assert!(
                (reached - expected - 0.7).abs() < 2.0,
                "{level}: {reached}, {:?}",
                control.speech_level()
            );
            assert!(control.gain().0.abs() <= RANGE.0, "{:?}", control.gain());
        }
    }

    #[test]
    fn the_target_is_reached_within_five_seconds_of_talking_and_not_at_once() {
        let (mut control, mut talker) = (LevelControl::new(), Talker::new(7, -32.0, -65.0));
        for _ in 0..50 {
            control.process(&mut talker.frame(), true);
        }
        assert_eq!(control.gain(), Db(0.0), "half a second says little");
        for _ in 0..450 {
            control.process(&mut talker.frame(), true);
        }
        assert!((9.5..=12.0).contains(&control.gain().0), "{:?}", control.gain());
    }

    #[test]
    fn silence_noise_and_tones_get_no_gain() {
        let mut entropy = Entropy::for_simulation(3);
        let peak = sine_peak(Dbm0(-35.0));
        let mut turn = 0.0_f32;
        let mut frames: [(&str, Source); 4] = [
            ("silence", Box::new(|| [0; TICK_SAMPLES])),
            ("noise", {
                let mut entropy = entropy.fork();
                Box::new(move || core::array::from_fn(|_| sample(noise(&mut entropy, Dbm0(-38.0)))))
            }),
            (
                "soft noise",
                Box::new(move || core::array::from_fn(|_| sample(noise(&mut entropy, Dbm0(-62.0))))),
            ),
            ("tone", {
                Box::new(move || {
                    core::array::from_fn(|_| {
                        turn += 0.1;
                        sample(f64::from(libm::sinf(turn) * peak))
                    })
                })
            }),
        ];
        for (name, frame) in &mut frames {
            let mut control = LevelControl::new();
            // Off, then on: what begins after silence is not speech either.
            for n in 0..3000 {
                let mut sound = if n < 100 { [0; TICK_SAMPLES] } else { frame() };
                let before = sound;
                control.process(&mut sound, true);
                assert_eq!(sound, before, "{name} at {n}");
            }
        }
    }

    #[test]
    fn the_background_does_not_swell_in_a_pause() {
        let (mut control, mut talker) = (LevelControl::new(), Talker::new(11, -31.0, -60.0));
        talk(&mut control, &mut talker, 0, 8);
        let gain = control.gain();
        assert!(gain.0 > 8.0, "{gain:?}");
        let mut entropy = Entropy::for_simulation(12);
        for _ in 0..2000 {
            let mut frame: Frame = core::array::from_fn(|_| sample(noise(&mut entropy, Dbm0(-60.0))));
            control.process(&mut frame, true);
        }
        assert!((control.gain().0 - gain.0).abs() < 1.0, "{gain:?} became {:?}", control.gain());
    }

    #[test]
    fn of_what_is_not_the_talkers_own_nothing_is_learnt() {
        let (mut control, mut talker) = (LevelControl::new(), Talker::new(13, -35.0, -70.0));
        for _ in 0..2000 {
            control.process(&mut talker.frame(), false);
        }
        assert_eq!((control.gain(), control.speech_level()), (Db(0.0), None));
    }

    #[test]
    fn a_shout_after_a_whisper_is_turned_down_before_it_clips() {
        let (mut control, mut talker) = (LevelControl::new(), Talker::new(17, -40.0, -75.0));
        talk(&mut control, &mut talker, 0, 10);
        assert!(control.gain().0 > 11.0);
        let mut turn = 0.0_f32;
        let mut entropy = Entropy::for_simulation(18);
        for n in 0..200 {
            let mut frame: Frame = core::array::from_fn(|_| {
                turn += 0.3;
                let start = if n == 0 { entropy.u32() % 2 } else { 1 };
                sample(f64::from(libm::sinf(turn) * 25_000.0 * start as f32))
            });
            let before = frame;
            control.process(&mut frame, true);
            let peak = frame.iter().map(|s| s.unsigned_abs()).max().unwrap();
            assert!(peak <= CEILING as u16 + 1, "frame {n}: {peak}");
            assert!(
                n == 0 || level_of(&frame).0 > level_of(&before).0 - 0.1,
                "never below what came, frame {n}"
            );
        }
    }

    #[test]
    fn full_scale_passes_as_it_came_and_nothing_makes_it_lose_its_numbers() {
        let mut control = LevelControl::new();
        for n in 0..1000_u32 {
            let mut frame: Frame = [if n.is_multiple_of(2) { i16::MIN } else { i16::MAX }; TICK_SAMPLES];
            control.process(&mut frame, !n.is_multiple_of(7));
            assert!(control.gain.is_finite() && control.applied.is_finite());
        }
        let (mut control, mut entropy) = (LevelControl::new(), Entropy::for_simulation(5));
        for n in 0..3000_u32 {
            let shift = entropy.u32() % 16;
            let mut frame: Frame = core::array::from_fn(|_| (entropy.u32() as i16) >> shift);
            control.process(&mut frame, !n.is_multiple_of(50));
            assert!(control.gain.abs() <= RANGE.0 && (0.0..=4.0).contains(&control.applied));
        }
    }

    #[test]
    fn a_reset_forgets_the_talker() {
        let (mut control, mut talker) = (LevelControl::new(), Talker::new(19, -33.0, -70.0));
        talk(&mut control, &mut talker, 0, 8);
        assert!(control.gain().0 > 5.0);
        control.reset();
        let mut quiet = [100; TICK_SAMPLES];
        control.process(&mut quiet, true);
        assert_eq!(quiet, [100; TICK_SAMPLES]);
    }
}
