//! Answers that have to do with files: history, backups, tables of telephones; and a line that begins anew.

use anyhow::{Context, Result, bail};
use tipring_config::{Change, phone_edits};
use tipring_gateway::{Request, Response};
use tipring_store::Past;
use tokio::sync::mpsc;

use super::{Desk, NO_FILE, say};
use crate::backup::{self, RestoreError, Restored};
use crate::configuration::Source;
use crate::configuration::files::Texts;
use crate::edits::{self, Edited};
use crate::protocol::Reply;
use crate::{ATTENTION, records, zone};

/// Who asks here.
const BY: &str = "command line";
/// Bytes of a file in one part.
const PART: usize = 32 * 1024;

/// The configurations that were in force, the newest last.
pub async fn history(desk: &Desk, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let list = match desk.configuration.lock().await.as_ref() {
        Some(configuration) => configuration.history().list()?,
        None => bail!(NO_FILE),
    };
    let line = |past: &Past| {
        let at = records::date_and_time(tipring_units::WallTime(past.at), zone::offset_minutes);
        format!("{:>5}  {at}  {:<14}  {}", past.revision, past.by, past.summary)
    };
    say(list.iter().rev().map(line).collect(), out).await;
    Ok(0)
}

/// Puts an earlier configuration in force.
pub async fn rollback(desk: &Desk, revision: u64, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let past = match desk.configuration.lock().await.as_ref() {
        Some(configuration) => configuration.history().get(revision)?,
        None => bail!(NO_FILE),
    };
    let Some(past) = past else {
        bail!(
            "There is no configuration {revision}, or it is not kept any more. `tipring config history` lists those that are."
        )
    };
    let Past { text: own, drop_ins, .. } = past;
    let outcome = match drop_ins {
        Some(drop_ins) => desk.apply(Source::Whole(&Texts { own, drop_ins }), BY).await?,
        None => desk.apply(Source::Text(&own), BY).await?,
    };
    say(outcome.lines, out).await;
    Ok(if outcome.accepted { 0 } else { ATTENTION })
}

/// Makes a backup; its parts come one after the other.
pub async fn backup(desk: &Desk, password: String, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let made = backup::make(desk, password).await?;
    for part in made.bytes.chunks(PART) {
        let digits = part.iter().map(|byte| format!("{byte:02x}")).collect();
        if out.send(Reply::Part(digits)).await.is_err() {
            return Ok(0);
        }
    }
    desk.logbook.note(desk.clock.wall(), &format!("{BY} made a backup"));
    say(made.left_out, out).await;
    Ok(0)
}

/// Puts everything as it is in a backup, or tells what that would change.
pub async fn restore(
    desk: &Desk,
    bytes: Vec<u8>,
    password: String,
    dry: bool,
    out: &mpsc::Sender<Reply>,
) -> Result<u8> {
    let Restored { of, revision, changes, .. } =
        match backup::restore(desk, bytes, password, BY, None, dry).await {
            Ok(restored) => restored,
            Err(RestoreError::Refused(lines)) => {
                say(lines, out).await;
                bail!("The configuration of the backup is not accepted here; nothing has changed.")
            }
            Err(why) => bail!("{why}. Nothing has changed."),
        };
    say(told(&changes), out).await;
    let end = if dry {
        format!("The backup is of {of}. Nothing has changed yet.")
    } else {
        desk.logbook.note(desk.clock.wall(), &format!("{BY} restored the backup of {of}"));
        format!("The backup of {of} is in force as configuration {revision}.")
    };
    say(vec![end], out).await;
    Ok(0)
}

/// Makes and edits telephones by a table.
pub async fn batch(desk: &Desk, body: Vec<u8>, dry: bool, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let csv = String::from_utf8(body).context("the table is not in UTF-8. Save it as \"CSV UTF-8\"")?;
    let done = match phone_edits(&csv) {
        Ok(rows) => edits::edit_phones(desk, None, &rows, BY, dry).await?,
        Err(rows) => Edited::Wrong(rows),
    };
    let refused = match done {
        Edited::Done { revision, changes, .. } => {
            say(told(&changes), out).await;
            let end = if dry {
                "Nothing has changed yet.".to_owned()
            } else {
                format!("Configuration {revision} in force.")
            };
            say(vec![end], out).await;
            return Ok(0);
        }
        Edited::Wrong(rows) => rows.iter().map(ToString::to_string).collect(),
        Edited::Refused(lines) => lines,
        Edited::Stale(revision) => vec![format!("Revision {revision} is in force.")],
    };
    say(refused, out).await;
    say(vec!["Nothing has changed.".to_owned()], out).await;
    Ok(ATTENTION)
}

/// The telephones as a table.
pub async fn phones(desk: &Desk, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let csv = edits::phones_csv(desk).await?;
    say(csv.lines().map(str::to_owned).collect(), out).await;
    Ok(0)
}

/// Begins anew with a line.
pub async fn restart(desk: &Desk, port: &str, out: &mpsc::Sender<Reply>) -> Result<u8> {
    let site = desk.asker.site();
    let Some((line, place)) = site.find(port) else {
        bail!("There is no telephone or line {port}. `tipring lines` lists them")
    };
    match desk.asker.ask(Request::Restart(line)).await? {
        Response::Done => say(vec![format!("{} was restarted.", place.label())], out).await,
        Response::Refused(why) => bail!("{why}."),
        _ => bail!("no answer was given"),
    }
    Ok(0)
}

fn told(changes: &[Change]) -> Vec<String> {
    if changes.is_empty() {
        return vec!["Nothing changes.".to_owned()];
    }
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    let line = |change: &Change| {
        format!("{}: {} -> {}, {}", change.path, shown(&change.old), shown(&change.new), change.apply.when())
    };
    changes.iter().map(line).collect()
}
