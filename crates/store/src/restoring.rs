//! Several files that change together, or not at all: also when the process is killed or the power fails in between.
//!
//! # How
//! What they are to be is written into a directory of its own, on the disk, and that gets its final name in one step: from then
//! on the change holds. Each file is then put in its place by a rename, as often as it takes; who finds such a directory at the
//! start finishes what was begun ([`Restoring::finish`]), and throws away what never got its final name.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::StoreError;

/// The directory's name in the state directory, once the change holds.
const HELD: &str = "restore";
/// Before that.
const FRESH: &str = "restore.new";
/// Where it goes, in the directory.
const LIST: &str = "list.json";

/// A file that is to be, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    /// Its place, as a whole path.
    pub place: PathBuf,
    /// Its permission bits.
    pub mode: u32,
    /// What is to be in it; `None`: it is to be gone.
    pub bytes: Option<Vec<u8>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    place: PathBuf,
    mode: u32,
    /// The file's name in the directory; none for a file that goes.
    kept: Option<String>,
}

/// Files that are to change together.
#[derive(Debug)]
pub struct Restoring {
    dir: PathBuf,
}

impl Restoring {
    /// Writes down what is to be, in `dir`. Nothing has changed yet.
    pub fn prepare(dir: &Path, files: &[Placed]) -> Result<Self, StoreError> {
        let own = Self { dir: dir.to_owned() };
        let fresh = dir.join(FRESH);
        own.write(&fresh, files).map_err(|why| {
            // What is left of it goes at the next start at the latest.
            let _ = std::fs::remove_dir_all(&fresh);
            StoreError::io(&fresh, why)
        })?;
        Ok(own)
    }

    fn write(&self, fresh: &Path, files: &[Placed]) -> std::io::Result<()> {
        remove(fresh)?;
        std::fs::create_dir(fresh)?;
        let mut list = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let kept = file.bytes.as_ref().map(|_| number.to_string());
            if let (Some(kept), Some(bytes)) = (&kept, &file.bytes) {
                write(&fresh.join(kept), file.mode, bytes)?;
            }
            list.push(Entry { place: file.place.clone(), mode: file.mode, kept });
        }
        write(&fresh.join(LIST), 0o600, &serde_json::to_vec(&list)?)?;
        sync(fresh)
    }

    /// From here on it holds, whatever happens.
    pub fn hold(&self) -> Result<(), StoreError> {
        let held = self.dir.join(HELD);
        let rename = || {
            remove(&held)?;
            std::fs::rename(self.dir.join(FRESH), &held)?;
            sync(&self.dir)
        };
        rename().map_err(|why| StoreError::io(&held, why))
    }

    /// Forgets what was written down and does not hold yet.
    pub fn forget(self) -> Result<(), StoreError> {
        let fresh = self.dir.join(FRESH);
        remove(&fresh).map_err(|why| StoreError::io(&fresh, why))
    }

    /// Puts every file of a change that holds in its place; true if there was one. What did not hold yet is forgotten.
    pub fn finish(dir: &Path) -> Result<bool, StoreError> {
        let (fresh, held) = (dir.join(FRESH), dir.join(HELD));
        remove(&fresh).map_err(|why| StoreError::io(&fresh, why))?;
        let list = match std::fs::read(held.join(LIST)) {
            Ok(list) => list,
            // Its list went first when it was done.
            Err(why) if why.kind() == ErrorKind::NotFound => {
                remove(&held).map_err(|why| StoreError::io(&held, why))?;
                return Ok(false);
            }
            Err(why) => return Err(StoreError::io(&held, why)),
        };
        let damaged =
            |why: serde_json::Error| StoreError::Damaged { path: held.join(LIST), why: why.to_string() };
        let entries: Vec<Entry> = serde_json::from_slice(&list).map_err(damaged)?;
        for entry in &entries {
            put(&held, entry).map_err(|why| StoreError::io(&entry.place, why))?;
        }
        let done = || {
            std::fs::remove_file(held.join(LIST))?;
            sync(&held)?;
            remove(&held)
        };
        done().map_err(|why| StoreError::io(&held, why))?;
        Ok(true)
    }
}

/// Whole or not at all, and the same when it is done again.
fn put(held: &Path, entry: &Entry) -> std::io::Result<()> {
    let directory = entry.place.parent().unwrap_or(Path::new("/"));
    let Some(kept) = &entry.kept else {
        remove_file(&entry.place)?;
        return sync(directory);
    };
    let bytes = std::fs::read(held.join(kept))?;
    std::fs::create_dir_all(directory)?;
    let mut fresh = entry.place.clone().into_os_string();
    fresh.push(".new");
    write(Path::new(&fresh), entry.mode, &bytes)?;
    std::fs::rename(&fresh, &entry.place)?;
    sync(directory)
}

fn write(path: &Path, mode: u32, bytes: &[u8]) -> std::io::Result<()> {
    remove_file(path)?;
    let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove_file(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn remove(dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn sync(dir: &Path) -> std::io::Result<()> {
    std::fs::File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dir;

    fn files(dir: &Path, text: &str) -> Vec<Placed> {
        let place =
            |name: &str| Placed { place: dir.join(name), mode: 0o600, bytes: Some(text.as_bytes().to_vec()) };
        vec![place("a"), place("sub/b"), place("c")]
    }

    fn texts(dir: &Path) -> Vec<String> {
        ["a", "sub/b", "c"]
            .iter()
            .map(|name| std::fs::read_to_string(dir.join(name)).unwrap_or_default())
            .collect()
    }

    #[test]
    fn wherever_it_is_interrupted_all_is_old_or_all_is_new() {
        let dir = Dir::new("restoring");
        let path = dir.path();
        Restoring::prepare(path, &files(path, "old")).unwrap().hold().unwrap();
        assert!(Restoring::finish(path).unwrap());
        assert_eq!(texts(path), ["old"; 3]);
        assert!(!Restoring::finish(path).unwrap(), "once");

        // Killed before it holds.
        let _ = Restoring::prepare(path, &files(path, "new")).unwrap();
        assert!(!Restoring::finish(path).unwrap());
        assert_eq!((texts(path), path.join(FRESH).exists()), (vec!["old".to_owned(); 3], false));
        Restoring::prepare(path, &files(path, "new")).unwrap().forget().unwrap();
        assert!(!path.join(FRESH).exists());

        // Killed with one file in its place, then again while it is finished.
        Restoring::prepare(path, &files(path, "new")).unwrap().hold().unwrap();
        let held = path.join(HELD);
        let list: Vec<Entry> = serde_json::from_slice(&std::fs::read(held.join(LIST)).unwrap()).unwrap();
        for entry in &list {
            put(&held, entry).unwrap();
        }
        assert!(Restoring::finish(path).unwrap());
        assert_eq!(texts(path), ["new"; 3]);

        // A file may go, too.
        let gone = Placed { place: path.join("c"), mode: 0o600, bytes: None };
        Restoring::prepare(path, &[gone]).unwrap().hold().unwrap();
        assert!(Restoring::finish(path).unwrap() && !path.join("c").exists());

        // Killed while what was done is removed.
        std::fs::create_dir(&held).unwrap();
        std::fs::write(held.join("0"), "x").unwrap();
        assert!(!Restoring::finish(path).unwrap());
        assert!(!held.exists());
    }

    #[test]
    fn what_cannot_be_written_down_changes_nothing() {
        let dir = Dir::new("restoring-full");
        let path = dir.path();
        std::fs::write(path.join(FRESH), "a file in the way").unwrap();
        assert!(Restoring::prepare(path, &files(path, "new")).is_err());
        assert_eq!(texts(path), [""; 3]);
    }
}
