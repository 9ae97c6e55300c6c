//! The walls of the house: which crate may import which, what the pure crates may not name, how long a file may be.

mod imports;
mod purity;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use imports::{Import, imports};

/// Lines of a source file, at the most (CONTRIBUTING.md, rule 9).
const MAX_LINES: usize = 800;

/// A crate's floor, the crates of its own floor that it may import, and whether it is pure.
struct Room {
    floor: u8,
    beside: &'static [&'static str],
    pure_: bool,
}

/// The plan of the house; ARCHITECTURE.md draws it.
fn plan() -> BTreeMap<&'static str, Room> {
    let room = |floor, beside, pure_| Room { floor, beside, pure_ };
    BTreeMap::from([
        ("units", room(0, &[][..], true)),
        ("oracle", room(0, &[], false)),
        ("port", room(1, &[], true)),
        ("country", room(1, &["port"], true)),
        ("voice", room(1, &["port"], true)),
        ("dsp", room(1, &["port"], true)),
        ("codec", room(1, &[], true)),
        ("rtp", room(1, &[], true)),
        ("sip", room(1, &[], true)),
        ("line", room(2, &[], true)),
        ("media", room(2, &["line"], true)),
        ("call", room(2, &[], true)),
        ("config", room(2, &[], true)),
        ("gateway", room(3, &[], true)),
        ("sim", room(3, &["gateway"], true)),
        ("driver", room(4, &[], false)),
        ("host", room(4, &["driver"], false)),
        ("store", room(4, &[], false)),
        ("manage", room(4, &["driver", "host", "store"], false)),
        ("tipring", room(5, &[], false)),
    ])
}

/// Crates that never see others, not through a third one and not in their tests either, though the floors would let them
/// (ARCHITECTURE.md, invariants).
const STRANGERS: &[(&str, &[&str])] = &[
    ("line", &["sip"]),
    ("sip", &["line"]),
    // Neither SIP nor cards.
    ("call", &["sip", "line", "driver"]),
];

/// Crates that do not import others themselves, though they reach them through a third one: the laboratory's ears and
/// mouths share no detector or generator with the gateway, which it tests.
const APART: &[(&str, &[&str])] = &[("sim", &["dsp", "line"])];

/// What other people's crates the pure ones may use: they compute, and touch nothing of the outer world.
const PURE_DEPENDENCIES: &[&str] = &[
    "fearless_simd",
    "libm",
    "md-5",
    "opus",
    "rand_chacha",
    "rand_core",
    "rvoip-codec-core",
    "serde",
    "sha2",
    "thiserror",
    "toml",
    "toml_edit",
    // Descriptions of what is served as JSON.
    "utoipa",
];

/// Runs every check and prints what it finds.
pub fn run() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    let mut findings = Vec::new();
    let plan = plan();
    let mut rooms: Vec<String> = Vec::new();
    for entry in fs::read_dir(root.join("crates")).expect("crates/ can be read").flatten() {
        rooms.push(entry.file_name().to_string_lossy().into_owned());
    }
    rooms.sort();
    let workspace = read(&root.join("Cargo.toml"));
    let mut house = BTreeMap::new();
    for name in &rooms {
        match imports(&read(&root.join("crates").join(name).join("Cargo.toml")), &workspace) {
            Ok(imports) => drop(house.insert(name.as_str(), imports)),
            Err(why) => findings.push(format!("crates/{name}/Cargo.toml: {why}")),
        }
    }
    for (name, imports) in &house {
        let dir = root.join("crates").join(name);
        let Some(room) = plan.get(name) else {
            findings.push(format!("crates/{name}: no floor; give it one in xtask/src/tidy.rs"));
            continue;
        };
        check_edges(imports, name, room, &plan, &mut findings);
        if room.pure_ {
            check_dependencies(imports, name, &mut findings);
            check_purity(root, &dir, &mut findings);
        }
    }
    check_strangers(&house, &mut findings);
    for dir in ["crates", "xtask", "fuzz"] {
        for file in rust_files(&root.join(dir)) {
            let lines = read(&file).lines().count();
            if lines > MAX_LINES {
                findings.push(format!(
                    "{}: {lines} lines, {MAX_LINES} is the most; split it by nouns",
                    shown(root, &file)
                ));
            }
        }
    }
    if findings.is_empty() {
        println!("tidy: {} crates, floors, purity and file lengths hold", rooms.len());
        return ExitCode::SUCCESS;
    }
    for finding in &findings {
        eprintln!("tidy: {finding}");
    }
    eprintln!("tidy: {} findings", findings.len());
    ExitCode::FAILURE
}

/// Imports go to lower floors, or to the crates named beside. Tests of a crate may import what they like above
/// nothing: a dev-dependency must be on the same floor or lower, too.
fn check_edges(
    imports: &[Import],
    name: &str,
    room: &Room,
    plan: &BTreeMap<&'static str, Room>,
    findings: &mut Vec<String>,
) {
    for import in imports {
        let Some(dependency) = import.package.strip_prefix("tipring-") else { continue };
        let Some(other) = plan.get(dependency) else {
            findings.push(format!("crates/{name}/Cargo.toml: tipring-{dependency} has no floor"));
            continue;
        };
        let beside = room.beside.contains(&dependency);
        let for_tests = import.for_tests && other.floor <= room.floor;
        if other.floor >= room.floor && !beside && !for_tests {
            findings.push(format!(
                "crates/{name} (floor {}) imports {dependency} (floor {}): only lower floors, or the crates named beside it",
                room.floor, other.floor
            ));
        }
    }
}

/// Who may not see whom, does not.
fn check_strangers(house: &BTreeMap<&str, Vec<Import>>, findings: &mut Vec<String>) {
    for (name, strangers) in STRANGERS {
        let seen = reached(house, name);
        for stranger in strangers.iter().filter(|stranger| seen.contains(**stranger)) {
            findings.push(format!("crates/{name} sees {stranger}, itself or through others: it never may"));
        }
    }
    for (name, strangers) in APART {
        let own = house.get(name).into_iter().flatten();
        for import in own.filter_map(|import| import.package.strip_prefix("tipring-")) {
            if strangers.contains(&import) {
                findings.push(format!("crates/{name} imports {import}: it never may"));
            }
        }
    }
}

/// The crates of the house that `from` sees: by its own imports, those of its tests among them, and by what these import.
fn reached<'a>(house: &'a BTreeMap<&str, Vec<Import>>, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&Import> = house.get(from).into_iter().flatten().collect();
    while let Some(import) = next.pop() {
        let Some(name) = import.package.strip_prefix("tipring-") else { continue };
        if seen.insert(name) {
            next.extend(house.get(name).into_iter().flatten().filter(|import| !import.for_tests));
        }
    }
    seen
}

/// A pure crate forbids unsafe code and names nothing of the outer world, its tests excepted.
fn check_purity(root: &Path, dir: &Path, findings: &mut Vec<String>) {
    let library = dir.join("src/lib.rs");
    if !read(&library).contains("#![forbid(unsafe_code)]") {
        findings.push(format!("{}: a pure crate says #![forbid(unsafe_code)]", shown(root, &library)));
    }
    let files = rust_files(&dir.join("src"));
    let for_tests: Vec<String> = files.iter().flat_map(|file| test_modules(&read(file))).collect();
    for file in files {
        let text = read(&file);
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        if file.file_stem().is_some_and(|stem| for_tests.iter().any(|name| *name == *stem.to_string_lossy()))
        {
            continue;
        }
        for (line, word, what) in purity::findings(code) {
            findings.push(format!(
                "{}:{line}: names {word}, {what}; a pure crate gets it as an argument",
                shown(root, &file),
            ));
        }
    }
}

/// A pure crate depends on pure crates: every tipring crate that it may import is one, others are on a list. What
/// its tests use is their own business.
fn check_dependencies(imports: &[Import], name: &str, findings: &mut Vec<String>) {
    for import in imports.iter().filter(|import| !import.for_tests) {
        let package = import.package.as_str();
        if !package.starts_with("tipring-") && !PURE_DEPENDENCIES.contains(&package) {
            findings.push(format!(
                "crates/{name}/Cargo.toml: a pure crate depends on {package}, which is not on the list of those that touch nothing"
            ));
        }
    }
}

/// The modules that a file declares for its tests only.
fn test_modules(text: &str) -> Vec<String> {
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]"
            && let Some(name) = lines.next().and_then(|next| next.trim().strip_prefix("mod "))
        {
            found.push(name.trim_end_matches(';').to_owned());
        }
    }
    found
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_in(manifest: &str) -> Vec<String> {
        let mut findings = Vec::new();
        check_dependencies(&imports(manifest, "").unwrap(), "call", &mut findings);
        findings
    }

    #[test]
    fn a_dependency_that_touches_the_world_is_found_however_it_is_written() {
        for manifest in [
            "[dependencies]\ntokio.workspace = true\n",
            "[dependencies]\ntokio = { version = \"1\", features = [\"net\"] }\n",
            "[dependencies]\nthiserror.workspace = true\nrt = { package = \"tokio\", version = \"1\" }\n",
            "[dependencies.tokio]\nversion = \"1\"\n",
            "[dependencies.libm]\nversion = \"1\"\npackage = \"tokio\"\n",
            "[target.'cfg(unix)'.dependencies]\ntokio = \"1\"\n",
            "[target.'cfg(unix)'.dependencies.tokio]\nversion = \"1\"\n",
            "[build-dependencies]\ntokio = \"1\"\n",
        ] {
            let findings = found_in(manifest);
            assert!(
                findings.len() == 1 && findings[0].contains("depends on tokio,"),
                "{manifest}: {findings:?}"
            );
        }
        for word in ["nix", "socket2", "getrandom", "hickory-resolver", "redb", "tracing"] {
            assert_eq!(found_in(&format!("[dependencies]\n{word}.workspace = true\n")).len(), 1, "{word}");
        }
    }

    #[test]
    fn what_computes_only_and_what_tests_use_is_let_through() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\ntipring-units.workspace = true\n# why\n\nthiserror.workspace = true\n\n[dev-dependencies]\nproptest.workspace = true\n[dev-dependencies.tokio]\nversion = \"1\"\n[features]\nfuzz = []\n";
        assert_eq!(found_in(manifest), Vec::<String>::new());
    }

    #[test]
    fn an_import_upwards_is_found_however_it_is_written() {
        let plan = plan();
        for upwards in [
            "tipring-host.workspace = true\n",
            "low = { package = \"tipring-host\", path = \"../host\" }\n",
            "[dependencies.tipring-host]\nworkspace = true\n",
            "[dependencies.low]\npath = \"../host\"\npackage = \"tipring-host\"\n",
            "[dev-dependencies]\ntipring-host.workspace = true\n",
        ] {
            let manifest = format!("[dependencies]\ntipring-port.workspace = true\n{upwards}");
            let mut findings = Vec::new();
            check_edges(&imports(&manifest, "").unwrap(), "call", &plan["call"], &plan, &mut findings);
            assert!(findings.len() == 1 && findings[0].contains("imports host"), "{manifest}: {findings:?}");
        }
    }

    /// What is found in a house of these crates, each with its imports.
    fn strangers_in(house: &[(&'static str, &str)]) -> Vec<String> {
        let house = house.iter().map(|(name, manifest)| (*name, imports(manifest, "").unwrap())).collect();
        let mut findings = Vec::new();
        check_strangers(&house, &mut findings);
        findings
    }

    #[test]
    fn crates_that_never_see_each_other_are_found_when_they_do() {
        for (name, manifest, seen) in [
            ("line", "[dependencies]\ntipring-sip.workspace = true\n", "sip"),
            ("sip", "[dependencies]\ntipring-line.workspace = true\n", "line"),
            ("call", "[dependencies.tipring-sip]\nworkspace = true\n", "sip"),
            ("call", "[dependencies]\nx = { package = \"tipring-sip\", path = \"../sip\" }\n", "sip"),
            ("call", "[dev-dependencies]\ntipring-driver.workspace = true\n", "driver"),
            ("sim", "[dependencies]\ntipring-dsp.workspace = true\n", "dsp"),
        ] {
            let findings = strangers_in(&[(name, manifest)]);
            assert!(
                findings.len() == 1 && findings[0].contains(&format!(" {seen}")),
                "{manifest}: {findings:?}"
            );
        }
    }

    #[test]
    fn a_third_crate_does_not_hide_a_stranger() {
        let through = |port: &str| {
            strangers_in(&[("call", "[dependencies]\ntipring-port.workspace = true\n"), ("port", port)])
        };
        assert_eq!(through("[dependencies]\ntipring-sip.workspace = true\n").len(), 1);
        // What another crate's tests see is not seen through it.
        assert_eq!(through("[dev-dependencies]\ntipring-sip.workspace = true\n"), Vec::<String>::new());
    }

    #[test]
    fn every_stranger_is_a_crate_of_the_house() {
        let plan = plan();
        for (name, strangers) in STRANGERS.iter().chain(APART) {
            assert!(core::iter::once(name).chain(*strangers).all(|name| plan.contains_key(name)), "{name}");
        }
    }

    #[test]
    fn the_house_as_it_stands_is_tidy() {
        assert_eq!(format!("{:?}", run()), format!("{:?}", ExitCode::SUCCESS));
    }
}
