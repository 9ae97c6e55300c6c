//! The explorer: clean on many seeds, and the same run for the same seed.
//!
//! `TIPRING_SEED=7 TIPRING_SEEDS=1 TIPRING_HOURS=1` runs others than the usual ones; `TIPRING_AUDIO=1` at true samples.

use tipring_sim::check::Used;
use tipring_sim::explore::{Fidelity, Scope, explore, explore_within};

fn number(name: &str, usual: f64) -> f64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn clean(first: u64, seeds: u64, hours: f64, fidelity: Fidelity) {
    let mut bad = Vec::new();
    for seed in first..first + seeds {
        let report = explore(seed, hours, fidelity);
        println!("{report}");
        bad.extend(report.violations.iter().map(ToString::to_string));
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
}

#[test]
fn whatever_people_and_faults_do_nothing_is_violated_at_signal_fidelity() {
    let (first, seeds) = (number("TIPRING_SEED", 1.0) as u64, number("TIPRING_SEEDS", 3.0) as u64);
    let fidelity = if number("TIPRING_AUDIO", 0.0) > 0.0 { Fidelity::Audio } else { Fidelity::Signal };
    clean(first, seeds, number("TIPRING_HOURS", 0.1), fidelity);
}

#[test]
fn whatever_people_and_faults_do_nothing_is_violated_with_true_samples() {
    clean(1, 1, 0.03, Fidelity::Audio);
}

#[test]
fn people_use_the_features_that_there_are() {
    type Count = fn(Used) -> u64;
    let features: [(&str, Count); 5] = [
        ("codes", |used| used.codes),
        ("forwarded", |used| used.forwarded),
        ("waited", |used| used.waited),
        ("conferences", |used| used.conferences),
        ("handed on", |used| used.handed_on),
    ];
    let mut unused = features.map(|(what, _)| what).to_vec();
    for seed in 21..33 {
        let report = explore(seed, 0.15, Fidelity::Signal);
        assert!(report.is_clean(), "{report}");
        unused.retain(|what| features.iter().any(|(own, count)| own == what && count(report.used) == 0));
        if unused.is_empty() {
            return;
        }
    }
    panic!("nobody has used {unused:?}");
}

#[test]
fn the_same_seed_gives_the_same_ladder() {
    for fidelity in [Fidelity::Signal, Fidelity::Audio] {
        let hours = if fidelity == Fidelity::Signal { 0.1 } else { 0.02 };
        let (first, second, other) =
            (explore(11, hours, fidelity), explore(11, hours, fidelity), explore(12, hours, fidelity));
        assert_eq!(first, second);
        assert_ne!(first.hash, other.hash);
    }
}

#[test]
fn a_narrower_scope_has_fewer_faults_and_calls() {
    let whole = Scope::whole(11, 0.1, Fidelity::Signal);
    let all = explore_within(whole);
    let fewer = explore_within(Scope { lines: Some(2), faults: Some(2), ..whole });
    assert!(all.faults > 2 && fewer.faults == 2, "{all}\n{fewer}");
    assert!(fewer.calls < all.calls && fewer.is_clean(), "{all}\n{fewer}");
}
