//! DTMF digits heard in white noise, by signal-to-noise ratio, and by their length.

use tipring_oracle::Spandsp;
use tipring_units::Entropy;

use super::Point;
use crate::bench_dtmf::ear::Ear;
use crate::bench_dtmf::signals::{Press, add_noise, all_digits, keyed, samples};

/// Runs of the sixteen digits for each point.
const RUNS: usize = 8;

/// The share of digits that our detector and libspandsp's hear.
pub fn points(seed: u64) -> Vec<Point> {
    let library = Spandsp::open();
    let mut all = Vec::new();
    let makers: [(&str, &dyn Fn() -> Option<Ear>); 2] =
        [("ours", &|| Some(Ear::ours())), ("libspandsp", &|| library.as_ref().and_then(Ear::theirs))];
    for (series, make) in makers {
        let mut point = |plot: &'static str, x: f64, press: &dyn Fn(u8) -> Press, noise: f64| {
            if let Some(y) = heard(seed, make, press, noise) {
                all.push(Point { plot, series: series.to_owned(), x, y });
            }
        };
        for half in -8..=40 {
            let ratio = f64::from(half) / 2.0;
            // Two tones of -13 dBm0 are -10 together.
            point("dtmf noise", ratio, &Press::new, -10.0 - ratio);
        }
        for length in 15..=60 {
            let press = |digit| Press { on: f64::from(length), ..Press::new(digit) };
            point("dtmf length", f64::from(length), &press, -60.0);
        }
    }
    all
}

/// The share of digits that are heard, in percent.
fn heard(seed: u64, make: &dyn Fn() -> Option<Ear>, press: &dyn Fn(u8) -> Press, noise: f64) -> Option<f64> {
    let mut entropy = Entropy::for_simulation(seed);
    let (mut right, mut count) = (0, 0);
    for _ in 0..RUNS {
        for digit in all_digits(&mut entropy) {
            let mut signal = keyed(&[press(digit)], &mut entropy);
            add_noise(&mut signal, noise, &mut entropy);
            let report = make()?.hear(&samples(&signal));
            right += u32::from(report.digits == char::from(digit).to_string());
            count += 1;
        }
    }
    Some(100.0 * f64::from(right) / f64::from(count))
}
