//! Groups: what is in them, and the mistakes that can be made.

use tipring_config::{Effective, GroupHunt, Level, Number, Overflow, check};

/// Mistakes are added below it (line 8 is the first that is free).
const GOOD: &str = "country = \"us\"
[phone.101-106]
port = \"sim/1-6\"
[sip.201]
password = \"x\"
[dial]
\"6xx\" = \"phones\"
";

fn effective(more: &str) -> Effective {
    let report = check(&format!("{GOOD}{more}"), "tipring.toml");
    report.effective.clone().unwrap_or_else(|| panic!("{report}"))
}

fn error(more: &str) -> String {
    let report = check(&format!("{GOOD}{more}"), "tipring.toml");
    let lines: Vec<String> = report.of(Level::Error).map(ToString::to_string).collect();
    lines.join("\n").replace("tipring.toml:", "")
}

#[test]
fn ranges_are_written_out_in_their_order_and_what_is_not_written_is_the_default() {
    let effective = effective("[group.600]\nmembers = [\"201\", \"101-103\"]\n");
    let group = &effective.group[&Number::parse("600").unwrap()];
    let members: Vec<String> = group.members.iter().map(ToString::to_string).collect();
    assert_eq!(members, ["201", "101", "102", "103"]);
    assert_eq!((group.hunt, group.ring_time.0), (GroupHunt::Linear, 20_000));
    assert_eq!((&group.busy, &group.no_answer), (&Overflow::Busy, &None));
    let shown = effective.to_string();
    assert!(shown.contains("[group.600]\nmembers = [\"201\", \"101\", \"102\", \"103\"]"), "{shown}");
}

#[test]
fn a_group_is_reached_wherever_a_phone_is() {
    let effective = effective(
        "\"0\" = \"600\"\n[group.600]\nmembers = \"101\"\n[line.1]\nport = \"sim/9\"\nrings = \"600\"\n[emergency]\nnotify = \"600\"\nvia = \"lines\"\n",
    );
    assert_eq!(effective.dial.len(), 2);
}

#[test]
fn a_group_has_a_number_of_its_own() {
    assert_eq!(
        error("[group.101]\nmembers = \"102\"\n"),
        "8: [group.101]: 101 is a phone too. Give one of them another number."
    );
    assert_eq!(
        error("[group.sales]\nmembers = \"102\"\n"),
        "8: [group.sales]: a group's name is its number, as [group.600]: phones and `rings` reach it by that."
    );
}

#[test]
fn members_are_there_once_and_can_be_rung() {
    assert_eq!(
        error("[group.600]\nhunt = \"linear\"\n"),
        "8: [group.600] has no members. Write members = [\"101-104\"]."
    );
    assert_eq!(
        error("[group.600]\nmembers = [\"101-103\", \"102\"]\n"),
        "9: [group.600] members: 102 is there twice. Keep one."
    );
    assert_eq!(
        error("[group.600]\nmembers = \"107\"\n"),
        "9: [group.600] members: there is no phone 107. Did you mean 101?"
    );
    assert_eq!(
        error("[group.600]\nmembers = \"phones\"\n"),
        "9: [group.600] members: \"phones\" needs a number. Write a phone's number, \"server:number\" or \"lines:number\"."
    );
    assert_eq!(
        error("[group.600]\nmembers = [\"101\", \"601\"]\n[group.601]\nmembers = \"102\"\n"),
        "9: [group.600] members: 601 is a group. Write its members here, or send calls on to it: no_answer = \"601\"."
    );
}

#[test]
fn calls_do_not_overflow_in_a_circle() {
    assert_eq!(
        error(
            "[group.600]\nmembers = \"101\"\nno_answer = \"601\"\n[group.601]\nmembers = \"102\"\nbusy = \"600\"\n"
        ),
        "8: [group.600]: what it does not take comes back to it. Send it to somebody else in the end."
    );
    assert_eq!(
        error(
            "[group.600]\nmembers = \"101\"\nno_answer = \"601\"\n[group.601]\nmembers = \"102\"\nbusy = \"103\"\n"
        ),
        ""
    );
    assert_eq!(
        error("[group.600]\nmembers = \"101\"\nbusy = \"engaged\"\n"),
        "10: [group.600] busy: there is no server \"engaged\". Write [server.engaged]."
    );
}

#[test]
fn a_group_rings_alone_on_a_line() {
    assert_eq!(
        error(
            "\"0\" = \"lines\"\n[group.600]\nmembers = \"101\"\n[line.1]\nport = \"sim/9\"\nrings = [\"600\", \"103\"]\n"
        ),
        "13: [line.1] rings: group 600 rings in its own order and time. Let it ring alone, or write its members here."
    );
}
