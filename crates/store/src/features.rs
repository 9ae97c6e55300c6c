//! What subscribers have set by star code, as it is kept: one file, written whole or not at all.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::StoreError;

/// The file's name in the state directory.
pub const FEATURES_FILE: &str = "features.json";

/// What is set on one telephone. A word that is not there was not set.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FeatureRow {
    /// Where calls go, by the word for the case; empty: nowhere else.
    pub forward: BTreeMap<String, String>,
    /// What is on or off, by its word.
    pub flags: BTreeMap<String, bool>,
    /// Speed dials by key.
    pub speed: BTreeMap<u8, String>,
}

/// The features of all telephones, by number.
#[derive(Debug)]
pub struct FeatureBook {
    path: PathBuf,
    rows: BTreeMap<String, FeatureRow>,
    /// It is not on the disk as it is here.
    unwritten: bool,
}

impl FeatureBook {
    /// What `dir` has. A file that cannot be read as one is set aside under another name, and the book begins empty.
    ///
    /// # Errors
    /// The file cannot be read, or not set aside.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(FEATURES_FILE);
        let rows = match std::fs::read(&path) {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(rows) => rows,
                Err(_) => {
                    let aside = path.with_extension("unreadable");
                    std::fs::rename(&path, &aside).map_err(|why| StoreError::io(&path, why))?;
                    BTreeMap::new()
                }
            },
            Err(why) if why.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(why) => return Err(StoreError::io(&path, why)),
        };
        Ok(Self { path, rows, unwritten: false })
    }

    /// All rows, by the telephone's number.
    pub fn rows(&self) -> &BTreeMap<String, FeatureRow> {
        &self.rows
    }

    /// Keeps what is set on a telephone. When this returns `Ok` it is on the disk; else it is tried again by
    /// [`FeatureBook::flush`].
    ///
    /// # Errors
    /// The disk refused it.
    pub fn keep(&mut self, number: &str, row: FeatureRow) -> Result<(), StoreError> {
        self.rows.insert(number.to_owned(), row);
        self.unwritten = true;
        self.flush()
    }

    /// Takes all rows from the disk again, where somebody else has put them.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read_again(&mut self) -> Result<(), StoreError> {
        let dir = self.path.parent().unwrap_or(Path::new("."));
        *self = Self::open(dir)?;
        Ok(())
    }

    /// Writes what is not on the disk yet.
    ///
    /// # Errors
    /// The disk refused it.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        if !self.unwritten {
            return Ok(());
        }
        self.write().map_err(|why| StoreError::io(&self.path, why))?;
        self.unwritten = false;
        Ok(())
    }

    fn write(&self) -> std::io::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut file =
            std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec_pretty(&self.rows)?)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dir;

    fn row(to: &str) -> FeatureRow {
        FeatureRow { forward: [("always".to_owned(), to.to_owned())].into(), ..FeatureRow::default() }
    }

    #[test]
    fn what_was_set_is_there_after_a_restart() {
        let dir = Dir::new("features");
        let mut book = FeatureBook::open(dir.path()).unwrap();
        book.keep("101", row("5550123")).unwrap();
        book.keep("102", row("")).unwrap();
        book.keep("101", row("5550124")).unwrap();
        let again = FeatureBook::open(dir.path()).unwrap();
        assert_eq!(again.rows(), book.rows());
        assert_eq!(again.rows()["101"], row("5550124"));
    }

    #[test]
    fn a_file_that_is_no_book_is_set_aside_and_not_lost() {
        let dir = Dir::new("features-broken");
        std::fs::write(dir.path().join(FEATURES_FILE), "{\"101\": ").unwrap();
        assert!(FeatureBook::open(dir.path()).unwrap().rows().is_empty());
        let aside = std::fs::read_to_string(dir.path().join("features.unreadable")).unwrap();
        assert_eq!(aside, "{\"101\": ");
    }

    #[test]
    fn what_the_disk_refused_is_written_when_it_has_room() {
        let dir = Dir::new("features-full");
        let mut book = FeatureBook::open(dir.path()).unwrap();
        // A directory in the place of the new file cannot be written.
        let obstacle = dir.path().join("features.new");
        std::fs::create_dir(&obstacle).unwrap();
        assert!(book.keep("101", row("1")).is_err());
        assert!(book.flush().is_err());
        std::fs::remove_dir(&obstacle).unwrap();
        book.flush().unwrap();
        assert_eq!(FeatureBook::open(dir.path()).unwrap().rows()["101"], row("1"));
    }
}
