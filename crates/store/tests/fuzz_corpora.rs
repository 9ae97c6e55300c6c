//! Replays the corpora of the fuzz targets through the same entries, so that every test run covers what fuzzing found.

#[path = "../../../fuzz/src/entry/backup.rs"]
mod backup;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

#[test]
fn backups() {
    replay::replay("backup", 5, backup::run);
}
