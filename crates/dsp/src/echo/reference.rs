//! The reference of a canceller as its filters see it.
//!
//! # What it does
//! Keeps the spectra of the latest blocks of what went to the line: one per partition of the filters and
//! [`AGES`]` - 1` older ones.
//!
//! # How
//! Each bin has a ring of its latest values, written twice so that any run of them lies in one piece. Partition 0 is
//! the newest: eight partitions of a bin are one vector.
//!
//! # Limits
//! Partitions are counted in groups of eight.
//!
//! # Standard
//! None.

use super::fft::{BINS, LANES, LENGTH, Roots, Spectrum, forward};
use fearless_simd::{Level, Simd, dispatch};

/// Blocks by which an estimate may look back, this one included.
pub(super) const AGES: usize = 2;

/// A block whose power lies in fewer bins than this is of tones.
const NARROW_BINS: f32 = 6.0;

/// Spectra of the latest blocks.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    re: Box<[f32]>,
    im: Box<[f32]>,
    /// Blocks that are kept.
    width: usize,
    /// Place of the newest.
    newest: usize,
    is_narrow: bool,
}

impl Reference {
    pub(super) fn new(groups: usize) -> Self {
        let width = groups * LANES + AGES - 1;
        let empty: Box<[f32]> = vec![0.0; 2 * width * BINS].into();
        Self { re: empty.clone(), im: empty, width, newest: 0, is_narrow: false }
    }

    /// Takes the next two ticks' samples in: the one before and the newest.
    #[inline(always)]
    pub(super) fn push<S: Simd>(&mut self, simd: S, roots: &Roots, samples: &[f32; LENGTH]) {
        self.newest = if self.newest == 0 { self.width - 1 } else { self.newest - 1 };
        let mut spectrum = Spectrum::EMPTY;
        forward(simd, roots, samples, &mut spectrum);
        let (mut sum, mut squares) = (0.0_f32, 0.0_f32);
        for (re, im) in spectrum.re.iter().zip(&spectrum.im) {
            let power = re * re + im * im;
            sum += power;
            squares += power * power;
        }
        // With equal powers in n bins this is n times the squares.
        self.is_narrow = sum * sum < NARROW_BINS * squares;
        self.write(self.newest, &spectrum);
    }

    /// Whether the newest block is of tones: its power lies in few bins.
    pub(super) fn is_narrow(&self) -> bool {
        self.is_narrow
    }

    /// Computes all blocks anew from the samples, which end with the newest.
    pub(super) fn rebuild(&mut self, roots: &Roots, samples: &[f32]) {
        for age in 0..self.width {
            let end = samples.len().saturating_sub(age * LENGTH / 2);
            let block = end.checked_sub(LENGTH).and_then(|start| samples[start..end].try_into().ok());
            let place = (self.newest + age) % self.width;
            let silence = [0.0; LENGTH];
            let mut spectrum = Spectrum::EMPTY;
            let block = block.unwrap_or(&silence);
            dispatch!(Level::baseline(), simd => forward(simd, roots, block, &mut spectrum));
            self.write(place, &spectrum);
        }
    }

    #[inline(always)]
    fn write(&mut self, place: usize, spectrum: &Spectrum) {
        let stride = 2 * self.width;
        let rows = self.re.chunks_exact_mut(stride).zip(self.im.chunks_exact_mut(stride));
        for ((re, im), (x, y)) in rows.zip(spectrum.re.iter().zip(&spectrum.im)) {
            re[place] = *x;
            re[place + self.width] = *x;
            im[place] = *y;
            im[place + self.width] = *y;
        }
    }

    /// The newest `groups * 8` values of each bin, by partition, as they were `age` blocks ago.
    #[inline(always)]
    pub(super) fn rows(&self, age: usize, groups: usize) -> impl Iterator<Item = (&[f32], &[f32])> {
        let stride = 2 * self.width;
        let (start, end) = (self.newest + age, self.newest + age + groups * LANES);
        let rows = self.re.chunks_exact(stride).zip(self.im.chunks_exact(stride));
        rows.map(move |(re, im)| (&re[start..end], &im[start..end]))
    }
}
