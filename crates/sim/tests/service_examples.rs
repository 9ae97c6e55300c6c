//! The book's table of RFC 5359's service examples: each is there, and each that applies has a flow.

use std::path::Path;

/// Sections 2.1 to 2.18.
const EXAMPLES: [&str; 18] = [
    "Call Hold",
    "Consultation Hold",
    "Music on Hold",
    "Transfer - Unattended",
    "Transfer - Attended",
    "Transfer - Instant Messaging",
    "Call Forwarding Unconditional",
    "Call Forwarding - Busy",
    "Call Forwarding - No Answer",
    "3-Way Conference - Third Party Is Added",
    "3-Way Conference - Third Party Joins",
    "Find-Me",
    "Call Management (Incoming Call Screening)",
    "Call Management (Outgoing Call Screening)",
    "Call Park",
    "Call Pickup",
    "Automatic Redial",
    "Click to Dial",
];

#[test]
fn every_service_example_is_told_and_each_that_applies_has_a_flow() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("book/src/service-examples.md")).expect("the page is there");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| 2."))
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let told: Vec<(String, &str)> = rows.iter().map(|row| (row[0].to_owned(), row[1])).collect();
    let all: Vec<(String, &str)> =
        EXAMPLES.iter().enumerate().map(|(place, name)| (format!("2.{}", place + 1), *name)).collect();
    assert_eq!(told, all);
    for row in &rows {
        let [section, _, applies, what, flow] = row[..] else { panic!("not five cells: {row:?}") };
        assert!(what.len() > 5, "{section} says nothing");
        let name = flow.trim_matches('`');
        match applies {
            "no" => assert!(name.is_empty(), "{section} does not apply, and has a flow"),
            "yes" | "in part" => {
                assert!(root.join(format!("flows/{name}.flow")).is_file(), "{section}: no flow {name}");
                assert!(
                    root.join(format!("flows/{name}.ladder")).is_file(),
                    "{section}: no ladder of {name}"
                );
            }
            other => panic!("{section}: applies {other}?"),
        }
    }
}
