//! Random dial plans against a matcher that tries every way there is.

use crate::common::{house, to_server};
use tipring_call::{Cause, Destination, DialRow, Plan, Reader, Setup, Verdict};
use tipring_country::{Element, NumberPlan, Pattern};
use tipring_units::Entropy;

const PLANS: u64 = 4000;

/// Whether `digits` are all of the pattern, and whether more digits could be.
fn matches(elements: &[Element], digits: &[u8]) -> (bool, bool) {
    let Some((first, rest)) = elements.split_first() else { return (digits.is_empty(), false) };
    let both = |a: (bool, bool), b: (bool, bool)| (a.0 || b.0, a.1 || b.1);
    match (first, digits.split_first()) {
        (Element::OutsideTone, _) => matches(rest, digits),
        (Element::Digit(_), None) => (false, true),
        (Element::Digit(set), Some((digit, after))) if set.contains(*digit) => matches(rest, after),
        (Element::Digit(_), Some(_)) => (false, false),
        (Element::Repeat(_), None) => both((false, true), matches(rest, digits)),
        (Element::Repeat(set), Some((digit, after))) if set.contains(*digit) => {
            both(matches(elements, after), matches(rest, digits))
        }
        (Element::Repeat(_), Some(_)) => matches(rest, digits),
        (Element::Substitute { dialled, .. }, _) => {
            let mut fixed: Vec<Element> = dialled.iter().map(|set| Element::Digit(*set)).collect();
            fixed.extend_from_slice(rest);
            matches(&fixed, digits)
        }
    }
}

fn random_pattern(entropy: &mut Entropy) -> Pattern {
    let parts =
        ["x", "1", "2", "3", "[12]", "[1-3]", "x.", "1.", "[23].", ",", "<1:>", "<2:33>", "<:9>", "*", "#"];
    loop {
        let mut text = String::new();
        for _ in 0..=entropy.below(4) {
            text.push_str(parts[entropy.below(parts.len() as u32) as usize]);
        }
        if let Ok(pattern) = Pattern::parse(&text) {
            return pattern;
        }
    }
}

#[test]
fn a_number_is_whole_exactly_when_a_rule_matches_and_none_can_go_on() {
    let mut entropy = Entropy::for_simulation(1);
    let (mut whole, mut waiting, mut dead) = (0, 0, 0);
    for _ in 0..PLANS {
        let patterns: Vec<Pattern> = (0..=entropy.below(4)).map(|_| random_pattern(&mut entropy)).collect();
        let rows: Vec<DialRow> = patterns
            .iter()
            .map(|pattern| DialRow { pattern: pattern.clone(), to: to_server("pbx") })
            .collect();
        let plan = Plan::new(&Setup { dial: Some(rows), numbering: NumberPlan::default(), ..house() });
        let mut reader = Reader::new(&plan, false);
        let mut digits = Vec::new();
        for _ in 0..=entropy.below(6) {
            let digit = b"123*"[entropy.below(4) as usize];
            digits.push(digit);
            reader.push(&plan, digit);
            let about = format!("{patterns:?} {}", String::from_utf8_lossy(&digits));
            let found: Vec<(bool, bool)> =
                patterns.iter().map(|pattern| matches(pattern.elements(), &digits)).collect();
            let full = found.iter().any(|(full, _)| *full);
            let more = found.iter().any(|(_, more)| *more);
            match reader.verdict(&plan) {
                Verdict::Whole(selection) => {
                    assert!(full && !more, "{about}");
                    assert_eq!(selection.to, Some(to_server("pbx")), "{about}");
                    whole += 1;
                }
                Verdict::More { .. } => {
                    assert!(more, "{about}");
                    waiting += 1;
                }
                Verdict::Dead(cause) => {
                    assert!(!full && !more && cause == Cause::NoRule, "{about}");
                    dead += 1;
                }
            }
            assert_eq!(matches!(reader.timeout(&plan), Verdict::Whole(_)), full, "{about}");
            let winner = reader.winner(&plan);
            assert_eq!(winner.is_some(), full, "{about}");
            let wins = patterns
                .iter()
                .zip(&found)
                .any(|(pattern, found)| Some(pattern.as_str()) == winner && found.0);
            assert!(!full || wins, "{about}: {winner:?} does not match");
        }
    }
    println!("{whole} whole, {waiting} waiting, {dead} dead");
    assert!(whole > 500 && waiting > 1000 && dead > 1000);
}

#[test]
fn what_is_dialled_one_by_one_and_what_comes_as_a_whole_go_the_same_way() {
    let mut entropy = Entropy::for_simulation(2);
    for _ in 0..PLANS {
        let rows = (0..=entropy.below(4))
            .map(|_| DialRow { pattern: random_pattern(&mut entropy), to: Destination::Phones })
            .collect();
        let plan = Plan::new(&Setup { dial: Some(rows), ..house() });
        let digits: String =
            (0..=entropy.below(6)).map(|_| char::from(b"123*"[entropy.below(4) as usize])).collect();
        let told = plan.explain(&digits, false);
        if told.unread == 0 {
            assert_eq!(told.end, plan.read_whole(&digits, false), "{digits}");
        }
        assert!(told.digits.len() + told.unread == digits.len());
    }
}
