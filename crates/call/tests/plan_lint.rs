//! What the linter says of rows of a dial plan.

mod common;

use common::{house, number, row, to_server};
use tipring_call::{Destination, Plan, Setup};

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
