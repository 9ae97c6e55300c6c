//! The effective configuration as paths and values: `phone.101.port` is `"sim/1"`.

use std::collections::BTreeMap;

use toml::Value;

use crate::effective::Effective;
use crate::schema::{self, Apply, Key, Place};

/// Every value by its path, as TOML text. Empty lists are left out: they are what is not written.
pub(crate) fn flat(effective: &Effective) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    // Everything in it is text, flags, lists and maps with text keys, so there is nothing to refuse.
    if let Ok(value) = Value::try_from(effective) {
        walk(String::new(), &value, &mut all);
    }
    all
}

fn walk(path: String, value: &Value, all: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(path, value, all);
            }
        }
        Value::Array(list) => match list.as_slice() {
            [] => {}
            [one] => {
                all.insert(path, one.to_string());
            }
            _ => {
                let texts: Vec<String> = list.iter().map(Value::to_string).collect();
                all.insert(path, format!("[{}]", texts.join(", ")));
            }
        },
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            all.insert(path, value.to_string());
        }
    }
}

/// The key that the value at `path` is of.
pub(crate) fn key_of(path: &str) -> Option<&'static Key> {
    let Some((table, rest)) = path.split_once('.') else { return schema::key(Place::Top, path) };
    let place = Place::ALL.into_iter().find(|place| place.word() == table)?;
    if place.is_named() {
        let (_, key) = rest.split_once('.')?;
        // An account of a password file: `server.pbx.passwords.204`.
        schema::key(place, key.split_once('.').map_or(key, |(key, _)| key))
    } else {
        schema::key(place, rest)
    }
}

/// When a change of the value at `path` takes effect.
pub(crate) fn class_of(path: &str) -> Option<Apply> {
    key_of(path).map(|key| key.apply)
}
