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

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Face;
use super::problem::Problem;

/// A body in JSON; one that is none is told as a [`Problem`].
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub struct Body<T>(pub T);

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
        Self::new(why.status(), why.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(why: PathRejection) -> Self {
        Self::new(why.status(), why.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(why: QueryRejection) -> Self {
        Self::new(why.status(), why.body_text())
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
