//! What is configured of telephones: one by its form, hundreds by a table.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use tipring_config::{NUMBER_COLUMN, PhoneEdit, RowError, phone_edits};
use utoipa::ToSchema;

use super::backup::Dry;
use super::configuration::{Changed, changed};
use super::document::{Conflict, Malformed, TooLong, Unknown, Wrong};
use super::{Body, Path, Query};
use crate::edits::{Edited, edit_phones, phones_csv};
use crate::web::Face;
use crate::web::access::Who;
use crate::web::problem::{Answer, Problem};

/// The revision that a form was read at.
const BASE: &str = "base_revision";

/// What an edit of telephones changed, or would change.
#[derive(Debug, Serialize, ToSchema)]
pub struct Edits {
    /// The configuration in force now.
    pub revision: u64,
    /// Each value that differs.
    pub changes: Vec<Changed>,
    /// What came of it, in words.
    pub lines: Vec<String>,
}

fn wrong(rows: &[RowError]) -> Problem {
    let detail = rows.first().map(ToString::to_string).unwrap_or_default();
    let column = rows.first().map(|row| row.column.clone()).filter(|column| !column.is_empty());
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        .field(column.unwrap_or_else(|| "text".to_owned()))
        .remedy("Mend what is named and send all of it again; nothing has changed.");
    if rows.len() > 1 { problem.findings(rows.iter().map(ToString::to_string).collect()) } else { problem }
}

fn done(edited: Edited) -> Answer<Edits> {
    match edited {
        Edited::Done { revision, lines, changes } => {
            Ok(Edits { revision, lines, changes: changes.into_iter().map(changed).collect() })
        }
        Edited::Wrong(rows) => Err(wrong(&rows)),
        Edited::Refused(findings) => {
            let detail = "The configuration itself has a mistake.";
            Err(Problem::new(StatusCode::CONFLICT, detail).remedy("Mend it first.").findings(findings))
        }
        Edited::Stale(revision) => {
            let detail = format!("Another configuration is in force since: revision {revision}.");
            Err(Problem::new(StatusCode::CONFLICT, detail)
                .field(BASE)
                .remedy("Read it again, and edit that."))
        }
    }
}

/// A value of a form as a table has it.
fn cell(key: &str, value: &Value) -> Answer<String> {
    let plain = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    };
    let cell = match value {
        Value::Array(list) => list.iter().map(plain).collect::<Option<Vec<_>>>().map(|list| list.join("; ")),
        value => plain(value),
    };
    cell.ok_or_else(|| {
        let detail = format!("{key} takes a text, a number, true or false, or a list of texts.");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).field(key).remedy("Send one of these.")
    })
}

/// Edit a telephone.
///
/// Keys of its table, and `number` for another one; an empty value takes one away. With `base_revision` only if that one is
/// still in force.
#[utoipa::path(
    patch,
    path = "/phones-config/{number}",
    security(("role" = ["administrator"])),
    params(("number" = String, Path, description = "Its number.", example = "101"), Dry),
    request_body(content = std::collections::BTreeMap<String, Value>, example = json!({ "base_revision": 3, "name": "Front desk" })),
    responses((status = 200, description = "What changed, or would.", body = Edits), Unknown, Conflict),
)]
pub async fn patch(
    State(face): State<Face>,
    who: Who,
    Path(number): Path<String>,
    Query(Dry { dry_run }): Query<Dry>,
    Body(form): Body<Map<String, Value>>,
) -> Answer<Json<Edits>> {
    let site = face.desk.asker.site();
    let is_its = |line: &tipring_gateway::LineSite| {
        line.kind == tipring_gateway::LineKind::Phone && line.number == number
    };
    if !site.lines.iter().any(is_its) {
        return Err(Problem::unknown("telephone", &number)
            .field(NUMBER_COLUMN)
            .remedy("GET /api/v1/ports lists them; POST /api/v1/batch makes new ones."));
    }
    let base = match form.get(BASE) {
        None => None,
        Some(base) => Some(base.as_u64().ok_or_else(|| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "base_revision is a number.").field(BASE)
        })?),
    };
    let mut edit = PhoneEdit { number, ..PhoneEdit::default() };
    for (key, value) in form.iter().filter(|(key, _)| *key != BASE) {
        let cell = cell(key, value)?;
        if key == NUMBER_COLUMN { edit.becomes = Some(cell) } else { edit.values.push((key.clone(), cell)) }
    }
    let edited = done(edit_phones(&face.desk, base, &[edit], &who.name, dry_run).await?)?;
    if !dry_run {
        face.audit(&who, &format!("puts configuration {} in force", edited.revision));
    }
    Ok(Json(edited))
}

/// Edit telephones by a table.
///
/// CSV with a row for each telephone and a column for each key; what is there is edited, what is not is made. In one piece.
#[utoipa::path(
    post,
    path = "/batch",
    security(("role" = ["administrator"])),
    params(Dry),
    request_body(content = String, content_type = "text/csv", example = "number,port,name\n101,sim/1,Front desk\n"),
    responses((status = 200, description = "What changed, or would.", body = Edits), Unknown, Conflict, Malformed, TooLong, Wrong),
)]
pub async fn batch(
    State(face): State<Face>,
    who: Who,
    Query(Dry { dry_run }): Query<Dry>,
    table: String,
) -> Answer<Json<Edits>> {
    let edits = phone_edits(&table).map_err(|rows| wrong(&rows))?;
    let edited = done(edit_phones(&face.desk, None, &edits, &who.name, dry_run).await?)?;
    if !dry_run {
        let count = edits.len();
        face.audit(
            &who,
            &format!("puts configuration {} in force by a table of {count} telephones", edited.revision),
        );
    }
    Ok(Json(edited))
}

/// The telephones as a table.
///
/// As `POST /batch` takes it, without passwords.
#[utoipa::path(get, path = "/batch", responses((status = 200, description = "CSV.", body = String, content_type = "text/csv"), Unknown))]
pub async fn table(State(face): State<Face>) -> Answer<Response> {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"telephones.csv\""),
    ];
    Ok((headers, phones_csv(&face.desk).await?).into_response())
}
