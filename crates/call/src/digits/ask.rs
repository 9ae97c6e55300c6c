//! What the explanation and the linter ask of a reader.

use std::collections::{BTreeMap, BTreeSet};

use tipring_country::DigitSet;
use tipring_units::Millis;

use super::{Place, Reader, consumes};
use crate::plan::{Plan, Step};
use crate::{Number, Why};

/// What is explained of a reader.
impl Reader {
    /// The patterns that a further digit can make longer, each once.
    pub(crate) fn growing<'p>(&self, plan: &'p Plan) -> Vec<&'p str> {
        let mut texts: Vec<&str> = Vec::new();
        for place in self.places.iter().filter(|place| consumes(plan, place)) {
            texts.extend(plan.rules.get(place.rule).map(|rule| rule.text.as_str()));
        }
        let mut seen = BTreeSet::new();
        texts.retain(|text| seen.insert(*text));
        texts
    }

    /// Which value makes the timer as long as it is.
    pub(crate) fn set_by(&self, plan: &Plan, why: Why, outside_tone: bool) -> String {
        let winner = self.best(plan).and_then(|place| plan.rules.get(place.rule));
        match (why, winner) {
            (Why::Hotline, Some(rule)) => format!("P of {}", rule.text),
            (Why::NumberWhole, Some(rule)) if rule.short.is_some_and(|own| own > Millis::ZERO) => {
                format!("S of {}", rule.text)
            }
            (Why::NumberWhole, _) => "wait_end".to_owned(),
            (Why::MoreDigits, _) if self.own_long(plan).is_some() => "L of the row".to_owned(),
            (Why::MoreDigits, _) if !outside_tone => "wait_digit".to_owned(),
            _ => "wait_first_digit".to_owned(),
        }
    }

    /// Why a number that is whole waits for nothing more.
    pub(crate) fn ended_by(&self, plan: &Plan) -> Ended {
        if plan.emergency(&self.dialled).is_some() {
            return Ended::Emergency;
        }
        if self.ended {
            return Ended::Hash;
        }
        let best = self.best(plan);
        let rule = best.and_then(|place| plan.rules.get(place.rule));
        match rule {
            Some(_) if !self.grows(plan, best) && !self.growing(plan).is_empty() => Ended::Country,
            Some(rule) if self.grows(plan, best) && rule.short == Some(Millis::ZERO) => Ended::ShortTimer,
            Some(_) | None => Ended::NothingLonger,
        }
    }
}

/// Why a number waits for nothing more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// It is of an emergency service.
    Emergency,
    /// `#` was dialled.
    Hash,
    /// Its row has `S0`.
    ShortTimer,
    /// The country has no longer number that begins so.
    Country,
    /// No row has.
    NothingLonger,
}

impl Ended {
    /// The reason in words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Emergency => "an emergency number",
            Self::Hash => "# ends it",
            Self::ShortTimer => "S0",
            Self::Country => "the country's plan ends it",
            Self::NothingLonger => "no row can make it longer",
        }
    }
}

/// A rule that is whole, beside the one that wins.
pub(crate) struct End {
    pub rule: usize,
    /// It is as specific as the winner, and comes to something else.
    pub is_even: bool,
}

/// What the linter asks.
impl Reader {
    /// The places: rule, step, and how many are more specific; in order.
    pub(crate) fn shape(&self) -> Vec<(usize, usize, usize)> {
        let mut widths: Vec<&[u8]> = self.places.iter().map(|place| place.width.as_slice()).collect();
        widths.sort_unstable();
        widths.dedup();
        let rank = |place: &Place| widths.partition_point(|width| *width < place.width.as_slice());
        let mut shape: Vec<_> =
            self.places.iter().map(|place| (place.rule, place.step, rank(place))).collect();
        shape.sort_unstable();
        shape
    }

    /// The rules that are whole, the one that wins first, each once.
    pub(crate) fn ends(&self, plan: &Plan) -> Vec<End> {
        let Some(best) = self.best(plan) else { return Vec::new() };
        let rule = |place: &Place| plan.rules.get(place.rule);
        let comes_to = |place: &Place| {
            rule(place).map(|rule| (rule.to, rule.barred, Number::new(&place.sent), rule.offline, rule.hours))
        };
        let others = self.places.iter().filter(|place| {
            place.rule != best.rule && rule(place).is_some_and(|rule| place.step == rule.steps.len())
        });
        let others = others.map(|place| {
            let (Some(one), Some(other)) = (comes_to(place), comes_to(best)) else {
                return End { rule: place.rule, is_even: false };
            };
            let alike = (one.3, one.4.is_some()) == (other.3, other.4.is_some());
            let differ = (one.0, one.1, one.2) != (other.0, other.1, other.2);
            End { rule: place.rule, is_even: place.width == best.width && alike && differ }
        });
        core::iter::once(End { rule: best.rule, is_even: false }).chain(others).collect()
    }

    /// The rules that have a place, and whether it waits for a digit.
    pub(crate) fn standing(&self, plan: &Plan) -> Vec<(usize, bool)> {
        self.places.iter().map(|place| (place.rule, consumes(plan, place))).collect()
    }

    /// A digit that goes on.
    pub(crate) fn next_digit(&self, plan: &Plan) -> Option<u8> {
        self.places.iter().find_map(|place| wanted(plan, place)?.digits().next())
    }

    /// One digit of each kind that the places, or the beginnings of emergency numbers, tell apart.
    pub(crate) fn kinds(&self, plan: &Plan) -> Vec<u8> {
        let mut kinds: BTreeMap<(Vec<bool>, Option<u8>), u8> = BTreeMap::new();
        for digit in DigitSet::ALL.digits() {
            let fits: Vec<bool> = self
                .places
                .iter()
                .map(|place| wanted(plan, place).is_some_and(|set| set.contains(digit)))
                .collect();
            let longer = format!("{}{}", self.dialled, char::from(digit));
            let begins = plan.emergency(&longer).is_some() || plan.may_become_emergency(&longer);
            if begins || fits.contains(&true) {
                kinds.entry((fits, begins.then_some(digit))).or_insert(digit);
            }
        }
        let mut digits: Vec<u8> = kinds.into_values().collect();
        digits.sort_unstable();
        digits
    }
}

/// The digits that the place waits for.
fn wanted(plan: &Plan, place: &Place) -> Option<DigitSet> {
    match plan.rules.get(place.rule)?.steps.get(place.step)? {
        Step::Digit(set) | Step::Repeat(set) | Step::Swallow(set) => Some(*set),
        Step::Send(_) | Step::OutsideTone => None,
    }
}
