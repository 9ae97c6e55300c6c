//! A dial plan of another gateway as the rows of `[dial]` that are the same.

use core::fmt::Write as _;

use tipring_country::DialPlan;

/// The table `[dial]` in TOML by which `plan` goes to the destination `to`, with what is lost as comments before it.
pub fn imported(plan: &DialPlan, to: &str) -> String {
    let key = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let keys: Vec<String> = plan.rows.iter().map(|row| key(row.pattern.as_str())).collect();
    let width = keys.iter().map(String::len).max().unwrap_or_default();
    let mut text = String::new();
    for loss in &plan.lost {
        let _ = writeln!(text, "# Lost, character {}: {}.", loss.offset + 1, loss.what); // a String takes all
    }
    text.push_str("[dial]\n");
    for (row, name) in plan.rows.iter().zip(&keys) {
        let to = if row.to_line { "lines" } else { to };
        let _ = writeln!(text, "{name:width$} = {}", key(to));
    }
    text
}
