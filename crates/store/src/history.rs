//! The texts of the configurations that were in force, by their numbers.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::StoreError;

/// The directory's name in the state directory.
pub const HISTORY_DIR: &str = "history";
/// Configurations that are kept; beyond it the oldest go.
pub const MAX_HISTORY: usize = 100;

/// The history of one state directory.
#[derive(Debug)]
pub struct History {
    dir: PathBuf,
}

/// A configuration that was in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Past {
    /// Its number.
    pub revision: u64,
    /// Since when: microseconds since 1970.
    pub at: u64,
    /// Who applied it.
    pub by: String,
    /// What it changed, in a line.
    pub summary: String,
    /// Its text.
    #[serde(default)]
    pub text: String,
    /// The texts of its drop-ins, by their files' names; `None` where that was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_ins: Option<BTreeMap<String, String>>,
}

impl History {
    /// The history in `dir`; it is made with the first entry.
    pub fn open(dir: &Path) -> Self {
        Self { dir: dir.join(HISTORY_DIR) }
    }

    /// The state directory.
    pub fn state(&self) -> &Path {
        self.dir.parent().unwrap_or(Path::new("."))
    }

    /// Keeps a configuration; one of the same number takes the place of the one before.
    pub fn keep(&self, past: &Past) -> Result<(), StoreError> {
        self.write(past).map_err(|why| StoreError::io(&self.dir, why))?;
        let numbers = self.numbers()?;
        for old in numbers.iter().rev().skip(MAX_HISTORY) {
            // It is one too many, and no more than that.
            let _ = std::fs::remove_file(self.file(*old));
        }
        Ok(())
    }

    /// Those that are kept, the newest first, without their texts.
    pub fn list(&self) -> Result<Vec<Past>, StoreError> {
        let numbers = self.numbers()?;
        let read = numbers.iter().rev().filter_map(|number| self.get(*number).ok().flatten());
        Ok(read.map(|past| Past { text: String::new(), drop_ins: None, ..past }).collect())
    }

    /// One of them; `None` if it is not kept, or no longer.
    pub fn get(&self, revision: u64) -> Result<Option<Past>, StoreError> {
        let path = self.file(revision);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|why| StoreError::Damaged { path, why: why.to_string() }),
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
            Err(why) => Err(StoreError::io(&path, why)),
        }
    }

    fn file(&self, revision: u64) -> PathBuf {
        self.dir.join(format!("{revision}.json"))
    }

    /// In ascending order.
    fn numbers(&self) -> Result<Vec<u64>, StoreError> {
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(StoreError::io(&self.dir, why)),
        };
        let number =
            |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".json")?.parse().ok();
        let mut numbers: Vec<u64> = entries.filter_map(|entry| number(entry.ok()?)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Whole or not at all.
    fn write(&self, past: &Past) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.dir)?;
        let path = self.file(past.revision);
        let fresh = path.with_extension("new");
        let mut file =
            std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(past)?)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dir;

    fn past(revision: u64) -> Past {
        let text = format!("name = \"{revision}\"\n");
        Past {
            revision,
            at: revision,
            by: "ann".to_owned(),
            summary: "name".to_owned(),
            text,
            drop_ins: None,
        }
    }

    #[test]
    fn the_latest_are_kept_and_given_by_their_numbers() {
        let dir = Dir::new("history");
        let history = History::open(dir.path());
        assert_eq!((history.list().unwrap(), history.get(1).unwrap()), (Vec::new(), None));
        let last = MAX_HISTORY as u64 + 3;
        (1..=last).for_each(|revision| history.keep(&past(revision)).unwrap());
        let list = History::open(dir.path()).list().unwrap();
        assert_eq!((list.len(), list[0].revision, list[0].text.as_str()), (MAX_HISTORY, last, ""));
        assert_eq!(history.get(last).unwrap(), Some(past(last)));
        assert_eq!(history.get(3).unwrap(), None, "the oldest made room");
    }

    #[test]
    fn a_damaged_one_hides_no_other() {
        let dir = Dir::new("history-damaged");
        let history = History::open(dir.path());
        history.keep(&past(1)).unwrap();
        history.keep(&past(2)).unwrap();
        std::fs::write(dir.path().join(HISTORY_DIR).join("1.json"), "{").unwrap();
        assert_eq!(history.list().unwrap().len(), 1);
        assert!(history.get(1).unwrap_err().to_string().contains("1.json"));
    }
}
