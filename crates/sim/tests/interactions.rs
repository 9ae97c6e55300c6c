//! The book's matrix of features that meet: every pair is decided, and has a flow.

use std::collections::BTreeSet;
use std::path::Path;

const FEATURES: [&str; 9] = [
    "hold",
    "waiting",
    "conference",
    "transfer",
    "forwarding",
    "do not disturb",
    "group",
    "emergency",
    "fax",
];

#[test]
fn every_pair_of_features_is_decided_once_and_has_a_flow_of_its_own_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("book/src/interactions.md")).expect("the page is there");
    let mut decided = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [first, second, what, flow] = cells[..] else { panic!("not four cells: {row}") };
        for feature in [first, second] {
            assert!(FEATURES.contains(&feature), "no such feature: {feature}");
        }
        assert!(what.len() > 5, "nothing is decided: {row}");
        let name = flow.trim_matches('`');
        assert!(root.join(format!("flows/{name}.flow")).is_file(), "no flow {name}");
        assert!(root.join(format!("flows/{name}.ladder")).is_file(), "no ladder of {name}");
        assert!(first != second && decided.insert(BTreeSet::from([first, second])), "twice: {row}");
    }
    for (place, first) in FEATURES.iter().enumerate() {
        for second in &FEATURES[place + 1..] {
            assert!(
                decided.contains(&BTreeSet::from([*first, *second])),
                "{first} and {second} are not decided"
            );
        }
    }
}
