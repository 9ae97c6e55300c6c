//! Users and the tokens of programs: for administrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Body;
use crate::web::access::{Role, Who};
use crate::web::problem::{Answer, Problem};
use crate::web::users::Users;
use crate::web::{Door, Face};

/// A user, or a token.
#[derive(Debug, Serialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// What he may do.
    pub role: Role,
}

/// A user to be added.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// The password, of 10 characters at the least.
    pub password: String,
}

/// A token to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// The name.
    pub name: String,
    /// What it lets do.
    pub role: Role,
}

/// Another password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// The password, of 10 characters at the least.
    pub password: String,
}

fn named((name, role): (String, Role)) -> Named {
    Named { name, role }
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

/// `GET /users`.
pub async fn list(State(face): State<Face>, who: Who) -> Answer<Json<Vec<Named>>> {
    who.needs(Role::Administrator)?;
    Ok(Json(face.door.access().users().list().into_iter().map(named).collect()))
}

/// `POST /users`.
pub async fn add(
    State(face): State<Face>,
    who: Who,
    Body(new): Body<NewUser>,
) -> Answer<(StatusCode, Json<Named>)> {
    who.needs(Role::Administrator)?;
    let NewUser { name, role, password } = new;
    let own = name.clone();
    change(&face, move |users| users.add(&own, role, &password)).await?;
    face.audit(&who, &format!("adds user {name}"));
    Ok((StatusCode::CREATED, Json(Named { name, role })))
}

/// `DELETE /users/{name}`: his sessions end.
pub async fn remove(State(face): State<Face>, who: Who, Path(name): Path<String>) -> Answer<StatusCode> {
    who.needs(Role::Administrator)?;
    let own = name.clone();
    change(&face, move |users| users.remove(&own)).await?;
    face.door.access().expel(&name);
    face.audit(&who, &format!("removes user {name}"));
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /users/{name}/password`: by an administrator, or by the user himself. The user's sessions end.
pub async fn password(
    State(face): State<Face>,
    who: Who,
    Path(name): Path<String>,
    Body(body): Body<Password>,
) -> Answer<StatusCode> {
    if who.name != name {
        who.needs(Role::Administrator)?;
    }
    let own = name.clone();
    change(&face, move |users| users.set_password(&own, &body.password)).await?;
    face.door.access().expel(&name);
    face.audit(&who, &format!("changes the password of {name}"));
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /tokens`.
pub async fn tokens(State(face): State<Face>, who: Who) -> Answer<Json<Vec<Named>>> {
    who.needs(Role::Administrator)?;
    Ok(Json(face.door.access().users().tokens().into_iter().map(named).collect()))
}

/// `POST /tokens`: the token is told this once.
pub async fn add_token(
    State(face): State<Face>,
    who: Who,
    Body(new): Body<NewToken>,
) -> Answer<(StatusCode, Json<Value>)> {
    who.needs(Role::Administrator)?;
    let NewToken { name, role } = new;
    let own = name.clone();
    let token = change(&face, move |users| users.add_token(&own, role)).await?;
    face.audit(&who, &format!("makes token {name}"));
    Ok((StatusCode::CREATED, Json(json!({ "name": name, "role": role, "token": token }))))
}

/// `DELETE /tokens/{name}`.
pub async fn remove_token(
    State(face): State<Face>,
    who: Who,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    who.needs(Role::Administrator)?;
    let own = name.clone();
    change(&face, move |users| users.remove_token(&own)).await?;
    face.audit(&who, &format!("removes token {name}"));
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /audit`: what people did here, as far as the log in memory goes back, the newest last.
pub async fn audit(State(face): State<Face>, who: Who) -> Answer<Json<Vec<String>>> {
    who.needs(Role::Administrator)?;
    let (lines, _) = face.desk.logbook.read(1000, |line| line.text.contains(" web: "));
    Ok(Json(lines.iter().map(|line| line.text.clone()).collect()))
}
