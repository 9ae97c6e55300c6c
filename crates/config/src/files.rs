//! The files that a configuration names. Reading them is the caller's; what is in them is checked here.

use std::collections::BTreeMap;

use crate::finding::Findings;
use crate::values::{Number, Secret};
use crate::words::nearest;

/// Bytes of such a file, at the most.
pub const MAX_SECRET_FILE: usize = 1024 * 1024;

/// A file that the configuration names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FileWanted {
    /// Its path as written, beside the configuration.
    pub path: String,
    /// The line that names it.
    pub line: usize,
}

/// What the caller found at a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileFound {
    /// Its text and its permission bits (0o600).
    Text {
        /// The text.
        text: String,
        /// The permission bits.
        mode: u32,
    },
    /// It could not be read, for this reason.
    Unreadable(String),
}

/// What the caller found, by path as written. A path that is not in it has not been looked at yet.
pub type Files = BTreeMap<String, FileFound>;

/// The text of `path` if it was found and is private.
pub(crate) fn private<'a>(
    files: &'a Files,
    path: &str,
    line: usize,
    findings: &mut Findings<'_>,
) -> Option<&'a str> {
    match files.get(path)? {
        FileFound::Unreadable(why) => {
            findings.error(line, format!("{path} cannot be read: {why}."));
            None
        }
        FileFound::Text { mode, .. } if mode & 0o077 != 0 => {
            let mode = mode & 0o777;
            findings.error(
                line,
                format!("{path} can be read by others (mode {mode:04o}). Run: chmod 600 {path}"),
            );
            None
        }
        FileFound::Text { text, .. } if text.len() > MAX_SECRET_FILE => {
            findings.error(line, format!("{path} has {} bytes; {MAX_SECRET_FILE} are the most.", text.len()));
            None
        }
        FileFound::Text { text, .. } => Some(text),
    }
}

/// The password that is all of a file.
pub(crate) fn password(text: &str, path: &str, line: usize, findings: &mut Findings<'_>) -> Option<Secret> {
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.contains('\n') {
        findings.error(line, format!("{path} must hold the password alone, on one line."));
        return None;
    }
    Some(Secret::new(password))
}

/// A row of a password file.
pub(crate) struct Row {
    pub line: usize,
    pub user: Option<String>,
    pub password: Secret,
}

/// The rows of a password file: `number,password` or `number,user,password`. A field may stand in double
/// quotes; a first row that starts with `number` is a heading; lines that start with `#` are comments.
pub(crate) fn rows(text: &str, path: &str, findings: &mut Findings<'_>) -> BTreeMap<Number, Row> {
    let mut rows: BTreeMap<Number, Row> = BTreeMap::new();
    for (place, written) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = place + 1;
        let trimmed = written.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') || (place == 0 && trimmed.starts_with("number")) {
            continue;
        }
        let (number, user, password) = match fields(trimmed).as_deref() {
            Some([number, password]) => (number.clone(), None, password.clone()),
            Some([number, user, password]) => (number.clone(), Some(user.clone()), password.clone()),
            Some(_) | None => {
                findings.error_in(path, line, "expected number,password or number,user,password.");
                continue;
            }
        };
        let Some(number) = Number::parse(&number) else {
            findings.error_in(path, line, "the first field is no number.");
            continue;
        };
        if password.is_empty() {
            findings.error_in(path, line, format!("the password of {number} is empty."));
            continue;
        }
        if let Some(earlier) = rows.get(&number) {
            findings.error_in(path, line, format!("{number} is already in line {}. Keep one.", earlier.line));
            continue;
        }
        rows.insert(number, Row { line, user, password: Secret::new(password) });
    }
    rows
}

/// The fields of a line; `None` if a quote is not closed.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let field;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut from = quoted;
            loop {
                let (part, after) = from.split_once('"')?;
                text.push_str(part);
                match after.strip_prefix('"') {
                    Some(more) => {
                        text.push('"');
                        from = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
            field = text;
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (text, after) = rest.split_at(end);
            field = text.trim().to_owned();
            rest = after;
        }
        fields.push(field);
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return rest.is_empty().then_some(fields),
        }
    }
}

/// `Did you mean 204?` for a number that a file has and the configuration has not.
pub(crate) fn meant<'a>(number: &Number, known: impl Iterator<Item = &'a Number>) -> String {
    nearest(number.as_str(), known.map(Number::as_str))
        .map_or(String::new(), |near| format!(" Did you mean {near}?"))
}
