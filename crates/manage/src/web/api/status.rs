//! How everything is.

use axum::Json;
use axum::extract::State;
use tipring_gateway::{CallStatus, LineStatus, Request, Status};

use crate::web::Face;
use crate::web::problem::Answer;

/// `GET /status`: the whole picture.
pub async fn whole(State(face): State<Face>) -> Answer<Json<Status>> {
    let mut status = face.desk.picture(Request::Status).await?;
    crate::status::with_media(&mut status, face.desk.asker.media_status());
    Ok(Json(*status))
}

/// `GET /ports`: every line port and what is on it, measured now.
pub async fn ports(State(face): State<Face>) -> Answer<Json<Vec<LineStatus>>> {
    Ok(Json(face.desk.picture(Request::Lines).await?.lines))
}

/// `GET /calls`: the calls under way.
pub async fn calls(State(face): State<Face>) -> Answer<Json<Vec<CallStatus>>> {
    Ok(Json(face.desk.picture(Request::Status).await?.calls))
}
