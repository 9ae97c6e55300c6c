//! National number plans: which outside numbers are complete, and what kind they are.
//!
//! An outside number of known length goes without a timer; others end by `#` or by the timer. The
//! plan is looked up with the digits that go to the public network, without any prefix of one's own.

use crate::{DigitSet, Element, Pattern};

/// What kind of number it is, for permissions: each kind includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberKind {
    /// Reaches an emergency service; never barred.
    Emergency,
    /// A service of the own network (operator, information).
    Service,
    /// The own area, or a number free of charge.
    Local,
    /// The own country.
    National,
    /// A mobile number where it is charged apart.
    Mobile,
    /// Charged above the usual.
    Premium,
    /// Another country.
    International,
}

impl NumberKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Service => "service",
            Self::Local => "local",
            Self::National => "national",
            Self::Mobile => "mobile",
            Self::Premium => "premium",
            Self::International => "international",
        }
    }
}

/// A rule of a number plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberRule {
    /// Digits, sets and repeats; never a substitution.
    pub pattern: Pattern,
    /// What matches is of this kind.
    pub kind: NumberKind,
}

/// What a plan says of digits dialled so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outside {
    /// A whole number; nothing can follow: send it now.
    Complete(NumberKind),
    /// A whole number, but more digits may follow: `#` or the timer ends it.
    Open(NumberKind),
    /// The start of a number.
    Partial,
    /// The plan knows no such number: `#` or the timer ends it.
    Unknown,
}

/// The public numbers of a country.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NumberPlan {
    /// Numbers of emergency services.
    pub emergency: Vec<String>,
    /// The rules; the most specific that matches gives the kind.
    pub rules: Vec<NumberRule>,
    /// Dialled before a national number, empty where there is none.
    pub trunk_prefix: String,
    /// Dialled before an international number.
    pub international_prefix: String,
}

impl NumberPlan {
    /// What `digits` are.
    pub fn look(&self, digits: &str) -> Outside {
        let digits = digits.as_bytes();
        if self.emergency.iter().any(|number| number.as_bytes() == digits) {
            return Outside::Complete(NumberKind::Emergency);
        }
        let mut more = self.emergency.iter().any(|number| number.as_bytes().starts_with(digits));
        let mut best: Option<(u32, NumberKind)> = None;
        for rule in &self.rules {
            let (matches, grows, narrow) = walk(rule.pattern.elements(), digits);
            more |= grows;
            if matches && best.is_none_or(|(most, _)| narrow > most) {
                best = Some((narrow, rule.kind));
            }
        }
        match (best, more) {
            (Some((_, kind)), false) => Outside::Complete(kind),
            (Some((_, kind)), true) => Outside::Open(kind),
            (None, true) => Outside::Partial,
            (None, false) => Outside::Unknown,
        }
    }

    /// The kind of a whole number that the plan knows.
    pub(crate) fn kind_of(&self, digits: &str) -> Option<NumberKind> {
        match self.look(digits) {
            Outside::Complete(kind) | Outside::Open(kind) => Some(kind),
            Outside::Partial | Outside::Unknown => None,
        }
    }

    /// The kind of a whole number; the widest of what it could be where the plan does not know it.
    pub fn kind(&self, digits: &str) -> NumberKind {
        self.kind_of(digits).unwrap_or(NumberKind::International)
    }
}

/// Whether `digits` match, whether more may follow, and how specific the pattern is (the digits that its sets leave out).
fn walk(elements: &[Element], digits: &[u8]) -> (bool, bool, u32) {
    let mut narrow = 0;
    let mut rest = digits;
    for (place, element) in elements.iter().enumerate() {
        match element {
            Element::Digit(set) => {
                narrow += 16 - set.count();
                match rest.split_first() {
                    None => return (false, true, narrow),
                    Some((digit, after)) if set.contains(*digit) => rest = after,
                    Some(_) => return (false, false, narrow),
                }
            }
            // A plan repeats only at the end of a rule (the loader sees to it).
            Element::Repeat(set) => {
                let all = rest.iter().all(|digit| set.contains(*digit));
                return (all && place + 1 == elements.len(), all, narrow);
            }
            Element::Substitute { .. } | Element::OutsideTone => return (false, false, narrow),
        }
    }
    (rest.is_empty(), false, narrow)
}

/// True if a plan may use `pattern`: digits, sets, and a repeat of any digit at its end.
pub(crate) fn is_plain(pattern: &Pattern) -> bool {
    let elements = pattern.elements();
    !pattern.is_barred()
        && pattern.pause().is_none()
        && elements.iter().enumerate().all(|(place, element)| match element {
            Element::Digit(_) => true,
            Element::Repeat(set) => *set == DigitSet::DECIMAL && place + 1 == elements.len(),
            Element::Substitute { .. } | Element::OutsideTone => false,
        })
}
