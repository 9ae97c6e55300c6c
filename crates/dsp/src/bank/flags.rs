//! V.21 channel 2: fax preamble and data.
//!
//! # What it does
//! Hears a run of HDLC flags at 300 bit/s, which announces every fax command, and data of the same modem.
//!
//! # How
//! The band around 1750 Hz is mixed to nothing and summed to 1000 values a second; the sign of the turn from one to the next
//! tells mark (1650 Hz) from space (1850 Hz). A flag is 20 ms of mark and 6.7 ms of space; five in a row are a preamble.
//! Data are runs of both that last whole bits, in a band that is quiet elsewhere.
//!
//! # Limits
//! The bits are not read.
//!
//! # Standard
//! ITU-T V.21 clause 2, T.30 clause 5.3.1 (preamble of one second), ISO/IEC 13239 (flag).

use crate::level::{Frame, level_of_power};
use crate::wave::sine_of_turn;
use tipring_units::{Dbm0, TICK_SAMPLES};

/// The middle of the channel, 1750 Hz, turns seven times in 32 samples.
const PERIOD: usize = 32;
const TURNS: usize = 7;
static COSINES: [f32; PERIOD + DECIMATION] = oscillator(PERIOD / 4);
static SINES: [f32; PERIOD + DECIMATION] = oscillator(0);
/// Samples of one value.
const DECIMATION: usize = 8;
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
    /// Place in the oscillator's period.
    phase: usize,
    values: [[f32; 2]; 3],
    sum: [f32; 2],
    inside: f32,
    all: f32,
    floor: f32,
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
            phase: 0,
            values: [[0.0; 2]; 3],
            sum: [0.0; 2],
            inside: 0.0,
            all: 0.0,
            floor,
            mark: false,
            run: 0,
            last_mark: 0,
            flags: 0,
            since_flag: 0,
            good_runs: 0,
            data_age: 0,
        }
    }

    /// Takes a frame in.
    pub(super) fn advance(&mut self, frame: &Frame) -> Heard {
        const { assert!(TICK_SAMPLES.is_multiple_of(DECIMATION)) };
        for chunk in frame.chunks_exact(DECIMATION) {
            let (cosines, sines) = (&COSINES[self.phase..][..DECIMATION], &SINES[self.phase..][..DECIMATION]);
            let mut lanes = [[0.0_f32; DECIMATION]; 3];
            for n in 0..DECIMATION {
                let x = f32::from(chunk[n]);
                lanes[0][n] = x * cosines[n];
                lanes[1][n] = x * sines[n];
                lanes[2][n] = x * x;
            }
            let [re, im, energy] = lanes.map(|lane| lane.iter().sum::<f32>());
            let im = -im;
            self.phase = (self.phase + DECIMATION) % PERIOD;
            self.value([re, im], energy / DECIMATION as f32);
        }
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

    fn value(&mut self, value: [f32; 2], energy: f32) {
        self.values.rotate_right(1);
        self.values[0] = value;
        let sum =
            [self.values.iter().map(|v| v[0]).sum::<f32>(), self.values.iter().map(|v| v[1]).sum::<f32>()];
        // A sine in the middle of the band: |sum|^2 = (24 A / 2)^2, its mean square A^2 / 2.
        let inside = (sum[0] * sum[0] + sum[1] * sum[1]) / 288.0;
        self.inside += (inside - self.inside) / 64.0;
        self.all += (energy - self.all) / 64.0;
        let turn = sum[1] * self.sum[0] - sum[0] * self.sum[1];
        self.sum = sum;
        let mark = turn < 0.0;
        if mark == self.mark {
            self.run = self.run.saturating_add(1);
            return;
        }
        self.ended();
        self.mark = mark;
        self.run = 1;
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
