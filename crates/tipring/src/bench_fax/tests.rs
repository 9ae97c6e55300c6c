//! A fax goes through both gateways pixel for pixel.

use super::modem::{Got, Talked, talk};
use super::transfer::{Arrived, Libraries, Transfer};
use super::{CASES, PAGES};
use tipring_oracle::Modulation;
use tipring_sim::pair::PairSpec;

/// Debian's libraries; a missing one is told, and is a failure where everything is installed.
fn libraries() -> Option<Libraries> {
    let libraries = Libraries::open();
    if libraries.is_none() {
        assert!(std::env::var_os("CI").is_none(), "libspandsp2 is not installed: ./test installs it");
        eprintln!("skipped: libspandsp2 is not installed");
    }
    libraries
}

fn is_clean(name: &str, arrived: &Arrived) {
    let Arrived { clean, came, outcomes, told, recorded } = arrived;
    let ladders = || format!("{}\n\n{}", told[0].join("\n"), told[1].join("\n"));
    assert_eq!((*clean, *came), (PAGES, PAGES), "{name}: {outcomes:?}\n{}", ladders());
    assert_eq!(outcomes.map(|outcome| outcome.status), [0, 0], "{name}");
    assert_eq!(*recorded, [true, true], "{name}: {}", ladders());
    for told in told {
        assert!(told.iter().any(|words| words.contains("pass-through")), "{name}: {}", ladders());
    }
}

#[test]
fn two_pages_go_from_line_to_line_pixel_for_pixel() {
    let Some(libraries) = libraries() else { return };
    for case in CASES.iter().filter(|case| case.loss == 0.0) {
        let arrived = case.transfer(7).run(&libraries).expect("the transfer runs");
        is_clean(case.name, &arrived);
        let offers = arrived
            .told
            .iter()
            .flatten()
            .filter(|words| words.contains("-> ") && words.contains("INVITE sip"));
        // Where another codec is in use one of the two gateways, and no more, offers G.711.
        assert_eq!(offers.count(), if case.codecs.contains(&"g722") { 2 } else { 1 }, "{}", case.name);
    }
}

#[test]
fn a_telephone_that_is_configured_as_a_fax_needs_no_tone_to_be_heard() {
    let Some(libraries) = libraries() else { return };
    let mut pair = PairSpec { codecs: vec!["g722".to_owned(), "pcma".to_owned()], ..PairSpec::calm(11) };
    pair.phones[1] = "type = \"fax\"".to_owned();
    let arrived = Transfer { pair, corrects: true, pages: PAGES }.run(&libraries).expect("the transfer runs");
    is_clean("as configured", &arrived);
    assert!(arrived.told[1].iter().any(|words| words.contains("pass-through as configured")));
}

#[test]
fn data_modems_talk_behind_an_answer_tone_that_makes_the_call_pass_through() {
    let Some(libraries) = libraries() else { return };
    for case in CASES.iter().filter(|case| case.loss == 0.0) {
        for (modulation, least) in [(Modulation::V21, 2400), (Modulation::V22bis, 3000)] {
            let talked = talk(&case.pair(21), &libraries.spandsp, modulation).expect("the call runs");
            let Talked { got, told, recorded } = talked;
            let ladders = || format!("{}\n\n{}", told[0].join("\n"), told[1].join("\n"));
            assert_eq!(recorded, [true, true], "{} {modulation:?}: {}", case.name, ladders());
            for told in &told {
                // 2100 Hz is enough: that it is ANSam shows by its first reversal, after 0.45 s.
                let by = told.iter().any(|words| words.contains("pass-through by ced of called"));
                assert!(by, "{} {modulation:?}: {}", case.name, ladders());
            }
            for Got { bits, wrong } in got {
                assert!(bits >= least && wrong == 0, "{} {modulation:?}: {wrong} of {bits}", case.name);
            }
        }
    }
}
