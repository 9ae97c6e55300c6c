//! The commands that speak to a running gateway.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
pub use tipring_manage::print::print;
use tipring_manage::protocol::{Ask, Envelope, Reply, UserAct, VERSION};
use tipring_manage::{people, records, state, zone};
use tipring_store::{CALLS_FILE, Calls, EventLog, StoreError};

use crate::cli;

/// Asks the gateway of `dir`, or the one that runs here, and prints its answer.
pub fn ask(dir: Option<&Path>, ask: Ask) -> Result<ExitCode> {
    ask_with(dir, &ask, &[], &mut |_| bail!("the gateway answers with a file"))
}

/// The same with `body` behind the question; each part of a file that comes goes to `take`.
pub fn ask_with(
    dir: Option<&Path>,
    ask: &Ask,
    body: &[u8],
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<ExitCode> {
    match find(dir)? {
        Some(stream) => converse(stream, ask, body, take),
        None => Err(nobody(dir)),
    }
}

/// Bytes of hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// `calls`: of the running gateway; of the file where none runs.
pub fn calls(dir: Option<&Path>, follow: bool, count: usize, json: bool) -> Result<ExitCode> {
    if let Some(stream) = find(dir)? {
        return converse(stream, &Ask::Calls { follow, count, json }, &[], &mut |_| Ok(()));
    }
    let kept = state::candidates(dir).into_iter().find(|dir| dir.join(CALLS_FILE).exists());
    let Some(kept) = kept.filter(|_| !follow) else { return Err(nobody(dir)) };
    let mut calls = Calls::open(&kept).map_err(|why| match why {
        // It has the records, and no control socket yet or any more.
        StoreError::Locked(_) => {
            anyhow!("The gateway of {} is just starting or stopping. Ask again in a moment", kept.display())
        }
        why => why.into(),
    })?;
    eprintln!("No gateway runs; these are the records in {}.", kept.display());
    for row in calls.last(count)? {
        if !print(&if json { records::json(&row) } else { records::line(&row, zone::offset_minutes) })? {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `log`: of the running gateway; of the file where none runs.
pub fn log(
    dir: Option<&Path>,
    number: Option<String>,
    follow: bool,
    count: usize,
    verbose: bool,
) -> Result<ExitCode> {
    if let Some(stream) = find(dir)? {
        let ask = Ask::Log { number, follow, count, verbose };
        return converse(stream, &ask, &[], &mut |_| Ok(()));
    }
    let kept = state::candidates(dir).into_iter().find(|dir| dir.join(tipring_store::EVENTS_FILE).exists());
    let Some(kept) = kept.filter(|_| !follow && number.is_none()) else { return Err(nobody(dir)) };
    eprintln!("No gateway runs; this is the end of the log in {}, with details.", kept.display());
    for line in EventLog::last(&kept, count)? {
        if !print(&line)? {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Users and tokens: of the running gateway; of the file where none runs.
pub fn people(dir: Option<&Path>, act: UserAct) -> Result<ExitCode> {
    if let Some(stream) = find(dir)? {
        return converse(stream, &Ask::User(act), &[], &mut |_| Ok(()));
    }
    let kept = state::candidates(dir).into_iter().find(|dir| dir.join(CALLS_FILE).exists());
    let Some(kept) = kept else { return Err(nobody(dir)) };
    eprintln!("No gateway runs; these are the users in {}.", kept.display());
    for line in people::act_in(&kept, act)? {
        print(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn find(dir: Option<&Path>) -> Result<Option<UnixStream>> {
    for dir in state::candidates(dir) {
        let path = dir.join(state::SOCKET_FILE);
        match UnixStream::connect(&path) {
            Ok(stream) => return Ok(Some(stream)),
            Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {}
            Err(why) if why.kind() == ErrorKind::PermissionDenied => {
                bail!("{}: belongs to another user. Ask as the user who runs the gateway", path.display())
            }
            Err(why) => return Err(why).with_context(|| format!("{}", path.display())),
        }
    }
    Ok(None)
}

fn nobody(dir: Option<&Path>) -> anyhow::Error {
    let dirs: Vec<String> = state::candidates(dir).iter().map(|dir| dir.display().to_string()).collect();
    let program = state::program();
    anyhow!(
        "No gateway runs here (looked in {}).\nStart one: {program} demo, or {program} run --config FILE. \
         If it has its own state directory, name it: --dir DIR",
        dirs.join(", ")
    )
}

fn converse(
    mut stream: UnixStream,
    ask: &Ask,
    body: &[u8],
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<ExitCode> {
    let envelope = Envelope { version: VERSION, ask: serde_json::to_value(ask)? };
    let mut text = serde_json::to_string(&envelope)?;
    text.push('\n');
    stream.write_all(text.as_bytes()).context("the gateway does not listen")?;
    stream.write_all(body).context("the gateway does not take the file")?;
    for line in BufReader::new(stream).lines() {
        let line = line.context("the gateway stopped while it answered")?;
        let reply = serde_json::from_str(&line);
        match reply.with_context(|| format!("the gateway answers in another language: {line}"))? {
            Reply::Line(line) => {
                if !print(&line)? {
                    return Ok(ExitCode::SUCCESS);
                }
            }
            Reply::Part(digits) => {
                take(&bytes(&digits).with_context(|| format!("the gateway sent no bytes: {digits:.40}"))?)?;
            }
            Reply::End(code) => return Ok(ExitCode::from(code)),
            Reply::Failed(why) => {
                eprintln!("{why}");
                return Ok(ExitCode::from(cli::TROUBLE));
            }
        }
    }
    bail!("the gateway stopped before it had answered")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_a_gateway_without_a_socket_has_are_not_read_but_it_is_named() {
        let dir = std::env::temp_dir().join(format!("tipring-client-{}", std::process::id()));
        state::prepare(&dir).unwrap();
        let gateway = Calls::open(&dir).unwrap();
        let told = calls(Some(&dir), false, 5, false).unwrap_err().to_string();
        assert!(told.contains("starting or stopping") && !told.contains("another"), "{told}");
        drop(gateway);
        assert!(calls(Some(&dir), false, 5, false).is_ok());
        std::fs::remove_dir_all(dir).unwrap();
    }
}
