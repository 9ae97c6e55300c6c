//! What survives: call records, the event log, what subscribers have set and the revision of the configuration, each in a file of the state directory.
//!
//! [`Calls`] is a database whose every append is a transaction on the disk: a process that is killed loses no
//! record that was acknowledged. [`EventLog`] is plain text for people, bounded by rotation. [`Backup`] is what of all this goes
//! into one encrypted file; [`Restoring`] puts it back whole or not at all.
#![forbid(unsafe_code)]

mod backup;
mod calls;
mod error;
mod events;
mod features;
mod history;
mod restoring;
mod revisions;
mod row;

pub use backup::{Backup, BackupError, Header, LEAST_PASSWORD, MAX_BACKUP, MAX_NAME, Stored};
pub use calls::{CALLS_FILE, Calls, MAX_RECORDS};
pub use error::StoreError;
pub use events::{EVENTS_FILE, EventLog, MAX_LOG_BYTES};
pub use features::{FEATURES_FILE, FeatureBook, FeatureRow};
pub use history::{HISTORY_DIR, History, MAX_HISTORY, Past};
pub use restoring::{Placed, Restoring};
pub use revisions::{REVISION_FILE, Revisions};
pub use row::{CallRow, HearingRow};

#[cfg(test)]
mod testing {
    use std::path::{Path, PathBuf};

    /// A directory that goes with its owner.
    pub struct Dir(PathBuf);

    impl Dir {
        pub fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("tipring-store-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
