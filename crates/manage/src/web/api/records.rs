//! Call records and the log.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tipring_gateway::Depth;
use tipring_store::CallRow;
use tipring_units::WallTime;
use utoipa::{IntoParams, ToSchema};

use super::Query;
use super::document::Conflict;
use super::values::Count;
use crate::web::Face;
use crate::web::problem::Answer;
use crate::{records, zone};

/// Records that are looked through for a search.
const MAX_SEARCHED: usize = 100_000;

/// Which.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// How many, the latest; 100 without it, 10000 at the most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 0, maximum = 10_000, example = 20)]
    pub count: Count,
    /// Part of a number, name, port or cause.
    #[serde(default)]
    #[param(example = "101")]
    pub search: String,
}

/// The latest records of a telephone or of all that hold `search`, the newest first.
pub async fn rows(face: &Face, count: usize, is_wanted: impl Fn(&CallRow) -> bool) -> Answer<Vec<CallRow>> {
    let ledger = Arc::clone(&face.desk.ledger);
    let read = tokio::task::spawn_blocking(move || ledger.read(MAX_SEARCHED)).await;
    let (rows, _) = read.map_err(anyhow::Error::from)??;
    Ok(rows.into_iter().rev().filter(is_wanted).take(count).collect())
}

fn holds(row: &CallRow, part: &str) -> bool {
    let part = part.to_lowercase();
    [
        &row.from,
        &row.from_name,
        &row.from_port,
        &row.came_by,
        &row.dialled,
        &row.sent,
        &row.to_port,
        &row.went_by,
        &row.cause_word,
    ]
    .iter()
    .any(|text| text.to_lowercase().contains(&part))
}

/// Calls that are over.
#[utoipa::path(get, path = "/records", params(Wanted), responses((status = 200, description = "The newest first.", body = Vec<CallRow>), Conflict))]
pub async fn list(State(face): State<Face>, Query(wanted): Query<Wanted>) -> Answer<Json<Vec<CallRow>>> {
    Ok(Json(rows(&face, wanted.count.0, |row| holds(row, &wanted.search)).await?))
}

/// Calls that are over, for a spreadsheet.
///
/// Comma-separated values (RFC 4180) with a head.
#[utoipa::path(get, path = "/records.csv", params(Wanted), responses((status = 200, description = "The newest first.", body = String, content_type = "text/csv; charset=utf-8"), Conflict))]
pub async fn csv(State(face): State<Face>, Query(wanted): Query<Wanted>) -> Answer<Response> {
    let rows = rows(&face, wanted.count.0, |row| holds(row, &wanted.search)).await?;
    let mut text =
        "call,started,answered,ended,from,from_name,dialled,sent,from_port,to_port,came_by,went_by,seconds,\
                    cause,cause_word,by\r\n"
            .to_owned();
    for row in &rows {
        let time = |micros: u64| records::date_and_time(WallTime(micros), zone::offset_minutes);
        let fields = [
            row.call.to_string(),
            time(row.started),
            row.answered.map(time).unwrap_or_default(),
            time(row.ended),
            row.from.clone(),
            row.from_name.clone(),
            row.dialled.clone(),
            row.sent.clone(),
            row.from_port.clone(),
            row.to_port.clone(),
            row.came_by.clone(),
            row.went_by.clone(),
            (row.talked_ms / 1000).to_string(),
            row.cause.to_string(),
            row.cause_word.clone(),
            row.by.clone(),
        ];
        text.push_str(&fields.map(|field| quoted(&field)).join(","));
        text.push_str("\r\n");
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"calls.csv\""),
    ];
    Ok((headers, text).into_response())
}

/// A field in quotes where it needs them. One that a spreadsheet would take for a formula gets an apostrophe: names come
/// from callers.
fn quoted(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err();
    let field = if is_formula { format!("'{field}") } else { field.to_owned() };
    if field.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Lines {
    /// How many, the latest; 100 without it, 10000 at the most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 0, maximum = 10_000, example = 20)]
    pub count: Count,
    /// Only what concerns this telephone, port or outside line.
    #[serde(default)]
    #[param(example = "101")]
    pub number: Option<String>,
    /// With details.
    #[serde(default)]
    #[param(example = true)]
    pub verbose: bool,
}

/// A line of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogLine {
    /// In words, with its time of day.
    pub text: String,
    /// It is a detail.
    pub detail: bool,
    /// The telephones and outside lines that it is about.
    pub numbers: Vec<String>,
}

fn lines(face: &Face, wanted: &Lines) -> Vec<LogLine> {
    let number = wanted.number.as_ref().map(|number| face.desk.label(number));
    let is_wanted = |line: &crate::logbook::Line| line.is_for(number.as_deref(), wanted.verbose);
    let (lines, _) = face.desk.logbook.read(wanted.count.0, is_wanted);
    let line = |line: &Arc<crate::logbook::Line>| LogLine {
        text: line.text.clone(),
        detail: line.depth != Depth::Plain,
        numbers: line.numbers.clone(),
    };
    lines.iter().map(line).collect()
}

/// The log in words.
#[utoipa::path(get, path = "/log", params(Lines), responses((status = 200, description = "The newest last.", body = Vec<LogLine>)))]
pub async fn log(State(face): State<Face>, Query(wanted): Query<Lines>) -> Json<Vec<LogLine>> {
    Json(lines(&face, &wanted))
}

/// The log as text.
#[utoipa::path(get, path = "/log.txt", params(Lines), responses((status = 200, description = "The newest last.", body = String, content_type = "text/plain; charset=utf-8")))]
pub async fn log_text(State(face): State<Face>, Query(wanted): Query<Lines>) -> Response {
    let mut text = String::new();
    for line in lines(&face, &wanted) {
        text.push_str(&line.text);
        text.push('\n');
    }
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_need_it_and_no_name_is_a_formula() {
        for (field, written) in [
            ("101", "101"),
            ("-3", "-3"),
            ("Desk, front", "\"Desk, front\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("@x,y", "\"'@x,y\""),
            ("", ""),
        ] {
            assert_eq!(quoted(field), written);
        }
    }
}
