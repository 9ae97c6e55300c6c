//! What the linter says of rows of a dial plan.

use std::collections::BTreeSet;

use crate::common::{house, number, row, to_server};
use tipring_call::{Destination, DialRow, Fault, Plan, Reader, Setup, Verdict};
use tipring_country::{NumberPlan, Pattern};
use tipring_units::Entropy;

const LINES: Destination = Destination::Lines { number: None };

fn lint_of(dial: &[(&str, Destination)], offline: &[(&str, Destination)]) -> Vec<String> {
    let rows = |rows: &[(&str, Destination)]| rows.iter().map(|(pattern, to)| row(pattern, *to)).collect();
    let setup = Setup { dial: Some(rows(dial)), offline: rows(offline), ..house() };
    Plan::new(&setup).lint().iter().map(ToString::to_string).collect()
}

fn lint(dial: &[(&str, Destination)]) -> Vec<String> {
    lint_of(dial, &[])
}

#[test]
fn a_number_that_fits_two_rows_alike_is_told() {
    assert_eq!(
        lint(&[("[12]x5", LINES), ("[13]x5", to_server("pbx"))]),
        [
            "[dial] \"[13]x5\": 105 fits \"[12]x5\" too, and neither is more specific: \"[12]x5\" wins, as it comes first. Make one of them narrower, or take one out."
        ]
    );
    // Where both come to the same nothing is to be decided.
    assert_eq!(lint(&[("[12]x5", LINES), ("[13]x5", LINES)]), [""; 0]);
    // What is dialled is the same, what is sent is not.
    assert_eq!(lint(&[("<2:3>x", LINES), ("2[0-4]", LINES), ("2x", LINES)]).len(), 2);
    // The same pattern by day and by night, and with hours that meet.
    assert_eq!(lint(&[("0", LINES), ("0 18:00-08:00", to_server("pbx"))]), [""; 0]);
    assert_eq!(lint(&[("0 08:00-18:00", LINES), ("0 18:00-08:00", to_server("pbx"))]), [""; 0]);
    let meet = lint(&[("0 08:00-18:30", LINES), ("0 18:00-08:00", to_server("pbx"))]);
    assert_eq!(meet.len(), 1, "{meet:?}");
    assert!(meet[0].starts_with("[dial] \"0 18:00-08:00\": 0 fits \"0 08:00-18:30\" too"), "{meet:?}");
    // Online and offline rows are not dialled together on equal terms.
    assert_eq!(lint_of(&[("xx.", to_server("pbx"))], &[("xx.", LINES)]), [""; 0]);
}

#[test]
fn a_row_that_no_number_reaches_is_told() {
    assert_eq!(
        lint(&[("1xx", LINES), ("1[0-4]x", LINES), ("1[5-9]x", LINES)]),
        [
            "[dial] \"1xx\": no number reaches it: what fits it, as 100, goes by \"1[0-4]x\", which is more specific or comes first. Take it out, or narrow the other."
        ]
    );
    assert_eq!(lint(&[("xxx", LINES), ("[0-9]xx", LINES)]).len(), 1);
    assert_eq!(
        lint(&[("911", LINES), ("9111x", LINES), ("2x", LINES)]),
        [
            "[dial] \"911\": no number reaches it: 911 is an emergency number and goes at once, by [emergency]. Take the row out.",
            "[dial] \"9111x\": no number reaches it: 911 is an emergency number and goes at once, by [emergency]. Take the row out."
        ]
    );
    let digits = "2".repeat(40);
    assert_eq!(
        lint(&[(&digits, LINES)]),
        [format!("[dial] \"{digits}\": no number has so many digits. Make it shorter, or take it out.")]
    );
    assert_eq!(lint_of(&[("1xx", LINES)], &[("2xx", LINES), ("[0-9]x", LINES), ("xx", LINES)]).len(), 1);
}

#[test]
fn a_row_that_hides_others_is_told() {
    assert_eq!(
        lint(&[("2 S0", LINES), ("2xx", Destination::Phones), ("3x", LINES)]),
        [
            "[dial] \"2xx\": no number reaches it: at 2 \"2 S0\" goes at once (S0). Give that row a timer, as S3, or take this one out."
        ]
    );
    // Only some of a row's numbers: that is what S0 is for.
    assert_eq!(lint(&[("2 S0", LINES), ("[2-4]xx", Destination::Phones)]), [""; 0]);
}

#[test]
fn a_row_that_would_delay_an_emergency_number_is_told() {
    assert_eq!(
        lint(&[("9xxx", Destination::Phones)]),
        [
            "[dial] \"9xxx\": 9110 fits it and begins with 911, an emergency number, which would have to wait for it. 911 goes at once instead, and 9110 cannot be dialled. Leave these numbers out of the row."
        ]
    );
    assert_eq!(
        lint(&[("9xx.", to_server("pbx"))]),
        [
            "[dial] \"9xx.\": 9911 would go as any other number, after a timer. If 9 is what is dialled for an outside line, write \"9,xx.\": 9911 is an emergency number then and goes at once."
        ]
    );
    assert_eq!(
        lint(&[("9 S0", Destination::Number(number("101")))]),
        [
            "[dial] \"9 S0\": 911 begins so: the row waits for the next digit in spite of S0, or the emergency number could not be dialled. Give it another number, or a timer of its own."
        ]
    );
    assert_eq!(
        lint(&[("P0<:101>", Destination::Phones), ("2xx", LINES)]),
        [
            "[dial] \"P0<:101>\": P0 calls as soon as any phone is lifted: nobody can dial an emergency number. Write P3, or `dials` of the phones that are hotlines."
        ]
    );
    // Numbers of the country, and prefixes that say so.
    for right in ["9,xx.", "<9:>xx.", "1xx.", "011xx.", "xx.", "[2-8]xx", "*9xx.", "P3<:101>"] {
        assert_eq!(lint(&[(right, to_server("pbx"))]), [""; 0], "{right}");
    }
}

#[test]
fn the_linter_comes_to_an_end_with_any_plan() {
    let rows: Vec<String> = (0..60).map(|n| format!("[{}-9]x[0-{}]x.{}x.", n % 9, n % 8, n % 7)).collect();
    let rows: Vec<(&str, Destination)> = rows.iter().map(|text| (text.as_str(), LINES)).collect();
    let _ = lint(&rows);
}

/// Rows that win for a number of up to five digits.
fn winners(plan: &Plan) -> BTreeSet<String> {
    let mut won = BTreeSet::new();
    let mut waiting = vec![(Reader::new(plan, false), 0)];
    while let Some((reader, length)) = waiting.pop() {
        let goes_on = match reader.verdict(plan) {
            Verdict::More { .. } => true,
            Verdict::Whole(_) | Verdict::Dead(_) => length == 0,
        };
        if length > 0 {
            won.extend(reader.winner(plan).map(str::to_owned));
        }
        if goes_on && length < 5 {
            // 4 stands for 4 to 9, which no pattern tells apart.
            for digit in *b"01234*" {
                let mut next = reader.clone();
                next.push(plan, digit);
                waiting.push((next, length + 1));
            }
        }
    }
    won
}

#[test]
fn a_row_is_called_unreachable_if_and_only_if_no_number_reaches_it() {
    let parts =
        ["x", "1", "2", "3", "[12]", "[1-3]", "[4-9]", "x.", "[23].", "<1:>", "<2:33>", "*", " S0", "!"];
    let mut entropy = Entropy::for_simulation(11);
    let (mut unreachable, mut ambiguous) = (0, 0);
    for _ in 0..400 {
        let mut rows: Vec<DialRow> = Vec::new();
        let wanted = 2 + entropy.below(5) as usize;
        while rows.len() < wanted {
            let text: String =
                (0..=entropy.below(3)).map(|_| parts[entropy.below(parts.len() as u32) as usize]).collect();
            let is_new = rows.iter().all(|row| row.pattern.as_str() != text);
            if let (Ok(pattern), true) = (Pattern::parse(&text), is_new) {
                let to = if entropy.below(2) == 0 { LINES } else { to_server("pbx") };
                rows.push(DialRow { pattern, to });
            }
        }
        let texts: Vec<String> = rows.iter().map(|row| row.pattern.to_string()).collect();
        let plan = Plan::new(&Setup { dial: Some(rows), numbering: NumberPlan::default(), ..house() });
        let won = winners(&plan);
        let mut told = BTreeSet::new();
        for finding in plan.lint() {
            match finding.what {
                Fault::Beaten { .. } | Fault::Hidden { .. } => {
                    told.insert(finding.row.pattern);
                }
                Fault::Ambiguous { other, number } => {
                    let mut reader = Reader::new(&plan, false);
                    number.bytes().for_each(|digit| reader.push(&plan, digit));
                    let winner = reader.winner(&plan);
                    assert_eq!(winner, Some(other.as_str()), "{texts:?} {number}");
                    ambiguous += 1;
                }
                fault => panic!("{texts:?}: {fault:?}"),
            }
        }
        let never: BTreeSet<String> = texts.iter().filter(|text| !won.contains(*text)).cloned().collect();
        assert_eq!(told, never, "{texts:?}");
        unreachable += told.len();
    }
    assert!(unreachable > 100 && ambiguous > 30, "{unreachable} {ambiguous}");
}
