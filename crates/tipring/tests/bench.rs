//! The benches that are no test of figures, by the real binary: that they run and that what they say is whole.

mod common;

use common::{stderr, stdout, tipring};

#[test]
fn a_tick_of_few_lines_is_measured_with_its_worst_and_its_blocks() {
    let output = tipring(&["bench", "tick", "--lines", "4", "--ticks", "40", "--rounds", "1", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_str(stdout(&output).trim()).unwrap();
    assert_eq!((report["lines"].as_u64(), report["ticks"].as_u64()), (Some(4), Some(40)));
    let loads = report["loads"].as_array().unwrap();
    assert_eq!(loads.len(), 3, "{report}");
    for load in loads {
        let figure = |name: &str| load[name].as_f64().unwrap();
        assert!(figure("mean") > 0.0 && figure("median") <= figure("p99"), "{load}");
        assert!(figure("p99") <= figure("p999") && figure("p999") <= figure("worst"), "{load}");
        // Four lines with packets of 20 ms.
        assert!((1.9..2.3).contains(&figure("packets")), "{load}");
    }
    let blocks = report["blocks_ns"].as_array().unwrap();
    assert!(blocks.len() >= 6 && blocks.iter().all(|block| block[1].as_f64().unwrap() > 0.0), "{report}");
    assert!(report["send_ns"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_shard_without_lines_is_refused() {
    let output = tipring(&["bench", "tick", "--lines", "0"]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("--lines"), "{}", stderr(&output));
}
