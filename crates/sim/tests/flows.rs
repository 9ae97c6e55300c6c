//! Every flow of `flows/`, at both fidelities, against its golden ladder.
//!
//! `TIPRING_BLESS=1` writes the ladders anew; `TIPRING_FLOW=part-of-a-name` picks some and shows their ladders.

use std::path::{Path, PathBuf};

use tipring_sim::flow::{Fidelity, Ladder, TOLERANCE, run_flow};

/// The flows are shared out among this many tests for each fidelity.
const SHARES: usize = 4;

fn flows() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../flows");
    let wanted = std::env::var("TIPRING_FLOW").unwrap_or_default();
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of flows")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "flow"))
        .filter(|path| path.file_stem().is_some_and(|name| name.to_string_lossy().contains(&wanted)))
        .collect();
    all.sort();
    all
}

fn run_share(share: usize, fidelity: Fidelity) {
    let blessing = std::env::var_os("TIPRING_BLESS").is_some();
    let showing = std::env::var_os("TIPRING_FLOW").is_some();
    let mut wrong = Vec::new();
    for path in flows().into_iter().skip(share).step_by(SHARES) {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a flow");
        if !is_built(&text, fidelity) {
            println!("skipped: {name} with every sample, for this build is without Opus");
            continue;
        }
        let report = match run_flow(&text, fidelity, None) {
            Ok(report) => report,
            Err(error) => {
                wrong.push(format!("{name}:{error}"));
                continue;
            }
        };
        if showing {
            println!("== {name} {fidelity:?}\n{}", report.ladder.to_text());
        }
        if !report.failures.is_empty() {
            wrong.extend(report.failures.iter().map(|failure| format!("{name}:{failure}")));
            continue;
        }
        let golden = path.with_extension("ladder");
        let ladder = report.ladder.to_text();
        match fidelity {
            Fidelity::Signal if blessing => std::fs::write(&golden, &ladder).expect("a ladder is written"),
            Fidelity::Signal => {
                let expected = std::fs::read_to_string(&golden).unwrap_or_default();
                if expected != ladder {
                    let written = Ladder::parse(&ladder);
                    let differences = Ladder::parse(&expected).differences(&written, Default::default());
                    wrong.push(format!("{name}: not its golden ladder:\n  {}", differences.join("\n  ")));
                }
            }
            Fidelity::Audio => {
                let signal = run_flow(&text, Fidelity::Signal, None).expect("it ran before");
                let differences = signal.ladder.differences(&report.ladder, TOLERANCE);
                if !differences.is_empty() {
                    wrong.push(format!("{name}: audio differs:\n  {}", differences.join("\n  ")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

macro_rules! shares {
    ($($name:ident $share:literal $fidelity:ident;)*) => {$(
        #[test]
        fn $name() {
            run_share($share, Fidelity::$fidelity);
        }
    )*};
}

shares! {
    signal_1_of_4 0 Signal;
    signal_2_of_4 1 Signal;
    signal_3_of_4 2 Signal;
    signal_4_of_4 3 Signal;
    audio_1_of_4 0 Audio;
    audio_2_of_4 1 Audio;
    audio_3_of_4 2 Audio;
    audio_4_of_4 3 Audio;
}

#[test]
fn there_are_forty_flows_and_more() {
    if std::env::var_os("TIPRING_FLOW").is_none() {
        assert!(flows().len() >= 40, "{}", flows().len());
    }
}

/// With other seeds than their own; every fourth with every sample too, which takes ten times as long.
fn run_with_other_seeds(share: usize) {
    let mut wrong = Vec::new();
    for (turn, path) in flows().into_iter().skip(share).step_by(SHARES).enumerate() {
        let text = std::fs::read_to_string(&path).expect("a flow");
        let audio = (1003, Fidelity::Audio);
        let mut runs = vec![(1001, Fidelity::Signal), (1002, Fidelity::Signal)];
        runs.extend((turn % 4 == share && is_built(&text, Fidelity::Audio)).then_some(audio));
        for (seed, fidelity) in runs {
            let report = run_flow(&text, fidelity, Some(seed)).expect("it can be read");
            wrong
                .extend(report.failures.iter().map(|failure| format!("{path:?} with seed {seed}:{failure}")));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_flows_expect_does_not_hang_on_their_seed_1_of_4() {
    run_with_other_seeds(0);
}

#[test]
fn what_flows_expect_does_not_hang_on_their_seed_2_of_4() {
    run_with_other_seeds(1);
}

#[test]
fn what_flows_expect_does_not_hang_on_their_seed_3_of_4() {
    run_with_other_seeds(2);
}

#[test]
fn what_flows_expect_does_not_hang_on_their_seed_4_of_4() {
    run_with_other_seeds(3);
}

/// Whether this build has the codecs that a flow speaks of; symbols need none.
fn is_built(flow: &str, fidelity: Fidelity) -> bool {
    fidelity == Fidelity::Signal || !flow.contains("opus") || cfg!(feature = "opus")
}
