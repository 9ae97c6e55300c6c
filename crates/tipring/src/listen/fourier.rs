//! A Fourier transform of any power of two, for what is looked at once.

/// A complex number.
pub type Complex = (f64, f64);

/// Transforms in place; `values` has a length that is a power of two.
pub fn transform(values: &mut [Complex]) {
    let length = values.len();
    let bits = length.trailing_zeros();
    for n in 0..length {
        let mirrored = n.reverse_bits() >> (usize::BITS - bits.max(1));
        if bits > 0 && mirrored > n {
            values.swap(n, mirrored);
        }
    }
    let mut half = 1;
    while half < length {
        let angle = -core::f64::consts::PI / half as f64;
        for start in (0..length).step_by(2 * half) {
            for k in 0..half {
                let (sin, cos) = (angle * k as f64).sin_cos();
                let (a, b) = (values[start + k], values[start + k + half]);
                let turned = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                values[start + k] = (a.0 + turned.0, a.1 + turned.1);
                values[start + k + half] = (a.0 - turned.0, a.1 - turned.1);
            }
        }
        half *= 2;
    }
}

/// Power of each bin of a real window under a raised cosine; a full-scale-independent mean square per bin.
pub fn powers(window: &[f64]) -> Vec<f64> {
    let length = window.len() as f64;
    let mut values: Vec<Complex> = window
        .iter()
        .enumerate()
        .map(|(n, &x)| (x * (0.5 - 0.5 * (core::f64::consts::TAU * (n as f64 + 0.5) / length).cos()), 0.0))
        .collect();
    transform(&mut values);
    let scale = 2.0 / (length * length * 0.375);
    values[..window.len() / 2].iter().map(|v| (v.0 * v.0 + v.1 * v.1) * scale).collect()
}
