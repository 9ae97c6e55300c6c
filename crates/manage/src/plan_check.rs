//! What `tipring check` says of a dial plan beyond its grammar, and the plan of a file without a gateway.

use tipring_call::{CodeFinding, Plan, Setup};
use tipring_config::{Effective, Finding, Level, Origin};
use tipring_gateway::{Site, Wiring};

/// What calls would need of a configuration that no gateway runs.
pub fn setup(effective: &Effective, utc_offset_minutes: i32) -> Setup {
    let sip = effective.listen;
    let wiring = Wiring { slots: Vec::new(), sip, lines_per_shard: 16, utc_offset_minutes, revision: 1 };
    Site::configured(effective, &wiring).calls
}

/// What the linter finds in the rows of `[dial]` and `[offline]`, each with the row's line of `file`.
pub fn findings(effective: &Effective, file: &str) -> Vec<Finding> {
    let found = Plan::new(&setup(effective, 0)).lint();
    let mut findings: Vec<Finding> = found
        .iter()
        .map(|finding| {
            let table = if finding.row.offline { "offline" } else { "dial" };
            let (file, line) = place(effective, &format!("{table}.{}", finding.row.pattern), file);
            Finding { level: Level::Note, file, line, message: finding.to_string() }
        })
        .collect();
    findings.extend(codes(effective, file));
    findings.sort_by_key(|finding| finding.line);
    findings
}

/// Where a key is written; at the beginning of `file` where that is not known.
fn place(effective: &Effective, path: &str, file: &str) -> (String, usize) {
    match effective.origins.get(path) {
        Some(Origin::File(file, line)) => (file.clone(), *line),
        Some(Origin::Country(_) | Origin::Default(_)) | None => (file.to_owned(), 1),
    }
}

/// What is wrong with the rows of `[codes]`.
fn codes(effective: &Effective, file: &str) -> Vec<Finding> {
    let found = tipring_gateway::code_findings(effective, &Plan::new(&setup(effective, 0)));
    let finding = |found: CodeFinding| {
        let (file, line) = place(effective, &format!("codes.{}", found.code), file);
        let level = if found.is_error { Level::Error } else { Level::Note };
        let message = format!("[codes] \"{}\" {}", found.code, found.message);
        Finding { level, file, line, message }
    };
    found.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let report = tipring_config::check(text, "t.toml");
        let effective = report.effective.clone().unwrap_or_else(|| panic!("{report}"));
        findings(&effective, "t.toml").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nothing_is_wrong_with_the_plans_of_the_examples() {
        for example in [
            include_str!("../../../examples/one-phone.toml"),
            include_str!("../../../examples/pbx.toml"),
            include_str!("../../../examples/tower.toml"),
            include_str!("../../../examples/office.toml"),
            include_str!("../../../examples/demo.toml"),
        ] {
            let text = example.replace("dahdi/", "sim/").replace("slic/", "sim/");
            assert_eq!(found(&text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_fault_has_the_line_of_its_row_also_within_a_whole_plan() {
        let base = "country = \"us\"\n[phone.101]\nport = \"sim/1\"\n[line.1]\nport = \"sim/2\"\n[dial]\n\"1xx\" = \"phones\"\n";
        assert_eq!(found(base), [""; 0]);
        let told = found(&format!(
            "{base}\"cisco: (911|9xx.)\" = \"lines\"\n[offline]\n\"1xx\" = \"101\"\n\"[0-9]xxx\" = \"101\"\n"
        ));
        let starts: Vec<&str> = told.iter().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(starts, ["t.toml:8", "t.toml:8", "t.toml:11"], "{told:#?}");
        assert!(
            told[0].starts_with("t.toml:8: [dial] \"911\": no number reaches it: 911 is an emergency number")
        );
        assert!(
            told[1].contains("write \"9,xx.\"") && told[2].contains("9110 cannot be dialled"),
            "{told:#?}"
        );
    }

    #[test]
    fn a_code_that_cannot_be_used_is_an_error_at_its_line() {
        let base = "country = \"us\"\n[phone.101]\nport = \"sim/1\"\n[codes]\n";
        assert_eq!(found(&format!("{base}\"*96\" = \"do-not-disturb\"\n\"*55\" = \"pass\"\n")), [""; 0]);
        let told = found(&format!("{base}\"*96\" = \"do-not-disturp\"\n\"91\" = \"redial\"\n"));
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(
            told[0].starts_with("t.toml:5: [codes] \"*96\" no code does \"do-not-disturp\"."),
            "{told:#?}"
        );
        assert!(
            told[1].starts_with("t.toml:6: [codes] \"91\" would be done before 911 is dialled"),
            "{told:#?}"
        );
    }
}
