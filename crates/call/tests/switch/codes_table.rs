//! `[codes]`: rows on top of a set, beside the dial plan and emergency numbers.

use crate::common::{House, house, number};
use tipring_call::{
    Action, CodeRow, CodeSet, Plan, Setup, code_plan_findings, code_table, code_word, code_words, judge,
};
use tipring_port::{LineCommand, Tone};

fn row(code: &str, action: &str) -> CodeRow {
    CodeRow { code: code.to_owned(), action: action.to_owned() }
}

fn told(rows: &[CodeRow]) -> Vec<String> {
    let plan = Plan::new(&house());
    let (codes, mut findings) = code_table(Some(CodeSet::NorthAmerica), rows);
    findings.extend(code_plan_findings(&plan, &codes, rows));
    findings
        .into_iter()
        .map(|one| format!("{} {}: {}", if one.is_error { "error" } else { "note" }, one.code, one.message))
        .collect()
}

#[test]
fn every_action_has_a_word_that_names_it_alone() {
    let words = code_words();
    for word in words.iter().filter(|word| *word != "none") {
        let action = Action::of_word_in_table(word).unwrap_or_else(|| panic!("{word}"));
        assert_eq!(&code_word(action), word);
    }
    let mut once = words.clone();
    once.dedup();
    assert_eq!(once, words);
}

#[test]
fn a_row_takes_the_place_of_the_same_code_of_the_set() {
    let (codes, findings) = code_table(
        Some(CodeSet::NorthAmerica),
        &[row("*72", "forward-busy"), row("*78", "none"), row("*69", "pass"), row("*96", "do-not-disturb")],
    );
    assert_eq!(findings, []);
    let of = |typed: &str| match judge(&codes, typed) {
        tipring_call::Judged::Whole(given) | tipring_call::Judged::NumberFollows(given) => {
            Some(given.action.word())
        }
        tipring_call::Judged::Not | tipring_call::Judged::More { .. } => None,
    };
    assert_eq!(of("*72"), Some("forward busy"));
    assert_eq!((of("*78"), of("*69")), (None, None));
    assert_eq!(of("*96"), Some("do not disturb"));
    assert_eq!(of("*73"), Some("forward off"));
}

#[test]
fn digits_of_ones_own_stand_at_the_usual_place_where_they_are_left_out() {
    let (codes, findings) = code_table(
        None,
        &[
            row("*21*#", "forward-always"),
            row("*72", "forward-busy"),
            row("*33", "lock"),
            row("*1", "speed-dial"),
        ],
    );
    assert_eq!(findings, []);
    let texts: Vec<&str> = codes.iter().map(tipring_call::Code::as_str).collect();
    assert_eq!(texts, ["*21*{number}#", "*72{number}", "*33*{pin}#", "*1{digit}"]);
}

#[test]
fn what_is_wrong_with_a_row_is_told_with_a_remedy() {
    let only = |rows: &[CodeRow]| {
        let told = told(rows);
        assert_eq!(told.len(), 1, "{told:#?}");
        told.into_iter().next().unwrap()
    };
    assert_eq!(told(&[row("*96", "redial")]), [""; 0]);
    assert!(
        only(&[row("*96", "forward")])
            .starts_with("error *96: no code does \"forward\". Did you mean \"forward-")
    );
    assert!(only(&[row("*9x", "redial")]).contains("is on no keypad"));
    assert!(
        only(&[row("*72", "redial"), row("*72{number}", "forward-busy")]).contains("is the same code as")
    );
    assert_eq!(
        only(&[row("*6", "redial")]),
        "error *6: is done before \"*67\" (hide next) of the set can be dialled. Take another code, or write \"*67\" = \"none\"."
    );
    assert_eq!(
        only(&[row("#21#", "forward-off")]),
        "error #21#: nobody can dial it: \"#{digit}\" (speed dial) is done before. Take another code, or write \"#{digit}\" = \"none\"."
    );
    assert!(only(&[row("*99", "none")]).starts_with("note *99: takes nothing out"));
    assert!(
        only(&[row("91", "redial")]).contains("would be done before 911 is dialled, an emergency number")
    );
    assert!(only(&[row("911*", "redial")]).contains("911 is an emergency number and goes at once"));
    assert!(
        only(&[row("10", "redial")]).starts_with("note 10: numbers that begin with 10 cannot be dialled")
    );
}

#[test]
fn a_code_that_is_passed_goes_to_the_dial_plan_digit_by_digit() {
    let (codes, _) = code_table(Some(CodeSet::NorthAmerica), &[row("*55", "pass"), row("*69", "pass")]);
    let mut setup = Setup { codes, ..house() };
    setup.dial.as_mut().unwrap().push(crate::common::row("*xx", crate::common::to_server("pbx")));
    let mut house = House::new(setup);
    for code in ["*55", "*69"] {
        house.lift_and_dial(0, code);
        let (_, action) = house.placed().expect(code);
        assert!(
            matches!(action, tipring_call::FarAction::Place { number: sent, .. } if sent == number(code)),
            "{action:?}"
        );
        house.hang_up(0);
    }
    house.lift_and_dial(0, "*78");
    assert!(house.commands(0).contains(&LineCommand::Play(Tone::Confirmation)));
}
