//! What several blocks do with vectors.

use fearless_simd::{Simd, SimdBase, SimdSplit, f32x4, f32x8};

/// The sum of each vector's lanes; the order of the sums is one, whatever the machine.
#[inline(always)]
pub(crate) fn sums<S: Simd>(simd: S, [a, b, c, d, e, f, g, h]: [f32x8<S>; 8]) -> [f32; 8] {
    let mut out = [0.0; 8];
    four(simd, [halves(simd, a), halves(simd, b), halves(simd, c), halves(simd, d)])
        .store_slice(&mut out[..4]);
    four(simd, [halves(simd, e), halves(simd, f), halves(simd, g), halves(simd, h)])
        .store_slice(&mut out[4..]);
    out
}

/// The sum of a vector's halves.
#[inline(always)]
pub(crate) fn halves<S: Simd>(_: S, vector: f32x8<S>) -> f32x4<S> {
    let (low, high) = vector.split();
    low + high
}

/// The sum of each of four vectors' lanes.
#[inline(always)]
pub(crate) fn four<S: Simd>(simd: S, [a, b, c, d]: [f32x4<S>; 4]) -> f32x4<S> {
    pairs(simd, pairs(simd, a, b), pairs(simd, c, d))
}

#[inline(always)]
fn pairs<S: Simd>(simd: S, a: f32x4<S>, b: f32x4<S>) -> f32x4<S> {
    simd.unzip_low_f32x4(a, b) + simd.unzip_high_f32x4(a, b)
}
