//! Commands that send a file to a running gateway, or get one: backups, tables of telephones.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use tipring_manage::protocol::{Ask, ConfigAct, Password};
use tipring_store::MAX_BACKUP;

use crate::client;

/// Bytes of a password, at the most.
const MAX_PASSWORD: u64 = 1024;

/// Writes a backup into `file`.
pub fn backup(dir: Option<&Path>, file: &Path, password_file: Option<&Path>) -> Result<ExitCode> {
    let shown = file.display();
    ensure!(!file.exists(), "{shown} is there already. Name another file, or move it away");
    let password = match password_file {
        Some(from) => password_of(from)?,
        None => {
            let password = asked("Password of the backup: ")?;
            ensure!(password == asked("Once more: ")?, "The two are not the same. Nothing was written");
            password
        }
    };
    let mut bytes = Vec::new();
    let mut take = |part: &[u8]| {
        bytes.extend(part);
        Ok(())
    };
    let ask = Ask::Config(ConfigAct::Backup(Password(password)));
    let code = client::ask_with(dir, &ask, &[], &mut take)?;
    if bytes.is_empty() {
        return Ok(code);
    }
    let write = || -> std::io::Result<()> {
        let mut out = OpenOptions::new().create_new(true).write(true).mode(0o600).open(file)?;
        out.write_all(&bytes)?;
        out.sync_all()
    };
    write().with_context(|| format!("{shown}: cannot be written"))?;
    client::print(&format!(
        "{shown}: {} bytes. Without its password nobody reads it, you neither.",
        bytes.len()
    ))?;
    Ok(code)
}

/// Has the gateway put everything as it is in `file`.
pub fn restore(
    dir: Option<&Path>,
    file: &Path,
    dry_run: bool,
    password_file: Option<&Path>,
) -> Result<ExitCode> {
    let bytes = read(file)?;
    let password = match password_file {
        Some(from) => password_of(from)?,
        None => asked("Password of the backup: ")?,
    };
    let act = ConfigAct::Restore { password: Password(password), dry_run, length: bytes.len() };
    send(dir, &Ask::Config(act), &bytes)
}

/// Has the gateway make and edit telephones by the table in `file`.
pub fn batch(dir: Option<&Path>, file: &Path, dry_run: bool) -> Result<ExitCode> {
    let bytes = read(file)?;
    send(dir, &Ask::Batch { dry_run, length: bytes.len() }, &bytes)
}

fn send(dir: Option<&Path>, ask: &Ask, bytes: &[u8]) -> Result<ExitCode> {
    client::ask_with(dir, ask, bytes, &mut |_| bail!("the gateway answers with a file"))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let shown = file.display();
    let length = std::fs::metadata(file).with_context(|| format!("{shown}: cannot be read"))?.len();
    ensure!(length <= MAX_BACKUP as u64, "{shown}: {length} bytes; {MAX_BACKUP} are the most");
    std::fs::read(file).with_context(|| format!("{shown}: cannot be read"))
}

/// The first line of a file, or of standard input.
fn password_of(from: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if from == Path::new("-") {
        std::io::stdin().take(MAX_PASSWORD).read_to_string(&mut text)
    } else {
        std::fs::File::open(from).and_then(|file| file.take(MAX_PASSWORD).read_to_string(&mut text))
    };
    read.with_context(|| format!("{}: no password can be read", from.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Asks at the terminal, which shows nothing meanwhile.
fn asked(prompt: &str) -> Result<String> {
    let none =
        "There is no terminal to ask for the password. Name a file that holds it: --password-file FILE";
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").context(none)?;
    let shown = tcgetattr(&terminal).context(none)?;
    let mut hidden = shown.clone();
    hidden.local_flags.remove(LocalFlags::ECHO);
    terminal.write_all(prompt.as_bytes())?;
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &hidden)?;
    let line = line(&mut terminal);
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &shown)?;
    terminal.write_all(b"\n")?;
    line
}

/// A line, byte by byte: what comes behind it is not for us.
fn line(from: &mut impl Read) -> Result<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while line.len() < MAX_PASSWORD as usize && from.read(&mut byte)? == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    Ok(String::from_utf8(line).context("the password is not in UTF-8")?.trim_end_matches('\r').to_owned())
}
