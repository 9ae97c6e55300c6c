//! Checks of the house that the compiler cannot make: `cargo run -p xtask -- tidy`, and `skipped REPORT...`.

mod skipped;
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        Some(("tidy", [])) => tidy::run(),
        Some(("skipped", reports)) => skipped::run(reports),
        _ => {
            eprintln!("usage: cargo run -p xtask -- tidy | skipped REPORT...");
            ExitCode::from(2)
        }
    }
}
