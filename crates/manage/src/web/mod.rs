//! The web face: pages, the REST API and telephones in the browser, over HTTP.
//!
//! # What it does
//! Serves [`pages`] and the [`api`] to those whom [`access`] lets in; what goes wrong is told as a [`problem`].
//!
//! # How
//! [`faces`] opens and closes addresses as the configuration has them: HTTP on a loopback, elsewhere HTTPS with a
//! [`certificate`]. One router on the runtime of the process, beside the control socket; it asks the same [`Desk`] as that. It never waits for the
//! media plane, and nothing there waits for it.
//!
//! # Limits
//! Requests are bounded in size ([`MAX_BODY`]), connections in number ([`MAX_CONNECTIONS`] at each address, fewer from each far one).
//!
//! # Standard
//! RFC 9110 (HTTP), RFC 9457 (problems), RFC 6455 (WebSocket), RFC 8446 and 5246 (TLS).

pub mod access;
pub mod api;
mod booths;
mod bounded;
pub mod certificate;
pub mod door;
pub mod faces;
mod guard;
mod interfaces;
pub mod lessons;
mod metrics;
mod pages;
pub mod problem;
mod throttle;
pub mod users;
mod validity;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::sync::watch;

use self::api::document;
use self::door::{Door, Place};
use self::problem::Problem;
use crate::desk::Desk;

/// Bytes of a request's body, at the most.
pub const MAX_BODY: usize = 4 << 20;
/// Connections at an address at a time; further ones wait.
pub const MAX_CONNECTIONS: usize = 256;

/// What every handler knows.
#[derive(Clone)]
pub struct Face {
    /// Who answers.
    pub desk: Desk,
    /// Who may ask, and where.
    pub door: Arc<Door>,
    /// The address at which this was asked.
    pub here: Place,
    /// Who speaks by which simulated telephone.
    pub booths: Arc<booths::Booths>,
    /// Outside lines that learn, or have learned.
    pub lessons: Arc<lessons::Lessons>,
    /// Turns true when the gateway stops: streams that would go on for ever end.
    pub stopping: watch::Receiver<bool>,
}

impl Face {
    /// What somebody did, in the log.
    pub fn audit(&self, who: &access::Who, what: &str) {
        self.desk.logbook.note(self.desk.clock.wall(), &format!("web: {} {what}", who.name));
    }
}

/// Everything that is served.
pub fn router(face: Face) -> Router {
    let authenticate = from_fn_with_state(face.clone(), guard::authenticate);
    let [(open, _), (first, _), (api, _)] =
        [api::open(), api::first(), api::router()].map(|part| part.split_for_parts());
    let first = first.route_layer(authenticate.clone());
    let api = api.route_layer(from_fn(guard::settled)).route_layer(authenticate);
    Router::new()
        .nest(document::BASE, open.merge(first).merge(api).method_not_allowed_fallback(other_method))
        .merge(metrics::router())
        .fallback(pages::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(face.clone(), guard::host))
        .layer(from_fn_with_state(face.clone(), guard::headers))
        .with_state(face)
}

/// The resource is there, and the method is none of its.
async fn other_method(method: Method) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not done there."))
        .remedy("GET /api/v1/openapi.json tells what is.")
}

/// Ends when the gateway stops.
pub async fn stopped(mut stopping: watch::Receiver<bool>) {
    // Whoever would tell is gone: that is a stop too.
    let _ = stopping.wait_for(|stops| *stops).await;
}
