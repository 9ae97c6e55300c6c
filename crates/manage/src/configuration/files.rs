//! The files of a configuration: its own one, and the drop-ins in the directory beside it (`tipring.d` of `tipring.toml`), in the
//! order of their names.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use tipring_config::{MAX_FILE, Part};
use tipring_store::{Placed, Restoring};

/// Drop-ins of a configuration, at the most.
const MAX_DROP_INS: usize = 64;

/// What is in all files of a configuration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Texts {
    /// In its own file.
    pub own: String,
    /// In each drop-in, by its file's name.
    pub drop_ins: BTreeMap<String, String>,
}

/// Where the drop-ins of a configuration are.
pub fn directory(own: &Path) -> PathBuf {
    own.with_extension("d")
}

/// True if nobody is to edit the file here: its owner has no permission to write.
pub fn is_locked(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o200 == 0)
}

/// Why such a file is left as it is.
pub fn locked(path: &Path) -> anyhow::Error {
    let shown = path.display();
    anyhow!(
        "{shown} is locked: its owner may not write. Edit it where it comes from, or run: chmod u+w {shown}"
    )
}

/// A text that is bounded.
pub fn read(path: &Path) -> Result<String> {
    let shown = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("{shown}: cannot be read"))?.len();
    ensure!(length <= MAX_FILE as u64, "{shown}: {length} bytes; a configuration has {MAX_FILE} at the most");
    std::fs::read_to_string(path).with_context(|| format!("{shown}: cannot be read"))
}

/// The names of the drop-ins of `own`, in order.
pub fn names(own: &Path) -> Result<Vec<String>> {
    let directory = directory(own);
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(why) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&why.kind()) => {
            return Ok(Vec::new());
        }
        Err(why) => return Err(why).with_context(|| format!("{}: cannot be read", directory.display())),
    };
    let name = |entry: std::fs::DirEntry| entry.file_name().into_string().ok();
    let is_one = |name: &String| name.ends_with(".toml") && !name.starts_with('.');
    let mut names: Vec<String> = entries.flatten().filter_map(name).filter(is_one).collect();
    names.sort();
    ensure!(
        names.len() <= MAX_DROP_INS,
        "{}: {} drop-ins; {MAX_DROP_INS} are the most",
        directory.display(),
        names.len()
    );
    Ok(names)
}

impl Texts {
    /// `own` with the drop-ins that are on the disk beside the file `place`.
    pub fn beside(own: String, place: &Path) -> Result<Self> {
        let directory = directory(place);
        let read = |name: String| Ok((name.clone(), read(&directory.join(name))?));
        Ok(Self { own, drop_ins: names(place)?.into_iter().map(read).collect::<Result<_>>()? })
    }

    /// What each file of the configuration at `place` is called, the own one `shown`.
    pub fn shown(&self, shown: &str, place: &Path) -> Vec<String> {
        let directory = directory(place);
        let drop_ins = self.drop_ins.keys().map(|name| directory.join(name).display().to_string());
        core::iter::once(shown.to_owned()).chain(drop_ins).collect()
    }

    /// All of them for a check, with what they are called.
    pub fn parts<'a>(&'a self, names: &'a [String]) -> Vec<Part<'a>> {
        let texts = core::iter::once(&self.own).chain(self.drop_ins.values());
        names.iter().zip(texts).map(|(name, text)| Part { name, text }).collect()
    }

    /// The same files with other texts, in the order of [`Texts::parts`].
    pub fn with(&self, texts: Vec<String>) -> Self {
        let mut texts = texts.into_iter();
        let own = texts.next().unwrap_or_default();
        Self { own, drop_ins: self.drop_ins.keys().cloned().zip(texts).collect() }
    }

    /// Puts them in the place of those at `own`, all or none; what the own file was is kept beside it. `state` is the state
    /// directory.
    ///
    /// # Errors
    /// One that would change is locked, or cannot be written.
    pub fn write(&self, own: &Path, state: &Path) -> Result<()> {
        let before = Self::beside(read(own)?, own)?;
        let directory = directory(own);
        let mut changed: Vec<(PathBuf, Option<&String>)> = Vec::new();
        if self.own != before.own {
            changed.push((own.to_owned(), Some(&self.own)));
        }
        for (name, text) in
            self.drop_ins.iter().filter(|(name, text)| before.drop_ins.get(*name) != Some(text))
        {
            changed.push((directory.join(name), Some(text)));
        }
        let gone = before.drop_ins.keys().filter(|name| !self.drop_ins.contains_key(*name));
        changed.extend(gone.map(|name| (directory.join(name), None)));
        if let Some((locked, _)) = changed.iter().find(|(path, _)| is_locked(path)) {
            return Err(self::locked(locked));
        }
        match &changed[..] {
            [] => keep_before(own),
            [(path, Some(text))] if path == own => keep_before(own).and_then(|()| replace(own, text)),
            _ => {
                keep_before(own)?;
                let placed = changed.iter().map(|(path, text)| Placed {
                    place: path.clone(),
                    mode: mode(path).unwrap_or(0o600),
                    bytes: text.map(|text| text.clone().into_bytes()),
                });
                let placed: Vec<Placed> = placed.collect();
                Restoring::prepare(state, &placed)?.hold()?;
                Restoring::finish(state)?;
                Ok(())
            }
        }
    }
}

fn mode(path: &Path) -> std::io::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

/// The file of that name with something behind it.
pub fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn keep_before(own: &Path) -> Result<()> {
    let before = beside(own, "before");
    std::fs::copy(own, &before).map(drop).with_context(|| format!("{}: cannot be written", before.display()))
}

/// Whole or not at all.
fn replace(own: &Path, text: &str) -> Result<()> {
    let fresh = beside(own, "new");
    let write = || -> std::io::Result<()> {
        let mode = mode(own)?;
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        std::fs::rename(&fresh, own)
    };
    write().with_context(|| format!("{}: cannot be written", own.display()))
}
