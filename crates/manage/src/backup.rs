//! Backups: what a gateway is told and taught, in one encrypted file, and back.
//!
//! # What it does
//! [`make`] collects the configuration with the files that it names beside it, its history, users, tokens and what subscribers
//! have set. [`restore`] puts all that in place: checked as any edit is, in force as one new revision, whole or not at all.
//!
//! # Limits
//! Call records, the event log and certificates stay where they are. Files that are named by a whole path, or lie outside the
//! configuration's directory, are not in it; [`Made::left_out`] tells them.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow};
use tipring_call::{Features, Number};
use tipring_config::{Apply, Change, Effective};
use tipring_store::{
    Backup, BackupError, FEATURES_FILE, FeatureBook, FeatureRow, HISTORY_DIR, Past, Placed, Restoring,
    StoreError, Stored,
};

use crate::configuration::files;
use crate::configuration::{Configuration, Editor, Source, errors};
use crate::desk::{Desk, NO_FILE};
use crate::web::users::{USERS_FILE, differences};
use crate::{check, features, zone};

/// Where the files of a configuration are checked before they are put in place, in the state directory.
const CHECKED: &str = "restore.check";
/// What the names of files beside the configuration begin with.
const BESIDE: &str = "configuration/";
/// Bytes of history, at the most; the newest go first.
const MAX_HISTORY_BYTES: usize = 16 << 20;

/// What a gateway keeps beside its configuration.
#[derive(Debug)]
pub struct StateFiles {
    /// The state directory.
    pub dir: PathBuf,
    /// What subscribers have set.
    pub features: Arc<Mutex<FeatureBook>>,
}

/// A backup that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Made {
    /// A name for the file.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Files that the configuration names and that are not in it, each in a sentence.
    pub left_out: Vec<String>,
}

/// What a restore changed, or would change.
#[derive(Clone, PartialEq, Debug)]
pub struct Restored {
    /// The gateway that the backup is of, and when it was made.
    pub of: String,
    /// The configuration in force now.
    pub revision: u64,
    /// What differs.
    pub changes: Vec<Change>,
    /// What came of it, in words.
    pub lines: Vec<String>,
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file or the password.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// Its configuration is not accepted here.
    #[error("the configuration of the backup is not accepted here: {}", .0.first().map_or("", String::as_str))]
    Refused(Vec<String>),
    /// This machine.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

/// Makes a backup.
pub async fn make(desk: &Desk, password: String) -> Result<Made, RestoreError> {
    let (backup, left_out) = {
        let configuration = desk.configuration.lock().await;
        collect(desk, configuration.as_ref().ok_or_else(|| anyhow!(NO_FILE))?)?
    };
    let moment = crate::records::date_and_time(desk.clock.wall(), zone::offset_minutes);
    let day = moment.split_whitespace().next().unwrap_or_default().to_owned();
    let plain: String =
        backup.gateway.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    let mut random = [0; 28];
    tipring_host::system_entropy().fill(&mut random);
    let sealed = tokio::task::spawn_blocking(move || backup.seal(&password, random));
    let bytes = sealed.await.map_err(anyhow::Error::from)??;
    Ok(Made { name: format!("{plain}-{day}.backup"), bytes, left_out })
}

fn collect(desk: &Desk, configuration: &Configuration) -> Result<(Backup, Vec<String>)> {
    let own = configuration.file();
    let main = own.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = configuration.own_text()?;
    let mut files = Vec::new();
    let mut keep = |name: String, path: &Path| -> Result<()> {
        let bytes = std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
        let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
        files.push(Stored { name, mode, bytes });
        Ok(())
    };
    keep(format!("{BESIDE}{main}"), own)?;
    let (mut left_out, beside) = (Vec::new(), own.parent().unwrap_or(Path::new(".")));
    for path in named(configuration, &text) {
        match path.strip_prefix(beside).ok().filter(|path| leads_down(path)).and_then(Path::to_str) {
            Some(inside) => keep(format!("{BESIDE}{inside}"), &path)?,
            None => left_out.push(format!(
                "{} is not in the backup: it lies outside of {}. Keep it by other means.",
                path.display(),
                beside.display()
            )),
        }
    }
    let dir = &desk.kept.dir;
    for name in [USERS_FILE, FEATURES_FILE] {
        if dir.join(name).exists() {
            keep(name.to_owned(), &dir.join(name))?;
        }
    }
    let (mut left, history) = (MAX_HISTORY_BYTES, configuration.history().list()?);
    for past in history {
        let name = format!("{HISTORY_DIR}/{}.json", past.revision);
        let path = dir.join(&name);
        let length = std::fs::metadata(&path).map_or(usize::MAX, |found| found.len() as usize);
        let Some(rest) = left.checked_sub(length) else { break };
        left = rest;
        keep(name, &path)?;
    }
    let (gateway, revision) = (desk.asker.site().name.clone(), configuration.revision());
    Ok((Backup { gateway, made: desk.clock.wall().0, revision, main, files }, left_out))
}

/// The files that a configuration names, as whole paths.
fn named(configuration: &Configuration, text: &str) -> BTreeSet<PathBuf> {
    let beside = configuration.file().parent().unwrap_or(Path::new("."));
    let report = configuration.check(text);
    let mut paths: BTreeSet<PathBuf> = report.files.iter().map(|wanted| beside.join(&wanted.path)).collect();
    let drop_ins = files::names(configuration.file()).unwrap_or_default();
    paths.extend(drop_ins.into_iter().map(|name| files::directory(configuration.file()).join(name)));
    let Some(effective) = &report.effective else { return paths };
    paths.extend(effective.syslog.as_ref().and_then(|syslog| syslog.ca_file.as_ref()).map(PathBuf::from));
    if let Some(directory) = &effective.announcement_files
        && let Ok(entries) = std::fs::read_dir(directory)
    {
        let is_sound =
            |path: &PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("wav"));
        paths.extend(entries.flatten().map(|entry| entry.path()).filter(is_sound));
    }
    paths
}

fn leads_down(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Puts everything as it is in a backup; with `dry` it is only told what would change. Users' sessions end but the one with
/// the token `session`.
///
/// # Errors
/// The file, the password or the configuration in it; nothing has changed then.
pub async fn restore(
    desk: &Desk,
    bytes: Vec<u8>,
    password: String,
    by: &str,
    session: Option<&str>,
    dry: bool,
) -> Result<Restored, RestoreError> {
    let opened = tokio::task::spawn_blocking(move || Backup::open(&bytes, &password));
    let backup = opened.await.map_err(anyhow::Error::from)??;
    let mut configuration = desk.configuration.lock().await;
    let configuration = configuration.as_mut().ok_or_else(|| anyhow!(NO_FILE))?;
    let made = tipring_units::WallTime(backup.made);
    let of = format!("{}, {}", backup.gateway, crate::records::date_and_time(made, zone::offset_minutes));
    let effective = checked(desk, configuration, &backup)?;
    let mut changes = configuration.differences(&effective, &desk.asker.site());
    changes.extend(beside_changes(desk, configuration, &backup));
    if dry {
        return Ok(Restored { of, revision: configuration.revision(), changes, lines: Vec::new() });
    }
    let files = placed(desk, configuration, &backup)?;
    let (dir, book) = (desk.kept.dir.clone(), Arc::clone(&desk.kept.features));
    let put = tokio::task::spawn_blocking(move || {
        // Nothing that is set by star code meanwhile comes in between.
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        Restoring::prepare(&dir, &files)?.hold()?;
        Restoring::finish(&dir)?;
        taken(&mut book)
    });
    // From here on it holds; now those who have it in memory take it.
    let set = put.await.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)?;
    configuration.adopt_revisions()?;
    desk.asker.put_features(set).await.map_err(anyhow::Error::from)?;
    if let Some(door) = &desk.door {
        door.access().users().read_again()?;
        door.access().expel_all_but(session);
    }
    let wall = desk.clock.wall();
    let outcome = configuration.apply(Source::Own, &desk.asker, Editor { name: by, wall }).await?;
    if !outcome.accepted {
        return Err(RestoreError::Refused(outcome.lines));
    }
    for line in outcome.lines.iter().skip(1) {
        desk.logbook.note(wall, line);
    }
    Ok(Restored { of, revision: configuration.revision(), changes, lines: outcome.lines })
}

/// The effective form of a backup's configuration, with the files beside it as they are in the backup.
fn checked(desk: &Desk, configuration: &Configuration, backup: &Backup) -> Result<Effective, RestoreError> {
    let own = configuration.file();
    let text = main_text(backup)?;
    let directory = desk.kept.dir.join(CHECKED);
    let shown = own.display().to_string();
    let clean = || match std::fs::remove_dir_all(&directory) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    };
    let write = || -> std::io::Result<()> {
        clean()?;
        std::fs::create_dir(&directory)?;
        for (name, file) in beside(backup) {
            let path = directory.join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(&directory))?;
            std::fs::write(&path, &file.bytes)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(file.mode))?;
        }
        Ok(())
    };
    let report = write().map(|()| check::read_text(text, &shown, &directory.join(&backup.main)));
    clean()
        .and(report.as_ref().map(drop).map_err(|why| why.kind().into()))
        .with_context(|| format!("{}: the backup cannot be unpacked there", directory.display()))?;
    let report = report.map_err(anyhow::Error::from)?;
    let Some(mut effective) = report.effective.clone() else {
        return Err(RestoreError::Refused(errors(&report)));
    };
    // Where they will be.
    let home = own.parent().unwrap_or(Path::new("."));
    let moved = |path: &mut Option<String>| {
        let inside = path.as_deref().and_then(|path| Path::new(path).strip_prefix(&directory).ok());
        if let Some(inside) = inside.map(|inside| home.join(inside).display().to_string()) {
            *path = Some(inside);
        }
    };
    moved(&mut effective.announcement_files);
    if let Some(syslog) = &mut effective.syslog {
        moved(&mut syslog.ca_file);
    }
    Ok(effective)
}

fn main_text(backup: &Backup) -> Result<&str, BackupError> {
    let main = backup.file(&format!("{BESIDE}{}", backup.main)).ok_or(BackupError::Damaged)?;
    core::str::from_utf8(&main.bytes).map_err(|_| BackupError::Damaged)
}

/// The files beside the configuration, and it.
fn beside(backup: &Backup) -> impl Iterator<Item = (&str, &Stored)> {
    backup.files.iter().filter_map(|file| Some((file.name.strip_prefix(BESIDE)?, file)))
}

/// Where a file beside the configuration belongs; the directory of drop-ins is named after the configuration's own file.
fn place_of(name: &str, own: &Path, backup: &Backup) -> PathBuf {
    let drop_ins = files::directory(Path::new(&backup.main));
    match Path::new(name).strip_prefix(&drop_ins) {
        Ok(inside) => files::directory(own).join(inside),
        Err(_) => own.parent().unwrap_or(Path::new(".")).join(name),
    }
}

/// Every file with its place.
fn placed(desk: &Desk, configuration: &Configuration, backup: &Backup) -> Result<Vec<Placed>> {
    let own = configuration.file();
    let dir = &desk.kept.dir;
    let mut all = Vec::new();
    let mode = std::fs::metadata(own)?.permissions().mode() & 0o777;
    let before = std::fs::read(own)?;
    all.push(Placed { place: files::beside(own, "before"), mode, bytes: Some(before) });
    for (name, file) in beside(backup) {
        let is_main = name == backup.main;
        let (place, mode) =
            if is_main { (own.to_owned(), mode) } else { (place_of(name, own, backup), file.mode) };
        all.push(Placed { place, mode, bytes: Some(file.bytes.clone()) });
    }
    // A drop-in that the backup does not have would go on having its say.
    for name in files::names(own)? {
        let place = files::directory(own).join(name);
        if !all.iter().any(|file| file.place == place) {
            all.push(Placed { place, mode, bytes: None });
        }
    }
    let differs = |file: &&Placed| std::fs::read(&file.place).ok() != file.bytes;
    if let Some(locked) = all.iter().filter(|file| files::is_locked(&file.place)).find(differs) {
        return Err(files::locked(&locked.place));
    }
    for name in [USERS_FILE, FEATURES_FILE] {
        if let Some(file) = backup.file(name) {
            all.push(Placed { place: dir.join(name), mode: 0o600, bytes: Some(file.bytes.clone()) });
        }
    }
    let mut latest = backup.revision;
    for file in backup.files.iter().filter(|file| file.name.starts_with(HISTORY_DIR)) {
        let mut past: Past = serde_json::from_slice(&file.bytes).map_err(|_| BackupError::Damaged)?;
        latest = latest.max(past.revision);
        // What happened here stays as it is told here.
        if configuration.history().get(past.revision).is_ok_and(|own| own.is_none()) {
            past.by.push_str(" (backup)");
            let place = dir.join(HISTORY_DIR).join(format!("{}.json", past.revision));
            all.push(Placed { place, mode: 0o600, bytes: Some(serde_json::to_vec(&past)?) });
        }
    }
    all.push(configuration.revisions().above(latest)?);
    Ok(all)
}

/// What differs beside the configuration itself.
fn beside_changes(desk: &Desk, configuration: &Configuration, backup: &Backup) -> Vec<Change> {
    let change = |path: &str, old: Option<String>, new: Option<String>| Change {
        path: path.to_owned(),
        apply: Apply::Live,
        old,
        new,
    };
    let (own, dir) = (configuration.file(), &desk.kept.dir);
    let bytes = |count: usize| format!("{count} bytes");
    let mut all = Vec::new();
    for (name, file) in beside(backup).filter(|(name, _)| *name != backup.main) {
        let old = std::fs::read(place_of(name, own, backup)).ok();
        if old.as_ref() != Some(&file.bytes) {
            all.push(change(name, old.map(|old| bytes(old.len())), Some(bytes(file.bytes.len()))));
        }
    }
    for name in files::names(own).unwrap_or_default() {
        let there = files::directory(Path::new(&backup.main)).join(&name);
        if backup.file(&format!("{BESIDE}{}", there.display())).is_none() {
            all.push(change(&there.display().to_string(), Some("a drop-in".to_owned()), None));
        }
    }
    if let Some(file) = backup.file(USERS_FILE) {
        let old = std::fs::read(dir.join(USERS_FILE)).unwrap_or_default();
        let told = |text: String| Some(text).filter(|text| !text.is_empty());
        let differ = differences(&old, &file.bytes).into_iter();
        all.extend(differ.map(|(what, old, new)| change(what, told(old), told(new))));
    }
    if let Some(new) = backup.file(FEATURES_FILE).and_then(|file| rows(&file.bytes)) {
        let book = desk.kept.features.lock().unwrap_or_else(PoisonError::into_inner);
        let old = book.rows();
        let numbers: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for number in numbers.into_iter().filter(|number| old.get(*number) != new.get(*number)) {
            let told = |row: Option<&FeatureRow>| row.map(shown).filter(|text| !text.is_empty());
            all.push(change(&format!("set by {number}"), told(old.get(number)), told(new.get(number))));
        }
    }
    all
}

fn rows(bytes: &[u8]) -> Option<std::collections::BTreeMap<String, FeatureRow>> {
    serde_json::from_slice(bytes).ok()
}

/// `always 5550123, do-not-disturb on`.
fn shown(row: &FeatureRow) -> String {
    let forward =
        row.forward.iter().map(|(when, to)| format!("{when} {}", if to.is_empty() { "off" } else { to }));
    let flags = row.flags.iter().map(|(flag, on)| format!("{flag} {}", if *on { "on" } else { "off" }));
    let speed = row.speed.iter().map(|(key, number)| format!("{key}: {number}"));
    forward.chain(flags).chain(speed).collect::<Vec<_>>().join(", ")
}

/// What the book has on the disk now, for each telephone that it had something of.
fn taken(book: &mut FeatureBook) -> Result<Vec<(Number, Features)>, StoreError> {
    let old: BTreeSet<String> = book.rows().keys().cloned().collect();
    book.read_again()?;
    let numbers: BTreeSet<&String> = old.iter().chain(book.rows().keys()).collect();
    let set = |number: &String| book.rows().get(number).map(features::features).unwrap_or_default();
    Ok(numbers.into_iter().map(|number| (Number::new(number), set(number))).collect())
}
