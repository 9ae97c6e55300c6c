//! What a check finds.

use core::fmt;

use crate::{Effective, FileWanted, Origin};

/// Findings of one check that are kept; more are counted only.
pub const MAX_FINDINGS: usize = 200;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// The configuration is refused.
    Error,
    /// This capability comes later: what the finding names does without it, the rest runs.
    NotYet,
    /// Worth knowing.
    Note,
}

/// One thing that a person should know, with its place and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What, and the remedy.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// All that a check found, and the effective configuration if it may run.
#[derive(Clone, Debug)]
pub struct Report {
    /// Errors first, then by line.
    pub findings: Vec<Finding>,
    /// Findings that were not kept (more than [`MAX_FINDINGS`]).
    pub unlisted: usize,
    /// What runs; `None` if there is an error.
    pub effective: Option<Effective>,
    /// Files that the configuration names; hand their contents to [`crate::check_with`].
    pub files: Vec<FileWanted>,
    /// The text itself holds a password: its own file should be 0600.
    pub secrets_inline: bool,
}

impl Report {
    /// The findings of one level.
    pub fn of(&self, level: Level) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.level == level)
    }

    /// True if the configuration may run.
    pub const fn is_accepted(&self) -> bool {
        self.effective.is_some()
    }
}

impl fmt::Display for Report {
    /// A line for each finding.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        if self.unlisted > 0 {
            writeln!(f, "and {} more.", self.unlisted)?;
        }
        Ok(())
    }
}

/// Collects findings of a file and its drop-ins, whose lines are counted on from file to file.
pub(crate) struct Findings<'a> {
    /// Each file with the lines before it.
    files: Vec<(usize, &'a str)>,
    all: Vec<(usize, Finding)>,
    errors: usize,
    unlisted: usize,
}

impl<'a> Findings<'a> {
    pub fn new(file: &'a str) -> Self {
        Self { files: vec![(0, file)], all: Vec::new(), errors: 0, unlisted: 0 }
    }

    /// From here on lines are those of a drop-in, which has `before` lines before it.
    pub fn drop_in(&mut self, file: &'a str, before: usize) {
        self.files.push((before, file));
    }

    /// The file of a line that was counted on, and its line there.
    pub fn place(&self, line: usize) -> (&'a str, usize) {
        let own = self.files.iter().rev().find(|(before, _)| *before < line);
        let (before, file) = own.or(self.files.first()).copied().unwrap_or_default();
        (file, line - before.min(line))
    }

    /// The same in words, for a sentence about another line.
    pub fn at(&self, line: usize) -> String {
        match (self.place(line), self.files.len()) {
            ((_, line), 1) => format!("line {line}"),
            ((file, line), _) => format!("{file}, line {line}"),
        }
    }

    /// What was written there.
    pub fn origin(&self, line: usize) -> Origin {
        let (file, line) = self.place(line);
        Origin::File(file.to_owned(), line)
    }

    pub fn error(&mut self, line: usize, message: impl Into<String>) {
        self.errors += 1;
        self.tell(Level::Error, line, message.into());
    }

    /// An error in another file than the configuration itself.
    pub fn error_in(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.errors += 1;
        self.push(
            line,
            Finding { level: Level::Error, file: file.to_owned(), line, message: message.into() },
        );
    }

    pub fn not_yet(&mut self, line: usize, message: impl Into<String>) {
        self.tell(Level::NotYet, line, message.into());
    }

    pub fn note(&mut self, line: usize, message: impl Into<String>) {
        self.tell(Level::Note, line, message.into());
    }

    /// How many errors there are so far.
    pub const fn errors(&self) -> usize {
        self.errors
    }

    pub fn finish(mut self) -> (Vec<Finding>, usize) {
        self.all.sort_by_key(|(place, finding)| (finding.level, *place));
        (self.all.into_iter().map(|(_, finding)| finding).collect(), self.unlisted)
    }

    fn tell(&mut self, level: Level, place: usize, message: String) {
        let (file, line) = self.place(place);
        self.push(place, Finding { level, file: file.to_owned(), line, message });
    }

    /// What a whole range would repeat is told once.
    fn push(&mut self, place: usize, finding: Finding) {
        if self.all.iter().any(|(_, known)| *known == finding) {
            return;
        }
        if self.all.len() < MAX_FINDINGS { self.all.push((place, finding)) } else { self.unlisted += 1 }
    }
}
