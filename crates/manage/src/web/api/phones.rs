//! Simulated telephones.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use tipring_gateway::LineKind;
use tipring_units::LineId;
use utoipa::ToSchema;

use super::document::{Conflict, Unknown};
use super::{Body, Path};
use crate::phone;
use crate::protocol::{PhoneAct, Say};
use crate::web::Face;
use crate::web::problem::{Answer, Problem};

/// A line with a telephone.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhoneLine {
    /// The telephone's number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Its line port.
    pub port: String,
    /// It is one of the laboratory, which can be used from here.
    pub simulated: bool,
    /// Somebody speaks by it.
    pub taken: bool,
}

/// What a telephone hears.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hearing {
    /// A line each.
    pub hears: Vec<String>,
}

/// True for a line of the laboratory.
pub fn is_simulated(port: &str) -> bool {
    port.starts_with("sim/")
}

/// The telephones.
#[utoipa::path(get, path = "/phones", responses((status = 200, description = "In order of the lines.", body = Vec<PhoneLine>)))]
pub async fn list(State(face): State<Face>) -> Json<Vec<PhoneLine>> {
    let site = face.desk.asker.site();
    let phones = (0..).map(LineId).zip(&site.lines).filter(|(_, line)| line.kind == LineKind::Phone);
    let phones = phones.map(|(id, line)| PhoneLine {
        number: line.number.clone(),
        name: line.name.clone(),
        port: line.port.clone(),
        simulated: is_simulated(&line.port),
        taken: face.booths.is_taken(id),
    });
    Json(phones.collect())
}

/// Use a simulated telephone.
///
/// It lifts, hangs up, dials, speaks; what it hears then is the answer. Subscribers of the simulated exchange are used the same
/// way.
#[utoipa::path(
    post,
    path = "/phones/{number}",
    security(("role" = ["operator"])),
    params(("number" = String, Path, description = "The telephone's number or line port, or a subscriber's number.", example = "101")),
    request_body = PhoneAct,
    responses((status = 200, description = "What it hears.", body = Hearing), Unknown, Conflict),
)]
pub async fn act(
    State(face): State<Face>,
    Path(number): Path<String>,
    Body(act): Body<PhoneAct>,
) -> Answer<Json<Hearing>> {
    if let PhoneAct::Say(say) = &act {
        no_file(say)?;
    }
    let asker = &face.desk.asker;
    let site = asker.site();
    if !crate::parts::SUBSCRIBERS.iter().any(|(known, _)| *known == number) {
        phone::line(&site, &number).map_err(|why| {
            Problem::new(StatusCode::NOT_FOUND, format!("{why:#}.")).remedy("GET /api/v1/phones lists them.")
        })?;
    }
    phone::act(asker, &site, &number, act).await?;
    Ok(Json(Hearing { hears: phone::act(asker, &site, &number, PhoneAct::Hear).await? }))
}

/// Files of this machine are none of a page's.
pub fn no_file(say: &Say) -> Answer<()> {
    match say {
        Say::File(_) => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "A telephone says no files that are named over the network.",
        )
        .field("say")
        .remedy("Say a voice or a tone, or speak by the microphone.")),
        Say::Tone { hertz, dbm0 } if !(20.0..4000.0).contains(hertz) || !(-70.0..=3.0).contains(dbm0) => Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "A line carries 20 to 4000 Hz, at -70 to 3 dBm0.")
                .field("say"),
        ),
        Say::Voice(number) if *number >= tipring_sim::mouth::VOICES => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("Voices are 0 to {}.", tipring_sim::mouth::VOICES - 1),
        )
        .field("say")),
        Say::Tone { .. } | Say::Voice(_) => Ok(()),
    }
}
