//! What differs between two effective configurations, and when each change takes effect.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use crate::effective::Effective;
use crate::flat::{class_of, flat};
use crate::schema::Apply;
use crate::values::Secret;

/// What is shown for a password.
const HIDDEN: &str = "(secret)";

/// One value that differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Its path: `phone.101.name`.
    pub path: String,
    /// When it takes effect.
    pub apply: Apply,
    /// What it was; `None`: it is new.
    pub old: Option<String>,
    /// What it is; `None`: it is gone.
    pub new: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(f, "{}: {} -> {} ({})", self.path, shown(&self.old), shown(&self.new), self.apply.word())
    }
}

/// All values that differ, by path.
pub fn diff(old: &Effective, new: &Effective) -> Vec<Change> {
    let (before, after) = (flat(old), flat(new));
    let mut changes = Vec::new();
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for path in paths {
        let (was, is) = (before.get(path), after.get(path));
        if was != is {
            changes.push(change(path, was.cloned(), is.cloned()));
        }
    }
    // Passwords look alike in the flat form: they are compared by themselves.
    let secrets = |effective: &Effective| -> BTreeMap<String, Secret> {
        effective.secrets().map(|(path, secret)| (path, secret.clone())).collect()
    };
    let (was, is) = (secrets(old), secrets(new));
    let paths: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    for path in paths {
        let told = changes.iter().any(|change: &Change| change.path == *path);
        if was.get(path) != is.get(path) && !told {
            let hidden = |secrets: &BTreeMap<String, Secret>| secrets.get(path).map(|_| HIDDEN.to_owned());
            changes.push(change(path, hidden(&was), hidden(&is)));
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn change(path: &str, old: Option<String>, new: Option<String>) -> Change {
    // Every path has a class (a test walks them); without one the strongest is the safe one.
    Change { path: path.to_owned(), apply: class_of(path).unwrap_or(Apply::NextStart), old, new }
}
