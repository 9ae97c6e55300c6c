//! The configuration: read, checked, compared, edited as one transaction on the revision that it was read at, and taken back.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tipring_config::{Level, MAX_FILE, Report, masked};
use tipring_store::Past;
use utoipa::{IntoParams, ToSchema};

use super::document::{Conflict, Unknown};
use super::{Body, Path, Query, Told};
use crate::configuration::files::{self, Texts};
use crate::configuration::{Configuration, Source};
use crate::desk::NO_FILE;
use crate::web::Face;
use crate::web::access::Who;
use crate::web::problem::{Answer, Problem};

/// The own file as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct Shown {
    /// Its name.
    pub file: String,
    /// The configuration in force.
    pub revision: u64,
    /// Its text; passwords are replaced by `(secret)`, which is put back when it comes again.
    pub text: String,
    /// Nobody is to edit it here: its owner may not write.
    pub locked: bool,
    /// The drop-ins beside it, in their order.
    pub drop_ins: Vec<DropIn>,
}

/// A drop-in as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct DropIn {
    /// Its name.
    pub file: String,
    /// Its text, without passwords.
    pub text: String,
    /// Nobody is to edit it here.
    pub locked: bool,
}

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Of a whole configuration, in TOML.
    #[schema(example = "country = \"us\"\n\n[phone.101]\nport = \"sim/1\"\n")]
    pub text: String,
}

/// An edit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    /// The revision that the text was read at.
    #[schema(example = 17)]
    pub base_revision: u64,
    /// The new text, in TOML.
    #[schema(example = "country = \"us\"\n\n[phone.101]\nport = \"sim/1\"\n")]
    pub text: String,
}

/// What is to be taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The revision that is to be in force again.
    #[schema(example = 16)]
    pub revision: u64,
}

/// What is wrong with a text, or worth a note.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    /// `error` or `note`.
    pub level: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// What, and what to do.
    pub message: String,
}

/// What a check found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Checked {
    /// It may run.
    pub accepted: bool,
    /// Each finding.
    pub findings: Vec<Found>,
}

/// A value that differs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    /// Where: `phone.101.name`.
    pub path: String,
    /// As it is in force; none if it is not there.
    pub old: Option<String>,
    /// As it would be.
    pub new: Option<String>,
    /// When: `at once`, `when the line is idle`, `at the next start`.
    pub when: String,
}

/// What a text would change.
#[derive(Debug, Serialize, ToSchema)]
pub struct Differences {
    /// Each value that differs.
    pub changes: Vec<Changed>,
}

/// A key of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyHelp {
    /// The table that it stands in: `phone`, `server`; empty for the top.
    pub place: &'static str,
    /// Its name; `PATTERN` where the keys are dial patterns, `CODE` where they are star codes.
    pub name: &'static str,
    /// What it takes, in words.
    pub kind: String,
    /// What holds if it is not written.
    pub default: &'static str,
    /// When a change takes effect: `at once`, `when the line is idle`, `at the next start`.
    pub apply: &'static str,
    /// What it does.
    pub help: &'static str,
    /// It is not in this version yet: what happens without it.
    pub later: Option<&'static str>,
}

/// What came of an edit.
#[derive(Debug, Serialize, ToSchema)]
pub struct Applied {
    /// The configuration in force now.
    pub revision: u64,
    /// What came of it, in words.
    pub lines: Vec<String>,
}

/// A change as a client gets it.
pub fn changed(change: tipring_config::Change) -> Changed {
    Changed { when: change.apply.when().to_owned(), path: change.path, old: change.old, new: change.new }
}

fn none() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, NO_FILE)
}

/// A text as it came, with the passwords that were left out of it.
fn whole(configuration: &Configuration, text: &str) -> Answer<String> {
    if text.len() > MAX_FILE {
        let detail = format!("{} bytes; a configuration has {MAX_FILE} at the most.", text.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).field("text"));
    }
    configuration.with_secrets(text)?.map_err(refused)
}

fn refused(findings: Vec<String>) -> Problem {
    let detail = findings.first().cloned().unwrap_or_default();
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        .field("text")
        .remedy("Mend what is named; what was in force stays in force.")
        .findings(findings)
}

fn errors(report: &Report) -> Vec<String> {
    report.of(Level::Error).map(ToString::to_string).collect()
}

/// The configuration's own file.
///
/// Passwords are shown as `(secret)`, which is put back when it comes again.
#[utoipa::path(get, path = "/configuration", responses((status = 200, description = "The text with its revision.", body = Shown), Unknown, Conflict))]
pub async fn show(State(face): State<Face>) -> Answer<Json<Shown>> {
    let configuration = face.desk.configuration.lock().await;
    let configuration = configuration.as_ref().ok_or_else(none)?;
    let own = configuration.file();
    let directory = files::directory(own);
    let drop_in = |(name, text): (String, String)| {
        let path = directory.join(name);
        DropIn { file: path.display().to_string(), text: masked(&text), locked: files::is_locked(&path) }
    };
    Ok(Json(Shown {
        file: own.display().to_string(),
        revision: configuration.revision(),
        text: configuration.shown_text()?,
        locked: files::is_locked(own),
        drop_ins: configuration.texts()?.drop_ins.into_iter().map(drop_in).collect(),
    }))
}

/// What is wrong with a text.
#[utoipa::path(post, path = "/configuration/check", security(("role" = ["viewer"])), request_body = Text, responses((status = 200, description = "Whether it may run, and each finding.", body = Checked), Unknown, Conflict))]
pub async fn check(State(face): State<Face>, Body(body): Body<Text>) -> Answer<Json<Checked>> {
    let configuration = face.desk.configuration.lock().await;
    let configuration = configuration.as_ref().ok_or_else(none)?;
    let report = configuration.check(&whole(configuration, &body.text)?);
    let found = |finding: &tipring_config::Finding| Found {
        level: if finding.level == Level::Error { "error" } else { "note" },
        line: finding.line,
        message: finding.message.clone(),
    };
    let findings = report.findings.iter().map(found).collect();
    Ok(Json(Checked { accepted: report.effective.is_some(), findings }))
}

/// What a text would change, and when.
#[utoipa::path(post, path = "/configuration/diff", security(("role" = ["viewer"])), request_body = Text, responses((status = 200, description = "The changes.", body = Differences), Unknown, Conflict))]
pub async fn diff(State(face): State<Face>, Body(body): Body<Text>) -> Answer<Json<Differences>> {
    let configuration = face.desk.configuration.lock().await;
    let configuration = configuration.as_ref().ok_or_else(none)?;
    let report = configuration.check(&whole(configuration, &body.text)?);
    let Some(effective) = &report.effective else { return Err(refused(errors(&report))) };
    let changes = configuration.differences(effective, &face.desk.asker.site());
    Ok(Json(Differences { changes: changes.into_iter().map(changed).collect() }))
}

/// Put a text in force.
///
/// In one piece, if the revision that it was read at is still in force; else it is a conflict. A text that is not accepted is
/// refused with `findings`, and what was in force stays in force.
#[utoipa::path(put, path = "/configuration", security(("role" = ["administrator"])), request_body = Edited, responses((status = 200, description = "It is in force.", body = Applied), Unknown, Conflict))]
pub async fn put(State(face): State<Face>, who: Who, Body(body): Body<Edited>) -> Answer<Json<Applied>> {
    let text = {
        let configuration = face.desk.configuration.lock().await;
        whole(configuration.as_ref().ok_or_else(none)?, &body.text)?
    };
    apply(&face, &who, body.base_revision, Source::Text(&text)).await
}

async fn apply(face: &Face, who: &Who, base: u64, source: Source<'_>) -> Answer<Json<Applied>> {
    let outcome = face.desk.apply_on(Some(base), source, &who.name).await?;
    let Ok(outcome) = outcome else {
        let detail = format!("The text was read at revision {base}; another one is in force since.");
        return Err(Problem::new(StatusCode::CONFLICT, detail)
            .field("base_revision")
            .remedy("Read it again, and edit that."));
    };
    if !outcome.accepted {
        return Err(refused(outcome.lines));
    }
    let configuration = face.desk.configuration.lock().await;
    let revision = configuration.as_ref().ok_or_else(none)?.revision();
    face.audit(who, &format!("puts configuration {revision} in force"));
    Ok(Json(Applied { revision, lines: outcome.lines }))
}

/// The last hundred configurations that were in force.
///
/// When, by whom, what changed; their texts one by one.
#[utoipa::path(get, path = "/configuration/history", responses((status = 200, description = "The newest first.", body = Vec<Past>), Unknown, Conflict))]
pub async fn history(State(face): State<Face>) -> Answer<Json<Vec<Past>>> {
    let configuration = face.desk.configuration.lock().await;
    let list = configuration.as_ref().ok_or_else(none)?.history().list();
    Ok(Json(list.map_err(anyhow::Error::from)?))
}

fn kept(configuration: &Configuration, revision: u64) -> Answer<Past> {
    let past = configuration.history().get(revision).map_err(anyhow::Error::from)?;
    past.ok_or_else(|| {
        Problem::unknown("configuration", &revision.to_string())
            .field("revision")
            .remedy("GET /api/v1/configuration/history lists those that are kept.")
    })
}

/// A configuration that was in force.
///
/// Passwords are shown as `(secret)`.
#[utoipa::path(
    get,
    path = "/configuration/history/{revision}",
    params(("revision" = u64, Path, description = "Its number.", example = 16)),
    responses((status = 200, description = "The configuration.", body = Past), Unknown, Conflict),
)]
pub async fn past(State(face): State<Face>, Path(revision): Path<u64>) -> Answer<Json<Past>> {
    let configuration = face.desk.configuration.lock().await;
    let past = kept(configuration.as_ref().ok_or_else(none)?, revision)?;
    let mask = |(name, text): (String, String)| (name, masked(&text));
    let drop_ins = past.drop_ins.map(|drop_ins| drop_ins.into_iter().map(mask).collect());
    Ok(Json(Past { text: masked(&past.text), drop_ins, ..past }))
}

/// Put an earlier configuration in force again.
///
/// As a new revision with the text of that one.
#[utoipa::path(post, path = "/configuration/rollback", security(("role" = ["administrator"])), request_body = Rollback, responses((status = 200, description = "It is in force.", body = Applied), Unknown, Conflict))]
pub async fn rollback(
    State(face): State<Face>,
    who: Who,
    Body(body): Body<Rollback>,
) -> Answer<Json<Applied>> {
    let (base, past) = {
        let configuration = face.desk.configuration.lock().await;
        let configuration = configuration.as_ref().ok_or_else(none)?;
        (configuration.revision(), kept(configuration, body.revision)?)
    };
    let Past { text: own, drop_ins, .. } = past;
    match drop_ins {
        Some(drop_ins) => apply(&face, &who, base, Source::Whole(&Texts { own, drop_ins })).await,
        None => apply(&face, &who, base, Source::Text(&own)).await,
    }
}

/// Of what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Of {
    /// A telephone, line or server; without it everything.
    #[serde(default)]
    #[param(example = "101")]
    pub name: Option<String>,
}

/// What is in force, with where each value comes from.
#[utoipa::path(get, path = "/configuration/effective", params(Of), responses((status = 200, description = "The values.", body = Told), Unknown))]
pub async fn effective(State(face): State<Face>, Query(of): Query<Of>) -> Answer<Json<Told>> {
    let configuration = face.desk.configuration.lock().await;
    let outcome = configuration.as_ref().ok_or_else(none)?.show(of.name.as_deref());
    if !outcome.accepted {
        return Err(Problem::new(StatusCode::NOT_FOUND, outcome.lines.join("\n")).field("name"));
    }
    Ok(Json(Told { lines: outcome.lines }))
}

/// Every key that there is.
#[utoipa::path(get, path = "/configuration/keys", responses((status = 200, description = "By place.", body = Vec<KeyHelp>)))]
pub async fn keys() -> Json<Vec<KeyHelp>> {
    let key = |key: &tipring_config::Key| KeyHelp {
        place: key.place.word(),
        name: key.name,
        kind: key.kind.describe(),
        default: key.default,
        apply: key.apply.when(),
        help: key.help,
        later: key.later,
    };
    Json(tipring_config::keys().iter().map(key).collect())
}
