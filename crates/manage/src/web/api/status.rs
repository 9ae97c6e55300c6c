//! How everything is.

use axum::Json;
use axum::extract::State;
use tipring_gateway::{CallStatus, LineStatus, Request, Status};

use crate::web::Face;
use crate::web::problem::Answer;

/// The whole picture.
///
/// What needs a person comes first.
#[utoipa::path(get, path = "/status", responses((status = 200, description = "How everything is.", body = Status)))]
pub async fn whole(State(face): State<Face>) -> Answer<Json<Status>> {
    Ok(Json(*face.desk.whole().await?))
}

/// Every line port and what is on it, measured now.
#[utoipa::path(get, path = "/ports", responses((status = 200, description = "The lines in order.", body = Vec<LineStatus>)))]
pub async fn ports(State(face): State<Face>) -> Answer<Json<Vec<LineStatus>>> {
    Ok(Json(face.desk.picture(Request::Lines).await?.lines))
}

/// The calls under way.
#[utoipa::path(get, path = "/calls", responses((status = 200, description = "The oldest first.", body = Vec<CallStatus>)))]
pub async fn calls(State(face): State<Face>) -> Answer<Json<Vec<CallStatus>>> {
    Ok(Json(face.desk.picture(Request::Status).await?.calls))
}
