//! The examples as they lie in a fresh checkout: what `check` says of each, and that it takes one command to run the one
//! that brings a file of passwords.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{Dir, stdout, tipring};

/// Copies the examples with the mode that a checkout gives them: it keeps no 0600.
fn checkout(name: &str) -> Dir {
    let dir = Dir::new(name);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let from = entry.unwrap().path();
        let to = dir.path().join(from.file_name().unwrap());
        std::fs::copy(from, &to).unwrap();
        std::fs::set_permissions(to, PermissionsExt::from_mode(0o644)).unwrap();
    }
    dir
}

/// What `check` prints for an example, and its exit code.
fn check(dir: &Dir, name: &str) -> (Vec<String>, Option<i32>) {
    let output = tipring(&["check", dir.path().join(name).to_str().unwrap()]);
    (stdout(&output).lines().map(str::to_owned).collect(), output.status.code())
}

/// True for what a checkout cannot be without: features to come, a mode that git does not keep, no way out for 911.
fn is_expected(line: &str) -> bool {
    ["not in this version yet", "can be read by others (mode 0644)", "911 cannot leave this gateway"]
        .iter()
        .any(|part| line.contains(part))
}

#[test]
fn every_example_is_accepted_in_a_fresh_checkout_except_for_the_mode_of_its_passwords() {
    let dir = checkout("examples");
    let mut names: Vec<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "demo.toml",
            "extension-far.toml",
            "extension-near.toml",
            "fxo-gateway.toml",
            "office.toml",
            "one-phone.toml",
            "pbx-trunks.toml",
            "pbx.toml",
            "tower.toml"
        ]
    );
    for name in names {
        let (lines, code) = check(&dir, &name);
        let (last, findings) = lines.split_last().unwrap();
        assert!(findings.iter().all(|line| is_expected(line)), "{name}: {findings:#?}");
        if name == "tower.toml" {
            assert_eq!(code, Some(1), "{lines:#?}");
            assert!(last.ends_with(" is not accepted: 1 mistake."), "{last}");
            assert!(findings[0].contains("rooms.csv can be read by others"), "{findings:#?}");
        } else {
            assert_eq!(code, Some(0), "{name}: {lines:#?}");
            assert!(last.contains(" may run: "), "{last}");
        }
    }
}

#[test]
fn the_tower_is_accepted_once_only_its_owner_reads_its_passwords() {
    let dir = checkout("tower-passwords");
    std::fs::set_permissions(dir.path().join("rooms.csv"), PermissionsExt::from_mode(0o600)).unwrap();
    let (lines, code) = check(&dir, "tower.toml");
    assert_eq!(code, Some(0), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("rooms.csv")), "each phone has its line: {lines:#?}");
}
