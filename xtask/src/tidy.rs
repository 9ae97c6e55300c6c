//! The walls of the house: which crate may import which, what the pure crates may not name, how long a file may be.

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

/// What no pure crate may name, with the reason that is printed.
const IMPURE: &[(&str, &str)] = &[
    ("std::net::Udp", "a socket"),
    ("std::net::Tcp", "a socket"),
    ("std::thread", "a thread"),
    ("thread::spawn", "a thread"),
    ("thread::sleep", "a sleep"),
    ("std::time::Instant", "the host's clock"),
    ("std::time::SystemTime", "the host's clock"),
    ("SystemTime::now", "the host's clock"),
    ("Instant::now", "the host's clock"),
    ("getrandom", "the host's randomness"),
    ("thread_rng", "the host's randomness"),
    ("RandomState", "the host's randomness"),
    ("HashMap", "a map whose order changes from run to run"),
    ("HashSet", "a set whose order changes from run to run"),
    ("tokio", "an async runtime"),
    ("unsafe {", "unsafe code"),
    ("unsafe fn", "unsafe code"),
    ("unsafe impl", "unsafe code"),
    ("std::fs", "a file"),
    ("std::process", "a process"),
    ("std::env", "the environment"),
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
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            for (word, what) in IMPURE {
                if line.contains(word) {
                    findings.push(format!(
                        "{}:{}: names {word}, {what}; a pure crate gets it as an argument",
                        shown(root, &file),
                        number + 1
                    ));
                }
            }
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
