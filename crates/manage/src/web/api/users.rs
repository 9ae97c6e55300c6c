//! Users and the tokens of programs: for administrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::{Unknown, Wrong};
use super::{Body, Path};
use crate::web::Face;
use crate::web::access::{Role, Who};
use crate::web::door::Door;
use crate::web::problem::{Answer, Problem};
use crate::web::users::Users;

/// A user, or a token.
#[derive(Debug, Serialize, ToSchema)]
pub struct Named {
    /// The name.
    pub name: String,
    /// What he may do.
    pub role: Role,
}

/// A user to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The name: letters, digits, - _ . @
    #[schema(min_length = 1, max_length = 128, example = "bob")]
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// The password, of 10 characters at the least.
    #[schema(min_length = 10, max_length = 128, example = "correct horse battery")]
    pub password: String,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// The name: letters, digits, - _ . @
    #[schema(min_length = 1, max_length = 128, example = "grafana")]
    pub name: String,
    /// What it lets do.
    pub role: Role,
}

/// A token as it is told, this once.
#[derive(Serialize, ToSchema)]
pub struct MadeToken {
    /// The name.
    pub name: String,
    /// What it lets do.
    pub role: Role,
    /// The token.
    #[schema(example = "tipring_5f0c2a9e7d3b41868c1e0fa2b4d6937a")]
    pub token: String,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// The password, of 10 characters at the least.
    #[schema(min_length = 10, max_length = 128, example = "correct horse battery")]
    pub password: String,
}

fn named((name, role): (String, Role)) -> Named {
    Named { name, role }
}

/// He, or it, has to be there.
fn known(all: &[(String, Role)], what: &str, name: &str) -> Answer<()> {
    let is_there = all.iter().any(|(known, _)| known == name);
    is_there.then_some(()).ok_or_else(|| Problem::unknown(what, name).field("name"))
}

/// Hashing takes its time: others are served meanwhile.
async fn change<T: Send + 'static>(
    face: &Face,
    act: impl FnOnce(&Users) -> anyhow::Result<T> + Send + 'static,
) -> Answer<T> {
    let door: Arc<Door> = Arc::clone(&face.door);
    let done =
        tokio::task::spawn_blocking(move || act(door.access().users())).await.map_err(anyhow::Error::from)?;
    done.map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{why:#}")))
}

/// The users.
#[utoipa::path(get, path = "/users", security(("role" = ["administrator"])), responses((status = 200, description = "In the order in which they were added.", body = Vec<Named>)))]
pub async fn list(State(face): State<Face>) -> Json<Vec<Named>> {
    Json(face.door.access().users().list().into_iter().map(named).collect())
}

/// Add a user.
#[utoipa::path(post, path = "/users", security(("role" = ["administrator"])), request_body = NewUser, responses((status = 201, description = "He may log in.", body = Named)))]
pub async fn add(
    State(face): State<Face>,
    who: Who,
    Body(new): Body<NewUser>,
) -> Answer<(StatusCode, Json<Named>)> {
    let NewUser { name, role, password } = new;
    let own = name.clone();
    change(&face, move |users| users.add(&own, role, &password)).await?;
    face.audit(&who, &format!("adds user {name}"));
    Ok((StatusCode::CREATED, Json(Named { name, role })))
}

/// Remove a user.
///
/// His sessions end. The last administrator stays.
#[utoipa::path(
    delete,
    path = "/users/{name}",
    security(("role" = ["administrator"])),
    params(("name" = String, Path, description = "The user's name.", example = "bob")),
    responses((status = 204, description = "He is one no more."), Unknown, Wrong),
)]
pub async fn remove(State(face): State<Face>, who: Who, Path(name): Path<String>) -> Answer<StatusCode> {
    known(&face.door.access().users().list(), "user", &name)?;
    let own = name.clone();
    change(&face, move |users| users.remove(&own)).await?;
    face.door.access().expel(&name);
    face.audit(&who, &format!("removes user {name}"));
    Ok(StatusCode::NO_CONTENT)
}

/// Give a user another password.
///
/// By the user himself, or by an administrator. The user's sessions end.
#[utoipa::path(
    put,
    path = "/users/{name}/password",
    params(("name" = String, Path, description = "The user's name.", example = "bob")),
    request_body = Password,
    responses((status = 204, description = "It holds from now on."), Unknown),
)]
pub async fn password(
    State(face): State<Face>,
    who: Who,
    Path(name): Path<String>,
    Body(body): Body<Password>,
) -> Answer<StatusCode> {
    if who.name != name {
        who.needs(Role::Administrator)?;
    }
    known(&face.door.access().users().list(), "user", &name)?;
    let own = name.clone();
    change(&face, move |users| users.set_password(&own, &body.password)).await?;
    face.door.access().expel(&name);
    face.audit(&who, &format!("changes the password of {name}"));
    Ok(StatusCode::NO_CONTENT)
}

/// The tokens, by name.
#[utoipa::path(get, path = "/tokens", security(("role" = ["administrator"])), responses((status = 200, description = "In the order in which they were made.", body = Vec<Named>)))]
pub async fn tokens(State(face): State<Face>) -> Json<Vec<Named>> {
    Json(face.door.access().users().tokens().into_iter().map(named).collect())
}

/// Make a token.
///
/// It is told this once.
#[utoipa::path(post, path = "/tokens", security(("role" = ["administrator"])), request_body = NewToken, responses((status = 201, description = "The token.", body = MadeToken)))]
pub async fn add_token(
    State(face): State<Face>,
    who: Who,
    Body(new): Body<NewToken>,
) -> Answer<(StatusCode, Json<MadeToken>)> {
    let NewToken { name, role } = new;
    let own = name.clone();
    let token = change(&face, move |users| users.add_token(&own, role)).await?;
    face.audit(&who, &format!("makes token {name}"));
    Ok((StatusCode::CREATED, Json(MadeToken { name, role, token })))
}

/// Remove a token.
#[utoipa::path(
    delete,
    path = "/tokens/{name}",
    security(("role" = ["administrator"])),
    params(("name" = String, Path, description = "The token's name.", example = "grafana")),
    responses((status = 204, description = "It lets nobody in any more."), Unknown),
)]
pub async fn remove_token(
    State(face): State<Face>,
    who: Who,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    known(&face.door.access().users().tokens(), "token", &name)?;
    let own = name.clone();
    change(&face, move |users| users.remove_token(&own)).await?;
    face.audit(&who, &format!("removes token {name}"));
    Ok(StatusCode::NO_CONTENT)
}

/// What people did.
///
/// As far as the log in memory goes back, the newest last.
#[utoipa::path(get, path = "/audit", security(("role" = ["administrator"])), responses((status = 200, description = "Lines of the log.", body = Vec<String>)))]
pub async fn audit(State(face): State<Face>) -> Json<Vec<String>> {
    let (lines, _) = face.desk.logbook.read(1000, |line| line.text.contains(" web: "));
    Json(lines.iter().map(|line| line.text.clone()).collect())
}
