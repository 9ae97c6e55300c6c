//! Replays the corpus of the flow language's fuzz target through the same entry.

#[path = "../../../fuzz/src/entry/flow.rs"]
mod flow;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

#[test]
fn flows() {
    replay::replay("flow", 3, flow::run);
}

#[test]
fn every_target_has_a_corpus_and_is_run() {
    let fuzz = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let read = |name: &str| std::fs::read_to_string(fuzz.join(name)).unwrap();
    let (manifest, script) = (read("Cargo.toml"), read("run"));
    let listed =
        script.lines().find_map(|line| line.split_once("|| set -- ")).expect("the list of targets").1;
    let mut count = 0;
    for target in std::fs::read_dir(fuzz.join("fuzz_targets")).unwrap() {
        let name = target.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        let corpus = std::fs::read_dir(fuzz.join("corpus").join(&name));
        assert!(corpus.is_ok_and(|mut files| files.next().is_some()), "{name} has no corpus");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not built");
        assert!(listed.split(' ').any(|word| word == name), "fuzz/run leaves {name} out");
        count += 1;
    }
    assert_eq!(listed.split(' ').count(), count);
}
