//! Logging in and out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::Body;
use crate::web::Face;
use crate::web::access::{Role, Who};
use crate::web::guard::{cookie, cookie_name};
use crate::web::problem::{Answer, Problem};

/// How somebody logs in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The one-time key of the address that the program printed.
    pub key: String,
}

/// Who is logged in.
#[derive(Debug, Serialize)]
pub struct Session {
    /// The name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// What a change has to carry in `X-Tipring-Csrf`.
    pub csrf: Option<String>,
}

impl From<Who> for Session {
    fn from(who: Who) -> Self {
        Self { name: who.name, role: who.role, csrf: who.csrf }
    }
}

/// `POST /session`: begins a session.
pub async fn open(State(face): State<Face>, Body(login): Body<Login>) -> Answer<Response> {
    let Some((secret, who)) = face.door.access.redeem(&login.key) else {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "That key was used before, or is none of this gateway's.",
        )
        .field("key")
        .remedy("Ask for another one: tipring web"));
    };
    let set = format!("{}={secret}; Path=/; HttpOnly; SameSite=Strict", cookie_name(&face));
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, set)], Json(Session::from(who))).into_response())
}

/// `GET /session`: who is logged in.
pub async fn show(who: Who) -> Json<Session> {
    Json(who.into())
}

/// `DELETE /session`: logs out.
pub async fn close(State(face): State<Face>, headers: HeaderMap) -> Response {
    if let Some(cookie) = cookie(&face, &headers) {
        face.door.access.close(&cookie);
    }
    let gone = format!("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0", cookie_name(&face));
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response()
}
