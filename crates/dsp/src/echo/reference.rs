//! The reference of a canceller as its filters see it.
//!
//! # What it does
//! Keeps the spectra of the latest blocks of what went to the line: one per partition of the filters and
//! [`AGES`]` - 1` older ones.
//!
//! # How
//! Each bin has its latest values side by side, the newest first, and they are moved on by one with each block: of many lines, that costs
//! less than a ring with all values twice, which is read from further away. Eight partitions of a bin are one vector.
//!
//! A block's edges spread every tone over all bins. Of steady tones, what is spread says nothing of the line at those
//! frequencies, yet it repeats from block to block, and so may the near end's tones: a filter that learnt from it would
//! take digits away that are dialled over a dial tone. So [`Reference::gates`] are shut for such bins. They are told by
//! the spectrum under a raised cosine, which spreads little.
//!
//! # Limits
//! Partitions are counted in groups of eight. What of a reference lies 30 dB below its tones is not learnt from while
//! these last.
//!
//! # Standard
//! None.

use super::PARTITIONS_MAX;
use super::fft::{BINS, LANES, LENGTH, Roots, Spectrum, forward};
use fearless_simd::{Level, Simd, SimdBase, dispatch, f32x8};

/// Blocks by which an estimate may look back, this one included. Two, so that [`Reference::move_on`] moves whole vectors.
pub(super) const AGES: usize = 2;

/// A block whose power lies in fewer bins than this is of tones.
const NARROW_BINS: f32 = 6.0;
/// Under a raised cosine, a bin below this share of the strongest one has nothing of its own: the window's side lobes.
const OWN_SHARE: f32 = 1e-3;
/// Steady tones have at most so many bins above that: two tones, each five bins wide, and two more.
const TONE_BINS: u32 = 12;
/// And at most this share of their power in all others.
const TONE_REST: f32 = 0.003;
/// Least power of a block under a raised cosine that is called a tone: about -50 dBm0.
const LOUD: f32 = 1.2e9;
/// Ticks after which tones have had their effect on what was learnt.
const TONE_TICKS: u32 = 24;
/// Power by the same measure of what is taken as silence: about -62 dBm0.
const SILENCE: f32 = 7.6e7;
/// Bins that may come or go from tick to tick while tones are steady; a voice's do more.
const TONE_MOVES: u32 = 4;
/// A block below this share of what went before is its end: the filters still look at the tones.
const ENDED: f32 = 1e-3;
/// How long that is remembered, per tick: 30 dB in 135 ms, longer than any tail.
const PEAK_KEEP: f32 = 0.6;

/// Spectra of the latest blocks.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    re: Vec<f32>,
    im: Vec<f32>,
    /// Blocks that are kept.
    width: usize,
    is_narrow: bool,
    /// Decaying peak of the blocks' power.
    peak: f32,
    /// Bins of the newest block that have something of their own, and those of the newest two.
    own: [bool; BINS],
    gates: [f32; BINS],
    /// The newest block that was no end is of steady tones.
    of_tones: bool,
    /// Ticks that gates have been shut, and whether that went on for long and is over.
    tone_ticks: u32,
    tones_ended: bool,
    /// Silent blocks in a row, up to all of them.
    silent: usize,
}

impl Reference {
    /// Has room for [`PARTITIONS_MAX`].
    pub(super) fn new(groups: usize) -> Self {
        let room = width_for(PARTITIONS_MAX.div_ceil(LANES)) * BINS;
        let mut new = Self {
            re: Vec::with_capacity(room),
            im: Vec::with_capacity(room),
            width: 0,
            is_narrow: false,
            peak: 0.0,
            own: [true; BINS],
            gates: [1.0; BINS],
            of_tones: false,
            tone_ticks: 0,
            tones_ended: false,
            silent: 0,
        };
        new.set_groups(groups);
        new
    }

    /// Keeps as many blocks as filters of so many groups see, in the same memory; [`Self::rebuild`] fills them.
    pub(super) fn set_groups(&mut self, groups: usize) {
        self.width = width_for(groups);
        for values in [&mut self.re, &mut self.im] {
            values.clear();
            values.resize(self.width * BINS, 0.0);
        }
        self.silent = 0;
    }

    /// Takes the next two ticks' samples in: the one before and the newest.
    #[inline(always)]
    pub(super) fn push<S: Simd>(&mut self, simd: S, roots: &Roots, samples: &[f32; LENGTH]) {
        let mut spectrum = Spectrum::EMPTY;
        forward(simd, roots, samples, &mut spectrum);
        self.silent = 0;
        self.judge_bins(&spectrum);
        self.move_on(simd);
        self.write(0, &spectrum);
    }

    /// Takes two ticks in as silence, whatever they hold, and all but free once nothing else is left. Tones end when the peak
    /// has decayed to what silence may have, as they do in soft noise.
    #[inline(always)]
    pub(super) fn push_silence<S: Simd>(&mut self, simd: S) {
        if self.silent < self.width {
            self.silent += 1;
            self.move_on(simd);
            self.write(0, &Spectrum::EMPTY);
        }
        self.is_narrow = false;
        self.peak *= PEAK_KEEP;
        if ENDED * self.peak < SILENCE {
            self.own.fill(true);
            self.gates.fill(1.0);
            self.end_tones();
        }
    }

    /// Whether nothing but silence is left.
    pub(super) fn is_silent(&self) -> bool {
        self.silent >= self.width
    }

    /// Whether the newest block is of tones: its power lies in few bins.
    pub(super) fn is_narrow(&self) -> bool {
        self.is_narrow
    }

    /// 1 for the bins that may be learnt from, 0 for those that only have what the edges of blocks spread.
    pub(super) fn gates(&self) -> &[f32; BINS] {
        &self.gates
    }

    /// Whether what goes to the line now is steady tones.
    pub(super) fn is_of_tones(&self) -> bool {
        self.of_tones
    }

    /// Whether steady tones have come to an end since this was last asked.
    pub(super) fn take_tones_ended(&mut self) -> bool {
        core::mem::take(&mut self.tones_ended)
    }

    /// Finds the bins that have something of their own. The first block of tones has an onset, which tells of all
    /// frequencies, so a gate is shut after two.
    #[inline(always)]
    fn judge_bins(&mut self, spectrum: &Spectrum) {
        // The spectrum of a real signal goes on mirrored at both ends, conjugate.
        let (mut re, mut im) = ([0.0_f32; BINS + 2], [0.0_f32; BINS + 2]);
        re[1..=BINS].copy_from_slice(&spectrum.re);
        im[1..=BINS].copy_from_slice(&spectrum.im);
        (re[0], im[0]) = (spectrum.re[1], -spectrum.im[1]);
        (re[BINS + 1], im[BINS + 1]) = (spectrum.re[BINS - 2], -spectrum.im[BINS - 2]);
        let (mut powers, mut plain) = ([0.0_f32; BINS], [0.0_f32; BINS]);
        for k in 0..BINS {
            let x = 0.5 * re[k + 1] - 0.25 * (re[k] + re[k + 2]);
            let y = 0.5 * im[k + 1] - 0.25 * (im[k] + im[k + 2]);
            powers[k] = x * x + y * y;
            plain[k] = re[k + 1] * re[k + 1] + im[k + 1] * im[k + 1];
        }
        let (sum, plain_sum) = (sum_of(&powers, |power| power), sum_of(&plain, |plain| plain));
        let squares = sum_of(&plain, |plain| plain * plain);
        // With equal powers in n bins this is n times the squares.
        self.is_narrow = plain_sum * plain_sum < NARROW_BINS * squares;
        self.peak *= PEAK_KEEP;
        if sum < ENDED * self.peak {
            return;
        }
        self.peak = self.peak.max(sum);
        let most = powers.iter().fold(0.0_f32, |most, power| if *power > most { *power } else { most });
        let least = OWN_SHARE * most;
        let count: u32 = powers.iter().map(|power| u32::from(*power > least)).sum();
        let is_of_tones = sum > LOUD
            && count <= TONE_BINS
            && sum_of(&powers, |power| if power > least { 0.0 } else { power }) < TONE_REST * sum;
        self.of_tones = is_of_tones;
        let mut moved = 0;
        for (k, (own, gate)) in self.own.iter_mut().zip(&mut self.gates).enumerate() {
            // A tone in the middle of a bin is in its neighbours only under the raised cosine.
            let has_own = !is_of_tones || powers[k].min(0.25 * plain[k]) > least;
            *gate = if has_own || *own { 1.0 } else { 0.0 };
            moved += u32::from(has_own != *own);
            *own = has_own;
        }
        if is_of_tones {
            self.tone_ticks = if moved > TONE_MOVES { 0 } else { self.tone_ticks.saturating_add(1) };
        } else {
            self.end_tones();
        }
    }

    #[inline(always)]
    fn end_tones(&mut self) {
        self.of_tones = false;
        self.tones_ended |= self.tone_ticks >= TONE_TICKS;
        self.tone_ticks = 0;
    }

    /// Computes all blocks anew from the samples, which end with the newest.
    pub(super) fn rebuild(&mut self, roots: &Roots, samples: &[f32]) {
        for age in 0..self.width {
            let end = samples.len().saturating_sub(age * LENGTH / 2);
            let block = end.checked_sub(LENGTH).and_then(|start| samples[start..end].try_into().ok());
            let silence = [0.0; LENGTH];
            let mut spectrum = Spectrum::EMPTY;
            let block = block.unwrap_or(&silence);
            dispatch!(Level::baseline(), simd => forward(simd, roots, block, &mut spectrum));
            self.write(age, &spectrum);
        }
        self.silent = 0;
    }

    /// Makes room for a newest block; the oldest is forgotten.
    #[inline(always)]
    fn move_on<S: Simd>(&mut self, simd: S) {
        let groups = (self.width - 1) / LANES;
        for values in [&mut self.re, &mut self.im] {
            for row in values.chunks_exact_mut(self.width) {
                // From the oldest on: what is written over has been read.
                for group in (0..groups).rev() {
                    let at = group * LANES;
                    let older = f32x8::from_slice(simd, &row[at..at + LANES]);
                    older.store_slice(&mut row[at + 1..at + 1 + LANES]);
                }
            }
        }
    }

    #[inline(always)]
    fn write(&mut self, age: usize, spectrum: &Spectrum) {
        let rows = self.re.chunks_exact_mut(self.width).zip(self.im.chunks_exact_mut(self.width));
        for ((re, im), (x, y)) in rows.zip(spectrum.re.iter().zip(&spectrum.im)) {
            re[age] = *x;
            im[age] = *y;
        }
    }

    /// The newest `groups * 8` values of each bin, by partition, as they were `age` blocks ago.
    #[inline(always)]
    pub(super) fn rows(&self, age: usize, groups: usize) -> impl Iterator<Item = (&[f32], &[f32])> {
        let (start, end) = (age, age + groups * LANES);
        let rows = self.re.chunks_exact(self.width).zip(self.im.chunks_exact(self.width));
        rows.map(move |(re, im)| (&re[start..end], &im[start..end]))
    }
}

/// Sum over the bins in eight lanes, which are added in one order.
#[inline(always)]
fn sum_of(values: &[f32; BINS], term: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += term(chunk[lane]);
        }
    }
    let sum =
        ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    rest.iter().fold(sum, |sum, value| sum + term(*value))
}

/// Blocks that filters of so many groups look at.
fn width_for(groups: usize) -> usize {
    groups * LANES + AGES - 1
}
