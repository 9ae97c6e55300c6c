//! Backups: everything in one encrypted file, and back.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tipring_store::BackupError;
use utoipa::{IntoParams, ToSchema};

use super::configuration::{Changed, changed};
use super::document::{Malformed, Stopping, TooLong, Wrong};
use super::{Body, Query};
use crate::backup::{RestoreError, make, restore as put_back};
use crate::web::Face;
use crate::web::access::Who;
use crate::web::problem::{Answer, Problem};

/// The header of the password of a backup that is restored.
pub const PASSWORD: &str = "x-tipring-password";

/// How a backup is to be encrypted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// By this password, of 10 characters at the least.
    #[schema(min_length = 10, example = "correct horse battery")]
    pub password: String,
}

/// Whether it is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Dry {
    /// Only what would change is told.
    #[serde(default)]
    #[param(example = true)]
    pub dry_run: bool,
}

/// What a restore changed, or would change.
#[derive(Debug, Serialize, ToSchema)]
pub struct Restored {
    /// The gateway that the backup is of, and when it was made.
    pub of: String,
    /// The configuration in force now.
    pub revision: u64,
    /// What differs: values of the configuration, files beside it, users, tokens, what was set by star code.
    pub changes: Vec<Changed>,
    /// What came of it, in words.
    pub lines: Vec<String>,
}

impl From<RestoreError> for Problem {
    fn from(why: RestoreError) -> Self {
        let told = why.to_string();
        let unusable = |field: &str| Self::new(StatusCode::UNPROCESSABLE_ENTITY, told.clone()).field(field);
        match why {
            RestoreError::Backup(BackupError::Weak | BackupError::Password) => {
                unusable("password").remedy("Nothing has changed. Give the password that it was made with.")
            }
            RestoreError::Backup(BackupError::Key(_)) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, told).remedy("Nothing has changed. Try again.")
            }
            RestoreError::Backup(_) => unusable("file").remedy("Nothing has changed. Choose another file."),
            RestoreError::Refused(findings) => unusable("file")
                .remedy("Nothing has changed. Mend what is named, or take another backup.")
                .findings(findings),
            RestoreError::Other(why) => why.into(),
        }
    }
}

/// Make a backup.
///
/// Everything in one file, encrypted by the password: the configuration with its drop-ins, the files that it names and its
/// history, users and tokens, what was set by star code.
#[utoipa::path(
    post,
    path = "/backup",
    security(("role" = ["administrator"])),
    request_body = Wanted,
    responses((status = 200, description = "The file.", body = Vec<u8>, content_type = "application/octet-stream"), Stopping),
)]
pub async fn backup(State(face): State<Face>, who: Who, Body(wanted): Body<Wanted>) -> Answer<Response> {
    let made = make(&face.desk, wanted.password).await.map_err(|why| match why {
        RestoreError::Backup(BackupError::Weak) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why.to_string())
                .field("password")
                .remedy("Choose a longer one.")
        }
        why => why.into(),
    })?;
    face.audit(&who, "makes a backup");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", made.name)),
    ];
    Ok((headers, made.bytes).into_response())
}

/// Restore a backup.
///
/// Whole or not at all, as a new revision of the configuration. With `dry_run` what would change is told.
#[utoipa::path(
    post,
    path = "/restore",
    security(("role" = ["administrator"])),
    params(Dry, ("X-Tipring-Password" = Option<String>, Header, description = "The password of the file; without it the request is malformed.", example = "correct horse battery")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file as it is."),
    responses((status = 200, description = "What changed, or would.", body = Restored), Malformed, TooLong, Wrong, Stopping),
)]
pub async fn restore(
    State(face): State<Face>,
    who: Who,
    Query(Dry { dry_run }): Query<Dry>,
    headers: HeaderMap,
    file: Bytes,
) -> Answer<Json<Restored>> {
    let Some(password) = headers.get(PASSWORD).and_then(|value| core::str::from_utf8(value.as_bytes()).ok())
    else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            format!("The password of the file comes in {PASSWORD}."),
        )
        .field("password"));
    };
    let done =
        put_back(&face.desk, file.to_vec(), password.to_owned(), &who.name, who.csrf.as_deref(), dry_run)
            .await?;
    if !dry_run {
        face.audit(&who, &format!("restores the backup of {}", done.of));
    }
    let changes = done.changes.into_iter().map(changed).collect();
    Ok(Json(Restored { of: done.of, revision: done.revision, changes, lines: done.lines }))
}
