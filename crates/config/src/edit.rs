//! Edits of the text: one value set or removed, comments kept, the whole checked.

use toml_edit::{DocumentMut, Item, Key, Table, TableLike, Value};

use crate::files::Files;
use crate::finding::{Level, Report};
use crate::schema::Place;

/// One change that somebody asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// The revision that the change was made against.
    pub base_revision: u64,
    /// What to change, as a TOML key: `phone.101.name`, `dial."9,xx."`, or a table, `phone.101`.
    pub path: String,
    /// The new value in TOML: `"Front desk"`, `["a", "b"]`; a table in braces. `None` removes.
    pub value: Option<String>,
}

/// An edited text that was accepted.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The new text.
    pub text: String,
    /// What the check found in it.
    pub report: Report,
}

/// Why an edit was refused. The text is as it was.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// Somebody else changed it meanwhile.
    #[error(
        "the change was made against revision {base}, revision {current} is in force. Look at it and change again."
    )]
    Stale {
        /// What it was made against.
        base: u64,
        /// What is in force.
        current: u64,
    },
    /// The text cannot be edited as it is.
    #[error("the file itself cannot be read: {0}")]
    Unreadable(String),
    /// The path is none.
    #[error("\"{path}\" is no place in the configuration. Write it as phone.101.name or dial.\"9,xx.\".")]
    Path {
        /// The path.
        path: String,
    },
    /// There is nothing to remove.
    #[error("{path} is not written in the file, so it cannot be removed.")]
    Absent {
        /// The path.
        path: String,
    },
    /// The value is not TOML.
    #[error("{value} is no value: text stands in quotes, lists in brackets.")]
    Value {
        /// The value.
        value: String,
    },
    /// The whole would not be right.
    #[error("{}", first(.0))]
    Refused(Box<Report>),
}

fn first(report: &Report) -> String {
    report.of(Level::Error).map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Applies `edit` to the `text` of revision `revision`, called `name`; `files` as for [`crate::check_with`].
///
/// # Errors
/// If the edit is stale, not understood, or gives a configuration that is not right.
pub fn edit(text: &str, name: &str, files: &Files, revision: u64, edit: &Edit) -> Result<Edited, EditError> {
    if edit.base_revision != revision {
        return Err(EditError::Stale { base: edit.base_revision, current: revision });
    }
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| EditError::Unreadable(error.message().to_owned()))?;
    let path = || EditError::Path { path: edit.path.clone() };
    let keys = Key::parse(&edit.path).map_err(|_| path())?;
    let names: Vec<&str> = keys.iter().map(Key::get).collect();
    let (last, parents) = names.split_last().ok_or_else(path)?;
    if !is_place(&names) {
        return Err(path());
    }
    match &edit.value {
        Some(value) => {
            let item = parse(value).ok_or_else(|| EditError::Value { value: value.clone() })?;
            let table = enter(document.as_table_mut(), parents, true).ok_or_else(path)?;
            set(table, last, item);
        }
        None => {
            let absent = || EditError::Absent { path: edit.path.clone() };
            let table = enter(document.as_table_mut(), parents, false).ok_or_else(absent)?;
            remove(table, last).ok_or_else(absent)?;
        }
    }
    let text = document.to_string();
    let report = crate::check_with(&text, name, files);
    if report.is_accepted() { Ok(Edited { text, report }) } else { Err(EditError::Refused(Box::new(report))) }
}

/// True if a value or a table can stand there.
fn is_place(names: &[&str]) -> bool {
    let place = |word: &str| Place::ALL.into_iter().find(|place| !word.is_empty() && place.word() == word);
    match names {
        [one] => place(one).is_none_or(|place| !place.is_named()),
        [table, _] => place(table).is_some(),
        [table, _, _] => place(table).is_some_and(Place::is_named),
        _ => false,
    }
}

/// A value; a table in braces becomes a table of its own.
fn parse(value: &str) -> Option<Item> {
    let value: Value = value.trim().parse().ok()?;
    Some(match value {
        Value::InlineTable(table) => Item::Table(table.into_table()),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_) => Item::Value(value),
    })
}

/// The table at `path`, made if `make`.
fn enter<'a>(root: &'a mut Table, path: &[&str], make: bool) -> Option<&'a mut dyn TableLike> {
    let mut table: &mut dyn TableLike = root;
    for (depth, name) in path.iter().enumerate() {
        if make && !table.contains_key(name) {
            let mut new = Table::new();
            // Only the last has a header of its own: [phone.204], not [phone] too.
            new.set_implicit(depth + 1 < path.len());
            table.insert(name, Item::Table(new));
        }
        table = table.get_mut(name)?.as_table_like_mut()?;
    }
    Some(table)
}

/// Sets `name`, with the blanks and comments that stood around its old value.
fn set(table: &mut dyn TableLike, name: &str, mut item: Item) {
    if let (Some(Item::Value(old)), Item::Value(new)) = (table.get(name), &mut item) {
        *new.decor_mut() = old.decor().clone();
    }
    match table.get_mut(name) {
        Some(place) => *place = item,
        None => {
            table.insert(name, item);
        }
    }
}

/// Removes `name`; a comment above it stays, above the key that follows.
pub(crate) fn remove(table: &mut dyn TableLike, name: &str) -> Option<()> {
    let above = {
        let (key, _) = table.get_key_value(name)?;
        key.leaf_decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or("").to_owned()
    };
    let next = table.iter().map(|(key, _)| key.to_owned()).skip_while(|key| key != name).nth(1);
    table.remove(name);
    if let Some(mut key) = next.filter(|_| above.contains('#')).and_then(|next| table.key_mut(&next)) {
        let own = key.leaf_decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or("").to_owned();
        key.leaf_decor_mut().set_prefix(format!("{above}{own}"));
    }
    Some(())
}
