//! Replays the corpora of the fuzz targets for sound through the same entries, so that every test run covers what fuzzing found.

#[path = "../../../fuzz/src/entry/callerid.rs"]
mod callerid;
#[path = "../../../fuzz/src/entry/canceller.rs"]
mod canceller;
#[path = "../../../fuzz/src/entry/ears.rs"]
mod ears;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;
#[path = "../../../fuzz/src/entry/sound_script.rs"]
mod sound_script;

#[test]
fn detectors_hear_anything() {
    replay::replay("ears", 5, ears::run);
}

#[test]
fn the_canceller_takes_anything_and_does_not_howl() {
    replay::replay("canceller", 5, canceller::run);
}

#[test]
fn any_caller_is_sent_and_any_message_is_read() {
    replay::replay("callerid", 12, callerid::run);
}
