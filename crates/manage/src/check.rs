//! Reading a configuration with the files that it names, and what is wrong with it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;
use tipring_config::{
    Abilities, Effective, FileFound, Files, Finding, Level, MAX_SECRET_FILE, Report, Syslog, check_for,
    check_parts, masked,
};

use crate::configuration::files::{self, Texts};
use crate::plan_check;

/// What this build has.
const ABILITIES: Abilities = Abilities { opus: cfg!(feature = "opus") };

/// Reads a configuration and the files that it names, and checks all.
pub fn read(file: &Path) -> Result<Report> {
    Ok(read_as(file, file)?.1)
}

/// Reads a configuration that is to be in the place of `place`: the files that it names and its drop-ins are looked for there.
/// What is in it, and what the check found.
pub fn read_as(file: &Path, place: &Path) -> Result<(Texts, Report)> {
    let shown = file.display().to_string();
    let texts = Texts::beside(files::read(file)?, place)?;
    let mut report = read_texts(&texts, &shown, place);
    if report.secrets_inline {
        let drop_ins = texts.drop_ins.iter().map(|(name, text)| (files::directory(place).join(name), text));
        for (path, text) in core::iter::once((file.to_owned(), &texts.own)).chain(drop_ins) {
            let mode = mode(&path).unwrap_or(0o600);
            if mode & 0o077 != 0 && masked(text) != *text {
                let shown = path.display();
                report.findings.push(Finding {
                    level: Level::Note,
                    file: shown.to_string(),
                    line: 1,
                    message: format!(
                        "holds a password and can be read by others (mode {mode:04o}). Run: chmod 600 {shown}"
                    ),
                });
            }
        }
    }
    Ok((texts, report))
}

/// Checks a text called `shown` that is to be in the place of `place`, with the files that it names and the drop-ins there.
pub fn read_text(text: &str, shown: &str, place: &Path) -> Report {
    match Texts::beside(text.to_owned(), place) {
        Ok(texts) => read_texts(&texts, shown, place),
        Err(why) => {
            let mut report = check_for(text, shown, &Files::new(), ABILITIES);
            report.effective = None;
            let (file, message) = (shown.to_owned(), format!("{why:#}."));
            report.findings.push(Finding { level: Level::Error, file, line: 1, message });
            report
        }
    }
}

/// Checks all files of a configuration whose own one is to be in the place of `place` and is called `shown`.
pub fn read_texts(texts: &Texts, shown: &str, place: &Path) -> Report {
    let names = texts.shown(shown, place);
    let parts = texts.parts(&names);
    let mut files = Files::new();
    let mut report = check_parts(&parts, &files, ABILITIES);
    // Files that are named by files would be found in a second round; there are none yet.
    for wanted in &report.files {
        files.insert(wanted.path.clone(), found(place, &wanted.path));
    }
    if !files.is_empty() {
        report = check_parts(&parts, &files, ABILITIES);
    }
    if let Some(effective) = &report.effective {
        report.findings.extend(plan_check::findings(effective, shown));
    }
    if report.of(Level::Error).count() > 0 {
        report.effective = None;
    }
    // Where a key is written, for what is only found on the disk.
    let written = |key: &str| {
        let is_key = |line: &str| line.trim_start().starts_with(key);
        let places =
            parts.iter().filter_map(|part| Some((part.name, part.text.lines().position(is_key)? + 1)));
        let (file, line) = places.into_iter().next().unwrap_or((shown, 1));
        (file.to_owned(), line)
    };
    if let Some(effective) = &mut report.effective
        && let Some(path) = &mut effective.announcement_files
    {
        // Beside the configuration, unless it is a whole path.
        let directory = place.parent().unwrap_or(Path::new(".")).join(&*path);
        *path = directory.display().to_string();
        let (level, told) = match crate::recordings::read(&directory) {
            Ok(found) => (Level::Note, crate::recordings::missing(&directory, &found).into_iter().collect()),
            Err(wrong) => {
                report.effective = None;
                (Level::Error, wrong)
            }
        };
        let (file, line) = written("announcement_files");
        let finding = |message| Finding { level, file: file.clone(), line, message };
        report.findings.extend(told.into_iter().map(finding));
    }
    if let Some(Syslog { ca_file: Some(path), .. }) =
        report.effective.as_mut().and_then(|effective| effective.syslog.as_mut())
    {
        let found = place.parent().unwrap_or(Path::new(".")).join(&*path);
        *path = found.display().to_string();
        if let Err(why) = crate::syslog::roots(Some(&found)) {
            report.effective = None;
            let (file, line) = written("ca_file");
            report.findings.push(Finding { level: Level::Error, file, line, message: format!("{why:#}.") });
        }
    }
    if let Some(web) = report.effective.as_mut().map(|effective| &mut effective.web)
        && let (Some(certificate), Some(key)) = (&mut web.certificate, &mut web.key)
    {
        for path in [&mut *certificate, &mut *key] {
            *path = place.parent().unwrap_or(Path::new(".")).join(&*path).display().to_string();
        }
        let (file, line) = written("certificate");
        let mut note = |message| {
            report.findings.push(Finding { level: Level::Note, file: file.clone(), line, message });
        };
        // No reason to be without telephones: the page goes on with the one that it has, and there is an alarm.
        if let Err(why) = crate::web::certificate::read(certificate, key) {
            note(format!("[web] {why:#}. Until it is put right another one is shown."));
        } else if let Some(mode) = mode(Path::new(key)).ok().filter(|mode| mode & 0o077 != 0) {
            note(format!("[web] {key} can be read by others (mode {mode:04o}). Run: chmod 600 {key}"));
        }
    }
    report
}

/// `36 phones, 2 servers`: what there is.
pub fn census(effective: &Effective) -> String {
    let count = |count: usize, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {one}s")),
    };
    let used = effective.phone.values().filter(|phone| phone.service.is_used()).count();
    let unused = effective.phone.len() - used;
    let parts = [
        count(used, "phone"),
        count(unused, "phone").map(|text| format!("{text} not in this version yet")),
        count(effective.sip.len(), "SIP phone"),
        count(effective.line.values().filter(|line| line.service.is_used()).count(), "outside line"),
        count(effective.line.values().filter(|line| !line.service.is_used()).count(), "outside line")
            .map(|text| format!("{text} not in this version yet")),
        count(effective.server.values().filter(|server| server.service.is_used()).count(), "server"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing in use".to_owned() } else { parts.join(", ") }
}

fn found(configuration: &Path, path: &str) -> FileFound {
    // Beside the configuration, unless it is a whole path.
    let path = configuration.parent().unwrap_or(Path::new(".")).join(path);
    let read = || {
        let length = std::fs::metadata(&path)?.len();
        if length > MAX_SECRET_FILE as u64 {
            return Err(std::io::Error::other(format!("{length} bytes; {MAX_SECRET_FILE} are the most")));
        }
        Ok((std::fs::read_to_string(&path)?, mode(&path)?))
    };
    match read() {
        Ok((text, mode)) => FileFound::Text { text, mode },
        Err(why) => FileFound::Unreadable(why.to_string()),
    }
}

fn mode(path: &Path) -> std::io::Result<u32> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}
