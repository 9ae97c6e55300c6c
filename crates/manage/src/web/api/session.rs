//! Logging in and out.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Body;
use super::document::{Stranger, TooMany};
use crate::web::Face;
use crate::web::access::{Role, Shut, Who};
use crate::web::bounded::Remote;
use crate::web::guard::{cookie, cookie_attributes, cookie_name};
use crate::web::problem::{Answer, Problem};

/// How somebody logs in: by a key, or by his name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The one-time key of the address that the program printed.
    #[serde(default)]
    #[schema(example = "5f0c2a9e7d3b41868c1e0fa2b4d6937a")]
    pub key: Option<String>,
    /// The user's name.
    #[serde(default)]
    pub user: Option<String>,
    /// The password.
    #[serde(default)]
    pub password: Option<String>,
}

/// Who is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// The name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// He has yet to make himself the first administrator: `POST /first`.
    pub first: bool,
    /// What a change has to carry in `X-Tipring-Csrf`.
    pub csrf: Option<String>,
}

impl From<Who> for Session {
    fn from(who: Who) -> Self {
        Self { name: who.name, role: who.role, first: who.first, csrf: who.csrf }
    }
}

/// Log in.
///
/// Either by `key`, or by `user` and `password`. The answer sets the cookie of the session.
#[utoipa::path(
    post,
    path = "/session",
    request_body = Login,
    responses(
        (status = 201, description = "The session.", body = Session, headers(("Set-Cookie" = String, description = "The session's cookie."))),
        Stranger,
        TooMany,
    ),
)]
pub async fn open(
    State(face): State<Face>,
    ConnectInfo(Remote(remote)): ConnectInfo<Remote>,
    Body(login): Body<Login>,
) -> Answer<Response> {
    let (secret, who) = match (login.key, login.user, login.password) {
        (Some(key), None, None) => by_key(&face, remote.ip(), &key)?,
        (None, Some(user), Some(password)) => by_password(&face, remote.ip(), user, password).await?,
        (..) => {
            let detail = "Give either a key, or a user and a password.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).field("key"));
        }
    };
    Ok(opened(&face, &secret, who))
}

/// The answer to who has a new session.
pub fn opened(face: &Face, secret: &str, who: Who) -> Response {
    let set = format!("{}={secret}; {}", cookie_name(face), cookie_attributes(face));
    (StatusCode::CREATED, [(header::SET_COOKIE, set)], Json(Session::from(who))).into_response()
}

/// On a loopback a key is enough; what others reach has an administrator with a password before all else.
fn by_key(face: &Face, address: IpAddr, key: &str) -> Answer<(String, Who)> {
    if let Some((secret, who)) = face.door.access().redeem(key, face.here.secure) {
        if face.here.secure {
            face.audit(&who, &format!("logs in from {address}"));
        }
        return Ok((secret, who));
    }
    let detail = "That key was used before, is too old, or is none of this gateway's.";
    Err(Problem::new(StatusCode::UNAUTHORIZED, detail)
        .field("key")
        .remedy("Ask for another one: tipring web"))
}

async fn by_password(face: &Face, address: IpAddr, user: String, password: String) -> Answer<(String, Who)> {
    let door = Arc::clone(&face.door);
    let name = user.clone();
    // A hash takes a tenth of a second: others are served meanwhile.
    let entered = tokio::task::spawn_blocking(move || door.access().log_in(address, &name, &password));
    match entered.await.map_err(anyhow::Error::from)? {
        Ok((secret, who)) => {
            face.audit(&who, &format!("logs in from {address}"));
            Ok((secret, who))
        }
        Err(Shut::Wrong) => {
            let told = format!("web: somebody at {address} fails to log in");
            face.desk.logbook.note(face.desk.clock.wall(), &told);
            Err(Problem::new(StatusCode::UNAUTHORIZED, "The user or the password is wrong.")
                .field("password")
                .remedy("Forgotten? On the gateway: tipring user password NAME"))
        }
        Err(Shut::Wait(wait)) => {
            let seconds = wait.as_secs().max(1);
            Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many have failed to log in.")
                .remedy(format!("Try again in {seconds} s."))
                .retry_after(seconds))
        }
    }
}

/// Who is logged in.
#[utoipa::path(get, path = "/session", responses((status = 200, description = "He who asks.", body = Session)))]
pub async fn show(who: Who) -> Json<Session> {
    Json(who.into())
}

/// Log out.
///
/// Without a session (a program with a token) nothing ends.
#[utoipa::path(delete, path = "/session", responses((status = 204, description = "The session is over.")))]
pub async fn close(State(face): State<Face>, headers: HeaderMap) -> Response {
    if let Some(cookie) = cookie(&face, &headers) {
        face.door.access().close(&cookie);
    }
    let gone = format!("{}=; {}; Max-Age=0", cookie_name(&face), cookie_attributes(&face));
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response()
}
