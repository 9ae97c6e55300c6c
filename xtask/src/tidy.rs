//! The walls of the house: which crate may import which, what the pure crates may not name, how long a file may be.

mod purity;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
        ("port", room(1, &[], true)),
        ("country", room(1, &["port"], true)),
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
        ("tipring", room(5, &[], false)),
    ])
}

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
    for name in &rooms {
        let dir = root.join("crates").join(name);
        let Some(room) = plan.get(name.as_str()) else {
            findings.push(format!("crates/{name}: no floor; give it one in xtask/src/tidy.rs"));
            continue;
        };
        check_edges(&dir, name, room, &plan, &mut findings);
        if room.pure_ {
            check_dependencies(&read(&dir.join("Cargo.toml")), name, &mut findings);
            check_purity(root, &dir, &mut findings);
        }
    }
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
    dir: &Path,
    name: &str,
    room: &Room,
    plan: &BTreeMap<&'static str, Room>,
    findings: &mut Vec<String>,
) {
    let manifest = read(&dir.join("Cargo.toml"));
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line.trim();
            continue;
        }
        let Some(dependency) =
            line.strip_prefix("tipring-").and_then(|rest| rest.split(['.', ' ', '=']).next())
        else {
            continue;
        };
        let Some(other) = plan.get(dependency) else {
            findings.push(format!("crates/{name}/Cargo.toml: tipring-{dependency} has no floor"));
            continue;
        };
        let beside = room.beside.contains(&dependency);
        let for_tests = section == "[dev-dependencies]" && other.floor <= room.floor;
        if other.floor >= room.floor && !beside && !for_tests {
            findings.push(format!(
                "crates/{name} (floor {}) imports {dependency} (floor {}): only lower floors, or the crates named beside it",
                room.floor, other.floor
            ));
        }
    }
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
fn check_dependencies(manifest: &str, name: &str, findings: &mut Vec<String>) {
    let mut section = "";
    for line in manifest.lines().map(str::trim) {
        // `[dependencies.tokio]` and `[target.'cfg(unix)'.dependencies.tokio]` name one in their heading.
        let named = if let Some(heading) = line.strip_prefix('[') {
            section = heading.trim_end_matches(']').trim();
            section.rsplit_once("dependencies.").map(|(_, named)| named)
        } else if section == "dependencies"
            || section.ends_with(".dependencies")
            || section == "build-dependencies"
        {
            line.split(['.', ' ', '=', '#']).next().filter(|word| !word.is_empty())
        } else {
            None
        };
        let for_tests = section.contains("dev-dependencies");
        let Some(named) = named.map(|named| named.trim_matches(['"', '\''])).filter(|_| !for_tests) else {
            continue;
        };
        // Another name for it (`rt = { package = "tokio" }`) does not hide it.
        let real = line.split_once("package").and_then(|(_, rest)| rest.split('"').nth(1)).unwrap_or(named);
        if !real.starts_with("tipring-") && !PURE_DEPENDENCIES.contains(&real) {
            findings.push(format!(
                "crates/{name}/Cargo.toml: a pure crate depends on {real}, which is not on the list of those that touch nothing"
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
        check_dependencies(manifest, "call", &mut findings);
        findings
    }

    #[test]
    fn a_dependency_that_touches_the_world_is_found_however_it_is_written() {
        for manifest in [
            "[dependencies]\ntokio.workspace = true\n",
            "[dependencies]\ntokio = { version = \"1\", features = [\"net\"] }\n",
            "[dependencies]\nthiserror.workspace = true\nrt = { package = \"tokio\", version = \"1\" }\n",
            "[dependencies.tokio]\nversion = \"1\"\n",
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
    fn an_import_upwards_is_found() {
        let plan = plan();
        let dir = std::env::temp_dir().join(format!("tidy-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(
            dir.join("Cargo.toml"),
            "[dependencies]\ntipring-host.workspace = true\ntipring-port.workspace = true\n",
        )
        .unwrap();
        let mut findings = Vec::new();
        check_edges(&dir, "call", &plan["call"], &plan, &mut findings);
        fs::remove_dir_all(&dir).unwrap();
        assert!(findings.len() == 1 && findings[0].contains("imports host"), "{findings:?}");
    }

    #[test]
    fn the_house_as_it_stands_is_tidy() {
        assert_eq!(format!("{:?}", run()), format!("{:?}", ExitCode::SUCCESS));
    }
}
