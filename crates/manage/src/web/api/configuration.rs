//! The configuration: read, checked, compared, edited as one transaction on the revision that it was read at, and taken back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tipring_config::{Level, MAX_FILE, Report};
use tipring_store::Past;

use super::Body;
use crate::configuration::{Configuration, Source};
use crate::desk::NO_FILE;
use crate::web::Face;
use crate::web::access::{Role, Who};
use crate::web::problem::{Answer, Problem};

/// The own file as it is shown.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Its name.
    pub file: String,
    /// The configuration in force.
    pub revision: u64,
    /// Its text; passwords are replaced by `(secret)`, which is put back when it comes again.
    pub text: String,
}

/// A text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Of a whole configuration.
    pub text: String,
}

/// An edit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edited {
    /// The revision that the text was read at.
    pub base_revision: u64,
    /// The new text.
    pub text: String,
}

/// What is to be taken back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The revision that is to be in force again.
    pub revision: u64,
}

/// What is wrong with a text, or worth a note.
#[derive(Debug, Serialize)]
pub struct Found {
    /// `error` or `note`.
    pub level: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// What, and what to do.
    pub message: String,
}

/// What a check found.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// It may run.
    pub accepted: bool,
    /// Each finding.
    pub findings: Vec<Found>,
}

/// A value that differs.
#[derive(Debug, Serialize)]
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

/// What came of an edit.
#[derive(Debug, Serialize)]
pub struct Applied {
    /// The configuration in force now.
    pub revision: u64,
    /// What came of it, in words.
    pub lines: Vec<String>,
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

/// `GET /configuration`.
pub async fn show(State(face): State<Face>) -> Answer<Json<Shown>> {
    let configuration = face.desk.configuration.lock().await;
    let configuration = configuration.as_ref().ok_or_else(none)?;
    Ok(Json(Shown {
        file: configuration.file().display().to_string(),
        revision: configuration.revision(),
        text: configuration.shown_text()?,
    }))
}

/// `POST /configuration/check`.
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

/// `POST /configuration/diff`.
pub async fn diff(State(face): State<Face>, Body(body): Body<Text>) -> Answer<Json<Value>> {
    let configuration = face.desk.configuration.lock().await;
    let configuration = configuration.as_ref().ok_or_else(none)?;
    let report = configuration.check(&whole(configuration, &body.text)?);
    let Some(effective) = &report.effective else { return Err(refused(errors(&report))) };
    let changes = configuration.differences(effective, &face.desk.asker.site());
    let changed = changes.into_iter().map(|change| Changed {
        when: change.apply.when().to_owned(),
        path: change.path,
        old: change.old,
        new: change.new,
    });
    Ok(Json(json!({ "changes": changed.collect::<Vec<_>>() })))
}

/// `PUT /configuration`.
pub async fn put(State(face): State<Face>, who: Who, Body(body): Body<Edited>) -> Answer<Json<Applied>> {
    who.needs(Role::Administrator)?;
    let text = {
        let configuration = face.desk.configuration.lock().await;
        whole(configuration.as_ref().ok_or_else(none)?, &body.text)?
    };
    apply(&face, &who, body.base_revision, &text).await
}

async fn apply(face: &Face, who: &Who, base: u64, text: &str) -> Answer<Json<Applied>> {
    let outcome = face.desk.apply_on(Some(base), Source::Text(text), &who.name).await?;
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

/// `GET /configuration/history`.
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

/// `GET /configuration/history/{revision}`: without passwords.
pub async fn past(State(face): State<Face>, Path(revision): Path<u64>) -> Answer<Json<Past>> {
    let configuration = face.desk.configuration.lock().await;
    let past = kept(configuration.as_ref().ok_or_else(none)?, revision)?;
    Ok(Json(Past { text: tipring_config::masked(&past.text), ..past }))
}

/// `POST /configuration/rollback`: the text of an earlier revision is in force again, as a new one.
pub async fn rollback(
    State(face): State<Face>,
    who: Who,
    Body(body): Body<Rollback>,
) -> Answer<Json<Applied>> {
    who.needs(Role::Administrator)?;
    let (base, past) = {
        let configuration = face.desk.configuration.lock().await;
        let configuration = configuration.as_ref().ok_or_else(none)?;
        (configuration.revision(), kept(configuration, body.revision)?)
    };
    apply(&face, &who, base, &past.text).await
}

/// Of what.
#[derive(Debug, Deserialize)]
pub struct Of {
    /// A telephone, line or server; without it everything.
    #[serde(default)]
    pub name: Option<String>,
}

/// `GET /configuration/effective`: what is in force, with where each value comes from.
pub async fn effective(State(face): State<Face>, Query(of): Query<Of>) -> Answer<Json<Value>> {
    let configuration = face.desk.configuration.lock().await;
    let outcome = configuration.as_ref().ok_or_else(none)?.show(of.name.as_deref());
    if !outcome.accepted {
        return Err(Problem::new(StatusCode::NOT_FOUND, outcome.lines.join("\n")).field("name"));
    }
    Ok(Json(json!({ "lines": outcome.lines })))
}

/// `GET /configuration/keys`: every key that there is.
pub async fn keys() -> Json<Value> {
    let key = |key: &tipring_config::Key| {
        json!({
            "place": key.place.word(),
            "name": key.name,
            "kind": key.kind.describe(),
            "default": key.default,
            "apply": key.apply.when(),
            "help": key.help,
            "later": key.later,
        })
    };
    Json(tipring_config::keys().iter().map(key).collect())
}
