//! The configuration of a running gateway: reading its file again, telling what an edit would change and when, and
//! applying it.

mod ends;
pub mod files;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tipring_config::{
    Apply, Change, Effective, Files, Level, MASK, Report, Room, Web, diff, fingerprint, masked, unmasked,
};
use tipring_gateway::{Reload, Site, Wiring};
use tipring_host::Asker;
use tipring_store::{History, Past, Revisions};
use tipring_units::WallTime;
use tokio::sync::watch;

use self::ends::{ends, line_until_start, without_line};
use self::files::Texts;
use crate::{check, parts, zone};

/// Changes that are told, at the most; more are counted.
const MAX_TOLD: usize = 200;

/// What the gateway runs, and the file that it comes from.
#[derive(Debug)]
pub struct Configuration {
    file: PathBuf,
    /// As it was at the start: sockets are of it.
    started: Effective,
    /// As it was accepted last.
    current: Effective,
    revisions: Revisions,
    history: History,
    /// Those of the web page, for who serves it.
    web: watch::Sender<Web>,
    /// Files that it names, as whole paths.
    named: Vec<PathBuf>,
    /// What its files were when they were looked at last: their digest.
    seen: u64,
}

/// Where the text of a configuration is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source<'a> {
    /// In the own file, as it is now.
    Own,
    /// In another file.
    File(&'a Path),
    /// Here; the drop-ins are as they are.
    Text(&'a str),
    /// Here, with all drop-ins.
    Whole(&'a Texts),
}

impl<'a> Source<'a> {
    /// A file that was named, or the own one.
    pub fn named(file: Option<&'a Path>) -> Self {
        file.map_or(Self::Own, Self::File)
    }
}

/// Who edits, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Editor<'a> {
    /// His name.
    pub name: &'a str,
    /// When.
    pub wall: WallTime,
}

/// What came of an edit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// In words, a line each.
    pub lines: Vec<String>,
    /// It was accepted.
    pub accepted: bool,
}

impl Configuration {
    /// The configuration of `file`, with its number.
    pub fn new(
        file: &Path,
        effective: &Effective,
        mut revisions: Revisions,
        history: History,
        wall: WallTime,
    ) -> (Self, u64) {
        let known = revisions.latest();
        let (revision, kept) = revisions.take(fingerprint(effective));
        if let Err(why) = kept {
            tracing::warn!("the revision is not kept: {why}");
        }
        // A later change of the working directory must not give another file.
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let web = watch::Sender::new(effective.web.clone());
        let (started, current) = (effective.clone(), effective.clone());
        let mut own = Self { file, started, current, revisions, history, web, named: Vec::new(), seen: 0 };
        own.look();
        if revision != known
            && let Ok(texts) = own.texts()
        {
            own.remember(revision, Editor { name: "start", wall }, String::new(), texts);
        }
        (own, revision)
    }

    /// What is in force, each value with where it comes from: all of it, or what concerns one telephone, line or server.
    pub fn show(&self, name: Option<&str>) -> Outcome {
        let text = self.current.to_string();
        let Some(name) = name else {
            return Outcome { lines: text.lines().map(str::to_owned).collect(), accepted: true };
        };
        let wanted = |table: &str| {
            let header = table.trim_start().strip_prefix('[').and_then(|rest| rest.split(']').next());
            header.is_some_and(|header| {
                header == name || header.split_once('.').is_some_and(|(_, own)| own == name)
            })
        };
        let tables = text.split("\n\n").filter(|table| wanted(table));
        let lines: Vec<String> = tables.flat_map(str::lines).map(str::to_owned).collect();
        if lines.is_empty() {
            let why = format!("there is no phone, line or server {name}: `tipring config show` shows all");
            return Outcome { lines: vec![why], accepted: false };
        }
        Outcome { lines, accepted: true }
    }

    /// Every value that holds for one telephone, with where it comes from.
    pub fn port(&self, which: &str) -> Outcome {
        match self.current.port(which) {
            Some(text) => Outcome { lines: text.lines().map(str::to_owned).collect(), accepted: true },
            None => {
                let why = format!(
                    "there is no phone {which}, nor one on a port of that name: `tipring lines` lists yours"
                );
                Outcome { lines: vec![why], accepted: false }
            }
        }
    }

    /// What a text would change.
    pub fn compare(&self, source: Source<'_>, site: &Site) -> Outcome {
        match self.read(source) {
            Ok((_, effective)) => {
                let changes = self.changes(&self.current, &effective, site);
                let mut lines = told(&changes);
                lines.extend(
                    without_line(&effective, site).iter().map(|why| format!("At the next start {why}.")),
                );
                Outcome { lines, accepted: true }
            }
            Err(lines) => Outcome { lines, accepted: false },
        }
    }

    /// Applies a text, which becomes that of the own file if it is accepted.
    pub async fn apply(&mut self, source: Source<'_>, asker: &Asker, by: Editor<'_>) -> Result<Outcome> {
        let wall = by.wall;
        let site = asker.site();
        let read = self.read(source).and_then(|(texts, effective)| {
            if source != Source::Own {
                texts.write(&self.file, self.history.state()).map_err(|why| vec![format!("{why:#}.")])?;
            }
            Ok((texts, effective))
        });
        self.look();
        let (texts, effective) = match read {
            Ok(read) => read,
            Err(mut lines) => {
                asker.configuration_refused(lines.first().cloned().unwrap_or_default()).await?;
                let stays = format!(" Revision {} stays in force.", self.revisions.latest());
                if let Some(last) = lines.last_mut() {
                    last.push_str(&stays);
                }
                return Ok(Outcome { lines, accepted: false });
            }
        };
        let changes = self.changes(&self.current, &effective, &site);
        let mut lines = told(&changes);
        lines.extend(without_line(&effective, &site).iter().map(|why| format!("At the next start {why}.")));
        let known = self.revisions.latest();
        let (revision, kept) = self.revisions.take(fingerprint(&effective));
        if revision != known {
            self.remember(revision, by, summary(&changes), texts);
        }
        if let Err(why) = kept {
            lines.push(format!("The number of the revision is not kept: {why}"));
        }
        let wiring = Wiring {
            slots: site.media.slots.clone(),
            sip: site.sip.agent.udp,
            // Lines stay on the shards that they have.
            lines_per_shard: usize::MAX,
            utc_offset_minutes: zone::offset_minutes(wall),
            revision,
        };
        let next_start = self.next_start(&effective, &site);
        asker.configure(Reload { site: Site::configured(&effective, &wiring), next_start }).await?;
        if effective.country.code != self.current.country.code {
            parts::move_laboratory(asker, &site, &effective).await;
        }
        self.web.send_if_modified(|web| core::mem::replace(web, effective.web.clone()) != effective.web);
        self.current = effective;
        lines.insert(0, format!("Configuration {revision} in force."));
        Ok(Outcome { lines, accepted: true })
    }

    /// Writes each room with its port into the own file, and applies it.
    pub async fn put_rooms(&mut self, rooms: &[Room], asker: &Asker, by: Editor<'_>) -> Result<Outcome> {
        let text = std::fs::read_to_string(&self.file)?;
        let name = self.file.display().to_string();
        let edited = match tipring_config::put_rooms(&text, &name, &Files::new(), &self.current, rooms) {
            Ok(edited) => edited,
            Err(why) => {
                let mut lines: Vec<String> = why.to_string().lines().map(str::to_owned).collect();
                lines.push("Nothing is written. The rooms:".to_owned());
                lines.extend(tipring_config::room_tables(rooms).lines().map(str::to_owned));
                return Ok(Outcome { lines, accepted: false });
            }
        };
        self.apply(Source::Text(&edited.text), asker, by).await
    }

    /// The own file's name.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The settings of the web page, as they are edited.
    pub fn web(&self) -> watch::Receiver<Web> {
        self.web.subscribe()
    }

    /// The number of the configuration in force.
    pub fn revision(&self) -> u64 {
        self.revisions.latest()
    }

    /// The text of the own file as people elsewhere see it: without passwords.
    pub fn shown_text(&self) -> Result<String> {
        Ok(masked(&self.own_text()?))
    }

    /// A text that was shown and edited, with the passwords that it had.
    ///
    /// # Errors
    /// In words, where it has no password to put back.
    pub fn with_secrets(&self, text: &str) -> Result<Result<String, Vec<String>>> {
        let told =
            |path: &String| format!("{path}: {MASK} stands for a password that there is none of. Write it.");
        Ok(unmasked(text, &self.own_text()?).map_err(|paths| paths.iter().map(told).collect()))
    }

    /// What is wrong with a text, or worth a note.
    pub fn check(&self, text: &str) -> Report {
        check::read_text(text, &self.file.display().to_string(), &self.file)
    }

    /// What a text would change, and when.
    pub fn differences(&self, effective: &Effective, site: &Site) -> Vec<Change> {
        self.changes(&self.current, effective, site)
    }

    /// The configurations that were in force.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The text of the own file.
    pub fn own_text(&self) -> Result<String> {
        std::fs::read_to_string(&self.file)
            .with_context(|| format!("{}: cannot be read", self.file.display()))
    }

    /// The numbers of configurations.
    pub const fn revisions(&self) -> &Revisions {
        &self.revisions
    }

    /// Takes the numbers from the disk again, where somebody else has put them.
    pub fn adopt_revisions(&mut self) -> Result<()> {
        Ok(self.revisions.read_again()?)
    }

    /// What is in all its files now.
    pub fn texts(&self) -> Result<Texts> {
        Texts::beside(self.own_text()?, &self.file)
    }

    /// What is wrong with the texts of all files, or worth a note.
    pub fn check_texts(&self, texts: &Texts) -> Report {
        check::read_texts(texts, &self.file.display().to_string(), &self.file)
    }

    /// The files that say what is in force: its own one, the drop-ins and those that they name.
    pub fn watched(&self) -> Vec<PathBuf> {
        let directory = files::directory(&self.file);
        let drop_ins =
            files::names(&self.file).unwrap_or_default().into_iter().map(|name| directory.join(name));
        core::iter::once(self.file.clone()).chain(drop_ins).chain(self.named.iter().cloned()).collect()
    }

    /// True if its files are as they were when they were looked at last.
    pub fn has_seen(&self) -> bool {
        self.digest() == self.seen
    }

    fn digest(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        for path in self.watched() {
            (&path, std::fs::read(&path).ok()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Its files are looked at, whatever is in them.
    fn look(&mut self) {
        let beside = self.file.parent().unwrap_or(Path::new(".")).to_owned();
        if let Ok(text) = self.own_text() {
            self.named = self.check(&text).files.iter().map(|wanted| beside.join(&wanted.path)).collect();
        }
        self.seen = self.digest();
    }

    /// That the history has a gap costs nobody a call: it is told in the log.
    fn remember(&self, revision: u64, by: Editor<'_>, summary: String, texts: Texts) {
        let Texts { own: text, drop_ins } = texts;
        let drop_ins = Some(drop_ins);
        let past = Past { revision, at: by.wall.0, by: by.name.to_owned(), summary, text, drop_ins };
        if let Err(why) = self.history.keep(&past) {
            tracing::warn!("configuration {} is not kept in the history: {why}", past.revision);
        }
    }

    /// The texts and the effective form in the place of the own files; what is wrong with them in words.
    fn read(&self, source: Source<'_>) -> Result<(Texts, Effective), Vec<String>> {
        let wrong = |why: anyhow::Error| vec![format!("{why:#}.")];
        let named = |file| check::read_as(file, &self.file).map_err(wrong);
        let (texts, report) = match source {
            Source::Own => named(&self.file)?,
            Source::File(file) => named(file)?,
            Source::Text(text) => {
                let texts = Texts::beside(text.to_owned(), &self.file).map_err(wrong)?;
                let report = self.check_texts(&texts);
                (texts, report)
            }
            Source::Whole(texts) => (texts.clone(), self.check_texts(texts)),
        };
        match report.effective.clone() {
            Some(effective) => Ok((texts, effective)),
            None => Err(errors(&report)),
        }
    }

    /// What differs, with the moment at which this gateway takes it.
    fn changes(&self, old: &Effective, new: &Effective, site: &Site) -> Vec<Change> {
        let mut changes = diff(old, new);
        let ends = ends(new);
        for end in ends.iter().filter(|end| !end.is_open(site)) {
            // Its port is opened at the next start. One that has a line stays there until then, unless it is another's.
            let has_line = line_until_start(end, &ends, site).is_ok();
            let prefix = end.prefix();
            let waits = |path: &str| path.strip_prefix(&prefix).is_some_and(|key| !has_line || key == "port");
            for change in changes.iter_mut().filter(|change| waits(&change.path)) {
                change.apply = Apply::NextStart;
            }
        }
        changes
    }

    /// What differs from what was started and waits for the next start.
    fn next_start(&self, new: &Effective, site: &Site) -> Vec<String> {
        let changes = self.changes(&self.started, new, site);
        let waiting = changes.iter().filter(|change| change.apply == Apply::NextStart);
        let mut told: Vec<String> = without_line(new, site);
        told.extend(waiting.map(values));
        told.truncate(MAX_TOLD);
        told
    }
}

/// What a check found wrong, a line each.
pub(crate) fn errors(report: &Report) -> Vec<String> {
    let mut lines: Vec<String> = report.of(Level::Error).map(ToString::to_string).collect();
    if report.unlisted > 0 {
        lines.push(format!("and {} more.", report.unlisted));
    }
    lines
}

/// `phone.101.name: "Desk" -> "Front desk"`; passwords are not shown.
fn values(change: &Change) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    format!("{}: {} -> {}", change.path, shown(&change.old), shown(&change.new))
}

/// The first of what changed, in a line.
fn summary(changes: &[Change]) -> String {
    let paths: Vec<&str> = changes.iter().take(3).map(|change| change.path.as_str()).collect();
    let more = changes.len().saturating_sub(paths.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", paths.join(", "))
}

fn told(changes: &[Change]) -> Vec<String> {
    if changes.is_empty() {
        return vec!["Nothing changes.".to_owned()];
    }
    let line = |change: &Change| format!("{}, {}", values(change), change.apply.when());
    let mut lines: Vec<String> = changes.iter().take(MAX_TOLD).map(line).collect();
    if changes.len() > MAX_TOLD {
        lines.push(format!("and {} more.", changes.len() - MAX_TOLD));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "country = \"us\"\nlisten = \"127.0.0.1:5060\"\n[phone.101-102]\nport = \"sim/1-2\"\n";

    fn effective(text: &str) -> Effective {
        let report = tipring_config::check(text, "tipring.toml");
        report.effective.clone().unwrap_or_else(|| panic!("{report}"))
    }

    fn site(effective: &Effective) -> Site {
        let wiring = Wiring {
            slots: Vec::new(),
            sip: std::net::SocketAddr::from(([127, 0, 0, 1], 5060)),
            lines_per_shard: 16,
            utc_offset_minutes: 0,
            revision: 1,
        };
        Site::configured(effective, &wiring)
    }

    fn changes(edited: &str) -> Vec<String> {
        let old = effective(BASE);
        let revisions = Revisions::open(Path::new("/nonexistent")).unwrap();
        let configuration = Configuration {
            file: PathBuf::new(),
            started: old.clone(),
            current: old.clone(),
            revisions,
            history: History::open(Path::new("/nonexistent")),
            web: watch::Sender::new(old.web.clone()),
            named: Vec::new(),
            seen: 0,
        };
        told(&configuration.changes(&old, &effective(edited), &site(&old)))
    }

    #[test]
    fn each_change_is_told_with_its_moment() {
        assert_eq!(changes(BASE), ["Nothing changes."]);
        let edited = format!("wait_end = \"4 s\"\n{BASE}flash = \"200-500 ms\"\n").replace("5060", "5070");
        assert_eq!(
            changes(&edited),
            [
                "listen: \"127.0.0.1:5060\" -> \"127.0.0.1:5070\", at the next start",
                "phone.101.flash: nothing -> \"200-500 ms\", when the line is idle",
                "phone.102.flash: nothing -> \"200-500 ms\", when the line is idle",
                "wait_end: \"3 s\" -> \"4 s\", at once",
            ]
        );
    }

    #[test]
    fn a_port_that_is_not_served_waits_for_the_next_start() {
        let added = changes(&format!("{BASE}[phone.103]\nport = \"sim/3\"\n"));
        assert!(
            added.iter().all(|line| line.starts_with("phone.103.") == line.ends_with(", at the next start")),
            "{added:?}"
        );
        assert!(added.iter().any(|line| line.starts_with("phone.103.")));
        let moved = changes(&BASE.replace("sim/1-2", "sim/2-3").replace("[phone", "\n[phone"));
        assert_eq!(
            moved,
            [
                "phone.101.port: \"sim/1\" -> \"sim/2\", when the line is idle",
                "phone.102.port: \"sim/2\" -> \"sim/3\", at the next start",
            ]
        );
    }

    #[test]
    fn an_outside_line_on_a_port_that_is_not_open_waits_too() {
        let line = "[line.1]\nport = \"sim/3\"\nrings = \"101\"\n";
        let added = changes(&format!("{BASE}{line}"));
        let of_line: Vec<&String> = added.iter().filter(|change| change.starts_with("line.1.")).collect();
        assert!(
            !of_line.is_empty() && of_line.iter().all(|change| change.ends_with(", at the next start")),
            "{added:?}"
        );
        let running = site(&effective(BASE));
        assert_eq!(
            without_line(&effective(&format!("{BASE}{line}")), &running),
            ["line 1 gets its port; until then it has none: sim/3 was not opened at the last start"]
        );
        // A telephone's port is not an exchange's.
        let instead =
            BASE.replace("sim/1-2", "sim/1").replace("101-102", "101") + &line.replace("sim/3", "sim/2");
        assert_eq!(without_line(&effective(&instead), &running).len(), 1);
    }

    #[test]
    fn a_telephone_that_loses_its_line_until_the_next_start_is_told_plainly() {
        let running = site(&effective(BASE));
        let without = |ports: &str| without_line(&effective(&BASE.replace("sim/1-2", ports)), &running);
        assert_eq!(
            without("sim/2-3"),
            [
                "102 gets a line; until then it has none: sim/3 was not opened at the last start, and its old port is \
                 101's"
            ]
        );
        // Both move, but 101 stays on sim/1 until then, and so does 102 on sim/2.
        assert!(without("sim/3-4").is_empty());
        assert!(without("sim/1-2").is_empty());
        let added = effective(&format!("{BASE}[phone.103]\nport = \"sim/3\"\n"));
        assert_eq!(
            without_line(&added, &running),
            ["103 gets a line; until then it has none: sim/3 was not opened at the last start"]
        );
        // What else changes of one that loses its line waits too.
        let edited = BASE.replace("sim/1-2", "sim/2-3") + "flash = \"200-500 ms\"\n";
        assert!(
            changes(&edited)
                .contains(&"phone.102.flash: nothing -> \"200-500 ms\", at the next start".to_owned())
        );
    }

    #[test]
    fn passwords_are_not_shown() {
        let with = |password: &str| format!("{BASE}[sip.201]\npassword = \"{password}\"\n");
        let old = effective(&with("lamo-kuch"));
        let all = told(&diff(&old, &effective(&with("geheim-77"))));
        assert_eq!(all, ["sip.201.password: (secret) -> (secret), at once"]);
    }
}
