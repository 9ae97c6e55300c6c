//! The state directory: where the control socket, the call records and the event log are.

use std::fs::DirBuilder;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use nix::unistd::geteuid;

/// The control socket's name in the directory.
pub const SOCKET_FILE: &str = "control.sock";
/// The longest path of a Unix socket, with its closing zero (unix(7)).
const MAX_SOCKET_PATH: usize = 108;

/// Where a gateway keeps its state if nothing else is said.
pub fn default_dir() -> PathBuf {
    runtime("tipring")
}

/// Where the demo keeps its state if nothing else is said.
pub fn demo_dir() -> PathBuf {
    runtime("tipring-demo")
}

fn runtime(name: &str) -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| Path::new(dir).is_absolute()) {
        Some(dir) => Path::new(&dir).join(name),
        None if geteuid().is_root() => Path::new("/run").join(name),
        None => std::env::temp_dir().join(format!("{name}-{}", geteuid())),
    }
}

/// Where the gateway of the system's service keeps its state.
const SERVICE_DIR: &str = "/var/lib/tipring";

/// Where a command looks for a running gateway, in order.
pub fn candidates(dir: Option<&Path>) -> Vec<PathBuf> {
    let all = || vec![default_dir(), demo_dir(), PathBuf::from(SERVICE_DIR)];
    dir.map_or_else(all, |dir| vec![dir.to_owned()])
}

/// Writes a file for this user alone, whole or not at all. What root writes in a directory of another user becomes that user's.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file =
        std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    if geteuid().is_root()
        && let Some(dir) = path.parent()
    {
        let owner = std::fs::metadata(dir)?;
        std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
    file.sync_all()?;
    std::fs::rename(&fresh, path)
}

/// Makes `dir` for this user alone, if it is not there.
pub fn prepare(dir: &Path) -> Result<()> {
    let shown = dir.display();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("{shown}: cannot be made. Give this user another one: --dir DIR"))?;
    let found = std::fs::metadata(dir).with_context(|| format!("{shown}"))?;
    ensure!(
        found.uid() == geteuid().as_raw(),
        "{shown}: belongs to another user. Run as that user, or give --dir DIR"
    );
    let length = dir.join(SOCKET_FILE).as_os_str().len();
    ensure!(
        length < MAX_SOCKET_PATH,
        "{shown}: too long for a socket in it ({length} bytes, {} are the most). Give a shorter --dir",
        MAX_SOCKET_PATH - 1
    );
    Ok(())
}

/// Removes the socket that a killed gateway left in `dir`; an error if one is running there.
pub fn claim(dir: &Path) -> Result<()> {
    let path = dir.join(SOCKET_FILE);
    let shown = path.display();
    match UnixStream::connect(&path) {
        Ok(_) => bail!(
            "A gateway already runs on {}. Stop it, or give this one its own state directory: --dir DIR",
            dir.display()
        ),
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(()),
        Err(why) if why.kind() == ErrorKind::ConnectionRefused => {
            let kind = std::fs::symlink_metadata(&path).with_context(|| format!("{shown}"))?.file_type();
            ensure!(kind.is_socket(), "{shown}: is no socket. Move it away, or give another --dir");
            std::fs::remove_file(&path).with_context(|| format!("{shown}: left by a gateway that was killed"))
        }
        Err(why) => Err(why).with_context(|| format!("{shown}")),
    }
}

/// The name under which the person who reads this can start this program.
pub fn program() -> String {
    let named = "tipring".to_owned();
    let Ok(own) = std::env::current_exe().and_then(std::fs::canonicalize) else { return named };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join("tipring")).find(|file| file.is_file());
    if found.and_then(|file| file.canonicalize().ok()).is_some_and(|file| file == own) {
        return named;
    }
    let here = std::env::current_dir().unwrap_or_default();
    own.strip_prefix(&here).unwrap_or(&own).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("tipring-state-{}-{name}", std::process::id()));
        prepare(&dir).unwrap();
        dir
    }

    #[test]
    fn a_socket_of_a_killed_gateway_is_removed_and_a_living_one_is_respected() {
        let dir = dir("claim");
        claim(&dir).unwrap();
        let listener = std::os::unix::net::UnixListener::bind(dir.join(SOCKET_FILE)).unwrap();
        let told = claim(&dir).unwrap_err().to_string();
        assert!(told.contains("already runs on") && told.contains("--dir"), "{told}");
        drop(listener);
        claim(&dir).unwrap();
        assert!(!dir.join(SOCKET_FILE).exists());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_file_that_is_no_socket_is_left_alone() {
        let dir = dir("file");
        std::fs::write(dir.join(SOCKET_FILE), "precious").unwrap();
        assert!(claim(&dir).unwrap_err().to_string().contains("is no socket"));
        assert!(dir.join(SOCKET_FILE).exists());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_told() {
        let long = std::env::temp_dir().join("d".repeat(120));
        let told = prepare(&long).unwrap_err().to_string();
        assert!(told.contains("too long for a socket"), "{told}");
        std::fs::remove_dir_all(long).unwrap();
    }
}
