//! The event log: lines of plain text, in two files that take turns.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// The file's name in the state directory; the one before it has `.1` behind.
pub const EVENTS_FILE: &str = "events.log";
/// Bytes of one file; when it is full it becomes the one before, and what was that goes.
pub const MAX_LOG_BYTES: u64 = 8 * 1024 * 1024;

/// Writes the log of one state directory.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    file: Option<File>,
    length: u64,
    limit: u64,
}

impl EventLog {
    /// Goes on with the log in `dir`.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_bounded(dir, MAX_LOG_BYTES)
    }

    fn open_bounded(dir: &Path, limit: u64) -> Result<Self, StoreError> {
        let path = dir.join(EVENTS_FILE);
        let mut log = Self { path, file: None, length: 0, limit };
        log.reopen()?;
        Ok(log)
    }

    /// Adds a line. It is the system's from here on; a power failure may lose the last ones.
    pub fn append(&mut self, line: &str) -> Result<(), StoreError> {
        if self.length >= self.limit {
            self.file = None;
            std::fs::rename(&self.path, before(&self.path)).map_err(|why| StoreError::io(&self.path, why))?;
        }
        if self.file.is_none() {
            self.reopen()?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let text = format!("{line}\n");
        match file.write_all(text.as_bytes()) {
            Ok(()) => {
                self.length += text.len() as u64;
                Ok(())
            }
            Err(why) => {
                self.file = None;
                Err(StoreError::io(&self.path, why))
            }
        }
    }

    /// The latest `count` lines of the log in `dir`, the newest last. Nothing where there is no log.
    pub fn last(dir: &Path, count: usize) -> Result<Vec<String>, StoreError> {
        let path = dir.join(EVENTS_FILE);
        let mut lines = std::collections::VecDeque::with_capacity(count.min(4096));
        for path in [before(&path), path] {
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => continue,
                Err(why) => return Err(StoreError::io(&path, why)),
            };
            for line in BufReader::new(file).lines() {
                if lines.len() == count {
                    lines.pop_front();
                }
                lines.push_back(line.map_err(|why| StoreError::io(&path, why))?);
            }
        }
        Ok(lines.into())
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        let open = || {
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
            let length = file.metadata()?.len();
            Ok((file, length))
        };
        let (file, length) = open().map_err(|why| StoreError::io(&self.path, why))?;
        self.file = Some(file);
        self.length = length;
        Ok(())
    }
}

fn before(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dir;

    #[test]
    fn the_log_goes_on_after_a_restart_and_stays_within_two_files() {
        let dir = Dir::new("events");
        for run in 0..3 {
            let mut log = EventLog::open_bounded(dir.path(), 200).unwrap();
            for n in 0..10 {
                log.append(&format!("run {run} line {n} ........")).unwrap();
            }
        }
        let lines = EventLog::last(dir.path(), 5).unwrap();
        assert_eq!(lines.last().unwrap(), "run 2 line 9 ........");
        assert_eq!(lines.len(), 5);
        let size: u64 =
            std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
        assert!(size <= 2 * (200 + 22), "{size}");
    }

    #[test]
    fn no_log_is_no_lines() {
        let dir = Dir::new("none");
        assert_eq!(EventLog::last(dir.path(), 5).unwrap(), Vec::<String>::new());
    }
}
