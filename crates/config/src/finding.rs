//! What a check finds.

use core::fmt;

use crate::{Effective, FileWanted};

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

/// Collects findings of one file.
pub(crate) struct Findings<'a> {
    file: &'a str,
    all: Vec<Finding>,
    errors: usize,
    unlisted: usize,
}

impl<'a> Findings<'a> {
    pub fn new(file: &'a str) -> Self {
        Self { file, all: Vec::new(), errors: 0, unlisted: 0 }
    }

    pub const fn file(&self) -> &'a str {
        self.file
    }

    pub fn error(&mut self, line: usize, message: impl Into<String>) {
        self.error_in(self.file, line, message);
    }

    /// An error in another file than the configuration itself.
    pub fn error_in(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.errors += 1;
        self.push(Finding { level: Level::Error, file: file.to_owned(), line, message: message.into() });
    }

    pub fn not_yet(&mut self, line: usize, message: impl Into<String>) {
        let file = self.file.to_owned();
        self.push(Finding { level: Level::NotYet, file, line, message: message.into() });
    }

    pub fn note(&mut self, line: usize, message: impl Into<String>) {
        let file = self.file.to_owned();
        self.push(Finding { level: Level::Note, file, line, message: message.into() });
    }

    /// How many errors there are so far.
    pub const fn errors(&self) -> usize {
        self.errors
    }

    pub fn finish(mut self) -> (Vec<Finding>, usize) {
        self.all.sort_by_key(|finding| (finding.level, finding.line));
        (self.all, self.unlisted)
    }

    /// What a whole range would repeat is told once.
    fn push(&mut self, finding: Finding) {
        if self.all.contains(&finding) {
            return;
        }
        if self.all.len() < MAX_FINDINGS { self.all.push(finding) } else { self.unlisted += 1 }
    }
}
