//! Replays the corpus of the flow language's fuzz target through the same entry.

#[path = "../../../fuzz/src/entry/flow.rs"]
mod flow;

#[test]
fn flows() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/flow");
    let files = std::fs::read_dir(&folder).unwrap();
    let mut count = 0;
    for file in files {
        let data = std::fs::read(file.unwrap().path()).unwrap();
        flow::run(&data);
        flow::run(&data[..data.len() / 2]);
        count += 1;
    }
    assert!(count >= 3, "{} is empty", folder.display());
}
