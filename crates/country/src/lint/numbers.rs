//! Whether a number plan can be dialled, emergency numbers at once.

use crate::{Country, NumberKind, Outside};

/// A number that is long enough for any plan.
const MANY_DIGITS: &str = "23456789234567";

/// Emergency numbers are whole, nothing hides behind them, and the prefixes lead somewhere.
pub(super) fn numbers(country: &Country, check: &mut impl FnMut(bool, &str)) {
    let plan = &country.numbers;
    check(country.code.len() == 2, "the code has not two letters");
    check(!plan.emergency.is_empty(), "there is no emergency number");
    check(!plan.rules.is_empty(), "there is no number plan");
    for (place, number) in plan.emergency.iter().enumerate() {
        check((2..=6).contains(&number.len()), "an emergency number has 2 to 6 digits");
        let hidden = |other: &String| other != number && other.starts_with(number.as_str());
        check(
            !plan.emergency.iter().any(hidden),
            &format!("{number} goes at once and hides a longer emergency number"),
        );
        check(
            !plan.emergency.iter().take(place).any(|other| other == number),
            &format!("{number} stands twice"),
        );
        let hides = ('0'..='9').any(|digit| plan.look(&format!("{number}{digit}")) != Outside::Unknown);
        check(!hides, &format!("{number} goes at once and hides the numbers of a rule that begin with it"));
    }
    check(!plan.international_prefix.is_empty(), "there is no international prefix");
    let abroad = format!("{}{MANY_DIGITS}", plan.international_prefix);
    check(
        (plan.international_prefix.len() + 6..=abroad.len()).any(|length| {
            abroad.get(..length).is_some_and(|digits| plan.kind_of(digits) == Some(NumberKind::International))
        }),
        "no rule has numbers after the international prefix",
    );
    for (place, rule) in plan.rules.iter().enumerate() {
        let twice = plan.rules.iter().take(place).any(|other| other.pattern == rule.pattern);
        check(!twice, &format!("numbers.rule[{place}] has the pattern of an earlier rule"));
    }
}
