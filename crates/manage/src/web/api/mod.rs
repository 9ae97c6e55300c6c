//! The REST API, version 1: a file for each kind of resource.

pub mod events;
pub mod session;
pub mod status;

use axum::Router;
use axum::routing::{delete, get, post};

use super::Face;

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
        .route("/calls", get(status::calls))
        .route("/events", get(events::stream))
}
