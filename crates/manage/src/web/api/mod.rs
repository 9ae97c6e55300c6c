//! The REST API, version 1: a file for each kind of resource.

pub mod configuration;
pub mod countries;
pub mod events;
pub mod exchanges;
pub mod phones;
pub mod ports;
pub mod records;
pub mod session;
pub mod sound;
pub mod status;
pub mod users;

use axum::Router;
use axum::routing::{delete, get, post, put};

use axum::extract::FromRequest;
use axum::extract::rejection::JsonRejection;

use super::Face;
use super::problem::Problem;

/// A body in JSON; one that is none is told as a [`Problem`].
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub struct Body<T>(pub T);

impl From<JsonRejection> for Problem {
    fn from(why: JsonRejection) -> Self {
        Self::new(why.status(), why.body_text())
    }
}

/// What who is not logged in may ask.
pub fn open() -> Router<Face> {
    Router::new().route("/session", post(session::open))
}

/// Everything else.
pub fn router() -> Router<Face> {
    Router::new()
        .route("/session", get(session::show).merge(delete(session::close)))
        .route("/status", get(status::whole))
        .route("/ports", get(status::ports))
        .route("/ports/{number}", get(ports::one))
        .route("/ports/{number}/service", post(ports::service))
        .route("/ports/{number}/balance", post(ports::balance))
        .route("/calls", get(status::calls))
        .route("/calls/{call}", delete(ports::clear))
        .route("/records", get(records::list))
        .route("/records.csv", get(records::csv))
        .route("/log", get(records::log))
        .route("/log.txt", get(records::log_text))
        .route("/explain", post(ports::explain))
        .route("/configuration", get(configuration::show).merge(put(configuration::put)))
        .route("/configuration/check", post(configuration::check))
        .route("/configuration/diff", post(configuration::diff))
        .route("/configuration/history", get(configuration::history))
        .route("/configuration/history/{revision}", get(configuration::past))
        .route("/configuration/rollback", post(configuration::rollback))
        .route("/configuration/effective", get(configuration::effective))
        .route("/configuration/keys", get(configuration::keys))
        .route("/users", get(users::list).merge(post(users::add)))
        .route("/users/{name}", delete(users::remove))
        .route("/users/{name}/password", put(users::password))
        .route("/tokens", get(users::tokens).merge(post(users::add_token)))
        .route("/tokens/{name}", delete(users::remove_token))
        .route("/audit", get(users::audit))
        .route("/countries", get(countries::list))
        .route("/countries/{code}", get(countries::one))
        .route("/countries/{code}/tones/{tone}", get(countries::tone))
        .route("/events", get(events::stream))
        .route("/phones", get(phones::list))
        .route("/phones/{number}", post(phones::act))
        .route("/phones/{number}/sound", get(sound::open))
        .route("/exchanges", get(exchanges::list))
        .route("/exchanges/{line}", post(exchanges::order))
}
