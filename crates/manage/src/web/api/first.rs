//! The first administrator of a gateway that others reach.

use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Body;
use super::document::Conflict;
use super::session::{Session, opened};
use crate::web::Face;
use crate::web::access::Who;
use crate::web::bounded::Remote;
use crate::web::problem::{Answer, Problem};

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// The name.
    #[schema(example = "anna")]
    pub name: String,
    /// The password, of 10 characters at the least.
    #[schema(min_length = 10)]
    pub password: String,
}

/// Be the first administrator.
///
/// Who came by a one-time key to a gateway that has no user yet sets his name and password, and is logged in as that one.
#[utoipa::path(
    post,
    path = "/first",
    request_body = First,
    responses(
        (status = 201, description = "The session.", body = Session, headers(("Set-Cookie" = String, description = "The session's cookie."))),
        Conflict,
    ),
)]
pub async fn settle(
    State(face): State<Face>,
    ConnectInfo(Remote(remote)): ConnectInfo<Remote>,
    who: Who,
    Body(first): Body<First>,
) -> Answer<Response> {
    if !who.first {
        return Err(Problem::new(StatusCode::CONFLICT, "There is an administrator already.")
            .remedy("Add further users on the page of users: POST /api/v1/users"));
    }
    let door = Arc::clone(&face.door);
    // A hash takes a tenth of a second: others are served meanwhile.
    let settled = tokio::task::spawn_blocking(move || door.access().settle(&first.name, &first.password));
    let settled = settled.await.map_err(anyhow::Error::from)?;
    let (secret, who) =
        settled.map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{why:#}")))?;
    face.audit(&who, &format!("is the first administrator, from {}", remote.ip()));
    Ok(opened(&face, &secret, who))
}
