//! How long to wait after a failed registration, RFC 5626 §4.5.

use tipring_units::{Entropy, Millis};

/// Wait after the first failure.
pub const BASE: Millis = Millis(30_000);
/// Longest wait.
pub const MAX: Millis = Millis(1_800_000);

/// The wait after `failures` failures in a row (1 for the first): between half and all of
/// `BASE * 2^(failures - 1)`, at most [`MAX`], so that many gateways do not return in step.
pub fn wait(failures: u32, entropy: &mut Entropy) -> Millis {
    let doublings = failures.saturating_sub(1).min(16);
    let ceiling = BASE.0.saturating_mul(1 << doublings).min(MAX.0);
    let half = ceiling / 2;
    Millis(half + entropy.below(ceiling - half + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_half_an_hour_with_jitter() {
        let mut entropy = Entropy::for_simulation(5);
        for (failures, ceiling) in [(1, 30_000), (2, 60_000), (3, 120_000), (7, 1_800_000), (99, 1_800_000)] {
            for _ in 0..100 {
                let Millis(wait) = wait(failures, &mut entropy);
                assert!((ceiling / 2..=ceiling).contains(&wait), "{failures}: {wait}");
            }
        }
        let waits: Vec<_> = (0..10).map(|_| wait(1, &mut entropy)).collect();
        assert!(waits.windows(2).any(|w| w[0] != w[1]));
    }
}
