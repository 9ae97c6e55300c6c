//! Why something cannot be stored, in words that say what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why something cannot be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the file.
    #[error("{}: another gateway runs on this state directory. Stop it, or give this one its own: --dir DIR", .0.display())]
    Locked(PathBuf),
    /// No room.
    #[error("{}: the disk is full. Free space there; records are kept in memory meanwhile", .0.display())]
    Full(PathBuf),
    /// No permission, or a read-only file system.
    #[error("{}: cannot be written ({why}). Give this user write permission there, or another --dir", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: io::Error,
    },
    /// The file is not what it should be.
    #[error("{}: {why}. Move it away; a new one is begun at the next start", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Anything else that the system says.
    #[error("{}: {why}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: io::Error,
    },
}

impl StoreError {
    /// What the system's error at `path` means.
    pub(crate) fn io(path: &Path, why: io::Error) -> Self {
        let path = path.to_owned();
        match why.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(path),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, why }
            }
            _ => Self::Io { path, why },
        }
    }

    /// What the database's error means.
    pub(crate) fn database(path: &Path, why: impl Into<redb::Error>) -> Self {
        match why.into() {
            redb::Error::DatabaseAlreadyOpen => Self::Locked(path.to_owned()),
            // The file is not a database: the system has no complaint, its contents have.
            redb::Error::Io(why) if why.kind() == io::ErrorKind::InvalidData => {
                Self::Damaged { path: path.to_owned(), why: why.to_string() }
            }
            redb::Error::Io(why) => Self::io(path, why),
            other => Self::Damaged { path: path.to_owned(), why: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_tells_a_remedy() {
        let path = Path::new("/var/lib/tipring/calls.redb");
        let told = |kind: io::ErrorKind| StoreError::io(path, kind.into()).to_string();
        assert!(told(io::ErrorKind::StorageFull).contains("the disk is full. Free space"));
        assert!(told(io::ErrorKind::ReadOnlyFilesystem).contains("write permission"));
        let locked = StoreError::database(path, redb::DatabaseError::DatabaseAlreadyOpen).to_string();
        assert!(locked.contains("another gateway runs") && locked.contains("--dir"), "{locked}");
    }
}
