//! What several blocks do with vectors.

use fearless_simd::{Select, Simd, SimdBase, SimdCvtTruncate, SimdSplit, f32x4, f32x8, i32x8};

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

/// Rounds eight values to the nearest samples, half away from zero, and saturates; as [`to_sample`](crate::level::to_sample), but
/// for what is no number, which must not be among them.
///
/// They are stored at once, so that a vector that reads them need not wait for eight stores.
#[inline(always)]
pub(crate) fn store_samples<S: Simd>(simd: S, values: f32x8<S>, to: &mut [i16]) {
    let half: f32x8<S> = values.simd_lt(0.0).select(f32x8::splat(simd, -0.5), f32x8::splat(simd, 0.5));
    let within = (values + half).max(f32::from(i16::MIN)).min(f32::from(i16::MAX));
    let (low, high) = i32x8::truncate_from(within).split();
    simd.narrow_i32x4(low, high).store_slice(to);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::to_sample;
    use fearless_simd::{Level, dispatch};

    #[test]
    fn samples_of_vectors_are_those_of_single_values() {
        let values: Vec<f32> =
            (-80_000..80_000).map(|n| n as f32 * 0.5).chain([0.499, -0.499, 1e9, -1e9]).collect();
        for level in [Level::new(), Level::baseline()] {
            for chunk in values.chunks_exact(8) {
                let mut out = [0; 8];
                dispatch!(level, simd => store_samples(simd, f32x8::from_slice(simd, chunk), &mut out));
                assert_eq!(out.to_vec(), chunk.iter().map(|&v| to_sample(v)).collect::<Vec<_>>());
            }
        }
    }
}
