//! Randomness that is an argument.

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng, SeedableRng};

/// A generator of random bits that its owner was given: the host seeds it from the operating system,
/// the simulator from the run's seed. ChaCha12, so that tags, nonces and SSRCs cannot be guessed.
#[derive(Clone, Debug)]
pub struct Entropy(ChaCha12Rng);

impl Entropy {
    /// A generator from 32 bytes of the operating system's randomness.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    /// A generator for a simulation: the same number gives the same run.
    pub fn for_simulation(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// 32 random bits.
    pub fn u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// 64 random bits.
    pub fn u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 to `bound - 1`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.u32()) * u64::from(bound)) >> 32) as u32
    }

    /// A number from 0 to just below 1.
    pub fn unit(&mut self) -> f32 {
        (self.u32() >> 8) as f32 / 16_777_216.0
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: f32) -> bool {
        self.unit() * 100.0 < percent
    }

    /// An independent generator derived from this one.
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        self.0.fill_bytes(&mut seed);
        Self::from_seed(seed)
    }

    /// Fills `bytes` with random bits.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (mut a, mut b) = (Entropy::for_simulation(7), Entropy::for_simulation(7));
        assert!((0..100).all(|_| a.u64() == b.u64()));
        assert_ne!(Entropy::for_simulation(8).u64(), Entropy::for_simulation(7).u64());
    }

    #[test]
    fn below_stays_below() {
        let mut entropy = Entropy::for_simulation(1);
        assert!((0..1000).all(|_| entropy.below(6) < 6));
        assert_eq!(entropy.below(0), 0);
    }
}
