//! Edits of telephones: one by its form, hundreds by a table; each is one edit of the configuration.

use anyhow::{Result, bail};
use tipring_config::{Change, PhoneEdit, RowError, blamed, put_phones_in};

use crate::configuration::{Editor, Source, errors};
use crate::desk::{Desk, NO_FILE};

/// What came of an edit of telephones.
#[derive(Clone, PartialEq, Debug)]
pub enum Edited {
    /// It was made on another revision than the one in force.
    Stale(u64),
    /// These rows are wrong; nothing has changed.
    Wrong(Vec<RowError>),
    /// The configuration is not accepted, whatever the rows say; nothing has changed.
    Refused(Vec<String>),
    /// It is in force, or would be.
    Done {
        /// The configuration in force now.
        revision: u64,
        /// What came of it, in words; nothing where it was only asked for.
        lines: Vec<String>,
        /// Each value that differs.
        changes: Vec<Change>,
    },
}

/// Carries out all of `edits`, or none; with `dry` it is only told what would change.
pub async fn edit_phones(
    desk: &Desk,
    base: Option<u64>,
    edits: &[PhoneEdit],
    by: &str,
    dry: bool,
) -> Result<Edited> {
    let wall = desk.clock.wall();
    let mut configuration = desk.configuration.lock().await;
    let Some(configuration) = configuration.as_mut() else { bail!(NO_FILE) };
    let revision = configuration.revision();
    if base.is_some_and(|base| base != revision) {
        return Ok(Edited::Stale(revision));
    }
    let texts = configuration.texts()?;
    let report = configuration.check_texts(&texts);
    if !report.is_accepted() {
        return Ok(Edited::Refused(errors(&report)));
    }
    let names = texts.shown(&configuration.file().display().to_string(), configuration.file());
    let texts = match put_phones_in(&texts.parts(&names), edits) {
        Ok(edited) => texts.with(edited),
        Err(rows) => return Ok(Edited::Wrong(rows)),
    };
    let report = configuration.check_texts(&texts);
    let Some(effective) = &report.effective else {
        return Ok(Edited::Wrong(blamed(&texts.parts(&names), edits, &report)));
    };
    let changes = configuration.differences(effective, &desk.asker.site());
    if dry {
        return Ok(Edited::Done { revision, lines: Vec::new(), changes });
    }
    let outcome = configuration.apply(Source::Whole(&texts), &desk.asker, Editor { name: by, wall }).await?;
    if !outcome.accepted {
        return Ok(Edited::Refused(outcome.lines));
    }
    for line in outcome.lines.iter().skip(1) {
        desk.logbook.note(wall, line);
    }
    Ok(Edited::Done { revision: configuration.revision(), lines: outcome.lines, changes })
}

/// The telephones as a table that can be edited and sent back.
pub async fn phones_csv(desk: &Desk) -> Result<String> {
    match desk.configuration.lock().await.as_ref() {
        Some(configuration) => {
            let texts = configuration.texts()?;
            let names = texts.shown("", configuration.file());
            Ok(tipring_config::phones_csv(&texts.parts(&names)))
        }
        None => bail!(NO_FILE),
    }
}
