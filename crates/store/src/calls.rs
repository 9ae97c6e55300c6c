//! The call records: a database of one table, keyed by a number that only grows.
//!
//! # What it does
//! Appends records, each in a transaction of its own that is on the disk when `append` returns; reads the latest.
//!
//! # How
//! `redb` with its two-phase pages: a process killed at any moment leaves the last transaction whole. After an
//! error of the disk the database is closed and opened again by the next append, which is how it recovers when
//! there is room again.
//!
//! # Limits
//! [`MAX_RECORDS`]; the oldest give way.

use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

use crate::{CallRow, StoreError};

/// The file's name in the state directory.
pub const CALLS_FILE: &str = "calls.redb";
/// Records kept, at the most.
pub const MAX_RECORDS: u64 = 1_000_000;
/// Records dropped in one transaction, at the most.
const MAX_DROP: u64 = 64;
/// Memory for the database's pages.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("calls");

/// The call records of one state directory. One process at a time has them.
#[derive(Debug)]
pub struct Calls {
    path: PathBuf,
    database: Option<Database>,
    limit: u64,
}

impl Calls {
    /// Opens the records in `dir`, which must exist; begins them where there are none.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_bounded(dir, MAX_RECORDS)
    }

    fn open_bounded(dir: &Path, limit: u64) -> Result<Self, StoreError> {
        let path = dir.join(CALLS_FILE);
        let database = Some(open(&path)?);
        Ok(Self { path, database, limit })
    }

    /// Keeps a record. When this returns `Ok` it is on the disk.
    pub fn append(&mut self, row: &CallRow) -> Result<(), StoreError> {
        let limit = self.limit;
        self.with(|database| append(database, row, limit))
    }

    /// The latest `count` records, the newest last.
    pub fn last(&mut self, count: usize) -> Result<Vec<CallRow>, StoreError> {
        let rows = self.with(|database| last(database, count))?;
        // A record that cannot be read must not hide the others.
        let rows = rows.iter().filter_map(|bytes| serde_json::from_slice(bytes).ok());
        Ok(rows.collect())
    }

    /// Works with the database, which is opened again if an error closed it.
    fn with<T>(&mut self, work: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        let database = match self.database.take() {
            Some(database) => database,
            None => open(&self.path)?,
        };
        let done = work(&database).map_err(|why| StoreError::database(&self.path, why))?;
        self.database = Some(database);
        Ok(done)
    }
}

fn open(path: &Path) -> Result<Database, StoreError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder.create(path).map_err(|why| StoreError::database(path, why))
}

fn append(database: &Database, row: &CallRow, limit: u64) -> Result<(), redb::Error> {
    let bytes = serde_json::to_vec(row).unwrap_or_default();
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(TABLE)?;
        let key = table.last()?.map_or(0, |(key, _)| key.value()) + 1;
        table.insert(key, bytes.as_slice())?;
        for _ in 0..MAX_DROP.min(table.len()?.saturating_sub(limit)) {
            table.pop_first()?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn last(database: &Database, count: usize) -> Result<Vec<Vec<u8>>, redb::Error> {
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(TABLE) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        Err(why) => return Err(why.into()),
    };
    let mut rows = Vec::new();
    for row in table.iter()?.rev().take(count) {
        rows.push(row?.1.value().to_vec());
    }
    rows.reverse();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dir;

    fn row(call: u64) -> CallRow {
        CallRow { call, from: "101".into(), dialled: "102".into(), cause: 16, ..CallRow::default() }
    }

    fn numbers(rows: &[CallRow]) -> Vec<u64> {
        rows.iter().map(|row| row.call).collect()
    }

    #[test]
    fn records_survive_and_come_back_in_order() {
        let dir = Dir::new("records");
        let mut calls = Calls::open(dir.path()).unwrap();
        assert_eq!(calls.last(5).unwrap(), []);
        for call in 1..=7 {
            calls.append(&row(call)).unwrap();
        }
        drop(calls);
        let mut calls = Calls::open(dir.path()).unwrap();
        assert_eq!(numbers(&calls.last(3).unwrap()), [5, 6, 7]);
        // The next run counts its calls from 1 again; the order is that of the appends.
        calls.append(&row(1)).unwrap();
        assert_eq!(numbers(&calls.last(2).unwrap()), [7, 1]);
        assert_eq!(calls.last(1).unwrap()[0], row(1));
    }

    #[test]
    fn the_oldest_give_way_at_the_bound() {
        let dir = Dir::new("bound");
        let mut calls = Calls::open_bounded(dir.path(), 4).unwrap();
        for call in 1..=9 {
            calls.append(&row(call)).unwrap();
        }
        assert_eq!(numbers(&calls.last(100).unwrap()), [6, 7, 8, 9]);
    }

    #[test]
    fn a_second_gateway_on_the_same_directory_is_told_so() {
        let dir = Dir::new("locked");
        let _first = Calls::open(dir.path()).unwrap();
        let told = Calls::open(dir.path()).unwrap_err().to_string();
        assert!(told.contains("another gateway runs on this state directory"), "{told}");
    }

    #[test]
    fn a_file_that_is_no_database_is_told_and_left_alone() {
        let dir = Dir::new("damaged");
        std::fs::write(dir.path().join(CALLS_FILE), b"these are not the records").unwrap();
        let told = Calls::open(dir.path()).unwrap_err().to_string();
        assert!(told.contains("calls.redb: Not a redb database") && told.contains("Move it away"), "{told}");
        assert!(std::fs::read(dir.path().join(CALLS_FILE)).unwrap().starts_with(b"these are not"));
    }

    #[test]
    fn a_missing_directory_is_an_error_with_its_path() {
        let told = Calls::open(Path::new("/nonexistent/tipring")).unwrap_err().to_string();
        assert!(told.contains("/nonexistent/tipring/calls.redb"), "{told}");
    }
}
