//! Whole dial plans of other gateways.

use tipring_call::{Destination, DialRow, Plan, Setup};
use tipring_country::{DialPlan, MAX_PLAN, MAX_ROWS, Pattern, Syntax};

/// A plan on the first line, a number on the second. Whatever is read, its rows are written and read as the same, none of
/// them twice, and a mistake has its place in the text.
pub fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let (plan, dialled) = text.split_once('\n').unwrap_or((text, ""));
    for syntax in Syntax::ALL {
        let text = format!("{}: {plan}", syntax.word());
        let read = match DialPlan::parse(&text) {
            Ok(read) => read,
            Err(error) => {
                assert!(error.offset <= text.len(), "{text:?}: {error}");
                continue;
            }
        };
        assert!(text.len() <= MAX_PLAN && (1..=MAX_ROWS).contains(&read.rows.len()), "{text:?}");
        assert!(read.lost.iter().all(|loss| loss.offset <= text.len() && !loss.what.is_empty()), "{text:?}");
        let mut rows = Vec::new();
        for row in &read.rows {
            let written = row.pattern.as_str();
            assert_eq!(Pattern::parse(written).as_ref(), Ok(&row.pattern), "{text:?}: {written}");
            assert!(row.offset < text.len(), "{text:?}");
            rows.push(DialRow { pattern: row.pattern.clone(), to: Destination::Phones });
        }
        let plan = Plan::new(&Setup { dial: Some(rows), ..Setup::default() });
        let explained = plan.explain(dialled, false);
        assert_eq!(explained.digits.len() + explained.unread, dialled.len());
    }
}
