//! The three files that are the contract of the configuration: what is found in them, and their effective form.

use tipring_config::{Effective, Level, Report, check};

const FILES: [(&str, &str); 3] = [
    ("one-phone", include_str!("../../../examples/one-phone.toml")),
    ("pbx", include_str!("../../../examples/pbx.toml")),
    ("tower", include_str!("../../../examples/tower.toml")),
];

fn report(text: &str) -> Report {
    check(text, "tipring.toml")
}

fn simulated(text: &str) -> String {
    text.replace("dahdi/", "sim/").replace("slic/", "sim/")
}

fn effective(text: &str) -> Effective {
    let report = report(text);
    report.effective.clone().unwrap_or_else(|| panic!("{report}"))
}

#[test]
fn the_files_are_accepted_and_say_what_comes_later() {
    for (name, text) in FILES {
        let report = report(text);
        assert_eq!(report.of(Level::Error).count(), 0, "{report}");
        insta::assert_snapshot!(format!("{name}-findings"), report);
    }
}

#[test]
fn the_files_show_their_effective_form() {
    for (name, text) in FILES {
        insta::assert_snapshot!(format!("{name}-effective"), effective(text));
    }
}

#[test]
fn with_simulated_ports_every_phone_is_in_service() {
    for (name, text) in FILES {
        let effective = effective(&simulated(text));
        assert!(effective.phone.values().all(|phone| phone.service.is_used()), "{name}");
        assert!(!effective.phone.is_empty());
    }
}

#[test]
fn the_demo_is_without_fault() {
    let report = report(include_str!("../../../examples/demo.toml"));
    assert_eq!(report.to_string(), "");
    insta::assert_snapshot!("demo-effective", report.effective.unwrap());
}

#[test]
fn the_effective_form_is_a_configuration_that_gives_the_same() {
    for (name, text) in FILES {
        let first = effective(text);
        let again = effective(&first.to_string());
        assert_eq!(tipring_config::diff(&without_secrets(&first), &without_secrets(&again)), [], "{name}");
    }
}

/// The effective form does not show passwords.
fn without_secrets(effective: &Effective) -> Effective {
    let mut effective = effective.clone();
    for server in effective.server.values_mut() {
        server.password = None;
    }
    effective
}
