//! From any rate to that of a line.

use super::sound::LINE_RATE;

/// Zero crossings of the kernel on each side.
const LOBES: f64 = 24.0;
/// The pass band, as a share of half the lower rate: 3720 Hz.
const PASS: f64 = 0.93;
/// Shape of the Kaiser window: 80 dB.
const BETA: f64 = 7.86;
/// Places of the kernel's table between two zero crossings.
const FINE: usize = 256;

/// The samples at 8 kHz.
pub fn resample(samples: &[f32], rate: u32) -> Vec<f32> {
    if rate == LINE_RATE {
        return samples.to_vec();
    }
    let step = f64::from(rate) / f64::from(LINE_RATE);
    let table = kernel();
    // The kernel is as much wider as the rate is higher.
    let stretch = step / PASS;
    let reach = LOBES * stretch;
    let count = (samples.len() as f64 / step) as usize;
    (0..count)
        .map(|n| {
            let middle = n as f64 * step;
            let first = (middle - reach).ceil().max(0.0) as usize;
            let last = ((middle + reach).floor() as usize).min(samples.len().saturating_sub(1));
            let mut sum = 0.0;
            for (k, &sample) in samples.iter().enumerate().take(last + 1).skip(first) {
                let place = (k as f64 - middle).abs() / stretch * FINE as f64;
                let (whole, part) = (place as usize, place.fract());
                let weight = table[whole] + (table[whole + 1] - table[whole]) * part;
                sum += f64::from(sample) * weight;
            }
            (sum / stretch) as f32
        })
        .map(|sample: f32| sample.clamp(-32_768.0, 32_767.0))
        .collect()
}

/// Half of a sinc under a Kaiser window.
fn kernel() -> Vec<f64> {
    let length = LOBES as usize * FINE;
    (0..=length + 1)
        .map(|n| {
            let x = n as f64 / FINE as f64;
            let sinc =
                if n == 0 { 1.0 } else { (core::f64::consts::PI * x).sin() / (core::f64::consts::PI * x) };
            let inside = (1.0 - (x / LOBES).powi(2)).max(0.0).sqrt();
            sinc * bessel(BETA * inside) / bessel(BETA)
        })
        .collect()
}

/// The modified Bessel function of order zero.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tones_of_the_band_keep_their_level_and_those_above_are_gone() {
        for rate in [11_025, 16_000, 22_050, 32_000, 44_100, 48_000] {
            for (hertz, stays) in
                [(400.0, true), (1000.0, true), (3400.0, true), (4700.0, false), (5300.0, false)]
            {
                let samples: Vec<f32> = (0..rate)
                    .map(|n| {
                        10_000.0
                            * (core::f64::consts::TAU * hertz * f64::from(n) / f64::from(rate)).sin() as f32
                    })
                    .collect();
                let out = resample(&samples, rate);
                assert_eq!(out.len(), 8000);
                let middle = &out[2000..6000];
                let power = middle.iter().map(|s| s * s).sum::<f32>() / 4000.0;
                let db = 10.0 * (power / 5e7).log10();
                assert!(if stays { db.abs() < 0.1 } else { db < -60.0 }, "{rate} {hertz}: {db}");
            }
        }
    }
}
