//! Printing, while somebody reads.

use std::io::{ErrorKind, Write};

use anyhow::{Context, Result};

/// Prints a line; false if nobody reads any more (`tipring log | head`).
pub fn print(line: &str) -> Result<bool> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(why) => Err(why).context("standard output"),
    }
}
