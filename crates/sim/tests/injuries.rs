//! A defect in a line, a call, a far leg, a dialog or a stream ends that one, with an alarm; the neighbours go on.

use tipring_sim::flow::{Fidelity, run_flow};

/// Two telephones in calls from the PBX; then `hurts` happens, `next` makes the injured machine run, and what must
/// come of it stands behind its arrow. The first call is the neighbour: it has to go on in both directions.
fn injure(hurts: &str, next: &str) {
    let text = format!(
        "# A defect on demand.
seed 97  country us
phones 101 102
server pbx

peer: INVITE 101 from 5550123  -> phone 1 rings
phone 1: off-hook              -> phone 1 hears peer
peer: INVITE 102 from 5550124  -> phone 2 rings
phone 2: off-hook              -> phone 2 hears peer/2
{hurts}
{next}; phone 1 still hears peer for 2s
phone 1: says voice            -> peer hears phone 1 within 300ms
phone 2: on-hook
wait 2s
peer: INVITE 102 from 5550125  -> phone 2 rings
phone 2: off-hook              -> phone 2 hears peer/2
phone 1: on-hook               -> call 1 cleared
phone 2: on-hook               -> gateway is idle within 40s
"
    );
    for fidelity in [Fidelity::Signal, Fidelity::Audio] {
        let report = run_flow(&text, fidelity, None).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "{fidelity:?}: {}\n{}", failures.join("\n"), report.ladder.to_text());
    }
}

#[test]
fn a_defect_in_a_lines_machine_ends_its_call_only() {
    injure("line 2: panics", "-> gateway alarm line 2 panicked; call 2 cleared");
}

#[test]
fn a_defect_in_what_the_switch_knows_of_a_line_ends_its_call_only() {
    injure(
        "line 2: panics in the switch",
        "phone 2: flash -> gateway alarm line 2 abandoned; call 2 cleared",
    );
}

#[test]
fn a_defect_in_a_call_ends_that_call_only() {
    injure(
        "gateway: panics in the latest call",
        "phone 2: flash -> gateway alarm call 2 abandoned; call 2 cleared; peer gets BYE",
    );
}

#[test]
fn a_defect_in_a_far_leg_ends_its_call_only() {
    injure(
        "gateway: panics in the latest leg",
        "phone 2: flash -> gateway alarm far leg abandoned; call 2 cleared; peer gets BYE",
    );
}

#[test]
fn a_defect_in_a_dialog_ends_its_call_only() {
    injure("gateway: panics in the latest session", "phone 2: flash -> call 2 cleared; peer gets BYE");
}

#[test]
fn a_defect_in_a_stream_ends_its_call_only() {
    injure(
        "gateway: panics in the latest stream",
        // the far end's is the one that was opened last
        "-> gateway alarm far leg abandoned; call 2 cleared; peer gets BYE",
    );
}

#[test]
fn a_defect_in_the_stream_of_a_line_ends_its_call_only() {
    let text = "# A defect on demand.
seed 98  country us
phones 101 102 103 104
dial 1xx to phones

phone 1: off-hook              -> hears dial-tone
phone 1: dials 102             -> phone 2 rings
phone 2: off-hook              -> call 1 answered
phone 3: off-hook              -> hears dial-tone
phone 3: dials 104             -> phone 4 rings
phone 4: off-hook              -> call 2 answered
gateway: panics in the latest stream
-> gateway alarm line 4 abandoned; call 2 cleared
phone 2: says voice            -> phone 1 hears phone 2
phone 1: on-hook
phone 2: on-hook
phone 3: on-hook
phone 4: on-hook               -> gateway is idle within 40s
";
    for fidelity in [Fidelity::Signal, Fidelity::Audio] {
        let report = run_flow(text, fidelity, None).unwrap_or_else(|error| panic!("{error}"));
        let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "{fidelity:?}: {}\n{}", failures.join("\n"), report.ladder.to_text());
    }
}
