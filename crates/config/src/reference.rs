//! The reference of keys, printed from the schema.

use core::fmt::Write;

use crate::schema::{Place, keys};

/// All keys as Markdown tables, one for each place.
pub fn reference() -> String {
    let mut text = String::new();
    for place in Place::ALL {
        let title = match place {
            Place::Top => "At the top".to_owned(),
            _ if place.is_named() => {
                format!("`[{}.{}]`", place.word(), if place == Place::Server { "NAME" } else { "N" })
            }
            _ => format!("`[{}]`", place.word()),
        };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "## {title}\n\n| key | value | default | applies | what it does |\n|---|---|---|---|---|\n"
        );
        for key in keys().iter().filter(|key| key.place == place) {
            let later =
                key.later.map_or(String::new(), |without| format!(" *Not in this version yet: {without}.*"));
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {}{later} |",
                key.name,
                key.kind.describe().replace('|', "\\|"),
                key.default,
                key.apply.word(),
                key.help
            );
        }
        text.push('\n');
    }
    text
}
