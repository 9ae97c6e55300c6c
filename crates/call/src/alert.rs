//! Distinctive ringing: how a call that comes in asks to be rung.
//!
//! # Standard
//! The five cadences of Bellcore-dr1 to -dr5: GR-506-CORE, as adapters have them. Internal and external calls differ as on a
//! private exchange: one burst in a ring for the house, two for outside.

use tipring_country::NumberPattern;
use tipring_port::RingPattern;
use tipring_units::Millis;

use crate::{Identity, Presentation};

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

/// How a telephone is rung for some callers, where their server does not ask for another ring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RingFor {
    /// Who calls.
    pub who: RingCaller,
    /// The ring.
    pub ring: RingKind,
}

/// Callers of whom a telephone is told by its ring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RingCaller {
    /// Those with such a number, which they show.
    Number(NumberPattern),
    /// Those who do not show their number.
    Private,
    /// Those of whom nothing is known.
    Unknown,
}

impl RingCaller {
    fn is(&self, caller: &Identity) -> bool {
        match (self, caller.presentation) {
            (Self::Number(pattern), Presentation::Allowed) => {
                let number = caller.number.as_str().chars().filter(|sign| !"-.() ".contains(*sign));
                !caller.number.is_empty() && pattern.fits(&number.collect::<String>())
            }
            (Self::Private, presentation) => presentation == Presentation::Private,
            (Self::Unknown, Presentation::Unavailable) => true,
            (Self::Unknown, Presentation::Allowed) => caller.number.is_empty(),
            (Self::Number(_), Presentation::Private | Presentation::Unavailable)
            | (Self::Unknown, Presentation::Private) => false,
        }
    }
}

/// The ring for `caller`: that of the first rule that fits.
pub(crate) fn ring_for(rules: &[RingFor], caller: &Identity) -> Option<RingKind> {
    rules.iter().find(|rule| rule.who.is(caller)).map(|rule| rule.ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(who: &str, ring: RingKind) -> RingFor {
        let who = match who {
            "private" => RingCaller::Private,
            "unknown" => RingCaller::Unknown,
            pattern => RingCaller::Number(NumberPattern::parse(pattern).unwrap()),
        };
        RingFor { who, ring }
    }

    #[test]
    fn the_first_rule_that_fits_who_calls_has_the_ring_and_a_hidden_number_fits_none_of_its_digits() {
        let rules = [
            rule("0044x.", RingKind::Bellcore(2)),
            rule("[57]xx", RingKind::Internal),
            rule("private", RingKind::Bellcore(4)),
            rule("unknown", RingKind::Bellcore(5)),
            rule("x.", RingKind::External),
        ];
        let ring = |caller: Identity| ring_for(&rules, &caller);
        assert_eq!(ring(Identity::new("00442079460000", "")), Some(RingKind::Bellcore(2)));
        assert_eq!(ring(Identity::new("0044 20-7946", "")), Some(RingKind::Bellcore(2)));
        assert_eq!(ring(Identity::new("501", "Desk")), Some(RingKind::Internal));
        assert_eq!(ring(Identity::new("5550100", "")), Some(RingKind::External));
        let hidden = Identity { presentation: Presentation::Private, ..Identity::new("501", "") };
        assert_eq!(ring(hidden), Some(RingKind::Bellcore(4)));
        assert_eq!(ring(Identity::unknown()), Some(RingKind::Bellcore(5)));
        assert_eq!(ring(Identity::new("+4930", "")), None);
        assert_eq!(ring_for(&rules[..2], &hidden), None);
    }

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
