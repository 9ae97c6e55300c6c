//! A configuration file taken apart: tables with their names, values with their lines. Nothing above this
//! module knows the TOML library.

use core::ops::Range;

use tipring_country::DialPlan;
use toml_edit::{Document, Item, TableLike, Value};

use crate::finding::Findings;
use crate::kind::{Kind, Raw, pattern_error};
use crate::schema::{self, LATER_TABLES, Place};
use crate::words::{alternatives, nearest};

/// Bytes of a configuration file, at the most.
pub const MAX_FILE: usize = 4 * 1024 * 1024;
/// Characters of a value that a message repeats.
const SHOWN: usize = 60;

/// A file of a configuration: its own one, or a drop-in beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part<'a> {
    /// What it is called in findings.
    pub name: &'a str,
    /// What is in it.
    pub text: &'a str,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub raw: Raw,
    pub line: usize,
}

/// A table, or the keys above all tables.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub place: Place,
    /// `201-236`, `pbx`; empty where tables have no name.
    pub name: String,
    pub line: usize,
    pub entries: Vec<Entry>,
}

impl Section {
    /// `[phone.201-236]`.
    pub fn label(&self) -> String {
        label(self.place, &self.name)
    }

    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The text of `key` and its line.
    pub fn text(&self, key: &str) -> Option<(&str, usize)> {
        let entry = self.get(key)?;
        match &entry.raw {
            Raw::Text(text) => Some((text, entry.line)),
            Raw::Bool(_) | Raw::List(_) | Raw::Number(_) | Raw::Other => None,
        }
    }

    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)?.raw {
            Raw::Bool(flag) => Some(flag),
            Raw::Text(_) | Raw::List(_) | Raw::Number(_) | Raw::Other => None,
        }
    }

    pub fn count(&self, key: &str) -> Option<u8> {
        match self.get(key)?.raw {
            Raw::Number(number) => u8::try_from(number).ok(),
            Raw::Text(_) | Raw::Bool(_) | Raw::List(_) | Raw::Other => None,
        }
    }

    /// One text or a list of them, and the line.
    pub fn texts(&self, key: &str) -> Option<(Vec<&str>, usize)> {
        let entry = self.get(key)?;
        let texts = match &entry.raw {
            Raw::Text(text) => vec![text.as_str()],
            Raw::List(list) => list
                .iter()
                .filter_map(|raw| match raw {
                    Raw::Text(text) => Some(text.as_str()),
                    Raw::Bool(_) | Raw::List(_) | Raw::Number(_) | Raw::Other => None,
                })
                .collect(),
            Raw::Bool(_) | Raw::Number(_) | Raw::Other => Vec::new(),
        };
        Some((texts, entry.line))
    }
}

fn label(place: Place, name: &str) -> String {
    if name.is_empty() { format!("[{}]", place.word()) } else { format!("[{}.{name}]", place.word()) }
}

/// Takes `text` apart. What is not known or not of its kind is a finding and left out; a text that is no TOML has no
/// sections at all.
pub(crate) fn sections(text: &str, findings: &mut Findings<'_>) -> Option<Vec<Section>> {
    sections_after(0, text, findings)
}

/// The same of a text that stands behind others, which have `before` lines.
fn sections_after(before: usize, text: &str, findings: &mut Findings<'_>) -> Option<Vec<Section>> {
    if text.len() > MAX_FILE {
        findings.error(before + 1, format!("the file has {} bytes; {MAX_FILE} are the most.", text.len()));
        return None;
    }
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_at(text, span.start));
            findings.error(before + line, syntax(error.message()));
            return None;
        }
    };
    let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let mut reader = Reader { text, before, newlines, findings, sections: Vec::new() };
    reader.root(document.as_table());
    Some(reader.sections)
}

/// The sections of a file and of its drop-ins, as of one: a table may have keys in several, each key in one of them.
pub(crate) fn sections_of<'a>(parts: &[Part<'a>], findings: &mut Findings<'a>) -> Option<Vec<Section>> {
    let (mut all, mut before, mut whole) = (Vec::<Section>::new(), 0, true);
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            findings.drop_in(part.name, before);
        }
        let sections = sections_after(before, part.text, findings);
        before += part.text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let Some(sections) = sections else {
            whole = false;
            continue;
        };
        for section in sections {
            let known =
                all.iter_mut().find(|known| known.place == section.place && known.name == section.name);
            let Some(known) = known else {
                all.push(section);
                continue;
            };
            for entry in section.entries {
                match known.get(&entry.key) {
                    Some(other) => {
                        let (label, there) = (section_label(known), findings.at(other.line));
                        let message = format!("{label}{} is also in {there}. Keep one.", entry.key);
                        findings.error(entry.line, message);
                    }
                    None => known.entries.push(entry),
                }
            }
        }
    }
    whole.then_some(all)
}

fn section_label(section: &Section) -> String {
    if section.place == Place::Top { String::new() } else { format!("{} ", section.label()) }
}

/// The TOML library's message as a sentence with the usual remedy.
fn syntax(message: &str) -> String {
    let message = message.trim().replace('\n', "; ");
    format!("not readable as TOML: {message}. Text stands in quotes, tables in brackets, comments after #.")
}

/// The line of a byte, from 1.
fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

struct Reader<'t, 'f, 'n> {
    text: &'t str,
    /// Lines of the texts before it.
    before: usize,
    /// Where the lines end.
    newlines: Vec<usize>,
    findings: &'f mut Findings<'n>,
    sections: Vec<Section>,
}

impl Reader<'_, '_, '_> {
    fn line(&self, span: Option<Range<usize>>, above: usize) -> usize {
        span.map_or(above, |span| self.before + self.newlines.partition_point(|end| *end < span.start) + 1)
    }

    fn root(&mut self, root: &dyn TableLike) {
        let mut top =
            Section { place: Place::Top, name: String::new(), line: self.before + 1, entries: Vec::new() };
        let names: Vec<String> = root.iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let Some((key, item)) = root.get_key_value(&name) else { continue };
            let line = self.line(key.span().or_else(|| item.span()), self.before + 1);
            let place = Place::ALL.into_iter().find(|place| *place != Place::Top && place.word() == name);
            match (place, item.as_table_like()) {
                (Some(place), Some(table)) if place.is_named() => self.named(place, table, line),
                (Some(place), Some(table)) => {
                    let section = self.section(place, "", table, line);
                    self.sections.push(section);
                }
                (Some(place), None) if item.is_array_of_tables() => {
                    let example = if place.is_named() { format!("{name}.N") } else { name.clone() };
                    self.findings
                        .error(line, format!("[[{name}]] is a list. Write [{example}], in single brackets."));
                }
                (Some(place), None) => {
                    let example = if place.is_named() { format!("[{name}.N]") } else { format!("[{name}]") };
                    self.findings.error(
                        line,
                        format!("{name} is a table, not a value. Write {example} on a line of its own."),
                    );
                }
                (None, table) => {
                    if let Some((_, what)) = LATER_TABLES.iter().find(|(table, _)| *table == name) {
                        self.findings.not_yet(
                            line,
                            format!("[{name}]: {what}: not in this version yet. The table is not used."),
                        );
                    } else if table.is_some() || item.is_array_of_tables() {
                        self.unknown_table(&name, line);
                    } else if let Some(entry) = self.entry(Place::Top, "", &name, item, line) {
                        top.entries.push(entry);
                    }
                }
            }
        }
        self.sections.insert(0, top);
    }

    fn named(&mut self, place: Place, table: &dyn TableLike, above: usize) {
        let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let Some((key, item)) = table.get_key_value(&name) else { continue };
            let line = self.line(key.span().or_else(|| item.span()), above);
            match item.as_table_like() {
                Some(inner) => {
                    let section = self.section(place, &name, inner, line);
                    self.sections.push(section);
                }
                None if item.is_array_of_tables() => {
                    let word = place.word();
                    self.findings.error(
                        line,
                        format!("[[{word}.{name}]] is a list. Write [{word}.{name}], in single brackets."),
                    );
                }
                None => {
                    let (word, example) = match place {
                        Place::Server => ("name", "provider"),
                        Place::Route => ("name", "out"),
                        _ => ("number", "101"),
                    };
                    let table = place.word();
                    self.findings.error(
                        line,
                        format!("[{table}] has no {word}. Write [{table}.{example}] above {name}."),
                    );
                }
            }
        }
    }

    fn section(&mut self, place: Place, name: &str, table: &dyn TableLike, line: usize) -> Section {
        let mut section = Section { place, name: name.to_owned(), line, entries: Vec::new() };
        let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
        for key in keys {
            let Some((written, item)) = table.get_key_value(&key) else { continue };
            let line = self.line(written.span().or_else(|| item.span()), line);
            section.entries.extend(self.entry(place, name, &key, item, line));
        }
        section
    }

    /// The entry if it is known and right.
    fn entry(&mut self, place: Place, table: &str, name: &str, item: &Item, line: usize) -> Option<Entry> {
        let label = if place == Place::Top { String::new() } else { format!("{} ", label(place, table)) };
        let Some(key) = schema::key(place, name) else {
            let meant = self.unknown_key(place, &label, name, line)?;
            // What was meant is written, though not usable: nothing shall call it missing.
            return Some(Entry { key: meant.to_owned(), raw: Raw::Other, line });
        };
        let raw = item.as_value().map_or(Raw::Other, raw);
        let shown = self.shown(item);
        let quoted = if key.kind.is_of_any_name() { format!("\"{name}\"") } else { name.to_owned() };
        if let Some(error) = pattern_error(name).filter(|_| key.kind == Kind::Pattern) {
            let what = if DialPlan::syntax_of(name).is_some() { "no dial plan" } else { "no dial pattern" };
            self.findings.error(line, format!("{label}{quoted}: {what}: {error}."));
            return None;
        }
        if let Err(wrong) = key.kind.check(&raw) {
            let shown = if key.kind == Kind::Secret { "..." } else { &shown };
            let stop = if wrong.ends_with('?') { "" } else { "." };
            self.findings.error(line, format!("{label}{quoted} = {shown}: {wrong}{stop}"));
            // This one too.
            return Some(Entry { key: name.to_owned(), raw: Raw::Other, line });
        }
        if let Some(without) = key.later {
            self.findings.not_yet(line, format!("{label}{quoted} is not in this version yet: {without}."));
        }
        Some(Entry { key: name.to_owned(), raw, line })
    }

    fn shown(&self, item: &Item) -> String {
        let written = item.span().and_then(|span| self.text.get(span)).unwrap_or("...");
        let one_line: String = written.split_whitespace().collect::<Vec<_>>().join(" ");
        if one_line.chars().count() > SHOWN {
            format!("{}...", one_line.chars().take(SHOWN).collect::<String>())
        } else {
            one_line
        }
    }

    /// Tells that there is no such key; the key that was meant, if that can be guessed.
    fn unknown_key(&mut self, place: Place, label: &str, name: &str, line: usize) -> Option<&'static str> {
        let known: Vec<&'static str> =
            schema::keys().iter().filter(|key| key.place == place).map(|key| key.name).collect();
        let label = if label.is_empty() { "The file" } else { label.trim_end() };
        let meant = nearest(name, known.iter().copied());
        let remedy = match meant {
            Some(meant) => format!("Did you mean {meant}?"),
            None => match elsewhere(place, name) {
                Some(other) => format!("It belongs to {other}."),
                None => format!("It may have {}.", alternatives(&known)),
            },
        };
        self.findings.error(line, format!("{label} has no key {name}. {remedy}"));
        meant
    }

    fn unknown_table(&mut self, name: &str, line: usize) {
        let known: Vec<&str> =
            Place::ALL.iter().map(|place| place.word()).filter(|word| !word.is_empty()).collect();
        let remedy = match nearest(name, known.iter().copied()) {
            Some(meant) => format!("Did you mean [{meant}]?"),
            None => format!("Tables are {}.", alternatives(&known)),
        };
        self.findings.error(line, format!("There is no table [{name}]. {remedy}"));
    }
}

/// The table that a key of another place belongs to.
fn elsewhere(place: Place, name: &str) -> Option<String> {
    let key = schema::keys().iter().find(|key| key.name == name && key.place != place)?;
    Some(match key.place {
        Place::Top => "the top of the file, above all tables".to_owned(),
        Place::Server => "[server.NAME]".to_owned(),
        place if place.is_named() => format!("[{}.N]", place.word()),
        place => format!("[{}]", place.word()),
    })
}

/// A value as the kinds of keys see it.
pub(crate) fn raw(value: &Value) -> Raw {
    match value {
        Value::String(text) => Raw::Text(text.value().clone()),
        Value::Boolean(flag) => Raw::Bool(*flag.value()),
        Value::Array(list) => Raw::List(list.iter().map(raw).collect()),
        Value::Integer(number) => Raw::Number(*number.value()),
        Value::Float(_) | Value::Datetime(_) | Value::InlineTable(_) => Raw::Other,
    }
}
