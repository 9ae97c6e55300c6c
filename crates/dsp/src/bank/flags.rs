//! V.21 channel 2: fax preamble and data.
//!
//! # What it does
//! Hears a run of HDLC flags at 300 bit/s, which announces every fax command, and data of the same modem.
//!
//! # How
//! The band around 1750 Hz is mixed to nothing and summed to 1000 values a second; the sign of the turn from one to the next
//! tells mark (1650 Hz) from space (1850 Hz). A flag is 20 ms of mark and 6.7 ms of space; five in a row are a preamble.
//! Data are runs of both that last whole bits, in a band that is quiet elsewhere.
//! While nothing is suspected, a frame too quiet to be part of either is silence, and what is remembered just fades.
//!
//! # Limits
//! The bits are not read.
//!
//! # Standard
//! ITU-T V.21 clause 2, T.30 clause 5.3.1 (preamble of one second), ISO/IEC 13239 (flag).

use fearless_simd::{Level, Simd, SimdBase, dispatch, f32x4, f32x8};

use crate::level::{CAPPED_MAX, Frame, level_of_power};
use crate::vector::{four, halves};
use crate::wave::sine_of_turn;
use tipring_units::{Dbm0, TICK_SAMPLES};

/// The middle of the channel, 1750 Hz, turns seven times in 32 samples.
const PERIOD: usize = 32;
const TURNS: usize = 7;
static COSINES: [f32; PERIOD + DECIMATION] = oscillator(PERIOD / 4);
static SINES: [f32; PERIOD + DECIMATION] = oscillator(0);
/// Samples of one value, which are those of a vector.
const DECIMATION: usize = 8;
/// Values of a frame, and of as many vectors of four as hold them.
const VALUES: usize = TICK_SAMPLES / DECIMATION;
const PADDED: usize = VALUES.next_multiple_of(4);
/// What a value leaves of the powers remembered, and what a frame does.
const KEEP: f32 = 1.0 - 1.0 / 64.0;
const KEEP_FRAME: f32 = {
    let (mut keep, mut n) = (1.0_f64, 0);
    while n < VALUES {
        keep *= 1.0 - 1.0 / 64.0;
        n += 1;
    }
    keep as f32
};
/// Mean square of a silent frame, as a share of the least that is heard: 12 dB less.
const QUIET: f32 = 1.0 / 16.0;
/// Powers below this are nothing.
const NOTHING: f32 = 1e-3;
/// Flags in a row that make a preamble.
const FLAGS: u32 = 5;
/// Milliseconds without a flag that end it.
const PATIENCE: u32 = 60;
/// Share of the power that must lie in the band.
const PURITY: f32 = 0.35;
/// A flag's mark and space in values, which are milliseconds.
const MARK: core::ops::RangeInclusive<u32> = 17..=23;
const SPACE: core::ops::RangeInclusive<u32> = 4..=10;
/// Runs of data kept in mind, and how many of them must last whole bits.
const RUNS: u32 = 40;
const RUNS_GOOD: u32 = 36;

/// What the watch knows after a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heard {
    Nothing,
    /// Flags, for so many milliseconds already.
    Flags(u32),
    /// Data, for so many milliseconds already.
    Data(u32),
}

/// Watches V.21 channel 2.
#[derive(Clone, Debug)]
pub(super) struct FlagWatch {
    level: Level,
    /// Place in the oscillator's period.
    phase: usize,
    /// The last two values, the older first, and the sum of the last three: real parts, imaginary parts.
    values: [[f32; 2]; 2],
    sum: [f32; 2],
    inside: f32,
    all: f32,
    floor: f32,
    /// Sum of squares of a frame that is silent.
    quiet: u32,
    /// The run that goes on: mark or not, and how long.
    mark: bool,
    run: u32,
    last_mark: u32,
    flags: u32,
    since_flag: u32,
    good_runs: u32,
    data_age: u32,
}

impl FlagWatch {
    /// A watch that has heard nothing; what is below the mean square `floor` is silence.
    pub(super) fn new(floor: f32) -> Self {
        Self {
            level: Level::new(),
            phase: 0,
            values: [[0.0; 2]; 2],
            sum: [0.0; 2],
            inside: 0.0,
            all: 0.0,
            floor,
            quiet: ((floor * QUIET * TICK_SAMPLES as f32) as u32).min(CAPPED_MAX),
            mark: false,
            run: 0,
            last_mark: 0,
            flags: 0,
            since_flag: 0,
            good_runs: 0,
            data_age: 0,
        }
    }

    /// Takes a frame in, which has this [`capped_energy`](crate::level::capped_energy).
    pub(super) fn advance(&mut self, frame: &Frame, energy: u32) -> Heard {
        if energy < self.quiet && self.flags == 0 && self.good_runs == 0 && !self.is_pure() {
            self.fade();
            return Heard::Nothing;
        }
        let level = self.level;
        dispatch!(level, simd => self.work(simd, frame));
        self.since_flag = self.since_flag.saturating_add(10);
        if self.since_flag > PATIENCE {
            self.flags = 0;
        }
        if self.flags >= FLAGS || !self.is_pure() {
            // Flags are no data, and what was heard before a pause counts no more.
            self.good_runs = 0;
        }
        if self.flags >= FLAGS {
            return Heard::Flags(self.flags * 80 / 3);
        }
        if self.is_pure() && self.good_runs >= RUNS_GOOD {
            self.data_age = self.data_age.saturating_add(10);
            return Heard::Data(self.data_age);
        }
        self.data_age = 0;
        Heard::Nothing
    }

    /// Level of what is heard.
    pub(super) fn level(&self) -> Dbm0 {
        level_of_power(self.all)
    }

    fn is_pure(&self) -> bool {
        self.all > self.floor && self.inside > PURITY * self.all
    }

    #[cfg(test)]
    pub(super) fn take_nothing_for_silence(&mut self) {
        self.quiet = 0;
    }

    /// True if the last frame was taken for silence.
    #[cfg(test)]
    pub(super) fn is_silent(&self) -> bool {
        self.values == [[0.0; 2]; 2]
    }

    /// A silent frame: nothing turns, which is what a space is told from a mark by.
    fn fade(&mut self) {
        self.phase = (self.phase + TICK_SAMPLES) % PERIOD;
        self.values = [[0.0; 2]; 2];
        self.sum = [0.0; 2];
        self.inside *= KEEP_FRAME;
        self.all *= KEEP_FRAME;
        if self.all < NOTHING {
            // Less would be arithmetic of denormal numbers in the end.
            (self.inside, self.all) = (0.0, 0.0);
        }
        if self.mark {
            (self.mark, self.last_mark, self.run) = (false, self.run, 0);
        }
        self.run = self.run.saturating_add(VALUES as u32);
        self.since_flag = self.since_flag.saturating_add(10);
        self.data_age = 0;
    }

    #[inline(always)]
    fn work<S: Simd>(&mut self, simd: S, frame: &Frame) {
        const { assert!(TICK_SAMPLES.is_multiple_of(DECIMATION)) };
        let mut wide = [0.0; DECIMATION * PADDED];
        for (wide, &sample) in wide.iter_mut().zip(frame) {
            *wide = f32::from(sample);
        }
        // The values, after the last two of before, and the energy of each.
        let (mut re, mut im, mut energy) = ([0.0; PADDED + 2], [0.0; PADDED + 2], [0.0; PADDED]);
        let zero = f32x4::splat(simd, 0.0);
        for (n, wide) in wide.as_chunks::<{ 4 * DECIMATION }>().0.iter().enumerate() {
            let (mut a, mut b, mut c) = ([zero; 4], [zero; 4], [zero; 4]);
            for lane in 0..4 {
                let phase = (self.phase + (4 * n + lane) * DECIMATION) % PERIOD;
                let x = f32x8::from_slice(simd, &wide[lane * DECIMATION..][..DECIMATION]);
                let cosines = f32x8::from_slice(simd, &COSINES[phase..][..DECIMATION]);
                let sines = f32x8::from_slice(simd, &SINES[phase..][..DECIMATION]);
                a[lane] = halves(simd, x * cosines);
                b[lane] = halves(simd, x * sines);
                c[lane] = halves(simd, x * x);
            }
            four(simd, a).store_slice(&mut re[2 + 4 * n..][..4]);
            (zero - four(simd, b)).store_slice(&mut im[2 + 4 * n..][..4]);
            (four(simd, c) * (1.0 / (64.0 * DECIMATION as f32))).store_slice(&mut energy[4 * n..][..4]);
        }
        self.phase = (self.phase + TICK_SAMPLES) % PERIOD;
        [[re[0], re[1]], [im[0], im[1]]] = self.values;
        self.values = [[re[VALUES], re[VALUES + 1]], [im[VALUES], im[VALUES + 1]]];
        // The sums of three, after the last of before.
        let (mut sum_re, mut sum_im) = ([0.0; PADDED + 1], [0.0; PADDED + 1]);
        [sum_re[0], sum_im[0]] = self.sum;
        for n in 0..PADDED {
            sum_re[n + 1] = re[n + 2] + re[n + 1] + re[n];
            sum_im[n + 1] = im[n + 2] + im[n + 1] + im[n];
        }
        self.sum = [sum_re[VALUES], sum_im[VALUES]];
        let (mut inside, mut marks) = ([0.0; PADDED], [false; PADDED]);
        for n in 0..PADDED {
            // A sine in the middle of the band: |sum|^2 = (24 A / 2)^2, its mean square A^2 / 2.
            inside[n] =
                (sum_re[n + 1] * sum_re[n + 1] + sum_im[n + 1] * sum_im[n + 1]) * (1.0 / (64.0 * 288.0));
            marks[n] = sum_im[n + 1] * sum_re[n] - sum_re[n + 1] * sum_im[n] < 0.0;
        }
        for n in 0..VALUES {
            self.inside = self.inside * KEEP + inside[n];
            self.all = self.all * KEEP + energy[n];
            if marks[n] == self.mark {
                self.run = self.run.saturating_add(1);
            } else {
                self.ended();
                (self.mark, self.run) = (marks[n], 1);
            }
        }
    }

    fn ended(&mut self) {
        // 10/3 ms a bit: how far the run is from whole bits, in tenths.
        let off = (self.run * 3 + 5) % 10;
        let whole = self.run >= 2 && (2..=8).contains(&off) && self.run < 70;
        if self.is_pure() && whole {
            self.good_runs = (self.good_runs + 1).min(RUNS);
        } else {
            self.good_runs = self.good_runs.saturating_sub(6);
        }
        if self.mark {
            self.last_mark = self.run;
            return;
        }
        if MARK.contains(&self.last_mark) && SPACE.contains(&self.run) && self.is_pure() {
            self.flags = self.flags.saturating_add(1);
            self.since_flag = 0;
        } else {
            self.flags = 0;
        }
    }
}

const fn oscillator(shift: usize) -> [f32; PERIOD + DECIMATION] {
    let mut out = [0.0; PERIOD + DECIMATION];
    let mut n = 0;
    while n < out.len() {
        out[n] = sine_of_turn(n * TURNS + shift, PERIOD) as f32;
        n += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::capped_energy;

    #[test]
    fn every_kind_of_vectors_gives_the_same_bits() {
        let mut entropy = tipring_units::Entropy::for_simulation(6);
        let (mut best, mut plain) = (FlagWatch::new(8000.0), FlagWatch::new(8000.0));
        plain.level = Level::baseline();
        for _ in 0..200 {
            let frame = core::array::from_fn(|_| entropy.u32() as i16 / 4);
            let energy = capped_energy(&frame);
            assert_eq!(best.advance(&frame, energy), plain.advance(&frame, energy));
            let bits = |watch: &FlagWatch| {
                let numbers = [watch.inside, watch.all, watch.sum[0], watch.sum[1]].map(f32::to_bits);
                (numbers, watch.run, watch.last_mark, watch.good_runs)
            };
            assert_eq!(bits(&best), bits(&plain));
        }
    }
}
