//! The REST API, version 1: a file for each kind of resource.
//!
//! # How a route is documented
//! A handler has `#[utoipa::path(METHOD, path = "/…", …)]` above it and is handed to the router by `routes!`, never by `.route`: what is
//! served is described. The first line of its comment is the summary, what follows an empty line the description. It names
//! the role by `security(("role" = ["operator"]))` (without: a viewer may), which [`super::guard`] holds; its parameters with
//! examples; its body; its answer; and those of the [`document`]'s problems that it tells itself. What all have in
//! common is added there. Types derive `ToSchema`, with a comment at each field, and parameters come by [`Path`], [`Query`] and
//! [`Body`]. The copy in the book is written anew by `TIPRING_BLESS=1 cargo nextest run -p tipring-manage api::document`.

// The macros of utoipa write them.
#![allow(unused_qualifications)]

pub mod backup;
pub mod configuration;
pub mod countries;
pub mod document;
pub mod events;
pub mod exchanges;
pub mod first;
pub mod phones;
pub mod phones_config;
pub mod ports;
pub mod records;
pub mod session;
pub mod sound;
pub mod status;
pub mod users;
pub mod values;

use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Face;
use super::problem::Problem;

/// A body in JSON; one that is none is told as a [`Problem`]. It has no lists: serde takes one for the fields of an object in their
/// order, and a field that is added later would give it another meaning.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let bytes = bytes.map_err(|why| Problem::new(why.status(), why.body_text()))?;
        let again = Request::from_parts(parts, axum::body::Body::from(bytes.clone()));
        let axum::Json(found) = axum::Json::<T>::from_request(again, state).await?;
        if serde_json::from_slice(&bytes).is_ok_and(|value| has_list(&value)) {
            let detail = "A list stands where an object, a text or a number is needed.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
        Ok(Self(found))
    }
}

fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(fields) => fields.values().any(has_list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// What a rejection of axum says, with the field that it names.
fn rejected(status: StatusCode, text: String) -> Problem {
    let quoted = ["missing field `", "unknown field `"].iter().find_map(|before| text.split_once(before));
    let field = match quoted {
        Some((_, rest)) => rest.split('`').next(),
        None => text.split(": ").nth(1),
    };
    let is_name = |name: &&str| {
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
            && !name.is_empty()
    };
    match field.filter(is_name).map(str::to_owned) {
        Some(field) => Problem::new(status, text).field(field),
        None => Problem::new(status, text),
    }
}

/// The parts of the path that have names.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// What follows the question mark.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub struct Query<T>(pub T);

impl From<JsonRejection> for Problem {
    fn from(why: JsonRejection) -> Self {
        rejected(why.status(), why.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(why: PathRejection) -> Self {
        rejected(why.status(), why.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(why: QueryRejection) -> Self {
        rejected(why.status(), why.body_text())
    }
}

/// An answer in words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Told {
    /// A line each.
    pub lines: Vec<String>,
}

/// What who is not logged in may ask.
pub fn open() -> OpenApiRouter<Face> {
    OpenApiRouter::new().routes(routes!(session::open)).routes(routes!(document::show))
}

/// What who is logged in may ask even where he has yet to make himself the first user.
pub fn first() -> OpenApiRouter<Face> {
    OpenApiRouter::new().routes(routes!(session::show, session::close)).routes(routes!(first::settle))
}

/// Everything else.
pub fn router() -> OpenApiRouter<Face> {
    OpenApiRouter::new()
        .routes(routes!(status::whole))
        .routes(routes!(status::ports))
        .routes(routes!(ports::one))
        .routes(routes!(ports::service))
        .routes(routes!(ports::balance))
        .routes(routes!(ports::learned, ports::learn))
        .routes(routes!(ports::restart))
        .routes(routes!(phones_config::patch))
        .routes(routes!(phones_config::table, phones_config::batch))
        .routes(routes!(backup::backup))
        .merge(restore())
        .routes(routes!(ports::test))
        .routes(routes!(status::calls))
        .routes(routes!(ports::clear))
        .routes(routes!(records::list))
        .routes(routes!(records::csv))
        .routes(routes!(records::log))
        .routes(routes!(records::log_text))
        .routes(routes!(ports::explain))
        .routes(routes!(configuration::show, configuration::put))
        .routes(routes!(configuration::check))
        .routes(routes!(configuration::diff))
        .routes(routes!(configuration::history))
        .routes(routes!(configuration::past))
        .routes(routes!(configuration::rollback))
        .routes(routes!(configuration::effective))
        .routes(routes!(configuration::keys))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::remove))
        .routes(routes!(users::password))
        .routes(routes!(users::tokens, users::add_token))
        .routes(routes!(users::remove_token))
        .routes(routes!(users::audit))
        .routes(routes!(countries::list))
        .routes(routes!(countries::one))
        .routes(routes!(countries::tone))
        .routes(routes!(events::stream))
        .routes(routes!(phones::list))
        .routes(routes!(phones::act))
        .routes(routes!(sound::open))
        .routes(routes!(exchanges::list))
        .routes(routes!(exchanges::order))
}

/// A backup is longer than other bodies.
fn restore() -> OpenApiRouter<Face> {
    let most = DefaultBodyLimit::max(tipring_store::MAX_BACKUP);
    OpenApiRouter::new().routes(routes!(backup::restore)).layer(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_axum_rejects_names_the_field_where_it_is_known() {
        let json = "Failed to deserialize the JSON body into the target type";
        for (text, field) in [
            (
                format!("{json}: number: invalid type: integer `101`, expected a string at line 1"),
                "\"number\"",
            ),
            (
                format!("{json}: dial.pulse: invalid type: null, expected a boolean at line 1"),
                "\"dial.pulse\"",
            ),
            (format!("{json}: missing field `digits` at line 1 column 2"), "\"digits\""),
            (format!("{json}: colour: unknown field `colour`, expected `count`"), "\"colour\""),
            (format!("{json}: invalid type: integer `1`, expected struct Text"), "null"),
            ("Failed to deserialize query string: count: invalid digit found".to_owned(), "\"count\""),
        ] {
            let problem = serde_json::to_value(rejected(StatusCode::BAD_REQUEST, text.clone())).unwrap();
            assert_eq!(problem["field"].to_string(), field, "{text}");
        }
    }
}
