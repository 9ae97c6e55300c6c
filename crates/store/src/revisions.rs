//! The number of the configuration: each one that differs from the one before gets the next.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Placed, StoreError};

/// The file's name in the state directory.
pub const REVISION_FILE: &str = "revision.json";

/// The latest revision of one state directory.
#[derive(Debug)]
pub struct Revisions {
    path: PathBuf,
    latest: Option<Latest>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Latest {
    revision: u64,
    fingerprint: u64,
}

impl Revisions {
    /// What `dir` knows; nothing in a new one. A file that cannot be read as one begins anew at 1.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(REVISION_FILE);
        let latest = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).ok(),
            Err(why) if why.kind() == ErrorKind::NotFound => None,
            Err(why) => return Err(StoreError::io(&path, why)),
        };
        Ok(Self { path, latest })
    }

    /// The number of the latest configuration, 0 if there was none.
    pub fn latest(&self) -> u64 {
        self.latest.map_or(0, |latest| latest.revision)
    }

    /// What the file is to hold for the next number to be above `revision`, which a history that came from elsewhere has.
    ///
    /// # Errors
    /// Never in practice: numbers can be written.
    pub fn above(&self, revision: u64) -> Result<Placed, StoreError> {
        let latest = match self.latest {
            Some(latest) if latest.revision >= revision => latest,
            // Of no configuration: whatever is in force next gets a number of its own.
            Some(_) | None => Latest { revision, fingerprint: 0 },
        };
        let bytes = serde_json::to_vec(&latest).map_err(|why| StoreError::io(&self.path, why.into()))?;
        Ok(Placed { place: self.path.clone(), mode: 0o600, bytes: Some(bytes) })
    }

    /// Takes it from the disk again, where somebody else has put it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read_again(&mut self) -> Result<(), StoreError> {
        *self = Self::open(self.path.parent().unwrap_or(Path::new(".")))?;
        Ok(())
    }

    /// The number of the configuration with this fingerprint: the latest one's if it is that, else the next. The number
    /// holds also where it cannot be written; the error says why.
    pub fn take(&mut self, fingerprint: u64) -> (u64, Result<(), StoreError>) {
        if let Some(latest) = self.latest.filter(|latest| latest.fingerprint == fingerprint) {
            return (latest.revision, Ok(()));
        }
        let latest = Latest { revision: self.latest().saturating_add(1), fingerprint };
        self.latest = Some(latest);
        (latest.revision, self.write(latest).map_err(|why| StoreError::io(&self.path, why)))
    }

    /// Whole or not at all: a power failure leaves the old file or the new one.
    fn write(&self, latest: Latest) -> std::io::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut file =
            std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(&latest)?)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dir;

    #[test]
    fn each_configuration_that_differs_gets_the_next_number_also_after_a_restart() {
        let dir = Dir::new("revisions");
        let mut revisions = Revisions::open(dir.path()).unwrap();
        assert_eq!(revisions.latest(), 0);
        let mut take = |fingerprint| {
            let (revision, kept) = revisions.take(fingerprint);
            kept.unwrap();
            revision
        };
        assert_eq!([take(7), take(7), take(8), take(7)], [1, 1, 2, 3]);
        let mut revisions = Revisions::open(dir.path()).unwrap();
        assert_eq!(revisions.latest(), 3);
        assert_eq!(revisions.take(7).0, 3, "the same file at the next start is the same revision");
        assert_eq!(revisions.take(9).0, 4);
        for (other, next) in [(2, 4), (17, 18)] {
            let placed = revisions.above(other).unwrap();
            std::fs::write(&placed.place, placed.bytes.unwrap()).unwrap();
            revisions.read_again().unwrap();
            assert_eq!(revisions.take(9).0, next);
        }
    }

    #[test]
    fn a_damaged_file_begins_anew_and_one_that_cannot_be_written_is_told() {
        let dir = Dir::new("revisions-damaged");
        std::fs::write(dir.path().join(REVISION_FILE), "{").unwrap();
        assert_eq!(Revisions::open(dir.path()).unwrap().take(1).0, 1);
        let mut lost = Revisions::open(&dir.path().join("gone")).unwrap();
        let (revision, kept) = lost.take(1);
        assert_eq!(revision, 1);
        assert!(kept.unwrap_err().to_string().contains("revision.json"));
    }
}
