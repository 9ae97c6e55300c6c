//! What two patterns have to do with each other: numbers that fit both, and numbers of one that another goes on from.

use std::collections::BTreeSet;

use crate::{DigitSet, Element};

/// A place that takes a digit, once or any count of times.
#[derive(Clone, Copy)]
struct Step {
    set: DigitSet,
    repeats: bool,
}

fn steps(elements: &[Element]) -> Vec<Step> {
    let mut steps = Vec::new();
    for element in elements {
        match element {
            Element::Digit(set) => steps.push(Step { set: *set, repeats: false }),
            Element::Repeat(set) => steps.push(Step { set: *set, repeats: true }),
            Element::Substitute { dialled, .. } => {
                steps.extend(dialled.iter().map(|set| Step { set: *set, repeats: false }));
            }
            Element::OutsideTone => {}
        }
    }
    steps
}

/// The shortest number that fits both, if there is one.
pub(super) fn overlap(one: &[Element], other: &[Element]) -> Option<String> {
    let (one, other) = (steps(one), steps(other));
    search(&one, &other, |a, b| a == one.len() && b == other.len())
}

/// True if a number that fits `one` is the beginning of a longer one that fits `other`.
pub(super) fn extends(one: &[Element], other: &[Element]) -> bool {
    let (one, other) = (steps(one), steps(other));
    search(&one, &other, |a, b| a == one.len() && b < other.len()).is_some()
}

/// The shortest digits by which both come to places of which `goal` is true.
fn search(one: &[Step], other: &[Step], goal: impl Fn(usize, usize) -> bool) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut wave: Vec<(usize, usize, String)> = vec![(0, 0, String::new())];
    while !wave.is_empty() {
        let mut next = Vec::new();
        while let Some((a, b, digits)) = wave.pop() {
            if !seen.insert((a, b)) {
                continue;
            }
            if goal(a, b) {
                return Some(digits);
            }
            // A repeat may be passed over without a digit.
            if one.get(a).is_some_and(|step| step.repeats) {
                wave.push((a + 1, b, digits.clone()));
            }
            if other.get(b).is_some_and(|step| step.repeats) {
                wave.push((a, b + 1, digits.clone()));
            }
            let (Some(x), Some(y)) = (one.get(a), other.get(b)) else { continue };
            if let Some(digit) = x.set.common(y.set).digits().next() {
                let mut digits = digits;
                digits.push(char::from(digit));
                next.push((a + usize::from(!x.repeats), b + usize::from(!y.repeats), digits));
            }
        }
        wave = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pattern;

    fn both(one: &str, other: &str) -> (Option<String>, bool) {
        let (one, other) = (Pattern::parse(one).unwrap(), Pattern::parse(other).unwrap());
        (overlap(one.elements(), other.elements()), extends(one.elements(), other.elements()))
    }

    #[test]
    fn numbers_of_two_patterns_meet_or_go_on() {
        assert_eq!(both("1xx", "[12]34"), (Some("134".to_owned()), false));
        assert_eq!(both("1xx", "xx."), (Some("100".to_owned()), true));
        assert_eq!(both("xx.", "1xx"), (Some("100".to_owned()), true));
        assert_eq!(both("x11", "xxxxxxx"), (None, true));
        assert_eq!(both("12", "12"), (Some("12".to_owned()), false));
        assert_eq!(both("12", "3x."), (None, false));
        assert_eq!(both("<9:>x.", "9,12"), (Some("912".to_owned()), true));
        assert_eq!(both("1.2.3.", "3.3"), (Some("3".to_owned()), true));
    }
}
