//! Dial patterns, and digits read against them.

use std::sync::LazyLock;
use tipring_call::{Destination, DialRow, MAX_DIALLED, Plan, Setup};
use tipring_country::{Country, NumberPlan, Pattern};

static NUMBERS: LazyLock<NumberPlan> =
    LazyLock::new(|| Country::named("us").expect("the country is built in").numbers);

/// The first line is dialled, each further one is a pattern. What a pattern is written as, it is read as; a plan decides
/// every number, the same at each reading.
pub fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let dialled = lines.next().unwrap_or_default();
    let mut rows = Vec::new();
    for line in lines.take(32) {
        let Ok(pattern) = Pattern::parse(line) else { continue };
        assert_eq!(Pattern::parse(pattern.as_str()).as_ref(), Ok(&pattern), "{line:?} is read otherwise");
        if let Some(most) = pattern.max_digits() {
            assert!(pattern.min_digits() <= most, "{line:?}");
        }
        rows.push(DialRow { pattern, to: Destination::Phones });
    }
    let setup = Setup { dial: Some(rows), numbering: NUMBERS.clone(), ..Setup::default() };
    let plan = Plan::new(&setup);
    for offline in [false, true] {
        let explained = plan.explain(dialled, offline);
        assert!(explained.digits.len() <= dialled.len().min(MAX_DIALLED + 1), "{explained:?}");
        assert_eq!(explained.digits.len() + explained.unread, dialled.len());
        let _ = explained.to_string();
        assert_eq!(explained, plan.explain(dialled, offline));
        let _ = plan.read_whole(dialled, offline);
    }
}
