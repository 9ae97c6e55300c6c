//! The beginning of a backup, and what is inside it.

use tipring_store::{Backup, Header, MAX_BACKUP};

/// Whatever comes as a backup is read or refused; a header says how much follows, and no file of one leads out of its place.
pub fn run(data: &[u8]) {
    if let Ok((_, body)) = Header::read(data) {
        assert!(body.len() <= MAX_BACKUP && body.len() < data.len());
    }
    // Without its password nothing is opened; what would come out of it is read as well.
    if let Some(backup) = Backup::unpacked(data) {
        for file in &backup.files {
            assert!(
                file.mode <= 0o777
                    && !file.name.starts_with('/')
                    && !file.name.split('/').any(|part| part == "..")
            );
        }
    }
}
