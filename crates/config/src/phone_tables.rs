//! The tables of `[phone.N]` of a text: what is written of each telephone, and edits of one that leave the others and the
//! comments as they are.
//!
//! # How
//! A value of a telephone in a range goes into a table of its own, which refines the range. Where that cannot say it (another
//! number, a value taken away that the range has) the range is taken apart around the telephone.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};

use crate::edit::EditError;
use crate::kind::Kind;
use crate::schema::Place;
use crate::source::raw;
use crate::values::{Number, NumberRange, PortRange};

/// Stands between the entries of a list.
const BETWEEN: &str = "; ";

/// The telephones of a text.
pub(crate) struct PhoneTables {
    document: DocumentMut,
    /// The names of the tables of more than one telephone.
    ranges: Vec<(String, NumberRange)>,
}

impl PhoneTables {
    /// Of a text that was accepted.
    pub fn read(text: &str) -> Result<Self, EditError> {
        let mut document: DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| EditError::Unreadable(error.message().to_owned()))?;
        let word = Place::Phone.word();
        let root = document.as_table_mut();
        if !root.contains_key(word) {
            let mut new = Table::new();
            new.set_implicit(true);
            root.insert(word, Item::Table(new));
        }
        let Some(phones) = root.get(word).and_then(Item::as_table) else {
            return Err(EditError::Unreadable("phone is no table. Write [phone.101] tables".to_owned()));
        };
        let named =
            phones.iter().filter_map(|(name, _)| Some((name.to_owned(), NumberRange::parse(name).ok()?)));
        let ranges = named.filter(|(_, range)| !range.is_single()).collect();
        Ok(Self { document, ranges })
    }

    /// The text as it is now.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    fn phones(&self) -> &Table {
        // It was there when the text was read, and nothing removes it.
        self.document.get(Place::Phone.word()).and_then(Item::as_table).unwrap_or(self.document.as_table())
    }

    fn phones_mut(&mut self) -> Option<&mut Table> {
        self.document.get_mut(Place::Phone.word())?.as_table_mut()
    }

    fn range_of(&self, number: &Number) -> Option<(String, u64)> {
        self.ranges.iter().find_map(|(name, range)| {
            range.numbers().position(|own| own == *number).map(|step| (name.clone(), step as u64))
        })
    }

    /// All numbers, in order.
    pub fn numbers(&self) -> Vec<Number> {
        let named = self.phones().iter().filter_map(|(name, _)| NumberRange::parse(name).ok());
        let mut numbers: Vec<Number> = named.flat_map(|range| range.numbers().collect::<Vec<_>>()).collect();
        numbers.sort();
        numbers.dedup();
        numbers
    }

    /// True if there is a telephone of that number.
    pub fn has(&self, number: &Number) -> bool {
        self.has_own(number) || self.range_of(number).is_some()
    }

    /// True if it has a table of its own.
    pub fn has_own(&self, number: &Number) -> bool {
        self.phones().contains_key(number.as_str())
    }

    fn table(&self, name: &str) -> Option<&dyn TableLike> {
        self.phones().get(name)?.as_table_like()
    }

    /// What is written of `key`, as text: in the telephone's own table, else in its range's.
    pub fn written(&self, number: &Number, key: &str) -> Option<String> {
        self.own(number, key).or_else(|| self.inherited(number, key))
    }

    fn own(&self, number: &Number, key: &str) -> Option<String> {
        self.table(number.as_str())?.get(key)?.as_value().map(shown)
    }

    fn inherited(&self, number: &Number, key: &str) -> Option<String> {
        let (range, step) = self.range_of(number)?;
        let text = self.table(&range)?.get(key)?.as_value().map(shown)?;
        if key == "port" { part(&text, step, 1).or(Some(text)) } else { Some(text) }
    }

    /// Writes a value of a telephone, which is made where there is none.
    pub fn set(&mut self, number: &Number, key: &str, value: Value) {
        let last = self.phones().iter().filter_map(|(_, item)| item.as_table()?.position()).max();
        let Some(phones) = self.phones_mut() else { return };
        if !phones.contains_key(number.as_str()) {
            let mut new = Table::new();
            new.set_position(last);
            phones.insert(number.as_str(), Item::Table(new));
        }
        let Some(table) = phones.get_mut(number.as_str()).and_then(Item::as_table_like_mut) else { return };
        let mut value = value;
        if let Some(Item::Value(old)) = table.get(key) {
            *value.decor_mut() = old.decor().clone();
        }
        match table.get_mut(key) {
            Some(place) => *place = Item::Value(value),
            None => {
                table.insert(key, Item::Value(value));
            }
        }
    }

    /// Takes a value away, so that the default holds.
    pub fn take(&mut self, number: &Number, key: &str) {
        if self.inherited(number, key).is_some() {
            self.detach(number);
        }
        let table = self.phones_mut().and_then(|phones| phones.get_mut(number.as_str()));
        if let Some(table) = table.and_then(Item::as_table_like_mut) {
            crate::edit::remove(table, key);
        }
    }

    /// Gives a telephone another number.
    pub fn rename(&mut self, number: &Number, to: &Number) {
        self.detach(number);
        let Some(phones) = self.phones_mut() else { return };
        if let Some(table) = phones.remove(number.as_str()) {
            phones.insert(to.as_str(), table);
        }
    }

    /// Gives a telephone of a range a table that does not need it: the range is taken apart around it.
    fn detach(&mut self, number: &Number) {
        let Some((name, step)) = self.range_of(number) else { return };
        let Some(whole) = self.phones().get(&name).and_then(Item::as_table).cloned() else { return };
        let Some(place) = self.ranges.iter().position(|(own, _)| *own == name) else { return };
        let (_, range) = self.ranges.remove(place);
        let Some(phones) = self.phones_mut() else { return };
        phones.remove(&name);
        let after = range.count - step - 1;
        let mut made = Vec::new();
        // Comments stay with the first part.
        let (mut left, mut right) = (whole.clone(), bare(&whole));
        if step > 0 {
            pair(&mut left, 0, step);
            made.push((span(&range, 0, step), left));
        } else if after > 0 {
            right = left;
        }
        let mut own = bare(&whole);
        pair(&mut own, step, 1);
        let refined = phones.get_mut(number.as_str()).and_then(Item::as_table_mut);
        match refined {
            Some(refined) => {
                for (key, item) in
                    own.iter().filter(|(key, _)| !refined.contains_key(key)).collect::<Vec<_>>()
                {
                    refined.insert(key, item.clone());
                }
            }
            None => {
                phones.insert(number.as_str(), Item::Table(own));
            }
        }
        if after > 0 {
            pair(&mut right, step + 1, after);
            made.push((span(&range, step + 1, after), right));
        }
        for (name, table) in &made {
            phones.insert(name, Item::Table(table.clone()));
        }
        let parts = made
            .into_iter()
            .filter_map(|(name, _)| NumberRange::parse(&name).ok().map(|range| (name, range)));
        self.ranges.extend(parts.filter(|(_, range)| !range.is_single()));
    }
}

/// The same values in the same place, without comments.
fn bare(table: &Table) -> Table {
    let mut bare = Table::new();
    bare.set_position(table.position());
    for (key, item) in table.iter() {
        if let Some(value) = item.as_value() {
            let mut value = value.clone();
            value.decor_mut().clear();
            bare.insert(key, Item::Value(value));
        }
    }
    bare
}

/// The name of `count` numbers of a range from `step` on.
fn span(range: &NumberRange, step: u64, count: u64) -> String {
    let first = range.first.after(step);
    if count == 1 { first.to_string() } else { format!("{first}-{}", range.first.after(step + count - 1)) }
}

/// Gives a table `count` of its ports, from `step` on.
fn pair(table: &mut Table, step: u64, count: u64) {
    let Some(Item::Value(port)) = table.get_mut("port") else { return };
    let Some(text) = port.as_str().and_then(|text| part(text, step, count)) else { return };
    let decor = port.decor().clone();
    *port = Value::from(text);
    *port.decor_mut() = decor;
}

/// `count` ports of `sim/1-36` from `step` on.
fn part(ports: &str, step: u64, count: u64) -> Option<String> {
    let ports = PortRange::parse(ports)?;
    let first = ports.nth(u16::try_from(step).ok()?);
    if count == 1 {
        return Some(first.to_string());
    }
    Some(format!("{first}-{}", ports.nth(u16::try_from(step + count - 1).ok()?).index))
}

/// A value as a cell of a table has it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.value().clone(),
        Value::Boolean(flag) => flag.value().to_string(),
        Value::Integer(number) => number.value().to_string(),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(BETWEEN),
        Value::Float(_) | Value::Datetime(_) | Value::InlineTable(_) => value.to_string().trim().to_owned(),
    }
}

/// What a cell says, as a value of that kind; what is wrong with it as the end of a sentence.
pub(crate) fn value(kind: Kind, cell: &str) -> Result<Value, String> {
    let truth = match cell.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    let value = match (kind, truth) {
        (Kind::Bool | Kind::BoolOr(_), Some(truth)) => Value::from(truth),
        (Kind::Count(..), _) => cell.parse::<i64>().map_or_else(|_| Value::from(cell), Value::from),
        _ if kind.is_list() && cell.contains(BETWEEN.trim()) => {
            let entries = cell.split(BETWEEN.trim()).map(str::trim).filter(|entry| !entry.is_empty());
            Value::Array(entries.collect::<Array>())
        }
        _ => Value::from(cell),
    };
    match (kind, kind.check(&raw(&value))) {
        (_, Ok(())) => Ok(value),
        (Kind::Bool, Err(_)) => Err("expected true or false".to_owned()),
        (_, Err(wrong)) => Err(wrong),
    }
}
