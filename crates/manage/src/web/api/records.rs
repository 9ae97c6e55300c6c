//! Call records and the log.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tipring_gateway::Depth;
use tipring_store::CallRow;
use tipring_units::WallTime;

use crate::web::Face;
use crate::web::problem::Answer;
use crate::{records, zone};

/// Records and lines given at once, at the most.
const MAX_COUNT: usize = 10_000;
/// Records that are looked through for a search.
const MAX_SEARCHED: usize = 100_000;

/// Which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// How many, the latest.
    #[serde(default = "hundred")]
    pub count: usize,
    /// Part of a number, name, port or cause.
    #[serde(default)]
    pub search: String,
}

const fn hundred() -> usize {
    100
}

/// The latest records of a telephone or of all that hold `search`, the newest first.
pub async fn rows(face: &Face, count: usize, is_wanted: impl Fn(&CallRow) -> bool) -> Answer<Vec<CallRow>> {
    let ledger = Arc::clone(&face.desk.ledger);
    let read = tokio::task::spawn_blocking(move || ledger.read(MAX_SEARCHED)).await;
    let (rows, _) = read.map_err(anyhow::Error::from)??;
    Ok(rows.into_iter().rev().filter(is_wanted).take(count.min(MAX_COUNT)).collect())
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

/// `GET /records`: the newest first.
pub async fn list(State(face): State<Face>, Query(wanted): Query<Wanted>) -> Answer<Json<Vec<CallRow>>> {
    Ok(Json(rows(&face, wanted.count, |row| holds(row, &wanted.search)).await?))
}

/// `GET /records.csv`: the same as comma-separated values (RFC 4180).
pub async fn csv(State(face): State<Face>, Query(wanted): Query<Wanted>) -> Answer<Response> {
    let rows = rows(&face, wanted.count, |row| holds(row, &wanted.search)).await?;
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// How many, the latest.
    #[serde(default = "hundred")]
    pub count: usize,
    /// Only what concerns this telephone, port or outside line.
    #[serde(default)]
    pub number: Option<String>,
    /// With details.
    #[serde(default)]
    pub verbose: bool,
}

/// A line of the log.
#[derive(Debug, Serialize)]
pub struct LogLine {
    /// In words, with its time of day.
    pub text: String,
    /// It is a detail.
    pub detail: bool,
    /// The telephones and outside lines that it is about.
    pub numbers: Vec<String>,
}

fn lines(face: &Face, wanted: &Lines) -> Vec<LogLine> {
    let site = face.desk.asker.site();
    let number = wanted.number.as_ref();
    let number = number.map(|number| site.find(number).map_or(number.clone(), |(_, line)| line.label()));
    let is_wanted = |line: &crate::logbook::Line| line.is_for(number.as_deref(), wanted.verbose);
    let (lines, _) = face.desk.logbook.read(wanted.count.min(MAX_COUNT), is_wanted);
    let line = |line: &Arc<crate::logbook::Line>| LogLine {
        text: line.text.clone(),
        detail: line.depth != Depth::Plain,
        numbers: line.numbers.clone(),
    };
    lines.iter().map(line).collect()
}

/// `GET /log`: the newest last.
pub async fn log(State(face): State<Face>, Query(wanted): Query<Lines>) -> Json<Vec<LogLine>> {
    Json(lines(&face, &wanted))
}

/// `GET /log.txt`: the same as text.
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
