//! Many telephones at once: rows that make or edit one each, all in one edit of the text.

use core::fmt;
use std::collections::BTreeMap;

use crate::csv::{CsvError, csv_field, csv_rows};
use crate::finding::{Findings, Level, Report};
use crate::kind::Kind;
use crate::phone_tables::{PhoneTables, value};
use crate::schema::{Key, Place, key, keys};
use crate::source::{Part, Section, sections};
use crate::values::{MAX_NUMBER, MAX_RANGE, Number};
use crate::words::nearest;

/// The column that says which telephone a row is about.
pub const NUMBER_COLUMN: &str = "number";
/// Columns that a table of telephones always has.
const PLAIN: [&str; 6] = [NUMBER_COLUMN, "port", "name", "type", "may_call", "forward"];
/// Mistakes that are told, at the most.
const MAX_MISTAKES: usize = 100;

/// What is to become of one telephone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PhoneEdit {
    /// The line that asks for it, from 1; 0 where there is none.
    pub line: usize,
    /// The telephone's number; one that is not there is made.
    pub number: String,
    /// The number that it is to have from now on, where that is another one.
    pub becomes: Option<String>,
    /// Keys of `[phone.N]` with their values; an empty one takes the value away. The entries of a list stand between semicolons.
    pub values: Vec<(String, String)>,
}

/// Why a row cannot be carried out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowError {
    /// The line of the table, from 1; 0 where there is none.
    pub line: usize,
    /// The column, or key; empty if it is about the whole row.
    pub column: String,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column.as_str()) {
            (0, "") => f.write_str(&self.message),
            (0, column) => write!(f, "{column}: {}", self.message),
            (line, "") => write!(f, "line {line}: {}", self.message),
            (line, column) => write!(f, "line {line}, {column}: {}", self.message),
        }
    }
}

impl From<CsvError> for RowError {
    fn from(error: CsvError) -> Self {
        Self { line: error.line, column: String::new(), message: error.what }
    }
}

/// The edits that a table asks for: its first row names the columns, which are keys of `[phone.N]` and `number`.
///
/// # Errors
/// Each column that there is not, and each row without a number or with another's.
pub fn phone_edits(csv: &str) -> Result<Vec<PhoneEdit>, Vec<RowError>> {
    let rows = csv_rows(csv).map_err(|error| vec![error.into()])?;
    let wrong = |line, column: &str, message: String| RowError { line, column: column.to_owned(), message };
    let Some((head, rows)) = rows.split_first() else {
        let message = "the table is empty. Its first line names the columns: number,port,name".to_owned();
        return Err(vec![wrong(1, "", message)]);
    };
    let mut mistakes = Vec::new();
    let columns: Vec<String> = head.fields.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    for (place, column) in columns.iter().enumerate().filter(|(_, column)| *column != NUMBER_COLUMN) {
        if key(Place::Phone, column).is_none() {
            mistakes.push(wrong(head.line, column, unknown(column)));
        } else if columns.iter().take(place).any(|other| other == column) {
            mistakes.push(wrong(head.line, column, "the column is there twice. Keep one.".to_owned()));
        }
    }
    let Some(own) = columns.iter().position(|column| column == NUMBER_COLUMN) else {
        let message =
            "the first line names no column number. Write number,port,name above the rows.".to_owned();
        mistakes.push(wrong(head.line, NUMBER_COLUMN, message));
        return Err(mistakes);
    };
    if rows.len() as u64 > MAX_RANGE {
        mistakes.push(wrong(head.line, "", format!("{} rows; {MAX_RANGE} are the most.", rows.len())));
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut edits = Vec::new();
    for row in rows {
        let number = row.fields.get(own).map_or("", |number| number.trim());
        if let Some(beyond) =
            row.fields.get(columns.len()..).filter(|rest| rest.iter().any(|f| !f.is_empty()))
        {
            let message = format!(
                "{} fields, {} columns. A text with a comma in it stands in quotes.",
                columns.len() + beyond.len(),
                columns.len()
            );
            mistakes.push(wrong(row.line, "", message));
        }
        if let Some(earlier) = seen.insert(number, row.line) {
            let message = format!("{number} is in line {earlier} already. Keep one.");
            mistakes.push(wrong(row.line, NUMBER_COLUMN, message));
        }
        let cells = columns.iter().zip(&row.fields).filter(|(column, _)| *column != NUMBER_COLUMN);
        let values = cells.map(|(column, cell)| (column.clone(), cell.trim().to_owned())).collect();
        edits.push(PhoneEdit { line: row.line, number: number.to_owned(), becomes: None, values });
    }
    if mistakes.is_empty() { Ok(edits) } else { Err(bounded(mistakes)) }
}

/// [`put_phones_in`] of one file.
///
/// # Errors
/// Each value that is none, with its row and column.
pub fn put_phones(text: &str, edits: &[PhoneEdit]) -> Result<String, Vec<RowError>> {
    let texts = put_phones_in(&[Part { name: "", text }], edits)?;
    Ok(texts.into_iter().next().unwrap_or_default())
}

/// The texts of `parts`, which were accepted, with all of `edits` carried out, each in the file that has the telephone; new ones
/// come into the first. Comments stay; whether the whole is right is the check's, whose findings [`blamed`] leads back to the rows.
///
/// # Errors
/// Each value that is none, with its row and column.
pub fn put_phones_in(parts: &[Part<'_>], edits: &[PhoneEdit]) -> Result<Vec<String>, Vec<RowError>> {
    let mut all = Vec::new();
    for part in parts {
        let whole = |why: crate::edit::EditError| RowError {
            line: 0,
            column: String::new(),
            message: why.to_string(),
        };
        all.push(PhoneTables::read(part.text).map_err(|why| vec![whole(why)])?);
    }
    let mut mistakes = Vec::new();
    for edit in edits {
        let wrong =
            |column: &str, message: String| RowError { line: edit.line, column: column.to_owned(), message };
        let Some(number) = Number::parse(&edit.number) else {
            let message = format!("\"{}\" is no number: write 1 to {MAX_NUMBER} digits.", edit.number);
            mistakes.push(wrong(NUMBER_COLUMN, message));
            continue;
        };
        let owner = all.iter().position(|tables| tables.has_own(&number));
        let owner = owner.or_else(|| all.iter().position(|tables| tables.has(&number)));
        let Some(tables) = all.get_mut(owner.unwrap_or(0)) else { continue };
        for (name, cell) in &edit.values {
            let Some(key) = key(Place::Phone, name) else {
                mistakes.push(wrong(name, unknown(name)));
                continue;
            };
            if let Err(why) = put(tables, &number, key, cell) {
                mistakes.push(wrong(name, why));
            }
        }
        if owner.is_none() && tables.written(&number, "port").is_none() {
            let message = format!("{number} is a new telephone and has no port. Write one: sim/1");
            mistakes.push(wrong("port", message));
        }
        let Some(becomes) = edit.becomes.as_ref().filter(|becomes| **becomes != edit.number) else {
            continue;
        };
        let is_taken = |to: &Number| all.iter().any(|tables| tables.has(to));
        match Number::parse(becomes) {
            None => {
                let message = format!("\"{becomes}\" is no number: write 1 to {MAX_NUMBER} digits.");
                mistakes.push(wrong(NUMBER_COLUMN, message));
            }
            Some(to) if is_taken(&to) => {
                let message = format!("{to} is another telephone. Choose a free number.");
                mistakes.push(wrong(NUMBER_COLUMN, message));
            }
            Some(to) => {
                if let Some(tables) = all.get_mut(owner.unwrap_or(0)) {
                    tables.rename(&number, &to);
                }
            }
        }
    }
    if mistakes.is_empty() { Ok(all.iter().map(PhoneTables::text).collect()) } else { Err(bounded(mistakes)) }
}

/// What is written already is left as it is.
fn put(tables: &mut PhoneTables, number: &Number, key: &Key, cell: &str) -> Result<(), String> {
    let written = tables.written(number, key.name);
    if cell.is_empty() {
        if written.is_some() {
            tables.take(number, key.name);
        }
        return Ok(());
    }
    let shown = if matches!(key.kind, Kind::Secret) { "it" } else { cell };
    let value = value(key.kind, cell).map_err(|wrong| {
        let stop = if wrong.ends_with('?') { "" } else { "." };
        format!("{shown}: {wrong}{stop}")
    })?;
    if written.as_deref() != Some(cell) {
        tables.set(number, key.name, value);
    }
    Ok(())
}

/// What the check of the edited `parts` found wrong, led back to the rows where they are to blame.
pub fn blamed(parts: &[Part<'_>], edits: &[PhoneEdit], report: &Report) -> Vec<RowError> {
    let read = |part: &Part<'_>| sections(part.text, &mut Findings::new("")).unwrap_or_default();
    let files: Vec<(&str, Vec<Section>)> = parts.iter().map(|part| (part.name, read(part))).collect();
    let errors = report.of(Level::Error).map(|finding| {
        let own = files.iter().filter(|(name, _)| *name == finding.file).flat_map(|(_, sections)| sections);
        let mut phones = own.filter(|section| section.place == Place::Phone);
        let place = phones.find_map(|section| {
            let entry = section.entries.iter().find(|entry| entry.line == finding.line);
            let column = entry.map(|entry| entry.key.as_str());
            Some((section, column.or((section.line == finding.line).then_some(""))?))
        });
        let edit = place.and_then(|(section, column)| {
            let is_its = |edit: &&PhoneEdit| edit.becomes.as_ref().unwrap_or(&edit.number) == &section.name;
            Some((edits.iter().find(is_its)?, column))
        });
        match edit {
            Some((edit, column)) => {
                RowError { line: edit.line, column: column.to_owned(), message: finding.message.clone() }
            }
            None => RowError { line: 0, column: String::new(), message: finding.to_string() },
        }
    });
    bounded(errors.collect())
}

/// The telephones of accepted `parts` as a table that [`phone_edits`] reads: what is written of each, without passwords.
pub fn phones_csv(parts: &[Part<'_>]) -> String {
    let all: Vec<PhoneTables> = parts.iter().filter_map(|part| PhoneTables::read(part.text).ok()).collect();
    let mut numbers: Vec<Number> = all.iter().flat_map(PhoneTables::numbers).collect();
    numbers.sort();
    numbers.dedup();
    let written = |number: &Number, key: &str| {
        let own =
            all.iter().find(|tables| tables.has_own(number)).and_then(|tables| tables.written(number, key));
        own.or_else(|| all.iter().find_map(|tables| tables.written(number, key)))
    };
    let is_used = |key: &&Key| {
        key.place == Place::Phone
            && !matches!(key.kind, Kind::Secret)
            && (PLAIN.contains(&key.name) || numbers.iter().any(|number| written(number, key.name).is_some()))
    };
    let columns: Vec<&str> = keys().iter().filter(is_used).map(|key| key.name).collect();
    let mut out = String::new();
    let mut line = |fields: Vec<String>| {
        out.push_str(&fields.iter().map(|field| csv_field(field)).collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    };
    let head = [NUMBER_COLUMN].iter().chain(&columns);
    line(head.map(|column| (*column).to_owned()).collect());
    for number in &numbers {
        let values = columns.iter().map(|column| written(number, column).unwrap_or_default());
        line(core::iter::once(number.to_string()).chain(values).collect());
    }
    out
}

fn unknown(column: &str) -> String {
    if ["user", "password"].contains(&column) {
        return "accounts of telephones stand in the file that `passwords` of a server names.".to_owned();
    }
    let known = keys().iter().filter(|key| key.place == Place::Phone).map(|key| key.name);
    match nearest(column, known) {
        Some(meant) => format!("[phone.N] has no key {column}. Did you mean {meant}?"),
        None => {
            format!("[phone.N] has no key {column}. The book's list of keys has all; leave the column out.")
        }
    }
}

fn bounded(mut mistakes: Vec<RowError>) -> Vec<RowError> {
    mistakes.sort_by_key(|mistake| mistake.line);
    let more = mistakes.len().saturating_sub(MAX_MISTAKES);
    mistakes.truncate(MAX_MISTAKES);
    if more > 0 {
        mistakes.push(RowError { line: 0, column: String::new(), message: format!("and {more} more.") });
    }
    mistakes
}
