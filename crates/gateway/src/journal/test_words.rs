//! What the test of a line found, in words for people.

use serde::Serialize;
use tipring_port::{LEAST_RINGERS, LineTest, MOST_RESISTANCE, TestEnd, TestItem, Verdict};
use tipring_units::{Ohms, Volts};
use utoipa::ToSchema;

use super::words::Depth;

/// One line of the table.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema, Debug)]
pub struct TestRow {
    /// A word for programs.
    pub item: &'static str,
    /// `passed`, `failed` or `not measured`.
    pub verdict: &'static str,
    /// What is tested, and what was measured: "battery 48.0 V".
    pub found: String,
    /// What to do about it; empty where nothing is.
    pub remedy: &'static str,
}

/// The table of a test.
pub fn test_rows(test: &LineTest) -> Vec<TestRow> {
    TestItem::ALL
        .into_iter()
        .map(|item| {
            let verdict = test.verdict(item);
            let remedy = if verdict == Verdict::Failed { remedy(test, item) } else { "" };
            TestRow { item: item.word(), verdict: verdict.word(), found: found(test, item), remedy }
        })
        .collect()
}

/// The first thing that is wrong, and what to do.
pub(crate) fn first_failed(test: &LineTest) -> Option<TestRow> {
    test_rows(test).into_iter().find(|row| row.verdict == Verdict::Failed.word())
}

/// Why a line was not tested to the end, and what to do.
pub fn test_end_words(end: TestEnd, label: &str) -> String {
    match end {
        TestEnd::InUse => format!("{label} is in use; test it when it is idle"),
        TestEnd::OutOfService => {
            format!("{label} is out of service, its card does not answer, or its relay has the telephone")
        }
        TestEnd::GroundStart => {
            format!("{label} is a ground-start line, which is not tested: battery on it would be a call")
        }
        TestEnd::Outside => format!("{label} is an outside line; the line of a telephone is tested"),
        TestEnd::Lifted => format!("{label} was lifted, which ended the test; try again"),
        TestEnd::Called => format!("a call came for {label}, which ended the test; try again"),
        TestEnd::Interrupted => {
            format!("{label} went out of service or was started again during the test; try again")
        }
    }
}

/// The end of a sentence that says why a daily test was not made.
pub(crate) const fn end_reason(end: TestEnd) -> &'static str {
    match end {
        TestEnd::InUse => "the line was in use",
        TestEnd::OutOfService => "the line was out of service",
        TestEnd::GroundStart => "it is a ground-start line",
        TestEnd::Outside => "it is an outside line",
        TestEnd::Lifted => "the telephone was lifted each time",
        TestEnd::Called => "calls came each time",
        TestEnd::Interrupted => "the line did not answer",
    }
}

/// What a test found, for the log.
pub(super) fn tested_words(outcome: &Result<LineTest, TestEnd>, name: &str) -> Option<(Depth, String)> {
    let text = match outcome {
        Err(end) => format!("not tested: {}", test_end_words(*end, name)),
        Ok(test) => match (test.whole(), first_failed(test)) {
            (_, Some(row)) => format!("{name}: line test failed: {}. {}", row.found, row.remedy),
            (Verdict::NotMeasured, None) => format!("{name}: line test: the card measures nothing of it"),
            (Verdict::Passed | Verdict::Failed, None) => {
                let all: Vec<String> = test_rows(test).into_iter().map(|row| row.found).collect();
                format!("{name}: line test passed: {}", all.join(", "))
            }
        },
    };
    Some((Depth::Plain, text))
}

/// The alarm of a daily test.
pub(super) fn failed_words(test: &LineTest, name: &str) -> String {
    let found = first_failed(test).map_or_else(String::new, |row| row.found);
    format!("ALARM {name}: line test failed: {found}")
}

fn found(test: &LineTest, item: TestItem) -> String {
    let missing = |name: &str| format!("{name}: not measured");
    match item {
        TestItem::Battery => {
            test.battery.map_or_else(|| missing("battery"), |volts| format!("battery {}", rounded(volts)))
        }
        TestItem::Foreign => test.foreign.map_or_else(
            || missing("foreign voltage"),
            |foreign| {
                let name = if foreign.is_hazard() { "DANGEROUS voltage" } else { "foreign voltage" };
                format!("{name} {} DC, {} AC", rounded(foreign.direct), rounded(foreign.alternating))
            },
        ),
        TestItem::Leak => match test.resistance {
            Some(ohms) if test.closed != Some(true) => format!("between the wires {}", ohms_words(ohms)),
            Some(_) | None => missing("leak between the wires"),
        },
        TestItem::Receiver => match (test.closed, test.resistance) {
            (None, _) => missing("receiver"),
            (Some(false), _) => "receiver on the hook".to_owned(),
            (Some(true), None) => "a receiver is off the hook or the pair is shorted".to_owned(),
            (Some(true), Some(ohms)) => {
                format!("a receiver is off the hook or the pair is shorted: {}", ohms_words(ohms))
            }
        },
        TestItem::Ringers => match test.ringers {
            None => missing("ringers"),
            Some(ren) if ren.0 < LEAST_RINGERS.0 => format!("no telephone found: {ren}"),
            Some(ren) => format!("ringers {ren}"),
        },
    }
}

fn remedy(test: &LineTest, item: TestItem) -> &'static str {
    let is_hazard = test.foreign.is_some_and(|foreign| foreign.is_hazard());
    match item {
        TestItem::Battery => {
            "Take the pair off the port and test again: if it stays, it is the card or its power supply."
        }
        TestItem::Foreign if is_hazard => {
            "Do not touch the wires. Have the pair taken off the port, and looked at where it could touch the mains."
        }
        TestItem::Foreign => "The pair touches another one: take it off the port and have it looked at.",
        TestItem::Leak => {
            "Unplug the telephones and test again: if it stays, the cable or a socket is wet or damaged."
        }
        TestItem::Receiver => "Hang up. If it stays, unplug the telephones: what is left is the cable.",
        TestItem::Ringers if test.ringers.is_some_and(|ren| ren.0 < LEAST_RINGERS.0) => {
            "Plug the telephone in, look for a broken wire. What has no bell is told like this, too."
        }
        TestItem::Ringers => "Unplug some telephones: the card may not ring them all.",
    }
}

/// No minus before nothing.
fn rounded(volts: Volts) -> Volts {
    if volts.0.abs() < 0.05 { Volts(0.0) } else { volts }
}

fn ohms_words(ohms: Ohms) -> String {
    match ohms.0 {
        value if value >= MOST_RESISTANCE.0 * 0.5 => "more than 500 kohm".to_owned(),
        value if value >= 1000.0 => format!("{:.0} kohm", value / 1000.0),
        value => format!("{value:.0} ohm"),
    }
}

#[cfg(test)]
mod tests {
    use tipring_port::ForeignVoltage;
    use tipring_units::Ren;

    use super::*;

    fn good() -> LineTest {
        LineTest {
            battery: Some(Volts(47.96)),
            foreign: Some(ForeignVoltage { direct: Volts(-0.04), alternating: Volts(0.0) }),
            resistance: Some(Ohms(909_000.0)),
            closed: Some(false),
            ringers: Some(Ren(0.96)),
        }
    }

    #[test]
    fn a_good_line_needs_nothing() {
        let rows = test_rows(&good());
        assert!(rows.iter().all(|row| row.verdict == "passed" && row.remedy.is_empty()), "{rows:?}");
        let found: Vec<&str> = rows.iter().map(|row| row.found.as_str()).collect();
        assert_eq!(
            found,
            [
                "battery 48.0 V",
                "foreign voltage 0.0 V DC, 0.0 V AC",
                "between the wires more than 500 kohm",
                "receiver on the hook",
                "ringers 1.0 REN"
            ]
        );
        assert_eq!(first_failed(&good()), None);
    }

    #[test]
    fn each_fault_is_told_in_plain_words_with_what_to_do() {
        let off = LineTest { closed: Some(true), resistance: Some(Ohms(640.0)), ..LineTest::default() };
        let none = LineTest { ringers: Some(Ren(0.0)), ..good() };
        let mains = ForeignVoltage { direct: Volts(0.0), alternating: Volts(210.0) };
        let mains = LineTest { foreign: Some(mains), resistance: None, ringers: None, ..good() };
        let wet = LineTest { resistance: Some(Ohms(20_300.0)), ..good() };
        for (test, words, remedy) in [
            (off, "a receiver is off the hook or the pair is shorted: 640 ohm", "Hang up."),
            (none, "no telephone found: 0.0 REN", "Plug the telephone in"),
            (mains, "DANGEROUS voltage 0.0 V DC, 210.0 V AC", "Do not touch the wires."),
            (wet, "between the wires 20 kohm", "Unplug the telephones"),
        ] {
            let row = first_failed(&test).unwrap();
            assert_eq!(row.found, words);
            assert!(row.remedy.starts_with(remedy), "{row:?}");
        }
        let hidden = test_rows(&mains);
        assert_eq!((hidden[2].verdict, hidden[4].found.as_str()), ("not measured", "ringers: not measured"));
    }
}
