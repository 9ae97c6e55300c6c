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

/// A number that is another one, all but certainly, for configurations that are not the same: FNV-1a of all values and
/// passwords. It tells whether a file was edited, no more; whoever wants to keep it keeps it as the passwords are kept.
pub fn fingerprint(effective: &Effective) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let values = flat(effective);
    let values = values.iter().map(|(path, value)| (path.clone(), value.as_str()));
    let secrets = effective.secrets().map(|(path, secret)| (path, secret.reveal()));
    let mut sum = BASIS;
    for (path, value) in values.chain(secrets) {
        for byte in path.bytes().chain([0]).chain(value.bytes()).chain([0]) {
            sum = (sum ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }
    sum
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
