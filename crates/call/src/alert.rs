//! Distinctive ringing: how a call that comes in asks to be rung.
//!
//! # Standard
//! The five cadences of Bellcore-dr1 to -dr5: GR-506-CORE, as adapters have them. Internal and external calls differ as on a
//! private exchange: one burst in a ring for the house, two for outside.

use tipring_port::RingPattern;
use tipring_units::Millis;

/// How a call asks to be rung.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RingKind {
    /// A cadence by its number, 1 to 5.
    Bellcore(u8),
    /// From the house.
    Internal,
    /// From outside.
    External,
}

const CADENCES: [&[u32]; 5] = [
    &[2000, 4000],
    &[800, 400, 800, 4000],
    &[400, 200, 400, 200, 800, 4000],
    &[300, 200, 1000, 200, 300, 4000],
    &[500, 5500],
];

impl RingKind {
    /// Its pattern on a telephone whose plain ring is `plain`, which it keeps where that says the same.
    pub fn pattern(self, plain: RingPattern) -> RingPattern {
        let bursts = plain.iter().count().div_ceil(2);
        let cadence = match self {
            Self::Bellcore(number) => number,
            Self::Internal if bursts == 1 => return plain,
            Self::Internal => 1,
            Self::External if bursts == 2 => return plain,
            Self::External => 2,
        };
        let steps = usize::from(cadence).checked_sub(1).and_then(|place| CADENCES.get(place));
        steps.map_or(plain, |steps| {
            let steps: Vec<Millis> = steps.iter().copied().map(Millis).collect();
            RingPattern::new(&steps)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(steps: &[u32]) -> RingPattern {
        RingPattern::new(&steps.iter().copied().map(Millis).collect::<Vec<_>>())
    }

    #[test]
    fn calls_of_the_house_have_one_burst_and_others_two_whatever_the_country_rings() {
        let (american, british) = (pattern(&[2000, 4000]), pattern(&[400, 200, 400, 2000]));
        assert_eq!(RingKind::Internal.pattern(american), american);
        assert_eq!(RingKind::External.pattern(american), pattern(&[800, 400, 800, 4000]));
        assert_eq!(RingKind::Internal.pattern(british), pattern(&[2000, 4000]));
        assert_eq!(RingKind::External.pattern(british), british);
        assert_eq!(RingKind::Bellcore(5).pattern(british), pattern(&[500, 5500]));
        assert_eq!(RingKind::Bellcore(7).pattern(british), british, "there is none");
    }
}
