//! The web face: pages, the REST API and telephones in the browser, over HTTP.
//!
//! # What it does
//! Serves [`pages`] and the [`api`] to those whom [`access`] lets in; what goes wrong is told as a [`problem`].
//!
//! # How
//! One router on the runtime of the process, beside the control socket; it asks the same [`Desk`] as that. It never waits for the
//! media plane, and nothing there waits for it.
//!
//! # Limits
//! Requests are bounded in size ([`MAX_BODY`]) and number of connections ([`MAX_CONNECTIONS`]).
//!
//! # Standard
//! RFC 9110 (HTTP), RFC 9457 (problems), RFC 6455 (WebSocket).

pub mod access;
pub mod api;
mod booths;
mod bounded;
mod guard;
mod metrics;
mod pages;
pub mod problem;
mod throttle;
pub mod users;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::access::Access;
use self::api::document;
use self::problem::Problem;
use self::users::Users;
use crate::desk::Desk;

/// Bytes of a request's body, at the most.
pub const MAX_BODY: usize = 4 << 20;
/// Connections at a time; further ones wait.
pub const MAX_CONNECTIONS: usize = 256;
/// Ports that are tried after the one that was asked for.
const TRIES: u16 = 100;

/// What every handler knows.
#[derive(Clone)]
pub struct Face {
    /// Who answers.
    pub desk: Desk,
    /// Who may ask, and where.
    pub door: Arc<Door>,
    /// Who speaks by which simulated telephone.
    pub booths: Arc<booths::Booths>,
    /// Turns true when the gateway stops: streams that would go on for ever end.
    pub stopping: watch::Receiver<bool>,
}

impl Face {
    /// What somebody did, in the log.
    pub fn audit(&self, who: &access::Who, what: &str) {
        self.desk.logbook.note(self.desk.clock.wall(), &format!("web: {} {what}", who.name));
    }
}

/// How the face is entered.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    access: Access,
}

impl Door {
    /// Who may ask.
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// The address with a one-time key, as a person opens it.
    pub fn invitation(&self) -> String {
        self.invitation_to("")
    }

    /// The same, which opens that page.
    pub fn invitation_to(&self, page: &str) -> String {
        format!("http://{}/{page}#key={}", self.address, self.access.invite())
    }
}

/// A web face that listens and serves nobody yet.
#[derive(Debug)]
pub struct Web {
    listener: TcpListener,
    door: Arc<Door>,
}

impl Web {
    /// Listens at `address`; where `next` and it is taken, at the next free port after it.
    pub async fn listen(address: SocketAddr, next: bool, users: Users) -> Result<Self> {
        let mut wanted = address;
        let tries = if next && address.port() != 0 { TRIES } else { 0 };
        let last = address.port().saturating_add(tries);
        let listener = loop {
            match TcpListener::bind(wanted).await {
                Ok(listener) => break listener,
                Err(why) if why.kind() == std::io::ErrorKind::AddrInUse && wanted.port() < last => {
                    wanted.set_port(wanted.port() + 1);
                }
                Err(why) => {
                    return Err(why).with_context(|| format!("the web page cannot listen at {address}"));
                }
            }
        };
        let address = listener.local_addr()?;
        Ok(Self { listener, door: Arc::new(Door { address, access: Access::new(users) }) })
    }

    /// How it is entered.
    pub fn door(&self) -> Arc<Door> {
        Arc::clone(&self.door)
    }

    /// Serves until it is dropped, or `stopping` turns true.
    pub async fn serve(self, desk: Desk, stopping: watch::Receiver<bool>) -> Result<()> {
        let booths = Arc::default();
        let face = Face { desk, door: self.door, booths, stopping: stopping.clone() };
        let app = router(face).into_make_service_with_connect_info::<bounded::Remote>();
        let listener = bounded::Bounded::new(self.listener, MAX_CONNECTIONS);
        axum::serve(listener, app).with_graceful_shutdown(stopped(stopping)).await?;
        Ok(())
    }
}

/// Everything that is served.
pub fn router(face: Face) -> Router {
    let (open, _) = api::open().split_for_parts();
    let (api, _) = api::router().split_for_parts();
    let api = api.route_layer(from_fn_with_state(face.clone(), guard::authenticate));
    Router::new()
        .nest(document::BASE, open.merge(api).method_not_allowed_fallback(other_method))
        .merge(metrics::router())
        .fallback(pages::serve)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(face.clone(), guard::host))
        .layer(from_fn(guard::headers))
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
