//! Tests that passed by doing nothing, for what they need is not on this machine: they print `skipped: WHY`, which the
//! test runner hides. Its report has it.

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

/// Prints how many tests of each report were skipped, and why. Fails where a report cannot be read, so that nothing is
/// green for lack of it.
pub fn run(reports: &[String]) -> ExitCode {
    let mut all = BTreeMap::new();
    for report in reports {
        match fs::read_to_string(report) {
            Ok(text) if tests(&text) > 0 => merge(&mut all, &text),
            Ok(_) => return complain(report, "no test is in it"),
            Err(why) => return complain(report, &why.to_string()),
        }
    }
    if reports.is_empty() {
        return complain("skipped", "name the reports");
    }
    println!("{}", told(&all));
    ExitCode::SUCCESS
}

fn complain(report: &str, why: &str) -> ExitCode {
    eprintln!("skipped: {report}: {why}");
    ExitCode::FAILURE
}

/// The tests of a JUnit report.
fn tests(report: &str) -> usize {
    report.matches("<testcase ").count()
}

/// Adds the tests of `report` that were skipped to those of each reason.
fn merge(all: &mut BTreeMap<String, Vec<String>>, report: &str) {
    for case in report.split("<testcase ").skip(1) {
        let case = case.split("</testcase>").next().unwrap_or(case);
        let name = case.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("?");
        let why = case.lines().find_map(|line| {
            let (before, why) = line.split_once("skipped: ")?;
            // The line stands alone, or begins the output.
            (before.is_empty() || before.ends_with('>')).then(|| why.split('<').next().unwrap_or(why).trim())
        });
        if let Some(why) = why {
            all.entry(why.to_owned()).or_default().push(name.to_owned());
        }
    }
}

/// For the person who reads.
fn told(all: &BTreeMap<String, Vec<String>>) -> String {
    if all.is_empty() {
        return "no test was skipped".to_owned();
    }
    let mut lines = Vec::new();
    for (why, names) in all {
        lines.push(format!("{} tests were SKIPPED: {why}", names.len()));
        lines.extend(names.iter().map(|name| format!("  {name}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the runner writes it.
    const REPORT: &str = r#"<testsuites name="run" tests="3">
    <testsuite name="tipring-codec::g711_vectors" tests="3">
        <testcase name="every_word" classname="tipring-codec::g711_vectors" time="0.005">
            <system-out>
running 1 test
skipped: no vectors
test every_word ... ok
</system-out>
            <system-err></system-err>
        </testcase>
        <testcase name="near" classname="tipring-codec::g711_vectors" time="0.005">
            <system-out>skipped: no vectors</system-out>
        </testcase>
        <testcase name="calls" classname="tipring::peers" time="0.005">
            <system-err>skipped: sipp is not installed
</system-err>
        </testcase>
        <testcase name="done" classname="tipring-codec::g711_vectors" time="0.005">
            <system-out>nothing was skipped: all went well</system-out>
        </testcase>
        <testcase name="silent" classname="tipring-codec::g711_vectors" time="0.005"/>
    </testsuite>
</testsuites>"#;

    #[test]
    fn tests_that_were_skipped_are_told_with_the_reason() {
        let mut all = BTreeMap::new();
        merge(&mut all, REPORT);
        assert_eq!(
            told(&all),
            "2 tests were SKIPPED: no vectors\n  every_word\n  near\n1 tests were SKIPPED: sipp is not installed\n  calls"
        );
        assert_eq!((tests(REPORT), tests("")), (5, 0));
    }

    #[test]
    fn a_report_without_tests_or_that_is_not_there_is_no_success() {
        assert_eq!(told(&BTreeMap::new()), "no test was skipped");
        for reports in [vec!["no/such/report.xml".to_owned()], Vec::new()] {
            assert_eq!(format!("{:?}", run(&reports)), format!("{:?}", ExitCode::FAILURE));
        }
    }
}
