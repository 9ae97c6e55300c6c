//! Replays the corpus of the flow language's fuzz target through the same entry.

#[path = "../../../fuzz/src/entry/flow.rs"]
mod flow;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

#[test]
fn flows() {
    replay::replay("flow", 3, flow::run);
}
