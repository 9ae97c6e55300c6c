//! The pair of mirrored filters.
//!
//! # What
//! Splits a signal at 16 kHz into two bands at 8 kHz, and joins them.
//!
//! # How
//! One filter of 24 taps in two phases of twelve; the higher band is their difference, the lower their sum. A block
//! is laid out by phases behind the end of the one before, so that each output is a plain sum of products in a
//! fixed order of integers.
//!
//! # Limits
//! Blocks of 80 pairs at the most.
//!
//! # Standard
//! ITU-T G.722 clauses 6.2.1.1 (transmit) and 6.2.2.4 (receive).

use super::tables::TAPS;
use super::{BLOCK, saturate};

/// Samples of each phase that are kept.
const KEPT: usize = TAPS.len() - 1;

/// Two phases of a signal, each behind its last eleven samples.
#[derive(Clone, Debug)]
struct Phases {
    even: [i16; KEPT],
    odd: [i16; KEPT],
}

/// The transmit side.
#[derive(Clone, Debug)]
pub(super) struct Split(Phases);

/// The receive side.
#[derive(Clone, Debug)]
pub(super) struct Join(Phases);

impl Split {
    pub const fn new() -> Self {
        Self(Phases::new())
    }

    /// Splits pairs of samples, a block at the most, into bands of 15 bits.
    pub fn process(&mut self, pairs: &[i16], low: &mut [i32; BLOCK], high: &mut [i32; BLOCK]) {
        let pairs = pairs.as_chunks::<2>().0;
        self.0.run(
            pairs.iter().map(|pair| (pair[0], pair[1])),
            low.iter_mut().zip(high).take(pairs.len()),
            |(low, high), even, odd| {
                *low = ((even + odd) >> 14).clamp(-16_384, 16_383);
                *high = ((odd - even) >> 14).clamp(-16_384, 16_383);
            },
        );
    }
}

impl Join {
    pub const fn new() -> Self {
        Self(Phases::new())
    }

    /// Joins bands, a block at the most, into pairs of samples.
    pub fn process(&mut self, low: &[i32], high: &[i32], samples: &mut [i16]) {
        self.0.run(
            low.iter().zip(high).map(|(low, high)| ((low + high) as i16, (low - high) as i16)),
            samples.as_chunks_mut::<2>().0.iter_mut(),
            |pair, sum, difference| {
                *pair = [saturate(difference >> 11) as i16, saturate(sum >> 11) as i16];
            },
        );
    }
}

impl Phases {
    const fn new() -> Self {
        Self { even: [0; KEPT], odd: [0; KEPT] }
    }

    /// Filters each phase and gives both sums of a moment to `put`.
    #[inline]
    fn run<T>(
        &mut self,
        pairs: impl Iterator<Item = (i16, i16)>,
        out: impl Iterator<Item = T>,
        put: impl Fn(T, i32, i32),
    ) {
        let (mut even, mut odd) = ([0; KEPT + BLOCK], [0; KEPT + BLOCK]);
        even[..KEPT].copy_from_slice(&self.even);
        odd[..KEPT].copy_from_slice(&self.odd);
        let mut count = 0;
        for ((pair, even), odd) in pairs.zip(&mut even[KEPT..]).zip(&mut odd[KEPT..]) {
            (*even, *odd) = pair;
            count += 1;
        }
        for ((even, odd), out) in even.windows(TAPS.len()).zip(odd.windows(TAPS.len())).zip(out) {
            put(out, dot(even, &TAPS), dot(odd, &REVERSED));
        }
        self.even.copy_from_slice(&even[count..count + KEPT]);
        self.odd.copy_from_slice(&odd[count..count + KEPT]);
    }
}

const REVERSED: [i16; 12] = {
    let mut reversed = TAPS;
    let mut n = 0;
    while n < 12 {
        reversed[n] = TAPS[11 - n];
        n += 1;
    }
    reversed
};

#[inline]
fn dot(samples: &[i16], taps: &[i16; 12]) -> i32 {
    samples.iter().zip(taps).map(|(sample, tap)| i32::from(*sample) * i32::from(*tap)).sum()
}
