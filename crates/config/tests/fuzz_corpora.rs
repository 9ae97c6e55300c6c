//! Replays the corpora of the fuzz targets through the same entries, so that every test run covers what fuzzing found.

#[path = "../../../fuzz/src/entry/batch.rs"]
mod batch;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

#[test]
fn tables_of_telephones() {
    replay::replay("batch", 5, batch::run);
}
